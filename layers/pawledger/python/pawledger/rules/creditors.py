"""The creditors that ship with the package: one table a currency in `creditors.toml`."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.errors import PawledgerError
from pawledger.domain.matching.creditors import BIC_PATTERN, EEA_COUNTRIES, Creditor, is_iban
from pawledger.domain.matching.payment_codes import SEPA_CURRENCY

NAME_LENGTH_MAX: Final = 70
"""EPC069-12, and the SEPA rulebooks: a beneficiary's name has at most 70 characters."""

LINE_LENGTH_MAX: Final = 120
"""What fits on a line of the page beside its margins."""

ADDRESS_LINES_MAX: Final = 6
BANK_DETAILS_MAX: Final = 6
NOTES_MAX: Final = 6
"""More would push what is to be paid off the first page."""

_KEYS: Final = frozenset({"name", "address", "iban", "bic", "bank_details", "notes"})


class CreditorsInvalidError(PawledgerError):
    """Creditors do not have the form that invoices need; the text names every fault with its table and key."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(f"creditors: {'; '.join(faults)}")
        self.faults = tuple(faults)


class CreditorMissingError(PawledgerError):
    """There is no creditor for the currency in which an account is invoiced."""


def creditors_from_toml(text: str) -> Mapping[str, Creditor]:
    """The creditors in a TOML text, by currency. Raises `CreditorsInvalidError` with every fault."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CreditorsInvalidError([f"not TOML: {error}"]) from None
    faults: list[str] = []
    creditors = {currency: _read_creditor(currency, table, faults) for currency, table in tables.items()}
    if faults:
        raise CreditorsInvalidError(faults)
    return MappingProxyType(creditors)


@cache
def load_creditors() -> Mapping[str, Creditor]:
    """The creditors of the package, by currency. Raises `CreditorsInvalidError`."""
    return creditors_from_toml(resources.files("pawledger.rules").joinpath("creditors.toml").read_text("utf-8"))


def creditor_of(currency: str) -> Creditor:
    """The creditor of a currency. Raises `CreditorMissingError` and `CreditorsInvalidError`."""
    creditor = load_creditors().get(currency)
    if creditor is None:
        raise CreditorMissingError(f"rules/creditors.toml names no creditor for {currency}; add a table [{currency}]")
    return creditor


def _read_creditor(currency: str, table: object, faults: list[str]) -> Creditor:
    """What can be read of a table; every fault is added to `faults`, and then nobody uses what was read."""
    reader = _TableReader(currency, table if isinstance(table, dict) else {}, faults)
    if currency not in MINOR_UNIT_DECIMALS:
        reader.refuse("is no ISO 4217 currency")
    if not isinstance(table, dict):
        reader.refuse("is not a table")
    for key in sorted(set(reader.table) - _KEYS):
        reader.refuse(f"{key} is not a key; there are {', '.join(sorted(_KEYS))}")
    creditor = Creditor(
        currency=currency,
        name=reader.line("name", NAME_LENGTH_MAX),
        address=reader.lines("address", ADDRESS_LINES_MAX, count_min=1),
        iban=reader.optional_line("iban"),
        bic=reader.optional_line("bic"),
        bank_details=reader.pairs("bank_details", BANK_DETAILS_MAX),
        notes=reader.lines("notes", NOTES_MAX),
    )
    _check_account(reader, creditor)
    return creditor


def _check_account(reader: "_TableReader", creditor: Creditor) -> None:
    if creditor.iban is None and not creditor.bank_details:
        reader.refuse("has neither iban nor bank_details: nobody could pay")
    if creditor.iban is not None and not is_iban(creditor.iban):
        reader.refuse("iban is not an IBAN without blanks and with right check digits")
    if creditor.bic is not None and not BIC_PATTERN.fullmatch(creditor.bic):
        reader.refuse("bic is not a BIC of 8 or 11 capital letters and digits")
    is_outside = creditor.iban is not None and creditor.iban[:2] not in EEA_COUNTRIES
    if creditor.currency == SEPA_CURRENCY and is_outside and creditor.bic is None:
        reader.refuse("bic is missing: outside the European Economic Area a SEPA payment code needs it")


class _TableReader:
    """Reads the keys of one table and collects what is wrong with them."""

    def __init__(self, currency: str, table: dict[str, Any], faults: list[str]) -> None:
        self.table = table
        self._currency = currency
        self._faults = faults

    def refuse(self, fault: str) -> None:
        self._faults.append(f"[{self._currency}] {fault}")

    def line(self, key: str, length_max: int) -> str:
        if key not in self.table:
            self.refuse(f"{key} is missing")
            return ""
        return self._check_line(key, self.table[key], length_max)

    def optional_line(self, key: str) -> str | None:
        return self.line(key, LINE_LENGTH_MAX) if key in self.table else None

    def lines(self, key: str, count_max: int, *, count_min: int = 0) -> tuple[str, ...]:
        written = self.table.get(key, [])
        if not isinstance(written, list) or not count_min <= len(written) <= count_max:
            self.refuse(f"{key} is not a list of {count_min} to {count_max} lines")
            return ()
        return tuple(self._check_line(f"{key}[{n}]", line, LINE_LENGTH_MAX) for n, line in enumerate(written))

    def pairs(self, key: str, count_max: int) -> tuple[tuple[str, str], ...]:
        written = self.table.get(key, [])
        if not isinstance(written, list) or len(written) > count_max:
            self.refuse(f"{key} is not a list of at most {count_max} pairs of name and value")
            return ()
        pairs = []
        for n, pair in enumerate(written):
            if not isinstance(pair, list) or len(pair) != 2:
                self.refuse(f"{key}[{n}] is not a pair of name and value")
                continue
            name, value = (self._check_line(f"{key}[{n}]", part, LINE_LENGTH_MAX) for part in pair)
            pairs.append((name, value))
        return tuple(pairs)

    def _check_line(self, key: str, line: object, length_max: int) -> str:
        if not isinstance(line, str) or not line.strip() or not line.isprintable() or len(line) > length_max:
            self.refuse(f"{key} is not a line of 1 to {length_max} printable characters")
            return ""
        return line
