"""Entries: hashes, balance and the stored form."""

import json
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
    entry_from_json,
    sums_to_zero,
)

FULL = Decision(
    kind=EntryKind.INVOICE_ISSUED,
    entry_id="invoice#PAW-1#1#1",
    occurred_on=date(2026, 1, 17),
    facts={"due_on": "2026-01-31", "lines": [["PAW-1", 1, [["premium", 1_000]]]]},
    source={"event_id": "event-1"},
    postings=(
        Posting(LedgerAccount.RECEIVABLE, "EUR", 1_000),
        Posting(LedgerAccount.UNBILLED, "EUR", -1_000),
    ),
    reason="Invoice HOME0001-0001 for 10.00 EUR.",
    opened_invoice=OpenInvoice("HOME0001-0001", date(2026, 1, 31), 1_000),
    allocations=(Allocation("HOME0001-0001", 400), Allocation("HOME0001-0002", 100, date(2026, 2, 28))),
    reopened=(OpenInvoice("HOME0001-0003", date(2026, 3, 31), 70),),
    cursors=(TermCursor("PAW-1#1", 2, date(2026, 2, 14), 1_000, "EUR monthly"),),
    finished_terms=("PAW-0#1",),
    opens_account_in="EUR",
    invoice_number=1,
    payment_reference="RF18539007547034",
)
SPARSE = Decision(EntryKind.PAYMENT_POSTED, "payment#1", date(2026, 2, 2), {}, {}, (), "A payment of nothing.")
ENTRY = Entry("HOME0001", 1, "", FULL)


@pytest.mark.parametrize("decision", [FULL, SPARSE])
def test_an_entry_survives_being_stored_and_gives_the_same_text_again(decision: Decision) -> None:
    entry = Entry("HOME0001", 7, "a" * 64, decision)
    again = entry_from_json(json.loads(entry.body))
    assert again == entry
    assert again.body == entry.body


def test_the_stored_text_is_canonical() -> None:
    body = Entry("HOME0001", 1, "", SPARSE).body
    assert body == (
        '{"account_id":"HOME0001","entry_id":"payment#1","facts":{},"kind":"payment_posted",'
        '"occurred_on":"2026-02-02","previous_hash":"","reason":"A payment of nothing.","sequence":1}'
    )


@pytest.mark.parametrize(
    "changed",
    [
        replace(ENTRY, account_id="HOME0002"),
        replace(ENTRY, sequence=2),
        replace(ENTRY, previous_hash="b" * 64),
        *(
            replace(ENTRY, decision=change)
            for change in (
                replace(FULL, kind=EntryKind.PAYMENT_POSTED),
                replace(FULL, entry_id="invoice#PAW-1#1#2"),
                replace(FULL, occurred_on=date(2026, 1, 18)),
                replace(FULL, facts={"due_on": "2026-01-30"}),
                replace(FULL, source={}),
                replace(FULL, postings=()),
                replace(FULL, reason="Another."),
                replace(FULL, opened_invoice=None),
                replace(FULL, allocations=()),
                replace(FULL, cursors=()),
                replace(FULL, finished_terms=()),
                replace(FULL, opens_account_in=None),
                replace(FULL, invoice_number=2),
                replace(FULL, payment_reference=None),
            )
        ),
    ],
)
def test_every_field_of_an_entry_is_under_its_hash(changed: Entry) -> None:
    assert changed.hash != ENTRY.hash


def test_the_content_hash_covers_the_facts_and_nothing_that_depends_on_the_state_of_the_account() -> None:
    elsewhere = replace(
        FULL, kind=EntryKind.MONEY_SUSPENDED, source={}, postings=(), reason="Other.", allocations=(), invoice_number=9
    )
    assert Entry("HOME0001", 5, "c" * 64, elsewhere).content_hash == ENTRY.content_hash
    contradiction = replace(FULL, facts={**FULL.facts, "due_on": "2026-02-01"})
    assert Entry("HOME0001", 1, "", contradiction).content_hash != ENTRY.content_hash


def test_postings_balance_in_each_currency_and_not_across() -> None:
    euro, cash = "EUR", LedgerAccount.CASH
    assert sums_to_zero(())
    assert sums_to_zero((Posting(cash, euro, 5), Posting(LedgerAccount.UNAPPLIED, euro, -5)))
    assert not sums_to_zero((Posting(cash, euro, 5), Posting(LedgerAccount.UNAPPLIED, euro, -4)))
    assert not sums_to_zero((Posting(cash, euro, 5), Posting(LedgerAccount.UNAPPLIED, "USD", -5)))
