"""Posting a chunk of a bank file: each movement finds its ledger and becomes exactly one entry."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from pawledger.bank_files.formats import EVENT_KINDS, report_kind_of
from pawledger.domain.books.entries import EntryKind
from pawledger.domain.errors import PawledgerError
from pawledger.ports import (
    ChunkResult,
)
from pawledger.services.messages import open_message
from pawledger.services.posting.post_movement import PostingPorts, post_movement
from pawledger.services.receiving.payment_chunks import POST_PAYMENTS, ChunkedMovement, read_chunk

FAILURES_NAMED_MAX: Final = 5
"""How many failed movements an error names; the others are counted."""


class ChunkNotPostedError(PawledgerError):
    """Some movements of a chunk could not be posted; the others were. The message comes again."""


@dataclass(slots=True)
class PostingTally:
    """What became of a chunk's movements, by currency; credits less debits, minor units."""

    posted_minor: Counter[str] = field(default_factory=Counter)
    suspended_minor: Counter[str] = field(default_factory=Counter)
    rejected_minor: Counter[str] = field(default_factory=Counter)
    repeated_minor: Counter[str] = field(default_factory=Counter)
    retold_minor: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    """By part (see `file_proof.PARTS`); and `new_posted`, `new_suspended`, `new_returned` by this call."""
    new_posted_minor: Counter[str] = field(default_factory=Counter)
    new_suspended_minor: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, str] = field(default_factory=dict)
    """Kind of report by file id, of this file and of those that told its movements before."""


def post_payments(message: object, ports: PostingPorts) -> PostingTally:
    """Post the chunk that a `post_payments.v1` message points to; what was posted before is found and left alone.

    Raises `MessageRefusedError`, `StoredObjectMissingError`, and `ChunkNotPostedError` at the end where movements
    failed: their neighbours go first.
    """
    reader = open_message(message, POST_PAYMENTS)
    file_id, chunk_number = reader.text("file_id"), reader.integer("chunk_number")
    movements = read_chunk(ports.store.read_text(reader.text("chunk_key")), file_id, chunk_number)
    tally = PostingTally()
    failures = []
    for movement in movements:
        try:
            _post_movement(file_id, movement, ports, tally)
        except PawledgerError as error:
            failures.append(f"line {movement.line}: {error}")
    if failures:
        named = "; ".join(failures[:FAILURES_NAMED_MAX])
        raise ChunkNotPostedError(f"{len(failures)} of {len(movements)} movements of {file_id}: {named}")
    ports.register.write_chunk_result(_result(file_id, chunk_number, len(movements), tally))
    return tally


def _post_movement(file_id: str, chunked: ChunkedMovement, ports: PostingPorts, tally: PostingTally) -> None:
    currency, signed_minor = chunked.currency, chunked.signed_minor
    if chunked.is_told_otherwise:
        _count(tally, "retold", tally.retold_minor, currency, signed_minor)
        return
    recorded = post_movement(file_id, chunked, ports)
    if recorded is None:
        _count(tally, "rejected", tally.rejected_minor, currency, signed_minor)
        return
    decision = recorded.entry.decision
    earlier_file_id = str(decision.source.get("file_id"))
    if earlier_file_id != file_id and _is_other_kind(earlier_file_id, file_id, ports, tally):
        _count(tally, "retold", tally.retold_minor, currency, signed_minor)
    elif (earlier_file_id, decision.source.get("number")) != (file_id, chunked.number):
        _count(tally, "repeated", tally.repeated_minor, currency, signed_minor)
    elif decision.kind is EntryKind.MONEY_SUSPENDED:
        _count(tally, "suspended", tally.suspended_minor, currency, signed_minor)
        if recorded.is_new:
            _count(tally, "new_suspended", tally.new_suspended_minor, currency, signed_minor)
    else:
        _count(tally, "posted", tally.posted_minor, currency, signed_minor)
        if recorded.is_new and decision.kind is EntryKind.PAYMENT_RETURNED:
            tally.counts["new_returned"] += 1
        elif recorded.is_new:
            _count(tally, "new_posted", tally.new_posted_minor, currency, signed_minor)


def _is_other_kind(earlier_file_id: str, file_id: str, ports: PostingPorts, tally: PostingTally) -> bool:
    """Whether the two files are of different formats: a notification and a statement tell the same by design.

    So do two events, of which one tells that a charge was made and the other that it changed.
    """
    for each in (earlier_file_id, file_id):
        if each not in tally.kinds:
            record = ports.register.read_file(each)
            tally.kinds[each] = report_kind_of(record.format or "") if record else ""
    return tally.kinds[file_id] in EVENT_KINDS or tally.kinds[earlier_file_id] != tally.kinds[file_id]


def _count(tally: PostingTally, name: str, totals: Counter[str], currency: str, signed_minor: int) -> None:
    tally.counts[name] += 1
    totals[currency] += signed_minor


def _result(file_id: str, chunk_number: int, movement_count: int, tally: PostingTally) -> ChunkResult:
    return ChunkResult(
        file_id=file_id,
        chunk_number=chunk_number,
        movement_count=movement_count,
        posted_minor=dict(tally.posted_minor),
        suspended_minor=dict(tally.suspended_minor),
        rejected_minor=dict(tally.rejected_minor),
        repeated_minor=dict(tally.repeated_minor),
        retold_minor=dict(tally.retold_minor),
        suspended_count=tally.counts["suspended"],
        rejected_count=tally.counts["rejected"],
        repeated_count=tally.counts["repeated"],
        retold_count=tally.counts["retold"],
    )
