"""The ladder against lines whose truth is known: the short form of `make bench-matching`."""

from typing import Final

import pytest

from benchmarks.matching.books import make_books
from benchmarks.matching.known_books import KnownBooks
from benchmarks.matching.lines import stream_lines
from benchmarks.matching.measuring import Run, decide_lines
from benchmarks.matching.tallies import Outcome
from benchmarks.matching.truth import Decidability

LINES: Final = 20_000
OPEN_INVOICES: Final = 20_000
SEED: Final = 2026


@pytest.fixture(scope="module")
def run() -> Run:
    books = make_books(SEED, OPEN_INVOICES)
    *_, (run, _) = decide_lines(stream_lines(books, SEED, LINES), KnownBooks(books))
    return run


def test_no_money_is_posted_to_where_it_was_not_meant(run: Run) -> None:
    assert [(line.references, line.text, line.truth, posted) for line, posted in run.tally.false_examples] == []
    assert run.tally.false_count == 0


def test_what_is_proven_is_matched_without_a_person(run: Run) -> None:
    proven = run.tally.count(*Outcome, of=[Decidability.PROVEN])
    assert proven > 0.8 * LINES
    assert run.tally.count(Outcome.RIGHT, of=[Decidability.PROVEN]) >= 0.98 * proven


def test_payments_that_are_matched_settle_the_invoices_that_were_meant(run: Run) -> None:
    assert run.allocations > 0.7 * LINES
    assert run.allocations_right >= 0.999 * run.allocations


def test_of_what_is_left_over_the_account_that_was_meant_is_suggested_first(run: Run) -> None:
    asked, first = sum(run.tally.suggested.values()), sum(run.tally.suggested_first.values())
    assert asked > 0.02 * LINES
    assert first >= 0.95 * asked
