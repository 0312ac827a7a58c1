"""Reversals: the entry that takes another entry back, made of that entry alone. Nothing is ever edited.

A return reverses the payment that it takes back, and an undo reverses what a person did.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from pawledger.domain.books.entries import Allocation, Decision, Entry, EntryKind, LedgerAccount, OpenInvoice, Posting
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.errors import PawledgerError
from pawledger.domain.money import format_amount, write_amount

_HELD_FOR_OTHERS: Final = (LedgerAccount.UNAPPLIED, LedgerAccount.REFUNDS)
"""Where money of one account waits: a credit, of which nobody can take more than is there.

Suspense is not among them: there, debits and credits of strangers wait side by side, so that its balance says nothing
of one payment. What is left of one, its later entries tell (`waiting_money.find_waiting`).
"""


class EntryNotReversibleError(PawledgerError):
    """An entry cannot be taken back by its reverse; the text says what speaks against it."""


class MoneyUsedError(PawledgerError):
    """What an entry brought about was used since, so that its reverse cannot follow; the text says by what."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """What a reverse entry says of itself; the rest follows from the entry that it takes back."""

    kind: EntryKind
    entry_id: str
    occurred_on: date
    facts: Mapping[str, Any]
    source: Mapping[str, Any]
    reason: str
    due_days: Mapping[str, date] = field(default_factory=dict)
    """When invoices are due, by their ids, for entries that do not say so themselves."""


def reverse_entry(entry: Entry, reversal: Reversal) -> Decision:
    """The decision that takes an entry back whole: after it, balances and open invoices are what they were before.

    Postings have the other sign, what was settled is open again, and what was opened is settled. Whether the account
    still holds what is taken back, `what_stands_in_the_way` tells.
    Raises `EntryNotReversibleError` for what opens an account, issues an invoice or moves terms (a policy event
    corrects those), and where the due day of an allocation is not known.
    """
    decision = entry.decision
    if decision.opens_account_in or decision.invoice_number or decision.cursors or decision.finished_terms:
        raise EntryNotReversibleError(
            f"{entry.entry_id} of {entry.account_id} is {decision.kind}: only an event of its policy corrects it"
        )
    opened = (*((decision.opened_invoice,) if decision.opened_invoice else ()), *decision.reopened)
    return Decision(
        kind=reversal.kind,
        entry_id=reversal.entry_id,
        occurred_on=reversal.occurred_on,
        facts=reversal.facts,
        source=reversal.source,
        postings=tuple(Posting(p.ledger_account, p.currency, -p.amount_minor) for p in decision.postings),
        reason=reversal.reason,
        allocations=tuple(Allocation(each.invoice_id, each.remaining_minor, each.due_on) for each in opened),
        reopened=tuple(_open_again(entry, each, reversal.due_days) for each in decision.allocations),
    )


def what_stands_in_the_way(head: AccountHead, decision: Decision) -> tuple[str, ...]:
    """Why a decision cannot follow the account's state, one sentence part each; empty where nothing does.

    It would settle more of an invoice than is open, or take more than there is of the money that waits.
    """
    open_minor = {invoice.invoice_id: invoice.remaining_minor for invoice in head.open_invoices}
    currency = head.currency or ""
    found = []
    for again in decision.reopened:
        open_minor[again.invoice_id] = open_minor.get(again.invoice_id, 0) + again.remaining_minor
    if decision.opened_invoice:
        open_minor[decision.opened_invoice.invoice_id] = decision.opened_invoice.remaining_minor
    for allocation in decision.allocations:
        standing_minor = open_minor.get(allocation.invoice_id, 0)
        open_minor[allocation.invoice_id] = standing_minor - allocation.amount_minor
        if standing_minor < allocation.amount_minor:
            found.append(
                f"of {allocation.invoice_id} {format_amount(standing_minor, currency)} is open, "
                f"not {format_amount(allocation.amount_minor, currency)}"
            )
    changes: dict[tuple[str, LedgerAccount], int] = {}
    for posting in decision.postings:
        key = (posting.currency, posting.ledger_account)
        changes[key] = changes.get(key, 0) + posting.amount_minor
    for (posted_in, ledger_account), taken_minor in sorted(changes.items()):
        held_minor = -head.balance_minor(ledger_account, posted_in)
        if ledger_account in _HELD_FOR_OTHERS and taken_minor > max(0, held_minor):
            found.append(
                f"{write_amount(max(0, held_minor), posted_in)} is left in {ledger_account}, "
                f"not {format_amount(taken_minor, posted_in)}"
            )
    return tuple(found)


def check_nothing_used(head: AccountHead, decision: Decision, what: str) -> None:
    """Raise `MoneyUsedError`, with all that stands in the way, where a decision cannot follow the account's state."""
    found = what_stands_in_the_way(head, decision)
    if found:
        raise MoneyUsedError(f"{what} of {head.account_id} cannot be taken back: {'; '.join(found)}")


def _open_again(entry: Entry, allocation: Allocation, due_days: Mapping[str, date]) -> OpenInvoice:
    due_on = allocation.due_on or due_days.get(allocation.invoice_id)
    if due_on is None:
        raise EntryNotReversibleError(
            f"{entry.entry_id} of {entry.account_id} does not say when {allocation.invoice_id} is due"
        )
    return OpenInvoice(allocation.invoice_id, due_on, allocation.amount_minor)
