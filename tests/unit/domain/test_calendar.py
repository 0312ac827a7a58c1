"""Months and days."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfoNotFoundError

import pytest

from pawledger.domain.calendar import add_months, business_date_of
from pawledger.domain.errors import InvariantError


@pytest.mark.parametrize(
    ("start", "months", "day"),
    [
        (date(2026, 1, 31), 0, date(2026, 1, 31)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2026, 1, 31), 3, date(2026, 4, 30)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 11, 15), 1, date(2026, 12, 15)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 1, 15), 11, date(2026, 12, 15)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(start: date, months: int, day: date) -> None:
    assert add_months(start, months) == day


def test_a_year_of_months_from_the_31st_touches_every_month_once() -> None:
    days = [add_months(date(2026, 1, 31), months) for months in range(12)]
    assert [day.month for day in days] == list(range(1, 13))


@pytest.mark.parametrize(
    ("instant", "time_zone", "day"),
    [
        (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), "Europe/London", date(2026, 7, 1)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "Europe/London", date(2026, 12, 31)),
        (datetime(2026, 1, 1, 4, 59, tzinfo=UTC), "America/New_York", date(2025, 12, 31)),
        (datetime(2026, 1, 1, 10, 0, tzinfo=UTC), "Pacific/Kiritimati", date(2026, 1, 2)),
    ],
)
def test_an_instant_is_the_day_that_people_there_call_it(instant: datetime, time_zone: str, day: date) -> None:
    assert business_date_of(instant, time_zone) == day


def test_an_instant_without_time_zone_breaks_a_promise() -> None:
    with pytest.raises(InvariantError):
        business_date_of(datetime(2026, 1, 1, 12, 0), "Europe/London")  # noqa: DTZ001 - the error under test


def test_an_unknown_time_zone_is_refused_by_name() -> None:
    with pytest.raises(ZoneInfoNotFoundError, match="Europe/Nowhere"):
        business_date_of(datetime(2026, 1, 1, tzinfo=UTC), "Europe/Nowhere")
