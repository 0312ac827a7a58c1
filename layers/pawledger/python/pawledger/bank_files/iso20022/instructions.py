"""Reads pain.001 and pain.008, the instructions that a customer sends to its bank: nothing of them is booked yet."""

from collections.abc import Iterable
from typing import Final

from pawledger.bank_files.iso20022.identities import Numbering
from pawledger.bank_files.iso20022.reading import FileReading, MessageKind, take_message_id
from pawledger.bank_files.iso20022.shapes import Fields, Record, Shape
from pawledger.bank_files.iso20022.transactions import (
    Controls,
    Money,
    SummaryTotals,
    Tally,
    TransactionPaths,
    day_at_any,
    read_money,
    references_at,
    text_at,
)
from pawledger.bank_files.records import Direction, Purpose, StatementEntry

TRANSFERS: Final = "pain.001"
COLLECTIONS: Final = "pain.008"
REPEATED: Final = frozenset({"CdtTrfTxInf", "DrctDbtTxInf"})
"""The records that come in great numbers."""

_FAMILY: Final = "pain"
_PATHS: Final = TransactionPaths()
_ID_PATHS: Final = ("PmtId/EndToEndId", "PmtId/InstrId", "PmtId/TxId", "PmtId/UETR")
_AMOUNT_PATHS: Final = {
    TRANSFERS: ("Amt/InstdAmt", "Amt/EqvtAmt/Amt"),
    COLLECTIONS: ("InstdAmt",),
}
_DAY_PATHS: Final = ("ReqdColltnDt", "ReqdExctnDt", "ReqdExctnDt/Dt", "ReqdExctnDt/DtTm")
_HEADER_TEXTS: Final = ("GrpHdr/MsgId", "GrpHdr/CreDtTm", "GrpHdr/NbOfTxs", "GrpHdr/CtrlSum")


def _kind(name: str, element: str, transaction: str, versions: str) -> MessageKind:
    batch = Shape(
        "PmtInf",
        (
            *("PmtInfId", "NbOfTxs", "CtrlSum", *_DAY_PATHS),
            *_PATHS.debtor_accounts,
            *_PATHS.creditor_accounts,
        ),
        records=(Shape(transaction, (*_ID_PATHS, *_AMOUNT_PATHS[name], *_PATHS.all())),),
    )
    shape = Shape(element, _HEADER_TEXTS, records=(batch,), announced=True)
    return MessageKind(name, element, frozenset(versions.split()), shape)


INSTRUCTIONS: Final = (
    _kind(TRANSFERS, "CstmrCdtTrfInitn", "CdtTrfTxInf", "001.02 001.03 001.08 001.09 001.11 003.03 001.03.ch.02"),
    _kind(COLLECTIONS, "CstmrDrctDbtInitn", "DrctDbtTxInf", "001.02 001.07 001.08 001.10 003.02 001.02.ch.03"),
)


class InstructionReader:
    """Reads the batches of a message and compares them with its controls."""

    def __init__(self, kind: MessageKind, reading: FileReading) -> None:
        self._kind = kind
        self._reading = reading
        self._is_collection = kind.name == COLLECTIONS
        self._numbering = Numbering()
        self._whole = Tally()
        self._sender: str | None = None
        """The account of the first batch."""
        self._start_batch()

    def _start_batch(self) -> None:
        self._batch = Tally()
        self._totals = SummaryTotals()

    def take(self, record: Record) -> Iterable[StatementEntry]:
        if record.name == "PmtInf":
            self._close_batch(record)
            return ()
        self._reading.count_record(record.line)
        money = read_money(self._reading, record, _AMOUNT_PATHS[self._kind.name], _FAMILY)
        self._batch.add(money)
        self._whole.add(money)
        return () if money is None else (self._build(record, money),)

    def _build(self, record: Record, money: Money) -> StatementEntry:
        fields, batch = record.fields, record.parent
        direction = Direction.CREDIT if self._is_collection else Direction.DEBIT
        own_account = _PATHS.own_account(batch, is_collection=self._is_collection) or ""
        self._totals.account = own_account
        self._totals.add(direction, money, is_return=False)
        day = day_at_any(batch, _DAY_PATHS)
        own_id = next((fields[path] for path in _ID_PATHS if path in fields), "")
        facts = (batch.get("PmtInfId", ""), str(day or ""), own_id, money.currency, str(money.amount_minor))
        payer_account, payer_name = _PATHS.other_side(fields, is_collection=self._is_collection)
        return StatementEntry(
            bank_account=own_account,
            currency=money.currency,
            amount_minor=money.amount_minor,
            direction=direction,
            booked_on=None,
            value_on=day,
            identity=self._numbering.number((self._kind.name, own_account, *facts)),
            posts=False,
            purpose=Purpose.PAYMENT,
            return_reason=None,
            type_code=None,
            references=references_at([(fields, (*_PATHS.references, *_ID_PATHS)), (batch, ("PmtInfId",))]),
            mandate_id=next((fields[path] for path in _PATHS.mandates if path in fields), None),
            payer_account=payer_account,
            payer_name=payer_name,
            text=text_at(fields, _PATHS.remittance),
            line=record.line,
            offset=record.offset,
            booking=None,
        )

    def _close_batch(self, batch: Record) -> None:
        fields = batch.fields
        controls = Controls(self._reading, _FAMILY, batch.line)
        controls.check_count(fields, "NbOfTxs", self._batch.count)
        controls.check_sum(fields, "CtrlSum", self._batch)
        self._reading.check_summaries(batch.line)
        account = _PATHS.own_account(fields, is_collection=self._is_collection) or ""
        self._totals.account = account
        self._sender = self._sender or account
        day = day_at_any(fields, _DAY_PATHS)
        identity = (self._kind.name, account, fields.get("PmtInfId", ""), str(day or ""))
        self._reading.report.statements += self._totals.summaries(identity, day, day)
        self._start_batch()

    def finish(self, record: Record) -> Iterable[StatementEntry]:
        fields: Fields = record.fields
        controls = Controls(self._reading, _FAMILY, record.line)
        controls.check_count(fields, "GrpHdr/NbOfTxs", self._whole.count)
        controls.check_sum(fields, "GrpHdr/CtrlSum", self._whole)
        if "GrpHdr/NbOfTxs" not in fields:
            told = "the message does not say how many transactions it has: nothing proves that they are all there"
            self._reading.warn("pain.count_missing", told, record.line, "GrpHdr/NbOfTxs")
        take_message_id(self._kind, fields, self._sender or "", record.line, self._reading)
        return ()
