"""Continuity of statements: remember what came, find what is missing, and heal what was missing and has come."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from pawledger.bank_files.records import StatementSummary
from pawledger.domain.calendar import shift_day
from pawledger.domain.money import format_amount, write_amount
from pawledger.domain.posting.statement_chain import (
    ChainBreak,
    ChainedStatement,
    chain_id_of,
    find_breaks,
    statement_id_of,
)
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.ports import BankFileRegister, DiscrepancyBook

DAYS_LOOKED_AROUND: Final = 400
"""How far from a statement its neighbours are looked for: a dormant account has a yearly statement, and some days."""

STATEMENTS_CHAINED_MAX: Final = 1_000
"""Per file, each a write of about 10 ms; a biller has a handful of accounts, and a year of daily statements is 260."""

GAPS_TOLD_MAX: Final = 20
"""Per file and series, the newest first: a file that does not fit at all is one error, not a thousand."""


def chained_statements(summaries: Iterable[StatementSummary], file_id: str) -> Iterator[ChainedStatement]:
    """The statements of a file that belong to a series and can be placed in it: with both balances and a day."""
    for summary in summaries:
        last_day = summary.last_day or summary.first_day
        if summary.chain is None or last_day is None or summary.currency is None:
            continue
        if summary.opening_minor is None or summary.closing_minor is None:
            continue
        yield ChainedStatement(
            chain_id=chain_id_of(summary.chain),
            statement_id=statement_id_of(summary.identity),
            file_id=file_id,
            currency=summary.currency,
            first_day=summary.first_day or last_day,
            last_day=last_day,
            sequence_number=summary.sequence_number,
            opening_minor=summary.opening_minor,
            closing_minor=summary.closing_minor,
        )


def link_statements(
    statements: Sequence[ChainedStatement],
    received_on: date,
    *,
    register: BankFileRegister,
    discrepancies: DiscrepancyBook,
    has_number_gaps: bool = False,
) -> None:
    """Remember the statements of an accepted file; tell new breaks of their series, and heal those that they close.

    With `has_number_gaps` the provider is known to leave out numbers, and only its balances have to link.
    Every step can be repeated. Statements beyond `STATEMENTS_CHAINED_MAX` are not judged, which is told as well.
    """
    judged = statements[:STATEMENTS_CHAINED_MAX]
    for statement in judged:
        register.write_statement(statement)
    if len(statements) > len(judged):
        what = f"A file holds {len(statements)} statements; only the first {len(judged)} of them are linked."
        kind = DiscrepancyKind.STATEMENTS_UNCHAINED
        discrepancies.record(Discrepancy(kind, statements[0].file_id, received_on, what))
    by_chain: dict[str, list[ChainedStatement]] = {}
    for statement in judged:
        by_chain.setdefault(statement.chain_id, []).append(statement)
    standing: dict[str, set[str]] = {}
    for chain_id, members in by_chain.items():
        days = [statement.last_day for statement in members]
        breaks = _read_breaks(register, chain_id, days, DAYS_LOOKED_AROUND)
        standing[chain_id] = {each.subject for each in breaks}
        told = [each for each in breaks if each.difference_minor or not has_number_gaps]
        for each in told[-GAPS_TOLD_MAX:]:
            discrepancies.record(_gap(each, received_on))
    if standing:
        _heal_gaps(discrepancies, standing)


def heal_statement_gaps(*, register: BankFileRegister, discrepancies: DiscrepancyBook) -> int:
    """Heal every open gap that is none any more, also where two files crossed each other; the number healed."""
    open_gaps = [recorded.discrepancy for recorded in discrepancies.list_open(DiscrepancyKind.STATEMENT_GAP)]
    days: dict[str, list[date]] = {}
    for gap in open_gaps:
        chain_id, day, *_ = gap.subject.split("#")
        days.setdefault(chain_id, []).append(date.fromisoformat(day))
    standing = {
        # Twice as far: a gap found at one end of what was read then must not lie beyond the end of what is read now.
        chain_id: {each.subject for each in _read_breaks(register, chain_id, broken_on, 2 * DAYS_LOOKED_AROUND)}
        for chain_id, broken_on in days.items()
    }
    return _heal_gaps(discrepancies, standing)


def _read_breaks(register: BankFileRegister, chain_id: str, days: Sequence[date], days_around: int) -> list[ChainBreak]:
    first_day, last_day = shift_day(min(days), -days_around), shift_day(max(days), days_around)
    return find_breaks(register.read_statements(chain_id, first_day, last_day))


def _heal_gaps(discrepancies: DiscrepancyBook, standing: dict[str, set[str]]) -> int:
    """Heal open gaps of the given series that are not among its standing ones."""
    healed = 0
    for recorded in discrepancies.list_open(DiscrepancyKind.STATEMENT_GAP):
        subject = recorded.discrepancy.subject
        chain_id = subject.partition("#")[0]
        if chain_id in standing and subject not in standing[chain_id]:
            healed += discrepancies.heal(recorded.discrepancy.discrepancy_id)
    return healed


def _gap(found: ChainBreak, received_on: date) -> Discrepancy:
    before, after, currency = found.before, found.after, found.after.currency
    lacks = f"{found.missing_numbers} statements are missing" if found.missing_numbers else "A statement is missing"
    what = (
        f"{lacks} between {before.last_day} (file {before.file_id[:12]}), closing "
        f"{format_amount(before.closing_minor, currency)}, and {after.first_day} (file {after.file_id[:12]}), opening "
        f"{write_amount(after.opening_minor, currency)}."
    )
    return Discrepancy(
        kind=DiscrepancyKind.STATEMENT_GAP,
        subject=found.subject,
        born_on=received_on,
        what=what,
        currency=currency,
        amount_minor=abs(found.difference_minor),
    )
