"""Marks: short hashes of what a bank or provider calls a payment, by which what comes later is known to belong to it.

A return repeats the trace number, end-to-end id or provider's id of the payment that it takes back. An entry keeps the
marks of these ids and not the ids: a payer may write anything into them.
"""

import base64
import hashlib
from collections.abc import Iterable
from typing import Final

from pawledger.domain.matching.payment_references import read_creditor_reference, read_numeric_reference

MARK_CHARACTERS: Final = 12
"""72 bits: two of 10**8 different ids share a mark with odds of one in a million, and an entry stays under 1 KB."""

MARKS_MAX: Final = 3
"""Ids of one payment that are kept, the most telling first: no format tells more than two that a return repeats."""

ID_CHARACTERS_MIN: Final = 4
"""A shorter text is a number within a batch or a word, and tells nothing apart."""

STAND_INS: Final = frozenset(("NOTPROVIDED", "NONREF", "UNKNOWN", "NONE"))
"""What banks write where there is no id. Source: `NOTPROVIDED` of the SEPA rulebooks, `NONREF` of SWIFT field 61."""


def mark_of_id(text: str) -> str:
    """The mark of an id, whatever its case and blanks, which differ between a payment and its return."""
    return _mark_of("id", "".join(text.split()).upper())


def mark_of_mandate(mandate_id: str) -> str:
    """The mark of a mandate: all payments under it share it, so that it is another than that of the same text as id."""
    return _mark_of("mandate", mandate_id.strip())


def marks_of(references: Iterable[str]) -> tuple[str, ...]:
    """Marks of the ids among references, in their order.

    Our own payment references are left out: every payment of an invoice carries the same.
    """
    told = (reference for reference in references if _is_id(reference))
    return tuple(dict.fromkeys(map(mark_of_id, told)))[:MARKS_MAX]


def _is_id(reference: str) -> bool:
    written = "".join(reference.split()).upper()
    if len(written) < ID_CHARACTERS_MIN or written in STAND_INS:
        return False
    return read_creditor_reference(reference) is None and read_numeric_reference(reference) is None


def _mark_of(kind: str, text: str) -> str:
    digest = hashlib.sha256(f"{kind} {text}".encode()).digest()
    return base64.urlsafe_b64encode(digest)[:MARK_CHARACTERS].decode()
