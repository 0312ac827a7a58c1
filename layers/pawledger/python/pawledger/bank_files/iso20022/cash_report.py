"""Reads camt.052, camt.053 and camt.054: reports, statements and notifications of an account's bookings."""

from collections.abc import Iterable
from typing import Final

from pawledger.bank_files.iso20022.details import HeldDetails, close_batch
from pawledger.bank_files.iso20022.entries import ENTRY_SHAPE, read_entry
from pawledger.bank_files.iso20022.reading import FileReading, MessageKind, take_message_id
from pawledger.bank_files.iso20022.shapes import Record, Shape
from pawledger.bank_files.iso20022.statement import BALANCE_TEXTS, STATEMENT_RECORDS, STATEMENT_TEXTS, Statement
from pawledger.bank_files.iso20022.xml_records import XmlRefusedError
from pawledger.bank_files.records import StatementEntry

REPEATED: Final = "Ntry"
"""The record that comes in great numbers."""

_ELEMENTS: Final = {
    "camt.052": ("BkToCstmrAcctRpt", "02 04 06 08 10 12"),
    "camt.053": ("BkToCstmrStmt", "02 03 04 07 08 10 14"),
    "camt.054": ("BkToCstmrDbtCdtNtfctn", "02 04 08 10 12"),
}


def _kind(name: str) -> MessageKind:
    element, versions = _ELEMENTS[name]
    statement = Shape(
        STATEMENT_RECORDS[name],
        STATEMENT_TEXTS,
        records=(Shape("Bal", BALANCE_TEXTS), ENTRY_SHAPE),
        announced=True,
    )
    header = ("GrpHdr/MsgId", "GrpHdr/CreDtTm", "GrpHdr/MsgPgntn/PgNb", "GrpHdr/MsgPgntn/LastPgInd")
    return MessageKind(
        name=name,
        element=element,
        versions=frozenset(f"001.{version}" for version in versions.split()),
        shape=Shape(element, header, records=(statement,), announced=True),
    )


CASH_REPORTS: Final = tuple(_kind(name) for name in _ELEMENTS)


class CashReportReader:
    """Gives each record of a message to the statement it belongs to."""

    def __init__(self, kind: MessageKind, reading: FileReading) -> None:
        self._kind = kind
        self._reading = reading
        self._statement_record = STATEMENT_RECORDS[kind.name]
        self._statement: Statement | None = None
        self._before: Statement | None = None
        """The statement before, of which this one may be another page."""
        self._held = HeldDetails()
        self._account: str | None = None
        """Of the first statement of the message."""

    def take(self, record: Record) -> Iterable[StatementEntry]:
        name, statement = record.name, self._statement
        if name == "TxDtls":
            self._held.add(record)
        elif statement is not None and name == REPEATED:
            self._reading.count_record(record.line)
            entries = read_entry(statement, record, self._held)
            self._held.clear()
            return entries
        elif name == self._statement_record:
            self._turn_statement(record)
        elif statement is not None and name == "NtryDtls":
            close_batch(statement, record, self._held)
        elif statement is not None and name == "Bal":
            statement.add_balance(record)
        return ()

    def _turn_statement(self, record: Record) -> None:
        if record.is_start:
            self._reading.check_summaries(record.line)
            self._statement = Statement(self._kind.name, record, self._reading, self._before)
        elif self._statement is not None:
            summary = self._statement.finish()
            self._reading.report.statements.append(summary)
            self._account = self._account or summary.bank_account
            self._before, self._statement = self._statement, None

    def finish(self, record: Record) -> Iterable[StatementEntry]:
        if self._account is None:
            message = f"the message has no {self._statement_record} in it"
            raise XmlRefusedError("camt.no_statement", message, record.line)
        take_message_id(self._kind, record.fields, self._account, record.line, self._reading)
        return ()
