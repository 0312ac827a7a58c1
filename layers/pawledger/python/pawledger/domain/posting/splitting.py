"""Splitting: one payment for several accounts, taken in once and passed on in parts against `clearing`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pawledger.domain.books.entries import Entry, EntryKind, LedgerAccount, Posting
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.errors import require
from pawledger.domain.money import format_amount
from pawledger.domain.posting.allocation_terms import AllocationTerms
from pawledger.domain.posting.bank_movements import BankMovement, describe_movement
from pawledger.domain.posting.movement_outcomes import MovementOutcome, book_movement
from pawledger.domain.posting.settling import settle_payment

PARTS_MAX: Final = 20
"""Accounts that one payment may be for: their parts stand in one entry, of seven accounts in less than 2 KB."""

PART_ENTRIES: Final = "part#"
"""With what the ids of all entries of parts begin."""


@dataclass(frozen=True, slots=True)
class SharedPart:
    """What one account gets of a payment for several."""

    account_id: str
    amount_minor: int
    invoice_ids: tuple[str, ...] = ()


def split_payment(
    movement: BankMovement, parts: Sequence[SharedPart], *, takes_back: str | None = None
) -> MovementOutcome:
    """Take in a payment for several accounts; `parts_of` its entry says what is to be passed on to whom.

    `takes_back` is the entry of the return that it undoes: then the money is given to the same accounts once more.
    Raises `InvariantError` where the parts are not the payment.
    """
    require(1 < len(parts) <= PARTS_MAX, f"a payment is split into 2 to {PARTS_MAX} parts")
    require(len({part.account_id for part in parts}) == len(parts), "each account gets one part")
    require(sum(part.amount_minor for part in parts) == movement.amount_minor, "the parts are the payment")
    shares = ", ".join(f"{part.account_id} {format_amount(part.amount_minor, movement.currency)}" for part in parts)
    decision = book_movement(
        movement,
        EntryKind.PAYMENT_SPLIT,
        f"{describe_movement(movement)} is for several accounts: {shares}.",
        Posting(LedgerAccount.CASH, movement.currency, movement.amount_minor),
        Posting(LedgerAccount.CLEARING, movement.currency, -movement.amount_minor),
        details={**write_parts(parts), **_undoing(takes_back)},
    )
    return MovementOutcome(decision, ())


def parts_of(entry: Entry) -> tuple[SharedPart, ...]:
    """What an entry passes on, or takes back, the same however often it is asked; nothing where it is for one account.

    The return of a payment for several accounts names the parts that the payment had.
    """
    written = (entry.decision.details or {}).get("parts", ())
    return tuple(SharedPart(account_id, minor, tuple(invoice_ids)) for account_id, minor, invoice_ids in written)


def write_parts(parts: Sequence[SharedPart]) -> Mapping[str, Any]:
    """The parts as the details of an entry, of which `parts_of` reads them."""
    return {"parts": [[part.account_id, part.amount_minor, list(part.invoice_ids)] for part in parts]}


def settle_part(
    head: AccountHead,
    movement: BankMovement,
    part: SharedPart,
    terms: AllocationTerms,
    *,
    takes_back: str | None = None,
) -> MovementOutcome:
    """What its part of a payment means for an account: what a payment of its own would, from `clearing`, not cash.

    `takes_back` is the entry by which that part was taken back before, where the money came once more.
    """
    share = replace(movement, amount_minor=part.amount_minor, invoice_ids=part.invoice_ids)
    outcome = settle_payment(head, share, terms)
    entry_id = f"{PART_ENTRIES}{movement.payment_id}"
    decision = replace(
        outcome.decision,
        entry_id=entry_id,
        postings=tuple(_from_clearing(posting) for posting in outcome.decision.postings),
        reason=f"Part of a payment for several accounts. {outcome.decision.reason}",
        details={**(outcome.decision.details or {}), **_undoing(takes_back)} or None,
    )
    found = tuple(replace(each, subject=entry_id, what=decision.reason) for each in outcome.discrepancies)
    return MovementOutcome(decision, found)


def _undoing(takes_back: str | None) -> Mapping[str, Any]:
    return {"takes_back": takes_back} if takes_back else {}


def _from_clearing(posting: Posting) -> Posting:
    is_cash = posting.ledger_account is LedgerAccount.CASH
    return replace(posting, ledger_account=LedgerAccount.CLEARING) if is_cash else posting
