"""Reader of delimited (and flat JSON) files by a mapping, which says where each value stands and how it is written.

Rows are read column by column, a block at a time. A row becomes an entry of its amount and, where it was charged for,
a second one of the fee. What the file declares about itself is checked, see `csv_controls`.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, compress
from operator import add
from typing import BinaryIO, Final

from pawledger.bank_files.delimited import RowBlock
from pawledger.bank_files.mapped_csv.amounts import AmountTextError
from pawledger.bank_files.mapped_csv.controls import Balances, StatementKey, Totals
from pawledger.bank_files.mapped_csv.identities import Identities
from pawledger.bank_files.mapped_csv.json_rows import JsonRows
from pawledger.bank_files.mapped_csv.mapping import CsvMapping
from pawledger.bank_files.mapped_csv.movements import MovementReader, Movements
from pawledger.bank_files.mapped_csv.rows import CsvRows, MappedRows
from pawledger.bank_files.mapped_csv.rules import Columns, DeclaredBalance
from pawledger.bank_files.provider_rows import (
    REFERENCE_CHARACTERS_MAX,
    STATEMENTS_MAX,
    Notes,
    StatementCount,
    UnreadableReportError,
    gather_references,
    shown,
)
from pawledger.bank_files.records import Direction, Purpose, StatementEntry, StatementSummary
from pawledger.bank_files.report import FileReport
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

_CREDIT: Final = Direction.CREDIT
_DEBIT: Final = Direction.DEBIT
_new_entry: Final = partial(tuple.__new__, StatementEntry)
"""Builds a named tuple from its fields in order: about half the cost of calling the class, which only adds names."""


def read_mapped_csv(stream: BinaryIO, report: FileReport, mapping: CsvMapping) -> Iterator[StatementEntry]:
    """Iterate over the movements of a file that `mapping` is about and fill `report`, in bounded memory.

    No bytes make it raise: what is wrong is a problem in `report`, whose verdict counts once the iterator is exhausted.
    A row whose money is not certain is told and left out. Errors of the stream itself pass through.
    """
    report.format = mapping.format
    return chain.from_iterable(_read_blocks(stream, report, mapping))


def _read_blocks(stream: BinaryIO, report: FileReport, mapping: CsvMapping) -> Iterator[list[StatementEntry]]:
    notes = Notes(report, "csv")
    source: CsvRows | JsonRows = (JsonRows if mapping.shape == "json" else CsvRows)(stream, mapping, notes)
    reader = _Reader(mapping, source, notes)
    try:
        for block in source.blocks():
            yield reader.read(block)
        reader.end()
    except UnreadableReportError as error:
        notes.unreadable(error.rule, str(error), error.line, field=error.field_name)
    if isinstance(source, CsvRows) and not source.row_count and not report.problems:
        notes.once("no_rows", "file has no rows that tell movements: nothing happened, or it was cut", None)
    if isinstance(source, CsvRows):
        reader.check_end(source)
    report.statements += reader.summaries()


class _Reader:
    """Turns blocks of rows into entries and adds up their statements."""

    def __init__(self, mapping: CsvMapping, source: MappedRows, notes: Notes) -> None:
        self._mapping = mapping
        self._source = source
        self._notes = notes
        self._movements = MovementReader(mapping, source, notes)
        self._identities = Identities(mapping, notes)
        self._totals = Totals(mapping, self._movements.numbers, notes) if mapping.totals else None
        running = mapping.balance
        self._balances = Balances(running.order == "newest_first", notes) if running is not None else None
        self._statements: dict[StatementKey, StatementCount] = {}
        self._posted: dict[StatementKey, int] = defaultdict(int)
        self._file_id: tuple[str, ...] = ()

    def read(self, block: RowBlock) -> list[StatementEntry]:
        """The entries of a block. Raises `UnreadableReportError` beyond a limit."""
        movements = self._movements.read(block)
        if not movements.rows:
            return []
        entries = self._build(movements)
        self._check(movements)
        self._count(entries, movements)
        return entries

    def _build(self, movements: Movements) -> list[StatementEntry]:
        mapping, source, rows = self._mapping, self._source, movements.rows
        count = len(rows)
        references = [_cut(source.texts(rows, (column,))) for column in mapping.references]
        texts = [source.texts(rows, (column,)) for column in mapping.text]
        payer_names = source.texts(rows, mapping.payer_name)
        payer_accounts = source.texts(rows, mapping.payer_account)
        mandates = source.texts(rows, mapping.mandate)
        identity_columns = (
            [source.texts(rows, (column,)) for column in mapping.identity.columns] if mapping.identity else []
        )
        told = (*references, *texts, payer_names, payer_accounts, mandates, movements.type_codes)
        identities = self._identities.of(movements, identity_columns, told)
        amounts = movements.amounts
        # fmt: off
        entries = list(map(_new_entry, zip(
            movements.accounts, movements.currencies, map(abs, amounts),
            [_CREDIT if amount >= 0 else _DEBIT for amount in amounts],
            movements.booked, movements.value, identities, movements.posts, movements.purposes,
            self._reasons(movements), _optional(movements.type_codes, mapping.type.columns),
            _gather(references, count), _optional(mandates, mapping.mandate),
            _optional(payer_accounts, mapping.payer_account), _optional(payer_names, mapping.payer_name),
            _one_line(texts, count), movements.lines, [None] * count, [None] * count,
            strict=True,
        )))
        # fmt: on
        return self._with_fees(entries, movements.fees) if mapping.fees is not None else entries

    def _with_fees(self, entries: list[StatementEntry], fees: list[int]) -> list[StatementEntry]:
        """The entries with those of the fees, each behind the amount it belongs to; no amount of zero before a fee."""
        if not any(fees):
            return entries
        both = []
        for entry, fee in zip(entries, fees, strict=True):
            if entry[2] or not fee:
                both.append(entry)
            if fee:
                direction = _CREDIT if fee > 0 else _DEBIT
                # fmt: off
                both.append(_new_entry((
                    *entry[:2], abs(fee), direction, *entry[4:6], self._identities.of_fee(entry[6]), entry[7],
                    Purpose.FEE, None, *entry[10:15], "", *entry[16:],
                )))
                # fmt: on
        return both

    def _reasons(self, movements: Movements) -> list[str | None]:
        if not self._mapping.return_reason:
            return [None] * len(movements.rows)
        reasons = self._source.texts(movements.rows, self._mapping.return_reason)
        return [
            reason or None if purpose is Purpose.RETURN else None
            for reason, purpose in zip(reasons, movements.purposes, strict=True)
        ]

    def _check(self, movements: Movements) -> None:
        """Add the movements to what the file declares, and compare its balances row by row."""
        amounts = movements.amounts
        nets = list(map(add, amounts, movements.fees)) if self._mapping.fees is not None else amounts
        if self._totals is not None:
            rows = movements.rows
            self._totals.add(movements.currencies, amounts, nets, lambda column: self._source.texts(rows, (column,)))
        if self._balances is None and self._mapping.opening is None and self._mapping.closing is None:
            return
        keys = list(zip(movements.accounts, movements.currencies, strict=True))
        if self._balances is not None:
            balances = self._read_balances(movements)
            columns = (keys, nets, balances, movements.lines)
            self._balances.check(*(list(compress(column, movements.posts)) for column in columns))  # type: ignore[arg-type]
        if self._mapping.opening is not None or self._mapping.closing is not None:
            for key, net in compress(zip(keys, nets, strict=True), movements.posts):
                self._posted[key] += net

    def _read_balances(self, movements: Movements) -> list[int | None]:
        columns: Columns = self._mapping.balance.columns if self._mapping.balance is not None else ()
        texts = self._source.texts(movements.rows, columns)

        def tell(place: int, rule: str, message: str) -> None:
            self._notes.wrong(rule, message, movements.lines[place], field=str(columns[0]))

        amounts = self._movements.read_optional(texts, movements.currencies, tell)
        return [amount if text else None for amount, text in zip(amounts, texts, strict=True)]

    def _count(self, entries: list[StatementEntry], movements: Movements) -> None:
        if len(set(movements.accounts)) == 1 and len(set(movements.currencies)) == 1:
            self._count_one(self._statement((movements.accounts[0], movements.currencies[0])), movements)
            return
        grouped: dict[StatementKey, list[StatementEntry]] = {}
        for entry in entries:
            grouped.setdefault(entry[:2], []).append(entry)
        for key, counted in grouped.items():
            self._statement(key).count(counted)

    def _count_one(self, statement: StatementCount, movements: Movements) -> None:
        """Count movements of one account and currency by their columns, as `StatementCount.count` does by entries."""
        amounts, purposes = movements.amounts, movements.purposes
        if any(movements.fees):
            has_amount = [bool(amount or not fee) for amount, fee in zip(amounts, movements.fees, strict=True)]
            amounts, purposes = list(compress(amounts, has_amount)), list(compress(purposes, has_amount))
            amounts += filter(None, movements.fees)
        debits = [amount for amount in amounts if amount < 0]
        statement.debit_count += len(debits)
        statement.debit_minor -= sum(debits)
        statement.credit_count += len(amounts) - len(debits)
        statement.credit_minor += sum(amounts) - sum(debits)
        statement.return_count += purposes.count(Purpose.RETURN)
        statement.span(set(movements.booked))

    def _statement(self, key: StatementKey) -> StatementCount:
        statement = self._statements.get(key)
        if statement is None:
            if len(self._statements) >= STATEMENTS_MAX:
                raise UnreadableReportError("too_many_statements", f"more than {STATEMENTS_MAX} accounts in one file")
            statement = self._statements[key] = StatementCount(*key, identity=(self._mapping.format, *key))
        return statement

    def end(self) -> None:
        """Check at the end of the file what it declares as a whole."""
        self._identities.check()
        if self._totals is not None:
            self._totals.check(self._source.controls, self._source.control_place)
        if self._balances is not None:
            for key, statement in self._statements.items():
                ends = self._balances.ends(key)
                statement.opening_minor, statement.closing_minor = ends or (None, None)
        self._check_declared()
        self._read_file_id()

    def _check_declared(self) -> None:
        mapping = self._mapping
        if mapping.opening is None and mapping.closing is None:
            return
        if len(self._statements) > 1:
            message = f"file declares a balance and tells of {len(self._statements)} accounts and currencies"
            self._notes.wrong("balance_unassigned", message, None)
        for key, statement in list(self._statements.items())[:1]:
            opening = self._declared(mapping.opening, "opening", key[1])
            closing = self._declared(mapping.closing, "closing", key[1])
            self._compare("opening", statement.opening_minor, opening)
            self._compare("closing", statement.closing_minor, closing)
            opening = statement.opening_minor if opening is None else opening
            closing = statement.closing_minor if closing is None else closing
            posted = self._posted[key]
            if opening is not None and closing is not None and opening + posted != closing:
                message = f"opening balance {opening} and movements {posted} come to {opening + posted}, not {closing}"
                self._notes.wrong("balance", message, None)
            statement.opening_minor, statement.closing_minor = opening, closing

    def _compare(self, what: str, counted: int | None, declared: int | None) -> None:
        if counted is not None and declared is not None and counted != declared:
            message = f"{what} balance is declared as {declared} minor units, the rows say {counted}"
            self._notes.wrong(f"balance_{what}", message, None)

    def _declared(self, rule: DeclaredBalance | None, what: str, currency: str) -> int | None:
        if rule is None:
            return None
        rows = self._source.controls[rule.spot]
        place = self._source.control_place(rule.column)
        if len(rows) != 1:
            message = f"expected one row with the {what} balance, found {len(rows)}"
            self._notes.unreadable(f"{what}_balance_missing", message, None)
            return None
        row, line = rows[0]
        text = row[place].strip() if place < len(row) else ""
        try:
            return self._movements.numbers.read(text, MINOR_UNIT_DECIMALS[currency])
        except AmountTextError as error:
            self._notes.wrong(error.rule, str(error), line, field=f"{what} balance")
            return None

    def _read_file_id(self) -> None:
        rule = self._mapping.file_id
        if rule is None:
            return
        rows = self._source.controls[rule.spot]
        if not rows:
            self._notes.unreadable("file_id_missing", "row that names the file is missing", None)
        for row, line in rows:
            places = [self._source.control_place(column) for column in rule.columns]
            parts = tuple(row[place].strip()[:REFERENCE_CHARACTERS_MAX] if place < len(row) else "" for place in places)
            if not all(parts):
                message = f"row that names the file has an empty field: {shown(' '.join(parts))}"
                self._notes.unreadable("file_id_missing", message, line)
                continue
            self._file_id = parts
            self._notes.report.logical_file_ids.append((self._mapping.format, *parts))

    def check_end(self, source: CsvRows) -> None:
        """Tell where the last field of the file may have been cut."""
        if not source.row_count or source.ends_with_line_end:
            return
        amount, fees = self._mapping.amount, self._mapping.fees
        money = (*amount.columns, *amount.credit, *amount.debit, *(fees.columns if fees else ()))
        if source.is_last(money) and self._totals is None and self._balances is None and not (fees and fees.net):
            message = "last row has no line end and ends with an amount: it is not certain that it is whole"
            self._notes.wrong("end_not_certain", message, None)
        else:
            self._notes.once("line_end_missing", "last row has no line end: its last field may have been cut", None)

    def summaries(self) -> Iterator[StatementSummary]:
        """The statements as the report keeps them."""
        for (account, currency), statement in self._statements.items():
            counted = (statement.first_day, statement.last_day, statement.credit_count, statement.credit_minor)
            facts = self._file_id or tuple(map(str, (*counted, statement.debit_count, statement.debit_minor)))
            summary = statement.summary((self._mapping.format, account, currency, *facts))
            if self._mapping.is_chained and statement.opening_minor is not None and statement.closing_minor is not None:
                summary = summary._replace(chain=(self._mapping.format, account, currency))
            yield summary


def _cut(texts: list[str]) -> list[str]:
    if max(map(len, texts)) > REFERENCE_CHARACTERS_MAX:
        return [text[:REFERENCE_CHARACTERS_MAX] for text in texts]
    return texts


def _optional(texts: list[str], columns: Columns) -> Sequence[str | None]:
    """Texts as entries have them, None for empty ones."""
    if columns and "" not in texts:
        return texts
    return [text or None for text in texts] if columns else [None] * len(texts)


def _gather(columns: list[list[str]], count: int) -> list[tuple[str, ...]]:
    if not columns:
        return [()] * count
    if len(columns) == 1:
        return [(text,) if text else () for text in columns[0]]
    return list(map(gather_references, zip(*columns, strict=True)))


def _one_line(columns: list[list[str]], count: int) -> list[str]:
    if not columns:
        return [""] * count
    texts = columns[0] if len(columns) == 1 else [" ".join(filter(None, parts)) for parts in zip(*columns, strict=True)]
    if "\n" in "".join(texts):
        texts = [" ".join(text.split()) if "\n" in text else text for text in texts]
    return texts
