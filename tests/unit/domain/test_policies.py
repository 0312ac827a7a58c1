"""Policies: what can be billed, and how a plan slices the charges."""

from datetime import date

import pytest

from pawledger.domain.currencies import UnknownCurrencyError
from pawledger.domain.identifiers import IdentifierError
from pawledger.domain.policies import (
    CHARGE_MINOR_MAX,
    Charge,
    ChargeKind,
    Plan,
    PolicyRefusedError,
    check_policy,
    plan_installments,
)
from tests.builders.policies import build_policy, premium


def test_a_sound_policy_is_returned_unchanged() -> None:
    policy = build_policy()
    assert check_policy(policy) is policy


@pytest.mark.parametrize(
    ("plan", "due_on"),
    [
        (Plan.ANNUAL, [date(2026, 1, 31)]),
        (Plan.SEMI_ANNUAL, [date(2026, 1, 31), date(2026, 7, 31)]),
        (Plan.QUARTERLY, [date(2026, 1, 31), date(2026, 4, 30), date(2026, 7, 31), date(2026, 10, 31)]),
    ],
)
def test_installments_fall_due_as_the_plan_says_counted_from_the_first_day(plan: Plan, due_on: list[date]) -> None:
    installments = plan_installments(build_policy(plan=plan))
    assert [installment.due_on for installment in installments] == due_on
    assert [installment.number for installment in installments] == list(range(1, len(due_on) + 1))


def test_a_monthly_plan_has_twelve_installments_and_the_last_falls_due_before_the_term_ends() -> None:
    installments = plan_installments(build_policy())
    assert len(installments) == 12
    assert installments[1].due_on == date(2026, 2, 28)
    assert installments[-1].due_on == date(2026, 12, 31)


def test_an_invoice_is_issued_two_weeks_before_it_falls_due() -> None:
    first, second = plan_installments(build_policy())[:2]
    assert first.invoice_on == date(2026, 1, 17)
    assert second.invoice_on == date(2026, 2, 14)


def test_each_charge_is_sliced_by_itself_to_the_cent() -> None:
    tax, discount = Charge(ChargeKind.TAX, 1_001), Charge(ChargeKind.DISCOUNT, -10)
    installments = plan_installments(build_policy(plan=Plan.QUARTERLY, charges=(premium(10_002), tax, discount)))
    # Running quarters: 2500.5 5001 7501.5 10002, 250.25 500.5 750.75 1001, -2.5 -5 -7.5 -10; halves away from zero.
    assert [[charge.amount_minor for charge in installment.charges] for installment in installments] == [
        [2501, 250, -3],
        [2500, 251, -2],
        [2501, 250, -3],
        [2500, 250, -2],
    ]
    assert [installment.amount_minor for installment in installments] == [2748, 2749, 2748, 2748]


@pytest.mark.parametrize(
    ("expires_on", "is_accepted"),
    [
        (date(2026, 1, 30), False),
        (date(2026, 1, 31), False),
        (date(2026, 2, 1), True),
        (date(2028, 4, 10), True),
        (date(2028, 4, 11), False),
    ],
)
def test_a_term_lasts_1_to_800_days(expires_on: date, is_accepted: bool) -> None:
    policy = build_policy(plan=Plan.ANNUAL, expires_on=expires_on)
    if is_accepted:
        assert check_policy(policy) is policy
    else:
        with pytest.raises(PolicyRefusedError, match="the term"):
            check_policy(policy)


@pytest.mark.parametrize("effective_on", [date.min, date(1999, 12, 31), date(2200, 1, 1), date.max])
def test_a_placeholder_for_the_first_day_is_refused_and_never_runs_off_the_calendar(effective_on: date) -> None:
    with pytest.raises(PolicyRefusedError, match="the term begins"):
        check_policy(build_policy(effective_on=effective_on, expires_on=date.max))


@pytest.mark.parametrize("effective_on", [date(2000, 1, 1), date(2199, 12, 31)])
def test_the_first_and_the_last_accepted_day_can_be_billed(effective_on: date) -> None:
    policy = build_policy(effective_on=effective_on, expires_on=effective_on.replace(year=effective_on.year + 1))
    assert check_policy(policy) is policy


def test_an_installment_must_fall_due_before_the_term_ends() -> None:
    # Six months from 31 January end on 31 July; the third quarter would fall due on that very day.
    with pytest.raises(PolicyRefusedError, match="installment 3 of a quarterly plan would fall due on 2026-07-31"):
        check_policy(build_policy(plan=Plan.QUARTERLY, expires_on=date(2026, 7, 31)))


@pytest.mark.parametrize(
    ("charges", "why"),
    [
        ((), "at least one charge"),
        ((premium(-1),), "wrong sign"),
        ((premium(100), Charge(ChargeKind.DISCOUNT, 1)), "wrong sign"),
        ((premium(100), Charge(ChargeKind.TAX, -1)), "wrong sign"),
        ((premium(0),), "nothing could be invoiced"),
        ((premium(100), Charge(ChargeKind.DISCOUNT, -100)), "nothing could be invoiced"),
        ((premium(CHARGE_MINOR_MAX + 1),), "beyond"),
    ],
)
def test_charges_that_cannot_be_billed_are_refused_with_the_reason(charges: tuple[Charge, ...], why: str) -> None:
    with pytest.raises(PolicyRefusedError, match=why):
        check_policy(build_policy(charges=charges))


def test_a_charge_at_the_limit_and_charges_of_nothing_are_accepted() -> None:
    nothing = (Charge(ChargeKind.FEE, 0), Charge(ChargeKind.DISCOUNT, 0))
    check_policy(build_policy(charges=(premium(CHARGE_MINOR_MAX), *nothing)))


def test_slices_that_make_a_negative_installment_are_refused() -> None:
    # Six for the premium round to 1 0 1 0 1 0 ... a month; the discount of five to 0 -1 0 -1 ...
    with pytest.raises(PolicyRefusedError, match="installment 2 would be negative: -1"):
        check_policy(build_policy(charges=(premium(6), Charge(ChargeKind.DISCOUNT, -5))))


def test_the_sender_is_told_of_an_unknown_currency_and_of_bad_ids() -> None:
    with pytest.raises(UnknownCurrencyError):
        check_policy(build_policy(currency="EURO"))
    with pytest.raises(IdentifierError, match="account id"):
        check_policy(build_policy(account_id="home"))
    with pytest.raises(IdentifierError, match="policy id"):
        check_policy(build_policy("PAW#1"))
