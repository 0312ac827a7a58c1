"""Announcing returns: whoever bills, collects or writes to a policyholder hears that a payment was taken back.

Off the hot path, from the change stream of entries. An announcement holds nothing of the payer: the entry, what follows
from the bank's reason, and where the bank told it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pawledger.domain.bank_returns.return_reasons import ReturnReasons
from pawledger.domain.bank_returns.returned_payments import details_of
from pawledger.domain.books.entries import DEBIT_ENTRIES, RETURNED_ENTRIES, Entry, EntryKind, LedgerAccount
from pawledger.domain.identifiers import is_settlement_ledger, is_suspense_ledger
from pawledger.domain.posting.movement_outcomes import RETURN_REASON
from pawledger.ports import Announcements, LedgerArchive

PAYMENT_RETURNED: Final = "payment_returned.v1"


@dataclass(frozen=True, slots=True)
class ReturnAnnouncingPorts:
    """What announcing returns touches."""

    archive: LedgerArchive
    announcements: Announcements
    reasons: Callable[[], ReturnReasons]
    """Read when the first return comes, not when the function starts."""


def announce_return(account_id: str, entry_id: str, ports: ReturnAnnouncingPorts) -> int:
    """Announce an entry if it takes back a payment of an account; return how many events that were.

    A repetition announces the same event again. Money that nobody could place, and what is between us and a provider,
    is nobody's return.
    """
    if not entry_id.startswith((DEBIT_ENTRIES, RETURNED_ENTRIES)):
        return 0
    if is_suspense_ledger(account_id) or is_settlement_ledger(account_id):
        return 0
    entries = (entry for entry, _ in ports.archive.read_entries(account_id))
    entry = next((entry for entry in entries if entry.entry_id == entry_id), None)
    if entry is None or entry.decision.kind is not EntryKind.PAYMENT_RETURNED:
        return 0
    ports.announcements.announce([event_of_return(entry, ports.reasons())])
    return 1


def event_of_return(entry: Entry, reasons: ReturnReasons) -> dict[str, object]:
    """The event that tells of a return."""
    decision = entry.decision
    details, source = details_of(entry), decision.source
    reason = reasons.find(source.get(RETURN_REASON))
    fee_minor = -decision.posted_minor(LedgerAccount.FEE)
    return {
        "schema": PAYMENT_RETURNED,
        "account_id": entry.account_id,
        "entry_id": entry.entry_id,
        "payment_entry_id": details["returns"],
        "returned_on": decision.occurred_on.isoformat(),
        "currency": decision.facts["currency"],
        "amount_minor": decision.facts["amount_minor"],
        "is_whole": "left_minor" not in details,
        "reason_code": reason.code or None,
        "reason_class": str(reason.reason_class),
        "retry_allowed": reason.retry_allowed,
        "stop_mandate": reason.stop_mandate,
        "correct_details": reason.correct_details,
        "fee_minor": fee_minor,
        "due_again": [
            {"item_id": each.invoice_id, "due_on": each.due_on.isoformat(), "amount_minor": each.remaining_minor}
            for each in decision.reopened
        ],
        "file_id": source["file_id"],
        "line": source["line"],
        "offset": source.get("offset"),
    }
