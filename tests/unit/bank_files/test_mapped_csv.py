"""Mapped files: whatever way columns, amounts and totals are written, money is read as it is or not at all."""

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pytest

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.mapped_csv.mapping import CsvMappingError, mapping_from_table
from pawledger.bank_files.mapped_csv.reader import read_mapped_csv
from pawledger.bank_files.reading_options import ReadingOptions
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.csv_file import Layout, Line, build_csv, some_lines

LAYOUTS: Final = {
    "signed": Layout(),
    "debit and credit columns": Layout(sign="columns"),
    "flag": Layout(sign="flag"),
    "european": Layout(decimal=",", thousands=".", delimiter=";", day_format="DD.MM.YYYY", line_end="\r\n"),
    "blanks between thousands": Layout(thousands=" ", decimal=",", delimiter="\t"),
    "windows-1252": Layout(encoding="windows-1252", delimiter=";"),
    "minor units": Layout(unit="minor"),
    "trailing minus": Layout(negative="trailing"),
    "parentheses": Layout(negative="parentheses"),
    "without header": Layout(has_header=False),
    "lines before the header": Layout(preamble=("Export of today", "")),
    "every field in quotes": Layout(quotes_all=True),
    "fees": Layout(has_fees=True),
    "balance": Layout(has_balance=True),
    "balance, newest first": Layout(has_balance=True, is_newest_first=True),
    "totals": Layout(has_totals=True),
    "without ids": Layout(has_identity=False),
}


def read(layout: Layout, data: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_mapped_csv(io.BytesIO(data), report, layout.mapping())), report


def rules_of(report: FileReport) -> set[str]:
    return {problem.rule for problem in report.problems}


def money_of(entries: Sequence[StatementEntry]) -> list[int]:
    """Signed amounts, whatever their order."""
    return sorted(each.amount_minor if each.direction is Direction.CREDIT else -each.amount_minor for each in entries)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_way_to_write_a_file_gives_the_same_money(layout: Layout) -> None:
    lines = some_lines(9)
    entries, report = read(layout, build_csv(layout, lines))
    assert (report.verdict, report.problems) == (Verdict.ACCEPTED, [])
    assert report.format == "csv:made"
    assert money_of(entries) == sorted(line.amount_minor for line in lines)
    assert {entry.references for entry in entries} == {(line.reference,) for line in lines}
    assert sum(entry.is_return for entry in entries) == 2
    assert len({entry.identity for entry in entries}) == len(entries)
    (statement,) = report.statements
    assert (statement.entry_count, statement.return_count) == (9, 2)
    assert statement.credit_minor - statement.debit_minor == sum(line.amount_minor for line in lines)


@pytest.mark.parametrize(
    ("currency", "amount_minor"), [("JPY", 12_345), ("EUR", 12_345), ("BHD", 12_345), ("CLF", 12_345)]
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, amount_minor: int) -> None:
    line = replace(some_lines(1)[0], amount_minor=amount_minor, currency=currency)
    entries, report = read(Layout(), build_csv(Layout(), [line]))
    assert (report.verdict, money_of(entries)) == (Verdict.ACCEPTED, [amount_minor])


def test_a_fee_is_an_entry_of_its_own() -> None:
    layout = LAYOUTS["fees"]
    line = replace(some_lines(1)[0], amount_minor=5_000, fee_minor=120)
    entries, report = read(layout, build_csv(layout, [line]))
    assert report.verdict is Verdict.ACCEPTED
    assert [(each.purpose, each.direction.value, each.amount_minor) for each in entries] == [
        (Purpose.PAYMENT, "credit", 5_000),
        (Purpose.FEE, "debit", 120),
    ]


def changed(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) >= 1
    return data.replace(old, new, 1)


def one_line(amount_minor: int = 123_456) -> list[Line]:
    return [replace(some_lines(1)[0], amount_minor=amount_minor)]


@pytest.mark.parametrize(
    "amount",
    [b"1234.567", b"12,34.56", b"1.234,56", b"", b"12-34", b"EUR", b"=1234.56", b"1e3", b"\xc2\xb2", b"--5", b"9" * 40],
)
def test_an_amount_that_is_not_certain_puts_the_file_out_of_balance_with_its_line(amount: bytes) -> None:
    data = changed(build_csv(Layout(), one_line()), b",1234.56,", b',"' + amount + b'",')
    entries, report = read(Layout(), data)
    assert report.verdict is not Verdict.ACCEPTED
    assert entries == []
    assert report.problems[0].line == 2


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b",EUR,", b",EURO,", "csv.currency"),
        (b"2026-01-06", b"2026-02-31", "csv.day"),
        (b"2026-01-06", b"06/01/2026", "csv.day"),
    ],
)
def test_a_field_that_is_not_what_its_column_holds_is_named(old: bytes, new: bytes, rule: str) -> None:
    _, report = read(Layout(), changed(build_csv(Layout(), one_line()), old, new))
    assert report.verdict is not Verdict.ACCEPTED
    assert rule in rules_of(report)


@pytest.mark.parametrize("layout", [LAYOUTS["totals"], LAYOUTS["balance"]], ids=["totals", "balance"])
def test_one_cent_more_or_a_row_less_is_never_accepted_where_totals_or_balances_are(layout: Layout) -> None:
    lines = some_lines(6)
    data = build_csv(layout, lines)
    rows = data.splitlines(keepends=True)
    for place in range(1, 7):
        field = layout.write_amount(lines[place - 1].amount_minor, "EUR").encode()
        other = layout.write_amount(lines[place - 1].amount_minor + 1, "EUR").encode()
        cent = [*rows[:place], changed(rows[place], field, other), *rows[place + 1 :]]
        missing = [*rows[:place], *rows[place + 1 :]]
        # A column of balances begins with its first row and ends with its last: of these it proves nothing.
        if layout.has_totals or place != 1:
            assert read(layout, b"".join(cent))[1].verdict is Verdict.OUT_OF_BALANCE
        if layout.has_totals or place not in (1, 6):
            assert read(layout, b"".join(missing))[1].verdict is Verdict.OUT_OF_BALANCE


def test_a_file_that_was_cut_before_its_totals_is_not_accepted() -> None:
    layout = LAYOUTS["totals"]
    rows = build_csv(layout, some_lines(4)).splitlines(keepends=True)
    for end in range(1, len(rows)):
        assert read(layout, b"".join(rows[:end]))[1].verdict is not Verdict.ACCEPTED


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\x00\x01", b"just text", b"a;b;c\n1;2;3\n", b'Kind,"Number\n'])
def test_what_is_no_such_file_is_refused(data: bytes) -> None:
    entries, report = read(Layout(), data)
    assert (entries, report.verdict) == ([], Verdict.UNREADABLE)


def test_ragged_rows_are_not_accepted() -> None:
    rows = build_csv(Layout(), some_lines(3)).splitlines(keepends=True)
    for ragged in (rows[2].rstrip() + b",surplus\n", rows[2].rpartition(b",")[0] + b"\n"):
        _, report = read(Layout(), b"".join([*rows[:2], ragged, *rows[3:]]))
        assert report.verdict is not Verdict.ACCEPTED
        assert report.problems[0].line == 3


def test_quotes_hold_delimiters_and_line_breaks() -> None:
    line = replace(some_lines(1)[0], text='a "quoted", text\nover two lines', payer="Smith; Ann, Ms")
    entries, report = read(Layout(), build_csv(Layout(), [line, *some_lines(2)[1:]]))
    assert report.verdict is Verdict.ACCEPTED
    assert (entries[0].payer_name, entries[1].line) == ("Smith; Ann, Ms", 4)


def test_rows_that_are_alike_are_numbered_and_keep_their_numbers() -> None:
    layout = LAYOUTS["without ids"]
    line = some_lines(1)[0]
    first, _ = read(layout, build_csv(layout, [line, line, line]))
    again, _ = read(layout, build_csv(layout, [line, line, line]))
    assert len({entry.identity for entry in first}) == 3
    assert [entry.identity for entry in first] == [entry.identity for entry in again]


def test_an_unknown_type_is_kept_as_a_payment_and_told() -> None:
    line = replace(some_lines(1)[0], type_code="mystery")
    (entry,), report = read(Layout(), build_csv(Layout(), [line]))
    assert (report.verdict, entry.purpose, entry.type_code) == (Verdict.ACCEPTED, Purpose.PAYMENT, "mystery")
    assert len(report.problems) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"delimiter": "::"}, "delimiter"),
        ({"encoding": "klingon"}, "encoding"),
        ({"color": 1}, "color"),
        ({"amount": {"sign": "debt", "column": "Amount"}}, "debt"),
        ({"days": {"booked": "Booked", "formats": ["yesterday"]}}, "yesterday"),
        ({"currency": {"fixed": "EURO"}}, "EURO"),
        ({"type": {"column": "Type", "values": {"sale": "gift"}}}, "gift"),
    ],
)
def test_a_mapping_that_says_something_impossible_is_refused_with_every_fault(
    change: dict[str, Any], told: str
) -> None:
    with pytest.raises(CsvMappingError) as raised:
        mapping_from_table("made", Layout().table() | change)
    assert any(told in fault for fault in raised.value.faults)


def test_a_file_finds_its_mapping_by_its_header_and_names_what_is_missing() -> None:
    data = build_csv(Layout(), some_lines(3))
    report = FileReport()
    options = ReadingOptions(csv_mappings=(Layout(sign="columns").mapping("other"), Layout().mapping("right")))
    assert len(list(read_bank_file(io.BytesIO(data), report, options))) == 3
    assert report.format == "csv:right"
    without = FileReport()
    assert list(read_bank_file(io.BytesIO(data), without)) == []
    assert rules_of(without) == {"csv.mapping_missing"}


@pytest.mark.parametrize("first_line", [b"", b"01,X,X,260113,0900,1,,,2/\n"])
def test_a_mapping_of_ones_own_goes_before_a_format_that_is_known_otherwise(first_line: bytes) -> None:
    header = b"balance_transaction_id,created,currency,gross,fee,net,reporting_category\n"
    row = b"txn_1,2026-01-13 09:00:00,eur,12.50,0.45,12.05,charge\n"
    table = {
        "skip_lines": first_line.count(b"\n"),
        "account": {"fixed": "own"},
        "currency": {"column": "currency"},
        "days": {"booked": "created", "formats": ["YYYY-MM-DD*"]},
        "amount": {"sign": "signed", "column": "gross"},
    }
    options = ReadingOptions(csv_mappings=(mapping_from_table("own", table),))
    data = first_line + header + row
    known, mapped = FileReport(), FileReport()
    list(read_bank_file(io.BytesIO(data), known))
    entries = list(read_bank_file(io.BytesIO(data), mapped, options))
    assert known.format == ("bai2" if first_line else "stripe")
    assert (mapped.format, mapped.verdict, len(entries)) == ("csv:own", Verdict.ACCEPTED, 1)
