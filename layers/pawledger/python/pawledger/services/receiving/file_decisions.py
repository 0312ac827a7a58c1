"""What persons decided about files that were set aside, as receiving finds it when such a file comes again."""

from datetime import date
from enum import StrEnum
from typing import Final

from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, DiscrepancyStatus
from pawledger.ports import DiscrepancyBook

_KINDS: Final = (
    DiscrepancyKind.FILE_UNEXPECTED,
    DiscrepancyKind.ADVICE_NOT_POSTED,
    DiscrepancyKind.FILE_CONFLICT,
    DiscrepancyKind.FILE_OUT_OF_BALANCE,
    DiscrepancyKind.FILE_UNREADABLE,
)
"""Under which kinds a person can have decided about a file."""


_HEALED_BY_POSTING: Final = (DiscrepancyKind.FILE_UNEXPECTED, DiscrepancyKind.ADVICE_NOT_POSTED)
"""What is no difference any more once the file is posted, because its profile was changed."""


class FileDecision(StrEnum):
    ACCEPTED = "accept-file"
    REJECTED = "reject-file"


def find_file_decision(file_id: str, discrepancies: DiscrepancyBook) -> FileDecision | None:
    """What a person decided about a file and did not undo, or None."""
    for kind in _KINDS:
        recorded = discrepancies.read(_id_of(kind, file_id))
        last = recorded.last_decision if recorded and recorded.status is DiscrepancyStatus.RESOLVED else None
        if last is not None and last.command in tuple(FileDecision):
            return FileDecision(last.command)
    return None


def heal_what_was_set_aside(file_id: str, discrepancies: DiscrepancyBook) -> None:
    """Take off the worklist that a file was set aside, now that it is posted."""
    for kind in _HEALED_BY_POSTING:
        discrepancies.heal(_id_of(kind, file_id))


def _id_of(kind: DiscrepancyKind, file_id: str) -> str:
    return Discrepancy(kind, file_id, date.min, "").discrepancy_id
