"""Starting a day: everybody who is due is queued, also after missed days, in messages of a bounded size."""

from datetime import date, timedelta

import pytest

from pawledger.services.billing.plan_run import CATCH_UP_DAYS
from pawledger.services.billing.start_billing_day import start_billing_day
from tests.builders.policies import build_policy
from tests.builders.services import connect_billing, record_policy
from tests.fakes.memory import MemoryWorld

AGENDA_DAY = date(2026, 1, 17)


def start(world: MemoryWorld, business_date: date) -> int:
    return start_billing_day(business_date, ports=connect_billing(world)).queued_count


def build_world(count: int = 1) -> MemoryWorld:
    world = MemoryWorld()
    for number in range(count):
        record_policy(world, build_policy(f"PAW-{number}", account_id=f"ACCT{number:04d}"))
    return world


def queued(world: MemoryWorld) -> list[str]:
    return [account_id for message in world.billing_queue.take() for account_id in message["account_ids"]]


def test_a_day_on_which_nobody_is_due_queues_nothing() -> None:
    world = build_world()
    assert start(world, AGENDA_DAY - timedelta(days=1)) == 0
    assert world.billing_queue.messages == []


def test_a_due_account_is_queued_with_the_business_date() -> None:
    world = build_world()
    assert start(world, AGENDA_DAY) == 1
    (message,) = world.billing_queue.messages
    (batch_id,) = (batch_id for _, batch_id in world.rows.batches)
    assert message == {
        "schema": "bill_accounts.v1",
        "business_date": "2026-01-17",
        "account_ids": ["ACCT0000"],
        "batch_id": batch_id,
        "expected_minor": {"EUR": 1_000},
        "invoice_counts": {},
    }


@pytest.mark.parametrize(("days_late", "count"), [(1, 1), (CATCH_UP_DAYS, 1), (CATCH_UP_DAYS + 1, 0)])
def test_missed_days_are_caught_up_as_far_back_as_is_promised(days_late: int, count: int) -> None:
    world = build_world()
    assert start(world, AGENDA_DAY + timedelta(days=days_late)) == count


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(1, [1]), (100, [100]), (101, [100, 1]), (220, [100, 100, 20])],
)
def test_accounts_are_queued_in_messages_of_a_hundred(count: int, sizes: list[int]) -> None:
    world = build_world(count)
    assert start(world, AGENDA_DAY) == count
    assert [len(message["account_ids"]) for message in world.billing_queue.messages] == sizes
    assert sorted(queued(world)) == [f"ACCT{number:04d}" for number in range(count)]


def test_fired_ten_times_it_queues_the_same_accounts_ten_times() -> None:
    world = build_world(3)
    for _ in range(10):
        assert start(world, AGENDA_DAY) == 3
    assert sorted(queued(world)) == sorted(["ACCT0000", "ACCT0001", "ACCT0002"] * 10)


def test_the_oldest_day_is_queued_first() -> None:
    world = build_world()
    record_policy(world, build_policy("PAW-OLDER", account_id="OLDER001", effective_on=date(2026, 1, 21)))
    start(world, AGENDA_DAY)
    assert queued(world) == ["OLDER001", "ACCT0000"]
