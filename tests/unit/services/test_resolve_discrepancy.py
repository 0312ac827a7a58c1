"""Resolving: money finds its place by entries, everything wrong is refused before anything is written."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from pawledger.domain.books.entries import EntryKind
from pawledger.domain.books.reversals import MoneyUsedError
from pawledger.domain.books.waiting_money import NothingWaitsError
from pawledger.domain.errors import PawledgerError
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, DiscrepancyStatus, ResolutionCommand
from pawledger.domain.worklist.discrepancy_life import (
    TAKEN_OVER_AFTER_MINUTES,
    ChangeKind,
    DiscrepancyClosedError,
    NothingToUndoError,
    RecordedDiscrepancy,
    ResolutionUnderWayError,
)
from pawledger.domain.worklist.resolutions import (
    AmountBeyondError,
    AmountNotPositiveError,
    CommandDoesNotFitError,
    InvoiceNotOpenError,
    PaymentChangedError,
    Share,
    SharesInvalidError,
    TargetCurrencyError,
    TargetUnknownError,
)
from pawledger.ports import DiscrepancyMovedError
from pawledger.services.resolving.heal_settled import heal_settled
from pawledger.services.resolving.plan_resolution import PaymentUnknownError
from pawledger.services.resolving.resolve_discrepancy import (
    REASON_CHARACTERS_MAX,
    DiscrepancyUnknownError,
    ResolutionReasonError,
)
from tests.builders.resolutions import (
    PAID_ON,
    SUSPENSE,
    bill,
    books_of,
    head_of,
    invoice_of,
    money_of,
    open_account,
    open_of,
    pay,
    resolve,
    suspend,
    undo,
    use_unapplied,
)
from tests.fakes.memory import MemoryWorld

APPLY, SPLIT, MOVE = ResolutionCommand.APPLY, ResolutionCommand.SPLIT, ResolutionCommand.MOVE
WRITE_OFF, RETURN, DISMISS = ResolutionCommand.WRITE_OFF, ResolutionCommand.RETURN, ResolutionCommand.DISMISS


@pytest.fixture
def world() -> MemoryWorld:
    """HOME0001 owes 10.00 and 10.00, HOME0002 owes 7.00, both in EUR; POND0001 owes 10.00 GBP."""
    world = MemoryWorld()
    open_account(world, "HOME0001", 1_000, 1_000)
    open_account(world, "HOME0002", 700)
    open_account(world, "POND0001", 1_000, currency="GBP")
    return world


def read(world: MemoryWorld, discrepancy: Discrepancy) -> RecordedDiscrepancy:
    recorded = world.discrepancy_book.read(discrepancy.discrepancy_id)
    assert recorded is not None
    return recorded


def clearing_of_all(world: MemoryWorld) -> int:
    return sum(
        minor for balances, _ in books_of(world).values() for (_, name), minor in balances.items() if name == "clearing"
    )


def test_suspended_money_is_applied_to_the_oldest_invoices_and_the_rest_is_the_accounts(world: MemoryWorld) -> None:
    found = suspend(world, 2_300)
    done = resolve(world, found, APPLY, Share("HOME0001"))
    # 23.00 settle 10.00 and 10.00; 3.00 are unapplied cash. The two entries meet in clearing.
    assert money_of(world, SUSPENSE) == {"cash": 2_300, "clearing": -2_300}
    assert money_of(world, "HOME0001") == {"unbilled": -2_000, "clearing": 2_300, "unapplied": -300}
    assert open_of(world, "HOME0001") == {}
    assert clearing_of_all(world) == 0
    recorded = read(world, found)
    assert recorded == done.recorded
    assert (recorded.status, recorded.pending) == (DiscrepancyStatus.RESOLVED, None)
    (change,) = recorded.history
    assert (change.kind, change.actor, change.reason) == (ChangeKind.RESOLVED, "operator", "The payer called.")
    assert change.entries == (
        (SUSPENSE, f"resolution#{done.resolution_id}#1"),
        ("HOME0001", f"resolution#{done.resolution_id}#2"),
    )
    entry = world.ledger.read_entry("HOME0001", change.entries[1][1])
    assert entry is not None
    assert entry.decision.source == {"discrepancy_id": found.discrepancy_id, "actor": "operator"}
    assert entry.decision.reason == "23.00 EUR of payment#first comes from SUSPENSE-07: The payer called."


def test_named_invoices_take_what_is_open_of_them_and_the_rest_goes_on_waiting(world: MemoryWorld) -> None:
    found = suspend(world, 2_300)
    named = Share("HOME0001", None, ("HOME0001-0002",))
    resolve(world, found, APPLY, named)
    assert open_of(world, "HOME0001") == {"HOME0001-0001": 1_000}
    assert money_of(world, SUSPENSE) == {"cash": 2_300, "suspense": -1_300, "clearing": -1_000}
    recorded = read(world, found)
    assert (recorded.status, recorded.history[-1].kind) == (DiscrepancyStatus.OPEN, ChangeKind.RESOLVED_IN_PART)
    resolve(world, found, APPLY, Share("HOME0002"))
    assert money_of(world, "HOME0002") == {"unbilled": -700, "clearing": 1_300, "unapplied": -600}
    assert read(world, found).status is DiscrepancyStatus.RESOLVED


def test_unapplied_cash_settles_an_invoice_of_its_own_account_by_one_entry(world: MemoryWorld) -> None:
    found = pay(world, "HOME0001", 1_600, invoice_of("HOME0001", 1))
    resolve(world, found, APPLY, Share("HOME0001"))
    # 6.00 are over: they settle 6.00 of the second invoice.
    assert open_of(world, "HOME0001") == {"HOME0001-0002": 400}
    assert money_of(world, "HOME0001") == {"cash": 1_600, "unbilled": -2_000, "receivable": 400}
    assert len(read(world, found).history[-1].entries) == 1


def test_one_payment_is_split_over_two_accounts(world: MemoryWorld) -> None:
    found = suspend(world, 1_700)
    resolve(world, found, SPLIT, Share("HOME0001", 1_000), Share("HOME0002", 700))
    assert (open_of(world, "HOME0001"), open_of(world, "HOME0002")) == ({"HOME0001-0002": 1_000}, {})
    assert money_of(world, SUSPENSE) == {"cash": 1_700, "clearing": -1_700}
    assert clearing_of_all(world) == 0


def test_unapplied_cash_is_split_between_its_own_account_and_another(world: MemoryWorld) -> None:
    found = pay(world, "HOME0001", 1_900, invoice_of("HOME0001", 1))
    resolve(world, found, SPLIT, Share("HOME0001", 500), Share("HOME0002", 400))
    assert (open_of(world, "HOME0001"), open_of(world, "HOME0002")) == ({"HOME0001-0002": 500}, {"HOME0002-0001": 300})
    assert money_of(world, "HOME0001") == {"cash": 1_900, "unbilled": -2_000, "receivable": 500, "clearing": -400}
    assert clearing_of_all(world) == 0


def test_a_payment_on_the_wrong_account_is_reversed_there_and_posted_to_the_right_one(world: MemoryWorld) -> None:
    found = pay(world, "HOME0001", 1_200, invoice_of("HOME0001", 1))
    resolve(world, found, MOVE, Share("HOME0002"))
    # Cash stays where the bank file brought it; the invoice is open again with its day.
    assert money_of(world, "HOME0001") == {"cash": 1_200, "unbilled": -2_000, "receivable": 2_000, "clearing": -1_200}
    assert head_of(world, "HOME0001").open_invoices == (invoice_of("HOME0001", 1), invoice_of("HOME0001", 2))
    assert money_of(world, "HOME0002") == {"unbilled": -700, "clearing": 1_200, "unapplied": -500}
    assert read(world, found).status is DiscrepancyStatus.RESOLVED


def test_what_is_open_of_an_invoice_is_written_off(world: MemoryWorld) -> None:
    found = Discrepancy(DiscrepancyKind.UNDERPAYMENT, "payment#x", PAID_ON, "Short.", "HOME0002", "EUR", 700)
    world.discrepancy_book.record(found)
    resolve(world, found, WRITE_OFF, amount_minor=300)
    assert open_of(world, "HOME0002") == {"HOME0002-0001": 400}
    assert money_of(world, "HOME0002") == {"unbilled": -700, "receivable": 400, "written_off": 300}


def test_money_that_goes_back_to_its_payer_waits_among_the_refunds(world: MemoryWorld) -> None:
    found = suspend(world, 900)
    resolve(world, found, RETURN)
    assert money_of(world, SUSPENSE) == {"cash": 900, "refunds": -900}
    assert read(world, found).status is DiscrepancyStatus.RESOLVED


def test_a_dismissal_writes_no_entry(world: MemoryWorld) -> None:
    found = suspend(world, 900)
    before = books_of(world)
    resolve(world, found, DISMISS)
    assert books_of(world) == before
    recorded = read(world, found)
    assert (recorded.status, recorded.history[0].reason) == (DiscrepancyStatus.DISMISSED, "The payer called.")


def test_a_preview_shows_the_same_entries_and_writes_nothing(world: MemoryWorld) -> None:
    found = suspend(world, 2_300)
    before = deepcopy(world.rows)
    previewed = resolve(world, found, APPLY, Share("HOME0001"), is_preview=True)
    assert world.rows == before
    done = resolve(world, found, APPLY, Share("HOME0001"))
    assert previewed.planned == done.planned
    assert [planned.after for planned in done.planned] == [head_of(world, SUSPENSE), head_of(world, "HOME0001")]


@pytest.mark.parametrize("command", [APPLY, RETURN, DISMISS])
def test_the_same_again_changes_nothing_whoever_does_it(world: MemoryWorld, command: ResolutionCommand) -> None:
    found = suspend(world, 500)
    shares = (Share("HOME0001"),) if command is APPLY else ()
    resolve(world, found, command, *shares)
    before = deepcopy(world.rows)
    again = resolve(world, found, command, *shares, actor="another", reason="Once more.")
    assert again.is_repeated
    assert world.rows == before


def test_something_else_about_a_resolved_discrepancy_is_refused_by_name(world: MemoryWorld) -> None:
    found = suspend(world, 500)
    resolve(world, found, APPLY, Share("HOME0001"))
    with pytest.raises(DiscrepancyClosedError, match="is resolved by operator"):
        resolve(world, found, RETURN)


REFUSED = [
    (AmountNotPositiveError, APPLY, (Share("HOME0001", 0),), {}),
    (AmountNotPositiveError, RETURN, (), {"amount_minor": -1}),
    (AmountBeyondError, APPLY, (Share("HOME0001", 2_301),), {}),
    (AmountBeyondError, RETURN, (), {"amount_minor": 2_301}),
    (AmountBeyondError, SPLIT, (Share("HOME0001", 2_000), Share("HOME0002", 301)), {}),
    (AmountBeyondError, APPLY, (Share("HOME0001", 1_001, ("HOME0001-0001",)),), {}),
    (TargetUnknownError, APPLY, (Share("NOBODY01"),), {}),
    (TargetUnknownError, APPLY, (Share(SUSPENSE),), {}),
    (TargetCurrencyError, APPLY, (Share("POND0001"),), {}),
    (TargetCurrencyError, SPLIT, (Share("HOME0001", 1), Share("POND0001", 1)), {}),
    (InvoiceNotOpenError, APPLY, (Share("HOME0001", None, ("HOME0001-0009",)),), {}),
    (SharesInvalidError, SPLIT, (Share("HOME0001", 1),), {}),
    (SharesInvalidError, SPLIT, (Share("HOME0001", 1), Share("HOME0001", 2)), {}),
    (CommandDoesNotFitError, WRITE_OFF, (), {}),
    (CommandDoesNotFitError, ResolutionCommand.ACCEPT_FILE, (), {}),
    (ResolutionReasonError, DISMISS, (), {"reason": "  "}),
    (ResolutionReasonError, DISMISS, (), {"reason": "x" * (REASON_CHARACTERS_MAX + 1)}),
]


@pytest.mark.parametrize(("error", "command", "shares", "more"), REFUSED)
def test_what_cannot_be_is_refused_by_name_and_nothing_is_written(
    world: MemoryWorld,
    error: type[PawledgerError],
    command: ResolutionCommand,
    shares: tuple[Share, ...],
    more: dict[str, Any],
) -> None:
    found = suspend(world, 2_300)
    before = deepcopy(world.rows)
    with pytest.raises(error):
        resolve(world, found, command, *shares, **more)
    assert world.rows == before


def test_a_discrepancy_that_is_not_there_or_not_about_a_payment_is_refused(world: MemoryWorld) -> None:
    unknown = Discrepancy(DiscrepancyKind.UNIDENTIFIED_PAYMENT, "payment#0", PAID_ON, "x", SUSPENSE, "EUR", 1)
    with pytest.raises(DiscrepancyUnknownError):
        resolve(world, unknown, DISMISS)
    world.discrepancy_book.record(unknown)
    with pytest.raises(PaymentUnknownError, match=r"payment#0 in SUSPENSE-07"):
        resolve(world, unknown, RETURN)


def test_a_write_off_names_its_invoice_and_keeps_to_its_limit(world: MemoryWorld) -> None:
    open_account(world, "HOME0003", 5_001)
    for account_id in ("HOME0001", "HOME0002", "HOME0003", "POND0001"):
        found = Discrepancy(DiscrepancyKind.UNDERPAYMENT, "payment#x", PAID_ON, "Short.", account_id, "EUR", 1)
        world.discrepancy_book.record(found)
    books = books_of(world)

    def write_off(account_id: str, **more: Any) -> None:
        found = Discrepancy(DiscrepancyKind.UNDERPAYMENT, "payment#x", PAID_ON, "Short.", account_id, "EUR", 1)
        resolve(world, found, WRITE_OFF, **more)

    with pytest.raises(InvoiceNotOpenError, match="open: HOME0001-0001, HOME0001-0002"):
        write_off("HOME0001")
    with pytest.raises(AmountBeyondError, match=r"7\.00 EUR is open, not 7\.01"):
        write_off("HOME0002", amount_minor=701)
    with pytest.raises(AmountBeyondError, match=r"may write off 50\.00 EUR of one invoice, not 50\.01"):
        write_off("HOME0003")
    assert books_of(world) == books
    write_off("HOME0001", invoice_id="HOME0001-0002")
    assert open_of(world, "HOME0001") == {"HOME0001-0001": 1_000}


def test_unapplied_cash_that_a_later_invoice_took_cannot_be_given_away(world: MemoryWorld) -> None:
    found = pay(world, "HOME0001", 1_600, invoice_of("HOME0001", 1))
    use_unapplied(world, "HOME0001", 450, "HOME0001-0002")
    with pytest.raises(AmountBeyondError, match=r"1\.50 EUR is left, not 2\.00"):
        resolve(world, found, APPLY, Share("HOME0002", 200))
    resolve(world, found, APPLY, Share("HOME0002"))
    assert open_of(world, "HOME0002") == {"HOME0002-0001": 550}
    later = pay(world, "HOME0001", 50, name="later")
    use_unapplied(world, "HOME0001", 50, "HOME0001-0002")
    with pytest.raises(NothingWaitsError):
        resolve(world, later, RETURN)


def test_what_a_later_invoice_used_of_a_payment_is_owed_once_it_is_moved(world: MemoryWorld) -> None:
    found = pay(world, "HOME0001", 1_200, invoice_of("HOME0001", 1))
    use_unapplied(world, "HOME0001", 200, "HOME0001-0002")
    before = books_of(world)
    resolve(world, found, MOVE, Share("HOME0002"))
    owed = open_of(world, "HOME0001")
    (item,) = (each for each in owed if each.startswith("return-"))
    assert owed == {"HOME0001-0001": 1_000, "HOME0001-0002": 800, item: 200}
    assert money_of(world, "HOME0002")["unapplied"] == -500
    undo(world, found)
    assert books_of(world) == before


def test_other_money_of_the_account_settles_what_a_move_opens(world: MemoryWorld) -> None:
    found = pay(world, "HOME0001", 1_000, invoice_of("HOME0001", 1))
    pay(world, "HOME0001", 300, name="other")
    before = books_of(world)
    resolve(world, found, MOVE, Share("HOME0002"))
    assert open_of(world, "HOME0001") == {"HOME0001-0001": 700, "HOME0001-0002": 1_000}
    assert "unapplied" not in money_of(world, "HOME0001")
    undo(world, found)
    assert books_of(world) == before


def test_a_moved_payment_is_not_moved_twice(world: MemoryWorld) -> None:
    other = pay(world, "HOME0001", 100, name="other")
    resolve(world, other, APPLY, Share("HOME0002", 40))
    with pytest.raises(PaymentChangedError, match="payment#other was changed since, by resolution#"):
        resolve(world, other, MOVE, Share("HOME0002"))
    with pytest.raises(SharesInvalidError, match="is posted to HOME0001 already"):
        resolve(world, pay(world, "HOME0001", 10, name="third"), MOVE, Share("HOME0001"))


Doing = Callable[[MemoryWorld], Discrepancy]


UNDONE = [
    (lambda world: suspend(world, 2_300), APPLY, (Share("HOME0001"),)),
    (lambda world: suspend(world, 1_500), SPLIT, (Share("HOME0001", 800), Share("HOME0002", 700))),
    (lambda world: suspend(world, 900), RETURN, ()),
    (lambda world: suspend(world, 900), DISMISS, ()),
    (lambda world: pay(world, "HOME0001", 1_200, invoice_of("HOME0001", 1)), MOVE, (Share("HOME0002"),)),
    (lambda world: pay(world, "HOME0001", 1_200, invoice_of("HOME0001", 1)), APPLY, (Share("HOME0001"),)),
]


@pytest.mark.parametrize(("find", "command", "shares"), UNDONE)
def test_an_undo_restores_all_books_and_the_discrepancy_can_be_resolved_anew(
    world: MemoryWorld, find: Doing, command: ResolutionCommand, shares: tuple[Share, ...]
) -> None:
    found = find(world)
    before = books_of(world)
    first = resolve(world, found, command, *shares)
    after = books_of(world)
    undone = undo(world, found, reason="The other account.")
    assert {k: v for k, v in books_of(world).items() if k in before} == before
    recorded = read(world, found)
    assert (recorded.status, recorded.opening_count) == (DiscrepancyStatus.OPEN, 2)
    assert recorded.history[-1].kind is ChangeKind.UNDONE
    assert all(planned.decision.kind is EntryKind.ENTRY_UNDONE for planned in undone.planned)
    second = resolve(world, found, command, *shares)
    assert books_of(world) == after
    assert second.resolution_id != first.resolution_id


def test_there_is_nothing_to_undo_twice_or_where_nobody_did_anything(world: MemoryWorld) -> None:
    found = suspend(world, 900)
    with pytest.raises(NothingToUndoError):
        undo(world, found)
    resolve(world, found, RETURN)
    undo(world, found)
    with pytest.raises(NothingToUndoError):
        undo(world, found)


def test_an_undo_is_refused_where_the_money_was_used_since_and_says_by_how_much(world: MemoryWorld) -> None:
    found = suspend(world, 2_300)
    resolve(world, found, APPLY, Share("HOME0001"))
    # 3.00 are over, of which a third invoice takes 2.00.
    bill(world, "HOME0001", 3, 200)
    use_unapplied(world, "HOME0001", 200, "HOME0001-0003")
    before = deepcopy(world.rows)
    for is_preview in (True, False):
        with pytest.raises(MoneyUsedError, match=r"1\.00 EUR is left in unapplied, not 3\.00"):
            undo(world, found, is_preview=is_preview)
    assert world.rows == before


def test_of_two_operators_at_once_the_second_is_told_and_writes_nothing(world: MemoryWorld) -> None:
    found = suspend(world, 500)
    calls: list[str] = []

    def second_is_first(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "change" and not calls:
            calls.append(method)
            resolve(world, found, APPLY, Share("HOME0002"), actor="second")

    world.before_call = second_is_first
    with pytest.raises(DiscrepancyMovedError):
        resolve(world, found, APPLY, Share("HOME0001"), actor="first")
    assert open_of(world, "HOME0001") == {"HOME0001-0001": 1_000, "HOME0001-0002": 1_000}
    assert read(world, found).history[-1].actor == "second"


def kill_at(world: MemoryWorld, number: int) -> None:
    """Kill whoever makes the n-th writing call from now on, before it is done."""
    calls: list[str] = []

    def kill(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method in {"append", "change"}:
            calls.append(method)
            if len(calls) == number:
                raise ConnectionError("killed")

    world.before_call = kill


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_whoever_was_killed_makes_the_same_call_again_and_it_is_finished_once(world: MemoryWorld, number: int) -> None:
    # Four writes: the claim, the departure, the arrival, the end.
    found = suspend(world, 2_300)
    kill_at(world, number)
    with pytest.raises(ConnectionError):
        resolve(world, found, APPLY, Share("HOME0001"))
    world.before_call = lambda port, method, arguments: None
    if number > 1:
        with pytest.raises(ResolutionUnderWayError, match="`as typed` was begun by operator"):
            resolve(world, found, RETURN)
    resolve(world, found, APPLY, Share("HOME0001"))
    assert money_of(world, SUSPENSE) == {"cash": 2_300, "clearing": -2_300}
    assert money_of(world, "HOME0001") == {"unbilled": -2_000, "clearing": 2_300, "unapplied": -300}
    assert read(world, found).status is DiscrepancyStatus.RESOLVED
    before = books_of(world)
    kill_at(world, number)
    with pytest.raises(ConnectionError):
        undo(world, found)
    world.before_call = lambda port, method, arguments: None
    undo(world, found)
    assert money_of(world, SUSPENSE) == {"cash": 2_300, "suspense": -2_300}
    assert before != books_of(world)
    assert clearing_of_all(world) == 0


@pytest.mark.parametrize("number", [2, 3, 4])
def test_what_was_begun_and_never_finished_can_be_undone_by_another(world: MemoryWorld, number: int) -> None:
    found = suspend(world, 2_300)
    before = books_of(world)
    kill_at(world, number)
    with pytest.raises(ConnectionError):
        resolve(world, found, APPLY, Share("HOME0001"))
    world.before_call = lambda port, method, arguments: None
    with pytest.raises(ResolutionUnderWayError, match="may still be at work; what it made can be undone from"):
        undo(world, found, actor="another", minutes_later=TAKEN_OVER_AFTER_MINUTES - 1)

    # Killed once more: after the claim of the undo, and before its first entry or its end.
    kill_at(world, 2)
    with pytest.raises(ConnectionError):
        undo(world, found, actor="another", minutes_later=TAKEN_OVER_AFTER_MINUTES)
    world.before_call = lambda port, method, arguments: None
    undo(world, found, actor="another", minutes_later=TAKEN_OVER_AFTER_MINUTES)
    assert {account_id: now for account_id, now in books_of(world).items() if account_id in before} == before
    recorded = read(world, found)
    assert (recorded.status, recorded.pending) == (DiscrepancyStatus.OPEN, None)
    resolve(world, found, APPLY, Share("HOME0002"))
    assert clearing_of_all(world) == 0


def test_whoever_is_slow_does_not_close_what_another_undid_meanwhile(world: MemoryWorld) -> None:
    found = suspend(world, 2_300)
    appended: list[str] = []

    def another_undoes(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if (port, method) == ("Ledger", "append"):
            appended.append(method)
        if (port, method) == ("DiscrepancyBook", "read") and len(appended) == 2:
            world.before_call = lambda port, method, arguments: None
            undo(world, found, actor="another", minutes_later=TAKEN_OVER_AFTER_MINUTES)

    world.before_call = another_undoes
    resolve(world, found, APPLY, Share("HOME0001"))
    assert read(world, found).status is DiscrepancyStatus.OPEN
    assert money_of(world, SUSPENSE) == {"cash": 2_300, "suspense": -2_300}


def test_whoever_is_slow_does_not_close_what_was_finished_and_undone_meanwhile(world: MemoryWorld) -> None:
    found = suspend(world, 2_300)
    appended: list[str] = []

    def others_are_faster(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if (port, method) == ("Ledger", "append"):
            appended.append(method)
        if (port, method) == ("DiscrepancyBook", "read") and len(appended) == 2:
            world.before_call = lambda port, method, arguments: None
            resolve(world, found, APPLY, Share("HOME0001"), actor="the same command")
            undo(world, found, actor="a third one")

    world.before_call = others_are_faster
    resolve(world, found, APPLY, Share("HOME0001"))
    assert money_of(world, SUSPENSE) == {"cash": 2_300, "suspense": -2_300}
    recorded = read(world, found)
    assert (recorded.status, recorded.pending) == (DiscrepancyStatus.OPEN, None)
    assert [change.kind for change in recorded.history] == [ChangeKind.RESOLVED, ChangeKind.UNDONE]


def test_a_day_that_is_closed_between_two_entries_does_not_take_the_discrepancy_away(world: MemoryWorld) -> None:
    found = pay(world, "HOME0001", 1_200, invoice_of("HOME0001", 1))
    kill_at(world, 3)  # the claim and the departure are made, the arrival is not
    with pytest.raises(ConnectionError):
        resolve(world, found, APPLY, Share("HOME0002"))
    world.before_call = lambda port, method, arguments: None
    heal_settled(world.discrepancy_book, world.ledger)
    resolve(world, found, APPLY, Share("HOME0002"))
    assert clearing_of_all(world) == 0
    assert read(world, found).status is DiscrepancyStatus.RESOLVED


def test_what_cannot_be_appended_after_all_leaves_nothing_under_way(world: MemoryWorld) -> None:
    found = pay(world, "HOME0001", 1_600, invoice_of("HOME0001", 1))
    calls: list[str] = []

    def use_it_first(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "append" and not calls:
            calls.append(method)
            use_unapplied(world, "HOME0001", 600, "HOME0001-0002")

    world.before_call = use_it_first
    with pytest.raises(NothingWaitsError):
        resolve(world, found, APPLY, Share("HOME0002"))
    recorded = read(world, found)
    assert (recorded.status, recorded.pending) == (DiscrepancyStatus.OPEN, None)
    assert open_of(world, "HOME0002") == {"HOME0002-0001": 700}


def test_an_invoice_that_was_paid_while_the_money_was_on_its_way_does_not_lose_it(world: MemoryWorld) -> None:
    found = suspend(world, 700)
    calls: list[str] = []

    def pay_it_first(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "append" and not calls:
            calls.append(method)
            pay(world, "HOME0002", 700, invoice_of("HOME0002", 1, 700))

    world.before_call = pay_it_first
    resolve(world, found, APPLY, Share("HOME0002", 700, ("HOME0002-0001",)))
    assert money_of(world, "HOME0002") == {"cash": 700, "unbilled": -700, "clearing": 700, "unapplied": -700}
    assert clearing_of_all(world) == 0
