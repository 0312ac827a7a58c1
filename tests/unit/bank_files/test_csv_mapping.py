"""Mappings: what a table may say, that all its faults are told at once, and which files a mapping is about."""

from typing import Any

import pytest

from pawledger.bank_files.detection import HEAD_BYTES
from pawledger.bank_files.mapped_csv.amounts import AmountTextError, NumberReader
from pawledger.bank_files.mapped_csv.days import DayTexts, find_contradiction, pattern_of
from pawledger.bank_files.mapped_csv.head import head_matches
from pawledger.bank_files.mapped_csv.mapping import CsvMappingError, mapping_from_table
from pawledger.bank_files.mapped_csv.rules import NumberRule
from pawledger.rules.csv_mappings import load_shipped_mappings, mapping_from_toml, shipped_mapping_texts
from tests.builders.csv_file import Layout, build_csv, some_lines


def table(**changes: Any) -> dict[str, Any]:
    """A sound table, with some keys changed; None takes a key out."""
    sound = {
        "account": {"fixed": "A1"},
        "currency": {"fixed": "EUR"},
        "days": {"booked": "Day", "formats": ["YYYY-MM-DD"]},
        "amount": {"sign": "signed", "column": "Amount"},
    }
    return {key: value for key, value in {**sound, **changes}.items() if value is not None}


def faults_of(changed: dict[str, Any]) -> list[str]:
    with pytest.raises(CsvMappingError) as raised:
        mapping_from_table("made", changed)
    return list(raised.value.faults)


def test_sound_table_is_a_mapping() -> None:
    mapping = mapping_from_table("made", table())
    assert (mapping.format, mapping.delimiter, mapping.amount.number.decimal) == ("csv:made", ",", ".")
    assert hash(mapping) == hash(mapping_from_table("made", table()))


def test_all_faults_are_told_at_once_with_path_value_and_what_is_allowed() -> None:
    wrong = table(
        amount={"sign": "debt", "column": "Amount", "thousands": "."},
        days={"booked": "Day", "formats": ["YYYY-MM-DD", "MM/DD/YYYY", "DD/MM/YYYY"]},
        delimiter="x",
        account=None,
        colour="blue",
    )
    told = faults_of(wrong)
    assert "[csv.amount] sign: 'debt' is none of signed, columns, flag" in told
    assert "[csv.amount] thousands: '.' is the decimal separator as well" in told
    assert any(fault.startswith("[csv.days] formats: 'MM/DD/YYYY' is not told apart from DD/MM/YYYY") for fault in told)
    assert any(fault.startswith("[csv] delimiter: 'x' is none of ") for fault in told)
    assert any(fault.startswith("[csv] account: missing") for fault in told)
    assert any(fault.startswith("[csv] colour: unknown") for fault in told)
    assert len(told) == 6


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"amount": {"column": "Amount"}}, "[csv.amount] sign: missing"),
        ({"amount": {"sign": "columns", "credit_column": "In"}}, "[csv.amount] debit_column: missing"),
        ({"amount": {"sign": "flag", "column": "A", "flag_column": "F"}}, "[csv.amount] credit_values: missing"),
        (
            {
                "amount": {
                    "sign": "flag",
                    "column": "A",
                    "flag_column": "F",
                    "credit_values": ["c"],
                    "debit_values": ["C "],
                }
            },
            "[csv.amount] debit_values: 'c' is among credit_values",
        ),
        ({"amount": {"sign": "signed", "column": "A", "debit_column": "B"}}, "[csv.amount] debit_column: 'B' is of no"),
        ({"amount": {"sign": "signed", "column": "A", "symbols": ["1"]}}, "[csv.amount] symbols: '1' is no sign"),
        ({"amount": {"sign": "signed", "column": 0}}, "[csv.amount] column: '0' is no name of a column"),
        ({"amount": {"sign": "signed", "column": True}}, "[csv.amount] column: 'True' is no name of a column"),
        ({"currency": {"fixed": "EURO"}}, "[csv.currency] fixed: 'EURO' is no currency"),
        ({"currency": {"fixed": "EUR", "column": "C"}}, "[csv.currency] exactly one of column and fixed"),
        ({"days": {"booked": "Day", "formats": ["YYYY-MM"]}}, "[csv.days] formats: 'YYYY-MM' is no format"),
        ({"header": "none"}, "[csv] row_width: missing"),
        ({"header": "none", "row_width": 3}, "[csv] header: 'none' is wrong: column 'Day' is named"),
        ({"type": {"column": "T", "values": {"x": "gift"}}}, "[csv.type.values] x: 'gift' is none of payment"),
        ({"type": {"column": "T"}}, "[csv.type] values: missing"),
        ({"status": {"column": "S", "posts": ["ok"], "pends": ["OK"]}}, "[csv.status] posts: 'ok' is in two lists"),
        ({"totals": [{"from_end": 1, "count": 2}]}, "[csv] footer_rows: '0' is less than row 1 from the end"),
        ({"totals": [{"count": 2}]}, "[csv.totals[0]] exactly one of record, line and from_end"),
        ({"totals": [{"record": "T", "count": 2}]}, "[csv.totals[0]] record: 't' is of no use without"),
        ({"totals": [{"from_end": 1}], "footer_rows": 1}, "[csv.totals[0]] count: missing"),
        ({"opening": {"line": 3, "column": 2}}, "[csv] skip_lines: '0' is less than line 3"),
        ({"skip_lines": -1}, "[csv] skip_lines: '-1' is no whole number"),
        ({"references": []}, "[csv] references: '[]' is no name of a column"),
        ({"shape": "json", "footer_rows": 2}, "[csv] footer_rows: '2' is of no use in JSON"),
        ({"account": "A1"}, "[csv] account: 'A1' is no table"),
        ({"guard": "#"}, "[csv] guard: '#' is none of"),
    ],
)
def test_fault_is_named(changes: dict[str, Any], path: str) -> None:
    assert any(fault.startswith(path) for fault in faults_of(table(**changes)))


def test_mapping_needs_a_name() -> None:
    for name in ("", "a b", "x" * 61, "../x", "a.b.c"):
        with pytest.raises(CsvMappingError):
            mapping_from_table(name, table())


def test_text_that_is_not_toml_is_a_fault() -> None:
    with pytest.raises(CsvMappingError, match="not TOML"):
        mapping_from_toml("made", "delimiter = ")
    with pytest.raises(CsvMappingError, match="longer than"):
        mapping_from_toml("made", "#" * 300_000)


def test_every_shipped_mapping_is_sound_dated_and_names_its_source() -> None:
    texts = shipped_mapping_texts()
    assert set(texts) == set(load_shipped_mappings())
    assert {"braintree", "checkoutcom-payouts", "checkoutcom-settlement", "dlocal", "gravy", "trustly", "worldpay"} <= (
        set(texts)
    )
    for name, text in texts.items():
        comment = text.split("\n\n", 1)[0]
        assert text.startswith("# "), name
        assert "2026" in comment, name


def test_mapping_matches_the_files_it_is_about() -> None:
    layout = Layout(preamble=("Statement of January", "drawn up by a machine"), delimiter=";")
    head = build_csv(layout, some_lines(400))[:HEAD_BYTES]
    mapping = layout.mapping()
    assert head_matches(mapping, head)
    assert head_matches(mapping, b"\xef\xbb\xbf" + head)
    assert not head_matches(mapping, head.replace(b"Amount", b"Betrag"))
    assert not head_matches(mapping, head[:20])
    assert not head_matches(mapping, b"")
    assert not head_matches(mapping, head + b"\0")
    assert not head_matches(Layout().mapping(), head)


def test_mapping_without_a_header_matches_by_records_and_width() -> None:
    layout = Layout(has_header=False)
    mapping = layout.mapping()
    head = build_csv(layout, some_lines(3))
    assert head_matches(mapping, head)
    assert not head_matches(mapping, head.replace(b"D,", b"X,"))
    assert not head_matches(mapping, b"D,only,three\n")


def test_json_matches_by_its_keys() -> None:
    mapping = mapping_from_table("made", table(shape="json", amount={"sign": "signed", "column": "money.value"}))
    assert head_matches(mapping, b' [ {"Day": "2026-01-05", "money": {"value": "1.00"}}')
    assert head_matches(mapping, b'{"Day": 1, "money": 2}\n{"Day": ')
    assert not head_matches(mapping, b'{"Day": 1}')
    assert not head_matches(mapping, b"Day,money\n")


@pytest.mark.parametrize(
    ("day_format", "text", "expected"),
    [
        ("YYYY-MM-DD", "2026-02-28", "2026-02-28"),
        ("YYYY-MM-DD", "2026-02-29", None),
        ("DD.MM.YYYY", "31.02.2026", None),
        ("DD.MM.YYYY", "05.01.2026", "2026-01-05"),
        ("D/M/YY", "5/1/26", "2026-01-05"),
        ("DD.MM.YY", "05.01.99", "2099-01-05"),
        ("DD.MM.YY", "05.01.2026", None),
        ("YYYYMMDD", "20260105", "2026-01-05"),
        ("DD-Mon-YYYY", "05-JAN-2026", "2026-01-05"),
        ("DD-Mon-YYYY", "05-Jnn-2026", None),
        ("YYYY-MM-DD*", "2026-01-05T23:59:59.999Z", "2026-01-05"),
        ("YYYY-MM-DD*", "2026-01-05 23:59", "2026-01-05"),
        ("YYYY-MM-DD*", "2026-01-055", None),
        ("YYYY-MM-DD", "\u0662026-01-05", None),
        ("YYYY-MM-DD", "", None),
    ],
)
def test_days(day_format: str, text: str, expected: str | None) -> None:
    day = DayTexts((day_format,))[text]
    assert (day.isoformat() if day else None) == expected


def test_formats_that_contradict_each_other_are_found() -> None:
    assert find_contradiction(("DD/MM/YYYY", "MM/DD/YYYY")) is not None
    assert find_contradiction(("DD.MM.YY", "YY.MM.DD")) is not None
    assert find_contradiction(("YYYY-MM-DD", "DD.MM.YYYY", "YYYY-MM-DD*")) is None
    assert pattern_of("YYYY-MM-MM") is None
    assert pattern_of("YYYY-MM-DDx") is None


EUROPEAN = NumberRule(",", ".", styles=frozenset({"leading", "trailing", "parentheses"}), symbols=("€", "EUR"))


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        (EUROPEAN, "1.234,56", 123_456),
        (EUROPEAN, "-1.234,56", -123_456),
        (EUROPEAN, "12,00-", -1_200),
        (EUROPEAN, "(12,00)", -1_200),
        (EUROPEAN, "€ 12,00", 1_200),
        (EUROPEAN, "-€12,00", -1_200),
        (EUROPEAN, "12,00 EUR", 1_200),
        (EUROPEAN, "1.234", 123_400),
        (EUROPEAN, "12,5", 1_250),
        (EUROPEAN, ",50", 50),
        (EUROPEAN, "12,000", 1_200),
        (EUROPEAN, "\u221212,00", -1_200),
        (EUROPEAN, "12.34", None),
        (EUROPEAN, "1234.56", None),
        (EUROPEAN, "1.23.456,00", None),
        (EUROPEAN, "12,005", None),
        (EUROPEAN, "-12,00-", None),
        (EUROPEAN, "(-12,00)", None),
        (EUROPEAN, "(12,00", None),
        (EUROPEAN, "$ 12,00", None),
        (EUROPEAN, "12,", None),
        (EUROPEAN, "€", None),
        (NumberRule(), "12..34", None),
        (NumberRule(), "12-", None),
        (NumberRule(), "(12.00)", None),
        (NumberRule(), "=1+1", None),
        (NumberRule(), "1e5", None),
        (NumberRule(), "NaN", None),
        (NumberRule(), "\u0661\u0662", None),
        (NumberRule(), "9" * 19, None),
        (NumberRule(), "9" * 70, None),
        (NumberRule(".", " "), "1\u00a0234.50", 123_450),
        (NumberRule(".", " "), "1\u202f234.50", 123_450),
        (NumberRule(".", "'"), "1\u2019234.50", 123_450),
        (NumberRule(unit="minor"), "1250", 1250),
        (NumberRule(unit="minor"), "12.50", None),
    ],
)
def test_amounts(rule: NumberRule, text: str, expected: int | None) -> None:
    reader = NumberReader(rule)
    if expected is None:
        with pytest.raises(AmountTextError):
            reader.read(text, 2)
    else:
        assert reader.read(text, 2) == expected
    told: list[str] = []
    amounts = reader.read_column([text], ["EUR"], lambda place, rule_name, message: told.append(rule_name))
    assert (amounts, bool(told)) == (([expected], False) if expected is not None else ([0], True))


@pytest.mark.parametrize(
    ("currency", "text", "expected"),
    [
        ("JPY", "1250", 1250),
        ("JPY", "1250.00", 1250),
        ("BHD", "1.250", 1250),
        ("CLF", "1.2500", 12_500),
        ("EUR", "1.25000", 125),
    ],
)
def test_decimals_of_currencies(currency: str, text: str, expected: int) -> None:
    def refuse(place: int, rule: str, message: str) -> None:
        raise AssertionError(message)

    assert NumberReader(NumberRule()).read_column([text], [currency], refuse) == [expected]
