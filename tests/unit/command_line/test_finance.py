"""`pawledger finance close`: the files hold what happened, and what does not tie to the ledger is named."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pyarrow import parquet

from pawledger.command_line import finance_files
from pawledger.domain.canonical import hash_text
from pawledger.domain.closing.month_close import TRIAL_BALANCE, Row
from tests.fakes.memory import MemoryWorld
from tests.fakes.world import HeadRow
from tests.unit.command_line.conftest import Ran

Run = Callable[..., Ran]

INVOICE = ("ABCD1234", "invoice#POL-1#1#1")
TABLES = {
    "aged_receivables",
    "earned_by_day",
    "earned_by_month",
    "earned_by_term",
    "movements",
    "open_items",
    "premium_billed",
    "proofs",
    "tax_payable",
    "trial_balance",
}


def read_csv(directory: Path, table: str) -> list[dict[str, str]]:
    with (directory / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_month_is_written_as_csv_and_parquet_with_the_same_rows(
    explained: MemoryWorld, run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "april"

    closed = run("finance", "close", "2026-04", "--out", str(out))

    assert closed.code == 0, closed.err
    assert "Closed: 2026-04 ties to the ledger" in closed.out
    assert {path.name for path in out.iterdir()} == {f"{t}.{kind}" for t in TABLES for kind in ("csv", "parquet")}
    for table in TABLES:
        rows = parquet.read_table(out / f"{table}.parquet").to_pylist()
        assert [{name: str(cell).lower() for name, cell in row.items()} for row in rows] == [
            {name: cell.lower() for name, cell in row.items()} for row in read_csv(out, table)
        ]


def test_the_tables_hold_what_happened(explained: MemoryWorld, run: Run, tmp_path: Path) -> None:
    """120.00 a year from 1 January 2026, 30.00 a quarter; 50.00 were paid in January and taken back on 2 April.

    In April 30 of 365 days: 120 days make 39.45, 90 days of before 29.59.
    """
    run("finance", "close", "2026-04", "--out", str(tmp_path / "april"))

    balances = {row["ledger_account"]: row for row in read_csv(tmp_path / "april", "trial_balance")}
    assert balances["cash"] == {
        "currency": "EUR",
        "ledger_account": "cash",
        "opening_minor": "5000",
        "debit_minor": "0",
        "credit_minor": "5000",
        "closing_minor": "0",
    }
    assert {name: int(row["closing_minor"]) for name, row in balances.items()} == {
        "cash": 0,
        "premium": -12_000,
        "receivable": 6_000,
        "unapplied": 0,
        "unbilled": 6_000,
    }
    assert read_csv(tmp_path / "april", "earned_by_month") == [
        {
            "currency": "EUR",
            "jurisdiction": "",
            "unearned_before_minor": str(12_000 - 2_959),
            "written_minor": "0",
            "earned_minor": str(3_945 - 2_959),
            "unearned_minor": str(12_000 - 3_945),
            "of_which_not_begun_minor": "0",
        }
    ]
    assert read_csv(tmp_path / "april", "premium_billed") == [
        {
            "currency": "EUR",
            "code": "premium",
            "before_minor": "6000",
            "in_month_minor": "0",
            "until_close_minor": "6000",
        }
    ]


def test_what_is_open_is_aged_by_the_days_since_it_was_due(explained: MemoryWorld, run: Run, tmp_path: Path) -> None:
    """Of the 50.00 taken back 30.00 had paid the first invoice, due on 1 January: 150 days to 31 May, 180 to 30 June.

    The other 20.00 had paid a part of the second one and are due since 2 April, 59 and 89 days; its 10.00 since the
    1st.
    """
    run("finance", "close", "2026-05", "--out", str(tmp_path / "may"))
    run("finance", "close", "2026-06", "--out", str(tmp_path / "june"))

    may, june = (
        {
            row["days_due"]: (int(row["item_count"]), int(row["remaining_minor"]))
            for row in read_csv(tmp_path / m, table)
        }
        for m, table in (("may", "aged_receivables"), ("june", "aged_receivables"))
    )
    assert (may["31-60"], may["over_90"]) == ((2, 3_000), (1, 3_000))
    assert (june["61-90"], june["over_90"]) == ((2, 3_000), (1, 3_000))
    assert {(row["invoice_id"][:8], row["due_on"]) for row in read_csv(tmp_path / "may", "open_items")} == {
        ("ABCD1234", "2026-01-01"),
        ("ABCD1234", "2026-04-01"),
        ("return-0", "2026-04-02"),
    }


def test_the_same_ledger_gives_the_same_bytes(explained: MemoryWorld, run: Run, tmp_path: Path) -> None:
    for name in ("one", "other"):
        run("finance", "close", "2026-04", "--out", str(tmp_path / name))

    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()


def test_a_close_is_not_overwritten(explained: MemoryWorld, run: Run, tmp_path: Path) -> None:
    run("finance", "close", "2026-04", "--out", str(tmp_path / "april"))

    again = run("finance", "close", "2026-04", "--out", str(tmp_path / "april"))

    assert again.code == 1
    assert "is there already" in again.err


def test_an_edited_entry_stops_the_close_and_leaves_no_folder(explained: MemoryWorld, run: Run, tmp_path: Path) -> None:
    row = explained.rows.entries[INVOICE]
    row.body = row.body.replace("3000", "3100")

    closed = run("finance", "close", "2026-04", "--out", str(tmp_path / "april"))

    assert (closed.code, closed.out) == (1, "")
    assert INVOICE[1] in closed.err
    assert list(tmp_path.iterdir()) == []


def test_an_edited_head_stops_the_close(explained: MemoryWorld, run: Run, tmp_path: Path) -> None:
    head = explained.rows.heads["ABCD1234"][-1]
    body = head.body.replace('"receivable":6000', '"receivable":5999')
    explained.rows.heads["ABCD1234"].append(HeadRow(head.version, head.agenda_on, body))

    closed = run("finance", "close", "2026-04", "--out", str(tmp_path / "april"))

    assert closed.code == 1
    assert "ABCD1234: its entries do not lead to its head" in closed.err


def test_an_entry_forged_with_its_hash_and_head_fails_its_proof_by_name(
    explained: MemoryWorld, run: Run, tmp_path: Path
) -> None:
    """The last entry can be made anew with the hash that the head keeps of it; its amounts still must tie."""
    last = ("ABCD1234", "debit#" + "12".zfill(32))
    row, head = explained.rows.entries[last], explained.rows.heads["ABCD1234"][-1]
    was = row.hash
    row.body = row.body.replace('["receivable","EUR",5000]', '["premium","EUR",5000]')
    row.hash = hash_text(row.body)
    body = head.body.replace(was, row.hash).replace(
        '"premium":-12000,"receivable":6000', '"premium":-7000,"receivable":1000'
    )
    explained.rows.heads["ABCD1234"].append(HeadRow(head.version, head.agenda_on, body))

    closed = run("finance", "close", "2026-04", "--out", str(tmp_path / "april"), "--json")

    assert closed.code == 1
    failed = {
        (p["proof"], p["left_minor"], p["right_minor"]) for p in json.loads(closed.out)["proofs"] if not p["is_equal"]
    }
    assert failed == {
        ("open items = receivable", 6_000, 1_000),
        ("written by term = premium + discount", 12_000, 7_000),
        ("written by term in the month = movements of premium + discount", 0, -5_000),
        ("earned + unearned = premium + discount", 12_000, 7_000),
        ("invoiced - given back + unbilled = premium + tax + fee + discount", 12_000, 7_000),
    }
    assert {row["account_id"] for row in read_csv(tmp_path / "april", "proofs") if row["is_equal"] == "false"} == {
        "",
        "ABCD1234",
    }


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "1999-12", "26-11", "2026-1\uff11"])
def test_what_is_no_month_is_wrong_usage(month: str, run: Run) -> None:
    refused = run("finance", "close", month)

    assert refused.code == 2
    assert "is not a month such as 2026-11" in refused.err


def test_a_month_that_is_not_over_is_closed_with_a_warning(explained: MemoryWorld, run: Run, tmp_path: Path) -> None:
    closed = run("finance", "close", "2026-04", "--as-of", "2026-04-30", "--out", str(tmp_path / "april"))

    assert closed.code == 0
    assert "2026-04 is not over" in closed.err


def test_a_folder_that_cannot_be_made_is_a_named_condition(explained: MemoryWorld, run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")

    closed = run("finance", "close", "2026-04", "--out", str(tmp_path / "file" / "april"))

    assert closed.code == 1
    assert "cannot be written" in closed.err


def test_rows_of_several_groups_are_all_written_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finance_files, "ROWS_PER_GROUP", 2)
    out = tmp_path / "groups"
    rows: list[Row] = [("EUR", str(number), number, -number, 0, 10**17 + number) for number in range(5)]

    with finance_files.TableFiles(out) as files:
        for row in rows:
            files.write_row(TRIAL_BALANCE, row)

    written = parquet.ParquetFile(out / "trial_balance.parquet")
    assert written.num_row_groups == 3
    assert [tuple(row.values()) for row in written.read().to_pylist()] == rows
    assert [row["closing_minor"] for row in read_csv(out, "trial_balance")] == [str(10**17 + n) for n in range(5)]


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    with finance_files.TableFiles(tmp_path / "empty"):
        pass

    names = [name for name, _ in TRIAL_BALANCE.columns]
    assert parquet.read_schema(tmp_path / "empty" / "trial_balance.parquet").names == names
    assert (tmp_path / "empty" / "trial_balance.csv").read_text(encoding="utf-8") == ",".join(names) + "\n"


def test_without_the_library_for_parquet_the_close_says_what_to_install(
    explained: MemoryWorld, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    closed = run("finance", "close", "2026-04", "--out", str(tmp_path / "april"))

    assert closed.code == 1
    assert "install pawledger[finance]" in closed.err
