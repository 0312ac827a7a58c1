"""Writes valid BAI2 files from what a test says is in them, with control totals of its own arithmetic."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Movement:
    """One detail: an unsigned amount in minor units, its direction in the type code."""

    type_code: str = "165"
    amount_minor: int = 1250
    bank_reference: str = ""
    customer_reference: str = ""
    text: str = ""
    continuations: tuple[str, ...] = ()

    @property
    def records(self) -> list[str]:
        fields = ("16", self.type_code, str(self.amount_minor), "Z", self.bank_reference, self.customer_reference)
        return [",".join((*fields, self.text)), *(f"88,{continuation}" for continuation in self.continuations)]


@dataclass(frozen=True, slots=True)
class Account:
    """One account with its opening ledger balance; closing balance and totals follow from the movements."""

    number: str = "4002001"
    currency: str = "USD"
    opening_minor: int = 100_000
    movements: tuple[Movement, ...] = ()

    @property
    def credits(self) -> list[int]:
        return [movement.amount_minor for movement in self.movements if movement.type_code < "400"]

    @property
    def debits(self) -> list[int]:
        return [movement.amount_minor for movement in self.movements if movement.type_code >= "400"]

    @property
    def closing_minor(self) -> int:
        return self.opening_minor + sum(self.credits) - sum(self.debits)

    @property
    def total_minor(self) -> int:
        moved = sum(self.credits) + sum(self.debits)
        return self.opening_minor + self.closing_minor + 2 * moved

    @property
    def records(self) -> list[str]:
        balances = f"010,{self.opening_minor},,,015,{self.closing_minor},,"
        totals = f"100,{sum(self.credits)},{len(self.credits)},,400,{sum(self.debits)},{len(self.debits)},"
        body = [f"03,{self.number},{self.currency},{balances},{totals}/"]
        for movement in self.movements:
            body += movement.records
        return [*body, f"49,{self.total_minor},{len(body) + 1}/"]


def write_bai2(
    *accounts: Account, as_of: date = date(2026, 11, 19), status: str = "1", file_id: str = "1", modifier: str = "2"
) -> bytes:
    """One logical file with one group of the accounts, LF at the end of each record."""
    body = [record for account in accounts for record in account.records]
    total_minor = sum(account.total_minor for account in accounts)
    records = [
        f"01,121000248,PAWLEDGER,261120,0600,{file_id},,,2/",
        f"02,PAWLEDGER,121000248,{status},{as_of:%y%m%d},,USD,{modifier}/",
        *body,
        f"98,{total_minor},{len(accounts)},{len(body) + 2}/",
        f"99,{total_minor},1,{len(body) + 4}/",
    ]
    return ("\n".join(records) + "\n").encode()
