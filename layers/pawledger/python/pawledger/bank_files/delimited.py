"""Rows of a delimited text file (CSV) from a binary stream, in bounded memory, with the line on which each row starts.

RFC 4180: fields may be quoted, a quote in a quoted field is doubled, and a quoted field may hold line breaks. Readers
get blocks of rows rather than single ones, for the same reason as in `pawledger.bank_files.lines`, and the splitting is
the standard library's `csv.reader` over a whole block.
"""

import csv
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterator, Sequence
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, cast

from pawledger.bank_files.lines import LINE_BYTES_MAX, LineBlocks, UnreadableLinesError
from pawledger.bank_files.streams import rejoin

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

ROW_CHARACTERS_MAX: Final = 64 * 1024
"""Longest row over several lines: as long as one line may be. A quote that is never closed ends here, not in memory."""
COLUMNS_MAX: Final = 1024
"""Most fields of a row: the widest provider reports have about 150; more is a broken file, or meant to hurt."""

_UTF16_CHARACTERS: Final = 16 * 1024
"""How many bytes of UTF-16 are turned into UTF-8 at a time."""


class UnreadableRowsError(UnreadableLinesError):
    """The lines are not rows; `rule` names what is broken, `line` the line on which the row starts."""

    rule = "rows.unreadable"


class QuoteError(UnreadableRowsError):
    """A quoted field is followed by something else than a delimiter."""

    rule = "rows.quotes"


class RowTruncatedError(UnreadableRowsError):
    """The file ends inside a quoted field: it was cut, or a quote was not doubled."""

    rule = "rows.truncated"


class RowTooLongError(UnreadableRowsError):
    """A row over several lines is longer than `ROW_CHARACTERS_MAX`."""

    rule = "rows.too_long"


class TooManyColumnsError(UnreadableRowsError):
    """A row has more than `COLUMNS_MAX` fields."""

    rule = "rows.too_many_columns"


class RowEncodingError(UnreadableRowsError):
    """The file says that it is UTF-16 and is not."""

    rule = "rows.encoding"


class RowBlock(NamedTuple):
    """Some rows that follow one another, never none, and the line (from 1) on which each of them starts."""

    rows: list[list[str]]
    lines: Sequence[int]


class RaggedRow(NamedTuple):
    """A row that has not as many fields as the header has."""

    place: int
    """Place of the row in its block."""
    line: int
    field_count: int
    """As found in the file, more or fewer than the header has."""


class DelimitedRows:
    """Iterates over a binary stream as blocks of rows; blank lines are no rows.

    Text is UTF-8 (with or without byte order mark), else Windows-1252 per line as in `LineBlocks`, `fallback_line` then
    tells the first such line; or UTF-16 with a byte order mark. LF, CRLF and CR end a line; a line break in a quoted
    field is given as LF. A quote inside an unquoted field is an ordinary character.

    Iterating raises `UnreadableRowsError` and the errors of `LineBlocks`, all of them `UnreadableLinesError`, and
    whatever the stream itself raises. Rows before the broken one are given before it raises.
    """

    def __init__(self, stream: BinaryIO, *, delimiter: str = ",", columns_max: int = COLUMNS_MAX) -> None:
        self._blocks = LineBlocks(_as_utf8(stream))
        self._delimiter = delimiter
        self._columns_max = columns_max
        self._held: list[str] = []
        """Lines of the last row of the block before, where it goes on in the next block."""
        self._lines_before = 0
        """Lines of the stream before those in hand."""

    @property
    def fallback_line(self) -> int | None:
        """First line that is not UTF-8 and was read as Windows-1252; None where there is none so far."""
        return self._blocks.fallback_line

    def __iter__(self) -> Iterator[RowBlock]:
        for block in self._blocks:
            lines = self._held + block if self._held else block
            yield from self._read(lines)
        if self._held:
            raise RowTruncatedError("file ends inside a quoted field: it was cut", self._lines_before + 1)

    def _read(self, lines: list[str]) -> Iterator[RowBlock]:
        self._held = []
        try:
            rows = list(csv.reader(lines, delimiter=self._delimiter, strict=True))
        except csv.Error:
            rows = []
        if len(rows) == len(lines):
            first_line = self._lines_before + 1
            self._lines_before += len(lines)
            yield from self._give(rows, range(first_line, first_line + len(lines)))
        else:
            yield from self._read_over_lines(lines)

    def _read_over_lines(self, lines: list[str]) -> Iterator[RowBlock]:
        """Read lines of which some belong to the row of the line before, and hold back what the next block goes on."""
        source = _CountedLines(lines)
        reader = csv.reader(source, delimiter=self._delimiter, strict=True)
        rows: list[list[str]] = []
        starts: list[int] = []
        fault: UnreadableRowsError | None = None
        read_count = 0
        while fault is None and not self._held:
            start = self._lines_before + read_count + 1
            row: list[str] | None = None
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                if source.exhausted:
                    self._held = lines[read_count:]
                else:
                    fault = QuoteError(f"row cannot be split into fields: {error}", start)
            if _is_too_long(lines, read_count, reader.line_num):
                fault = RowTooLongError(f"row over several lines is longer than {ROW_CHARACTERS_MAX} characters", start)
            elif row is not None:
                rows.append(row)
                starts.append(start)
                read_count = reader.line_num
        self._lines_before += read_count
        yield from self._give(rows, starts)
        if fault is not None:
            raise fault

    def _give(self, rows: list[list[str]], lines: Sequence[int]) -> Iterator[RowBlock]:
        fault: TooManyColumnsError | None = None
        if rows and max(map(len, rows)) > self._columns_max:
            index = next(index for index, row in enumerate(rows) if len(row) > self._columns_max)
            fault = TooManyColumnsError(f"row has more than {self._columns_max} fields", lines[index])
            rows, lines = rows[:index], lines[:index]
        if [] in rows:
            pairs = [(row, line) for row, line in zip(rows, lines, strict=True) if row]
            rows, lines = [row for row, _ in pairs], [line for _, line in pairs]
        if rows:
            yield RowBlock(rows, lines)
        if fault is not None:
            raise fault


def make_square(block: RowBlock, width: int) -> list[RaggedRow]:
    """Give every row of a block exactly `width` fields, in place, and tell those that had another number.

    Short rows are filled up with empty fields. Of long rows the surplus is cut; they are told only where it is not
    empty, because then a delimiter inside a field was not quoted and every later field stands in a wrong column.
    """
    if set(map(len, block.rows)) == {width}:
        return []
    ragged = []
    for place, (row, line) in enumerate(zip(block.rows, block.lines, strict=True)):
        if len(row) < width:
            ragged.append(RaggedRow(place, line, len(row)))
            row.extend([""] * (width - len(row)))
        elif len(row) > width:
            if any(row[width:]):
                ragged.append(RaggedRow(place, line, len(row)))
            del row[width:]
    return ragged


class _CountedLines:
    """Lines with their ends back on, which a quoted field keeps, and whether a reader asked for more than there are."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = iter(lines)
        self.exhausted = False

    def __iter__(self) -> "_CountedLines":
        return self

    def __next__(self) -> str:
        for line in self._lines:
            return f"{line}\n"
        self.exhausted = True
        raise StopIteration


def _is_too_long(lines: list[str], first: int, end: int) -> bool:
    """Whether the lines of one row are too long; a single line has its own limit, `LINE_BYTES_MAX`."""
    return end - first > 1 and sum(map(len, lines[first:end])) + end - first > ROW_CHARACTERS_MAX


class _Utf16AsUtf8(RawIOBase):
    """A UTF-16 stream given as UTF-8, piece by piece."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._head = head
        self._rest = rest
        self._decoder = getincrementaldecoder("utf-16")()
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        while not self._ready and not self._ended:
            piece = self._head or self._rest.read(_UTF16_CHARACTERS)
            self._head = b""
            self._ended = not piece
            try:
                self._ready = self._decoder.decode(piece, final=self._ended).encode("utf-8")
            except UnicodeError as error:
                raise RowEncodingError("text with a UTF-16 byte order mark is not UTF-16", 1) from error
        data = self._ready[: len(view)]
        self._ready = self._ready[len(view) :]
        view[: len(data)] = data
        return len(data)


def _as_utf8(stream: BinaryIO) -> BinaryIO:
    """The stream itself as far as its bytes are concerned, turned into UTF-8 where it begins with a mark of UTF-16."""
    head = b""
    while len(head) < len(BOM_UTF16_LE) and (more := stream.read(len(BOM_UTF16_LE) - len(head))):
        head += more
    if head in (BOM_UTF16_LE, BOM_UTF16_BE):
        return cast("BinaryIO", BufferedReader(_Utf16AsUtf8(head, stream), LINE_BYTES_MAX))
    return rejoin(head, stream)
