"""Readers of Adyen's settlement detail report and payment accounting report.

One row is one event on the balance of a merchant account. Where it holds costs, it becomes an entry of the gross and a
second one of the costs, both in the currency it settles in, so that the sum of the entries is the sum of the nets.
"""

from collections.abc import Iterator
from itertools import chain
from re import compile as compile_pattern
from typing import BinaryIO, Final, NamedTuple

from pawledger.bank_files.adyen.amounts import RowAmounts, check_fees, read_fees, read_sides, split_net
from pawledger.bank_files.adyen.batches import Batches
from pawledger.bank_files.adyen.codes import PAYOUTS, PURPOSES
from pawledger.bank_files.delimited import RowBlock
from pawledger.bank_files.provider_rows import (
    STATEMENTS_MAX,
    Notes,
    RowNumbers,
    StatementCount,
    Table,
    UnreadableReportError,
    gather_references,
    number_parts,
    read_amount,
    read_day,
    shown,
)
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

SETTLEMENT_COLUMNS: Final = (
    *("Merchant Account", "Psp Reference", "Merchant Reference", "Type", "Modification Reference", "Gross Currency"),
    *("Gross Debit (GC)", "Gross Credit (GC)", "Net Currency", "Net Debit (NC)", "Net Credit (NC)", "Commission (NC)"),
    *("Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)", "Batch Number", "Creation Date"),
)
ACCOUNTING_COLUMNS: Final = (
    *("Merchant Account", "Psp Reference", "Merchant Reference", "Record Type", "Modification Psp Reference"),
    *("Settlement Currency", "Payable (SC)", "Commission (SC)", "Markup (SC)", "Scheme Fees (SC)"),
    *("Interchange (SC)", "Payable Batch", "Booking Date"),
)

BATCH_DIGITS_MAX: Final = 18
"""Most digits of a batch number that is taken for a number: Adyen counts from 1, so that more is something else."""

_OWN_METADATA: Final = compile_pattern(
    r'"[^"]{0,80}(?:policy|invoice|contract)[^"]{0,80}"\s{0,8}:\s{0,8}"([^"]{1,100})"',
)
"""A value of the row's metadata whose name says that it is ours and names what is paid."""
_CREDIT: Final = Direction.CREDIT
_DEBIT: Final = Direction.DEBIT
_new_entry: Final = tuple.__new__
"""Builds a named tuple from its fields in order: about half the cost of calling the class, which only adds names."""


class _Layout(NamedTuple):
    """Names of the columns of one of the two reports, in the order in which `_Reader` takes them."""

    format: str
    required: tuple[str, ...]
    common: tuple[str, ...]
    amounts: tuple[str, ...]
    fees: tuple[str, ...]


_REFERENCES: Final = ("Merchant Order Reference", "Modification Merchant Reference", "Metadata", "Dispute Reference")
_SETTLEMENT: Final = _Layout(
    "adyen.settlement",
    SETTLEMENT_COLUMNS,
    (
        *("Merchant Account", "Psp Reference", "Merchant Reference", "Type", "Modification Reference", "Net Currency"),
        *("Batch Number", "Booking Date", "Creation Date", *_REFERENCES),
    ),
    ("Net Debit (NC)", "Net Credit (NC)", "Gross Currency", "Gross Debit (GC)", "Gross Credit (GC)"),
    ("Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)"),
)
_ACCOUNTING: Final = _Layout(
    "adyen.accounting",
    ACCOUNTING_COLUMNS,
    (
        *("Merchant Account", "Psp Reference", "Merchant Reference", "Record Type", "Modification Psp Reference"),
        *("Settlement Currency", "Payable Batch", "Booking Date", "Booking Date", *_REFERENCES),
    ),
    ("Payable (SC)", "Payment Currency"),
    ("Commission (SC)", "Markup (SC)", "Scheme Fees (SC)", "Interchange (SC)"),
)


def read_adyen_settlement(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Iterate over the entries of a settlement detail report and fill `report`, in bounded memory whatever the size.

    No bytes make it raise: what is wrong is a problem in `report`, whose verdict counts once the iterator is exhausted.
    Errors of the stream itself pass through.
    """
    return chain.from_iterable(_read_blocks(stream, report, _SETTLEMENT))


def read_adyen_accounting(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Iterate over the entries of a payment accounting report: the rows in which something becomes payable.

    They have the identities that the settlement detail report gives them. Otherwise as `read_adyen_settlement`.
    """
    return chain.from_iterable(_read_blocks(stream, report, _ACCOUNTING))


def _read_blocks(stream: BinaryIO, report: FileReport, layout: _Layout) -> Iterator[list[StatementEntry]]:
    report.format = layout.format
    notes = Notes(report, "adyen")
    table = Table(stream, notes, layout.required)
    reader: _Reader | None = None
    try:
        for block in table.blocks():
            reader = reader or _Reader(table, notes, layout)
            yield reader.read(block)
    except UnreadableReportError as error:
        notes.unreadable(error.rule, str(error), error.line, field=error.field_name)
    if reader is not None:
        report.statements += [count.summary() for count in reader.statements.values()]
        if layout is _SETTLEMENT:
            reader.batches.check()
            report.logical_file_ids += [("adyen", *batch) for batch in reader.batches.settled()]


class _Reader:
    """Turns rows into entries and adds up their batches."""

    def __init__(self, table: Table, notes: Notes, layout: _Layout) -> None:
        self._notes = notes
        self._is_settlement = layout is _SETTLEMENT
        self._common = table.getter(*layout.common)
        self._amounts = table.getter(*layout.amounts)
        self._fees = table.getter(*layout.fees)
        self._numbers = RowNumbers()
        self.batches = Batches(notes)
        self.statements: dict[tuple[str, str, str], StatementCount] = {}

    def read(self, block: RowBlock) -> list[StatementEntry]:
        """The entries of a block of rows. Raises `UnreadableReportError` beyond a limit."""
        rows = [self._read_row(row, line) for row, line in zip(block.rows, block.lines, strict=True)]
        entries = number_parts(rows, self._numbers)
        self._count(entries)
        return entries

    def _read_row(self, row: list[str], line: int) -> list[StatementEntry]:
        """The entries of one row, gross then costs; none where its money is not certain or there is none."""
        merchant, psp_reference, merchant_reference, type_code, modification, currency, batch = (
            fields := self._common(row)
        )[:7]
        if not self._is_settlement and not self._amounts(row)[0]:
            # Authorised, refused, sent for settlement, ...: nothing became payable.
            return []
        if currency not in MINOR_UNIT_DECIMALS:
            self._notes.wrong("currency", f"{shown(currency)} is not an ISO 4217 currency", line, field="Net Currency")
            return []
        amounts = self._read_amounts(row, currency, line)
        booked_on = read_day(fields[7] or fields[8])
        if amounts is None or booked_on is None:
            if booked_on is None:
                self._notes.unreadable("day", f"{shown(fields[7] or fields[8])} is not a day", line)
            return []
        kind = type_code.lower()
        purpose = PURPOSES.get(kind)
        if purpose is None:
            self._notes.once("type_unknown", f"type {shown(type_code)} is not known", line, key=kind)
            purpose = Purpose.PAYMENT
        gross_minor, fee_minor = amounts
        net_minor = gross_minor - fee_minor
        self.batches.add((merchant, batch, currency), net_minor, line, is_payout=kind in PAYOUTS)
        metadata = _OWN_METADATA.findall(fields[11]) if fields[11] else ()
        told = (merchant_reference, *metadata, fields[9], fields[10], psp_reference, modification, fields[12])
        references = gather_references(told)
        text = "" if psp_reference else modification
        account = f"adyen:{merchant}"
        entries = []
        # Rows without a payment have no reference that is theirs alone.
        told_amount = "" if psp_reference else str(net_minor)
        facts = ("adyen", merchant, psp_reference, modification, kind, batch, currency, told_amount)
        # fmt: off
        if gross_minor or not fee_minor:
            amount_minor, direction = (gross_minor, _CREDIT) if gross_minor >= 0 else (-gross_minor, _DEBIT)
            entries.append(_new_entry(StatementEntry, (
                account, currency, amount_minor, direction, booked_on, None,
                (*facts, "gross", "1"),
                True, purpose, None, type_code, references, None, None, None, text, line, None, None,
            )))
        if fee_minor:
            amount_minor, direction = (fee_minor, _DEBIT) if fee_minor > 0 else (-fee_minor, _CREDIT)
            entries.append(_new_entry(StatementEntry, (
                account, currency, amount_minor, direction, booked_on, None,
                (*facts, "fee", "1"),
                True, Purpose.FEE, None, type_code, references, None, None, None, "", line, None, None,
            )))
        # fmt: on
        return entries

    def _read_amounts(self, row: list[str], currency: str, line: int) -> RowAmounts | None:
        """Gross and costs of a row in the currency it settles in; None where they are not certain, which is told."""
        fees = read_fees(self._fees(row), currency, self._notes, line)
        if fees is None:
            return None
        if not self._is_settlement:
            net_minor = read_amount(self._amounts(row)[0], currency, self._notes, line, "Payable (SC)")
            return None if net_minor is None else split_net(net_minor, fees)
        net_debit, net_credit, gross_currency, gross_debit, gross_credit = self._amounts(row)
        if not net_debit and not net_credit:
            self._notes.wrong("net_missing", "row has neither a net debit nor a net credit", line)
            return None
        net_minor = read_sides((net_debit, net_credit), currency, self._notes, line, field="Net (NC)")
        if net_minor is None:
            return None
        if gross_currency != currency or not (gross_debit or gross_credit):
            return split_net(net_minor, fees)
        gross_minor = read_sides((gross_debit, gross_credit), currency, self._notes, line, field="Gross (GC)")
        if gross_minor is None:
            return None
        return check_fees(gross_minor, net_minor, fees, self._notes, line)

    def _count(self, entries: list[StatementEntry]) -> None:
        by_statement: dict[tuple[str, str, str], list[StatementEntry]] = {}
        for entry in entries:
            by_statement.setdefault((entry.bank_account, entry.currency, entry.identity[5]), []).append(entry)
        for key, counted in by_statement.items():
            statement = self.statements.get(key)
            if statement is None:
                if len(self.statements) >= STATEMENTS_MAX:
                    raise UnreadableReportError("too_many_statements", f"more than {STATEMENTS_MAX} batches")
                account, currency, batch = key
                statement = StatementCount(account, currency, ("adyen", account, batch, currency))
                is_number = batch.isdigit() and batch.isascii() and len(batch) <= BATCH_DIGITS_MAX
                statement.sequence_number = int(batch) if is_number else None
                self.statements[key] = statement
            statement.count(counted)
