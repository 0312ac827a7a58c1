"""What it means that a bank takes a payment back, and that a return is taken back in its turn."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pawledger.domain.bank_returns.return_fees import ReturnFee
from pawledger.domain.bank_returns.return_reasons import ReasonClass, ReasonScheme, ReturnReason
from pawledger.domain.bank_returns.returned_payments import find_waiting_returns
from pawledger.domain.bank_returns.returns import (
    ReturnGround,
    decide_waiting_return,
    find_payment_of,
    read_waiting_return,
)
from pawledger.domain.books.entries import Allocation, Decision, EntryKind, LedgerAccount, OpenInvoice, Posting
from pawledger.domain.books.ledger import AccountHead, chain_entry
from pawledger.domain.posting.allocation_terms import AllocationTerms
from pawledger.domain.posting.bank_movements import BankMovement, Movement
from pawledger.domain.posting.movement_outcomes import MovementOutcome
from pawledger.domain.posting.payments import decide_movement
from pawledger.domain.posting.splitting import SharedPart, parts_of, split_payment
from pawledger.domain.worklist.discrepancies import DiscrepancyKind
from tests.builders.books import Book, Delivery
from tests.builders.movements import BOOKED_ON, build_movement
from tests.builders.policies import build_policy

LATER = BOOKED_ON + timedelta(days=3)
FIRST, SECOND = "HOME0001-0001", "HOME0001-0002"
NO_MONEY = ReturnReason(ReasonScheme.NACHA, "R01", "Too little money", ReasonClass.INSUFFICIENT_FUNDS)
UNKNOWN = ReturnReason(ReasonScheme.NONE, "ZZ99", "", ReasonClass.UNKNOWN)


@pytest.fixture
def book() -> Book:
    """An account that owes 10.00 EUR for January and 10.00 EUR for February."""
    book = Book()
    book.deliver_policy(build_policy())
    book.bill(date(2026, 1, 17))
    book.bill(date(2026, 2, 14))
    return book


def build_return(
    name: str = "back", *, amount_minor: int = 1_000, booked_on: date = LATER, **told: object
) -> BankMovement:
    return build_movement(
        name,
        movement=Movement.RETURN,
        amount_minor=amount_minor,
        booked_on=booked_on,
        **told,  # type: ignore[arg-type]
    )


def decide(book: Book, movement: BankMovement, **known: object) -> MovementOutcome:
    return decide_movement(book.head, movement, ground=ReturnGround(book.entries, **known))  # type: ignore[arg-type]


def pay(book: Book, name: str, amount_minor: int = 1_000, *, tolerance_minor: int = 0, **told: object) -> None:
    movement = build_movement(name, amount_minor=amount_minor, **told)  # type: ignore[arg-type]
    terms = AllocationTerms(tolerance_minor=tolerance_minor)
    assert book.deliver(lambda head: decide_movement(head, movement, terms).decision) is Delivery.RECORDED


def amounts(outcome: MovementOutcome) -> dict[LedgerAccount, int]:
    return {posting.ledger_account: posting.amount_minor for posting in outcome.decision.postings}


def kinds(outcome: MovementOutcome) -> list[DiscrepancyKind]:
    return [discrepancy.kind for discrepancy in outcome.discrepancies]


def state(book: Book) -> tuple[object, object]:
    return dict(book.head.balances), book.head.open_invoices


def test_a_return_opens_again_what_its_payment_settled_with_the_due_days(book: Book) -> None:
    before = state(book)
    pay(book, "paid", 2_000)
    outcome = decide(book, build_return(amount_minor=2_000, return_reason="AC04"))
    assert outcome.decision.kind is EntryKind.PAYMENT_RETURNED
    assert amounts(outcome) == {LedgerAccount.CASH: -2_000, LedgerAccount.RECEIVABLE: 2_000}
    assert outcome.decision.reopened == (
        OpenInvoice(FIRST, date(2026, 1, 31), 1_000),
        OpenInvoice(SECOND, date(2026, 2, 28), 1_000),
    )
    assert outcome.decision.opened_invoice is None
    assert kinds(outcome) == [DiscrepancyKind.PAYMENT_RETURNED]
    assert outcome.decision.reason == (
        "Returned payment of 20.00 EUR takes back the payment of 2026-02-02 (AC04); "
        "due again: HOME0001-0001 10.00, HOME0001-0002 10.00."
    )
    book.deliver_movement(build_return(amount_minor=2_000, return_reason="AC04"))
    assert state(book) == before


def test_what_was_not_asked_for_is_asked_for_again(book: Book) -> None:
    before = state(book)
    pay(book, "paid", 1_997, tolerance_minor=5)
    assert book.head.balance_minor(LedgerAccount.SMALL_DIFFERENCES) == 3
    assert book.deliver_movement(build_return(amount_minor=1_997)) is Delivery.RECORDED
    assert state(book) == before


def test_the_unapplied_part_is_taken_from_unapplied_cash(book: Book) -> None:
    before = state(book)
    pay(book, "paid", 2_300)
    outcome = decide(book, build_return(amount_minor=2_300))
    assert amounts(outcome) == {
        LedgerAccount.CASH: -2_300,
        LedgerAccount.UNAPPLIED: 300,
        LedgerAccount.RECEIVABLE: 2_000,
    }
    book.deliver_movement(build_return(amount_minor=2_300))
    assert state(book) == before


def test_unapplied_cash_that_was_used_since_is_due_again_as_an_item_of_its_own(book: Book) -> None:
    pay(book, "paid", 2_300)
    book.bill(date(2026, 3, 17))  # March is 10.00, of which the 3.00 settle a part
    returned = build_return(amount_minor=2_300, booked_on=date(2026, 3, 20))
    outcome = decide(book, returned)
    own = OpenInvoice(f"return-{returned.payment_id[:12]}", date(2026, 3, 20), 300)
    assert outcome.decision.reopened[-1] == own
    assert amounts(outcome) == {LedgerAccount.CASH: -2_300, LedgerAccount.RECEIVABLE: 2_300}
    book.deliver_movement(returned)
    # January, February and the rest of March, and the 3.00 that March was paid with.
    assert sum(invoice.remaining_minor for invoice in book.head.open_invoices) == 3_000
    assert book.head.balance_minor(LedgerAccount.RECEIVABLE) == 3_000


def test_parts_go_back_newest_first_behind_what_went_back_before(book: Book) -> None:
    pay(book, "paid", 2_300, marks=("id",))
    taken = []
    for number, part_minor in enumerate((400, 1_100, 800)):
        movement = build_return(f"part {number}", amount_minor=part_minor, marks=("id",))
        outcome = decide(book, movement)
        unapplied_minor = amounts(outcome).get(LedgerAccount.UNAPPLIED, 0)
        taken.append((unapplied_minor, [(o.invoice_id, o.remaining_minor) for o in outcome.decision.reopened]))
        book.deliver_movement(movement)
    # Laid out 10.00 to January, 10.00 to February, 3.00 to nothing: 4.00 are 3.00 and 1.00 of February, 11.00 its
    # other 9.00 and 2.00 of January, 8.00 the rest of January.
    assert taken == [(300, [(SECOND, 100)]), (0, [(FIRST, 200), (SECOND, 900)]), (0, [(FIRST, 800)])]
    assert book.head.balances == {
        key: minor
        for key, minor in book.head.balances.items()
        if key[1] not in (LedgerAccount.CASH, LedgerAccount.UNAPPLIED)
    }


def test_a_part_of_the_last_invoice_asks_again_for_what_was_forgiven_of_it_once(book: Book) -> None:
    pay(book, "paid", 1_997, tolerance_minor=5, marks=("id",))
    first = decide(book, build_return("one", amount_minor=100, marks=("id",)))
    assert amounts(first)[LedgerAccount.SMALL_DIFFERENCES] == -3
    assert [(o.invoice_id, o.remaining_minor) for o in first.decision.reopened] == [(SECOND, 103)]
    book.deliver_movement(build_return("one", amount_minor=100, marks=("id",)))
    second = decide(book, build_return("two", amount_minor=100, marks=("id",)))
    assert LedgerAccount.SMALL_DIFFERENCES not in amounts(second)
    assert [(o.invoice_id, o.remaining_minor) for o in second.decision.reopened] == [(SECOND, 100)]


def test_the_payment_that_shares_an_id_is_meant_whatever_else_has_that_amount(book: Book) -> None:
    pay(book, "one", marks=("first",))
    pay(book, "two", marks=("second",))
    outcome = decide(book, build_return(marks=("first",), repeats_ids=True))
    assert [o.invoice_id for o in outcome.decision.reopened] == [FIRST]
    assert (outcome.decision.details or {})["found_by"] == "marks"


def test_two_payments_of_one_amount_without_an_id_are_not_guessed_between(book: Book) -> None:
    pay(book, "one")
    pay(book, "two")
    outcome = decide(book, build_return())
    assert kinds(outcome) == [DiscrepancyKind.RETURN_UNCLEAR]
    assert amounts(outcome) == {LedgerAccount.CASH: -1_000, LedgerAccount.SUSPENSE: 1_000}


def test_a_return_that_comes_at_once_means_the_payment_of_these_days(book: Book) -> None:
    pay(book, "one", booked_on=LATER - timedelta(days=31))
    pay(book, "two", booked_on=LATER - timedelta(days=3))
    outcome = decide(book, build_return(return_reason="R01"), reason=NO_MONEY)
    assert [o.invoice_id for o in outcome.decision.reopened] == [SECOND]
    late = ReturnReason(ReasonScheme.ISO, "MD06", "Asked back", ReasonClass.REFUND_CLAIMED)
    assert kinds(decide(book, build_return(return_reason="MD06"), reason=late)) == [DiscrepancyKind.RETURN_UNCLEAR]


def test_a_return_that_repeats_an_id_means_no_payment_with_another(book: Book) -> None:
    pay(book, "one", marks=("first",), mandate_mark="mandate")
    other = build_return(marks=("second",), mandate_mark="mandate", repeats_ids=True)
    assert kinds(decide(book, other)) == [DiscrepancyKind.RETURN_WITHOUT_PAYMENT]
    silent = build_return(mandate_mark="mandate", repeats_ids=True)
    assert decide(book, silent).decision.kind is EntryKind.PAYMENT_RETURNED
    bank_numbers = build_return(marks=("second",))
    assert decide(book, bank_numbers).decision.kind is EntryKind.PAYMENT_RETURNED


def test_a_return_means_no_payment_of_a_later_day_or_another_currency_or_amount(book: Book) -> None:
    pay(book, "one")
    for other in (
        build_return(booked_on=BOOKED_ON - timedelta(days=1)),
        build_return(currency="USD"),
        build_return(amount_minor=999),
    ):
        assert kinds(decide(book, other)) == [DiscrepancyKind.RETURN_WITHOUT_PAYMENT]


def test_a_payment_that_is_returned_twice_is_returned_once(book: Book) -> None:
    pay(book, "paid", marks=("id",))
    book.deliver_movement(build_return("once", marks=("id",)))
    before = book.head.open_invoices
    assert book.deliver_movement(build_return("once", marks=("id",))) is Delivery.REPEATED
    twice = decide(book, build_return("twice", marks=("id",)))
    assert kinds(twice) == [DiscrepancyKind.RETURN_REPEATED]
    book.deliver_movement(build_return("twice", marks=("id",)))
    assert book.head.open_invoices == before
    assert book.head.balance_minor(LedgerAccount.SUSPENSE) == 1_000


def test_a_return_of_more_than_was_paid_is_for_a_person(book: Book) -> None:
    pay(book, "paid", marks=("id",))
    outcome = decide(book, build_return(amount_minor=1_300, marks=("id",)))
    assert kinds(outcome) == [DiscrepancyKind.RETURN_UNCLEAR]
    assert "less than what is taken back" in outcome.decision.reason


def test_a_return_before_its_payment_waits_and_is_booked_when_that_comes(book: Book) -> None:
    before = state(book)
    waiting_return = build_return(return_reason="AC04", marks=("id",), mandate_mark="mandate", repeats_ids=True)
    assert kinds(decide(book, waiting_return)) == [DiscrepancyKind.RETURN_WITHOUT_PAYMENT]
    book.deliver_movement(waiting_return)
    (waiting,) = find_waiting_returns(book.entries)
    assert read_waiting_return(waiting) == waiting_return
    ground = ReturnGround(book.entries)
    assert find_payment_of(read_waiting_return(waiting), ground) is None
    pay(book, "paid", marks=("id",))
    ground = ReturnGround(book.entries)
    original = find_payment_of(read_waiting_return(waiting), ground)
    assert original is not None
    outcome = decide_waiting_return(book.head, waiting, waiting_return, original, ground)
    assert outcome.decision.entry_id == f"returned#{waiting_return.payment_id}"
    assert amounts(outcome) == {LedgerAccount.SUSPENSE: -1_000, LedgerAccount.RECEIVABLE: 1_000}
    assert [discrepancy.subject for discrepancy in outcome.discrepancies] == [outcome.decision.entry_id]
    book.deliver(lambda _: outcome.decision)
    assert state(book) == before
    assert find_waiting_returns(book.entries) == []


def test_a_dispute_that_is_won_settles_again_what_it_had_opened(book: Book) -> None:
    pay(book, "paid", 2_000, marks=("id",))
    paid = state(book)
    book.deliver_movement(build_return(amount_minor=2_000, marks=("id",)))
    won = build_movement(
        "won", movement=Movement.MONEY_BACK, amount_minor=2_000, booked_on=LATER + timedelta(days=20), marks=("id",)
    )
    outcome = decide(book, won)
    assert outcome.decision.allocations == (
        Allocation(FIRST, 1_000, date(2026, 1, 31)),
        Allocation(SECOND, 1_000, date(2026, 2, 28)),
    )
    assert outcome.discrepancies == ()
    assert (outcome.decision.details or {})["takes_back"] == book.entries[-1].entry_id
    book.deliver_movement(won)
    assert state(book) == paid


def test_what_was_paid_otherwise_in_between_leaves_the_money_of_a_won_dispute_unapplied(book: Book) -> None:
    pay(book, "paid", 2_000, marks=("id",))
    book.deliver_movement(build_return(amount_minor=2_000, marks=("id",)))
    pay(book, "transfer", 2_000, booked_on=LATER)
    won = build_movement(
        "won", movement=Movement.MONEY_BACK, amount_minor=2_000, booked_on=LATER + timedelta(days=20), marks=("id",)
    )
    assert amounts(decide(book, won)) == {LedgerAccount.CASH: 2_000, LedgerAccount.UNAPPLIED: -2_000}


def test_a_second_dispute_takes_back_what_the_first_had_given_again(book: Book) -> None:
    pay(book, "paid", 2_000, marks=("id",))
    book.deliver_movement(build_return("first", amount_minor=2_000, marks=("id",)))
    returned = state(book)
    won = build_movement(
        "won", movement=Movement.MONEY_BACK, amount_minor=2_000, booked_on=LATER + timedelta(days=20), marks=("id",)
    )
    book.deliver_movement(won)
    again = build_return("second", amount_minor=2_000, marks=("id",), booked_on=LATER + timedelta(days=40))
    outcome = decide(book, again)
    assert (outcome.decision.details or {})["returns"] == f"payment#{won.payment_id}"
    book.deliver_movement(again)
    assert state(book) == returned


def test_money_that_comes_back_for_no_return_is_a_payment(book: Book) -> None:
    outcome = decide(book, build_movement("failed refund", movement=Movement.MONEY_BACK))
    assert outcome.decision.allocations == (Allocation(FIRST, 1_000, date(2026, 1, 31)),)
    assert "takes_back" not in (outcome.decision.details or {})


def test_a_return_of_money_that_waits_for_the_first_policy_cancels_it_there() -> None:
    book = Book()
    pay(book, "early", marks=("id",))
    outcome = decide(book, build_return(marks=("id",)))
    assert outcome.decision.kind is EntryKind.PAYMENT_RETURNED
    assert amounts(outcome) == {LedgerAccount.CASH: -1_000, LedgerAccount.SUSPENSE: 1_000}
    assert outcome.discrepancies == ()
    book.deliver_movement(build_return(marks=("id",)))
    assert dict(book.head.balances) == {}


def test_a_return_of_money_that_came_with_the_first_policy_takes_unapplied_cash() -> None:
    book = Book()
    pay(book, "early", marks=("id",))
    book.deliver_policy(build_policy())
    outcome = decide(book, build_return(marks=("id",)))
    assert amounts(outcome) == {LedgerAccount.CASH: -1_000, LedgerAccount.UNAPPLIED: 1_000}
    book.bill(date(2026, 1, 17))
    book.bill(date(2026, 2, 14))
    used = decide(book, build_return(marks=("id",)))
    assert amounts(used) == {LedgerAccount.CASH: -1_000, LedgerAccount.RECEIVABLE: 1_000}
    assert [o.invoice_id[:7] for o in used.decision.reopened] == ["return-"]


def test_a_fee_is_due_with_the_return_as_an_item_of_its_own(book: Book) -> None:
    pay(book, "paid")
    returned = build_return()
    outcome = decide(book, returned, fee=ReturnFee(1_500, "US-FL-returned"))
    assert outcome.decision.opened_invoice == OpenInvoice(f"fee-{returned.payment_id[:12]}", LATER, 1_500)
    assert amounts(outcome) == {LedgerAccount.CASH: -1_000, LedgerAccount.RECEIVABLE: 2_500, LedgerAccount.FEE: -1_500}
    assert (outcome.decision.details or {})["fee_rule"] == "US-FL-returned"
    assert outcome.decision.reason.endswith("; a fee of 15.00 is charged.")
    waits = decide(book, build_return("other", amount_minor=777), fee=ReturnFee(1_500, "US-FL-returned"))
    assert LedgerAccount.FEE not in amounts(waits)


def test_a_reason_that_no_table_explains_is_kept_and_said(book: Book) -> None:
    pay(book, "paid")
    outcome = decide(book, build_return(return_reason="ZZ99"), reason=UNKNOWN)
    assert "(ZZ99, which no table explains)" in outcome.decision.reason
    assert outcome.decision.source["return_reason"] == "ZZ99"


def test_a_payment_that_a_person_moved_is_not_taken_back_where_it_was(book: Book) -> None:
    pay(book, "paid", marks=("id",))
    paid = book.entries[-1]
    moved = Decision(
        kind=EntryKind.MONEY_MOVED,
        entry_id="resolution#1#1",
        occurred_on=BOOKED_ON,
        facts={"takes": paid.entry_id, "amount_minor": 1_000, "currency": "EUR"},
        source={},
        postings=(
            Posting(LedgerAccount.RECEIVABLE, "EUR", 1_000),
            Posting(LedgerAccount.CLEARING, "EUR", -1_000),
        ),
        reason="Moved.",
        reopened=(OpenInvoice(FIRST, date(2026, 1, 31), 1_000),),
    )
    book.deliver(lambda _: moved)
    outcome = decide(book, build_return(marks=("id",)))
    assert kinds(outcome) == [DiscrepancyKind.RETURN_OF_MOVED_PAYMENT]
    assert "resolution#1#1" in outcome.decision.reason
    assert amounts(outcome) == {LedgerAccount.CASH: -1_000, LedgerAccount.SUSPENSE: 1_000}


def test_a_payment_of_nobody_known_is_taken_back_once_and_only_where_it_waits() -> None:
    book = Book(account_id="SUSPENSE-07")
    pay(book, "unknown", marks=("id",))
    found = decide(book, build_return(marks=("id",)))
    assert amounts(found) == {LedgerAccount.CASH: -1_000, LedgerAccount.SUSPENSE: 1_000}
    assert found.decision.kind is EntryKind.PAYMENT_RETURNED
    taken = decide(book, build_return(marks=("id",)), is_returned=True)
    assert kinds(taken) == [DiscrepancyKind.RETURN_REPEATED]
    applied = Decision(
        kind=EntryKind.MONEY_MOVED,
        entry_id="resolution#1#1",
        occurred_on=BOOKED_ON,
        facts={"takes": book.entries[0].entry_id, "amount_minor": 1_000, "currency": "EUR"},
        source={},
        postings=(
            Posting(LedgerAccount.SUSPENSE, "EUR", 1_000),
            Posting(LedgerAccount.CLEARING, "EUR", -1_000),
        ),
        reason="Applied.",
    )
    book.deliver(lambda _: applied)
    assert kinds(decide(book, build_return(marks=("id",)))) == [DiscrepancyKind.RETURN_OF_MOVED_PAYMENT]
    undone = replace(
        applied,
        kind=EntryKind.ENTRY_UNDONE,
        entry_id="undo#1#1",
        facts={"undoes": "resolution#1#1"},
        postings=tuple(replace(posting, amount_minor=-posting.amount_minor) for posting in applied.postings),
    )
    book.deliver(lambda _: undone)
    assert decide(book, build_return(marks=("id",))).decision == found.decision


def test_an_allocation_of_before_due_days_were_kept_finds_its_day_in_the_invoice(book: Book) -> None:
    pay(book, "paid", marks=("id",))
    entries = book.entries
    old = entries[-1]
    bare = tuple(Allocation(a.invoice_id, a.amount_minor) for a in old.decision.allocations)
    stored = [*entries[:-1], replace(old, decision=replace(old.decision, allocations=bare))]
    outcome = decide_movement(book.head, build_return(marks=("id",)), ground=ReturnGround(stored))
    assert outcome.decision.reopened == (OpenInvoice(FIRST, date(2026, 1, 31), 1_000),)


def test_a_return_without_any_account_waits() -> None:
    outcome = decide_movement(AccountHead("SUSPENSE-07"), build_return())
    assert kinds(outcome) == [DiscrepancyKind.RETURN_WITHOUT_PAYMENT]


PARTS = (SharedPart("HOME0001", 1_200, ("HOME0001-0003",)), SharedPart("HOME0002", 800))


@pytest.fixture
def shared_book() -> Book:
    """The ledger of a payment of 20.00 EUR for two accounts."""
    book = Book(account_id="SUSPENSE-07")
    movement = build_movement("bundle", amount_minor=2_000, marks=("id",))
    book.deliver(lambda _: split_payment(movement, PARTS).decision)
    return book


def test_the_return_of_a_payment_for_several_accounts_calls_its_parts_in(shared_book: Book) -> None:
    outcome = decide(shared_book, build_return(amount_minor=2_000, marks=("id",)))
    assert kinds(outcome) == []
    assert amounts(outcome) == {LedgerAccount.CASH: -2_000, LedgerAccount.CLEARING: 2_000}
    assert parts_of(chain_entry(shared_book.head, outcome.decision)) == PARTS


def test_from_which_account_a_part_of_a_shared_payment_goes_back_is_not_guessed(shared_book: Book) -> None:
    outcome = decide(shared_book, build_return(amount_minor=800, marks=("id",)))
    assert kinds(outcome) == [DiscrepancyKind.RETURN_UNCLEAR]
    assert amounts(outcome) == {LedgerAccount.CASH: -800, LedgerAccount.SUSPENSE: 800}


def test_of_several_payments_of_one_id_the_one_of_the_very_amount_is_meant(book: Book) -> None:
    pay(book, "small", 400, marks=("batch",))
    pay(book, "large", 900, marks=("batch",))
    outcome = decide(book, build_return(amount_minor=400, marks=("batch",)))
    assert (outcome.decision.details or {})["returns"] == book.entries[-2].entry_id


def test_payments_that_are_all_too_old_for_the_reason_are_not_guessed_between(book: Book) -> None:
    pay(book, "one", booked_on=LATER - timedelta(days=31))
    pay(book, "two", booked_on=LATER - timedelta(days=30))
    outcome = decide(book, build_return(return_reason="R01"), reason=NO_MONEY)
    assert kinds(outcome) == [DiscrepancyKind.RETURN_UNCLEAR]


def test_nobody_owes_while_unapplied_cash_of_another_payment_lies_there(book: Book) -> None:
    pay(book, "one", 1_000, marks=("first",))
    pay(book, "two", 2_000, marks=("second",))
    outcome = decide(book, build_return(marks=("first",)))
    # With its due day, so that a person's undo can open it again.
    assert outcome.decision.allocations == (Allocation(FIRST, 1_000, date(2026, 1, 31)),)
    assert amounts(outcome) == {LedgerAccount.CASH: -1_000, LedgerAccount.UNAPPLIED: 1_000}
    book.deliver_movement(build_return(marks=("first",)))
    assert book.head.open_invoices == ()
