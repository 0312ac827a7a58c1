"""Reader of NACHA files, the format of the automated clearing house in the United States.

A file is a header (1) to its control (9); in it batches, header (5) to control (8), each one company and one class of
entries; in them entries (6), each with its addenda (7). All controls are checked, see `nacha_controls`. Source: Nacha
Operating Rules, appendix three.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from re import Pattern
from re import compile as compile_pattern
from typing import BinaryIO, Final

from pawledger.bank_files.lines import UnreadableLinesError
from pawledger.bank_files.nacha.controls import BatchCount
from pawledger.bank_files.nacha.entries import EntryReader
from pawledger.bank_files.nacha.fields import Notes
from pawledger.bank_files.nacha.records import RecordBlock, RecordBlocks
from pawledger.bank_files.nacha.structure import Structure, StructureLostError
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Rule

ADDENDA_MAX: Final = 9_999
"""Most addenda of one entry: their number has four digits."""
COLUMN_ENTRIES_MIN: Final = 16
"""Fewest entries read in columns: to set these up costs more than it saves on fewer."""
COLUMN_ENTRIES_MAX: Final = 350
"""Most entries read at once in columns, as many as a block of lines holds: one that is not ordinary sends all beside it
the slower way."""

_ENTRIES: Final = compile_pattern("6*")
_PAIRS: Final = compile_pattern("(?:67(?!7))*")
"""Entries with one addenda each."""
_ADDENDA: Final = compile_pattern("7*")
_ENTRIES_WITH_ADDENDA: Final = compile_pattern("[67]*")


def read_nacha(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Iterate over the entries of a NACHA stream and fill `report`, in bounded memory whatever the size.

    No bytes make it raise: what is wrong is a problem in `report`, whose verdict counts once the iterator is exhausted.
    Reading goes on after a fault where records can still be told apart. Errors of the stream itself pass through.
    """
    report.format = "nacha"
    # Not a generator: it would add a step of Python to every entry.
    return chain.from_iterable(_read_runs(stream, report))


def _read_runs(stream: BinaryIO, report: FileReport) -> Iterator[Iterable[StatementEntry]]:
    """Yield the entries in runs of bounded length; otherwise as `read_nacha`."""
    reader = _Reader(Notes(report))
    blocks = RecordBlocks(stream, reader.notes)
    try:
        for block in blocks:
            yield from reader.read_block(block)
        yield from reader.end()
    except UnreadableLinesError as error:
        report.add(Rule.SYNTAX, error.rule, str(error), line=error.line)
    except StructureLostError:
        # Told where it was found.
        pass
    reader.structure.keep_open_batch()
    if blocks.fallback_line is not None:
        reader.notes.line = blocks.fallback_line
        reader.notes.once("encoding", "text is not UTF-8, read as Windows-1252")


class _Reader:
    """Reads records block by block; the last entry is held, since its addenda may follow in the next block."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self._entries = EntryReader(notes)
        self.structure = Structure(notes, self._entries)
        self._held = RecordBlock("", "", [], None)

    def read_block(self, block: RecordBlock) -> Iterator[Iterable[StatementEntry]]:
        """Read records up to the last one that is no addenda, which is held until it is known how many follow it.

        Raises `StructureLostError`.
        """
        if not block.text:
            return
        block = self._held.joined(block)
        last = max(len(block.kinds.rstrip("7")) - 1, 0)
        yield from self._read_records(block, last)
        self._held = block.part(last, len(block.kinds))
        self._check_addenda_count(self._held, 0, len(self._held.kinds))

    def end(self) -> Iterator[Iterable[StatementEntry]]:
        """Read what is held and check that the last file ends. Raises `StructureLostError`."""
        yield from self._read_records(self._held, len(self._held.kinds))
        self.notes.line = self._held.lines[-1] if self._held.lines else 1
        self.structure.end()

    def _read_records(self, block: RecordBlock, end: int) -> Iterator[Iterable[StatementEntry]]:
        """Read the records before `end`, where another record begins."""
        kinds = block.kinds[:end]
        structure = self.structure
        position = 0
        while position < end:
            self.notes.line = block.lines[position]
            if kinds[position] != "6":
                structure.read_control(kinds[position], block.record(position))
                position += 1
                continue
            if not structure.holds_entries() or structure.batch is None:
                position = _run_end(_ENTRIES_WITH_ADDENDA, kinds, position)
                continue
            start = position
            position = _run_end(_ENTRIES, kinds, start)
            if kinds[position : position + 1] == "7":
                # The last one of them has addenda.
                position -= 1
            if position > start:
                yield from self._read_run(block, start, position, 1, structure.batch)
            elif (position := _run_end(_PAIRS, kinds, start)) > start:
                yield from self._read_run(block, start, position, 2, structure.batch)
            else:
                position = _run_end(_ADDENDA, kinds, start + 1)
                self._check_addenda_count(block, start, position)
                yield self._read_single(block, start, position, structure.batch)
            structure.count_records(position - start)

    def _check_addenda_count(self, block: RecordBlock, start: int, end: int) -> None:
        """Raise `StructureLostError` where more addenda follow an entry than it can have."""
        if end - start - 1 > ADDENDA_MAX:
            self.notes.line = block.lines[start]
            self.structure.lose("too_many_addenda", f"more than {ADDENDA_MAX} addenda follow one another")

    def _read_run(
        self, block: RecordBlock, start: int, end: int, width: int, batch: BatchCount
    ) -> Iterator[Iterable[StatementEntry]]:
        """Read entries that have `width - 1` addenda each: none or one."""
        while start < end:
            stop = min(end, start + width * COLUMN_ENTRIES_MAX)
            entries = None
            if stop - start >= width * COLUMN_ENTRIES_MIN:
                column = block.part(start, stop)
                addenda = None
                if width == 2:
                    addenda = block.records(start, stop)[1::2]
                    column = column.every_other()
                entries = self._entries.read_in_columns(column, addenda, batch)
            if entries is None:
                one_by_one = []
                for position in range(start, stop, width):
                    one_by_one += self._read_single(block, position, position + width, batch)
                entries = one_by_one
            yield entries
            start = stop

    def _read_single(self, block: RecordBlock, start: int, end: int, batch: BatchCount) -> list[StatementEntry]:
        """Read one entry and its addenda."""
        offset = None if block.offsets is None else block.offsets[start]
        addenda = block.records(start + 1, end)
        entry = self._entries.read_one(block.record(start), addenda, block.lines[start], offset, batch)
        return [] if entry is None else [entry]


def _run_end(pattern: Pattern[str], kinds: str, position: int) -> int:
    """Where a run of records of one kind, from `position` on and maybe empty, ends."""
    found = pattern.match(kinds, position)
    return position if found is None else found.end()
