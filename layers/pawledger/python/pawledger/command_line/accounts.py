"""`pawledger account show`: what an account owes, which invoices are open, and how it came to that, line by line."""

from collections.abc import Sequence
from datetime import date
from itertools import takewhile
from typing import Any, Final

from pawledger.command_line.errors import AccountNotFoundError
from pawledger.command_line.tables import UNKNOWN, Column, show_amount, show_value, write_fields, write_table
from pawledger.domain.books.entries import Entry, LedgerAccount
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of, numeric_reference_of
from pawledger.ports import Ledger, LedgerArchive

FILE_ID_SHOWN_LENGTH: Final = 12
"""Characters of a file id that people are shown: enough to be unique among a trillion files."""

_INVOICE_COLUMNS: Final = (
    Column("invoice"),
    Column("due on"),
    Column("overdue", is_right=True),
    Column("remaining", is_right=True),
    Column("payment reference"),
    Column("in digits"),
)
_TIMELINE_COLUMNS: Final = (
    Column("#", is_right=True),
    Column("day"),
    Column("what happened", weight=3),
    Column("debit", is_right=True),
    Column("credit", is_right=True),
    Column("owed", is_right=True),
    Column("source", weight=1),
)


def show_account(
    account_id: str, *, ledger: Ledger, archive: LedgerArchive, as_of: date, entries_max: int, with_hashes: bool
) -> dict[str, Any]:
    """The document of one account: balances, open invoices and the last `entries_max` entries with running balances.

    `debit_minor` and `credit_minor` of an entry say how it changes what the customer owes, which is the balance of
    `receivable` in the account's currency; `owed_minor` is that balance after it. All three are null for an account
    that is not invoiced in any currency, such as a suspense ledger.

    Raises `AccountNotFoundError`, and `BrokenLedgerError` where a stored entry was changed.
    """
    head = ledger.read_head(account_id, consistent=True)
    if head is None:
        raise AccountNotFoundError(
            f"there is no account {account_id} in this environment; it begins with its first policy or payment"
        )
    # Entries that were appended after the head was read are left for the next look: both must be of one moment.
    stored = (entry for entry, _ in archive.read_entries(account_id))
    entries = list(takewhile(lambda entry: entry.sequence <= head.version, stored))
    timeline = _explain_entries(head, entries, with_hashes=with_hashes)
    owed_minor = timeline[-1]["owed_minor"] if timeline else None
    return {
        "account_id": account_id,
        "as_of": as_of.isoformat(),
        "standing": head.standing.value,
        "currency": head.currency,
        "agenda_on": head.agenda_on.isoformat() if head.agenda_on else None,
        "balances": _balances(head),
        "open_invoices": _open_invoices(head, as_of),
        "entry_count": head.version,
        "entries_agree_with_head": len(entries) == head.version and owed_minor == _owed_minor(head),
        "entries": timeline[-entries_max:],
    }


def write_account(document: dict[str, Any]) -> list[str]:
    """The account for people: a billing specialist reads it to a customer from the top."""
    currency = document["currency"]
    lines = write_fields(
        [
            ("account", document["account_id"]),
            ("standing", document["standing"]),
            ("as of", document["as_of"]),
            ("next attention", show_value(document["agenda_on"])),
        ]
    )
    for balance in document["balances"]:
        lines += ["", *_write_balance(balance)]
    lines += ["", *_write_open_invoices(document["open_invoices"]), ""]
    shown, entry_count = document["entries"], document["entry_count"]
    if len(shown) < entry_count:
        lines += [f"The last {len(shown)} of {entry_count} entries; --last shows more.", ""]
    lines += write_table(_TIMELINE_COLUMNS, [_timeline_row(entry, currency) for entry in shown])
    if any("hash" in entry for entry in shown):
        columns = (Column("#", is_right=True), Column("entry", weight=1), Column("hash"))
        rows = [[str(entry["sequence"]), entry["entry_id"], entry["hash"]] for entry in shown]
        lines += ["", *write_table(columns, rows)]
    if not document["entries_agree_with_head"]:
        check = f"pawledger ledger verify {document['account_id']}"
        lines += ["", f"The entries do not add up to the balances above: run `{check}`."]
    return lines


def _owed_minor(head: AccountHead) -> int | None:
    return head.balance_minor(LedgerAccount.RECEIVABLE) if head.currency else None


def _balances(head: AccountHead) -> list[dict[str, Any]]:
    """Balances by currency, each positive in its ordinary direction: owed and unbilled by, the others for the payer."""
    currencies = {currency for currency, _ in head.balances} | ({head.currency} if head.currency else set())
    return [
        {
            "currency": currency,
            "owed_minor": head.balance_minor(LedgerAccount.RECEIVABLE, currency),
            "unapplied_minor": -head.balance_minor(LedgerAccount.UNAPPLIED, currency),
            "suspense_minor": -head.balance_minor(LedgerAccount.SUSPENSE, currency),
            "unbilled_minor": head.balance_minor(LedgerAccount.UNBILLED, currency),
        }
        for currency in sorted(currencies)
    ]


def _open_invoices(head: AccountHead, as_of: date) -> list[dict[str, Any]]:
    written = []
    for invoice in head.open_invoices:
        address = _address_of(head, invoice.invoice_id)
        written.append(
            {
                "invoice_id": invoice.invoice_id,
                "due_on": invoice.due_on.isoformat(),
                "overdue_days": max(0, (as_of - invoice.due_on).days),
                "currency": head.currency,
                "remaining_minor": invoice.remaining_minor,
                "creditor_reference": creditor_reference_of(address) if address else None,
                "numeric_reference": numeric_reference_of(address) if address else None,
            }
        )
    return written


def _address_of(head: AccountHead, invoice_id: str) -> InvoiceAddress | None:
    """What the invoice's payment reference leads to; None for a payment taken back, which was never an invoice."""
    account_id, _, number = invoice_id.rpartition("-")
    if account_id != head.account_id or not (number.isascii() and number.isdigit()):
        return None
    return InvoiceAddress(account_id, int(number))


def _explain_entries(head: AccountHead, entries: Sequence[Entry], *, with_hashes: bool) -> list[dict[str, Any]]:
    owed_minor = 0
    timeline: list[dict[str, Any]] = []
    for entry in entries:
        decision = entry.decision
        effect_minor = sum(
            posting.amount_minor
            for posting in decision.postings
            if posting.ledger_account is LedgerAccount.RECEIVABLE and posting.currency == head.currency
        )
        owed_minor += effect_minor
        written: dict[str, Any] = {
            "sequence": entry.sequence,
            "entry_id": entry.entry_id,
            "kind": decision.kind.value,
            "occurred_on": decision.occurred_on.isoformat(),
            "what": decision.reason,
            "debit_minor": max(effect_minor, 0) if head.currency else None,
            "credit_minor": max(-effect_minor, 0) if head.currency else None,
            "owed_minor": owed_minor if head.currency else None,
            "source": dict(decision.source),
        }
        if with_hashes:
            written["hash"] = entry.hash
        timeline.append(written)
    return timeline


def _write_balance(balance: dict[str, Any]) -> list[str]:
    currency = balance["currency"]
    names = {
        "owed": "invoiced and not paid",
        "unapplied": "paid and settling no invoice yet",
        "suspense": "received and waiting for its purpose",
        "unbilled": "charged and not invoiced yet",
    }
    columns = (Column("balance"), Column("amount", is_right=True), Column("which is"))
    rows = [[name, show_amount(balance[f"{name}_minor"], currency), meaning] for name, meaning in names.items()]
    return write_table(columns, rows)


def _write_open_invoices(invoices: Sequence[dict[str, Any]]) -> list[str]:
    if not invoices:
        return ["No open invoices."]
    rows = [
        [
            invoice["invoice_id"],
            invoice["due_on"],
            f"{invoice['overdue_days']} d" if invoice["overdue_days"] else UNKNOWN,
            show_amount(invoice["remaining_minor"], invoice["currency"]),
            show_value(invoice["creditor_reference"]),
            show_value(invoice["numeric_reference"]),
        ]
        for invoice in invoices
    ]
    return write_table(_INVOICE_COLUMNS, rows)


def _timeline_row(entry: dict[str, Any], currency: str | None) -> list[str]:
    return [
        str(entry["sequence"]),
        entry["occurred_on"],
        entry["what"],
        show_amount(entry["debit_minor"] or None, currency),
        show_amount(entry["credit_minor"] or None, currency),
        show_amount(entry["owed_minor"], currency),
        _show_source(entry["source"]),
    ]


def _show_source(source: dict[str, Any]) -> str:
    """Where a person finds the origin: file and line, who did it, or event; an invoice has only the schedule."""
    if "file_id" in source:
        return f"file {str(source['file_id'])[:FILE_ID_SHOWN_LENGTH]} line {source.get('line')}"
    if "actor" in source:
        return f"by {str(source['actor']).rpartition('/')[2]}"
    return f"event {source['event_id']}" if "event_id" in source else "schedule"
