"""Payments that a bank or provider takes back."""
