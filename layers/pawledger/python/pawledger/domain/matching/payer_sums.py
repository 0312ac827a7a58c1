"""Sums that a payer may pay: in how many ways an amount is what is open of some accounts."""

from collections.abc import Iterator, Sequence
from typing import Final

from pawledger.domain.books.entries import OpenInvoice

WAYS_STEPS_MAX: Final = 2_000
"""Steps of one search, about a millisecond. Where they do not suffice, no way is known to be the only one."""

SUMS_MAX: Final = 256
"""Sums of one account: those of eight invoices of different amounts. Of more, some add up to almost anything."""

WAYS_MAX: Final = 2
"""Two ways are as undecided as more."""


def payable_sums(open_invoices: Sequence[OpenInvoice]) -> tuple[int, ...] | None:
    """What is open of some invoices of an account, each sum once; None where there are more than `SUMS_MAX` sums."""
    sums = {0: None}
    for invoice in open_invoices:
        sums.update(dict.fromkeys([sum_minor + invoice.remaining_minor for sum_minor in sums]))
        if len(sums) > SUMS_MAX:
            return None
    return tuple(sum_minor for sum_minor in sums if sum_minor)


def find_ways(amount_minor: int, choices: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """Ways to make an amount of one sum or nothing from each account, at most `WAYS_MAX`.

    A way has a place for each account, 0 where it gets nothing. Where the search is too long, `WAYS_MAX` ways are told
    although fewer were found, since another one cannot be ruled out.
    """
    found: list[tuple[int, ...]] = []
    for step, way in enumerate(_walk(amount_minor, choices)):
        if step >= WAYS_STEPS_MAX:
            return ((), ())
        if way is not None:
            found.append(way)
        if len(found) == WAYS_MAX:
            break
    return tuple(found)


def _walk(amount_minor: int, choices: Sequence[Sequence[int]]) -> Iterator[tuple[int, ...] | None]:
    """Each step of a search in depth: a way where one is complete, else None."""
    left_over = [0] * (len(choices) + 1)
    for place in range(len(choices) - 1, -1, -1):
        left_over[place] = left_over[place + 1] + max(choices[place], default=0)
    stack: list[tuple[int, tuple[int, ...]]] = [(amount_minor, ())]
    while stack:  # each turn is a step of which the caller takes no more than its limit
        left_minor, way = stack.pop()
        if len(way) == len(choices):
            yield None if left_minor else way
            continue
        yield None
        place = len(way)
        stack += [
            (left_minor - sum_minor, (*way, sum_minor))
            for sum_minor in (0, *choices[place])
            if 0 <= left_minor - sum_minor <= left_over[place + 1]
        ]
