"""Business days of instants, worked out from the clock on the wall there; clocks change as IANA's database says."""

from datetime import UTC, date, datetime
from typing import Final

import pytest

from pawledger.domain.calendar import business_date_of, month_day_from

CASES: Final = (
    # In London clocks go from 01:00 to 02:00 on 29 March 2026, and from 02:00 to 01:00 on 25 October.
    ("2026-03-28T23:59:59", "Europe/London", "2026-03-28", "winter: 23:59:59"),
    ("2026-03-29T00:00:00", "Europe/London", "2026-03-29", "winter: midnight"),
    ("2026-03-29T22:59:59", "Europe/London", "2026-03-29", "summer: 23:59:59"),
    ("2026-03-29T23:00:00", "Europe/London", "2026-03-30", "summer: midnight"),
    ("2026-10-24T22:59:59", "Europe/London", "2026-10-24", "summer: 23:59:59"),
    ("2026-10-24T23:00:00", "Europe/London", "2026-10-25", "summer: midnight"),
    ("2026-10-25T23:30:00", "Europe/London", "2026-10-25", "winter: 23:30, where summer time would say 00:30"),
    # In New York clocks go forward on 8 March 2026, and back on 1 November.
    ("2026-03-08T04:59:59", "America/New_York", "2026-03-07", "five hours behind: 23:59:59"),
    ("2026-03-09T03:59:59", "America/New_York", "2026-03-08", "four hours behind: 23:59:59"),
    ("2026-03-09T04:00:00", "America/New_York", "2026-03-09", "four hours behind: midnight"),
    ("2026-11-01T03:59:59", "America/New_York", "2026-10-31", "four hours behind: 23:59:59"),
    ("2026-11-02T04:30:00", "America/New_York", "2026-11-01", "five hours behind: 23:30"),
    ("2026-01-01T09:59:59", "Pacific/Kiritimati", "2026-01-01", "fourteen hours ahead: 23:59:59"),
    ("2026-01-01T10:00:00", "Pacific/Kiritimati", "2026-01-02", "fourteen hours ahead: midnight"),
    ("2026-01-01T10:59:59", "Pacific/Pago_Pago", "2025-12-31", "eleven hours behind: 23:59:59"),
    ("2026-01-01T11:00:00", "Pacific/Pago_Pago", "2026-01-01", "eleven hours behind: midnight"),
    ("2026-01-01T18:14:59", "Asia/Kathmandu", "2026-01-01", "5:45 ahead: 23:59:59"),
    ("2026-01-01T18:15:00", "Asia/Kathmandu", "2026-01-02", "5:45 ahead: midnight"),
    ("2026-01-01T10:14:59", "Pacific/Chatham", "2026-01-01", "13:45 ahead in summer: 23:59:59"),
    ("2026-01-01T10:15:00", "Pacific/Chatham", "2026-01-02", "13:45 ahead in summer: midnight"),
    ("2026-04-05T13:15:00", "Australia/Lord_Howe", "2026-04-05", "10:30 ahead again: 23:45, in summer 00:15"),
    ("2011-12-30T09:59:59", "Pacific/Apia", "2011-12-29", "ten hours behind: 23:59:59"),
    ("2011-12-30T10:00:00", "Pacific/Apia", "2011-12-31", "Samoa left 30 December out: fourteen hours ahead"),
)


@pytest.mark.parametrize(("instant", "time_zone", "day", "clock"), CASES)
def test_an_instant_is_the_day_that_the_clock_there_shows(instant: str, time_zone: str, day: str, clock: str) -> None:
    at = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert business_date_of(at, time_zone) == date.fromisoformat(day), clock


@pytest.mark.parametrize(
    ("start", "day_of_month", "day"),
    [
        (date(2026, 1, 15), 15, date(2026, 1, 15)),
        (date(2026, 1, 15), 16, date(2026, 1, 16)),
        (date(2026, 1, 15), 14, date(2026, 2, 14)),
        (date(2026, 1, 31), 30, date(2026, 2, 28)),
        (date(2028, 1, 31), 30, date(2028, 2, 29)),
        (date(2026, 2, 28), 31, date(2026, 2, 28)),
        (date(2026, 4, 30), 31, date(2026, 4, 30)),
        (date(2026, 12, 31), 1, date(2027, 1, 1)),
        (date(2027, 2, 1), 29, date(2027, 2, 28)),
    ],
)
def test_the_next_such_day_of_a_month_is_its_last_where_the_month_is_shorter(
    start: date, day_of_month: int, day: date
) -> None:
    assert month_day_from(start, day_of_month) == day
