"""Bank files as a bank would send them for the demonstration's book: camt.053 and BAI2, right and with known faults."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

from pawledger.domain.money import format_amount

EURO_ACCOUNT = "DE89370400440532013000"
"""The published example of an IBAN."""

NEW_EURO_ACCOUNT = "DE62370400440532013001"
"""A second account at the same bank, which its profile does not name yet."""

DOLLAR_ACCOUNT = "0001234567"


@dataclass(frozen=True, slots=True)
class Line:
    """One movement on the demonstration's bank account; minor units, negative where money goes out."""

    bank_reference: str
    amount_minor: int
    text: str
    creditor_reference: str = ""
    mandate_id: str = ""
    is_pending: bool = False
    is_return: bool = False


@dataclass(frozen=True, slots=True)
class CardRow:
    """One balance transaction at Stripe, in USD; minor units, negative where money goes out."""

    transaction_id: str
    category: str
    gross_minor: int
    fee_minor: int
    payment_intent_id: str
    payment_reference: str
    dispute_reason: str = ""


def write_camt053(
    message_id: str, day: date, opening_minor: int, lines: Sequence[Line], *, account: str = EURO_ACCOUNT
) -> bytes:
    """A camt.053.001.08 statement in EUR whose balances agree with its lines."""
    closing_minor = opening_minor + sum(line.amount_minor for line in lines if not line.is_pending)
    body = "".join(_camt_entry(line, day) for line in lines)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>\n'
        f"<GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>{day}T21:00:00Z</CreDtTm></GrpHdr>\n"
        f"<Stmt><Id>{message_id}-1</Id><ElctrncSeqNb>{day.timetuple().tm_yday}</ElctrncSeqNb>"
        f"<CreDtTm>{day}T21:00:00Z</CreDtTm><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>\n"
        f"{_camt_balance('OPBD', opening_minor, day)}{_camt_balance('CLBD', closing_minor, day)}{body}"
        "</Stmt></BkToCstmrStmt></Document>\n"
    ).encode()


def write_camt054(message_id: str, day: date, lines: Sequence[Line]) -> bytes:
    """A camt.054.001.08 notification in EUR: what the day's statement will tell as well."""
    body = "".join(_camt_entry(line, day) for line in lines)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>\n'
        f"<GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>{day}T11:00:00Z</CreDtTm></GrpHdr>\n"
        f"<Ntfctn><Id>{message_id}-1</Id><CreDtTm>{day}T11:00:00Z</CreDtTm>"
        f"<Acct><Id><IBAN>{EURO_ACCOUNT}</IBAN></Id><Ccy>EUR</Ccy></Acct>\n{body}"
        "</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>\n"
    ).encode()


def write_bai2(file_id: int, day: date, lines: Sequence[Line], *, wrong_by_minor: int = 0) -> bytes:
    """A BAI2 file in USD; its totals agree with its lines but for `wrong_by_minor`."""
    details = []
    for line in lines:
        type_code = "555" if line.is_return else "142" if line.amount_minor > 0 else "698"
        details.append(
            f"16,{type_code},{abs(line.amount_minor)},Z,{line.bank_reference},{line.creditor_reference},{line.text}/"
        )
    total = sum(abs(line.amount_minor) for line in lines) + wrong_by_minor
    records = [
        f"01,FIRSTBANK,PAWLEDGER,{day:%y%m%d},2100,{file_id},80,,2/",
        f"02,PAWLEDGER,FIRSTBANK,1,{day:%y%m%d},2100,USD,2/",
        f"03,{DOLLAR_ACCOUNT},USD,,,,/",
        *details,
        f"49,{total},{len(details) + 2}/",
        f"98,{total},1,{len(details) + 4}/",
        f"99,{total},1,{len(details) + 6}/",
    ]
    return ("\n".join(records) + "\n").encode("ascii")


def write_stripe(day: date, rows: Sequence[CardRow]) -> bytes:
    """Stripe's report of balance changes, with the payment reference in the metadata of each payment."""
    header = (
        "balance_transaction_id,created,available_on,currency,gross,fee,net,reporting_category,payment_intent_id,"
        "dispute_reason,payment_metadata[invoice_reference]\n"
    )
    return (header + "".join(_stripe_row(row, day) for row in rows)).encode("ascii")


def _stripe_row(row: CardRow, day: date) -> str:
    gross, fee, net = (
        format_amount(minor, "USD") for minor in (row.gross_minor, row.fee_minor, row.gross_minor - row.fee_minor)
    )
    return (
        f"{row.transaction_id},{day} 10:00:00,{day} 10:00:00,usd,{gross},{fee},{net},{row.category},"
        f"{row.payment_intent_id},{row.dispute_reason},{row.payment_reference}\n"
    )


def _camt_entry(line: Line, day: date) -> str:
    amount = format_amount(abs(line.amount_minor), "EUR")
    direction = "CRDT" if line.amount_minor > 0 else "DBIT"
    status = "PDNG" if line.is_pending else "BOOK"
    mandate = f"<MndtId>{line.mandate_id}</MndtId>" if line.mandate_id else ""
    structured = (
        f"<Strd><CdtrRefInf><Ref>{line.creditor_reference}</Ref></CdtrRefInf></Strd>" if line.creditor_reference else ""
    )
    returned = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>" if line.is_return else ""
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts><Cd>{status}</Cd></Sts>'
        f"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
        f"<AcctSvcrRef>{line.bank_reference}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd>"
        "<SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId>{mandate}</Refs>"
        f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'
        f"<RmtInf><Ustrd>{escape(line.text)}</Ustrd>{structured}</RmtInf>{returned}</TxDtls></NtryDtls></Ntry>\n"
    )


def _camt_balance(kind: str, amount_minor: int, day: date) -> str:
    indicator = "CRDT" if amount_minor >= 0 else "DBIT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{format_amount(abs(amount_minor), "EUR")}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>'
        f"<Dt><Dt>{day}</Dt></Dt></Bal>\n"
    )
