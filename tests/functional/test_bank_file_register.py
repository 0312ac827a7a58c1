"""The bank file register's promises, kept by the fake and by DynamoDB alike."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from types import MappingProxyType

from pawledger.domain.posting.statement_chain import ChainedStatement, statement_id_of
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


def statement(day: int, name: str = "", closing_minor: int = 20, chain_id: str = "0" * 32) -> ChainedStatement:
    return ChainedStatement(
        chain_id=chain_id,
        statement_id=statement_id_of((name or str(day),)),
        file_id="f" * 64,
        currency="EUR",
        first_day=date(2026, 3, day),
        last_day=date(2026, 3, day),
        sequence_number=day,
        opening_minor=-10,
        closing_minor=closing_minor,
    )


def test_statements_of_a_series_are_read_back_by_their_days(world: World) -> None:
    register = world.bank_file_register
    for day in (9, 1, 10, 5):
        register.write_statement(statement(day))
    register.write_statement(statement(5, chain_id="1" * 32))
    read = list(register.read_statements("0" * 32, date(2026, 3, 5), date(2026, 3, 9)))
    assert read == [statement(5), statement(9)]
    assert list(register.read_statements("2" * 32, date(2026, 1, 1), date(2026, 12, 31))) == []


def test_a_statement_that_is_told_again_replaces_itself(world: World) -> None:
    register = world.bank_file_register
    for closing_minor in (20, 20, 21):
        register.write_statement(statement(5, closing_minor=closing_minor))
    register.write_statement(statement(5, name="another"))
    read = register.read_statements("0" * 32, date(2026, 3, 1), date(2026, 3, 31))
    assert sorted(each.closing_minor for each in read) == [20, 21]


def test_statements_are_no_files(world: World) -> None:
    world.bank_file_register.write_statement(statement(5))
    assert list(world.bank_file_register.read_files_received(date(2026, 3, 5))) == []
