"""`pawledger preview`: what an account will be billed and when and why, also with an event that has not been sent."""

import json
from datetime import date
from pathlib import Path
from typing import Any, Final

from pawledger.command_line.errors import EventFileError
from pawledger.command_line.tables import Column, show_amount, show_value, write_fields, write_table
from pawledger.domain.billing.previews import EventPreview, Preview
from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.policy.renewal_comparisons import RenewalComparison
from pawledger.ports import Ledger
from pawledger.services.billing.preview_account import foresee_bill, foresee_event

EVENT_FILE_BYTES_MAX: Final = 256 * 1024
"""What a queue takes as one message."""

_INVOICE_COLUMNS: Final = (
    Column("invoice"),
    Column("issued on"),
    Column("due on"),
    Column("billed", is_right=True),
    Column("settled at once", is_right=True),
    Column("to be paid", is_right=True),
)
_LINE_COLUMNS: Final = (
    Column("invoice"),
    Column("policy term"),
    Column("installment", is_right=True),
    Column("charges", weight=1),
    Column("why", weight=2),
)
_HELD_COLUMNS: Final = (Column("held term"), Column("amount", is_right=True), Column("why", weight=1))
_PRICE_COLUMNS: Final = (
    Column("charge"),
    Column("old", is_right=True),
    Column("new", is_right=True),
    Column("change", is_right=True),
)
_CHANGE_COLUMNS: Final = (
    Column("policy term"),
    Column("charge"),
    Column("before", is_right=True),
    Column("after", is_right=True),
    Column("given back", is_right=True),
)


def show_preview(
    account_id: str, event_path: str | None, *, first_day: date, until: date, ledger: Ledger, rulebook: Rulebook
) -> dict[str, Any]:
    """The bill up to a day; with the path of an event's message also what that would change.

    Raises `EventFileError`, and what `foresee_bill` or `foresee_event` raise.
    """
    if event_path is None:
        return _document(foresee_bill(account_id, first_day, until, ledger=ledger, rulebook=rulebook))
    message = _read_message(event_path)
    foreseen = foresee_event(account_id, message, first_day, until, ledger=ledger, rulebook=rulebook)
    return {**_document(foreseen.after), "event": _event_as_json(foreseen), "without_event": _document(foreseen.before)}


def write_preview(document: dict[str, Any]) -> list[str]:
    """The bill for people; where an event is previewed, what it does comes first."""
    currency = document["currency"]
    lines = write_fields(
        [
            ("account", document["account_id"]),
            ("from", document["first_day"]),
            ("until", document["until"]),
            ("billed in it", show_amount(document["amount_minor"], currency)),
            ("next attention", show_value(document["agenda_on"])),
        ]
    )
    if "event" in document:
        lines += ["", *_write_event(document["event"], document["without_event"], currency)]
    lines += ["", *_write_invoices(document)]
    if document["held"]:
        rows = [
            [held["term_id"], show_amount(held["amount_minor"], currency), held["why"]] for held in document["held"]
        ]
        lines += ["", *write_table(_HELD_COLUMNS, rows)]
    for renewal in document["renewals"]:
        lines += ["", *_write_renewal(renewal)]
    return lines


def _read_message(path: str) -> object:
    """The message in a file. Raises `EventFileError`."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(EVENT_FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        # ValueError: a path with a NUL character, which no file system has.
        reason = error.strerror if isinstance(error, OSError) else "no such path"
        raise EventFileError(f"{path} cannot be read: {reason}") from error
    if len(data) > EVENT_FILE_BYTES_MAX:
        raise EventFileError(f"{path} is larger than {EVENT_FILE_BYTES_MAX} bytes, so no message")
    try:
        message: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise EventFileError(f"{path} is not JSON") from error
    return message


def _document(preview: Preview) -> dict[str, Any]:
    return {
        "account_id": preview.account_id,
        "currency": preview.currency,
        "first_day": preview.first_day.isoformat(),
        "until": preview.until.isoformat(),
        "amount_minor": preview.amount_minor,
        "agenda_on": preview.agenda_on.isoformat() if preview.agenda_on else None,
        "invoices": [
            {
                "invoice_id": invoice.invoice_id,
                "issued_on": invoice.issued_on.isoformat(),
                "due_on": invoice.due_on.isoformat(),
                "amount_minor": invoice.amount_minor,
                "settled_minor": invoice.settled_minor,
                "payable_minor": invoice.amount_minor - invoice.settled_minor,
                "lines": [
                    {
                        "term_id": line.term_id,
                        "installment_number": line.number,
                        "installment_count": line.count,
                        "charges": [{"charge": c.code, "amount_minor": c.amount_minor} for c in line.charges],
                        "why": line.why,
                    }
                    for line in invoice.lines
                ],
            }
            for invoice in preview.invoices
        ],
        "held": [{"term_id": t.term_id, "amount_minor": t.amount_minor, "why": t.hold} for t in preview.held],
        "renewals": [_renewal_as_json(renewal) for renewal in preview.renewals],
    }


def _renewal_as_json(renewal: RenewalComparison) -> dict[str, Any]:
    rule = renewal.rule
    return {
        "term_id": renewal.term_id,
        "currency": renewal.currency,
        "effective_on": renewal.effective_on.isoformat(),
        "is_waiting": renewal.is_waiting,
        "notice_sent_on": renewal.notice.sent_on.isoformat(),
        "notice_due_on": renewal.notice_due_on.isoformat() if renewal.notice_due_on else None,
        "is_changed_in_mid_term": renewal.is_changed_in_mid_term,
        "is_annualised": renewal.is_annualised,
        "rule": rule and {"rule_id": rule.rule_id, "citation": rule.citation, "is_verified": rule.is_verified},
        "hold": renewal.hold or None,
        "prices": [
            {
                "charge": code,
                "old_minor": renewal.old_minor.get(code, 0),
                "new_minor": renewal.new_minor.get(code, 0),
            }
            for code in renewal.codes
        ],
    }


def _event_as_json(foreseen: EventPreview) -> dict[str, Any]:
    return {
        "event_id": foreseen.event.event_id,
        "what": foreseen.decided.decision.reason,
        "changes": [
            {
                "term_id": change.term_id,
                "charge": code,
                "before_minor": change.before_minor.get(code, 0),
                "after_minor": change.after_minor.get(code, 0),
                "given_back_minor": change.given_back_minor.get(code, 0),
            }
            for change in foreseen.changes
            for code in dict.fromkeys((*change.before_minor, *change.after_minor, *change.given_back_minor))
        ],
        "discrepancies": [born.what for born in foreseen.decided.discrepancies],
    }


def _write_invoices(document: dict[str, Any]) -> list[str]:
    currency, invoices = document["currency"], document["invoices"]
    if not invoices:
        return [f"Nothing is billed until {document['until']}."]
    rows = [
        [
            invoice["invoice_id"],
            invoice["issued_on"],
            invoice["due_on"],
            show_amount(invoice["amount_minor"], currency),
            show_amount(invoice["settled_minor"], currency),
            show_amount(invoice["payable_minor"], currency),
        ]
        for invoice in invoices
    ]
    line_rows = [
        [
            invoice["invoice_id"],
            line["term_id"],
            f"{line['installment_number']} of {line['installment_count']}",
            ", ".join(f"{c['charge']} {show_amount(c['amount_minor'], currency)}" for c in line["charges"]),
            line["why"],
        ]
        for invoice in invoices
        for line in invoice["lines"]
    ]
    return [*write_table(_INVOICE_COLUMNS, rows), "", *write_table(_LINE_COLUMNS, line_rows)]


def _write_event(event: dict[str, Any], without: dict[str, Any], currency: str | None) -> list[str]:
    without_amount = show_amount(without["amount_minor"], currency)
    fields = [("event", event["event_id"]), ("would mean", event["what"]), ("billed without", without_amount)]
    lines = write_fields([*fields, *(("discrepancy", what) for what in event["discrepancies"])])
    rows = [
        [
            change["term_id"],
            change["charge"],
            show_amount(change["before_minor"], currency),
            show_amount(change["after_minor"], currency),
            show_amount(change["given_back_minor"], currency),
        ]
        for change in event["changes"]
    ]
    return [*lines, "", *write_table(_CHANGE_COLUMNS, rows)] if rows else lines


def _write_renewal(renewal: dict[str, Any]) -> list[str]:
    rule, currency = renewal["rule"], renewal["currency"]
    old = "the latest price for a year" if renewal["is_annualised"] else "what the term before costs"
    fields = [
        ("renewal", f"{renewal['term_id']} from {renewal['effective_on']}"),
        ("begins", "only when the customer accepts it" if renewal["is_waiting"] else "unless it is declined"),
        ("old price", f"{old}, without fees"),
        ("told on", renewal["notice_sent_on"]),
        ("to be told by", show_value(renewal["notice_due_on"])),
        ("rule", _show_rule(rule) if rule else "none is known"),
    ]
    if renewal["hold"]:
        fields.append(("held", renewal["hold"]))
    prices = renewal["prices"]
    total = {
        "charge": "total",
        "old_minor": sum(price["old_minor"] for price in prices),
        "new_minor": sum(price["new_minor"] for price in prices),
    }
    rows = [
        [
            price["charge"],
            show_amount(price["old_minor"], currency),
            show_amount(price["new_minor"], currency),
            show_amount(price["new_minor"] - price["old_minor"], currency),
        ]
        for price in [*prices, total]
    ]
    return [*write_fields(fields), "", *write_table(_PRICE_COLUMNS, rows)]


def _show_rule(rule: dict[str, Any]) -> str:
    written = f"{rule['rule_id']}: {rule['citation']}"
    return written if rule["is_verified"] else f"{written} (not verified)"
