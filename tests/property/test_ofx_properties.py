"""What holds for every OFX file, not only for those one thinks of."""

from io import BytesIO, RawIOBase
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pawledger.bank_files.ofx import reader as ofx
from pawledger.bank_files.ofx.reader import read_ofx
from pawledger.bank_files.records import Direction, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.ofx_file import Statement, Transaction, Version, write_ofx

TEXTS = st.text(alphabet="ABC019 .,-&<>'\"äéß;#", min_size=1, max_size=16).map(lambda text: " ".join(text.split()))
OPTIONAL_TEXTS = st.one_of(st.none(), TEXTS.filter(bool))
TRANSACTIONS = st.builds(
    Transaction,
    amount_minor=st.integers(min_value=-(10**14), max_value=10**14),
    fitid=st.one_of(st.none(), st.sampled_from(("A", "B", "C-1")), st.from_regex(r"[A-Z0-9]{1,12}", fullmatch=True)),
    type_code=st.sampled_from(("OTHER", "XFER", "FEE", "POS", "REVERSAL", "XYZ")),
    posted=st.sampled_from(("20261101", "20261130235959", "20261115120000.000[-5:EST]", "20261231[0:GMT]")),
    available=st.sampled_from((None, "20261202")),
    check_number=st.one_of(st.none(), st.from_regex(r"[0-9]{1,8}", fullmatch=True)),
    reference_number=OPTIONAL_TEXTS,
    name=OPTIONAL_TEXTS,
    memo=OPTIONAL_TEXTS,
    more=st.sampled_from(((), (), (("SIC", "5912"),), (("PAYEEID", "1"), ("X.VENDOR", "2")))),
)
STATEMENTS = st.lists(
    st.builds(
        Statement,
        number=st.from_regex(r"[0-9]{4,12}", fullmatch=True),
        currency=st.sampled_from(("USD", "EUR", "JPY", "BHD", "CLF")),
        transactions=st.lists(TRANSACTIONS, max_size=6).map(tuple),
        balance_minor=st.integers(min_value=-(10**12), max_value=10**12),
        is_card=st.booleans(),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda statement: statement.number,
)
VERSIONS: st.SearchStrategy[Version] = st.sampled_from(("sgml", "xml"))


class _Pieces(RawIOBase):
    """Gives a stream in pieces of one size."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__()
        self._stream, self._size = BytesIO(content), size

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(min(size, self._size))


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_ofx(BytesIO(content), report)), report


def told(report: FileReport) -> tuple[object, ...]:
    """What a report says; in which order it tells its problems depends on how many transactions are read at once."""
    return report.statements, sorted(map(repr, report.problems)), report.problem_count


def in_order(statements: list[Statement]) -> list[Statement]:
    """As the file has them: bank accounts before cards."""
    return sorted(statements, key=lambda statement: statement.is_card)


@given(STATEMENTS, VERSIONS)
def test_reader_reads_back_what_the_builder_wrote(statements: list[Statement], version: Version) -> None:
    entries, report = read(write_ofx(*statements, version=version))
    assert report.verdict is Verdict.ACCEPTED
    written = [(statement, row) for statement in in_order(statements) for row in statement.transactions]
    assert len(entries) == len(written)
    for entry, (statement, row) in zip(entries, written, strict=True):
        assert (entry.bank_account, entry.currency) == (statement.number, statement.currency)
        assert entry.amount_minor == abs(row.amount_minor)
        assert entry.direction is (Direction.DEBIT if row.amount_minor < 0 else Direction.CREDIT)
        assert (entry.identity[5], entry.identity[6]) == (row.fitid or "", (row.posted or "")[:8])
        assert (entry.payer_name, entry.type_code) == (row.name, row.type_code)
        assert (row.memo or row.name or "") in entry.text
    assert len({entry.identity for entry in entries}) == len(entries)
    assert [each.closing_minor for each in report.statements] == [each.balance_minor for each in in_order(statements)]


@given(STATEMENTS)
def test_both_versions_say_the_same(statements: list[Statement]) -> None:
    sgml, xml = (read(write_ofx(*statements, version=version))[0] for version in ("sgml", "xml"))
    assert [entry._replace(line=0) for entry in sgml] == [entry._replace(line=0) for entry in xml]


@given(STATEMENTS, VERSIONS, st.integers(min_value=1, max_value=900))
def test_cuts_of_the_stream_change_nothing(statements: list[Statement], version: Version, size: int) -> None:
    content = write_ofx(*statements, version=version)
    report = FileReport()
    found = list(read_ofx(cast("BytesIO", _Pieces(content, size)), report))
    expected, expected_report = read(content)
    assert (found, told(report)) == (expected, told(expected_report))


@given(STATEMENTS, VERSIONS, st.sampled_from((b"\n", b"\r\n", b"\r", b"")))
def test_many_at_once_say_the_same_as_tag_by_tag(statements: list[Statement], version: Version, end: bytes) -> None:
    content = write_ofx(*statements, version=version).replace(b"\n<", end + b"<")
    with pytest.MonkeyPatch.context() as patch:
        # No transaction begins like this, so that none is read the faster way.
        patch.setattr(ofx, "_START", "<STMTTRN!>")
        one_by_one, expected = read(content)
    entries, report = read(content)
    assert (entries, told(report)) == (one_by_one, told(expected))


@given(STATEMENTS, VERSIONS, st.integers(min_value=1, max_value=400))
def test_truncated_file_is_never_accepted(statements: list[Statement], version: Version, cut: int) -> None:
    _, report = read(write_ofx(*statements, version=version)[: -1 - cut])
    assert report.verdict is Verdict.UNREADABLE


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_raise_or_accept(content: bytes) -> None:
    assert read(content)[1].verdict is Verdict.UNREADABLE
    _, report = read(b"<OFX>" + content)
    assert report.verdict is Verdict.UNREADABLE


TAGS = (
    *("<STMTTRN>", "</STMTTRN>", "<STMTRS>", "</STMTRS>", "<BANKTRANLIST>", "</BANKTRANLIST>"),
    *("<TRNAMT>5.00", "<FITID>A", "<NAME>B", "<![CDATA[", "]]>", "<!--"),
    *("-->", "<?x", "?>", "<CURDEF>USD", "<BANKACCTFROM>", "</BANKACCTFROM>"),
    *("<ACCTID>1", "</OFX>", "<OFX>", "<", "<STMTTRNP>", "</STMTTRNP>"),
    *("&", "<CURRENCY>", "<CURSYM>EUR", "</CURRENCY>", "<STATUS>", "</STATUS>"),
    *("<CODE>9", "<SEVERITY>ERROR", "<CORRECTFITID>A"),
)


@given(st.lists(st.sampled_from(TAGS), max_size=30), st.integers(min_value=1, max_value=60))
def test_no_mixture_of_tags_makes_the_reader_raise(tags: list[str], size: int) -> None:
    content = ("<OFX>" + "\n".join(tags) + "</OFX>").encode()
    entries, report = read(content)
    if report.verdict is Verdict.ACCEPTED:
        assert len(entries) == sum(statement.entry_count for statement in report.statements)
        assert len({entry.identity for entry in entries}) == len(entries) or len(report.statements) > 1
    pieces = FileReport()
    assert list(read_ofx(cast("BytesIO", _Pieces(content, size)), pieces)) == entries
    assert told(pieces) == told(report)


SAMPLE = Statement(
    transactions=(
        Transaction(300, "A", "CREDIT", memo="X", reference_number="R1"),
        Transaction(-70, "B", "DEBIT", name="Y"),
        Transaction(41, "C", "DEP", available="20261120"),
    )
)


@given(st.data(), VERSIONS)
def test_mutated_file_never_makes_the_reader_raise_and_keeps_the_sums_it_tells(
    data: st.DataObject, version: Version
) -> None:
    lines = write_ofx(SAMPLE, version=version).splitlines()
    for _ in range(data.draw(st.integers(min_value=1, max_value=3))):
        index = data.draw(st.integers(min_value=0, max_value=len(lines) - 1))
        change = data.draw(st.sampled_from(("drop", "double", "swap", "cut", "byte", "junk")))
        line = lines[index]
        place = data.draw(st.integers(min_value=0, max_value=max(0, len(line) - 1)))
        if change == "drop" and len(lines) > 1:
            del lines[index]
        elif change == "double":
            lines.insert(index, line)
        elif change == "swap":
            lines[index - 1], lines[index] = line, lines[index - 1]
        elif change == "cut":
            lines[index] = line[:place]
        elif change == "byte":
            lines[index] = line[:place] + data.draw(st.binary(min_size=1, max_size=1)) + line[place + 1 :]
        else:
            lines.insert(index, data.draw(st.binary(max_size=30)))
    content = b"\n".join(lines)
    entries, report = read(content)
    pieces = FileReport()
    size = data.draw(st.integers(min_value=1, max_value=900))
    found = list(read_ofx(cast("BytesIO", _Pieces(content, size)), pieces))
    assert pieces.verdict is report.verdict
    if b"<!" not in content:
        # What stands shortly before a document type may be told or not; the file is refused either way.
        assert (found, pieces.statements) == (entries, report.statements)
    if report.verdict is not Verdict.ACCEPTED:
        assert report.problems
        return
    assert len(entries) == sum(statement.entry_count for statement in report.statements)
    # A changed digit of an amount cannot be seen in this format; that a transaction was lost or told apart can.
    assert len(entries) >= len(SAMPLE.transactions)


@given(st.data(), VERSIONS)
def test_lost_or_broken_tag_of_an_amount_or_a_transaction_is_never_accepted(
    data: st.DataObject, version: Version
) -> None:
    lines = write_ofx(SAMPLE, version=version).splitlines()
    marks = (b"<TRNAMT", b"<STMTTRN>", b"</STMTTRN>", b"<CURDEF", b"<ACCTID")
    index = data.draw(st.sampled_from([at for at, line in enumerate(lines) if line.startswith(marks)]))
    line = lines[index]
    lines[index] = line[: data.draw(st.integers(min_value=0, max_value=line.index(b">")))]
    _, report = read(b"\n".join(lines))
    assert report.verdict is not Verdict.ACCEPTED
