"""The policies of one household, whatever happens to them: late, twice, out of order, against all sense."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pawledger.domain.billing.charging import charge_term
from pawledger.domain.billing.installments import INSTALLMENT_FEE
from pawledger.domain.billing.issuing import due_day_of
from pawledger.domain.billing.rulebook import CancellationMethod, PaymentPlan
from pawledger.domain.billing.term_billing import find_hold
from pawledger.domain.books.entries import Entry, EntryKind, LedgerAccount, OpenInvoice, sums_to_zero
from pawledger.domain.calendar import add_months, count_months
from pawledger.domain.policy.policies import BilledTerm, Charge, sum_by_code
from pawledger.domain.policy.policy_checks import check_policy_event
from pawledger.domain.policy.policy_events import (
    EVENT_TYPES,
    CancelledBy,
    DueDayChanged,
    PayerChanged,
    PetDied,
    PlanChanged,
    PlanChangeScope,
    PolicyCancelled,
    PolicyEndorsed,
    PolicyEvent,
    PolicyIssued,
    Price,
    RenewalAccepted,
    RenewalDeclined,
    RenewalOffered,
    event_from_facts,
)
from pawledger.domain.policy.policy_history import PolicyHistory, Term, fold_events
from pawledger.domain.posting.bank_movements import BankMovement, Movement
from pawledger.domain.worklist.discrepancies import Discrepancy
from tests.builders.books import Book, Delivery
from tests.builders.movements import build_movement
from tests.builders.policies import ACCOUNT_ID, discount, fee, tax
from tests.builders.policy_terms import fee as fee_rule
from tests.builders.rulebooks import PLANS, build_rulebook

FIRST_DAY: Final = date(2027, 12, 31)
"""Before the leap day of 2028, and on a day that most months do not have."""
LAST_DAY: Final = date(2040, 12, 31)
"""Later than every installment that the strategies can make."""

POLICY_IDS: Final = ("PAW-1", "PAW-2", "PAW-3")
KINDS: Final = ("told", "GB", "US-CA", "wellness")

RULEBOOK: Final = build_rulebook(
    plans={
        **PLANS,
        "down_payment": PaymentPlan(
            name="down_payment", months_between=1, down_payment_percent=Decimal(20), is_first_at_issue=True
        ),
        "two_first": PaymentPlan(name="two_first", months_between=1, installments_max=10, weights=(2, 0, 3)),
    },
    fees=(
        fee_rule("installment", 35, jurisdiction="US-CA", plans=("monthly", "quarterly")),
        fee_rule("issuance", 500, jurisdiction="US-CA"),
        fee_rule("cancellation", 1_000, jurisdiction="GB"),
    ),
)

YEARS_MAX: Final = 10
"""More than a case lives."""

POLICIES: Final = st.sampled_from(POLICY_IDS)
PLAN_NAMES: Final = st.sampled_from(sorted(RULEBOOK.plans))
PREMIUMS: Final = st.one_of(st.sampled_from([1, 3, 11, 100, 12_000, 36_500]), st.integers(1, 200_000))
PARTS: Final = st.tuples(st.integers(0, 900), st.integers(0, 300), st.sampled_from([0, 0, 5, 50, 99]))
"""Told tax and fee in minor units, and a told discount in percent."""
DISCOUNTS: Final = st.sampled_from([(), (), (), ("multi_pet",), ("loyalty",)])
_FROM_START: Final = st.tuples(
    st.just("start"),
    st.sampled_from([-20, -1, 0, 0, 1, 13, 14, 15, 30, 58, 59, 60, 61, 180, 364, 365, 366, 367, 400, 731]),
)
DAYS: Final = st.one_of(_FROM_START, st.tuples(st.just("today"), st.integers(-40, 40)))
"""From the first day of the policy on, or from today, so that most of what is told is about the cover of these days."""
END_DAYS: Final = st.one_of(
    _FROM_START, st.tuples(st.just("start"), st.sampled_from([360, 400, 700, 730, 731, 900, 1_000, 1_096, 1_100]))
)
"""Of what ends a policy: late mostly, so that something is left to happen to it."""
YEARS: Final = st.sampled_from([0, 0, 0, 0, 1, 2, 3])
"""Of the renewals in their order; none means the next."""
IS_LATE: Final = st.sampled_from([False, False, False, True])


class PolicyLife(RuleBasedStateMachine):
    """One account with three policies, of which everything may be told, in the order of the numbers or not.

    What must be so is computed from the events, the invoices and the money alone.
    """

    @initialize(kinds=st.tuples(*[st.sampled_from(KINDS)] * 3), data=st.data())
    def open(self, kinds: tuple[str, ...], data: st.DataObject) -> None:
        self.book = Book(rulebook=RULEBOOK)
        self.day = FIRST_DAY
        self.received_minor = 0
        self.movement_count = 0
        self.paid: list[BankMovement] = []
        self.kinds = dict(zip(POLICY_IDS, kinds, strict=True))
        self.starts: dict[str, date] = {}
        self.numbers: Counter[str] = Counter()
        self.late: list[PolicyEvent] = []
        """Told, and not delivered yet."""
        self.open_discrepancies: dict[str, Discrepancy] = {}
        self.known_discrepancies: set[str] = set()
        self.entries_read: list[Entry] = []
        self.invoiced_in_full: dict[tuple[str, int], bool] = {}
        """By term and number, whether an installment was cut by a plan of one installment when it was invoiced."""
        self.judged_count = 0
        """Entries of which the invoices were judged when they were new, because a term may change later."""
        for policy_id in POLICY_IDS:
            self.late.append(self.issue(policy_id, data))
        self.deliver(self.late.pop(0))
        self.deliver(self.late.pop(0))

    def issue(self, policy_id: str, data: st.DataObject) -> PolicyIssued:
        kind = self.kinds[policy_id]
        start = FIRST_DAY + timedelta(days=data.draw(st.sampled_from([-30, 0, 0, 14, 31, 60, 60, 90])))
        self.starts[policy_id] = start
        days = data.draw(st.sampled_from([None, None, None, 1, 28, 200, 800]))
        return PolicyIssued(
            **self.common(policy_id, start),
            currency="GBP",
            expires_on=start + timedelta(days=days) if days else add_months(start, 12),
            plan=data.draw(PLAN_NAMES),
            price=self.price(policy_id, data.draw(PREMIUMS), data.draw(PARTS), ()),
            jurisdiction={"told": "", "GB": "GB"}.get(kind, "US-CA"),
            product="wellness" if kind == "wellness" else "accident",
            due_day=data.draw(st.sampled_from([None, None, 1, 15, 29, 30, 31])),
            mandate_id=data.draw(st.sampled_from([None, "M-1"])),
        )

    def common(self, policy_id: str, when: date | tuple[str, int]) -> dict[str, Any]:
        if not isinstance(when, date):
            since, days = when
            when = (self.day if since == "today" else self.starts[policy_id]) + timedelta(days=days)
        self.numbers[policy_id] += 1
        number = self.numbers[policy_id]
        return {
            "event_id": f"event-{policy_id}-{number}",
            "account_id": ACCOUNT_ID,
            "policy_id": policy_id,
            "transaction_number": number,
            "effective_on": when,
        }

    def price(
        self, policy_id: str, premium_minor: int, parts: tuple[int, int, int], discounts: tuple[str, ...]
    ) -> Price:
        if self.kinds[policy_id] != "told":
            return Price(premium_minor, (), discounts)
        tax_minor, fee_minor, percent = parts
        return Price(premium_minor, (tax(tax_minor), fee(fee_minor), discount(-(premium_minor * percent // 100))))

    def deliver(self, event: PolicyEvent) -> Delivery:
        """What the service does with an event that came today."""
        check_policy_event(event, RULEBOOK)
        decided = self.book.decide_event(event, self.day)
        delivery = self.book.deliver(lambda _: decided.decision)
        if delivery is Delivery.RECORDED:
            self.book.terms.update({term.term_id: term for term in decided.terms})
            for born in decided.discrepancies:
                # One that is known already stays as it is, as in the store.
                if born.discrepancy_id not in self.known_discrepancies:
                    self.open_discrepancies[born.discrepancy_id] = born
                    self.known_discrepancies.add(born.discrepancy_id)
        for healed in decided.healed:
            self.open_discrepancies.pop(healed.discrepancy_id, None)
        return delivery

    def tell(self, event: PolicyEvent, is_late: bool) -> None:
        if is_late:
            self.late.append(event)
        else:
            assert self.deliver(event) is Delivery.RECORDED

    @precondition(lambda self: self.late)
    @rule(data=st.data())
    def deliver_late(self, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(self.late) - 1))
        assert self.deliver(self.late.pop(place)) is Delivery.RECORDED

    @rule(data=st.data(), times=st.integers(1, 2))
    def deliver_again(self, data: st.DataObject, times: int) -> None:
        event = data.draw(st.sampled_from(self.events))
        before = (self.book.head, dict(self.book.terms), dict(self.open_discrepancies))
        for _ in range(times):
            assert self.deliver(event) is Delivery.REPEATED
        assert (self.book.head, self.book.terms, self.open_discrepancies) == before

    @rule(policy=POLICIES, days=DAYS, premium=PREMIUMS, parts=PARTS, discounts=DISCOUNTS, is_late=IS_LATE)
    def endorse(
        self,
        *,
        policy: str,
        days: tuple[str, int],
        premium: int,
        parts: tuple[int, int, int],
        discounts: tuple[str, ...],
        is_late: bool,
    ) -> None:
        price = self.price(policy, premium, parts, discounts)
        self.tell(PolicyEndorsed(**self.common(policy, days), price=price), is_late)

    @rule(policy=POLICIES, days=DAYS, premium=PREMIUMS, jurisdiction=st.sampled_from(["GB", "US-CA"]))
    def move(self, policy: str, days: tuple[str, int], premium: int, jurisdiction: str) -> None:
        event = PolicyEndorsed(**self.common(policy, days), price=Price(premium), jurisdiction=jurisdiction)
        self.tell(event, is_late=False)

    @rule(policy=POLICIES, is_late=IS_LATE)
    def reverse_endorsement(self, policy: str, is_late: bool) -> None:
        """From the day of the latest endorsement on, the first price counts again."""
        told = [event for event in (*self.events, *self.late) if event.policy_id == policy]
        endorsements = [event for event in told if isinstance(event, PolicyEndorsed)]
        issued = next(event for event in told if isinstance(event, PolicyIssued))
        if endorsements:
            day = endorsements[-1].effective_on
            self.tell(PolicyEndorsed(**self.common(policy, day), price=issued.price), is_late)

    @rule(policy=POLICIES, days=END_DAYS, evidence=st.sampled_from([None, "vet-record"]), is_late=IS_LATE)
    def die(self, policy: str, days: tuple[str, int], evidence: str | None, is_late: bool) -> None:
        self.tell(PetDied(**self.common(policy, days), evidence=evidence), is_late)

    @rule(
        policy=POLICIES,
        days=END_DAYS,
        by=st.sampled_from(CancelledBy),
        requested_before=st.sampled_from([0, 0, 30, 300]),
        method=st.sampled_from([None, None, CancellationMethod.SHORT_RATE, CancellationMethod.FLAT]),
        claims=st.sampled_from([(False, False), (True, False), (True, True)]),
        is_late=IS_LATE,
    )
    def cancel(
        self,
        *,
        policy: str,
        days: tuple[str, int],
        by: CancelledBy,
        requested_before: int,
        method: CancellationMethod | None,
        claims: tuple[bool, bool],
        is_late: bool,
    ) -> None:
        common = self.common(policy, days)
        event = PolicyCancelled(
            **common,
            by=by,
            requested_on=common["effective_on"] - timedelta(days=requested_before),
            method=method,
            has_claim=claims[0],
            has_paid_claim=claims[1],
        )
        self.tell(event, is_late)

    @rule(
        policy=POLICIES,
        years=YEARS,
        premium=st.one_of(st.none(), PREMIUMS),
        parts=PARTS,
        notice_days=st.sampled_from([0, 20, 21, 44, 45, 60]),
        is_automatic=st.booleans(),
        plan=st.one_of(st.none(), PLAN_NAMES),
        is_late=IS_LATE,
    )
    def offer_renewal(
        self,
        *,
        policy: str,
        years: int,
        premium: int | None,
        parts: tuple[int, int, int],
        notice_days: int,
        is_automatic: bool,
        plan: str | None,
        is_late: bool,
    ) -> None:
        begins_on = self.renewal_day(policy, years)
        told = [event for event in (*self.events, *self.late) if event.policy_id == policy]
        issued = next(event for event in told if isinstance(event, PolicyIssued))
        event = RenewalOffered(
            **self.common(policy, begins_on),
            expires_on=add_months(begins_on, 12),
            price=issued.price if premium is None else self.price(policy, premium, parts, ()),
            notice_sent_on=begins_on - timedelta(days=notice_days),
            is_automatic=is_automatic,
            plan=plan,
        )
        self.tell(event, is_late)

    def renewal_day(self, policy: str, years: int) -> date:
        """Where a term of the policy ends: that which ends next, or the first and so many years later."""
        told = [event for event in (*self.events, *self.late) if event.policy_id == policy]
        issued = next(event for event in told if isinstance(event, PolicyIssued))
        ends = [add_months(issued.expires_on, 12 * later) for later in range(YEARS_MAX)]
        return ends[years - 1] if years else next((end for end in ends if end > self.day), ends[-1])

    @rule(policy=POLICIES, years=YEARS, is_accepted=st.booleans(), is_late=IS_LATE)
    def answer_renewal(self, policy: str, years: int, is_accepted: bool, is_late: bool) -> None:
        answer = RenewalAccepted if is_accepted else RenewalDeclined
        self.tell(answer(**self.common(policy, self.renewal_day(policy, years))), is_late)

    @rule(policy=POLICIES, days=DAYS, plan=PLAN_NAMES, scope=st.sampled_from(PlanChangeScope), is_late=IS_LATE)
    def change_plan(self, policy: str, days: tuple[str, int], plan: str, scope: PlanChangeScope, is_late: bool) -> None:
        self.tell(PlanChanged(**self.common(policy, days), plan=plan, scope=scope), is_late)

    @rule(policy=POLICIES, days=DAYS, due_day=st.sampled_from([1, 15, 28, 29, 30, 31]), is_late=IS_LATE)
    def change_due_day(self, policy: str, days: tuple[str, int], due_day: int, is_late: bool) -> None:
        self.tell(DueDayChanged(**self.common(policy, days), due_day=due_day), is_late)

    @rule(policy=POLICIES, days=DAYS, is_late=IS_LATE)
    def change_payer(self, policy: str, days: tuple[str, int], is_late: bool) -> None:
        self.tell(PayerChanged(**self.common(policy, days), mandate_id="M-2"), is_late)

    @rule(days=st.sampled_from([1, 14, 14, 31, 31, 31, 92]))
    def bill_later(self, days: int) -> None:
        self.day += timedelta(days=days)
        self.book.bill(self.day)
        assert self.book.bill(self.day) == 0, "a day that was billed has nothing due"

    @rule(days=st.sampled_from([0, -1, -40, -400, 60]))
    def bill_another_day(self, days: int) -> None:
        """A day that was billed, one long past, one in the future: today stays what it is."""
        self.book.bill(self.day + timedelta(days=days))

    @rule(share=st.sampled_from([50, 100, 100, 100, 130]), extra=st.sampled_from([0, 1, 5_000]))
    def pay(self, share: int, extra: int) -> None:
        owed_minor = sum(invoice.remaining_minor for invoice in self.book.head.open_invoices)
        amount_minor = owed_minor * share // 100 + extra
        if amount_minor:
            self.paid.append(self.move_money(Movement.PAYMENT, amount_minor))

    @precondition(lambda self: self.paid)
    @rule()
    def return_payment(self) -> None:
        """The bank repeats the id of the payment: of two of one amount, none could be told to be meant."""
        paid = self.paid.pop()
        self.move_money(Movement.RETURN, paid.amount_minor, paid)

    def move_money(self, movement: Movement, amount_minor: int, paid: BankMovement | None = None) -> BankMovement:
        self.movement_count += 1
        moved = build_movement(
            f"movement-{self.movement_count}",
            movement=movement,
            amount_minor=amount_minor,
            currency="GBP",
            booked_on=max(self.day, paid.booked_on) if paid else self.day,
            marks=paid.marks if paid else (f"id-{self.movement_count}",),
        )
        assert self.book.deliver_movement(moved) is Delivery.RECORDED
        self.received_minor += amount_minor if movement is Movement.PAYMENT else -amount_minor
        return moved

    # What must be so, whatever happened.

    def histories(self) -> Iterator[tuple[str, PolicyHistory]]:
        events = self.events
        for policy_id in POLICY_IDS:
            own = [event for event in events if event.policy_id == policy_id]
            yield policy_id, fold_events(reversed(own), RULEBOOK)

    @invariant()
    def the_books_are_whole(self) -> None:
        self.book.verify()
        assert all(sums_to_zero(entry.decision.postings) for entry in self.entries)
        for entry in self.entries[self.judged_count :]:
            lines = entry.decision.facts["lines"] if entry.decision.kind is EntryKind.INVOICE_ISSUED else []
            for term_id, number, _ in lines:
                plan = RULEBOOK.plan(self.book.terms[term_id].plan)
                self.invoiced_in_full[term_id, number] = plan.is_pay_in_full
                due_on = due_day_of(entry.decision) if entry.decision.opened_invoice else date.max
                assert due_on >= entry.decision.occurred_on + timedelta(days=plan.lead_days), "overdue at birth"
            is_separate = {self.book.terms[term_id].is_separate for term_id, _, _ in lines}
            assert len(is_separate) <= 1, "what the law wants apart is on an invoice of its own"
        self.judged_count = len(self.entries)

    @invariant()
    def what_is_billed_and_what_is_not_is_what_is_charged(self) -> None:
        invoiced = self.invoiced_lines()
        head = self.book.head
        unbilled_minor = 0
        cursors = {cursor.term_id: cursor for cursor in head.cursors}
        for term in self.book.terms.values():
            credit_minor = sum_minor(term.credits)
            standing = [installment for installment in term.installments if not installment.is_withdrawn]
            assert sum(i.amount_minor for i in standing) - credit_minor == term.amount_minor, term.term_id
            assert all(installment.amount_minor >= 0 for installment in term.installments), term.term_id
            lines = invoiced.pop(term.term_id, {})
            assert sorted(lines) == list(range(1, len(lines) + 1)), "invoiced one after the other"
            for number, charges in lines.items():
                assert term.installments[number - 1].charges == charges, "what was invoiced never changes"
            assert all(i.number in lines for i in term.installments if i.is_withdrawn)
            unbilled_minor += sum(i.amount_minor for i in standing if i.number not in lines)
            cursor = cursors.pop(term.term_id, None)
            following = next((i for i in term.installments if i.number not in lines), None)
            if following is None or term.hold:
                assert cursor is None, term.term_id
            else:
                assert cursor is not None, f"{following} of {term.term_id} would never be invoiced"
                assert (cursor.next_installment, cursor.amount_minor) == (following.number, following.amount_minor)
                assert cursor.next_invoice_on >= following.invoice_on
            assert not (term.hold and lines), "what is held is not invoiced"
        assert not invoiced
        assert not cursors
        assert head.balance_minor(LedgerAccount.UNBILLED) == unbilled_minor

    @invariant()
    def every_month_of_cover_is_billed_once(self) -> None:
        invoiced = self.invoiced_lines()
        for term in self.book.terms.values():
            lines = invoiced.get(term.term_id, {})
            standing = [installment for installment in term.installments if not installment.is_withdrawn]
            months_invoiced = sum(i.months for i in standing if i.number in lines)
            months = count_months(term.effective_on, term.billed_until)
            assert sum(i.months for i in standing) == max(months, months_invoiced), term.term_id

    @invariant()
    def the_terms_are_what_the_events_mean(self) -> None:
        charged: Counter[str] = Counter()
        invoiced = self.invoiced_lines()
        meant: set[str] = set()
        for policy_id, history in self.histories():
            for before, term in zip((None, *history.terms), history.terms, strict=False):
                billed = self.book.terms[f"{policy_id}#{term.number}"]
                meant.add(billed.term_id)
                charges = charge_term(term, RULEBOOK, is_in_full=self.is_in_full(billed, term))
                assert without_fee(billed) == sum_by_code(charges), billed.term_id
                assert (billed.effective_on, billed.expires_on) == (term.effective_on, term.expires_on)
                is_wellness = self.kinds[policy_id] == "wellness"
                assert billed.is_separate == (is_wellness and term.jurisdiction == "US-CA")
                if billed.term_id in invoiced:
                    assert not billed.hold
                else:
                    assert billed.hold == find_hold(term, before, RULEBOOK)
        for billed in self.book.terms.values():
            fees = [
                c for i in billed.installments if not i.is_withdrawn for c in i.charges if c.code == INSTALLMENT_FEE
            ]
            fees_given_minor = sum_by_code(billed.credits).get(INSTALLMENT_FEE, 0)
            fee_minor = sum_by_code(billed.charges).get(INSTALLMENT_FEE, 0)
            assert fee_minor == sum_minor(fees) - fees_given_minor
            assert billed.term_id in meant or not billed.amount_minor, "what never was costs nothing"
            for charge in billed.charges:
                charged[charge.kind] += charge.amount_minor
        for kind in ("premium", "tax", "fee", "discount"):
            assert self.book.head.balance_minor(LedgerAccount(kind)) == -charged[kind]

    def is_in_full(self, billed: BilledTerm, term: Term) -> bool:
        """Whether the first months of a term that still stand on an invoice were invoiced in one piece."""
        for installment in billed.installments:
            line = (billed.term_id, installment.number)
            if installment.months and not installment.is_withdrawn and line in self.invoiced_in_full:
                return self.invoiced_in_full[line]
        return RULEBOOK.plan(term.plan).is_pay_in_full

    @invariant()
    def the_customer_owes_what_was_invoiced_less_what_was_given_back_and_paid(self) -> None:
        head = self.book.head
        invoiced_minor = sum(
            sum_minor(charges) for lines in self.invoiced_lines().values() for charges in lines.values()
        )
        given_back_minor = sum(sum_minor(term.credits) for term in self.book.terms.values())
        taken_off_minor = sum(
            i.amount_minor for t in self.book.terms.values() for i in t.installments if i.is_withdrawn
        )
        receivable_minor = head.balance_minor(LedgerAccount.RECEIVABLE)
        own_minor = -head.balance_minor(LedgerAccount.UNAPPLIED) - head.balance_minor(LedgerAccount.SUSPENSE, "GBP")
        owed_minor = invoiced_minor - given_back_minor - taken_off_minor - self.received_minor
        assert receivable_minor - own_minor == owed_minor
        assert not (receivable_minor and own_minor), "an account owes or has money, never both"
        assert receivable_minor == sum(invoice.remaining_minor for invoice in head.open_invoices)
        assert all(invoice.remaining_minor > 0 for invoice in head.open_invoices)

    @invariant()
    def somebody_is_told_of_all_that_has_no_effect_and_of_nothing_else(self) -> None:
        expected: set[tuple[str, str]] = set()
        for policy_id, history in self.histories():
            own = {event.transaction_number: event for event in self.events if event.policy_id == policy_id}
            is_death_proven = any(term.end is not None and term.end.is_death for term in history.terms)
            for number in history.refusals:
                event = own[number]
                is_unproven = isinstance(event, PetDied) and not event.evidence
                if not history.terms:
                    expected.add(("policy_unknown", event.entry_id))
                elif not is_unproven:
                    expected.add(("policy_event_without_effect", event.entry_id))
                elif not is_death_proven:
                    expected.add(("death_unproven", event.entry_id))
        expected |= {("renewal_notice_late", term.term_id) for term in self.book.terms.values() if term.hold}
        found = [
            (discrepancy.kind.value, discrepancy.subject.partition(" since ")[0])
            for discrepancy in self.open_discrepancies.values()
        ]
        plans_without_effect = {
            ("policy_event_without_effect", event.entry_id) for event in self.events if isinstance(event, PlanChanged)
        }
        assert set(found) - plans_without_effect == expected - plans_without_effect
        assert plans_without_effect & expected <= set(found)
        assert all(count == 1 for count in Counter(found).values()), "each is told once"
        for policy_id, history in self.histories():
            for event in self.events:
                one = ("policy_event_without_effect", event.entry_id)
                if event.policy_id == policy_id and one in set(found) & plans_without_effect - expected:
                    self.check_idle_plan(policy_id, event.transaction_number, history)

    def check_idle_plan(self, policy_id: str, number: int, history: PolicyHistory) -> None:
        """A change of plan that counts and is told to be without effect: by now it is, and nothing took its place."""
        paid_by_it = [t for t in history.terms if history.plans_from.get(t.number) == number and t.end is None]
        assert paid_by_it, "superseded"
        cursors = {cursor.term_id: cursor.next_installment for cursor in self.book.head.cursors}
        for term in paid_by_it:
            billed = self.book.terms[f"{policy_id}#{term.number}"]
            following = billed.installments[cursors[billed.term_id] - 1 :] if billed.term_id in cursors else ()
            assert not billed.hold
            assert not any(installment.months for installment in following)

    @property
    def entries(self) -> list[Entry]:
        """Those of the book, read once for all invariants of a step."""
        if len(self.entries_read) != len(self.book.stored):
            self.entries_read = self.book.entries
        return self.entries_read

    @property
    def events(self) -> list[PolicyEvent]:
        return [
            event_from_facts(entry.decision.facts, entry.account_id, entry.decision.source["event_id"])
            for entry in self.entries
            if entry.decision.kind in EVENT_TYPES
        ]

    def invoiced_lines(self) -> dict[str, dict[int, tuple[Charge, ...]]]:
        """By term and number of the installment, what the invoices say."""
        found: dict[str, dict[int, tuple[Charge, ...]]] = {}
        for entry in self.entries:
            if entry.decision.kind is not EntryKind.INVOICE_ISSUED:
                continue
            total_minor = 0
            for term_id, number, charges in entry.decision.facts["lines"]:
                assert number not in found.setdefault(term_id, {}), "an installment is invoiced once"
                found[term_id][number] = tuple(Charge(code, minor) for code, minor in charges)
                total_minor += sum(minor for _, minor in charges)
            opened = entry.decision.opened_invoice
            assert (opened.remaining_minor if isinstance(opened, OpenInvoice) else 0) == total_minor
        return found

    def teardown(self) -> None:
        """The same events in another order, each told again, end in the same charges, all of them invoiced.

        But for what follows from how a term was invoiced: the fees on installments and the discount for paying in full.
        """
        if not hasattr(self, "book"):
            return
        self.book.bill(LAST_DAY)
        events = self.events
        for order in (sorted(events, key=lambda e: (-e.transaction_number, e.policy_id)), shuffled(events)):
            other = Book(rulebook=RULEBOOK)
            for event in order:
                assert other.deliver_event(event, FIRST_DAY) is Delivery.RECORDED
            for event in order:
                assert other.deliver_event(event, self.day) is Delivery.REPEATED
            other.bill(LAST_DAY)
            for policy_id, history in self.histories():
                for term in history.terms:
                    billed = other.terms[f"{policy_id}#{term.number}"]
                    charges = charge_term(term, RULEBOOK, is_in_full=billed.is_in_full)
                    assert without_fee(billed) == sum_by_code(charges), billed.term_id
                    was = self.book.terms[billed.term_id]
                    assert was.is_in_full != billed.is_in_full or without_fee(was) == without_fee(billed)
            assert {term.term_id for term in other.terms.values() if term.amount_minor} == {
                term.term_id for term in self.book.terms.values() if term.amount_minor
            }
            for book in (self.book, other):
                assert book.head.agenda_on is None
                assert book.head.balance_minor(LedgerAccount.UNBILLED) == sum(
                    term.amount_minor for term in book.terms.values() if term.hold
                )


def without_fee(term: BilledTerm) -> dict[str, int]:
    """What a term costs but for the fees on installments, which depend on how many there were."""
    return {code: minor for code, minor in sum_by_code(term.charges).items() if code != INSTALLMENT_FEE}


def sum_minor(charges: Iterator[Charge] | list[Charge] | tuple[Charge, ...]) -> int:
    return sum(charge.amount_minor for charge in charges)


def shuffled(events: list[PolicyEvent]) -> list[PolicyEvent]:
    order = list(events)
    Random(len(order)).shuffle(order)  # noqa: S311  # an order, no secret
    return order


TestPolicyLife = PolicyLife.TestCase
# Each case has sixty steps instead of the 25 of the others, so that half as many cases take as long.
TestPolicyLife.settings = settings(stateful_step_count=60, max_examples=settings().max_examples // 2)
