"""Returns whose payment a person names: the same entries as if the bank had named it, signed by that person."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pawledger.domain.bank_returns.returned_payments import (
    OriginalFound,
    OriginalUnknown,
    ReceivedPayment,
    find_booked_returns,
    find_received,
    unless_moved,
)
from pawledger.domain.bank_returns.returns import ReturnGround, decide_part_return, take_back, waited_as
from pawledger.domain.books.entries import Decision, Entry, EntryKind, LedgerAccount
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.books.waiting_money import NothingWaitsError, find_changes
from pawledger.domain.errors import PawledgerError
from pawledger.domain.money import format_amount, write_amount
from pawledger.domain.posting.bank_movements import BankMovement
from pawledger.domain.posting.movement_outcomes import MovementOutcome
from pawledger.domain.posting.splitting import SharedPart
from pawledger.domain.worklist.resolutions import PaymentChangedError, Resolution, pass_debit_on, sign_decision

NAMED_BY_PERSON: Final = "person"
"""How the payment of a return was found that a person named."""


POSSIBLE_MAX: Final = 5
"""As many as a person compares with a statement line before asking the bank."""


class PaymentNotReturnableError(PawledgerError):
    """A payment cannot be what a return takes back; the text says why."""


def check_still_waits(waiting: Entry, entries: Sequence[Entry]) -> None:
    """Raise `NothingWaitsError` unless an entry is money that the bank took and nobody has found a place for."""
    decision = waiting.decision
    took = any(p.ledger_account is LedgerAccount.SUSPENSE and p.amount_minor > 0 for p in decision.postings)
    if decision.kind is not EntryKind.MONEY_SUSPENDED or not took:
        raise NothingWaitsError(f"{waiting.entry_id} of {waiting.account_id} is no money that the bank took and waits")
    changes = find_changes(waiting.entry_id, entries)
    if changes or waiting.entry_id in find_booked_returns(entries):
        raise NothingWaitsError(f"{waiting.entry_id} of {waiting.account_id} does not wait any more, or not whole")


def find_possible_payments(movement: BankMovement, entries: Sequence[Entry]) -> list[ReceivedPayment]:
    """The payments of a ledger that a return could take back, the best first: of its very amount, then the latest."""
    found = []
    for payment in find_received(entries):
        decision = payment.entry.decision
        is_early = decision.occurred_on <= movement.booked_on and decision.facts["currency"] == movement.currency
        original = OriginalFound(payment, NAMED_BY_PERSON)
        if is_early and payment.left_minor >= movement.amount_minor:
            found += [payment] if unless_moved(movement, original, entries) is original else []
    found.sort(key=lambda each: (each.left_minor == movement.amount_minor, each.entry.sequence), reverse=True)
    return found[:POSSIBLE_MAX]


def find_named_payment(movement: BankMovement, entry_id: str, entries: Sequence[Entry]) -> OriginalFound:
    """The payment of an entry, if the return can take it back.

    Raises `PaymentNotReturnableError`, and `PaymentChangedError` where a person moved its money since.
    """
    payment = next((each for each in find_received(entries) if each.entry.entry_id == entry_id), None)
    if payment is None:
        raise PaymentNotReturnableError(f"{entry_id} is no payment that was received")
    facts = payment.entry.decision.facts
    if facts["currency"] != movement.currency:
        raise PaymentNotReturnableError(f"{entry_id} is in {facts['currency']}, the return in {movement.currency}")
    if payment.left_minor < movement.amount_minor:
        raise PaymentNotReturnableError(
            f"of {entry_id} {format_amount(payment.left_minor, movement.currency)} is not returned yet, less than the "
            f"{write_amount(movement.amount_minor, movement.currency)} that was taken back"
        )
    found = unless_moved(movement, OriginalFound(payment, NAMED_BY_PERSON), entries)
    if isinstance(found, OriginalUnknown):
        raise PaymentChangedError(f"{entry_id} cannot be taken back: {found.why}")
    return found


def decide_forwarding(resolution: Resolution, number: int, waiting: Entry, payment: Entry) -> Decision:
    """The last entry where the payment is in another ledger: what was taken back leaves for there."""
    facts = waiting.decision.facts
    amount_minor, currency = int(facts["amount_minor"]), str(facts["currency"])
    reason = (
        f"{write_amount(amount_minor, currency)} that the bank took by {waiting.entry_id} is the return of "
        f"{payment.entry_id} of {payment.account_id}"
    )
    return pass_debit_on(resolution, number, waiting, amount_minor, reason)


def decide_named_return(
    head: AccountHead, waiting: Entry, movement: BankMovement, original: OriginalFound, ground: ReturnGround
) -> MovementOutcome:
    """What takes the payment back in its ledger: out of suspense where the return waits in the same one."""
    if waiting.account_id == head.account_id:
        return waited_as(waiting, take_back(head, movement, original, LedgerAccount.SUSPENSE, ground))
    return take_back(head, movement, original, LedgerAccount.CLEARING, ground)


def decide_named_part(
    head: AccountHead, movement: BankMovement, part: SharedPart, ground: ReturnGround
) -> MovementOutcome:
    """What takes one account's part of it back. Raises `PaymentChangedError` where that is not there."""
    outcome = decide_part_return(head, movement, part, ground)
    if outcome.is_suspended:
        raise PaymentChangedError(f"the part of {head.account_id} cannot be taken back: {outcome.decision.reason}")
    return outcome


def sign_outcome(resolution: Resolution, number: int, outcome: MovementOutcome) -> MovementOutcome:
    """The outcome as the n-th entry of what a person decided, and what it brings to light as told of that entry."""
    decision = sign_decision(resolution, number, outcome.decision)
    told = tuple(replace(each, subject=decision.entry_id) for each in outcome.discrepancies)
    return MovementOutcome(decision, told)
