"""Learning payers: who paid for which account, from payments whose account was certain without knowing the payer.

Off the hot path: a payment is posted whether or not anybody remembers who made it. Repeating a call changes nothing.
"""

from typing import Final

from pawledger.domain.entries import PAYMENT_ENTRIES, EntryKind
from pawledger.domain.identifiers import is_suspense_ledger
from pawledger.domain.payment_clues import Rung
from pawledger.domain.splitting import PART_ENTRIES
from pawledger.ports import EntryBook, ReferenceBook
from pawledger.services.payer_memory import (
    MARK_SLOTS_MAX,
    mark_reference_of,
    name_reference_of,
    payer_reference_of,
    remember_account,
)

LEARNT_FROM: Final = frozenset({Rung.REFERENCE, Rung.DIGITS, Rung.MANDATE})
"""What names an account by itself. What was found by a correction, an id or a known payer teaches nothing: one mistake
would prove the next."""


def learn_payers(account_id: str, entry_id: str, *, entries: EntryBook, references: ReferenceBook) -> int:
    """Remember who made a payment, if its entry says so; return how many facts were new.

    The ids that a bank or provider gave it are remembered too: its return repeats them, and some providers give one
    payer the same for ever.
    """
    if not entry_id.startswith((PAYMENT_ENTRIES, PART_ENTRIES)) or is_suspense_ledger(account_id):
        return 0
    entry = entries.read_entry(account_id, entry_id)
    if entry is None or entry.decision.kind is not EntryKind.PAYMENT_POSTED:
        return 0
    source = entry.decision.source
    if source.get("identified_by") not in LEARNT_FROM:
        return 0
    payer_key = source.get("payer")
    names = [payer_reference_of(payer_key)] if payer_key else []
    names += map(name_reference_of, source.get("names", ()))
    marks = map(mark_reference_of, source.get("marks", ()))
    learnt = [remember_account(name, account_id, references) for name in names]
    learnt += [remember_account(name, account_id, references, MARK_SLOTS_MAX) for name in marks]
    return sum(learnt)
