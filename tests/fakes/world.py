"""What all fakes share: one lock, one set of rows, and the hooks by which a test makes any call fail or lag."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

CallHook = Callable[[str, str, tuple[object, ...]], None]
"""Given port name, method name and arguments; may raise, which then is what the caller sees."""

StalenessHook = Callable[[str], int]
"""Given an account id: how many writes to it the reader has not seen yet; 0 is the present."""


def let_pass(port: str, method: str, arguments: tuple[object, ...]) -> None:
    """The hook that does nothing."""


def never_stale(account_id: str) -> int:
    """The hook under which every read sees the present."""
    return 0


@dataclass(frozen=True, slots=True)
class HeadRow:
    """An account's head as it was after one write."""

    version: int
    agenda_on: date | None
    body: str


@dataclass(slots=True)
class EntryRow:
    """A stored entry; a test tampers with it by assigning."""

    sequence: int
    body: str
    hash: str


@dataclass(slots=True)
class DiscrepancyRow:
    status: str
    body: str
    alerted_at: str | None = None
    version: int = 0
    life: str | None = None
    by_amount: str | None = None


@dataclass(frozen=True, slots=True)
class BankFileRow:
    status: str
    body: str


@dataclass(slots=True)
class Rows:
    """Everything that is stored, as text: an object that a caller changes or keeps cannot reach in here."""

    heads: dict[str, list[HeadRow]] = field(default_factory=dict)
    """By account id, every state there was, the present last."""
    entries: dict[tuple[str, str], EntryRow] = field(default_factory=dict)
    """By account id and entry id."""
    terms: dict[tuple[str, str], str] = field(default_factory=dict)
    """By account id and term id."""
    discrepancies: dict[str, DiscrepancyRow] = field(default_factory=dict)
    bank_files: dict[str, BankFileRow] = field(default_factory=dict)
    chunk_results: dict[tuple[str, int], str] = field(default_factory=dict)
    """By file id and chunk number."""
    statements: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """By series, last day and statement id."""
    references: dict[str, str] = field(default_factory=dict)
    runs: dict[date, tuple[int, str]] = field(default_factory=dict)
    """By day, version and text."""
    batches: dict[tuple[date, str], tuple[str, str | None]] = field(default_factory=dict)
    """By day and batch id, the text and that of its result."""
    forecasts: dict[date, str] = field(default_factory=dict)


class SharedState:
    """Rows under one lock, so that every call happens wholly before or wholly after any other.

    `before_call` may raise to stand for a call that never arrived, `after_call` for one that was done although its
    answer was lost. Both run outside the lock, so that a test may let other callers in there.
    """

    def __init__(self) -> None:
        self.rows = Rows()
        self.lock = threading.RLock()
        self.before_call: CallHook = let_pass
        self.after_call: CallHook = let_pass
        self.staleness_of: StalenessHook = never_stale

    @contextmanager
    def call(self, port: str, method: str, *arguments: object) -> Iterator[Rows]:
        """One call of a port: the hooks around it, the lock inside. An error of the call itself skips `after_call`."""
        self.before_call(port, method, arguments)
        with self.lock:
            yield self.rows
        self.after_call(port, method, arguments)
