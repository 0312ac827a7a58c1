"""Which accounts and payers of the books each class of line can be about."""

import random
from collections import defaultdict
from dataclasses import dataclass

from benchmarks.matching.books import Books
from benchmarks.matching.names import Name


@dataclass(frozen=True, slots=True)
class KnownPayer:
    """A bank account that is known, with an account of the books."""

    payer_place: int
    bank_account: str
    place: int


class Pools:
    """Lists to draw from, each for what its name says."""

    def __init__(self, books: Books) -> None:
        accounts = books.accounts
        self.open = [place for place, each in enumerate(accounts) if each.open_invoices]
        self.several_open = [place for place in self.open if len(accounts[place].open_invoices) > 1]
        self.settled = [place for place, each in enumerate(accounts) if each.settled_count]
        self.mandated = [place for place in self.open if accounts[place].mandate_id]
        self.marked = [place for place in self.open if accounts[place].mark in books.known_marks]
        self.returnable = [
            place for place in self.settled if accounts[place].mandate_id and accounts[place].mark in books.known_marks
        ]
        self.known, self.first_time = _pair_payers(books)
        self.bundling = [
            each
            for each in self.known
            if sum(bool(accounts[place].open_invoices) for place in books.payers[each.payer_place].account_places) > 1
        ]
        self.twins = _find_twins(books)

    def draw_twin(self, chance: random.Random) -> tuple[Name, int, int]:
        """A name, an amount, and the place of one of the accounts where both are alike."""
        name, amount_minor, places = chance.choice(self.twins)
        return name, amount_minor, chance.choice(places)


def _pair_payers(books: Books) -> tuple[list[KnownPayer], list[KnownPayer]]:
    """Bank accounts with accounts they have paid, and those that have paid others with accounts they have not."""
    known: list[KnownPayer] = []
    first_time: list[KnownPayer] = []
    for payer_place, payer in enumerate(books.payers):
        for bank_account in payer.bank_accounts:
            paid = books.known_bank_accounts.get(bank_account, ())
            for place in payer.account_places:
                if not paid or not books.accounts[place].open_invoices:
                    continue
                pair = KnownPayer(payer_place, bank_account, place)
                (known if place in paid else first_time).append(pair)
    return known, first_time


def _find_twins(books: Books) -> list[tuple[Name, int, list[int]]]:
    """Accounts paid under the same name on which the same amount of the same currency is open."""
    alike: dict[tuple[Name, str, int], list[int]] = defaultdict(list)
    for name, places in books.known_names.items():
        for place in places:
            account = books.accounts[place]
            for amount_minor in dict.fromkeys(invoice.remaining_minor for invoice in account.open_invoices):
                alike[name, account.currency, amount_minor].append(place)
    return [(name, amount_minor, places) for (name, _, amount_minor), places in alike.items() if len(places) > 1]
