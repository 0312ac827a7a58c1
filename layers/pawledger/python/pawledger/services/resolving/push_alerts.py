"""Pushing alerts: each discrepancy is told to people once, with what it is and what they can do.

Of those that have a ground in common, such as ten thousand payments of one file that nobody can identify, only the
first one is pushed; all of them are on the worklist and in the digest of the day.
"""

from datetime import datetime
from typing import Final

from pawledger.domain.money import write_amount
from pawledger.domain.worklist.discrepancies import Discrepancy
from pawledger.ports import AlertChannel, DiscrepancyBook, ReferenceBook

ALERT: Final = "alert.v1"

ALERTED: Final = "alerted#"
"""With what a reference begins that leads from a kind and a group to the discrepancy that was pushed for all."""

IN_DIGEST: Final = "More of this kind from the same file are not pushed one by one; the digest of the day counts them."

SUBJECT_CHARACTERS_MAX: Final = 100
"""What SNS accepts as a subject."""


def push_alert(
    discrepancy_id: str,
    *,
    discrepancies: DiscrepancyBook,
    references: ReferenceBook,
    alerts: AlertChannel,
    pushed_at: datetime,
) -> bool:
    """Push the alert of a new discrepancy; False where it, or one of its group, was pushed before, or it is not there.

    Pushed first and remembered second: a call that is killed between the two pushes again rather than never. The
    alert carries the discrepancy's id, so that a receiver can tell a repetition.
    """
    recorded = discrepancies.read(discrepancy_id)
    if recorded is None or recorded.alerted_at is not None:
        return False
    discrepancy = recorded.discrepancy
    if discrepancy.group:
        first = references.claim(f"{ALERTED}{discrepancy.kind}#{discrepancy.group}", discrepancy_id)
        if first != discrepancy_id:
            return False
    alerts.push(_subject_of(discrepancy), alert_of(discrepancy, pushed_at))
    discrepancies.mark_alerted(discrepancy_id, pushed_at.isoformat())
    return True


def alert_of(discrepancy: Discrepancy, pushed_at: datetime) -> dict[str, object]:
    """The `alert.v1` message of a discrepancy: what, how much, how old, what to do, and the command that shows it."""
    return {
        "schema": ALERT,
        "discrepancy_id": discrepancy.discrepancy_id,
        "kind": discrepancy.kind,
        "what": f"{discrepancy.what} {IN_DIGEST}" if discrepancy.group else discrepancy.what,
        "what_to_do": discrepancy.suggestion,
        "account_id": discrepancy.account_id,
        "currency": discrepancy.currency,
        "amount_minor": discrepancy.amount_minor,
        "born_on": discrepancy.born_on.isoformat(),
        "age_days": max(0, (pushed_at.date() - discrepancy.born_on).days),
        "show_with": f"pawledger discrepancies show {discrepancy.discrepancy_id}",
    }


def _subject_of(discrepancy: Discrepancy) -> str:
    amount = ""
    if discrepancy.amount_minor is not None and discrepancy.currency:
        amount = f" of {write_amount(discrepancy.amount_minor, discrepancy.currency)}"
    return f"Pawledger: {discrepancy.kind.replace('_', ' ')}{amount}"[:SUBJECT_CHARACTERS_MAX]
