"""What holds for every BAI2 file, not only for those one thinks of."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pawledger.bank_files.bai2 import details as bai2_details
from pawledger.bank_files.bai2.reader import read_bai2
from pawledger.bank_files.records import Direction, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.bai2_file import Account, Movement, write_bai2

WORDS = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", max_size=12)
TEXTS = st.lists(st.text(alphabet="ABCDEF0123456789,.-äé", min_size=1, max_size=12), max_size=4).map(" ".join)
MOVEMENTS = st.builds(
    Movement,
    type_code=st.sampled_from(("142", "165", "195", "257", "399", "409", "455", "475", "557", "698")),
    amount_minor=st.integers(min_value=1, max_value=10**15),
    bank_reference=WORDS,
    customer_reference=WORDS,
    text=TEXTS,
    continuations=st.lists(TEXTS.filter(bool), max_size=2).map(tuple),
)
ACCOUNTS = st.lists(
    st.builds(
        Account,
        number=st.from_regex(r"[0-9]{4,12}", fullmatch=True),
        currency=st.sampled_from(("USD", "CAD", "JPY", "BHD")),
        opening_minor=st.integers(min_value=-(10**12), max_value=10**12),
        movements=st.lists(MOVEMENTS, max_size=6).map(tuple),
    ),
    min_size=1,
    max_size=4,
)
HOSTILE_LINES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(write_bai2(Account(movements=(Movement(),))).split(b"\n")),
        st.from_regex(rb"(?:01|02|03|16|49|88|98|99),[0-9,/+ZSVD-]{0,30}", fullmatch=True),
    ),
    max_size=12,
)
ORDINARY_DETAILS = st.builds(
    "16,{},{},{},{},{},{}".format,
    st.sampled_from(("142", "165", "257", "455", "557", "698")),
    st.integers(min_value=1, max_value=12),
    st.sampled_from(("", "Z", "0", "1", "2")),
    st.sampled_from(("", "B1", "B2")),
    st.sampled_from(("", "C1", "C2")),
    st.sampled_from(
        ("/", "", " A / ", "A//", "é", "A, B/", "EREF:INV7 REMI:INV8/", "Client Ref ID: 9", "plumless", "buckeroo")
    ),
)
LISTED_ODD_DETAILS = (
    *("16,142,,Z,,,", "16,142,007,Z,,,A", "16,142,-3,Z,,,A", "16,142,²,Z,,,A", f"16,142,{'9' * 25},Z,,,A"),
    *("16,890,0,Z,,,A", "16,199,4,Z,,,A", "16,100,4,Z,,,A", "16,1,4,Z,,,A"),
    *("16,142,5,X,,,A", "16,142,5,V,261124,1200,B1,C1,A/", "16,142,5,S,1,2,3,B1,C1,A", "16,142,5,V,261124,,A"),
    *("16,142,5/", "16,142,5,Z,,A/", "88,A/", "88", "881,A", "17,142,5,Z,,,A"),
)
ODD_DETAILS = st.one_of(
    st.sampled_from(LISTED_ODD_DETAILS),
    st.from_regex(r"(?:16|88|49|17),[0-9,/ZV-]{0,20}", fullmatch=True),
)
ORDINARY_RUNS = st.lists(ORDINARY_DETAILS, min_size=1, max_size=8)
DETAILS = st.one_of(
    ORDINARY_RUNS,
    st.builds(lambda before, odd, after: [*before, odd, *after], ORDINARY_RUNS, ODD_DETAILS, ORDINARY_RUNS),
    st.lists(st.one_of(ORDINARY_DETAILS, ODD_DETAILS), min_size=1, max_size=12),
)


def read_with_columns_from(details_min: int, content: bytes) -> tuple[list[StatementEntry], FileReport]:
    """Read with columns used for that many details or more."""
    report = FileReport()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bai2_details, "COLUMN_LINES_MIN", details_min)
        patch.setattr(bai2_details, "SINGLE_LINES_MIN", 1)
        return list(read_bai2(BytesIO(content), report)), report


def check_both_ways_agree(details: list[str], currency: str = "USD") -> None:
    records = ["01,1,2,261120,0600,1,,,2/", f"02,1,2,1,261119,,{currency},2/", "03,4,,,,,/", *details]
    content = "\n".join([*records, f"49,0,{len(details) + 2}/", ""]).encode()
    in_columns, report_of_columns = read_with_columns_from(1, content)
    one_by_one, report = read_with_columns_from(len(details) + 1, content)
    assert report_of_columns == report
    if report.problems[-1].rule == "bai2.truncated":
        assert in_columns == one_by_one
    else:
        # Where a record cannot be read, the two differ in how far they come before they tell it.
        assert in_columns[: len(one_by_one)] == one_by_one[: len(in_columns)]


@given(DETAILS, st.sampled_from(("USD", "XXXX")))
def test_details_say_the_same_in_columns_and_one_by_one(details: list[str], currency: str) -> None:
    check_both_ways_agree(details, currency)


@pytest.mark.parametrize("odd", LISTED_ODD_DETAILS)
def test_odd_detail_among_ordinary_ones_says_the_same_in_columns_and_one_by_one(odd: str) -> None:
    check_both_ways_agree(["16,142,1,Z,,,A", odd, "16,142,1,Z,,,A"])


def test_commas_that_one_line_lacks_and_the_next_has_too_many_do_not_make_up_for_each_other() -> None:
    # The second line ends up with a record code where a third would begin.
    check_both_ways_agree(["16,142,1,Z,,,A", "16,142,1,Z,,A", "16,16,142,5,Z,,,A"])


@given(ACCOUNTS)
def test_reader_reads_back_what_the_builder_wrote(accounts: list[Account]) -> None:
    report = FileReport()
    entries = list(read_bai2(BytesIO(write_bai2(*accounts)), report))
    assert report.problems == []
    written = [(account, movement) for account in accounts for movement in account.movements]
    assert [(entry.bank_account, entry.currency) for entry in entries] == [(a.number, a.currency) for a, _ in written]
    for entry, (_, movement) in zip(entries, written, strict=True):
        assert (entry.type_code, entry.amount_minor) == (movement.type_code, movement.amount_minor)
        assert entry.direction is (Direction.CREDIT if movement.type_code < "400" else Direction.DEBIT)
        assert entry.identity[6:8] == (movement.bank_reference, movement.customer_reference)
        assert entry.text == " ".join(part for part in (movement.text, *movement.continuations) if part)
    assert len({entry.identity for entry in entries}) == len(entries)
    assert [(statement.opening_minor, statement.closing_minor) for statement in report.statements] == [
        (account.opening_minor, account.closing_minor) for account in accounts
    ]


@given(ACCOUNTS, st.data())
def test_any_other_digit_in_a_trailer_is_out_of_balance(accounts: list[Account], data: st.DataObject) -> None:
    lines = write_bai2(*accounts).split(b"\n")
    index = data.draw(st.sampled_from([i for i, line in enumerate(lines) if line[:3] in (b"49,", b"98,", b"99,")]))
    line = lines[index]
    place = data.draw(st.sampled_from([i for i in range(3, len(line)) if line[i : i + 1].isdigit()]))
    digit = data.draw(st.sampled_from([d for d in b"0123456789" if d != line[place]]))
    changed = line[:place] + bytes([digit]) + line[place + 1 :]
    if [int(part or 0) for part in changed[:-1].split(b",")] == [int(part or 0) for part in line[:-1].split(b",")]:
        return
    lines[index] = changed
    report = FileReport()
    list(read_bai2(BytesIO(b"\n".join(lines)), report))
    assert report.verdict is Verdict.OUT_OF_BALANCE


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_raise_or_accept(content: bytes) -> None:
    report = FileReport()
    list(read_bai2(BytesIO(content), report))
    assert report.verdict is Verdict.UNREADABLE


@given(HOSTILE_LINES, st.sampled_from((b"\n", b"\r\n", b"\r")))
def test_no_mixture_of_records_makes_the_reader_raise(lines: list[bytes], end: bytes) -> None:
    report = FileReport()
    entries = list(read_bai2(BytesIO(end.join(lines)), report))
    if report.verdict is Verdict.ACCEPTED:
        assert len(entries) == sum(statement.entry_count for statement in report.statements)


SAMPLE = write_bai2(
    Account(movements=(Movement("165", 300, "B1", "C1", "A", ("B",)), Movement("455", 70), Movement("557", 5))),
    Account(number="5", movements=(Movement("142", 41),)),
)
SAMPLE_MINOR = {("4002001", Direction.CREDIT): 300, ("4002001", Direction.DEBIT): 75, ("5", Direction.CREDIT): 41}


@given(st.data(), st.sampled_from((b"\n", b"/ ", b"/")))
def test_mutated_file_never_makes_the_reader_raise_and_keeps_its_money_if_accepted(
    data: st.DataObject, between: bytes
) -> None:
    lines = [line.removesuffix(b"/") for line in SAMPLE.splitlines()]
    for _ in range(data.draw(st.integers(min_value=0, max_value=3))):
        index = data.draw(st.integers(min_value=0, max_value=len(lines) - 1))
        change = data.draw(st.sampled_from(("drop", "double", "swap", "cut", "byte", "wrap", "junk")))
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
        elif change == "wrap":
            lines[index : index + 1] = [line[:place], line[place:]]
        else:
            lines.insert(index, data.draw(st.binary(max_size=30)))
    report = FileReport()
    entries = list(read_bai2(BytesIO(between.join(lines)), report))
    if report.verdict is Verdict.ACCEPTED:
        found: dict[tuple[str, Direction], int] = {}
        for entry in entries:
            key = entry.bank_account, entry.direction
            found[key] = found.get(key, 0) + entry.amount_minor
        assert sorted(found.values()) == sorted(SAMPLE_MINOR.values())
    else:
        assert report.problems


@given(ACCOUNTS, st.sampled_from(("/", "/ ", "/   ")))
def test_records_on_one_line_are_read_like_those_on_their_own(accounts: list[Account], between: str) -> None:
    apart = write_bai2(*accounts)
    records = [record.removesuffix("/") for record in apart.decode().splitlines()]
    together = between.join(records) + "/"
    report, expected = FileReport(), FileReport()
    entries = list(read_bai2(BytesIO(together.encode()), report))
    assert [entry._replace(line=0) for entry in entries] == [
        entry._replace(line=0) for entry in read_bai2(BytesIO(apart), expected)
    ]
    assert (report.statements, report.warned_rules) == (expected.statements, {"bai2.line_shared"})


@given(ACCOUNTS, st.integers(min_value=1, max_value=50))
def test_truncated_file_is_never_accepted(accounts: list[Account], cut: int) -> None:
    content = write_bai2(*accounts).rstrip(b"\n/")
    report = FileReport()
    list(read_bai2(BytesIO(content[:-cut]), report))
    assert report.verdict is not Verdict.ACCEPTED
