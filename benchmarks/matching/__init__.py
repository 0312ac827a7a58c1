"""Bank lines with the truth beside them, and how much of that truth is found: `make bench-matching`."""
