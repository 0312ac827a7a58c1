"""The discrepancy book, the bank file register and the reference book in memory."""

from collections.abc import Iterator, Sequence
from datetime import date

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
from pawledger.domain.matching.payment_clues import Candidate
from pawledger.domain.posting.statement_chain import ChainedStatement
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, DiscrepancyStatus
from pawledger.domain.worklist.discrepancy_life import RecordedDiscrepancy, find_again, heal
from pawledger.ports import BankFileRecord, ChunkResult, DiscrepancyMovedError
from tests.fakes.world import BankFileRow, DiscrepancyRow, SharedState

CHANGED_AT = "2026-02-03T12:00:00+00:00"
"""When everything happens that happens by itself."""

_KIND_ORDER = {kind: index for index, kind in enumerate(DiscrepancyKind)}


class MemoryDiscrepancyBook:
    """Fulfils `DiscrepancyBook`."""

    def __init__(self, state: SharedState) -> None:
        self._state = state

    def record(self, discrepancy: Discrepancy) -> bool:
        with self._state.call("DiscrepancyBook", "record", discrepancy) as rows:
            known = rows.discrepancies.get(discrepancy.discrepancy_id)
            if known is not None:
                return _write(known, find_again(_recorded(known), discrepancy, CHANGED_AT))
            row = DiscrepancyRow(DiscrepancyStatus.OPEN, write_discrepancy(discrepancy))
            rows.discrepancies[discrepancy.discrepancy_id] = row
            return True

    def read(self, discrepancy_id: str) -> RecordedDiscrepancy | None:
        with self._state.call("DiscrepancyBook", "read", discrepancy_id) as rows:
            row = rows.discrepancies.get(discrepancy_id)
            return _recorded(row) if row else None

    def heal(self, discrepancy_id: str) -> bool:
        with self._state.call("DiscrepancyBook", "heal", discrepancy_id) as rows:
            row = rows.discrepancies.get(discrepancy_id)
            return row is not None and _write(row, heal(_recorded(row), CHANGED_AT))

    def change(self, before: RecordedDiscrepancy, after: RecordedDiscrepancy) -> None:
        with self._state.call("DiscrepancyBook", "change", before, after) as rows:
            row = rows.discrepancies.get(after.discrepancy.discrepancy_id)
            if row is None or row.version != before.version:
                raise DiscrepancyMovedError(f"somebody else changed {after.discrepancy.discrepancy_id} just now")
            _write(row, after)

    def list_open(self, kind: DiscrepancyKind | None = None) -> Iterator[RecordedDiscrepancy]:
        with self._state.call("DiscrepancyBook", "list_open", kind) as rows:
            open_ones = [_recorded(row) for row in rows.discrepancies.values() if row.status == DiscrepancyStatus.OPEN]
        if kind is not None:
            open_ones = [recorded for recorded in open_ones if recorded.discrepancy.kind is kind]
        open_ones.sort(key=lambda r: (_KIND_ORDER[r.discrepancy.kind], r.discrepancy.born_on))
        return iter(open_ones)

    def keep_by_amount(self, discrepancy_id: str, candidates: Sequence[Candidate]) -> bool:
        with self._state.call("DiscrepancyBook", "keep_by_amount", discrepancy_id, candidates) as rows:
            row = rows.discrepancies.get(discrepancy_id)
            if row is None or row.status != DiscrepancyStatus.OPEN:
                return False
            row.by_amount = write_by_amount(candidates)
            return True

    def mark_alerted(self, discrepancy_id: str, alerted_at: str) -> bool:
        with self._state.call("DiscrepancyBook", "mark_alerted", discrepancy_id, alerted_at) as rows:
            row = rows.discrepancies.get(discrepancy_id)
            if row is None or row.alerted_at is not None:
                return False
            row.alerted_at = alerted_at
            return True

    def close(self, discrepancy_id: str) -> None:
        """What a person does who resolved it; no port has that yet."""
        with self._state.lock:
            self._state.rows.discrepancies[discrepancy_id].status = DiscrepancyStatus.RESOLVED


class MemoryBankFileRegister:
    """Fulfils `BankFileRegister`."""

    def __init__(self, state: SharedState) -> None:
        self._state = state

    def read_file(self, file_id: str) -> BankFileRecord | None:
        with self._state.call("BankFileRegister", "read_file", file_id) as rows:
            row = rows.bank_files.get(file_id)
            return read_bank_file(row.body) if row else None

    def write_file(self, record: BankFileRecord, *, expected_status: str | None) -> bool:
        with self._state.call("BankFileRegister", "write_file", record, expected_status) as rows:
            row = rows.bank_files.get(record.file_id)
            if (row.status if row else None) != expected_status:
                return False
            rows.bank_files[record.file_id] = BankFileRow(record.status, write_bank_file(record))
            return True

    def write_chunk_result(self, result: ChunkResult) -> None:
        with self._state.call("BankFileRegister", "write_chunk_result", result) as rows:
            rows.chunk_results[result.file_id, result.chunk_number] = write_chunk_result(result)

    def read_chunk_results(self, file_id: str) -> Iterator[ChunkResult]:
        with self._state.call("BankFileRegister", "read_chunk_results", file_id) as rows:
            bodies = [body for (owner, _), body in sorted(rows.chunk_results.items()) if owner == file_id]
        return map(read_chunk_result, bodies)

    def read_files_received(self, day: date) -> Iterator[BankFileRecord]:
        with self._state.call("BankFileRegister", "read_files_received", day) as rows:
            records = [read_bank_file(row.body) for _, row in sorted(rows.bank_files.items())]
        return (record for record in records if record.received_on == day)

    def write_statement(self, statement: ChainedStatement) -> None:
        with self._state.call("BankFileRegister", "write_statement", statement) as rows:
            key = (statement.chain_id, statement.last_day.isoformat(), statement.statement_id)
            rows.statements[key] = write_statement(statement)

    def read_statements(self, chain_id: str, first_day: date, last_day: date) -> Iterator[ChainedStatement]:
        with self._state.call("BankFileRegister", "read_statements", chain_id, first_day, last_day) as rows:
            bodies = [
                body
                for (owner, day, _), body in sorted(rows.statements.items())
                if owner == chain_id and first_day.isoformat() <= day <= last_day.isoformat()
            ]
        return map(read_statement, bodies)


class MemoryReferenceBook:
    """Fulfils `ReferenceBook`."""

    def __init__(self, state: SharedState) -> None:
        self._state = state

    def claim(self, reference: str, target: str) -> str:
        with self._state.call("ReferenceBook", "claim", reference, target) as rows:
            return rows.references.setdefault(reference, target)

    def find(self, reference: str) -> str | None:
        with self._state.call("ReferenceBook", "find", reference) as rows:
            return rows.references.get(reference)


def _recorded(row: DiscrepancyRow) -> RecordedDiscrepancy:
    status = DiscrepancyStatus(row.status)
    recorded = RecordedDiscrepancy(
        read_discrepancy(row.body), status, row.alerted_at, row.version, by_amount=read_by_amount(row.by_amount)
    )
    return read_life(recorded, row.life)


def _write(row: DiscrepancyRow, after: RecordedDiscrepancy | None) -> bool:
    if after is None:
        return False
    row.status, row.version = after.status, after.version
    row.body, row.life = write_discrepancy(after.discrepancy), write_life(after)
    return True
