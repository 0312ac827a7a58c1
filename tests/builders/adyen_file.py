"""Adyen's settlement detail and payment accounting reports, written by hand."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

from tests.builders.provider_amounts import major, sides

COLUMNS: Final = (
    *("Company Account", "Merchant Account", "Psp Reference", "Merchant Reference", "Payment Method"),
    *("Creation Date", "TimeZone", "Type", "Modification Reference", "Gross Currency", "Gross Debit (GC)"),
    *("Gross Credit (GC)", "Exchange Rate", "Net Currency", "Net Debit (NC)", "Net Credit (NC)", "Commission (NC)"),
    *("Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)", "Payment Method Variant"),
    *("Modification Merchant Reference", "Batch Number", "Reserved4", "Reserved5", "Booking Date", "Metadata"),
)
ACCOUNTING_COLUMNS: Final = (
    *("Company Account", "Merchant Account", "Psp Reference", "Merchant Reference", "Payment Method"),
    *("Booking Date", "TimeZone", "Record Type", "Modification Psp Reference", "Main Currency", "Main Amount"),
    *("Payment Currency", "Settlement Currency", "Payable (SC)", "Commission (SC)", "Markup (SC)"),
    *("Scheme Fees (SC)", "Interchange (SC)", "Payable Batch", "Settlement Currency", "Metadata"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """One row; amounts are signed minor units of the currency it settles in, net is gross less fees unless given."""

    type: str = "Settled"
    gross_minor: int | None = 1250
    """None for rows that have no gross: costs and payouts."""
    fees: tuple[str, str, str, str] = ("", "0.02", "0.04", "0.22")
    """Commission, markup, scheme fees and interchange, in major units as written."""
    fee_minor: int = 28
    net_minor: int | None = None
    currency: str = "EUR"
    gross_currency: str = ""
    psp_reference: str = "PSP0000000000001"
    modification: str = "MOD0000000000001"
    merchant_reference: str = "POL-1"
    batch: str = "7"
    booked_on: str = "2026-11-19 10:11:12"
    merchant: str = "PawledgerDE"
    metadata: str = ""

    @property
    def net(self) -> int:
        return (self.gross_minor or 0) - self.fee_minor if self.net_minor is None else self.net_minor

    @property
    def fields(self) -> tuple[str, ...]:
        gross = ("", "") if self.gross_minor is None else sides(self.gross_minor, self.currency)
        return (
            *("Pawledger", self.merchant, self.psp_reference, self.merchant_reference, "visa", self.booked_on, "CET"),
            *(self.type, self.modification, self.gross_currency or self.currency, *gross, "1", self.currency),
            *(*sides(self.net, self.currency), *self.fees, "visaclassic", "", self.batch, "", "", self.booked_on),
            self.metadata,
        )

    @property
    def accounting_fields(self) -> tuple[str, ...]:
        return (
            *("Pawledger", self.merchant, self.psp_reference, self.merchant_reference, "visa", self.booked_on, "CET"),
            *(self.type, self.modification, self.currency, major(self.net, self.currency), self.currency),
            *(self.currency, major(self.net, self.currency), *self.fees, self.batch, self.currency, self.metadata),
        )


def without_payment(
    kind: str, net_minor: int, modification: str = "", currency: str = "EUR", batch: str = "7"
) -> Event:
    """A row that belongs to no payment: costs, a correction, a payout."""
    return Event(kind, None, ("", "", "", ""), 0, net_minor, currency, "", "", modification, "", batch)


def payout_of(*events: Event) -> Event:
    """The row that pays out the events given, which must be of one batch and currency."""
    net_minor = sum(event.net for event in events)
    reference = f"TX1 batch {events[0].batch}, {events[0].merchant}"
    return without_payment("MerchantPayout", -net_minor, reference, events[0].currency, events[0].batch)


def write_adyen(*events: Event, end: str = "\n") -> bytes:
    """A settlement detail report."""
    return _write(COLUMNS, (event.fields for event in events), end)


def write_adyen_accounting(*events: Event, end: str = "\n") -> bytes:
    """A payment accounting report."""
    return _write(ACCOUNTING_COLUMNS, (event.accounting_fields for event in events), end)


def _write(columns: tuple[str, ...], rows: Iterator[tuple[str, ...]], end: str) -> bytes:
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator=end)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _bulk_rows(count: int) -> Iterator[str]:
    yield ",".join(COLUMNS) + "\n"
    total = 0
    for number in range(count - 1):
        gross, scheme, interchange = 1000 + number % 90_007, number % 90, number % 60
        kind, sign = ("Refunded", -1) if number % 50 == 49 else ("Settled", 1)
        net = sign * gross - scheme - interchange
        total += net
        amounts = [f"{abs(amount) // 100}.{abs(amount) % 100:02}" for amount in (gross, net, scheme, interchange)]
        gross_sides = f",{amounts[0]}" if sign > 0 else f"{amounts[0]},"
        net_sides = f",{amounts[1]}" if net > 0 else f"{amounts[1]},"
        yield (
            f"Pawledger,PawledgerDE,P{number:015},POL-{number % 70_001:07},visa,2026-11-{1 + number % 28:02} 10:11:12,"
            f"CET,{kind},M{number:015},EUR,{gross_sides},1,EUR,{net_sides},,,{amounts[2]},{amounts[3]},visaclassic,,7,"
            f",,2026-11-{1 + number % 28:02} 10:11:12,\n"
        )
    payout = f"{total // 100}.{total % 100:02}"
    yield f"Pawledger,PawledgerDE,,,,2026-11-30 10:11:12,CET,MerchantPayout,TX1,,,,,EUR,{payout},,,,,,,,7,,,,\n"


def write_adyen_bulk(path: Path, count: int) -> None:
    """An ordinary settlement detail report of `count` rows, one batch with its payout."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_bulk_rows(count))
