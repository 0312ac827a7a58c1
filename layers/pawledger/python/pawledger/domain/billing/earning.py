"""Earning: how much of the premium that was written for a term is earned by a day.

Premium is earned with the days of cover: whoever is covered for 100 of 365 days at one price has used 100/365 of it.
Earned premium is the premium less discounts; taxes belong to the authority and fees pay for a service, so neither is
premium that days could earn. What a cancellation keeps of days without cover (short rate, a paid claim) is earned when
cover ends, because nothing is owed for it afterwards.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Final

from pawledger.domain.billing.charging import charge_term, price_segments, round_half_away
from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.policy.policies import Charge, ChargeKind
from pawledger.domain.policy.policy_events import PolicyEvent
from pawledger.domain.policy.policy_history import ONE_DAY, Term, fold_events

_WRITTEN_KINDS: Final = frozenset({ChargeKind.PREMIUM, ChargeKind.DISCOUNT})


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days of cover at one price."""

    begins_on: date
    days: int
    net: Fraction
    """Premium less discounts of the whole term at this price, in minor units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningTerm:
    """A term as it earns its premium, by what was known at some moment."""

    number: int
    currency: str
    jurisdiction: str
    effective_on: date
    expires_on: date
    cover_until: date
    """First day without cover."""
    charges: tuple[Charge, ...]
    """Everything that the rules charge for it but the fees on installments."""
    written_minor: int
    """Premium less discounts."""
    stretches: tuple[Stretch, ...]
    whole: Fraction
    """What `written_minor` was rounded from, times the days of the term."""

    def earned_minor(self, day: date) -> int:
        """What is earned at the end of a day, in minor units.

        The running total is rounded, half away from zero, and never the days: their amounts are differences of running
        totals and sum to what is written exactly.
        """
        if day < self.effective_on or not self.written_minor:
            return 0
        elapsed_until = day + ONE_DAY
        if elapsed_until >= self.cover_until or not self.whole:
            return self.written_minor if elapsed_until >= self.cover_until else 0
        used = Fraction(0)
        for stretch in self.stretches:
            elapsed_days = min((elapsed_until - stretch.begins_on).days, stretch.days)
            if elapsed_days > 0:
                used += stretch.net * elapsed_days
        return round_half_away(self.written_minor * used / self.whole)


def earn_term(term: Term, rulebook: Rulebook, *, is_in_full: bool | None = None) -> EarningTerm:
    """How a term earns its premium. Takes and raises what `charge_term` does."""
    charges = charge_term(term, rulebook, is_in_full=is_in_full)
    written_minor = sum(charge.amount_minor for charge in charges if charge.kind in _WRITTEN_KINDS)
    term_days = (term.expires_on - term.effective_on).days
    stretches, whole = [], Fraction(0)
    for segment in price_segments(term, rulebook, is_in_full=is_in_full) if written_minor else ():
        told_minor = sum(charge.amount_minor for charge in segment.told if charge.kind is ChargeKind.DISCOUNT)
        net = segment.premium_minor * (1 - sum(segment.discounts.values(), Fraction(0))) + told_minor
        stretches.append(Stretch(segment.rated_on, segment.days, net))
        whole += net * segment.share * term_days
    return EarningTerm(
        number=term.number,
        currency=term.currency,
        jurisdiction=term.jurisdiction,
        effective_on=term.effective_on,
        expires_on=term.expires_on,
        cover_until=term.cover_until,
        charges=charges,
        written_minor=written_minor,
        stretches=tuple(stretches),
        whole=whole,
    )


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event of a policy as its entry recorded it."""

    recorded_on: date
    event: PolicyEvent
    is_in_full: Mapping[int, bool] = field(default_factory=dict)
    """By number, which of the terms that it billed anew are invoiced in one piece; see `charge_term`."""


@dataclass(frozen=True, slots=True)
class KnownFrom:
    """The terms of a policy as they were known from the recording of one of its events until the next."""

    recorded_on: date
    terms: Mapping[int, EarningTerm]
    """By their numbers."""


@dataclass(frozen=True, slots=True)
class PolicyEarning:
    """The terms of a policy, by what was known when, in the order in which its events were recorded."""

    states: tuple[KnownFrom, ...]

    def known_on(self, day: date) -> Sequence[tuple[int, KnownFrom]]:
        """The states that a day's books stand on, each with its sign.

        That is the last one recorded by then, once. Where a message was recorded behind one that was sent later, the
        entry of the later one does not count yet, and what it changed is taken out again: entry by entry, as the ledger
        itself sums up by days.
        """
        found = []
        for place, state in enumerate(self.states):
            following_on = self.states[place + 1].recorded_on if place + 1 < len(self.states) else date.max
            sign = (state.recorded_on <= day) - (following_on <= day)
            if sign:
                found.append((sign, state))
        return found

    def terms_until(self, day: date) -> Mapping[int, EarningTerm]:
        """Every term that an event recorded by a day told of, as it was told last."""
        terms: dict[int, EarningTerm] = {}
        for state in self.states:
            if state.recorded_on <= day:
                terms.update(state.terms)
        return terms

    def has_news(self, first_day: date, last_day: date) -> bool:
        """Whether an event was recorded on one of these days."""
        return any(first_day <= state.recorded_on <= last_day for state in self.states)

    def written_minor(self, number: int, day: date) -> int:
        """What the ledger holds as written for a term at the end of a day, in minor units."""
        return sum(sign * state.terms[number].written_minor for sign, state in self._known(number, day))

    def earned_minor(self, number: int, day: date) -> int:
        """What is earned of a term at the end of a day, by what was recorded by then, in minor units."""
        return sum(sign * state.terms[number].earned_minor(day) for sign, state in self._known(number, day))

    def _known(self, number: int, day: date) -> Iterable[tuple[int, KnownFrom]]:
        return ((sign, state) for sign, state in self.known_on(day) if number in state.terms)


def earn_policy(recorded: Sequence[RecordedEvent], rulebook: Rulebook) -> PolicyEarning:
    """How a policy earns its premium, from its events in the order of their recording.

    Raises `UnknownRuleError` and `PolicyRefusedError` where the rules cannot charge a term.
    """
    events: list[PolicyEvent] = []
    in_full: dict[int, bool] = {}
    states, earning = [], dict[tuple[Term, bool | None], EarningTerm]()
    for each in recorded:
        events.append(each.event)
        in_full.update(each.is_in_full)
        keys = [(term, in_full.get(term.number)) for term in fold_events(events, rulebook).terms]
        earning = {key: earning.get(key) or earn_term(key[0], rulebook, is_in_full=key[1]) for key in keys}
        states.append(KnownFrom(each.recorded_on, {key[0].number: earning[key] for key in keys}))
    return PolicyEarning(tuple(states))
