"""Payment references that lead to the account by computation, in letters (ISO 11649) and in digits.

A creditor reference is `RF`, two check digits, then up to 21 letters and digits. Ours carry the account id and the
four-digit number of the invoice. For rails that only carry digits the same facts are written as a number with two
check digits; its first digit tells how the account id is written.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final

from pawledger.domain.errors import require
from pawledger.domain.identifiers import ACCOUNT_ID_PATTERN

INVOICE_NUMBER_MAX: Final = 9999
"""Four digits: monthly invoices for 833 years."""

_CREDITOR_REFERENCE: Final = re.compile(r"RF[0-9]{2}([A-Z0-9]{4,12})([0-9]{4})")
# Both patterns only look ahead, so that a match hides nothing of what begins inside it.
_CREDITOR_REFERENCE_IN_TEXT: Final = re.compile(
    r"(?<![A-Z0-9])(?=(R ?F[ -]?[0-9][ -]?[0-9](?:[ -]?[A-Z0-9]){8,16}(?![A-Z0-9])))"
)
_NUMBER_IN_TEXT: Final = re.compile(r"(?<![A-Za-z0-9])(?=([0-9](?:[ -]?[0-9]){10,26})(?![A-Za-z0-9]))")
_CREDITOR_REFERENCE_LENGTH_MAX: Final = 25
"""Source: ISO 11649."""
_NUMBER_LENGTH_MIN: Final = 11
"""Tag, an account id of four digits, invoice number, check digits."""
_NUMBER_LENGTH_MAX: Final = 27
"""What most rails that carry digits alone leave room for: the Swiss reference, for instance."""
_JOINT: Final = re.compile(r"[ -]")
"""What people and banks write between the groups of a reference."""
_ANY_CREDITOR_REFERENCE: Final = re.compile(r"(?<![A-Z0-9])RF[ -]?[0-9]{2}(?:[ -]?[A-Z0-9]){1,21}(?![A-Z0-9])")
_DIGITS_ONLY_TAG: Final = "1"
_BASE_36_TAG: Final = "2"
_LETTERS_AS_NUMBERS: Final = str.maketrans({letter: str(int(letter, 36)) for letter in ascii_uppercase})
_SEARCHED_CHARACTERS_MAX: Final = 4096
"""Longest remittance text looked into; ISO 20022 allows 140 characters a line and banks send a few lines."""


@dataclass(frozen=True, slots=True)
class InvoiceAddress:
    """What a payment reference leads to."""

    account_id: str
    invoice_number: int


def creditor_reference_of(address: InvoiceAddress) -> str:
    """The ISO 11649 reference of an invoice, for instance `RF15100000420001`."""
    _require_addressable(address)
    body = f"{address.account_id}{address.invoice_number:04d}"
    return f"RF{98 - _mod_97(body + 'RF00'):02d}{body}"


def numeric_reference_of(address: InvoiceAddress) -> str:
    """The reference in digits only, at most 27, with ISO 7064 MOD 97-10 check digits at its end."""
    _require_addressable(address)
    if address.account_id.isdigit():
        account_digits = _DIGITS_ONLY_TAG + address.account_id
    else:
        # A leading 1 keeps leading zeros of the id when it is read as a number of base 36.
        account_digits = _BASE_36_TAG + str(int("1" + address.account_id, 36))
    body = f"{account_digits}{address.invoice_number:04d}"
    return f"{body}{98 - int(body + '00') % 97:02d}"


def read_creditor_reference(text: str) -> InvoiceAddress | None:
    """What a text leads to if it is, as a whole, one of our `RF` references with right check digits; otherwise None.

    Blanks do not count, because banks print creditor references in groups of four.
    """
    compact = text.replace(" ", "").upper()
    match = _CREDITOR_REFERENCE.fullmatch(compact)
    if not match:
        return None
    # 00, 01 and 99 agree modulo 97 with other check digits, but are never issued.
    is_right = 2 <= int(compact[2:4]) <= 98 and _mod_97(compact[4:] + compact[:4]) == 1
    return InvoiceAddress(match[1], int(match[2])) if is_right else None


def read_numeric_reference(text: str) -> InvoiceAddress | None:
    """What a text leads to if it is, as a whole, one of our references in digits; otherwise None.

    One in 97 of all numbers that begin with 1 has right check digits too: whether the invoice exists must be looked up.
    """
    compact = text.replace(" ", "")
    if not compact.isascii() or not compact.isdigit() or not _NUMBER_LENGTH_MIN <= len(compact) <= _NUMBER_LENGTH_MAX:
        return None
    if int(compact) % 97 != 1:
        return None
    tag, account_digits, invoice_number = compact[0], compact[1:-6], int(compact[-6:-2])
    if tag == _DIGITS_ONLY_TAG:
        account_id = account_digits
    elif tag == _BASE_36_TAG:
        account_id = _write_base_36(int(account_digits))[1:]
    else:
        return None
    address = InvoiceAddress(account_id, invoice_number)
    is_ours = ACCOUNT_ID_PATTERN.fullmatch(account_id) and numeric_reference_of(address) == compact
    return address if is_ours else None


def find_creditor_references(text: str) -> tuple[InvoiceAddress, ...]:
    """Every different address whose creditor reference stands in a longer text, in the order of the text.

    Numbers are not looked for: one in 97 of all numbers of a text would pass for a reference in digits.

    A reference may be followed by words that fit into it and, one time in 97, give right check digits as well. Then
    both readings are returned, so that the caller sees that neither is sure.
    """
    return tuple({address: None for readings in find_readings(text) for address in readings})


def find_readings(text: str) -> tuple[tuple[InvoiceAddress, ...], ...]:
    """The same as `find_creditor_references`, with the readings of one place of the text kept together.

    Of several readings of one place at most one is meant.
    """
    upper = text[:_SEARCHED_CHARACTERS_MAX].upper()
    if "F" not in upper:
        return ()
    return tuple(
        readings
        for match in _CREDITOR_REFERENCE_IN_TEXT.finditer(upper)
        if (readings := _read_beginnings(_JOINT.split(match[1]), read_creditor_reference))
    )


def find_numeric_readings(text: str) -> tuple[tuple[InvoiceAddress, ...], ...]:
    """Numbers of a longer text that could be our references in digits, the readings of one place kept together.

    One in 97 of all numbers that begin with 1 could be: none is to be believed before its invoice was looked up.
    """
    return tuple(
        readings
        for match in _NUMBER_IN_TEXT.finditer(text[:_SEARCHED_CHARACTERS_MAX])
        if (readings := _read_beginnings(_JOINT.split(match[1]), read_numeric_reference))
    )


def names_another_creditor(text: str) -> bool:
    """Whether a text holds a creditor reference with right check digits that is none of ours, as a whole word or words.

    Whoever wrote it meant somebody else's invoice.
    """
    upper = text[:_SEARCHED_CHARACTERS_MAX].upper()
    return "RF" in upper and any(
        _is_of_another(beginning)
        for match in _ANY_CREDITOR_REFERENCE.finditer(upper)
        for beginning in _beginnings_of(_JOINT.split(match[0]))
    )


def _is_of_another(compact: str) -> bool:
    if not 5 <= len(compact) <= _CREDITOR_REFERENCE_LENGTH_MAX or _CREDITOR_REFERENCE.fullmatch(compact):
        return False
    return 2 <= int(compact[2:4]) <= 98 and _mod_97(compact[4:] + compact[:4]) == 1


def _read_beginnings(words: list[str], read: Callable[[str], InvoiceAddress | None]) -> tuple[InvoiceAddress, ...]:
    """What the first words say together, the longest beginning first."""
    return tuple({address: None for beginning in _beginnings_of(words) if (address := read(beginning))})


def _beginnings_of(words: Sequence[str]) -> Iterator[str]:
    return ("".join(words[:count]) for count in range(len(words), 0, -1))


def _write_base_36(number: int) -> str:
    digits = ""
    while number:  # at most 16 rounds: the caller's text has at most 20 digits
        number, remainder = divmod(number, 36)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[remainder] + digits
    return digits


def _mod_97(text: str) -> int:
    """ISO 7064: letters count as 10 to 35, the whole as one number, modulo 97."""
    return int(text.translate(_LETTERS_AS_NUMBERS)) % 97


def _require_addressable(address: InvoiceAddress) -> None:
    require(ACCOUNT_ID_PATTERN.fullmatch(address.account_id) is not None, "a reference is made of a valid account id")
    require(0 <= address.invoice_number <= INVOICE_NUMBER_MAX, "an invoice number has at most four digits")
