"""Fields of lockbox records: columns cut out of a line, numbers, amounts and days, and the problems told of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any, Final

from pawledger.bank_files.lockbox.layout import DATE_FORMATS, Columns, LockboxLayout
from pawledger.bank_files.report import FileReport, Rule
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.errors import PawledgerError

VALUE_SHOWN_MAX: Final = 40
"""Characters of the file that a message repeats, so that a hostile field cannot fill a log."""

_ROUTING_WEIGHTS: Final = (3, 7, 1, 3, 7, 1, 3, 7, 1)
_NOWHERE: Final = slice(0, 0)


class LostStructureError(PawledgerError):
    """A record after which nothing more can be told for certain; `rule` and `field` name what is wrong with it."""

    def __init__(self, rule: str, field_name: str | None, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.field_name = field_name


@dataclass(slots=True)
class Notes:
    """Problems of one file, at the line that is being read; a warning is told once, whatever often it holds."""

    report: FileReport
    line: int = 0
    _told: set[str] = field(default_factory=set)

    def unreadable(self, rule: str, message: str, field_name: str | None = None) -> None:
        self.report.add(Rule.SYNTAX, rule, message, line=self.line, field=field_name)

    def out_of_balance(self, rule: str, message: str, field_name: str | None = None) -> None:
        self.report.add(Rule.INTEGRITY, rule, message, line=self.line, field=field_name)

    def warn_once(self, rule: str, message: str, field_name: str | None = None) -> None:
        if rule not in self._told:
            self._told.add(rule)
            self.report.add(Rule.MEANING, rule, message, line=self.line, field=field_name)

    def has_told(self, rule: str) -> bool:
        return rule in self._told


def shown(text: str) -> str:
    """The text as a message may repeat it: quoted, escaped and cut."""
    return repr(text[:VALUE_SHOWN_MAX])


def picker(*columns: Columns | None) -> Callable[[str], Any]:
    """A function that cuts the given columns out of a line, all in one step; a field that is nowhere is empty."""
    # The last one makes it a tuple also where there is only one field.
    return itemgetter(*(_NOWHERE if each is None else slice(each[0] - 1, each[1]) for each in columns), _NOWHERE)


def is_number(text: str) -> bool:
    return text.isdigit() and text.isascii()


def is_routing_number(text: str) -> bool:
    """Whether nine digits are a routing number by their check digit (weights 3, 7, 1; ABA)."""
    if len(text) != len(_ROUTING_WEIGHTS) or not is_number(text):
        return False
    return sum(weight * int(digit) for weight, digit in zip(_ROUTING_WEIGHTS, text, strict=True)) % 10 == 0


class FieldReader:
    """Reads amounts and days as a layout writes them."""

    def __init__(self, layout: LockboxLayout, notes: Notes) -> None:
        self._notes = notes
        self._currency, self._decimals = layout.currency, layout.decimals
        surplus = layout.decimals - MINOR_UNIT_DECIMALS[layout.currency]
        self._factor, self._divisor = int(10 ** max(-surplus, 0)), int(10 ** max(surplus, 0))
        self._year, self._month, self._day = (slice(*place) for place in DATE_FORMATS[layout.date_format])
        self._date_format = layout.date_format
        self.is_in_minor_units = surplus == 0
        """Whether the digits of an amount are minor units of the currency as they stand."""

    def amount_minor(self, text: str, record: str) -> int | None:
        """Minor units; None, told as a problem, where the columns hold no amount or more decimals than there are."""
        if not is_number(text):
            message = f"{shown(text)} in record {record} is not an amount in digits"
            self._notes.unreadable("lockbox.amount", message, "amount")
            return None
        amount, rest = divmod(int(text) * self._factor, self._divisor)
        if rest:
            what = f"{self._decimals} decimals, of which {self._currency} has {MINOR_UNIT_DECIMALS[self._currency]}"
            self._notes.out_of_balance("lockbox.amount_decimals", f"{shown(text)} has {what}", "amount")
            return None
        return amount

    def informative_amount_minor(self, text: str) -> int | None:
        """Minor units of an amount on which no money hangs; None, untold, where it is none."""
        if not is_number(text):
            return None
        return int(text) * self._factor // self._divisor

    def count(self, text: str, record: str, field_name: str) -> int | None:
        """A number of checks or records; None, told as a problem, where the columns hold none."""
        if not is_number(text):
            message = f"{shown(text)} in record {record} is not a number"
            self._notes.unreadable("lockbox.count", message, field_name)
            return None
        return int(text)

    def day(self, text: str, record: str, field_name: str) -> date:
        """A day of the calendar. Raises `LostStructureError`: without the day nothing has an identity."""
        if len(text) == len(self._date_format) and is_number(text):
            year = int(text[self._year])
            try:
                return date(year + 2000 if year < 100 else year, int(text[self._month]), int(text[self._day]))
            except ValueError:
                pass
        message = f"{shown(text)} in record {record} is not a day written {self._date_format}"
        raise LostStructureError("lockbox.day", field_name, message)
