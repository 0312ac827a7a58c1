"""Alerts: each discrepancy is told, once unless somebody was killed, and never with more than it holds."""

from datetime import UTC, date, datetime

import pytest

from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.services.resolving.push_alerts import IN_DIGEST, SUBJECT_CHARACTERS_MAX, push_alert
from tests.builders.services import chunked_payment, post
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
        references=world.reference_book,
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


def of_file(number: int, kind: DiscrepancyKind = DiscrepancyKind.UNIDENTIFIED_PAYMENT, file: str = "a") -> Discrepancy:
    return Discrepancy(
        kind, f"payment#{file}{number}", date(2026, 2, 3), "Whose?", "SUSPENSE-01", "EUR", 10, group=f"file#{file}"
    )


def test_ten_thousand_of_one_kind_and_file_are_one_alert_that_says_so() -> None:
    world = MemoryWorld()
    many = [of_file(number) for number in range(10_000)]
    for each in many:
        world.discrepancy_book.record(each)
    assert sum(push(world, each) for each in many) == 1
    ((_, alert),) = world.alert_channel.alerts
    assert alert["discrepancy_id"] == many[0].discrepancy_id
    assert alert["what"] == f"Whose? {IN_DIGEST}"


def test_payments_of_one_file_that_nobody_can_identify_are_one_group() -> None:
    world = MemoryWorld()
    post(world, [chunked_payment(f"nobody {number}") for number in range(3)])
    open_ones = [recorded.discrepancy for recorded in world.discrepancy_book.list_open()]
    assert [each.kind for each in open_ones] == [DiscrepancyKind.UNIDENTIFIED_PAYMENT] * 3
    assert sum(push(world, each) for each in open_ones) == 1


def test_another_kind_or_file_is_an_alert_of_its_own() -> None:
    world = MemoryWorld()
    each_alone = [of_file(1), of_file(2, DiscrepancyKind.CURRENCY_MISMATCH), of_file(3, file="b"), UNDERPAYMENT]
    for each in each_alone:
        world.discrepancy_book.record(each)
    assert [push(world, each) for each in each_alone] == [True] * 4


def test_a_crash_between_marking_the_group_and_pushing_still_pushes_the_first() -> None:
    world = MemoryWorld()
    first, second = of_file(1), of_file(2)
    for each in (first, second):
        world.discrepancy_book.record(each)

    def crash(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "push":
            raise ConnectionError("killed")

    world.before_call = crash
    with pytest.raises(ConnectionError):
        push(world, first)
    world.before_call = lambda port, method, arguments: None
    assert not push(world, second)
    assert push(world, first)


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
