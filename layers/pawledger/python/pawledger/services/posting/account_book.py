"""The books that identification asks, over ledgers and references as they are stored."""

from collections.abc import Mapping, Sequence

from pawledger.domain.matching.marks import marks_of
from pawledger.domain.matching.payment_clues import OpenAccount, PaymentClues
from pawledger.ports import Ledger, ReferenceBook
from pawledger.services.posting.payer_memory import (
    MARK_SLOTS_MAX,
    NOBODY,
    SLOTS_MAX,
    mark_reference_of,
    name_reference_of,
    payer_reference_of,
    recall_accounts,
)
from pawledger.services.receiving.mandates import mandate_reference_of


class StoredAccountBook:
    """Fulfils `AccountBook`. Each account is read once.

    For what takes a payment back, an id leads to the account of that payment even where it proves nothing any more.
    """

    def __init__(self, references: ReferenceBook, ledger: Ledger, *, of_taking_back: bool = False) -> None:
        self._references = references
        self._ledger = ledger
        self._passed_over = NOBODY if of_taking_back else None
        self._accounts: dict[str, OpenAccount] = {}

    def find_accounts(self, account_ids: Sequence[str]) -> Mapping[str, OpenAccount]:
        for account_id in account_ids:
            head = None if account_id in self._accounts else self._ledger.read_head(account_id, consistent=True)
            if head is not None:
                self._accounts[account_id] = OpenAccount(
                    account_id, head.currency, head.invoice_count, head.open_invoices
                )
        return {account_id: self._accounts[account_id] for account_id in account_ids if account_id in self._accounts}

    def find_mandate(self, mandate_id: str) -> str | None:
        return self._references.find(mandate_reference_of(mandate_id))

    def find_payer(self, payer_key: str) -> tuple[str, ...]:
        """See `AccountBook.find_payer`; nobody where all slots are taken: that is who pays for others."""
        found = recall_accounts(payer_reference_of(payer_key), self._references)
        return found if len(found) < SLOTS_MAX else ()

    def find_mark(self, reference: str) -> str | None:
        for mark in marks_of([reference]):
            remembered = recall_accounts(mark_reference_of(mark), self._references, MARK_SLOTS_MAX)
            found = [account_id for account_id in remembered if account_id != self._passed_over]
            if len(found) == 1:
                return found[0]
        return None

    def find_name(self, name_key: str) -> tuple[str, ...]:
        """The accounts that somebody paid before whose name has this part, of those that are there."""
        found = recall_accounts(name_reference_of(name_key), self._references)
        return tuple(self.find_accounts(found))


class StoredSuggestionBook:
    """Fulfils `SuggestionBook` for one payment: of an account it knows what of the payment led to it.

    Nothing is stored by amount: amounts are compared where a payer, a name or a damaged reference led to an account.
    Who owes an amount without any other clue is found when a day is closed (`amount_suggestions`).
    """

    def __init__(self, book: StoredAccountBook, clues: PaymentClues) -> None:
        self._book = book
        self._payer = (clues.payer_key, book.find_payer(clues.payer_key)) if clues.payer_key else ("", ())
        self._names = {name_key: book.find_name(name_key) for name_key in clues.name_keys}

    def with_amount(self, currency: str, amount_minor: int) -> Sequence[str]:  # noqa: ARG002
        return ()

    def with_name(self, name_key: str) -> Sequence[str]:
        return self._names.get(name_key, ())

    def view(self, account_id: str) -> tuple[OpenAccount, frozenset[str], frozenset[str]]:
        payer_key, paid = self._payer
        account = self._book.find_accounts([account_id]).get(account_id, OpenAccount(account_id, None, 0, ()))
        names = frozenset(name_key for name_key, found in self._names.items() if account_id in found)
        return account, names, frozenset([payer_key] if account_id in paid else [])
