"""`pawledger files`: what became of each bank file, and whether its money is accounted for."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from textwrap import dedent
from typing import Any

import pytest

from pawledger.ports import BankFileRecord, ChunkResult
from tests.fakes.memory import MemoryWorld
from tests.unit.command_line.conftest import FILE_ID, Ran

Run = Callable[..., Ran]

RECORD = BankFileRecord(
    file_id=FILE_ID,
    status="posting",
    provider="firstbank",
    incoming_key="incoming/firstbank/day.bai",
    incoming_version_id="v1",
    stored_key=f"archive/firstbank/{FILE_ID}/day.bai",
    received_on=date(2026, 4, 10),
    format="bai2",
    verdict="accepted",
    problems=(),
    statements=(
        {
            "account": "0975312468",
            "currency": "USD",
            "opening_minor": 10000,
            "closing_minor": 17000,
            "entry_count": 4,
            "credit_count": 3,
            "credit_minor": 9000,
            "debit_count": 1,
            "debit_minor": 2000,
            "return_count": 1,
            "change_count": 0,
        },
    ),
    chunk_count=2,
    movement_count=4,
    credit_minor={"USD": 9000},
    debit_minor={"USD": 2000},
)

QUARANTINED = replace(
    RECORD,
    file_id="b" * 64,
    status="quarantined",
    provider="otherbank",
    incoming_key="incoming/otherbank/broken.bai",
    stored_key=f"quarantine/otherbank/{'b' * 64}/broken.bai",
    verdict="out_of_balance",
    problems=(
        {
            "severity": "error",
            "rule": "bai2.account_total",
            "line": 9,
            "field": "account control total",
            "message": "expected 100, found '\\x1b'",
        },
    ),
    statements=(),
    chunk_count=0,
    movement_count=0,
    credit_minor={},
    debit_minor={},
)


LISTED = """\
received    file          name                  format  verdict         status       movements    credits     debits
----------  ------------  --------------------  ------  --------------  -----------  ---------  ---------  ---------
2026-04-10  a1b2c3d4e5f6  firstbank/day.bai     bai2    accepted        posting              4  90.00 USD  20.00 USD
2026-04-10  bbbbbbbbbbbb  otherbank/broken.bai  bai2    out of balance  quarantined          0          -          -

2 received from 2026-04-10 to 2026-04-10.
"""


def result(chunk_number: int, movement_count: int, **changes: Any) -> ChunkResult:
    values: dict[str, Any] = {
        "file_id": FILE_ID,
        "chunk_number": chunk_number,
        "movement_count": movement_count,
        "posted_minor": {},
        "suspended_minor": {},
        "rejected_minor": {},
        "repeated_minor": {},
        "suspended_count": 0,
        "rejected_count": 0,
        "repeated_count": 0,
    }
    return ChunkResult(**{**values, **changes})


@pytest.fixture
def received(world: MemoryWorld) -> MemoryWorld:
    register = world.bank_file_register
    register.write_file(RECORD, expected_status=None)
    register.write_file(QUARANTINED, expected_status=None)
    register.write_chunk_result(
        result(1, 3, posted_minor={"USD": 5000}, suspended_minor={"USD": 1000}, suspended_count=1)
    )
    return world


def test_files_of_a_day_are_listed_with_verdict_and_totals(received: MemoryWorld, run: Run) -> None:
    assert run("files", "list", "--day", "2026-04-10").out == LISTED


@pytest.mark.parametrize(("as_of", "days", "count"), [("2026-04-12", 3, 2), ("2026-04-12", 2, 0), ("2026-04-09", 9, 0)])
def test_days_are_counted_back_from_the_day_of_looking(
    as_of: str, days: int, count: int, received: MemoryWorld, run: Run
) -> None:
    document = json.loads(run("files", "list", "--days", str(days), "--as-of", as_of, "--json").out)

    assert len(document["files"]) == count


def test_no_files_are_said_in_words(world: MemoryWorld, run: Run) -> None:
    listed = run("files", "list", "--days", "2", "--as-of", "2026-04-11")

    assert listed.out == "No bank files were received from 2026-04-10 to 2026-04-11.\n"


def test_webhooks_are_counted_and_listed_where_they_are_asked_for(received: MemoryWorld, run: Run) -> None:
    event = replace(
        RECORD, file_id="c" * 64, provider="stripe", incoming_key="incoming/stripe/evt_1.json", format="stripe.events"
    )
    received.bank_file_register.write_file(event, expected_status=None)
    # One that could not be read is a person's business, as any such file is.
    unread = replace(event, file_id="d" * 64, incoming_key="incoming/stripe/odd.json", status="quarantined")
    received.bank_file_register.write_file(unread, expected_status=None)

    files = run("files", "list", "--day", "2026-04-10").out
    assert files.endswith(
        "3 received from 2026-04-10 to 2026-04-10.\nWebhooks beside these: 1; --webhooks lists them.\n"
    )
    assert "stripe/odd.json" in files
    assert "evt_1" not in files
    webhooks = json.loads(run("files", "list", "--day", "2026-04-10", "--webhooks", "--json").out)
    assert [each["incoming_key"] for each in webhooks["files"]] == ["incoming/stripe/evt_1.json"]
    assert webhooks["webhooks_not_listed"] == 0


def test_more_days_than_a_year_are_wrong_usage(run: Run) -> None:
    assert run("files", "list", "--days", "367").code == 2


def test_a_file_with_a_chunk_outstanding_is_not_proven_and_the_chunk_is_named(received: MemoryWorld, run: Run) -> None:
    # In the file 90 - 20 = 70 net; 50 posted and 10 suspended leave 10 and one movement missing.
    table = f"""\
        file         {FILE_ID}
        dropped as   incoming/firstbank/day.bai
        now at       archive/firstbank/{FILE_ID}/day.bai
        received on  2026-04-10
        format       bai2
        verdict      accepted
        status       posting

        statement account     opening     closing  entries    credits     debits  returns
        -----------------  ----------  ----------  -------  ---------  ---------  -------
        0975312468         100.00 USD  170.00 USD        4  90.00 USD  20.00 USD        1

        movements  in the file     posted  suspended  rejected  repeated    retold    missing
        ---------  -----------  ---------  ---------  --------  --------  --------  ---------
        number               4          2          1         0         0         0          1
        net USD      70.00 USD  50.00 USD  10.00 USD  0.00 USD  0.00 USD  0.00 USD  10.00 USD

        Not proven: 1 of 2 chunks have no result yet (2); look into the payments queue and its dead letters.
        """

    assert run("files", "show", FILE_ID).out == dedent(table)


def test_a_file_is_proven_when_every_movement_and_cent_is_accounted_for(received: MemoryWorld, run: Run) -> None:
    received.bank_file_register.write_chunk_result(
        result(2, 1, repeated_minor={"USD": 1000}, repeated_count=1),
    )

    posting = json.loads(run("files", "show", FILE_ID, "--json").out)["posting"]

    assert posting["is_proven"] is True
    assert (posting["posted_count"], posting["suspended_count"], posting["repeated_count"]) == (2, 1, 1)
    assert posting["missing_minor"] == {"USD": 0}
    assert "Proven: every movement is accounted for" in run("files", "show", FILE_ID).out


@pytest.mark.parametrize("changes", [{"repeated_minor": {"USD": 999}}, {"movement_count": 2}])
def test_one_cent_or_one_movement_off_is_not_proven(changes: dict[str, Any], received: MemoryWorld, run: Run) -> None:
    second = result(2, 1, repeated_minor={"USD": 1000}, repeated_count=1)
    received.bank_file_register.write_chunk_result(replace(second, **changes))

    assert json.loads(run("files", "show", FILE_ID, "--json").out)["posting"]["is_proven"] is False


def test_a_quarantined_file_shows_its_problems_and_is_never_called_proven(received: MemoryWorld, run: Run) -> None:
    shown = run("files", "show", "b" * 64)

    assert "account control total" in shown.out
    assert "bai2.account_total" in shown.out
    assert "Not proven: nothing of this file was posted" in shown.out


@pytest.mark.parametrize("beginning", ["a1b2", "A1B2C3", "a"])
def test_a_unique_beginning_of_the_id_is_enough(beginning: str, received: MemoryWorld, run: Run) -> None:
    document = json.loads(run("files", "show", beginning, "--as-of", "2026-05-01", "--json").out)

    assert document["file_id"] == FILE_ID


def test_a_beginning_that_fits_several_files_is_refused_and_they_are_named(received: MemoryWorld, run: Run) -> None:
    twin = replace(RECORD, file_id="a1ff" + "0" * 60)
    received.bank_file_register.write_file(twin, expected_status=None)

    shown = run("files", "show", "a1", "--as-of", "2026-04-11")

    assert shown.code == 1
    assert "2 bank files have ids that begin with a1: a1b2c3d4e5, a1ff000000" in shown.err


@pytest.mark.parametrize("file_id", ["c0", "c" * 64])
def test_an_unknown_file_is_told_in_one_sentence(file_id: str, received: MemoryWorld, run: Run) -> None:
    shown = run("files", "show", file_id, "--as-of", "2026-04-11")

    assert (shown.code, shown.out) == (1, "")
    assert file_id in shown.err


@pytest.mark.parametrize("file_id", ["xyz", "", "a" * 65])
def test_what_cannot_be_a_file_id_is_wrong_usage(file_id: str, run: Run) -> None:
    assert run("files", "show", file_id).code == 2
