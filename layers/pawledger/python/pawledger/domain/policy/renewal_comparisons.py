"""Offered renewals beside what the term before costs: what a customer is told, and by which day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from pawledger.domain.billing.charging import charge_term, round_half_away
from pawledger.domain.billing.rulebook import RenewalRule, Rulebook
from pawledger.domain.billing.term_billing import find_hold
from pawledger.domain.policy.policies import ChargeKind, sum_by_code, term_id_of
from pawledger.domain.policy.policy_history import PolicyHistory, RenewalNotice, Term, count_years


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalComparison:
    """A renewal that is offered: its price by code beside the old one, both without fees, in minor units."""

    term_id: str
    currency: str
    effective_on: date
    notice: RenewalNotice
    old_minor: Mapping[str, int]
    new_minor: Mapping[str, int]
    is_changed_in_mid_term: bool
    is_annualised: bool
    """Whether the old price is the latest one of the term before for a year, because a rule asks for that."""
    rule: RenewalRule | None
    """None where the policy system tells taxes and fees itself: then no rule of a jurisdiction is known."""
    notice_due_on: date | None
    """Last day on which the notice is in time."""
    hold: str
    """Why it is not invoiced at that price; empty where nothing stands against it."""

    @property
    def is_waiting(self) -> bool:
        """Whether it begins only when the customer says yes, who has not answered."""
        return not (self.notice.is_automatic or self.notice.is_accepted)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.old_minor, *self.new_minor)))


def compare_renewals(
    policy_id: str, history: PolicyHistory, rulebook: Rulebook, first_day: date
) -> Iterator[RenewalComparison]:
    """The renewals of a policy that begin on a day or later and were not declined, each beside the term before it.

    Raises `UnknownRuleError` and `PolicyRefusedError` where the rules cannot price one of the two.
    """
    for before, term in pairwise(history.terms):
        if term.notice is None or term.end is not None or term.effective_on < first_day:
            continue
        rule = None
        if term.jurisdiction:
            rule = rulebook.renewal_on(term.jurisdiction, term.product, before.expires_on)
        is_changed = len(before.prices) > 1
        is_annualised = bool(rule and rule.compares_annualised and is_changed)
        begun = replace(term, notice=replace(term.notice, is_accepted=True))
        yield RenewalComparison(
            term_id=term_id_of(policy_id, term.number),
            currency=term.currency,
            effective_on=term.effective_on,
            notice=term.notice,
            old_minor=_annualise(before, rulebook) if is_annualised else _price(before, rulebook),
            new_minor=_price(begun, rulebook),
            is_changed_in_mid_term=is_changed,
            is_annualised=is_annualised,
            rule=rule,
            notice_due_on=before.expires_on - timedelta(days=rule.notice_days) if rule else None,
            hold=find_hold(term, before, rulebook),
        )


def _annualise(term: Term, rulebook: Rulebook) -> dict[str, int]:
    """The latest price of a term as if it had counted from its first day on, for a year.

    FCA ICOBS 6.5.1R: where the premium changed in mid-term, the annualised premium in effect after the latest change,
    without the fees of the change. Taxes are those of the term's first day.
    """
    latest = replace(term.prices[-1], effective_on=term.effective_on)
    price = _price(replace(term, prices=(latest,)), rulebook)
    years = count_years(term.effective_on, term.expires_on)
    return {code: round_half_away(amount_minor / years) for code, amount_minor in price.items()}


def _price(term: Term, rulebook: Rulebook) -> dict[str, int]:
    charges = charge_term(term, rulebook)
    return sum_by_code(charge for charge in charges if charge.kind is not ChargeKind.FEE)
