"""Creditors: who an invoice is owed to, and the bank account that it is paid to."""

import re
from dataclasses import dataclass
from typing import Final

IBAN_PATTERN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
"""ISO 13616: country, check digits, then at most 30 letters and digits; the shortest in use, Norway's, has eleven."""

BIC_PATTERN: Final = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
"""ISO 9362: institution, country, location and, where there is one, branch."""

_EEA: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
EEA_COUNTRIES: Final = frozenset(_EEA.split())
"""European Economic Area: the 27 states of the Union, Iceland, Liechtenstein, Norway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creditor:
    """Who is owed in one currency, as it stands on every invoice."""

    currency: str
    name: str
    address: tuple[str, ...]
    """Lines, without the name."""
    iban: str | None = None
    """Without blanks."""
    bic: str | None = None
    bank_details: tuple[tuple[str, str], ...] = ()
    """What a payer needs beside or in place of an IBAN: name and value, in the order they are printed."""
    notes: tuple[str, ...] = ()
    """Sentences that law or supervision want on an invoice: registration, tax number, complaints."""


def is_iban(text: str) -> bool:
    """Whether a text without blanks has the form and the check digits of an IBAN (ISO 13616, ISO 7064 MOD 97-10)."""
    if not IBAN_PATTERN.fullmatch(text):
        return False
    turned = text[4:] + text[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def group_by_four(text: str) -> str:
    """A text in groups of four signs, as IBANs and creditor references are printed."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
