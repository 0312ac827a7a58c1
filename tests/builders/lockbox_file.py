"""Writes valid lockbox files in the typical layout from what a test says is in them, with totals of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final

ROUTING_NUMBERS: Final = ("121000248", "021000021", "011000015", "061000104", "111900659", "322173301", "071000013")
"""Numbers with a right check digit."""
CHECKS_PER_BATCH: Final = 500
"""Checks of a batch of a bulk file; their number has three digits."""
BATCHES_PER_DEPOSIT: Final = 18
RECORDS_MAX: Final = 999_999
"""Records of a logical file; their number has six digits. A longer bulk file is several logical files."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """One record 4: an invoice that a check pays, or a note where there is text in place of the amount."""

    number: str = ""
    amount: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of cents, and the invoices that it pays."""

    amount_minor: int = 12_500
    transit: str = "121000248"
    account: str = "0004455667"
    check_number: str = "0000001041"
    remitter: str = "J DOE"
    invoices: tuple[Invoice, ...] = ()

    def records(self, batch: int, item: int) -> Iterator[str]:
        place = f"{batch:03}{item:03}"
        payer = f"{self.transit:>9}{self.account:>10}{self.check_number:>10}"
        yield f"6{place}{self.amount_minor:010}{payer}112426{self.remitter:30}".rstrip()
        for sequence, invoice in enumerate(self.invoices, 1):
            last = "9" if sequence == len(self.invoices) else "0"
            yield f"4{place}6{sequence:02}{last}{invoice.number:10}{invoice.amount:>10}".rstrip()


@dataclass(frozen=True, slots=True)
class Deposit:
    """The checks of one lockbox and day, in batches."""

    lockbox: str = "0044321"
    day: date = date(2026, 11, 24)
    batches: tuple[tuple[Check, ...], ...] = ()

    @property
    def checks(self) -> list[Check]:
        return [check for batch in self.batches for check in batch]

    @property
    def sum_minor(self) -> int:
        return sum(check.amount_minor for check in self.checks)

    @property
    def records(self) -> list[str]:
        told = f"{self.lockbox}{self.day:%y%m%d}"
        records = [f"5000000{told}PAWLEDGER 0121000248"]
        for number, batch in enumerate(self.batches, 1):
            for item, check in enumerate(batch, 1):
                records += check.records(number, item)
            total = sum(check.amount_minor for check in batch)
            records.append(f"7{number:03}{len(batch):03}{told}{len(batch):03}{total:010}")
        return [*records, f"8000000{told}{len(self.checks):04}{self.sum_minor:010}"]


def write_lockbox(*deposits: Deposit, time: str = "1830", end: str = "\n") -> bytes:
    """One logical file of the deposits, each record ended by `end`."""
    body = [record for deposit in deposits for record in deposit.records]
    records = [
        f"100PAWLEDGER 0121000248261124{time:4}".rstrip(),
        "2PAWLEDGER 0121000248000000000040008000801",
        *body,
        f"9{len(body) + 3:06}",
    ]
    return "".join(record + end for record in records).encode()


def write_lockbox_bulk(path: Path, check_count: int, *, invoices_per_check: int = 1) -> None:
    """An ordinary file of many checks of changing amounts, each from its own account, with its own invoices."""

    def check(number: int) -> Check:
        amount_minor = 2_000 + number % 9_000
        parts = [amount_minor // invoices_per_check] * invoices_per_check
        if parts:
            parts[0] += amount_minor - sum(parts)
        invoices = tuple(Invoice(f"PL{number:07}{place}", f"{part:010}") for place, part in enumerate(parts))
        account, remitter = f"{44_000_000 + number % 77_777:010}", f"HOLDER {number % 99_991}"
        return Check(
            amount_minor, ROUTING_NUMBERS[number % 7], account, f"{number % 9_999_999:010}", remitter, invoices
        )

    numbers = iter(range(check_count))
    deposits: list[Deposit] = []
    while first := [*islice(numbers, CHECKS_PER_BATCH * BATCHES_PER_DEPOSIT)]:
        batches = [first[place : place + CHECKS_PER_BATCH] for place in range(0, len(first), CHECKS_PER_BATCH)]
        checks = tuple(tuple(map(check, batch)) for batch in batches)
        deposits.append(Deposit(lockbox=f"{44_000 + len(deposits):07}", batches=checks))
    deposits_per_file = max(1, RECORDS_MAX // (CHECKS_PER_BATCH * BATCHES_PER_DEPOSIT * (2 + invoices_per_check)))
    with path.open("wb") as file:
        for hour, place in enumerate(range(0, len(deposits), deposits_per_file)):
            file.write(write_lockbox(*deposits[place : place + deposits_per_file], time=f"{hour:02}30"))
