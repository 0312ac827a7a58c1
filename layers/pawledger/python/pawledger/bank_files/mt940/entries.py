"""Movements of MT940 and MT942: fields 61 that follow one another, each with its field 86.

The ordinary one is read by a single expression over a block of text, because this is where the time of a file goes;
whatever it does not take is read field by field.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

from pawledger.bank_files.mt940.columns import read_in_columns
from pawledger.bank_files.mt940.fields import (
    NO_REFERENCES,
    Notes,
    UnreadableFieldError,
    read_amount,
    read_day,
    read_entry_day,
    shown,
)
from pawledger.bank_files.mt940.information import (
    NOTHING,
    Information,
    checksum_of,
    read_information,
    return_reason_in,
)
from pawledger.bank_files.mt940.statement import Statement
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

TAGS: Final = r"20|21|25P?|28C?|60[FM]|61|62[FM]|64|65|86|34F|13D?|90[CD]|NS|940|942"
"""Fields of the messages, and marks that some banks put before them; no other text between colons begins a field."""
_END: Final = rf"(?!:86:)(?=:(?:{TAGS}):|-[ ]*(?:\n|\Z)|-\}}|\{{[1-5]:|\Z)"
"""What follows a movement: another field than its 86, or the end of the message."""

ENTRIES: Final = re.compile(
    r"^:61:([0-9]{6})([0-9]{4}|)(R?[CD])([A-Z]?)([0-9]{1,15},[0-9]{0,3})((?!NONREF)[NFS][A-Z0-9]{3})([^\n]*)"
    r"((?:\n(?![:\-{])[^\n]*)*)\n(?::86:([^\n]*(?:\n(?![:\-{])[^\n]*)*)\n)?" + _END,
    re.M,
)
"""One movement: value day, entry day, mark, funds code, amount, type, references, supplementary lines, field 86."""
_ENTRY: Final = re.compile(
    r"([0-9]{6})([0-9]{4})?\s*(R[CD]|E[CD]|[CD])\s*([A-Z])?\s*([0-9][0-9.,]*)\s*"
    r"((?!NONREF)[NFS][A-Z0-9 ]{3})?([^\n]*)((?:\n[^\n]*)*)"
)

_RETURN_TYPES: Final = frozenset({"RTI"})
"""Transaction types (field 61, subfield 6) of items that go back: returned item."""
_CHARGE_TYPES: Final = frozenset({"CHG", "COM"})
"""Transaction types of what the bank takes for itself: a fee for a return is no return."""
_CREDIT: Final = Direction.CREDIT
_DEBIT: Final = Direction.DEBIT
_DIRECTIONS: Final = {"C": _CREDIT, "RD": _CREDIT, "EC": _CREDIT, "D": _DEBIT, "RC": _DEBIT, "ED": _DEBIT}
"""RC takes a credit back and RD a debit, so that the money moves the other way."""
_PAYMENT: Final = Purpose.PAYMENT
_RETURN: Final = Purpose.RETURN
_new_entry: Final = tuple.__new__
"""Builds a named tuple from its fields in order: about half the cost of calling the class, which only adds names."""


class Movement(NamedTuple):
    """The texts of one movement, as they stand in fields 61 and 86."""

    value_day: str
    entry_day: str
    mark: str
    amount: str
    type_code: str
    references: str
    supplementary: str
    information: str | None


def split_movement(field: str, information: str | None) -> Movement | None:
    """Read a field 61 of any shape that banks write, None where it is none."""
    found = _ENTRY.fullmatch(field)
    if found is None:
        return None
    day, entry_day, mark, _, amount, type_code, references, supplementary = found.groups()
    return Movement(
        day, entry_day or "", mark, amount, (type_code or "").strip(), references.strip(), supplementary, information
    )


def build_entry(statement: Statement, movement: Movement, line: int, notes: Notes) -> StatementEntry | None:
    """Count a movement in its statement and return its entry; None where its money is not certain, which is told."""
    notes.line = line
    statement.entry_count += 1
    currency = statement.currency or ""
    try:
        value_on, booked_on, amount_minor = _read_money(movement, currency, statement, notes)
    except UnreadableFieldError as error:
        statement.is_uncertain = True
        notes.wrong(f"mt940.{error.rule}", str(error), "61")
        return None
    direction = _DIRECTIONS[movement.mark]
    is_expected = movement.mark[0] == "E"
    if not is_expected:
        statement.count(amount_minor, is_credit=direction is _CREDIT, is_guessed=movement.amount.isdigit())
    customer_reference, _, bank_reference = movement.references.partition("//")
    customer_reference, bank_reference = customer_reference.strip(), bank_reference.strip()
    if bank_reference.upper() in NO_REFERENCES:
        bank_reference = ""
    field = movement.information
    information = NOTHING if field is None else read_information(field)
    facts = (
        *(movement.value_day, str(amount_minor), movement.type_code, customer_reference, bank_reference),
        # Banks word field 86 otherwise in the interim report than in the statement; their reference does without it.
        *(("", "") if bank_reference else (movement.entry_day, checksum_of(field or ""))),
        direction,
    )
    row = hash(facts)
    statement.rows[row] = ordinal = statement.rows.get(row, 0) + 1
    is_return = _is_return(movement, information, direction)
    statement.return_count += is_return
    if statement.is_interim and not bank_reference and not is_expected:
        message = "a movement without a reference of the bank is left to the statement, which will tell it again"
        notes.once("mt942.not_referenced", message, field="61")
    reason = (information.return_reason or return_reason_in(movement.supplementary)) if is_return else None
    references = information.references
    if customer_reference.upper() not in NO_REFERENCES and customer_reference not in references:
        references = (*references, customer_reference)
    # fmt: off
    return _new_entry(StatementEntry, (
        statement.bank_account, currency, amount_minor, direction, booked_on, value_on,
        ("mt", statement.bank_account, currency, *facts, str(ordinal)),
        not is_expected and bool(bank_reference or not statement.is_interim),
        _RETURN if is_return else _PAYMENT, reason, movement.type_code or None,
        references, information.mandate_id, information.payer_account, information.payer_name,
        information.text or " ".join(movement.supplementary.split()), line, None, None,
    ))
    # fmt: on


def _read_money(movement: Movement, currency: str, statement: Statement, notes: Notes) -> tuple[date, date, int]:
    """Value day, booking day and amount in minor units. Raises `UnreadableFieldError`."""
    if not currency:
        raise UnreadableFieldError("currency", "nothing in the statement says in which currency it is")
    value_on = read_day(movement.value_day)
    booked_on = read_entry_day(movement.value_day, movement.entry_day) if movement.entry_day else value_on
    amount_minor = _quick_amount(movement.amount, currency)
    if amount_minor is None:
        amount_minor = _read_unusual_amount(movement.amount, currency, statement, notes)
    return value_on, booked_on, amount_minor


def _is_return(movement: Movement, information: Information, direction: Direction) -> bool:
    """Whether the money goes back: the bank says so, or a text does and the money leaves us.

    A payer's own words make no return of a payment that comes in, nor is what the bank charges for a return one.
    """
    if movement.mark in ("RC", "RD") or movement.type_code[1:] in _RETURN_TYPES or information.is_return:
        return True
    return information.has_return_words and direction is _DEBIT and movement.type_code[1:] not in _CHARGE_TYPES


def build_entries(
    statement: Statement, found: Sequence[tuple[str, ...]], lines: Sequence[int], notes: Notes
) -> Iterable[StatementEntry]:
    """Entries of movements that follow one another, given as the groups of `ENTRIES`, with the line of each."""
    read = read_in_columns(statement, found, lines)
    if read is not None:
        return read
    entries = []
    for groups, line in zip(found, lines, strict=True):
        day, entry_day, mark, _, amount, type_code, references, supplementary, information = groups
        movement = Movement(day, entry_day, mark, amount, type_code, references, supplementary, information)
        entry = build_entry(statement, movement, line, notes)
        if entry is not None:
            entries.append(entry)
    return entries


def _quick_amount(text: str, currency: str) -> int | None:
    """Minor units of an amount with a comma and at most the decimals of its currency, else None."""
    whole, _, fraction = text.partition(",")
    decimals = MINOR_UNIT_DECIMALS.get(currency, -1)
    lacking = decimals - len(fraction)
    if lacking < 0 or "," not in text:
        return None
    digits = whole + fraction + "0" * lacking
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None


def _read_unusual_amount(text: str, currency: str, statement: Statement, notes: Notes) -> int:
    """An amount that is odd or wrong. Raises `UnreadableFieldError`.

    Without a comma it is taken for whole units where the balances of its statement prove that it is.
    """
    if not text.isdigit() or statement.opening is None:
        return read_amount(text, currency, notes)
    notes.once("mt940.comma_missing", "amounts without a decimal comma are read as whole units", field="amount")
    return read_amount(f"{text},", currency, notes)


def tell_unreadable(field: str, statement: Statement, line: int, notes: Notes) -> None:
    """Tell of a field 61 that is none: its money is missing from the statement."""
    notes.line = line
    statement.is_uncertain = True
    message = f"{shown(field)} is not a movement: day, mark, amount, type"
    notes.wrong("mt940.movement", message, "61")
