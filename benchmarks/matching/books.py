"""The books of the benchmark: accounts with open invoices, households that pay them, and what is known of the payers.

Ids run without gaps, as those of real systems do, so that the neighbour of an account is an account; premiums come
from a price list, so that many accounts owe the same. Both make it easy to mistake one account for another.
"""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from benchmarks.matching.account_ids import SCHEMES, AccountIds
from benchmarks.matching.drawing import draw
from benchmarks.matching.names import Name, Names
from pawledger.domain.books.entries import OpenInvoice

TODAY: Final = date(2026, 11, 26)

HOUSEHOLD_SIZES: Final = {1: 78, 2: 17, 3: 5}
"""Accounts of a household, and how many of a hundred have so many: most insure one pet, or all on one account."""
OPEN_COUNTS: Final = {0: 10, 1: 55, 2: 20, 3: 9, 4: 4, 6: 2}
"""Open invoices of an account, and how many of a hundred have so many, in the days after a bill run."""
CURRENCIES: Final = {"EUR": 60, "GBP": 25, "USD": 15}

SECOND_PAYER_SHARE: Final = 0.25
"""Households in which someone else pays too, now and then."""
OTHER_SURNAME_SHARE: Final = 0.3
"""Second payers with another surname: grandparents, partners."""
SECOND_BANK_ACCOUNT_SHARE: Final = 0.15
KNOWN_SHARE: Final = 0.85
"""Bank accounts of which a payment for an account that has paid before is known: the others paid by card, or cash."""
MANDATE_SHARE: Final = 0.35
ANNUAL_SHARE: Final = 0.15
PRICE_CHANGE_SHARE: Final = 0.15
"""Accounts of which the open invoices have two prices."""
PART_PAID_SHARE: Final = 0.03
"""Open invoices of which a part is paid."""
LIST_PRICE_SHARE: Final = 0.7
LIST_PRICE_COUNT: Final = 60


@dataclass(slots=True)
class BilledAccount:
    """An account as the books know it."""

    account_id: str
    currency: str
    issued_count: int
    """Invoices that were ever issued; the last of them are open."""
    open_invoices: tuple[OpenInvoice, ...]
    """Oldest due day first."""
    mandate_id: str | None
    premium_minor: int
    """What it is invoiced now, in minor units."""
    mark: str
    """The id that the bank or provider of its payer gives to every payment."""
    payer_places: list[int] = field(default_factory=list)

    @property
    def open_minor(self) -> int:
        return sum(invoice.remaining_minor for invoice in self.open_invoices)

    @property
    def settled_count(self) -> int:
        return self.issued_count - len(self.open_invoices)


@dataclass(slots=True)
class Payer:
    """Someone who pays."""

    name: Name
    bank_accounts: tuple[str, ...]
    account_places: tuple[int, ...]
    """Accounts that are paid, by their places in the books."""


@dataclass(slots=True)
class Books:
    """All accounts and payers, and what was learnt from payments that are long confirmed."""

    accounts: list[BilledAccount] = field(default_factory=list)
    payers: list[Payer] = field(default_factory=list)
    known_bank_accounts: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Bank account to the places of the accounts that it has paid."""
    known_marks: dict[str, int] = field(default_factory=dict)
    """Id of earlier payments to the place of the account that they were for."""
    known_names: dict[Name, list[int]] = field(default_factory=dict)
    """Name to the places of the accounts that someone of that name has paid."""
    open_count: int = 0


def make_books(seed: int, open_count: int) -> Books:
    """Books with so many open invoices. The same seed and count always give the same books."""
    chance = random.Random(seed)
    maker = _BookMaker(chance)
    while maker.books.open_count < open_count:
        maker.add_household(open_count)
    return maker.books


class _BookMaker:
    def __init__(self, chance: random.Random) -> None:
        self.books = Books()
        self._chance = chance
        self._names = Names(chance)
        self._prices = _Prices(chance)
        self._ids = AccountIds(chance)

    def add_household(self, open_count_max: int) -> None:
        """One household with its accounts and payers."""
        size = draw(self._chance, HOUSEHOLD_SIZES)
        currency = draw(self._chance, CURRENCIES)
        scheme = draw(self._chance, SCHEMES)
        first = len(self.books.accounts)
        for _ in range(size):
            self._add_account(self._ids.next_of(scheme), currency, open_count_max - self.books.open_count)
        places = tuple(range(first, first + size))
        owner = self._names.draw()
        self._add_payer(owner, places)
        if self._chance.random() < SECOND_PAYER_SHARE:
            other_surname = self._chance.random() < OTHER_SURNAME_SHARE
            self._add_payer(self._names.draw(None if other_surname else owner.surname), places)

    def _add_account(self, account_id: str, currency: str, open_count_max: int) -> None:
        chance = self._chance
        open_count = min(draw(chance, OPEN_COUNTS), open_count_max)
        issued_count = open_count + int(chance.expovariate(1 / 14))
        price_minor = self._prices.draw()
        if chance.random() < ANNUAL_SHARE:
            price_minor = price_minor * 12 * chance.randint(90, 100) // 100
        changes_at = chance.randrange(1, 6) if chance.random() < PRICE_CHANGE_SHARE else None
        first_due = TODAY + timedelta(days=chance.randrange(28) - 30 * open_count + 14)
        invoices = []
        for place in range(open_count):
            if place == changes_at:
                price_minor = price_minor * chance.randint(103, 125) // 100
            part = chance.randint(20, 90) if chance.random() < PART_PAID_SHARE else 100
            number = issued_count - open_count + place + 1
            due_on = first_due + timedelta(days=30 * place)
            invoices.append(OpenInvoice(f"{account_id}-{number:04d}", due_on, price_minor * part // 100))
        mandate_id = f"PAW-{account_id}-M1" if chance.random() < MANDATE_SHARE else None
        mark = f"E2E-{chance.getrandbits(48):012X}"
        if issued_count > open_count and chance.random() < KNOWN_SHARE:
            self.books.known_marks[mark] = len(self.books.accounts)
        self.books.accounts.append(
            BilledAccount(account_id, currency, issued_count, tuple(invoices), mandate_id, price_minor, mark)
        )
        self.books.open_count += open_count

    def _add_payer(self, name: Name, places: tuple[int, ...]) -> None:
        chance, books = self._chance, self.books
        place = len(books.payers)
        count = 2 if chance.random() < SECOND_BANK_ACCOUNT_SHARE else 1
        bank_accounts = tuple(
            f"DE{chance.randrange(100):02d}{50_010_000 + chance.randrange(9_999)}{place:08d}{n:02d}"
            for n in range(count)
        )
        books.payers.append(Payer(name, bank_accounts, places))
        for account_place in places:
            books.accounts[account_place].payer_places.append(place)
        for bank_account in bank_accounts:
            known = tuple(
                each for each in places if books.accounts[each].settled_count and chance.random() < KNOWN_SHARE
            )
            if known:
                books.known_bank_accounts[bank_account] = known
                of_name = books.known_names.setdefault(name, [])
                of_name.extend(each for each in known if each not in of_name)


class _Prices:
    """A price list whose first prices are the most frequent, and premiums that were rated one by one."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._list = chance.sample(
            [whole * 100 + cents for whole in range(6, 75) for cents in (0, 49, 90, 99)], LIST_PRICE_COUNT
        )
        self._weights = list(accumulate(1 / rank for rank in range(1, LIST_PRICE_COUNT + 1)))

    def draw(self) -> int:
        """A monthly premium in minor units."""
        if self._chance.random() < LIST_PRICE_SHARE:
            (price_minor,) = self._chance.choices(self._list, cum_weights=self._weights)
            return price_minor
        return max(500, round(self._chance.lognormvariate(8.1, 0.5)))
