"""The ledger: chaining, applying, replaying, and the stored form of the head."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

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
from pawledger.domain.books.ledger import (
    NO_HASH,
    OPEN_INVOICES_MAX,
    AccountHead,
    BrokenLedgerError,
    Standing,
    TooManyOpenInvoicesError,
    apply_entry,
    chain_entry,
    head_as_json,
    head_from_json,
    replay_entries,
)
from pawledger.domain.canonical import write_canonical
from pawledger.domain.errors import InvariantError
from tests.builders.books import Book, append_all
from tests.builders.movements import build_movement
from tests.builders.policies import build_policy

DUE_ON = date(2026, 1, 31)


def decide(
    *,
    amount_minor: int = 0,
    opened: OpenInvoice | None = None,
    allocations: tuple[Allocation, ...] = (),
    cursors: tuple[TermCursor, ...] = (),
    finished: tuple[str, ...] = (),
) -> Decision:
    """A decision that moves an amount from unapplied cash to cash, and whatever else a test is about."""
    return Decision(
        kind=EntryKind.PAYMENT_POSTED,
        entry_id="payment#1",
        occurred_on=DUE_ON,
        facts={},
        source={},
        postings=(
            Posting(LedgerAccount.CASH, "EUR", amount_minor),
            Posting(LedgerAccount.UNAPPLIED, "EUR", -amount_minor),
        ),
        reason="A test.",
        opened_invoice=opened,
        allocations=allocations,
        cursors=cursors,
        finished_terms=finished,
    )


def owe(*invoices: OpenInvoice) -> AccountHead:
    return AccountHead("HOME0001", currency="EUR", standing=Standing.OPEN, open_invoices=invoices)


def _rewrite(entry: Entry, **changes: Any) -> Entry:
    return replace(entry, decision=replace(entry.decision, **changes))


@pytest.fixture
def book() -> Book:
    """An account with a policy, two invoices, one of them paid, and money too much."""
    book = Book()
    book.deliver_policy(build_policy())
    book.bill(date(2026, 2, 14))
    book.deliver_movement(build_movement("first"))
    book.deliver_movement(build_movement("second", amount_minor=1_500))
    return book


def test_the_first_entry_carries_no_hash_and_the_next_one_the_hash_of_the_first() -> None:
    head = AccountHead("HOME0001")
    first = chain_entry(head, decide())
    assert (first.sequence, first.previous_hash) == (1, NO_HASH)
    second = chain_entry(apply_entry(head, first), decide())
    assert (second.sequence, second.previous_hash) == (2, first.hash)


def test_an_entry_whose_postings_do_not_sum_to_zero_is_never_chained() -> None:
    lopsided = replace(decide(), postings=(Posting(LedgerAccount.CASH, "EUR", 1),))
    with pytest.raises(InvariantError, match="payment#1 sum to zero"):
        chain_entry(AccountHead("HOME0001"), lopsided)


def test_applying_leaves_the_head_before_as_it_was() -> None:
    before = AccountHead("HOME0001")
    after = append_all(before, [decide(amount_minor=5)])
    assert before == AccountHead("HOME0001")
    assert after.balance_minor(LedgerAccount.CASH, "EUR") == 5


def test_a_balance_of_nothing_takes_no_room_in_the_head() -> None:
    head = append_all(AccountHead("HOME0001"), [decide(amount_minor=5), decide(amount_minor=-5)])
    assert dict(head.balances) == {}
    assert head.balance_minor(LedgerAccount.CASH, "EUR") == 0


def test_balances_of_two_currencies_stay_apart() -> None:
    cash = LedgerAccount.CASH
    head = AccountHead("HOME0001", currency="EUR", balances=MappingProxyType({("EUR", cash): 5, ("USD", cash): 7}))
    assert head.balance_minor(cash) == 5
    assert head.balance_minor(cash, "USD") == 7
    assert head.balance_minor(cash, "GBP") == 0


@pytest.mark.parametrize(
    "misplace",
    [
        lambda entry: replace(entry, account_id="HOME0002"),
        lambda entry: replace(entry, sequence=2),
        lambda entry: replace(entry, sequence=0),
        lambda entry: replace(entry, previous_hash="a" * 64),
    ],
)
def test_an_entry_out_of_its_place_is_not_applied(misplace: Callable[[Entry], Entry]) -> None:
    head = AccountHead("HOME0001")
    with pytest.raises(InvariantError):
        apply_entry(head, misplace(chain_entry(head, decide())))


def test_open_invoices_stand_in_the_order_of_their_due_days_then_of_their_ids() -> None:
    later, sooner = OpenInvoice("b", date(2026, 3, 1), 1), OpenInvoice("c", date(2026, 2, 1), 1)
    same_day = OpenInvoice("a", date(2026, 3, 1), 1)
    head = append_all(owe(), [decide(opened=later), decide(opened=sooner), decide(opened=same_day)])
    assert head.open_invoices == (sooner, same_day, later)


def test_a_settled_invoice_is_gone_and_one_settled_in_part_keeps_the_rest() -> None:
    head = owe(OpenInvoice("a", DUE_ON, 10), OpenInvoice("b", DUE_ON, 10))
    after = append_all(head, [decide(allocations=(Allocation("a", 10), Allocation("b", 3)))])
    assert after.open_invoices == (OpenInvoice("b", DUE_ON, 7),)


@pytest.mark.parametrize(
    "allocation", [Allocation("a", 11), Allocation("a", 0), Allocation("a", -1), Allocation("z", 1)]
)
def test_an_allocation_settles_neither_more_than_is_open_nor_nothing_nor_what_is_not_open(
    allocation: Allocation,
) -> None:
    with pytest.raises(InvariantError):
        append_all(owe(OpenInvoice("a", DUE_ON, 10)), [decide(allocations=(allocation,))])


def test_a_settled_invoice_is_opened_again_on_its_own_due_day_and_one_settled_in_part_gets_its_part_back() -> None:
    sooner, later = OpenInvoice("a", date(2026, 1, 1), 10), OpenInvoice("b", date(2026, 3, 1), 10)
    settled = append_all(owe(sooner, later), [decide(allocations=(Allocation("a", 10), Allocation("b", 4)))])
    assert settled.open_invoices == (OpenInvoice("b", date(2026, 3, 1), 6),)
    again = replace(decide(), reopened=(sooner, OpenInvoice("b", date(2026, 3, 1), 4)))
    assert append_all(settled, [again]).open_invoices == (sooner, later)


@pytest.mark.parametrize("open_before", [(), (OpenInvoice("a", DUE_ON, 1),)])
def test_nothing_is_opened_again_with_nothing_to_pay(open_before: tuple[OpenInvoice, ...]) -> None:
    with pytest.raises(InvariantError):
        append_all(owe(*open_before), [replace(decide(), reopened=(OpenInvoice("a", DUE_ON, 0),))])


def test_an_invoice_with_nothing_to_pay_is_not_opened() -> None:
    with pytest.raises(InvariantError):
        append_all(owe(), [decide(opened=OpenInvoice("a", DUE_ON, 0))])


def test_an_account_has_at_most_400_open_invoices() -> None:
    invoices = tuple(OpenInvoice(f"{number:04d}", DUE_ON, 1) for number in range(OPEN_INVOICES_MAX))
    last = OpenInvoice("9999", DUE_ON, 1)
    assert len(append_all(owe(*invoices[:-1]), [decide(opened=last)]).open_invoices) == 400
    with pytest.raises(TooManyOpenInvoicesError, match="9999 would be open beside 400 others"):
        append_all(owe(*invoices), [decide(opened=last)])


def test_the_agenda_day_is_the_first_day_on_which_a_policy_goes_on() -> None:
    assert AccountHead("HOME0001").agenda_on is None
    cursors = (
        TermCursor("PAW-2#1", 1, date(2026, 3, 1), 1_000, "EUR monthly"),
        TermCursor("PAW-1#1", 4, date(2026, 2, 1), 1_000, "EUR monthly"),
    )
    head = append_all(owe(), [decide(cursors=cursors)])
    assert [cursor.term_id for cursor in head.cursors] == ["PAW-1#1", "PAW-2#1"]
    assert head.agenda_on == date(2026, 2, 1)
    moved = append_all(head, [decide(cursors=(TermCursor("PAW-1#1", 5, date(2026, 4, 1), 1_000, "EUR monthly"),))])
    assert moved.agenda_on == date(2026, 3, 1)
    assert append_all(moved, [decide(finished=("PAW-1#1", "PAW-2#1"))]).agenda_on is None


def test_replaying_the_entries_rebuilds_the_head(book: Book) -> None:
    head = replay_entries(book.account_id, book.entries)
    assert head == book.head
    assert head.version == 5
    assert head.balance_minor(LedgerAccount.CASH) == 2_500
    assert head.balance_minor(LedgerAccount.RECEIVABLE) == 0
    assert head.balance_minor(LedgerAccount.UNAPPLIED) == -500
    assert head.balance_minor(LedgerAccount.UNBILLED) == 10_000
    assert head.balance_minor(LedgerAccount.PREMIUM) == -12_000


def test_no_entries_lead_to_an_empty_head() -> None:
    assert replay_entries("HOME0001", []) == AccountHead("HOME0001")


@pytest.mark.parametrize(
    ("break_entries", "what"),
    [
        (lambda entries: entries[1:], "entry 1 is missing"),
        (lambda entries: [*entries[:2], *entries[3:]], "entry 3 is missing"),
        (lambda entries: [*entries[:2], entries[1], *entries[2:]], "entry 3 is missing"),
        (lambda entries: [entries[1], entries[0], *entries[2:]], "entry 1 is missing"),
        (lambda entries: [replace(entries[0], account_id="HOME0002"), *entries[1:]], "belongs to account HOME0002"),
        (
            lambda entries: [_rewrite(entries[0], reason="Rewritten."), *entries[1:]],
            "#1 does not carry the hash of the entry before it",
        ),
        (
            lambda entries: [*entries[:-1], _rewrite(entries[-1], postings=entries[-1].decision.postings[:1])],
            "do not sum to zero",
        ),
        (
            lambda entries: [*entries[:-1], _rewrite(entries[-1], allocations=(Allocation("HOME0001-0001", 1),))],
            "cannot have happened: an allocation settles an open invoice",
        ),
    ],
)
def test_broken_history_is_named_as_a_broken_ledger(
    book: Book, break_entries: Callable[[list[Entry]], list[Entry]], what: str
) -> None:
    with pytest.raises(BrokenLedgerError, match=f"^HOME0001: .*{what}"):
        replay_entries(book.account_id, break_entries(book.entries))


def test_a_rewritten_last_entry_no_longer_leads_to_the_hash_in_the_head(book: Book) -> None:
    *before, last = book.entries
    rewritten = replace(last, decision=replace(last.decision, reason="Rewritten."))
    assert replay_entries(book.account_id, [*before, rewritten]).last_hash != book.head.last_hash


def test_a_head_survives_being_stored(book: Book) -> None:
    for head in (AccountHead("HOME0001"), book.head):
        stored = write_canonical(head_as_json(head))
        assert head_from_json("HOME0001", head.version, json.loads(stored)) == head


def test_the_head_and_each_entry_of_an_ordinary_account_stay_under_1_kb(book: Book) -> None:
    assert len(write_canonical(head_as_json(book.head))) < 1024
    assert max(len(entry.body) for entry in book.entries) < 1024
