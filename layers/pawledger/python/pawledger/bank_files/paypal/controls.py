"""Control records of PayPal's reports: totals and balances by currency (SF, RF) and counts of rows (SC, RC, FF).

Source: PayPal, Settlement Report Specification, "Report data". Column order of SF and RF after the currency: gross
credits, gross debits, fee credits, fee debits, then pairs of direction and amount: available balance at the beginning
and at the end, total balance at the beginning and at the end, and further ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pawledger.bank_files.provider_rows import Notes, shown

CURRENCIES_MAX: Final = 200
"""Most currencies of one section: there are fewer in ISO 4217, so that this only stops a hostile file."""
AMOUNT_DIGITS_MAX: Final = 18
"""Most digits of an amount in minor units."""
_TOTAL_NAMES: Final = ("gross_credit", "gross_debit", "fee_credit", "fee_debit")
_BALANCES: Final = (("available", 6, 8), ("total", 10, 12))
"""Name of a balance, and where its direction at the beginning and at the end stands; the amount follows each."""


@dataclass(slots=True)
class Totals:
    """Sums of one currency, minor units, in the order of the footer."""

    amounts_minor: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    row_count: int = 0
    told: bool = False
    """Whether a footer tells the totals of this currency."""

    @property
    def net_minor(self) -> int:
        gross_credit, gross_debit, fee_credit, fee_debit = self.amounts_minor
        return gross_credit - gross_debit + fee_credit - fee_debit


@dataclass(slots=True)
class Footer:
    """The balances that a footer tells, where it tells them and they are certain."""

    opening_minor: int | None = None
    closing_minor: int | None = None


def currency_of(row: Sequence[str]) -> str:
    """Currency that a footer speaks of; empty where it names none."""
    return row[1].strip() if len(row) > 1 else ""


def read_minor(text: str) -> int | None:
    """An unsigned amount in minor units, empty for zero; None where it is something else."""
    if text.isdigit() and text.isascii() and len(text) <= AMOUNT_DIGITS_MAX:
        return int(text)
    # Some reports write a zero balance with decimals.
    return 0 if not text.strip("0.") and text.count(".") <= 1 else None


def check_footer(row: Sequence[str], totals: Totals, notes: Notes, line: int, *, is_report: bool) -> Footer:
    """Compare a footer (SF, RF) with the rows of its currency.

    Balances that do not follow from the rows are out of balance in a section footer. In a report footer they are a
    warning: it speaks of all files and accounts of the report.
    """
    code, currency = row[0].strip(), currency_of(row)
    totals.told = True
    for name, text, counted in zip(_TOTAL_NAMES, row[2:6], totals.amounts_minor, strict=False):
        declared = read_minor(text)
        if declared is None:
            notes.unreadable("amount", f"{code} has {shown(text)}, which is no amount", line, field=name)
        elif declared != counted:
            message = f"{code} of {currency} says {declared}, the rows add up to {counted} minor units"
            notes.wrong(f"{code.lower()}_{name}", message, line, field=name)
    if len(row) < 6:
        notes.unreadable("footer_short", f"{code} of {currency} has no totals", line)
        return Footer()
    found = Footer()
    for name, begin, end in _BALANCES:
        opening = _read_balance(row, begin)
        closing = _read_balance(row, end)
        if opening is None or closing is None:
            continue
        if opening + totals.net_minor != closing:
            message = (
                f"{name} balance of {currency} goes from {opening} to {closing}, the rows change it by "
                f"{totals.net_minor} minor units"
            )
            if is_report:
                notes.once("report_balance", message, line, key=f"{currency} {name}")
            else:
                notes.wrong(f"balance_{name}", message, line)
        elif name == "total" or found.opening_minor is None:
            found = Footer(opening, closing)
    return found


def _read_balance(row: Sequence[str], place: int) -> int | None:
    """A balance from its direction and amount; None where the footer has none."""
    if len(row) <= place + 1 or row[place] not in ("CR", "DR"):
        return None
    amount_minor = read_minor(row[place + 1])
    if amount_minor is None:
        return None
    return amount_minor if row[place] == "CR" else -amount_minor


def check_count(row: Sequence[str], counted: int, notes: Notes, line: int) -> None:
    """Compare a record of counts (SC, RC, FF) with the number of body rows that it speaks of."""
    code = row[0]
    text = row[1] if len(row) > 1 else ""
    if not (text.isdigit() and text.isascii()) or len(text) > AMOUNT_DIGITS_MAX:
        notes.unreadable("count", f"{code} has {shown(text)}, which is no number of rows", line)
    elif int(text) != counted:
        message = f"{code} says {int(text)} rows, there are {counted}"
        notes.wrong(f"{code.lower()}_count", message, line)
