"""Reader of Adyen's standard notifications, as its webhooks bring them. Nothing of them is posted.

The report books what was settled, by merchant account, references, type and batch. A notification comes before the
batch is known, and what it says was captured may never be settled: there is no identity that both could have.

Source: Adyen documentation, "Standard webhooks" and "Webhook structure and types".
"""

from collections.abc import Iterator
from typing import BinaryIO

from pawledger.bank_files.event_bodies import BODY_EVENTS_MAX, object_of, objects_of, read_body, text_of
from pawledger.bank_files.provider_rows import Notes, UnreadableReportError, shown
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport


def read_adyen_events(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Fill `report` with what a body of notifications tells; there are no entries.

    No bytes make it raise: what is wrong is a problem in `report`. Errors of the stream itself pass through.
    """
    report.format = "adyen.events"
    notes = Notes(report, "adyen")
    try:
        items = objects_of(read_body(stream), "notificationItems")
    except UnreadableReportError as error:
        notes.unreadable(error.rule, str(error), error.line)
        return iter(())
    if not items:
        notes.unreadable("event", "no notification", 1)
    for item in items[:BODY_EVENTS_MAX]:
        code = text_of(object_of(item, "NotificationRequestItem"), "eventCode")
        message = f"nothing is posted: {shown(code)} comes before the batch by which the settlement report tells it"
        notes.once("event_before_batch", message, 1, key=code)
    return iter(())
