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
_TRACE: Final = slice(79, 94)


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
    places = [(place.start, place.stop) for place in (layout.account, layout.amount, layout.individual_id, layout.name)]
    expression, order = _expression((1, 3), (3, 12), *places, (_TRACE.start, _TRACE.stop), indicator=indicator)
    # Nothing else in them is a line feed, so that a match is a whole record.
    found = expression.findall("\n".join(records) + "\n")
    if len(found) != len(records):
        return None
    columns = [*zip(*found, strict=True), ("",) * len(records)]
    return EntryColumns(*[columns[place] for place in order])


@lru_cache(maxsize=LAYOUTS_KEPT)
def _expression(*places: tuple[int, int], indicator: str) -> tuple[re.Pattern[str], Sequence[int]]:
    """What matches one record with its line feed, and at which place of its groups each field is; last, nothing."""
    text, end = "6", 1
    order = [-1] * len(places)
    group_count = 0
    for start, stop in sorted({*places, (_INDICATOR, _INDICATOR + 1)}):
        if start == stop:
            continue
        text += f".{{{start - end}}}" if start > end else ""
        if start == _INDICATOR:
            text += indicator
        else:
            text += f"(.{{{stop - start}}})"
            order[places.index((start, stop))] = group_count
            group_count += 1
        end = stop
    return re.compile(text + "\n", re.DOTALL), order
