"""Letting our matcher decide every line, and timing what it decides, nothing else."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from benchmarks.matching.drafting import TOLERANCE_MINOR
from benchmarks.matching.known_books import KnownBooks, clues_of
from benchmarks.matching.matchers import answer_of
from benchmarks.matching.shares import LineClass
from benchmarks.matching.tallies import Outcome, Tally
from benchmarks.matching.truth import BankLine
from pawledger.domain.matching.account_suggestions import suggest_accounts
from pawledger.domain.matching.identification import identify_payment, identify_return
from pawledger.domain.matching.payment_clues import Identification, PaymentClues
from pawledger.domain.posting.allocation import plan_allocation
from pawledger.domain.posting.allocation_terms import AllocationTerms

BATCH_LINES: Final = 5_000
"""Lines that are timed at once: a clock read for each would be a part of what is measured."""

_TERMS: Final = AllocationTerms(tolerance_minor=TOLERANCE_MINOR)


_Question = tuple[BankLine, PaymentClues, Identification]


@dataclass(slots=True)
class Run:
    """What our matcher did with all lines, and how long it took, in seconds of processor time."""

    tally: Tally = field(default_factory=Tally)
    informed: Tally = field(default_factory=Tally)
    """The suggestions alone, where every name and amount is known."""
    lines: int = 0
    deciding_seconds: float = 0.0
    suggestions: int = 0
    suggesting_seconds: float = 0.0
    allocations: int = 0
    """Payments that were posted right and whose invoices are known."""
    allocations_right: int = 0


def decide_lines(
    lines: Iterable[BankLine], books: KnownBooks, informed: KnownBooks | None = None
) -> Iterator[tuple[Run, Sequence[BankLine]]]:
    """Decide lines batch by batch; the run so far, and the batch that was decided last, after each.

    `informed` are the same books knowing everything, where suggestions are wanted from both.
    """
    run = Run()
    remaining = iter(lines)
    while batch := list(islice(remaining, BATCH_LINES)):
        questions = _decide_batch(run, batch, books)
        started = time.process_time()
        _suggest(run.tally, questions, books)
        run.suggesting_seconds += time.process_time() - started
        run.suggestions += len(questions)
        if informed is not None:
            _suggest(run.informed, questions, informed)
        yield run, batch


def _decide_batch(run: Run, batch: Sequence[BankLine], books: KnownBooks) -> list[_Question]:
    """Decide and count; what is left open, for suggestions."""
    clues = [clues_of(line) for line in batch]
    deciders = [identify_return if line.line_class is LineClass.RETURN else identify_payment for line in batch]
    started = time.process_time()
    answers = [decide(each, books) for decide, each in zip(deciders, clues, strict=True)]
    run.deciding_seconds += time.process_time() - started
    run.lines += len(batch)
    open_questions = []
    for line, each, answer in zip(batch, clues, answers, strict=True):
        outcome = run.tally.add(line, answer_of(answer.parts, books))
        if outcome is Outcome.ABSTAINED:
            open_questions.append((line, each, answer))
        elif outcome is Outcome.RIGHT:
            _count_allocation(run, line, answer, books)
    return open_questions


def _suggest(tally: Tally, questions: Sequence[_Question], books: KnownBooks) -> None:
    for line, clues, answer in questions:
        candidates = suggest_accounts(clues, books, known=answer.candidates)
        tally.add_suggestions(line, [candidate.account_id for candidate in candidates])


def _count_allocation(run: Run, line: BankLine, answer: Identification, books: KnownBooks) -> None:
    """Whether the invoices that were meant are settled, and no others before them."""
    if not line.truth.invoice_ids:
        return
    settled: set[str] = set()
    for part in answer.parts:
        open_invoices = books.accounts[part.account_id].open_invoices
        plan = plan_allocation(part.amount_minor, open_invoices, named=part.invoice_ids, terms=_TERMS)
        settled.update(allocation.invoice_id for allocation in plan.allocations)
    meant = set(line.truth.invoice_ids)
    open_of_meant = sum(
        invoice.remaining_minor
        for account_id, _ in line.truth.parts
        for invoice in books.accounts[account_id].open_invoices
        if invoice.invoice_id in meant
    )
    # Who pays more than was meant pays other invoices too, or in advance.
    is_right = meant <= settled and (settled == meant or line.amount_minor > open_of_meant)
    run.allocations += 1
    run.allocations_right += is_right
