"""Codes of the NACHA format: transaction codes with their direction, return reasons and codes of change.

Source: Nacha Operating Rules, appendix three (ACH record format specifications) for transaction codes, appendix four
for reasons of return and notifications of change. Only the codes are listed: what a code means is told in a person's
words by whoever shows it.
"""

from typing import Final

from pawledger.bank_files.records import Direction

_CREDIT_CODES: Final = """
21 22 23 24 31 32 33 34 41 42 43 44 51 52 53 54 81 83 85 87
"""
_DEBIT_CODES: Final = """
26 27 28 29 36 37 38 39 46 47 48 49 55 56 82 84 86 88
"""
_RETURN_REASONS: Final = """
R01 R02 R03 R04 R05 R06 R07 R08 R09 R10 R11 R12 R13 R14 R15 R16 R17 R18 R19 R20 R21 R22 R23 R24 R25 R26 R27 R28 R29 R30
R31 R32 R33 R34 R35 R36 R37 R38 R39 R40 R41 R42 R43 R44 R45 R46 R47 R50 R51 R52 R53 R61 R62 R67 R68 R69 R70 R71 R72 R73
R74 R75 R76 R77 R80 R81 R82 R83 R84 R85 R90
"""
_CHANGE_CODES: Final = "C01 C02 C03 C04 C05 C06 C07 C08 C09 C13 C14 C61 C62 C63 C64 C65 C66 C67 C68 C69"

TRANSACTION_DIRECTIONS: Final = {
    **dict.fromkeys(_CREDIT_CODES.split(), Direction.CREDIT),
    **dict.fromkeys(_DEBIT_CODES.split(), Direction.DEBIT),
}
"""Direction by transaction code, as the receiver of the entry sees it; 8x are the sums of accounting advices."""

MONEY_CODES: Final = {code: TRANSACTION_DIRECTIONS[code] for code in ("22", "27", "32", "37", "42", "47", "52", "55")}
"""Codes of forward entries that move money."""
MONEYLESS_CODES: Final = frozenset(("23", "24", "28", "29", "33", "34", "38", "39", "43", "44", "48", "49", "53", "54"))
"""Prenotes, and entries of no amount that carry remittance data."""
RETURN_OR_CHANGE_CODES: Final = frozenset(("21", "26", "31", "36", "41", "46", "51", "56"))
"""Codes of entries that are returned, and of notifications of change."""

RETURN_REASONS: Final = frozenset(_RETURN_REASONS.split())
CHANGE_CODES: Final = frozenset(_CHANGE_CODES.split())
DISHONORED_REASONS: Final = frozenset(f"R{number}" for number in range(61, 71))
"""The originating bank sends a return back."""
CONTESTED_REASONS: Final = frozenset(f"R{number}" for number in range(71, 78))
"""The receiving bank stands by a return that was sent back."""
REFUSED_CHANGES: Final = frozenset(f"C{number}" for number in range(61, 70))
"""The originating bank refuses a notification of change."""


def direction_of(transaction_code: str) -> Direction:
    """Direction of a code of two digits; of one that is not listed by its second digit, as all listed ones have it."""
    listed = TRANSACTION_DIRECTIONS.get(transaction_code)
    if listed is not None:
        return listed
    return Direction.CREDIT if transaction_code[1:] < "5" else Direction.DEBIT
