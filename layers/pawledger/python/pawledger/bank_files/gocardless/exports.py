"""GoCardless exports in CSV: the list of payouts, and the transactions that payouts are made of.

Source: GoCardless support centre, "Payout reports" and "Payout breakdown reports". Amounts are in major units.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO, Final

from pawledger.bank_files.gocardless.payouts import Item, Payout, Payouts
from pawledger.bank_files.provider_rows import Notes, Table, read_amount, read_day, shown
from pawledger.bank_files.records import StatementEntry
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

PAYOUT_COLUMNS: Final = ("id", "amount", "currency", "created_at", "reference", "status", "arrival_date")
ITEM_COLUMNS: Final = (
    *("resources.type", "gross_amount", "gocardless_fees", "app_fees", "net_amount", "currency", "payouts.id"),
    "payments.id",
)

_ITEM_FIELDS: Final = (
    *ITEM_COLUMNS,
    *("surcharge_fees", "payouts.arrival_date", "creditors.id", "refunds.id", "mandates.id", "subscriptions.id"),
    *("resources.reference", "resources.description", "resources.status", "customers.id", "customers.given_name"),
    *("customers.family_name", "customers.company_name"),
)
_AMOUNT_FIELDS: Final = ("gross_amount", "net_amount", "gocardless_fees", "app_fees", "surcharge_fees")
_FEE_TYPES: Final = ("gocardless_fee", "app_fee", "surcharge_fee")
"""Types of the fees in the API, in the order of their columns."""


def read_payouts_export(stream: BinaryIO, payouts: Payouts, notes: Notes) -> Iterator[list[StatementEntry]]:
    """Yield the entries of a list of payouts, one for each. Raises `UnreadableReportError` beyond a limit."""
    table = Table(stream, notes, PAYOUT_COLUMNS)
    for block in table.blocks():
        fields = table.getter(*PAYOUT_COLUMNS, "links.creditor")
        metadata = table.getter(*(name for name in table.columns if name.startswith("metadata.")), "reference", "id")
        entries: list[StatementEntry] = []
        for row, line in zip(block.rows, block.lines, strict=True):
            payout_id, amount, currency, created, _, status, arrival, creditor = fields(row)
            amount_minor = _read_major(amount, currency, notes, line, "amount")
            if amount_minor is None:
                continue
            day = read_day(arrival or created)
            if not payout_id or day is None:
                notes.unreadable("payout", "payout without an id or a day", line)
                continue
            account = f"gocardless:{creditor or currency}"
            payout = payouts.add(Payout(payout_id, currency, account, day, amount_minor, status, line))
            if payout is not None:
                entries += payouts.make_payout_entries(payout, metadata(row), None)
        yield payouts.count(entries, by_payout=False)


def read_items_export(stream: BinaryIO, payouts: Payouts, notes: Notes) -> Iterator[list[StatementEntry]]:
    """Yield the entries of the transactions of payouts: gross, then fees. Raises `UnreadableReportError`."""
    table = Table(stream, notes, ITEM_COLUMNS)
    for block in table.blocks():
        fields = table.getter(*_ITEM_FIELDS)
        metadata = table.getter(*(name for name in table.columns if "metadata." in name), "resources.reference")
        entries: list[StatementEntry] = []
        for row, line in zip(block.rows, block.lines, strict=True):
            entries += _read_item(fields(row), metadata(row), line, payouts, notes)
        yield payouts.count(entries, by_payout=True)


def _read_item(
    fields: tuple[str, ...], own_references: tuple[str, ...], line: int, payouts: Payouts, notes: Notes
) -> list[StatementEntry]:
    kind, gross, fee, app_fee, net, currency, payout_id, payment_id, surcharge, arrival, creditor = fields[:11]
    refund_id, mandate_id, subscription_id, _, text, status, customer_id, given, family, company = fields[11:]
    money = [
        _read_major(amount or "0", currency, notes, line, name)
        for name, amount in zip(_AMOUNT_FIELDS, (gross, net, fee, app_fee, surcharge), strict=True)
    ]
    amounts = [amount for amount in money if amount is not None]
    if len(amounts) < len(money):
        return []
    gross_minor, net_minor, *fees = amounts
    # Fees are deducted whether they are written with a minus or not.
    sign = -1 if gross_minor - sum(fees) == net_minor else 1
    if gross_minor + sign * sum(fees) != net_minor:
        message = f"net is {net_minor}, gross {gross_minor} and fees {sum(fees)} do not lead to it"
        notes.wrong("row_net", message, line, field="net_amount")
        return []
    payout = payouts.known.get(payout_id)
    if payout is None:
        day = read_day(arrival)
        if not payout_id or day is None:
            notes.unreadable("payout", "transaction without the id or day of its payout", line)
            return []
        payout = payouts.add(Payout(payout_id, currency, f"gocardless:{creditor or currency}", day))
    if payout is None or payout.currency != currency:
        notes.wrong("payout_currency", f"payout has transactions in {shown(currency)} and another currency", line)
        return []
    references = (*own_references, payment_id, refund_id, mandate_id, subscription_id, customer_id)
    links = (payment_id, refund_id, mandate_id, references)
    name = company or f"{given} {family}".strip() or None
    type_code = _type_of(kind, gross_minor, status)
    items = [Item(type_code, Decimal(gross_minor), *links, payer_name=name, text=text)]
    items += [
        Item(type_code, Decimal(sign * amount), *links)
        for type_code, amount in zip(_FEE_TYPES, fees, strict=True)
        if amount
    ]
    made = [payouts.make_item_entry(payout, item, line, None) for item in items]
    return [entry for entry in made if entry is not None]


def _type_of(kind: str, gross_minor: int, status: str) -> str:
    """The type that the API gives to a transaction of this kind, so that both tell it with one identity."""
    if kind == "payment":
        if gross_minor >= 0:
            return "payment_paid_out"
        return "payment_failed" if "fail" in status else "payment_charged_back"
    return "payment_refunded" if kind == "refund" else kind


def _read_major(text: str, currency: str, notes: Notes, line: int, field: str) -> int | None:
    """Read an amount in major units; None where it is not certain, which is told.

    The API writes minor units, the export major ones: a whole number without decimals could be either.
    """
    if currency not in MINOR_UNIT_DECIMALS:
        notes.wrong("currency", f"{shown(currency)} is not an ISO 4217 currency", line, field="currency")
        return None
    if MINOR_UNIT_DECIMALS[currency] and "." not in text and text.strip("-0"):
        message = f"{shown(text)} has no decimals: it is not known whether it is in major or in minor units"
        notes.wrong("amount_unit", message, line, field=field)
        return None
    return read_amount(text, currency, notes, line, field)
