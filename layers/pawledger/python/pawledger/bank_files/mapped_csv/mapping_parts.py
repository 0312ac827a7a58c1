"""Reads the parts of a mapping from their TOML tables, each with all its faults; `csv_mapping` puts them together."""

from typing import Final

from pawledger.bank_files.mapped_csv.days import find_contradiction, pattern_of
from pawledger.bank_files.mapped_csv.rules import (
    NOT_A_MOVEMENT,
    AmountRule,
    DayRule,
    DeclaredBalance,
    FeeRule,
    FileIdRule,
    IdentityRule,
    NumberRule,
    RecordRule,
    RunningBalance,
    Source,
    Spot,
    StatusRule,
    TotalRule,
    TypeRule,
)
from pawledger.bank_files.mapped_csv.table import TableReader
from pawledger.bank_files.records import Purpose
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

SKIPPED_LINES_MAX: Final = 100
"""Most lines before the header: exports put some dozen there, and all must stand in a file's first bytes."""
FOOTER_ROWS_MAX: Final = 100
"""Most rows after the last movement: they are held back until the file ends."""

_PURPOSES: Final = {purpose.value: purpose for purpose in Purpose if purpose is not Purpose.CHANGE}
_TOTAL_COLUMNS: Final = ("count", "sum", "credit_count", "credit_sum", "debit_count", "debit_sum")


def read_account(reader: TableReader) -> Source:
    """Whose account the movements are on."""
    inner = reader.inner("account")
    if inner is None:
        reader.missing("account", "it names the account: column or fixed")
        return Source()
    source = Source(inner.columns("column"), inner.text("fixed") or None, inner.text("prefix"))
    _require_one(inner, source)
    return source


def read_currency(reader: TableReader) -> Source:
    """In which currency they are."""
    inner = reader.inner("currency")
    if inner is None:
        reader.missing("currency", "it names the currency: column or fixed")
        return Source()
    source = Source(inner.columns("column"), inner.text("fixed") or None)
    _require_one(inner, source)
    if source.fixed is not None and source.fixed not in MINOR_UNIT_DECIMALS:
        inner.fault("fixed", source.fixed, "no currency of ISO 4217")
    return source


def _require_one(inner: TableReader, source: Source) -> None:
    if bool(source.columns) == (source.fixed is not None):
        inner.faults.append(f"[{inner.path}] exactly one of column and fixed is needed")
    inner.refuse_unknown()


def read_days(reader: TableReader) -> DayRule:
    """On which days they were booked and count."""
    inner = reader.inner("days")
    if inner is None:
        reader.missing("days", "it says on which day a movement was booked")
        return DayRule((), (), ())
    rule = DayRule(inner.columns("booked"), inner.columns("value"), inner.texts("formats"))
    if not rule.booked:
        inner.missing("booked", "the column of the day")
    if not rule.formats:
        inner.missing("formats", "how days are written, such as YYYY-MM-DD")
    wrong = [each for each in rule.formats if pattern_of(each) is None]
    for each in wrong:
        inner.fault(
            "formats", each, "no format of YYYY or YY, MM or M or Mon, DD or D, each once, and a star at the end"
        )
    contradiction = None if wrong else find_contradiction(rule.formats)
    if contradiction is not None:
        first, second = contradiction
        inner.fault("formats", first, f"not told apart from {second}: some texts are two different days")
    inner.refuse_unknown()
    return rule


def read_amount(reader: TableReader) -> AmountRule:
    """Where amounts stand and which way the money went."""
    inner = reader.inner("amount")
    if inner is None:
        reader.missing("amount", "it says where the amount stands and which way the money went")
        return AmountRule("signed")
    if not inner.has("sign"):
        inner.missing("sign", "it is one of signed, columns, flag")
    rule = AmountRule(
        sign=inner.choice("sign", ("signed", "columns", "flag"), "signed"),
        columns=inner.columns("column"),
        credit=inner.columns("credit_column"),
        debit=inner.columns("debit_column"),
        flag=inner.columns("flag_column"),
        credit_values=inner.codes("credit_values"),
        debit_values=inner.codes("debit_values"),
        inverted=inner.flag("inverted"),
        minus=inner.choice("minus", ("refused", "agrees"), "refused"),
        number=_read_number(inner),
    )
    needed = {"signed": ("column",), "columns": ("credit_column", "debit_column")}.get(
        rule.sign, ("column", "flag_column", "credit_values", "debit_values")
    )
    all_keys = ("column", "credit_column", "debit_column", "flag_column", "credit_values", "debit_values")
    for key in all_keys:
        if key in needed and not inner.get(key):
            inner.missing(key, f"sign {rule.sign} needs it")
        elif key not in needed and inner.get(key):
            inner.fault(key, inner.get(key), f"of no use with sign {rule.sign}")
    for code in sorted(rule.credit_values & rule.debit_values):
        inner.fault("debit_values", code, "among credit_values as well")
    inner.refuse_unknown()
    return rule


def _read_number(inner: TableReader) -> NumberRule:
    rule = NumberRule(
        decimal=inner.choice("decimal", (".", ","), "."),
        thousands=inner.choice("thousands", ("", ".", ",", " ", "'"), ""),
        unit=inner.choice("unit", ("major", "minor"), "major"),
        styles=frozenset(inner.texts("negative_styles") or ("leading",)),
        symbols=inner.texts("symbols"),
    )
    for style in sorted(rule.styles - {"leading", "trailing", "parentheses"}):
        inner.fault("negative_styles", style, "none of leading, trailing, parentheses")
    for symbol in rule.symbols:
        if not symbol.strip() or any(character in "0123456789.,-+()'" for character in symbol):
            inner.fault("symbols", symbol, "no sign or code of a currency")
    if rule.thousands == rule.decimal:
        inner.fault("thousands", rule.thousands, "the decimal separator as well")
    return rule


def read_fees(reader: TableReader) -> FeeRule | None:
    """Where fees stand; None where there are none."""
    inner = reader.inner("fees")
    if inner is None:
        return None
    rule = FeeRule(
        inner.columns("columns"), inner.choice("sign", ("cost", "signed"), "cost"), inner.columns("net_column")
    )
    if not rule.columns:
        inner.missing("columns", "the columns that hold fees")
    inner.refuse_unknown()
    return rule


def read_identity(reader: TableReader) -> IdentityRule | None:
    """What names a movement; None where no columns do."""
    inner = reader.inner("identity")
    if inner is None:
        return None
    rule = IdentityRule(inner.columns("columns"), inner.choice("repeats", ("refused", "numbered"), "refused"))
    if not rule.columns:
        inner.missing("columns", "the columns that together name a movement")
    inner.refuse_unknown()
    return rule


def read_status(reader: TableReader) -> StatusRule | None:
    """Which column says whether money moved; None where it always did."""
    inner = reader.inner("status")
    if inner is None:
        return None
    rule = StatusRule(inner.columns("column"), inner.codes("posts"), inner.codes("pends"), inner.codes("ignored"))
    if not rule.columns:
        inner.missing("column", "the column that says whether the money moved")
    elif not rule.posts | rule.pends:
        inner.missing("posts", "the values that mean that the money moved, or pends, those that announce it")
    for code in sorted((rule.posts & rule.pends) | (rule.posts & rule.ignored) | (rule.pends & rule.ignored)):
        inner.fault("posts", code, "in two lists")
    inner.refuse_unknown()
    return rule


def read_type(reader: TableReader) -> TypeRule:
    """What movements are."""
    inner = reader.inner("type")
    if inner is None:
        return TypeRule()
    columns = inner.columns("column")
    fixed = _PURPOSES[inner.choice("fixed", _PURPOSES, "payment")]
    values = inner.inner("values")
    purposes: dict[str, Purpose | None] = {}
    for key in values.table if values is not None else ():
        purpose = values.choice(key, (*_PURPOSES, NOT_A_MOVEMENT), "payment") if values is not None else ""
        purposes[key.strip().casefold()] = _PURPOSES.get(purpose)
    if columns and not purposes:
        inner.missing("values", "a table that says what each type is: payment, return, fee, payout or ignored")
    if purposes and not columns:
        inner.missing("column", "the column whose values are listed")
    inner.refuse_unknown()
    return TypeRule(columns, fixed, tuple(sorted(purposes.items())))


def read_records(reader: TableReader) -> RecordRule | None:
    """Which column says what a row is; None where all rows are movements."""
    inner = reader.inner("records")
    if inner is None:
        return None
    column = inner.column("column")
    if column is None:
        inner.missing("column", "the column that says what kind of row a row is")
    rule = RecordRule(column or 1, inner.codes("details"), inner.codes("ignored"))
    inner.refuse_unknown()
    return rule


def _read_spot(inner: TableReader, records: RecordRule | None) -> Spot:
    record = inner.text("record").strip().casefold() or None
    spot = Spot(record, inner.number("line", 1, SKIPPED_LINES_MAX), inner.number("from_end", 1, FOOTER_ROWS_MAX))
    if [spot.record, spot.line, spot.from_end].count(None) != 2:
        inner.faults.append(f"[{inner.path}] exactly one of record, line and from_end says which row it is")
    if spot.record is not None and records is None:
        inner.fault("record", spot.record, "of no use without a [csv.records] table")
    if spot.record is not None and records is not None and spot.record in records.details | records.ignored:
        inner.fault("record", spot.record, "among the values of details or ignored rows as well")
    return spot


def read_total(inner: TableReader, records: RecordRule | None) -> TotalRule:
    """What a row declares about others."""
    columns = {key: inner.column(key) for key in _TOTAL_COLUMNS}
    rule = TotalRule(
        _read_spot(inner, records),
        of=inner.text("of").strip().casefold() or None,
        basis=inner.choice("basis", ("amount", "net"), "amount"),
        key=inner.column("key"),
        detail_key=inner.column("detail_key"),
        **columns,
    )
    if not any(column is not None for column in columns.values()):
        inner.missing("count", f"at least one of {', '.join(_TOTAL_COLUMNS)} is needed")
    if (rule.key is None) != (rule.detail_key is None):
        inner.missing("key" if rule.key is None else "detail_key", "key and detail_key belong together")
    if rule.of is not None and (rule.key is not None or any(columns[key] is not None for key in _TOTAL_COLUMNS[2:])):
        inner.fault("of", rule.of, "of use with count and sum only")
    inner.refuse_unknown()
    return rule


def read_declared(reader: TableReader, key: str, records: RecordRule | None) -> DeclaredBalance | None:
    """The opening or closing balance of the file; None where none is declared."""
    inner = reader.inner(key)
    if inner is None:
        return None
    column = inner.column("column")
    if column is None:
        inner.missing("column", "the column that holds the balance")
    rule = DeclaredBalance(_read_spot(inner, records), column or 1)
    inner.refuse_unknown()
    return rule


def read_running(reader: TableReader) -> RunningBalance | None:
    """The column of the balance after each row; None where there is none."""
    inner = reader.inner("balance")
    if inner is None:
        return None
    order = inner.choice("order", ("oldest_first", "newest_first"), "oldest_first")
    rule = RunningBalance(inner.columns("column"), order)
    if not rule.columns:
        inner.missing("column", "the column that holds the balance after each row")
    inner.refuse_unknown()
    return rule


def read_file_id(reader: TableReader, records: RecordRule | None) -> FileIdRule | None:
    """What names the file; None where nothing in it does."""
    inner = reader.inner("file_id")
    if inner is None:
        return None
    rule = FileIdRule(_read_spot(inner, records), inner.columns("columns"))
    if not rule.columns:
        inner.missing("columns", "the columns that name the file")
    inner.refuse_unknown()
    return rule
