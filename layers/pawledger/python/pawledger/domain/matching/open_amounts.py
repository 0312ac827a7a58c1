"""Suggestions by amount alone: which accounts have open what a payment brought that nothing leads to an account.

Nothing is stored by amount, so no account can be asked for by one. Whoever looks at every account anyway holds each
against all payments that wait at once. An amount proves nothing: it gives candidates for a person, and posts nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from pawledger.domain.books.entries import OpenInvoice
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.matching.candidate_scores import Evidence, lacks_of, score_of, weigh_amount
from pawledger.domain.matching.payment_clues import Candidate
from pawledger.domain.worklist.discrepancies import DiscrepancyKind, DiscrepancyStatus
from pawledger.domain.worklist.discrepancy_life import RecordedDiscrepancy

PAYMENTS_HELD_MAX: Final = 10_000
"""Payments that are held against all accounts in one look; with more of them nobody works through a list."""

ACCOUNTS_PER_AMOUNT_MAX: Final = 5
"""Of a premium that more accounts owe the amount says too little for any of them: none is named."""

_AMOUNTS: Final = frozenset({Evidence.AMOUNT, Evidence.AMOUNT_OF_SEVERAL})


@dataclass(frozen=True, slots=True)
class _Owing:
    """An account that has an amount open."""

    account_id: str
    evidence: Evidence
    due_days: tuple[date, ...]


def amount_in_question(recorded: RecordedDiscrepancy) -> tuple[str, int] | None:
    """Currency and minor units of an open payment that nobody could identify, or None where there is none.

    What was resolved in part is none either: the rest of a payment is no amount that its payer chose.
    """
    found = recorded.discrepancy
    if found.kind is not DiscrepancyKind.UNIDENTIFIED_PAYMENT or recorded.status is not DiscrepancyStatus.OPEN:
        return None
    if not found.currency or not found.amount_minor or recorded.last_decision is not None:
        return None
    return found.currency, found.amount_minor


class OpenAmounts:
    """The amounts of payments that wait, held against one account after the other.

    Of an amount no more than `ACCOUNTS_PER_AMOUNT_MAX` accounts and one are remembered, however many there are.
    """

    def __init__(self, payments: Iterable[RecordedDiscrepancy]) -> None:
        self._owing: dict[str, dict[int, list[_Owing]]] = {}
        for amount in filter(None, map(amount_in_question, payments)):
            currency, amount_minor = amount
            self._owing.setdefault(currency, {})[amount_minor] = []

    def add(self, head: AccountHead) -> None:
        """Hold the amounts against what is open of an account."""
        asked = self._owing.get(head.currency or "")
        if not asked or not head.open_invoices:
            return
        for amount_minor in set(_amounts_of(head.open_invoices)):
            owing = asked.get(amount_minor)
            if owing is None or len(owing) > ACCOUNTS_PER_AMOUNT_MAX:
                continue
            evidence = weigh_amount(amount_minor, head.open_invoices)
            if evidence is not None:
                owing.append(_Owing(head.account_id, evidence, _due_days(amount_minor, head.open_invoices)))

    def find_candidates(self, payment: RecordedDiscrepancy) -> tuple[Candidate, ...]:
        """The accounts that have open what a payment brought, best first; none where too many have.

        One invoice comes before the sum of several, and then the due day that is nearer to the payment.
        """
        amount = amount_in_question(payment)
        owing = self._owing.get(amount[0], {}).get(amount[1], []) if amount else []
        if len(owing) > ACCOUNTS_PER_AMOUNT_MAX:
            return ()
        paid_on = payment.discrepancy.born_on
        ranked = sorted(
            owing,
            key=lambda each: (
                -score_of([each.evidence]),
                min(abs((due_on - paid_on).days) for due_on in each.due_days),
                each.account_id,
            ),
        )
        return tuple(_candidate(each.account_id, [each.evidence]) for each in ranked)


def join_candidates(
    kept: Sequence[Candidate], by_amount: Iterable[Candidate], heads: Iterable[AccountHead], amount: tuple[str, int]
) -> tuple[Candidate, ...]:
    """The candidates that the entry of a payment keeps together with those by amount alone, best first.

    `heads` are the accounts of those by amount as they are now: one that has not that much open any more, because it
    was paid meanwhile, is left out. What the entry keeps of an account counts with the amount.
    """
    currency, amount_minor = amount
    by_id = {candidate.account_id: candidate for candidate in kept}
    now = {head.account_id: head for head in heads if head.currency == currency}
    for account_id in (candidate.account_id for candidate in by_amount):
        evidence = weigh_amount(amount_minor, now[account_id].open_invoices) if account_id in now else None
        if evidence is None:
            continue
        before = by_id[account_id].matched if account_id in by_id else ()
        found = [each for each in Evidence if each is evidence or (each in before and each not in _AMOUNTS)]
        by_id[account_id] = _candidate(account_id, found)
    return tuple(sorted(by_id.values(), key=lambda each: -each.score))


def is_amount_alone(candidate: Candidate) -> bool:
    """Whether nothing but an amount speaks for an account."""
    return bool(candidate.matched) and _AMOUNTS.issuperset(candidate.matched)


def _candidate(account_id: str, found: Sequence[Evidence]) -> Candidate:
    return Candidate(account_id, (), score_of(found), tuple(found), lacks_of(found))


def _amounts_of(open_invoices: Sequence[OpenInvoice]) -> Iterator[int]:
    """What is open of each invoice, and of the oldest two or more together."""
    sum_minor = 0
    for invoice in open_invoices:
        sum_minor += invoice.remaining_minor
        yield invoice.remaining_minor
        yield sum_minor


def _due_days(amount_minor: int, open_invoices: Sequence[OpenInvoice]) -> tuple[date, ...]:
    """Due days of the invoices with an amount, or of the oldest where it is the sum of several."""
    equal = tuple(each.due_on for each in open_invoices if each.remaining_minor == amount_minor)
    return equal or (open_invoices[0].due_on,)
