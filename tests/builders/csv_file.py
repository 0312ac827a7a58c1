"""Builds delimited files in many layouts, with the mapping that reads each of them."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from pawledger.bank_files.mapped_csv.days import write_day
from pawledger.bank_files.mapped_csv.mapping import CsvMapping, mapping_from_table
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

FIRST_DAY: Final = date(2026, 1, 5)
DETAIL: Final = "D"
TOTAL: Final = "T"


@dataclass(frozen=True, slots=True)
class Line:
    """One movement; amounts are signed minor units."""

    number: str
    amount_minor: int
    reference: str = ""
    text: str = ""
    payer: str = ""
    booked_on: date = FIRST_DAY
    type_code: str = "sale"
    currency: str = "EUR"
    fee_minor: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written; the mapping follows from it."""

    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    unit: str = "major"
    sign: str = "signed"
    negative: str = "leading"
    day_format: str = "YYYY-MM-DD"
    line_end: str = "\n"
    preamble: tuple[str, ...] = ()
    has_header: bool = True
    has_balance: bool = False
    is_newest_first: bool = False
    has_fees: bool = False
    has_totals: bool = False
    has_identity: bool = True
    opening_minor: int = 100_000
    quotes_all: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    """Further keys of the mapping's table."""

    def columns(self) -> list[str]:
        amounts = {"signed": ["Amount"], "flag": ["Amount", "D/C"], "columns": ["Credit", "Debit"]}[self.sign]
        names = ["Kind", "Number", "Booked", "Type", *amounts, "Currency", "Reference", "Payer", "Text"]
        names += ["Fee", "Net"] if self.has_fees else []
        return names + (["Balance"] if self.has_balance else [])

    def column(self, name: str) -> str | int:
        return name if self.has_header else self.columns().index(name) + 1

    def table(self) -> dict[str, Any]:
        """The table of the mapping, as TOML gives it."""
        column = self.column
        amount: dict[str, Any] = {"sign": self.sign, "decimal": self.decimal, "thousands": self.thousands}
        amount |= {"unit": self.unit, "negative_styles": [self.negative]}
        if self.sign == "columns":
            amount |= {"credit_column": column("Credit"), "debit_column": column("Debit")}
        else:
            amount["column"] = column("Amount")
        if self.sign == "flag":
            amount |= {"flag_column": column("D/C"), "credit_values": ["C"], "debit_values": ["D"]}
        table: dict[str, Any] = {
            "delimiter": self.delimiter,
            "encoding": self.encoding,
            "skip_lines": len(self.preamble),
            "header": "names" if self.has_header else "none",
            "account": {"fixed": "DE77"},
            "currency": {"column": column("Currency")},
            "days": {"booked": column("Booked"), "formats": [self.day_format]},
            "amount": amount,
            "references": [column("Reference")],
            "payer_name": column("Payer"),
            "text": column("Text"),
            "records": {"column": column("Kind"), "details": [DETAIL]},
            "type": {"column": column("Type"), "values": {"sale": "payment", "refund": "return", "charge": "fee"}},
        }
        if not self.has_header:
            table["row_width"] = len(self.columns())
        if self.has_identity:
            table["identity"] = {"columns": [column("Number")]}
        if self.has_fees:
            table["fees"] = {"columns": [column("Fee")], "net_column": column("Net")}
        if self.has_balance:
            order = "newest_first" if self.is_newest_first else "oldest_first"
            table |= {"balance": {"column": column("Balance"), "order": order}, "is_chained": True}
        if self.has_totals:
            keys = ("count", "sum", "credit_count", "credit_sum", "debit_count", "debit_sum")
            table["totals"] = [{"record": TOTAL, **{key: place for place, key in enumerate(keys, 2)}}]
        return table | self.extra

    def mapping(self, name: str = "made") -> CsvMapping:
        return mapping_from_table(name, self.table())

    def write_amount(self, amount_minor: int, currency: str) -> str:
        """An amount as this layout writes it."""
        decimals = MINOR_UNIT_DECIMALS[currency] if self.unit == "major" else 0
        digits = str(abs(amount_minor)).rjust(decimals + 1, "0")
        whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
        groups = [whole[max(0, end - 3) : end] for end in range(len(whole), 0, -3)]
        text = self.thousands.join(reversed(groups)) + (self.decimal + fraction if decimals else "")
        if amount_minor >= 0:
            return text
        return {"leading": f"-{text}", "trailing": f"{text}-", "parentheses": f"({text})"}[self.negative]


def total_row(layout: Layout, lines: Sequence[Line]) -> list[str]:
    """The row that declares what the lines come to."""
    incoming = [line.amount_minor for line in lines if line.amount_minor >= 0]
    outgoing = [-line.amount_minor for line in lines if line.amount_minor < 0]
    currency = lines[0].currency if lines else "EUR"
    sums = [
        layout.write_amount(amount, currency)
        for amount in (sum(incoming) - sum(outgoing), sum(incoming), sum(outgoing))
    ]
    return [TOTAL, str(len(lines)), sums[0], str(len(incoming)), sums[1], str(len(outgoing)), sums[2]]


def detail_rows(layout: Layout, lines: Sequence[Line]) -> list[list[str]]:
    """The rows of movements, in the order of the layout."""
    balance = layout.opening_minor
    rows = []
    for line in lines:
        balance += line.amount_minor - line.fee_minor
        amount, zero = layout.write_amount(line.amount_minor, line.currency), ""
        magnitude = layout.write_amount(abs(line.amount_minor), line.currency)
        if layout.sign == "flag":
            amounts = [magnitude, "C" if line.amount_minor >= 0 else "D"]
        elif layout.sign == "columns":
            amounts = [magnitude, zero] if line.amount_minor >= 0 else [zero, magnitude]
        else:
            amounts = [amount]
        row = [DETAIL, line.number, write_day(line.booked_on, layout.day_format), line.type_code, *amounts]
        row += [line.currency, line.reference, line.payer, line.text]
        if layout.has_fees:
            net = layout.write_amount(line.amount_minor - line.fee_minor, line.currency)
            row += [layout.write_amount(line.fee_minor, line.currency), net]
        if layout.has_balance:
            row.append(layout.write_amount(balance, line.currency))
        rows.append(row)
    return rows[::-1] if layout.is_newest_first else rows


def write_rows(layout: Layout, rows: Sequence[Sequence[str]]) -> bytes:
    """Rows as bytes, behind the preamble."""
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=layout.delimiter,
        lineterminator=layout.line_end,
        quoting=csv.QUOTE_ALL if layout.quotes_all else csv.QUOTE_MINIMAL,
    )
    writer.writerows(rows)
    preamble = "".join(f"{line}{layout.line_end}" for line in layout.preamble)
    return (preamble + out.getvalue()).encode(layout.encoding)


def build_csv(layout: Layout, lines: Sequence[Line]) -> bytes:
    """A whole file."""
    rows = [layout.columns()] if layout.has_header else []
    rows += detail_rows(layout, lines)
    rows += [total_row(layout, lines)] if layout.has_totals else []
    return write_rows(layout, rows)


def some_lines(count: int = 5, *, seed: int = 7) -> list[Line]:
    """Ordinary movements: premiums, and now and then a refund."""
    chance = Random(seed)  # noqa: S311 - samples, not secrets
    lines = []
    for number in range(1, count + 1):
        is_refund = number % 4 == 0
        amount = chance.randint(500, 99_999)
        lines.append(
            Line(
                number=f"tx-{number:06}",
                amount_minor=-amount if is_refund else amount,
                reference=f"POL-{chance.randint(1, 999_999):06}",
                text=f"premium {number}",
                payer=f"Holder {chance.randint(1, 5000)}",
                booked_on=FIRST_DAY + timedelta(days=number % 20),
                type_code="refund" if is_refund else "sale",
            )
        )
    return lines


BULK_LAYOUT: Final = Layout(has_totals=True)
"""The layout of `write_csv_bulk`: signed amounts, ids, a row with totals."""


def write_csv_bulk(path: Path, records: int, layout: Layout = BULK_LAYOUT) -> None:
    """Write an ordinary file of many movements."""
    path.write_bytes(build_csv(layout, some_lines(records)))
