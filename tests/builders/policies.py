"""Policies with sensible defaults, as the events that tell of them; a test names only what it is about."""

from datetime import date, timedelta
from typing import Final

from pawledger.domain.books.entries import Decision
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.policy.policies import BilledTerm, Charge, ChargeKind, term_as_json, term_from_json
from pawledger.domain.policy.policy_decisions import PolicyDecision, decide_policy_event
from pawledger.domain.policy.policy_events import PolicyIssued, Price, told_charge
from pawledger.domain.policy.policy_ground import PolicyGround
from tests.builders.rulebooks import build_rulebook

ACCOUNT_ID: Final = "HOME0001"

PLANS: Final = ("annual", "semi_annual", "quarterly", "monthly")


def premium(amount_minor: int) -> Charge:
    return told_charge(ChargeKind.PREMIUM, amount_minor)


def tax(amount_minor: int) -> Charge:
    return told_charge(ChargeKind.TAX, amount_minor)


def fee(amount_minor: int) -> Charge:
    return told_charge(ChargeKind.FEE, amount_minor)


def discount(amount_minor: int) -> Charge:
    return told_charge(ChargeKind.DISCOUNT, amount_minor)


def build_policy(
    policy_id: str = "PAW-1",
    *,
    account_id: str = ACCOUNT_ID,
    currency: str = "EUR",
    effective_on: date = date(2026, 1, 31),
    expires_on: date | None = None,
    plan: str = "monthly",
    charges: tuple[Charge, ...] = (premium(12_000),),
    event_id: str | None = None,
) -> PolicyIssued:
    """A year of cover from 31 January 2026, 120.00 EUR paid monthly, told with all charges, unless told otherwise."""
    premium_minor = sum(charge.amount_minor for charge in charges if charge.kind is ChargeKind.PREMIUM)
    return PolicyIssued(
        event_id=event_id or f"event-of-{policy_id}",
        account_id=account_id,
        policy_id=policy_id,
        transaction_number=1,
        effective_on=effective_on,
        currency=currency,
        expires_on=expires_on or effective_on.replace(year=effective_on.year + 1),
        plan=plan,
        price=Price(premium_minor, tuple(charge for charge in charges if charge.kind is not ChargeKind.PREMIUM)),
    )


def charges_of(policy: PolicyIssued) -> tuple[Charge, ...]:
    """All charges that the event tells, the premium first."""
    return (premium(policy.price.premium_minor), *policy.price.told)


def amount_of(policy: PolicyIssued) -> int:
    """What they come to, in minor units."""
    return sum(charge.amount_minor for charge in charges_of(policy))


def decide_issue(head: AccountHead, policy: PolicyIssued, received_on: date | None = None) -> PolicyDecision:
    """What the event means for an account that knows nothing of the policy: 30 days before it begins, by default."""
    ground = PolicyGround(
        head=head,
        events=(),
        terms=(),
        rulebook=build_rulebook(),
        received_on=received_on or policy.effective_on - timedelta(days=30),
    )
    return decide_policy_event(ground, policy)


def issue(head: AccountHead, policy: PolicyIssued, received_on: date | None = None) -> Decision:
    """The entry of `decide_issue`."""
    return decide_issue(head, policy, received_on).decision


def term_of(policy: PolicyIssued, received_on: date | None = None) -> BilledTerm:
    """The first term of a policy as it is stored on an account of its own."""
    (term,) = decide_issue(AccountHead(policy.account_id), policy, received_on).terms
    return term_from_json(term_as_json(term))
