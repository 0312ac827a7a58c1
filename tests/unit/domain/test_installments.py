"""Installments: how charges are cut, and what a change leaves of those that were invoiced."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from pawledger.domain.billing.installments import Plan, Schedule, plan_schedule
from pawledger.domain.billing.rulebook import PaymentPlan
from pawledger.domain.calendar import add_months, count_months
from pawledger.domain.policy.policies import Charge, Installment
from tests.builders.policy_terms import amounts_of

YEAR: Final = date(2026, 1, 1)
NEXT_YEAR: Final = date(2027, 1, 1)
FEE: Final = Charge("fee:installment", 200, "GB-installment", "installment")
PREMIUM: Final = Charge("premium", 12_000)


def plan_of(months_between: int = 3, **overrides: Any) -> Plan:
    """The year 2026, planned a month before, by quarters; what is named replaces what is there or in the plan."""
    of_plan = {name: value for name, value in overrides.items() if name in PaymentPlan.__dataclass_fields__}
    others = {name: value for name, value in overrides.items() if name not in of_plan}
    plan = Plan(
        payment_plan=PaymentPlan(name="a plan", months_between=months_between, **of_plan),
        effective_on=YEAR,
        billed_until=NEXT_YEAR,
        due_day=None,
        installment_fee=None,
        planned_on=date(2025, 12, 1),
    )
    return replace(plan, **others)


def amounts(installments: Sequence[Installment]) -> list[int]:
    return [installment.amount_minor for installment in installments]


def cut(plan: Plan, *charges: Charge) -> tuple[Installment, ...]:
    return plan_schedule(plan, charges or (PREMIUM,), (), ()).installments


def cut_behind(plan: Plan, invoiced: Sequence[Installment], *charges: Charge) -> Schedule:
    return plan_schedule(plan, charges, invoiced, ())


@pytest.mark.parametrize(
    ("effective_on", "until", "months"),
    [
        (YEAR, YEAR, 0),
        (YEAR, date(2025, 12, 1), 0),
        (YEAR, date(2026, 1, 2), 1),
        (YEAR, date(2026, 2, 1), 1),
        (YEAR, date(2026, 2, 2), 2),
        (YEAR, NEXT_YEAR, 12),
        (date(2026, 1, 31), date(2026, 3, 1), 1),
        (date(2026, 1, 31), date(2026, 3, 2), 2),
        (date(2028, 2, 29), date(2029, 2, 28), 12),
        (date(2028, 2, 29), date(2029, 3, 1), 12),
        (date(2028, 2, 29), date(2029, 3, 2), 13),
        (date(2026, 1, 31), date(2028, 4, 10), 27),  # 800 days
    ],
)
def test_a_month_counts_once_it_has_begun(effective_on: date, until: date, months: int) -> None:
    assert count_months(effective_on, until) == months


@pytest.mark.parametrize(("months_between", "count"), [(1, 12), (3, 4), (6, 2), (12, 1), (5, 3)])
def test_installments_follow_each_other_by_the_months_of_the_plan_until_the_term_is_billed(
    months_between: int, count: int
) -> None:
    installments = cut(plan_of(months_between))
    assert [installment.number for installment in installments] == list(range(1, count + 1))
    assert sum(installment.months for installment in installments) == 12
    assert sum(amounts(installments)) == 12_000
    # An installment of fewer months, as the last of five and five and two, is the smaller for it.
    assert amounts(installments) == [installment.months * 1_000 for installment in installments]


def test_the_last_of_as_many_installments_as_a_plan_has_bills_the_rest_of_the_term() -> None:
    installments = cut(plan_of(1, installments_max=3))
    assert [installment.months for installment in installments] == [1, 1, 10]
    assert amounts(installments) == [1_000, 1_000, 10_000]


def test_weights_count_for_the_installments_in_their_order_and_one_that_is_not_named_weighs_one() -> None:
    # 3 : 2 : 1 : 1 of 7000.
    assert amounts(cut(plan_of(weights=(3, 2)), Charge("premium", 7_000))) == [3_000, 2_000, 1_000, 1_000]


def test_weights_of_nothing_but_zero_cut_evenly() -> None:
    assert amounts(cut(plan_of(weights=(0, 0, 0, 0)))) == [3_000] * 4


def test_a_down_payment_is_a_share_of_every_charge_and_the_rest_is_cut_evenly() -> None:
    installments = cut(plan_of(down_payment_percent=Decimal("12.5")), PREMIUM, Charge("tax:ipt", 1_004))
    # An eighth of 12000 is 1500, a third of the rest 3500; an eighth of 1004 is 125.5, and 878 are left for three.
    expected = [[1_500, 126], [3_500, 293], [3_500, 292], [3_500, 293]]
    assert [[charge.amount_minor for charge in installment.charges] for installment in installments] == expected


def test_a_down_payment_of_all_leaves_nothing_for_later() -> None:
    assert amounts(cut(plan_of(down_payment_percent=Decimal(100)))) == [12_000, 0, 0, 0]


def test_an_invoice_is_issued_the_lead_days_before_its_installment_is_due() -> None:
    installments = cut(plan_of(lead_days=21))
    assert [(i.invoice_on, i.due_on) for i in installments[:2]] == [
        (date(2025, 12, 11), date(2026, 1, 1)),
        (date(2026, 3, 11), date(2026, 4, 1)),
    ]


def test_a_first_installment_at_issue_is_invoiced_when_the_policy_is_recorded() -> None:
    first, second, *_ = cut(plan_of(is_first_at_issue=True))
    assert (first.invoice_on, first.due_on) == (date(2025, 12, 1), date(2026, 1, 1))
    assert second.invoice_on == date(2026, 3, 18)


@pytest.mark.parametrize(
    ("due_day", "due_on"),
    [
        (None, [date(2026, 1, 15), date(2026, 2, 15), date(2026, 3, 15), date(2026, 12, 15)]),
        (15, [date(2026, 1, 15), date(2026, 2, 15), date(2026, 3, 15), date(2026, 12, 15)]),
        (1, [date(2026, 1, 15), date(2026, 3, 1), date(2026, 4, 1), date(2027, 1, 1)]),
        (31, [date(2026, 1, 15), date(2026, 2, 28), date(2026, 3, 31), date(2026, 12, 31)]),
    ],
)
def test_from_the_second_on_installments_fall_due_on_the_day_that_the_customer_chose(
    due_day: int | None, due_on: list[date]
) -> None:
    plan = plan_of(1, due_day=due_day, effective_on=date(2026, 1, 15), billed_until=date(2027, 1, 15))
    installments = cut(plan)
    assert [installments[place].due_on for place in (0, 1, 2, -1)] == due_on


def test_a_chosen_day_that_comes_after_the_cover_does_not_count() -> None:
    plan = plan_of(1, due_day=10, effective_on=date(2026, 1, 15), billed_until=date(2026, 3, 5))
    assert [i.due_on for i in cut(plan)] == [date(2026, 1, 15), date(2026, 2, 15)]


class TestFees:
    def test_each_installment_but_the_first_costs_the_fee(self) -> None:
        schedule = plan_schedule(plan_of(installment_fee=FEE), (PREMIUM,), (), ())
        assert amounts(schedule.installments) == [3_000, 3_200, 3_200, 3_200]
        assert schedule.fee_minor == 600

    def test_an_installment_of_nothing_costs_no_fee(self) -> None:
        plan = plan_of(installment_fee=FEE, down_payment_percent=Decimal(100))
        schedule = plan_schedule(plan, (PREMIUM,), (), ())
        assert amounts(schedule.installments) == [12_000, 0, 0, 0]
        assert schedule.fee_minor == 0

    def test_fees_that_were_invoiced_stay_when_the_cover_ends_early(self) -> None:
        plan = plan_of(installment_fee=FEE)
        invoiced = cut(plan)[:2]
        ended = replace(plan, billed_until=date(2026, 4, 10))
        schedule = cut_behind(ended, invoiced, Charge("premium", 4_000))
        assert schedule.credit == (Charge("premium", 2_000),)
        assert schedule.fee_minor == 200

    def test_fees_stay_when_the_plan_that_has_them_is_left(self) -> None:
        invoiced = cut(plan_of(installment_fee=FEE))[:2]
        schedule = cut_behind(plan_of(12, installments_max=1), invoiced, PREMIUM)
        assert amounts(schedule.installments[2:]) == [6_000]
        assert schedule.fee_minor == 200

    def test_nothing_is_kept_of_a_term_that_never_was_neither_are_its_fees(self) -> None:
        invoiced = cut(plan_of(installment_fee=FEE))[:2]
        schedule = cut_behind(plan_of(installment_fee=FEE, billed_until=YEAR), invoiced)
        assert amounts_of(schedule.credit) == {"premium": 6_000, "fee:installment": 200}
        assert schedule.fee_minor == 0
        assert schedule.installments == invoiced


class TestChanges:
    def test_a_fee_that_is_given_back_against_another_charge_counts_as_given_back(self) -> None:
        """An installment was given back and then taken off its invoice, so that it was owed again, with a fee."""
        plan = plan_of(1)
        (first, *_) = cut(plan, Charge("tax:ipt", 24))
        withdrawn = replace(first, is_withdrawn=True)
        owed = Installment(2, YEAR, YEAR, 1, (Charge("tax:ipt", 1), Charge("fee:installment", 1)))
        schedule = plan_schedule(replace(plan, billed_until=YEAR), (), (withdrawn, owed), (Charge("tax:ipt", 2),))
        assert [amounts_of(i.charges) for i in schedule.installments[2:]] == [{"tax:ipt": 1, "fee:installment": -1}]
        assert schedule.fee_minor == 0

    def test_what_was_invoiced_stays_and_what_is_left_is_cut_behind_it(self) -> None:
        invoiced = cut(plan_of())[:2]
        schedule = cut_behind(plan_of(), invoiced, Charge("premium", 12_501))
        assert schedule.installments[:2] == invoiced
        # 6501 are left for two.
        assert amounts(schedule.installments[2:]) == [3_251, 3_250]
        assert [i.number for i in schedule.installments] == [1, 2, 3, 4]
        assert schedule.credit == ()

    def test_a_new_charge_is_cut_over_what_is_left_too(self) -> None:
        schedule = cut_behind(plan_of(), cut(plan_of())[:2], PREMIUM, Charge("tax:ipt", 100))
        assert [amounts_of(i.charges) for i in schedule.installments[2:]] == [{"premium": 3_000, "tax:ipt": 50}] * 2

    def test_what_was_invoiced_too_much_is_given_back_at_once_by_code(self) -> None:
        plan = plan_of()
        invoiced = cut(plan, PREMIUM, Charge("tax:ipt", 1_200))[:3]
        ended = replace(plan, billed_until=date(2026, 4, 11))
        schedule = cut_behind(ended, invoiced, Charge("premium", 3_333), Charge("tax:ipt", 333))
        # Three of four quarters, 9000 and 900, are on invoices.
        assert schedule.credit == (Charge("premium", 5_667), Charge("tax:ipt", 567))
        assert schedule.installments == invoiced

    def test_after_a_credit_the_months_that_are_left_bill_nothing(self) -> None:
        schedule = cut_behind(plan_of(), cut(plan_of())[:3], Charge("premium", 8_000))
        assert schedule.credit == (Charge("premium", 1_000),)
        assert [(i.months, i.amount_minor) for i in schedule.installments[3:]] == [(3, 0)]

    def test_what_was_given_back_is_not_given_back_again(self) -> None:
        invoiced = cut(plan_of())[:3]
        given = (Charge("premium", 1_000),)
        schedule = plan_schedule(plan_of(), (Charge("premium", 8_000),), invoiced, given)
        assert schedule.credit == ()
        assert amounts(schedule.installments[3:]) == [0]

    def test_what_was_given_back_is_billed_again_where_it_is_due_after_all(self) -> None:
        invoiced = cut(plan_of())[:3]
        schedule = plan_schedule(plan_of(), (PREMIUM,), invoiced, (Charge("premium", 1_000),))
        assert amounts(schedule.installments[3:]) == [4_000]

    def test_more_after_the_last_installment_is_due_a_lead_time_after_it_is_known(self) -> None:
        planned_on = date(2026, 12, 20)
        invoiced = cut(plan_of())
        more = cut_behind(plan_of(planned_on=planned_on, installment_fee=FEE), invoiced, Charge("premium", 12_100))
        (late,) = more.installments[4:]
        assert (late.number, late.months, late.amount_minor) == (5, 0, 100)
        assert (late.invoice_on, late.due_on) == (planned_on, planned_on + timedelta(days=14))
        assert more.fee_minor == 0

    def test_a_tax_in_place_of_another_after_the_last_installment_is_billed_as_both(self) -> None:
        invoiced = cut(plan_of(), PREMIUM, Charge("tax:ipt", 1_200))
        moved = cut_behind(plan_of(), invoiced, PREMIUM, Charge("tax:ipt", 700), Charge("tax:vst", 500))
        assert [amounts_of(i.charges) for i in moved.installments[4:]] == [{"tax:ipt": -500, "tax:vst": 500}]

    def test_where_charges_nearly_cancel_out_the_first_bills_all_so_that_none_is_negative(self) -> None:
        schedule = cut_behind(plan_of(1), (), Charge("premium", 6), Charge("discount:multi_pet", -5))
        assert min(amounts(schedule.installments)) == 0
        assert sum(amounts(schedule.installments)) == 1

    def test_another_plan_bills_the_months_that_are_left_and_keeps_to_its_quarters(self) -> None:
        invoiced = cut(plan_of(1))[:4]
        schedule = cut_behind(plan_of(3), invoiced, PREMIUM)
        following = schedule.installments[4:]
        # May and June, then two whole quarters: 8000 by 2 : 3 : 3.
        assert [(i.months, i.due_on, i.amount_minor) for i in following] == [
            (2, date(2026, 5, 1), 2_000),
            (3, date(2026, 7, 1), 3_000),
            (3, date(2026, 10, 1), 3_000),
        ]

    def test_installments_taken_off_their_invoices_are_billed_again_by_those_that_follow(self) -> None:
        first, second, third = cut(plan_of())[:3]
        withdrawn = replace(second, is_withdrawn=True), replace(third, is_withdrawn=True)
        schedule = cut_behind(plan_of(1), (first, *withdrawn), PREMIUM)
        following = schedule.installments[3:]
        assert [i.number for i in following] == list(range(4, 13))
        assert [i.due_on for i in following][:2] == [date(2026, 4, 1), date(2026, 5, 1)]
        assert amounts(following) == [1_000] * 9

    def test_a_plan_that_begins_after_the_first_installment_asks_for_no_down_payment(self) -> None:
        plan = plan_of(down_payment_percent=Decimal(50))
        schedule = cut_behind(plan, cut(plan_of())[:1], PREMIUM)
        assert amounts(schedule.installments[1:]) == [3_000] * 3


def test_a_customers_day_skips_no_month_and_doubles_none_whatever_day_the_term_begins_on() -> None:
    for first_day in range(1, 32):
        for due_day in range(1, 32):
            begins_on = date(2026, 1, first_day)
            plan = Plan(
                payment_plan=PaymentPlan(name="monthly", months_between=1),
                effective_on=begins_on,
                billed_until=add_months(begins_on, 12),
                due_day=due_day,
                installment_fee=None,
                planned_on=begins_on,
            )
            days = [each.due_on for each in plan_schedule(plan, (Charge("premium", 12_000),), (), ()).installments][1:]
            months = [day.year * 12 + day.month for day in days[:-1]]  # the last stays before the term ends
            assert months == list(range(months[0], months[0] + 10)), (first_day, due_day)
            assert len(set(days)) == len(days)
