"""Resolving a discrepancy: what a person decides is planned whole, then appended entry by entry, and can be undone.

Everything that can be refused is refused before anything is written. What was begun is remembered on the discrepancy
first, so that a call that is killed between two entries is simply made again, and nobody does something else meanwhile.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pawledger.domain.discrepancies import ResolutionCommand
from pawledger.domain.discrepancy_life import (
    Change,
    ChangeKind,
    NothingToUndoError,
    Pending,
    RecordedDiscrepancy,
    begin,
    check_open,
    finish,
    give_up,
)
from pawledger.domain.entries import REFUND_ENTRIES, UNDO_ENTRIES, Decision, Entry
from pawledger.domain.errors import InvariantError, PawledgerError
from pawledger.domain.ledger import AccountHead, apply_entry, chain_entry
from pawledger.domain.refunds import check_not_begun
from pawledger.domain.resolutions import (
    Resolution,
    ResolutionRequest,
    Share,
    check_request,
    check_target,
    decide_arrival,
    decide_departure,
    decide_move,
    decide_return_to_payer,
    decide_undo,
    resolution_id_of,
    settle_shares,
    shares_of,
)
from pawledger.domain.returned_payments import find_waiting_returns_of
from pawledger.domain.waiting_money import NothingWaitsError, WaitingMoney, find_waiting
from pawledger.domain.write_offs import decide_resolution as decide_write_off
from pawledger.ports import DiscrepancyBook, DiscrepancyMovedError, HeadMovedError, Ledger, LedgerArchive, Pause
from pawledger.services.append_entry import Proposal, append_entry
from pawledger.services.post_returns import ReturnPorts, book_returns_that_waited

REASON_CHARACTERS_MAX: Final = 300
"""A sentence or two: it stands in every entry, and an entry stays under a kilobyte."""

FINISH_ATTEMPTS_MAX: Final = 5
"""What else changes a discrepancy that was begun is its healing, and its alert; neither happens five times at once."""

_WAITING_COMMANDS: Final = (ResolutionCommand.APPLY, ResolutionCommand.SPLIT, ResolutionCommand.RETURN)


class ResolutionReasonError(PawledgerError):
    """A decision needs a reason, of at most `REASON_CHARACTERS_MAX` characters."""


class DiscrepancyUnknownError(PawledgerError):
    """There is no discrepancy of that id."""


class PaymentUnknownError(PawledgerError):
    """A discrepancy is not about a payment that stands in a ledger, so that no money can be moved for it."""


class ResolutionHalfDoneError(PawledgerError):
    """Some entries of a resolution or an undo are made and one cannot be yet; the text says which, and why."""


@dataclass(frozen=True, slots=True)
class ResolvingPorts:
    """Everything that resolving touches."""

    ledger: Ledger
    archive: LedgerArchive
    discrepancies: DiscrepancyBook
    pause: Pause
    returns: ReturnPorts
    """Returns may have waited for what an undo puts back."""


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
class PlannedEntry:
    """One entry as it would be appended now, and the account before and after it."""

    before: AccountHead
    decision: Decision
    after: AccountHead


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


@dataclass(frozen=True, slots=True)
class _Step:
    """One entry to be made: in which ledger, under which id, and what it is of a ledger that stands so."""

    ledger_id: str
    entry_id: str
    decide: Callable[[AccountHead], Decision]


def resolve_discrepancy(deed: Deed, request: ResolutionRequest, ports: ResolvingPorts, *, is_preview: bool) -> Resolved:
    """Do what a person decided about an open discrepancy, or only say what it would come to.

    Made again, it finishes what it began, or finds that all is done. Where another person was first, it raises
    `DiscrepancyClosedError`, `ResolutionUnderWayError` or `DiscrepancyMovedError`; else `ResolutionReasonError`,
    `DiscrepancyUnknownError`, `PaymentUnknownError`, and what `pawledger.domain.resolutions` refuses.
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
    steps = () if request.command is ResolutionCommand.DISMISS else _plan_steps(resolution, ports)
    planned = _rehearse(steps, ports)
    if is_preview:
        return Resolved(recorded, resolution_id, planned)
    ports.discrepancies.change(recorded, begun)
    made = _append_all(steps, begun, ports)
    kind = ChangeKind.DISMISSED if request.command is ResolutionCommand.DISMISS else ChangeKind.RESOLVED
    if request.command in _WAITING_COMMANDS and _is_left(resolution, ports):
        kind = ChangeKind.RESOLVED_IN_PART
    return Resolved(finish_deed(deed, resolution_id, kind, made, ports.discrepancies), resolution_id, planned)


def undo_resolution(deed: Deed, ports: ResolvingPorts, *, is_preview: bool) -> Resolved:
    """Take back what a person did last about a discrepancy: by the reverse of each entry, the last one first.

    Returns that waited because its money had been moved are booked at once.
    Raises `NothingToUndoError`, `MoneyUsedError` where what was done has been used since and `RefundBegunError` where
    its refund was decided (nothing is written then), `ResolutionHalfDoneError`, and what `resolve_discrepancy` raises
    of the discrepancy itself.
    """
    check_reason(deed)
    recorded = read_discrepancy(deed.discrepancy_id, ports.discrepancies)
    last = recorded.last_decision
    if last is None or last.resolution_id is None:
        raise NothingToUndoError(f"no person has resolved or dismissed {deed.discrepancy_id}, or it was undone")
    if last.command == ResolutionCommand.ACCEPT_FILE:
        raise NothingToUndoError("an accepted file is posted; its payments are resolved one by one")
    resolution_id = last.resolution_id
    dismissal = ResolutionRequest(ResolutionCommand.DISMISS)
    resolution = _resolution(deed, recorded, resolution_id, dismissal)
    begun = begin(recorded, Pending(f"undo of {resolution_id}", deed.command, deed.actor, deed.decided_at.isoformat()))
    steps = [
        _undo_step(resolution, number, ledger_id, entry_id, ports)
        for number, (ledger_id, entry_id) in enumerate(reversed(last.entries), start=1)
    ]
    planned = _rehearse(steps, ports)
    if is_preview:
        return Resolved(recorded, resolution_id, planned)
    ports.discrepancies.change(recorded, begun)
    made = _append_all(steps, begun, ports)
    undone = finish_deed(deed, resolution_id, ChangeKind.UNDONE, made, ports.discrepancies)
    # Only now: what is open again may heal with them. Is this call killed before, the account's next payment books them.
    booked = _book_returns(made, ports)
    return Resolved(undone, resolution_id, planned, booked_returns=booked)


def find_money(discrepancy_id: str, ports: ResolvingPorts) -> WaitingMoney:
    """What waits of the payment that a discrepancy is about.

    Raises `DiscrepancyUnknownError`, `PaymentUnknownError`, `NothingWaitsError`.
    """
    recorded = read_discrepancy(discrepancy_id, ports.discrepancies)
    discrepancy = recorded.discrepancy
    payment = _read_payment(discrepancy.account_id, discrepancy.subject, ports)
    head, entries = _read_ledger(payment.account_id, ports)
    return _find_waiting(head, payment, entries)


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


def _plan_steps(resolution: Resolution, ports: ResolvingPorts) -> Sequence[_Step]:
    """The entries of a resolution that moves money; of one that was begun, with the amounts that it began with."""
    command, discrepancy = resolution.request.command, resolution.discrepancy
    if command is ResolutionCommand.WRITE_OFF:
        if discrepancy.account_id is None:
            raise PaymentUnknownError(f"{discrepancy.discrepancy_id} is not about an account")
        # Rules are read by those who write off, and not by all who resolve.
        from pawledger.rules.refund_rules import load_refund_rules  # noqa: PLC0415

        rules = load_refund_rules()

        def write_off(head: AccountHead) -> Decision:
            return decide_write_off(resolution, head, _entries_until(head, ports), rules)

        return [_Step(discrepancy.account_id, resolution.entry_id(1), write_off)]
    payment = _read_payment(discrepancy.account_id, discrepancy.subject, ports)
    begun = ports.ledger.read_entry(payment.account_id, resolution.entry_id(1))
    shares = shares_of(begun.decision) if begun else _settle(resolution, payment, ports)

    def depart(head: AccountHead) -> Decision:
        if begun is not None:
            return begun.decision
        entries = _entries_until(head, ports)
        if command is ResolutionCommand.MOVE:
            return decide_move(resolution, head, payment, entries)
        waiting = _find_waiting(head, payment, entries)
        if command is ResolutionCommand.RETURN:
            return decide_return_to_payer(resolution, waiting)
        return decide_departure(resolution, head, waiting, shares)

    currency = str(payment.decision.facts["currency"])
    away = [share for share in shares if share.account_id != payment.account_id]
    arrivals = [_arrival_step(resolution, number, currency, share) for number, share in enumerate(away, start=2)]
    return [_Step(payment.account_id, resolution.entry_id(1), depart), *arrivals]


def _settle(resolution: Resolution, payment: Entry, ports: ResolvingPorts) -> tuple[Share, ...]:
    """The shares of a resolution that was not begun, with their amounts; no money has a share in a return."""
    request = resolution.request
    if request.command is ResolutionCommand.RETURN:
        return ()
    found = {share.account_id: ports.ledger.read_head(share.account_id, consistent=True) for share in request.shares}
    heads = {account_id: head for account_id, head in found.items() if head is not None}
    head, entries = _read_ledger(payment.account_id, ports)
    if request.command is ResolutionCommand.MOVE:
        (moved,) = shares_of(decide_move(resolution, head, payment, entries))
        check_target(heads.get(moved.account_id), moved, str(payment.decision.facts["currency"]))
        return (moved,)
    return settle_shares(_find_waiting(head, payment, entries), request, heads)


def _arrival_step(resolution: Resolution, number: int, currency: str, share: Share) -> _Step:
    return _Step(
        share.account_id,
        resolution.entry_id(number),
        lambda head: decide_arrival(resolution, number, head, currency, share),
    )


def _undo_step(resolution: Resolution, number: int, ledger_id: str, entry_id: str, ports: ResolvingPorts) -> _Step:
    made = ports.ledger.read_entry(ledger_id, entry_id)
    if made is None:
        raise InvariantError(f"{entry_id} of {ledger_id} was appended and is gone; entries are never removed")
    undo_id = f"{UNDO_ENTRIES}{resolution.resolution_id}#{number}"
    begun = f"{REFUND_ENTRIES}{resolution.resolution_id}#"

    def undo(head: AccountHead) -> Decision:
        # Read after the head, so that a step that is taken just now moves it.
        check_not_begun(ports.ledger.read_entries_from(ledger_id, begun), entry_id)
        return decide_undo(resolution, number, head, made)

    return _Step(ledger_id, undo_id, undo)


def _rehearse(steps: Sequence[_Step], ports: ResolvingPorts) -> tuple[PlannedEntry, ...]:
    """What each step that is not done yet would append now. Raises what any of them refuses; nothing is written."""
    heads: dict[str, AccountHead] = {}
    planned = []
    for step in steps:
        if ports.ledger.read_entry(step.ledger_id, step.entry_id) is not None:
            continue
        head = heads.get(step.ledger_id) or _read_head(step.ledger_id, ports)
        decision = step.decide(head)
        after = apply_entry(head, chain_entry(head, decision))
        heads[step.ledger_id] = after
        planned.append(PlannedEntry(head, decision, after))
    return tuple(planned)


def _append_all(
    steps: Sequence[_Step], begun: RecordedDiscrepancy, ports: ResolvingPorts
) -> tuple[tuple[str, str], ...]:
    """Append each entry once. Where not even the first one can be, what was begun is forgotten."""
    made: list[tuple[str, str]] = []
    for step in steps:
        try:
            _append(step, ports)
        except PawledgerError as error:
            if not made:
                ports.discrepancies.change(begun, give_up(begun))
                raise
            raise ResolutionHalfDoneError(
                f"{len(made)} of {len(steps)} entries are made, {step.entry_id} cannot be: {error}; run it again"
            ) from error
        made.append((step.ledger_id, step.entry_id))
    return tuple(made)


def _append(step: _Step, ports: ResolvingPorts) -> None:
    """Append an entry unless it stands. A refusal is believed of what really stands alone: no head is read cheaply."""
    if ports.ledger.read_entry(step.ledger_id, step.entry_id) is not None:
        return

    def propose(head: AccountHead, consistent: bool) -> Proposal:  # noqa: ARG001 - what it reads beside is consistent
        return Proposal(step.decide(head))

    known_head = _read_head(step.ledger_id, ports)
    append_entry(ports.ledger, ports.pause, step.ledger_id, propose, known_head=known_head)


def _book_returns(made: Sequence[tuple[str, str]], ports: ResolvingPorts) -> tuple[Entry, ...]:
    """Book the returns that waited in the accounts in which something was undone."""
    booked: list[Entry] = []
    for ledger_id in sorted({ledger_id for ledger_id, _ in made}):
        head = _read_head(ledger_id, ports)
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
        if any((each is ChangeKind.UNDONE) == (kind is ChangeKind.UNDONE) for each in same):
            # Another call of the same command ended it, and it may have been undone since.
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


def _find_waiting(head: AccountHead, payment: Entry, entries: Sequence[Entry]) -> WaitingMoney:
    """What is left of a payment, less what its bank took back by returns that wait. Raises `NothingWaitsError`."""
    waiting = find_waiting(head, payment, entries)
    returns = find_waiting_returns_of(payment, entries)
    left_minor = waiting.left_minor - sum(int(each.decision.facts["amount_minor"]) for each in returns)
    if left_minor <= 0:
        raise NothingWaitsError(f"{payment.entry_id} was taken back by its bank, by {returns[-1].entry_id}")
    return replace(waiting, left_minor=left_minor)


def _read_payment(account_id: str | None, entry_id: str, ports: ResolvingPorts) -> Entry:
    payment = ports.ledger.read_entry(account_id, entry_id) if account_id else None
    if payment is None or "currency" not in payment.decision.facts:
        raise PaymentUnknownError(f"there is no payment {entry_id} in {account_id or 'any ledger'}")
    return payment


def _read_head(ledger_id: str, ports: ResolvingPorts) -> AccountHead:
    return ports.ledger.read_head(ledger_id, consistent=True) or AccountHead(ledger_id)


def _read_ledger(ledger_id: str, ports: ResolvingPorts) -> tuple[AccountHead, Sequence[Entry]]:
    head = _read_head(ledger_id, ports)
    return head, _entries_until(head, ports)


def _entries_until(head: AccountHead, ports: ResolvingPorts) -> Sequence[Entry]:
    """The entries that a head stands for; what was appended behind it is left out, as appending will find out."""
    entries = [entry for entry, _ in ports.archive.read_entries(head.account_id)]
    if len(entries) < head.version:
        raise HeadMovedError(f"the entries of {head.account_id} lag behind its head")
    return entries[: head.version]
