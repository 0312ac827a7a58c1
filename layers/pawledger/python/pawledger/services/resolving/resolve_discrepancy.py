"""Resolving a discrepancy: what a person decides is planned whole, then appended entry by entry, and can be undone.

Everything that can be refused is refused before anything is written. What was begun is remembered on the discrepancy
first, so that a call that is killed between two entries is simply made again, and nobody does something else meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pawledger.domain.books.entries import DEBIT_ENTRIES, REFUND_ENTRIES, UNDO_ENTRIES, Entry
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.books.waiting_money import NothingWaitsError, WaitingMoney
from pawledger.domain.errors import InvariantError, PawledgerError
from pawledger.domain.identifiers import is_settlement_ledger
from pawledger.domain.posting.settled_lines import check_no_payout, wait_again
from pawledger.domain.refunding.booked_costs import find_debit
from pawledger.domain.refunding.refunds import check_not_begun
from pawledger.domain.worklist.discrepancies import ResolutionCommand
from pawledger.domain.worklist.discrepancy_life import (
    Change,
    ChangeKind,
    NothingToUndoError,
    Pending,
    RecordedDiscrepancy,
    begin,
    begin_undo,
    check_open,
    finish,
)
from pawledger.domain.worklist.resolutions import (
    Resolution,
    ResolutionRequest,
    check_request,
    decide_undo,
    resolution_id_of,
)
from pawledger.ports import DiscrepancyBook, DiscrepancyMovedError
from pawledger.services.append_entry import Proposal
from pawledger.services.posting.post_returns import (
    book_returns_that_waited,
    heal_by,
    heal_if_booked,
    reopen_by,
)
from pawledger.services.resolving.plan_resolution import find_left, plan_steps, read_payment
from pawledger.services.resolving.resolution_steps import (
    PlannedEntry,
    ReadEntries,
    ResolvingPorts,
    Step,
    append_all,
    read_entries_until,
    read_head,
    read_ledger,
    rehearse,
)

REASON_CHARACTERS_MAX: Final = 300
"""A sentence or two: it stands in every entry, and an entry stays under a kilobyte."""

FINISH_ATTEMPTS_MAX: Final = 5
"""What else changes a discrepancy that was begun is its healing, and its alert; neither happens five times at once."""

_UNDO_OF: Final = "undo of "
"""With what the id begins of what is under way where a resolution is undone."""

_WAITING_COMMANDS: Final = (
    ResolutionCommand.APPLY,
    ResolutionCommand.SPLIT,
    ResolutionCommand.RETURN,
    ResolutionCommand.BOOK_COST,
    ResolutionCommand.SETTLE_REFUNDS,
)


class ResolutionReasonError(PawledgerError):
    """A decision needs a reason, of at most `REASON_CHARACTERS_MAX` characters."""


class DiscrepancyUnknownError(PawledgerError):
    """There is no discrepancy of that id."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does what about which discrepancy, when and why."""

    discrepancy_id: str
    actor: str
    reason: str
    decided_at: datetime
    command: str
    """The command as it was typed, for others to read."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a resolution or an undo comes to."""

    recorded: RecordedDiscrepancy
    resolution_id: str
    planned: tuple[PlannedEntry, ...] = ()
    """Entries in their order; empty where nothing is appended, or was before."""
    is_repeated: bool = False
    """Whether the very same was done before, so that nothing changed."""
    booked_returns: tuple[Entry, ...] = ()
    """Returns that had waited for what was undone, and were booked with it."""


def resolve_discrepancy(deed: Deed, request: ResolutionRequest, ports: ResolvingPorts, *, is_preview: bool) -> Resolved:
    """Do what a person decided about an open discrepancy, or only say what it would come to.

    Made again, it finishes what it began, or finds that all is done. Where another person was first, it raises
    `DiscrepancyClosedError`, `ResolutionUnderWayError` or `DiscrepancyMovedError`; else `ResolutionReasonError`,
    `DiscrepancyUnknownError`, `PaymentUnknownError`, and what `pawledger.domain.worklist.resolutions` refuses.
    """
    check_reason(deed)
    recorded = read_discrepancy(deed.discrepancy_id, ports.discrepancies)
    resolution_id = resolution_id_of(deed.discrepancy_id, recorded.opening_count, request)
    if any(change.resolution_id == resolution_id for change in recorded.history):
        return Resolved(recorded, resolution_id, is_repeated=True)
    check_open(recorded)
    check_request(recorded.discrepancy, request)
    resolution = _resolution(deed, recorded, resolution_id, request)
    begun = begin(recorded, Pending(resolution_id, deed.command, deed.actor, deed.decided_at.isoformat()))
    steps = () if request.command is ResolutionCommand.DISMISS else plan_steps(resolution, ports)
    planned = rehearse(steps, ports)
    if is_preview:
        return Resolved(recorded, resolution_id, planned)
    begun = _with_entries(begun, recorded.pending, steps)
    ports.discrepancies.change(recorded, begun)
    made = append_all(steps, begun, ports)
    for ledger_id, entry_id in made:
        heal_by(_read_made(ledger_id, entry_id, ports), ports.returns)
    kind = ChangeKind.DISMISSED if request.command is ResolutionCommand.DISMISS else ChangeKind.RESOLVED
    if request.command in _WAITING_COMMANDS and _is_left(resolution, ports):
        kind = ChangeKind.RESOLVED_IN_PART
    return Resolved(finish_deed(deed, resolution_id, kind, made, ports.discrepancies), resolution_id, planned)


def undo_resolution(deed: Deed, ports: ResolvingPorts, *, is_preview: bool) -> Resolved:
    """Take back what a person did last about a discrepancy: by the reverse of each entry, the last one first.

    So is what was begun and never finished, as far as it was made. Returns that waited because its money had been moved
    are booked at once.
    Raises `NothingToUndoError`, `MoneyUsedError` where what was done has been used since and `RefundBegunError` where
    its refund was decided (nothing is written then), `ResolutionHalfDoneError`, and what `resolve_discrepancy` raises
    of the discrepancy itself.
    """
    check_reason(deed)
    recorded = read_discrepancy(deed.discrepancy_id, ports.discrepancies)
    resolution_id, entries, begun = _begin_undo(deed, recorded)
    dismissal = ResolutionRequest(ResolutionCommand.DISMISS)
    resolution = _resolution(deed, recorded, resolution_id, dismissal)
    # Of what was never finished some may not be made; each keeps its number, whoever undoes it.
    standing = [
        (number, *entry)
        for number, entry in enumerate(reversed(entries), start=1)
        if ports.ledger.read_entry(*entry) is not None
    ]
    steps = [_undo_step(resolution, number, ledger_id, entry_id, ports) for number, ledger_id, entry_id in standing]
    planned = rehearse(steps, ports)
    if is_preview:
        return Resolved(recorded, resolution_id, planned)
    ports.discrepancies.change(recorded, begun)
    made = append_all(steps, begun, ports)
    for _, ledger_id, entry_id in standing:
        reopen_by(_read_made(ledger_id, entry_id, ports), ports.returns)
    undone = finish_deed(deed, resolution_id, ChangeKind.UNDONE, made, ports.discrepancies)
    # Only now, so that what is open again heals with them; killed before, the next payment of the account books them.
    booked = _book_returns(made, ports)
    heal_if_booked(recorded.discrepancy, ports.returns)
    return Resolved(undone, resolution_id, planned, booked_returns=booked)


def find_money(discrepancy_id: str, ports: ResolvingPorts) -> WaitingMoney:
    """What waits of the payment that a discrepancy is about, or of the debit where it may be a cost.

    Raises `DiscrepancyUnknownError`, `PaymentUnknownError`, `NothingWaitsError`.
    """
    recorded = read_discrepancy(discrepancy_id, ports.discrepancies)
    discrepancy = recorded.discrepancy
    payment = read_payment(discrepancy, ports)
    head, entries = read_ledger(payment.account_id, ports)
    may_be_cost = ResolutionCommand.BOOK_COST in discrepancy.terms.resolutions
    if may_be_cost and payment.entry_id.startswith(DEBIT_ENTRIES):
        check_no_payout(head, payment, entries)
        return find_debit(payment, entries)
    return find_left(head, payment, entries)


def check_reason(deed: Deed) -> None:
    """Raise `ResolutionReasonError` where nobody could tell later why something was done."""
    if not deed.reason.strip() or len(deed.reason) > REASON_CHARACTERS_MAX:
        raise ResolutionReasonError(f"give a reason of 1 to {REASON_CHARACTERS_MAX} characters")


def read_discrepancy(discrepancy_id: str, discrepancies: DiscrepancyBook) -> RecordedDiscrepancy:
    """A discrepancy. Raises `DiscrepancyUnknownError`."""
    recorded = discrepancies.read(discrepancy_id)
    if recorded is None:
        raise DiscrepancyUnknownError(
            f"there is no discrepancy {discrepancy_id}; `pawledger discrepancies list` shows the ids of open ones"
        )
    return recorded


def _resolution(
    deed: Deed, recorded: RecordedDiscrepancy, resolution_id: str, request: ResolutionRequest
) -> Resolution:
    day = deed.decided_at.date()
    return Resolution(resolution_id, recorded.discrepancy, request, day, deed.actor, deed.reason.strip())


def _with_entries(begun: RecordedDiscrepancy, before: Pending | None, steps: Sequence[Step]) -> RecordedDiscrepancy:
    """What was begun, with the entries that it makes, and those that whoever began it may have made already."""
    named = (*(before.entries if before else ()), *((step.ledger_id, step.entry_id) for step in steps))
    pending = begun.pending
    return replace(begun, pending=replace(pending, entries=tuple(dict.fromkeys(named)))) if pending else begun


def _begin_undo(
    deed: Deed, recorded: RecordedDiscrepancy
) -> tuple[str, Sequence[tuple[str, str]], RecordedDiscrepancy]:
    """Which resolution is undone, its entries, and the discrepancy with the undo under way.

    It is the one that was begun and not finished, else the last that was decided. Raises `NothingToUndoError`,
    `ResolutionUnderWayError`.
    """
    last, pending = recorded.last_decision, recorded.pending
    who = (deed.command, deed.actor, deed.decided_at.isoformat())
    if pending is not None and not (last and pending.resolution_id == f"{_UNDO_OF}{last.resolution_id}"):
        resolution_id = pending.resolution_id.removeprefix(_UNDO_OF)
        undo = Pending(f"{_UNDO_OF}{resolution_id}", *who, pending.entries)
        return resolution_id, pending.entries, begin_undo(recorded, undo)
    if last is None or last.resolution_id is None:
        raise NothingToUndoError(f"no person has resolved or dismissed {deed.discrepancy_id}, or it was undone")
    if last.command == ResolutionCommand.ACCEPT_FILE:
        raise NothingToUndoError("an accepted file is posted; its payments are resolved one by one")
    return last.resolution_id, last.entries, begin(recorded, Pending(f"{_UNDO_OF}{last.resolution_id}", *who))


def _undo_step(resolution: Resolution, number: int, ledger_id: str, entry_id: str, ports: ResolvingPorts) -> Step:
    made = _read_made(ledger_id, entry_id, ports)
    undo_id = f"{UNDO_ENTRIES}{resolution.resolution_id}#{number}"
    begun = f"{REFUND_ENTRIES}{resolution.resolution_id}#"

    def undo(head: AccountHead, _: ReadEntries) -> Proposal:
        # Read after the head, so that a step that is taken just now moves it.
        check_not_begun(ports.ledger.read_entries_from(ledger_id, begun), entry_id)
        decision = decide_undo(resolution, number, head, made)
        if is_settlement_ledger(ledger_id):
            decision = wait_again(head, decision, read_entries_until(head, ports))
        return Proposal(decision)

    return Step(ledger_id, undo_id, undo)


def _read_made(ledger_id: str, entry_id: str, ports: ResolvingPorts) -> Entry:
    made = ports.ledger.read_entry(ledger_id, entry_id)
    if made is None:
        raise InvariantError(f"{entry_id} of {ledger_id} was appended and is gone; entries are never removed")
    return made


def _book_returns(made: Sequence[tuple[str, str]], ports: ResolvingPorts) -> tuple[Entry, ...]:
    """Book the returns that waited in the accounts in which something was undone."""
    booked: list[Entry] = []
    for ledger_id in sorted({ledger_id for ledger_id, _ in made}):
        head = read_head(ledger_id, ports)
        if head.currency is not None:
            booked += book_returns_that_waited(head, head.currency, ports.returns)
    return tuple(booked)


def _is_left(resolution: Resolution, ports: ResolvingPorts) -> bool:
    """Whether some of the money still waits."""
    try:
        find_money(resolution.discrepancy.discrepancy_id, ports)
    except NothingWaitsError:
        return False
    return True


def finish_deed(
    deed: Deed,
    resolution_id: str,
    kind: ChangeKind,
    made: tuple[tuple[str, str], ...],
    discrepancies: DiscrepancyBook,
) -> RecordedDiscrepancy:
    """Write what was done over whatever the discrepancy has become meanwhile. Raises `DiscrepancyMovedError`."""
    instant = deed.decided_at.isoformat()
    change = Change(kind, instant, deed.actor, deed.reason.strip(), resolution_id, deed.command, made)
    for attempt in range(1, FINISH_ATTEMPTS_MAX + 1):
        recorded = read_discrepancy(deed.discrepancy_id, discrepancies)
        same = [each.kind for each in recorded.history if each.resolution_id == resolution_id]
        if same and (kind is not ChangeKind.UNDONE or ChangeKind.UNDONE in same):
            # Another call of the same command ended it, and it may have been undone since, ended or not.
            return recorded
        after = finish(recorded, change)
        try:
            discrepancies.change(recorded, after)
        except DiscrepancyMovedError:
            if attempt == FINISH_ATTEMPTS_MAX:
                raise
        else:
            return replace(after, alerted_at=recorded.alerted_at)
    raise InvariantError("the last attempt to finish a resolution ends it")
