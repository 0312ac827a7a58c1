"""BAI lockbox."""
