"""Values of OFX elements: texts, days and amounts, and the notes that reading them leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from re import ASCII, Match
from re import compile as compile_pattern
from typing import Final

from pawledger.bank_files.report import FileReport, Rule
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.errors import PawledgerError
from pawledger.domain.money import AmountError, parse_amount

VALUE_CHARACTERS_MAX: Final = 64 * 1024
"""Longest value: a memo ends at 255 characters, a vendor's at some thousand; more is no text, or meant to hurt."""
VALUE_SHOWN_MAX: Final = 40
"""Characters of the file that a message repeats, so that a hostile value cannot fill a log."""
BLANKS: Final = " \t\r\n"
"""What may stand around a value. Bytes above ASCII are not yet characters here, so that `str.strip` would cut text."""
ENCODINGS_READ: Final = frozenset(("1252", "windows-1252", "cp1252", "iso-8859-1", "8859-1", "latin1"))
"""Declared character sets for which a text that is not UTF-8 is no surprise."""

_TWO_DECIMALS: Final = compile_pattern(r"[-+]?[0-9]{1,18}\.[0-9]{2}(?:\x00[-+]?[0-9]{1,18}\.[0-9]{2})*")
_DECIMAL_COMMA: Final = compile_pattern(r"[-+]?[0-9]*,[0-9]+")
_REFERENCE: Final = compile_pattern(r"&(?:#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));", ASCII)
_NAMED_CHARACTERS: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}
_BETWEEN: Final = "\0"
"""Joins the values of a column: no value holds it, since a file with NUL bytes is refused."""


class UnreadableOfxError(PawledgerError):
    """The stream cannot be read on as OFX; `rule` names why."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(slots=True)
class Notes:
    """Problems of one file, and where the reading stands. Warnings are told once each: a bank's habit recurs."""

    report: FileReport
    line: int = 1
    """Line of what is being read."""
    encoding: str = ""
    """Character set that the header declares, in small letters; empty where it declares none."""
    _told: set[str] = field(default_factory=set)

    def once(self, rule: str, message: str, *, line: int | None = None) -> None:
        """Add a warning unless this rule was told before."""
        if rule not in self._told:
            self._told.add(rule)
            self.report.add(Rule.MEANING, rule, message, line=line or self.line)

    def add(self, kind: Rule, rule: str, message: str, *, field: str | None = None, line: int | None = None) -> None:
        """Add a problem at the current line, or at another one."""
        self.report.add(kind, rule, message, line=line or self.line, field=field)


def shown(text: str) -> str:
    """The text as a message may repeat it: quoted, escaped and cut."""
    return repr(text[:VALUE_SHOWN_MAX])


def decode(value: str) -> str:
    """The characters of a value whose bytes are given one character each: UTF-8, else Windows-1252, else Latin-1."""
    if value.isascii():
        return value
    content = value.encode("latin-1")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return value


def resolve(text: str) -> str:
    """Replace the references to characters that OFX and XML know; any other `&` is text."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(found: Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        return _NAMED_CHARACTERS[name]
    number = int(decimal) if decimal else int(hexadecimal, 16)
    is_character = 32 <= number < 0xD800 or 0xE000 <= number <= 0x10FFFF
    return chr(number) if is_character else found[0]


def read_text(value: str) -> str:
    """One value as text: decoded, references replaced, on one line."""
    text = resolve(decode(value.strip(BLANKS))).strip()
    return " ".join(text.split()) if "\n" in text or "\r" in text else text


def read_texts(column: Sequence[str | None]) -> list[str]:
    """A column of values as texts, each as `read_text` reads it; empty where there is no value.

    Raises `UnreadableOfxError` for a value that is longer than `VALUE_CHARACTERS_MAX`.
    """
    count = len(column)
    missing = column.count(None)
    if missing == count:
        return [""] * count
    joined = _BETWEEN.join([value or "" for value in column] if missing else column)  # type: ignore[arg-type]
    if len(joined) > VALUE_CHARACTERS_MAX and max(map(len, joined.split(_BETWEEN))) > VALUE_CHARACTERS_MAX:
        raise value_too_long()
    if not joined.isascii():
        return [read_text(value) for value in joined.split(_BETWEEN)]
    if "&" in joined:
        joined = resolve(joined)
    texts = [*map(str.strip, joined.split(_BETWEEN))]
    stripped = _BETWEEN.join(texts)
    if "\n" in stripped or "\r" in stripped:
        texts = [" ".join(text.split()) if "\n" in text or "\r" in text else text for text in texts]
    return texts


def value_too_long() -> UnreadableOfxError:
    message = f"a value, or a stretch without markup, is longer than {VALUE_CHARACTERS_MAX} characters"
    return UnreadableOfxError("ofx.value_too_long", message)


@lru_cache(maxsize=4096)
def read_day(text: str) -> date | None:
    """The day of a date whose first eight characters are `YYYYMMDD`; None where they are no day of the calendar."""
    if len(text) == 8 and text.isascii() and text.isdigit():
        try:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            pass
    return None


def read_amount(text: str, currency: str) -> int:
    """A signed amount in minor units of `currency`; the decimal mark is a point or a comma (OFX 2.2, section 3.2.9).

    Raises `AmountError` for anything else, and for decimals beyond the minor unit that are not zeros.
    """
    return parse_amount(text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text, currency)


def read_amounts(column: Sequence[str | None], currency: str) -> list[int | None]:
    """A column of amounts as `read_amount` reads them; None where one cannot be read."""
    texts = [(value or "").strip(BLANKS) for value in column]
    joined = _BETWEEN.join(texts)
    if MINOR_UNIT_DECIMALS[currency] == 2:
        if _TWO_DECIMALS.fullmatch(joined):
            return [*map(int, joined.replace(".", "").split(_BETWEEN))]
        if "." not in joined and _TWO_DECIMALS.fullmatch(joined.replace(",", ".")):
            return [*map(int, joined.replace(",", "").split(_BETWEEN))]
    return [_read_amount_or_none(text, currency) for text in texts]


def _read_amount_or_none(text: str, currency: str) -> int | None:
    try:
        return read_amount(text, currency)
    except AmountError:
        return None
