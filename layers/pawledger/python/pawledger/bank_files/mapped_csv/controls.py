"""What a mapped file declares about itself, checked: counts, sums, and the balance after each row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import add, sub
from typing import TYPE_CHECKING, Final

from pawledger.bank_files.mapped_csv.amounts import AmountTextError, NumberReader
from pawledger.bank_files.mapped_csv.rows import ControlRow
from pawledger.bank_files.mapped_csv.rules import ColumnName, Spot, TotalRule
from pawledger.bank_files.provider_rows import Notes, UnreadableReportError, shown
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pawledger.bank_files.mapped_csv.mapping import CsvMapping

SUM_DECIMALS: Final = max(MINOR_UNIT_DECIMALS.values())
"""Decimals in which sums over currencies are added up: as many as any currency has."""
KEYS_MAX: Final = 50_000
"""Most groups of details that have totals of their own."""

StatementKey = tuple[str, str]
"""Account and currency."""


@dataclass(slots=True)
class Sums:
    """What was counted; sums have `SUM_DECIMALS` decimals, or none where the file has minor units."""

    credit_count: int = 0
    credit_sum: int = 0
    debit_count: int = 0
    debit_sum: int = 0

    def add(self, amounts: Sequence[int], factor: int = 1) -> None:
        """Count signed amounts, times a factor."""
        debits = [amount for amount in amounts if amount < 0]
        credit_sum, debit_sum = sum(amounts) - sum(debits), sum(debits)
        self.debit_count += len(debits)
        self.debit_sum -= debit_sum * factor
        self.credit_count += len(amounts) - len(debits)
        self.credit_sum += credit_sum * factor

    def value(self, name: str) -> int:
        """The count or sum that a column of a `TotalRule` declares."""
        if name == "count":
            return self.credit_count + self.debit_count
        return self.credit_sum - self.debit_sum if name == "sum" else int(getattr(self, name))


@dataclass(slots=True)
class Totals:
    """Adds up details and compares them with the rows that declare totals."""

    mapping: "CsvMapping"
    numbers: NumberReader
    notes: Notes
    _sums: dict[tuple[str, ColumnName | None, str], Sums] = field(default_factory=dict)

    def add(
        self,
        currencies: Sequence[str],
        amounts: Sequence[int],
        nets: Sequence[int],
        key_texts: "Callable[[ColumnName], list[str]]",
    ) -> None:
        """Count details: signed minor units, and less fees. Raises `UnreadableReportError`."""
        kinds = {(rule.basis, rule.detail_key) for rule in self.mapping.totals if rule.of is None}
        by_currency = {currency: self._factor(currency) for currency in set(currencies)}
        for basis, key in sorted(kinds, key=str):
            values = nets if basis == "net" else amounts
            if key is None and len(by_currency) == 1:
                self._sums_of(basis, None, "").add(values, by_currency[currencies[0]])
                continue
            groups: dict[tuple[str, str], list[int]] = {}
            texts = key_texts(key) if key is not None else [""] * len(values)
            for text, currency, value in zip(texts, currencies, values, strict=True):
                groups.setdefault((text, currency), []).append(value)
            for (text, currency), group in groups.items():
                self._sums_of(basis, key, text).add(group, by_currency[currency])

    def check(self, controls: dict[Spot, list[ControlRow]], place_of: "Callable[[ColumnName], int]") -> None:
        """Compare with what the file declares."""
        for rule in self.mapping.totals:
            rows = controls[rule.spot]
            if not rows:
                message = f"row with totals is missing ({_name_of(rule.spot)}): the file was cut"
                self.notes.unreadable("totals_missing", message, None)
            told = set()
            for row, line in rows:
                key = _cell(row, place_of(rule.key)) if rule.key is not None else ""
                told.add(key)
                counted = self._counted(rule, key, controls, place_of)
                if counted is not None:
                    self._compare(rule, row, line, counted, place_of)
            if rule.key is not None:
                self._check_keys(rule, told)

    def _compare(
        self, rule: TotalRule, row: list[str], line: int, counted: Sums, place_of: "Callable[[ColumnName], int]"
    ) -> None:
        for name in ("count", "sum", "credit_count", "credit_sum", "debit_count", "debit_sum"):
            column: ColumnName | None = getattr(rule, name)
            if column is None:
                continue
            text = _cell(row, place_of(column))
            declared = self._read(text, is_count=name.endswith("count"))
            found = counted.value(name)
            if declared is None:
                self.notes.wrong(
                    f"total_{name}", f"{shown(text)} is no {name.replace('_', ' ')}", line, field=str(column)
                )
                continue
            if name == "sum" and self.mapping.amount.inverted:
                declared = -declared
            if name in ("credit_sum", "debit_sum"):
                declared = abs(declared)
            if declared != found:
                what = name.replace("_", " ")
                shown_found = found if name.endswith("count") else self._written(found)
                message = f"{what} is declared as {shown(text)}, the rows come to {shown_found}"
                self.notes.wrong(f"total_{name}", message, line, field=str(column))

    def _counted(
        self,
        rule: TotalRule,
        key: str,
        controls: dict[Spot, list[ControlRow]],
        place_of: "Callable[[ColumnName], int]",
    ) -> Sums | None:
        if rule.of is None:
            return self._sums.get((rule.basis, rule.detail_key, key), Sums())
        counted = Sums()
        column = next((each.sum for each in self.mapping.totals if each.spot.record == rule.of), None)
        for row, line in controls.get(Spot(record=rule.of), []):
            text = _cell(row, place_of(column)) if column is not None else "0"
            amount = self._read(text, is_count=False)
            if amount is None:
                self.notes.wrong("total_sum", f"{shown(text)} is no sum", line, field=str(column))
                return None
            counted.add([amount])
        return counted

    def _check_keys(self, rule: TotalRule, told: set[str]) -> None:
        keys = {key for basis, detail_key, key in self._sums if (basis, detail_key) == (rule.basis, rule.detail_key)}
        for key in sorted(keys - told)[:20]:
            message = f"no row with totals ({_name_of(rule.spot)}) tells what the rows with {shown(key)} come to"
            self.notes.wrong("total_key", message, None, field=str(rule.key))

    def _sums_of(self, basis: str, column: ColumnName | None, key: str) -> Sums:
        sums = self._sums.get((basis, column, key))
        if sums is None:
            if len(self._sums) >= KEYS_MAX:
                raise UnreadableReportError("too_many_totals", f"more than {KEYS_MAX} groups with totals of their own")
            sums = self._sums[basis, column, key] = Sums()
        return sums

    def _factor(self, currency: str) -> int:
        """What minor units of a currency are multiplied with before they are added to those of others."""
        if self.mapping.amount.number.unit == "minor":
            return 1
        return int(10 ** (SUM_DECIMALS - MINOR_UNIT_DECIMALS[currency]))

    def _read(self, text: str, *, is_count: bool) -> int | None:
        if is_count:
            return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
        try:
            digits, decimals = self.numbers.read_exact(text)
        except AmountTextError:
            return None
        if self.mapping.amount.number.unit == "minor":
            return digits if not decimals else None
        if decimals <= SUM_DECIMALS:
            return digits * int(10 ** (SUM_DECIMALS - decimals))
        quotient, rest = divmod(digits, 10 ** (decimals - SUM_DECIMALS))
        return None if rest else quotient

    def _written(self, value: int) -> str:
        if self.mapping.amount.number.unit == "minor":
            return str(value)
        whole, fraction = divmod(abs(value), 10**SUM_DECIMALS)
        return f"{'-' if value < 0 else ''}{whole}.{fraction:0{SUM_DECIMALS}}"


@dataclass(slots=True)
class _Run:
    """Balances of one account and currency, in the order of the rows."""

    first: int
    """The balance before all rows (oldest first) or after all (newest first)."""
    last: int
    """Where the next row has to go on."""


@dataclass(slots=True)
class Balances:
    """Checks the column with the balance after each row."""

    is_newest_first: bool
    notes: Notes
    runs: dict[StatementKey, _Run] = field(default_factory=dict)

    def check(
        self,
        keys: Sequence[StatementKey],
        movements: Sequence[int],
        balances: Sequence[int | None],
        lines: Sequence[int],
    ) -> None:
        """Check rows that follow one another; a row without a balance is added to the next."""
        run = self.runs.get(keys[0]) if keys else None
        if run is not None and None not in balances and keys.count(keys[0]) == len(keys):
            known = [balance for balance in balances if balance is not None]
            if self.is_newest_first:
                after = list(map(sub, known, movements))
                if [run.last, *after[:-1]] == known:
                    run.last = after[-1]
                    return
            elif list(map(add, [run.last, *known[:-1]], movements)) == known:
                run.last = known[-1]
                return
        for key, movement, balance, line in zip(keys, movements, balances, lines, strict=True):
            self._check_one(key, movement, balance, line)

    def _check_one(self, key: StatementKey, movement: int, balance: int | None, line: int) -> None:
        run = self.runs.get(key)
        if run is None:
            if balance is None:
                message = "first row of an account has no balance, what comes before it is not proved"
                self.notes.once("balance_missing", message, line)
                return
            before = balance if self.is_newest_first else balance - movement
            run = self.runs[key] = _Run(before, before)
        if self.is_newest_first:
            if balance is not None and balance != run.last:
                self._tell(run.last, balance, line)
                run.last = balance
            run.last -= movement
            return
        run.last += movement
        if balance is not None and balance != run.last:
            self._tell(run.last, balance, line)
            run.last = balance

    def _tell(self, expected: int, found: int, line: int) -> None:
        message = f"balance is {found} minor units, the rows come to {expected}"
        self.notes.wrong("balance_row", message, line, field="balance")

    def ends(self, key: StatementKey) -> tuple[int, int] | None:
        """Opening and closing balance of a statement; None where its rows have none."""
        run = self.runs.get(key)
        if run is None:
            return None
        return (run.last, run.first) if self.is_newest_first else (run.first, run.last)


def _cell(row: list[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _name_of(spot: Spot) -> str:
    if spot.record is not None:
        return f"record {shown(spot.record)}"
    return f"line {spot.line}" if spot.line is not None else f"row {spot.from_end} from the end"
