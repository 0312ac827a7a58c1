"""Pushing digests: once a day what is open, and once what of it is overdue, however much it is."""

from typing import Final

from pawledger.domain.worklist.digests import DigestTally, digests_of
from pawledger.ports import AlertChannel, ReferenceBook

PUSHED: Final = "digest#"
"""With what a reference begins that remembers the digest of a day."""


def push_digests(tally: DigestTally, *, references: ReferenceBook, alerts: AlertChannel) -> int:
    """Push the digests of a day that were not pushed yet, and say how many; none where nothing is open.

    Pushed first and remembered second, as alerts are: a day that is closed again pushes nothing again, and a call that
    is killed between the two pushes twice rather than never.
    """
    pushed = 0
    for digest in digests_of(tally):
        name = f"{PUSHED}{digest['scope']}#{digest['business_date']}"
        if references.find(name) is not None:
            continue
        alerts.push(_subject_of(digest), digest)
        references.claim(name, str(digest["open_count"]))
        pushed += 1
    return pushed


def _subject_of(digest: dict[str, object]) -> str:
    """Well below the 100 characters that SNS accepts."""
    noun = "discrepancy" if digest["open_count"] == 1 else "discrepancies"
    return f"Pawledger: {digest['open_count']} {noun} {digest['scope']} on {digest['business_date']}"
