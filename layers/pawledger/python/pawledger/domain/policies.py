"""Policies, what they charge, and the installments a payment plan makes of the charges."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from pawledger.domain.calendar import add_months
from pawledger.domain.currencies import decimals_of
from pawledger.domain.errors import PawledgerError
from pawledger.domain.identifiers import check_account_id, check_policy_id
from pawledger.domain.money import split_amount

INVOICE_LEAD_DAYS: Final = 14
"""An invoice is issued two weeks before it falls due, so that a bank transfer can arrive in time."""

CHARGE_MINOR_MAX: Final = 10**12
"""Ten billion in a currency with cents: anything above is a mistake of the sender, not a premium."""

TERM_DAYS_MAX: Final = 800
"""Terms are twelve months, at times extended; two years and some weeks is the longest that makes sense."""


EFFECTIVE_ON_MIN: Final = date(2000, 1, 1)
EFFECTIVE_ON_MAX: Final = date(2199, 12, 31)
"""Days outside are a sender's placeholder (0001-01-01, 9999-12-31), and a term from there runs off the calendar."""


class PolicyRefusedError(PawledgerError):
    """A policy cannot be billed as it was sent; the text says which value and why."""


class ChargeKind(StrEnum):
    PREMIUM = "premium"
    TAX = "tax"
    FEE = "fee"
    DISCOUNT = "discount"


class Plan(StrEnum):
    """How often the charges of a term are paid."""

    ANNUAL = "annual"
    SEMI_ANNUAL = "semi_annual"
    QUARTERLY = "quarterly"
    MONTHLY = "monthly"

    @property
    def installment_count(self) -> int:
        return {Plan.ANNUAL: 1, Plan.SEMI_ANNUAL: 2, Plan.QUARTERLY: 4, Plan.MONTHLY: 12}[self]

    @property
    def months_between(self) -> int:
        return 12 // self.installment_count


@dataclass(frozen=True, slots=True)
class Charge:
    """What a policy transaction costs; minor units of the policy's currency, negative only for a discount."""

    kind: ChargeKind
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Installment:
    """A slice of each charge of a policy, fixed when the plan is applied."""

    policy_id: str
    number: int
    """From 1."""
    invoice_on: date
    due_on: date
    charges: tuple[Charge, ...]

    @property
    def amount_minor(self) -> int:
        return sum(charge.amount_minor for charge in self.charges)


@dataclass(frozen=True, slots=True)
class Policy:
    """Cover for one pet over one term, as it was issued."""

    account_id: str
    policy_id: str
    currency: str
    effective_on: date
    expires_on: date
    plan: Plan
    charges: tuple[Charge, ...]

    @property
    def amount_minor(self) -> int:
        return sum(charge.amount_minor for charge in self.charges)


def check_policy(policy: Policy) -> Policy:
    """Return the policy unchanged if it can be billed.

    Raises `PolicyRefusedError`, `IdentifierError` or `UnknownCurrencyError` that name the value and the rule.
    """
    check_account_id(policy.account_id)
    check_policy_id(policy.policy_id)
    decimals_of(policy.currency)
    if not policy.charges:
        raise PolicyRefusedError("a policy needs at least one charge")
    if not EFFECTIVE_ON_MIN <= policy.effective_on <= EFFECTIVE_ON_MAX:
        raise PolicyRefusedError(
            f"the term begins on {policy.effective_on}, not between {EFFECTIVE_ON_MIN} and {EFFECTIVE_ON_MAX}"
        )
    if not policy.effective_on < policy.expires_on <= policy.effective_on + timedelta(days=TERM_DAYS_MAX):
        raise PolicyRefusedError(
            f"the term {policy.effective_on} to {policy.expires_on} is not between 1 and {TERM_DAYS_MAX} days"
        )
    for charge in policy.charges:
        if abs(charge.amount_minor) > CHARGE_MINOR_MAX:
            raise PolicyRefusedError(f"a {charge.kind} of {charge.amount_minor} is beyond {CHARGE_MINOR_MAX}")
        if (charge.amount_minor < 0) != (charge.kind is ChargeKind.DISCOUNT) and charge.amount_minor != 0:
            raise PolicyRefusedError(f"a {charge.kind} of {charge.amount_minor} has the wrong sign")
    if policy.amount_minor <= 0:
        raise PolicyRefusedError(f"the charges sum to {policy.amount_minor}; nothing could be invoiced")
    for installment in plan_installments(policy):
        if installment.due_on >= policy.expires_on:
            raise PolicyRefusedError(
                f"installment {installment.number} of a {policy.plan} plan would fall due on {installment.due_on}, "
                f"not before the term ends on {policy.expires_on}"
            )
        if installment.amount_minor < 0:
            raise PolicyRefusedError(f"installment {installment.number} would be negative: {installment.amount_minor}")
    return policy


def plan_installments(policy: Policy) -> tuple[Installment, ...]:
    """Slice each charge over the plan's installments; the slices of a charge sum to it exactly.

    The first falls due on the day the cover begins, the others the plan's months later, each counted from that day.
    """
    count = policy.plan.installment_count
    slices_by_charge = [split_amount(charge.amount_minor, [1] * count) for charge in policy.charges]
    installments = []
    for index in range(count):
        due_on = add_months(policy.effective_on, index * policy.plan.months_between)
        charges = tuple(
            Charge(charge.kind, slices[index]) for charge, slices in zip(policy.charges, slices_by_charge, strict=True)
        )
        invoice_on = due_on - timedelta(days=INVOICE_LEAD_DAYS)
        installments.append(Installment(policy.policy_id, index + 1, invoice_on, due_on, charges))
    return tuple(installments)
