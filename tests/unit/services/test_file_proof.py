"""The proof of a file: every movement and every minor unit ends in one of four parts, or is missing by name."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from pawledger.ports import BankFileRecord, ChunkResult
from pawledger.services.receiving.file_proof import FileProof, prove_file_posting
from tests.builders.services import FILE_ID

RECORD = BankFileRecord(
    file_id=FILE_ID,
    status="posting",
    provider="bank",
    incoming_key="incoming/bank/1.bai",
    incoming_version_id="version-1",
    stored_key="archive/bank/1.bai",
    received_on=date(2026, 2, 3),
    format="bai2",
    verdict="accepted",
    problems=(),
    statements=(),
    chunk_count=2,
    movement_count=5,
    credit_minor={"EUR": 1_000, "GBP": 50},
    debit_minor={"EUR": 300},
)
FIRST = ChunkResult(
    file_id=FILE_ID,
    chunk_number=1,
    movement_count=3,
    posted_minor={"EUR": 600},
    suspended_minor={"EUR": 100},
    rejected_minor={},
    repeated_minor={},
    suspended_count=1,
    rejected_count=0,
    repeated_count=0,
)
SECOND = ChunkResult(
    file_id=FILE_ID,
    chunk_number=2,
    movement_count=2,
    posted_minor={},
    suspended_minor={},
    rejected_minor={"GBP": 50},
    repeated_minor={"EUR": 0},
    suspended_count=0,
    rejected_count=1,
    repeated_count=1,
)


def prove(*results: ChunkResult) -> FileProof:
    return prove_file_posting(RECORD, results)


def missing(proof: FileProof) -> Mapping[str, int]:
    return {currency: amount for currency, amount in proof.missing_minor.items() if amount}


def test_a_file_whose_chunks_tell_of_every_movement_is_complete() -> None:
    proof = prove(FIRST, SECOND)
    assert proof.is_complete
    assert proof.counts == {"posted": 2, "suspended": 1, "rejected": 1, "repeated": 1, "retold": 0}
    assert proof.in_file_minor == {"EUR": 700, "GBP": 50}
    assert proof.missing_chunks == ()


def test_what_another_report_told_before_is_accounted_for_apart_from_what_was_repeated() -> None:
    retold = replace(SECOND, repeated_minor={}, repeated_count=0, retold_minor={"EUR": 0}, retold_count=1)
    proof = prove(FIRST, retold)
    assert proof.is_complete
    assert (proof.counts["repeated"], proof.counts["retold"], proof.counts["posted"]) == (0, 1, 2)


def test_a_missing_chunk_is_named_with_what_it_held() -> None:
    proof = prove(FIRST)
    assert not proof.is_complete
    assert (proof.missing_count, proof.missing_chunks, missing(proof)) == (2, (2,), {"GBP": 50})


def test_a_file_of_which_nothing_is_known_misses_everything() -> None:
    proof = prove()
    assert (proof.missing_count, proof.missing_chunks, missing(proof)) == (5, (1, 2), {"EUR": 700, "GBP": 50})


@pytest.mark.parametrize("part", ["posted_minor", "suspended_minor", "rejected_minor", "repeated_minor"])
def test_one_cent_too_much_in_any_part_is_not_complete(part: str) -> None:
    changed = replace(FIRST, **{part: {"EUR": getattr(FIRST, part).get("EUR", 0) + 1}})  # type: ignore[arg-type]
    proof = prove(changed, SECOND)
    assert not proof.is_complete
    assert missing(proof) == {"EUR": -1}


def test_a_movement_too_many_is_not_complete_even_where_the_sums_agree() -> None:
    assert not prove(replace(FIRST, movement_count=4), SECOND).is_complete


def test_amounts_of_different_currencies_do_not_make_up_for_each_other() -> None:
    assert not prove(replace(FIRST, posted_minor={"GBP": 600}), SECOND).is_complete
