"""What a mapping of a delimited file is made of: where each value stands and how it is written.

`pawledger.bank_files.mapped_csv.mapping` reads and checks the TOML table in which a person writes these rules down.
"""

from dataclasses import dataclass
from typing import Final

from pawledger.bank_files.records import Purpose

ColumnName = str | int
"""A column by the name that the header gives it (in JSON the path of the key), or by its place from 1."""
Columns = tuple[ColumnName, ...]
"""Columns of which the first that is not empty counts; none where the file does not tell the value.

For codes (flags, states, types) they are joined by `/` instead."""

NOT_A_MOVEMENT: Final = "ignored"
"""What a type or state stands for whose rows move no money and announce none."""


@dataclass(frozen=True, slots=True)
class Source:
    """A value that every row has: from columns, or the same in the whole file."""

    columns: Columns = ()
    fixed: str | None = None
    prefix: str = ""
    """Put before what the columns say, so that account numbers of two providers stay apart."""


@dataclass(frozen=True, slots=True)
class DayRule:
    """Days, in one of some formats such as `DD.MM.YYYY`; see `pawledger.bank_files.mapped_csv.days`."""

    booked: Columns
    value: Columns
    formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NumberRule:
    """How amounts are written."""

    decimal: str = "."
    thousands: str = ""
    unit: str = "major"
    """`major`: decimals of the currency; `minor`: whole minor units."""
    styles: frozenset[str] = frozenset({"leading"})
    """How a negative amount is marked: `leading` or `trailing` minus, `parentheses`."""
    symbols: tuple[str, ...] = ()
    """Currency signs or codes that may stand before or behind an amount."""


@dataclass(frozen=True, slots=True)
class AmountRule:
    """Where the amount stands and which way the money went."""

    sign: str
    """`signed`: one column, positive is money in; `columns`: one for each direction; `flag`: another column says it."""
    columns: Columns = ()
    credit: Columns = ()
    debit: Columns = ()
    flag: Columns = ()
    credit_values: frozenset[str] = frozenset()
    debit_values: frozenset[str] = frozenset()
    inverted: bool = False
    """Positive is money out."""
    minus: str = "refused"
    """Whether a minus may stand at an amount whose direction is told otherwise: `refused`, or `agrees` where it may
    stand at a debit."""
    number: NumberRule = NumberRule()


@dataclass(frozen=True, slots=True)
class FeeRule:
    """Columns of what was charged for a row; it becomes an entry of its own."""

    columns: Columns
    """All of them are added up."""
    sign: str = "cost"
    """`cost`: positive is what we pay; `signed`: negative is what we pay."""
    net: Columns = ()
    """What the row comes to: amount less fee, checked in every row."""


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """Columns that together name a movement, whenever it is told."""

    columns: tuple[ColumnName, ...]
    repeats: str = "refused"
    """`refused`: two rows with one identity put the file out of balance; `numbered`: they are two movements."""


@dataclass(frozen=True, slots=True)
class StatusRule:
    """A column that says whether the money moved."""

    columns: Columns
    posts: frozenset[str]
    pends: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TypeRule:
    """A column that says what a movement is."""

    columns: Columns = ()
    fixed: Purpose = Purpose.PAYMENT
    """Of rows without a type."""
    purposes: tuple[tuple[str, Purpose | None], ...] = ()
    """By the folded value; None for what is no movement."""


@dataclass(frozen=True, slots=True)
class RecordRule:
    """A column that says what kind of row a row is."""

    column: ColumnName
    details: frozenset[str] = frozenset()
    """Values of the rows that tell movements; empty where all rows do that are nothing else."""
    ignored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Spot:
    """Which row a rule is about; exactly one is set."""

    record: str | None = None
    """Value of the record column."""
    line: int | None = None
    """Line of the file from 1, among those before the header."""
    from_end: int | None = None
    """1 for the last row."""


@dataclass(frozen=True, slots=True)
class TotalRule:
    """A row that declares how much there is; all it declares is checked."""

    spot: Spot
    of: str | None = None
    """Record value of the rows that are counted and added; None for the details."""
    basis: str = "amount"
    """`amount`, or `net`: less fees."""
    key: ColumnName | None = None
    """Column of this row that only details count which have the same in `detail_key`."""
    detail_key: ColumnName | None = None
    count: ColumnName | None = None
    sum: ColumnName | None = None
    credit_count: ColumnName | None = None
    credit_sum: ColumnName | None = None
    debit_count: ColumnName | None = None
    debit_sum: ColumnName | None = None


@dataclass(frozen=True, slots=True)
class DeclaredBalance:
    """A row that declares the balance before or after all movements."""

    spot: Spot
    column: ColumnName


@dataclass(frozen=True, slots=True)
class RunningBalance:
    """A column with the balance after each row, checked row by row."""

    columns: Columns
    order: str = "oldest_first"


@dataclass(frozen=True, slots=True)
class FileIdRule:
    """Columns of a row that name the file, the same when it is sent again."""

    spot: Spot
    columns: tuple[ColumnName, ...]
