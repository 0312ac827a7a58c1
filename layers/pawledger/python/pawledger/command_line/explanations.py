"""`pawledger invoice explain`: where each amount on an invoice comes from, and why it differs from the one before."""

from collections.abc import Sequence
from typing import Any, Final

from pawledger.command_line.errors import AccountNotFoundError
from pawledger.command_line.tables import Column, show_amount, show_value, write_fields, write_table
from pawledger.domain.billing.documents import currency_of
from pawledger.domain.billing.explanations import Cut, ExplainedInvoice, ExplainedLine, explain_invoice
from pawledger.domain.billing.installments import INSTALLMENT_FEE
from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.books.entries import Entry
from pawledger.domain.identifiers import check_account_id
from pawledger.domain.money import format_amount
from pawledger.ports import LedgerArchive
from pawledger.services.documents.account_documents import find_invoice, read_unbroken_entries

_LINE_COLUMNS: Final = (
    Column("policy term"),
    Column("installment", is_right=True),
    Column("charge"),
    Column("amount", is_right=True),
    Column("how it was cut", weight=1),
    Column("where the charge comes from", weight=1),
)
_RULE_COLUMNS: Final = (Column("rule"), Column("name"), Column("citation", weight=1))
_DIFFERENCE_COLUMNS: Final = (
    Column("policy"),
    Column("charge"),
    Column("before", is_right=True),
    Column("now", is_right=True),
    Column("change", is_right=True),
    Column("why", weight=1),
)
_EVENT_COLUMNS: Final = (Column("recorded on"), Column("what happened", weight=1))


def show_explanation(invoice_id: str, *, archive: LedgerArchive, rulebook: Rulebook) -> dict[str, Any]:
    """The explanation of an invoice as a JSON object.

    Raises `IdentifierError`, `AccountNotFoundError`, `BrokenLedgerError` and `NotAnInvoiceError`.
    """
    account_id = check_account_id(invoice_id.rpartition("-")[0])
    entries = read_unbroken_entries(account_id, archive)
    if not entries:
        raise AccountNotFoundError(f"there is no account {account_id} in this environment")
    invoice = find_invoice(entries, invoice_id)
    return _document(explain_invoice(entries, invoice, rulebook, currency_of(entries) or ""))


def write_explanation(document: dict[str, Any]) -> list[str]:
    """The explanation for people: the lines, their rules, then the difference to the invoice before."""
    currency = document["currency"]
    lines = write_fields(
        [
            ("invoice", document["invoice_id"]),
            ("account", document["account_id"]),
            ("issued on", document["issued_on"]),
            ("due on", document["due_on"]),
            ("billed", show_amount(document["amount_minor"], currency)),
            ("settled at once", show_amount(document["settled_minor"], currency)),
        ]
    )
    lines += ["", *write_table(_LINE_COLUMNS, [_line_row(line, currency) for line in document["lines"]])]
    rules = {rule["rule_id"]: rule for line in document["lines"] for rule in line["rules"]}
    if rules:
        rows = [[rule["rule_id"], rule["name"], _show_citation(rule)] for rule in rules.values()]
        lines += ["", *write_table(_RULE_COLUMNS, rows)]
    return [*lines, "", *_write_difference(document)]


def _document(explained: ExplainedInvoice) -> dict[str, Any]:
    currency = explained.currency
    return {
        "invoice_id": explained.invoice_id,
        "account_id": explained.account_id,
        "currency": currency,
        "issued_on": explained.issued_on.isoformat(),
        "due_on": explained.due_on.isoformat(),
        "amount_minor": explained.amount_minor,
        "settled_minor": explained.settled_minor,
        "lines": [_line_as_json(line, currency) for line in explained.lines],
        "before": explained.before,
        "before_minor": explained.before_minor if explained.before else None,
        "differences": [
            {
                "policy_id": difference.policy_id,
                "charge": difference.code,
                "before_minor": difference.before_minor,
                "now_minor": difference.now_minor,
                "change_minor": difference.now_minor - difference.before_minor,
                "why": difference.why,
            }
            for difference in explained.differences
        ],
        "events": [_event_as_json(event) for event in explained.events],
    }


def _line_as_json(line: ExplainedLine, currency: str) -> dict[str, Any]:
    cut = line.cut
    return {
        "term_id": line.term_id,
        "installment_number": line.number,
        "installment_count": line.count,
        "plan": line.plan or None,
        "charge": line.code,
        "amount_minor": line.amount_minor,
        "charge_minor": cut.charge_minor if cut else None,
        "invoiced_before_minor": cut.invoiced_before_minor if cut else None,
        "cut": _describe_cut(line, currency),
        "origin": _describe_origin(line),
        "arithmetic": line.arithmetic or None,
        "event": _event_as_json(line.event) if line.event else None,
        "rules": [
            {
                "rule_id": rule.rule_id,
                "name": rule.name,
                "citation": rule.citation,
                "is_verified": rule.is_verified,
            }
            for rule in line.rules
        ],
    }


def _event_as_json(event: Entry) -> dict[str, Any]:
    return {
        "entry_id": event.entry_id,
        "event_id": event.decision.source.get("event_id"),
        "recorded_on": event.decision.occurred_on.isoformat(),
        "what": event.decision.reason,
    }


def _describe_cut(line: ExplainedLine, currency: str) -> str:
    """How an amount was cut from its charge, in words."""
    if line.code == INSTALLMENT_FEE:
        return "for each installment but the first"
    cut = line.cut
    if cut is None:
        return "cannot be told: by today's rules it would be another amount"
    charge, left, before = (
        format_amount(minor, currency) for minor in (cut.charge_minor, cut.left_minor, cut.invoiced_before_minor)
    )
    if cut.is_down_payment:
        return f"down payment of {charge}"
    if line.amount_minor == cut.left_minor:
        return f"all of {charge}" if not cut.invoiced_before_minor else f"what is left of {charge} after {before}"
    whole = f"of {charge}" if not cut.invoiced_before_minor else f"of {left} left of {charge} after {before}"
    return f"{_describe_share(cut)} {whole}"


def _describe_share(cut: Cut) -> str:
    """The share of what was left: by months, or by the weights of the plan where these differ."""
    if cut.weight * cut.months_left == cut.months * cut.weight_left:
        return f"{cut.months} of {cut.months_left} months"
    return f"{cut.weight} of {cut.weight_left} parts"


def _describe_origin(line: ExplainedLine) -> str:
    """What the charge comes from: rules, or the policy system; with its arithmetic."""
    event = line.event
    told = f"event {event.decision.source.get('event_id')}" if event else "no event of this ledger"
    by = " ".join(line.rule_ids)
    if by:
        return f"{by}: {line.arithmetic} ({told})"
    if line.arithmetic:
        return f"{line.arithmetic} days ({told})"
    return f"told by the policy system in {told}" if event else told


def _line_row(line: dict[str, Any], currency: str) -> list[str]:
    count = show_value(line["installment_count"])
    return [
        line["term_id"],
        f"{line['installment_number']} of {count}",
        line["charge"],
        show_amount(line["amount_minor"], currency),
        line["cut"],
        line["origin"],
    ]


def _show_citation(rule: dict[str, Any]) -> str:
    return str(rule["citation"]) if rule["is_verified"] else f"{rule['citation']} (not verified)"


def _write_difference(document: dict[str, Any]) -> list[str]:
    if document["before"] is None:
        return ["It is the first invoice of the account."]
    currency = document["currency"]
    change_minor = document["amount_minor"] - document["before_minor"]
    compared = f"{document['before']}, which billed {show_amount(document['before_minor'], currency)}"
    if document["differences"]:
        lines = [f"{show_amount(change_minor, currency)} more than {compared}:"]
        if change_minor < 0:
            lines = [f"{show_amount(-change_minor, currency)} less than {compared}:"]
        lines += ["", *write_table(_DIFFERENCE_COLUMNS, _difference_rows(document["differences"], currency))]
    else:
        lines = [f"The same charges as on {compared}."]
    if document["events"]:
        rows = [[event["recorded_on"], event["what"]] for event in document["events"]]
        lines += ["", *write_table(_EVENT_COLUMNS, rows)]
    return lines


def _difference_rows(differences: Sequence[dict[str, Any]], currency: str) -> list[list[str]]:
    return [
        [
            row["policy_id"],
            row["charge"],
            show_amount(row["before_minor"], currency),
            show_amount(row["now_minor"], currency),
            show_amount(row["change_minor"], currency),
            row["why"],
        ]
        for row in differences
    ]
