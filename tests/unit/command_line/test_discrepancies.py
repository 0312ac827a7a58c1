"""`pawledger discrepancies`: the worklist of the people who resolve them."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from pawledger.domain.matching.candidate_scores import Evidence
from pawledger.domain.matching.payment_clues import Candidate
from pawledger.domain.posting.payments import decide_movement
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.services.closing.close_day import close_day
from tests.builders.movements import build_movement
from tests.builders.resolutions import invoice_of, open_account, pay, suspend
from tests.builders.services import connect_closing
from tests.fakes.memory import MemoryWorld
from tests.unit.command_line.conftest import OPERATOR, Ran, append

Run = Callable[..., Ran]

SHORT = Discrepancy(
    kind=DiscrepancyKind.UNDERPAYMENT,
    subject="payment#1",
    born_on=date(2026, 4, 1),
    what="Payment of 25.00 EUR settles ABCD1234-0001 25.00.",
    account_id="ABCD1234",
    currency="EUR",
    amount_minor=500,
)
UNREADABLE = Discrepancy(
    kind=DiscrepancyKind.FILE_UNREADABLE,
    subject="f" * 64,
    born_on=date(2026, 4, 10),
    what="incoming/bank/day.bai: bai2.group_open (line 3, record): the group is not closed; 1 problems in all.",
)

LISTED = """\
discrepancy                       severity  owner        age    amount  account   what
--------------------------------  --------  ----------  ----  --------  --------  --------------------------------------
{0}  low       billing     11 d  5.00 EUR  ABCD1234  Payment of 25.00 EUR settles
                                                                                  ABCD1234-0001 25.00.
{1}  high      operations  2 d!         -  -         incoming/bank/day.bai: bai2.group_open
                                                                                  (line 3, record): the group is not
                                                                                  closed; 1 problems in all.

2 open as of 2026-04-12: 1 file_unreadable, 1 underpayment; 1 overdue (!).
"""


@pytest.fixture
def recorded(world: MemoryWorld) -> MemoryWorld:
    world.discrepancy_book.record(UNREADABLE)
    world.discrepancy_book.record(SHORT)
    return world


def test_the_list_shows_severity_owner_age_amount_account_and_what(recorded: MemoryWorld, run: Run) -> None:
    listed = run("discrepancies", "list", "--as-of", "2026-04-12")

    # An id is its kind and 16 hexadecimal digits: 29 characters for the first, 32 for the second.
    assert listed.out == LISTED.format(f"{SHORT.discrepancy_id:<32}", UNREADABLE.discrepancy_id)


def test_a_kind_can_be_chosen(recorded: MemoryWorld, run: Run) -> None:
    document = json.loads(run("discrepancies", "list", "--kind", "underpayment", "--json").out)

    assert [each["discrepancy_id"] for each in document["discrepancies"]] == [SHORT.discrepancy_id]
    assert document["open_count_by_kind"] == {"underpayment": 1}


def test_an_owner_or_what_is_overdue_can_be_chosen(recorded: MemoryWorld, run: Run) -> None:
    for chosen, expected in (("--owner=operations", UNREADABLE), ("--owner=billing", SHORT), ("--overdue", UNREADABLE)):
        document = json.loads(run("discrepancies", "list", chosen, "--as-of", "2026-04-12", "--json").out)
        assert [each["discrepancy_id"] for each in document["discrepancies"]] == [expected.discrepancy_id]


def test_an_unknown_kind_is_wrong_usage(run: Run) -> None:
    listed = run("discrepancies", "list", "--kind", "nonsense")

    assert listed.code == 2
    assert "underpayment" in listed.err


def test_beyond_the_limit_they_are_counted_and_the_person_is_told(recorded: MemoryWorld, run: Run) -> None:
    listed = run("discrepancies", "list", "--limit", "1")

    assert "2 open" in listed.out
    assert "The first 1 are shown; --limit shows more." in listed.out
    assert [each.discrepancy_id in listed.out for each in (SHORT, UNREADABLE)] == [True, False]


def test_closed_ones_are_not_listed_but_can_be_shown(recorded: MemoryWorld, run: Run) -> None:
    recorded.discrepancy_book.close(SHORT.discrepancy_id)

    assert SHORT.discrepancy_id not in run("discrepancies", "list").out
    assert json.loads(run("discrepancies", "show", SHORT.discrepancy_id, "--json").out)["status"] == "resolved"


def test_none_open_is_said_in_words(world: MemoryWorld, run: Run) -> None:
    assert run("discrepancies", "list", "--as-of", "2026-04-11").out == "No open discrepancies as of 2026-04-11.\n"


def test_one_is_shown_with_what_to_do_and_whether_anybody_was_told(recorded: MemoryWorld, run: Run) -> None:
    recorded.discrepancy_book.mark_alerted(SHORT.discrepancy_id, "2026-04-01T07:00:00+00:00")

    shown = run("discrepancies", "show", SHORT.discrepancy_id, "--as-of", "2026-04-11").out

    assert "amount        5.00 EUR\n" in shown
    assert "born on       2026-04-01, 10 days before 2026-04-11\n" in shown
    assert "what to do    Ask the payer for the rest or agree on it; the invoice stays open.\n" in shown
    assert "alert         pushed at 2026-04-01T07:00:00+00:00\n" in shown


def test_what_waits_what_fits_and_what_became_of_it_are_shown(world: MemoryWorld, run: Run) -> None:
    open_account(world, "HOME0001", 1_000)
    found = suspend(world, 2_300)
    command = ("discrepancies", "resolve", found.discrepancy_id, "apply", "--account", "HOME0001", "--amount", "10.00")
    run(*command, "--reason", "Her letter.")

    shown = run("discrepancies", "show", found.discrepancy_id, "--as-of", "2026-02-08")
    assert shown.code == 0
    assert "owner         billing, severity medium\n" in shown.out
    assert "age limit     5 days, overdue\n" in shown.out
    assert "resolve with  apply, split, return, dismiss\n" in shown.out
    assert "waits         13.00 EUR in suspense of SUSPENSE-07\n" in shown.out
    assert f"resolved in part  {OPERATOR}  Her letter. - apply" in shown.out
    (change,) = json.loads(run("discrepancies", "show", found.discrepancy_id, "--json").out)["history"]
    assert [ledger_id for ledger_id, _ in change["entries"]] == ["SUSPENSE-07", "HOME0001"]


def test_who_may_be_meant_is_shown_the_best_first(world: MemoryWorld, run: Run) -> None:
    likely = Candidate("HOME0001", (), 62, (Evidence.NAME, Evidence.AMOUNT), ())
    movement = replace(build_movement(), candidates=(likely, replace(likely, account_id="HOME0002", score=9)))
    append(world, "SUSPENSE-07", lambda head: decide_movement(head, movement))
    (found,) = world.discrepancy_book.list_open()

    shown = run("discrepancies", "show", found.discrepancy.discrepancy_id)
    assert "HOME0001             62  payer's name, amount of an open invoice\n" in shown.out
    document = json.loads(run("discrepancies", "show", found.discrepancy.discrepancy_id, "--json").out)
    assert [each["account_id"] for each in document["candidates"]] == ["HOME0001", "HOME0002"]


def test_whoever_owes_the_amount_only_is_shown_as_that_until_it_is_paid(world: MemoryWorld, run: Run) -> None:
    open_account(world, "HOME0002", 2_300)
    found = suspend(world, 2_300)
    close_day(date(2026, 2, 3), connect_closing(world))

    shown = run("discrepancies", "show", found.discrepancy_id)
    assert "HOME0002             22  amount of an open invoice (amount only)\n" in shown.out
    [candidate] = json.loads(run("discrepancies", "show", found.discrepancy_id, "--json").out)["candidates"]
    assert (candidate["account_id"], candidate["is_amount_only"]) == ("HOME0002", True)

    pay(world, "HOME0002", 2_300, invoice_of("HOME0002", 1, 2_300))
    assert "HOME0002" not in run("discrepancies", "show", found.discrepancy_id).out


def test_an_alert_that_was_not_pushed_is_said_so(recorded: MemoryWorld, run: Run) -> None:
    assert "alert         not pushed yet\n" in run("discrepancies", "show", SHORT.discrepancy_id).out


def test_an_unknown_id_is_told_in_one_sentence(run: Run) -> None:
    shown = run("discrepancies", "show", "underpayment-0")

    assert (shown.code, shown.out) == (1, "")
    assert "there is no discrepancy underpayment-0" in shown.err


def test_of_many_of_one_file_that_are_told_by_the_first_none_is_said_to_wait_for_its_alert(
    world: MemoryWorld, run: Run
) -> None:
    grouped = replace(SHORT, group="file#1")
    world.discrepancy_book.record(grouped)
    shown = run("discrepancies", "show", grouped.discrepancy_id)
    assert "none of its own: the first of its kind from this file was pushed" in shown.out
