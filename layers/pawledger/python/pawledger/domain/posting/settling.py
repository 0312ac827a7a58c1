"""Settling: which invoices a payment pays, what waits where, and what a person must know of it."""

from collections.abc import Mapping
from typing import Any, Final

from pawledger.domain.books.entries import EntryKind, LedgerAccount, Posting
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.canonical import hash_value
from pawledger.domain.matching.kept_candidates import keep_candidates
from pawledger.domain.money import format_amount
from pawledger.domain.posting.allocation import AllocationPlan, AllocationRule, plan_allocation, sum_of
from pawledger.domain.posting.allocation_terms import AllocationTerms
from pawledger.domain.posting.bank_movements import BankMovement, describe_movement
from pawledger.domain.posting.movement_outcomes import MovementOutcome, book_movement, tell_movement
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind

DUPLICATE_DAYS: Final = 5
"""Payments of one payer, reference and amount within so many days are probably one payment made twice: a working week.
Standing orders are at least a week apart."""

PAYMENT_MARK_CHARACTERS: Final = 8
"""32 bits: it is only compared with the account's payment before, under the same amount and within days of it."""


def settle_payment(head: AccountHead, movement: BankMovement, terms: AllocationTerms) -> MovementOutcome:
    """What a payment means for its account: it settles invoices, and the rest is the account's own money.

    A payment that was probably made twice is laid out like any other, since only its payer can say, and since the
    books must not depend on which of the two was posted first; a person is told.
    """
    plan = plan_allocation(movement.amount_minor, head.open_invoices, named=movement.invoice_ids, terms=terms)
    applied_minor = sum_of(plan.allocations)
    decision = book_movement(
        movement,
        EntryKind.PAYMENT_POSTED,
        _tell_plan(movement, plan),
        Posting(LedgerAccount.CASH, movement.currency, movement.amount_minor),
        Posting(LedgerAccount.RECEIVABLE, movement.currency, -applied_minor),
        Posting(LedgerAccount.SMALL_DIFFERENCES, movement.currency, plan.small_difference_minor),
        Posting(LedgerAccount.UNAPPLIED, movement.currency, -plan.unapplied_minor),
        allocations=plan.allocations,
        mark=payment_mark_of(movement),
        details=_details(movement, plan),
    )
    found: list[Discrepancy] = []
    if _is_probable_duplicate(head, movement):
        what = f"{decision.reason} The payment before has the same payer, reference and amount."
        kind = DiscrepancyKind.PROBABLE_DUPLICATE
        found.append(tell_movement(head, movement, kind, movement.amount_minor, what))
    elif plan.unapplied_minor:
        kind = _kind_of_rest(head, movement, plan)
        found.append(tell_movement(head, movement, kind, plan.unapplied_minor, decision.reason))
    if plan.short_minor:
        found.append(tell_movement(head, movement, DiscrepancyKind.UNDERPAYMENT, plan.short_minor, decision.reason))
    return MovementOutcome(decision, tuple(found))


def _details(movement: BankMovement, plan: AllocationPlan) -> Mapping[str, Any] | None:
    """What an explanation needs and nothing else tells: the rule, the invoices named, by number, and the runner-up."""
    details: dict[str, Any] = {} if plan.rule is AllocationRule.ORDER else {"allocated_by": plan.rule}
    if movement.invoice_ids:
        details["named"] = [_number_of(invoice_id) for invoice_id in movement.invoice_ids]
    return {**details, **keep_candidates(movement.candidates)} or None


def payment_mark_of(movement: BankMovement) -> str | None:
    """What tells a payer's payment again: who paid, and for which invoices. None where neither is known."""
    if not movement.payer_key and not movement.invoice_ids:
        return None
    return hash_value([movement.payer_key, *movement.invoice_ids])[:PAYMENT_MARK_CHARACTERS]


def _is_probable_duplicate(head: AccountHead, movement: BankMovement) -> bool:
    """Whether the account's payment before is the same once more, and nothing is open that this one would be for.

    Two invoices of one amount are often paid by two transfers of one day: as long as one of them is open, or the
    payer names another, the second transfer is none too many.
    """
    last, mark = head.last_payment, payment_mark_of(movement)
    if last is None or mark is None or (last.mark, last.amount_minor) != (mark, movement.amount_minor):
        return False
    if abs((movement.booked_on - last.booked_on).days) > DUPLICATE_DAYS:
        return False
    open_ids = {invoice.invoice_id for invoice in head.open_invoices}
    if movement.invoice_ids:
        return open_ids.isdisjoint(movement.invoice_ids)
    return all(invoice.remaining_minor != movement.amount_minor for invoice in head.open_invoices)


def _kind_of_rest(head: AccountHead, movement: BankMovement, plan: AllocationPlan) -> DiscrepancyKind:
    """What it means that money is left over."""
    if plan.rule is not AllocationRule.NOTHING_OPEN:
        return DiscrepancyKind.OVERPAYMENT
    if any(_number_of(invoice_id) <= head.invoice_count for invoice_id in movement.invoice_ids):
        return DiscrepancyKind.INVOICE_ALREADY_PAID
    return DiscrepancyKind.OVERPAYMENT if head.cursors else DiscrepancyKind.PAYMENT_WITHOUT_COVER


def _number_of(invoice_id: str) -> int:
    return int(invoice_id.rpartition("-")[2])


def _tell_plan(movement: BankMovement, plan: AllocationPlan) -> str:
    written = {each.invoice_id: format_amount(each.amount_minor, movement.currency) for each in plan.allocations}
    settled = ", ".join(f"{invoice_id} {amount}" for invoice_id, amount in written.items())
    reason = f"{describe_movement(movement)} settles {settled or 'no invoice'}"
    if plan.rule is AllocationRule.NAMED:
        reason += ", as the payer named it"
    if plan.rule is AllocationRule.ONLY_COMBINATION and len(plan.allocations) > 1:
        reason += ", the only invoices that add up to it"
    if plan.unapplied_minor:
        reason += f"; {format_amount(plan.unapplied_minor, movement.currency)} is unapplied cash"
    if plan.small_difference_minor:
        reason += f"; {format_amount(plan.small_difference_minor, movement.currency)} of it is not asked for"
    if plan.short_minor:
        reason += f", of which {format_amount(plan.short_minor, movement.currency)} stays open"
    return f"{reason}."
