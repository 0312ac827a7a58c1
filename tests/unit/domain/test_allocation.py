"""Allocation of money to open invoices."""

from datetime import date

from pawledger.domain.allocation import allocate_oldest_first, sum_of
from pawledger.domain.entries import Allocation, OpenInvoice

MARCH = OpenInvoice("HOME0001-0003", date(2026, 3, 1), 300)
APRIL = OpenInvoice("HOME0001-0001", date(2026, 4, 1), 500)
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
