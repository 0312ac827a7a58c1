"""Dated data with its sources, loaded and validated: what providers drop, and how their files are read."""
