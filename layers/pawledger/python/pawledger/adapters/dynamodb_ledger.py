"""The ledger in DynamoDB: an entry, its head and what is born with them in one transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from pynamodb.connection.base import Connection
from pynamodb.exceptions import CancellationReason, TransactWriteError
from pynamodb.transactions import TransactWrite

from pawledger.adapters.dynamodb_queries import get_row, limit_items
from pawledger.adapters.errors import StoreThrottledError
from pawledger.adapters.models import AccountRow, DiscrepancyRow, EntryRow, TermRow
from pawledger.adapters.rows import account_row, discrepancy_row, entry_row, term_row
from pawledger.adapters.stored_bodies import read_entry, read_head, read_term
from pawledger.domain.books.entries import Entry
from pawledger.domain.books.ledger import AccountHead, BrokenLedgerError
from pawledger.domain.errors import InvariantError, require
from pawledger.domain.identifiers import AGENDA_SHARD_COUNT, agenda_key_of_shard
from pawledger.domain.policy.policies import BilledTerm
from pawledger.domain.worklist.discrepancies import Discrepancy
from pawledger.ports import EntryExistsError, HeadMovedError, Pause

TERMS_PER_ACCOUNT_MAX: Final = 5_000
"""All terms there ever were: a kennel of 200 pets for 25 years."""

ENTRIES_PER_ACCOUNT_MAX: Final = 100_000
"""Held in memory to be put in order: 100 MB of entries of 1 KB, below what the closing function has."""

ACCOUNTS_MAX: Final = 50_000_000
"""A scan that finds more is a mistake of the query, not a book of policies."""

HEADS_PER_READ_MAX: Final = 100
"""What DynamoDB gives in one batch of reads."""

TERMS_MAX: Final = 500_000_000
"""Ten terms for each account that a scan may find."""

ACCOUNTS_PER_SHARD_MAX: Final = 1_000_000
"""One day's agenda holds sixteen times as many."""

DISCREPANCIES_PER_ENTRY_MAX: Final = 20
"""A transaction holds 100 items; no decision gives birth to more than three discrepancies."""

TERMS_PER_ENTRY_MAX: Final = 70
"""What a policy's event changes at once; no pet gets as old."""

THROTTLED_ATTEMPTS_MAX: Final = 4
"""A cancelled transaction is not repeated by the SDK; what is throttled longer than this comes again by its queue."""

_CONDITION_FAILED: Final = "ConditionalCheckFailed"
_IN_CONFLICT: Final = "TransactionConflict"
_THROTTLED: Final = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})


@dataclass(frozen=True, slots=True)
class LedgerTables:
    """The bound models that a ledger lies in. A function that never sees policies leaves them out."""

    accounts: type[AccountRow]
    entries: type[EntryRow]
    discrepancies: type[DiscrepancyRow]
    policies: type[TermRow] | None = None


class DynamoLedgerArchive:
    """Fulfils `LedgerArchive`, `EntryBook` and `TermArchive` without the right to write.

    Who reads only some of its tables leaves the others out.
    """

    def __init__(
        self,
        accounts: type[AccountRow] | None,
        entries: type[EntryRow] | None = None,
        policies: type[TermRow] | None = None,
    ) -> None:
        self._accounts = accounts
        self._entries = entries
        self._policies = policies

    def read_entries(self, account_id: str) -> Iterator[tuple[Entry, str]]:
        """See `LedgerArchive.read_entries`. Raises `TooManyItemsError` beyond `ENTRIES_PER_ACCOUNT_MAX`."""
        rows = self._entry_rows.query(account_id, consistent_read=True)
        limited = limit_items(rows, ENTRIES_PER_ACCOUNT_MAX, f"entries of account {account_id}")
        for _, entry_id, body, stored_hash in sorted(
            (row.sequence, row.entry_id, row.body, row.hash) for row in limited
        ):
            yield read_entry(body, stored_hash, f"{entry_id} of account {account_id}"), stored_hash

    def read_entry(self, account_id: str, entry_id: str) -> Entry | None:
        row = get_row(self._entry_rows, account_id, entry_id, consistent=True)
        return read_entry(row.body, row.hash, f"{entry_id} of account {account_id}") if row else None

    def scan_heads(self) -> Iterator[AccountHead]:
        for row in limit_items(self._account_rows.scan(), ACCOUNTS_MAX, "the scan of all accounts"):
            yield read_head(row.account_id, row.version, row.body)

    def read_heads(self, account_ids: Sequence[str]) -> Iterator[AccountHead]:
        require(len(account_ids) <= HEADS_PER_READ_MAX, f"at most {HEADS_PER_READ_MAX} heads are read at once")
        for row in self._account_rows.batch_get(list(account_ids), consistent_read=True):
            yield read_head(row.account_id, row.version, row.body)

    def scan_terms(self) -> Iterator[BilledTerm]:
        """See `TermArchive.scan_terms`; DynamoDB keeps the items of one partition key together."""
        for row in limit_items(self._term_rows.scan(), TERMS_MAX, "the scan of all terms"):
            yield read_term(row.body)

    def read_terms(self, account_id: str, first_id: str, last_id: str) -> Sequence[BilledTerm]:
        rows = self._term_rows.query(account_id, TermRow.term_id.between(first_id, last_id), consistent_read=True)
        limited = limit_items(rows, TERMS_PER_ACCOUNT_MAX, f"terms of account {account_id}")
        return [read_term(row.body) for row in limited]

    @property
    def _entry_rows(self) -> type[EntryRow]:
        if self._entries is None:
            raise InvariantError("an archive that reads entries has their table")
        return self._entries

    @property
    def _account_rows(self) -> type[AccountRow]:
        if self._accounts is None:
            raise InvariantError("an archive that reads heads has their table")
        return self._accounts

    @property
    def _term_rows(self) -> type[TermRow]:
        if self._policies is None:
            raise InvariantError("a ledger that reads or writes terms has their table")
        return self._policies


class DynamoLedger(DynamoLedgerArchive):
    """Fulfils `Ledger` and, as every ledger holds its entries, `LedgerArchive`."""

    def __init__(self, tables: LedgerTables, connection: Connection, pause: Pause) -> None:
        super().__init__(tables.accounts, tables.entries, tables.policies)
        self._tables = tables
        self._connection = connection
        self._pause = pause

    def read_head(self, account_id: str, *, consistent: bool) -> AccountHead | None:
        row = get_row(self._tables.accounts, account_id, consistent=consistent)
        return read_head(account_id, row.version, row.body) if row else None

    def read_entries_from(self, account_id: str, id_prefix: str) -> Sequence[Entry]:
        rows = self._tables.entries.query(account_id, EntryRow.entry_id.startswith(id_prefix), consistent_read=True)
        limited = limit_items(rows, ENTRIES_PER_ACCOUNT_MAX, f"entries {id_prefix} of account {account_id}")
        return [read_entry(row.body, row.hash, f"{row.entry_id} of account {account_id}") for row in limited]

    def append(
        self,
        before: AccountHead,
        entry: Entry,
        after: AccountHead,
        *,
        discrepancies: Sequence[Discrepancy] = (),
        terms: Sequence[BilledTerm] = (),
    ) -> None:
        """See `Ledger.append`. A discrepancy that stands already, open or closed, is left as it is.

        Raises `StoreThrottledError` after `THROTTLED_ATTEMPTS_MAX` throttled attempts.
        """
        born = list({discrepancy.discrepancy_id: discrepancy for discrepancy in discrepancies}.values())
        require(len(born) <= DISCREPANCIES_PER_ENTRY_MAX, f"{entry.entry_id} has few discrepancies")
        require(len(terms) <= TERMS_PER_ENTRY_MAX, f"{entry.entry_id} changes few terms")
        throttled_count = 0
        for _ in range(THROTTLED_ATTEMPTS_MAX + len(born)):
            try:
                self._write(before, entry, after, born, terms)
            except TransactWriteError as error:
                reasons = _CancellationReasons(error, discrepancy_count=len(born), term_count=len(terms))
                self._raise_for_ledger(reasons, before, entry)
                if reasons.recorded_discrepancies:
                    born = [d for i, d in enumerate(born) if i not in reasons.recorded_discrepancies]
                    continue
                if not reasons.is_throttled:
                    raise
                self._pause.wait(throttled_count)
                throttled_count += 1
            else:
                return
        raise StoreThrottledError(f"{entry.entry_id} of {entry.account_id} was throttled {throttled_count} times")

    def _write(
        self,
        before: AccountHead,
        entry: Entry,
        after: AccountHead,
        discrepancies: Sequence[Discrepancy],
        terms: Sequence[BilledTerm],
    ) -> None:
        """One transaction; the order of its items is the order in which `_CancellationReasons` finds the answers."""
        is_at_before = AccountRow.version == before.version
        with TransactWrite(connection=self._connection) as transaction:
            transaction.save(
                entry_row(self._tables.entries, entry),
                EntryRow.account_id.does_not_exist(),
                return_values="ALL_OLD",
            )
            transaction.save(
                account_row(self._tables.accounts, after),
                is_at_before if before.version else AccountRow.account_id.does_not_exist(),
            )
            for term in terms:
                transaction.save(term_row(self._term_rows, term))
            for discrepancy in discrepancies:
                transaction.save(
                    discrepancy_row(self._tables.discrepancies, discrepancy),
                    DiscrepancyRow.discrepancy_id.does_not_exist(),
                )

    def _raise_for_ledger(self, reasons: "_CancellationReasons", before: AccountHead, entry: Entry) -> None:
        """Raise what the caller can act on; the entry goes first, because a repetition moves the head as well."""
        if reasons.is_entry_there:
            raise EntryExistsError(self._existing_entry(reasons, entry)) from None
        if reasons.is_head_moved:
            raise HeadMovedError(f"account {entry.account_id} is no longer at version {before.version}") from None

    def _existing_entry(self, reasons: "_CancellationReasons", entry: Entry) -> Entry:
        """The entry as the refusal carries it, or read again where a store refuses without showing it."""
        raw = reasons.entry_as_stored
        if raw is not None:
            place = f"{entry.entry_id} of account {entry.account_id}"
            return read_entry(raw["body"]["S"], raw["hash"]["S"], place)
        existing = self.read_entry(entry.account_id, entry.entry_id)
        if existing is None:
            raise BrokenLedgerError(f"{entry.account_id}: {entry.entry_id} was there and is gone")
        return existing


class DynamoAgenda:
    """Fulfils `Agenda` over the accounts table and its index."""

    def __init__(self, accounts: type[AccountRow]) -> None:
        self._accounts = accounts

    def read_due_accounts(self, day: date) -> Iterator[str]:
        for shard in range(AGENDA_SHARD_COUNT):
            key = agenda_key_of_shard(day, shard)
            for row in limit_items(self._accounts.agenda.query(key), ACCOUNTS_PER_SHARD_MAX, f"agenda {key}"):
                yield row.account_id

    def read_due_heads(self, account_ids: Sequence[str], *, consistent: bool) -> Iterator[AccountHead]:
        require(len(account_ids) <= HEADS_PER_READ_MAX, f"at most {HEADS_PER_READ_MAX} heads are read at once")
        for row in self._accounts.batch_get(list(account_ids), consistent_read=consistent):
            yield read_head(row.account_id, row.version, row.body)


class _CancellationReasons:
    """Why a transaction was cancelled, item by item: entry, head, terms, discrepancies.

    Source: TransactWriteItems in the DynamoDB API reference: reasons stand in the order of the request's items.
    """

    def __init__(self, error: TransactWriteError, *, discrepancy_count: int, term_count: int) -> None:
        reasons: list[CancellationReason | None] = list(error.cancellation_reasons)
        expected_count = 2 + term_count + discrepancy_count
        if len(reasons) != expected_count:
            raise error
        self._reasons = reasons
        self._codes = [reason.code if reason else None for reason in reasons]
        self._term_count = term_count

    @property
    def is_entry_there(self) -> bool:
        return self._codes[0] == _CONDITION_FAILED

    @property
    def entry_as_stored(self) -> dict[str, dict[str, str]] | None:
        reason = self._reasons[0]
        return (reason.raw_item or None) if reason else None

    @property
    def is_head_moved(self) -> bool:
        """Also where another transaction holds one of the items just now: then the head is about to move."""
        return self._codes[1] == _CONDITION_FAILED or _IN_CONFLICT in self._codes

    @property
    def recorded_discrepancies(self) -> set[int]:
        """Which of the discrepancies stand already, counted from 0."""
        first = 2 + self._term_count
        return {i for i, code in enumerate(self._codes[first:]) if code == _CONDITION_FAILED}

    @property
    def is_throttled(self) -> bool:
        return any(code in _THROTTLED for code in self._codes)
