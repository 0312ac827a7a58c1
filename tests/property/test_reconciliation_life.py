"""Payments, returns, refunds, resolutions and undos in any order: no money is lost, made, or spent twice.

Every movement comes in a file of its own through the posting service, and files come again. Operators do what fits a
discrepancy, or what does not: then they are refused by name and nothing is written.
"""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pawledger.domain.books.entries import Entry, LedgerAccount
from pawledger.domain.books.ledger import replay_entries
from pawledger.domain.errors import InvariantError, PawledgerError
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import Movement
from pawledger.domain.refunding.refunds import Refund, RefundStep
from pawledger.domain.worklist.discrepancies import DiscrepancyStatus, ResolutionCommand
from pawledger.domain.worklist.discrepancy_life import RecordedDiscrepancy
from pawledger.domain.worklist.resolutions import Share
from pawledger.services.billing.bill_accounts import bill_account
from pawledger.services.receiving.payment_chunks import ChunkedMovement
from pawledger.services.refunding.refund_money import read_refunds
from pawledger.services.resolving.question_payment import question_payment
from pawledger.services.resolving.resolve_discrepancy import Deed
from tests.builders.policies import build_policy
from tests.builders.refunds import JANE, JOHN, approve, reject, request, send, void
from tests.builders.resolutions import DECIDED_AT, books_of, head_of, resolve, undo
from tests.builders.services import chunked_payment, post, record_policy
from tests.fakes.memory import MemoryWorld

ACCOUNTS: Final = ("HOME0001", "HOME0002", "HOME0003")
FIRST_DAY: Final = date(2026, 1, 31)
AMOUNTS: Final = st.sampled_from([1, 500, 999, 1_000, 1_001, 2_000, 3_700])
COMMANDS: Final = st.sampled_from(sorted(ResolutionCommand))
FILE: Final = "pain001-0302.xml"
"""As `send` of the builders names it: all that is sent stands in one file."""
STEPS: Final[dict[str, Callable[..., object]]] = {"approve": approve, "reject": reject, "send": send, "void": void}


def signed(movement: ChunkedMovement) -> int:
    return movement.amount_minor if movement.movement.is_credit else -movement.amount_minor


class Reconciliation(RuleBasedStateMachine):
    """Three households that pay 10.00 EUR a month, their bank, and two operators."""

    def __init__(self) -> None:
        super().__init__()
        self.world = MemoryWorld()
        self.day = FIRST_DAY
        self.files: list[tuple[str, ChunkedMovement]] = []
        self.totals: list[tuple[int, Counter[str]]] = []
        self.undoable: tuple[RecordedDiscrepancy, dict[str, Any]] | None = None

    @initialize()
    def open_accounts(self) -> None:
        for number, account_id in enumerate(ACCOUNTS, start=1):
            record_policy(self.world, build_policy(f"PAW-{number}", account_id=account_id))
        self.bill(31)

    @rule(days=st.sampled_from([0, 28, 31]))
    def bill(self, days: int) -> None:
        self.day = min(self.day + timedelta(days=days), FIRST_DAY + timedelta(days=300))
        for account_id in ACCOUNTS:
            bill_account(account_id, self.day, ledger=self.world.ledger, pause=self.world.pause)
        self.undoable = None

    @rule(data=st.data(), amount_minor=AMOUNTS, number=st.integers(1, 12))
    def pay_with_reference(self, data: st.DataObject, amount_minor: int, number: int) -> None:
        account_id = data.draw(st.sampled_from(ACCOUNTS))
        self.receive(Movement.PAYMENT, amount_minor, creditor_reference_of(InvoiceAddress(account_id, number)))

    @rule(amount_minor=AMOUNTS)
    def pay_without_reference(self, amount_minor: int) -> None:
        self.receive(Movement.PAYMENT, amount_minor)

    @rule(pair=st.sampled_from([ACCOUNTS[:2], ACCOUNTS[1:]]), is_exact=st.booleans())
    def pay_for_two(self, pair: tuple[str, str], is_exact: bool) -> None:
        """One transfer for the oldest invoices of two households."""
        oldest = [head_of(self.world, each).open_invoices[:1] for each in pair]
        if all(oldest):
            open_minor = sum(invoices[0].remaining_minor for invoices in oldest)
            names = [invoices[0].invoice_id for invoices in oldest]
            if all(name.startswith(each) for name, each in zip(names, pair, strict=True)):
                addresses = map(InvoiceAddress, pair, (int(name[-4:]) for name in names))
                self.receive(Movement.PAYMENT, open_minor - (not is_exact), *map(creditor_reference_of, addresses))

    @precondition(lambda self: self.files)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        """A bank takes a payment back: one, or one that was taken back before."""
        _, paid = data.draw(st.sampled_from(self.files))
        if paid.movement is Movement.PAYMENT:
            self.receive(Movement.RETURN, paid.amount_minor, *paid.clues.references)

    @precondition(lambda self: self.files)
    @rule(data=st.data(), amount_minor=st.one_of(st.none(), AMOUNTS))
    def take_back_without_its_id(self, data: st.DataObject, amount_minor: int | None) -> None:
        """A bank takes a payment back, and repeats what its payer wrote at the most."""
        _, paid = data.draw(st.sampled_from(self.files))
        written = [each for each in paid.clues.references if not each.startswith("E2E")]
        self.receive(Movement.RETURN, amount_minor or paid.amount_minor, *written[:1])

    @rule(amount_minor=AMOUNTS)
    def debit_something(self, amount_minor: int) -> None:
        self.receive(Movement.OTHER_DEBIT, amount_minor)

    @precondition(lambda self: any(each.movement is Movement.RETURN for _, each in self.files))
    @rule(data=st.data())
    def give_back_again(self, data: st.DataObject) -> None:
        """A dispute is won, or a collection presented again."""
        _, returned = data.draw(st.sampled_from([each for each in self.files if each[1].movement is Movement.RETURN]))
        self.receive(Movement.MONEY_BACK, returned.amount_minor, *returned.clues.references)

    @precondition(lambda self: self.files)
    @rule(data=st.data())
    def receive_again(self, data: st.DataObject) -> None:
        file_id, movement = data.draw(st.sampled_from(self.files))
        before = dict(self.world.rows.entries)
        post(self.world, [movement], file_id=file_id)
        assert self.world.rows.entries == before

    @rule(data=st.data())
    def resolve_something(self, data: st.DataObject) -> None:
        found = list(self.world.discrepancy_book.list_open())
        if not found:
            return
        recorded = data.draw(st.sampled_from(found))
        # Mostly what fits; what does not is refused.
        command = data.draw(st.one_of(st.sampled_from(recorded.discrepancy.terms.resolutions), COMMANDS))
        shares = self._draw_shares(data, command)
        payment = self._draw_payment(data) if command is ResolutionCommand.TAKE_BACK else None
        file = FILE if command is ResolutionCommand.SETTLE_REFUNDS else None
        before = deepcopy(books_of(self.world))
        was_done = self._try(
            lambda: resolve(self.world, recorded.discrepancy, command, *shares, payment=payment, payment_file=file)
        )
        self.undoable = (recorded, before) if was_done else None

    @rule(data=st.data())
    def question_something(self, data: st.DataObject) -> None:
        """A person hears that a payment is posted wrongly, or takes it for one that is."""
        ledger_id, entry_id = self._draw_payment(data)
        payment = self.world.ledger.read_entry(ledger_id, entry_id) if ledger_id else None
        if payment is not None:
            asked = Deed("", "operator", "Her sister's.", DECIDED_AT, "question")
            self._try(lambda: question_payment(payment, asked, self.world.discrepancy_book))

    @precondition(lambda self: self.undoable is not None)
    @rule()
    def undo_at_once(self) -> None:
        """The books are what they were, whatever the resolution did."""
        assert self.undoable is not None
        recorded, before = self.undoable
        self.undoable = None
        if self._try(lambda: undo(self.world, recorded.discrepancy)):
            now = books_of(self.world)
            assert {account_id: now[account_id] for account_id in before} == before
            assert all(not any(now[account_id][0].values()) for account_id in now.keys() - before.keys())

    @rule(data=st.data())
    def undo_something(self, data: st.DataObject) -> None:
        read = self.world.discrepancy_book.read
        found = [each for each in map(read, sorted(self.world.rows.discrepancies)) if each is not None]
        # Mostly what a person did something about; of the rest there is nothing to undo.
        decided = [each for each in found if each.last_decision]
        if found:
            recorded = data.draw(st.sampled_from(decided or found))
            self._try(lambda: undo(self.world, recorded.discrepancy))
            self.undoable = None

    @rule(data=st.data(), amount_minor=st.one_of(st.none(), AMOUNTS))
    def request_refund(self, data: st.DataObject, amount_minor: int | None) -> None:
        account_id = data.draw(st.sampled_from(ACCOUNTS))
        self._try(lambda: request(self.world, account_id, amount_minor, actor=JANE, on=self.day))
        self.undoable = None

    @rule(data=st.data(), step=st.sampled_from(sorted(STEPS)))
    def go_on_with_a_refund(self, data: st.DataObject, step: str) -> None:
        refunds = self._refunds()
        if refunds:
            refund = data.draw(st.sampled_from(refunds))
            self._try(lambda: STEPS[step](self.world, refund, actor=data.draw(st.sampled_from([JANE, JOHN]))))
            self.undoable = None

    @precondition(lambda self: self.files)
    @rule(data=st.data())
    def debit_a_refund(self, data: st.DataObject) -> None:
        refunds = self._refunds()
        if refunds:
            refund = data.draw(st.sampled_from(refunds))
            self.receive(Movement.OTHER_DEBIT, refund.amount_minor, refund.refund_id)

    @rule(account_id=st.sampled_from(ACCOUNTS))
    def settle_a_file(self, account_id: str) -> None:
        """What may be sent is, the bank debits all of it at once, and a person says so."""
        self._try(lambda: request(self.world, account_id, None, actor=JANE, on=self.day))
        for refund in self._refunds():
            self._try(partial(approve, self.world, refund))
            self._try(partial(send, self.world, refund))
        sent = [each for each in self._refunds() if each.state is RefundStep.SENT]
        if not sent:
            return
        known = {each.discrepancy.discrepancy_id for each in self.world.discrepancy_book.list_open()}
        self.receive(Movement.OTHER_DEBIT, sum(each.amount_minor for each in sent))
        before = deepcopy(books_of(self.world))
        for recorded in list(self.world.discrepancy_book.list_open()):
            if recorded.discrepancy.discrepancy_id not in known:
                settle = partial(resolve, self.world, recorded.discrepancy, ResolutionCommand.SETTLE_REFUNDS)
                assert self._try(partial(settle, payment_file=FILE))
                self.undoable = (recorded, before)

    @invariant()
    def debits_are_credits_in_each_ledger_and_nothing_is_between_ledgers(self) -> None:
        totals: Counter[str] = Counter()
        for balances, _ in books_of(self.world).values():
            assert sum(balances.values()) == 0
            totals.update({str(name): minor for (_, name), minor in balances.items()})
        assert totals["clearing"] == 0
        assert totals["cash"] == sum(signed(movement) for _, movement in self.files)

    @invariant()
    def a_file_is_what_was_posted_suspended_and_rejected(self) -> None:
        for file_id, movement in self.files:
            (result,) = self.world.bank_file_register.read_chunk_results(file_id)
            parts = (result.posted_minor, result.suspended_minor, result.rejected_minor, result.repeated_minor)
            assert sum(part.get("EUR", 0) for part in parts) == signed(movement)

    @invariant()
    def no_invoice_is_paid_twice(self) -> None:
        for account_id in ACCOUNTS:
            left: Counter[str] = Counter()
            for entry in self._entries(account_id):
                decision = entry.decision
                if decision.opened_invoice:
                    left[decision.opened_invoice.invoice_id] += decision.opened_invoice.remaining_minor
                left.update({each.invoice_id: each.remaining_minor for each in decision.reopened})
                left.subtract({each.invoice_id: each.amount_minor for each in decision.allocations})
                assert min(left.values(), default=0) >= 0
            is_open = {each.invoice_id: each.remaining_minor for each in head_of(self.world, account_id).open_invoices}
            assert +left == is_open

    @invariant()
    def every_ledger_is_rebuilt_from_its_entries(self) -> None:
        for account_id in books_of(self.world):
            assert replay_entries(account_id, self._entries(account_id)) == head_of(self.world, account_id)

    @invariant()
    def every_discrepancy_ended_or_is_on_the_worklist(self) -> None:
        listed = {each.discrepancy.discrepancy_id for each in self.world.discrepancy_book.list_open()}
        for discrepancy_id in self.world.rows.discrepancies:
            recorded = self.world.discrepancy_book.read(discrepancy_id)
            assert recorded is not None
            assert recorded.pending is None
            assert (recorded.status is DiscrepancyStatus.OPEN) is (discrepancy_id in listed)

    @invariant()
    def money_that_goes_back_is_what_open_refunds_say(self) -> None:
        for account_id in ACCOUNTS:
            promised = sum(
                each.amount_minor for each in self._refunds() if each.ledger_id == account_id and each.is_open
            )
            assert -head_of(self.world, account_id).balance_minor(LedgerAccount.REFUNDS) == promised

    def receive(self, kind: Movement, amount_minor: int, *references: str) -> None:
        """One movement in a file of its own."""
        number = len(self.files)
        movement = chunked_payment(
            f"movement {number}",
            movement=kind,
            amount_minor=amount_minor,
            booked_on=self.day,
            references=[*references, f"E2E-{number}"] if kind is Movement.PAYMENT else references,
        )
        file_id = f"{number:064x}"
        post(self.world, [movement], file_id=file_id)
        self.files.append((file_id, movement))
        self.undoable = None

    def _entries(self, account_id: str) -> list[Entry]:
        return [entry for entry, _ in self.world.ledger.read_entries(account_id)]

    def _refunds(self) -> list[Refund]:
        return [refund for account_id in ACCOUNTS for refund in read_refunds(account_id, self.world.ledger)]

    def _draw_shares(self, data: st.DataObject, command: ResolutionCommand) -> tuple[Share, ...]:
        account_ids = data.draw(st.permutations(ACCOUNTS))
        if command is ResolutionCommand.APPLY:
            return (Share(account_ids[0], data.draw(st.one_of(st.none(), AMOUNTS))),)
        if command is ResolutionCommand.SPLIT:
            return tuple(Share(account_id, data.draw(AMOUNTS)) for account_id in account_ids[:2])
        return (Share(account_ids[0]),) if command is ResolutionCommand.MOVE else ()

    def _draw_payment(self, data: st.DataObject) -> tuple[str | None, str]:
        """A payment, or an account's part of one, in the ledger in which it stands."""
        taken_in = [key for key in self.world.rows.entries if key[1].startswith(("payment#", "part#"))]
        return data.draw(st.sampled_from(sorted(taken_in))) if taken_in else (None, "none")

    def _try(self, act: Callable[[], object]) -> bool:
        """Whether an operator's command was done. A refusal by name writes nothing; a broken promise is none."""
        before = deepcopy(self.world.rows)
        try:
            act()
        except InvariantError:
            raise
        except PawledgerError:
            assert self.world.rows == before
            return False
        return True


TestReconciliation = Reconciliation.TestCase
TestReconciliation.settings = settings(stateful_step_count=50)
