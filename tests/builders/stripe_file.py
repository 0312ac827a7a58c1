"""Stripe's itemised reports, written by hand."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

from tests.builders.provider_amounts import major

COLUMNS: Final = (
    *("automatic_payout_id", "automatic_payout_effective_at", "balance_transaction_id", "created", "available_on"),
    *("currency", "gross", "fee", "net", "reporting_category", "source_id", "description", "customer_facing_amount"),
    *("customer_facing_currency", "customer_id", "customer_name", "charge_id", "payment_intent_id", "invoice_id"),
    *("payment_method_type", "card_brand", "payment_metadata[policy_id]", "payment_metadata[colour]"),
)


@dataclass(frozen=True, slots=True)
class BalanceTransaction:
    """One row of the report; amounts are signed minor units, net is gross less fee unless it is given."""

    transaction_id: str = "txn_1"
    gross_minor: int = 1250
    fee_minor: int = 45
    category: str = "charge"
    currency: str = "usd"
    payout_id: str = "po_1"
    net_minor: int | None = None
    created: str = "2026-11-19 10:11:12"
    available_on: str = "2026-11-21 00:00:00"
    source_id: str = "ch_1"
    policy_id: str = "POL-1"
    description: str = "Premium, paid by card"
    customer_name: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        currency = self.currency.upper()
        net_minor = self.gross_minor - self.fee_minor if self.net_minor is None else self.net_minor
        amounts = (major(self.gross_minor, currency), major(self.fee_minor, currency), major(net_minor, currency))
        return (
            *(self.payout_id, "2026-11-23 00:00:00", self.transaction_id, self.created, self.available_on),
            *(self.currency, *amounts, self.category, self.source_id, self.description, amounts[0], self.currency),
            *("cus_1", self.customer_name, self.source_id, "pi_1", "in_1", "card", "visa", self.policy_id, "blue"),
        )


def payout_of(*rows: BalanceTransaction, payout_id: str = "po_1") -> BalanceTransaction:
    """The row that pays out the rows given, as Stripe books it: negative."""
    net_minor = sum(row.gross_minor - row.fee_minor for row in rows)
    return BalanceTransaction(
        f"txn_{payout_id}", -net_minor, 0, "payout", rows[0].currency, payout_id, source_id=payout_id, policy_id=""
    )


def write_stripe(*rows: BalanceTransaction, columns: Iterable[str] = COLUMNS, end: str = "\n") -> bytes:
    """The report with a header and a row for each transaction."""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator=end)
    wanted = list(columns)
    writer.writerow(wanted)
    places = [COLUMNS.index(name) for name in wanted]
    for row in rows:
        fields = row.fields
        writer.writerow([fields[place] for place in places])
    return text.getvalue().encode()


def _bulk_rows(count: int) -> Iterator[str]:
    yield ",".join(COLUMNS) + "\n"
    for number in range(count):
        gross, fee = 1000 + number % 90_007, 30 + number % 271
        day = f"2026-11-{1 + number % 28:02}"
        net = gross - fee
        kind, sign = ("refund", "-") if number % 50 == 49 else ("charge", "")
        if sign:
            net = gross + fee
        yield (
            f"po_{number // 5000:08},{day} 00:00:00,txn_3P{number:010}Xy,{day} 10:{number % 60:02}:00,{day} 00:00:00,"
            f"usd,{sign}{gross // 100}.{gross % 100:02},{fee // 100}.{fee % 100:02},"
            f"{sign}{net // 100}.{net % 100:02},{kind},ch_3P{number:010}Ab,Premium,{gross // 100}.{gross % 100:02},usd,"
            f"cus_{number % 70_001:08},,ch_3P{number:010}Ab,pi_3P{number:010}Ab,in_{number:010},card,visa,"
            f"POL-{number % 70_001:07},blue\n"
        )


def write_stripe_bulk(path: Path, count: int) -> None:
    """An ordinary payout reconciliation of `count` rows, one in fifty of them a refund."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_bulk_rows(count))
