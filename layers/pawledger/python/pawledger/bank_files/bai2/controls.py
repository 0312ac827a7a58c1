"""Control totals of BAI2: what was counted for a file, a group and an account, held against what the trailers declare.

Source: balance reporting specification, trailer records 49, 98 and 99. A total is the algebraic sum of amounts without
regard to direction, so that it cannot see a credit reported as a debit; totals 100 and 400 and the ledger balances can.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from pawledger.bank_files.bai2.codes import CLOSING_LEDGER, OPENING_LEDGER, TOTAL_CREDITS, TOTAL_DEBITS
from pawledger.bank_files.bai2.fields import Balance, Notes, read_amount, read_count
from pawledger.bank_files.records import StatementSummary
from pawledger.bank_files.report import FileReport, Rule


@dataclass(slots=True)
class FileCount:
    """One logical file, 01 to 99."""

    identity: tuple[str, ...]
    sender: str
    first_record: int
    control_minor: int = 0
    group_count: int = 0


@dataclass(slots=True)
class GroupCount:
    """One group, 02 to 98: accounts of one bank on one day."""

    originator: str
    as_of: date
    currency: str
    modifier: str
    posts: bool
    is_correction: bool
    first_record: int
    control_minor: int = 0
    account_count: int = 0


@dataclass(slots=True)
class AccountCount:
    """One account, 03 to 49. `currency` is None where it is not an ISO 4217 code."""

    number: str
    currency: str | None
    as_of: date
    as_of_text: str
    posts: bool
    is_final: bool
    """False for an interim report, whose closing balance is not the next opening balance."""
    is_correction: bool
    identity: tuple[str, ...]
    balances: dict[str, Balance]
    balances_minor: int
    first_record: int
    credit_count: int = 0
    credit_minor: int = 0
    debit_count: int = 0
    debit_minor: int = 0
    undirected_minor: int = 0
    """Amounts of details whose type code gives no direction: in the control total, in no sum."""
    return_count: int = 0

    def count(self, credit_count: int, credit_minor: int, debit_count: int, debit_minor: int, returns: int) -> None:
        """Add the counts and sums of some details."""
        self.return_count += returns
        self.credit_count += credit_count
        self.credit_minor += credit_minor
        self.debit_count += debit_count
        self.debit_minor += debit_minor

    def amount_of(self, type_code: str) -> int | None:
        balance = self.balances.get(type_code)
        return None if balance is None else balance.amount_minor

    def summary(self) -> StatementSummary:
        """The statement as counted so far; balances are the ledger's, available balances have another meaning."""
        return StatementSummary(
            bank_account=self.number,
            currency=self.currency,
            identity=self.identity,
            first_day=self.as_of,
            last_day=self.as_of,
            sequence_number=None,
            opening_minor=self.amount_of(OPENING_LEDGER),
            closing_minor=self.amount_of(CLOSING_LEDGER),
            entry_count=self.credit_count + self.debit_count,
            credit_count=self.credit_count,
            credit_minor=self.credit_minor,
            debit_count=self.debit_count,
            debit_minor=self.debit_minor,
            return_count=self.return_count,
            change_count=0,
            chain=("bai2", self.number, self.currency or "") if self.posts and self.is_final else None,
            is_correction=self.is_correction,
        )


@dataclass(frozen=True, slots=True)
class Trailer:
    """A trailer record as declared; a blank total counts as zero, a blank number as none."""

    code: str
    total_minor: int
    number: int | None
    """Accounts of a group or groups of a file; None for an account trailer, which has no such field."""
    record_count: int | None


_NUMBER_NAMES: Final = {"98": "account_count", "99": "group_count"}


def read_trailer(fields: list[str], notes: Notes) -> Trailer:
    """Read a 49, 98 or 99 record. Raises `UnreadableRecordError` for a total or count that is not a number."""
    code = fields[0]
    padded = [*fields, "", "", ""]
    total = read_amount(padded[1], "control_total", notes)
    if total is None:
        notes.once("bai2.total_blank", f"trailer {code} leaves its total blank, read as zero", key=code)
    if code == "49":
        return Trailer(code, total or 0, None, read_count(padded[2], "record_count"))
    number = read_count(padded[2], _NUMBER_NAMES[code])
    return Trailer(code, total or 0, number, read_count(padded[3], "record_count"))


def check_trailer(trailer: Trailer, total_minor: int, number: int | None, records: int, notes: Notes) -> None:
    """Hold a trailer against what was counted; every difference is an integrity problem of its own."""
    report, line, code = notes.report, notes.line, trailer.code
    if trailer.total_minor != total_minor:
        message = f"trailer {code} declares a total of {trailer.total_minor}, what it closes sums to {total_minor}"
        report.add(Rule.INTEGRITY, f"bai2.total_{code}", message, line=line, field="control_total")
    if trailer.number != number:
        what = _NUMBER_NAMES[code]
        message = f"trailer {code} declares {what} {_told(trailer.number)}, found {number}"
        report.add(Rule.INTEGRITY, f"bai2.{what}_{code}", message, line=line, field=what)
    if trailer.record_count != records:
        message = f"trailer {code} declares {_told(trailer.record_count)} records, found {records}"
        report.add(Rule.INTEGRITY, f"bai2.record_count_{code}", message, line=line, field="record_count")


def _told(number: int | None) -> str:
    return "blank" if number is None else str(number)


def check_summaries(account: AccountCount, notes: Notes) -> None:
    """Hold the details against total credits (100) and total debits (400), and the ledger against its movements.

    A bank need not detail everything it totals, so that fewer details than the total are only a warning. More details
    than the total, or as many of another sum, contradict it: a credit was reported as a debit, or a detail is wrong.
    """
    sides = (
        (TOTAL_CREDITS, account.credit_count, account.credit_minor),
        (TOTAL_DEBITS, account.debit_count, account.debit_minor),
    )
    for type_code, count, amount_minor in sides:
        declared = account.balances.get(type_code)
        if declared is not None and (account.credit_count or account.debit_count):
            _check_side(notes, declared, count, amount_minor)
    _check_ledger(account, notes.report, notes.line)


def _check_side(notes: Notes, declared: Balance, count: int, amount_minor: int) -> None:
    declared_minor, declared_count = declared.amount_minor, declared.item_count
    if declared_minor is None or (amount_minor == declared_minor and declared_count in (None, count)):
        return
    exceeds = amount_minor > declared_minor or (declared_count is not None and count > declared_count)
    kind = Rule.INTEGRITY if exceeds or (count and declared_count == count) else Rule.MEANING
    name = "credits" if declared.type_code == TOTAL_CREDITS else "debits"
    items = "" if declared_count is None else f" in {declared_count} items"
    message = f"total {name} is {declared_minor}{items}, the details are {amount_minor} in {count} items"
    notes.report.add(kind, f"bai2.summary_{declared.type_code}", message, line=notes.line, field="amount")


def _check_ledger(account: AccountCount, report: FileReport, line: int) -> None:
    opening, closing = account.amount_of(OPENING_LEDGER), account.amount_of(CLOSING_LEDGER)
    if opening is None or closing is None:
        return
    total_credits, total_debits = account.amount_of(TOTAL_CREDITS), account.amount_of(TOTAL_DEBITS)
    credits_minor = account.credit_minor if total_credits is None else total_credits
    debits_minor = account.debit_minor if total_debits is None else total_debits
    expected = opening + credits_minor - debits_minor
    if expected != closing:
        sums = f"opening {opening} + credits {credits_minor} - debits {debits_minor}"
        message = f"{sums} is {expected}, closing is {closing}"
        report.add(Rule.MEANING, "bai2.ledger", message, line=line, field="amount")
