"""Identifying the account of a bank movement: by computation first, by what was remembered second, never by a guess."""

from collections.abc import Sequence
from dataclasses import dataclass

from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.payment_references import InvoiceAddress, find_payment_references, read_payment_reference
from pawledger.ports import ReferenceBook
from pawledger.services.mandates import mandate_reference_of


@dataclass(frozen=True, slots=True)
class Clues:
    """What a statement says about whose money it is."""

    references: Sequence[str]
    text: str
    mandate_id: str | None


@dataclass(frozen=True, slots=True)
class Route:
    """The ledger that takes a movement, and how it was found."""

    ledger_id: str
    invoice_number: int | None
    identified_by: str | None


def identify_account(payment_id: str, clues: Clues, references: ReferenceBook) -> Route:
    """Which ledger takes a movement; the same answer for the same movement, however often and whenever it is asked.

    One of our payment references leads to its account by computation alone. Every other way depends on what is known
    on the day, so its first answer is remembered and holds for ever: a movement that once went to suspense is not
    posted to an account when it is delivered again, not even where it then carries our reference.
    """
    route = f"route#{payment_id}"
    addresses = _find_addresses(clues)
    account_ids = {address.account_id for address in addresses}
    if len(account_ids) == 1:
        remembered = references.find(route)
        if remembered is None or remembered == addresses[0].account_id:
            return Route(addresses[0].account_id, addresses[0].invoice_number, "payment reference")
        return Route(remembered, None, None)
    candidate = references.find(mandate_reference_of(clues.mandate_id)) if clues.mandate_id and not addresses else None
    ledger_id = references.claim(route, candidate or suspense_ledger_of(payment_id))
    return Route(ledger_id, None, "mandate" if ledger_id == candidate else None)


def _find_addresses(clues: Clues) -> tuple[InvoiceAddress, ...]:
    """Addresses in structured references, else in the text; several accounts among them mean that none is sure."""
    exact = {address: None for reference in clues.references if (address := read_payment_reference(reference))}
    if exact:
        return tuple(exact)
    texts = (*clues.references, clues.text)
    return tuple({address: None for text in texts for address in find_payment_references(text)})
