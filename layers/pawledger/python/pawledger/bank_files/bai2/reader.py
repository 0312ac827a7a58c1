"""Reader of BAI2, the balance and transaction reporting format of banks in the United States.

A file is 01 to 99; in it groups 02 to 98, each one bank and one day; in them accounts 03 to 49 with details 16. Record
88 continues any of them. Every trailer is checked, see `bai2_controls`.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import BinaryIO, Final

from pawledger.bank_files.bai2.controls import (
    AccountCount,
    FileCount,
    GroupCount,
    check_summaries,
    check_trailer,
    read_trailer,
)
from pawledger.bank_files.bai2.details import DetailReader
from pawledger.bank_files.bai2.fields import (
    IDENTIFIER_CHARACTERS_MAX,
    RECORD_CHARACTERS_MAX,
    Notes,
    UnreadableRecordError,
    check_known,
    check_time,
    end_of_record,
    is_continuation,
    read_balances,
    read_day,
    shown,
    split_control_record,
)
from pawledger.bank_files.bai2.unfolding import cut_records, has_wrapped_text, join_wrapped_text, shares_lines
from pawledger.bank_files.lines import LINE_BYTES_MAX, LineBlocks, UnreadableLinesError
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Rule
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

STATEMENTS_MAX: Final = 50_000
"""Most statements of one stream: they are kept in the report, and this many take about 40 MB."""
LOGICAL_FILES_MAX: Final = 10_000
"""Most logical files of one stream, kept in the report like the statements."""
DEFAULT_CURRENCY: Final = "USD"
"""Currency where neither account nor group names one (specification, group header)."""

_GROUP_STATUSES: Final = {"1": "update", "2": "deletion", "3": "correction", "4": "test only"}
_FINAL_MODIFIERS: Final = frozenset(("", "2", "4"))
"""As-of-date modifiers of reports on a whole day, the previous one or the same; 1 and 3 are their interim reports."""
_INTERIM_MODIFIERS: Final = frozenset(("1", "3"))
_BLANK: Final = " \t\x1a"
"""A line of only these is no record; the last is the end mark of old systems, which some exports still append."""
_PARENTS: Final = {"01": "", "02": "01", "03": "02", "16": "03", "49": "03", "98": "02", "99": "01"}
"""Which record must be open for another to stand there."""
_TRAILERS: Final = {"01": "99", "02": "98", "03": "49"}


def read_bai2(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Iterate over the movements (16 records) of a BAI2 stream and fill `report`, in bounded memory whatever the size.

    No bytes make it raise: what is wrong is a problem in `report`, whose verdict counts once the iterator is exhausted.
    A record that cannot be read or stands where it must not ends the reading. Errors of the stream itself pass through.
    """
    report.format = "bai2"
    # Not a generator: it would add a step of Python to every movement.
    return chain.from_iterable(_read_runs(stream, report))


def _read_runs(stream: BinaryIO, report: FileReport) -> Iterator[list[StatementEntry]]:
    """Yield the movements in lists, each of details that follow one another; otherwise as `read_bai2`."""
    reader = _Reader(report)
    blocks = LineBlocks(stream)
    try:
        for lines in blocks:
            yield from reader.read_block(lines)
        yield from reader.end()
    except UnreadableRecordError as error:
        report.add(Rule.SYNTAX, error.rule, str(error), line=reader.notes.line or None, field=error.field_name)
    except UnreadableLinesError as error:
        report.add(Rule.SYNTAX, error.rule, str(error), line=error.line)
    reader.keep_open_statement()
    if blocks.fallback_line is not None:
        message = "text is not UTF-8, read as Windows-1252"
        report.add(Rule.MEANING, "bai2.encoding", message, line=blocks.fallback_line)


class _Reader:
    """Where the reading stands: the open file, group and account, and the record whose continuations may follow."""

    def __init__(self, report: FileReport) -> None:
        self.notes = Notes(report)
        self._report = report
        self._details = DetailReader(self.notes)
        self._line_count = 0
        self._records_before = 0
        """Records of the stream before those in hand."""
        self._held: list[str] = []
        """Last record of the block before, which the next block may continue; and the numbers of its lines."""
        self._held_numbers: list[int] = []
        self._shares_lines: bool | None = None
        """Whether records share lines; None before the first one."""
        self._file: FileCount | None = None
        self._group: GroupCount | None = None
        self._account: AccountCount | None = None

    def read_block(self, block: list[str]) -> Iterator[list[StatementEntry]]:
        """Read physical lines up to the last record, which is held until it is known where it ends.

        Yields the entries in lists of bounded length. Raises `UnreadableRecordError`.
        """
        numbers: Sequence[int] = range(self._line_count + 1, self._line_count + 1 + len(block))
        self._line_count += len(block)
        if min(block) < "0":
            # Blank lines sort before digits: only such a block needs to be looked through for them.
            pairs = [(number, line) for number, line in zip(numbers, block, strict=True) if line.strip(_BLANK)]
            numbers, block = [number for number, _ in pairs], [line for _, line in pairs]
        if not block:
            return
        block, numbers = self._unfold(block, numbers)
        last = len(block) - 1
        # Each line is asked by itself: to look from each for the end of its record takes hours on a block of these.
        while last and is_continuation(block[last]):
            last -= 1
        yield from self._read_records(block, numbers, last)
        self._held, self._held_numbers = block[last:], list(numbers[last:])
        self._records_before += last
        if sum(map(len, self._held)) > RECORD_CHARACTERS_MAX + LINE_BYTES_MAX:
            self.notes.line = self._held_numbers[0]
            raise UnreadableRecordError("bai2.record_too_long", None, "record goes on without end")

    def _unfold(self, block: list[str], numbers: Sequence[int]) -> tuple[list[str], Sequence[int]]:
        """The held record and the new lines, one record each. Raises `UnreadableRecordError`."""
        if self._shares_lines is None:
            self._shares_lines = shares_lines(block[0])
            if self._shares_lines:
                self.notes.line = numbers[0]
                self.notes.once("bai2.line_shared", "several records stand on one line, cut where one can begin")
        if self._shares_lines:
            block, numbers = cut_records(block, numbers)
        is_wrapped = has_wrapped_text(block)
        if self._held:
            block, numbers = self._held + block, [*self._held_numbers, *numbers]
        return join_wrapped_text(block, numbers, self.notes) if is_wrapped else (block, numbers)

    def end(self) -> Iterator[list[StatementEntry]]:
        """Read the last record. Raises `UnreadableRecordError` where a trailer is missing: the file was cut."""
        if not self._held:
            raise UnreadableRecordError("bai2.empty", None, "file has no records")
        # The empty line ends the record, whatever it is.
        yield from self._read_records([*self._held, ""], self._held_numbers, len(self._held))
        self.notes.line = self._line_count
        innermost = self._innermost()
        if innermost:
            message = f"file ends before trailer {_TRAILERS[innermost]} of its {innermost}: it was cut"
            raise UnreadableRecordError("bai2.truncated", None, message)

    def _read_records(self, lines: list[str], numbers: Sequence[int], end: int) -> Iterator[list[StatementEntry]]:
        """Read the records from the first line up to `end`, where another record begins."""
        position = 0
        lines = lines[: end + 1]
        while position < end:
            if self._account is not None and lines[position][:3] == "16,":
                run = self._details.read_run(lines, numbers, position, self._account)
                yield run.entries
                position = run.end
            else:
                first, position = position, end_of_record(lines, position + 1)
                self.notes.line = numbers[first]
                self._read_control(lines[first:position], self._records_before + first)
        self._details.check_limit()

    def keep_open_statement(self) -> None:
        """Report the statement during which reading ended, as far as it was read."""
        if self._account is not None:
            self._report.statements.append(self._account.summary())
            self._account = None

    def _innermost(self) -> str:
        """Record code of the innermost open level, empty between files."""
        if self._account is not None:
            return "03"
        if self._group is not None:
            return "02"
        return "" if self._file is None else "01"

    def _read_control(self, lines: list[str], first_record: int) -> None:
        """Read a record that is not a detail of an open account; `first_record` records stand before it."""
        code = lines[0][:2]
        if code not in _PARENTS or lines[0][2:3] != ",":
            raise UnreadableRecordError("bai2.record_code", "record_code", f"{shown(lines[0])} is not a BAI2 record")
        self._check_order(code)
        fields = split_control_record(lines, self.notes)
        if code == "01":
            self._open_file(fields, first_record)
        elif code == "02" and self._file is not None:
            self._open_group(fields, self._file, first_record)
        elif code == "03" and self._group is not None:
            self._open_account(fields, self._group, first_record)
        else:
            self._close(fields, first_record + len(lines))

    def _check_order(self, code: str) -> None:
        """Raise `UnreadableRecordError` unless the level that `code` belongs to is the innermost open one."""
        innermost = self._innermost()
        if innermost != _PARENTS[code]:
            where = f"before trailer {_TRAILERS[innermost]} of its {innermost}" if innermost else "outside 01 to 99"
            raise UnreadableRecordError("bai2.record_order", "record_code", f"record {code} stands {where}")

    def _open_file(self, fields: list[str], first_record: int) -> None:
        sender, receiver, day, time, file_id, _, _, version = _exactly(fields[1:], 8, "01")
        if version not in ("2", ""):
            raise UnreadableRecordError("bai2.version", "version", f"{shown(version)} is not version 2")
        check_time(time, self.notes)
        if len(self._report.logical_file_ids) >= LOGICAL_FILES_MAX:
            message = f"more than {LOGICAL_FILES_MAX} logical files in one stream"
            raise UnreadableRecordError("bai2.too_many_files", None, message)
        identity = ("bai2", sender, receiver, read_day(day, "creation_date").isoformat(), time, file_id)
        if file_id:
            self._report.logical_file_ids.append(identity)
        else:
            # Without it, two files of one minute would pass for one and the second would never be posted.
            self.notes.once("bai2.file_id_missing", "file has no identification number, a copy shows only by its bytes")
        self._file = FileCount(identity, sender, first_record)
        self._details.begin_file()

    def _open_group(self, fields: list[str], file: FileCount, first_record: int) -> None:
        _, originator, status, day, time, currency, modifier = _exactly(fields[1:], 7, "02")
        check_time(time, self.notes)
        line = self.notes.line
        if status not in _GROUP_STATUSES:
            message = f"{shown(status)} is not a group status, it is not known whether the group may be posted"
            self._report.add(Rule.INTEGRITY, "bai2.group_status", message, line=line, field="group_status")
        elif status in ("2", "4"):
            message = f"group has status {status} ({_GROUP_STATUSES[status]}), none of it is posted"
            self._report.add(Rule.MEANING, "bai2.group_not_posted", message, line=line, field="group_status")
        elif status == "3":
            message = "group replaces what was sent before for its accounts and day; what it leaves out stays posted"
            self._report.add(Rule.MEANING, "bai2.group_correction", message, line=line, field="group_status")
        if modifier not in _FINAL_MODIFIERS and modifier not in _INTERIM_MODIFIERS:
            message = f"{shown(modifier)} is not an as-of-date modifier, the report is not taken for a final one"
            self._report.add(Rule.MEANING, "bai2.modifier", message, line=line, field="as_of_date_modifier")
        self._group = GroupCount(
            originator=originator or file.sender,
            as_of=read_day(day, "as_of_date"),
            currency=currency or DEFAULT_CURRENCY,
            modifier=modifier,
            posts=status in ("1", "3"),
            is_correction=status in ("2", "3"),
            first_record=first_record,
        )

    def _open_account(self, fields: list[str], group: GroupCount, first_record: int) -> None:
        number = fields[1].strip() if len(fields) > 1 else ""
        if not number:
            raise UnreadableRecordError("bai2.account_number", "account_number", "account record without a number")
        if len(number) > IDENTIFIER_CHARACTERS_MAX:
            raise _field_too_long("03", "account_number")
        currency = (fields[2] if len(fields) > 2 else "") or group.currency
        if currency not in MINOR_UNIT_DECIMALS:
            message = f"{shown(currency)} is not an ISO 4217 currency, it is not known what the amounts are worth"
            self._report.add(Rule.INTEGRITY, "bai2.currency", message, line=self.notes.line, field="currency")
        if len(self._report.statements) >= STATEMENTS_MAX:
            message = f"more than {STATEMENTS_MAX} statements in one stream"
            raise UnreadableRecordError("bai2.too_many_statements", None, message)
        balances = read_balances(fields, self.notes)
        for balance in balances:
            check_known(balance.type_code, self.notes)
        known_currency = currency if currency in MINOR_UNIT_DECIMALS else None
        identity = ("bai2", group.originator, number, known_currency or "", group.as_of.isoformat(), group.modifier)
        self._details.begin_statement(identity)
        self._account = AccountCount(
            number=number,
            currency=known_currency,
            as_of=group.as_of,
            as_of_text=group.as_of.isoformat(),
            posts=group.posts,
            is_final=group.modifier in _FINAL_MODIFIERS,
            is_correction=group.is_correction,
            identity=identity,
            balances={balance.type_code: balance for balance in balances},
            balances_minor=sum(balance.amount_minor or 0 for balance in balances),
            first_record=first_record,
        )

    def _close(self, fields: list[str], record_count: int) -> None:
        """Check a trailer against what it closes and add its declared total to the level above."""
        trailer = read_trailer(fields, self.notes)
        file, group, account = self._file, self._group, self._account
        if account is not None and group is not None:
            total = account.balances_minor + account.credit_minor + account.debit_minor + account.undirected_minor
            check_trailer(trailer, total, None, record_count - account.first_record, self.notes)
            check_summaries(account, self.notes)
            self.keep_open_statement()
            group.control_minor += trailer.total_minor
            group.account_count += 1
        elif group is not None and file is not None:
            records = record_count - group.first_record
            check_trailer(trailer, group.control_minor, group.account_count, records, self.notes)
            self._group = None
            file.control_minor += trailer.total_minor
            file.group_count += 1
        elif file is not None:
            records = record_count - file.first_record
            check_trailer(trailer, file.control_minor, file.group_count, records, self.notes)
            self._file = None


def _exactly(fields: list[str], count: int, code: str) -> list[str]:
    """The fields of a header, filled up with empty ones.

    Raises `UnreadableRecordError` where there are too many, or one is longer than `IDENTIFIER_CHARACTERS_MAX`.
    """
    if any(fields[count:]):
        raise UnreadableRecordError("bai2.field_count", None, f"record {code} has more than {count} fields")
    if max(map(len, fields), default=0) > IDENTIFIER_CHARACTERS_MAX:
        raise _field_too_long(code, None)
    return [*fields[:count], *[""] * (count - len(fields))]


def _field_too_long(code: str, field_name: str | None) -> UnreadableRecordError:
    message = f"record {code} has a field of more than {IDENTIFIER_CHARACTERS_MAX} characters"
    return UnreadableRecordError("bai2.field_too_long", field_name, message)
