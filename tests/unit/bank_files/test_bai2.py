"""The BAI2 reader: what it reads, what it refuses, what it only warns about."""

from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from pawledger.bank_files import lines
from pawledger.bank_files.bai2 import details as bai2_details
from pawledger.bank_files.bai2 import fields as bai2_fields
from pawledger.bank_files.bai2 import reader as bai2
from pawledger.bank_files.bai2.fields import IDENTIFIER_CHARACTERS_MAX, RECORD_CHARACTERS_MAX
from pawledger.bank_files.bai2.reader import read_bai2
from pawledger.bank_files.inspection import inspect_stream
from pawledger.bank_files.lines import LINE_BYTES_MAX
from pawledger.bank_files.records import Direction, StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from pawledger.domain.money import format_amount
from tests.builders.bai2_file import Account, Movement, write_bai2

SAMPLES = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files" / "bai2"


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_bai2(BytesIO(content), report)), report


def rules_of(report: FileReport) -> list[str]:
    return [problem.rule for problem in report.problems]


def one_account(*body: str, header: str = "03,4002001,USD/", total: int, group: str = "1,261119,,USD,2") -> bytes:
    """A file with one account of the given records; `total` is what its trailers declare."""
    records = [
        "01,121000248,PAWLEDGER,261120,0600,1,,,2/",
        f"02,PAWLEDGER,121000248,{group}/",
        *(header, *body),
        f"49,{total},{len(body) + 2}/",
        f"98,{total},1,{len(body) + 4}/",
        f"99,{total},1,{len(body) + 6}/",
    ]
    return "\n".join(records).encode()


def test_detail_becomes_an_entry_with_all_it_says() -> None:
    entries, report = read(one_account("16,165,1250,V,261121,,B77,PL-9,PREMIUM EREF:INV7 CREF:C8/", total=1250))
    (entry,) = entries
    assert report.problems == []
    assert entry.bank_account == "4002001"
    assert (entry.currency, entry.amount_minor, entry.direction) == ("USD", 1250, Direction.CREDIT)
    assert (entry.booked_on, entry.value_on) == (date(2026, 11, 19), date(2026, 11, 21))
    assert entry.identity[:8] == ("bai2", "4002001", "USD", "2026-11-19", "165", "1250", "B77", "PL-9")
    assert (entry.posts, entry.is_return, entry.type_code, entry.line) == (True, False, "165", 4)
    assert entry.references == ("PL-9", "INV7", "C8")
    assert entry.text == "PREMIUM EREF:INV7 CREF:C8"
    assert (entry.return_reason, entry.mandate_id, entry.payer_account, entry.payer_name) == (None, None, None, None)


def test_statement_and_logical_file_have_their_identities() -> None:
    _, report = read(write_bai2(Account(opening_minor=700, movements=(Movement("475", 200),)), file_id="A1"))
    (statement,) = report.statements
    assert statement.identity == ("bai2", "121000248", "4002001", "USD", "2026-11-19", "2")
    assert (statement.opening_minor, statement.closing_minor) == (700, 500)
    assert (statement.first_day, statement.last_day) == (date(2026, 11, 19), date(2026, 11, 19))
    assert report.logical_file_ids == [("bai2", "121000248", "PAWLEDGER", "2026-11-20", "0600", "A1")]


@pytest.mark.parametrize("code", ["255", "257", "555", "557", "558", "566"])
def test_return_codes_are_returns(code: str) -> None:
    entries, report = read(write_bai2(Account(movements=(Movement(code), Movement("165")))))
    assert [entry.is_return for entry in entries] == [True, False]
    assert report.statements[0].return_count == 1


@pytest.mark.parametrize("code", ["567", "165", "455", "698"])
def test_fees_and_payments_are_no_returns(code: str) -> None:
    entries, _ = read(write_bai2(Account(movements=(Movement(code),))))
    assert not entries[0].is_return


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        (b"49,201875,3", b"49,201876,3", "bai2.total_49"),
        (b"49,201875,3", b"49,201875,4", "bai2.record_count_49"),
        (b"49,201875,3", b"49,201875,", "bai2.record_count_49"),
        (b"98,201875,1,5", b"98,201876,1,5", "bai2.total_98"),
        (b"98,201875,1,5", b"98,201875,2,5", "bai2.account_count_98"),
        (b"98,201875,1,5", b"98,201875,1,6", "bai2.record_count_98"),
        (b"99,201875,1,7", b"99,201876,1,7", "bai2.total_99"),
        (b"99,201875,1,7", b"99,201875,2,7", "bai2.group_count_99"),
        (b"99,201875,1,7", b"99,201875,1,8", "bai2.record_count_99"),
    ],
)
def test_wrong_trailer_is_out_of_balance(right: bytes, wrong: bytes, rule: str) -> None:
    # 100,000 opening, 100,625 closing, 625 total credits, no debits, one detail of 625
    content = write_bai2(Account(movements=(Movement(amount_minor=625),)))
    assert content.count(right) == 1
    _, report = read(content.replace(right, wrong))
    # A wrong total is also what the trailer above no longer agrees with; the first fault is the one to look at.
    assert rules_of(report)[0] == rule
    assert report.verdict is Verdict.OUT_OF_BALANCE


def test_credit_reported_as_debit_is_out_of_balance_although_every_trailer_agrees() -> None:
    movements = (Movement("165", 300), Movement("165", 500), Movement("455", 200))
    content = write_bai2(Account(movements=movements)).replace(b"16,165,500", b"16,455,500")
    _, report = read(content)
    assert report.verdict is Verdict.OUT_OF_BALANCE
    assert {problem.rule for problem in report.problems if problem.kind is Rule.INTEGRITY} == {"bai2.summary_400"}


def test_fewer_details_than_the_total_are_only_a_warning() -> None:
    _, report = read(one_account("16,165,300,Z,,,", header="03,4,USD,100,900,3,/", total=1200))
    assert (rules_of(report), report.verdict) == (["bai2.summary_100"], Verdict.ACCEPTED)


def test_as_many_details_of_another_sum_are_out_of_balance() -> None:
    _, report = read(one_account("16,165,300,Z,,,", header="03,4,USD,100,900,1,/", total=1200))
    assert (rules_of(report), report.verdict) == (["bai2.summary_100"], Verdict.OUT_OF_BALANCE)


def test_ledger_that_does_not_roll_forward_is_a_warning() -> None:
    header = "03,4,USD,010,100,,,015,500,,/"
    _, report = read(one_account("16,165,300,Z,,,", header=header, total=900))
    assert (rules_of(report), report.verdict) == (["bai2.ledger"], Verdict.ACCEPTED)
    _, report = read(one_account("16,165,400,Z,,,", header=header, total=1000))
    assert report.problems == []


@pytest.mark.parametrize("kept", range(1, 6))
def test_file_that_ends_early_is_unreadable(kept: int) -> None:
    content = write_bai2(Account(movements=(Movement(),)))
    _, report = read(b"\n".join(content.split(b"\n")[:kept]))
    assert rules_of(report)[-1] == "bai2.truncated"
    assert report.verdict is Verdict.UNREADABLE


@pytest.mark.parametrize("left_out", range(6))
def test_missing_record_is_never_accepted(left_out: int) -> None:
    records = write_bai2(Account(movements=(Movement(),))).split(b"\n")
    _, report = read(b"\n".join(records[:left_out] + records[left_out + 1 :]))
    assert report.verdict is not Verdict.ACCEPTED


@pytest.mark.parametrize("doubled", [0, 1, 2, 4, 5, 6])
def test_doubled_header_or_trailer_is_unreadable(doubled: int) -> None:
    records = write_bai2(Account(movements=(Movement(),))).split(b"\n")
    _, report = read(b"\n".join([*records[: doubled + 1], *records[doubled:]]))
    assert (rules_of(report), report.verdict) == (["bai2.record_order"], Verdict.UNREADABLE)


def test_continuation_may_split_an_amount_group_anywhere() -> None:
    whole = "03,4,USD,010,100,,,015,400,,,100,300,1,S,1,2,3,045,4626045,,/"
    body = whole.removesuffix("/").split(",")
    for cut in range(3, len(body) - 1):
        header = ",".join(body[:cut]) + "/\n88," + ",".join(body[cut:]) + "/"
        content = one_account("16,165,300,Z,,,", header=header, total=4627145)
        content = content.replace(b"145,3/", b"145,4/").replace(b"1,5/", b"1,6/").replace(b"1,7/", b"1,8/")
        entries, report = read(content)
        assert (len(entries), report.problems, report.statements[0].closing_minor) == (1, [], 400), cut


def test_continuation_after_a_detail_without_text_goes_on_with_its_fields() -> None:
    entries, report = read(
        one_account("16,115,900,S,500,300,100/", "88,B1,C2,ACME, INC. LOCKBOX", "88,MORE/", total=900)
    )
    assert report.problems == []
    assert entries[0].identity[6:8] == ("B1", "C2")
    assert entries[0].text == "ACME, INC. LOCKBOX MORE"


@pytest.mark.parametrize("funds", ["", "Z", "0", "1", "2", "S,1,2,3", "V,261121,2400", "V,,", "D,0", "D,2,0,500,1,400"])
def test_every_funds_type_leaves_the_references_where_they_are(funds: str) -> None:
    entries, report = read(one_account(f"16,165,900,{funds},BANK,CUSTOMER,TEXT", total=900))
    assert report.problems == []
    assert (entries[0].identity[6:8], entries[0].text) == (("BANK", "CUSTOMER"), "TEXT")


@pytest.mark.parametrize(
    ("record", "rule"),
    [
        ("16,165,900,Q,,,", "bai2.funds_type"),
        ("16,165,900,D,100,,,", "bai2.funds_type"),
        ("16,165,900,V,260230,,,,", "bai2.day"),
        ("16,165,9.00,Z,,,", "bai2.amount"),
        ("16,165,1_0,Z,,,", "bai2.amount"),
        ("16,165,٣,Z,,,", "bai2.amount"),
        ("16,165," + "9" * 5000 + ",Z,,,", "bai2.amount"),
        ("16,16,900,Z,,,", "bai2.type_code"),
        ("16,1x5,900,Z,,,", "bai2.type_code"),
        ("88:MORE", "bai2.record_code"),
        ("17,165,900,Z,,,", "bai2.record_code"),
    ],
)
def test_detail_that_cannot_be_read_is_unreadable_with_its_line(record: str, rule: str) -> None:
    _, report = read(one_account("16,165,1,Z,,,", record, total=900))
    assert (rules_of(report), report.verdict) == ([rule], Verdict.UNREADABLE)
    assert report.problems[0].line == 5


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"261120,0600", b"261320,0600", "bai2.day"),
        (b"1,261119", b"1,269999", "bai2.day"),
        (b"1,261119", b"1,", "bai2.day"),
        (b",,,2/\n02", b",,,3/\n02", "bai2.version"),
        (b"03,4002001", b"03,", "bai2.account_number"),
        (b",,,2/\n02", b",,,2/ 02,X,Y,1/\n02", "bai2.field_count"),
    ],
)
def test_header_that_cannot_be_read_is_unreadable(old: bytes, new: bytes, rule: str) -> None:
    content = write_bai2(Account(movements=(Movement(),)))
    assert content.count(old) == 1
    _, report = read(content.replace(old, new))
    assert (rules_of(report), report.verdict) == ([rule], Verdict.UNREADABLE)


@pytest.mark.parametrize(
    ("whole", "value_on"),
    [
        ("16,115,900,Z,B1,C1,A, B", None),
        ("16,115,900,S,500,300,100,B1,C1,A, B", None),
        ("16,115,900,V,261121,2400,B1,C1,A, B", date(2026, 11, 21)),
        ("16,115,900,D,2,0,500,1,400,B1,C1,A, B", None),
    ],
)
@pytest.mark.parametrize("end", ["/", "", "  "])
def test_continuation_may_split_a_detail_anywhere_before_its_text(whole: str, value_on: date | None, end: str) -> None:
    fields = whole.split(",")
    for cut in range(2, len(fields) - 1):
        for second in range(cut + 1, len(fields) - 1):
            parts = (fields[:cut], ["88", *fields[cut:second]], ["88", *fields[second:]])
            entries, report = read(one_account(*(",".join(part) + end for part in parts), total=900))
            assert report.verdict is Verdict.ACCEPTED, parts
            assert (entries[0].identity[6:8], entries[0].text) == (("B1", "C1"), "A, B"), parts
            assert (entries[0].value_on, entries[0].amount_minor) == (value_on, 900), parts


def test_account_continued_without_slashes_is_read_at_every_cut() -> None:
    whole = "03,4,USD,010,100,,,015,400,,,100,300,1,S,1,2,3,045,4626045,,"
    fields = whole.split(",")
    for cut in range(2, len(fields) - 1):
        header = ",".join(fields[:cut]) + "\n88," + ",".join(fields[cut:])
        content = one_account("16,165,300,Z,,,", header=header, total=4627145)
        content = content.replace(b"145,3/", b"145,4/").replace(b"1,5/", b"1,6/").replace(b"1,7/", b"1,8/")
        entries, report = read(content)
        assert (rules_of(report), report.verdict) == (["bai2.slash_missing"], Verdict.ACCEPTED), cut
        assert (len(entries), report.statements[0].closing_minor) == (1, 400), cut


@pytest.mark.parametrize("code", ["01", "02", "03", "49", "98", "99"])
def test_slash_may_be_missing_at_any_record(code: str) -> None:
    lines = write_bai2(Account(movements=(Movement(text="A"),))).decode().splitlines()
    lines = [line.removesuffix("/") if line.startswith(f"{code},") else line for line in lines]
    entries, report = read("\n".join(lines).encode())
    assert (rules_of(report), report.verdict, len(entries)) == (["bai2.slash_missing"], Verdict.ACCEPTED, 1)


def test_bank_identifier_as_sender_and_clock_times_are_accepted() -> None:
    content = write_bai2(Account(movements=(Movement(),)))
    content = content.replace(b"01,121000248,", b"01,PWLDGB2LXXX,").replace(b",0600,", b",14:59:35,")
    content = content.replace(b"261119,,USD", b"261119,14:59,USD")
    _, report = read(content)
    assert (rules_of(report), report.verdict) == (["bai2.time"], Verdict.ACCEPTED)
    assert report.logical_file_ids == [("bai2", "PWLDGB2LXXX", "PAWLEDGER", "2026-11-20", "14:59:35", "1")]


def test_records_of_eighty_characters_say_the_same() -> None:
    movements = (Movement(text="A", continuations=("B", "C/")), Movement("455", 7))
    content = write_bai2(Account(movements=movements))
    entries, report = read(b"\n".join(line.ljust(80) for line in content.splitlines()))
    assert (rules_of(report), report.verdict) == (["bai2.blank_padding"], Verdict.ACCEPTED)
    assert entries == read(content)[0]


def test_amounts_with_leading_zeros_and_plus_signs_are_what_they_say() -> None:
    header = "03,4,USD,010,+00000000000000100,,,015,00000000000000000400,,,100,+300,0001,/"
    content = one_account("16,165,+00000000000000300,Z,,,", header=header, total=1100)
    content = content.replace(b"49,1100", b"49,+00000000000001100").replace(b"98,1100", b"98,00001100")
    entries, report = read(content)
    assert (rules_of(report), report.verdict) == (["bai2.amount_padded"], Verdict.ACCEPTED)
    assert (entries[0].amount_minor, entries[0].identity[5]) == (300, "300")
    assert (report.statements[0].opening_minor, report.statements[0].closing_minor) == (100, 400)


@pytest.mark.parametrize("code", ["49", "98", "99"])
@pytest.mark.parametrize("total", ["", "0", "+0", "00"])
def test_blank_or_zero_total_is_out_of_balance_where_there_is_money(code: str, total: str) -> None:
    content = one_account("16,165,5,Z,,,", total=5).replace(f"{code},5,".encode(), f"{code},{total},".encode())
    _, report = read(content)
    assert f"bai2.total_{code}" in rules_of(report)
    assert report.verdict is Verdict.OUT_OF_BALANCE


@pytest.mark.parametrize(
    ("garbage", "rule"),
    [
        (b"trailing words", "bai2.record_code"),
        (b"\x1aX", "bai2.record_code"),
        (b"99,203750,1,7/", "bai2.record_order"),
        (b"16,165,5,Z,,,A", "bai2.record_order"),
        (b"\xff\xfe", "bai2.record_code"),
        (b"\0\0\0", "lines.nul_byte"),
    ],
)
def test_anything_behind_the_file_trailer_is_unreadable(garbage: bytes, rule: str) -> None:
    _, report = read(write_bai2(Account(movements=(Movement(),))) + garbage)
    assert (rules_of(report)[0], report.problems[0].line, report.verdict) == (rule, 8, Verdict.UNREADABLE)


@pytest.mark.parametrize("ending", [b"", b"\n \n", b"\x1a", b"\x1a\x1a\x1a", b"   \t\r\n\x1a"])
def test_blanks_and_end_marks_behind_the_file_trailer_are_nothing(ending: bytes) -> None:
    entries, report = read(write_bai2(Account(movements=(Movement(),))) + ending)
    assert (len(entries), report.problems) == (1, [])


def test_every_line_end_a_mixture_and_a_byte_order_mark_say_the_same() -> None:
    content = write_bai2(Account(movements=(Movement(text="A", continuations=("B",)), Movement())))
    expected = read(content)
    ends = (b"\r", b"\n", b"\r\n")
    mixed = b"".join(line + ends[number % 3] for number, line in enumerate(content.splitlines()))
    for each in (content.replace(b"\n", b"\r\n"), content.replace(b"\n", b"\r"), mixed):
        assert read(each) == expected
        assert read(b"\xef\xbb\xbf" + each) == expected


@pytest.mark.parametrize(("currency", "decimals"), [("JPY", 0), ("USD", 2), ("BHD", 3)])
def test_amounts_are_minor_units_of_whatever_currency(currency: str, decimals: int) -> None:
    entries, report = read(write_bai2(Account(currency=currency, movements=(Movement(amount_minor=1250),))))
    assert report.problems == []
    assert format_amount(entries[0].amount_minor, currency) == f"{1250 / 10**decimals:.{decimals}f}"


def counted(*body: str, records: int, total: int) -> bytes:
    """A file with one account of the given lines, of which its trailers count `records`, headers and trailers not."""
    content = one_account(*body, total=total).decode()
    for trailer, others in (("49,{}", 2), ("98,{},1", 4), ("99,{},1", 6)):
        head = trailer.format(total)
        content = content.replace(f"{head},{len(body) + others}/", f"{head},{records + others}/")
    return content.encode()


def test_text_that_goes_on_without_88_is_read_where_the_record_counts_prove_it() -> None:
    lines = ("16,165,5,Z,,,PREMIUM OF", "THE YEAR EREF:INV7", "16,165,7,Z,,,A", "88,B", "25/11 C,D/", "88,E")
    entries, report = read(counted(*lines, records=4, total=12))
    assert (rules_of(report), report.verdict) == (["bai2.text_wrapped"], Verdict.ACCEPTED)
    assert [entry.text for entry in entries] == ["PREMIUM OF THE YEAR EREF:INV7", "A B 25/11 C,D E"]
    assert (entries[0].references, [entry.line for entry in entries]) == (("INV7",), [4, 6])
    _, report = read(counted(*lines, records=5, total=12))
    assert report.verdict is Verdict.OUT_OF_BALANCE
    assert "bai2.record_count_49" in rules_of(report)


def test_wrapped_text_at_every_cut_of_the_blocks_is_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    content = counted("16,165,5,Z,,,PREMIUM OF", "THE YEAR", "AND MORE", "16,165,7,Z,,,A", records=2, total=12)
    for block_bytes in range(1, 60, 7):
        monkeypatch.setattr(lines, "BLOCK_BYTES", block_bytes)
        entries, report = read(content)
        assert ([entry.text for entry in entries], report.verdict) == (
            ["PREMIUM OF THE YEAR AND MORE", "A"],
            Verdict.ACCEPTED,
        )


@pytest.mark.parametrize(
    "body",
    [
        ("16,165,5,Z,B1", "C1,PREMIUM"),
        ("16,165,5,V,261121,,B1", "C1,PREMIUM"),
        ("16,165,5,D,3,1,2", "3,PREMIUM"),
        ("16,165,5,D,1000,1,2,A,B,C", "3,PREMIUM"),
        ("16,165,5,Q,B1,C1,A", "PREMIUM"),
        ("PREMIUM", "16,165,5,Z,B1,C1,A"),
        ("16,165,5,Z,,,A", "16/ "),
        ("16,165,5,Z,,,A", "12,5 PERCENT"),
    ],
)
def test_line_that_may_be_something_else_than_text_is_unreadable(body: tuple[str, ...]) -> None:
    _, report = read(counted(*body, records=1, total=5))
    assert report.verdict is Verdict.UNREADABLE


@pytest.mark.parametrize("kilobytes", [66, 256])
@pytest.mark.parametrize("end", ["", "\n49,0,2/"])
def test_wrapped_text_without_end_is_refused(kilobytes: int, end: str) -> None:
    upper = write_bai2(Account()).decode().split("49,")[0]
    endless = "\n".join(["16,165,5,Z,,,TEXT", *["x" * 1_000] * kilobytes])
    _, report = read(f"{upper}{endless}{end}".encode())
    assert (rules_of(report), report.verdict) == (["bai2.text_wrapped", "bai2.record_too_long"], Verdict.UNREADABLE)
    assert report.problems[-1].line == 4


@pytest.mark.parametrize("code", ["03", "49", "98", "99"])
def test_words_behind_another_record_than_a_detail_are_unreadable(code: str) -> None:
    lines = write_bai2(Account(movements=(Movement(text="A"),))).decode().splitlines()
    place = 1 + next(index for index, line in enumerate(lines) if line.startswith(code))
    _, report = read("\n".join([*lines[:place], "WORDS", *lines[place:]]).encode())
    assert (rules_of(report), report.problems[0].line) == (["bai2.record_code"], place + 1)


def on_shared_lines(content: bytes, blanks: str) -> bytes:
    """The records of a file two and three on a line, each ended by `/`."""
    records = [record.removesuffix("/") + "/" for record in content.decode().splitlines()]
    shared, take = [], 2
    while records:
        shared.append(blanks.join(records[:take]))
        del records[:take]
        take = 5 - take
    return ("\n".join(shared) + "\n").encode()


@pytest.mark.parametrize("blanks", ["", " ", "   "])
def test_records_that_share_lines_are_read_where_the_first_line_shows_it(blanks: str) -> None:
    movements = (
        Movement("165", 300, text="A, 3/16, 88 B"),
        Movement("455", 7, text="C", continuations=("MORE", "EREF:X")),
        Movement("165", 20, bank_reference="B1", customer_reference="C1"),
    )
    content = write_bai2(Account(movements=movements), Account(number="5", movements=movements[:1]))
    expected, _ = read(content)
    entries, report = read(on_shared_lines(content, blanks))
    assert (rules_of(report), report.verdict) == (["bai2.line_shared"], Verdict.ACCEPTED)
    assert [entry._replace(line=0) for entry in entries] == [entry._replace(line=0) for entry in expected]
    assert [entry.line for entry in entries] == [2, 2, 4, 5]


def test_whole_file_on_one_line_is_read() -> None:
    content = write_bai2(Account(movements=(Movement("165", 300, text="A"), Movement("165", 1))))
    entries, report = read(b"/ ".join(line.removesuffix(b"/") for line in content.splitlines()) + b"/")
    assert (rules_of(report), [entry.amount_minor for entry in entries]) == (["bai2.line_shared"], [300, 1])


def test_text_that_looks_like_a_record_is_text_where_each_record_has_its_line() -> None:
    forged = "A/ 16,165,999,Z,,,FORGED/"
    entries, report = read(one_account(f"16,165,5,Z,,,{forged}", total=5))
    assert (report.problems, [entry.amount_minor for entry in entries]) == ([], [5])
    assert entries[0].text == forged.removesuffix("/")


def test_text_that_looks_like_a_record_puts_a_file_with_shared_lines_out_of_balance() -> None:
    content = write_bai2(Account(movements=(Movement("165", 300, text="A/ 16,165,0,Z,,,FORGED"),)))
    _, report = read(on_shared_lines(content, " "))
    assert report.verdict is Verdict.OUT_OF_BALANCE
    assert "bai2.record_count_49" in rules_of(report)


def test_group_status_decides_what_posts() -> None:
    account = Account(movements=(Movement(),))
    told = {}
    for status in ("1", "2", "3", "4"):
        entries, report = read(write_bai2(account, status=status))
        assert report.verdict is Verdict.ACCEPTED
        told[status] = (entries[0].posts, rules_of(report))
    assert told == {
        "1": (True, []),
        "2": (False, ["bai2.group_not_posted"]),
        "3": (True, ["bai2.group_correction"]),
        "4": (False, ["bai2.group_not_posted"]),
    }


@pytest.mark.parametrize(
    ("status", "modifier", "chained", "is_correction"),
    [
        ("1", "2", True, False),
        ("1", "4", True, False),
        ("1", "", True, False),
        ("1", "1", False, False),
        ("1", "3", False, False),
        ("2", "2", False, True),
        ("3", "2", True, True),
        ("3", "3", False, True),
        ("4", "2", False, False),
    ],
)
def test_only_final_reports_that_post_belong_to_a_series(
    status: str, modifier: str, chained: bool, is_correction: bool
) -> None:
    account = Account(movements=(Movement(),))
    entries, report = read(write_bai2(account, status=status, modifier=modifier))
    (statement,) = report.statements
    assert statement.chain == (("bai2", "4002001", "USD") if chained else None)
    assert (statement.is_correction, report.verdict) == (is_correction, Verdict.ACCEPTED)
    assert entries[0].posts == (status in ("1", "3"))


def test_interim_report_tells_its_movements_so_that_they_post() -> None:
    entries, report = read(write_bai2(Account(movements=(Movement(),)), modifier="3"))
    assert (entries[0].posts, report.problems) == (True, [])


def test_unknown_modifier_is_a_warning_and_belongs_to_no_series() -> None:
    _, report = read(write_bai2(Account(movements=(Movement(),)), modifier="7"))
    assert (rules_of(report), report.verdict, report.statements[0].chain) == (
        ["bai2.modifier"],
        Verdict.ACCEPTED,
        None,
    )


def test_unknown_group_status_is_out_of_balance_and_posts_nothing() -> None:
    entries, report = read(write_bai2(Account(movements=(Movement(),)), status="7"))
    assert (entries[0].posts, report.verdict) == (False, Verdict.OUT_OF_BALANCE)


def test_unknown_currency_is_out_of_balance_and_gives_no_entries() -> None:
    entries, report = read(write_bai2(Account(currency="XXA", movements=(Movement(),))))
    assert (entries, rules_of(report), report.verdict) == ([], ["bai2.currency"], Verdict.OUT_OF_BALANCE)
    assert (report.statements[0].currency, report.statements[0].entry_count) == (None, 1)


def test_currency_is_the_accounts_else_the_groups_else_dollars() -> None:
    for header, group, expected in (
        ("03,4,JPY/", "1,261119,,CAD,2", "JPY"),
        ("03,4,/", "1,261119,,CAD,2", "CAD"),
        ("03,4/", "1,261119,,,2", "USD"),
    ):
        entries, _ = read(one_account("16,165,900,Z,,,", header=header, group=group, total=900))
        assert entries[0].currency == expected


def test_several_logical_files_in_one_stream_are_counted_each_for_itself() -> None:
    one = write_bai2(Account(movements=(Movement(),)), file_id="1")
    two = write_bai2(Account(number="5", movements=(Movement(), Movement())), file_id="2")
    entries, report = read(one + two)
    assert (len(entries), report.problems, len(report.statements)) == (3, [], 2)
    assert [identity[-1] for identity in report.logical_file_ids] == ["1", "2"]


def test_file_without_identification_has_no_logical_file_id() -> None:
    _, report = read(write_bai2(Account(), file_id=""))
    assert (report.logical_file_ids, rules_of(report)) == ([], ["bai2.file_id_missing"])


def test_identical_rows_are_numbered_and_others_are_not() -> None:
    row, other = Movement(text="SAME"), Movement(text="OTHER")
    entries, _ = read(write_bai2(Account(movements=(row, other, row))))
    assert [entry.identity[-1] for entry in entries] == ["1", "1", "2"]
    assert len({entry.identity for entry in entries}) == 3


def test_account_in_several_parts_keeps_counting_its_identical_rows() -> None:
    account = Account(movements=(Movement(),))
    entries, _ = read(write_bai2(account, Account(number="5", movements=(Movement(),)), account))
    assert [entry.identity[-1] for entry in entries] == ["1", "1", "2"]


def test_long_run_of_ordinary_details_is_read_like_each_of_them() -> None:
    # 600 credits of 1 to 600, 300 returned debits of 7 of which each comes twice
    payments = [Movement("165", amount, text=f"PREMIUM {amount}, EREF:INV{amount}/") for amount in range(1, 601)]
    returns = [Movement("557", 7, bank_reference=f"B{number}", customer_reference="C") for number in range(150)]
    entries, report = read(write_bai2(Account(movements=(*payments, *returns, *returns))))
    (statement,) = report.statements
    assert report.problems == []
    assert (statement.credit_count, statement.credit_minor) == (600, 180_300)
    assert (statement.debit_count, statement.debit_minor, statement.return_count) == (300, 2_100, 300)
    assert [entry.line for entry in entries] == list(range(4, 904))
    assert [entry.amount_minor for entry in entries[:600]] == list(range(1, 601))
    assert [entry.references for entry in entries[:600]] == [(f"INV{amount}",) for amount in range(1, 601)]
    assert [entry.text for entry in entries[598:601]] == ["PREMIUM 599, EREF:INV599", "PREMIUM 600, EREF:INV600", ""]
    assert [entry.direction for entry in entries] == [Direction.CREDIT] * 600 + [Direction.DEBIT] * 300
    assert [entry.is_return for entry in entries] == [False] * 600 + [True] * 300
    assert {entry.references for entry in entries[600:]} == {("C",)}
    assert [entry.identity[-1] for entry in entries] == ["1"] * 750 + ["2"] * 150


def test_identity_is_the_same_in_whatever_file_the_row_comes() -> None:
    row = Movement(bank_reference="B1", text="PREMIUM")
    first, _ = read(write_bai2(Account(movements=(row,)), file_id="1", modifier="1"))
    again, _ = read(write_bai2(Account(number="5"), Account(movements=(Movement(), row)), file_id="2"))
    assert first[0].identity == again[1].identity


@pytest.mark.parametrize("count", [1, 100])
def test_interim_and_final_statement_in_one_file_tell_the_same_movements(count: int) -> None:
    records = ["01,121000248,PAWLEDGER,261120,0600,1,,,2/"]
    for modifier in (1, 2):
        details = [f"16,165,5,Z,B{number},,PREMIUM/" for number in range(count)]
        records += [f"02,PAWLEDGER,121000248,1,261119,,USD,{modifier}/", "03,4002001,USD/", *details]
        records += [f"49,{5 * count},{count + 2}/", f"98,{5 * count},1,{count + 4}/"]
    records.append(f"99,{10 * count},2,{2 * (count + 4) + 2}/")
    entries, report = read("\n".join(records).encode())
    assert (len(entries), report.problems) == (2 * count, [])
    assert [entry.identity for entry in entries[:count]] == [entry.identity for entry in entries[count:]]


def test_texts_with_one_checksum_are_numbered_apart() -> None:
    # The two words are a known pair with the same CRC-32.
    entries, _ = read(write_bai2(Account(movements=(Movement(text="plumless"), Movement(text="buckeroo")))))
    assert entries[0].identity[:-1] == entries[1].identity[:-1]
    assert [entry.identity[-1] for entry in entries] == ["1", "2"]


def test_part_of_an_account_after_its_counts_were_dropped_is_out_of_balance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bai2_details, "IDENTICAL_ROWS_KEPT", 2)
    big = Account(movements=tuple(Movement(amount_minor=amount) for amount in (1, 2, 3)))
    _, report = read(write_bai2(big, Account(number="5"), big))
    assert (rules_of(report), report.verdict) == (["bai2.statement_scattered"], Verdict.OUT_OF_BALANCE)
    _, report = read(write_bai2(big, big, Account(number="5")))
    assert report.problems == []


def test_more_different_rows_than_can_be_counted_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bai2_details, "IDENTICAL_ROWS_MAX", 2)
    _, report = read(write_bai2(Account(movements=tuple(Movement(amount_minor=amount) for amount in (1, 2, 3)))))
    assert rules_of(report)[0] == "bai2.too_many_movements"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"\n", b"          \n", "bai2.blank_padding"),
        (b",7/", b",7", "bai2.slash_missing"),
        (b"0600", b"14:59:35", "bai2.time"),
        (b"0600", b"noon", "bai2.time"),
        (b"16,165,1250", b"16,165,00001250", "bai2.amount_padded"),
        (b"49,203750", b"49,+0000203750", "bai2.amount_padded"),
        (b"16,165,", b"16,199,", "bai2.type_code_unknown"),
        (b"16,165,", b"16,190,", "bai2.summary_code_in_detail"),
        (b"PREMIUM", b"PR\xc4MIE", "bai2.encoding"),
    ],
)
def test_habit_of_a_bank_is_accepted_with_a_warning(old: bytes, new: bytes, rule: str) -> None:
    content = write_bai2(Account(movements=(Movement(text="PREMIUM"),)))
    assert old in content
    entries, report = read(content.replace(old, new))
    assert (rules_of(report), report.verdict) == ([rule], Verdict.ACCEPTED)
    assert [(entry.amount_minor, entry.direction) for entry in entries] == [(1250, Direction.CREDIT)]


def test_blank_total_is_zero_and_nothing_else() -> None:
    empty = one_account(total=0).replace(b"49,0,", b"49,,")
    assert (rules_of(read(empty)[1]), read(empty)[1].verdict) == (["bai2.total_blank"], Verdict.ACCEPTED)
    full = one_account("16,165,5,Z,,,", total=5).replace(b"49,5,", b"49,,")
    assert read(full)[1].verdict is Verdict.OUT_OF_BALANCE


@pytest.mark.parametrize("empty", ["88", "88,", "88,/", "88/"])
def test_empty_continuation_counts_as_a_record_and_says_nothing(empty: str) -> None:
    entries, report = read(one_account("16,165,5,Z,,,TEXT", empty, "88,MORE", total=5))
    assert (report.verdict, entries[0].text) == (Verdict.ACCEPTED, "TEXT MORE")
    header = one_account("16,165,5,Z,,,", header=f"03,4,USD/\n{empty}", total=5)
    header = header.replace(b"5,3/", b"5,4/").replace(b"1,5/", b"1,6/").replace(b"1,7/", b"1,8/")
    _, report = read(header)
    assert report.verdict is Verdict.ACCEPTED
    assert "bai2.empty_continuation" in rules_of(report)


def test_comma_too_many_before_the_slash_is_swallowed() -> None:
    header = "03,4,USD,010,100,,,/\n88,015,105,,/"
    content = one_account("16,165,5,Z,,,", header=header, total=210)
    content = content.replace(b"210,3/", b"210,4/").replace(b"1,5/", b"1,6/").replace(b"1,7/", b"1,8/")
    _, report = read(content)
    assert (rules_of(report), report.verdict) == (["bai2.empty_field"], Verdict.ACCEPTED)
    assert report.statements[0].closing_minor == 105


def test_blank_lines_are_no_records_but_keep_their_numbers() -> None:
    content = write_bai2(Account(movements=(Movement(text="A", continuations=("B",)),)))
    entries, report = read(content.replace(b"\n", b"\n  \n\n") + b"\x1a")
    assert (report.problems, entries[0].text, entries[0].line) == ([], "A B", 10)


def test_record_across_two_blocks_is_read_as_one() -> None:
    movements = tuple(
        Movement(amount_minor=amount, text="T" * 60, continuations=("C" * 70, f"EREF:INV{amount}"))
        for amount in range(1, 2001)
    )
    entries, report = read(write_bai2(Account(movements=movements)))
    assert report.problems == []
    assert [entry.references for entry in entries] == [(f"INV{amount}",) for amount in range(1, 2001)]
    assert [entry.line for entry in entries] == [3 * amount + 1 for amount in range(1, 2001)]


def test_negative_detail_is_out_of_balance() -> None:
    _, report = read(one_account("16,165,-5,Z,,,", total=-5))
    assert (rules_of(report), report.verdict) == (["bai2.amount_negative"], Verdict.OUT_OF_BALANCE)


def test_money_without_direction_is_out_of_balance_and_information_without_money_is_not() -> None:
    entries, report = read(one_account("16,890,,Z,,,NOTE", total=0))
    assert (entries, report.verdict) == ([], Verdict.ACCEPTED)
    entries, report = read(one_account("16,890,5,Z,,,NOTE", total=5))
    assert (entries, rules_of(report), report.verdict) == ([], ["bai2.direction_unknown"], Verdict.OUT_OF_BALANCE)


def test_codes_a_bank_agreed_with_its_customer_have_the_direction_of_their_range() -> None:
    entries, _ = read(one_account("16,921,5,Z,,,", "16,961,7,Z,,,", total=12))
    assert [entry.direction for entry in entries] == [Direction.CREDIT, Direction.DEBIT]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "bai2.empty"),
        (b"\n \n", "bai2.empty"),
        (b"88,TEXT\n", "bai2.record_code"),
        (b"16,165,5,Z,,,\n", "bai2.record_order"),
        (b"01,A\0B\n", "lines.nul_byte"),
        (b"01," + b"x" * LINE_BYTES_MAX + b"\n", "lines.too_long"),
        (b"\xff\xfe0\x001\x00,\x00", "lines.nul_byte"),
    ],
)
def test_content_that_is_no_file_is_unreadable_by_a_named_rule(content: bytes, rule: str) -> None:
    _, report = read(content)
    assert (rules_of(report)[:1], report.verdict) == ([rule], Verdict.UNREADABLE)


@pytest.mark.parametrize("first", ["16,165,5,Z,,,TEXT", "16,165,5/", "49,0,2/"])
@pytest.mark.parametrize("ended", [True, False])
def test_record_without_end_is_refused(first: str, ended: bool) -> None:
    upper = write_bai2(Account()).decode().split("49,")[0]
    endless = "\n".join([first, *["88," + "x" * 1000] * (4 * RECORD_CHARACTERS_MAX // 1000)])
    _, report = read(f"{upper}{endless}\n{'49,0,2/' if ended else ''}".encode())
    assert (rules_of(report), report.verdict) == (["bai2.record_too_long"], Verdict.UNREADABLE)
    assert report.problems[0].line == 4


@pytest.mark.parametrize(
    ("name", "verdict", "rules"),
    [
        ("good.bai2", Verdict.ACCEPTED, []),
        ("one_cent_wrong.bai2", Verdict.OUT_OF_BALANCE, ["bai2.total_49", "bai2.total_98"]),
        ("truncated.bai2", Verdict.UNREADABLE, ["bai2.truncated"]),
        ("records_share_lines.bai2", Verdict.ACCEPTED, ["bai2.line_shared", "bai2.text_wrapped"]),
        ("interim.bai2", Verdict.ACCEPTED, []),
    ],
)
def test_sample_file_is_what_its_name_says(name: str, verdict: Verdict, rules: list[str]) -> None:
    with (SAMPLES / name).open("rb") as stream:
        report = inspect_stream(stream)
    assert (report.verdict, rules_of(report)) == (verdict, rules)
    assert (report.statements[0].chain is None) == (name == "interim.bai2")


def test_every_sample_file_is_tested() -> None:
    names = {"good", "one_cent_wrong", "truncated", "records_share_lines", "interim"}
    assert {path.name for path in SAMPLES.iterdir()} == {f"{name}.bai2" for name in names}


def test_a_file_behind_its_own_copy_tells_the_same_identities_again() -> None:
    content = one_account("16,142,100,Z,B1,C1,one/", "16,142,100,Z,B1,C1,one/", total=200)
    entries, report = read(content + b"\n" + content)
    assert report.verdict is Verdict.ACCEPTED
    identities = [entry.identity for entry in entries]
    half = len(identities) // 2
    assert half > 1
    assert identities[:half] == identities[half:]


@pytest.mark.parametrize("line", [b"88", b"88,/", b"88 "])
def test_lines_that_only_continue_a_record_are_looked_at_a_few_times_each(
    line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    def counting(line: str) -> bool:
        nonlocal looks
        looks += 1
        return line[:2] == "88"

    monkeypatch.setattr(bai2, "is_continuation", counting)
    monkeypatch.setattr(bai2_fields, "is_continuation", counting)
    _, report = read(one_account("16,165,1250,Z,B1,C1,PREMIUM", *[line.decode()] * 12_000, total=1250))
    assert report.verdict is Verdict.ACCEPTED
    assert looks < 10 * 12_000


@pytest.mark.parametrize(
    ("old", "code"), [("01,121000248", "01"), ("0600,1", "01"), ("02,PAWLEDGER", "02"), ("03,4002001", "03")]
)
def test_what_is_kept_of_a_header_is_short(old: str, code: str) -> None:
    content = one_account("16,165,1250,Z,B1,C1,PREMIUM", total=1250)
    _, report = read(content.replace(old.encode(), old.encode() + b"1" * IDENTIFIER_CHARACTERS_MAX, 1))
    assert rules_of(report) == ["bai2.field_too_long"]
    assert f"record {code} " in report.problems[0].message


def test_one_row_of_one_account_number_in_two_currencies_is_two_movements() -> None:
    dollars, euros = (
        read(one_account("16,698,2500,Z,,,MONTHLY FEE", header=f"03,4002001,{currency}/", total=2500))
        for currency in ("USD", "EUR")
    )
    assert dollars[0][0].identity != euros[0][0].identity
    assert dollars[1].statements[0].identity != euros[1].statements[0].identity


def test_total_of_a_side_without_details_is_told_where_the_other_side_has_some() -> None:
    header = "03,4002001,USD,100,300,3,Z/"
    _, report = read(one_account(*["16,451,100,Z,,,PREMIUM"] * 3, header=header, total=600))
    assert (report.verdict, rules_of(report)) == (Verdict.ACCEPTED, ["bai2.summary_100"])
    _, report = read(one_account(header=header, total=300))
    assert report.problems == []
