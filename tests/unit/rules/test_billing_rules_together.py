"""Billing rules beside each other: each id once, each day covered once and to the end, by whatever file and order."""

from datetime import date
from pathlib import Path

import pytest

from pawledger.rules.billing_rules import load_rules
from tests.builders.rule_files import (
    CANCELLATION,
    DISCOUNT,
    FEE,
    FEE_CAP,
    LEAST,
    RENEWAL,
    TAX,
    change,
    least,
    write_rules,
)
from tests.unit.rules.test_billing_rules import GB_FILE, faults_of


def tax(rule_id: str, effective_on: str, ends_on: str | None = None, **changes: str) -> str:
    return dated(TAX, rule_id, effective_on, ends_on, **changes)


def dated(table: str, rule_id: str, effective_on: str, ends_on: str | None = None, **changes: str) -> str:
    table = change(change(table, "rule_id", f'"{rule_id}"'), "effective_on", effective_on)
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


def test_a_rule_that_ends_without_one_that_follows_is_a_gap(tmp_path: Path) -> None:
    (fault,) = faults_of(with_taxes(tmp_path, tax("a", "2016-10-01", "2017-06-01")))
    assert fault == (
        f"{GB_FILE}: taxes[1] a: ends_on: no rule counts from 2017-06-01 on: a gap; "
        "where a was abolished, it says abolished = true"
    )


def test_an_end_in_days_to_come_is_a_gap_today(tmp_path: Path) -> None:
    (fault,) = faults_of(with_taxes(tmp_path, tax("a", "2016-10-01", "2199-12-31")))
    assert "taxes[1] a: ends_on: no rule counts from 2199-12-31 on: a gap" in fault


def test_a_tax_that_says_that_it_was_abolished_is_sound(tmp_path: Path) -> None:
    rulebook = load_rules(with_taxes(tmp_path, tax("a", "2016-10-01", "2017-06-01", abolished="true")))
    assert [rule.is_abolished for rule in rulebook.taxes] == [True]
    assert rulebook.taxes_on("GB", "", date(2017, 5, 31))
    assert not rulebook.taxes_on("GB", "", date(2017, 6, 1))


def test_a_tax_can_come_back_after_it_was_abolished(tmp_path: Path) -> None:
    folder = with_taxes(
        tmp_path, tax("a", "2016-10-01", "2017-06-01", abolished="true"), tax("b", "2020-01-01", percent="3")
    )
    assert [rule.rule_id for rule in load_rules(folder).taxes] == ["a", "b"]


def test_what_is_followed_on_its_last_day_was_not_abolished(tmp_path: Path) -> None:
    folder = with_taxes(tmp_path, tax("a", "2016-10-01", "2017-06-01", abolished="true"), tax("b", "2017-06-01"))
    (fault,) = faults_of(folder)
    assert fault.startswith(f"{GB_FILE}: taxes[1] a: abolished: something else counts from 2017-06-01 on")


def test_of_a_rule_of_two_products_each_goes_on(tmp_path: Path) -> None:
    both = tax("a", "2016-10-01", "2017-01-01", products='["dog", "cat"]')
    dogs, cats = tax("b", "2017-01-01", products='["dog"]'), tax("c", "2017-01-01", products='["cat"]')
    assert len(load_rules(with_taxes(tmp_path, both, dogs, cats)).taxes) == 3
    (fault,) = faults_of(with_taxes(tmp_path, both, dogs))
    assert "taxes[1] a: ends_on: no rule counts from 2017-01-01 on for cat: a gap" in fault


def test_a_rule_of_all_products_is_not_followed_by_one_of_a_product(tmp_path: Path) -> None:
    (fault,) = faults_of(
        with_taxes(tmp_path, tax("a", "2016-10-01", "2017-01-01"), tax("b", "2017-01-01", products='["dog"]'))
    )
    assert "taxes[1] a: ends_on: no rule counts from 2017-01-01 on: a gap" in fault


@pytest.mark.parametrize(("table", "kind"), [(CANCELLATION, "cancellations"), (RENEWAL, "renewals")])
def test_a_cancellation_or_a_renewal_always_goes_on(tmp_path: Path, table: str, kind: str) -> None:
    ended = LEAST.replace(table, change(table, "ends_on", "2030-01-01"))
    (fault,) = faults_of(write_rules(tmp_path, jurisdictions={"GB": ended}))
    assert f"{kind}[1] GB-" in fault
    assert fault.endswith("ends_on: no rule counts from 2030-01-01 on: a gap, and there is always a rule of this kind")
    # A row of one product ends where that of all products counts again.
    own = change(dated(table, "GB-horses", "2010-01-01", "2030-01-01"), "products", '["horse"]')
    rulebook = load_rules(write_rules(tmp_path, jurisdictions={"GB": LEAST + own}))
    assert rulebook.knows("GB", "horse", date(2030, 1, 1))


def test_a_fee_goes_on_plan_by_plan(tmp_path: Path) -> None:
    every = change(dated(FEE, "a", "2020-01-01", "2021-01-01"), "plans", None)
    monthly, annual = dated(FEE, "b", "2021-01-01"), dated(FEE, "c", "2021-01-01", plans='["annual"]')
    assert len(load_rules(write_rules(tmp_path, tariff=every + monthly + annual)).fees) == 3
    (fault,) = faults_of(write_rules(tmp_path, tariff=every + monthly))
    assert fault.startswith("tariff.toml: fees[1] GB-a: ends_on: no rule counts from 2021-01-01 on for annual: a gap")
    assert len(load_rules(write_rules(tmp_path, tariff=change(every, "abolished", "true") + monthly)).fees) == 2


@pytest.mark.parametrize(("table", "kind"), [(FEE_CAP, "fee_caps"), (DISCOUNT, "discounts")])
def test_caps_and_discounts_go_on_as_well(tmp_path: Path, table: str, kind: str) -> None:
    ended = change(table, "ends_on", "2030-01-01")
    for each in (ended, change(ended, "abolished", "true")):
        is_law = kind == "fee_caps"
        folder = write_rules(
            tmp_path, jurisdictions={"GB": LEAST + (each if is_law else "")}, tariff="" if is_law else each
        )
        if each != ended:
            assert [rule.is_abolished for rule in getattr(load_rules(folder), kind)] == [True]
        else:
            (fault,) = faults_of(folder)
            assert f"{kind}[1] GB-" in fault
            assert "ends_on: no rule counts from 2030-01-01 on: a gap" in fault


def test_fees_and_taxes_in_another_currency_than_that_of_their_place_are_refused(tmp_path: Path) -> None:
    levy = change(change(change(TAX, "percent", None), "amount", "2"), "currency", '"EUR"')
    folder = write_rules(
        tmp_path,
        jurisdictions={"DE": least("DE", "EUR"), "GB": LEAST + levy},
        tariff=change(FEE, "jurisdictions", '["DE", "GB"]') + 'cap = "1.20"\n',
    )
    assert faults_of(folder) == [
        f"{GB_FILE}: taxes[1] GB-ipt: currency: 'EUR' is not GBP, the currency of GB",
        "tariff.toml: fees[1] DE-installment: currency: 'GBP' is not EUR, the currency of DE",
    ]


def test_the_currency_of_a_place_that_is_unknown_is_told_once(tmp_path: Path) -> None:
    (fault,) = faults_of(write_rules(tmp_path, jurisdictions={"GB": least("GB", "POUND")}, tariff=FEE))
    assert fault == f"{GB_FILE}: currency: 'POUND' is not a currency of ISO 4217"


def test_taxes_of_other_codes_products_and_places_may_count_on_the_same_day(tmp_path: Path) -> None:
    folder = write_rules(
        tmp_path,
        jurisdictions={
            "GB": LEAST
            + tax("a", "2016-10-01", products='["dog"]')
            + tax("b", "2016-10-01", products='["cat"]')
            + tax("c", "2016-10-01", code='"levy"'),
            "DE": least("DE", "EUR") + tax("d", "2016-10-01"),
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
        tax("b", "2017-01-01", "2018-01-01", products='["cat"]', abolished="true"),
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
