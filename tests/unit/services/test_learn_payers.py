"""Learning payers: only from payments whose account was certain without knowing the payer, once, and bounded."""

from datetime import date

import pytest

from pawledger.domain.bank_movements import Movement, payment_id_of
from pawledger.domain.discrepancies import ResolutionCommand
from pawledger.domain.marks import mark_of_id
from pawledger.domain.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.resolutions import Share
from pawledger.services.bill_accounts import bill_account
from pawledger.services.learn_payers import learn_payers
from pawledger.services.payment_chunks import ChunkedMovement
from pawledger.services.routes import Clues
from tests.builders.policies import ACCOUNT_ID, build_policy
from tests.builders.refunds import open_subjects
from tests.builders.resolutions import open_account, resolve
from tests.builders.services import chunked_payment, post, record_policy
from tests.fakes.memory import MemoryWorld

REFERENCE = creditor_reference_of(InvoiceAddress(ACCOUNT_ID, 1))


def build_world(mandate_id: str | None = None) -> MemoryWorld:
    """One account with one open invoice of 10.00 EUR."""
    world = MemoryWorld()
    record_policy(world, build_policy(), mandate_id=mandate_id)
    bill_account(ACCOUNT_ID, date(2026, 1, 17), ledger=world.ledger, pause=world.pause)
    return world


def payment(
    *references: str, payer_key: str | None = "payer", name_keys: tuple[str, ...] = ("anna", "berg"), **changes: object
) -> ChunkedMovement:
    """A payment of 10.00 EUR by a known hand."""
    mandate_id = changes.pop("mandate_id", None)
    assert mandate_id is None or isinstance(mandate_id, str)
    written = chunked_payment(**changes)  # type: ignore[arg-type]
    clues = Clues(references, "", mandate_id, payer_key, name_keys)
    return ChunkedMovement(**{**{name: getattr(written, name) for name in written.__slots__}, "clues": clues})


def learn(world: MemoryWorld, name: str = "first", account_id: str = ACCOUNT_ID) -> int:
    entry_id = f"payment#{payment_id_of((name,))}"
    return learn_payers(account_id, entry_id, entries=world.ledger, references=world.reference_book)


def learnt(world: MemoryWorld) -> dict[str, str]:
    """What was remembered of payers, names and ids."""
    kinds = ("payer#", "name#", "mark#")
    return {key: row for key, row in world.rows.references.items() if key.startswith(kinds)}


@pytest.mark.parametrize("by", ["reference", "mandate"])
def test_a_payer_and_its_name_are_learnt_from_what_names_an_account(by: str) -> None:
    world = build_world("M-1")
    post(world, [payment(REFERENCE) if by == "reference" else payment(mandate_id="M-1")])
    assert learn(world) == 3
    assert learnt(world) == {"payer#payer": ACCOUNT_ID, "name#anna": ACCOUNT_ID, "name#berg": ACCOUNT_ID}


def test_learning_again_changes_nothing() -> None:
    world = build_world()
    post(world, [payment(REFERENCE)])
    learn(world)
    before = learnt(world)
    assert learn(world) == 0
    assert learnt(world) == before


def test_what_was_learnt_leads_the_next_payment_to_the_account() -> None:
    world = build_world()
    post(world, [payment(REFERENCE)])
    learn(world)
    bill_account(ACCOUNT_ID, date(2026, 2, 17), ledger=world.ledger, pause=world.pause)
    post(world, [payment(name="next", line=9, number=2)], file_id="e" * 64)
    entry = world.ledger.read_entry(ACCOUNT_ID, f"payment#{payment_id_of(('next',))}")
    assert entry is not None
    assert entry.decision.source["identified_by"] == "known payer"
    assert entry.decision.allocations[0].invoice_id == f"{ACCOUNT_ID}-0002"


def test_nothing_is_learnt_from_what_a_known_payer_or_a_correction_proved() -> None:
    world = build_world()
    world.reference_book.claim("payer#payer", ACCOUNT_ID)
    post(world, [payment()])
    assert learn(world) == 0
    corrected = build_world()
    post(corrected, [payment(f"{REFERENCE[:-1]}9", payer_key=None)])
    assert corrected.ledger.read_entry(ACCOUNT_ID, f"payment#{payment_id_of(('first',))}") is not None
    assert learn(corrected) == 0
    assert learnt(corrected) == {}


def test_nothing_is_learnt_from_money_that_waits_or_was_taken_back_or_is_not_there() -> None:
    world = build_world()
    post(world, [payment(name="lost", line=5)])
    assert learn(world, "lost") == 0
    (suspense,) = [key[0] for key in world.rows.entries if key[0].startswith("SUSPENSE-")]
    assert learn(world, "lost", suspense) == 0
    assert learn_payers(ACCOUNT_ID, f"{ACCOUNT_ID}-0001", entries=world.ledger, references=world.reference_book) == 0
    post(world, [payment(REFERENCE, movement=Movement.RETURN)], file_id="e" * 64)
    debit = f"debit#{payment_id_of(('first',))}"
    assert learn_payers(ACCOUNT_ID, debit, entries=world.ledger, references=world.reference_book) == 0
    assert learnt(world) == {}


def test_the_ids_of_a_bank_or_provider_are_learnt_and_our_own_reference_is_none_of_them() -> None:
    world = build_world()
    post(world, [payment(REFERENCE, "cus_4711881", payer_key=None, name_keys=())])
    assert learn(world) == 1
    assert learnt(world) == {f"mark#{mark_of_id('cus_4711881')}": ACCOUNT_ID}


@pytest.mark.parametrize("order", [("payment", "move"), ("move", "payment")])
def test_a_payer_whose_payment_was_moved_to_another_account_is_known_for_none(order: tuple[str, str]) -> None:
    world = build_world()
    open_account(world, "OTHR0001", 1_000)
    post(world, [payment(REFERENCE, amount_minor=1_100)])
    (overpaid,) = open_subjects(world, "overpayment")
    moved = resolve(world, overpaid, ResolutionCommand.MOVE, Share("OTHR0001"))
    entry_ids = {
        "payment": f"payment#{payment_id_of(('first',))}",
        "move": f"resolution#{moved.resolution_id}#1",
        "arrival": f"resolution#{moved.resolution_id}#2",
    }
    for each in order:
        learn_payers(ACCOUNT_ID, entry_ids[each], entries=world.ledger, references=world.reference_book)
    before = learnt(world)
    for account_id, each in ((ACCOUNT_ID, "move"), ("OTHR0001", "arrival")):
        assert not learn_payers(account_id, entry_ids[each], entries=world.ledger, references=world.reference_book)
    assert learnt(world) == before
    # The account owes 10.00 again, and 10.00 come from the same hand: nobody knows for whom.
    post(world, [payment(name="next", line=9, number=2)], file_id="e" * 64)
    assert world.ledger.read_entry(ACCOUNT_ID, f"payment#{payment_id_of(('next',))}") is None
    assert len(open_subjects(world, "unidentified_payment")) == 1


def test_a_payer_is_still_known_where_only_what_was_too_much_went_elsewhere() -> None:
    world = build_world()
    open_account(world, "OTHR0001", 1_000)
    post(world, [payment(REFERENCE, amount_minor=1_100)])
    (overpaid,) = open_subjects(world, "overpayment")
    given = resolve(world, overpaid, ResolutionCommand.APPLY, Share("OTHR0001"))
    learn(world)
    entry_id = f"resolution#{given.resolution_id}#1"
    assert not learn_payers(ACCOUNT_ID, entry_id, entries=world.ledger, references=world.reference_book)
    assert learnt(world)["payer#payer"] == ACCOUNT_ID
    assert "payer#payer#2" not in learnt(world)
