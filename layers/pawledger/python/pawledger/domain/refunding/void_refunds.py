"""A refund that was void and that the bank pays all the same: its account gives the money up a second time."""

from collections.abc import Sequence
from dataclasses import replace

from pawledger.domain.bank_returns.taking_back import ITEM_ID_CHARACTERS, RETURN_ITEMS, TakenBack, give_up
from pawledger.domain.books.entries import Allocation, Entry, LedgerAccount, OpenInvoice, Posting
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.money import format_amount
from pawledger.domain.posting.bank_movements import BankMovement, describe_movement
from pawledger.domain.posting.movement_outcomes import MovementOutcome, tell_movement
from pawledger.domain.refunding.refunds import settle_from
from pawledger.domain.worklist.discrepancies import DiscrepancyKind


def decide_late_settlement(head: AccountHead, refund_id: str, movement: BankMovement, void: Entry) -> MovementOutcome:
    """What the void refund gave back to the account is taken from it again; it is as if a payment were taken back.

    What had become unapplied cash is taken from there, as far as it is still there; what was used since is owed, as an
    item of its own. Invoices that the money had settled are open again with their due days. Other unapplied cash
    settles at once what it can, and what is due after that a person is told of.
    """
    decision, currency = void.decision, movement.currency
    given = {posting.ledger_account: -posting.amount_minor for posting in decision.postings}
    given_minor, interest_minor = given.get(LedgerAccount.UNAPPLIED, 0), given.get(LedgerAccount.INTEREST, 0)
    taken = TakenBack(tuple(_open_again(each, movement) for each in decision.allocations), 0, given_minor)
    item = OpenInvoice(f"{RETURN_ITEMS}{movement.payment_id[:ITEM_ID_CHARACTERS]}", movement.booked_on, 0)
    given_up = give_up(head, taken, currency, item)
    settled = settle_from(
        refund_id,
        movement,
        _tell(movement, refund_id, given_up.reopened),
        *given_up.postings(currency),
        Posting(LedgerAccount.INTEREST, currency, interest_minor),
    )
    settled = replace(settled, reopened=given_up.reopened, allocations=given_up.allocations)
    if given_up.due_minor <= 0:
        return MovementOutcome(settled, ())
    told = tell_movement(head, movement, DiscrepancyKind.PAYMENT_RETURNED, given_up.due_minor, settled.reason)
    return MovementOutcome(settled, (replace(told, subject=settled.entry_id),))


def _open_again(allocation: Allocation, movement: BankMovement) -> OpenInvoice:
    return OpenInvoice(allocation.invoice_id, allocation.due_on or movement.booked_on, allocation.amount_minor)


def _tell(movement: BankMovement, refund_id: str, again: Sequence[OpenInvoice]) -> str:
    what = f"{describe_movement(movement)} is refund {refund_id}, which has left the bank account although it was void"
    due = ", ".join(f"{each.invoice_id} {format_amount(each.remaining_minor, movement.currency)}" for each in again)
    return f"{what}; due again: {due}." if due else f"{what}."
