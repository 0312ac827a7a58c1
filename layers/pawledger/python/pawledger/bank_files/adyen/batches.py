"""Payout batches of Adyen's settlement detail report: what the rows of one batch and currency must add up to."""

from dataclasses import dataclass, field
from typing import Final

from pawledger.bank_files.provider_rows import Notes, UnreadableReportError, check_identifiers, shown

BATCHES_MAX: Final = 50_000
"""Most batches (merchant account, batch number, currency) of one report: their sums are kept until it ends."""

BatchKey = tuple[str, str, str]
"""Merchant account, batch number, currency."""


@dataclass(slots=True)
class BatchSum:
    """Nets of the rows of a batch, and of those that pay it out."""

    movements_minor: int = 0
    payouts_minor: int = 0
    payout_line: int | None = None
    last_line: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether the rows prove that the batch is told whole: it is paid out and adds up to zero."""
        return self.payout_line is not None and self.movements_minor + self.payouts_minor == 0


@dataclass(slots=True)
class Batches:
    """The sums of all batches of a report."""

    notes: Notes
    sums: dict[BatchKey, BatchSum] = field(default_factory=dict)

    def add(self, key: BatchKey, net_minor: int, line: int, *, is_payout: bool) -> None:
        """Add a row to its batch. Raises `UnreadableReportError` beyond `BATCHES_MAX`."""
        found = self.sums.get(key)
        if found is None:
            if len(self.sums) >= BATCHES_MAX:
                raise UnreadableReportError("too_many_batches", f"more than {BATCHES_MAX} batches in one report")
            check_identifiers(key, line)
            found = self.sums[key] = BatchSum()
        found.last_line = line
        if is_payout:
            found.payouts_minor += net_minor
            found.payout_line = line
        else:
            found.movements_minor += net_minor

    def check(self) -> None:
        """Tell every batch whose payout is not what its rows add up to.

        A payout is the balancing row of its batch. A batch of which more went out than came in can only be paid out
        from a balance carried over that the report does not show: this is a warning, since it cannot be checked.
        """
        for (_, batch, currency), found in self.sums.items():
            total = found.movements_minor + found.payouts_minor
            if found.payout_line is None:
                message = f"batch {shown(batch)} has no payout in {currency}: its sum was not checked"
                self.notes.once("batch_without_payout", message, found.last_line)
            elif total:
                message = (
                    f"batch {shown(batch)} pays out {-found.payouts_minor}, its rows add up to {found.movements_minor} "
                    f"{currency} minor units"
                )
                if found.movements_minor <= 0 and found.payouts_minor < 0:
                    self.notes.once("carried_balance", message, found.payout_line, key=batch)
                else:
                    self.notes.wrong("batch_sum", message, found.payout_line)

    def settled(self) -> list[tuple[str, str]]:
        """Merchant account and number of the batches that are told whole, in all of their currencies."""
        found: dict[tuple[str, str], bool] = {}
        for (merchant, batch, _), batch_sum in self.sums.items():
            found[merchant, batch] = found.get((merchant, batch), True) and batch_sum.is_settled
        return [key for key, is_settled in found.items() if is_settled and key[1]]
