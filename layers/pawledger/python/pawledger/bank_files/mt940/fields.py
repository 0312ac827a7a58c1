"""Fields of MT940 and MT942 read as values: amounts, balances, days, and the notes that a file gets once.

Source: SWIFT message reference guide, categories 9, MT940 and MT942: field formats of 28C, 60a, 61, 62a, 34F, 90C, 90D.
"""

import re
from calendar import monthrange
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from pawledger.bank_files.report import FileReport, Rule
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.errors import PawledgerError

AMOUNT_DIGITS_MAX: Final = 18
"""SWIFT amounts have 15 characters with their comma; some banks fill them up with zeros to a few more."""
DAYS_KEPT: Final = 1_024
"""A file names few days and names them thousands of times."""
NO_REFERENCES: Final = frozenset(
    {"", "NONREF", "NOREF", "NOTPROVIDED", "NOT PROVIDED", "NONE", "NICHT ANGEGEBEN"}
    | {f"{name}{mark}" for name in ("EREF", "KREF", "MREF", "PREF", "MARF") for mark in ("", "+")}
)
"""What stands, in capitals, where a reference is mandatory and there is none, or only a pointer to one in field 86."""

_AMOUNT: Final = re.compile(r"([0-9]+)(?:([.,])([0-9]*))?")
_BALANCE: Final = re.compile(r"([CD])([0-9]{6})([A-Z]{3})([0-9.,]+)")
_TOTAL: Final = re.compile(r"([0-9]{1,5})([A-Z]{3})([0-9.,]+)")
_FLOOR: Final = re.compile(r"([A-Z]{3})([CD]?)([0-9.,]+)")


class UnreadableFieldError(PawledgerError):
    """A field that cannot be read; `rule` names why."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class Notes:
    """Tells what is wrong at the line in hand, and what is odd once per file."""

    def __init__(self, report: FileReport) -> None:
        self.report = report
        self.line = 1
        self._told: set[tuple[str, str]] = set()

    def once(self, rule: str, message: str, *, key: str = "", field: str | None = None) -> None:
        """Warn of a deviation at its first place; `key` tells several of one rule apart."""
        if (rule, key) not in self._told:
            self._told.add((rule, key))
            self.report.add(Rule.MEANING, rule, message, line=self.line, field=field)

    def wrong(self, rule: str, message: str, field: str) -> None:
        """Tell of money that is not certain."""
        self.report.add(Rule.INTEGRITY, rule, message, line=self.line, field=field)

    def broken(self, rule: str, message: str, field: str | None = None) -> None:
        """Tell of structure that is not there."""
        self.report.add(Rule.SYNTAX, rule, message, line=self.line, field=field)


class Balance(NamedTuple):
    """A balance field; the amount is signed, in minor units of the currency."""

    day: date
    currency: str
    amount_minor: int


class Total(NamedTuple):
    """Number and sum of the movements on one side (90C, 90D), in minor units."""

    entry_count: int
    currency: str
    amount_minor: int


def shown(text: str) -> str:
    """A text of the file as it may appear in a message: quoted, escaped, cut."""
    return repr(text[:40])


def read_amount(text: str, currency: str, notes: Notes) -> int:
    """Minor units of an amount with a decimal comma; a dot is taken only where it cannot mean anything else.

    Raises `UnreadableFieldError` for a currency outside ISO 4217, for an amount without separator or with several, for
    more decimals than the currency has unless they are zeros, and for a dot where the currency has not two decimals: it
    may part thousands.
    """
    decimals = MINOR_UNIT_DECIMALS.get(currency)
    if decimals is None:
        raise UnreadableFieldError("currency", f"{shown(currency)} is not an ISO 4217 currency")
    found = _AMOUNT.fullmatch(text) if len(text) <= AMOUNT_DIGITS_MAX + 1 else None
    if found is None:
        raise UnreadableFieldError("amount", f"{shown(text)} is not an amount with one decimal comma")
    whole, separator, fraction = found[1], found[2], found[3] or ""
    if separator is None:
        raise UnreadableFieldError("amount", f"{shown(text)} has no decimal comma, its worth is not certain")
    if separator == ".":
        if len(fraction) != decimals or decimals != 2:
            message = f"{shown(text)} has a dot and not two decimals of {currency}, its worth is not certain"
            raise UnreadableFieldError("amount", message)
        notes.once("mt940.decimal_dot", "amounts have a decimal dot instead of a comma", field="amount")
    if fraction[decimals:].strip("0"):
        raise UnreadableFieldError("amount", f"{shown(text)} has more decimals than {currency}, which has {decimals}")
    return int(whole + fraction[:decimals].ljust(decimals, "0"))


def read_balance(text: str, notes: Notes) -> Balance:
    """A balance field (60a, 62a). Raises `UnreadableFieldError`."""
    found = _BALANCE.fullmatch(text.replace(" ", ""))
    if found is None:
        raise UnreadableFieldError("balance", f"{shown(text)} is not a balance: mark, day, currency, amount")
    amount_minor = read_amount(found[4], found[3], notes)
    return Balance(read_day(found[2]), found[3], amount_minor if found[1] == "C" else -amount_minor)


def read_total(text: str, notes: Notes) -> Total:
    """Number and sum of the entries on one side (90C, 90D). Raises `UnreadableFieldError`."""
    found = _TOTAL.fullmatch(text.replace(" ", ""))
    if found is None:
        raise UnreadableFieldError("total", f"{shown(text)} is not a number of entries with currency and sum")
    return Total(int(found[1]), found[2], read_amount(found[3], found[2], notes))


def read_floor_currency(text: str) -> str:
    """Currency of a floor limit (34F), which is that of the report. Raises `UnreadableFieldError`."""
    found = _FLOOR.fullmatch(text.replace(" ", ""))
    if found is None or found[1] not in MINOR_UNIT_DECIMALS:
        raise UnreadableFieldError("floor_limit", f"{shown(text)} is not a floor limit: currency, mark, amount")
    return found[1]


@lru_cache(maxsize=DAYS_KEPT)
def read_day(text: str) -> date:
    """A day YYMMDD, of this century. Raises `UnreadableFieldError`.

    Banks that count interest with months of 30 days book on 30 February, and some close every month on its 31st: that
    is the last day of the month, and no money hangs on it.
    """
    try:
        year, month, day = 2000 + int(text[:2]), int(text[2:4]), int(text[4:6])
        return date(year, month, min(day, monthrange(year, month)[1]) if day <= 31 else day)
    except ValueError:
        raise UnreadableFieldError("day", f"{shown(text)} is not a day YYMMDD") from None


@lru_cache(maxsize=DAYS_KEPT)
def read_entry_day(value_text: str, month_and_day: str) -> date:
    """The entry day MMDD in the year that brings it closest to the value day. Raises `UnreadableFieldError`.

    At the turn of the year the two lie in different years (SWIFT, field 61: the entry date has no year).
    """
    value_on = read_day(value_text)
    candidates = []
    for year in (value_on.year - 1, value_on.year, value_on.year + 1):
        try:
            candidates.append(read_day(f"{year - 2000:02d}{month_and_day}"))
        except UnreadableFieldError:
            continue
    if not candidates:
        raise UnreadableFieldError("day", f"{shown(month_and_day)} is not a day MMDD")
    return min(candidates, key=lambda day: abs(day - value_on))
