"""Proposes a mapping for a delimited file from a sample of it, with the reason for each choice.

What a sample proves is told as proved, what two readings leave open is marked `OPEN`. The sample is then read by the
proposal itself, and what that found stands at its head.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from pawledger.bank_files.mapped_csv.column_words import CREDIT_FLAGS, DEBIT_FLAGS, has_role, rank_of
from pawledger.bank_files.mapped_csv.days import find_contradiction
from pawledger.bank_files.mapped_csv.guesses import MoneyGuess, NumberGuess, amount_columns, guess_money, guess_numbers
from pawledger.bank_files.mapped_csv.mapping import CsvMappingError, mapping_from_table
from pawledger.bank_files.mapped_csv.proposal_codes import find_codes, propose_states, propose_types
from pawledger.bank_files.mapped_csv.proposal_footer import Footer, part_footer, propose_records, propose_totals
from pawledger.bank_files.mapped_csv.proposal_names import (
    find_currency,
    propose_account,
    propose_currency,
    propose_identity,
    propose_texts,
)
from pawledger.bank_files.mapped_csv.proposal_text import ProposalText, shown_column
from pawledger.bank_files.mapped_csv.reader import read_mapped_csv
from pawledger.bank_files.mapped_csv.sample import Sample, fitting_day_formats, read_sample
from pawledger.bank_files.report import FileReport

PROBLEMS_SHOWN_MAX: Final = 10
"""Most problems of the sample that a proposal repeats."""
DAYS_COMPARED_MAX: Final = 100
"""Among how many days the one is looked for that shows their order."""
NAME: Final = "proposal"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping as TOML text, and what of it a person has to choose."""

    toml: str
    open_choices: tuple[str, ...]


def propose_mapping(sample: bytes) -> Proposal:
    """Propose a mapping for the file of which `sample` is all, or the first `SAMPLE_BYTES_MAX` bytes.

    The same sample gives the same proposal. Raises `CsvMappingError` where the sample is no delimited text with days
    and amounts.
    """
    found, footer = part_footer(read_sample(sample))
    days = _find_days(found)
    currency_place, currency = find_currency(found)
    places = amount_columns(found, list(days))
    numbers = guess_numbers([value for place in places for value in found.values(place)], currency)
    money = guess_money(found, places, numbers.rule) if numbers is not None else None
    if numbers is None or money is None:
        raise CsvMappingError(NAME, ["no column of the sample holds amounts that are all written in one way"])
    out = ProposalText()
    taken = {*days, *places, *money.columns, *(() if currency_place is None else (currency_place,))}
    status = find_codes(found, "status", taken)
    kind = find_codes(found, "type", taken)
    taken |= {place for place in (status, kind) if place is not None}
    _propose_shape(out, found, footer)
    propose_texts(out, found, taken)
    if footer.rows:
        out.say("So many rows stand behind the last one that has a day.")
        out.put("footer_rows", len(footer.rows))
    propose_records(out, footer)
    propose_account(out, found)
    propose_currency(out, found, currency_place, numbers.currency, places)
    _propose_days(out, found, days)
    _propose_amount(out, found, money, numbers)
    propose_identity(out, found, taken)
    if status is not None:
        propose_states(out, found, status)
    if kind is not None:
        propose_types(out, found, kind)
    _propose_balance(out, found, money)
    propose_totals(out, found, footer, money, numbers.rule)
    return Proposal(out.text(_read_again(sample, out)), tuple(out.open_choices))


def _find_days(sample: Sample) -> dict[int, list[str]]:
    """Formats of the columns that have a day in every row, by place."""
    days = {}
    for place in range(sample.width):
        values = sample.values(place)
        formats = fitting_day_formats(values) if values and all(values) else []
        if formats:
            days[place] = formats
    if not days:
        raise CsvMappingError(NAME, ["no column of the sample has a day in every row, so nothing can be guessed"])
    return days


def _propose_shape(out: ProposalText, sample: Sample, footer: Footer) -> None:
    out.say(f"{len(sample.rows)} rows have {sample.width} fields each this way.")
    if sample.other_delimiters:
        delimiters = " or ".join(map(repr, sample.other_delimiters))
        out.ask(f"all rows also have as many fields as one another where {delimiters} delimits them.")
    out.put("delimiter", sample.delimiter)
    if sample.is_encoding_open:
        out.ask("the text is not UTF-8; iso-8859-1 and iso-8859-15 have the same bytes for other letters.")
    out.put("encoding", sample.encoding)
    if sample.header:
        out.say("The first full row has no day and no amount, so it names the columns.")
        out.put("header", "names")
    else:
        out.say("The first full row has a day or an amount already: columns are told by their place.")
        out.put("header", "none")
        out.put("row_width", sample.width)
    if sample.skip_lines:
        out.say("So many lines stand before it.")
        out.put("skip_lines", sample.skip_lines)
    if sample.has_repeated_header:
        out.ask("the header comes again among the rows: does the provider write it so, or were two files joined?")
        out.put("repeated_header", "skipped")
    if footer.ragged_count:
        out.ask(f"{footer.ragged_count} rows have another number of fields; they are refused.")
    if sample.is_cut:
        out.ask("the sample is longer than what was looked at: whether rows with totals stand at its end is not known.")


def _propose_days(out: ProposalText, sample: Sample, days: Mapping[int, Sequence[str]]) -> None:
    booked = [place for place in days if _is_named(sample, place, "booked") and not _is_named(sample, place, "value")]
    value = [place for place in days if _is_named(sample, place, "value")]
    booked.sort(key=lambda place: rank_of(sample.header[place], "booked"))
    candidates = booked or [place for place in days if place not in value] or list(days)
    place = candidates[0]
    out.table("days")
    if len(candidates) > 1:
        others = ", ".join(shown_column(sample.column_of(each)) for each in candidates[1:])
        out.ask(f"days stand in {others} as well: on which of them does the money count?")
    out.put("booked", sample.column_of(place))
    chosen = [days[place][0]]
    if value and value[0] != place:
        out.put("value", sample.column_of(value[0]))
        chosen += [days[value[0]][0]] if days[value[0]][0] not in chosen else []
    readings = [each for each in days[place][1:] if find_contradiction((chosen[0], each)) is not None]
    if readings:
        out.ask(f"all days can be read as {' or '.join(readings)} too, and are other days then.")
    else:
        out.say(
            f"No other order of day, month and year fits {_telling_day(sample.values(place))!r} and all other days."
        )
    out.put("formats", chosen)


def _telling_day(values: Sequence[str]) -> str:
    """Of some days, one that can be read in the fewest ways."""
    told = list(dict.fromkeys(values))[:DAYS_COMPARED_MAX]
    return min(told, key=lambda value: len(fitting_day_formats([value])))


def _propose_amount(out: ProposalText, sample: Sample, money: MoneyGuess, numbers: NumberGuess) -> None:
    out.table("amount")
    if money.other_amounts:
        others = ", ".join(shown_column(sample.column_of(place)) for place in money.other_amounts)
        out.ask(f"amounts stand in {others} as well: which of them is what the account is credited with?")
    out.put("sign", money.sign)
    if money.credit is not None and money.debit is not None:
        if not sample.header and money.balance is None:
            out.ask("each row fills one of two columns: which of them is money in?")
        out.put("credit_column", sample.column_of(money.credit))
        out.put("debit_column", sample.column_of(money.debit))
        out.put("minus", "agrees")
    if money.amount is not None:
        out.put("column", sample.column_of(money.amount))
    if money.flag is not None:
        told = {value.casefold(): value for value in sorted(sample.values(money.flag))}
        out.say("The column has words for money in and money out.")
        out.put("flag_column", sample.column_of(money.flag))
        out.put("credit_values", [told[flag] for flag in sorted(told.keys() & CREDIT_FLAGS)] or ["credit"])
        out.put("debit_values", [told[flag] for flag in sorted(told.keys() & DEBIT_FLAGS)] or ["debit"])
        out.put("minus", "agrees")
    elif money.amount is not None:
        _propose_sign(out, money, is_negative=any(_is_negative(text) for text in sample.values(money.amount)))
    _propose_numbers(out, sample, money, numbers)
    if money.fee is not None:
        _propose_fee(out, sample, money)


def _propose_sign(out: ProposalText, money: MoneyGuess, *, is_negative: bool) -> None:
    if money.balance is not None and not money.is_balance_open:
        goes = "down" if money.is_inverted else "up"
        out.say(f"The balance goes {goes} by it in every row.")
        if money.is_inverted:
            out.put("inverted", True)
    elif is_negative:
        out.ask("amounts of both signs: is the positive one money in? If not, set inverted = true.")
    else:
        out.ask("no amount is negative: how would the file tell money that goes out?")


def _propose_numbers(out: ProposalText, sample: Sample, money: MoneyGuess, numbers: NumberGuess) -> None:
    rule = numbers.rule
    out.say(f"Read from {numbers.reason}.")
    if numbers.other is not None:
        other = f"decimal {numbers.other.decimal!r} and thousands {numbers.other.thousands!r}"
        out.ask(f"all amounts can be read with {other} as well, and are other amounts then.")
    out.put("decimal", rule.decimal)
    out.put("thousands", rule.thousands)
    if not numbers.has_decimals:
        is_minor = any(_is_named(sample, place, "minor") for place in money.columns)
        out.ask("no amount has decimals: are they whole units, or minor units (cents)?")
        out.put("unit", "minor" if is_minor else "major")
    if rule.styles != {"leading"}:
        out.put("negative_styles", sorted(rule.styles))
    if rule.symbols:
        out.put("symbols", rule.symbols)


def _propose_fee(out: ProposalText, sample: Sample, money: MoneyGuess) -> None:
    out.table("fees")
    if money.net is not None:
        out.say("In every row, amount and fee come to the net this way.")
    else:
        out.ask("no column tells the net: is the fee taken from the amount, and what sign has a fee that we pay?")
    out.put("columns", [sample.column_of(place) for place in (money.fee,) if place is not None])
    out.put("sign", money.fee_sign)
    if money.net is not None:
        out.put("net_column", sample.column_of(money.net))


def _propose_balance(out: ProposalText, sample: Sample, money: MoneyGuess) -> None:
    if money.balance is None:
        return
    out.table("balance")
    out.say(f"It goes on by what moved, from row to row, in all {len(sample.rows)} rows.")
    if money.is_balance_open:
        out.ask("it also goes on so if rows stand in the other order, and positive amounts are money out.")
    out.put("column", sample.column_of(money.balance))
    out.put("order", money.order)


def _is_negative(text: str) -> bool:
    return any(mark in text for mark in ("-", "(", "\u2212", "\u2012", "\u2013"))


def _is_named(sample: Sample, place: int, role: str) -> bool:
    return bool(sample.header) and has_role(sample.header[place], role)


def _read_again(sample: bytes, out: ProposalText) -> list[str]:
    """What the proposal finds in the sample, for its head."""
    head = ["A proposal from one sample, to be checked by a person before money is posted by it."]
    if out.open_choices:
        head.append(f"{len(out.open_choices)} choices are marked OPEN.")
    try:
        mapping = mapping_from_table(NAME, tomllib.loads(out.text([])))
    except CsvMappingError as error:
        return [*head, "It is refused until these are mended:", *error.faults]
    report = FileReport()
    count = sum(1 for _ in read_mapped_csv(BytesIO(sample), report, mapping))
    head.append(f"Read by it, the sample is {report.verdict.value.replace('_', ' ')}, with {count} entries.")
    for problem in report.problems[:PROBLEMS_SHOWN_MAX]:
        where = f"line {problem.line}" if problem.line is not None else "the file"
        head.append(f"{problem.rule} in {where}: {problem.message}")
    return head
