"""What `make bench` prints of matching."""

import gc
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.matching.books import Books, make_books
from benchmarks.matching.known_books import KnownBooks
from benchmarks.matching.lines import stream_lines
from benchmarks.matching.linkage import THRESHOLD, LinkageRun, link_lines
from benchmarks.matching.matchers import ExactReference, ReferenceThenAmount
from benchmarks.matching.measuring import Run, decide_lines
from benchmarks.matching.shares import SHARES, LineClass
from benchmarks.matching.tallies import Outcome, Tally
from benchmarks.matching.truth import BankLine, Decidability
from benchmarks.table import Row

LINES: Final = 1_000_000
OPEN_INVOICES: Final = 200_000
LINKED_LINES: Final = 100_000
"""Lines that the public matcher is given: it holds all of them, and all pairs, in memory."""
SEED: Final = 2026
TOLD_EVERY_LINES: Final = 100_000

MATCHED_MIN: Final = 0.98
FIRST_SUGGESTED_MIN: Final = 0.95
DECISIONS_MIN: Final = 20_000

_PROVEN: Final = (Decidability.PROVEN,)
_ANSWERABLE: Final = (Decidability.PROVEN, Decidability.LIKELY)


@dataclass(slots=True)
class Baseline:
    """One of the two matchers that one writes first, with what it did."""

    what: str
    matcher: ExactReference | ReferenceThenAmount
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0

    def decide(self, lines: Sequence[BankLine]) -> None:
        started = time.process_time()
        answers = [self.matcher.answer(line) for line in lines]
        self.seconds += time.process_time() - started
        for line, answer in zip(lines, answers, strict=True):
            self.tally.add(line, answer)


def measure_matching() -> list[Row]:
    """Make the books and the lines, have them decided by all matchers, and compare with the truth."""
    books = make_books(SEED, OPEN_INVOICES)
    known, informed = KnownBooks(books), KnownBooks(books, knows_everything=True)
    baselines = [
        Baseline("exact reference", ExactReference(books)),
        Baseline("reference, else amount", ReferenceThenAmount(books)),
    ]
    # What stands in the books is no garbage: without this its search would be timed with the decisions.
    gc.collect()
    gc.freeze()
    kept: list[BankLine] = []
    run = Run()
    for run, batch in decide_lines(stream_lines(books, SEED, LINES), known, informed):
        for baseline in baselines:
            baseline.decide(batch)
        kept += batch if len(kept) < LINKED_LINES else []
        if run.lines % TOLD_EVERY_LINES == 0:
            print(f"  decided {run.lines:,} lines", file=sys.stderr, flush=True)
    memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = [*_own_rows(run, books, memory_mib), *_class_rows(run.tally)]
    rows += [
        _peer_row(baseline.what, baseline.tally, LINES / baseline.seconds, run.tally.count(*Outcome))
        for baseline in baselines
    ]
    gc.unfreeze()
    return [*rows, _linkage_row(link_lines(books, kept), len(kept)), *_example_rows(run.tally)]


def _own_rows(run: Run, books: Books, memory_mib: float) -> list[Row]:
    tally = run.tally
    proven, answerable = _share(tally, _PROVEN), _share(tally, _ANSWERABLE)
    asked = sum(tally.suggested.values())
    first = _first_share(tally)
    early = sum(tally.suggested_early.values()) / max(1, asked)
    per_second = run.lines / run.deciding_seconds
    misleading = tally.count(*Outcome, of=(Decidability.MISLEADING,))
    return [
        _told(f"{run.lines:,} lines, {books.open_count:,} open invoices; accounts", f"{len(books.accounts):,}"),
        _at_least("matched without a person, where line and books prove it", proven, MATCHED_MIN),
        _told("matched without a person, of all lines that have an answer", f"{answerable:.2%}"),
        Row("false matches", f"{tally.false_count:,}", "0", tally.false_count == 0),
        _told(f"  posted as they say, of {misleading:,} that mislead everybody", f"{tally.count(Outcome.MISLED):,}"),
        _at_least(f"truth is suggested first, {asked:,} lines with an answer left", first, FIRST_SUGGESTED_MIN),
        _told("  among the first three", f"{early:.2%}"),
        _told("  first, if every name and every amount were indexed", f"{_first_share(run.informed):.2%}"),
        _told(
            "the invoices meant are settled, payments matched right", f"{run.allocations_right / run.allocations:.3%}"
        ),
        Row("decisions on one core", f"{per_second:,.0f}/s", f">= {DECISIONS_MIN:,}/s", per_second >= DECISIONS_MIN),
        _told("suggestions on one core", f"{run.suggestions / run.suggesting_seconds:,.0f}/s"),
        _told("memory, with books, truth and the two simple matchers", f"{memory_mib:,.0f} MiB"),
    ]


def _first_share(tally: Tally) -> float:
    return sum(tally.suggested_first.values()) / max(1, sum(tally.suggested.values()))


def _told(what: str, measured: str) -> Row:
    return Row(what, measured, "", None)


def _at_least(what: str, share: float, least: float) -> Row:
    return Row(what, f"{share:.2%}", f">= {least:.0%}", share >= least)


def _class_rows(tally: Tally) -> list[Row]:
    """By class: how much of what is proven was matched; in place of a budget false matches and first suggestions."""
    return [_class_row(tally, share.line_class) for share in SHARES]


def _class_row(tally: Tally, line_class: LineClass) -> Row:
    lines = tally.count(*Outcome, in_class=line_class)
    proven = tally.count(*Outcome, of=_PROVEN, in_class=line_class)
    right = tally.count(Outcome.RIGHT, of=_PROVEN, in_class=line_class)
    false = tally.count(Outcome.FALSE, Outcome.GUESSED, in_class=line_class)
    asked = tally.suggested[line_class]
    first = f"{tally.suggested_first[line_class] / asked:.1%} first" if asked else "none asked"
    measured = f"{right / proven:.2%} of {proven:,}" if proven else "none is proven"
    return Row(f"  {line_class}, {lines:,}", measured, f"{false} false, {first}", None)


def _peer_row(what: str, tally: Tally, per_second: float, lines: int) -> Row:
    return Row(
        f"{what}: of what is proven, and false, of {lines:,}",
        f"{_share(tally, _PROVEN):.2%}, {tally.false_count:,} false",
        f"{per_second:,.0f}/s",
        None,
    )


def _linkage_row(run: LinkageRun, lines: int) -> Row:
    return _peer_row(f"splink from {THRESHOLD} on", run.tally, lines / run.seconds, lines)


def _example_rows(tally: Tally) -> Iterator[Row]:
    for line, posted in tally.false_examples:
        said = f"{line.line_class}: {' '.join((*line.references, line.text))}"
        yield Row(
            f"false: {said[:54]}", " ".join(posted)[:23], " ".join(each for each, _ in line.truth.parts)[:23], None
        )


def _share(tally: Tally, of: tuple[Decidability, ...]) -> float:
    return tally.count(Outcome.RIGHT, of=of) / max(1, tally.count(*Outcome, of=of))
