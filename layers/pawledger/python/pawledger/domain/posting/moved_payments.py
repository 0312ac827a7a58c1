"""Moving a payment that was posted to the wrong account: the right one gets all of it, whatever became of it there."""

from collections.abc import Sequence

from pawledger.domain.bank_returns.returned_payments import find_received
from pawledger.domain.bank_returns.taking_back import (
    ITEM_ID_CHARACTERS,
    RETURN_ITEMS,
    GivenUp,
    give_up,
    plan_taking_back,
)
from pawledger.domain.books.entries import Decision, Entry, EntryKind, LedgerAccount, OpenInvoice, Posting
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.books.waiting_money import WaitingMoney, find_changes
from pawledger.domain.money import format_amount
from pawledger.domain.worklist.resolutions import (
    CommandDoesNotFitError,
    PaymentChangedError,
    Resolution,
    Share,
    SharesInvalidError,
    sign_decision,
    taking_facts,
    tell_share,
)


def decide_move(resolution: Resolution, head: AccountHead, payment: Entry, entries: Sequence[Entry]) -> Decision:
    """The first entry of a move: the account gives the payment up as if its bank had taken it back.

    What it had settled is open again; what a later invoice used of its unapplied part is owed, as an item of its own.
    Cash stays where the bank file brought it, so that what a file holds and what was posted of it stay equal.
    Raises `PaymentChangedError`, `CommandDoesNotFitError`, `SharesInvalidError`.
    """
    if payment.decision.kind is not EntryKind.PAYMENT_POSTED:
        raise CommandDoesNotFitError(f"{payment.entry_id} is not posted to an account; apply or split it")
    changes = find_changes(payment.entry_id, entries)
    if changes:
        last = changes[-1]
        raise PaymentChangedError(f"{payment.entry_id} was changed since, by {last.entry_id}: {last.decision.reason}")
    share = resolution.request.shares[0]
    if share.account_id == head.account_id:
        raise SharesInvalidError(f"{payment.entry_id} is posted to {head.account_id} already")
    amount_minor, currency = int(payment.decision.facts["amount_minor"]), str(payment.decision.facts["currency"])
    moved = Share(share.account_id, amount_minor, share.invoice_ids)
    received = next(each for each in find_received(entries) if each.entry.entry_id == payment.entry_id)
    taken = plan_taking_back(received, amount_minor)
    item_id = f"{RETURN_ITEMS}{resolution.resolution_id[:ITEM_ID_CHARACTERS]}"
    given_up = give_up(head, taken, currency, OpenInvoice(item_id, resolution.decided_on, 0))
    postings = (
        Posting(LedgerAccount.CLEARING, currency, -amount_minor),
        *given_up.postings(currency),
        Posting(LedgerAccount.SMALL_DIFFERENCES, currency, -taken.small_difference_minor),
    )
    waiting = WaitingMoney(head.account_id, payment.entry_id, LedgerAccount.RECEIVABLE, currency, amount_minor)
    decision = Decision(
        kind=EntryKind.MONEY_MOVED,
        entry_id=resolution.entry_id(1),
        occurred_on=resolution.decided_on,
        facts=taking_facts(waiting, amount_minor, (moved,)),
        source={},
        postings=tuple(posting for posting in postings if posting.amount_minor),
        reason=_tell(payment, moved, given_up, currency),
        allocations=given_up.allocations,
        reopened=given_up.reopened,
    )
    return sign_decision(resolution, 1, decision)


def _tell(payment: Entry, moved: Share, given_up: GivenUp, currency: str) -> str:
    amount = format_amount(moved.amount_minor or 0, currency)
    what = (
        f"{amount} {currency} of {payment.entry_id} was posted to the wrong account and goes to "
        f"{tell_share(moved, currency)}"
    )
    if given_up.settled_minor:
        settled = format_amount(given_up.settled_minor, currency)
        what += f"; {settled} of other unapplied cash settles what is due again"
    return what
