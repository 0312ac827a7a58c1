"""Reversals: an entry is taken back by its reverse, and refused where what it brought about was used since."""

from dataclasses import replace
from datetime import date

import pytest

from pawledger.domain.books.entries import (
    Allocation,
    Decision,
    Entry,
    EntryKind,
    LedgerAccount,
    OpenInvoice,
    Posting,
    TermCursor,
)
from pawledger.domain.books.ledger import AccountHead, apply_entry, chain_entry
from pawledger.domain.books.reversals import (
    EntryNotReversibleError,
    MoneyUsedError,
    Reversal,
    check_nothing_used,
    reverse_entry,
    what_stands_in_the_way,
)

ACCOUNT = "HOME0001"
JANUARY = OpenInvoice("HOME0001-0001", date(2026, 1, 31), 1_000)
FEBRUARY = OpenInvoice("HOME0001-0002", date(2026, 2, 28), 1_000)
OWING = AccountHead(
    ACCOUNT,
    version=2,
    currency="EUR",
    balances={("EUR", LedgerAccount.RECEIVABLE): 2_000, ("EUR", LedgerAccount.UNBILLED): -2_000},
    open_invoices=(JANUARY, FEBRUARY),
)
UNDO = Reversal(
    kind=EntryKind.ENTRY_UNDONE,
    entry_id="undo#1",
    occurred_on=date(2026, 3, 2),
    facts={"undoes": "payment#1"},
    source={"actor": "operator"},
    reason="Wrong account.",
)


def pay(amount_minor: int, *allocations: Allocation, unapplied_minor: int = 0) -> Decision:
    """A payment of so much, of which `unapplied_minor` settles nothing."""
    return Decision(
        kind=EntryKind.PAYMENT_POSTED,
        entry_id="payment#1",
        occurred_on=date(2026, 2, 2),
        facts={"amount_minor": amount_minor},
        source={},
        postings=(
            Posting(LedgerAccount.CASH, "EUR", amount_minor),
            Posting(LedgerAccount.RECEIVABLE, "EUR", unapplied_minor - amount_minor),
            Posting(LedgerAccount.UNAPPLIED, "EUR", -unapplied_minor),
        ),
        reason="Paid.",
        allocations=allocations,
    )


def append(head: AccountHead, decision: Decision) -> tuple[AccountHead, Entry]:
    entry = chain_entry(head, decision)
    return apply_entry(head, entry), entry


def test_the_reverse_restores_balances_and_open_invoices_exactly() -> None:
    # 15.00 settle January (10.00) whole and half of February.
    payment = pay(1_500, Allocation(JANUARY.invoice_id, 1_000, JANUARY.due_on), Allocation("HOME0001-0002", 500))
    paid, entry = append(OWING, payment)
    assert paid.open_invoices == (replace(FEBRUARY, remaining_minor=500),)
    reverse = reverse_entry(entry, replace(UNDO, due_days={"HOME0001-0002": FEBRUARY.due_on}))
    restored, _ = append(paid, reverse)
    assert restored.open_invoices == OWING.open_invoices
    assert restored.balances == OWING.balances
    assert reverse.facts == {"undoes": "payment#1"}


def test_the_reverse_of_the_reverse_is_the_entry_again() -> None:
    payment = pay(1_000, Allocation(JANUARY.invoice_id, 1_000, JANUARY.due_on))
    paid, entry = append(OWING, payment)
    restored, undone = append(paid, reverse_entry(entry, UNDO))
    again = reverse_entry(undone, replace(UNDO, entry_id="undo#2"))
    assert (again.postings, again.allocations) == (payment.postings, payment.allocations)
    assert append(restored, again)[0].open_invoices == paid.open_invoices


def test_what_an_entry_opened_is_settled_by_its_reverse() -> None:
    opened = OpenInvoice("return-1", date(2026, 2, 9), 700)
    returned = replace(pay(-700), opened_invoice=opened)
    after, entry = append(OWING, returned)
    restored, _ = append(after, reverse_entry(entry, UNDO))
    assert restored.open_invoices == OWING.open_invoices


def test_an_allocation_without_a_due_day_is_refused_by_name() -> None:
    _, entry = append(OWING, pay(1_000, Allocation(JANUARY.invoice_id, 1_000)))
    with pytest.raises(EntryNotReversibleError, match="does not say when HOME0001-0001 is due"):
        reverse_entry(entry, UNDO)


@pytest.mark.parametrize(
    "change",
    [
        {"opens_account_in": "EUR"},
        {"invoice_number": 3},
        {"cursors": (TermCursor("PAW-1#1", 2, date(2026, 2, 14), 1_000),)},
        {"finished_terms": ("PAW-1#1",)},
    ],
)
def test_what_a_policy_brought_about_is_only_corrected_by_its_event(change: dict[str, object]) -> None:
    entry = Entry(ACCOUNT, 1, "", replace(pay(0), **change))  # type: ignore[arg-type]  # one field of each type
    with pytest.raises(EntryNotReversibleError, match="only an event of its policy"):
        reverse_entry(entry, UNDO)


def test_unapplied_cash_that_was_used_since_stands_in_the_way_and_is_told() -> None:
    paid, entry = append(OWING, pay(600, unapplied_minor=600))
    assert what_stands_in_the_way(paid, reverse_entry(entry, UNDO)) == ()
    used = replace(pay(0), entry_id="move#1", postings=(
        Posting(LedgerAccount.UNAPPLIED, "EUR", 250), Posting(LedgerAccount.RECEIVABLE, "EUR", -250)),
        allocations=(Allocation(JANUARY.invoice_id, 250),))  # fmt: skip
    after, _ = append(paid, used)
    with pytest.raises(MoneyUsedError, match=r"3\.50 EUR is left in unapplied, not 6\.00"):
        check_nothing_used(after, reverse_entry(entry, UNDO), "payment#1")


def test_what_was_opened_and_is_paid_since_stands_in_the_way() -> None:
    opened = OpenInvoice("return-1", date(2026, 2, 9), 700)
    after, entry = append(OWING, replace(pay(-700), opened_invoice=opened))
    paid, _ = append(after, replace(pay(300, Allocation("return-1", 300)), entry_id="payment#2"))
    assert what_stands_in_the_way(paid, reverse_entry(entry, UNDO)) == ("of return-1 4.00 is open, not 7.00",)
