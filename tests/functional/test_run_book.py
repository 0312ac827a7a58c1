"""What every book of bill runs promises, the fake and DynamoDB alike."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from pawledger.domain.billing.bill_runs import Batch, BatchResult, CohortTotal, Run, RunDecision, RunStatus
from pawledger.ports import RunMovedError
from pawledger.services.append_entry import Proposal, append_entry
from tests.builders.policies import ACCOUNT_ID, build_policy, issue, term_of
from tests.fakes.memory import NoPause
from tests.functional.worlds import World

DAY = date(2026, 1, 17)
TOTAL = CohortTotal(cohort="GB monthly", currency="GBP", installment_count=3, amount_minor=4_200)
RUN = Run(
    day=DAY,
    version=1,
    status=RunStatus.HELD,
    plan_ids=("0123456789abcdef",),
    batch_count=2,
    canary_batch_count=1,
    account_count=3,
    expected=(TOTAL,),
    forecast=None,
    held_because=("GB monthly: 42.00 GBP instead of 4.20 (+900 %)",),
)
RESULT = BatchResult(invoice_count=2, invoiced_minor={"GBP": 2_800})


def batch(number: int, plan_id: str = "0123456789abcdef") -> Batch:
    return Batch(
        batch_id=f"{plan_id}#{number:05d}",
        is_canary=number == 1,
        account_ids=(f"ACCT{number:04d}",),
        expected_minor={"GBP": 1_400},
        invoice_counts={f"ACCT{number:04d}": 3},
    )


def test_a_run_is_read_as_it_was_written(world: World) -> None:
    decided_at = datetime(2026, 1, 17, 9, 30, tzinfo=UTC)
    second = replace(
        RUN,
        version=2,
        status=RunStatus.DONE,
        forecast=(TOTAL,),
        canary_sent_at=decided_at,
        is_canary_sent=True,
        is_sent=True,
        decisions=(
            RunDecision(status=RunStatus.RELEASED, actor="an operator", decided_at=decided_at, reason="Right."),
        ),
        result=RESULT,
    )
    assert world.run_book.read_run(DAY) is None
    for run in (RUN, second):
        world.run_book.write_run(run)
        assert world.run_book.read_run(DAY) == run


@pytest.mark.parametrize("version", [1, 3])
def test_a_run_is_written_over_the_version_before_its_own_alone(world: World, version: int) -> None:
    world.run_book.write_run(RUN)
    with pytest.raises(RunMovedError):
        world.run_book.write_run(replace(RUN, version=version, account_count=99))
    assert world.run_book.read_run(DAY) == RUN


def test_a_run_that_was_never_written_has_no_second_version(world: World) -> None:
    with pytest.raises(RunMovedError):
        world.run_book.write_run(replace(RUN, version=2))


def test_batches_are_read_in_order_plan_by_plan(world: World) -> None:
    other = batch(1, "fedcba9876543210")
    world.run_book.write_batches(DAY, [batch(2), batch(1), other])
    world.run_book.write_batches(date(2026, 1, 18), [batch(3)])
    assert list(world.run_book.read_batches(DAY, "0123456789abcdef")) == [batch(1), batch(2)]
    assert list(world.run_book.read_batches(DAY, "fedcba9876543210")) == [other]


def test_a_batch_reports_once_and_keeps_its_result_when_it_is_written_again(world: World) -> None:
    world.run_book.write_batches(DAY, [batch(1)])
    assert world.run_book.report_batch(DAY, batch(1).batch_id, RESULT)
    assert not world.run_book.report_batch(DAY, batch(1).batch_id, replace(RESULT, invoice_count=9))
    world.run_book.write_batches(DAY, [batch(1)])
    assert list(world.run_book.read_batches(DAY, "0123456789abcdef")) == [replace(batch(1), result=RESULT)]


def test_a_batch_that_is_not_there_cannot_report(world: World) -> None:
    assert not world.run_book.report_batch(DAY, batch(1).batch_id, RESULT)
    assert list(world.run_book.read_batches(DAY, "0123456789abcdef")) == []


def test_the_latest_forecast_of_a_day_counts(world: World) -> None:
    assert world.run_book.read_forecast(DAY) is None
    for totals in ((TOTAL,), (), (replace(TOTAL, amount_minor=1),)):
        world.run_book.write_forecast(DAY, totals)
        assert world.run_book.read_forecast(DAY) == totals


@pytest.mark.parametrize("consistent", [True, False])
def test_heads_of_due_accounts_are_read_and_what_is_not_there_is_left_out(world: World, consistent: bool) -> None:
    policy = build_policy()
    append_entry(
        world.ledger, NoPause(), ACCOUNT_ID, lambda head, _: Proposal(issue(head, policy), terms=(term_of(policy),))
    )
    found = list(world.agenda.read_due_heads([ACCOUNT_ID, "NOSUCH01"], consistent=consistent))
    assert found == [world.ledger.read_head(ACCOUNT_ID, consistent=True)]
