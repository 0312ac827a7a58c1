"""The discrepancy book, the bank file register and the reference book in DynamoDB."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Final

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from pawledger.adapters.dynamodb_queries import get_row, is_refused_by_condition, limit_items, put_row
from pawledger.adapters.models import BankFileRow, DiscrepancyRow, ReferenceRow
from pawledger.adapters.rows import discrepancy_row
from pawledger.adapters.stored_bodies import (
    read_bank_file,
    read_by_amount,
    read_chunk_result,
    read_discrepancy,
    read_life,
    read_statement,
    write_bank_file,
    write_by_amount,
    write_chunk_result,
    write_discrepancy,
    write_life,
    write_statement,
)
from pawledger.domain.errors import InvariantError, require
from pawledger.domain.matching.payment_clues import Candidate
from pawledger.domain.posting.statement_chain import ChainedStatement
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, DiscrepancyStatus
from pawledger.domain.worklist.discrepancy_life import RecordedDiscrepancy, find_again, heal
from pawledger.ports import BankFileRecord, ChunkResult, DiscrepancyMovedError

OPEN_DISCREPANCIES_PER_KIND_MAX: Final = 100_000
"""More than any team can work on; a list that grows beyond it is an incident of its own."""

CHUNKS_PER_FILE_MAX: Final = 99_999
"""Five digits keep the parts of a file in the order of their numbers: ten million payments."""

CHANGE_ATTEMPTS_MAX: Final = 5
"""Programs and persons who change one discrepancy in the same moment are few."""

FILES_PER_DAY_MAX: Final = 100_000
"""Providers drop dozens a day."""

FILE_PART: Final = "file"
CHUNK_PART_PREFIX: Final = "chunk#"
STATEMENT_PART_PREFIX: Final = "statement#"
CHAIN_PREFIX: Final = "chain#"
"""Where the statements of a series stand: in partitions of their own beside those of the files."""

STATEMENTS_READ_MAX: Final = 20_000
"""Two years of a statement an hour."""


class DynamoDiscrepancyBook:
    """Fulfils `DiscrepancyBook`."""

    def __init__(
        self,
        discrepancies: type[DiscrepancyRow],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._discrepancies = discrepancies
        self._now = now

    def record(self, discrepancy: Discrepancy) -> bool:
        row = discrepancy_row(self._discrepancies, discrepancy)
        if put_row(row, DiscrepancyRow.discrepancy_id.does_not_exist()):
            return True
        return self._retry(discrepancy.discrepancy_id, lambda known, at: find_again(known, discrepancy, at))

    def read(self, discrepancy_id: str) -> RecordedDiscrepancy | None:
        row = get_row(self._discrepancies, discrepancy_id, consistent=True)
        return _recorded(row) if row else None

    def heal(self, discrepancy_id: str) -> bool:
        return self._retry(discrepancy_id, heal)

    def change(self, before: RecordedDiscrepancy, after: RecordedDiscrepancy) -> None:
        """See `DiscrepancyBook.change`; whether its alert was pushed stands beside it, and is left as it is."""
        is_open = after.status is DiscrepancyStatus.OPEN
        worklist_key = DiscrepancyRow.worklist_key
        is_at_before = DiscrepancyRow.version == before.version
        never_changed = DiscrepancyRow.discrepancy_id.exists() & DiscrepancyRow.version.does_not_exist()
        discrepancy = after.discrepancy
        try:
            self._discrepancies(discrepancy.discrepancy_id).update(
                [
                    DiscrepancyRow.body.set(write_discrepancy(discrepancy)),
                    DiscrepancyRow.status.set(str(after.status)),
                    DiscrepancyRow.version.set(after.version),
                    DiscrepancyRow.life.set(write_life(after)),
                    worklist_key.set(str(discrepancy.kind)) if is_open else worklist_key.remove(),
                ],
                condition=is_at_before if before.version else never_changed,
            )
        except UpdateError as error:
            if not is_refused_by_condition(error):
                raise
            raise DiscrepancyMovedError(f"somebody else changed {discrepancy.discrepancy_id} just now") from None

    def _retry(
        self, discrepancy_id: str, decide: Callable[[RecordedDiscrepancy, str], RecordedDiscrepancy | None]
    ) -> bool:
        """Change a discrepancy as is decided of it; False where nothing is. Raises `DiscrepancyMovedError`."""
        for attempt in range(1, CHANGE_ATTEMPTS_MAX + 1):
            recorded = self.read(discrepancy_id)
            after = decide(recorded, self._now().isoformat()) if recorded else None
            if recorded is None or after is None:
                return False
            try:
                self.change(recorded, after)
            except DiscrepancyMovedError:
                if attempt == CHANGE_ATTEMPTS_MAX:
                    raise
            else:
                return True
        return False

    def list_open(self, kind: DiscrepancyKind | None = None) -> Iterator[RecordedDiscrepancy]:
        """See `DiscrepancyBook.list_open`; the index may lag behind, so each one found is read and checked."""
        for each in DiscrepancyKind if kind is None else (kind,):
            found = self._discrepancies.worklist.query(str(each))
            for key in limit_items(found, OPEN_DISCREPANCIES_PER_KIND_MAX, f"open discrepancies of kind {each}"):
                recorded = self.read(key.discrepancy_id)
                if recorded and recorded.status is DiscrepancyStatus.OPEN:
                    yield recorded

    def keep_by_amount(self, discrepancy_id: str, candidates: Sequence[Candidate]) -> bool:
        """See `DiscrepancyBook.keep_by_amount`; nothing else of the row is touched."""
        text = write_by_amount(candidates)
        kept = DiscrepancyRow.by_amount.set(text) if text else DiscrepancyRow.by_amount.remove()
        is_open = DiscrepancyRow.status == str(DiscrepancyStatus.OPEN)
        return self._update(discrepancy_id, kept, is_open)

    def mark_alerted(self, discrepancy_id: str, alerted_at: str) -> bool:
        is_first = DiscrepancyRow.discrepancy_id.exists() & DiscrepancyRow.alerted_at.does_not_exist()
        return self._update(discrepancy_id, DiscrepancyRow.alerted_at.set(alerted_at), is_first)

    def _update(self, discrepancy_id: str, action: Action, condition: Condition) -> bool:
        """Set or remove one attribute; False where the condition does not hold."""
        try:
            self._discrepancies(discrepancy_id).update([action], condition=condition)
        except UpdateError as error:
            if not is_refused_by_condition(error):
                raise
            return False
        return True


class DynamoBankFileRegister:
    """Fulfils `BankFileRegister`."""

    def __init__(self, bank_files: type[BankFileRow]) -> None:
        self._bank_files = bank_files

    def read_file(self, file_id: str) -> BankFileRecord | None:
        row = get_row(self._bank_files, file_id, FILE_PART, consistent=True)
        return read_bank_file(row.body) if row else None

    def write_file(self, record: BankFileRecord, *, expected_status: str | None) -> bool:
        row = self._bank_files(
            record.file_id,
            FILE_PART,
            body=write_bank_file(record),
            status=record.status,
            received_on=record.received_on.isoformat(),
        )
        if expected_status is None:
            return put_row(row, BankFileRow.file_id.does_not_exist())
        return put_row(row, BankFileRow.status == expected_status)

    def write_chunk_result(self, result: ChunkResult) -> None:
        require(0 <= result.chunk_number <= CHUNKS_PER_FILE_MAX, f"a file has at most {CHUNKS_PER_FILE_MAX} chunks")
        part = f"{CHUNK_PART_PREFIX}{result.chunk_number:05d}"
        self._bank_files(result.file_id, part, body=write_chunk_result(result)).save()

    def read_chunk_results(self, file_id: str) -> Iterator[ChunkResult]:
        is_chunk = BankFileRow.part.startswith(CHUNK_PART_PREFIX)
        rows = self._bank_files.query(file_id, is_chunk, consistent_read=True)
        for row in limit_items(rows, CHUNKS_PER_FILE_MAX + 1, f"chunks of file {file_id}"):
            yield read_chunk_result(row.body)

    def read_files_received(self, day: date) -> Iterator[BankFileRecord]:
        found = self._bank_files.received.query(day.isoformat())
        for key in limit_items(found, FILES_PER_DAY_MAX, f"files received on {day}"):
            record = self.read_file(key.file_id)
            if record is not None:
                yield record

    def write_statement(self, statement: ChainedStatement) -> None:
        part = f"{STATEMENT_PART_PREFIX}{statement.last_day.isoformat()}#{statement.statement_id}"
        partition = f"{CHAIN_PREFIX}{statement.chain_id}"
        self._bank_files(partition, part, body=write_statement(statement)).save()

    def read_statements(self, chain_id: str, first_day: date, last_day: date) -> Iterator[ChainedStatement]:
        """See `BankFileRegister.read_statements`; `~` sorts behind every statement of the last day."""
        first, last = (f"{STATEMENT_PART_PREFIX}{day.isoformat()}" for day in (first_day, last_day))
        is_within = BankFileRow.part.between(first, f"{last}~")
        rows = self._bank_files.query(f"{CHAIN_PREFIX}{chain_id}", is_within, consistent_read=True)
        for row in limit_items(rows, STATEMENTS_READ_MAX, f"statements of series {chain_id}"):
            yield read_statement(row.body)


class DynamoReferenceBook:
    """Fulfils `ReferenceBook`. References are never changed or removed, so one that was found stays true."""

    def __init__(self, references: type[ReferenceRow]) -> None:
        self._references = references

    def claim(self, reference: str, target: str) -> str:
        row = self._references(reference, target=target)
        if put_row(row, ReferenceRow.reference.does_not_exist()):
            return target
        standing = self.find(reference)
        if standing is None:
            raise InvariantError(f"reference {reference} was there and is gone; references are never removed")
        return standing

    def find(self, reference: str) -> str | None:
        """See `ReferenceBook.find`; consistently, because a None that is not true sends money to suspense."""
        row = get_row(self._references, reference, consistent=True)
        return row.target if row else None


def _recorded(row: DiscrepancyRow) -> RecordedDiscrepancy:
    recorded = RecordedDiscrepancy(
        read_discrepancy(row.body),
        DiscrepancyStatus(row.status),
        row.alerted_at,
        row.version or 0,
        by_amount=read_by_amount(row.by_amount),
    )
    return read_life(recorded, row.life)
