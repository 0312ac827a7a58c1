"""One statement of MT940 or report of MT942 while it is read: its fields, what was counted, the checks at its end."""

from dataclasses import dataclass, field
from datetime import date

from pawledger.bank_files.mt940.fields import Balance, Notes, Total
from pawledger.bank_files.records import StatementSummary
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.money import write_amount


@dataclass(slots=True)
class Statement:
    """One message, from its first field to its last; amounts in minor units, credits and debits unsigned."""

    line: int
    reference: str = ""
    bank_account: str = ""
    number: str = ""
    page: str = ""
    opening: Balance | None = None
    closing: Balance | None = None
    is_first_page: bool = True
    is_last_page: bool = True
    floor_currency: str | None = None
    credit_total: Total | None = None
    debit_total: Total | None = None
    reported_on: date | None = None
    reported_at: str = ""
    """Day, time and zone of an interim report as written (13D)."""
    has_end: bool = False
    """True once the mark behind the message was read: nothing of it was cut off."""
    other_currencies: set[str] = field(default_factory=set)
    """Of further balances (64, 65)."""
    is_interim: bool = False
    """True for MT942: it has a floor limit, totals or the time of the report, and no balances that close."""
    is_uncertain: bool = False
    """True once a movement could not be read: sums then prove nothing more."""
    entry_count: int = 0
    credit_count: int = 0
    credit_minor: int = 0
    debit_count: int = 0
    debit_minor: int = 0
    guessed_count: int = 0
    """Movements without a decimal comma, which only the closing balance proves to be whole units."""
    guessed_net_minor: int = 0
    return_count: int = 0
    rows: dict[int, int] = field(default_factory=dict)
    """How often rows that agree in all facts came, by the hash of those facts."""
    kept_row_count: int = 0
    """Number of those rows when this page was kept for the one that continues it, which shares them."""

    def count(self, amount_minor: int, *, is_credit: bool, is_guessed: bool) -> None:
        """Add a movement to the sums that the closing balance or the totals have to agree with."""
        if is_credit:
            self.credit_count += 1
            self.credit_minor += amount_minor
        else:
            self.debit_count += 1
            self.debit_minor += amount_minor
        if is_guessed:
            self.guessed_count += 1
            self.guessed_net_minor += amount_minor if is_credit else -amount_minor

    @property
    def currency(self) -> str | None:
        """Currency of the balances, else of the floor limit or the totals."""
        for known in (self.opening, self.closing, self.credit_total, self.debit_total):
            if known is not None:
                return known.currency
        return self.floor_currency

    @property
    def net_minor(self) -> int:
        return self.credit_minor - self.debit_minor

    def continues(self, before: "Statement") -> bool:
        """Whether this page opens with what the page before it closed with."""
        if self.opening is None or before.closing is None:
            return True
        return self.opening.currency == before.closing.currency and (
            self.opening.amount_minor == before.closing.amount_minor
        )

    def follows(self, before: "Statement") -> bool:
        """Whether this page has the number behind that of the page before it, as far as both have one."""
        if not (self.page.isascii() and self.page.isdigit() and before.page.isascii() and before.page.isdigit()):
            return True
        return self.page.lstrip("0") == before.page.lstrip("0") or int(self.page[:9]) == int(before.page[:9]) + 1

    @property
    def sequence_number(self) -> int | None:
        """The statement number; zero is what banks write that do not number."""
        number = self.number.strip()
        return int(number) or None if number.isascii() and number.isdigit() and len(number) <= 9 else None

    def end(self, notes: Notes) -> StatementSummary:
        """Run the checks that need the whole statement, and sum it up."""
        line, notes.line = notes.line, self.line
        if not self.bank_account:
            notes.wrong("mt940.account_missing", "the statement names no account (field 25)", "25")
        self._check_currencies(notes)
        if not self.is_interim:
            self._check_balances(notes)
        elif self.credit_total is None and self.debit_total is None:
            notes.once("mt942.totals_missing", "the report has no totals (90C, 90D): nothing proves that it is whole")
        if self.is_interim and not self.has_end and None in (self.credit_total, self.debit_total):
            message = "the report lacks a total (90C or 90D) and the mark of its end: it may have been cut"
            notes.broken("mt942.truncated", message, "90")
        self._check_totals(notes)
        notes.line = line
        return self._sum_up()

    def _check_currencies(self, notes: Notes) -> None:
        """All fields of a statement are in one currency (SWIFT, network rule C2 of MT940 and C1 of MT942)."""
        fields = (self.opening, self.closing, self.credit_total, self.debit_total)
        named = {known.currency for known in fields if known is not None} | self.other_currencies
        named |= {self.floor_currency} if self.floor_currency else set()
        if len(named) > 1:
            notes.wrong("mt940.currency_differs", f"the statement is in several currencies: {sorted(named)}", "62")

    def _check_balances(self, notes: Notes) -> None:
        opening, closing = self.opening, self.closing
        if opening is None or closing is None:
            lacks = "closing balance (62)" if closing is None else "opening balance (60)"
            notes.broken("mt940.truncated", f"the statement has no {lacks}: it was cut, or is no statement", "62")
            return
        if opening.currency != closing.currency:
            return
        if self.guessed_count and not self.guessed_net_minor:
            message = f"{self.guessed_count} amounts have no decimal comma and cancel out: the balance proves no worth"
            notes.wrong("mt940.amount", message, "61")
        expected = opening.amount_minor + self.net_minor
        if expected != closing.amount_minor and not self.is_uncertain:
            values = (opening.amount_minor, self.net_minor, expected, closing.amount_minor)
            opened, net, computed, found = (_written(value, opening.currency) for value in values)
            message = f"opening {opened} and movements {net} make {computed}, the closing balance says {found}"
            notes.wrong("mt940.balance", message, "62")

    def _check_totals(self, notes: Notes) -> None:
        """Fields 90C and 90D: number and sum of the entries of the report."""
        for total, count, amount_minor, name in (
            (self.credit_total, self.credit_count, self.credit_minor, "90C"),
            (self.debit_total, self.debit_count, self.debit_minor, "90D"),
        ):
            if total is None or self.is_uncertain:
                continue
            if total.entry_count != count:
                message = f"{name} declares {total.entry_count} entries, found {count}"
                notes.wrong("mt942.total_count", message, name)
            if total.amount_minor != amount_minor:
                declared, summed = (_written(value, total.currency) for value in (total.amount_minor, amount_minor))
                notes.wrong("mt942.total_sum", f"{name} declares {declared}, the entries sum to {summed}", name)

    def _sum_up(self) -> StatementSummary:
        name = "mt942" if self.is_interim else "mt940"
        first_day = self.opening.day if self.opening else self.reported_on
        last_day = self.closing.day if self.closing else first_day
        currency = self.currency if self.currency in MINOR_UNIT_DECIMALS else None
        told = self.reported_at if self.is_interim else ""
        place = (self.number, self.page, str(last_day or ""), self.reference if last_day is None else told)
        return StatementSummary(
            bank_account=self.bank_account,
            currency=currency,
            identity=(name, self.bank_account, currency or "", *place),
            first_day=first_day,
            last_day=last_day,
            sequence_number=self.sequence_number,
            opening_minor=self.opening.amount_minor if self.opening else None,
            closing_minor=self.closing.amount_minor if self.closing else None,
            entry_count=self.entry_count,
            credit_count=self.credit_count,
            credit_minor=self.credit_minor,
            debit_count=self.debit_count,
            debit_minor=self.debit_minor,
            return_count=self.return_count,
            change_count=0,
            chain=None if self.is_interim else ("mt940", self.bank_account, currency or ""),
            is_correction=False,
        )


def _written(amount_minor: int, currency: str) -> str:
    return f"{write_amount(amount_minor, currency)}"
