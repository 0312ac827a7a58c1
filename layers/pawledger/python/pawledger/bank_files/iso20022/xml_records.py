"""Reads XML of any size as a flow of flat records, in bounded memory, and refuses what no bank has reason to send.

The reader stands on expat, the parser of the standard library, fed block by block. Nothing is ever resolved: a document
type declaration is refused before a single entity of it is declared, so there is nothing to expand or to fetch.
"""

from collections.abc import Iterable, Iterator
from re import compile as compile_pattern
from typing import BinaryIO, Final, NamedTuple
from xml.parsers import expat

from pawledger.bank_files.iso20022.layouts import Layouts, Source
from pawledger.bank_files.iso20022.shapes import Fields, Place, Record, Shape, add_text
from pawledger.domain.errors import PawledgerError

BLOCK_BYTES: Final = 65_536
FILE_BYTES_MAX: Final = 1 << 30
"""About 1.5 million entries, more than any account-day; at 7 MB a second, the slowest measured, 2.5 minutes."""
PROLOG_BYTES_MAX: Final = 16_384
"""Before its first element a bank file has a declaration and at most a comment; the prolog is read in slices."""
DEPTH_MAX: Final = 100
"""The deepest element of any camt version lies about 20 levels down, 30 with its transport wrapper."""
TEXT_CHARACTERS_MAX: Final = 20_000
"""Per field, repeats included: ISO 20022 texts end at 500 characters, remittance lines at 140 each."""
TOKEN_BYTES_MAX: Final = 262_144
"""One tag, comment or instruction; expat must hold it whole, and no bank writes one of this length."""
NAMES_MAX: Final = 5_000
"""Different element and attribute names; expat remembers each one for good. A whole camt schema has under 1,500."""
NAMESPACE: Final = "xmlns"
"""Where the record of a message holds the namespace of its element, empty where it has none."""
_MARKS: Final = (b"&#", b"<!", b"<?")
ENCODINGS: Final = frozenset({"utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "cp1252"})
"""Supersets of ASCII only, so that the bytes of a declaration are recognised before they are parsed."""


_new_tuple: Final = tuple.__new__


class XmlRefusedError(PawledgerError):
    """The bytes are not XML that is read here; `rule`, `line` and the message say why."""

    def __init__(self, rule: str, message: str, line: int) -> None:
        super().__init__(message)
        self.rule = rule
        self.line = line


class _Collector:
    """The callbacks of one parse: walks the tree of wanted places along with the document and fills the records."""

    def __init__(self, messages: Iterable[Shape], repeated: frozenset[str]) -> None:
        self.records: list[Record] = []
        self.fields: Fields = {}
        """Of the record that the parser stands in."""
        self.repeated_place = Place()
        """The place of the record that comes in great numbers, once one of them was met."""
        self.repeated_end = -1
        """Index of the byte where the last end tag of such a record starts."""
        self.encoding = "utf-8"
        self.fed_bytes = 0
        self.has_root = False
        self._envelope = Place()
        self._envelope.is_envelope = True
        for message in messages:
            self._envelope.grow(message)
        self._ignored = Place()
        self._node = self._envelope
        self._stack: list[Place] = []
        self._repeated = repeated
        self._open: list[tuple[Fields, int, int]] = []
        self._namespaces: list[Fields] = [{}]
        self._pieces: list[str] = []
        self._names = 0
        self._attribute_names: set[str] = set()
        self.parser = expat.ParserCreate()
        self.listen(is_listening=True)
        self.parser.XmlDeclHandler = self._check_declaration
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype

    def listen(self, *, is_listening: bool) -> None:
        """Switch the callbacks on or off; off, the parser only checks that the bytes are well-formed."""
        self.parser.StartElementHandler = self._start if is_listening else None
        self.parser.EndElementHandler = self._end if is_listening else None
        self.parser.CharacterDataHandler = self._pieces.append if is_listening else None

    def refuse(self, rule: str, message: str) -> XmlRefusedError:
        return XmlRefusedError(rule, message, self.parser.CurrentLineNumber)

    def check_growth(self) -> None:
        """Refuse what is still incomplete after a block and has grown past its limit."""
        if self._node.text is None:
            self._pieces.clear()
        elif sum(map(len, self._pieces)) > TEXT_CHARACTERS_MAX:
            raise self.refuse("xml.text_too_long", f"a text is longer than {TEXT_CHARACTERS_MAX} characters")
        if len(self._stack) > DEPTH_MAX:
            raise self.refuse("xml.depth", f"elements are nested deeper than {DEPTH_MAX}")
        if self.fed_bytes - self.parser.CurrentByteIndex > TOKEN_BYTES_MAX:
            raise self.refuse("xml.token_too_long", f"a tag or comment is longer than {TOKEN_BYTES_MAX} bytes")

    def _check_declaration(self, version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ENCODINGS:
            known = ", ".join(sorted(ENCODINGS))
            raise self.refuse("xml.encoding", f"encoding {encoding[:40]!r} is not read (XML {version}); known: {known}")
        self.encoding = encoding or self.encoding

    def _refuse_doctype(self, _name: str, _system: str | None, _public: str | None, _subset: int) -> None:
        raise self.refuse("xml.doctype", "the file declares a document type, which no bank file needs")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._node
        self._stack.append(parent)
        self._node = node = parent.children.get(name) or self._resolve(name)
        if attributes:
            self._note_attributes(node, attributes)
        if node.text is not None:
            self._pieces.clear()
        elif node.record is not None:
            self._open_record(node, node.record)
            if parent.is_envelope:
                self.fields[NAMESPACE] = self._enter_envelope(name, attributes)
        elif node.is_envelope:
            self._enter_envelope(name, attributes)

    def _end(self, _name: str) -> None:
        node = self._node
        self._node = self._stack.pop()
        if node.text is not None:
            pieces = self._pieces
            text = (pieces[0] if len(pieces) == 1 else "".join(pieces)).strip()
            pieces.clear()
            if text:
                self._store(node.text, text)
        elif node.record is not None:
            fields = self.fields
            self.fields, line, offset = self._open.pop()
            if fields or not node.is_quiet:
                self.records.append(Record(node.record, fields, self.fields, line, offset, is_start=False))
            if node.record in self._repeated:
                self.repeated_place, self.repeated_end = node, self.parser.CurrentByteIndex
            if self._node.is_envelope:
                self._namespaces.pop()
        elif node.is_envelope:
            self._namespaces.pop()

    def _resolve(self, name: str) -> Place:
        """Find the place of a name met for the first time under its parent: prefixed, part of an envelope, ignored."""
        parent = self._node
        if len(self._stack) > DEPTH_MAX:
            raise self.refuse("xml.depth", f"elements are nested deeper than {DEPTH_MAX}")
        self._names += 1
        if self._names > NAMES_MAX:
            raise self.refuse("xml.too_many_names", f"more than {NAMES_MAX} different element names")
        node = parent.children.get(name.rpartition(":")[2])
        if node is None:
            if parent.text is not None:
                raise self.refuse("xml.mixed_content", f"unexpected element {name[:40]!r} inside a field")
            node = self._envelope if parent.is_envelope else self._ignored
        parent.children[name] = node
        return node

    def _note_attributes(self, node: Place, attributes: dict[str, str]) -> None:
        self._attribute_names.update(attributes)
        if len(self._attribute_names) > NAMES_MAX:
            raise self.refuse("xml.too_many_names", f"more than {NAMES_MAX} different attribute names")
        if node.text is not None and "Ccy" in attributes:
            self._store(node.text + "@Ccy", attributes["Ccy"].strip())

    def _store(self, path: str, text: str) -> None:
        if add_text(self.fields, path, text) > TEXT_CHARACTERS_MAX:
            raise self.refuse("xml.text_too_long", f"field {path} is longer than {TEXT_CHARACTERS_MAX} characters")

    def _open_record(self, node: Place, record: str) -> None:
        line, offset, parent = self.parser.CurrentLineNumber, self.parser.CurrentByteIndex, self.fields
        self._open.append((parent, line, offset))
        self.fields = {}
        if node.is_announced:
            self.records.append(Record(record, self.fields, parent, line, offset, is_start=True))

    def _enter_envelope(self, name: str, attributes: dict[str, str]) -> str:
        """Take the namespaces that an element declares; return its own, empty where it has none."""
        self.has_root = True
        declared = {name: uri for name, uri in attributes.items() if name.partition(":")[0] == "xmlns"}
        self._namespaces.append({**self._namespaces[-1], **declared})
        prefix, colon, _ = name.rpartition(":")
        return self._namespaces[-1].get(f"xmlns{colon}{prefix}", "")


class _Slice(NamedTuple):
    content: bytes
    is_last: bool


Portion = list[Record]
"""Records that ended together."""


class _Reader:
    """Feeds the parser, and leaves the texts of repeated records to their layouts where it is sure of its place.

    It is sure where the last thing the parser told was the end tag of such a record, and nothing was fed behind it:
    what follows is content of the element around, neither a comment nor a section that would only look like records.
    """

    def __init__(self, collector: _Collector, repeated: frozenset[str]) -> None:
        self._collector = collector
        self._repeated = repeated
        self._layouts = Layouts()
        names = "|".join(sorted(repeated)).encode()
        self._end_tags = compile_pattern(rb"</(?:[^<>\s:/]{1,64}:)?(?:" + names + b")>")
        self._end_tag = b""
        """The end tag behind which the parser stands, empty where it stands elsewhere."""
        self._waiting = b""

    def read(self, block: _Slice) -> Iterator[Portion]:
        """Yield the records that end in a block; the start of a repeated record may wait for the next block."""
        content, start = self._waiting + block.content, 0
        self._waiting = b""
        may_cut, has_marks = True, _has_marks(content)
        while start < len(content):
            if self._end_tag:
                stop, records = self._read_layouts(content, start, has_marks=has_marks)
                if stop > start:
                    yield from self._feed(content[start:stop], records)
                    start = stop
                is_open = content.find(self._end_tag, start) < 0
                if is_open and not block.is_last and len(content) - start <= BLOCK_BYTES:
                    self._waiting = content[start:]
                    return
            found = self._end_tags.search(content, start) if may_cut else None
            stop = found.end() if found else len(content)
            yield from self._feed(content[start:stop], None)
            ends = found is not None and self._collector.repeated_end + len(found[0]) == self._collector.fed_bytes
            self._end_tag = found[0] if found and ends else b""
            # What looked like an end tag was none. One try for each block: a comment full of such makes small portions,
            # and the parser reads all of a comment again with every portion of it.
            may_cut = bool(self._end_tag)
            start = stop
        if block.is_last:
            _feed(self._collector, block)

    def _read_layouts(self, content: bytes, start: int, *, has_marks: bool) -> tuple[int, list[Record]]:
        """Read repeated records from `start` on until the parser is needed; return where that is, and the records.

        Without `has_marks` there is no mark anywhere in `content`, and no record need be searched for one.
        """
        collector, end_tag = self._collector, self._end_tag
        line = collector.parser.CurrentLineNumber
        records: list[Record] = []
        offset = collector.fed_bytes - start
        while (end := content.find(end_tag, start)) >= 0:
            # A record this short holds no text that would be too long.
            if end - start > TEXT_CHARACTERS_MAX or (has_marks and _has_marks(content[start:end])):
                break
            element = content[start:end]
            try:
                text = element.decode(collector.encoding)
            except UnicodeDecodeError:
                break
            if "\r" in text:
                # XML 1.0, section 2.11: a parser passes every line end on as a line feed.
                text = text.replace("\r\n", "\n").replace("\r", "\n")
            breaks = text.count("\n")
            source = _new_tuple(Source, (element, offset + start, collector.encoding, text, line, breaks))
            read = self._layouts.read(source, collector.repeated_place, collector.fields)
            if read is None:
                break
            records += read
            line += breaks
            start = end + len(end_tag)
        return start, records

    def _feed(self, content: bytes, read: list[Record] | None) -> Iterator[Portion]:
        """Let the parser check `content` and, where `read` is None, tell its records; yield those before any fault."""
        collector, fault = self._collector, None
        first_byte = collector.fed_bytes
        collector.records = []
        collector.listen(is_listening=read is None)
        try:
            _feed(collector, _Slice(content, is_last=False))
        except XmlRefusedError as error:
            fault = error
            if read is not None:
                sound_bytes = max(collector.parser.CurrentByteIndex - first_byte, 0)
                read = self._first(read, content.count(self._end_tag, 0, sound_bytes))
        yield collector.records if read is None else read
        if fault is not None:
            raise fault

    def _first(self, records: list[Record], count: int) -> list[Record]:
        """Return the first repeated records with what is inside them."""
        kept: list[Record] = []
        for record in records:
            if count == 0:
                break
            kept.append(record)
            count -= record.name in self._repeated
        return kept


def _has_marks(content: bytes) -> bool:
    """Say whether there are references by number, comments, sections or instructions, which the parser has to read.

    Where the second byte of a mark does not occur at all, and it seldom does, one byte is found faster than two.
    """
    return any(mark[1:] in content and mark in content for mark in _MARKS)


def read_records(stream: BinaryIO, messages: Iterable[Shape], repeated: frozenset[str]) -> Iterator[Portion]:
    """Yield the records of the messages named by `messages` as they end, in portions.

    Elements are told apart by local name, so that versions and prefixes do not matter; around the message there may be
    any envelope (a business application header). What no shape names is skipped. `repeated` names the records that
    come in great numbers.

    Raises `XmlRefusedError`, after the records before the fault, for what is not well-formed XML, is cut short, or
    passes one of the limits of this module.
    """
    collector = _Collector(messages, repeated)
    reader = _Reader(collector, repeated)
    for block in _slices(stream, collector):
        yield from reader.read(block)


def _slices(stream: BinaryIO, collector: _Collector) -> Iterator[_Slice]:
    """Cut the stream into what is fed at once: behind each `[` until the first element is there, then whole blocks.

    A document type declaration is told at its `[`, but the parser goes on to the end of what it was fed; cut there,
    it has nothing behind the bracket yet and the entities are never seen.
    """
    while block := stream.read(BLOCK_BYTES):
        while block:
            cut = len(block) if collector.has_root else block.find(b"[") + 1 or len(block)
            yield _Slice(block[:cut], is_last=False)
            block = block[cut:]
            if not collector.has_root and collector.fed_bytes > PROLOG_BYTES_MAX:
                raise collector.refuse("xml.prolog_too_long", f"no element within the first {PROLOG_BYTES_MAX} bytes")
    yield _Slice(b"", is_last=True)


def _feed(collector: _Collector, block: _Slice) -> None:
    collector.fed_bytes += len(block.content)
    if collector.fed_bytes == 0:
        raise XmlRefusedError("xml.empty", "the file is empty", 1)
    if collector.fed_bytes > FILE_BYTES_MAX:
        raise collector.refuse("xml.file_too_large", f"the file is larger than {FILE_BYTES_MAX} bytes")
    if b"\0" in block.content:
        raise collector.refuse("xml.nul_byte", "the file has a NUL byte: not text, or text in UTF-16")
    try:
        collector.parser.Parse(block.content, block.is_last)
    except expat.ExpatError as error:
        rule = "xml.truncated" if block.is_last else "xml.not_well_formed"
        message = f"not well-formed XML: {expat.ErrorString(error.code)}, column {error.offset + 1}"
        raise XmlRefusedError(rule, message, error.lineno) from error
    collector.check_growth()
