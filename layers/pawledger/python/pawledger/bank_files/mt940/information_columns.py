"""Fields 86 of MT940 read in columns: what is known of one of them stands at the same place in each.

A column at a time the work is done by loops inside the interpreter. Fields that tell of a return are left to
`mt940_information`, which reads one after the other.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Final, NamedTuple

from pawledger.bank_files.mt940.fields import NO_REFERENCES
from pawledger.bank_files.mt940.information import (
    IDENTIFIERS,
    RETURN_CODES,
    RETURN_TRACES,
    read_information,
    tells_of_return,
)

_TAG: Final = ":86:"
_SUB_FIELD_BREAKS: Final = re.compile(r"\?2[1-9]")
_BREAK_ELSEWHERE: Final = re.compile(r"\?(?!2)[0-9]{2}[^?\n]*+\?2[1-9]")
"""A sub-field of the purpose that goes on behind one of another kind."""
_ORDINARY_FIELDS: Final = re.compile(
    r"^:86:([0-9]{3})\?(00[^?\n]*+)(?:\?10[^?\n]*+)?\?(20[^?\n]*+)(?:\?30[^?\n]*+)?(?:\?(31[^?\n]*+))?"
    r"(?:\?(32[^?\n]*+))?(?:\?(33[^?\n]*+))?(?:\?34[^?\n]*+)?$",
    re.M,
)
"""A German structured field 86 whose sub-fields 20 to 29 were joined: code, posting text, purpose, account, name."""
_CODE: Final = re.compile(r"\n:86:([0-9]{3})")
_PURPOSE_NUMBERS: Final = tuple(f"2{digit}" for digit in range(10))
_UNREAD_NUMBERS: Final = frozenset({"10", "30", "34"})
"""Sub-fields of which nothing is kept: a number of the posting, the payer's bank, a key."""
_NUMBERS: Final = frozenset({*_PURPOSE_NUMBERS, *_UNREAD_NUMBERS, "00", "31", "32", "33"})
_ORDINARY_IDENTIFIERS: Final = ("SVWZ+", "CRED+", "MREF+", "KREF+", "EREF+")
"""In the reverse of their order; in another one a field is not ordinary."""

_OTHER_IDENTIFIERS: Final = tuple(f"{name}+" for name in IDENTIFIERS if f"{name}+" not in _ORDINARY_IDENTIFIERS)
_OTHER_WRITINGS: Final = tuple(f"{name}: " for name in IDENTIFIERS)
_LENGTHS_OF_NO_REFERENCES: Final = frozenset(map(len, NO_REFERENCES))


class _SubField(NamedTuple):
    """One sub-field of the German structure, a column."""

    texts: Sequence[str]
    """What stands behind the number, and behind the identifier if there is one; empty where its field lacks that."""
    identifier: str
    """What follows the number in all fields if it is an ordinary identifier, else empty."""


_SubFields = Mapping[str, _SubField]
"""By their number."""
_Values = Mapping[str, Sequence[str]]
"""What stands behind each identifier of a purpose, a column each."""


class InformationColumns(NamedTuple):
    """What fields 86 say, a column each."""

    references: Sequence[tuple[str, ...]]
    mandate_ids: Iterable[str | None]
    accounts: Iterable[str | None]
    names: Iterable[str | None]
    texts: Sequence[str]


def read_fields(fields: Sequence[str]) -> InformationColumns | None:
    """Read fields 86, each from its tag on, of one dialect or each by itself; None where one tells of a return."""
    # Words may be broken over lines.
    unbroken = [field.replace("\n", "") for field in fields] if "\n" in "".join(fields) else fields
    sub_fields = _split_alike(unbroken) or _split_ordinary(unbroken)
    columns = None if sub_fields is None else _read_structured(sub_fields)
    if columns is not None:
        return columns
    capitals = "\n".join(unbroken).upper()
    if any(trace in capitals for trace in RETURN_TRACES):
        return None
    each = [read_information(field.removeprefix(_TAG)) for field in fields]
    if any(information.is_return for information in each):
        return None
    references, mandate_ids, accounts, names, texts, *_ = zip(*each, strict=True)
    return InformationColumns(references, mandate_ids, accounts, names, texts)


def are_references(texts: Sequence[str]) -> bool:
    """Whether none of them stands for a reference that is missing."""
    if _LENGTHS_OF_NO_REFERENCES.isdisjoint(map(len, texts)):
        return True
    return NO_REFERENCES.isdisjoint(map(str.upper, texts))


def _split_alike(fields: Sequence[str]) -> _SubFields | None:
    """Sub-fields where all fields have the same ones, in the order of their numbers, else None."""
    # Behind the line feed a field begins, so that where every column begins alike no field lent another a sub-field.
    cells = ("\n" + "?\n".join(fields)).split("?")
    width, surplus = divmod(len(cells), len(fields))
    if surplus or not 3 <= width <= len(_NUMBERS) + 1 or not _are_money_in_or_out(cells[::width]):
        return None
    sub_fields: dict[str, _SubField] = {}
    before = ""
    for place in range(1, width):
        column = cells[place::width]
        number = column[0][:2]
        sub_field = _read_column(column, number) if before < number and number in _NUMBERS else None
        if sub_field is None:
            return None
        sub_fields[number], before = sub_field, number
    return sub_fields if "00" in sub_fields and "20" in sub_fields else None


def _read_column(column: Sequence[str], number: str) -> _SubField | None:
    """A sub-field of each field; None unless all begin with this number."""
    # A cell holds a line feed only where it begins a field, which begins with no number.
    together = "\n" + "\n".join(column)
    if number in _UNREAD_NUMBERS:
        return _SubField((), "") if together.count(f"\n{number}") == len(column) else None
    identifier = column[0][2:7]
    for begin in (identifier, "") if identifier in _ORDINARY_IDENTIFIERS else ("",):
        # To split and to compare at once takes half as long as one after the other.
        nothing, *texts = together.split(f"\n{number}{begin}")
        if not nothing and len(texts) == len(column):
            return _SubField(texts, begin)
    return None


def _are_money_in_or_out(codes: Sequence[str]) -> bool:
    """Whether fields begin with these codes, and none of them is that of money that goes back."""
    found = [*map(_CODE.fullmatch, set(codes))]
    return all(code is not None and code[1] not in RETURN_CODES for code in found)


def _split_ordinary(fields: Sequence[str]) -> _SubFields | None:
    """Sub-fields where each field has those of the ordinary kind, be they others than those of the next, else None."""
    together = "\n".join(fields)
    if "?6" in together or _BREAK_ELSEWHERE.search(together):
        return None
    found = _ORDINARY_FIELDS.findall(_SUB_FIELD_BREAKS.sub("", together))
    if len(found) != len(fields):
        return None
    codes, *columns = zip(*found, strict=True)
    if not RETURN_CODES.isdisjoint(codes):
        return None
    numbers = ("00", "20", "31", "32", "33")
    return {number: _SubField(_behind_number(column), "") for number, column in zip(numbers, columns, strict=True)}


def _read_structured(sub_fields: _SubFields) -> InformationColumns | None:
    """Read sub-fields with ordinary identifiers; None where they have others, or tell of a return."""
    postings = sub_fields["00"].texts
    if any(map(tells_of_return, set(postings))):
        return None
    values = _split_at_sub_fields(sub_fields) or _split_purposes(_join_purposes(sub_fields))
    if values is None:
        return None
    nothing = [""] * len(postings)
    texts = values.get("SVWZ+", nothing)
    if "" in texts:
        texts = [text or posting for text, posting in zip(texts, postings, strict=True)]
    mandate_ids: Iterable[str | None] = repeat(None)
    if "MREF+" in values:
        mandate_ids = [value if value.upper() not in NO_REFERENCES else None for value in values["MREF+"]]
    accounts = _joined(sub_fields, "31")
    if " " in "".join(accounts):
        accounts = [account.replace(" ", "") for account in accounts]
    names = _joined(sub_fields, "32", "33")
    references = _references_of(values.get("EREF+", nothing), values.get("KREF+", nothing))
    return InformationColumns(references, mandate_ids, _none_for_empty(accounts), _none_for_empty(names), texts)


def _joined(sub_fields: _SubFields, *numbers: str) -> Sequence[str]:
    """What stands in these sub-fields, one behind the other, without blanks around it."""
    columns = [sub_fields[number].texts for number in numbers if number in sub_fields]
    if not columns:
        return [""] * len(sub_fields["00"].texts)
    return tuple(map(str.strip, columns[0] if len(columns) == 1 else map("".join, zip(*columns, strict=True))))


def _behind_number(cells: Sequence[str]) -> list[str]:
    return [cell[2:] for cell in cells]


def _none_for_empty(texts: Sequence[str]) -> Iterable[str | None]:
    return [text or None for text in texts] if "" in texts else texts


def _split_at_sub_fields(sub_fields: _SubFields) -> _Values | None:
    """What stands behind each identifier where all of them begin a sub-field, the same in every field, else None."""
    values: dict[str, Sequence[str]] = {}
    together = ""
    identifier = ""
    for number in _PURPOSE_NUMBERS:
        if number not in sub_fields:
            continue
        texts, begin = sub_fields[number]
        if begin and begin not in values:
            identifier = begin
            values[identifier] = texts
        elif identifier and not begin:
            values[identifier] = [*map(str.__add__, values[identifier], texts)]
        else:
            return None
        together += "".join(texts)
    # Without a plus sign and a colon there is no other identifier.
    if ":" in together or "+" in together:
        return None
    return {identifier: tuple(map(str.strip, column)) for identifier, column in values.items()}


def _join_purposes(sub_fields: _SubFields) -> Sequence[str]:
    columns = [
        [f"{identifier}{text}" for text in texts] if identifier else texts
        for texts, identifier in (sub_fields[number] for number in _PURPOSE_NUMBERS if number in sub_fields)
    ]
    return columns[0] if len(columns) == 1 else [*map("".join, zip(*columns, strict=True))]


def _split_purposes(purposes: Sequence[str]) -> _Values | None:
    """What stands behind each identifier; None where a purpose has others than the ordinary or another order."""
    together = "\n".join(purposes)
    if ": " in together and any(other in together for other in _OTHER_WRITINGS):
        return None
    identified = sum(map(together.count, _ORDINARY_IDENTIFIERS))
    if together.count("+") != identified and any(other in together for other in _OTHER_IDENTIFIERS):
        return None
    values: dict[str, Sequence[str]] = {}
    for identifier in _ORDINARY_IDENTIFIERS:
        if identifier not in together:
            continue
        parts = [purpose.partition(identifier) for purpose in purposes]
        values[identifier] = column = [part[2].strip() for part in parts]
        purposes = [part[0] for part in parts]
        together = "\n".join(purposes)
        identified -= len(parts) - [part[1] for part in parts].count("")
        if identifier in "\n".join(column):
            return None
    # What is left over is text before the first identifier, or an identifier out of its order.
    return None if any(purposes) or identified else values


def _references_of(end_to_end: Sequence[str], own: Sequence[str]) -> Sequence[tuple[str, ...]]:
    if not any(own) and are_references(end_to_end):
        return tuple(zip(end_to_end, strict=True))
    return [
        tuple(dict.fromkeys(text for text in pair if text and text.upper() not in NO_REFERENCES))
        for pair in zip(end_to_end, own, strict=True)
    ]
