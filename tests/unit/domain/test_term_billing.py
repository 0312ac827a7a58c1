"""How a term is billed: what was invoiced stays, what follows is cut anew, what is too much is given back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import pytest

from pawledger.domain.billing.rulebook import CancellationMethod, Rulebook
from pawledger.domain.billing.term_billing import BillingGround, Rebilling, bill_term, find_hold, void_term
from pawledger.domain.books.entries import TermCursor
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.policy.policies import BilledTerm, Charge
from pawledger.domain.policy.policy_events import CancelledBy, PolicyEvent
from pawledger.domain.policy.policy_history import Term, fold_events
from tests.builders.policies import ACCOUNT_ID
from tests.builders.policies import tax as told_tax
from tests.builders.policy_terms import (
    accepted,
    cancellation,
    cancelled,
    declined,
    discount,
    endorsed,
    fee,
    issued,
    last_term,
    offered,
    rules_of,
    tax,
)

RECEIVED_ON: Final = date(2025, 12, 1)
MID_TERM: Final = date(2026, 7, 1)
"""181 days of the usual year lie before it."""

PLAIN: Final = rules_of()


def ground(*cursors: TermCursor, rulebook: Rulebook = PLAIN, received_on: date = RECEIVED_ON) -> BillingGround:
    head = AccountHead(ACCOUNT_ID, currency="GBP", cursors=cursors)
    return BillingGround(head=head, policy_id="PAW-1", rulebook=rulebook, received_on=received_on)


def cursor(next_installment: int) -> TermCursor:
    return TermCursor("PAW-1#1", next_installment, RECEIVED_ON, 0)


def bill(
    *events: PolicyEvent, rulebook: Rulebook = PLAIN, received_on: date = RECEIVED_ON, hold: str = ""
) -> Rebilling:
    """The latest term of a policy as it is billed first."""
    term = last_term(events, rulebook)
    return bill_term(ground(rulebook=rulebook, received_on=received_on), term, None, hold)


def bill_again(
    stored: BilledTerm,
    invoiced_count: int,
    *events: PolicyEvent,
    rulebook: Rulebook = PLAIN,
    withdrawn: Sequence[int] = (),
) -> Rebilling:
    """A first term after so many installments were invoiced and more happened."""
    cursors = [cursor(invoiced_count + 1)] if invoiced_count < len(stored.installments) else []
    term = last_term(events, rulebook)
    return bill_term(ground(*cursors, rulebook=rulebook), term, stored, withdrawn=withdrawn)


def amounts(term: BilledTerm) -> list[int]:
    return [installment.amount_minor for installment in term.installments]


def test_a_new_term_is_cut_whole_and_begins_with_its_first_installment() -> None:
    rebilling = bill(issued(36_500))
    assert rebilling.before is None
    assert sorted(amounts(rebilling.after)) == [3_041] * 4 + [3_042] * 8
    assert rebilling.credit == ()
    assert rebilling.next_installment == rebilling.after.installments[0]
    assert rebilling.changes_by_code() == {"premium": 36_500}
    assert rebilling.after.cohort == "GB monthly"
    assert rebilling.after.billed_until == date(2027, 1, 1)


def test_the_cohort_of_a_policy_without_a_jurisdiction_is_that_of_its_currency() -> None:
    assert bill(issued(jurisdiction="", plan="annual")).after.cohort == "GBP annual"


@pytest.mark.parametrize(
    ("received_on", "next_on"),
    [(RECEIVED_ON, date(2025, 12, 18)), (date(2025, 12, 18), date(2025, 12, 18)), (MID_TERM, MID_TERM)],
)
def test_billing_goes_on_two_weeks_before_the_due_day_and_never_before_it_is_known(
    received_on: date, next_on: date
) -> None:
    rebilling = bill(issued(36_500), received_on=received_on)
    assert rebilling.cursor(received_on) == TermCursor(
        "PAW-1#1", 1, next_on, rebilling.after.installments[0].amount_minor, "GB monthly"
    )


def test_what_was_invoiced_stays_and_what_follows_takes_the_difference() -> None:
    stored = bill(issued(12_000)).after
    rebilling = bill_again(stored, 6, issued(12_000), endorsed(2, date(2026, 1, 1), 18_000))
    assert rebilling.after.installments[:6] == stored.installments[:6]
    assert amounts(rebilling.after)[6:] == [2_000] * 6
    assert rebilling.next_installment == rebilling.after.installments[6]
    assert rebilling.credit_minor == 0


def test_a_term_that_has_no_cursor_and_is_not_held_is_invoiced_whole() -> None:
    stored = bill(issued(12_000)).after
    rebilling = bill_again(stored, 12, issued(12_000), endorsed(2, date(2026, 1, 1), 12_500))
    assert rebilling.after.installments[:12] == stored.installments
    assert [(i.months, i.amount_minor) for i in rebilling.after.installments[12:]] == [(0, 500)]


def test_what_was_invoiced_too_much_is_given_back_by_code_and_kept_in_mind() -> None:
    rules = rules_of(tax("12"))
    stored = bill(issued(36_500), rulebook=rules).after
    ended = bill_again(stored, 12, issued(36_500), cancelled(2, MID_TERM, requested_on=MID_TERM), rulebook=rules)
    # 184 days at 1.00, and twelve percent of them.
    assert ended.credit == (Charge("premium", 18_400), Charge("tax:ipt", 2_208))
    assert ended.after.credits == ended.credit
    assert ended.next_installment is None
    assert ended.cursor(MID_TERM) is None
    assert ended.changes_by_code() == {"premium": -18_400, "tax:ipt": -2_208}
    again = bill_again(ended.after, 12, issued(36_500), cancelled(2, date(2026, 6, 30)), rulebook=rules)
    # One more day.
    assert again.credit == (Charge("premium", 100), Charge("tax:ipt", 12))
    assert again.after.credits == (Charge("premium", 18_500), Charge("tax:ipt", 2_220))
    revoked = bill_again(again.after, 12, issued(36_500), rulebook=rules)
    assert [(i.months, i.amount_minor) for i in revoked.after.installments[12:]] == [(0, 18_500 + 2_220)]


def test_installments_taken_off_their_invoices_are_billed_by_others() -> None:
    stored = bill(issued(12_000)).after
    rebilling = bill_again(stored, 3, issued(12_000), withdrawn=[2, 3])
    assert [i.is_withdrawn for i in rebilling.after.installments[:3]] == [False, True, True]
    standing = [i for i in rebilling.after.installments if not i.is_withdrawn]
    assert [(i.number, i.months, i.amount_minor) for i in standing[:2]] == [(1, 1, 1_000), (4, 1, 1_000)]
    assert sum(i.months for i in standing) == 12
    assert sum(i.amount_minor for i in standing) == 12_000
    assert rebilling.changes_by_code() == {"premium": 0}


def test_what_is_held_has_nothing_to_invoice_and_counts_as_not_invoiced() -> None:
    held = bill(issued(12_000), hold="told late")
    assert held.after.hold == "told late"
    assert held.next_installment is None
    assert held.cursor(RECEIVED_ON) is None
    released = bill_again(held.after, 12, issued(12_000))
    assert released.after.hold == ""
    assert released.next_installment == held.after.installments[0]


def test_what_was_invoiced_is_not_held_any_more() -> None:
    stored = bill(issued(12_000)).after
    rebilling = bill_term(ground(cursor(2)), last_term([issued(12_000)], PLAIN), stored, "told late")
    assert rebilling.after.hold == ""
    assert rebilling.next_installment == stored.installments[1]


def test_fees_on_installments_are_one_charge_that_says_how_many_there_were() -> None:
    rules = rules_of(fee("installment", 35))
    stored = bill(issued(12_000), rulebook=rules).after
    assert stored.charges[-1] == Charge("fee:installment", 385, "GB-installment-2000", "11 x 0.35")
    assert stored.amount_minor == 12_385
    # Three are invoiced, two of them with a fee; the quarters that follow have two more months, then three each.
    cheaper = rules_of(fee("installment", 50))
    changed = bill_again(stored, 3, issued(12_000, plan="quarterly"), rulebook=cheaper)
    assert changed.after.charges[-1] == Charge("fee:installment", 70 + 150, "", "as invoiced")


def test_a_fee_that_was_given_back_with_the_policy_is_charged_no_more() -> None:
    rules = rules_of(fee("installment", 35), cancellation(free_look_days=14))
    stored = bill(issued(12_000), rulebook=rules).after
    ended = bill_again(stored, 3, issued(12_000), cancelled(2, date(2026, 1, 10)), rulebook=rules)
    assert ended.after.charges == ()
    assert ended.credit == (Charge("premium", 3_000), Charge("fee:installment", 70))


@pytest.mark.parametrize(
    ("events", "billed_until"),
    [
        ([cancelled(2, MID_TERM)], MID_TERM),
        ([cancelled(2, MID_TERM, method=CancellationMethod.SHORT_RATE)], MID_TERM),
        ([cancelled(2, MID_TERM, has_paid_claim=True)], date(2027, 1, 1)),
        ([cancelled(2, MID_TERM, by=CancelledBy.INSURER, method=CancellationMethod.FLAT)], date(2026, 1, 1)),
    ],
    ids=["pro rata", "short rate", "fully earned", "flat"],
)
def test_months_are_billed_until_cover_or_what_is_charged_of_it_ends(
    events: list[PolicyEvent], billed_until: date
) -> None:
    methods = (CancellationMethod.PRO_RATA, CancellationMethod.SHORT_RATE)
    rules = rules_of(cancellation(*methods, keeps_premium_after_claim=True))
    assert bill(issued(), *events, rulebook=rules).after.billed_until == billed_until


def test_a_renewal_that_waits_for_a_yes_bills_no_month() -> None:
    waiting = bill(issued(), offered(2, 40_000, is_automatic=False)).after
    assert (waiting.charges, waiting.installments, waiting.billed_until) == ((), (), date(2027, 1, 1))


def test_a_term_that_never_came_about_gives_back_all_that_was_invoiced_once() -> None:
    stored = bill(issued(12_000)).after
    voided = void_term(ground(cursor(4)), stored)
    assert voided.credit == (Charge("premium", 3_000),)
    assert voided.after.charges == ()
    assert voided.after.installments == stored.installments[:3]
    assert voided.next_installment is None
    assert voided.changes_by_code() == {"premium": -12_000}
    again = void_term(ground(), voided.after)
    assert again.credit == ()
    assert again.after == voided.after


def test_a_held_term_that_never_came_about_holds_nothing() -> None:
    voided = void_term(ground(), bill(issued(12_000), hold="told late").after)
    assert (voided.after.hold, voided.after.installments, voided.credit) == ("", (), ())


LATE = date(2026, 12, 12)
"""The day after the last on which a notice is in time: 21 days before 1 January 2027 is 11 December."""


def hold_of(*events: PolicyEvent, rulebook: Rulebook = PLAIN) -> str:
    history = fold_events([issued(), *events], rulebook)
    before: Term = history.terms[0]
    return find_hold(history.terms[1], before, rulebook)


def test_a_renewal_at_a_new_price_that_was_told_late_is_held_and_says_why() -> None:
    assert hold_of(offered(2, 40_000, notice_sent_on=LATE)) == (
        "the new price was told on 2026-12-12, 21 days before 2027-01-01 is 2026-12-11 (GB-renewal)"
    )


@pytest.mark.parametrize(
    "events",
    [
        [offered(2, 40_000, notice_sent_on=date(2026, 12, 11))],
        [offered(2, 36_500, notice_sent_on=LATE)],
        [endorsed(2, MID_TERM, 40_000), offered(3, 40_000, notice_sent_on=LATE)],
        [offered(2, 40_000, notice_sent_on=LATE, is_automatic=False)],
        [offered(2, 40_000, notice_sent_on=LATE), declined(3)],
        [offered(2, 40_000, notice_sent_on=LATE), cancelled(3, MID_TERM)],
    ],
    ids=["in time", "old price", "price of the last day", "waits for a yes", "declined", "cancelled before"],
)
def test_a_renewal_in_time_at_the_old_price_or_that_does_not_begin_is_not_held(events: list[PolicyEvent]) -> None:
    assert hold_of(*events) == ""


@pytest.mark.parametrize(
    "events",
    [
        [offered(2, 36_500, notice_sent_on=LATE, discounts=("multi_pet",))],
        [offered(2, 40_000, notice_sent_on=LATE, is_automatic=False), accepted(3)],
        [offered(2, 40_000, notice_sent_on=LATE), cancelled(3, date(2027, 6, 1))],
        [endorsed(2, MID_TERM, 40_000), offered(3, 36_500, notice_sent_on=LATE)],
    ],
    ids=["other discounts", "accepted", "ends in mid-term", "the first price of the year"],
)
def test_a_price_other_than_that_of_the_last_day_is_held_when_it_was_told_late(events: list[PolicyEvent]) -> None:
    assert hold_of(*events, rulebook=rules_of(discount("multi_pet", "5")))


HALF: Final = issued(18_100, expires_on=MID_TERM)
"""181 days at 1.00 a day."""

ANNUALISING: Final = replace(PLAIN, renewals=tuple(replace(rule, compares_annualised=True) for rule in PLAIN.renewals))


@pytest.mark.parametrize(
    ("premium_minor", "is_held", "is_held_annualised"),
    [
        (36_500, True, False),
        (36_501, True, False),  # 181 days of it are 181.00496, which is rounded to 181.00
        (36_503, True, True),  # 181.0149 is not
        (18_100, False, True),
    ],
)
def test_prices_of_terms_of_different_lengths_are_compared_for_a_year_where_the_rule_says_so(
    premium_minor: int, is_held: bool, is_held_annualised: bool
) -> None:
    late = offered(2, premium_minor, effective_on=MID_TERM, notice_sent_on=date(2026, 6, 20))
    for rulebook, expected in ((PLAIN, is_held), (ANNUALISING, is_held_annualised)):
        before, term = fold_events([HALF, late], rulebook).terms
        assert bool(find_hold(term, before, rulebook)) is expected
        # A lower price, or the old one, may be told late in place of one that was told in time.
        in_time = offered(2, 40_000, effective_on=MID_TERM, notice_sent_on=date(2026, 6, 1))
        again = fold_events([HALF, in_time, replace(late, transaction_number=3)], rulebook)
        assert (3 in again.refusals) is expected


def test_other_discounts_are_another_price_however_long_the_terms_are() -> None:
    rulebook = replace(rules_of(discount("multi_pet", "5")), renewals=ANNUALISING.renewals)
    late = offered(2, 36_500, effective_on=MID_TERM, notice_sent_on=date(2026, 6, 20), discounts=("multi_pet",))
    before, term = fold_events([HALF, late], rulebook).terms
    assert find_hold(term, before, rulebook)


def test_neither_a_first_term_nor_one_without_rules_is_held() -> None:
    history = fold_events([issued(), offered(2, 40_000, notice_sent_on=LATE)], PLAIN)
    assert find_hold(history.terms[0], None, PLAIN) == ""
    told = replace(issued(jurisdiction=""), price=replace(issued().price, told=(told_tax(5),)))
    history = fold_events([told, offered(2, 40_000, notice_sent_on=LATE)], PLAIN)
    assert find_hold(history.terms[1], history.terms[0], PLAIN) == ""
