"""Costs: a debit that nobody explained is what the bank or a provider charges, as a person found out.

It leaves suspense for `provider_fees`, which holds what banks and providers charge, whoever told it.
"""

from collections.abc import Sequence

from pawledger.domain.books.entries import Decision, Entry, EntryKind, LedgerAccount, Posting
from pawledger.domain.books.waiting_money import TAKES, NothingWaitsError, WaitingMoney, find_related
from pawledger.domain.errors import PawledgerError
from pawledger.domain.money import write_amount
from pawledger.domain.refunding.refund_rules import RefundRules
from pawledger.domain.worklist.resolutions import AmountBeyondError, Resolution


class DebitOfRefundError(PawledgerError):
    """A debit names the end-to-end id of a refund: it went to a payee, and is no cost of the bank."""


def find_debit(debit: Entry, entries: Sequence[Entry]) -> WaitingMoney:
    """What of a debit nobody has found a place for. Raises `NothingWaitsError` where it is no debit, or all is booked.

    `entries` are those of its ledger up to its head.
    """
    currency = str(debit.decision.facts["currency"])
    taken = find_related(debit.entry_id, entries)
    is_suspended = debit.decision.kind is EntryKind.MONEY_SUSPENDED
    waiting = (debit, *taken) if is_suspended else ()
    left_minor = sum(each.decision.posted_minor(LedgerAccount.SUSPENSE, currency) for each in waiting)
    if left_minor <= 0:
        by = f" (any more), see {taken[-1].entry_id}" if taken else ""
        raise NothingWaitsError(f"{debit.entry_id} is no debit that waits in {debit.account_id}{by}")
    return WaitingMoney(debit.account_id, debit.entry_id, LedgerAccount.SUSPENSE, currency, left_minor)


def decide_cost(resolution: Resolution, debit: Entry, entries: Sequence[Entry], rules: RefundRules) -> Decision:
    """Some or all of a debit is a cost, as one person decides within the limit of their role.

    Raises `NothingWaitsError`, and `AmountBeyondError` where more is asked for than is there, or than the person may
    decide of one debit, with all that was booked of it before.
    """
    waiting = find_debit(debit, entries)
    currency, left_minor = waiting.currency, waiting.left_minor
    amount_minor = resolution.request.amount_minor or left_minor
    if amount_minor > left_minor:
        raise AmountBeyondError(
            f"of {debit.entry_id} {write_amount(left_minor, currency)} is left, not "
            f"{write_amount(amount_minor, currency)}"
        )
    limit_minor = rules.cost_limit_minor(resolution.actor, currency)
    before_minor = int(debit.decision.facts["amount_minor"]) - left_minor
    if amount_minor + before_minor > limit_minor:
        before = f", of which {write_amount(before_minor, currency)} is" if before_minor else ""
        raise AmountBeyondError(
            f"one person may book {write_amount(limit_minor, currency)} of one debit as a cost{before}, not "
            f"{write_amount(amount_minor, currency)}; somebody whose role may book more has to"
        )
    return Decision(
        kind=EntryKind.PROVIDER_FEE_BOOKED,
        entry_id=resolution.entry_id(1),
        occurred_on=resolution.decided_on,
        facts={TAKES: debit.entry_id, "amount_minor": amount_minor, "currency": currency},
        source={"discrepancy_id": resolution.discrepancy.discrepancy_id, "actor": resolution.actor},
        postings=(
            Posting(LedgerAccount.PROVIDER_FEES, currency, amount_minor),
            Posting(LedgerAccount.SUSPENSE, currency, -amount_minor),
        ),
        reason=f"{write_amount(amount_minor, currency)} of {debit.entry_id} is what the bank or provider charges: "
        f"{resolution.reason}",
    )
