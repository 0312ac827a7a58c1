"""ISO 4217 decimals, by hand and against an independent copy of the standard's table."""

import pytest

from pawledger.domain.currencies import MINOR_UNIT_DECIMALS, UnknownCurrencyError, decimals_of


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [("JPY", 0), ("ISK", 0), ("EUR", 2), ("HUF", 2), ("USD", 2), ("BHD", 3), ("TND", 3), ("CLF", 4)],
)
def test_a_currency_has_the_decimals_of_its_minor_unit(currency: str, decimals: int) -> None:
    assert decimals_of(currency) == decimals


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "XXX", "XTS", "XAU", "ABC"])
def test_a_code_that_is_no_money_is_refused(currency: str) -> None:
    with pytest.raises(UnknownCurrencyError, match="is not an ISO 4217 currency code"):
        decimals_of(currency)


@pytest.mark.parametrize(("currency", "quoted"), [("XAU", "'XAU'"), ("", "''"), ("Jane Doe", "'Jan'")])
def test_a_refusal_quotes_at_most_3_characters_of_what_was_sent(currency: str, quoted: str) -> None:
    with pytest.raises(UnknownCurrencyError) as refusal:
        decimals_of(currency)
    assert str(refusal.value) == f"{quoted} is not an ISO 4217 currency code"


def test_the_table_agrees_with_an_independent_copy_of_iso_4217() -> None:
    iso4217 = pytest.importorskip("iso4217", reason="the development dependency iso4217 is not installed")
    published = {currency.code: currency.exponent for currency in iso4217.Currency if currency.exponent is not None}
    accounting_units_nobody_pays_with = {"BOV", "XAD"}
    withdrawn_in_2025_but_still_on_statements = {"ANG", "BGN"}
    assert published.keys() - MINOR_UNIT_DECIMALS.keys() == accounting_units_nobody_pays_with
    assert MINOR_UNIT_DECIMALS.keys() - published.keys() <= withdrawn_in_2025_but_still_on_statements
    shared = published.keys() & MINOR_UNIT_DECIMALS.keys()
    assert {code: MINOR_UNIT_DECIMALS[code] for code in shared} == {code: published[code] for code in shared}
