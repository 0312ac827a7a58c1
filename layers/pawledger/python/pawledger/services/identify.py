"""Identifying the account of a bank movement: by computation first, by what was remembered second, never by a guess."""

from collections.abc import Sequence
from dataclasses import dataclass

from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.payment_references import (
    InvoiceAddress,
    find_creditor_references,
    read_creditor_reference,
    read_numeric_reference,
)
from pawledger.ports import Ledger, ReferenceBook
from pawledger.services.mandates import mandate_reference_of


@dataclass(frozen=True, slots=True)
class Clues:
    """What a statement says about whose money it is."""

    references: Sequence[str]
    text: str
    mandate_id: str | None
    payer_key: str | None = None
    """Keyed hash of the account that paid."""
    name_keys: tuple[str, ...] = ()
    """Keyed hashes of the parts of the payer's name."""


@dataclass(frozen=True, slots=True)
class Route:
    """The ledger that takes a movement, and how it was found."""

    ledger_id: str
    invoice_number: int | None
    identified_by: str | None


def identify_account(payment_id: str, clues: Clues, references: ReferenceBook, ledger: Ledger) -> Route:
    """Which ledger takes a movement; the same answer for the same movement, however often and whenever it is asked.

    One of our creditor references leads to its account by computation alone. Every other way depends on what is known
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
    candidate = None if addresses else _look_up(clues, references, ledger)
    ledger_id = references.claim(route, candidate.ledger_id if candidate else suspense_ledger_of(payment_id))
    return candidate if candidate and candidate.ledger_id == ledger_id else Route(ledger_id, None, None)


def _find_addresses(clues: Clues) -> tuple[InvoiceAddress, ...]:
    """Addresses in structured references, else in the text; several accounts among them mean that none is sure."""
    exact = {address: None for reference in clues.references if (address := read_creditor_reference(reference))}
    if exact:
        return tuple(exact)
    texts = (*clues.references, clues.text)
    return tuple({address: None for text in texts for address in find_creditor_references(text)})


def _look_up(clues: Clues, references: ReferenceBook, ledger: Ledger) -> Route | None:
    """The account of a mandate, or of a reference in digits whose invoice was really issued."""
    if clues.mandate_id:
        account_id = references.find(mandate_reference_of(clues.mandate_id))
        if account_id:
            return Route(account_id, None, "mandate")
    numbers = (read_numeric_reference(reference) for reference in clues.references)
    issued = [address for address in numbers if address and _is_issued(address, ledger)]
    if len({address.account_id for address in issued}) != 1:
        return None
    return Route(issued[0].account_id, issued[0].invoice_number, "payment reference in digits")


def _is_issued(address: InvoiceAddress, ledger: Ledger) -> bool:
    head = ledger.read_head(address.account_id, consistent=True)
    return head is not None and 1 <= address.invoice_number <= head.invoice_count
