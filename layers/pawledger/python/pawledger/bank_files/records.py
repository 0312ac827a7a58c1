"""What a bank file says, whatever its format: the movements on an account, one record each."""

from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

NO_CURRENCY: Final = "XXX"
"""ISO 4217's own code for no currency: of what is told of a group, or of a mandate, and is no amount."""


class Direction(StrEnum):
    """Seen from the holder of the bank account: credit is money in, debit is money out."""

    CREDIT = "credit"
    DEBIT = "debit"


class Purpose(StrEnum):
    """What a movement is to the books, apart from its direction."""

    PAYMENT = "payment"
    """Money that comes in or goes out for a reason of its own: the ordinary movement."""
    RETURN = "return"
    """Money that goes back: a returned, reversed, refunded or charged back payment, and what takes that back again."""
    FEE = "fee"
    """What the bank or provider charges for its service, or gives back of it."""
    PAYOUT = "payout"
    """Money that only moves between our own accounts: a provider's payout to our bank account."""
    CHANGE = "change"
    """No money: payer details or a mandate changed (notification of change, ADDACS, AUDDIS). Never posts."""


class Booking(NamedTuple):
    """The booking on an account of which a movement is (a part of) one telling.

    One bank message may tell a booking whole and another in items. Both have the same `identity` and another `telling`;
    only the telling that comes first is posted, see `pawledger.services.receiving.payment_chunks`.
    """

    identity: tuple[str, ...]
    telling: str
    """`whole`, or a digest of the identities of the items it is told in."""


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
    purpose: Purpose
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
    offset: int | None
    """Byte of the unpacked file on which the record starts, from 0, where the line does not find it; else None."""
    booking: Booking | None
    """Set where another message of the bank may tell the same booking in other pieces; else None."""

    @property
    def is_return(self) -> bool:
        return self.purpose is Purpose.RETURN


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
    """Notices that payer details or mandates changed."""
    chain: tuple[str, ...] | None
    """The series that the statement belongs to, (format, account, currency): in it, each closing balance is the next
    opening balance. None where it belongs to none: interim reports, advices, test and deletion groups."""
    is_correction: bool
    """True where the bank says that this replaces what it told before."""
