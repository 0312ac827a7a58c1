"""`pawledger returns reasons`: the tables of reasons for people."""

import re
from collections.abc import Callable

from tests.unit.command_line.conftest import Ran

Run = Callable[..., Ran]


def test_one_reason_is_shown_with_what_follows(run: Run) -> None:
    shown = run("returns", "reasons", "R02")
    assert (shown.code, shown.err) == (0, "")
    assert re.split(r" {2,}", shown.out.splitlines()[2]) == [
        "R02",
        "nacha",
        "account closed",
        "The account was closed",
        "stops the mandate, details to be corrected",
    ]


def test_all_reasons_are_listed(run: Run) -> None:
    shown = run("returns", "reasons")
    codes = {line.split()[0] for line in shown.out.splitlines() if line[:1].strip()}
    assert {"R01", "AC04", "ARUDD-0", "fraudulent"} <= codes


def test_a_code_that_no_table_explains_is_said(run: Run) -> None:
    shown = run("returns", "reasons", "ZZ99")
    assert shown.code == 1
    assert "no table explains 'ZZ99'" in shown.err
