"""What an account has settled since heals by itself; what only a person can judge stays."""

import pytest

from pawledger.domain.books.entries import Decision, EntryKind, LedgerAccount, Posting
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, DiscrepancyStatus
from pawledger.domain.worklist.healing import HEALING_KINDS
from pawledger.services.resolving.heal_settled import DISCREPANCIES_PER_READ, heal_settled
from tests.builders.resolutions import PAID_ON, append_to, bill, invoice_of, open_account, pay, use_unapplied
from tests.fakes.memory import MemoryWorld


@pytest.fixture
def world() -> MemoryWorld:
    """HOME0001 owes 10.00 EUR."""
    world = MemoryWorld()
    open_account(world, "HOME0001", 1_000)
    return world


def record(world: MemoryWorld, kind: DiscrepancyKind, account_id: str | None = "HOME0001") -> Discrepancy:
    found = Discrepancy(kind, "payment#1", PAID_ON, "w", account_id, "EUR", 100)
    world.discrepancy_book.record(found)
    return found


def heal(world: MemoryWorld) -> int:
    return heal_settled(world.discrepancy_book, world.ledger)


def status_of(world: MemoryWorld, found: Discrepancy) -> DiscrepancyStatus:
    recorded = world.discrepancy_book.read(found.discrepancy_id)
    assert recorded is not None
    return recorded.status


@pytest.mark.parametrize("kind", [DiscrepancyKind.UNDERPAYMENT, DiscrepancyKind.PAYMENT_RETURNED])
def test_what_was_owed_heals_once_the_account_owes_nothing(world: MemoryWorld, kind: DiscrepancyKind) -> None:
    found = record(world, kind)
    assert heal(world) == 0
    pay(world, "HOME0001", 1_000, invoice_of("HOME0001", 1))
    assert heal(world) > 0
    assert status_of(world, found) is DiscrepancyStatus.HEALED
    assert heal(world) == 0


def test_what_was_too_much_heals_once_all_of_it_is_used(world: MemoryWorld) -> None:
    found = pay(world, "HOME0001", 1_300, invoice_of("HOME0001", 1))
    bill(world, "HOME0001", 2, 500)
    use_unapplied(world, "HOME0001", 200, "HOME0001-0002")
    assert heal(world) == 0
    use_unapplied(world, "HOME0001", 100, "HOME0001-0002")
    assert heal(world) == 1
    assert status_of(world, found) is DiscrepancyStatus.HEALED


def test_money_before_the_policy_heals_once_the_account_has_it(world: MemoryWorld) -> None:
    found = record(world, DiscrepancyKind.PAYMENT_BEFORE_POLICY)
    waiting = (Posting(LedgerAccount.CASH, "EUR", 100), Posting(LedgerAccount.SUSPENSE, "EUR", -100))
    append_to(world, "HOME0001", Decision(EntryKind.MONEY_SUSPENDED, "payment#1", PAID_ON, {}, {}, waiting, "w"))
    assert heal(world) == 0
    released = (Posting(LedgerAccount.SUSPENSE, "EUR", 100), Posting(LedgerAccount.UNAPPLIED, "EUR", -100))
    append_to(world, "HOME0001", Decision(EntryKind.POLICY_ISSUED, "policy#1", PAID_ON, {}, {}, released, "w"))
    assert heal(world) == 1
    assert status_of(world, found) is DiscrepancyStatus.HEALED


def test_no_other_kind_heals_so_and_none_of_an_account_that_is_not_there() -> None:
    world = MemoryWorld()
    open_account(world, "HOME0001")
    for kind in set(DiscrepancyKind) - set(HEALING_KINDS):
        record(world, kind)
    record(world, DiscrepancyKind.UNDERPAYMENT, "NOBODY01")
    record(world, DiscrepancyKind.OVERPAYMENT, None)
    assert heal(world) == 0


def test_more_than_are_read_at_once_are_all_healed() -> None:
    world = MemoryWorld()
    count = DISCREPANCIES_PER_READ + 1
    for number in range(count):
        account_id = f"HOME{number:04d}"
        open_account(world, account_id)
        record(world, DiscrepancyKind.UNDERPAYMENT, account_id)
    assert heal(world) == count
