"""Money goes back, and invoices are given up, step by step."""
