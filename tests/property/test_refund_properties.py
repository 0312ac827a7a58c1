"""Refunds in any order by any persons: balances, never twice, what is given up restores what was.

The machine takes whatever step it likes, also wrong ones: those have to be refused by name with nothing written.
"""

from collections import Counter
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

from pawledger.domain.books.entries import Entry, EntryKind, LedgerAccount
from pawledger.domain.books.waiting_money import UNDOES, NothingWaitsError
from pawledger.domain.errors import InvariantError, PawledgerError
from pawledger.domain.refunding.booked_costs import find_debit
from pawledger.domain.refunding.refunds import Refund, RefundStep
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyStatus, ResolutionCommand
from pawledger.services.refunding.check_refunds import RefundWatchPorts, check_refunds, holds_refunds
from pawledger.services.refunding.refund_money import read_refunds
from tests.builders.refunds import (
    ASKED_ON,
    JANE,
    JOHN,
    RULES,
    approve,
    debit,
    give_credit,
    reject,
    request,
    send,
    void,
)
from tests.builders.resolutions import SUSPENSE, bill, debited, head_of, open_account, pay, resolve, suspend, undo
from tests.fakes.holidays import NoHolidays
from tests.fakes.memory import MemoryWorld
from tests.fakes.world import let_pass

HOME, FAR = "HOME0001", "HOME0002"
FILE = "pain001-0302.xml"
"""As `send` of the builders names it: all that is sent stands in one file."""
ACTORS = st.sampled_from([JANE, JOHN])
BACK = st.integers(1, 3)
"""Of the debits of files the last one, or one of the two before it."""
MEANWHILE = st.sampled_from(["void", "debit", ""])
"""What becomes of a refund between two entries of who is killed."""
DAYS = st.integers(0, 80).map(lambda days: ASKED_ON + timedelta(days=days))
ENDED = (RefundStep.REJECTED, RefundStep.VOID, RefundStep.UNDONE)
STEPS = {"approve": approve, "reject": reject, "send": send, "void": void}


class KilledError(Exception):
    """The process of a person ends."""


class RefundMachine(RuleBasedStateMachine):
    """One household, one Californian account and one suspense ledger."""

    refunds = Bundle("refunds")
    debits = Bundle("debits")

    def __init__(self) -> None:
        super().__init__()
        self.world = MemoryWorld()
        self.count = 0
        self.batches: list[Discrepancy] = []
        self.cash_minor = 0
        self.debited: dict[str, int] = {}
        self.billed_minor: Counter[str] = Counter()
        open_account(self.world, HOME)
        open_account(self.world, FAR)
        give_credit(self.world, FAR, 40_000)
        self.pay_more(20_000)

    @initialize(target=refunds)
    def begin_with_two(self) -> Any:
        returned = self.return_one(self.suspend_one(5_000), None)
        assert returned
        return multiple(request(self.world, HOME, 15_000), returned)

    def next_name(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def attempt(self, command: Any) -> Any:
        """What a command gives; None where it is refused by name, and then nothing is written."""
        before = deepcopy(self.world.rows)
        try:
            return command()
        except InvariantError:
            raise
        except PawledgerError:
            assert self.world.rows == before
            return None

    @rule(account_id=st.sampled_from([HOME, FAR]), amount_minor=st.integers(1, 20_000))
    def become_due(self, account_id: str, amount_minor: int) -> None:
        number = head_of(self.world, account_id).invoice_count + 1
        if number <= 12:
            bill(self.world, account_id, number, amount_minor)
            self.billed_minor[account_id] += amount_minor

    @rule(amount_minor=st.integers(1, 20_000))
    def pay_too_much(self, amount_minor: int) -> None:
        self.pay_more(amount_minor)

    def pay_more(self, amount_minor: int) -> None:
        pay(self.world, HOME, amount_minor, name=self.next_name())
        self.cash_minor += amount_minor

    def suspend_one(self, amount_minor: int) -> Discrepancy:
        self.cash_minor += amount_minor
        return suspend(self.world, amount_minor, name=self.next_name())

    @rule(
        account_id=st.sampled_from([HOME, FAR]),
        amount_minor=st.none() | st.integers(-1, 20_000),
        actor=ACTORS,
        target=refunds,
    )
    def ask(self, account_id: str, amount_minor: int | None, actor: str) -> Any:
        refund = self.attempt(lambda: request(self.world, account_id, amount_minor, actor=actor))
        return multiple() if refund is None else refund

    @rule(amount_minor=st.integers(1, 20_000), part=st.none() | st.integers(1, 10_000), target=refunds)
    def suspend_and_return(self, amount_minor: int, part: int | None) -> Any:
        return self.return_one(self.suspend_one(amount_minor), part) or multiple()

    def return_one(self, found: Discrepancy, part: int | None) -> Refund | None:
        done = self.attempt(lambda: resolve(self.world, found, ResolutionCommand.RETURN, amount_minor=part))
        refunds = read_refunds(SUSPENSE, self.world.ledger)
        return next(each for each in refunds if each.refund_id == done.resolution_id) if done else None

    @rule(refund=refunds)
    def undo_what_a_refund_came_from(self, refund: Refund) -> None:
        recorded = self.world.discrepancy_book.read(refund.discrepancy_id) if refund.discrepancy_id else None
        if recorded is not None:
            self.attempt(lambda: undo(self.world, recorded.discrepancy))

    @rule(refund=refunds, step=st.sampled_from(sorted(STEPS)), actor=ACTORS)
    def take(self, refund: Refund, step: str, actor: str) -> None:
        self.attempt(lambda: STEPS[step](self.world, refund, actor=actor))  # type: ignore[operator]

    @rule(refund=refunds, count=st.integers(1, 3), is_paid=st.booleans(), again=st.booleans())
    def go_on(self, refund: Refund, count: int, is_paid: bool, again: bool) -> None:
        """The next right steps, by somebody else than who requested it, so that many refunds come to their end.

        Some of them the bank debits once more behind it.
        """
        for _ in range(count):
            self.go_one_step(refund, is_paid=is_paid)
        if again:
            self.deliver(refund, 0)

    def go_one_step(self, refund: Refund, *, is_paid: bool) -> None:
        found = self.find(refund)
        other = JOHN if found.taken_by(RefundStep.REQUESTED) == JANE else JANE
        if found.state is RefundStep.REQUESTED:
            assert approve(self.world, found, other).planned
        elif found.state is RefundStep.APPROVED:
            assert send(self.world, found, actor=other).planned
        elif found.state is RefundStep.SENT and not is_paid:
            assert void(self.world, found, other).planned
        elif found.state is RefundStep.SENT:
            self.deliver(refund, 0)
            assert self.find(refund).state is RefundStep.SETTLED

    @rule(refund=refunds, on=DAYS, actor=ACTORS)
    def send_some_day(self, refund: Refund, on: date, actor: str) -> None:
        self.attempt(lambda: send(self.world, refund, on=on, actor=actor))

    @rule(refund=refunds, more_minor=st.sampled_from([0, 0, 0, 1, -1]), target=debits)
    def bank_debits(self, refund: Refund, more_minor: int) -> Any:
        return self.deliver(refund, more_minor) or multiple()

    def find(self, refund: Refund) -> Refund:
        """A refund as its ledger tells it now."""
        found = read_refunds(refund.ledger_id, self.world.ledger)
        return next(each for each in found if each.refund_id == refund.refund_id)

    def deliver(self, refund: Refund, more_minor: int) -> tuple[str, int, str] | None:
        """A debit of a refund's amount, or of a cent more or less, that was not told before."""
        amount_minor, name = self.find(refund).total_minor + more_minor, self.next_name()
        if amount_minor <= 0:
            return None
        debit(self.world, refund.refund_id, amount_minor, name=name)
        self.cash_minor -= amount_minor
        self.debited[name] = amount_minor
        return refund.refund_id, amount_minor, name

    @rule(
        known=refunds,
        more_minor=st.sampled_from([0, 0, 0, 1, -1]),
        append_number=st.none() | st.integers(1, 5),
        step=MEANWHILE,
        is_undone=st.booleans(),
        target=refunds,
    )
    def bank_debits_a_file(
        self, known: Refund, more_minor: int, append_number: int | None, step: str, is_undone: bool
    ) -> Any:
        """Some refunds are sent, two of them new ones; then one debit is all that is sent, or a cent more or less.

        Mostly somebody settles them by it at once, or is killed at that, and may undo it.
        """
        asked = self.attempt(lambda: request(self.world, HOME, 100 + self.count))
        new = [each for each in (asked, self.return_one(self.suspend_one(1_000), None)) if each]
        for refund in (known, *new):
            while self.find(refund).state in (RefundStep.REQUESTED, RefundStep.APPROVED):
                self.go_one_step(refund, is_paid=True)
        amount_minor, name = sum(each.total_minor for each in self.sent()) + more_minor, self.next_name()
        if amount_minor > 0:
            self.cash_minor -= amount_minor
            self.debited[name] = amount_minor
            self.batches.append(debited(self.world, amount_minor, name=name))
            if append_number:
                self.settle_the_file_and_be_killed(self.batches[-1], append_number, new[-1], step)
            if is_undone:
                self.attempt(lambda: undo(self.world, self.batches[-1]))
        return multiple(*new)

    @precondition(lambda self: self.batches)
    @rule(back=BACK)
    def settle_the_file(self, back: int) -> None:
        found = self.choose_batch(back, is_open=True)
        sent, is_open = self.sent(), self.is_open(found)
        fits = bool(sent) and sum(each.total_minor for each in sent) == self.left_minor(found.subject)
        done = self.attempt(lambda: self.settle(found))
        assert bool(done and not done.is_repeated) == (is_open and fits)
        if is_open and fits:
            assert all(self.find(each).state is RefundStep.SETTLED for each in sent)

    def settle_the_file_and_be_killed(self, found: Discrepancy, append_number: int, refund: Refund, step: str) -> None:
        """Somebody else finishes it; one of the refunds may have come to its end meanwhile."""
        appends = [0]

        def kill(port: str, method: str, arguments: tuple[object, ...]) -> None:
            appends[0] += method == "append"
            if appends[0] == append_number:
                raise KilledError

        self.world.before_call = kill
        try:
            self.attempt(lambda: self.settle(found))
        except KilledError:
            self.world.before_call = let_pass
            if step == "void":
                self.attempt(lambda: void(self.world, refund))
            elif step == "debit":
                self.deliver(refund, 0)
            # Before the first entry stands, the file is looked at as it is by then.
            self.attempt(lambda: self.settle(found)) if append_number == 1 else self.settle(found)
        self.world.before_call = let_pass

    @precondition(lambda self: self.batches)
    @rule(back=BACK)
    def undo_the_file(self, back: int) -> None:
        self.attempt(lambda: undo(self.world, self.choose_batch(back, is_open=False)))

    def choose_batch(self, back: int, *, is_open: bool) -> Discrepancy:
        """The debit of a file, of those first that something can be done with, counted from the last one."""
        ready = [each for each in self.batches if self.is_open(each) is is_open]
        return (ready or self.batches)[-back:][0]

    def settle(self, found: Discrepancy) -> Any:
        return resolve(self.world, found, ResolutionCommand.SETTLE_REFUNDS, payment_file=FILE)

    def sent(self) -> list[Refund]:
        return [each for each in self.all_refunds() if each.state is RefundStep.SENT]

    def is_open(self, found: Discrepancy) -> bool:
        recorded = self.world.discrepancy_book.read(found.discrepancy_id)
        assert recorded is not None
        return recorded.status is DiscrepancyStatus.OPEN

    def left_minor(self, entry_id: str) -> int:
        """What of a debit waits."""
        entries = [entry for entry, _ in self.world.ledger.read_entries(SUSPENSE)]
        (told,) = [entry for entry in entries if entry.entry_id == entry_id]
        try:
            return find_debit(told, entries).left_minor
        except NothingWaitsError:
            return 0

    @rule(told=debits)
    def bank_tells_again(self, told: tuple[str, int, str]) -> None:
        refund_id, amount_minor, name = told
        debit(self.world, refund_id, amount_minor, name=name, file_id=f"{self.next_name():0>64}")

    def entries(self) -> list[Entry]:
        heads = self.world.ledger.scan_heads()
        return [entry for head in heads for entry, _ in self.world.ledger.read_entries(head.account_id)]

    def all_refunds(self) -> list[Refund]:
        heads = self.world.ledger.scan_heads()
        return [refund for head in heads for refund in read_refunds(head.account_id, self.world.ledger)]

    @invariant()
    def every_ledger_balances_and_owes_what_is_open(self) -> None:
        for head in self.world.ledger.scan_heads():
            assert sum(head.balances.values()) == 0
            owed_minor = sum(r.total_minor for r in read_refunds(head.account_id, self.world.ledger) if r.is_open)
            assert head.balance_minor(LedgerAccount.REFUNDS, "EUR") == -owed_minor
            assert head.balance_minor(LedgerAccount.UNAPPLIED, "EUR") <= 0
        watch = RefundWatchPorts(self.world.ledger, self.world.discrepancy_book, lambda: RULES, NoHolidays())
        check_refunds(ASKED_ON, [head for head in self.world.ledger.scan_heads() if holds_refunds(head)], watch)
        assert not [
            each
            for each in self.world.discrepancy_book.list_open()
            if each.discrepancy.kind == "refunds_out_of_balance"
        ]

    @invariant()
    def cash_is_what_came_less_what_the_bank_debited(self) -> None:
        cash = sum(head.balance_minor(LedgerAccount.CASH, "EUR") for head in self.world.ledger.scan_heads())
        assert cash == self.cash_minor

    @invariant()
    def nothing_goes_back_twice(self) -> None:
        refunds = self.all_refunds()
        assert len({refund.refund_id for refund in refunds}) == len(refunds)
        for refund in refunds:
            ends = [step for step in refund.steps if step in (*ENDED, RefundStep.SETTLED)]
            # What was void may be paid all the same, since only the bank knows what it did.
            assert ends in ([], [refund.state], [RefundStep.VOID, RefundStep.SETTLED])
        entries = self.entries()
        undone = {entry.decision.facts.get(UNDOES) for entry in entries}
        settled = [e for e in entries if e.decision.kind is EntryKind.REFUND_SETTLED and e.entry_id not in undone]
        assert len(settled) == sum(refund.state is RefundStep.SETTLED for refund in refunds)
        by_bank = [entry for entry in settled if entry.entry_id.endswith("#settled")]
        assert len({entry.decision.facts["payment_id"] for entry in by_bank}) == len(by_bank)
        left = [entry for entry in entries if entry.entry_id.startswith("debit#")]
        assert len(left) + len(by_bank) == len(self.debited)
        # A debit settles as much by hand as does not wait of it any more.
        by_hand: Counter[str] = Counter()
        for entry in settled:
            if entry not in by_bank:
                by_hand[entry.decision.facts["payment_id"]] += entry.decision.facts["amount_minor"]
        for entry in left:
            if entry.account_id == SUSPENSE:
                taken_minor = entry.decision.facts["amount_minor"] - self.left_minor(entry.entry_id)
                assert taken_minor == by_hand[entry.entry_id.removeprefix("debit#")]
        assert sum(head.balance_minor(LedgerAccount.CLEARING, "EUR") for head in self.world.ledger.scan_heads()) == 0

    @invariant()
    def what_is_given_up_restores_what_was(self) -> None:
        for refund in self.all_refunds():
            if refund.state in ENDED:
                moved: Counter[LedgerAccount] = Counter()
                for entry in refund.steps.values():
                    for posting in entry.decision.postings:
                        moved[posting.ledger_account] += posting.amount_minor
                # What an account owes by then is settled with its money, no more of it than is given back.
                settled_minor = -moved.pop(LedgerAccount.RECEIVABLE, 0)
                assert 0 <= settled_minor <= refund.amount_minor
                assert moved.pop(LedgerAccount.UNAPPLIED, 0) == settled_minor
                assert not any(moved.values())

    @invariant()
    def what_an_account_owes_is_what_is_open(self) -> None:
        for account_id in (HOME, FAR):
            head = head_of(self.world, account_id)
            open_minor = sum(invoice.remaining_minor for invoice in head.open_invoices)
            assert head.balance_minor(LedgerAccount.RECEIVABLE, "EUR") == open_minor
            decisions = [entry.decision for entry, _ in self.world.ledger.read_entries(account_id)]
            again_minor = sum(each.remaining_minor for decision in decisions for each in decision.reopened)
            settled_minor = sum(each.amount_minor for decision in decisions for each in decision.allocations)
            assert open_minor == self.billed_minor[account_id] + again_minor - settled_minor

    @invariant()
    def large_sums_have_two_persons(self) -> None:
        for refund in self.all_refunds():
            if RefundStep.APPROVED in refund.steps and refund.amount_minor > RULES.second_person_above["EUR"]:
                assert refund.taken_by(RefundStep.APPROVED) != refund.taken_by(RefundStep.REQUESTED)


TestRefunds = RefundMachine.TestCase
TestRefunds.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
