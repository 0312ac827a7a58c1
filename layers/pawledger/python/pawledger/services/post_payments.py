"""Posting a chunk of a bank file: each movement finds its ledger and becomes exactly one entry."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from pawledger.bank_files.formats import report_kind_of
from pawledger.domain.allocation import plan_allocation
from pawledger.domain.allocation_terms import AllocationRules, AllocationTerms
from pawledger.domain.bank_movements import FEES, BankMovement, Movement, entry_id_of
from pawledger.domain.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.domain.entries import POLICY_ENTRIES, EntryKind
from pawledger.domain.errors import InvariantError, PawledgerError
from pawledger.domain.identifiers import is_settlement_ledger, suspense_ledger_of
from pawledger.domain.ledger import AccountHead
from pawledger.domain.payments import decide_movement, tell_future_day
from pawledger.domain.settlements import decide_settlement
from pawledger.ports import (
    BankFileRegister,
    BankFileStore,
    ChunkResult,
    DiscrepancyBook,
    Ledger,
    Pause,
    ReferenceBook,
)
from pawledger.services.append_entry import EntryConflictError, Proposal, append_entry
from pawledger.services.identify import Route, identify_account
from pawledger.services.messages import open_message
from pawledger.services.payment_chunks import POST_PAYMENTS, ChunkedMovement, read_chunk
from pawledger.services.post_returns import ReturnPorts, follow_up, read_return_ground, send_to_waiting_payment
from pawledger.services.settlements import find_payout, heal_arrived, marks_of_settlement

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


@dataclass(frozen=True, slots=True)
class PostingPorts:
    """Everything that posting touches."""

    ledger: Ledger
    references: ReferenceBook
    discrepancies: DiscrepancyBook
    register: BankFileRegister
    store: BankFileStore
    pause: Pause
    allocation_rules: AllocationRules
    returns: ReturnPorts


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
    if chunked.is_told_otherwise:
        _count(tally, "retold", tally.retold_minor, chunked.currency, chunked.signed_minor)
        return
    send_to_waiting_payment(chunked, ports.returns)
    route = _route(chunked, ports)
    movement = chunked.identified(file_id, route.invoice_ids, route.identified_by, route.candidates)
    signed_minor = movement.signed_minor
    seen: list[AccountHead] = []

    def decide(head: AccountHead, _: bool) -> Proposal:
        seen[:] = [head]
        if chunked.settlement is not None and is_settlement_ledger(head.account_id):
            outcome = decide_settlement(head, movement, chunked.settlement, marks_of_settlement(chunked.clues))
            outcome = tell_future_day(head, movement, outcome)
            return Proposal(outcome.decision, outcome.discrepancies)
        return _propose(head, movement, ports)

    try:
        recorded = append_entry(ports.ledger, ports.pause, route.ledger_id, decide)
    except EntryConflictError as error:
        ports.discrepancies.record(_conflict(movement, route.ledger_id, str(error)))
        _count(tally, "rejected", tally.rejected_minor, movement.currency, signed_minor)
        return
    if recorded is None:
        raise InvariantError("a movement always becomes an entry")
    heal_arrived(recorded.entry, ports.discrepancies)
    follow_up(movement, recorded.entry, recorded.head or seen[0], ports.returns)
    decision = recorded.entry.decision
    earlier_file_id = str(decision.source.get("file_id"))
    if earlier_file_id != file_id and _is_other_kind(earlier_file_id, file_id, ports, tally):
        _count(tally, "retold", tally.retold_minor, movement.currency, signed_minor)
    elif (earlier_file_id, decision.source.get("number")) != (file_id, movement.number):
        _count(tally, "repeated", tally.repeated_minor, movement.currency, signed_minor)
    elif decision.kind is EntryKind.MONEY_SUSPENDED:
        _count(tally, "suspended", tally.suspended_minor, movement.currency, signed_minor)
        if recorded.is_new:
            _count(tally, "new_suspended", tally.new_suspended_minor, movement.currency, signed_minor)
    else:
        _count(tally, "posted", tally.posted_minor, movement.currency, signed_minor)
        if recorded.is_new and decision.kind is EntryKind.PAYMENT_RETURNED:
            tally.counts["new_returned"] += 1
        elif recorded.is_new:
            _count(tally, "new_posted", tally.new_posted_minor, movement.currency, signed_minor)


def _is_other_kind(earlier_file_id: str, file_id: str, ports: PostingPorts, tally: PostingTally) -> bool:
    """Whether the two files are of different formats: a notification and a statement tell the same by design."""
    for each in (earlier_file_id, file_id):
        if each not in tally.kinds:
            record = ports.register.read_file(each)
            tally.kinds[each] = report_kind_of(record.format or "") if record else ""
    return tally.kinds[earlier_file_id] != tally.kinds[file_id]


def _route(movement: ChunkedMovement, ports: PostingPorts) -> Route:
    payout = find_payout(movement, ports.references, ports.ledger)
    if payout is not None:
        return payout
    if movement.movement is Movement.OTHER_DEBIT or movement.movement.is_own:
        # What met its other side stays there, also where the profile does not tell of settlements any more.
        may_have_met = movement.movement not in FEES
        remembered = ports.references.find(f"route#{movement.payment_id}") if may_have_met else None
        return Route(remembered or suspense_ledger_of(movement.payment_id), (), None)
    is_payment = movement.movement is Movement.PAYMENT
    clues = movement.payment_clues
    return identify_account(movement.payment_id, clues, ports.references, ports.ledger, is_payment=is_payment)


def _propose(head: AccountHead, movement: BankMovement, ports: PostingPorts) -> Proposal:
    ground = read_return_ground(head, movement, ports.returns)
    outcome = decide_movement(head, movement, _terms_of(head, movement, ports), ground)
    return Proposal(outcome.decision, outcome.discrepancies)


def _terms_of(head: AccountHead, movement: BankMovement, ports: PostingPorts) -> AllocationTerms:
    """The terms of an account; its policies' products are looked up only where they decide."""
    rules = ports.allocation_rules
    terms = rules.terms_of(head.account_id, movement.currency)
    if not rules.by_product or movement.movement is not Movement.PAYMENT:
        return terms
    exact = AllocationTerms(terms.order)
    plan = plan_allocation(movement.amount_minor, head.open_invoices, named=movement.invoice_ids, terms=exact)
    if not rules.depends_on_products(head.account_id, movement.currency, plan.short_minor):
        return terms
    entries = ports.ledger.read_entries_from(head.account_id, POLICY_ENTRIES)
    products = {str(entry.decision.facts["product"]) for entry in entries if "product" in entry.decision.facts}
    return rules.terms_of(head.account_id, movement.currency, products)


def _conflict(movement: BankMovement, account_id: str, what: str) -> Discrepancy:
    return Discrepancy(
        kind=DiscrepancyKind.PAYMENT_CONFLICT,
        subject=f"{entry_id_of(movement)}#{movement.file_id}",
        born_on=movement.booked_on,
        what=f"{what} (file {movement.file_id[:12]}, line {movement.line}).",
        account_id=account_id,
        currency=movement.currency,
        amount_minor=movement.amount_minor,
    )


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
