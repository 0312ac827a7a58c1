"""`pawledger ledger verify`: whatever is changed in a stored ledger is found and named."""

import json
from collections.abc import Callable
from datetime import date

import pytest

from pawledger.command_line import ledgers
from pawledger.domain.canonical import hash_text
from pawledger.domain.posting.bank_movements import Movement
from pawledger.domain.posting.payments import decide_movement
from tests.fakes.memory import MemoryWorld
from tests.fakes.world import HeadRow
from tests.unit.command_line.conftest import Ran, append, movement

Run = Callable[..., Ran]

INVOICE = ("ABCD1234", "invoice#POL-1#1#1")
LAST = ("ABCD1234", "debit#" + "12".zfill(32))


def edit_head(world: MemoryWorld, old: str, new: str) -> None:
    head = world.rows.heads["ABCD1234"][-1]
    assert old in head.body
    world.rows.heads["ABCD1234"].append(HeadRow(head.version, head.agenda_on, head.body.replace(old, new)))


def test_an_unbroken_ledger_is_said_so_and_exits_0(explained: MemoryWorld, run: Run) -> None:
    verified = run("ledger", "verify", "ABCD1234")

    assert (verified.code, verified.out, verified.err) == (0, "Unbroken: 1 accounts with 5 entries.\n", "")


@pytest.mark.parametrize("entry", [INVOICE, LAST])
def test_an_edited_entry_is_named(entry: tuple[str, str], explained: MemoryWorld, run: Run) -> None:
    row = explained.rows.entries[entry]
    row.body = row.body.replace("EUR", "USD")

    verified = run("ledger", "verify", "ABCD1234")

    assert verified.code == 1
    assert entry[1] in verified.out


def test_an_edited_entry_with_its_hash_made_anew_breaks_the_chain_behind_it(explained: MemoryWorld, run: Run) -> None:
    row = explained.rows.entries[INVOICE]
    row.body = row.body.replace("3000", "3100")
    row.hash = hash_text(row.body)

    faults = json.loads(run("ledger", "verify", "ABCD1234", "--json").out)["broken"][0]["faults"]

    assert len(faults) == 1
    assert "payment#" + "7".zfill(32) in faults[0]


def test_the_last_entry_made_anew_with_its_hash_disagrees_with_the_head(explained: MemoryWorld, run: Run) -> None:
    row = explained.rows.entries[LAST]
    row.body = row.body.replace("AC04", "AC05")
    row.hash = hash_text(row.body)

    faults = json.loads(run("ledger", "verify", "ABCD1234", "--json").out)["broken"][0]["faults"]

    assert len(faults) == 1
    assert "last hash of the head is" in faults[0]


@pytest.mark.parametrize("entry", [INVOICE, LAST])
def test_a_removed_entry_is_found(entry: tuple[str, str], explained: MemoryWorld, run: Run) -> None:
    del explained.rows.entries[entry]

    assert run("ledger", "verify", "ABCD1234").code == 1


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"receivable":6000', '"receivable":5999', "5999 receivable EUR"),
        ('"2026-04-01",1000]', '"2026-04-01",1]', "ABCD1234-0002 2026-04-01 1;"),
        ('"invoice_count":2', '"invoice_count":3', "invoice count of the head is 3, its entries give 2"),
    ],
)
def test_an_edited_head_is_named_field_by_field(
    old: str, new: str, fault: str, explained: MemoryWorld, run: Run
) -> None:
    edit_head(explained, old, new)

    faults = json.loads(run("ledger", "verify", "ABCD1234", "--json").out)["broken"][0]["faults"]

    assert len(faults) == 1
    assert fault in faults[0]


def test_a_head_that_was_set_back_is_found(explained: MemoryWorld, run: Run) -> None:
    history = explained.rows.heads["ABCD1234"]
    history.append(history[2])

    verified = run("ledger", "verify", "ABCD1234")

    assert verified.code == 1
    assert "2 entries stand beyond the head" in verified.out


def test_entries_without_a_head_are_found(explained: MemoryWorld, run: Run) -> None:
    del explained.rows.heads["ABCD1234"]

    assert "5 entries stand beyond the head" in run("ledger", "verify", "ABCD1234").out


def test_a_text_that_is_no_entry_at_all_is_a_fault_and_no_traceback(explained: MemoryWorld, run: Run) -> None:
    row = explained.rows.entries[INVOICE]
    row.body = "{}"
    row.hash = hash_text(row.body)

    verified = run("ledger", "verify", "ABCD1234")

    assert verified.code == 1
    assert "cannot be read" in verified.out


def test_an_entry_that_is_appended_while_reading_breaks_nothing(explained: MemoryWorld, run: Run) -> None:
    paid = movement(Movement.PAYMENT, 100, date(2026, 4, 5), 20)

    def append_before_entries_are_read(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "read_entries":
            explained.before_call = lambda port, method, arguments: None
            append(explained, "ABCD1234", lambda head: decide_movement(head, paid))

    explained.before_call = append_before_entries_are_read

    assert run("ledger", "verify", "ABCD1234").code == 0


def test_an_account_that_is_not_there_is_a_named_condition(run: Run) -> None:
    verified = run("ledger", "verify", "NOBODY01")

    assert (verified.code, verified.out) == (1, "")
    assert "there is no account NOBODY01" in verified.err


def test_all_accounts_are_verified_and_only_the_broken_one_is_named(
    explained: MemoryWorld, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledgers, "PROGRESS_EVERY_ACCOUNTS", 1)
    unknown = movement(Movement.PAYMENT, 1250, date(2026, 1, 2), 3)
    append(explained, "SUSPENSE-07", lambda head: decide_movement(head, unknown))
    explained.rows.entries[INVOICE].hash = "0" * 64

    verified = run("ledger", "verify", "--all", "--json")

    document = json.loads(verified.out)
    assert verified.code == 1
    assert (document["account_count"], document["broken_count"]) == (2, 1)
    assert [each["account_id"] for each in document["broken"]] == ["ABCD1234"]
    assert "2 accounts, " in verified.err


def test_verifying_neither_one_account_nor_all_is_wrong_usage(run: Run) -> None:
    assert run("ledger", "verify").code == 2
