"""Taking money back from an account that had it: what is open again, and what of its other money settles that at once.

It is the same whoever takes it: the bank that takes a payment back, a refund that was void and is paid all the same, a
person who moves a payment to another account.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pawledger.domain.bank_returns.returned_payments import ReceivedPayment
from pawledger.domain.books.entries import Allocation, LedgerAccount, OpenInvoice, Posting
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.errors import require
from pawledger.domain.posting.allocation import settle_oldest_first, sum_of

RETURN_ITEMS: Final = "return-"
"""With what the id of an open item begins that is no invoice: money that was taken back after some of it was used."""

ITEM_ID_CHARACTERS: Final = 12
"""48 bits of the id of whatever took the money: one account has few open items."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a return takes back of what its payment had done, in minor units."""

    reopened: tuple[OpenInvoice, ...]
    small_difference_minor: int
    """What was not asked for of an invoice, and is again."""
    unapplied_minor: int
    """What had settled no invoice."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """What it means for an account that it gives money up, in minor units."""

    reopened: tuple[OpenInvoice, ...]
    """What is due again, with an item of its own for what was used of unapplied cash."""
    allocations: tuple[Allocation, ...]
    """What other unapplied cash settles at once of all that is due then: nobody owes while their money lies here."""
    from_unapplied_minor: int
    due_minor: int
    """What is due more than before, behind those allocations."""

    @property
    def settled_minor(self) -> int:
        return sum_of(self.allocations)

    def postings(self, currency: str) -> tuple[Posting, ...]:
        """What it takes from unapplied cash, and adds to what is owed; the other side is for who takes the money."""
        return (
            Posting(LedgerAccount.UNAPPLIED, currency, self.from_unapplied_minor + self.settled_minor),
            Posting(LedgerAccount.RECEIVABLE, currency, self.due_minor),
        )


def plan_taking_back(payment: ReceivedPayment, amount_minor: int) -> TakenBack:
    """What a return of some or all of a payment takes back, behind what earlier returns took.

    Money was laid out invoice by invoice, and what was left over stayed unapplied: it goes back the other way round,
    the unapplied part first, then the newest allocation. What was not asked for of the last invoice is asked for again
    as soon as any of its money is gone.
    """
    allocations = payment.entry.decision.allocations
    forgiven_minor = payment.entry.decision.posted_minor(LedgerAccount.SMALL_DIFFERENCES)
    asked_again_minor = -sum(entry.decision.posted_minor(LedgerAccount.SMALL_DIFFERENCES) for entry in payment.returns)
    paid = [(each, each.amount_minor) for each in allocations]
    # By invoice: an undo may have given back what an earlier return took, and not what a later one did.
    gone_minor: Counter[str] = Counter()
    for again in (again for entry in payment.returns for again in entry.decision.reopened):
        gone_minor[again.invoice_id] += again.remaining_minor
    if paid:
        last = allocations[-1]
        paid[-1] = (last, last.amount_minor - forgiven_minor)
        gone_minor[last.invoice_id] -= asked_again_minor
    rest_minor = payment.amount_minor - sum(paid_minor for _, paid_minor in paid)
    rest_minor -= payment.returned_minor - sum(gone_minor[each.invoice_id] for each in allocations)
    unapplied_minor = min(amount_minor, rest_minor)
    left_minor, again_minor = amount_minor - unapplied_minor, 0
    reopened: list[OpenInvoice] = []
    for allocation, paid_minor in reversed(paid):
        part_minor = min(left_minor, paid_minor - gone_minor[allocation.invoice_id])
        left_minor -= part_minor
        if part_minor:
            extra_minor = forgiven_minor - asked_again_minor if allocation is allocations[-1] else 0
            again_minor += extra_minor
            reopened.append(_open_again(payment, allocation, part_minor + extra_minor))
    require(left_minor == 0, "a return takes back at most what is left of its payment")
    return TakenBack(tuple(reversed(reopened)), again_minor, unapplied_minor)


def _open_again(payment: ReceivedPayment, allocation: Allocation, amount_minor: int) -> OpenInvoice:
    due_on = allocation.due_on or payment.due_days.get(allocation.invoice_id)
    require(due_on is not None, f"the ledger says when {allocation.invoice_id} is due")
    return OpenInvoice(allocation.invoice_id, due_on or payment.entry.decision.occurred_on, amount_minor)


def give_up(
    head: AccountHead, taken: TakenBack, currency: str, item: OpenInvoice, *, charged: OpenInvoice | None = None
) -> GivenUp:
    """What an account gives up, as it stands now.

    `item` names what is owed for unapplied cash that was used since, and since when; `charged` is owed beside it.
    """
    held_minor = max(0, -head.balance_minor(LedgerAccount.UNAPPLIED, currency))
    from_unapplied_minor = min(taken.unapplied_minor, held_minor)
    used_minor = taken.unapplied_minor - from_unapplied_minor
    own = (replace(item, remaining_minor=used_minor),) if used_minor else ()
    reopened = (*taken.reopened, *own)
    due_again = (*reopened, *((charged,) if charged else ()))
    allocations = _settle_with(held_minor - from_unapplied_minor, head, due_again)
    due_minor = sum(each.remaining_minor for each in due_again) - sum_of(allocations)
    return GivenUp(reopened, allocations, from_unapplied_minor, due_minor)


def _settle_with(free_minor: int, head: AccountHead, due_again: Sequence[OpenInvoice]) -> tuple[Allocation, ...]:
    if not due_again or free_minor <= 0:
        return ()
    items = {invoice.invoice_id: invoice for invoice in head.open_invoices}
    for each in due_again:
        more_minor = items[each.invoice_id].remaining_minor if each.invoice_id in items else 0
        items[each.invoice_id] = replace(each, remaining_minor=each.remaining_minor + more_minor)
    return settle_oldest_first(free_minor, tuple(items.values()))
