"""Payment references of which the end is missing, because a field was too short: what their check digits still say.

They stand in front, so that they are left whole, and tell for every account id that the rest may begin with which of
its invoices is meant.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pawledger.domain.matching.check_digits import BASE, SIGNS, divide, remainder_of
from pawledger.domain.matching.payment_references import InvoiceAddress

NUMBERS_APART: Final = BASE
"""The check digits allow every 97th invoice number of an account."""

SEARCHED_CHARACTERS_MAX: Final = 300
"""Of each text, from its beginning: two lines of remittance text of 140 characters."""

ID_SIGNS_LOST_MAX: Final = 2
"""Of an account id. Fewer signs that are left are the beginning of too many ids."""

_END_SEARCHED: Final = 30
"""Signs at the end of a text among which the reference stands: 19, and what groups them."""
_ACCOUNT_ID_LENGTHS: Final = range(4, 13)
_NUMBER_SIGNS: Final = 4
_HEAD_IN_DIGITS: Final = 271500
"""`RF00`, as which the head counts behind the account id and the invoice number."""
_CUT_OFF: Final = re.compile(r"RF([0-9]{2})([A-Z0-9]{4,15})")


@dataclass(frozen=True, slots=True)
class CutOffReference:
    """The beginning of a reference."""

    check_digits: int
    body: str
    """What is left of account id and invoice number."""

    def completions(self) -> tuple[InvoiceAddress, ...]:
        """With one to four signs missing: every account id that is whole, each with the number that is possible."""
        whole = (
            (self.body[: len(self.body) - known], self.body[len(self.body) - known :]) for known in range(_NUMBER_SIGNS)
        )
        addresses = (
            (self.address_in(account_id), digits)
            for account_id, digits in whole
            if len(account_id) in _ACCOUNT_ID_LENGTHS
        )
        return tuple(each for each, digits in addresses if f"{each.invoice_number:04d}".startswith(digits))

    def longer_ids(self) -> tuple[str, ...]:
        """With five signs missing: every account id of which the last sign is lost."""
        is_id = len(self.body) + 1 in _ACCOUNT_ID_LENGTHS
        return tuple(self.body + sign for sign in SIGNS) if is_id else ()

    def address_in(self, account_id: str) -> InvoiceAddress:
        """The invoice of an account that the check digits allow; further ones are `NUMBERS_APART` later."""
        wanted = divide(1 - _HEAD_IN_DIGITS - self.check_digits, 10**6)
        return InvoiceAddress(account_id, (wanted - remainder_of(account_id) * 10**_NUMBER_SIGNS) % NUMBERS_APART)

    def is_sure_of(self, account_id: str) -> bool:
        """Whether an account id stands in full: a sign of the invoice number follows it, which agreed with it."""
        return len(account_id) < len(self.body) and self.body.startswith(account_id)

    def may_begin(self, account_id: str) -> bool:
        """Whether an account id begins with what is left and has one or two signs more."""
        return 0 < len(account_id) - len(self.body) <= ID_SIGNS_LOST_MAX and account_id.startswith(self.body)


def find_cut_off(texts: Iterable[str]) -> tuple[CutOffReference, ...]:
    """Beginnings of references at the ends of texts, each once."""
    found: dict[CutOffReference, None] = {}
    for text in texts:
        end = text[:SEARCHED_CHARACTERS_MAX].upper()[-_END_SEARCHED:]
        written = "".join(filter(str.isalnum, end)) if "RF" in end or "R " in end else ""
        match = _CUT_OFF.fullmatch(written, max(0, written.rfind("RF")))
        if match:
            found[CutOffReference(int(match[1]), match[2])] = None
    return tuple(found)
