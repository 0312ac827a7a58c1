"""Completeness of files: what each provider's calendar expects, held against what came.

A file covers a delivery where one of its statements tells of a day that is this delivery's to tell. A file without such
days covers the delivery in whose time it came; where another file covers that one already, the oldest that is missing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from pawledger.bank_files.formats import EVENT_KINDS, report_kind_of
from pawledger.bank_files.records import StatementSummary
from pawledger.domain.calendar import business_date_of
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.ports import (
    BankFileRecord,
    BankFileRegister,
    DiscrepancyBook,
    HolidayCalendars,
    HolidayCalendarUnknownError,
)

if TYPE_CHECKING:
    from pawledger.rules.delivery_calendars import DeliveryCalendar, ExpectedDelivery
    from pawledger.rules.provider_profiles import ProviderProfile, ProviderProfiles

DELIVERY_DAYS: Final = 35
"""How far back deliveries are looked for, so many missed closings are caught up: as many days as billing catches up."""

DELIVERIES_TOLD_MAX: Final = 10
"""Per provider and closing, the oldest first, so that a provider that was forgotten for a month is no alert storm."""

SPANS_KEPT_MAX: Final = 50
"""Per file, the newest: an archive of statements that do not follow one another is one by mistake."""


@dataclass(frozen=True, slots=True)
class FileCalendarPorts:
    """Everything that holding files against calendars touches."""

    register: BankFileRegister
    discrepancies: DiscrepancyBook
    load_profiles: "Callable[[], ProviderProfiles]"
    """Asked when a day is closed, not when the function starts."""
    holidays: HolidayCalendars
    time_zone: str
    """IANA name; the business date is a day of this zone."""


def spans_of(statements: Iterable[StatementSummary]) -> tuple[tuple[str, str], ...]:
    """The spans of days that statements tell of, in their order; those that touch one another are one."""
    days = [(each.first_day or each.last_day, each.last_day or each.first_day) for each in statements]
    spans: list[tuple[date, date]] = []
    for first, last in sorted((first, last) for first, last in days if first and last):
        if spans and first <= spans[-1][1] + timedelta(days=1):
            spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
        else:
            spans.append((first, last))
    return tuple((first.isoformat(), last.isoformat()) for first, last in spans[-SPANS_KEPT_MAX:])


def check_deliveries(business_date: date, ports: FileCalendarPorts) -> None:
    """Tell what was expected before a business date and has not come, what came late, and heal what has come since.

    Told once, however often a day is closed. A delivery that is due on the business date is judged on the next one.
    """
    for recorded in list(ports.discrepancies.list_open(DiscrepancyKind.FILE_LATE)):
        ports.discrepancies.heal(recorded.discrepancy.discrepancy_id)  # left open by a closing that was killed
    watched = [profile for profile in ports.load_profiles().values() if profile.delivery and profile.delivery.since]
    if not watched:
        return
    files: dict[str, list[BankFileRecord]] = {}
    for days_ago in range(DELIVERY_DAYS, -1, -1):
        for record in ports.register.read_files_received(business_date - timedelta(days=days_ago)):
            files.setdefault(record.provider, []).append(record)
    for profile in watched:
        _check_provider(profile, files.get(profile.provider, []), business_date, ports)


def heal_deliveries_of(
    profile: "ProviderProfile | None", record: BankFileRecord, discrepancies: DiscrepancyBook
) -> None:
    """Heal the missing deliveries that an accepted file covers by its days; what others cover, the closing finds."""
    if profile is None or profile.delivery is None or not record.told_days or not _counts(profile.delivery, record):
        return
    for missing in _open_deliveries(profile.provider, discrepancies):
        if _tells_of(record, missing):
            discrepancies.heal(_missing_id(missing))


def _check_provider(
    profile: "ProviderProfile", files: Sequence[BankFileRecord], business_date: date, ports: FileCalendarPorts
) -> None:
    calendar = profile.delivery
    if calendar is None:
        return
    try:
        due = _due_deliveries(profile.provider, calendar, business_date, ports)
    except HolidayCalendarUnknownError as error:
        what = f"Files of {profile.provider} are not watched: {error}, which its profile names."
        kind = DiscrepancyKind.FILE_CALENDAR_UNKNOWN
        ports.discrepancies.record(Discrepancy(kind, profile.provider, business_date, what))
        return
    standing = {each.subject: each for each in _open_deliveries(profile.provider, ports.discrepancies)}
    deliveries = sorted({**{each.subject: each for each in due}, **standing}.values(), key=lambda each: each.day)
    came = [record for record in files if record.status != "quarantined" and _counts(calendar, record)]
    covered = cover_deliveries(deliveries, came)
    for subject in standing.keys() & covered.keys():
        ports.discrepancies.heal(_missing_id(standing[subject]))
    _tell_missing([each for each in due if each.subject not in covered], profile, files, business_date, ports)
    _tell_late([each for each in due if each.subject in covered], covered, profile, business_date, ports)


def _due_deliveries(
    provider: str, calendar: "DeliveryCalendar", business_date: date, ports: FileCalendarPorts
) -> "list[ExpectedDelivery]":
    """Deliveries whose time was over before the business date began."""
    # Imported with the first closing, as profiles are.
    from pawledger.rules.delivery_calendars import expected_deliveries  # noqa: PLC0415

    first, is_holiday = business_date - timedelta(days=DELIVERY_DAYS), ports.holidays.is_holiday
    return [
        delivery
        for delivery in expected_deliveries(provider, calendar, first, business_date, is_holiday)
        if business_date_of(calendar.due_at(delivery.day), ports.time_zone) < business_date
    ]


def cover_deliveries(
    deliveries: "Sequence[ExpectedDelivery]", files: Iterable[BankFileRecord]
) -> dict[str, BankFileRecord]:
    """The file that covers each delivery, by the delivery's subject, for deliveries and files in the order of days."""
    covered: dict[str, BankFileRecord] = {}
    without_days = []
    for record in files:
        if not record.told_days:
            without_days.append(record)
        for delivery in deliveries:
            if _tells_of(record, delivery):
                covered.setdefault(delivery.subject, record)
    spare = []
    for record in without_days:
        own = next((each for each in deliveries if each.after < record.received_on <= each.day), None)
        if own is None or own.subject in covered:
            spare.append(record)
        else:
            covered[own.subject] = record
    for record in spare:
        earlier = (each for each in deliveries if each.subject not in covered and each.day < record.received_on)
        missing = next(earlier, None)
        if missing is not None:
            covered[missing.subject] = record
    return covered


def _tells_of(record: BankFileRecord, delivery: "ExpectedDelivery") -> bool:
    first_told, last_told = delivery.first_told.isoformat(), delivery.last_told.isoformat()
    return any(first <= last_told and first_told <= last for first, last in record.told_days)


def _counts(calendar: "DeliveryCalendar", record: BankFileRecord) -> bool:
    """Whether a file is of a kind that is expected. Webhooks come when they come, and stand for no file."""
    kind = report_kind_of(record.format or "")
    return kind in calendar.formats if calendar.formats else kind not in EVENT_KINDS


def _open_deliveries(provider: str, discrepancies: DiscrepancyBook) -> "Iterator[ExpectedDelivery]":
    from pawledger.rules.delivery_calendars import delivery_from_subject  # noqa: PLC0415

    for recorded in list(discrepancies.list_open(DiscrepancyKind.FILE_MISSING)):
        subject = recorded.discrepancy.subject
        if subject.partition("#")[0] == provider:
            yield delivery_from_subject(subject)


def _missing_id(delivery: "ExpectedDelivery") -> str:
    return Discrepancy(DiscrepancyKind.FILE_MISSING, delivery.subject, delivery.day, "").discrepancy_id


def _tell_missing(
    missing: "Iterable[ExpectedDelivery]",
    profile: "ProviderProfile",
    files: Sequence[BankFileRecord],
    business_date: date,
    ports: FileCalendarPorts,
) -> None:
    told = 0
    for delivery in missing:
        aside = sum(record.status == "quarantined" and record.received_on > delivery.after for record in files)
        but = f"; of what came since, {aside} were set aside" if aside else ""
        what = f"No file of {profile.provider} has come that was expected {_time_of(delivery, profile)}{but}."
        told += ports.discrepancies.record(
            Discrepancy(DiscrepancyKind.FILE_MISSING, delivery.subject, business_date, what)
        )
        if told >= DELIVERIES_TOLD_MAX:
            return


def _tell_late(
    came: "Sequence[ExpectedDelivery]",
    covered: Mapping[str, BankFileRecord],
    profile: "ProviderProfile",
    business_date: date,
    ports: FileCalendarPorts,
) -> None:
    """Tell of the newest delivery that came late, unless it was told as missing; nothing is to be done about it."""
    late = [each for each in came if _is_late(covered[each.subject], each, profile)]
    if not late or ports.discrepancies.read(_missing_id(late[-1])) is not None:
        return
    delivery, record = late[-1], covered[late[-1].subject]
    what = f"{record.incoming_key} came {record.received_at}, and was expected {_time_of(delivery, profile)}."
    found = Discrepancy(DiscrepancyKind.FILE_LATE, delivery.subject, business_date, what)
    if ports.discrepancies.record(found):
        ports.discrepancies.heal(found.discrepancy_id)


def _is_late(record: BankFileRecord, delivery: "ExpectedDelivery", profile: "ProviderProfile") -> bool:
    if record.received_at is None or profile.delivery is None:
        return False
    return datetime.fromisoformat(record.received_at) > profile.delivery.due_at(delivery.day)


def _time_of(delivery: "ExpectedDelivery", profile: "ProviderProfile") -> str:
    until = f" until {profile.delivery.until:%H:%M} {profile.delivery.time_zone}" if profile.delivery else ""
    told = "" if delivery.last_told == delivery.first_told else f"{delivery.first_told} to "
    return f"on {delivery.day}{until}, with what happened on {told}{delivery.last_told}"
