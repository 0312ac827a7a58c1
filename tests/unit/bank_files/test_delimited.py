"""Rows of delimited files: where they start, what breaks them, what limits them."""

import csv
from io import BytesIO, RawIOBase, StringIO
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pawledger.bank_files import lines
from pawledger.bank_files.delimited import COLUMNS_MAX, ROW_CHARACTERS_MAX, DelimitedRows, RaggedRow, make_square
from pawledger.bank_files.lines import LINE_BYTES_MAX, UnreadableLinesError

PIECES = st.lists(st.sampled_from(("a", "é", ",", '"', '""', "\n", "\r\n", "\n\n", 'x"y', " ", "\r")), max_size=40)


class Dribble(RawIOBase):
    """A stream that gives few bytes at a time and cannot be rewound."""

    def __init__(self, content: bytes, step: int) -> None:
        super().__init__()
        self._content = content
        self._step = step

    def read(self, size: int = -1, /) -> bytes:
        step = self._step if size < 0 else min(self._step, size)
        piece, self._content = self._content[:step], self._content[step:]
        return piece


def read_rows(content: bytes, step: int = 1 << 20) -> tuple[list[tuple[int, list[str]]], tuple[str, int] | None]:
    """Rows with the lines on which they start, and rule and line of the fault that ended the reading."""
    rows: list[tuple[int, list[str]]] = []
    try:
        for block in DelimitedRows(cast("BinaryIO", Dribble(content, step))):
            assert block.rows
            rows += zip(block.lines, block.rows, strict=True)
    except UnreadableLinesError as error:
        return rows, (error.rule, error.line)
    return rows, None


def rows_by_the_standard_library(text: str) -> tuple[list[tuple[int, list[str]]], tuple[str, int] | None]:
    """The same in the plainest way: the whole text at once."""
    reader = csv.reader(StringIO(text.replace("\r\n", "\n").replace("\r", "\n"), newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for row in reader:
            if row:
                rows.append((start, row))
            start = reader.line_num + 1
    except csv.Error as error:
        return rows, ("rows.truncated" if "end of data" in str(error) else "rows.quotes", start)
    return rows, None


@given(PIECES, st.sampled_from((1, 3, 8, 1000)), st.sampled_from((3, 8, 64)))
def test_rows_are_those_of_the_standard_library_however_the_stream_is_cut(
    pieces: list[str], step: int, block_bytes: int
) -> None:
    text = "".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", block_bytes)
        assert read_rows(text.encode(), step) == rows_by_the_standard_library(text)


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r")), min_size=1), max_size=8))
def test_what_the_standard_library_writes_is_read_back(table: list[list[str]]) -> None:
    text = StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(table)
    rows, fault = read_rows(text.getvalue().encode())
    assert ([row for _, row in rows], fault) == (table, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_that_exports_come_in(encoding: str) -> None:
    rows, fault = read_rows("name,sum\nMüller,5\n".encode(encoding), step=1)
    assert (rows, fault) == ([(1, ["name", "sum"]), (2, ["Müller", "5"])], None)


def test_first_line_that_is_not_utf8_is_told() -> None:
    rows = DelimitedRows(BytesIO(b"a\nb\nM\xfcller\n"))
    assert [row for block in rows for row in block.rows] == [["a"], ["b"], ["Müller"]]
    assert rows.fallback_line == 3


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("a,b\n".encode("utf-16")[:-1], ("rows.encoding", 1)),
        ("a,b\n".encode("utf-16-le"), ("lines.nul_byte", 1)),
        (b"a\nb\0\n", ("lines.nul_byte", 2)),
        (b"a\n" + b"x" * (LINE_BYTES_MAX + 1), ("lines.too_long", 2)),
        (b"a\n" + b"," * COLUMNS_MAX, ("rows.too_many_columns", 2)),
        (b'a\n"' + b"y\n" * (ROW_CHARACTERS_MAX // 2) + b'"', ("rows.too_long", 2)),
        (b'a\n"' + b"y\n" * ROW_CHARACTERS_MAX, ("rows.too_long", 2)),
        (b'a\n"b\n\nc', ("rows.truncated", 2)),
        (b'a\n\n"b"c,d\ne', ("rows.quotes", 3)),
    ],
)
def test_what_is_not_rows_is_refused_at_its_line(content: bytes, fault: tuple[str, int]) -> None:
    assert read_rows(content)[1] == fault


def test_rows_at_the_limits_are_read() -> None:
    assert read_rows(b"," * (COLUMNS_MAX - 1))[1] is None
    field = "y\n" * (ROW_CHARACTERS_MAX // 2 - 2)
    rows, fault = read_rows(f'"{field}"\nz'.encode(), step=5000)
    assert (rows, fault) == ([(1, [field]), (ROW_CHARACTERS_MAX // 2, ["z"])], None)


def test_other_delimiters_split_as_well() -> None:
    blocks = list(DelimitedRows(BytesIO(b'a;"b;c";d,e\n'), delimiter=";"))
    assert blocks[0].rows == [["a", "b;c", "d,e"]]


def test_rows_are_made_as_wide_as_the_header_and_ragged_ones_are_told() -> None:
    (block,) = DelimitedRows(BytesIO(b"a,b\n1,2\n\n3\n4,5,\n6,7,,8\n"))
    assert make_square(block, 2) == [RaggedRow(2, 4, 1), RaggedRow(4, 6, 4)]
    assert block.rows == [["a", "b"], ["1", "2"], ["3", ""], ["4", "5"], ["6", "7"]]
