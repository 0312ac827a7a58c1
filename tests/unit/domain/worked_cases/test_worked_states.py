"""States of the United States charged by hand, by the rules that ship and a seller's fee for installments.

Each case says its arithmetic in words. Kentucky has a surcharge on the premium (KRS 136.392: 1.8 percent), Florida caps
the fee for an installment (Florida Statutes s. 627.902 with 627.901: 3.00), New York has neither.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import pytest

from pawledger.domain.billing.charging import charge_term, installment_fee
from pawledger.domain.billing.installments import Plan, plan_schedule
from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.policy.policies import Charge
from pawledger.domain.policy.policy_events import PolicyEvent
from pawledger.domain.policy.policy_history import Term
from pawledger.rules.billing_rules import load_shipped_rules
from tests.builders.policy_terms import FIRST_DAY, amounts_of, cancelled, endorsed, fee, issued, last_term

JULY: Final = date(2026, 7, 1)
"""181 days after 1 January."""


@dataclass(frozen=True)
class Case:
    name: str
    events: tuple[PolicyEvent, ...]
    charges: dict[str, int]
    """Of the term without its fees on installments, by code, in minor units."""
    installments: list[int]
    """What each installment bills, in minor units."""
    arithmetic: str
    fee_minor: int = 500
    """The seller's fee for each installment but the first."""


def insured(
    state: str, premium_minor: int = 48_000, *, effective_on: date = FIRST_DAY, plan: str = "monthly"
) -> PolicyEvent:
    return issued(premium_minor, jurisdiction=f"US-{state}", currency="USD", effective_on=effective_on, plan=plan)


def rules_with_fee(fee_minor: int) -> Rulebook:
    """The rules that ship, and a fee of this seller in the three states."""
    fees = (fee("installment", fee_minor, jurisdiction=f"US-{state}", currency="USD") for state in ("FL", "KY", "NY"))
    return replace(load_shipped_rules(), fees=tuple(fees))


def installments_of(term: Term, rulebook: Rulebook) -> list[int]:
    plan = Plan(
        payment_plan=rulebook.plan(term.plan),
        effective_on=term.effective_on,
        billed_until=term.end.on if term.end else term.expires_on,
        due_day=term.due_day,
        installment_fee=installment_fee(term, rulebook),
        planned_on=term.effective_on,
    )
    schedule = plan_schedule(plan, charge_term(term, rulebook), (), ())
    return [installment.amount_minor for installment in schedule.installments]


KENTUCKY: Final = (
    Case(
        "a surcharge on the premium",
        (insured("KY", plan="annual"),),
        {"premium": 48_000, "tax:premium_surcharge": 864},
        [48_864],
        "1.8 % of 480.00 are 8.64",
    ),
    Case(
        "a surcharge that does not come out even",
        (insured("KY", 33_333, plan="annual"),),
        {"premium": 33_333, "tax:premium_surcharge": 600},
        [33_933],
        "1.8 % of 333.33 are 5.99994",
    ),
    Case(
        "a surcharge by months, and a fee that no cap cuts",
        (insured("KY"),),
        {"premium": 48_000, "tax:premium_surcharge": 864},
        [4_072] + [4_572] * 11,
        "a twelfth of 480.00 is 40.00 and of 8.64 is 0.72; 5.00 for each installment but the first, without surcharge",
    ),
    Case(
        "a surcharge on more premium from July",
        (insured("KY", plan="annual"), endorsed(2, JULY, 60_000)),
        {"premium": 54_049, "tax:premium_surcharge": 973},
        [55_022],
        "181 days at 480 and 184 at 600: (86880 + 110400) / 365 is 540.4932; 1.8 % of 540.49 are 9.7288",
    ),
    Case(
        "a surcharge that is given back with the premium",
        (insured("KY", plan="annual"), cancelled(2, JULY)),
        {"premium": 23_803, "tax:premium_surcharge": 428},
        [24_231],
        "480 x 181 / 365 is 238.0274; 1.8 % of 238.03 are 4.2845, so 4.36 of 8.64 are given back",
    ),
    Case(
        "a term that began before the rate that ships",
        (insured("KY", plan="annual", effective_on=date(2010, 3, 31)),),
        {"premium": 48_000},
        [48_000],
        "1.8 % from 1 April 2010 on; the rate before is not among the rules",
    ),
)

FLORIDA: Final = (
    Case(
        "a fee that the cap cuts",
        (insured("FL"),),
        {"premium": 48_000},
        [4_000] + [4_300] * 11,
        "40.00 a month; 3.00, not 5.00, for each but the first: 33.00 in the year, within the 36.00 of the law",
    ),
    Case(
        "a fee by quarters that the cap cuts",
        (insured("FL", plan="quarterly"),),
        {"premium": 48_000},
        [12_000] + [12_300] * 3,
        "120.00 a quarter and 3.00",
    ),
    Case(
        "a fee of exactly the cap",
        (insured("FL", plan="quarterly"),),
        {"premium": 48_000},
        [12_000] + [12_300] * 3,
        "3.00 are allowed",
        fee_minor=300,
    ),
    Case(
        "a fee below the cap",
        (insured("FL", plan="quarterly"),),
        {"premium": 48_000},
        [12_000] + [12_250] * 3,
        "2.50 stay 2.50",
        fee_minor=250,
    ),
    Case(
        "a term that began before the cap that ships",
        (insured("FL", plan="quarterly", effective_on=date(2003, 12, 31)),),
        {"premium": 48_000},
        [12_000] + [12_500] * 3,
        "5.00, for the cap is among the rules from 2004 on",
    ),
)

NEW_YORK: Final = (
    Case(
        "neither surcharge nor cap",
        (insured("NY"),),
        {"premium": 48_000},
        [4_000] + [4_500] * 11,
        "40.00 a month, and the seller's 5.00 for each but the first",
    ),
    Case(
        "nothing beside the premium", (insured("NY", plan="annual"),), {"premium": 48_000}, [48_000], "480.00 at once"
    ),
)

CASES: Final = (*KENTUCKY, *FLORIDA, *NEW_YORK)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_term_in_a_state_costs_what_was_worked_out_by_hand(case: Case) -> None:
    rulebook = rules_with_fee(case.fee_minor)
    term = last_term(case.events, rulebook)
    assert amounts_of(charge_term(term, rulebook)) == case.charges, case.arithmetic
    assert installments_of(term, rulebook) == case.installments, case.arithmetic


def test_a_capped_fee_names_the_law_that_caps_it() -> None:
    rulebook = rules_with_fee(500)
    charge = installment_fee(last_term([insured("FL")], rulebook), rulebook)
    rule_ids = "US-FL-installment-2000 US-FL-installment-cap"
    assert charge == Charge("fee:installment", 300, rule_ids, "installment, capped from 5.00")
