"""`pawledger discrepancies`: what differs, how much, how old, and what to do about it."""

from collections import Counter
from datetime import date
from typing import Any, Final

from pawledger.command_line.errors import DiscrepancyNotFoundError
from pawledger.command_line.tables import Column, show_amount, show_value, write_fields, write_table
from pawledger.domain.discrepancy_life import RecordedDiscrepancy
from pawledger.ports import DiscrepancyBook

_COLUMNS: Final = (
    Column("discrepancy"),
    Column("amount", is_right=True),
    Column("born on"),
    Column("age", is_right=True),
    Column("account"),
    Column("what", weight=1),
)


def list_discrepancies(book: DiscrepancyBook, *, kind: str | None, as_of: date, shown_max: int) -> dict[str, Any]:
    """The document of the open discrepancies, of one kind or of all; beyond `shown_max` they are only counted."""
    counts: Counter[str] = Counter()
    shown: list[dict[str, Any]] = []
    for recorded in book.list_open():
        found = recorded.discrepancy
        if kind is not None and found.kind != kind:
            continue
        counts[found.kind] += 1
        if len(shown) < shown_max:
            shown.append(_as_json(recorded, as_of))
    return {
        "as_of": as_of.isoformat(),
        "open_count": counts.total(),
        "open_count_by_kind": dict(sorted(counts.items())),
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
            show_amount(each["amount_minor"], each["currency"]),
            each["born_on"],
            f"{each['age_days']} d",
            show_value(each["account_id"]),
            each["what"],
        ]
        for each in found
    ]
    by_kind = ", ".join(f"{count} {kind}" for kind, count in document["open_count_by_kind"].items())
    summary = f"{document['open_count']} open as of {document['as_of']}: {by_kind}."
    if len(found) < document["open_count"]:
        summary += f" The first {len(found)} are shown; --limit shows more."
    return [*write_table(_COLUMNS, rows), "", summary]


def show_discrepancy(book: DiscrepancyBook, discrepancy_id: str, *, as_of: date) -> dict[str, Any]:
    """The document of one discrepancy, open or closed. Raises `DiscrepancyNotFoundError`."""
    recorded = book.read(discrepancy_id)
    if recorded is None:
        raise DiscrepancyNotFoundError(
            f"there is no discrepancy {discrepancy_id}; `pawledger discrepancies list` shows the ids of open ones"
        )
    return {"as_of": as_of.isoformat(), **_as_json(recorded, as_of)}


def write_discrepancy(document: dict[str, Any]) -> list[str]:
    """One discrepancy for people, with what to do and whether anybody was told."""
    alerted_at = document["alerted_at"]
    return write_fields(
        [
            ("discrepancy", document["discrepancy_id"]),
            ("kind", document["kind"].replace("_", " ")),
            ("status", document["status"]),
            ("amount", show_amount(document["amount_minor"], document["currency"])),
            ("born on", f"{document['born_on']}, {document['age_days']} days before {document['as_of']}"),
            ("account", show_value(document["account_id"])),
            ("subject", document["subject"]),
            ("what", document["what"]),
            ("what to do", document["suggestion"]),
            ("alert", f"pushed at {alerted_at}" if alerted_at else "not pushed yet"),
        ]
    )


def _as_json(recorded: RecordedDiscrepancy, as_of: date) -> dict[str, Any]:
    found = recorded.discrepancy
    return {
        "discrepancy_id": found.discrepancy_id,
        "kind": found.kind.value,
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
    }
