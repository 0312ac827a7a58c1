"""A line that looked like a provider's payout is a payer's money after all: it is resolved, and no report takes it."""

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from pawledger.domain.books.waiting_money import NothingWaitsError
from pawledger.domain.calendar import Month
from pawledger.domain.errors import PawledgerError
from pawledger.domain.posting.settled_lines import LineIsPayoutError
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyStatus, ResolutionCommand
from pawledger.domain.worklist.discrepancy_life import DiscrepancyClosedError
from pawledger.domain.worklist.resolutions import AmountBeyondError, Share
from pawledger.services.closing.close_month import ClosingPorts, close_month
from pawledger.services.refunding.refund_money import read_refunds
from pawledger.services.resolving.resolve_discrepancy import find_money
from tests.builders.policies import build_policy
from tests.builders.refunds import approve, debit, reject, send, void
from tests.builders.resolutions import (
    books_of,
    head_of,
    money_of,
    open_account,
    open_of,
    ports_of,
    resolve,
    undo,
)
from tests.builders.rulebooks import build_rulebook
from tests.builders.services import record_policy
from tests.builders.settled_lines import FRIDAY, LEDGER, close, miss, tell_line, tell_payout
from tests.fakes.memory import MemoryWorld

APPLY, SPLIT, RETURN = ResolutionCommand.APPLY, ResolutionCommand.SPLIT, ResolutionCommand.RETURN
BOOK_COST = ResolutionCommand.BOOK_COST
HOME = Share("HOME0001")


@pytest.fixture
def world() -> MemoryWorld:
    """HOME0001 owes 10.00 and 10.00, HOME0002 owes 7.00."""
    world = MemoryWorld()
    open_account(world, "HOME0001", 1_000, 1_000)
    open_account(world, "HOME0002", 700)
    return world


def status_of(world: MemoryWorld, found: Discrepancy) -> DiscrepancyStatus:
    recorded = world.discrepancy_book.read(found.discrepancy_id)
    assert recorded is not None
    return recorded.status


def waiting(world: MemoryWorld) -> list[str]:
    """What is told of both sides, each with its amount."""
    kinds = ("settlement_missing", "payout_missing")
    found = [each.discrepancy for each in world.discrepancy_book.list_open() if each.discrepancy.kind in kinds]
    return sorted(f"{each.kind} {each.amount_minor}" for each in found)


def in_transit(world: MemoryWorld) -> list[int]:
    return [item.amount_minor for item in head_of(world, LEDGER).transit]


def refuse(world: MemoryWorld, error: type[PawledgerError], found: Discrepancy, *asked: Any, **more: Any) -> str:
    before = deepcopy(world.rows)
    with pytest.raises(error) as refused:
        resolve(world, found, *asked, **more)
    assert world.rows == before
    return str(refused.value)


def test_a_line_is_applied_from_where_it_stands_and_a_later_report_does_not_take_it(world: MemoryWorld) -> None:
    found = miss(world, 2_300)
    assert find_money(found.discrepancy_id, ports_of(world)).left_minor == 2_300
    done = resolve(world, found, APPLY, HOME)
    # 23.00 settle 10.00 and 10.00; 3.00 are unapplied cash. The bank has the money, and nothing is in transit.
    assert money_of(world, LEDGER) == {"cash": 2_300, "clearing": -2_300}
    assert money_of(world, "HOME0001") == {"unbilled": -2_000, "clearing": 2_300, "unapplied": -300}
    assert in_transit(world) == []
    assert done.planned[1].decision.facts["takes"] == found.entry_id
    assert done.planned[1].decision.reason.startswith(f"23.00 EUR of {found.entry_id} comes from {LEDGER}")
    close(world)
    assert (status_of(world, found), waiting(world)) == (DiscrepancyStatus.RESOLVED, [])
    # A payout of the same amount and day is another one: it is missed at the bank.
    tell_payout(world, 2_300)
    close(world)
    assert money_of(world, LEDGER) == {"clearing": -2_300, "in_transit": 2_300}
    assert (status_of(world, found), waiting(world)) == (DiscrepancyStatus.RESOLVED, ["payout_missing 2300"])
    # The line that comes for it proves it, whatever the bank tells again of the first one.
    tell_line(world, 2_300)
    tell_line(world, 2_300, "second")
    close(world)
    assert money_of(world, LEDGER) == {"cash": 2_300, "clearing": -2_300}
    assert waiting(world) == []


@pytest.mark.parametrize(
    ("command", "shares"),
    [(APPLY, (HOME,)), (SPLIT, (Share("HOME0001", 1_000), Share("HOME0002", 1_300))), (RETURN, ())],
)
def test_an_undo_lets_the_line_wait_for_its_report_as_before(
    world: MemoryWorld, command: ResolutionCommand, shares: tuple[Share, ...]
) -> None:
    found = miss(world, 2_300)
    before, transit = books_of(world), head_of(world, LEDGER).transit
    planned = resolve(world, found, command, *shares, is_preview=True).planned
    assert (books_of(world), head_of(world, LEDGER).transit) == (before, transit)
    assert resolve(world, found, command, *shares).planned == planned
    assert in_transit(world) == []
    undo(world, found)
    assert (books_of(world), head_of(world, LEDGER).transit) == (before, transit)
    close(world)
    assert (status_of(world, found), waiting(world)) == (DiscrepancyStatus.OPEN, ["settlement_missing 2300"])
    tell_payout(world, 2_300)
    assert (status_of(world, found), waiting(world)) == (DiscrepancyStatus.HEALED, [])
    # The payout took its money to the bank: nothing waits or is on its way.
    assert money_of(world, LEDGER) == {}


@pytest.mark.parametrize(
    ("paid_on", "meets"), [(FRIDAY, True), (date(2026, 11, 16), True), (date(2026, 11, 13), False)]
)
def test_a_payout_that_was_told_meanwhile_meets_the_line_with_the_undo(
    world: MemoryWorld, paid_on: date, *, meets: bool
) -> None:
    found = miss(world, 2_300)
    resolve(world, found, APPLY, HOME)
    tell_payout(world, 2_300, on=paid_on)
    undone = undo(world, found)
    # From Monday the 16th to Friday the 20th are four weekdays, as many as banks may be closed; from the 13th five.
    assert money_of(world, LEDGER) == ({} if meets else {"suspense": -2_300, "in_transit": 2_300})
    assert money_of(world, "HOME0001") == {"receivable": 2_000, "unbilled": -2_000}
    assert in_transit(world) == ([] if meets else [2_300, 2_300])
    close(world)
    assert waiting(world) == ([] if meets else ["payout_missing 2300", "settlement_missing 2300"])
    assert status_of(world, found) is (DiscrepancyStatus.HEALED if meets else DiscrepancyStatus.OPEN)
    assert undone.planned[-1].decision.reason.endswith(f"; it is the payout of {paid_on}") is meets
    if meets:
        with pytest.raises(NothingWaitsError):
            find_money(found.discrepancy_id, ports_of(world))


def test_of_a_part_the_rest_stays_on_the_worklist_and_no_report_takes_it(world: MemoryWorld) -> None:
    found = miss(world, 2_300)
    before, transit = books_of(world), head_of(world, LEDGER).transit
    resolve(world, found, APPLY, Share("HOME0001", 1_000))
    assert in_transit(world) == []
    close(world)
    assert status_of(world, found) is DiscrepancyStatus.OPEN
    assert find_money(found.discrepancy_id, ports_of(world)).left_minor == 1_300
    assert "13.00 EUR is left" in refuse(world, AmountBeyondError, found, APPLY, Share("HOME0002", 1_301))
    resolve(world, found, APPLY, Share("HOME0002"))
    assert (status_of(world, found), money_of(world, LEDGER)) == (
        DiscrepancyStatus.RESOLVED,
        {"cash": 2_300, "clearing": -2_300},
    )
    undo(world, found)
    close(world)
    assert (status_of(world, found), in_transit(world)) == (DiscrepancyStatus.OPEN, [])
    undo(world, found)
    assert (books_of(world), head_of(world, LEDGER).transit) == (before, transit)


def test_what_a_report_took_first_is_refused_by_name(world: MemoryWorld) -> None:
    found = miss(world, 2_300)
    tell_payout(world, 2_300)
    refuse(world, DiscrepancyClosedError, found, APPLY, HOME)
    # A posting that was killed before it healed it leaves it open; the ledger knows better.
    world.rows.discrepancies[found.discrepancy_id].status = "open"
    text = refuse(world, LineIsPayoutError, found, APPLY, HOME)
    assert text.startswith(f"{found.entry_id} is the payout that the provider's report tells of, by ")
    refuse(world, LineIsPayoutError, found, RETURN)


def test_a_report_that_comes_at_the_same_moment_is_first_or_second(world: MemoryWorld) -> None:
    found = miss(world, 2_300)

    def slip_in(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "append":
            world.before_call = lambda *_: None
            tell_payout(world, 2_300)

    world.before_call = slip_in
    with pytest.raises(LineIsPayoutError):
        resolve(world, found, APPLY, HOME)
    assert (money_of(world, LEDGER), open_of(world, "HOME0002")) == ({}, {"HOME0002-0001": 700})
    close(world)
    assert status_of(world, found) is DiscrepancyStatus.HEALED


def test_a_line_goes_back_to_its_payer_by_the_steps_of_every_refund(world: MemoryWorld) -> None:
    found = miss(world, 2_300)
    resolve(world, found, RETURN)
    (refund,) = read_refunds(LEDGER, world.ledger)
    approve(world, refund)
    send(world, refund)
    debit(world, refund.refund_id, 2_300)
    assert money_of(world, LEDGER) == {}
    close(world)
    assert (status_of(world, found), waiting(world)) == (DiscrepancyStatus.RESOLVED, [])


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_line_that_does_not_go_back_after_all_waits_for_its_report_as_before(
    world: MemoryWorld, *, is_sent: bool
) -> None:
    found = miss(world, 2_300)
    before, transit = books_of(world), head_of(world, LEDGER).transit
    resolve(world, found, RETURN)
    (refund,) = read_refunds(LEDGER, world.ledger)
    if is_sent:
        approve(world, refund)
        send(world, refund)
        void(world, refund)
    else:
        reject(world, refund)
    assert (books_of(world), head_of(world, LEDGER).transit) == (before, transit)
    close(world)
    assert waiting(world) == ["settlement_missing 2300"]
    tell_payout(world, 2_300)
    assert (waiting(world), money_of(world, LEDGER)) == ([], {})


def test_as_long_as_anything_is_taken_the_line_is_no_payout(world: MemoryWorld) -> None:
    found = miss(world, 2_300)
    resolve(world, found, RETURN, amount_minor=1_000)
    (refund,) = read_refunds(LEDGER, world.ledger)
    resolve(world, found, APPLY, Share("HOME0002"))
    reject(world, refund)
    # 10.00 wait again; the 13.00 of the other account are nothing that a provider paid out.
    assert (in_transit(world), status_of(world, found)) == ([], DiscrepancyStatus.OPEN)
    tell_payout(world, 2_300)
    close(world)
    assert waiting(world) == ["payout_missing 2300", "settlement_missing 2300"]
    undo(world, found)
    assert (in_transit(world), money_of(world, LEDGER)) == ([], {})


def test_what_the_provider_debits_may_be_its_fee(world: MemoryWorld) -> None:
    found = miss(world, 2_300, is_debit=True)
    assert "nothing of" in refuse(world, NothingWaitsError, found, APPLY, HOME)
    before, transit = books_of(world), head_of(world, LEDGER).transit
    resolve(world, found, BOOK_COST)
    assert money_of(world, LEDGER) == {"cash": -2_300, "provider_fees": 2_300}
    assert (in_transit(world), status_of(world, found)) == ([], DiscrepancyStatus.RESOLVED)
    undo(world, found)
    assert (books_of(world), head_of(world, LEDGER).transit) == (before, transit)


def test_money_that_came_is_no_cost(world: MemoryWorld) -> None:
    found = miss(world, 2_300)
    assert f"{found.entry_id} is no debit that waits" in refuse(world, NothingWaitsError, found, BOOK_COST)


def test_a_month_with_lines_of_payers_is_proven() -> None:
    world = MemoryWorld()
    record_policy(world, build_policy("PAW-1", account_id="HOME0003"))
    resolve(world, miss(world, 2_300), APPLY, Share("HOME0003", 1_000))
    resolve(world, miss(world, 500, "fee", is_debit=True), BOOK_COST)
    tell_payout(world, 2_300)
    ports = ClosingPorts(ledger=world.ledger, archive=world.ledger, rulebook=build_rulebook())
    whole = close_month(Month(date(2026, 11, 1)), ports, lambda _table, _row: None, lambda _whole: None)
    assert whole.is_proven
    # Cash of the two lines less what is on its way; 13.00 wait, 5.00 are a fee, 10.00 went to the account.
    closing = {str(name): span.closing_minor for (_, name), span in whole.balances.items()}
    assert {name: closing[name] for name in ("cash", "in_transit", "suspense", "provider_fees")} == {
        "cash": 2_300 - 500 - 2_300,
        "in_transit": 2_300,
        "suspense": -1_300,
        "provider_fees": 500,
    }
