"""What holds for every MT940 statement: it is read as it was written, however it is cut, and never with other money."""

from io import BytesIO

from hypothesis import assume, given
from hypothesis import strategies as st

from pawledger.bank_files import lines
from pawledger.bank_files.mt940 import read_mt940
from pawledger.bank_files.records import Direction, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.mt940_file import Row, structured, write_amount, write_mt940

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
