"""Fields 86 of MT940 read in columns: what is known of one of them stands at the same place in each.

A column at a time the work is done by loops inside the interpreter. Fields that tell of a return are left to
`mt940_information`, which reads one after the other.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Final, NamedTuple

from pawledger.bank_files.mt940_fields import NO_REFERENCES
from pawledger.bank_files.mt940_information import (
    IDENTIFIERS,
    RETURN_CODES,
    RETURN_TRACES,
    read_information,
    tells_of_return,
)

_SUB_FIELD_BREAKS: Final = re.compile(r"\?2[1-9]")
_BREAK_ELSEWHERE: Final = re.compile(r"\?(?!2)[0-9]{2}[^?\n]*+\?2[1-9]")
"""A sub-field of the purpose that goes on behind one of another kind."""
_ORDINARY_FIELDS: Final = re.compile(
    r"^([0-9]{3})\?00([^?\n]*+)(?:\?10[^?\n]*+)?\?20([^?\n]*+)(?:\?30[^?\n]*+)?(?:\?31([^?\n]*+))?"
    r"(?:\?32([^?\n]*+))?(?:\?33([^?\n]*+))?(?:\?34[^?\n]*+)?$",
    re.M,
)
"""A German structured field 86 whose sub-fields 20 to 29 were joined: code, posting text, purpose, account, name."""
_CODE: Final = re.compile(r"\n([0-9]{3})")
_PURPOSE_TAGS: Final = frozenset(f"2{digit}" for digit in range(10))
_TAGS: Final = _PURPOSE_TAGS | {"00", "10", "30", "31", "32", "33", "34"}
_ORDINARY_IDENTIFIERS: Final = ("SVWZ+", "CRED+", "MREF+", "KREF+", "EREF+")
"""In the reverse of their order; in another one a field is not ordinary."""

_OTHER_IDENTIFIERS: Final = tuple(f"{name}+" for name in IDENTIFIERS if f"{name}+" not in _ORDINARY_IDENTIFIERS)
_OTHER_WRITINGS: Final = tuple(f"{name}: " for name in IDENTIFIERS)
_NO_REFERENCE_CHARACTERS_MAX: Final = max(map(len, NO_REFERENCES))


class InformationColumns(NamedTuple):
    """What fields 86 say, a column each."""

    references: Sequence[tuple[str, ...]]
    mandate_ids: Iterable[str | None]
    accounts: Iterable[str | None]
    names: Iterable[str | None]
    texts: Sequence[str]


class _Structured(NamedTuple):
    """Sub-fields of the German structure, a column each; empty where a field has none."""

    postings: Sequence[str]
    purposes: Sequence[str]
    accounts: Sequence[str]
    names: Sequence[str]


def read_fields(fields: Sequence[str]) -> InformationColumns | None:
    """Read fields 86, of one dialect or each by itself; None where one of them tells of a return."""
    # Words may be broken over lines.
    unbroken = [field.replace("\n", "") for field in fields] if "\n" in "".join(fields) else fields
    structured = _split_alike(unbroken) or _split_structured(unbroken)
    if structured is not None:
        columns = _read_structured(structured)
        if columns is not None:
            return columns
    capitals = "\n".join(unbroken).upper()
    if any(trace in capitals for trace in RETURN_TRACES):
        return None
    each = [*map(read_information, fields)]
    if any(information.is_return for information in each):
        return None
    references, mandate_ids, accounts, names, texts, *_ = zip(*each, strict=True)
    return InformationColumns(references, mandate_ids, accounts, names, texts)


def are_references(texts: Sequence[str]) -> bool:
    """Whether none of them stands for a reference that is missing."""
    return min(map(len, texts)) > _NO_REFERENCE_CHARACTERS_MAX or NO_REFERENCES.isdisjoint(map(str.upper, texts))


def _split_alike(fields: Sequence[str]) -> _Structured | None:
    """Sub-fields where all fields have the same ones, in the order of their numbers, else None."""
    # Behind the line feed a field begins, so that where every column begins alike no field lent another a sub-field.
    cells = ("\n" + "?\n".join(fields)).split("?")
    width, surplus = divmod(len(cells), len(fields))
    if surplus or not 3 <= width <= len(_TAGS) + 1 or not _are_money_in_or_out(cells[::width]):
        return None
    columns: dict[str, Sequence[str]] = {}
    last_tag = ""
    for place in range(1, width):
        column = cells[place::width]
        tag = min(column)[:2]
        # All texts between two in order that begin alike begin with the same.
        if tag not in _TAGS or tag <= last_tag or max(column)[:2] != tag:
            return None
        columns[tag], last_tag = column, tag
    if "00" not in columns or "20" not in columns:
        return None
    nothing = [""] * len(fields)
    purposes = _behind_tag(columns["20"])
    for tag in sorted(_PURPOSE_TAGS.intersection(columns) - {"20"}):
        purposes = [*map(str.__add__, purposes, _behind_tag(columns[tag]))]
    names = _behind_tag(columns["32"]) if "32" in columns else nothing
    if "33" in columns:
        names = [*map(str.__add__, names, _behind_tag(columns["33"]))]
    accounts = _behind_tag(columns["31"]) if "31" in columns else nothing
    return _Structured(_behind_tag(columns["00"]), purposes, accounts, names)


def _behind_tag(column: Sequence[str]) -> list[str]:
    return [cell[2:] for cell in column]


def _are_money_in_or_out(codes: Sequence[str]) -> bool:
    """Whether these are codes, each behind a line feed, and none of them is that of money that goes back."""
    found = [*map(_CODE.fullmatch, set(codes))]
    return all(code is not None and code[1] not in RETURN_CODES for code in found)


def _split_structured(fields: Sequence[str]) -> _Structured | None:
    """Sub-fields where each field has those of the ordinary kind, be they others than those of the next, else None."""
    together = "\n".join(fields)
    if "?6" in together or _BREAK_ELSEWHERE.search(together):
        return None
    found = _ORDINARY_FIELDS.findall(_SUB_FIELD_BREAKS.sub("", together))
    if len(found) != len(fields):
        return None
    codes, postings, purposes, accounts, names, more_names = zip(*found, strict=True)
    if not RETURN_CODES.isdisjoint(codes):
        return None
    return _Structured(postings, purposes, accounts, [*map(str.__add__, names, more_names)])


def _read_structured(structured: _Structured) -> InformationColumns | None:
    """Read sub-fields with identifiers in their usual order; None where they have another, or tell of a return."""
    postings = structured.postings
    if any(map(tells_of_return, set(postings))):
        return None
    values = _split_purposes(structured.purposes)
    if values is None:
        return None
    nothing = [""] * len(postings)
    texts = values.get("SVWZ+", nothing)
    if "" in texts:
        texts = [text or posting for text, posting in zip(texts, postings, strict=True)]
    mandate_ids: Iterable[str | None] = repeat(None)
    if "MREF+" in values:
        mandate_ids = [value if value.upper() not in NO_REFERENCES else None for value in values["MREF+"]]
    accounts = [*map(str.strip, structured.accounts)]
    if " " in "".join(accounts):
        accounts = [account.replace(" ", "") for account in accounts]
    names = [*map(str.strip, structured.names)]
    references = _references_of(values.get("EREF+", nothing), values.get("KREF+", nothing))
    return InformationColumns(references, mandate_ids, _none_for_empty(accounts), _none_for_empty(names), texts)


def _none_for_empty(texts: Sequence[str]) -> Iterable[str | None]:
    return [text or None for text in texts] if "" in texts else texts


def _split_purposes(purposes: Sequence[str]) -> Mapping[str, Sequence[str]] | None:
    """What follows each ordinary identifier, a column each; None where a purpose has others or another order."""
    together = "\n".join(purposes)
    if ": " in together and any(other in together for other in _OTHER_WRITINGS):
        return None
    identifiers = [identifier for identifier in _ORDINARY_IDENTIFIERS if identifier in purposes[0]]
    if together.count("+") == len(identifiers) * len(purposes):
        values = _split_alike_purposes(purposes, identifiers)
        if values is not None:
            return values
    return _split_each_purpose(purposes)


def _split_alike_purposes(purposes: Sequence[str], identifiers: Sequence[str]) -> Mapping[str, Sequence[str]] | None:
    """As `_split_purposes`, for purposes that have one plus sign for each of the identifiers; None unless they are
    those of the identifiers."""
    values: dict[str, Sequence[str]] = {}
    for identifier in identifiers:
        purposes, found, behind = zip(*[purpose.partition(identifier) for purpose in purposes], strict=True)
        if found.count(identifier) != len(found):
            return None
        values[identifier] = [*map(str.strip, behind)]
    # What is left over is text before the first identifier.
    return None if any(purposes) else values


def _split_each_purpose(purposes: Sequence[str]) -> Mapping[str, Sequence[str]] | None:
    """As `_split_purposes`, for purposes of which some lack an identifier, or hold other plus signs."""
    together = "\n".join(purposes)
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
        return [*zip(end_to_end, strict=True)]
    return [
        tuple(dict.fromkeys(text for text in pair if text and text.upper() not in NO_REFERENCES))
        for pair in zip(end_to_end, own, strict=True)
    ]
