"""Returns: what it means that a bank or provider takes a payment back, and that a return is taken back in its turn.

A return reverses the payment that it takes back, as far as it takes it back: what that payment had settled is open
again with its due day, and what of it was unapplied cash is taken from there. Nothing is done by a guess: a return
whose payment is not certain waits in suspense.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pawledger.domain.bank_returns.return_fees import ReturnFee
from pawledger.domain.bank_returns.return_reasons import ReasonClass, ReturnReason
from pawledger.domain.bank_returns.returned_payments import (
    WAITS_AS,
    OriginalFound,
    OriginalUnknown,
    ReceivedPayment,
    find_original,
    find_part,
)
from pawledger.domain.bank_returns.taking_back import (
    ITEM_ID_CHARACTERS,
    RETURN_ITEMS,
    GivenUp,
    TakenBack,
    give_up,
    plan_taking_back,
)
from pawledger.domain.books.entries import (
    DEBIT_ENTRIES,
    RETURNED_ENTRIES,
    Entry,
    EntryKind,
    LedgerAccount,
    OpenInvoice,
    Posting,
)
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.money import format_amount
from pawledger.domain.posting.allocation import plan_allocation, sum_of
from pawledger.domain.posting.allocation_terms import AllocationTerms
from pawledger.domain.posting.bank_movements import BankMovement, Movement, describe_movement
from pawledger.domain.posting.movement_outcomes import RETURN_REASON, MovementOutcome, book_movement, tell_movement
from pawledger.domain.posting.splitting import SharedPart, parts_of, write_parts
from pawledger.domain.worklist.discrepancies import DiscrepancyKind

FEE_ITEMS: Final = "fee-"
"""With what the id of an open item begins that is the fee for a returned payment."""

PART_RETURN_ENTRIES: Final = f"{RETURNED_ENTRIES}part#"
"""With what the id of an entry begins by which the part of one account of a payment for several is taken back."""

RETURNS_PART: Final = "returns_part"
"""Under which detail the return of a part that waits names the entry of that part."""


@dataclass(frozen=True, slots=True)
class ReturnGround:
    """What is known beside the account's head when a payment is taken back, or given again."""

    entries: Sequence[Entry] = ()
    """Those of the ledger, in their order; of one of suspense, the payment meant and what people did there."""
    reason: ReturnReason | None = None
    """What the bank's reason means; None where it was not looked up."""
    fee: ReturnFee | None = None
    """What its payer is charged, where the reason and the rules of the place allow it."""
    is_returned: bool = False
    """Whether another return took the payment of nobody known that is meant."""
    part_id: str | None = None
    """The entry of the part that is taken back, where the payment was for several accounts."""


def decide_return(head: AccountHead, movement: BankMovement, ground: ReturnGround) -> MovementOutcome:
    """What a return means for its ledger. Pure: the same head, return and ground always give the same entry."""
    original = _find(movement, ground)
    if isinstance(original, OriginalUnknown):
        return _suspend(head, movement, original, LedgerAccount.CASH, ground)
    return take_back(head, movement, original, LedgerAccount.CASH, ground)


def decide_part_return(
    head: AccountHead, movement: BankMovement, part: SharedPart, ground: ReturnGround
) -> MovementOutcome:
    """What it means for one account that a payment for several was taken back: as if its part had been all of it.

    The money goes back by `clearing`, since the bank took it from the ledger that had passed it on. No fee is charged:
    one payment came back, and nothing says who of several answers for it.
    """
    share = replace(movement, amount_minor=part.amount_minor, invoice_ids=part.invoice_ids)
    ground = replace(ground, fee=None)
    original = _find(share, ground)
    if isinstance(original, OriginalUnknown):
        outcome = _suspend(head, share, original, LedgerAccount.CLEARING, ground)
    else:
        outcome = take_back(head, share, original, LedgerAccount.CLEARING, ground)
    entry_id = f"{PART_RETURN_ENTRIES}{movement.payment_id}"
    reason = f"Part of a payment for several accounts. {outcome.decision.reason}"
    decision = replace(outcome.decision, entry_id=entry_id, reason=reason)
    return MovementOutcome(
        decision, tuple(replace(each, subject=entry_id, what=reason) for each in outcome.discrepancies)
    )


def find_payment_of(movement: BankMovement, ground: ReturnGround) -> OriginalFound | None:
    """The payment of a return that waits, if it is there by now."""
    original = _find(movement, ground)
    return None if isinstance(original, OriginalUnknown) else original


def _find(movement: BankMovement, ground: ReturnGround) -> OriginalFound | OriginalUnknown:
    if ground.part_id is not None:
        return find_part(movement, ground.part_id, ground.entries)
    if ground.is_returned:
        return OriginalUnknown(DiscrepancyKind.RETURN_REPEATED, "another return took the payment that it names")
    return find_original(movement, ground.entries, days_max=ground.reason.days_max if ground.reason else None)


def decide_waiting_return(
    head: AccountHead, waiting: Entry, movement: BankMovement, original: OriginalFound, ground: ReturnGround
) -> MovementOutcome:
    """What a return that waited in suspense means now that its payment is there.

    `movement` is the return once more, as `waiting` keeps it; the bank took the money on its day, and suspense answers
    for it since.
    """
    outcome = waited_as(waiting, take_back(head, movement, original, LedgerAccount.SUSPENSE, ground))
    entry_id = f"{RETURNED_ENTRIES}{movement.payment_id}"
    decision = replace(outcome.decision, entry_id=entry_id)
    born = tuple(replace(discrepancy, subject=entry_id) for discrepancy in outcome.discrepancies)
    return MovementOutcome(decision, born)


def waited_as(waiting: Entry, outcome: MovementOutcome) -> MovementOutcome:
    """What takes a payment back, and names the entry by which the return had waited in the same ledger."""
    details = {**(outcome.decision.details or {}), "waited_as": waiting.entry_id}
    return replace(outcome, decision=replace(outcome.decision, details=details))


def decide_money_back(
    head: AccountHead, movement: BankMovement, returned: Entry, terms: AllocationTerms
) -> MovementOutcome:
    """What it means that a return is taken back: a dispute that was won, a collection that is presented again.

    It settles again what the return had opened, as far as that is still open; the rest settles what else is open, and
    is unapplied cash in the end. A fee for the return stays: whether it is waived is for a person.
    """
    opened = [each.invoice_id for each in returned.decision.reopened]
    plan = plan_allocation(movement.amount_minor, head.open_invoices, named=opened, terms=terms)
    currency = movement.currency
    settled = ", ".join(f"{a.invoice_id} {format_amount(a.amount_minor, currency)}" for a in plan.allocations)
    rest = f"; {format_amount(plan.unapplied_minor, currency)} is unapplied cash" if plan.unapplied_minor else ""
    settled_minor = sum_of(plan.allocations)
    decision = book_movement(
        movement,
        EntryKind.PAYMENT_POSTED,
        f"{describe_movement(movement)} undoes the return of {returned.decision.occurred_on} and settles "
        f"{settled or 'no invoice'}{rest}.",
        Posting(LedgerAccount.CASH, currency, movement.amount_minor),
        Posting(LedgerAccount.RECEIVABLE, currency, -settled_minor),
        Posting(LedgerAccount.SMALL_DIFFERENCES, currency, plan.small_difference_minor),
        Posting(LedgerAccount.UNAPPLIED, currency, -plan.unapplied_minor),
        allocations=plan.allocations,
        details={"takes_back": returned.entry_id},
    )
    return MovementOutcome(decision, ())


def read_waiting_return(waiting: Entry) -> BankMovement:
    """A return, or a debit that turns out to be one, as the entry keeps it by which it waits in suspense."""
    facts, source = waiting.decision.facts, waiting.decision.source
    return BankMovement(
        payment_id=waiting.entry_id.removeprefix(DEBIT_ENTRIES).removeprefix(PART_RETURN_ENTRIES),
        movement=Movement.RETURN,
        amount_minor=int(facts["amount_minor"]),
        currency=str(facts["currency"]),
        booked_on=waiting.decision.occurred_on,
        invoice_ids=(),
        identified_by=source.get("identified_by"),
        return_reason=source.get(RETURN_REASON) or None,
        is_future_dated=False,
        file_id=str(source["file_id"]),
        line=int(source["line"]),
        number=int(source["number"]),
        offset=source.get("offset"),
        marks=tuple(source.get("marks", ())),
        mandate_mark=source.get("mandate"),
        repeats_ids=bool(source.get("repeats_ids")),
    )


def _take_back_parts(
    movement: BankMovement, original: OriginalFound, out_of: LedgerAccount, ground: ReturnGround
) -> MovementOutcome:
    """The return of a payment for several accounts: what it had passed on is called in, account by account."""
    payment = original.payment.entry
    parts = parts_of(payment)
    shares = ", ".join(f"{part.account_id} {format_amount(part.amount_minor, movement.currency)}" for part in parts)
    decision = book_movement(
        replace(movement, marks=(), mandate_mark=None, repeats_ids=False),
        EntryKind.PAYMENT_RETURNED,
        f"{describe_movement(movement)} takes back the payment of {payment.decision.occurred_on}"
        f"{_because(movement, ground)}, which was for several accounts: {shares}.",
        # Where both are one, a person brought it here to pass it on: the entry says so, and moves nothing.
        *_between(out_of, LedgerAccount.CLEARING, movement),
        details={"returns": payment.entry_id, "found_by": original.found_by, **write_parts(parts)},
    )
    return MovementOutcome(decision, ())


def _suspend(
    head: AccountHead,
    movement: BankMovement,
    original: OriginalUnknown,
    out_of: LedgerAccount,
    ground: ReturnGround,
) -> MovementOutcome:
    decision = book_movement(
        movement,
        EntryKind.MONEY_SUSPENDED,
        f"{describe_movement(movement)}{_because(movement, ground)} waits in suspense: {original.why}.",
        Posting(out_of, movement.currency, -movement.amount_minor),
        Posting(LedgerAccount.SUSPENSE, movement.currency, movement.amount_minor),
        details={WAITS_AS: original.kind, **({RETURNS_PART: ground.part_id} if ground.part_id else {})},
    )
    told = tell_movement(head, movement, original.kind, movement.amount_minor, decision.reason)
    return MovementOutcome(decision, (told,))


def take_back(
    head: AccountHead,
    movement: BankMovement,
    original: OriginalFound,
    out_of: LedgerAccount,
    ground: ReturnGround,
) -> MovementOutcome:
    """What takes a payment back in its own ledger.

    `out_of` is what answers for the money since the bank took it: `cash` itself, `suspense` where the return waited, or
    `clearing` where it comes from another ledger.
    """
    payment = original.payment
    if payment.entry.decision.kind is EntryKind.PAYMENT_SPLIT:
        return _take_back_parts(movement, original, out_of, ground)
    fee = None if payment.waits_in_suspense else ground.fee
    currency = movement.currency
    if payment.waits_in_suspense:
        taken, from_suspense_minor = TakenBack((), 0, 0), movement.amount_minor
    else:
        taken = plan_taking_back(payment, movement.amount_minor)
        from_suspense_minor = 0
    item_id = movement.payment_id[:ITEM_ID_CHARACTERS]
    item = OpenInvoice(f"{RETURN_ITEMS}{item_id}", movement.booked_on, 0)
    fee_item = OpenInvoice(f"{FEE_ITEMS}{item_id}", movement.booked_on, fee.amount_minor) if fee else None
    given = give_up(head, taken, currency, item, charged=fee_item)
    left_minor = payment.left_minor - movement.amount_minor
    # The payment that it names keeps the marks of both.
    decision = book_movement(
        replace(movement, marks=(), mandate_mark=None, repeats_ids=False),
        EntryKind.PAYMENT_RETURNED,
        _tell(movement, payment, given, ground),
        Posting(out_of, currency, -movement.amount_minor),
        Posting(LedgerAccount.SUSPENSE, currency, from_suspense_minor),
        *given.postings(currency),
        Posting(LedgerAccount.SMALL_DIFFERENCES, currency, -taken.small_difference_minor),
        Posting(LedgerAccount.FEE, currency, -fee.amount_minor if fee else 0),
        allocations=given.allocations,
        opened_invoice=fee_item,
        details={
            "returns": payment.entry.entry_id,
            "found_by": original.found_by,
            **({"left_minor": left_minor} if left_minor else {}),
            **({"fee_rule": fee.rule_id} if fee else {}),
        },
    )
    told = tell_movement(head, movement, DiscrepancyKind.PAYMENT_RETURNED, movement.amount_minor, decision.reason)
    is_of_nobody = payment.waits_in_suspense
    return MovementOutcome(replace(decision, reopened=given.reopened), () if is_of_nobody else (told,))


def _between(out_of: LedgerAccount, into: LedgerAccount, movement: BankMovement) -> tuple[Posting, ...]:
    if out_of is into:
        return ()
    return (
        Posting(out_of, movement.currency, -movement.amount_minor),
        Posting(into, movement.currency, movement.amount_minor),
    )


def _because(movement: BankMovement, ground: ReturnGround) -> str:
    if not movement.return_reason:
        return ""
    is_unknown = ground.reason is not None and ground.reason.reason_class is ReasonClass.UNKNOWN
    return f" ({movement.return_reason}{', which no table explains' if is_unknown else ''})"


def _tell(movement: BankMovement, payment: ReceivedPayment, given: GivenUp, ground: ReturnGround) -> str:
    """One sentence: what was taken back, and what follows for the account."""
    currency, paid_on = movement.currency, payment.entry.decision.occurred_on
    parts = [f"{describe_movement(movement)} takes back the payment of {paid_on}{_because(movement, ground)}"]
    again = ", ".join(f"{each.invoice_id} {format_amount(each.remaining_minor, currency)}" for each in given.reopened)
    if again:
        parts.append(f"due again: {again}")
    if given.from_unapplied_minor:
        parts.append(f"{format_amount(given.from_unapplied_minor, currency)} is taken from unapplied cash")
    if given.settled_minor:
        parts.append(
            f"{format_amount(given.settled_minor, currency)} of other unapplied cash settles what is due again"
        )
    if payment.waits_in_suspense:
        parts.append("it had waited in suspense")
    elif ground.fee:
        parts.append(f"a fee of {format_amount(ground.fee.amount_minor, currency)} is charged")
    return f"{'; '.join(parts)}."
