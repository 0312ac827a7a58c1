"""Days and months as billing counts them. A day is a `date`; an instant becomes a day only in a named time zone."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pawledger.domain.errors import InvariantError, PawledgerError, require

YEAR_MIN: Final = 2000
YEAR_MAX: Final = 2199
"""The years in which policies can begin."""

TERM_MONTHS_MAX: Final = 27
"""800 days, the longest term, begin 27 months."""


class MonthInvalidError(PawledgerError):
    """A text is no month such as 2026-11."""


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month."""

    first_day: date

    @property
    def last_day(self) -> date:
        return self.first_day.replace(day=monthrange(self.first_day.year, self.first_day.month)[1])

    @property
    def day_before(self) -> date:
        return self.first_day - timedelta(days=1)

    @property
    def days(self) -> Iterator[date]:
        return (self.first_day + timedelta(days=days) for days in range((self.last_day - self.day_before).days))

    def __str__(self) -> str:
        return f"{self.first_day:%Y-%m}"


def read_month(text: str) -> Month:
    """The month that a text such as `2026-11` names. Raises `MonthInvalidError`."""
    year, _, month = text.partition("-")
    is_month = len(text) == len("2026-11") and text.isascii() and year.isdigit() and month.isdigit()
    if not (is_month and YEAR_MIN <= int(year) <= YEAR_MAX and 1 <= int(month) <= 12):
        raise MonthInvalidError(f"{text!r} is not a month such as 2026-11, from {YEAR_MIN} to {YEAR_MAX}")
    return Month(date(int(year), int(month), 1))


def add_months(start: date, months: int) -> date:
    """The same day of the month `months` later, or that month's last day where it is shorter.

    Always counted from the first day, so that a plan from 31 January falls on 28 February and then on 31 March.
    """
    month_index = start.year * 12 + start.month - 1 + months
    year, month = divmod(month_index, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def count_months(effective_on: date, until: date) -> int:
    """How many months of a term begin before a day.

    In a month that is too short for the term's day, that day may be its last or the first of the next: a year from
    29 February ends on 28 February or on 1 March, after twelve months both times.
    """
    for months in range(TERM_MONTHS_MAX):
        begins_on = add_months(effective_on, months)
        if begins_on.day < effective_on.day:
            begins_on += timedelta(days=1)
        if begins_on >= until:
            return months
    return TERM_MONTHS_MAX


def shift_day(day: date, days: int) -> date:
    """The day so many days later (earlier where negative), or the first or last day that a calendar has."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def business_date_of(instant: datetime, time_zone: str) -> date:
    """The calendar day of an instant in a time zone of the IANA database, for instance `Europe/London`.

    Raises `InvariantError` for an instant without a time zone, `ZoneInfoNotFoundError` for an unknown zone.
    """
    require(instant.tzinfo is not None, "an instant carries its time zone")
    return instant.astimezone(ZoneInfo(time_zone)).date()


def month_day_from(start: date, day_of_month: int) -> date:
    """The first day from `start` on that is a given day of its month, or the last day of a month that is shorter."""
    for months in (0, 1):
        month = add_months(start.replace(day=1), months)
        day = month.replace(day=min(day_of_month, monthrange(month.year, month.month)[1]))
        if day >= start:
            return day
    raise InvariantError(f"no day {day_of_month} of a month was found from {start} on")
