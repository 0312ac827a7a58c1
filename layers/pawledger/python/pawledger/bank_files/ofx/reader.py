"""Reader of OFX and QFX, statements of banks, cards and brokers in SGML (version 1) or XML (version 2).

Both versions are read by one tolerant scanner, see `ofx_markup`. Most of a file are transactions of one form, which are
read many at once; whatever is unlike them is read tag by tag, see `ofx_statements`.
"""

from collections.abc import Iterator
from itertools import accumulate, chain
from operator import itemgetter, methodcaller
from re import IGNORECASE
from re import compile as compile_pattern
from typing import BinaryIO, Final

from pawledger.bank_files.ofx.fields import (
    BLANKS,
    ENCODINGS_READ,
    VALUE_CHARACTERS_MAX,
    Notes,
    UnreadableOfxError,
    shown,
    value_too_long,
)
from pawledger.bank_files.ofx.markup import (
    ORDINARY_ELEMENTS,
    ORDINARY_TRANSACTION,
    Scanner,
    Tag,
    count_line_ends,
    ends_with_content,
)
from pawledger.bank_files.ofx.statements import Document
from pawledger.bank_files.ofx.transactions import Rows
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Rule

BLOCK_BYTES: Final = 64 * 1024
FILE_BYTES_MAX: Final = 1 << 29
"""About three million transactions, more than any account has."""
TAGS_MAX: Final = 40_000_000
"""Most tags that are read one by one: this many take about a minute, and a million transactions have fewer."""
PROLOG_BYTES_MAX: Final = 16 * 1024
"""Before the response a file has a header of nine lines, comments of exporting programs at most."""

_count_line_feeds: Final = methodcaller("count", "\n")
_last_character: Final = itemgetter(slice(-1, None))
_without_blanks: Final = methodcaller("rstrip", " \t")
_START: Final = "<STMTTRN>"
_END: Final = "</STMTTRN>"
_ROOT: Final = compile_pattern(r"<OFX[ \t\r\n]*>", IGNORECASE)
_HEADER: Final = compile_pattern(r"OFXHEADER[ \t]*(?::|=[ \t]*[\"'])[ \t]*([0-9]+)", IGNORECASE)
_ENCODING: Final = compile_pattern(r"\b(CHARSET|ENCODING)[ \t]*(?::|=[ \t]*[\"'])[ \t]*([A-Za-z0-9_-]+)", IGNORECASE)
_HEADER_VERSIONS: Final = frozenset(("100", "200"))


def read_ofx(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Iterate over the transactions of an OFX stream and fill `report`, in bounded memory whatever the size.

    No bytes make it raise: what is wrong is a problem in `report`, whose verdict counts once the iterator is exhausted.
    Errors of the stream itself pass through.
    """
    report.format = "ofx"
    return chain.from_iterable(_read_runs(stream, report))


def _read_runs(stream: BinaryIO, report: FileReport) -> Iterator[list[StatementEntry]]:
    """Yield the transactions in lists; otherwise as `read_ofx`."""
    reader = _Reader(report)
    try:
        while block := stream.read(BLOCK_BYTES):
            yield from reader.read_block(block)
        yield from reader.end()
    except UnreadableOfxError as error:
        report.add(Rule.SYNTAX, error.rule, str(error), line=reader.notes.line)
    yield from reader.finish()


class _Reader:
    """Cuts the stream where nothing is cut apart and leads each part to the faster or the slower way of reading."""

    def __init__(self, report: FileReport) -> None:
        self.notes = Notes(report)
        self.document = Document(self.notes)
        self._scanner = Scanner()
        self._tail = ""
        self._has_prolog = False
        self._tag_count = 0
        """Tags that were read one by one."""

    def read_block(self, block: bytes) -> Iterator[list[StatementEntry]]:
        """Read up to the last place where the text can be cut. Raises `UnreadableOfxError`."""
        before, nul, _ = block.partition(b"\0")
        text = self._tail + before.decode("latin-1")
        if nul:
            if self._has_prolog or _ROOT.search(text):
                yield from self._read_rest(text)
            self.notes.line = self._scanner.line
            raise UnreadableOfxError("ofx.nul_byte", "NUL byte: the file is binary or in a two-byte encoding")
        if not self._has_prolog:
            text = self._read_prolog(text, is_last=False)
        if self._has_prolog:
            cut = text.rfind(_END)
            cut = max(text.rfind("<"), 0) if cut < 0 else cut + len(_END)
            yield from self._read_text(text[:cut])
            text = text[cut:]
        if len(text) > VALUE_CHARACTERS_MAX + BLOCK_BYTES:
            raise value_too_long()
        self._tail = text

    def end(self) -> Iterator[list[StatementEntry]]:
        """Read the rest. Raises `UnreadableOfxError` where the response does not end: the file was cut."""
        yield from self._read_rest(self._tail)
        if not self.document.is_complete or self._scanner.is_in_markup:
            self.notes.line = self._scanner.line
            raise UnreadableOfxError("ofx.truncated", "file ends before </OFX>: it was cut")
        if not self.document.has_statement:
            self.notes.once("ofx.no_statement", "the response holds no statement")

    def _read_rest(self, text: str) -> Iterator[list[StatementEntry]]:
        """Read a text that nothing follows. Raises `UnreadableOfxError`."""
        text = text if self._has_prolog else self._read_prolog(text, is_last=True)
        yield from self._read_text(text)
        self._follow(self._scanner.take())
        yield from self.document.take_entries()

    def finish(self) -> Iterator[list[StatementEntry]]:
        """Read the transactions that wait, and report the statement during which the reading ended."""
        try:
            self.document.finish()
        except UnreadableOfxError as error:
            self.notes.add(Rule.SYNTAX, error.rule, str(error))
        yield from self.document.take_entries()

    def _read_prolog(self, text: str, *, is_last: bool) -> str:
        """Read what stands before the response, once it is there, and return the rest. Raises `UnreadableOfxError`."""
        root = _ROOT.search(text, 0, PROLOG_BYTES_MAX)
        if root is None:
            if is_last or len(text) > PROLOG_BYTES_MAX:
                raise UnreadableOfxError("ofx.no_root", f"no <OFX> within the first {PROLOG_BYTES_MAX} bytes")
            return text
        prolog = text[: root.start()]
        if "<!DOCTYPE" in prolog.upper() or "<!ENTITY" in prolog.upper():
            raise UnreadableOfxError("ofx.doctype", "the file declares a document type, which no bank file needs")
        header = _HEADER.search(prolog)
        if header is None:
            self.notes.once("ofx.header_missing", "the file has no OFX header")
        elif header[1] not in _HEADER_VERSIONS:
            self.notes.once("ofx.header_version", f"OFXHEADER is {shown(header[1])}, expected 100 or 200")
        declared = {name.upper(): value.lower() for name, value in _ENCODING.findall(prolog)}
        charset = declared.get("CHARSET", "")
        self.notes.encoding = charset if charset not in ("", "none") else declared.get("ENCODING", "")
        content = ends_with_content(prolog, before=False)
        self._scanner.skip(len(prolog), count_line_ends(prolog), follows_content=content)
        self._has_prolog = True
        return text[root.start() :]

    def _read_text(self, text: str) -> Iterator[list[StatementEntry]]:
        """Read a text that ends before a `<` or behind a `>`. Raises `UnreadableOfxError`."""
        if self._scanner.offset > FILE_BYTES_MAX:
            raise UnreadableOfxError("ofx.file_too_large", f"the file is larger than {FILE_BYTES_MAX} bytes")
        if not text.isascii() and self.notes.encoding not in ENCODINGS_READ:
            self._check_encoding(text)
        may_be_ordinary = not (self._scanner.is_in_markup or "<!" in text or "<?" in text)
        start = text.find(_START) if may_be_ordinary else -1
        if start < 0:
            yield from self._scan(text)
        else:
            yield from self._scan(text[:start])
            yield from self._read_run(text[start:])

    def _check_encoding(self, text: str) -> None:
        try:
            text.encode("latin-1").decode("utf-8")
        except UnicodeDecodeError as error:
            line = self._scanner.line + count_line_ends(text[: error.start])
            message = f"text is not UTF-8, read as Windows-1252; the header declares {shown(self.notes.encoding)}"
            self.notes.once("ofx.encoding", message, line=line)

    def _read_run(self, run: str) -> Iterator[list[StatementEntry]]:
        """Read text that begins with a transaction: those of the ordinary form many at once, the rest tag by tag."""
        parts = ORDINARY_TRANSACTION.split(run)
        step = ORDINARY_ELEMENTS + 1
        between = parts[::step]
        columns = [parts[place::step] for place in range(1, step)]
        # Behind each start of a transaction; what is not ordinary among them stands in a text between ordinary ones.
        bodies = run.split(_START)
        body, first = 1, 0
        for place, text in enumerate(between):
            if place + 1 < len(between) and not text.strip(BLANKS):
                continue
            if place > first:
                takes = self._takes_transactions()
                yield from self.document.take_entries()
                if not takes:
                    yield from self._scan(_START + _START.join(bodies[body:]))
                    return
                last = body + place - first
                texts = bodies[body:last]
                texts[-1] = texts[-1][: len(texts[-1]) - len(text.partition(_START)[0])]
                yield self._read_ordinary([column[first:place] for column in columns], texts)
                body = last
            yield from self._scan(text)
            body += text.count(_START)
            first = place

    def _takes_transactions(self) -> bool:
        """Whether an ordinary transaction may follow, once all that stands before it is followed."""
        self._follow(self._scanner.take())
        return self.document.takes_transactions

    def _read_ordinary(self, columns: list[list[str | None]], bodies: list[str]) -> list[StatementEntry]:
        """Make the entries of ordinary transactions; `bodies` is all text behind the start of each."""
        scanner = self._scanner
        together = "".join(bodies)
        ends = [*map(count_line_ends if "\r" in together else _count_line_feeds, bodies)]
        lines = [*accumulate(ends, initial=scanner.line)]
        offsets: list[int | None] = [None] * len(bodies)
        inner = bodies[:-1]
        if scanner.follows_content or not ({*map(_last_character, map(_without_blanks, inner))} <= {"\n"}):
            follows = [scanner.follows_content, *(ends_with_content(body, before=True) for body in inner)]
            starts = accumulate((len(_START) + len(body) for body in bodies), initial=scanner.offset)
            offsets = [start if is_hidden else None for start, is_hidden in zip(starts, follows, strict=False)]
        entries = self.document.read_ordinary(Rows._make([*columns, lines[:-1], offsets]))
        length = len(_START) * len(bodies) + len(together)
        scanner.skip(length, sum(ends), follows_content=ends_with_content(bodies[-1], before=True))
        return entries

    def _scan(self, text: str) -> Iterator[list[StatementEntry]]:
        """Read a text tag by tag. Raises `UnreadableOfxError`."""
        if text:
            self._tag_count += text.count("<")
            if self._tag_count > TAGS_MAX:
                raise UnreadableOfxError(
                    "ofx.too_many_tags", f"more than {TAGS_MAX} tags outside ordinary transactions"
                )
            for tag in self._scanner.read(text):
                self._follow(tag)
            yield from self.document.take_entries()

    def _follow(self, tag: Tag) -> None:
        name, is_end, text, self.notes.line, offset = tag
        if is_end:
            self.document.end(name, text)
        elif name:
            self.document.start(name, text, offset)
        else:
            self.document.pass_text(text)
