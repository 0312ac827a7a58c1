"""The life of a discrepancy: open, then healed by itself, resolved or dismissed by a person, and opened again.

Every change keeps who made it, when and why. All changes are pure: they give the state that is to be written over the
one that was read, which the book refuses where somebody else was first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from pawledger.domain.errors import PawledgerError
from pawledger.domain.matching.payment_clues import Candidate
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyStatus

TAKEN_OVER_AFTER_MINUTES: Final = 15
"""A command makes its entries within seconds or is dead: after so long another one may undo what it made."""

CHANGES_KEPT_MAX: Final = 50
"""The latest changes of one discrepancy, at some 300 bytes each; the count of its openings goes on beyond them."""

BY_ITSELF: Final = "pawledger"
"""Who heals and opens again: no person."""


class ChangeKind(StrEnum):
    QUESTIONED = "questioned"
    """A person put it on the worklist, or had something to add."""
    OPENED_AGAIN = "opened again"
    """Its ground returned."""
    HEALED = "healed"
    RESOLVED = "resolved"
    RESOLVED_IN_PART = "resolved in part"
    """Some of the money found its place; the rest still waits."""
    DISMISSED = "dismissed"
    UNDONE = "undone"
    """What a person had done was taken back."""


class DiscrepancyClosedError(PawledgerError):
    """A discrepancy is off the worklist; the text says since when and by whom."""


class ResolutionUnderWayError(PawledgerError):
    """Another resolution of the same discrepancy was begun and not finished; the text says which, and by whom."""


class NothingToUndoError(PawledgerError):
    """No person resolved or dismissed this discrepancy, or that was undone already."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a discrepancy."""

    kind: ChangeKind
    changed_at: str
    """Instant in ISO 8601."""
    actor: str
    reason: str = ""
    resolution_id: str | None = None
    command: str | None = None
    """The command and its arguments, as a person would type them."""
    entries: tuple[tuple[str, str], ...] = ()
    """The entries that it made: ledger and entry id of each, in the order in which they were appended."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What a person began and has not finished: whoever runs the same command again finishes it."""

    resolution_id: str
    command: str
    actor: str
    since: str
    """Instant in ISO 8601."""
    entries: tuple[tuple[str, str], ...] = ()
    """The entries that it makes, ledger and entry id of each in their order; which of them stand, the ledgers tell."""


@dataclass(frozen=True, slots=True)
class RecordedDiscrepancy:
    """A discrepancy and what became of it."""

    discrepancy: Discrepancy
    status: DiscrepancyStatus
    alerted_at: str | None
    """Instant in ISO 8601, or None while nobody was told."""
    version: int = 0
    """How often it was changed since it was born."""
    opening_count: int = 1
    """How often it was opened, its birth included."""
    history: tuple[Change, ...] = ()
    """Its changes, the latest last."""
    pending: Pending | None = None
    by_amount: tuple[Candidate, ...] = ()
    """Accounts that had open what it is about when a day was last closed, best first."""

    @property
    def last_decision(self) -> Change | None:
        """What a person did last about it and what was not undone since, or None."""
        undone: set[str | None] = set()
        for change in reversed(self.history):
            if change.kind is ChangeKind.UNDONE:
                undone.add(change.resolution_id)
            elif change.kind in _DECISIONS and change.resolution_id not in undone:
                return change
        return None


_DECISIONS: Final = (ChangeKind.RESOLVED, ChangeKind.RESOLVED_IN_PART, ChangeKind.DISMISSED)
_BY_PERSONS: Final = (DiscrepancyStatus.RESOLVED, DiscrepancyStatus.DISMISSED)


def find_again(recorded: RecordedDiscrepancy, found: Discrepancy, found_at: str) -> RecordedDiscrepancy | None:
    """What becomes of a discrepancy that is found once more; None where nothing does.

    A healed one is open again, with its history: what was missing had come, and is missing once more. One that a person
    resolved or dismissed stays so, because the person knew of this very finding; only another amount or currency is
    something that the person did not know, and opens it again. Other words are not: a release may change them.
    """
    known = recorded.discrepancy
    has_changed = (found.amount_minor, found.currency) != (known.amount_minor, known.currency)
    if recorded.status is DiscrepancyStatus.OPEN or (recorded.status in _BY_PERSONS and not has_changed):
        return None
    why = "Its ground returned." if recorded.status is DiscrepancyStatus.HEALED else "It was found with another amount."
    change = Change(ChangeKind.OPENED_AGAIN, found_at, BY_ITSELF, why)
    return replace(
        _changed(recorded, change, DiscrepancyStatus.OPEN),
        discrepancy=replace(found, born_on=known.born_on),
        opening_count=recorded.opening_count + 1,
    )


def heal(recorded: RecordedDiscrepancy, healed_at: str) -> RecordedDiscrepancy | None:
    """An open one whose ground is gone by itself; None where it is not open (any more).

    Nor does it heal while a person's resolution is under way: money that has left and not yet arrived looks like that.
    """
    if recorded.status is not DiscrepancyStatus.OPEN or recorded.pending is not None:
        return None
    return _changed(recorded, Change(ChangeKind.HEALED, healed_at, BY_ITSELF), DiscrepancyStatus.HEALED)


def question(recorded: RecordedDiscrepancy, change: Change) -> RecordedDiscrepancy:
    """What a person says about something that stands on the worklist then, also if it was closed before."""
    is_opened_again = recorded.status is not DiscrepancyStatus.OPEN
    return replace(
        _changed(recorded, change, DiscrepancyStatus.OPEN),
        opening_count=recorded.opening_count + is_opened_again,
    )


def begin(recorded: RecordedDiscrepancy, pending: Pending) -> RecordedDiscrepancy:
    """Remember what a person is about to do, so that nobody does something else meanwhile.

    Raises `ResolutionUnderWayError`, and `DiscrepancyClosedError` unless it undoes what closed it.
    """
    standing = recorded.pending
    if standing and standing.resolution_id != pending.resolution_id:
        raise ResolutionUnderWayError(
            f"`{standing.command}` was begun by {standing.actor} at {standing.since} and is not finished; run that "
            "again first, or undo it"
        )
    return replace(recorded, version=recorded.version + 1, pending=pending)


def begin_undo(recorded: RecordedDiscrepancy, undo: Pending) -> RecordedDiscrepancy:
    """Remember that what somebody began and never finished is being undone.

    Raises `ResolutionUnderWayError` where whoever began it may still be at work.
    """
    standing = recorded.pending
    if standing and standing.resolution_id != undo.resolution_id:
        since = datetime.fromisoformat(standing.since)
        free_at = since + timedelta(minutes=TAKEN_OVER_AFTER_MINUTES)
        if datetime.fromisoformat(undo.since) < free_at:
            raise ResolutionUnderWayError(
                f"`{standing.command}` was begun by {standing.actor} at {standing.since} and may still be at work; "
                f"what it made can be undone from {free_at.isoformat()} on"
            )
    return replace(recorded, version=recorded.version + 1, pending=undo)


def check_open(recorded: RecordedDiscrepancy) -> None:
    """Raise `DiscrepancyClosedError` where a discrepancy is off the worklist."""
    if recorded.status is DiscrepancyStatus.OPEN:
        return
    last = recorded.history[-1] if recorded.history else None
    how = f" by {last.actor} at {last.changed_at}" if last else ""
    raise DiscrepancyClosedError(
        f"{recorded.discrepancy.discrepancy_id} is {recorded.status}{how}; `pawledger discrepancies undo` takes back "
        "what a person did"
    )


def give_up(recorded: RecordedDiscrepancy) -> RecordedDiscrepancy:
    """Forget what was begun, since nothing of it was written."""
    return replace(recorded, version=recorded.version + 1, pending=None)


def finish(recorded: RecordedDiscrepancy, change: Change) -> RecordedDiscrepancy:
    """What a person did is done: resolved, resolved in part, dismissed or undone."""
    status = {
        ChangeKind.RESOLVED: DiscrepancyStatus.RESOLVED,
        ChangeKind.DISMISSED: DiscrepancyStatus.DISMISSED,
    }.get(change.kind, DiscrepancyStatus.OPEN)
    is_opened_again = change.kind is ChangeKind.UNDONE
    return replace(
        _changed(recorded, change, status),
        pending=None,
        opening_count=recorded.opening_count + is_opened_again,
    )


def _changed(recorded: RecordedDiscrepancy, change: Change, status: DiscrepancyStatus) -> RecordedDiscrepancy:
    return replace(
        recorded,
        status=status,
        version=recorded.version + 1,
        history=(*recorded.history, change)[-CHANGES_KEPT_MAX:],
    )


def life_as_json(recorded: RecordedDiscrepancy) -> dict[str, Any]:
    """What became of a discrepancy as the JSON object that is stored beside it."""
    pending = recorded.pending
    return {
        "opening_count": recorded.opening_count,
        "history": [
            {
                "kind": change.kind,
                "changed_at": change.changed_at,
                "actor": change.actor,
                "reason": change.reason,
                "resolution_id": change.resolution_id,
                "command": change.command,
                "entries": [list(entry) for entry in change.entries],
            }
            for change in recorded.history
        ],
        "pending": pending
        and [pending.resolution_id, pending.command, pending.actor, pending.since, *map(list, pending.entries)],
    }


def life_from_json(recorded: RecordedDiscrepancy, written: Mapping[str, Any]) -> RecordedDiscrepancy:
    """A discrepancy with what became of it; the mirror image of `life_as_json`."""
    return replace(
        recorded,
        opening_count=written["opening_count"],
        history=tuple(
            Change(
                ChangeKind(each["kind"]),
                each["changed_at"],
                each["actor"],
                each["reason"],
                each["resolution_id"],
                each["command"],
                tuple((ledger_id, entry_id) for ledger_id, entry_id in each["entries"]),
            )
            for each in written["history"]
        ),
        pending=_pending_from_json(written["pending"]) if written["pending"] else None,
    )


def _pending_from_json(written: Sequence[Any]) -> Pending:
    resolution_id, command, actor, since, *entries = written
    return Pending(
        resolution_id, command, actor, since, tuple((ledger_id, entry_id) for ledger_id, entry_id in entries)
    )
