"""Questioning a payment: a person says that one is posted wrongly, which nothing else would bring to notice."""

from pawledger.domain.books.entries import Entry, EntryKind
from pawledger.domain.errors import PawledgerError
from pawledger.domain.money import write_amount
from pawledger.domain.posting.splitting import parts_of
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.domain.worklist.discrepancy_life import Change, ChangeKind, RecordedDiscrepancy, question
from pawledger.ports import DiscrepancyBook
from pawledger.services.resolving.resolve_discrepancy import Deed, check_reason, read_discrepancy


class PaymentNotPostedError(PawledgerError):
    """A payment is posted to no account, so that its discrepancy, if any, is another one; the text says what it is."""


def question_payment(payment: Entry, deed: Deed, discrepancies: DiscrepancyBook) -> RecordedDiscrepancy:
    """Put a posted payment on the worklist, with who questions it and why; one that was closed is open again.

    Raises `PaymentNotPostedError`, `ResolutionReasonError`, and `DiscrepancyMovedError` where somebody else changes it
    at the same time.
    """
    check_reason(deed)
    found = _discrepancy_of(payment, deed)
    discrepancies.record(found)
    recorded = read_discrepancy(found.discrepancy_id, discrepancies)
    change = Change(ChangeKind.QUESTIONED, deed.decided_at.isoformat(), deed.actor, deed.reason.strip())
    after = question(recorded, change)
    discrepancies.change(recorded, after)
    return after


def _discrepancy_of(payment: Entry, deed: Deed) -> Discrepancy:
    """The discrepancy by which a payment is questioned; the same whoever questions it. Its reason is told to no alert.

    Raises `PaymentNotPostedError`.
    """
    decision = payment.decision
    parts = parts_of(payment)
    if parts:
        raise PaymentNotPostedError(
            f"{payment.entry_id} of {payment.account_id} is for several accounts; name the one that is wrong with "
            f"--account: {', '.join(part.account_id for part in parts)}"
        )
    if decision.kind is not EntryKind.PAYMENT_POSTED:
        raise PaymentNotPostedError(
            f"{payment.entry_id} of {payment.account_id} is {decision.kind.replace('_', ' ')}, not posted to an account"
        )
    amount_minor, currency = int(decision.facts["amount_minor"]), str(decision.facts["currency"])
    return Discrepancy(
        kind=DiscrepancyKind.PAYMENT_QUESTIONED,
        subject=payment.entry_id,
        born_on=deed.decided_at.date(),
        what=f"Payment of {write_amount(amount_minor, currency)} of {decision.occurred_on} is said to be "
        f"posted wrongly to {payment.account_id}.",
        account_id=payment.account_id,
        currency=currency,
        amount_minor=amount_minor,
    )
