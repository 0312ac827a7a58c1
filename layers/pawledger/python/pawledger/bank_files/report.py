"""What reading a bank file found: its statements, its problems and the verdict that follows from them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pawledger.bank_files.records import StatementSummary

PROBLEMS_KEPT_MAX: Final = 200
"""A file that is wrong on every line is told by its first faults; more would only bury them."""


class Verdict(StrEnum):
    """The three ends a file can come to; only an accepted file is ever posted."""

    ACCEPTED = "accepted"
    OUT_OF_BALANCE = "out_of_balance"
    UNREADABLE = "unreadable"


class Rule(StrEnum):
    """What kind of rule a problem breaks, which decides the verdict."""

    SYNTAX = "syntax"
    """The file cannot be read as its format: unreadable."""
    INTEGRITY = "integrity"
    """A control total, count or balance does not agree: out of balance."""
    MEANING = "meaning"
    """Odd but harmless to the money (unknown type code, wrong check digit): accepted, with a warning."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a file, with where it is and which rule it breaks."""

    kind: Rule
    rule: str
    """Name of the broken rule, `<format>.<words_with_underscores>`, stable: people and programs search for it."""
    line: int | None
    field: str | None
    message: str
    """A sentence that says what was expected and what was found. Bytes of the file appear only in `repr` form, cut."""

    @property
    def severity(self) -> str:
        return "warning" if self.kind is Rule.MEANING else "error"


@dataclass(slots=True)
class FileReport:
    """Collects what a reader finds; complete once the reader's iterator is exhausted."""

    format: str | None = None
    """`bai2`, `camt.053.001.08`, ...; None while nothing was recognised."""
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    statements: list[StatementSummary] = field(default_factory=list)
    logical_file_ids: list[tuple[str, ...]] = field(default_factory=list)
    """Identity of each logical file inside, from its own header: the same when it is sent again in other bytes."""
    warned_rules: set[str] = field(default_factory=set)
    """Names of all rules of warnings, also of those beyond `PROBLEMS_KEPT_MAX`."""
    content_hash: str | None = None
    """SHA-256 of the unpacked content where the file came packed; None where it did not."""
    _kinds: set[Rule] = field(default_factory=set)

    def add(self, kind: Rule, rule: str, message: str, *, line: int | None = None, field: str | None = None) -> None:
        """Record a problem; beyond `PROBLEMS_KEPT_MAX` it only counts, the verdict is still exact."""
        self._kinds.add(kind)
        if kind is Rule.MEANING:
            self.warned_rules.add(rule)
        self.problem_count += 1
        if len(self.problems) < PROBLEMS_KEPT_MAX:
            self.problems.append(Problem(kind, rule, line, field, message))

    @property
    def verdict(self) -> Verdict:
        if Rule.SYNTAX in self._kinds:
            return Verdict.UNREADABLE
        if Rule.INTEGRITY in self._kinds:
            return Verdict.OUT_OF_BALANCE
        return Verdict.ACCEPTED
