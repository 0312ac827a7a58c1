"""Reads camt.053, the ISO 20022 bank-to-customer statement, as a stream of entries; see docs/formats/camt053.md."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from pawledger.bank_files.iso20022.entries import ENTRY_SHAPE, HeldDetails, close_batch, read_entry
from pawledger.bank_files.iso20022.shapes import Fields, Record, Shape
from pawledger.bank_files.iso20022.statement import BALANCE_TEXTS, STATEMENT_TEXTS, Statement, shown
from pawledger.bank_files.iso20022.xml_records import XmlRefusedError, read_records
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Rule

NAMESPACE_PREFIX: Final = "urn:iso:std:iso:20022:tech:xsd:"
MESSAGE: Final = "camt.053"
KNOWN_VERSIONS: Final = frozenset(f"camt.053.001.{version}" for version in ("02", "03", "04", "07", "08", "10", "14"))
"""Versions that banks are known to send; another one is read by the same names, with a warning."""
ENTRIES_MAX: Final = 1_000_000
"""Per file. Each entry leaves a digest of about 80 bytes while its statement is read: 80 MB at this limit."""
STATEMENTS_MAX: Final = 10_000
"""Per file; a bank sends one per account and day, and the summary of each is kept."""

_STATEMENT_SHAPE: Final = Shape(
    "BkToCstmrStmt",
    ("GrpHdr/MsgId", "GrpHdr/CreDtTm", "GrpHdr/MsgPgntn/PgNb", "GrpHdr/MsgPgntn/LastPgInd"),
    records=(Shape("Stmt", STATEMENT_TEXTS, records=(Shape("Bal", BALANCE_TEXTS), ENTRY_SHAPE), announced=True),),
    announced=True,
)
_OTHER_MESSAGES: Final = {"BkToCstmrAcctRpt": "camt.052", "BkToCstmrDbtCdtNtfctn": "camt.054"}
_SHAPES: Final = (_STATEMENT_SHAPE, *(Shape(name, (), announced=True) for name in _OTHER_MESSAGES))


def read_camt053(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Yield the entries of a camt.053 file of any version while it is read, and fill `report`.

    Memory stays bounded whatever the size of the file. No bytes make it raise: a file that cannot be read gets a
    SYNTAX problem and ends there. The verdict counts only once the iterator is exhausted; nothing may be posted before.
    Fails only with the errors of `stream` itself.
    """
    reader = _Reader(report)
    try:
        for namespace, records in read_records(stream, _SHAPES, repeated="Ntry"):
            for record in records:
                if entries := reader.take(namespace, record):
                    yield from entries
        reader.finish()
    except XmlRefusedError as error:
        report.add(Rule.SYNTAX, error.rule, str(error), line=error.line)


STATEMENT_ID_PLACE: Final = 3
"""Where the identity of a statement holds what its bank calls it. Its balances tell days apart where ids repeat."""


class _Reader:
    """Gives each record of the file to the statement it belongs to."""

    def __init__(self, report: FileReport) -> None:
        self._report = report
        self._statement: Statement | None = None
        self._held = HeldDetails()
        self._entry_count = 0
        self._message_account: str | None = None

    def take(self, namespace: str, record: Record) -> Iterable[StatementEntry]:
        name, statement = record.name, self._statement
        if name == "TxDtls":
            self._held.add(record)
        elif statement is not None and name == "Ntry":
            self._entry_count += 1
            if self._entry_count > ENTRIES_MAX:
                raise XmlRefusedError("camt.too_many_entries", f"more than {ENTRIES_MAX} entries", record.line)
            entries = read_entry(statement, record, self._held)
            self._held.clear()
            return entries
        elif statement is not None and name == "NtryDtls":
            close_batch(statement, record, self._held)
        elif statement is not None and name == "Bal":
            statement.add_balance(record)
        elif name == "Stmt":
            self._turn_statement(record)
        elif record.is_start:
            self._open_message(namespace, record)
        else:
            self._close_message(record.fields, record.line)
        return ()

    def _turn_statement(self, record: Record) -> None:
        if record.is_start:
            if len(self._report.statements) >= STATEMENTS_MAX:
                raise XmlRefusedError("camt.too_many_statements", f"more than {STATEMENTS_MAX}", record.line)
            self._statement = Statement(record, self._report)
        elif self._statement is not None:
            summary = self._statement.finish()
            self._report.statements.append(summary)
            if summary.identity[STATEMENT_ID_PLACE]:
                balances = (str(summary.opening_minor), str(summary.closing_minor))
                self._report.logical_file_ids.append(("statement", *summary.identity, *balances))
            self._message_account = self._message_account or summary.bank_account
            self._statement = None

    def _open_message(self, namespace: str, record: Record) -> None:
        other = _OTHER_MESSAGES.get(record.name)
        version = namespace.removeprefix(NAMESPACE_PREFIX)
        self._report.format = version if version in KNOWN_VERSIONS else other or MESSAGE
        self._message_account = None
        if other is not None:
            message = f"a {other} message, which is not read as a statement"
            raise XmlRefusedError("camt.unsupported_message", message, record.line)
        if not namespace:
            message = "no namespace: read as camt.053 by its element names"
            self._report.add(Rule.MEANING, "camt.no_namespace", message, line=record.line, field=record.name)
        elif version not in KNOWN_VERSIONS:
            message = f"namespace {shown(version)} is no known version: read as camt.053 by its element names"
            self._report.add(Rule.MEANING, "camt.unknown_version", message, line=record.line, field=record.name)

    def _close_message(self, fields: Fields, line: int) -> None:
        """Take the message's identity: a message id is only unique at its sender and per creation."""
        if self._message_account is None:
            raise XmlRefusedError("camt.no_statement", "the message has no statement in it", line)
        message_id = fields.get("GrpHdr/MsgId")
        if message_id is None:
            message = "no message id: the file is known again only by its bytes and its entries"
            self._report.add(Rule.MEANING, "camt.message_id_missing", message, line=line, field="GrpHdr/MsgId")
            return
        created, page = fields.get("GrpHdr/CreDtTm", ""), fields.get("GrpHdr/MsgPgntn/PgNb", "1")
        self._report.logical_file_ids.append(("camt", MESSAGE, self._message_account, message_id, created, page))

    def finish(self) -> None:
        """Refuse a whole XML file without the message that is read here."""
        if self._report.format is None:
            raise XmlRefusedError("camt.no_message", "well-formed XML without a camt message in it", 1)
