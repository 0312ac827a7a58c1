"""Continuity: what is missing is found whatever order statements come in, and copies neither continue nor break."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pawledger.domain.posting.statement_chain import (
    ChainBreak,
    ChainedStatement,
    chain_id_of,
    find_breaks,
    statement_id_of,
)

MONDAY = date(2026, 11, 2)


def statement(
    day: int,
    opening_minor: int,
    closing_minor: int,
    *,
    number: int | None = None,
    days: int = 1,
    name: str = "",
) -> ChainedStatement:
    """A statement that ends on a day counted from the first Monday, and reaches back over so many days."""
    last_day = MONDAY + timedelta(days=day)
    return ChainedStatement(
        chain_id=chain_id_of(("camt", "DE00", "EUR")),
        statement_id=statement_id_of((name or f"{day}/{number}",)),
        file_id="f" * 64,
        currency="EUR",
        first_day=last_day - timedelta(days=days - 1),
        last_day=last_day,
        sequence_number=number,
        opening_minor=opening_minor,
        closing_minor=closing_minor,
    )


def told(breaks: Sequence[ChainBreak]) -> list[tuple[int, int, int, int]]:
    """Days on both sides of each break, the difference and how many numbers are missing."""
    return [
        (
            (each.before.last_day - MONDAY).days,
            (each.after.last_day - MONDAY).days,
            each.difference_minor,
            each.missing_numbers,
        )
        for each in breaks
    ]


WEEK = [statement(day, 100 * day, 100 * day + 100, number=41 + day) for day in range(5)]


def test_a_whole_series_has_no_break_in_whatever_order_it_came() -> None:
    for order in permutations(WEEK):
        assert find_breaks(order) == []


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_missing_day_is_one_break_and_its_arrival_heals_it(missing: int) -> None:
    known = [each for each in WEEK if each is not WEEK[missing]]
    assert told(find_breaks(known)) == [(missing - 1, missing + 1, 100, 1)]
    assert find_breaks([*known, WEEK[missing]]) == []


def test_what_lacks_before_the_first_or_behind_the_last_is_no_break() -> None:
    assert find_breaks(WEEK[1:-1]) == []
    assert find_breaks([]) == []


def test_a_missing_number_is_a_break_although_the_balances_agree() -> None:
    found = find_breaks([statement(0, 0, 50, number=7), statement(1, 50, 60, number=9)])
    assert told(found) == [(0, 1, 0, 1)]


def test_balances_that_differ_are_a_break_although_the_numbers_agree() -> None:
    found = find_breaks([statement(0, 0, 50, number=7), statement(1, 51, 60, number=8)])
    assert told(found) == [(0, 1, 1, 0)]


def test_numbers_begin_anew_with_the_year_and_at_any_time() -> None:
    december = statement(59, 0, 50, number=250)
    assert december.last_day == date(2026, 12, 31)
    assert find_breaks([december, statement(60, 50, 60, number=1)]) == []
    assert find_breaks([december, statement(60, 50, 60, number=4)]) == []
    assert find_breaks([statement(0, 0, 50, number=9), statement(1, 50, 60, number=1)]) == []


def test_statements_of_one_day_without_numbers_are_ordered_by_their_balances() -> None:
    day = [statement(0, 30, 10, name="c"), statement(0, 0, 20, name="b"), statement(0, 20, 30, name="a")]
    for order in permutations([*day, statement(-1, 5, 0, name="before")]):
        assert find_breaks(order) == []


def test_pages_of_one_statement_link_like_statements() -> None:
    pages = [statement(0, 50, 70, number=3, name="page 2"), statement(0, 0, 50, number=3, name="page 1")]
    assert find_breaks([*pages, statement(1, 70, 80, number=4)]) == []
    assert told(find_breaks([pages[1], statement(1, 70, 80, number=4)])) == [(0, 1, 20, 0)]


def test_a_month_behind_its_days_neither_continues_nor_breaks_the_series() -> None:
    month = statement(4, 0, 500, days=5, name="month")
    following = statement(5, 500, 510, number=46)
    assert find_breaks([*WEEK, month, following]) == []


def test_a_copy_under_another_id_is_no_break() -> None:
    copy = statement(2, 200, 300, number=43, name="copy")
    assert find_breaks([*WEEK, copy]) == []


def test_a_break_keeps_its_name() -> None:
    (found,) = find_breaks([WEEK[0], WEEK[2]])
    (again,) = find_breaks([WEEK[2], WEEK[0], WEEK[3]])
    assert found.subject == again.subject
    (other,) = find_breaks([WEEK[0], WEEK[3]])
    assert other.subject != found.subject


@given(
    amounts=st.lists(st.integers(-500, 500), min_size=3, max_size=12),
    numbered=st.booleans(),
    data=st.data(),
)
def test_any_series_with_one_hole_has_breaks_until_the_hole_is_filled(
    amounts: list[int], numbered: bool, data: st.DataObject
) -> None:
    balance, series = 0, []
    for day, amount_minor in enumerate(amounts):
        series.append(statement(day, balance, balance + amount_minor, number=day + 1 if numbered else None))
        balance += amount_minor
    hole = data.draw(st.integers(1, len(series) - 2))
    known = [each for place, each in enumerate(series) if place != hole]
    # Without numbers, a day on which nothing was gained cannot be missed: its balances say nothing.
    assert bool(find_breaks(known)) == (numbered or amounts[hole] != 0)
    assert find_breaks([*known, series[hole]]) == []
