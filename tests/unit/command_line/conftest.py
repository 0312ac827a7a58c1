"""A command line whose books are in memory, and the account that its tests look at."""

import io
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from pawledger.command_line.main import main
from pawledger.domain.bank_returns.returns import ReturnGround
from pawledger.domain.billing.issuing import decide_next_invoice
from pawledger.domain.books.entries import Decision
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.posting.bank_movements import BankMovement, Movement
from pawledger.domain.posting.payments import decide_movement
from pawledger.runtime.books import Books
from pawledger.services.append_entry import Proposal, append_entry
from tests.builders.policies import build_policy, issue, premium, term_of
from tests.fakes.holidays import NoHolidays
from tests.fakes.memory import MemoryWorld

FILE_ID = "a1b2c3d4e5f6" + "0" * 52

POLICY = build_policy(
    "POL-1",
    account_id="ABCD1234",
    effective_on=date(2026, 1, 1),
    plan="quarterly",
    charges=(premium(12000),),
    event_id="evt-1",
)


OPERATOR = "arn:aws:iam::111122223333:user/operator"


def books_of(world: MemoryWorld) -> Books:
    """The books of a world in memory, at which `OPERATOR` is at work."""
    return Books(
        world.ledger,
        world.ledger,
        world.discrepancy_book,
        world.bank_file_register,
        world.run_book,
        world.pause,
        lambda: world.bank_file_store,
        lambda: OPERATOR,
        world.reference_book,
        NoHolidays(),
    )


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def world() -> MemoryWorld:
    return MemoryWorld()


@pytest.fixture
def run(world: MemoryWorld) -> Callable[..., Ran]:
    """Run `pawledger` with some arguments on the books of `world`."""
    books = books_of(world)

    def run_command(*argv: str) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        code = main(argv, out, err, open_books=lambda environment: nullcontext(books))
        return Ran(code, out.getvalue(), err.getvalue())

    return run_command


def append(world: MemoryWorld, account_id: str, decide: Callable[[AccountHead], Any]) -> None:
    """Append what is decided of an account; `decide` gives a decision, or an outcome with discrepancies."""

    def propose(head: AccountHead, consistent: bool) -> Proposal:
        decided = decide(head)
        if isinstance(decided, Decision):
            return Proposal(decided, terms=(term_of(POLICY),) if decided.opens_account_in else ())
        return Proposal(decided.decision, decided.discrepancies)

    append_entry(world.ledger, world.pause, account_id, propose)


def movement(kind: Movement, amount_minor: int, booked_on: date, line: int, **changes: Any) -> BankMovement:
    """A movement of EUR on a line of the file `FILE_ID`."""
    values: dict[str, Any] = {
        "payment_id": f"{line:032d}",
        "movement": kind,
        "amount_minor": amount_minor,
        "currency": "EUR",
        "booked_on": booked_on,
        "invoice_ids": (),
        "identified_by": None,
        "return_reason": None,
        "is_future_dated": False,
        "file_id": FILE_ID,
        "line": line,
        "number": 1,
    }
    return BankMovement(**{**values, **changes})


@pytest.fixture
def explained(world: MemoryWorld) -> MemoryWorld:
    """ABCD1234 pays 30.00 EUR a quarter: it paid 50.00 for the first, which was taken back after the second."""
    paid = movement(Movement.PAYMENT, 5000, date(2026, 1, 5), 7)
    returned = movement(Movement.RETURN, 5000, date(2026, 4, 2), 12, return_reason="AC04")
    append(world, "ABCD1234", lambda head: issue(head, POLICY, date(2025, 12, 1)))
    append(world, "ABCD1234", lambda head: decide_next_invoice(head, [term_of(POLICY)], date(2025, 12, 18)))
    append(world, "ABCD1234", lambda head: decide_movement(head, paid))
    append(world, "ABCD1234", lambda head: decide_next_invoice(head, [term_of(POLICY)], date(2026, 3, 18)))
    ground = ReturnGround([entry for entry, _ in world.ledger.read_entries("ABCD1234")])
    append(world, "ABCD1234", lambda head: decide_movement(head, returned, ground=ground))
    return world
