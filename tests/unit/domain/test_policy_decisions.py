"""What one more event of a policy means: postings, cursors, discrepancies and mandates, and why in words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import pytest

from pawledger.domain.billing.rulebook import CancellationMethod, Rulebook
from pawledger.domain.books.entries import Allocation, Decision, LedgerAccount, TermCursor
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.policy.policies import PolicyRefusedError
from pawledger.domain.policy.policy_decisions import (
    TERMS_BILLING_MAX,
    MandateClaim,
    PolicyDecision,
    decide_policy_event,
)
from pawledger.domain.policy.policy_events import (
    CancelledBy,
    DueDayChanged,
    PayerChanged,
    PlanChanged,
    PlanChangeScope,
    PolicyEvent,
    event_as_facts,
)
from pawledger.domain.policy.policy_findings import DISCREPANCIES_BORN_MAX
from pawledger.domain.policy.policy_ground import PolicyGround
from pawledger.domain.posting.bank_movements import Movement
from pawledger.domain.worklist.discrepancies import DiscrepancyKind
from tests.builders.books import Book, Delivery
from tests.builders.movements import build_movement
from tests.builders.policies import ACCOUNT_ID
from tests.builders.policies import tax as told_tax
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
    of_policy,
    offered,
    rules_of,
    tax,
)

RECEIVED_ON: Final = date(2025, 12, 1)
MID_TERM: Final = date(2026, 7, 1)
"""181 days of the usual year lie before it, and 184 from it on."""
LATE: Final = date(2026, 12, 20)

TAXED: Final = rules_of(tax("12"))


def plan_changed(
    number: int, plan: str, on: date = MID_TERM, scope: PlanChangeScope = PlanChangeScope.NOT_INVOICED
) -> PlanChanged:
    return PlanChanged(**of_policy(number), effective_on=on, plan=plan, scope=scope)


def payer_changed(number: int, mandate_id: str = "M-2") -> PayerChanged:
    return PayerChanged(**of_policy(number), effective_on=MID_TERM, mandate_id=mandate_id)


def book_of(*events: PolicyEvent, rulebook: Rulebook = TAXED) -> Book:
    book = Book(rulebook=rulebook)
    for event in events:
        assert book.deliver_event(event, RECEIVED_ON) is Delivery.RECORDED
    return book


def decide(
    *earlier: PolicyEvent, event: PolicyEvent, rulebook: Rulebook = TAXED, received_on: date = RECEIVED_ON
) -> PolicyDecision:
    """What the event means after the others."""
    return book_of(*earlier, rulebook=rulebook).decide_event(event, received_on)


def postings_of(decision: Decision) -> dict[LedgerAccount, int]:
    return {posting.ledger_account: posting.amount_minor for posting in decision.postings}


def kinds_of(decided: PolicyDecision) -> list[str]:
    return [found.kind.value for found in decided.discrepancies]


def pay(book: Book, amount_minor: int, movement: Movement = Movement.PAYMENT) -> None:
    book.deliver_movement(
        build_movement(
            f"{movement}-{len(book.stored)}",
            movement=movement,
            amount_minor=amount_minor,
            currency="GBP",
            booked_on=RECEIVED_ON,
        )
    )


# Entries.


def test_a_policy_charges_premium_and_tax_and_says_how_they_were_computed() -> None:
    decision = decide(event=issued()).decision
    assert decision.entry_id == "policy#PAW-1#00001"
    assert decision.occurred_on == RECEIVED_ON
    assert decision.source == {"event_id": "e-1"}
    assert decision.facts == event_as_facts(issued())
    assert postings_of(decision) == {
        LedgerAccount.UNBILLED: 40_880,
        LedgerAccount.PREMIUM: -36_500,
        LedgerAccount.TAX: -4_380,
    }
    assert decision.opens_account_in == "GBP"
    assert decision.details == {"charges": {"PAW-1#1": [["tax:ipt", 4_380, "GB-ipt-2000", "12 % of 365.00"]]}}
    assert decision.reason == "Policy PAW-1 is issued on 2026-01-01; term 1 charges 408.80 GBP, paid monthly."


def test_what_was_told_needs_no_arithmetic() -> None:
    assert decide(event=issued(jurisdiction="", told=(told_tax(500),))).decision.details is None


def test_a_discount_is_posted_against_the_premium() -> None:
    rules = rules_of(tax("12"), discount("multi_pet", "5"))
    decision = decide(event=issued(36_500, discounts=("multi_pet",)), rulebook=rules).decision
    # 18.25 less, and twelve percent of 346.75 is 41.61.
    assert postings_of(decision) == {
        LedgerAccount.UNBILLED: 36_500 - 1_825 + 4_161,
        LedgerAccount.PREMIUM: -36_500,
        LedgerAccount.DISCOUNT: 1_825,
        LedgerAccount.TAX: -4_161,
    }


def test_a_change_posts_the_difference_alone_and_its_reversal_posts_it_back() -> None:
    change = endorsed(2, MID_TERM, 73_000)
    changed = decide(issued(), event=change).decision
    # 184 days at 1.00 more, and twelve percent of them.
    assert postings_of(changed) == {
        LedgerAccount.UNBILLED: 20_608,
        LedgerAccount.PREMIUM: -18_400,
        LedgerAccount.TAX: -2_208,
    }
    assert changed.reason == ("Policy PAW-1 is endorsed on 2026-07-01; term 1 charges 614.88 GBP instead of 408.80.")
    assert changed.opens_account_in is None
    reversed_by = decide(issued(), change, event=endorsed(3, MID_TERM, 36_500)).decision
    assert postings_of(reversed_by) == {name: -minor for name, minor in postings_of(changed).items()}


def test_an_event_that_waits_is_an_entry_without_postings_that_says_why() -> None:
    decided = decide(event=endorsed(2, MID_TERM, 73_000))
    decision = decided.decision
    assert (decision.postings, decision.cursors, decided.terms, decision.opens_account_in) == ((), (), (), None)
    assert decision.reason == (
        "Transaction 2 of policy PAW-1 changes nothing: policy PAW-1 is not known yet; it counts when the policy is "
        "issued."
    )


def test_only_terms_that_change_are_written() -> None:
    decided = decide(issued(), offered(2, 40_000), event=endorsed(3, date(2027, 7, 1), 50_000))
    assert [term.term_id for term in decided.terms] == ["PAW-1#2"]


def test_a_change_of_the_last_price_is_compared_with_the_renewal_that_was_offered() -> None:
    decided = decide(issued(), offered(2, 40_000, notice_sent_on=LATE), event=endorsed(3, MID_TERM, 40_000))
    assert [(term.number, term.hold) for term in decided.terms] == [(1, ""), (2, "")]
    assert {found.kind for found in decided.healed} == {DiscrepancyKind.RENEWAL_NOTICE_LATE}


def test_a_policy_of_which_nothing_is_left_to_invoice_leaves_the_agenda() -> None:
    event = cancelled(2, date(2026, 1, 1), by=CancelledBy.INSURER, method=CancellationMethod.FLAT)
    decided = decide(issued(), event=event)
    assert decided.decision.finished_terms == ("PAW-1#1",)
    assert decided.decision.cursors == ()
    # A term that is on no agenda is not taken off it either.
    assert decide(issued(), offered(2, 40_000, is_automatic=False), event=declined(3)).decision.finished_terms == ()


def test_a_policy_that_is_ended_before_it_was_issued_by_an_event_that_came_first_charges_its_days() -> None:
    early = book_of(cancelled(2, MID_TERM)).decide_event(issued(), RECEIVED_ON)
    assert postings_of(early.decision)[LedgerAccount.UNBILLED] == 18_100 + 2_172


def test_a_renewal_that_an_earlier_transaction_makes_impossible_is_taken_back() -> None:
    book = book_of(issued(), offered(3, 40_000))
    book.bill(date(2027, 2, 1))
    decided = book.decide_event(cancelled(2, MID_TERM), LATE)
    voided = next(term for term in decided.terms if term.number == 2)
    assert voided.charges == ()
    # Of twelve installments those of January and February were invoiced.
    invoiced = book.terms["PAW-1#2"].installments[:2]
    assert sum(charge.amount_minor for charge in voided.credits) == sum(i.amount_minor for i in invoiced)
    assert decided.decision.finished_terms == ("PAW-1#2",)
    assert kinds_of(decided) == ["policy_event_without_effect"]


# Money given back.


def test_what_is_given_back_settles_open_invoices_first_and_says_so() -> None:
    book = book_of(issued(36_500, plan="semi_annual"))
    book.bill(MID_TERM)
    first, second = book.head.open_invoices
    pay(book, first.remaining_minor)
    decision = book.decide_event(cancelled(2, MID_TERM), MID_TERM).decision
    # 184.00 and 22.08 of tax: the second half year was 204.40, and 1.68 of the first is given back as well.
    assert decision.allocations == (Allocation(second.invoice_id, 20_440),)
    assert postings_of(decision) == {
        LedgerAccount.PREMIUM: 18_400,
        LedgerAccount.TAX: 2_208,
        LedgerAccount.RECEIVABLE: -20_440,
        LedgerAccount.UNAPPLIED: -168,
    }
    assert decision.reason == (
        "Policy PAW-1 is cancelled on 2026-07-01: the days of cover are kept; term 1 charges 202.72 GBP instead of "
        "408.80; 206.08 is given back, "
        "204.40 of it settles open invoices."
    )


def test_an_invoice_that_is_taken_back_is_not_settled_as_well() -> None:
    rules = rules_of(fee("issuance", 6_000, plans=("monthly",)))
    book = book_of(issued(12_000), rulebook=rules)
    book.bill(date(2026, 6, 16))
    invoices = book.head.open_invoices
    pay(book, 3 * 1_500 + 400)
    # Of six invoices over 15.00 three are paid, the fourth in part. Without the fee of its plan the year costs 120.00,
    # of which 60.00 stand on invoices when the last two are taken off them.
    change = plan_changed(2, "annual", date(2026, 6, 16), PlanChangeScope.NOT_PAID)
    decision = book.decide_event(change, MID_TERM).decision
    assert decision.allocations == (
        Allocation(invoices[4].invoice_id, 1_500),
        Allocation(invoices[5].invoice_id, 1_500),
    )
    assert postings_of(decision) == {
        LedgerAccount.RECEIVABLE: -3_000,
        LedgerAccount.UNBILLED: -6_000 + 3_000,
        LedgerAccount.FEE: 6_000,
    }
    assert f"taken off unpaid invoices {invoices[4].invoice_id}, {invoices[5].invoice_id}" in decision.reason


def test_what_is_taken_off_an_invoice_and_what_is_given_back_never_settle_the_same() -> None:
    rules = rules_of(fee("issuance", 60_000, plans=("monthly",)))
    book = book_of(issued(12_000), rulebook=rules)
    book.bill(date(2026, 3, 18))
    first, second, third, fourth = book.head.open_invoices
    pay(book, 14_400)
    change = plan_changed(2, "annual", date(2026, 3, 18), PlanChangeScope.NOT_PAID)
    decision = book.decide_event(change, date(2026, 3, 18)).decision
    # The year costs 120.00. 180.00 stand on invoices after the fourth is taken back, so that 60.00 are given back: the
    # rest of the third, 36.00, and 24.00 of the account's own.
    assert sorted(decision.allocations, key=lambda a: a.invoice_id) == [
        Allocation(third.invoice_id, 3_600),
        Allocation(fourth.invoice_id, 6_000),
    ]
    assert postings_of(decision)[LedgerAccount.UNAPPLIED] == -2_400
    assert {first.invoice_id, second.invoice_id}.isdisjoint(a.invoice_id for a in decision.allocations)


def test_a_plan_told_again_as_it_is_takes_no_invoice_back() -> None:
    book = book_of(issued(12_000))
    book.bill(MID_TERM)
    decided = book.decide_event(plan_changed(2, "monthly", scope=PlanChangeScope.NOT_PAID), MID_TERM)
    assert decided.decision.allocations == ()
    assert decided.terms == ()


# The discount for paying in full.

IN_FULL: Final = rules_of(discount("pay_in_full", "5"))


@pytest.mark.parametrize(
    ("plan", "other", "year_minor"), [("monthly", "annual", 12_000), ("annual", "monthly", 11_400)]
)
def test_a_plan_told_when_all_is_invoiced_moves_no_discount_and_is_told_as_without_effect(
    plan: str, other: str, year_minor: int
) -> None:
    book = book_of(issued(12_000, plan=plan), rulebook=IN_FULL)
    book.bill(date(2026, 12, 31))
    pay(book, year_minor)
    decided = book.decide_event(plan_changed(2, other), MID_TERM)
    assert decided.decision.postings == ()
    assert decided.decision.cursors == ()
    assert kinds_of(decided) == ["policy_event_without_effect"]
    assert [term.amount_minor for term in decided.terms] == [year_minor]
    # Nor does what happens later: 184 of 365 days are given back of what the year cost.
    assert book.deliver_event(plan_changed(2, other), MID_TERM) is Delivery.RECORDED
    ended = book.decide_event(cancelled(3, MID_TERM, requested_on=MID_TERM), MID_TERM)
    assert [term.amount_minor for term in ended.terms] == [
        5_951 - (298 if plan == "annual" else 0)  # 12,000 x 181/365 is 5,950.7, and five percent of it 297.5
    ]


def test_a_plan_of_one_installment_earns_no_discount_after_the_first_months_were_invoiced() -> None:
    book = book_of(issued(12_000), rulebook=IN_FULL)
    book.bill(date(2026, 2, 15))
    decided = book.decide_event(plan_changed(2, "annual"), date(2026, 2, 20))
    assert decided.decision.postings == ()
    # Three of twelve months are invoiced, the rest comes at once.
    assert [cursor.amount_minor for cursor in decided.decision.cursors] == [9_000]
    assert kinds_of(decided) == []


def test_a_year_that_is_taken_off_its_unpaid_invoice_loses_the_discount_and_says_so() -> None:
    book = book_of(issued(12_000, plan="annual"), rulebook=IN_FULL)
    book.bill(date(2026, 1, 1))
    change = plan_changed(2, "monthly", date(2026, 1, 1), PlanChangeScope.NOT_PAID)
    decision = book.decide_event(change, date(2026, 1, 2)).decision
    assert postings_of(decision) == {
        LedgerAccount.RECEIVABLE: -11_400,
        LedgerAccount.UNBILLED: 11_400 + 600,
        LedgerAccount.DISCOUNT: -600,
    }
    assert "charges 120.00 GBP instead of 114.00, without the discount of 6.00 for paying in full" in decision.reason


def test_months_that_are_all_taken_off_unpaid_invoices_and_billed_at_once_earn_the_discount() -> None:
    book = book_of(issued(12_000), rulebook=IN_FULL)
    book.bill(date(2026, 2, 15))
    change = plan_changed(2, "annual", MID_TERM, PlanChangeScope.NOT_PAID)
    assert postings_of(book.decide_event(change, date(2026, 2, 20)).decision)[LedgerAccount.DISCOUNT] == 600


# The account.


def test_money_that_came_before_the_first_policy_is_the_accounts_own_then() -> None:
    book = Book(rulebook=TAXED)
    pay(book, 1_500)
    decision = book.decide_event(issued(), RECEIVED_ON).decision
    assert postings_of(decision)[LedgerAccount.SUSPENSE] == 1_500
    assert postings_of(decision)[LedgerAccount.UNAPPLIED] == -1_500
    assert "15.00 GBP that came before it is now the account's" in decision.reason
    # An event that waits opens no account.
    assert book.decide_event(endorsed(2, MID_TERM, 73_000), RECEIVED_ON).decision.postings == ()


def test_money_that_was_taken_back_before_the_first_policy_goes_on_waiting() -> None:
    book = Book(rulebook=TAXED)
    pay(book, 700, Movement.RETURN)
    decision = book.decide_event(issued(), RECEIVED_ON).decision
    assert LedgerAccount.SUSPENSE not in postings_of(decision)


def ground(head: AccountHead, events: Sequence[PolicyEvent] = ()) -> PolicyGround:
    return PolicyGround(head=head, events=events, terms=(), rulebook=TAXED, received_on=RECEIVED_ON)


def test_an_account_is_invoiced_in_one_currency() -> None:
    head = AccountHead(ACCOUNT_ID, currency="EUR")
    with pytest.raises(PolicyRefusedError, match="account HOME0001 is invoiced in EUR, not GBP"):
        decide_policy_event(ground(head), issued())


def full_head() -> AccountHead:
    cursors = tuple(TermCursor(f"CAT-{n}#1", 1, RECEIVED_ON, 0) for n in range(TERMS_BILLING_MAX))
    return AccountHead(ACCOUNT_ID, currency="GBP", cursors=cursors)


def test_an_account_bills_so_many_terms_and_no_policy_more() -> None:
    head = full_head()
    with pytest.raises(PolicyRefusedError, match=f"already bills {TERMS_BILLING_MAX} terms"):
        decide_policy_event(ground(head), issued())
    assert decide_policy_event(ground(replace(head, cursors=head.cursors[1:])), issued()).terms


def test_a_policy_that_made_the_account_full_can_be_told_again() -> None:
    assert decide_policy_event(ground(full_head(), [issued()]), issued()).decision.entry_id == "policy#PAW-1#00001"


# Discrepancies.


@pytest.mark.parametrize(
    ("earlier", "event", "kind"),
    [
        ([], endorsed(2, MID_TERM, 1), "policy_unknown"),
        ([], died(2, MID_TERM, None), "policy_unknown"),
        ([issued()], died(2, MID_TERM, None), "death_unproven"),
        ([issued()], died(2, date(2028, 1, 1)), "policy_event_without_effect"),
        ([issued()], endorsed(2, date(2028, 1, 1), 1), "policy_event_without_effect"),
        ([issued()], offered(2, 40_000, notice_sent_on=LATE), "renewal_notice_late"),
    ],
)
def test_what_has_no_effect_is_named_by_its_kind(earlier: list[PolicyEvent], event: PolicyEvent, kind: str) -> None:
    decided = decide(*earlier, event=event)
    assert kinds_of(decided) == [kind]
    assert decided.healed == ()


def test_a_discrepancy_says_which_transaction_and_why_and_from_when_on() -> None:
    (found,) = decide(issued(), event=endorsed(2, date(2028, 1, 1), 1)).discrepancies
    assert found.subject == "policy#PAW-1#00002"
    assert found.what == (
        "Transaction 2 of policy PAW-1 changes nothing: nothing can change on 2028-01-01: cover ends on 2027-01-01."
    )
    assert (found.account_id, found.born_on) == (ACCOUNT_ID, RECEIVED_ON)


def test_a_held_renewal_is_told_with_what_it_would_cost() -> None:
    (found,) = decide(issued(), event=offered(2, 40_000, notice_sent_on=LATE)).discrepancies
    assert (found.currency, found.amount_minor) == ("GBP", 44_800)
    assert "Term 2 of policy PAW-1 is not invoiced: the new price was told on 2026-12-20" in found.what


def test_what_waited_for_a_policy_and_makes_no_sense_with_it_changes_its_kind() -> None:
    decided = decide(endorsed(2, date(2028, 1, 1), 1), died(3, MID_TERM, None), event=issued())
    assert sorted(kinds_of(decided)) == ["death_unproven", "policy_event_without_effect"]
    assert {found.kind for found in decided.healed} == {DiscrepancyKind.POLICY_UNKNOWN}


def test_what_was_told_once_is_not_told_by_every_event_after_it() -> None:
    senseless = endorsed(2, date(2028, 1, 1), 1)
    assert decide(issued(), senseless, event=endorsed(3, MID_TERM, 73_000)).discrepancies == ()
    assert decide(issued(), offered(2, 1, notice_sent_on=LATE), event=endorsed(3, MID_TERM, 2)).discrepancies == ()


def test_a_finding_that_comes_back_is_another_discrepancy_and_heals_by_whatever_explains_it() -> None:
    late = offered(2, 40_000, notice_sent_on=LATE)
    first = decide(issued(), event=late).discrepancies
    old_price = offered(3, 36_500, notice_sent_on=LATE)
    changed = endorsed(4, MID_TERM, 30_000)  # so that the offer does not keep the old price any more
    again = decide(issued(), late, old_price, event=changed).discrepancies
    assert [found.kind for found in first] == [found.kind for found in again]
    assert first[0].discrepancy_id != again[0].discrepancy_id
    healed = decide(issued(), late, old_price, changed, event=declined(5)).healed
    assert {found.discrepancy_id for found in (*first, *again)} <= {found.discrepancy_id for found in healed}


def test_one_entry_gives_birth_to_so_many_discrepancies_and_counts_the_rest() -> None:
    late = [endorsed(number, MID_TERM, 1_000 + number) for number in range(3, 3 + DISCREPANCIES_BORN_MAX)]
    at_limit = decide(issued(), *late, event=cancelled(2, date(2026, 2, 1)))
    assert len(at_limit.discrepancies) == DISCREPANCIES_BORN_MAX
    more = [*late, endorsed(90, MID_TERM, 1), endorsed(91, MID_TERM, 2)]
    beyond = decide(issued(), *more, event=cancelled(2, date(2026, 2, 1)))
    assert len({found.discrepancy_id for found in beyond.discrepancies}) == DISCREPANCIES_BORN_MAX
    assert beyond.discrepancies[-1].what.startswith("3 further transactions of policy PAW-1 change nothing")


def test_a_plan_for_which_nothing_is_left_to_cut_is_a_discrepancy_of_its_own() -> None:
    book = book_of(issued(12_000))
    book.bill(date(2026, 12, 31))
    assert kinds_of(book.decide_event(plan_changed(2, "quarterly"), MID_TERM)) == ["policy_event_without_effect"]
    # A renewal that is still to be cut is an effect.
    with_renewal = book_of(issued(12_000), offered(2, 13_000))
    with_renewal.bill(date(2026, 12, 17))
    assert kinds_of(with_renewal.decide_event(plan_changed(3, "quarterly"), MID_TERM)) == []


# Mandates.


def test_an_event_that_counts_binds_its_mandate_and_one_that_waits_none() -> None:
    waiting = payer_changed(2)
    assert decide(event=waiting).mandates == ()
    assert decide(issued(), event=waiting).mandates == (MandateClaim("M-2", "policy#PAW-1#00002"),)
    policy = replace(issued(), mandate_id="M-1")
    assert decide(event=policy).mandates == (MandateClaim("M-1", "policy#PAW-1#00001"),)
    assert decide(event=issued()).mandates == ()


def test_an_event_binds_its_own_mandate_first_and_then_those_that_waited_for_it() -> None:
    policy = replace(issued(), mandate_id="M-1")
    claims = decide(payer_changed(2), event=policy).mandates
    assert [claim.mandate_id for claim in claims] == ["M-1", "M-2"]


def test_mandates_that_were_bound_before_are_not_bound_again_by_other_events() -> None:
    assert decide(issued(), payer_changed(2), event=endorsed(3, MID_TERM, 73_000)).mandates == ()


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (died(3, MID_TERM), "ends with the death of the pet on 2026-07-01"),
        (declined(3), "is not renewed on 2027-01-01"),
        (accepted(3), "is renewed on 2027-01-01"),
        (plan_changed(3, "semi_annual"), "is paid by another plan on 2026-07-01"),
        (DueDayChanged(**of_policy(3), effective_on=MID_TERM, due_day=15), "is due on another day of the month on"),
        (payer_changed(3), "is paid by another mandate on 2026-07-01"),
        (offered(3, 40_000), "is offered its renewal on 2027-01-01"),
    ],
)
def test_each_event_says_in_words_what_happened(event: PolicyEvent, what: str) -> None:
    decided = decide(issued(), offered(2, 40_000, is_automatic=False), event=event)
    assert f"Policy PAW-1 {what}" in decided.decision.reason


def test_rules_in_another_currency_than_the_policy_refuse_it() -> None:
    with pytest.raises(PolicyRefusedError, match="in EUR, the policy in GBP"):
        decide(event=issued(), rulebook=rules_of(fee("issuance", 500, currency="EUR"), cancellation()))


# What the entry says of ends, of renewals that wait and of those that are held.


def test_a_cancellation_says_what_is_kept_and_whether_it_was_within_the_free_look() -> None:
    early = decide(issued(), event=cancelled(2, date(2026, 1, 8))).decision.reason
    assert early.startswith("Policy PAW-1 is cancelled on 2026-01-08 within the free look: nothing is kept;")


def test_a_renewal_that_waits_for_a_yes_is_not_said_to_cost_nothing() -> None:
    reason = decide(issued(), event=offered(2, 40_000, is_automatic=False)).decision.reason
    assert reason == "Policy PAW-1 is offered its renewal on 2027-01-01; term 2 waits to be accepted."


def test_a_held_renewal_says_so_and_why() -> None:
    reason = decide(issued(), event=offered(2, 40_000, notice_sent_on=LATE)).decision.reason
    assert f", held because the new price was told on {LATE}" in reason
