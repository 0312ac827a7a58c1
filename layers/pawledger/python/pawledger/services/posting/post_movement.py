"""Posting one movement: find its ledger, decide on its head, append one entry, and pass on what is for others."""

from dataclasses import dataclass, replace

from pawledger.domain.bank_returns.returns import PART_RETURN_ENTRIES
from pawledger.domain.books.entries import DEBIT_ENTRIES, POLICY_ENTRIES, Entry
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.errors import InvariantError
from pawledger.domain.identifiers import is_settlement_ledger, is_suspense_ledger, suspense_ledger_of
from pawledger.domain.posting.allocation import plan_allocation
from pawledger.domain.posting.allocation_terms import AllocationRules, AllocationTerms
from pawledger.domain.posting.bank_movements import FEES, BankMovement, Movement, entry_id_of
from pawledger.domain.posting.movement_outcomes import MovementOutcome
from pawledger.domain.posting.payments import decide_movement, tell_future_day
from pawledger.domain.posting.settlements import decide_settlement
from pawledger.domain.posting.splitting import SharedPart, parts_of, settle_part, split_payment
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.ports import (
    BankFileRegister,
    BankFileStore,
    DiscrepancyBook,
    Ledger,
    Pause,
    ReferenceBook,
)
from pawledger.services.append_entry import EntryConflictError, Proposal, Recorded, append_entry
from pawledger.services.posting.identify import identify_account
from pawledger.services.posting.post_returns import (
    ReturnPorts,
    call_in_part,
    follow_up,
    read_return_ground,
    send_to_waiting_payment,
)
from pawledger.services.posting.routes import Route
from pawledger.services.posting.settle_refunds import explain_debit, find_refund_ledger, settle_refund
from pawledger.services.posting.settlements import find_payout, heal_arrived, marks_of_settlement
from pawledger.services.receiving.payment_chunks import ChunkedMovement


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


def post_movement(file_id: str, chunked: ChunkedMovement, ports: PostingPorts) -> Recorded | None:
    """The entry of a movement, put there now or before; None where another with its id says something else.

    The contradiction is then a discrepancy. Raises `AccountBusyError` and what the ports raise.
    """
    send_to_waiting_payment(chunked, ports.returns)
    route = _route(chunked, ports)
    movement = chunked.identified(file_id, route.invoice_ids, route.identified_by, route.candidates)
    seen: list[AccountHead] = []

    def decide(head: AccountHead, _: bool) -> Proposal:
        seen[:] = [head]
        outcome = _decide(head, chunked, movement, route, ports)
        return Proposal(outcome.decision, outcome.discrepancies)

    try:
        recorded = append_entry(ports.ledger, ports.pause, route.ledger_id, decide)
    except EntryConflictError as error:
        ports.discrepancies.record(_conflict(movement, route.ledger_id, str(error)))
        return None
    if recorded is None:
        raise InvariantError("a movement always becomes an entry")
    # What stands in the ledger says what is passed on, not what is found today: the parts never change.
    shared = replace(movement, identified_by=recorded.entry.decision.source.get("identified_by"), candidates=())
    for part in parts_of(recorded.entry):
        _pass_on(shared, part, recorded.entry, ports)
    heal_arrived(recorded.entry, ports.discrepancies)
    follow_up(movement, recorded.entry, recorded.head or seen[0], ports.returns)
    return recorded


def _route(movement: ChunkedMovement, ports: PostingPorts) -> Route:
    payout = find_payout(movement, ports.references, ports.ledger)
    if payout is not None:
        return payout
    if movement.movement is Movement.OTHER_DEBIT or movement.movement.is_own:
        # What met its other side stays there, also where the profile does not tell of settlements any more.
        suspense_id = suspense_ledger_of(movement.payment_id)
        refund_ledger_id = find_refund_ledger(movement, suspense_id, ports.references, ports.ledger)
        if refund_ledger_id is not None:
            return Route(refund_ledger_id, (), "refund")
        may_have_met = movement.movement not in FEES
        remembered = ports.references.find(f"route#{movement.payment_id}") if may_have_met else None
        return Route(remembered or suspense_id, (), None)
    is_payment = movement.movement is Movement.PAYMENT
    clues = movement.payment_clues
    return identify_account(
        movement.payment_id,
        clues,
        ports.references,
        ports.ledger,
        is_payment=is_payment,
        is_told_twice=movement.is_told_twice,
    )


def _share_out(route: Route) -> tuple[SharedPart, ...]:
    return tuple(SharedPart(part.account_id, part.amount_minor, part.invoice_ids) for part in route.parts)


def _pass_on(movement: BankMovement, part: SharedPart, entry: Entry, ports: PostingPorts) -> None:
    """Give one account its part of a payment for several, or take that part back, once."""
    if movement.movement is Movement.RETURN:
        call_in_part(movement, part, entry, ports.returns)
        return
    terms = ports.allocation_rules.terms_of(part.account_id, movement.currency)
    taken_back = (entry.decision.details or {}).get("takes_back")
    part_return = f"{PART_RETURN_ENTRIES}{taken_back.removeprefix(DEBIT_ENTRIES)}" if taken_back else None
    seen: list[AccountHead] = []

    def decide(head: AccountHead, _: bool) -> Proposal:
        seen[:] = [head]
        outcome = settle_part(head, movement, part, terms, takes_back=part_return)
        return Proposal(outcome.decision, outcome.discrepancies)

    recorded = append_entry(ports.ledger, ports.pause, part.account_id, decide)
    if recorded is not None:
        follow_up(movement, recorded.entry, recorded.head or seen[0], ports.returns)


def _decide(
    head: AccountHead, chunked: ChunkedMovement, movement: BankMovement, route: Route, ports: PostingPorts
) -> MovementOutcome:
    if chunked.settlement is not None and is_settlement_ledger(head.account_id):
        outcome = decide_settlement(head, movement, chunked.settlement, marks_of_settlement(chunked.clues))
    elif route.parts and is_suspense_ledger(head.account_id):
        outcome = split_payment(movement, _share_out(route))
    else:
        settled = settle_refund(head, movement, ports.references, ports.ledger)
        if settled is not None:
            return tell_future_day(head, movement, settled)
        ground = read_return_ground(head, movement, ports.returns)
        decided = decide_movement(head, movement, _terms_of(head, movement, ports), ground)
        return explain_debit(decided, movement, ports.references, ports.ledger)
    return tell_future_day(head, movement, outcome)


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
        group=f"file#{movement.file_id}",
    )
