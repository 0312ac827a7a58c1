"""Healing: which discrepancies about an account's money are gone by themselves, as the account stands now."""

from typing import Final

from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind

_UNTIL_PAID: Final = (DiscrepancyKind.UNDERPAYMENT, DiscrepancyKind.PAYMENT_RETURNED)
_UNTIL_USED: Final = {
    DiscrepancyKind.OVERPAYMENT: LedgerAccount.UNAPPLIED,
    DiscrepancyKind.INVOICE_ALREADY_PAID: LedgerAccount.UNAPPLIED,
    DiscrepancyKind.PAYMENT_WITHOUT_COVER: LedgerAccount.UNAPPLIED,
    DiscrepancyKind.PAYMENT_BEFORE_POLICY: LedgerAccount.SUSPENSE,
}
"""Where the money waits that these are about."""

HEALING_KINDS: Final = (*_UNTIL_PAID, *_UNTIL_USED)
"""The kinds that end with what happens to the account next. A payment that was probably made twice is not among them:
its payer may want it back although it has settled an invoice."""


def has_healed(discrepancy: Discrepancy, head: AccountHead) -> bool:
    """Whether nothing is left of what it is about.

    What was owed is healed once its account owes nothing at all, since a discrepancy does not say which invoice it is
    of; what was too much, once nothing of its currency waits on the account.
    """
    if discrepancy.kind in _UNTIL_PAID:
        return not head.open_invoices
    waits_in = _UNTIL_USED.get(discrepancy.kind)
    return waits_in is not None and head.balance_minor(waits_in, discrepancy.currency) == 0
