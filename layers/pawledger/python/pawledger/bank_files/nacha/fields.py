"""Fields of NACHA records: numbers, days, routing numbers, where a class of entries keeps what, and the problems."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from pawledger.bank_files.report import FileReport, Rule

VALUE_SHOWN_MAX: Final = 40
"""Characters of the file that a message repeats, so that a hostile field cannot fill a log."""
KINDS_TOLD_MAX: Final = 500
"""Most kinds of warnings told apart in one stream: a file with more unknown codes than exist is meant to hurt."""
ROUTING_NUMBERS_KEPT_MAX: Final = 65_536
"""Routing numbers remembered as checked: there are some 30,000; beyond this they are checked afresh."""

_WEIGHTS: Final = (3, 7, 1, 3, 7, 1, 3, 7)


def shown(text: str) -> str:
    """The text as a message may repeat it: quoted, escaped and cut."""
    return repr(text[:VALUE_SHOWN_MAX])


@dataclass(slots=True)
class Notes:
    """Problems of one stream, told at the line of the record being read."""

    report: FileReport
    line: int = 0
    _told: set[str] = field(default_factory=set)

    def once(self, rule: str, message: str, *, key: str = "") -> None:
        """Add a warning unless it was already told for this rule and `key`: a bank's habit recurs on every line."""
        told = f"{rule} {key}"
        if told not in self._told and len(self._told) < KINDS_TOLD_MAX:
            self._told.add(told)
            self.report.add(Rule.MEANING, f"nacha.{rule}", message, line=self.line)

    def wrong(self, rule: str, message: str, field_name: str | None = None) -> None:
        """Add a fault that puts the file out of balance."""
        self.report.add(Rule.INTEGRITY, f"nacha.{rule}", message, line=self.line, field=field_name)

    def wrong_once(self, rule: str, message: str, field_name: str | None = None) -> None:
        """Add a fault that puts the file out of balance unless it was already told."""
        if rule not in self._told:
            self._told.add(rule)
            self.wrong(rule, message, field_name)

    def unreadable(self, rule: str, message: str, field_name: str | None = None) -> None:
        """Add a fault that makes the file unreadable; reading goes on, so that other faults are told with it."""
        self.report.add(Rule.SYNTAX, f"nacha.{rule}", message, line=self.line, field=field_name)

    def unreadable_once(self, rule: str, message: str, field_name: str | None = None) -> None:
        """Add a fault that makes the file unreadable unless it was already told."""
        if rule not in self._told:
            self._told.add(rule)
            self.unreadable(rule, message, field_name)


def is_number(text: str) -> bool:
    """Whether the text is digits 0 to 9 only, and at least one."""
    # Bytes know no other digits, and look them up three times as fast.
    return text.encode("utf-8", "replace").isdigit()


def read_number(text: str, field_name: str, notes: Notes) -> int | None:
    """Read an amount in cents, a count or a hash; None, with a problem, for what is not a number.

    Blanks before the digits are accepted with a warning: some programs fill numbers up with them instead of zeros.
    """
    if not is_number(text):
        digits = text.lstrip(" ")
        if not is_number(digits):
            notes.unreadable("number", f"{field_name} {shown(text)} is not a number", field_name)
            return None
        notes.once("number_padded", f"{field_name} is filled up with blanks, expected zeros", key=field_name)
    return int(text)


@lru_cache(maxsize=1024)
def read_day(text: str) -> date | None:
    """Read `YYMMDD`, None for what is no day of the calendar; the century is 2000, since the format has none."""
    if len(text) == 6 and is_number(text):
        try:
            return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
        except ValueError:
            pass
    return None


def read_settlement_day(text: str, near: date) -> date | None:
    """Read a settlement date, which is the number of a day in its year, in the year that brings it closest to `near`.

    None for blank, zero and what is no such number.
    """
    if not is_number(text) or not 1 <= int(text) <= 366:
        return None
    # No year but these can be closest, and all of them exist: a file's day has the century 2000.
    days = [date(year, 1, 1) + timedelta(days=int(text) - 1) for year in (near.year - 1, near.year, near.year + 1)]
    return min(days, key=lambda day: abs(day - near))


def has_check_digit(routing_number: str) -> bool:
    """Whether the ninth digit of a routing number agrees with the eight before it (weights 3, 7, 1)."""
    if len(routing_number) != 9 or not is_number(routing_number):
        return False
    weighted = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, routing_number, strict=False))
    return (weighted + int(routing_number[8])) % 10 == 0


class EntryLayout(NamedTuple):
    """Where the entries of a standard entry class keep what differs between classes, as slices of the record."""

    account: slice
    amount: slice
    individual_id: slice
    """What the originator calls the entry: a customer, policy or check number."""
    name: slice
    counts_addenda: bool = False
    """Whether the number of addenda, four digits, stands before the name."""

    def name_in(self, text: str) -> str:
        """The receiver's name in the field of it; some programs leave out the number of addenda before it."""
        if self.counts_addenda and is_number(text[:4]):
            text = text[4:20]
        return text.strip()


_NOWHERE: Final = slice(0, 0)
_ORDINARY: Final = EntryLayout(slice(12, 29), slice(29, 39), slice(39, 54), slice(54, 76))
_MANY_ADDENDA: Final = _ORDINARY._replace(counts_addenda=True)
INTERNATIONAL: Final = EntryLayout(slice(39, 74), slice(29, 39), _NOWHERE, _NOWHERE)
ADVICE: Final = EntryLayout(slice(12, 27), slice(27, 39), _NOWHERE, slice(54, 76))
_LAYOUTS: Final = {
    "ADV": ADVICE,
    "ATX": _MANY_ADDENDA,
    "CIE": _ORDINARY._replace(individual_id=slice(54, 76), name=slice(39, 54)),
    "CTX": _MANY_ADDENDA,
    "ENR": _MANY_ADDENDA,
    "IAT": INTERNATIONAL,
    "POP": _ORDINARY._replace(individual_id=slice(39, 48)),
    "SHR": _ORDINARY._replace(individual_id=slice(43, 54), name=_NOWHERE),
    "TRX": _MANY_ADDENDA,
}
"""By standard entry class code, from the entry detail records of appendix three; all others are ordinary."""


def layout_of(entry_class: str) -> EntryLayout:
    return _LAYOUTS.get(entry_class, _ORDINARY)
