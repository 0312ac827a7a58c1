"""Amounts: nothing is lost by slicing, writing and reading."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.money import AmountError, format_amount, parse_amount, split_amount

AMOUNTS = st.integers(-(10**15), 10**15)
WEIGHTS = st.lists(st.integers(0, 1_000), min_size=1, max_size=40).filter(any)
CURRENCIES = st.sampled_from(sorted(MINOR_UNIT_DECIMALS))


@given(AMOUNTS, WEIGHTS)
def test_slices_sum_to_the_amount_exactly(amount_minor: int, weights: list[int]) -> None:
    slices = split_amount(amount_minor, weights)
    assert len(slices) == len(weights)
    assert sum(slices) == amount_minor


@given(AMOUNTS, WEIGHTS)
def test_every_slice_is_within_one_of_its_exact_share(amount_minor: int, weights: list[int]) -> None:
    for part, weight in zip(split_amount(amount_minor, weights), weights, strict=True):
        assert abs(part - Fraction(amount_minor * weight, sum(weights))) <= 1


@given(AMOUNTS, st.integers(1, 60), st.integers(1, 1_000))
def test_slices_of_equal_weight_differ_by_at_most_one(amount_minor: int, count: int, weight: int) -> None:
    slices = split_amount(amount_minor, [weight] * count)
    assert max(slices) - min(slices) <= 1


@given(AMOUNTS, WEIGHTS)
def test_no_slice_has_the_opposite_sign_and_a_weight_of_zero_gets_nothing(
    amount_minor: int, weights: list[int]
) -> None:
    for part, weight in zip(split_amount(amount_minor, weights), weights, strict=True):
        assert part * amount_minor >= 0
        assert weight or part == 0


@given(AMOUNTS, WEIGHTS)
def test_a_negative_amount_is_sliced_as_the_mirror_image(amount_minor: int, weights: list[int]) -> None:
    assert split_amount(-amount_minor, weights) == tuple(-part for part in split_amount(amount_minor, weights))


@given(AMOUNTS, WEIGHTS)
def test_slices_paid_so_far_never_stray_more_than_half_a_unit_from_their_share(
    amount_minor: int, weights: list[int]
) -> None:
    """The order of installments matters to who pays when: at no time has anybody paid ahead or behind."""
    paid = weight_so_far = 0
    for part, weight in zip(split_amount(amount_minor, weights), weights, strict=True):
        paid, weight_so_far = paid + part, weight_so_far + weight
        assert abs(paid - Fraction(amount_minor * weight_so_far, sum(weights))) <= Fraction(1, 2)


@given(AMOUNTS, CURRENCIES)
def test_what_is_written_is_read_back(amount_minor: int, currency: str) -> None:
    assert parse_amount(format_amount(amount_minor, currency), currency) == amount_minor


@given(st.text(max_size=30), CURRENCIES)
def test_any_text_is_an_amount_or_is_refused_by_name(text: str, currency: str) -> None:
    try:
        amount_minor = parse_amount(text, currency)
    except AmountError:
        return
    assert Fraction(text) == Fraction(amount_minor, 10 ** MINOR_UNIT_DECIMALS[currency])


@given(st.from_regex(r"[+-]?[0-9]{0,17}\.?[0-9]{0,5}", fullmatch=True), CURRENCIES)
def test_a_plain_decimal_is_read_as_its_value_or_refused_where_the_currency_cannot_hold_it(
    text: str, currency: str
) -> None:
    decimals = MINOR_UNIT_DECIMALS[currency]
    has_digits = any(character.isdigit() for character in text)
    is_whole = has_digits and (Fraction(text.rstrip(".")) * 10**decimals).denominator == 1
    try:
        amount_minor = parse_amount(text, currency)
    except AmountError:
        assert not is_whole
    else:
        assert is_whole
        assert amount_minor == Fraction(text.rstrip(".")) * 10**decimals
