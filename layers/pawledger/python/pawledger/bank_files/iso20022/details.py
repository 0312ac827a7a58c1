"""The details (`TxDtls`) of one entry of a cash report, in which pieces they are posted, and their batches (`Btch`)."""

from itertools import takewhile
from typing import Final, NamedTuple

from pawledger.bank_files.iso20022.fields import amount_in, charges_in, tells_return
from pawledger.bank_files.iso20022.movements import AMOUNT_PATHS, Movement, read_detail, read_movement
from pawledger.bank_files.iso20022.reading import shown
from pawledger.bank_files.iso20022.shapes import Fields, Record
from pawledger.bank_files.iso20022.statement import Statement
from pawledger.bank_files.records import Direction

DETAILS_HELD_MAX: Final = 30_000
"""Details of one entry wait in memory until they are known to sum to it, about 1 KB each; beyond, they are dropped."""
DETAIL_CHARACTERS_HELD_MAX: Final = 8_000_000
"""The same limit for details with long texts."""
BATCH_REFERENCES_MAX: Final = 10
"""Of one entry; a batch has one or two."""

BATCH_TEXTS: Final = ("Btch/NbOfTxs", "Btch/TtlAmt", "Btch/CdtDbtInd", "Btch/PmtInfId", "Btch/MsgId")


class HeldDetails:
    """The details of the entry being read."""

    __slots__ = (
        "batch_references",
        "characters",
        "count",
        "is_retellable",
        "overflowed",
        "records",
    )

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Make ready for the next entry."""
        self.records: list[Record] = []
        self.characters = self.count = 0
        self.batch_references: tuple[str, ...] = ()
        self.overflowed = False
        self.is_retellable = False
        """Whether another message may tell it in other pieces: it is a batch, or its details do not sum to it."""

    def add(self, detail: Record) -> None:
        """Hold a detail, or none any more once there are too many of them."""
        self.count += 1
        if self.overflowed:
            return
        if self.records:
            # One detail alone is small, for each of its texts is.
            self.characters += sum(map(len, detail.fields.values()))
        self.records.append(detail)
        if len(self.records) > DETAILS_HELD_MAX or self.characters > DETAIL_CHARACTERS_HELD_MAX:
            self.overflowed = True
            self.records.clear()

    def add_batch_references(self, batch: Fields) -> None:
        """Keep what the batch is called."""
        for path in ("Btch/PmtInfId", "Btch/MsgId"):
            reference = batch.get(path)
            known = self.batch_references
            if reference is not None and reference not in known and len(known) < BATCH_REFERENCES_MAX:
                self.batch_references = (*known, reference)


class Piece(NamedTuple):
    """A part of an entry that becomes a record of its own."""

    detail: Record | None
    movement: Movement
    is_charge: bool


def close_batch(statement: Statement, batch: Record, held: HeldDetails) -> None:
    """Check `Btch` against the details that came with it; a batch itemised elsewhere has none and is left alone."""
    held.add_batch_references(batch.fields)
    declared = batch.fields.get("Btch/NbOfTxs")
    held.is_retellable = held.is_retellable or (declared is not None and declared.lstrip("0") != "1")
    details = [*takewhile(lambda detail: detail.parent is batch.fields, reversed(held.records))]
    if not details:
        return
    if declared is not None and (declared.lstrip("0") or "0") != str(len(details)):
        message = f"{shown(declared)} transactions declared, {len(details)} found"
        statement.warn("camt.batch_count", message, batch.line, "Btch/NbOfTxs")
    if "Btch/TtlAmt" not in batch.fields:
        return
    movement = read_movement(batch.parent, statement.currency)
    if movement is None:
        return
    total_minor = _sum_details(details, movement)
    declared_minor = amount_in(batch.fields, "Btch/TtlAmt", movement.currency)
    if total_minor is not None and (declared_minor is None or abs(declared_minor) != abs(total_minor)):
        message = f"{shown(batch.fields['Btch/TtlAmt'])} declared, the details sum to {total_minor} minor units"
        statement.warn("camt.batch_total", message, batch.line, "Btch/TtlAmt")


def _sum_details(details: list[Record], entry: Movement) -> int | None:
    """Signed sum in minor units, None where the money of a detail is not told."""
    total_minor = 0
    for detail in details:
        item = read_detail(detail.fields, entry)
        if item is None:
            return None
        total_minor += item.signed_minor
    return total_minor


def repeats_money(detail: Fields, entry: Fields) -> bool:
    """Say whether a detail tells its money in the very words of its entry, as single details do."""
    return (
        detail.get("Amt") == entry["Amt"]
        and detail.get("Amt@Ccy") == entry.get("Amt@Ccy")
        and detail.get("CdtDbtInd") == entry["CdtDbtInd"]
    )


def itemise(
    statement: Statement, entry: Record, held: HeldDetails, movement: Movement, *, is_return: bool
) -> list[Piece] | None:
    """Return the pieces of an entry where it has several and they sum to it exactly, else None: it is posted whole."""
    if held.overflowed:
        message = f"{held.count} details are too many to hold: the entry is posted whole"
        statement.warn("camt.details_too_many", message, entry.line, "Ntry/NtryDtls")
        return None
    if held.count <= 1:
        detail = held.records[0] if held.records else None
        pieces = _split_return(detail, entry.fields, movement) if is_return else None
        if pieces is not None or detail is None or repeats_money(detail.fields, entry.fields):
            return pieces
    read = [(detail, read_detail(detail.fields, movement)) for detail in held.records]
    known = [(detail, item) for detail, item in read if item is not None]
    if len(known) < len(read):
        if len(read) > 1:
            message = f"{len(read) - len(known)} of {len(read)} details have no amount in {movement.currency}"
            statement.warn("camt.details_amount", f"{message}: posted whole", entry.line, "TxDtls/Amt")
        return None
    total_minor = sum(item.signed_minor for _, item in known)
    if total_minor != movement.signed_minor:
        message = f"the details sum to {total_minor} minor units, the entry is {movement.signed_minor}: posted whole"
        statement.warn("camt.details_sum", message, entry.line, "TxDtls/Amt")
        held.is_retellable = True
        return None
    if len(known) == 1:
        return None
    pieces = []
    for detail, item in known:
        split = _split_return(detail, {}, item) if is_return or tells_return(detail.fields) else None
        pieces += split or [Piece(detail, item, is_charge=False)]
    return pieces


def _split_return(detail: Record | None, entry: Fields, movement: Movement) -> list[Piece] | None:
    """Part a return from the charge that the bank took with it, where original amount and charges sum to it exactly.

    The charges of the transaction go before those of the entry. Charges that are booked apart sum to something else.
    """
    if movement.direction is not Direction.DEBIT:
        return None
    sources = (entry,) if detail is None else (detail.fields, entry)
    for fields in sources:
        charge_minor = charges_in(fields, movement.currency)
        original_minor = movement.amount_minor - (charge_minor or 0)
        if charge_minor and original_minor > 0 and _tells_amount(sources, original_minor, movement.currency):
            original = movement._replace(amount_minor=original_minor)
            charge = movement._replace(amount_minor=charge_minor)
            return [Piece(detail, original, is_charge=False), Piece(detail, charge, is_charge=True)]
    return None


def _tells_amount(sources: tuple[Fields, ...], amount_minor: int, currency: str) -> bool:
    return any(amount_in(fields, path, currency) == amount_minor for fields in sources for path in AMOUNT_PATHS)
