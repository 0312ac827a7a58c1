"""A day and a month are proven."""
