"""The ledger: entries chained by hash, and the account head that they lead to.

`apply_entry` is the only way a head changes, so replaying an account's entries rebuilds its head exactly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from pawledger.domain.books.entries import (
    Allocation,
    Decision,
    Entry,
    LedgerAccount,
    OpenInvoice,
    Posting,
    TermCursor,
    TransitItem,
    cursor_as_json,
    cursor_from_json,
    sums_to_zero,
    transit_item_as_json,
    transit_item_from_json,
)
from pawledger.domain.errors import InvariantError, PawledgerError, require

NO_HASH: Final = ""
"""What the first entry of a ledger carries as the hash of the one before it."""

OPEN_INVOICES_MAX: Final = 400
"""Keeps the head far below DynamoDB's 400 KB; an account that never pays monthly invoices for 30 years stays under."""

TRANSIT_ITEMS_MAX: Final = 400
"""Of one provider and currency: more than a year of daily payouts of which not one was seen at the bank."""


class Standing(StrEnum):
    UNOPENED = "unopened"
    """Money came before any policy; nothing can be invoiced."""
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class LastPayment:
    """The payment that was posted last, by which one made twice is noticed."""

    booked_on: date
    amount_minor: int
    mark: str


@dataclass(frozen=True, slots=True)
class AccountHead:
    """The state of an account after its last entry."""

    account_id: str
    version: int = 0
    """How many entries the ledger holds."""
    currency: str | None = None
    """Currency in which the account is invoiced; None until its first policy."""
    standing: Standing = Standing.UNOPENED
    balances: Mapping[tuple[str, LedgerAccount], int] = field(default_factory=lambda: MappingProxyType({}))
    open_invoices: tuple[OpenInvoice, ...] = ()
    """Oldest due day first."""
    cursors: tuple[TermCursor, ...] = ()
    invoice_count: int = 0
    last_hash: str = NO_HASH
    last_payment: LastPayment | None = None
    transit: tuple[TransitItem, ...] = ()
    """Of a provider's settlements: what waits for its other side, oldest first."""

    def balance_minor(self, ledger_account: LedgerAccount, currency: str | None = None) -> int:
        """Balance of one ledger account in minor units, debit positive, in the account's or the given currency."""
        return self.balances.get((currency or self.currency or "", ledger_account), 0)

    @property
    def agenda_on(self) -> date | None:
        """The day on which the account next needs attention."""
        return min((cursor.next_invoice_on for cursor in self.cursors), default=None)


class TooManyOpenInvoicesError(PawledgerError):
    """An account cannot open a further invoice; close some of its old ones first."""


class TooManyTransitItemsError(PawledgerError):
    """Nothing of a provider's payouts is seen at the bank; its profile's `[settlement]` is wrong."""


class BrokenLedgerError(PawledgerError):
    """Stored entries do not form an unbroken ledger; the text names the entry and what does not agree."""


def chain_entry(head: AccountHead, decision: Decision) -> Entry:
    """Give a decision its place behind the account's last entry.

    Raises `InvariantError` where its postings do not sum to zero in each currency.
    """
    require(sums_to_zero(decision.postings), f"postings of {decision.entry_id} sum to zero in each currency")
    return Entry(head.account_id, head.version + 1, head.last_hash, decision)


def apply_entry(head: AccountHead, entry: Entry) -> AccountHead:
    """The head after an entry. Pure: the same head and entry always give the same head.

    Raises `InvariantError` where the entry does not follow the head or settles more than is open, and
    `TooManyOpenInvoicesError`.
    """
    decision = entry.decision
    require(entry.account_id == head.account_id, "an entry belongs to the account it is applied to")
    require(entry.sequence == head.version + 1, f"entry {entry.sequence} follows version {entry.sequence - 1}")
    require(entry.previous_hash == head.last_hash, "an entry carries the hash of the one before it")
    return replace(
        head,
        version=entry.sequence,
        currency=decision.opens_account_in or head.currency,
        standing=Standing.OPEN if decision.opens_account_in else head.standing,
        balances=_post(head.balances, decision.postings),
        open_invoices=_settle(
            _reopen(_open(head.open_invoices, decision.opened_invoice), decision.reopened), decision.allocations
        ),
        cursors=_move_cursors(head.cursors, decision),
        invoice_count=decision.invoice_number or head.invoice_count,
        last_hash=entry.hash,
        last_payment=_last_payment(head, decision),
        transit=_move_transit(head.transit, decision),
    )


def _last_payment(head: AccountHead, decision: Decision) -> LastPayment | None:
    if decision.payment_mark is None:
        return head.last_payment
    return LastPayment(decision.occurred_on, decision.facts["amount_minor"], decision.payment_mark)


def replay_entries(account_id: str, entries: Iterable[Entry]) -> AccountHead:
    """Rebuild an account's head from its entries, in the order of their sequence.

    Raises `BrokenLedgerError` where one is missing, changed, repeated, of another account or does not sum to zero. A
    change of the last entry shows only in the hash that the head, or the store beside the entry, keeps of it.
    """
    head = AccountHead(account_id)
    for entry in entries:
        if entry.account_id != account_id:
            raise BrokenLedgerError(f"{account_id}: {entry.entry_id} belongs to account {entry.account_id}")
        if entry.sequence != head.version + 1:
            raise BrokenLedgerError(f"{account_id}: entry {head.version + 1} is missing before {entry.entry_id}")
        if entry.previous_hash != head.last_hash:
            raise BrokenLedgerError(f"{account_id}: {entry.entry_id} does not carry the hash of the entry before it")
        if not sums_to_zero(entry.decision.postings):
            raise BrokenLedgerError(f"{account_id}: postings of {entry.entry_id} do not sum to zero")
        try:
            head = apply_entry(head, entry)
        except InvariantError as error:
            raise BrokenLedgerError(f"{account_id}: {entry.entry_id} cannot have happened: {error}") from error
    return head


def _post(
    balances: Mapping[tuple[str, LedgerAccount], int], postings: Iterable[Posting]
) -> Mapping[tuple[str, LedgerAccount], int]:
    after = dict(balances)
    for posting in postings:
        key = (posting.currency, posting.ledger_account)
        after[key] = after.get(key, 0) + posting.amount_minor
    return MappingProxyType({key: amount_minor for key, amount_minor in after.items() if amount_minor})


def _open(open_invoices: tuple[OpenInvoice, ...], opened: OpenInvoice | None) -> tuple[OpenInvoice, ...]:
    if opened is None:
        return open_invoices
    if len(open_invoices) >= OPEN_INVOICES_MAX:
        raise TooManyOpenInvoicesError(f"{opened.invoice_id} would be open beside {OPEN_INVOICES_MAX} others")
    require(opened.remaining_minor > 0, "an invoice that is opened has something to pay")
    return tuple(sorted((*open_invoices, opened), key=lambda invoice: (invoice.due_on, invoice.invoice_id)))


def _reopen(open_invoices: tuple[OpenInvoice, ...], reopened: Iterable[OpenInvoice]) -> tuple[OpenInvoice, ...]:
    """Give back to invoices what had settled them: to what is still open of one, or to one that was settled whole."""
    for each in reopened:
        standing = next((invoice for invoice in open_invoices if invoice.invoice_id == each.invoice_id), None)
        if standing is None:
            open_invoices = _open(open_invoices, each)
            continue
        require(each.remaining_minor > 0, "an invoice that is opened again has something to pay")
        more = replace(standing, remaining_minor=standing.remaining_minor + each.remaining_minor)
        open_invoices = tuple(more if invoice is standing else invoice for invoice in open_invoices)
    return open_invoices


def _settle(open_invoices: tuple[OpenInvoice, ...], allocations: Iterable[Allocation]) -> tuple[OpenInvoice, ...]:
    remaining = {invoice.invoice_id: invoice for invoice in open_invoices}
    for allocation in allocations:
        require(allocation.invoice_id in remaining, f"an allocation settles an open invoice: {allocation.invoice_id}")
        invoice = remaining[allocation.invoice_id]
        require(0 < allocation.amount_minor <= invoice.remaining_minor, "an allocation settles at most what is open")
        remaining[allocation.invoice_id] = replace(
            invoice, remaining_minor=invoice.remaining_minor - allocation.amount_minor
        )
    return tuple(invoice for invoice in remaining.values() if invoice.remaining_minor)


def _move_transit(transit: tuple[TransitItem, ...], decision: Decision) -> tuple[TransitItem, ...]:
    waiting = {item.item_id for item in transit}
    require(waiting.issuperset(decision.arrived), "what arrives was in transit")
    after = [item for item in transit if item.item_id not in decision.arrived]
    if decision.sent is not None:
        if len(after) >= TRANSIT_ITEMS_MAX:
            raise TooManyTransitItemsError(f"{decision.sent.item_id} would wait beside {TRANSIT_ITEMS_MAX} others")
        after.append(decision.sent)
    return tuple(sorted(after, key=lambda item: (item.booked_on, item.item_id)))


def _move_cursors(cursors: tuple[TermCursor, ...], decision: Decision) -> tuple[TermCursor, ...]:
    after = {cursor.term_id: cursor for cursor in cursors}
    for cursor in decision.cursors:
        standing = after.get(cursor.term_id)
        keeps_cohort = standing is not None and not cursor.cohort
        after[cursor.term_id] = replace(cursor, cohort=standing.cohort) if standing and keeps_cohort else cursor
    for term_id in decision.finished_terms:
        after.pop(term_id, None)
    return tuple(sorted(after.values(), key=lambda cursor: cursor.term_id))


def head_as_json(head: AccountHead) -> dict[str, Any]:
    """A head as a JSON object, without the keys under which it is stored (account id, version)."""
    balances: dict[str, dict[str, int]] = {}
    for (currency, ledger_account), amount_minor in sorted(head.balances.items()):
        balances.setdefault(currency, {})[ledger_account] = amount_minor
    last = head.last_payment
    return {
        **({"last_payment": [last.booked_on.isoformat(), last.amount_minor, last.mark]} if last else {}),
        "currency": head.currency,
        "standing": head.standing,
        "balances": balances,
        "open_invoices": [[i.invoice_id, i.due_on.isoformat(), i.remaining_minor] for i in head.open_invoices],
        "cursors": [cursor_as_json(cursor) for cursor in head.cursors],
        "invoice_count": head.invoice_count,
        "last_hash": head.last_hash,
        **({"transit": [transit_item_as_json(item) for item in head.transit]} if head.transit else {}),
    }


def head_from_json(account_id: str, version: int, written: Mapping[str, Any]) -> AccountHead:
    """The head that a stored body describes; the mirror image of `head_as_json`."""
    last = written.get("last_payment")
    return AccountHead(
        account_id=account_id,
        version=version,
        last_payment=LastPayment(date.fromisoformat(last[0]), last[1], last[2]) if last else None,
        currency=written["currency"],
        standing=Standing(written["standing"]),
        balances=MappingProxyType(
            {
                (currency, LedgerAccount(name)): amount_minor
                for currency, by_account in written["balances"].items()
                for name, amount_minor in by_account.items()
            }
        ),
        open_invoices=tuple(OpenInvoice(i[0], date.fromisoformat(i[1]), i[2]) for i in written["open_invoices"]),
        cursors=tuple(cursor_from_json(cursor) for cursor in written["cursors"]),
        invoice_count=written["invoice_count"],
        last_hash=written["last_hash"],
        transit=tuple(map(transit_item_from_json, written.get("transit", ()))),
    )
