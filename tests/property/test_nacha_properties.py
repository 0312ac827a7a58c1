"""What holds for every NACHA file, not only for those one thinks of."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pawledger.bank_files.nacha import reader as nacha
from pawledger.bank_files.nacha import records as nacha_records
from pawledger.bank_files.nacha.reader import read_nacha
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.nacha_file import (
    OUR_COMPANY,
    Batch,
    Entry,
    changed,
    contested,
    dishonored,
    numbered,
    refused_change,
    remittance,
    returned,
    write_nacha,
    write_records,
)

NAMES = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZÄéñ'&-. 0123456789", max_size=22).map(str.strip)
IDS = st.text(alphabet="ABCDEFGH0123456789-/", max_size=15)
ADDENDA = st.one_of(
    st.just(()),
    st.builds(lambda text: (remittance(text),), st.text(alphabet="ABC *\\0123456789Ä", max_size=80)),
    st.builds(lambda reason: (returned(reason),), st.sampled_from(("R01", "R02", "R03", "R29", "R85", "R99"))),
    st.sampled_from(((dishonored(),), (contested(),), (changed(),), (refused_change(),))),
    st.just((remittance("A"), remittance("B", 2))),
)
ENTRIES = st.builds(
    Entry,
    code=st.sampled_from(("22", "27", "32", "37", "26", "21", "47", "52", "55")),
    amount_minor=st.integers(min_value=1, max_value=10**8),
    bank=st.from_regex(r"[0-9]{8}", fullmatch=True),
    account=st.text(alphabet="0123456789X", max_size=17),
    individual_id=IDS,
    name=NAMES,
    addenda=ADDENDA,
)
BATCHES = st.lists(
    st.builds(
        Batch,
        entries=st.lists(ENTRIES, max_size=5).map(tuple),
        entry_class=st.sampled_from(("PPD", "CCD", "WEB", "COR")),
        company_id=st.sampled_from((OUR_COMPANY, "9 MUTUAL")),
        effective=st.sampled_from(("261120", "261121", "")),
    ),
    max_size=4,
).map(numbered)
HOSTILE_RECORDS = st.lists(
    st.one_of(
        st.binary(max_size=100),
        st.sampled_from([record.encode() for record in write_records(Batch((Entry(addenda=(returned(),)),)))]),
        st.from_regex(rb"[156789][0-9]{2}[0-9A-Z ]{91}", fullmatch=True),
    ),
    max_size=12,
)
ORDINARY_LINES = st.builds(
    Entry,
    code=st.sampled_from(("22", "27", "37")),
    amount_minor=st.integers(min_value=1, max_value=9),
    account=st.sampled_from(("1", "")),
    individual_id=st.sampled_from(("", "A", "B")),
    addenda=st.sampled_from(((), (remittance("A"),), (returned(),))),
)
ODD_LINES = st.sampled_from(
    (
        *(Entry("23", 0), Entry("27", 0), Entry("28", 5), Entry("90", 5), Entry("26"), Entry("81", 5)),
        *(Entry(trace="091000010000001"), Entry(trace="111111110000001"), Entry(bank="00000000"), Entry(name="Ä")),
        *(Entry("26", 0, addenda=(returned(),)), Entry("26", addenda=(dishonored(),)), Entry(addenda=(changed(),))),
        Entry("26", addenda=(returned("R99"),)),
        Entry("26", addenda=(returned("R01", "0" * 15),)),
        Entry("26", addenda=(returned().replace("{trace}", "1" * 15),)),
        *(Entry(addenda=(remittance("", 1),)), Entry(addenda=(remittance("A", 2),)), Entry(addenda=("742".ljust(94),))),
        Entry(addenda=(remittance("A"), remittance("B", 2))),
    )
)
RUNS = st.lists(st.one_of(ORDINARY_LINES, ORDINARY_LINES, ODD_LINES), min_size=1, max_size=10)


class Crumbs(BytesIO):
    """Gives the bytes in pieces of the given sizes, one after another."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        super().__init__(content)
        self._sizes = sizes
        self._reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self._reads += 1
        piece = self._sizes[self._reads % len(self._sizes)]
        return super().read(piece if size is None or size < 0 else min(size, piece))


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_nacha(BytesIO(content), report)), report


def read_with_columns_from(entries_min: int, content: bytes) -> tuple[list[StatementEntry], FileReport]:
    """Read with columns used for that many entries or more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nacha, "COLUMN_ENTRIES_MIN", entries_min)
        return read(content)


@given(BATCHES, st.sampled_from(("\n", "\r\n", "\r", "")))
def test_reader_reads_back_what_the_builder_wrote(batches: tuple[Batch, ...], end: str) -> None:
    entries, report = read(write_nacha(*batches, end=end))
    assert report.verdict is Verdict.ACCEPTED
    written = [(batch, entry) for batch in batches for entry in batch.entries]
    assert len(entries) == len(written)
    for found, (batch, entry) in zip(entries, written, strict=True):
        assert (found.bank_account, found.amount_minor) == (batch.company_id, entry.amount_minor)
        assert found.direction is (Direction.DEBIT if entry.is_debit else Direction.CREDIT)
        assert (found.payer_account or "", found.payer_name or "") == (entry.account, entry.name)
        assert found.type_code == f"{batch.entry_class}/{entry.code}"
        assert (entry.individual_id in found.references) == bool(entry.individual_id)
        kind = entry.addenda[0][:3] if entry.addenda else ""
        assert (found.purpose is Purpose.CHANGE) >= (kind == "798")
        assert (found.return_reason or "") == (entry.addenda[0][3:6] if kind in ("798", "799") else "")
    assert len({entry.identity for entry in entries}) == len(entries)
    sums = [(statement.credit_minor, statement.debit_minor) for statement in report.statements]
    assert sums == [(batch.credit_minor, batch.debit_minor) for batch in batches]
    purposes = [entry.purpose for entry in entries]
    assert sum(statement.return_count for statement in report.statements) == purposes.count(Purpose.RETURN)
    assert sum(statement.change_count for statement in report.statements) == purposes.count(Purpose.CHANGE)


@given(RUNS, st.sampled_from(("PPD", "CIE", "CTX", "POP", "SHR", "COR", "IAT", "ADV")))
def test_entries_say_the_same_in_columns_and_one_by_one(run: list[Entry], entry_class: str) -> None:
    content = write_nacha(Batch(tuple(run), entry_class))
    in_columns, report_of_columns = read_with_columns_from(1, content)
    one_by_one, report = read_with_columns_from(1_000, content)
    assert in_columns == one_by_one
    assert report_of_columns.statements == report.statements
    told = [{(problem.rule, problem.message) for problem in each.problems} for each in (report_of_columns, report)]
    assert told[0] == told[1]


@given(BATCHES, st.sampled_from(("\n", "\r\n", "")), st.lists(st.integers(1, 400), min_size=1, max_size=6))
def test_cuts_of_the_stream_do_not_matter(batches: tuple[Batch, ...], end: str, sizes: list[int]) -> None:
    content = write_nacha(*batches, end=end)
    whole, report = read(content)
    report_of_crumbs = FileReport()
    with pytest.MonkeyPatch.context() as patch:
        # The head is so short that blocks begin within the file.
        patch.setattr(nacha_records, "HEAD_BYTES", 400)
        crumbs = list(read_nacha(Crumbs(content, sizes), report_of_crumbs))
    assert crumbs == whole
    assert report_of_crumbs == report


@given(BATCHES, st.data())
def test_any_other_digit_in_a_control_is_told(batches: tuple[Batch, ...], data: st.DataObject) -> None:
    records = write_records(*batches)
    lines = [n for n, record in enumerate(records) if record[0] == "8" or (record[0] == "9" and record != "9" * 94)]
    line = data.draw(st.sampled_from(lines))
    record = records[line]
    counted = range(4, 44) if record[0] == "8" else [*range(1, 7), *range(13, 55)]
    place = data.draw(st.sampled_from(list(counted)))
    digit = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != record[place]]))
    records[line] = record[:place] + digit + record[place + 1 :]
    _, report = read("\n".join(records).encode())
    assert report.verdict is Verdict.OUT_OF_BALANCE


@given(BATCHES.filter(lambda batches: any(batch.entries for batch in batches)), st.data())
def test_changed_amount_is_never_accepted(batches: tuple[Batch, ...], data: st.DataObject) -> None:
    records = write_records(*batches)
    line = data.draw(st.sampled_from([n for n, record in enumerate(records) if record[0] == "6"]))
    amount = int(records[line][29:39])
    other = amount + data.draw(st.sampled_from((-1, 1, 100)))
    records[line] = f"{records[line][:29]}{other:010}{records[line][39:]}"
    _, report = read("\n".join(records).encode())
    assert report.verdict is not Verdict.ACCEPTED


def _without(records: list[str], at: int) -> list[str]:
    return records[:at] + records[at + 1 :]


def _twice(records: list[str], at: int) -> list[str]:
    return [*records[: at + 1], *records[at:]]


@given(BATCHES.filter(bool), st.sampled_from((_without, _twice)), st.data())
def test_record_that_is_missing_or_there_twice_is_never_accepted(
    batches: tuple[Batch, ...], mutate: Callable[[list[str], int], list[str]], data: st.DataObject
) -> None:
    records = [record for record in write_records(*batches) if record != "9" * 94]
    mutated = mutate(records, data.draw(st.integers(0, len(records) - 1)))
    _, report = read("\n".join(mutated).encode())
    assert report.verdict is not Verdict.ACCEPTED


@given(BATCHES, st.integers(min_value=1, max_value=1_000))
def test_truncated_file_is_never_accepted(batches: tuple[Batch, ...], cut: int) -> None:
    records = [record for record in write_records(*batches) if record != "9" * 94]
    content = "\n".join(records).encode().rstrip()
    _, report = read(content[: -min(cut, len(content))])
    assert report.verdict is not Verdict.ACCEPTED


@given(BATCHES, st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4))
def test_flipped_bytes_never_raise_and_keep_counts_sound(
    batches: tuple[Batch, ...], flips: list[tuple[int, int]]
) -> None:
    content = bytearray(write_nacha(*batches))
    for place, byte in flips:
        content[place % len(content)] = byte
    entries, report = read(bytes(content))
    if report.verdict is Verdict.ACCEPTED:
        assert len(entries) == sum(statement.entry_count for statement in report.statements)
        assert len({entry.identity for entry in entries}) == len(entries)


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_raise_or_accept(content: bytes) -> None:
    _, report = read(content)
    assert report.verdict is Verdict.UNREADABLE


@given(HOSTILE_RECORDS, st.sampled_from((b"\n", b"\r\n", b"\r", b"")))
def test_no_mixture_of_records_makes_the_reader_raise(records: list[bytes], end: bytes) -> None:
    entries, report = read(end.join(records))
    if report.verdict is Verdict.ACCEPTED:
        assert len(entries) == sum(statement.entry_count for statement in report.statements)


@given(BATCHES)
def test_file_sent_again_in_other_bytes_tells_the_same_movements(batches: tuple[Batch, ...]) -> None:
    first, report = read(write_nacha(*batches))
    again = b"\n".join(record.rstrip().encode() for record in write_records(*batches))
    second, report_of_second = read(again)
    assert [entry.identity for entry in first] == [entry.identity for entry in second]
    assert report.logical_file_ids == report_of_second.logical_file_ids
    renumbered = tuple(replace(batch, number=batch.number + 70) for batch in batches)
    third, _ = read(write_nacha(*renumbered, created="2611230700", modifier="Q"))
    assert [e.identity for e in third if e.value_on] == [e.identity for e in first if e.value_on]
