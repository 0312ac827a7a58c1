"""What the rows of a Stripe report must add up to: payouts, total rows, and ids that come once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pawledger.bank_files.provider_rows import Notes, RowNumbers, UnreadableReportError, check_identifiers, shown
from pawledger.domain.money import AmountError, parse_amount

PAYOUTS_MAX: Final = 50_000
"""Most payouts of one report: their sums are kept until it ends."""

PayoutKey = tuple[str, str, str]
"""Account, currency, id of a payout."""


@dataclass(slots=True)
class PayoutSum:
    """What the rows of one payout add up to, and its own net, where the report has its row."""

    items_minor: int = 0
    item_count: int = 0
    payout_minor: int | None = None
    line: int = 0


@dataclass(slots=True)
class StripeControls:
    """Sums over the rows of one report."""

    notes: Notes
    payouts: dict[PayoutKey, PayoutSum] = field(default_factory=dict)
    sums: dict[str, list[int]] = field(default_factory=dict)
    """Gross, fee and net by currency."""
    _numbers: RowNumbers = field(default_factory=RowNumbers)

    def add(self, currency: str, gross_minor: int, fee_minor: int, net_minor: int) -> None:
        """Add a row to the sums of its currency."""
        sums = self.sums.get(currency)
        if sums is None:
            sums = self.sums[currency] = [0, 0, 0]
        sums[0] += gross_minor
        sums[1] += fee_minor
        sums[2] += net_minor

    def payout(self, key: PayoutKey) -> PayoutSum:
        """The sum of a payout, a new one for its first row. Raises `UnreadableReportError` beyond `PAYOUTS_MAX`."""
        found = self.payouts.get(key)
        if found is None:
            if len(self.payouts) >= PAYOUTS_MAX:
                raise UnreadableReportError("too_many_payouts", f"more than {PAYOUTS_MAX} payouts in one report")
            check_identifiers(key)
            found = self.payouts[key] = PayoutSum()
        return found

    def check_ids(self, keys: Sequence[int], lines: Sequence[int]) -> None:
        """Tell ids of balance transactions (as hashes) that came before. Raises `UnreadableReportError`."""
        for ordinal, line in zip(self._numbers.number(keys) or (), lines, strict=False):
            if ordinal != "1":
                message = "balance transaction stands in the report more than once"
                self.notes.wrong("duplicate_row", message, line, field="balance_transaction_id")

    def check_total(self, texts: Sequence[str], currency: str, line: int) -> None:
        """Compare a row of totals (gross, fee, net; empty ones are not given) with the sums of the rows above."""
        currency = currency.upper() or (next(iter(self.sums)) if len(self.sums) == 1 else "")
        sums = self.sums.get(currency)
        if sums is None and currency:
            if any(text.strip("-0.") for text in texts):
                message = f"row of totals in {shown(currency)}, of which there is no row"
                self.notes.wrong("total_currency", message, line, field="currency")
            return
        if sums is None:
            self.notes.once("total_without_currency", "row of totals without a currency of the rows, not checked", line)
            return
        for name, text, counted in zip(("gross", "fee", "net"), texts, sums, strict=True):
            if not text:
                continue
            try:
                declared = parse_amount(text, currency)
            except AmountError:
                self.notes.unreadable("amount", f"{shown(text)} is not an amount", line, field=name)
                continue
            if declared != counted:
                message = f"row of totals says {declared}, the rows above add up to {counted} {currency} minor units"
                self.notes.wrong(f"total_{name}", message, line, field=name)

    def check_payouts(self) -> None:
        """Compare each payout that has a row of its own with the rows that it pays out.

        Stripe books a payout negative, so that all rows of a payout add up to zero; reports of payouts alone may write
        it positive, as what was paid out. A report without rows of payouts proves nothing, and may have been cut.
        """
        for (_, currency, payout_id), payout in self.payouts.items():
            if payout.payout_minor is None:
                message = f"payout {shown(payout_id)} has no row of its own: the sum of its rows was not checked"
                self.notes.once("payout_not_checked", message, payout.line)
                continue
            if not payout.item_count:
                continue
            if abs(payout.payout_minor) != abs(payout.items_minor):
                message = (
                    f"payout {shown(payout_id)} is {payout.payout_minor}, its rows add up to {payout.items_minor} "
                    f"{currency} minor units"
                )
                self.notes.wrong("payout_sum", message, payout.line, field="net")
            elif payout.payout_minor < 0 and payout.items_minor < 0:
                message = f"payout {shown(payout_id)} takes money out, but its rows add up to money taken out as well"
                self.notes.wrong("payout_sum", message, payout.line, field="net")
