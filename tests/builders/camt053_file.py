"""Writes camt.052, camt.053 and camt.054 files of any version from plain values, elements in the defined order."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

ELEMENTS = {
    "camt.052": ("BkToCstmrAcctRpt", "Rpt"),
    "camt.053": ("BkToCstmrStmt", "Stmt"),
    "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
OWN_IBAN = "DE36100100100000000001"
PAYER_IBAN = "DE09100100100000000002"


@dataclass(frozen=True)
class Detail:
    """One `TxDtls`; amounts are signed minor units of a currency with two decimals, positive is money in."""

    amount_minor: int | None = None
    end_to_end_id: str | None = None
    creditor_reference: str | None = None
    mandate_id: str | None = None
    transaction_id: str | None = None
    payer_name: str | None = None
    payer_account: str | None = None
    texts: tuple[str, ...] = ()
    return_reason: str | None = None
    extra: str = ""
    bank_reference: str | None = None


@dataclass(frozen=True)
class Entry:
    """One `Ntry`."""

    amount_minor: int
    details: tuple[Detail, ...] = ()
    status: str | None = "BOOK"
    currency: str = "EUR"
    bank_reference: str | None = None
    entry_reference: str | None = None
    booked_on: str = "2026-01-05"
    value_on: str = "2026-01-06"
    type_code: tuple[str, str, str] = ("PMNT", "RCDT", "ESCT")
    is_reversal: bool | None = None
    batch: str = ""
    amount_text: str | None = None
    charges: str = ""


@dataclass(frozen=True)
class StatementContent:
    """One `Stmt`; where no balance is given, the closing one follows from opening and booked entries."""

    entries: tuple[Entry, ...] = ()
    opening_minor: int | None = 10_000
    closing_minor: int | None = None
    has_closing: bool = True
    opening_code: str = "OPBD"
    closing_code: str = "CLBD"
    iban: str | None = OWN_IBAN
    currency: str = "EUR"
    statement_id: str = "STATEMENT-1"
    sequence: str = "7"
    summary: str = ""
    pagination: str = ""
    extra_balances: str = ""
    period: str = "<FrToDt><FrDtTm>2026-01-05T00:00:00</FrDtTm><ToDtTm>2026-01-05T23:59:59</ToDtTm></FrToDt>"
    copy: str | None = None

    def closing(self) -> int:
        if self.closing_minor is not None:
            return self.closing_minor
        booked = sum(entry.amount_minor for entry in self.entries if entry.status in ("BOOK", None))
        return (self.opening_minor or 0) + booked


@dataclass(frozen=True)
class Camt053File:
    """A whole file."""

    statements: tuple[StatementContent, ...] = field(default_factory=lambda: (StatementContent(),))
    version: str = "08"
    message_id: str = "MESSAGE-1"
    pagination: str = ""
    prefix: str = ""
    namespace: str | None = None
    declaration: str = '<?xml version="1.0" encoding="UTF-8"?>'
    message: str = "camt.053"

    def to_bytes(self) -> bytes:
        namespace = self.namespace
        if namespace is None:
            namespace = f"urn:iso:std:iso:20022:tech:xsd:{self.message}.001.{self.version}"
        element, record = ELEMENTS[self.message]
        header = _tag("MsgId", self.message_id) + _tag("CreDtTm", "2026-01-05T20:00:00+01:00") + self.pagination
        statements = "\n".join(_write_statement(statement, self.version) for statement in self.statements)
        statements = statements.replace("<Stmt>", f"<{record}>").replace("</Stmt>", f"</{record}>")
        body = f"<{element}>\n<GrpHdr>{header}</GrpHdr>\n{statements}\n</{element}>"
        colon = f":{self.prefix}" if self.prefix else ""
        declared = f' xmlns{colon}="{namespace}"' if namespace else ""
        text = f"<Document>\n{body}\n</Document>\n"
        if self.prefix:
            text = text.replace("</", "\1").replace("<", f"<{self.prefix}:").replace("\1", f"</{self.prefix}:")
        root = f"<{self.prefix}:Document" if self.prefix else "<Document"
        return f"{self.declaration}\n{text.replace(root, root + declared, 1)}".encode()


def one_entry(amount_minor: int = 2_990, *details: Detail) -> Entry:
    return Entry(amount_minor, details, bank_reference="BANK-1")


def file_of(*entries: Entry, version: str = "08") -> bytes:
    """A file with one statement that balances."""
    return Camt053File((StatementContent(tuple(entries)),), version).to_bytes()


def told_in(message: str, *entries: Entry, version: str = "08", message_id: str = "MESSAGE-1") -> bytes:
    """A file of one report, statement or notification with the same entries; only the statement has balances."""
    if message == "camt.053":
        return Camt053File((StatementContent(tuple(entries)),), version, message_id).to_bytes()
    content = StatementContent(tuple(entries), opening_minor=None, has_closing=False)
    return Camt053File((content,), version, message_id, message=message).to_bytes()


def decimal_text(amount_minor: int) -> str:
    return str(Decimal(abs(amount_minor)).scaleb(-2).quantize(Decimal("0.01")))


def indicator(amount_minor: int) -> str:
    return "CRDT" if amount_minor >= 0 else "DBIT"


def _tag(name: str, text: str | None) -> str:
    return "" if text is None else f"<{name}>{escape(text)}</{name}>"


def balance(code: str, amount_minor: int, currency: str = "EUR", day: str = "2026-01-05") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="{currency}">{decimal_text(amount_minor)}</Amt>'
        f"<CdtDbtInd>{indicator(amount_minor)}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _write_statement(statement: StatementContent, version: str) -> str:
    account = "" if statement.iban is None else f"<Id><IBAN>{statement.iban}</IBAN></Id>"
    parts = [
        "<Stmt>",
        _tag("Id", statement.statement_id),
        statement.pagination,
        _tag("ElctrncSeqNb", statement.sequence),
        statement.period,
        _tag("CpyDplctInd", statement.copy),
        f"<Acct>{account}{_tag('Ccy', statement.currency or None)}</Acct>",
    ]
    if statement.opening_minor is not None:
        parts.append(balance(statement.opening_code, statement.opening_minor, statement.currency or "EUR"))
    if statement.has_closing:
        parts.append(balance(statement.closing_code, statement.closing(), statement.currency or "EUR"))
    parts += [statement.extra_balances, statement.summary]
    parts += [_write_entry(entry, version) for entry in statement.entries]
    return "\n".join([*filter(None, parts), "</Stmt>"])


def _write_entry(entry: Entry, version: str) -> str:
    status = "" if entry.status is None else _tag("Sts", entry.status)
    if status and version >= "08":
        status = f"<Sts>{_tag('Cd', entry.status)}</Sts>"
    domain, family, sub_family = map(escape, entry.type_code)
    reversal = None if entry.is_reversal is None else str(entry.is_reversal).lower()
    amount = decimal_text(entry.amount_minor) if entry.amount_text is None else entry.amount_text
    details = "".join(_write_detail(detail, version) for detail in entry.details)
    return (
        f"<Ntry>{_tag('NtryRef', entry.entry_reference)}"
        f'<Amt Ccy="{entry.currency}">{amount}</Amt>'
        f"<CdtDbtInd>{indicator(entry.amount_minor)}</CdtDbtInd>{_tag('RvslInd', reversal)}{status}"
        f"<BookgDt>{_tag('Dt', entry.booked_on)}</BookgDt><ValDt>{_tag('Dt', entry.value_on)}</ValDt>"
        f"{_tag('AcctSvcrRef', entry.bank_reference)}"
        f"<BkTxCd><Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub_family}</SubFmlyCd></Fmly></Domn>"
        f"</BkTxCd>{entry.charges}<NtryDtls>{entry.batch}{details}</NtryDtls></Ntry>"
    )


def _write_detail(detail: Detail, version: str) -> str:
    refs = (
        _tag("AcctSvcrRef", detail.bank_reference)
        + _tag("EndToEndId", detail.end_to_end_id)
        + _tag("TxId", detail.transaction_id)
        + _tag("MndtId", detail.mandate_id)
    )
    amount = ""
    if detail.amount_minor is not None:
        money = f'<Amt Ccy="EUR">{decimal_text(detail.amount_minor)}</Amt>'
        amount = f"{money}<CdtDbtInd>{indicator(detail.amount_minor)}</CdtDbtInd>"
        if version < "04":
            amount = f"<AmtDtls><TxAmt>{money}</TxAmt></AmtDtls>"
    name = _tag("Nm", detail.payer_name)
    debtor = f"<Pty>{name}</Pty>" if version >= "08" else name
    account = "" if detail.payer_account is None else f"<Id><IBAN>{detail.payer_account}</IBAN></Id>"
    structured = ""
    if detail.creditor_reference is not None:
        structured = f"<Strd><CdtrRefInf>{_tag('Ref', detail.creditor_reference)}</CdtrRefInf></Strd>"
    remittance = "".join(_tag("Ustrd", text) for text in detail.texts) + structured
    returned = "" if detail.return_reason is None else f"<RtrInf><Rsn>{_tag('Cd', detail.return_reason)}</Rsn></RtrInf>"
    return (
        f"<TxDtls><Refs>{refs}</Refs>{amount}"
        f"<RltdPties><Dbtr>{debtor}</Dbtr><DbtrAcct>{account}</DbtrAcct></RltdPties>"
        f"<RmtInf>{remittance}</RmtInf>{returned}{detail.extra}</TxDtls>"
    )


_BULK_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>\n'
    "<GrpHdr><MsgId>BULK</MsgId><CreDtTm>2026-01-05T20:00:00Z</CreDtTm></GrpHdr>\n"
    "<Stmt><Id>BULK-1</Id><ElctrncSeqNb>1</ElctrncSeqNb>"
    f"<Acct><Id><IBAN>{OWN_IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>\n"
)
_BULK_ENTRY = (
    '<Ntry><NtryRef>{number}</NtryRef><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>'
    "<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-01-05</Dt></BookgDt><ValDt><Dt>2026-01-05</Dt></ValDt>"
    "<AcctSvcrRef>BANK{number:012}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd>"
    "<SubFmlyCd>{sub_family}</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls>"
    "<Refs><EndToEndId>POL-{policy:08}-{number}</EndToEndId><MndtId>M-{policy:08}</MndtId></Refs>"
    '<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>'
    "<RltdPties><Dbtr><Pty><Nm>{name} {policy}</Nm></Pty></Dbtr>"
    "<DbtrAcct><Id><IBAN>DE{iban:020}</IBAN></Id></DbtrAcct></RltdPties>"
    "<RmtInf><Ustrd>Premium policy {policy:08} January</Ustrd></RmtInf>{returned}</TxDtls></NtryDtls></Ntry>\n"
)
_BULK_NAMES = ("Ada Example", "Jörg Müller", "Zoë O&apos;Hara", "Maria Rossi", "Chen Wei")


def write_camt053_bulk(path: Path, records: int) -> None:
    """Write an ordinary statement of `records` entries to `path`: collections, and a return for every fiftieth."""
    closing_minor = sum(_bulk_minor(number) for number in range(records))
    with path.open("w", encoding="utf-8") as file:
        file.write(_BULK_HEAD + balance("OPBD", 0) + balance("CLBD", closing_minor) + "\n")
        for number in range(records):
            amount_minor = _bulk_minor(number)
            is_return = amount_minor < 0
            file.write(
                _BULK_ENTRY.format(
                    number=number,
                    amount=f"{abs(amount_minor) // 100}.{abs(amount_minor) % 100:02}",
                    indicator=indicator(amount_minor),
                    family="IDDT",
                    sub_family="UPDD" if is_return else "ESDD",
                    policy=number * 7_919 % 100_000_000,
                    name=_BULK_NAMES[number % len(_BULK_NAMES)],
                    iban=number * 104_729,
                    returned="<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>" if is_return else "",
                )
            )
        file.write("</Stmt></BkToCstmrStmt></Document>\n")


def _bulk_minor(number: int) -> int:
    amount_minor = 1_000 + number * 37 % 20_000
    return -amount_minor if number % 50 == 49 else amount_minor
