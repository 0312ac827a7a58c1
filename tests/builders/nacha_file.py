"""Writes valid NACHA files from what a test says is in them, with control totals of its own arithmetic."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

ORIGINATING_BANK: Final = "09100001"
RECEIVING_BANK: Final = "23138010"
OUR_COMPANY: Final = "1471234567"

_DEBIT_CODES: Final = frozenset(
    ("26", "27", "28", "29", "36", "37", "38", "39", "46", "47", "48", "49", "55", "56", "82", "84", "86", "88")
)


def check_digit(bank: str) -> str:
    """Ninth digit of the routing number of a bank of eight digits: what brings 3-7-1 weights to a multiple of ten."""
    return str(-sum(int(digit) * weight for digit, weight in zip(bank, (3, 7, 1) * 3, strict=False)) % 10)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; `addenda` are complete records of 94 characters, in which `{trace}` and `{sequence}` are filled in."""

    code: str = "27"
    amount_minor: int = 4250
    bank: str = RECEIVING_BANK
    account: str = "0071234"
    individual_id: str = "POL-100"
    name: str = "A PAYER"
    addenda: tuple[str, ...] = ()
    trace: str = ""
    """Empty for the next one of its batch."""

    @property
    def is_debit(self) -> bool:
        return self.code in _DEBIT_CODES


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch of a company; its control follows from its entries."""

    entries: tuple[Entry, ...] = (Entry(),)
    entry_class: str = "PPD"
    service_class: str = "200"
    company_id: str = OUR_COMPANY
    company: str = "PAWLEDGER"
    effective: str = "261120"
    settlement: str = "   "
    number: int = 1
    first_trace: int = 1

    @property
    def records(self) -> list[str]:
        body: list[str] = []
        for position, entry in enumerate(self.entries):
            trace = entry.trace or f"{ORIGINATING_BANK}{self.first_trace + position:07}"
            body += entry_records(entry, trace, self.entry_class)
        return [self.header, *body, self.control(len(body))]

    @property
    def header(self) -> str:
        middle = f"{self.company:16.16}{'':20}{self.company_id:10.10}{self.entry_class:3}{'PREMIUM':10}{'NOV 20':6}"
        if self.entry_class == "IAT":
            middle = f"{'':16}FF3{'':15}MX{self.company_id:10.10}IAT{'PREMIUM':10}MXNUSD"
        return f"5{self.service_class}{middle}{self.effective:6}{self.settlement:3}1{ORIGINATING_BANK}{self.number:07}"

    def control(self, record_count: int) -> str:
        counts = f"{record_count:06}{sum(int(entry.bank) for entry in self.entries) % 10**10:010}"
        if self.entry_class == "ADV":
            sums = f"{self.debit_minor:020}{self.credit_minor:020}{self.company:19.19}"
            return f"8{self.service_class}{counts}{sums}{ORIGINATING_BANK}{self.number:07}"
        sums = f"{self.debit_minor:012}{self.credit_minor:012}{self.company_id:10.10}{'':25}"
        return f"8{self.service_class}{counts}{sums}{ORIGINATING_BANK}{self.number:07}"

    @property
    def debit_minor(self) -> int:
        return sum(entry.amount_minor for entry in self.entries if entry.is_debit)

    @property
    def credit_minor(self) -> int:
        return sum(entry.amount_minor for entry in self.entries if not entry.is_debit)


def entry_records(entry: Entry, trace: str, entry_class: str = "PPD") -> list[str]:
    """The record of an entry in the layout of its class, and those of its addenda."""
    indicator = "1" if entry.addenda else "0"
    routing = entry.bank + check_digit(entry.bank)
    named = f"{entry.account:17.17}{entry.amount_minor:010}{entry.individual_id:15.15}{entry.name:22.22}  "
    if entry_class == "IAT":
        named = f"{len(entry.addenda):04}{'':13}{entry.amount_minor:010}{entry.account:35.35}{'':4}"
    elif entry_class == "ADV":
        named = f"{entry.account:15.15}{entry.amount_minor:012}{entry.bank}{'1':6}{entry.name:22.22}  "
        named = named[:65].ljust(66)
    elif entry_class in ("CTX", "ATX", "TRX", "ENR"):
        company = f"{len(entry.addenda):04}{entry.name:16.16}  "
        named = f"{entry.account:17.17}{entry.amount_minor:010}{entry.individual_id:15.15}{company}  "
    filled = [addenda.replace("{trace}", trace).replace("{sequence}", trace[8:]) for addenda in entry.addenda]
    return [f"6{entry.code}{routing}{named}{indicator}{trace}", *filled]


def remittance(text: str, number: int = 1) -> str:
    """Addenda 05: payment related information."""
    return f"705{text:80.80}{number:04}{{sequence}}"


def returned(reason: str = "R01", original: str = f"{ORIGINATING_BANK}0000007", text: str = "") -> str:
    """Addenda 99 of a return."""
    return f"799{reason:3}{original:15}{'':6}{RECEIVING_BANK}{text:44.44}{{trace}}"


def dishonored(reason: str = "R68", original: str = f"{ORIGINATING_BANK}0000007", text: str = "") -> str:
    """Addenda 99 with which the originating bank sends a return (trace 231380100000055, settled on day 319) back."""
    answered = f"{RECEIVING_BANK}0000055" + "319" + "01"
    return f"799{reason:3}{original:15}{'':6}{RECEIVING_BANK}   {answered}{text:21.21}{{trace}}"


def contested(reason: str = "R73", original: str = f"{ORIGINATING_BANK}0000007") -> str:
    """Addenda 99 with which the receiving bank stands by its return against trace 091000010000066."""
    answered = f"{RECEIVING_BANK}0000055" + "319" + "01" + f"{ORIGINATING_BANK}0000066" + "321" + "68 "
    return f"799{reason:3}{original:15}261114{RECEIVING_BANK}318{answered}{{trace}}"


def changed(code: str = "C01", original: str = f"{ORIGINATING_BANK}0000007", corrected: str = "0079999") -> str:
    """Addenda 98 of a notification of change."""
    return f"798{code:3}{original:15}{'':6}{RECEIVING_BANK}{corrected:29.29}{'':15}{{trace}}"


def refused_change(code: str = "C62", refused: str = "C01", corrected: str = "0079999") -> str:
    """Addenda 98 with which the originating bank refuses a notification of change."""
    rest = f"{corrected:29.29}{refused}{'0000055':7}{'':5}"
    return f"798{code}{ORIGINATING_BANK}0000007{'':6}{RECEIVING_BANK}{rest}{{trace}}"


def international(name: str = "A PAYER", receiver_id: str = "POL-100") -> tuple[str, ...]:
    """The seven addenda (10 to 16) that each international entry has."""
    records = (
        f"710ANN{4250:018}{'':22}{name:35.35}",
        f"711{'PAWLEDGER':35}{'1 MAIN STREET':35}",
        f"712{'SPRINGFIELD*IL':35}{'US*62701':35}",
        f"713{'OUR BANK':35}01{ORIGINATING_BANK:34}US",
        f"714{'THEIR BANK':35}01{RECEIVING_BANK:34}MX",
        f"715{receiver_id:15.15}{'2 CALLE MAYOR':35}",
        f"716{'PUEBLA*PU':35}{'MX*72000':35}",
    )
    return tuple(f"{record:87}{{sequence}}" for record in records)


def write_records(
    *batches: Batch, created: str = "2611200600", modifier: str = "A", origin: str = OUR_COMPANY
) -> list[str]:
    """Records of one logical file, filled up to a multiple of ten."""
    body = [record for batch in batches for record in batch.records]
    entry_count = sum(record[0] in "67" for record in body)
    entry_hash = sum(int(entry.bank) for batch in batches for entry in batch.entries) % 10**10
    block_count = -(-(len(body) + 2) // 10)
    width = 20 if batches and all(batch.entry_class == "ADV" for batch in batches) else 12
    sums = [sum(batch.debit_minor for batch in batches), sum(batch.credit_minor for batch in batches)]
    totals = "".join(f"{total:0{width}}" for total in sums)
    header = f"101 {ORIGINATING_BANK}{check_digit(ORIGINATING_BANK)}{origin:10.10}{created}{modifier}094101"
    control = f"9{len(batches):06}{block_count:06}{entry_count:08}{entry_hash:010}{totals}"
    records = [f"{header}{'OUR BANK':23}{'PAWLEDGER':23}{'':8}", *body, f"{control:94}"]
    return records + ["9" * 94] * (-len(records) % 10)


def write_nacha(
    *batches: Batch, created: str = "2611200600", modifier: str = "A", origin: str = OUR_COMPANY, end: str = "\n"
) -> bytes:
    """One logical file with `end` after each record; empty for a file without line breaks."""
    records = write_records(*batches, created=created, modifier=modifier, origin=origin)
    return "".join(record + end for record in records).encode()


def numbered(batches: Iterable[Batch]) -> tuple[Batch, ...]:
    """The batches with ascending numbers, and trace numbers that go on from one to the next."""
    placed: list[Batch] = []
    trace = 1
    for number, batch in enumerate(batches, start=1):
        placed.append(replace(batch, number=number, first_trace=trace))
        trace += len(batch.entries)
    return tuple(placed)


def write_nacha_bulk(path: Path, entry_count: int, *, batch_size: int = 5_000) -> int:
    """Write an ordinary file of that many debits, each of its own amount, bank, account and reference.

    Returns the number of records, filler included.
    """
    banks = [f"{20_000_000 + 37 * number:08}" for number in range(997)]
    routings = [bank + check_digit(bank) for bank in banks]
    batch_count = -(-entry_count // batch_size)
    record_count = 0
    total_minor = total_hash = 0
    header, _, _ = write_records(Batch())[0].partition("\0")
    with path.open("w", encoding="ascii", newline="") as file:
        write: Callable[[str], int] = file.write
        write(header + "\n")
        for number in range(batch_count):
            batch = Batch((), service_class="225", number=number + 1)
            size = min(batch_size, entry_count - number * batch_size)
            batch_minor = batch_hash = 0
            write(batch.header + "\n")
            for sequence in range(number * batch_size, number * batch_size + size):
                amount_minor = 1_000 + sequence * 7_919 % 99_991
                place = sequence * 31 % 997
                batch_minor += amount_minor
                batch_hash += int(banks[place])
                account = f"{70_000_000 + sequence * 13:<17}"
                names = f"POL-{sequence:<11}{'PAYER ' + str(sequence % 8_191):22}  0"
                write(f"627{routings[place]}{account}{amount_minor:010}{names}{ORIGINATING_BANK}{sequence + 1:07}\n")
            sums = f"{size:06}{batch_hash % 10**10:010}{batch_minor:012}{0:012}{OUR_COMPANY:10}{'':25}"
            write(f"8225{sums}{ORIGINATING_BANK}{number + 1:07}\n")
            total_minor, total_hash = total_minor + batch_minor, total_hash + batch_hash
        record_count = entry_count + 2 * batch_count + 2
        counts = f"{batch_count:06}{-(-record_count // 10):06}{entry_count:08}{total_hash % 10**10:010}"
        write(f"{f'9{counts}{total_minor:012}{0:012}':94}\n")
        filler = -record_count % 10
        write(("9" * 94 + "\n") * filler)
    return record_count + filler
