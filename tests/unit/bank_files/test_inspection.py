"""What `pawledger inspect` prints, and its exit code."""

import json
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest

from pawledger.bank_files.inspection import exit_code_of, inspect_stream, report_as_json_object
from pawledger.bank_files.report import Verdict
from pawledger.command_line.inspect import inspect_files
from tests.builders.bai2_file import Account, Movement, write_bai2

SAMPLES = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files" / "bai2"


def inspected(content: bytes) -> dict[str, Any]:
    return report_as_json_object("drop.bai2", inspect_stream(BytesIO(content)))


def test_object_has_exactly_the_shape_of_the_contract() -> None:
    account = Account(
        number="77",
        opening_minor=500,
        movements=(Movement("165", 1250), Movement("557", 250, customer_reference="PL1"), Movement("495", 100)),
    )
    assert inspected(write_bai2(account)) == {
        "file": "drop.bai2",
        "format": "bai2",
        "verdict": "accepted",
        "problems": [],
        "statements": [
            {
                "account": "77",
                "currency": "USD",
                "opening_minor": 500,
                "closing_minor": 1400,
                "entry_count": 3,
                "credit_count": 1,
                "credit_minor": 1250,
                "debit_count": 2,
                "debit_minor": 350,
                "return_count": 1,
                "change_count": 0,
            }
        ],
        "entry_count": 3,
        "credit_minor": 1250,
        "debit_minor": 350,
    }


def test_problem_names_severity_rule_line_and_field() -> None:
    content = write_bai2(Account(movements=(Movement(amount_minor=1250),))).replace(b"49,203750,", b"49,203751,")
    problems = inspected(content)["problems"]
    assert {key: problems[0][key] for key in ("severity", "rule", "line", "field")} == {
        "severity": "error",
        "rule": "bai2.total_49",
        "line": 5,
        "field": "control_total",
    }


def test_sums_over_two_currencies_are_unknown_but_the_count_is_not() -> None:
    one, other = (
        Account(number="1", movements=(Movement(),)),
        Account(number="2", currency="EUR", movements=(Movement(),)),
    )
    whole = inspected(write_bai2(one, other))
    assert (whole["entry_count"], whole["credit_minor"], whole["debit_minor"]) == (2, None, None)


def test_file_that_is_no_bank_file_has_only_unknown_values() -> None:
    whole = inspected(b"hello")
    assert whole["verdict"] == "unreadable"
    assert [whole[key] for key in ("format", "entry_count", "credit_minor", "debit_minor")] == [None] * 4


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([], 0),
        ([Verdict.ACCEPTED], 0),
        ([Verdict.ACCEPTED, Verdict.OUT_OF_BALANCE], 3),
        ([Verdict.UNREADABLE, Verdict.OUT_OF_BALANCE], 4),
        ([Verdict.OUT_OF_BALANCE, Verdict.UNREADABLE, Verdict.ACCEPTED], 4),
    ],
)
def test_worst_verdict_decides_the_exit_code(verdicts: list[Verdict], code: int) -> None:
    assert exit_code_of(verdicts) == code


def test_one_line_per_file_in_the_order_given(tmp_path: Path) -> None:
    (tmp_path / "good.bai2").write_bytes(write_bai2(Account(movements=(Movement(),))))
    (tmp_path / "junk").write_bytes(b"\0\1")
    paths = [str(tmp_path / name) for name in ("junk", "good.bai2", "none")]
    out = StringIO()
    assert inspect_files([*paths, str(tmp_path), "nul\0name"], out) == 4
    printed = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["file"] for line in printed] == [*paths, str(tmp_path), "nul\0name"]
    assert [line["verdict"] for line in printed] == ["unreadable", "accepted", *["unreadable"] * 3]
    rules = [line["problems"][0]["rule"] for line in printed if line["problems"]]
    assert rules == ["file.format_unknown", "file.not_found", "file.is_folder", "file.unreadable"]


def test_what_a_file_says_cannot_steer_a_terminal(tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.bai2"
    hostile.write_bytes(b"01,\x1b[2J\x1b]0;x\x07\xe2\x80\xae\n\x1b[31m,\n")
    out = StringIO()
    inspect_files([str(hostile)], out)
    assert out.getvalue().rstrip("\n").isascii()
    assert out.getvalue().rstrip("\n").isprintable()


@pytest.mark.parametrize(
    ("name", "exit_code", "expected"),
    [
        ("good.bai2", 0, ("accepted", 5, 11_250, 4_250)),
        ("one_cent_wrong.bai2", 3, ("out_of_balance", 5, 11_250, 4_250)),
        ("truncated.bai2", 4, ("unreadable", 3, 11_250, 0)),
    ],
)
def test_own_samples_come_to_the_end_their_names_say(
    name: str, exit_code: int, expected: tuple[str, int, int, int]
) -> None:
    out = StringIO()
    assert inspect_files([str(SAMPLES / name)], out) == exit_code
    whole = json.loads(out.getvalue())
    assert tuple(whole[key] for key in ("verdict", "entry_count", "credit_minor", "debit_minor")) == expected
