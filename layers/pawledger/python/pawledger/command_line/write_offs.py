"""`pawledger write-offs`: what invoices are not asked for any more, and each step of it, shown before and after."""

import argparse
from datetime import datetime
from typing import Any, Final

from pawledger.command_line.decisions import AddCommand, add_decision_arguments
from pawledger.command_line.planned_entries import planned_as_json, write_planned
from pawledger.command_line.tables import Column, show_amount, write_fields, write_table
from pawledger.domain.money import parse_amount
from pawledger.domain.refunding.refund_steps import Act
from pawledger.domain.refunding.write_offs import WriteOff
from pawledger.domain.worklist.resolutions import TargetUnknownError
from pawledger.rules.refund_rules import load_refund_rules
from pawledger.runtime.books import Books
from pawledger.services.refunding.write_off_invoices import (
    WriteOffPorts,
    WrittenOff,
    approve_write_off,
    read_write_offs,
    reject_write_off,
    request_write_off,
    undo_write_off,
)

_COLUMNS: Final = (
    Column("write-off"),
    Column("state"),
    Column("amount", is_right=True),
    Column("of"),
    Column("since"),
    Column("by", weight=1),
)

_STEPS: Final = {
    "approve": "write off what another person requested",
    "reject": "go on asking for what another person requested to write off",
    "undo": "ask for it again, by the reverse entry",
}


def add_write_off_commands(group: Any, add_command: AddCommand) -> None:
    """Add `list`, `request`, `approve`, `reject` and `undo` to the group of write-offs."""
    listing = add_command(group, "write-offs list", "the write-offs of one account that were asked for by command")
    listing.add_argument("account_id", metavar="ACCOUNT")
    request = add_command(group, "write-offs request", "write off what is open of an invoice, or ask for it")
    request.add_argument("account_id", metavar="ACCOUNT")
    request.add_argument("--invoice", metavar="INVOICE", help="needed where more than one is open")
    request.add_argument("--amount", metavar="AMOUNT", help="such as 12.50; all that is open if not given")
    parsers = [add_command(group, f"write-offs {name}", help_text) for name, help_text in _STEPS.items()]
    for parser in parsers:
        parser.add_argument("account_id", metavar="ACCOUNT")
        parser.add_argument("write_off_id", metavar="WRITE-OFF")
    for parser in (request, *parsers):
        add_decision_arguments(parser)


def take_step(arguments: argparse.Namespace, books: Books, decided_at: datetime) -> dict[str, Any]:
    """Take the step that a command names; the document of what that came to. Raises what the step refuses."""
    rules = load_refund_rules()
    ports = WriteOffPorts(books.ledger, books.archive, books.discrepancies, books.pause, rules)
    act = Act(books.find_actor(), arguments.reason.strip(), decided_at)
    step, account_id, is_preview = str(arguments.command).rpartition(" ")[2], arguments.account_id, arguments.preview
    if step == "request":
        asked = (arguments.invoice, _read_amount(arguments, books))
        done = request_write_off(account_id, asked, act, ports, is_preview=is_preview)
    else:
        take = {"approve": approve_write_off, "reject": reject_write_off, "undo": undo_write_off}[step]
        done = take(account_id, arguments.write_off_id, act, ports, is_preview=is_preview)
    return _document(done, is_preview=is_preview)


def write_step(document: dict[str, Any]) -> list[str]:
    """What a step came to for people: the write-off, its entry, the account before and after."""
    fields = [
        ("account", document["account_id"]),
        ("write-off", document["write_off_id"]),
        ("state", document["state"]),
        ("of", document["invoice_id"]),
        ("amount", show_amount(document["amount_minor"], document["currency"])),
    ]
    return [*write_fields(fields), *write_planned(document), "", document["what_happened"]]


def list_write_offs(books: Books, account_id: str) -> dict[str, Any]:
    """The document of the write-offs of one account."""
    found = read_write_offs(account_id, books.archive)
    return {"account_id": account_id, "write_offs": [_write_off_as_json(each) for each in found]}


def write_write_off_list(document: dict[str, Any]) -> list[str]:
    """Write-offs for people: one row for each."""
    rows = [
        [
            each["write_off_id"],
            each["state"],
            show_amount(each["amount_minor"], each["currency"]),
            each["invoice_id"],
            each["since"],
            each["by"],
        ]
        for each in document["write_offs"]
    ]
    return write_table(_COLUMNS, rows) if rows else [f"Account {document['account_id']} has no write-offs."]


def _read_amount(arguments: argparse.Namespace, books: Books) -> int | None:
    """Minor units of the account's currency. Raises `AmountError`, `TargetUnknownError`."""
    head = books.ledger.read_head(arguments.account_id, consistent=True)
    if head is None or head.currency is None:
        raise TargetUnknownError(f"there is no account {arguments.account_id} with a policy")
    return None if arguments.amount is None else parse_amount(arguments.amount, head.currency)


def _document(done: WrittenOff, *, is_preview: bool) -> dict[str, Any]:
    what_happened = "1 entry was appended." if done.planned else "The very same was done before; nothing was written."
    if is_preview:
        what_happened = "This is a preview: nothing was written."
    return {
        **_write_off_as_json(done.write_off),
        "is_preview": is_preview,
        "is_repeated": not done.planned,
        **planned_as_json(done.planned),
        "what_happened": what_happened,
    }


def _write_off_as_json(write_off: WriteOff) -> dict[str, Any]:
    return {
        "account_id": write_off.account_id,
        "write_off_id": write_off.write_off_id,
        "state": write_off.state.value,
        "since": write_off.taken_on(write_off.state).isoformat(),
        "by": write_off.taken_by(write_off.state),
        "invoice_id": write_off.invoice_id,
        "currency": write_off.currency,
        "amount_minor": write_off.amount_minor,
    }
