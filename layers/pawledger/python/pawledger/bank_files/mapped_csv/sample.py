"""A sample of a delimited file taken apart before anything is known of it: encoding, delimiter, header, rows."""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from pawledger.bank_files.delimited import DelimitedRows
from pawledger.bank_files.lines import UnreadableLinesError
from pawledger.bank_files.mapped_csv.amounts import AMOUNT_CHARACTERS_MAX
from pawledger.bank_files.mapped_csv.days import DayTexts
from pawledger.bank_files.mapped_csv.head import decode_head
from pawledger.bank_files.mapped_csv.mapping import DELIMITERS, CsvMappingError
from pawledger.bank_files.mapped_csv.rules import ColumnName
from pawledger.bank_files.mapped_csv.table import TEXT_CHARACTERS_MAX
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

SAMPLE_BYTES_MAX: Final = 1024 * 1024
"""How much of a sample is looked at: some thousand rows show all that a guess can be made from."""
SAMPLE_ROWS_MAX: Final = 5000
"""Most rows that are looked at, so that a proposal takes a second and not a minute."""
PREAMBLE_ROWS_MAX: Final = 30
"""Among how many rows the header is looked for."""

DAY_FORMATS: Final = (
    *("YYYY-MM-DD", "YYYY/MM/DD", "YYYY.MM.DD", "YYYYMMDD"),
    *("DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY", "DD-MM-YYYY", "MM-DD-YYYY"),
    *("D.M.YYYY", "D/M/YYYY", "M/D/YYYY", "D-M-YYYY", "M-D-YYYY"),
    *("DD.MM.YY", "DD/MM/YY", "MM/DD/YY", "YY/MM/DD", "DD-MM-YY", "YY-MM-DD", "D/M/YY", "M/D/YY", "D.M.YY"),
    *("DD-Mon-YYYY", "D-Mon-YYYY", "DD Mon YYYY", "D Mon YYYY", "DD-Mon-YY", "Mon D, YYYY", "Mon DD, YYYY"),
)
"""How days are written, the more usual first; each also with a time behind it."""

_YEARS: Final = range(1990, 2100)
"""Years of payments; digits that would be another year are no day."""
_AMOUNT: Final = re.compile(
    r"[^\w]{0,3}(?:[A-Z]{3} ?)?[-+(]?[0-9][0-9.,' \u00a0\u202f\u2019]*[-+)]?(?: ?[A-Z]{3}|[^\w]{0,3})"
)
_LETTERS: Final = re.compile(r"[^\W0-9_]+")
_NAMED_SHARE: Final = 0.8
"""Part of a header's fields that have a name: exports leave one without, or end each row with a delimiter."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was found."""

    encoding: str
    is_encoding_open: bool
    """Another encoding has the same bytes for other letters."""
    delimiter: str
    other_delimiters: tuple[str, ...]
    """Delimiters that would also give rows of one width."""
    skip_lines: int
    width: int
    """Fields of the header and of most rows."""
    header: tuple[str, ...]
    """Empty where there is none."""
    rows: tuple[tuple[str, ...], ...]
    """Rows behind the header, without blanks around their fields; those of movements all have the same width."""
    preamble: tuple[tuple[str, ...], ...]
    """Rows before the header, or before the first row where there is none."""
    has_repeated_header: bool
    is_cut: bool
    """The sample is longer than what was looked at, so that its end is not known."""

    def column_of(self, place: int) -> ColumnName:
        """How a mapping names a column: by its name, by its place where no name is its own."""
        name = self.header[place] if self.header else ""
        is_own = bool(name) and self.header.count(name) == 1 and len(name) <= TEXT_CHARACTERS_MAX
        return name if is_own else place + 1

    def values(self, place: int) -> list[str]:
        """What a column says, row by row."""
        return [row[place] for row in self.rows]


def read_sample(data: bytes) -> Sample:
    """Take a sample apart. Raises `CsvMappingError` where it is no delimited text."""
    text, encoding, is_open = _decode(data)
    is_cut = len(data) >= SAMPLE_BYTES_MAX
    if is_cut:
        text = text[: text.rfind("\n") + 1] or text
    if text.lstrip()[:1] in ("<", "{", "["):
        raise CsvMappingError("proposal", ["the sample is XML or JSON, and only delimited text can be guessed from"])
    delimiter, others, rows, lines = _split(text)
    if len(rows) > SAMPLE_ROWS_MAX:
        rows, lines, is_cut = rows[:SAMPLE_ROWS_MAX], lines[:SAMPLE_ROWS_MAX], True
    width = _common_width(rows)
    first = next(place for place, row in enumerate(rows) if len(row) == width)
    header_place = _find_header(rows, first, width)
    body_place = first if header_place is None else header_place + 1
    header = () if header_place is None else rows[header_place]
    start = first if header_place is None else header_place
    body = rows[body_place:]
    return Sample(
        encoding=encoding,
        is_encoding_open=is_open,
        delimiter=delimiter,
        other_delimiters=others,
        skip_lines=lines[start] - 1 if start else 0,
        width=width,
        header=header,
        rows=tuple(row for row in body if row != header),
        preamble=tuple(rows[:start]),
        has_repeated_header=header in body if header else False,
        is_cut=is_cut,
    )


def fitting_day_formats(values: Sequence[str]) -> list[str]:
    """The formats in which all values that are not empty are days, the most usual first; none without values."""
    told = list(dict.fromkeys(value for value in values if value))
    if not told:
        return []
    fitting = [each for each in DAY_FORMATS if _fits(each, told)]
    return fitting or [f"{each}*" for each in DAY_FORMATS if _fits(f"{each}*", told)]


def looks_like_amount(value: str) -> bool:
    """Whether a text may be an amount: digits, with separators, a sign and the mark of a currency."""
    if len(value) > AMOUNT_CHARACTERS_MAX or _AMOUNT.fullmatch(value) is None:
        return False
    codes: list[str] = _LETTERS.findall(value)
    return MINOR_UNIT_DECIMALS.keys() >= set(codes)


def _fits(day_format: str, values: Sequence[str]) -> bool:
    days = DayTexts((day_format,))
    return all((day := days[value]) is not None and day.year in _YEARS for value in values)


def _decode(data: bytes) -> tuple[str, str, bool]:
    """Text, encoding, and whether another encoding reads other letters."""
    if data.startswith((BOM_UTF16_BE, BOM_UTF16_LE)):
        return decode_head(data), "utf-16", False
    if b"\0" in data:
        raise CsvMappingError("proposal", ["the sample has NUL bytes, so it is no text"])
    text = decode_head(data)
    if text == decode_head(data, "windows-1252") and not data.isascii():
        return text, "windows-1252", True
    return text, "utf-8", False


def _split(text: str) -> tuple[str, tuple[str, ...], list[tuple[str, ...]], list[int]]:
    """The delimiter that gives most fields in rows of one width, others that do as well, rows and their lines."""
    scores: dict[str, int] = {}
    splits: dict[str, tuple[list[tuple[str, ...]], list[int]]] = {}
    whole = []
    for delimiter in DELIMITERS:
        rows, lines = _rows_of(text, delimiter)
        width = _common_width(rows)
        if width < 2:
            continue
        same = sum(len(row) == width for row in rows)
        scores[delimiter] = same * (width - 1)
        splits[delimiter] = rows, lines
        if same == len(rows) and len(rows) > 1:
            whole.append(delimiter)
    if not scores:
        raise CsvMappingError("proposal", ["the sample is no text in rows of at least two fields"])
    best = max(scores, key=lambda delimiter: (delimiter in whole, scores[delimiter]))
    return best, tuple(each for each in whole if each != best), *splits[best]


def _rows_of(text: str, delimiter: str) -> tuple[list[tuple[str, ...]], list[int]]:
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    try:
        for block in DelimitedRows(BytesIO(text.encode()), delimiter=delimiter):
            rows += [tuple(field.strip() for field in row) for row in block.rows]
            lines += block.lines
    except UnreadableLinesError:
        # What came before the broken row counts; with the right delimiter there is none.
        pass
    return rows, lines


def _common_width(rows: Sequence[Sequence[str]]) -> int:
    """The width of most rows that have at least two fields, the greater of two; 0 without such rows."""
    widths = Counter(len(row) for row in rows if len(row) > 1)
    return max(widths, key=lambda width: (widths[width] * (width - 1), width), default=0)


def _find_header(rows: Sequence[tuple[str, ...]], first: int, width: int) -> int | None:
    for place in range(first, min(len(rows), first + PREAMBLE_ROWS_MAX)):
        row = rows[place]
        named = [field for field in row if field]
        if len(row) != width or len(named) < max(2, _NAMED_SHARE * width):
            continue
        # The first full row is the header or there is none: a header has no days and amounts.
        is_header = not any(looks_like_amount(field) or fitting_day_formats([field]) for field in named)
        return place if is_header else None
    return None
