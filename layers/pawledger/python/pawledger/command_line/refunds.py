"""`pawledger refunds`: what goes back to payers, and each step of it that a person takes, shown before and after."""

import argparse
import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from pawledger.command_line.decisions import AddCommand, add_decision_arguments
from pawledger.command_line.errors import FolderNotWritableError
from pawledger.command_line.planned_entries import planned_as_json, write_planned
from pawledger.command_line.tables import (
    UNKNOWN,
    Column,
    escape_text,
    show_amount,
    show_value,
    write_fields,
    write_table,
)
from pawledger.domain.books.entries import POLICY_ENTRIES
from pawledger.domain.money import format_amount, parse_amount
from pawledger.domain.refunding.refund_steps import (
    Act,
    RefundCurrencyError,
    RefundRequest,
    Sending,
    due_on_of,
    find_refund,
)
from pawledger.domain.refunding.refunds import Refund, RefundStep, person_behind
from pawledger.ports import Ledger
from pawledger.rules.refund_rules import load_refund_rules
from pawledger.runtime.books import Books
from pawledger.services.refunding.refund_money import (
    Refunded,
    RefundPorts,
    approve_refund,
    find_open_refunds,
    interest_on,
    read_refunds,
    reject_refund,
    request_refund,
    send_refund,
    void_refund,
)

_LIST_COLUMNS: Final = (
    Column("ledger"),
    Column("refund"),
    Column("state"),
    Column("amount", is_right=True),
    Column("since"),
    Column("send by"),
    Column("file"),
    Column("for", weight=1),
)
_STEP_COLUMNS: Final = (Column("day"), Column("step"), Column("by", weight=1), Column("what", weight=2))

_CSV_COLUMNS: Final = (
    "refund_id",
    "account_id",
    "policies",
    "amount",
    "of_which_interest",
    "currency",
    "end_to_end_id",
    "send_by",
)

_STEPS: Final = {
    "approve": "say that it may go back; above the limit of the rules by another person than who requested it",
    "reject": "let the money wait where it did; nothing was sent",
    "void": "let the money wait where it did, since the bank did not pay what was sent",
}


def add_refund_commands(group: Any, add_command: AddCommand) -> None:
    """Add `list`, `show`, `request`, `approve`, `reject`, `send` and `void` to the group of refunds."""
    listing = add_command(group, "refunds list", "open refunds of all accounts, or every refund of one")
    listing.add_argument("--account", metavar="LEDGER", help="an account or a suspense ledger; its closed ones too")
    listing.add_argument("--csv", type=Path, metavar="FILE", help="write those that are approved, to be paid, as CSV")
    show = add_command(group, "refunds show", "one refund, step by step")
    request = add_command(group, "refunds request", "set unapplied cash aside to go back to its payer")
    request.add_argument("ledger_id", metavar="ACCOUNT")
    request.add_argument("--amount", metavar="AMOUNT", help="such as 12.50; all unapplied cash if not given")
    request.add_argument("--currency", metavar="CURRENCY", help="the account's if not given")
    request.add_argument(
        "--for", dest="ground", metavar="ENTRY", help="the entry that gave the money; the last one if not given"
    )
    add_decision_arguments(request)
    send = add_command(group, "refunds send", "note that the bank was told to pay")
    send.add_argument("--file", required=True, metavar="NAME", help="the payment file that it stands in")
    send.add_argument("--end-to-end-id", metavar="ID", help="by which the debit is known; the refund's id if not given")
    parsers = [add_command(group, f"refunds {name}", help_text) for name, help_text in _STEPS.items()]
    for parser in (show, send, *parsers):
        parser.add_argument("ledger_id", metavar="LEDGER")
        parser.add_argument("refund_id", metavar="REFUND")
    for parser in (send, *parsers):
        add_decision_arguments(parser)


def ports_of(books: Books) -> RefundPorts:
    """The books and rules that refunding touches. Raises `BillingRulesError`."""
    return RefundPorts(
        ledger=books.ledger,
        archive=books.archive,
        references=books.references,
        discrepancies=books.discrepancies,
        holidays=books.holidays,
        pause=books.pause,
        rules=load_refund_rules(),
    )


def take_step(arguments: argparse.Namespace, books: Books, decided_at: datetime) -> dict[str, Any]:
    """Take the step that a command names; the document of what that came to. Raises what the step refuses."""
    ports, step = ports_of(books), str(arguments.command).rpartition(" ")[2]
    act = Act(books.find_actor(), arguments.reason.strip(), decided_at)
    ledger_id, is_preview = arguments.ledger_id, arguments.preview
    if step == "request":
        done = request_refund(ledger_id, _read_request(arguments, books.ledger), act, ports, is_preview=is_preview)
    elif step == "send":
        sending = Sending(arguments.end_to_end_id or arguments.refund_id, arguments.file)
        done = send_refund(ledger_id, arguments.refund_id, sending, act, ports, is_preview=is_preview)
    else:
        take = {"approve": approve_refund, "reject": reject_refund, "void": void_refund}[step]
        done = take(ledger_id, arguments.refund_id, act, ports, is_preview=is_preview)
    return _document(done, is_preview=is_preview)


def write_step(document: dict[str, Any]) -> list[str]:
    """What a step came to for people: the refund, its entry, the ledger before and after."""
    fields = [
        ("ledger", document["ledger_id"]),
        ("refund", document["refund_id"]),
        ("state", document["state"].replace("_", " ")),
        ("amount", show_amount(document["amount_minor"], document["currency"])),
        ("interest", show_amount(document["interest_minor"], document["currency"])),
        ("send by", show_value(document["send_by"])),
        ("end-to-end id", show_value(document["end_to_end_id"])),
    ]
    return [*write_fields(fields), *write_planned(document), "", document["what_happened"]]


def list_refunds(books: Books, ledger_id: str | None, csv_path: Path | None, *, as_of: date) -> dict[str, Any]:
    """The document of open refunds, or of all of one ledger; those that are approved as CSV, to be paid on a day.

    Raises `FolderNotWritableError`.
    """
    found = read_refunds(ledger_id, books.archive) if ledger_id else tuple(find_open_refunds(books.archive))
    approved = [refund for refund in found if refund.state is RefundStep.APPROVED]
    if csv_path is not None:
        _write_csv(csv_path, _csv_rows(approved, books.ledger, as_of))
    return {
        "refunds": [_refund_as_json(refund) for refund in found],
        "csv": str(csv_path) if csv_path else None,
        "csv_count": len(approved) if csv_path else None,
    }


def write_refund_list(document: dict[str, Any]) -> list[str]:
    """Refunds for people: one row for each."""
    rows = [
        [
            each["ledger_id"],
            each["refund_id"],
            each["state"].replace("_", " "),
            show_amount(each["amount_minor"] + each["interest_minor"], each["currency"]),
            each["since"],
            show_value(each["send_by"]),
            show_value(each["payment_file"]),
            each["for"],
        ]
        for each in document["refunds"]
    ]
    lines = write_table(_LIST_COLUMNS, rows) if rows else ["No refunds."]
    if document["csv"]:
        written = f"{document['csv_count']} approved written to {document['csv']}"
        lines += ["", f"{written}; the payees' bank accounts are not known here."]
    return lines


def show_refund(books: Books, ledger_id: str, refund_id: str) -> dict[str, Any]:
    """The document of one refund. Raises `RefundUnknownError`."""
    refund = find_refund(read_refunds(ledger_id, books.archive), refund_id, ledger_id)
    return {
        **_refund_as_json(refund),
        "steps": [
            {
                "day": entry.decision.occurred_on.isoformat(),
                "step": step.value,
                "by": person_behind(entry),
                "reason": entry.decision.reason,
                "entry_id": entry.entry_id,
            }
            for step, entry in refund.history
        ],
    }


def write_refund(document: dict[str, Any]) -> list[str]:
    """One refund for people, step by step."""
    fields = [
        ("ledger", document["ledger_id"]),
        ("refund", document["refund_id"]),
        ("state", document["state"].replace("_", " ")),
        ("amount", show_amount(document["amount_minor"], document["currency"])),
        ("interest", show_amount(document["interest_minor"], document["currency"])),
        ("for", document["for"]),
        ("send by", f"{document['send_by']} ({document['deadline_rule']})" if document["send_by"] else UNKNOWN),
        ("end-to-end id", show_value(document["end_to_end_id"])),
        ("payment file", show_value(document["payment_file"])),
        ("discrepancy", show_value(document["discrepancy_id"])),
    ]
    rows = [[each["day"], each["step"], each["by"] or "the bank", each["reason"]] for each in document["steps"]]
    return [*write_fields(fields), "", *write_table(_STEP_COLUMNS, rows)]


def _read_request(arguments: argparse.Namespace, ledger: Ledger) -> RefundRequest:
    """The request in minor units of the account's currency. Raises `AmountError`, `RefundCurrencyError`."""
    head = ledger.read_head(arguments.ledger_id, consistent=True)
    if head is None or head.currency is None:
        raise RefundCurrencyError(f"there is no account {arguments.ledger_id} with a policy")
    amount = arguments.amount
    amount_minor = None if amount is None else parse_amount(amount, arguments.currency or head.currency)
    return RefundRequest(amount_minor, arguments.currency, arguments.ground)


def _document(done: Refunded, *, is_preview: bool) -> dict[str, Any]:
    what_happened = "1 entry was appended." if done.planned else "The very same was done before; nothing was written."
    if is_preview:
        what_happened = "This is a preview: nothing was written."
    return {
        **_refund_as_json(done.refund),
        "is_preview": is_preview,
        "is_repeated": not done.planned,
        **planned_as_json(done.planned),
        "what_happened": what_happened,
    }


def _refund_as_json(refund: Refund) -> dict[str, Any]:
    due_on: date | None = due_on_of(refund)
    details = refund.requested.decision.details or {}
    return {
        "ledger_id": refund.ledger_id,
        "refund_id": refund.refund_id,
        "state": refund.state.value,
        "since": refund.steps[refund.state].decision.occurred_on.isoformat(),
        "currency": refund.currency,
        "amount_minor": refund.amount_minor,
        "interest_minor": refund.interest_minor,
        "for": refund.ground,
        "send_by": due_on.isoformat() if due_on else None,
        "deadline_rule": details.get("deadline_rule"),
        "end_to_end_id": refund.end_to_end_id,
        "payment_file": refund.payment_file,
        "discrepancy_id": refund.discrepancy_id,
    }


def _write_csv(path: Path, rows: Iterable[list[str]]) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(_CSV_COLUMNS)
            writer.writerows([escape_text(cell) for cell in row] for row in rows)
    except OSError as error:
        raise FolderNotWritableError(f"{path} cannot be written: {error.strerror}") from error


def _csv_rows(approved: Iterable[Refund], ledger: Ledger, day: date) -> Iterator[list[str]]:
    rules = load_refund_rules()
    for refund in approved:
        interest_minor = interest_on(refund, day, rules)
        entries = ledger.read_entries_from(refund.ledger_id, POLICY_ENTRIES)
        policies = sorted({str(entry.decision.facts.get("policy_id", "")) for entry in entries} - {""})
        due_on = due_on_of(refund)
        yield [
            refund.refund_id,
            refund.ledger_id,
            " ".join(policies),
            format_amount(refund.amount_minor + interest_minor, refund.currency),
            format_amount(interest_minor, refund.currency),
            refund.currency,
            refund.refund_id,
            due_on.isoformat() if due_on else "",
        ]
