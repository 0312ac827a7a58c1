"""Making the documents of an account: from the whole ledger, proved unbroken, to JSON that is stored and typeset."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from pawledger.domain.billing.documents import (
    NoStatementError,
    NotAnInvoiceError,
    currency_of,
    invoice_as_json,
    invoice_id_of,
    make_invoice_document,
    make_statement_between,
    make_statement_of_invoice,
    statement_as_json,
)
from pawledger.domain.books.entries import Entry
from pawledger.domain.books.ledger import replay_entries
from pawledger.domain.matching.creditors import Creditor
from pawledger.ports import LedgerArchive

FindCreditor = Callable[[str], Creditor]
"""From a currency to the creditor who is paid in it."""


def read_unbroken_entries(account_id: str, archive: LedgerArchive) -> list[Entry]:
    """All entries of an account, their hashes, chain and sums proved: nobody is sent what history does not bear out.

    Raises `BrokenLedgerError`.
    """
    entries = [entry for entry, _ in archive.read_entries(account_id)]
    replay_entries(account_id, entries)
    return entries


def invoice_json(entries: Sequence[Entry], invoice: Entry, creditor_of: FindCreditor) -> dict[str, Any]:
    """The `invoice_document.v1` of an entry. Raises `NotAnInvoiceError` and what `creditor_of` raises."""
    currency = _currency(entries)
    return invoice_as_json(make_invoice_document(invoice, currency=currency, creditor=creditor_of(currency)))


def statement_json_of_invoice(entries: Sequence[Entry], invoice: Entry, creditor_of: FindCreditor) -> dict[str, Any]:
    """The `statement_document.v1` that goes with an invoice. Raises what `creditor_of` raises."""
    creditor = creditor_of(_currency(entries))
    return statement_as_json(make_statement_of_invoice(entries, invoice, creditor=creditor))


def statement_json_between(
    entries: Sequence[Entry], first_day: date, last_day: date, creditor_of: FindCreditor
) -> dict[str, Any]:
    """The `statement_document.v1` of two days and those between. Raises `NoStatementError`, what `creditor_of` does."""
    creditor = creditor_of(_currency(entries))
    document = make_statement_between(entries, first_day=first_day, last_day=last_day, creditor=creditor)
    return statement_as_json(document)


def find_invoice(entries: Sequence[Entry], invoice_id: str) -> Entry:
    """The entry that issued an invoice. Raises `NotAnInvoiceError`."""
    for entry in entries:
        number = entry.decision.invoice_number
        if number is not None and invoice_id_of(entry.account_id, number) == invoice_id:
            return entry
    raise NotAnInvoiceError(f"there is no invoice {invoice_id} in the ledger of its account")


def _currency(entries: Sequence[Entry]) -> str:
    currency = currency_of(entries)
    if currency is None:
        raise NoStatementError("an account has no documents before its first policy gives it a currency")
    return currency
