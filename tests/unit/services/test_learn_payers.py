"""Learning payers: only from payments whose account was certain without knowing the payer, once, and bounded."""

from contextlib import nullcontext
from datetime import date

import pytest

from pawledger.domain.books.entries import Entry
from pawledger.domain.matching.marks import mark_of_id
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import Movement, payment_id_of
from pawledger.domain.worklist.discrepancies import ResolutionCommand
from pawledger.domain.worklist.resolutions import Share
from pawledger.services.billing.bill_accounts import bill_account
from pawledger.services.posting.learn_payers import learn_payers
from pawledger.services.posting.routes import Clues
from pawledger.services.receiving.payment_chunks import ChunkedMovement
from tests.builders.policies import ACCOUNT_ID, build_policy
from tests.builders.refunds import open_subjects
from tests.builders.resolutions import open_account, resolve
from tests.builders.services import chunked_payment, connect_learning, post, record_policy
from tests.fakes.memory import MemoryWorld
from tests.simulation.workers import KilledError

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
    return learn_payers(account_id, entry_id, connect_learning(world))


def take_back(
    world: MemoryWorld, reason: str | None, *references: str, amount_minor: int = 1_000, name: str = "back"
) -> str:
    """A bank's return of a payment; the id of its entry."""
    back = payment(
        *references,
        payer_key=None,
        name_keys=(),
        name=name,
        movement=Movement.RETURN,
        amount_minor=amount_minor,
        return_reason=reason,
        booked_on=date(2026, 2, 5),
    )
    post(world, [back], file_id="b" * 64)
    return f"debit#{payment_id_of((name,))}"


def pay_again(world: MemoryWorld, *references: str, name: str = "next") -> Entry | None:
    """10.00 EUR more from the same hand; its entry in the account's ledger, if it went there."""
    post(world, [payment(*references, name=name, line=9, number=2)], file_id="e" * 64)
    return world.ledger.read_entry(ACCOUNT_ID, f"payment#{payment_id_of((name,))}")


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
    assert learn_payers(ACCOUNT_ID, f"{ACCOUNT_ID}-0001", connect_learning(world)) == 0
    post(world, [payment(REFERENCE, movement=Movement.RETURN)], file_id="e" * 64)
    debit = f"debit#{payment_id_of(('first',))}"
    assert learn_payers(ACCOUNT_ID, debit, connect_learning(world)) == 0
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
        learn_payers(ACCOUNT_ID, entry_ids[each], connect_learning(world))
    before = learnt(world)
    for account_id, each in ((ACCOUNT_ID, "move"), ("OTHR0001", "arrival")):
        assert not learn_payers(account_id, entry_ids[each], connect_learning(world))
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
    assert not learn_payers(ACCOUNT_ID, entry_id, connect_learning(world))
    assert learnt(world)["payer#payer"] == ACCOUNT_ID
    assert "payer#payer#2" not in learnt(world)


@pytest.mark.parametrize("reason", ["MD01", "R10", "fraudulent", "unrecognized"])
@pytest.mark.parametrize("order", [("payment", "return"), ("return", "payment", "payment")])
def test_whoever_denies_a_payment_is_known_for_none_in_whatever_order_it_is_told(
    reason: str, order: tuple[str, ...]
) -> None:
    world = build_world()
    post(world, [payment(REFERENCE)])
    entry_ids = {"payment": f"payment#{payment_id_of(('first',))}", "return": take_back(world, reason, REFERENCE)}
    for each in order:
        learn_payers(ACCOUNT_ID, entry_ids[each], connect_learning(world))
    before = learnt(world)
    for entry_id in entry_ids.values():
        assert not learn_payers(ACCOUNT_ID, entry_id, connect_learning(world))
    assert learnt(world) == before
    # The invoice of 10.00 is open again, and 10.00 come from the same hand: nobody knows for whom.
    assert pay_again(world) is None
    assert len(open_subjects(world, "unidentified_payment")) == 1
    # Under its reference the payer's money goes where it says, and teaches nothing.
    paid = pay_again(world, REFERENCE, name="under reference")
    assert paid is not None
    learn(world, "under reference")
    assert {key: row for key, row in learnt(world).items() if key.startswith("payer#")} == {
        key: row for key, row in before.items() if key.startswith("payer#")
    }


@pytest.mark.parametrize("reason", ["AM04", "R01", "MD06", "R11", "ZZ99", None])
def test_whose_payment_came_back_for_another_reason_stays_known(reason: str | None) -> None:
    world = build_world()
    post(world, [payment(REFERENCE)])
    learn(world)
    before = learnt(world)
    returned = take_back(world, reason, REFERENCE)
    assert not learn_payers(ACCOUNT_ID, returned, connect_learning(world))
    assert learnt(world) == before
    paid = pay_again(world)
    assert paid is not None
    assert paid.decision.source["identified_by"] == "known payer"


def test_an_id_of_a_denied_payment_proves_no_further_one_and_still_leads_its_returns_home() -> None:
    world = build_world()
    post(world, [payment(REFERENCE, "cus_4711881", payer_key=None, name_keys=())])
    learn(world)
    mark = f"mark#{mark_of_id('cus_4711881')}"
    half = take_back(world, "fraudulent", "cus_4711881", amount_minor=500, name="half")
    assert learn_payers(ACCOUNT_ID, half, connect_learning(world)) == 1
    assert learnt(world) == {mark: ACCOUNT_ID, f"{mark}#2": "-"}
    # The other half is taken back as well, and finds its payment by the id.
    rest_id = take_back(world, "fraudulent", "cus_4711881", amount_minor=500, name="rest")
    rest = world.ledger.read_entry(ACCOUNT_ID, rest_id)
    assert rest is not None
    assert (rest.decision.details or {})["returns"] == f"payment#{payment_id_of(('first',))}"
    assert not learn_payers(ACCOUNT_ID, rest_id, connect_learning(world))
    # The invoice of 10.00 is open again, and 10.00 come with the same id: nobody knows for whom.
    post(world, [payment("cus_4711881", payer_key=None, name="next")], file_id="e" * 64)
    assert world.ledger.read_entry(ACCOUNT_ID, f"payment#{payment_id_of(('next',))}") is None


def test_a_return_that_waited_for_its_payment_makes_its_payer_unknown_once_it_is_booked() -> None:
    world = build_world()
    waiting = take_back(world, "MD01", REFERENCE, "trace-0815")
    post(world, [payment(REFERENCE, "trace-0815", booked_on=date(2026, 2, 4))])
    learn(world)
    assert not learn_payers(ACCOUNT_ID, waiting, connect_learning(world))
    booked = f"returned#{payment_id_of(('back',))}"
    # The seven slots of the payer that are left, and the last one of the id.
    assert learn_payers(ACCOUNT_ID, booked, connect_learning(world)) == 2
    assert pay_again(world) is None


@pytest.mark.parametrize("references", [(REFERENCE,), ("another",)], ids=["waits at the account", "waits at nobody's"])
def test_whoever_denies_a_payment_that_a_person_named_is_known_for_none(references: tuple[str, ...]) -> None:
    world = build_world()
    post(world, [payment(REFERENCE), payment(REFERENCE, payer_key="other", name="second", line=5)])
    learn(world)
    learn(world, "second")
    take_back(world, "MD01", *references)
    (waits,) = [each.discrepancy for each in world.discrepancy_book.list_open() if "return" in each.discrepancy.kind]
    named = (ACCOUNT_ID, f"payment#{payment_id_of(('first',))}")
    done = resolve(world, waits, ResolutionCommand.TAKE_BACK, payment=named)
    assert "payer#payer#2" not in learnt(world)
    for each in done.planned:
        learn_payers(each.before.account_id, each.decision.entry_id, connect_learning(world))
    # All eight slots of the payer are taken, and none of the other one's.
    assert [row for key, row in learnt(world).items() if key.startswith("payer#payer")] == [ACCOUNT_ID, *["-"] * 7]
    assert "payer#other#2" not in learnt(world)


def test_other_money_that_leaves_makes_nobody_unknown() -> None:
    world = build_world()
    post(world, [payment(REFERENCE)])
    learn(world)
    before = learnt(world)
    post(world, [payment(name="fee", movement=Movement.PROVIDER_FEE)], file_id="e" * 64)
    (suspense,) = [key[0] for key in world.rows.entries if key[0].startswith("SUSPENSE-")]
    for ledger_id in (suspense, "SETTLEMENT-bank-EUR", ACCOUNT_ID):
        entry_id = f"debit#{payment_id_of(('fee',))}"
        assert not learn_payers(ledger_id, entry_id, connect_learning(world))
    assert learnt(world) == before


@pytest.mark.parametrize("done_count", range(9))
def test_forgetting_that_was_cut_off_between_two_slots_is_finished_by_the_next_call(done_count: int) -> None:
    world = build_world()
    post(world, [payment(REFERENCE, "trace-0815")])
    learn(world)
    returned = take_back(world, "MD01", REFERENCE, "trace-0815")
    claimed: list[str] = []

    def cut_off(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if (port, method) == ("ReferenceBook", "claim"):
            claimed.append(str(arguments[0]))
            if len(claimed) > done_count:
                raise KilledError

    world.before_call = cut_off
    # Seven slots of the payer and one of the id are left to be taken.
    with pytest.raises(KilledError) if done_count < 8 else nullcontext():
        learn_payers(ACCOUNT_ID, returned, connect_learning(world))
    world.before_call = lambda port, method, arguments: None
    learn_payers(ACCOUNT_ID, returned, connect_learning(world))
    assert [row for key, row in learnt(world).items() if key.startswith("payer#")] == [ACCOUNT_ID, *["-"] * 7]
    assert learnt(world)[f"mark#{mark_of_id('trace-0815')}#2"] == "-"
    assert pay_again(world) is None
