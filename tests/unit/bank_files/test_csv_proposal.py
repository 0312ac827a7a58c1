"""Proposals of mappings: what a sample proves is proposed, what it leaves open is marked."""

import io
import tomllib
from datetime import date
from typing import Any

import pytest

from pawledger.bank_files.mapped_csv.mapping import CsvMapping, CsvMappingError, mapping_from_table
from pawledger.bank_files.mapped_csv.proposal import propose_mapping
from pawledger.bank_files.mapped_csv.proposal_text import ProposalText, write_value
from pawledger.bank_files.mapped_csv.reader import read_mapped_csv
from pawledger.bank_files.mapped_csv.sample import SAMPLE_BYTES_MAX
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.csv_file import Layout, build_csv, some_lines

HEADER = "id,date,amount,currency,reference,text\n"
SIMPLE = (
    f"{HEADER}1001,2026-01-13,12.50,EUR,POL-1,premium\n"
    "1002,2026-01-14,-3.00,EUR,POL-2,refund\n"
    "1003,2026-01-15,7.25,EUR,POL-1,premium\n"
)


def table_of(sample: str | bytes) -> dict[str, Any]:
    data = sample.encode() if isinstance(sample, str) else sample
    return tomllib.loads(propose_mapping(data).toml)


def open_choices(sample: str) -> str:
    return "\n".join(propose_mapping(sample.encode()).open_choices)


def read_by_proposal(data: bytes) -> tuple[list[StatementEntry], FileReport, CsvMapping]:
    mapping = mapping_from_table("proposal", table_of(data))
    report = FileReport()
    return list(read_mapped_csv(io.BytesIO(data), report, mapping)), report, mapping


def test_a_simple_file_is_read_by_its_proposal() -> None:
    entries, report, mapping = read_by_proposal(SIMPLE.encode())
    assert (report.verdict, report.problems) == (Verdict.ACCEPTED, [])
    assert [(entry.amount_minor, entry.direction.value, entry.currency) for entry in entries] == [
        (1250, "credit", "EUR"),
        (300, "debit", "EUR"),
        (725, "credit", "EUR"),
    ]
    assert [entry.booked_on for entry in entries] == [date(2026, 1, day) for day in (13, 14, 15)]
    assert entries[0].references == ("POL-1", "1001")
    assert entries[0].text == "premium"
    assert mapping.identity is not None
    assert mapping.identity.columns == ("id",)


def test_what_was_read_stands_at_the_head() -> None:
    assert "# Read by it, the sample is accepted, with 3 entries.\n" in propose_mapping(SIMPLE.encode()).toml


def test_the_same_sample_gives_the_same_proposal() -> None:
    assert propose_mapping(SIMPLE.encode()) == propose_mapping(SIMPLE.encode())


@pytest.mark.parametrize(
    "layout",
    [
        Layout(),
        Layout(delimiter=";", decimal=",", thousands="."),
        Layout(delimiter="\t", day_format="DD.MM.YYYY"),
        Layout(delimiter="|", negative="parentheses"),
        Layout(negative="trailing"),
        Layout(sign="columns"),
        Layout(sign="flag"),
        Layout(has_fees=True),
        Layout(has_balance=True),
        Layout(has_balance=True, is_newest_first=True),
        Layout(has_balance=True, sign="columns"),
        Layout(encoding="windows-1252", preamble=("Kontoauszüge der Bank", "für Januar")),
        Layout(encoding="utf-16", line_end="\r\n"),
        Layout(quotes_all=True, line_end="\r"),
        Layout(has_totals=True),
    ],
    ids=str,
)
def test_files_in_many_layouts_are_read_by_their_proposals_as_by_their_own_mappings(layout: Layout) -> None:
    data = build_csv(layout, some_lines(30))
    expected = list(read_mapped_csv(io.BytesIO(data), FileReport(), layout.mapping()))
    if layout.has_totals:
        # A row of another width behind a header: whoever wrote it has to say what it is.
        data = data[: data.rstrip().rindex(b"\n") + 1]
    entries, report, _ = read_by_proposal(data)
    assert report.verdict is Verdict.ACCEPTED

    def told(each: list[StatementEntry]) -> list[tuple[Any, ...]]:
        return [(entry.amount_minor, entry.direction, entry.currency, entry.booked_on, entry.purpose) for entry in each]

    assert told(entries) == told(expected)


def test_a_running_balance_proves_the_sign_and_the_order() -> None:
    data = build_csv(Layout(has_balance=True, is_newest_first=True), some_lines(5))
    proposal = propose_mapping(data)
    assert tomllib.loads(proposal.toml)["balance"] == {"column": "Balance", "order": "newest_first"}
    assert not any("money in" in choice for choice in proposal.open_choices)


def test_a_balance_that_falls_by_the_amount_proves_that_it_is_money_out() -> None:
    table = table_of("date,amount,balance,currency\n2026-01-13,5.00,95.00,EUR\n2026-01-14,7.00,88.00,EUR\n")
    assert table["amount"]["inverted"] is True
    assert table["balance"]["column"] == "balance"


def test_a_balance_of_equal_amounts_proves_no_direction() -> None:
    sample = "date,amount,balance,currency\n2026-01-13,5.00,95.00,EUR\n2026-01-14,5.00,100.00,EUR\n"
    assert table_of(sample)["balance"]["order"] == "oldest_first"
    assert "if rows stand in the other order" in open_choices(sample)


def test_a_column_that_is_the_same_in_all_rows_tells_no_direction() -> None:
    sample = "kind,date,amount,currency\nD,2026-01-13,12.50,EUR\nD,2026-01-14,-3.00,EUR\n"
    assert table_of(sample)["amount"]["sign"] == "signed"


def test_a_column_of_credits_and_debits_tells_the_direction() -> None:
    amount = table_of("date,amount,side,currency\n2026-01-13,12.50,CR,EUR\n2026-01-14,3.00,DR,EUR\n")["amount"]
    assert (amount["flag_column"], amount["credit_values"], amount["debit_values"]) == ("side", ["CR"], ["DR"])


def test_a_balance_that_does_not_go_on_is_not_taken() -> None:
    table = table_of("date,amount,balance,currency\n2026-01-13,5.00,95.00,EUR\n2026-01-14,7.00,91.00,EUR\n")
    assert "balance" not in table


@pytest.mark.parametrize(("day", "is_open"), [("03/04/2026", True), ("13/04/2026", False)])
def test_the_order_of_day_and_month_is_proved_by_a_day_past_the_twelfth(day: str, *, is_open: bool) -> None:
    sample = f"id,date,amount,currency\na-1,{day},1.00,EUR\na-2,04/05/2026,-2.00,EUR\n"
    assert table_of(sample)["days"]["formats"] == ["DD/MM/YYYY"]
    assert ("MM/DD/YYYY" in open_choices(sample)) is is_open


def test_american_days_are_known_by_theirs() -> None:
    assert table_of("id,date,amount,currency\na-1,04/13/2026,1.00,USD\n")["days"]["formats"] == ["MM/DD/YYYY"]


@pytest.mark.parametrize(
    ("amount", "decimal", "thousands", "is_open"),
    [
        ("1.234,56", ",", ".", False),
        ("1,234.56", ".", ",", False),
        ("1'234.56", ".", "'", False),
        ("1 234,56", ",", " ", False),
        ("1\u00a0234,56", ",", " ", False),
        ("1,234", ".", ",", True),
    ],
)
def test_separators_are_told_by_what_fits(amount: str, decimal: str, thousands: str, *, is_open: bool) -> None:
    sample = f"id;date;amount;text\na-1;2026-01-13;{amount};x\na-2;2026-01-14;-{amount};y\n"
    table = table_of(sample)
    assert (table["amount"]["decimal"], table["amount"]["thousands"]) == (decimal, thousands)
    assert ("can be read with decimal" in open_choices(sample)) is is_open


def test_a_currency_of_two_decimals_tells_thousands_from_decimals() -> None:
    assert "can be read with decimal" not in open_choices(
        "id;date;amount;currency\na-1;2026-01-13;1,234;EUR\na-2;2026-01-14;-5;EUR\n"
    )


def test_amounts_without_decimals_leave_their_unit_open() -> None:
    sample = "id,date,amount,currency\na-1,2026-01-13,1250,EUR\na-2,2026-01-14,-30,EUR\n"
    assert table_of(sample)["amount"]["unit"] == "major"
    assert "whole units, or minor units" in open_choices(sample)


def test_amounts_of_one_sign_leave_the_direction_open() -> None:
    assert "how would the file tell money that goes out" in open_choices(
        "id,date,amount,currency\na-1,2026-01-13,12.50,EUR\na-2,2026-01-14,30.00,EUR\n"
    )


def test_an_unknown_currency_makes_a_mapping_that_is_refused() -> None:
    table = table_of("id,date,amount\na-1,2026-01-13,12.50\na-2,2026-01-14,-3.00\n")
    with pytest.raises(CsvMappingError, match="no currency of ISO 4217"):
        mapping_from_table("proposal", table)


@pytest.mark.parametrize(("name", "amount"), [("amount (EUR)", "12.50"), ("amount", "EUR 12.50"), ("amount", "€12.50")])
def test_a_currency_is_told_by_the_column_or_a_sign(name: str, amount: str) -> None:
    table = table_of(f"id,date,{name}\na-1,2026-01-13,{amount}\na-2,2026-01-14,{amount}\n")
    assert table["currency"] == {"fixed": "EUR"}
    mapping_from_table("proposal", table)


def test_a_sign_of_several_currencies_tells_none() -> None:
    assert table_of("id,date,amount\na-1,2026-01-13,$12.50\na-2,2026-01-14,$7.00\n")["currency"] == {"fixed": "XXX"}


def test_totals_behind_the_rows_are_checked() -> None:
    sample = "id;date;amount;currency\na-1;2026-01-13;12.50;EUR\na-2;2026-01-14;-3.00;EUR\nTotal;2;9.50;\n"
    table = table_of(sample)
    assert table["footer_rows"] == 1
    assert table["totals"] == [{"from_end": 1, "count": 2, "sum": 3}]
    mapping = mapping_from_table("proposal", table)
    report = FileReport()
    wrong = sample.replace("9.50", "9.51").encode()
    assert len(list(read_mapped_csv(io.BytesIO(wrong), report, mapping))) == 2
    assert [problem.rule for problem in report.problems] == ["csv.total_sum"]


def test_a_footer_that_agrees_with_nothing_is_asked_for() -> None:
    assert "what does row 1 from the end declare? It says 'End of report'" in open_choices(
        f"{SIMPLE}End of report,,,,,\n"
    )


def test_rows_are_told_apart_by_their_first_field() -> None:
    sample = "H,2026-01-01,X\nI,tx1,2026-01-02,10.00,USD\nI,tx2,2026-01-03,-11.00,USD\nL,2,-1.00\n"
    assert table_of(sample)["records"] == {"column": 1, "details": ["I"], "ignored": ["H", "L"]}
    entries, report, _ = read_by_proposal(sample.encode())
    assert (len(entries), report.verdict) == (2, Verdict.ACCEPTED)


def test_a_header_that_comes_again_is_asked_for() -> None:
    sample = SIMPLE + SIMPLE.replace("100", "200")
    assert table_of(sample)["repeated_header"] == "skipped"
    assert "were two files joined" in open_choices(sample)


def test_columns_without_a_name_of_their_own_are_told_by_place() -> None:
    table = table_of("id,date,amount,amount,\na-1,2026-01-13,12.50,1.00,EUR\na-2,2026-01-14,-3.00,2.00,EUR\n")
    assert (table["amount"]["column"], table["currency"]["column"]) == (3, 5)
    mapping_from_table("proposal", table)


def test_states_and_types_are_sorted_by_their_words() -> None:
    table = table_of(
        "id,date,amount,currency,status,type\n"
        "a-1,2026-01-13,12.50,EUR,Completed,Sale\n"
        "a-2,2026-01-14,-3.00,EUR,pending,Refund\n"
        "a-3,2026-01-14,3.00,EUR,Failed,Wizardry\n"
    )
    assert table["status"] == {"column": "status", "posts": ["Completed"], "pends": ["pending"], "ignored": ["Failed"]}
    assert table["type"]["values"] == {"Refund": "return", "Sale": "payment", "Wizardry": "payment"}


def test_a_type_that_is_always_the_same_gives_way_to_one_that_tells() -> None:
    table = table_of(
        "id,date,amount,currency,type,category\n"
        "a-1,2026-01-13,12.50,EUR,row,sale\n"
        "a-2,2026-01-14,-3.00,EUR,row,refund\n"
    )
    assert table["type"]["column"] == "category"


def test_an_unknown_state_is_refused_until_it_is_told() -> None:
    sample = "id,date,amount,currency,status\na-1,2026-01-13,12.50,EUR,paid\na-2,2026-01-14,-3.00,EUR,glorious\n"
    proposal = propose_mapping(sample.encode())
    assert "the sample is out of balance" in proposal.toml
    assert any("'glorious'" in choice for choice in proposal.open_choices)


def test_one_row_proves_no_identity() -> None:
    assert "one row proves nothing" in open_choices(f"{HEADER}1001,2026-01-13,12.50,EUR,POL-1,premium\n")


def test_cells_that_a_spreadsheet_would_run_are_texts() -> None:
    sample = SIMPLE.replace("premium", "\"=cmd|' /C calc'!A0\"")
    entries, report, _ = read_by_proposal(sample.encode())
    assert report.verdict is Verdict.ACCEPTED
    assert entries[0].text == "=cmd|' /C calc'!A0"


def test_nothing_of_the_sample_can_steer_a_terminal() -> None:
    sample = SIMPLE.replace("reference", "ref\x1b[2J\u202e").replace("premium", "\x9b31m")
    proposal = propose_mapping(f"{sample}Total \x1b[2J,,,,,\n".encode())
    assert all(character.isprintable() or character == "\n" for character in proposal.toml)
    assert tomllib.loads(proposal.toml)["references"][0] == "ref\x1b[2J\u202e"


def test_comments_are_of_printable_characters() -> None:
    out = ProposalText()
    out.say("a\x1b[2J\nb")
    assert out.text([]) == "# a [2J b\n"


@pytest.mark.parametrize("text", ['"quoted"', "back\\slash", "line\nbreak", "\x7f", "\U000e0001", "ümlaut"])
def test_texts_are_written_as_toml_reads_them(text: str) -> None:
    assert tomllib.loads(f"key = {write_value(text)}") == {"key": text}


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        (b"", "no text in rows"),
        (b"one line of words", "no text in rows"),
        (b"\0\1\2", "NUL bytes"),
        (b"<Document/>", "XML or JSON"),
        (b'[{"amount": 1}]', "XML or JSON"),
        (HEADER.encode(), "no column of the sample has a day"),
        (b"a,b\n1,2\n", "no column of the sample has a day"),
        (b"id,date\na-1,2026-01-13\n", "no column of the sample holds amounts"),
        (b"id,date,amount\na-1,2026-02-31,1.00\n", "no column of the sample has a day"),
        (b"id,date,amount\na-1,2026-01-13,1.00\na-2,2026-01-13,1..0\n", "no column of the sample holds amounts"),
    ],
)
def test_what_cannot_be_guessed_from_is_one_sentence(sample: bytes, reason: str) -> None:
    with pytest.raises(CsvMappingError, match=reason):
        propose_mapping(sample)


def test_a_long_sample_is_read_as_far_as_it_is_whole() -> None:
    row = "{:06},2026-01-13,12.50,EUR,POL-1,premium\n"
    sample = (HEADER + "".join(map(row.format, range(60_000)))).encode()[:SAMPLE_BYTES_MAX]
    proposal = propose_mapping(sample)
    assert "footer_rows" not in tomllib.loads(proposal.toml)
    assert any("longer than what was looked at" in choice for choice in proposal.open_choices)
