"""The old price beside the new one, as a renewal notice tells both."""

from dataclasses import replace
from datetime import date

from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.policy.policy_events import PolicyEvent
from pawledger.domain.policy.policy_history import fold_events
from pawledger.domain.policy.renewal_comparisons import RenewalComparison, compare_renewals
from tests.builders.policy_terms import accepted, declined, endorsed, fee, issued, offered
from tests.builders.rulebooks import build_rulebook

USUAL = build_rulebook()
ANNUALISING = build_rulebook(renewals=tuple(replace(rule, compares_annualised=True) for rule in USUAL.renewals))
TODAY = date(2026, 12, 1)


def compare(*events: PolicyEvent, rulebook: Rulebook = ANNUALISING) -> list[RenewalComparison]:
    return list(compare_renewals("PAW-1", fold_events(events, rulebook), rulebook, TODAY))


def test_without_a_change_in_mid_term_the_old_price_is_what_the_term_costs() -> None:
    (compared,) = compare(issued(), offered(2, 40_000))

    # 12 % of 365.00 and of 400.00.
    assert compared.old_minor == {"premium": 36_500, "tax:ipt": 4_380}
    assert compared.new_minor == {"premium": 40_000, "tax:ipt": 4_800}
    assert (compared.is_annualised, compared.is_changed_in_mid_term) == (False, False)
    assert compared.notice_due_on == date(2026, 12, 11)
    assert (compared.is_waiting, compared.hold) == (False, "")


def test_a_change_in_mid_term_is_annualised_where_the_rule_asks_for_it() -> None:
    events = (issued(), endorsed(2, date(2026, 7, 2), 73_000), offered(3, 80_000))

    (annualised,) = compare(*events)
    (by_days,) = compare(*events, rulebook=USUAL)

    assert annualised.old_minor == {"premium": 73_000, "tax:ipt": 8_760}
    # 182 days at 1.00 and 183 at 2.00 are 548.00; 12 % of it 65.76.
    assert by_days.old_minor == {"premium": 54_800, "tax:ipt": 6_576}
    assert (annualised.is_annualised, by_days.is_annualised) == (True, False)


def test_a_term_that_is_no_year_is_annualised_by_days() -> None:
    first = issued(20_000, expires_on=date(2026, 7, 20))  # 200 days at 1.00
    events = (first, endorsed(2, date(2026, 5, 1), 40_000), offered(3, 80_000, effective_on=date(2026, 7, 20)))

    (compared,) = compare_renewals("PAW-1", fold_events(events, ANNUALISING), ANNUALISING, date(2026, 7, 1))

    # 2.00 a day, 365 days; 48.00 of tax in 200 days are 87.60 in 365.
    assert compared.old_minor == {"premium": 73_000, "tax:ipt": 8_760}


def test_fees_are_left_out_of_both_prices() -> None:
    rulebook = replace(ANNUALISING, fees=(fee("issuance", 1_000),))

    (compared,) = compare(issued(), offered(2, 40_000), rulebook=rulebook)

    assert compared.codes == ("premium", "tax:ipt")


def test_a_renewal_that_needs_a_yes_waits_with_its_price_until_it_has_it() -> None:
    (waiting,) = compare(issued(), offered(2, 40_000, is_automatic=False))
    (answered,) = compare(issued(), offered(2, 40_000, is_automatic=False), accepted(3))

    assert (waiting.is_waiting, answered.is_waiting) == (True, False)
    assert waiting.new_minor == answered.new_minor == {"premium": 40_000, "tax:ipt": 4_800}


def test_what_was_declined_or_has_begun_is_not_compared() -> None:
    assert compare(issued(), offered(2, 40_000), declined(3)) == []
    history = fold_events((issued(), offered(2, 40_000)), ANNUALISING)
    assert list(compare_renewals("PAW-1", history, ANNUALISING, date(2027, 1, 2))) == []


def test_a_notice_that_came_late_is_named_with_its_rule() -> None:
    (compared,) = compare(issued(), offered(2, 40_000, notice_sent_on=date(2026, 12, 12)))

    assert "GB-renewal" in compared.hold
