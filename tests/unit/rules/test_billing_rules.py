"""Billing rules from files: what is sound is read exactly, what is not is told all at once, with file, row and key."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pawledger.domain.billing.rulebook import CancellationMethod, FeeCapRule, FeeRule, PaymentPlan, Rulebook, TaxRule
from pawledger.rules.billing_rules import FILE_BYTES_MAX, load_rules
from pawledger.rules.rule_faults import BillingRulesError
from tests.builders.rule_files import (
    CANCELLATION,
    DISCOUNT,
    FEE,
    FEE_CAP,
    LEAST,
    PLANS,
    RENEWAL,
    TAX,
    change,
    least,
    write_rules,
)

GB_FILE = "jurisdictions/GB.toml"
SHORT_RATE = change(CANCELLATION, "customer_methods", '["pro_rata", "short_rate"]') + 'short_rate_percent = "12.5"\n'


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(BillingRulesError) as caught:
        load_rules(folder)
    return [str(fault) for fault in caught.value.faults]


def load_gb(folder: Path, table: str) -> Rulebook:
    return load_rules(write_rules(folder, jurisdictions={"GB": LEAST + table}))


def test_a_tax_is_read_exactly(tmp_path: Path) -> None:
    table = change(change(TAX, "percent", '"9.5"'), "ends_on", "2030-01-01")
    rulebook = load_gb(tmp_path, change(table, "abolished", "true"))
    assert rulebook.taxes == (
        TaxRule(
            rule_id="GB-ipt",
            jurisdiction="GB",
            effective_on=date(2017, 6, 1),
            ends_on=date(2030, 1, 1),
            is_abolished=True,
            citation="made for tests",
            code="ipt",
            name="Insurance premium tax",
            percent=Decimal("9.5"),
        ),
    )


@pytest.mark.parametrize(("written", "amount_minor"), [('"10.50"', 1050), ("10", 1000), ('"0.01"', 1)])
def test_an_amount_of_a_term_is_in_whole_units_of_its_currency(tmp_path: Path, written: str, amount_minor: int) -> None:
    table = change(change(change(TAX, "percent", None), "amount", written), "currency", '"GBP"')
    (rule,) = load_gb(tmp_path, table).taxes
    assert (rule.amount_minor, rule.currency, rule.percent) == (amount_minor, "GBP", None)


def test_an_amount_follows_the_decimals_of_its_currency(tmp_path: Path) -> None:
    table = change(change(change(TAX, "percent", None), "amount", "250"), "currency", '"JPY"')
    (rule,) = load_rules(write_rules(tmp_path, jurisdictions={"JP": least("JP", "JPY") + table})).taxes
    assert rule.amount_minor == 250


def test_a_row_of_the_tariff_is_one_rule_in_each_of_its_jurisdictions(tmp_path: Path) -> None:
    table = change(FEE, "jurisdictions", '["GG", "GB"]') + 'cap = "1.20"\ncap_percent = 2\n'
    rulebook = load_rules(write_rules(tmp_path, jurisdictions={"GB": LEAST, "GG": least("GG")}, tariff=table))
    assert [(fee.rule_id, fee.jurisdiction) for fee in rulebook.fees] == [
        ("GB-installment", "GB"),
        ("GG-installment", "GG"),
    ]
    assert rulebook.fees[0] == FeeRule(
        rule_id="GB-installment",
        jurisdiction="GB",
        effective_on=date(2020, 1, 1),
        ends_on=None,
        citation="made for tests",
        code="installment",
        name="Monthly payment",
        amount_minor=150,
        currency="GBP",
        cap_minor=120,
        cap_percent=Decimal(2),
        plans=("monthly",),
    )


def test_a_cap_of_the_law_is_read_exactly(tmp_path: Path) -> None:
    (cap,) = load_gb(tmp_path, FEE_CAP + 'cap_percent = "1.5"\n').fee_caps
    assert cap == FeeCapRule(
        rule_id="GB-installment-cap",
        jurisdiction="GB",
        effective_on=date(2020, 1, 1),
        ends_on=None,
        citation="made for tests",
        code="installment",
        name="Cap on monthly payments",
        cap_minor=120,
        currency="GBP",
        cap_percent=Decimal("1.5"),
    )


def test_a_discount_is_read_exactly(tmp_path: Path) -> None:
    (rule,) = load_rules(write_rules(tmp_path, tariff=DISCOUNT)).discounts
    assert (rule.rule_id, rule.code, rule.percent) == ("GB-multi-pet", "multi_pet", Decimal("7.5"))


def test_a_cancellation_and_a_renewal_are_read_exactly(tmp_path: Path) -> None:
    rows = f"{SHORT_RATE}keeps_premium_after_claim = true\n{RENEWAL}compares_annualised = true\n"
    text = f'jurisdiction = "GB"\ncurrency = "GBP"\n{rows}'
    rulebook = load_rules(write_rules(tmp_path, jurisdictions={"GB": text}))
    (rule,), (renewal,) = rulebook.cancellations, rulebook.renewals
    assert rule.free_look_days == 14
    assert rule.customer_methods == (CancellationMethod.PRO_RATA, CancellationMethod.SHORT_RATE)
    assert rule.insurer_methods == (CancellationMethod.PRO_RATA,)
    assert (rule.short_rate_percent, rule.keeps_premium_after_claim) == (Decimal("12.5"), True)
    assert (renewal.notice_days, renewal.compares_annualised) == (21, True)


def test_what_nobody_read_in_its_source_stays_visible(tmp_path: Path) -> None:
    (rule,) = load_gb(tmp_path, change(TAX, "verified", "false")).taxes
    assert not rule.is_verified


def test_a_plan_is_read_exactly(tmp_path: Path) -> None:
    text = """
[early]
months_between = 3
installments_max = 3
weights = [3, 2]
down_payment_percent = "12.5"
lead_days = 0
is_first_at_issue = true
"""
    plan = load_rules(write_rules(tmp_path, plans=text)).plan("early")
    assert plan == PaymentPlan(
        name="early",
        months_between=3,
        installments_max=3,
        weights=(3, 2),
        down_payment_percent=Decimal("12.5"),
        lead_days=0,
        is_first_at_issue=True,
    )


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("percent", "9.5", 'percent: 9.5 is a float, and rules hold none; write it as a text, "9.5"'),
        ("percent", "1e1", "percent: 1e1 is a float"),
        ("percent", "nan", "percent: nan is a float"),
        ("percent", "true", "percent: 'True' is not a percentage from 0 to 100"),
        ("percent", '"100.01"', "percent: '100.01' is not a percentage from 0 to 100"),
        ("percent", "-1", "percent: '-1' is not a percentage"),
        ("percent", '"12 %"', "percent: '12 %' is not a percentage"),
        ("percent", '"٣"', "percent: '٣' is not a percentage"),
        ("percent", None, "percent: a tax is either a percent or an amount"),
        ("amount", '"1.00"', "percent: a tax is either a percent or an amount"),
        ("currency", '"GBP"', "currency: stands beside an amount alone"),
        ("colour", "1", "colour: unknown, the keys here are abolished, amount, citation"),
        ("citation", None, "citation: missing"),
        ("citation", '" "', "citation: ' ' is not a text of 1 to 400 printable characters"),
        ("citation", '"a\\u001b[31m"', "citation: 'a\\x1b[31m' is not a text"),
        ("verified", None, "verified: missing"),
        ("verified", '"yes"', "verified: 'yes' is not true or false"),
        ("name", None, "name: missing"),
        ("code", '"IPT tax"', "code: 'IPT tax' is not a code of small letters"),
        ("code", '"tax:ipt"', "code: 'tax:ipt' is not a code of small letters"),
        ("rule_id", None, "rule_id: missing"),
        ("rule_id", '"GB ipt"', "rule_id: 'GB ipt' is not letters, digits and single hyphens"),
        ("effective_on", None, "effective_on: missing"),
        ("effective_on", '"2017-06-01"', "effective_on: '2017-06-01' is not a day from 1900-01-01"),
        ("effective_on", "2017-06-01T00:00:00Z", "effective_on: '2017-06-01 00:00:00+00:00' is not a day"),
        ("effective_on", "0001-01-01", "effective_on: '0001-01-01' is not a day"),
        ("ends_on", "9999-12-31", "ends_on: '9999-12-31' is not a day"),
        ("ends_on", "2017-06-01", "ends_on: '2017-06-01' is not after 2017-06-01, on which the rule begins"),
        ("products", "[]", "products: '[]' is not a list of at least one text"),
        ("products", '["A dog"]', "products: 'A dog' is not a product's code"),
        ("products", '["dog", "dog"]', "products: names something twice"),
        ("abolished", '"yes"', "abolished: 'yes' is not true or false"),
        ("abolished", "true", "abolished: stands beside ends_on alone"),
    ],
)
def test_a_fault_of_a_tax_is_named_with_its_file_row_and_key(
    tmp_path: Path, key: str, value: str | None, fault: str
) -> None:
    found = faults_of(write_rules(tmp_path, jurisdictions={"GB": LEAST + change(TAX, key, value)}))
    named = "GB-ipt: " if key != "rule_id" else ""
    assert any(text.startswith(f"{GB_FILE}: taxes[1]") and f"{named}{fault}" in text for text in found), found


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("amount", None, "amount: missing"),
        ("amount", "1.5", 'amount: 1.5 is a float, and rules hold none; write it as a text, "1.5"'),
        ("amount", '"1.505"', "amount: '1.505' is not an amount of GBP above zero"),
        ("amount", '"0.00"', "amount: '0.00' is not an amount of GBP above zero"),
        ("amount", '"-1.00"', "amount: '-1.00' is not an amount of GBP above zero"),
        ("amount", "true", "amount: 'True' is not an amount"),
        ("currency", None, "currency: missing"),
        ("currency", '"EURO"', "currency: 'EURO' is not a currency of ISO 4217"),
        ("cap", "0", "cap: '0' is not an amount of GBP above zero"),
        ("cap_percent", "101", "cap_percent: '101' is not a percentage"),
        ("code", '"late"', "code: 'late' is not one of cancellation, installment, issuance, returned_payment"),
        ("plans", '["weekly"]', "plans: 'weekly' is no plan of plans.toml; there are annual, monthly"),
        ("jurisdictions", None, "jurisdictions: missing"),
        ("jurisdictions", '["FR"]', "jurisdictions: 'FR' is not one of the files in jurisdictions/"),
        ("jurisdictions", '["uk"]', "jurisdictions: 'uk' is not a jurisdiction"),
        ("percent", "5", "percent: unknown"),
    ],
)
def test_a_fault_of_a_fee_is_named_once(tmp_path: Path, key: str, value: str | None, fault: str) -> None:
    table = change(FEE, "jurisdictions", '["GG", "GB"]') if key != "jurisdictions" else FEE
    folder = write_rules(tmp_path, jurisdictions={"GB": LEAST, "GG": least("GG")}, tariff=change(table, key, value))
    found = [text for text in faults_of(folder) if fault in text]
    # A plan is looked up for each of the rules that a row stands for, all else is of the row.
    assert len(found) == (2 if key == "plans" else 1), faults_of(folder)
    assert found[0].startswith("tariff.toml: fees[1]")


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("cap", None, "cap: missing; a cap is an amount with its currency, a cap_percent of the premium, or both"),
        ("cap", None, "currency: stands beside a cap alone"),
        ("cap", "0", "cap: '0' is not an amount of GBP above zero"),
        ("cap", "1.2", 'cap: 1.2 is a float, and rules hold none; write it as a text, "1.2"'),
        ("currency", None, "currency: missing"),
        ("currency", '"USD"', "currency: 'USD' is not GBP, the currency of GB"),
        ("cap_percent", "101", "cap_percent: '101' is not a percentage"),
        ("code", '"late"', "code: 'late' is not one of cancellation, installment, issuance, returned_payment"),
        ("name", None, "name: missing"),
        ("citation", None, "citation: missing"),
        ("plans", '["monthly"]', "plans: unknown, the keys here are abolished, cap, cap_percent, citation"),
    ],
)
def test_a_fault_of_a_cap_is_named(tmp_path: Path, key: str, value: str | None, fault: str) -> None:
    found = faults_of(write_rules(tmp_path, jurisdictions={"GB": LEAST + change(FEE_CAP, key, value)}))
    assert any(text.startswith(f"{GB_FILE}: fee_caps[1] GB-installment-cap: {fault}") for text in found), found


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("free_look_days", None, "free_look_days: missing"),
        ("free_look_days", "367", "free_look_days: '367' is not a whole number from 0 to 366"),
        ("free_look_days", "14.0", "free_look_days: 14.0 is a float"),
        ("customer_methods", None, "customer_methods: missing"),
        ("customer_methods", '["full"]', "customer_methods: 'full' is not one of flat, pro_rata"),
        ("customer_methods", '["pro_rata", "pro_rata"]', "customer_methods: names something twice"),
        ("customer_methods", '["short_rate"]', "short_rate_percent: stands where short_rate is one of the methods"),
        ("abolished", "true", "abolished: unknown, the keys here are citation"),
        ("short_rate_percent", "10", "short_rate_percent: stands where short_rate is one of the methods"),
        ("keeps_premium_after_claim", "1", "keeps_premium_after_claim: '1' is not true or false"),
    ],
)
def test_a_fault_of_a_cancellation_is_named(tmp_path: Path, key: str, value: str | None, fault: str) -> None:
    text = LEAST.replace(CANCELLATION, change(CANCELLATION, key, value))
    (found,) = faults_of(write_rules(tmp_path, jurisdictions={"GB": text}))
    assert found.startswith(f"{GB_FILE}: cancellations[1] GB-cancellation: {fault}")


@pytest.mark.parametrize(
    ("plan", "fault"),
    [
        ("[Annual]\nmonths_between = 12\nlead_days = 14", "[Annual]: 'Annual' is not a plan's name"),
        ("[annual]\nlead_days = 14", "[annual]: months_between: missing"),
        ("[annual]\nmonths_between = 12", "[annual]: lead_days: missing"),
        ("[annual]\nmonths_between = 28\nlead_days = 14", "months_between: '28' is not a whole number from 1 to 27"),
        ("[annual]\nmonths_between = 12\nlead_days = 91", "lead_days: '91' is not a whole number from 0 to 90"),
        ("[annual]\nmonths_between = 12\nlead_days = 14\nweight = 1", "weight: unknown"),
        ("[a]\nmonths_between = 1\nlead_days = 14\nweights = [0, 0]", "weights: none is above zero"),
        ("[a]\nmonths_between = 1\nlead_days = 14\nweights = [1, -1]", "weights: '[1, -1]' is not a list of whole"),
        ("[a]\nmonths_between = 1\nlead_days = 14\nweights = [1, true]", "weights: '[1, True]' is not a list"),
        (
            "[a]\nmonths_between = 1\nlead_days = 14\ninstallments_max = 2\nweights = [1, 1, 1]",
            "weights: 3 weights, and at most 2 installments",
        ),
        (
            "[a]\nmonths_between = 12\nlead_days = 14\ninstallments_max = 1\ndown_payment_percent = 10",
            "installments_max: one installment has neither weights nor a down payment",
        ),
        ("[a]\nmonths_between = 1\nlead_days = 14\ndown_payment_percent = 0", "down_payment_percent: nothing is paid"),
        ("annual = 12", "[annual]: is not a table"),
    ],
)
def test_a_fault_of_a_plan_is_named(tmp_path: Path, plan: str, fault: str) -> None:
    found = faults_of(write_rules(tmp_path, plans=plan))
    assert any(text.startswith("plans.toml: ") and fault in text for text in found), found


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("jurisdiction = ", "not TOML: "),
        (f"jurisdiction = {'9' * 5000}", "not TOML: "),
        (f"jurisdiction = {'[' * 5000}", "not TOML: "),
        ("effective_on = 2017-02-30", "not TOML: "),
        ("#" * (FILE_BYTES_MAX + 1), "larger than 262144 bytes"),
        (LEAST.replace('jurisdiction = "GB"', 'jurisdiction = "DE"'), "jurisdiction: 'DE' is not the name of its file"),
        (LEAST.replace('jurisdiction = "GB"', ""), "jurisdiction: missing"),
        (LEAST.replace('jurisdiction = "GB"', 'jurisdiction = "GB"\ncolour = 1'), "colour: unknown"),
        (LEAST.replace('currency = "GBP"', ""), "currency: missing"),
        (least("GB", "POUND"), "currency: 'POUND' is not a currency of ISO 4217"),
        (f'jurisdiction = "GB"\n{CANCELLATION}', "renewals: missing: without a row under [[renewals]]"),
        (f'jurisdiction = "GB"\n{RENEWAL}', "cancellations: missing: without a row under [[cancellations]]"),
        (f'jurisdiction = "GB"\ntaxes = 1\n{CANCELLATION}{RENEWAL}', "taxes: '1' is not a list of tables"),
        (LEAST + DISCOUNT, "discounts: unknown, the keys here are cancellations, currency, fee_caps"),
        (LEAST + change(TAX, "code", '"x"').replace("taxes", "separations"), "products: missing, at least one product"),
    ],
)
def test_a_fault_of_a_file_is_named(tmp_path: Path, text: str, fault: str) -> None:
    found = faults_of(write_rules(tmp_path, jurisdictions={"GB": text}))
    assert any(each.startswith(f"{GB_FILE}: ") and fault in each for each in found), found


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (write_rules(tmp_path) / "tariff.toml").write_bytes(b"\xff")
    assert faults_of(tmp_path) == ["tariff.toml: not UTF-8"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert {text.partition(":")[0] for text in faults_of(tmp_path)} == {"plans.toml", "tariff.toml", "jurisdictions"}


def test_a_file_of_another_name_than_iso_3166_gives_is_named(tmp_path: Path) -> None:
    folder = write_rules(tmp_path, jurisdictions={"GB": LEAST, "uk": LEAST.replace("GB", "uk")})
    assert "jurisdictions/uk.toml: is not named as ISO 3166" in "\n".join(faults_of(folder))


def test_a_path_that_no_file_system_has_is_a_fault(tmp_path: Path) -> None:
    assert "jurisdictions: cannot be read" in "\n".join(faults_of(tmp_path / "\0"))


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = write_rules(
        tmp_path,
        jurisdictions={"GB": LEAST + change(change(TAX, "percent", "12.0"), "citation", None)},
        tariff=change(FEE, "currency", '"EURO"'),
        plans=PLANS.replace("lead_days = 14", "lead_days = -1"),
    )
    files = [text.partition(":")[0] for text in faults_of(folder)]
    assert sorted(files) == [GB_FILE, GB_FILE, "plans.toml", "plans.toml", "tariff.toml"]
