"""Ordinary movements of MT940 read in columns: what is known of one of them stands at the same place in each.

A column at a time the work is done by loops inside the interpreter. A run in which anything is odd is left to
`mt940_entries`, which reads one movement after the other and tells what is odd.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice, repeat
from typing import Final, NamedTuple

from pawledger.bank_files.mt940.fields import (
    DAYS_KEPT,
    NO_REFERENCES,
    UnreadableFieldError,
    read_day,
    read_entry_day,
)
from pawledger.bank_files.mt940.information import checksum_of
from pawledger.bank_files.mt940.information_columns import are_references, read_fields
from pawledger.bank_files.mt940.statement import Statement
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

MOVEMENTS_MIN: Final = 4
"""Fewer are read as quickly one by one."""

_MOVEMENTS: Final = {
    decimals: re.compile(
        rf"^:61:(.{{11}}+)([0-9]{{1,15}}+,[0-9]{{{decimals}}}+)([NFS][A-Z0-9]{{3}}+)"
        r"([^/\n]*+(?:/(?!/)[^/\n]*+)*+)(?://(.*+))?\n",
        re.M,
    )
    for decimals in sorted(set(MINOR_UNIT_DECIMALS.values()) - {0})
}
"""Fields 61 by the decimals of their currency: start, amount, type, customer and bank reference."""
_START: Final = re.compile(r"([0-9]{6})([0-9]{4})([CD])")

_ODD_TYPES: Final = frozenset({"NRTI", "FRTI", "SRTI", "NONR"})
"""Returned items, and what the word for no reference begins with where there is no type."""
_DIRECTIONS: Final = {"C": Direction.CREDIT, "D": Direction.DEBIT}
_new_entry: Final = tuple.__new__
"""Builds a named tuple from its fields in order: about half the cost of calling the class, which only adds names."""


class _Start(NamedTuple):
    """What a field 61 begins with."""

    value_day: str
    entry_day: str
    value_on: date
    booked_on: date
    direction: Direction


class _Starts(NamedTuple):
    """What fields 61 begin with, a column each."""

    value_days: Sequence[str]
    entry_days: Sequence[str]
    values_on: Sequence[date]
    booked_on: Sequence[date]
    directions: Sequence[Direction]


class _Movements(NamedTuple):
    """Movements that follow one another, a column each for what their fields 61 and 86 hold."""

    starts: Sequence[str]
    """Value day, entry day and mark."""
    amounts: Sequence[str]
    type_codes: Sequence[str]
    customers: Sequence[str]
    banks: Sequence[str]
    fields: Sequence[str]
    """Each from its tag on."""
    lines: Sequence[int]


def read_lines_in_columns(
    statement: Statement, lines: Sequence[str], first_line: int
) -> Iterable[StatementEntry] | None:
    """Count movements of two lines each, a field 61 and its field 86, and return their entries.

    None, and nothing counted, where these lines are anything else or a movement is not of the ordinary kind.
    """
    expression = _MOVEMENTS.get(MINOR_UNIT_DECIMALS.get(statement.currency or "", 0))
    heads, fields = lines[::2], lines[1::2]
    if expression is None or len(heads) != len(fields) or len(heads) < MOVEMENTS_MIN:
        return None
    # All texts between two in order that begin alike begin with the same.
    if {min(fields)[:4], max(fields)[:4]} != {":86:"}:
        return None
    width = expression.groups + 1
    cells = expression.split("\n".join(heads) + "\n")
    if len(cells) != width * len(heads) + 1 or any(cells[::width]):
        return None
    starts, amounts, type_codes, customers, banks = (cells[place::width] for place in range(1, width))
    if None in banks:
        banks = [bank or "" for bank in banks]
    numbers = range(first_line, first_line + len(lines), 2)
    return _read(statement, _Movements(starts, amounts, type_codes, customers, banks, fields, numbers))


def read_in_columns(
    statement: Statement, found: Sequence[tuple[str, ...]], lines: Sequence[int]
) -> Iterable[StatementEntry] | None:
    """Count movements, given as the groups of `mt940_entries.ENTRIES`, and return their entries.

    None, and nothing counted, where one of them is not of the ordinary kind: a reversal, an amount not written out to
    the minor unit, supplementary lines, a return, no field 86.
    """
    decimals = MINOR_UNIT_DECIMALS.get(statement.currency or "", 0)
    if not decimals or len(found) < MOVEMENTS_MIN:
        return None
    days, entry_days, marks, funds, amounts, type_codes, references, supplementary, fields = zip(*found, strict=True)
    if any(supplementary) or any(funds) or None in fields:
        return None
    if {amount[-1 - decimals : -decimals] for amount in amounts} != {","}:
        return None
    starts = [*map("".join, zip(days, entry_days, marks, strict=True))]
    customers, _, banks = zip(*[text.partition("//") for text in references], strict=True)
    tagged = [f":86:{field}" for field in fields]
    return _read(statement, _Movements(starts, amounts, type_codes, customers, banks, tagged, lines))


def _read(statement: Statement, movements: _Movements) -> Iterable[StatementEntry] | None:
    """Count movements whose amounts are written out to the minor unit and return their entries; None where one is not
    of the ordinary kind."""
    account, currency = statement.bank_account, statement.currency
    if currency is None or statement.is_interim or not _ODD_TYPES.isdisjoint(movements.type_codes):
        return None
    started = _read_starts(movements.starts)
    information = read_fields(movements.fields) if started is not None else None
    if started is None or information is None:
        return None
    together = "\n".join(movements.amounts).replace(",", "")
    digits: Sequence[str] = together.split("\n")
    amounts_minor = tuple(map(int, digits))
    if "\n0" in f"\n{together}":
        digits = tuple(map(str, amounts_minor))
    customers = tuple(map(str.strip, movements.customers))
    banks: Sequence[str] = tuple(map(str.strip, movements.banks))
    checksums: Iterable[str] = repeat("")
    entered: Iterable[str] = checksums
    if not are_references(banks):
        banks = ["" if bank.upper() in NO_REFERENCES else bank for bank in banks]
        pairs = zip(banks, movements.fields, strict=True)
        checksums = ["" if bank else checksum_of(field[4:]) for bank, field in pairs]
        entered = ["" if bank else entry_day for bank, entry_day in zip(banks, started.entry_days, strict=True)]
    directions = started.directions
    facts = (started.value_days, digits, movements.type_codes, customers, banks, entered, checksums, directions)
    ordinals = _number_rows(statement, tuple(map(hash, zip(*facts, strict=False))))
    _count(statement, amounts_minor, directions)
    same = repeat("mt"), repeat(account), repeat(currency)
    # fmt: off
    entries = (
        repeat(account), repeat(currency), amounts_minor, directions, started.booked_on, started.values_on,
        zip(*same, *facts, ordinals, strict=False), repeat(True), repeat(Purpose.PAYMENT), repeat(None),
        movements.type_codes, _with_customer_references(information.references, customers), information.mandate_ids,
        information.accounts, information.names, information.texts, movements.lines, repeat(None), repeat(None),
    )
    # fmt: on
    # Counted and checked they are by now; each is built when it is taken, and its memory serves for the next one.
    return map(_new_entry, repeat(StatementEntry), zip(*entries, strict=False))


def _read_starts(starts: Sequence[str]) -> _Starts | None:
    """Read value days, entry days and marks; None where one of them is not of the ordinary kind."""
    count, different = len(starts), set(starts)
    try:
        known = {start: _read_start(start) for start in different}
    except UnreadableFieldError:
        return None
    if len(different) > 1:
        return _Starts(*zip(*map(known.__getitem__, starts), strict=True))
    start = known[starts[0]]
    days = [start.value_day] * count, [start.entry_day] * count, [start.value_on] * count, [start.booked_on] * count
    return _Starts(*days, [start.direction] * count)


@lru_cache(maxsize=DAYS_KEPT)
def _read_start(text: str) -> _Start:
    """Read value day, entry day and mark. Raises `UnreadableFieldError` where they are not of the ordinary kind."""
    found = _START.fullmatch(text)
    if found is None:
        raise UnreadableFieldError("movement", "a reversal, or no entry day")
    value_day, entry_day, mark = found.groups()
    value_on, booked_on = read_day(value_day), read_entry_day(value_day, entry_day)
    return _Start(value_day, entry_day, value_on, booked_on, _DIRECTIONS[mark])


def _number_rows(statement: Statement, rows: Sequence[int]) -> Iterable[str]:
    """How often each row, given by its hash, has come in its statement by now, itself included."""
    counts, before = statement.rows, len(statement.rows)
    # One look-up for each: in a long statement they take as long as all else that is counted.
    rows_counted = [*map(counts.setdefault, rows, repeat(1))]
    new_count = len(counts) - before
    if new_count == len(rows_counted):
        return repeat("1")
    new = {*islice(reversed(counts), new_count)}
    ordinals = []
    for row in rows:
        if row in new:
            new.remove(row)
        else:
            counts[row] += 1
        ordinals.append(str(counts[row]))
    return ordinals


def _count(statement: Statement, amounts_minor: Sequence[int], directions: Sequence[Direction]) -> None:
    total_minor, credit_count = sum(amounts_minor), directions.count(Direction.CREDIT)
    credit_minor = total_minor
    if credit_count < len(directions):
        pairs = zip(amounts_minor, directions, strict=True)
        credit_minor = sum(amount for amount, direction in pairs if direction is Direction.CREDIT)
    statement.entry_count += len(directions)
    statement.credit_count += credit_count
    statement.credit_minor += credit_minor
    statement.debit_count += len(directions) - credit_count
    statement.debit_minor += total_minor - credit_minor


def _with_customer_references(
    references: Sequence[tuple[str, ...]], customers: Sequence[str]
) -> Sequence[tuple[str, ...]]:
    if NO_REFERENCES.issuperset({customer.upper() for customer in set(customers)}):
        return references
    return [
        own if customer.upper() in NO_REFERENCES or customer in own else (*own, customer)
        for own, customer in zip(references, customers, strict=True)
    ]
