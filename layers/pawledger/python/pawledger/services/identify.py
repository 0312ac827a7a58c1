"""Finding the ledger of a bank movement: by computation first, by what was remembered second, never by a guess."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pawledger.domain.account_suggestions import suggest_accounts
from pawledger.domain.identification import identify_payment, identify_return
from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.payment_clues import Candidate, Identification, Part, PaymentClues, Rung
from pawledger.ports import Ledger, ReferenceBook
from pawledger.services.account_book import StoredAccountBook, StoredSuggestionBook

CANDIDATES_KEPT_MAX: Final = 3
"""What the entry of a payment that waits keeps for whoever looks at it, so that it stays under 1 KB."""


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
    invoice_ids: tuple[str, ...]
    """The invoices that the payer named, in the payer's order."""
    identified_by: str | None
    parts: tuple[Part, ...] = ()
    """What belongs to whom, where it is several accounts': then the ledger is one of suspense, which passes it on."""
    candidates: tuple[Candidate, ...] = ()
    """Who may be meant, best first, where nobody is certain."""


def identify_account(
    payment_id: str, clues: PaymentClues, references: ReferenceBook, ledger: Ledger, *, is_payment: bool = True
) -> Route:
    """Which ledger takes a movement; the same answer for the same movement, however often and whenever it is asked.

    One of our creditor references leads to its account by computation alone. Every other way depends on what is known
    on the day, so its first answer is remembered and holds for ever: a movement that once went to suspense is not
    posted to an account when it is delivered again, not even where it then carries our reference.
    """
    route, suspense = f"route#{payment_id}", suspense_ledger_of(payment_id)
    book = StoredAccountBook(references, ledger)
    found = (identify_payment if is_payment else identify_return)(clues, book)
    ledger_id = found.parts[0].account_id if len(found.parts) == 1 else suspense
    if found.rung is Rung.REFERENCE and len(found.parts) == 1 and not book.was_asked:
        remembered = references.find(route) or ledger_id
    else:
        remembered = references.claim(route, ledger_id)
    if remembered != ledger_id:
        return Route(remembered, (), None)
    if len(found.parts) == 1:
        return Route(ledger_id, found.parts[0].invoice_ids, found.rung)
    candidates = () if found.parts or not is_payment else _suggest(clues, found, book)
    return Route(ledger_id, (), found.rung, found.parts, candidates)


def _suggest(clues: PaymentClues, found: Identification, book: StoredAccountBook) -> tuple[Candidate, ...]:
    suggested = suggest_accounts(clues, StoredSuggestionBook(book, clues), known=found.candidates)
    return suggested[:CANDIDATES_KEPT_MAX]
