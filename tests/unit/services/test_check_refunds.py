"""Closing a day: late and waiting refunds are told once and heal; the money set aside is that of the open ones."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

import pytest

from pawledger.domain.books.entries import Decision, EntryKind, LedgerAccount, Posting
from pawledger.domain.refunding.refund_steps import RefundStateError
from pawledger.domain.refunding.refunds import Refund
from pawledger.domain.worklist.discrepancies import ResolutionCommand
from pawledger.services.closing.close_day import ClosingPorts, close_day
from pawledger.services.refunding.check_refunds import RefundWatchPorts
from tests.builders.refunds import ASKED_ON, RULES, approve, debit, give_credit, open_subjects, reject, request, send
from tests.builders.resolutions import append_to, bill, invoice_of, open_account, pay, resolve, suspend
from tests.fakes.holidays import NoHolidays
from tests.fakes.memory import MemoryWorld

HOME: Final = "HOME0001"
WAITS: Final = timedelta(days=RULES.approval_days)


@pytest.fixture
def world() -> MemoryWorld:
    """HOME0001 owed 10.00 EUR and paid 250.00: 240.00 are unapplied."""
    world = MemoryWorld()
    open_account(world, HOME, 1_000)
    pay(world, HOME, 25_000, invoice_of(HOME, 1))
    return world


def close(world: MemoryWorld, day: date) -> None:
    watch = RefundWatchPorts(world.ledger, world.discrepancy_book, lambda: RULES, NoHolidays())
    register, discrepancies = world.bank_file_register, world.discrepancy_book
    close_day(day, ClosingPorts(register, discrepancies, world.ledger, world.ledger, refunds=watch))


def whats(world: MemoryWorld, kind: str) -> list[str]:
    return [each.what for each in open_subjects(world, kind)]


def test_one_that_waits_too_long_is_told_once_and_heals_when_it_goes_on(world: MemoryWorld) -> None:
    refund = request(world, HOME, 9_000)
    close(world, ASKED_ON + WAITS)
    assert whats(world, "refund_waiting") == []
    for _ in range(2):
        close(world, ASKED_ON + WAITS + timedelta(days=1))
    what = f"Refund {refund.refund_id} of 90.00 EUR waits for its approval since 2026-03-02."
    assert whats(world, "refund_waiting") == [what]

    approve(world, refund, on=date(2026, 3, 8))
    close(world, date(2026, 3, 9))
    assert whats(world, "refund_waiting") == []
    close(world, date(2026, 3, 14))
    assert whats(world, "refund_waiting")[0].endswith("is approved and not sent since 2026-03-08.")
    send(world, refund, on=date(2026, 3, 14))
    close(world, date(2026, 3, 20))
    assert whats(world, "refund_waiting")[0].endswith("was sent, and no debit of the bank shows it since 2026-03-14.")
    debit(world, refund.refund_id, 9_000)
    close(world, date(2026, 3, 21))
    assert whats(world, "refund_waiting") == []


@pytest.fixture
def owed(world: MemoryWorld) -> Refund:
    """365.00 USD of a cancelled Californian policy, to be sent by 6 April: 25 business days from 2 March."""
    open_account(world, "HOME0002", currency="USD")
    give_credit(world, "HOME0002", 36_500, currency="USD")
    return request(world, "HOME0002")


@pytest.mark.parametrize("end", [send, reject])
def test_one_past_its_deadline_is_told_until_it_is_sent_or_given_up(
    world: MemoryWorld, owed: Refund, end: Callable[..., object]
) -> None:
    approve(world, owed)
    close(world, date(2026, 4, 6))
    assert whats(world, "refund_late") == []
    close(world, date(2026, 4, 7))
    assert whats(world, "refund_late") == [
        f"Refund {owed.refund_id} of 365.00 USD was to be sent by 2026-04-06 (US-CA-refund) and is approved."
    ]
    end(world, owed)
    close(world, date(2026, 4, 8))
    assert whats(world, "refund_late") == []


@pytest.fixture
def unasked(world: MemoryWorld) -> None:
    """The same, given back and not requested."""
    open_account(world, "HOME0002", currency="USD")
    give_credit(world, "HOME0002", 36_500, currency="USD")


@pytest.mark.usefixtures("unasked")
def test_what_a_law_gives_back_is_told_before_anybody_asks_for_it(world: MemoryWorld) -> None:
    for _ in range(2):
        close(world, date(2026, 4, 6))
    (what,) = whats(world, "refund_due")
    assert what.startswith("365.00 USD of account HOME0002, given back by policy#POL-1#2, is to be sent by 2026-04-06 ")
    assert what.endswith("(US-CA-refund), and nobody has requested it.")
    assert whats(world, "refund_late") == []
    close(world, date(2026, 4, 7))
    assert whats(world, "refund_due") == []
    assert whats(world, "refund_late")[0].endswith(
        "was to be sent by 2026-04-06 (US-CA-refund), and nobody has requested it."
    )
    refund = request(world, "HOME0002")
    close(world, date(2026, 4, 8))
    assert [what.split()[:2] for what in whats(world, "refund_late")] == [["Refund", refund.refund_id]]
    reject(world, refund)
    close(world, date(2026, 4, 9))
    assert whats(world, "refund_late") == []


@pytest.mark.usefixtures("unasked")
def test_money_that_an_invoice_can_use_is_not_to_be_sent(world: MemoryWorld) -> None:
    bill(world, "HOME0002", 1, 1_000, "USD")
    close(world, date(2026, 4, 6))
    assert whats(world, "refund_due") == []


def test_no_law_gives_back_what_was_paid_too_much(world: MemoryWorld) -> None:
    close(world, date(2027, 4, 6))
    assert whats(world, "refund_due") == whats(world, "refund_late") == []


def test_what_is_too_small_to_be_sent_is_not_told(world: MemoryWorld) -> None:
    open_account(world, "HOME0002")
    give_credit(world, "HOME0002", RULES.minimum["EUR"] - 1)
    close(world, date(2026, 4, 6))
    assert whats(world, "refund_due") == []


def test_money_set_aside_ties_to_the_open_refunds_of_every_ledger(world: MemoryWorld, owed: Refund) -> None:
    found = suspend(world, 5_000)
    resolve(world, found, ResolutionCommand.RETURN)
    approve(world, owed)
    send(world, owed, on=date(2026, 5, 6))  # late: its interest is part of what is owed
    request(world, HOME, 9_000)
    close(world, date(2026, 5, 6))
    assert whats(world, "refunds_out_of_balance") == []

    stray = Decision(
        kind=EntryKind.MONEY_MOVED,
        entry_id="stray#1",
        occurred_on=ASKED_ON,
        facts={},
        source={},
        postings=(Posting(LedgerAccount.UNAPPLIED, "EUR", 1), Posting(LedgerAccount.REFUNDS, "EUR", -1)),
        reason="Nobody knows why.",
    )
    append_to(world, HOME, stray)
    close(world, date(2026, 5, 6))
    assert whats(world, "refunds_out_of_balance") == [
        "HOME0001 holds 90.01 EUR for refunds, and its open ones come to 90.00."
    ]
    with pytest.raises(RefundStateError):
        reject(world, owed)
