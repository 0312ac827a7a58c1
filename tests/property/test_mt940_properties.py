"""What holds for every MT940 statement: it is read as it was written, however it is cut, and never with other money."""

from io import BytesIO
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pawledger.bank_files import lines
from pawledger.bank_files.mt940 import columns as mt940_columns
from pawledger.bank_files.mt940.reader import read_mt940
from pawledger.bank_files.records import Direction, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.mt940_file import Row, structured, write_amount, write_mt940, write_mt942

WORDS = st.text(alphabet="ABCDEFGHIJKLMNPQSTUVWXYZ0123456789", min_size=1, max_size=12)
INFORMATION = st.one_of(
    st.just(""),
    st.builds(lambda text: f"premium {text}", WORDS),
    st.builds(structured, st.sampled_from(("166", "177", "051")), WORDS, WORDS, WORDS),
    st.builds(lambda end, text: f"/EREF/{end}/REMI/{text}/", WORDS, WORDS),
)
ROWS = st.lists(
    st.builds(
        Row,
        amount_minor=st.integers(-(10**10), 10**10).filter(bool),
        information=INFORMATION,
        bank_reference=st.one_of(st.just(""), WORDS),
        customer_reference=st.one_of(st.just("NONREF"), WORDS),
        type_code=st.sampled_from(("NTRF", "NMSC", "FCHK")),
    ),
    max_size=12,
)
CURRENCIES = st.sampled_from(("EUR", "JPY", "BHD"))


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_mt940(BytesIO(content), report)), report


def signed_minor(entry: StatementEntry) -> int:
    return entry.amount_minor if entry.direction is Direction.CREDIT else -entry.amount_minor


@given(rows=ROWS, currency=CURRENCIES, opening_minor=st.integers(-(10**10), 10**10))
def test_what_was_written_is_read_back(rows: list[Row], currency: str, opening_minor: int) -> None:
    entries, report = read(write_mt940(rows, currency=currency, opening_minor=opening_minor))
    assert (report.verdict, report.problems) == (Verdict.ACCEPTED, [])
    assert [signed_minor(entry) for entry in entries] == [row.amount_minor for row in rows]
    assert {entry.currency for entry in entries} <= {currency}
    assert len({entry.identity for entry in entries}) == len(rows)
    for entry, row in zip(entries, rows, strict=True):
        assert row.customer_reference in (*entry.references, "NONREF")
    (statement,) = report.statements
    assert (statement.opening_minor, statement.entry_count) == (opening_minor, len(rows))
    assert statement.closing_minor == opening_minor + sum(row.amount_minor for row in rows)


@given(rows=ROWS, block_bytes=st.integers(20, 400))
def test_cutting_the_stream_into_blocks_changes_nothing(rows: list[Row], block_bytes: int) -> None:
    content = write_mt940(rows)
    whole = read(content)
    before, lines.BLOCK_BYTES = lines.BLOCK_BYTES, block_bytes  # type: ignore[misc]
    try:
        assert read(content) == whole
    finally:
        lines.BLOCK_BYTES = before  # type: ignore[misc]


@given(rows=ROWS.filter(bool), change_minor=st.integers(-(10**6), 10**6).filter(bool), data=st.data())
def test_another_amount_in_one_movement_is_never_accepted(
    rows: list[Row], change_minor: int, data: st.DataObject
) -> None:
    row = data.draw(st.sampled_from(rows))
    other = abs(row.amount_minor) + change_minor
    assume(other > 0)
    mark = "C" if row.amount_minor > 0 else "D"
    written = f":61:2611231123{mark}{write_amount(row.amount_minor, 'EUR')}".encode()
    changed = f":61:2611231123{mark}{write_amount(other, 'EUR')}".encode()
    content = write_mt940(rows)
    assert written in content
    assert read(content.replace(written, changed, 1))[1].verdict is not Verdict.ACCEPTED


@given(rows=ROWS, data=st.data())
def test_a_statement_that_was_cut_is_never_accepted(rows: list[Row], data: st.DataObject) -> None:
    content = write_mt940(rows)
    end = data.draw(st.integers(0, content.rindex(b":62F:") + 4))
    assert read(content[:end])[1].verdict is not Verdict.ACCEPTED


PIECES = st.sampled_from(
    (
        *("EREF+E1", "EREF+E 2 ", "EREF+NOTPROVIDED", "EREF+", "KREF+K1", "MREF+M1", "MREF+notprovided", "CRED+DE9"),
        *("SVWZ+Beitrag 7", "SVWZ+", "SVWZ+IBAN: 4", "ABWA+X", "IBAN+DE 1", "BIC: X", "PURP+RINP", "ABIC: 3"),
        *("Rechnung 4711", "a + b", "a: b", "", " ", "Retoure", "EREF+E1SVWZ+x", "SVWZ+AC04", "EREF", "REF: 7", "a?b"),
    )
)
STRUCTURED = st.builds(
    lambda code, posting, pieces, tail: (
        code + posting + "".join(f"?{20 + place}{piece}" for place, piece in enumerate(pieces)) + tail
    ),
    st.sampled_from(("166", "171", "105", "109", "159")),
    st.sampled_from(("?00GUTSCHRIFT", "?00", "", "?00RETOURE", "?00X?10931")),
    st.lists(PIECES, max_size=5),
    st.sampled_from(
        ("", "?30BIC?31DE 12?32Anna?33 B", "?32 Anna ?34992", "?60more?61y", "?31?32", "?33B", "?30B?25z", "?31\tD?32A")
    ),
)
ORDERED = st.builds(
    lambda pieces: "166?00X" + "".join(f"?{20 + place}{piece}" for place, piece in enumerate(pieces)) + "?31DE1?32A",
    st.sampled_from((("EREF+E1", "MREF+M", "SVWZ+T"), ("EREF+E2", "KREF+K", "CRED+D", "SVWZ+u"), ("SVWZ+v",))),
)
OTHER_DIALECTS = st.sampled_from(
    (
        *("free text", "/EREF/E1/REMI/x/NAME/n/", "/TRTP/x/RTRN/MS02/", "EREF+E1SVWZ+y", "166", " 166?00X?20EREF+1"),
        *("  two  blanks ", "x\ty", "999PN5477", "Ruecklastschrift", ""),
    )
)
DIALECTS = st.one_of(ORDERED, STRUCTURED, OTHER_DIALECTS)
REFERENCES = st.builds(
    "{}{}".format,
    st.sampled_from(("NONREF", "nonref", "", "KREF+", "R1", "A B", "E1")),
    st.sampled_from(("", "//B1", "//B2", "//", "//NONREF", "//nonref", "// B3 ", "//B//C", "///X")),
)
HEADS = st.builds(
    ":61:2611{}{}{}{}{}{}".format,
    st.sampled_from(("23", "30", "31", "00")),
    st.sampled_from(("1123", "0101", "1130")),
    st.sampled_from(("C", "D", "C", "D", "CR", "RC")),
    st.sampled_from(("1,00", "0,50", "007,10", "1,00", "1,5", "1,")),
    st.sampled_from(("NTRF", "NDDT", "NTRF", "NRTI", "FRTI", "NCHG")),
    REFERENCES,
)
MOVEMENTS = st.builds(
    lambda head, information, cut: f"{head}\n:86:{information[:cut]}\n{information[cut:]}".removesuffix("\n"),
    HEADS,
    DIALECTS,
    st.one_of(st.just(1_000), st.integers(1, 30)),
)
ORDINARY = st.builds(
    lambda number, information: f":61:2611231123C1,00NTRFNONREF//B{number}\n:86:{information}",
    st.integers(1, 9),
    ORDERED,
)


def read_with_columns_from(movements_min: int, content: bytes) -> tuple[list[StatementEntry], FileReport]:
    """Read with columns used for that many movements or more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mt940_columns, "MOVEMENTS_MIN", movements_min)
        return read(content)


def check_both_ways_agree(movements: list[str], currency: str) -> None:
    heads = [":20:A", ":25:DE1", ":28C:1/1", f":60F:C261122{currency}0,", *movements, f":62F:C261123{currency}0,", "-"]
    content = ("\n".join(heads) + "\n").encode()
    assert read_with_columns_from(1, content) == read_with_columns_from(10**9, content)


@given(
    st.one_of(st.lists(ORDINARY, min_size=1, max_size=6), st.lists(MOVEMENTS, min_size=1, max_size=3)),
    st.sampled_from(("EUR", "JPY", "BHD")),
)
def test_movements_say_the_same_in_columns_and_one_by_one(movements: list[str], currency: str) -> None:
    check_both_ways_agree(movements, currency)


@given(st.lists(MOVEMENTS, min_size=1, max_size=3), st.sampled_from(("EUR", "BHD")), st.integers(200, 600))
def test_movements_say_the_same_in_columns_and_one_by_one_however_blocks_are_cut(
    movements: list[str], currency: str, block_bytes: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", block_bytes)
        # The same ones again and again, so that a block of nothing but them is read whichever they are.
        check_both_ways_agree(movements * 8, currency)


@given(st.lists(ORDINARY, min_size=1, max_size=3), MOVEMENTS, st.lists(ORDINARY, max_size=3))
def test_one_movement_of_any_dialect_among_ordinary_ones_says_the_same_both_ways(
    before: list[str], other: str, behind: list[str]
) -> None:
    check_both_ways_agree([*before, other, *behind], "EUR")


@pytest.mark.parametrize("reader", ["entries.read_in_columns", "reader.read_lines_in_columns"])
@pytest.mark.parametrize("posting", ["?00X", "?00"])
@pytest.mark.parametrize("bank", ["//B1", "//", "//nonref", "", "/2//B1"])
@pytest.mark.parametrize("purpose", ["?20EREF+E1?21SVWZ+T", "?20EREF+E?211SVWZ+T: 2", "?20SVWZ+T"])
def test_ordinary_movements_are_read_in_columns(
    reader: str, posting: str, bank: str, purpose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that what is compared above is two readings and not one with itself."""
    taken: list[bool] = []
    read_in_columns = getattr(mt940_columns, reader.partition(".")[2])

    def watched(*arguments: Any) -> list[StatementEntry] | None:
        entries: list[StatementEntry] | None = read_in_columns(*arguments)
        taken.append(entries is not None)
        return entries

    monkeypatch.setattr(f"pawledger.bank_files.mt940.{reader}", watched)
    # Few bytes at once, so that some blocks have nothing but movements.
    monkeypatch.setattr(lines, "BLOCK_BYTES", 2_000 if reader.endswith("lines_in_columns") else 32_000)
    row = f":61:2611231123C1,00NTRFNONREF{bank}\n:86:166{posting}{purpose}?31DE1?32A"
    check_both_ways_agree([row] * 100, "EUR")
    assert True in taken


SAMPLES = (
    write_mt940([Row(10_000, structured("166", "E1", "foo", "A"), "B1"), Row(-4_000, "bar", "B2")])
    + write_mt940([Row(700, "free", "B3")], account="DE2", number="9/1"),
    write_mt942([Row(10_000, "x", "B1"), Row(-4_000, "y", "B2")]),
)


def money_of(entries: list[StatementEntry]) -> list[tuple[str, int]]:
    return sorted((entry.currency, signed_minor(entry)) for entry in entries)


@given(st.sampled_from(SAMPLES), st.data())
def test_mutated_file_never_makes_the_reader_raise_and_keeps_its_money_if_accepted(
    sample: bytes, data: st.DataObject
) -> None:
    lines_of_file = sample.splitlines()
    # Nothing proves a report whole that lost a movement and the total of its side.
    for _ in range(data.draw(st.integers(1, 1 if b":34F:" in sample else 3))):
        index = data.draw(st.integers(0, len(lines_of_file) - 1))
        change = data.draw(st.sampled_from(("drop", "double", "swap", "cut", "byte", "wrap", "junk")))
        line = lines_of_file[index]
        place = data.draw(st.integers(0, max(0, len(line) - 1)))
        if change == "drop" and len(lines_of_file) > 1:
            del lines_of_file[index]
        elif change == "double":
            lines_of_file.insert(index, line)
        elif change == "swap":
            lines_of_file[index - 1], lines_of_file[index] = line, lines_of_file[index - 1]
        elif change == "cut":
            lines_of_file[index] = line[:place]
        elif change == "byte":
            lines_of_file[index] = line[:place] + data.draw(st.binary(min_size=1, max_size=1)) + line[place + 1 :]
        elif change == "wrap":
            lines_of_file[index : index + 1] = [line[:place], line[place:]]
        else:
            lines_of_file.insert(index, data.draw(st.binary(max_size=30)))
    entries, report = read(b"\n".join(lines_of_file))
    if report.verdict is Verdict.ACCEPTED:
        assert money_of(entries) == money_of(read(sample)[0])
    else:
        assert report.problems


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from([line for sample in SAMPLES for line in sample.splitlines()]),
            st.from_regex(rb":(?:20|25|28C|60F|61|62M|86|90C|34F):[0-9CDEUR,./?+]{0,30}", fullmatch=True),
        ),
        max_size=12,
    ),
    st.sampled_from((b"\n", b"\r\n", b"\r")),
)
def test_no_mixture_of_fields_makes_the_reader_raise(fields: list[bytes], end: bytes) -> None:
    entries, report = read(end.join(fields))
    if report.verdict is Verdict.ACCEPTED:
        assert len(entries) == sum(statement.entry_count for statement in report.statements)
        assert report.statements


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_raise_or_accept(content: bytes) -> None:
    assert read(content)[1].verdict is Verdict.UNREADABLE
