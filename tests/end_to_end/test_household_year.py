"""The demonstration's household: its year, invoice by invoice, with figures worked out by hand."""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import boto3
import pytest

from local_cloud.demonstration.cloud import Cloud
from local_cloud.demonstration.household import CAT, DOG, HouseholdInvoice, live_household_year, print_household_year
from local_cloud.emulator import ACCESS_KEY, REGION
from pawledger.domain.calendar import add_months
from tests.end_to_end.deployed_cloud import DeployedCloud


@dataclass(frozen=True)
class Lived:
    cloud: Cloud
    invoices: list[HouseholdInvoice]
    year: dict[str, Any]


@pytest.fixture(scope="module")
def lived(cloud_of_its_own: DeployedCloud) -> Lived:
    session = boto3.Session(ACCESS_KEY, ACCESS_KEY, region_name=REGION)
    cloud = Cloud(session, cloud_of_its_own.cloud.endpoint_url, cloud_of_its_own.outputs)
    year = live_household_year(cloud, cloud.read_business_date())
    return Lived(cloud, year["invoices"], year)


def amounts_of(lived: Lived, policy_id: str) -> list[int]:
    return [dict(invoice.lines)[policy_id] for invoice in lived.invoices if policy_id in dict(invoice.lines)]


def test_the_cat_is_invoiced_five_months_and_never_again(lived: Lived) -> None:
    # 180.00 less 5 % is 171.00, with 19 % tax 203.49: twelve months of 16.95 or 16.96.
    cat = amounts_of(lived, CAT)
    assert len(cat) == 5
    assert set(cat) <= {1695, 1696, 1697}
    assert sum(cat) == 8479  # premium 75.00, discount 3.75, tax 13.5375: five twelfths of each, rounded: 13.54


def test_the_dog_is_invoiced_a_dearer_year_by_the_month_and_then_by_the_quarter(lived: Lived) -> None:
    dog = amounts_of(lived, DOG)
    # Seven months, two quarters (the first of two months), and the first quarter of the renewal.
    assert len(dog) == 7 + 2 + 1
    # The renewal has no discount told: a quarter of 315.00, and of its tax, 59.85 (14.9625).
    assert dog[-1] == 7875 + 1496


def test_the_dogs_year_is_charged_by_days_at_both_prices(lived: Lived) -> None:
    begins_on = lived.invoices[0].due_on
    days = (add_months(begins_on, 12) - begins_on).days
    cheap_days = (add_months(begins_on, 3) - begins_on).days
    premium = round_half_up(Fraction(24_000 * cheap_days + 30_000 * (days - cheap_days), days))
    discount = round_half_up(Fraction(5 * (24_000 * cheap_days + 30_000 * (days - cheap_days)), 100 * days))
    tax = round_half_up(Fraction(19 * (premium - discount), 100))
    assert sum(amounts_of(lived, DOG)[:-1]) == premium - discount + tax


def round_half_up(exact: Fraction) -> int:
    return int(exact + Fraction(1, 2))


def test_what_waited_counted_and_its_discrepancies_healed(lived: Lived) -> None:
    found = Counter(
        (body["kind"], item["status"]["S"])
        for item, body in zip(
            lived.cloud.scan("DiscrepanciesTableName"), lived.cloud.bodies("DiscrepanciesTableName"), strict=True
        )
    )
    assert found == {("policy_unknown", "healed"): 1, ("death_unproven", "healed"): 1}


def test_every_invoice_has_its_documents_once(lived: Lived) -> None:
    assert lived.year["documents"] == 4 * len(lived.invoices)


def test_the_account_never_owes_and_has_money_at_once_and_everything_balances(lived: Lived) -> None:
    totals: Counter[str] = Counter()
    for entry in lived.year["entries"]:
        for name, _, minor in entry.get("postings", ()):
            totals[name] += minor
    assert sum(totals.values()) == 0
    assert not (totals["receivable"] and totals["unapplied"])
    assert totals["cash"] == lived.invoices[0].amount_minor


def test_the_year_is_shown_as_a_table(lived: Lived, capsys: pytest.CaptureFixture[str]) -> None:
    print_household_year(lived.year)
    shown = capsys.readouterr().out
    assert shown.count("3000000001-00") >= len(lived.invoices)
    assert "invoice explain" in shown
