"""What is remembered of payers: which accounts they paid before, in the references table.

Nothing there is ever changed: a further account of a payer takes the next slot (`payer#<key>`, `payer#<key>#2`, ...).
"""

from collections.abc import Iterator
from typing import Final

from pawledger.ports import ReferenceBook

SLOTS_MAX: Final = 8
"""Accounts remembered of one payer, or of one part of a name."""

MARK_SLOTS_MAX: Final = 2
"""Two accounts show that an id tells nothing apart."""

NOBODY: Final = "-"
"""What takes a slot in which no account may be remembered; no account has this id."""

_LAST_MARK_SLOT: Final = f"#{MARK_SLOTS_MAX}"


def payer_reference_of(payer_key: str) -> str:
    return f"payer#{payer_key}"


def name_reference_of(name_key: str) -> str:
    return f"name#{name_key}"


def mark_reference_of(mark: str) -> str:
    return f"mark#{mark}"


def recall_accounts(reference: str, references: ReferenceBook, slots_max: int = SLOTS_MAX) -> tuple[str, ...]:
    """The accounts that are remembered under a reference, in the order in which they were learnt."""
    found = []
    for slot in _slots_of(reference, slots_max):
        account_id = references.find(slot)
        if account_id is None:
            break
        found.append(account_id)
    return tuple(found)


def remember_account(reference: str, account_id: str, references: ReferenceBook, slots_max: int = SLOTS_MAX) -> bool:
    """Remember an account under a reference, once; True where it is new. Where all slots are taken, it is left out.

    Slots are taken in their order. Whether the last one is taken is asked second: parts of names that many share would
    cost a read for each slot otherwise, with every payment.
    """
    first, *others = _slots_of(reference, slots_max)
    for slot in (first, *others):
        standing = references.find(slot)
        if (standing or references.claim(slot, account_id)) == account_id:
            return standing is None
        if slot == first and references.find(others[-1]) is not None:
            return False
    return False


def forget_payer(reference: str, references: ReferenceBook) -> bool:
    """Let a payer be known for no account (any more), by taking all slots that are left; True where some were."""
    free = [slot for slot in _slots_of(reference, SLOTS_MAX) if references.find(slot) is None]
    for slot in free:
        references.claim(slot, NOBODY)
    return bool(free)


def forget_mark(reference: str, references: ReferenceBook) -> bool:
    """Let an id of a bank or provider prove no account (any more); True where it could have.

    The last slot is taken, and the first is left: what a return names by this id is found there all the same.
    """
    last = f"{reference}{_LAST_MARK_SLOT}"
    return references.find(last) is None and references.claim(last, NOBODY) == NOBODY


def _slots_of(reference: str, slots_max: int) -> Iterator[str]:
    yield reference
    yield from (f"{reference}#{number}" for number in range(2, slots_max + 1))
