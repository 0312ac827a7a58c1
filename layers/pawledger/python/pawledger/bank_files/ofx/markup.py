"""Markup of OFX, SGML (version 1) and XML (version 2) alike: tags with the text behind them, whatever is closed or not.

Values of version 1 have no end tags, and files that call themselves version 2 leave them out as well. So both are read
by one scanner that knows no difference between them. Nothing is ever expanded: a document type is refused at its start.
"""

from collections.abc import Iterator
from re import ASCII
from re import compile as compile_pattern
from typing import Final, NamedTuple

from pawledger.bank_files.ofx.fields import BLANKS, VALUE_CHARACTERS_MAX, UnreadableOfxError, value_too_long

_TAG: Final = compile_pattern(r"(/?)([A-Za-z][A-Za-z0-9._:-]{0,63})[ \t\r\n]*(/?)>", ASCII)
_BLANK_ENDS: Final = frozenset(BLANKS)
_BLANKS: Final = r"[ \t\r\n]*+"


_READ: Final = ("TRNTYPE", "DTPOSTED", "DTAVAIL", "TRNAMT", "FITID", "CHECKNUM", "REFNUM", "NAME", "MEMO")
"""Elements of an ordinary transaction whose values are read, in the order of the groups of its pattern."""
_PASSED_OVER: Final = ("DTUSER", "SRVRTID", "SIC", "PAYEEID")


def _read_once(group: int, name: str) -> str:
    """Pattern of an element, closed or not, that has not come before: of two values a group keeps only the last."""
    return f"<{name}>(?({group})(?!))([^<]*+)(?:</{name}>{_BLANKS})?+"


def _pass_over(name: str) -> str:
    return f"<{name}>[^<]*+(?:</{name}>{_BLANKS})?+"


_ELEMENTS: Final = (*(_read_once(group, name) for group, name in enumerate(_READ, 1)), *map(_pass_over, _PASSED_OVER))
ORDINARY_TRANSACTION: Final = compile_pattern(f"<STMTTRN>{_BLANKS}(?:{'|'.join(_ELEMENTS)})*+</STMTTRN>")
"""A transaction with elements of the specification in any order, each value once, and nothing inside them. No part is
ever tried twice, so that the time grows with the text and not with its square."""
ORDINARY_ELEMENTS: Final = ORDINARY_TRANSACTION.groups
"""How many values an ordinary transaction has."""


class Tag(NamedTuple):
    """One tag, and the text up to the next one."""

    name: str
    """In capitals; empty for the text before the first tag."""
    is_end: bool
    text: str
    line: int
    offset: int | None
    """Byte of the file on which the tag begins; None where it is the first thing on its line."""


class Scanner:
    """Cuts text into tags and knows where in the file it stands.

    Bytes are taken as one character each, so that lengths are lengths in bytes. What a tag says is told once the next
    one begins, so that it does not matter how the text was cut.
    """

    def __init__(self) -> None:
        self.line = 1
        self.offset = 0
        """Bytes before the text that comes next."""
        self.follows_content = False
        """Whether something stands on the line before the text that comes next."""
        self._end_mark = ""
        """What ends the comment, section or instruction in hand; empty outside of them."""
        self._name, self._is_end = "", False
        self._tag_line = 1
        self._tag_offset: int | None = None
        self._value: list[str] = []
        self._value_length = 0

    @property
    def is_in_markup(self) -> bool:
        """Whether the text goes on inside a comment, section or instruction."""
        return bool(self._end_mark)

    def read(self, text: str) -> Iterator[Tag]:
        """Yield the tags of a text that ends before a `<` or behind a `>`; the last waits for what follows it.

        A `<` that begins nothing is text. Raises `UnreadableOfxError` for a document type and for a value that is too
        long.
        """
        if self._end_mark and self._end_mark not in text:
            self._add(text)
            self._pass(text)
            return
        pieces = text.split("<")
        self._add(pieces[0])
        self._pass(pieces[0])
        has_returns = "\r" in text
        for piece in pieces[1:]:
            found = None if self._end_mark else _TAG.match(piece)
            if found:
                yield self.take()
                self._name, self._is_end = found[2].upper(), bool(found[1])
                self._tag_line, self._tag_offset = self.line, self.offset if self.follows_content else None
                value = piece[found.end() :]
                self._value, self._value_length = [value], len(value)
                if self._value_length > VALUE_CHARACTERS_MAX:
                    raise value_too_long()
            else:
                self._add_markup(piece)
            self.line += count_line_ends(piece) if has_returns else piece.count("\n")
            self.offset += 1 + len(piece)
            self.follows_content = piece[-1:] not in _BLANK_ENDS or ends_with_content(piece, before=True)

    def take(self) -> Tag:
        """The tag that waits, complete: nothing of it can follow."""
        value = self._value
        tag = Tag(
            self._name,
            self._is_end,
            value[0] if len(value) == 1 else "".join(value),
            self._tag_line,
            self._tag_offset,
        )
        self._name, self._is_end, self._tag_line, self._value, self._value_length = "", False, self.line, [], 0
        return tag

    def skip(self, length: int, lines: int, *, follows_content: bool) -> None:
        """Pass over text that was read elsewhere."""
        self.offset += length
        self.line += lines
        self.follows_content = follows_content
        if not self._name and not self._value:
            self._tag_line = self.line

    def _pass(self, text: str) -> None:
        if text:
            self.skip(len(text), count_line_ends(text), follows_content=ends_with_content(text, self.follows_content))

    def _add_markup(self, piece: str) -> None:
        """Add a piece that is no tag: of a comment, section or instruction, or a `<` that is text."""
        if self._end_mark:
            self._add("<" + piece)
        elif piece.startswith("!--"):
            self._end_mark = "-->"
            self._add(piece[3:])
        elif piece.startswith("![CDATA["):
            self._end_mark = "]]>"
            self._add(piece[8:])
        elif piece.startswith("?"):
            self._end_mark = "?>"
            self._add(piece[1:])
        elif piece.startswith("!") and piece[1:2].isalpha():
            raise UnreadableOfxError("ofx.doctype", "the file declares a document type, which no bank file needs")
        else:
            self._add("<" + piece)

    def _add(self, text: str) -> None:
        """Add text to the value in hand; of a comment or an instruction nothing, of a section its content."""
        if self._end_mark:
            content, ended, rest = text.partition(self._end_mark)
            if self._end_mark == "]]>":
                # The content is text as it stands, while references are replaced in what is kept.
                self._keep(content.replace("&", "&amp;"))
            if not ended:
                return
            self._end_mark, text = "", rest
        self._keep(text)

    def _keep(self, text: str) -> None:
        if text:
            self._value.append(text)
            self._value_length += len(text)
            if self._value_length > VALUE_CHARACTERS_MAX:
                raise value_too_long()


def count_line_ends(text: str) -> int:
    """Line ends in a text that no line end is cut by: LF, CRLF or CR."""
    ends = text.count("\n")
    return ends + text.count("\r") - text.count("\r\n") if "\r" in text else ends


def ends_with_content(text: str, before: bool) -> bool:
    """Whether something stands on the last line of a text; `before` says so of what stands before the text."""
    rest = text.rstrip(" \t")
    if not rest:
        return before
    return rest[-1] not in BLANKS
