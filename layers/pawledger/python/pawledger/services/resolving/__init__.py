"""Differences are told, suggested about, and ended by persons or by themselves."""
