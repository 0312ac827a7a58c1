"""Turns one entry (`Ntry`) of an ISO 20022 cash report, with its details (`TxDtls`), into statement entries."""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final, NamedTuple

from pawledger.bank_files.iso20022.fields import (
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
from pawledger.bank_files.iso20022.shapes import Fields, Record, Shape
from pawledger.bank_files.iso20022.statement import TRUE_TEXTS, Statement, shown
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

DETAILS_HELD_MAX: Final = 30_000
"""Details of one entry wait in memory until they are known to sum to it, about 1 KB each; beyond, they are dropped."""
DETAIL_CHARACTERS_HELD_MAX: Final = 8_000_000
"""The same limit for details with long texts."""

ENTRY_SHAPE: Final = Shape(
    "Ntry",
    (
        "NtryRef",
        "Amt",
        "CdtDbtInd",
        "RvslInd",
        "Sts",
        "Sts/Cd",
        "Sts/Prtry",
        "BookgDt/Dt",
        "BookgDt/DtTm",
        "ValDt/Dt",
        "ValDt/DtTm",
        "AcctSvcrRef",
        "BkTxCd/Domn/Cd",
        "BkTxCd/Domn/Fmly/Cd",
        "BkTxCd/Domn/Fmly/SubFmlyCd",
        "BkTxCd/Prtry/Cd",
        "AddtlNtryInf",
    ),
    records=(
        Shape(
            "NtryDtls",
            ("Btch/NbOfTxs", "Btch/TtlAmt", "Btch/CdtDbtInd", "Btch/PmtInfId", "Btch/MsgId"),
            records=(Shape("TxDtls", DETAIL_TEXTS),),
        ),
    ),
)

_DIRECTIONS: Final = {"CRDT": Direction.CREDIT, "DBIT": Direction.DEBIT}
_SIDES: Final = {"CRDT": Direction.CREDIT.value, "DBIT": Direction.DEBIT.value}
_OTHER_STATUSES: Final = frozenset({"PDNG", "INFO", "FUTR"})
_AMOUNT_PATHS: Final = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")
_DETAIL_ID_PATHS: Final = ("Refs/AcctSvcrRef", "Refs/TxId", "Refs/EndToEndId", "Refs/InstrId", "Refs/UETR")


class HeldDetails:
    """The details of the entry being read, and where its present batch began."""

    __slots__ = ("batch_count", "batch_first", "batch_references", "characters", "count", "overflowed", "records")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Make ready for the next entry."""
        self.records: list[Record] = []
        self.characters = self.count = 0
        self.batch_count = self.batch_first = 0
        self.batch_references: dict[str, None] = {}
        self.overflowed = False

    def add(self, detail: Record) -> None:
        """Hold a detail, or none any more once there are too many of them."""
        self.count += 1
        self.batch_count += 1
        if self.overflowed:
            return
        if self.records:
            # One detail alone is small, for each of its texts is.
            self.characters += sum(map(len, detail.fields.values()))
        self.records.append(detail)
        if len(self.records) > DETAILS_HELD_MAX or self.characters > DETAIL_CHARACTERS_HELD_MAX:
            self.overflowed = True
            self.records.clear()


class _Movement(NamedTuple):
    """What an entry says about its money, once that could be read."""

    amount_minor: int
    currency: str
    direction: Direction
    posts: bool
    side: str
    """The direction as it stands in identities."""

    @property
    def signed_minor(self) -> int:
        return self.amount_minor if self.direction is Direction.CREDIT else -self.amount_minor


def close_batch(statement: Statement, batch: Record, held: HeldDetails) -> None:
    """Check `Btch` against the details that came with it; a batch itemised elsewhere has none and is left alone."""
    first, count = held.batch_first, held.batch_count
    held.batch_first, held.batch_count = len(held.records), 0
    if not batch.fields:
        return
    for path in ("Btch/PmtInfId", "Btch/MsgId"):
        if path in batch.fields and len(held.batch_references) < 10:
            held.batch_references[batch.fields[path]] = None
    if not count:
        return
    declared = batch.fields.get("Btch/NbOfTxs")
    if declared is not None and (declared.lstrip("0") or "0") != str(count):
        message = f"{shown(declared)} transactions declared, {count} found"
        statement.warn("camt.batch_count", message, batch.line, "Btch/NbOfTxs")
    details = held.records[first : first + count]
    if "Btch/TtlAmt" not in batch.fields or len(details) < count:
        return
    movement = _read_movement(batch.parent, statement.currency)
    if movement is None:
        return
    total_minor = _sum_details(details, movement)
    declared_minor = amount_in(batch.fields, "Btch/TtlAmt", movement.currency)
    if total_minor is not None and (declared_minor is None or abs(declared_minor) != abs(total_minor)):
        message = f"{shown(batch.fields['Btch/TtlAmt'])} declared, the details sum to {total_minor} minor units"
        statement.warn("camt.batch_total", message, batch.line, "Btch/TtlAmt")


def read_entry(statement: Statement, entry: Record, held: HeldDetails) -> Iterable[StatementEntry]:
    """Count an entry in its statement and return it: one record per detail where they sum to it exactly, else whole."""
    fields = entry.fields
    statement.entry_count += 1
    statement.learn_currency(fields.get("Amt@Ccy"))
    currency = statement.currency
    movement = _read_movement(fields, currency)
    _check_status(statement, entry)
    if movement is None:
        _report_unread(statement, entry)
        return ()
    statement.reported.add(movement.direction, movement.amount_minor)
    if movement.posts:
        statement.booked.add(movement.direction, movement.amount_minor)
    if movement.currency != currency:
        message = f"an entry in {movement.currency} cannot be part of a balance in {shown(currency)}"
        (statement.fail if movement.posts else statement.warn)("camt.entry_currency", message, entry.line, "Ntry/Amt")
    items = _itemise(statement, entry, held, movement)
    detail = held.records[0] if held.count == 1 and held.records else None
    identity = _number(statement, _identify(statement.bank_account, fields, detail, movement))
    if items is not None:
        return _build_items(statement, entry, items, identity)
    references = tuple(held.batch_references)
    return (_build(statement, entry, detail, movement, identity, batch_references=references),)


def _build_items(
    statement: Statement, entry: Record, items: list[tuple[Record, _Movement]], identity: tuple[str, ...]
) -> Iterator[StatementEntry]:
    alike: Counter[tuple[str, ...]] = Counter()
    for detail, item in items:
        key = _identify_detail(detail.fields, item)
        yield _build(statement, entry, detail, item, (*identity, *key, str(alike[key])))
        alike[key] += 1


def _read_movement(fields: Fields, account_currency: str | None) -> _Movement | None:
    currency = fields.get("Amt@Ccy") or account_currency
    indicator = fields.get("CdtDbtInd", "")
    direction = _DIRECTIONS.get(indicator)
    if currency is None or direction is None:
        return None
    amount_minor = amount_in(fields, "Amt", currency)
    if amount_minor is None or amount_minor < 0:
        return None
    return _Movement(amount_minor, currency, direction, _status_of(fields) in ("BOOK", None), _SIDES[indicator])


def _status_of(fields: Fields) -> str | None:
    """Status as text (versions before .08) or as code (from .08 on)."""
    return fields.get("Sts/Cd") or fields.get("Sts") or fields.get("Sts/Prtry")


def _check_status(statement: Statement, entry: Record) -> None:
    status = _status_of(entry.fields)
    if status == "BOOK":
        return
    if status is None:
        statement.warn("camt.status_missing", "no status: read as booked", entry.line, "Ntry/Sts")
    elif status not in _OTHER_STATUSES:
        statement.warn("camt.status_unknown", f"status {shown(status)}: not posted", entry.line, "Ntry/Sts")


def _report_unread(statement: Statement, entry: Record) -> None:
    """Name why the money of an entry could not be read; of an entry that posts nothing it is only a warning."""
    fields, line = entry.fields, entry.line
    report = statement.fail if _status_of(fields) in ("BOOK", None) else statement.warn
    currency = fields.get("Amt@Ccy") or statement.currency
    if fields.get("CdtDbtInd") not in _DIRECTIONS:
        message = f"neither credit nor debit: {shown(fields.get('CdtDbtInd'))}"
        report("camt.direction", message, line, "Ntry/CdtDbtInd")
    if "Amt" not in fields:
        report("camt.amount_missing", "an entry without an amount", line, "Ntry/Amt")
    elif currency is None:
        report("camt.currency_missing", "neither the amount nor the account has a currency", line, "Ntry/Amt/@Ccy")
    elif currency not in MINOR_UNIT_DECIMALS:
        report("camt.currency_unknown", f"{shown(currency)} is not an ISO 4217 currency", line, "Ntry/Amt/@Ccy")
    elif (amount_minor := amount_in(fields, "Amt", currency)) is None or amount_minor < 0:
        message = f"{shown(fields['Amt'])} is not an unsigned amount in whole minor units of {currency}"
        report("camt.amount", message, line, "Ntry/Amt")


def _read_detail(detail: Record, entry: _Movement) -> _Movement | None:
    """Money of a detail in the entry's currency; it has the entry's direction where it names none."""
    indicator = detail.fields.get("CdtDbtInd", "")
    direction, side = _DIRECTIONS.get(indicator, entry.direction), _SIDES.get(indicator, entry.side)
    for path in _AMOUNT_PATHS:
        amount_minor = amount_in(detail.fields, path, entry.currency)
        if amount_minor is not None and amount_minor >= 0:
            return _Movement(amount_minor, entry.currency, direction, entry.posts, side)
    return None


def _sum_details(details: list[Record], entry: _Movement) -> int | None:
    """Signed sum in minor units, None where the money of a detail is not told."""
    total_minor = 0
    for detail in details:
        item = _read_detail(detail, entry)
        if item is None:
            return None
        total_minor += item.signed_minor
    return total_minor


def _repeats_money(detail: Fields, entry: Fields) -> bool:
    """Say whether a detail tells its money in the very words of its entry, as single details do."""
    return (
        detail.get("Amt") == entry["Amt"]
        and detail.get("Amt@Ccy") == entry.get("Amt@Ccy")
        and detail.get("CdtDbtInd") == entry["CdtDbtInd"]
    )


def _itemise(
    statement: Statement, entry: Record, held: HeldDetails, movement: _Movement
) -> list[tuple[Record, _Movement]] | None:
    """Return the details with their money where there are several and they sum to the entry exactly, else None."""
    if held.overflowed:
        message = f"{held.count} details are too many to hold: the entry is posted whole"
        statement.warn("camt.details_too_many", message, entry.line, "Ntry/NtryDtls")
        return None
    if held.count == 1 and _repeats_money(held.records[0].fields, entry.fields):
        return None
    read = [(detail, _read_detail(detail, movement)) for detail in held.records]
    known = [(detail, item) for detail, item in read if item is not None]
    if len(known) < len(read):
        if len(read) > 1:
            message = f"{len(read) - len(known)} of {len(read)} details have no amount in {movement.currency}"
            statement.warn("camt.details_amount", f"{message}: posted whole", entry.line, "TxDtls/Amt")
        return None
    total_minor = sum(item.signed_minor for _, item in known)
    if known and total_minor != movement.signed_minor:
        message = f"the details sum to {total_minor} minor units, the entry is {movement.signed_minor}: posted whole"
        statement.warn("camt.details_sum", message, entry.line, "TxDtls/Amt")
        return None
    return known if len(known) > 1 else None


def _identify(bank_account: str, fields: Fields, detail: Record | None, movement: _Movement) -> tuple[str, ...]:
    """Facts that an entry keeps when it is sent again; the bank's own reference where there is one.

    The amount, the side and the day belong to it even then: banks give one reference to a payment and to its charge.
    Without it the ids of its only detail tell equal premiums of one day apart.
    """
    reference = fields.get("AcctSvcrRef")
    kind = "AcctSvcrRef"
    if reference is None:
        kind, reference = "NtryRef", fields.get("NtryRef", "")
        if detail is not None:
            reference += "/" + _detail_id(detail.fields)
    day = str(day_at(fields, "BookgDt") or day_at(fields, "ValDt") or "")
    return ("camt", bank_account, kind, reference, day, movement.currency, str(movement.amount_minor), movement.side)


def _identify_detail(fields: Fields, item: _Movement) -> tuple[str, ...]:
    return (_detail_id(fields), str(item.amount_minor), item.side)


def _detail_id(fields: Fields) -> str:
    return next((fields[path] for path in _DETAIL_ID_PATHS if path in fields), "")


def _number(statement: Statement, identity: tuple[str, ...]) -> tuple[str, ...]:
    """Add how many alike came before in the statement. Digests, because a statement may have a million entries."""
    digest = blake2b("\0".join(identity).encode(), digest_size=8).digest()
    if digest not in statement.seen:
        statement.seen.add(digest)
        return (*identity, "0")
    ordinal = statement.repeats.get(digest, 0) + 1
    statement.repeats[digest] = ordinal
    return (*identity, str(ordinal))


def _build(
    statement: Statement,
    entry: Record,
    detail: Record | None,
    movement: _Movement,
    identity: tuple[str, ...],
    *,
    batch_references: tuple[str, ...] = (),
) -> StatementEntry:
    outer = entry.fields
    inner = {} if detail is None else detail.fields
    is_return = tells_return(inner) or tells_return(outer) or outer.get("RvslInd") in TRUE_TEXTS
    statement.return_count += is_return and movement.posts
    own_account = statement.bank_account
    payer_account, payer_name = None, None
    if is_return or movement.direction is Direction.CREDIT:
        payer_account, payer_name = payer_of(inner, own_account)
    # By position, in the order of the fields: their names would double the cost of the most frequent call.
    return StatementEntry(
        own_account,
        movement.currency,
        movement.amount_minor,
        movement.direction,
        day_at(outer, "BookgDt"),
        day_at(outer, "ValDt"),
        identity,
        movement.posts,
        Purpose.RETURN if is_return else Purpose.PAYMENT,
        return_reason_of(inner) if is_return else None,
        type_code_of(inner) or type_code_of(outer),
        references_of(inner) + batch_references,
        inner.get("Refs/MndtId"),
        payer_account,
        payer_name,
        text_of(inner) or outer.get("AddtlNtryInf", ""),
        entry.line if detail is None else detail.line,
        None,
        None,
    )
