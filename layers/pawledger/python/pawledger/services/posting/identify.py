"""Finding the ledger of a bank movement: by computation first, by what was remembered second, never by a guess."""

from typing import Final

from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.matching.account_suggestions import suggest_accounts
from pawledger.domain.matching.identification import identify_payment, identify_return
from pawledger.domain.matching.payment_clues import Candidate, Identification, PaymentClues
from pawledger.ports import Ledger, ReferenceBook
from pawledger.services.posting.account_book import StoredAccountBook, StoredSuggestionBook
from pawledger.services.posting.routes import Route

CANDIDATES_KEPT_MAX: Final = 3
"""What the entry of a payment that waits keeps for whoever looks at it, so that it stays under 1 KB."""


def identify_account(
    payment_id: str,
    clues: PaymentClues,
    references: ReferenceBook,
    ledger: Ledger,
    *,
    is_payment: bool = True,
    is_told_twice: bool = False,
) -> Route:
    """Which ledger takes a movement; the same answer for the same movement, however often and whenever it is asked.

    One of our creditor references leads to its account by computation alone. Every other way depends on what is known
    on the day, so its first answer is remembered and holds for ever: a movement that once went to suspense is not
    posted to an account when it is delivered again, not even where it then carries our reference. Of a movement that is
    told twice, by webhook and by report, every answer is remembered: the other telling may lack our reference.
    """
    route, suspense = f"route#{payment_id}", suspense_ledger_of(payment_id)
    book = StoredAccountBook(references, ledger, of_taking_back=not is_payment)
    found = (identify_payment if is_payment else identify_return)(clues, book)
    ledger_id = found.parts[0].account_id if len(found.parts) == 1 else suspense
    if found.is_lasting and not is_told_twice:
        remembered = references.find(route) or ledger_id
    else:
        remembered = references.claim(route, ledger_id)
    if remembered != ledger_id:
        return Route(remembered, (), None)
    if len(found.parts) == 1:
        return Route(ledger_id, found.parts[0].invoice_ids, found.rung, candidates=found.candidates[:1])
    candidates = () if found.parts or not is_payment else _suggest(clues, found, book)
    return Route(ledger_id, (), found.rung, found.parts, candidates)


def _suggest(clues: PaymentClues, found: Identification, book: StoredAccountBook) -> tuple[Candidate, ...]:
    suggested = suggest_accounts(clues, StoredSuggestionBook(book, clues), known=found.candidates)
    return suggested[:CANDIDATES_KEPT_MAX]
