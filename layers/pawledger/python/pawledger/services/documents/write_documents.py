"""Writing documents: each invoice and the statement that goes with it, stored once as JSON and PDF, then announced.

The JSON is stored first, and the PDF is set of the JSON that stands in the store. So both say the same, also where a
run was killed between the two and the creditor was changed before it came again.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pawledger.domain.billing.documents import NotAnInvoiceError
from pawledger.domain.books.entries import INVOICE_ENTRIES
from pawledger.domain.canonical import write_canonical
from pawledger.ports import Announcements, DocumentStore, LedgerArchive, Typesetter
from pawledger.services.documents.account_documents import (
    FindCreditor,
    invoice_json,
    read_unbroken_entries,
    statement_json_of_invoice,
)

DOCUMENT_WRITTEN: Final = "document_written.v1"

_JSON: Final = "application/json"
_PDF: Final = "application/pdf"


@dataclass(frozen=True, slots=True)
class DocumentPorts:
    """What writing documents touches."""

    archive: LedgerArchive
    typesetter: Typesetter
    store: DocumentStore
    announcements: Announcements
    creditor_of: FindCreditor


def write_documents(account_id: str, entry_id: str, ports: DocumentPorts) -> int:
    """Write the documents of an entry, if it issues an invoice, and announce them; return how many were new.

    Stored first and announced second: a call that is killed between the two announces again rather than never, with
    the same event. A document that stands already is left as it is and announced as it stands.

    Raises `NotAnInvoiceError` where the ledger has no such invoice, `BrokenLedgerError`, and what the ports raise.
    """
    if not entry_id.startswith(INVOICE_ENTRIES):
        return 0
    entries = read_unbroken_entries(account_id, ports.archive)
    invoice = next((entry for entry in entries if entry.entry_id == entry_id), None)
    if invoice is None:
        raise NotAnInvoiceError(f"there is no entry {entry_id} in the ledger of {account_id}")
    statement = statement_json_of_invoice(entries, invoice, ports.creditor_of)
    bill = invoice_json(entries, invoice, ports.creditor_of)
    written = [
        _write_one(bill, f"invoices/{account_id}/{bill['invoice_id']}", _tell_invoice, ports),
        _write_one(statement, f"statements/{account_id}/{invoice.sequence:06d}", _tell_statement, ports),
    ]
    ports.announcements.announce([event for event, _ in written])
    return sum(is_new for _, is_new in written)


def _write_one(
    document: Mapping[str, Any],
    stem: str,
    tell: Callable[[Mapping[str, Any]], dict[str, object]],
    ports: DocumentPorts,
) -> tuple[dict[str, object], bool]:
    """Store a document in both forms; give the event that announces it, and whether any of it is new."""
    kept_json = ports.store.keep(f"{stem}.json", write_canonical(document).encode(), _JSON)
    stored = json.loads(kept_json.data)
    kept_pdf = ports.store.keep(f"{stem}.pdf", ports.typesetter.typeset(stored), _PDF)
    event = {
        "schema": DOCUMENT_WRITTEN,
        "document_id": stem,
        "account_id": stored["account_id"],
        "currency": stored["currency"],
        "bucket": ports.store.place,
        "json_key": f"{stem}.json",
        "json_sha256": _hash_of(kept_json.data),
        "pdf_key": f"{stem}.pdf",
        "pdf_sha256": _hash_of(kept_pdf.data),
        **tell(stored),
    }
    return event, kept_json.is_new or kept_pdf.is_new


def _tell_invoice(document: Mapping[str, Any]) -> dict[str, object]:
    return {
        "kind": "invoice",
        "invoice_id": document["invoice_id"],
        "amount_minor": document["payable_minor"],
        "day": document["issued_on"],
        "due_on": document["due_on"] if document["payable_minor"] else None,
    }


def _tell_statement(document: Mapping[str, Any]) -> dict[str, object]:
    return {
        "kind": "statement",
        "invoice_id": None,
        "amount_minor": document["closing_minor"],
        "day": document["last_day"],
        "due_on": None,
    }


def _hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
