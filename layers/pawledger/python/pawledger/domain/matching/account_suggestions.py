"""Suggestions: which accounts a payment may be for that no rung of identification made certain.

Name and amount are tried here and nowhere else: they only ever give candidates for a person, and nothing is posted.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest
from itertools import islice
from typing import Final

from pawledger.domain.matching.candidate_scores import Evidence, lacks_of, score_of, weigh_amount
from pawledger.domain.matching.cut_off_references import CutOffReference, find_cut_off
from pawledger.domain.matching.identification import CANDIDATES_MAX, invoice_id_of
from pawledger.domain.matching.payment_clues import Candidate, OpenAccount, PaymentClues, SuggestionBook

ANSWERS_MAX: Final = 2_000
"""Accounts of one answer that are looked at: of a frequent name, or of a premium that many pay."""

VIEWED_MAX: Final = 50
"""Accounts that are looked at more closely: those that most answers name."""

NAME_KEYS_MAX: Final = 11
"""Keys of a name that are asked for: the whole, each two of its four parts, and these."""

_PARTS: Final = {7: 3, 11: 4}
"""How many parts a name has by the number of its keys; with fewer keys, of one or two parts, no two make less than all
of it."""

DAYS_AWAY_MAX: Final = 10_000
"""Where nothing is open: behind everything that is."""

_KEPT: Final = frozenset({Evidence.NAMED, Evidence.CORRECTED, Evidence.CUT_OFF, Evidence.MARK})
"""What identification alone finds out; the rest is found out of every account anew."""


def suggest_accounts(
    clues: PaymentClues, book: SuggestionBook, *, known: Sequence[Candidate] = ()
) -> tuple[Candidate, ...]:
    """The accounts that a payment may be for, best first, at most `CANDIDATES_MAX`.

    `known` are the candidates that identification gave: what spoke for them counts on. Of two accounts for which the
    same speaks, the one comes first that has an invoice due nearer to the payment.
    """
    by_id = {candidate.account_id: candidate for candidate in known}
    cut_off = find_cut_off((*clues.references, clues.text))
    ranked = []
    for account_id in _choose(clues, book, by_id):
        account, name_keys, payer_keys = book.view(account_id)
        found = [*_weigh_payer(clues, name_keys, payer_keys), *_weigh_open(clues, account)]
        before = by_id.get(account_id)
        if before:
            found[:0] = [each for each in Evidence if each in _KEPT and each in before.matched]
        invoice_ids = before.invoice_ids if before else ()
        begun = () if Evidence.CUT_OFF in found else _find_begun(cut_off, account)
        if begun:
            found.insert(0, Evidence.CUT_OFF)
            invoice_ids += begun
        candidate = Candidate(account_id, invoice_ids, score_of(found), tuple(found), lacks_of(found))
        ranked.append(((-candidate.score, _days_away(clues, account), account_id), candidate))
    ranked.sort(key=lambda each: each[0])
    return tuple(candidate for _, candidate in ranked[:CANDIDATES_MAX])


def _choose(clues: PaymentClues, book: SuggestionBook, known: Iterable[str]) -> list[str]:
    """Those known and those that most answers name; one that many others share as well comes behind one that few do."""
    answers = [book.with_name(name_key) for name_key in clues.name_keys[:NAME_KEYS_MAX]]
    answers.append(book.with_amount(clues.currency, clues.amount_minor))
    weights: dict[str, float] = {}
    for answer in answers:
        for account_id in islice(answer, ANSWERS_MAX):
            weights[account_id] = weights.get(account_id, 0) + 1 + 1 / len(answer)
    others = nsmallest(VIEWED_MAX, weights, key=lambda account_id: (-weights[account_id], account_id))
    return list(dict.fromkeys((*known, *others)))


def _find_begun(cut_off: Sequence[CutOffReference], account: OpenAccount) -> tuple[str, ...]:
    """Issued invoices of an account whose id a reference begins that was cut off within it."""
    addresses = (each.address_in(account.account_id) for each in cut_off if each.may_begin(account.account_id))
    return tuple(invoice_id_of(each) for each in addresses if 1 <= each.invoice_number <= account.invoice_count)


def _weigh_payer(clues: PaymentClues, name_keys: frozenset[str], payer_keys: frozenset[str]) -> Iterator[Evidence]:
    if clues.payer_key in payer_keys:
        yield Evidence.PAYER
    if clues.name_keys[:1] and clues.name_keys[0] in name_keys:
        yield Evidence.NAME
    elif not name_keys.isdisjoint(_pairs_of(clues.name_keys)):
        yield Evidence.TWO_PARTS_OF_NAME
    elif not name_keys.isdisjoint(clues.name_keys):
        yield Evidence.PART_OF_NAME


def _pairs_of(name_keys: Sequence[str]) -> Sequence[str]:
    """The keys of two parts each of a name of more: behind the whole, before the parts."""
    parts = _PARTS.get(len(name_keys))
    return name_keys[1:-parts] if parts else ()


def _weigh_open(clues: PaymentClues, account: OpenAccount) -> Iterator[Evidence]:
    amount = weigh_amount(clues.amount_minor, account.open_invoices)
    if amount and account.currency == clues.currency:
        yield amount


def _days_away(clues: PaymentClues, account: OpenAccount) -> int:
    """Days between the payment and the due day nearest to it, of an invoice with the amount where there is one."""
    equal = [each for each in account.open_invoices if each.remaining_minor == clues.amount_minor]
    days = (abs((each.due_on - clues.booked_on).days) for each in equal or account.open_invoices)
    return min(days, default=DAYS_AWAY_MAX)
