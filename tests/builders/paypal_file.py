"""PayPal's settlement report, written by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

COLUMNS: Final = (
    *("Transaction ID", "Invoice ID", "PayPal Reference ID", "PayPal Reference ID Type", "Transaction Event Code"),
    *("Transaction Initiation Date", "Transaction Completion Date", "Transaction  Debit or Credit"),
    *("Gross Transaction Amount", "Gross Transaction Currency", "Fee Debit or Credit", "Fee Amount", "Fee Currency"),
    *("Custom Field", "Consumer ID", "Payment Tracking ID", "Store ID", "Bank Reference ID"),
)
DETAIL_COLUMNS: Final = (
    *(*COLUMNS, "Transactional Status", "Transaction Subject", "Payer's Account ID", "First Name", "Last Name"),
)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One body row; amounts are signed minor units, a credit positive; a fee taken is negative."""

    transaction_id: str = "TX0000000000000A1"
    amount_minor: int = 1250
    fee_minor: int = -45
    code: str = "T0006"
    currency: str = "USD"
    invoice_id: str = "INV-1"
    custom: str = "POL-1"
    reference: str = ""
    reference_type: str = ""
    completed: str = "2026/11/19 10:11:12 -0800"
    detail: tuple[str, ...] = ()
    """Further fields of a transaction detail report: status, subject, account, first and last name."""

    @property
    def record(self) -> str:
        fields = (
            *("SB", self.transaction_id, self.invoice_id, self.reference, self.reference_type, self.code),
            *(self.completed, self.completed, _sign(self.amount_minor), abs(self.amount_minor), self.currency),
            *((_sign(self.fee_minor), abs(self.fee_minor), self.currency) if self.fee_minor else ("", "", "")),
            *(self.custom, "CONSUMER1", "", "", "", *self.detail),
        )
        return _record(fields)


@dataclass(frozen=True, slots=True)
class Section:
    """One account with its transactions; footers follow from them."""

    transactions: tuple[Transaction, ...] = (Transaction(),)
    account: str = "ACCOUNT000001"
    opening_minor: int = 100_000
    columns: tuple[str, ...] = COLUMNS

    @property
    def currencies(self) -> list[str]:
        return list(dict.fromkeys(transaction.currency for transaction in self.transactions))

    def totals(self, currency: str) -> tuple[int, int, int, int]:
        """Gross credits and debits, fee credits and debits."""
        own = [transaction for transaction in self.transactions if transaction.currency == currency]
        amounts, fees = [row.amount_minor for row in own], [row.fee_minor for row in own]
        return (*_both(amounts), *_both(fees))

    def footer(self, code: str, currency: str) -> str:
        totals = self.totals(currency)
        closing_minor = self.opening_minor + totals[0] - totals[1] + totals[2] - totals[3]
        opening = (_sign(self.opening_minor), abs(self.opening_minor))
        closing = (_sign(closing_minor), abs(closing_minor))
        fields = (*(code, currency, *totals, *opening, *closing, *opening, *closing), *("CR", 0, "CR", 0))
        return _record((*fields, len(self.transactions)))

    @property
    def records(self) -> list[str]:
        return [
            f'"SH","2026/11/19 00:00:00 -0800","2026/11/19 23:59:59 -0800","{self.account}"',
            _record(("CH", *self.columns)),
            *(transaction.record for transaction in self.transactions),
            *(self.footer("SF", currency) for currency in self.currencies),
            f'"SC",{len(self.transactions)}',
        ]


def records_of(*sections: Section) -> list[str]:
    """All records of a report in one file. Sections must not share a currency: RF tells each of them once."""
    count = sum(len(section.transactions) for section in sections)
    footers = [section.footer("RF", currency) for section in sections for currency in section.currencies]
    return [
        '"RH","2026/11/20 02:05:37 -0800","A","ACCOUNT000001",10',
        '"FH",1',
        *(record for section in sections for record in section.records),
        *footers,
        f'"RC",{count}',
        f'"FF",{count}',
    ]


def write_paypal(*sections: Section, end: str = "\n") -> bytes:
    """A settlement report, or a transaction detail report where the columns of the sections are those of one."""
    return (end.join(records_of(*sections)) + end).encode()


def _sign(amount_minor: int) -> str:
    return "DR" if amount_minor < 0 else "CR"


def _both(amounts: list[int]) -> tuple[int, int]:
    return sum(amount for amount in amounts if amount > 0), -sum(amount for amount in amounts if amount < 0)


def _record(fields: tuple[object, ...]) -> str:
    """Numbers are written bare and texts in quotes, as PayPal does."""
    quoted = [str(field).replace('"', '""') for field in fields]
    pairs = zip(fields, quoted, strict=True)
    return ",".join(text if isinstance(field, int) else f'"{text}"' for field, text in pairs)


def _bulk_records(count: int) -> Iterator[str]:
    yield '"RH","2026/11/20 02:05:37 -0800","A","ACCOUNT000001",10\n"FH",1\n'
    yield '"SH","2026/11/19 00:00:00 -0800","2026/11/19 23:59:59 -0800","ACCOUNT000001"\n'
    yield _record(("CH", *COLUMNS)) + "\n"
    totals = [0, 0, 0, 0]
    for number in range(count):
        amount, fee = 1000 + number % 90_007, 30 + number % 271
        refunded = number % 50 == 49
        totals[refunded] += amount
        totals[2 + (not refunded)] += fee
        day = f"2026/11/19 10:{number % 60:02}:12 -0800"
        signs = ("DR", "CR", "T1107") if refunded else ("CR", "DR", "T0006")
        yield (
            f'"SB","{number:08}ABCDEFGHI","INV-{number:08}","","","{signs[2]}",{day},{day},"{signs[0]}",{amount},"USD",'
            f'"{signs[1]}",{fee},"USD","POL-{number % 70_001:07}","C{number % 70_001:07}","","",""\n'
        )
    closing = totals[0] - totals[1] + totals[2] - totals[3]
    body = ("USD", *totals, "CR", 0, _sign(closing), abs(closing), "CR", 0, _sign(closing), abs(closing))
    yield f'{_record(("SF", *body))}\n"SC",{count}\n{_record(("RF", *body))}\n"RC",{count}\n"FF",{count}\n'


def write_paypal_bulk(path: Path, count: int) -> None:
    """An ordinary settlement report of one account and `count` transactions."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_bulk_records(count))
