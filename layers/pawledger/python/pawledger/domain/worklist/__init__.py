"""Differences that a person must know of, and how they end."""
