"""The bank file register's promises, kept by the fake and by DynamoDB alike."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from types import MappingProxyType

from pawledger.ports import BankFileRecord, ChunkResult
from tests.functional.worlds import World

RECORD = BankFileRecord(
    file_id="a" * 64,
    status="posting",
    provider="first-bank",
    incoming_key="incoming/first-bank/march.sta",
    incoming_version_id="v1",
    stored_key="archive/first-bank/aa/march.sta",
    received_on=date(2026, 3, 2),
    format="mt940",
    verdict="accepted",
    problems=({"severity": "warning", "rule": "trailing blank", "line": 3, "field": None, "message": "blank"},),
    statements=({"account": "1", "opening_minor": -5, "closing_minor": None},),
    chunk_count=2,
    movement_count=101,
    credit_minor=MappingProxyType({"EUR": 12_345}),
    debit_minor={"EUR": 45, "JPY": 7},
)


def chunk_result(number: int, posted_minor: Mapping[str, int] = MappingProxyType({"EUR": -250})) -> ChunkResult:
    return ChunkResult(
        file_id=RECORD.file_id,
        chunk_number=number,
        movement_count=3,
        posted_minor=posted_minor,
        suspended_minor={},
        rejected_minor={"USD": 1},
        repeated_minor={"EUR": 2},
        suspended_count=0,
        rejected_count=1,
        repeated_count=1,
    )


def test_a_file_is_read_back_whole_and_one_never_seen_is_none(world: World) -> None:
    assert world.bank_file_register.read_file(RECORD.file_id) is None
    assert world.bank_file_register.write_file(RECORD, expected_status=None)
    read = world.bank_file_register.read_file(RECORD.file_id)
    assert read is not None
    for field in fields(BankFileRecord):
        assert getattr(read, field.name) == getattr(RECORD, field.name), field.name


def test_a_file_is_written_first_only_once(world: World) -> None:
    assert world.bank_file_register.write_file(RECORD, expected_status=None)
    assert not world.bank_file_register.write_file(replace(RECORD, provider="second-bank"), expected_status=None)
    assert world.bank_file_register.read_file(RECORD.file_id) == RECORD


def test_a_file_changes_from_the_expected_status_only(world: World) -> None:
    posted = replace(RECORD, status="posted")
    assert not world.bank_file_register.write_file(posted, expected_status="posting")
    assert world.bank_file_register.read_file(RECORD.file_id) is None
    world.bank_file_register.write_file(RECORD, expected_status=None)
    assert not world.bank_file_register.write_file(posted, expected_status="quarantined")
    assert world.bank_file_register.read_file(RECORD.file_id) == RECORD
    assert world.bank_file_register.write_file(posted, expected_status="posting")
    assert world.bank_file_register.read_file(RECORD.file_id) == posted


def test_chunk_results_come_in_the_order_of_their_numbers_and_of_one_file_only(world: World) -> None:
    world.bank_file_register.write_file(RECORD, expected_status=None)
    for number in (10, 2, 100, 9_999, 1):
        world.bank_file_register.write_chunk_result(chunk_result(number))
    world.bank_file_register.write_chunk_result(replace(chunk_result(3), file_id="b" * 64))
    results = list(world.bank_file_register.read_chunk_results(RECORD.file_id))
    assert results == [chunk_result(number) for number in (1, 2, 10, 100, 9_999)]


def test_a_repeated_chunk_result_replaces_itself(world: World) -> None:
    world.bank_file_register.write_chunk_result(chunk_result(1))
    world.bank_file_register.write_chunk_result(chunk_result(1))
    assert list(world.bank_file_register.read_chunk_results(RECORD.file_id)) == [chunk_result(1)]
    assert world.bank_file_register.read_file(RECORD.file_id) is None


def test_files_of_a_day_come_in_the_order_of_their_ids_as_they_are_now(world: World) -> None:
    for file_id, day in (("c" * 64, 2), ("a" * 64, 2), ("b" * 64, 3)):
        record = replace(RECORD, file_id=file_id, received_on=date(2026, 3, day))
        world.bank_file_register.write_file(record, expected_status=None)
    world.bank_file_register.write_file(replace(RECORD, status="posted"), expected_status="posting")
    world.bank_file_register.write_chunk_result(chunk_result(1))
    received = list(world.bank_file_register.read_files_received(date(2026, 3, 2)))
    assert [(record.file_id[0], record.status) for record in received] == [("a", "posted"), ("c", "posting")]
    assert list(world.bank_file_register.read_files_received(date(2026, 3, 4))) == []
