"""Writes valid OFX files of both versions from what a test says is in them."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Literal
from xml.sax.saxutils import escape

from pawledger.domain.money import format_amount

Version = Literal["sgml", "xml"]

HEADERS = {
    "sgml": (
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:103\nSECURITY:NONE\nENCODING:UTF-8\nCHARSET:NONE\n"
        "COMPRESSION:NONE\nOLDFILEUID:NONE\nNEWFILEUID:NONE\n\n"
    ),
    "xml": (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
    ),
}


@dataclass(frozen=True, slots=True)
class Transaction:
    """One STMTTRN with a signed amount in minor units; what is None is left out."""

    amount_minor: int = 1250
    fitid: str | None = "F1"
    type_code: str | None = "CREDIT"
    posted: str | None = "20261119"
    available: str | None = None
    check_number: str | None = None
    reference_number: str | None = None
    name: str | None = None
    memo: str | None = None
    more: tuple[tuple[str, str], ...] = ()
    """Further values, and aggregates as values that begin with `<`."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One STMTRS, or CCSTMTRS where `is_card`; the ledger balance is in minor units, none is written for None."""

    number: str = "30020011"
    currency: str = "USD"
    bank: str = "031000503"
    account_type: str = "CHECKING"
    transactions: tuple[Transaction, ...] = ()
    balance_minor: int | None = 250_000
    is_card: bool = False


class _Writer:
    """Lines of one version: version 1 leaves values unclosed."""

    def __init__(self, version: Version) -> None:
        self._is_closed = version == "xml"
        self.lines: list[str] = []

    def value(self, name: str, text: str | None) -> None:
        if text is not None:
            self.lines.append(f"<{name}>{escape(text)}" + (f"</{name}>" if self._is_closed else ""))

    def open(self, *names: str) -> None:
        self.lines += [f"<{name}>" for name in names]

    def close(self, *names: str) -> None:
        self.lines += [f"</{name}>" for name in names]

    def status(self) -> None:
        self.open("STATUS")
        self.value("CODE", "0")
        self.value("SEVERITY", "INFO")
        self.close("STATUS")

    def transaction(self, transaction: Transaction, currency: str) -> None:
        self.open("STMTTRN")
        self.value("TRNTYPE", transaction.type_code)
        self.value("DTPOSTED", transaction.posted)
        self.value("DTAVAIL", transaction.available)
        self.value("TRNAMT", format_amount(transaction.amount_minor, currency))
        self.value("FITID", transaction.fitid)
        self.value("CHECKNUM", transaction.check_number)
        self.value("REFNUM", transaction.reference_number)
        self.value("NAME", transaction.name)
        self.value("MEMO", transaction.memo)
        for name, text in transaction.more:
            if text.startswith("<"):
                self.lines.append(f"<{name}>{text}</{name}>")
            else:
                self.value(name, text)
        self.close("STMTTRN")

    def statement(self, statement: Statement) -> None:
        prefix = "CC" if statement.is_card else ""
        self.open(f"{prefix}STMTTRNRS")
        self.value("TRNUID", "0")
        self.status()
        self.open(f"{prefix}STMTRS")
        self.value("CURDEF", statement.currency)
        self.open(account := "CCACCTFROM" if statement.is_card else "BANKACCTFROM")
        if not statement.is_card:
            self.value("BANKID", statement.bank)
        self.value("ACCTID", statement.number)
        if not statement.is_card:
            self.value("ACCTTYPE", statement.account_type)
        self.close(account)
        self.open("BANKTRANLIST")
        self.value("DTSTART", "20261101")
        self.value("DTEND", "20261130")
        for transaction in statement.transactions:
            self.transaction(transaction, statement.currency)
        self.close("BANKTRANLIST")
        if statement.balance_minor is not None:
            self.open("LEDGERBAL")
            self.value("BALAMT", format_amount(statement.balance_minor, statement.currency))
            self.value("DTASOF", "20261130120000[-5:EST]")
            self.close("LEDGERBAL")
        self.close(f"{prefix}STMTRS", f"{prefix}STMTTRNRS")


def write_ofx(*statements: Statement, version: Version = "sgml", fid: str = "7001") -> bytes:
    """One response with the statements, LF at the end of each line."""
    writer = _Writer(version)
    writer.open("OFX", "SIGNONMSGSRSV1", "SONRS")
    writer.status()
    writer.value("DTSERVER", "20261130120000[-5:EST]")
    writer.value("LANGUAGE", "ENG")
    writer.open("FI")
    writer.value("ORG", "PAWBANK")
    writer.value("FID", fid)
    writer.close("FI", "SONRS", "SIGNONMSGSRSV1")
    for message, is_card in (("BANKMSGSRSV1", False), ("CREDITCARDMSGSRSV1", True)):
        chosen = [statement for statement in statements if statement.is_card == is_card]
        if chosen:
            writer.open(message)
            for statement in chosen:
                writer.statement(statement)
            writer.close(message)
    writer.close("OFX")
    return (HEADERS[version] + "\n".join(writer.lines) + "\n").encode()


def write_ofx_bulk(path: Path, records: int, *, version: Version = "sgml", breaks: str = "\n") -> None:
    """Write an ordinary statement of many transactions quickly; `breaks` stand between tags, empty for one line."""
    chance = Random(records)  # noqa: S311 - test data
    whole = write_ofx(Statement(transactions=()), version=version).decode()
    before, middle, after = whole.partition("</BANKTRANLIST>")
    first_day = date(2026, 1, 1)

    def element(name: str, text: str) -> str:
        return f"<{name}>{text}" + (f"</{name}>" if version == "xml" else "") + breaks

    with path.open("w", encoding="utf-8") as out:
        header, root, rest = before.partition("<OFX>\n")
        out.write(header + (root + rest).replace("\n", breaks))
        for number in range(records):
            day = first_day + timedelta(days=number * 330 // records)
            is_credit = chance.random() < 0.8
            amount = f"{'' if is_credit else '-'}{chance.randrange(1, 90_000)}.{chance.randrange(100):02}"
            out.write("<STMTTRN>" + breaks)
            out.write(element("TRNTYPE", chance.choice(("CREDIT", "DEP")) if is_credit else "DEBIT"))
            out.write(element("DTPOSTED", f"{day:%Y%m%d}{chance.randrange(24):02}0000[-5:EST]"))
            out.write(element("TRNAMT", amount))
            out.write(element("FITID", f"{day:%Y%m%d}{number:07}"))
            if number % 9 == 0:
                out.write(element("CHECKNUM", f"{number % 9000 + 1000}"))
            out.write(element("NAME", f"PAYER {chance.randrange(10**6)}"))
            out.write(element("MEMO", f"PREMIUM PL{chance.randrange(10**8):08} NOV"))
            out.write("</STMTTRN>" + breaks)
        out.write(middle + after.replace("\n", breaks))
