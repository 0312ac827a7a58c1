"""Explaining a payment: its rule, what each invoice got of it, and what would have changed the answer."""

from datetime import date

import pytest

from pawledger.domain.posting.allocation import AllocationRule
from pawledger.domain.posting.allocation_terms import AllocationTerms
from pawledger.domain.posting.payment_explanations import (
    ExplainedPayment,
    NotAPaymentError,
    explain_payment,
    split_by_component,
)
from tests.builders.books import Book
from tests.builders.movements import build_movement
from tests.builders.policies import build_policy, discount, fee, premium, tax

CHARGES = (premium(12_000), discount(-1_200), tax(1_200), fee(600))
"""Each month: premium 10.00 less 1.00, tax 1.00, fee 0.50: 10.50."""
FIRST, SECOND = "HOME0001-0001", "HOME0001-0002"
EXACT = AllocationTerms()


@pytest.fixture
def book() -> Book:
    """An account that owes 10.50 for January and for February."""
    book = Book()
    book.deliver_policy(build_policy(charges=CHARGES))
    book.bill(date(2026, 2, 14))
    return book


def explain_last(book: Book, terms: AllocationTerms = EXACT) -> ExplainedPayment:
    return explain_payment(book.entries, book.entries[-1], terms)


@pytest.mark.parametrize(
    ("before_minor", "amount_minor", "parts"),
    [
        (0, 60, {"tax": 60}),
        (0, 120, {"tax": 100, "fee": 20}),
        (0, 1_050, {"tax": 100, "fee": 50, "premium": 900}),
        (120, 30, {"fee": 30}),
        (120, 31, {"fee": 30, "premium": 1}),
        (1_049, 1, {"premium": 1}),
        (0, 1_100, {"tax": 100, "fee": 50, "premium": 900, "other": 50}),
    ],
)
def test_money_goes_to_tax_then_fees_then_premium_less_discounts(
    before_minor: int, amount_minor: int, parts: dict[str, int]
) -> None:
    charges = {"premium": 1_000, "discount": -100, "tax": 100, "fee": 50}
    assert split_by_component(charges, before_minor, amount_minor) == parts


def test_a_part_payment_and_the_next_one_together_make_up_the_invoice(book: Book) -> None:
    book.deliver_movement(build_movement("part", amount_minor=120, invoice_ids=(FIRST,)))
    (first,) = explain_last(book).allocations
    assert (first.invoice_id, first.open_before_minor, first.components) == (FIRST, 1_050, {"tax": 100, "fee": 20})
    book.deliver_movement(build_movement("rest", amount_minor=930, invoice_ids=(FIRST,)))
    (rest,) = explain_last(book).allocations
    assert (rest.open_before_minor, rest.components) == (930, {"fee": 30, "premium": 900})


def test_the_rule_and_the_payers_instruction_are_told(book: Book) -> None:
    book.deliver_movement(build_movement(amount_minor=1_050, invoice_ids=(SECOND,)))
    explained = explain_last(book)
    assert (explained.rule, explained.named, explained.identified_by) == (
        AllocationRule.NAMED,
        (SECOND,),
        "payment reference",
    )
    assert explained.is_as_recorded


def test_what_would_have_changed_the_allocation_is_told_and_nothing_else(book: Book) -> None:
    book.deliver_movement(build_movement(amount_minor=1_050, invoice_ids=(SECOND,)))
    assert [(each.change, each.outcome) for each in explain_last(book).counterfactuals] == [
        ("no reference", f"settles {FIRST}"),
        (f"the reference of {FIRST}", f"settles {FIRST}"),
        ("one minor unit less", f"settles {SECOND}, {SECOND} in part"),
        ("one minor unit more", f"settles {SECOND}, {FIRST}, {FIRST} in part"),
    ]


def test_terms_that_have_changed_since_are_told_and_the_record_stays_as_it_is(book: Book) -> None:
    book.deliver_movement(build_movement(amount_minor=1_048, invoice_ids=(FIRST,)))
    explained = explain_last(book, AllocationTerms(tolerance_minor=5))
    assert not explained.is_as_recorded
    assert (explained.allocations[0].amount_minor, explained.small_difference_minor) == (1_048, 0)


def test_money_that_waits_has_no_rule_and_nothing_is_supposed_of_it() -> None:
    book = Book()
    book.deliver_movement(build_movement())
    explained = explain_last(book)
    assert (explained.rule, explained.allocations, explained.counterfactuals) == (None, (), ())


def test_an_invoice_is_no_payment(book: Book) -> None:
    with pytest.raises(NotAPaymentError, match="is an entry invoice_issued, not money that came in"):
        explain_last(book)
