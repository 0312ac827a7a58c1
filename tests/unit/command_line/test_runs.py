"""`pawledger runs`: what each day was to bill, and what an operator decides about one that is held."""

import json
from collections.abc import Callable
from datetime import date

import pytest

from pawledger.domain.billing.bill_runs import CohortTotal, RunStatus
from pawledger.services.billing.bill_accounts import bill_accounts
from pawledger.services.billing.start_billing_day import start_billing_day
from tests.builders.policies import build_policy, premium
from tests.builders.services import connect_billing, record_policy
from tests.fakes.memory import MemoryWorld
from tests.unit.command_line.conftest import OPERATOR, Ran

Run = Callable[..., Ran]

DAY = date(2026, 1, 17)
"""Fourteen days before cover begins on the 31st."""


def foresee(world: MemoryWorld, amount_minor: int) -> None:
    """What the day before would have foreseen for the cohort of the builders' policies."""
    total = CohortTotal(cohort="EUR monthly", currency="EUR", installment_count=1, amount_minor=amount_minor)
    world.run_book.write_forecast(DAY, [total])


@pytest.fixture
def billed(world: MemoryWorld) -> MemoryWorld:
    """One policy of 60,000.00 EUR a year, of which 5,000.00 are due."""
    record_policy(world, build_policy(charges=(premium(6_000_000),)))
    return world


@pytest.fixture
def held(billed: MemoryWorld) -> MemoryWorld:
    foresee(billed, 50_000)
    start_billing_day(DAY, ports=connect_billing(billed))
    return billed


def test_a_run_on_its_way_is_listed_with_batches_expectation_and_what_came_of_it(billed: MemoryWorld, run: Run) -> None:
    start_billing_day(DAY, ports=connect_billing(billed))
    (before,) = json.loads(run("runs", "list", "--as-of", "2026-01-20", "--json").out)["runs"]
    for message in billed.billing_queue.take():
        bill_accounts(message, ledger=billed.ledger, runs=billed.run_book, pause=billed.pause)
    (after,) = json.loads(run("runs", "list", "--as-of", "2026-01-20", "--json").out)["runs"]

    assert before["status"] == after["status"] == "started"
    assert [each["reported_count"] for each in (before, after)] == [0, 1]
    assert before["expected_minor"] == after["invoiced_minor"] == {"EUR": 500_000}
    assert [each["invoice_count"] for each in (before, after)] == [0, 1]
    row = run("runs", "list", "--as-of", "2026-01-20").out.splitlines()[2].split()
    assert row == ["2026-01-17", "started", "1", "1/1", "5000.00", "EUR", "5000.00", "EUR", "1"]


def test_days_without_a_run_are_said_to_have_none(run: Run) -> None:
    assert run("runs", "list", "--as-of", "2026-01-20").out == "No bill runs from 2026-01-14 to 2026-01-20.\n"


def test_a_held_run_is_shown_with_its_reason_and_its_cohorts(held: MemoryWorld, run: Run) -> None:
    shown = run("runs", "show", "2026-01-17")

    # Ten times 500.00 EUR is 900 percent more.
    assert "held because  EUR monthly: 5000.00 EUR instead of 500.00 (+900 %)" in shown.out
    assert "forecast      compared" in shown.out
    document = json.loads(run("runs", "show", "2026-01-17", "--json").out)
    (cohort,) = document["cohorts"]
    assert [cohort["expected_minor"], cohort["forecast_minor"]] == [500_000, 50_000]


def test_a_run_without_forecast_says_so(billed: MemoryWorld, run: Run) -> None:
    start_billing_day(DAY, ports=connect_billing(billed))

    assert "forecast      none: the day before had no run" in run("runs", "show", "2026-01-17").out


@pytest.mark.parametrize(("command", "status"), [("release", "released"), ("drop", "dropped")])
def test_a_decision_is_kept_with_who_made_it_and_why(held: MemoryWorld, run: Run, command: str, status: str) -> None:
    decided = run("runs", command, "2026-01-17", "--reason", "A new product, checked.")

    assert decided.code == 0
    kept = held.run_book.read_run(DAY)
    assert kept is not None
    assert kept.status == status
    (decision,) = kept.decisions
    assert [decision.actor, decision.reason] == [OPERATOR, "A new product, checked."]
    assert OPERATOR in run("runs", "show", "2026-01-17").out


def test_the_same_decision_twice_is_one_and_the_other_one_is_refused(held: MemoryWorld, run: Run) -> None:
    run("runs", "drop", "2026-01-17", "--reason", "Typo.")
    again = run("runs", "drop", "2026-01-17", "--reason", "Typo.")
    other = run("runs", "release", "2026-01-17", "--reason", "No, it is right.")

    assert again.code == 0
    assert other.code == 1
    assert other.err == "pawledger: the run of 2026-01-17 is dropped, not held\n"
    kept = held.run_book.read_run(DAY)
    assert kept is not None
    assert [each.status for each in kept.decisions] == [RunStatus.DROPPED]


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_decision_needs_a_reason_of_some_length(held: MemoryWorld, run: Run, reason: str) -> None:
    refused = run("runs", "release", "2026-01-17", "--reason", reason)

    assert refused.code == 1
    assert "give a reason of 1 to 500 characters" in refused.err


@pytest.mark.parametrize("command", [("show",), ("release", "--reason", "x"), ("drop", "--reason", "x")])
def test_a_day_without_a_run_is_named(run: Run, command: tuple[str, ...]) -> None:
    refused = run("runs", command[0], "2026-01-17", *command[1:])

    assert refused.code == 1
    assert "there is no bill run of 2026-01-17" in refused.err
