"""Physical lines of a text bank file, from a binary stream, in bounded memory.

Readers get lists of lines rather than single ones: at half a million lines a second, one generator step per line would
be a large part of the whole cost.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final

from pawledger.domain.errors import PawledgerError

LINE_BYTES_MAX: Final = 64 * 1024
"""Longest line that is still text: statement records are a few hundred bytes; more is binary, or meant to hurt."""
LINES_MAX: Final = 20_000_000
"""Most lines of one file: at 400,000 lines a second this is under a minute, and no bank reports that much in a day."""
BLOCK_BYTES: Final = 32 * 1024
"""Read size: half the longest line, so that an ordinary block cannot hold a line that is too long."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class UnreadableLinesError(PawledgerError):
    """The stream is not lines of text; `rule` names the broken limit, `line` where."""

    rule: str = "lines.unreadable"

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class LineTooLongError(UnreadableLinesError):
    """A line is longer than `LINE_BYTES_MAX`."""

    rule = "lines.too_long"


class TooManyLinesError(UnreadableLinesError):
    """The file has more than `LINES_MAX` lines."""

    rule = "lines.too_many"


class NulByteError(UnreadableLinesError):
    """The file holds a NUL byte: it is binary, or text in a two-byte encoding."""

    rule = "lines.nul_byte"


class LineBlocks:
    """Iterates over a binary stream as lists of decoded lines without their ends (LF, CRLF or CR).

    A byte order mark is dropped. A line that is not UTF-8 is read as Windows-1252 (as Latin-1 where it holds one of the
    five bytes that Windows-1252 leaves undefined), and `fallback_line` then tells the first such line. This is decided
    per line, so that what a line says never depends on how the stream was cut into blocks.

    Iterating raises `LineTooLongError`, `TooManyLinesError` or `NulByteError`, and whatever the stream itself raises.
    """

    def __init__(self, stream: BinaryIO, *, line_bytes_max: int = LINE_BYTES_MAX, lines_max: int = LINES_MAX) -> None:
        self._stream = stream
        self._line_bytes_max = line_bytes_max
        self._lines_max = lines_max
        self._line_count = 0
        self.fallback_line: int | None = None

    def __iter__(self) -> Iterator[list[str]]:
        for text in self.texts():
            lines = text.split("\n")
            # Behind the last line feed there is nothing.
            lines.pop()
            self.count(len(lines))
            yield lines

    def texts(self) -> Iterator[str]:
        """Iterate over texts of whole lines instead, with a line feed behind each line; raises the same.

        To count lines takes half as long as to split them, so that it is left to the caller, who may know: it tells
        `count` how many each text had before it asks for the next.
        """
        tail = b""
        at_start = True
        while block := self._stream.read(BLOCK_BYTES):
            data = tail + block
            if at_start:
                if len(data) < len(_BYTE_ORDER_MARK) and _BYTE_ORDER_MARK.startswith(data):
                    tail = data
                    continue
                data = data.removeprefix(_BYTE_ORDER_MARK)
                at_start = False
            # A carriage return at the very end waits for the next block: a line feed may follow it.
            cut = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
            tail = data[cut:]
            if cut:
                yield self._decode(data[:cut])
            if len(tail) > self._line_bytes_max + 1:
                raise LineTooLongError(f"line is longer than {self._line_bytes_max} bytes", self._line_count + 1)
        if tail:
            yield self._decode(tail)

    def count(self, line_count: int) -> None:
        """Count lines that were given. Raises `TooManyLinesError`."""
        self._line_count += line_count
        if self._line_count > self._lines_max:
            raise TooManyLinesError(f"more than {self._lines_max} lines", self._lines_max + 1)

    def _decode(self, whole_lines: bytes) -> str:
        if b"\r" in whole_lines:
            whole_lines = whole_lines.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not whole_lines.endswith(b"\n"):
            whole_lines += b"\n"
        if b"\0" in whole_lines:
            line = self._line_count + 1 + whole_lines.count(b"\n", 0, whole_lines.index(b"\0"))
            raise NulByteError("NUL byte: the file is binary or in a two-byte encoding", line)
        try:
            text = whole_lines.decode("utf-8")
        except UnicodeDecodeError:
            text = "\n".join(self._decode_each(whole_lines))
        self._check_lengths(whole_lines)
        return text

    def _decode_each(self, whole_lines: bytes) -> list[str]:
        lines = []
        for index, line in enumerate(whole_lines.split(b"\n")):
            try:
                lines.append(line.decode("utf-8"))
            except UnicodeDecodeError:
                lines.append(_decode_fallback(line))
                if self.fallback_line is None:
                    self.fallback_line = self._line_count + index + 1
        return lines

    def _check_lengths(self, whole_lines: bytes) -> None:
        if len(whole_lines) > self._line_bytes_max:
            for index, line in enumerate(whole_lines.split(b"\n")):
                if len(line) > self._line_bytes_max:
                    where = self._line_count + index + 1
                    raise LineTooLongError(f"line is longer than {self._line_bytes_max} bytes", where)


def _decode_fallback(line: bytes) -> str:
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        return line.decode("latin-1")
