"""Receiving: a file is proven whole before anything is posted, and a drop is finished however often it is begun."""

import hashlib
import json
from datetime import date

import pytest

from pawledger.bank_files.report import FileReport, Rule
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.services.posting.post_payments import post_payments
from pawledger.services.receiving import receive_bank_file as module
from pawledger.services.receiving.file_findings import DroppedFile
from pawledger.services.receiving.receive_bank_file import (
    BankFileChangedError,
    Outcome,
    prove_file,
    receive_bank_file,
)
from tests.builders.bank_statements import DEBIT_CODE, RETURN_CODE, Line, build_bai2
from tests.builders.services import RECEIVED_ON, connect_posting, connect_receiving, kinds_of_discrepancies
from tests.fakes.memory import MemoryWorld

KEY = "incoming/bank/statement.bai"
REFERENCE = creditor_reference_of(InvoiceAddress("HOME0001", 1))
SOUND = build_bai2([Line(1_000, REFERENCE), Line(500, "thanks"), Line(250, type_code=RETURN_CODE)])


def drop(world: MemoryWorld, data: bytes, key: str = KEY) -> DroppedFile:
    return DroppedFile(key, world.bank_file_store.drop(key, data), RECEIVED_ON)


def receive(world: MemoryWorld, dropped: DroppedFile) -> Outcome:
    return receive_bank_file(dropped, connect_receiving(world))


def file_id_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def what_of_only_discrepancy(world: MemoryWorld) -> str:
    (recorded,) = world.discrepancy_book.list_open()
    return recorded.discrepancy.what


def test_a_sound_file_is_recorded_cut_announced_and_archived() -> None:
    world = MemoryWorld()
    assert receive(world, drop(world, SOUND)) is Outcome.ACCEPTED
    folder = f"archive/bank/{file_id_of(SOUND)}"
    assert world.bank_file_store.keys() == [f"{folder}/payments/00001.json", f"{folder}/statement.bai"]
    assert world.bank_file_store.data_of(f"{folder}/statement.bai") == SOUND
    assert world.payments_queue.messages == [
        {
            "schema": "post_payments.v1",
            "file_id": file_id_of(SOUND),
            "chunk_number": 1,
            "chunk_key": f"{folder}/payments/00001.json",
        }
    ]
    record = world.bank_file_register.read_file(file_id_of(SOUND))
    assert record is not None
    assert (record.status, record.format, record.verdict) == ("posting", "bai2", "accepted")
    assert (record.chunk_count, record.movement_count) == (1, 3)
    assert (record.credit_minor, record.debit_minor) == ({"EUR": 1_500}, {"EUR": 250})
    assert kinds_of_discrepancies(world) == []


def test_a_large_file_is_cut_into_chunks_of_a_hundred() -> None:
    world = MemoryWorld()
    receive(world, drop(world, build_bai2([Line(100 + number) for number in range(201)])))
    assert [message["chunk_number"] for message in world.payments_queue.messages] == [1, 2, 3]
    chunks = [json.loads(world.bank_file_store.data_of(m["chunk_key"])) for m in world.payments_queue.messages]
    assert [len(chunk["movements"]) for chunk in chunks] == [100, 100, 1]


def test_what_a_file_announces_can_be_posted() -> None:
    world = MemoryWorld()
    receive(world, drop(world, build_bai2([Line(1_000), Line(40, type_code=DEBIT_CODE)])))
    (message,) = world.payments_queue.take()
    assert post_payments(message, connect_posting(world)).counts["suspended"] == 2


def test_zero_amounts_and_test_groups_are_not_posted() -> None:
    world = MemoryWorld()
    receive(world, drop(world, build_bai2([Line(0), Line(700)])))
    receive(world, drop(world, build_bai2([Line(900)], group_status="4", file_id="2"), "incoming/bank/test.bai"))
    counts = [world.bank_file_register.read_file(m["file_id"]) for m in world.payments_queue.messages]
    assert [record.movement_count for record in counts if record] == [1]


def test_a_file_without_movements_is_accepted_and_announces_nothing() -> None:
    world = MemoryWorld()
    assert receive(world, drop(world, build_bai2([]))) is Outcome.ACCEPTED
    assert world.payments_queue.messages == []


@pytest.mark.parametrize(
    ("data", "kind", "where"),
    [
        (build_bai2([Line(1_000)], account_total_change_minor=1), "file_out_of_balance", "line 5"),
        (SOUND[:-30], "file_unreadable", "line"),
        (b"", "file_unreadable", "file.empty"),
        (b"\x00\xff" * 50, "file_unreadable", "file.format_unknown"),
        (build_bai2([Line(1_000)], currency="XXX"), "file_out_of_balance", "currency"),
    ],
)
def test_a_file_that_is_not_proven_waits_in_quarantine_and_posts_nothing(data: bytes, kind: str, where: str) -> None:
    world = MemoryWorld()
    assert receive(world, drop(world, data)) is Outcome.QUARANTINED
    assert world.bank_file_store.keys() == [f"quarantine/bank/{file_id_of(data)}/statement.bai"]
    assert world.payments_queue.messages == []
    assert kinds_of_discrepancies(world) == [kind]
    assert where in what_of_only_discrepancy(world)
    record = world.bank_file_register.read_file(file_id_of(data))
    assert record is not None
    assert record.status == "quarantined"


def test_a_corrected_file_of_the_same_name_is_accepted_after_the_wrong_one() -> None:
    world = MemoryWorld()
    receive(world, drop(world, build_bai2([Line(1_000)], account_total_change_minor=1)))
    assert receive(world, drop(world, build_bai2([Line(1_000)]))) is Outcome.ACCEPTED


@pytest.mark.parametrize("key", [KEY, "incoming/bank/copy.bai", "incoming/other-bank/statement.bai"])
def test_the_same_bytes_again_post_nothing_and_are_set_aside(key: str) -> None:
    world = MemoryWorld()
    receive(world, drop(world, SOUND))
    world.payments_queue.take()
    again = drop(world, SOUND, key)
    for _ in range(2):
        assert receive(world, again) in (Outcome.DUPLICATE, Outcome.GONE)
    assert world.payments_queue.messages == []
    assert kinds_of_discrepancies(world) == ["file_duplicate"]
    assert world.bank_file_store.keys("incoming/") == []


def test_the_same_logical_file_with_other_bytes_is_a_conflict() -> None:
    world = MemoryWorld()
    receive(world, drop(world, build_bai2([Line(1_000)], file_id="77")))
    world.payments_queue.take()
    other = build_bai2([Line(1_001)], file_id="77")
    assert receive(world, drop(world, other)) is Outcome.QUARANTINED
    assert world.payments_queue.messages == []
    assert kinds_of_discrepancies(world) == ["file_conflict"]


def test_the_same_logical_id_from_another_provider_is_no_conflict() -> None:
    world = MemoryWorld()
    receive(world, drop(world, build_bai2([Line(1_000)])))
    other = drop(world, build_bai2([Line(1_001)]), "incoming/other-bank/statement.bai")
    assert receive(world, other) is Outcome.ACCEPTED


@pytest.mark.parametrize(
    "key",
    [
        "incoming/statement.bai",
        "incoming/bank/",
        "incoming/bank/sub/statement.bai",
        "incoming/Bank/statement.bai",
        "incoming/bank/statement%20.bai",
        "incoming/bank/statement .bai",
        "incoming/bank/stätement.bai",
        "incoming/bank/<script>.bai",
        "incoming/bank/statement.bai\n",
        f"incoming/bank/{'a' * 201}",
        "archive/bank/statement.bai",
    ],
)
def test_a_key_with_odd_characters_is_refused_and_not_repeated_anywhere(key: str) -> None:
    world = MemoryWorld()
    assert receive(world, drop(world, SOUND, key)) is Outcome.REFUSED
    assert kinds_of_discrepancies(world) == ["file_refused"]
    assert key not in what_of_only_discrepancy(world)
    (stored,) = world.bank_file_store.keys()
    assert stored.startswith("quarantine/refused/")
    assert world.payments_queue.messages == []


def test_a_drop_delivered_twice_is_finished_once() -> None:
    world = MemoryWorld()
    dropped = drop(world, SOUND)
    assert [receive(world, dropped) for _ in range(3)] == [Outcome.ACCEPTED, Outcome.GONE, Outcome.GONE]
    assert len(world.payments_queue.messages) == 1
    assert kinds_of_discrepancies(world) == []


def test_a_file_that_is_gone_before_its_message_is_no_error() -> None:
    assert receive(MemoryWorld(), DroppedFile(KEY, "version-9", RECEIVED_ON)) is Outcome.GONE


def test_a_second_version_under_the_same_name_is_a_file_of_its_own() -> None:
    world = MemoryWorld()
    first = drop(world, build_bai2([Line(1_000)], file_id="1"))
    second = drop(world, build_bai2([Line(2_000)], file_id="2"))
    assert [receive(world, second), receive(world, first)] == [Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert len(world.payments_queue.messages) == 2


class Killed(BaseException):
    """The process ends here; nothing may catch it."""


@pytest.mark.parametrize("hook", ["before_call", "after_call"])
@pytest.mark.parametrize(
    "data",
    [SOUND, SOUND[:-30], build_bai2([Line(5)], account_total_change_minor=1)],
    ids=["sound", "cut", "out of balance"],
)
def test_killed_at_any_call_and_delivered_again_it_leaves_what_an_undisturbed_call_leaves(
    hook: str, data: bytes
) -> None:
    undisturbed = MemoryWorld()
    receive(undisturbed, drop(undisturbed, data))
    calls = 0
    for victim in range(100):
        world = MemoryWorld()
        dropped = drop(world, data)
        count = 0

        def kill(port: str, method: str, arguments: tuple[object, ...], victim: int = victim) -> None:
            nonlocal count
            count += 1
            if count == victim + 1:
                raise Killed

        setattr(world, hook, kill)
        try:
            receive(world, dropped)
        except Killed:
            calls += 1
        else:
            break
        setattr(world, hook, lambda port, method, arguments: None)
        receive(world, dropped)
        assert world.rows == undisturbed.rows
        assert world.bank_file_store.keys() == undisturbed.bank_file_store.keys()
        announced = {json.dumps(message) for message in world.payments_queue.messages}
        assert announced == {json.dumps(message) for message in undisturbed.payments_queue.messages}
    assert calls >= 5


def test_bytes_that_change_between_proving_and_cutting_are_not_announced() -> None:
    world = MemoryWorld()
    dropped = drop(world, SOUND)
    opened = 0
    real_open = world.bank_file_store.open

    def open_changed(key: str, version_id: str | None) -> object:
        nonlocal opened
        opened += 1
        if opened == 2:
            other = world.bank_file_store.drop("incoming/bank/other.bai", build_bai2([Line(9)]))
            return real_open("incoming/bank/other.bai", other)
        return real_open(key, version_id)

    world.bank_file_store.open = open_changed  # type: ignore[assignment, method-assign]
    with pytest.raises(BankFileChangedError, match="changed while it was read"):
        receive(world, dropped)
    assert world.payments_queue.messages == []
    assert receive(world, dropped) is Outcome.ACCEPTED


def test_a_fault_behind_more_warnings_than_a_report_keeps_still_quarantines(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_with_many_warnings(stream: object, report: FileReport, options: object) -> object:
        for _ in range(300):
            report.add(Rule.MEANING, "test.odd", "odd but harmless")
        report.add(Rule.SYNTAX, "test.cut", "the file was cut")
        return iter(())

    monkeypatch.setattr(module, "read_bank_file", read_with_many_warnings)
    world = MemoryWorld()
    assert receive(world, drop(world, b"any")) is Outcome.QUARANTINED
    assert "301 problems" in what_of_only_discrepancy(world)


def test_a_file_beyond_the_size_limit_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILE_BYTES_MAX", 100)
    world = MemoryWorld()
    assert receive(world, drop(world, SOUND)) is Outcome.QUARANTINED
    assert kinds_of_discrepancies(world) == ["file_unreadable"]


def test_the_file_id_is_the_hash_of_the_whole_file_even_where_the_reader_stops_early() -> None:
    world = MemoryWorld()
    data = SOUND[:30] + b"77,nonsense/\n" + SOUND * 50
    opened = world.bank_file_store.open(KEY, world.bank_file_store.drop(KEY, data))
    assert opened is not None
    with opened as stream:
        file_id, _ = prove_file(stream)
    assert file_id == file_id_of(data)


def test_a_booking_day_in_the_future_travels_with_the_movement() -> None:
    world = MemoryWorld()
    receive(world, drop(world, build_bai2([Line(1_000)], as_of=date(2026, 3, 1))))
    (message,) = world.payments_queue.take()
    post_payments(message, connect_posting(world))
    assert kinds_of_discrepancies(world) == ["future_dated_payment", "unidentified_payment"]
