"""What a term costs: premium by days, discounts, taxes at the rate of the day that each part was rated on, and fees.

Every amount is computed from the term as a whole and rounded once, half away from zero, so that a change and its
reversal leave nothing behind, not even a minor unit.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import Final

from pawledger.domain.billing.rulebook import CancellationMethod, DiscountRule, FeeRule, Rulebook, TaxRule
from pawledger.domain.money import format_amount
from pawledger.domain.policy.policies import Charge, ChargeKind, PolicyRefusedError, sum_by_code
from pawledger.domain.policy.policy_history import Term

PREMIUM: Final = "premium"
PAY_IN_FULL: Final = "pay_in_full"
ISSUANCE: Final = "issuance"
INSTALLMENT: Final = "installment"
CANCELLATION: Final = "cancellation"

_USUAL_SHORT_RATE: Final = Fraction(10, 100)
"""Where no rule says otherwise, a short rate returns ninety percent of the unearned premium."""

_RETURNS_PREMIUM: Final = frozenset({CancellationMethod.PRO_RATA, CancellationMethod.SHORT_RATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of a term with one price."""

    days: int
    share: Fraction
    """The part of the term's price that is charged for it: its days, and what is kept of its days without cover."""
    jurisdiction: str
    rated_on: date
    """The day from which on the price counts."""
    premium_minor: int
    """Of the whole term at this price."""
    told: tuple[Charge, ...]
    discounts: Mapping[str, Fraction]
    """Shares of the premium by the codes of the discounts that it is entitled to; together at most all of it."""


def charge_term(term: Term, rulebook: Rulebook, *, is_in_full: bool | None = None) -> tuple[Charge, ...]:
    """All charges of a term but the fees on installments, which depend on how many there are.

    `is_in_full` says whether it was invoiced in one piece, which earns the discount for that whatever its plan is
    called by now; None, where nothing is invoiced, leaves it to the plan.

    Raises `PolicyRefusedError` where a rule is in another currency than the policy, and `UnknownRuleError`.
    """
    if not term.is_begun or (term.end and term.end.method is CancellationMethod.FLAT):
        return ()
    rules = _discount_rules(term, rulebook)
    segments = tuple(_segments(term, rulebook, rules, is_in_full))
    premium = _by_days(PREMIUM, [(s.premium_minor, s.share) for s in segments], term)
    if term.jurisdiction:
        net = [premium, *_discounts(term, segments, rules, premium.amount_minor)]
        parts = _rated_parts(segments, sum(charge.amount_minor for charge in net))
        charges = [*net, *_taxes(term, parts, rulebook), *_fees(term, rulebook)]
    else:
        charges = [premium, *_told_charges(term, segments)]
    return tuple(charge for charge in charges if charge.amount_minor)


def price_segments(term: Term, rulebook: Rulebook, *, is_in_full: bool | None = None) -> tuple[Segment, ...]:
    """The stretches of a term with one price each, for whoever follows its premium day by day; see `charge_term`."""
    return tuple(_segments(term, rulebook, _discount_rules(term, rulebook), is_in_full))


def rewards_paying_in_full(term: Term, rulebook: Rulebook) -> bool:
    """Whether a rule gives a discount to a term that is invoiced in one piece."""
    return any(rule.code == PAY_IN_FULL for rule in _discount_rules(term, rulebook))


def installment_fee(term: Term, rulebook: Rulebook) -> Charge | None:
    """What each installment but the first costs beside its slice, or None.

    Raises `PolicyRefusedError` where the fee is in another currency than the policy.
    """
    if not term.jurisdiction or not term.is_begun or rulebook.plan(term.plan).is_pay_in_full:
        return None
    fees = (_fee(rule, term) for rule in _fee_rules(term, rulebook, INSTALLMENT))
    return next((fee for fee in fees if fee.amount_minor), None)


def round_half_away(exact: Fraction) -> int:
    """The nearest whole number; a half goes away from zero, as invoices are rounded in commerce."""
    magnitude = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return -magnitude if exact < 0 else magnitude


def _segments(
    term: Term, rulebook: Rulebook, rules: Sequence[DiscountRule], is_in_full: bool | None
) -> Iterator[Segment]:
    """The stretches of a term; days without cover are charged as far as the cancellation keeps their premium."""
    term_days = (term.expires_on - term.effective_on).days
    kept = _kept_share(term, rulebook)
    is_earned = rulebook.plan(term.plan).is_pay_in_full if is_in_full is None else is_in_full
    earned = {PAY_IN_FULL} if is_earned else set()
    for place, priced in enumerate(term.prices):
        until = term.prices[place + 1].effective_on if place + 1 < len(term.prices) else term.expires_on
        covered_until = max(priced.effective_on, min(until, term.cover_until))
        days = (covered_until - priced.effective_on).days
        uncovered_days = (until - covered_until).days
        share = (days + uncovered_days * kept) / term_days
        price = priced.price
        yield Segment(
            days=days,
            share=share,
            jurisdiction=priced.jurisdiction,
            rated_on=priced.effective_on,
            premium_minor=price.premium_minor,
            told=price.told,
            discounts=_discount_shares(rules, earned.union(price.discounts)),
        )


def _discount_rules(term: Term, rulebook: Rulebook) -> Sequence[DiscountRule]:
    return rulebook.discounts_on(term.jurisdiction, term.product, term.effective_on) if term.jurisdiction else ()


def _discount_shares(rules: Sequence[DiscountRule], codes: Collection[str]) -> dict[str, Fraction]:
    shares: dict[str, Fraction] = {}
    left = Fraction(1)
    for rule in rules:
        if rule.code in codes:
            shares[rule.code] = min(left, Fraction(rule.percent) / 100)
            left -= shares[rule.code]
    return shares


def _kept_share(term: Term, rulebook: Rulebook) -> Fraction:
    """The share of the unearned premium that a cancellation keeps."""
    if term.end is None or term.end.method is CancellationMethod.PRO_RATA:
        return Fraction(0)
    if term.end.method is CancellationMethod.FULLY_EARNED:
        return Fraction(1)
    if not term.jurisdiction:
        return _USUAL_SHORT_RATE
    rule = rulebook.cancellation_on(term.jurisdiction, term.product, term.effective_on)
    return Fraction(rule.short_rate_percent) / 100


def _by_days(code: str, parts: Sequence[tuple[int, Fraction]], term: Term) -> Charge:
    """An amount of the whole term charged by the shares of its segments."""
    amount_minor = round_half_away(sum((minor * share for minor, share in parts), Fraction(0)))
    written = " + ".join(_written_share(minor, share, term) for minor, share in parts if minor and share)
    return Charge(code, amount_minor, "", written)


def _written_share(amount_minor: int, share: Fraction, term: Term) -> str:
    amount = format_amount(amount_minor, term.currency)
    term_days = (term.expires_on - term.effective_on).days
    days = share * term_days
    if days == term_days:
        return amount
    return f"{amount} x {Decimal(days.numerator) / Decimal(days.denominator):f}/{term_days}"


def _told_charges(term: Term, segments: Sequence[Segment]) -> Iterator[Charge]:
    """Charges that the policy system told: fees once, as told last while there was cover; all others by days."""
    codes = dict.fromkeys(charge.code for segment in segments for charge in segment.told)
    told = [sum_by_code(segment.told) for segment in segments]
    for code in codes:
        if Charge(code, 0).kind is ChargeKind.FEE:
            covered = [by_code.get(code, 0) for by_code, s in zip(told, segments, strict=True) if s.days]
            yield Charge(code, covered[-1] if covered else 0, "", "told by the policy system")
        else:
            parts = [(by_code.get(code, 0), s.share) for by_code, s in zip(told, segments, strict=True)]
            yield _by_days(code, parts, term)


def _discounts(
    term: Term, segments: Sequence[Segment], rules: Sequence[DiscountRule], premium_minor: int
) -> Iterator[Charge]:
    """Discounts on the premium of the stretches that are entitled to them; together never more than the premium."""
    left_minor = premium_minor
    for rule in rules:
        entitled = [segment for segment in segments if rule.code in segment.discounts and segment.share]
        exact = sum((s.premium_minor * s.share * s.discounts[rule.code] for s in entitled), Fraction(0))
        amount_minor = min(left_minor, round_half_away(exact))  # halves that are rounded up could exceed the premium
        left_minor -= amount_minor
        written = " + ".join(_written_share(segment.premium_minor, segment.share, term) for segment in entitled)
        written = f"{rule.percent:f} % of {f'({written})' if len(entitled) > 1 else written}"
        yield Charge(f"discount:{rule.code}", -amount_minor, rule.rule_id, written)


@dataclass(frozen=True, slots=True)
class _Rating:
    """The place and the day whose tax rates count for a part of a price."""

    jurisdiction: str
    rated_on: date


_Layers = tuple[tuple[_Rating, Fraction], ...]
"""A price as its parts, the earliest rated first."""


def _rated_parts(segments: Sequence[Segment], net_minor: int) -> tuple[tuple[_Rating, int], ...]:
    """The premium less discounts by the ratings of its parts, in whole minor units that sum to it."""
    exact: dict[_Rating, Fraction] = {}
    for segment, layers in zip(segments, _layers(segments), strict=True):
        for rating, net in layers:
            exact[rating] = exact.get(rating, Fraction(0)) + net * segment.share
    total = sum(exact.values(), Fraction(0))
    if not total:
        return ()
    until_minor = [round_half_away(running * net_minor / total) for running in accumulate(exact.values())]
    parts_minor = (until - before for before, until in zip((0, *until_minor), until_minor, strict=False))
    return tuple(zip(exact, parts_minor, strict=True))


def _layers(segments: Sequence[Segment]) -> Iterator[_Layers]:
    """For each segment the parts of its price: what was added on which day, and not taken away since."""
    standing: _Layers = ()
    for segment in segments:
        net = segment.premium_minor * (1 - sum(segment.discounts.values(), Fraction(0)))
        if standing and standing[0][0].jurisdiction != segment.jurisdiction:
            standing = ()
        more = net - sum((part for _, part in standing), Fraction(0))
        if more < 0:
            standing = _take_off(standing, -more)
        elif more > 0:
            standing = (*standing, (_Rating(segment.jurisdiction, segment.rated_on), more))
        yield standing


def _take_off(layers: _Layers, amount: Fraction) -> _Layers:
    """What is left of a price after taking an amount off the latest of its parts."""
    left: list[tuple[_Rating, Fraction]] = []
    for rating, part in reversed(layers):
        taken = min(part, amount)
        amount -= taken
        left.append((rating, part - taken))
    return tuple((rating, part) for rating, part in reversed(left) if part)


def _taxes(term: Term, parts: Sequence[tuple[_Rating, int]], rulebook: Rulebook) -> Iterator[Charge]:
    """Taxes on the premium less discounts, each part at the rates of the day on which it was agreed.

    More premium is rated on the day of the change, and less premium is given back at the rate at which it was charged,
    the latest first (HMRC Notice IPT1: return premium is credited at the original rate). Amounts for each term are
    those of the place and the day of its beginning.
    """
    taxable_minor: dict[TaxRule, int] = {}
    for rating, part_minor in parts:
        for rule in rulebook.taxes_on(rating.jurisdiction, term.product, rating.rated_on):
            if rule.percent is not None:
                taxable_minor[rule] = taxable_minor.get(rule, 0) + part_minor
    charges: dict[str, Charge] = {}
    for rule, base_minor in taxable_minor.items():
        if base_minor:
            charge = _tax(rule, base_minor, term)
            charges[charge.code] = _join(charges.get(charge.code), charge)
    for rule in rulebook.taxes_on(term.jurisdiction, term.product, term.effective_on):
        if rule.amount_minor is not None:
            _check_currency(rule.rule_id, rule.currency, term)
            charge = Charge(f"tax:{rule.code}", rule.amount_minor, rule.rule_id, "a fixed amount for each term")
            charges[charge.code] = _join(charges.get(charge.code), charge)
    yield from charges.values()


def _tax(rule: TaxRule, base_minor: int, term: Term) -> Charge:
    percent = rule.percent or Decimal(0)
    amount_minor = round_half_away(base_minor * Fraction(percent) / 100)
    written = f"{percent:f} % of {format_amount(base_minor, term.currency)}"
    return Charge(f"tax:{rule.code}", amount_minor, rule.rule_id, written)


def _join(standing: Charge | None, charge: Charge) -> Charge:
    """Two parts of one tax by different rules as one charge that names both."""
    if standing is None:
        return charge
    return Charge(
        charge.code,
        standing.amount_minor + charge.amount_minor,
        f"{standing.rule_id} {charge.rule_id}",
        f"{standing.arithmetic} + {charge.arithmetic}",
    )


def _fees(term: Term, rulebook: Rulebook) -> Iterator[Charge]:
    """The fee of issuing the term, and of a customer who ends it early where something is given back for that."""
    for rule in _fee_rules(term, rulebook, ISSUANCE):
        yield _fee(rule, term)
    end = term.end
    if end is None or not end.is_by_customer or end.is_death or end.on >= term.expires_on:
        return
    if end.method in _RETURNS_PREMIUM:
        for rule in _fee_rules(term, rulebook, CANCELLATION):
            yield _fee(rule, term)


def _fee_rules(term: Term, rulebook: Rulebook, code: str) -> list[FeeRule]:
    rules = rulebook.fees_on(term.jurisdiction, term.product, term.plan, term.effective_on)
    return [rule for rule in rules if rule.code == code]


def _fee(rule: FeeRule, term: Term) -> Charge:
    _check_currency(rule.rule_id, rule.currency, term)
    amount_minor = rule.amount_of(term.prices[0].price.premium_minor)
    written = rule.name
    if amount_minor != rule.amount_minor:
        written = f"{rule.name}, capped from {format_amount(rule.amount_minor, rule.currency)}"
    return Charge(f"fee:{rule.code}", amount_minor, rule.rule_id, written)


def _check_currency(rule_id: str, currency: str | None, term: Term) -> None:
    if currency != term.currency:
        raise PolicyRefusedError(f"rule {rule_id} is in {currency}, the policy in {term.currency}")
