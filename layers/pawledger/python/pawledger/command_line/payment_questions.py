"""`pawledger payment question`: a person puts a payment on the worklist that is posted, and wrong all the same."""

import argparse
from datetime import date, datetime
from typing import Any

from pawledger.command_line.errors import PaymentNotFoundError
from pawledger.command_line.payment_explanations import find_payment_ledger, name_payment
from pawledger.command_line.tables import write_fields
from pawledger.domain.books.entries import PAYMENT_ENTRIES, Entry
from pawledger.domain.posting.splitting import PART_ENTRIES
from pawledger.runtime.books import Books
from pawledger.services.resolving.question_payment import question_payment
from pawledger.services.resolving.resolve_discrepancy import Deed


def question(arguments: argparse.Namespace, books: Books, decided_at: datetime, as_of: date) -> dict[str, Any]:
    """The document of the discrepancy by which the payment is questioned.

    Raises `PaymentNotFoundError`, and what `question_payment` and finding the ledger raise.
    """
    payment = _read_payment(arguments, books, as_of)
    deed = Deed("", books.find_actor(), arguments.reason, decided_at, "question")
    recorded = question_payment(payment, deed, books.discrepancies)
    found = recorded.discrepancy
    return {
        "discrepancy_id": found.discrepancy_id,
        "account_id": found.account_id,
        "entry_id": found.subject,
        "what": found.what,
        "status": recorded.status.value,
        "resolutions": [command.value for command in found.terms.resolutions],
        "suggestion": found.suggestion,
    }


def write_question(document: dict[str, Any]) -> list[str]:
    """What was put on the worklist for people, and what can be done about it."""
    return write_fields(
        [
            ("discrepancy", document["discrepancy_id"]),
            ("payment", document["entry_id"]),
            ("account", document["account_id"]),
            ("what", document["what"]),
            ("what to do", document["suggestion"]),
            ("resolve with", ", ".join(document["resolutions"])),
        ]
    )


def _read_payment(arguments: argparse.Namespace, books: Books, as_of: date) -> Entry:
    name = name_payment(arguments.payment_id)
    ledger_id = arguments.account or find_payment_ledger(name, arguments.file, books, as_of)
    for entry_id in (f"{PAYMENT_ENTRIES}{name}", f"{PART_ENTRIES}{name}"):
        payment = books.ledger.read_entry(ledger_id, entry_id)
        if payment is not None:
            return payment
    raise PaymentNotFoundError(f"there is no payment {name} in {ledger_id}")
