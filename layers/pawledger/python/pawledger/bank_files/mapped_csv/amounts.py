"""Amounts of a column, as minor units: whole columns at once where they are plain, text by text where they are not."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from pawledger.bank_files.mapped_csv.rules import NumberRule
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.errors import PawledgerError

DIGITS_MAX: Final = 18
"""Most digits of an amount before its decimals, as in ISO 20022."""
FRACTION_DIGITS_MAX: Final = 12
"""Most decimals that are read; beyond those of the currency only zeros are taken."""
AMOUNT_CHARACTERS_MAX: Final = 64
"""Longest text that can be an amount, with signs, symbols and separators."""

_DECIMALS_MAX: Final = max(MINOR_UNIT_DECIMALS.values())
"""Taken for an unknown currency, which is told as such."""
_BLANKS: Final = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ")
"""Blanks that do not break a line, which exports put between thousands."""
_APOSTROPHES: Final = {ord("\u2019"): "'"}
_MINUS: Final = {ord("\u2212"): "-", ord("\u2012"): "-", ord("\u2013"): "-"}
_ODD: Final = _BLANKS | _APOSTROPHES | _MINUS

Refuse = Callable[[int, str, str], None]
"""Told place, rule and message of an amount that is not certain."""


class AmountTextError(PawledgerError):
    """A text is no amount in the way the mapping writes them; `rule` says which."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class NumberReader:
    """Reads amounts in the way that one mapping writes them."""

    def __init__(self, rule: NumberRule) -> None:
        self._rule = rule
        self._decimal = rule.decimal
        self._thousands = rule.thousands
        self._is_minor = rule.unit == "minor"
        self._plain: dict[int, re.Pattern[str]] = {}
        self._pattern = _pattern_of(rule)
        self._symbols = sorted(rule.symbols, key=len, reverse=True)

    def read_column(self, texts: Sequence[str], currencies: Sequence[str], refuse: Refuse) -> list[int]:
        """The amounts of a column, signed; those that are refused are zero."""
        if len(set(currencies)) == 1 and currencies[0] in MINOR_UNIT_DECIMALS:
            decimals = 0 if self._is_minor else MINOR_UNIT_DECIMALS[currencies[0]]
            joined = "\n".join(texts) + "\n"
            if self._plain_pattern(decimals).fullmatch(joined):
                if self._thousands:
                    joined = joined.replace(self._thousands, "")
                return list(map(int, joined.replace(self._decimal, "").split()))
        amounts = []
        for place, (text, currency) in enumerate(zip(texts, currencies, strict=True)):
            try:
                amounts.append(self.read(text, MINOR_UNIT_DECIMALS.get(currency, _DECIMALS_MAX)))
            except AmountTextError as error:
                refuse(place, error.rule, str(error))
                amounts.append(0)
        return amounts

    def read(self, text: str, decimals: int) -> int:
        """One amount in minor units of a currency that has so many decimals. Raises `AmountTextError`."""
        if not text:
            raise AmountTextError("amount_missing", "amount is empty")
        sign, whole, fraction = self._split(text)
        if self._is_minor:
            if fraction:
                raise AmountTextError("amount", f"{text[:40]!r} has decimals, expected whole minor units")
            return sign * int(whole)
        kept, surplus = fraction[:decimals], fraction[decimals:]
        if surplus.strip("0"):
            message = f"{text[:40]!r} has more decimals than its currency has, which is {decimals}"
            raise AmountTextError("amount_decimals", message)
        return sign * int(whole + kept.ljust(decimals, "0"))

    def read_exact(self, text: str) -> tuple[int, int]:
        """A sum in whatever currency: its digits as a number, and how many of them are decimals.

        Raises `AmountTextError`.
        """
        sign, whole, fraction = self._split(text)
        return sign * int(whole + fraction), len(fraction)

    def _split(self, text: str) -> tuple[int, str, str]:
        """Sign, digits before the decimal separator, and digits behind it."""
        plain = text.translate(_ODD).strip()
        for symbol in self._symbols:
            if symbol in plain:
                plain = _without(plain, symbol)
                break
        found = self._pattern.fullmatch(plain) if len(text) <= AMOUNT_CHARACTERS_MAX else None
        if found is None:
            raise AmountTextError("amount", f"{text[:40]!r} is not an amount as the mapping writes them")
        whole = found["whole"] or ""
        if self._thousands:
            whole = whole.replace(self._thousands, "")
        parts = found.groupdict()
        marks = (parts.get("minus") == "-", parts.get("trail") == "-", bool(parts.get("open")))
        if bool(parts.get("open")) != bool(parts.get("close")) or sum(marks) > 1:
            raise AmountTextError("amount", f"{text[:40]!r} has no certain sign")
        return (-1 if any(marks) else 1), whole or "0", found["fraction"] or ""

    def _plain_pattern(self, decimals: int) -> re.Pattern[str]:
        pattern = self._plain.get(decimals)
        if pattern is None:
            minus = "-?" if "leading" in self._rule.styles else ""
            whole = r"[0-9]{1,15}"
            if self._thousands:
                whole = rf"(?:[0-9]{{1,3}}(?:{re.escape(self._thousands)}[0-9]{{3}}){{1,4}}|{whole})"
            fraction = rf"{re.escape(self._decimal)}[0-9]{{{decimals}}}" if decimals else ""
            # Possessive: a column that does not fit is given up at once.
            pattern = self._plain[decimals] = re.compile(rf"(?:{minus}{whole}{fraction}\n)++")
        return pattern


def _pattern_of(rule: NumberRule) -> re.Pattern[str]:
    whole = rf"[0-9]{{1,{DIGITS_MAX}}}"
    if rule.thousands:
        whole = rf"[0-9]{{1,3}}(?:{re.escape(rule.thousands)}[0-9]{{3}}){{1,5}}|{whole}"
    fraction = rf"(?:{re.escape(rule.decimal)}(?P<fraction>[0-9]{{1,{FRACTION_DIGITS_MAX}}}))?"
    before = r"(?P<minus>[+-]?) ?" if "leading" in rule.styles else r"(?P<minus>\+?)"
    behind = r"(?: ?(?P<trail>[+-]))?" if "trailing" in rule.styles else ""
    inside = rf"{before}(?P<whole>{whole})?{fraction}{behind}"
    if "parentheses" in rule.styles:
        inside = rf"(?P<open>\()?{inside}(?P<close>\))?"
    return re.compile(rf"(?=[^0-9]*[0-9]){inside}")


def _without(text: str, symbol: str) -> str:
    """The text without a symbol at its beginning or end, which may stand inside the sign."""
    for mark in ("", "-", "+", "("):
        if text.startswith(mark + symbol):
            return mark + text[len(mark) + len(symbol) :].strip()
    for mark in ("", "-", ")"):
        if text.endswith(symbol + mark):
            return text[: len(text) - len(symbol) - len(mark)].strip() + mark
    return text
