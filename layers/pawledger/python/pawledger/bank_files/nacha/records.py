"""Records of 94 characters from a binary stream, in bounded memory: one on each line, or one after another without
line breaks.

Source: Nacha Operating Rules, appendix three: a record has 94 characters and a block ten records; line breaks are a
custom of file transfer.
"""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final, NamedTuple

from pawledger.bank_files.lines import BLOCK_BYTES, LINES_MAX, LineBlocks, NulByteError, TooManyLinesError
from pawledger.bank_files.nacha.fields import Notes, shown
from pawledger.bank_files.streams import rejoin

RECORD_CHARACTERS: Final = 94
LINE_CHARACTERS: Final = RECORD_CHARACTERS + 1
FILLER: Final = "9" * RECORD_CHARACTERS
"""A record that only fills up the last block of ten."""
HEAD_BYTES: Final = 4096
"""A file without a line break in this many bytes, 43 records, has none between its records."""
_RECORD_BYTES_MAX: Final = 4 * RECORD_CHARACTERS
"""A record in UTF-8 is not longer."""
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_BLANK: Final = " \t\x1a"
"""A line of only these is no record; the last is the end mark of old systems, which some exports still append."""
_MAY_END_BLANK: Final = "19"
"""Records whose last field is text or reserved, so that blanks at their end may be missing; others end in a number."""
_FIELD_ENDS: Final = {"1": (3, 40, 63, 86), "5": (4, 20, 40, 50, 53, 63), "6": (39, 54, 76), "7": (3, 38, 73, 83)}
"""Where text fields end, by record, for records that were laid out in bytes and not in characters."""


class RecordBlock(NamedTuple):
    """Records that follow one another, with where they stand in the file."""

    text: str
    """The records, each of 94 characters and a line feed: cut only when they are read, and most never by themselves."""
    kinds: str
    """First character of each record, which says what it is."""
    lines: Sequence[int]
    offsets: Sequence[int] | None
    """Byte on which each record starts, where there are no line breaks to find it by; else None."""

    def record(self, place: int) -> str:
        return self.text[place * LINE_CHARACTERS : place * LINE_CHARACTERS + RECORD_CHARACTERS]

    def records(self, start: int, stop: int) -> list[str]:
        return self.text[start * LINE_CHARACTERS : stop * LINE_CHARACTERS].split("\n")[:-1]

    def part(self, start: int, stop: int) -> "RecordBlock":
        """The records from `start` on and before `stop`."""
        text = self.text[start * LINE_CHARACTERS : stop * LINE_CHARACTERS]
        offsets = None if self.offsets is None else self.offsets[start:stop]
        return RecordBlock(text, self.kinds[start:stop], self.lines[start:stop], offsets)

    def every_other(self) -> "RecordBlock":
        """The first record, the third, and so on."""
        starts = range(0, len(self.text), 2 * LINE_CHARACTERS)
        text = "".join([self.text[start : start + LINE_CHARACTERS] for start in starts])
        offsets = None if self.offsets is None else self.offsets[::2]
        return RecordBlock(text, self.kinds[::2], self.lines[::2], offsets)

    def joined(self, following: "RecordBlock") -> "RecordBlock":
        """These records and the ones that follow."""
        if not self.text:
            return following
        offsets = None
        if self.offsets is not None and following.offsets is not None:
            offsets = _join_numbers(self.offsets, following.offsets)
        lines = _join_numbers(self.lines, following.lines)
        return RecordBlock(self.text + following.text, self.kinds + following.kinds, lines, offsets)


class RecordBlocks:
    """Iterates over a stream as blocks of records, without blank ones.

    A record shorter than 94 characters is filled up; a line of more holds several. Iterating raises
    `UnreadableLinesError` and whatever the stream itself raises.
    """

    def __init__(self, stream: BinaryIO, notes: Notes) -> None:
        self._stream = stream
        self._notes = notes
        self._record_count = 0
        self.fallback_line: int | None = None
        """First line (record, where there are no lines) that is not UTF-8."""

    def __iter__(self) -> Iterator[RecordBlock]:
        head = b""
        while len(head) < HEAD_BYTES and (more := self._stream.read(HEAD_BYTES - len(head))):
            head += more
        content = head.removeprefix(_BYTE_ORDER_MARK).lstrip(b" \t\r\n")
        body = content.rstrip(b" \t\r\n\x1a")
        if body and b"\n" not in body and b"\r" not in body:
            yield from self._read_unbroken(content, len(head) - len(content), head)
        else:
            yield from self._read_lines(head)

    def _read_lines(self, head: bytes) -> Iterator[RecordBlock]:
        blocks = LineBlocks(rejoin(head, self._stream))
        line_count = 0
        for text in blocks.texts():
            count = len(text) // LINE_CHARACTERS
            lines = None
            if not _is_even(text, count):
                lines = text.split("\n")[:-1]
                count = len(lines)
            blocks.count(count)
            numbers = range(line_count + 1, line_count + 1 + count)
            line_count += count
            if lines is None:
                yield self._count(RecordBlock(text, text[::LINE_CHARACTERS], numbers, None))
            else:
                yield self._fit(lines, numbers, None)
        self.fallback_line = blocks.fallback_line

    def _read_unbroken(self, content: bytes, offset: int, head: bytes) -> Iterator[RecordBlock]:
        line = 1 + _count_breaks(head[:offset])
        data, at_end = content, False
        while not at_end:
            more = self._stream.read(BLOCK_BYTES)
            at_end = not more
            data += more
            if b"\0" in data:
                raise NulByteError("NUL byte: the file is binary or in a two-byte encoding", line)
            used = len(data) - len(data) % RECORD_CHARACTERS
            chunk = data[:used]
            if chunk.isascii() and b"\n" not in chunk and b"\r" not in chunk and not at_end:
                text = chunk.decode("ascii")
                records = [text[start : start + RECORD_CHARACTERS] for start in range(0, used, RECORD_CHARACTERS)]
                yield self._fit(records, [line] * len(records), range(offset, offset + used, RECORD_CHARACTERS))
            else:
                records, lines, offsets, used = self._cut_one_by_one(data, line, offset, at_end=at_end)
                line += _count_breaks(data[:used])
                yield self._fit(records, lines, offsets)
            data, offset = data[used:], offset + used

    def _cut_one_by_one(
        self, data: bytes, line: int, offset: int, *, at_end: bool
    ) -> tuple[list[str], list[int], list[int], int]:
        """Cut records that hold other characters than ASCII or have a line break among them.

        Returns them with their lines and offsets and the number of bytes used; what may be less than a record is left.
        """
        records: list[str] = []
        lines: list[int] = []
        offsets: list[int] = []
        position, length = 0, len(data)
        while position < length and (at_end or length - position > _RECORD_BYTES_MAX):
            if data[position] in b"\r\n":
                position += 2 if data[position : position + 2] == b"\r\n" else 1
                line += 1
                continue
            window = data[position : position + _RECORD_BYTES_MAX]
            window = window.partition(b"\n")[0].partition(b"\r")[0]
            record, used = self._decode(window, line)
            records.append(record)
            lines.append(line)
            offsets.append(offset + position)
            position += used
        return records, lines, offsets, position

    def _decode(self, window: bytes, line: int) -> tuple[str, int]:
        """The first 94 characters of the window, and how many bytes they have: UTF-8, else Windows-1252, else Latin-1.

        The window ends with a line, with the file, or has as many bytes as 94 characters can have.
        """
        try:
            text = window.decode("utf-8")
        except UnicodeDecodeError as error:
            # It may be no fault but the end of the window.
            text = window[: error.start].decode("utf-8")
            if len(text) < RECORD_CHARACTERS:
                self.fallback_line = self.fallback_line or line
                data = window[:RECORD_CHARACTERS]
                return _decode_single_bytes(data), len(data)
        record = text[:RECORD_CHARACTERS]
        return record, len(record.encode())

    def _fit(self, records: list[str], lines: Sequence[int], offsets: Sequence[int] | None) -> RecordBlock:
        """Leave out blank records, fill up short ones and split long ones; none of them holds a line feed."""
        text = _with_line_feeds(records)
        if not _is_even(text, len(records)):
            records, lines, offsets = self._fit_each(records, lines, offsets)
            text = _with_line_feeds(records)
        return self._count(RecordBlock(text, text[::LINE_CHARACTERS], lines, offsets))

    def _count(self, block: RecordBlock) -> RecordBlock:
        self._record_count += len(block.kinds)
        if self._record_count > LINES_MAX:
            raise TooManyLinesError(f"more than {LINES_MAX} records", block.lines[-1])
        return block

    def _fit_each(
        self, records: list[str], lines: Sequence[int], offsets: Sequence[int] | None
    ) -> tuple[list[str], list[int], list[int] | None]:
        fitted: list[str] = []
        fitted_lines: list[int] = []
        fitted_offsets: list[int] = []
        for index, (record, line) in enumerate(zip(records, lines, strict=True)):
            content = record.rstrip(_BLANK)
            for start in range(0, len(content), RECORD_CHARACTERS):
                self._notes.line = line
                piece = content[start : start + RECORD_CHARACTERS]
                if len(content) > RECORD_CHARACTERS:
                    self._notes.once("records_on_one_line", "line holds more than one record of 94 characters")
                fitted.append(self._fill_up(piece, was_short=len(record) - start < RECORD_CHARACTERS))
                fitted_lines.append(line)
                if offsets is not None:
                    fitted_offsets.append(offsets[index])
        return fitted, fitted_lines, fitted_offsets if offsets is not None else None

    def _fill_up(self, record: str, *, was_short: bool) -> str:
        """The record with 94 characters: text fields, or its end, filled up with blanks."""
        if not was_short or record == FILLER[: len(record)]:
            return record.ljust(RECORD_CHARACTERS, "9" if record == FILLER[: len(record)] else " ")
        if not record.isascii() and len(record.encode()) == RECORD_CHARACTERS:
            self._notes.once("laid_out_in_bytes", "record has 94 bytes, but fewer characters: fields are cut by bytes")
            return _lay_out_in_characters(record)
        if record[0] in _MAY_END_BLANK:
            self._notes.once("record_trimmed", "record is shorter than 94 characters, blanks at its end are missing")
        else:
            message = f"record {shown(record[:3])} has {len(record)} characters, expected {RECORD_CHARACTERS}"
            self._notes.unreadable("record_length", message)
        return record.ljust(RECORD_CHARACTERS)


def _is_even(text: str, count: int) -> bool:
    """Whether a text is so many records of 94 characters, each with a line feed behind it, and none is blank."""
    return (
        len(text) == LINE_CHARACTERS * count
        and text[RECORD_CHARACTERS::LINE_CHARACTERS] == "\n" * count
        # No other line feed is left; to replace them is four times as fast as to count them.
        and "\n" not in text.replace("\n", " ", count)
        and text[::LINE_CHARACTERS].isalnum()
    )


def _with_line_feeds(records: Sequence[str]) -> str:
    return "".join([f"{record}\n" for record in records])


def _join_numbers(first: Sequence[int], following: Sequence[int]) -> Sequence[int]:
    """Numbers that follow one another; those of ordinary records need no list."""
    if (
        isinstance(first, range)
        and isinstance(following, range)
        and first.step == following.step
        and first.stop == following.start
    ):
        return range(first.start, following.stop, first.step)
    return [*first, *following]


def _decode_single_bytes(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _count_breaks(data: bytes) -> int:
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")


def _lay_out_in_characters(record: str) -> str:
    """Fill each text field of a record of 94 bytes up to as many characters as it has bytes."""
    data = record.encode()
    ends = [*_FIELD_ENDS.get(record[0], ()), RECORD_CHARACTERS]
    starts = [0, *ends[:-1]]
    fields = [
        data[start:end].decode("utf-8", "replace").ljust(end - start) for start, end in zip(starts, ends, strict=True)
    ]
    return "".join(fields)
