"""A debit that nobody explained is the bank's own fee: it is booked as a cost, within limits, and can be taken back."""

from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest

from pawledger.domain.books.entries import EntryKind
from pawledger.domain.books.waiting_money import NothingWaitsError
from pawledger.domain.calendar import Month
from pawledger.domain.errors import PawledgerError
from pawledger.domain.posting.bank_movements import Movement
from pawledger.domain.refunding.booked_costs import DebitOfRefundError, decide_cost
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyStatus, ResolutionCommand
from pawledger.domain.worklist.discrepancy_life import ChangeKind, DiscrepancyClosedError, RecordedDiscrepancy
from pawledger.domain.worklist.resolutions import (
    AmountBeyondError,
    AmountNotPositiveError,
    CommandDoesNotFitError,
    Resolution,
    ResolutionRequest,
    Share,
)
from pawledger.services.closing.close_month import ClosingPorts, close_month
from pawledger.services.resolving.resolve_discrepancy import find_money
from tests.builders.refunds import JANE, RULES, approve, debit, open_subjects, request, send
from tests.builders.resolutions import (
    SUSPENSE,
    books_of,
    debited,
    invoice_of,
    money_of,
    open_account,
    pay,
    ports_of,
    resolve,
    suspend,
    undo,
)
from tests.builders.rulebooks import build_rulebook
from tests.builders.services import chunked_payment, post
from tests.fakes.memory import MemoryWorld

BOOK_COST: Final = ResolutionCommand.BOOK_COST
LIMIT_MINOR: Final = 10_000
"""100.00 EUR, as the rules ship."""


@pytest.fixture
def world() -> MemoryWorld:
    return MemoryWorld()


def read(world: MemoryWorld, found: Discrepancy) -> RecordedDiscrepancy:
    recorded = world.discrepancy_book.read(found.discrepancy_id)
    assert recorded is not None
    return recorded


def refuse(world: MemoryWorld, error: type[PawledgerError], found: Discrepancy, *asked: Any, **more: Any) -> str:
    """The text with which a command is refused; nothing was written."""
    before = deepcopy(world.rows)
    with pytest.raises(error) as refused:
        resolve(world, found, *asked, **more)
    assert world.rows == before
    return str(refused.value)


def test_a_debit_is_booked_as_a_cost_and_leaves_suspense(world: MemoryWorld) -> None:
    post(world, [chunked_payment("fee", movement=Movement.OTHER_DEBIT, amount_minor=450)])
    (found,) = open_subjects(world, "unexplained_debit")
    ledger_id = found.account_id or ""
    assert money_of(world, ledger_id) == {"cash": -450, "suspense": 450}
    planned = resolve(world, found, BOOK_COST, is_preview=True).planned
    assert money_of(world, ledger_id) == {"cash": -450, "suspense": 450}
    done = resolve(world, found, BOOK_COST)
    assert done.planned == planned
    assert money_of(world, ledger_id) == {"cash": -450, "provider_fees": 450}
    decision = done.planned[0].decision
    assert decision.kind is EntryKind.PROVIDER_FEE_BOOKED
    assert decision.reason == f"4.50 EUR of {found.entry_id} is what the bank or provider charges: The payer called."
    assert decision.source == {"discrepancy_id": found.discrepancy_id, "actor": "operator"}
    assert read(world, found).status is DiscrepancyStatus.RESOLVED
    again = resolve(world, found, BOOK_COST, actor="another")
    assert (again.is_repeated, money_of(world, ledger_id)["provider_fees"]) == (True, 450)
    # The bank tells of it once more: the same entry.
    post(world, [chunked_payment("fee", movement=Movement.OTHER_DEBIT, amount_minor=450)], file_id="e" * 64)
    assert money_of(world, ledger_id) == {"cash": -450, "provider_fees": 450}


def test_of_a_part_the_rest_waits_on(world: MemoryWorld) -> None:
    found = debited(world, 3_000)
    assert find_money(found.discrepancy_id, ports_of(world)).left_minor == 3_000
    resolve(world, found, BOOK_COST, amount_minor=1_200)
    recorded = read(world, found)
    assert (recorded.status, recorded.history[-1].kind) == (DiscrepancyStatus.OPEN, ChangeKind.RESOLVED_IN_PART)
    assert money_of(world, SUSPENSE) == {"cash": -3_000, "suspense": 1_800, "provider_fees": 1_200}
    assert find_money(found.discrepancy_id, ports_of(world)).left_minor == 1_800
    assert "18.00 EUR is left, not 18.01 EUR" in refuse(world, AmountBeyondError, found, BOOK_COST, amount_minor=1_801)
    resolve(world, found, BOOK_COST)
    assert money_of(world, SUSPENSE) == {"cash": -3_000, "provider_fees": 3_000}
    refuse(world, DiscrepancyClosedError, found, BOOK_COST, amount_minor=1)


def test_an_undo_lets_the_debit_wait_again(world: MemoryWorld) -> None:
    found = debited(world, 3_000)
    before = books_of(world)
    resolve(world, found, BOOK_COST)
    undo(world, found)
    assert (books_of(world), read(world, found).status) == (before, DiscrepancyStatus.OPEN)
    resolve(world, found, BOOK_COST, amount_minor=3_000)
    assert money_of(world, SUSPENSE) == {"cash": -3_000, "provider_fees": 3_000}


def test_more_than_one_person_may_decide_is_refused_and_parts_count_together(world: MemoryWorld) -> None:
    found = debited(world, LIMIT_MINOR + 1)
    text = refuse(world, AmountBeyondError, found, BOOK_COST)
    assert text.startswith("one person may book 100.00 EUR of one debit as a cost, not 100.01 EUR")
    resolve(world, found, BOOK_COST, amount_minor=6_000)
    text = refuse(world, AmountBeyondError, found, BOOK_COST, actor="another")
    assert "100.00 EUR of one debit as a cost, of which 60.00 EUR is, not 40.01 EUR" in text
    resolve(world, found, BOOK_COST, amount_minor=4_000)
    assert money_of(world, SUSPENSE) == {"cash": -10_001, "suspense": 1, "provider_fees": 10_000}
    # What was undone does not count.
    undo(world, found)
    undo(world, found)
    resolve(world, found, BOOK_COST, amount_minor=LIMIT_MINOR)


def test_a_role_may_book_what_its_limit_says_and_of_other_currencies_nothing(world: MemoryWorld) -> None:
    found = debited(world, 20_000)
    entries = [entry for entry, _ in world.ledger.read_entries(SUSPENSE)]

    def decide(actor: str, limits: dict[str, dict[str, int]]) -> int:
        asked = Resolution("id", found, ResolutionRequest(BOOK_COST), date(2026, 3, 2), actor, "A fee.")
        rules = replace(RULES, cost_limits=limits)
        return decide_cost(asked, entries[0], entries, rules).postings[0].amount_minor

    lead = JANE.replace("billing", "lead")
    assert decide(lead, {"anyone": {"EUR": 10_000}, "lead": {"EUR": 20_000}}) == 20_000
    with pytest.raises(AmountBeyondError):
        decide(JANE, {"anyone": {"EUR": 10_000}, "lead": {"EUR": 20_000}})
    with pytest.raises(AmountBeyondError, match=r"one person may book 0\.00 EUR"):
        decide(lead, {"anyone": {"GBP": 50_000}})


def test_a_debit_of_a_refund_is_no_cost(world: MemoryWorld) -> None:
    open_account(world, "HOME0001", 1_000)
    pay(world, "HOME0001", 11_000, invoice_of("HOME0001", 1))
    refund = request(world, "HOME0001", 9_000)
    approve(world, refund)
    send(world, refund)
    debit(world, refund.refund_id, 9_000)
    debit(world, refund.refund_id, 9_000, name="twice", file_id="c" * 64)
    (found,) = open_subjects(world, "unexplained_debit")
    text = refuse(world, DebitOfRefundError, found, BOOK_COST)
    assert text == f"{found.entry_id} names refund {refund.refund_id} of HOME0001, and is nothing else"


def test_what_is_no_debit_or_no_amount_is_refused(world: MemoryWorld) -> None:
    refuse(world, AmountNotPositiveError, debited(world, 100), BOOK_COST, amount_minor=0)
    text = refuse(world, CommandDoesNotFitError, suspend(world, 100), BOOK_COST)
    assert text.startswith("book-cost does not resolve unidentified payment")
    text = refuse(world, CommandDoesNotFitError, debited(world, 100, name="other"), ResolutionCommand.APPLY, Share("A"))
    assert text.endswith("what does: book-cost, take-back, settle-refunds, dismiss")


def test_a_debit_that_left_suspense_by_another_entry_is_refused(world: MemoryWorld) -> None:
    found = debited(world, 3_000)
    resolve(world, found, BOOK_COST)
    world.rows.discrepancies[found.discrepancy_id].status = "open"
    text = refuse(world, NothingWaitsError, found, BOOK_COST, amount_minor=3_000)
    assert text.startswith("debit#fee is no debit that waits in SUSPENSE-07 (any more), see resolution#")


def test_a_month_with_a_booked_cost_is_proven(world: MemoryWorld) -> None:
    resolve(world, debited(world, 3_000), BOOK_COST, amount_minor=1_200)
    rows: dict[str, list[Any]] = {}
    ports = ClosingPorts(ledger=world.ledger, archive=world.ledger, rulebook=build_rulebook())
    whole = close_month(
        Month(date(2026, 3, 1)), ports, lambda table, row: rows.setdefault(table.name, []).append(row), lambda _: None
    )
    assert whole.is_proven
    # Debited in February, booked in March: opening, debits, credits, closing.
    assert ("EUR", "provider_fees", 0, 1_200, 0, 1_200) in rows["trial_balance"]
    assert ("EUR", "suspense", 3_000, 0, 1_200, 1_800) in rows["trial_balance"]
    assert ("EUR", "provider_fee_booked", "provider_fees", 1_200) in rows["movements"]
