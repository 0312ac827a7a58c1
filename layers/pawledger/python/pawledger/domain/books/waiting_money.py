"""Money that waits: how much of a payment still stands where nobody has found a place for it.

What took from a payment names it, so that its entries alone tell what is left of it: an entry that a person made has it
as its fact `takes`, the reverse of one as `undoes` that entry, and a return as its detail `returns`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pawledger.domain.books.entries import Entry, EntryKind, LedgerAccount
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.errors import PawledgerError

TAKES: Final = "takes"
"""The fact under which an entry names the payment that it takes from."""

UNDOES: Final = "undoes"
"""The fact under which an entry names the one that it takes back."""

_RETURNS: Final = "returns"


class NothingWaitsError(PawledgerError):
    """Nothing of a payment waits (any more): it has settled invoices, or was moved, returned or used since."""


@dataclass(frozen=True, slots=True)
class WaitingMoney:
    """What is left of one payment, and where it stands."""

    ledger_id: str
    entry_id: str
    ledger_account: LedgerAccount
    """Suspense, or the unapplied cash of its account."""
    currency: str
    left_minor: int


def find_waiting(head: AccountHead, payment: Entry, entries: Sequence[Entry]) -> WaitingMoney:
    """What is left of a payment in its ledger. Raises `NothingWaitsError` where it never waited, or all is gone.

    `entries` are those of its ledger up to its head. Money in suspense belongs to the payment alone; unapplied cash is
    its account's and may have settled a later invoice, so that no more is left than the account holds.
    """
    decision = payment.decision
    currency = str(decision.facts["currency"])
    is_suspended = decision.kind is EntryKind.MONEY_SUSPENDED
    # The first policy of an account makes what waited for it the account's own.
    is_released = is_suspended and any(
        entry.decision.opens_account_in == currency and entry.sequence > payment.sequence for entry in entries
    )
    own_account = LedgerAccount.SUSPENSE if is_suspended else LedgerAccount.UNAPPLIED
    ledger_account = LedgerAccount.UNAPPLIED if is_released else own_account
    left_minor = -payment.decision.posted_minor(own_account, currency)
    left_minor -= _taken_minor(payment, entries, currency)
    if ledger_account is LedgerAccount.UNAPPLIED:
        left_minor = min(left_minor, -head.balance_minor(LedgerAccount.UNAPPLIED, currency))
    if left_minor <= 0:
        raise NothingWaitsError(f"nothing of {payment.entry_id} waits in {payment.account_id} (any more)")
    return WaitingMoney(payment.account_id, payment.entry_id, ledger_account, currency, left_minor)


def sum_suspended(entries: Sequence[Entry], currency: str) -> int:
    """How much of all payments that were suspended in one ledger still waits there, in minor units.

    A return that waits for its payment, a debit, is none of it.
    """
    total_minor = 0
    for payment in entries:
        suspended_minor = -payment.decision.posted_minor(LedgerAccount.SUSPENSE, currency)
        if payment.decision.kind is not EntryKind.MONEY_SUSPENDED or suspended_minor <= 0:
            continue
        total_minor += max(0, suspended_minor - _taken_minor(payment, entries, currency))
    return total_minor


def find_related(entry_id: str, entries: Iterable[Entry]) -> list[Entry]:
    """The entries that took from a payment, took it back, or undid one of those, in their order."""
    related: list[Entry] = []
    known: set[str] = set()
    for entry in entries:
        decision = entry.decision
        is_taken = decision.facts.get(TAKES) == entry_id or (decision.details or {}).get(_RETURNS) == entry_id
        if is_taken or decision.facts.get(UNDOES) in known:
            related.append(entry)
            known.add(entry.entry_id)
    return related


def find_changes(entry_id: str, entries: Iterable[Entry]) -> list[Entry]:
    """The entries that took from a payment, or took it back, and were not undone since."""
    related = find_related(entry_id, entries)
    undone = {entry.decision.facts.get(UNDOES) for entry in related}
    return [entry for entry in related if entry.entry_id not in undone and UNDOES not in entry.decision.facts]


def _taken_minor(payment: Entry, entries: Sequence[Entry], currency: str) -> int:
    """What was taken of a payment where it waits, and not given back since.

    A return that had waited gave as much back to suspense, and whoever undid it took that from there again.
    """
    related = find_related(payment.entry_id, entries)
    waited_minor = {
        entry.entry_id: int(entry.decision.facts["amount_minor"])
        for entry in related
        if "waited_as" in (entry.decision.details or {})
    }
    waited = (LedgerAccount.SUSPENSE, LedgerAccount.UNAPPLIED)
    taken_minor = 0
    for entry in related:
        taken_minor += waited_minor.get(entry.entry_id, 0) - waited_minor.get(str(entry.decision.facts.get(UNDOES)), 0)
        taken_minor += sum(entry.decision.posted_minor(ledger_account, currency) for ledger_account in waited)
    return taken_minor
