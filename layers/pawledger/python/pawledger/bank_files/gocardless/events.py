"""Reader of GoCardless events, as its webhooks bring them: that mandates ended or changed. No money is posted.

Events carry ids and no amounts: what was paid out is in the payout's items.

Source: GoCardless API reference, "Events", actions and causes of mandates.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final

from pawledger.bank_files.event_bodies import BODY_EVENTS_MAX, Body, object_of, objects_of, read_body, text_of
from pawledger.bank_files.provider_rows import (
    REFERENCE_CHARACTERS_MAX,
    Notes,
    UnreadableReportError,
    gather_references,
    read_day,
    shown,
)
from pawledger.bank_files.records import NO_CURRENCY, Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport

MANDATE_ACTIONS: Final = frozenset(
    {"blocked", "cancelled", "consumed", "expired", "failed", "replaced", "suspended_by_payer", "transferred"}
)
"""Actions after which nothing may be collected under a mandate as it was; what each means is in `return_reasons`."""


def read_gocardless_events(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Iterate over the notices among events and fill `report`.

    No bytes make it raise: what is wrong is a problem in `report`, whose verdict counts once the iterator is exhausted.
    Errors of the stream itself pass through.
    """
    report.format = "gocardless.events"
    notes = Notes(report, "gocardless")
    try:
        events = objects_of(read_body(stream), "events")
    except UnreadableReportError as error:
        notes.unreadable(error.rule, str(error), error.line)
        return
    if len(events) > BODY_EVENTS_MAX:
        notes.unreadable("too_many_events", f"more than {BODY_EVENTS_MAX} events", 1)
        return
    # An event that stands in the body twice is one.
    for event in {text_of(each, "id"): each for each in events}.values():
        entry = _read_notice(event)
        if entry is not None:
            yield entry
            continue
        told = f"{text_of(event, 'resource_type')}.{text_of(event, 'action')}"
        message = f"nothing is posted: {shown(told)} carries no amount, and no mandate ends by it"
        notes.once("event_without_money", message, 1, key=told)


def _read_notice(event: Body) -> StatementEntry | None:
    """The notice that a mandate ended or changed; None for every other event."""
    event_id, action = text_of(event, "id"), text_of(event, "action")
    if text_of(event, "resource_type") != "mandates" or action not in MANDATE_ACTIONS or not event_id:
        return None
    links = object_of(event, "links")
    mandate_id = text_of(links, "mandate")
    return StatementEntry(
        bank_account=f"gocardless:{text_of(links, 'organisation')[:REFERENCE_CHARACTERS_MAX]}",
        currency=NO_CURRENCY,
        amount_minor=0,
        direction=Direction.DEBIT,
        booked_on=read_day(text_of(event, "created_at")),
        value_on=None,
        identity=("gocardless", "event", event_id[:REFERENCE_CHARACTERS_MAX]),
        posts=False,
        purpose=Purpose.CHANGE,
        # Not the cause: that a mandate was cancelled ends it, whatever the bank says why.
        return_reason=f"mandate_{action}",
        type_code=f"mandates.{action}",
        references=gather_references((mandate_id,)),
        mandate_id=mandate_id or None,
        payer_account=None,
        payer_name=None,
        text="",
        line=1,
        offset=None,
        booking=None,
    )
