"""Building blocks with safe defaults, so that the stacks only compose."""
