"""The ledger in memory: serial per call, all or nothing, and as stale as a test wants it to be."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from pawledger.adapters.stored_bodies import read_entry, read_head, read_term, write_discrepancy, write_head, write_term
from pawledger.domain.books.entries import Entry
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.policy.policies import BilledTerm
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyStatus
from pawledger.ports import EntryExistsError, HeadMovedError
from tests.fakes.world import DiscrepancyRow, EntryRow, HeadRow, Rows, SharedState

PORT: Final = "Ledger"


class MemoryLedger:
    """Fulfils `Ledger`, `LedgerArchive`, `TermArchive` and `Agenda`."""

    def __init__(self, state: SharedState) -> None:
        self._state = state

    def read_head(self, account_id: str, *, consistent: bool) -> AccountHead | None:
        with self._state.call(PORT, "read_head", account_id, consistent) as rows:
            row = self._seen_head(rows, account_id, consistent=consistent)
            return read_head(account_id, row.version, row.body) if row else None

    def read_terms(self, account_id: str, first_id: str, last_id: str) -> Sequence[BilledTerm]:
        with self._state.call(PORT, "read_terms", account_id, first_id, last_id) as rows:
            return [
                read_term(body)
                for (owner, term_id), body in sorted(rows.terms.items())
                if owner == account_id and first_id <= term_id <= last_id
            ]

    def read_entry(self, account_id: str, entry_id: str) -> Entry | None:
        with self._state.call(PORT, "read_entry", account_id, entry_id) as rows:
            row = rows.entries.get((account_id, entry_id))
            return read_entry(row.body, row.hash, f"{entry_id} of account {account_id}") if row else None

    def read_entries_from(self, account_id: str, id_prefix: str) -> Sequence[Entry]:
        with self._state.call(PORT, "read_entries_from", account_id, id_prefix) as rows:
            return [
                read_entry(row.body, row.hash, f"{entry_id} of account {account_id}")
                for (owner, entry_id), row in sorted(rows.entries.items())
                if owner == account_id and entry_id.startswith(id_prefix)
            ]

    def append(
        self,
        before: AccountHead,
        entry: Entry,
        after: AccountHead,
        *,
        discrepancies: Sequence[Discrepancy] = (),
        terms: Sequence[BilledTerm] = (),
    ) -> None:
        with self._state.call(PORT, "append", before, entry, after, tuple(discrepancies), tuple(terms)) as rows:
            _check_append(rows, before, entry)
            rows.entries[entry.account_id, entry.entry_id] = EntryRow(entry.sequence, entry.body, entry.hash)
            history = rows.heads.setdefault(entry.account_id, [])
            history.append(HeadRow(after.version, after.agenda_on, write_head(after)))
            for discrepancy in discrepancies:
                born = DiscrepancyRow(DiscrepancyStatus.OPEN, write_discrepancy(discrepancy))
                rows.discrepancies.setdefault(discrepancy.discrepancy_id, born)
            for term in terms:
                rows.terms[term.account_id, term.term_id] = write_term(term)

    def read_entries(self, account_id: str) -> Iterator[tuple[Entry, str]]:
        with self._state.call(PORT, "read_entries", account_id) as rows:
            stored = [
                (entry_id, replace(row)) for (owner, entry_id), row in rows.entries.items() if owner == account_id
            ]
        stored.sort(key=lambda named: named[1].sequence)
        places = (f"{entry_id} of account {account_id}" for entry_id, _ in stored)
        return (
            (read_entry(row.body, row.hash, place), row.hash) for place, (_, row) in zip(places, stored, strict=True)
        )

    def scan_heads(self) -> Iterator[AccountHead]:
        with self._state.call(PORT, "scan_heads") as rows:
            present = {account_id: history[-1] for account_id, history in rows.heads.items()}
        return (read_head(account_id, row.version, row.body) for account_id, row in present.items())

    def scan_terms(self) -> Iterator[BilledTerm]:
        with self._state.call(PORT, "scan_terms") as rows:
            bodies = [body for _, body in sorted(rows.terms.items())]
        return (read_term(body) for body in bodies)

    def read_heads(self, account_ids: Sequence[str]) -> Iterator[AccountHead]:
        with self._state.call(PORT, "read_heads", tuple(account_ids)) as rows:
            found = {account_id: rows.heads[account_id][-1] for account_id in account_ids if account_id in rows.heads}
        return (read_head(account_id, row.version, row.body) for account_id, row in found.items())

    def read_due_accounts(self, day: date) -> Iterator[str]:
        with self._state.call("Agenda", "read_due_accounts", day) as rows:
            seen = {account_id: self._seen_head(rows, account_id, consistent=False) for account_id in rows.heads}
        return iter(sorted(account_id for account_id, row in seen.items() if row and row.agenda_on == day))

    def read_due_heads(self, account_ids: Sequence[str], *, consistent: bool) -> Iterator[AccountHead]:
        with self._state.call("Agenda", "read_due_heads", tuple(account_ids), consistent) as rows:
            seen = {account_id: self._seen_head(rows, account_id, consistent=consistent) for account_id in account_ids}
        return (read_head(account_id, row.version, row.body) for account_id, row in seen.items() if row)

    def _seen_head(self, rows: Rows, account_id: str, *, consistent: bool) -> HeadRow | None:
        history = rows.heads.get(account_id, [])
        unseen = 0 if consistent else self._state.staleness_of(account_id)
        return history[-1 - unseen] if unseen < len(history) else None


def _check_append(rows: Rows, before: AccountHead, entry: Entry) -> None:
    """Raise what the store would answer; the entry's own fault goes before the head's."""
    standing = rows.entries.get((entry.account_id, entry.entry_id))
    if standing is not None:
        place = f"{entry.entry_id} of account {entry.account_id}"
        raise EntryExistsError(read_entry(standing.body, standing.hash, place))
    history = rows.heads.get(entry.account_id)
    if (history[-1].version if history else 0) != before.version:
        raise HeadMovedError(f"account {entry.account_id} is no longer at version {before.version}")
