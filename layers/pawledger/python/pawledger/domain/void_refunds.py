"""A refund that was void and that the bank pays all the same: its account gives the money up a second time."""

from collections.abc import Sequence
from dataclasses import replace

from pawledger.domain.allocation import allocate_oldest_first, sum_of
from pawledger.domain.bank_movements import BankMovement, describe_movement
from pawledger.domain.discrepancies import DiscrepancyKind
from pawledger.domain.entries import Allocation, Entry, LedgerAccount, OpenInvoice, Posting
from pawledger.domain.ledger import AccountHead
from pawledger.domain.money import format_amount
from pawledger.domain.movement_outcomes import MovementOutcome, tell_movement
from pawledger.domain.refunds import settle_from
from pawledger.domain.returns import ITEM_ID_CHARACTERS, RETURN_ITEMS


def decide_late_settlement(head: AccountHead, refund_id: str, movement: BankMovement, void: Entry) -> MovementOutcome:
    """What the void refund gave back to the account is taken from it again; it is as if a payment were taken back.

    What had become unapplied cash is taken from there, as far as it is still there; what was used since is owed, as an
    item of its own. Invoices that the money had settled are open again with their due days. Other unapplied cash
    settles at once what it can, and what is due after that a person is told of.
    """
    decision, currency = void.decision, movement.currency
    given = {posting.ledger_account: -posting.amount_minor for posting in decision.postings}
    given_minor, interest_minor = given.get(LedgerAccount.UNAPPLIED, 0), given.get(LedgerAccount.INTEREST, 0)
    held_minor = max(0, -head.balance_minor(LedgerAccount.UNAPPLIED, currency))
    taken_minor = min(given_minor, held_minor)
    used_minor = given_minor - taken_minor
    item_id = f"{RETURN_ITEMS}{movement.payment_id[:ITEM_ID_CHARACTERS]}"
    own = (OpenInvoice(item_id, movement.booked_on, used_minor),) if used_minor else ()
    again = (*(_open_again(each, movement) for each in decision.allocations), *own)
    allocations = _settle_with(held_minor - taken_minor, head, again)
    spent_minor = sum_of(allocations)
    due_minor = sum(each.remaining_minor for each in again) - spent_minor
    settled = settle_from(
        refund_id,
        movement,
        _tell(movement, refund_id, again),
        Posting(LedgerAccount.UNAPPLIED, currency, taken_minor + spent_minor),
        Posting(LedgerAccount.RECEIVABLE, currency, due_minor),
        Posting(LedgerAccount.INTEREST, currency, interest_minor),
    )
    settled = replace(settled, reopened=again, allocations=allocations)
    if due_minor <= 0:
        return MovementOutcome(settled, ())
    told = tell_movement(head, movement, DiscrepancyKind.PAYMENT_RETURNED, due_minor, settled.reason)
    return MovementOutcome(settled, (replace(told, subject=settled.entry_id),))


def _open_again(allocation: Allocation, movement: BankMovement) -> OpenInvoice:
    return OpenInvoice(allocation.invoice_id, allocation.due_on or movement.booked_on, allocation.amount_minor)


def _settle_with(free_minor: int, head: AccountHead, again: Sequence[OpenInvoice]) -> tuple[Allocation, ...]:
    """What unapplied cash settles of all that is open then, where anything is open again."""
    if not again:
        return ()
    items = {invoice.invoice_id: invoice for invoice in head.open_invoices}
    for each in again:
        more_minor = items[each.invoice_id].remaining_minor if each.invoice_id in items else 0
        items[each.invoice_id] = replace(each, remaining_minor=each.remaining_minor + more_minor)
    return allocate_oldest_first(free_minor, items.values())


def _tell(movement: BankMovement, refund_id: str, again: Sequence[OpenInvoice]) -> str:
    what = f"{describe_movement(movement)} is refund {refund_id}, which has left the bank account although it was void"
    due = ", ".join(f"{each.invoice_id} {format_amount(each.remaining_minor, movement.currency)}" for each in again)
    return f"{what}; due again: {due}." if due else f"{what}."
