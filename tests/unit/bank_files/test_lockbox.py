"""The lockbox reader: what it reads, what it refuses, what it only warns about."""

from collections.abc import Mapping
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from pawledger.bank_files.detection import detect_format, read_bank_file
from pawledger.bank_files.inspection import inspect_stream
from pawledger.bank_files.lines import LINE_BYTES_MAX
from pawledger.bank_files.lockbox import checks as lockbox_checks
from pawledger.bank_files.lockbox.layout import TYPICAL_LAYOUT, LockboxLayout, layout_from_table
from pawledger.bank_files.lockbox.reader import read_lockbox
from pawledger.bank_files.reading_options import ReadingOptions
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.lockbox_file import Check, Deposit, Invoice, write_lockbox

SAMPLES = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files" / "lockbox"

TWO_BATCHES = Deposit(
    batches=(
        (Check(12_500, invoices=(Invoice("PL-100234", "0000010000"), Invoice("PL-100377", "0000002500"))), Check(700)),
        (Check(5, check_number="0000001042"),),
    )
)
"""Lines 4 to 7 are batch 1 with its invoices, 8 its total, 9 and 10 batch 2, 11 the lockbox total, 12 the trailer."""


def read(content: bytes, layout: LockboxLayout = TYPICAL_LAYOUT) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_lockbox(BytesIO(content), report, layout)), report


def rules_of(report: FileReport) -> list[str]:
    return [problem.rule for problem in report.problems]


def replaced(content: bytes, old: bytes, new: bytes) -> bytes:
    assert content.count(old) == 1, content.count(old)
    return content.replace(old, new)


def with_line(content: bytes, number: int, line: bytes) -> bytes:
    lines = content.split(b"\n")
    lines[number - 1] = line
    return b"\n".join(lines)


def without_line(content: bytes, number: int, records: int) -> bytes:
    """The file without a line, its trailer put right so that only the line is missing."""
    lines = content.split(b"\n")
    del lines[number - 1]
    lines[-2] = b"9%06d" % records
    return b"\n".join(lines)


def test_check_becomes_an_entry_with_all_it_says() -> None:
    entries, report = read(write_lockbox(TWO_BATCHES))
    assert (report.problems, report.format, len(entries)) == ([], "lockbox", 3)
    entry = entries[0]
    assert (entry.bank_account, entry.currency) == ("0044321", "USD")
    assert (entry.amount_minor, entry.direction, entry.purpose) == (12_500, Direction.CREDIT, Purpose.PAYMENT)
    assert (entry.booked_on, entry.value_on) == (date(2026, 11, 24), None)
    assert entry.identity[:6] == ("lockbox", "0044321", "2026-11-24", "001", "001", "0000001041")
    assert entry.identity[7:] == ("12500", "1")
    assert entry.references == ("PL-100234", "PL-100377", "0000001041")
    assert (entry.payer_account, entry.payer_name) == ("1210002480004455667", "J DOE")
    assert (entry.posts, entry.return_reason, entry.type_code, entry.mandate_id) == (True, None, None, None)
    assert [entry.line for entry in entries] == [4, 7, 9]


def test_deposit_and_logical_file_have_their_identities() -> None:
    other = Deposit(lockbox="0044322", day=date(2026, 11, 23), batches=((Check(9),),))
    _, report = read(write_lockbox(TWO_BATCHES, other))
    assert report.logical_file_ids == [("lockbox", "0121000248", "PAWLEDGER", "2026-11-24", "1830")]
    first, second = report.statements
    assert first.identity == ("lockbox", "0044321", "2026-11-24")
    assert (first.entry_count, first.credit_count, first.credit_minor) == (3, 3, 13_205)
    assert (first.first_day, first.last_day, first.chain, first.is_correction) == (
        date(2026, 11, 24),
        date(2026, 11, 24),
        None,
        False,
    )
    assert (first.opening_minor, first.closing_minor, first.debit_count, first.debit_minor) == (None, None, 0, 0)
    assert (second.bank_account, second.credit_minor) == ("0044322", 9)


def test_identity_is_the_same_in_whatever_file_the_check_comes_and_holds_no_name() -> None:
    first, _ = read(write_lockbox(Deposit(batches=((Check(),),))))
    again, _ = read(write_lockbox(Deposit(lockbox="0099999"), Deposit(batches=((Check(remitter="J. DOE JR"),),))))
    assert first[0].identity == again[0].identity
    assert not {"J DOE", "121000248", "0004455667"}.intersection(first[0].identity)


@pytest.mark.parametrize(
    "other",
    [
        Check(amount_minor=12_501),
        Check(check_number="0000001040"),
        Check(account="0004455668"),
        Check(transit="021000021"),
    ],
)
def test_different_checks_never_share_an_identity(other: Check) -> None:
    one, _ = read(write_lockbox(Deposit(batches=((Check(),),))))
    two, _ = read(write_lockbox(Deposit(batches=((other,),))))
    assert one[0].identity != two[0].identity


def test_the_same_check_in_the_next_place_batch_or_day_is_another() -> None:
    row, tomorrow = Check(), date(2026, 11, 25)
    entries, report = read(
        write_lockbox(Deposit(batches=((row, row), (row,))), Deposit(day=tomorrow, batches=((row,),)))
    )
    assert report.problems == []
    assert len({entry.identity for entry in entries}) == 4


def test_repeated_item_number_is_a_warning_and_identical_rows_are_numbered() -> None:
    content = write_lockbox(Deposit(batches=((Check(), Check()),))).replace(b"6001002", b"6001001")
    entries, report = read(content)
    assert (rules_of(report), report.verdict) == (["lockbox.item_order"], Verdict.ACCEPTED)
    assert [entry.identity[-1] for entry in entries] == ["1", "2"]


def test_empty_deposit_is_a_statement_without_entries() -> None:
    entries, report = read(write_lockbox(Deposit()))
    assert (entries, report.problems, report.statements[0].entry_count) == ([], [], 0)
    empty_batch = Deposit(batches=((),))
    entries, report = read(write_lockbox(empty_batch))
    assert (entries, report.problems, report.statements[0].credit_minor) == ([], [], 0)


def test_file_without_lockboxes_is_read() -> None:
    entries, report = read(write_lockbox())
    assert (entries, report.problems, report.statements) == ([], [], [])


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        (b"70010020044321261124002", b"70010020044321261124003", "lockbox.count_7"),
        (b"0020000013200", b"0020000013201", "lockbox.sum_7"),
        (b"70010020044321", b"70010020044322", "lockbox.lockbox_7"),
        (b"70010020044321261124", b"70010020044321261123", "lockbox.deposit_date_7"),
        (b"7001002", b"7003002", "lockbox.batch_7"),
        (b"0003000001320", b"0004000001320", "lockbox.count_8"),
        (b"00030000013205", b"00030000013204", "lockbox.sum_8"),
        (b"80000000044321", b"80000000044322", "lockbox.lockbox_8"),
        (b"80000000044321261124", b"80000000044321261125", "lockbox.deposit_date_8"),
        (b"9000012", b"9000013", "lockbox.record_count_9"),
        (b"60010010000012500", b"60010010000012501", "lockbox.sum_7"),
        (b"60010020000000700", b"60020020000000700", "lockbox.batch_open"),
        (b"40010016029", b"40010026029", "lockbox.overflow_check"),
        (b"40010016029", b"40020016029", "lockbox.overflow_check"),
    ],
)
def test_wrong_control_is_out_of_balance(right: bytes, wrong: bytes, rule: str) -> None:
    _, report = read(replaced(write_lockbox(TWO_BATCHES), right, wrong))
    assert rule in rules_of(report)
    assert report.verdict is Verdict.OUT_OF_BALANCE


def test_all_problems_of_a_file_are_told_together() -> None:
    content = write_lockbox(TWO_BATCHES).replace(b"0020000013200", b"0020000013201").replace(b"9000012", b"9000099")
    _, report = read(content)
    assert rules_of(report) == ["lockbox.sum_7", "lockbox.sum_8", "lockbox.record_count_9"]
    assert [problem.line for problem in report.problems] == [8, 11, 12]


@pytest.mark.parametrize("kept", range(12))
def test_file_that_ends_early_is_unreadable(kept: int) -> None:
    lines = write_lockbox(TWO_BATCHES).split(b"\n")
    _, report = read(b"\n".join(lines[:kept]))
    assert rules_of(report)[-1] == ("lockbox.truncated" if kept else "lockbox.empty")
    assert report.verdict is Verdict.UNREADABLE


@pytest.mark.parametrize("left_out", [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
def test_missing_record_is_never_accepted(left_out: int) -> None:
    content = write_lockbox(TWO_BATCHES).split(b"\n")
    del content[left_out - 1]
    _, report = read(b"\n".join(content))
    assert report.verdict is not Verdict.ACCEPTED


@pytest.mark.parametrize("doubled", range(1, 13))
def test_doubled_record_is_never_accepted(doubled: int) -> None:
    lines = write_lockbox(TWO_BATCHES).split(b"\n")
    _, report = read(b"\n".join([*lines[:doubled], *lines[doubled - 1 :]]))
    assert report.verdict is not Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("order", "rule"),
    [
        ((2, 1, 3), "lockbox.record_order"),
        ((1, 2, 2, 3), "lockbox.record_order"),
        ((1, 2, 3, 2), "lockbox.record_order"),
        ((1, 2, 4), "lockbox.record_order"),
        ((1, 2, 8), "lockbox.record_order"),
        ((1, 2, 11), "lockbox.record_order"),
        ((1, 2, 3, 5), "lockbox.record_order"),
        ((1, 2, 3, 1), "lockbox.record_order"),
        ((1, 2, 3, 4, 11, 12), "lockbox.record_order"),
        ((1, 2, 3, 4, 8, 12), "lockbox.record_order"),
    ],
)
def test_record_out_of_order_is_unreadable(order: tuple[int, ...], rule: str) -> None:
    lines = write_lockbox(TWO_BATCHES).split(b"\n")
    _, report = read(b"\n".join(lines[number - 1] for number in order))
    assert rule in rules_of(report)
    assert report.verdict is Verdict.UNREADABLE


def test_lockbox_without_its_total_is_told_and_the_next_one_is_still_read() -> None:
    content = write_lockbox(TWO_BATCHES, Deposit(lockbox="0044322", batches=((Check(9),),)))
    _, report = read(without_line(content, 11, 15))
    assert (rules_of(report), report.verdict) == (["lockbox.record_order"], Verdict.UNREADABLE)
    assert [statement.credit_minor for statement in report.statements] == [13_205, 9]


def test_header_repeated_before_each_batch_is_one_deposit() -> None:
    lines = write_lockbox(TWO_BATCHES).split(b"\n")
    lines.insert(8, lines[2])
    lines[-2] = b"9000013"
    entries, report = read(b"\n".join(lines))
    assert (len(entries), report.problems, len(report.statements)) == (3, [], 1)


def test_batch_that_comes_twice_in_a_deposit_is_out_of_balance() -> None:
    _, report = read(write_lockbox(TWO_BATCHES, TWO_BATCHES))
    assert rules_of(report) == ["lockbox.batch_repeated"] * 2
    assert report.verdict is Verdict.OUT_OF_BALANCE


def test_several_logical_files_in_one_stream_are_counted_each_for_itself() -> None:
    one, two = write_lockbox(TWO_BATCHES), write_lockbox(TWO_BATCHES, time="1930")
    entries, report = read(one + two)
    assert (report.problems, [identity[-1] for identity in report.logical_file_ids]) == ([], ["1830", "1930"])
    half = len(entries) // 2
    assert [entry.identity for entry in entries[:half]] == [entry.identity for entry in entries[half:]]


@pytest.mark.parametrize("garbage", [b"trailing words", b"9000012", b"\x1aX", b"70010020044321261124002"])
def test_anything_behind_the_trailer_is_unreadable(garbage: bytes) -> None:
    _, report = read(write_lockbox(TWO_BATCHES) + garbage)
    assert (rules_of(report), report.verdict) == (["lockbox.record_order"], Verdict.UNREADABLE)
    assert report.problems[0].line == 13


@pytest.mark.parametrize("ending", [b"", b"\n\n", b"\x1a", b"  \r\n \x1a"])
def test_blank_lines_and_end_marks_are_no_records(ending: bytes) -> None:
    entries, report = read(write_lockbox(TWO_BATCHES).replace(b"\n", b"\n \n") + ending)
    assert (len(entries), report.problems, entries[1].line) == (3, [], 13)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_every_line_end_and_a_byte_order_mark_say_the_same(end: str) -> None:
    entries, report = read(b"\xef\xbb\xbf" + write_lockbox(TWO_BATCHES, end=end))
    assert (report.problems, entries) == ([], read(write_lockbox(TWO_BATCHES))[0])


def test_mixed_line_ends_say_the_same() -> None:
    ends = (b"\r", b"\n", b"\r\n")
    lines = write_lockbox(TWO_BATCHES).splitlines()
    mixed = b"".join(line + ends[number % 3] for number, line in enumerate(lines))
    entries, report = read(mixed)
    assert (report.problems, entries) == ([], read(write_lockbox(TWO_BATCHES))[0])


def test_records_filled_up_with_blanks_say_the_same() -> None:
    filled = b"\n".join(line.ljust(104) for line in write_lockbox(TWO_BATCHES).splitlines())
    entries, report = read(filled)
    assert (report.problems, entries) == ([], read(write_lockbox(TWO_BATCHES))[0])


def test_numbers_filled_with_blanks_say_the_same() -> None:
    content = write_lockbox(TWO_BATCHES)
    for zeros, blanks in (
        (b"60010020000000700", b"6001002       700"),
        (b"0020000013200", b"  2     13200"),
        (b"00030000013205", b"   3     13205"),
        (b"9000012", b"9    12"),
    ):
        content = replaced(content, zeros, blanks)
    entries, report = read(content)
    assert (report.problems, entries) == ([], read(write_lockbox(TWO_BATCHES))[0])


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"121000248000445566700000010411", b"121000249000445566700000010411", "lockbox.routing_number"),
        (b"0000010000", b"0000009999", "lockbox.invoice_sum"),
        (b"0000010000", b"0000010001", "lockbox.invoice_sum"),
        (b"40010016029", b"40010016039", "lockbox.overflow_sequence"),
        (b"40010016029", b"40010016020", "lockbox.overflow_last"),
        (b"40010016010", b"40010016019", "lockbox.overflow_last"),
        (b"40008000801", b"41008000801", "lockbox.service_type"),
        (b"2611241830", b"261124", "lockbox.time_missing"),
        (b"6001002", b"6001000", "lockbox.item_order"),
        (b"J DOE\n4", b"J D\xd6E\n4", "lockbox.encoding"),
        (b"J DOE\n4", b"J DOE".ljust(200) + b"X\n4", "lockbox.line_length"),
    ],
)
def test_odd_but_harmless_is_accepted_with_a_warning(old: bytes, new: bytes, rule: str) -> None:
    content = write_lockbox(Deposit(batches=((TWO_BATCHES.batches[0][0], Check(700, transit="021000021")),)))
    entries, report = read(replaced(content, old, new))
    assert (rules_of(report), report.verdict) == ([rule], Verdict.ACCEPTED)
    assert [entry.amount_minor for entry in entries] == [12_500, 700]


def test_file_without_service_record_is_accepted_with_a_warning() -> None:
    _, report = read(without_line(write_lockbox(TWO_BATCHES), 2, 11))
    assert (rules_of(report), report.verdict) == (["lockbox.service_missing"], Verdict.ACCEPTED)


def test_warning_that_holds_for_every_check_is_told_once() -> None:
    checks = tuple(Check(5, transit="123456789", invoices=(Invoice("A", "0000000004"),)) for _ in range(50))
    _, report = read(write_lockbox(Deposit(batches=(checks,))))
    assert rules_of(report) == ["lockbox.routing_number", "lockbox.invoice_sum"]


def test_text_in_place_of_an_invoice_amount_is_kept_as_text() -> None:
    check = Check(invoices=(Invoice("PREMIUM OF", " MY OLD DO"), Invoice("PL-1", "")))
    entries, report = read(write_lockbox(Deposit(batches=((check,),))))
    assert (rules_of(report), report.verdict) == (["lockbox.invoice_amount"], Verdict.ACCEPTED)
    assert (entries[0].text, entries[0].references) == ("PREMIUM OF MY OLD DO", ("PL-1", "0000001041"))


def test_at_most_sixteen_references_are_taken_and_the_check_number_is_one() -> None:
    invoices = tuple(Invoice(f"INV{number}") for number in range(40))
    entries, report = read(write_lockbox(Deposit(batches=((Check(invoices=invoices),),))))
    assert report.problems == []
    assert len(entries[0].references) <= 16
    assert (entries[0].references[0], entries[0].references[-1]) == ("INV0", "0000001041")


def test_check_without_number_account_or_name_has_none() -> None:
    bare = Check(transit="", account="", check_number="0000000000", remitter="")
    entries, report = read(write_lockbox(Deposit(batches=((bare,),))))
    assert report.problems == []
    assert (entries[0].payer_account, entries[0].payer_name, entries[0].references) == (None, None, ())


def test_check_of_nothing_does_not_post() -> None:
    entries, report = read(write_lockbox(Deposit(batches=((Check(0),),))))
    assert ([entry.posts for entry in entries], report.verdict) == ([False], Verdict.ACCEPTED)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"60010020000000700", b"600100200000007.0", "lockbox.amount"),
        (b"60010020000000700", b"6001002-000000700", "lockbox.amount"),
        (b"60010020000000700", b"6001002          ", "lockbox.amount"),
        (b"60010020000000700", "6001002000000070²".encode(), "lockbox.amount"),
        (b"0020000013200", b"00200000x3200", "lockbox.amount"),
        (b"26112400200000", b"261124 x200000", "lockbox.count"),
        (b"9000012", b"9      ", "lockbox.count"),
        (b"44321261124PAW", b"44321261324PAW", "lockbox.day"),
        (b"44321261124PAW", b"44321      PAW", "lockbox.day"),
        (b"2611241830", b"2611311830", "lockbox.day"),
        (b"50000000044321", b"5000000       ", "lockbox.lockbox_number"),
        (b"7002001", b"X002001", "lockbox.record_type"),
    ],
)
def test_field_that_cannot_be_read_is_unreadable(old: bytes, new: bytes, rule: str) -> None:
    _, report = read(replaced(write_lockbox(TWO_BATCHES), old, new))
    assert rule in rules_of(report)
    assert report.verdict is Verdict.UNREADABLE


def test_reading_goes_on_behind_an_amount_that_cannot_be_read() -> None:
    content = replaced(write_lockbox(TWO_BATCHES), b"60010020000000700", b"600100200000007.0")
    entries, report = read(content)
    assert [entry.amount_minor for entry in entries] == [12_500, 5]
    assert rules_of(report)[:2] == ["lockbox.amount", "lockbox.sum_7"]
    assert report.statements[0].entry_count == 3


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "lockbox.empty"),
        (b"\n \n\x1a", "lockbox.empty"),
        (b"junk\n", "lockbox.record_order"),
        (b"100A\0B\n", "lines.nul_byte"),
        (b"100" + b"x" * LINE_BYTES_MAX + b"\n", "lines.too_long"),
        (b"\xff\xfe1\x000\x000\x00", "lines.nul_byte"),
    ],
)
def test_content_that_is_no_file_is_unreadable_by_a_named_rule(content: bytes, rule: str) -> None:
    _, report = read(content)
    assert (rules_of(report), report.verdict) == ([rule], Verdict.UNREADABLE)


@pytest.mark.parametrize("count", [lockbox_checks.OVERFLOWS_MAX, 4 * lockbox_checks.OVERFLOWS_MAX])
def test_check_with_endless_invoices_is_refused(count: int) -> None:
    content = write_lockbox(Deposit(batches=((Check(invoices=(Invoice("A"),)),),)))
    endless = content.replace(b"\n7", b"\n" + b"40010016019A\n" * count + b"7")
    _, report = read(endless)
    assert (rules_of(report)[-1], report.problems[-1].line) == ("lockbox.too_many_overflows", 4)


def test_endless_invoices_are_not_read_to_their_end() -> None:
    content = write_lockbox(Deposit(batches=((Check(invoices=(Invoice("A"),)),),)))
    stream = BytesIO(content.replace(b"\n7", b"\n" + b"40010016019A\n" * 10 * lockbox_checks.OVERFLOWS_MAX + b"7"))
    list(read_lockbox(stream, FileReport()))
    assert stream.tell() < len(stream.getvalue()) / 5


@pytest.mark.parametrize(
    ("limit", "rule"), [("CHECKS_MAX", "lockbox.too_many_checks"), ("BATCHES_MAX", "lockbox.too_many_batches")]
)
def test_more_than_can_be_counted_is_refused(limit: str, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockbox_checks, limit, 1)
    _, report = read(write_lockbox(TWO_BATCHES))
    assert rules_of(report)[-1] == rule


def test_check_and_invoices_across_two_blocks_are_read_as_one() -> None:
    invoices = (Invoice("PL-1"), Invoice("PL-2"), Invoice("PL-3"))
    checks = tuple(Check(number, remitter="R" * 30, invoices=invoices) for number in range(1, 901))
    entries, report = read(write_lockbox(Deposit(batches=(checks,))))
    assert report.problems == []
    assert {entry.references for entry in entries} == {("PL-1", "PL-2", "PL-3", "0000001041")}
    assert [entry.line for entry in entries] == [4 * number for number in range(1, 901)]


def of_currency(currency: str, decimals: int) -> LockboxLayout:
    return layout_from_table({"currency": currency, "decimals": decimals})


@pytest.mark.parametrize(
    ("currency", "decimals", "written", "expected"),
    [
        ("JPY", 0, 1250, 1250),
        ("JPY", 2, 125_000, 1250),
        ("USD", 0, 12, 1200),
        ("USD", 3, 12_500, 1250),
        ("USD", 5, 1_250_000, 1250),
        ("BHD", 3, 1250, 1250),
        ("BHD", 2, 125, 1250),
    ],
)
def test_implied_decimals_are_the_layouts(currency: str, decimals: int, written: int, expected: int) -> None:
    entries, report = read(write_lockbox(Deposit(batches=((Check(written),),))), of_currency(currency, decimals))
    assert (report.problems, entries[0].currency, entries[0].amount_minor) == ([], currency, expected)
    assert report.statements[0].credit_minor == expected


@pytest.mark.parametrize(("currency", "decimals"), [("JPY", 2), ("USD", 3), ("USD", 5), ("BHD", 5)])
def test_more_decimals_than_the_currency_has_are_out_of_balance(currency: str, decimals: int) -> None:
    entries, report = read(write_lockbox(Deposit(batches=((Check(1251),),))), of_currency(currency, decimals))
    assert (entries, report.verdict) == ([], Verdict.OUT_OF_BALANCE)
    assert rules_of(report)[0] == "lockbox.amount_decimals"


OWN_COLUMNS: Mapping[str, Any] = {
    "currency": "CAD",
    "date_format": "MMDDYYYY",
    "immediate_header": {"destination": [4, 13], "origin": [14, 23], "date": [24, 31]},
    "lockbox_header": {"lockbox": [2, 8], "deposit_date": [9, 16]},
    "check": {"batch": [2, 5], "item": [6, 9], "amount": [10, 18], "remitter_id": [19, 28], "invoice": [29, 36]},
    "batch_total": {"batch": [2, 5], "count": [6, 9], "sum": [10, 20]},
    "lockbox_total": {"count": [2, 6], "sum": [7, 18]},
    "trailer": {"records": [2, 8]},
}


def test_layout_of_a_bank_decides_where_everything_stands() -> None:
    records = (
        "100MYCOMPANY 010200030411242026",
        "2",
        "5004432111232026",
        "600070001000012500HOLDER-77 INV-4711",
        "7000700010000" + "0012500",
        "80000100000" + "0012500",
        "90000007",
    )
    entries, report = read("\n".join(records).encode(), layout_from_table(OWN_COLUMNS))
    (entry,) = entries
    assert rules_of(report) == ["lockbox.time_missing"]
    assert (entry.currency, entry.amount_minor, entry.booked_on) == ("CAD", 12_500, date(2026, 11, 23))
    assert entry.references == ("INV-4711", "HOLDER-77")
    assert entry.identity[:5] == ("lockbox", "0044321", "2026-11-23", "0007", "0001")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b"\n \n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_head_of_a_lockbox_file_is_told(mark: bytes, end: bytes) -> None:
    assert detect_format(mark + write_lockbox(TWO_BATCHES).replace(b"\n", end)).format == "lockbox"


@pytest.mark.parametrize(
    "head",
    [
        b"101 121000248 0210000212611241830A094101\n5200",
        b"100,200,300,400,500,600\n2,3\n",
        b"100\tname of an account and more\n2\t3\n",
        b"100 lines of something else entirely\nand more",
        b"1000",
    ],
)
def test_head_of_something_else_is_not_taken_for_a_lockbox_file(head: bytes) -> None:
    assert detect_format(head).format != "lockbox"


def test_detected_file_is_read_in_the_layout_of_its_provider() -> None:
    options = ReadingOptions(lockbox_layout=of_currency("CAD", 2))
    report = FileReport()
    entries = list(read_bank_file(BytesIO(write_lockbox(TWO_BATCHES)), report, options))
    assert (report.format, {entry.currency for entry in entries}) == ("lockbox", {"CAD"})


@pytest.mark.parametrize(
    ("name", "verdict", "rules"),
    [
        ("good.lockbox", Verdict.ACCEPTED, []),
        ("one_cent_wrong.lockbox", Verdict.OUT_OF_BALANCE, ["lockbox.sum_7", "lockbox.sum_8"]),
        ("batch_twice.lockbox", Verdict.OUT_OF_BALANCE, ["lockbox.batch_repeated"]),
        ("truncated.lockbox", Verdict.UNREADABLE, ["lockbox.truncated"]),
        ("underpaid.lockbox", Verdict.ACCEPTED, ["lockbox.invoice_sum"]),
    ],
)
def test_sample_file_is_what_its_name_says(name: str, verdict: Verdict, rules: list[str]) -> None:
    with (SAMPLES / name).open("rb") as stream:
        report = inspect_stream(stream)
    assert (report.format, report.verdict, rules_of(report)) == ("lockbox", verdict, rules)


def test_every_sample_file_is_tested() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == {
        "batch_twice.lockbox",
        "good.lockbox",
        "one_cent_wrong.lockbox",
        "truncated.lockbox",
        "underpaid.lockbox",
    }


def test_what_is_behind_the_columns_of_the_layout_is_read_nowhere() -> None:
    content = write_lockbox(Deposit(batches=((Check(700, invoices=(Invoice("PL-1", "NOT A SUM "),)),),)))
    lines = content.split(b"\n")
    place = next(place for place, line in enumerate(lines) if line.startswith(b"4"))
    lines[place] = lines[place].ljust(TYPICAL_LAYOUT.line_length) + b"BEHIND"
    (entry,), report = read(b"\n".join(lines))
    assert ("BEHIND" in entry.text, "NOT A SUM" in entry.text) == (False, True)
    assert "lockbox.line_length" in rules_of(report)
