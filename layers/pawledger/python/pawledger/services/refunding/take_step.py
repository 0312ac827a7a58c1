"""Taking one step in one ledger that a person decides: decided on what really stands, shown before or appended once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from pawledger.domain.books.entries import Entry
from pawledger.domain.books.ledger import AccountHead, apply_entry, chain_entry
from pawledger.domain.errors import PawledgerError
from pawledger.ports import HeadMovedError, Ledger, LedgerArchive, Pause
from pawledger.services.append_entry import Proposal, append_entry
from pawledger.services.resolving.resolution_steps import PlannedEntry

REASON_CHARACTERS_MAX: Final = 300
"""A sentence or two: it stands in the entry, and an entry stays under a kilobyte."""


class StepReasonError(PawledgerError):
    """A step of a refund or a write-off needs a reason, of at most `REASON_CHARACTERS_MAX` characters."""


class StepPorts(Protocol):
    """What taking a step touches."""

    @property
    def ledger(self) -> Ledger: ...
    @property
    def archive(self) -> LedgerArchive: ...
    @property
    def pause(self) -> Pause: ...


@dataclass(frozen=True, slots=True)
class LedgerView:
    """A ledger up to its head."""

    head: AccountHead
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Taken:
    """The ledger after a step, and the entry that the step is; none where it stood already."""

    after: LedgerView
    planned: tuple[PlannedEntry, ...] = ()


DecideStep = Callable[[LedgerView], Proposal | None]
"""What a step is of a ledger that stands so; None where it stands already. Raises what it refuses."""


def take_step(ledger_id: str, decide: DecideStep, reason: str, ports: StepPorts, *, is_preview: bool) -> Taken:
    """Append what is decided of a ledger, or only say what that would come to.

    Two persons at once: the ledger's head and the id of the entry let one of them be first; for the other it is decided
    again, which then refuses by name. Raises `StepReasonError`, what `decide` raises and what `append_entry` raises.
    """
    if not reason.strip() or len(reason) > REASON_CHARACTERS_MAX:
        raise StepReasonError(f"give a reason of 1 to {REASON_CHARACTERS_MAX} characters")
    head = ports.ledger.read_head(ledger_id, consistent=True) or AccountHead(ledger_id)
    view = LedgerView(head, entries_until(head, ports.archive))
    proposal = decide(view)
    if proposal is None:
        return Taken(view)
    if is_preview:
        return _taken(view, chain_entry(head, proposal.decision))
    seen: list[LedgerView] = []

    def propose(head: AccountHead, consistent: bool) -> Proposal | None:  # noqa: ARG001 - entries are read consistently
        seen[:] = [LedgerView(head, entries_until(head, ports.archive))]
        return decide(seen[0])

    recorded = append_entry(ports.ledger, ports.pause, ledger_id, propose, known_head=head)
    if recorded is None or not recorded.is_new:
        head = ports.ledger.read_head(ledger_id, consistent=True) or head
        return Taken(LedgerView(head, entries_until(head, ports.archive)))
    return _taken(seen[0], recorded.entry)


def entries_until(head: AccountHead, archive: LedgerArchive) -> Sequence[Entry]:
    """The entries that a head stands for; what was appended behind it is left out, as appending will find out.

    Raises `HeadMovedError` where the entries are older than the head.
    """
    entries = [entry for entry, _ in archive.read_entries(head.account_id)]
    if len(entries) < head.version:
        raise HeadMovedError(f"the entries of {head.account_id} lag behind its head")
    return entries[: head.version]


def _taken(before: LedgerView, entry: Entry) -> Taken:
    after = apply_entry(before.head, entry)
    return Taken(LedgerView(after, (*before.entries, entry)), (PlannedEntry(before.head, entry.decision, after),))
