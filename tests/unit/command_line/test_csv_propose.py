"""`pawledger csv propose`, and `pawledger inspect --mapping` with what it proposed."""

import json
import os
import tomllib
from pathlib import Path

import pytest

from tests.unit.command_line.test_main import Run

SAMPLE = (
    "id,date,amount,currency,reference\n"
    "1001,2026-01-13,12.50,EUR,POL-1\n"
    "1002,2026-01-14,-3.00,EUR,POL-2\n"
)  # fmt: skip


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "sample.csv"
    path.write_text(SAMPLE, encoding="utf-8")
    return path


def test_a_proposal_is_a_mapping_that_reads_its_sample(run: Run, sample: Path, tmp_path: Path) -> None:
    proposed = run("csv", "propose", str(sample))
    assert (proposed.code, proposed.err) == (0, "")
    mapping = tmp_path / "psp.toml"
    mapping.write_text(proposed.out, encoding="utf-8")
    inspected = run("inspect", "--mapping", str(mapping), str(sample))
    told = json.loads(inspected.out)
    assert (inspected.code, told["format"], told["verdict"]) == (0, "csv:psp", "accepted")
    assert (told["credit_minor"], told["debit_minor"]) == (1250, 300)


def test_a_file_without_a_mapping_says_what_to_do(run: Run, sample: Path) -> None:
    inspected = run("inspect", str(sample))
    problem = json.loads(inspected.out)["problems"][0]
    assert (inspected.code, problem["rule"]) == (4, "csv.mapping_missing")
    assert "pawledger csv propose" in problem["message"]


def test_shipped_mappings_are_known_without_being_named(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text(
        "Type;Reference;Country;currency;Net Amount (local);Status;Settlement date;Creation date;Transaction Invoice;"
        "Invoice;Transaction Reference;IOF;Payment Method Type\n"
        "Payment;r-1;BR;BRL;12.50;Completed;2026-01-13;2026-01-12;i-1;i-1;t-1;0;CARD\n",
        encoding="utf-8",
    )
    told = json.loads(run("inspect", str(path)).out)
    assert (told["format"], told["verdict"], told["credit_minor"]) == ("csv:dlocal", "accepted", 1250)


def test_a_mapping_with_faults_is_told_before_any_file_is_read(run: Run, sample: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "bad.toml"
    mapping.write_text('delimiter = "#"\n', encoding="utf-8")
    ran = run("inspect", "--mapping", str(mapping), str(sample))
    assert (ran.code, ran.out) == (1, "")
    assert "mapping bad: " in ran.err
    assert "[csv] delimiter: '#' is none of" in ran.err
    assert "[csv] account: missing" in ran.err


@pytest.mark.parametrize(
    ("content", "reason"), [(b"\xff", "not UTF-8"), (b"= 1", "not TOML"), (b"#" * 300_000, "longer than")]
)
def test_what_is_no_mapping_is_one_sentence(
    run: Run, sample: Path, tmp_path: Path, content: bytes, reason: str
) -> None:
    mapping = tmp_path / "bad.toml"
    mapping.write_bytes(content)
    ran = run("inspect", "--mapping", str(mapping), str(sample))
    assert (ran.code, ran.out) == (1, "")
    assert reason in ran.err


@pytest.mark.parametrize("arguments", [("csv", "propose"), ("inspect", "--mapping")])
def test_files_that_cannot_be_read_are_one_sentence(run: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments, str(tmp_path / "missing"), *([os.devnull] if arguments[0] == "inspect" else []))
    assert (ran.code, ran.out) == (1, "")
    assert "cannot be read" in ran.err


def test_what_is_no_delimited_text_is_one_sentence(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "words"
    path.write_text("some words", encoding="utf-8")
    ran = run("csv", "propose", str(path))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.count("\n") == 1
    assert "no text in rows" in ran.err


def test_what_is_left_open_stands_in_the_proposal(run: Run, sample: Path) -> None:
    text = run("csv", "propose", str(sample)).out
    assert "# OPEN: " in text
    assert tomllib.loads(text)["references"] == ["reference", "id"]
