"""The books as the matcher asks them, held in memory: dictionaries by what is looked up."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Final

from benchmarks.matching.books import Books
from benchmarks.matching.truth import BankLine
from pawledger.domain.matching.payment_clues import OpenAccount, PaymentClues
from pawledger.services.posting.payer_memory import SLOTS_MAX
from pawledger.services.receiving.payer_keys import PayerKeys

KEPT_KEYS: Final = 100_000
"""Keyed hashes kept from line to line: making them is not what is measured."""


class _Secret:
    """The secret of a deployment that was never deployed."""

    def read(self) -> bytes:
        return b"benchmark"


_KEYS: Final = PayerKeys(_Secret())


class KnownBooks:
    """`AccountBook` and `SuggestionBook` in one.

    As a deployment, it remembers `SLOTS_MAX` accounts of a part of a name and finds nothing by amount alone, unless it
    is told to know everything.
    """

    def __init__(self, books: Books, *, knows_everything: bool = False) -> None:
        ids = [account.account_id for account in books.accounts]
        self.accounts = {
            each.account_id: OpenAccount(each.account_id, each.currency, each.issued_count, each.open_invoices)
            for each in books.accounts
        }
        self._mandates = {each.mandate_id: each.account_id for each in books.accounts if each.mandate_id}
        self._marks = {mark: ids[place] for mark, place in books.known_marks.items()}
        self._payers = {
            key: tuple(ids[place] for place in places)
            for bank_account, places in books.known_bank_accounts.items()
            if (key := _payer_key_of(bank_account))
        }
        self._names: dict[str, list[str]] = defaultdict(list)
        self._name_keys: dict[str, set[str]] = defaultdict(set)
        for name, places in books.known_names.items():
            for key, place in product(_name_keys_of(str(name)), places):
                remembered = self._names[key]
                is_new = key not in self._name_keys[ids[place]]
                if is_new and (knows_everything or len(remembered) < SLOTS_MAX):
                    remembered.append(ids[place])
                    self._name_keys[ids[place]].add(key)
        self._payer_keys: dict[str, set[str]] = defaultdict(set)
        for key, account_ids in self._payers.items():
            for account_id in account_ids:
                self._payer_keys[account_id].add(key)
        self._amounts: dict[tuple[str, int], list[str]] = defaultdict(list)
        for account in books.accounts if knows_everything else ():
            amounts = {account.open_minor, *(invoice.remaining_minor for invoice in account.open_invoices)} - {0}
            for amount_minor in sorted(amounts):
                self._amounts[account.currency, amount_minor].append(account.account_id)

    def find_accounts(self, account_ids: Sequence[str]) -> Mapping[str, OpenAccount]:
        return {each: self.accounts[each] for each in account_ids if each in self.accounts}

    def find_mandate(self, mandate_id: str) -> str | None:
        return self._mandates.get(mandate_id)

    def find_payer(self, payer_key: str) -> tuple[str, ...]:
        return self._payers.get(payer_key, ())

    def find_mark(self, reference: str) -> str | None:
        return self._marks.get(reference)

    def with_amount(self, currency: str, amount_minor: int) -> Sequence[str]:
        return self._amounts.get((currency, amount_minor), ())

    def with_name(self, name_key: str) -> Sequence[str]:
        return self._names.get(name_key, ())

    def view(self, account_id: str) -> tuple[OpenAccount, frozenset[str], frozenset[str]]:
        account = self.accounts.get(account_id) or OpenAccount(account_id, None, 0, ())
        names = frozenset(self._name_keys.get(account_id, ()))
        return account, names, frozenset(self._payer_keys.get(account_id, ()))


def clues_of(line: BankLine) -> PaymentClues:
    """What the matcher is told of a line."""
    return PaymentClues(
        amount_minor=line.amount_minor,
        currency=line.currency,
        booked_on=line.booked_on,
        references=line.references,
        text=line.text,
        mandate_id=line.mandate_id,
        payer_key=_payer_key_of(line.bank_account),
        name_keys=_name_keys_of(line.payer_name),
    )


@lru_cache(KEPT_KEYS)
def _payer_key_of(bank_account: str | None) -> str | None:
    return _KEYS.payer_key_of(bank_account)


@lru_cache(KEPT_KEYS)
def _name_keys_of(name: str) -> tuple[str, ...]:
    return _KEYS.name_keys_of(name)
