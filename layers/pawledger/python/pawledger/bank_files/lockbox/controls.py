"""Control totals of a lockbox file: what was counted for file, lockbox and batch against what the trailers declare."""

from dataclasses import dataclass
from datetime import date

from pawledger.bank_files.lockbox.fields import Notes
from pawledger.bank_files.records import StatementSummary


@dataclass(slots=True)
class BatchCount:
    """One batch: its checks up to record 7."""

    number: str
    check_count: int = 0
    sum_minor: int = 0

    def count(self, check_count: int, sum_minor: int) -> None:
        """Add some checks."""
        self.check_count += check_count
        self.sum_minor += sum_minor


@dataclass(slots=True)
class LockboxCount:
    """One lockbox and deposit day, record 5 to 8."""

    number: str
    deposit_date: date
    day_text: str
    """The deposit day as the header writes it, for comparison with the trailers."""
    check_count: int = 0
    sum_minor: int = 0
    declared_count: int = 0
    declared_sum_minor: int = 0
    """What its batch totals declare, which the lockbox total has to repeat."""
    batch: BatchCount | None = None

    def count(self, check_count: int, sum_minor: int) -> None:
        """Add some checks."""
        self.check_count += check_count
        self.sum_minor += sum_minor

    @property
    def identity(self) -> tuple[str, ...]:
        return ("lockbox", self.number, self.deposit_date.isoformat())

    def summary(self, currency: str) -> StatementSummary:
        """The deposit as counted so far: credits only, since nothing is taken back in a lockbox file."""
        return StatementSummary(
            bank_account=self.number,
            currency=currency,
            identity=self.identity,
            first_day=self.deposit_date,
            last_day=self.deposit_date,
            sequence_number=None,
            opening_minor=None,
            closing_minor=None,
            entry_count=self.check_count,
            credit_count=self.check_count,
            credit_minor=self.sum_minor,
            debit_count=0,
            debit_minor=0,
            return_count=0,
            change_count=0,
            chain=None,
            is_correction=False,
        )


@dataclass(frozen=True, slots=True)
class Total:
    """A batch or lockbox total as declared; count and sum are None where they could not be read."""

    record: str
    lockbox: str
    day_text: str
    check_count: int | None
    sum_minor: int | None


def check_total(total: Total, lockbox: LockboxCount, check_count: int, sum_minor: int, notes: Notes) -> None:
    """Hold a total against what was counted; every difference is a problem of its own. Blank numbers name nothing."""
    record = total.record
    if total.check_count is not None and total.check_count != check_count:
        message = f"record {record} declares {total.check_count} checks, found {check_count}"
        notes.out_of_balance(f"lockbox.count_{record}", message, "count")
    if total.sum_minor is not None and total.sum_minor != sum_minor:
        message = f"record {record} declares a sum of {total.sum_minor}, what it closes sums to {sum_minor}"
        notes.out_of_balance(f"lockbox.sum_{record}", message, "sum")
    if total.lockbox not in ("", lockbox.number):
        message = f"record {record} is of lockbox {total.lockbox!r}, its header of {lockbox.number!r}"
        notes.out_of_balance(f"lockbox.lockbox_{record}", message, "lockbox")
    if total.day_text not in ("", lockbox.day_text):
        message = f"record {record} is of the day {total.day_text!r}, its header of {lockbox.day_text!r}"
        notes.out_of_balance(f"lockbox.deposit_date_{record}", message, "deposit_date")
