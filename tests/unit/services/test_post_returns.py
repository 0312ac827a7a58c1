"""Posting around returns: they find the ledger of their payment, wait for it, and end what was told of it."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from pawledger.domain.books.entries import EntryKind, LedgerAccount
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.books.waiting_money import NothingWaitsError
from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.matching.marks import mark_of_id
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import Movement, payment_id_of
from pawledger.domain.worklist.discrepancies import ResolutionCommand
from pawledger.domain.worklist.resolutions import Share
from pawledger.services.billing.bill_accounts import bill_account
from pawledger.services.billing.record_policy_event import record_policy_event
from pawledger.services.posting.post_payments import post_payments
from pawledger.services.receiving.payment_chunks import ChunkedMovement
from pawledger.services.resolving.resolve_discrepancy import find_money
from tests.builders.movements import BOOKED_ON
from tests.builders.policies import ACCOUNT_ID, build_policy
from tests.builders.policy_terms import fee
from tests.builders.refunds import open_subjects
from tests.builders.resolutions import open_account, ports_of, resolve, undo
from tests.builders.rulebooks import build_rulebook
from tests.builders.services import (
    chunked_payment,
    connect_policy_recording,
    connect_posting,
    kinds_of_discrepancies,
    post,
    record_policy,
    store_chunk,
)
from tests.fakes.memory import MemoryWorld

REFERENCE = creditor_reference_of(InvoiceAddress(ACCOUNT_ID, 1))
BRITISH_POLICY = (
    Path(__file__).resolve().parents[3] / "events/samples/policy_issued.v2/good_british_policy_with_discount.json"
)
LATER = BOOKED_ON + timedelta(days=3)


@pytest.fixture
def world() -> MemoryWorld:
    """One account with one open invoice of 10.00 EUR."""
    world = MemoryWorld()
    record_policy(world, build_policy())
    bill_account(ACCOUNT_ID, date(2026, 1, 17), ledger=world.ledger, pause=world.pause)
    return world


def paid(name: str = "paid", amount_minor: int = 1_000, *references: str) -> ChunkedMovement:
    return chunked_payment(name, amount_minor=amount_minor, references=references or [REFERENCE, "E2E-1"])


def taken_back(
    name: str = "back", amount_minor: int = 1_000, *references: str, kind: Movement = Movement.RETURN
) -> ChunkedMovement:
    return chunked_payment(
        name,
        movement=kind,
        amount_minor=amount_minor,
        booked_on=LATER,
        references=references or [REFERENCE, "e2e-1"],
        return_reason="AC04" if kind is Movement.RETURN else None,
        line=5,
    )


def head_of(world: MemoryWorld, account_id: str = ACCOUNT_ID) -> AccountHead:
    head = world.ledger.read_head(account_id, consistent=True)
    assert head is not None
    return head


def kinds_of_entries(world: MemoryWorld, account_id: str = ACCOUNT_ID) -> list[EntryKind]:
    return [entry.decision.kind for entry, _ in world.ledger.read_entries(account_id)]


def test_a_return_ends_what_its_payment_had_brought_to_light(world: MemoryWorld) -> None:
    before = head_of(world)
    post(world, [paid(amount_minor=1_300)])
    assert kinds_of_discrepancies(world) == ["overpayment"]
    post(world, [taken_back(amount_minor=1_300)], chunk_number=2)
    assert kinds_of_discrepancies(world) == ["payment_returned"]
    after = head_of(world)
    assert (dict(after.balances), after.open_invoices) == (dict(before.balances), before.open_invoices)


def test_a_part_that_is_returned_leaves_on_the_worklist_what_was_told_of_the_payment(world: MemoryWorld) -> None:
    post(world, [paid(amount_minor=1_300)])
    post(world, [taken_back(amount_minor=200)], chunk_number=2)
    assert kinds_of_discrepancies(world) == ["overpayment", "payment_returned"]


def test_a_return_before_its_payment_is_booked_as_soon_as_that_comes(world: MemoryWorld) -> None:
    before = head_of(world)
    tally = post(world, [taken_back()])
    assert kinds_of_discrepancies(world) == ["return_without_payment"]
    assert tally.suspended_minor == {"EUR": -1_000}
    tally = post(world, [paid()], chunk_number=2)
    assert tally.posted_minor == {"EUR": 1_000}
    assert kinds_of_discrepancies(world) == ["payment_returned"]
    after = head_of(world)
    assert (dict(after.balances), after.open_invoices) == (dict(before.balances), before.open_invoices)
    assert kinds_of_entries(world)[-3:] == [
        EntryKind.MONEY_SUSPENDED,
        EntryKind.PAYMENT_POSTED,
        EntryKind.PAYMENT_RETURNED,
    ]
    for chunk in ([taken_back()], [paid()]):
        post(world, chunk, chunk_number=2)
    assert head_of(world) == after


def test_who_is_killed_between_the_payment_and_its_waiting_return_is_run_again(world: MemoryWorld) -> None:
    post(world, [taken_back()])
    message = store_chunk(world, [paid()], chunk_number=2)
    appended: list[str] = []

    def kill(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if (port, method) == ("Ledger", "append"):
            appended.append(method)
            if len(appended) == 2:
                raise KeyboardInterrupt

    world.before_call = kill
    with pytest.raises(KeyboardInterrupt):
        post_payments(message, connect_posting(world))
    world.before_call = lambda port, method, arguments: None
    assert kinds_of_entries(world)[-1] is EntryKind.PAYMENT_POSTED
    post_payments(message, connect_posting(world))
    assert kinds_of_entries(world)[-1] is EntryKind.PAYMENT_RETURNED
    assert kinds_of_discrepancies(world) == ["payment_returned"]


def test_a_return_of_a_moved_payment_is_booked_once_the_move_is_undone_and_leaves_the_worklist(
    world: MemoryWorld,
) -> None:
    open_account(world, "OTHR0001", 1_000)
    post(world, [paid(amount_minor=1_300)])
    (overpaid,) = open_subjects(world, "overpayment")
    resolve(world, overpaid, ResolutionCommand.MOVE, Share("OTHR0001"))
    post(world, [taken_back(amount_minor=1_300)], chunk_number=2)
    assert kinds_of_discrepancies(world) == ["return_of_moved_payment"]
    undone = undo(world, overpaid)
    assert [entry.decision.kind for entry in undone.booked_returns] == [EntryKind.PAYMENT_RETURNED]
    assert head_of(world).balance_minor(LedgerAccount.SUSPENSE) == 0
    assert "return_of_moved_payment" not in kinds_of_discrepancies(world)
    assert "payment_returned" in kinds_of_discrepancies(world)


def test_money_of_nobody_known_that_was_given_away_when_its_bank_took_it_back_is_given_to_nobody_again(
    world: MemoryWorld,
) -> None:
    post(world, [paid("unknown", 1_000, "E2E-UNKNOWN")])
    (found,) = open_subjects(world, "unidentified_payment")
    resolve(world, found, ResolutionCommand.APPLY, Share(ACCOUNT_ID))
    post(world, [taken_back("back", 1_000, "E2E-UNKNOWN")], chunk_number=2)
    undo(world, found)
    with pytest.raises(NothingWaitsError, match="was taken back by its bank"):
        resolve(world, found, ResolutionCommand.APPLY, Share(ACCOUNT_ID))
    assert [invoice.remaining_minor for invoice in head_of(world).open_invoices] == [1_000]


def test_of_money_that_went_back_in_two_parts_nothing_is_left_to_give_away(world: MemoryWorld) -> None:
    post(world, [paid("unknown", 1_000, "E2E-UNKNOWN")])
    (found,) = open_subjects(world, "unidentified_payment")
    post(world, [taken_back("one", 400, "E2E-UNKNOWN")], chunk_number=2)
    post(world, [taken_back("two", 500, "E2E-UNKNOWN")], chunk_number=3)
    assert find_money(found.discrepancy_id, ports_of(world)).left_minor == 100
    post(world, [taken_back("three", 100, "E2E-UNKNOWN")], chunk_number=4)
    with pytest.raises(NothingWaitsError):
        resolve(world, found, ResolutionCommand.APPLY, Share(ACCOUNT_ID))


def test_a_return_that_could_mean_two_payments_is_not_booked_because_another_took_one_of_them(
    world: MemoryWorld,
) -> None:
    post(world, [paid("one"), paid("two", 1_000, REFERENCE, "E2E-2")])
    post(world, [taken_back("unclear", 1_000, REFERENCE)], chunk_number=2)
    post(world, [taken_back("clear", 1_000, "E2E-1")], chunk_number=3)
    before = dict(world.rows.entries)
    post(world, [paid("one"), paid("two", 1_000, REFERENCE, "E2E-2")])
    assert world.rows.entries == before
    assert "return_unclear" in kinds_of_discrepancies(world)


def test_what_is_left_of_a_payment_is_not_taken_for_one_of_that_amount(world: MemoryWorld) -> None:
    post(world, [paid()])
    post(world, [taken_back("part", 400, REFERENCE, "E2E-1")], chunk_number=2)
    post(world, [taken_back("rest", 600, REFERENCE)], chunk_number=3)
    assert "return_without_payment" in kinds_of_discrepancies(world)
    assert [invoice.remaining_minor for invoice in head_of(world).open_invoices] == [400]


def test_another_payment_of_that_amount_leaves_a_return_waiting(world: MemoryWorld) -> None:
    post(world, [replace(taken_back("back", 1_000, REFERENCE, "E2E-9"), repeats_ids=True)])
    post(world, [paid()], chunk_number=2)
    assert kinds_of_discrepancies(world) == ["return_without_payment"]
    assert head_of(world).balance_minor(LedgerAccount.SUSPENSE) == 1_000
    assert head_of(world).open_invoices == ()


def test_the_return_of_money_that_nobody_could_place_cancels_it_where_it_waits(world: MemoryWorld) -> None:
    ledger_id = suspense_ledger_of(payment_id_of(("unknown",)))
    post(world, [paid("unknown", 1_000, "E2E-UNKNOWN")])
    assert kinds_of_discrepancies(world) == ["unidentified_payment"]
    post(world, [taken_back("back", 1_000, "E2E-UNKNOWN")], chunk_number=2)
    assert dict(head_of(world, ledger_id).balances) == {}
    assert kinds_of_entries(world, ledger_id) == [EntryKind.MONEY_SUSPENDED, EntryKind.PAYMENT_RETURNED]
    assert kinds_of_discrepancies(world) == []
    again = head_of(world, ledger_id)
    post(world, [taken_back("back", 1_000, "E2E-UNKNOWN")], chunk_number=3)
    assert head_of(world, ledger_id) == again
    post(world, [taken_back("twice", 1_000, "E2E-UNKNOWN")], chunk_number=4)
    assert kinds_of_discrepancies(world) == ["return_repeated"]
    assert head_of(world, ledger_id).balance_minor(LedgerAccount.SUSPENSE, "EUR") == 1_000


def test_a_return_goes_where_its_payment_waits_even_if_it_names_an_account(world: MemoryWorld) -> None:
    ledger_id = suspense_ledger_of(payment_id_of(("unknown",)))
    post(world, [paid("unknown", 1_000, "E2E-UNKNOWN")])
    post(world, [taken_back("back", 1_000, REFERENCE, "E2E-UNKNOWN")], chunk_number=2)
    assert dict(head_of(world, ledger_id).balances) == {}
    assert [invoice.remaining_minor for invoice in head_of(world).open_invoices] == [1_000]


@pytest.mark.parametrize("other", [("E2E-OTHER", 1_000), ("E2E-UNKNOWN", 1_001)])
def test_a_return_of_another_id_or_of_more_waits_by_itself(world: MemoryWorld, other: tuple[str, int]) -> None:
    reference, amount_minor = other
    post(world, [paid("unknown", 1_000, "E2E-UNKNOWN")])
    post(world, [taken_back("back", amount_minor, reference)], chunk_number=2)
    assert "unidentified_payment" in kinds_of_discrepancies(world)
    assert len(kinds_of_discrepancies(world)) == 2


def test_a_won_dispute_takes_the_return_off_the_worklist(world: MemoryWorld) -> None:
    post(world, [paid()])
    settled = head_of(world)
    post(world, [taken_back()], chunk_number=2)
    post(world, [taken_back("won", kind=Movement.MONEY_BACK)], chunk_number=3)
    after = head_of(world)
    assert (dict(after.balances), after.open_invoices) == (dict(settled.balances), settled.open_invoices)
    assert kinds_of_discrepancies(world) == []


def test_an_entry_keeps_marks_of_ids_and_never_the_ids(world: MemoryWorld) -> None:
    post(world, [paid("paid", 1_000, REFERENCE, "Mrs Smith 17", "NOTPROVIDED", "E2E-1")])
    *_, (entry, _) = world.ledger.read_entries(ACCOUNT_ID)
    assert entry.decision.source["marks"] == [mark_of_id("MRSSMITH17"), mark_of_id("E2E-1")]
    assert "Smith" not in entry.body
    assert REFERENCE not in entry.body


def test_a_payment_that_came_back_for_want_of_funds_is_charged_where_the_rules_know_a_fee() -> None:
    rulebook = build_rulebook(fees=(fee("returned_payment", 1_500),))
    world = MemoryWorld()
    record_policy_event(
        json.loads(BRITISH_POLICY.read_text("utf-8")),
        message_id="message-1",
        received_on=date(2025, 12, 1),
        ports=replace(connect_policy_recording(world), rulebook=rulebook),
    )
    bill_account(ACCOUNT_ID, date(2026, 1, 17), ledger=world.ledger, pause=world.pause)
    owed_minor = sum(invoice.remaining_minor for invoice in head_of(world).open_invoices)
    ports = connect_posting(world, rulebook=rulebook)
    for number, reason in enumerate(("R03", "R01"), start=1):
        movements = [
            replace(paid(f"paid {number}", owed_minor), currency="GBP"),
            replace(taken_back(f"back {number}", owed_minor), currency="GBP", return_reason=reason),
        ]
        post_payments(store_chunk(world, movements, chunk_number=number), ports)
    charged = [i.remaining_minor for i in head_of(world).open_invoices if i.invoice_id.startswith("fee-")]
    assert charged == [1_500]
    assert head_of(world).balance_minor(LedgerAccount.FEE) == -1_500
