"""Entries of NACHA cut into columns: one expression over all their records, made from the layout of their class."""

import re
from collections.abc import Iterable, Sequence, Set
from functools import lru_cache
from itertools import chain, repeat
from struct import Struct
from typing import Final, NamedTuple
from zlib import crc32

from pawledger.bank_files.nacha.fields import EntryLayout
from pawledger.bank_files.nacha.records import LINE_CHARACTERS

LAYOUTS_KEPT: Final = 32
"""There are seven layouts, with and without addenda."""
_INDICATOR: Final = 78
"""Where an entry says whether addenda follow it."""
_RECORD: Final = Struct("94sx")
_MANY_RECORDS: Final = Struct("94sx" * 16)
"""Records cut so many at a time take a third of the time that they take one by one."""


class EntryColumns(NamedTuple):
    """Fields of entries that follow one another, a column each, as they stand in the records."""

    codes: Iterable[str]
    different_codes: Set[str]
    routing_numbers: Sequence[str]
    accounts: Sequence[str]
    amounts: Sequence[str]
    individual_ids: Sequence[str]
    names: Sequence[str]
    traces: Sequence[str]


def split_entries(text: str, layout: EntryLayout, indicator: str) -> EntryColumns | None:
    """Cut entry records of 94 characters and a line feed each into columns; None unless each has that addenda
    indicator."""
    count = len(text) // LINE_CHARACTERS
    places = (slice(3, 12), layout.account, layout.amount, layout.individual_id, layout.name, slice(79, 94))
    expression, order = _expression(*[(place.start, place.stop) for place in places], indicator=indicator)
    width = expression.groups + 1
    cells = expression.split(text)
    # Nothing else in them is a line feed, so that a match is a record, and as many matches leave nothing between.
    if len(cells) != width * count + 1:
        return None
    nothing = [""] * count
    columns = [nothing if place is None else cells[place::width] for place in order]
    return EntryColumns(*_codes_of(text, count), *columns)


def are_filled(text: str, place: slice) -> bool:
    """Whether no record, of 94 characters and a line feed each, begins this field with a blank."""
    begins = text[place.start :: LINE_CHARACTERS]
    return place.start < place.stop and begins.split() == [begins]


def checksums_of(text: str) -> Sequence[int]:
    """CRC-32 of each of the records of 94 characters, with a line feed each, as UTF-8."""
    data = text.encode()
    if len(data) != len(text):
        return [*map(crc32, map(str.encode, text.split("\n")[:-1]))]
    many_end = len(data) - len(data) % _MANY_RECORDS.size
    many, few = _MANY_RECORDS.iter_unpack(memoryview(data)[:many_end]), _RECORD.iter_unpack(data[many_end:])
    return tuple(map(crc32, chain.from_iterable(chain(many, few))))


def _codes_of(text: str, count: int) -> tuple[Iterable[str], Set[str]]:
    """Transaction codes of records that follow one another, and which ones there are; most batches have but one."""
    tens, ones = text[1::LINE_CHARACTERS], text[2::LINE_CHARACTERS]
    if tens == tens[0] * count and ones == ones[0] * count:
        return repeat(text[1:3]), {text[1:3]}
    codes = [*map(str.__add__, tens, ones)]
    return codes, set(codes)


@lru_cache(maxsize=LAYOUTS_KEPT)
def _expression(*places: tuple[int, int], indicator: str) -> tuple[re.Pattern[str], Sequence[int | None]]:
    """What matches one record with its line feed, and which of its groups each place is, None for an empty one."""
    text, end = "6", 1
    groups: dict[tuple[int, int], int] = {}
    for start, stop in sorted({*places, (_INDICATOR, _INDICATOR + 1)}):
        if start == stop:
            continue
        # Possessive, so that nothing is kept for going back: a tenth of the whole expression's time.
        text += f".{{{start - end}}}+" if start > end else ""
        if start == _INDICATOR:
            text += indicator
        else:
            text += f"(.{{{stop - start}}}+)"
            groups[start, stop] = len(groups) + 1
        end = stop
    return re.compile(text + "\n", re.DOTALL), [groups.get(place) for place in places]
