"""`pawledger ledger verify`: rebuild accounts from their entries and compare them with what is stored."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Final, TextIO

from pawledger.command_line.errors import AccountNotFoundError
from pawledger.command_line.tables import Column, write_table
from pawledger.domain.books.entries import Entry
from pawledger.domain.books.ledger import AccountHead, BrokenLedgerError, replay_entries
from pawledger.ports import Ledger, LedgerArchive

BROKEN_NAMED_MAX: Final = 1000
"""Broken accounts that are named with their faults; beyond it something is wrong with all, and they are counted."""

PROGRESS_EVERY_ACCOUNTS: Final = 1000
"""Some seconds of work: often enough to see that it goes on, seldom enough for a log."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying one account found."""

    account_id: str
    entry_count: int
    faults: tuple[str, ...]


def verify_account(account_id: str, *, ledger: Ledger, archive: LedgerArchive) -> Verification:
    """Recompute every hash, the chain, the sums of postings and the head; name the first fault and each wrong field.

    Behind the first broken entry nothing can be judged, because every later one builds on it. Entries that others
    append meanwhile are left to the next verification.

    Raises `AccountNotFoundError` where there is neither a head nor an entry.
    """
    counted = _Counter()
    try:
        stored = ledger.read_head(account_id, consistent=True)
        entries = list(counted.counting(archive.read_entries(account_id)))
        version = stored.version if stored else 0
        replayed = replay_entries(account_id, entries[:version])
        again = ledger.read_head(account_id, consistent=True) if len(entries) > version else stored
    except BrokenLedgerError as error:
        return Verification(account_id, counted.entry_count, (str(error),))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        # What is stored was edited into something that is no head or entry at all.
        where = f"what is stored behind entry {counted.entry_count}"
        fault = f"{account_id}: {where} cannot be read ({type(error).__name__})"
        return Verification(account_id, counted.entry_count, (fault,))
    if stored is None and not entries:
        raise AccountNotFoundError(f"there is no account {account_id} in this environment")
    faults = _compare(stored, replayed) if stored else ()
    if len(entries) > (again.version if again else 0):
        beyond_count = len(entries) - (again.version if again else 0)
        faults += (f"{account_id}: {beyond_count} entries stand beyond the head",)
    return Verification(account_id, len(entries), faults)


def verify_ledger(account_id: str, *, ledger: Ledger, archive: LedgerArchive) -> dict[str, Any]:
    """The document of one account's verification. Raises `AccountNotFoundError`."""
    return _document([verify_account(account_id, ledger=ledger, archive=archive)])


def verify_all_ledgers(*, ledger: Ledger, archive: LedgerArchive, progress: TextIO) -> dict[str, Any]:
    """The document of the verification of every account that has a head, with progress for whoever waits."""
    verifications = (verify_account(head.account_id, ledger=ledger, archive=archive) for head in archive.scan_heads())
    return _document(_with_progress(verifications, progress))


def write_verification(document: dict[str, Any]) -> list[str]:
    """The verification for people: one row for each fault, then the sum."""
    lines: list[str] = []
    if document["broken"]:
        rows = [[broken["account_id"], fault] for broken in document["broken"] for fault in broken["faults"]]
        lines = [*write_table((Column("account"), Column("fault", weight=1)), rows), ""]
    checked = f"{document['account_count']} accounts with {document['entry_count']} entries"
    if document["is_unbroken"]:
        return [*lines, f"Unbroken: {checked}."]
    unnamed_count = document["broken_count"] - len(document["broken"])
    more = f" ({unnamed_count} more are not shown)" if unnamed_count else ""
    return [*lines, f"Broken: {document['broken_count']} of {checked}{more}. Stop posting to them and find out why."]


def _compare(stored: AccountHead, replayed: AccountHead) -> tuple[str, ...]:
    """One sentence for each field of the stored head that its entries do not lead to."""
    faults = []
    for each in fields(AccountHead):
        found, expected = getattr(stored, each.name), getattr(replayed, each.name)
        if found != expected:
            name = each.name.replace("_", " ")
            faults.append(
                f"{stored.account_id}: {name} of the head is {_show(found)}, its entries give {_show(expected)}"
            )
    return tuple(faults)


def _show(value: object) -> str:
    """A field of a head in words, so that both sides can be compared by eye."""
    if isinstance(value, dict) or hasattr(value, "items"):
        return ", ".join(f"{minor} {name} {currency}" for (currency, name), minor in sorted(value.items())) or "empty"
    if isinstance(value, tuple):
        return "; ".join(" ".join(str(getattr(item, part.name)) for part in fields(item)) for item in value) or "empty"
    return str(value)


class _Counter:
    """Counts the entries that pass by, each of which must give the hash that is stored beside it."""

    def __init__(self) -> None:
        self.entry_count = 0

    def counting(self, entries: Iterator[tuple[Entry, str]]) -> Iterator[Entry]:
        for entry, stored_hash in entries:
            if entry.hash != stored_hash:
                raise BrokenLedgerError(
                    f"{entry.account_id}: the facts of {entry.entry_id} do not give the hash that is stored beside it"
                )
            yield entry
            self.entry_count += 1


def _with_progress(verifications: Iterator[Verification], progress: TextIO) -> Iterator[Verification]:
    entry_count, broken_count = 0, 0
    for account_count, verification in enumerate(verifications, start=1):
        entry_count += verification.entry_count
        broken_count += bool(verification.faults)
        yield verification
        if account_count % PROGRESS_EVERY_ACCOUNTS == 0:
            progress.write(f"{account_count} accounts, {entry_count} entries, {broken_count} broken\n")
            progress.flush()


def _document(verifications: Iterator[Verification] | list[Verification]) -> dict[str, Any]:
    account_count, entry_count, broken_count = 0, 0, 0
    broken: list[dict[str, Any]] = []
    for verification in verifications:
        account_count += 1
        entry_count += verification.entry_count
        if verification.faults:
            broken_count += 1
            if len(broken) < BROKEN_NAMED_MAX:
                broken.append({"account_id": verification.account_id, "faults": list(verification.faults)})
    return {
        "is_unbroken": broken_count == 0,
        "account_count": account_count,
        "entry_count": entry_count,
        "broken_count": broken_count,
        "broken": broken,
    }
