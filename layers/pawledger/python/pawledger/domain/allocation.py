"""Allocation: which open invoices a sum of money settles, oldest due day first."""

from collections.abc import Iterable

from pawledger.domain.entries import Allocation, OpenInvoice


def allocate_oldest_first(amount_minor: int, open_invoices: Iterable[OpenInvoice]) -> tuple[Allocation, ...]:
    """Settle invoices in the order of their due day, then of their id, until the money or the invoices end.

    What is left of the money after all invoices is not part of the answer: it stays unapplied cash.
    """
    allocations = []
    for invoice in sorted(open_invoices, key=lambda invoice: (invoice.due_on, invoice.invoice_id)):
        settled_minor = min(amount_minor, invoice.remaining_minor)
        if settled_minor <= 0:
            break
        allocations.append(Allocation(invoice.invoice_id, settled_minor))
        amount_minor -= settled_minor
    return tuple(allocations)


def sum_of(allocations: Iterable[Allocation]) -> int:
    """Total of allocations in minor units."""
    return sum(allocation.amount_minor for allocation in allocations)
