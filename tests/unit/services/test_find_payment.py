"""Finding a payment's ledger by its id alone, after files have come in as banks send them."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import Movement
from pawledger.ports import BankFileRecord, BankFileStore
from pawledger.services.billing.bill_accounts import bill_account
from pawledger.services.posting import find_payment as module
from pawledger.services.posting.find_payment import (
    DAYS_SEARCHED,
    PaymentFindingPorts,
    PaymentSearchEndedError,
    find_ledger,
    recent_files,
)
from pawledger.services.posting.post_payments import post_payments
from pawledger.services.receiving.file_findings import DroppedFile
from pawledger.services.receiving.payment_chunks import MOVEMENTS_PER_CHUNK
from pawledger.services.receiving.receive_bank_file import receive_bank_file
from tests.builders.bank_statements import DEBIT_CODE, RETURN_CODE, Line, build_bai2
from tests.builders.policies import ACCOUNT_ID, build_policy
from tests.builders.services import (
    RECEIVED_ON,
    chunked_payment,
    connect_posting,
    connect_receiving,
    post,
    record_policy,
)
from tests.fakes.memory import MemoryWorld

REFERENCE = creditor_reference_of(InvoiceAddress(ACCOUNT_ID, 1))


@pytest.fixture
def world() -> MemoryWorld:
    """One account with one open invoice of 10.00 EUR, paid under the mandate M-1."""
    world = MemoryWorld()
    record_policy(world, build_policy(), mandate_id="M-1")
    bill_account(ACCOUNT_ID, date(2026, 1, 17), ledger=world.ledger, pause=world.pause)
    return world


def receive(world: MemoryWorld, *lines: Line, file_id: str = "1", received_on: date = RECEIVED_ON) -> list[str]:
    """Take a file in and post it; the ids of its movements in their order."""
    key = f"incoming/bank/{file_id}.bai"
    version_id = world.bank_file_store.drop(key, build_bai2(lines, file_id=file_id))
    told_before = len(world.payments_queue.messages)
    receive_bank_file(DroppedFile(key, version_id, received_on), connect_receiving(world))
    found = []
    for message in world.payments_queue.messages[told_before:]:
        post_payments(message, connect_posting(world))
        chunk = json.loads(world.bank_file_store.read_text(str(message["chunk_key"])))
        found += [movement["payment_id"] for movement in chunk["movements"]]
    return found


def refuse_store() -> BankFileStore:
    raise AssertionError("the bucket is opened though the payment is remembered")


def find(
    world: MemoryWorld,
    payment_id: str,
    *,
    last_day: date = RECEIVED_ON,
    open_store: Callable[[], BankFileStore] | None = None,
) -> str | None:
    ports = PaymentFindingPorts(world.ledger, world.reference_book, open_store or (lambda: world.bank_file_store))
    return find_ledger(payment_id, recent_files(last_day, world.bank_file_register), ports)


def test_what_our_reference_found_is_found_in_its_file_and_nothing_is_written(world: MemoryWorld) -> None:
    lines = [Line(100 + number, "thanks", f"NB-{number}") for number in range(2 * MOVEMENTS_PER_CHUNK)]
    *_, payment_id = receive(world, *lines, Line(1_000, REFERENCE, "NB-last"))
    assert f"route#{payment_id}" not in world.rows.references
    before = dict(world.rows.references)
    assert find(world, payment_id) == ACCOUNT_ID
    assert world.rows.references == before


def test_chunks_are_read_some_at_a_time_until_the_payment_is_there(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNKS_READ_AT_ONCE", 2)
    lines = [Line(100 + number, "thanks", f"NB-{number}") for number in range(5 * MOVEMENTS_PER_CHUNK)]
    lines[2 * MOVEMENTS_PER_CHUNK] = Line(1_000, REFERENCE, "NB-third")
    payment_id = receive(world, *lines)[2 * MOVEMENTS_PER_CHUNK]
    read: list[str] = []

    def watch(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if (port, method) == ("BankFileStore", "read_text"):
            read.append(str(arguments[0])[-10:])

    world.before_call = watch
    assert find(world, payment_id) == ACCOUNT_ID
    # Two of five, then two more, of which the first has it.
    assert sorted(read) == ["00001.json", "00002.json", "00003.json", "00004.json"]


def test_what_is_remembered_or_waits_is_found_without_any_file(world: MemoryWorld) -> None:
    under_mandate, stranger = chunked_payment(mandate_id="M-1"), chunked_payment("stranger", line=5)
    post(world, [under_mandate, stranger])
    assert find(world, under_mandate.payment_id, open_store=refuse_store) == ACCOUNT_ID
    assert find(world, stranger.payment_id, open_store=refuse_store) == suspense_ledger_of(stranger.payment_id)


def test_money_that_came_back_is_found_as_well(world: MemoryWorld) -> None:
    lines = (Line(1_000, REFERENCE, "NB-1"), Line(1_000, REFERENCE, "NB-2", type_code=RETURN_CODE))
    payment_id, _ = receive(world, *lines)
    back = chunked_payment("back", movement=Movement.MONEY_BACK, references=(REFERENCE,), line=9)
    post(world, [back], file_id="e" * 64)
    folder = f"archive/bank/{'e' * 64}"
    record = replace(file_received(world), file_id="e" * 64, stored_key=f"{folder}/back.bai", chunk_count=1)
    world.bank_file_register.write_file(record, expected_status=None)
    assert [find(world, each) for each in (payment_id, back.payment_id)] == [ACCOUNT_ID] * 2


@pytest.mark.parametrize(("days_ago", "is_found"), [(DAYS_SEARCHED - 1, True), (DAYS_SEARCHED, False), (-1, False)])
def test_files_are_looked_through_back_to_a_day(world: MemoryWorld, days_ago: int, is_found: bool) -> None:
    (payment_id,) = receive(world, Line(1_000, REFERENCE, "NB-1"))
    assert (find(world, payment_id, last_day=RECEIVED_ON + timedelta(days=days_ago)) is not None) == is_found


def test_a_search_ends_at_so_many_chunks_and_says_from_where_to_go_on(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNKS_SEARCHED_MAX", 1)
    (old,) = receive(world, Line(1_000, REFERENCE, "NB-1"))
    (new,) = receive(world, Line(700, REFERENCE, "NB-2"), file_id="2", received_on=RECEIVED_ON + timedelta(days=1))
    last_day = RECEIVED_ON + timedelta(days=2)
    assert find(world, new, last_day=last_day) == ACCOUNT_ID
    with pytest.raises(PaymentSearchEndedError, match=f"go on with --as-of {RECEIVED_ON}"):
        find(world, old, last_day=last_day)
    assert find(world, old, last_day=RECEIVED_ON) == ACCOUNT_ID


def test_a_search_that_ends_within_its_first_day_goes_on_with_the_day_before(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNKS_SEARCHED_MAX", 1)
    (old,) = receive(world, Line(1_000, REFERENCE, "NB-1"))
    last_day = RECEIVED_ON + timedelta(days=1)
    for number in (2, 3):
        receive(world, Line(700, REFERENCE, f"NB-{number}"), file_id=str(number), received_on=last_day)
    further = f"go on with --as-of {RECEIVED_ON}, which leaves out the rest of {last_day}"
    with pytest.raises(PaymentSearchEndedError, match=further):
        find(world, old, last_day=last_day)
    assert find(world, old, last_day=RECEIVED_ON) == ACCOUNT_ID


def test_what_is_not_posted_yet_and_what_is_no_payment_is_not_found(world: MemoryWorld) -> None:
    key = "incoming/bank/1.bai"
    version_id = world.bank_file_store.drop(key, build_bai2([Line(1_000, REFERENCE, "NB-1")]))
    receive_bank_file(DroppedFile(key, version_id, RECEIVED_ON), connect_receiving(world))
    (message,) = world.payments_queue.messages
    (movement,) = json.loads(world.bank_file_store.read_text(str(message["chunk_key"])))["movements"]
    assert find(world, movement["payment_id"]) is None
    post_payments(message, connect_posting(world))
    assert find(world, movement["payment_id"]) == ACCOUNT_ID
    (debit_id,) = receive(world, Line(1_000, REFERENCE, "NB-2", type_code=DEBIT_CODE), file_id="2")
    assert find(world, debit_id) is None
    assert find(world, "0" * 32) is None


def file_received(world: MemoryWorld) -> BankFileRecord:
    (record,) = world.bank_file_register.read_files_received(RECEIVED_ON)
    return record
