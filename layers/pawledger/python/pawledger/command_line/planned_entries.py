"""Entries as they would be appended, or were: what they post, and each ledger before and after them."""

from collections.abc import Sequence
from typing import Any, Final

from pawledger.command_line.tables import UNKNOWN, Column, show_amount, write_table
from pawledger.domain.books.ledger import AccountHead
from pawledger.services.resolving.resolution_steps import PlannedEntry

_ENTRY_COLUMNS: Final = (
    Column("ledger"),
    Column("posting"),
    Column("amount", is_right=True),
    Column("entry and reason", weight=1),
)
_BALANCE_COLUMNS: Final = (
    Column("ledger"),
    Column("balance or invoice"),
    Column("before", is_right=True),
    Column("after", is_right=True),
)


def planned_as_json(planned: Sequence[PlannedEntry]) -> dict[str, Any]:
    """Entries in their order, and each of their ledgers before the first and after the last of them."""
    first: dict[str, AccountHead] = {}
    last: dict[str, AccountHead] = {}
    for each in planned:
        first.setdefault(each.before.account_id, each.before)
        last[each.before.account_id] = each.after
    return {
        "entries": [_entry_as_json(each) for each in planned],
        "ledgers": [
            {"ledger_id": ledger_id, "changes": _changes(before, last[ledger_id])}
            for ledger_id, before in first.items()
        ],
    }


def write_planned(document: dict[str, Any]) -> list[str]:
    """The same for people: the entries, then each ledger before and after; nothing where there are none."""
    if not document["entries"]:
        return []
    rows = [
        [each["ledger_id"] if first else "", name, amount, f"{each['entry_id']}: {each['reason']}" if first else ""]
        for each in document["entries"]
        for first, (name, amount) in _with_first(_effects_of(each))
    ]
    changes = [
        [each["ledger_id"], change["what"], *_before_and_after(change)]
        for each in document["ledgers"]
        for change in each["changes"]
    ]
    lines = ["", *write_table(_ENTRY_COLUMNS, rows)]
    return [*lines, "", *write_table(_BALANCE_COLUMNS, changes)] if changes else lines


def _effects_of(entry: dict[str, Any]) -> list[tuple[str, str]]:
    postings = [
        (each["ledger_account"], show_amount(each["amount_minor"], each["currency"])) for each in entry["postings"]
    ]
    return postings or [(UNKNOWN, UNKNOWN)]


def _before_and_after(change: dict[str, Any]) -> list[str]:
    return [show_amount(change[name], change["currency"]) for name in ("before_minor", "after_minor")]


def _with_first(effects: Sequence[tuple[str, str]]) -> list[tuple[bool, tuple[str, str]]]:
    return [(place == 0, effect) for place, effect in enumerate(effects)]


def _entry_as_json(planned: PlannedEntry) -> dict[str, Any]:
    decision = planned.decision
    return {
        "ledger_id": planned.before.account_id,
        "entry_id": decision.entry_id,
        "reason": decision.reason,
        "postings": [
            {"ledger_account": each.ledger_account.value, "currency": each.currency, "amount_minor": each.amount_minor}
            for each in decision.postings
        ],
        "settles_minor": {each.invoice_id: each.amount_minor for each in decision.allocations},
        "opens_again_minor": {each.invoice_id: each.remaining_minor for each in decision.reopened},
    }


def _changes(before: AccountHead, after: AccountHead) -> list[dict[str, Any]]:
    """Balances and open invoices that are not what they were."""
    changes = []
    for currency, ledger_account in sorted({*before.balances, *after.balances}):
        pair = [head.balance_minor(ledger_account, currency) for head in (before, after)]
        changes.append((str(ledger_account), currency, pair))
    open_minor = [{i.invoice_id: i.remaining_minor for i in head.open_invoices} for head in (before, after)]
    changes += [
        (invoice_id, after.currency or "", [known.get(invoice_id, 0) for known in open_minor])
        for invoice_id in sorted({*open_minor[0], *open_minor[1]})
    ]
    return [
        {"what": what, "currency": currency, "before_minor": pair[0], "after_minor": pair[1]}
        for what, currency, pair in changes
        if pair[0] != pair[1]
    ]
