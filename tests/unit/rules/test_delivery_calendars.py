"""Delivery calendars: on which days a file is expected, and which days it alone tells of."""

from datetime import UTC, date, datetime, time, timedelta

from pawledger.rules.delivery_calendars import (
    DeliveryCalendar,
    ExpectedDelivery,
    delivery_from_subject,
    expected_deliveries,
)

WEEKDAYS = (0, 1, 2, 3, 4)
CALENDAR = DeliveryCalendar(WEEKDAYS, time(9, 30), "Europe/Berlin", since=date(2026, 11, 1))


def never_closed(_name: str, _day: date) -> bool:
    return False


def days_of(calendar: DeliveryCalendar, first: date, last: date) -> list[date]:
    return [each.day for each in expected_deliveries("bank", calendar, first, last, never_closed)]


def test_a_monday_tells_of_the_weekend_too() -> None:
    # 20 November 2026 is a Friday.
    friday, monday = expected_deliveries("bank", CALENDAR, date(2026, 11, 20), date(2026, 11, 23), never_closed)
    assert friday == ExpectedDelivery("bank", date(2026, 11, 20), *[date(2026, 11, 19)] * 3)
    assert monday == ExpectedDelivery(
        "bank",
        date(2026, 11, 23),
        after=date(2026, 11, 20),
        first_told=date(2026, 11, 20),
        last_told=date(2026, 11, 22),
    )


def test_a_file_of_its_own_day_tells_of_no_day_before() -> None:
    same_day = DeliveryCalendar(WEEKDAYS, time(22), "Europe/Berlin", since=date(2026, 11, 1), days_behind=0)
    (tuesday,) = expected_deliveries("bank", same_day, date(2026, 11, 24), date(2026, 11, 24), never_closed)
    assert (tuesday.first_told, tuesday.last_told) == (date(2026, 11, 24), date(2026, 11, 24))


def test_on_a_holiday_and_on_a_day_that_the_bank_is_closed_nothing_is_expected() -> None:
    calendar = DeliveryCalendar(
        WEEKDAYS, time(9, 30), "Europe/Berlin", ("TARGET",), frozenset({date(2026, 12, 24)}), date(2026, 11, 1)
    )

    def is_christmas(name: str, day: date) -> bool:
        return name == "TARGET" and day in (date(2026, 12, 25), date(2026, 12, 26))

    found = expected_deliveries("bank", calendar, date(2026, 12, 23), date(2026, 12, 28), is_christmas)
    assert [each.day for each in found] == [date(2026, 12, 23), date(2026, 12, 28)]
    # The Monday after tells of all days from Wednesday, the day of the delivery before, to Sunday.
    assert (found[1].first_told, found[1].last_told) == (date(2026, 12, 23), date(2026, 12, 27))


def test_nothing_is_expected_before_the_first_day_or_without_one() -> None:
    first, last = date(2026, 11, 23), date(2026, 11, 27)
    later = DeliveryCalendar(WEEKDAYS, time(9), "UTC", since=date(2026, 11, 26))
    assert days_of(later, first, last) == [date(2026, 11, 26), date(2026, 11, 27)]
    assert days_of(DeliveryCalendar(WEEKDAYS, time(9), "UTC", since=date(2026, 11, 28)), first, last) == []
    assert days_of(DeliveryCalendar(WEEKDAYS, time(9), "UTC"), first, last) == []


def test_a_calendar_on_which_nothing_ever_comes_expects_nothing() -> None:
    always = expected_deliveries(
        "bank", DeliveryCalendar(WEEKDAYS, time(9), "UTC", ("DE",), since=date(2026, 1, 1)),
        date(2026, 11, 1), date(2026, 11, 30), lambda _name, _day: True,
    )  # fmt: skip
    assert always == []


def test_the_first_delivery_after_a_long_pause_tells_of_its_own_day_at_least() -> None:
    monthly = DeliveryCalendar((0,), time(9), "UTC", since=date(2026, 1, 1), closed_on=frozenset(
        date(2026, 11, 23) - timedelta(days=7 * weeks) for weeks in range(1, 6)
    ))  # fmt: skip
    (found,) = expected_deliveries("bank", monthly, date(2026, 11, 23), date(2026, 11, 23), never_closed)
    assert (found.first_told, found.last_told) == (date(2026, 11, 22), date(2026, 11, 22))


def test_the_time_of_a_delivery_is_by_the_clock_of_its_zone_in_winter_and_in_summer() -> None:
    assert CALENDAR.due_at(date(2026, 11, 23)) == datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    assert CALENDAR.due_at(date(2026, 7, 1)) == datetime(2026, 7, 1, 7, 30, tzinfo=UTC)


def test_a_delivery_is_read_back_from_its_subject() -> None:
    for each in expected_deliveries("bank", CALENDAR, date(2026, 11, 16), date(2026, 11, 27), never_closed):
        assert delivery_from_subject(each.subject) == each
