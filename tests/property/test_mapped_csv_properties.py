"""Mapped files made by chance: what was written is read back in every layout, and no change goes unnoticed."""

from dataclasses import replace
from datetime import date, timedelta
from typing import BinaryIO, cast

from hypothesis import example, given
from hypothesis import strategies as st

from pawledger.bank_files.mapped_csv.mapping import CsvMapping
from pawledger.bank_files.mapped_csv.reader import read_mapped_csv
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.csv_file import Layout, Line, build_csv, detail_rows, some_lines, total_row, write_rows

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n\x1c\x1d\x1e\x1f\x85\u2028\u2029"), max_size=12)
CHANGES = st.sampled_from(["drop", "twice", "swap", "cut", "flip", "splice"])
CURRENCIES = ("EUR", "JPY", "BHD", "CLF")


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    decimal, thousands = draw(st.sampled_from([(".", ""), (".", ","), (",", "."), (",", " "), (".", "'"), (",", "")]))
    return Layout(
        delimiter=draw(st.sampled_from([",", ";", "\t", "|"])),
        encoding=draw(st.sampled_from(["utf-8", "utf-8", "utf-16"])),
        decimal=decimal,
        thousands=thousands,
        unit=draw(st.sampled_from(["major", "minor"])),
        sign=draw(st.sampled_from(["signed", "columns", "flag"])),
        negative=draw(st.sampled_from(["leading", "trailing", "parentheses"])),
        day_format=draw(st.sampled_from(["YYYY-MM-DD", "DD.MM.YY", "M/D/YYYY", "DD-Mon-YYYY", "YYYYMMDD"])),
        line_end=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        preamble=draw(st.sampled_from([(), ("drawn up today",), ("a;b", "c,d", "e")])),
        has_header=draw(st.booleans()),
        has_fees=draw(st.booleans()),
        has_totals=draw(st.booleans()),
        has_identity=draw(st.booleans()),
        quotes_all=draw(st.booleans()),
    )


@st.composite
def movements(draw: st.DrawFn) -> list[Line]:
    currency = draw(st.sampled_from(CURRENCIES))
    amounts = st.integers(-(10**13), 10**13)
    made = draw(
        st.lists(
            st.builds(
                Line,
                number=st.just(""),
                amount_minor=amounts,
                reference=TEXT,
                text=TEXT,
                payer=TEXT,
                booked_on=st.dates(date(2001, 1, 1), date(2099, 12, 31)),
                type_code=st.sampled_from(["sale", "refund", "charge"]),
                currency=st.just(currency),
                fee_minor=st.integers(0, 10**6),
            ),
            min_size=1,
            max_size=6,
        )
    )
    return [replace(line, number=f"n{place}") for place, line in enumerate(made)]


class Crumbs:
    """A stream that gives its bytes a few at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size, self._place = data, size, 0

    def read(self, size: int) -> bytes:
        piece = self._data[self._place : self._place + min(size, self._size)]
        self._place += len(piece)
        return piece


def read(data: bytes, mapping: CsvMapping, crumb: int = 10**9) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_mapped_csv(cast("BinaryIO", Crumbs(data, crumb)), report, mapping)), report


def encode(layout: Layout, lines: list[Line]) -> bytes:
    # Of UTF-16 the mark is written once, before everything.
    return build_csv(replace(layout, encoding="utf-8"), lines).decode().encode(layout.encoding)


@given(layouts(), movements(), st.integers(1, 60))
@example(Layout(has_fees=True), [Line("n", 0, fee_minor=0)], 1)
def test_what_is_written_is_read_back_whatever_the_layout(layout: Layout, lines: list[Line], crumb: int) -> None:
    entries, report = read(encode(layout, lines), layout.mapping(), crumb)
    assert [problem.message for problem in report.problems] == []
    told = [entry for entry in entries if entry.identity[-2 if not layout.has_identity else -1] != "fee"]
    purposes = {"sale": Purpose.PAYMENT, "refund": Purpose.RETURN, "charge": Purpose.FEE}
    written = [line for line in lines if line.amount_minor or not (layout.has_fees and line.fee_minor)]
    assert len(told) == len(written)
    for entry, line in zip(told, written, strict=True):
        assert signed(entry) == line.amount_minor
        assert (entry.currency, entry.booked_on) == (line.currency, line.booked_on)
        assert entry.purpose is purposes[line.type_code]
        assert entry.references == ((line.reference.strip(),) if line.reference.strip() else ())
        assert entry.payer_name == (line.payer.strip() or None)
        assert entry.text == line.text.strip()
    fees = sum(entry.amount_minor for entry in entries) - sum(entry.amount_minor for entry in told)
    assert fees == (sum(line.fee_minor for line in lines) if layout.has_fees else 0)
    assert len({entry.identity for entry in entries}) == len(entries)
    assert sum(summary.entry_count for summary in report.statements) == len(entries)


@given(layouts(), movements(), st.integers(1, 40))
def test_cuts_of_the_stream_change_nothing(layout: Layout, lines: list[Line], crumb: int) -> None:
    data = encode(layout, lines)
    assert read(data, layout.mapping(), crumb) == read(data, layout.mapping())


@given(st.integers(0, 7), st.integers(1, 10**6), st.sampled_from(["signed", "columns", "flag"]), st.booleans())
def test_changed_amount_is_never_accepted(place: int, change: int, sign: str, has_balance: bool) -> None:
    layout = Layout(sign=sign, has_totals=not has_balance, has_balance=has_balance)
    lines = some_lines(8)
    changed = [*lines]
    changed[place] = replace(lines[place], amount_minor=lines[place].amount_minor + change)
    rows = [row[:-1] for row in detail_rows(layout, changed)] if has_balance else detail_rows(layout, changed)
    if has_balance:
        # The first balance has none before it to be compared with, so the file declares it.
        rows = [[*row, told[-1]] for row, told in zip(rows, detail_rows(layout, lines), strict=True)]
        layout = replace(
            layout,
            extra={
                "records": {"column": "Kind", "details": ["D"]},
                "opening": {"record": "O", "column": "Number"},
            },
        )
        rows.insert(0, ["O", "1000.00"])
    else:
        rows.append(total_row(layout, lines))
    _, report = read(write_rows(layout, [layout.columns(), *rows]), layout.mapping())
    assert report.verdict is not Verdict.ACCEPTED


@given(
    layouts().filter(lambda layout: layout.encoding == "utf-8"),
    st.lists(
        st.tuples(
            st.sampled_from(["drop", "twice", "swap", "cut", "flip", "splice"]),
            st.integers(0, 10**6),
            st.integers(0, 255),
        ),
        min_size=1,
        max_size=3,
    ),
    st.binary(max_size=20),
)
def test_mutated_file_raises_nothing_and_is_sound_where_it_is_accepted(
    layout: Layout, changes: list[tuple[str, int, int]], junk: bytes
) -> None:
    lines = some_lines(6)
    layout = replace(layout, has_totals=True)
    data = build_csv(layout, lines)
    for kind, place, value in changes:
        data = mutate(data, kind, place, value, junk)
    entries, report = read(data, layout.mapping())
    assert all(entry.amount_minor >= 0 and entry.line > 0 for entry in entries)
    if report.verdict is Verdict.ACCEPTED:
        moved = sorted(line.amount_minor for line in lines)
        signs = [
            entry.amount_minor if entry.direction is Direction.CREDIT else -entry.amount_minor for entry in entries
        ]
        amounts = sorted(sign for sign, entry in zip(signs, entries, strict=True) if "fee" not in entry.identity)
        # Two changes may make up for each other; a single one may not.
        assert amounts == moved or len(changes) > 1
    else:
        assert report.problems


def signed(entry: StatementEntry) -> int:
    return entry.amount_minor if entry.direction is Direction.CREDIT else -entry.amount_minor


def mutate(data: bytes, kind: str, place: int, value: int, junk: bytes) -> bytes:
    """One change of a file: of its lines, or of its bytes."""
    if kind in ("drop", "twice", "swap"):
        ends = data.splitlines(keepends=True)
        if not ends:
            return data
        at = place % len(ends)
        if kind == "drop":
            del ends[at]
        elif kind == "twice":
            ends.insert(at, ends[at])
        else:
            ends[at], ends[-1] = ends[-1], ends[at]
        return b"".join(ends)
    at = place % (len(data) + 1)
    if kind == "cut":
        return data[:at]
    return data[:at] + (junk if kind == "splice" else bytes([value])) + data[at + (kind == "flip") :]


@given(st.binary(max_size=300))
@example(b"\xff\xfe\x00\xd8")
@example(b"\x81")
def test_no_bytes_raise(data: bytes) -> None:
    for layout in (Layout(), Layout(has_header=False, encoding="windows-1252")):
        entries, report = read(data, layout.mapping())
        assert report.problems
        assert not entries or report.statements


@given(st.integers(1, 25), st.integers(0, 10**6))
def test_rows_that_stand_elsewhere_have_the_identities_they_had(count: int, seed: int) -> None:
    layout = Layout(has_identity=False)
    lines = some_lines(count, seed=seed)
    lines += [lines[0], replace(lines[0], booked_on=lines[0].booked_on + timedelta(days=1))]
    first, _ = read(build_csv(layout, lines), layout.mapping())
    second, _ = read(build_csv(layout, lines[::-1]), layout.mapping())
    assert len({entry.identity for entry in first}) == len(lines)
    assert {entry.identity for entry in first} == {entry.identity for entry in second}
