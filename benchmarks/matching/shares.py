"""What is on the bank statements of the benchmark: each class of line, its share, and why.

No public count of such lines was found, so that the shares are assumed. Two rules kept them honest: whatever a class
says of the matcher did not move its share, and mistakes of people are rather more frequent here than in life.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class LineClass(StrEnum):
    STRUCTURED_REFERENCE = "reference in its own field"
    REFERENCE_IN_TEXT = "reference in the text"
    NUMERIC_REFERENCE = "reference in digits"
    MANDATE = "mandate"
    MARK = "id of an earlier payment"
    KNOWN_PAYER = "known payer, no reference"
    WRONG_SIGN = "one sign wrong"
    EXCHANGED_SIGNS = "two signs exchanged"
    MISSING_SIGN = "one sign missing"
    EXTRA_SIGN = "one sign too many"
    CONFUSED_SIGNS = "letters for digits"
    TWO_ERRORS = "two errors"
    NUMERIC_ERROR = "one error in digits"
    TRUNCATED = "reference cut off"
    SEVERAL_REFERENCES = "several references"
    BUNDLE = "bundle without a reference"
    PARTIAL = "partial payment"
    OVERPAYMENT = "overpayment"
    SHORT = "short within the tolerance"
    ALREADY_PAID = "invoice is paid already"
    RETURN = "return of a payment"
    WRONG_CURRENCY = "wrong currency"
    NEW_BANK_ACCOUNT = "new bank account, with reference"
    NEW_BANK_ACCOUNT_ONLY = "new bank account, no reference"
    OTHER_AMOUNT = "known payer, another amount"
    FIRST_FOR_ACCOUNT = "known payer, first for the account"
    UNKNOWN_PAYER = "unknown payer, no reference"
    TWINS = "twins of name and amount"
    FOREIGN = "reference of another creditor"
    EMPTY = "empty text"


@dataclass(frozen=True, slots=True)
class Share:
    """How many of ten thousand lines are of a class."""

    line_class: LineClass
    per_ten_thousand: int
    why: str


SHARES: Final = (
    Share(LineClass.STRUCTURED_REFERENCE, 2_480, "QR codes, portals and standing orders fill the field by themselves"),
    Share(LineClass.REFERENCE_IN_TEXT, 2_200, "what a person types or pastes; grouped, lower-case, among other words"),
    Share(LineClass.NUMERIC_REFERENCE, 1_300, "bill payments of rails that carry digits only"),
    Share(LineClass.MANDATE, 900, "debits of a mandate, told one by one; most come from a provider's file instead"),
    Share(
        LineClass.MARK,
        100,
        "standing orders and providers that give each payment the same id, by a bank that hides the payer",
    ),
    Share(LineClass.KNOWN_PAYER, 700, "standing orders set up long ago, with a pet's name or nothing as their text"),
    Share(LineClass.WRONG_SIGN, 130, "the most frequent slip: half of all typing errors"),
    Share(LineClass.EXCHANGED_SIGNS, 70, "the second most frequent"),
    Share(LineClass.MISSING_SIGN, 60, "as often as one too many"),
    Share(LineClass.EXTRA_SIGN, 60, "mostly a key that repeated"),
    Share(LineClass.CONFUSED_SIGNS, 60, "read from paper: O for 0, I for 1"),
    Share(LineClass.TWO_ERRORS, 50, "one in ten of those who err errs twice"),
    Share(LineClass.NUMERIC_ERROR, 90, "digits are typed more rarely, and checked by most forms"),
    Share(LineClass.TRUNCATED, 120, "fields of 18 characters (Faster Payments, Bacs) end before the reference does"),
    Share(LineClass.SEVERAL_REFERENCES, 180, "who catches up pays several invoices at once, and names them"),
    Share(LineClass.BUNDLE, 120, "one in six of households has several accounts; few pay them by one transfer"),
    Share(LineClass.PARTIAL, 130, "agreed rates, and what the account held"),
    Share(LineClass.OVERPAYMENT, 120, "a price that fell, rounding up, paying for two months"),
    Share(LineClass.SHORT, 90, "the old price, bank charges"),
    Share(LineClass.ALREADY_PAID, 150, "paid twice: standing order and transfer"),
    Share(LineClass.RETURN, 90, "one in a hundred payments comes back"),
    Share(LineClass.WRONG_CURRENCY, 60, "payers who live abroad"),
    Share(LineClass.NEW_BANK_ACCOUNT, 150, "one in fifty households changes its bank in a year"),
    Share(LineClass.NEW_BANK_ACCOUNT_ONLY, 60, "the same, without a reference"),
    Share(LineClass.OTHER_AMOUNT, 80, "the standing order was not changed with the price"),
    Share(LineClass.FIRST_FOR_ACCOUNT, 30, "a first payment nearly always carries the reference that was asked for"),
    Share(LineClass.UNKNOWN_PAYER, 130, "relatives, and banks that tell no account of the payer"),
    Share(LineClass.TWINS, 60, "frequent names at list prices"),
    Share(LineClass.FOREIGN, 170, "money that was meant for someone else"),
    Share(LineClass.EMPTY, 60, "cash paid in, banks that pass nothing on"),
)
