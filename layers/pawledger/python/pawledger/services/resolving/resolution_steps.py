"""The entries of a resolution, one step each: shown before they are made, and each made once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pawledger.domain.books.entries import Decision, Entry
from pawledger.domain.books.ledger import AccountHead, apply_entry, chain_entry
from pawledger.domain.errors import PawledgerError
from pawledger.domain.worklist.discrepancy_life import RecordedDiscrepancy, give_up
from pawledger.ports import DiscrepancyBook, HeadMovedError, Ledger, LedgerArchive, Pause
from pawledger.services.append_entry import Proposal, append_entry
from pawledger.services.posting.post_returns import ReturnPorts


class ResolutionHalfDoneError(PawledgerError):
    """Some entries of a resolution or an undo are made and one cannot be yet; the text says which, and why."""


@dataclass(frozen=True, slots=True)
class ResolvingPorts:
    """Everything that resolving touches."""

    ledger: Ledger
    archive: LedgerArchive
    discrepancies: DiscrepancyBook
    pause: Pause
    returns: ReturnPorts
    """Returns may have waited for what an undo puts back."""


@dataclass(frozen=True, slots=True)
class PlannedEntry:
    """One entry as it would be appended now, and the account before and after it."""

    before: AccountHead
    decision: Decision
    after: AccountHead


@dataclass(frozen=True, slots=True)
class Step:
    """One entry to be made: in which ledger, under which id, and what it is of a ledger that stands so."""

    ledger_id: str
    entry_id: str
    decide: Callable[[AccountHead, "ReadEntries"], Proposal]
    """Asked with the ledger's head, and how its entries up to that head are read."""


ReadEntries = Callable[[AccountHead], Sequence[Entry]]


def rehearse(steps: Sequence[Step], ports: ResolvingPorts) -> tuple[PlannedEntry, ...]:
    """What each step that is not done yet would append now. Raises what any of them refuses; nothing is written."""
    planned: list[PlannedEntry] = []

    def read_entries(head: AccountHead) -> Sequence[Entry]:
        """What stands, and what earlier steps would have put behind it."""
        further = [
            chain_entry(each.before, each.decision) for each in planned if each.after.account_id == head.account_id
        ]
        standing = (
            next(each.before for each in planned if each.after.account_id == head.account_id) if further else head
        )
        return [*read_entries_until(standing, ports), *further]

    for step in steps:
        if ports.ledger.read_entry(step.ledger_id, step.entry_id) is not None:
            continue
        known = [each.after for each in planned if each.after.account_id == step.ledger_id]
        head = known[-1] if known else read_head(step.ledger_id, ports)
        decision = step.decide(head, read_entries).decision
        planned.append(PlannedEntry(head, decision, apply_entry(head, chain_entry(head, decision))))
    return tuple(planned)


def append_all(steps: Sequence[Step], begun: RecordedDiscrepancy, ports: ResolvingPorts) -> tuple[tuple[str, str], ...]:
    """Append each entry once. Where not even the first one can be, what was begun is forgotten."""
    made: list[tuple[str, str]] = []
    for step in steps:
        try:
            _append(step, ports)
        except PawledgerError as error:
            if not made:
                ports.discrepancies.change(begun, give_up(begun))
                raise
            raise ResolutionHalfDoneError(
                f"{len(made)} of {len(steps)} entries are made, {step.entry_id} cannot be: {error}; run it again, "
                "or undo what is made"
            ) from error
        made.append((step.ledger_id, step.entry_id))
    return tuple(made)


def _append(step: Step, ports: ResolvingPorts) -> None:
    """Append an entry unless it stands. A refusal is believed of what really stands alone: no head is read cheaply."""
    if ports.ledger.read_entry(step.ledger_id, step.entry_id) is not None:
        return

    def propose(head: AccountHead, consistent: bool) -> Proposal:  # noqa: ARG001 - what it reads beside is consistent
        return step.decide(head, lambda until: read_entries_until(until, ports))

    known_head = read_head(step.ledger_id, ports)
    append_entry(ports.ledger, ports.pause, step.ledger_id, propose, known_head=known_head)


def read_head(ledger_id: str, ports: ResolvingPorts) -> AccountHead:
    return ports.ledger.read_head(ledger_id, consistent=True) or AccountHead(ledger_id)


def read_ledger(ledger_id: str, ports: ResolvingPorts) -> tuple[AccountHead, Sequence[Entry]]:
    head = read_head(ledger_id, ports)
    return head, read_entries_until(head, ports)


def read_entries_until(head: AccountHead, ports: ResolvingPorts) -> Sequence[Entry]:
    """The entries that a head stands for; what was appended behind it is left out, as appending will find out."""
    entries = [entry for entry, _ in ports.archive.read_entries(head.account_id)]
    if len(entries) < head.version:
        raise HeadMovedError(f"the entries of {head.account_id} lag behind its head")
    return entries[: head.version]
