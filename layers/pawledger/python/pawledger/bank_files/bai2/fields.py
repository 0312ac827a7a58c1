"""Fields of BAI2 records: days, amounts, counts, funds types, and how continuations join."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from re import compile as compile_pattern
from typing import Final, NamedTuple

from pawledger.bank_files.bai2.codes import DETAIL_DIRECTIONS, STATUS_CODES, SUMMARY_CODES
from pawledger.bank_files.report import FileReport, Rule
from pawledger.domain.errors import PawledgerError

RECORD_CHARACTERS_MAX: Final = 64 * 1024
"""Longest record with its continuations: all type codes there are with long amounts take a third of it."""
AMOUNT_DIGITS_MAX: Final = 24
"""Most digits of an amount, zero filling included: 18 hold every amount of money there is, banks fill up to 17."""
DISTRIBUTED_AVAILABILITIES_MAX: Final = 99
"""Most (days, amount) pairs of one funds type D; a larger number is a slipped field, not an availability."""
IDENTIFIER_CHARACTERS_MAX: Final = 128
"""Longest field of a file or group header, and account number: thousands of them are kept until the stream ends."""
VALUE_SHOWN_MAX: Final = 40
"""Characters of the file that a message repeats, so that a hostile field cannot fill a log."""

_AFTER_RECORD_CODE: Final = frozenset((",", "/", " ", ""))
_TIME: Final = compile_pattern(r"(?:[01][0-9]|2[0-3])[0-5][0-9]|2400|9999|")
_CLOCK_TIME: Final = compile_pattern(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?")
_EXTRA_FIELDS: Final = {"": 0, "Z": 0, "0": 0, "1": 0, "2": 0, "S": 3, "V": 2}
FUNDS_WITHOUT_EXTRA_FIELDS: Final = frozenset(("", "Z", "0", "1", "2"))


class UnreadableRecordError(PawledgerError):
    """A record that cannot be read as BAI2; `rule` and `field` name what is wrong with it."""

    def __init__(self, rule: str, field_name: str | None, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.field_name = field_name


@dataclass(slots=True)
class Notes:
    """Warnings of one file, each told once: a bank's habit recurs on every line and would bury the rest."""

    report: FileReport
    line: int = 0
    """Line of the record being read."""
    _told: set[str] = field(default_factory=set)

    def once(self, rule: str, message: str, *, key: str = "") -> None:
        """Add a warning at the current line unless it was already told for this rule and `key`."""
        told = f"{rule} {key}"
        if told not in self._told:
            self._told.add(told)
            self.report.add(Rule.MEANING, rule, message, line=self.line)


def shown(text: str) -> str:
    """The text as a message may repeat it: quoted, escaped and cut."""
    return repr(text[:VALUE_SHOWN_MAX])


@lru_cache(maxsize=1024)
def read_day(text: str, field_name: str) -> date:
    """Read `YYMMDD`; the century is 2000, since the format has none and older statements are not billed from.

    Raises `UnreadableRecordError` for anything that is not a day of the calendar.
    """
    if len(text) == 6 and text.isascii() and text.isdigit():
        try:
            return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
        except ValueError:
            pass
    raise UnreadableRecordError("bai2.day", field_name, f"{shown(text)} is not a day written YYMMDD")


def check_time(text: str, notes: Notes) -> None:
    """Warn about a time that is not `HHMM`, 2400 or 9999 (end of day). No money hangs on a time, so none is refused."""
    if not _TIME.fullmatch(text):
        kind = "clock time" if _CLOCK_TIME.fullmatch(text) else "not a time"
        notes.once("bai2.time", f"{shown(text)} is {kind}, expected HHMM", key=kind)


def read_amount(text: str, field_name: str, notes: Notes) -> int | None:
    """Read an amount in minor units: digits with an optional sign; None where the field is blank.

    Raises `UnreadableRecordError` for anything else, and for more than `AMOUNT_DIGITS_MAX` digits.
    """
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits:
        if text:
            raise UnreadableRecordError("bai2.amount", field_name, f"{shown(text)} is not an amount")
        return None
    if len(digits) > AMOUNT_DIGITS_MAX or not digits.isascii() or not digits.isdigit():
        raise UnreadableRecordError("bai2.amount", field_name, f"{shown(text)} is not an amount in minor units")
    if text[0] == "+" or (digits[0] == "0" and len(digits) > 1):
        notes.once("bai2.amount_padded", "amounts are written with a plus sign or leading zeros")
    return -int(digits) if text[0] == "-" else int(digits)


def read_count(text: str, field_name: str) -> int | None:
    """Read a number of items or records; None where the field is blank. Raises `UnreadableRecordError`."""
    if not text:
        return None
    if len(text) > AMOUNT_DIGITS_MAX or not text.isascii() or not text.isdigit():
        raise UnreadableRecordError("bai2.count", field_name, f"{shown(text)} is not a number")
    return int(text)


def is_continuation(line: str) -> bool:
    """Say whether a line goes on with the record before it (88)."""
    return line[:2] == "88" and line[2:3] in _AFTER_RECORD_CODE


def end_of_record(lines: Sequence[str], position: int) -> int:
    """Position of the first line from `position` on that is no continuation (88)."""
    while position < len(lines) and is_continuation(lines[position]):
        position += 1
    return position


def record_too_long() -> UnreadableRecordError:
    message = f"record is longer than {RECORD_CHARACTERS_MAX} characters with its continuations"
    return UnreadableRecordError("bai2.record_too_long", None, message)


def split_control_record(lines: list[str], notes: Notes) -> list[str]:
    """Fields of a record without text (01, 02, 03, 49, 98, 99) and its continuations, record code first.

    A continuation goes on with the next field, wherever in a group of fields the line ended.
    """
    if sum(map(len, lines)) > RECORD_CHARACTERS_MAX:
        raise record_too_long()
    fields: list[str] = []
    for index, line in enumerate(lines):
        body = line.rstrip(" ")
        if body != line:
            notes.once("bai2.blank_padding", "records are filled up with blanks")
        if body.endswith("/"):
            body = body[:-1]
        else:
            notes.once("bai2.slash_missing", f"record {lines[0][:2]} does not end with '/'", key=lines[0][:2])
        fields.extend(_continued(body, notes) if index else body.split(","))
    return fields


def _continued(body: str, notes: Notes) -> list[str]:
    rest = body[3:]
    if not rest:
        notes.once("bai2.empty_continuation", "continuation record 88 without content")
        return []
    return rest.split(",")


def extra_field_count(fields: list[str], position: int) -> int:
    """How many availability fields follow the funds type at `position`: S three, V two, D one and two per pair.

    Raises `UnreadableRecordError` for a funds type that does not exist.
    """
    funds_type = fields[position] if position < len(fields) else ""
    if funds_type == "D":
        pairs = read_count(fields[position + 1], "availability_count") if position + 1 < len(fields) else 0
        if pairs is None or pairs > DISTRIBUTED_AVAILABILITIES_MAX:
            raise UnreadableRecordError("bai2.funds_type", "availability_count", "funds type D without its pair count")
        return 1 + 2 * pairs
    extra = _EXTRA_FIELDS.get(funds_type)
    if extra is None:
        raise UnreadableRecordError("bai2.funds_type", "funds_type", f"{shown(funds_type)} is not a funds type")
    return extra


class Balance(NamedTuple):
    """One (type, amount, item count) of an account record; amount and count are None where they are blank."""

    type_code: str
    amount_minor: int | None
    item_count: int | None


def read_balances(fields: list[str], notes: Notes) -> list[Balance]:
    """Status and summary amounts of an account record, whose fields are given from the record code on.

    Empty fields where a type code is due are skipped: a type without code has no meaning, and some banks end a
    continued record with one comma too many. Raises `UnreadableRecordError`.
    """
    balances = []
    position, skipped = 3, 0
    while position < len(fields):
        type_code = fields[position]
        if not type_code:
            position, skipped = position + 1, skipped + 1
            continue
        if skipped % 4:
            notes.once("bai2.empty_field", "empty field where a type code is due")
        check_type_code(type_code)
        amount = read_amount(fields[position + 1] if position + 1 < len(fields) else "", "amount", notes)
        count = read_count(fields[position + 2] if position + 2 < len(fields) else "", "item_count")
        balances.append(Balance(type_code, amount, count))
        position, skipped = position + 4 + extra_field_count(fields, position + 3), 0
    return balances


def check_type_code(text: str) -> None:
    """Raise `UnreadableRecordError` for a type code that is not three digits."""
    if len(text) != 3 or not text.isascii() or not text.isdigit():
        raise UnreadableRecordError("bai2.type_code", "type_code", f"{shown(text)} is not a three-digit type code")


def check_known(type_code: str, notes: Notes) -> None:
    """Warn, once for each, about type codes that the specification does not list."""
    if type_code not in DETAIL_DIRECTIONS and type_code not in SUMMARY_CODES and type_code not in STATUS_CODES:
        notes.once("bai2.type_code_unknown", f"type code {type_code} is not a listed one", key=type_code)


class Detail(NamedTuple):
    """Fields of a detail record (16) as written, and the day a funds type V makes the money available."""

    type_code: str
    amount: str
    bank_reference: str
    customer_reference: str
    text: str
    value_on: date | None


def split_detail(lines: list[str], notes: Notes) -> Detail:
    """Take a detail record and its continuations apart: fields up to the customer reference, the rest is text.

    The text begins after the customer reference, or on the continuation after it, and may hold commas and slashes.
    Raises `UnreadableRecordError`.
    """
    if sum(map(len, lines)) > RECORD_CHARACTERS_MAX:
        raise record_too_long()
    fields = _without_slash(lines[0]).split(",")
    reached = 1
    while len(fields) <= (text_position := 6 + extra_field_count(fields, 3)) and reached < len(lines):
        if not lines[reached - 1].rstrip(" ").endswith("/"):
            notes.once("bai2.slash_missing", "record 16 goes on in an 88 and does not end with '/'", key="16")
        fields.extend(_continued(_without_slash(lines[reached]), notes))
        reached += 1
    if len(fields) <= text_position and not lines[reached - 1].rstrip(" ").endswith("/"):
        notes.once("bai2.slash_missing", "record 16 has no text and does not end with '/'", key="16")
    value_on = read_day(fields[4], "value_date") if fields[3:4] == ["V"] and len(fields) > 4 and fields[4] else None
    fields.extend([""] * (text_position + 1 - len(fields)))
    bank_reference, customer_reference = fields[text_position - 2 : text_position]
    text = continue_text(_without_slash(",".join(fields[text_position:])).strip(), lines[reached:])
    return Detail(fields[1], fields[2], bank_reference, customer_reference, text, value_on)


def continue_text(text: str, continuations: list[str]) -> str:
    """Text with that of its continuations, joined by one blank, without closing slashes and padding.

    Raises `UnreadableRecordError` for more than `RECORD_CHARACTERS_MAX`.
    """
    parts = [text] if text else []
    for continuation in continuations:
        part = continuation[3:].rstrip(" ").removesuffix("/").strip()
        if part:
            parts.append(part)
    joined = " ".join(parts)
    if len(joined) > RECORD_CHARACTERS_MAX:
        raise record_too_long()
    return joined


def _without_slash(line: str) -> str:
    return line.rstrip(" ").removesuffix("/")
