"""Where the fields of lockbox records stand: columns differ by bank, so that a provider's profile may give its own.

Banks call their published columns typical, not definitive. `TYPICAL_LAYOUT` is what most of them share.
"""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from itertools import pairwise
from typing import Final, NamedTuple, cast

from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.errors import PawledgerError

Columns = tuple[int, int]
"""First and last column of a field, counted from 1; column 1 is the record type."""

LINE_LENGTH_MAX: Final = 1_000
"""Longest line a layout may ask for: records are 80 or 104 characters, the longest known ones 160."""
NUMBER_COLUMNS_MAX: Final = 18
"""Widest amount, sum or count: 18 digits hold every amount of money there is."""
DECIMALS_MAX: Final = 5
"""Most implied decimals of an amount; no currency has more than four, and some systems write five for all."""
FAULTS_TOLD_MAX: Final = 50
"""Most faults of one table that are told, so that a table of another kind does not fill a log."""
VALUE_SHOWN_MAX: Final = 60
"""Characters of a wrong value that a fault repeats."""

DATE_FORMATS: Final = {
    "YYMMDD": ((0, 2), (2, 4), (4, 6)),
    "MMDDYY": ((4, 6), (0, 2), (2, 4)),
    "YYYYMMDD": ((0, 4), (4, 6), (6, 8)),
    "MMDDYYYY": ((4, 8), (0, 2), (2, 4)),
}
"""Where year, month and day stand in a date; two-digit years are of the century 2000."""


class LayoutFault(NamedTuple):
    """One thing wrong with a layout table: where, what stands there and what has to."""

    path: str
    value: object
    rule: str

    def __str__(self) -> str:
        return f"{self.path} = {repr(self.value)[:VALUE_SHOWN_MAX]}: expected {self.rule}"


class LockboxLayoutError(PawledgerError):
    """A table is not a lockbox layout; `faults` tells everything that is wrong with it."""

    def __init__(self, faults: tuple[LayoutFault, ...]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class ImmediateHeaderColumns:
    """Record 1: who sends the file to whom, and when."""

    destination: Columns
    origin: Columns
    date: Columns
    time: Columns | None = None


@dataclass(frozen=True, slots=True)
class ServiceColumns:
    """Record 2: what the file is for."""

    service_type: Columns | None = None


@dataclass(frozen=True, slots=True)
class LockboxHeaderColumns:
    """Record 5: the lockbox and the day on which its checks were deposited."""

    lockbox: Columns
    deposit_date: Columns


@dataclass(frozen=True, slots=True)
class CheckColumns:
    """Record 6: one check."""

    batch: Columns
    item: Columns
    amount: Columns
    transit: Columns | None = None
    account: Columns | None = None
    check_number: Columns | None = None
    remitter: Columns | None = None
    remitter_id: Columns | None = None
    """Number under which we know who pays, where the bank keys it in from the payment slip."""
    invoice: Columns | None = None
    """First invoice that the check pays, where the bank does not wait for record 4 with it."""
    invoice_amount: Columns | None = None


@dataclass(frozen=True, slots=True)
class OverflowColumns:
    """Record 4: an invoice that the check before it pays."""

    batch: Columns
    item: Columns
    sequence: Columns | None = None
    last: Columns | None = None
    """Holds `9` in the last record 4 of a check."""
    invoice: Columns | None = None
    amount: Columns | None = None


@dataclass(frozen=True, slots=True)
class BatchTotalColumns:
    """Record 7: number and sum of the checks of a batch."""

    batch: Columns
    count: Columns
    sum: Columns
    lockbox: Columns | None = None
    deposit_date: Columns | None = None


@dataclass(frozen=True, slots=True)
class LockboxTotalColumns:
    """Record 8: number and sum of the checks of a lockbox."""

    count: Columns
    sum: Columns
    lockbox: Columns | None = None
    deposit_date: Columns | None = None


@dataclass(frozen=True, slots=True)
class TrailerColumns:
    """Record 9: number of records of the file."""

    records: Columns


@dataclass(frozen=True, slots=True)
class LockboxLayout:
    """Columns of every record, and what holds for all of them."""

    immediate_header: ImmediateHeaderColumns
    service: ServiceColumns
    lockbox_header: LockboxHeaderColumns
    check: CheckColumns
    overflow: OverflowColumns
    batch_total: BatchTotalColumns
    lockbox_total: LockboxTotalColumns
    trailer: TrailerColumns
    currency: str = "USD"
    """ISO 4217 code of all amounts; no lockbox record names one."""
    decimals: int = 2
    """Implied decimals of all amounts."""
    date_format: str = "YYMMDD"
    """One of `DATE_FORMATS`."""
    line_length: int = 160
    """Longest line, in characters; no column lies beyond it."""


TYPICAL_LAYOUT: Final = LockboxLayout(
    immediate_header=ImmediateHeaderColumns(destination=(4, 13), origin=(14, 23), date=(24, 29), time=(30, 33)),
    service=ServiceColumns(service_type=(32, 34)),
    lockbox_header=LockboxHeaderColumns(lockbox=(8, 14), deposit_date=(15, 20)),
    check=CheckColumns(
        batch=(2, 4),
        item=(5, 7),
        amount=(8, 17),
        transit=(18, 26),
        account=(27, 36),
        check_number=(37, 46),
        remitter=(53, 82),
    ),
    overflow=OverflowColumns(
        batch=(2, 4), item=(5, 7), sequence=(9, 10), last=(11, 11), invoice=(12, 21), amount=(22, 31)
    ),
    batch_total=BatchTotalColumns(batch=(2, 4), lockbox=(8, 14), deposit_date=(15, 20), count=(21, 23), sum=(24, 33)),
    lockbox_total=LockboxTotalColumns(lockbox=(8, 14), deposit_date=(15, 20), count=(21, 24), sum=(25, 34)),
    trailer=TrailerColumns(records=(2, 7)),
)

_RecordColumns = (
    ImmediateHeaderColumns
    | ServiceColumns
    | LockboxHeaderColumns
    | CheckColumns
    | OverflowColumns
    | BatchTotalColumns
    | LockboxTotalColumns
    | TrailerColumns
)
_RECORDS: Final[dict[str, type[_RecordColumns]]] = {
    "immediate_header": ImmediateHeaderColumns,
    "service": ServiceColumns,
    "lockbox_header": LockboxHeaderColumns,
    "check": CheckColumns,
    "overflow": OverflowColumns,
    "batch_total": BatchTotalColumns,
    "lockbox_total": LockboxTotalColumns,
    "trailer": TrailerColumns,
}
_SETTINGS: Final = ("currency", "decimals", "date_format", "line_length")
_NUMBERS: Final = frozenset({"amount", "invoice_amount", "sum", "count", "records"})
_DATES: Final = frozenset({"date", "deposit_date"})


def layout_from_table(table: Mapping[str, object]) -> LockboxLayout:
    """The layout that a parsed TOML table states: `currency = "USD"`, `check = {batch = [2, 4], item = [5, 7], ...}`.

    A record that the table names has the fields given there and no others; one that it leaves out has the typical ones.
    Raises `LockboxLayoutError` with every fault.
    """
    faults = [*_setting_faults(table)]
    line_length = table.get("line_length", TYPICAL_LAYOUT.line_length)
    width = cast("int", line_length) if _is_whole(line_length, 1, LINE_LENGTH_MAX) else LINE_LENGTH_MAX
    date_format = str(table.get("date_format", TYPICAL_LAYOUT.date_format))
    records: dict[str, _RecordColumns] = {}
    for name, kind in _RECORDS.items():
        found = table[name] if name in table else _as_table(getattr(TYPICAL_LAYOUT, name))
        if not isinstance(found, Mapping):
            faults.append(LayoutFault(name, found, "a table of fields, each [first column, last column]"))
            continue
        record_faults = [*_record_faults(name, kind, found, width, date_format)]
        faults += record_faults
        if not record_faults:
            records[name] = kind(**{field: _as_columns(columns) for field, columns in found.items()})
    if faults:
        raise LockboxLayoutError(tuple(faults[:FAULTS_TOLD_MAX]))
    settings = {name: table[name] for name in _SETTINGS if name in table}
    return LockboxLayout(**records, **settings)  # type: ignore[arg-type]


def _as_table(columns: _RecordColumns) -> dict[str, object]:
    named = {field.name: getattr(columns, field.name) for field in fields(columns)}
    return {name: list(value) for name, value in named.items() if value is not None}


def _as_columns(value: object) -> Columns:
    first, last = cast("Columns", value)
    return first, last


def _is_whole(value: object, smallest: int, largest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and smallest <= value <= largest


def _setting_faults(table: Mapping[str, object]) -> Iterator[LayoutFault]:
    for name in table:
        if name not in _RECORDS and name not in _SETTINGS:
            yield LayoutFault(str(name), table[name], f"no such entry; there are {', '.join((*_SETTINGS, *_RECORDS))}")
    currency = table.get("currency", TYPICAL_LAYOUT.currency)
    if not isinstance(currency, str) or currency not in MINOR_UNIT_DECIMALS:
        yield LayoutFault("currency", currency, "an ISO 4217 code")
    if not _is_whole(table.get("decimals", TYPICAL_LAYOUT.decimals), 0, DECIMALS_MAX):
        yield LayoutFault("decimals", table["decimals"], f"a whole number from 0 to {DECIMALS_MAX}")
    date_format = table.get("date_format", TYPICAL_LAYOUT.date_format)
    if not isinstance(date_format, str) or date_format not in DATE_FORMATS:
        yield LayoutFault("date_format", date_format, f"one of {', '.join(DATE_FORMATS)}")
    if not _is_whole(table.get("line_length", TYPICAL_LAYOUT.line_length), 1, LINE_LENGTH_MAX):
        yield LayoutFault("line_length", table["line_length"], f"a whole number from 1 to {LINE_LENGTH_MAX}")


def _record_faults(
    record: str, kind: type[_RecordColumns], table: Mapping[str, object], line_length: int, date_format: str
) -> Iterator[LayoutFault]:
    known = {field.name: field.default is MISSING for field in fields(kind)}
    for name in table:
        if name not in known:
            yield LayoutFault(f"{record}.{name}", table[name], f"no such field; there are {', '.join(known)}")
    placed: list[tuple[Columns, str]] = []
    for name, is_mandatory in known.items():
        if name not in table:
            if is_mandatory:
                yield LayoutFault(f"{record}.{name}", None, "[first column, last column], the field is mandatory")
            continue
        rule = _columns_rule(name, table[name], line_length, date_format)
        if rule is not None:
            yield LayoutFault(f"{record}.{name}", table[name], rule)
        else:
            placed.append((_as_columns(table[name]), name))
    placed.sort()
    for (before, before_name), (after, after_name) in pairwise(placed):
        if after[0] <= before[1]:
            rule = f"columns that do not overlap {record}.{before_name} = {list(before)}"
            yield LayoutFault(f"{record}.{after_name}", list(after), rule)


def _columns_rule(name: str, value: object, line_length: int, date_format: str) -> str | None:
    """The rule that the columns of a field break; None where they are right."""
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(_is_whole(each, 1, 10**6) for each in value):
        return "[first column, last column], two whole numbers"
    first, last = value
    if last < first:
        return "the first column before the last"
    if first < 2:
        return "columns from 2 on, column 1 is the record type"
    if last > line_length:
        return f"columns up to {line_length}, the length of a line"
    width = last - first + 1
    if name in _NUMBERS and width > NUMBER_COLUMNS_MAX:
        return f"at most {NUMBER_COLUMNS_MAX} columns for a number"
    if name in _DATES and date_format in DATE_FORMATS and width != len(date_format):
        return f"{len(date_format)} columns for a date written {date_format}"
    return None
