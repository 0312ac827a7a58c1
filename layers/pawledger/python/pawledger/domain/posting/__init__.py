"""What a movement of the bank does in a ledger."""
