"""The one write path: read the head, decide, append; where another writer was first, read and decide again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pawledger.domain.books.entries import Decision, Entry
from pawledger.domain.books.ledger import AccountHead, apply_entry, chain_entry
from pawledger.domain.errors import PawledgerError
from pawledger.domain.policy.policies import BilledTerm
from pawledger.domain.worklist.discrepancies import Discrepancy
from pawledger.ports import EntryExistsError, HeadMovedError, Ledger, Pause

ATTEMPTS_MAX: Final = 12
"""With 8 writers on one account and full jitter, losing 12 races in a row is rarer than one in a million."""


class AccountBusyError(PawledgerError):
    """Other writers were first in every attempt; the message comes again later."""


class EntryConflictError(PawledgerError):
    """An entry of the same id with other facts stands already; it is kept, and the contradiction is for a person."""

    def __init__(self, existing: Entry) -> None:
        super().__init__(f"{existing.entry_id} of {existing.account_id} was recorded before with other facts")
        self.existing = existing


@dataclass(frozen=True, slots=True)
class Proposal:
    """What should be appended, and what is born with it."""

    decision: Decision
    discrepancies: Sequence[Discrepancy] = ()
    terms: Sequence[BilledTerm] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """The entry that stands in the ledger, and whether this call put it there."""

    entry: Entry
    is_new: bool
    head: AccountHead | None
    """The head after the entry where this call put it there, so that a next decision needs no further read."""


def append_entry(
    ledger: Ledger,
    pause: Pause,
    account_id: str,
    decide: Callable[[AccountHead, bool], Proposal | None],
    *,
    known_head: AccountHead | None = None,
) -> Recorded | None:
    """Append what `decide` makes of the account's head, exactly once; None where it decides that nothing is due.

    `decide` is called with the head and whether reads must be consistent: the first attempt may read cheaply, because
    a stale head cannot be appended to; each further one reads what really stands. Neither "nothing is due" nor a
    contradiction is believed of a cheap read. It raises `HeadMovedError` where what it read beside the head is newer.
    `known_head`, the head after this caller's last entry, spares that read.

    Raises `EntryConflictError` where the id stands with other facts, `AccountBusyError` after `ATTEMPTS_MAX` lost
    races, and whatever `decide` raises.
    """
    for attempt in range(ATTEMPTS_MAX):
        consistent = attempt > 0
        head = None if consistent else known_head
        head = head or ledger.read_head(account_id, consistent=consistent) or AccountHead(account_id)
        try:
            proposal = decide(head, consistent)
            if proposal is None:
                if consistent or head is known_head:
                    return None
                continue  # what a lagging read does not show may be due all the same
            entry = chain_entry(head, proposal.decision)
            after = apply_entry(head, entry)
            ledger.append(
                head,
                entry,
                after,
                discrepancies=proposal.discrepancies,
                terms=proposal.terms,
            )
        except EntryExistsError as error:
            if error.existing.content_hash != entry.content_hash:
                if consistent:
                    raise EntryConflictError(error.existing) from None
                continue  # facts that were decided on a lagging read may differ for no other reason
            return Recorded(error.existing, is_new=False, head=None)
        except HeadMovedError:
            pause.wait(attempt)
        else:
            return Recorded(entry, is_new=True, head=after)
    raise AccountBusyError(f"account {account_id} was written by others in {ATTEMPTS_MAX} attempts")
