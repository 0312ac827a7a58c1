"""What the inside needs of the world: the Protocols that services ask for and adapters fulfil.

Every port says what happens when a call is repeated, because every caller may be killed at any point and run again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Protocol

from pawledger.domain.books.entries import Entry
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.errors import PawledgerError
from pawledger.domain.matching.payment_clues import Candidate
from pawledger.domain.policy.policies import BilledTerm
from pawledger.domain.posting.statement_chain import ChainedStatement
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.domain.worklist.discrepancy_life import RecordedDiscrepancy

if TYPE_CHECKING:
    # Only the functions that bill know runs.
    from pawledger.domain.billing.bill_runs import Batch, BatchResult, CohortTotal, Run


class HeadMovedError(PawledgerError):
    """Another writer appended first; read the head again and decide again. Nothing was written."""


class EntryExistsError(PawledgerError):
    """An entry of that id stands already; comparing it tells a repetition from a contradiction. Nothing was written."""

    def __init__(self, existing: Entry) -> None:
        super().__init__(f"entry {existing.entry_id} of {existing.account_id} exists already")
        self.existing = existing


class Ledger(Protocol):
    """Accounts, their entries and the terms of their policies."""

    def read_head(self, account_id: str, *, consistent: bool) -> AccountHead | None:
        """The account's head, or None. Not consistent costs half and may be stale, which `append` then finds out."""

    def read_terms(self, account_id: str, first_id: str, last_id: str) -> Sequence[BilledTerm]:
        """Terms of an account whose ids lie between two texts, consistently, in the order of their ids.

        Never older than a head that was read before them; what is newer, `append` finds out by the head.
        """

    def read_entry(self, account_id: str, entry_id: str) -> Entry | None:
        """One entry, consistently, or None."""

    def read_entries_from(self, account_id: str, id_prefix: str) -> Sequence[Entry]:
        """Entries of an account whose ids begin with a text, consistently, in the order of their ids."""

    def append(
        self,
        before: AccountHead,
        entry: Entry,
        after: AccountHead,
        *,
        discrepancies: Sequence[Discrepancy] = (),
        terms: Sequence[BilledTerm] = (),
    ) -> None:
        """Write the entry, the head, the terms and what is born with them, all or nothing.

        Raises `EntryExistsError` where the entry's id stands already (also when the head has moved as well), and
        `HeadMovedError` where the head is no longer at `before.version`.
        """


class EntryBook(Protocol):
    """Reading single entries, for whoever follows the change stream."""

    def read_entry(self, account_id: str, entry_id: str) -> Entry | None:
        """See `Ledger.read_entry`."""


class LedgerArchive(Protocol):
    """Reading whole ledgers, for people and proofs; never on the hot path."""

    def read_entries(self, account_id: str) -> Iterator[tuple[Entry, str]]:
        """Entries in the order of their sequence, each with the hash that was stored beside it.

        Raises `BrokenLedgerError` where a stored body does not give its stored hash.
        """

    def scan_heads(self) -> Iterator[AccountHead]:
        """Every account head, in no order."""


class TermArchive(Protocol):
    """Reading the terms of all accounts with their heads, to prove that nothing is forgotten."""

    def scan_terms(self) -> Iterator[BilledTerm]:
        """Every term, in no order but that all of one account come one after the other."""

    def read_terms(self, account_id: str, first_id: str, last_id: str) -> Sequence[BilledTerm]:
        """See `Ledger.read_terms`."""

    def read_heads(self, account_ids: Sequence[str]) -> Iterator[AccountHead]:
        """Heads of at most 100 accounts, consistently, in no order; what is not there is left out."""


class Agenda(Protocol):
    """Which accounts need attention when."""

    def read_due_accounts(self, day: date) -> Iterator[str]:
        """Ids of the accounts whose agenda stands on a day, over all shards; may lag behind by some seconds."""

    def read_due_heads(self, account_ids: Sequence[str], *, consistent: bool) -> Iterator[AccountHead]:
        """Heads of at most 100 accounts, in no order. Not consistent costs half; some may lag behind, or be missing."""


class RunMovedError(PawledgerError):
    """Another writer wrote a bill run first; read it again and decide again. Nothing was written."""


class RunBook(Protocol):
    """Bill runs, each with its batches and what the day before foresaw of it."""

    def read_run(self, day: date) -> "Run | None":
        """The run of a business date, consistently, or None."""

    def write_run(self, run: "Run") -> None:
        """Write a run over the version before its own; version 1 is the first.

        Raises `RunMovedError` where that is not the version that stands.
        """

    def write_batches(self, day: date, batches: "Iterable[Batch]") -> None:
        """Write batches of a run; those that stand already are left as they are."""

    def read_batches(self, day: date, plan_id: str) -> "Iterator[Batch]":
        """The batches of one plan in the order of their ids, consistently."""

    def report_batch(self, day: date, batch_id: str, result: "BatchResult") -> bool:
        """Remember what a batch came to, once; False where it was remembered before or there is no such batch."""

    def write_forecast(self, day: date, totals: "Sequence[CohortTotal]") -> None:
        """Remember what is foreseen for a day; told again, the latest counts."""

    def read_forecast(self, day: date) -> "tuple[CohortTotal, ...] | None":
        """What was foreseen for a day, consistently, or None."""


class DiscrepancyMovedError(PawledgerError):
    """Another writer changed a discrepancy first; read it again and decide again. Nothing was written."""


class DiscrepancyBook(Protocol):
    def record(self, discrepancy: Discrepancy) -> bool:
        """Write a discrepancy, or open it again where its ground returned (see `find_again`); False where neither."""

    def heal(self, discrepancy_id: str) -> bool:
        """Mark an open discrepancy as healed, off the worklist; False where it is not open (any more)."""

    def change(self, before: RecordedDiscrepancy, after: RecordedDiscrepancy) -> None:
        """Write what became of a discrepancy; on the worklist it stands only while it is open.

        Raises `DiscrepancyMovedError` where it is no longer at `before.version`.
        """

    def read(self, discrepancy_id: str) -> RecordedDiscrepancy | None:
        """One discrepancy, consistently, or None."""

    def list_open(self, kind: DiscrepancyKind | None = None) -> Iterator[RecordedDiscrepancy]:
        """All open ones (of a kind), kind by kind, oldest first within a kind."""

    def keep_by_amount(self, discrepancy_id: str, candidates: Sequence[Candidate]) -> bool:
        """Keep which accounts have open what a payment brought, in place of what was kept; False where it is not open.

        It is no change of the discrepancy: its version stays, so that whoever is resolving it is not in the way.
        """

    def mark_alerted(self, discrepancy_id: str, alerted_at: str) -> bool:
        """Remember that its alert was pushed; False where that was remembered before."""


@dataclass(frozen=True, slots=True)
class BankFileRecord:
    """What is known of a bank file; amounts by currency in minor units, credits and debits unsigned."""

    file_id: str
    """SHA-256 of its bytes in hexadecimal."""
    status: str
    """`posting`, `posted` or `quarantined`."""
    provider: str
    incoming_key: str
    incoming_version_id: str | None
    """Which drop it was: a file dropped again under the same name is another version."""
    stored_key: str
    """Where the file is now: under `archive/` or `quarantine/`."""
    received_on: date
    format: str | None
    verdict: str
    problems: tuple[Mapping[str, object], ...]
    statements: tuple[Mapping[str, object], ...]
    chunk_count: int
    movement_count: int
    credit_minor: Mapping[str, int]
    debit_minor: Mapping[str, int]
    received_at: str | None = None
    """Instant in ISO 8601, in UTC; None for what was received before this was kept."""
    told_days: tuple[tuple[str, str], ...] = ()
    """First and last days, in ISO 8601, of the spans of days that its statements tell of."""


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """What became of the movements of one chunk; counts, and minor units by currency, credits less debits."""

    file_id: str
    chunk_number: int
    movement_count: int
    posted_minor: Mapping[str, int]
    suspended_minor: Mapping[str, int]
    rejected_minor: Mapping[str, int]
    repeated_minor: Mapping[str, int]
    """Recorded before, from another file of the same kind or another line of this one."""
    suspended_count: int
    rejected_count: int
    repeated_count: int
    retold_minor: Mapping[str, int] = field(default_factory=dict)
    """Recorded before from a report of another kind: an advice or interim report that came before the statement."""
    retold_count: int = 0


class BankFileRegister(Protocol):
    def read_file(self, file_id: str) -> BankFileRecord | None:
        """One file, consistently, or None."""

    def write_file(self, record: BankFileRecord, *, expected_status: str | None) -> bool:
        """Write a record where the stored status is the expected one (None: not stored); False otherwise."""

    def write_chunk_result(self, result: ChunkResult) -> None:
        """Write a chunk's result; a repetition writes the same again."""

    def read_chunk_results(self, file_id: str) -> Iterator[ChunkResult]:
        """Results of a file's chunks that are there, in the order of their numbers, consistently."""

    def read_files_received(self, day: date) -> Iterator[BankFileRecord]:
        """Files received on a day, in the order of their ids."""

    def write_statement(self, statement: ChainedStatement) -> None:
        """Remember a statement of a series; one of the same id is replaced by what is told now."""

    def read_statements(self, chain_id: str, first_day: date, last_day: date) -> Iterator[ChainedStatement]:
        """Statements of a series that end within these days, consistently, in the order of their last days."""


class HolidayCalendarUnknownError(PawledgerError):
    """No holidays are known under this name."""


class HolidayCalendars(Protocol):
    def is_holiday(self, calendar: str, day: date) -> bool:
        """Whether a day is a holiday of a country, a subdivision or a payment system: `DE`, `GB-SCT`, `TARGET`.

        Raises `HolidayCalendarUnknownError`.
        """


class ReferenceBook(Protocol):
    def claim(self, reference: str, target: str) -> str:
        """Remember where a reference leads, unless that is known; return where it leads now, consistently."""

    def find(self, reference: str) -> str | None:
        """Where a reference leads, or None."""


class PayerSecret(Protocol):
    def read(self) -> bytes:
        """The deployment's secret under which keys of payers are made; the same for as long as it stands."""


class SignatureScheme(StrEnum):
    """How a provider signs its webhooks."""

    STRIPE = "stripe"
    ADYEN = "adyen"
    GOCARDLESS = "gocardless"


@dataclass(frozen=True, slots=True)
class ProviderSecrets:
    """Under what a provider signs its webhooks."""

    scheme: SignatureScheme
    values: tuple[str, ...]
    """Those that are valid: two while one is replaced by another."""


class WebhookSecrets(Protocol):
    def read(self) -> Mapping[str, ProviderSecrets]:
        """The secrets by provider, none for one that is not set up; not older than some minutes."""


class WebhookStore(Protocol):
    def keep(self, key: str, data: bytes) -> bool:
        """Store bytes unless something is there under the key, and say whether they were stored."""


class BankFileStore(Protocol):
    """The bucket. Keys are whole, from `incoming/` on."""

    def open(self, key: str, version_id: str | None) -> AbstractContextManager[BinaryIO] | None:
        """The object's bytes as a stream, or None where it is not there (any more)."""

    def move(self, key: str, version_id: str | None, target_key: str) -> None:
        """Copy that version to the target, then remove it from where it was; nothing happens where it is gone."""

    def write_text(self, key: str, text: str) -> None:
        """Write an object whole; a repetition writes the same again."""

    def read_text(self, key: str) -> str:
        """Read an object whole. Raises `StoredObjectMissingError`."""


class StoredObjectMissingError(PawledgerError):
    """An object that a message points to is not in the bucket."""


class MessageQueue(Protocol):
    def send(self, messages: Iterable[Mapping[str, object]]) -> int:
        """Send each message at least once and return how many there were."""


class AlertChannel(Protocol):
    def push(self, subject: str, alert: Mapping[str, object]) -> None:
        """Push one alert at least once."""


class Typesetter(Protocol):
    def typeset(self, document: Mapping[str, object]) -> bytes:
        """The PDF of an `invoice_document.v1` or a `statement_document.v1`; a repetition gives the same bytes."""


class DocumentStore(Protocol):
    """Documents, each written once and never again."""

    @property
    def place(self) -> str:
        """Where keys are to be looked up: the name of the bucket."""

    def keep(self, key: str, data: bytes, media_type: str) -> "KeptDocument":
        """Store data under a key unless something is there, and say what is there now."""


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """What stands under a key, and whether it was put there just now."""

    data: bytes
    is_new: bool


class Announcements(Protocol):
    def announce(self, events: Sequence[Mapping[str, object]]) -> None:
        """Tell of each event at least once; `schema` in it is its type."""


class Pause(Protocol):
    def wait(self, attempt: int) -> None:
        """Wait before trying again, longer with every attempt, never the same twice."""
