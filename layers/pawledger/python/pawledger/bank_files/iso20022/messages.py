"""Reads ISO 20022 messages as a stream of entries; see docs/formats/camt053.md and docs/formats/payment_messages.md."""

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Final

from pawledger.bank_files.iso20022 import cash_report, instructions, payment_return, status_report
from pawledger.bank_files.iso20022.reading import FileReading, MessageKind, MessageReader, read_version
from pawledger.bank_files.iso20022.shapes import Record, Shape
from pawledger.bank_files.iso20022.xml_records import XmlRefusedError, read_records
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Rule

_MakeReader = Callable[[MessageKind, FileReading], MessageReader]
_READERS: Final[dict[str, tuple[MessageKind, _MakeReader]]] = {
    **{kind.element: (kind, cash_report.CashReportReader) for kind in cash_report.CASH_REPORTS},
    **{kind.element: (kind, instructions.InstructionReader) for kind in instructions.INSTRUCTIONS},
    **{kind.element: (kind, status_report.StatusReportReader) for kind in status_report.STATUS_REPORTS},
    payment_return.PAYMENT_RETURN.element: (payment_return.PAYMENT_RETURN, payment_return.PaymentReturnReader),
}
"""By the element of the message."""
_UNREAD: Final = {
    "AcctRptgReq": "camt.060",
    "BkSvcsBllgStmt": "camt.086",
    "CdtrPmtActvtnReq": "pain.013",
    "CdtrPmtActvtnReqStsRpt": "pain.014",
    "CstmrPmtCxlReq": "camt.055",
    "CstmrPmtRvsl": "pain.007",
    "FIToFICstmrCdtTrf": "pacs.008",
    "FIToFICstmrDrctDbt": "pacs.003",
    "FIToFIPmtCxlReq": "camt.056",
    "FIToFIPmtRvsl": "pacs.007",
    "FICdtTrf": "pacs.009",
    "MndtAccptncRpt": "pain.012",
    "MndtAmdmntReq": "pain.010",
    "MndtCxlReq": "pain.011",
    "MndtInitnReq": "pain.009",
    "RsltnOfInvstgtn": "camt.029",
}
"""Messages that are known by name and have no reader: they tell neither what was booked nor what became of it."""
_MESSAGES: Final = _READERS.keys() | _UNREAD.keys()
_SHAPES: Final = (
    *(kind.shape for kind, _ in _READERS.values()),
    *(Shape(element, (), announced=True) for element in _UNREAD),
)
_REPEATED: Final = frozenset(
    {cash_report.REPEATED, *instructions.REPEATED, payment_return.REPEATED, status_report.REPEATED}
)


def read_iso20022(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Yield the entries of the ISO 20022 messages of a file while it is read, and fill `report`.

    Read are camt.052, .053, .054, pain.001, .002, .008, pacs.002 and .004 of any version; a file may hold several
    messages of one kind. Memory stays bounded whatever the size of the file. No bytes make it raise: a file that
    cannot be read gets a SYNTAX problem and ends there. The verdict counts only once the iterator is exhausted; nothing
    may be posted before. Fails only with the errors of `stream` itself.
    """
    file = _File(report)
    try:
        for records in read_records(stream, _SHAPES, _REPEATED):
            yield from file.read(records)
        file.finish()
    except XmlRefusedError as error:
        report.add(Rule.SYNTAX, error.rule, str(error), line=error.line)


class _File:
    """Gives each record of the file to the message it belongs to."""

    def __init__(self, report: FileReport) -> None:
        self._report = report
        self._reading = FileReading(report)
        self._kind: MessageKind | None = None
        """Of the first message."""
        self._reader: MessageReader | None = None

    def read(self, records: Iterable[Record]) -> Iterator[StatementEntry]:
        take = None if self._reader is None else self._reader.take
        for record in records:
            if record.name in _MESSAGES:
                yield from self._turn_message(record)
                take = None if self._reader is None else self._reader.take
            elif take is not None and (entries := take(record)):
                yield from entries

    def _turn_message(self, message: Record) -> Iterable[StatementEntry]:
        if message.is_start:
            self._open(message)
        elif self._reader is not None:
            reader, self._reader = self._reader, None
            return reader.finish(message)
        return ()

    def _open(self, message: Record) -> None:
        """Take up a message. Those of another kind than the first are refused: a file is posted as one kind, or not."""
        if message.name in _UNREAD:
            told = f"a {_UNREAD[message.name]} message, which tells nothing that is read here"
            self._report.format = _UNREAD[message.name] if self._kind is None else self._report.format
            raise XmlRefusedError("iso20022.unsupported_message", told, message.line)
        kind, make_reader = _READERS[message.name]
        version = read_version(kind, message, self._reading)
        if self._kind is None:
            self._kind, self._report.format = kind, version
        elif kind is not self._kind:
            told = f"a {kind.name} message in one file with a {self._kind.name} message"
            raise XmlRefusedError("iso20022.mixed_messages", told, message.line)
        self._reader = make_reader(kind, self._reading)

    def finish(self) -> None:
        """Refuse a whole XML file without a message that is read here."""
        if self._kind is None:
            told = "well-formed XML without a message that is read here"
            raise XmlRefusedError("iso20022.no_message", told, 1)
