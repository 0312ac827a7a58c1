"""Identification: by computation first, by memory second, never by a guess, and always the same answer."""

from dataclasses import replace
from datetime import date

import pytest

from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.matching.candidate_scores import Evidence
from pawledger.domain.matching.marks import mark_of_id
from pawledger.domain.matching.payment_clues import Part, Rung
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of, numeric_reference_of
from pawledger.services.billing.bill_accounts import bill_account
from pawledger.services.posting.identify import CANDIDATES_KEPT_MAX, identify_account
from pawledger.services.posting.payer_memory import (
    SLOTS_MAX,
    mark_reference_of,
    name_reference_of,
    payer_reference_of,
    recall_accounts,
    remember_account,
)
from pawledger.services.posting.routes import Route
from tests.builders.account_books import build_clues
from tests.builders.policies import build_policy, premium
from tests.builders.services import record_policy
from tests.fakes.memory import MemoryWorld

PAYMENT_ID = "0123456789abcdef0123456789abcdef"
SUSPENDED = Route(suspense_ledger_of(PAYMENT_ID), (), None)
REFERENCE = creditor_reference_of(InvoiceAddress("HOME0001", 7))
NUMERIC = numeric_reference_of(InvoiceAddress("HOME0001", 7))
OTHER = creditor_reference_of(InvoiceAddress("AWAY0002", 3))
BY_REFERENCE = Route("HOME0001", ("HOME0001-0007",), Rung.REFERENCE)


def wrong_check_digits(reference: str) -> str:
    """The same reference with its check digits one higher."""
    return f"RF{int(reference[2:4]) % 97 + 1:02d}{reference[4:]}"


def identify(
    world: MemoryWorld,
    references: tuple[str, ...] = (),
    text: str = "",
    *,
    mandate_id: str | None = None,
    payer_key: str | None = None,
    name_keys: tuple[str, ...] = (),
    amount_minor: int = 1_000,
    is_payment: bool = True,
) -> Route:
    clues = build_clues(
        amount_minor,
        references=references,
        text=text,
        mandate_id=mandate_id,
        payer_key=payer_key,
        name_keys=name_keys,
    )
    return identify_account(PAYMENT_ID, clues, world.reference_book, world.ledger, is_payment=is_payment)


@pytest.mark.parametrize(
    ("references", "text"),
    [
        ((REFERENCE,), ""),
        (("END-TO-END-1", REFERENCE), ""),
        ((REFERENCE.lower(),), ""),
        ((), f"premium {REFERENCE} with thanks"),
        ((), f"premium {REFERENCE[:4]} {REFERENCE[4:8]} {REFERENCE[8:12]} {REFERENCE[12:]}"),
        ((f"invoice {REFERENCE}",), ""),
    ],
)
def test_our_reference_leads_to_its_account_by_computation_alone(references: tuple[str, ...], text: str) -> None:
    world = MemoryWorld()
    assert identify(world, references, text) == BY_REFERENCE
    assert not world.rows.references


def test_nothing_to_go_by_leads_to_suspense() -> None:
    assert identify(MemoryWorld(), ("NOTPROVIDED",), "thanks") == SUSPENDED


@pytest.mark.parametrize("where", ["references", "text"])
def test_a_reference_with_wrong_check_digits_leads_nowhere(where: str) -> None:
    wrong = wrong_check_digits(REFERENCE)
    world = MemoryWorld()
    assert (identify(world, (wrong,)) if where == "references" else identify(world, (), wrong)) == SUSPENDED


@pytest.mark.parametrize("references", [(REFERENCE, OTHER), ()])
def test_two_accounts_named_are_no_account(references: tuple[str, ...]) -> None:
    text = "" if references else f"{REFERENCE} and {OTHER}"
    assert replace(identify(MemoryWorld(), references, text), candidates=()) == SUSPENDED


def test_two_accounts_named_are_no_account_even_where_a_mandate_is_known() -> None:
    world = MemoryWorld()
    world.reference_book.claim("mandate#M-1", "HOME0001")
    assert identify(world, (REFERENCE, OTHER), mandate_id="M-1").ledger_id == SUSPENDED.ledger_id


def test_two_invoices_of_one_account_are_that_account() -> None:
    second = creditor_reference_of(InvoiceAddress("HOME0001", 8))
    both = ("HOME0001-0007", "HOME0001-0008")
    assert identify(MemoryWorld(), (REFERENCE, second)) == replace(BY_REFERENCE, invoice_ids=both)


def test_a_structured_reference_outweighs_another_one_in_the_text() -> None:
    assert identify(MemoryWorld(), (REFERENCE,), f"also {OTHER}") == BY_REFERENCE


def test_a_known_mandate_leads_to_its_account() -> None:
    world = MemoryWorld()
    world.reference_book.claim("mandate#M-1", "HOME0001")
    assert identify(world, mandate_id="M-1") == Route("HOME0001", (), Rung.MANDATE)


def test_our_reference_outweighs_a_mandate() -> None:
    world = MemoryWorld()
    world.reference_book.claim("mandate#M-1", "AWAY0002")
    assert identify(world, (REFERENCE,), mandate_id="M-1") == BY_REFERENCE


def test_a_mandate_route_is_remembered() -> None:
    world = MemoryWorld()
    world.reference_book.claim("mandate#M-1", "HOME0001")
    first = identify(world, mandate_id="M-1")
    assert world.reference_book.find(f"route#{PAYMENT_ID}") == "HOME0001"
    assert identify(world, mandate_id="M-1") == first


def test_what_once_went_to_suspense_stays_there_when_the_mandate_becomes_known() -> None:
    world = MemoryWorld()
    assert identify(world, mandate_id="M-1") == SUSPENDED
    world.reference_book.claim("mandate#M-1", "HOME0001")
    assert identify(world, mandate_id="M-1") == SUSPENDED


def test_a_movement_that_went_to_suspense_stays_there_although_it_is_sent_again_with_our_reference() -> None:
    world = MemoryWorld()
    first = identify(world, text="no reference")
    again = identify(world, (creditor_reference_of(InvoiceAddress("ABCD1234", 1)),))
    assert first.ledger_id.startswith("SUSPENSE-")
    assert (again.ledger_id, again.identified_by) == (first.ledger_id, None)


def invoiced(**premiums_minor: int) -> MemoryWorld:
    """Accounts with one open invoice each: a twelfth of the premium."""
    world = MemoryWorld()
    for account_id, premium_minor in premiums_minor.items():
        policy = build_policy(f"POL-{account_id}", account_id=account_id, charges=(premium(premium_minor * 12),))
        record_policy(world, policy)
        bill_account(account_id, date(2026, 1, 17), ledger=world.ledger, pause=world.pause)
    return world


def pays(world: MemoryWorld, payer_key: str, *account_ids: str) -> None:
    """Let a payer be known for accounts."""
    for account_id in account_ids:
        assert remember_account(payer_reference_of(payer_key), account_id, world.reference_book)


def first_of(account_id: str) -> str:
    return creditor_reference_of(InvoiceAddress(account_id, 1))


def test_a_damaged_reference_is_corrected_by_what_is_open_and_remembered() -> None:
    world = invoiced(HOME0001=1_000)
    damaged = first_of("HOME0001").replace("HOME", "HOMF")
    found = identify(world, text=damaged)
    assert found == Route("HOME0001", ("HOME0001-0001",), Rung.CORRECTION)
    assert world.reference_book.find(f"route#{PAYMENT_ID}") == "HOME0001"
    assert identify(invoiced(HOME0001=1_001), text=damaged).ledger_id == SUSPENDED.ledger_id


def test_a_known_payer_pays_what_is_open() -> None:
    world = invoiced(HOME0001=1_000)
    pays(world, "payer", "HOME0001")
    assert identify(world, payer_key="payer") == Route("HOME0001", (), Rung.PAYER)
    assert identify(world, payer_key="stranger") == Route("HOME0001", (), None)


def test_who_pays_for_as_many_accounts_as_are_remembered_is_known_for_none() -> None:
    account_ids = [f"HOME{number:04d}" for number in range(1, SLOTS_MAX + 1)]
    world = invoiced(HOME0001=1_000)
    pays(world, "agency", *account_ids)
    assert identify(world, payer_key="agency").ledger_id == SUSPENDED.ledger_id


def test_a_payment_for_several_accounts_is_taken_in_by_suspense_with_its_parts() -> None:
    world = invoiced(HOME0001=1_000, AWAY0002=500)
    found = identify(world, (first_of("AWAY0002"), first_of("HOME0001")), amount_minor=1_500)
    parts = (Part("AWAY0002", 500, ("AWAY0002-0001",)), Part("HOME0001", 1_000, ("HOME0001-0001",)))
    assert found == Route(SUSPENDED.ledger_id, (), Rung.REFERENCE, parts)
    assert identify(world, (first_of("AWAY0002"), first_of("HOME0001")), amount_minor=1_500) == found


def test_what_once_went_to_an_account_is_not_split_later() -> None:
    world = invoiced(HOME0001=1_000, AWAY0002=500)
    world.reference_book.claim(f"route#{PAYMENT_ID}", "HOME0001")
    found = identify(world, (first_of("AWAY0002"), first_of("HOME0001")), amount_minor=1_500)
    assert found == Route("HOME0001", (), None)


def test_an_id_of_a_provider_leads_to_its_account_until_another_account_has_it_too() -> None:
    world = invoiced(HOME0001=1_000, AWAY0002=1_000)
    mark = mark_reference_of(mark_of_id("cus_4711881"))
    remember_account(mark, "HOME0001", world.reference_book)
    assert identify(world, ("cus_4711881",)) == Route("HOME0001", (), Rung.MARK)
    remember_account(mark, "AWAY0002", world.reference_book)
    assert identify_account(
        "p-2", build_clues(references=["cus_4711881"]), world.reference_book, world.ledger
    ).ledger_id == suspense_ledger_of("p-2")


def test_payer_and_names_suggest_accounts_for_a_payment_that_waits() -> None:
    world = invoiced(HOME0001=1_000, AWAY0002=1_000, FARM0003=700, BARN0004=600, COOP0005=500)
    pays(world, "payer", "HOME0001", "AWAY0002")
    for account_id in ("HOME0001", "FARM0003", "BARN0004", "COOP0005"):
        remember_account(name_reference_of("berg"), account_id, world.reference_book)
    found = identify(world, payer_key="payer", name_keys=("berg",))
    # 25 for the payer and 22 for the amount of both, 12 for the name of one; 12 for the name alone of three others.
    told = [(each.account_id, each.score) for each in found.candidates]
    assert told == [("HOME0001", 59), ("AWAY0002", 47), ("BARN0004", 12)]
    assert found.candidates[0].matched == (Evidence.PAYER, Evidence.NAME, Evidence.AMOUNT)
    assert len(told) == CANDIDATES_KEPT_MAX


def test_an_account_that_is_not_there_is_suggested_where_it_was_named_and_nothing_breaks() -> None:
    found = identify(MemoryWorld(), (REFERENCE, OTHER))
    assert [each.account_id for each in found.candidates] == ["AWAY0002", "HOME0001"]


def test_a_return_finds_its_account_by_reference_or_mandate_and_by_nothing_else() -> None:
    world = invoiced(HOME0001=1_000)
    assert identify(world, (first_of("HOME0001"),), is_payment=False).ledger_id == "HOME0001"
    assert identify(invoiced(HOME0001=1_000), mandate_id="M-1", is_payment=False) == SUSPENDED
    another = invoiced(HOME0001=1_000)
    pays(another, "payer", "HOME0001")
    damaged = first_of("HOME0001").replace("HOME", "HOMF")
    assert identify(another, text=damaged, payer_key="payer", is_payment=False) == SUSPENDED


def test_a_further_account_takes_the_next_slot_and_is_remembered_once() -> None:
    book = MemoryWorld().reference_book
    accounts = [f"HOME{number:04d}" for number in range(SLOTS_MAX + 1)]
    assert [remember_account("payer#k", each, book) for each in accounts] == [*[True] * SLOTS_MAX, False]
    assert [remember_account("payer#k", each, book) for each in accounts] == [False] * (SLOTS_MAX + 1)
    assert recall_accounts("payer#k", book) == tuple(accounts[:SLOTS_MAX])
    assert (book.find("payer#k"), book.find("payer#k#2")) == ("HOME0000", "HOME0001")
    assert recall_accounts("payer#other", book) == ()


def test_a_part_of_a_name_that_many_share_costs_two_reads_and_no_write() -> None:
    world = MemoryWorld()
    for number in range(SLOTS_MAX):
        remember_account("name#anna", f"HOME000{number}", world.reference_book)
    asked: list[str] = []

    class Asked:
        def find(self, reference: str) -> str | None:
            asked.append(reference)
            return world.reference_book.find(reference)

        def claim(self, reference: str, target: str) -> str:
            raise AssertionError(f"{reference} would be written for {target}")

    assert not remember_account("name#anna", "AWAY0002", Asked())
    assert asked == ["name#anna", f"name#anna#{SLOTS_MAX}"]
