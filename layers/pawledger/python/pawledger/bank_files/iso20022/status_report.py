"""Reads pain.002 and pacs.002: what became of payments that were sent, group by group, batch by batch, one by one.

No status moves money: a rejected payment never settled, and what settled is booked by the account's statement.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from pawledger.bank_files.iso20022.codes import PARTLY, PAYMENT_STATUSES, REJECTING_STATUSES
from pawledger.bank_files.iso20022.fields import first_of
from pawledger.bank_files.iso20022.identities import Numbering
from pawledger.bank_files.iso20022.reading import FileReading, MessageKind, shown, take_message_id
from pawledger.bank_files.iso20022.shapes import Fields, Record, Shape
from pawledger.bank_files.iso20022.status_controls import StatusControls
from pawledger.bank_files.iso20022.transactions import (
    Money,
    SummaryTotals,
    TransactionPaths,
    day_at_any,
    is_collection_by_name,
    read_money,
    references_at,
    text_at,
)
from pawledger.bank_files.iso20022.xml_records import XmlRefusedError
from pawledger.bank_files.records import NO_CURRENCY, Direction, Purpose, StatementEntry

REPEATED: Final = "TxInfAndSts"
"""The record that comes in great numbers."""
GROUP: Final = "OrgnlGrpInfAndSts"
BATCH: Final = "OrgnlPmtInfAndSts"
PER_STATUS: Final = "NbOfTxsPerSts"

_FAMILY: Final = "pain"
_PATHS: Final = TransactionPaths("OrgnlTxRef/")
_AMOUNT_PATHS: Final = ("OrgnlTxRef/IntrBkSttlmAmt", "OrgnlTxRef/Amt/InstdAmt", "OrgnlTxRef/Amt/EqvtAmt/Amt")
_ID_PATHS: Final = ("OrgnlEndToEndId", "OrgnlInstrId", "OrgnlTxId", "OrgnlUETR", "ClrSysRef")
_REASON_PATHS: Final = ("StsRsnInf/Rsn/Cd", "StsRsnInf/Rsn/Prtry")
_REASON_TEXTS: Final = (*_REASON_PATHS, "StsRsnInf/AddtlInf")
_AMOUNT_SET: Final = frozenset(_AMOUNT_PATHS)
_REASON_SET: Final = frozenset(_REASON_PATHS)
_DAY_PATHS: Final = tuple(
    f"OrgnlTxRef/{path}" for path in ("ReqdColltnDt", "ReqdExctnDt", "ReqdExctnDt/Dt", "IntrBkSttlmDt")
)
_SENDER_PATHS: Final = tuple(
    f"GrpHdr/{path}"
    for path in (
        *(
            f"{agent}/FinInstnId/{code}"
            for agent in ("CdtrAgt", "DbtrAgt", "FwdgAgt", "InstgAgt")
            for code in ("BICFI", "BIC")
        ),
        *(f"InitgPty/Id/OrgId/{code}" for code in ("AnyBIC", "BICOrBEI")),
    )
)
_PER_STATUS_SHAPE: Final = Shape(PER_STATUS, ("DtldNbOfTxs", "DtldSts", "DtldCtrlSum"))
_TRANSACTION_SHAPE: Final = Shape(
    REPEATED,
    (
        *("StsId", "TxSts", "OrgnlGrpInf/OrgnlMsgId", "OrgnlGrpInf/OrgnlMsgNmId"),
        *(*_ID_PATHS, *_REASON_TEXTS, *_AMOUNT_PATHS, *_DAY_PATHS),
        *_PATHS.all(),
    ),
)
_GROUP_TEXTS: Final = ("OrgnlMsgId", "OrgnlMsgNmId", "OrgnlNbOfTxs", "OrgnlCtrlSum", "GrpSts", *_REASON_TEXTS)
_BATCH_TEXTS: Final = ("OrgnlPmtInfId", "OrgnlNbOfTxs", "OrgnlCtrlSum", "PmtInfSts", *_REASON_TEXTS)


def _kind(name: str, element: str, versions: str) -> MessageKind:
    records = (
        Shape(GROUP, _GROUP_TEXTS, records=(_PER_STATUS_SHAPE,)),
        Shape(BATCH, _BATCH_TEXTS, records=(_PER_STATUS_SHAPE, _TRANSACTION_SHAPE), announced=True),
        _TRANSACTION_SHAPE,
    )
    header = ("GrpHdr/MsgId", "GrpHdr/CreDtTm", *_SENDER_PATHS)
    return MessageKind(
        name, element, frozenset(versions.split()), Shape(element, header, records=records, announced=True)
    )


STATUS_REPORTS: Final = (
    _kind("pain.002", "CstmrPmtStsRpt", "001.02 001.03 001.10 001.11 001.12 003.03 001.03.ch.02"),
    _kind("pacs.002", "FIToFIPmtStsRpt", "001.03 001.08 001.09 001.10 001.11 001.12"),
)


GROUPS_MAX: Final = 1_000
"""Of a message; pain.002 tells of one, pacs.002 of a handful."""


class _Told(NamedTuple):
    """A status, of what, and where its reason stands."""

    status: str
    record: Record
    fields: Fields
    """Of the transaction; empty where a group or batch is told as a whole."""
    reason: Fields
    group: Fields
    batch: Fields


class StatusReportReader:
    """Reads the statuses of a message; what a group or batch says holds for all in it that is told no other."""

    def __init__(self, kind: MessageKind, reading: FileReading) -> None:
        self._kind = kind
        self._family = kind.name.partition(".")[0]
        self._reading = reading
        self._numbering = Numbering()
        self._controls = StatusControls(reading, self._family)
        self._groups: dict[str, Record] = {}
        """By the id of the original message."""
        self._group: Fields = {}
        """The last one told: the only one, but in a pacs.002."""
        self._told_groups: set[str] = set()
        """Ids of the groups of which something inside was told."""
        self._batch: Fields = {}
        self._told_in_batch = 0
        self._has_batches = False
        self._totals = SummaryTotals()

    def take(self, record: Record) -> Iterable[StatementEntry]:
        if record.name == REPEATED:
            self._reading.count_record(record.line)
            return self._read_transaction(record)
        if record.name == PER_STATUS:
            self._controls.declare(record)
        elif record.name == GROUP:
            if len(self._groups) >= GROUPS_MAX:
                raise XmlRefusedError("iso20022.too_many_groups", f"more than {GROUPS_MAX} groups", record.line)
            self._groups[record.fields.get("OrgnlMsgId", "")] = record
            self._group = record.fields
        elif record.is_start:
            self._batch, self._told_in_batch, self._has_batches = record.fields, 0, True
            self._controls.start_batch()
        else:
            return self._close_batch(record)
        return ()

    def _group_of(self, fields: Fields) -> Fields:
        """The group that a transaction names, else the last one told."""
        named = self._groups.get(fields.get("OrgnlGrpInf/OrgnlMsgId", ""))
        return self._group if named is None else named.fields

    def _read_transaction(self, record: Record) -> tuple[StatementEntry, ...]:
        fields, batch = record.fields, self._batch
        group = self._group_of(fields)
        self._told_in_batch += 1
        self._told_groups.add(group.get("OrgnlMsgId", ""))
        is_told = not _AMOUNT_SET.isdisjoint(fields)
        money = read_money(self._reading, record, _AMOUNT_PATHS, self._family) if is_told else None
        around = batch.get("PmtInfSts") or group.get("GrpSts")
        status = fields.get("TxSts") or around
        if status is None:
            message = "a transaction without a status, in a group and batch without one"
            self._reading.warn_once(f"{self._family}.status_missing", "", message, record.line, "TxSts")
            return ()
        if around in REJECTING_STATUSES and status not in REJECTING_STATUSES:
            message = f"a transaction is {shown(status)} in a group or batch that is {shown(around)}"
            self._reading.warn_once(f"{self._family}.status_contradicts", status, message, record.line, "TxSts")
        self._controls.count(status, money)
        reason = next((each for each in (fields, batch, group) if not _REASON_SET.isdisjoint(each)), fields)
        return (self._build(_Told(status, record, fields, reason, group, batch), money),)

    def _build(self, told: _Told, money: Money | None) -> StatementEntry:
        fields, group, batch = told.fields, told.group, told.batch
        self._check_status(told)
        is_rejected = told.status in REJECTING_STATUSES
        is_collection = self._is_collection(fields, group)
        # Collected money would have come in; where it does not, that is seen as its return.
        direction = Direction.CREDIT if is_collection is not is_rejected else Direction.DEBIT
        own_account = _PATHS.own_account(fields, is_collection=is_collection) or ""
        self._totals.account = self._totals.account or own_account
        self._totals.add(direction, money, is_return=is_rejected)
        amount_minor, currency = (0, NO_CURRENCY) if money is None else money
        original = fields.get("OrgnlGrpInf/OrgnlMsgId") or group.get("OrgnlMsgId", "")
        own_id = next((fields[path] for path in _ID_PATHS if path in fields), "")
        facts = (original, batch.get("OrgnlPmtInfId", ""), own_id, told.status, currency, str(amount_minor))
        payer_account, payer_name = _PATHS.other_side(fields, is_collection=is_collection)
        ids = (*_PATHS.references, *_ID_PATHS, "OrgnlGrpInf/OrgnlMsgId")
        return StatementEntry(
            bank_account=own_account,
            currency=currency,
            amount_minor=amount_minor,
            direction=direction,
            booked_on=None,
            value_on=day_at_any(fields, _DAY_PATHS),
            identity=self._numbering.number((self._kind.name, *facts)),
            posts=False,
            purpose=Purpose.RETURN if is_rejected else Purpose.PAYMENT,
            return_reason=first_of(told.reason, _REASON_PATHS),
            type_code=told.status,
            references=references_at([(fields, ids), (batch, ("OrgnlPmtInfId",)), (group, ("OrgnlMsgId",))]),
            mandate_id=next((fields[path] for path in _PATHS.mandates if path in fields), None),
            payer_account=payer_account,
            payer_name=payer_name,
            text=text_at(fields, _PATHS.remittance) or text_at(told.reason, _REASON_TEXTS[2:]),
            line=told.record.line,
            offset=told.record.offset,
            booking=None,
        )

    def _is_collection(self, fields: Fields, group: Fields) -> bool:
        """Say whether the original message collects: by its name, else by the transaction; else it does."""
        for name in (fields.get("OrgnlGrpInf/OrgnlMsgNmId"), group.get("OrgnlMsgNmId")):
            is_collection = is_collection_by_name(name)
            if is_collection is not None:
                return is_collection
        return True

    def _check_status(self, told: _Told) -> None:
        line = told.record.line
        if told.status not in PAYMENT_STATUSES:
            message = f"unknown status {shown(told.status)}"
            self._reading.warn_once(f"{self._family}.status_unknown", told.status, message, line, "TxSts")
        self._reading.check_reason(first_of(told.reason, _REASON_PATHS[:1]), line, _REASON_PATHS[0])

    def _close_batch(self, record: Record) -> list[StatementEntry]:
        fields = record.fields
        group = self._group
        status = fields.get("PmtInfSts") or group.get("GrpSts")
        entries = []
        if not self._told_in_batch and status is not None:
            self._told_groups.add(group.get("OrgnlMsgId", ""))
            self._controls.count_untold(status, fields)
            reason = fields if "PmtInfSts" in fields or not _REASON_SET.isdisjoint(fields) else group
            entries = [self._build_whole(_Told(status, record, {}, reason, group, fields), fields)]
        self._controls.check_batch(fields, record.line)
        self._sum_up((group.get("OrgnlMsgId", ""), fields.get("OrgnlPmtInfId", "")), record.parent, record.line)
        self._batch = {}
        return entries

    def _build_whole(self, told: _Told, level: Fields) -> StatementEntry:
        """Build the one entry of a group or batch whose transactions are not told."""
        if told.status == PARTLY:
            message = "some transactions were accepted and some were not, and none is told"
            self._reading.warn(f"{self._family}.partly_untold", message, told.record.line, told.record.name)
        declared = {"transactions": level.get("OrgnlNbOfTxs"), "control sum": level.get("OrgnlCtrlSum")}
        known = [f"{name} {value}" for name, value in declared.items() if value is not None]
        entry = self._build(told, None)
        return entry._replace(text=" ".join([*known, entry.text]).strip())

    def _sum_up(self, identity: tuple[str, str], header: Fields, line: int) -> None:
        self._reading.check_summaries(line)
        day = day_at_any(header, ("GrpHdr/CreDtTm",))
        self._reading.report.statements += self._totals.summaries((self._kind.name, *identity), day, day)
        self._totals = SummaryTotals()

    def finish(self, record: Record) -> Iterable[StatementEntry]:
        entries = []
        for name, group in self._groups.items():
            status = group.fields.get("GrpSts")
            if status is not None and name not in self._told_groups:
                told = _Told(status, group, {}, group.fields, group.fields, {})
                entries.append(self._build_whole(told, group.fields))
        if len(self._groups) == 1:
            self._controls.check_group(self._group, record.line)
        if not self._told_groups and not entries:
            message = "the message tells no status"
            self._reading.warn(f"{self._family}.no_status", message, record.line, "GrpSts")
        if not self._totals.is_empty or not self._has_batches:
            self._sum_up((self._group.get("OrgnlMsgId", ""), ""), record.fields, record.line)
        sender = first_of(record.fields, _SENDER_PATHS) or ""
        take_message_id(self._kind, record.fields, sender, record.line, self._reading)
        return entries
