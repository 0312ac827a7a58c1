"""Sections of PayPal's reports: the transactions of one account (SB), each an entry of its gross and one of its fee."""

from collections.abc import Iterator
from typing import Final

from pawledger.bank_files.delimited import RowBlock, make_square
from pawledger.bank_files.paypal.codes import (
    CURRENCIES_WITHOUT_DECIMALS,
    GROUPS_WITHOUT_MONEY,
    HOLD_RELEASES,
    PURPOSES_BY_GROUP,
    SETTLED_STATUSES,
)
from pawledger.bank_files.paypal.controls import (
    CURRENCIES_MAX,
    Footer,
    Totals,
    check_count,
    check_footer,
    currency_of,
    read_minor,
)
from pawledger.bank_files.provider_rows import (
    Notes,
    RowNumbers,
    StatementCount,
    UnreadableReportError,
    gather_references,
    number_parts,
    read_day,
    shown,
)
from pawledger.bank_files.records import Direction, Purpose, StatementEntry, StatementSummary
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

SECTIONS_MAX: Final = 1_000
"""Most sections (accounts) of one report."""

_REQUIRED: Final = (
    *("transaction id", "transaction event code", "transaction debit or credit", "gross transaction amount"),
    *("gross transaction currency", "fee debit or credit", "fee amount", "transaction completion date"),
)
_FIELDS: Final = (
    *("transaction id", "invoice id", "paypal reference id", "paypal reference id type", "transaction event code"),
    *("transaction initiation date", "transaction completion date", "transaction debit or credit"),
    *("gross transaction amount", "gross transaction currency", "fee debit or credit", "fee amount", "fee currency"),
    *("custom field", "transactional status", "payment tracking id", "bank reference id", "payer's account id"),
    *("first name", "last name", "consumer business name", "transaction subject", "transaction note"),
)
_MANDATE_REFERENCES: Final = frozenset(("PAP", "RP", "SUB"))
"""Types of PayPal reference that name an agreement: pre-approved payments, recurring payments, subscriptions."""
_DIRECTIONS: Final = {"CR": Direction.CREDIT, "DR": Direction.DEBIT}
_PLACES: Final = {("CR", "gross"): 0, ("DR", "gross"): 1, ("CR", "fee"): 2, ("DR", "fee"): 3}
"""Place of an amount among the totals of a footer."""
_new_entry: Final = tuple.__new__
"""Builds a named tuple from its fields in order: about half the cost of calling the class, which only adds names."""


class Section:
    """One account and reporting window: its columns, its rows, its footers."""

    def __init__(self, header: list[str], notes: Notes, numbers: RowNumbers) -> None:
        """`header` is the record SH, empty where there is none; identical rows get their numbers from `numbers`."""
        _, start, end, account = (*(field.strip() for field in header[:4]), *[""] * (4 - len(header[:4])))
        self._account = account
        self._window = (start, end)
        self._notes = notes
        self._numbers = numbers
        self._width = 0
        self._places: list[int | None] = []
        self._kind = "stl"
        self._footers: dict[str, Footer] = {}
        self._counts: dict[str, StatementCount] = {}
        self._row_count = 0
        self.totals: dict[str, Totals] = {}
        self.is_closed = False
        """Whether a footer of the section came: no row may follow."""

    @property
    def has_columns(self) -> bool:
        return bool(self._width)

    @property
    def identity(self) -> tuple[str, ...]:
        """The same whenever this account and window is told again by a report of this kind."""
        return ("paypal", self._kind, self._account, *self._window)

    def read_columns(self, row: list[str], line: int) -> None:
        """Read CH, the names of the columns. Raises `UnreadableReportError` where one is missing that is needed."""
        columns: dict[str, int] = {}
        for place, name in enumerate(row):
            columns.setdefault(" ".join(name.lower().split()), place)
        missing = [name for name in _REQUIRED if name not in columns]
        if missing:
            raise UnreadableReportError("columns_missing", f"columns are missing: {missing}", line=line)
        self._width = len(row)
        self._places = [columns.get(name) for name in _FIELDS]
        self._kind = "trr" if "transactional status" in columns else "stl"

    def read_rows(self, block: RowBlock) -> list[StatementEntry]:
        """The entries of some rows (SB). Raises `UnreadableReportError` beyond a limit."""
        self._row_count += len(block.rows)
        ragged = {row.place for row in make_square(block, self._width)}
        rows: list[list[StatementEntry]] = []
        for place, (row, line) in enumerate(zip(block.rows, block.lines, strict=True)):
            if place in ragged:
                message = f"row has another number of fields than the columns of its section, which are {self._width}"
                self._notes.unreadable("ragged_row", message, line)
            else:
                rows.append(self._read_row(row, line))
        entries = number_parts(rows, self._numbers)
        self._count(entries)
        return entries

    def _read_row(self, row: list[str], line: int) -> list[StatementEntry]:
        """The entries of one transaction, gross then fee; none where its money is not certain."""
        fields = ["" if place is None else row[place] for place in self._places]
        transaction_id, _, reference, reference_type, code = fields[:5]
        initiated, completed, sign, gross, currency, fee_sign, fee, fee_currency = fields[5:13]
        status, payer_account = fields[14], fields[17]
        group = code[1:3] if code[:1] == "T" and len(code) == 5 else ""
        purpose = Purpose.PAYOUT if code in HOLD_RELEASES else PURPOSES_BY_GROUP.get(group)
        if purpose is None:
            self._notes.once("event_code_unknown", f"event code {shown(code)} is not known", line, key=code)
            purpose = Purpose.PAYMENT
        booked_on = read_day(completed or initiated)
        if booked_on is None:
            message = f"{shown(completed or initiated)} is not a time"
            self._notes.unreadable("day", message, line, field="transaction completion date")
            return []
        amount_minor = self._read_money("gross", gross, sign, currency, line)
        fee_minor = self._read_money("fee", fee, fee_sign, fee_currency or currency, line)
        if amount_minor is None or fee_minor is None:
            return []
        self._totals_of(currency).row_count += 1
        posts = group not in GROUPS_WITHOUT_MONEY and status in SETTLED_STATUSES
        references = gather_references((fields[1], fields[13], transaction_id, reference, fields[15], fields[16]))
        mandate_id = reference if reference_type in _MANDATE_REFERENCES else None
        name = fields[20] or f"{fields[18]} {fields[19]}".strip() or None
        text = " ".join(filter(None, (fields[21], fields[22])))
        account = f"paypal:{self._account}"
        facts = ("paypal", self._account, transaction_id, code, sign, currency, str(amount_minor))
        entries = []
        # fmt: off
        if amount_minor or not fee_minor:
            entries.append(_new_entry(StatementEntry, (
                account, currency, amount_minor, _DIRECTIONS[sign], booked_on, None,
                (*facts, "gross", "1"),
                posts, purpose, code if purpose is Purpose.RETURN else None, code, references, mandate_id,
                payer_account or None, name, text, line, None, None,
            )))
        if fee_minor:
            entries.append(_new_entry(StatementEntry, (
                account, fee_currency or currency, fee_minor, _DIRECTIONS[fee_sign], booked_on, None,
                (*facts, "fee", "1"),
                posts, Purpose.FEE, None, code, references, mandate_id, None, None, "", line, None, None,
            )))
        # fmt: on
        return entries

    def _read_money(self, part: str, text: str, sign: str, currency: str, line: int) -> int | None:
        """Read gross or fee and add it to the totals of its currency; None where it is not certain, which is told."""
        amount_minor = int(text) if text.isdigit() and len(text) <= 18 and text.isascii() else read_minor(text)
        if amount_minor is None:
            self._notes.unreadable("amount", f"{shown(text)} is not an amount in minor units", line, field=part)
            return None
        if not amount_minor and part == "fee":
            return 0
        if currency not in MINOR_UNIT_DECIMALS:
            self._notes.wrong("currency", f"{shown(currency)} is not an ISO 4217 currency", line, field=part)
            return None
        place = _PLACES.get((sign, part))
        if place is None:
            self._notes.wrong("direction", f"{shown(sign)} is neither CR nor DR", line, field=part)
            return None
        if currency in CURRENCIES_WITHOUT_DECIMALS and currency not in self.totals:
            message = f"PayPal keeps {currency} in whole units: it is not known whether two decimals are implied"
            self._notes.wrong("currency_without_decimals", message, line, field=part)
        self._totals_of(currency).amounts_minor[place] += amount_minor
        return amount_minor

    def _totals_of(self, currency: str) -> Totals:
        found = self.totals.get(currency)
        if found is None:
            if len(self.totals) >= CURRENCIES_MAX:
                raise UnreadableReportError("too_many_currencies", f"more than {CURRENCIES_MAX} currencies")
            found = self.totals[currency] = Totals()
        return found

    def _count(self, entries: list[StatementEntry]) -> None:
        """Count entries in the statements of their currencies."""
        by_currency: dict[str, list[StatementEntry]] = {}
        for entry in entries:
            by_currency.setdefault(entry.currency, []).append(entry)
        for currency, counted in by_currency.items():
            statement = self._statement_of(currency)
            statement.count(counted)

    def _statement_of(self, currency: str) -> StatementCount:
        found = self._counts.get(currency)
        if found is None:
            found = self._counts[currency] = StatementCount(f"paypal:{self._account}", currency, ())
            found.span(map(read_day, self._window))
        return found

    def close(self, row: list[str], line: int) -> None:
        """Check a footer of the section: SF (totals and balances of one currency) or SC (number of rows)."""
        self.is_closed = True
        if row[0].strip() == "SC":
            check_count(row, self._row_count, self._notes, line)
            return
        currency = currency_of(row)
        if currency not in MINOR_UNIT_DECIMALS:
            self._notes.wrong("currency", f"{shown(currency)} is not an ISO 4217 currency", line, field="SF")
        elif currency in self._footers:
            self._notes.wrong("footer_twice", f"section has two SF of {currency}", line)
        else:
            self._footers[currency] = check_footer(row, self._totals_of(currency), self._notes, line, is_report=False)
            self._statement_of(currency)

    def check_told(self, line: int) -> None:
        """Tell currencies with rows and without totals where others have them.

        PayPal leaves out a currency whose payments it converts as they come, so that no balance of it is held.
        """
        if any(totals.told for totals in self.totals.values()):
            for currency, totals in self.totals.items():
                if not totals.told:
                    message = f"no footer tells the totals of {currency}, they were not checked"
                    self._notes.once("currency_without_footer", message, line, key=currency)

    def summaries(self) -> Iterator[StatementSummary]:
        """A statement for each currency, as far as it was read."""
        for currency, count in self._counts.items():
            footer = self._footers.get(currency, Footer())
            count.opening_minor, count.closing_minor = footer.opening_minor, footer.closing_minor
            summary = count.summary((*self.identity, currency))
            if self._kind == "stl" and footer.opening_minor is not None:
                summary = summary._replace(chain=("paypal.stl", count.bank_account, currency))
            yield summary
