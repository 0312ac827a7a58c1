"""The rulebook: dated rules of taxes, fees, discounts, cancellations and renewals, and the payment plans, as values.

Rules are data: the files under `pawledger/rules/` hold them with their citations, and a loader there makes this value
of them. What a rule says counts from its first day on, for exactly the charges that are rated on such a day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

from pawledger.domain.errors import PawledgerError

MONTHS_PER_YEAR: Final = 12


class UnknownRuleError(PawledgerError):
    """No rule is known for a jurisdiction, plan or day; the text names what was looked for."""


class CancellationMethod(StrEnum):
    """How much of the premium is kept when cover ends early."""

    FLAT = "flat"
    """Nothing: as if the policy had never been."""
    PRO_RATA = "pro_rata"
    """The days of cover."""
    SHORT_RATE = "short_rate"
    """The days of cover and a share of the rest."""
    FULLY_EARNED = "fully_earned"
    """Everything: a claim was paid in the term, and the contract keeps the year's premium for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What every dated rule says of itself."""

    rule_id: str
    """Unique in the rulebook, for instance `GB-ipt-2017`."""
    jurisdiction: str
    """ISO 3166: `GB`, `DE`, or a subdivision as `US-CA`."""
    effective_on: date
    ends_on: date | None
    """First day on which it does not count any more; None while it counts."""
    is_abolished: bool = False
    """Whether nothing follows it on the day on which it ends; the loader refuses an end that does not say so."""
    citation: str
    products: tuple[str, ...] = ()
    """Products that it is for; none means all."""
    is_verified: bool = True
    """Whether somebody read it in the source that is cited; what is not is to be read there before it is relied on."""

    def is_for(self, jurisdiction: str, product: str, day: date) -> bool:
        """Whether it counts for a product in a jurisdiction on a day."""
        return (
            self.jurisdiction == jurisdiction
            and (not self.products or product in self.products)
            and self.effective_on <= day
            and (self.ends_on is None or day < self.ends_on)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRule(Rule):
    """A tax or surcharge: a percentage of the premium less discounts, or an amount for each term, never both."""

    code: str
    """What the charge is called in entries, without its kind: `ipt`."""
    name: str
    percent: Decimal | None = None
    amount_minor: int | None = None
    currency: str | None = None
    """ISO 4217, where it is an amount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRule(Rule):
    """A fee in minor units: never more than its caps."""

    code: str
    """`issuance`, `installment`, `cancellation` or `returned_payment`."""
    name: str
    amount_minor: int
    currency: str
    cap_minor: int | None = None
    cap_percent: Decimal | None = None
    """Share of the term's premium."""
    plans: tuple[str, ...] = ()
    """Plans that it is charged on; none means all."""

    def amount_of(self, premium_minor: int) -> int:
        """The fee beside a term's premium, in minor units; a cap in percent is rounded down, never above the cap."""
        amounts = [self.amount_minor]
        if self.cap_minor is not None:
            amounts.append(self.cap_minor)
        if self.cap_percent is not None:
            amounts.append(int(premium_minor * self.cap_percent / 100))
        return max(0, min(amounts))

    def capped_by(self, cap: "FeeCapRule") -> "FeeRule":
        """This fee with the lower of its own caps and those of the law, named after both: its charge cites both."""
        return replace(
            self,
            rule_id=f"{self.rule_id} {cap.rule_id}",
            is_verified=self.is_verified and cap.is_verified,
            cap_minor=min((minor for minor in (self.cap_minor, cap.cap_minor) if minor is not None), default=None),
            cap_percent=min(
                (percent for percent in (self.cap_percent, cap.cap_percent) if percent is not None), default=None
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeCapRule(Rule):
    """The most that a fee of the seller may be by the law of its place: an amount, a share of the premium, or both."""

    code: str
    """Of the fees that it caps: `installment`."""
    name: str
    cap_minor: int | None = None
    currency: str | None = None
    """ISO 4217, where it is an amount; that of the place, as that of the fees there."""
    cap_percent: Decimal | None = None
    """Share of the term's premium; 0 where the law allows no such fee."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountRule(Rule):
    """A share of the premium that is not charged."""

    code: str
    """`multi_pet`, or `pay_in_full`, which a plan of one installment earns by itself."""
    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationRule(Rule):
    """What is kept and what is returned when cover ends early."""

    free_look_days: int
    """Within so many days of the issue or the first day of cover, whichever is later, the customer gets all back."""
    customer_methods: tuple[CancellationMethod, ...]
    """What may be kept when the customer cancels; the first is the usual one."""
    insurer_methods: tuple[CancellationMethod, ...]
    short_rate_percent: Decimal = Decimal(10)
    """Share of the unearned premium that short rate keeps."""
    keeps_premium_after_claim: bool = False
    """Whether a claim paid in the term makes the whole premium of the term due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalRule(Rule):
    """When and how a renewal must have been offered."""

    notice_days: int
    """Days before the term ends by which the notice was sent."""
    compares_annualised: bool = False
    """Whether the old price shown is the latest one annualised, where it changed in mid-term."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparationRule(Rule):
    """Its products are invoiced and paid apart from everything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPlan:
    """How the charges of a term are cut into installments."""

    name: str
    months_between: int
    installments_max: int | None = None
    """The last of so many installments bills what is left of the term."""
    weights: tuple[int, ...] = ()
    """Of the installments in their order; one that is not named weighs 1."""
    down_payment_percent: Decimal | None = None
    """Share of every charge that the first installment bills."""
    lead_days: int = 14
    """Days between the invoice and its due day."""
    is_first_at_issue: bool = False
    """Whether the first installment is invoiced as soon as the policy is recorded."""

    @property
    def is_pay_in_full(self) -> bool:
        return self.installments_max == 1

    def weight_of(self, place: int) -> int:
        """Weight of the installment at a place, from 0."""
        return self.weights[place] if place < len(self.weights) else 1


_R = TypeVar("_R", bound=Rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """All rules and plans of a deployment."""

    plans: Mapping[str, PaymentPlan] = field(default_factory=lambda: MappingProxyType({}))
    taxes: tuple[TaxRule, ...] = ()
    fees: tuple[FeeRule, ...] = ()
    fee_caps: tuple[FeeCapRule, ...] = ()
    discounts: tuple[DiscountRule, ...] = ()
    cancellations: tuple[CancellationRule, ...] = ()
    renewals: tuple[RenewalRule, ...] = ()
    separations: tuple[SeparationRule, ...] = ()

    def plan(self, name: str) -> PaymentPlan:
        """A plan by its name. Raises `UnknownRuleError`."""
        if name not in self.plans:
            raise UnknownRuleError(f"no payment plan is called {name!r}; there are {', '.join(sorted(self.plans))}")
        return self.plans[name]

    def taxes_on(self, jurisdiction: str, product: str, day: date) -> tuple[TaxRule, ...]:
        """Taxes and surcharges of a premium that is rated on a day."""
        return tuple(_counting(self.taxes, jurisdiction, product, day))

    def fees_on(self, jurisdiction: str, product: str, plan: str, day: date) -> tuple[FeeRule, ...]:
        """Fees of a term that begins on a day and is paid by a plan, each at most what the law of the place allows."""
        caps = {cap.code: cap for cap in _counting(self.fee_caps, jurisdiction, product, day)}
        rules = _counting(self.fees, jurisdiction, product, day)
        charged = (rule for rule in rules if not rule.plans or plan in rule.plans)
        return tuple(rule.capped_by(caps[rule.code]) if rule.code in caps else rule for rule in charged)

    def discounts_on(self, jurisdiction: str, product: str, day: date) -> tuple[DiscountRule, ...]:
        """Discounts that a term that begins on a day can have."""
        return tuple(_counting(self.discounts, jurisdiction, product, day))

    def cancellation_on(self, jurisdiction: str, product: str, day: date) -> CancellationRule:
        """What counts when a term that began on a day is cancelled. Raises `UnknownRuleError`."""
        return _only(self.cancellations, "cancellation", jurisdiction, product, day)

    def renewal_on(self, jurisdiction: str, product: str, day: date) -> RenewalRule:
        """What counts when a term ends on a day. Raises `UnknownRuleError`."""
        return _only(self.renewals, "renewal", jurisdiction, product, day)

    def separation_on(self, jurisdiction: str, product: str, day: date) -> SeparationRule | None:
        """The rule that has a product invoiced apart from everything else, or None."""
        return next(iter(_counting(self.separations, jurisdiction, product, day)), None)

    def knows(self, jurisdiction: str, product: str, day: date) -> bool:
        """Whether a policy of a product can be billed in a jurisdiction from a day on."""
        return any(_counting(self.cancellations, jurisdiction, product, day)) and any(
            _counting(self.renewals, jurisdiction, product, day)
        )


def _counting(rules: Iterable[_R], jurisdiction: str, product: str, day: date) -> Iterable[_R]:
    return (rule for rule in rules if rule.is_for(jurisdiction, product, day))


def _only(rules: Iterable[_R], what: str, jurisdiction: str, product: str, day: date) -> _R:
    """The one rule that counts: a rule of that very product goes before one of all products."""
    found = sorted(_counting(rules, jurisdiction, product, day), key=lambda rule: not rule.products)
    if not found:
        raise UnknownRuleError(f"no {what} rule is known for {product or 'any product'} in {jurisdiction} on {day}")
    return found[0]
