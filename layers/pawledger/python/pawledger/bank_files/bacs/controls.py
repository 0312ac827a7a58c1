"""Control totals of Bacs reports: what was counted, held against what the report declares."""

from dataclasses import dataclass
from datetime import date

from pawledger.bank_files.bacs.entries import Item
from pawledger.bank_files.bacs.fields import Notes, read_amount, read_count, read_currency, shown
from pawledger.bank_files.records import Direction, Purpose, StatementEntry, StatementSummary


@dataclass(slots=True)
class Count:
    """What was counted in one currency."""

    credit_count: int = 0
    credit_minor: int = 0
    debit_count: int = 0
    debit_minor: int = 0
    return_count: int = 0
    change_count: int = 0

    def add(self, entry: StatementEntry) -> None:
        """Count one entry."""
        if entry.direction is Direction.CREDIT:
            self.credit_count += 1
            self.credit_minor += entry.amount_minor
        else:
            self.debit_count += 1
            self.debit_minor += entry.amount_minor
        self.return_count += entry.purpose is Purpose.RETURN
        self.change_count += entry.purpose is Purpose.CHANGE

    def summary(
        self, account: str, currency: str | None, identity: tuple[str, ...], day: date | None
    ) -> StatementSummary:
        """The summary of what was counted; a report has no balances and is in no series."""
        return StatementSummary(
            bank_account=account,
            currency=currency,
            identity=identity,
            first_day=day,
            last_day=day,
            sequence_number=None,
            opening_minor=None,
            closing_minor=None,
            entry_count=self.credit_count + self.debit_count,
            credit_count=self.credit_count,
            credit_minor=self.credit_minor,
            debit_count=self.debit_count,
            debit_minor=self.debit_minor,
            return_count=self.return_count,
            change_count=self.change_count,
            chain=None,
            is_correction=False,
        )


def check_totals(totals: list[Item], counts: dict[str, Count], unread_count: int, notes: Notes) -> set[str]:
    """Hold returned debits against Totals, in number and value by currency; return the currencies of the Totals.

    Items whose amount could not be read are in the number and not in the value.
    """
    declared: set[str] = set()
    for item in totals:
        notes.line = item.line
        currency = read_currency(item.first("currency"), notes)
        if currency is None:
            continue
        declared.add(currency)
        count = counts.get(currency, Count())
        number, found = read_count(item.first("numberof")), count.debit_count + unread_count
        if number != found:
            message = f"Totals declare {shown(item.first('numberof'))} returned debits, found {found}"
            notes.wrong("bacs.totals_number", message, field="numberOf")
        value = read_amount(item.first("valueof"), currency, "valueOf", notes)
        if value is not None and value != count.debit_minor:
            message = (
                f"Totals declare {value} in minor units of {currency}, the returned debits are {count.debit_minor}"
            )
            notes.wrong("bacs.totals_value", message, field="valueOf")
    return declared


def check_sum(declared: str, field_name: str, total_minor: int, notes: Notes, line: int) -> None:
    """Hold the claims of a DDICA report against their declared sum; nothing is checked where none is declared."""
    notes.line = line
    value = read_amount(declared, "GBP", field_name, notes) if declared else None
    if value is not None and value != total_minor:
        message = f"{field_name} is {value} in minor units of GBP, the claims are {total_minor}"
        notes.wrong("bacs.claims_value", message, field=field_name)
