"""What stands on a line that was meant for another creditor."""

import random
import string
from typing import Final

from benchmarks.matching.wording import write_text
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of

_LETTERS_AND_DIGITS: Final = string.ascii_uppercase + string.digits


def write_foreign(chance: random.Random) -> tuple[tuple[str, ...], str, bool]:
    """References and text of such a line, and whether it is a creditor reference that is right and not ours."""
    kind = chance.choice((_creditor_reference, _like_ours, _customer_number, _invoice_number, _bank_account))
    written = kind(chance)
    is_reference = kind in (_creditor_reference, _like_ours)
    if chance.random() < 0.5:
        return (written,), "", is_reference
    return (), write_text(chance, written), is_reference


def _creditor_reference(chance: random.Random) -> str:
    """Another creditor's ISO 11649 reference, with right check digits."""
    body = "".join(chance.choices(_LETTERS_AND_DIGITS, k=chance.randint(5, 21)))
    digits = "".join(str(int(sign, 36)) for sign in f"{body}RF00")
    return f"RF{98 - int(digits) % 97:02d}{body}"


def _like_ours(chance: random.Random) -> str:
    """A creditor who builds references as we do, with other account numbers."""
    account_id = str(chance.randrange(10**9, 10**10))
    return creditor_reference_of(InvoiceAddress(account_id, chance.randint(1, 60)))


def _customer_number(chance: random.Random) -> str:
    """Digits alone, as energy and telephone companies use them; one in 97 of them has the check digits of ours."""
    return "".join(("1", *chance.choices(string.digits, k=chance.randint(10, 22))))


def _invoice_number(chance: random.Random) -> str:
    return f"RE-2026-{chance.randrange(100_000):05d}"


def _bank_account(chance: random.Random) -> str:
    return f"DE{chance.randrange(100):02d} 5001 0517 {chance.randrange(10**10):010d}"
