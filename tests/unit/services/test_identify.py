"""Identification: by computation first, by memory second, never by a guess, and always the same answer."""

import pytest

from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.payment_references import InvoiceAddress, creditor_reference_of, numeric_reference_of
from pawledger.services.identify import Clues, Route, identify_account
from tests.fakes.memory import MemoryWorld

PAYMENT_ID = "0123456789abcdef0123456789abcdef"
SUSPENDED = Route(suspense_ledger_of(PAYMENT_ID), None, None)
REFERENCE = creditor_reference_of(InvoiceAddress("HOME0001", 7))
NUMERIC = numeric_reference_of(InvoiceAddress("HOME0001", 7))
OTHER = creditor_reference_of(InvoiceAddress("AWAY0002", 3))
BY_REFERENCE = Route("HOME0001", 7, "payment reference")


def wrong_check_digits(reference: str) -> str:
    """The same reference with its check digits one higher."""
    return f"RF{int(reference[2:4]) % 97 + 1:02d}{reference[4:]}"


def identify(
    world: MemoryWorld, references: tuple[str, ...] = (), text: str = "", mandate_id: str | None = None
) -> Route:
    return identify_account(PAYMENT_ID, Clues(references, text, mandate_id), world.reference_book, world.ledger)


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
    assert identify(MemoryWorld(), references, text) == SUSPENDED


def test_two_accounts_named_are_no_account_even_where_a_mandate_is_known() -> None:
    world = MemoryWorld()
    world.reference_book.claim("mandate#M-1", "HOME0001")
    assert identify(world, (REFERENCE, OTHER), mandate_id="M-1") == SUSPENDED


def test_two_invoices_of_one_account_are_that_account() -> None:
    second = creditor_reference_of(InvoiceAddress("HOME0001", 8))
    assert identify(MemoryWorld(), (REFERENCE, second)) == BY_REFERENCE


def test_a_structured_reference_outweighs_another_one_in_the_text() -> None:
    assert identify(MemoryWorld(), (REFERENCE,), f"also {OTHER}") == BY_REFERENCE


def test_a_known_mandate_leads_to_its_account() -> None:
    world = MemoryWorld()
    world.reference_book.claim("mandate#M-1", "HOME0001")
    assert identify(world, mandate_id="M-1") == Route("HOME0001", None, "mandate")


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
    first = identify_account("p-1", Clues((), "no reference", None), world.reference_book, world.ledger)
    reference = creditor_reference_of(InvoiceAddress("ABCD1234", 1))
    again = identify_account("p-1", Clues((reference,), "", None), world.reference_book, world.ledger)
    assert first.ledger_id.startswith("SUSPENSE-")
    assert (again.ledger_id, again.identified_by) == (first.ledger_id, None)
