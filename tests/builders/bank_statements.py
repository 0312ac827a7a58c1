"""BAI2 files with right control totals; a test names only the movements and then breaks what it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

AS_OF: Final = date(2026, 2, 2)

CREDIT_CODE: Final = "165"
"""Preauthorized ACH credit."""
RETURN_CODE: Final = "555"
"""Deposited item returned: money goes back."""
DEBIT_CODE: Final = "455"
"""Preauthorized ACH debit: money out that is no return."""


@dataclass(frozen=True, slots=True)
class Line:
    """One 16 record; amounts in minor units of the statement's currency."""

    amount_minor: int
    text: str = ""
    bank_reference: str = ""
    customer_reference: str = ""
    type_code: str = CREDIT_CODE


def build_bai2(
    lines: Sequence[Line],
    *,
    file_id: str = "1",
    as_of: date = AS_OF,
    currency: str = "EUR",
    group_status: str = "1",
    account_total_change_minor: int = 0,
) -> bytes:
    """A file of one group and one account; `account_total_change_minor` makes its account trailer wrong by that much.

    The totals above repeat the wrong one, as a bank's system would that adds up its own trailers.
    """
    day = as_of.strftime("%y%m%d")
    total_minor = sum(line.amount_minor for line in lines) + account_total_change_minor
    count = len(lines)
    records = [
        f"01,BANKUS33,PAWLEDGER,{day},0600,{file_id},,,2/",
        f"02,PAWLEDGER,BANKUS33,{group_status},{day},0600,{currency},2/",
        f"03,0975312468,{currency},/",
        *(
            f"16,{line.type_code},{line.amount_minor},Z,{line.bank_reference},{line.customer_reference},{line.text}"
            for line in lines
        ),
        f"49,{total_minor},{count + 2}/",
        f"98,{total_minor},1,{count + 4}/",
        f"99,{total_minor},1,{count + 6}/",
    ]
    return ("\n".join(records) + "\n").encode()
