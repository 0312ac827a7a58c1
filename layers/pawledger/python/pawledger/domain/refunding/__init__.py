"""Money that goes back to payers, and what is given up."""
