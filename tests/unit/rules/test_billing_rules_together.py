"""Billing rules beside each other: each id once, each day of a rule covered once, by whatever file and order."""

from pathlib import Path

import pytest

from pawledger.rules.billing_rules import load_rules
from tests.builders.rule_files import CANCELLATION, FEE, LEAST, RENEWAL, TAX, change, write_rules
from tests.unit.rules.test_billing_rules import GB_FILE, faults_of


def tax(rule_id: str, effective_on: str, ends_on: str | None = None, **changes: str) -> str:
    table = change(change(TAX, "rule_id", f'"{rule_id}"'), "effective_on", effective_on)
    for key, value in {**({"ends_on": ends_on} if ends_on else {}), **changes}.items():
        table = change(table, key, value)
    return table


def with_taxes(folder: Path, *tables: str) -> Path:
    return write_rules(folder, jurisdictions={"GB": LEAST + "".join(tables)})


def test_rates_that_follow_each_other_day_by_day_are_sound(tmp_path: Path) -> None:
    rulebook = load_rules(with_taxes(tmp_path, tax("b", "2017-06-01"), tax("a", "2016-10-01", "2017-06-01")))
    assert [rule.rule_id for rule in rulebook.taxes] == ["a", "b"]


@pytest.mark.parametrize("ends_on", [None, "2017-06-02", "2030-01-01"])
def test_two_rates_of_one_tax_on_one_day_are_a_fault_of_the_later(tmp_path: Path, ends_on: str | None) -> None:
    (fault,) = faults_of(with_taxes(tmp_path, tax("b", "2017-06-01"), tax("a", "2016-10-01", ends_on)))
    assert fault.startswith(f"{GB_FILE}: taxes[1] b: effective_on: 2017-06-01 is within a ({GB_FILE})")


def test_a_day_without_a_rate_between_two_is_a_fault(tmp_path: Path) -> None:
    (fault,) = faults_of(with_taxes(tmp_path, tax("a", "2016-10-01", "2017-05-31"), tax("b", "2017-06-01")))
    assert fault.startswith(f"{GB_FILE}: taxes[2] b: effective_on: no rule counts from 2017-05-31, on which a ends")


def test_a_tax_that_ends_for_good_is_sound(tmp_path: Path) -> None:
    assert load_rules(with_taxes(tmp_path, tax("a", "2016-10-01", "2017-06-01"))).taxes


def test_taxes_of_other_codes_products_and_places_may_count_on_the_same_day(tmp_path: Path) -> None:
    folder = write_rules(
        tmp_path,
        jurisdictions={
            "GB": LEAST
            + tax("a", "2016-10-01", products='["dog"]')
            + tax("b", "2016-10-01", products='["cat"]')
            + tax("c", "2016-10-01", code='"levy"'),
            "DE": LEAST.replace("GB", "DE") + tax("d", "2016-10-01"),
        },
    )
    assert len(load_rules(folder).taxes) == 4


def test_a_tax_of_one_product_and_one_of_all_products_would_be_charged_twice(tmp_path: Path) -> None:
    folder = with_taxes(tmp_path, tax("a", "2016-10-01"), tax("b", "2020-01-01", products='["dog"]'))
    (fault,) = faults_of(folder)
    assert "2020-01-01 is within a" in fault


def test_gaps_are_looked_for_product_by_product(tmp_path: Path) -> None:
    folder = with_taxes(
        tmp_path,
        tax("a", "2016-10-01", "2017-01-01", products='["dog"]'),
        tax("b", "2017-01-01", "2018-01-01", products='["cat"]'),
        tax("c", "2018-01-01", products='["dog"]'),
    )
    (fault,) = faults_of(folder)
    assert "taxes[3] c: effective_on: no rule counts from 2017-01-01" in fault


def test_a_cancellation_of_one_product_goes_before_one_of_all(tmp_path: Path) -> None:
    own = change(change(CANCELLATION, "rule_id", '"GB-horses"'), "products", '["horse"]')
    rulebook = load_rules(write_rules(tmp_path, jurisdictions={"GB": LEAST + change(own, "free_look_days", "30")}))
    day = rulebook.cancellations[0].effective_on
    assert rulebook.cancellation_on("GB", "horse", day).free_look_days == 30
    assert rulebook.cancellation_on("GB", "dog", day).free_look_days == 14


@pytest.mark.parametrize("table", [CANCELLATION, RENEWAL])
def test_two_cancellations_or_renewals_of_all_products_on_one_day_are_a_fault(tmp_path: Path, table: str) -> None:
    (fault,) = faults_of(with_taxes(tmp_path, change(table, "rule_id", '"second"')))
    assert "2000-01-01 is within GB-" in fault


def test_fees_of_different_plans_may_count_on_the_same_day_and_of_one_plan_may_not(tmp_path: Path) -> None:
    other = change(change(FEE, "rule_id", '"other"'), "plans", '["annual"]')
    assert len(load_rules(write_rules(tmp_path, tariff=FEE + other)).fees) == 2
    (fault,) = faults_of(write_rules(tmp_path, tariff=FEE + change(other, "plans", None)))
    assert fault.startswith("tariff.toml: fees[2] GB-other: effective_on: 2020-01-01 is within GB-installment")


def test_an_id_that_another_file_has_is_named_with_that_file(tmp_path: Path) -> None:
    folder = write_rules(
        tmp_path, jurisdictions={"GB": LEAST, "DE": LEAST.replace('jurisdiction = "GB"', 'jurisdiction = "DE"')}
    )
    cancellation, renewal = faults_of(folder)
    assert cancellation.startswith(f"{GB_FILE}: cancellations[1] GB-cancellation: rule_id: 'GB-cancellation' is the id")
    assert "jurisdictions/DE.toml: cancellations[1]" in cancellation
    assert "GB-renewal" in renewal


def test_a_faulty_row_is_not_taken_for_a_gap_between_its_neighbours(tmp_path: Path) -> None:
    folder = with_taxes(
        tmp_path,
        tax("a", "2016-10-01", "2017-06-01"),
        tax("b", "2017-06-01", "2018-01-01", percent="12.0"),
        tax("c", "2018-01-01"),
    )
    (fault,) = faults_of(folder)
    assert "taxes[2] b: percent: 12.0 is a float" in fault
