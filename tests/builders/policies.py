"""Policies with sensible defaults; a test names only what it is about."""

from datetime import date, timedelta
from typing import Final

from pawledger.domain.issuing import IssuedPolicy
from pawledger.domain.policies import Charge, ChargeKind, Plan, Policy

ACCOUNT_ID: Final = "HOME0001"


def premium(amount_minor: int) -> Charge:
    return Charge(ChargeKind.PREMIUM, amount_minor)


def build_policy(
    policy_id: str = "PAW-1",
    *,
    account_id: str = ACCOUNT_ID,
    currency: str = "EUR",
    effective_on: date = date(2026, 1, 31),
    expires_on: date = date(2027, 1, 31),
    plan: Plan = Plan.MONTHLY,
    charges: tuple[Charge, ...] = (premium(12_000),),
) -> Policy:
    """A year of cover from 31 January 2026, 120.00 EUR paid monthly, unless told otherwise."""
    return Policy(account_id, policy_id, currency, effective_on, expires_on, plan, charges)


def issue(policy: Policy, received_on: date | None = None) -> IssuedPolicy:
    """The policy as an event of its own told of it: 30 days before it begins, unless told otherwise."""
    if received_on is None:
        received_on = policy.effective_on - timedelta(days=30)
    return IssuedPolicy(f"event-of-{policy.policy_id}", received_on, policy)
