"""Entries: the immutable facts of an account's ledger, with postings that sum to zero, as values and as stored text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from pawledger.domain.canonical import hash_text, hash_value, write_canonical

INVOICE_ENTRIES: Final = "invoice#"
"""With what the ids of all invoices' entries begin."""

POLICY_ENTRIES: Final = "policy#"
"""With what the ids of all policy events' entries begin."""

DEBIT_ENTRIES: Final = "debit#"
"""With what the ids of entries of money that left begin, also where it waits."""

RETURNED_ENTRIES: Final = "returned#"
"""With what the id of an entry begins by which a return that waited is booked against its payment, or a return of a
payment for several accounts against the part of one of them."""

REFUND_ENTRIES: Final = "refund#"
"""With what the ids of entries begin that are steps of a refund."""

RESOLUTION_ENTRIES: Final = "resolution#"
"""With what the ids of entries begin that a resolution makes."""

UNDO_ENTRIES: Final = "undo#"
"""With what the ids of entries begin that take a resolution back."""

PAYMENT_ENTRIES: Final = "payment#"
"""With what the ids of all entries of money that came in begin."""

PAYOUT_ITEMS: Final = "payout#"
LINE_ITEMS: Final = "line#"
"""With what the ids of items in transit begin, before the id of their entry: told by the provider, told by the bank."""


class LedgerAccount(StrEnum):
    """Where money stands. Debits are positive and credits negative in every posting and balance."""

    CASH = "cash"
    """Money on our bank account."""
    UNBILLED = "unbilled"
    """Charged, not yet invoiced."""
    RECEIVABLE = "receivable"
    """Invoiced, or taken back by the payer's bank, and not yet paid."""
    UNAPPLIED = "unapplied"
    """The account's money that settles no invoice yet."""
    SUSPENSE = "suspense"
    """Money whose account, or whose purpose, is not known yet."""
    PROVIDER_FEES = "provider_fees"
    """What banks and payment providers charge for their service."""
    IN_TRANSIT = "in_transit"
    """Money on its way between our own accounts: paid out by a provider, not yet seen at the bank."""
    CLEARING = "clearing"
    """What one of our ledgers gave to another: over all ledgers together it is zero."""
    REFUNDS = "refunds"
    """Money that is to go back to a payer and has not yet left our bank account."""
    SMALL_DIFFERENCES = "small_differences"
    """What payers left open within the tolerance, and nobody asks them for."""
    WRITTEN_OFF = "written_off"
    """What was invoiced and is not asked for any more."""
    INTEREST = "interest"
    """What a refund costs more because it was late."""
    PREMIUM = "premium"
    TAX = "tax"
    FEE = "fee"
    DISCOUNT = "discount"


class EntryKind(StrEnum):
    POLICY_ISSUED = "policy_issued"
    POLICY_ENDORSED = "policy_endorsed"
    PET_DIED = "pet_died"
    POLICY_CANCELLED = "policy_cancelled"
    RENEWAL_OFFERED = "renewal_offered"
    RENEWAL_ACCEPTED = "renewal_accepted"
    RENEWAL_DECLINED = "renewal_declined"
    PLAN_CHANGED = "plan_changed"
    DUE_DAY_CHANGED = "due_day_changed"
    PAYER_CHANGED = "payer_changed"
    INVOICE_ISSUED = "invoice_issued"
    PAYMENT_POSTED = "payment_posted"
    PAYMENT_SPLIT = "payment_split"
    """A payment for several accounts; each gets its part by an entry of its own."""
    PAYMENT_RETURNED = "payment_returned"
    MONEY_SUSPENDED = "money_suspended"
    PROVIDER_FEE_BOOKED = "provider_fee_booked"
    PAYOUT_BOOKED = "payout_booked"
    PAYOUT_ARRIVED = "payout_arrived"
    """The line of the bank statement that proves a payout."""
    MONEY_MOVED = "money_moved"
    """Money that waited, or stood on the wrong account, goes to where it belongs."""
    INVOICES_WRITTEN_OFF = "invoices_written_off"
    REFUND_REQUESTED = "refund_requested"
    REFUND_APPROVED = "refund_approved"
    REFUND_SENT = "refund_sent"
    REFUND_SETTLED = "refund_settled"
    REFUND_REJECTED = "refund_rejected"
    REFUND_VOIDED = "refund_voided"
    REFUND_WRITTEN_UP = "refund_written_up"
    """What was too small to be refunded is kept, as the rules say."""
    WRITE_OFF_REQUESTED = "write_off_requested"
    """What one person may not write off alone waits for a second one."""
    WRITE_OFF_REJECTED = "write_off_rejected"
    ENTRY_UNDONE = "entry_undone"
    """The reverse of an entry that a person had made."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry: an amount in minor units, debit positive, on one ledger account in one currency."""

    ledger_account: LedgerAccount
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """What is still to be paid of an invoice, or of a payment that its bank took back."""

    invoice_id: str
    due_on: date
    remaining_minor: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """The part of the account's money that settles a part of an open invoice."""

    invoice_id: str
    amount_minor: int
    due_on: date | None = None
    """When the invoice is due, where the entry may be taken back: what it then opens again is due on that day."""


@dataclass(frozen=True, slots=True)
class TransitItem:
    """A payout that the bank has not told of, or a line of the bank that no payout explains, see `settlements`."""

    item_id: str
    booked_on: date
    amount_minor: int
    """Minor units, positive where the money comes to the bank account, negative where it goes from there."""
    marks: tuple[str, ...] = ()
    """Short hashes of the ids by which the other side may name it."""


@dataclass(frozen=True, slots=True)
class TermCursor:
    """Which installment of a policy term is invoiced next, from which day on, and how much it bills."""

    term_id: str
    next_installment: int
    next_invoice_on: date
    amount_minor: int
    """What the next installment bills, in minor units of the account's currency."""
    cohort: str = ""
    """The group of policies in which a bill run's totals are compared, for instance `GB monthly`; empty in an entry
    that leaves the term where it is, which keeps an invoice's entry under 1 KB."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one business event means for an account, before it takes its place in the ledger.

    `facts` are what happened, known from outside: the same event always has the same facts, and their hash tells a
    repetition from a contradiction. The rest follows from the state of the account when it was decided.
    """

    kind: EntryKind
    entry_id: str
    occurred_on: date
    facts: Mapping[str, Any]
    source: Mapping[str, Any]
    """Where a person finds the origin again: file and line, or event id."""
    postings: tuple[Posting, ...]
    reason: str
    """One sentence for a billing specialist: why the account changed in this way."""
    opened_invoice: OpenInvoice | None = None
    allocations: tuple[Allocation, ...] = ()
    reopened: tuple[OpenInvoice, ...] = ()
    """What is to be paid again of invoices that were settled, each with what comes back to it."""
    sent: TransitItem | None = None
    """What waits from now on for its other side."""
    arrived: tuple[str, ...] = ()
    """Which items have found their other side."""
    cursors: tuple[TermCursor, ...] = ()
    finished_terms: tuple[str, ...] = ()
    opens_account_in: str | None = None
    invoice_number: int | None = None
    payment_reference: str | None = None
    payment_mark: str | None = None
    """What tells a payer's payment again, so that one made twice is noticed."""
    details: Mapping[str, Any] | None = None
    """How what it charges was computed, for whoever explains it."""

    def posted_minor(self, ledger_account: LedgerAccount, currency: str | None = None) -> int:
        """What it posts on a ledger account in minor units, debit positive; without a currency, in the one it has."""
        return sum(
            posting.amount_minor
            for posting in self.postings
            if posting.ledger_account is ledger_account and currency in (None, posting.currency)
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision in its place: the n-th fact of one account, chained to the one before."""

    account_id: str
    sequence: int
    previous_hash: str
    decision: Decision

    @property
    def entry_id(self) -> str:
        return self.decision.entry_id

    @property
    def content_hash(self) -> str:
        """Hash of the business facts alone: equal for every repetition of the same event.

        The kind is left out, because it follows from the account's state: a payment that was suspended before the
        first policy would be posted today, and is the same payment.
        """
        return hash_value(self.decision.facts)

    @property
    def body(self) -> str:
        """The canonical text that is stored and hashed."""
        return write_canonical(
            {
                "account_id": self.account_id,
                "sequence": self.sequence,
                "previous_hash": self.previous_hash,
                **decision_as_json(self.decision),
            }
        )

    @property
    def hash(self) -> str:
        """Hash of the stored text, which holds the hash of the entry before: history cannot change unseen."""
        return hash_text(self.body)


def cursor_as_json(cursor: TermCursor) -> list[Any]:
    """A cursor as a JSON list."""
    on = cursor.next_invoice_on.isoformat()
    written = [cursor.term_id, cursor.next_installment, on, cursor.amount_minor]
    return [*written, cursor.cohort] if cursor.cohort else written


def cursor_from_json(written: Sequence[Any]) -> TermCursor:
    """The mirror image of `cursor_as_json`."""
    term_id, next_installment, next_invoice_on, *rest = written
    return TermCursor(term_id, next_installment, date.fromisoformat(next_invoice_on), *rest)


def transit_item_as_json(item: TransitItem) -> list[Any]:
    """An item in transit as a JSON list."""
    return [item.item_id, item.booked_on.isoformat(), item.amount_minor, *item.marks]


def transit_item_from_json(written: Sequence[Any]) -> TransitItem:
    """The mirror image of `transit_item_as_json`."""
    item_id, booked_on, amount_minor, *marks = written
    return TransitItem(item_id, date.fromisoformat(booked_on), amount_minor, tuple(marks))


def sums_to_zero(postings: Iterable[Posting]) -> bool:
    """Whether debits equal credits in each currency."""
    totals: dict[str, int] = {}
    for posting in postings:
        totals[posting.currency] = totals.get(posting.currency, 0) + posting.amount_minor
    return not any(totals.values())


def decision_as_json(decision: Decision) -> dict[str, Any]:
    """A decision as a JSON object; what says nothing is left out, so that an entry stays under 1 KB."""
    opened = decision.opened_invoice
    written: dict[str, Any] = {
        "kind": decision.kind,
        "entry_id": decision.entry_id,
        "occurred_on": decision.occurred_on.isoformat(),
        "facts": dict(decision.facts),
        "source": dict(decision.source),
        "postings": [[p.ledger_account, p.currency, p.amount_minor] for p in decision.postings],
        "reason": decision.reason,
        "opened_invoice": opened and [opened.invoice_id, opened.due_on.isoformat(), opened.remaining_minor],
        "allocations": [_allocation_as_json(allocation) for allocation in decision.allocations],
        "reopened": [[o.invoice_id, o.due_on.isoformat(), o.remaining_minor] for o in decision.reopened],
        "sent": decision.sent and transit_item_as_json(decision.sent),
        "arrived": list(decision.arrived),
        "cursors": [cursor_as_json(cursor) for cursor in decision.cursors],
        "finished_terms": list(decision.finished_terms),
        "opens_account_in": decision.opens_account_in,
        "invoice_number": decision.invoice_number,
        "payment_reference": decision.payment_reference,
        "payment_mark": decision.payment_mark,
        "details": decision.details and dict(decision.details),
    }
    return {name: value for name, value in written.items() if value or name == "facts"}


def _allocation_as_json(allocation: Allocation) -> list[Any]:
    written = [allocation.invoice_id, allocation.amount_minor]
    return [*written, allocation.due_on.isoformat()] if allocation.due_on else written


def _allocation_from_json(written: Sequence[Any]) -> Allocation:
    invoice_id, amount_minor, *due_on = written
    return Allocation(invoice_id, amount_minor, date.fromisoformat(due_on[0]) if due_on else None)


def entry_from_json(written: Mapping[str, Any]) -> Entry:
    """The entry that a stored body describes; the mirror image of `Entry.body`."""
    opened = written.get("opened_invoice")
    decision = Decision(
        kind=EntryKind(written["kind"]),
        entry_id=written["entry_id"],
        occurred_on=date.fromisoformat(written["occurred_on"]),
        facts=written["facts"],
        source=written.get("source", {}),
        postings=tuple(
            Posting(LedgerAccount(name), currency, amount) for name, currency, amount in written.get("postings", ())
        ),
        reason=written["reason"],
        opened_invoice=OpenInvoice(opened[0], date.fromisoformat(opened[1]), opened[2]) if opened else None,
        allocations=tuple(_allocation_from_json(allocation) for allocation in written.get("allocations", ())),
        reopened=tuple(OpenInvoice(o[0], date.fromisoformat(o[1]), o[2]) for o in written.get("reopened", ())),
        sent=transit_item_from_json(written["sent"]) if written.get("sent") else None,
        arrived=tuple(written.get("arrived", ())),
        cursors=tuple(cursor_from_json(cursor) for cursor in written.get("cursors", ())),
        finished_terms=tuple(written.get("finished_terms", ())),
        opens_account_in=written.get("opens_account_in"),
        invoice_number=written.get("invoice_number"),
        payment_reference=written.get("payment_reference"),
        payment_mark=written.get("payment_mark"),
        details=written.get("details"),
    )
    return Entry(written["account_id"], written["sequence"], written["previous_hash"], decision)
