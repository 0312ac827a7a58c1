"""Which payment a return takes back: found by the bank's own ids of it, then by the amount, and never by a guess."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from pawledger.domain.books.entries import PAYMENT_ENTRIES, Entry, EntryKind, LedgerAccount
from pawledger.domain.books.waiting_money import UNDOES, find_changes
from pawledger.domain.money import format_amount
from pawledger.domain.posting.bank_movements import BankMovement, Movement
from pawledger.domain.posting.movement_outcomes import RETURN_REASON
from pawledger.domain.posting.splitting import PART_ENTRIES
from pawledger.domain.worklist.discrepancies import DiscrepancyKind

_RECEIVED: Final = frozenset({EntryKind.PAYMENT_POSTED, EntryKind.MONEY_SUSPENDED, EntryKind.PAYMENT_SPLIT})


WAITS_AS: Final = "waits_as"
"""Under which detail a return that waits says why: the kind of its discrepancy."""


@dataclass(frozen=True, slots=True)
class ReceivedPayment:
    """A payment in a ledger, and what has become of it since."""

    entry: Entry
    returns: tuple[Entry, ...] = ()
    """The entries that took it back, in part or whole, and were not undone, in their order."""
    is_released: bool = False
    """Whether it waited for the first policy of its account, and became the account's own money with it."""
    due_days: Mapping[str, date] = field(default_factory=dict)
    """When invoices of the account are due, by their ids, for allocations that do not say so themselves."""

    @property
    def amount_minor(self) -> int:
        return int(self.entry.decision.facts["amount_minor"])

    @property
    def returned_minor(self) -> int:
        """What returns took back of it."""
        return sum(int(entry.decision.facts["amount_minor"]) for entry in self.returns)

    @property
    def left_minor(self) -> int:
        """What can still be returned of it."""
        return self.amount_minor - self.returned_minor

    @property
    def waits_in_suspense(self) -> bool:
        return self.entry.decision.kind is EntryKind.MONEY_SUSPENDED and not self.is_released

    @property
    def marks(self) -> frozenset[str]:
        return marks_of_entry(self.entry)


@dataclass(frozen=True, slots=True)
class OriginalFound:
    """The payment that a return takes back."""

    payment: ReceivedPayment
    found_by: str
    """`marks` where the return repeats an id of the payment, `amount` where no other payment can be meant, `part` where
    it is the part of a payment for several accounts that was taken back whole, `person` where a person named it."""


@dataclass(frozen=True, slots=True)
class OriginalUnknown:
    """Why a return waits for a person, or for its payment."""

    kind: DiscrepancyKind
    why: str
    """Part of a sentence."""


def marks_of_entry(entry: Entry) -> frozenset[str]:
    """The marks that an entry of a movement keeps, that of its mandate included."""
    source = entry.decision.source
    mandate = source.get("mandate")
    return frozenset([*source.get("marks", ()), *([mandate] if mandate else [])])


def find_original(
    movement: BankMovement, entries: Iterable[Entry], *, days_max: int | None = None
) -> OriginalFound | OriginalUnknown:
    """The one payment among a ledger's entries that a return can mean.

    A payment that shares an id with the return is meant, whatever else there is; what it amounts to decides among
    several. Without one, the only payment of that amount of which nothing was returned is meant, unless the return
    should repeat its id and does not. `days_max` is within how many days a return of its reason comes: it decides
    between payments of one amount, as they are made month by month.
    """
    entries = list(entries)
    received = [
        payment
        for payment in find_received(entries)
        if payment.entry.decision.facts["currency"] == movement.currency
        and payment.entry.decision.occurred_on <= movement.booked_on
        # A bank takes back what it told of, never a part that was made of it here.
        and payment.entry.entry_id.startswith(PAYMENT_ENTRIES)
    ]
    sharing = [payment for payment in received if not payment.marks.isdisjoint(movement.marks)]
    if sharing:
        return unless_moved(movement, _choose(movement, sharing), entries)
    likely = [
        p
        for p in received
        if p.amount_minor == movement.amount_minor and not p.returned_minor and not _is_another(movement, p)
    ]
    if len(likely) > 1 and days_max is not None:
        first_day = movement.booked_on - timedelta(days=days_max)
        likely = [p for p in likely if p.entry.decision.occurred_on >= first_day] or likely
    if len(likely) == 1:
        return unless_moved(movement, OriginalFound(likely[0], "amount"), entries)
    if likely:
        return OriginalUnknown(DiscrepancyKind.RETURN_UNCLEAR, f"{len(likely)} payments of that amount could be meant")
    return OriginalUnknown(DiscrepancyKind.RETURN_WITHOUT_PAYMENT, "no payment that it could take back was recorded")


def find_part(movement: BankMovement, entry_id: str, entries: Iterable[Entry]) -> OriginalFound | OriginalUnknown:
    """The part of a payment for several accounts that is taken back, by the id of its entry: nothing is searched."""
    entries = list(entries)
    part = next((payment for payment in find_received(entries) if payment.entry.entry_id == entry_id), None)
    if part is None:
        why = "the part of the payment that it takes back is not there yet"
        return OriginalUnknown(DiscrepancyKind.RETURN_WITHOUT_PAYMENT, why)
    if part.left_minor < movement.amount_minor:
        return OriginalUnknown(DiscrepancyKind.RETURN_REPEATED, "the part of the payment was taken back before")
    return unless_moved(movement, OriginalFound(part, "part"), entries)


def find_received(entries: Iterable[Entry]) -> list[ReceivedPayment]:
    """The payments among a ledger's entries, in their order, each with what returns and people made of it.

    The account's part of a payment for several accounts is one of them.
    """
    entries = list(entries)
    returns: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry, original, _ in _returns_among(entries):
        returns[original].append(entry)
    opened_at = _openings(entries)
    due_days = {
        opened.invoice_id: opened.due_on
        for entry in entries
        for opened in (entry.decision.opened_invoice, *entry.decision.reopened)
        if opened is not None
    }
    return [
        ReceivedPayment(
            entry,
            tuple(returns[entry.entry_id]),
            is_released=_is_released(entry, opened_at),
            due_days=due_days,
        )
        for entry in entries
        if entry.decision.kind in _RECEIVED and entry.entry_id.startswith((PAYMENT_ENTRIES, PART_ENTRIES))
    ]


def find_waiting_returns(entries: Iterable[Entry]) -> list[Entry]:
    """The returns that wait in suspense for their payment, in their order."""
    entries = list(entries)
    booked = find_booked_returns(entries)
    return [
        entry
        for entry in entries
        if entry.decision.kind is EntryKind.MONEY_SUSPENDED
        and RETURN_REASON in entry.decision.source
        and entry.entry_id not in booked
        and not find_changes(entry.entry_id, entries)
    ]


def may_be_booked_later(waiting: Entry) -> bool:
    """Whether a return that waits is booked by itself once its payment is there.

    Not where several could be meant: that another return takes all but one of them does not say that it was this one,
    since one return may be told twice. A person says which.
    """
    return details_of(waiting).get(WAITS_AS) != DiscrepancyKind.RETURN_UNCLEAR


def find_booked_returns(entries: Iterable[Entry]) -> set[str]:
    """The entries of returns that waited and were booked against their payment since."""
    return {str(details_of(entry).get("waited_as")) for entry, _, _ in _returns_among(entries)}


def find_waiting_returns_of(payment: Entry, entries: Iterable[Entry]) -> list[Entry]:
    """The returns that wait in a payment's own ledger and mean it, by an id that both carry.

    They could not be booked, because a person had moved its money or several could be meant; its payer has the money
    back all the same, so that it may be given to nobody else.
    """
    facts, marks = payment.decision.facts, set(payment.decision.source.get("marks", ()))
    return [
        each
        for each in (find_waiting_returns(entries) if marks else ())
        if not marks.isdisjoint(each.decision.source.get("marks", ()))
        and each.decision.facts["currency"] == facts["currency"]
        and each.decision.facts["amount_minor"] <= facts["amount_minor"]
        and each.decision.occurred_on >= payment.decision.occurred_on
    ]


def _openings(entries: Iterable[Entry]) -> dict[str, int]:
    """By currency, the sequence of the entry that opened the account in it, and so released what waited for it."""
    return {entry.decision.opens_account_in: entry.sequence for entry in entries if entry.decision.opens_account_in}


def _is_released(entry: Entry, opened_at: Mapping[str, int]) -> bool:
    is_suspended = entry.decision.kind is EntryKind.MONEY_SUSPENDED
    return is_suspended and entry.sequence < opened_at.get(entry.decision.facts["currency"], 0)


def find_return_to_take_back(movement: BankMovement, entries: Iterable[Entry]) -> Entry | None:
    """The one return among a ledger's entries that money which comes back undoes: by its ids, and its whole amount."""
    if movement.movement is not Movement.MONEY_BACK:
        return None
    entries = list(entries)
    undone = {str(details_of(entry).get("takes_back")) for entry in entries}
    marks = {entry.entry_id: marks_of_entry(entry) for entry in entries}
    known = [
        (entry, marks.get(payment_id, frozenset()))
        for entry, payment_id, amount_minor in _returns_among(entries)
        if entry.entry_id not in undone
        and amount_minor == movement.amount_minor
        and entry.decision.facts["currency"] == movement.currency
        and entry.decision.occurred_on <= movement.booked_on
    ]
    sharing = [entry for entry, own in known if not own.isdisjoint(movement.marks)]
    candidates = sharing or [entry for entry, own in known if not movement.repeats_ids or not own]
    return candidates[0] if len(candidates) == 1 else None


def details_of(entry: Entry) -> Mapping[str, Any]:
    return entry.decision.details or {}


def _choose(movement: BankMovement, sharing: Sequence[ReceivedPayment]) -> OriginalFound | OriginalUnknown:
    """The one payment among those that share an id with the return: of its very amount, else one that is larger."""
    enough = [payment for payment in sharing if payment.left_minor >= movement.amount_minor]
    exact = [payment for payment in enough if payment.left_minor == movement.amount_minor]
    candidates = exact or enough
    if len(candidates) == 1:
        return OriginalFound(candidates[0], "marks")
    if candidates:
        return OriginalUnknown(
            DiscrepancyKind.RETURN_UNCLEAR, f"{len(candidates)} payments of the same id and amount could be meant"
        )
    latest = sharing[-1]
    if latest.returned_minor:
        return OriginalUnknown(
            DiscrepancyKind.RETURN_REPEATED,
            f"of the payment of {latest.entry.decision.occurred_on} that it names, "
            f"{format_amount(latest.left_minor, movement.currency)} is not returned yet",
        )
    return OriginalUnknown(
        DiscrepancyKind.RETURN_UNCLEAR,
        f"the payment of {latest.entry.decision.occurred_on} that it names is "
        f"{format_amount(latest.amount_minor, movement.currency)}, less than what is taken back",
    )


def unless_moved(
    movement: BankMovement, found: OriginalFound | OriginalUnknown, entries: Sequence[Entry]
) -> OriginalFound | OriginalUnknown:
    """What was found, unless a person moved its money: to another ledger, or out of suspense to wherever.

    What a person used of unapplied cash stays the account's matter: the return opens an item for it. Of a payment for
    several accounts only the whole is taken back: nobody says from whom a part of it is.
    """
    if isinstance(found, OriginalUnknown):
        return found
    payment = found.payment
    paid_on = payment.entry.decision.occurred_on
    if payment.entry.decision.kind is EntryKind.PAYMENT_SPLIT and movement.amount_minor < payment.amount_minor:
        why = f"its payment of {paid_on} was for several accounts, and nothing says from which of them a part goes back"
        return OriginalUnknown(DiscrepancyKind.RETURN_UNCLEAR, why)
    moves = [
        entry
        for entry in find_changes(payment.entry.entry_id, entries)
        if entry.decision.kind is not EntryKind.PAYMENT_RETURNED
        and (
            payment.waits_in_suspense
            or any(p.ledger_account is LedgerAccount.CLEARING for p in entry.decision.postings)
        )
    ]
    if not moves:
        return found
    return OriginalUnknown(
        DiscrepancyKind.RETURN_OF_MOVED_PAYMENT,
        f"its payment of {paid_on} was moved or given back since, by {moves[-1].entry_id}",
    )


def _is_another(movement: BankMovement, payment: ReceivedPayment) -> bool:
    """Whether ids speak against a payment that shares none with the return."""
    if movement.mandate_mark in payment.marks:
        return movement.repeats_ids and bool(movement.marks) and len(payment.marks) > 1
    return movement.repeats_ids and bool(payment.marks) and bool(movement.marks or movement.mandate_mark)


def _returns_among(entries: Iterable[Entry]) -> Iterator[tuple[Entry, str, int]]:
    """Entries that take a payment back and were not undone since, each with that payment and how much of it."""
    entries = list(entries)
    undone = {entry.decision.facts.get(UNDOES) for entry in entries}
    for entry in entries:
        is_return = entry.decision.kind is EntryKind.PAYMENT_RETURNED and "returns" in details_of(entry)
        if is_return and entry.entry_id not in undone:
            yield entry, str(details_of(entry)["returns"]), int(entry.decision.facts["amount_minor"])
