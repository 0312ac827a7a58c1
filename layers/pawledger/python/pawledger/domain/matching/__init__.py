"""Whose money a payment is."""
