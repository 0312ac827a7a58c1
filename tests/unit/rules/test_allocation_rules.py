"""The terms of allocation: what ships, and each fault by its name."""

import pytest

from pawledger.domain.posting.allocation_terms import AllocationOrder
from pawledger.rules.allocation_rules import allocation_rules_from_toml, load_allocation_rules
from pawledger.rules.rule_faults import BillingRulesError


def test_what_ships_forgives_five_hundredths_and_begins_with_the_oldest() -> None:
    rules = load_allocation_rules()
    assert rules.order is AllocationOrder.OLDEST_DUE
    assert [rules.terms_of("HOME0001", each).tolerance_minor for each in ("EUR", "GBP", "USD", "JPY")] == [5, 5, 5, 0]


def test_amounts_are_read_in_their_currency_for_products_and_accounts_too() -> None:
    rules = allocation_rules_from_toml(
        'order = "newest_due"\n[tolerance]\nJPY = 10\nBHD = "0.005"\n[products.accident.tolerance]\nEUR = "0.50"\n'
        "[accounts.1000000042.tolerance]\nEUR = 1\n"
    )
    assert (rules.order, rules.tolerances) == (AllocationOrder.NEWEST_DUE, {"JPY": 10, "BHD": 5})
    assert rules.by_product == {"accident": {"EUR": 50}}
    assert rules.by_account == {"1000000042": {"EUR": 100}}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("order =", "not TOML"),
        ('order = "largest"', "order: 'largest' is not one of oldest_due, newest_due"),
        ('limit = "1"', "limit: unknown"),
        ("tolerance = 1", "tolerance: '1' is not a table of amounts by currency"),
        ('[tolerance]\nEURO = "1"', "EURO: is no currency of ISO 4217"),
        ('[tolerance]\nEUR = "0.005"', "EUR: '0.005' is not an amount of EUR"),
        ("[tolerance]\nEUR = -1", "EUR: '-1' is not an amount of EUR"),
        ("products = 1", "products: '1' is not tables, one each"),
        ("[products.a]\nlimit = 1", "products.a: is not a table with the one key tolerance"),
        ('[accounts.no.tolerance]\nEUR = "1"', "accounts: 'no' is not the name of one of the accounts"),
    ],
)
def test_a_fault_is_named_with_its_key(text: str, fault: str) -> None:
    with pytest.raises(BillingRulesError) as raised:
        allocation_rules_from_toml(text)
    assert fault in str(raised.value)
