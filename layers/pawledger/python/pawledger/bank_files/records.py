"""What a bank file says, whatever its format: the movements on an account, one record each."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Direction(StrEnum):
    """Seen from the holder of the bank account: credit is money in, debit is money out."""

    CREDIT = "credit"
    DEBIT = "debit"


class StatementEntry(NamedTuple):
    """One movement on a bank account as its statement tells it.

    A named tuple rather than a dataclass: readers make hundreds of thousands of them a second, and a frozen dataclass
    of this width costs several times as much to build.

    A batch that the statement itemises (camt `TxDtls`) is one record per item, so that each can find its own account.
    """

    bank_account: str
    """Number of the bank account the statement is about, as written in the file."""
    currency: str
    """ISO 4217 code."""
    amount_minor: int
    """Minor units of `currency`, never negative; `direction` says which way the money went."""
    direction: Direction
    booked_on: date | None
    """Day the bank booked it; for BAI2 the as-of date of the group."""
    value_on: date | None
    identity: tuple[str, ...]
    """The bank's own identity of this movement, the same however often and in whatever file it is sent again.

    Its first part names the kind of identity (`"bai2"`, `"camt"`), the rest are business facts: never a line number,
    never a file name. Movements that a format cannot tell apart are numbered within their statement.
    """
    posts: bool
    """False for what is only announced: pending and informational movements, groups marked as a test."""
    is_return: bool
    """True where the money goes back: a returned, reversed or refunded payment."""
    return_reason: str | None
    """Reason code as the bank gives it (`AC04`, `R01`), where there is one."""
    type_code: str | None
    """The format's own classification (BAI2 type code, camt bank transaction code)."""
    references: tuple[str, ...]
    """Structured references in the order in which they should be tried: creditor reference, end-to-end id, ..."""
    mandate_id: str | None
    payer_account: str | None
    payer_name: str | None
    text: str
    """Unstructured remittance text, lines joined by one blank."""
    line: int
    """Line of the file on which the record starts, from 1, so that a person can find it again."""


class StatementSummary(NamedTuple):
    """One statement of one account: its controls as declared, and what was counted while reading.

    Unknown values are None. Amounts are minor units of `currency`; credits and debits are unsigned sums.
    """

    bank_account: str
    currency: str | None
    identity: tuple[str, ...]
    """What makes this statement the same statement when it is sent again; first part names the format."""
    first_day: date | None
    last_day: date | None
    sequence_number: int | None
    opening_minor: int | None
    closing_minor: int | None
    entry_count: int
    credit_count: int
    credit_minor: int
    debit_count: int
    debit_minor: int
    return_count: int
    change_count: int
