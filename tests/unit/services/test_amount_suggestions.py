"""Closing a day finds who owes what nobody could identify; it is kept with the discrepancy, and posts nothing."""

from collections.abc import Iterator
from datetime import date

import pytest

from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.matching.candidate_scores import Evidence
from pawledger.domain.matching.payment_clues import Candidate
from pawledger.domain.worklist.discrepancies import Discrepancy, ResolutionCommand
from pawledger.domain.worklist.discrepancy_life import RecordedDiscrepancy
from pawledger.domain.worklist.resolutions import Share
from pawledger.services.closing.close_day import close_day
from pawledger.services.resolving import amount_suggestions
from pawledger.services.resolving.amount_suggestions import find_candidates
from tests.builders.resolutions import books_of, open_account, resolve, suspend
from tests.builders.services import connect_closing
from tests.fakes.ledger import MemoryLedger
from tests.fakes.memory import MemoryWorld

CLOSED_ON = date(2026, 2, 3)


def close(world: MemoryWorld, day: date = CLOSED_ON) -> None:
    close_day(day, connect_closing(world))


def read(world: MemoryWorld, found: Discrepancy) -> RecordedDiscrepancy:
    recorded = world.discrepancy_book.read(found.discrepancy_id)
    assert recorded is not None
    return recorded


def kept(world: MemoryWorld, found: Discrepancy) -> list[str]:
    return [each.account_id for each in read(world, found).by_amount]


def shown(world: MemoryWorld, found: Discrepancy) -> list[str]:
    return [each.account_id for each in find_candidates(read(world, found), world.ledger)]


def test_a_payment_without_a_clue_has_whoever_owes_its_amount_once_the_day_is_closed() -> None:
    world = MemoryWorld()
    open_account(world, "HOME0001", 1_000)
    open_account(world, "HOME0002", 2_300)
    found = suspend(world, 2_300)
    assert shown(world, found) == []
    close(world)
    assert read(world, found).by_amount == (
        Candidate(
            "HOME0002",
            (),
            22,
            (Evidence.AMOUNT,),
            ("payment reference", "payer's bank account", "payer's name"),
        ),
    )
    assert shown(world, found) == ["HOME0002"]


def test_closing_posts_nothing_and_leaves_the_discrepancy_open_at_its_version() -> None:
    world = MemoryWorld()
    open_account(world, "HOME0002", 2_300)
    found = suspend(world, 2_300)
    before, entries = read(world, found), dict(world.rows.entries)
    books = books_of(world)
    close(world)
    after = read(world, found)
    assert (books_of(world), world.rows.entries) == (books, entries)
    assert (after.discrepancy, after.status, after.version) == (found, before.status, before.version)


def test_who_paid_meanwhile_is_shown_no_more_and_is_forgotten_at_the_next_close() -> None:
    world = MemoryWorld()
    open_account(world, "HOME0002", 2_300)
    first, second = suspend(world, 2_300), suspend(world, 2_300, name="second")
    close(world)
    assert shown(world, second) == ["HOME0002"]
    resolve(world, first, ResolutionCommand.APPLY, Share("HOME0002", None, ()))
    assert (kept(world, second), shown(world, second)) == (["HOME0002"], [])
    close(world)
    assert kept(world, second) == []


def test_a_later_invoice_of_that_amount_is_found_when_the_day_is_closed_again() -> None:
    world = MemoryWorld()
    found = suspend(world, 2_300)
    close(world)
    assert kept(world, found) == []
    open_account(world, "HOME0003", 2_300)
    close(world)
    assert kept(world, found) == ["HOME0003"]


def test_what_is_resolved_in_part_has_no_amount_in_question_any_more() -> None:
    world = MemoryWorld()
    open_account(world, "HOME0002", 2_300)
    open_account(world, "HOME0003", 300)
    found = suspend(world, 2_300)
    close(world)
    resolve(world, found, ResolutionCommand.APPLY, Share("HOME0003", 300, ()))
    assert shown(world, found) == []
    close(world)
    assert kept(world, found) == []


def test_the_same_answer_is_not_written_again() -> None:
    world = MemoryWorld()
    open_account(world, "HOME0002", 2_300)
    found = suspend(world, 2_300)
    close(world)
    world.rows.discrepancies[found.discrepancy_id].by_amount = '{"candidates":["HOME0002 22 amount"]}  '
    close(world)
    # The blanks, which mean nothing, are still there: nothing was written over them.
    assert (world.rows.discrepancies[found.discrepancy_id].by_amount or "").endswith("  ")


def test_beyond_the_limit_the_oldest_payments_are_held_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    world = MemoryWorld()
    open_account(world, "HOME0002", 2_300)
    all_found = [suspend(world, 2_300, name=name) for name in ("first", "second", "third")]
    monkeypatch.setattr(amount_suggestions, "PAYMENTS_HELD_MAX", 2)
    close(world)
    assert [kept(world, found) for found in all_found] == [["HOME0002"], ["HOME0002"], []]


def test_all_accounts_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = MemoryWorld()
    open_account(world, "HOME0002", 2_300)
    suspend(world, 2_300)
    scans = []
    scan_heads = MemoryLedger.scan_heads

    def count_and_scan(ledger: MemoryLedger) -> Iterator[AccountHead]:
        scans.append(ledger)
        return scan_heads(ledger)

    monkeypatch.setattr(MemoryLedger, "scan_heads", count_and_scan)
    close(world)
    assert len(scans) == 1
