"""What a policy event must be by itself; refused here, it never enters a ledger."""

from dataclasses import replace
from datetime import date

import pytest

from pawledger.domain.billing.rulebook import UnknownRuleError
from pawledger.domain.currencies import UnknownCurrencyError
from pawledger.domain.identifiers import IdentifierError
from pawledger.domain.policy.policies import CHARGE_MINOR_MAX, Charge, PolicyRefusedError
from pawledger.domain.policy.policy_checks import check_policy_event
from pawledger.domain.policy.policy_events import (
    CancelledBy,
    DueDayChanged,
    PlanChanged,
    PolicyCancelled,
    PolicyEndorsed,
    PolicyEvent,
    Price,
    RenewalOffered,
)
from tests.builders.policies import build_policy, discount, fee, premium, tax
from tests.builders.rulebooks import build_rulebook

COMMON = {
    "event_id": "event-2",
    "account_id": "HOME0001",
    "policy_id": "PAW-1",
    "transaction_number": 2,
    "effective_on": date(2026, 6, 1),
}

RENEWAL = RenewalOffered(
    **COMMON,  # type: ignore[arg-type]  # one dict of the fields that all events have
    expires_on=date(2027, 6, 1),
    price=Price(13_000),
    notice_sent_on=date(2026, 5, 1),
    is_automatic=True,
)
BRITISH = replace(build_policy(currency="GBP"), jurisdiction="GB", product="accident_and_illness")


def check(event: PolicyEvent) -> None:
    check_policy_event(event, build_rulebook())


def test_sound_events_pass() -> None:
    for event in (build_policy(), BRITISH, RENEWAL, replace(BRITISH, price=Price(100, discounts=("multi_pet",)))):
        check(event)


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
    policy = build_policy(plan="annual", expires_on=expires_on)
    if is_accepted:
        check(policy)
    else:
        with pytest.raises(PolicyRefusedError, match="the term"):
            check(policy)


@pytest.mark.parametrize("effective_on", [date.min, date(1999, 12, 31), date(2200, 1, 1), date.max])
def test_a_placeholder_for_a_day_is_refused_and_never_runs_off_the_calendar(effective_on: date) -> None:
    with pytest.raises(PolicyRefusedError, match="the day from which it counts"):
        check(build_policy(effective_on=effective_on, expires_on=date.max))


@pytest.mark.parametrize("effective_on", [date(2000, 1, 1), date(2199, 12, 31)])
def test_the_first_and_the_last_accepted_day_pass(effective_on: date) -> None:
    check(build_policy(effective_on=effective_on))


@pytest.mark.parametrize(
    ("charges", "why"),
    [
        ((), "a premium of 0 is not above zero"),
        ((premium(-1),), "a premium of -1 is not above zero"),
        ((premium(100), discount(1)), "wrong sign"),
        ((premium(100), tax(-1)), "wrong sign"),
        ((premium(100), discount(-100)), "nothing could be invoiced"),
        ((premium(CHARGE_MINOR_MAX + 1),), "beyond"),
        ((premium(100), discount(-CHARGE_MINOR_MAX - 1)), "beyond"),
    ],
)
def test_charges_that_cannot_be_billed_are_refused_with_the_reason(charges: tuple[Charge, ...], why: str) -> None:
    with pytest.raises(PolicyRefusedError, match=why):
        check(build_policy(charges=charges))


def test_a_premium_at_the_limit_and_charges_of_nothing_pass() -> None:
    check(build_policy(charges=(premium(CHARGE_MINOR_MAX), fee(0), discount(0))))


def test_the_sender_is_told_of_an_unknown_currency_and_of_bad_ids() -> None:
    with pytest.raises(UnknownCurrencyError):
        check(build_policy(currency="EURO"))
    with pytest.raises(IdentifierError, match="account id"):
        check(build_policy(account_id="home"))
    with pytest.raises(IdentifierError, match="policy id"):
        check(build_policy("PAW#1"))


@pytest.mark.parametrize("number", [0, -1, 100_000])
def test_a_transaction_number_has_one_to_five_digits(number: int) -> None:
    with pytest.raises(PolicyRefusedError, match=f"transaction number {number} is not between 1 and 99999"):
        check(replace(build_policy(), transaction_number=number))


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (replace(BRITISH, jurisdiction="XX"), "no rules are known for jurisdiction XX on 2026-01-31"),
        (replace(BRITISH, price=Price(100, (tax(12),))), "the event may not tell them as well"),
        (replace(BRITISH, price=Price(100, discounts=("loyal",))), "no discount 'loyal' is known in GB"),
        (replace(BRITISH, due_day=0), "0 is no day of a month"),
        (replace(BRITISH, due_day=32), "32 is no day of a month"),
        (replace(RENEWAL, expires_on=date(2026, 6, 1)), "the term 2026-06-01 to 2026-06-01"),
        (replace(RENEWAL, notice_sent_on=date(2027, 6, 1)), "was sent after the offered term"),
        (replace(RENEWAL, price=Price(0)), "a premium of 0"),
        (DueDayChanged(**COMMON, due_day=99), "99 is no day of a month"),  # type: ignore[arg-type]
        (PolicyEndorsed(**COMMON, price=Price(-5)), "a premium of -5"),  # type: ignore[arg-type]
        (PolicyEndorsed(**COMMON, price=Price(5), jurisdiction="YY"), "jurisdiction YY"),  # type: ignore[arg-type]
        (
            PolicyCancelled(
                **COMMON,  # type: ignore[arg-type]
                by=CancelledBy.CUSTOMER,
                requested_on=date(2026, 6, 1),
                has_paid_claim=True,
            ),
            "a claim was paid, and no claim was made",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_value_and_the_rule(event: PolicyEvent, why: str) -> None:
    with pytest.raises(PolicyRefusedError, match=why):
        check(event)


@pytest.mark.parametrize(
    "event",
    [
        build_policy(plan="weekly"),
        replace(RENEWAL, plan="weekly"),
        PlanChanged(**COMMON, plan="weekly"),  # type: ignore[arg-type]
    ],
)
def test_a_plan_that_no_rule_knows_is_refused_with_those_that_are_known(event: PolicyEvent) -> None:
    with pytest.raises(UnknownRuleError, match="'weekly'; there are annual, monthly, quarterly, semi_annual"):
        check(event)
