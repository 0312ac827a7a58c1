"""Typesetting: documents as accessible PDF files, the same bytes for the same document."""
