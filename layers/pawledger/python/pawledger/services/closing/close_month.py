"""Closing a month: every account's ledger is read once, proved, and taken into the tables that finance works with."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import IO, Final

from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.books.entries import Entry
from pawledger.domain.books.ledger import AccountHead, BrokenLedgerError, replay_entries
from pawledger.domain.calendar import Month
from pawledger.domain.closing.account_close import AccountClose, AccountCloser
from pawledger.domain.closing.month_close import MonthClose, Row, Table, account_rows
from pawledger.ports import Ledger, LedgerArchive

IDS_PER_RUN: Final = 100_000
"""Account ids that are sorted in memory at once, some 10 MB; what is more is merged from files."""

PROGRESS_EVERY_ACCOUNTS: Final = 1000
"""Some seconds of work: often enough to see that it goes on, seldom enough for a log."""

WriteRow = Callable[[Table, Row], None]
TellProgress = Callable[[MonthClose], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingPorts:
    """What closing a month reads; it writes to no ledger."""

    ledger: Ledger
    archive: LedgerArchive
    rulebook: Rulebook


def close_month(month: Month, ports: ClosingPorts, write_row: WriteRow, tell_progress: TellProgress) -> MonthClose:
    """Close a month over all accounts, and hand each row of each table to `write_row`, every table in its own order.

    Accounts are taken in the order of their ids, so that the same ledgers give the same tables. Entries that others
    append meanwhile are left out of the account from its head on.

    Raises `BrokenLedgerError` where stored entries are no unbroken ledger or do not lead to their head: nothing can be
    closed on such books. Raises `UnknownRuleError` and `PolicyRefusedError` where the rules cannot charge a term any
    more.
    """
    whole = MonthClose(month)
    for account_id in sort_account_ids(head.account_id for head in ports.archive.scan_heads()):
        head, close = _close_account(account_id, month, ports)
        whole.add(close, head.balances)
        for table, row in account_rows(close):
            write_row(table, row)
        if whole.account_count % PROGRESS_EVERY_ACCOUNTS == 0:
            tell_progress(whole)
    for table, row in whole.rows():
        write_row(table, row)
    return whole


def sort_account_ids(account_ids: Iterable[str], ids_per_run: int = IDS_PER_RUN) -> Iterator[str]:
    """Each id once, in order, in memory that does not grow with their number: sorted runs in files are merged."""
    remaining = iter(account_ids)
    with ExitStack() as files:
        runs: list[IO[str]] = []
        while run := sorted(islice(remaining, ids_per_run)):
            # The file lives until all runs are merged, which the exit stack sees to.
            file = files.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
            file.writelines(f"{account_id}\n" for account_id in run)
            file.seek(0)
            runs.append(file)
        last = ""
        for line in merge(*runs):
            if line != last:
                yield line.rstrip("\n")
            last = line


def _close_account(account_id: str, month: Month, ports: ClosingPorts) -> tuple[AccountHead, AccountClose]:
    head = ports.ledger.read_head(account_id, consistent=True)
    if head is None:
        raise BrokenLedgerError(f"{account_id}: the head that was there is gone")
    closer = AccountCloser(account_id, month, ports.rulebook)
    stored = islice(ports.archive.read_entries(account_id), head.version)
    replayed = replay_entries(account_id, _pass_by(_read_entries(account_id, stored), closer))
    if replayed != head:
        raise BrokenLedgerError(
            f"{account_id}: its entries do not lead to its head; `pawledger ledger verify` says why"
        )
    return head, closer.close()


def _read_entries(account_id: str, stored: Iterator[tuple[Entry, str]]) -> Iterator[Entry]:
    """Entries alone: that they give their hashes is shown by the chain, and of the last one by the head."""
    while True:
        try:
            entry, _ = next(stored)
        except StopIteration:
            return
        except (ValueError, KeyError, TypeError, IndexError) as error:
            # What is stored was edited into something that is no entry at all.
            raise BrokenLedgerError(f"{account_id}: an entry cannot be read ({type(error).__name__})") from error
        yield entry


def _pass_by(entries: Iterator[Entry], closer: AccountCloser) -> Iterator[Entry]:
    """The entries of an account, on their way past its closer."""
    for entry in entries:
        closer.add(entry)
        yield entry
