"""The controls of one statement of an ISO 20022 cash report: its balances and summary against what was counted."""

from collections.abc import Callable
from datetime import date
from typing import Final

from pawledger.bank_files.iso20022.codes import BALANCE_CODES
from pawledger.bank_files.iso20022.fields import ACCOUNT_TEXTS, amount_in, day_at, day_of, own_account_of
from pawledger.bank_files.iso20022.identities import Numbering
from pawledger.bank_files.iso20022.reading import FileReading, shown
from pawledger.bank_files.iso20022.shapes import Record
from pawledger.bank_files.records import Direction, StatementSummary
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.money import format_amount

ACCOUNT_STATEMENT: Final = "camt.053"
"""The one cash report that promises all bookings of its days, with balances that prove it."""
STATEMENT_RECORDS: Final = {"camt.052": "Rpt", ACCOUNT_STATEMENT: "Stmt", "camt.054": "Ntfctn"}

_PARTS: Final = ("TtlNtries", "TtlCdtNtries", "TtlDbtNtries")
STATEMENT_TEXTS: Final = (
    *ACCOUNT_TEXTS,
    "Id",
    "ElctrncSeqNb",
    "LglSeqNb",
    "FrToDt/FrDtTm",
    "FrToDt/ToDtTm",
    "CpyDplctInd",
    *(f"{record}Pgntn/{leaf}" for record in STATEMENT_RECORDS.values() for leaf in ("PgNb", "LastPgInd")),
    *(f"TxsSummry/{part}/{leaf}" for part in _PARTS for leaf in ("NbOfNtries", "Sum")),
    "TxsSummry/TtlNtries/TtlNetNtry/Amt",
    "TxsSummry/TtlNtries/TtlNetNtry/CdtDbtInd",
    "TxsSummry/TtlNtries/TtlNetNtryAmt",
    "TxsSummry/TtlNtries/CdtDbtInd",
)
BALANCE_TEXTS: Final = ("Tp/CdOrPrtry/Cd", "Amt", "CdtDbtInd", "Dt/Dt", "Dt/DtTm")
TRUE_TEXTS: Final = frozenset({"true", "1"})
"""The two ways in which XML Schema writes a true boolean."""

_OPENING: Final = ("OPBD", "PRCD", "ITBD")
_CLOSING: Final = ("CLBD", "ITBD")
_CHECKED: Final = frozenset(_OPENING + _CLOSING)


_CREDIT: Final = Direction.CREDIT
"""Looking a member up in its enumeration costs as much as three dictionary look-ups (Python 3.11)."""


class Totals:
    """Count and unsigned sum in minor units of the credits and of the debits seen so far."""

    __slots__ = ("credit_count", "credit_minor", "debit_count", "debit_minor")

    def __init__(self) -> None:
        self.credit_count = self.credit_minor = self.debit_count = self.debit_minor = 0

    def add(self, direction: Direction, amount_minor: int) -> None:
        if direction is _CREDIT:
            self.credit_count += 1
            self.credit_minor += amount_minor
        else:
            self.debit_count += 1
            self.debit_minor += amount_minor

    @property
    def net_minor(self) -> int:
        return self.credit_minor - self.debit_minor


class Statement:
    """One statement while it is read: account, balances, running totals, and the checks at its end."""

    def __init__(self, kind: str, start: Record, reading: FileReading, before: "Statement | None" = None) -> None:
        self.reading = reading
        self._kind = kind
        self.is_account_statement = kind == ACCOUNT_STATEMENT
        """Else the account's statement tells the same bookings again."""
        self._fields, self._message, self.line = start.fields, start.parent, start.line
        self._currency: str | None = None
        self._bank_account = ""
        self._balances: dict[str, tuple[str, int]] = {}
        self.reported = Totals()
        """Every entry, pending ones too."""
        self.booked = Totals()
        self.entry_count = 0
        self.return_count = 0
        self._before = None if before is None else (before.name, before.numbering)
        self._numbering: Numbering | None = None
        self.first_booked_on: date | None = None
        self.last_booked_on: date | None = None

    @property
    def bank_account(self) -> str:
        """Number of the account, empty where the statement names none."""
        if not self._bank_account:
            self._bank_account = own_account_of(self._fields) or ""
        return self._bank_account

    @property
    def currency(self) -> str | None:
        """Currency of the account, else that of its first balance or entry."""
        return self._fields.get("Acct/Ccy") or self._currency

    def learn_currency(self, currency: str | None) -> str | None:
        """Take the currency of the first amount where the account itself names none; return the account's."""
        self._currency = self._currency or currency
        return self.currency

    @property
    def name(self) -> tuple[str, str, str]:
        """What the pages of one statement have in common."""
        return self.bank_account, self.currency or "", self._fields.get("Id", "")

    @property
    def numbering(self) -> Numbering:
        """Numbers entries that are alike; a page goes on where the page before it in the file has stopped."""
        if self._numbering is None:
            is_next = self._before is not None and self._before[0] == self.name and self._page()[0] != "1"
            self._numbering = self._before[1] if self._before is not None and is_next else Numbering()
            self._before = None
        return self._numbering

    def warn(self, rule: str, message: str, line: int, field: str) -> None:
        self.reading.warn(rule, message, line, field)

    def fail(self, rule: str, message: str, line: int, field: str) -> None:
        self.reading.fail(rule, message, line, field)

    def add_balance(self, balance: Record) -> None:
        """Keep the balance where it is the first opening or the last closing one of its kind, by its day."""
        fields, line = balance.fields, balance.line
        code = fields.get("Tp/CdOrPrtry/Cd")
        if code not in _CHECKED:
            if code is not None and code not in BALANCE_CODES:
                message = f"unknown balance type {shown(code)}: not checked"
                self.reading.warn_once("camt.balance_type_unknown", code, message, line, "Bal/Tp")
            return
        self.learn_currency(fields.get("Amt@Ccy"))
        if fields.get("Amt@Ccy", self.currency) != self.currency:
            self.warn("camt.balance_currency", f"{code} is not in {self.currency}: not checked", line, "Bal/Amt")
            return
        amount_minor = None if self.currency is None else amount_in(fields, "Amt", self.currency)
        if amount_minor is None:
            if "Amt" in fields:
                message = f"{code} {shown(fields['Amt'])} is not an amount in {shown(self.currency)}"
                self.fail("camt.balance_amount", message, line, "Bal/Amt")
            return
        indicator = fields.get("CdtDbtInd")
        if indicator not in ("CRDT", "DBIT") or amount_minor < 0:
            message = f"{code} has the indicator {shown(indicator)}: its sign is taken from the amount"
            self.warn("camt.balance_sign", message, line, "Bal/CdtDbtInd")
        signed = -abs(amount_minor) if indicator == "DBIT" else amount_minor
        day = str(day_at(fields, "Dt") or "")
        first, last = self._balances.get(code + " first"), self._balances.get(code + " last")
        if first is None or day < first[0]:
            self._balances[code + " first"] = (day, signed)
        if last is None or day >= last[0]:
            self._balances[code + " last"] = (day, signed)

    def _page(self) -> tuple[str, bool]:
        """Number of the page and whether it is the last; the statement's own pagination before the message's."""
        own = STATEMENT_RECORDS[self._kind] + "Pgntn"
        for fields, path in ((self._fields, own), (self._message, "GrpHdr/MsgPgntn")):
            if f"{path}/LastPgInd" in fields or f"{path}/PgNb" in fields:
                is_last = fields.get(f"{path}/LastPgInd", "true") in TRUE_TEXTS
                return fields.get(f"{path}/PgNb", "1").lstrip("0") or "1", is_last
        return "1", True

    def finish(self) -> StatementSummary:
        """Run the checks that need the whole statement, and sum it up."""
        page, is_last_page = self._page()
        opening = self._find_balance(_OPENING if page != "1" else _OPENING[:2], "first")
        closing = self._find_balance(_CLOSING if not is_last_page else _CLOSING[:1], "last")
        if page != "1" or not is_last_page:
            self.warn("camt.page", f"page {shown(page)} of a statement of several pages", self.line, "MsgPgntn")
        copy = self._fields.get("CpyDplctInd")
        if copy is not None:
            told = f"marked as a copy or duplicate ({shown(copy)}): what is known of it is posted once"
            self.warn("camt.copy", told, self.line, "CpyDplctInd")
        if not self.bank_account:
            self.fail("camt.account_missing", "the statement names no account", self.line, "Acct/Id")
        if self.currency is not None and self.currency not in MINOR_UNIT_DECIMALS:
            message = f"{shown(self.currency)} is not an ISO 4217 currency"
            self.fail("camt.currency_unknown", message, self.line, "Acct/Ccy")
        if self.is_account_statement:
            self._check_balances(opening, closing)
        self._check_summary()
        return self._sum_up(opening, closing, page)

    def _find_balance(self, codes: tuple[str, ...], end: str) -> int | None:
        found = [self._balances[f"{code} {end}"][1] for code in codes if f"{code} {end}" in self._balances]
        return found[0] if found else None

    def _balance_day(self, codes: tuple[str, ...], end: str) -> date | None:
        found = [self._balances[f"{code} {end}"][0] for code in codes if f"{code} {end}" in self._balances]
        return day_of(found[0]) if found else None

    def _days(self) -> tuple[date | None, date | None]:
        """First and last day: as the statement says, else of its balances, else of its bookings.

        A previously closed balance (`PRCD`) is of a day before the first one.
        """
        first = day_of(self._fields.get("FrToDt/FrDtTm", "")) or self._balance_day(("OPBD", "ITBD"), "first")
        last = day_of(self._fields.get("FrToDt/ToDtTm", "")) or self._balance_day(_CLOSING, "last")
        first, last = first or self.first_booked_on or last, last or self.last_booked_on or first
        return first, last

    def add_booking_day(self, day: date) -> None:
        """Widen the days of the statement's bookings."""
        if self.first_booked_on is None or self.last_booked_on is None:
            self.first_booked_on = self.last_booked_on = day
        elif day > self.last_booked_on:
            self.last_booked_on = day
        elif day < self.first_booked_on:
            self.first_booked_on = day

    def _check_balances(self, opening: int | None, closing: int | None) -> None:
        """Opening plus booked credits minus booked debits is closing (camt.053 usage of OPBD, PRCD, CLBD)."""
        if opening is None or closing is None:
            missing = "opening" if opening is None else "closing"
            message = f"no {missing} booked balance: the entries are not proven by balances"
            self.warn("camt.balance_missing", message, self.line, "Bal")
            return
        difference = opening + self.booked.net_minor - closing
        if difference:
            values = (opening, self.booked.net_minor, opening + self.booked.net_minor, closing)
            opened, net, expected, found = (self._written(value) for value in values)
            message = f"opening {opened} and entries {net} make {expected}, the closing balance says {found}"
            self.fail("camt.balance", f"{message}; difference {self._written(difference)}", self.line, "Bal")

    def _written(self, amount_minor: int) -> str:
        known = self.currency in MINOR_UNIT_DECIMALS
        return format_amount(amount_minor, self.currency) if known and self.currency else str(amount_minor)

    def _check_summary(self) -> None:
        """Compare `TxsSummry` with all entries, or with the booked ones alone: banks count either way."""

        def credit_sum(totals: Totals) -> tuple[int, ...]:
            return (totals.credit_minor,)

        def debit_sum(totals: Totals) -> tuple[int, ...]:
            return (totals.debit_minor,)

        def whole_sum(totals: Totals) -> tuple[int, ...]:
            # The message definition means the sum of all amounts; some banks give the net amount without its sign.
            return totals.credit_minor + totals.debit_minor, abs(totals.net_minor)

        counted = {self.entry_count, self.booked.credit_count + self.booked.debit_count}
        self._check_count("TtlNtries", counted)
        self._check_count("TtlCdtNtries", {self.reported.credit_count, self.booked.credit_count})
        self._check_count("TtlDbtNtries", {self.reported.debit_count, self.booked.debit_count})
        self._check_sum("TxsSummry/TtlNtries/Sum", whole_sum)
        self._check_sum("TxsSummry/TtlCdtNtries/Sum", credit_sum)
        self._check_sum("TxsSummry/TtlDbtNtries/Sum", debit_sum)
        self._check_net("TxsSummry/TtlNtries/TtlNetNtry/Amt", "TxsSummry/TtlNtries/TtlNetNtry/CdtDbtInd")
        self._check_net("TxsSummry/TtlNtries/TtlNetNtryAmt", "TxsSummry/TtlNtries/CdtDbtInd")

    def _check_count(self, part: str, counted: set[int]) -> None:
        path = f"TxsSummry/{part}/NbOfNtries"
        declared = self._fields.get(path)
        if declared is not None and (declared.lstrip("0") or "0") not in map(str, counted):
            message = f"{shown(declared)} entries declared, {sorted(counted)} counted"
            self.fail("camt.summary_count", message, self.line, path)

    def _check_sum(self, path: str, sums: Callable[[Totals], tuple[int, ...]]) -> None:
        declared = self._declared(path)
        if declared is None:
            return
        found = {*sums(self.reported), *sums(self.booked)}
        if abs(declared) not in found:
            message = f"{self._written(declared)} declared, {sorted(map(self._written, found))} summed"
            self.fail("camt.summary_sum", message, self.line, path)

    def _check_net(self, path: str, indicator_path: str) -> None:
        declared = self._declared(path)
        if declared is None:
            return
        found = {self.reported.net_minor, self.booked.net_minor}
        indicator = self._fields.get(indicator_path)
        if indicator not in ("CRDT", "DBIT"):
            matches = abs(declared) in map(abs, found)
        else:
            matches = (-abs(declared) if indicator == "DBIT" else declared) in found
        if not matches:
            message = f"net {self._written(declared)} {shown(indicator)} declared, {sorted(map(self._written, found))}"
            self.fail("camt.summary_net", f"{message} summed", self.line, path)

    def _declared(self, path: str) -> int | None:
        text = self._fields.get(path)
        if text is None:
            return None
        amount_minor = None if self.currency is None else amount_in(self._fields, path, self.currency)
        if amount_minor is None:
            message = f"{shown(text)} is not an amount in {shown(self.currency)}"
            self.fail("camt.summary_amount", message, self.line, path)
        return amount_minor

    def _sum_up(self, opening: int | None, closing: int | None, page: str) -> StatementSummary:
        fields = self._fields
        first, last = fields.get("FrToDt/FrDtTm", ""), fields.get("FrToDt/ToDtTm", "")
        sequence = fields.get("ElctrncSeqNb") or fields.get("LglSeqNb") or ""
        # 18 digits are the longest number ISO 20022 knows; anything else is no sequence number.
        is_number = sequence.isascii() and sequence.isdigit() and len(sequence) <= 18
        statement_id = fields.get("Id") or sequence
        first_day, last_day = self._days()
        account, currency = self.bank_account, self.currency or ""
        return StatementSummary(
            bank_account=account,
            currency=self.currency,
            identity=(self._kind, account, currency, statement_id, first, last, page),
            first_day=first_day,
            last_day=last_day,
            sequence_number=int(sequence) if is_number else None,
            opening_minor=opening,
            closing_minor=closing,
            entry_count=self.entry_count,
            credit_count=self.reported.credit_count,
            credit_minor=self.reported.credit_minor,
            debit_count=self.reported.debit_count,
            debit_minor=self.reported.debit_minor,
            return_count=self.return_count,
            change_count=0,
            chain=("camt", account, currency) if self.is_account_statement else None,
            is_correction=False,
        )
