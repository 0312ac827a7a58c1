"""What a line and the books together allow to know: a second opinion that shares no code with the matcher.

It is slow and plain on purpose: every text within one typing error is looked up, every set of open invoices added up.
What the payer meant is known from how the line was made; here it is only found out whether anyone could know it.
"""

import string
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final

from benchmarks.matching.books import BilledAccount, Books
from benchmarks.matching.names import Name
from benchmarks.matching.truth import Decidability
from benchmarks.matching.typing_errors import CONFUSED
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of, numeric_reference_of

INVOICE_NUMBER_SIGNS: Final = 4
"""At the end of a reference: as long as no more is cut off, the account id is whole."""

LIKELY_SCORE: Final = 2
"""At least two things must speak for an account that nothing proves, for instance a name and the amount."""

_SIGNS: Final = string.digits + string.ascii_uppercase
_DIGITS: Final = {letter: digit for digit, letters in CONFUSED.items() for letter in letters}

Split = tuple[tuple[int, int], ...]
"""Places of accounts in the books and what each gets, in the order of the places."""


@dataclass(slots=True)
class Draft:
    """A line while it is made: what was meant, and what of it can be seen."""

    amount_minor: int
    currency: str
    parts: Split
    invoice_ids: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    text: str = ""
    mandate_id: str | None = None
    bank_account: str | None = None
    name: Name | None = None
    is_proven: bool = False
    """A right reference, a mandate or a known id says it."""
    spoiled: str | None = None
    """A reference with a mistake in it, as it stands there, without blanks."""
    is_foreign: bool = False
    """Another creditor's reference stands there, with right check digits: nobody takes it for a word."""
    lost_signs: int = 0
    """How many of its signs were cut off at the end."""


@dataclass(frozen=True, slots=True)
class _OpenReference:
    place: int
    amount_minor: int


class Judge:
    """Looks things up in books that do not change."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._open: dict[str, _OpenReference] = {}
        for place, account in enumerate(books.accounts):
            for invoice in account.open_invoices:
                address = InvoiceAddress(account.account_id, int(invoice.invoice_id[-INVOICE_NUMBER_SIGNS:]))
                found = _OpenReference(place, invoice.remaining_minor)
                self._open[creditor_reference_of(address)] = found
                self._open[numeric_reference_of(address)] = found
        self._sorted = sorted(self._open)

    def judge(self, draft: Draft) -> Decidability:
        """What anyone could know of a line."""
        if not draft.parts:
            is_proven = self._proven_by_payer(draft) is not None and not draft.is_foreign
            return Decidability.MISLEADING if is_proven else Decidability.UNDECIDABLE
        if draft.is_proven:
            return Decidability.PROVEN
        resembling = list(self._resembling(draft))
        proven = self._proven_by_reference(draft, resembling) or self._proven_by_payer(draft)
        if proven is not None:
            return Decidability.PROVEN if proven == draft.parts else Decidability.MISLEADING
        return self._weigh(draft, resembling)

    def _resembling(self, draft: Draft) -> Iterator[_OpenReference]:
        """Open invoices whose reference may have been meant."""
        if draft.spoiled is None:
            return
        if draft.lost_signs:
            start = bisect_left(self._sorted, draft.spoiled)
            for place in range(start, len(self._sorted)):
                if not self._sorted[place].startswith(draft.spoiled):
                    return
                yield self._open[self._sorted[place]]
        else:
            for text in within_one_error(draft.spoiled):
                if text in self._open:
                    yield self._open[text]

    def _proven_by_reference(self, draft: Draft, resembling: list[_OpenReference]) -> Split | None:
        exact = self._open.get(draft.spoiled or "")
        if exact and self._is_exact(draft, exact):
            return ((exact.place, draft.amount_minor),)
        fitting = [each for each in resembling if self._is_exact(draft, each)]
        if len(fitting) != 1 or draft.lost_signs > INVOICE_NUMBER_SIGNS:
            return None
        return ((fitting[0].place, draft.amount_minor),)

    def _is_exact(self, draft: Draft, found: _OpenReference) -> bool:
        is_same_currency = self._books.accounts[found.place].currency == draft.currency
        return is_same_currency and found.amount_minor == draft.amount_minor

    def _proven_by_payer(self, draft: Draft) -> Split | None:
        """The one way in which the amount fits what is open of the accounts that the payer has paid before."""
        places = self._known(draft)
        choices = [[0, *_sums(self._books.accounts[place], draft.currency)] for place in places]
        ways = [sums for sums in product(*choices) if sum(sums) == draft.amount_minor]
        if len(ways) != 1:
            return None
        return tuple((place, sum_minor) for place, sum_minor in zip(places, ways[0], strict=True) if sum_minor)

    def _known(self, draft: Draft) -> tuple[int, ...]:
        return self._books.known_bank_accounts.get(draft.bank_account or "", ())

    def _weigh(self, draft: Draft, resembling: list[_OpenReference]) -> Decidability:
        """Count what speaks for each account; a reference that resembles only its own counts twice."""
        scores: Counter[int] = Counter()
        named = {each.place for each in resembling}
        scores.update({place: 2 if len(named) == 1 else 1 for place in named})
        scores.update(self._known(draft))
        if draft.name is not None:
            scores.update(self._books.known_names.get(draft.name, ()))
        for place in scores:
            scores[place] += draft.amount_minor in _sums(self._books.accounts[place], draft.currency)
        best = scores.most_common(2)
        is_alone = len(best) == 1 or (len(best) > 1 and best[0][1] > best[1][1])
        is_meant = bool(best) and len(draft.parts) == 1 and best[0][0] == draft.parts[0][0]
        is_likely = is_alone and is_meant and best[0][1] >= LIKELY_SCORE
        return Decidability.LIKELY if is_likely else Decidability.UNDECIDABLE


def within_one_error(text: str) -> set[str]:
    """Every text that one typing error makes of a text, or that the text was made of by one."""
    found = set(_unconfuse(text))
    for place in range(len(text) + 1):
        before, after = text[:place], text[place:]
        found.update(before + sign + after for sign in _SIGNS)
        if after:
            found.update(before + sign + after[1:] for sign in _SIGNS)
            found.add(before + after[1:])
            found.add(before + after[1:2] + after[:1] + after[2:])
    return found


def _unconfuse(text: str) -> Iterator[str]:
    """The text with each set of the letters that look like digits read as digits.

    Check digits and invoice number are digits whatever is read in the account id between them.
    """
    head, body, number = text[:4], text[4:-INVOICE_NUMBER_SIGNS], text[-INVOICE_NUMBER_SIGNS:]
    letters = [letter for letter in _DIGITS if letter in text]
    for count in range(len(letters) + 1):
        for chosen in combinations(letters, count):
            yield _as_digits(text, chosen)
            yield _as_digits(head, letters) + _as_digits(body, chosen) + _as_digits(number, letters)


def _as_digits(text: str, letters: Iterable[str]) -> str:
    return "".join(_DIGITS[sign] if sign in letters else sign for sign in text)


def _sums(account: BilledAccount, currency: str) -> set[int]:
    """What any of the open invoices add up to, in minor units."""
    if account.currency != currency:
        return set()
    return _add_up(invoice.remaining_minor for invoice in account.open_invoices)


def _add_up(amounts: Iterable[int]) -> set[int]:
    sums = {0}
    for amount_minor in amounts:
        sums |= {each + amount_minor for each in sums}
    return sums - {0}
