"""Alerts: each discrepancy is told, once unless somebody was killed, and never with more than it holds."""

from datetime import UTC, date, datetime

import pytest

from pawledger.domain.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.services.push_alerts import SUBJECT_CHARACTERS_MAX, push_alert
from tests.fakes.memory import MemoryWorld

PUSHED_AT = datetime(2026, 2, 10, 9, tzinfo=UTC)
UNDERPAYMENT = Discrepancy(
    kind=DiscrepancyKind.UNDERPAYMENT,
    subject="payment#1",
    born_on=date(2026, 2, 3),
    what="One cent is missing.",
    account_id="HOME0001",
    currency="EUR",
    amount_minor=1,
)


def push(world: MemoryWorld, discrepancy: Discrepancy = UNDERPAYMENT) -> bool:
    return push_alert(
        discrepancy.discrepancy_id,
        discrepancies=world.discrepancy_book,
        alerts=world.alert_channel,
        pushed_at=PUSHED_AT,
    )


def test_a_discrepancy_is_pushed_with_what_how_much_how_old_and_what_to_do() -> None:
    world = MemoryWorld()
    world.discrepancy_book.record(UNDERPAYMENT)
    assert push(world)
    ((subject, alert),) = world.alert_channel.alerts
    assert subject == "Pawledger: underpayment of 0.01 EUR"
    assert alert == {
        "schema": "alert.v1",
        "discrepancy_id": UNDERPAYMENT.discrepancy_id,
        "kind": "underpayment",
        "what": "One cent is missing.",
        "what_to_do": UNDERPAYMENT.suggestion,
        "account_id": "HOME0001",
        "currency": "EUR",
        "amount_minor": 1,
        "born_on": "2026-02-03",
        "age_days": 7,
        "show_with": f"pawledger discrepancies show {UNDERPAYMENT.discrepancy_id}",
    }


def test_a_discrepancy_delivered_ten_times_is_pushed_once() -> None:
    world = MemoryWorld()
    world.discrepancy_book.record(UNDERPAYMENT)
    assert [push(world) for _ in range(10)] == [True] + [False] * 9
    assert len(world.alert_channel.alerts) == 1


def test_a_discrepancy_that_is_not_there_is_not_pushed() -> None:
    world = MemoryWorld()
    assert not push(world)
    assert world.alert_channel.alerts == []


@pytest.mark.parametrize("hook", ["before_call", "after_call"])
def test_a_crash_while_marking_pushes_again_rather_than_never(hook: str) -> None:
    world = MemoryWorld()
    world.discrepancy_book.record(UNDERPAYMENT)

    def crash(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "mark_alerted":
            raise ConnectionError("killed")

    setattr(world, hook, crash)
    with pytest.raises(ConnectionError):
        push(world)
    setattr(world, hook, lambda port, method, arguments: None)
    was_remembered = hook == "after_call"
    assert push(world) is not was_remembered
    assert len(world.alert_channel.alerts) == (1 if was_remembered else 2)


def test_a_crash_before_the_push_marks_nothing() -> None:
    world = MemoryWorld()
    world.discrepancy_book.record(UNDERPAYMENT)

    def crash(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "push":
            raise ConnectionError("killed")

    world.before_call = crash
    with pytest.raises(ConnectionError):
        push(world)
    recorded = world.discrepancy_book.read(UNDERPAYMENT.discrepancy_id)
    assert recorded is not None
    assert recorded.alerted_at is None


def test_a_discrepancy_without_money_has_a_subject_without_amount() -> None:
    world = MemoryWorld()
    discrepancy = Discrepancy(DiscrepancyKind.FILE_UNREADABLE, "f" * 64, date(2026, 2, 3), "Cut.")
    world.discrepancy_book.record(discrepancy)
    push(world, discrepancy)
    assert world.alert_channel.alerts[0][0] == "Pawledger: file unreadable"


def test_a_discrepancy_born_tomorrow_has_no_negative_age() -> None:
    world = MemoryWorld()
    discrepancy = Discrepancy(DiscrepancyKind.FILE_UNREADABLE, "f" * 64, date(2026, 2, 11), "Cut.")
    world.discrepancy_book.record(discrepancy)
    push(world, discrepancy)
    assert world.alert_channel.alerts[0][1]["age_days"] == 0


@pytest.mark.parametrize("kind", list(DiscrepancyKind))
def test_every_kind_has_a_suggestion_and_a_subject_that_fits(kind: DiscrepancyKind) -> None:
    world = MemoryWorld()
    discrepancy = Discrepancy(kind, "s", date(2026, 2, 3), "w", "HOME0001", "EUR", 10**12)
    world.discrepancy_book.record(discrepancy)
    push(world, discrepancy)
    subject, alert = world.alert_channel.alerts[0]
    assert len(subject) <= SUBJECT_CHARACTERS_MAX
    assert str(alert["what_to_do"]).endswith(".")
