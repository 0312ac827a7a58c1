"""What a bank movement means for an account."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from pawledger.domain.books.entries import Allocation, EntryKind, LedgerAccount
from pawledger.domain.books.ledger import AccountHead, head_as_json, head_from_json
from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.posting.allocation_terms import AllocationTerms
from pawledger.domain.posting.bank_movements import BankMovement, Movement, entry_id_of, payment_id_of
from pawledger.domain.posting.movement_outcomes import MovementOutcome
from pawledger.domain.posting.payments import decide_movement
from pawledger.domain.worklist.discrepancies import DiscrepancyKind
from tests.builders.books import Book, Delivery
from tests.builders.movements import BOOKED_ON, build_movement
from tests.builders.policies import ACCOUNT_ID, build_policy


@pytest.fixture
def book() -> Book:
    """An account that owes 10.00 EUR for January and 10.00 EUR for February."""
    book = Book()
    book.deliver_policy(build_policy())
    book.bill(date(2026, 1, 17))
    book.bill(date(2026, 2, 14))
    return book


def amounts(outcome: MovementOutcome) -> dict[LedgerAccount, int]:
    return {posting.ledger_account: posting.amount_minor for posting in outcome.decision.postings}


def findings(outcome: MovementOutcome) -> list[tuple[DiscrepancyKind, int | None]]:
    return [(discrepancy.kind, discrepancy.amount_minor) for discrepancy in outcome.discrepancies]


def test_an_exact_payment_settles_the_oldest_invoice_and_nobody_need_know(book: Book) -> None:
    outcome = decide_movement(book.head, build_movement(amount_minor=1_000))
    assert outcome.decision.kind is EntryKind.PAYMENT_POSTED
    assert outcome.decision.allocations == (Allocation("HOME0001-0001", 1_000, date(2026, 1, 31)),)
    assert amounts(outcome) == {LedgerAccount.CASH: 1_000, LedgerAccount.RECEIVABLE: -1_000}
    assert outcome.discrepancies == ()
    assert outcome.decision.reason == "Payment of 10.00 EUR settles HOME0001-0001 10.00."


def test_a_payment_of_all_invoices_settles_them_all(book: Book) -> None:
    outcome = decide_movement(book.head, build_movement(amount_minor=2_000))
    assert amounts(outcome) == {LedgerAccount.CASH: 2_000, LedgerAccount.RECEIVABLE: -2_000}
    assert outcome.discrepancies == ()


def test_a_payment_short_by_one_cent_leaves_one_cent_open_and_says_so(book: Book) -> None:
    outcome = decide_movement(book.head, build_movement(amount_minor=999))
    assert amounts(outcome) == {LedgerAccount.CASH: 999, LedgerAccount.RECEIVABLE: -999}
    assert findings(outcome) == [(DiscrepancyKind.UNDERPAYMENT, 1)]


def test_a_payment_that_ends_inside_the_second_invoice_is_short_by_its_rest(book: Book) -> None:
    outcome = decide_movement(book.head, build_movement(amount_minor=1_300))
    assert findings(outcome) == [(DiscrepancyKind.UNDERPAYMENT, 700)]


def test_a_payment_over_by_one_cent_leaves_unapplied_cash_and_says_so(book: Book) -> None:
    outcome = decide_movement(book.head, build_movement(amount_minor=2_001))
    assert amounts(outcome) == {
        LedgerAccount.CASH: 2_001,
        LedgerAccount.RECEIVABLE: -2_000,
        LedgerAccount.UNAPPLIED: -1,
    }
    assert findings(outcome) == [(DiscrepancyKind.OVERPAYMENT, 1)]
    assert outcome.decision.reason.endswith("; 0.01 is unapplied cash.")


def test_a_payment_with_nothing_to_settle_is_unapplied_cash_as_a_whole() -> None:
    book = Book()
    book.deliver_policy(build_policy())
    outcome = decide_movement(book.head, build_movement())
    assert amounts(outcome) == {LedgerAccount.CASH: 1_000, LedgerAccount.UNAPPLIED: -1_000}
    assert findings(outcome) == [(DiscrepancyKind.OVERPAYMENT, 1_000)]


def test_a_payment_before_the_first_policy_waits_in_suspense_on_its_account() -> None:
    outcome = decide_movement(AccountHead(ACCOUNT_ID), build_movement())
    assert outcome.is_suspended
    assert amounts(outcome) == {LedgerAccount.CASH: 1_000, LedgerAccount.SUSPENSE: -1_000}
    assert findings(outcome) == [(DiscrepancyKind.PAYMENT_BEFORE_POLICY, 1_000)]


def test_a_payment_in_another_currency_settles_nothing(book: Book) -> None:
    outcome = decide_movement(book.head, build_movement(currency="USD"))
    assert outcome.is_suspended
    assert {posting.currency for posting in outcome.decision.postings} == {"USD"}
    assert findings(outcome) == [(DiscrepancyKind.CURRENCY_MISMATCH, 1_000)]


def test_a_payment_of_nobody_known_waits_in_a_suspense_ledger() -> None:
    movement = build_movement()
    outcome = decide_movement(AccountHead(suspense_ledger_of(movement.payment_id)), movement)
    assert outcome.is_suspended
    assert findings(outcome) == [(DiscrepancyKind.UNIDENTIFIED_PAYMENT, 1_000)]


def test_an_unexplained_debit_waits_in_suspense_and_settles_or_opens_nothing(book: Book) -> None:
    outcome = decide_movement(book.head, build_movement(movement=Movement.OTHER_DEBIT, amount_minor=300))
    assert outcome.is_suspended
    assert amounts(outcome) == {LedgerAccount.CASH: -300, LedgerAccount.SUSPENSE: 300}
    assert outcome.decision.opened_invoice is None
    assert findings(outcome) == [(DiscrepancyKind.UNEXPLAINED_DEBIT, 300)]


def test_a_return_before_the_first_policy_waits_in_suspense() -> None:
    outcome = decide_movement(AccountHead(ACCOUNT_ID), build_movement(movement=Movement.RETURN))
    assert amounts(outcome) == {LedgerAccount.CASH: -1_000, LedgerAccount.SUSPENSE: 1_000}


def test_a_booking_day_that_has_not_come_is_told_and_changes_nothing_else(book: Book) -> None:
    usual = decide_movement(book.head, build_movement())
    early = decide_movement(book.head, build_movement(is_future_dated=True))
    assert early.decision == usual.decision
    assert findings(early) == [(DiscrepancyKind.FUTURE_DATED_PAYMENT, 1_000)]


def test_every_discrepancy_names_its_account_its_entry_and_the_day(book: Book) -> None:
    movement = build_movement(amount_minor=999, is_future_dated=True)
    for discrepancy in decide_movement(book.head, movement).discrepancies:
        assert discrepancy.account_id == ACCOUNT_ID
        assert discrepancy.subject == entry_id_of(movement)
        assert (discrepancy.born_on, discrepancy.currency) == (BOOKED_ON, "EUR")


@pytest.mark.parametrize(
    ("movement", "prefix"),
    [(Movement.PAYMENT, "payment#"), (Movement.RETURN, "debit#"), (Movement.OTHER_DEBIT, "debit#")],
)
def test_the_entry_id_tells_money_in_from_money_out(movement: Movement, prefix: str) -> None:
    assert entry_id_of(build_movement(movement=movement)) == prefix + payment_id_of(("first",))


def test_the_payment_id_depends_on_every_part_of_the_identity_and_on_where_it_is_cut() -> None:
    ids = {payment_id_of(identity) for identity in (("ab", "c"), ("a", "bc"), ("abc",), ("c", "ab"))}
    assert len(ids) == 4
    assert {len(payment_id) for payment_id in ids} == {32}


@pytest.mark.parametrize(
    "movement",
    [build_movement(), build_movement(movement=Movement.RETURN), build_movement(currency="USD")],
    ids=["payment", "return", "other currency"],
)
def test_a_movement_that_waited_for_the_first_policy_is_a_repetition_when_it_is_delivered_after_it(
    movement: BankMovement,
) -> None:
    book = Book()
    assert book.deliver_movement(movement) is Delivery.RECORDED
    book.deliver_policy(build_policy())
    book.bill(date(2026, 2, 14))
    before = book.head
    assert book.deliver_movement(movement) is Delivery.REPEATED
    assert book.head == before


def test_an_entry_names_the_file_the_line_and_the_place_among_its_movements(book: Book) -> None:
    sources = [decide_movement(book.head, build_movement(line=7, number=n)).decision.source for n in (1, 2)]
    assert [(source["file_id"], source["line"], source["number"]) for source in sources] == [
        ("f" * 64, 7, 1),
        ("f" * 64, 7, 2),
    ]


def test_the_same_movement_at_another_place_of_a_file_is_a_repetition(book: Book) -> None:
    book.deliver_movement(build_movement(line=7, number=1))
    assert book.deliver_movement(build_movement(line=90, number=12)) is Delivery.REPEATED


def test_the_same_movement_with_another_amount_is_a_contradiction(book: Book) -> None:
    book.deliver_movement(build_movement(amount_minor=1_000))
    assert book.deliver_movement(build_movement(amount_minor=1_001)) is Delivery.CONTRADICTED
    assert book.head.balance_minor(LedgerAccount.CASH) == 1_000


@pytest.mark.parametrize(
    ("movement", "kind", "ledger_account", "cash_minor"),
    [
        (Movement.PROVIDER_FEE, EntryKind.PROVIDER_FEE_BOOKED, LedgerAccount.PROVIDER_FEES, -1_000),
        (Movement.PROVIDER_FEE_REFUND, EntryKind.PROVIDER_FEE_BOOKED, LedgerAccount.PROVIDER_FEES, 1_000),
        (Movement.PAYOUT, EntryKind.PAYOUT_BOOKED, LedgerAccount.IN_TRANSIT, -1_000),
        (Movement.PAYOUT_REVERSAL, EntryKind.PAYOUT_BOOKED, LedgerAccount.IN_TRANSIT, 1_000),
    ],
)
def test_fees_and_payouts_are_booked_as_such_and_nobody_need_know(
    movement: Movement, kind: EntryKind, ledger_account: LedgerAccount, cash_minor: int
) -> None:
    outcome = decide_movement(AccountHead(suspense_ledger_of("a")), build_movement(movement=movement))
    assert outcome.decision.kind is kind
    assert amounts(outcome) == {LedgerAccount.CASH: cash_minor, ledger_account: -cash_minor}
    assert outcome.discrepancies == ()
    assert not outcome.is_suspended


def test_where_a_movement_is_found_again_stands_in_its_entry(book: Book) -> None:
    offset = replace(build_movement(amount_minor=1_000), offset=4_711)
    assert decide_movement(book.head, offset).decision.source["offset"] == 4_711
    assert "offset" not in decide_movement(book.head, build_movement(amount_minor=1_000)).decision.source


NAMED = ("HOME0001-0001",)


def test_a_standing_order_that_names_the_first_invoice_for_ever_settles_what_is_open(book: Book) -> None:
    book.deliver_movement(build_movement("January", amount_minor=1_000, invoice_ids=NAMED))
    outcome = decide_movement(
        book.head, build_movement("February", booked_on=date(2026, 3, 2), amount_minor=1_000, invoice_ids=NAMED)
    )
    assert outcome.decision.allocations == (Allocation("HOME0001-0002", 1_000, date(2026, 2, 28)),)
    assert outcome.discrepancies == ()


@pytest.mark.parametrize(("days", "kind"), [(0, "probable_duplicate"), (5, "probable_duplicate"), (6, None)])
def test_a_payment_made_twice_within_days_is_told_and_laid_out_like_any_other(
    book: Book, days: int, kind: str | None
) -> None:
    book.deliver_movement(build_movement("once", amount_minor=1_000, invoice_ids=NAMED))
    again = build_movement("twice", booked_on=BOOKED_ON + timedelta(days=days), amount_minor=1_000, invoice_ids=NAMED)
    outcome = decide_movement(book.head, again)
    assert amounts(outcome) == {LedgerAccount.CASH: 1_000, LedgerAccount.RECEIVABLE: -1_000}
    assert [found.kind for found in outcome.discrepancies] == ([kind] if kind else [])


def test_two_transfers_of_one_day_for_two_open_invoices_are_no_duplicates(book: Book) -> None:
    book.deliver_movement(build_movement("first", amount_minor=1_000, payer_key="key"))
    outcome = decide_movement(book.head, build_movement("second", amount_minor=1_000, payer_key="key"))
    assert outcome.discrepancies == ()


@pytest.mark.parametrize("changes", [{"amount_minor": 999}, {"payer_key": "other"}, {"invoice_ids": ()}])
def test_another_amount_payer_or_reference_is_no_duplicate(book: Book, changes: dict[str, Any]) -> None:
    book.deliver_movement(build_movement("all", amount_minor=2_000, invoice_ids=NAMED, payer_key="key"))
    again = {"amount_minor": 2_000, "invoice_ids": NAMED, "payer_key": "key", **changes}
    outcome = decide_movement(book.head, build_movement("again", **again))
    assert DiscrepancyKind.PROBABLE_DUPLICATE not in {found.kind for found in outcome.discrepancies}


def test_money_for_an_invoice_that_is_paid_already_waits_for_the_next_one(book: Book) -> None:
    book.deliver_movement(build_movement("all", amount_minor=2_000))
    late = build_movement("late", booked_on=date(2026, 4, 1), amount_minor=1_000, invoice_ids=NAMED)
    outcome = decide_movement(book.head, late)
    assert amounts(outcome) == {LedgerAccount.CASH: 1_000, LedgerAccount.UNAPPLIED: -1_000}
    assert findings(outcome) == [(DiscrepancyKind.INVOICE_ALREADY_PAID, 1_000)]


def test_money_for_an_account_with_nothing_open_and_nothing_to_come_is_told_as_such(book: Book) -> None:
    book.deliver_movement(build_movement("all", amount_minor=2_000))
    ended = replace(book.head, cursors=())
    assert findings(decide_movement(ended, build_movement("more"))) == [(DiscrepancyKind.PAYMENT_WITHOUT_COVER, 1_000)]


def test_what_is_missing_within_the_tolerance_is_a_small_difference_in_the_same_entry(book: Book) -> None:
    outcome = decide_movement(book.head, build_movement(amount_minor=996), AllocationTerms(tolerance_minor=5))
    assert amounts(outcome) == {
        LedgerAccount.CASH: 996,
        LedgerAccount.RECEIVABLE: -1_000,
        LedgerAccount.SMALL_DIFFERENCES: 4,
    }
    assert outcome.discrepancies == ()
    assert outcome.decision.reason == "Payment of 9.96 EUR settles HOME0001-0001 10.00; 0.04 of it is not asked for."


def test_an_account_remembers_its_last_payment_through_its_stored_form(book: Book) -> None:
    book.deliver_movement(build_movement("once", amount_minor=1_000, invoice_ids=NAMED))
    head = book.head
    assert head.last_payment is not None
    assert (head.last_payment.booked_on, head.last_payment.amount_minor) == (BOOKED_ON, 1_000)
    assert head_from_json(head.account_id, head.version, head_as_json(head)) == head
