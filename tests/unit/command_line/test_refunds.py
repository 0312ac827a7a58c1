"""`pawledger refunds` and `pawledger write-offs`, as operators type them."""

import io
import json
from collections.abc import Callable
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from pawledger.command_line.main import main
from tests.builders.refunds import debit, give_credit
from tests.builders.resolutions import invoice_of, money_of, open_account, open_of, pay
from tests.fakes.memory import MemoryWorld
from tests.unit.command_line.conftest import OPERATOR, Ran, books_of

HOME: Final = "HOME0001"
OTHER: Final = "arn:aws:iam::111122223333:user/other"

Run = Callable[..., Ran]


@pytest.fixture
def owed(world: MemoryWorld) -> MemoryWorld:
    """HOME0001 owed 10.00 EUR and paid 250.00: 240.00 are unapplied."""
    open_account(world, HOME, 1_000)
    pay(world, HOME, 25_000, invoice_of(HOME, 1))
    return world


@pytest.fixture
def run_as(world: MemoryWorld) -> Run:
    """Run `pawledger` as a person."""

    def run_command(actor: str, *argv: str) -> Ran:
        books, out, err = replace(books_of(world), find_actor=lambda: actor), io.StringIO(), io.StringIO()
        code = main(argv, out, err, open_books=lambda environment: nullcontext(books))
        return Ran(code, out.getvalue(), err.getvalue())

    return run_command


def request(run: Run, *more: str) -> str:
    """Ask for a refund of HOME0001; its id."""
    ran = run("refunds", "request", HOME, "--reason", "She asked.", "--json", *more)
    assert (ran.code, ran.err) == (0, "")
    return str(json.loads(ran.out)["refund_id"])


def test_a_preview_shows_the_entry_and_the_balances_and_writes_nothing(owed: MemoryWorld, run: Run) -> None:
    before = deepcopy(owed.rows)
    shown = run("refunds", "request", HOME, "--amount", "90.00", "--reason", "She asked.", "--preview")
    assert (shown.code, shown.err) == (0, "")
    assert owed.rows == before
    balances = [line.split() for line in shown.out.splitlines() if "EUR" in line]
    assert [HOME, "refunds", "0.00", "EUR", "-90.00", "EUR"] in balances
    assert [HOME, "unapplied", "-240.00", "EUR", "-150.00", "EUR"] in balances
    assert shown.out.endswith("This is a preview: nothing was written.\n")


def test_a_refund_is_taken_through_all_its_steps_and_shown(owed: MemoryWorld, run: Run, run_as: Run) -> None:
    refund_id = request(run)
    alone = run("refunds", "approve", HOME, refund_id, "--reason", "Right.")
    assert (alone.code, alone.out) == (1, "")
    assert "above 100.00 EUR another person approves" in alone.err
    assert run_as(OTHER, "refunds", "approve", HOME, refund_id, "--reason", "Right.").code == 0
    sent = run("refunds", "send", HOME, refund_id, "--file", "pay.xml", "--reason", "Today's file.")
    assert sent.out.endswith("1 entry was appended.\n")
    again = run("refunds", "send", HOME, refund_id, "--file", "pay.xml", "--reason", "Today's file.")
    assert again.out.endswith("The very same was done before; nothing was written.\n")
    debit(owed, refund_id, 24_000)

    shown = run("refunds", "show", HOME, refund_id)
    assert "settled" in shown.out
    document = json.loads(run("refunds", "show", HOME, refund_id, "--json").out)
    assert [step["step"] for step in document["steps"]] == ["requested", "approved", "sent", "settled"]
    assert [step["by"] for step in document["steps"]] == [OPERATOR, OTHER, OPERATOR, None]
    assert money_of(owed, HOME)["cash"] == 1_000
    assert run("refunds", "list").out == "No refunds.\n"
    assert refund_id in run("refunds", "list", "--account", HOME).out


def test_rejecting_and_voiding_give_the_money_back(owed: MemoryWorld, run: Run) -> None:
    before = money_of(owed, HOME)
    first = request(run, "--amount", "90")
    assert run("refunds", "reject", HOME, first, "--reason", "A mistake.").code == 0
    second = request(run, "--amount", "90", "--currency", "EUR", "--for", "payment#paid")
    assert run("refunds", "approve", HOME, second, "--reason", "Right.").code == 0
    how = ("--file", "a.xml", "--end-to-end-id", "R-1001", "--reason", "Today's file.")
    assert run("refunds", "send", HOME, second, *how).code == 0
    wrong = run("refunds", "reject", HOME, second, "--reason", "A mistake.")
    assert (wrong.code, "is sent since" in wrong.err) == (1, True)
    assert run("refunds", "void", HOME, second, "--reason", "The bank refused it.").code == 0
    assert money_of(owed, HOME) == before


def test_approved_refunds_are_written_as_csv(owed: MemoryWorld, run: Run, run_as: Run, tmp_path: Path) -> None:
    open_account(owed, "HOME0002", currency="USD")
    give_credit(owed, "HOME0002", 36_500, currency="USD", on=date(2026, 3, 2))
    asked = run("refunds", "request", "HOME0002", "--reason", "Cancelled.", "--json")
    refund_id = json.loads(asked.out)["refund_id"]
    run_as(OTHER, "refunds", "approve", "HOME0002", refund_id, "--reason", "Right.")
    waiting = request(run, "--amount", "50")
    path = tmp_path / "refunds.csv"
    listed = run("refunds", "list", "--csv", str(path), "--as-of", "2026-04-17")
    assert waiting in listed.out
    # 25 business days from Monday 2 March 2026 without holidays: Monday 6 April. Eleven days late, 10 % a year: 1.10.
    assert path.read_text(encoding="utf-8") == (
        "refund_id,account_id,policies,amount,of_which_interest,currency,end_to_end_id,send_by\n"
        f"{refund_id},HOME0002,POL-1,366.10,1.10,USD,{refund_id},2026-04-06\n"
    )
    assert f"1 approved written to {path}" in " ".join(listed.out.split())
    refused = run("refunds", "list", "--csv", str(tmp_path / "missing" / "refunds.csv"))
    assert (refused.code, "cannot be written" in refused.err) == (1, True)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("refunds", "request", HOME, "--amount", "240.01", "--reason", "x"), "240.00 EUR of unapplied cash"),
        (("refunds", "request", HOME, "--amount", "1.005", "--reason", "x"), "more decimals"),
        (("refunds", "request", HOME, "--currency", "USD", "--reason", "x"), "is invoiced in EUR, not USD"),
        (("refunds", "request", "NONE0001", "--reason", "x"), "there is no account NONE0001"),
        (("refunds", "show", HOME, "abc"), "has no refund abc"),
        (("refunds", "void", HOME, "abc", "--reason", "x"), "has no refund abc"),
        (("refunds", "request", HOME, "--reason", " "), "give a reason"),
        (("write-offs", "request", "NONE0001", "--reason", "x"), "there is no account NONE0001"),
        (("write-offs", "approve", HOME, "abc", "--reason", "x"), "has no write-off abc"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(
    owed: MemoryWorld, run: Run, argv: tuple[str, ...], says: str
) -> None:
    before = deepcopy(owed.rows)
    ran = run(*argv)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("pawledger: ")
    assert says in ran.err
    assert owed.rows == before


def test_write_offs_are_done_asked_for_approved_and_undone(world: MemoryWorld, run: Run, run_as: Run) -> None:
    open_account(world, HOME, 6_000, 4_000)
    first, second = f"{HOME}-0001", f"{HOME}-0002"
    done = run("write-offs", "request", HOME, "--invoice", second, "--amount", "12.50", "--reason", "Goodwill.")
    assert (done.code, done.out.endswith("1 entry was appended.\n")) == (0, True)
    assert open_of(world, HOME) == {first: 6_000, second: 2_750}

    asked = run("write-offs", "request", HOME, "--invoice", first, "--reason", "Bankrupt.", "--json")
    write_off_id = json.loads(asked.out)["write_off_id"]
    assert json.loads(asked.out)["state"] == "requested"
    alone = run("write-offs", "approve", HOME, write_off_id, "--reason", "Right.")
    assert (alone.code, "another person approves" in " ".join(alone.err.split())) == (1, True)
    assert run_as(OTHER, "write-offs", "approve", HOME, write_off_id, "--reason", "Right.").code == 0
    assert open_of(world, HOME) == {second: 2_750}
    assert run("write-offs", "undo", HOME, write_off_id, "--reason", "She paid.").code == 0
    assert open_of(world, HOME) == {first: 6_000, second: 2_750}
    states = [each["state"] for each in json.loads(run("write-offs", "list", HOME, "--json").out)["write_offs"]]
    assert states == ["done", "undone"]
    assert write_off_id in run("write-offs", "list", HOME).out
    assert run("write-offs", "list", "HOME0002").out == "Account HOME0002 has no write-offs.\n"


def test_a_write_off_can_be_rejected(world: MemoryWorld, run: Run) -> None:
    open_account(world, HOME, 6_000)
    asked = run("write-offs", "request", HOME, "--reason", "Bankrupt.", "--json")
    write_off_id = json.loads(asked.out)["write_off_id"]
    rejected = run("write-offs", "reject", HOME, write_off_id, "--reason", "She will pay.")
    assert (rejected.code, "rejected" in rejected.out) == (0, True)
    assert open_of(world, HOME) == {f"{HOME}-0001": 6_000}
