"""Refund rules: the shipped ones, what a file of them may not say, and deadlines and interest by hand."""

from datetime import date
from decimal import Decimal

import pytest

from pawledger.adapters.bank_holidays import LibraryHolidayCalendars
from pawledger.domain.refunding.refund_rules import (
    ANYONE,
    DayCount,
    count_deadline,
    find_deadline,
    interest_of,
    is_same_person,
    role_of,
)
from pawledger.rules.refund_rules import load_refund_rules, refund_rules_from_toml
from pawledger.rules.rule_faults import BillingRulesError
from tests.builders.refunds import CALIFORNIA, JANE, RULES, give_credit
from tests.builders.resolutions import open_account, pay
from tests.fakes.memory import MemoryWorld

HEAD = 'approval_days = 5\nbelow_minimum = "stays"\n[write_off.anyone]\nEUR = "50.00"\n[cost.anyone]\nEUR = "70.00"\n'
ROW = """
[[deadlines]]
rule_id = "US-refund"
jurisdiction = "US"
days = 30
counts = "calendar"
effective_on = 2000-01-01
citation = "A law."
verified = false
"""


def no_holiday(name: str, day: date) -> bool:
    return False


def test_the_shipped_rules_cite_their_laws_and_claim_to_have_read_none() -> None:
    rules = load_refund_rules()
    california = rules.deadline_rule("US-CA", "accident", date(2026, 3, 2))
    assert california is not None
    assert (california.days, california.counts, california.interest_percent) == (25, DayCount.BUSINESS, Decimal(10))
    assert "481.5" in california.citation
    oklahoma, texas = (rules.deadline_rule(place, "accident", date(2026, 3, 2)) for place in ("US-OK", "US-TX"))
    assert (oklahoma and oklahoma.days, texas and texas.days) == (45, 30)
    assert rules.deadline_rule("GB", "accident", date(2026, 3, 2)) is None
    assert not any(rule.is_verified for rule in rules.deadlines)
    assert not rules.writes_up
    holidays = LibraryHolidayCalendars()
    for rule in rules.deadlines:
        count_deadline(date(2026, 3, 2), rule, holidays.is_holiday)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("approval_days = ", "not TOML"),
        (HEAD.replace("approval_days = 5\n", ""), "approval_days: missing"),
        (HEAD.replace("= 5", "= 0"), "from 1 to 90"),
        (HEAD.replace('"stays"', '"kept"'), "one of stays, written_up"),
        (HEAD.replace('"50.00"', '"50.001"'), "write_off.anyone: EUR"),
        (HEAD.replace('"50.00"', '"-1"'), "an amount of EUR above zero"),
        (HEAD.replace("EUR", "ABC"), "is no currency of ISO 4217"),
        (HEAD.replace("anyone", "lead"), "[write_off.anyone]"),
        (HEAD + '[write_off."a b"]\nEUR = "1"\n', "the name of a role"),
        (HEAD + "[minimum]\nEUR = 1.5\n", "1.5 is a float, and rules hold none"),
        ("minimum = 3\n" + HEAD, "a table of amounts by currency"),
        ("surprise = 1\n" + HEAD, "surprise: unknown"),
        (HEAD + ROW.replace("days = 30", "days = 181"), "from 1 to 180"),
        (HEAD + ROW.replace('"calendar"', '"working"'), "one of calendar, business"),
        (HEAD + ROW + 'holidays = "US"\n', "holidays too"),
        (HEAD + ROW.replace('"calendar"', '"business"') + 'holidays = "us"\n', "a place of ISO 3166, TARGET or FED"),
        (HEAD + ROW.replace('jurisdiction = "US"', 'jurisdiction = "usa"'), "a place of ISO 3166"),
        (HEAD + ROW.replace('citation = "A law."\n', ""), "citation: missing"),
        (HEAD + ROW.replace("verified = false\n", ""), "verified: missing"),
        (HEAD + ROW + "ends_on = 1999-01-01\n", "after 2000-01-01"),
        (HEAD + ROW + ROW, "stands there twice"),
        (HEAD + ROW + ROW.replace("US-refund", "US-other"), "another one counts on the same days"),
        (HEAD + ROW.replace("days = 30", "days = 30\nday = 1"), "day: unknown"),
        (HEAD + ROW + "interest_percent = 101\n", "a percentage"),
    ],
)
def test_a_faulty_file_is_refused_with_the_fault(text: str, says: str) -> None:
    with pytest.raises(BillingRulesError) as refused:
        refund_rules_from_toml(text)
    assert says in str(refused.value)


def test_rules_of_one_place_may_be_of_different_products_or_follow_each_other() -> None:
    other = ROW.replace("US-refund", "US-other")
    by_product = refund_rules_from_toml(HEAD + ROW + 'products = ["accident"]\n' + other + 'products = ["wellness"]\n')
    assert len(by_product.deadlines) == 2
    following = other.replace("2000-01-01", "2020-01-01").replace("days = 30", "days = 60")
    in_turn = refund_rules_from_toml(HEAD + ROW + "ends_on = 2020-01-01\n" + following)
    found = [in_turn.deadline_rule("US-NY", "any", day) for day in (date(2019, 12, 31), date(2020, 1, 1))]
    assert [each and each.days for each in found] == [30, 60]


def test_business_days_leave_out_weekends_and_holidays() -> None:
    # From Friday 22 May 2026: Memorial Day is Monday 25 May, so that 5 business days end on Monday 1 June, and without
    # holidays on Friday 29 May. 25 of them end on 26 June without holidays; Juneteenth (Friday 19 June) and Memorial
    # Day make it Tuesday 30 June.
    holidays = LibraryHolidayCalendars()
    assert count_deadline(date(2026, 5, 22), CALIFORNIA, no_holiday) == date(2026, 6, 26)
    assert count_deadline(date(2026, 5, 22), CALIFORNIA, holidays.is_holiday) == date(2026, 6, 30)


def test_calendar_days_count_every_day() -> None:
    rule = load_refund_rules().deadline_rule("US-TX", "accident", date(2026, 3, 2))
    assert rule is not None
    assert count_deadline(date(2026, 3, 2), rule, no_holiday) == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("amount_minor", "percent", "days", "interest_minor"),
    [
        (36_500, "10", 11, 110),
        (10_000, "10", 365, 1_000),
        (10_000, "10", 366, 1_003),  # 1,002.74
        (18_250, "10", 1, 5),  # exactly 5
        (9_125, "10", 1, 3),  # 2.5 is rounded up
        (9_124, "10", 1, 2),  # 2.4997
        (10_000, "10", 0, 0),
        (10_000, "10", -5, 0),
    ],
)
def test_interest_is_simple_by_the_day_and_rounded_half_up(
    amount_minor: int, percent: str, days: int, interest_minor: int
) -> None:
    assert interest_of(amount_minor, Decimal(percent), days) == interest_minor


def test_only_what_a_policy_event_gave_back_has_a_deadline() -> None:
    world = MemoryWorld()
    open_account(world, "HOME0001", currency="USD")
    ground_id = give_credit(world, "HOME0001", 5_000, currency="USD", on=date(2026, 5, 22))
    pay(world, "HOME0001", 5_000)
    entries = [entry for entry, _ in world.ledger.read_entries("HOME0001")]
    by_id = {entry.entry_id: entry for entry in entries}
    found = find_deadline(by_id[ground_id], entries, RULES, no_holiday)
    assert found is not None
    assert (found.due_on, found.rule) == (date(2026, 6, 26), CALIFORNIA)
    assert find_deadline(by_id["payment#paid"], entries, RULES, no_holiday) is None


def test_a_person_is_known_under_every_role() -> None:
    assert role_of(JANE) == "billing"
    assert role_of("arn:aws:iam::111122223333:user/jane") == ANYONE
    assert is_same_person(JANE, "arn:aws:iam::111122223333:user/Jane")
    assert not is_same_person(JANE, "arn:aws:iam::111122223333:user/john")
    limits = [RULES.write_off_limit_minor(name, "EUR") for name in (JANE, JANE.replace("/billing/", "/lead/"))]
    assert limits == [5_000, 50_000]
    assert RULES.write_off_limit_minor(JANE, "JPY") == 0
