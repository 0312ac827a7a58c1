"""The one write path: exactly once, serial per account, and never a spin without end."""

import pytest

from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.policy.policies import ALL_TERMS
from pawledger.domain.posting.bank_movements import BankMovement
from pawledger.domain.posting.payments import decide_movement
from pawledger.ports import HeadMovedError
from pawledger.services.append_entry import (
    ATTEMPTS_MAX,
    AccountBusyError,
    EntryConflictError,
    Proposal,
    Recorded,
    append_entry,
)
from tests.builders.movements import build_movement
from tests.builders.policies import ACCOUNT_ID, build_policy, issue, term_of
from tests.fakes.memory import MemoryWorld


def append_movement(world: MemoryWorld, movement: BankMovement, known_head: AccountHead | None = None) -> Recorded:
    def propose(head: AccountHead, _: bool) -> Proposal:
        outcome = decide_movement(head, movement)
        return Proposal(outcome.decision, outcome.discrepancies)

    recorded = append_entry(world.ledger, world.pause, ACCOUNT_ID, propose, known_head=known_head)
    assert recorded is not None
    return recorded


def test_a_first_entry_opens_the_ledger_of_an_account_that_was_unknown() -> None:
    world = MemoryWorld()
    recorded = append_movement(world, build_movement())
    assert recorded.is_new
    assert recorded.entry.sequence == 1
    assert world.ledger.read_head(ACCOUNT_ID, consistent=True) == recorded.head


def test_the_same_fact_again_is_found_and_not_written_again() -> None:
    world = MemoryWorld()
    first = append_movement(world, build_movement())
    second = append_movement(world, build_movement())
    assert not second.is_new
    assert second.entry == first.entry
    assert len(world.rows.entries) == 1


def test_the_same_id_with_other_facts_is_a_conflict_and_the_first_stays() -> None:
    world = MemoryWorld()
    first = append_movement(world, build_movement(amount_minor=1_000))
    with pytest.raises(EntryConflictError) as caught:
        append_movement(world, build_movement(amount_minor=1_001))
    assert caught.value.existing == first.entry
    assert len(world.rows.entries) == 1


def test_nothing_is_written_where_nothing_is_due() -> None:
    world = MemoryWorld()
    assert append_entry(world.ledger, world.pause, ACCOUNT_ID, lambda head, consistent: None) is None
    assert not world.rows.heads


def test_a_stale_head_is_found_out_and_the_decision_is_made_again_on_what_stands() -> None:
    world = MemoryWorld()
    append_movement(world, build_movement("first"))
    world.staleness_of = lambda account_id: 1
    recorded = append_movement(world, build_movement("second"))
    assert recorded.entry.sequence == 2
    assert world.pause.attempts == [0]


def test_only_the_first_attempt_reads_cheaply() -> None:
    world = MemoryWorld()
    append_movement(world, build_movement("first"))
    world.staleness_of = lambda account_id: 1
    reads: list[object] = []

    def remember(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "read_head":
            reads.append(arguments[1])

    world.before_call = remember
    append_movement(world, build_movement("second"))
    assert reads == [False, True]


def test_a_known_head_spares_the_read() -> None:
    world = MemoryWorld()
    head = append_movement(world, build_movement("first")).head
    methods: list[str] = []
    world.before_call = lambda port, method, arguments: methods.append(method)
    append_movement(world, build_movement("second"), known_head=head)
    assert methods == ["append"]


def test_a_known_head_that_is_outdated_is_read_again() -> None:
    world = MemoryWorld()
    head = append_movement(world, build_movement("first")).head
    append_movement(world, build_movement("second"))
    recorded = append_movement(world, build_movement("third"), known_head=head)
    assert recorded.entry.sequence == 3


def test_a_race_that_is_lost_every_time_ends_with_the_account_busy() -> None:
    world = MemoryWorld()

    def lose(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "append":
            raise HeadMovedError("another writer was first")

    world.before_call = lose
    with pytest.raises(AccountBusyError, match=ACCOUNT_ID):
        append_movement(world, build_movement())
    assert world.pause.attempts == list(range(ATTEMPTS_MAX))
    assert not world.rows.entries


def test_a_race_lost_to_the_same_fact_counts_as_done() -> None:
    world = MemoryWorld()
    movement = build_movement()
    is_first = True

    def overtake(port: str, method: str, arguments: tuple[object, ...]) -> None:
        nonlocal is_first
        if method == "append" and is_first:
            is_first = False
            append_movement(world, movement)

    world.before_call = overtake
    assert not append_movement(world, movement).is_new
    assert len(world.rows.entries) == 1


def test_policy_and_discrepancies_are_written_with_their_entry_or_not_at_all() -> None:
    world = MemoryWorld()
    policy = build_policy()
    movement = build_movement()
    discrepancies = decide_movement(AccountHead(ACCOUNT_ID), movement).discrepancies
    assert discrepancies

    def propose(head: AccountHead, _: bool) -> Proposal:
        return Proposal(issue(head, policy), discrepancies, (term_of(policy),))

    def refuse(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "append":
            raise HeadMovedError("another writer was first")

    world.before_call = refuse
    with pytest.raises(AccountBusyError):
        append_entry(world.ledger, world.pause, ACCOUNT_ID, propose)
    assert not world.rows.terms
    assert not world.rows.discrepancies
    world.before_call = lambda port, method, arguments: None
    append_entry(world.ledger, world.pause, ACCOUNT_ID, propose)
    assert list(world.ledger.read_terms(ACCOUNT_ID, *ALL_TERMS)) == [term_of(policy)]
    assert len(world.rows.discrepancies) == len(discrepancies)
