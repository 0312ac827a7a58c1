"""Completeness: every month of cover is invoiced, held, still to come or known to be late, and exactly one of these."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.calendar import add_months, count_months
from pawledger.domain.policy.policies import BilledTerm, Installment

RENEWAL_DAYS: Final = 60
"""How long after its last day a renewal's notice is missed: by then the term is over, and nothing is left to renew."""


@dataclass(frozen=True, slots=True)
class MonthCounts:
    """Months of cover that began by a day, by what became of them; they sum to `begun` where nothing is unexplained."""

    begun: int = 0
    invoiced: int = 0
    held: int = 0
    """Not invoiced for a reason that a discrepancy names."""
    late: int = 0
    """Should have been invoiced on a day that is over."""
    to_come: int = 0
    """Invoiced on a day that is still to come, because the customer chose a later due day, or the policy came today."""
    unexplained: int = 0
    """Billed by no installment or by several, even where they begin later, or all months of an account whose unbilled
    balance is not what its terms say."""

    def __add__(self, other: "MonthCounts") -> "MonthCounts":
        return MonthCounts(
            self.begun + other.begun,
            self.invoiced + other.invoiced,
            self.held + other.held,
            self.late + other.late,
            self.to_come + other.to_come,
            self.unexplained + other.unexplained,
        )


def count_account_months(head: AccountHead, terms: Iterable[BilledTerm], day: date) -> MonthCounts:
    """The months of cover of an account that began by a day.

    What is not invoiced must be what the ledger holds as unbilled: a term that lost its place in the head would look
    invoiced, and this tells it apart.
    """
    counts, unbilled_minor = MonthCounts(), 0
    for term in terms:
        following = _find_following(head, term)
        unbilled_minor += sum(installment.amount_minor for installment in following)
        counts += _count_term_months(head, term, len(term.installments) - len(following), day)
    if unbilled_minor != head.balance_minor(LedgerAccount.UNBILLED):
        return MonthCounts(begun=counts.begun, unexplained=counts.begun)
    return counts


def misses_renewal(term: BilledTerm, terms: Iterable[BilledTerm], day: date) -> bool:
    """Whether the last day for a renewal's notice went by, not long ago, and no renewal was offered."""
    notice_on = term.renewal_notice_on
    if notice_on is None or not notice_on < day <= notice_on + timedelta(days=RENEWAL_DAYS):
        return False
    return not any(other.policy_id == term.policy_id and other.number > term.number for other in terms)


def _find_following(head: AccountHead, term: BilledTerm) -> tuple[Installment, ...]:
    """The installments that are not invoiced: behind the cursor; all of a held term; none where there is no cursor."""
    if term.hold:
        return term.installments
    cursor = next((cursor for cursor in head.cursors if cursor.term_id == term.term_id), None)
    return term.installments[cursor.next_installment - 1 :] if cursor else ()


def _count_term_months(head: AccountHead, term: BilledTerm, invoiced_count: int, day: date) -> MonthCounts:
    begun = _count_begun_months(term, day)
    if term.hold:
        return MonthCounts(begun=begun, held=begun)
    is_late = any(c.term_id == term.term_id and c.next_invoice_on < day for c in head.cursors)
    invoiced = late = to_come = month = 0
    for place, installment in enumerate(term.installments):
        if installment.is_withdrawn:
            continue
        months = max(0, min(month + installment.months, begun) - month)
        month += installment.months
        if place < invoiced_count:
            invoiced += months
        elif is_late and installment.invoice_on < day:
            late += months
        else:
            to_come += months
    missing = max(0, count_months(term.effective_on, term.billed_until) - month)
    # Months that were invoiced before cover ended early may be more than are billed, but never more than the term has.
    doubled = max(0, month - count_months(term.effective_on, term.expires_on))
    unexplained = missing + doubled
    return MonthCounts(begun, invoiced, 0, late, to_come, unexplained)


def _count_begun_months(term: BilledTerm, day: date) -> int:
    """Months of cover to be billed of which the first day is not after a day."""
    months = count_months(term.effective_on, term.billed_until)
    return sum(add_months(term.effective_on, month) <= day for month in range(months))
