"""MT940 statements and MT942 reports with right balances and totals; a test names only what it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

DAY: Final = date(2026, 11, 23)
ACCOUNT: Final = "DE89370400440532013000"


@dataclass(frozen=True, slots=True)
class Row:
    """One field 61 with its field 86; minor units, negative where money goes out."""

    amount_minor: int
    information: str = ""
    bank_reference: str = ""
    customer_reference: str = "NONREF"
    type_code: str = "NTRF"
    mark: str = ""
    """Of the direction if empty; RC and RD are for reversals."""
    value_on: date = DAY
    entry_day: str = "1123"
    supplementary: str = ""


def write_amount(amount_minor: int, currency: str) -> str:
    """An unsigned amount with the decimals of its currency behind a comma."""
    decimals = MINOR_UNIT_DECIMALS[currency]
    digits = f"{abs(amount_minor):0{decimals + 1}d}"
    return f"{digits[: len(digits) - decimals]},{digits[len(digits) - decimals :]}"


def write_balance(tag: str, amount_minor: int, currency: str, day: date) -> str:
    """A balance field."""
    return f":{tag}:{'C' if amount_minor >= 0 else 'D'}{day:%y%m%d}{currency}{write_amount(amount_minor, currency)}"


def write_row(row: Row, currency: str) -> str:
    """Fields 61 and 86 of a movement, the latter cut into lines of 65 characters where it has none of its own."""
    mark = row.mark or ("C" if row.amount_minor >= 0 else "D")
    reference = f"//{row.bank_reference}" if row.bank_reference else ""
    amount = write_amount(row.amount_minor, currency)
    head = f":61:{row.value_on:%y%m%d}{row.entry_day}{mark}{amount}{row.type_code}{row.customer_reference}{reference}"
    lines = [head]
    if row.supplementary:
        lines.append(row.supplementary)
    if row.information:
        lines.append(f":86:{row.information}")
    return "\n".join(lines)


def write_mt940(
    rows: Sequence[Row],
    *,
    opening_minor: int = 100_000,
    closing_change_minor: int = 0,
    currency: str = "EUR",
    account: str = ACCOUNT,
    number: str = "17/1",
    reference: str = "STARTUMS",
    day: date = DAY,
    tags: tuple[str, str] = ("60F", "62F"),
) -> bytes:
    """One statement; `closing_change_minor` makes its closing balance wrong by that much."""
    closing_minor = opening_minor + sum(row.amount_minor for row in rows) + closing_change_minor
    fields = [
        f":20:{reference}",
        f":25:{account}",
        f":28C:{number}",
        write_balance(tags[0], opening_minor, currency, day - timedelta(days=1)),
        *(write_row(row, currency) for row in rows),
        write_balance(tags[1], closing_minor, currency, day),
        "-",
    ]
    return ("\n".join(fields) + "\n").encode()


def write_mt942(
    rows: Sequence[Row],
    *,
    currency: str = "EUR",
    count_change: int = 0,
    sum_change_minor: int = 0,
    with_totals: bool = True,
) -> bytes:
    """One interim report; the changes make its credit total wrong."""
    ins = [row.amount_minor for row in rows if row.amount_minor >= 0]
    outs = [-row.amount_minor for row in rows if row.amount_minor < 0]
    totals = [
        f":90D:{len(outs)}{currency}{write_amount(sum(outs), currency)}",
        f":90C:{len(ins) + count_change}{currency}{write_amount(sum(ins) + sum_change_minor, currency)}",
    ]
    fields = [
        ":20:INTERIM",
        f":25:{ACCOUNT}",
        ":28C:17/3",
        f":34F:{currency}0,",
        ":13D:2611231200+0100",
        *(write_row(row, currency) for row in rows),
        *(totals if with_totals else ()),
        "-",
    ]
    return ("\n".join(fields) + "\n").encode()


def structured(code: str, reference: str, text: str, name: str, mandate: str = "") -> str:
    """A German structured field 86 with SEPA identifiers, cut into sub-fields of 27 characters."""
    purpose = f"EREF+{reference}" + (f"MREF+{mandate}" if mandate else "") + f"SVWZ+{text}"
    pieces = [purpose[start : start + 27] for start in range(0, len(purpose), 27)]
    parts = "".join(f"?{20 + place}{piece}" for place, piece in enumerate(pieces[:10]))
    return f"{code}?00SEPA GUTSCHRIFT{parts}?30COBADEFFXXX?31DE02120300000000202051?32{name}"


def write_mt940_bulk(path: Path, records: int) -> None:
    """A statement of so many payments, each with its own references and amount."""
    opening = f":20:BULK\n:25:{ACCOUNT}\n:28C:17/1\n:60F:C261122EUR0,\n"
    total_minor = 0
    with path.open("w", encoding="ascii") as stream:
        stream.write(opening)
        for number in range(records):
            amount_minor = 2_000 + number % 9_000
            total_minor += amount_minor
            stream.write(
                f":61:2611231123C{amount_minor // 100},{amount_minor % 100:02d}NTRFNONREF//NB{number:012d}\n"
                f":86:166?00GUTSCHRIFT?20EREF+RF891000{number:06d}0017?21SVWZ+Pet insurance {number}"
                f"?30COBADEFFXXX?31DE02120300000000202051?32POLICYHOLDER {number}\n"
            )
        stream.write(f":62F:C261123EUR{total_minor // 100},{total_minor % 100:02d}\n-\n")
