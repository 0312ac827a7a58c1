"""Refunding: each step that a person takes is decided on the ledger as it really stands, and appended once.

Two persons at once: the ledger's head and the id of the step let one of them be first; the other one is told by name.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from pawledger.domain.bank_returns.returned_payments import find_received, find_waiting_returns_of
from pawledger.domain.books.entries import PAYMENT_ENTRIES, Entry, EntryKind
from pawledger.domain.books.money_origins import Origin, origin_of
from pawledger.domain.books.waiting_money import TAKES
from pawledger.domain.identifiers import is_suspense_ledger
from pawledger.domain.matching.marks import mark_of_id
from pawledger.domain.posting.settled_lines import wait_again
from pawledger.domain.refunding.refund_rules import RefundDeadline, RefundRules, find_deadline, interest_of
from pawledger.domain.refunding.refund_steps import (
    DEADLINE_RULE,
    Act,
    Decided,
    EndToEndIdError,
    RefundLedger,
    RefundOfReturnedMoneyError,
    RefundRequest,
    Sending,
    check_end_to_end_id,
    decide_approval,
    decide_rejection,
    decide_request,
    decide_sending,
    decide_void,
    due_on_of,
    find_refund,
)
from pawledger.domain.refunding.refunds import Refund, refunds_among
from pawledger.domain.worklist.discrepancy_life import Change, ChangeKind, ResolutionUnderWayError, finish
from pawledger.ports import (
    DiscrepancyBook,
    HolidayCalendars,
    Ledger,
    LedgerArchive,
    Pause,
    ReferenceBook,
)
from pawledger.services.append_entry import Proposal
from pawledger.services.posting.post_returns import returned_reference_of
from pawledger.services.posting.settle_refunds import reference_of_mark
from pawledger.services.refunding.check_refunds import holds_refunds
from pawledger.services.refunding.take_step import LedgerView, take_step
from pawledger.services.resolving.resolution_steps import PlannedEntry

_GIVING: Final = frozenset({EntryKind.REFUND_REQUESTED, EntryKind.REFUND_APPROVED, EntryKind.REFUND_SENT})
"""Steps that bring money nearer to its payer."""


@dataclass(frozen=True, slots=True)
class RefundPorts:
    """Everything that refunding touches."""

    ledger: Ledger
    archive: LedgerArchive
    references: ReferenceBook
    discrepancies: DiscrepancyBook
    holidays: HolidayCalendars
    pause: Pause
    rules: RefundRules


@dataclass(frozen=True, slots=True)
class Refunded:
    """What a step comes to: the refund after it, and the entry that it is."""

    refund: Refund
    planned: tuple[PlannedEntry, ...] = ()
    """Empty where the step stood already."""


def request_refund(
    account_id: str, request: RefundRequest, act: Act, ports: RefundPorts, *, is_preview: bool
) -> Refunded:
    """Set unapplied cash aside to go back to its payer. Raises what `decide_request` refuses."""

    def decide(ledger: RefundLedger) -> Decided:
        def deadline_of(ground: Entry) -> RefundDeadline | None:
            return find_deadline(ground, ledger.entries, ports.rules, ports.holidays.is_holiday)

        return decide_request(ledger, request, ports.rules, deadline_of, act)

    return _take(account_id, decide, act, ports, is_preview=is_preview)


def approve_refund(ledger_id: str, refund_id: str, act: Act, ports: RefundPorts, *, is_preview: bool) -> Refunded:
    """Let a refund go back to its payer. Raises what `decide_approval` refuses, `RefundUnknownError`."""

    def decide(ledger: RefundLedger) -> Decided:
        refund = find_refund(ledger.refunds, refund_id, ledger_id)
        return Decided(refund_id, decide_approval(refund, ledger.entries, ports.rules, act))

    return _take(ledger_id, decide, act, ports, is_preview=is_preview)


def reject_refund(ledger_id: str, refund_id: str, act: Act, ports: RefundPorts, *, is_preview: bool) -> Refunded:
    """Let the money wait where it did. Raises `RefundStateError`, `RefundUnknownError`.

    Was it set aside by the resolution of a discrepancy, then that is open again.
    """

    def decide(ledger: RefundLedger) -> Decided:
        return Decided(refund_id, decide_rejection(ledger.head, find_refund(ledger.refunds, refund_id, ledger_id), act))

    done = _take(ledger_id, decide, act, ports, is_preview=is_preview)
    if not is_preview:
        _open_again(done.refund, act, ports.discrepancies)
    return done


def send_refund(
    ledger_id: str,
    refund_id: str,
    sending: Sending,
    act: Act,
    ports: RefundPorts,
    *,
    is_preview: bool,
) -> Refunded:
    """Note that the bank was told to pay; a debit with the end-to-end id then settles the refund.

    The interest of `sending` is worked out here. The end-to-end id is remembered before the step: a killed call is
    simply made again. Raises what `decide_sending` refuses, `EndToEndIdError`, `RefundUnknownError`.
    """
    check_end_to_end_id(sending.end_to_end_id)
    target = f"{ledger_id}#{refund_id}"

    def decide(ledger: RefundLedger) -> Decided:
        refund = find_refund(ledger.refunds, refund_id, ledger_id)
        late = Sending(sending.end_to_end_id, sending.payment_file, interest_on(refund, act.on, ports.rules))
        return Decided(refund_id, decide_sending(refund, ledger.entries, late, act))

    # What is refused is refused before the id is taken, which can never be given back.
    planned = _take(ledger_id, decide, act, ports, is_preview=True)
    reference = reference_of_mark(mark_of_id(sending.end_to_end_id))
    known = ports.references.find(reference)
    if known is None and not is_preview and planned.planned:
        known = ports.references.claim(reference, target)
    if known not in (None, target):
        raise EndToEndIdError(f"{sending.end_to_end_id} is the end-to-end id of another refund, {known}")
    return planned if is_preview else _take(ledger_id, decide, act, ports, is_preview=False)


def void_refund(ledger_id: str, refund_id: str, act: Act, ports: RefundPorts, *, is_preview: bool) -> Refunded:
    """Let the money wait where it did, since the bank did not pay. Raises `RefundStateError`, `RefundUnknownError`.

    Was it set aside by the resolution of a discrepancy, then that is open again.
    """

    def decide(ledger: RefundLedger) -> Decided:
        return Decided(refund_id, decide_void(ledger.head, find_refund(ledger.refunds, refund_id, ledger_id), act))

    done = _take(ledger_id, decide, act, ports, is_preview=is_preview)
    if not is_preview:
        _open_again(done.refund, act, ports.discrepancies)
    return done


def read_refunds(ledger_id: str, archive: LedgerArchive) -> tuple[Refund, ...]:
    """The refunds of one ledger, in the order in which they were requested."""
    return refunds_among(entry for entry, _ in archive.read_entries(ledger_id))


def find_open_refunds(archive: LedgerArchive) -> Iterator[Refund]:
    """The open refunds of all ledgers: only those that hold money for some are read."""
    ledger_ids = sorted(head.account_id for head in archive.scan_heads() if holds_refunds(head))
    for ledger_id in ledger_ids:
        yield from (refund for refund in read_refunds(ledger_id, archive) if refund.is_open)


def interest_on(refund: Refund, day: date, rules: RefundRules) -> int:
    """What it costs to send a refund on a day, by the rule that was found when it was requested."""
    due_on = due_on_of(refund)
    rule_id = (refund.requested.decision.details or {}).get(DEADLINE_RULE)
    percent = next((rule.interest_percent for rule in rules.deadlines if rule.rule_id == rule_id), None)
    if due_on is None or percent is None:
        return 0
    return interest_of(refund.amount_minor, percent, (day - due_on).days)


def _take(
    ledger_id: str, decide: Callable[[RefundLedger], Decided], act: Act, ports: RefundPorts, *, is_preview: bool
) -> Refunded:
    """Take a step of a refund; the refund after it."""
    ids: list[str] = []

    def decide_step(view: LedgerView) -> Proposal | None:
        decided = decide(RefundLedger(view.head, view.entries))
        ids[:] = [decided.refund_id]
        if decided.decision is not None and decided.decision.kind in _GIVING:
            _check_origin(view, decided, ports)
        # Money that came as a line in a settlement ledger waits there as before, where it is not sent.
        return Proposal(wait_again(view.head, decided.decision, view.entries)) if decided.decision else None

    taken = take_step(ledger_id, decide_step, act.reason, ports, is_preview=is_preview)
    return Refunded(find_refund(refunds_among(taken.after.entries), ids[0], ledger_id), taken.planned)


def _check_origin(view: LedgerView, decided: Decided, ports: RefundPorts) -> None:
    """Refuse to give back money that came from another ledger, where the payer's bank took its payment back there."""
    asked = decided.decision
    known = next((each for each in refunds_among(view.entries) if each.refund_id == decided.refund_id), None)
    ground_id = known.ground if known else str(asked.facts[TAKES]) if asked else ""
    ground = next((entry for entry in view.entries if entry.entry_id == ground_id), None)
    origin = origin_of(ground) if ground else None
    if origin is not None and _is_taken_back(origin, ports):
        raise RefundOfReturnedMoneyError(
            f"{ground_id} brought money of {origin.entry_id} from {origin.ledger_id}, and the payer's bank took that "
            "payment back: undo what brought it, or reject the refund"
        )


def _is_taken_back(origin: Origin, ports: RefundPorts) -> bool:
    """Whether a return took anything of a payment, or waits because its money had left the ledger."""
    if is_suspense_ledger(origin.ledger_id):
        payment_id = origin.entry_id.removeprefix(PAYMENT_ENTRIES)
        if ports.references.find(returned_reference_of(payment_id)) is not None:
            return True
    entries = [entry for entry, _ in ports.archive.read_entries(origin.ledger_id)]
    payment = next((each for each in find_received(entries) if each.entry.entry_id == origin.entry_id), None)
    return payment is not None and bool(payment.returned_minor or find_waiting_returns_of(payment.entry, entries))


def _open_again(refund: Refund, act: Act, discrepancies: DiscrepancyBook) -> None:
    """Put the discrepancy back on the worklist whose money waits again, as an undo of its resolution does.

    Made again after a call that was killed, it finds out what is done. Raises `DiscrepancyMovedError` and
    `ResolutionUnderWayError`, upon which the command is given again.
    """
    recorded = discrepancies.read(refund.discrepancy_id) if refund.discrepancy_id else None
    if recorded is None:
        return
    kinds = [change.kind for change in recorded.history if change.resolution_id == refund.refund_id]
    if not kinds or ChangeKind.UNDONE in kinds:
        return
    if recorded.pending:
        standing = recorded.pending
        raise ResolutionUnderWayError(
            f"`{standing.command}` about {refund.discrepancy_id} was begun by {standing.actor} and is not finished; "
            "run that again first, then this"
        )
    change = Change(
        ChangeKind.UNDONE,
        act.at.isoformat(),
        act.actor,
        act.reason.strip(),
        refund.refund_id,
        f"refunds {refund.state}",
        ((refund.ledger_id, refund.steps[refund.state].entry_id),),
    )
    discrepancies.change(recorded, finish(recorded, change))
