"""Three years of ten thousand policies: the time it takes, whether every month closes, what an invoice costs."""

import sys
import time
from typing import Final

from benchmarks.table import Row
from benchmarks.units import WRITE_UNIT_BYTES, item_size
from pawledger.adapters.models import AccountRow, EntryRow
from pawledger.adapters.rows import account_row, entry_row
from pawledger.domain.books.entries import Entry, EntryKind
from pawledger.domain.books.ledger import AccountHead
from tests.simulation.policy_years import MonthClosed, PolicyYears

POLICIES: Final = 10_000
YEARS: Final = 3
SEED: Final = 2024
WRITE_UNITS_MAX: Final = 4.0


class _InvoiceMeter:
    """Adds up what the transactions of invoices cost: a unit for each started KB of an item, twice in a transaction."""

    def __init__(self) -> None:
        self.invoice_count = 0
        self.write_units = 0
        self.dear_count = 0
        """Invoices of which an item takes more than 1 KB: three pets and more, invoiced together."""

    def hear(self, before: AccountHead, entry: Entry, after: AccountHead) -> None:
        if entry.decision.kind is not EntryKind.INVOICE_ISSUED:
            return
        self.invoice_count += 1
        heads = (item_size(account_row(AccountRow, head).serialize()) for head in (before, after))
        sizes = (item_size(entry_row(EntryRow, entry).serialize()), max(heads))
        self.write_units += sum(2 * -(-size // WRITE_UNIT_BYTES) for size in sizes)
        self.dear_count += max(sizes) > WRITE_UNIT_BYTES


def measure_policy_years() -> list[Row]:
    """Live through the book, tell of each year on standard error, and measure."""
    meter, years = _InvoiceMeter(), PolicyYears()
    years.ledger.listener = meter.hear
    started = time.process_time()
    years.live(SEED, POLICIES, YEARS, _tell)
    seconds = time.process_time() - started
    entry_count = sum(years.ledger.appended.values())
    unbalanced = sum(closed.unbalanced_accounts + closed.trial_balance_minor for closed in years.closed)
    unexplained = sum(closed.months.unexplained + closed.months.late for closed in years.closed)
    months = years.closed[-1].months
    per_invoice = meter.write_units / meter.invoice_count
    return [
        Row(f"{POLICIES:,} policies, {YEARS} years, {entry_count:,} entries, in memory", f"{seconds:,.0f} s", "", None),
        Row(f"  invoices; days missed {years.days_missed}, repeated {years.days_repeated}", _count(meter), "", None),
        Row(f"  months closed with a trial balance other than zero, of {len(years.closed)}", *_zero(unbalanced)),
        Row(f"  months of cover late or unexplained at a close, of {months.begun:,}", *_zero(unexplained)),
        Row(
            "  write units per invoice (tables), average",
            f"{per_invoice:.4f}",
            f"<= {WRITE_UNITS_MAX}",
            per_invoice <= 4,
        ),
        Row("  invoices that take more, because three pets and more share them", f"{meter.dear_count:,}", "", None),
    ]


def _tell(closed: MonthClosed) -> None:
    if closed.day.month == 12:
        print(f"  closed {closed.day}: {closed.months.begun:,} months of cover", file=sys.stderr, flush=True)


def _count(meter: _InvoiceMeter) -> str:
    return f"{meter.invoice_count:,}"


def _zero(count: int) -> tuple[str, str, bool]:
    return f"{count:,}", "0", count == 0
