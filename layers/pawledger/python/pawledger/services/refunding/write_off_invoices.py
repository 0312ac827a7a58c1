"""Writing off: what is open of an invoice and not asked for any more, step by step as persons decide it."""

from collections.abc import Callable
from dataclasses import dataclass

from pawledger.domain.refunding.refund_rules import RefundRules
from pawledger.domain.refunding.refund_steps import Act
from pawledger.domain.refunding.write_offs import (
    DecidedWriteOff,
    WriteOff,
    WriteOffStep,
    decide_approval,
    decide_rejection,
    decide_undo,
    decide_write_off,
    find_write_off,
    waiting_discrepancy_id,
    write_offs_among,
)
from pawledger.ports import DiscrepancyBook, Ledger, LedgerArchive, Pause
from pawledger.services.append_entry import Proposal
from pawledger.services.refunding.take_step import LedgerView, take_step
from pawledger.services.resolving.resolution_steps import PlannedEntry


@dataclass(frozen=True, slots=True)
class WriteOffPorts:
    """Everything that writing off touches."""

    ledger: Ledger
    archive: LedgerArchive
    discrepancies: DiscrepancyBook
    pause: Pause
    rules: RefundRules


@dataclass(frozen=True, slots=True)
class WrittenOff:
    """What a step comes to: the write-off after it, and the entry that it is."""

    write_off: WriteOff
    planned: tuple[PlannedEntry, ...] = ()
    """Empty where the step stood already."""


def request_write_off(
    account_id: str, asked: tuple[str | None, int | None], act: Act, ports: WriteOffPorts, *, is_preview: bool
) -> WrittenOff:
    """Write off within one person's limit, or request it. Raises what `decide_write_off` refuses."""

    def decide(view: LedgerView) -> DecidedWriteOff:
        return decide_write_off(view.head, view.entries, asked, ports.rules, act)

    return _take(account_id, decide, act, ports, is_preview=is_preview)


def approve_write_off(
    account_id: str, write_off_id: str, act: Act, ports: WriteOffPorts, *, is_preview: bool
) -> WrittenOff:
    """Write off what another person requested. Raises what `decide_approval` refuses, `WriteOffUnknownError`."""

    def decide(view: LedgerView) -> DecidedWriteOff:
        return DecidedWriteOff(write_off_id, decide_approval(view.head, _find(view, write_off_id), act))

    return _heal(_take(account_id, decide, act, ports, is_preview=is_preview), ports, is_preview=is_preview)


def reject_write_off(
    account_id: str, write_off_id: str, act: Act, ports: WriteOffPorts, *, is_preview: bool
) -> WrittenOff:
    """Let it be asked for. Raises `WriteOffStateError`, `WriteOffUnknownError`."""

    def decide(view: LedgerView) -> DecidedWriteOff:
        return DecidedWriteOff(write_off_id, decide_rejection(_find(view, write_off_id), act))

    return _heal(_take(account_id, decide, act, ports, is_preview=is_preview), ports, is_preview=is_preview)


def undo_write_off(
    account_id: str, write_off_id: str, act: Act, ports: WriteOffPorts, *, is_preview: bool
) -> WrittenOff:
    """Ask for it again. Raises `WriteOffStateError`, `WriteOffUnknownError`."""

    def decide(view: LedgerView) -> DecidedWriteOff:
        return DecidedWriteOff(write_off_id, decide_undo(view.head, _find(view, write_off_id), act))

    return _take(account_id, decide, act, ports, is_preview=is_preview)


def read_write_offs(account_id: str, archive: LedgerArchive) -> tuple[WriteOff, ...]:
    """The write-offs of one account that were asked for by command, in their order."""
    return write_offs_among(entry for entry, _ in archive.read_entries(account_id))


def _find(view: LedgerView, write_off_id: str) -> WriteOff:
    return find_write_off(write_offs_among(view.entries), write_off_id, view.head.account_id)


def _take(
    account_id: str,
    decide: Callable[[LedgerView], DecidedWriteOff],
    act: Act,
    ports: WriteOffPorts,
    *,
    is_preview: bool,
) -> WrittenOff:
    ids: list[str] = []

    def decide_step(view: LedgerView) -> Proposal | None:
        decided = decide(view)
        ids[:] = [decided.write_off_id]
        return Proposal(decided.decision, decided.discrepancies) if decided.decision else None

    taken = take_step(account_id, decide_step, act.reason, ports, is_preview=is_preview)
    return WrittenOff(_find(taken.after, ids[0]), taken.planned)


def _heal(done: WrittenOff, ports: WriteOffPorts, *, is_preview: bool) -> WrittenOff:
    """Take the request off the worklist; also where it was decided by a call that was killed before it did so."""
    if not is_preview and done.write_off.state is not WriteOffStep.REQUESTED:
        ports.discrepancies.heal(waiting_discrepancy_id(done.write_off))
    return done
