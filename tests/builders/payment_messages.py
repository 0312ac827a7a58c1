"""Writes pain.001, pain.002, pain.008, pacs.002 and pacs.004 messages from plain values."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

OWN_IBAN = "DE36100100100000000001"
PAYER_IBAN = "DE09100100100000000002"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
_DECIMALS = {"JPY": 0, "BHD": 3}


def amount_text(amount_minor: int, currency: str = "EUR") -> str:
    decimals = _DECIMALS.get(currency, 2)
    return f"{Decimal(amount_minor).scaleb(-decimals):.{decimals}f}"


def tag(name: str, text: str | None, attributes: str = "") -> str:
    return "" if text is None else f"<{name}{attributes}>{escape(text)}</{name}>"


def document(element: str, body: str, version: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}{version}">\n'
        f"<{element}>\n{body}\n</{element}>\n</Document>\n"
    ).encode()


@dataclass(frozen=True)
class Transaction:
    """One payment as instructed, as rejected and as returned; amounts in minor units."""

    amount_minor: int | None = 1_000
    end_to_end_id: str | None = "E2E-1"
    currency: str = "EUR"
    mandate_id: str | None = "MANDATE-1"
    payer_name: str | None = "Ada Example"
    reference: str | None = None
    text: str | None = "January"
    status: str | None = "RJCT"
    reason: str | None = "AC04"
    extra: str = ""

    def money(self, name: str) -> str:
        if self.amount_minor is None:
            return ""
        return tag(name, amount_text(self.amount_minor, self.currency), f' Ccy="{self.currency}"')

    def parties(self) -> str:
        reference = f"<Strd><CdtrRefInf>{tag('Ref', self.reference)}</CdtrRefInf></Strd>" if self.reference else ""
        return (
            f"<RmtInf>{tag('Ustrd', self.text)}{reference}</RmtInf><Dbtr><Pty>{tag('Nm', self.payer_name)}</Pty></Dbtr>"
            f"<DbtrAcct><Id><IBAN>{PAYER_IBAN}</IBAN></Id></DbtrAcct>"
            f"<Cdtr><Pty><Nm>Pawledger</Nm></Pty></Cdtr><CdtrAcct><Id><IBAN>{OWN_IBAN}</IBAN></Id></CdtrAcct>"
        )


def control_sum(transactions: tuple[Transaction, ...]) -> str:
    return str(sum((Decimal(amount_text(each.amount_minor or 0, each.currency)) for each in transactions), Decimal(0)))


@dataclass(frozen=True)
class Batch:
    """One `PmtInf`; controls that are not given follow from the transactions."""

    transactions: tuple[Transaction, ...] = field(default_factory=lambda: (Transaction(),))
    batch_id: str = "BATCH-1"
    count: str | None = None
    total: str | None = None


def write_instructions(
    *batches: Batch, message: str = "pain.008", count: str | None = None, total: str | None = None
) -> bytes:
    """A pain.008 or pain.001 whose controls are right, but for those that are given."""
    every = tuple(each for batch in batches for each in batch.transactions)
    is_collection = message == "pain.008"
    body = (
        f"<GrpHdr><MsgId>RUN-1</MsgId><CreDtTm>2026-01-05T08:00:00Z</CreDtTm>"
        f"{tag('NbOfTxs', count or str(len(every)))}{tag('CtrlSum', total or control_sum(every))}</GrpHdr>\n"
    )
    own = "Cdtr" if is_collection else "Dbtr"
    for batch in batches:
        day = (
            "<ReqdColltnDt>2026-01-07</ReqdColltnDt>"
            if is_collection
            else "<ReqdExctnDt><Dt>2026-01-07</Dt></ReqdExctnDt>"
        )
        body += (
            f"<PmtInf>{tag('PmtInfId', batch.batch_id)}{tag('NbOfTxs', batch.count or str(len(batch.transactions)))}"
            f"{tag('CtrlSum', batch.total or control_sum(batch.transactions))}{day}<{own}><Nm>Pawledger</Nm></{own}>"
            f"<{own}Acct><Id><IBAN>{OWN_IBAN}</IBAN></Id></{own}Acct>\n"
        )
        body += "".join(_write_instruction(each, is_collection=is_collection) for each in batch.transactions)
        body += "</PmtInf>\n"
    if is_collection:
        return document("CstmrDrctDbtInitn", body, "pain.008.001.08")
    return document("CstmrCdtTrfInitn", body, "pain.001.001.09")


def _write_instruction(each: Transaction, *, is_collection: bool) -> str:
    ids = f"<PmtId>{tag('EndToEndId', each.end_to_end_id)}</PmtId>"
    other = "Dbtr" if is_collection else "Cdtr"
    party = (
        f"<{other}>{tag('Nm', each.payer_name)}</{other}><{other}Acct><Id><IBAN>{PAYER_IBAN}</IBAN></Id></{other}Acct>"
        f"<RmtInf>{tag('Ustrd', each.text)}</RmtInf>{each.extra}"
    )
    if is_collection:
        mandate = f"<DrctDbtTx><MndtRltdInf>{tag('MndtId', each.mandate_id)}</MndtRltdInf></DrctDbtTx>"
        return f"<DrctDbtTxInf>{ids}{each.money('InstdAmt')}{mandate}{party}</DrctDbtTxInf>\n"
    return f"<CdtTrfTxInf>{ids}<Amt>{each.money('InstdAmt')}</Amt>{party}</CdtTrfTxInf>\n"


def reason_text(reason: str | None, info: str | None = None) -> str:
    return "" if reason is None else f"<StsRsnInf><Rsn>{tag('Cd', reason)}</Rsn>{tag('AddtlInf', info)}</StsRsnInf>"


def per_status(status: str, count: str, total: str | None = None) -> str:
    return (
        f"<NbOfTxsPerSts>{tag('DtldNbOfTxs', count)}{tag('DtldSts', status)}{tag('DtldCtrlSum', total)}</NbOfTxsPerSts>"
    )


@dataclass(frozen=True)
class StatusBatch:
    """One `OrgnlPmtInfAndSts`."""

    transactions: tuple[Transaction, ...] = ()
    batch_id: str | None = "BATCH-1"
    status: str | None = None
    reason: str | None = None
    controls: str = ""
    """`OrgnlNbOfTxs` and `OrgnlCtrlSum`, which come before the status."""
    numbers: str = ""
    """`NbOfTxsPerSts`, which come behind the reason."""


def write_status_report(
    *batches: StatusBatch,
    original: str | None = "pain.008.001.08",
    status: str | None = None,
    reason: str | None = None,
    controls: str = "",
    numbers: str = "",
    version: str = "pain.002.001.10",
    message_id: str = "STATUS-1",
) -> bytes:
    """A pain.002."""
    body = (
        f"<GrpHdr>{tag('MsgId', message_id)}<CreDtTm>2026-01-06T09:00:00Z</CreDtTm>"
        "<CdtrAgt><FinInstnId><BICFI>BANKDEFFXXX</BICFI></FinInstnId></CdtrAgt></GrpHdr>\n"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>RUN-1</OrgnlMsgId>{tag('OrgnlMsgNmId', original)}{controls}"
        f"{tag('GrpSts', status)}{reason_text(reason)}{numbers}</OrgnlGrpInfAndSts>\n"
    )
    for batch in batches:
        body += (
            f"<OrgnlPmtInfAndSts>{tag('OrgnlPmtInfId', batch.batch_id)}{batch.controls}"
            f"{tag('PmtInfSts', batch.status)}{reason_text(batch.reason)}{batch.numbers}\n"
        )
        body += "".join(write_status(each) for each in batch.transactions) + "</OrgnlPmtInfAndSts>\n"
    return document("CstmrPmtStsRpt", body, version)


def write_status(each: Transaction) -> str:
    amount = f"<Amt>{each.money('InstdAmt')}</Amt>" if each.amount_minor is not None else ""
    mandate = f"<MndtRltdInf>{tag('MndtId', each.mandate_id)}</MndtRltdInf>" if each.mandate_id else ""
    return (
        f"<TxInfAndSts>{tag('OrgnlEndToEndId', each.end_to_end_id)}{tag('TxSts', each.status)}"
        f"{reason_text(each.reason)}{each.extra}<OrgnlTxRef>{amount}{mandate}{each.parties()}</OrgnlTxRef></TxInfAndSts>\n"
    )


def write_returns(
    *transactions: Transaction,
    original: str | None = "pacs.003.001.08",
    count: str | None = None,
    total: str | None = None,
    total_minor: int | None = None,
    total_currency: str = "EUR",
    group: str = "",
    header: str = "",
    version: str = "pacs.004.001.09",
) -> bytes:
    """A pacs.004 whose controls are right, but for those that are given."""
    summed = sum(each.amount_minor or 0 for each in transactions) if total_minor is None else total_minor
    body = (
        f"<GrpHdr><MsgId>RETURN-1</MsgId><CreDtTm>2026-01-06T09:00:00Z</CreDtTm>"
        f"{tag('NbOfTxs', count or str(len(transactions)))}{tag('CtrlSum', total)}{header}"
        + tag("TtlRtrdIntrBkSttlmAmt", amount_text(summed, total_currency), f' Ccy="{total_currency}"')
        + f"<IntrBkSttlmDt>2026-01-06</IntrBkSttlmDt></GrpHdr>{group}\n"
    )
    for number, each in enumerate(transactions, start=1):
        mandate = f"<MndtRltdInf>{tag('MndtId', each.mandate_id)}</MndtRltdInf>" if each.mandate_id else ""
        reason = "" if each.reason is None else f"<RtrRsnInf><Rsn>{tag('Cd', each.reason)}</Rsn></RtrRsnInf>"
        name = (
            ""
            if original is None
            else f"<OrgnlGrpInf><OrgnlMsgId>RUN-1</OrgnlMsgId>{tag('OrgnlMsgNmId', original)}</OrgnlGrpInf>"
        )
        body += (
            f"<TxInf><RtrId>RTR-{number}</RtrId>{name}{tag('OrgnlEndToEndId', each.end_to_end_id)}"
            f"{each.money('RtrdIntrBkSttlmAmt')}{each.extra}{reason}"
            f"<OrgnlTxRef>{mandate}{each.parties()}</OrgnlTxRef></TxInf>\n"
        )
    return document("PmtRtr", body, version)


def write_status_report_bulk(path: Path, records: int) -> None:
    """Write a pain.002 of `records` rejected collections to `path`."""
    _write_bulk(
        path, records, write_status_report(StatusBatch((Transaction(),))), b"<TxInfAndSts>", b"</TxInfAndSts>\n"
    )


def write_returns_bulk(path: Path, records: int) -> None:
    """Write a pacs.004 of `records` returned collections to `path`."""
    total_minor = sum(1_000 + number * 37 % 20_000 for number in range(records))
    content = write_returns(Transaction(), count=str(records), total_minor=total_minor)
    _write_bulk(path, records, content, b"<TxInf>", b"</TxInf>\n")


def _write_bulk(path: Path, records: int, content: bytes, start: bytes, end: bytes) -> None:
    """Repeat the one transaction of a message with other references, amounts and names."""
    head, rest = content.split(start)
    inner, tail = rest.split(end)
    with path.open("wb") as file:
        file.write(head)
        for number in range(records):
            text = amount_text(1_000 + number * 37 % 20_000).encode()
            each = inner.replace(b"E2E-1", b"POL-%08d" % number).replace(b">10.00<", b">%b<" % text)
            each = each.replace(b"MANDATE-1", b"M-%08d" % (number * 7_919 % 100_000_000)).replace(
                b"RTR-1<", b"RTR-%d<" % number
            )
            file.write(start + each.replace(b"Ada Example", b"Ada Example %d" % (number % 997)) + end)
        file.write(tail)
