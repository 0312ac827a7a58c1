"""Installments cut by hand, from the policy's events to days and amounts: each case says its arithmetic in words."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import pytest

from pawledger.domain.billing.charging import charge_term, installment_fee
from pawledger.domain.billing.installments import Plan, Schedule, plan_schedule
from pawledger.domain.billing.rulebook import CancellationMethod, PaymentPlan, Rule, Rulebook
from pawledger.domain.policy.policies import Charge, Installment
from pawledger.domain.policy.policy_events import PlanChanged, PolicyEvent
from pawledger.domain.policy.policy_history import Term
from tests.builders.policy_terms import (
    FIRST_DAY,
    amounts_of,
    cancellation,
    cancelled,
    discount,
    endorsed,
    fee,
    issued,
    last_term,
    of_policy,
    rules_of,
    tax,
)

APRIL: Final = date(2026, 4, 1)
JULY: Final = date(2026, 7, 1)

PLANS: Final = (
    PaymentPlan(name="weighted", months_between=3, weights=(3, 2)),
    PaymentPlan(name="down_payment", months_between=1, down_payment_percent=Decimal(10)),
    PaymentPlan(name="nine_at_most", months_between=1, down_payment_percent=Decimal(10), installments_max=9),
)


@dataclass(frozen=True)
class Case:
    name: str
    events: tuple[PolicyEvent, ...]
    amounts: list[int]
    """What each installment bills, in minor units."""
    arithmetic: str
    rules: tuple[Rule, ...] = ()
    invoiced: int = 0
    """How many of the policy's first installments are on invoices when the second event and all after it come."""
    credit: dict[str, int] | None = None
    """What is given back, by code."""


def plan_of(term: Term, rulebook: Rulebook, planned_on: date) -> Plan:
    return Plan(
        payment_plan=rulebook.plan(term.plan),
        effective_on=term.effective_on,
        billed_until=billed_until(term),
        due_day=term.due_day,
        installment_fee=installment_fee(term, rulebook),
        planned_on=planned_on,
    )


def billed_until(term: Term) -> date:
    if term.end is None or term.end.method is CancellationMethod.FULLY_EARNED:
        return term.expires_on
    return term.end.on


def schedule_of(case: Case) -> Schedule:
    rulebook = rules_of(*case.rules, plans=PLANS)
    first = last_term(case.events[:1], rulebook)
    before_on = first.effective_on.replace(year=first.effective_on.year - 1)
    before = plan_schedule(plan_of(first, rulebook, before_on), charge_term(first, rulebook), (), ())
    invoiced = before.installments[: case.invoiced]
    last = last_term(case.events, rulebook)
    planned_on = max(event.effective_on for event in case.events)
    is_in_full = rulebook.plan(first.plan).is_pay_in_full if invoiced else None
    charges = charge_term(last, rulebook, is_in_full=is_in_full)
    return plan_schedule(plan_of(last, rulebook, planned_on), charges, invoiced, ())


def to_plan(number: int, plan: str, effective_on: date = JULY) -> PolicyEvent:
    return PlanChanged(**of_policy(number), effective_on=effective_on, plan=plan)


CUTS: Final = (
    Case("a year by months", (issued(24_000),), [2_000] * 12, "a twelfth of 240.00 is 20.00"),
    Case(
        "a hundred by months",
        (issued(10_000),),
        [833, 834, 833, 833, 834, 833, 833, 834, 833, 833, 834, 833],
        "running twelfths of 100.00 rounded: 8.33, 16.67, 25.00, 33.33, 41.67, 50.00 and so on",
    ),
    Case(
        "by quarters",
        (issued(10_001, plan="quarterly"),),
        [2_500, 2_501, 2_500, 2_500],
        "running quarters of 100.01: 25.0025, 50.005, 75.0075, 100.01; the half goes away from zero",
    ),
    Case(
        "by half years", (issued(10_001, plan="semi_annual"),), [5_001, 5_000], "half of 100.01 is 50.005, rounded up"
    ),
    Case("at once", (issued(10_001, plan="annual"),), [10_001], "all"),
    Case(
        "each charge by itself",
        (issued(10_001, plan="quarterly", discounts=("multi_pet",)),),
        [2_520, 2_521, 2_520, 2_520],
        "premium 25.00, 25.01, 25.00, 25.00; 10 % discount of 10.00 is 2.50 each; 12 % of 90.01 is 10.80, 2.70 each",
        rules=(tax("12"), discount("multi_pet", "10")),
    ),
    Case(
        "weights of 3 and 2",
        (issued(70_000, plan="weighted"),),
        [30_000, 20_000, 10_000, 10_000],
        "3 : 2 : 1 : 1 of 700.00",
    ),
    Case(
        "a tenth down",
        (issued(24_000, plan="down_payment"),),
        [2_400, 1_964, 1_963, 1_964, 1_964, 1_963, 1_964, 1_963, 1_964, 1_964, 1_963, 1_964],
        "24.00, and running elevenths of 216.00: 19.636, 39.273, 58.909, 78.545, 98.182, 117.818, 137.455, 157.091, "
        "176.727, 196.364, 216.00",
    ),
    Case(
        "a tenth down and nine at most (Guidewire's sample plan)",
        (issued(24_000, plan="nine_at_most"),),
        [2_400, 1_964, 1_963, 1_964, 1_964, 1_963, 1_964, 1_963, 7_855],
        "as above for seven months, and the last bills the four months that are left: 216.00 - 137.45",
    ),
    Case("yen", (issued(10_001, currency="JPY", plan="quarterly"),), [2_500, 2_501, 2_500, 2_500], "no smaller unit"),
    Case(
        "dinars",
        (issued(100_000, currency="KWD"),),
        [8_333, 8_334, 8_333] * 4,
        "running twelfths of 100.000: 8.333, 16.667, 25.000 and so on",
    ),
    Case(
        "a fee on all but the first",
        (issued(24_000, plan="quarterly"),),
        [6_000, 6_250, 6_250, 6_250],
        "60.00 each, and 2.50 from the second on",
        rules=(fee("installment", 250),),
    ),
    Case(
        "a fee capped by a share of the premium",
        (issued(24_000, plan="quarterly"),),
        [6_000, 6_120, 6_120, 6_120],
        "half a percent of 240.00 is 1.20, less than 2.50",
        rules=(fee("installment", 250, cap_percent="0.5"),),
    ),
    Case(
        "seven months by quarters",
        (issued(21_000, plan="quarterly", expires_on=date(2026, 8, 1)),),
        [9_000, 9_000, 3_000],
        "three, three and one of seven months: 30.00 a month",
    ),
)

CHANGES: Final = (
    Case(
        "more from July, half invoiced",
        (issued(24_000), endorsed(2, JULY, 30_000)),
        [2_000] * 6 + [2_504, 2_504, 2_505, 2_504, 2_504, 2_504],
        "270.25 are charged, 150.25 left; running sixths: 25.042, 50.083, 75.125, 100.167, 125.208, 150.25",
        invoiced=6,
    ),
    Case(
        "less from July, half invoiced",
        (issued(24_000), endorsed(2, JULY, 18_000)),
        [2_000] * 6 + [1_496, 1_496, 1_496, 1_495, 1_496, 1_496],
        "209.75 are charged, 89.75 left; running sixths: 14.958, 29.917, 44.875, 59.833, 74.792, 89.75",
        invoiced=6,
    ),
    Case(
        "more from July, taken back, half invoiced",
        (issued(24_000), endorsed(2, JULY, 30_000), endorsed(3, JULY, 24_000)),
        [2_000] * 12,
        "as if nothing had been",
        invoiced=6,
    ),
    Case(
        "more from July, all invoiced at once",
        (issued(24_000, plan="annual"), endorsed(2, JULY, 30_000)),
        [24_000, 3_025],
        "270.25 - 240.00, on an invoice of its own",
        invoiced=1,
    ),
    Case(
        "less from July, all invoiced at once",
        (issued(24_000, plan="annual"), endorsed(2, JULY, 18_000)),
        [24_000],
        "240.00 - 209.75 are given back",
        invoiced=1,
        credit={"premium": 3_025},
    ),
    Case(
        "cancelled in July, half invoiced",
        (issued(24_000), cancelled(2, JULY)),
        [2_000] * 6,
        "120.00 are invoiced, 119.01 charged (240 x 181 / 365)",
        invoiced=6,
        credit={"premium": 99},
    ),
    Case(
        "cancelled in July, all invoiced at once with tax",
        (issued(24_000, plan="annual"), cancelled(2, JULY)),
        [26_880],
        "240.00 - 119.01, and 28.80 - 14.28 of tax",
        rules=(tax("12"),),
        invoiced=1,
        credit={"premium": 12_099, "tax:ipt": 1_452},
    ),
    Case(
        "cancelled in July, a quarter invoiced, short rate",
        (issued(48_000), cancelled(2, JULY)),
        [4_000] * 3 + [4_741, 4_740, 4_741],
        "262.22 are charged, 142.22 left for April to June; running thirds: 47.407, 94.813, 142.22",
        rules=(cancellation(CancellationMethod.SHORT_RATE),),
        invoiced=3,
    ),
    Case(
        "a paid claim: the year goes on to be billed",
        (issued(24_000), cancelled(2, JULY, has_paid_claim=True)),
        [2_000] * 12,
        "240.00 stay charged",
        rules=(cancellation(keeps_premium_after_claim=True),),
        invoiced=6,
    ),
    Case(
        "in the free look, the first invoiced",
        (issued(24_000), cancelled(2, date(2026, 1, 10))),
        [2_000],
        "20.00 and 2.40 of tax",
        rules=(),
        invoiced=1,
        credit={"premium": 2_000},
    ),
    Case(
        "in the free look, two invoiced with a fee",
        (issued(24_000, plan="quarterly"), cancelled(2, date(2026, 1, 10))),
        [6_000, 6_250],
        "60.00 twice, and the fee of the second",
        rules=(fee("installment", 250),),
        invoiced=2,
        credit={"premium": 12_000, "fee:installment": 250},
    ),
    Case(
        "to quarters after four months",
        (issued(24_000), to_plan(2, "quarterly")),
        [2_000] * 4 + [4_000, 6_000, 6_000],
        "May and June, then two quarters: 160.00 by 2 : 3 : 3",
        invoiced=4,
    ),
    Case(
        "to months after two quarters",
        (issued(24_000, plan="quarterly"), to_plan(2, "monthly")),
        [6_000] * 2 + [2_000] * 6,
        "120.00 by six",
        invoiced=2,
    ),
    Case(
        "to all at once after three months",
        (issued(24_000), to_plan(2, "annual", APRIL)),
        [2_000] * 3 + [18_000],
        "the year was not paid in one piece, so that nothing is taken off: 240.00 - 60.00 are left",
        rules=(discount("pay_in_full", "5"),),
        invoiced=3,
    ),
)

CASES: Final = (*CUTS, *CHANGES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_installments_bill_what_was_worked_out_by_hand(case: Case) -> None:
    schedule = schedule_of(case)
    assert [i.amount_minor for i in schedule.installments if i.amount_minor] == case.amounts, case.arithmetic
    assert amounts_of(schedule.credit) == (case.credit or {}), case.arithmetic


YEAR_OF_MONTH_ENDS: Final = "31.01. 28.02. 31.03. 30.04. 31.05. 30.06. 31.07. 31.08. 30.09. 31.10. 30.11. 31.12."
YEAR_OF_29THS: Final = "29.02. 29.03. 29.04. 29.05. 29.06. 29.07. 29.08. 29.09. 29.10. 29.11. 29.12. 29.01."


@pytest.mark.parametrize(
    ("event", "due_days"),
    [
        (issued(effective_on=date(2026, 1, 31)), YEAR_OF_MONTH_ENDS),
        (
            issued(effective_on=date(2026, 1, 30)),
            "30.01. 28.02. 30.03. 30.04. 30.05. 30.06. 30.07. 30.08. 30.09. 30.10. 30.11. 30.12.",
        ),
        (issued(effective_on=date(2028, 2, 29)), YEAR_OF_29THS),
        (issued(effective_on=date(2028, 2, 29), expires_on=date(2029, 3, 1)), YEAR_OF_29THS),
        (issued(effective_on=date(2027, 3, 29), plan="quarterly"), "29.03. 29.06. 29.09. 29.12."),
        (issued(effective_on=date(2027, 8, 31), plan="quarterly"), "31.08. 30.11. 29.02. 31.05."),
        (issued(effective_on=date(2027, 8, 31), plan="semi_annual"), "31.08. 29.02."),
        (
            issued(effective_on=date(2026, 1, 15), due_day=31),
            "15.01. 28.02. 31.03. 30.04. 31.05. 30.06. 31.07. 31.08. 30.09. 31.10. 30.11. 31.12.",
        ),
        (
            issued(effective_on=date(2027, 1, 10), due_day=29),
            "10.01. 28.02. 29.03. 29.04. 29.05. 29.06. 29.07. 29.08. 29.09. 29.10. 29.11. 29.12.",
        ),
        (
            issued(effective_on=date(2027, 11, 30), due_day=30),
            "30.11. 30.12. 30.01. 29.02. 30.03. 30.04. 30.05. 30.06. 30.07. 30.08. 30.09. 30.10.",
        ),
        (
            issued(effective_on=date(2026, 1, 31), due_day=1),
            "31.01. 01.03. 01.04. 01.05. 01.06. 01.07. 01.08. 01.09. 01.10. 01.11. 01.12. 01.01.",
        ),
        (issued(effective_on=date(2026, 1, 31), due_day=15, plan="quarterly"), "31.01. 15.05. 15.08. 15.11."),
    ],
)
def test_installments_fall_due_on_the_days_that_a_calendar_shows(event: PolicyEvent, due_days: str) -> None:
    """A day that a month lacks is its last; the first is due when cover begins, whatever day the customer chose."""
    rulebook = rules_of()
    term = last_term([event], rulebook)
    installments = plan_schedule(plan_of(term, rulebook, FIRST_DAY), charge_term(term, rulebook), (), ()).installments
    assert " ".join(f"{installment.due_on:%d.%m.}" for installment in installments) == due_days


def test_a_quarter_is_invoiced_two_weeks_before_it_is_due_across_months_and_years() -> None:
    rulebook = rules_of()
    term = last_term([issued(effective_on=date(2028, 1, 10), plan="quarterly")], rulebook)
    installments = plan_schedule(plan_of(term, rulebook, FIRST_DAY), charge_term(term, rulebook), (), ()).installments
    # 10 January - 14 is 27 December; 10 April - 14 is 27 March; 10 July is 26 June; 10 October is 26 September.
    expected = [date(2027, 12, 27), date(2028, 3, 27), date(2028, 6, 26), date(2028, 9, 26)]
    assert [installment.invoice_on for installment in installments] == expected


def test_slices_of_a_tax_in_yen_sum_to_it() -> None:
    plan = Plan(
        payment_plan=PaymentPlan(name="monthly", months_between=1),
        effective_on=FIRST_DAY,
        billed_until=date(2027, 1, 1),
        due_day=None,
        installment_fee=None,
        planned_on=FIRST_DAY,
    )
    charges = (Charge("premium", 7), Charge("tax:levy", 1))
    installments: tuple[Installment, ...] = plan_schedule(plan, charges, (), ()).installments
    # Running twelfths of 7: 0.58 1.17 1.75 2.33 2.92 3.5 4.08 4.67 5.25 5.83 6.42 7; of 1: the sixth is the first half.
    assert [i.amount_minor for i in installments] == [1, 0, 1, 0, 1, 2, 0, 1, 0, 1, 0, 1]
