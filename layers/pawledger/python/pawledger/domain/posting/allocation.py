"""Allocation: which open invoices a sum of money settles, and which rule said so.

The payer's own instruction comes first; then the one combination of invoices that adds up exactly, if there is but one;
then the order that the terms name. What a payer left open within the tolerance is not asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from pawledger.domain.books.entries import Allocation, OpenInvoice
from pawledger.domain.posting.allocation_terms import AllocationOrder, AllocationTerms

COMBINED_INVOICES_MAX: Final = 5
"""Invoices in one combination. Stripe searches groups of one to five as well; more of them add up by chance."""

CONSIDERED_INVOICES_MAX: Final = 24
"""Open invoices looked at for a combination: two years of months. Who owes more is paid by the order."""

SEARCH_STEPS_MAX: Final = 5_000
"""Steps of one search: some milliseconds. Where they do not suffice, nothing is known to be the only combination."""


class AllocationRule(StrEnum):
    """What decided which invoices a payment settles."""

    NAMED = "named"
    """The payer named them."""
    ONLY_COMBINATION = "only_combination"
    """They add up to the amount, and no others do."""
    ORDER = "order"
    """They are the next in the order of the terms."""
    NOTHING_OPEN = "nothing_open"


@dataclass(frozen=True, slots=True)
class AllocationPlan:
    """Which invoices a sum settles. Allocations are its amount less what is unapplied, plus the small difference."""

    rule: AllocationRule
    allocations: tuple[Allocation, ...]
    unapplied_minor: int
    """What settles no invoice."""
    small_difference_minor: int
    """What was missing of the last invoice and is not asked for."""
    short_minor: int
    """What stays open of the last invoice that was reached."""


def plan_allocation(
    amount_minor: int,
    open_invoices: Sequence[OpenInvoice],
    *,
    named: Sequence[str] = (),
    terms: AllocationTerms | None = None,
) -> AllocationPlan:
    """Lay a payment out over open invoices. Pure: the same payment, invoices and terms always give the same plan.

    `named` are ids of the invoices that the payer named, in the payer's order; those that are not open do not count.
    """
    terms = terms or AllocationTerms()
    by_id = {invoice.invoice_id: invoice for invoice in open_invoices}
    chosen = [by_id[invoice_id] for invoice_id in dict.fromkeys(named) if invoice_id in by_id]
    in_order = _sort(open_invoices, terms.order)
    rule = AllocationRule.NAMED
    if not chosen:
        chosen = list(find_only_combination(amount_minor, in_order, terms.tolerance_minor))
        rule = AllocationRule.ONLY_COMBINATION if chosen else AllocationRule.ORDER
    rest = [invoice for invoice in in_order if invoice not in chosen]
    allocations = allocate_in_turn(amount_minor, [*chosen, *rest])
    if not allocations:
        return AllocationPlan(AllocationRule.NOTHING_OPEN, (), amount_minor, 0, 0)
    last = allocations[-1]
    short_minor = by_id[last.invoice_id].remaining_minor - last.amount_minor
    small_minor = short_minor if short_minor <= terms.tolerance_minor else 0
    if small_minor:
        allocations = (*allocations[:-1], Allocation(last.invoice_id, last.amount_minor + small_minor))
    unapplied_minor = amount_minor + small_minor - sum_of(allocations)
    # With the due day of each, a return or an undo can open again what was settled from the entry alone.
    allocations = tuple(replace(each, due_on=by_id[each.invoice_id].due_on) for each in allocations)
    return AllocationPlan(rule, allocations, unapplied_minor, small_minor, short_minor - small_minor)


def find_only_combination(
    amount_minor: int, invoices: Sequence[OpenInvoice], tolerance_minor: int = 0
) -> tuple[OpenInvoice, ...]:
    """The one set of invoices of which exactly this amount is open; empty where there is none, or more than one.

    Only where no set is exact, the one set that is larger by at most the tolerance.
    """
    considered = invoices[:CONSIDERED_INVOICES_MAX]
    found, is_whole = _find_combinations(amount_minor, amount_minor, considered)
    if not found and is_whole and tolerance_minor:
        found, is_whole = _find_combinations(amount_minor + 1, amount_minor + tolerance_minor, considered)
    return found[0] if len(found) == 1 and is_whole else ()


def _find_combinations(
    least_minor: int, most_minor: int, invoices: Sequence[OpenInvoice]
) -> tuple[list[tuple[OpenInvoice, ...]], bool]:
    """At most two sets whose sum lies within the limits, and whether the search came to its end.

    Depth first, largest first, so that the sums left over tell early where nothing can come of it.
    """
    ranked = sorted(invoices, key=lambda invoice: (-invoice.remaining_minor, invoice.due_on, invoice.invoice_id))
    left_over = [0] * (len(ranked) + 1)
    for place in range(len(ranked) - 1, -1, -1):
        left_over[place] = left_over[place + 1] + ranked[place].remaining_minor
    found: list[tuple[OpenInvoice, ...]] = []
    stack: list[tuple[int, int, tuple[OpenInvoice, ...]]] = [(0, 0, ())]
    for _ in range(SEARCH_STEPS_MAX):
        if not stack or len(found) > 1:
            return found, True
        place, sum_minor, chosen = stack.pop()
        if chosen and least_minor <= sum_minor <= most_minor:
            found.append(chosen)
        if place == len(ranked) or sum_minor >= most_minor or sum_minor + left_over[place] < least_minor:
            continue
        # What is already a set is told once: leaving out the next one must not find it again.
        stack += [
            (following + 1, sum_minor + ranked[following].remaining_minor, (*chosen, ranked[following]))
            for following in range(place, len(ranked))
            if len(chosen) < COMBINED_INVOICES_MAX and sum_minor + ranked[following].remaining_minor <= most_minor
        ]
    return found, False


def allocate_oldest_first(amount_minor: int, open_invoices: Iterable[OpenInvoice]) -> tuple[Allocation, ...]:
    """Settle invoices in the order of their due day, then of their id, until the money or the invoices end.

    What is left of the money after all invoices is not part of the answer: it stays unapplied cash.
    """
    return allocate_in_turn(amount_minor, _sort(open_invoices, AllocationOrder.OLDEST_DUE))


def settle_oldest_first(amount_minor: int, open_invoices: Sequence[OpenInvoice]) -> tuple[Allocation, ...]:
    """The same, each with the day on which its invoice is due: the entry alone then tells how to open it again."""
    due_days = {invoice.invoice_id: invoice.due_on for invoice in open_invoices}
    allocations = allocate_oldest_first(amount_minor, open_invoices)
    return tuple(replace(each, due_on=due_days[each.invoice_id]) for each in allocations)


def allocate_in_turn(amount_minor: int, invoices: Iterable[OpenInvoice]) -> tuple[Allocation, ...]:
    """Settle invoices one after the other until the money or the invoices end."""
    allocations = []
    for invoice in invoices:
        settled_minor = min(amount_minor, invoice.remaining_minor)
        if settled_minor <= 0:
            break
        allocations.append(Allocation(invoice.invoice_id, settled_minor))
        amount_minor -= settled_minor
    return tuple(allocations)


def sum_of(allocations: Iterable[Allocation]) -> int:
    """Total of allocations in minor units."""
    return sum(allocation.amount_minor for allocation in allocations)


def _sort(invoices: Iterable[OpenInvoice], order: AllocationOrder) -> list[OpenInvoice]:
    """In the order of their due days; of one day, in that of their ids."""
    ranked = sorted(invoices, key=lambda invoice: invoice.invoice_id)
    return sorted(ranked, key=lambda invoice: invoice.due_on, reverse=order is AllocationOrder.NEWEST_DUE)
