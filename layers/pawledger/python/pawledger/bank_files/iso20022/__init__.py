"""What all ISO 20022 messages share: hostile XML read safely, and texts of the file read as values."""
