"""Which format a bank file has, told from its first bytes, never from its name, and the reader for it."""

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from itertools import chain
from re import compile as compile_pattern
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, cast

from pawledger.bank_files.package_marks import is_package, unread_package_of
from pawledger.bank_files.provider_detection import detect_provider_report
from pawledger.bank_files.reading_options import NO_OPTIONS, ReadingOptions
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from pawledger.bank_files.streams import rejoin

if TYPE_CHECKING:
    from pawledger.bank_files.mapped_csv.mapping import CsvMapping

HEAD_BYTES: Final = 4096
"""How much of a file is looked at: format marks stand in the first record, XML namespaces in the first tags."""

Reader = Callable[[BinaryIO, FileReport], Iterator[StatementEntry]]

_UTF8_MARK: Final = b"\xef\xbb\xbf"
_LOOKS_LIKE_LOCKBOX: Final = compile_pattern(rb"100[^,;\t\r\n<]{10,}(?:\Z|(?:\r\n?|\n)\s*(?:[25]|\Z))")
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_ISO20022_NAMESPACE: Final = compile_pattern(
    r"(?:urn:iso:std:iso:20022:tech:xsd:|urn:swift:xsd:|six-interbank-clearing\.com/de/)([a-z]{4}\.[0-9]{3})"
)
_XML_START: Final = compile_pattern(r"<(?:\?xml|!--|!DOCTYPE|[A-Za-z_])")
_XML_NAMES: Final = compile_pattern(r"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_ISO20022_ROOTS: Final = {
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrAcctRpt": "camt.052",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
    "CstmrCdtTrfInitn": "pain.001",
    "CstmrDrctDbtInitn": "pain.008",
    "CstmrPmtStsRpt": "pain.002",
    "FIToFIPmtStsRpt": "pacs.002",
    "PmtRtr": "pacs.004",
}
_BACS_ROOTS: Final = frozenset(("BACSDocument", "VocaDocument"))
_APPLICATION_HEADER: Final = "head.001"
"""Stands before a message. With a signature in it, it is longer than the head that is looked at here."""

_LOOKS_LIKE_NACHA: Final = compile_pattern(
    rb"101[^,;|\t\"\r\n]{20}|5(?:200|220|225|280)[^\r\n]{46}[A-Z]{3}|6[2-58][1-9][0-9]{9}[^\r\n]{17}[0-9]{10}"
)
"""A file header, or a batch header or an entry where the headers before it are missing."""

_LOOKS_LIKE_MT940: Final = compile_pattern(
    rb"(?:[^<\r\n]{0,120}(?:\r\n?|\n)){0,12}?[ \t]*(?:\{[1-4]:[^<]{0,400})?"
    rb":(?:20|25P?|28C?|60[FM]|61|62[FM]|64|86|34F|940):"
)
"""A field of MT940 at the start of a line, behind the headers of SWIFT or some lines that banks put before."""

_LOOKS_LIKE_OFX: Final = compile_pattern(
    rb"(?i)(?:[^\x00]{0,4000}?[\r\n>])??[ \t]*(?:OFXHEADER[ \t]*:|<\?OFX[ \t]|<OFX[ \t]*>)"
)
"""Header or root of OFX, behind whatever lines and comments a program put before them."""


class Detection(NamedTuple):
    """What the head of a file looks like: the name of the format, None where it is not known, and a description."""

    format: str | None
    description: str


_RECORD_MARKS: Final = (
    (compile_pattern(rb"01,"), Detection("bai2", "BAI2")),
    (_LOOKS_LIKE_NACHA, Detection("nacha", "NACHA")),
    (_LOOKS_LIKE_LOCKBOX, Detection("lockbox", "BAI lockbox")),
    (_LOOKS_LIKE_OFX, Detection("ofx", "OFX")),
    (_LOOKS_LIKE_MT940, Detection("mt940", "SWIFT MT940 or MT942")),
)
"""How the first record of a line format begins, after byte order mark and blanks; the first match counts."""


def detect_format(head: bytes) -> Detection:
    """Tell the format from the first `HEAD_BYTES` of a file (fewer where the file is shorter); never raises.

    An ISO 20022 message is named by its namespace, or by its message element where it has no namespace, and so also
    inside an envelope; formats that have no reader are named all the same.
    """
    body = head.removeprefix(_UTF8_MARK).lstrip(b" \t\r\n")
    if not body:
        return Detection(None, "the file is empty")
    for mark, found in _RECORD_MARKS:
        if mark.match(body):
            return found
    provider = detect_provider_report(head)
    if provider is not None:
        return Detection(*provider)
    packaging = unread_package_of(head)
    if packaging is not None:
        return Detection(None, f"packed with {packaging}, which is not unpacked here: drop it as gzip, zip or plain")
    wide = head.startswith(_UTF16_MARKS)
    text = head.decode("utf-16", "ignore").lstrip() if wide else body.decode("latin-1")
    if _XML_START.match(text):
        return _detect_xml(text)
    if b"\0" in head and not wide:
        return Detection(None, "binary data, no known bank file format")
    return Detection(None, "no known bank file format")


def _detect_xml(text: str) -> Detection:
    messages = [found.group(1) for found in _ISO20022_NAMESPACE.finditer(text)]
    names = _XML_NAMES.findall(text)
    messages += [_ISO20022_ROOTS[name] for name in names if name in _ISO20022_ROOTS]
    # An envelope brings the namespace of its own header; the message inside is what counts.
    inside = [message for message in messages if message != _APPLICATION_HEADER]
    named = next((message for message in inside if message in READERS), inside[0] if inside else None)
    if named is not None:
        return Detection(named, f"ISO 20022 {named}")
    if messages:
        return Detection("iso20022", "ISO 20022 behind its application header")
    if names and names[0] in _BACS_ROOTS:
        return Detection("bacs", "Bacs report")
    return Detection(
        None, f"XML with the root {names[0][:40]!r}, no known bank file" if names else "XML without a root"
    )


READERS: Final[dict[str, tuple[str, str]]] = {
    "adyen.accounting": ("adyen.report", "read_adyen_accounting"),
    "adyen.events": ("adyen.events", "read_adyen_events"),
    "adyen.settlement": ("adyen.report", "read_adyen_settlement"),
    "bacs": ("bacs.reader", "read_bacs"),
    "bai2": ("bai2.reader", "read_bai2"),
    "camt.052": ("iso20022.messages", "read_iso20022"),
    "camt.053": ("iso20022.messages", "read_iso20022"),
    "camt.054": ("iso20022.messages", "read_iso20022"),
    "gocardless.events": ("gocardless.events", "read_gocardless_events"),
    "gocardless.payout_items": ("gocardless.report", "read_gocardless_payout_items"),
    "gocardless.payouts": ("gocardless.report", "read_gocardless_payouts"),
    "iso20022": ("iso20022.messages", "read_iso20022"),
    "lockbox": ("lockbox.reader", "read_lockbox"),
    "mt940": ("mt940.reader", "read_mt940"),
    "nacha": ("nacha.reader", "read_nacha"),
    "ofx": ("ofx.reader", "read_ofx"),
    "pacs.002": ("iso20022.messages", "read_iso20022"),
    "pacs.004": ("iso20022.messages", "read_iso20022"),
    "pain.001": ("iso20022.messages", "read_iso20022"),
    "pain.002": ("iso20022.messages", "read_iso20022"),
    "pain.008": ("iso20022.messages", "read_iso20022"),
    "paypal.stl": ("paypal.report", "read_paypal"),
    "stripe": ("stripe.report", "read_stripe"),
    "stripe.events": ("stripe.events", "read_stripe_events"),
}
"""Module and name of the reader by format; a new format is one line here and its mark in `detect_format`."""


def reader_of(format_name: str, options: ReadingOptions = NO_OPTIONS) -> Reader:
    """The reader of a format in `READERS`, loaded when its first file comes: no handler waits for all of them."""
    module, name = READERS[format_name]
    reader = getattr(import_module(f"pawledger.bank_files.{module}"), name)
    if format_name == "lockbox" and options.lockbox_layout is not None:
        reader = partial(reader, layout=options.lockbox_layout)
    if format_name == "stripe.events" and options.webhook_terms is not None:
        reader = partial(reader, terms=options.webhook_terms)
    return cast("Reader", reader)


def read_bank_file(
    stream: BinaryIO,
    report: FileReport,
    options: ReadingOptions = NO_OPTIONS,
    mapping: "CsvMapping | None" = None,
) -> Iterator[StatementEntry]:
    """Detect the format of a stream (it need not be seekable) and yield its entries; see the readers for the contract.

    A gzip file, or a zip with one file, is read by what is in it. A file without a reader yields nothing and gets one
    SYNTAX problem: `file.empty`, `file.format_unknown` or `file.format_unsupported`.

    A file that matches a mapping in `options` is read by it, whatever other format it looks like; with `mapping` it is
    read by that one without being looked at.
    """
    # Not a generator: each would add a step of Python to every entry.
    return chain.from_iterable(_read_packed(stream, report, options, mapping))


def _read_packed(
    stream: BinaryIO, report: FileReport, options: ReadingOptions, mapping: "CsvMapping | None"
) -> Iterator[Iterator[StatementEntry]]:
    """Yield what the readers of the file give."""
    head, whole = _peek(stream)
    if not is_package(head):
        yield from _read_content(head, whole, report, options, mapping)
        return
    # Loaded when the first package comes: it takes as long as reading thousands of entries.
    with import_module("pawledger.bank_files.packaging").unpack(whole, report) as unpacked:
        yield from _read_content(*_peek(unpacked), report, options, mapping)


def _peek(stream: BinaryIO) -> tuple[bytes, BinaryIO]:
    """The first `HEAD_BYTES` of a stream, fewer where it is shorter, and a stream that still begins with them."""
    head = b""
    while len(head) < HEAD_BYTES and (more := stream.read(HEAD_BYTES - len(head))):
        head += more
    return head, rejoin(head, stream)


def _choice() -> Any:
    """Choosing among mappings, loaded with the first file that needs it, as every reader is."""
    return import_module("pawledger.bank_files.mapped_csv.choice")


def _read_content(
    head: bytes, stream: BinaryIO, report: FileReport, options: ReadingOptions, mapping: "CsvMapping | None"
) -> Iterator[Iterator[StatementEntry]]:
    if mapping is not None and head:
        yield import_module("pawledger.bank_files.mapped_csv.reader").read_mapped_csv(stream, report, mapping)
        return
    # What is known of a provider's own file says more than what its first bytes look like.
    is_mapped = bool(options.csv_mappings) and bool(_choice().choose_mappings(head, options.csv_mappings))
    found = Detection(None, "rows of fields") if is_mapped else detect_format(head)
    report.format = found.format
    if found.format in READERS:
        yield reader_of(found.format, options)(stream, report)
    elif found.format is not None:
        message = f"{found.description} is known, but there is no reader for it"
        report.add(Rule.SYNTAX, "file.format_unsupported", message)
    elif report.verdict is not Verdict.UNREADABLE:
        # Of a package that could not be opened, that has been told.
        mapped = _choice().read_by_mapping(head, stream, report, options.csv_mappings)
        if mapped is not None:
            yield mapped
            return
        rule = "file.format_unknown" if head.removeprefix(_UTF8_MARK).strip() else "file.empty"
        report.add(Rule.SYNTAX, rule, found.description)
