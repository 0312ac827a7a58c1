"""Lockbox layouts: the typical one, and those that a table states."""

import tomllib
from dataclasses import fields
from typing import Any

import pytest

from pawledger.bank_files.lockbox.layout import (
    FAULTS_TOLD_MAX,
    TYPICAL_LAYOUT,
    CheckColumns,
    LockboxLayoutError,
    layout_from_table,
)

CHECK = {"batch": [2, 4], "item": [5, 7], "amount": [8, 17]}


def faults_of(table: dict[str, Any]) -> list[tuple[str, object, str]]:
    with pytest.raises(LockboxLayoutError) as raised:
        layout_from_table(table)
    return [(fault.path, fault.value, fault.rule) for fault in raised.value.faults]


def test_empty_table_is_the_typical_layout() -> None:
    assert layout_from_table({}) == TYPICAL_LAYOUT


def test_record_that_the_table_names_has_its_fields_and_no_others() -> None:
    table = tomllib.loads(
        """
        currency = "CAD"
        line_length = 104
        check = {batch = [2, 4], item = [5, 7], amount = [8, 17], remitter_id = [18, 27]}
        """
    )
    layout = layout_from_table(table)
    assert layout.check == CheckColumns((2, 4), (5, 7), (8, 17), remitter_id=(18, 27))
    assert (layout.currency, layout.line_length, layout.decimals) == ("CAD", 104, 2)
    assert layout.overflow == TYPICAL_LAYOUT.overflow


def test_typical_layout_told_as_a_table_is_the_same_layout() -> None:
    table: dict[str, Any] = {}
    for record in fields(TYPICAL_LAYOUT):
        value = getattr(TYPICAL_LAYOUT, record.name)
        if isinstance(value, str | int):
            table[record.name] = value
        else:
            named = {field.name: getattr(value, field.name) for field in fields(value)}
            table[record.name] = {name: list(columns) for name, columns in named.items() if columns is not None}
    assert layout_from_table(table) == TYPICAL_LAYOUT


@pytest.mark.parametrize(
    ("table", "path", "rule"),
    [
        ({"check": {**CHECK, "item": [4, 7]}}, "check.item", "do not overlap check.batch = [2, 4]"),
        ({"check": {**CHECK, "amount": [17, 8]}}, "check.amount", "the first column before the last"),
        ({"check": {**CHECK, "amount": [8, 161]}}, "check.amount", "columns up to 160"),
        ({"check": {**CHECK, "amount": [8, 26]}}, "check.amount", "at most 18 columns"),
        ({"check": {**CHECK, "batch": [1, 3]}}, "check.batch", "columns from 2 on"),
        ({"check": {**CHECK, "batch": [0, 3]}}, "check.batch", "two whole numbers"),
        ({"check": {**CHECK, "batch": [True, 3]}}, "check.batch", "two whole numbers"),
        ({"check": {**CHECK, "batch": "2-4"}}, "check.batch", "[first column, last column]"),
        ({"check": {**CHECK, "batch": [2, 3, 4]}}, "check.batch", "[first column, last column]"),
        ({"check": {**CHECK, "cheque": [40, 44]}}, "check.cheque", "no such field; there are batch, item, amount"),
        ({"check": {"batch": [2, 4], "item": [5, 7]}}, "check.amount", "the field is mandatory"),
        ({"check": [2, 4]}, "check", "a table of fields"),
        ({"trailer": {}}, "trailer.records", "the field is mandatory"),
        ({"cheque": CHECK}, "cheque", "no such entry"),
        ({"currency": "XXA"}, "currency", "an ISO 4217 code"),
        ({"currency": ["USD"]}, "currency", "an ISO 4217 code"),
        ({"decimals": -1}, "decimals", "a whole number from 0 to 5"),
        ({"decimals": True}, "decimals", "a whole number from 0 to 5"),
        ({"decimals": 6}, "decimals", "a whole number from 0 to 5"),
        ({"line_length": 0}, "line_length", "a whole number from 1 to 1000"),
        ({"line_length": "104"}, "line_length", "a whole number from 1 to 1000"),
        ({"date_format": "DDMMYY"}, "date_format", "one of YYMMDD"),
        ({"date_format": ["YYMMDD"]}, "date_format", "one of YYMMDD"),
    ],
)
def test_fault_of_a_table_is_named(table: dict[str, Any], path: str, rule: str) -> None:
    ((found_path, _, found_rule), *_) = faults = faults_of(table)
    assert (found_path, len(faults)) == (path, 1)
    assert rule in found_rule


def test_every_date_has_the_width_of_its_format() -> None:
    assert [fault[0] for fault in faults_of({"date_format": "YYYYMMDD"})] == [
        "immediate_header.date",
        "lockbox_header.deposit_date",
        "batch_total.deposit_date",
        "lockbox_total.deposit_date",
    ]


def test_all_faults_are_told_together_up_to_a_limit() -> None:
    with pytest.raises(LockboxLayoutError, match=r"decimals = 9: expected .*; check\.amount = None: expected"):
        layout_from_table({"decimals": 9, "check": {"batch": [2, 4], "item": [5, 7]}})
    assert len(faults_of({f"x{number}": 1 for number in range(1000)})) == FAULTS_TOLD_MAX


def test_columns_beyond_a_shorter_line_are_refused() -> None:
    assert [fault[0] for fault in faults_of({"line_length": 80})] == ["check.remitter"]
