"""Reads pacs.004, the return of payments between banks, as some providers pass it on to their customers."""

from collections.abc import Iterable
from typing import Final

from pawledger.bank_files.iso20022.fields import amount_in, first_of
from pawledger.bank_files.iso20022.identities import Numbering
from pawledger.bank_files.iso20022.reading import FileReading, MessageKind, shown, take_message_id
from pawledger.bank_files.iso20022.shapes import Fields, Record, Shape
from pawledger.bank_files.iso20022.statement import TRUE_TEXTS
from pawledger.bank_files.iso20022.transactions import (
    Controls,
    Money,
    SummaryTotals,
    Tally,
    TransactionPaths,
    day_at_any,
    is_collection_by_name,
    read_money,
    references_at,
    text_at,
)
from pawledger.bank_files.records import Direction, Purpose, StatementEntry

REPEATED: Final = "TxInf"
"""The record that comes in great numbers."""

_FAMILY: Final = "pacs"
_PATHS: Final = TransactionPaths("OrgnlTxRef/")
_AMOUNT_PATHS: Final = ("RtrdIntrBkSttlmAmt",)
_TOTAL: Final = "GrpHdr/TtlRtrdIntrBkSttlmAmt"
_ID_PATHS: Final = ("OrgnlEndToEndId", "OrgnlInstrId", "OrgnlTxId", "OrgnlUETR", "OrgnlClrSysRef")
_REASON_PATHS: Final = ("RtrRsnInf/Rsn/Cd", "RtrRsnInf/Rsn/Prtry")
_DAY_PATHS: Final = ("IntrBkSttlmDt", "OrgnlTxRef/IntrBkSttlmDt")
_HEADER_TEXTS: Final = (
    *("GrpHdr/MsgId", "GrpHdr/CreDtTm", "GrpHdr/NbOfTxs", "GrpHdr/CtrlSum", "GrpHdr/GrpRtr", "GrpHdr/IntrBkSttlmDt"),
    *(_TOTAL, "GrpHdr/InstgAgt/FinInstnId/BICFI", "GrpHdr/InstgAgt/FinInstnId/BIC"),
    *("OrgnlGrpInf/OrgnlMsgId", "OrgnlGrpInf/OrgnlMsgNmId"),
    *(f"OrgnlGrpInf/{path}" for path in (*_REASON_PATHS, "RtrRsnInf/AddtlInf")),
)
_TRANSACTION_TEXTS: Final = (
    *("RtrId", "OrgnlGrpInf/OrgnlMsgId", "OrgnlGrpInf/OrgnlMsgNmId"),
    *(*_ID_PATHS, *_AMOUNT_PATHS, *_DAY_PATHS[:1]),
    *(*_REASON_PATHS, "RtrRsnInf/AddtlInf"),
    *_PATHS.all(),
)
PAYMENT_RETURN: Final = MessageKind(
    name="pacs.004",
    element="PmtRtr",
    versions=frozenset({"001.02", "001.09", "001.10", "001.11"}),
    shape=Shape("PmtRtr", _HEADER_TEXTS, records=(Shape(REPEATED, _TRANSACTION_TEXTS),), announced=True),
)


class PaymentReturnReader:
    """Reads the returned transactions of a message and compares them with its controls."""

    def __init__(self, kind: MessageKind, reading: FileReading) -> None:
        self._kind = kind
        self._reading = reading
        self._numbering = Numbering()
        self._tally = Tally()
        self._totals = SummaryTotals()

    def take(self, record: Record) -> Iterable[StatementEntry]:
        self._reading.count_record(record.line)
        money = read_money(self._reading, record, _AMOUNT_PATHS, _FAMILY)
        self._tally.add(money)
        return () if money is None else (self._build(record, money, record.parent),)

    def _build(self, record: Record, money: Money, header: Fields) -> StatementEntry:
        """A return takes the money back from the one who got it: from us where we collected, to us where we paid."""
        fields = record.fields
        is_collection = self._is_collection(record, header)
        direction = Direction.CREDIT if is_collection is False else Direction.DEBIT
        own_account = _PATHS.own_account(fields, is_collection=is_collection is not False) or ""
        self._totals.account = self._totals.account or own_account
        self._totals.add(direction, money, is_return=True)
        day = day_at_any(fields, _DAY_PATHS[:1]) or day_at_any(header, ("GrpHdr/IntrBkSttlmDt",))
        reasons = ((fields, ""), (header, "OrgnlGrpInf/"))
        reason = next(filter(None, (first_of(each, _below(prefix, _REASON_PATHS)) for each, prefix in reasons)), None)
        code = first_of(fields, _REASON_PATHS[:1]) or first_of(header, _below("OrgnlGrpInf/", _REASON_PATHS[:1]))
        self._reading.check_reason(code, record.line, _REASON_PATHS[0])
        facts = (fields.get("RtrId", ""), next((fields[path] for path in _ID_PATHS if path in fields), ""))
        money_facts = (str(day or ""), money.currency, str(money.amount_minor), direction.value)
        payer_account, payer_name = _PATHS.other_side(fields, is_collection=is_collection is not False)
        groups = ("OrgnlGrpInf/OrgnlMsgId",)
        return StatementEntry(
            bank_account=own_account,
            currency=money.currency,
            amount_minor=money.amount_minor,
            direction=direction,
            booked_on=day,
            value_on=day,
            identity=self._numbering.number((self._kind.name, *facts, *money_facts)),
            posts=is_collection is not None,
            purpose=Purpose.RETURN,
            return_reason=reason,
            type_code=None,
            references=references_at([(fields, (*_PATHS.references, *_ID_PATHS, *groups)), (header, groups)]),
            mandate_id=next((fields[path] for path in _PATHS.mandates if path in fields), None),
            payer_account=payer_account,
            payer_name=payer_name,
            text=text_at(fields, _PATHS.remittance) or text_at(fields, ("RtrRsnInf/AddtlInf",)),
            line=record.line,
            offset=record.offset,
            booking=None,
        )

    def _is_collection(self, record: Record, header: Fields) -> bool | None:
        """Say whether a collection came back, told by the original message's name, else by what only one has."""
        for fields in (record.fields, header):
            told = is_collection_by_name(fields.get("OrgnlGrpInf/OrgnlMsgNmId"))
            if told is not None:
                return told
        if _PATHS.is_collection(record.fields):
            return True
        message = "neither the original message nor a mandate tells which way the money goes: not posted"
        self._reading.warn_once("pacs.direction_unknown", "", message, record.line, "OrgnlGrpInf/OrgnlMsgNmId")
        return None

    def finish(self, record: Record) -> Iterable[StatementEntry]:
        fields = record.fields
        controls = Controls(self._reading, _FAMILY, record.line)
        entries: list[StatementEntry] = []
        if not self._tally.count and fields.get("GrpHdr/GrpRtr") in TRUE_TEXTS:
            entries = self._return_group(record)
        else:
            controls.check_count(fields, "GrpHdr/NbOfTxs", self._tally.count)
            controls.check_sum(fields, "GrpHdr/CtrlSum", self._tally)
            self._check_total(record)
        if "GrpHdr/NbOfTxs" not in fields:
            told = "the message does not say how many transactions it has: nothing proves that they are all there"
            self._reading.warn("pacs.count_missing", told, record.line, "GrpHdr/NbOfTxs")
        self._reading.check_summaries(record.line)
        day = day_at_any(fields, ("GrpHdr/IntrBkSttlmDt", "GrpHdr/CreDtTm"))
        sender = first_of(fields, ("GrpHdr/InstgAgt/FinInstnId/BICFI", "GrpHdr/InstgAgt/FinInstnId/BIC")) or ""
        identity = (self._kind.name, sender, fields.get("GrpHdr/MsgId", ""))
        self._reading.report.statements += self._totals.summaries(identity, day, day)
        take_message_id(self._kind, fields, sender, record.line, self._reading)
        return entries

    def _return_group(self, record: Record) -> list[StatementEntry]:
        """A whole original message came back: its transactions are not told, only their total."""
        money = read_money(self._reading, record, (_TOTAL,), _FAMILY)
        return [] if money is None else [self._build(record, money, record.fields)]

    def _check_total(self, record: Record) -> None:
        """Compare the total with the sum of the transactions, which must all be in its currency."""
        fields = record.fields
        if _TOTAL not in fields or self._tally.has_unknown:
            return
        currency = fields.get(f"{_TOTAL}@Ccy", "")
        declared, summed = amount_in(fields, _TOTAL, currency), self._tally.sum_minor(currency)
        if declared is None or declared != summed:
            found = "amounts in other currencies" if summed is None else f"{summed} minor units"
            message = f"total {shown(fields[_TOTAL])} {shown(currency)} declared, {found} summed"
            self._reading.fail("pacs.total", message, record.line, _TOTAL)


def _below(prefix: str, paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(prefix + path for path in paths)
