"""The billing rules that ship: they say what their sources say, and they are in every package of Pawledger."""

import sys
import zipfile
from datetime import date, timedelta
from fnmatch import fnmatch
from pathlib import Path
from time import perf_counter

import pytest
from hatchling.builders.wheel import WheelBuilder

from infra.constructs.billing_function import COMPILED_FILES
from pawledger.domain.billing.rulebook import CancellationMethod, Rule, Rulebook
from pawledger.domain.policy.policies import EFFECTIVE_ON_MIN
from pawledger.rules.billing_rules import load_rules, load_shipped_rules

REPOSITORY = Path(__file__).resolve().parents[3]
RULES = REPOSITORY / "layers" / "pawledger" / "python" / "pawledger" / "rules"

LOAD_SECONDS_MAX = 0.125
"""Half of the import budget of a handler, on a machine that does something else as well."""


def all_rules(rulebook: Rulebook) -> list[Rule]:
    return [
        *rulebook.taxes,
        *rulebook.fees,
        *rulebook.discounts,
        *rulebook.cancellations,
        *rulebook.renewals,
        *rulebook.separations,
    ]


def test_insurance_premium_tax_is_as_hmrc_tells_its_history() -> None:
    # HMRC Insurance Premium Tax manual, IPT03400: rates and the days from which they count.
    history = {
        date(1994, 10, 1): "2.5",
        date(1997, 4, 1): "4",
        date(1999, 7, 1): "5",
        date(2011, 1, 4): "6",
        date(2015, 11, 1): "9.5",
        date(2016, 10, 1): "10",
        date(2017, 6, 1): "12",
    }
    taxes = [rule for rule in load_shipped_rules().taxes if rule.jurisdiction == "GB"]
    assert {rule.effective_on: str(rule.percent) for rule in taxes} == history
    assert all(rule.is_verified for rule in taxes)
    assert not load_shipped_rules().taxes_on("GB", "", date(1994, 9, 30))


@pytest.mark.parametrize(
    ("jurisdiction", "day", "free_look_days"),
    [
        ("GB", date(2026, 1, 1), 14),  # ICOBS 7.1.1R(2)
        ("DE", date(2026, 1, 1), 14),  # VVG s. 8(1)
        ("US-WA", date(2023, 12, 31), 0),
        ("US-WA", date(2024, 1, 1), 15),  # RCW 48.205.040(2)(a)
        ("US-FL", date(2025, 12, 31), 0),
        ("US-FL", date(2026, 1, 1), 30),  # Florida Statutes s. 627.71545
        ("US-LA", date(2024, 1, 1), 15),  # La. R.S. 22:1372(B)(1)
        ("US-NH", date(2024, 1, 1), 30),  # RSA 402-P:3 II(a)
        ("US-DE", date(2023, 8, 31), 30),  # 18 Del. C. s. 8804(b)(1)
    ],
)
def test_days_to_return_a_policy_are_those_of_the_law_of_the_day(
    jurisdiction: str, day: date, free_look_days: int
) -> None:
    assert load_shipped_rules().cancellation_on(jurisdiction, "", day).free_look_days == free_look_days


def test_wellness_is_paid_apart_in_california_alone() -> None:
    rulebook, day = load_shipped_rules(), date(2026, 1, 1)
    assert rulebook.separation_on("US-CA", "wellness", day) is not None
    assert rulebook.separation_on("US-CA", "accident", day) is None
    assert rulebook.separation_on("US-WA", "wellness", day) is None


def test_a_policy_can_be_billed_in_every_jurisdiction_today_and_in_five_years() -> None:
    rulebook = load_shipped_rules()
    jurisdictions = {path.stem for path in (RULES / "jurisdictions").glob("*.toml")}
    assert {"GB", "DE", "US-CA", "US-NY", "US-TX", "US-FL", "US-WA", "US-IL", "US-MA"} <= jurisdictions
    for jurisdiction in jurisdictions:
        for day in (date(2026, 1, 1), date(2031, 1, 1)):
            assert rulebook.knows(jurisdiction, "", day), jurisdiction


def test_every_rule_says_where_it_is_found_and_every_customer_can_cancel_by_days() -> None:
    rulebook = load_shipped_rules()
    assert all(rule.citation for rule in all_rules(rulebook))
    assert all(rule.customer_methods[0] is CancellationMethod.PRO_RATA for rule in rulebook.cancellations)


def test_what_the_seller_charges_is_marked_as_a_sample() -> None:
    rulebook = load_shipped_rules()
    own = [*rulebook.fees, *rulebook.discounts]
    assert own
    assert all("Sample" in rule.citation and not rule.is_verified for rule in own)
    assert "SAMPLES" in (RULES / "tariff.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("plan", "installments", "months_between"),
    [("annual", 1, 12), ("semi_annual", 2, 6), ("quarterly", 4, 3), ("monthly", 12, 1)],
)
def test_plans_that_events_name_since_the_first_day_bill_as_they_always_did(
    plan: str, installments: int, months_between: int
) -> None:
    shipped = load_shipped_rules().plan(plan)
    assert (shipped.installments_max, shipped.months_between, shipped.lead_days) == (installments, months_between, 14)
    assert (shipped.weights, shipped.down_payment_percent, shipped.is_first_at_issue) == ((), None, False)


def test_other_plans_pay_down_begin_at_issue_and_weigh() -> None:
    rulebook = load_shipped_rules()
    assert rulebook.plan("monthly_10_down").down_payment_percent == 10
    assert rulebook.plan("monthly_at_issue").is_first_at_issue
    assert rulebook.plan("quarterly_early").weights == (3, 2)


@pytest.mark.parametrize("jurisdiction", sorted(path.stem for path in (RULES / "jurisdictions").glob("*.toml")))
def test_from_its_first_rule_on_every_day_has_one_cancellation_and_one_renewal(jurisdiction: str) -> None:
    rulebook = load_shipped_rules()
    for kind in (rulebook.cancellations, rulebook.renewals):
        own = [rule for rule in kind if rule.jurisdiction == jurisdiction]
        first = min(rule.effective_on for rule in own)
        assert first >= EFFECTIVE_ON_MIN
        # Which rules count changes on first and last days alone.
        turns = {turn for rule in own for turn in (rule.effective_on, rule.ends_on) if turn}
        days = {turn + timedelta(days=beside) for turn in turns for beside in (-1, 0, 1)} | {date(2190, 1, 1)}
        for day in sorted(day for day in days if day >= first):
            assert sum(rule.is_for(jurisdiction, "", day) for rule in own) == 1, day


def test_the_files_are_in_the_wheel(tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(REPOSITORY)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.endswith(".toml")}
        archive.extractall(tmp_path / "installed")
    assert {f"pawledger/rules/{path.relative_to(RULES).as_posix()}" for path in RULES.rglob("*.toml")} <= packed
    assert load_rules(tmp_path / "installed" / "pawledger" / "rules") == load_shipped_rules()


def test_nothing_that_is_left_out_of_the_layer_is_a_file_of_rules() -> None:
    # The layer is its folder of the repository, less these.
    assert not [path for path in RULES.rglob("*.toml") for left_out in COMPILED_FILES if fnmatch(str(path), left_out)]


def test_loading_fits_into_the_import_budget_of_a_handler() -> None:
    load_rules(RULES)
    best = min(_time_loading() for _ in range(5))
    assert best < LOAD_SECONDS_MAX, f"{best:.3f} s on Python {sys.version}"


def _time_loading() -> float:
    started = perf_counter()
    load_rules(RULES)
    return perf_counter() - started
