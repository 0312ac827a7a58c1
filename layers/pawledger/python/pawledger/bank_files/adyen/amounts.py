"""Amounts of a row of Adyen's reports: net, the fees inside it, and the gross that both come from."""

from decimal import ROUND_HALF_EVEN, Decimal
from re import ASCII
from re import compile as compile_pattern
from typing import Final

from pawledger.bank_files.provider_rows import Notes, read_amount, shown
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

FEE_DIGITS_MAX: Final = 18
"""Most digits of a fee in minor units: they hold every amount of money there is."""
_FEE: Final = compile_pattern(r"-?(?:[0-9]{1,15}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})", ASCII)
"""A fee; some are smaller than the minor unit, and only their sum is rounded."""


RowAmounts = tuple[int, int]
"""Gross and fee of a row, signed minor units of the currency it settles in: net = gross - fee."""


def read_sides(sides: tuple[str, str], currency: str, notes: Notes, line: int, *, field: str) -> int | None:
    """Credit less debit of the columns (debit, credit), empty for zero; None where one is no amount, which is told."""
    debit, credit = sides
    if not debit and credit[:1].isdigit():
        return read_amount(credit, currency, notes, line, field)
    debit_minor = read_amount(debit, currency, notes, line, field) if debit else 0
    credit_minor = read_amount(credit, currency, notes, line, field) if credit else 0
    if debit_minor is None or credit_minor is None:
        return None
    if debit_minor < 0 or credit_minor < 0:
        message = f"{shown(debit or credit)} is negative; only its column may say which way the money went"
        notes.wrong("amount_negative", message, line, field=field)
    return credit_minor - debit_minor


def read_fees(texts: tuple[str, ...], currency: str, notes: Notes, line: int) -> Decimal | int | None:
    """Sum of the fee columns in minor units, with the decimals that it has; None where one is no amount."""
    told = [text for text in texts if text]
    if not told:
        return 0
    whole_minor, parts = 0, Decimal(0)
    decimals = MINOR_UNIT_DECIMALS[currency]
    for text in told:
        digits = text[: -decimals - 1] + text[-decimals:] if decimals else text
        is_plain = digits.isdigit() and digits.isascii() and len(digits) <= FEE_DIGITS_MAX
        if is_plain and (not decimals or text[-decimals - 1 : -decimals] == "."):
            whole_minor += int(digits)
        elif _FEE.fullmatch(text):
            parts += Decimal(text)
        else:
            notes.unreadable("amount", f"{shown(text)} is not an amount", line, field="fees")
            return None
    return whole_minor + parts.scaleb(decimals) if parts else whole_minor


def split_net(net_minor: int, fees: Decimal | int) -> RowAmounts:
    """Gross and fee of a net where the gross is in another currency: the fees say what it was before them."""
    fee_minor = fees if isinstance(fees, int) else int(fees.to_integral_value(ROUND_HALF_EVEN))
    return net_minor + fee_minor, fee_minor


def check_fees(gross_minor: int, net_minor: int, fees: Decimal | int, notes: Notes, line: int) -> RowAmounts:
    """Gross and fee where gross and net are in one currency: the fees must be what is between them.

    Fees that are smaller than the minor unit may be rounded away in the net.
    """
    fee_minor = gross_minor - net_minor
    if fees != fee_minor and abs(Decimal(fee_minor) - fees) >= 1:
        message = (
            f"gross {gross_minor} less net {net_minor} is {fee_minor}, the fees add up to {Decimal(fees).normalize():f}"
        )
        notes.wrong("row_fees", message, line)
    return gross_minor, fee_minor
