"""Renewals told in time or too late, counted by hand from the day on which the term ends, 1 January 2027."""

from datetime import date

import pytest

from pawledger.domain.billing.rulebook import RenewalRule
from pawledger.domain.billing.term_billing import find_hold
from pawledger.domain.policy.policy_events import PolicyEvent
from pawledger.domain.policy.policy_history import fold_events
from tests.builders.policy_terms import ALWAYS, accepted, cancellation, endorsed, issued, offered
from tests.builders.rulebooks import build_rulebook


@pytest.mark.parametrize(
    ("notice_days", "events", "is_held", "because"),
    [
        # Florida, 627.4133(1)(a): 45 days; Washington, RCW 48.18.2901: 20 days with the premium.
        (
            45,
            [offered(2, 40_000, notice_sent_on=date(2026, 11, 17))],
            False,
            "31 days of December and 14 of November: 45, just in time",
        ),
        (45, [offered(2, 40_000, notice_sent_on=date(2026, 11, 18))], True, "44 days before"),
        (20, [offered(2, 40_000, notice_sent_on=date(2026, 12, 12))], False, "20 days before, just in time"),
        (20, [offered(2, 40_000, notice_sent_on=date(2026, 12, 13))], True, "19 days before"),
        (20, [offered(2, 30_000, notice_sent_on=date(2026, 12, 13))], True, "a lower price is another price too"),
        (
            20,
            [offered(2, 36_500, notice_sent_on=date(2026, 12, 31))],
            False,
            "the price stays, there is nothing to tell",
        ),
        (
            20,
            [endorsed(2, date(2026, 7, 1), 40_000), offered(3, 40_000, notice_sent_on=date(2026, 12, 31))],
            False,
            "the price stays as it was last",
        ),
        (
            20,
            [offered(2, 40_000, notice_sent_on=date(2026, 12, 31), is_automatic=False)],
            False,
            "nothing is to be invoiced without a yes",
        ),
        (
            20,
            [offered(2, 40_000, notice_sent_on=date(2026, 12, 31), is_automatic=False), accepted(3)],
            True,
            "a yes does not make the notice earlier",
        ),
    ],
)
def test_a_renewal_at_another_price_is_held_where_its_notice_came_too_late(
    notice_days: int, events: list[PolicyEvent], is_held: bool, because: str
) -> None:
    renewal_rule = RenewalRule(
        rule_id="US-FL-renewal",
        jurisdiction="US-FL",
        effective_on=ALWAYS,
        ends_on=None,
        citation="an example of this test",
        notice_days=notice_days,
    )
    rulebook = build_rulebook(renewals=(renewal_rule,), cancellations=(cancellation(jurisdiction="US-FL"),))
    issue = issued(jurisdiction="US-FL", currency="USD")
    first, renewal = fold_events([issue, *events], rulebook).terms
    hold = find_hold(renewal, first, rulebook)
    assert bool(hold) is is_held, because
    assert not hold or "US-FL-renewal" in hold
    assert find_hold(first, None, rulebook) == ""
