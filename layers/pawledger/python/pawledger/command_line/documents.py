"""`pawledger account statement` and `pawledger invoice document`: what a customer is sent, as text, JSON or PDF."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, Final

from pawledger.command_line.errors import AccountNotFoundError
from pawledger.command_line.tables import Column, show_amount, write_fields, write_table
from pawledger.domain.books.entries import Entry
from pawledger.domain.errors import PawledgerError
from pawledger.domain.identifiers import check_account_id
from pawledger.ports import LedgerArchive
from pawledger.rules.creditors import creditor_of
from pawledger.services.documents.account_documents import (
    find_invoice,
    invoice_json,
    read_unbroken_entries,
    statement_json_between,
)

_LINE_COLUMNS: Final = (
    Column("#", is_right=True),
    Column("day"),
    Column("what happened", weight=1),
    Column("amount", is_right=True),
    Column("balance", is_right=True),
)
_OPEN_COLUMNS: Final = (Column("open invoice"), Column("due on"), Column("remaining", is_right=True))
_CHARGE_COLUMNS: Final = (
    Column("policy term"),
    Column("installment", is_right=True),
    Column("charge"),
    Column("amount", is_right=True),
)


class DocumentNotWrittenError(PawledgerError):
    """The file that a document was to be written to could not be written."""


class EntryCountError(PawledgerError):
    """A statement was asked for more entries than the ledger has."""


def show_statement(
    account_id: str, *, archive: LedgerArchive, first_day: date, last_day: date, entry_count: int | None
) -> dict[str, Any]:
    """The `statement_document.v1` between two days, from the first `entry_count` entries where that is given.

    Raises `AccountNotFoundError`, `BrokenLedgerError`, `EntryCountError`, `NoStatementError` and
    `CreditorMissingError`.
    """
    entries = _read_entries(account_id, archive)
    if entry_count is not None and entry_count > len(entries):
        raise EntryCountError(f"account {account_id} has {len(entries)} entries, not {entry_count}")
    return statement_json_between(entries[:entry_count], first_day, last_day, creditor_of)


def show_invoice(invoice_id: str, *, archive: LedgerArchive) -> dict[str, Any]:
    """The `invoice_document.v1` of an invoice.

    Raises `IdentifierError`, `AccountNotFoundError`, `BrokenLedgerError`, `NotAnInvoiceError` and
    `CreditorMissingError`.
    """
    entries = _read_entries(check_account_id(invoice_id.rpartition("-")[0]), archive)
    return invoice_json(entries, find_invoice(entries, invoice_id), creditor_of)


def write_pdf(document: Mapping[str, Any], path: str) -> None:
    """Typeset a document into a file, whole or not at all.

    Raises `DocumentNotTypesetError` and `DocumentNotWrittenError`.
    """
    from pawledger.adapters.typesetting.typst_documents import TypstTypesetter  # noqa: PLC0415 - 80 MB, for PDF alone

    typeset = TypstTypesetter().typeset(document)
    target = Path(path)
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        unfinished.write_bytes(typeset)
        unfinished.replace(target)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise DocumentNotWrittenError(f"{path} could not be written: {error.strerror or error}") from error


def write_statement(document: dict[str, Any]) -> list[str]:
    """A statement for people."""
    currency = document["currency"]
    fields = [
        ("statement of", document["account_id"]),
        ("from", document["first_day"]),
        ("until", document["last_day"]),
        ("entries", str(document["entry_count"])),
        ("opening", show_amount(document["opening_minor"], currency)),
        ("closing", show_amount(document["closing_minor"], currency)),
        ("owed", show_amount(document["owed_minor"], currency)),
        ("unapplied", show_amount(document["unapplied_minor"], currency)),
    ]
    rows = [
        [
            str(line["sequence"]),
            line["occurred_on"],
            f"{line['what']}, due {line['due_on']}" if line["due_on"] else line["what"],
            show_amount(line["amount_minor"], currency),
            show_amount(line["balance_minor"], currency),
        ]
        for line in document["lines"]
    ]
    open_rows = [
        [invoice["invoice_id"], invoice["due_on"], show_amount(invoice["remaining_minor"], currency)]
        for invoice in document["open_invoices"]
    ]
    return [
        *write_fields(fields),
        "",
        *write_table(_LINE_COLUMNS, rows),
        "",
        *write_table(_OPEN_COLUMNS, open_rows),
    ]


def write_invoice(document: dict[str, Any]) -> list[str]:
    """An invoice for people."""
    currency = document["currency"]
    fields = [
        ("invoice", document["invoice_id"]),
        ("account", document["account_id"]),
        ("issued on", document["issued_on"]),
        ("due on", document["due_on"]),
        ("billed", show_amount(document["amount_minor"], currency)),
        ("settled at once", show_amount(document["settled_minor"], currency)),
        ("to be paid", show_amount(document["payable_minor"], currency)),
        ("reference", document["payment_reference"]),
        ("in digits", document["numeric_reference"]),
        ("payment code", "EPC QR code" if document["payment_code"] else "none on this rail"),
    ]
    rows = [
        [
            line["term_id"],
            str(line["installment_number"]),
            charge["what"],
            show_amount(charge["amount_minor"], currency),
        ]
        for line in document["lines"]
        for charge in line["charges"]
    ]
    return [*write_fields(fields), "", *write_table(_CHARGE_COLUMNS, rows)]


def _read_entries(account_id: str, archive: LedgerArchive) -> Sequence[Entry]:
    entries = read_unbroken_entries(account_id, archive)
    if not entries:
        raise AccountNotFoundError(f"there is no account {account_id} in this environment")
    return entries
