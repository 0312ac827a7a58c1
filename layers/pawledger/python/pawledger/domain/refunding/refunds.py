"""Refunds: money that goes back to a payer, read from the entries of its steps, and settled by the bank's debit.

A refund is requested, approved, sent and settled, or rejected, or void. Each step is an entry `refund#<id>#<step>` in
the ledger that the money comes from. Money of nobody known that a person returns (`resolution#<id>#1`) is a refund that
is requested by that entry; everything after that is the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from pawledger.domain.books.entries import (
    REFUND_ENTRIES,
    RESOLUTION_ENTRIES,
    Decision,
    Entry,
    EntryKind,
    LedgerAccount,
    Posting,
)
from pawledger.domain.books.waiting_money import TAKES, UNDOES
from pawledger.domain.canonical import hash_value
from pawledger.domain.errors import PawledgerError
from pawledger.domain.money import write_amount
from pawledger.domain.posting.bank_movements import BankMovement, describe_movement
from pawledger.domain.posting.movement_outcomes import book_movement

REFUND_ID_LENGTH: Final = 24
"""96 bits of SHA-256, and short enough to be an end-to-end id, of which SEPA allows 35 characters."""

BY: Final = "by"
"""The fact under which a step names who took it: two persons who take the same step contradict each other."""

END_TO_END_ID: Final = "end_to_end_id"
PAYMENT_FILE: Final = "payment_file"
PAYMENT_ID: Final = "payment_id"
"""The fact under which what settled a refund names its debit."""

INTEREST: Final = "interest_minor"


class RefundBegunError(PawledgerError):
    """What set money aside cannot be undone any more, because its refund has been decided; the text says how far."""


class RefundStep(StrEnum):
    """A step of a refund; the last one that was taken is its state."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SENT = "sent"
    SETTLED = "settled"
    REJECTED = "rejected"
    VOID = "void"
    UNDONE = "undone"
    """The resolution that set its money aside was undone before anybody approved it.

    In the history of a refund also: what settled it by hand was, so that it is sent as before.
    """
    WRITTEN_UP = "written_up"
    """It was too small to be sent, and the rules say that such a rest is kept."""


OPEN_STEPS: Final = frozenset({RefundStep.REQUESTED, RefundStep.APPROVED, RefundStep.SENT})
"""While one of these is a refund's state, its money stands in `refunds`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """One refund as the entries of its ledger tell it. Amounts in minor units."""

    refund_id: str
    ledger_id: str
    currency: str
    amount_minor: int
    """What was asked for, without interest."""
    out_of: LedgerAccount
    """Where the money stood, and goes back to when it is not sent: unapplied cash, or suspense."""
    ground: str
    """The entry that made the money one to give back: a payment, or an event of a policy."""
    steps: Mapping[RefundStep, Entry] = field(default_factory=dict)
    """Those that stand, in the order in which they were taken."""
    history: tuple[tuple[RefundStep, Entry], ...] = ()
    """Every step, also one that was taken back since and what took it back, in their order."""

    @property
    def state(self) -> RefundStep:
        return list(self.steps)[-1]

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STEPS

    @property
    def interest_minor(self) -> int:
        """What was added because it was sent late."""
        sent = self.steps.get(RefundStep.SENT)
        return int(sent.decision.facts.get(INTEREST, 0)) if sent else 0

    @property
    def total_minor(self) -> int:
        """What leaves, or left, the bank account."""
        return self.amount_minor + self.interest_minor

    @property
    def requested(self) -> Entry:
        """The entry that set its money aside, or that wrote it up."""
        return next(iter(self.steps.values()))

    @property
    def discrepancy_id(self) -> str | None:
        """The discrepancy whose resolution it is."""
        found = self.requested.decision.source.get("discrepancy_id")
        return str(found) if found else None

    @property
    def end_to_end_id(self) -> str | None:
        sent = self.steps.get(RefundStep.SENT)
        return str(sent.decision.facts[END_TO_END_ID]) if sent else None

    @property
    def payment_file(self) -> str | None:
        """The file in which the bank was told to pay it."""
        sent = self.steps.get(RefundStep.SENT)
        return str(sent.decision.facts[PAYMENT_FILE]) if sent else None

    def taken_by(self, step: RefundStep) -> str | None:
        """Who took a step; None where it was not taken, or by the bank."""
        entry = self.steps.get(step)
        return person_behind(entry) if entry else None

    def taken_on(self, step: RefundStep) -> date | None:
        entry = self.steps.get(step)
        return entry.decision.occurred_on if entry else None


_STEP_OF_KIND: Final[Mapping[EntryKind, RefundStep]] = {
    EntryKind.REFUND_REQUESTED: RefundStep.REQUESTED,
    EntryKind.REFUND_APPROVED: RefundStep.APPROVED,
    EntryKind.REFUND_SENT: RefundStep.SENT,
    EntryKind.REFUND_SETTLED: RefundStep.SETTLED,
    EntryKind.REFUND_REJECTED: RefundStep.REJECTED,
    EntryKind.REFUND_VOIDED: RefundStep.VOID,
    EntryKind.REFUND_WRITTEN_UP: RefundStep.WRITTEN_UP,
}


def refund_id_of(account_id: str, ground: str, currency: str, amount_minor: int, attempt: int) -> str:
    """The same for every repetition of one request; `attempt` counts those before it that were rejected or void."""
    return hash_value([account_id, ground, currency, amount_minor, attempt])[:REFUND_ID_LENGTH]


def step_entry_id(refund_id: str, step: RefundStep) -> str:
    """Under which id a step stands in its ledger."""
    return f"{REFUND_ENTRIES}{refund_id}#{step}"


def hand_settlement_id(refund_id: str, resolution_id: str) -> str:
    """Under which id it stands that a person settled a refund; the bank's own debit has the id of the step alone."""
    return f"{_by_hand(refund_id)}{resolution_id}"


def person_behind(entry: Entry) -> str | None:
    """Who made an entry, as credentials or a command named them; None for what no person made."""
    found = entry.decision.facts.get(BY) or entry.decision.source.get("actor")
    return str(found) if found else None


def refunds_among(entries: Iterable[Entry]) -> tuple[Refund, ...]:
    """The refunds of a ledger, in the order in which they were requested, from its entries in their order."""
    refunds: dict[str, Refund] = {}
    requests: dict[str, str] = {}
    settled: dict[str, str] = {}
    for entry in entries:
        decision = entry.decision
        refund = _begin(entry)
        if refund is not None:
            refunds[refund.refund_id] = refund
            requests[entry.entry_id] = refund.refund_id
            continue
        step = _STEP_OF_KIND.get(decision.kind)
        undone = str(decision.facts.get(UNDOES))
        if decision.kind is EntryKind.ENTRY_UNDONE and undone in requests:
            refunds[requests[undone]] = _take(refunds[requests[undone]], RefundStep.UNDONE, entry)
        elif decision.kind is EntryKind.ENTRY_UNDONE and undone in settled:
            refunds[settled[undone]] = _take_back_settlement(refunds[settled[undone]], entry)
        elif step is not None and (stepped := entry.entry_id.split("#")[1]) in refunds:
            refunds[stepped] = _take(refunds[stepped], step, entry)
            if step is RefundStep.SETTLED:
                settled[entry.entry_id] = stepped
    return tuple(refunds.values())


def open_minor_of(refunds: Iterable[Refund]) -> Mapping[str, int]:
    """What is to leave the bank account for open refunds, by currency; the ledger's `refunds` holds the same."""
    totals: dict[str, int] = {}
    for refund in refunds:
        if refund.is_open:
            totals[refund.currency] = totals.get(refund.currency, 0) + refund.total_minor
    return totals


def check_not_begun(steps: Iterable[Entry], what: str) -> None:
    """Refuse to undo what set money aside, once steps of its refund stand. Raises `RefundBegunError`."""
    taken = sorted(steps, key=lambda entry: entry.sequence)
    if taken:
        step = taken[-1].entry_id.rpartition("#")[2]
        raise RefundBegunError(
            f"the refund of {what} is {step} since {taken[-1].decision.occurred_on}; what is approved can be rejected, "
            "and what is sent can be void: `pawledger refunds reject` and `void`"
        )


def settles(refund_id: str, steps: Mapping[str, Entry], movement: BankMovement) -> str | None:
    """Why a debit of the bank does not settle a refund of which it names the end-to-end id; None where it does.

    `steps` are the entries of its steps by their ids, with those that took some of them back. A debit that settled it
    before settles it again: the same entry. One that was void has been paid after all, where its money went back to its
    account (see `void_refunds`).
    """
    settled = find_settlement(steps)
    is_by_hand = settled is not None and settled.entry_id.startswith(_by_hand(refund_id))
    if settled is not None and not is_by_hand and settled.decision.facts[PAYMENT_ID] == movement.payment_id:
        return None
    sent = steps.get(step_entry_id(refund_id, RefundStep.SENT))
    if sent is None:
        return f"refund {refund_id}, whose end-to-end id it names, is not sent"
    void = steps.get(step_entry_id(refund_id, RefundStep.VOID))
    if void is not None and settled is None and not _gave_to_account(void):
        return f"refund {refund_id}, whose end-to-end id it names, is void"
    if settled is not None:
        how = f"with its payment file by {person_behind(settled)}" if is_by_hand else "by another debit"
        return f"refund {refund_id}, whose end-to-end id it names, was settled {how} before"
    facts = sent.decision.facts
    total_minor, currency = int(facts["amount_minor"]) + int(facts.get(INTEREST, 0)), str(facts["currency"])
    if (movement.amount_minor, movement.currency) != (total_minor, currency):
        written = f"{write_amount(total_minor, currency)}"
        return f"refund {refund_id}, whose end-to-end id it names, is of {written}"
    return None


def find_settlement(steps: Mapping[str, Entry]) -> Entry | None:
    """What settled a refund and was not taken back since, from the entries of its steps by their ids."""
    undone = {entry.decision.facts.get(UNDOES) for entry in steps.values()}
    return next(
        (
            entry
            for entry in steps.values()
            if entry.decision.kind is EntryKind.REFUND_SETTLED and entry.entry_id not in undone
        ),
        None,
    )


def what_keeps_sent(refund_id: str, steps: Mapping[str, Entry]) -> str | None:
    """Why a refund is not one that was sent and waits for its debit; None where it is. `steps` as for `settles`."""
    settled, void = find_settlement(steps), steps.get(step_entry_id(refund_id, RefundStep.VOID))
    for what, entry in (("settled", settled), ("void", void)):
        if entry is not None:
            return f"refund {refund_id} is {what} since {entry.decision.occurred_on}"
    return None


def resolutions_that_settled(refund_id: str, steps: Iterable[Entry]) -> Iterator[str]:
    """The ids of the resolutions by which persons settled a refund, also of those that were undone since."""
    by_hand = _by_hand(refund_id)
    yield from (entry.entry_id.removeprefix(by_hand) for entry in steps if entry.entry_id.startswith(by_hand))


def decide_settlement(refund_id: str, movement: BankMovement) -> Decision:
    """The bank debited what was sent: the money has left, and nobody is owed it any more."""
    return settle_from(
        refund_id,
        movement,
        f"{describe_movement(movement)} is refund {refund_id}, which has left the bank account.",
        Posting(LedgerAccount.REFUNDS, movement.currency, movement.amount_minor),
    )


def settle_from(refund_id: str, movement: BankMovement, reason: str, *taken: Posting) -> Decision:
    """The entry by which a debit settles a refund, out of where its money stands."""
    booked = book_movement(
        movement,
        EntryKind.REFUND_SETTLED,
        reason,
        *taken,
        Posting(LedgerAccount.CASH, movement.currency, -movement.amount_minor),
    )
    return replace(
        booked,
        entry_id=step_entry_id(refund_id, RefundStep.SETTLED),
        # Two debits with one end-to-end id are two debits: only the first settles the refund.
        facts={**booked.facts, PAYMENT_ID: movement.payment_id},
    )


def _gave_to_account(void: Entry) -> bool:
    """Whether the money of a void refund is its account's: unapplied cash, or what settled its invoices."""
    own = (LedgerAccount.UNAPPLIED, LedgerAccount.RECEIVABLE)
    return any(posting.ledger_account in own for posting in void.decision.postings)


def _begin(entry: Entry) -> Refund | None:
    """The refund that an entry requests, or writes up; None where it does neither."""
    decision, facts = entry.decision, entry.decision.facts
    set_aside_minor = -decision.posted_minor(LedgerAccount.REFUNDS)
    if decision.kind is EntryKind.MONEY_MOVED and set_aside_minor > 0 and entry.entry_id.startswith(RESOLUTION_ENTRIES):
        step, amount_minor = RefundStep.REQUESTED, set_aside_minor
    elif decision.kind in (EntryKind.REFUND_REQUESTED, EntryKind.REFUND_WRITTEN_UP):
        step, amount_minor = _STEP_OF_KIND[decision.kind], int(facts["amount_minor"])
    else:
        return None
    return Refund(
        refund_id=entry.entry_id.split("#")[1],
        ledger_id=entry.account_id,
        currency=str(facts["currency"]),
        amount_minor=amount_minor,
        out_of=next(p.ledger_account for p in decision.postings if p.amount_minor > 0),
        ground=str(facts[TAKES]),
        steps={step: entry},
        history=((step, entry),),
    )


def _take(refund: Refund, step: RefundStep, entry: Entry) -> Refund:
    return replace(refund, steps={**refund.steps, step: entry}, history=(*refund.history, (step, entry)))


def _take_back_settlement(refund: Refund, entry: Entry) -> Refund:
    standing = dict(refund.steps)
    del standing[RefundStep.SETTLED]
    return replace(refund, steps=standing, history=(*refund.history, (RefundStep.UNDONE, entry)))


def _by_hand(refund_id: str) -> str:
    """With what the ids of entries begin by which a person settled a refund, before the id of the resolution."""
    return f"{step_entry_id(refund_id, RefundStep.SETTLED)}-"


def facts_of(refund: Refund, by: str, **more: Any) -> Mapping[str, Any]:
    """What every step of a refund says of it."""
    return {"amount_minor": refund.amount_minor, "currency": refund.currency, BY: by, **more}
