"""`pawledger discrepancies`: what differs, how much, how old, and what to do about it."""

from collections import Counter
from dataclasses import asdict
from datetime import date
from typing import Any, Final

from pawledger.command_line.errors import DiscrepancyNotFoundError
from pawledger.command_line.tables import (
    UNKNOWN,
    Column,
    show_amount,
    show_value,
    write_fields,
    write_table,
)
from pawledger.domain.bank_returns.returned_payments import ReceivedPayment
from pawledger.domain.books.waiting_money import NothingWaitsError
from pawledger.domain.matching.open_amounts import is_amount_alone
from pawledger.domain.worklist.discrepancy_life import Change, RecordedDiscrepancy
from pawledger.ports import DiscrepancyBook
from pawledger.services.resolving.amount_suggestions import find_candidates
from pawledger.services.resolving.plan_resolution import PaymentUnknownError
from pawledger.services.resolving.resolution_steps import ResolvingPorts
from pawledger.services.resolving.resolve_discrepancy import find_money
from pawledger.services.resolving.take_back_payment import list_possible_payments

SECONDS_CHARACTERS: Final = len("2026-04-01T07:00:00")
"""What is shown of an instant."""

_COLUMNS: Final = (
    Column("discrepancy"),
    Column("severity"),
    Column("owner"),
    Column("age", is_right=True),
    Column("amount", is_right=True),
    Column("account"),
    Column("what", weight=1),
)
_CANDIDATE_COLUMNS: Final = (
    Column("it may belong to"),
    Column("score", is_right=True),
    Column("what agrees", weight=1),
)
_PAYMENT_COLUMNS: Final = (
    Column("it may take back"),
    Column("paid on"),
    Column("not returned yet", is_right=True),
)
_HISTORY_COLUMNS: Final = (
    Column("when"),
    Column("change"),
    Column("by"),
    Column("reason and command", weight=1),
)

_NOT_PUSHED: Final = {
    False: "not pushed yet",
    True: "none of its own: the first of its kind from this file was pushed, and the digest of the day counts it",
}
"""By whether it stands with others of its kind from one file, of which only one is told at once."""


def list_discrepancies(
    book: DiscrepancyBook,
    *,
    kind: str | None = None,
    owner: str | None = None,
    is_overdue: bool = False,
    as_of: date,
    shown_max: int,
) -> dict[str, Any]:
    """The document of the open discrepancies, of a kind or an owner, or of all; or only of those that are overdue.

    Beyond `shown_max` they are only counted.
    """
    counts: Counter[str] = Counter()
    overdue_count = 0
    shown: list[dict[str, Any]] = []
    for recorded in book.list_open():
        found = recorded.discrepancy
        if kind not in (None, found.kind) or owner not in (None, found.terms.owner):
            continue
        if is_overdue and not found.is_overdue(as_of):
            continue
        counts[found.kind] += 1
        overdue_count += found.is_overdue(as_of)
        if len(shown) < shown_max:
            shown.append(_as_json(recorded, as_of))
    return {
        "as_of": as_of.isoformat(),
        "open_count": counts.total(),
        "open_count_by_kind": dict(sorted(counts.items())),
        "overdue_count": overdue_count,
        "discrepancies": shown,
    }


def write_discrepancy_list(document: dict[str, Any]) -> list[str]:
    """The list for people: one row each, then how many there are of each kind."""
    found = document["discrepancies"]
    if not document["open_count"]:
        return [f"No open discrepancies as of {document['as_of']}."]
    rows = [
        [
            each["discrepancy_id"],
            each["severity"],
            each["owner"],
            f"{each['age_days']} d{'!' if each['is_overdue'] else ''}",
            show_amount(each["amount_minor"], each["currency"]),
            show_value(each["account_id"]),
            each["what"],
        ]
        for each in found
    ]
    by_kind = ", ".join(f"{count} {kind}" for kind, count in document["open_count_by_kind"].items())
    overdue = f"; {document['overdue_count']} overdue (!)" if document["overdue_count"] else ""
    summary = f"{document['open_count']} open as of {document['as_of']}: {by_kind}{overdue}."
    if len(found) < document["open_count"]:
        summary += f" The first {len(found)} are shown; --limit shows more."
    return [*write_table(_COLUMNS, rows), "", summary]


def show_discrepancy(ports: ResolvingPorts, discrepancy_id: str, *, as_of: date) -> dict[str, Any]:
    """The document of one discrepancy, open or not, with its history and what waits of its payment.

    Raises `DiscrepancyNotFoundError`.
    """
    recorded = ports.discrepancies.read(discrepancy_id)
    if recorded is None:
        raise DiscrepancyNotFoundError(
            f"there is no discrepancy {discrepancy_id}; `pawledger discrepancies list` shows the ids of open ones"
        )
    return {
        "as_of": as_of.isoformat(),
        **_as_json(recorded, as_of),
        "waiting": _find_waiting(ports, discrepancy_id),
        "candidates": _find_candidates(ports, recorded),
        "payments": [_payment_as_json(each) for each in list_possible_payments(recorded, ports)],
        "pending": recorded.pending and asdict(recorded.pending),
        "history": [_change_as_json(change) for change in recorded.history],
    }


def write_discrepancy(document: dict[str, Any]) -> list[str]:
    """One discrepancy for people, with what to do, whether anybody was told, and what became of it."""
    alerted_at = document["alerted_at"]
    fields = write_fields(
        [
            ("discrepancy", document["discrepancy_id"]),
            ("kind", document["kind"].replace("_", " ")),
            ("status", document["status"]),
            ("amount", show_amount(document["amount_minor"], document["currency"])),
            ("owner", f"{document['owner']}, severity {document['severity']}"),
            ("born on", f"{document['born_on']}, {document['age_days']} days before {document['as_of']}"),
            ("age limit", f"{document['age_limit_days']} days{', overdue' if document['is_overdue'] else ''}"),
            ("account", show_value(document["account_id"])),
            ("subject", document["subject"]),
            ("what", document["what"]),
            ("what to do", document["suggestion"]),
            ("resolve with", ", ".join(document["resolutions"])),
            ("waits", _tell_waiting(document["waiting"])),
            ("alert", f"pushed at {alerted_at}" if alerted_at else _NOT_PUSHED[bool(document["group"])]),
            ("under way", _tell_pending(document["pending"])),
        ]
    )
    likely = [
        [
            each["account_id"],
            str(each["score"]),
            ", ".join(each["matched"]) + (" (amount only)" if each["is_amount_only"] else ""),
        ]
        for each in document["candidates"]
    ]
    candidates = ["", *write_table(_CANDIDATE_COLUMNS, likely)] if likely else []
    possible = [
        [each["entry_id"], each["paid_on"], show_amount(each["left_minor"], each["currency"])]
        for each in document["payments"]
    ]
    payments = ["", *write_table(_PAYMENT_COLUMNS, possible)] if possible else []
    rows = [
        [
            each["changed_at"][:SECONDS_CHARACTERS],
            each["kind"],
            each["actor"],
            " - ".join(filter(None, (each["reason"], each["command"]))),
        ]
        for each in document["history"]
    ]
    history = ["", *write_table(_HISTORY_COLUMNS, rows)] if rows else []
    return [*fields, *candidates, *payments, *history]


def _find_waiting(ports: ResolvingPorts, discrepancy_id: str) -> dict[str, Any] | None:
    try:
        waiting = find_money(discrepancy_id, ports)
    except (PaymentUnknownError, NothingWaitsError):
        return None
    return {
        "ledger_id": waiting.ledger_id,
        "ledger_account": waiting.ledger_account.value,
        "currency": waiting.currency,
        "amount_minor": waiting.left_minor,
    }


def _find_candidates(ports: ResolvingPorts, recorded: RecordedDiscrepancy) -> list[dict[str, Any]]:
    """Which accounts the money might belong to, the best first."""
    return [
        {
            "account_id": each.account_id,
            "score": each.score,
            "matched": list(each.matched),
            "is_amount_only": is_amount_alone(each),
        }
        for each in find_candidates(recorded, ports.ledger)
    ]


def _payment_as_json(payment: ReceivedPayment) -> dict[str, Any]:
    decision = payment.entry.decision
    return {
        "entry_id": payment.entry.entry_id,
        "paid_on": decision.occurred_on.isoformat(),
        "currency": decision.facts["currency"],
        "left_minor": payment.left_minor,
    }


def _tell_waiting(waiting: dict[str, Any] | None) -> str:
    if waiting is None:
        return UNKNOWN
    amount = show_amount(waiting["amount_minor"], waiting["currency"])
    return f"{amount} in {waiting['ledger_account']} of {waiting['ledger_id']}"


def _tell_pending(pending: dict[str, Any] | None) -> str:
    return f"`{pending['command']}` by {pending['actor']} since {pending['since']}" if pending else UNKNOWN


def _change_as_json(change: Change) -> dict[str, Any]:
    return {**asdict(change), "kind": change.kind.value, "entries": [list(entry) for entry in change.entries]}


def _as_json(recorded: RecordedDiscrepancy, as_of: date) -> dict[str, Any]:
    found = recorded.discrepancy
    return {
        "discrepancy_id": found.discrepancy_id,
        "kind": found.kind.value,
        "owner": found.terms.owner.value,
        "severity": found.terms.severity.value,
        "age_limit_days": found.terms.age_limit_days,
        "is_overdue": found.is_overdue(as_of),
        "resolutions": [command.value for command in found.terms.resolutions],
        "opening_count": recorded.opening_count,
        "status": recorded.status.value,
        "amount_minor": found.amount_minor,
        "currency": found.currency,
        "born_on": found.born_on.isoformat(),
        "age_days": (as_of - found.born_on).days,
        "account_id": found.account_id,
        "subject": found.subject,
        "what": found.what,
        "suggestion": found.suggestion,
        "alerted_at": recorded.alerted_at,
        "group": found.group,
    }
