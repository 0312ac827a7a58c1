"""Reader of MT940, SWIFT's customer statement, and MT942, its interim report; see docs/formats/mt940.md.

A file holds messages, each a run of fields `:NN:`; fields 61 are the movements. What stands around them (headers of
SWIFT, lines that banks put before) is passed over.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import BinaryIO, Final, NamedTuple

from pawledger.bank_files.lines import LineBlocks, UnreadableLinesError
from pawledger.bank_files.mt940.columns import read_lines_in_columns
from pawledger.bank_files.mt940.entries import (
    ENTRIES,
    TAGS,
    build_entries,
    build_entry,
    split_movement,
    tell_unreadable,
)
from pawledger.bank_files.mt940.fields import (
    Notes,
    UnreadableFieldError,
    read_balance,
    read_day,
    read_floor_currency,
    read_total,
    shown,
)
from pawledger.bank_files.mt940.statement import Statement
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Rule

STATEMENTS_MAX: Final = 50_000
"""Most statements of one stream: they are kept in the report, and this many take about 40 MB."""
ROWS_MAX: Final = 1_000_000
"""Most different movements of one statement, whose hashes are kept to number those that are alike: about 100 MB."""
HEADER_CHARACTERS_MAX: Final = 30
"""Lines that banks put between messages have a dozen characters; more is text that somebody should know of."""
FIELD_LINES_MAX: Final = 2_000
"""Longest field: SWIFT allows 6 lines in field 86, and banks send some dozens."""
FIELD_CHARACTERS_MAX: Final = 256 * 1024
"""Longest field, four lines of the longest: what is read of it is held several times over."""

_FIELD: Final = re.compile(rf"^:({TAGS}):([^\n]*(?:\n(?!:(?:{TAGS}):|-[ ]*(?:\n|\Z)|-\}}|\{{[1-5]:)[^\n]*)*)\n", re.M)
_BEFORE_TAG: Final = re.compile(rf"^(?:[ \t\x01\x03\x1a]++|\{{[^\n]{{0,400}}?\{{4:[ ]*+)(?=:(?:{TAGS}):)", re.M)
"""What may stand on the line of a field before it: blanks, control characters, headers of SWIFT."""
_AMOUNTS: Final = frozenset({"60F", "60M", "62F", "62M", "64", "65", "90C", "90D"})
FIELD_START_CHARACTERS: Final = 512
"""How far into a line its first field may begin, behind headers of SWIFT."""
_FIELD_START: Final = re.compile(rf"\A(?:[ \t\x01\x03\x1a]*|\{{.*\{{4:[ ]*):(?!86:)(?:{TAGS}):")
_INTERIM_TAGS: Final = frozenset({"34F", "13", "13D", "90C", "90D"})
_MESSAGE_START: Final = frozenset({"20", "940", "942"})


def read_mt940(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Iterate over the movements of an MT940 or MT942 stream and fill `report`, in bounded memory whatever the size.

    No bytes make it raise: what is wrong is a problem in `report`, whose verdict counts once the iterator is exhausted.
    Errors of the stream itself pass through.
    """
    report.format = "mt940"
    return chain.from_iterable(_read_runs(stream, report))


def _read_runs(stream: BinaryIO, report: FileReport) -> Iterator[Iterable[StatementEntry]]:
    reader = _Reader(report)
    blocks = LineBlocks(stream)
    try:
        for lines in blocks:
            yield from reader.read_block(lines)
        yield from reader.end()
    except UnreadableFieldError as error:
        report.add(Rule.SYNTAX, f"mt940.{error.rule}", str(error), line=reader.notes.line)
    except UnreadableLinesError as error:
        report.add(Rule.SYNTAX, error.rule, str(error), line=error.line)
    if blocks.fallback_line is not None:
        message = "text is not UTF-8, read as Windows-1252"
        report.add(Rule.MEANING, "mt940.encoding", message, line=blocks.fallback_line)


class _Run(NamedTuple):
    """Movements that follow one another: where they end, the groups of `ENTRIES` and the line of each."""

    end: int
    found: Sequence[tuple[str, ...]]
    lines: Sequence[int]


class _Reader:
    """Where the reading stands: the open statement, and the lines of the last field, which may go on."""

    def __init__(self, report: FileReport) -> None:
        self.notes = Notes(report)
        self._report = report
        self._statement: Statement | None = None
        self._held: list[str] = []
        self._held_line = 1
        self._kinds: set[str] = set()
        self._pages: dict[tuple[str, str], Statement] = {}
        """By account and statement number: the last page that is to be continued."""
        self._page_rows = 0
        """Number of rows that the pages hold, each of which may be large."""

    def read_block(self, lines: list[str]) -> Iterator[Iterable[StatementEntry]]:
        """Read lines up to the last field that is not a field 86, which is held until it is known where it ends."""
        lines = self._held + lines if self._held else lines
        last = len(lines) - 1
        while last > 0 and not _FIELD_START.search(lines[last], 0, FIELD_START_CHARACTERS):
            last -= 1
        if last == 0:
            self._held = lines
            if len(lines) > FIELD_LINES_MAX or sum(map(len, lines)) > FIELD_CHARACTERS_MAX:
                self.notes.line = self._held_line
                limits = f"{FIELD_LINES_MAX} lines or {FIELD_CHARACTERS_MAX} characters"
                raise UnreadableFieldError("field_too_long", f"a field or text has more than {limits}")
            return
        yield from self._read(lines[:last], self._held_line)
        self._held, self._held_line = lines[last:], self._held_line + last

    def end(self) -> Iterator[Iterable[StatementEntry]]:
        """Read the last field and close the last statement."""
        yield from self._read(self._held, self._held_line)
        self.notes.line = self._held_line + max(len(self._held) - 1, 0)
        self._close()
        for page in self._pages.values():
            if page.number:
                message = f"page {shown(page.page)} of statement {shown(page.number)} is to be continued (62M)"
                self.notes.once("mt940.page_open", f"{message}; its other pages have to come in another file")
                break
        if not self._report.statements:
            raise UnreadableFieldError("empty", "the file has no statement")
        if self._kinds == {"mt942"}:
            self._report.format = "mt942"

    def _read(self, lines: list[str], first_line: int) -> Iterator[Iterable[StatementEntry]]:
        """Read whole fields, and the lines between them."""
        if self._statement is not None and self._statement.closing is None:
            entries = read_lines_in_columns(self._statement, lines, first_line)
            if entries is not None:
                yield entries
                self._check_rows(self._statement)
                return
        text = "\n".join(lines) + "\n"
        text, odd_count = _BEFORE_TAG.subn("", text)
        if odd_count:
            self.notes.line = first_line
            self.notes.once("mt940.field_indented", "fields stand behind blanks, control characters or headers")
        position, line, is_even = 0, first_line, True
        while position < len(text):
            if text.startswith(":61:", position) and self._statement is not None and self._statement.closing is None:
                run = _match_all_entries(text, position, line) if is_even else None
                # What is odd once is not looked through again behind each odd movement: that would be quadratic.
                is_even = run is not None
                run = run or _match_entries(text, position, line)
                if run.found:
                    yield build_entries(self._statement, run.found, run.lines, self.notes)
                    self._check_rows(self._statement)
                    line += text.count("\n", position, run.end)
                    position = run.end
                    continue
            field = _FIELD.match(text, position)
            if field is None:
                end = text.find("\n", position) + 1
                self.notes.line = line
                self._read_between(text[position : end - 1])
            else:
                end = field.end()
                information = None
                while field[1] == "61" and (following := _FIELD.match(text, end)) and following[1] == "86":
                    # Some banks write a field 86 for each line of it.
                    information = following[2] if information is None else f"{information}\n{following[2]}"
                    end = following.end()
                yield self._read_field(field[1], field[2], information, line)
            line += text.count("\n", position, end)
            position = end

    def _read_between(self, text: str) -> None:
        """A line that belongs to no field: the end of a message, a header, or what a bank puts before its messages."""
        stripped, statement = text.strip(" \t\x1a\x03"), self._statement
        if stripped.startswith(("-", "}")):
            if statement is not None:
                statement.has_end = True
            if statement is not None and (statement.is_interim or statement.closing is not None):
                self._close()
            elif statement is not None:
                # A dash alone on a line of text; a statement that really ends here is told when the next one begins.
                self.notes.once("mt940.dash", "a line of one dash stands inside of a statement")
        elif stripped.startswith("{") or statement is not None or not self._report.statements:
            return
        elif len(stripped) > HEADER_CHARACTERS_MAX:
            self.notes.once("mt940.text_between", "there is text between the messages, which is passed over")

    def _read_field(self, tag: str, value: str, information: str | None, line: int) -> list[StatementEntry]:
        self.notes.line = line
        statement = self._open(tag, line)
        if tag == "61":
            if statement.closing is not None:
                self.notes.wrong("mt940.order", "a movement stands behind the closing balance", tag)
            movement = split_movement(value.strip(), information)
            if movement is None:
                statement.entry_count += 1
                tell_unreadable(value, statement, line, self.notes)
                return []
            self._check_rows(statement)
            entry = build_entry(statement, movement, line, self.notes)
            return [] if entry is None else [entry]
        if tag in _INTERIM_TAGS:
            statement.is_interim = True
        first, _, more = value.partition("\n")
        if tag in _AMOUNTS and more.strip():
            self.notes.once("mt940.text_between", "there is text behind a balance or total, which is passed over")
        try:
            self._take(statement, tag, first.strip())
        except UnreadableFieldError as error:
            statement.is_uncertain = True
            self.notes.wrong(f"mt940.{error.rule}", str(error), tag)
        return []

    def _open(self, tag: str, line: int) -> Statement:
        """The statement that a field belongs to: a reference, or a first field behind a closed one, begins another."""
        statement = self._statement
        if statement is not None:
            if tag in ("25", "25P"):
                begins = statement.closing is not None or statement.credit_total is not None
            else:
                begins = tag in _MESSAGE_START and bool(statement.reference or statement.bank_account)
            if not begins:
                return statement
        if statement is not None:
            self._close()
        if len(self._report.statements) >= STATEMENTS_MAX:
            raise UnreadableFieldError("too_many_statements", f"more than {STATEMENTS_MAX} statements in one file")
        self._statement = statement = Statement(line)
        return statement

    def _take(self, statement: Statement, tag: str, value: str) -> None:
        """Take the value of a field that is no movement. Raises `UnreadableFieldError`."""
        if tag in _AMOUNTS:
            self._take_amount(statement, tag, value)
        elif tag == "20":
            statement.reference = value
        elif tag in ("25", "25P"):
            _check_once(statement.bank_account or statement.entry_count or None, tag)
            statement.bank_account = _account_number(value)
        elif tag in ("28", "28C"):
            statement.number, _, page = (part.strip() for part in value.partition("/"))
            statement.page = page.partition("/")[0].strip()
        elif tag == "34F":
            currency = read_floor_currency(value)
            if statement.floor_currency not in (None, currency):
                raise UnreadableFieldError("currency_differs", f"floor limits in two currencies, {shown(value)} last")
            statement.floor_currency = currency
        elif tag in ("13", "13D") and value[:6].isdigit():
            statement.reported_on, statement.reported_at = read_day(value[:6]), value

    def _take_amount(self, statement: Statement, tag: str, value: str) -> None:
        """Take a balance or total. Raises `UnreadableFieldError`."""
        if tag in ("60F", "60M"):
            _check_once(statement.opening or statement.closing or statement.entry_count or None, tag)
            statement.opening = read_balance(value, self.notes)
            statement.is_first_page = tag == "60F"
            before = self._pages.get((statement.bank_account, statement.number))
            if before is not None and not statement.is_first_page:
                # Movements that are alike are numbered over all pages of their statement.
                statement.rows = before.rows
        elif tag in ("62F", "62M"):
            _check_once(statement.closing, tag)
            statement.closing = read_balance(value, self.notes)
            statement.is_last_page = tag == "62F"
        elif tag == "90C":
            _check_once(statement.credit_total, tag)
            statement.credit_total = read_total(value, self.notes)
        elif tag == "90D":
            _check_once(statement.debit_total, tag)
            statement.debit_total = read_total(value, self.notes)
        else:
            statement.other_currencies.add(read_balance(value, self.notes).currency)

    def _check_rows(self, statement: Statement) -> None:
        if len(statement.rows) > ROWS_MAX:
            message = f"more than {ROWS_MAX} different movements in one statement"
            raise UnreadableFieldError("too_many_movements", message)
        if self._page_rows > ROWS_MAX:
            message = f"more than {ROWS_MAX} different movements in statements that are to be continued"
            raise UnreadableFieldError("too_many_movements", message)

    def _close(self) -> None:
        """Check the open statement and keep its summary."""
        statement, self._statement = self._statement, None
        if statement is None:
            return
        if not statement.is_interim or statement.opening is not None:
            statement.is_interim = False
            self._check_pages(statement)
        self._kinds.add("mt942" if statement.is_interim else "mt940")
        self._report.statements.append(statement.end(self.notes))

    def _check_pages(self, statement: Statement) -> None:
        """A page that goes on (60M) comes behind the one before it (62M), and opens with what that closed with."""
        key = (statement.bank_account, statement.number)
        before = self._pages.pop(key, None)
        if before is not None:
            self._page_rows -= before.kept_row_count
            line, self.notes.line = self.notes.line, statement.line
            pages = f"page {shown(statement.page)}", f"page {shown(before.page)}"
            if not statement.is_first_page and not statement.continues(before):
                message = f"{pages[0]} does not open with what {pages[1]} closed with"
                self.notes.wrong("mt940.page_balance", message, "60M")
            elif not statement.is_first_page and not statement.follows(before):
                self.notes.wrong("mt940.page_missing", f"{pages[0]} comes behind {pages[1]}", "28C")
            self.notes.line = line
        if not statement.is_last_page and statement.closing is not None:
            self._pages[key] = statement
            statement.kept_row_count = len(statement.rows)
            self._page_rows += statement.kept_row_count


def _match_all_entries(text: str, position: int, line: int) -> _Run | None:
    """All movements up to the closing balance or the end of the text; None unless each of them has two lines."""
    stop = text.find("\n:62", position) + 1 or len(text)
    number_of_lines = text.count("\n", position, stop)
    if not number_of_lines == 2 * text.count("\n:86:", position, stop) == 2 * text.count("\n:61:", position, stop) + 2:
        return None
    found = ENTRIES.findall(text, position, stop)
    # Every line begins one of the two fields; where every field 61 was taken, there is nothing between.
    return _Run(stop, found, range(line, line + number_of_lines, 2)) if number_of_lines == 2 * len(found) else None


def _match_entries(text: str, position: int, line: int) -> _Run:
    """Ordinary movements that follow one another from `position` on, none where an odd one stands there."""
    found, lines = [], []
    while match := ENTRIES.match(text, position):
        found.append(match.groups())
        lines.append(line)
        start, position = position, match.end()
        line += text.count("\n", start, position)
    return _Run(position, found, lines)


def _check_once(known: object, tag: str) -> None:
    """A field that says what its message is about comes once in it, and an opening balance before a closing one."""
    if known is not None:
        raise UnreadableFieldError("order", f"field {tag} comes twice, or behind the closing balance")


def _account_number(value: str) -> str:
    """The account without blanks; a currency that some banks append after a blank is not part of it."""
    number, _, behind = value.partition(" ")
    return number if len(behind.strip()) == 3 and behind.strip().isalpha() else value.replace(" ", "")
