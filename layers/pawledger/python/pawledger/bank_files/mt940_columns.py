"""Ordinary movements of MT940 read in columns: what is known of one of them stands at the same place in each.

A column at a time the work is done by loops inside the interpreter. A run in which anything is odd is left to
`mt940_entries`, which reads one movement after the other and tells what is odd.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Final, NamedTuple

from pawledger.bank_files.mt940_fields import NO_REFERENCES, UnreadableFieldError, read_day, read_entry_day
from pawledger.bank_files.mt940_information import (
    IDENTIFIERS,
    RETURN_CODES,
    RETURN_TRACES,
    Information,
    checksum_of,
    read_information,
)
from pawledger.bank_files.mt940_statement import Statement
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

MOVEMENTS_MIN: Final = 4
"""Fewer are read as quickly one by one."""

_SUB_FIELD_BREAKS: Final = re.compile(r"\?2[1-9]")
_ORDINARY_FIELDS: Final = re.compile(
    r"^([0-9]{3})\?00([^?\n]*+)(?:\?10[^?\n]*+)?\?20([^?\n]*+)(?:\?30[^?\n]*+)?(?:\?31([^?\n]*+))?"
    r"(?:\?32([^?\n]*+))?(?:\?33([^?\n]*+))?(?:\?34[^?\n]*+)?$",
    re.M,
)
"""A German structured field 86 whose sub-fields 20 to 29 were joined: code, posting text, purpose, account, name."""
_ORDINARY_IDENTIFIERS: Final = ("SVWZ+", "CRED+", "MREF+", "KREF+", "EREF+")
"""In the reverse of their order; in another one a field is not ordinary."""

_OTHER_IDENTIFIERS: Final = tuple(f"{name}+" for name in IDENTIFIERS if f"{name}+" not in _ORDINARY_IDENTIFIERS)
_OTHER_WRITINGS: Final = tuple(f"{name}: " for name in IDENTIFIERS)

_DIRECTIONS: Final = {"C": Direction.CREDIT, "D": Direction.DEBIT}
_new_entry: Final = tuple.__new__
"""Builds a named tuple from its fields in order: about half the cost of calling the class, which only adds names."""


class _InformationColumns(NamedTuple):
    """What fields 86 say, a column each."""

    references: Sequence[tuple[str, ...]]
    mandate_ids: Sequence[str | None]
    accounts: Sequence[str | None]
    names: Sequence[str | None]
    texts: Sequence[str]


def read_in_columns(
    statement: Statement, found: Sequence[tuple[str, ...]], lines: Sequence[int]
) -> list[StatementEntry] | None:
    """Count movements, given as the groups of `mt940_entries.ENTRIES`, and return their entries.

    None, and nothing counted, where one of them is not of the ordinary kind: a reversal, an amount not written out to
    the minor unit, supplementary lines, a return, no field 86.
    """
    currency = statement.currency
    decimals = MINOR_UNIT_DECIMALS.get(currency or "", 0)
    if not decimals or currency is None or statement.is_interim or len(found) < MOVEMENTS_MIN:
        return None
    days, entry_days, marks, _, amounts, type_codes, reference_texts, supplementary, fields = zip(*found, strict=True)
    if any(supplementary) or "" in entry_days or None in fields or not _DIRECTIONS.keys() >= set(marks):
        return None
    if {amount[-1 - decimals : -decimals] for amount in amounts} != {","} or "NRTI" in type_codes:
        return None
    information = _read_fields(fields)
    if information is None:
        return None
    try:
        value_days = [*map(read_day, days)]
        booking_days = [*map(read_entry_day, days, entry_days)]
    except UnreadableFieldError:
        return None
    amounts_minor = [*map(int, "\n".join(amounts).replace(",", "").split("\n"))]
    directions = [*map(_DIRECTIONS.__getitem__, marks)]
    customers, banks = _split_references(reference_texts)
    checksums: Iterable[str] = repeat("")
    entered: Iterable[str] = checksums
    if not NO_REFERENCES.isdisjoint(map(str.upper, banks)):
        banks = ["" if bank.upper() in NO_REFERENCES else bank for bank in banks]
        checksums = ["" if bank else checksum_of(field) for bank, field in zip(banks, fields, strict=True)]
        entered = ["" if bank else entry_day for bank, entry_day in zip(banks, entry_days, strict=True)]
    facts = (days, [*map(str, amounts_minor)], type_codes, customers, banks, entered, checksums, directions)
    ordinals = _number_rows(statement, [*map(hash, zip(*facts, strict=False))])
    _count(statement, amounts_minor, marks)
    account = statement.bank_account
    same = repeat("mt"), repeat(account), repeat(currency)
    # fmt: off
    columns = (
        repeat(account), repeat(currency), amounts_minor, directions, booking_days, value_days,
        zip(*same, *facts, ordinals, strict=False), repeat(True), repeat(Purpose.PAYMENT), repeat(None), type_codes,
        _with_customer_references(information.references, customers), information.mandate_ids, information.accounts,
        information.names, information.texts, lines, repeat(None), repeat(None),
    )
    # fmt: on
    return [*map(_new_entry, repeat(StatementEntry), zip(*columns, strict=False))]


def _split_references(texts: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Customer and bank references."""
    together = "\n".join(texts)
    if together.count("//") == len(texts) and " " not in together and "///" not in together:
        parted = together.replace("//", "\n").split("\n")
        if len(parted) == 2 * len(texts) and all("//" in text for text in texts):
            return parted[::2], parted[1::2]
    parts = [text.partition("//") for text in texts]
    return [part[0].strip() for part in parts], [part[2].strip() for part in parts]


def _number_rows(statement: Statement, rows: Sequence[int]) -> Iterable[str]:
    """How often each row, given by its hash, has come in its statement by now, itself included."""
    counted = dict.fromkeys(rows, 1)
    if len(counted) == len(rows) and statement.rows.keys().isdisjoint(counted):
        statement.rows |= counted
        return repeat("1")
    ordinals = []
    for row in rows:
        statement.rows[row] = ordinal = statement.rows.get(row, 0) + 1
        ordinals.append(str(ordinal))
    return ordinals


def _count(statement: Statement, amounts_minor: Sequence[int], marks: Sequence[str]) -> None:
    total_minor, credit_count = sum(amounts_minor), marks.count("C")
    credit_minor = total_minor
    if credit_count < len(marks):
        credit_minor = sum(amount for amount, mark in zip(amounts_minor, marks, strict=True) if mark == "C")
    statement.entry_count += len(marks)
    statement.credit_count += credit_count
    statement.credit_minor += credit_minor
    statement.debit_count += len(marks) - credit_count
    statement.debit_minor += total_minor - credit_minor


def _with_customer_references(
    references: Sequence[tuple[str, ...]], customers: Sequence[str]
) -> Sequence[tuple[str, ...]]:
    if NO_REFERENCES.issuperset(map(str.upper, customers)):
        return references
    return [
        own if customer.upper() in NO_REFERENCES or customer in own else (*own, customer)
        for own, customer in zip(references, customers, strict=True)
    ]


def _read_fields(fields: Sequence[str]) -> _InformationColumns | None:
    """Read fields 86, of one dialect or each by itself; None where one of them tells of a return."""
    together = "\n".join(fields)
    if together.count("\n") >= len(fields):
        # Words may be broken over lines.
        together = "\n".join([field.replace("\n", "") for field in fields])
    capitals = together.upper()
    if any(trace in capitals for trace in RETURN_TRACES):
        return None
    columns = _read_structured(together, len(fields))
    if columns is not None:
        return columns
    each = [*map(read_information, fields)]
    return None if any(information.is_return for information in each) else _columns_of(each)


def _columns_of(each: Sequence[Information]) -> _InformationColumns:
    references, mandate_ids, accounts, names, texts, *_ = zip(*each, strict=True)
    return _InformationColumns(references, mandate_ids, accounts, names, texts)


def _read_structured(together: str, count: int) -> _InformationColumns | None:
    """Fields in the German structure with identifiers in their usual order, else None."""
    if "?6" in together:
        return None
    joined = _SUB_FIELD_BREAKS.sub("", together)
    found = _ORDINARY_FIELDS.findall(joined)
    if len(found) != count:
        return None
    codes, postings, purposes, accounts, names, more_names = zip(*found, strict=True)
    if not RETURN_CODES.isdisjoint(codes):
        return None
    values = _split_purposes(purposes)
    if values is None:
        return None
    texts = [text or posting for text, posting in zip(values["SVWZ+"], postings, strict=True)]
    names = tuple(map(str.__add__, names, more_names)) if any(more_names) else names
    return _InformationColumns(
        _references_of(values["EREF+"], values["KREF+"]),
        [value if value and value.upper() not in NO_REFERENCES else None for value in values["MREF+"]],
        [account or None for account in "\n".join(accounts).replace(" ", "").split("\n")],
        [name.strip() or None for name in names],
        texts,
    )


def _split_purposes(purposes: Sequence[str]) -> dict[str, Sequence[str]] | None:
    """What follows each ordinary identifier, a column each; None where a purpose has others or another order."""
    together = "\n".join(purposes)
    identified = sum(map(together.count, _ORDINARY_IDENTIFIERS))
    if together.count("+") != identified and any(other in together for other in _OTHER_IDENTIFIERS):
        return None
    if ": " in together and any(other in together for other in _OTHER_WRITINGS):
        return None
    values: dict[str, Sequence[str]] = {}
    for identifier in _ORDINARY_IDENTIFIERS:
        if identifier not in together:
            values[identifier] = [""] * len(purposes)
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
    if not any(own) and NO_REFERENCES.isdisjoint(map(str.upper, end_to_end)):
        return [*zip(end_to_end, strict=True)]
    return [
        tuple(dict.fromkeys(text for text in pair if text and text.upper() not in NO_REFERENCES))
        for pair in zip(end_to_end, own, strict=True)
    ]
