"""Money: whole minor units of an ISO 4217 currency, and the arithmetic that never loses one of them."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Final

from pawledger.domain.currencies import decimals_of
from pawledger.domain.errors import PawledgerError, require

AMOUNT_CHARACTERS_MAX: Final = 24
"""ISO 20022 allows 18 digits; a sign, a point and leading zeros fit as well, and `format_amount` is exact to 28."""


class AmountError(PawledgerError):
    """A text is not an amount of money in the given currency."""


def parse_amount(text: str, currency: str) -> int:
    """Read a plain decimal such as `12.50` as minor units of `currency` (1250 for EUR), exactly.

    Digits beyond the minor unit are accepted only where they are zeros (ISO 20022 allows five decimals).

    Raises `AmountError` for anything that is not such an amount, and `UnknownCurrencyError`.
    """
    decimals = decimals_of(currency)
    if len(text) > AMOUNT_CHARACTERS_MAX:
        raise AmountError(f"{text[:AMOUNT_CHARACTERS_MAX]!r}... is longer than {AMOUNT_CHARACTERS_MAX} characters")
    sign = -1 if text.startswith("-") else 1
    whole, _, fraction = text.lstrip("+-").partition(".")
    digits = whole + fraction
    if not digits.isascii() or not digits.isdigit() or len(text) - len(text.lstrip("+-")) > 1:
        raise AmountError(f"{text!r} is not a decimal amount")
    kept, dropped = fraction[:decimals], fraction[decimals:]
    if dropped.strip("0"):
        raise AmountError(f"{text!r} has more decimals than {currency} has ({decimals})")
    return sign * int(whole + kept.ljust(decimals, "0") or "0")


def format_amount(amount_minor: int, currency: str) -> str:
    """Write minor units as a plain decimal: 1250 EUR becomes `12.50`, 1250 JPY becomes `1250`."""
    decimals = decimals_of(currency)
    return f"{Decimal(amount_minor).scaleb(-decimals):.{decimals}f}"


def write_amount(amount_minor: int, currency: str) -> str:
    """The same with its currency, as sentences and refusals have it: `12.50 EUR`."""
    return f"{format_amount(amount_minor, currency)} {currency}"


def split_amount(amount_minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Cut an amount into slices proportional to `weights` that sum to it exactly.

    Slice n is the difference of two running totals, each rounded half away from zero, so that slices of equal weight
    differ by at most one minor unit and no remainder is left over for anyone to lose.

    Raises `InvariantError` where no weight is positive or one is negative.
    """
    total_weight = sum(weights)
    require(total_weight > 0 and min(weights) >= 0, "weights must not be negative and must not all be zero")
    sign, magnitude = (-1, -amount_minor) if amount_minor < 0 else (1, amount_minor)
    totals = [(2 * magnitude * running + total_weight) // (2 * total_weight) for running in accumulate(weights)]
    return tuple(sign * (total - before) for before, total in zip([0, *totals], totals, strict=False))
