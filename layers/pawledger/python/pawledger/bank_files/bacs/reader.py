"""Reader of Bacs reports in XML: ARUDD, ADDACS, AUDDIS and DDICA, which tell the originator of Direct Debits.

ARUDD tells collections that come back unpaid, DDICA claims under the Direct Debit guarantee; ADDACS and AUDDIS tell
instructions that changed, were cancelled or returned. Which of them a file is shows in its elements.
"""

from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, Final

from pawledger.bank_files.bacs.entries import EntryMaker, Item
from pawledger.bank_files.bacs.fields import LostStructureError, Notes, shown
from pawledger.bank_files.bacs.reports import Claims, Context, Instructions, ReturnedDebits
from pawledger.bank_files.bacs.xml_tags import Tag, read_tags
from pawledger.bank_files.iso20022.xml_records import XmlRefusedError
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Rule

VALUES_MAX: Final = 10_000
"""Most values of one record; a claim over ten years of monthly collections has 240."""

_ROOTS: Final = frozenset(("bacsdocument", "vocadocument"))
_OF_ALL: Final = frozenset(("header", "messagingheader", "servicelicenseinformation", "serviceusernumber"))
_OF_RETURNED_DEBITS: Final = frozenset(("originatingaccount", "returneddebititem", "totals"))
_OF_CLAIMS: Final = frozenset(
    ("ddicadvice", "ddiccancellation", "totalvalueofdebits", "dateofdebit", "totalvalueofcancellations", "dateofcredit")
)
_OF_INSTRUCTIONS: Final = frozenset(("messagingadvice",))
_RECORDS: Final = _OF_ALL | _OF_RETURNED_DEBITS | _OF_CLAIMS | _OF_INSTRUCTIONS
"""Elements that are read whole, with all that is inside them."""
_REPORTS: Final = frozenset(("arudd", "messagingadvices", "newadvices", "cancellations"))
"""Elements that show which report a document holds."""


def read_bacs(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Iterate over the items of a Bacs report and fill `report`, in bounded memory whatever the size.

    `report.format` becomes the name of the report, `bacs.arudd` and so on, once an element shows which it is. No bytes
    make it raise: what is wrong is a problem in `report`, whose verdict counts once the iterator is exhausted. Errors
    of the stream itself pass through.
    """
    report.format = "bacs"
    return chain.from_iterable(_read_runs(stream, report))


def _read_runs(stream: BinaryIO, report: FileReport) -> Iterator[list[StatementEntry]]:
    """Yield the items in lists; otherwise as `read_bacs`."""
    reader = _Reader(report)
    is_complete = False
    try:
        for tags in read_tags(stream):
            for tag in tags:
                reader.follow(tag)
            yield reader.take_entries()
        is_complete = True
    except XmlRefusedError as error:
        report.add(Rule.SYNTAX, error.rule, str(error), line=error.line)
    except LostStructureError as error:
        report.add(Rule.SYNTAX, error.rule, str(error), line=reader.notes.line)
    try:
        reader.end(is_complete=is_complete)
    except LostStructureError as error:
        report.add(Rule.SYNTAX, error.rule, str(error), line=reader.notes.line)
    yield reader.take_entries()


class _Reader:
    """Where the reading stands: which report, and the record in hand."""

    def __init__(self, report: FileReport) -> None:
        self.notes = Notes(report)
        self._report = report
        self._context = Context(self.notes, EntryMaker(self.notes))
        self._open: list[str] = []
        self._record: Item | None = None
        self._record_depth = 0
        self._part: ReturnedDebits | Instructions | Claims | None = None

    def follow(self, tag: Tag) -> None:
        """Follow the structure by one tag. Raises `LostStructureError`."""
        self.notes.line = tag.line
        if tag.is_end:
            self._end(tag)
        else:
            self._start(tag)

    def take_entries(self) -> list[StatementEntry]:
        """The entries that were made since the last time."""
        entries, self._context.entries = self._context.entries, []
        return entries

    def end(self, *, is_complete: bool) -> None:
        """Report what is still open. Raises `LostStructureError`."""
        if self._part is None and is_complete:
            raise LostStructureError("bacs.report_unknown", "the document holds no ARUDD, ADDACS, AUDDIS or DDICA")
        self._close_part(is_complete=is_complete)

    def _start(self, tag: Tag) -> None:
        name = tag.name
        if not self._open and name not in _ROOTS:
            raise LostStructureError("bacs.root", f"the root is {shown(name)}, no Bacs document")
        self._open.append(name)
        if self._record is not None:
            for key, value in tag.attributes.items():
                self._keep(self._record, f"{name}.{key}", value)
        elif name in _RECORDS:
            fields = {key: [value] for key, value in tag.attributes.items()}
            self._record, self._record_depth = Item(name, fields, tag.line, tag.offset), len(self._open)
        elif name in _REPORTS:
            self._begin_part(name)
        elif name == "originatingaccountrecord" and isinstance(self._part, ReturnedDebits):
            self._part.begin_account()

    def _end(self, tag: Tag) -> None:
        self._open.pop()
        record = self._record
        if record is not None:
            if tag.text:
                self._keep(record, tag.name, tag.text)
            if len(self._open) < self._record_depth:
                self._record = None
                self.notes.line = record.line
                self._read_record(record)
        elif isinstance(self._part, ReturnedDebits) and tag.name == "originatingaccountrecord":
            self._part.close_account()

    def _keep(self, record: Item, name: str, value: str) -> None:
        values = record.fields.setdefault(name, [])
        values.append(value)
        if len(values) > VALUES_MAX or len(record.fields) > VALUES_MAX:
            raise LostStructureError("bacs.record_too_long", f"a record has more than {VALUES_MAX} values")

    def _begin_part(self, name: str) -> None:
        """Begin a report; one document may hold several ARUDD, and both halves of a DDICA."""
        before = self._part
        if name == "arudd" and (before is None or isinstance(before, ReturnedDebits)):
            self._close_part(is_complete=True)
            self._context.header, self._context.user_number = {}, ""
            self._part, self._report.format = ReturnedDebits(self._context), "bacs.arudd"
        elif name == "messagingadvices" and before is None:
            self._part = Instructions(self._context)
        elif name in ("newadvices", "cancellations") and (before is None or isinstance(before, Claims)):
            self._part, self._report.format = before or Claims(self._context), "bacs.ddica"
        else:
            raise LostStructureError("bacs.report_mixed", f"<{name}> stands in a document of another report")

    def _close_part(self, *, is_complete: bool) -> None:
        part = self._part
        if isinstance(part, ReturnedDebits):
            part.close_account(is_complete=False)
            if is_complete:
                part.close()
        elif isinstance(part, Claims):
            part.close(is_complete=is_complete)
        elif part is not None:
            part.close()
            self._report.format = part.name

    def _read_record(self, record: Item) -> None:
        """Give a record to the part that it is of. Raises `LostStructureError`."""
        name, part = record.name, self._part
        if name in _OF_ALL:
            self._context.header.update(record.fields)
            number = record.first("usernumber", "serviceusernumber")
            self._context.user_number = number or self._context.user_number
        elif (
            (name in _OF_RETURNED_DEBITS and isinstance(part, ReturnedDebits))
            or (name in _OF_CLAIMS and isinstance(part, Claims))
            or (name in _OF_INSTRUCTIONS and isinstance(part, Instructions))
        ):
            part.read(record)
        elif name in ("returneddebititem", "messagingadvice", "ddicadvice", "ddiccancellation"):
            raise LostStructureError("bacs.structure", f"<{name}> stands outside its report")
