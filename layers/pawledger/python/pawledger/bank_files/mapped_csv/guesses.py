"""What the columns of a sample are about: how amounts are written, and which columns hold which money."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Final

from pawledger.bank_files.mapped_csv.amounts import FRACTION_DIGITS_MAX, AmountTextError, NumberReader
from pawledger.bank_files.mapped_csv.column_words import CREDIT_FLAGS, DEBIT_FLAGS, has_role
from pawledger.bank_files.mapped_csv.rules import NumberRule
from pawledger.bank_files.mapped_csv.sample import Sample, looks_like_amount
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

SYMBOLS_MAX: Final = 5
"""Most marks of currencies in one column."""
SYMBOL_CHARACTERS_MAX: Final = 3
IDENTIFIER_DIGITS_MIN: Final = 10
"""Digits without a separator from which on a number is an identifier and no amount."""

_MARKS: Final = re.compile(r"[0-9.,'\u2019\s()+\-\u2212\u2012\u2013]+")
_SEPARATOR_OR_SIGN: Final = re.compile(r"[.,][0-9]{1,3}\b|-|\(")
_LEADING_ZERO: Final = re.compile(r"[^0-9]*0[0-9]")
_DECIMALS: Final = tuple(product((".", ","), ("", ",", ".", " ", "'")))
_SYMBOL_CURRENCIES: Final = {"€": "EUR", "£": "GBP"}
"""Signs that only one currency has."""


@dataclass(frozen=True, slots=True)
class NumberGuess:
    """How amounts are written."""

    rule: NumberRule
    reason: str
    other: NumberRule | None
    """Another way in which all amounts can be read, as other numbers."""
    has_decimals: bool
    currency: str | None
    """The currency that the amounts are marked with."""


@dataclass(frozen=True, slots=True)
class MoneyGuess:
    """Which columns hold money; places from 0."""

    sign: str
    """`signed`, `columns` or `flag`, as in a mapping."""
    amount: int | None = None
    credit: int | None = None
    debit: int | None = None
    flag: int | None = None
    fee: int | None = None
    fee_sign: str = "cost"
    net: int | None = None
    balance: int | None = None
    order: str = "oldest_first"
    is_inverted: bool = False
    is_balance_open: bool = False
    """The balance goes on in another order or direction as well."""
    other_amounts: tuple[int, ...] = ()
    """Columns of amounts that were not taken."""

    @property
    def columns(self) -> list[int]:
        """All columns of this guess."""
        places = (self.amount, self.credit, self.debit, self.flag, self.fee, self.net, self.balance)
        return [place for place in places if place is not None]

    @property
    def amounts(self) -> list[int]:
        """The columns that say what a row moves, without fees."""
        return [place for place in (self.amount, self.credit, self.debit) if place is not None]


def amount_columns(sample: Sample, taken: Sequence[int]) -> list[int]:
    """Columns whose values all look like amounts, and by name or separators are no identifiers."""
    found = []
    for place in range(sample.width):
        told = [value for value in sample.values(place) if value]
        if place in taken or not told or not all(map(looks_like_amount, told)):
            continue
        name = sample.header[place] if sample.header else ""
        is_named = any(has_role(name, role) for role in ("amount", "credit", "debit", "fee", "net", "balance"))
        digits = max(len(re.sub("[^0-9]", "", value)) for value in told)
        is_plain = all(value.isdigit() for value in told)
        if any(map(_LEADING_ZERO.match, told)) and is_plain:
            continue
        is_written_so = not is_plain and any(map(_SEPARATOR_OR_SIGN.search, told))
        is_plain_amount = (
            not sample.header and is_plain and digits < IDENTIFIER_DIGITS_MIN and len(set(told)) < len(told)
        )
        if is_named or is_written_so or is_plain_amount:
            found.append(place)
    return found


def guess_numbers(texts: Sequence[str], currency: str | None) -> NumberGuess | None:
    """How some amounts are written; None where no way fits all of them."""
    told = sorted(set(filter(None, texts)))
    symbols = sorted({mark for text in told for mark in filter(None, _MARKS.split(text))})
    if not told or len(symbols) > SYMBOLS_MAX or any(len(symbol) > SYMBOL_CHARACTERS_MAX for symbol in symbols):
        return None
    marked = {_SYMBOL_CURRENCIES.get(symbol, symbol) for symbol in symbols}
    of_marks = next(iter(marked)) if len(marked) == 1 and marked <= MINOR_UNIT_DECIMALS.keys() else None
    decimals_max = MINOR_UNIT_DECIMALS.get(currency or of_marks or "", max(MINOR_UNIT_DECIMALS.values()))
    styles = frozenset({"leading", "trailing", "parentheses"})
    readings: dict[tuple[int, ...], list[NumberRule]] = {}
    for decimal, thousands in _DECIMALS:
        if decimal == thousands:
            continue
        rule = NumberRule(decimal, thousands, styles=styles, symbols=tuple(symbols))
        values = read_exact(rule, told, decimals_max)
        if values is not None:
            readings.setdefault(tuple(values), []).append(rule)
    if not readings:
        return None
    rules = [each[0] for each in readings.values()]
    rule = replace(rules[0], styles=_styles_of(told))
    has_decimals = any(NumberReader(rules[0]).read_exact(text)[1] for text in told)
    reason = _reason_of(rule, told, has_decimals=has_decimals)
    return NumberGuess(rule, reason, rules[1] if len(rules) > 1 else None, has_decimals, of_marks)


def read_exact(rule: NumberRule, texts: Sequence[str], decimals_max: int) -> list[int] | None:
    """Texts as numbers with `FRACTION_DIGITS_MAX` decimals, empty ones as zero; None where one cannot be read."""
    reader = NumberReader(rule)
    values = []
    for text in texts:
        try:
            digits, decimals = reader.read_exact(text) if text else (0, 0)
        except AmountTextError:
            return None
        value = digits * 10 ** (FRACTION_DIGITS_MAX - decimals)
        if value % 10 ** (FRACTION_DIGITS_MAX - decimals_max):
            return None
        values.append(value)
    return values


def guess_money(sample: Sample, places: Sequence[int], rule: NumberRule) -> MoneyGuess | None:
    """Which of the amount columns is what; None where there are none."""
    values = {
        place: read
        for place in places
        if (read := read_exact(rule, sample.values(place), FRACTION_DIGITS_MAX)) is not None
    }
    if not values:
        return None
    role_of = _roles(sample, list(values))
    balances = [place for place in values if role_of[place] == "balance"]
    guess = _guess_sides(sample, values, role_of) or _guess_single(sample, values, role_of)
    guess = _with_fee(guess, values, role_of)
    return _with_balance(guess, values, balances or [each for each in values if each not in guess.columns])


def find_flag(sample: Sample) -> int | None:
    """The column that says which way money went; None where none does."""
    for place in range(sample.width):
        told = {value.casefold() for value in sample.values(place)}
        is_named = bool(sample.header) and has_role(sample.header[place], "flag")
        # A column that says the same in all rows may say what kind of row they are.
        has_both = bool(told & CREDIT_FLAGS and told & DEBIT_FLAGS)
        if told and told <= CREDIT_FLAGS | DEBIT_FLAGS and (is_named or has_both):
            return place
    return None


def _roles(sample: Sample, places: Sequence[int]) -> dict[int, str]:
    roles = ("balance", "fee", "net", "credit", "debit", "amount")
    names = {place: sample.header[place] if sample.header else "" for place in places}
    return {place: next((role for role in roles if has_role(names[place], role)), "") for place in places}


def _guess_sides(sample: Sample, values: dict[int, list[int]], role_of: dict[int, str]) -> MoneyGuess | None:
    """One column for each direction, told by their names or because each row fills exactly one of two."""
    incoming = [place for place in values if role_of[place] == "credit"]
    outgoing = [place for place in values if role_of[place] == "debit"]
    pairs = list(product(incoming, outgoing))
    if not sample.header:
        pairs = [(one, other) for one in values for other in values if one < other]
    for credit, debit in pairs:
        filled = [
            (bool(one), bool(other)) for one, other in zip(sample.values(credit), sample.values(debit), strict=True)
        ]
        moved = zip(values[credit], values[debit], strict=True)
        if sample.header and not any(one and other for one, other in moved):
            return MoneyGuess("columns", credit=credit, debit=debit)
        if not sample.header and len(set(filled)) == 2 and all(one != other for one, other in filled):
            return MoneyGuess("columns", credit=credit, debit=debit)
    return None


def _guess_single(sample: Sample, values: dict[int, list[int]], role_of: dict[int, str]) -> MoneyGuess:
    ranked = [place for role in ("amount", "", "net", "credit", "debit", "balance", "fee") for place in values
              if role_of[place] == role]  # fmt: skip
    amount = ranked[0]
    others = tuple(place for place in ranked[1:] if role_of[place] in ("amount", ""))
    flag = find_flag(sample)
    if flag is not None and _flag_agrees(sample.values(flag), values[amount]):
        return MoneyGuess("flag", amount=amount, flag=flag, other_amounts=others)
    return MoneyGuess("signed", amount=amount, other_amounts=others)


def _flag_agrees(flags: Sequence[str], amounts: Sequence[int]) -> bool:
    """Whether no amount is negative where its flag says that money came in."""
    pairs = zip(flags, amounts, strict=True)
    return not any(amount < 0 and flag.casefold() in CREDIT_FLAGS for flag, amount in pairs)


def _with_fee(guess: MoneyGuess, values: dict[int, list[int]], role_of: dict[int, str]) -> MoneyGuess:
    """The guess with fee and net, where in every row the amount and the fee come to the net."""
    fees = [place for place in values if role_of[place] == "fee"]
    nets = [place for place in values if role_of[place] == "net"]
    if guess.amount is None or guess.amount in fees:
        return guess
    for fee, net in product(fees, nets):
        rows = list(zip(values[guess.amount], values[fee], values[net], strict=True))
        signs: tuple[tuple[str, Callable[[int, int], int]], ...] = (
            ("cost", lambda amount, cost: amount - cost),
            ("signed", lambda amount, charge: amount + charge),
        )
        for sign, come_to in signs:
            if all(come_to(amount, charged) == total for amount, charged, total in rows):
                return replace(guess, fee=fee, net=net, fee_sign=sign, other_amounts=_less(guess, fee, net))
    if len(fees) == 1:
        sign = "signed" if any(value < 0 for value in values[fees[0]]) else "cost"
        return replace(guess, fee=fees[0], fee_sign=sign, other_amounts=_less(guess, fees[0]))
    return guess


def _with_balance(guess: MoneyGuess, values: dict[int, list[int]], places: Sequence[int]) -> MoneyGuess:
    """The guess with the column that goes on from row to row by what moved, and what that proves of the direction."""
    if guess.sign == "flag":
        return guess
    moved = movements_of(guess, values)
    for place in places:
        readings = _read_balance(values[place], moved)
        if not readings:
            continue
        order, is_inverted = readings[0]
        guess = replace(guess, balance=place, order=order, is_balance_open=len(readings) > 1)
        guess = replace(guess, other_amounts=_less(guess, place))
        if is_inverted and guess.sign == "columns":
            return replace(guess, credit=guess.debit, debit=guess.credit)
        return replace(guess, is_inverted=is_inverted)
    return guess


def _read_balance(told: Sequence[int], moved: Sequence[int]) -> list[tuple[str, bool]]:
    """In which orders a balance goes on by what moved, and whether by its opposite; the usual ones first."""
    if len(told) < 2 or not any(moved):
        return []
    steps = [after - before for before, after in pairwise(told)]
    opposite = [-step for step in steps]
    readings = (
        ("oldest_first", False, steps == moved[1:]),
        ("newest_first", False, opposite == moved[:-1]),
        ("oldest_first", True, opposite == moved[1:]),
        ("newest_first", True, steps == moved[:-1]),
    )
    return [(order, is_inverted) for order, is_inverted, is_so in readings if is_so]


def movements_of(guess: MoneyGuess, values: dict[int, list[int]]) -> list[int]:
    """What each row moves by a guess that has no flag, fees included."""
    if guess.credit is not None and guess.debit is not None:
        moved = [one - abs(other) for one, other in zip(values[guess.credit], values[guess.debit], strict=True)]
    else:
        moved = list(values[guess.amount]) if guess.amount is not None else []
    if guess.fee is None:
        return moved
    sign = -1 if guess.fee_sign == "cost" else 1
    return [amount + sign * charged for amount, charged in zip(moved, values[guess.fee], strict=True)]


def _less(guess: MoneyGuess, *places: int) -> tuple[int, ...]:
    return tuple(place for place in guess.other_amounts if place not in places)


def _styles_of(texts: Sequence[str]) -> frozenset[str]:
    styles = {"leading"}
    if any(text.endswith(("-", "+")) or re.search(r"[0-9] ?[-+]", text) for text in texts):
        styles.add("trailing")
    if any("(" in text for text in texts):
        styles.add("parentheses")
    return frozenset(styles)


def _reason_of(rule: NumberRule, texts: Sequence[str], *, has_decimals: bool) -> str:
    if not has_decimals:
        return "no amount has decimals"
    shown = next(text for text in texts if rule.decimal in text)
    if rule.thousands:
        shown = next((text for text in texts if rule.decimal in text and rule.thousands in text), shown)
    return f"amounts such as {shown[:40]!r}"
