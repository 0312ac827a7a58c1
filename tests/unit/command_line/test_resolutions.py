"""`pawledger discrepancies resolve` and `undo`, as an operator types them."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date

import pytest

from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.ports import BankFileRecord
from tests.builders.refunds import JANE, approve, request, send
from tests.builders.resolutions import (
    SUSPENSE,
    append_to,
    debited,
    decision_of_payment,
    invoice_of,
    money_of,
    open_account,
    open_of,
    pay,
    suspend,
)
from tests.builders.settled_lines import LEDGER, miss
from tests.fakes.memory import MemoryWorld
from tests.unit.command_line.conftest import OPERATOR, Ran

Run = Callable[..., Ran]


@pytest.fixture
def found(world: MemoryWorld) -> Discrepancy:
    """23.00 EUR of nobody; HOME0001 owes 10.00 and 10.00, HOME0002 owes 7.00."""
    open_account(world, "HOME0001", 1_000, 1_000)
    open_account(world, "HOME0002", 700)
    return suspend(world, 2_300)


def test_a_preview_shows_entries_and_balances_and_writes_nothing(
    found: Discrepancy, world: MemoryWorld, run: Run
) -> None:
    before = deepcopy(world.rows)
    command = ("discrepancies", "resolve", found.discrepancy_id, "apply", "--account", "HOME0001")
    shown = run(*command, "--reason", "Her bank letter.", "--preview")

    assert (shown.code, shown.err) == (0, "")
    assert world.rows == before
    balances = [line.split() for line in shown.out.splitlines() if "EUR" in line]
    assert ["SUSPENSE-07", "suspense", "-23.00", "EUR", "0.00", "EUR"] in balances
    assert ["HOME0001", "HOME0001-0001", "10.00", "EUR", "0.00", "EUR"] in balances
    assert ["HOME0001", "unapplied", "0.00", "EUR", "-3.00", "EUR"] in balances
    assert shown.out.endswith("This is a preview: nothing was written.\n")


def test_money_is_applied_under_the_operators_name_and_the_same_again_says_so(
    found: Discrepancy, world: MemoryWorld, run: Run
) -> None:
    command = (
        "discrepancies",
        "resolve",
        found.discrepancy_id,
        "apply",
        "--account",
        "HOME0001",
        "--reason",
        "Letter.",
    )
    first, second = run(*command), run(*command, "--json")

    assert first.out.endswith("2 entries were appended.\n")
    account = run("account", "show", "HOME0001").out.splitlines()
    assert any("comes from SUSPENSE-07" in line and line.endswith("by operator") for line in account)
    assert json.loads(second.out)["is_repeated"]
    assert (first.code, second.code) == (0, 0)
    assert open_of(world, "HOME0001") == {}
    recorded = world.discrepancy_book.read(found.discrepancy_id)
    assert recorded is not None
    (change,) = recorded.history
    assert (change.actor, change.command, change.reason) == (OPERATOR, "apply --account HOME0001", "Letter.")


def test_amounts_and_invoices_can_be_named(found: Discrepancy, world: MemoryWorld, run: Run) -> None:
    command = ("discrepancies", "resolve", found.discrepancy_id, "apply", "--account", "HOME0001")
    run(*command, "--invoice", "HOME0001-0002", "--amount", "4.50", "--reason", "Letter.")

    assert open_of(world, "HOME0001") == {"HOME0001-0001": 1_000, "HOME0001-0002": 550}
    assert money_of(world, SUSPENSE)["suspense"] == -1_850


def test_a_payment_is_split_and_the_split_is_undone(found: Discrepancy, world: MemoryWorld, run: Run) -> None:
    shares = ("--to", "HOME0001=16.00@HOME0001-0002", "--to", "HOME0002=7.00")
    refused = run("discrepancies", "resolve", found.discrepancy_id, "split", *shares, "--reason", "A household.")
    assert (refused.code, refused.out) == (1, "")
    assert "of the invoices named 10.00 EUR is open, not 16.00 EUR" in refused.err

    shares = ("--to", "HOME0001=16.00", "--to", "HOME0002=7.00@HOME0002-0001")
    run("discrepancies", "resolve", found.discrepancy_id, "split", *shares, "--reason", "A household.")
    assert (open_of(world, "HOME0001"), open_of(world, "HOME0002")) == ({"HOME0001-0002": 400}, {})

    undone = run("discrepancies", "undo", found.discrepancy_id, "--reason", "Two households.", "--json")
    document = json.loads(undone.out)
    assert document["status"] == "open"
    assert [entry["ledger_id"] for entry in document["entries"]] == ["HOME0002", "HOME0001", SUSPENSE]
    assert money_of(world, SUSPENSE) == {"cash": 2_300, "suspense": -2_300}


def test_a_payment_is_moved_and_unapplied_cash_returned(found: Discrepancy, world: MemoryWorld, run: Run) -> None:
    over = pay(world, "HOME0001", 1_200, invoice_of("HOME0001", 1))
    run("discrepancies", "resolve", over.discrepancy_id, "move", "--account", "HOME0002", "--reason", "Her sister.")
    assert money_of(world, "HOME0002")["unapplied"] == -500
    returned = run(
        "discrepancies", "resolve", found.discrepancy_id, "return", "--amount", "23.00", "--reason", "No policy."
    )
    assert returned.code == 0
    assert money_of(world, SUSPENSE) == {"cash": 2_300, "refunds": -2_300}


def test_a_posted_payment_is_questioned_and_then_moved(found: Discrepancy, world: MemoryWorld, run: Run) -> None:
    append_to(world, "HOME0001", decision_of_payment("quiet", 1_000, invoice_of("HOME0001", 1)))
    asked = ("payment", "question", "quiet", "--account", "HOME0001", "--reason", "Her daughter's.")
    told = json.loads(run(*asked, "--json").out)
    assert told["status"] == "open"
    assert told["what"] == "Payment of 10.00 EUR of 2026-02-02 is said to be posted wrongly to HOME0001."
    shown = run("discrepancies", "show", told["discrepancy_id"]).out
    assert "Her daughter's." in shown
    command = ("discrepancies", "resolve", told["discrepancy_id"], "move", "--account", "HOME0002", "--reason", "So.")
    assert run(*command).code == 0
    assert open_of(world, "HOME0001") == {"HOME0001-0001": 1_000, "HOME0001-0002": 1_000}
    assert open_of(world, "HOME0002") == {}

    assert run("discrepancies", "undo", told["discrepancy_id"], "--reason", "Not so.").code == 0
    run("discrepancies", "resolve", told["discrepancy_id"], "dismiss", "--reason", "It is right.")
    again = json.loads(run(*asked, "--json").out)
    assert (again["discrepancy_id"], again["status"]) == (told["discrepancy_id"], "open")


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize(
    ("payment", "account", "why"),
    [("first", SUSPENSE, "is money suspended, not posted to an account"), ("unheard-of", "HOME0001", "no payment")],
)
def test_what_is_not_posted_is_not_questioned(
    world: MemoryWorld, run: Run, payment: str, account: str, why: str
) -> None:
    before = deepcopy(world.rows)
    refused = run("payment", "question", payment, "--account", account, "--reason", "Why.")
    assert (refused.code, refused.out) == (1, "")
    assert why in refused.err
    assert world.rows == before


def test_a_debit_takes_back_the_payment_that_is_named(found: Discrepancy, world: MemoryWorld, run: Run) -> None:
    debit = debited(world, 1_200)
    pay(world, "HOME0001", 1_200, invoice_of("HOME0001", 1))
    command = ("discrepancies", "resolve", debit.discrepancy_id, "take-back", "--payment", "paid")
    lost = run(*command, "--reason", "Her letter.")
    assert (lost.code, lost.out) == (1, "")
    assert "there is no payment payment#paid in SUSPENSE-07" in lost.err
    assert "name its account with --account" in lost.err

    done = run(*command, "--account", "HOME0001", "--reason", "Her letter.")
    assert done.out.endswith("2 entries were appended.\n")
    assert open_of(world, "HOME0001") == {"HOME0001-0001": 1_000, "HOME0001-0002": 1_000}
    recorded = world.discrepancy_book.read(debit.discrepancy_id)
    assert recorded is not None
    assert recorded.history[-1].command == "take-back --payment paid --account HOME0001"


def test_a_debit_is_shown_as_it_waits_and_booked_as_a_cost(world: MemoryWorld, run: Run) -> None:
    found = debited(world, 3_000)
    shown = run("discrepancies", "show", found.discrepancy_id).out
    assert "resolve with  book-cost, take-back, settle-refunds, dismiss\n" in shown
    assert "waits         30.00 EUR in suspense of SUSPENSE-07\n" in shown
    command = (
        "discrepancies",
        "resolve",
        found.discrepancy_id,
        "book-cost",
        "--amount",
        "4.50",
        "--reason",
        "Its fee.",
    )
    preview = run(*command, "--preview").out
    balances = [line.split() for line in preview.splitlines()]
    assert ["SUSPENSE-07", "provider_fees", "0.00", "EUR", "4.50", "EUR"] in balances
    assert ["SUSPENSE-07", "suspense", "30.00", "EUR", "25.50", "EUR"] in balances
    assert money_of(world, SUSPENSE) == {"cash": -3_000, "suspense": 3_000}
    assert run(*command).code == 0
    assert money_of(world, SUSPENSE) == {"cash": -3_000, "suspense": 2_550, "provider_fees": 450}
    recorded = world.discrepancy_book.read(found.discrepancy_id)
    assert recorded is not None
    assert recorded.history[-1].command == "book-cost --amount 4.50"
    assert run("discrepancies", "undo", found.discrepancy_id, "--reason", "Not its fee.").code == 0
    assert money_of(world, SUSPENSE) == {"cash": -3_000, "suspense": 3_000}


def test_a_debit_settles_the_refunds_of_a_payment_file(world: MemoryWorld, run: Run) -> None:
    refunds = []
    for account_id in ("HOME0001", "HOME0002"):
        open_account(world, account_id)
        pay(world, account_id, 4_500, name=account_id)
        refunds.append(request(world, account_id))
        approve(world, refunds[-1])
        send(world, refunds[-1])
    found = debited(world, 9_000)
    listed = run("refunds", "list").out.splitlines()
    assert [line.split()[7] for line in listed[2:]] == ["pain001-0302.xml"] * 2
    command = ("discrepancies", "resolve", found.discrepancy_id, "settle-refunds", "--file", "pain001-0302.xml")
    preview = run(*command, "--reason", "Its statement.", "--preview")
    balances = [line.split() for line in preview.out.splitlines()]
    assert ["HOME0001", "refunds", "-45.00", "EUR", "0.00", "EUR"] in balances
    assert ["SUSPENSE-07", "suspense", "90.00", "EUR", "0.00", "EUR"] in balances
    assert run("refunds", "list").out.splitlines() == listed

    assert run(*command, "--reason", "Its statement.").out.endswith("3 entries were appended.\n")
    assert run("refunds", "list").out == "No refunds.\n"
    recorded = world.discrepancy_book.read(found.discrepancy_id)
    assert recorded is not None
    assert recorded.history[-1].command == "settle-refunds --file pain001-0302.xml"
    assert run("discrepancies", "undo", found.discrepancy_id, "--reason", "Of another file.").code == 0
    document = json.loads(run("refunds", "show", "HOME0001", refunds[0].refund_id, "--json").out)
    assert (document["state"], document["payment_file"]) == ("sent", "pain001-0302.xml")
    assert [(step["step"], step["by"]) for step in document["steps"]][-3:] == [
        ("sent", JANE),
        ("settled", OPERATOR),
        ("undone", OPERATOR),
    ]
    shown = run("refunds", "show", "HOME0001", refunds[0].refund_id).out
    assert "payment file   pain001-0302.xml\n" in shown

    other = debited(world, 8_999, name="short")
    refused = run("discrepancies", "resolve", other.discrepancy_id, *command[3:], "--reason", "Its statement.")
    assert (refused.code, refused.out) == (1, "")
    why = " ".join(refused.err.split())
    assert "the 2 refunds that are sent in pain001-0302.xml and not settled come to 90.00 EUR, and 89.99 EUR" in why
    assert f"HOME0002 {refunds[1].refund_id} 45.00" in why


def test_a_line_of_a_settlement_ledger_is_applied(found: Discrepancy, world: MemoryWorld, run: Run) -> None:
    line = miss(world, 700)
    assert f"waits         7.00 EUR in suspense of {LEDGER}\n" in run("discrepancies", "show", line.discrepancy_id).out
    command = (
        "discrepancies",
        "resolve",
        line.discrepancy_id,
        "apply",
        "--account",
        "HOME0002",
        "--reason",
        "Her name.",
    )
    assert run(*command).out.endswith("2 entries were appended.\n")
    assert (open_of(world, "HOME0002"), money_of(world, LEDGER)) == ({}, {"cash": 700, "clearing": -700})


def test_a_dismissal_appends_nothing_and_says_so(found: Discrepancy, run: Run) -> None:
    shown = run("discrepancies", "resolve", found.discrepancy_id, "dismiss", "--reason", "A test payment.")

    assert "status       dismissed\n" in shown.out
    assert shown.out.endswith("No entries were appended.\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("apply", "--account", "nobody"), "'nobody' is no account"),
        (("apply", "--account", "NOBODY01"), "there is no account NOBODY01 with a policy"),
        (("apply", "--account", "HOME0001", "--amount", "0"), "more than zero"),
        (("apply", "--account", "HOME0001", "--amount", "1.005"), "more decimals than EUR has"),
        (("apply", "--account", "HOME0001", "--amount", "23.01"), "23.00 EUR is left, not 23.01 EUR"),
        (("split", "--to", "HOME0001"), "is not ACCOUNT=AMOUNT"),
        (("write-off",), "write-off does not resolve unidentified payment; what does: apply, split, return, dismiss"),
    ],
)
def test_what_cannot_be_is_told_in_one_sentence(
    found: Discrepancy, world: MemoryWorld, run: Run, words: tuple[str, ...], told: str
) -> None:
    before = deepcopy(world.rows)
    shown = run("discrepancies", "resolve", found.discrepancy_id, *words, "--reason", "x")

    assert (shown.code, shown.out) == (1, "")
    assert told in shown.err
    assert world.rows == before


@pytest.mark.parametrize("words", [("apply",), ("split",), ("nonsense",), ()])
def test_wrong_usage_is_told_as_such(found: Discrepancy, run: Run, words: tuple[str, ...]) -> None:
    assert run("discrepancies", "resolve", found.discrepancy_id, *words, "--reason", "x").code == 2


def test_an_unknown_discrepancy_and_a_missing_reason_are_told(found: Discrepancy, run: Run) -> None:
    assert "there is no discrepancy x-1" in run("discrepancies", "resolve", "x-1", "dismiss", "--reason", "x").err
    assert run("discrepancies", "resolve", found.discrepancy_id, "dismiss").code == 2
    assert "give a reason" in run("discrepancies", "resolve", found.discrepancy_id, "dismiss", "--reason", " ").err


def test_a_file_that_was_set_aside_is_put_back_to_where_it_was_dropped(world: MemoryWorld, run: Run) -> None:
    key, aside = "incoming/bank/day.bai", "quarantine/bank/a/day.bai"
    world.bank_file_store.drop(aside, b"sound")
    record = BankFileRecord(
        file_id="a" * 64,
        status="quarantined",
        provider="bank",
        incoming_key=key,
        incoming_version_id=None,
        stored_key=aside,
        received_on=date(2026, 2, 3),
        format="bai2",
        verdict="accepted",
        problems=(),
        statements=(),
        chunk_count=0,
        movement_count=0,
        credit_minor={},
        debit_minor={},
    )
    world.bank_file_register.write_file(record, expected_status=None)
    unexpected = Discrepancy(DiscrepancyKind.FILE_UNEXPECTED, record.file_id, record.received_on, "A new account.")
    world.discrepancy_book.record(unexpected)
    command = ("discrepancies", "resolve", unexpected.discrepancy_id)
    shown = run(*command, "accept-file", "--reason", "Our new account.")

    assert shown.code == 0
    assert "status       resolved\n" in shown.out
    assert world.bank_file_store.keys() == [key]
    assert "is resolved by" in run(*command, "reject-file", "--reason", "Oh no.").err
