"""The fakes fail, lag and serialise as tests ask them to."""

import threading
from datetime import date

import pytest

from pawledger.domain.books.ledger import AccountHead, apply_entry, chain_entry
from pawledger.domain.policy.policies import ALL_TERMS
from pawledger.domain.posting.payments import decide_movement
from pawledger.ports import HeadMovedError
from tests.builders.movements import build_movement
from tests.builders.policies import ACCOUNT_ID, build_policy, issue, term_of
from tests.fakes.memory import MemoryWorld

NEW_ACCOUNT = AccountHead(ACCOUNT_ID)


class CallLostError(Exception):
    """A call or its answer was lost on the way."""


def lose_call(port: str, method: str, arguments: tuple[object, ...]) -> None:
    raise CallLostError(f"{port}.{method}")


def append_payment(world: MemoryWorld, before: AccountHead, name: str) -> AccountHead:
    entry = chain_entry(before, decide_movement(before, build_movement(name)).decision)
    after = apply_entry(before, entry)
    world.ledger.append(before, entry, after)
    return after


def test_a_call_lost_before_it_arrived_wrote_nothing() -> None:
    world = MemoryWorld()
    world.before_call = lose_call
    with pytest.raises(CallLostError, match=r"Ledger\.append"):
        append_payment(world, NEW_ACCOUNT, "first")
    assert world.rows.heads == {}


def test_a_call_whose_answer_was_lost_wrote_all_the_same() -> None:
    world = MemoryWorld()
    world.after_call = lose_call
    with pytest.raises(CallLostError):
        append_payment(world, NEW_ACCOUNT, "first")
    assert len(world.rows.entries) == 1


def test_a_queue_can_be_lost_between_two_calls_of_ten() -> None:
    world, calls = MemoryWorld(), list[str]()

    def lose_second_call(port: str, method: str, arguments: tuple[object, ...]) -> None:
        calls.append(method)
        if len(calls) == 2:
            raise CallLostError

    world.before_call = lose_second_call
    with pytest.raises(CallLostError):
        world.billing_queue.send({"number": number} for number in range(25))
    assert [message["number"] for message in world.billing_queue.messages] == list(range(10))


def test_a_stale_reader_sees_head_and_agenda_as_they_were_and_terms_as_they_are() -> None:
    world = MemoryWorld()
    first = append_payment(world, NEW_ACCOUNT, "first")
    entry = chain_entry(first, issue(first, build_policy()))
    second = apply_entry(first, entry)
    world.ledger.append(first, entry, second, terms=[term_of(build_policy())])
    world.staleness_of = lambda account_id: 1
    assert world.ledger.read_head(ACCOUNT_ID, consistent=False) == first
    assert world.ledger.read_head(ACCOUNT_ID, consistent=True) == second
    assert list(world.ledger.read_terms(ACCOUNT_ID, *ALL_TERMS)) == [term_of(build_policy())]
    assert list(world.ledger.read_due_accounts(date(2026, 1, 17))) == []
    world.staleness_of = lambda account_id: 2
    assert world.ledger.read_head(ACCOUNT_ID, consistent=False) is None


def test_writers_at_once_lose_no_update() -> None:
    world, barrier = MemoryWorld(), threading.Barrier(8)

    def post(writer: int) -> None:
        barrier.wait()
        for number in range(25):
            posted = False
            while not posted:
                head = world.ledger.read_head(ACCOUNT_ID, consistent=True) or NEW_ACCOUNT
                try:
                    append_payment(world, head, f"{writer} {number}")
                except HeadMovedError:
                    continue
                posted = True

    threads = [threading.Thread(target=post, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    head = world.ledger.read_head(ACCOUNT_ID, consistent=True)
    assert head is not None
    assert head.version == len(list(world.ledger.read_entries(ACCOUNT_ID))) == 200
