"""Write-offs: balances and open invoices by hand, the limit of one person over all parts, a second person, the undo."""

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any, Final

import pytest

from pawledger.domain.errors import PawledgerError
from pawledger.domain.refunding.refund_steps import SecondPersonNeededError
from pawledger.domain.refunding.write_offs import WriteOffStateError, WriteOffStep, WriteOffUnknownError
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, ResolutionCommand
from pawledger.domain.worklist.resolutions import AmountBeyondError, AmountNotPositiveError, InvoiceNotOpenError
from pawledger.services.refunding.take_step import StepReasonError
from pawledger.services.refunding.write_off_invoices import (
    WriteOffPorts,
    WrittenOff,
    approve_write_off,
    read_write_offs,
    reject_write_off,
    request_write_off,
    undo_write_off,
)
from tests.builders.refunds import ASKED_ON, JANE, JOHN, RULES, act, open_subjects
from tests.builders.resolutions import books_of, money_of, open_account, open_of, pay, resolve
from tests.fakes.memory import MemoryWorld

HOME: Final = "HOME0001"
FIRST, SECOND = f"{HOME}-0001", f"{HOME}-0002"
LEAD: Final = "arn:aws:sts::111122223333:assumed-role/lead/lena"


@pytest.fixture
def world() -> MemoryWorld:
    """HOME0001 owes 60.00 and 40.00 EUR. One person may write off 50.00 of one invoice, a lead 500.00."""
    world = MemoryWorld()
    open_account(world, HOME, 6_000, 4_000)
    return world


def ports(world: MemoryWorld) -> WriteOffPorts:
    return WriteOffPorts(world.ledger, world.ledger, world.discrepancy_book, world.pause, RULES)


def ask(
    world: MemoryWorld,
    invoice_id: str | None = FIRST,
    amount_minor: int | None = None,
    *,
    actor: str = JANE,
    is_preview: bool = False,
) -> WrittenOff:
    return request_write_off(HOME, (invoice_id, amount_minor), act(actor), ports(world), is_preview=is_preview)


def step(take: Callable[..., WrittenOff], world: MemoryWorld, done: WrittenOff, actor: str) -> WrittenOff:
    return take(HOME, done.write_off.write_off_id, act(actor), ports(world), is_preview=False)


def refuse(world: MemoryWorld, error: type[PawledgerError], command: Callable[[], Any]) -> str:
    """The text with which a command is refused; nothing was written."""
    before = deepcopy(world.rows)
    with pytest.raises(error) as refused:
        command()
    assert world.rows == before
    return str(refused.value)


def test_a_part_is_written_off_at_once_within_the_limit_and_the_same_again_changes_nothing(world: MemoryWorld) -> None:
    done = ask(world, FIRST, 5_000)
    assert done.write_off.state is WriteOffStep.DONE
    assert open_of(world, HOME) == {FIRST: 1_000, SECOND: 4_000}
    assert (money_of(world, HOME)["written_off"], money_of(world, HOME)["receivable"]) == (5_000, 5_000)
    (allocation,) = done.planned[0].decision.allocations
    assert allocation.due_on is not None
    before = deepcopy(world.rows)
    assert ask(world, FIRST, 5_000).planned == ()
    assert world.rows == before
    assert "is done already since 2026-03-02, by " + JANE in refuse(
        world, WriteOffStateError, lambda: ask(world, FIRST, 5_000, actor=JOHN)
    )


def test_the_limit_counts_all_that_single_persons_wrote_off_of_an_invoice(world: MemoryWorld) -> None:
    ask(world, FIRST, 3_000)
    assert ask(world, FIRST, 2_001, actor=JOHN).write_off.state is WriteOffStep.REQUESTED
    assert ask(world, FIRST, 2_000, actor=JOHN).write_off.state is WriteOffStep.DONE
    assert ask(world, SECOND, None).write_off.state is WriteOffStep.DONE
    assert open_of(world, HOME) == {FIRST: 1_000}


def test_a_resolution_keeps_to_the_same_limit(world: MemoryWorld) -> None:
    open_account(world, "HOME0002", 6_000)
    found = Discrepancy(DiscrepancyKind.UNDERPAYMENT, "payment#x", ASKED_ON, "Short.", "HOME0002", "EUR", 1)
    world.discrepancy_book.record(found)
    resolve(world, found, ResolutionCommand.WRITE_OFF, amount_minor=3_000)
    done = request_write_off("HOME0002", (None, 2_001), act(JANE), ports(world), is_preview=False)
    assert done.write_off.state is WriteOffStep.REQUESTED


def test_a_role_may_have_a_limit_of_its_own(world: MemoryWorld) -> None:
    assert ask(world, FIRST, None, actor=LEAD).write_off.state is WriteOffStep.DONE
    assert open_of(world, HOME) == {SECOND: 4_000}


def test_more_than_one_person_may_decide_waits_for_another_one(world: MemoryWorld) -> None:
    before = books_of(world)
    asked = ask(world)
    assert asked.write_off.state is WriteOffStep.REQUESTED
    assert books_of(world) == before
    (told,) = open_subjects(world, "write_off_waiting")
    assert told.what == "60.00 EUR of HOME0001-0001 is to be written off, which a second person has to approve."
    assert ask(world).planned == ()
    text = refuse(world, SecondPersonNeededError, partial(step, approve_write_off, world, asked, JANE))
    assert "jane requested to write off 60.00 EUR" in text

    done = step(approve_write_off, world, asked, JOHN)
    assert done.write_off.state is WriteOffStep.DONE
    assert open_of(world, HOME) == {SECOND: 4_000}
    assert open_subjects(world, "write_off_waiting") == []
    # What two persons decided leaves what one may decide untouched.
    step(undo_write_off, world, done, JANE)
    assert ask(world, FIRST, 5_000).write_off.state is WriteOffStep.DONE


def test_a_rejected_request_changes_nothing_and_can_be_made_anew(world: MemoryWorld) -> None:
    before = books_of(world)
    asked = ask(world)
    rejected = step(reject_write_off, world, asked, JOHN)
    assert rejected.write_off.state is WriteOffStep.REJECTED
    assert books_of(world) == before
    assert open_subjects(world, "write_off_waiting") == []
    refuse(world, WriteOffStateError, partial(step, approve_write_off, world, asked, JOHN))
    assert ask(world).write_off.write_off_id != asked.write_off.write_off_id
    assert len(read_write_offs(HOME, world.ledger)) == 2


def test_an_undone_write_off_restores_the_invoice_with_its_due_day(world: MemoryWorld) -> None:
    before = books_of(world)
    done = ask(world, FIRST, 5_000)
    undone = step(undo_write_off, world, done, JOHN)
    assert undone.write_off.state is WriteOffStep.UNDONE
    assert books_of(world) == before
    assert step(undo_write_off, world, done, JOHN).planned == ()
    refuse(world, WriteOffStateError, partial(step, approve_write_off, world, done, JOHN))
    assert ask(world, FIRST, 5_000).write_off.write_off_id != done.write_off.write_off_id


def test_an_invoice_that_was_paid_while_its_write_off_waited_stays_paid(world: MemoryWorld) -> None:
    asked = ask(world)
    pay(world, HOME, 6_000, next(i for i in books_of(world)[HOME][1] if i.invoice_id == FIRST))
    refuse(world, InvoiceNotOpenError, partial(step, approve_write_off, world, asked, JOHN))


@pytest.mark.parametrize(
    ("invoice_id", "amount_minor", "error"),
    [
        (None, 100, InvoiceNotOpenError),
        ("HOME0001-0009", 100, InvoiceNotOpenError),
        (FIRST, 0, AmountNotPositiveError),
        (FIRST, -1, AmountNotPositiveError),
        (FIRST, 6_001, AmountBeyondError),
    ],
)
def test_what_cannot_be_written_off_is_refused_by_name(
    world: MemoryWorld, invoice_id: str | None, amount_minor: int, error: type[PawledgerError]
) -> None:
    refuse(world, error, partial(ask, world, invoice_id, amount_minor))


def test_a_preview_writes_nothing_and_a_reason_is_needed(world: MemoryWorld) -> None:
    before = deepcopy(world.rows)
    assert ask(world, FIRST, 1_000, is_preview=True).planned
    assert world.rows == before
    nameless = act(reason=" ")
    refuse(
        world, StepReasonError, lambda: request_write_off(HOME, (FIRST, 1), nameless, ports(world), is_preview=False)
    )
    refuse(
        world,
        WriteOffUnknownError,
        lambda: approve_write_off(HOME, "abc", act(), ports(world), is_preview=False),
    )


def test_of_two_who_decide_a_request_at_once_the_second_is_told(world: MemoryWorld) -> None:
    asked = ask(world)

    def slip_in(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "append":
            world.before_call = lambda *_: None
            step(reject_write_off, world, asked, JOHN)

    world.before_call = slip_in
    with pytest.raises(WriteOffStateError, match=r"is rejected since 2026-03-02, by .*john"):
        step(approve_write_off, world, asked, LEAD)
    assert open_of(world, HOME) == {FIRST: 6_000, SECOND: 4_000}
