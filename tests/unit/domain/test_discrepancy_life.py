"""The life of a discrepancy: what opens, heals, closes and opens it again, and what is kept of each change."""

from dataclasses import replace
from datetime import date

import pytest

from pawledger.domain.worklist.discrepancies import (
    KINDS,
    Discrepancy,
    DiscrepancyKind,
    DiscrepancyStatus,
    Owner,
    ResolutionCommand,
)
from pawledger.domain.worklist.discrepancy_life import (
    CHANGES_KEPT_MAX,
    Change,
    ChangeKind,
    DiscrepancyClosedError,
    Pending,
    RecordedDiscrepancy,
    ResolutionUnderWayError,
    begin,
    check_open,
    find_again,
    finish,
    give_up,
    heal,
)

FOUND = Discrepancy(
    DiscrepancyKind.UNDERPAYMENT, "payment#1", date(2026, 2, 2), "1.00 is missing.", "HOME0001", "EUR", 100
)
OPEN = RecordedDiscrepancy(FOUND, DiscrepancyStatus.OPEN, None)
NOON = "2026-02-03T12:00:00+00:00"
RESOLVED = Change(
    ChangeKind.RESOLVED, NOON, "operator", "Agreed.", "r1", "write-off", (("HOME0001", "resolution#r1#1"),)
)
DISMISSED = Change(ChangeKind.DISMISSED, NOON, "operator", "A test.", "r2", "dismiss")


def healed(recorded: RecordedDiscrepancy) -> RecordedDiscrepancy:
    after = heal(recorded, NOON)
    assert after is not None
    return after


def test_an_open_one_heals_once_and_is_opened_again_with_its_history_and_birthday() -> None:
    after = healed(OPEN)
    assert (after.status, after.version) == (DiscrepancyStatus.HEALED, 1)
    assert heal(after, NOON) is None
    again = find_again(after, replace(FOUND, born_on=date(2026, 3, 3), what="Missing again."), NOON)
    assert again is not None
    assert (again.status, again.opening_count) == (DiscrepancyStatus.OPEN, 2)
    assert (again.discrepancy.what, again.discrepancy.born_on) == ("Missing again.", date(2026, 2, 2))
    assert [change.kind for change in again.history] == [ChangeKind.HEALED, ChangeKind.OPENED_AGAIN]


def test_an_open_one_that_is_found_again_changes_nothing() -> None:
    assert find_again(OPEN, replace(FOUND, amount_minor=200), NOON) is None


@pytest.mark.parametrize("change", [RESOLVED, DISMISSED], ids=["resolved", "dismissed"])
def test_what_a_person_decided_stays_decided_unless_the_amount_is_another(change: Change) -> None:
    after = finish(OPEN, change)
    assert find_again(after, replace(FOUND, what="In other words.", born_on=date(2026, 3, 3)), NOON) is None
    assert heal(after, NOON) is None
    again = find_again(after, replace(FOUND, amount_minor=101), NOON)
    assert again is not None
    assert (again.status, again.discrepancy.amount_minor) == (DiscrepancyStatus.OPEN, 101)
    assert find_again(after, replace(FOUND, currency="GBP"), NOON) is not None


def test_only_the_same_command_goes_on_with_what_was_begun() -> None:
    begun = begin(OPEN, Pending("r1", "apply HOME0001", "first", NOON))
    assert begin(begun, Pending("r1", "apply HOME0001", "second", NOON)).pending == Pending(
        "r1", "apply HOME0001", "second", NOON
    )
    with pytest.raises(ResolutionUnderWayError, match="`apply HOME0001` was begun by first"):
        begin(begun, Pending("r2", "dismiss", "second", NOON))
    assert begin(give_up(begun), Pending("r2", "dismiss", "second", NOON)).pending is not None


def test_what_is_under_way_does_not_heal_meanwhile() -> None:
    begun = begin(OPEN, Pending("r1", "apply HOME0001", "first", NOON))
    assert heal(begun, NOON) is None
    assert heal(give_up(begun), NOON) is not None


def test_a_closed_one_says_who_closed_it_and_when() -> None:
    check_open(OPEN)
    with pytest.raises(DiscrepancyClosedError, match=f"is resolved by operator at {NOON}".replace("+", r"\+")):
        check_open(finish(OPEN, RESOLVED))


def test_the_last_decision_is_the_one_that_was_not_undone() -> None:
    assert OPEN.last_decision is None
    part = replace(RESOLVED, kind=ChangeKind.RESOLVED_IN_PART, resolution_id="r0")
    after = finish(finish(OPEN, part), RESOLVED)
    assert after.last_decision == RESOLVED
    undone = finish(after, Change(ChangeKind.UNDONE, NOON, "operator", "Wrong.", "r1"))
    assert (undone.status, undone.opening_count) == (DiscrepancyStatus.OPEN, 2)
    assert undone.last_decision == part


def test_the_history_is_bounded_and_the_openings_are_counted_on() -> None:
    recorded = OPEN
    for _ in range(CHANGES_KEPT_MAX):  # each round is two changes
        again = find_again(healed(recorded), FOUND, NOON)
        assert again is not None
        recorded = again
    assert len(recorded.history) == CHANGES_KEPT_MAX
    assert (recorded.opening_count, recorded.version) == (CHANGES_KEPT_MAX + 1, 2 * CHANGES_KEPT_MAX)


@pytest.mark.parametrize("kind", DiscrepancyKind)
def test_every_kind_has_an_owner_an_age_limit_and_can_be_dismissed(kind: DiscrepancyKind) -> None:
    terms = KINDS[kind]
    assert terms.owner in Owner
    assert 1 <= terms.age_limit_days <= 60
    assert terms.resolutions.count(ResolutionCommand.DISMISS) == 1


def test_it_is_overdue_from_the_day_after_its_age_limit_on() -> None:
    # Underpayments may be 30 days old: born on 2 February, the 30th day after is 4 March.
    assert not FOUND.is_overdue(date(2026, 3, 4))
    assert FOUND.is_overdue(date(2026, 3, 5))
