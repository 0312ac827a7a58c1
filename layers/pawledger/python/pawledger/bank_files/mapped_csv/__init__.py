"""CSV files of any columns, and flat JSON, read by a mapping."""
