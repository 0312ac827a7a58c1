"""The NACHA reader: what it reads of entries, returns and notifications of change, and how it frames records."""

from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from pawledger.bank_files.detection import detect_format
from pawledger.bank_files.inspection import inspect_stream
from pawledger.bank_files.nacha.reader import COLUMN_ENTRIES_MIN, read_nacha
from pawledger.bank_files.nacha.records import RecordBlock
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.nacha_file import (
    ORIGINATING_BANK,
    OUR_COMPANY,
    Batch,
    Entry,
    changed,
    contested,
    dishonored,
    international,
    refused_change,
    remittance,
    returned,
    write_nacha,
    write_records,
)

SAMPLES = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files" / "nacha"
MANY = 3 * COLUMN_ENTRIES_MIN
"""Entries enough to be read in columns."""


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_nacha(BytesIO(content), report)), report


def read_one(entry: Entry, entry_class: str = "PPD", service_class: str = "200") -> StatementEntry:
    """The entry of an accepted file that has no other."""
    entries, report = read(write_nacha(Batch((entry,), entry_class, service_class)))
    assert report.verdict is Verdict.ACCEPTED
    (found,) = entries
    return found


def rules_of(report: FileReport) -> list[str]:
    return [problem.rule for problem in report.problems]


def test_entry_becomes_an_entry_with_all_it_says() -> None:
    payment = Entry("27", 4250, account="0071234", individual_id="POL-100", name="A PAYER")
    entries, report = read(write_nacha(Batch((payment,), settlement="325")))
    (entry,) = entries
    assert report.problems == []
    assert (entry.bank_account, entry.currency, entry.amount_minor) == (OUR_COMPANY, "USD", 4250)
    assert (entry.direction, entry.purpose, entry.posts) == (Direction.DEBIT, Purpose.PAYMENT, True)
    assert (entry.booked_on, entry.value_on) == (date(2026, 11, 21), date(2026, 11, 20))
    trace = f"{ORIGINATING_BANK}0000001"
    assert entry.identity[:6] == ("nacha", OUR_COMPANY, "2026-11-20", trace, "27", "0000004250")
    assert (entry.references, entry.mandate_id, entry.type_code) == (("POL-100",), None, "PPD/27")
    assert (entry.payer_account, entry.payer_name, entry.text) == ("0071234", "A PAYER", "")
    assert (entry.return_reason, entry.line, entry.offset, entry.booking) == (None, 3, None, None)


def test_batch_is_a_statement_that_belongs_to_no_chain() -> None:
    batch = Batch((Entry("27", 500), Entry("22", 300), Entry("27", 200)), number=7)
    _, report = read(write_nacha(batch, created="2611200615", modifier="C"))
    (statement,) = report.statements
    assert (statement.bank_account, statement.currency, statement.chain) == (OUR_COMPANY, "USD", None)
    assert (statement.credit_count, statement.credit_minor) == (1, 300)
    assert (statement.debit_count, statement.debit_minor, statement.entry_count) == (2, 700, 3)
    file_id = ("nacha", OUR_COMPANY, "091000019", "2026-11-20", "0615", "C")
    assert report.logical_file_ids == [file_id]
    assert statement.identity == (*file_id, OUR_COMPANY, ORIGINATING_BANK, "0000007")


@pytest.mark.parametrize("code", ["22", "32", "42", "52"])
def test_credit_codes_are_credits(code: str) -> None:
    assert read_one(Entry(code)).direction is Direction.CREDIT


@pytest.mark.parametrize("code", ["27", "37", "47", "55"])
def test_debit_codes_are_debits(code: str) -> None:
    assert read_one(Entry(code)).direction is Direction.DEBIT


@pytest.mark.parametrize(
    ("code", "direction"), [("26", Direction.DEBIT), ("36", Direction.DEBIT), ("21", Direction.CREDIT)]
)
def test_return_tells_its_reason_and_the_original_trace_first(code: str, direction: Direction) -> None:
    back = returned("R07", f"{ORIGINATING_BANK}0000555", "AUTHORITY WITHDRAWN")
    entry = read_one(Entry(code, 4250, individual_id="POL-9", addenda=(back,)))
    assert (entry.direction, entry.purpose, entry.is_return, entry.posts) == (direction, Purpose.RETURN, True, True)
    assert (entry.return_reason, entry.text) == ("R07", "AUTHORITY WITHDRAWN")
    assert entry.references == (f"{ORIGINATING_BANK}0000555", "POL-9")


@pytest.mark.parametrize("count", [1, MANY])
def test_return_that_names_no_original_has_its_own_id_only(count: int) -> None:
    entries = tuple(Entry("26", 7 + n, addenda=(returned("R01", "0" * 15),)) for n in range(count))
    found, _ = read(write_nacha(Batch(entries)))
    assert {entry.references for entry in found} == {("POL-100",)}


def test_return_of_a_forward_code_is_a_return_all_the_same() -> None:
    _, report = read(write_nacha(Batch((Entry("27", 100, addenda=(returned("R01"),)), Entry("27", 100)))))
    assert report.statements[0].return_count == 1


def test_return_that_moved_no_money_does_not_post() -> None:
    entry = read_one(Entry("26", 0, addenda=(returned("R03"),)))
    assert (entry.purpose, entry.posts) == (Purpose.RETURN, False)


@pytest.mark.parametrize("count", [1, MANY])
@pytest.mark.parametrize("reason", ["R99", "X01", "   "])
def test_unknown_return_reason_is_kept_with_a_warning(reason: str, count: int) -> None:
    entries, report = read(write_nacha(Batch((Entry("26", addenda=(returned(reason),)),) * count)))
    assert (entries[0].return_reason, entries[0].posts) == (reason.strip() or None, True)
    assert rules_of(report) == ["nacha.return_reason_unknown"]


def test_dishonored_return_is_told_and_not_posted() -> None:
    entries, report = read(write_nacha(Batch((Entry("26", addenda=(dishonored("R68", text="TOO LATE"),)),))))
    assert (entries[0].return_reason, entries[0].purpose, entries[0].posts) == ("R68", Purpose.RETURN, False)
    assert entries[0].references == (f"{ORIGINATING_BANK}0000007", "231380100000055", "POL-100")
    assert entries[0].text == "TOO LATE"
    assert rules_of(report) == ["nacha.return_not_posted"]


def test_dishonored_returns_among_many_are_not_posted() -> None:
    entries, _ = read(write_nacha(Batch((Entry("26", addenda=(dishonored(),)),) * MANY)))
    assert not any(entry.posts for entry in entries)


def test_contested_dishonored_return_names_all_three_traces() -> None:
    entries, _ = read(write_nacha(Batch((Entry("26", addenda=(contested("R73"),)),))))
    assert (entries[0].return_reason, entries[0].posts) == ("R73", False)
    assert entries[0].references[:3] == (f"{ORIGINATING_BANK}0000007", "231380100000055", f"{ORIGINATING_BANK}0000066")


def test_notification_of_change_moves_no_money() -> None:
    notice = Entry("21", 0, individual_id="POL-9", addenda=(changed("C01", corrected="0079999"),))
    entries, report = read(write_nacha(Batch((notice,), "COR")))
    (entry,) = entries
    assert (entry.purpose, entry.amount_minor, entry.posts) == (Purpose.CHANGE, 0, False)
    assert (entry.return_reason, entry.text, entry.type_code) == ("C01", "0079999", "COR/21")
    assert entry.references == (f"{ORIGINATING_BANK}0000007", "POL-9")
    assert (report.statements[0].change_count, report.statements[0].return_count) == (1, 0)
    assert report.problems == []


def test_notification_of_change_with_an_amount_is_not_posted() -> None:
    entries, report = read(write_nacha(Batch((Entry("21", 5, addenda=(changed(),)),), "COR")))
    assert not entries[0].posts
    assert rules_of(report) == ["nacha.change_amount"]


def test_refused_notification_of_change_names_the_refused_code() -> None:
    entry = read_one(Entry("21", 0, addenda=(refused_change("C62", "C01", "0079999"),)), "COR")
    assert (entry.return_reason, entry.purpose, entry.text) == ("C62", Purpose.CHANGE, "0079999 C01")


def test_unknown_code_of_change_is_kept_with_a_warning() -> None:
    entries, report = read(write_nacha(Batch((Entry("21", 0, addenda=(changed("C99"),)),), "COR")))
    assert entries[0].return_reason == "C99"
    assert rules_of(report) == ["nacha.change_code_unknown"]


@pytest.mark.parametrize("code", ["23", "28", "33", "38", "24", "29"])
def test_prenote_and_zero_entry_do_not_post(code: str) -> None:
    entry = read_one(Entry(code, 0))
    assert (entry.posts, entry.amount_minor, entry.purpose) == (False, 0, Purpose.PAYMENT)


def test_prenote_with_an_amount_is_out_of_balance() -> None:
    _, report = read(write_nacha(Batch((Entry("28", 5),))))
    assert (report.verdict, rules_of(report)) == (Verdict.OUT_OF_BALANCE, ["nacha.amount_unexpected"])


def test_remittance_of_all_addenda_becomes_text_and_references() -> None:
    entry = read_one(Entry("22", addenda=(remittance("RMR*IV*7\\"), remittance("RMR*IV*8\\", 2))), "CTX")
    assert entry.text == "RMR*IV*7\\ RMR*IV*8\\"
    assert entry.references == ("POL-100", "RMR*IV*7\\", "RMR*IV*8\\")


def test_text_of_ten_thousand_addenda_is_cut() -> None:
    addenda = tuple(remittance(f"PART {number}", number) for number in range(1, 2_001))
    entry = read_one(Entry("22", addenda=addenda), "CTX")
    assert entry.text.endswith("PART 99 PART 100")
    assert len(entry.references) == 16


@pytest.mark.parametrize("entry_class", ["CTX", "ATX", "TRX", "ENR"])
def test_name_in_classes_with_many_addenda_follows_their_number(entry_class: str) -> None:
    entry = read_one(Entry("22", name="A COMPANY", addenda=(remittance("A"),)), entry_class)
    assert (entry.payer_name, entry.references[0]) == ("A COMPANY", "POL-100")


def test_name_without_the_number_of_addenda_before_it_is_whole() -> None:
    records = write_records(Batch((Entry("22", name="A COMPANY", addenda=(remittance("A"),)),), "CTX"))
    records[2] = records[2].replace("0001A COMPANY     ", "A COMPANY         ")
    entries, _ = read("\n".join(records).encode())
    assert entries[0].payer_name == "A COMPANY"


def test_digits_at_the_start_of_an_ordinary_name_belong_to_it() -> None:
    assert read_one(Entry(name="1871 PET CLINIC")).payer_name == "1871 PET CLINIC"


def test_names_in_columns_follow_the_number_of_addenda() -> None:
    many = tuple(Entry("22", 7 + n, name=f"COMPANY {n}", addenda=(remittance("A"),)) for n in range(MANY))
    entries, _ = read(write_nacha(Batch(many, "CTX")))
    assert [entry.payer_name for entry in entries] == [f"COMPANY {n}" for n in range(MANY)]


def test_customer_initiated_entry_has_its_reference_in_the_wider_field() -> None:
    entry = read_one(Entry("22", individual_id="A PAYER", name="POLICY 100 OF MANY"), "CIE")
    assert (entry.payer_name, entry.references) == ("A PAYER", ("POLICY 100 OF MANY",))


def test_point_of_purchase_entry_has_a_check_number() -> None:
    entry = read_one(Entry("27", individual_id="000012345TOWNIL"), "POP")
    assert entry.references == ("000012345",)


def test_international_entry_takes_its_receiver_from_addenda() -> None:
    payment = Entry("27", account="MX00123456789", addenda=international("SRA PAGADORA", "POL-77"))
    entries, report = read(write_nacha(Batch((payment,), "IAT", "225")))
    assert report.problems == []
    assert (entries[0].payer_name, entries[0].payer_account) == ("SRA PAGADORA", "MX00123456789")
    assert (entries[0].references, entries[0].currency, entries[0].amount_minor) == (("POL-77",), "USD", 4250)


def test_international_return_has_its_text_after_the_original_amount() -> None:
    back = returned("R80", text="0000004250CODING WRONG")
    entry = read_one(Entry("26", addenda=(*international(), back)), "IAT")
    assert (entry.return_reason, entry.text, entry.posts) == ("R80", "CODING WRONG", True)


def test_accounting_advice_is_read_in_its_own_layout_and_not_posted() -> None:
    entries, report = read(write_nacha(Batch((Entry("81", 12_345_678_901), Entry("82", 500)), "ADV", "280")))
    assert report.problems == []
    assert [(entry.amount_minor, entry.direction) for entry in entries] == [
        (12_345_678_901, Direction.CREDIT),
        (500, Direction.DEBIT),
    ]
    assert not any(entry.posts for entry in entries)


def test_unlisted_transaction_code_has_the_direction_of_its_second_digit() -> None:
    entries, report = read(write_nacha(Batch((Entry("90", 100), Entry("27", 100)))))
    assert entries[0].direction is Direction.CREDIT
    assert (report.verdict, rules_of(report)) == (Verdict.ACCEPTED, ["nacha.transaction_code_unknown"])


def test_return_code_without_addenda_is_a_return_without_reason() -> None:
    entries, report = read(write_nacha(Batch((Entry("26"),))))
    assert (entries[0].purpose, entries[0].return_reason) == (Purpose.RETURN, None)
    assert rules_of(report) == ["nacha.reason_missing"]


def test_day_comes_from_the_file_where_a_batch_has_none() -> None:
    entries, report = read(write_nacha(Batch(effective="", settlement="   ")))
    assert (entries[0].booked_on, entries[0].value_on) == (date(2026, 11, 20), None)
    assert entries[0].identity[2] == "2026-11-20"
    assert report.problems == []


@pytest.mark.parametrize(
    ("created", "settlement", "expected"), [("261230", "002", date(2027, 1, 2)), ("270102", "364", date(2026, 12, 30))]
)
def test_settlement_day_is_the_closest_one(created: str, settlement: str, expected: date) -> None:
    entries, _ = read(write_nacha(Batch(effective="", settlement=settlement), created=f"{created}0600"))
    assert entries[0].booked_on == expected


def test_settlement_put_in_by_the_operator_leaves_identities_alone() -> None:
    sent, _ = read(write_nacha(Batch(settlement="   ")))
    settled, _ = read(write_nacha(Batch(settlement="324"), created="2611230600", modifier="Z"))
    assert [entry.identity for entry in sent] == [entry.identity for entry in settled]


def test_same_trace_and_amount_of_another_payer_is_another_movement() -> None:
    one, _ = read(write_nacha(Batch((Entry(account="111"),))))
    other, _ = read(write_nacha(Batch((Entry(account="222"),)), modifier="B"))
    assert one[0].identity != other[0].identity


@pytest.mark.parametrize("count", [2, MANY])
def test_identical_entries_are_numbered(count: int) -> None:
    same = Entry(trace=f"{ORIGINATING_BANK}0000001")
    entries, report = read(write_nacha(Batch((same,) * count)))
    assert [entry.identity[-1] for entry in entries] == [str(number) for number in range(1, count + 1)]
    assert rules_of(report) == ["nacha.trace_order"]


def test_entry_repeated_in_a_later_batch_is_numbered() -> None:
    first = Batch(tuple(Entry(amount_minor=100 + n) for n in range(MANY)), number=1)
    again = Batch((Entry(amount_minor=105, trace=f"{ORIGINATING_BANK}0000006"), Entry(amount_minor=7)), number=2)
    entries, _ = read(write_nacha(first, again))
    assert [entry.identity[-1] for entry in entries] == ["1"] * MANY + ["2", "1"]
    assert len({entry.identity for entry in entries}) == MANY + 2


def test_entry_repeated_in_another_logical_file_is_the_same_movement() -> None:
    entries, report = read(write_nacha(Batch(), modifier="A") + write_nacha(Batch(), modifier="B"))
    assert entries[0].identity == entries[1].identity
    assert [identity[-1] for identity in report.logical_file_ids] == ["A", "B"]
    assert report.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("addenda", [(), (returned("R01"),), (remittance("INV 7"),)])
def test_many_entries_say_what_each_says_alone(addenda: tuple[str, ...]) -> None:
    code = "26" if addenda and addenda[0][:3] == "799" else "27"
    entries = tuple(
        Entry(code, 100 + n, individual_id=f"POL-{n}" if n % 5 else "", addenda=addenda) for n in range(MANY)
    )
    together, report = read(write_nacha(Batch(entries)))
    apart = []
    for number, entry in enumerate(entries, start=1):
        alone, _ = read(write_nacha(Batch((entry,), first_trace=number)))
        apart += alone
    width = 1 + len(addenda)
    lines = [3 + width * n for n in range(MANY)]
    assert together == [entry._replace(line=line) for entry, line in zip(apart, lines, strict=True)]
    assert report.problems == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ""])
def test_line_ends_do_not_matter(end: str) -> None:
    batch = Batch(tuple(Entry(amount_minor=100 + n) for n in range(60)))
    expected, _ = read(write_nacha(batch))
    entries, report = read(write_nacha(batch, end=end))
    assert report.problems == []
    assert [entry.identity for entry in entries] == [entry.identity for entry in expected]


def test_mixed_line_ends_are_read() -> None:
    ends = ("\n", "\r\n", "\r")
    content = "".join(record + ends[n % 3] for n, record in enumerate(write_records(Batch())))
    _, report = read(content.encode())
    assert report.problems == []


def test_record_without_line_breaks_is_found_by_its_offset() -> None:
    content = b"\xef\xbb\xbf\r\n" + write_nacha(Batch((Entry(), Entry("22"))), end="")
    entries, report = read(content)
    assert report.problems == []
    assert [content[entry.offset :][:3] for entry in entries if entry.offset is not None] == [b"627", b"622"]
    assert [entry.line for entry in entries] == [2, 2]


def test_stream_without_line_breaks_may_hold_names_in_utf8_and_breaks_between_files() -> None:
    named = Batch(tuple(Entry(name="ZOË MÜLLER", amount_minor=100 + n) for n in range(900)))
    content = write_nacha(named, end="") + b"\r\n" + write_nacha(named, end="", modifier="B") + b"\n\x1a"
    entries, report = read(content)
    assert report.problems == []
    assert len(entries) == 1_800
    assert {entry.payer_name for entry in entries} == {"ZOË MÜLLER"}
    assert [entries[0].line, entries[-1].line] == [1, 2]
    assert all(content[entry.offset or 0 :].startswith(b"627") for entry in entries)


@pytest.mark.parametrize("between", ["\n", "\r", "\r\n"])
def test_record_before_a_break_in_a_stream_may_be_trimmed(between: str) -> None:
    batch = Batch(tuple(Entry(amount_minor=100 + n) for n in range(60)))
    records = [record for record in write_records(batch) if record != "9" * 94]
    content = "".join(records).rstrip() + between + write_nacha(batch, end="", modifier="B").decode()
    entries, report = read(content.encode())
    assert (report.verdict, len(entries)) == (Verdict.ACCEPTED, 120)
    assert rules_of(report) == ["nacha.record_trimmed", "nacha.blocks_not_filled"]


def test_name_in_windows_1252_has_as_many_bytes_as_characters() -> None:
    content = write_nacha(Batch((Entry(name="MÜLLER"),))).decode().encode("cp1252")
    for variant in (content, content.replace(b"\n", b"")):
        entries, report = read(variant)
        assert entries[0].payer_name == "MÜLLER"
        assert rules_of(report) == ["nacha.encoding"]


def test_identity_does_not_hang_on_the_encoding() -> None:
    content = write_nacha(Batch((Entry(name="MÜLLER"),)))
    one, _ = read(content)
    other, _ = read(content.decode().encode("cp1252"))
    assert one[0].identity == other[0].identity


def test_record_laid_out_in_bytes_has_its_fields_where_they_belong() -> None:
    records = write_records(Batch((Entry(name="MÜLLER"),)))
    # Filled up to 22 bytes instead of characters, the name has one blank less.
    records[2] = records[2].replace("MÜLLER ", "MÜLLER", 1)
    entries, report = read("\n".join(records).encode())
    assert (entries[0].payer_name, entries[0].identity[3]) == ("MÜLLER", f"{ORIGINATING_BANK}0000001")
    assert rules_of(report) == ["nacha.laid_out_in_bytes"]


def test_trimmed_header_and_control_are_filled_up() -> None:
    content = "\n".join(record.rstrip() for record in write_records(Batch()))
    _, report = read(content.encode())
    assert (report.verdict, rules_of(report)) == (Verdict.ACCEPTED, ["nacha.record_trimmed"])


def test_blanks_beyond_the_record_are_dropped() -> None:
    content = "\n".join(record + " " * 38 for record in write_records(Batch()))
    _, report = read(content.encode())
    assert report.problems == []


def test_line_with_several_records_is_split() -> None:
    records = write_records(Batch((Entry(), Entry("22"))))
    content = "\n".join("".join(records[start : start + 2]) for start in range(0, len(records), 2))
    entries, report = read(content.encode())
    assert ([entry.line for entry in entries], rules_of(report)) == ([2, 2], ["nacha.records_on_one_line"])


def test_blank_lines_before_between_and_after_are_no_records() -> None:
    content = b"\n  \n" + write_nacha(Batch(), end="\n\n") + b"\n\x1a"
    entries, report = read(content)
    assert (report.problems, entries[0].line) == ([], 7)


def test_file_without_entries_is_accepted() -> None:
    entries, report = read(write_nacha())
    assert (entries, report.verdict, report.statements) == ([], Verdict.ACCEPTED, [])


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\r\n \n", b"\xef\xbb\xbf\n"])
@pytest.mark.parametrize("first", [0, 1, 2])
def test_file_is_recognised_by_its_first_record(before: bytes, first: int) -> None:
    content = before + "\n".join(write_records(Batch())[first:]).encode()
    assert detect_format(content) == ("nacha", "NACHA")


@pytest.mark.parametrize(
    "content",
    [
        b"101,Alice,2026-11-20,12.50,payment for November\n",
        b"100 1234567890123456789012345678901234567890\n",
        b"1011\n",
        b"5200 payments were made on this day to many people, none of them known\n",
        b"6" * 94,
        b"01,121000248,PAWLEDGER,261120,0600,1,,,2/\n",
    ],
)
def test_other_content_is_not_taken_for_nacha(content: bytes) -> None:
    assert detect_format(content).format != "nacha"


@pytest.mark.parametrize(
    ("name", "verdict", "rule"),
    [
        ("collections.ach", Verdict.ACCEPTED, None),
        ("returns_and_changes.ach", Verdict.ACCEPTED, None),
        ("batch_total_one_cent_wrong.ach", Verdict.OUT_OF_BALANCE, "nacha.debit_total_batch"),
        ("truncated.ach", Verdict.UNREADABLE, "nacha.truncated"),
        ("returns_without_file_header.ach", Verdict.OUT_OF_BALANCE, "nacha.file_header_missing"),
    ],
)
def test_samples_get_their_verdict(name: str, verdict: Verdict, rule: str | None) -> None:
    with (SAMPLES / name).open("rb") as stream:
        report = inspect_stream(stream)
    assert (report.format, report.verdict) == ("nacha", verdict)
    assert rules_of(report)[:1] == ([] if rule is None else [rule])


def test_lines_that_are_even_only_in_their_sum_are_read_one_by_one() -> None:
    records = write_records(Batch((Entry("27", 4250),)))
    assert (records[0][3], records[0][-1]) == (" ", " ")
    # A file header that lacks its last blank, and a line of one blank too much: 190 characters with their line feeds.
    uneven = [records[0][:-1], f"{records[1]} ", *records[2:]]
    entries, report = read("".join(f"{line}\n" for line in uneven).encode())
    assert [entry.amount_minor for entry in entries] == [4250]
    assert rules_of(report) == ["nacha.record_trimmed"]
    # A file header broken in two at a blank: 95 characters with both line feeds.
    broken = [records[0][:3], records[0][4:], *records[1:]]
    _, report = read("".join(f"{line}\n" for line in broken).encode())
    assert report.verdict is Verdict.UNREADABLE
    assert "nacha.record_trimmed" in rules_of(report)


def test_a_line_of_94_blanks_is_no_record() -> None:
    records = write_records(Batch((Entry("27", 4250),)))
    entries, report = read("".join(f"{line}\n" for line in [*records[:3], " " * 94, *records[3:]]).encode())
    assert [entry.amount_minor for entry in entries] == [4250]
    assert report.problems == []


def test_a_nul_byte_is_told_at_its_line_however_far_it_is() -> None:
    # 500 records come in two blocks of at most 345 lines.
    records = write_records(Batch(tuple(Entry("27", 4250) for _ in range(500))))
    records[449] = records[449].replace(" ", "\0", 1)
    _, report = read("".join(f"{line}\n" for line in records).encode())
    (problem,) = [problem for problem in report.problems if problem.rule == "lines.nul_byte"]
    assert problem.line == 450


def test_records_that_are_joined_keep_their_lines_over_a_gap() -> None:
    first, second = (RecordBlock(f"{'6' * 94}\n", "6", range(line, line + 1), None) for line in (7, 9))
    assert [*first.joined(second).lines] == [7, 9]
