"""A book of accounts, mandates and payers in memory, as identification asks it; and payments with sensible defaults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pawledger.domain.books.entries import OpenInvoice
from pawledger.domain.matching.payment_clues import OpenAccount, PaymentClues

BOOKED_ON = date(2026, 11, 26)


def build_clues(
    amount_minor: int = 1_000,
    *,
    references: Sequence[str] = (),
    text: str = "",
    currency: str = "EUR",
    mandate_id: str | None = None,
    payer_key: str | None = None,
    name_keys: Sequence[str] = (),
) -> PaymentClues:
    """A payment of 10.00 EUR that says nothing of whose money it is."""
    return PaymentClues(
        amount_minor, currency, BOOKED_ON, tuple(references), text, mandate_id, payer_key, tuple(name_keys)
    )


def build_account(account_id: str, *open_minor: int, issued: int | None = None, currency: str = "EUR") -> OpenAccount:
    """An account whose last invoices are open with these amounts, one due a month; all that were issued, by default."""
    count = len(open_minor) if issued is None else issued
    first = count - len(open_minor) + 1
    invoices = (
        OpenInvoice(f"{account_id}-{first + place:04d}", date(2026, 1 + place, 1), amount)
        for place, amount in enumerate(open_minor)
    )
    return OpenAccount(account_id, currency, count, tuple(invoices))


@dataclass(slots=True)
class MemoryAccountBook:
    """Fulfils `AccountBook`, and keeps what it was asked."""

    accounts: Mapping[str, OpenAccount]
    mandates: Mapping[str, str] = field(default_factory=dict)
    payers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def find_accounts(self, account_ids: Sequence[str]) -> Mapping[str, OpenAccount]:
        self.asked += account_ids
        return {account_id: self.accounts[account_id] for account_id in account_ids if account_id in self.accounts}

    def find_mandate(self, mandate_id: str) -> str | None:
        self.asked.append(mandate_id)
        return self.mandates.get(mandate_id)

    def find_payer(self, payer_key: str) -> tuple[str, ...]:
        self.asked.append(payer_key)
        return self.payers.get(payer_key, ())

    def find_mark(self, reference: str) -> str | None:
        self.asked.append(reference)
        return self.marks.get(reference)


def build_book(
    *accounts: OpenAccount,
    mandates: Mapping[str, str] | None = None,
    payers: Mapping[str, tuple[str, ...]] | None = None,
    marks: Mapping[str, str] | None = None,
) -> MemoryAccountBook:
    """A book of these accounts."""
    by_id = {account.account_id: account for account in accounts}
    return MemoryAccountBook(by_id, mandates or {}, payers or {}, marks or {})


@dataclass(slots=True)
class MemorySuggestionBook:
    """Fulfils `SuggestionBook` over accounts, each with the keys of names and of bank accounts that paid it."""

    accounts: Mapping[str, tuple[OpenAccount, frozenset[str], frozenset[str]]]

    def with_amount(self, currency: str, amount_minor: int) -> Sequence[str]:
        return [
            account_id
            for account_id, (account, _, _) in self.accounts.items()
            if account.currency == currency and any(i.remaining_minor == amount_minor for i in account.open_invoices)
        ]

    def with_name(self, name_key: str) -> Sequence[str]:
        return [account_id for account_id, (_, names, _) in self.accounts.items() if name_key in names]

    def view(self, account_id: str) -> tuple[OpenAccount, frozenset[str], frozenset[str]]:
        return self.accounts[account_id]
