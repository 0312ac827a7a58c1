"""Allocation of money to open invoices."""

from datetime import date

import pytest

from pawledger.domain.books.entries import Allocation, OpenInvoice
from pawledger.domain.posting.allocation import (
    AllocationPlan,
    AllocationRule,
    allocate_oldest_first,
    find_only_combination,
    plan_allocation,
    sum_of,
)
from pawledger.domain.posting.allocation_terms import AllocationOrder, AllocationRules, AllocationTerms

MARCH = OpenInvoice("HOME0001-0003", date(2026, 3, 1), 300)
APRIL = OpenInvoice("HOME0001-0001", date(2026, 4, 1), 500)
RULES = AllocationRules(
    tolerances={"EUR": 5},
    by_product={"accident": {"EUR": 50}, "wellness": {"EUR": 2}},
    by_account={"HOME0002": {"EUR": 100}},
)
ALSO_APRIL = OpenInvoice("HOME0001-0002", date(2026, 4, 1), 200)


def test_the_oldest_due_day_is_settled_first_then_the_lowest_id() -> None:
    allocations = allocate_oldest_first(1_000, [ALSO_APRIL, APRIL, MARCH])
    assert allocations == (
        Allocation("HOME0001-0003", 300),
        Allocation("HOME0001-0001", 500),
        Allocation("HOME0001-0002", 200),
    )


def test_the_last_invoice_reached_is_settled_in_part() -> None:
    assert allocate_oldest_first(301, [MARCH, APRIL]) == (
        Allocation("HOME0001-0003", 300),
        Allocation("HOME0001-0001", 1),
    )


def test_exact_money_reaches_no_further_invoice() -> None:
    assert allocate_oldest_first(300, [MARCH, APRIL]) == (Allocation("HOME0001-0003", 300),)


def test_money_beyond_all_invoices_is_not_allocated() -> None:
    assert sum_of(allocate_oldest_first(10_000, [MARCH, APRIL])) == 800


def test_no_money_and_no_invoices_give_no_allocations() -> None:
    assert allocate_oldest_first(0, [MARCH]) == ()
    assert allocate_oldest_first(-5, [MARCH]) == ()
    assert allocate_oldest_first(100, []) == ()
    assert sum_of(()) == 0


def plan(amount_minor: int, *open_minor: int, named: tuple[int, ...] = (), tolerance_minor: int = 0) -> AllocationPlan:
    """Invoices 1, 2, ... of these amounts, due one month after the other, and the plan for a payment."""
    invoices = [OpenInvoice(str(n), date(2026, n, 1), minor) for n, minor in enumerate(open_minor, start=1)]
    terms = AllocationTerms(tolerance_minor=tolerance_minor)
    return plan_allocation(amount_minor, invoices, named=[str(n) for n in named], terms=terms)


def settled(plan: AllocationPlan) -> dict[str, int]:
    return {each.invoice_id: each.amount_minor for each in plan.allocations}


def test_the_invoice_that_the_payer_named_comes_first_although_another_is_older() -> None:
    found = plan(300, 300, 300, named=(2,))
    assert (found.rule, settled(found)) == (AllocationRule.NAMED, {"2": 300})


def test_what_is_more_than_the_named_invoices_goes_on_in_the_order() -> None:
    assert settled(plan(700, 300, 300, 300, named=(3,))) == {"3": 300, "1": 300, "2": 100}


def test_named_invoices_that_are_not_open_do_not_count() -> None:
    assert plan(300, 300, named=(7,)).rule is AllocationRule.ONLY_COMBINATION


def test_the_only_combination_that_adds_up_is_settled_although_older_ones_stay_open() -> None:
    # 30 + 45 + 62: only the second and the third make 107.
    found = plan(107, 30, 45, 62)
    assert (found.rule, settled(found), found.short_minor) == (
        AllocationRule.ONLY_COMBINATION,
        {"2": 45, "3": 62},
        0,
    )


def test_where_two_combinations_add_up_the_order_decides() -> None:
    # 50 is 20 + 30 as well as 50.
    found = plan(50, 20, 30, 50)
    assert (found.rule, settled(found)) == (AllocationRule.ORDER, {"1": 20, "2": 30})


def test_six_invoices_are_no_combination_but_the_order_reaches_them_all() -> None:
    found = plan(63, 1, 2, 4, 8, 16, 32)
    assert (found.rule, found.unapplied_minor, found.short_minor) == (AllocationRule.ORDER, 0, 0)


def test_a_search_that_does_not_come_to_its_end_finds_nothing_certain() -> None:
    # 24 amounts of which no five make the sum, nearly alike, so that nothing can be left out early.
    amounts = [10_000 + number for number in range(24)]
    invoices = [OpenInvoice(f"{n:02d}", date(2026, 1, 1), minor) for n, minor in enumerate(amounts)]
    assert find_only_combination(50_061, invoices) == ()


def test_what_is_missing_within_the_tolerance_is_settled_and_what_is_missing_beyond_it_stays_open() -> None:
    within, beyond = plan(295, 300, tolerance_minor=5), plan(294, 300, tolerance_minor=5)
    assert (settled(within), within.small_difference_minor, within.short_minor) == ({"1": 300}, 5, 0)
    assert (settled(beyond), beyond.small_difference_minor, beyond.short_minor) == ({"1": 294}, 0, 6)


def test_a_combination_within_the_tolerance_is_taken_only_where_none_is_exact() -> None:
    # 44 is nearly 45 (invoice 2); invoice 1, the older one, would be settled in part otherwise.
    assert settled(plan(44, 80, 45, tolerance_minor=2)) == {"2": 45}
    assert settled(plan(44, 44, 45, tolerance_minor=2)) == {"1": 44}


def test_too_much_is_never_a_small_difference() -> None:
    found = plan(303, 300, tolerance_minor=5)
    assert (settled(found), found.unapplied_minor, found.small_difference_minor) == ({"1": 300}, 3, 0)


def test_the_newest_comes_first_where_the_terms_say_so() -> None:
    terms = AllocationTerms(AllocationOrder.NEWEST_DUE)
    found = plan_allocation(600, [MARCH, APRIL, ALSO_APRIL], terms=terms)
    assert settled(found) == {"HOME0001-0001": 500, "HOME0001-0002": 100}


def test_each_allocation_says_when_the_invoice_was_due() -> None:
    assert plan_allocation(300, [MARCH, APRIL]).allocations == (Allocation("HOME0001-0003", 300, date(2026, 3, 1)),)


@pytest.mark.parametrize(
    ("account_id", "currency", "products", "tolerance_minor"),
    [
        ("HOME0001", "EUR", (), 5),
        ("HOME0001", "USD", (), 0),
        ("HOME0001", "EUR", ("accident",), 50),
        ("HOME0001", "EUR", ("accident", "wellness"), 2),
        ("HOME0001", "EUR", ("unknown",), 5),
        ("HOME0002", "EUR", ("accident",), 100),
    ],
)
def test_an_accounts_own_tolerance_comes_before_its_products_and_those_before_all(
    account_id: str, currency: str, products: tuple[str, ...], tolerance_minor: int
) -> None:
    assert RULES.terms_of(account_id, currency, products).tolerance_minor == tolerance_minor


@pytest.mark.parametrize(
    ("account_id", "short_minor", "depends"),
    [
        ("HOME0001", 2, False),
        ("HOME0001", 3, True),
        ("HOME0001", 50, True),
        ("HOME0001", 51, False),
        ("HOME0002", 50, False),
        ("HOME0001", 0, False),
    ],
)
def test_products_are_looked_up_only_where_they_decide(account_id: str, short_minor: int, depends: bool) -> None:
    assert RULES.depends_on_products(account_id, "EUR", short_minor) is depends
