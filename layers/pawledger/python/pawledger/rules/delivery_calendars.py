"""When a provider's files are expected, and which days each of them tells of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

PAYMENT_SYSTEMS: Final = frozenset({"TARGET", "FED"})
"""Closing days of payment systems, beside the holidays of a country: of the euro's and of the Federal Reserve Banks."""

DAYS_BEHIND_MAX: Final = 10
"""A file that tells of days longer ago is a monthly statement, which no calendar of days can expect."""

PAUSE_DAYS_MAX: Final = 35
"""How far back the delivery before another is looked for: a calendar with one day a week misses three in a row."""


@dataclass(frozen=True, slots=True)
class DeliveryCalendar:
    """When the provider's files are expected."""

    weekdays: tuple[int, ...]
    """0 is Monday."""
    until: time
    """Local time of the day by which the file is there."""
    time_zone: str
    holidays: tuple[str, ...] = ()
    """On whose holidays none comes: ISO 3166, or one of `PAYMENT_SYSTEMS`."""
    closed_on: frozenset[date] = frozenset()
    """Further days on which none comes."""
    since: date | None = None
    """The first day on which a file is expected; None where nothing is expected yet."""
    days_behind: int = 1
    """How many days before a delivery the last day is that it tells of."""
    formats: tuple[str, ...] = ()
    """The kinds of report of which one is expected; empty where any is."""

    def due_at(self, day: date) -> datetime:
        """The instant until which the delivery of a day is there."""
        return datetime.combine(day, self.until, ZoneInfo(self.time_zone))

    def has_delivery(self, day: date, is_holiday: Callable[[str, date], bool]) -> bool:
        """Whether a file is expected on a day; `is_holiday` is asked with a name out of `holidays`."""
        is_open = day.weekday() in self.weekdays and day not in self.closed_on
        return is_open and not any(is_holiday(name, day) for name in self.holidays)


@dataclass(frozen=True, slots=True)
class ExpectedDelivery:
    """One delivery of a provider: the day on which a file is expected, and the days that only this file tells of."""

    provider: str
    day: date
    after: date
    """The delivery before it: what comes after that day, and no later than `day`, is this delivery."""
    first_told: date
    last_told: date

    @property
    def subject(self) -> str:
        """Names the delivery; what covers it is read back from it."""
        days = (self.day, self.after, self.first_told, self.last_told)
        return "#".join((self.provider, *(day.isoformat() for day in days)))


def delivery_from_subject(subject: str) -> ExpectedDelivery:
    """The mirror image of `ExpectedDelivery.subject`."""
    provider, *days = subject.split("#")
    return ExpectedDelivery(provider, *map(date.fromisoformat, days))


def expected_deliveries(
    provider: str, calendar: DeliveryCalendar, first: date, last: date, is_holiday: Callable[[str, date], bool]
) -> list[ExpectedDelivery]:
    """Deliveries from `first` to `last`, both included and none before `since`, in the order of their days.

    Each tells of the days after those of the delivery before it, so that a Monday's tells of the weekend too.
    """
    if calendar.since is None or last < calendar.since:
        return []
    begin = max(first, calendar.since)
    days = [begin + timedelta(days=number) for number in range(-PAUSE_DAYS_MAX, (last - begin).days + 1)]
    open_days = [day for day in days if calendar.has_delivery(day, is_holiday)]
    before = dict(zip(open_days[1:], open_days, strict=False))
    behind = timedelta(days=calendar.days_behind)
    deliveries = []
    for day in open_days:
        if day >= begin:
            after = before.get(day, day - timedelta(days=1))
            deliveries.append(ExpectedDelivery(provider, day, after, after - behind + timedelta(days=1), day - behind))
    return deliveries
