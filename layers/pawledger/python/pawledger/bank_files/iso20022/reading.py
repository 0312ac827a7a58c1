"""What the readers of all ISO 20022 messages share: the message being read, what is told once, limits of a file."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from re import compile as compile_pattern
from typing import Final, Protocol

from pawledger.bank_files.iso20022.codes import REASON_CODES
from pawledger.bank_files.iso20022.shapes import Fields, Record, Shape
from pawledger.bank_files.iso20022.xml_records import NAMESPACE, XmlRefusedError
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Rule

RECORDS_MAX: Final = 1_000_000
"""Entries or transactions of a file. Each leaves a digest of about 80 bytes while its statement is read: 80 MB here."""
SUMMARIES_MAX: Final = 10_000
"""Statements, batches or messages of a file; a bank sends one per account and day, and the summary of each is kept."""
CODES_TOLD_MAX: Final = 1_000
"""Unknown codes told one by one; a file with more of them is hostile, and its further ones are not remembered."""
SHOWN_CHARACTERS: Final = 40

_VERSION: Final = compile_pattern(r"((?:camt|pacs|pain)\.\d{3})\.(\d{3}\.\d{2}(?:\.ch\.\d{2})?)")
"""As it stands in `urn:iso:std:iso:20022:tech:xsd:camt.053.001.08` and in the Swiss
`http://www.six-interbank-clearing.com/de/pain.002.001.03.ch.02.xsd`."""


def shown(text: str | None) -> str:
    """Return a text of the file as it may appear in a message: quoted, escaped, cut."""
    return repr(text if text is None else text[:SHOWN_CHARACTERS])


@dataclass(slots=True)
class FileReading:
    """One file while it is read: its report, what was counted and told over all of its messages."""

    report: FileReport
    record_count: int = 0
    _told: set[tuple[str, str]] = field(default_factory=set)

    def count_record(self, line: int) -> None:
        """Raise `XmlRefusedError` beyond `RECORDS_MAX`."""
        self.record_count += 1
        if self.record_count > RECORDS_MAX:
            raise XmlRefusedError("iso20022.too_many_records", f"more than {RECORDS_MAX} entries", line)

    def check_summaries(self, line: int) -> None:
        """Raise `XmlRefusedError` where there are `SUMMARIES_MAX` summaries already."""
        if len(self.report.statements) >= SUMMARIES_MAX:
            raise XmlRefusedError("iso20022.too_many_statements", f"more than {SUMMARIES_MAX} statements", line)

    def warn(self, rule: str, message: str, line: int, field: str) -> None:
        self.report.add(Rule.MEANING, rule, message, line=line, field=field)

    def fail(self, rule: str, message: str, line: int, field: str) -> None:
        self.report.add(Rule.INTEGRITY, rule, message, line=line, field=field)

    def warn_once(self, rule: str, key: str, message: str, line: int, field: str) -> None:
        """Warn of the same `rule` and `key` once per file."""
        told = (rule, key[:SHOWN_CHARACTERS])
        if told not in self._told and len(self._told) < CODES_TOLD_MAX:
            self._told.add(told)
            self.warn(rule, message, line, field)

    def check_reason(self, code: str | None, line: int, field: str) -> None:
        """Tell a reason code that is in no external code set, once; the code is kept all the same."""
        if code is not None and code not in REASON_CODES:
            self.warn_once("iso20022.reason_unknown", code, f"unknown reason code {shown(code)}", line, field)


@dataclass(frozen=True, slots=True)
class MessageKind:
    """A message that has a reader: how it is named, and which versions of it banks are known to send."""

    name: str
    """`camt.053`"""
    element: str
    """Local name of the message's element, which tells it whatever its namespace."""
    versions: frozenset[str]
    """`001.08`, `001.03.ch.02`; others are read by the same element names, with a warning."""
    shape: Shape


class MessageReader(Protocol):
    """Reads the records of one message."""

    def take(self, record: Record) -> Iterable[StatementEntry]:
        """Read a record of the message; return what it tells."""

    def finish(self, record: Record) -> Iterable[StatementEntry]:
        """Read the message itself at its end; return what is told only then."""


def read_version(kind: MessageKind, message: Record, reading: FileReading) -> str:
    """Return the name of a message with its version, `camt.053.001.08`, warning of a version that is not known."""
    namespace = message.fields[NAMESPACE]
    found = _VERSION.search(namespace)
    if found is not None and found[1] == kind.name and found[2] in kind.versions:
        return found[0]
    if not namespace:
        told = f"no namespace: read as {kind.name} by its element names"
        reading.warn("iso20022.no_namespace", told, message.line, message.name)
    else:
        told = f"namespace {shown(namespace)} is no known version: read as {kind.name} by its element names"
        reading.warn("iso20022.unknown_version", told, message.line, message.name)
    return kind.name


def take_message_id(kind: MessageKind, fields: Fields, sender: str, line: int, reading: FileReading) -> None:
    """Add the identity of a message to the report: its id is only unique at its sender and per creation."""
    message_id = fields.get("GrpHdr/MsgId")
    if message_id is None:
        told = "no message id: the file is known again only by its bytes and its entries"
        reading.warn("iso20022.message_id_missing", told, line, "GrpHdr/MsgId")
        return
    created, page = fields.get("GrpHdr/CreDtTm", ""), fields.get("GrpHdr/MsgPgntn/PgNb", "1")
    family = kind.name.partition(".")[0]
    reading.report.logical_file_ids.append((family, kind.name, sender, message_id, created, page))
