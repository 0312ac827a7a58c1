"""The return of a payment for several accounts: each gives back its part, and none of them anybody else's."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import pytest

from pawledger.domain.books.entries import EntryKind, LedgerAccount
from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import Movement, payment_id_of
from pawledger.domain.refunding.refund_steps import RefundOfReturnedMoneyError
from pawledger.domain.worklist.discrepancies import ResolutionCommand
from pawledger.domain.worklist.resolutions import Share
from pawledger.services.billing.bill_accounts import bill_account
from pawledger.services.posting.routes import Clues
from pawledger.services.receiving.payment_chunks import ChunkedMovement
from pawledger.services.resolving.question_payment import PaymentNotPostedError, question_payment
from pawledger.services.resolving.resolve_discrepancy import Deed
from tests.builders.movements import BOOKED_ON
from tests.builders.policies import build_policy
from tests.builders.refunds import approve, open_subjects, request
from tests.builders.resolutions import DECIDED_AT, books_of, head_of, money_of, open_of, resolve, undo
from tests.builders.services import chunked_payment, kinds_of_discrepancies, post, record_policy
from tests.fakes.memory import MemoryWorld

ACCOUNTS: Final = ("HOME0001", "HOME0002")
REFERENCES: Final = [creditor_reference_of(InvoiceAddress(account_id, 1)) for account_id in ACCOUNTS]
HUB: Final = suspense_ledger_of(payment_id_of(("both",)))
OWED: Final = {account_id: {f"{account_id}-0001": 1_000} for account_id in ACCOUNTS}


@pytest.fixture
def world() -> MemoryWorld:
    """Two households that owe 10.00 EUR each, and a third one."""
    world = MemoryWorld()
    for number, account_id in enumerate((*ACCOUNTS, "HOME0003"), start=1):
        record_policy(world, build_policy(f"PAW-{number}", account_id=account_id))
        bill_account(account_id, date(2026, 1, 17), ledger=world.ledger, pause=world.pause)
    return world


def paid(amount_minor: int = 2_000) -> ChunkedMovement:
    return chunked_payment("both", amount_minor=amount_minor, references=[*REFERENCES, "E2E-BOTH"])


def told_later(
    name: str, kind: Movement = Movement.RETURN, amount_minor: int = 2_000, days: int = 3, reason: str = "AC04"
) -> ChunkedMovement:
    return chunked_payment(
        name,
        movement=kind,
        amount_minor=amount_minor,
        booked_on=BOOKED_ON + timedelta(days=days),
        references=["E2E-BOTH"],
        return_reason=reason if kind is Movement.RETURN else None,
        line=5,
    )


def owed(world: MemoryWorld) -> dict[str, dict[str, int]]:
    return {account_id: open_of(world, account_id) for account_id in ACCOUNTS}


def test_each_account_owes_again_what_its_part_had_settled(world: MemoryWorld) -> None:
    before = books_of(world)
    post(world, [paid()])
    assert owed(world) == {account_id: {} for account_id in ACCOUNTS}
    post(world, [told_later("back")], chunk_number=2)
    now = books_of(world)
    assert {account_id: now[account_id] for account_id in before} == before
    assert money_of(world, HUB) == {}
    assert kinds_of_discrepancies(world) == ["payment_returned", "payment_returned"]
    assert {found.account_id for found in open_subjects(world, "payment_returned")} == set(ACCOUNTS)


def test_a_return_that_is_delivered_again_takes_nothing_more(world: MemoryWorld) -> None:
    post(world, [paid()])
    post(world, [told_later("back")], chunk_number=2)
    before = dict(world.rows.entries)
    post(world, [told_later("back")], chunk_number=3)
    assert world.rows.entries == before


def test_a_second_return_waits_for_a_person(world: MemoryWorld) -> None:
    post(world, [paid()])
    post(world, [told_later("back")], chunk_number=2)
    post(world, [told_later("once more")], chunk_number=3)
    assert "return_repeated" in kinds_of_discrepancies(world)
    assert owed(world) == OWED
    assert money_of(world, HUB) == {"cash": -2_000, "suspense": 2_000}


def post_until_second_account(world: MemoryWorld, movement: ChunkedMovement, chunk_number: int) -> None:
    """Post a movement, and be killed before anything is appended to the second account."""

    def kill(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if (port, method) == ("Ledger", "append") and ACCOUNTS[1] in {getattr(a, "account_id", "") for a in arguments}:
            raise KeyboardInterrupt

    world.before_call = kill
    with pytest.raises(KeyboardInterrupt):
        post(world, [movement], chunk_number=chunk_number)
    world.before_call = lambda port, method, arguments: None


def overpay_second_account(world: MemoryWorld) -> None:
    """The second account is paid by another payment before its part of the shared one arrives."""
    post_until_second_account(world, paid(), 1)
    post(world, [chunked_payment("other", amount_minor=1_000, references=[REFERENCES[1], "E2E-7"])], chunk_number=2)
    post(world, [paid()], chunk_number=1)
    assert money_of(world, ACCOUNTS[1])["unapplied"] == -1_000


def test_a_call_that_is_killed_between_the_accounts_is_finished_by_the_next(world: MemoryWorld) -> None:
    post(world, [paid()])
    post_until_second_account(world, told_later("back"), 2)
    assert owed(world) == {ACCOUNTS[0]: OWED[ACCOUNTS[0]], ACCOUNTS[1]: {}}
    post(world, [told_later("back")], chunk_number=2)
    assert owed(world) == OWED
    assert sum(money.get("clearing", 0) for money in (money_of(world, each) for each in (*ACCOUNTS, HUB))) == 0


def test_what_a_part_had_left_over_is_taken_from_unapplied_cash(world: MemoryWorld) -> None:
    overpay_second_account(world)
    assert "probable_duplicate" in kinds_of_discrepancies(world)
    post(world, [told_later("back")], chunk_number=3)
    assert owed(world) == {ACCOUNTS[0]: OWED[ACCOUNTS[0]], ACCOUNTS[1]: {}}
    assert "unapplied" not in money_of(world, ACCOUNTS[1])
    assert kinds_of_discrepancies(world) == ["payment_returned", "payment_returned"]


def test_a_part_that_a_person_moved_waits_and_is_taken_back_when_the_move_is_undone(world: MemoryWorld) -> None:
    overpay_second_account(world)
    (overpaid,) = open_subjects(world, "probable_duplicate")
    resolve(world, overpaid, ResolutionCommand.MOVE, Share("HOME0003"))
    post(world, [told_later("back")], chunk_number=3)
    assert "return_of_moved_payment" in kinds_of_discrepancies(world)
    assert head_of(world, ACCOUNTS[1]).balance_minor(LedgerAccount.SUSPENSE, "EUR") == 1_000
    assert open_of(world, "HOME0003") == {}
    undo(world, overpaid)
    assert owed(world) == {ACCOUNTS[0]: OWED[ACCOUNTS[0]], ACCOUNTS[1]: {}}
    assert head_of(world, ACCOUNTS[1]).balance_minor(LedgerAccount.SUSPENSE, "EUR") == 0
    assert open_of(world, "HOME0003") == {"HOME0003-0001": 1_000}
    assert kinds_of_discrepancies(world) == ["payment_returned", "payment_returned"]
    assert money_of(world, HUB) == {}


def test_what_a_person_took_back_of_a_part_is_not_refunded_as_well(world: MemoryWorld) -> None:
    overpay_second_account(world)
    asked = request(world, ACCOUNTS[1], 1_000)
    assert asked.ground == f"part#{payment_id_of(('both',))}"
    back = replace(told_later("back", amount_minor=1_000), clues=Clues(("E2E-OTHER",), "", None))
    post(world, [back], chunk_number=3)
    (waits,) = open_subjects(world, "return_without_payment")
    resolve(world, waits, ResolutionCommand.TAKE_BACK, payment=(ACCOUNTS[1], asked.ground))
    assert open_of(world, ACCOUNTS[1]) == {f"return-{payment_id_of(('back',))[:12]}": 1_000}
    with pytest.raises(RefundOfReturnedMoneyError, match=r"took 10\.00 EUR back"):
        approve(world, asked)


def test_whoever_questions_a_payment_of_several_accounts_is_told_to_name_one(world: MemoryWorld) -> None:
    post(world, [paid()])
    payment = world.ledger.read_entry(HUB, f"payment#{payment_id_of(('both',))}")
    part = world.ledger.read_entry(ACCOUNTS[1], f"part#{payment_id_of(('both',))}")
    assert payment
    assert part
    who = Deed("", "operator", "Her daughter paid.", DECIDED_AT, "question")
    with pytest.raises(PaymentNotPostedError, match=r"with --account: HOME0001, HOME0002$"):
        question_payment(payment, who, world.discrepancy_book)
    question_payment(part, who, world.discrepancy_book)
    assert [found.account_id for found in open_subjects(world, "payment_questioned")] == [ACCOUNTS[1]]


def test_no_account_is_charged_a_fee_for_a_payment_of_several(world: MemoryWorld) -> None:
    post(world, [paid()])
    post(world, [told_later("back", reason="AM04")], chunk_number=2)
    assert owed(world) == OWED


def test_a_dispute_that_is_won_settles_the_parts_again(world: MemoryWorld) -> None:
    post(world, [paid()])
    settled = books_of(world)
    post(world, [told_later("back")], chunk_number=2)
    post(world, [told_later("won", Movement.MONEY_BACK, days=9)], chunk_number=3)
    now = books_of(world)
    assert {account_id: now[account_id] for account_id in ACCOUNTS} == {each: settled[each] for each in ACCOUNTS}
    assert kinds_of_discrepancies(world) == []
    assert [entry.decision.kind for entry, _ in world.ledger.read_entries(HUB)] == [
        EntryKind.PAYMENT_SPLIT,
        EntryKind.PAYMENT_RETURNED,
        EntryKind.PAYMENT_SPLIT,
    ]


def test_money_that_comes_back_for_a_payment_never_returned_is_nobodys(world: MemoryWorld) -> None:
    post(world, [paid()])
    post(world, [told_later("won", Movement.MONEY_BACK)], chunk_number=2)
    assert kinds_of_discrepancies(world) == ["unidentified_payment"]
    post(world, [told_later("back", days=9)], chunk_number=3)
    assert owed(world) == OWED
    assert "return_repeated" not in kinds_of_discrepancies(world)
