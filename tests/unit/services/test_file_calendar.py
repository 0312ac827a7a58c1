"""Completeness of files: what was expected and has not come is told once, and heals when it comes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from pawledger.bank_files.report import FileReport
from pawledger.domain.worklist.discrepancies import DiscrepancyKind, DiscrepancyStatus
from pawledger.ports import BankFileRecord, HolidayCalendarUnknownError
from pawledger.rules.delivery_calendars import DeliveryCalendar, delivery_from_subject
from pawledger.rules.provider_profiles import ProviderProfile
from pawledger.services.closing.close_day import close_day
from pawledger.services.receiving.file_calendar import (
    DELIVERIES_TOLD_MAX,
    FileCalendarPorts,
    check_deliveries,
    spans_of,
)
from pawledger.services.receiving.file_findings import DroppedFile
from pawledger.services.receiving.receive_bank_file import prove_file, receive_bank_file
from tests.builders.bank_statements import Line, build_bai2
from tests.builders.services import connect_closing, connect_receiving
from tests.fakes.memory import MemoryWorld

# 23 November 2026 is a Monday.
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2026, 11, day) for day in (23, 24, 25, 26))
CALENDAR = DeliveryCalendar((0, 1, 2, 3, 4), time(9, 30), "Europe/Berlin", since=MONDAY)
PROFILE = ProviderProfile("bank", "A bank", ("bai2", "nacha"), ("bai2",), delivery=CALENDAR)


class NamedHolidays:
    """Holidays by calendar; of a calendar that is not named nothing is known."""

    def __init__(self, **days: Sequence[date]) -> None:
        self._days = days

    def is_holiday(self, calendar: str, day: date) -> bool:
        if calendar not in self._days:
            raise HolidayCalendarUnknownError(f"no holidays are known of {calendar!r}")
        return day in self._days[calendar]


def ports_of(
    world: MemoryWorld,
    *profiles: ProviderProfile,
    holidays: NamedHolidays | None = None,
    time_zone: str = "Europe/Berlin",
) -> FileCalendarPorts:
    return FileCalendarPorts(
        register=world.bank_file_register,
        discrepancies=world.discrepancy_book,
        load_profiles=lambda: {profile.provider: profile for profile in profiles},
        holidays=holidays or NamedHolidays(),
        time_zone=time_zone,
    )


def close(world: MemoryWorld, day: date, *profiles: ProviderProfile) -> None:
    check_deliveries(day, ports_of(world, *(profiles or (PROFILE,))))


def remember(world: MemoryWorld, name: str, received_on: date, told: Sequence[date] = (), **changes: object) -> None:
    """A file that came; `told` are the first and the last day that its statement tells of."""
    record = BankFileRecord(
        file_id=name,
        status="posting",
        provider="bank",
        incoming_key=f"incoming/bank/{name}",
        incoming_version_id=None,
        stored_key="",
        received_on=received_on,
        format="bai2",
        verdict="accepted",
        problems=(),
        statements=(),
        chunk_count=0,
        movement_count=0,
        credit_minor={},
        debit_minor={},
        told_days=((told[0].isoformat(), told[-1].isoformat()),) if told else (),
    )
    world.bank_file_register.write_file(replace(record, **changes), expected_status=None)  # type: ignore[arg-type]


def drop(world: MemoryWorld, name: str, told_on: date, received_at: datetime, *profiles: ProviderProfile) -> None:
    """Drop a real BAI2 file of one statement."""
    key = f"incoming/bank/{name}"
    version_id = world.bank_file_store.drop(key, build_bai2([Line(100)], as_of=told_on, file_id=name))
    dropped = DroppedFile(key, version_id, received_at.date(), received_at)
    receive_bank_file(dropped, connect_receiving(world, *(profiles or (PROFILE,))))


def whats(world: MemoryWorld, kind: str, status: DiscrepancyStatus = DiscrepancyStatus.OPEN) -> list[str]:
    recorded = (world.discrepancy_book.read(key) for key in world.rows.discrepancies)
    return [
        each.discrepancy.what for each in recorded if each and each.discrepancy.kind == kind and each.status is status
    ]


def missing_days(world: MemoryWorld) -> list[date]:
    """Days whose delivery is told as missing, by the subjects of the discrepancies."""
    kind = DiscrepancyKind.FILE_MISSING
    subjects = [recorded.discrepancy.subject for recorded in world.discrepancy_book.list_open(kind)]
    return sorted(delivery_from_subject(subject).day for subject in subjects)


def test_what_was_expected_and_has_not_come_is_told_once() -> None:
    world = MemoryWorld()
    for _ in range(3):
        close(world, TUESDAY)
    (what,) = whats(world, "file_missing")
    assert what == (
        "No file of bank has come that was expected on 2026-11-23 until 09:30 Europe/Berlin, with what happened on "
        "2026-11-20 to 2026-11-22."
    )


def test_a_delivery_of_the_business_date_itself_is_not_judged_yet() -> None:
    world = MemoryWorld()
    close(world, MONDAY)
    assert whats(world, "file_missing") == []


def test_a_delivery_whose_time_ends_after_the_closing_by_the_billing_clock_waits_for_the_next() -> None:
    # 20:00 of Monday in California is 05:00 of Tuesday in Berlin: a closing for Tuesday may run before that.
    world, pacific = MemoryWorld(), replace(CALENDAR, until=time(20), time_zone="America/Los_Angeles")
    profile = replace(PROFILE, delivery=pacific)
    close(world, TUESDAY, profile)
    assert whats(world, "file_missing") == []
    close(world, WEDNESDAY, profile)
    assert len(whats(world, "file_missing")) == 1


def test_a_file_covers_the_delivery_that_is_to_tell_of_its_days_whenever_it_comes() -> None:
    world = MemoryWorld()
    remember(world, "a", WEDNESDAY, [MONDAY])  # came on Wednesday, tells Tuesday's part
    close(world, THURSDAY)
    assert missing_days(world) == [MONDAY, WEDNESDAY]


def test_a_missing_file_heals_at_the_closing_after_it_came() -> None:
    world = MemoryWorld()
    close(world, TUESDAY)
    remember(world, "a", TUESDAY, [date(2026, 11, 20)])
    close(world, TUESDAY)
    assert whats(world, "file_missing") == []
    assert len(whats(world, "file_missing", DiscrepancyStatus.HEALED)) == 1


def test_a_missing_file_heals_at_once_when_it_is_received() -> None:
    world = MemoryWorld()
    close(world, WEDNESDAY)
    assert len(whats(world, "file_missing")) == 2
    drop(world, "late", MONDAY, datetime(2026, 11, 25, 8, tzinfo=UTC))
    assert missing_days(world) == [MONDAY]


def test_a_file_of_another_provider_or_kind_or_one_that_was_set_aside_covers_nothing() -> None:
    profile = replace(PROFILE, delivery=replace(CALENDAR, formats=("bai2",)))
    world, told = MemoryWorld(), [date(2026, 11, 20)]
    remember(world, "a", MONDAY, told, provider="other")
    remember(world, "b", MONDAY, told, format="nacha")
    remember(world, "c", MONDAY, told, status="quarantined")
    close(world, TUESDAY, profile)
    (what,) = whats(world, "file_missing")
    assert what.endswith("; of what came since, 1 were set aside.")
    remember(world, "d", TUESDAY, told)
    close(world, TUESDAY, profile)
    assert whats(world, "file_missing") == []


def test_files_without_days_count_by_their_arrival_and_what_is_left_over_covers_the_oldest_gap() -> None:
    world = MemoryWorld()
    close(world, TUESDAY)
    remember(world, "tuesday", TUESDAY)
    close(world, WEDNESDAY)
    assert missing_days(world) == [MONDAY]
    remember(world, "wednesday", WEDNESDAY)
    remember(world, "monday-s", WEDNESDAY)
    close(world, THURSDAY)
    assert whats(world, "file_missing") == []


def test_one_file_of_several_days_covers_each_of_their_deliveries() -> None:
    world = MemoryWorld()
    remember(world, "week", THURSDAY, [date(2026, 11, 20), WEDNESDAY])
    close(world, THURSDAY)
    assert whats(world, "file_missing") == []


def test_a_file_that_came_after_its_time_is_told_once_and_leaves_nothing_to_do() -> None:
    world = MemoryWorld()
    # 08:30 UTC is 09:30 in Berlin in winter: one second later is late.
    drop(world, "late", date(2026, 11, 20), datetime(2026, 11, 23, 8, 30, 1, tzinfo=UTC))
    for day in (TUESDAY, TUESDAY):
        close(world, day)
    assert whats(world, "file_missing") == whats(world, "file_late") == []
    (what,) = whats(world, "file_late", DiscrepancyStatus.HEALED)
    assert what.startswith("incoming/bank/late came 2026-11-23T08:30:01+00:00, and was expected on 2026-11-23 until")


def test_a_file_that_came_in_time_and_one_that_was_told_as_missing_are_not_late() -> None:
    world = MemoryWorld()
    drop(world, "in-time", date(2026, 11, 20), datetime(2026, 11, 23, 8, 30, tzinfo=UTC))
    close(world, TUESDAY)
    close(world, WEDNESDAY)
    drop(world, "missing", MONDAY, datetime(2026, 11, 25, 12, tzinfo=UTC))
    close(world, THURSDAY)
    assert whats(world, "file_late", DiscrepancyStatus.HEALED) == []


def test_many_late_files_of_one_provider_are_one_word() -> None:
    world = MemoryWorld()
    for number, told_on in enumerate((date(2026, 11, 20), MONDAY, TUESDAY)):
        noon = datetime(2026, 11, 23 + number, 12, tzinfo=UTC)
        drop(world, f"late-{number}", told_on, noon)
    close(world, THURSDAY)
    (what,) = whats(world, "file_late", DiscrepancyStatus.HEALED)
    assert "incoming/bank/late-2 came" in what


def test_a_late_word_that_a_killed_closing_left_open_is_healed_by_the_next() -> None:
    world = MemoryWorld()
    drop(world, "late", date(2026, 11, 20), datetime(2026, 11, 23, 12, tzinfo=UTC))
    close(world, TUESDAY)
    for row in world.rows.discrepancies.values():
        row.status = DiscrepancyStatus.OPEN
    close(world, TUESDAY)
    assert whats(world, "file_late") == []


def test_missed_closings_are_caught_up_some_at_a_time_oldest_first() -> None:
    world = MemoryWorld()
    later = MONDAY + timedelta(days=28)  # 20 deliveries of four weeks, Monday 21 December not yet
    close(world, later)
    assert len(whats(world, "file_missing")) == DELIVERIES_TOLD_MAX == 10
    assert "on 2026-12-04 until" in whats(world, "file_missing")[-1]
    close(world, later)
    assert len(whats(world, "file_missing")) == 20
    close(world, later)
    assert len(whats(world, "file_missing")) == 20


def test_what_is_missing_for_longer_than_is_looked_back_heals_all_the_same() -> None:
    world = MemoryWorld()
    close(world, TUESDAY)
    long_after = MONDAY + timedelta(days=100)
    remember(world, "a", long_after, [date(2026, 11, 20)])
    profile = replace(PROFILE, delivery=replace(CALENDAR, since=long_after))
    close(world, long_after, profile)
    assert whats(world, "file_missing") == []


def test_no_file_is_expected_on_holidays_and_a_calendar_that_nobody_knows_stops_its_provider_alone() -> None:
    world = MemoryWorld()
    closed = replace(PROFILE, delivery=replace(CALENDAR, holidays=("TARGET",)))
    unknown = ProviderProfile("odd", "Odd", ("bai2",), ("bai2",), delivery=replace(CALENDAR, holidays=("QQ",)))
    for _ in range(2):
        check_deliveries(WEDNESDAY, ports_of(world, unknown, closed, holidays=NamedHolidays(TARGET=[MONDAY])))
    assert missing_days(world) == [TUESDAY]
    assert whats(world, "file_calendar_unknown") == [
        "Files of odd are not watched: no holidays are known of 'QQ', which its profile names."
    ]


def test_a_profile_without_a_first_day_or_without_a_calendar_is_not_watched() -> None:
    world = MemoryWorld()
    unwatched = replace(PROFILE, delivery=replace(CALENDAR, since=None))
    close(world, THURSDAY, unwatched, ProviderProfile("other", "Other", ("bai2",), ("bai2",)))
    assert world.rows.discrepancies == {}


def test_closing_a_day_looks_for_files() -> None:
    world = MemoryWorld()
    close_day(TUESDAY, replace(connect_closing(world), calendar=ports_of(world, PROFILE)))
    assert len(whats(world, "file_missing")) == 1


def test_days_that_touch_are_one_span_and_a_statement_without_days_is_none() -> None:
    report = FileReport()
    data = build_bai2([Line(100)], as_of=MONDAY)
    world = MemoryWorld()
    version_id = world.bank_file_store.drop("incoming/bank/a", data)
    opened = world.bank_file_store.open("incoming/bank/a", version_id)
    assert opened is not None
    with opened as stream:
        _, report = prove_file(stream)
    (summary,) = report.statements
    days = [(MONDAY, TUESDAY), (WEDNESDAY, None), (None, MONDAY + timedelta(days=7)), (None, None), (MONDAY, MONDAY)]
    summaries = [summary._replace(first_day=first, last_day=last) for first, last in days]
    assert spans_of(summaries) == (("2026-11-23", "2026-11-25"), ("2026-11-30", "2026-11-30"))
