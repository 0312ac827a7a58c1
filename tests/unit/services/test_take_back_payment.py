"""A person says which payment the bank meant: it is taken back as if the bank had said so, and that can be undone."""

from copy import deepcopy
from datetime import date, timedelta
from typing import Any, Final

import pytest

from pawledger.domain.bank_returns.named_returns import PaymentNotReturnableError
from pawledger.domain.books.entries import EntryKind
from pawledger.domain.books.waiting_money import NothingWaitsError
from pawledger.domain.errors import PawledgerError
from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import Movement, payment_id_of
from pawledger.domain.worklist.discrepancies import Discrepancy, ResolutionCommand
from pawledger.domain.worklist.discrepancy_life import TAKEN_OVER_AFTER_MINUTES
from pawledger.domain.worklist.resolutions import CommandDoesNotFitError, PaymentChangedError, Share
from pawledger.services.billing.bill_accounts import bill_account
from pawledger.services.receiving.payment_chunks import ChunkedMovement
from pawledger.services.resolving.resolve_discrepancy import Resolved
from pawledger.services.resolving.take_back_payment import list_possible_payments
from tests.builders.movements import BOOKED_ON
from tests.builders.policies import build_policy
from tests.builders.refunds import open_subjects
from tests.builders.resolutions import books_of, open_of, ports_of, resolve, undo
from tests.builders.services import chunked_payment, kinds_of_discrepancies, post, record_policy
from tests.fakes.memory import MemoryWorld
from tests.fakes.world import let_pass

HOME: Final = "HOME0001"
NEIGHBOUR: Final = "HOME0002"
FIRST: Final = {account_id: f"{account_id}-0001" for account_id in (HOME, NEIGHBOUR)}
SECOND: Final = f"{HOME}-0002"


@pytest.fixture
def world() -> MemoryWorld:
    """A household that owes two invoices of 10.00 EUR, and one that owes the same."""
    world = MemoryWorld()
    for number, account_id in enumerate((HOME, NEIGHBOUR), start=1):
        record_policy(world, build_policy(f"PAW-{number}", account_id=account_id))
        for day in (date(2026, 1, 17), date(2026, 2, 17)):
            bill_account(account_id, day, ledger=world.ledger, pause=world.pause)
    return world


def reference_of(account_id: str, number: int = 1) -> str:
    return creditor_reference_of(InvoiceAddress(account_id, number))


def paid(name: str, *references: str, amount_minor: int = 1_000) -> ChunkedMovement:
    return chunked_payment(name, amount_minor=amount_minor, references=[*references, f"E2E-{name}"])


def taken_back(name: str, *references: str, amount_minor: int = 1_000, **more: Any) -> ChunkedMovement:
    day = BOOKED_ON + timedelta(days=3)
    return chunked_payment(
        name,
        movement=Movement.RETURN,
        amount_minor=amount_minor,
        booked_on=day,
        references=references,
        return_reason="AC04",
        line=5,
        **more,
    )


def payment_entry(name: str) -> str:
    return f"payment#{payment_id_of((name,))}"


def take_back(
    world: MemoryWorld, found: Discrepancy, name: str, account_id: str | None = None, **more: Any
) -> Resolved:
    return resolve(world, found, ResolutionCommand.TAKE_BACK, payment=(account_id, payment_entry(name)), **more)


def receive_unclear(world: MemoryWorld) -> Discrepancy:
    """Two payments of one amount, and a return that could mean either."""
    post(world, [paid("one", reference_of(HOME)), paid("two", reference_of(HOME, 2))])
    post(world, [taken_back("back", reference_of(HOME))], chunk_number=2)
    (unclear,) = open_subjects(world, "return_unclear")
    return unclear


def test_the_payment_that_is_named_is_taken_back_and_no_other(world: MemoryWorld) -> None:
    unclear = receive_unclear(world)
    done = take_back(world, unclear, "two")
    assert open_of(world, HOME) == {SECOND: 1_000}
    assert [planned.decision.kind for planned in done.planned] == [EntryKind.PAYMENT_RETURNED]
    assert done.planned[0].decision.reason.endswith("(AC04); due again: HOME0001-0002 10.00: The payer called.")
    assert kinds_of_discrepancies(world) == ["payment_returned"]


def test_payments_that_may_be_meant_are_listed_the_very_amount_and_the_latest_first(world: MemoryWorld) -> None:
    post(world, [paid("large", reference_of(HOME, 2), amount_minor=1_300)])
    unclear = receive_unclear(world)
    recorded = world.discrepancy_book.read(unclear.discrepancy_id)
    assert recorded is not None
    possible = list_possible_payments(recorded, ports_of(world))
    assert [each.entry.entry_id for each in possible] == list(map(payment_entry, ("two", "one", "large")))
    take_back(world, unclear, "two")
    closed = world.discrepancy_book.read(unclear.discrepancy_id)
    assert closed is not None
    assert list_possible_payments(closed, ports_of(world)) == []


def test_an_undo_restores_the_books_and_the_worklist(world: MemoryWorld) -> None:
    unclear = receive_unclear(world)
    before = books_of(world)
    take_back(world, unclear, "two")
    undo(world, unclear)
    assert books_of(world) == before
    assert kinds_of_discrepancies(world) == ["return_unclear"]
    take_back(world, unclear, "one")
    assert open_of(world, HOME) == {FIRST[HOME]: 1_000}


def test_after_an_undo_the_next_return_takes_what_that_gave_back_and_no_invoice_twice(world: MemoryWorld) -> None:
    post(world, [paid("one", reference_of(HOME), amount_minor=2_300)])
    # The first takes the 3.00 that are left over and 7.00 of the second invoice, the others what is left.
    names = ("third", "second", "first")
    backs = [taken_back(name, f"E2E-{name}", amount_minor=1_000 if name == "first" else 650) for name in names]
    post(world, backs, chunk_number=2)
    returns = {each.subject: each for each in open_subjects(world, "return_without_payment")}
    first, second, third = (returns[f"debit#{payment_id_of((name,))}"] for name in ("first", "second", "third"))
    take_back(world, first, "one", HOME)
    assert open_of(world, HOME) == {SECOND: 700}
    take_back(world, second, "one", HOME)
    assert open_of(world, HOME) == {FIRST[HOME]: 350, SECOND: 1_000}
    undo(world, first)
    assert open_of(world, HOME) == {FIRST[HOME]: 350, SECOND: 300}
    # 3.00 of unapplied cash and 3.50 of the second invoice, of which 7.00 had stayed settled.
    take_back(world, third, "one", HOME)
    assert open_of(world, HOME) == {FIRST[HOME]: 350, SECOND: 650}


def test_after_an_undo_what_a_payment_had_left_over_can_be_given_to_others(world: MemoryWorld) -> None:
    # Two invoices of 10.00 are settled, and 3.00 are left over.
    post(world, [paid("one", reference_of(HOME), amount_minor=2_300)])
    post(world, [taken_back("back", reference_of(HOME), amount_minor=2_100)], chunk_number=2)
    (waits,) = open_subjects(world, "return_without_payment")
    assert waits.account_id == HOME
    (overpaid,) = open_subjects(world, "overpayment")
    take_back(world, waits, "one")
    undo(world, waits)
    resolve(world, overpaid, ResolutionCommand.APPLY, Share(NEIGHBOUR))
    assert open_of(world, NEIGHBOUR) == {FIRST[NEIGHBOUR]: 700, f"{NEIGHBOUR}-0002": 1_000}


def test_after_an_undo_money_of_nobody_can_be_given_to_an_account(world: MemoryWorld) -> None:
    """Where payment and return wait in the same ledger, one entry takes from both."""
    ledger_of_return = suspense_ledger_of(payment_id_of(("back",)))
    names = (f"unknown {number}" for number in range(1_000))
    name = next(each for each in names if suspense_ledger_of(payment_id_of((each,))) == ledger_of_return)
    post(world, [paid(name)])
    post(world, [taken_back("back", "E2E-OTHER")], chunk_number=2)
    (unknown,) = open_subjects(world, "unidentified_payment")
    (waits,) = open_subjects(world, "return_without_payment")
    take_back(world, waits, name)
    undo(world, waits)
    resolve(world, unknown, ResolutionCommand.APPLY, Share(HOME))
    assert open_of(world, HOME) == {SECOND: 1_000}


def test_a_preview_writes_nothing(world: MemoryWorld) -> None:
    unclear = receive_unclear(world)
    before = dict(world.rows.entries)
    planned = take_back(world, unclear, "two", is_preview=True).planned
    assert [each.after.open_invoices[0].invoice_id for each in planned] == [SECOND]
    assert world.rows.entries == before


def test_a_return_of_nobody_takes_back_the_payment_of_an_account(world: MemoryWorld) -> None:
    post(world, [paid("one", reference_of(HOME))])
    post(world, [taken_back("back", "E2E-OTHER")], chunk_number=2)
    (waits,) = open_subjects(world, "return_without_payment")
    assert waits.account_id != HOME
    before = books_of(world)
    with pytest.raises(PaymentNotReturnableError, match="--account"):
        take_back(world, waits, "one")
    take_back(world, waits, "one", HOME)
    assert open_of(world, HOME) == {FIRST[HOME]: 1_000, SECOND: 1_000}
    assert sum(balances.get(("EUR", "suspense"), 0) for balances, _ in books_of(world).values()) == 0
    assert sum(balances.get(("EUR", "clearing"), 0) for balances, _ in books_of(world).values()) == 0
    undo(world, waits)
    assert books_of(world) == before
    assert kinds_of_discrepancies(world) == ["return_without_payment"]


def test_a_payment_that_its_bank_takes_back_at_the_same_time_leaves_the_return_as_it_waits(world: MemoryWorld) -> None:
    post(world, [paid("one", reference_of(HOME)), paid("two", reference_of(HOME, 2))])
    post(world, [taken_back("back", "E2E-OTHER")], chunk_number=2)
    (waits,) = open_subjects(world, "return_without_payment")

    def bank_is_first(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if (port, method) == ("DiscrepancyBook", "change"):
            world.before_call = let_pass
            post(world, [taken_back("own", reference_of(HOME), "E2E-one")], chunk_number=3)

    world.before_call = bank_is_first
    with pytest.raises(PaymentNotReturnableError):
        take_back(world, waits, "one", HOME)
    assert open_of(world, HOME) == {FIRST[HOME]: 1_000}
    assert sum(balances.get(("EUR", "clearing"), 0) for balances, _ in books_of(world).values()) == 0
    # Nothing is under way: the same person finds that another payment was meant.
    take_back(world, waits, "two", HOME)
    assert open_of(world, HOME) == {FIRST[HOME]: 1_000, SECOND: 1_000}


def share_payment(world: MemoryWorld) -> Discrepancy:
    """A payment for both households, and its return without an id of it."""
    post(world, [paid("both", reference_of(HOME), reference_of(NEIGHBOUR), amount_minor=2_000)])
    post(world, [taken_back("back", reference_of(HOME), amount_minor=2_000)], chunk_number=2)
    (waits,) = open_subjects(world, "return_without_payment")
    return waits


def test_a_payment_of_both_is_called_in_from_both(world: MemoryWorld) -> None:
    waits = share_payment(world)
    assert waits.account_id == HOME
    before = books_of(world)
    done = take_back(world, waits, "both")
    assert [(planned.before.account_id, planned.decision.kind) for planned in done.planned] == [
        (suspense_ledger_of(payment_id_of(("both",))), EntryKind.PAYMENT_RETURNED),
        (HOME, EntryKind.PAYMENT_RETURNED),
        (NEIGHBOUR, EntryKind.PAYMENT_RETURNED),
        (HOME, EntryKind.MONEY_MOVED),
    ]
    assert FIRST[HOME] in open_of(world, HOME)
    assert FIRST[NEIGHBOUR] in open_of(world, NEIGHBOUR)
    assert sum(balances.get(("EUR", "clearing"), 0) for balances, _ in books_of(world).values()) == 0
    undo(world, waits)
    assert books_of(world) == before


def test_what_a_person_took_back_the_bank_does_not_take_back_again(world: MemoryWorld) -> None:
    take_back(world, share_payment(world), "both")
    owed = open_of(world, HOME)
    post(world, [taken_back("late", "E2E-both", amount_minor=2_000)], chunk_number=3)
    assert "return_repeated" in kinds_of_discrepancies(world)
    assert open_of(world, HOME) == owed


def test_a_part_goes_back_from_the_account_that_a_person_names(world: MemoryWorld) -> None:
    post(world, [paid("both", reference_of(HOME), reference_of(NEIGHBOUR), amount_minor=2_000)])
    post(world, [taken_back("back", "E2E-both")], chunk_number=2)
    (unclear,) = open_subjects(world, "return_unclear")
    part = f"part#{payment_id_of(('both',))}"
    # It waits where the payment was taken in, and no part of that is there.
    with pytest.raises(PaymentNotReturnableError, match=f" in {unclear.account_id}; name its account with --account"):
        resolve(world, unclear, ResolutionCommand.TAKE_BACK, payment=(None, part))
    resolve(world, unclear, ResolutionCommand.TAKE_BACK, payment=(NEIGHBOUR, part))
    assert FIRST[NEIGHBOUR] in open_of(world, NEIGHBOUR)
    assert open_of(world, HOME) == {SECOND: 1_000}


@pytest.mark.parametrize(
    ("returned_minor", "name", "refused"),
    [
        (1_000, "unheard-of", PaymentNotReturnableError),
        (1_001, "one", PaymentNotReturnableError),
        (1_000, "back", PaymentNotReturnableError),
    ],
)
def test_what_cannot_be_taken_back_is_refused_and_nothing_is_written(
    world: MemoryWorld, returned_minor: int, name: str, refused: type[PawledgerError]
) -> None:
    post(world, [paid("one", reference_of(HOME)), paid("two", reference_of(HOME, 2))])
    back = taken_back("back", reference_of(HOME), amount_minor=returned_minor)
    post(world, [back], chunk_number=2)
    (waits,) = [each.discrepancy for each in world.discrepancy_book.list_open()]
    before = dict(world.rows.entries)
    with pytest.raises(refused):
        take_back(world, waits, name, HOME)
    assert world.rows.entries == before
    assert kinds_of_discrepancies(world) == [waits.kind]


def test_one_payment_is_taken_back_once_by_persons_too(world: MemoryWorld) -> None:
    unclear = receive_unclear(world)
    post(world, [taken_back("again", reference_of(HOME))], chunk_number=3)
    other = next(each for each in open_subjects(world, "return_unclear") if each != unclear)
    take_back(world, unclear, "two")
    with pytest.raises(PaymentNotReturnableError, match=r"0\.00 is not returned yet"):
        take_back(world, other, "two")
    take_back(world, other, "one")
    assert open_of(world, HOME) == {FIRST[HOME]: 1_000, SECOND: 1_000}


def test_a_payment_that_was_moved_is_not_taken_back_where_it_was(world: MemoryWorld) -> None:
    post(world, [paid("one", reference_of(HOME), amount_minor=2_300)])
    (overpaid,) = open_subjects(world, "overpayment")
    resolve(world, overpaid, ResolutionCommand.MOVE, Share(NEIGHBOUR))
    post(world, [taken_back("back", reference_of(HOME), amount_minor=2_300)], chunk_number=2)
    (moved,) = open_subjects(world, "return_of_moved_payment")
    with pytest.raises(PaymentChangedError):
        take_back(world, moved, "one")
    undo(world, overpaid)
    with pytest.raises(PawledgerError):
        take_back(world, moved, "one")


def test_a_return_that_its_payment_has_met_waits_no_more(world: MemoryWorld) -> None:
    post(world, [taken_back("back", reference_of(HOME), "E2E-one")])
    (waits,) = open_subjects(world, "return_without_payment")
    stale = deepcopy(world.rows.discrepancies[waits.discrepancy_id])
    post(world, [paid("one", reference_of(HOME))], chunk_number=2)
    post(world, [paid("two", reference_of(HOME, 2))], chunk_number=3)
    # As one sees it who had looked before its payment came.
    world.rows.discrepancies[waits.discrepancy_id] = stale
    with pytest.raises(NothingWaitsError, match="does not wait any more"):
        take_back(world, waits, "two")


def test_a_debit_that_the_bank_did_not_call_a_return_may_be_one(world: MemoryWorld) -> None:
    post(world, [paid("one", reference_of(HOME))])
    debit = chunked_payment("debit", movement=Movement.OTHER_DEBIT, amount_minor=1_000, booked_on=BOOKED_ON)
    post(world, [debit], chunk_number=2)
    (unexplained,) = open_subjects(world, "unexplained_debit")
    take_back(world, unexplained, "one", HOME)
    assert open_of(world, HOME) == {FIRST[HOME]: 1_000, SECOND: 1_000}
    assert kinds_of_discrepancies(world) == ["payment_returned"]


def test_a_return_that_meets_its_own_payment_while_a_person_is_at_it_sets_that_persons_work_free(
    world: MemoryWorld,
) -> None:
    post(world, [paid("other", reference_of(NEIGHBOUR))])
    post(world, [taken_back("back", reference_of(HOME), "E2E-mine")], chunk_number=2)
    (waits,) = open_subjects(world, "return_without_payment")
    before = books_of(world)

    def kill(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if (port, method) == ("Ledger", "append") and HOME in {getattr(each, "account_id", "") for each in arguments}:
            raise ConnectionError("killed")

    world.before_call = kill
    with pytest.raises(ConnectionError):
        take_back(world, waits, "other", NEIGHBOUR)
    world.before_call = lambda port, method, arguments: None
    post(world, [paid("mine", reference_of(HOME))], chunk_number=3)
    with pytest.raises(NothingWaitsError):
        take_back(world, waits, "other", NEIGHBOUR)

    undo(world, waits, minutes_later=TAKEN_OVER_AFTER_MINUTES)
    assert books_of(world)[NEIGHBOUR] == before[NEIGHBOUR]
    assert sum(balances.get(("EUR", "clearing"), 0) for balances, _ in books_of(world).values()) == 0
    assert kinds_of_discrepancies(world) == ["payment_returned"]


def test_a_part_of_a_shared_payment_that_waits_does_not_keep_the_whole_from_going_back(world: MemoryWorld) -> None:
    post(world, [paid("both", reference_of(HOME), reference_of(NEIGHBOUR), amount_minor=2_000)])
    post(world, [taken_back("part", "E2E-both", amount_minor=500)], chunk_number=2)
    post(world, [taken_back("whole", "E2E-both", amount_minor=2_000)], chunk_number=3)
    assert FIRST[HOME] in open_of(world, HOME)
    assert FIRST[NEIGHBOUR] in open_of(world, NEIGHBOUR)
    assert kinds_of_discrepancies(world) == ["payment_returned", "payment_returned", "return_unclear"]


def test_it_fits_nothing_but_money_that_the_bank_took(world: MemoryWorld) -> None:
    post(world, [paid("one", "E2E-nobody")])
    (unknown,) = open_subjects(world, "unidentified_payment")
    with pytest.raises(CommandDoesNotFitError):
        take_back(world, unknown, "one")
