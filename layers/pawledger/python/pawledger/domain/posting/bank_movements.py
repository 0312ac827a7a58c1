"""Bank movements: what a statement says was booked, on its way into the ledger."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from pawledger.domain.canonical import hash_value
from pawledger.domain.matching.payment_clues import Candidate
from pawledger.domain.money import format_amount

PAYMENT_ID_LENGTH: Final = 32
"""128 bits of SHA-256: a collision among 10**12 payments has odds below 10**-14, and an entry stays short."""


class Movement(StrEnum):
    """What a statement entry is to the ledger."""

    PAYMENT = "payment"
    RETURN = "return"
    MONEY_BACK = "money_back"
    """What takes a return back: a dispute that was won, a collection presented again, a refund that failed."""
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


_CREDITS: Final = frozenset(
    {Movement.PAYMENT, Movement.MONEY_BACK, Movement.PROVIDER_FEE_REFUND, Movement.PAYOUT_REVERSAL}
)
FEES: Final = frozenset({Movement.PROVIDER_FEE, Movement.PROVIDER_FEE_REFUND})
_NAMES: Final = {
    Movement.PAYMENT: "Payment",
    Movement.RETURN: "Returned payment",
    Movement.MONEY_BACK: "Money that came back",
    Movement.OTHER_DEBIT: "Debit",
    Movement.PROVIDER_FEE: "Fee",
    Movement.PROVIDER_FEE_REFUND: "Fee given back",
    Movement.PAYOUT: "Payout",
    Movement.PAYOUT_REVERSAL: "Payout taken back",
}
_OWN_MOVEMENTS: Final = FEES | {Movement.PAYOUT, Movement.PAYOUT_REVERSAL}


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
    invoice_ids: tuple[str, ...]
    """The invoices that the payer named, where they could be read from a reference, in the payer's order."""
    identified_by: str | None
    """How the account was found, for people to read; None where it was not."""
    return_reason: str | None
    is_future_dated: bool
    file_id: str
    line: int
    number: int
    """Its place among the movements of the file, from 1: what tells two movements on one line apart."""
    payer_key: str | None = None
    """Keyed hash of the account that paid, which tells a payer again and tells nobody who it is."""
    name_keys: tuple[str, ...] = ()
    """Keyed hashes of the parts of the payer's name."""
    candidates: tuple[Candidate, ...] = ()
    """Accounts that may be meant, best first, where none is certain."""
    offset: int | None = None
    """Byte of the unpacked file on which it starts, from 0, where its line does not find it."""
    marks: tuple[str, ...] = ()
    """Short hashes of the bank's or provider's ids of it, see `marks`."""
    mandate_mark: str | None = None
    repeats_ids: bool = False
    """Whether who tells it repeats the ids of a payment in its return: one that shares none is then another."""

    @property
    def signed_minor(self) -> int:
        """Minor units, positive where money comes in."""
        return self.amount_minor if self.movement.is_credit else -self.amount_minor


def payment_id_of(identity: tuple[str, ...]) -> str:
    """The id of a movement, made of nothing but the bank's own identity of it."""
    return hash_value(list(identity))[:PAYMENT_ID_LENGTH]


def entry_id_of(movement: BankMovement) -> str:
    """Under which id a movement stands in a ledger: the same however often it is delivered."""
    prefix = "payment" if movement.movement.is_credit else "debit"
    return f"{prefix}#{movement.payment_id}"


def describe_movement(movement: BankMovement) -> str:
    """What it is and how much, as sentences about it begin."""
    amount = format_amount(movement.amount_minor, movement.currency)
    return f"{_NAMES[movement.movement]} of {amount} {movement.currency}"
