"""Reader of BAI lockbox files: checks that a bank opened, deposited and keyed in for us, in fixed columns.

A file is record 1 to 9; in it lockboxes 5 to 8, each one deposit day; in them batches of checks 6, closed by 7.
Record 4 goes on with the invoices of the check before it. Every total is checked, see `lockbox_controls`.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import BinaryIO, Final

from pawledger.bank_files.lines import LineBlocks, UnreadableLinesError
from pawledger.bank_files.lockbox.checks import OVERFLOWS_MAX, CheckReader, too_many_overflows
from pawledger.bank_files.lockbox.controls import LockboxCount, Total, check_total
from pawledger.bank_files.lockbox.fields import FieldReader, LostStructureError, Notes, picker, shown
from pawledger.bank_files.lockbox.layout import TYPICAL_LAYOUT, LockboxLayout
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Rule

DEPOSITS_MAX: Final = 50_000
"""Most deposits (lockbox and day) of one stream: they are kept in the report, and this many take about 40 MB."""
LOGICAL_FILES_MAX: Final = 10_000
"""Most logical files of one stream, kept in the report like the deposits."""

_BLANK: Final = " \t\x1a"
"""A line of only these is no record; the last is the end mark of old systems, which some exports still append."""
_LOCKBOX_SERVICE: Final = "400"
_TRAILERS: Final = {"1": "9", "5": "8", "6": "7"}


def read_lockbox(
    stream: BinaryIO, report: FileReport, layout: LockboxLayout = TYPICAL_LAYOUT
) -> Iterator[StatementEntry]:
    """Iterate over the checks (6 records) of a lockbox stream and fill `report`, in bounded memory whatever the size.

    No bytes make it raise: what is wrong is a problem in `report`, whose verdict counts once the iterator is exhausted.
    Errors of the stream itself pass through.
    """
    report.format = "lockbox"
    # Not a generator: it would add a step of Python to every check.
    return chain.from_iterable(_read_runs(stream, report, layout))


def _read_runs(stream: BinaryIO, report: FileReport, layout: LockboxLayout) -> Iterator[list[StatementEntry]]:
    """Yield the checks in lists, each of checks that follow one another; otherwise as `read_lockbox`."""
    reader = _Reader(report, layout)
    blocks = LineBlocks(stream)
    try:
        for lines in blocks:
            yield from reader.read_block(lines)
        yield from reader.end()
    except LostStructureError as error:
        report.add(Rule.SYNTAX, error.rule, str(error), line=reader.notes.line or None, field=error.field_name)
    except UnreadableLinesError as error:
        report.add(Rule.SYNTAX, error.rule, str(error), line=error.line)
    reader.keep_open_deposit()
    if blocks.fallback_line is not None:
        message = "text is not UTF-8, read as Windows-1252"
        report.add(Rule.MEANING, "lockbox.encoding", message, line=blocks.fallback_line)


class _Reader:
    """Where the reading stands: the open file, lockbox and batch, and the check whose records 4 may follow."""

    def __init__(self, report: FileReport, layout: LockboxLayout) -> None:
        self.notes = Notes(report)
        self._report = report
        self._layout = layout
        self._fields = FieldReader(layout, self.notes)
        self._checks = CheckReader(layout, self._fields, self.notes)
        header, lockbox, batch = layout.immediate_header, layout.lockbox_header, layout.batch_total
        self._pick_header = picker(header.destination, header.origin, header.date, header.time)
        self._pick_service = picker(layout.service.service_type)
        self._pick_lockbox = picker(lockbox.lockbox, lockbox.deposit_date)
        self._pick_batch_total = picker(batch.count, batch.sum, batch.lockbox, batch.deposit_date, batch.batch)
        total = layout.lockbox_total
        self._pick_lockbox_total = picker(total.count, total.sum, total.lockbox, total.deposit_date)
        self._pick_trailer = picker(layout.trailer.records)
        self._line_count = 0
        self._records_before = 0
        """Records of the stream before those in hand, and before the open file."""
        self._file_starts_after: int | None = None
        self._held: list[str] = []
        """Last check of the block before, whose records 4 the next block may hold; and the numbers of its lines."""
        self._held_numbers: list[int] = []
        self._has_service = False
        self._lockbox: LockboxCount | None = None

    def read_block(self, block: list[str]) -> Iterator[list[StatementEntry]]:
        """Read physical lines up to the last check, which is held until it is known where it ends.

        Yields the entries in lists of bounded length. Raises `LostStructureError`.
        """
        numbers: Sequence[int] = range(self._line_count + 1, self._line_count + 1 + len(block))
        self._line_count += len(block)
        if min(block) < "0":
            # Blank lines sort before digits: only such a block needs to be looked through for them.
            pairs = [(number, line) for number, line in zip(numbers, block, strict=True) if line.strip(_BLANK)]
            numbers, block = [number for number, _ in pairs], [line for _, line in pairs]
        if not block:
            return
        block = self._cut_to_length(block, numbers)
        if self._held:
            numbers, block = [*self._held_numbers, *numbers], self._held + block
        last = len(block)
        while last and block[last - 1][:1] == "4":
            last -= 1
        last = last - 1 if last and block[last - 1][:1] == "6" else len(block)
        yield from self._read_records(block, numbers, last)
        self._held, self._held_numbers = block[last:], list(numbers[last:])
        self._records_before += last
        if len(self._held) > OVERFLOWS_MAX + 1:
            self.notes.line = self._held_numbers[0]
            raise too_many_overflows()

    def end(self) -> Iterator[list[StatementEntry]]:
        """Read the last check. Raises `LostStructureError` where a trailer is missing: the file was cut."""
        yield from self._read_records(self._held, self._held_numbers, len(self._held))
        if not self._records_before and not self._held:
            raise LostStructureError("lockbox.empty", None, "file has no records")
        self.notes.line = self._line_count
        innermost = self._innermost()
        if innermost:
            message = f"file ends before record {_TRAILERS[innermost]} of its {innermost}: it was cut"
            raise LostStructureError("lockbox.truncated", None, message)

    def keep_open_deposit(self) -> None:
        """Report the deposit that is being read, as far as it was read."""
        if self._lockbox is not None:
            self._report.statements.append(self._lockbox.summary(self._layout.currency))
            self._lockbox = None

    def _cut_to_length(self, block: list[str], numbers: Sequence[int]) -> list[str]:
        """The lines up to the length of the layout: thousands of them may be held until their check is whole."""
        length = self._layout.line_length
        if max(map(len, block)) <= length:
            return block
        for number, line in zip(numbers, block, strict=True):
            if len(line.rstrip()) > length:
                self.notes.line = number
                message = f"line is longer than the {length} characters of the layout, the rest of it is not read"
                self.notes.warn_once("lockbox.line_length", message)
                break
        return [line[:length] for line in block]

    def _innermost(self) -> str:
        """Record type of the innermost open level, empty between files."""
        if self._lockbox is not None:
            return "5" if self._lockbox.batch is None else "6"
        return "" if self._file_starts_after is None else "1"

    def _read_records(self, lines: list[str], numbers: Sequence[int], end: int) -> Iterator[list[StatementEntry]]:
        position = 0
        while position < end:
            if self._lockbox is not None and lines[position][:1] == "6":
                entries, position = self._checks.read_run(lines, numbers, position, end, self._lockbox)
                yield entries
            else:
                self.notes.line = numbers[position]
                self._read_control(lines[position], self._records_before + position)
                position += 1

    def _read_control(self, line: str, records_before: int) -> None:
        """Read a record that is neither a check of an open lockbox nor of such a check."""
        code = line[:1]
        if code == "1":
            self._open_file(line, records_before)
        elif self._file_starts_after is None:
            message = f"{shown(line)} stands outside record 1 to 9"
            raise LostStructureError("lockbox.record_order", "record_type", message)
        elif code == "2":
            self._read_service(line)
        elif code == "5":
            self._open_lockbox(line)
        elif code == "7" and self._lockbox is not None:
            self._close_batch(line, self._lockbox)
        elif code == "8" and self._lockbox is not None:
            self._close_lockbox(line, self._lockbox)
        elif code == "9":
            self._close_file(line, records_before + 1 - self._file_starts_after)
        elif code in ("4", "6", "7", "8"):
            where = "that stands behind no check" if code == "4" else "outside of a lockbox, record 5 to 8"
            raise LostStructureError("lockbox.record_order", "record_type", f"record {code} {where}")
        else:
            self.notes.unreadable("lockbox.record_type", f"{shown(line)} is not a lockbox record", "record_type")

    def _open_file(self, line: str, records_before: int) -> None:
        if self._file_starts_after is not None:
            trailer = _TRAILERS[self._innermost()]
            message = f"record 1 stands before record {trailer} of the file before it"
            raise LostStructureError("lockbox.record_order", "record_type", message)
        destination, origin, day, time, _ = map(str.strip, self._pick_header(line))
        if len(self._report.logical_file_ids) >= LOGICAL_FILES_MAX:
            message = f"more than {LOGICAL_FILES_MAX} logical files in one stream"
            raise LostStructureError("lockbox.too_many_files", None, message)
        created_on = self._fields.day(day, "1", "date").isoformat()
        if time:
            self._report.logical_file_ids.append(("lockbox", origin, destination, created_on, time))
        else:
            # Without it, two files of one day would pass for one and the second would never be posted.
            self.notes.warn_once("lockbox.time_missing", "file tells no time, a copy of it shows only by its bytes")
        self._file_starts_after = records_before
        self._has_service = False
        self._checks.begin_file()

    def _read_service(self, line: str) -> None:
        if self._has_service or self._lockbox is not None:
            raise LostStructureError("lockbox.record_order", "record_type", "record 2 does not follow record 1")
        self._has_service = True
        service_type = self._pick_service(line)[0].strip()
        if service_type not in ("", _LOCKBOX_SERVICE):
            message = f"service type is {shown(service_type)}, of a lockbox it is {_LOCKBOX_SERVICE}"
            self.notes.warn_once("lockbox.service_type", message, "service_type")

    def _open_lockbox(self, line: str) -> None:
        if not self._has_service:
            self.notes.warn_once("lockbox.service_missing", "file has no record 2 before its lockboxes")
        number, day_text, _ = map(str.strip, self._pick_lockbox(line))
        lockbox = self._lockbox
        if lockbox is not None:
            if lockbox.batch is None and (number, day_text) == (lockbox.number, lockbox.day_text):
                # Some banks repeat the header before each batch.
                return
            trailer = _TRAILERS[self._innermost()]
            self.notes.unreadable("lockbox.record_order", f"record 5 stands before record {trailer}", "record_type")
            self.keep_open_deposit()
        if not number:
            raise LostStructureError("lockbox.lockbox_number", "lockbox", "record 5 names no lockbox")
        if len(self._report.statements) >= DEPOSITS_MAX:
            message = f"more than {DEPOSITS_MAX} deposits in one stream"
            raise LostStructureError("lockbox.too_many_deposits", None, message)
        self._lockbox = LockboxCount(number, self._fields.day(day_text, "5", "deposit_date"), day_text)

    def _close_batch(self, line: str, lockbox: LockboxCount) -> None:
        picked = self._pick_batch_total(line)
        number = picked[4].strip()
        batch = lockbox.batch or self._checks.begin_batch(number, lockbox)
        if number != batch.number:
            message = f"record 7 is of batch {shown(number)}, its checks of {shown(batch.number)}"
            self.notes.out_of_balance("lockbox.batch_7", message, "batch")
        total = self._read_total(picked, "7")
        check_total(total, lockbox, batch.check_count, batch.sum_minor, self.notes)
        lockbox.declared_count += total.check_count or 0
        lockbox.declared_sum_minor += total.sum_minor or 0
        lockbox.batch = None

    def _close_lockbox(self, line: str, lockbox: LockboxCount) -> None:
        if lockbox.batch is not None:
            message = f"record 8 stands before record 7 of batch {shown(lockbox.batch.number)}"
            self.notes.unreadable("lockbox.record_order", message, "record_type")
        total = self._read_total(self._pick_lockbox_total(line), "8")
        check_total(total, lockbox, lockbox.declared_count, lockbox.declared_sum_minor, self.notes)
        self.keep_open_deposit()

    def _read_total(self, picked: Sequence[str], record: str) -> Total:
        count, amount, lockbox, day_text = map(str.strip, picked[:4])
        return Total(
            record=record,
            lockbox=lockbox,
            day_text=day_text,
            check_count=self._fields.count(count, record, "count"),
            sum_minor=self._fields.amount_minor(amount, record),
        )

    def _close_file(self, line: str, records: int) -> None:
        if self._lockbox is not None:
            message = f"record 9 stands before record {_TRAILERS[self._innermost()]}"
            self.notes.unreadable("lockbox.record_order", message, "record_type")
            self.keep_open_deposit()
        declared = self._fields.count(self._pick_trailer(line)[0].strip(), "9", "records")
        if declared is not None and declared != records:
            message = f"record 9 declares {declared} records, found {records}"
            self.notes.out_of_balance("lockbox.record_count_9", message, "records")
        self._file_starts_after = None
