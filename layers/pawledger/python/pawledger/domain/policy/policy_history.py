"""What a policy's events mean together: its terms with their prices and their ends.

Events are read in the order of their transaction numbers, whatever the order in which they came. What cannot be so is
named and left out, and counts as soon as another event makes it possible: the same events always end in the same terms.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from pawledger.domain.billing.rulebook import MONTHS_PER_YEAR, CancellationMethod, Rulebook
from pawledger.domain.calendar import add_months
from pawledger.domain.policy.policy_events import (
    CancelledBy,
    DueDayChanged,
    PayerChanged,
    PetDied,
    PlanChanged,
    PolicyCancelled,
    PolicyEndorsed,
    PolicyEvent,
    PolicyIssued,
    Price,
    RenewalAccepted,
    RenewalDeclined,
    RenewalOffered,
)

ONE_DAY: Final = timedelta(days=1)

YEAR_DAYS: Final = 365
"""A price is annualised to a year of so many days; a term of twelve months is a year, whatever its days."""


@dataclass(frozen=True, slots=True)
class PricedFrom:
    """The price of a term from a day on, until the next one."""

    effective_on: date
    jurisdiction: str
    price: Price


@dataclass(frozen=True, slots=True)
class TermEnd:
    """That cover ends before the term does."""

    on: date
    """First day without cover."""
    method: CancellationMethod
    is_by_customer: bool
    is_free_look: bool = False
    is_death: bool = False


@dataclass(frozen=True, slots=True)
class RenewalNotice:
    """How a term was offered as a renewal."""

    sent_on: date
    is_automatic: bool
    is_accepted: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a policy, as its events tell it."""

    number: int
    currency: str
    product: str
    effective_on: date
    expires_on: date
    issued_on: date
    plan: str
    due_day: int | None
    prices: tuple[PricedFrom, ...]
    """In the order of their days; the first counts from the first day."""
    end: TermEnd | None = None
    notice: RenewalNotice | None = None
    """None for the first term, which needs none."""

    @property
    def is_begun(self) -> bool:
        """Whether it is to be billed: a renewal that waits for a yes is not."""
        return self.notice is None or self.notice.is_automatic or self.notice.is_accepted

    @property
    def jurisdiction(self) -> str:
        """Where it began."""
        return self.prices[0].jurisdiction

    @property
    def cover_until(self) -> date:
        """First day without cover."""
        return min(self.expires_on, self.end.on) if self.end else self.expires_on

    def covers(self, day: date) -> bool:
        return self.effective_on <= day < self.cover_until


@dataclass(frozen=True, slots=True)
class PolicyHistory:
    """What the events of one policy mean together."""

    terms: tuple[Term, ...] = ()
    refusals: dict[int, str] = field(default_factory=dict)
    """By transaction number: why an event changes nothing, at least not yet."""
    plans_from: dict[int, int] = field(default_factory=dict)
    """By number of the term: the change of plan that it is paid by, as its transaction number; a term that was offered
    without a plan of its own is paid as the one before it."""


class _RefusedError(Exception):
    """An event cannot be so; never leaves this module."""


def fold_events(events: Iterable[PolicyEvent], rulebook: Rulebook) -> PolicyHistory:
    """The history that a policy's events make, in whatever order they are given.

    Raises `UnknownRuleError` where the rulebook lacks a rule for a cancellation.
    """
    terms: tuple[Term, ...] = ()
    refusals: dict[int, str] = {}
    plans_from: dict[int, int] = {}
    for event in sorted(events, key=lambda event: event.transaction_number):
        try:
            changed = _apply(terms, event, rulebook)
        except _RefusedError as refused:
            refusals[event.transaction_number] = str(refused)
        else:
            plans_from = _follow_plans(plans_from, event, terms, changed)
            terms = changed
    return PolicyHistory(terms, refusals, plans_from)


def _follow_plans(
    plans_from: dict[int, int], event: PolicyEvent, terms: tuple[Term, ...], changed: tuple[Term, ...]
) -> dict[int, int]:
    """By which change of plan each term is paid after an event."""
    if isinstance(event, PlanChanged):
        plans = {term.number: term.plan for term in terms}
        moved = [term.number for term in changed if plans[term.number] != term.plan]
        return {**plans_from, **dict.fromkeys(moved, event.transaction_number)}
    if isinstance(event, RenewalOffered):
        offered = changed[-1].number
        standing = {number: change for number, change in plans_from.items() if number < offered}
        inherited = standing.get(offered - 1) if event.plan is None else None
        return {**standing, offered: inherited} if inherited else standing
    return plans_from


def _apply(terms: tuple[Term, ...], event: PolicyEvent, rulebook: Rulebook) -> tuple[Term, ...]:
    match event:
        case PolicyIssued():
            changed = _issue(terms, event, rulebook)
        case _ if not terms:
            raise _RefusedError(f"policy {event.policy_id} is not known yet; it counts when the policy is issued")
        case PolicyEndorsed():
            changed = _endorse(terms, event, rulebook)
        case PetDied():
            changed = _end_by_death(terms, event)
        case PolicyCancelled():
            changed = _cancel(terms, event, rulebook)
        case RenewalOffered():
            changed = _offer_renewal(terms, event, rulebook)
        case RenewalAccepted():
            changed = _accept_renewal(terms, event)
        case RenewalDeclined():
            changed = _decline_renewal(terms, event)
        case PlanChanged() | DueDayChanged():
            changed = _change_payment(terms, event)
        case PayerChanged():
            changed = terms
        case _:
            raise TypeError(f"no rule says what {type(event).__name__} means")
    return changed


def _issue(terms: tuple[Term, ...], event: PolicyIssued, rulebook: Rulebook) -> tuple[Term, ...]:
    if terms:
        raise _RefusedError(f"policy {event.policy_id} was issued before")
    issued = Term(
        number=1,
        currency=event.currency,
        product=event.product,
        effective_on=event.effective_on,
        expires_on=event.expires_on,
        issued_on=event.issued_on or event.effective_on,
        plan=event.plan,
        due_day=event.due_day,
        prices=(PricedFrom(event.effective_on, event.jurisdiction, event.price),),
    )
    _check_price(issued, event.price, rulebook)
    return (issued,)


def _check_price(term: Term, price: Price, rulebook: Rulebook) -> None:
    """Refuse a price that nobody could charge: either the rules compute taxes, fees and discounts or it tells them."""
    if not term.jurisdiction:
        if price.discounts:
            raise _RefusedError(f"no rules of a jurisdiction say what the discount {price.discounts[0]!r} is")
        return
    if price.told:
        raise _RefusedError(f"taxes, fees and discounts follow from the rules of {term.jurisdiction}; none can be told")
    rules = rulebook.discounts_on(term.jurisdiction, term.product, term.effective_on)
    for code in sorted(set(price.discounts) - {rule.code for rule in rules}):
        raise _RefusedError(f"no discount {code!r} is known in {term.jurisdiction} on {term.effective_on}")


def _endorse(terms: tuple[Term, ...], event: PolicyEndorsed, rulebook: Rulebook) -> tuple[Term, ...]:
    term = _term_on(terms, event.effective_on)
    if event.currency not in (None, term.currency):
        raise _RefusedError(f"the currency cannot change from {term.currency} to {event.currency} in mid-term")
    before = [priced for priced in term.prices if priced.effective_on < event.effective_on]
    standing = [priced for priced in term.prices if priced.effective_on <= event.effective_on][-1]
    jurisdiction = standing.jurisdiction if event.jurisdiction is None else event.jurisdiction
    if bool(jurisdiction) != bool(standing.jurisdiction):
        raise _RefusedError("a policy whose taxes the policy system tells cannot move into a jurisdiction of the rules")
    _check_price(term, event.price, rulebook)
    return _put(terms, replace(term, prices=(*before, PricedFrom(event.effective_on, jurisdiction, event.price))))


def _end_by_death(terms: tuple[Term, ...], event: PetDied) -> tuple[Term, ...]:
    if not event.evidence:
        raise _RefusedError("the death of the pet is not shown by a document")
    # A pet that died before its cover began was never covered: cover ends on its first day.
    end_on = max(event.effective_on + ONE_DAY, terms[0].effective_on)
    return _end(terms, TermEnd(end_on, CancellationMethod.PRO_RATA, is_by_customer=True, is_death=True))


def _cancel(terms: tuple[Term, ...], event: PolicyCancelled, rulebook: Rulebook) -> tuple[Term, ...]:
    term = _term_ending_on(terms, event.effective_on)
    is_by_customer = event.by is CancelledBy.CUSTOMER
    is_whole = event.effective_on == term.expires_on  # every day was covered: nothing is left to be given back or kept
    if not term.jurisdiction:
        method = (None if is_whole else event.method) or CancellationMethod.PRO_RATA
        return _end(terms, TermEnd(event.effective_on, method, is_by_customer))
    rule = rulebook.cancellation_on(term.jurisdiction, term.product, term.effective_on)
    look_until = max(term.issued_on, term.effective_on) + timedelta(days=rule.free_look_days)
    is_in_time = rule.free_look_days > 0 and max(event.requested_on, event.effective_on) <= look_until
    if is_by_customer and term.number == 1 and not event.has_claim and is_in_time:
        return _end(terms, TermEnd(term.effective_on, CancellationMethod.FLAT, is_by_customer, is_free_look=True))
    if is_whole:
        return _end(terms, TermEnd(event.effective_on, CancellationMethod.PRO_RATA, is_by_customer))
    # On the first day of a renewal the claim was one of the term before, of which every day is paid.
    is_covered = event.effective_on > term.effective_on or term.number == 1
    if event.has_paid_claim and rule.keeps_premium_after_claim and is_by_customer and is_covered:
        return _end(terms, TermEnd(event.effective_on, CancellationMethod.FULLY_EARNED, is_by_customer))
    allowed = rule.customer_methods if is_by_customer else rule.insurer_methods
    method = event.method or allowed[0]
    if method not in allowed:
        named = ", ".join(allowed)
        raise _RefusedError(f"a cancellation by the {event.by} is {named}, never {method} ({rule.rule_id})")
    return _end(terms, TermEnd(event.effective_on, method, is_by_customer))


def _offer_renewal(terms: tuple[Term, ...], event: RenewalOffered, rulebook: Rulebook) -> tuple[Term, ...]:
    earlier = [term for term in terms if term.effective_on < event.effective_on]
    if not earlier:
        raise _RefusedError(f"a renewal cannot begin on {event.effective_on}, before the policy does")
    last = earlier[-1]
    for later in terms[len(earlier) :]:
        if later.number > last.number + 1 or not _may_be_offered_again(later, event, last, rulebook):
            raise _RefusedError(
                f"the renewal of {event.effective_on} was offered before, and was accepted, changed or ended since, or "
                "the new price is told too late to replace it; it can be endorsed while it covers"
            )
    if not last.is_begun:
        raise _RefusedError(f"the renewal of {last.effective_on} was not accepted; nothing follows it")
    if last.end is not None:
        raise _RefusedError(f"cover ends on {last.end.on}; what has ended cannot be renewed")
    if event.effective_on != last.expires_on:
        raise _RefusedError(f"a renewal begins where the term ends, on {last.expires_on}, not on {event.effective_on}")
    if event.currency not in (None, last.currency):
        raise _RefusedError(f"the currency cannot change from {last.currency} to {event.currency}")
    jurisdiction = last.prices[-1].jurisdiction
    is_accepted = any(later.notice.is_accepted for later in terms[len(earlier) :] if later.notice)
    offered = Term(
        number=last.number + 1,
        currency=last.currency,
        product=last.product,
        effective_on=event.effective_on,
        expires_on=event.expires_on,
        issued_on=event.effective_on,
        plan=event.plan or last.plan,
        due_day=last.due_day,
        prices=(PricedFrom(event.effective_on, jurisdiction, event.price),),
        notice=RenewalNotice(event.notice_sent_on, event.is_automatic, is_accepted),
    )
    _check_price(offered, event.price, rulebook)
    return (*earlier, offered)


def _may_be_offered_again(offered: Term, event: RenewalOffered, before: Term, rulebook: Rulebook) -> bool:
    """Whether a renewal may still be told anew: it is as it was offered, costs no more than what was accepted, and a
    new price in its place is told in time, unless what it replaces was late as well.
    """
    if offered.end is not None:
        return offered.end.on == offered.effective_on  # declined: not a day of it was covered
    if len(offered.prices) > 1:
        return False
    standing = offered.prices[0].price
    if offered.notice and offered.notice.is_accepted and event.price.premium_minor > standing.premium_minor:
        return False
    place = before.prices[-1].jurisdiction
    is_ruled = bool(place) and rulebook.knows(place, before.product, before.expires_on)
    if not is_ruled or event.price == standing:
        return True
    if keeps_price(event.price, count_years(event.effective_on, event.expires_on), before, rulebook):
        return True
    latest_on = latest_notice_on(before, rulebook)
    was_late = offered.notice is not None and offered.notice.sent_on > latest_on
    return event.notice_sent_on <= latest_on or was_late


def count_years(effective_on: date, expires_on: date) -> Fraction:
    """How long a term is where prices are compared for a year."""
    if add_months(effective_on, MONTHS_PER_YEAR) == expires_on:
        return Fraction(1)
    return Fraction((expires_on - effective_on).days, YEAR_DAYS)


def keeps_price(price: Price, years: Fraction, before: Term, rulebook: Rulebook) -> bool:
    """Whether a renewal of so many years costs what the term before cost last: the same for the whole term or, where
    the rule compares annualised, the same for a year.

    A price that is carried from a year to a part of it is rounded there, so that the two are compared to the minor unit
    of the shorter term.

    Raises `UnknownRuleError`.
    """
    old = before.prices[-1].price
    rule = rulebook.renewal_on(before.prices[-1].jurisdiction, before.product, before.expires_on)
    if not rule.compares_annualised:
        return price == old
    if (price.told, price.discounts) != (old.told, old.discounts):
        return False
    years_before = count_years(before.effective_on, before.expires_on)
    a_year = price.premium_minor / years - old.premium_minor / years_before
    return abs(a_year) * min(years, years_before) <= Fraction(1, 2)


def latest_notice_on(term: Term, rulebook: Rulebook) -> date:
    """Last day on which the renewal of a term may be told to the customer. Raises `UnknownRuleError`."""
    rule = rulebook.renewal_on(term.prices[-1].jurisdiction, term.product, term.expires_on)
    return term.expires_on - timedelta(days=rule.notice_days)


def _accept_renewal(terms: tuple[Term, ...], event: RenewalAccepted) -> tuple[Term, ...]:
    offered, notice = _offered_on(terms, event.effective_on)
    if offered.end is not None:
        raise _RefusedError(f"the renewal of {event.effective_on} was declined, or cover ended on {offered.end.on}")
    return _put(terms, replace(offered, notice=replace(notice, is_accepted=True)))


def _decline_renewal(terms: tuple[Term, ...], event: RenewalDeclined) -> tuple[Term, ...]:
    offered, _ = _offered_on(terms, event.effective_on)
    if offered.end is not None:
        raise _RefusedError(f"cover ended on {offered.end.on} already")
    if event.declined_on is not None and event.declined_on >= offered.effective_on:
        raise _RefusedError(f"the term of {offered.effective_on} had begun on {event.declined_on}; it can be cancelled")
    return _end(terms, TermEnd(offered.effective_on, CancellationMethod.FLAT, is_by_customer=True))


def _change_payment(terms: tuple[Term, ...], event: PlanChanged | DueDayChanged) -> tuple[Term, ...]:
    """Plan or due day of the term of a day, and of the terms after it that were to be paid in the same way."""
    term = _term_on(terms, event.effective_on)
    if isinstance(event, DueDayChanged):
        return tuple(replace(t, due_day=event.due_day) if t.number >= term.number else t for t in terms)
    return tuple(replace(t, plan=event.plan) if t.number >= term.number and t.plan == term.plan else t for t in terms)


def _offered_on(terms: tuple[Term, ...], day: date) -> tuple[Term, RenewalNotice]:
    for term in terms:
        if term.notice is not None and term.effective_on == day:
            return term, term.notice
    raise _RefusedError(f"no renewal that begins on {day} was offered")


def _end(terms: tuple[Term, ...], end: TermEnd) -> tuple[Term, ...]:
    """End the term that has its last day of cover before a day; terms that would begin later do not begin at all.

    Neither does the term itself where that day is its first: nothing of it is charged, unless a claim made it due.
    """
    term = _term_ending_on(terms, end.on)
    if term.end is not None and term.end.method is CancellationMethod.FLAT:
        raise _RefusedError("the term was ended as if it had never been; nothing of it can end again")
    if end.on == term.effective_on and end.method is not CancellationMethod.FULLY_EARNED:
        end = replace(end, method=CancellationMethod.FLAT)
    never = [
        replace(later, end=TermEnd(later.effective_on, CancellationMethod.FLAT, end.is_by_customer))
        for later in terms
        if later.number > term.number
    ]
    return (*(t for t in terms if t.number < term.number), replace(term, end=end), *never)


def _term_ending_on(terms: tuple[Term, ...], day: date) -> Term:
    """The term in which cover can end on a day: on its first at the earliest, and when it expires at the latest."""
    if day < terms[0].effective_on:
        raise _RefusedError(f"cover cannot end on {day}: it begins on {terms[0].effective_on}")
    term = [term for term in terms if term.effective_on <= day][-1]
    if term.end is not None and term.end.on <= day:
        raise _RefusedError(f"cover ended on {term.end.on} already")
    if day > term.expires_on:
        raise _RefusedError(f"cover cannot end on {day}: the term ends on {term.expires_on}")
    return term


def _term_on(terms: tuple[Term, ...], day: date) -> Term:
    for term in terms:
        if term.covers(day):
            return term
    if day < terms[0].effective_on:
        raise _RefusedError(f"nothing can change on {day}: cover begins on {terms[0].effective_on}")
    raise _RefusedError(f"nothing can change on {day}: cover ends on {terms[-1].cover_until}")


def _put(terms: tuple[Term, ...], changed: Term) -> tuple[Term, ...]:
    return tuple(changed if term.number == changed.number else term for term in terms)


def pair_with_predecessors(terms: Sequence[Term]) -> list[tuple[Term | None, Term]]:
    """Each term with the one before it, whose price and end say what a renewal had to tell and when."""
    return list(zip((None, *terms), terms, strict=False))
