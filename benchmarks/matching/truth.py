"""Bank lines and the truth of them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from benchmarks.matching.shares import LineClass


class Decidability(StrEnum):
    """What a line and the books together allow to know, whoever looks at them."""

    PROVEN = "proven"
    """They prove the answer: by a reference, a mandate, an id, or the one way in which a known payer's amount fits."""
    LIKELY = "likely"
    """Nothing proves it, but one account resembles what is said more than any other: a person would find it."""
    UNDECIDABLE = "undecidable"
    """Several answers are as good, or none is: whoever posts it guesses."""
    MISLEADING = "misleading"
    """They prove something else than the payer meant: sign for sign it is a right payment of another account."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What the payer meant."""

    decidability: Decidability
    parts: tuple[tuple[str, int], ...]
    """Account ids and what each gets, in minor units; empty where the money is not meant for us."""
    invoice_ids: tuple[str, ...]
    """Invoices that were meant; empty where none was."""


@dataclass(frozen=True, slots=True)
class BankLine:
    """One line of a bank statement, with its truth."""

    number: int
    line_class: LineClass
    amount_minor: int
    currency: str
    booked_on: date
    references: tuple[str, ...]
    text: str
    mandate_id: str | None
    bank_account: str | None
    """Of the payer, where the bank tells it."""
    payer_name: str
    truth: Truth
