"""Settlements: what a provider says it paid out, proven against the lines of the bank statement, both ways.

A payout and its line meet in one ledger per provider and currency, one after the other, so that neither can be used
twice. Whichever is told first waits in the ledger's head; the second names it as arrived. Money that the bank tells
first waits in suspense, what the provider tells first is in transit.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from pawledger.domain.books.entries import LINE_ITEMS, PAYOUT_ITEMS, EntryKind, LedgerAccount, Posting, TransitItem
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.matching.marks import mark_of_id
from pawledger.domain.money import format_amount
from pawledger.domain.posting.bank_movements import BankMovement, Movement, describe_movement, entry_id_of
from pawledger.domain.posting.movement_outcomes import MovementOutcome, book_movement, tell_movement
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind

EARLY_DAYS: Final = 1
"""A bank east of the provider books on the calendar day before the provider's."""

CLOSED_WEEKDAYS_MAX: Final = 4
"""Weekdays in a row on which banks may be closed beside their own days: Christmas, or Easter with a Thursday."""

ID_CHARACTERS_MIN: Final = 6
"""A shorter word with a digit is a day, a number of a batch or an amount, and tells no payout from another."""

MARKS_MAX: Final = 12
"""Ids of one side that are kept: a provider's row has at most this many, and a line of the bank a few words."""

_WORDS: Final = re.compile(r"[^\s/,;:+()*]+")


@dataclass(frozen=True, slots=True)
class Settlement:
    """That a movement belongs to a provider's payouts."""

    provider: str
    days_until_arrival: int
    """Business days until a payout is at the bank, by the provider's profile."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Payouts and lines of the bank that explain each other."""

    payouts: tuple[TransitItem, ...]
    lines: tuple[TransitItem, ...]

    @property
    def difference_minor(self) -> int:
        """What the bank tells more than the provider, in minor units."""
        return sum(line.amount_minor for line in self.lines) - sum(payout.amount_minor for payout in self.payouts)


def settlement_marks(texts: Iterable[str]) -> tuple[str, ...]:
    """Marks of the ids among references and texts by which a payout and its line may name each other."""
    words = (word for text in texts for word in _WORDS.findall(text))
    ids = (word for word in words if len(word) >= ID_CHARACTERS_MIN and any(sign.isdigit() for sign in word))
    return tuple(dict.fromkeys(map(mark_of_id, ids)))[:MARKS_MAX]


def decide_settlement(
    head: AccountHead, movement: BankMovement, settlement: Settlement, marks: tuple[str, ...]
) -> MovementOutcome:
    """Book a payout of the provider's report, or a line of the bank that looks like one, and what each proves."""
    if movement.movement in (Movement.PAYOUT, Movement.PAYOUT_REVERSAL):
        item = TransitItem(_item_id(PAYOUT_ITEMS, movement), movement.booked_on, -movement.signed_minor, marks)
        bounced = _find_bounced(item, head.transit)
        if bounced is not None:
            return _book_bounce(movement, bounced)
        return _book_payout(head, movement, item, find_proof(item, head.transit, settlement.days_until_arrival))
    item = TransitItem(_item_id(LINE_ITEMS, movement), movement.booked_on, movement.signed_minor, marks)
    return _book_line(head, movement, item, find_proof(item, head.transit, settlement.days_until_arrival), settlement)


def kind_of_waiting(item: TransitItem) -> DiscrepancyKind:
    """As what it is told when its other side does not come."""
    return DiscrepancyKind.PAYOUT_MISSING if _is_payout(item) else DiscrepancyKind.SETTLEMENT_MISSING


def find_proof(item: TransitItem, waiting: Sequence[TransitItem], days_until_arrival: int) -> Proof | None:
    """What `item` and some of what waits prove about each other; None where nothing is certain.

    First the one that shares an id with it, whatever its amount. Else those of the same amount in the time in which a
    payout arrives: one for one, or as many payouts as lines, each of which fits each, in the order of their days; which
    of two equal lines is which of two equal payouts makes no difference to any balance.
    """
    same_way = [other for other in waiting if (other.amount_minor > 0) == (item.amount_minor > 0)]
    others = [other for other in same_way if _is_payout(other) != _is_payout(item)]
    named = [other for other in others if set(other.marks) & set(item.marks)]
    if len(named) > 1:
        named = [other for other in named if other.amount_minor == item.amount_minor]
        return _proof_of([item, *named]) if len(named) == 1 else None
    if named:
        return _proof_of([item, *named])
    equal = [other for other in same_way if other.amount_minor == item.amount_minor]
    group = _group_of(item, equal, days_until_arrival)
    proof = _proof_of(group)
    is_whole = all(_fits(payout, line, days_until_arrival) for payout in proof.payouts for line in proof.lines)
    return proof if is_whole and len(proof.payouts) == len(proof.lines) else None


def _group_of(item: TransitItem, equal: Sequence[TransitItem], days_until_arrival: int) -> list[TransitItem]:
    """The item and all that fit it, or fit one that fits it, and so on."""
    group, left = [item], list(equal)
    for member in group:
        fitting = [
            other
            for other in left
            if _is_payout(other) != _is_payout(member)
            and _fits(*((other, member) if _is_payout(other) else (member, other)), days_until_arrival)
        ]
        group += fitting
        left = [other for other in left if other not in fitting]
    return group


def _fits(payout: TransitItem, line: TransitItem, days_until_arrival: int) -> bool:
    """Whether a line can be of a payout by their days alone."""
    if line.booked_on < payout.booked_on - timedelta(days=EARLY_DAYS):
        return False
    return _weekdays_between(payout.booked_on, line.booked_on) <= days_until_arrival + CLOSED_WEEKDAYS_MAX


def _weekdays_between(first: date, last: date) -> int:
    """Days from Monday to Friday after `first`, up to `last`."""
    weeks, rest = divmod(max(0, (last - first).days), 7)
    return 5 * weeks + sum((first + timedelta(days=number)).weekday() < 5 for number in range(1, rest + 1))


def _find_bounced(item: TransitItem, waiting: Iterable[TransitItem]) -> TransitItem | None:
    """The payout on its way that comes back: of the same amount, and of an id that it shares with no other."""
    sharing = [
        other
        for other in waiting
        if _is_payout(other) and other.amount_minor == -item.amount_minor and set(other.marks) & set(item.marks)
    ]
    return sharing[0] if len(sharing) == 1 else None


def _book_bounce(movement: BankMovement, bounced: TransitItem) -> MovementOutcome:
    reason = f"{describe_movement(movement)}: what was sent on {bounced.booked_on} came back and never arrived."
    decision = book_movement(
        movement,
        EntryKind.PAYOUT_BOOKED,
        reason,
        Posting(LedgerAccount.CASH, movement.currency, movement.signed_minor),
        Posting(LedgerAccount.IN_TRANSIT, movement.currency, -movement.signed_minor),
    )
    return MovementOutcome(replace(decision, arrived=(bounced.item_id,)), ())


def _book_payout(head: AccountHead, movement: BankMovement, item: TransitItem, proof: Proof | None) -> MovementOutcome:
    told = describe_movement(movement)
    if proof is None:
        reason = f"{told} is on its way; the bank has not told of it."
    else:
        reason = f"{told} is what the bank booked on {proof.lines[-1].booked_on}."
    return _book(head, movement, (EntryKind.PAYOUT_BOOKED, reason), item, proof)


def _book_line(
    head: AccountHead, movement: BankMovement, item: TransitItem, proof: Proof | None, settlement: Settlement
) -> MovementOutcome:
    told = describe_movement(movement)
    if proof is None:
        reason = (
            f"{told} looks like a settlement of {settlement.provider}, which no payout in its reports explains yet."
        )
        return _book(head, movement, (EntryKind.MONEY_SUSPENDED, reason), item, None)
    reason = f"{told} is the payout of {settlement.provider} of {proof.payouts[-1].booked_on}."
    return _book(head, movement, (EntryKind.PAYOUT_ARRIVED, reason), item, proof)


def _book(
    head: AccountHead, movement: BankMovement, told_as: tuple[EntryKind, str], item: TransitItem, proof: Proof | None
) -> MovementOutcome:
    """The entry of one side, `told_as` its kind and reason: cash at once, lines that waited leave suspense."""
    found = () if proof is None else (*proof.payouts, *proof.lines)
    others = [each for each in found if each.item_id != item.item_id]
    cash_minor = movement.signed_minor
    is_waiting_line = proof is None and not _is_payout(item)
    released_minor = sum(each.amount_minor for each in others if not _is_payout(each))
    suspense_minor = -cash_minor if is_waiting_line else released_minor
    decision = book_movement(
        movement,
        *told_as,
        Posting(LedgerAccount.CASH, movement.currency, cash_minor),
        Posting(LedgerAccount.SUSPENSE, movement.currency, suspense_minor),
        Posting(LedgerAccount.IN_TRANSIT, movement.currency, -cash_minor - suspense_minor),
    )
    if proof is None:
        return MovementOutcome(replace(decision, sent=item), ())
    differs = (_tell_difference(head, movement, proof),) if proof.difference_minor else ()
    return MovementOutcome(replace(decision, arrived=tuple(each.item_id for each in others)), differs)


def _tell_difference(head: AccountHead, movement: BankMovement, proof: Proof) -> Discrepancy:
    told, booked = (
        format_amount(sum(each.amount_minor for each in side), movement.currency)
        for side in (proof.payouts, proof.lines)
    )
    what = f"The provider paid out {told} {movement.currency}, and the bank booked {booked} {movement.currency} of it."
    return tell_movement(head, movement, DiscrepancyKind.PAYOUT_DIFFERS, abs(proof.difference_minor), what)


def _proof_of(items: Iterable[TransitItem]) -> Proof:
    in_order = sorted(items, key=lambda item: (item.booked_on, item.item_id))
    payouts = tuple(item for item in in_order if _is_payout(item))
    return Proof(payouts, tuple(item for item in in_order if not _is_payout(item)))


def _is_payout(item: TransitItem) -> bool:
    return item.item_id.startswith(PAYOUT_ITEMS)


def _item_id(prefix: str, movement: BankMovement) -> str:
    return f"{prefix}{entry_id_of(movement)}"
