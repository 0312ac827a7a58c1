"""Counting how answers compare with the truth."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from benchmarks.matching.shares import LineClass
from benchmarks.matching.truth import BankLine, Decidability

EXAMPLES_MAX: Final = 5
"""False matches that are kept to look at."""
FIRST_SUGGESTIONS: Final = 3


class Outcome(StrEnum):
    RIGHT = "right"
    FALSE = "false"
    GUESSED = "guessed"
    """Posted as it was meant, which nothing proved: counted with the false ones."""
    MISLED = "misled"
    """Posted as the line says, and the payer meant something else that nobody could see."""
    ABSTAINED = "abstained"


_ANSWERABLE: Final = (Decidability.PROVEN, Decidability.LIKELY)


def compare(line: BankLine, parts: Mapping[str, int]) -> Outcome:
    """What became of a line for which the matcher answered accounts and amounts, or nothing."""
    if not parts:
        return Outcome.ABSTAINED
    if line.truth.decidability is Decidability.MISLEADING:
        return Outcome.MISLED
    if parts != dict(line.truth.parts):
        return Outcome.FALSE
    return Outcome.RIGHT if line.truth.decidability in _ANSWERABLE else Outcome.GUESSED


@dataclass(slots=True)
class Tally:
    """What one matcher did."""

    outcomes: dict[LineClass, Counter[tuple[Decidability, Outcome]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    suggested: Counter[LineClass] = field(default_factory=Counter)
    """Lines without an answer of the matcher, of which the truth is proven or likely."""
    suggested_first: Counter[LineClass] = field(default_factory=Counter)
    suggested_early: Counter[LineClass] = field(default_factory=Counter)
    """The truth among the first `FIRST_SUGGESTIONS`."""
    false_examples: list[tuple[BankLine, Mapping[str, int]]] = field(default_factory=list)

    def add(self, line: BankLine, parts: Mapping[str, int]) -> Outcome:
        """Count an answer."""
        outcome = compare(line, parts)
        self.outcomes[line.line_class][line.truth.decidability, outcome] += 1
        if outcome in (Outcome.FALSE, Outcome.GUESSED) and len(self.false_examples) < EXAMPLES_MAX:
            self.false_examples.append((line, parts))
        return outcome

    def add_suggestions(self, line: BankLine, account_ids: Sequence[str]) -> None:
        """Count what was suggested for a line on which the matcher abstained."""
        if line.truth.decidability not in _ANSWERABLE:
            return
        meant = dict(line.truth.parts)
        self.suggested[line.line_class] += 1
        self.suggested_first[line.line_class] += any(each in meant for each in account_ids[:1])
        self.suggested_early[line.line_class] += any(each in meant for each in account_ids[:FIRST_SUGGESTIONS])

    def count(
        self, *outcomes: Outcome, of: Sequence[Decidability] = tuple(Decidability), in_class: LineClass | None = None
    ) -> int:
        """Lines with one of the outcomes, of one of the kinds of truth."""
        counters = self.outcomes.values() if in_class is None else [self.outcomes[in_class]]
        return sum(
            counter[decidability, outcome] for counter in counters for decidability in of for outcome in outcomes
        )

    @property
    def false_count(self) -> int:
        return self.count(Outcome.FALSE, Outcome.GUESSED)
