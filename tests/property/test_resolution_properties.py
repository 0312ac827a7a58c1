"""Resolutions and undos in any order, also of operators who are killed: no money is lost, made or spent twice."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.books.ledger import AccountHead, replay_entries
from pawledger.domain.books.waiting_money import find_changes
from pawledger.domain.errors import InvariantError, PawledgerError
from pawledger.domain.posting.bank_movements import payment_id_of
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, DiscrepancyStatus, ResolutionCommand
from pawledger.domain.worklist.discrepancy_life import RecordedDiscrepancy
from pawledger.domain.worklist.resolutions import Share
from pawledger.services.resolving.heal_settled import heal_settled
from pawledger.services.resolving.resolve_discrepancy import Resolved
from tests.builders.resolutions import (
    bill,
    books_of,
    debited,
    invoice_of,
    open_account,
    pay,
    resolve,
    suspend,
    undo,
    use_unapplied,
)
from tests.builders.settled_lines import LEDGER, close, tell_line, tell_payout
from tests.fakes.memory import MemoryWorld
from tests.fakes.world import let_pass

ACCOUNTS = ("HOME0001", "HOME0002", "HOME0003")
AMOUNTS = st.integers(1, 3_000)
FEW_AMOUNTS = st.sampled_from([700, 2_500])
DEBITS = "SUSPENSE-08"
SETTLEMENT_MISSING = DiscrepancyKind.SETTLEMENT_MISSING
WRITES = ("append", "change")


@dataclass
class Done:
    """What an operator did, and the books before it."""

    found: Discrepancy
    command: ResolutionCommand
    shares: tuple[Share, ...]
    books: dict[str, Any] = field(default_factory=dict)


class Operators(RuleBasedStateMachine):
    """Three accounts, money of nobody, overpayments, debits, lines like payouts, and people who find places for it."""

    def __init__(self) -> None:
        super().__init__()
        self.world = MemoryWorld()
        self.found: list[Discrepancy] = []
        self.cash_minor = 0
        self.number = 0
        self.last: Done | None = None
        self.lines: dict[str, int] = {}
        self.paid_out_minor = 0

    @initialize()
    def open_accounts(self) -> None:
        """The first account was given more than it owes by an operator."""
        for account_id in ACCOUNTS:
            open_account(self.world, account_id, 1_000, 700)
        self.receive_of_nobody(2_500)
        resolve(self.world, self.found[0], ResolutionCommand.APPLY, Share(ACCOUNTS[0]))

    @rule(amount_minor=AMOUNTS)
    def receive_of_nobody(self, amount_minor: int) -> None:
        self.number += 1
        self.found.append(suspend(self.world, amount_minor, name=f"n{self.number}"))
        self.cash_minor += amount_minor
        self.last = None

    @rule(amount_minor=AMOUNTS, account_id=st.sampled_from(ACCOUNTS))
    def receive_too_much(self, amount_minor: int, account_id: str) -> None:
        """A payment that settles what an account owes first, as far as that is as much, and leaves the rest."""
        self.number += 1
        head = self._head(account_id)
        oldest = head.open_invoices[:1]
        settled = [invoice for invoice in oldest if invoice.remaining_minor < amount_minor]
        self.found.append(pay(self.world, account_id, amount_minor, *settled, name=f"n{self.number}"))
        self.cash_minor += amount_minor
        self.last = None

    @rule(amount_minor=AMOUNTS)
    def debit_a_fee(self, amount_minor: int) -> None:
        self.number += 1
        self.found.append(debited(self.world, amount_minor, name=f"n{self.number}", ledger_id=DEBITS))
        self.cash_minor -= amount_minor
        self.last = None

    @rule(amount_minor=FEW_AMOUNTS)
    def receive_what_looks_like_a_payout(self, amount_minor: int) -> None:
        """A line of the bank; where no report explains it at once, it is missed."""
        self.number += 1
        name = f"n{self.number}"
        tell_line(self.world, amount_minor, name)
        self.lines[f"payment#{payment_id_of((name,))}"] = amount_minor
        self.cash_minor += amount_minor
        self.close_over_lines()

    @rule(amount_minor=FEW_AMOUNTS)
    def report_a_payout(self, amount_minor: int) -> None:
        self.number += 1
        tell_payout(self.world, amount_minor, f"n{self.number}")
        self.cash_minor -= amount_minor
        self.paid_out_minor += amount_minor
        self.last = None

    @rule()
    def close_over_lines(self) -> None:
        close(self.world)
        missed = [each.discrepancy for each in self.world.discrepancy_book.list_open(SETTLEMENT_MISSING)]
        self.found += [each for each in missed if each.discrepancy_id not in {f.discrepancy_id for f in self.found}]
        self.last = None

    @rule(account_id=st.sampled_from(ACCOUNTS), amount_minor=AMOUNTS)
    def bill_once_more(self, account_id: str, amount_minor: int) -> None:
        number = self._head(account_id).invoice_count + 1
        if number <= 12:
            bill(self.world, account_id, number, amount_minor)
            self._use_unapplied(account_id, invoice_of(account_id, number).invoice_id, amount_minor)
            self.last = None

    @rule(data=st.data(), killed_at=st.integers(0, 5))
    def resolve_something(self, data: st.DataObject, killed_at: int) -> None:
        found = self._draw(data, lambda recorded: recorded.status is DiscrepancyStatus.OPEN)
        if found is None:
            return
        command = data.draw(st.sampled_from(found.terms.resolutions))
        shares = self._draw_shares(data, command)
        done = Done(found, command, shares, deepcopy(books_of(self.world)))
        was_done = self._do(killed_at, lambda: resolve(self.world, found, command, *shares))
        self.last = done if was_done else None

    @rule(data=st.data(), killed_at=st.integers(0, 5))
    def undo_something(self, data: st.DataObject, killed_at: int) -> None:
        found = self._draw(data, lambda recorded: recorded.last_decision is not None)
        if found is None:
            return
        self._do(killed_at, lambda: undo(self.world, found))
        self.last = None

    @rule()
    def close_a_day(self) -> None:
        heal_settled(self.world.discrepancy_book, self.world.ledger)
        self.last = None

    @rule()
    def undo_at_once_and_find_all_as_it_was(self) -> None:
        if self.last is None:
            return
        undo(self.world, self.last.found)
        now = books_of(self.world)
        # A line that waits again may meet the payout that another line stood in the way of.
        same = [account_id for account_id in self.last.books if account_id != LEDGER or not self._payouts()]
        assert {each: now[each] for each in same} == {each: self.last.books[each] for each in same}
        self.last = None

    @rule()
    def do_the_same_again_and_change_nothing(self) -> None:
        if self.last is None:
            return
        before = deepcopy(self.world.rows)
        last = self.last
        assert resolve(self.world, last.found, last.command, *last.shares, actor="another").is_repeated
        assert self.world.rows == before

    @invariant()
    def no_money_is_lost_or_made(self) -> None:
        totals: Counter[str] = Counter()
        for account_id, (balances, _) in books_of(self.world).items():
            assert sum(balances.values()) == 0
            totals.update({str(name): minor for (_, name), minor in balances.items()})
            for name in ("suspense", "refunds", "unapplied"):
                waits_minor = -sum(minor for (_, known), minor in balances.items() if known == name)
                assert waits_minor <= 0 if account_id == DEBITS else waits_minor >= 0
        assert totals["clearing"] == 0
        assert totals["cash"] == self.cash_minor

    @invariant()
    def a_debit_waits_or_is_a_cost(self) -> None:
        head = self._head(DEBITS)
        waits_minor, cost_minor = (
            head.balance_minor(each, "EUR") for each in (LedgerAccount.SUSPENSE, LedgerAccount.PROVIDER_FEES)
        )
        assert waits_minor + cost_minor == -head.balance_minor(LedgerAccount.CASH, "EUR")
        assert cost_minor >= 0

    @invariant()
    def a_line_is_a_payout_or_waits_or_is_given_to_payers(self) -> None:
        """Never two of them: a line that anything is taken of is not in transit, and what waits is accounted for."""
        head, entries = self._head(LEDGER), [entry for entry, _ in self.world.ledger.read_entries(LEDGER)]
        waiting = {item.item_id.removeprefix("line#"): item.amount_minor for item in head.transit}
        taken_minor, left_minor, proven_minor = 0, 0, 0
        for entry_id, amount_minor in self.lines.items():
            changes = find_changes(entry_id, entries)
            own_minor = sum(change.decision.facts["amount_minor"] for change in changes)
            assert own_minor <= amount_minor
            assert not (changes and entry_id in waiting)
            taken_minor += own_minor
            if changes or entry_id in waiting:
                left_minor += amount_minor - own_minor
            else:
                proven_minor += amount_minor
        assert head.balance_minor(LedgerAccount.SUSPENSE, "EUR") == -left_minor
        assert head.balance_minor(LedgerAccount.IN_TRANSIT, "EUR") == self.paid_out_minor - proven_minor
        gone = (LedgerAccount.CLEARING, LedgerAccount.REFUNDS)
        assert sum(head.balance_minor(each, "EUR") for each in gone) == -taken_minor
        assert self.paid_out_minor - proven_minor == sum(self._payouts())

    @invariant()
    def every_ledger_is_rebuilt_from_its_entries(self) -> None:
        for account_id in books_of(self.world):
            entries = [entry for entry, _ in self.world.ledger.read_entries(account_id)]
            assert replay_entries(account_id, entries) == self._head(account_id)

    @invariant()
    def what_an_account_owes_is_what_is_open(self) -> None:
        for account_id in ACCOUNTS:
            head = self._head(account_id)
            open_minor = sum(invoice.remaining_minor for invoice in head.open_invoices)
            assert sum(m for (_, name), m in head.balances.items() if name == "receivable") == open_minor

    @invariant()
    def every_discrepancy_is_on_the_worklist_or_has_ended(self) -> None:
        listed = {recorded.discrepancy.discrepancy_id for recorded in self.world.discrepancy_book.list_open()}
        for found in self.found:
            recorded = self.world.discrepancy_book.read(found.discrepancy_id)
            assert recorded is not None
            assert recorded.pending is None
            is_open = recorded.status is DiscrepancyStatus.OPEN
            assert is_open == (found.discrepancy_id in listed)
            is_healed = recorded.status is DiscrepancyStatus.HEALED
            assert is_open or is_healed or recorded.last_decision is not None

    def _use_unapplied(self, account_id: str, invoice_id: str, amount_minor: int) -> None:
        """What is unapplied goes to the invoice that comes next, as billing does it."""
        used_minor = min(amount_minor, -self._head(account_id).balance_minor(LedgerAccount.UNAPPLIED))
        if used_minor > 0:
            use_unapplied(self.world, account_id, used_minor, invoice_id)

    def _payouts(self) -> list[int]:
        """What is on its way to the bank, by the reports."""
        return [item.amount_minor for item in self._head(LEDGER).transit if item.item_id.startswith("payout#")]

    def _head(self, account_id: str) -> AccountHead:
        return self.world.ledger.read_head(account_id, consistent=True) or AccountHead(account_id)

    def _draw(self, data: st.DataObject, fits: Callable[[RecordedDiscrepancy], bool]) -> Discrepancy | None:
        """One of the discrepancies, mostly one that fits."""
        fitting: list[Discrepancy] = []
        for found in self.found:
            recorded = self.world.discrepancy_book.read(found.discrepancy_id)
            fitting += [found] if recorded and fits(recorded) else []
        chosen = self.found if data.draw(st.integers(0, 9)) == 9 else fitting
        if not chosen:
            return None
        drawn: Discrepancy = data.draw(st.sampled_from(chosen))
        return drawn

    def _draw_shares(self, data: st.DataObject, command: ResolutionCommand) -> tuple[Share, ...]:
        account_ids = data.draw(st.permutations(ACCOUNTS))
        if command is ResolutionCommand.APPLY:
            named = data.draw(st.sampled_from([(), (invoice_of(account_ids[0], 1).invoice_id,)]))
            return (Share(account_ids[0], data.draw(st.one_of(st.none(), AMOUNTS)), named),)
        if command is ResolutionCommand.SPLIT:
            return tuple(Share(account_id, data.draw(AMOUNTS)) for account_id in account_ids[:2])
        return (Share(account_ids[0]),) if command is ResolutionCommand.MOVE else ()

    def _do(self, killed_at: int, act: Callable[[], Resolved]) -> bool:
        """Act as somebody who is killed at the n-th write and makes the same call again; False where it is refused.

        Named conditions are answers; a broken promise of the code is none.
        """
        writes: list[str] = []

        def kill(port: str, method: str, arguments: tuple[object, ...]) -> None:
            if method in WRITES:
                writes.append(method)
                if len(writes) == killed_at:
                    raise ConnectionError("killed")

        self.world.before_call = kill
        before = deepcopy(self.world.rows)
        try:
            try:
                done = act()
            except ConnectionError:
                self.world.before_call = let_pass
                heal_settled(self.world.discrepancy_book, self.world.ledger)
                done = act()
        except InvariantError:
            raise
        except PawledgerError:
            # Between a kill and the next call a day was closed, and what it healed cannot be resolved any more.
            assert 0 < killed_at <= len(writes) or self.world.rows == before
            return False
        finally:
            self.world.before_call = let_pass
        return not done.is_repeated and done.recorded.pending is None


TestOperators = Operators.TestCase
