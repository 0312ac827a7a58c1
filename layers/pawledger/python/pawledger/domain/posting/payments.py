"""Decisions about money on a bank statement: what a payment, a return or an unexplained movement means."""

from dataclasses import replace

from pawledger.domain.bank_returns.returned_payments import find_return_to_take_back
from pawledger.domain.bank_returns.returns import ReturnGround, decide_money_back, decide_return
from pawledger.domain.books.entries import EntryKind, LedgerAccount, Posting
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.identifiers import is_suspense_ledger
from pawledger.domain.matching.kept_candidates import keep_candidates
from pawledger.domain.posting.allocation_terms import AllocationTerms
from pawledger.domain.posting.bank_movements import FEES, BankMovement, Movement, describe_movement
from pawledger.domain.posting.movement_outcomes import MovementOutcome, book_movement, tell_movement
from pawledger.domain.posting.settling import settle_payment
from pawledger.domain.posting.splitting import parts_of, split_payment
from pawledger.domain.worklist.discrepancies import DiscrepancyKind


def decide_movement(
    head: AccountHead,
    movement: BankMovement,
    terms: AllocationTerms | None = None,
    ground: ReturnGround | None = None,
) -> MovementOutcome:
    """Settle, take back or suspend: every booked movement ends in exactly one entry.

    `ground` is what is known beside the head of a return, or of money that takes one back.
    A booking day that has not come yet changes nothing of that, since the bank says it is booked; a person is told.
    """
    waiting = _reason_to_wait(head, movement)
    terms, ground = terms or AllocationTerms(), ground or ReturnGround()
    taken_back = find_return_to_take_back(movement, ground.entries)
    parts = parts_of(taken_back) if taken_back else ()
    if movement.movement.is_own:
        outcome = _book_own(movement)
    elif movement.movement is Movement.RETURN:
        outcome = decide_return(head, movement, ground)
    elif taken_back and parts:
        outcome = split_payment(movement, parts, takes_back=taken_back.entry_id)
    elif waiting:
        outcome = _suspend(head, movement, *waiting)
    elif taken_back:
        outcome = decide_money_back(head, movement, taken_back, terms)
    else:
        outcome = settle_payment(head, movement, terms)
    return tell_future_day(head, movement, outcome)


def tell_future_day(head: AccountHead, movement: BankMovement, outcome: MovementOutcome) -> MovementOutcome:
    """The outcome, and where the booking day has not come yet, that a person is to know."""
    if not movement.is_future_dated:
        return outcome
    told = describe_movement(movement)
    what = f"{told} is booked on {movement.booked_on}, after the file that tells of it was received."
    early = tell_movement(head, movement, DiscrepancyKind.FUTURE_DATED_PAYMENT, movement.amount_minor, what)
    return replace(outcome, discrepancies=(*outcome.discrepancies, early))


def _reason_to_wait(head: AccountHead, movement: BankMovement) -> tuple[DiscrepancyKind, str] | None:
    """Why a movement cannot touch invoices: the kind of its discrepancy and the sentence that explains it."""
    if movement.movement is Movement.OTHER_DEBIT:
        return DiscrepancyKind.UNEXPLAINED_DEBIT, "the bank debited it and it is not the return of a payment"
    if is_suspense_ledger(head.account_id):
        return DiscrepancyKind.UNIDENTIFIED_PAYMENT, "nothing in it leads to an account for certain"
    if head.currency is None:
        return DiscrepancyKind.PAYMENT_BEFORE_POLICY, f"account {head.account_id} has no policy yet"
    if head.currency != movement.currency:
        return DiscrepancyKind.CURRENCY_MISMATCH, f"account {head.account_id} is invoiced in {head.currency}"
    return None


def _suspend(head: AccountHead, movement: BankMovement, kind: DiscrepancyKind, why: str) -> MovementOutcome:
    amount_minor = movement.signed_minor
    decision = book_movement(
        movement,
        EntryKind.MONEY_SUSPENDED,
        f"{describe_movement(movement)} waits in suspense: {why}.",
        Posting(LedgerAccount.CASH, movement.currency, amount_minor),
        Posting(LedgerAccount.SUSPENSE, movement.currency, -amount_minor),
        details=(keep_candidates(movement.candidates) or None) if is_suspense_ledger(head.account_id) else None,
    )
    return MovementOutcome(decision, (tell_movement(head, movement, kind, movement.amount_minor, decision.reason),))


def _book_own(movement: BankMovement) -> MovementOutcome:
    """Book what a provider charges, and what it pays out to our bank account: nobody need know of either."""
    is_fee = movement.movement in FEES
    ledger_account, why = (
        (LedgerAccount.PROVIDER_FEES, "is what the provider charges or gives back of it")
        if is_fee
        else (LedgerAccount.IN_TRANSIT, "moves between the provider and the bank account")
    )
    decision = book_movement(
        movement,
        EntryKind.PROVIDER_FEE_BOOKED if is_fee else EntryKind.PAYOUT_BOOKED,
        f"{describe_movement(movement)} {why}.",
        Posting(LedgerAccount.CASH, movement.currency, movement.signed_minor),
        Posting(ledger_account, movement.currency, -movement.signed_minor),
    )
    return MovementOutcome(decision, ())
