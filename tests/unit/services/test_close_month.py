"""Closing a month over all accounts."""

from collections.abc import Sequence
from datetime import date

import pytest

from pawledger.domain.books.ledger import BrokenLedgerError
from pawledger.domain.calendar import Month
from pawledger.domain.canonical import hash_text
from pawledger.domain.closing.month_close import (
    EARNED_BY_TERM,
    OPEN_ITEMS,
    TRIAL_BALANCE,
    MonthClose,
    Row,
    Table,
)
from pawledger.services.append_entry import Proposal, append_entry
from pawledger.services.billing.bill_accounts import bill_account
from pawledger.services.closing import close_month as close_month_module
from pawledger.services.closing.close_month import ClosingPorts, close_month, sort_account_ids
from pawledger.services.refunding.write_off_invoices import WriteOffPorts, request_write_off, undo_write_off
from tests.builders.policies import build_policy, issue, term_of
from tests.builders.refunds import ASKED_ON, RULES, act, approve, debit, reject, request, send
from tests.builders.resolutions import head_of, pay
from tests.builders.rulebooks import build_rulebook
from tests.fakes.memory import MemoryWorld
from tests.fakes.world import let_pass

JANUARY = Month(date(2026, 1, 1))
QUARTERS = (date(2025, 12, 18), date(2026, 3, 18))
"""Days on which the invoices of two quarters are issued."""


def issue_policies(world: MemoryWorld, account_ids: Sequence[str]) -> None:
    for account_id in account_ids:
        policy = build_policy(f"PAW-{account_id}", account_id=account_id, effective_on=date(2026, 1, 1))
        proposal = lambda head, _, policy=policy: Proposal(issue(head, policy), terms=(term_of(policy),))  # noqa: E731
        append_entry(world.ledger, world.pause, account_id, proposal)


def close(world: MemoryWorld) -> tuple[MonthClose, list[tuple[Table, Row]], list[int]]:
    ports = ClosingPorts(ledger=world.ledger, archive=world.ledger, rulebook=build_rulebook())
    rows: list[tuple[Table, Row]] = []
    told: list[int] = []
    whole = close_month(
        JANUARY, ports, lambda table, row: rows.append((table, row)), lambda whole: told.append(whole.account_count)
    )
    return whole, rows, told


def test_accounts_are_closed_in_the_order_of_their_ids_and_summed_up() -> None:
    """Two policies of 120.00, of which 31 of 365 days are earned: 10.19 each."""
    world = MemoryWorld()
    issue_policies(world, ["ZZZZ0001", "AAAA0001"])

    whole, rows, _ = close(world)

    assert whole.is_proven
    terms = [row for table, row in rows if table is EARNED_BY_TERM]
    assert [(row[0], row[10]) for row in terms] == [("AAAA0001", 1_019), ("ZZZZ0001", 1_019)]
    trial = {row[1]: row[5] for table, row in rows if table is TRIAL_BALANCE}
    assert trial == {"premium": -24_000, "unbilled": 24_000}


def test_refunds_and_write_offs_tie_to_the_ledger() -> None:
    """Of a premium of 120.00 two quarters of 30.00 are billed, and the first is paid with 50.00 too much.

    Of those 30.00 went back and left the bank, 5.00 are sent, 4.00 were rejected, so that they settled as much of the
    second invoice. Of that 7.00 were written off, and 2.00 written off and asked for again.
    """
    world, account_id = MemoryWorld(), "AAAA0001"
    policy = build_policy("PAW-1", account_id=account_id, effective_on=date(2026, 1, 1), plan="quarterly")
    append_entry(
        world.ledger,
        world.pause,
        account_id,
        lambda head, _: Proposal(issue(head, policy), terms=(term_of(policy),)),
    )
    for day in QUARTERS:
        bill_account(account_id, day, ledger=world.ledger, pause=world.pause)
    first, second = head_of(world, account_id).open_invoices
    pay(world, account_id, first.remaining_minor + 5_000, first)
    settled, sent, rejected = (request(world, account_id, amount_minor) for amount_minor in (3_000, 500, 400))
    reject(world, rejected)
    for refund in (settled, sent):
        approve(world, refund)
        send(world, refund)
    debit(world, settled.refund_id, 3_000)
    ports = WriteOffPorts(world.ledger, world.ledger, world.discrepancy_book, world.pause, RULES)
    for amount_minor in (700, 200):
        done = request_write_off(account_id, (second.invoice_id, amount_minor), act(), ports, is_preview=False)
    undo_write_off(account_id, done.write_off.write_off_id, act(), ports, is_preview=False)

    books = ClosingPorts(ledger=world.ledger, archive=world.ledger, rulebook=build_rulebook())
    rows: list[tuple[Table, Row]] = []
    whole = close_month(
        Month(ASKED_ON.replace(day=1)), books, lambda table, row: rows.append((table, row)), lambda _: None
    )

    assert whole.is_proven
    trial = {row[1]: row[5] for table, row in rows if table is TRIAL_BALANCE}
    assert trial == {
        "cash": 5_000,
        "premium": -12_000,
        "receivable": 1_900,
        "refunds": -500,
        "unapplied": -1_100,
        "unbilled": 6_000,
        "written_off": 700,
    }
    assert [row[5] for table, row in rows if table is OPEN_ITEMS] == [1_900]


def test_an_entry_that_is_no_entry_any_more_is_named_with_its_account() -> None:
    world = MemoryWorld()
    issue_policies(world, ["AAAA0001"])
    (row,) = world.rows.entries.values()
    row.body = "{}"
    row.hash = hash_text(row.body)

    with pytest.raises(BrokenLedgerError, match="AAAA0001: an entry cannot be read"):
        close(world)


def test_entries_that_are_appended_meanwhile_are_left_for_the_next_close() -> None:
    world = MemoryWorld()
    issue_policies(world, ["AAAA0001"])

    def append_meanwhile(port: str, method: str, arguments: Sequence[object]) -> None:
        if method == "read_entries":
            world.before_call = let_pass
            policy = build_policy("PAW-2", account_id="AAAA0001", effective_on=date(2026, 1, 1))
            append_entry(
                world.ledger,
                world.pause,
                "AAAA0001",
                lambda head, _: Proposal(issue(head, policy), terms=(term_of(policy),)),
            )

    world.before_call = append_meanwhile
    whole, _, _ = close(world)

    assert whole.is_proven
    assert whole.entry_count == 1


def test_progress_is_told_after_every_so_many_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(close_month_module, "PROGRESS_EVERY_ACCOUNTS", 2)
    world = MemoryWorld()
    issue_policies(world, ["AAAA0001", "AAAA0002", "AAAA0003", "AAAA0004", "AAAA0005"])

    assert close(world)[2] == [2, 4]


@pytest.mark.parametrize("ids_per_run", [1, 2, 3, 100])
def test_ids_are_sorted_in_runs_and_a_repeated_one_is_taken_once(ids_per_run: int) -> None:
    ids = ["C", "A", "SUSPENSE-01", "B", "A", "C"]

    assert list(sort_account_ids(ids, ids_per_run)) == ["A", "B", "C", "SUSPENSE-01"]


def test_no_account_is_no_id() -> None:
    assert list(sort_account_ids([])) == []
