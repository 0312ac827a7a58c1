"""Turns one entry (`Ntry`) of an ISO 20022 cash report, with its details (`TxDtls`), into statement entries."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

from pawledger.bank_files.iso20022.codes import BOOKED
from pawledger.bank_files.iso20022.details import BATCH_TEXTS, HeldDetails, Piece, itemise
from pawledger.bank_files.iso20022.fields import (
    CHARGE_TEXTS,
    DETAIL_TEXTS,
    amount_in,
    day_at,
    payer_of,
    references_of,
    return_reason_of,
    tells_return,
    text_of,
    type_code_of,
)
from pawledger.bank_files.iso20022.identities import (
    WHOLE,
    bank_reference_of,
    detail_id,
    entry_reference_of,
    names_transaction,
    telling_of,
)
from pawledger.bank_files.iso20022.movements import (
    MEANING_PATHS,
    Meaning,
    Movement,
    check_status,
    meaning_of,
    report_unread,
)
from pawledger.bank_files.iso20022.reading import shown
from pawledger.bank_files.iso20022.shapes import Fields, Record, Shape
from pawledger.bank_files.iso20022.statement import Statement
from pawledger.bank_files.records import Booking, Direction, Purpose, StatementEntry

ENTRY_SHAPE: Final = Shape(
    "Ntry",
    (
        *("NtryRef", "AcctSvcrRef", "Amt", *MEANING_PATHS, "AmtDtls/InstdAmt/Amt", *CHARGE_TEXTS),
        *("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm", "AddtlNtryInf"),
    ),
    records=(Shape("NtryDtls", BATCH_TEXTS, records=(Shape("TxDtls", DETAIL_TEXTS),), is_quiet=True),),
)

_CHARGE: Final = "charges"
"""Tells the charge in a return from the return in identities."""
_new_tuple: Final = tuple.__new__
# Looking a member up in its enumeration costs as much as three dictionary look-ups (Python 3.11).
_CREDIT: Final = Direction.CREDIT
_FEE: Final = Purpose.FEE
_PAYMENT: Final = Purpose.PAYMENT
_RETURN: Final = Purpose.RETURN


class _Told(NamedTuple):
    """An entry as its statement tells it, ready to become one record or several."""

    statement: Statement
    entry: Record
    meaning: Meaning
    booked_on: date | None
    value_on: date | None
    posts: bool
    batch_references: tuple[str, ...]


def read_entry(statement: Statement, entry: Record, held: HeldDetails) -> Iterable[StatementEntry]:
    """Count an entry in its statement and return it: one record per detail where they sum to it exactly, else whole."""
    fields = entry.fields
    meaning = meaning_of(tuple(map(fields.get, MEANING_PATHS)))
    movement = _count_entry(statement, entry, meaning)
    if movement is None:
        return ()
    detail = held.records[0] if held.count == 1 and held.records else None
    inner: Fields = {} if detail is None else detail.fields
    booked_on, value_on = day_at(fields, "BookgDt"), day_at(fields, "ValDt")
    if booked_on is not None:
        statement.add_booking_day(booked_on)
    bank_reference = bank_reference_of(fields, inner)
    identity = statement.numbering.number(
        (
            "camt",
            statement.bank_account,
            "NtryRef" if bank_reference is None else "AcctSvcrRef",
            bank_reference or entry_reference_of(fields, inner),
            str(booked_on or value_on or ""),
            movement.currency,
            str(movement.amount_minor),
            meaning.side,
        )
    )
    posts = meaning.is_booked
    if posts and bank_reference is None and not statement.is_account_statement:
        posts = False
        message = "a booking without a reference of the bank's is not posted here: its statement will tell it"
        statement.reading.warn_once("camt.not_referenced", "", message, entry.line, "Ntry/AcctSvcrRef")
    told = _new_tuple(_Told, (statement, entry, meaning, booked_on, value_on, posts, held.batch_references))
    is_return = meaning.is_return or tells_return(inner)
    pieces = itemise(statement, entry, held, movement, is_return=is_return)
    if pieces is not None:
        return _build_pieces(told, pieces, identity)
    booking = None
    if posts and (held.is_retellable or is_return or not inner or not names_transaction(inner)):
        booking = Booking(identity, WHOLE)
    return (_build(told, detail, movement, identity, booking, is_charge=False),)


def _count_entry(statement: Statement, entry: Record, meaning: Meaning) -> Movement | None:
    """Add an entry to the totals of its statement; None, and told, where its money cannot be read."""
    fields, direction, is_booked = entry.fields, meaning.direction, meaning.is_booked
    statement.entry_count += 1
    currency = fields.get("Amt@Ccy")
    account_currency = statement.learn_currency(currency)
    if meaning.status != BOOKED:
        check_status(statement, meaning.status, entry.line)
    currency = currency or account_currency
    amount_minor = None if currency is None else amount_in(fields, "Amt", currency)
    if amount_minor is None or amount_minor < 0 or direction is None or currency is None:
        report_unread(statement, entry, is_booked=is_booked)
        return None
    statement.reported.add(direction, amount_minor)
    if is_booked:
        statement.booked.add(direction, amount_minor)
    if currency != account_currency:
        message = f"an entry in {currency} cannot be part of a balance in {shown(account_currency)}"
        report = statement.fail if is_booked else statement.warn
        report("camt.entry_currency", message, entry.line, "Ntry/Amt")
    return _new_tuple(Movement, (amount_minor, currency, direction))


def _build_pieces(told: _Told, pieces: list[Piece], booking_identity: tuple[str, ...]) -> Iterator[StatementEntry]:
    alike: Counter[tuple[str, ...]] = Counter()
    identities: list[tuple[str, ...]] = []
    for detail, item, is_charge in pieces:
        own_id = "" if detail is None else detail_id(detail.fields)
        key = (own_id, str(item.amount_minor), item.direction.value, *((_CHARGE,) if is_charge else ()))
        identities.append((*booking_identity, *key, str(alike[key])))
        alike[key] += 1
    booking = Booking(booking_identity, telling_of(identities)) if told.posts else None
    for (detail, item, is_charge), identity in zip(pieces, identities, strict=True):
        yield _build(told, detail, item, identity, booking, is_charge=is_charge)


def _build(
    told: _Told,
    detail: Record | None,
    movement: Movement,
    identity: tuple[str, ...],
    booking: Booking | None,
    *,
    is_charge: bool,
) -> StatementEntry:
    statement, entry, meaning, booked_on, value_on, posts, batch_references = told
    inner: Fields = {} if detail is None else detail.fields
    amount_minor, currency, direction = movement
    is_return = meaning.is_return or tells_return(inner)
    purpose, reason = _PAYMENT, None
    if is_charge:
        purpose = _FEE
    elif is_return:
        purpose, reason = _RETURN, return_reason_of(inner)
        statement.return_count += 1
        statement.reading.check_reason(inner.get("RtrInf/Rsn/Cd"), entry.line, "RtrInf/Rsn/Cd")
    elif meaning.is_charge:
        purpose = _FEE
    own_account = statement.bank_account
    payer_account, payer_name = None, None
    if is_return or direction is _CREDIT:
        payer_account, payer_name = payer_of(inner, own_account)
    _, _, _, line, offset, _ = entry if detail is None else detail
    # Past the constructor of the named tuple, whose names would double the cost of the most frequent call.
    return _new_tuple(
        StatementEntry,
        (
            *(own_account, currency, amount_minor, direction, booked_on, value_on, identity, posts, purpose, reason),
            type_code_of(inner) or meaning.type_code,
            references_of(inner) + batch_references,
            inner.get("Refs/MndtId"),
            *(payer_account, payer_name),
            text_of(inner) or entry.fields.get("AddtlNtryInf", ""),
            *(line, offset, booking),
        ),
    )
