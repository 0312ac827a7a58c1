"""Policies are recorded and billed."""
