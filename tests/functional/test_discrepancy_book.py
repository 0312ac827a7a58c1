"""The discrepancy book's promises, kept by the fake and by DynamoDB alike."""

from dataclasses import replace
from datetime import date

import pytest

from pawledger.domain.matching.candidate_scores import Evidence, lacks_of
from pawledger.domain.matching.payment_clues import Candidate
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, DiscrepancyStatus
from pawledger.domain.worklist.discrepancy_life import Change, ChangeKind, Pending, RecordedDiscrepancy, begin, finish
from pawledger.ports import DiscrepancyMovedError
from tests.functional.worlds import World

OVERPAYMENT = Discrepancy(
    DiscrepancyKind.OVERPAYMENT, "payment#1", date(2026, 2, 2), "0.05 too much", "HOME0001", "EUR", 5
)
NOON = "2026-02-03T12:00:00+00:00"
EVENING = "2026-02-03T18:00:00+00:00"
OWING = (
    Candidate("HOME0002", (), 22, (Evidence.AMOUNT,), lacks_of([Evidence.AMOUNT])),
    Candidate("HOME0003", (), 15, (Evidence.AMOUNT_OF_SEVERAL,), lacks_of([Evidence.AMOUNT_OF_SEVERAL])),
)


def test_a_recorded_discrepancy_is_read_back_whole(world: World) -> None:
    assert world.discrepancy_book.record(OVERPAYMENT)
    recorded = world.discrepancy_book.read(OVERPAYMENT.discrepancy_id)
    assert recorded is not None
    assert recorded.discrepancy == OVERPAYMENT
    assert (recorded.status, recorded.alerted_at) == (DiscrepancyStatus.OPEN, None)


def test_a_discrepancy_that_nobody_recorded_is_none(world: World) -> None:
    assert world.discrepancy_book.read("overpayment-0000000000000000") is None
    assert list(world.discrepancy_book.list_open()) == []


def test_the_same_finding_again_is_not_recorded_again(world: World) -> None:
    reworded = replace(OVERPAYMENT, what="said otherwise")
    assert world.discrepancy_book.record(OVERPAYMENT)
    assert not world.discrepancy_book.record(reworded)
    recorded = world.discrepancy_book.read(OVERPAYMENT.discrepancy_id)
    assert recorded is not None
    assert recorded.discrepancy == OVERPAYMENT


def test_a_resolved_discrepancy_is_not_opened_by_finding_it_again(world: World) -> None:
    world.discrepancy_book.record(OVERPAYMENT)
    world.close_discrepancy(OVERPAYMENT.discrepancy_id)
    assert not world.discrepancy_book.record(OVERPAYMENT)
    recorded = world.discrepancy_book.read(OVERPAYMENT.discrepancy_id)
    assert recorded is not None
    assert recorded.status is DiscrepancyStatus.RESOLVED
    assert list(world.discrepancy_book.list_open()) == []


def test_open_ones_come_kind_by_kind_and_oldest_first(world: World) -> None:
    file_kind, money_kind = DiscrepancyKind.FILE_UNREADABLE, DiscrepancyKind.UNDERPAYMENT
    found = [
        Discrepancy(file_kind, "file 1", date(2026, 3, 2), "x"),
        Discrepancy(money_kind, "payment#1", date(2026, 3, 1), "x"),
        Discrepancy(file_kind, "file 2", date(2026, 2, 28), "x"),
        Discrepancy(money_kind, "payment#2", date(2025, 12, 31), "x"),
    ]
    for discrepancy in found:
        world.discrepancy_book.record(discrepancy)
    listed = [recorded.discrepancy for recorded in world.discrepancy_book.list_open()]
    by_kind = {kind: [each for each in listed if each.kind is kind] for kind in (file_kind, money_kind)}
    assert by_kind == {file_kind: [found[2], found[0]], money_kind: [found[3], found[1]]}
    assert [each.kind for each in listed] in ([file_kind] * 2 + [money_kind] * 2, [money_kind] * 2 + [file_kind] * 2)


def test_an_alert_is_remembered_once_with_its_first_instant(world: World) -> None:
    world.discrepancy_book.record(OVERPAYMENT)
    assert world.discrepancy_book.mark_alerted(OVERPAYMENT.discrepancy_id, NOON)
    assert not world.discrepancy_book.mark_alerted(OVERPAYMENT.discrepancy_id, EVENING)
    recorded = world.discrepancy_book.read(OVERPAYMENT.discrepancy_id)
    assert recorded is not None
    assert (recorded.alerted_at, recorded.discrepancy) == (NOON, OVERPAYMENT)


def test_an_alert_of_a_discrepancy_that_is_not_there_leaves_no_trace(world: World) -> None:
    assert not world.discrepancy_book.mark_alerted(OVERPAYMENT.discrepancy_id, NOON)
    assert world.discrepancy_book.read(OVERPAYMENT.discrepancy_id) is None


def test_a_healed_discrepancy_is_off_the_worklist_and_heals_once(world: World) -> None:
    gap = Discrepancy(DiscrepancyKind.STATEMENT_GAP, "series#1", date(2026, 2, 2), "x")
    for found in (gap, OVERPAYMENT):
        world.discrepancy_book.record(found)
    assert world.discrepancy_book.heal(gap.discrepancy_id)
    assert not world.discrepancy_book.heal(gap.discrepancy_id)
    recorded = world.discrepancy_book.read(gap.discrepancy_id)
    assert recorded is not None
    assert recorded.status is DiscrepancyStatus.HEALED
    assert [each.discrepancy for each in world.discrepancy_book.list_open()] == [OVERPAYMENT]


def test_what_is_closed_or_was_never_there_does_not_heal(world: World) -> None:
    world.discrepancy_book.record(OVERPAYMENT)
    world.close_discrepancy(OVERPAYMENT.discrepancy_id)
    assert not world.discrepancy_book.heal(OVERPAYMENT.discrepancy_id)
    assert not world.discrepancy_book.heal("statement_gap-0000000000000000")
    assert world.discrepancy_book.read("statement_gap-0000000000000000") is None


def test_open_ones_of_one_kind_can_be_listed_alone(world: World) -> None:
    gap = Discrepancy(DiscrepancyKind.STATEMENT_GAP, "series#1", date(2026, 2, 2), "x")
    for found in (gap, OVERPAYMENT):
        world.discrepancy_book.record(found)
    listed = world.discrepancy_book.list_open(DiscrepancyKind.STATEMENT_GAP)
    assert [each.discrepancy for each in listed] == [gap]


def read(world: World) -> RecordedDiscrepancy:
    recorded = world.discrepancy_book.read(OVERPAYMENT.discrepancy_id)
    assert recorded is not None
    return recorded


def test_one_that_healed_is_open_again_when_its_ground_returns_and_says_so(world: World) -> None:
    world.discrepancy_book.record(OVERPAYMENT)
    world.discrepancy_book.heal(OVERPAYMENT.discrepancy_id)
    assert list(world.discrepancy_book.list_open()) == []
    assert world.discrepancy_book.record(replace(OVERPAYMENT, born_on=date(2026, 2, 9)))
    assert not world.discrepancy_book.record(OVERPAYMENT)
    recorded = read(world)
    assert (recorded.status, recorded.opening_count, recorded.version) == (DiscrepancyStatus.OPEN, 2, 2)
    assert [change.kind for change in recorded.history] == [ChangeKind.HEALED, ChangeKind.OPENED_AGAIN]
    assert recorded.discrepancy.born_on == date(2026, 2, 2)
    assert list(world.discrepancy_book.list_open()) == [recorded]


def test_a_change_is_kept_whole_and_takes_it_off_the_worklist(world: World) -> None:
    world.discrepancy_book.record(OVERPAYMENT)
    entries = (("SUSPENSE-07", "resolution#a#1"), ("HOME0001", "resolution#a#2"))
    done = Change(ChangeKind.RESOLVED, NOON, "operator", "The payer called.", "a", "apply HOME0001", entries)
    before = read(world)
    begun = begin(before, Pending("a", "apply HOME0001", "operator", NOON))
    world.discrepancy_book.change(before, begun)
    assert read(world).pending == begun.pending
    world.discrepancy_book.change(begun, finish(begun, done))
    recorded = read(world)
    assert (recorded.status, recorded.history, recorded.pending) == (DiscrepancyStatus.RESOLVED, (done,), None)
    assert list(world.discrepancy_book.list_open()) == []


def test_of_two_who_change_the_same_state_the_second_is_told(world: World) -> None:
    world.discrepancy_book.record(OVERPAYMENT)
    before = read(world)
    world.discrepancy_book.change(before, begin(before, Pending("a", "apply", "first", NOON)))
    with pytest.raises(DiscrepancyMovedError, match=OVERPAYMENT.discrepancy_id):
        world.discrepancy_book.change(before, begin(before, Pending("b", "dismiss", "second", NOON)))
    pending = read(world).pending
    assert pending is not None
    assert pending.actor == "first"


def test_what_was_never_recorded_cannot_be_changed(world: World) -> None:
    unknown = RecordedDiscrepancy(OVERPAYMENT, DiscrepancyStatus.OPEN, None)
    with pytest.raises(DiscrepancyMovedError):
        world.discrepancy_book.change(unknown, begin(unknown, Pending("a", "apply", "first", NOON)))
    assert world.discrepancy_book.read(OVERPAYMENT.discrepancy_id) is None


def test_a_change_leaves_alone_that_its_alert_was_pushed_meanwhile(world: World) -> None:
    world.discrepancy_book.record(OVERPAYMENT)
    before = read(world)
    world.discrepancy_book.mark_alerted(OVERPAYMENT.discrepancy_id, NOON)
    world.discrepancy_book.change(before, begin(before, Pending("a", "apply", "first", NOON)))
    assert read(world).alerted_at == NOON


def test_who_owes_the_amount_is_kept_beside_an_open_one_and_changes_nothing_else(world: World) -> None:
    world.discrepancy_book.record(OVERPAYMENT)
    world.discrepancy_book.mark_alerted(OVERPAYMENT.discrepancy_id, NOON)
    before = read(world)
    assert world.discrepancy_book.keep_by_amount(OVERPAYMENT.discrepancy_id, OWING)
    assert read(world) == replace(before, by_amount=OWING)
    assert list(world.discrepancy_book.list_open()) == [replace(before, by_amount=OWING)]
    # Whoever had read it before is not in the way, and leaves alone what was kept.
    world.discrepancy_book.change(before, begin(before, Pending("a", "apply", "first", NOON)))
    assert read(world).by_amount == OWING


def test_what_was_kept_by_amount_is_replaced_and_removed(world: World) -> None:
    world.discrepancy_book.record(OVERPAYMENT)
    for candidates in (OWING, OWING[1:], ()):
        assert world.discrepancy_book.keep_by_amount(OVERPAYMENT.discrepancy_id, candidates)
        assert read(world).by_amount == candidates


def test_nothing_is_kept_by_amount_of_what_is_closed_or_was_never_there(world: World) -> None:
    assert not world.discrepancy_book.keep_by_amount(OVERPAYMENT.discrepancy_id, OWING)
    assert world.discrepancy_book.read(OVERPAYMENT.discrepancy_id) is None
    world.discrepancy_book.record(OVERPAYMENT)
    world.close_discrepancy(OVERPAYMENT.discrepancy_id)
    assert not world.discrepancy_book.keep_by_amount(OVERPAYMENT.discrepancy_id, OWING)
    assert read(world).by_amount == ()
