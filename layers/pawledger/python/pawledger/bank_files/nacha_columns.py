"""Entries of NACHA cut into columns: one expression over all their records, made from the layout of their class."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from pawledger.bank_files.nacha_fields import EntryLayout

LAYOUTS_KEPT: Final = 32
"""There are seven layouts, with and without addenda."""
_INDICATOR: Final = 78
"""Where an entry says whether addenda follow it."""
_RECORD_WITH_LINE_FEED: Final = 95


class EntryColumns(NamedTuple):
    """Fields of entries that follow one another, a column each, as they stand in the records."""

    codes: Sequence[str]
    routing_numbers: Sequence[str]
    accounts: Sequence[str]
    amounts: Sequence[str]
    individual_ids: Sequence[str]
    names: Sequence[str]
    traces: Sequence[str]


def split_entries(records: Sequence[str], layout: EntryLayout, indicator: str) -> EntryColumns | None:
    """Cut entry records of 94 characters into columns; None unless each has that addenda indicator."""
    count = len(records)
    places = (slice(3, 12), layout.account, layout.amount, layout.individual_id, layout.name, slice(79, 94))
    expression, order = _expression(*[(place.start, place.stop) for place in places], indicator=indicator)
    together = "\n".join(records) + "\n"
    width = expression.groups + 1
    cells = expression.split(together)
    # Nothing else in them is a line feed, so that a match is a record.
    if len(cells) != width * count + 1 or any(cells[::width]):
        return None
    nothing = [""] * count
    columns = [nothing if place is None else cells[place::width] for place in order]
    return EntryColumns(_codes_of(together, count), *columns)


def _codes_of(together: str, count: int) -> list[str]:
    """Transaction codes of records that follow one another; most batches have but one."""
    tens, ones = together[1::_RECORD_WITH_LINE_FEED], together[2::_RECORD_WITH_LINE_FEED]
    if tens == tens[0] * count and ones == ones[0] * count:
        return [together[1:3]] * count
    return [*map(str.__add__, tens, ones)]


@lru_cache(maxsize=LAYOUTS_KEPT)
def _expression(*places: tuple[int, int], indicator: str) -> tuple[re.Pattern[str], Sequence[int | None]]:
    """What matches one record with its line feed, and which of its groups each place is, None for an empty one."""
    text, end = "6", 1
    groups: dict[tuple[int, int], int] = {}
    for start, stop in sorted({*places, (_INDICATOR, _INDICATOR + 1)}):
        if start == stop:
            continue
        text += f".{{{start - end}}}" if start > end else ""
        if start == _INDICATOR:
            text += indicator
        else:
            text += f"(.{{{stop - start}}})"
            groups[start, stop] = len(groups) + 1
        end = stop
    return re.compile(text + "\n", re.DOTALL), [groups.get(place) for place in places]
