"""Corrections: which of our payment references a payer may have meant who made one typing error.

One error is a sign wrong, one missing, one too many, two exchanged, or letters and digits that look alike taken for one
another. Blanks, hyphens and the like between the signs do not count. What comes out are possibilities: which of them
was issued, and whether only one fits, is for the caller to find out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from string import digits
from typing import Final

from pawledger.domain.matching.check_digits import BASE, change_one_sign, divide, remainder_of
from pawledger.domain.matching.payment_references import InvoiceAddress, read_creditor_reference, read_numeric_reference

CORRECTIONS_MAX: Final = 64
"""Possibilities of one payment. A damaged reference has about ten; where there are more, nothing is proven."""

SPANS_MAX: Final = 24
"""Pieces of one payment that could be a damaged reference; each costs some 50 microseconds."""

SEARCHED_CHARACTERS_MAX: Final = 300
"""Of each text, from its beginning: two lines of remittance text of 140 characters."""

LETTERS_LENGTHS: Final = range(11, 22)
"""A reference in letters has 12 to 20 signs, and one more or fewer where one is too many or missing."""

DIGITS_LENGTHS: Final = range(10, 29)
"""A reference in digits has 11 to 27 signs, and one more or fewer where one is too many or missing."""

DIGITS_MIN: Final = 5
"""Check digits and invoice number are six digits of which one may be missing: a word with fewer is no reference."""

MIXED_UP_SIGNS_MAX: Final = 5
"""Different signs of one account id that may each be another throughout: 32 combinations, or 48 with a 1."""

_DIGITS_ALIKE: Final = {"O": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "G": "6", "B": "8"}
"""Letters, and the digits that they are written or read for."""
_ALIKE: Final = _DIGITS_ALIKE | {"0": "O", "1": "IL", "2": "Z", "5": "S", "6": "G", "8": "B"}
_AS_DIGITS: Final = str.maketrans(_DIGITS_ALIKE)
_DIGIT_LIKE: Final = frozenset("0123456789").union(_DIGITS_ALIKE)
_JOINTS: Final = frozenset(" -./_")
"""Signs that people write inside a reference to group it."""
_FEW_DIGITS: Final = re.compile(r"(?:[0-9][^0-9]*){3}")
"""Of a reference with all its noughts and ones written as letters, some digits are left; most words have none."""
_GROUP: Final = re.compile(r"[A-Z0-9]+")
_BEGINNING: Final = re.compile(r"RF|(?:FR|R[A-Z0-9]?|[A-Z0-9]?F|[A-Z0-9]RF|R[A-Z0-9]F)[0-9]{2}|R[0-9]F[0-9]")
"""`RF`, or what one error makes of it before check digits that are then right."""
_BODY: Final = re.compile(r"([A-Z0-9]{4,12})([0-9]{4})")
_HEAD_IN_DIGITS: Final = 271500
"""`RF00`, as which the head counts behind the account id and the invoice number."""


@dataclass(frozen=True, slots=True)
class Corrections:
    """Invoices that may be meant by references with one typing error, in the order of the texts."""

    addresses: tuple[InvoiceAddress, ...]
    is_whole: bool
    """False where a limit was reached: then an invoice that is not among them may be meant as well."""


def find_corrections(texts: Iterable[str]) -> Corrections:
    """Invoices of which a reference with one typing error may stand in the texts."""
    spans = list(islice((span for text in texts for span in _find_spans(text)), SPANS_MAX + 1))
    found: dict[InvoiceAddress, None] = {}
    for span in spans[:SPANS_MAX]:
        found.update(dict.fromkeys(_correct_span(span)))
    return Corrections(
        tuple(found)[:CORRECTIONS_MAX], is_whole=len(spans) <= SPANS_MAX and len(found) <= CORRECTIONS_MAX
    )


def _find_spans(text: str) -> Iterator[str]:
    """Pieces of a text, without what groups them, that have the length and the look of one of our references."""
    upper = text[:SEARCHED_CHARACTERS_MAX].upper()
    if not _FEW_DIGITS.search(upper):
        return
    groups = list(_GROUP.finditer(upper))
    for first, group in enumerate(groups):
        span, end = "", group.start()
        for following in groups[first:]:
            gap = upper[end : following.start()]
            if len(gap) > 1 or not _JOINTS.issuperset(gap):
                break
            span, end = span + following[0], following.end()
            if len(span) >= DIGITS_LENGTHS.stop:
                break
            if _looks_like_ours(span):
                yield span


def _looks_like_ours(span: str) -> bool:
    if len(span) not in DIGITS_LENGTHS:
        return False
    digit_count = sum(map(str.isdigit, span))
    if digit_count >= len(span) - 1:
        return True
    if digit_count >= DIGITS_MIN and _DIGIT_LIKE.issuperset(span):
        return True
    if len(span) not in LETTERS_LENGTHS or not _BEGINNING.match(span):
        return False
    return sum(sign in _DIGIT_LIKE for sign in span) >= DIGITS_MIN


def _correct_span(span: str) -> Iterator[InvoiceAddress]:
    if span.isdigit() or not _BEGINNING.match(span):
        return _correct_digits(span)
    return _correct_letters(span)


def _correct_digits(span: str) -> Iterator[InvoiceAddress]:
    letters = [sign for sign in span if not sign.isdigit()]
    numbers: Iterable[str] = (span.translate(_AS_DIGITS),)
    if not letters:
        numbers = change_one_sign(span, 1, digits_only=True)
    elif len(letters) == 1:
        numbers = (span.replace(letters[0], sign) for sign in ("", *digits))
    return (address for number in numbers if (address := read_numeric_reference(number)))


def _correct_letters(span: str) -> Iterator[InvoiceAddress]:
    for tail in _tails_of(span):
        address = read_creditor_reference(f"RF{tail}")
        if address:
            yield address
    if span.startswith("RF"):
        yield from _correct_body(span[2:4], span[4:])
        yield from _correct_check_digits(span[2:])
        yield from _correct_mixed_up(span[2:4], span[4:-4], span[-4:])


def _tails_of(span: str) -> Iterator[str]:
    """What follows the head, whatever one error made of it, also where two signs are exchanged at an end of it."""
    if span[0] in "RF":
        yield span[1:]
    if span[0] == "R" or span[1] == "F" or span[:2] == "FR":
        yield span[2:]
    if span[1:3] == "RF" or (span[0], span[2]) == ("R", "F"):
        yield span[3:]
    if (span[0], span[2]) == ("R", "F"):
        yield span[1] + span[3:]
    if span.startswith("RF"):
        yield span[2] + span[4] + span[3] + span[5:]


def _correct_body(check_digits: str, body: str) -> Iterator[InvoiceAddress]:
    """Behind check digits that are taken for right."""
    if not check_digits.isdigit() or not 2 <= int(check_digits) <= 98:
        return
    wanted = divide(1 - _HEAD_IN_DIGITS - int(check_digits), 10**6)
    for changed in change_one_sign(body, wanted, digits_only=False):
        match = _BODY.fullmatch(changed)
        if match:
            yield InvoiceAddress(match[1], int(match[2]))


def _correct_check_digits(tail: str) -> Iterator[InvoiceAddress]:
    """Before a body that is taken for right: with one of two digits missing, one wrong, or one too many."""
    for length in (1, 2, 3):
        match = _BODY.fullmatch(tail, length)
        if not match:
            continue
        right = f"{BASE + 1 - (remainder_of(match[0]) * 10**6 + _HEAD_IN_DIGITS) % BASE:02d}"
        written = tail[:length]
        signs = {
            1: written in right,
            2: written[0] == right[0] or written[-1] == right[1] or written == right[::-1],
            3: right in (written[:2], written[1:], written[::2]),
        }
        if signs[length]:
            yield InvoiceAddress(match[1], int(match[2]))


def _correct_mixed_up(check_digits: str, account_id: str, number: str) -> Iterator[InvoiceAddress]:
    """With letters for digits throughout, and in the account id either for the other."""
    head, end = f"RF{check_digits.translate(_AS_DIGITS)}", number.translate(_AS_DIGITS)
    signs = [sign for sign in dict.fromkeys(account_id) if sign in _ALIKE][:MIXED_UP_SIGNS_MAX]
    for others in product(*(sign + _ALIKE[sign] for sign in signs)):
        meant = account_id.translate(str.maketrans("".join(signs), "".join(others)))
        address = read_creditor_reference(f"{head}{meant}{end}")
        if address:
            yield address
