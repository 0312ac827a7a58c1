"""Reads XML of any size as a flow of flat records, in bounded memory, and refuses what no bank has reason to send.

The reader stands on expat, the parser of the standard library, fed block by block. Nothing is ever resolved: a document
type declaration is refused before a single entity of it is declared, so there is nothing to expand or to fetch.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, NamedTuple
from xml.parsers import expat

from pawledger.domain.errors import PawledgerError

BLOCK_BYTES: Final = 65_536
FILE_BYTES_MAX: Final = 1 << 30
"""About 1.5 million entries, more than any account-day; at 7 MB a second, the slowest measured, it is read in 2.5 minutes."""
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
ENCODINGS: Final = frozenset({"utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "cp1252"})
"""Supersets of ASCII only, so that the bytes of a declaration are recognised before they are parsed."""

Fields = dict[str, str]
"""Path below the record's element to text, stripped; values of a repeated path are joined by a newline, which occurs in
none of them. A currency attribute is at the path with `@Ccy` behind it. An empty element is an absent one."""


class XmlRefusedError(PawledgerError):
    """The bytes are not XML that is read here; `rule`, `line` and the message say why."""

    def __init__(self, rule: str, message: str, line: int) -> None:
        super().__init__(message)
        self.rule = rule
        self.line = line


class Record(NamedTuple):
    """An element that was read: its shape's name, its fields, and the line on which it starts.

    `parent` is the record around it, still being filled. A shape that is `announced` is told a second time, earlier,
    at its start tag, with `is_start` and with fields that fill up as reading goes on.
    """

    name: str
    fields: Fields
    parent: Fields
    line: int
    is_start: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """Which element is a record, which texts in it are wanted, and which records lie inside it."""

    path: str
    """Local element names from the record around it, parted by `/`; the last one is the record's name."""
    texts: tuple[str, ...]
    records: tuple["Shape", ...] = ()
    announced: bool = False


class _Node:
    """A place in the document: what its element means, and the places below it that were met or are wanted."""

    __slots__ = ("children", "is_announced", "is_envelope", "record", "text")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.text: str | None = None
        self.record: str | None = None
        self.is_announced = False
        self.is_envelope = False

    def descend(self, path: str) -> "_Node":
        node = self
        for name in path.split("/"):
            node = node.children.setdefault(name, _Node())
        return node


def _grow(root: _Node, shape: Shape) -> None:
    node = root.descend(shape.path)
    node.record, node.is_announced = shape.path.rpartition("/")[2], shape.announced
    for path in shape.texts:
        node.descend(path).text = path
    for inner in shape.records:
        _grow(node, inner)


class _Collector:
    """The callbacks of one parse: walks the tree of wanted places along with the document and fills the records."""

    def __init__(self, messages: tuple[Shape, ...]) -> None:
        self.records: list[Record] = []
        self.namespace: str | None = None
        """Namespace of the message's element, once it was met; empty where it has none."""
        self.has_root = False
        self._envelope = _Node()
        self._envelope.is_envelope = True
        for message in messages:
            _grow(self._envelope, message)
        self._ignored = _Node()
        self._node = self._envelope
        self._stack: list[_Node] = []
        self._fields: Fields = {}
        self._open: list[tuple[Fields, int]] = []
        self._namespaces: list[Fields] = [{}]
        self._pieces: list[str] = []
        self._names = 0
        self._attribute_names: set[str] = set()
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._pieces.append
        self.parser.XmlDeclHandler = self._check_declaration
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype

    def refuse(self, rule: str, message: str) -> XmlRefusedError:
        return XmlRefusedError(rule, message, self.parser.CurrentLineNumber)

    def check_growth(self, fed_bytes: int) -> None:
        """Refuse what is still incomplete after a block and has grown past its limit."""
        if self._node.text is None:
            self._pieces.clear()
        elif sum(map(len, self._pieces)) > TEXT_CHARACTERS_MAX:
            raise self.refuse("xml.text_too_long", f"a text is longer than {TEXT_CHARACTERS_MAX} characters")
        if len(self._stack) > DEPTH_MAX:
            raise self.refuse("xml.depth", f"elements are nested deeper than {DEPTH_MAX}")
        if fed_bytes - self.parser.CurrentByteIndex > TOKEN_BYTES_MAX:
            raise self.refuse("xml.token_too_long", f"a tag or comment is longer than {TOKEN_BYTES_MAX} bytes")

    def _check_declaration(self, version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ENCODINGS:
            known = ", ".join(sorted(ENCODINGS))
            raise self.refuse("xml.encoding", f"encoding {encoding[:40]!r} is not read (XML {version}); known: {known}")

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
            if parent.is_envelope:
                self._enter_envelope(node, name, attributes)
            self._open_record(node, node.record)
        elif node.is_envelope:
            self._enter_envelope(node, name, attributes)

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
            fields = self._fields
            self._fields, line = self._open.pop()
            self.records.append(Record(node.record, fields, self._fields, line, is_start=False))
            if self._node.is_envelope:
                self._namespaces.pop()
        elif node.is_envelope:
            self._namespaces.pop()

    def _resolve(self, name: str) -> _Node:
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

    def _note_attributes(self, node: _Node, attributes: dict[str, str]) -> None:
        self._attribute_names.update(attributes)
        if len(self._attribute_names) > NAMES_MAX:
            raise self.refuse("xml.too_many_names", f"more than {NAMES_MAX} different attribute names")
        if node.text is not None and "Ccy" in attributes:
            self._store(node.text + "@Ccy", attributes["Ccy"].strip())

    def _store(self, path: str, text: str) -> None:
        if "\n" in text:
            text = " ".join(text.split())
        if path in self._fields:
            text = f"{self._fields[path]}\n{text}"
        if len(text) > TEXT_CHARACTERS_MAX:
            raise self.refuse("xml.text_too_long", f"field {path} is longer than {TEXT_CHARACTERS_MAX} characters")
        self._fields[path] = text

    def _open_record(self, node: _Node, record: str) -> None:
        line, parent = self.parser.CurrentLineNumber, self._fields
        self._open.append((parent, line))
        self._fields = {}
        if node.is_announced:
            self.records.append(Record(record, self._fields, parent, line, is_start=True))

    def _enter_envelope(self, node: _Node, name: str, attributes: dict[str, str]) -> None:
        self.has_root = True
        declared = {name: uri for name, uri in attributes.items() if name.partition(":")[0] == "xmlns"}
        self._namespaces.append({**self._namespaces[-1], **declared})
        if node.record is not None:
            prefix, colon, _ = name.rpartition(":")
            self.namespace = self._namespaces[-1].get(f"xmlns{colon}{prefix}", "")


def read_records(stream: BinaryIO, messages: tuple[Shape, ...]) -> Iterator[tuple[str, Record]]:
    """Yield the records of the messages named by `messages`, each with the namespace of its message, as they end.

    Elements are told apart by local name, so that versions and prefixes do not matter; around the message there may be
    any envelope (a business application header). What no shape names is skipped.

    Raises `XmlRefusedError`, after the records before the fault, for what is not well-formed XML, is cut short, or
    passes one of the limits of this module.
    """
    collector = _Collector(messages)
    fault: XmlRefusedError | None = None
    for block in _slices(stream, collector):
        try:
            _feed(collector, block)
        except XmlRefusedError as error:
            fault = error
        namespace = collector.namespace or ""
        for record in collector.records:
            yield namespace, record
        if fault is not None:
            raise fault
        collector.records.clear()


class _Slice(NamedTuple):
    content: bytes
    fed_bytes: int
    is_last: bool


def _slices(stream: BinaryIO, collector: _Collector) -> Iterator[_Slice]:
    """Cut the stream into what is fed at once: behind each `[` until the first element is there, then whole blocks.

    A document type declaration is told at its `[`, but the parser goes on to the end of what it was fed; cut there,
    it has nothing behind the bracket yet and the entities are never seen.
    """
    fed_bytes = 0
    while block := stream.read(BLOCK_BYTES):
        while block:
            cut = len(block) if collector.has_root else block.find(b"[") + 1 or len(block)
            fed_bytes += cut
            yield _Slice(block[:cut], fed_bytes, is_last=False)
            block = block[cut:]
            if not collector.has_root and fed_bytes > PROLOG_BYTES_MAX:
                raise collector.refuse("xml.prolog_too_long", f"no element within the first {PROLOG_BYTES_MAX} bytes")
    yield _Slice(b"", fed_bytes, is_last=True)


def _feed(collector: _Collector, block: _Slice) -> None:
    if block.fed_bytes == 0:
        raise XmlRefusedError("xml.empty", "the file is empty", 1)
    if block.fed_bytes > FILE_BYTES_MAX:
        raise collector.refuse("xml.file_too_large", f"the file is larger than {FILE_BYTES_MAX} bytes")
    if b"\0" in block.content:
        raise collector.refuse("xml.nul_byte", "the file has a NUL byte: not text, or text in UTF-16")
    try:
        collector.parser.Parse(block.content, block.is_last)
    except expat.ExpatError as error:
        rule = "xml.truncated" if block.is_last else "xml.not_well_formed"
        message = f"not well-formed XML: {expat.ErrorString(error.code)}, column {error.offset + 1}"
        raise XmlRefusedError(rule, message, error.lineno) from error
    collector.check_growth(block.fed_bytes)
