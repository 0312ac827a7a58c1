"""Suggestions by amount alone: found when a day is closed, kept with the discrepancy, looked at anew when shown."""

from collections.abc import Sequence
from itertools import islice

from pawledger.domain.matching.kept_candidates import read_candidates
from pawledger.domain.matching.open_amounts import (
    PAYMENTS_HELD_MAX,
    OpenAmounts,
    amount_in_question,
    join_candidates,
)
from pawledger.domain.matching.payment_clues import Candidate
from pawledger.domain.worklist.discrepancies import DiscrepancyKind
from pawledger.domain.worklist.discrepancy_life import RecordedDiscrepancy
from pawledger.ports import DiscrepancyBook, Ledger


def read_unidentified(book: DiscrepancyBook) -> Sequence[RecordedDiscrepancy]:
    """The open payments that nobody could identify, the oldest first, at most `PAYMENTS_HELD_MAX` of them."""
    return tuple(islice(book.list_open(DiscrepancyKind.UNIDENTIFIED_PAYMENT), PAYMENTS_HELD_MAX))


def keep_found(payments: Sequence[RecordedDiscrepancy], amounts: OpenAmounts, book: DiscrepancyBook) -> None:
    """Keep with each payment the accounts that have its amount open, in place of those of an earlier day.

    Nothing is written where they are the same.
    """
    for payment in payments:
        found = amounts.find_candidates(payment)
        if found != payment.by_amount:
            book.keep_by_amount(payment.discrepancy.discrepancy_id, found)


def find_candidates(recorded: RecordedDiscrepancy, ledger: Ledger) -> tuple[Candidate, ...]:
    """The accounts that the money of a discrepancy might belong to, best first.

    Those that its entry keeps, and those by amount alone, as far as their invoices are still open.
    """
    found = recorded.discrepancy
    entry = ledger.read_entry(found.account_id, found.subject) if found.account_id else None
    kept = read_candidates(entry.decision.details if entry else None)
    amount = amount_in_question(recorded)
    if amount is None:
        return kept
    heads = (ledger.read_head(each.account_id, consistent=True) for each in recorded.by_amount)
    return join_candidates(kept, recorded.by_amount, filter(None, heads), amount)
