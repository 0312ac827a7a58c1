"""Deciding about a file that was proved and set aside: a person has it posted after all, or rejects it for good.

The decision stands on the file's discrepancy, where receiving looks for it; an accepted file is put back to where it
was dropped, and is received again like any other, with every proof but the one that its profile expects it.
"""

from dataclasses import dataclass, replace
from typing import Final

from pawledger.domain.errors import PawledgerError
from pawledger.domain.worklist.discrepancies import ResolutionCommand
from pawledger.domain.worklist.discrepancy_life import ChangeKind, Pending, begin, check_open
from pawledger.domain.worklist.resolutions import ResolutionRequest, check_request, resolution_id_of
from pawledger.ports import BankFileRecord, BankFileRegister, BankFileStore, DiscrepancyBook
from pawledger.services.resolving.resolve_discrepancy import Deed, Resolved, check_reason, finish_deed, read_discrepancy

SOUND_VERDICT: Final = "accepted"
"""The verdict of a file whose every total agrees; nothing else is ever posted."""


class FileNotAcceptableError(PawledgerError):
    """A file cannot be accepted: it is not proved, not known, or posted already; the text says which."""


@dataclass(frozen=True, slots=True)
class FileDecisionPorts:
    """Everything that deciding about a file touches."""

    discrepancies: DiscrepancyBook
    register: BankFileRegister
    store: BankFileStore


def decide_file(deed: Deed, command: ResolutionCommand, ports: FileDecisionPorts, *, is_preview: bool) -> Resolved:
    """Accept or reject the file of an open discrepancy. Made again, it finishes what it began.

    Raises `FileNotAcceptableError`, and what `resolve_discrepancy` raises of the discrepancy itself.
    """
    check_reason(deed)
    recorded = read_discrepancy(deed.discrepancy_id, ports.discrepancies)
    request = ResolutionRequest(command)
    resolution_id = resolution_id_of(deed.discrepancy_id, recorded.opening_count, request)
    is_accepted = command is ResolutionCommand.ACCEPT_FILE
    file_id = recorded.discrepancy.subject
    if any(change.resolution_id == resolution_id for change in recorded.history):
        if is_accepted and not is_preview:
            _put_back(ports.register.read_file(file_id), ports)
        return Resolved(recorded, resolution_id, is_repeated=True)
    check_open(recorded)
    check_request(recorded.discrepancy, request)
    record = ports.register.read_file(file_id)
    if is_accepted:
        _check_acceptable(record, file_id)
    begun = begin(recorded, Pending(resolution_id, deed.command, deed.actor, deed.decided_at.isoformat()))
    if is_preview:
        return Resolved(recorded, resolution_id)
    ports.discrepancies.change(recorded, begun)
    spelled = replace(deed, command=str(command))
    finished = finish_deed(spelled, resolution_id, ChangeKind.RESOLVED, (), ports.discrepancies)
    if is_accepted:
        # Last: whoever receives it looks for the decision.
        _put_back(record, ports)
    return Resolved(finished, resolution_id)


def _check_acceptable(record: BankFileRecord | None, file_id: str) -> None:
    if record is None:
        raise FileNotAcceptableError(f"there is no file {file_id[:12]} in the register")
    if record.verdict != SOUND_VERDICT:
        raise FileNotAcceptableError(
            f"{record.incoming_key} is {record.verdict.replace('_', ' ')} and cannot be posted; have it sent again"
        )
    if record.movement_count:
        raise FileNotAcceptableError(f"{record.incoming_key} is posted already")


def _put_back(record: BankFileRecord | None, ports: FileDecisionPorts) -> None:
    """Drop the file once more, unless that has happened: what was received again has movements."""
    if record is not None and not record.movement_count:
        ports.store.move(record.stored_key, None, record.incoming_key)
