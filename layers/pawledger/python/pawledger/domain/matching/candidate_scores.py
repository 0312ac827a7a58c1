"""Scores of candidates: how much each thing that agrees says for an account, where even all of them prove nothing."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from pawledger.domain.books.entries import OpenInvoice

SCORE_MAX: Final = 99
"""A candidate is never certain; 100 would be."""


class Evidence(StrEnum):
    """What speaks for an account, in words for whoever decides."""

    NAMED = "payment reference"
    CORRECTED = "payment reference but for one sign"
    CUT_OFF = "beginning of the payment reference"
    MARK = "id of an earlier payment"
    PAYER = "payer's bank account"
    NAME = "payer's name"
    TWO_PARTS_OF_NAME = "two parts of the payer's name"
    PART_OF_NAME = "part of the payer's name"
    AMOUNT = "amount of an open invoice"
    AMOUNT_OF_SEVERAL = "amount of several open invoices"


POINTS: Final = MappingProxyType(
    {
        Evidence.NAMED: 45,
        Evidence.CORRECTED: 40,
        Evidence.CUT_OFF: 40,
        Evidence.PAYER: 25,
        Evidence.MARK: 23,
        Evidence.AMOUNT: 22,
        Evidence.AMOUNT_OF_SEVERAL: 15,
        Evidence.NAME: 12,
        Evidence.TWO_PARTS_OF_NAME: 10,
        Evidence.PART_OF_NAME: 4,
    }
)
"""Decided, not measured: what was written outweighs what the payer usually pays, a payer a name, and a reference with
the amount everything but another reference. The benchmark of matching shows how often the account meant comes first."""

_ASKED_FOR: Final = (
    (Evidence.NAMED, {Evidence.NAMED}),
    (Evidence.PAYER, {Evidence.PAYER, Evidence.MARK}),
    (Evidence.NAME, {Evidence.NAME}),
    (Evidence.AMOUNT, {Evidence.AMOUNT, Evidence.AMOUNT_OF_SEVERAL}),
)


def score_of(found: Collection[Evidence]) -> int:
    """How much speaks for an account, 0 to `SCORE_MAX`."""
    return min(SCORE_MAX, sum(POINTS[each] for each in found))


def lacks_of(found: Collection[Evidence]) -> tuple[str, ...]:
    """What would have to agree as well."""
    return tuple(wanted.value for wanted, instead in _ASKED_FOR if instead.isdisjoint(found))


def weigh_amount(amount_minor: int, open_invoices: Sequence[OpenInvoice]) -> Evidence | None:
    """Whether an amount is what is open of an invoice, or of the oldest two or more together; None where of neither."""
    sum_minor = 0
    is_sum = False
    for count, invoice in enumerate(open_invoices, start=1):
        if invoice.remaining_minor == amount_minor:
            return Evidence.AMOUNT
        sum_minor += invoice.remaining_minor
        is_sum = is_sum or (count > 1 and sum_minor == amount_minor)
    return Evidence.AMOUNT_OF_SEVERAL if is_sum else None
