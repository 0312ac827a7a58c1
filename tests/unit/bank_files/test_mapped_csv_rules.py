"""Each rule of a mapping, and each check of a mapped file, by itself."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.lines import LINE_BYTES_MAX
from pawledger.bank_files.mapped_csv.mapping import CsvMapping, mapping_from_table
from pawledger.bank_files.mapped_csv.reader import read_mapped_csv
from pawledger.bank_files.reading_options import ReadingOptions
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.csv_file import Layout, Line, build_csv, detail_rows, some_lines, total_row, write_rows

HEADER = b"Day,Amount,Ref\n"
SIMPLE: dict[str, Any] = {
    "account": {"fixed": "A1"},
    "currency": {"fixed": "EUR"},
    "days": {"booked": "Day", "formats": ["YYYY-MM-DD"]},
    "amount": {"sign": "signed", "column": "Amount"},
    "references": ["Ref"],
}


def simple(**changes: Any) -> CsvMapping:
    """A mapping of three columns, with some keys changed."""
    return mapping_from_table("made", {**SIMPLE, **changes})


def read(data: bytes, mapping: CsvMapping) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_mapped_csv(BytesIO(data), report, mapping)), report


def end_of(data: bytes, mapping: CsvMapping) -> tuple[str, list[str]]:
    """Verdict, and rules in the order in which they were told."""
    _, report = read(data, mapping)
    return report.verdict.value, [problem.rule for problem in report.problems]


def test_zero_amount_with_a_fee_is_only_a_fee() -> None:
    layout = Layout(has_fees=True)
    entries, report = read(build_csv(layout, [Line("t1", 0, fee_minor=30), Line("t2", 0)]), layout.mapping())
    assert [(entry.amount_minor, entry.purpose) for entry in entries] == [(30, Purpose.FEE), (0, Purpose.PAYMENT)]
    assert report.statements[0].entry_count == 2


def test_net_that_does_not_follow_puts_the_file_out_of_balance() -> None:
    layout = Layout(has_fees=True)
    data = build_csv(layout, [Line("t1", 1000, fee_minor=25)]).replace(b"9.75", b"9.76")
    assert end_of(data, layout.mapping()) == ("out_of_balance", ["csv.row_net"])


def test_fees_may_be_signed() -> None:
    mapping = simple(fees={"columns": ["Fee"], "sign": "signed"})
    entries, _ = read(b"Day,Amount,Ref,Fee\n2026-01-05,10.00,a,-0.25\n2026-01-05,-10.00,b,0.25\n", mapping)
    fees = [(entry.amount_minor, entry.direction.value) for entry in entries if entry.purpose is Purpose.FEE]
    assert fees == [(25, "debit"), (25, "credit")]


def test_cell_that_a_spreadsheet_would_run_is_kept_as_text() -> None:
    entries, report = read(HEADER + b"2026-01-05,1.00,\"=cmd|' /C calc'!A0\"\n", simple())
    assert report.verdict is Verdict.ACCEPTED
    assert entries[0].references == ("=cmd|' /C calc'!A0",)


def test_currency_must_be_one_of_iso_4217() -> None:
    rows = b"2026-01-05,1.00,EURO\n2026-01-05,1.00,eur\n2026-01-05,100,JPY\n"
    entries, report = read(HEADER + rows, simple(currency={"column": "Ref"}))
    assert [(problem.rule, problem.line) for problem in report.problems] == [("csv.currency", 2)]
    assert [(entry.currency, entry.amount_minor) for entry in entries] == [("EUR", 100), ("JPY", 100)]
    assert {summary.currency for summary in report.statements} == {"EUR", "JPY"}


def test_account_must_be_named() -> None:
    mapping = simple(account={"column": "Ref", "prefix": "p:"})
    entries, report = read(HEADER + b"2026-01-05,1.00,x\n2026-01-05,1.00,\n", mapping)
    assert [entry.bank_account for entry in entries] == ["p:x"]
    assert [problem.rule for problem in report.problems] == ["csv.account_missing"]


COLUMNS = {"sign": "columns", "credit_column": "In", "debit_column": "Out"}


@pytest.mark.parametrize(
    ("cells", "minus", "rules", "amounts"),
    [
        ("10.00,", "refused", [], [(1000, "credit")]),
        (",10.00", "refused", [], [(1000, "debit")]),
        ("0.00,10.00", "refused", [], [(1000, "debit")]),
        ("0.00,0.00", "refused", [], [(0, "credit")]),
        ("10.00,5.00", "refused", ["csv.both_sides"], []),
        (",", "refused", ["csv.amount_missing"], []),
        (",-10.00", "refused", ["csv.amount_sign"], []),
        ("-10.00,", "refused", ["csv.amount_sign"], []),
        (",-10.00", "agrees", [], [(1000, "debit")]),
        ("-10.00,", "agrees", ["csv.amount_sign"], []),
    ],
)
def test_columns_for_each_direction(cells: str, minus: str, rules: list[str], amounts: list[tuple[int, str]]) -> None:
    data = f"Day,In,Out,Ref\n2026-01-05,{cells},a\n".encode()
    entries, report = read(data, simple(amount={**COLUMNS, "minus": minus}))
    assert [problem.rule for problem in report.problems] == rules
    assert [(entry.amount_minor, entry.direction.value) for entry in entries] == amounts


FLAG = {"sign": "flag", "column": "Amount", "flag_column": "Ref", "credit_values": ["C"], "debit_values": ["D"]}


@pytest.mark.parametrize(
    ("row", "minus", "rules", "direction"),
    [
        ("1.00,C", "refused", [], "credit"),
        ("1.00,d", "refused", [], "debit"),
        ("-1.00,D", "refused", ["csv.amount_sign"], None),
        ("-1.00,D", "agrees", [], "debit"),
        ("-1.00,C", "agrees", ["csv.amount_sign"], None),
        ("1.00,X", "refused", ["csv.flag_unknown"], None),
        ("1.00,", "refused", ["csv.flag_unknown"], None),
    ],
)
def test_flags(row: str, minus: str, rules: list[str], direction: str | None) -> None:
    entries, report = read(HEADER + f"2026-01-05,{row}\n".encode(), simple(amount={**FLAG, "minus": minus}))
    assert [problem.rule for problem in report.problems] == rules
    assert [entry.direction.value for entry in entries] == ([direction] if direction else [])


def test_inverted_sign() -> None:
    mapping = simple(amount={"sign": "signed", "column": "Amount", "inverted": True})
    assert read(HEADER + b"2026-01-05,1.00,a\n", mapping)[0][0].direction is Direction.DEBIT


def test_states_post_pend_or_are_passed_over() -> None:
    status = {"column": "Ref", "posts": ["done"], "pends": ["soon"], "ignored": ["failed"]}
    rows = b"2026-01-05,1.00,Done\n2026-01-05,2.00,soon\n2026-01-05,,failed\n2026-01-05,3.00,lost\n"
    entries, report = read(HEADER + rows, simple(status=status))
    assert [(entry.amount_minor, entry.posts) for entry in entries] == [(100, True), (200, False)]
    assert [(problem.rule, problem.line) for problem in report.problems] == [("csv.status_unknown", 5)]
    assert report.verdict is Verdict.OUT_OF_BALANCE


def test_types_that_are_no_movements_are_passed_over_and_unknown_ones_told_once() -> None:
    rule = {"column": "Ref", "values": {"sale": "payment", "back": "return", "none": "ignored"}}
    rows = b"2026-01-05,1.00,SALE\n2026-01-05,-1.00,back\n2026-01-05,oops,none\n" + b"2026-01-05,2.00,gift\n" * 3
    entries, report = read(HEADER + rows, simple(type=rule))
    assert [entry.purpose.value for entry in entries] == ["payment", "return", *["payment"] * 3]
    assert entries[-1].type_code == "gift"
    assert (report.verdict, [problem.rule for problem in report.problems]) == (Verdict.ACCEPTED, ["csv.type_unknown"])


def test_codes_of_several_columns_are_joined() -> None:
    mapping = simple(type={"column": ["Ref", "Kind"], "values": {"a/x": "payout"}}, return_reason="Kind")
    entries, report = read(b"Day,Amount,Ref,Kind\n2026-01-05,-1.00,A,X\n", mapping)
    assert not report.problems
    assert (entries[0].purpose, entries[0].type_code) == (Purpose.PAYOUT, "A/X")


def test_reason_is_told_of_returns_only() -> None:
    mapping = simple(type={"column": "Kind", "values": {"b": "return", "p": "payment"}}, return_reason="Why")
    data = b"Day,Amount,Ref,Kind,Why\n2026-01-05,-1.00,a,b,AC04\n2026-01-05,1.00,b,p,AC04\n"
    assert [entry.return_reason for entry in read(data, mapping)[0]] == ["AC04", None]


def test_first_column_that_is_not_empty_counts_and_may_be_missing() -> None:
    mapping = simple(days={"booked": ["Settled", "Day"], "formats": ["YYYY-MM-DD"]})
    data = b"Day,Settled,Amount,Ref\n2026-01-05,2026-01-07,1.00,a\n2026-01-05,,1.00,b\n"
    assert [str(entry.booked_on) for entry in read(data, mapping)[0]] == ["2026-01-07", "2026-01-05"]
    entries, report = read(HEADER + b"2026-01-05,1.00,a\n", mapping)
    assert not report.problems
    assert str(entries[0].booked_on) == "2026-01-05"


def test_identities_do_not_depend_on_file_line_or_order_of_columns() -> None:
    rows = b"2026-01-05,1.00,a\n2026-01-05,1.00,a\n2026-01-05,1.00,b\n"
    first, _ = read(HEADER + rows, simple())
    again, _ = read(b"Ref,Day,Amount\na,2026-01-05,1.00\nb,2026-01-05,1.00\na,2026-01-05,1.00\n", simple())
    assert len({entry.identity for entry in first}) == 3
    assert {entry.identity for entry in first} == {entry.identity for entry in again}


def test_identity_that_comes_twice_puts_the_file_out_of_balance() -> None:
    mapping = simple(identity={"columns": ["Ref"]})
    rows = b"2026-01-05,1.00,a\n2026-01-05,2.00,b\n2026-01-06,1.00,a\n"
    _, report = read(HEADER + rows, mapping)
    assert [(problem.rule, problem.line) for problem in report.problems] == [("csv.identity_twice", 4)]
    assert report.verdict is Verdict.OUT_OF_BALANCE
    assert end_of(HEADER + b"2026-01-05,1.00,\n", mapping) == ("out_of_balance", ["csv.identity_missing"])
    numbered, report = read(HEADER + rows, simple(identity={"columns": ["Ref"], "repeats": "numbered"}))
    assert report.verdict is Verdict.ACCEPTED
    assert len({entry.identity for entry in numbered}) == 3


@pytest.mark.parametrize("has_header", [True, False], ids=["header", "places"])
def test_totals_are_checked_in_every_place(has_header: bool) -> None:
    layout = Layout(has_totals=True, has_header=has_header)
    lines = some_lines(9)
    rows = [*([layout.columns()] if has_header else []), *detail_rows(layout, lines)]
    for place, name in enumerate(("count", "sum", "credit_count", "credit_sum", "debit_count", "debit_sum"), 1):
        for wrong in ("9999.01" if name.endswith("sum") else "77", "many", ""):
            total = total_row(layout, lines)
            total[place] = wrong
            expected = ("out_of_balance", [f"csv.total_{name}"])
            assert end_of(write_rows(layout, [*rows, total]), layout.mapping()) == expected
    assert end_of(write_rows(layout, rows), layout.mapping()) == ("unreadable", ["csv.totals_missing"])


def test_file_with_zero_rows_is_accepted_with_a_warning() -> None:
    layout = Layout(has_totals=True)
    assert end_of(build_csv(layout, []), layout.mapping()) == ("accepted", ["csv.no_rows"])
    assert end_of(HEADER, simple()) == ("accepted", ["csv.no_rows"])


FOOTER = {"footer_rows": 1, "totals": [{"from_end": 1, "count": 1, "sum": 2}]}


def test_last_row_may_hold_the_totals() -> None:
    rows = b"2026-01-05,1.00,a\n2026-01-05,-3.00,b\n"
    entries, report = read(HEADER + rows + b"2,-2.00,\n", simple(**FOOTER))
    assert not report.problems
    assert [entry.line for entry in entries] == [2, 3]
    assert end_of(HEADER + rows + b"3,-2.00,\n", simple(**FOOTER)) == ("out_of_balance", ["csv.total_count"])
    cut = ["csv.footer_is_movement", "csv.total_count", "csv.total_sum"]
    assert end_of(HEADER + rows, simple(**FOOTER)) == ("out_of_balance", cut)
    assert end_of(HEADER, simple(**FOOTER))[0] == "unreadable"


def test_sum_over_currencies_is_exact() -> None:
    mapping = simple(currency={"column": "Ref"}, **FOOTER)
    data = HEADER + b"2026-01-05,1.50,EUR\n2026-01-05,100,JPY\n2026-01-05,0.125,BHD\n3,101.625,\n"
    assert end_of(data, mapping) == ("accepted", [])
    assert end_of(data.replace(b"101.625", b"101.626"), mapping) == ("out_of_balance", ["csv.total_sum"])


def test_totals_may_be_of_groups_and_of_other_totals() -> None:
    mapping = simple(
        records={"column": "Kind", "details": ["I"], "ignored": ["H"]},
        totals=[
            {"record": "F", "detail_key": "Ref", "key": 2, "sum": 3},
            {"record": "L", "of": "F", "count": 2, "sum": 3},
        ],
    )
    data = (
        b"Kind,Day,Amount,Ref\nH,x\nI,2026-01-05,1.00,a\nI,2026-01-05,2.00,b\nI,2026-01-05,4.00,a\n"
        b"F,a,5.00\nF,b,2.00\nL,2,7.00\n"
    )
    for old, new, rules in (
        (b"", b"", []),
        (b"F,a,5.00", b"F,a,5.01", ["csv.total_sum", "csv.total_sum"]),
        (b"F,b,2.00\n", b"", ["csv.total_key", "csv.total_count", "csv.total_sum"]),
        (b"L,2,", b"L,3,", ["csv.total_count"]),
        (b"I,2026-01-05,2.00", b"Q,2026-01-05,2.00", ["csv.record_unknown", "csv.total_sum"]),
    ):
        assert end_of(data.replace(old, new) if old else data, mapping)[1] == rules


@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
@pytest.mark.parametrize("sign", ["signed", "columns", "flag"])
def test_running_balance_is_checked_row_by_row(sign: str, order: str) -> None:
    layout = Layout(has_balance=True, sign=sign, is_newest_first=order == "newest_first", has_fees=True)
    lines = [replace(line, fee_minor=5) for line in some_lines(8)]
    _, report = read(build_csv(layout, lines), layout.mapping())
    (summary,) = report.statements
    assert not report.problems
    closing = 100_000 + sum(line.amount_minor - 5 for line in lines)
    assert (summary.opening_minor, summary.closing_minor) == (100_000, closing)
    assert summary.chain == ("csv:made", "DE77", "EUR")
    rows = detail_rows(layout, lines)
    for wrong in range(len(rows)):
        broken = [list(row) for row in rows]
        broken[wrong][-1] = "1.00"
        _, report = read(write_rows(layout, [layout.columns(), *broken]), layout.mapping())
        assert {problem.rule for problem in report.problems} == {"csv.balance_row"}
    del rows[3]
    assert end_of(write_rows(layout, [layout.columns(), *rows]), layout.mapping())[0] == "out_of_balance"


@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
def test_balance_is_checked_across_blocks_and_where_some_rows_have_none(order: str) -> None:
    layout = Layout(has_balance=True, is_newest_first=order == "newest_first")
    rows = detail_rows(layout, some_lines(3000))
    for row in rows[1::3]:
        row[-1] = ""
    assert end_of(write_rows(layout, [layout.columns(), *rows]), layout.mapping()) == ("accepted", [])
    rows[2001][4] = "0.01"
    assert end_of(write_rows(layout, [layout.columns(), *rows]), layout.mapping())[0] == "out_of_balance"


@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
def test_wrong_balance_is_found_far_behind_the_first_block(order: str) -> None:
    layout = Layout(has_balance=True, is_newest_first=order == "newest_first")
    rows = detail_rows(layout, some_lines(3000))
    assert end_of(write_rows(layout, [layout.columns(), *rows]), layout.mapping()) == ("accepted", [])
    rows[2500][-1] = "0.01"
    _, report = read(write_rows(layout, [layout.columns(), *rows]), layout.mapping())
    # The row itself, and the next one, which does not go on from it.
    assert [(problem.rule, problem.line) for problem in report.problems] == [
        ("csv.balance_row", 2502),
        ("csv.balance_row", 2503),
    ]


def test_declared_balances_agree_with_the_running_one_and_leave_out_what_pends() -> None:
    mapping = simple(
        **DECLARED,
        balance={"column": "Balance"},
        status={"column": "State", "posts": ["done"], "pends": ["soon"]},
    )
    data = (
        b"Day,Amount,Ref,Balance,State\n,10.00,OPEN,,\n2026-01-05,1.00,a,11.00,done\n"
        b"2026-01-05,5.00,b,,soon\n2026-01-06,-3.00,c,8.00,done\n,8.00,CLOSE,,\n"
    )
    assert end_of(data, mapping) == ("accepted", [])
    assert end_of(data.replace(b",10.00,OPEN", b",10.01,OPEN"), mapping)[1] == ["csv.balance_opening", "csv.balance"]
    assert end_of(data.replace(b",8.00,CLOSE", b",8.01,CLOSE"), mapping)[1] == ["csv.balance_closing", "csv.balance"]
    without_balance = data.replace(b",11.00,", b",,").replace(b",8.00,done", b",,done")
    plain = simple(**DECLARED, status={"column": "State", "posts": ["done"], "pends": ["soon"]})
    assert end_of(without_balance, plain) == ("accepted", [])


def test_pending_rows_are_not_in_the_balance() -> None:
    mapping = simple(status={"column": "Ref", "posts": ["done"], "pends": ["soon"]}, balance={"column": "Balance"})
    data = b"Day,Amount,Ref,Balance\n2026-01-05,1.00,done,11.00\n2026-01-05,5.00,soon,\n2026-01-05,2.00,done,13.00\n"
    entries, report = read(data, mapping)
    assert not report.problems
    assert [entry.posts for entry in entries] == [True, False, True]


DECLARED = {
    "records": {"column": "Ref"},
    "opening": {"record": "OPEN", "column": "Amount"},
    "closing": {"record": "CLOSE", "column": "Amount"},
}


def test_declared_balances_are_checked() -> None:
    data = HEADER + b",10.00,OPEN\n2026-01-05,1.00,a\n2026-01-06,-3.00,b\n,8.00,CLOSE\n"
    _, report = read(data, simple(**DECLARED))
    assert not report.problems
    assert (report.statements[0].opening_minor, report.statements[0].closing_minor) == (1000, 800)
    for old, new, verdict, rule in (
        (b"8.00,CLOSE", b"8.01,CLOSE", "out_of_balance", "csv.balance"),
        (b",8.00,CLOSE\n", b"", "unreadable", "csv.closing_balance_missing"),
        (b"10.00,OPEN", b"ten,OPEN", "out_of_balance", "csv.amount"),
    ):
        assert end_of(data.replace(old, new), simple(**DECLARED)) == (verdict, [rule])


def test_balances_may_stand_before_the_header() -> None:
    mapping = simple(skip_lines=3, opening={"line": 2, "column": 2})
    entries, report = read(b"Statement\nOpening,5.00\n\n" + HEADER + b"2026-01-05,1.00,a\n", mapping)
    assert not report.problems
    assert (report.statements[0].opening_minor, entries[0].line) == (500, 5)


def test_declared_balance_of_several_accounts_belongs_to_none() -> None:
    mapping = simple(account={"column": "Ref"}, skip_lines=1, opening={"line": 1, "column": 1})
    data = b"5.00,x\n" + HEADER + b"2026-01-05,1.00,a\n2026-01-05,1.00,b\n"
    assert end_of(data, mapping) == ("out_of_balance", ["csv.balance_unassigned"])


def test_file_is_named_by_its_own_record() -> None:
    mapping = simple(records={"column": "Day"}, file_id={"record": "HEAD", "columns": [2, 3]})
    _, report = read(HEADER + b"HEAD,batch,77\n2026-01-05,1.00,a\n", mapping)
    assert report.logical_file_ids == [("csv:made", "batch", "77")]
    assert report.statements[0].identity == ("csv:made", "A1", "EUR", "batch", "77")
    for record in (b"", b"HEAD,,77\n"):
        data = HEADER + record + b"2026-01-05,1.00,a\n"
        assert end_of(data, mapping) == ("unreadable", ["csv.file_id_missing"])


@pytest.mark.parametrize(
    ("data", "verdict", "rules"),
    [
        (b"", "unreadable", ["csv.empty"]),
        (b"\n\n", "unreadable", ["csv.header_missing"]),
        (b"Day,Betrag,Ref\n2026-01-05,1.00,a\n", "unreadable", ["csv.columns_missing"]),
        (b"Day,Amount,Amount,Ref\n2026-01-05,1.00,2.00,a\n", "unreadable", ["csv.column_twice"]),
        (HEADER + b"2026-01-05,1.00\n", "unreadable", ["csv.ragged_row"]),
        (HEADER + b"2026-01-05,1,00,a\n", "unreadable", ["csv.ragged_row"]),
        (HEADER + b"2026-01-05,1.00,a,,\n", "accepted", []),
        (HEADER + b',,\n2026-01-05,1.00,a\n"","",""\n', "accepted", []),
        (HEADER + b"2026-01-05,1.00,a\n" + HEADER + b"2026-01-05,1.00,b\n", "unreadable", ["csv.header_repeated"]),
        (HEADER + b'2026-01-05,1.00,"a\n', "unreadable", ["rows.truncated"]),
        (HEADER + b'2026-01-05,1.00,"a"b\n', "unreadable", ["rows.quotes"]),
        (HEADER + b"2026-01-05,1.00,a\0\n", "unreadable", ["lines.nul_byte"]),
        (HEADER + b"2026-01-05,1.00," + b"a" * (LINE_BYTES_MAX + 1) + b"\n", "unreadable", ["lines.too_long"]),
        (HEADER + b"2026-01-05,1.00,a", "accepted", ["csv.line_end_missing"]),
        (HEADER + b"2026-01-05,1.00,M\xfcller\n", "accepted", ["csv.encoding"]),
        (b"\xef\xbb\xbf" + HEADER + b"2026-01-05,1.00,a\r\n", "accepted", []),
        ((HEADER + b"2026-01-05,1.00,a\n").replace(b"\n", b"\r"), "accepted", []),
        ((HEADER + b"2026-01-05,1.00,a\n").decode().encode("utf-16"), "accepted", []),
        (b"\x00\x01\x02junk", "unreadable", ["lines.nul_byte"]),
        (b"no columns at all\n", "unreadable", ["csv.columns_missing"]),
    ],
)
def test_shape_of_the_file(data: bytes, verdict: str, rules: list[str]) -> None:
    assert end_of(data, simple()) == (verdict, rules)


def test_file_that_ends_with_an_amount_and_no_line_end_is_not_certain() -> None:
    assert end_of(b"Day,Ref,Amount\n2026-01-05,a,100", simple()) == ("out_of_balance", ["csv.end_not_certain"])
    assert end_of(b'Day,Ref,Amount\n2026-01-05,a,"100"', simple()) == ("accepted", [])


def test_allowed_deviations_of_shape() -> None:
    mapping = simple(surplus_columns="ignored", missing_columns="empty", repeated_header="skipped")
    data = HEADER + b"2026-01-05,1.00,a,more\n2026-01-05,2.00\n" + HEADER + b"2026-01-05,3.00,c\n"
    entries, report = read(data, mapping)
    assert [entry.amount_minor for entry in entries] == [100, 200, 300]
    assert (report.verdict, [problem.rule for problem in report.problems]) == (
        Verdict.ACCEPTED,
        ["csv.header_repeated"],
    )


def test_guard_before_values_is_dropped() -> None:
    entries, _ = read(HEADER + b"2026-01-05,'1.00,'00123\n", simple(guard="'"))
    assert (entries[0].amount_minor, entries[0].references) == (100, ("00123",))


@pytest.mark.parametrize("encoding", ["windows-1252", "iso-8859-1", "iso-8859-15"])
def test_text_that_could_be_utf_8_is_read_in_the_encoding_of_the_mapping(encoding: str) -> None:
    data = HEADER + "2026-01-05,1.00,Ã©\n".encode(encoding)
    assert read(data, simple(encoding=encoding))[0][0].references == ("Ã©",)
    assert read(data, simple())[0][0].references == ("é",)


def test_bytes_that_the_encoding_lacks_are_unreadable() -> None:
    for data in (HEADER + b"2026-01-05,1.00,\x81\n", b"\x81"):
        assert end_of(data, simple(encoding="windows-1252"))[0] == "unreadable"


def test_objects_of_json_are_rows() -> None:
    amount = {"sign": "signed", "column": "money.value"}
    mapping = simple(shape="json", amount=amount, references=["ids.1", "Ref"], text="note")
    one = '{"Day": "2026-01-05", "money": {"value": 12.50}, "ids": ["x", "y"], "Ref": null, "note": "=1"}'
    two = '{"Day": "2026-01-06", "money": {"value": "-3"}, "Ref": "r"}'
    for text in (f"[{one},\n {two}]", f"{one}\n{two}", f"{one}{two}"):
        entries, report = read(text.encode(), mapping)
        assert not report.problems
        assert [(entry.amount_minor, entry.direction.value) for entry in entries] == [(1250, "credit"), (300, "debit")]
        assert [entry.references for entry in entries] == [("y",), ("r",)]
    for place in range(len(one)):
        assert end_of(one[:place].encode(), mapping)[0] != "accepted"


@pytest.mark.parametrize(
    ("text", "verdict", "rule"),
    [
        ("", "unreadable", "csv.empty"),
        ("[1]", "unreadable", "csv.json"),
        ('[{"Day": "2026-01-05"}', "unreadable", "csv.json"),
        ('{"Day": "2026-01-05", "Amount": 1, "Amount": 2}', "unreadable", "csv.json"),
        ('{"Day": "2026-01-05", "Amount": NaN}', "unreadable", "csv.json"),
        ('{"Day": "2026-01-05", "Amount": 1e2}', "out_of_balance", "csv.amount"),
        ('{"Day": "2026-01-05", "Amount": {"x": 1}}', "out_of_balance", "csv.amount"),
        ('{"Day": "2026-01-05"}', "out_of_balance", "csv.amount_missing"),
        ('{"a":' * 40_000, "unreadable", "csv.json_depth"),
    ],
    ids=range(9),
)
def test_json_that_is_refused(text: str, verdict: str, rule: str) -> None:
    _, report = read(text.encode(), simple(shape="json"))
    assert (report.verdict.value, report.problems[0].rule) == (verdict, rule)


def test_file_is_read_by_the_most_specific_mapping_that_it_matches() -> None:
    wide = mapping_from_table("wide", {key: value for key, value in SIMPLE.items() if key != "references"})
    for mappings, found, rules in (
        ((wide, simple()), "csv:made", []),
        ((wide,), "csv:wide", []),
        ((simple(), replace(simple(), name="other")), None, ["csv.mapping_ambiguous"]),
        ((), None, ["csv.mapping_missing"]),
    ):
        report = FileReport()
        data = BytesIO(HEADER + b"2026-01-05,1.00,a\n")
        list(read_bank_file(data, report, ReadingOptions(csv_mappings=mappings)))
        assert (report.format, [problem.rule for problem in report.problems]) == (found, rules)


def test_mapping_that_is_named_reads_whatever_the_file_looks_like() -> None:
    report = FileReport()
    list(read_bank_file(BytesIO(b"01,bai,looks,like,this/\n"), report, mapping=simple()))
    assert (report.format, report.problems[0].rule) == ("csv:made", "csv.columns_missing")


@pytest.mark.parametrize("data", [b"just some words\nand more\n", b"<a>1,2</a>", b""])
def test_text_that_is_no_table_is_not_told_to_lack_a_mapping(data: bytes) -> None:
    report = FileReport()
    list(read_bank_file(BytesIO(data), report))
    assert report.problems
    assert not any(problem.rule.startswith("csv.") for problem in report.problems)


def test_many_faults_are_counted_and_not_kept() -> None:
    _, report = read(HEADER + b"2026-01-05,x,a\n" * 3000, simple())
    assert (report.problem_count, len(report.problems)) == (3000, 200)


def test_row_that_is_left_out_is_told_once_and_the_others_are_read() -> None:
    layout = Layout()
    rows = detail_rows(layout, some_lines(10))
    rows[4][4] = "12..34"
    entries, report = read(write_rows(layout, [layout.columns(), *rows]), layout.mapping())
    assert (report.problem_count, report.problems[0].line) == (1, 6)
    assert [entry.line for entry in entries] == [2, 3, 4, 5, 7, 8, 9, 10, 11]
