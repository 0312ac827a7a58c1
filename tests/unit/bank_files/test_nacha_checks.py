"""What the NACHA reader refuses and what it only warns about: controls, order of records, fields, limits."""

import io
from io import BytesIO

import pytest

from pawledger.bank_files.lines import LINE_BYTES_MAX
from pawledger.bank_files.nacha import fields as nacha_fields
from pawledger.bank_files.nacha import ordinals as nacha_ordinals
from pawledger.bank_files.nacha import reader as nacha
from pawledger.bank_files.nacha import structure as nacha_structure
from pawledger.bank_files.nacha.reader import read_nacha
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from tests.builders.nacha_file import (
    ORIGINATING_BANK,
    Batch,
    Entry,
    changed,
    entry_records,
    international,
    numbered,
    remittance,
    returned,
    write_nacha,
    write_records,
)

TWO_BATCHES = numbered(
    (
        Batch((Entry("27", 4250), Entry("22", 1200, addenda=(remittance("CLAIM 7"),)))),
        Batch((Entry("26", 3999, addenda=(returned("R01"),)),), "WEB"),
    )
)
ADVICES = Batch((Entry("81", 4250), Entry("82", 1200)), "ADV", "280")


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_nacha(BytesIO(content), report)), report


def read_records(records: list[str]) -> tuple[list[StatementEntry], FileReport]:
    return read("\n".join(records).encode())


def rules_of(report: FileReport) -> list[str]:
    return [problem.rule for problem in report.problems]


def errors_of(report: FileReport) -> list[str]:
    return [problem.rule for problem in report.problems if problem.severity == "error"]


def with_digit_changed(records: list[str], line: int, place: int) -> list[str]:
    """The records with another digit at a place of a line, both counted from 0."""
    record = records[line]
    other = str((int(record[place]) + 1) % 10)
    return [*records[:line], record[:place] + other + record[place + 1 :], *records[line + 1 :]]


@pytest.mark.parametrize("batches", [TWO_BATCHES, (ADVICES,)])
def test_files_that_are_changed_below_are_right_before(batches: tuple[Batch, ...]) -> None:
    _, report = read_records(write_records(*batches))
    assert report.problems == []


@pytest.mark.parametrize("line", [5, 9])
@pytest.mark.parametrize(
    ("place", "rule"),
    [
        (9, "nacha.entry_count_batch"),
        (19, "nacha.entry_hash_batch"),
        (10, "nacha.entry_hash_batch"),
        (31, "nacha.debit_total_batch"),
        (20, "nacha.debit_total_batch"),
        (43, "nacha.credit_total_batch"),
    ],
)
def test_wrong_batch_control_is_out_of_balance(line: int, place: int, rule: str) -> None:
    _, report = read_records(with_digit_changed(write_records(*TWO_BATCHES), line, place))
    (problem,) = report.problems
    assert (problem.kind, problem.rule, problem.line) == (Rule.INTEGRITY, rule, line + 1)


@pytest.mark.parametrize(
    ("place", "rule"),
    [
        (6, "nacha.batch_count_file"),
        (20, "nacha.entry_count_file"),
        (30, "nacha.entry_hash_file"),
        (42, "nacha.debit_total_file"),
        (54, "nacha.credit_total_file"),
    ],
)
def test_wrong_file_control_is_out_of_balance(place: int, rule: str) -> None:
    records = write_records(*TWO_BATCHES)
    line = next(n for n, record in enumerate(records) if record[0] == "9")
    _, report = read_records(with_digit_changed(records, line, place))
    (problem,) = report.problems
    assert (problem.kind, problem.rule, problem.line) == (Rule.INTEGRITY, rule, line + 1)


@pytest.mark.parametrize(
    ("line", "place", "rule"),
    [
        (4, 39, "nacha.debit_total_batch"),
        (4, 59, "nacha.credit_total_batch"),
        (5, 50, "nacha.debit_total_file"),
        (5, 70, "nacha.credit_total_file"),
    ],
)
def test_wrong_control_of_accounting_advices_is_out_of_balance(line: int, place: int, rule: str) -> None:
    _, report = read_records(with_digit_changed(write_records(ADVICES), line, place))
    assert (report.verdict, rules_of(report)) == (Verdict.OUT_OF_BALANCE, [rule])


@pytest.mark.parametrize("count", [1, 60])
def test_amount_changed_by_a_cent_is_out_of_balance_at_both_controls(count: int) -> None:
    records = write_records(Batch(tuple(Entry(amount_minor=101 + n) for n in range(count))))
    _, report = read_records(with_digit_changed(records, 2, 38))
    assert rules_of(report) == ["nacha.debit_total_batch", "nacha.debit_total_file"]


def test_credit_that_became_a_debit_is_out_of_balance() -> None:
    records = write_records(Batch((Entry("22", 100), Entry("27", 100))))
    records[2] = "627" + records[2][3:]
    _, report = read_records(records)
    assert rules_of(report)[:2] == ["nacha.debit_total_batch", "nacha.credit_total_batch"]


@pytest.mark.parametrize("batches", [TWO_BATCHES, (Batch(tuple(Entry(amount_minor=9 + n) for n in range(40))),)])
def test_missing_entry_is_out_of_balance(batches: tuple[Batch, ...]) -> None:
    records = write_records(*batches)
    _, report = read_records(records[:2] + records[3:])
    assert {"nacha.entry_count_batch", "nacha.entry_hash_batch", "nacha.debit_total_batch"} <= set(rules_of(report))


@pytest.mark.parametrize(
    ("slot", "text", "key"),
    [
        (slice(1, 4), "225", "service_class"),
        (slice(44, 54), "9999999999", "company_id"),
        (slice(79, 87), "12345678", "originating_bank"),
        (slice(87, 94), "0000009", "batch_number"),
    ],
)
def test_batch_control_that_names_another_batch_is_a_warning(slot: slice, text: str, key: str) -> None:
    records = write_records(Batch((Entry(), Entry("22"))))
    control = records[4]
    records[4] = control[: slot.start] + text + control[slot.stop :]
    _, report = read_records(records)
    assert (report.verdict, rules_of(report)) == (Verdict.ACCEPTED, ["nacha.batch_names"])
    assert key in report.problems[0].message


@pytest.mark.parametrize("declared", ["000000", "000009", "      ", "00000\u00b9"])
def test_wrong_block_count_is_a_warning(declared: str) -> None:
    records = write_records(Batch())
    records[4] = records[4][:7] + declared + records[4][13:]
    _, report = read_records(records)
    assert (report.verdict, rules_of(report)) == (Verdict.ACCEPTED, ["nacha.block_count"])


@pytest.mark.parametrize("keep", [5, 7])
def test_missing_filler_is_a_warning(keep: int) -> None:
    _, report = read_records(write_records(Batch())[:keep])
    assert (report.verdict, rules_of(report)) == (Verdict.ACCEPTED, ["nacha.blocks_not_filled"])


@pytest.mark.parametrize("count", [1, 60])
def test_wrong_check_digit_is_a_warning_told_once(count: int) -> None:
    records = write_records(Batch(tuple(Entry(amount_minor=5 + n) for n in range(count))))
    entries, report = read_records([r[:11] + "9" + r[12:] if r[0] == "6" else r for r in records])
    assert (report.verdict, rules_of(report), len(entries)) == (Verdict.ACCEPTED, ["nacha.check_digit"], count)
    assert all(entry.posts for entry in entries)


def test_wrong_check_digit_of_the_header_is_a_warning() -> None:
    records = write_records(Batch())
    records[0] = records[0][:12] + "8" + records[0][13:]
    _, report = read_records(records)
    assert rules_of(report) == ["nacha.check_digit"]


@pytest.mark.parametrize(("entry", "indicator"), [(Entry(), "1"), (Entry("26", addenda=(returned(),)), "0")])
def test_addenda_indicator_that_does_not_agree_is_a_warning(entry: Entry, indicator: str) -> None:
    records = write_records(Batch((entry,)))
    records[2] = records[2][:78] + indicator + records[2][79:]
    _, report = read_records(records)
    assert (report.verdict, rules_of(report)) == (Verdict.ACCEPTED, ["nacha.addenda_indicator"])


@pytest.mark.parametrize("addenda", [(), (remittance("A"),)])
def test_one_wrong_addenda_indicator_among_many_is_a_warning(addenda: tuple[str, ...]) -> None:
    records = write_records(Batch(tuple(Entry(amount_minor=7 + n, addenda=addenda) for n in range(40))))
    records[2] = f"{records[2][:78]}{'0' if addenda else '1'}{records[2][79:]}"
    _, report = read_records(records)
    assert rules_of(report) == ["nacha.addenda_indicator"]


@pytest.mark.parametrize("count", [2, 60])
def test_trace_numbers_that_do_not_rise_are_a_warning(count: int) -> None:
    entries = tuple(Entry(trace=f"{ORIGINATING_BANK}{count - n:07}", amount_minor=7 + n) for n in range(count))
    _, report = read(write_nacha(Batch(entries)))
    assert (report.verdict, rules_of(report)) == (Verdict.ACCEPTED, ["nacha.trace_order"])


def test_trace_numbers_may_start_again_in_the_next_batch() -> None:
    _, report = read(write_nacha(Batch(), Batch((Entry(amount_minor=9),), number=2)))
    assert report.problems == []


@pytest.mark.parametrize("count", [1, 60])
def test_trace_number_of_another_bank_is_a_warning(count: int) -> None:
    entries = tuple(Entry(trace=f"11111111{n:07}", amount_minor=7 + n) for n in range(count))
    _, report = read(write_nacha(Batch(entries)))
    assert rules_of(report) == ["nacha.trace_bank"]


@pytest.mark.parametrize("place", [0, 20, 39])
def test_one_trace_number_among_many_of_another_bank_is_a_warning(place: int) -> None:
    foreign = Entry(trace="111111110000001", amount_minor=5)
    entries = [Entry(amount_minor=7 + n) for n in range(40)]
    _, report = read(write_nacha(Batch((*entries[:place], foreign, *entries[place:]))))
    assert set(rules_of(report)) == {"nacha.trace_bank", "nacha.trace_order"}


@pytest.mark.parametrize(("service_class", "code"), [("220", "27"), ("225", "22")])
def test_direction_against_the_service_class_is_a_warning(service_class: str, code: str) -> None:
    _, report = read(write_nacha(Batch((Entry(code),), service_class=service_class)))
    assert (report.verdict, rules_of(report)) == (Verdict.ACCEPTED, ["nacha.service_class_direction"])


def test_unlisted_service_class_is_a_warning() -> None:
    _, report = read(write_nacha(Batch(service_class="100")))
    assert rules_of(report) == ["nacha.service_class_unknown"]


@pytest.mark.parametrize(
    ("addenda", "rule"),
    [
        ((remittance("A", 2),), "nacha.addenda_sequence"),
        ((remittance("A").replace("{sequence}", "9999999"),), "nacha.addenda_trace"),
        ((returned().replace("{trace}", "9" * 15),), "nacha.addenda_trace"),
        ((returned(), returned("R02")), "nacha.addenda_repeated"),
        (("742".ljust(94),), "nacha.addenda_type"),
    ],
)
def test_odd_addenda_are_a_warning(addenda: tuple[str, ...], rule: str) -> None:
    entries, report = read(write_nacha(Batch((Entry("27", addenda=addenda),))))
    assert (report.verdict, rules_of(report), len(entries)) == (Verdict.ACCEPTED, [rule], 1)


def test_blanks_before_the_digits_of_an_amount_are_a_warning() -> None:
    records = write_records(Batch((Entry(amount_minor=4250),)))
    records[2] = records[2].replace("0000004250", "      4250")
    entries, report = read_records(records)
    assert (entries[0].amount_minor, rules_of(report)) == (4250, ["nacha.number_padded"])


@pytest.mark.parametrize(
    ("place", "text", "rule"),
    [
        (29, "00000x4250", "nacha.number"),
        (29, " " * 10, "nacha.number"),
        (29, "-000004250", "nacha.number"),
        (29, "00000\u0664\u0662\u0665\u0660\u0661", "nacha.number"),
        (1, "2x", "nacha.transaction_code"),
        (3, "2313801x", "nacha.routing_number"),
        (79, "09100001000000x", "nacha.trace_number"),
    ],
)
def test_field_that_cannot_be_read_makes_the_file_unreadable(place: int, text: str, rule: str) -> None:
    records = write_records(Batch((Entry(amount_minor=4250), Entry("22", 100))))
    records[2] = records[2][:place] + text + records[2][place + len(text) :]
    entries, report = read_records(records)
    assert report.verdict is Verdict.UNREADABLE
    assert (report.problems[0].rule, report.problems[0].line) == (rule, 3)
    assert entries[-1].amount_minor == 100


@pytest.mark.parametrize(
    ("place", "text", "rule"),
    [(23, "261301", "nacha.day"), (23, "      ", "nacha.day"), (34, "080", "nacha.format"), (1, "02", "nacha.format")],
)
def test_header_that_cannot_be_read_makes_the_file_unreadable(place: int, text: str, rule: str) -> None:
    records = write_records(Batch())
    records[0] = records[0][:place] + text + records[0][place + len(text) :]
    _, report = read_records(records)
    assert (report.verdict, rules_of(report)) == (Verdict.UNREADABLE, [rule])


def test_effective_date_that_is_no_day_is_a_warning() -> None:
    entries, report = read(write_nacha(Batch(effective="261399")))
    assert (entries[0].value_on, rules_of(report)) == (None, ["nacha.effective_date"])


def test_file_without_id_modifier_has_no_identity() -> None:
    _, report = read(write_nacha(Batch(), modifier=" "))
    assert (report.logical_file_ids, rules_of(report)) == ([], ["nacha.file_id_missing"])


@pytest.mark.parametrize("lines_left", range(1, 11))
def test_file_cut_after_any_record_is_unreadable(lines_left: int) -> None:
    records = write_records(*TWO_BATCHES)
    assert records[10][0] == "9"
    _, report = read_records(records[:lines_left])
    assert (report.verdict, rules_of(report)[-1]) == (Verdict.UNREADABLE, "nacha.truncated")


@pytest.mark.parametrize("cut", [1, 40, 93])
@pytest.mark.parametrize("line", [2, 4, 5, 9])
def test_file_cut_within_a_record_is_unreadable(line: int, cut: int) -> None:
    records = write_records(*TWO_BATCHES)
    _, report = read_records([*records[:line], records[line][:cut]])
    assert report.verdict is Verdict.UNREADABLE


def test_file_without_header_is_read_but_not_accepted() -> None:
    entries, report = read_records(write_records(*TWO_BATCHES)[1:])
    assert (len(entries), report.verdict) == (3, Verdict.OUT_OF_BALANCE)
    assert errors_of(report) == ["nacha.file_header_missing"]
    assert report.logical_file_ids == []


def test_returns_without_header_and_controls_are_read_but_not_accepted() -> None:
    records = [record for record in write_records(*TWO_BATCHES) if record[0] in "567"]
    entries, report = read_records(records)
    assert [entry.return_reason for entry in entries] == [None, None, "R01"]
    assert errors_of(report) == [
        "nacha.file_header_missing",
        *["nacha.batch_control_missing"] * 2,
        "nacha.file_control_missing",
    ]
    assert report.verdict is Verdict.OUT_OF_BALANCE


def test_entries_without_any_header_are_read_but_not_accepted() -> None:
    records = entry_records(Entry("26", 4250, addenda=(returned("R02"),)), f"{ORIGINATING_BANK}0000001")
    entries, report = read_records(records)
    assert (entries[0].return_reason, entries[0].bank_account) == ("R02", "")
    assert errors_of(report)[:2] == ["nacha.file_header_missing", "nacha.batch_header_missing"]
    assert report.verdict is Verdict.OUT_OF_BALANCE


@pytest.mark.parametrize(
    ("line", "rule"),
    [(5, "nacha.batch_control_missing"), (9, "nacha.batch_control_missing")],
)
def test_batch_without_control_is_out_of_balance(line: int, rule: str) -> None:
    records = write_records(*TWO_BATCHES)
    entries, report = read_records(records[:line] + records[line + 1 :])
    assert (len(entries), report.verdict, errors_of(report)) == (3, Verdict.OUT_OF_BALANCE, [rule])


def test_next_file_after_one_without_control_is_read() -> None:
    cut = write_records(Batch())[:4]
    entries, report = read_records([*cut, *write_records(Batch((Entry(amount_minor=7),)), modifier="B")])
    assert ([entry.amount_minor for entry in entries], errors_of(report)) == ([4250, 7], ["nacha.file_control_missing"])


@pytest.mark.parametrize(
    ("moved", "before"),
    [(4, 2), (5, 3), (10, 9), (2, 1), (0, 1)],
    ids=[
        "addenda before entries",
        "control inside batch",
        "file control early",
        "entry before header",
        "header second",
    ],
)
def test_record_out_of_order_is_not_accepted(moved: int, before: int) -> None:
    records = write_records(*TWO_BATCHES)
    record = records.pop(moved)
    records.insert(before, record)
    _, report = read_records(records)
    assert report.verdict is not Verdict.ACCEPTED


@pytest.mark.parametrize("garbage", ["garbage", "x" * 94, "4" * 94, "8200", entry_records(Entry(), "1" * 15)[0]])
def test_trailing_garbage_makes_the_file_unreadable(garbage: str) -> None:
    _, report = read_records([*write_records(Batch()), garbage])
    assert report.verdict is Verdict.UNREADABLE


def test_second_file_control_makes_the_file_unreadable() -> None:
    records = write_records(Batch())
    _, report = read_records([*records[:5], records[4]])
    assert (report.verdict, rules_of(report)[0]) == (Verdict.UNREADABLE, "nacha.record_order")


def test_filler_before_the_file_control_is_told_once() -> None:
    records = write_records(Batch())
    del records[4]
    _, report = read_records(records)
    assert rules_of(report) == ["nacha.record_order", "nacha.truncated"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"   \r\n", b"\x1a"])
def test_empty_file_is_unreadable(content: bytes) -> None:
    entries, report = read(content)
    assert (entries, report.verdict, rules_of(report)) == ([], Verdict.UNREADABLE, ["nacha.empty"])


@pytest.mark.parametrize("content", [b"junk", b"junk\n" * 50, bytes(range(1, 256)) * 9, "\u0661\u0661\n".encode() * 9])
def test_junk_is_unreadable(content: bytes) -> None:
    _, report = read(content)
    assert report.verdict is Verdict.UNREADABLE


def test_reading_ends_after_many_records_of_no_known_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nacha_structure, "UNREADABLE_RECORDS_MAX", 3)
    _, report = read(b"junk\n" * 5 + write_nacha(Batch()))
    assert rules_of(report)[-1] == "nacha.structure_lost"
    assert report.statements == []


@pytest.mark.parametrize("end", ["\n", ""])
def test_nul_byte_makes_the_file_unreadable(end: str) -> None:
    content = write_nacha(Batch(), end=end)
    _, report = read(content.replace(b"A PAYER", b"A\0PAYER"))
    assert (report.verdict, rules_of(report)[-1]) == (Verdict.UNREADABLE, "lines.nul_byte")


def test_line_that_is_too_long_makes_the_file_unreadable() -> None:
    content = write_nacha(Batch()).replace(b"A PAYER", b"A" * (LINE_BYTES_MAX + 1))
    _, report = read(content)
    assert (report.verdict, rules_of(report)[-1]) == (Verdict.UNREADABLE, "lines.too_long")


@pytest.mark.parametrize("short", ["6271", "5200", "8200", "705A"])
def test_short_record_that_ends_in_a_number_makes_the_file_unreadable(short: str) -> None:
    records = write_records(Batch((Entry("27", addenda=(remittance("A"),)),)))
    line = next(n for n, record in enumerate(records) if record[0] == short[0])
    records[line] = records[line][:90]
    _, report = read_records(records)
    assert (report.verdict, rules_of(report)[0]) == (Verdict.UNREADABLE, "nacha.record_length")


@pytest.mark.parametrize(
    ("name", "rule", "module"),
    [
        ("BATCHES_MAX", "nacha.too_many_batches", nacha_structure),
        ("LOGICAL_FILES_MAX", "nacha.too_many_logical_files", nacha_structure),
        ("ADDENDA_MAX", "nacha.too_many_addenda", nacha),
    ],
)
def test_limit_is_kept(name: str, rule: str, module: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, name, 2)
    many = Batch((Entry(addenda=tuple(remittance("A", n) for n in range(1, 4))),))
    content = b"".join(write_nacha(many, modifier=modifier) for modifier in "ABC")
    _, report = read(content)
    assert (report.verdict, rules_of(report)) == (Verdict.UNREADABLE, [rule])


def test_repetition_that_can_no_longer_be_seen_is_out_of_balance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nacha_ordinals, "REMEMBERED_MAX", 0)
    _, report = read(write_nacha(Batch((Entry(),)), Batch((Entry(),), number=2)))
    assert errors_of(report) == ["nacha.traces_scattered"]


def test_too_many_counted_entries_are_out_of_balance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nacha_ordinals, "COUNTED_MAX", 10)
    falling = tuple(Entry(trace=f"{ORIGINATING_BANK}{99 - n:07}", amount_minor=7 + n) for n in range(40))
    _, report = read(write_nacha(Batch(falling)))
    assert errors_of(report) == ["nacha.traces_scattered"]


def test_unknown_codes_beyond_a_limit_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nacha_fields, "KINDS_TOLD_MAX", 2)
    entries = tuple(Entry("26", addenda=(returned(f"X{number:02}"),)) for number in range(9))
    _, report = read(write_nacha(Batch(entries)))
    assert (report.problem_count, report.verdict) == (2, Verdict.ACCEPTED)


def test_several_problems_of_one_file_are_told_together() -> None:
    records = write_records(*TWO_BATCHES)
    records = with_digit_changed(with_digit_changed(records, 5, 31), 9, 9)
    _, report = read_records(records)
    assert rules_of(report) == ["nacha.debit_total_batch", "nacha.entry_count_batch"]
    assert len(report.statements) == 2


def test_every_message_shows_little_of_the_file() -> None:
    records = write_records(Batch((Entry(name="A SECRET PAYER"),)))
    records[2] = records[2].replace("0000004250", "x000004250")
    _, report = read_records([*records, "A SECRET PAYER" * 9])
    assert all(len(problem.message) < 200 for problem in report.problems)


class _Endless(io.RawIOBase):
    """Gives the same bytes up to a number of times, and counts how often it was asked."""

    def __init__(self, block: bytes, times: int) -> None:
        super().__init__()
        self.block, self.left = block, times

    def read(self, size: int = -1) -> bytes:
        self.left -= 1
        return self.block[:size] if self.left >= 0 else b""


@pytest.mark.parametrize("block", [b" " * 4096, b"9" * 4096, b"x" * 4096, b"7" * 4096, b"1" * 4096])
def test_endless_nothing_ends_early(block: bytes) -> None:
    stream = _Endless(block, 10**6)
    report = FileReport()
    assert list(read_nacha(stream, report)) == []  # type: ignore[arg-type]
    assert report.verdict is Verdict.UNREADABLE
    assert stream.left > 10**5


def test_international_returns_and_changes_together_keep_all_totals() -> None:
    batch = Batch(
        (
            Entry("27", 100, addenda=international()),
            Entry("26", 200, addenda=(*international(), returned("R81"))),
            Entry("21", 0, addenda=(*international(), changed("C08"))),
        ),
        "IAT",
    )
    entries, report = read(write_nacha(batch))
    assert ([entry.return_reason for entry in entries], report.problems) == ([None, "R81", "C08"], [])
