"""Whether a file looks like the one a mapping is about, told from its first bytes."""

import csv
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from pawledger.bank_files.mapped_csv.days import DayTexts
from pawledger.bank_files.mapped_csv.mapping import CsvMapping

HEAD_ROWS_MAX: Final = 3
"""Rows that are looked at where there is no header."""

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_JSON_START: Final = re.compile(r"\s*\[?\s*\{")
_CSV_CELL: Final = re.compile(r'"[^"]*"|[^"]*')


def head_matches(mapping: CsvMapping, head: bytes) -> bool:
    """Whether a file that begins with `head` (at most some thousand bytes are enough) looks like one of a mapping.

    By the names of its columns; without a header by the width of its rows and the values of the record column.
    """
    if b"\0" in head and not head.startswith((BOM_UTF16_BE, BOM_UTF16_LE)):
        return False
    text = decode_head(head, mapping.encoding)
    if mapping.shape == "json":
        return _matches_json(mapping, text)
    lines = _LINE_END.split(text)
    if len(lines) <= mapping.skip_lines:
        return False
    rows = split_head(lines[mapping.skip_lines :], mapping.delimiter)
    if not rows:
        return False
    if mapping.has_header:
        return _has_columns(mapping, [name.strip() for name in rows[0]])
    return _matches_rows(mapping, rows[:HEAD_ROWS_MAX])


def decode_head(head: bytes, encoding: str = "utf-8") -> str:
    """The text of the first bytes of a file; what is cut off or wrong in it is left out."""
    if head.startswith((BOM_UTF16_BE, BOM_UTF16_LE)):
        return head.decode("utf-16", "ignore")
    if encoding not in ("utf-8", "utf-16"):
        return head.decode(encoding, "ignore")
    text = head.removeprefix(BOM_UTF8)
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        # Within the last bytes it is a character that was cut, before them another encoding.
        cut_off = error.start >= len(text) - 3
        return text.decode("utf-8" if cut_off else "cp1252", "ignore")


def split_head(lines: Iterable[str], delimiter: str) -> list[list[str]]:
    """Rows of lines, as far as they can be split; blank lines are none."""
    rows: list[list[str]] = []
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter)
    with suppress(csv.Error):
        rows.extend(row for row in reader if row)
    return rows


def looks_delimited(head: bytes) -> bool:
    """Whether a file is text in rows of at least two fields, so that a mapping could read it."""
    if b"\0" in head and not head.startswith((BOM_UTF16_BE, BOM_UTF16_LE)):
        return False
    lines = [line for line in _LINE_END.split(decode_head(head)) if line.strip()][:10]
    if not lines or lines[0].lstrip()[:1] in ("<", "{", "["):
        return False
    for delimiter in ",;\t|":
        widths = [len(row) for row in split_head(lines[:-1] or lines, delimiter)]
        if widths and min(widths) > 1 and len(widths) - widths.count(max(widths)) <= len(widths) // 2:
            return True
    return False


def _has_columns(mapping: CsvMapping, names: list[str]) -> bool:
    known = set(names)
    groups = [*mapping.column_groups(), *((name,) for name in mapping.contains)]
    return all(
        any(column in known if isinstance(column, str) else column <= len(names) for column in group)
        for group in groups
    )


def _matches_rows(mapping: CsvMapping, rows: list[list[str]]) -> bool:
    records = mapping.records
    if records is not None and isinstance(records.column, int):
        known = records.details | records.ignored | {spot.record for spot in mapping.spots()}
        place = records.column - 1
        codes = {row[place].strip().casefold() for row in rows if len(row) > place}
        if not codes or (records.details and not codes <= known):
            return False
        rows = [row for row in rows if row[place : place + 1] and row[place].strip().casefold() in records.details]
        return all(len(row) == mapping.row_width for row in rows)
    days = DayTexts(mapping.days.formats)
    return all(len(row) == mapping.row_width and _has_day(mapping, row, days) for row in rows[:1])


def _has_day(mapping: CsvMapping, row: list[str], days: DayTexts) -> bool:
    places = [column for column in mapping.days.booked if isinstance(column, int)]
    return any(days[row[place - 1].strip()] is not None for place in places if place <= len(row))


def _matches_json(mapping: CsvMapping, text: str) -> bool:
    if not _JSON_START.match(text):
        return False
    groups = [*mapping.telling_groups(), *((name,) for name in mapping.contains)]
    return all(any(_has_key(text, str(column)) for column in group) for group in groups)


def _has_key(text: str, path: str) -> bool:
    key = next((part for part in path.split(".") if not part.isdigit()), "")
    return re.search(rf'"{re.escape(key)}"\s*:', text) is not None
