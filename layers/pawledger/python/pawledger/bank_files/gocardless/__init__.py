"""Exports of GoCardless."""
