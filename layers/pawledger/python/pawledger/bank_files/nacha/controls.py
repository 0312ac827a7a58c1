"""Controls of NACHA: what was counted of a batch and of a file, held against what their control records declare.

Source: Nacha Operating Rules, appendix three, batch control (8) and file control (9) records. The entry hash is the sum
of the first eight digits of all receiving routing numbers, of which the last ten digits are kept.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from pawledger.bank_files.nacha.fields import EntryLayout, Notes, is_number, read_number, shown
from pawledger.bank_files.records import StatementSummary

HASH_MODULUS: Final = 10**10
"""The entry hash has ten digits; what is carried beyond them is dropped."""
RECORDS_PER_BLOCK: Final = 10


@dataclass(slots=True)
class FileCount:
    """One logical file, from its header to its control record."""

    identity: tuple[str, ...]
    """Empty where the header is missing."""
    created_on: date | None
    record_count: int = 0
    filler_count: int = 0
    batch_count: int = 0
    entry_count: int = 0
    """Entries and addenda."""
    entry_hash: int = 0
    debit_minor: int = 0
    credit_minor: int = 0
    advice_count: int = 0
    """Batches of accounting advices, after which the file control has wider amounts."""


@dataclass(slots=True)
class BatchCount:
    """One batch, from its header to its control record."""

    company_id: str
    entry_class: str
    service_class: str
    originating_bank: str
    """First eight digits of its routing number."""
    number: str
    layout: EntryLayout
    is_international: bool
    is_advice: bool
    booked_on: date | None
    value_on: date | None
    day_text: str
    """Day as it stands in the identities of entries."""
    identity: tuple[str, ...]
    entry_count: int = 0
    addenda_count: int = 0
    entry_hash: int = 0
    credit_count: int = 0
    credit_minor: int = 0
    debit_count: int = 0
    debit_minor: int = 0
    return_count: int = 0
    change_count: int = 0
    last_trace: str = ""

    def summary(self) -> StatementSummary:
        """The batch as counted so far. An advice has no balances and belongs to no chain."""
        return StatementSummary(
            bank_account=self.company_id,
            currency="USD",
            identity=self.identity,
            first_day=self.booked_on,
            last_day=self.booked_on,
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


def check_batch_control(record: str, batch: BatchCount, notes: Notes) -> None:
    """Hold a batch control record against the batch; every difference is a problem of its own."""
    debit, credit = (slice(20, 40), slice(40, 60)) if batch.is_advice else (slice(20, 32), slice(32, 44))
    compared = (
        ("entry_count", slice(4, 10), batch.entry_count + batch.addenda_count),
        ("entry_hash", slice(10, 20), batch.entry_hash % HASH_MODULUS),
        ("debit_total", debit, batch.debit_minor),
        ("credit_total", credit, batch.credit_minor),
    )
    _compare(record, compared, "batch", notes)
    named = [
        ("service_class", record[1:4], batch.service_class),
        ("originating_bank", record[79:87], batch.originating_bank),
    ]
    if not batch.is_advice:
        named.append(("company_id", record[44:54].strip(), batch.company_id))
    named.append(("batch_number", record[87:94], batch.number))
    for field_name, closing, opening in named:
        if closing != opening:
            message = f"batch control has {field_name} {shown(closing)}, its header {shown(opening)}"
            notes.once("batch_names", message, key=field_name)


def check_directions(batch: BatchCount, notes: Notes) -> None:
    """Warn where a batch for credits only (220) holds debits, one for debits only (225) credits."""
    if (batch.service_class == "220" and batch.debit_count) or (batch.service_class == "225" and batch.credit_count):
        kind, other = ("credits", "debits") if batch.service_class == "220" else ("debits", "credits")
        message = f"batch has service class {batch.service_class}, {kind} only, and holds {other}"
        notes.once("service_class_direction", message, key=batch.service_class)


def check_file_control(record: str, file: FileCount, notes: Notes) -> None:
    """Hold a file control record against the file; every difference is a problem of its own.

    A wrong number of blocks is a warning: many programs count without the control record, or leave the number out, and
    no money hangs on it.
    """
    is_advice = file.advice_count > 0 and file.advice_count == file.batch_count
    debit, credit = (slice(31, 51), slice(51, 71)) if is_advice else (slice(31, 43), slice(43, 55))
    compared = (
        ("batch_count", slice(1, 7), file.batch_count),
        ("entry_count", slice(13, 21), file.entry_count),
        ("entry_hash", slice(21, 31), file.entry_hash % HASH_MODULUS),
        ("debit_total", debit, file.debit_minor),
        ("credit_total", credit, file.credit_minor),
    )
    _compare(record, compared, "file", notes)
    blocks = -(-file.record_count // RECORDS_PER_BLOCK)
    declared = record[7:13]
    if not is_number(declared) or int(declared) != blocks:
        message = f"file control declares {shown(declared)} blocks of ten records, found {blocks}"
        notes.once("block_count", message)


def _compare(record: str, compared: tuple[tuple[str, slice, int], ...], level: str, notes: Notes) -> None:
    for field_name, place, found in compared:
        declared = read_number(record[place], field_name, notes)
        if declared is not None and declared != found:
            message = f"{level} control declares {field_name} {declared}, its entries give {found}"
            notes.wrong(f"{field_name}_{level}", message, field_name)
