"""Amounts: reading, writing and slicing."""

import pytest

from pawledger.domain.currencies import UnknownCurrencyError
from pawledger.domain.errors import InvariantError
from pawledger.domain.money import AMOUNT_CHARACTERS_MAX, AmountError, format_amount, parse_amount, split_amount


@pytest.mark.parametrize(
    ("text", "currency", "amount_minor"),
    [
        ("12.50", "EUR", 1_250),
        ("12.5", "EUR", 1_250),
        ("12", "EUR", 1_200),
        ("12.", "EUR", 1_200),
        (".05", "EUR", 5),
        ("-0.01", "EUR", -1),
        ("+3.10", "EUR", 310),
        ("0012.50", "EUR", 1_250),
        ("12.50000", "EUR", 1_250),
        ("1250", "JPY", 1_250),
        ("1250.000", "JPY", 1_250),
        (".0", "JPY", 0),
        ("1.234", "BHD", 1_234),
        ("1.2", "BHD", 1_200),
        ("1.2345", "CLF", 12_345),
        ("9007199254740993.01", "EUR", 900_719_925_474_099_301),
    ],
)
def test_decimal_text_is_read_as_minor_units_exactly(text: str, currency: str, amount_minor: int) -> None:
    assert parse_amount(text, currency) == amount_minor


@pytest.mark.parametrize(
    "text",
    ["", ".", "-", "+-5", "--5", "5-", "1,50", "1 000", " 5", "1.2.3", "1e3", "NaN", "0x10", "1_000", "²", "٣", "½"],
)
def test_text_that_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(AmountError):
        parse_amount(text, "EUR")


@pytest.mark.parametrize(
    ("text", "currency"), [("0.001", "EUR"), ("0.5", "JPY"), ("1.23456", "CLF"), ("1.0009", "BHD")]
)
def test_digits_beyond_the_minor_unit_are_refused_rather_than_rounded(text: str, currency: str) -> None:
    with pytest.raises(AmountError, match="more decimals"):
        parse_amount(text, currency)


def test_the_longest_amount_is_read_and_one_character_more_is_refused() -> None:
    assert parse_amount("0" * (AMOUNT_CHARACTERS_MAX - 1) + "7", "EUR") == 700
    with pytest.raises(AmountError, match="longer than 24 characters"):
        parse_amount("0" * AMOUNT_CHARACTERS_MAX + "7", "EUR")


def test_a_hostile_amount_of_thousands_of_digits_is_refused_with_a_short_sentence() -> None:
    with pytest.raises(AmountError) as refusal:
        parse_amount("9" * 100_000, "EUR")
    assert len(str(refusal.value)) < 100


def test_an_amount_in_an_unknown_currency_is_refused() -> None:
    with pytest.raises(UnknownCurrencyError):
        parse_amount("1.00", "EURO")


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (1_250, "EUR", "12.50"),
        (-1, "EUR", "-0.01"),
        (0, "EUR", "0.00"),
        (1_250, "JPY", "1250"),
        (5, "BHD", "0.005"),
        (100_000_000_000_000_000_000, "EUR", "1000000000000000000.00"),
    ],
)
def test_minor_units_are_written_with_the_decimals_of_their_currency(
    amount_minor: int, currency: str, text: str
) -> None:
    assert format_amount(amount_minor, currency) == text


def test_a_hundred_euro_in_twelve_slices_rounds_each_running_total() -> None:
    # Running totals 833.33, 1666.67, 2500, 3333.33, ... to whole cents: 833, 1667, 2500, 3333, ...
    assert split_amount(10_000, [1] * 12) == (833, 834, 833, 833, 834, 833, 833, 834, 833, 833, 834, 833)


def test_half_a_minor_unit_rounds_away_from_zero_on_both_sides() -> None:
    assert split_amount(1, [1, 1]) == (1, 0)
    assert split_amount(-1, [1, 1]) == (-1, 0)


def test_slices_follow_their_weights() -> None:
    assert split_amount(1_000, [31, 0, 69]) == (310, 0, 690)


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [2, -1]])
def test_weights_that_cannot_share_an_amount_break_a_promise(weights: list[int]) -> None:
    with pytest.raises(InvariantError):
        split_amount(100, weights)
