"""How NACHA records nest: files (1 to 9), batches (5 to 8), and what is told where one of them is missing."""

from typing import Final

from pawledger.bank_files.nacha.controls import (
    RECORDS_PER_BLOCK,
    BatchCount,
    FileCount,
    check_batch_control,
    check_directions,
    check_file_control,
)
from pawledger.bank_files.nacha.entries import EntryReader
from pawledger.bank_files.nacha.fields import (
    ADVICE,
    INTERNATIONAL,
    Notes,
    has_check_digit,
    is_number,
    layout_of,
    read_day,
    read_settlement_day,
    shown,
)
from pawledger.bank_files.nacha.records import FILLER
from pawledger.domain.errors import PawledgerError

BATCHES_MAX: Final = 50_000
"""Most batches of one stream: they are kept in the report, and this many take about 40 MB."""
LOGICAL_FILES_MAX: Final = 10_000
"""Most logical files of one stream, kept in the report like the batches."""
UNREADABLE_RECORDS_MAX: Final = 100
"""So many records that stand where they must not or are of no known kind, and the stream is no NACHA file any more."""

_SERVICE_CLASSES: Final = frozenset(("200", "220", "225", "280"))
_MADE_UP_HEADER: Final = "5".ljust(94)


class StructureLostError(PawledgerError):
    """Reading cannot go on; the problem that says why is told already."""


class Structure:
    """The open file and batch, and what was counted of them."""

    def __init__(self, notes: Notes, entries: EntryReader) -> None:
        self.batch: BatchCount | None = None
        self._notes = notes
        self._report = notes.report
        self._entries = entries
        self._file: FileCount | None = None
        self._closed_file: FileCount | None = None
        """Last file whose control was read: filler may follow."""
        self._batch_count = 0
        self._unreadable_count = 0

    def lose(self, rule: str, message: str) -> None:
        """Tell a fault after which nothing can be read. Raises `StructureLostError`."""
        self._notes.unreadable(rule, message)
        raise StructureLostError(message)

    def count_records(self, count: int) -> None:
        """Count records of the open file towards its blocks."""
        if self._file is not None:
            self._file.record_count += count

    def holds_entries(self) -> bool:
        """Whether a batch is open for an entry; one is made up for entries with which a stream begins."""
        if self.batch is None and self._file is None and self._closed_file is None:
            self._open_file_without_header()
            self._notes.wrong("batch_header_missing", "entry stands before any batch header (5)", "record_type")
            self._open_batch(_MADE_UP_HEADER)
        if self.batch is None:
            self._refuse("entry (6)")
        return self.batch is not None

    def read_control(self, kind: str, record: str) -> None:
        """Read a record that is neither entry nor addenda of an entry. Raises `StructureLostError`."""
        if kind == "9" and record == FILLER and self._file is None and self._closed_file is not None:
            self._closed_file.filler_count += 1
        elif kind == "1":
            self._close_without_control()
            self._open_file(record)
        elif kind == "5":
            self._close_batch_without_control()
            if self._file is None:
                self._open_file_without_header()
            self.count_records(1)
            self._open_batch(record)
        elif kind == "8" and self.batch is not None:
            self.count_records(1)
            check_batch_control(record, self.batch, self._notes)
            self._close_batch()
        elif kind == "9" and self._file is not None and record != FILLER:
            self._close_file(record, self._file)
        elif record == FILLER and self._file is not None:
            message = "filler (all nines) stands before the file control, which is missing or comes too late"
            self._notes.unreadable_once("record_order", message, "record_type")
        else:
            self.count_records(1)
            names = {"7": "addenda (7)", "8": "batch control (8)", "9": "file control (9)"}
            self._refuse(names.get(kind) or f"record {shown(record)} of no known kind")

    def end(self) -> None:
        """Check that the stream ends after the control of a file."""
        file = self._file
        if file is not None and file.identity:
            missing = "its control (9)" if self.batch is None else "the control of its batch (8)"
            self._notes.unreadable("truncated", f"file ends before {missing}: it was cut")
        self._close_without_control(told=file is not None and bool(file.identity))
        if file is None and self._closed_file is None:
            self._notes.unreadable("empty", "file has no records")

    def keep_open_batch(self) -> None:
        """Report the batch during which reading ended, as far as it was read."""
        if self.batch is not None:
            self._report.statements.append(self.batch.summary())
            self.batch = None

    def _refuse(self, what: str) -> None:
        """Tell of a record that stands where it must not; after too many of them, give up."""
        where = "outside a batch" if self._file is not None else "outside a file"
        if self.batch is not None:
            where = "inside a batch"
        rule = "record_type" if what.startswith("record ") else "record_order"
        self._notes.unreadable(rule, f"{what} stands {where}", "record_type")
        self._unreadable_count += 1
        if self._unreadable_count >= UNREADABLE_RECORDS_MAX:
            self.lose("structure_lost", f"{UNREADABLE_RECORDS_MAX} records stand where they must not, reading ends")

    def _open_file(self, header: str) -> None:
        self._check_limit(LOGICAL_FILES_MAX, len(self._report.logical_file_ids), "logical files")
        notes = self._notes
        if header[1:3] != "01" or header[34:40] != "094101":
            message = f"header has priority {shown(header[1:3])} and format {shown(header[34:40])}, not 01 and 094101"
            notes.unreadable("format", message, "format_code")
        created_on = read_day(header[23:29])
        if created_on is None:
            notes.unreadable("day", f"{shown(header[23:29])} is not a day written YYMMDD", "creation_date")
        destination, origin, time, modifier = (
            header[place].strip() for place in (slice(3, 13), slice(13, 23), slice(29, 33), slice(33, 34))
        )
        if len(destination) == 9 and is_number(destination) and not has_check_digit(destination):
            notes.once("check_digit", f"routing number {shown(destination)} has a wrong check digit", key="header")
        day = created_on.isoformat() if created_on else ""
        identity = ("nacha", origin, destination, day, time, modifier)
        if modifier:
            self._report.logical_file_ids.append(identity)
        else:
            # Without it, two files of one minute would pass for one and the second would never be posted.
            notes.once("file_id_missing", "file has no id modifier, a copy shows only by its bytes")
        self._begin_file(FileCount(identity, created_on, record_count=1))

    def _open_file_without_header(self) -> None:
        self._notes.wrong("file_header_missing", "file header (1) is missing, it is not known what file this is")
        self._begin_file(FileCount((), None))

    def _begin_file(self, file: FileCount) -> None:
        self._finish_blocks()
        self._file, self._closed_file = file, None
        self._entries.begin_file()

    def _open_batch(self, header: str) -> None:
        self._check_limit(BATCHES_MAX, self._batch_count, "batches")
        file = self._file
        if file is None:
            return
        if header[1:4] not in _SERVICE_CLASSES and header != _MADE_UP_HEADER:
            message = f"service class {shown(header[1:4])} is not a listed one"
            self._notes.once("service_class_unknown", message, key=header[1:4])
        self._batch_count += 1
        file.batch_count += 1
        self.batch = _read_batch_header(header, file, self._notes)
        file.advice_count += self.batch.is_advice
        self._entries.begin_batch(self.batch)

    def _close_batch(self) -> None:
        """Count the batch in its file and report it."""
        file, batch = self._file, self.batch
        if file is not None and batch is not None:
            check_directions(batch, self._notes)
            file.entry_count += batch.entry_count + batch.addenda_count
            file.entry_hash += batch.entry_hash
            file.debit_minor += batch.debit_minor
            file.credit_minor += batch.credit_minor
        self.keep_open_batch()

    def _close_batch_without_control(self, *, told: bool = False) -> None:
        if self.batch is not None:
            if not told:
                message = "batch has no control (8), nothing says what its entries sum to"
                self._notes.wrong("batch_control_missing", message)
            self._close_batch()

    def _close_file(self, record: str, file: FileCount) -> None:
        self._close_batch_without_control()
        file.record_count += 1
        check_file_control(record, file, self._notes)
        self._file, self._closed_file = None, file

    def _close_without_control(self, *, told: bool = False) -> None:
        """End whatever is open where the next file or the end of the stream comes."""
        self._close_batch_without_control(told=told)
        if self._file is not None and not told:
            message = "file has no control (9), nothing says what its batches sum to"
            self._notes.wrong("file_control_missing", message)
        self._finish_blocks()
        self._file = None

    def _finish_blocks(self) -> None:
        closed = self._closed_file
        if closed is not None and (closed.record_count + closed.filler_count) % RECORDS_PER_BLOCK:
            message = f"file is not filled up to a multiple of {RECORDS_PER_BLOCK} records"
            self._notes.once("blocks_not_filled", message)

    def _check_limit(self, most: int, count: int, what: str) -> None:
        if count >= most:
            self.lose("too_many_" + what.replace(" ", "_"), f"more than {most} {what} in one stream")


def _read_batch_header(header: str, file: FileCount, notes: Notes) -> BatchCount:
    entry_class = header[50:53]
    is_international = entry_class == "IAT" or header[4:10] == "IATCOR"
    is_advice = entry_class == "ADV"
    value_on = read_day(header[69:75])
    if value_on is None and header[69:75].strip(" 0"):
        notes.once("effective_date", f"{shown(header[69:75])} is not a day written YYMMDD, read as blank")
    near = file.created_on or value_on
    settled_on = read_settlement_day(header[75:78], near) if near is not None else None
    booked_on = settled_on or value_on or file.created_on
    company_id, bank, number = header[40:50].strip(), header[79:87], header[87:94]
    # The day that the originator gave is the same in every copy; the operator puts in the day of settlement later.
    day = value_on or booked_on
    return BatchCount(
        company_id=company_id,
        entry_class=entry_class.strip(),
        service_class=header[1:4],
        originating_bank=bank,
        number=number,
        layout=INTERNATIONAL if is_international else ADVICE if is_advice else layout_of(entry_class),
        is_international=is_international,
        is_advice=is_advice,
        booked_on=booked_on,
        value_on=value_on,
        day_text=day.isoformat() if day is not None else "",
        identity=(*(file.identity or ("nacha", "", "", "", "", "")), company_id, bank.strip(), number.strip()),
    )
