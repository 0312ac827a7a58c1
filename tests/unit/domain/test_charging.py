"""Charging: one test for each rule of what a term costs. Figures of whole cases are in `worked_cases`."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from pawledger.domain.billing.charging import charge_term, installment_fee, round_half_away
from pawledger.domain.billing.rulebook import CancellationMethod, Rulebook
from pawledger.domain.policy.policies import Charge, PolicyRefusedError
from pawledger.domain.policy.policy_events import CancelledBy, PolicyEvent
from tests.builders.policy_terms import (
    FIRST_DAY,
    amounts_of,
    cancellation,
    cancelled,
    declined,
    died,
    discount,
    endorsed,
    fee,
    fee_cap,
    fixed_tax,
    issued,
    last_term,
    offered,
    rules_of,
    tax,
)

MID_TERM = FIRST_DAY + timedelta(days=100)
"""265 of the 365 days are left."""


def amounts(events: list[PolicyEvent], rulebook: Rulebook) -> dict[str, int]:
    return amounts_of(charge_term(last_term(events, rulebook), rulebook))


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        (Fraction(1, 2), 1),
        (Fraction(-1, 2), -1),
        (Fraction(3, 2), 2),
        (Fraction(5, 2), 3),
        (Fraction(-5, 2), -3),
        (Fraction(49, 100), 0),
        (Fraction(-49, 100), 0),
        (Fraction(7), 7),
        (Fraction(0), 0),
    ],
)
def test_a_half_is_rounded_away_from_zero(exact: Fraction, rounded: int) -> None:
    assert round_half_away(exact) == rounded


def test_a_term_costs_its_premium_and_tax_names_its_rule_and_its_base() -> None:
    rulebook = rules_of(tax("12"))
    premium, ipt = charge_term(last_term([issued()], rulebook), rulebook)
    assert premium == Charge("premium", 36_500, "", "365.00")
    assert ipt == Charge("tax:ipt", 4_380, "GB-ipt-2000", "12 % of 365.00")


def test_each_day_is_charged_at_the_price_of_its_day() -> None:
    rulebook = rules_of()
    (premium,) = charge_term(last_term([issued(), endorsed(2, MID_TERM, 73_000)], rulebook), rulebook)
    # 100 days at 1.00 and 265 days at 2.00.
    assert premium == Charge("premium", 10_000 + 53_000, "", "365.00 x 100/365 + 730.00 x 265/365")


def test_days_without_cover_cost_nothing_pro_rata() -> None:
    assert amounts([issued(), cancelled(2, MID_TERM)], rules_of()) == {"premium": 10_000}


def test_a_short_rate_keeps_its_share_of_the_days_without_cover() -> None:
    rulebook = rules_of(cancellation(CancellationMethod.SHORT_RATE, short_rate_percent="20"))
    # 265.00 for the days without cover, of which a fifth is kept: 53.00.
    assert amounts([issued(), cancelled(2, MID_TERM)], rulebook) == {"premium": 10_000 + 5_300}


def test_a_price_that_was_to_count_after_the_cover_costs_nothing() -> None:
    later = MID_TERM + timedelta(days=30)
    assert amounts([issued(), endorsed(2, later, 73_000), cancelled(3, MID_TERM)], rules_of()) == {"premium": 10_000}


def test_everything_is_charged_where_a_paid_claim_makes_the_whole_premium_due() -> None:
    rulebook = rules_of(cancellation(keeps_premium_after_claim=True), fee("cancellation", 3_000), tax("12"))
    events = [issued(), cancelled(2, MID_TERM, has_paid_claim=True)]
    assert amounts(events, rulebook) == {"premium": 36_500, "tax:ipt": 4_380}


@pytest.mark.parametrize(
    "events",
    [
        [issued(), cancelled(2, date(2026, 1, 15))],  # in the free look
        [issued(), cancelled(2, MID_TERM, by=CancelledBy.INSURER, method=CancellationMethod.FLAT)],
        [issued(), offered(2, 40_000), declined(3)],
        [issued(), offered(2, 40_000, is_automatic=False)],  # nobody said yes
        [issued(), offered(2, 40_000), cancelled(3, date(2027, 1, 1))],  # on the first day of the renewal
        [issued(), offered(2, 40_000), died(3, date(2026, 12, 31))],
    ],
)
def test_a_term_that_never_was_costs_nothing_not_even_fees(events: list[PolicyEvent]) -> None:
    rulebook = rules_of(fee("issuance", 1_000), fee("cancellation", 3_000), tax("12"))
    assert amounts(events, rulebook) == {}


class TestDiscounts:
    def test_a_discount_counts_for_the_days_that_are_entitled_to_it(self) -> None:
        rulebook = rules_of(discount("multi_pet", "10"))
        events = [issued(), endorsed(2, MID_TERM, 36_500, discounts=("multi_pet",))]
        # Ten percent of 265 days at 1.00.
        assert amounts(events, rulebook) == {"premium": 36_500, "discount:multi_pet": -2_650}

    def test_a_plan_of_one_installment_earns_its_discount_by_itself_and_only_once(self) -> None:
        rulebook = rules_of(discount("pay_in_full", "5"), tax("12"))
        for told in ((), ("pay_in_full",)):
            # Five percent of 365.00 are 18.25; 12 % of the 346.75 that remain are 41.61.
            expected = {"premium": 36_500, "discount:pay_in_full": -1_825, "tax:ipt": 4_161}
            assert amounts([issued(plan="annual", discounts=told)], rulebook) == expected

    def test_other_plans_do_not_earn_it(self) -> None:
        assert amounts([issued()], rules_of(discount("pay_in_full", "5"))) == {"premium": 36_500}

    def test_several_discounts_are_shares_of_the_premium_not_of_what_the_others_leave(self) -> None:
        rulebook = rules_of(discount("multi_pet", "10"), discount("pay_in_full", "5"))
        expected = {"premium": 36_500, "discount:multi_pet": -3_650, "discount:pay_in_full": -1_825}
        assert amounts([issued(plan="annual", discounts=("multi_pet",))], rulebook) == expected

    def test_a_discount_says_of_which_days_it_is(self) -> None:
        rulebook = rules_of(discount("multi_pet", "10"))
        until = MID_TERM + timedelta(days=30)
        events = [issued(), endorsed(2, MID_TERM, 73_000, discounts=("multi_pet",)), cancelled(3, until)]
        _, multi_pet = charge_term(last_term(events, rulebook), rulebook)
        arithmetic = "10 % of 730.00 x 30/365"
        assert multi_pet == Charge("discount:multi_pet", -600, "GB-multi_pet-2000", arithmetic)
        events = [issued(discounts=("multi_pet",)), *events[1:2]]
        _, multi_pet = charge_term(last_term(events, rulebook), rulebook)
        assert multi_pet.arithmetic == "10 % of (365.00 x 100/365 + 730.00 x 265/365)"

    def test_a_price_of_days_without_cover_is_no_ground_for_a_discount(self) -> None:
        rulebook = rules_of(discount("multi_pet", "10"))
        later = MID_TERM + timedelta(days=30)
        change = endorsed(2, later, 73_000, discounts=("multi_pet",))
        events = [issued(discounts=("multi_pet",)), change, cancelled(3, MID_TERM)]
        _, multi_pet = charge_term(last_term(events, rulebook), rulebook)
        assert multi_pet.arithmetic == "10 % of 365.00 x 100/365"

    def test_discounts_of_more_than_all_leave_nothing_of_the_days_that_have_them_and_all_of_the_others(self) -> None:
        rulebook = rules_of(discount("first", "60"), discount("second", "60"), tax("10"))
        events = [issued(), endorsed(2, MID_TERM, 36_500, discounts=("first", "second"))]
        # 60 % and the other 40 % of 265.00; 100 days at 1.00 are left.
        assert amounts(events, rulebook) == {
            "premium": 36_500,
            "discount:first": -15_900,
            "discount:second": -10_600,
            "tax:ipt": 1_000,
        }

    def test_discounts_never_exceed_the_premium(self) -> None:
        rulebook = rules_of(discount("first", "50"), discount("second", "50"), tax("12"))
        # Half of 0.01 is rounded up to 0.01 and leaves nothing for the second.
        assert amounts([issued(1, discounts=("first", "second"))], rulebook) == {"premium": 1, "discount:first": -1}


class TestTaxes:
    def test_more_premium_is_taxed_at_the_rate_of_the_day_of_the_change(self) -> None:
        rulebook = rules_of(tax("10", ends_on=MID_TERM), tax("12", effective_on=MID_TERM))
        _, ipt = charge_term(last_term([issued(), endorsed(2, MID_TERM, 73_000)], rulebook), rulebook)
        # 10 % of the 365.00 agreed at first, 12 % of 265 days at 1.00 more.
        assert ipt == Charge("tax:ipt", 3_650 + 3_180, "GB-ipt-2000 GB-ipt-2026", "10 % of 365.00 + 12 % of 265.00")

    def test_premium_is_given_back_at_the_rate_at_which_it_was_charged(self) -> None:
        rulebook = rules_of(tax("10", ends_on=MID_TERM), tax("12", effective_on=MID_TERM))
        for ending in (endorsed(2, MID_TERM, 18_250), cancelled(2, MID_TERM)):
            charges = amounts([issued(), ending], rulebook)
            assert charges["tax:ipt"] == charges["premium"] // 10

    def test_what_was_added_last_is_given_back_first(self) -> None:
        rulebook = rules_of(tax("10", ends_on=MID_TERM), tax("20", effective_on=MID_TERM))
        down_on = MID_TERM + timedelta(days=165)
        events = [issued(), endorsed(2, MID_TERM, 73_000), endorsed(3, down_on, 54_750)]
        # 1.00 a day for 365 days at 10 %; 1.00 more for 165 days and 0.50 more for 100 days at 20 %.
        assert amounts(events, rulebook) == {"premium": 36_500 + 16_500 + 5_000, "tax:ipt": 3_650 + 3_300 + 1_000}

    def test_a_discount_that_ends_is_more_premium_of_that_day(self) -> None:
        rulebook = rules_of(tax("10", ends_on=MID_TERM), tax("12", effective_on=MID_TERM), discount("multi_pet", "10"))
        events = [issued(discounts=("multi_pet",)), endorsed(2, MID_TERM, 36_500)]
        # 0.90 a day for 365 days at 10 %: 32.85; 0.10 more for 265 days at 12 %: 3.18.
        assert amounts(events, rulebook)["tax:ipt"] == 3_285 + 318

    def test_a_rate_at_which_nothing_is_left_is_not_named(self) -> None:
        rulebook = rules_of(tax("10", ends_on=MID_TERM), tax("12", effective_on=MID_TERM))
        events = [issued(), endorsed(2, MID_TERM, 73_000), cancelled(3, MID_TERM)]
        _, ipt = charge_term(last_term(events, rulebook), rulebook)
        assert ipt == Charge("tax:ipt", 1_000, "GB-ipt-2000", "10 % of 100.00")

    def test_one_rate_is_rounded_once_however_often_the_price_changed(self) -> None:
        rulebook = rules_of(tax("12"))
        events = [issued(36_504), *(endorsed(n, FIRST_DAY + timedelta(days=73 * n), 36_504 + n) for n in (2, 3, 4))]
        charges = amounts(events, rulebook)
        assert charges["tax:ipt"] == round_half_away(Fraction(12 * charges["premium"], 100))

    def test_after_a_move_the_days_there_are_taxed_there(self) -> None:
        rulebook = rules_of(tax("12"), tax("19", jurisdiction="DE"))
        # 100 days in Great Britain at 1.00, 265 days in Germany.
        events = [issued(), endorsed(2, MID_TERM, 36_500, jurisdiction="DE")]
        assert amounts(events, rulebook)["tax:ipt"] == 1_200 + 5_035

    def test_an_amount_for_each_term_is_charged_once_however_the_term_goes_on(self) -> None:
        rulebook = rules_of(fixed_tax(180, "surcharge"), tax("5", "municipal", jurisdiction="US-KY"))
        first, change = issued(jurisdiction="US-KY", currency="USD"), endorsed(2, MID_TERM, 73_000)
        for events, premium_minor in (([first], 36_500), ([first, change], 63_000)):
            assert amounts(list(events), rulebook) == {
                "premium": premium_minor,
                "tax:municipal": premium_minor // 20,
                "tax:surcharge": 180,
            }

    def test_an_amount_in_another_currency_is_refused(self) -> None:
        rulebook = rules_of(fixed_tax(180, "surcharge"))
        with pytest.raises(PolicyRefusedError, match="US-KY-surcharge is in USD, the policy in CAD"):
            amounts([issued(jurisdiction="US-KY", currency="CAD")], rulebook)


class TestFees:
    def test_issuing_costs_what_the_rule_says_for_the_plan(self) -> None:
        rulebook = rules_of(fee("issuance", 1_050, plans=("monthly",)))
        assert amounts([issued()], rulebook) == {"premium": 36_500, "fee:issuance": 1_050}
        assert amounts([issued(plan="annual")], rulebook) == {"premium": 36_500}

    def test_a_fee_names_its_cap(self) -> None:
        rulebook = rules_of(fee("issuance", 2_500, cap_percent="5"))
        _, issuance = charge_term(last_term([issued()], rulebook), rulebook)
        # Five percent of 365.00.
        assert issuance == Charge("fee:issuance", 1_825, "GB-issuance-2000", "issuance, capped from 25.00")

    def test_a_cap_by_the_premium_is_that_of_the_premium_at_the_beginning(self) -> None:
        rulebook = rules_of(fee("issuance", 2_500, cap_percent="5"))
        assert amounts([issued(), endorsed(2, MID_TERM, 73_000)], rulebook)["fee:issuance"] == 1_825

    @pytest.mark.parametrize(
        ("ending", "is_charged"),
        [
            (cancelled(2, MID_TERM), True),
            (cancelled(2, MID_TERM, by=CancelledBy.INSURER), False),
            (cancelled(2, date(2027, 1, 1)), False),  # nothing is given back when the term is over
            (died(2, MID_TERM), False),
        ],
    )
    def test_only_a_customer_who_gets_something_back_for_leaving_early_pays_for_it(
        self, ending: PolicyEvent, is_charged: bool
    ) -> None:
        charges = amounts([issued(), ending], rules_of(fee("cancellation", 3_000)))
        assert charges.get("fee:cancellation", 0) == (3_000 if is_charged else 0)

    def test_an_installment_costs_a_fee_except_where_there_is_only_one(self) -> None:
        rulebook = rules_of(fee("installment", 200))
        expected = Charge("fee:installment", 200, "GB-installment-2000", "installment")
        assert installment_fee(last_term([issued()], rulebook), rulebook) == expected
        assert installment_fee(last_term([issued(plan="annual")], rulebook), rulebook) is None
        assert installment_fee(last_term([issued()], rules_of()), rules_of()) is None

    def test_a_fee_that_its_cap_leaves_nothing_of_is_none(self) -> None:
        rulebook = rules_of(fee("installment", 200, cap_minor=0))
        assert installment_fee(last_term([issued()], rulebook), rulebook) is None

    @pytest.mark.parametrize(
        ("law", "charged_minor"),
        [
            ({"cap_minor": 1_500}, 1_500),
            ({"cap_minor": 2_500}, 2_000),  # the fee's own cap is lower
            ({"cap_percent": "3"}, 1_095),  # 3 % of 365.00
            ({"cap_percent": "4", "cap_minor": 1_460}, 1_460),  # 4 % of 365.00 are 14.60 as well
            ({"cap_percent": "50"}, 2_000),
            ({"cap_percent": "0"}, 0),  # the law allows no such fee
        ],
    )
    def test_the_law_of_the_place_caps_a_fee_beside_its_own_cap(self, law: dict[str, Any], charged_minor: int) -> None:
        rulebook = rules_of(fee("issuance", 3_000, cap_minor=2_000), fee_cap("issuance", **law))
        assert amounts([issued()], rulebook).get("fee:issuance", 0) == charged_minor

    def test_a_cap_of_the_law_is_for_its_fee_its_place_and_its_days(self) -> None:
        caps = (
            fee_cap("installment", cap_minor=100),
            fee_cap("issuance", cap_minor=200, jurisdiction="US-FL"),
            fee_cap("issuance", cap_minor=300, effective_on=date(2026, 1, 2)),
        )
        rulebook = rules_of(fee("issuance", 1_000), *caps)
        assert amounts([issued()], rulebook)["fee:issuance"] == 1_000
        assert amounts([issued(effective_on=date(2026, 1, 2))], rulebook)["fee:issuance"] == 300

    def test_a_fee_under_a_cap_of_the_law_cites_both(self) -> None:
        rulebook = rules_of(fee("issuance", 3_000), fee_cap("issuance", cap_minor=2_000))
        _, issuance = charge_term(last_term([issued()], rulebook), rulebook)
        assert issuance.rule_id == "GB-issuance-2000 GB-issuance-cap"

    def test_a_fee_in_another_currency_is_refused(self) -> None:
        rulebook = rules_of(fee("installment", 200))
        with pytest.raises(PolicyRefusedError, match="GB-installment-2000 is in GBP, the policy in EUR"):
            installment_fee(last_term([issued(currency="EUR")], rulebook), rulebook)


class TestToldCharges:
    TOLD = (Charge("tax", 3_650), Charge("fee", 1_000), Charge("discount", -365))

    def test_taxes_and_discounts_are_cut_by_days_and_fees_are_not(self) -> None:
        events = [issued(jurisdiction="", told=self.TOLD), cancelled(2, MID_TERM)]
        assert amounts(events, rules_of()) == {"premium": 10_000, "tax": 1_000, "fee": 1_000, "discount": -100}

    def test_a_fee_counts_as_it_was_told_last(self) -> None:
        change = endorsed(2, MID_TERM, 36_500, told=(Charge("fee", 1_500),))
        # The tax was told until the change only: 100 of 365 days.
        assert amounts([issued(jurisdiction="", told=self.TOLD), change], rules_of()) == {
            "premium": 36_500,
            "tax": 1_000,
            "fee": 1_500,
            "discount": -100,
        }

    def test_a_fee_told_for_days_without_cover_does_not_count(self) -> None:
        change = endorsed(2, MID_TERM + timedelta(days=30), 36_500, told=(Charge("fee", 1_500),))
        events = [issued(jurisdiction="", told=self.TOLD), change, cancelled(3, MID_TERM)]
        assert amounts(events, rules_of())["fee"] == 1_000

    def test_no_rule_adds_to_them(self) -> None:
        rulebook = rules_of(tax("12", jurisdiction=""), fee("installment", 200, jurisdiction=""))
        term = last_term([issued(jurisdiction="", told=self.TOLD)], rulebook)
        assert amounts_of(charge_term(term, rulebook))["tax"] == 3_650
        assert "tax:ipt" not in amounts_of(charge_term(term, rulebook))
        assert installment_fee(term, rulebook) is None

    def test_a_short_rate_keeps_the_usual_tenth(self) -> None:
        ending = cancelled(2, MID_TERM, method=CancellationMethod.SHORT_RATE)
        assert amounts([issued(jurisdiction=""), ending], rules_of()) == {"premium": 10_000 + 2_650}
