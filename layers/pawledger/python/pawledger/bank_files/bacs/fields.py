"""Fields of Bacs reports: days, amounts in pounds, accounts, and the notes that reading them leaves."""

from dataclasses import dataclass, field
from datetime import date
from re import compile as compile_pattern
from typing import Final

from pawledger.bank_files.report import FileReport, Rule
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.errors import PawledgerError
from pawledger.domain.money import AmountError, parse_amount

DEFAULT_CURRENCY: Final = "GBP"
"""Bacs moves pounds only; a report in XML names them all the same, some leave it out."""
CODES_TOLD_MAX: Final = 50
"""Most different codes that warnings name; a file with more of them has no codes at all."""
VALUE_SHOWN_MAX: Final = 40
"""Characters of the file that a message repeats, so that a hostile field cannot fill a log."""

_THOUSANDS: Final = compile_pattern(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_UNSIGNED: Final = compile_pattern(r"[0-9]+(?:\.[0-9]+)?")
_DAY: Final = compile_pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Fields = dict[str, list[str]]
"""What a record says by name: its attributes and texts, and those of elements inside it as `element.attribute`."""


class LostStructureError(PawledgerError):
    """The document is no report that is read here, or its parts stand where they cannot; `rule` names why."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(slots=True)
class Notes:
    """Problems of one file; warnings are told once for each kind and key."""

    report: FileReport
    line: int = 1
    """Line of the record being read."""
    _told: dict[str, set[str]] = field(default_factory=dict)

    def once(self, rule: str, message: str, *, key: str = "", line: int | None = None) -> None:
        """Add a warning at the current line unless it was already told for this rule and `key`."""
        told = self._told.setdefault(rule, set())
        if key not in told and len(told) < CODES_TOLD_MAX:
            told.add(key)
            self.report.add(Rule.MEANING, rule, message, line=line or self.line)

    def wrong(self, rule: str, message: str, *, field: str | None = None, line: int | None = None) -> None:
        """Add a fault of the money at the current line."""
        self.report.add(Rule.INTEGRITY, rule, message, line=line or self.line, field=field)


def shown(text: str) -> str:
    """The text as a message may repeat it: quoted, escaped and cut."""
    return repr(text[:VALUE_SHOWN_MAX])


def first_of(fields: Fields, *names: str) -> str:
    """The first value of the first of the names that has one, else empty."""
    for name in names:
        values = fields.get(name)
        if values and values[0]:
            return values[0]
    return ""


def read_day(text: str, field_name: str, notes: Notes) -> date | None:
    """Read `YYYY-MM-DD`, with or without a time behind it; None with a warning for anything else but nothing at all."""
    if not text:
        return None
    found = _DAY.match(text)
    if found:
        try:
            return date.fromisoformat(found[0])
        except ValueError:
            pass
    notes.once("bacs.day", f"{field_name} is {shown(text)}, expected a day written YYYY-MM-DD", key=field_name)
    return None


def read_currency(text: str, notes: Notes) -> str | None:
    """The currency, pounds where none is named; None with a fault where it is not in ISO 4217."""
    currency = text.upper() or DEFAULT_CURRENCY
    if currency in MINOR_UNIT_DECIMALS:
        return currency
    notes.wrong("bacs.currency", f"{shown(text)} is not an ISO 4217 currency", field="currency")
    return None


def read_amount(text: str, currency: str, field_name: str, notes: Notes) -> int | None:
    """Read an unsigned decimal in minor units; commas may stand between thousands. None with a fault otherwise."""
    plain = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text
    if _UNSIGNED.fullmatch(plain):
        try:
            return parse_amount(plain, currency)
        except AmountError:
            pass
    message = f"{field_name} is {shown(text)}, expected a decimal amount without sign in {currency}"
    notes.wrong("bacs.amount", message, field=field_name)
    return None


def read_count(text: str) -> int | None:
    """Read a number of items; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= VALUE_SHOWN_MAX else None


def account_text(sort_code: str, number: str) -> str:
    """Sort code and account number as they are written, joined by one blank; empty where both are missing."""
    return f"{sort_code} {number}".strip()
