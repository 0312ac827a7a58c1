"""Accounts with invoices, payments and returns, made entry by entry, as documents are made of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from pawledger.domain.bank_returns.returns import ReturnGround
from pawledger.domain.books.entries import Decision, Entry, EntryKind, LedgerAccount, OpenInvoice, Posting
from pawledger.domain.books.ledger import AccountHead, apply_entry, chain_entry
from pawledger.domain.matching.creditors import Creditor
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.allocation import allocate_oldest_first, sum_of
from pawledger.domain.posting.bank_movements import BankMovement, Movement
from pawledger.domain.posting.payments import decide_movement

ACCOUNT_ID = "ABCD1234"


def build_creditor(currency: str = "EUR", **changes: Any) -> Creditor:
    """A creditor with the IBAN registry's example for Germany."""
    values: dict[str, Any] = {
        "currency": currency,
        "name": "Sample Pet Insurance",
        "address": ("1 Example Street", "Sampletown"),
        "iban": "DE89370400440532013000",
    }
    return Creditor(**{**values, **changes})


@dataclass
class AccountStory:
    """A ledger that grows as it is told; every step is a real entry behind the one before."""

    account_id: str = ACCOUNT_ID
    currency: str = "EUR"
    entries: list[Entry] = field(default_factory=list)
    head: AccountHead = field(default_factory=lambda: AccountHead(ACCOUNT_ID))

    def __post_init__(self) -> None:
        self.head = AccountHead(self.account_id)

    def append(self, decision: Decision) -> Entry:
        entry = chain_entry(self.head, decision)
        self.head = apply_entry(self.head, entry)
        self.entries.append(entry)
        return entry

    def open(self, on: date = date(2026, 1, 1), policy_id: str = "POL-1", charged_minor: int = 120_00) -> Entry:
        """The first policy, which gives the account its currency."""
        return self.append(
            Decision(
                kind=EntryKind.POLICY_ISSUED,
                entry_id=f"policy_issued#{policy_id}",
                occurred_on=on,
                facts={"policy_id": policy_id},
                source={"event_id": "evt-1"},
                postings=(
                    Posting(LedgerAccount.UNBILLED, self.currency, charged_minor),
                    Posting(LedgerAccount.PREMIUM, self.currency, -charged_minor),
                ),
                reason="A policy.",
                opens_account_in=self.currency,
            )
        )

    def invoice(
        self, on: date, charges: Sequence[tuple[str, int]], *, policy_id: str = "POL-1", due_in_days: int = 14
    ) -> Entry:
        """An invoice of one policy term; unapplied cash settles what is oldest, as issuing does it."""
        return self.invoice_of_terms(on, [(f"{policy_id}#1", charges)], due_in_days=due_in_days)

    def invoice_of_terms(
        self, on: date, terms: Sequence[tuple[str, Sequence[tuple[str, int]]]], *, due_in_days: int = 14
    ) -> Entry:
        number = self.head.invoice_count + 1
        due_on = on + timedelta(days=due_in_days)
        amount_minor = sum(minor for _, charges in terms for _, minor in charges)
        invoice_id = f"{self.account_id}-{number:04d}"
        opened = OpenInvoice(invoice_id, due_on, amount_minor) if amount_minor else None
        allocations = allocate_oldest_first(
            -self.head.balance_minor(LedgerAccount.UNAPPLIED), (*self.head.open_invoices, *([opened] if opened else []))
        )
        applied_minor = sum_of(allocations)
        postings = (
            Posting(LedgerAccount.RECEIVABLE, self.currency, amount_minor - applied_minor),
            Posting(LedgerAccount.UNBILLED, self.currency, -amount_minor),
            Posting(LedgerAccount.UNAPPLIED, self.currency, applied_minor),
        )
        return self.append(
            Decision(
                kind=EntryKind.INVOICE_ISSUED,
                entry_id=f"invoice#{terms[0][0]}#{number}",
                occurred_on=on,
                facts={
                    "due_on": due_on.isoformat(),
                    "lines": [[term, number, [list(charge) for charge in charges]] for term, charges in terms],
                },
                source={},
                postings=tuple(posting for posting in postings if posting.amount_minor),
                reason="An invoice.",
                opened_invoice=opened,
                allocations=allocations,
                invoice_number=number,
                payment_reference=creditor_reference_of(InvoiceAddress(self.account_id, number)),
            )
        )

    def pay(self, on: date, amount_minor: int) -> Entry:
        return self._move(Movement.PAYMENT, on, amount_minor)

    def take_back(self, on: date, amount_minor: int) -> Entry:
        return self._move(Movement.RETURN, on, amount_minor)

    def _move(self, kind: Movement, on: date, amount_minor: int) -> Entry:
        number = len(self.entries) + 1
        moved = BankMovement(
            payment_id=f"{number:012d}{number:020d}",
            movement=kind,
            amount_minor=amount_minor,
            currency=self.currency,
            booked_on=on,
            invoice_ids=(),
            identified_by="our reference",
            return_reason=None,
            is_future_dated=False,
            file_id="a1" * 32,
            line=number,
            number=number,
        )
        return self.append(decide_movement(self.head, moved, ground=ReturnGround(self.entries)).decision)


@dataclass(frozen=True)
class StoryArchive:
    """Fulfils `LedgerArchive` for the accounts of some stories, each entry with the hash that is stored beside it."""

    stories: Sequence[AccountStory]

    def read_entries(self, account_id: str) -> Iterator[tuple[Entry, str]]:
        for story in self.stories:
            if story.account_id == account_id:
                yield from ((entry, entry.hash) for entry in story.entries)

    def scan_heads(self) -> Iterator[AccountHead]:
        yield from (story.head for story in self.stories)
