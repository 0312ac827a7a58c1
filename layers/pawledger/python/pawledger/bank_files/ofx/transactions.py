"""Transactions of OFX (STMTTRN, and STMTTRNP that are still pending) become statement entries, a column at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import compress, repeat
from operator import is_, itemgetter
from typing import Final, NamedTuple
from zlib import crc32

from pawledger.bank_files.ofx.codes import CREDIT_TYPE, DEBIT_TYPE, HELD_TYPE, PURPOSES, RETURN_TYPES, TRANSACTION_TYPES
from pawledger.bank_files.ofx.fields import (
    BLANKS,
    Notes,
    UnreadableOfxError,
    read_amounts,
    read_day,
    read_texts,
    shown,
)
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import Rule

TRANSACTIONS_MAX: Final = 1_000_000
"""Most transactions of one statement, whose FITIDs are remembered: this many take about 75 MB."""

_CREDIT: Final = Direction.CREDIT
_DEBIT: Final = Direction.DEBIT
_FIRST_DAY_CHARACTERS: Final = itemgetter(slice(0, 8))
_CONTRADICTIONS: Final = frozenset(((CREDIT_TYPE, True), (DEBIT_TYPE, False)))
"""Types that mean nothing but a direction, with whether the amount is below zero."""
_lowest_bits: Final = (0xFFF).__and__
_add: Final = str.__add__
_new_entry: Final = tuple.__new__
"""Builds a named tuple from its fields in order: about half the cost of calling the class, which only adds names."""


class Rows(NamedTuple):
    """Transactions in columns of one length; values as they stand in the file, None where an element is missing."""

    types: Sequence[str | None]
    posted: Sequence[str | None]
    available: Sequence[str | None]
    amounts: Sequence[str | None]
    fitids: Sequence[str | None]
    check_numbers: Sequence[str | None]
    reference_numbers: Sequence[str | None]
    names: Sequence[str | None]
    memos: Sequence[str | None]
    lines: Sequence[int]
    offsets: Sequence[int | None]


class _Facts(NamedTuple):
    """What the identities of movements are made of, in columns of one length."""

    fitids: list[str]
    day_texts: list[str]
    amounts: list[str]
    checksums: list[str] | None
    """Of what else tells the transactions without FITID apart, empty for others; None where all have one."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account of a statement, and what the identities of its movements begin with."""

    number: str
    currency: str
    identity: tuple[str, ...]
    """Format, institution, bank with branch, account number and account type."""


@dataclass(slots=True)
class Count:
    """What was counted of one statement in one currency."""

    credit_count: int = 0
    credit_minor: int = 0
    debit_count: int = 0
    debit_minor: int = 0
    return_count: int = 0
    first_day: date | None = None
    last_day: date | None = None

    def add(self, entries: list[StatementEntry]) -> None:
        """Count entries of which each stands in the file once."""
        amounts = [*map(itemgetter(2), entries)]
        are_credits = [*map(is_, map(itemgetter(3), entries), repeat(_CREDIT))]
        credit_count, credit_minor = sum(are_credits), sum(compress(amounts, are_credits))
        self.credit_count += credit_count
        self.credit_minor += credit_minor
        self.debit_count += len(entries) - credit_count
        self.debit_minor += sum(amounts) - credit_minor
        self.return_count += [*map(itemgetter(8), entries)].count(Purpose.RETURN)
        days = {*map(itemgetter(4), entries)} - {None}
        if days:
            self.first_day = min(days if self.first_day is None else (self.first_day, *days))
            self.last_day = max(days if self.last_day is None else (self.last_day, *days))


@dataclass(slots=True)
class _Known:
    """FITIDs of one statement, to number the rows that tell one more than once.

    Of each FITID only a mark is kept of what it came with first, a checksum cut to 12 bits: whole rows would take twice
    the memory. All marks of one value are one object, for the same reason; more bits cost speed, being more objects.
    """

    first: dict[int, int] = field(default_factory=dict)
    repeated: dict[tuple[str, ...], int] = field(default_factory=dict)
    marks: dict[int, int] = field(default_factory=dict)


class TransactionReader:
    """Turns rows into entries and numbers the rows that a statement repeats."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._known = _Known()

    def begin_statement(self) -> None:
        """Rows are numbered within their statement: a statement that comes again tells the same movements."""
        self._known = _Known()

    def read(self, rows: Rows, account: Account, *, posts: bool = True) -> list[StatementEntry]:
        """Make the entries of rows in the account's currency, leaving out those whose amount cannot be read.

        Raises `UnreadableOfxError`.
        """
        amounts = read_amounts(rows.amounts, account.currency)
        if None in amounts:
            rows, amounts = self._without_unread_amounts(rows, amounts, account.currency)
        signed: list[int] = amounts  # type: ignore[assignment]
        if not signed:
            return []
        notes, lines = self._notes, rows.lines
        types = [*map(str.upper, read_texts(rows.types))]
        directions = [_CREDIT if amount >= 0 else _DEBIT for amount in signed]
        self._check_types(types, signed, lines)
        day_texts, days = self._read_days(rows.posted, lines)
        values = repeat(None) if rows.available.count(None) == len(signed) else map(read_day, _days_of(rows.available))
        names, memos = read_texts(rows.names), read_texts(rows.memos)
        check_numbers = read_texts(rows.check_numbers)
        reference_numbers = read_texts(rows.reference_numbers)
        texts = [
            (memo if memo.startswith(name) else f"{name} {memo}") if memo else name
            for name, memo in zip(names, memos, strict=True)
        ]
        fitids = read_texts(rows.fitids)
        checksums: list[str] | None = None
        if "" in fitids:
            notes.once("ofx.fitid_missing", "transaction without FITID", line=lines[fitids.index("")])
            checksums = _checksums(fitids, types, check_numbers, reference_numbers, texts)
        facts = _Facts(fitids, day_texts, [*map(str, signed)], checksums)
        identities = zip(
            *map(repeat, account.identity),
            *facts[:3],
            repeat("") if checksums is None else checksums,
            self._number_rows(facts, lines),
            strict=False,
        )
        # fmt: off
        columns = (
            repeat(account.number), repeat(account.currency), [*map(abs, signed)], directions, days, values, identities,
            [posts and each != HELD_TYPE for each in types] if HELD_TYPE in types else repeat(posts),
            map(PURPOSES.get, types, repeat(Purpose.PAYMENT)),
            [each if each in RETURN_TYPES else None for each in types] if not RETURN_TYPES.isdisjoint(types)
            else repeat(None),
            types, _references(reference_numbers, check_numbers), repeat(None), repeat(None),
            [name or None for name in names] if "" in names else names, texts, lines, rows.offsets, repeat(None),
        )
        # fmt: on
        return [*map(_new_entry, repeat(StatementEntry), zip(*columns, strict=False))]

    def _without_unread_amounts(
        self, rows: Rows, amounts: list[int | None], currency: str
    ) -> tuple[Rows, list[int | None]]:
        for amount, text, line in zip(amounts, rows.amounts, rows.lines, strict=True):
            if amount is None:
                stripped = (text or "").strip(BLANKS)
                found = shown(stripped) if stripped else "nothing"
                message = f"TRNAMT is {found}, expected a decimal amount with no more digits than {currency} has"
                self._notes.add(Rule.INTEGRITY, "ofx.amount", message, field="TRNAMT", line=line)
        is_read = [amount is not None for amount in amounts]
        kept = Rows._make(list(compress(column, is_read)) for column in rows)
        return kept, [amount for amount in amounts if amount is not None]

    def _check_types(self, types: list[str], signed: list[int], lines: Sequence[int]) -> None:
        if not TRANSACTION_TYPES.issuperset(types):
            index, unknown = next((at, each) for at, each in enumerate(types) if each not in TRANSACTION_TYPES)
            message = f"TRNTYPE {shown(unknown)} is not a listed type" if unknown else "transaction without TRNTYPE"
            self._notes.once("ofx.type_unknown", message, line=lines[index])
        signs = [amount < 0 for amount in signed]
        if _CONTRADICTIONS.isdisjoint(zip(types, signs, strict=True)):
            return
        for each, amount, line in zip(types, signed, lines, strict=True):
            # Nothing went either way where the amount is zero.
            if amount and (each, amount < 0) in _CONTRADICTIONS:
                sign = "negative" if amount < 0 else "positive"
                message = f"TRNTYPE is {each} and TRNAMT is {sign}; it is not known which way the money went"
                self._notes.add(Rule.INTEGRITY, "ofx.amount_sign", message, field="TRNAMT", line=line)

    def _read_days(self, posted: Sequence[str | None], lines: Sequence[int]) -> tuple[list[str], list[date | None]]:
        """The days as they stand in identities, and as dates."""
        texts = _days_of(posted)
        days = [*map(read_day, texts)]
        if None in days:
            index = days.index(None)
            message = f"DTPOSTED is {shown((posted[index] or '').strip(BLANKS))}, expected a day written YYYYMMDD"
            self._notes.once("ofx.day", message, line=lines[index])
            texts = [text if day else "" for text, day in zip(texts, days, strict=True)]
        return texts, days

    def _number_rows(self, facts: _Facts, lines: Sequence[int]) -> Iterable[str]:
        """How often each row has come in its statement by now, itself included, as the identity has it."""
        fitids, day_texts, amounts, checksums = facts
        first = self._known.first
        keys = [*map(hash, fitids if checksums is None else map(_add, fitids, checksums))]
        fresh = [*map(_lowest_bits, map(crc32, map(str.encode, map(_add, day_texts, amounts))))]
        marks = [*map(self._known.marks.setdefault, fresh, fresh)]
        if len(first) + len(keys) > TRANSACTIONS_MAX:
            raise UnreadableOfxError("ofx.too_many_transactions", f"more than {TRANSACTIONS_MAX} in one statement")
        counted = dict(zip(keys, marks, strict=True))
        if len(counted) == len(keys) and first.keys().isdisjoint(counted):
            first |= counted
            return repeat("1")
        rows = zip(fitids, day_texts, amounts, repeat("") if checksums is None else checksums, strict=False)
        return [self._ordinal(*each) for each in zip(rows, keys, marks, lines, strict=True)]

    def _ordinal(self, row: tuple[str, ...], key: int, mark: int, line: int) -> str:
        before = self._known.first.setdefault(key, -1)
        if before == -1:
            self._known.first[key] = mark
            return "1"
        if row[0]:
            self._notes.once("ofx.fitid_repeated", f"FITID {shown(row[0])} comes again in its statement", line=line)
        repeated = self._known.repeated
        repeated[row] = ordinal = repeated.get(row, 1 if before == mark else 0) + 1
        if len(repeated) > TRANSACTIONS_MAX // 10:
            raise UnreadableOfxError("ofx.too_many_transactions", "too many FITIDs come again in one statement")
        return str(ordinal)


def _days_of(column: Sequence[str | None]) -> list[str]:
    """The first eight characters of each date; its time and zone are left alone, the day is the bank's own."""
    if column and (column[0] or " ")[0] > " " and None not in column:
        cut = [*map(_FIRST_DAY_CHARACTERS, column)]  # type: ignore[arg-type]
        if "".join(cut).isdigit():
            return cut
    return [(value or "").strip(BLANKS)[:8] for value in column]


def _checksums(fitids: list[str], *told: list[str]) -> list[str]:
    """A checksum of what tells a transaction, where it has no FITID; it keeps names out of the identity."""
    rows = zip(fitids, *told, strict=True)
    return ["" if fitid else str(crc32("\0".join(values).encode())) for fitid, *values in rows]


def _references(first: list[str], second: list[str]) -> Iterable[tuple[str, ...]]:
    """References of each transaction; numbers of zeros only are how banks write that there is none."""
    if not any(first) and not any(second):
        return repeat(())
    return [
        ((one, other) if other.strip("0") else (one,)) if one.strip("0") else ((other,) if other.strip("0") else ())
        for one, other in zip(first, second, strict=True)
    ]
