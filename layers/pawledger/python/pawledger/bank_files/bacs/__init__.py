"""Reports of Bacs."""
