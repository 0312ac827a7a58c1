"""Mappings: what is known of a provider's delimited (or JSON) file, checked when it is loaded.

A mapping says where each value stands and how it is written. It is data, kept as TOML with its source and date; every
key and its allowed values are listed in `docs/formats/csv.md`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pawledger.bank_files.mapped_csv.mapping_parts import (
    FOOTER_ROWS_MAX,
    SKIPPED_LINES_MAX,
    read_account,
    read_amount,
    read_currency,
    read_days,
    read_declared,
    read_fees,
    read_file_id,
    read_identity,
    read_records,
    read_running,
    read_status,
    read_total,
    read_type,
)
from pawledger.bank_files.mapped_csv.rules import (
    AmountRule,
    ColumnName,
    DayRule,
    DeclaredBalance,
    FeeRule,
    FileIdRule,
    IdentityRule,
    RecordRule,
    RunningBalance,
    Source,
    Spot,
    StatusRule,
    TotalRule,
    TypeRule,
)
from pawledger.bank_files.mapped_csv.table import COLUMN_PLACE_MAX, TableReader
from pawledger.domain.errors import PawledgerError

DELIMITERS: Final = (",", ";", "\t", "|")
ENCODINGS: Final = ("utf-8", "windows-1252", "iso-8859-1", "iso-8859-15", "utf-16")
NAME_CHARACTERS_MAX: Final = 60


class CsvMappingError(PawledgerError):
    """A mapping that says something impossible; `faults` are all of them, each with path, value and rule."""

    def __init__(self, name: str, faults: Sequence[str]) -> None:
        super().__init__(f"mapping {name[:NAME_CHARACTERS_MAX]}: " + "; ".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class CsvMapping:
    """What is known of one provider's file."""

    name: str
    """Part of the identity of every movement: a mapping that was used is never renamed."""
    shape: str
    """`csv`, or `json`: an array of objects, or one object after the other."""
    delimiter: str
    encoding: str
    skip_lines: int
    has_header: bool
    row_width: int | None
    """Fields of a row that tells a movement, where there is no header to count."""
    repeated_header: str
    """`refused` or `skipped` where the header comes again."""
    surplus_columns: str
    """`refused` or `ignored` where a row has more fields than the header."""
    missing_columns: str
    """`refused` or `empty` where a row has fewer."""
    guard: str
    """A character that the provider puts before values so that a spreadsheet takes them for text; dropped."""
    contains: tuple[str, ...]
    """Further column names that a file must have to be taken for this one."""
    account: Source
    currency: Source
    days: DayRule
    amount: AmountRule
    fees: FeeRule | None
    references: tuple[ColumnName, ...]
    text: tuple[ColumnName, ...]
    payer_name: tuple[ColumnName, ...]
    payer_account: tuple[ColumnName, ...]
    mandate: tuple[ColumnName, ...]
    return_reason: tuple[ColumnName, ...]
    identity: IdentityRule | None
    status: StatusRule | None
    type: TypeRule
    records: RecordRule | None
    totals: tuple[TotalRule, ...]
    opening: DeclaredBalance | None
    closing: DeclaredBalance | None
    balance: RunningBalance | None
    is_chained: bool
    """Whether the closing balance of a file is the opening balance of the next."""
    footer_rows: int
    file_id: FileIdRule | None

    @property
    def format(self) -> str:
        """The name of the format of files that are read by this mapping."""
        return f"csv:{self.name}"

    def column_groups(self) -> list[tuple[ColumnName, ...]]:
        """The columns of details that the mapping needs: of each group, one must be there."""
        amount = self.amount
        single = [*self.references, *self.text, *(self.identity.columns if self.identity else ())]
        single += [*amount.flag, *(self.fees.columns if self.fees else ())]
        single += [*(self.status.columns if self.status else ()), *self.type.columns]
        single += [self.records.column] if self.records else []
        single += [total.detail_key for total in self.totals if total.detail_key is not None]
        any_of = [self.account.columns, self.currency.columns, self.days.booked, self.days.value, amount.columns]
        any_of += [amount.credit, amount.debit, self.payer_name, self.payer_account, self.mandate, self.return_reason]
        any_of += [self.fees.net if self.fees else (), self.balance.columns if self.balance else ()]
        groups = [(column,) for column in single] + [group for group in any_of if group]
        return list(dict.fromkeys(groups))

    def telling_groups(self) -> list[tuple[ColumnName, ...]]:
        """Of these, the columns without which nothing can be posted: a JSON object may leave out the others."""
        amount = self.amount
        any_of = [self.account.columns, self.currency.columns, self.days.booked, amount.columns]
        any_of += [amount.credit, amount.debit, *((column,) for column in amount.flag)]
        any_of += [(column,) for column in (self.identity.columns if self.identity else ())]
        return list(dict.fromkeys(group for group in any_of if group))

    def spots(self) -> list[Spot]:
        """The rows besides the movements that a rule is about."""
        spots = [total.spot for total in self.totals]
        spots += [rule.spot for rule in (self.opening, self.closing, self.file_id) if rule is not None]
        return list(dict.fromkeys(spots))

    @property
    def specificity(self) -> int:
        """How many columns the mapping asks for: of two that match a file, the one that asks for more is meant."""
        return len(self.column_groups()) + len(self.contains)


def mapping_from_table(name: str, table: Mapping[str, object]) -> CsvMapping:
    """The mapping in a parsed TOML table. Raises `CsvMappingError` with every fault."""
    reader = TableReader("csv", table)
    if not (0 < len(name) <= NAME_CHARACTERS_MAX and name.replace("-", "").replace("_", "").isalnum()):
        reader.fault("name", name, f"no name of 1 to {NAME_CHARACTERS_MAX} letters, digits and hyphens")
    shape = reader.choice("shape", ("csv", "json"), "csv")
    has_header = shape == "json" or reader.choice("header", ("names", "none"), "names") == "names"
    records = read_records(reader)
    mapping = CsvMapping(
        name=name,
        shape=shape,
        delimiter=reader.choice("delimiter", DELIMITERS, ","),
        encoding=reader.choice("encoding", ENCODINGS, "utf-8"),
        skip_lines=reader.number("skip_lines", 0, SKIPPED_LINES_MAX) or 0,
        has_header=has_header,
        row_width=reader.number("row_width", 1, COLUMN_PLACE_MAX),
        repeated_header=reader.choice("repeated_header", ("refused", "skipped"), "refused"),
        surplus_columns=reader.choice("surplus_columns", ("refused", "ignored"), "refused"),
        missing_columns=reader.choice("missing_columns", ("refused", "empty"), "refused"),
        guard=reader.choice("guard", ("", "'"), ""),
        contains=reader.texts("contains"),
        account=read_account(reader),
        currency=read_currency(reader),
        days=read_days(reader),
        amount=read_amount(reader),
        fees=read_fees(reader),
        references=reader.columns("references"),
        text=reader.columns("text"),
        payer_name=reader.columns("payer_name"),
        payer_account=reader.columns("payer_account"),
        mandate=reader.columns("mandate"),
        return_reason=reader.columns("return_reason"),
        identity=read_identity(reader),
        status=read_status(reader),
        type=read_type(reader),
        records=records,
        totals=tuple(read_total(inner, records) for inner in reader.inner_list("totals")),
        opening=read_declared(reader, "opening", records),
        closing=read_declared(reader, "closing", records),
        balance=read_running(reader),
        is_chained=reader.flag("is_chained"),
        footer_rows=reader.number("footer_rows", 0, FOOTER_ROWS_MAX) or 0,
        file_id=read_file_id(reader, records),
    )
    reader.refuse_unknown()
    _check_columns(reader, mapping)
    _check_spots(reader, mapping)
    if reader.faults:
        raise CsvMappingError(name, reader.faults)
    return mapping


def _check_columns(reader: TableReader, mapping: CsvMapping) -> None:
    """What only the whole mapping shows of its columns."""
    columns = [column for group in mapping.column_groups() for column in group]
    if mapping.shape == "json":
        for key in ("skip_lines", "row_width", "footer_rows", "totals", "opening", "closing", "file_id", "guard"):
            if reader.table.get(key):
                reader.fault(key, reader.table[key], "of no use in JSON, which has neither lines nor rows")
        if any(isinstance(column, int) for column in columns):
            reader.fault("shape", "json", "wrong: a column is told by its place, and JSON has only names")
    if mapping.has_header:
        return
    for column in columns:
        if isinstance(column, str):
            reader.fault("header", "none", f"wrong: column {column!r} is named, and only a header gives names")
    if mapping.row_width is None:
        reader.missing("row_width", "without a header the number of fields is not known")
    elif any(isinstance(column, int) and column > mapping.row_width for column in columns):
        reader.fault("row_width", mapping.row_width, "less than the place of a column that is used")


def _check_spots(reader: TableReader, mapping: CsvMapping) -> None:
    """Whether the rows that rules are about are set apart from the movements."""
    for spot in mapping.spots():
        if spot.line is not None and spot.line > mapping.skip_lines:
            reader.fault("skip_lines", mapping.skip_lines, f"less than line {spot.line}, which a rule is about")
        if spot.from_end is not None and spot.from_end > mapping.footer_rows:
            reader.fault(
                "footer_rows", mapping.footer_rows, f"less than row {spot.from_end} from the end, which is used"
            )
