"""Policy histories: what events mean together, which of them cannot be, and that their order of arrival is nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from typing import Final

import pytest

from pawledger.domain.billing.rulebook import CancellationMethod, UnknownRuleError
from pawledger.domain.policy.policies import Charge
from pawledger.domain.policy.policy_events import (
    CancelledBy,
    DueDayChanged,
    PayerChanged,
    PlanChanged,
    PolicyEvent,
)
from pawledger.domain.policy.policy_history import PolicyHistory, Term, TermEnd, fold_events
from tests.builders.policy_terms import (
    FIRST_DAY,
    accepted,
    cancellation,
    cancelled,
    declined,
    died,
    discount,
    endorsed,
    issued,
    of_policy,
    offered,
    rules_of,
)

MID_TERM: Final = FIRST_DAY + timedelta(days=100)
RENEWS_ON: Final = date(2027, 1, 1)
FLAT, PRO_RATA = CancellationMethod.FLAT, CancellationMethod.PRO_RATA
SHORT_RATE, FULLY_EARNED = CancellationMethod.SHORT_RATE, CancellationMethod.FULLY_EARNED
RULEBOOK: Final = rules_of(discount("multi_pet", "10"))


def fold(*events: PolicyEvent) -> PolicyHistory:
    return fold_events(events, RULEBOOK)


def terms(*events: PolicyEvent) -> tuple[Term, ...]:
    history = fold(*events)
    assert history.refusals == {}
    return history.terms


def end_of(*events: PolicyEvent) -> TermEnd | None:
    return terms(*events)[-1].end


def refusal(*events: PolicyEvent) -> str:
    """Why the last event changes nothing; nothing else is refused, and the others mean what they meant before."""
    history = fold(*events)
    last = events[-1].transaction_number
    assert list(history.refusals) == [last]
    assert history.terms == fold(*events[:-1]).terms
    return history.refusals[last]


def plan_changed(number: int, plan: str, effective_on: date = MID_TERM) -> PlanChanged:
    return PlanChanged(**of_policy(number), effective_on=effective_on, plan=plan)


def due_day_changed(number: int, due_day: int, effective_on: date = MID_TERM) -> DueDayChanged:
    return DueDayChanged(**of_policy(number), effective_on=effective_on, due_day=due_day)


class TestIssue:
    def test_an_issued_policy_is_its_first_term(self) -> None:
        (term,) = terms(issued(due_day=5, issued_on=date(2025, 12, 20)))
        assert (term.number, term.effective_on, term.expires_on) == (1, FIRST_DAY, RENEWS_ON)
        assert (term.plan, term.due_day, term.issued_on) == ("monthly", 5, date(2025, 12, 20))
        assert term.jurisdiction == "GB"
        assert term.is_begun
        assert term.covers(FIRST_DAY)
        assert term.covers(date(2026, 12, 31))
        assert not term.covers(RENEWS_ON)

    def test_the_contract_came_about_on_its_first_day_where_nothing_else_is_said(self) -> None:
        assert terms(issued())[0].issued_on == FIRST_DAY

    def test_a_policy_is_issued_once(self) -> None:
        again = replace(issued(99_900), transaction_number=2)
        assert refusal(issued(), again) == "policy PAW-1 was issued before"

    @pytest.mark.parametrize("event", [endorsed(2, MID_TERM, 1), died(2, MID_TERM), offered(2, 1), declined(2)])
    def test_nothing_counts_before_the_policy_is_issued_and_all_counts_afterwards(self, event: PolicyEvent) -> None:
        assert refusal(event) == "policy PAW-1 is not known yet; it counts when the policy is issued"
        expected = {2: "no renewal that begins on 2027-01-01 was offered"} if event == declined(2) else {}
        assert fold(event, issued()).refusals == expected


class TestPrices:
    def test_a_price_counts_from_its_day_until_the_next(self) -> None:
        (term,) = terms(issued(), endorsed(2, MID_TERM, 50_000), endorsed(3, MID_TERM + timedelta(days=9), 60_000))
        assert [(p.effective_on, p.price.premium_minor) for p in term.prices] == [
            (FIRST_DAY, 36_500),
            (MID_TERM, 50_000),
            (MID_TERM + timedelta(days=9), 60_000),
        ]

    def test_a_price_replaces_what_that_day_and_later_ones_had_before(self) -> None:
        later = MID_TERM + timedelta(days=9)
        (term,) = terms(issued(), endorsed(2, later, 60_000), endorsed(3, MID_TERM, 50_000))
        assert [p.price.premium_minor for p in term.prices] == [36_500, 50_000]
        (term,) = terms(issued(), endorsed(2, FIRST_DAY, 50_000))
        assert [p.price.premium_minor for p in term.prices] == [50_000]

    def test_a_move_counts_from_its_day_on_and_is_inherited(self) -> None:
        after = MID_TERM + timedelta(days=9)
        events = issued(), endorsed(2, MID_TERM, 50_000, jurisdiction="DE"), endorsed(3, after, 60_000), offered(4, 1)
        first, renewal = terms(*events)
        assert [p.jurisdiction for p in first.prices] == ["GB", "DE", "DE"]
        assert renewal.jurisdiction == "DE"

    def test_an_offered_renewal_can_be_endorsed_before_it_begins(self) -> None:
        _, renewal = terms(issued(), offered(2, 40_000), endorsed(3, RENEWS_ON, 41_000))
        assert [p.price.premium_minor for p in renewal.prices] == [41_000]

    @pytest.mark.parametrize(
        ("event", "reason"),
        [
            (endorsed(2, date(2025, 12, 31), 1), "nothing can change on 2025-12-31: cover begins on 2026-01-01"),
            (endorsed(2, RENEWS_ON, 1), "nothing can change on 2027-01-01: cover ends on 2027-01-01"),
            (endorsed(2, MID_TERM, 1, currency="EUR"), "the currency cannot change from GBP to EUR in mid-term"),
            (endorsed(2, MID_TERM, 1, discounts=("staff",)), "no discount 'staff' is known in GB on 2026-01-01"),
            (
                endorsed(2, MID_TERM, 1, told=(Charge("tax", 1),)),
                "taxes, fees and discounts follow from the rules of GB; none can be told",
            ),
            (
                endorsed(2, MID_TERM, 1, jurisdiction=""),
                "a policy whose taxes the policy system tells cannot move into a jurisdiction of the rules",
            ),
        ],
    )
    def test_what_cannot_be_is_refused(self, event: PolicyEvent, reason: str) -> None:
        assert refusal(issued(), event) == reason

    def test_a_discount_needs_a_jurisdiction_that_says_what_it_is(self) -> None:
        reason = "no rules of a jurisdiction say what the discount 'multi_pet' is"
        assert refusal(issued(jurisdiction=""), endorsed(2, MID_TERM, 1, discounts=("multi_pet",))) == reason

    def test_nothing_changes_after_the_cover(self) -> None:
        reason = f"nothing can change on {MID_TERM}: cover ends on {MID_TERM}"
        assert refusal(issued(), cancelled(2, MID_TERM), endorsed(3, MID_TERM, 1)) == reason


class TestDeath:
    def test_the_day_of_death_is_the_last_day_of_cover(self) -> None:
        (term,) = terms(issued(), died(2, MID_TERM))
        assert term.end == TermEnd(MID_TERM + timedelta(days=1), PRO_RATA, is_by_customer=True, is_death=True)
        assert term.covers(MID_TERM)

    def test_a_pet_that_died_before_its_cover_began_was_never_covered(self) -> None:
        for day in (date(2025, 12, 31), date(2025, 6, 1)):
            assert end_of(issued(), died(2, day)) == TermEnd(FIRST_DAY, FLAT, is_by_customer=True, is_death=True)

    def test_a_death_on_the_last_day_ends_what_would_have_followed(self) -> None:
        first, renewal = terms(issued(), offered(2, 40_000), died(3, date(2026, 12, 31)))
        assert first.end is None
        assert renewal.end == TermEnd(RENEWS_ON, FLAT, is_by_customer=True, is_death=True)
        reason = "cover ends on 2027-01-01; what has ended cannot be renewed"
        assert refusal(issued(), died(2, date(2026, 12, 31)), offered(3, 40_000)) == reason

    def test_an_earlier_end_than_the_known_one_counts_and_a_later_one_does_not(self) -> None:
        earlier, later = MID_TERM - timedelta(days=30), MID_TERM + timedelta(days=30)
        end = end_of(issued(), cancelled(2, MID_TERM), died(3, earlier))
        assert end is not None
        assert end.on == earlier + timedelta(days=1)
        assert refusal(issued(), cancelled(2, MID_TERM), died(3, later)) == f"cover ended on {MID_TERM} already"

    def test_without_a_document_nothing_ends(self) -> None:
        assert refusal(issued(), died(2, MID_TERM, evidence=None)) == "the death of the pet is not shown by a document"

    def test_a_death_in_the_term_before_voids_the_renewal(self) -> None:
        _, renewal = terms(issued(), offered(2, 40_000), accepted(3), died(4, MID_TERM))
        assert renewal.end == TermEnd(RENEWS_ON, FLAT, is_by_customer=True)


class TestCancellation:
    @pytest.mark.parametrize(("days", "method"), [(0, FLAT), (14, FLAT), (15, PRO_RATA)])
    def test_the_customer_gets_all_back_within_the_free_look(self, days: int, method: CancellationMethod) -> None:
        day = FIRST_DAY + timedelta(days=days)
        end = end_of(issued(), cancelled(2, day))
        assert end is not None
        assert (end.method, end.is_free_look) == (method, method is FLAT)
        assert end.on == (FIRST_DAY if method is FLAT else day)

    def test_who_asks_early_for_a_day_after_the_free_look_keeps_the_cover_until_then(self) -> None:
        end = end_of(issued(), cancelled(2, MID_TERM, requested_on=FIRST_DAY))
        assert end == TermEnd(MID_TERM, PRO_RATA, is_by_customer=True)

    def test_a_cancellation_when_the_term_expires_gives_nothing_back_whatever_is_asked_for(self) -> None:
        for method in (FLAT, None):
            end = end_of(issued(), cancelled(2, RENEWS_ON, method=method))
            assert end == TermEnd(RENEWS_ON, PRO_RATA, is_by_customer=True)

    def test_the_free_look_counts_from_the_issue_where_that_is_later_than_the_first_day(self) -> None:
        for issued_on, latest_on in ((date(2026, 1, 11), date(2026, 1, 25)), (date(2025, 12, 1), date(2026, 1, 15))):
            for asked_on, is_free_look in ((latest_on, True), (latest_on + timedelta(days=1), False)):
                end = end_of(issued(issued_on=issued_on), cancelled(2, asked_on))
                assert end is not None
                assert end.is_free_look is is_free_look

    def test_a_claim_ends_the_free_look(self) -> None:
        end = end_of(issued(), cancelled(2, date(2026, 1, 8), has_claim=True))
        assert end == TermEnd(date(2026, 1, 8), PRO_RATA, is_by_customer=True)

    def test_an_insurer_has_no_free_look(self) -> None:
        end = end_of(issued(), cancelled(2, date(2026, 1, 8), by=CancelledBy.INSURER))
        assert end == TermEnd(date(2026, 1, 8), PRO_RATA, is_by_customer=False)

    def test_a_renewal_has_no_free_look(self) -> None:
        _, renewal = terms(issued(), offered(2, 40_000), cancelled(3, date(2027, 1, 8)))
        assert renewal.end == TermEnd(date(2027, 1, 8), PRO_RATA, is_by_customer=True)

    @pytest.mark.parametrize(
        ("by", "has_paid_claim", "method"),
        [
            (CancelledBy.CUSTOMER, True, FULLY_EARNED),
            (CancelledBy.CUSTOMER, False, PRO_RATA),
            (CancelledBy.INSURER, True, PRO_RATA),
        ],
    )
    def test_a_paid_claim_makes_all_due_where_the_rule_says_so_and_the_customer_leaves(
        self, by: CancelledBy, has_paid_claim: bool, method: CancellationMethod
    ) -> None:
        rulebook = rules_of(cancellation(keeps_premium_after_claim=True))
        events = [issued(), cancelled(2, MID_TERM, by=by, has_paid_claim=has_paid_claim)]
        end = fold_events(events, rulebook).terms[0].end
        assert end is not None
        assert end.method is method

    def test_a_method_that_the_rule_does_not_allow_is_refused(self) -> None:
        reason = "a cancellation by the customer is pro_rata, never short_rate (GB-cancellation)"
        assert refusal(issued(), cancelled(2, MID_TERM, method=SHORT_RATE)) == reason

    def test_a_method_that_the_rule_allows_is_taken_and_the_first_is_the_usual_one(self) -> None:
        rulebook = rules_of(cancellation(SHORT_RATE, PRO_RATA))
        for named, taken in ((None, SHORT_RATE), (PRO_RATA, PRO_RATA)):
            end = fold_events([issued(), cancelled(2, MID_TERM, method=named)], rulebook).terms[0].end
            assert end is not None
            assert end.method is taken

    def test_without_rules_the_policy_system_says_what_is_kept(self) -> None:
        for named, taken in ((None, PRO_RATA), (SHORT_RATE, SHORT_RATE)):
            end = end_of(issued(jurisdiction=""), cancelled(2, MID_TERM, method=named))
            assert end == TermEnd(MID_TERM, taken, is_by_customer=True)

    def test_cover_that_ends_on_its_first_day_never_was(self) -> None:
        rulebook = rules_of(cancellation(SHORT_RATE))
        events = [issued(), offered(2, 40_000), cancelled(3, RENEWS_ON)]
        assert fold_events(events, rulebook).terms[1].end == TermEnd(RENEWS_ON, FLAT, is_by_customer=True)

    def test_to_cancel_when_the_term_expires_is_not_to_renew(self) -> None:
        events = issued(), cancelled(2, RENEWS_ON, requested_on=date(2026, 1, 5))
        assert end_of(*events) == TermEnd(RENEWS_ON, PRO_RATA, is_by_customer=True)
        assert "what has ended cannot be renewed" in refusal(*events, offered(3, 40_000))

    @pytest.mark.parametrize(
        ("day", "reason"),
        [
            (date(2025, 12, 31), "cover cannot end on 2025-12-31: it begins on 2026-01-01"),
            (date(2027, 1, 2), "cover cannot end on 2027-01-02: the term ends on 2027-01-01"),
        ],
    )
    def test_cover_ends_within_the_term(self, day: date, reason: str) -> None:
        assert refusal(issued(), cancelled(2, day)) == reason

    def test_a_jurisdiction_without_a_rule_is_named(self) -> None:
        with pytest.raises(UnknownRuleError, match="no cancellation rule is known for any product in FR"):
            fold(issued(jurisdiction="FR"), cancelled(2, MID_TERM))


class TestRenewal:
    def test_an_offered_term_follows_with_the_plan_and_the_due_day_of_the_one_before(self) -> None:
        first, renewal = terms(issued(plan="quarterly", due_day=7), offered(2, 40_000))
        assert (renewal.number, renewal.effective_on, renewal.expires_on) == (2, first.expires_on, date(2028, 1, 1))
        assert (renewal.plan, renewal.due_day, renewal.currency) == ("quarterly", 7, "GBP")
        assert terms(issued(), offered(2, 40_000, plan="annual"))[1].plan == "annual"

    @pytest.mark.parametrize(
        ("events", "is_begun"),
        [
            ([offered(2, 40_000)], True),
            ([offered(2, 40_000, is_automatic=False)], False),
            ([offered(2, 40_000, is_automatic=False), accepted(3)], True),
        ],
    )
    def test_it_begins_by_itself_or_by_a_yes(self, events: list[PolicyEvent], is_begun: bool) -> None:
        assert terms(issued(), *events)[1].is_begun is is_begun

    def test_a_declined_one_never_was(self) -> None:
        assert end_of(issued(), offered(2, 40_000), declined(3)) == TermEnd(RENEWS_ON, FLAT, is_by_customer=True)

    def test_an_offer_replaces_the_one_before_it_as_long_as_nobody_said_yes(self) -> None:
        again = offered(4, 42_000)
        _, renewal = terms(issued(), offered(2, 40_000), declined(3), again)
        assert renewal.prices[0].price == again.price
        assert renewal.end is None
        reason = (
            "the renewal of 2027-01-01 was offered before, and was accepted, changed or ended since, or the new price "
            "is told too late to replace it; it can be endorsed while it covers"
        )
        assert refusal(issued(), offered(2, 40_000), accepted(3), again) == reason
        following = offered(3, 41_000, effective_on=date(2028, 1, 1))
        assert refusal(issued(), offered(2, 40_000), following, again) == reason

    def test_an_offer_again_never_brings_back_what_was_cancelled_or_forgets_what_was_endorsed(self) -> None:
        again = offered(4, 50_000)
        ended = refusal(issued(), offered(2, 40_000), cancelled(3, date(2027, 6, 1)), again)
        assert ended.startswith("the renewal of 2027-01-01 was offered before")
        changed = refusal(issued(), offered(2, 40_000), endorsed(3, date(2027, 6, 1), 45_000), again)
        assert changed.startswith("the renewal of 2027-01-01 was offered before")

    def test_a_price_told_too_late_does_not_replace_one_told_in_time(self) -> None:
        late = offered(3, 90_000, notice_sent_on=date(2026, 12, 28))
        assert refusal(issued(), offered(2, 36_500), late).startswith("the renewal of 2027-01-01 was offered before")

    def test_an_accepted_renewal_may_be_offered_again_at_a_lower_price_and_stays_accepted(self) -> None:
        _, renewal = terms(issued(), offered(2, 40_000), accepted(3), offered(4, 36_500))
        assert renewal.prices[0].price.premium_minor == 36_500
        assert renewal.notice is not None
        assert renewal.notice.is_accepted

    def test_a_renewal_that_has_begun_or_ended_cannot_be_declined(self) -> None:
        began = replace(declined(3), declined_on=date(2027, 1, 1))
        assert "had begun on 2027-01-01; it can be cancelled" in refusal(issued(), offered(2, 40_000), began)
        before = replace(declined(3), declined_on=date(2026, 12, 31))
        assert terms(issued(), offered(2, 40_000), before)[1].end is not None
        ended = refusal(issued(), offered(2, 40_000), cancelled(3, date(2027, 6, 1)), declined(4))
        assert ended == "cover ended on 2027-06-01 already"

    @pytest.mark.parametrize(
        ("events", "reason"),
        [
            (
                [offered(2, 1, effective_on=date(2027, 1, 2))],
                "a renewal begins where the term ends, on 2027-01-01, not on 2027-01-02",
            ),
            (
                [offered(2, 1, effective_on=FIRST_DAY)],
                "a renewal cannot begin on 2026-01-01, before the policy does",
            ),
            ([offered(2, 1, currency="EUR")], "the currency cannot change from GBP to EUR"),
            ([offered(2, 1, discounts=("staff",))], "no discount 'staff' is known in GB on 2027-01-01"),
            (
                [offered(2, 1, is_automatic=False), offered(3, 1, effective_on=date(2028, 1, 1))],
                "the renewal of 2027-01-01 was not accepted; nothing follows it",
            ),
            (
                [offered(2, 1), declined(3), accepted(4)],
                "the renewal of 2027-01-01 was declined, or cover ended on 2027-01-01",
            ),
            ([accepted(2)], "no renewal that begins on 2027-01-01 was offered"),
            ([cancelled(2, MID_TERM), offered(3, 1)], f"cover ends on {MID_TERM}; what has ended cannot be renewed"),
        ],
    )
    def test_what_cannot_be_is_refused(self, events: list[PolicyEvent], reason: str) -> None:
        assert refusal(issued(), *events) == reason


class TestPayment:
    def test_a_plan_counts_for_the_term_and_for_later_ones_that_were_to_be_paid_in_the_same_way(self) -> None:
        assert [t.plan for t in terms(issued(), offered(2, 1), plan_changed(3, "annual"))] == ["annual", "annual"]
        events = issued(), offered(2, 1, plan="quarterly"), plan_changed(3, "annual")
        assert [t.plan for t in terms(*events)] == ["annual", "quarterly"]
        events = issued(), offered(2, 1), plan_changed(3, "annual", RENEWS_ON)
        assert [t.plan for t in terms(*events)] == ["monthly", "annual"]

    def test_a_due_day_counts_for_the_term_and_all_later_ones(self) -> None:
        assert [t.due_day for t in terms(issued(due_day=1), offered(2, 1), due_day_changed(3, 20))] == [20, 20]
        assert [t.due_day for t in terms(issued(), offered(2, 1), due_day_changed(3, 20, RENEWS_ON))] == [None, 20]

    def test_another_payer_changes_nothing_of_the_terms(self) -> None:
        change = PayerChanged(**of_policy(2), effective_on=MID_TERM, mandate_id="M-2")
        assert terms(issued(), change) == terms(issued())

    def test_an_unknown_kind_of_event_is_an_error_of_the_program(self) -> None:
        with pytest.raises(TypeError, match="no rule says what PolicyEvent means"):
            fold(issued(), PolicyEvent(**of_policy(2), effective_on=MID_TERM))


def test_events_mean_the_same_in_every_order_of_arrival() -> None:
    events: Sequence[PolicyEvent] = (
        issued(),
        endorsed(2, MID_TERM, 50_000),
        offered(3, 40_000, is_automatic=False),
        accepted(4),
        cancelled(5, date(2027, 3, 1)),
    )
    expected = fold(*events)
    assert expected.refusals == {}
    for arrival in permutations(events):
        assert fold(*arrival) == expected
