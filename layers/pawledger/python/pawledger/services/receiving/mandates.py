"""Mandates: which account a direct debit mandate pays."""

from typing import Final

MANDATE_ID_CHARACTERS_MAX: Final = 35
"""ISO 20022 Max35Text: what a mandate id can be in a direct debit and in its statement line."""


def mandate_reference_of(mandate_id: str) -> str:
    """Under which reference a mandate is remembered."""
    return f"mandate#{mandate_id}"
