"""What is wrong in the files of billing rules, and reading the keys of one table of them."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from pawledger.domain.currencies import MINOR_UNIT_DECIMALS, UnknownCurrencyError
from pawledger.domain.errors import PawledgerError
from pawledger.domain.money import AmountError, parse_amount
from pawledger.domain.policy.policies import CHARGE_MINOR_MAX

CODE_PATTERN: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")
"""What stands behind the kind of a charge in entries: `ipt` in `tax:ipt`."""

PERCENT_PATTERN: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")
PERCENT_MAX: Final = 100

TEXT_CHARACTERS_MAX: Final = 400
"""A citation with its link; more is a law's text, not where it is found."""

DAY_MIN: Final = date(1900, 1, 1)
DAY_MAX: Final = date(2199, 12, 31)
"""Days outside are placeholders, such as 0001-01-01 and 9999-12-31; what ends on no day has no `ends_on`."""

_QUOTED_CHARACTERS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class RuleFault:
    """One thing that is wrong."""

    file: str
    """Relative to the folder of the rules: `jurisdictions/GB.toml`."""
    place: str
    """The table, with its row counted from 1 and its id: `taxes[2] GB-ipt-2016`; empty for the file itself."""
    key: str
    """Empty where no one key is at fault."""
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.place, self.key, self.message) if part)


class BillingRulesError(PawledgerError):
    """The files of billing rules are faulty; `faults` are all faults of all files."""

    def __init__(self, faults: Sequence[RuleFault]) -> None:
        super().__init__("billing rules: " + "; ".join(map(str, faults)))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class WrittenFloat:
    """A number with a point or an exponent, as it was written: it is never made a float, only named and refused."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class TableReader:
    """Reads the keys of one table; what is wrong is added to `faults`, and then nobody uses what was read."""

    file: str
    place: str
    table: Mapping[str, Any]
    faults: list[RuleFault] = field(default_factory=list)

    def refuse(self, key: str, message: str) -> None:
        self.faults.append(RuleFault(self.file, self.place, key, message))

    def refuse_value(self, key: str, value: object, expected: str) -> None:
        if isinstance(value, WrittenFloat):
            self.refuse(key, f'{value} is a float, and rules hold none; write it as a text, "{value}"')
        else:
            self.refuse(key, f"{str(value)[:_QUOTED_CHARACTERS_MAX]!r} is not {expected}")

    def refuse_unknown(self, known: Collection[str]) -> None:
        for key in sorted(self.table.keys() - known):
            self.refuse(key, f"unknown, the keys here are {', '.join(sorted(known))}")

    def text(self, key: str) -> str:
        value = self.table.get(key)
        if isinstance(value, str) and value.strip() and value.isprintable() and len(value) <= TEXT_CHARACTERS_MAX:
            return value
        if key not in self.table:
            self.refuse(key, "missing")
        else:
            self.refuse_value(key, value, f"a text of 1 to {TEXT_CHARACTERS_MAX} printable characters")
        return ""

    def matching(self, key: str, pattern: re.Pattern[str], expected: str) -> str:
        """A text of a pattern."""
        text = self.text(key)
        if text and not pattern.fullmatch(text):
            self.refuse_value(key, text, expected)
        return text

    def texts(self, key: str, pattern: re.Pattern[str], expected: str) -> tuple[str, ...]:
        """A list of texts of a pattern, each once; empty where the key is not there."""
        values = self.table.get(key, [])
        if not isinstance(values, list) or (key in self.table and not values):
            self.refuse_value(key, values, "a list of at least one text")
            return ()
        for value in values:
            if not isinstance(value, str) or not pattern.fullmatch(value):
                self.refuse_value(key, value, expected)
        texts = tuple(value for value in values if isinstance(value, str))
        if len(set(texts)) < len(texts):
            self.refuse(key, "names something twice")
        return texts

    def flag(self, key: str, *, is_required: bool = False) -> bool:
        """True or false; false where the key is not there."""
        value = self.table.get(key, False)
        if not isinstance(value, bool):
            self.refuse_value(key, value, "true or false")
        if is_required and key not in self.table:
            self.refuse(key, "missing; true or false")
        return value is True

    def integer(self, key: str, least: int, most: int, *, default: int | None = None) -> int:
        """A whole number between two others. Without a default it has to be there."""
        value = self.table.get(key, default)
        if type(value) is int and least <= value <= most:
            return value
        if value is None:
            self.refuse(key, "missing")
        else:
            self.refuse_value(key, value, f"a whole number from {least} to {most}")
        return least

    def percent(self, key: str) -> Decimal | None:
        """A share as `"9.5"` or `12`, from 0 to 100; None where the key is not there."""
        if key not in self.table:
            return None
        value = self.table[key]
        text = str(value) if type(value) is int else value
        if isinstance(text, str) and PERCENT_PATTERN.fullmatch(text) and Decimal(text) <= PERCENT_MAX:
            return Decimal(text)
        self.refuse_value(key, value, f'a percentage from 0 to {PERCENT_MAX} such as 12 or "9.5"')
        return Decimal(0)

    def currency(self, key: str) -> str:
        text = self.text(key)
        if text and text not in MINOR_UNIT_DECIMALS:
            self.refuse_value(key, text, "a currency of ISO 4217")
        return text

    def amount_minor(self, key: str, currency: str) -> int | None:
        """An amount above zero, `"10.50"` or `10` of its currency, in minor units; None where the key is not there."""
        if key not in self.table:
            return None
        value = self.table[key]
        text = str(value) if type(value) is int else value
        try:
            amount_minor = parse_amount(text, currency) if isinstance(text, str) else 0
        except AmountError:
            amount_minor = 0
        except UnknownCurrencyError:
            return 1  # said of the currency already
        if not 0 < amount_minor <= CHARGE_MINOR_MAX:
            self.refuse_value(key, value, f'an amount of {currency} above zero, such as 10 or "10.50"')
        return amount_minor

    def amounts(self, place: str, table: object) -> Mapping[str, int]:
        """Minor units by currency of a table inside this one; nothing at all is written by leaving a currency out."""
        if not isinstance(table, dict):
            self.refuse_value(place, table, "a table of amounts by currency")
            return {}
        inner = TableReader(self.file, place, table, self.faults)
        found = {}
        for currency in table:
            if currency not in MINOR_UNIT_DECIMALS:
                inner.refuse(currency, "is no currency of ISO 4217")
                continue
            found[currency] = inner.amount_minor(currency, currency) or 0
        return MappingProxyType(found)

    def day(self, key: str, *, is_required: bool = True) -> date | None:
        """A day of the calendar, written without quotes; None where it is not there."""
        if key not in self.table:
            if is_required:
                self.refuse(key, "missing")
            return None
        value = self.table[key]
        if isinstance(value, date) and not isinstance(value, datetime) and DAY_MIN <= value <= DAY_MAX:
            return value
        self.refuse_value(key, value, f"a day from {DAY_MIN} to {DAY_MAX}, without quotes and time: 2017-06-01")
        return None

    def rows(self, key: str) -> list[Mapping[str, Any]]:
        """The tables `[[key]]`."""
        values = self.table.get(key, [])
        if isinstance(values, list) and all(isinstance(value, dict) for value in values):
            return values
        self.refuse_value(key, values, f"a list of tables, each under [[{key}]]")
        return []
