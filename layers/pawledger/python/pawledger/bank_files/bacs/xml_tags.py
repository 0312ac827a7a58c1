"""Reads Bacs XML of any size as a flow of tags with their attributes, in bounded memory.

It stands on expat like the reader of ISO 20022 and has its limits and its rule names. That one passes attributes over,
in which Bacs has nearly all it says.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple
from xml.parsers import expat

from pawledger.bank_files.iso20022.xml_records import (
    BLOCK_BYTES,
    DEPTH_MAX,
    ENCODINGS,
    FILE_BYTES_MAX,
    NAMES_MAX,
    PROLOG_BYTES_MAX,
    TOKEN_BYTES_MAX,
    XmlRefusedError,
)

TEXT_CHARACTERS_MAX: Final = 2_000
"""Longest text or attribute: names end at 18 characters, descriptions and bank names at some dozen."""
ATTRIBUTES_MAX: Final = 100
"""Most attributes of one element; the widest of the known ones has some twenty."""


class Tag(NamedTuple):
    """The start or the end of an element."""

    name: str
    """Local name in small letters without hyphens and underscores, so that `reason-code` and `reasonCode` are one."""
    is_end: bool
    attributes: dict[str, str]
    """By name, written like the name of the element; empty for an end."""
    text: str
    """Text of an element that holds no other; empty for a start."""
    line: int
    offset: int | None
    """Byte on which a start begins; None where the line finds it."""


class _Collector:
    """The callbacks of one parse."""

    def __init__(self) -> None:
        self.tags: list[Tag] = []
        self.fed_bytes = 0
        self.has_root = False
        self._depth = 0
        self._names: dict[str, str] = {}
        """Names as they stand and as they are told; expat remembers each for good as well."""
        self._text: list[str] = []
        self._text_length = 0
        self._last_line = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._add_text
        self.parser.XmlDeclHandler = self._check_declaration
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype

    def refuse(self, rule: str, message: str) -> XmlRefusedError:
        return XmlRefusedError(rule, message, self.parser.CurrentLineNumber)

    def check_growth(self) -> None:
        """Refuse a tag, comment or instruction that is still incomplete and has grown past its limit."""
        if self.fed_bytes - self.parser.CurrentByteIndex > TOKEN_BYTES_MAX:
            raise self.refuse("xml.token_too_long", f"a tag or comment is longer than {TOKEN_BYTES_MAX} bytes")

    def _check_declaration(self, version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ENCODINGS:
            known = ", ".join(sorted(ENCODINGS))
            raise self.refuse("xml.encoding", f"encoding {encoding[:40]!r} is not read (XML {version}); known: {known}")

    def _refuse_doctype(self, _name: str, _system: str | None, _public: str | None, _subset: int) -> None:
        raise self.refuse("xml.doctype", "the file declares a document type, which no bank file needs")

    def _told_name(self, name: str) -> str:
        told = self._names.get(name)
        if told is None:
            if len(self._names) >= NAMES_MAX:
                raise self.refuse("xml.too_many_names", f"more than {NAMES_MAX} different names")
            local = name.rpartition(":")[2]
            told = self._names[name] = local.replace("-", "").replace("_", "").lower()
        return told

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.has_root = True
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise self.refuse("xml.depth", f"elements are nested deeper than {DEPTH_MAX}")
        if len(attributes) > ATTRIBUTES_MAX:
            raise self.refuse("xml.too_many_attributes", f"an element has more than {ATTRIBUTES_MAX} attributes")
        if attributes and max(map(len, attributes.values())) > TEXT_CHARACTERS_MAX:
            raise self.refuse("xml.text_too_long", f"an attribute is longer than {TEXT_CHARACTERS_MAX} characters")
        told = {self._told_name(key): " ".join(value.split()) for key, value in attributes.items()}
        line = self.parser.CurrentLineNumber
        offset = self.parser.CurrentByteIndex if line == self._last_line else None
        self._last_line = line
        self.tags.append(Tag(self._told_name(name), False, told, "", line, offset))
        self._text, self._text_length = [], 0

    def _end(self, name: str) -> None:
        self._depth -= 1
        text = " ".join("".join(self._text).split())
        self.tags.append(Tag(self._told_name(name), True, {}, text, self.parser.CurrentLineNumber, None))
        self._text, self._text_length = [], 0

    def _add_text(self, text: str) -> None:
        if text.isspace() and not self._text:
            return
        self._text_length += len(text)
        if self._text_length > TEXT_CHARACTERS_MAX:
            raise self.refuse("xml.text_too_long", f"a text is longer than {TEXT_CHARACTERS_MAX} characters")
        self._text.append(text)


def read_tags(stream: BinaryIO) -> Iterator[list[Tag]]:
    """Yield the tags of a document in portions.

    Raises `XmlRefusedError`, after the tags before the fault, for what is not well-formed XML, is cut short, or passes
    one of the limits of this module and of `xml_records`.
    """
    collector = _Collector()
    while block := stream.read(BLOCK_BYTES):
        while block:
            # A document type is told at its `[`, but the parser goes on to the end of what it was fed: cut there, it
            # never sees an entity.
            cut = len(block) if collector.has_root else block.find(b"[") + 1 or len(block)
            yield from _feed(collector, block[:cut], is_last=False)
            block = block[cut:]
            if not collector.has_root and collector.fed_bytes > PROLOG_BYTES_MAX:
                raise collector.refuse("xml.prolog_too_long", f"no element within the first {PROLOG_BYTES_MAX} bytes")
    yield from _feed(collector, b"", is_last=True)


def _feed(collector: _Collector, content: bytes, *, is_last: bool) -> Iterator[list[Tag]]:
    collector.fed_bytes += len(content)
    fault: XmlRefusedError | None = None
    try:
        _parse(collector, content, is_last=is_last)
    except XmlRefusedError as error:
        fault = error
    except expat.ExpatError as error:
        rule = "xml.truncated" if is_last else "xml.not_well_formed"
        message = f"not well-formed XML: {expat.ErrorString(error.code)}, column {error.offset + 1}"
        fault = XmlRefusedError(rule, message, error.lineno)
    tags, collector.tags = collector.tags, []
    if tags:
        yield tags
    if fault is not None:
        raise fault


def _parse(collector: _Collector, content: bytes, *, is_last: bool) -> None:
    """Feed the parser. Raises `XmlRefusedError` and what the parser raises."""
    if collector.fed_bytes == 0:
        raise XmlRefusedError("xml.empty", "the file is empty", 1)
    if collector.fed_bytes > FILE_BYTES_MAX:
        raise collector.refuse("xml.file_too_large", f"the file is larger than {FILE_BYTES_MAX} bytes")
    if b"\0" in content:
        raise collector.refuse("xml.nul_byte", "the file has a NUL byte: not text, or text in UTF-16")
    collector.parser.Parse(content, is_last)
    collector.check_growth()
