"""BAI2 files that were not written one record per line: records that share a line, and text that goes on without 88.

Both are read because the trailers prove the reading. Each cut makes one record more and each joined line one less, so
that another reading than the bank's has another number of records than trailers 49, 98 and 99 declare.
"""

from collections.abc import Sequence
from operator import itemgetter
from re import compile as compile_pattern
from typing import Final

from pawledger.bank_files.bai2.fields import (
    RECORD_CHARACTERS_MAX,
    Notes,
    UnreadableRecordError,
    extra_field_count,
    record_too_long,
    shown,
)

_CONTROL_RECORDS: Final = ("01,", "02,", "03,", "49,", "98,", "99,")
_CONTINUATIONS: Final = ("88,", "88/", "88 ", "88")
_RECORD_STARTS: Final = frozenset((*_CONTROL_RECORDS, "16,", *_CONTINUATIONS))
_first_three: Final = itemgetter(slice(3))

_BOUNDARY: Final = compile_pattern(
    r"(?<=/) *(?="
    r"01,[^,/]*,[^,/]*,[0-9]{6},|02,[^,/]*,[^,/]*,[1-4],[0-9]{6},|03,[^,/]+,(?:[A-Z]{3})?[,/]"
    r"|16,[0-9]{3},[+-]?[0-9]*(?:/|,[ZSVD012]?[,/])|88,"
    r"|49,[+-]?[0-9]*,[0-9]+ *(?:/|$)|9[89],[+-]?[0-9]*,[0-9]+,[0-9]+ *(?:/|$))"
)
"""Between a `/` and the well-formed start of a record."""
_DAMAGED_RECORD: Final = compile_pattern(r"[0-9]{2}(?:,|/ *$)|88")
"""What looks like a record of an unknown code, or nearly like an 88, is not taken for text."""


def shares_lines(first_line: str) -> bool:
    """Whether records share lines: the file header tells it, in which nothing but a record can follow a `/`.

    A file that begins with another record is refused whatever this says.
    """
    return _BOUNDARY.search(first_line) is not None


def cut_records(lines: list[str], numbers: Sequence[int]) -> tuple[list[str], list[int]]:
    """The records of the lines, one each, and the number of the line on which each of them stands."""
    records: list[str] = []
    record_numbers: list[int] = []
    for line, number in zip(lines, numbers, strict=True):
        pieces = _BOUNDARY.split(line)
        records += pieces
        record_numbers += [number] * len(pieces)
    return records, record_numbers


def has_wrapped_text(lines: list[str]) -> bool:
    """Whether a line begins like no record."""
    return not _RECORD_STARTS.issuperset(map(_first_three, lines))


def join_wrapped_text(lines: list[str], numbers: Sequence[int], notes: Notes) -> tuple[list[str], list[int]]:
    """The lines with text that goes on without 88 joined to its detail (16) or the continuation before it.

    Lines that are neither records nor behind a detail that has come to its text stay what they are. Raises
    `UnreadableRecordError` for a record of more than `RECORD_CHARACTERS_MAX`.
    """
    records: list[list[str]] = []
    record_numbers: list[int] = []
    is_in_text = False
    for line, number in zip(lines, numbers, strict=True):
        start = line[:3]
        if is_in_text and start not in _RECORD_STARTS and not _DAMAGED_RECORD.match(line):
            notes.line = number
            notes.once("bai2.text_wrapped", f"text goes on without record 88: {shown(line)}")
            records[-1].append(line.strip())
            continue
        is_in_text = _comes_to_its_text(line) if start == "16," else is_in_text and start in _CONTINUATIONS
        records.append([line])
        record_numbers.append(number)
    joined = [parts[0] if len(parts) == 1 else " ".join(parts) for parts in records]
    for record, number in zip(joined, record_numbers, strict=True):
        if len(record) > RECORD_CHARACTERS_MAX:
            notes.line = number
            raise record_too_long()
    return joined, record_numbers


def _comes_to_its_text(detail: str) -> bool:
    """Whether the text of a detail begins on its own line, so that what follows can be nothing but more of it."""
    fields = detail.split(",")
    try:
        return len(fields) > 6 + extra_field_count(fields, 3)
    except UnreadableRecordError:
        return False
