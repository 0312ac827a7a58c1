"""What payment messages share: transactions with their parties and references, counted and summed against controls."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, localcontext
from re import compile as compile_pattern
from typing import Final, NamedTuple

from pawledger.bank_files.iso20022.codes import CREDIT_MESSAGES, DEBIT_MESSAGES
from pawledger.bank_files.iso20022.fields import (
    ACCOUNT_ENDINGS,
    NO_REFERENCES,
    PARTY_NAME_ENDINGS,
    account_at,
    amount_in,
    day_of,
    first_of,
)
from pawledger.bank_files.iso20022.reading import FileReading, shown
from pawledger.bank_files.iso20022.shapes import Fields, Record
from pawledger.bank_files.iso20022.statement import Totals
from pawledger.bank_files.records import Direction, StatementSummary
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

REFERENCES_MAX: Final = 16
"""Of a transaction; a message has about ten places for them."""

CONTROL_SUM_DIGITS: Final = 60
"""A million of the longest amounts, 40 digits each, sum to 46 digits: nothing is rounded away."""

_CONTROL_SUM: Final = compile_pattern(r"\d{1,18}(?:\.\d{0,17})?")
"""ISO 20022 `DecimalNumber`, unsigned."""
_COUNT: Final = compile_pattern(r"\d{1,15}")
"""ISO 20022 `Max15NumericText`."""


class TransactionPaths:
    """Where a transaction holds what identifies it and its parties, below a prefix (`OrgnlTxRef/`, or empty)."""

    def __init__(self, prefix: str = "") -> None:
        def below(*paths: str) -> tuple[str, ...]:
            return tuple(prefix + path for path in paths)

        def names(*parties: str) -> tuple[str, ...]:
            return below(*(party + ending for party in parties for ending in PARTY_NAME_ENDINGS))

        self.debtor_names = names("Dbtr", "UltmtDbtr")
        self.creditor_names = names("Cdtr", "UltmtCdtr")
        self.debtor_accounts = below(*(f"DbtrAcct/{ending}" for ending in ACCOUNT_ENDINGS))
        self.creditor_accounts = below(*(f"CdtrAcct/{ending}" for ending in ACCOUNT_ENDINGS))
        # Before version .10 of pacs and .11 of pain, behind it, and in pain.008.
        self.mandates = below("MndtRltdInf/MndtId", "MndtRltdInf/DrctDbtMndt/MndtId", "DrctDbtTx/MndtRltdInf/MndtId")
        self.references = below("RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/RfrdDocInf/Nb")
        self.remittance = below("RmtInf/Ustrd", "RmtInf/Strd/AddtlRmtInf")
        self.collections = below("CdtrSchmeId/Id/PrvtId/Othr/Id", "ReqdColltnDt", "PmtTpInf/SeqTp")
        """What only a direct debit has."""

    def all(self) -> tuple[str, ...]:
        """Every path that is looked at here."""
        return (
            *(*self.debtor_names, *self.creditor_names, *self.debtor_accounts, *self.creditor_accounts),
            *(*self.mandates, *self.references, *self.remittance, *self.collections),
        )

    def is_collection(self, fields: Fields) -> bool:
        """Say whether a transaction has what only a direct debit has."""
        return any(path in fields for path in (*self.mandates, *self.collections))

    def other_side(self, fields: Fields, *, is_collection: bool) -> tuple[str | None, str | None]:
        """Return account and name of who pays a collection, or of who is paid by a transfer of ours."""
        if is_collection:
            return account_at(fields, self.debtor_accounts), first_of(fields, self.debtor_names)
        return account_at(fields, self.creditor_accounts), first_of(fields, self.creditor_names)

    def own_account(self, fields: Fields, *, is_collection: bool) -> str | None:
        """Return the number of the account that collects, or that pays a transfer of ours."""
        return account_at(fields, self.creditor_accounts if is_collection else self.debtor_accounts)


def references_at(places: Iterable[tuple[Fields, tuple[str, ...]]]) -> tuple[str, ...]:
    """Return the references at some paths, in their order, without stand-ins and without repeats."""
    found: dict[str, None] = {}
    for fields, paths in places:
        for path in paths:
            for reference in fields[path].split("\n") if path in fields else ():
                if reference.upper() not in NO_REFERENCES and len(found) < REFERENCES_MAX:
                    found[reference] = None
    return tuple(found)


def text_at(fields: Fields, paths: tuple[str, ...]) -> str:
    """Return the texts at some paths, lines joined by one blank."""
    return " ".join(fields[path] for path in paths if path in fields).replace("\n", " ")


class Money(NamedTuple):
    """An amount in minor units of its currency."""

    amount_minor: int
    currency: str


def read_money(reading: FileReading, record: Record, paths: tuple[str, ...], family: str) -> Money | None:
    """Return the amount at the first of the paths that is there; None, and told as INTEGRITY, where it is none."""
    fields, line = record.fields, record.line
    path = next((path for path in paths if path in fields), None)
    if path is None:
        reading.fail(f"{family}.amount_missing", "a transaction without an amount", line, paths[0])
        return None
    currency = fields.get(f"{path}@Ccy")
    if currency not in MINOR_UNIT_DECIMALS or currency is None:
        message = f"{shown(currency)} is not an ISO 4217 currency"
        reading.fail(f"{family}.currency_unknown", message, line, f"{path}/@Ccy")
        return None
    amount_minor = amount_in(fields, path, currency)
    if amount_minor is None or amount_minor < 0:
        message = f"{shown(fields[path])} is not an unsigned amount in whole minor units of {currency}"
        reading.fail(f"{family}.amount", message, line, path)
        return None
    return Money(amount_minor, currency)


class Tally:
    """What was counted of a message, a batch or a status: transactions, and their sum in each currency."""

    __slots__ = ("_sums", "count", "has_unknown")

    def __init__(self) -> None:
        self.count = 0
        self.has_unknown = False
        """True where the amount of a transaction is not told: there is no sum then."""
        self._sums: dict[str, int] = {}

    def add(self, money: Money | None) -> None:
        self.count += 1
        if money is None:
            self.has_unknown = True
        else:
            self._sums[money.currency] = self._sums.get(money.currency, 0) + money.amount_minor

    def sum_minor(self, currency: str) -> int | None:
        """The sum where all amounts are in `currency`, else None."""
        return self._sums.get(currency, 0) if self._sums.keys() <= {currency} and not self.has_unknown else None

    @property
    def control_sum(self) -> Decimal | None:
        """The sum of all amounts irrespective of their currencies, as ISO 20022 defines `CtrlSum`; None if unknown."""
        if self.has_unknown:
            return None
        with localcontext(prec=CONTROL_SUM_DIGITS):
            scaled = (Decimal(minor).scaleb(-MINOR_UNIT_DECIMALS[currency]) for currency, minor in self._sums.items())
            return sum(scaled, Decimal(0))


def count_in(fields: Fields, path: str) -> int | None:
    """The number at `path`; None where there is none, or where it is no number."""
    text = fields.get(path, "")
    return int(text) if _COUNT.fullmatch(text) else None


def control_sum_in(fields: Fields, path: str) -> Decimal | None:
    """The control sum at `path`; None where there is none, or where it is no number."""
    text = fields.get(path, "")
    return Decimal(text) if _CONTROL_SUM.fullmatch(text) else None


class Controls(NamedTuple):
    """Declared numbers of transactions and their sum, to compare with what was found."""

    reading: FileReading
    family: str
    """`pain` or `pacs`: what the names of the rules begin with."""
    line: int

    def check_count(self, fields: Fields, path: str, counted: int) -> None:
        if path in fields and count_in(fields, path) != counted:
            message = f"{shown(fields[path])} transactions declared, {counted} found"
            self.reading.fail(f"{self.family}.transaction_count", message, self.line, path)

    def check_sum(self, fields: Fields, path: str, tally: Tally) -> None:
        """Compare a control sum; where an amount is unknown that has been told, and there is no sum."""
        summed = tally.control_sum
        if path in fields and summed is not None and control_sum_in(fields, path) != summed:
            message = f"control sum {shown(fields[path])} declared, {summed} summed"
            self.reading.fail(f"{self.family}.control_sum", message, self.line, path)


class _CurrencyTotals(Totals):
    __slots__ = ("return_count",)

    def __init__(self) -> None:
        super().__init__()
        self.return_count = 0


class SummaryTotals:
    """The transactions of one batch or message, in a summary for each of their currencies."""

    __slots__ = ("_by_currency", "account")

    def __init__(self) -> None:
        self.account: str | None = None
        """Ours, once a transaction has named it."""
        self._by_currency: dict[str | None, _CurrencyTotals] = {}

    def add(self, direction: Direction, money: Money | None, *, is_return: bool) -> None:
        currency, amount_minor = (None, 0) if money is None else (money.currency, money.amount_minor)
        totals = self._by_currency.get(currency)
        if totals is None:
            totals = self._by_currency[currency] = _CurrencyTotals()
        totals.add(direction, amount_minor)
        totals.return_count += is_return

    @property
    def is_empty(self) -> bool:
        return not self._by_currency

    def summaries(
        self, identity: tuple[str, ...], first_day: date | None, last_day: date | None
    ) -> Iterator[StatementSummary]:
        """One summary for each currency, one without entries where there was no transaction."""
        for currency, totals in (self._by_currency or {None: _CurrencyTotals()}).items():
            yield StatementSummary(
                bank_account=self.account or "",
                currency=currency,
                identity=(*identity, currency or ""),
                first_day=first_day,
                last_day=last_day,
                sequence_number=None,
                opening_minor=None,
                closing_minor=None,
                entry_count=totals.credit_count + totals.debit_count,
                credit_count=totals.credit_count,
                credit_minor=totals.credit_minor,
                debit_count=totals.debit_count,
                debit_minor=totals.debit_minor,
                return_count=totals.return_count,
                change_count=0,
                chain=None,
                is_correction=False,
            )


def is_collection_by_name(message_name: str | None) -> bool | None:
    """Say whether a message collects money (pain.008) or sends it (pain.001); None where its name does not tell."""
    if message_name is None:
        return None
    if any(name in message_name for name in DEBIT_MESSAGES):
        return True
    return False if any(name in message_name for name in CREDIT_MESSAGES) else None


def day_at_any(fields: Fields, paths: tuple[str, ...]) -> date | None:
    """Return the first day found at some paths."""
    text = first_of(fields, paths)
    return None if text is None else day_of(text)
