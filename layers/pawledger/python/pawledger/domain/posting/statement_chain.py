"""Continuity of account statements: in a series, each closing balance is the next opening balance and no number lacks.

Statements come late, twice, out of order and corrected. What is judged here is everything that is known of one account,
in the order of the account's days, so that the order of arrival does not matter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from pawledger.domain.canonical import hash_value


@dataclass(frozen=True, slots=True)
class ChainedStatement:
    """What is known of one statement (or one page of it) of a series; amounts in minor units of its currency."""

    chain_id: str
    """Which series, see `chain_id_of`."""
    statement_id: str
    """Hash of the bank's own identity of the statement: the same when it is sent again."""
    file_id: str
    """The file that told it last."""
    currency: str
    first_day: date
    last_day: date
    sequence_number: int | None
    opening_minor: int
    closing_minor: int


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """Two statements that should follow one another and do not."""

    before: ChainedStatement
    after: ChainedStatement
    missing_numbers: int
    """How many sequence numbers lack between them; 0 where only the balances differ."""

    @property
    def difference_minor(self) -> int:
        """What the account gained between the closing of the one and the opening of the other."""
        return self.after.opening_minor - self.before.closing_minor

    @property
    def subject(self) -> str:
        """Names the break, the same however often it is found; its series and day are read back from it."""
        after = self.after
        return f"{after.chain_id}#{after.last_day.isoformat()}#{self.before.statement_id}#{after.statement_id}"


def chain_id_of(chain: tuple[str, ...]) -> str:
    """The id of a series, made of its format, account and currency; tells nothing of the account's number."""
    return hash_value(list(chain))[:32]


def statement_id_of(identity: tuple[str, ...]) -> str:
    """The id of a statement, made of the bank's own identity of it."""
    return hash_value(list(identity))[:32]


def find_breaks(statements: Iterable[ChainedStatement]) -> list[ChainBreak]:
    """Every break in what is known of one series, oldest first.

    A statement of days that are told already (a month after its days, a copy under another id) closes where the series
    stands or opens where one of its statements opens; it neither continues nor breaks the series.
    """
    breaks: list[ChainBreak] = []
    before: ChainedStatement | None = None
    openings: set[tuple[date, int]] = set()
    for after in _in_order(statements):
        if before is not None and _repeats(before, after, openings):
            continue
        if before is not None:
            missing = _missing_numbers(before, after)
            if missing or before.closing_minor != after.opening_minor:
                breaks.append(ChainBreak(before, after, missing))
        openings.add((after.first_day, after.opening_minor))
        before = after
    return breaks


def _in_order(statements: Iterable[ChainedStatement]) -> list[ChainedStatement]:
    """By day, then by number; statements of one day without numbers in the order in which their balances link."""
    by_place: dict[tuple[date, int], list[ChainedStatement]] = {}
    for statement in statements:
        by_place.setdefault((statement.last_day, statement.sequence_number or 0), []).append(statement)
    ordered: list[ChainedStatement] = []
    for place in sorted(by_place):
        ordered += _linked(by_place[place], ordered[-1].closing_minor if ordered else None)
    return ordered


def _linked(statements: Sequence[ChainedStatement], closing_minor: int | None) -> list[ChainedStatement]:
    """Statements of one place (the pages of one, mostly one alone), each behind the one that it continues.

    Which comes first where that does not tell: the one that no other of them leads to, then the one with the first id.
    """
    waiting = sorted(statements, key=lambda statement: (statement.first_day, statement.statement_id))
    linked: list[ChainedStatement] = []
    while waiting:
        closings = {statement.closing_minor for statement in waiting}
        following = [each for each in waiting if each.opening_minor == closing_minor]
        heads = [each for each in waiting if each.opening_minor not in closings]
        chosen = (following or heads or waiting)[0]
        waiting.remove(chosen)
        linked.append(chosen)
        closing_minor = chosen.closing_minor
    return linked


def _repeats(before: ChainedStatement, after: ChainedStatement, openings: set[tuple[date, int]]) -> bool:
    """Say whether the days of `after` are told already by the statements up to `before`."""
    if after.first_day > before.last_day or after.opening_minor == before.closing_minor:
        return False
    return after.closing_minor == before.closing_minor or (after.first_day, after.opening_minor) in openings


def _missing_numbers(before: ChainedStatement, after: ChainedStatement) -> int:
    """Numbers between two statements of one year; banks count anew with the year, and may do so at any time."""
    if before.sequence_number is None or after.sequence_number is None:
        return 0
    if before.last_day.year != after.last_day.year:
        return 0
    return max(0, after.sequence_number - before.sequence_number - 1)
