"""Movements of the bank find their ledger and become entries."""
