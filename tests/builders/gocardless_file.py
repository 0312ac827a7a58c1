"""GoCardless payouts and payout items, pages of the API and exports, written by hand."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tests.builders.provider_amounts import major

PAYOUTS_HEADER: Final = (
    "id,amount,currency,created_at,reference,status,arrival_date,transaction_fee_debit,transaction_fee_credit,"
    "app_fee_debit,app_fee_credit,total_payment_amount,links.creditor_bank_account,links.creditor"
)
ITEMS_HEADER: Final = (
    "customers.id,customers.given_name,customers.family_name,resources.type,resources.description,resources.status,"
    "resources.reference,gross_amount,gocardless_fees,app_fees,net_amount,currency,payouts.id,payouts.arrival_date,"
    "creditors.id,payments.id,refunds.id,mandates.id"
)


@dataclass(frozen=True, slots=True)
class PayoutItem:
    """One item of the API; the amount is in minor units, as a decimal."""

    type: str = "payment_paid_out"
    amount: str = "1250.0"
    payment_id: str = "PM0001"
    mandate_id: str = "MD0001"

    @property
    def resource(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "amount": self.amount,
            "links": {"payment": self.payment_id, "mandate": self.mandate_id},
            "taxes": [],
        }


def payout_resource(amount_minor: int, payout_id: str = "PO0001", **changes: object) -> dict[str, Any]:
    """A payout as the API gives it."""
    return {
        "id": payout_id,
        "amount": amount_minor,
        "arrival_date": "2026-11-19",
        "created_at": "2026-11-17T09:00:00.000Z",
        "currency": "GBP",
        "deducted_fees": 20,
        "payout_type": "merchant",
        "reference": "PAWLEDGER-1",
        "status": "paid",
        "metadata": {},
        "links": {"creditor": "CR0001", "creditor_bank_account": "BA0001"},
        **changes,
    }


def payout_of(*items: PayoutItem, payout_id: str = "PO0001") -> dict[str, Any]:
    """The payout that the items make up."""
    total = sum((Decimal(item.amount) for item in items), Decimal(0))
    return payout_resource(int(total.to_integral_value()), payout_id)


def write_items_page(
    payout: dict[str, Any], *items: PayoutItem, before: str | None = None, after: str | None = None
) -> bytes:
    """A payout with a page of its items."""
    page = {
        "payouts": payout,
        "payout_items": [item.resource for item in items],
        "meta": {"cursors": {"before": before, "after": after}, "limit": 500},
    }
    return json.dumps(page).encode()


def write_payouts_page(*payouts: dict[str, Any]) -> bytes:
    """A page of payouts as the API lists them."""
    return json.dumps({"meta": {"cursors": {"after": None, "before": None}}, "payouts": payouts}, indent=1).encode()


def write_payouts_export(*amounts_minor: int, currency: str = "GBP") -> bytes:
    """The list of payouts as the dashboard exports it."""
    rows = [
        f"PO{number:04},{major(amount, currency)},{currency},2026-11-17T09:00:00Z,PAWLEDGER-{number},paid,2026-11-19,"
        f"0.20,0.00,0.00,0.00,{major(amount + 20, currency)},BA0001,CR0001"
        for number, amount in enumerate(amounts_minor, 1)
    ]
    return "\n".join([PAYOUTS_HEADER, *rows, ""]).encode()


def write_items_export(*rows: tuple[str, int, int, str], currency: str = "GBP") -> bytes:
    """The transactions of a payout as exported: kind, gross, fee (deducted where positive) and payment of each."""
    lines = [
        f"CU0001,Ada,Byron,{kind},Premium,paid_out,POL-1,{major(gross, currency)},{major(fee, currency)},"
        f"{major(0, currency)},{major(gross - fee, currency)},{currency},PO0001,2026-11-19,CR0001,{payment},,MD0001"
        for kind, gross, fee, payment in rows
    ]
    return "\n".join([ITEMS_HEADER, *lines, ""]).encode()


def _bulk_page(count: int) -> Iterator[str]:
    total = Decimal(0)
    items = []
    for number in range(count):
        kind, amount = ("payment_paid_out", 1000 + number % 90_007) if number % 2 == 0 else ("gocardless_fee", -20)
        total += amount
        links = f'{{"payment":"PM{number // 2:012}","mandate":"MD{number // 2 % 70_001:08}"}}'
        items.append(f'{{"type":"{kind}","amount":"{amount}.0","links":{links},"taxes":[]}}')
    yield f'{{"payouts":{json.dumps(payout_resource(int(total)))},"payout_items":[\n'
    yield ",\n".join(items)
    yield '\n],"meta":{"cursors":{"after":null,"before":null},"limit":500}}\n'


def write_gocardless_bulk(path: Path, count: int) -> None:
    """A payout with `count` items, every other one a fee."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_bulk_page(count))
