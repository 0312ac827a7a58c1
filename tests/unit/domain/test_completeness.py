"""Every month of cover is exactly one of invoiced, held, late, to come; what is none of these is found out."""

from dataclasses import replace
from datetime import date
from types import MappingProxyType

import pytest

from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.closing.completeness import MonthCounts, count_account_months, misses_renewal
from tests.builders.books import Book
from tests.builders.policies import build_policy

FIRST_DAY = date(2026, 1, 31)


def count(book: Book, day: date) -> MonthCounts:
    return count_account_months(book.head, list(book.terms.values()), day)


def billed_book(business_date: date) -> Book:
    """120.00 EUR a year, paid monthly from 31 January 2026, billed until a day."""
    book = Book()
    book.deliver_policy(build_policy())
    book.bill(business_date)
    return book


@pytest.mark.parametrize(
    ("day", "begun"),
    [
        (date(2026, 1, 30), 0),
        (date(2026, 1, 31), 1),
        (date(2026, 2, 27), 1),
        (date(2026, 2, 28), 2),
        (date(2026, 12, 31), 12),
        (date(2028, 1, 1), 12),
    ],
)
def test_a_month_begins_on_the_terms_day_or_the_last_of_a_shorter_month(day: date, begun: int) -> None:
    assert count(billed_book(day), day) == MonthCounts(begun=begun, invoiced=begun)


def test_what_is_invoiced_ahead_of_its_month_is_not_counted_before_the_month_begins() -> None:
    book = billed_book(date(2026, 2, 14))
    assert len(book.head.open_invoices) == 2
    assert count(book, date(2026, 2, 14)) == MonthCounts(begun=1, invoiced=1)


def test_an_annual_installment_explains_all_its_months() -> None:
    book = Book()
    book.deliver_policy(build_policy(plan="annual"))
    book.bill(date(2026, 1, 17))
    assert count(book, date(2026, 8, 1)) == MonthCounts(begun=7, invoiced=7)


def test_a_day_that_was_not_billed_leaves_months_late() -> None:
    book = billed_book(date(2026, 1, 17))
    # The second month begins on 28 February and was to be invoiced on the 14th; the third is to come on 17 March.
    assert count(book, date(2026, 2, 28)) == MonthCounts(begun=2, invoiced=1, late=1)


def test_a_policy_that_came_today_is_to_come_and_not_late() -> None:
    book = Book()
    today = date(2026, 3, 1)
    book.deliver_policy(build_policy(), today)
    assert count(book, today) == MonthCounts(begun=2, to_come=2)


def test_a_held_term_is_held() -> None:
    book = billed_book(FIRST_DAY)
    (term,) = book.terms.values()
    held = replace(term, hold="the notice was late")
    waiting = replace(book.head, cursors=(), balances=MappingProxyType({("EUR", LedgerAccount.UNBILLED): 12_000}))
    assert count_account_months(waiting, [held], date(2026, 3, 1)) == MonthCounts(begun=2, held=2)


def test_a_term_that_lost_its_place_in_the_head_is_found_out() -> None:
    book = billed_book(FIRST_DAY)
    forgotten = replace(book.head, cursors=())
    counted = count_account_months(forgotten, book.terms.values(), FIRST_DAY)
    assert counted == MonthCounts(begun=1, unexplained=1)


def test_a_month_that_no_installment_bills_is_found_out() -> None:
    book = billed_book(date(2027, 1, 30))
    (term,) = book.terms.values()
    shorter = replace(term, installments=term.installments[:11])
    assert count_account_months(book.head, [shorter], date(2027, 1, 30)).unexplained == 1


def test_a_month_that_two_installments_bill_is_found_out() -> None:
    book = billed_book(date(2027, 1, 30))
    (term,) = book.terms.values()
    twice = replace(term, installments=(term.installments[0], *term.installments))
    counted = count_account_months(book.head, [twice], date(2027, 1, 30))
    assert counted.unexplained == 1


def test_an_account_without_a_head_explains_nothing() -> None:
    book = billed_book(FIRST_DAY)
    unbilled = [replace(term, hold="held") for term in book.terms.values()]
    assert count_account_months(AccountHead("HOME0001"), unbilled, FIRST_DAY).unexplained == 1


def test_a_renewal_is_missed_from_the_day_after_its_last_notice_day_until_it_is_offered_or_long_over() -> None:
    book = billed_book(FIRST_DAY)
    (plain,) = book.terms.values()
    term = replace(plain, renewal_notice_on=date(2027, 1, 10))
    offered = replace(term, number=2, renewal_notice_on=None)
    other = replace(offered, policy_id="PAW-2")
    assert not misses_renewal(term, [term], date(2027, 1, 10))
    assert misses_renewal(term, [term, other], date(2027, 1, 11))
    assert misses_renewal(term, [term], date(2027, 3, 11))
    assert not misses_renewal(term, [term], date(2027, 3, 12))
    assert not misses_renewal(term, [term, offered], date(2027, 1, 11))
    assert not misses_renewal(plain, [plain], date(2027, 1, 11))
