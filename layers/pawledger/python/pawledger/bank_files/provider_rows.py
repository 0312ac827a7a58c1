"""What the readers of provider reports share: tables with a header, amounts, days, references, counting of entries."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import BinaryIO, Final

from pawledger.bank_files.delimited import DelimitedRows, RowBlock, make_square
from pawledger.bank_files.lines import UnreadableLinesError
from pawledger.bank_files.records import Direction, Purpose, StatementEntry, StatementSummary
from pawledger.bank_files.report import FileReport, Rule
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.errors import PawledgerError
from pawledger.domain.money import AMOUNT_CHARACTERS_MAX, AmountError, parse_amount

DIFFERENT_ROWS_MAX: Final = 1_200_000
"""Most different rows of one report, among which identical ones are counted; this many take about 90 MB.

PayPal splits its reports at a million."""
STATEMENTS_MAX: Final = 50_000
"""Most statements (account, batch, currency) of one report: they are kept until it ends."""
IDENTIFIER_CHARACTERS_MAX: Final = 512
"""Most characters of what names a statement, batch or payout: they are kept until the report ends."""
REFERENCES_MAX: Final = 16
"""Most references of one entry; see `StatementEntry.references`."""
REFERENCE_CHARACTERS_MAX: Final = 256
"""Longest reference that is kept: provider ids and merchant references are below 100 characters."""
NOTES_MAX: Final = 1_000
"""Most different warnings of one report: there are fewer kinds and codes, so that this only stops a hostile file."""
VALUE_SHOWN_MAX: Final = 40
"""Characters of the file that a message repeats, so that a hostile field cannot fill a log."""

_CREDIT: Final = Direction.CREDIT
_DEBIT: Final = Direction.DEBIT


class UnreadableReportError(PawledgerError):
    """The report cannot be read any further; `rule`, `line` and `field_name` say what is wrong and where."""

    def __init__(self, rule: str, message: str, *, line: int | None = None, field_name: str | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.line = line
        self.field_name = field_name


def shown(text: str) -> str:
    """The text as a message may repeat it: quoted, escaped and cut."""
    return repr(text[:VALUE_SHOWN_MAX])


@dataclass(slots=True)
class Notes:
    """Problems of one report, those that could recur on every row told once each."""

    report: FileReport
    prefix: str
    """What the names of the rules begin with: `stripe`, `adyen`, ..."""
    _told: set[str] = field(default_factory=set)

    def once(self, rule: str, message: str, line: int | None, *, key: str = "") -> None:
        """Add a warning unless it was already told for this rule and `key`."""
        told = f"{rule} {key[:REFERENCE_CHARACTERS_MAX]}"
        if told not in self._told and (len(self._told) < NOTES_MAX or not key):
            self._told.add(told)
            self.report.add(Rule.MEANING, f"{self.prefix}.{rule}", message, line=line)

    def wrong(self, rule: str, message: str, line: int | None, *, field: str | None = None) -> None:
        """Add a fault that puts the file out of balance."""
        self.report.add(Rule.INTEGRITY, f"{self.prefix}.{rule}", message, line=line, field=field)

    def unreadable(self, rule: str, message: str, line: int | None, *, field: str | None = None) -> None:
        """Add a fault that makes the file unreadable, and go on reading."""
        self.report.add(Rule.SYNTAX, f"{self.prefix}.{rule}", message, line=line, field=field)


class Table:
    """The rows of a report whose first row names its columns."""

    def __init__(self, stream: BinaryIO, notes: Notes, required: Iterable[str]) -> None:
        """`required` are the names without which the report cannot be read."""
        self._rows = DelimitedRows(stream)
        self._notes = notes
        self._required = tuple(required)
        self._width = 0
        self.columns: dict[str, int] = {}
        """Place of each column by its name; of two columns of one name the first. Known with the first block."""

    def blocks(self) -> Iterator[RowBlock]:
        """Yield the rows below the header, as wide as the header; what cannot be read is told in the notes.

        A row with another number of fields than the header is told as `ragged_row` and left out: its fields may stand
        in wrong columns, or it was cut.
        """
        try:
            row_count = -1
            for block in self._rows:
                row_count += len(block.rows)
                yield from self._give(block)
            if row_count < 0:
                self._notes.unreadable("empty", "file has no rows, not even a header", None)
            elif not row_count:
                self._notes.once("no_rows", "report has no rows below its header: nothing happened, or it was cut", 1)
        except UnreadableLinesError as error:
            self._notes.report.add(Rule.SYNTAX, error.rule, str(error), line=error.line)
        except UnreadableReportError as error:
            self._notes.unreadable(error.rule, str(error), error.line, field=error.field_name)
        if self._rows.fallback_line is not None:
            self._notes.once("encoding", "text is not UTF-8, read as Windows-1252", self._rows.fallback_line)

    def _give(self, block: RowBlock) -> Iterator[RowBlock]:
        rows, lines = block
        if not self.columns:
            for place, name in enumerate(rows[0]):
                self.columns.setdefault(name.strip(), place)
            missing = [name for name in self._required if name not in self.columns]
            if missing:
                raise UnreadableReportError("columns_missing", f"columns are missing: {missing}", line=lines[0])
            self._width = len(rows[0])
            block = RowBlock(rows[1:], lines[1:])
        ragged = make_square(block, self._width)
        for row in ragged:
            message = f"row has {row.field_count} fields, the header has {self._width}"
            self._notes.unreadable("ragged_row", message, row.line)
        if ragged:
            left_out = {row.place for row in ragged}
            kept = [place for place in range(len(block.rows)) if place not in left_out]
            block = RowBlock([block.rows[place] for place in kept], [block.lines[place] for place in kept])
        if block.rows:
            for row_of_block in block.rows:
                row_of_block.append("")
            yield block

    def getter(self, *names: str) -> Callable[[list[str]], tuple[str, ...]]:
        """A function that takes the fields of these columns from a row; columns that the report lacks are empty."""
        # Every row has an empty field behind its last one, which stands for the columns that there are not.
        places = [self.columns.get(name, self._width) for name in names]
        if len(places) == 1:
            (place,) = places
            return lambda row: (row[place],)
        return itemgetter(*places) if places else lambda _: ()


def read_day(text: str) -> date | None:
    """The day of a time written `YYYY-MM-DD ...` or `YYYY/MM/DD ...`, as written, whatever its zone.

    None where it is none.
    """
    return _day_of(text[:11])


@lru_cache(maxsize=4096)
def _day_of(text: str) -> date | None:
    day = text[:10].replace("/", "-")
    if len(day) == 10 and day[4] == day[7] == "-" and text[10:] in ("", " ", "T"):
        try:
            return date.fromisoformat(day)
        except ValueError:
            pass
    return None


def read_amount(text: str, currency: str, notes: Notes, line: int, field: str) -> int | None:
    """Read a decimal in major units as minor units; None where it is none, which is then told.

    `amount` (unreadable) is told for what is no number, `amount_decimals` (out of balance) for one with more decimals
    than `currency` has.
    """
    decimals = MINOR_UNIT_DECIMALS[currency]
    if decimals:
        digits = text[: -decimals - 1] + text[-decimals:]
        if text[-decimals - 1 : -decimals] == "." and digits.isdigit() and digits.isascii() and len(digits) < 18:
            return int(digits)
    try:
        return parse_amount(text, currency)
    except AmountError:
        whole, _, fraction = text[:AMOUNT_CHARACTERS_MAX].lstrip("+-").partition(".")
        if len(text) <= AMOUNT_CHARACTERS_MAX and (whole + fraction).isdigit() and len(fraction) > decimals:
            message = f"{shown(text)} has more decimals than {currency} has, which is {decimals}"
            notes.wrong("amount_decimals", message, line, field=field)
        else:
            notes.unreadable("amount", f"{shown(text)} is not an amount", line, field=field)
        return None


def signed(amount_minor: int) -> tuple[int, Direction]:
    """An amount as entries have it: magnitude and direction; zero is a credit."""
    return (-amount_minor, _DEBIT) if amount_minor < 0 else (amount_minor, _CREDIT)


def gather_references(values: Iterable[str]) -> tuple[str, ...]:
    """The values that are not empty, each once, in their order, not more than an entry may have."""
    found = [value for value in dict.fromkeys(values) if value]
    if len("".join(found)) > REFERENCE_CHARACTERS_MAX:
        found = [value[:REFERENCE_CHARACTERS_MAX] for value in found]
    return tuple(found[:REFERENCES_MAX])


class RowNumbers:
    """Counts rows that agree in their key, so that identical rows get different numbers."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def number(self, keys: Sequence[int]) -> list[str] | None:
        """How often the row of each key (a hash) has come by now, itself included; None where each came just once.

        Two different rows with one hash are numbered apart like identical ones, and none is lost. Raises
        `UnreadableReportError` beyond `DIFFERENT_ROWS_MAX` different keys.
        """
        counted = dict.fromkeys(keys, 1)
        ordinals = None
        if len(counted) == len(keys) and self._counts.keys().isdisjoint(counted):
            self._counts |= counted
        else:
            ordinals = [self._number_one(key) for key in keys]
        if len(self._counts) > DIFFERENT_ROWS_MAX:
            raise UnreadableReportError("too_many_rows", f"more than {DIFFERENT_ROWS_MAX} different rows in one report")
        return ordinals

    def _number_one(self, key: int) -> str:
        self._counts[key] = ordinal = self._counts.get(key, 0) + 1
        return str(ordinal)


def number_entries(
    rows: Sequence[list[StatementEntry]], keys: Sequence[int], numbers: RowNumbers
) -> list[StatementEntry]:
    """The entries of all rows, with how often each row has come by now in the last place of their identities.

    `keys` are hashes of what identifies each row. Raises `UnreadableReportError`.
    """
    ordinals = numbers.number(keys)
    if ordinals is None:
        return [*chain.from_iterable(rows)]
    return [
        entry if ordinal == "1" else entry._replace(identity=(*entry.identity[:-1], ordinal))
        for row, ordinal in zip(rows, ordinals, strict=True)
        for entry in row
    ]


def number_parts(rows: Sequence[list[StatementEntry]], numbers: RowNumbers) -> list[StatementEntry]:
    """The same for rows that became an entry of the gross and one of the fee, told apart in the place before."""
    own = [row for row in rows if row]
    return number_entries(own, [hash(row[0].identity[:-2]) for row in own], numbers)


def check_identifiers(identifiers: Iterable[str], line: int | None = None) -> None:
    """Raise `UnreadableReportError` for identifiers of more than `IDENTIFIER_CHARACTERS_MAX` characters together."""
    if sum(map(len, identifiers)) > IDENTIFIER_CHARACTERS_MAX:
        message = f"account, batch or payout is named by more than {IDENTIFIER_CHARACTERS_MAX} characters"
        raise UnreadableReportError("identifier_too_long", message, line=line)


@dataclass(slots=True)
class StatementCount:
    """What was counted of one statement of a report."""

    bank_account: str
    currency: str
    identity: tuple[str, ...]
    first_day: date | None = None
    last_day: date | None = None
    opening_minor: int | None = None
    closing_minor: int | None = None
    sequence_number: int | None = None
    credit_count: int = 0
    credit_minor: int = 0
    debit_count: int = 0
    debit_minor: int = 0
    return_count: int = 0

    def count(self, entries: Sequence[StatementEntry]) -> None:
        """Count entries of this statement."""
        credited = [entry.amount_minor for entry in entries if entry.direction is _CREDIT]
        debited = [entry.amount_minor for entry in entries if entry.direction is _DEBIT]
        self.credit_count += len(credited)
        self.credit_minor += sum(credited)
        self.debit_count += len(debited)
        self.debit_minor += sum(debited)
        self.return_count += [entry.purpose for entry in entries].count(Purpose.RETURN)
        self.span({entry.booked_on for entry in entries})

    def span(self, days: Iterable[date | None]) -> None:
        """Widen the days of the statement to hold these as well."""
        known = {day for day in days if day is not None} | ({self.first_day, self.last_day} - {None})
        if known:
            self.first_day, self.last_day = min(known), max(known)  # type: ignore[type-var]

    def summary(self, identity: tuple[str, ...] | None = None) -> StatementSummary:
        """The summary as the report keeps it; `identity` replaces the own one where it is known only at the end."""
        return StatementSummary(
            bank_account=self.bank_account,
            currency=self.currency,
            identity=identity or self.identity,
            first_day=self.first_day,
            last_day=self.last_day,
            sequence_number=self.sequence_number,
            opening_minor=self.opening_minor,
            closing_minor=self.closing_minor,
            entry_count=self.credit_count + self.debit_count,
            credit_count=self.credit_count,
            credit_minor=self.credit_minor,
            debit_count=self.debit_count,
            debit_minor=self.debit_minor,
            return_count=self.return_count,
            change_count=0,
            chain=None,
            is_correction=False,
        )
