"""Notices about mandates and payers' details that files bring: each becomes an event for the policy system.

A notice moves no money and holds what a bank knows of a person, so that an event only points to it: file, line and
mandate. Who is to act on it reads the file.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.domain.bank_returns.return_reasons import ReasonClass, ReturnReasons
from pawledger.domain.canonical import hash_value
from pawledger.ports import Announcements
from pawledger.services.receiving.payment_chunks import reason_code_of, usable_mandate_id

MANDATE_STOPPED: Final = "mandate_stopped.v1"
PAYER_DETAILS_CHANGED: Final = "payer_details_changed.v1"

ANNOUNCED_AT_ONCE: Final = 10
"""As many events as the event bus takes in one request."""

EVENT_ID_LENGTH: Final = 32
"""128 bits of SHA-256: no two notices share one."""


@dataclass(frozen=True, slots=True)
class NoticePorts:
    """What telling of notices touches."""

    announcements: Announcements
    reasons: Callable[[], ReturnReasons]
    """Read when the first notice comes."""


@dataclass(frozen=True, slots=True)
class NoticedFile:
    """The file in which notices stand."""

    file_id: str
    provider: str
    received_on: date


def announcing_notices(
    entries: Iterable[StatementEntry], file: NoticedFile, ports: NoticePorts
) -> Iterator[StatementEntry]:
    """The same entries; the notices among them are announced while they pass by.

    A call that is killed announces again rather than never, with the same event ids.
    """
    told: list[dict[str, object]] = []
    for entry in entries:
        if entry.purpose is Purpose.CHANGE or (entry.is_return and entry.return_reason):
            event = notice_of(entry, file, ports.reasons())
            told += [event] if event else []
        if len(told) == ANNOUNCED_AT_ONCE:
            ports.announcements.announce(told)
            told = []
        yield entry
    ports.announcements.announce(told)


def notice_of(entry: StatementEntry, file: NoticedFile, reasons: ReturnReasons) -> dict[str, object] | None:
    """The event that an entry gives rise to: a mandate ends, or details of its payer changed; None where neither."""
    reason = reasons.find(reason_code_of(entry))
    is_change = entry.purpose is Purpose.CHANGE
    is_undone = entry.posts and entry.direction is Direction.CREDIT
    if reason.stop_mandate and not is_undone:
        schema = MANDATE_STOPPED
    elif is_change and reason.reason_class is not ReasonClass.BETWEEN_BANKS:
        schema = PAYER_DETAILS_CHANGED
    else:
        return None
    return {
        "schema": schema,
        "event_id": hash_value([schema, *entry.identity])[:EVENT_ID_LENGTH],
        "mandate_id": usable_mandate_id(entry.mandate_id),
        "reason_code": reason.code or None,
        "reason_class": str(reason.reason_class),
        "told_on": (entry.booked_on or entry.value_on or file.received_on).isoformat(),
        "provider": file.provider,
        "file_id": file.file_id,
        "line": entry.line,
        "offset": entry.offset,
    }
