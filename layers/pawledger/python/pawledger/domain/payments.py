"""Decisions about money on a bank statement: what a payment, a return or an unexplained movement means."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from pawledger.domain.allocation import allocate_oldest_first, sum_of
from pawledger.domain.canonical import hash_value
from pawledger.domain.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.domain.entries import Allocation, Decision, EntryKind, LedgerAccount, OpenInvoice, Posting
from pawledger.domain.identifiers import is_suspense_ledger
from pawledger.domain.ledger import AccountHead
from pawledger.domain.money import format_amount

PAYMENT_ID_LENGTH: Final = 32
"""128 bits of SHA-256: a collision among 10**12 payments has odds below 10**-14, and an entry stays short."""


class Movement(StrEnum):
    """What a statement entry is to the ledger."""

    PAYMENT = "payment"
    RETURN = "return"
    OTHER_DEBIT = "other_debit"
    PROVIDER_FEE = "provider_fee"
    PROVIDER_FEE_REFUND = "provider_fee_refund"
    PAYOUT = "payout"
    PAYOUT_REVERSAL = "payout_reversal"

    @property
    def is_credit(self) -> bool:
        """Whether it brings money."""
        return self in _CREDITS

    @property
    def is_own(self) -> bool:
        """Whether it is only between us and the bank or provider: its charges, and money on its way to ourselves."""
        return self in _OWN_MOVEMENTS


_CREDITS: Final = frozenset({Movement.PAYMENT, Movement.PROVIDER_FEE_REFUND, Movement.PAYOUT_REVERSAL})
_FEES: Final = frozenset({Movement.PROVIDER_FEE, Movement.PROVIDER_FEE_REFUND})
_NAMES: Final = {
    Movement.PAYMENT: "Payment",
    Movement.RETURN: "Returned payment",
    Movement.OTHER_DEBIT: "Debit",
    Movement.PROVIDER_FEE: "Fee",
    Movement.PROVIDER_FEE_REFUND: "Fee given back",
    Movement.PAYOUT: "Payout",
    Movement.PAYOUT_REVERSAL: "Payout taken back",
}
_OWN_MOVEMENTS: Final = _FEES | {Movement.PAYOUT, Movement.PAYOUT_REVERSAL}


@dataclass(frozen=True, slots=True)
class BankMovement:
    """One booked statement entry on its way into the ledger. Holds no name and no account number of the payer."""

    payment_id: str
    """Hash of the bank's own identity of the movement, see `payment_id_of`."""
    movement: Movement
    amount_minor: int
    """Minor units, always positive."""
    currency: str
    booked_on: date
    invoice_id: str | None
    """The invoice that the payer named, where one could be read from the reference."""
    identified_by: str | None
    """How the account was found, for people to read; None where it was not."""
    return_reason: str | None
    is_future_dated: bool
    file_id: str
    line: int
    number: int
    """Its place among the movements of the file, from 1: what tells two movements on one line apart."""
    offset: int | None = None
    """Byte of the unpacked file on which it starts, from 0, where its line does not find it."""

    @property
    def signed_minor(self) -> int:
        """Minor units, positive where money comes in."""
        return self.amount_minor if self.movement.is_credit else -self.amount_minor


@dataclass(frozen=True, slots=True)
class MovementOutcome:
    """The decision about a movement, and the discrepancies that are born with it."""

    decision: Decision
    discrepancies: tuple[Discrepancy, ...]

    @property
    def is_suspended(self) -> bool:
        return self.decision.kind is EntryKind.MONEY_SUSPENDED


def payment_id_of(identity: tuple[str, ...]) -> str:
    """The id of a movement, made of nothing but the bank's own identity of it."""
    return hash_value(list(identity))[:PAYMENT_ID_LENGTH]


def entry_id_of(movement: BankMovement) -> str:
    """Under which id a movement stands in a ledger: the same however often it is delivered."""
    prefix = "payment" if movement.movement.is_credit else "debit"
    return f"{prefix}#{movement.payment_id}"


def decide_movement(head: AccountHead, movement: BankMovement) -> MovementOutcome:
    """Settle, take back or suspend: every booked movement ends in exactly one entry.

    A booking day that has not come yet changes nothing of that, since the bank says it is booked; a person is told.
    """
    waiting = _reason_to_wait(head, movement)
    if movement.movement.is_own:
        outcome = _book_own(movement)
    elif waiting:
        outcome = _suspend(head, movement, *waiting)
    elif movement.movement is Movement.PAYMENT:
        outcome = _post_payment(head, movement)
    else:
        outcome = _post_return(head, movement)
    if not movement.is_future_dated:
        return outcome
    what = f"{_describe(movement)} is booked on {movement.booked_on}, after the file that tells of it was received."
    early = _discrepancy(head, movement, DiscrepancyKind.FUTURE_DATED_PAYMENT, movement.amount_minor, what)
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
    decision = _decision(
        movement,
        EntryKind.MONEY_SUSPENDED,
        f"{_describe(movement)} waits in suspense: {why}.",
        Posting(LedgerAccount.CASH, movement.currency, amount_minor),
        Posting(LedgerAccount.SUSPENSE, movement.currency, -amount_minor),
    )
    return MovementOutcome(decision, (_discrepancy(head, movement, kind, movement.amount_minor, decision.reason),))


def _book_own(movement: BankMovement) -> MovementOutcome:
    """Book what a provider charges, and what it pays out to our bank account: nobody need know of either."""
    is_fee = movement.movement in _FEES
    ledger_account, why = (
        (LedgerAccount.PROVIDER_FEES, "is what the provider charges or gives back of it")
        if is_fee
        else (LedgerAccount.IN_TRANSIT, "moves between the provider and the bank account")
    )
    decision = _decision(
        movement,
        EntryKind.PROVIDER_FEE_BOOKED if is_fee else EntryKind.PAYOUT_BOOKED,
        f"{_describe(movement)} {why}.",
        Posting(LedgerAccount.CASH, movement.currency, movement.signed_minor),
        Posting(ledger_account, movement.currency, -movement.signed_minor),
    )
    return MovementOutcome(decision, ())


def _post_payment(head: AccountHead, movement: BankMovement) -> MovementOutcome:
    allocations = allocate_oldest_first(movement.amount_minor, head.open_invoices)
    applied_minor = sum_of(allocations)
    unapplied_minor = movement.amount_minor - applied_minor
    settled = ", ".join(f"{a.invoice_id} {format_amount(a.amount_minor, movement.currency)}" for a in allocations)
    reason = f"{_describe(movement)} settles {settled}" if settled else f"{_describe(movement)} settles no invoice"
    if unapplied_minor:
        reason += f"; {format_amount(unapplied_minor, movement.currency)} is unapplied cash"
    short_minor = _short_minor(head, allocations)
    if short_minor:
        reason += f", of which {format_amount(short_minor, movement.currency)} stays open"
    decision = _decision(
        movement,
        EntryKind.PAYMENT_POSTED,
        f"{reason}.",
        Posting(LedgerAccount.CASH, movement.currency, movement.amount_minor),
        Posting(LedgerAccount.RECEIVABLE, movement.currency, -applied_minor),
        Posting(LedgerAccount.UNAPPLIED, movement.currency, -unapplied_minor),
        allocations=allocations,
    )
    discrepancies = []
    if unapplied_minor:
        discrepancies.append(
            _discrepancy(head, movement, DiscrepancyKind.OVERPAYMENT, unapplied_minor, decision.reason)
        )
    if short_minor:
        discrepancies.append(_discrepancy(head, movement, DiscrepancyKind.UNDERPAYMENT, short_minor, decision.reason))
    return MovementOutcome(decision, tuple(discrepancies))


def _short_minor(head: AccountHead, allocations: tuple[Allocation, ...]) -> int:
    """What a payment left open of the last invoice it reached; a payer who settles whole invoices owes nothing more."""
    if not allocations:
        return 0
    last = allocations[-1]
    remaining_minor = next(i.remaining_minor for i in head.open_invoices if i.invoice_id == last.invoice_id)
    return remaining_minor - last.amount_minor


def _post_return(head: AccountHead, movement: BankMovement) -> MovementOutcome:
    """Take unapplied cash first; what is more than that is due again at once."""
    from_unapplied_minor = min(movement.amount_minor, max(0, -head.balance_minor(LedgerAccount.UNAPPLIED)))
    due_again_minor = movement.amount_minor - from_unapplied_minor
    opened = None
    if due_again_minor:
        opened = OpenInvoice(f"return-{movement.payment_id[:12]}", movement.booked_on, due_again_minor)
    why = f" ({movement.return_reason})" if movement.return_reason else ""
    decision = _decision(
        movement,
        EntryKind.PAYMENT_RETURNED,
        f"{_describe(movement)} was taken back{why}; "
        f"{format_amount(due_again_minor, movement.currency)} {movement.currency} is due again.",
        Posting(LedgerAccount.CASH, movement.currency, -movement.amount_minor),
        Posting(LedgerAccount.UNAPPLIED, movement.currency, from_unapplied_minor),
        Posting(LedgerAccount.RECEIVABLE, movement.currency, due_again_minor),
        opened_invoice=opened,
    )
    discrepancy = _discrepancy(head, movement, DiscrepancyKind.PAYMENT_RETURNED, movement.amount_minor, decision.reason)
    return MovementOutcome(decision, (discrepancy,))


def _decision(
    movement: BankMovement,
    kind: EntryKind,
    reason: str,
    *postings: Posting,
    allocations: tuple[Allocation, ...] = (),
    opened_invoice: OpenInvoice | None = None,
) -> Decision:
    return Decision(
        kind=kind,
        entry_id=entry_id_of(movement),
        occurred_on=movement.booked_on,
        facts={
            "amount_minor": movement.amount_minor,
            "currency": movement.currency,
        },
        source={
            "file_id": movement.file_id,
            "line": movement.line,
            "number": movement.number,
            "identified_by": movement.identified_by,
            **({} if movement.offset is None else {"offset": movement.offset}),
        },
        postings=tuple(posting for posting in postings if posting.amount_minor),
        reason=reason,
        allocations=allocations,
        opened_invoice=opened_invoice,
    )


def _discrepancy(
    head: AccountHead, movement: BankMovement, kind: DiscrepancyKind, amount_minor: int, what: str
) -> Discrepancy:
    return Discrepancy(
        kind=kind,
        subject=entry_id_of(movement),
        born_on=movement.booked_on,
        what=what,
        account_id=head.account_id,
        currency=movement.currency,
        amount_minor=amount_minor,
    )


def _describe(movement: BankMovement) -> str:
    amount = format_amount(movement.amount_minor, movement.currency)
    return f"{_NAMES[movement.movement]} of {amount} {movement.currency}"
