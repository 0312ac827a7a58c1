"""Terms charged by hand: each case says its arithmetic in words, and the figures were worked out from these words.

Rates of insurance premium tax are the real ones (GOV.UK, "Insurance Premium Tax rates"); the other rules are examples,
some of them after what insurers publish, which is then named.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import pytest

from pawledger.domain.billing.charging import charge_term
from pawledger.domain.billing.rulebook import CancellationMethod, Rule
from pawledger.domain.policy.policies import Charge
from pawledger.domain.policy.policy_events import CancelledBy, PolicyEvent
from tests.builders.policy_terms import (
    accepted,
    amounts_of,
    cancellation,
    cancelled,
    declined,
    died,
    discount,
    endorsed,
    fee,
    fixed_tax,
    issued,
    last_term,
    offered,
    rules_of,
    tax,
)


@dataclass(frozen=True)
class Case:
    name: str
    events: tuple[PolicyEvent, ...]
    rules: tuple[Rule, ...]
    charges: dict[str, int]
    """Of the last term, by code, in minor units."""
    arithmetic: str


IPT_SINCE_2015: Final = (
    tax("9.5", effective_on=date(2015, 11, 1), ends_on=date(2016, 10, 1)),
    tax("10", effective_on=date(2016, 10, 1), ends_on=date(2017, 6, 1)),
    tax("12", effective_on=date(2017, 6, 1)),
    cancellation(),
)
"""Great Britain, with the usual right to cancel within 14 days."""

NEW_YEAR_2017: Final = date(2017, 1, 1)
JULY_2017: Final = date(2017, 7, 1)
OCTOBER_2017: Final = date(2017, 10, 1)
APRIL: Final = date(2026, 4, 1)
JULY: Final = date(2026, 7, 1)
OCTOBER: Final = date(2026, 10, 1)

GREAT_BRITAIN: Final = (
    Case("a year", (issued(24_000),), IPT_SINCE_2015, {"premium": 24_000, "tax:ipt": 2_880}, "12 % of 240.00 is 28.80"),
    Case(
        "a tax that does not come out even",
        (issued(12_338),),
        IPT_SINCE_2015,
        {"premium": 12_338, "tax:ipt": 1_481},
        "12 % of 123.38 is 14.8056",
    ),
    Case(
        "half a penny of tax",
        (issued(20_435, effective_on=NEW_YEAR_2017),),
        IPT_SINCE_2015,
        {"premium": 20_435, "tax:ipt": 2_044},
        "10 % of 204.35 is 20.435, and the half goes away from zero",
    ),
    Case("a penny", (issued(1),), IPT_SINCE_2015, {"premium": 1}, "12 % of 0.01 is 0.0012, which is nothing"),
    Case(
        "more from July",
        (issued(24_000), endorsed(2, JULY, 30_000)),
        IPT_SINCE_2015,
        {"premium": 27_025, "tax:ipt": 3_243},
        "181 days at 240 and 184 at 300 a year: (43440 + 55200) / 365 is 270.2466; 12 % of 270.25 is 32.43",
    ),
    Case(
        "less from July",
        (issued(24_000), endorsed(2, JULY, 18_000)),
        IPT_SINCE_2015,
        {"premium": 20_975, "tax:ipt": 2_517},
        "181 days at 240 and 184 at 180: (43440 + 33120) / 365 is 209.7534; 12 % of 209.75 is 25.17",
    ),
    Case(
        "more from July, taken back",
        (issued(24_000), endorsed(2, JULY, 30_000), endorsed(3, JULY, 24_000)),
        IPT_SINCE_2015,
        {"premium": 24_000, "tax:ipt": 2_880},
        "as if nothing had been: 240.00 and 12 % of it",
    ),
    Case(
        "twice on a day",
        (issued(24_000), endorsed(2, JULY, 30_000), endorsed(3, JULY, 33_000)),
        IPT_SINCE_2015,
        {"premium": 28_537, "tax:ipt": 3_424},
        "the second counts: 240 x 181 + 330 x 184 is 43440 + 60720, by 365 285.3699; 12 % of 285.37 is 34.2444",
    ),
    Case(
        "another price on the first day",
        (issued(24_000), endorsed(2, date(2026, 1, 1), 30_000)),
        IPT_SINCE_2015,
        {"premium": 30_000, "tax:ipt": 3_600},
        "all days at 300; 12 % of it is 36.00",
    ),
    Case(
        "another price on the last day",
        (issued(24_000), endorsed(2, date(2026, 12, 31), 30_000)),
        IPT_SINCE_2015,
        {"premium": 24_016, "tax:ipt": 2_882},
        "364 days at 240 and one at 300: (87360 + 300) / 365 is 240.1644; 12 % of 240.16 is 28.8192",
    ),
    Case(
        "more in April, the old price again in October",
        (issued(24_000), endorsed(2, APRIL, 30_000), endorsed(3, OCTOBER, 24_000)),
        IPT_SINCE_2015,
        {"premium": 27_008, "tax:ipt": 3_241},
        "90 + 92 days at 240, 183 at 300: (43680 + 54900) / 365 is 270.0822; 12 % of 270.08 is 32.4096",
    ),
)

RATE_CHANGES: Final = (
    Case(
        "at 9.5 percent, in a leap year",
        (issued(20_000, effective_on=date(2015, 12, 1)),),
        IPT_SINCE_2015,
        {"premium": 20_000, "tax:ipt": 1_900},
        "9.5 % of 200.00 is 19.00",
    ),
    Case(
        "the last day of the old rate",
        (issued(24_000, effective_on=date(2017, 5, 31)),),
        IPT_SINCE_2015,
        {"premium": 24_000, "tax:ipt": 2_400},
        "10 % of 240.00",
    ),
    Case(
        "the first day of the new rate",
        (issued(24_000, effective_on=date(2017, 6, 1)),),
        IPT_SINCE_2015,
        {"premium": 24_000, "tax:ipt": 2_880},
        "12 % of 240.00",
    ),
    Case(
        "a renewal is rated on its own first day",
        (issued(20_000, effective_on=date(2015, 12, 1)), offered(2, 22_000, effective_on=date(2016, 12, 1))),
        IPT_SINCE_2015,
        {"premium": 22_000, "tax:ipt": 2_200},
        "10 % of 220.00, though the term before had 9.5 %",
    ),
    Case(
        "more after the change",
        (issued(24_000, effective_on=NEW_YEAR_2017), endorsed(2, JULY_2017, 30_000)),
        IPT_SINCE_2015,
        {"premium": 27_025, "tax:ipt": 2_763},
        "270.25 as above, of which 240.00 at 10 % are 24.00 and 30.25 (60 x 184 / 365) at 12 % are 3.63",
    ),
    Case(
        "less after the change",
        (issued(24_000, effective_on=NEW_YEAR_2017), endorsed(2, JULY_2017, 18_000)),
        IPT_SINCE_2015,
        {"premium": 20_975, "tax:ipt": 2_098},
        "209.75 as above, given back at the original rate: 10 % of what is left are 20.975",
    ),
    Case(
        "cancelled after the change",
        (issued(24_000, effective_on=NEW_YEAR_2017), cancelled(2, JULY_2017)),
        IPT_SINCE_2015,
        {"premium": 11_901, "tax:ipt": 1_190},
        "240 x 181 / 365 is 119.0137, and 10 % of 119.01 is 11.901: 12.10 of 24.00 are credited at the original rate",
    ),
    Case(
        "more after the change, then cancelled",
        (issued(24_000, effective_on=NEW_YEAR_2017), endorsed(2, JULY_2017, 30_000), cancelled(3, OCTOBER_2017)),
        IPT_SINCE_2015,
        {"premium": 19_463, "tax:ipt": 1_976},
        "273 days at 240 are 179.5068 and 92 at 60 more are 15.1233, together 194.63: 10 % of 179.51 is 17.951, "
        "12 % of 15.12 is 1.8144; 17.95 and 1.81",
    ),
    Case(
        "more after the change, then less than at first",
        (
            issued(24_000, effective_on=NEW_YEAR_2017),
            endorsed(2, JULY_2017, 30_000),
            endorsed(3, OCTOBER_2017, 20_000),
        ),
        IPT_SINCE_2015,
        {"premium": 24_504, "tax:ipt": 2_480},
        "181 days at 240, 92 at 300, 92 at 200 are 89440 / 365, 245.0411. At 12 % only the 60 more of 92 days, 15.12: "
        "1.8144; the other 229.92 at 10 % are 22.992; 22.99 and 1.81",
    ),
)

GERMANY_AND_AUSTRIA: Final = (tax("19", "vst", jurisdiction="DE"), tax("11", "vst", jurisdiction="AT"), cancellation())
TWENTIETH_OF_JULY: Final = date(2026, 7, 20)
"""After 200 days of the year."""

MOVES: Final = (
    Case(
        "to Austria",
        (
            issued(36_500, jurisdiction="DE", currency="EUR"),
            endorsed(2, TWENTIETH_OF_JULY, 36_500, jurisdiction="AT"),
        ),
        GERMANY_AND_AUSTRIA,
        {"premium": 36_500, "tax:vst": 5_615},
        "200 days at 1.00 and 19 % are 38.00, 165 days at 1.00 and 11 % are 18.15",
    ),
    Case(
        "to Austria at another price",
        (
            issued(36_500, jurisdiction="DE", currency="EUR"),
            endorsed(2, TWENTIETH_OF_JULY, 73_000, jurisdiction="AT"),
        ),
        GERMANY_AND_AUSTRIA,
        {"premium": 53_000, "tax:vst": 7_430},
        "200 days at 1.00 and 165 at 2.00; 38.00 in Germany, 11 % of 330.00 are 36.30 in Austria",
    ),
    Case(
        "to Austria and back",
        (
            issued(36_500, jurisdiction="DE", currency="EUR"),
            endorsed(2, TWENTIETH_OF_JULY, 36_500, jurisdiction="AT"),
            endorsed(3, date(2026, 10, 28), 36_500, jurisdiction="DE"),
        ),
        GERMANY_AND_AUSTRIA,
        {"premium": 36_500, "tax:vst": 6_135},
        "200 + 65 days in Germany: 19 % of 265.00 are 50.35; 100 days in Austria: 11 % of 100.00 are 11.00",
    ),
    Case(
        "to Austria, taken back",
        (
            issued(36_500, jurisdiction="DE", currency="EUR"),
            endorsed(2, TWENTIETH_OF_JULY, 36_500, jurisdiction="AT"),
            endorsed(3, TWENTIETH_OF_JULY, 36_500, jurisdiction="DE"),
        ),
        GERMANY_AND_AUSTRIA,
        {"premium": 36_500, "tax:vst": 6_935},
        "19 % of 365.00",
    ),
)

US: Final = "US-MT"


def american(premium_minor: int = 48_000, plan: str = "monthly", discounts: tuple[str, ...] = ()) -> PolicyEvent:
    return issued(premium_minor, jurisdiction=US, currency="USD", plan=plan, discounts=discounts)


def looked(free_look_days: int) -> tuple[Rule, ...]:
    return (cancellation(jurisdiction=US, free_look_days=free_look_days),)


# Montana Code 33-24-404 and the NAIC's model act give 15 days from receipt; some brands sell 30.
ENDS: Final = (
    Case(
        "14 days, asked on the last",
        (issued(24_000), cancelled(2, date(2026, 1, 15))),
        IPT_SINCE_2015,
        {},
        "1 January and 14 days are 15 January: all is given back",
    ),
    Case(
        "14 days, asked a day late",
        (issued(24_000), cancelled(2, date(2026, 1, 16))),
        IPT_SINCE_2015,
        {"premium": 986, "tax:ipt": 118},
        "15 days of cover: 240 x 15 / 365 is 9.863; 12 % of 9.86 is 1.1832",
    ),
    Case(
        "14 days from an issue after the first day, asked on the last",
        (issued(24_000, issued_on=date(2026, 1, 10)), cancelled(2, date(2026, 1, 24))),
        IPT_SINCE_2015,
        {},
        "10 January and 14 days are 24 January",
    ),
    Case(
        "14 days from an issue after the first day, asked a day late",
        (issued(24_000, issued_on=date(2026, 1, 10)), cancelled(2, date(2026, 1, 25))),
        IPT_SINCE_2015,
        {"premium": 1_578, "tax:ipt": 189},
        "24 days of cover: 240 x 24 / 365 is 15.7808; 12 % of 15.78 is 1.8936",
    ),
    Case(
        "in the free look, after a claim",
        (issued(24_000), cancelled(2, date(2026, 1, 8), has_claim=True)),
        IPT_SINCE_2015,
        {"premium": 460, "tax:ipt": 55},
        "7 days of cover: 240 x 7 / 365 is 4.6027; 12 % of 4.60 is 0.552",
    ),
    Case(
        "15 days, asked on the last", (american(), cancelled(2, date(2026, 1, 16))), looked(15), {}, "all is given back"
    ),
    Case(
        "15 days, asked a day late",
        (american(), cancelled(2, date(2026, 1, 17))),
        looked(15),
        {"premium": 2_104},
        "16 days of cover: 480 x 16 / 365 is 21.0411",
    ),
    Case(
        "30 days, asked on the last", (american(), cancelled(2, date(2026, 1, 31))), looked(30), {}, "all is given back"
    ),
    Case(
        "30 days, asked a day late",
        (american(), cancelled(2, date(2026, 2, 1))),
        looked(30),
        {"premium": 4_077},
        "31 days of cover: 480 x 31 / 365 is 40.7671",
    ),
    Case(
        "flat, by the insurer",
        (issued(24_000), cancelled(2, JULY, by=CancelledBy.INSURER, method=CancellationMethod.FLAT)),
        IPT_SINCE_2015,
        {},
        "as if the policy had never been",
    ),
    Case(
        "pro rata, with a fee (Scratch & Patch takes 30.00)",
        (issued(24_000), cancelled(2, JULY)),
        (*IPT_SINCE_2015, fee("cancellation", 3_000)),
        {"premium": 11_901, "tax:ipt": 1_428, "fee:cancellation": 3_000},
        "181 days of cover: 240 x 181 / 365 is 119.0137; 12 % of 119.01 is 14.2812",
    ),
    Case(
        "by the insurer, no fee",
        (issued(24_000), cancelled(2, JULY, by=CancelledBy.INSURER)),
        (*IPT_SINCE_2015, fee("cancellation", 3_000)),
        {"premium": 11_901, "tax:ipt": 1_428},
        "the days of cover as above",
    ),
    Case(
        "in the free look, no fee",
        (issued(24_000), cancelled(2, date(2026, 1, 5))),
        (*IPT_SINCE_2015, fee("cancellation", 3_000), fee("issuance", 1_000)),
        {},
        "all is given back, fees too",
    ),
    Case(
        "short rate",
        (american(), cancelled(2, JULY)),
        (cancellation(CancellationMethod.SHORT_RATE, jurisdiction=US),),
        {"premium": 26_222},
        "480 x 181 / 365 is 238.0274 earned; of 241.9726 unearned 90 % are given back and 24.1973 kept: 262.2247",
    ),
    Case(
        "short rate that keeps a quarter",
        (american(), cancelled(2, JULY)),
        (cancellation(CancellationMethod.SHORT_RATE, jurisdiction=US, short_rate_percent="25"),),
        {"premium": 29_852},
        "238.0274 earned and a quarter of 241.9726, 60.4932, kept: 298.5205",
    ),
    Case(
        "after a paid claim the year is due (Animal Friends)",
        (issued(24_000), cancelled(2, JULY, has_paid_claim=True)),
        (*IPT_SINCE_2015[:3], cancellation(keeps_premium_after_claim=True), fee("cancellation", 3_000)),
        {"premium": 24_000, "tax:ipt": 2_880},
        "all of 240.00 and 28.80; nothing is given back, so nothing is taken for that",
    ),
    Case(
        "after a change and a paid claim the year is due at both prices",
        (issued(24_000), endorsed(2, APRIL, 30_000), cancelled(3, JULY, has_paid_claim=True)),
        (*IPT_SINCE_2015[:3], cancellation(keeps_premium_after_claim=True)),
        {"premium": 28_521, "tax:ipt": 3_423},
        "90 days at 240 and 275 at 300: (21600 + 82500) / 365 is 285.2055; 12 % of 285.21 is 34.2252",
    ),
    Case(
        "the pet dies in mid-term",
        (issued(24_000), died(2, date(2026, 6, 30))),
        (*IPT_SINCE_2015, fee("cancellation", 3_000)),
        {"premium": 11_901, "tax:ipt": 1_428},
        "the day of death is the last of 181 days of cover: 119.0137, 12 % of 119.01 is 14.2812, and no fee",
    ),
    Case(
        "the pet dies on the first day",
        (issued(24_000), died(2, date(2026, 1, 1))),
        IPT_SINCE_2015,
        {"premium": 66, "tax:ipt": 8},
        "one day: 240 / 365 is 0.6575; 12 % of 0.66 is 0.0792",
    ),
    Case(
        "the pet dies on the last day",
        (issued(24_000), died(2, date(2026, 12, 31))),
        IPT_SINCE_2015,
        {"premium": 24_000, "tax:ipt": 2_880},
        "all 365 days",
    ),
    Case(
        "the pet dies before cover begins", (issued(24_000), died(2, date(2025, 12, 31))), IPT_SINCE_2015, {}, "no day"
    ),
    Case(
        "the pet died before the cancellation, as is known later",
        (issued(24_000), cancelled(2, OCTOBER), died(3, date(2026, 6, 30))),
        IPT_SINCE_2015,
        {"premium": 11_901, "tax:ipt": 1_428},
        "back-dated to the day of death (AKC): 181 days",
    ),
    Case(
        "told taxes, short rate",
        (
            issued(48_000, jurisdiction="", told=(Charge("tax", 4_800), Charge("fee", 1_000))),
            cancelled(2, JULY, method=CancellationMethod.SHORT_RATE),
        ),
        (cancellation(),),
        {"premium": 26_222, "tax": 2_622, "fee": 1_000},
        "181 days and a tenth of 184 are 199.4: 480 x 199.4 / 365 is 262.2247, 48 x 199.4 / 365 is 26.2225; fees stay",
    ),
)

LEAP_YEARS: Final = (
    Case(
        "366 days, all but the last",
        (issued(40_000, effective_on=date(2027, 3, 1)), cancelled(2, date(2028, 2, 29))),
        (cancellation(),),
        {"premium": 39_891},
        "400 x 365 / 366 is 398.9071",
    ),
    Case(
        "another price on 29 February",
        (issued(24_000, effective_on=date(2028, 1, 1)), endorsed(2, date(2028, 2, 29), 30_000)),
        (cancellation(),),
        {"premium": 29_033},
        "59 days at 240, 307 at 300: (14160 + 92100) / 366 is 290.3279",
    ),
    Case(
        "from 29 February to 28 February",
        (issued(36_500, effective_on=date(2028, 2, 29)), cancelled(2, date(2028, 3, 31))),
        (cancellation(),),
        {"premium": 3_100},
        "29 February and 30 days of March are 31 of 365 days at 1.00",
    ),
    Case(
        "from 29 February to 1 March",
        (
            issued(36_600, effective_on=date(2028, 2, 29), expires_on=date(2029, 3, 1)),
            cancelled(2, date(2028, 3, 31)),
        ),
        (cancellation(),),
        {"premium": 3_100},
        "31 of 366 days at 1.00",
    ),
    Case(
        "until 29 February",
        (
            issued(36_600, effective_on=date(2027, 2, 28), expires_on=date(2028, 2, 29)),
            cancelled(2, date(2028, 2, 28)),
        ),
        (cancellation(),),
        {"premium": 36_500},
        "365 of 366 days at 1.00",
    ),
    Case(
        "the pet dies on 29 February",
        (issued(36_600, effective_on=date(2028, 1, 1)), died(2, date(2028, 2, 29))),
        (cancellation(),),
        {"premium": 6_000},
        "31 days of January and 29 of February at 1.00",
    ),
)

AMERICAN_RULES: Final = (
    discount("multi_pet", "10", jurisdiction=US),
    discount("pay_in_full", "5", jurisdiction=US),
    tax("1.8", "surcharge", jurisdiction=US),
    cancellation(jurisdiction=US, free_look_days=15),
)

DISCOUNTS_AND_FEES: Final = (
    Case(
        "several pets (ASPCA: 10 percent)",
        (american(discounts=("multi_pet",)),),
        AMERICAN_RULES,
        {"premium": 48_000, "discount:multi_pet": -4_800, "tax:surcharge": 778},
        "10 % of 480.00 are 48.00; 1.8 % of the other 432.00 are 7.776",
    ),
    Case(
        "paid in full",
        (american(plan="annual"),),
        AMERICAN_RULES,
        {"premium": 48_000, "discount:pay_in_full": -2_400, "tax:surcharge": 821},
        "5 % of 480.00 are 24.00; 1.8 % of 456.00 are 8.208",
    ),
    Case(
        "several pets, paid in full",
        (american(plan="annual", discounts=("multi_pet",)),),
        AMERICAN_RULES,
        {"premium": 48_000, "discount:multi_pet": -4_800, "discount:pay_in_full": -2_400, "tax:surcharge": 734},
        "both of 480.00: 48.00 and 24.00; 1.8 % of 408.00 are 7.344",
    ),
    Case(
        "a second pet in July",
        (american(), endorsed(2, JULY, 48_000, discounts=("multi_pet",))),
        AMERICAN_RULES,
        {"premium": 48_000, "discount:multi_pet": -2_420, "tax:surcharge": 820},
        "10 % of 480 x 184 / 365, 241.9726, are 24.1973; 1.8 % of 455.80 are 8.2044",
    ),
    Case(
        "one pet only from July",
        (american(discounts=("multi_pet",)), endorsed(2, JULY, 48_000)),
        AMERICAN_RULES,
        {"premium": 48_000, "discount:multi_pet": -2_380, "tax:surcharge": 821},
        "10 % of 480 x 181 / 365, 238.0274, are 23.8027; 1.8 % of 456.20 are 8.2116",
    ),
    Case(
        "several pets, cancelled in July",
        (american(discounts=("multi_pet",)), cancelled(2, JULY)),
        AMERICAN_RULES,
        {"premium": 23_803, "discount:multi_pet": -2_380, "tax:surcharge": 386},
        "238.0274 for 181 days, less 23.8027; 1.8 % of 214.23 are 3.8561",
    ),
    Case(
        "a discount that new terms do not have any more stays with the term that began with it",
        (american(discounts=("multi_pet",)),),
        (discount("multi_pet", "10", jurisdiction=US, ends_on=APRIL), cancellation(jurisdiction=US)),
        {"premium": 48_000, "discount:multi_pet": -4_800},
        "10 % of all 480.00",
    ),
    Case(
        "an issuance fee for those who do not pay in full (ASPCA: 10.50)",
        (american(),),
        (fee("issuance", 1_050, jurisdiction=US, currency="USD", plans=("monthly",)), cancellation(jurisdiction=US)),
        {"premium": 48_000, "fee:issuance": 1_050},
        "10.50 once",
    ),
    Case(
        "no issuance fee for those who do",
        (american(plan="annual"),),
        (fee("issuance", 1_050, jurisdiction=US, currency="USD", plans=("monthly",)), cancellation(jurisdiction=US)),
        {"premium": 48_000},
        "nothing beside the premium",
    ),
    Case(
        "an issuance fee stays when the cover ends early",
        (american(), cancelled(2, JULY)),
        (fee("issuance", 1_050, jurisdiction=US, currency="USD"), cancellation(jurisdiction=US)),
        {"premium": 23_803, "fee:issuance": 1_050},
        "238.0274 for 181 days, and 10.50",
    ),
    Case(
        "a fee capped by an amount",
        (american(),),
        (fee("issuance", 1_050, jurisdiction=US, currency="USD", cap_minor=500), cancellation(jurisdiction=US)),
        {"premium": 48_000, "fee:issuance": 500},
        "5.00, not 10.50",
    ),
    Case(
        "a fee capped by a share of the premium, rounded down",
        (american(33_333),),
        (fee("issuance", 1_050, jurisdiction=US, currency="USD", cap_percent="3"), cancellation(jurisdiction=US)),
        {"premium": 33_333, "fee:issuance": 999},
        "3 % of 333.33 are 9.9999, and a cap is not exceeded by rounding",
    ),
    Case(
        "the lower of two caps",
        (american(),),
        (
            fee("issuance", 1_050, jurisdiction=US, currency="USD", cap_minor=1_000, cap_percent="2"),
            cancellation(jurisdiction=US),
        ),
        {"premium": 48_000, "fee:issuance": 960},
        "2 % of 480.00 are 9.60, less than 10.00",
    ),
    Case(
        "a fee of the day on which the term begins",
        (issued(48_000, effective_on=date(2026, 6, 30), jurisdiction=US, currency="USD"),),
        (
            fee("issuance", 1_050, jurisdiction=US, currency="USD", ends_on=JULY),
            fee("issuance", 1_200, jurisdiction=US, currency="USD", effective_on=JULY),
            cancellation(jurisdiction=US),
        ),
        {"premium": 48_000, "fee:issuance": 1_050},
        "10.50 until 30 June, 12.00 from July on",
    ),
    Case(
        "an amount for each term beside a share of the premium",
        (american(), cancelled(2, JULY)),
        (
            fixed_tax(180, "levy", jurisdiction=US),
            tax("1.8", "surcharge", jurisdiction=US),
            cancellation(jurisdiction=US),
        ),
        {"premium": 23_803, "tax:surcharge": 428, "tax:levy": 180},
        "1.8 % of 238.03 are 4.2845; the levy is not cut by days",
    ),
)

HUNDREDTH_DAY: Final = date(2026, 4, 11)
"""100 days after 1 January."""

CURRENCIES: Final = (
    Case(
        "no decimals",
        (issued(50_000, jurisdiction="JP", currency="JPY"), cancelled(2, HUNDREDTH_DAY)),
        (tax("10", "levy", jurisdiction="JP"), cancellation(jurisdiction="JP")),
        {"premium": 13_699, "tax:levy": 1_370},
        "50000 x 100 / 365 is 13698.63; 10 % of 13699 is 1369.9",
    ),
    Case(
        "three decimals",
        (issued(100_000, jurisdiction="KW", currency="KWD"), cancelled(2, HUNDREDTH_DAY)),
        (tax("5", "levy", jurisdiction="KW"), cancellation(jurisdiction="KW")),
        {"premium": 27_397, "tax:levy": 1_370},
        "100.000 x 100 / 365 is 27.39726; 5 % of 27.397 is 1.36985",
    ),
    Case(
        "no decimals, a discount of half a unit",
        (issued(12_345, jurisdiction="JP", currency="JPY", discounts=("multi_pet",)),),
        (discount("multi_pet", "10", jurisdiction="JP"), cancellation(jurisdiction="JP")),
        {"premium": 12_345, "discount:multi_pet": -1_235},
        "10 % of 12345 are 1234.5, and the half goes away from zero",
    ),
)

RENEWALS: Final = (
    Case(
        "by itself",
        (issued(24_000), offered(2, 26_000)),
        IPT_SINCE_2015,
        {"premium": 26_000, "tax:ipt": 3_120},
        "12 % of 260.00 are 31.20",
    ),
    Case("without a yes", (issued(24_000), offered(2, 26_000, is_automatic=False)), IPT_SINCE_2015, {}, "nothing yet"),
    Case(
        "with a yes",
        (issued(24_000), offered(2, 26_000, is_automatic=False), accepted(3)),
        IPT_SINCE_2015,
        {"premium": 26_000, "tax:ipt": 3_120},
        "12 % of 260.00 are 31.20",
    ),
    Case("declined", (issued(24_000), offered(2, 26_000), declined(3)), IPT_SINCE_2015, {}, "it never was"),
    Case(
        "cancelled on its first day",
        (issued(24_000), offered(2, 26_000), cancelled(3, date(2027, 1, 1))),
        (*IPT_SINCE_2015, fee("issuance", 1_000), fee("cancellation", 3_000)),
        {},
        "no day of cover, no fees",
    ),
    Case(
        "cancelled after 73 days",
        (issued(24_000), offered(2, 26_000), cancelled(3, date(2027, 3, 15))),
        IPT_SINCE_2015,
        {"premium": 5_200, "tax:ipt": 624},
        "31 days of January, 28 of February and 14 of March are a fifth of 365: 52.00; 12 % of it are 6.24",
    ),
    Case(
        "the pet died in the term before",
        (issued(24_000), offered(2, 26_000), died(3, date(2026, 12, 31))),
        IPT_SINCE_2015,
        {},
        "it never was",
    ),
)

CASES: Final = (
    *GREAT_BRITAIN,
    *RATE_CHANGES,
    *MOVES,
    *ENDS,
    *LEAP_YEARS,
    *DISCOUNTS_AND_FEES,
    *CURRENCIES,
    *RENEWALS,
)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_term_costs_what_was_worked_out_by_hand(case: Case) -> None:
    rulebook = rules_of(*case.rules)
    assert amounts_of(charge_term(last_term(case.events, rulebook), rulebook)) == case.charges, case.arithmetic


def test_no_two_cases_have_the_same_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
