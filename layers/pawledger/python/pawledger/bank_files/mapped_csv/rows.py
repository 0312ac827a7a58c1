"""Rows of a file that is read by a mapping: which of them tell movements, and where each value stands in them."""

from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from io import BufferedReader, RawIOBase
from operator import itemgetter
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, cast

from pawledger.bank_files.delimited import DelimitedRows, RowBlock, RowEncodingError, make_square
from pawledger.bank_files.lines import LINE_BYTES_MAX, UnreadableLinesError
from pawledger.bank_files.mapped_csv.days import DayTexts
from pawledger.bank_files.mapped_csv.rules import ColumnName, Columns, Spot
from pawledger.bank_files.provider_rows import Notes, UnreadableReportError, shown
from pawledger.bank_files.report import Rule

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from pawledger.bank_files.mapped_csv.mapping import CsvMapping

CONTROL_ROWS_MAX: Final = 50_000
"""Most rows of one file that declare totals or balances: they are kept until it ends."""
TRANSCODED_BYTES: Final = 32 * 1024
"""How many bytes of another encoding are turned into UTF-8 at a time."""
NAMES_SHOWN_MAX: Final = 20
"""Most missing columns that a message lists."""


class ControlRow(NamedTuple):
    """A row that tells no movement but is named in the mapping."""

    row: list[str]
    line: int


class MappedRows:
    """The rows of a file that tell movements, and where the columns of the mapping stand in them."""

    def __init__(self, mapping: "CsvMapping", notes: Notes) -> None:
        self._mapping = mapping
        self._notes = notes
        self._places: dict[ColumnName, int] = {}
        self._names: list[str] = []
        self._cached_rows: Sequence[list[str]] | None = None
        self._cache: dict[int, list[str]] = {}
        self.controls: dict[Spot, list[ControlRow]] = {spot: [] for spot in mapping.spots()}
        """The other rows that the mapping names; complete at the end of the file."""
        self._control_count = 0
        self._by_record = {spot.record: spot for spot in self.controls if spot.record is not None}

    def blocks(self) -> Iterator[RowBlock]:
        """Yield the rows that tell movements; what cannot be read is told in the notes."""
        raise NotImplementedError

    def texts(self, rows: Sequence[list[str]], columns: Columns) -> list[str]:
        """What some columns say: of each row the first that is not empty."""
        if not columns:
            return [""] * len(rows)
        found = self._text_of(rows, columns[0])
        for column in columns[1:]:
            found = [text or other for text, other in zip(found, self._text_of(rows, column), strict=True)]
        return found

    def _text_of(self, rows: Sequence[list[str]], column: ColumnName) -> list[str]:
        if rows is not self._cached_rows:
            self._cached_rows = rows
            self._cache.clear()
        place = self._places[column]
        found = self._cache.get(place)
        if found is None:
            found = list(map(str.strip, map(itemgetter(place), rows)))
            if self._mapping.guard:
                found = [text.removeprefix(self._mapping.guard) for text in found]
            self._cache[place] = found
        return found

    def joined(self, rows: Sequence[list[str]], columns: Columns) -> list[str]:
        """The codes in some columns, joined by `/`."""
        if len(columns) == 1:
            return self.texts(rows, columns)
        return list(map("/".join, zip(*(self.texts(rows, (column,)) for column in columns), strict=True)))

    def control_place(self, column: ColumnName) -> int:
        """Place of a column in a row that tells no movement."""
        if isinstance(column, int):
            return column - 1
        return self._names.index(column) if column in self._names else len(self._names)

    def _select(self, block: RowBlock) -> RowBlock:
        """The rows that tell movements; the others that the mapping names are kept, and unknown ones are told."""
        records = self._mapping.records
        if records is None:
            return block
        place = self._places[records.column]
        raw = [row[place] if place < len(row) else "" for row in block.rows]
        if records.details and records.details.issuperset(map(_fold, set(raw))):
            return block
        codes = list(map(_fold, raw))
        kept = []
        for index, code in enumerate(codes):
            if code in records.ignored:
                continue
            if code in self._by_record:
                self._keep(self._by_record[code], block.rows[index], block.lines[index])
            elif not records.details or code in records.details:
                kept.append(index)
            else:
                message = f"{shown(code)} is not a kind of row that is known; it may tell money"
                self._notes.wrong("record_unknown", message, block.lines[index], field=str(records.column))
        return RowBlock([block.rows[index] for index in kept], [block.lines[index] for index in kept])

    def _keep(self, spot: Spot, row: list[str], line: int) -> None:
        self._control_count += 1
        if self._control_count > CONTROL_ROWS_MAX:
            message = f"more than {CONTROL_ROWS_MAX} rows that declare totals, balances or the file"
            raise UnreadableReportError("too_many_controls", message, line=line)
        self.controls[spot].append(ControlRow(row, line))


class CsvRows(MappedRows):
    """The rows of a delimited file."""

    def __init__(self, stream: BinaryIO, mapping: "CsvMapping", notes: Notes) -> None:
        super().__init__(mapping, notes)
        self._end = _WatchedEnd(stream)
        self._header: list[str] | None = None
        self._width = mapping.row_width or 0
        self._has_absent = False
        """Whether the file lacks a column in whose place another stands; rows get an empty field for it."""
        self._held = RowBlock([], [])
        self._days = DayTexts(mapping.days.formats)
        self.row_count = 0

    def blocks(self) -> Iterator[RowBlock]:
        rows: DelimitedRows | None = None
        try:
            rows = self._open()
            for block in rows:
                body = block if self._header is not None else self._take_head(block)
                body = self._hold_footer(body) if self._mapping.footer_rows else body
                if body.rows:
                    yield from self._give(body)
            self._finish()
        except UnreadableLinesError as error:
            self._notes.report.add(Rule.SYNTAX, error.rule, str(error), line=error.line)
        except UnreadableReportError as error:
            self._notes.unreadable(error.rule, str(error), error.line, field=error.field_name)
        if rows is not None and rows.fallback_line is not None:
            self._notes.once("encoding", "text is not UTF-8, read as Windows-1252", rows.fallback_line)

    def _open(self) -> DelimitedRows:
        """The rows of the stream, of which the first bytes are read. Raises `RowEncodingError`."""
        source = cast("BinaryIO", self._end)
        if self._mapping.encoding not in ("utf-8", "utf-16"):
            source = cast("BinaryIO", BufferedReader(_AsUtf8(source, self._mapping.encoding), LINE_BYTES_MAX))
        return DelimitedRows(source, delimiter=self._mapping.delimiter)

    @property
    def ends_with_line_end(self) -> bool:
        """Whether the last row has an end, so that its last field was not cut."""
        return self._end.last.strip(b"\0")[-1:] in (b"\n", b"\r", b'"')

    def is_last(self, columns: Columns) -> bool:
        """Whether one of the columns is the last of a row."""
        return any(self._places.get(column) == self._width - 1 for column in columns)

    def _take_head(self, block: RowBlock) -> RowBlock:
        """Pass the lines before the header and the header itself, if it stands in this block."""
        first = 0
        while first < len(block.rows) and block.lines[first] <= self._mapping.skip_lines:
            for spot in self.controls:
                if spot.line == block.lines[first]:
                    self._keep(spot, block.rows[first], block.lines[first])
            first += 1
        if first == len(block.rows):
            return RowBlock([], [])
        if self._mapping.has_header:
            self._header = block.rows[first]
            self._read_header(self._header, block.lines[first])
            first += 1
        else:
            self._header = []
            self._places = {column: int(column) - 1 for group in self._mapping.column_groups() for column in group}
        return RowBlock(block.rows[first:], block.lines[first:])

    def _read_header(self, header: list[str], line: int) -> None:
        names = self._names = [name.strip() for name in header]
        self._width = len(names)
        missing = []
        for group in self._mapping.column_groups():
            found = False
            for column in group:
                place = names.index(column) if column in names else self._width
                if isinstance(column, int) and column <= self._width:
                    place = column - 1
                elif isinstance(column, str) and names.count(column) > 1:
                    message = f"column {shown(column)} stands in the header {names.count(column)} times"
                    raise UnreadableReportError("column_twice", message, line=line, field_name=column)
                self._places[column] = place
                found = found or place < self._width
            if not found:
                missing.append(" or ".join(map(str, group)))
        self._has_absent = self._width in self._places.values()
        if missing:
            message = f"columns are missing: {', '.join(missing[:NAMES_SHOWN_MAX])}"
            raise UnreadableReportError("columns_missing", message, line=line)

    def _hold_footer(self, block: RowBlock) -> RowBlock:
        """The rows before the footer, as far as it is known to be further on; the last ones are held back."""
        rows = self._held.rows + block.rows
        lines = [*self._held.lines, *block.lines]
        cut = max(0, len(rows) - self._mapping.footer_rows)
        self._held = RowBlock(rows[cut:], lines[cut:])
        return RowBlock(rows[:cut], lines[:cut])

    def _give(self, block: RowBlock) -> Iterator[RowBlock]:
        block = self._without_empty(block)
        block = self._select(block)
        self.row_count += len(block.rows)
        ragged = make_square(block, self._width)
        left_out = set()
        for row in ragged:
            is_short = row.field_count < self._width
            if (self._mapping.missing_columns if is_short else self._mapping.surplus_columns) == "refused":
                message = f"row has {row.field_count} fields, expected {self._width}"
                self._notes.unreadable("ragged_row", message, row.line)
                left_out.add(row.place)
        if left_out:
            block = _without(block, left_out)
        if block.rows:
            for fields in block.rows if self._has_absent else ():
                fields.append("")
            yield block

    def _without_empty(self, block: RowBlock) -> RowBlock:
        """The block without rows of empty fields and, where that is allowed, without headers that come again."""
        rows = block.rows
        left_out = set()
        if [""] * self._width in rows:
            left_out = {place for place, row in enumerate(rows) if not any(row)}
        if self._header and self._header in rows:
            for place, row in enumerate(rows):
                if row == self._header:
                    left_out.add(place)
                    self._tell_header_again(block.lines[place])
        return _without(block, left_out) if left_out else block

    def _tell_header_again(self, line: int) -> None:
        if self._mapping.repeated_header == "skipped":
            self._notes.once("header_repeated", "header comes again among the rows, passed over", line)
        else:
            message = "header comes again among the rows: two files may have been joined"
            self._notes.unreadable("header_repeated", message, line)

    def _finish(self) -> None:
        if self._header is None:
            rule, what = ("header_missing", "its header") if self._end.last else ("empty", "anything in it")
            self._notes.unreadable(rule, f"file ends before {what}", None)
            return
        footer = self._held
        if len(footer.rows) < self._mapping.footer_rows:
            message = f"file has {len(footer.rows)} rows, fewer than its footer of {self._mapping.footer_rows}"
            self._notes.unreadable("footer_missing", message, None)
        for spot in self.controls:
            if spot.from_end is not None and spot.from_end <= len(footer.rows):
                self._keep(spot, footer.rows[-spot.from_end], footer.lines[-spot.from_end])
        for row, line in zip(footer.rows, footer.lines, strict=True):
            if len(row) == self._width and self._tells_day(row):
                message = "row of the footer has a day where movements have it: the footer is missing or longer"
                self._notes.wrong("footer_is_movement", message, line)

    def _tells_day(self, row: list[str]) -> bool:
        booked = self.texts([[*row, ""]], self._mapping.days.booked)[0]
        return self._days[booked[: self._days.cut]] is not None


class _WatchedEnd:
    """A stream that knows how the bytes that were read from it end."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.last = b""

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        if data:
            self.last = (self.last + data)[-2:]
        return data


class _AsUtf8(RawIOBase):
    """A stream in another encoding given as UTF-8, piece by piece."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        super().__init__()
        self._stream = stream
        self._encoding = encoding
        self._decoder = getincrementaldecoder(encoding)()
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        while not self._ready and (piece := self._stream.read(TRANSCODED_BYTES)):
            try:
                self._ready = self._decoder.decode(piece).encode("utf-8")
            except UnicodeError as error:
                raise RowEncodingError(f"text is not {self._encoding}", 1) from error
        data = self._ready[: len(view)]
        self._ready = self._ready[len(view) :]
        view[: len(data)] = data
        return len(data)


def _fold(code: str) -> str:
    return code.strip().casefold()


def _without(block: RowBlock, left_out: set[int]) -> RowBlock:
    kept = [place for place in range(len(block.rows)) if place not in left_out]
    return RowBlock([block.rows[place] for place in kept], [block.lines[place] for place in kept])
