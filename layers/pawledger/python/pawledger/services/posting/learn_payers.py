"""Learning payers: who paid for which account, from payments whose account was certain without knowing the payer.

Off the hot path: a payment is posted whether or not anybody remembers who made it. Repeating a call changes nothing,
and in whatever order entries are told of, the same is known in the end.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pawledger.domain.bank_returns.return_reasons import ReturnReasons
from pawledger.domain.bank_returns.returned_payments import details_of
from pawledger.domain.books.entries import (
    DEBIT_ENTRIES,
    PAYMENT_ENTRIES,
    RESOLUTION_ENTRIES,
    RETURNED_ENTRIES,
    Entry,
    EntryKind,
    LedgerAccount,
)
from pawledger.domain.books.waiting_money import TAKES
from pawledger.domain.identifiers import is_settlement_ledger, is_suspense_ledger
from pawledger.domain.matching.payment_clues import Rung
from pawledger.domain.posting.movement_outcomes import RETURN_REASON
from pawledger.domain.posting.splitting import PART_ENTRIES
from pawledger.ports import EntryBook, ReferenceBook
from pawledger.services.posting.payer_memory import (
    MARK_SLOTS_MAX,
    forget_mark,
    forget_payer,
    mark_reference_of,
    name_reference_of,
    payer_reference_of,
    remember_account,
)

LEARNT_FROM: Final = frozenset({Rung.REFERENCE, Rung.DIGITS, Rung.MANDATE})
"""What names an account by itself. What was found by a correction, an id or a known payer teaches nothing: one mistake
would prove the next."""

TAKEN_BACK_BY: Final = (DEBIT_ENTRIES, RETURNED_ENTRIES)
"""With what the ids of the entries begin by which a payment may be taken back."""

TOLD_BY: Final = (PAYMENT_ENTRIES, PART_ENTRIES, RESOLUTION_ENTRIES, *TAKEN_BACK_BY)
"""With what the ids of the entries begin from which something follows for what is known of payers."""


@dataclass(frozen=True, slots=True)
class LearningPorts:
    """What learning payers touches."""

    entries: EntryBook
    references: ReferenceBook
    reasons: Callable[[], ReturnReasons]
    """Read when the first return comes, not when the function starts."""


def learn_payers(account_id: str, entry_id: str, ports: LearningPorts) -> int:
    """Remember who made a payment, if its entry says so; return how many facts were new.

    The ids that a bank or provider gave it are remembered too: its return repeats them, and some providers give one
    payer the same for ever. Whose payment a person gave to another account, or was taken back because its payer denies
    it, is known for none from then on: what had proved it was wrong, and would go on to prove the next payment.
    """
    may_deny = entry_id.startswith((*TAKEN_BACK_BY, RESOLUTION_ENTRIES))
    if not entry_id.startswith(TOLD_BY) or is_settlement_ledger(account_id):
        return 0
    # Of money of nobody known nothing is learnt; a payment for several accounts is taken back where it was taken in.
    if is_suspense_ledger(account_id) and not may_deny:
        return 0
    entry = ports.entries.read_entry(account_id, entry_id)
    if entry is None:
        return 0
    if may_deny:
        wrong = _find_denied(entry, ports) or _find_moved(entry, ports.entries)
        return _forget_payer_of(wrong, ports.references)
    return _learn_from(entry, ports.references)


def _learn_from(payment: Entry, references: ReferenceBook) -> int:
    source = payment.decision.source
    if payment.decision.kind is not EntryKind.PAYMENT_POSTED or source.get("identified_by") not in LEARNT_FROM:
        return 0
    payer_key = source.get("payer")
    names = [payer_reference_of(payer_key)] if payer_key else []
    names += map(name_reference_of, source.get("names", ()))
    marks = map(mark_reference_of, source.get("marks", ()))
    learnt = [remember_account(name, payment.account_id, references) for name in names]
    learnt += [remember_account(name, payment.account_id, references, MARK_SLOTS_MAX) for name in marks]
    return sum(learnt)


def _find_moved(moved: Entry, entries: EntryBook) -> Entry | None:
    """The payment of which all has left its account by what a person decided."""
    payment_entry_id = moved.decision.facts.get(TAKES)
    if moved.decision.kind is not EntryKind.MONEY_MOVED or payment_entry_id is None:
        return None
    payment = entries.read_entry(moved.account_id, str(payment_entry_id))
    if payment is None or payment.decision.kind is not EntryKind.PAYMENT_POSTED:
        return None
    gone_minor = -moved.decision.posted_minor(LedgerAccount.CLEARING)
    return payment if gone_minor == payment.decision.facts["amount_minor"] else None


def _find_denied(returned: Entry, ports: LearningPorts) -> Entry | None:
    """The payment that was taken back, in part or whole, because its payer says that it was not theirs to make."""
    payment_entry_id = details_of(returned).get("returns")
    if returned.decision.kind is not EntryKind.PAYMENT_RETURNED or payment_entry_id is None:
        return None
    reason = ports.reasons().find(returned.decision.source.get(RETURN_REASON))
    return ports.entries.read_entry(returned.account_id, str(payment_entry_id)) if reason.forget_payer else None


def _forget_payer_of(payment: Entry | None, references: ReferenceBook) -> int:
    """Let neither the bank account that made a payment nor the ids that it carried prove anything any more."""
    if payment is None:
        return 0
    payer_key = payment.decision.source.get("payer")
    forgotten = [forget_payer(payer_reference_of(payer_key), references)] if payer_key else []
    marks = map(mark_reference_of, payment.decision.source.get("marks", ()))
    forgotten += [forget_mark(mark, references) for mark in marks]
    return sum(forgotten)
