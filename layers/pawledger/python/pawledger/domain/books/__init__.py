"""The ledger of an account: its entries, and what follows from them alone."""
