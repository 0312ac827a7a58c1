"""Policy events and dated rules with sensible defaults; a test names only what it is about."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from pawledger.domain.billing.rulebook import (
    CancellationMethod,
    CancellationRule,
    DiscountRule,
    FeeCapRule,
    FeeRule,
    PaymentPlan,
    Rule,
    Rulebook,
    TaxRule,
)
from pawledger.domain.calendar import add_months
from pawledger.domain.policy.policies import Charge, sum_by_code
from pawledger.domain.policy.policy_events import (
    CancelledBy,
    PetDied,
    PolicyCancelled,
    PolicyEndorsed,
    PolicyEvent,
    PolicyIssued,
    Price,
    RenewalAccepted,
    RenewalDeclined,
    RenewalOffered,
)
from pawledger.domain.policy.policy_history import Term, fold_events
from tests.builders.rulebooks import PLANS, build_rulebook

FIRST_DAY: Final = date(2026, 1, 1)
"""Of the usual term: the year 2026, 365 days."""

ALWAYS: Final = date(2000, 1, 1)

_R = TypeVar("_R", bound=Rule)


def of_policy(number: int) -> dict[str, Any]:
    """What names the policy and the place of an event in it."""
    return {"event_id": f"e-{number}", "account_id": "HOME0001", "policy_id": "PAW-1", "transaction_number": number}


def issued(
    premium_minor: int = 36_500,
    *,
    effective_on: date = FIRST_DAY,
    expires_on: date | None = None,
    jurisdiction: str = "GB",
    currency: str = "GBP",
    plan: str = "monthly",
    told: tuple[Charge, ...] = (),
    discounts: tuple[str, ...] = (),
    due_day: int | None = None,
    issued_on: date | None = None,
    product: str = "",
) -> PolicyIssued:
    """A year of cover from 1 January 2026 for 365.00 GBP, 1.00 a day, unless told otherwise."""
    return PolicyIssued(
        **of_policy(1),
        effective_on=effective_on,
        expires_on=expires_on or add_months(effective_on, 12),
        jurisdiction=jurisdiction,
        currency=currency,
        plan=plan,
        price=Price(premium_minor, told, discounts),
        due_day=due_day,
        issued_on=issued_on,
        product=product,
    )


def endorsed(
    number: int,
    effective_on: date,
    premium_minor: int,
    *,
    jurisdiction: str | None = None,
    told: tuple[Charge, ...] = (),
    discounts: tuple[str, ...] = (),
    currency: str | None = None,
) -> PolicyEndorsed:
    price = Price(premium_minor, told, discounts)
    return PolicyEndorsed(
        **of_policy(number), effective_on=effective_on, price=price, jurisdiction=jurisdiction, currency=currency
    )


def died(number: int, on: date, evidence: str | None = "vet-record-1") -> PetDied:
    return PetDied(**of_policy(number), effective_on=on, evidence=evidence)


def cancelled(
    number: int,
    effective_on: date,
    *,
    by: CancelledBy = CancelledBy.CUSTOMER,
    requested_on: date | None = None,
    method: CancellationMethod | None = None,
    has_claim: bool = False,
    has_paid_claim: bool = False,
) -> PolicyCancelled:
    """Requested on the day on which cover ends, unless told otherwise."""
    return PolicyCancelled(
        **of_policy(number),
        effective_on=effective_on,
        by=by,
        requested_on=requested_on or effective_on,
        method=method,
        has_claim=has_claim or has_paid_claim,
        has_paid_claim=has_paid_claim,
    )


def offered(
    number: int,
    premium_minor: int,
    *,
    effective_on: date = date(2027, 1, 1),
    expires_on: date | None = None,
    notice_sent_on: date = date(2026, 11, 1),
    is_automatic: bool = True,
    plan: str | None = None,
    told: tuple[Charge, ...] = (),
    discounts: tuple[str, ...] = (),
    currency: str | None = None,
) -> RenewalOffered:
    return RenewalOffered(
        **of_policy(number),
        effective_on=effective_on,
        expires_on=expires_on or add_months(effective_on, 12),
        price=Price(premium_minor, told, discounts),
        notice_sent_on=notice_sent_on,
        is_automatic=is_automatic,
        plan=plan,
        currency=currency,
    )


def accepted(number: int, effective_on: date = date(2027, 1, 1)) -> RenewalAccepted:
    return RenewalAccepted(**of_policy(number), effective_on=effective_on)


def declined(number: int, effective_on: date = date(2027, 1, 1)) -> RenewalDeclined:
    return RenewalDeclined(**of_policy(number), effective_on=effective_on)


def tax(
    percent: str,
    code: str = "ipt",
    *,
    jurisdiction: str = "GB",
    effective_on: date = ALWAYS,
    ends_on: date | None = None,
) -> TaxRule:
    return TaxRule(
        **_of_rule(f"{jurisdiction}-{code}-{effective_on.year}", jurisdiction, effective_on, ends_on),
        code=code,
        name=code,
        percent=Decimal(percent),
    )


def fixed_tax(amount_minor: int, code: str, *, jurisdiction: str = "US-KY", currency: str = "USD") -> TaxRule:
    """An amount for each term."""
    return TaxRule(
        **_of_rule(f"{jurisdiction}-{code}", jurisdiction),
        code=code,
        name=code,
        amount_minor=amount_minor,
        currency=currency,
    )


def fee(
    code: str,
    amount_minor: int,
    *,
    jurisdiction: str = "GB",
    currency: str = "GBP",
    cap_minor: int | None = None,
    cap_percent: str | None = None,
    plans: tuple[str, ...] = (),
    effective_on: date = ALWAYS,
    ends_on: date | None = None,
) -> FeeRule:
    return FeeRule(
        **_of_rule(f"{jurisdiction}-{code}-{effective_on.year}", jurisdiction, effective_on, ends_on),
        code=code,
        name=code,
        amount_minor=amount_minor,
        currency=currency,
        cap_minor=cap_minor,
        cap_percent=None if cap_percent is None else Decimal(cap_percent),
        plans=plans,
    )


def fee_cap(
    code: str,
    *,
    jurisdiction: str = "GB",
    currency: str = "GBP",
    cap_minor: int | None = None,
    cap_percent: str | None = None,
    effective_on: date = ALWAYS,
) -> FeeCapRule:
    """What the law of a place allows a fee to be at most."""
    return FeeCapRule(
        **_of_rule(f"{jurisdiction}-{code}-cap", jurisdiction, effective_on),
        code=code,
        name=f"cap on {code}",
        cap_minor=cap_minor,
        currency=None if cap_minor is None else currency,
        cap_percent=None if cap_percent is None else Decimal(cap_percent),
    )


def discount(
    code: str, percent: str, *, jurisdiction: str = "GB", effective_on: date = ALWAYS, ends_on: date | None = None
) -> DiscountRule:
    return DiscountRule(
        **_of_rule(f"{jurisdiction}-{code}-{effective_on.year}", jurisdiction, effective_on, ends_on),
        code=code,
        name=code,
        percent=Decimal(percent),
    )


def cancellation(
    *methods: CancellationMethod,
    jurisdiction: str = "GB",
    free_look_days: int = 14,
    keeps_premium_after_claim: bool = False,
    short_rate_percent: str = "10",
) -> CancellationRule:
    """What a customer may have, pro rata unless told otherwise; an insurer gives back by days, or all."""
    return CancellationRule(
        **_of_rule(f"{jurisdiction}-cancellation", jurisdiction),
        free_look_days=free_look_days,
        customer_methods=methods or (CancellationMethod.PRO_RATA,),
        insurer_methods=(CancellationMethod.PRO_RATA, CancellationMethod.FLAT),
        short_rate_percent=Decimal(short_rate_percent),
        keeps_premium_after_claim=keeps_premium_after_claim,
    )


def rules_of(*rules: Rule, plans: Iterable[PaymentPlan] = ()) -> Rulebook:
    """These rules and the usual plans; customers in Great Britain cancel pro rata where no rule on that is named."""
    if not any(isinstance(rule, CancellationRule) for rule in rules):
        rules = (*rules, cancellation())
    return build_rulebook(
        plans={**PLANS, **{plan.name: plan for plan in plans}},
        taxes=_only(TaxRule, rules),
        fees=_only(FeeRule, rules),
        fee_caps=_only(FeeCapRule, rules),
        discounts=_only(DiscountRule, rules),
        cancellations=_only(CancellationRule, rules),
    )


def last_term(events: Iterable[PolicyEvent], rulebook: Rulebook) -> Term:
    """The latest term of a history in which nothing was refused."""
    history = fold_events(events, rulebook)
    assert history.refusals == {}
    return history.terms[-1]


def amounts_of(charges: Iterable[Charge]) -> dict[str, int]:
    """Charges by code, in minor units; what comes to nothing is left out."""
    return {code: amount_minor for code, amount_minor in sum_by_code(charges).items() if amount_minor}


def _of_rule(
    rule_id: str, jurisdiction: str, effective_on: date = ALWAYS, ends_on: date | None = None
) -> dict[str, Any]:
    return {
        "rule_id": rule_id,
        "jurisdiction": jurisdiction,
        "effective_on": effective_on,
        "ends_on": ends_on,
        "citation": "an example of this test",
    }


def _only(rule_type: type[_R], rules: Iterable[Rule]) -> tuple[_R, ...]:
    return tuple(rule for rule in rules if isinstance(rule, rule_type))
