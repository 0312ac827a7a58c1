"""Parts the rows of a sample that tell no movements from those that do, and proposes the checks they allow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pawledger.bank_files.mapped_csv.amounts import FRACTION_DIGITS_MAX
from pawledger.bank_files.mapped_csv.guesses import MoneyGuess, movements_of, read_exact
from pawledger.bank_files.mapped_csv.proposal_text import VALUE_SHOWN_MAX, ProposalText
from pawledger.bank_files.mapped_csv.rules import NumberRule
from pawledger.bank_files.mapped_csv.sample import Sample, fitting_day_formats

FOOTER_ROWS_TRIED_MAX: Final = 10
"""Longest footer that is looked for: exports end with one or two rows of totals."""
RECORD_KINDS_MAX: Final = 8
"""Most kinds of rows that are told by their first field."""
KIND_CHARACTERS_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Footer:
    """What stands around the movements of a sample."""

    rows: tuple[tuple[str, ...], ...] = ()
    """Rows behind the last movement."""
    detail_kinds: tuple[str, ...] = ()
    """Values of the first field of movements, where the first field says what kind of row it is."""
    other_kinds: tuple[str, ...] = ()
    ragged_count: int = 0
    """Rows among the movements that have another number of fields."""

    @property
    def has_records(self) -> bool:
        return bool(self.other_kinds)


def part_footer(sample: Sample) -> tuple[Sample, Footer]:
    """The sample with movements only, and what else there is in it."""
    kinds = _find_kinds(sample)
    if kinds is not None:
        details = tuple(row for row in sample.rows if len(row) == sample.width)
        return replace(sample, rows=details, skip_lines=0), Footer(detail_kinds=kinds[0], other_kinds=kinds[1])
    for count in range(0 if sample.is_cut else FOOTER_ROWS_TRIED_MAX + 1):
        end = len(sample.rows) - count
        if end <= 0:
            break
        if len(sample.rows[end - 1]) != sample.width or not any(sample.rows[end - 1]):
            continue
        rows = [row for row in sample.rows[:end] if any(row)]
        square = [row for row in rows if len(row) == sample.width]
        if _has_days(square, sample.width):
            found = replace(sample, rows=tuple(square))
            return found, Footer(sample.rows[end:], ragged_count=len(rows) - len(square))
    rows = [row for row in sample.rows if any(row)]
    square = [row for row in rows if len(row) == sample.width]
    return replace(sample, rows=tuple(square)), Footer(ragged_count=len(rows) - len(square))


def propose_records(out: ProposalText, footer: Footer) -> None:
    """Which rows tell movements, by their first field."""
    if not footer.has_records:
        return
    out.table("records")
    out.put("column", 1)
    out.put("details", footer.detail_kinds)
    out.ask("rows of other kinds are passed over; if they declare counts or sums, check them with [[totals]].")
    out.put("ignored", footer.other_kinds)


def propose_totals(out: ProposalText, sample: Sample, footer: Footer, money: MoneyGuess, rule: NumberRule) -> None:
    """What the rows behind the movements declare, as far as it agrees with what the sample comes to."""
    count = len(footer.rows)
    values = {place: read for place in money.amounts if (read := _read(rule, sample.values(place))) is not None}
    sums = _sums(money, values)
    for place, row in enumerate(footer.rows):
        found: dict[str, int] = {}
        for column, text in enumerate(row, 1):
            if text == str(len(sample.rows)) and "count" not in found:
                found["count"] = column
                continue
            value = _read(rule, [text]) if any(map(str.isdigit, text)) else None
            key = next((key for key, total in sums.items() if value == [total] and key not in found), None)
            if key is not None:
                found[key] = column
        if found:
            out.table("[[totals]]")
            out.say(f"Row {count - place} from the end declares what the rows of the sample come to.")
            out.put("from_end", count - place)
            for key, column in found.items():
                out.put(key, column)
        elif any(row):
            shown = " ".join(filter(None, row))[:VALUE_SHOWN_MAX]
            out.ask(f"what does row {count - place} from the end declare? It says {shown!r}.")


def _sums(money: MoneyGuess, values: dict[int, list[int]]) -> dict[str, int]:
    """Sums that a row may declare, by the key of a mapping; without those that two keys share."""
    if money.sign == "flag":
        return {}
    moved = movements_of(replace(money, fee=None), values)
    sums = {"sum": sum(moved)}
    incoming, outgoing = sum(each for each in moved if each > 0), sum(-each for each in moved if each < 0)
    if incoming and outgoing:
        sums |= {"credit_sum": incoming, "debit_sum": outgoing}
    return sums


def _read(rule: NumberRule, texts: Sequence[str]) -> list[int] | None:
    return read_exact(rule, texts, FRACTION_DIGITS_MAX)


def _has_days(rows: Sequence[tuple[str, ...]], width: int) -> bool:
    columns = ([row[place] for row in rows] for place in range(width))
    return any(all(values) and fitting_day_formats(values) for values in columns)


def _find_kinds(sample: Sample) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Kinds of movements and of other rows; None where the first field does not say it."""
    if sample.header:
        return None
    rows = (*sample.preamble, *sample.rows)
    details = sorted({row[0] for row in rows if len(row) == sample.width})
    others = sorted({row[0] for row in rows if len(row) != sample.width})
    is_short = all(0 < len(kind) <= KIND_CHARACTERS_MAX for kind in (*details, *others))
    if not others or len(details) + len(others) > RECORD_KINDS_MAX or not is_short or set(details) & set(others):
        return None
    return tuple(details), tuple(others)
