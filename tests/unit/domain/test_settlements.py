"""Settlements: a payout and its line meet, whichever comes first, and the books are right at every step."""

import json
from dataclasses import dataclass, field
from datetime import date

import pytest

from pawledger.domain.books.entries import Entry, EntryKind, LedgerAccount, TransitItem, entry_from_json
from pawledger.domain.books.ledger import (
    TRANSIT_ITEMS_MAX,
    AccountHead,
    TooManyTransitItemsError,
    apply_entry,
    chain_entry,
    head_as_json,
    head_from_json,
    replay_entries,
)
from pawledger.domain.posting.bank_movements import BankMovement, Movement
from pawledger.domain.posting.movement_outcomes import MovementOutcome
from pawledger.domain.posting.settlements import Settlement, decide_settlement, find_proof, settlement_marks
from tests.builders.movements import build_movement

LEDGER = "SETTLEMENT-stripe-EUR"
STRIPE = Settlement("stripe", 3)
# 23 November 2026 is a Monday.
MONDAY, TUESDAY, WEDNESDAY = (date(2026, 11, day) for day in (23, 24, 25))


@dataclass
class Books:
    """One settlement ledger, kept by the decisions alone."""

    head: AccountHead = field(default_factory=lambda: AccountHead(LEDGER))
    entries: list[Entry] = field(default_factory=list)

    def book(self, movement: BankMovement, *texts: str) -> MovementOutcome:
        outcome = decide_settlement(self.head, movement, STRIPE, settlement_marks(texts))
        entry = chain_entry(self.head, outcome.decision)
        self.entries.append(entry)
        self.head = apply_entry(self.head, entry)
        return outcome

    def payout(self, name: str, amount_minor: int, day: date, *texts: str) -> MovementOutcome:
        movement = build_movement(name, movement=Movement.PAYOUT, amount_minor=amount_minor, booked_on=day)
        return self.book(movement, *texts)

    def reversal(self, name: str, amount_minor: int, day: date, *texts: str) -> MovementOutcome:
        movement = build_movement(name, movement=Movement.PAYOUT_REVERSAL, amount_minor=amount_minor, booked_on=day)
        return self.book(movement, *texts)

    def line(self, name: str, amount_minor: int, day: date, *texts: str) -> MovementOutcome:
        return self.book(build_movement(name, amount_minor=amount_minor, booked_on=day), *texts)

    def debit(self, name: str, amount_minor: int, day: date, *texts: str) -> MovementOutcome:
        movement = build_movement(name, movement=Movement.OTHER_DEBIT, amount_minor=amount_minor, booked_on=day)
        return self.book(movement, *texts)

    @property
    def minor(self) -> tuple[int, int, int]:
        """Cash, in transit, suspense."""
        accounts = (LedgerAccount.CASH, LedgerAccount.IN_TRANSIT, LedgerAccount.SUSPENSE)
        cash, transit, suspense = (self.head.balance_minor(account, "EUR") for account in accounts)
        return cash, transit, suspense


def test_a_payout_is_in_transit_until_its_line_proves_it() -> None:
    # A charge of 12.50 and its fee of 0.45 stand in other ledgers: 12.05 of cash at the provider. The payout takes
    # it from there and puts it in transit; the line brings it to the bank. Over all, cash is 12.05 before and after.
    books = Books()
    sent = books.payout("po", 1205, MONDAY)
    assert sent.decision.kind is EntryKind.PAYOUT_BOOKED
    assert books.minor == (-1205, 1205, 0)
    assert [item.amount_minor for item in books.head.transit] == [1205]
    arrived = books.line("line", 1205, TUESDAY)
    assert arrived.decision.kind is EntryKind.PAYOUT_ARRIVED
    assert arrived.discrepancies == ()
    assert books.minor == (0, 0, 0)
    assert books.head.transit == ()


def test_a_line_waits_in_suspense_until_the_report_explains_it() -> None:
    books = Books()
    waits = books.line("line", 1205, MONDAY)
    assert waits.is_suspended
    assert books.minor == (1205, 0, -1205)
    told = books.payout("po", 1205, MONDAY)
    assert told.decision.kind is EntryKind.PAYOUT_BOOKED
    assert "is what the bank booked on 2026-11-23" in told.decision.reason
    assert books.minor == (0, 0, 0)
    assert books.head.transit == ()


def test_a_line_that_names_the_payout_proves_it_whatever_the_amount_and_the_difference_is_told() -> None:
    books = Books()
    books.payout("po", 1205, MONDAY, "po_1QxA7Z")
    outcome = books.line("line", 1105, TUESDAY, "STRIPE PAYOUT PO_1QXA7Z/NOV")
    (differs,) = outcome.discrepancies
    assert (differs.kind, differs.amount_minor, differs.currency) == ("payout_differs", 100, "EUR")
    assert differs.what == "The provider paid out 12.05 EUR, and the bank booked 11.05 EUR of it."
    # 1.00 stays in transit, until somebody knows where it is.
    assert books.minor == (-100, 100, 0)
    assert books.head.transit == ()


def test_a_report_that_comes_second_tells_the_difference_too() -> None:
    books = Books()
    books.line("line", 1305, TUESDAY, "STRIPE po_1QxA7Z")
    outcome = books.payout("po", 1205, MONDAY, "po_1QxA7Z")
    assert [each.amount_minor for each in outcome.discrepancies] == [100]
    assert books.minor == (100, -100, 0)


def test_the_named_payout_wins_over_another_of_the_right_amount() -> None:
    books = Books()
    books.payout("first", 1205, MONDAY, "po_FIRST1")
    books.payout("second", 1205, MONDAY, "po_SECOND2")
    books.line("line", 1205, TUESDAY, "STRIPE po_SECOND2")
    assert [item.marks for item in books.head.transit] == [settlement_marks(["po_FIRST1"])]


def test_a_line_that_names_two_payouts_proves_the_one_of_its_amount_or_none() -> None:
    books = Books()
    books.payout("first", 1205, MONDAY, "po_FIRST1")
    books.payout("second", 900, MONDAY, "po_SECOND2")
    books.line("neither", 777, TUESDAY, "po_FIRST1 po_SECOND2")
    assert len(books.head.transit) == 3
    books.line("second", 900, TUESDAY, "po_FIRST1 po_SECOND2")
    assert sorted(item.amount_minor for item in books.head.transit) == [777, 1205]


def test_of_two_equal_payouts_neither_is_chosen_until_both_lines_are_there() -> None:
    books = Books()
    books.payout("first", 1000, MONDAY)
    books.payout("second", 1000, TUESDAY)
    assert books.line("one", 1000, WEDNESDAY).is_suspended
    assert books.minor == (-1000, 2000, -1000)
    outcome = books.line("two", 1000, WEDNESDAY)
    assert outcome.decision.kind is EntryKind.PAYOUT_ARRIVED
    assert books.minor == (0, 0, 0)
    assert books.head.transit == ()


@pytest.mark.parametrize(
    ("day", "is_proven"),
    [
        (date(2026, 11, 21), False),
        (date(2026, 11, 22), True),
        # Three business days and at most four on which banks are closed: seven weekdays after Monday.
        (date(2026, 12, 2), True),
        (date(2026, 12, 3), False),
    ],
)
def test_a_line_of_the_right_amount_proves_a_payout_in_its_time_alone(day: date, *, is_proven: bool) -> None:
    books = Books()
    books.payout("po", 1205, MONDAY)
    assert books.line("line", 1205, day).is_suspended is not is_proven


def test_an_amount_that_differs_by_a_cent_proves_nothing() -> None:
    books = Books()
    books.payout("po", 1205, MONDAY)
    assert books.line("line", 1204, TUESDAY).is_suspended
    assert books.minor == (-1, 1205, -1204)


def test_a_payout_that_bounced_is_not_waited_for() -> None:
    books = Books()
    books.payout("po", 1205, MONDAY, "po_1QxA7Z")
    back = books.reversal("back", 1205, TUESDAY, "po_1QxA7Z")
    assert "never arrived" in back.decision.reason
    assert books.minor == (0, 0, 0)
    assert books.head.transit == ()


def test_what_the_provider_collects_is_proven_by_a_debit_and_never_by_a_credit() -> None:
    books = Books()
    books.reversal("collected", 500, MONDAY)
    assert books.minor == (500, -500, 0)
    assert books.line("credit", 500, TUESDAY).is_suspended
    assert books.debit("debit", 500, TUESDAY).decision.kind is EntryKind.PAYOUT_ARRIVED
    assert books.minor == (500, 0, -500)
    assert [item.amount_minor for item in books.head.transit] == [500]


def test_a_debit_that_names_a_payout_is_not_that_payout_arriving() -> None:
    books = Books()
    books.payout("po", 500, MONDAY, "po_1QxA7Z")
    assert books.debit("debit", 500, TUESDAY, "po_1QxA7Z").is_suspended
    assert books.minor == (-1000, 500, 500)


def test_a_debit_before_its_report_waits_as_well() -> None:
    books = Books()
    assert books.debit("debit", 500, MONDAY).is_suspended
    assert books.minor == (-500, 0, 500)
    books.reversal("collected", 500, MONDAY)
    assert books.minor == (0, 0, 0)


def test_more_payouts_than_a_year_has_and_not_one_arrived_is_refused_by_name() -> None:
    head = AccountHead(
        LEDGER,
        transit=tuple(TransitItem(f"payout#{number}", MONDAY, 100 + number) for number in range(TRANSIT_ITEMS_MAX)),
    )
    movement = build_movement("po", movement=Movement.PAYOUT, amount_minor=1, booked_on=MONDAY)
    outcome = decide_settlement(head, movement, STRIPE, ())
    with pytest.raises(TooManyTransitItemsError, match="beside 400 others"):
        apply_entry(head, chain_entry(head, outcome.decision))


def test_entries_and_head_are_read_back_as_they_were_written() -> None:
    books = Books()
    books.payout("po", 1205, MONDAY, "po_1QxA7Z", "txn_9911")
    books.line("other", 300, MONDAY)
    books.line("line", 1205, TUESDAY, "po_1QxA7Z")
    assert replay_entries(LEDGER, books.entries) == books.head
    assert head_from_json(LEDGER, books.head.version, head_as_json(books.head)) == books.head
    for entry in books.entries:
        written = {"account_id": LEDGER, "sequence": entry.sequence, "previous_hash": entry.previous_hash}
        assert entry_from_json(json.loads(entry.body) | written) == entry


def test_words_without_a_digit_or_too_short_mark_nothing_and_case_does_not_count() -> None:
    assert settlement_marks(["STRIPE PAYMENTS", "NOV 23", "1205"]) == ()
    assert settlement_marks(["po_1abc"]) == settlement_marks(["transfer (PO_1ABC)"])


def test_nothing_that_waits_proves_nothing() -> None:
    assert find_proof(TransitItem("line#a", MONDAY, 100), [], 3) is None
