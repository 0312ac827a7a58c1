"""The ledger of one household, whatever happens to it, in whatever order and however often."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from pawledger.domain.books.entries import LedgerAccount, entry_from_json, sums_to_zero
from pawledger.domain.books.ledger import AccountHead, BrokenLedgerError
from pawledger.domain.canonical import hash_text
from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.policy.policies import Charge, PolicyRefusedError
from pawledger.domain.policy.policy_checks import check_policy_event
from pawledger.domain.policy.policy_events import PolicyIssued, Price
from pawledger.domain.posting.bank_movements import BankMovement, Movement
from tests.builders.books import Book, Delivery
from tests.builders.movements import build_movement
from tests.builders.policies import (
    ACCOUNT_ID,
    PLANS,
    amount_of,
    build_policy,
    discount,
    fee,
    issue,
    premium,
    tax,
    term_of,
)
from tests.builders.rulebooks import build_rulebook

FIRST_DAY = date(2026, 1, 1)
LAST_DAY = date(2027, 12, 31)
"""Later than every installment that the strategies can make."""

CURRENCIES = ("EUR", "JPY")
CHARGES = st.tuples(
    st.integers(1, 200_000).map(premium),
    st.integers(0, 20_000).map(tax),
    st.integers(0, 500).map(fee),
)


def _make_policy(
    number: int, *, currency: str, start: int, plan: str, charges: tuple[Charge, ...], share: int = 0
) -> PolicyIssued:
    """A policy from `start` days after the first day, with a discount of `share` percent of the premium."""
    given = discount(-(charges[0].amount_minor * share // 100))
    effective_on = FIRST_DAY + timedelta(days=start)
    return build_policy(
        f"PAW-{number}",
        currency=currency,
        effective_on=effective_on,
        expires_on=effective_on + timedelta(days=365),
        plan=plan,
        charges=(*charges, given),
    )


STARTS = st.sampled_from([0, 0, 14, 30, 30, 59, 90, 200])
DAYS_LATE = st.sampled_from([-30, -30, -14, -13, 0, 60, 400])
"""How long after a policy began it was received; a policy in time is received at least 14 days before."""
SHARES = st.sampled_from([0, 0, 10, 50])
AMOUNTS = st.one_of(st.integers(1, 300_000), st.sampled_from([1, 100, 1_000, 12_000]))
POLICIES = st.builds(
    _make_policy,
    st.integers(1, 9),
    currency=st.just("EUR"),
    start=STARTS,
    plan=st.sampled_from(PLANS),
    charges=CHARGES,
    share=SHARES,
)
PAYMENTS = st.builds(
    lambda number, amount_minor, currency: build_movement(
        str(number), amount_minor=amount_minor, currency=currency, marks=(str(number),)
    ),
    st.integers(1, 99),
    AMOUNTS,
    st.sampled_from(["EUR", "EUR", "USD"]),
)


def _returned(payment: BankMovement) -> BankMovement:
    """The return of a payment, with its id."""
    return build_movement(
        f"back {payment.marks[0]}",
        movement=Movement.RETURN,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        marks=payment.marks,
        repeats_ids=True,
    )


MOVEMENTS = st.lists(st.tuples(PAYMENTS, st.booleans()), max_size=6, unique_by=lambda pair: pair[0].payment_id).map(
    lambda pairs: [
        movement
        for payment, is_returned in pairs
        for movement in (payment, *((_returned(payment),) if is_returned else ()))
    ]
)
"""Payments, some with their returns. A return whose payment never comes waits, or is due with the first policy."""


class Household(RuleBasedStateMachine):
    """One account, and the suspense ledgers that take what is not known to be its money.

    Beside the ledger stands a tally of plain numbers, made from what happened and not from what was decided.
    """

    @initialize(currency=st.sampled_from(CURRENCIES))
    def open(self, currency: str) -> None:
        self.currency = currency
        self.book = Book()
        self.suspense: dict[str, Book] = {}
        self.events: list[PolicyIssued | BankMovement] = []
        """What was delivered and recorded, for repetitions."""
        self.received: Counter[str] = Counter()
        """Money in less money out on the account, by currency."""
        self.waiting: Counter[str] = Counter()
        """Returns without a payment to take back, by currency, as long as they wait."""
        self.returned: set[str] = set()
        """Ids of payments that were taken back."""
        self.billed_until: dict[str, date] = {}
        """By policy, the latest day on which the account was billed while the policy was known."""
        self.received_on: dict[str, date] = {}
        """By policy."""
        self.day = FIRST_DAY

    def deliver(self, event: PolicyIssued | BankMovement) -> Delivery:
        if isinstance(event, PolicyIssued):
            return self.book.deliver_policy(event, self.received_on[event.policy_id])
        if event.movement is Movement.OTHER_DEBIT:
            ledger_id = suspense_ledger_of(event.payment_id)
            return self.suspense.setdefault(ledger_id, Book(ledger_id)).deliver_movement(event)
        return self.book.deliver_movement(event)

    def record(self, event: PolicyIssued | BankMovement) -> None:
        assert self.deliver(event) is Delivery.RECORDED
        self.events.append(event)
        if isinstance(event, PolicyIssued):
            self.billed_until[event.policy_id] = date.min
        elif event.movement is not Movement.OTHER_DEBIT:
            sign = 1 if event.movement is Movement.PAYMENT else -1
            self.received[event.currency] += sign * event.amount_minor

    def move(
        self, movement: Movement, amount_minor: int, currency: str | None = None, payment: BankMovement | None = None
    ) -> None:
        """Every payment has an id of its own; a return repeats that of its payment, or one that no payment has."""
        name = f"movement-{len(self.events)}"
        self.record(
            build_movement(
                name,
                movement=movement,
                amount_minor=amount_minor,
                currency=currency or self.currency,
                booked_on=max(self.day, payment.booked_on) if payment else self.day,
                marks=payment.marks if payment else (name,),
                repeats_ids=movement is Movement.RETURN,
            )
        )

    @rule(start=STARTS, plan=st.sampled_from(PLANS), charges=CHARGES, share=SHARES, days_late=DAYS_LATE)
    def issue_policy(self, start: int, plan: str, charges: tuple[Charge, ...], share: int, days_late: int) -> None:
        policy = _make_policy(
            len(self.events), currency=self.currency, start=start, plan=plan, charges=charges, share=share
        )
        if _is_billable(policy):
            self.received_on[policy.policy_id] = policy.effective_on + timedelta(days=days_late)
            self.record(policy)

    @precondition(lambda self: self.book.policies)
    @rule(charges=CHARGES)
    def refuse_policy_in_another_currency(self, charges: tuple[Charge, ...]) -> None:
        policy = _make_policy(len(self.events), currency="USD", start=0, plan="annual", charges=charges)
        with pytest.raises(PolicyRefusedError):
            issue(self.book.head, policy)

    @rule(days=st.integers(-40, 90))
    def run_billing(self, days: int) -> None:
        """Days go forward, are repeated, skipped and run again long after."""
        self.day = min(max(self.day + timedelta(days=days), FIRST_DAY - timedelta(days=20)), LAST_DAY)
        self.book.bill(self.day)
        for policy_id, until in self.billed_until.items():
            self.billed_until[policy_id] = max(until, self.day)
        assert self.book.bill(self.day) == 0

    @precondition(lambda self: self.book.head.open_invoices)
    @rule(difference_minor=st.sampled_from([0, 0, -1, 1, -500, 500]), invoice_count=st.integers(1, 5))
    def pay_invoices(self, difference_minor: int, invoice_count: int) -> None:
        due_minor = sum(invoice.remaining_minor for invoice in self.book.head.open_invoices[:invoice_count])
        self.move(Movement.PAYMENT, max(1, due_minor + difference_minor))

    @rule(amount_minor=AMOUNTS)
    def pay_any_amount(self, amount_minor: int) -> None:
        self.move(Movement.PAYMENT, amount_minor)

    @rule(amount_minor=AMOUNTS, movement=st.sampled_from([Movement.PAYMENT, Movement.RETURN]))
    def pay_or_take_back_in_another_currency(self, amount_minor: int, movement: Movement) -> None:
        self.move(movement, amount_minor, "USD")
        if movement is Movement.RETURN:
            self.waiting["USD"] += amount_minor

    @rule(amount_minor=AMOUNTS)
    def take_back(self, amount_minor: int) -> None:
        self.move(Movement.RETURN, amount_minor)
        self.waiting[self.currency] += amount_minor

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def take_back_a_payment(self, data: st.DataObject) -> None:
        """Once with effect; more often, it waits."""
        event = data.draw(st.sampled_from(self.events))
        if isinstance(event, BankMovement) and event.movement is Movement.PAYMENT:
            self.move(Movement.RETURN, event.amount_minor, event.currency, event)
            if event.payment_id in self.returned:
                self.waiting[event.currency] += event.amount_minor
            self.returned.add(event.payment_id)

    @precondition(lambda self: self.book.policies)
    @rule(amount_minor=AMOUNTS)
    def pay_and_take_back_at_once(self, amount_minor: int) -> None:
        """Whatever a payment did is as if it had never been."""
        before = self.book.head
        self.move(Movement.PAYMENT, amount_minor)
        payment = self.events[-1]
        assert isinstance(payment, BankMovement)
        self.move(Movement.RETURN, amount_minor, payment=payment)
        self.returned.add(payment.payment_id)
        assert self.book.head.open_invoices == before.open_invoices
        assert dict(self.book.head.balances) == dict(before.balances)

    @rule(amount_minor=AMOUNTS)
    def debit_without_explanation(self, amount_minor: int) -> None:
        self.move(Movement.OTHER_DEBIT, amount_minor)

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        before = self.book.head
        assert self.deliver(data.draw(st.sampled_from(self.events))) is Delivery.REPEATED
        assert self.book.head == before

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def contradict(self, data: st.DataObject) -> None:
        before = self.book.head
        event = data.draw(st.sampled_from(self.events))
        if isinstance(event, PolicyIssued):
            price = event.price
            dearer = Price(price.premium_minor + 1, price.told)
            other: PolicyIssued | BankMovement = replace(event, price=dearer)
        else:
            other = replace(event, amount_minor=event.amount_minor + 1)
        assert self.deliver(other) is Delivery.CONTRADICTED
        assert self.book.head == before

    @precondition(lambda self: self.book.stored)
    @rule(data=st.data())
    def tamper(self, data: st.DataObject) -> None:
        """Change one stored character; then cover the change up with a new hash beside it."""
        stored = data.draw(st.sampled_from(list(self.book.stored.values())))
        position = data.draw(st.integers(0, len(stored.body) - 1))
        sign = data.draw(st.sampled_from('0123456789abcXYZ",:{}[]# -').filter(lambda s: s != stored.body[position]))
        body, digest = stored.body, stored.hash
        stored.body = body[:position] + sign + body[position + 1 :]
        with pytest.raises(BrokenLedgerError, match="does not give its hash"):
            self.book.verify()
        stored.hash = hash_text(stored.body)
        if _still_reads(stored.body):
            with pytest.raises(BrokenLedgerError):
                self.book.verify()
        stored.body, stored.hash = body, digest

    @invariant()
    def every_entry_sums_to_zero_and_so_do_the_balances(self) -> None:
        for book in (self.book, *self.suspense.values()):
            assert all(sums_to_zero(entry.decision.postings) for entry in book.entries)
            totals: Counter[str] = Counter()
            for (currency, _), amount_minor in book.head.balances.items():
                totals[currency] += amount_minor
            assert not any(totals.values())

    @invariant()
    def cash_is_what_came_in_less_what_went_out(self) -> None:
        for currency in (*CURRENCIES, "USD"):
            assert self.book.head.balance_minor(LedgerAccount.CASH, currency) == self.received[currency]

    @invariant()
    def receivable_is_what_is_open(self) -> None:
        open_minor = sum(invoice.remaining_minor for invoice in self.book.head.open_invoices)
        assert self.book.head.balance_minor(LedgerAccount.RECEIVABLE, self.currency) == open_minor

    @invariant()
    def the_account_owes_or_has_money_and_never_both(self) -> None:
        head = self.book.head
        if not self.book.policies:
            owed_minor = has_minor = 0
            assert head.balance_minor(LedgerAccount.SUSPENSE, self.currency) == -self.received[self.currency]
        else:
            waiting_minor = self.waiting[self.currency]
            net_minor = self._invoiced_minor() - self.received[self.currency] - waiting_minor
            owed_minor, has_minor = max(0, net_minor), max(0, -net_minor)
            assert head.balance_minor(LedgerAccount.SUSPENSE, self.currency) == waiting_minor
        assert head.balance_minor(LedgerAccount.RECEIVABLE, self.currency) == owed_minor
        assert head.balance_minor(LedgerAccount.UNAPPLIED, self.currency) == -has_minor
        assert head.balance_minor(LedgerAccount.SUSPENSE, "USD") == -self.received["USD"]

    @invariant()
    def every_installment_is_invoiced_once_as_soon_as_its_day_was_billed(self) -> None:
        """The expected installments follow from the days that were run, not from the cursors."""
        expected = Counter(
            (f"{policy.policy_id}#1", installment.number)
            for policy in self.book.policies.values()
            for installment in term_of(policy).installments
            if max(installment.due_on - timedelta(days=14), self.received_on[policy.policy_id])
            <= self.billed_until[policy.policy_id]
        )
        invoiced = Counter(
            (term_id, number)
            for entry in self.book.entries
            for term_id, number, _ in entry.decision.facts.get("lines", ())
        )
        assert invoiced == expected

    @invariant()
    def no_entry_puts_a_policy_on_an_agenda_of_the_past(self) -> None:
        for entry in self.book.entries:
            assert all(cursor.next_invoice_on >= entry.decision.occurred_on for cursor in entry.decision.cursors)

    @invariant()
    def unbilled_is_what_was_charged_and_not_yet_invoiced(self) -> None:
        charged_minor = sum(amount_of(policy) for policy in self.book.policies.values())
        unbilled_minor = self.book.head.balance_minor(LedgerAccount.UNBILLED, self.currency)
        assert unbilled_minor == charged_minor - self._invoiced_minor()

    @invariant()
    def the_stored_text_proves_the_head(self) -> None:
        for book in (self.book, *self.suspense.values()):
            book.verify()
            for stored, entry in zip(book.stored.values(), book.entries, strict=True):
                assert (entry.body, entry.hash) == (stored.body, stored.hash)

    def _invoiced_minor(self) -> int:
        return sum(
            amount_minor
            for entry in self.book.entries
            for _, _, charges in entry.decision.facts.get("lines", ())
            for _, amount_minor in charges
        )


def _still_reads(body: str) -> bool:
    """Whether a tampered text still is an entry; where it is not, reading it stops whoever reads."""
    try:
        entry_from_json(json.loads(body))
    except (ValueError, KeyError, TypeError, IndexError):
        return False
    return True


TestHousehold = Household.TestCase

Event = PolicyIssued | BankMovement | date

EVENTS: st.SearchStrategy[list[Event]] = st.builds(
    lambda policies, movements, days: [
        *(policy for policy in policies if _is_billable(policy)),
        *movements,
        *days,
    ],
    st.lists(POLICIES, max_size=4, unique_by=lambda policy: policy.policy_id),
    MOVEMENTS,
    st.lists(st.integers(-20, 700).map(lambda days: FIRST_DAY + timedelta(days=days)), max_size=3),
)


def _is_billable(policy: PolicyIssued) -> bool:
    try:
        check_policy_event(policy, build_rulebook())
    except PolicyRefusedError:
        return False
    return True


def _play(events: list[Event]) -> AccountHead:
    """Deliver events in the given order, then bill the last day, as catching up does in the end."""
    book = Book(ACCOUNT_ID)
    for event in events:
        if isinstance(event, PolicyIssued):
            delivery = book.deliver_policy(event)
        elif isinstance(event, BankMovement):
            delivery = book.deliver_movement(event)
        else:
            book.bill(event)
            continue
        assert delivery is not Delivery.CONTRADICTED
    book.bill(LAST_DAY)
    book.verify()
    return book.head


@given(EVENTS, st.data())
def test_any_order_and_any_repetition_of_deliveries_gives_the_same_balances(
    events: list[Event], data: st.DataObject
) -> None:
    repeated = [*events, *(data.draw(st.lists(st.sampled_from(events), max_size=8)) if events else [])]
    in_order = _play(events)
    shuffled = _play(data.draw(st.permutations(repeated)))
    assert dict(shuffled.balances) == dict(in_order.balances)
    assert sum(i.remaining_minor for i in shuffled.open_invoices) == sum(
        i.remaining_minor for i in in_order.open_invoices
    )
