"""Closing a month: whatever happened to an account, every table ties to its ledger, and the months to each other."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from pawledger.domain.billing.rulebook import CancellationMethod
from pawledger.domain.books.entries import Entry
from pawledger.domain.calendar import Month
from pawledger.domain.closing.account_close import AccountClose, close_account
from pawledger.domain.closing.month_close import WRITTEN, MonthClose
from pawledger.domain.policy.policies import PolicyRefusedError
from pawledger.domain.policy.policy_events import CancelledBy, PlanChanged, PlanChangeScope, PolicyEvent
from pawledger.domain.posting.bank_movements import Movement
from tests.builders.books import Book
from tests.builders.movements import build_movement
from tests.builders.policy_terms import (
    accepted,
    cancellation,
    cancelled,
    declined,
    died,
    discount,
    endorsed,
    fee,
    issued,
    offered,
    rules_of,
    tax,
)
from tests.builders.rulebooks import RULEBOOK

START: Final = date(2023, 11, 20)
"""The leap day of 2024 lies in the first months of most terms."""

DAYS: Final = 800
"""Events count from days within the two terms of a policy and some behind them."""

METHODS: Final = (CancellationMethod.PRO_RATA, CancellationMethod.SHORT_RATE, CancellationMethod.FULLY_EARNED)
RULES: Final = replace(
    rules_of(
        tax("12"),
        tax("1.75", "levy"),
        tax("19", "vst", jurisdiction="DE"),
        discount("multi_pet", "10"),
        discount("staff", "95"),
        fee("issuance", 1_050),
        fee("installment", 137),
        fee("cancellation", 3_000),
    ),
    cancellations=tuple(
        cancellation(*METHODS, jurisdiction=place, keeps_premium_after_claim=True) for place in ("GB", "DE")
    ),
    renewals=(*RULEBOOK.renewals, replace(RULEBOOK.renewals[0], rule_id="DE-renewal", jurisdiction="DE")),
)

OFFSETS: Final = st.integers(0, DAYS)
PREMIUMS: Final = st.one_of(st.integers(1, 400), st.integers(1, 200_000))
DISCOUNTS: Final = st.sampled_from([(), ("multi_pet",), ("multi_pet", "staff")])
MONTHS: Final = [Month(date(2023 + (10 + n) // 12, (10 + n) % 12 + 1, 1)) for n in range(40)]
"""From November 2023 on, beyond every term."""

PLACES: Final = [None, None, "DE"]
ENDS: Final = [
    (CancelledBy.CUSTOMER, CancellationMethod.SHORT_RATE),
    (CancelledBy.INSURER, CancellationMethod.PRO_RATA),
    (CancelledBy.INSURER, CancellationMethod.FLAT),
]


def _of_another_policy(event: PolicyEvent, policy_id: str) -> PolicyEvent:
    return replace(event, policy_id=policy_id, event_id=f"{policy_id}-{event.transaction_number}")


@st.composite
def policy_events(draw: st.DrawFn, number: int) -> PolicyEvent:
    """Any event of one of two policies; the number is the policy system's."""
    day = START + timedelta(days=draw(OFFSETS))
    premium_minor, discounts = draw(PREMIUMS), draw(DISCOUNTS)
    event: PolicyEvent
    match draw(st.integers(0, 8)):
        case 0 | 1:
            event = endorsed(
                number, day, premium_minor, discounts=discounts, jurisdiction=draw(st.sampled_from(PLACES))
            )
        case 2:
            event = died(number, day)
        case 3:
            event = cancelled(number, day, has_paid_claim=draw(st.booleans()))
        case 4:
            by, method = draw(st.sampled_from(ENDS))
            event = cancelled(number, day, by=by, method=method)
        case 5:
            begins_on = date(2025, 1, 10)
            event = offered(number, premium_minor, effective_on=begins_on, is_automatic=draw(st.booleans()))
        case 6:
            event = accepted(number, date(2025, 1, 10))
        case 7:
            event = declined(number, date(2025, 1, 10))
        case _:
            plan = draw(st.sampled_from(["annual", "monthly", "quarterly"]))
            event = PlanChanged(
                event_id=f"e-{number}",
                account_id="HOME0001",
                policy_id="PAW-1",
                transaction_number=number,
                effective_on=day,
                plan=plan,
                scope=draw(st.sampled_from(PlanChangeScope)),
            )
    return _of_another_policy(event, draw(st.sampled_from(["PAW-1", "PAW-1", "PAW-2"])))


@st.composite
def books(draw: st.DrawFn, steps_days: tuple[int, ...] = (-20, -1, 0, 1, 10, 40, 90)) -> Book:
    """An account of two policies to which anything happens, in days that mostly go forward.

    Money may have come, or been taken back, before its first policy.
    """
    book = Book(rulebook=RULES)
    day = START + timedelta(days=draw(st.integers(0, 20)))
    for movement in draw(st.sampled_from([(), (Movement.PAYMENT,), (Movement.RETURN,)])):
        early = build_movement("early", movement=movement, amount_minor=7_000, currency="GBP", booked_on=day)
        book.deliver_movement(early)
    for policy_id in ("PAW-1", "PAW-2"):
        first_on = date(2024, 1, 10) if policy_id == "PAW-1" else START + timedelta(days=draw(st.integers(-60, 200)))
        issue = issued(draw(PREMIUMS), effective_on=first_on, discounts=draw(DISCOUNTS))
        book.deliver_event(_of_another_policy(issue, policy_id), day)
    for number in range(2, draw(st.integers(3, 14))):
        day += timedelta(days=draw(st.sampled_from(steps_days)))
        match draw(st.integers(0, 3)):
            case 0:
                book.bill(day)
            case 1:
                kind = draw(st.sampled_from([Movement.PAYMENT, Movement.PAYMENT, Movement.RETURN]))
                amount_minor = draw(st.integers(1, 30_000))
                book.deliver_movement(
                    build_movement(str(number), movement=kind, amount_minor=amount_minor, currency="GBP", booked_on=day)
                )
            case _:
                _deliver(book, draw(policy_events(number)), day)
    return book


def _deliver(book: Book, event: PolicyEvent, day: date) -> None:
    try:
        book.deliver_event(event, day)
    except PolicyRefusedError:
        return


def close(book: Book, month: Month) -> AccountClose:
    return close_account(book.account_id, book.entries, month, RULES)


def written_minor(entries: list[Entry], day: date) -> int:
    """Premium less discounts that the ledger holds at the end of a day."""
    return -sum(
        posting.amount_minor
        for entry in entries
        if entry.decision.occurred_on <= day
        for posting in entry.decision.postings
        if posting.ledger_account in WRITTEN
    )


@settings(deadline=None)
@given(books(), st.sampled_from(MONTHS))
def test_every_proof_holds_and_every_day_ties_to_the_ledger(book: Book, month: Month) -> None:
    closed, entries = close(book, month), book.entries
    whole = MonthClose(month)
    whole.add(closed, book.head.balances)

    assert [proof for proof in whole.prove() if not proof.is_equal] == []
    assert {day: closed.daily["GBP", day][0] for day in (month.day_before, *month.days)} == {
        day: written_minor(entries, day) for day in (month.day_before, *month.days)
    }


@settings(deadline=None, max_examples=30)
@given(books())
def test_a_month_begins_where_the_one_before_ended_and_all_of_them_earn_all_that_is_written(book: Book) -> None:
    closes = [close(book, month) for month in MONTHS]

    for earlier, later in pairwise(closes):
        ended = {
            (each.policy_id, each.term.number): (each.written.closing_minor, each.earned.closing_minor)
            for each in earlier.terms
        }
        begun = {
            (each.policy_id, each.term.number): (each.written.before_minor, each.earned.before_minor)
            for each in later.terms
        }
        assert begun == {**dict.fromkeys(begun, (0, 0)), **ended}
        assert sum_before(later) == sum_closing(earlier)
    earned_minor = sum(each.earned.change_minor for closed in closes for each in closed.terms)
    assert earned_minor == written_minor(book.entries, MONTHS[-1].last_day)


def sum_before(closed: AccountClose) -> dict[object, int]:
    return {key: span.before_minor for key, span in closed.balances.items() if span.before_minor}


def sum_closing(closed: AccountClose) -> dict[object, int]:
    return {key: span.closing_minor for key, span in closed.balances.items() if span.closing_minor}


@settings(deadline=None)
@given(books(steps_days=(0, 1, 10, 40, 90)), st.sampled_from(MONTHS))
def test_no_more_is_earned_than_is_written_and_nothing_less_than_nothing(book: Book, month: Month) -> None:
    for (_, day), (written, earned) in close(book, month).daily.items():
        assert 0 <= earned <= written, day
