"""Charging: nothing is lost or charged twice, whatever happens to a policy, in whatever order it becomes known."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pawledger.domain.billing.charging import charge_term, installment_fee, round_half_away
from pawledger.domain.billing.installments import INSTALLMENT_FEE, Plan, Schedule, plan_schedule
from pawledger.domain.billing.rulebook import CancellationMethod, PaymentPlan, Rule, Rulebook
from pawledger.domain.calendar import count_months
from pawledger.domain.policy.policies import Charge, Installment, sum_by_code
from pawledger.domain.policy.policy_events import (
    CancelledBy,
    DueDayChanged,
    PetDied,
    PlanChanged,
    PolicyCancelled,
    PolicyEndorsed,
    PolicyEvent,
    PolicyIssued,
    event_as_facts,
    event_from_facts,
)
from pawledger.domain.policy.policy_history import Term, fold_events
from tests.builders.policy_terms import (
    ALWAYS,
    accepted,
    amounts_of,
    cancellation,
    cancelled,
    declined,
    died,
    discount,
    endorsed,
    fee,
    issued,
    of_policy,
    offered,
    rules_of,
    tax,
)

FIRST_DAYS: Final = st.dates(date(2023, 1, 1), date(2029, 12, 31))
"""Two leap years are among them."""

TERM_DAYS: Final = st.one_of(st.sampled_from([1, 28, 364, 365, 366, 800]), st.integers(1, 800))
PREMIUMS: Final = st.one_of(st.integers(1, 200), st.integers(1, 200_000))
DISCOUNTS: Final = st.sampled_from([(), ("multi_pet",), ("multi_pet", "staff")])
DAYS: Final = st.integers(0, 900)
NUMBERS: Final = st.integers(2, 89_999)
ENDING_NUMBERS: Final = st.integers(2, 99_999) | st.integers(90_000, 99_999)
ENDING_DAYS: Final = st.integers(-20, 40) | st.integers(30, 900) | st.integers(200, 1_100)
"""Mostly late and after all others, since little makes sense after an end."""

PAYMENT_PLANS: Final = st.builds(
    PaymentPlan,
    name=st.just("a plan"),
    months_between=st.integers(1, 13),
    installments_max=st.none() | st.integers(1, 12),
    weights=st.lists(st.integers(0, 5), max_size=6).map(tuple),
    down_payment_percent=st.none() | st.sampled_from([Decimal("0.5"), Decimal(10), Decimal("33.3"), Decimal(100)]),
    lead_days=st.integers(0, 40),
    is_first_at_issue=st.booleans(),
)

RULES: Final[tuple[Rule, ...]] = (
    tax("10", ends_on=date(2026, 5, 1)),
    tax("12", effective_on=date(2026, 5, 1)),
    tax("1.75", "levy"),
    tax("19", "vst", jurisdiction="DE"),
    discount("multi_pet", "10"),
    discount("staff", "95"),
    discount("pay_in_full", "5"),
    fee("issuance", 1_050, cap_percent="20"),
    fee("installment", 137),
    fee("cancellation", 3_000),
    cancellation(CancellationMethod.PRO_RATA, CancellationMethod.SHORT_RATE, keeps_premium_after_claim=True),
)
"""Together the discounts come to more than all."""


@dataclass(frozen=True)
class Story:
    """A policy and the changes of its price in its first term."""

    issue: PolicyIssued
    changes: tuple[PolicyEndorsed, ...]

    @property
    def days(self) -> int:
        return (self.issue.expires_on - self.issue.effective_on).days

    @property
    def events(self) -> tuple[PolicyEvent, ...]:
        return (self.issue, *self.changes)


@st.composite
def stories(draw: st.DrawFn, discounts: st.SearchStrategy[tuple[str, ...]] = DISCOUNTS) -> Story:
    effective_on, days = draw(FIRST_DAYS), draw(TERM_DAYS)
    plan = draw(st.sampled_from(["monthly", "annual"]))
    expires_on = effective_on + timedelta(days=days)
    issue = issued(
        draw(PREMIUMS), effective_on=effective_on, expires_on=expires_on, plan=plan, discounts=draw(discounts)
    )
    changed_on = [effective_on + timedelta(days=draw(st.integers(0, days - 1))) for _ in range(draw(st.integers(0, 4)))]
    changes = tuple(
        endorsed(number, day, draw(PREMIUMS), discounts=draw(discounts))
        for number, day in enumerate(changed_on, start=2)
    )
    return Story(issue, changes)


def term_of(events: Iterable[PolicyEvent], rulebook: Rulebook) -> Term:
    return fold_events(events, rulebook).terms[0]


def amounts(events: Iterable[PolicyEvent], rulebook: Rulebook) -> dict[str, int]:
    return amounts_of(charge_term(term_of(events, rulebook), rulebook))


def standing_on(story: Story, day: date) -> PolicyIssued | PolicyEndorsed:
    """The event whose price counts on a day: the last one that counts by then, since each replaces what was later."""
    standing: list[PolicyIssued | PolicyEndorsed] = [story.issue, *story.changes]
    return [event for event in standing if event.effective_on <= day][-1]


@given(stories(discounts=st.just(())))
def test_the_premium_is_the_sum_of_its_days(story: Story) -> None:
    covered = [story.issue.effective_on + timedelta(days=days) for days in range(story.days)]
    by_days = sum((Fraction(standing_on(story, day).price.premium_minor, story.days) for day in covered), Fraction(0))
    assert amounts(story.events, rules_of()).get("premium", 0) == round_half_away(by_days)


@given(stories(discounts=st.just(())), DAYS)
def test_a_cancelled_premium_is_the_sum_of_the_days_of_cover(story: Story, after: int) -> None:
    assume(after < story.days)
    ends_on = story.issue.effective_on + timedelta(days=after)
    covered = [story.issue.effective_on + timedelta(days=days) for days in range(after)]
    by_days = sum((Fraction(standing_on(story, day).price.premium_minor, story.days) for day in covered), Fraction(0))
    ending = cancelled(99, ends_on, by=CancelledBy.INSURER)
    assert amounts([*story.events, ending], rules_of()).get("premium", 0) == round_half_away(by_days)


@given(stories(), st.integers(0, 799), PREMIUMS, DISCOUNTS)
def test_a_change_and_its_reversal_leave_nothing_behind(
    story: Story, after: int, premium_minor: int, discounts: tuple[str, ...]
) -> None:
    """From the latest change on: one before it would replace what came later, which a reversal cannot know."""
    rulebook = rules_of(*RULES)
    latest_on = max(event.effective_on for event in story.events)
    changed_on = latest_on + timedelta(days=after)
    assume(changed_on < story.issue.expires_on)
    standing = standing_on(story, changed_on).price
    change = endorsed(98, changed_on, premium_minor, discounts=discounts)
    reversal = endorsed(99, changed_on, standing.premium_minor, discounts=standing.discounts)
    assert amounts([*story.events, change, reversal], rulebook) == amounts(story.events, rulebook)


@given(stories(), st.sampled_from(["GB", "DE"]))
def test_a_tax_of_one_rate_is_that_share_of_the_premium_less_discounts_whatever_changed(
    story: Story, jurisdiction: str
) -> None:
    rulebook = rules_of(tax("12"), *RULES[4:7])
    charges = amounts(story.events, rulebook)
    net_minor = sum(minor for code, minor in charges.items() if not code.startswith("tax"))
    assert net_minor >= 0
    assert charges.get("tax:ipt", 0) == round_half_away(Fraction(12 * net_minor, 100))


@given(stories(), st.dates(date(2023, 1, 1), date(2031, 12, 31)))
def test_a_rule_changes_exactly_the_charges_that_are_rated_from_its_day_on(story: Story, changes_on: date) -> None:
    def rules(since: date, ends_on: date | None, percent: int) -> tuple[Rule, ...]:
        return (
            tax(str(percent), effective_on=since, ends_on=ends_on),
            discount("multi_pet", str(percent), effective_on=since, ends_on=ends_on),
            discount("staff", str(percent), effective_on=since, ends_on=ends_on),
            fee("issuance", percent, effective_on=since, ends_on=ends_on),
        )

    both = rules_of(*rules(ALWAYS, changes_on, 10), *rules(changes_on, None, 20))
    old, new = rules_of(*rules(ALWAYS, None, 10)), rules_of(*rules(ALWAYS, None, 20))
    charges = amounts(story.events, both)
    rated_on = [priced.effective_on for priced in term_of(story.events, both).prices]
    if max(rated_on) < changes_on:
        assert charges == amounts(story.events, old)
        return
    if rated_on[0] >= changes_on:
        assert charges == amounts(story.events, new)
        return
    # The term began before: only what was added to its price from that day on is taxed at the new rate.
    expected = amounts(story.events, old)
    assert {c: m for c, m in charges.items() if c != "tax:ipt"} == {c: m for c, m in expected.items() if c != "tax:ipt"}
    assert expected.get("tax:ipt", 0) <= charges.get("tax:ipt", 0) + 1
    before = [event for event in story.events if event.effective_on < changes_on]
    if all(net_of(change) <= min(net_of(event) for event in before) for change in story.changes):
        assert charges == expected


def net_of(event: PolicyEvent) -> int:
    assert isinstance(event, PolicyIssued | PolicyEndorsed)
    return event.price.premium_minor * (10 - len(event.price.discounts))


@given(PAYMENT_PLANS, st.integers(0, 100_000), FIRST_DAYS, TERM_DAYS)
def test_slices_of_the_same_months_and_weight_differ_by_at_most_one_unit(
    payment_plan: PaymentPlan, amount_minor: int, effective_on: date, days: int
) -> None:
    plan = plan_of_term(payment_plan, effective_on, effective_on + timedelta(days=days))
    installments = plan_schedule(plan, (Charge("premium", amount_minor),), (), ()).installments
    assert sum(i.amount_minor for i in installments) == amount_minor
    assert sum(i.months for i in installments) == count_months(effective_on, plan.billed_until)
    alike: dict[tuple[int, int], list[int]] = {}
    is_down = payment_plan.down_payment_percent is not None
    for place, installment in enumerate(installments):
        if not is_down or place:
            key = (installment.months, payment_plan.weight_of(place))
            alike.setdefault(key, []).append(installment.amount_minor)
    assert all(max(slices) - min(slices) <= 1 for slices in alike.values())


def plan_of_term(payment_plan: PaymentPlan, effective_on: date, billed_until: date) -> Plan:
    return Plan(
        payment_plan=payment_plan,
        effective_on=effective_on,
        billed_until=billed_until,
        due_day=None,
        installment_fee=None,
        planned_on=effective_on - timedelta(days=30),
    )


@st.composite
def any_events(draw: st.DrawFn) -> list[PolicyEvent]:
    """Events of a policy with the numbers 1 to as many as there are, that may make sense or not."""
    first = draw(FIRST_DAYS)
    renews_on = first + timedelta(days=365)
    events: list[PolicyEvent] = []
    for number in range(2, draw(st.integers(3, 9))):
        day = first + timedelta(days=draw(DAYS))
        jurisdiction = draw(st.sampled_from([None, "", "GB", "DE"]))
        events.append(
            draw(
                st.sampled_from(
                    [
                        endorsed(number, day, draw(PREMIUMS), discounts=draw(DISCOUNTS), jurisdiction=jurisdiction),
                        cancelled(number, day, has_paid_claim=draw(st.booleans())),
                        cancelled(
                            number, day, by=CancelledBy.INSURER, method=draw(st.sampled_from(CancellationMethod))
                        ),
                        died(number, day),
                        offered(number, draw(PREMIUMS), effective_on=renews_on, is_automatic=draw(st.booleans())),
                        accepted(number, renews_on),
                        declined(number, renews_on),
                        PlanChanged(**of_policy(number), effective_on=day, plan="annual"),
                        DueDayChanged(**of_policy(number), effective_on=day, due_day=draw(st.integers(1, 31))),
                    ]
                )
            )
        )
    return [issued(draw(PREMIUMS), effective_on=first, expires_on=renews_on, product="cat"), *events]


@given(any_events(), st.data())
def test_the_order_of_arrival_means_nothing(events: list[PolicyEvent], data: st.DataObject) -> None:
    rulebook = rules_of(*RULES, cancellation(jurisdiction="DE"))
    expected = fold_events(events, rulebook)
    for _ in range(3):
        assert fold_events(data.draw(st.permutations(events)), rulebook) == expected


@given(any_events())
def test_an_event_is_read_back_from_its_entry_as_it_was(events: list[PolicyEvent]) -> None:
    for event in events:
        facts = json.loads(json.dumps(event_as_facts(event)))
        assert event_from_facts(facts, event.account_id, event.event_id) == event


@dataclass
class Book:
    """How a term is billed in a test: its installments so far, and what was given back."""

    effective_on: date
    invoiced: tuple[Installment, ...] = ()
    credits: tuple[Charge, ...] = ()
    following: tuple[Installment, ...] = ()
    charges: tuple[Charge, ...] = ()
    fee_minor: int = 0
    months: int = 0

    def rebill(self, plan: Plan, charges: tuple[Charge, ...]) -> None:
        schedule = plan_schedule(plan, charges, self.invoiced, self.credits)
        assert schedule.installments[: len(self.invoiced)] == self.invoiced
        self._check_credit(schedule)
        self.following = schedule.installments[len(self.invoiced) :]
        self.credits = (*self.credits, *schedule.credit)
        self.charges, self.fee_minor = charges, schedule.fee_minor
        self.months = count_months(plan.effective_on, plan.billed_until)

    def _check_credit(self, schedule: Schedule) -> None:
        """Something is given back only where nothing more is to be billed."""
        credit_minor = sum(charge.amount_minor for charge in schedule.credit)
        assert credit_minor >= 0
        if schedule.credit:
            assert credit_minor > 0
            assert all(i.amount_minor == 0 for i in schedule.installments[len(self.invoiced) :])

    @property
    def standing(self) -> tuple[Installment, ...]:
        return tuple(i for i in (*self.invoiced, *self.following) if not i.is_withdrawn)

    def check(self) -> None:
        billed = sum_by_code(charge for installment in self.standing for charge in installment.charges)
        given = sum_by_code(self.credits)
        wanted = sum_by_code((*self.charges, Charge(INSTALLMENT_FEE, self.fee_minor)))
        for code in {*billed, *given, *wanted}:
            assert billed.get(code, 0) - given.get(code, 0) == wanted.get(code, 0), code
        assert all(i.amount_minor >= 0 for i in self.following)
        assert [i.number for i in (*self.invoiced, *self.following)] == list(
            range(1, len(self.invoiced) + len(self.following) + 1)
        )
        due_days = [i.due_on for i in self.following]
        assert due_days == sorted(due_days)
        invoiced_months = sum(i.months for i in self.invoiced if not i.is_withdrawn)
        assert sum(i.months for i in self.standing) == max(self.months, invoiced_months)

    def invoice(self, count: int) -> None:
        self.invoiced, self.following = (*self.invoiced, *self.following[:count]), self.following[count:]

    def withdraw(self, number: int) -> None:
        self.invoiced = tuple(replace(i, is_withdrawn=True) if i.number == number else i for i in self.invoiced)


class Installments(RuleBasedStateMachine):
    """Any charges, any plans, any ends of cover, one after the other, while invoices go out and are taken back."""

    @initialize(effective_on=FIRST_DAYS, days=TERM_DAYS, payment_plan=PAYMENT_PLANS)
    def begin(self, effective_on: date, days: int, payment_plan: PaymentPlan) -> None:
        self.book = Book(effective_on)
        self.expires_on = effective_on + timedelta(days=days)
        self.plan = plan_of_term(payment_plan, effective_on, self.expires_on)
        self.charges: tuple[Charge, ...] = (Charge("premium", 12_000),)
        self.rebill()

    def rebill(self) -> None:
        self.book.rebill(self.plan, self.charges)

    @rule(
        premium_minor=st.integers(0, 20_000),
        tax_minor=st.integers(0, 2_500),
        discount_percent=st.integers(0, 100),
        moved=st.booleans(),
    )
    def charge(self, premium_minor: int, tax_minor: int, discount_percent: int, moved: bool) -> None:
        discount_minor = premium_minor * discount_percent // 100
        self.charges = (
            Charge("premium", premium_minor),
            Charge("discount:multi_pet", -discount_minor),
            Charge("tax:vst" if moved else "tax:ipt", tax_minor),
        )
        self.rebill()

    @rule(payment_plan=PAYMENT_PLANS, fee_minor=st.none() | st.integers(1, 300), due_day=st.none() | st.integers(1, 31))
    def change_plan(self, payment_plan: PaymentPlan, fee_minor: int | None, due_day: int | None) -> None:
        fee_charge = None if fee_minor is None else Charge(INSTALLMENT_FEE, fee_minor)
        self.plan = replace(self.plan, payment_plan=payment_plan, installment_fee=fee_charge, due_day=due_day)
        self.rebill()

    @rule(days=DAYS)
    def end_cover(self, days: int) -> None:
        ends_on = self.plan.effective_on + timedelta(days=days)
        self.plan = replace(self.plan, billed_until=min(self.expires_on, max(ends_on, self.plan.effective_on)))
        self.charges = tuple(replace(charge, amount_minor=charge.amount_minor // 2) for charge in self.charges)
        self.rebill()

    @rule()
    def void(self) -> None:
        self.plan, self.charges = replace(self.plan, billed_until=self.plan.effective_on), ()
        self.rebill()
        net = sum(i.amount_minor for i in self.book.standing) - sum(c.amount_minor for c in self.book.credits)
        assert net == 0

    @rule(count=st.integers(1, 4))
    def invoice(self, count: int) -> None:
        self.book.invoice(count)

    @precondition(lambda self: self.book.invoiced)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        self.book.withdraw(data.draw(st.sampled_from([i.number for i in self.book.invoiced])))
        self.rebill()

    @invariant()
    def everything_charged_is_billed_once(self) -> None:
        self.book.check()


class Policies(RuleBasedStateMachine):
    """Whatever happens to a policy, in whatever order it is told, while its invoices go out."""

    def __init__(self) -> None:
        super().__init__()
        self.rulebook = rules_of(*RULES, cancellation(jurisdiction="DE"))
        self.events: list[PolicyEvent] = []
        self.books: dict[int, Book] = {}
        self.today = date(2025, 12, 1)

    def tell(self, event: PolicyEvent) -> None:
        if event.transaction_number in {told.transaction_number for told in self.events}:
            return
        self.events.append(event)
        history = fold_events(self.events, self.rulebook)
        assert fold_events(self.events[::-1], self.rulebook) == history
        for term in history.terms:
            book = self.books.setdefault(term.number, Book(term.effective_on))
            book.rebill(self.plan_of(term), charge_term(term, self.rulebook))
        for number in set(self.books) - {term.number for term in history.terms}:
            effective_on = self.books[number].effective_on
            self.books[number].rebill(plan_of_term(self.rulebook.plan("monthly"), effective_on, effective_on), ())

    def may_end(self) -> bool:
        """Whether another end may be told: not before other things happened, and after all only a few times."""
        ends = sum(isinstance(event, PolicyCancelled | PetDied) for event in self.events)
        return len(self.events) > 8 * (ends + 1)

    def plan_of(self, term: Term) -> Plan:
        until = term.expires_on
        if not term.is_begun or (term.end and term.end.method is CancellationMethod.FLAT):
            until = term.effective_on
        elif term.end and term.end.method is not CancellationMethod.FULLY_EARNED:
            until = term.cover_until
        return Plan(
            payment_plan=self.rulebook.plan(term.plan),
            effective_on=term.effective_on,
            billed_until=until,
            due_day=term.due_day,
            installment_fee=installment_fee(term, self.rulebook),
            planned_on=self.today,
        )

    @initialize(
        premium_minor=PREMIUMS,
        plan=st.sampled_from(["monthly", "quarterly", "annual"]),
        discounts=DISCOUNTS,
        is_late=st.booleans(),
    )
    def begin(self, premium_minor: int, plan: str, discounts: tuple[str, ...], is_late: bool) -> None:
        self.issue = issued(premium_minor, plan=plan, discounts=discounts)
        if not is_late:
            self.tell(self.issue)

    @precondition(lambda self: len(self.events) > 3 and self.issue not in self.events)
    @rule()
    def learn_of_the_issue(self) -> None:
        self.tell(self.issue)

    @rule(
        number=NUMBERS,
        days=DAYS,
        premium_minor=PREMIUMS,
        discounts=DISCOUNTS,
        jurisdiction=st.sampled_from([None, None, "GB", "DE"]),
    )
    def endorse(
        self, number: int, days: int, premium_minor: int, discounts: tuple[str, ...], jurisdiction: str | None
    ) -> None:
        day = date(2026, 1, 1) + timedelta(days=days)
        self.tell(endorsed(number, day, premium_minor, discounts=discounts, jurisdiction=jurisdiction))

    @precondition(lambda self: self.may_end())
    @rule(
        number=ENDING_NUMBERS,
        days=ENDING_DAYS,
        by=st.sampled_from(CancelledBy),
        method=st.sampled_from([None, None, None, *CancellationMethod]),
        has_paid_claim=st.booleans(),
    )
    def cancel(
        self, number: int, days: int, by: CancelledBy, method: CancellationMethod | None, has_paid_claim: bool
    ) -> None:
        day = date(2026, 1, 1) + timedelta(days=days)
        self.tell(cancelled(number, day, by=by, method=method, has_paid_claim=has_paid_claim))

    @precondition(lambda self: self.may_end())
    @rule(number=ENDING_NUMBERS, days=ENDING_DAYS)
    def die(self, number: int, days: int) -> None:
        self.tell(died(number, date(2026, 1, 1) + timedelta(days=days)))

    @rule(number=NUMBERS, year=st.sampled_from([2027, 2028]), premium_minor=PREMIUMS, is_automatic=st.booleans())
    def offer(self, number: int, year: int, premium_minor: int, is_automatic: bool) -> None:
        self.tell(offered(number, premium_minor, effective_on=date(year, 1, 1), is_automatic=is_automatic))

    @rule(number=NUMBERS, year=st.sampled_from([2027, 2028]), is_yes=st.booleans())
    def answer(self, number: int, year: int, is_yes: bool) -> None:
        self.tell((accepted if is_yes else declined)(number, date(year, 1, 1)))

    @rule(number=NUMBERS, days=DAYS, plan=st.sampled_from(["monthly", "quarterly", "semi_annual", "annual"]))
    def change_plan(self, number: int, days: int, plan: str) -> None:
        self.tell(PlanChanged(**of_policy(number), effective_on=date(2026, 1, 1) + timedelta(days=days), plan=plan))

    @rule(number=NUMBERS, days=DAYS, due_day=st.integers(1, 31))
    def change_due_day(self, number: int, days: int, due_day: int) -> None:
        day = date(2026, 1, 1) + timedelta(days=days)
        self.tell(DueDayChanged(**of_policy(number), effective_on=day, due_day=due_day))

    @precondition(lambda self: self.books)
    @rule(data=st.data(), count=st.integers(1, 6), days=st.integers(1, 40))
    def invoice(self, data: st.DataObject, count: int, days: int) -> None:
        self.books[data.draw(st.sampled_from(sorted(self.books)))].invoice(count)
        self.today += timedelta(days=days)

    @invariant()
    def every_term_is_billed_as_it_is_charged(self) -> None:
        for book in self.books.values():
            book.check()

    @invariant()
    def no_discount_exceeds_its_premium_and_nothing_else_is_negative(self) -> None:
        for book in self.books.values():
            charges = sum_by_code(book.charges)
            discounted_minor = -sum(minor for code, minor in charges.items() if code.startswith("discount"))
            assert 0 <= discounted_minor <= charges.get("premium", 0)
            assert all(minor >= 0 for code, minor in charges.items() if not code.startswith("discount"))


TestInstallments = Installments.TestCase
TestInstallments.settings = settings(stateful_step_count=60)
TestPolicies = Policies.TestCase
TestPolicies.settings = settings(stateful_step_count=60)
