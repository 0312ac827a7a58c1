"""Counts and sums of the corpus's mapped files, against arithmetic that knows nothing of mappings.

Bank exports of the corpus have no provider, so their mappings are made here.
"""

import csv
import gzip
import json
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import pytest

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.mapped_csv.mapping import CsvMapping, mapping_from_table
from pawledger.bank_files.mapped_csv.reader import read_mapped_csv
from pawledger.bank_files.reading_options import ReadingOptions
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport
from pawledger.rules.csv_mappings import load_shipped_mappings
from tests.builders.corpus import CorpusRow, corpus_rows, needs_corpus

DAYS: Final = {"formats": ["YYYY-MM-DD*"]}
MAPPINGS: Final[dict[str, dict[str, Any]]] = {
    "sample_split_amounts.csv": {
        "delimiter": ";",
        "account": {"column": "IBAN"},
        "currency": {"column": "CCY"},
        "days": {**DAYS, "booked": "Booking Date"},
        "amount": {"sign": "columns", "credit_column": "Credit", "debit_column": "Debit", "decimal": ","},
        "balance": {"column": "Running Balance"},
        "identity": {"columns": ["Ref"]},
    },
    "csv_garbled_amount.csv": {
        "account": {"fixed": "A1"},
        "currency": {"column": "Currency"},
        "days": {**DAYS, "booked": "Date"},
        "amount": {"sign": "signed", "column": "Amount"},
    },
    "camt_file.csv": {
        "account": {"column": "AccountId"},
        "currency": {"fixed": "EUR"},
        "days": {**DAYS, "booked": "StatementCreated"},
        "amount": {"sign": "signed", "column": "NetAmount"},
    },
    # Made by a merchant from the interface of Braintree, not a report of Braintree.
    "settlement_batch_report_2022-06-28.json": {
        "shape": "json",
        "account": {"fixed": "braintree"},
        "currency": {"column": "currency"},
        "days": {**DAYS, "booked": "date"},
        "amount": {"sign": "signed", "column": "gross"},
        "references": ["invoice_id", "gateway_txn_id"],
        "identity": {"columns": ["gateway_txn_id", "invoice_id"]},
    },
}


def named(format_name: str, name: str) -> CorpusRow:
    return next(row for row in corpus_rows(format_name) if row.path.name == name)


def read(data: bytes, mapping: CsvMapping | None = None) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    if mapping is not None:
        return list(read_mapped_csv(BytesIO(data), report, mapping)), report
    options = ReadingOptions(csv_mappings=tuple(load_shipped_mappings().values()))
    return list(read_bank_file(BytesIO(data), report, options)), report


def net_of(entries: list[StatementEntry]) -> Decimal:
    """All entries as one amount; the corpus's mapped files are in currencies of two decimals."""
    signs = {Direction.CREDIT: 1, Direction.DEBIT: -1}
    return sum((signs[entry.direction] * Decimal(entry.amount_minor) / 100 for entry in entries), Decimal(0))


def table_of(row: CorpusRow, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(row.path.read_text(encoding="utf-8").splitlines(), delimiter=delimiter))


@needs_corpus
def test_every_bank_export_of_the_corpus_has_a_mapping_here() -> None:
    assert {row.path.name for row in corpus_rows("csv")} == {name for name in MAPPINGS if name.endswith(".csv")}


@needs_corpus
def test_export_with_two_columns_and_a_balance() -> None:
    row = named("csv", "sample_split_amounts.csv")
    entries, report = read(row.path.read_bytes(), mapping_from_table("made", MAPPINGS[row.path.name]))
    rows = table_of(row, ";")
    amounts = {key: [Decimal(each[key].replace(",", ".") or "0") for each in rows] for key in ("Credit", "Debit")}
    balances = [Decimal(each["Running Balance"].replace(",", ".")) for each in rows]
    assert not report.problems
    assert len(entries) == len(rows) == row.facts["lines"] - 1
    assert net_of(entries) == sum(amounts["Credit"]) - sum(amounts["Debit"])
    (summary,) = report.statements
    assert summary.closing_minor == balances[-1] * 100
    assert summary.opening_minor == (balances[0] - amounts["Credit"][0] + amounts["Debit"][0]) * 100


@needs_corpus
def test_export_with_one_row() -> None:
    row = named("csv", "camt_file.csv")
    entries, report = read(row.path.read_bytes(), mapping_from_table("made", MAPPINGS[row.path.name]))
    assert report.verdict == "accepted"
    assert len(entries) == row.facts["lines"] - 1
    assert net_of(entries) == sum(Decimal(each["NetAmount"]) for each in table_of(row))


@needs_corpus
def test_export_with_a_garbled_amount_is_refused_and_says_where() -> None:
    """The manifest calls it readable; its money is not certain."""
    row = named("csv", "csv_garbled_amount.csv")
    entries, report = read(row.path.read_bytes(), mapping_from_table("made", MAPPINGS[row.path.name]))
    assert report.verdict == "out_of_balance"
    assert [(problem.rule, problem.line) for problem in report.problems] == [("csv.amount", 3)]
    assert len(entries) == row.facts["lines"] - 2


@needs_corpus
@pytest.mark.parametrize("place", [0, 1])
def test_flat_json_is_read_by_a_mapping(place: int) -> None:
    name = "settlement_batch_report_2022-06-28.json"
    row = [row for row in corpus_rows("psp/braintree") if row.path.name == name][place]
    entries, report = read(row.path.read_bytes(), mapping_from_table("made", MAPPINGS[name]))
    objects = json.loads(row.path.read_text(encoding="utf-8"), parse_float=str)
    assert report.verdict == "accepted"
    assert len(entries) == len(objects)
    assert net_of(entries) == sum(Decimal(each["gross"]) for each in objects)
    assert {entry.references[0] for entry in entries} == {each["invoice_id"] for each in objects}


@needs_corpus
def test_checkout_settlement_comes_to_the_nets_that_it_tells() -> None:
    row = next(row for row in corpus_rows("psp/checkoutcom") if row.path.name.startswith("settlement-breakdown"))
    entries, report = read(row.path.read_bytes())
    rows = table_of(row)
    assert report.format == "csv:checkoutcom-settlement"
    assert net_of(entries) == sum(Decimal(each["Net In Holding Currency"]) for each in rows)
    payments = [entry for entry in entries if entry.purpose is Purpose.PAYMENT]
    assert net_of(payments) == sum(Decimal(each["Gross In Holding Currency"]) for each in rows)
    assert len({entry.line for entry in entries}) == len(rows) == row.facts["lines"] - 1


@needs_corpus
def test_checkout_payout_is_money_out() -> None:
    row = next(row for row in corpus_rows("psp/checkoutcom") if row.path.name.startswith("payouts"))
    entries, report = read(row.path.read_bytes())
    assert report.format == "csv:checkoutcom-payouts"
    assert net_of(entries) == -sum(Decimal(each["Payout Amount"]) for each in table_of(row))
    assert {entry.purpose for entry in entries} == {Purpose.PAYOUT}


@needs_corpus
def test_trustly_items_come_to_their_fundings() -> None:
    for row in corpus_rows("psp/trustly"):
        entries, report = read(row.path.read_bytes())
        records = list(csv.reader(row.path.read_text(encoding="utf-8").splitlines()))
        items = [record for record in records if record[0] == "I"]
        fees = sum((Decimal(item[22] or "0") for item in items), Decimal(0))
        assert report.format == "csv:trustly"
        assert net_of(entries) == sum(Decimal(item[15]) for item in items) + fees
        assert net_of(entries) == sum(Decimal(record[5]) for record in records if record[0] == "F")
        declared = next(int(record[1]) for record in records if record[0] == "L")
        assert (report.verdict == "accepted") == (declared == len(items))


@needs_corpus
def test_states_and_refunds() -> None:
    (gravy,), (dlocal,) = corpus_rows("psp/gravy"), corpus_rows("psp/dlocal")
    entries, report = read(gravy.path.read_bytes())
    captured = [Decimal(each["captured_amount"]) / 100 for each in table_of(gravy)]
    assert report.format == "csv:gravy"
    assert net_of(entries) == sum(captured)
    assert not any(entry.posts for entry in entries)
    entries, report = read(dlocal.path.read_bytes())
    assert report.format == "csv:dlocal"
    assert net_of(entries) == -sum(Decimal(each["Net Amount (local)"]) for each in table_of(dlocal, ";"))
    assert {entry.purpose for entry in entries} == {Purpose.RETURN}


@needs_corpus
def test_xml_of_ingenico_is_told_to_be_no_known_format() -> None:
    (row,) = corpus_rows("psp/ingenico")
    _, report = read(row.path.read_bytes())
    assert gzip.decompress(row.path.read_bytes())[:5] == b"<?xml"
    assert [problem.rule for problem in report.problems] == ["file.format_unknown"]
