"""What holds for every lockbox file, not only for those one thinks of."""

from datetime import date
from io import BytesIO
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from pawledger.bank_files import lines as physical_lines
from pawledger.bank_files.lockbox.layout import LockboxLayoutError, layout_from_table
from pawledger.bank_files.lockbox.reader import read_lockbox
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.lockbox_file import ROUTING_NUMBERS, Check, Deposit, Invoice, write_lockbox

WORDS = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", max_size=10)
NAMES = st.text(alphabet="ABCDEF .,'-äé", max_size=30).map(str.strip)
CHECKS = st.builds(
    Check,
    amount_minor=st.integers(min_value=0, max_value=10**7),
    transit=st.sampled_from(ROUTING_NUMBERS),
    account=st.from_regex(r"[0-9]{4,10}", fullmatch=True),
    check_number=st.from_regex(r"[0-9]{10}", fullmatch=True),
    remitter=NAMES,
    invoices=st.lists(st.builds(Invoice, number=WORDS.filter(bool)), max_size=4).map(tuple),
)
DEPOSITS = st.lists(
    st.builds(
        Deposit,
        lockbox=st.from_regex(r"[0-9]{7}", fullmatch=True),
        day=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
        batches=st.lists(st.lists(CHECKS, max_size=4).map(tuple), max_size=3).map(tuple),
    ),
    max_size=3,
    unique_by=lambda deposit: (deposit.lockbox, deposit.day),
)
SAMPLE = write_lockbox(
    Deposit(batches=((Check(invoices=(Invoice("A", "0000012500"),)), Check(7)), (Check(9),))),
    Deposit(lockbox="0000001", batches=((Check(11),),)),
)
MONEY_RECORDS = (b"6", b"7", b"8", b"9")


class Crumbs:
    """A stream that gives its bytes in pieces of the given lengths, over and over."""

    def __init__(self, data: bytes, lengths: list[int]) -> None:
        self._data, self._place, self._lengths, self._turn = data, 0, lengths, 0

    def read(self, size: int) -> bytes:
        length = min(size, self._lengths[self._turn % len(self._lengths)])
        self._turn += 1
        piece = self._data[self._place : self._place + length]
        self._place += len(piece)
        return piece


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_lockbox(BytesIO(content), report)), report


@given(DEPOSITS)
def test_reader_reads_back_what_the_builder_wrote(deposits: list[Deposit]) -> None:
    entries, report = read(write_lockbox(*deposits))
    assert report.problems == []
    written = [(deposit, check) for deposit in deposits for check in deposit.checks]
    for entry, (deposit, check) in zip(entries, written, strict=True):
        assert (entry.bank_account, entry.booked_on) == (deposit.lockbox, deposit.day)
        assert entry.amount_minor == check.amount_minor
        assert entry.payer_account == check.transit + check.account
        assert entry.payer_name == (check.remitter or None)
        numbers = tuple(invoice.number for invoice in check.invoices)
        assert entry.references == (*numbers, *([check.check_number] if check.check_number.strip("0") else []))
    assert len({entry.identity for entry in entries}) == len(entries)
    assert [(each.entry_count, each.credit_minor) for each in report.statements] == [
        (len(deposit.checks), deposit.sum_minor) for deposit in deposits
    ]


@given(DEPOSITS, st.lists(st.integers(min_value=1, max_value=300), min_size=1, max_size=5), st.sampled_from("\r\n"))
def test_cuts_of_the_stream_change_nothing(deposits: list[Deposit], lengths: list[int], end: str) -> None:
    content = write_lockbox(*deposits, end=end)
    report = FileReport()
    entries = list(read_lockbox(cast("BytesIO", Crumbs(content, lengths)), report))
    assert (entries, report) == read(content)
    assert min(lengths) < physical_lines.BLOCK_BYTES


@given(st.data())
def test_any_other_digit_of_money_or_count_is_never_accepted(data: st.DataObject) -> None:
    lines = SAMPLE.split(b"\n")
    columns = {b"6": (7, 17), b"7": (20, 33), b"8": (20, 34), b"9": (1, 7)}
    index = data.draw(st.sampled_from([i for i, line in enumerate(lines) if line[:1] in MONEY_RECORDS]))
    line = lines[index]
    place = data.draw(st.integers(*(columns[line[:1]][0], columns[line[:1]][1] - 1)))
    digit = data.draw(st.sampled_from([each for each in b"0123456789" if each != line[place]]))
    lines[index] = line[:place] + bytes([digit]) + line[place + 1 :]
    _, report = read(b"\n".join(lines))
    assert report.verdict is Verdict.OUT_OF_BALANCE


@given(st.data())
def test_mutated_file_never_makes_the_reader_raise_and_keeps_its_sum_if_accepted(data: st.DataObject) -> None:
    lines = SAMPLE.split(b"\n")
    for _ in range(data.draw(st.integers(min_value=1, max_value=3))):
        index = data.draw(st.integers(min_value=0, max_value=len(lines) - 1))
        change = data.draw(st.sampled_from(("drop", "double", "swap", "cut", "byte", "junk")))
        line = lines[index]
        if change == "drop" and len(lines) > 1:
            del lines[index]
        elif change == "double":
            lines.insert(index, line)
        elif change == "swap":
            lines[index - 1], lines[index] = line, lines[index - 1]
        elif change == "cut":
            lines[index] = line[: data.draw(st.integers(min_value=0, max_value=len(line)))]
        elif change == "byte" and line:
            place = data.draw(st.integers(min_value=0, max_value=len(line) - 1))
            lines[index] = line[:place] + data.draw(st.binary(min_size=1, max_size=1)) + line[place + 1 :]
        else:
            lines.insert(index, data.draw(st.binary(max_size=30)))
    entries, report = read(b"\n".join(lines))
    if report.verdict is Verdict.ACCEPTED:
        assert sum(entry.amount_minor for entry in entries) == sum(each.credit_minor for each in report.statements)
        assert sum(entry.amount_minor for entry in entries) == 12_527
        assert len({entry.identity for entry in entries}) == len(entries)
    else:
        assert report.problems


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_raise_or_accept(content: bytes) -> None:
    _, report = read(content)
    assert report.verdict is Verdict.UNREADABLE


TABLES = st.dictionaries(
    st.sampled_from(("check", "trailer", "overflow", "currency", "decimals", "line_length", "date_format", "other")),
    st.one_of(
        st.integers(-5, 2_000),
        st.sampled_from(("USD", "JPY", "YYMMDD", "")),
        st.dictionaries(
            st.sampled_from(("batch", "item", "amount", "records", "transit", "sequence")),
            st.one_of(st.lists(st.integers(-2, 200), max_size=3), st.none()),
        ),
    ),
)


@given(TABLES)
def test_any_table_is_a_layout_that_reads_or_tells_its_faults(table: dict[str, object]) -> None:
    faults: tuple[object, ...] = ()
    layout = None
    try:
        layout = layout_from_table(table)
    except LockboxLayoutError as error:
        faults = error.faults
    if layout is None:
        assert faults
    else:
        list(read_lockbox(BytesIO(SAMPLE), FileReport(), layout))
