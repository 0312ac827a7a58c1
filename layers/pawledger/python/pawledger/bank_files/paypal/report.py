"""Reader of PayPal's settlement report (STL), and of the transaction detail report (TRR), which has the same records.

RH and FH open the report and the file; each account is a section of SH, CH (columns), SB (one transaction each), SF
(one per currency) and SC; RF, RC and FF close report and file. See `paypal_controls` for what these must agree with.
"""

from collections.abc import Iterator
from itertools import chain
from operator import add
from typing import BinaryIO, Final

from pawledger.bank_files.delimited import DelimitedRows, RowBlock
from pawledger.bank_files.lines import UnreadableLinesError
from pawledger.bank_files.paypal.controls import CURRENCIES_MAX, Totals, check_count, check_footer, currency_of
from pawledger.bank_files.paypal.sections import SECTIONS_MAX, Section
from pawledger.bank_files.provider_rows import Notes, RowNumbers, UnreadableReportError, check_identifiers, shown
from pawledger.bank_files.records import StatementEntry, StatementSummary
from pawledger.bank_files.report import FileReport, Rule

_CONTROL_CODES: Final = frozenset(("RH", "FH", "SH", "CH", "SF", "SC", "RF", "RC", "FF"))


def read_paypal(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Iterate over the entries of a PayPal report and fill `report`, in bounded memory whatever the size.

    No bytes make it raise: what is wrong is a problem in `report`, whose verdict counts once the iterator is exhausted.
    Errors of the stream itself pass through.
    """
    report.format = "paypal.stl"
    return chain.from_iterable(_read_blocks(stream, report))


def _read_blocks(stream: BinaryIO, report: FileReport) -> Iterator[list[StatementEntry]]:
    notes = Notes(report, "paypal")
    rows = DelimitedRows(stream)
    reader = _Reader(notes)
    try:
        for block in rows:
            yield from reader.read(block)
        reader.end()
    except UnreadableReportError as error:
        notes.unreadable(error.rule, str(error), error.line, field=error.field_name)
    except UnreadableLinesError as error:
        report.add(Rule.SYNTAX, error.rule, str(error), line=error.line)
    report.statements += reader.summaries()
    report.logical_file_ids += reader.logical_file_ids()
    if rows.fallback_line is not None:
        notes.once("encoding", "text is not UTF-8, read as Windows-1252", rows.fallback_line)


class _Reader:
    """Where the reading stands: the open section, and the counts of file and report."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._numbers = RowNumbers()
        self._sections: list[Section] = []
        self._seen: dict[str, int] = {}
        """Record codes that came by now, and the line of the first of each."""
        self._file_number = "1"
        self._report_footer_count = 0
        self._row_count = 0
        self._line = 0

    def read(self, block: RowBlock) -> Iterator[list[StatementEntry]]:
        """Yield the entries of a block of rows. Raises `UnreadableReportError` where the structure is lost."""
        rows, lines = block
        self._line = lines[-1]
        start = 0
        while start < len(rows):
            end = start
            while end < len(rows) and rows[end][0] == "SB":
                end += 1
            if end > start:
                self._row_count += end - start
                yield self._section_for_rows(lines[start]).read_rows(RowBlock(rows[start:end], lines[start:end]))
            if end < len(rows):
                self._read_control(rows[end], lines[end])
            start = end + 1

    def _section_for_rows(self, line: int) -> Section:
        section = self._sections[-1] if self._sections else None
        if section is None or not section.has_columns or section.is_closed or "FF" in self._seen:
            raise UnreadableReportError("record_order", "SB stands outside of CH to SF", line=line)
        return section

    def _read_control(self, row: list[str], line: int) -> None:
        code = row[0].strip()
        if code not in _CONTROL_CODES:
            raise UnreadableReportError("record_code", f"{shown(row[0])} is no record of the report", line=line)
        misplaced = (
            "FF" in self._seen
            or (code in ("RH", "FH") and (code in self._seen or bool(self._sections)))
            or (code in ("SF", "SC", "RF", "RC", "FF") and not self._sections)
            or (code in ("SF", "SC") and not self._sections[-1].has_columns)
        )
        if misplaced:
            raise UnreadableReportError("record_order", f"{code} stands where it must not", line=line)
        self._seen.setdefault(code, line)
        if code == "FH":
            self._file_number = row[1].strip() if len(row) > 1 else ""
        elif code == "SH":
            self._open_section(row)
        elif code == "CH":
            self._read_columns(row, line)
        elif code in ("SF", "SC"):
            self._sections[-1].close(row, line)
        elif code == "FF":
            check_count(row, self._row_count, self._notes, line)
        elif code != "RH":
            self._check_report(row, line)

    def _read_columns(self, row: list[str], line: int) -> None:
        if not self._seen.keys() & {"RH", "FH", "SH"}:
            # Excerpts come without the header of their section.
            self._notes.once("account_unknown", "file has no SH: it is not known whose account it is", line)
            self._open_section([])
        if not self._sections or self._sections[-1].has_columns:
            raise UnreadableReportError("record_order", "CH stands without SH", line=line)
        self._sections[-1].read_columns(row, line)

    def _open_section(self, row: list[str]) -> None:
        if len(self._sections) >= SECTIONS_MAX:
            raise UnreadableReportError("too_many_sections", f"more than {SECTIONS_MAX} sections in one report")
        check_identifiers(row[:4])
        self._sections.append(Section(row, self._notes, self._numbers))

    def _check_report(self, row: list[str], line: int) -> None:
        """Compare RF and RC, which speak of the whole report, where this file is all of it."""
        code = row[0].strip()
        if self._file_number not in ("", "1"):
            message = f"{code} speaks of all files of the report, this is file {shown(self._file_number)}: not checked"
            self._notes.once("report_in_files", message, line)
        elif code == "RC":
            check_count(row, self._row_count, self._notes, line)
        else:
            self._report_footer_count += 1
            if self._report_footer_count > CURRENCIES_MAX:
                raise UnreadableReportError("too_many_currencies", f"more than {CURRENCIES_MAX} RF in one report")
            check_footer(row, self._totals_of_report(row), self._notes, line, is_report=True)

    def _totals_of_report(self, row: list[str]) -> Totals:
        whole = Totals()
        for section in self._sections:
            totals = section.totals.get(currency_of(row))
            if totals is not None:
                totals.told = True
                whole.amounts_minor = [*map(add, whole.amounts_minor, totals.amounts_minor)]
        return whole

    def end(self) -> None:
        """Tell what is missing at the end. Raises `UnreadableReportError` where the file was cut.

        Excerpts without the headers of report and file come without footers as well, and are read with a warning.
        """
        if not self._sections:
            raise UnreadableReportError("empty", "file has no section")
        if not self._sections[-1].has_columns:
            raise UnreadableReportError("truncated", "file ends before the columns of its section", line=self._line)
        for opened, closed in (("FH", ("FF",)), ("RH", ("RF", "RC", "FF"))):
            if opened in self._seen and self._seen.keys().isdisjoint(closed):
                message = f"file has {opened} and ends without {' or '.join(closed)}: it was cut"
                raise UnreadableReportError("truncated", message, line=self._line)
        missing = [code for code in ("SF", "SC", "RF", "RC", "FF") if code not in self._seen]
        if missing:
            message = f"file has no {', '.join(missing)}: what these would tell was not checked, the file may be cut"
            self._notes.once("footer_missing", message, self._line)
        for section in self._sections:
            section.check_told(self._line)

    def summaries(self) -> Iterator[StatementSummary]:
        """The statements as far as they were read: one for each section and currency."""
        for section in self._sections:
            yield from section.summaries()

    def logical_file_ids(self) -> Iterator[tuple[str, ...]]:
        """Identity of each section of a file that was read to its end record; an excerpt is no whole file."""
        if "FF" in self._seen:
            for section in self._sections:
                yield (*section.identity, self._file_number)
