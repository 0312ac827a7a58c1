"""Dated billing rules, whatever the dates: one rule a day, order of no account, a change counts from its day on."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pawledger.domain.billing.charging import charge_term
from pawledger.domain.billing.rulebook import Rulebook
from pawledger.rules.billing_rules import load_rules
from pawledger.rules.rule_faults import BillingRulesError
from tests.builders.policy_terms import issued, last_term
from tests.builders.rule_files import DISCOUNT, FEE, LEAST, TAX, change, write_rules

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
PERCENTS = st.integers(0, 10_000).map(lambda hundredths: f'"{hundredths // 100}.{hundredths % 100:02d}"')


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[date, date | None, str]]:
    """Rates of one tax that follow each other: first day, first day that is past, percent."""
    turns = sorted(draw(st.sets(DAYS, min_size=2, max_size=8)))
    ends: list[date | None] = [*turns[1:-1], draw(st.sampled_from([turns[-1], None]))]
    return [(turn, end, draw(PERCENTS)) for turn, end in zip(turns[:-1], ends, strict=True)]


def tables_of(history: list[tuple[date, date | None, str]]) -> list[str]:
    """Rows of a tax; where the last of them ends, it was abolished."""
    tables = []
    for number, (effective_on, ends_on, percent) in enumerate(history):
        table = change(change(TAX, "rule_id", f'"GB-ipt-{number}"'), "effective_on", str(effective_on))
        table = change(table, "percent", percent)
        tables.append(change(table, "ends_on", str(ends_on)) if ends_on else table)
    if history[-1][1]:
        tables[-1] = change(tables[-1], "abolished", "true")
    return tables


def load(tables: list[str], tariff: str = "") -> Rulebook:
    with TemporaryDirectory() as folder:
        text = LEAST + "".join(tables)
        return load_rules(write_rules(Path(folder), jurisdictions={"GB": text}, tariff=tariff))


@given(histories(), st.data())
def test_every_day_from_the_first_to_the_last_has_exactly_one_rate_and_no_other_day_has_one(
    history: list[tuple[date, date | None, str]], data: st.DataObject
) -> None:
    rulebook = load(tables_of(history))
    first, last = history[0][0], history[-1][1]
    edges = {turn + timedelta(days=beside) for turn, _, _ in history for beside in (-1, 0, 1)}
    for day in edges | {data.draw(DAYS)}:
        rates = rulebook.taxes_on("GB", "", day)
        is_covered = first <= day and (last is None or day < last)
        assert len(rates) == (1 if is_covered else 0)
        if is_covered:
            expected = [percent for turn, _, percent in history if turn <= day][-1]
            assert f'"{rates[0].percent}"' == expected


@given(histories(), st.integers(1, 400), st.data())
def test_rates_that_leave_a_day_out_or_count_twice_on_one_are_refused(
    history: list[tuple[date, date | None, str]], days: int, data: st.DataObject
) -> None:
    later = data.draw(st.integers(0, len(history) - 1))
    moved_on = history[later][0] + timedelta(days=data.draw(st.sampled_from([-days, days])))
    ends_on = history[later][1]
    moved = [*history]
    moved[later] = (moved_on, ends_on, history[later][2])
    is_sound = all(one[1] == other[0] for one, other in pairwise(sorted(moved, key=lambda row: row[0])))
    if is_sound and (ends_on is None or moved_on < ends_on):
        load(tables_of(moved))
        return
    with pytest.raises(BillingRulesError):
        load(tables_of(moved))


@given(histories(), st.data())
def test_a_series_goes_on_until_its_last_row_says_that_it_was_abolished(
    history: list[tuple[date, date | None, str]], data: st.DataObject
) -> None:
    tables = tables_of(history)
    place = data.draw(st.integers(0, len(tables) - 1))
    if history[place][1] is None:
        told = change(tables[place], "abolished", "true")  # what does not end was not abolished
    elif place == len(tables) - 1:
        told = change(tables[place], "abolished", None)  # an end that does not say what follows
    else:
        told = change(tables[place], "abolished", "true")  # what is followed was not abolished
    with pytest.raises(BillingRulesError) as caught:
        load([*tables[:place], told, *tables[place + 1 :]])
    (fault,) = caught.value.faults
    assert f"GB-ipt-{place}" in fault.place


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(history: list[tuple[date, date | None, str]], random: object) -> None:
    tables = tables_of(history)
    shuffled = [*tables]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert load(shuffled, tariff=DISCOUNT + FEE) == load(tables, tariff=FEE + DISCOUNT)


@given(st.dates(date(2005, 1, 1), date(2050, 12, 31)), PERCENTS, PERCENTS, st.integers(-800, 800))
def test_a_new_rate_changes_exactly_the_charges_from_its_day_on(turn: date, before: str, after: str, days: int) -> None:
    first = date(2000, 1, 1)
    old = load(tables_of([(first, None, before)]))
    new = load(tables_of([(first, turn, before), (turn, None, after)]))
    always_new = load(tables_of([(first, None, after)]))
    term_begins_on = turn + timedelta(days=days)
    charged = _amounts(new, term_begins_on)
    assert charged == _amounts(always_new if term_begins_on >= turn else old, term_begins_on)


def _amounts(rulebook: Rulebook, effective_on: date) -> dict[str, int]:
    term = last_term([issued(effective_on=effective_on)], rulebook)
    return {charge.code: charge.amount_minor for charge in charge_term(term, rulebook)}
