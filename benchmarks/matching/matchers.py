"""The matchers that are compared: ours, and the two that one writes first. Each answers accounts and amounts."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from benchmarks.matching.books import Books
from benchmarks.matching.known_books import KnownBooks
from benchmarks.matching.truth import BankLine
from pawledger.domain.books.entries import OpenInvoice
from pawledger.domain.matching.payment_clues import Part
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of, numeric_reference_of

Answer = Mapping[str, int]
"""What each account gets, in minor units; empty where nothing is posted."""

NOTHING: Final[Answer] = {}


def answer_of(parts: tuple[Part, ...], books: KnownBooks) -> Answer:
    """What is posted. Money for an account that does not exist waits in suspense, as if nothing had been found."""
    posted: Counter[str] = Counter()
    for part in parts:
        if part.account_id in books.accounts:
            posted[part.account_id] += part.amount_minor
    return posted


class ExactReference:
    """Looks up every reference, and every word of the text, among the references of open invoices."""

    def __init__(self, books: Books) -> None:
        self._invoices: dict[str, tuple[str, str, int]] = {}
        for account in books.accounts:
            for invoice in account.open_invoices:
                address = address_of(account.account_id, invoice)
                found = (account.account_id, account.currency, invoice.remaining_minor)
                self._invoices[creditor_reference_of(address)] = found
                self._invoices[numeric_reference_of(address)] = found

    def answer(self, line: BankLine) -> Answer:
        found = {self._invoices[each] for each in _words_of(line) if each in self._invoices}
        account_ids = {account_id for account_id, _, _ in found}
        return {account_ids.pop(): line.amount_minor} if len(account_ids) == 1 else NOTHING


class ReferenceThenAmount:
    """The same, and where no reference is found the amount, if only one invoice of all has it open."""

    def __init__(self, books: Books) -> None:
        self._by_reference = ExactReference(books)
        self._by_amount: dict[tuple[str, int], list[str]] = defaultdict(list)
        for account in books.accounts:
            for invoice in account.open_invoices:
                self._by_amount[account.currency, invoice.remaining_minor].append(account.account_id)

    def answer(self, line: BankLine) -> Answer:
        found = self._by_reference.answer(line)
        if found:
            return found
        account_ids = self._by_amount.get((line.currency, line.amount_minor), [])
        return {account_ids[0]: line.amount_minor} if len(account_ids) == 1 else NOTHING


def _words_of(line: BankLine) -> Iterator[str]:
    for reference in line.references:
        yield reference.replace(" ", "").upper()
    yield from re.split(r"[^A-Z0-9]+", line.text.upper())


def address_of(account_id: str, invoice: OpenInvoice) -> InvoiceAddress:
    return InvoiceAddress(account_id, int(invoice.invoice_id[-4:]))
