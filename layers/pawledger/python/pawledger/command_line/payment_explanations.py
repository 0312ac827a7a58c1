"""`pawledger payment explain`: how a payment found its account, what it settled and why, and what would differ."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from pawledger.command_line.errors import PaymentNotFoundError, PaymentSharedError
from pawledger.command_line.files import find_file
from pawledger.command_line.tables import Column, show_amount, show_value, write_fields, write_table
from pawledger.domain.books.entries import PAYMENT_ENTRIES, POLICY_ENTRIES, Entry, EntryKind
from pawledger.domain.matching.identification import reasons_of
from pawledger.domain.money import format_amount
from pawledger.domain.posting.allocation import AllocationRule
from pawledger.domain.posting.allocation_terms import AllocationRules
from pawledger.domain.posting.payment_explanations import COMPONENT_ORDER, OTHER, ExplainedPayment, explain_payment
from pawledger.domain.posting.splitting import PART_ENTRIES
from pawledger.runtime.books import Books
from pawledger.services.documents.account_documents import read_unbroken_entries
from pawledger.services.posting.find_payment import DAYS_SEARCHED, PaymentFindingPorts, find_ledger, recent_files

_RULES: Final[Mapping[AllocationRule, str]] = {
    AllocationRule.NAMED: "the invoices that the payer named, then the order",
    AllocationRule.ONLY_COMBINATION: "the only open invoices that add up to it",
    AllocationRule.ORDER: "the order of the terms, oldest due day first unless they say otherwise",
    AllocationRule.NOTHING_OPEN: "nothing was open: it waits for the next invoice",
}
_ALLOCATION_COLUMNS: Final = (
    Column("invoice"),
    Column("due on"),
    Column("open before", is_right=True),
    Column("settled", is_right=True),
    *(Column(component, is_right=True) for component in (*COMPONENT_ORDER, OTHER)),
)
_CANDIDATE_COLUMNS: Final = (
    Column("account"),
    Column("score", is_right=True),
    Column("what speaks for it", weight=1),
    Column("what it lacks", weight=1),
)
_COUNTERFACTUAL_COLUMNS: Final = (Column("had it had"), Column("then it", weight=1))


def show_payment(
    payment_id: str, *, account_id: str | None, file_id: str | None, books: Books, rules: AllocationRules, as_of: date
) -> dict[str, Any]:
    """The explanation of a payment as a JSON object. Without an account its ledger is looked for.

    Raises `PaymentNotFoundError`, `PaymentSharedError`, `NotAPaymentError`, `BrokenLedgerError`, and what finding the
    ledger raises.
    """
    name = name_payment(payment_id)
    ledger_id = account_id or find_payment_ledger(name, file_id, books, as_of)
    entries = read_unbroken_entries(ledger_id, books.archive)
    wanted = (f"{PAYMENT_ENTRIES}{name}", f"{PART_ENTRIES}{name}")
    found = next((entry for entry in entries if entry.entry_id in wanted), None)
    if found is None:
        raise PaymentNotFoundError(f"there is no payment {name} in {ledger_id}")
    if found.decision.kind is EntryKind.PAYMENT_SPLIT:
        raise PaymentSharedError(f"{found.decision.reason} Name one of them with --account to see what it settled")
    products = {
        str(entry.decision.facts["product"])
        for entry in entries
        if entry.entry_id.startswith(POLICY_ENTRIES)
        and entry.sequence < found.sequence
        and "product" in entry.decision.facts
    }
    terms = rules.terms_of(ledger_id, found.decision.facts.get("currency", ""), products)
    return _document(explain_payment(entries, found, terms))


def name_payment(typed: str) -> str:
    """The id of a payment, typed as that or as an entry of it."""
    return typed.removeprefix(PAYMENT_ENTRIES).removeprefix(PART_ENTRIES)


def find_payment_ledger(name: str, file_id: str | None, books: Books, as_of: date) -> str:
    """The ledger of a payment of which no account is named.

    Raises `PaymentNotFoundError`, and what finding the files raises.
    """
    if file_id is None:
        records, where = recent_files(as_of, books.register), f"the files of the {DAYS_SEARCHED} days up to {as_of}"
    else:
        record = find_file(books.register, file_id.lower(), as_of)
        records, where = iter((record,)), f"the file {record.file_id}"
    ports = PaymentFindingPorts(books.ledger, books.references, books.open_store)
    ledger_id = find_ledger(name, records, ports)
    if ledger_id is None:
        raise PaymentNotFoundError(
            f"no payment {name} waits in suspense, and none in {where} leads to its account; "
            f"name that with --account, its file with --file, or with --as-of a day soon after it was received"
        )
    return ledger_id


def write_payment(document: dict[str, Any]) -> list[str]:
    """The explanation for people."""
    currency = document["currency"]
    lines = write_fields(
        [
            ("payment", document["entry_id"]),
            ("ledger", document["ledger_id"]),
            ("booked on", document["booked_on"]),
            ("amount", show_amount(document["amount_minor"], currency)),
            ("found by", _tell_rung(document)),
            ("what agreed", ", ".join(document["agreed"]) or show_value(None)),
            ("decided by", show_value(document["decided_by"])),
            ("payer named", ", ".join(document["named"]) or show_value(None)),
            ("laid out by", document["rule_in_words"]),
            ("what happened", document["reason"]),
            ("file", f"{document['file_id']}, line {document['line']}"),
        ]
    )
    if document["allocations"]:
        lines += ["", *write_table(_ALLOCATION_COLUMNS, [_row(each, currency) for each in document["allocations"]])]
    for name, what in (("unapplied_minor", "is unapplied cash"), ("small_difference_minor", "is not asked for")):
        if document[name]:
            lines += ["", f"{show_amount(document[name], currency)} {what}."]
    if document["candidates"]:
        rows = [
            [each["account_id"], str(each["score"]), ", ".join(each["matched"]), ", ".join(each["lacks"])]
            for each in document["candidates"]
        ]
        title = "Who came closest to it:" if document["rule"] else "Accounts that it might have been for:"
        lines += ["", title, *write_table(_CANDIDATE_COLUMNS, rows)]
    if document["counterfactuals"]:
        rows = [[each["change"], each["outcome"]] for each in document["counterfactuals"]]
        lines += ["", "What alone would have changed it:", *write_table(_COUNTERFACTUAL_COLUMNS, rows)]
    if not document["is_as_recorded"]:
        lines += ["", "Today's terms would lay it out in another way; the record stays as it is."]
    return lines


def _tell_rung(document: dict[str, Any]) -> str:
    """The rung of the ladder and the version of its rules."""
    version = document["ladder_version"]
    return show_value(document["identified_by"]) + (f" (rules {version})" if version else "")


def _row(allocation: dict[str, Any], currency: str) -> list[str]:
    components = allocation["components"]
    return [
        allocation["invoice_id"],
        show_value(allocation["due_on"]),
        format_amount(allocation["open_before_minor"], currency),
        format_amount(allocation["amount_minor"], currency),
        *(
            format_amount(components[name], currency) if name in components else show_value(None)
            for name in (*COMPONENT_ORDER, OTHER)
        ),
    ]


def _document(explained: ExplainedPayment) -> dict[str, Any]:
    entry: Entry = explained.entry
    agreed, decided_by = reasons_of(explained.identified_by)
    return {
        "entry_id": entry.entry_id,
        "ledger_id": entry.account_id,
        "sequence": entry.sequence,
        "booked_on": entry.decision.occurred_on.isoformat(),
        "amount_minor": explained.amount_minor,
        "currency": explained.currency,
        "identified_by": explained.identified_by,
        "named": list(explained.named),
        "rule": explained.rule.value if explained.rule else None,
        "rule_in_words": _RULES[explained.rule] if explained.rule else "not at all: it waits in suspense",
        "reason": entry.decision.reason,
        "file_id": str(entry.decision.source.get("file_id")),
        "line": entry.decision.source.get("line"),
        "allocations": [
            {
                "invoice_id": each.invoice_id,
                "due_on": each.due_on.isoformat() if each.due_on else None,
                "open_before_minor": each.open_before_minor,
                "amount_minor": each.amount_minor,
                "components": dict(each.components),
            }
            for each in explained.allocations
        ],
        "small_difference_minor": explained.small_difference_minor,
        "unapplied_minor": explained.unapplied_minor,
        "counterfactuals": [{"change": each.change, "outcome": each.outcome} for each in explained.counterfactuals],
        "candidates": [
            {
                "account_id": each.account_id,
                "score": each.score,
                "matched": list(each.matched),
                "lacks": list(each.lacks),
            }
            for each in explained.candidates
        ],
        "ladder_version": explained.version,
        "agreed": list(agreed),
        "decided_by": decided_by,
        "is_as_recorded": explained.is_as_recorded,
    }
