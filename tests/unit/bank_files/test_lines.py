"""Physical lines of a stream: ends, encodings and limits."""

from io import BytesIO
from typing import BinaryIO

import pytest

from pawledger.bank_files.lines import (
    BLOCK_BYTES,
    LINE_BYTES_MAX,
    LineBlocks,
    LineTooLongError,
    NulByteError,
    TooManyLinesError,
)


class DrippingStream(BytesIO):
    """Gives one byte per read, as a slow connection may."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 1, 1))


class EndlessLine(BytesIO):
    """A line without an end; counts what was asked of it."""

    given = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.given += size or 0
        return b"x" * (size or 0)


def lines_of(stream: BinaryIO) -> list[str]:
    return [line for block in LineBlocks(stream) for line in block]


@pytest.mark.parametrize("make_stream", [BytesIO, DrippingStream])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_is_an_end_however_the_stream_is_cut(make_stream: type[BytesIO], end: bytes) -> None:
    assert lines_of(make_stream(end.join([b"one", b"two", b"", b"four"]))) == ["one", "two", "", "four"]


def test_last_line_needs_no_end_and_an_end_makes_no_further_line() -> None:
    assert lines_of(BytesIO(b"one\ntwo")) == lines_of(BytesIO(b"one\ntwo\n")) == ["one", "two"]


def test_carriage_return_and_line_feed_in_two_blocks_are_one_end() -> None:
    first = b"a" * (BLOCK_BYTES - 1)
    assert lines_of(BytesIO(first + b"\r\nb")) == [first.decode(), "b"]


@pytest.mark.parametrize("make_stream", [BytesIO, DrippingStream])
def test_byte_order_mark_is_dropped(make_stream: type[BytesIO]) -> None:
    assert lines_of(make_stream(b"\xef\xbb\xbf01,A\n")) == ["01,A"]


def test_only_the_three_ends_end_a_line() -> None:
    assert lines_of(BytesIO("a\x0bb\x0cc\x85d\u2028e".encode())) == ["a\x0bb\x0cc\x85d\u2028e"]


def test_line_that_is_not_utf8_is_read_as_windows_1252_and_told() -> None:
    blocks = LineBlocks(BytesIO("é\n".encode() + b"caf\xe9 \x80\n" + b"\x81\n"))
    assert [line for block in blocks for line in block] == ["é", "café €", "\x81"]
    assert blocks.fallback_line == 2


def test_nul_byte_is_refused_with_its_line() -> None:
    with pytest.raises(NulByteError) as caught:
        lines_of(BytesIO(b"one\r\ntwo\r\n\0"))
    assert caught.value.line == 3


def test_line_of_exactly_the_limit_is_read_and_one_byte_more_is_not() -> None:
    longest = b"x" * LINE_BYTES_MAX
    assert lines_of(BytesIO(longest + b"\nb")) == [longest.decode(), "b"]
    for end in (b"", b"\n", b"\r\n", b"\nb"):
        with pytest.raises(LineTooLongError) as caught:
            lines_of(BytesIO(b"a\n" + longest + b"x" + end))
        assert caught.value.line == 2


def test_line_without_end_is_given_up_after_a_few_blocks() -> None:
    stream = EndlessLine()
    with pytest.raises(LineTooLongError):
        lines_of(stream)
    assert stream.given <= LINE_BYTES_MAX + 2 * BLOCK_BYTES


def test_one_line_more_than_the_limit_is_refused() -> None:
    assert [line for block in LineBlocks(BytesIO(b"a\nb"), lines_max=2) for line in block] == ["a", "b"]
    with pytest.raises(TooManyLinesError):
        list(LineBlocks(BytesIO(b"a\nb\nc"), lines_max=2))
