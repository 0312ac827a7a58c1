"""JSON pages of an API, read in bounded memory: the elements of their lists one by one."""

from codecs import getincrementaldecoder
from collections.abc import Iterator
from json import JSONDecoder, dumps
from re import compile as compile_pattern
from typing import Any, BinaryIO, Final, NamedTuple, NoReturn

from pawledger.bank_files.provider_rows import UnreadableReportError, shown

BLOCK_BYTES: Final = 64 * 1024
"""Read size; at the end of each block one element is tried again with the next."""
VALUE_CHARACTERS_MAX: Final = 256 * 1024
"""Longest element, or value that is no list: resources are below 10,000 characters, `linked` ones a page of them."""
ELEMENTS_MAX: Final = 5_000_000
"""Most elements of one file: a page has at most 500, and a day's payouts come in some thousand pages."""

_BLANKS: Final = compile_pattern(r"[ \t\r\n]*")


class Element(NamedTuple):
    """One element of a list at the top level, or the whole value of a key that is no list."""

    key: str
    value: Any
    document: int
    """Which of the pages of the file it stands in, from 1."""
    line: int
    offset: int


class JsonPages:
    """Iterates over the elements of JSON objects that follow one another in a stream.

    Iterating raises `UnreadableReportError` where the text is no JSON, or no object of lists, and whatever the stream
    itself raises.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = getincrementaldecoder("utf-8-sig")()
        self._json = JSONDecoder(parse_float=str, parse_constant=_refuse_constant)
        self._text = ""
        self._place = 0
        self._counted = 0
        self._line = 1
        self._offset = 0
        self._ended = False

    def __iter__(self) -> Iterator[Element]:
        document = 0
        while self._next_character():
            document += 1
            self._expect("{")
            if self._next_character() == "}":
                self._place += 1
                continue
            yield from self._read_object(document)
        if not document:
            raise UnreadableReportError("empty", "file is empty")

    def _read_object(self, document: int) -> Iterator[Element]:
        more = True
        while more:
            self._next_character()
            key = self._decode()
            if not isinstance(key, str):
                self._refuse(f"expected a name, found {shown(str(key))}")
            self._expect(":")
            if self._next_character() == "[":
                self._place += 1
                yield from self._read_list(key, document)
            else:
                line, offset = self._position()
                yield Element(key, self._decode(), document, line, offset)
            more = self._has_next("}")

    def _read_list(self, key: str, document: int) -> Iterator[Element]:
        if self._next_character() == "]":
            self._place += 1
            return
        count = 0
        more = True
        while more:
            count += 1
            if count > ELEMENTS_MAX:
                self._refuse(f"more than {ELEMENTS_MAX} elements in one list", rule="too_many_elements")
            self._next_character()
            line, offset = self._position()
            yield Element(key, self._decode(), document, line, offset)
            more = self._has_next("]")

    def _has_next(self, end: str) -> bool:
        """Whether a comma follows, and not `end`, which is passed."""
        character = self._next_character()
        if character not in (",", end):
            self._refuse(f"expected a comma or {end}, found {shown(character or 'the end of the file')}")
        self._place += 1
        return character == ","

    def _expect(self, character: str) -> None:
        found = self._next_character()
        if found != character:
            self._refuse(f"expected {character}, found {shown(found or 'the end of the file')}")
        self._place += 1

    def _next_character(self) -> str:
        """Pass blanks; the character after them, which is not passed; empty at the end of the stream."""
        if self._place < len(self._text) and self._text[self._place] > " ":
            return self._text[self._place]
        while True:
            found = _BLANKS.match(self._text, self._place)
            self._place = found.end() if found else self._place
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._read_more():
                return ""

    def _decode(self) -> Any:
        """The value at the current place, which is passed."""
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._place)
                if self._text.find("\\u", self._place, end) >= 0:
                    # Half of a surrogate pair is no character: it could be stored nowhere.
                    dumps(value, ensure_ascii=False).encode()
            except UnicodeEncodeError:
                self._refuse("a text holds half of a surrogate pair", rule="encoding")
            except RecursionError:
                self._refuse("values are nested too deeply", rule="json_depth")
            except ValueError as error:
                if len(self._text) - self._place > VALUE_CHARACTERS_MAX or not self._read_more():
                    self._refuse(f"text is not JSON: {error.args[0][:80]}")
            else:
                if end < len(self._text) or not self._read_more():
                    self._place = end
                    return value
                # A number may go on in the next block.

    def _read_more(self) -> bool:
        """Drop what was passed and read a block; False at the end of the stream."""
        self._position()
        if self._ended:
            return False
        self._text = self._text[self._place :]
        self._place = self._counted = 0
        block = self._stream.read(BLOCK_BYTES)
        self._ended = not block
        try:
            self._text += self._decoder.decode(block, final=self._ended)
        except UnicodeDecodeError:
            self._refuse("text is not UTF-8", rule="encoding")
        return True

    def _position(self) -> tuple[int, int]:
        """Line (from 1) and byte (from 0) of the current place."""
        if self._place == self._counted:
            return self._line, self._offset
        passed = self._text[self._counted : self._place]
        self._line += passed.count("\n")
        self._offset += len(passed) if passed.isascii() else len(passed.encode())
        self._counted = self._place
        return self._line, self._offset

    def _refuse(self, message: str, *, rule: str = "json") -> NoReturn:
        line, _ = self._position()
        raise UnreadableReportError(rule, message, line=line)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")
