"""Learning payers: who paid for which account, from payments whose account was certain without knowing the payer.

Off the hot path: a payment is posted whether or not anybody remembers who made it. Repeating a call changes nothing.
"""

from typing import Final

from pawledger.domain.entries import PAYMENT_ENTRIES, RESOLUTION_ENTRIES, Entry, EntryKind, LedgerAccount
from pawledger.domain.identifiers import is_suspense_ledger
from pawledger.domain.payment_clues import Rung
from pawledger.domain.splitting import PART_ENTRIES
from pawledger.domain.waiting_money import TAKES
from pawledger.ports import EntryBook, ReferenceBook
from pawledger.services.payer_memory import (
    MARK_SLOTS_MAX,
    forget_payer,
    mark_reference_of,
    name_reference_of,
    payer_reference_of,
    remember_account,
)

LEARNT_FROM: Final = frozenset({Rung.REFERENCE, Rung.DIGITS, Rung.MANDATE})
"""What names an account by itself. What was found by a correction, an id or a known payer teaches nothing: one mistake
would prove the next."""

TOLD_BY: Final = (PAYMENT_ENTRIES, PART_ENTRIES, RESOLUTION_ENTRIES)
"""With what the ids of the entries begin from which something follows for what is known of payers."""


def learn_payers(account_id: str, entry_id: str, *, entries: EntryBook, references: ReferenceBook) -> int:
    """Remember who made a payment, if its entry says so; return how many facts were new.

    The ids that a bank or provider gave it are remembered too: its return repeats them, and some providers give one
    payer the same for ever. Whose payment a person gave to another account is known for none from then on, in whatever
    order both are told of: what its reference had proved was wrong, and would go on to prove the next payment.
    """
    if not entry_id.startswith(TOLD_BY) or is_suspense_ledger(account_id):
        return 0
    entry = entries.read_entry(account_id, entry_id)
    if entry is not None and entry_id.startswith(RESOLUTION_ENTRIES):
        return _forget_payer_of(entry, entries, references)
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


def _forget_payer_of(moved: Entry, entries: EntryBook, references: ReferenceBook) -> int:
    """Forget who made a payment of which all has left its account by what a person decided."""
    payment = entries.read_entry(moved.account_id, str(moved.decision.facts.get(TAKES)))
    if payment is None or payment.decision.kind is not EntryKind.PAYMENT_POSTED:
        return 0
    gone_minor = -sum(p.amount_minor for p in moved.decision.postings if p.ledger_account is LedgerAccount.CLEARING)
    payer_key = payment.decision.source.get("payer")
    if not payer_key or gone_minor != payment.decision.facts["amount_minor"]:
        return 0
    return int(forget_payer(payer_reference_of(payer_key), references))
