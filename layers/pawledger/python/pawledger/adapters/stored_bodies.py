"""Bodies: the canonical texts in which values are stored, and the values read back from them. No store is known here.

What is hashed is exactly what is stored, and an object always gives the same text, so a repeated write changes nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from pawledger.domain.books.entries import Entry, entry_from_json
from pawledger.domain.books.ledger import AccountHead, BrokenLedgerError, head_as_json, head_from_json
from pawledger.domain.canonical import hash_text, write_canonical
from pawledger.domain.matching.kept_candidates import keep_candidates, read_candidates
from pawledger.domain.matching.payment_clues import Candidate
from pawledger.domain.policy.policies import BilledTerm, term_as_json, term_from_json
from pawledger.domain.posting.statement_chain import ChainedStatement
from pawledger.domain.worklist.discrepancies import Discrepancy, discrepancy_as_json, discrepancy_from_json
from pawledger.domain.worklist.discrepancy_life import RecordedDiscrepancy, life_as_json, life_from_json
from pawledger.ports import BankFileRecord, ChunkResult


def write_head(head: AccountHead) -> str:
    """A head's body; account id and version are stored beside it, as keys."""
    return write_canonical(head_as_json(head))


def read_head(account_id: str, version: int, body: str) -> AccountHead:
    """The mirror image of `write_head`."""
    return head_from_json(account_id, version, json.loads(body))


def read_entry(body: str, stored_hash: str, place: str) -> Entry:
    """The entry of a stored body; `place` says for people which one it should be.

    Raises `BrokenLedgerError` where the body does not give the hash that is stored beside it: one of both was changed.
    """
    if hash_text(body) != stored_hash:
        raise BrokenLedgerError(f"the stored text of {place} does not give its stored hash")
    return entry_from_json(json.loads(body))


def write_term(term: BilledTerm) -> str:
    """A term's body, keys included."""
    return write_canonical(term_as_json(term))


def read_term(body: str) -> BilledTerm:
    """The mirror image of `write_term`."""
    return term_from_json(json.loads(body))


def write_discrepancy(discrepancy: Discrepancy) -> str:
    """A discrepancy's body; its status and when its alert was pushed are stored beside it, since they change."""
    return write_canonical(discrepancy_as_json(discrepancy))


def read_discrepancy(body: str) -> Discrepancy:
    """The mirror image of `write_discrepancy`."""
    return discrepancy_from_json(json.loads(body))


def write_life(recorded: RecordedDiscrepancy) -> str:
    """What became of a discrepancy; its body, status, version and alert are stored beside it."""
    return write_canonical(life_as_json(recorded))


def read_life(recorded: RecordedDiscrepancy, text: str | None) -> RecordedDiscrepancy:
    """A discrepancy with what became of it; without a text it was not changed since it was born."""
    return life_from_json(recorded, json.loads(text)) if text else recorded


def write_by_amount(candidates: Sequence[Candidate]) -> str | None:
    """The candidates by amount that stand beside a discrepancy; nothing stands there where there are none."""
    return write_canonical(keep_candidates(candidates)) if candidates else None


def read_by_amount(text: str | None) -> tuple[Candidate, ...]:
    """The mirror image of `write_by_amount`."""
    return read_candidates(json.loads(text)) if text else ()


def write_bank_file(record: BankFileRecord) -> str:
    """The body of what is known of a bank file, keys and status included."""
    written = _fields_of(record)
    written["received_on"] = record.received_on.isoformat()
    return write_canonical(written)


def read_bank_file(body: str) -> BankFileRecord:
    """The mirror image of `write_bank_file`."""
    written = json.loads(body)
    written["received_on"] = date.fromisoformat(written["received_on"])
    written["problems"] = tuple(written["problems"])
    written["statements"] = tuple(written["statements"])
    written["told_days"] = tuple((first, last) for first, last in written.get("told_days", ()))
    return BankFileRecord(**written)


def write_chunk_result(result: ChunkResult) -> str:
    """The body of what became of a chunk's movements, keys included."""
    return write_canonical(_fields_of(result))


def read_chunk_result(body: str) -> ChunkResult:
    """The mirror image of `write_chunk_result`."""
    return ChunkResult(**json.loads(body))


def write_statement(statement: ChainedStatement) -> str:
    """The body of a statement of a series, keys included."""
    written = _fields_of(statement)
    written["first_day"], written["last_day"] = statement.first_day.isoformat(), statement.last_day.isoformat()
    return write_canonical(written)


def read_statement(body: str) -> ChainedStatement:
    """The mirror image of `write_statement`."""
    written = json.loads(body)
    written["first_day"] = date.fromisoformat(written["first_day"])
    written["last_day"] = date.fromisoformat(written["last_day"])
    return ChainedStatement(**written)


def _fields_of(value: BankFileRecord | ChunkResult | ChainedStatement) -> dict[str, Any]:
    """A dataclass as a JSON object of the same names; mappings of any kind become plain ones."""
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value
