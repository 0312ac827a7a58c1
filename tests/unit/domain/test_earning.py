"""Earning: amounts worked out by hand from days and prices."""

from datetime import date, timedelta

from pawledger.domain.billing.earning import PolicyEarning, RecordedEvent, earn_policy
from pawledger.domain.billing.rulebook import CancellationMethod, Rulebook
from pawledger.domain.policy.policies import Charge
from pawledger.domain.policy.policy_events import CancelledBy, PolicyEvent
from tests.builders.policy_terms import (
    cancellation,
    cancelled,
    died,
    discount,
    endorsed,
    fee,
    issued,
    offered,
    rules_of,
    tax,
)

RECEIVED_ON = date(2025, 12, 1)
IPT = rules_of(tax("12"))


def earn(*recorded: tuple[date, PolicyEvent], rulebook: Rulebook = IPT) -> PolicyEarning:
    return earn_policy([RecordedEvent(day, event) for day, event in recorded], rulebook)


def earned_on(earning: PolicyEarning, *days: date, number: int = 1) -> list[int]:
    return [earning.earned_minor(number, day) for day in days]


def test_a_year_of_365_days_at_1_00_a_day_earns_1_00_with_every_day() -> None:
    earning = earn((RECEIVED_ON, issued(36_500)))

    before, first, end_of_january, last, long_after = earned_on(
        earning, date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 12, 31), date(2030, 1, 1)
    )

    assert (before, first, end_of_january, last, long_after) == (0, 100, 3_100, 36_500, 36_500)
    assert earning.written_minor(1, date(2025, 11, 30)) == 0
    assert earning.written_minor(1, RECEIVED_ON) == 36_500


def test_days_are_rounded_as_a_running_total() -> None:
    """100 in 365 days: two days are 0.548 and round up to 1, five are 1.37, six are 1.644."""
    earning = earn((RECEIVED_ON, issued(100)))

    first_days = [date(2026, 1, day) for day in (1, 2, 5, 6)]

    assert earned_on(earning, *first_days) == [0, 1, 1, 2]


def test_a_leap_year_has_366_days_and_earns_on_the_29th_of_february() -> None:
    earning = earn((date(2023, 12, 1), issued(36_600, effective_on=date(2024, 1, 1))))

    assert earned_on(earning, date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)) == [5_900, 6_000, 6_100]


def test_an_endorsement_in_mid_term_earns_each_day_at_its_price() -> None:
    """1.00 a day until 30 June, 181 days; then 2.00 a day for 184 days."""
    earning = earn((RECEIVED_ON, issued(36_500)), (date(2026, 6, 15), endorsed(2, date(2026, 7, 1), 73_000)))

    assert earned_on(earning, date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 31)) == [18_100, 18_300, 54_900]
    assert earning.written_minor(1, date(2026, 6, 14)) == 36_500
    assert earning.written_minor(1, date(2026, 6, 15)) == 54_900


def test_an_endorsement_that_becomes_known_late_is_earned_on_the_day_on_which_it_is() -> None:
    """From 1 March on 2.00 instead of 1.00 a day, known on 10 March: that day earns its 2.00 and 9.00 of before."""
    earning = earn((RECEIVED_ON, issued(36_500)), (date(2026, 3, 10), endorsed(2, date(2026, 3, 1), 73_000)))

    assert earned_on(earning, date(2026, 3, 9), date(2026, 3, 10)) == [6_800, 7_900]


def test_a_cancellation_pro_rata_ends_earning_with_cover() -> None:
    """31 + 28 days of cover."""
    earning = earn((RECEIVED_ON, issued(36_500)), (date(2026, 2, 10), cancelled(2, date(2026, 3, 1))))

    assert earning.written_minor(1, date(2026, 2, 10)) == 5_900
    days = [date(2026, 2, 9), date(2026, 2, 10), date(2026, 2, 28), date(2026, 3, 1), date(2026, 12, 31)]
    assert earned_on(earning, *days) == [4_000, 4_100, 5_900, 5_900, 5_900]


def test_what_a_short_rate_keeps_is_earned_when_cover_ends() -> None:
    """Of 306 days without cover at 1.00 ten percent are kept: 30.60 beside the 59.00 of 59 days."""
    rulebook = rules_of(cancellation(CancellationMethod.SHORT_RATE))
    earning = earn(
        (RECEIVED_ON, issued(36_500)), (date(2026, 2, 10), cancelled(2, date(2026, 3, 1))), rulebook=rulebook
    )

    assert earned_on(earning, date(2026, 2, 27), date(2026, 2, 28)) == [5_800, 8_960]


def test_a_premium_kept_for_a_paid_claim_is_earned_when_cover_ends() -> None:
    rulebook = rules_of(cancellation(keeps_premium_after_claim=True))
    ended = cancelled(2, date(2026, 3, 1), has_paid_claim=True)
    earning = earn((RECEIVED_ON, issued(36_500)), (date(2026, 2, 10), ended), rulebook=rulebook)

    assert earned_on(earning, date(2026, 2, 27), date(2026, 2, 28)) == [5_800, 36_500]


def test_a_flat_cancellation_takes_back_what_was_earned_on_the_day_on_which_it_is_known() -> None:
    flat = cancelled(2, date(2026, 3, 1), by=CancelledBy.INSURER, method=CancellationMethod.FLAT)
    earning = earn((RECEIVED_ON, issued(36_500)), (date(2026, 2, 10), flat))

    assert earned_on(earning, date(2026, 2, 9), date(2026, 2, 10)) == [4_000, 0]
    assert earning.written_minor(1, date(2026, 2, 10)) == 0


def test_the_day_of_death_is_the_last_one_that_earns() -> None:
    earning = earn((RECEIVED_ON, issued(36_500)), (date(2026, 4, 1), died(2, date(2026, 2, 14))))

    assert earned_on(earning, date(2026, 3, 31), date(2026, 4, 1)) == [9_000, 4_500]
    assert earning.written_minor(1, date(2026, 4, 1)) == 4_500


def test_premium_less_discounts_is_earned_and_neither_taxes_nor_fees() -> None:
    """10 % off 365.00: 0.90 a day."""
    rulebook = rules_of(tax("12"), discount("multi_pet", "10"), fee("issuance", 1_000))
    earning = earn((RECEIVED_ON, issued(36_500, discounts=("multi_pet",))), rulebook=rulebook)

    assert earning.written_minor(1, RECEIVED_ON) == 32_850
    assert earned_on(earning, date(2026, 1, 10)) == [900]


def test_a_discount_that_the_policy_system_told_is_taken_off_day_by_day() -> None:
    told = (Charge("discount", -3_650), Charge("tax", 4_380))
    earning = earn((RECEIVED_ON, issued(36_500, jurisdiction="", told=told)), rulebook=rules_of())

    assert earned_on(earning, date(2026, 1, 10)) == [900]


def test_a_renewal_is_written_when_it_is_offered_and_earned_from_its_own_first_day() -> None:
    renewal = offered(2, 73_000)
    earning = earn((RECEIVED_ON, issued(36_500)), (date(2026, 11, 2), renewal))

    assert earning.written_minor(2, date(2026, 11, 2)) == 73_000
    assert earned_on(earning, date(2026, 12, 31), date(2027, 1, 1), number=2) == [0, 200]


def test_a_message_that_was_recorded_behind_one_sent_later_counts_as_the_ledger_counts_it() -> None:
    """A change sent on 10 March, to 640.00, was recorded before a death sent on 9 March, which leaves 64.00 of 365.00.

    The entry of 9 March takes off 576.00, the one of 10 March adds 275.00: at the end of the 9th, by days, the ledger
    holds 365.00 less 576.00, and one day later what is right.
    """
    change = (date(2026, 3, 10), endorsed(2, date(2026, 4, 1), 73_000))
    death = (date(2026, 3, 9), died(3, date(2026, 3, 5)))
    earning = earn((RECEIVED_ON, issued(36_500)), change, death)

    assert earning.written_minor(1, date(2026, 3, 9)) == 36_500 - 57_600
    assert earning.written_minor(1, date(2026, 3, 10)) == 6_400
    assert earning.earned_minor(1, date(2026, 3, 10)) == 6_400


def test_what_is_known_of_a_day_before_the_first_event_is_nothing() -> None:
    earning = earn((RECEIVED_ON, issued(36_500)))

    assert earning.terms_until(RECEIVED_ON - timedelta(days=1)) == {}
    assert [*earning.terms_until(RECEIVED_ON)] == [1]
