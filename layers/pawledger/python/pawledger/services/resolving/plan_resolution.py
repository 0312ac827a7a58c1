"""Planning a resolution: which entries in which ledgers it is, decided on what stands there."""

from collections.abc import Sequence
from dataclasses import replace

from pawledger.domain.bank_returns.returned_payments import find_waiting_returns_of
from pawledger.domain.books.entries import Decision, Entry
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.books.waiting_money import NothingWaitsError, WaitingMoney, find_waiting
from pawledger.domain.errors import PawledgerError
from pawledger.domain.posting.moved_payments import decide_move
from pawledger.domain.posting.settled_lines import check_no_payout, leave_transit
from pawledger.domain.refunding.booked_costs import DebitOfRefundError, decide_cost
from pawledger.domain.refunding.write_offs import decide_resolution as decide_write_off
from pawledger.domain.worklist.discrepancies import Discrepancy, ResolutionCommand
from pawledger.domain.worklist.resolutions import (
    Resolution,
    Share,
    check_target,
    decide_arrival,
    decide_departure,
    decide_return_to_payer,
    settle_shares,
    shares_of,
)
from pawledger.services.append_entry import Proposal
from pawledger.services.posting.settle_refunds import find_refund_of
from pawledger.services.resolving.resolution_steps import ReadEntries, ResolvingPorts, Step, read_ledger
from pawledger.services.resolving.settle_payment_file import plan_settling_file
from pawledger.services.resolving.take_back_payment import plan_taking_back


class PaymentUnknownError(PawledgerError):
    """A discrepancy is not about a payment that stands in a ledger, so that no money can be moved for it."""


def plan_steps(resolution: Resolution, ports: ResolvingPorts) -> Sequence[Step]:
    """The entries of a resolution that moves money; of one that was begun, with the amounts that it began with."""
    command, discrepancy = resolution.request.command, resolution.discrepancy
    if command is ResolutionCommand.WRITE_OFF:
        if discrepancy.account_id is None:
            raise PaymentUnknownError(f"{discrepancy.discrepancy_id} is not about an account")
        # Rules are read by those who write off, and not by all who resolve.
        from pawledger.rules.refund_rules import load_refund_rules  # noqa: PLC0415

        rules = load_refund_rules()

        def write_off(head: AccountHead, read_entries: ReadEntries) -> Proposal:
            return Proposal(decide_write_off(resolution, head, read_entries(head), rules))

        return [Step(discrepancy.account_id, resolution.entry_id(1), write_off)]
    payment = read_payment(discrepancy, ports)
    if command is ResolutionCommand.BOOK_COST:
        return [_cost_step(resolution, payment, ports)]
    if command is ResolutionCommand.TAKE_BACK:
        _check_no_refund(payment, ports)
        return plan_taking_back(resolution, payment, ports)
    if command is ResolutionCommand.SETTLE_REFUNDS:
        return plan_settling_file(resolution, payment, ports)
    begun = ports.ledger.read_entry(payment.account_id, resolution.entry_id(1))
    shares = shares_of(begun.decision) if begun else _settle(resolution, payment, ports)

    def depart(head: AccountHead, read_entries: ReadEntries) -> Decision:
        if begun is not None:
            return begun.decision
        entries = read_entries(head)
        if command is ResolutionCommand.MOVE:
            return decide_move(resolution, head, payment, entries)
        waiting = find_left(head, payment, entries)
        if command is ResolutionCommand.RETURN:
            departure = decide_return_to_payer(resolution, waiting)
        else:
            departure = decide_departure(resolution, head, waiting, shares)
        return leave_transit(head, departure, payment)

    currency = str(payment.decision.facts["currency"])
    away = [share for share in shares if share.account_id != payment.account_id]
    arrivals = [_arrival_step(resolution, number, currency, share) for number, share in enumerate(away, start=2)]
    return [
        Step(
            payment.account_id, resolution.entry_id(1), lambda head, read_entries: Proposal(depart(head, read_entries))
        ),
        *arrivals,
    ]


def _settle(resolution: Resolution, payment: Entry, ports: ResolvingPorts) -> tuple[Share, ...]:
    """The shares of a resolution that was not begun, with their amounts; no money has a share in a return."""
    request = resolution.request
    if request.command is ResolutionCommand.RETURN:
        return ()
    found = {share.account_id: ports.ledger.read_head(share.account_id, consistent=True) for share in request.shares}
    heads = {account_id: head for account_id, head in found.items() if head is not None}
    head, entries = read_ledger(payment.account_id, ports)
    if request.command is ResolutionCommand.MOVE:
        (moved,) = shares_of(decide_move(resolution, head, payment, entries))
        check_target(heads.get(moved.account_id), moved, str(payment.decision.facts["currency"]))
        return (moved,)
    return settle_shares(find_left(head, payment, entries), request, heads)


def _cost_step(resolution: Resolution, debit: Entry, ports: ResolvingPorts) -> Step:
    """The entry by which a debit is a cost; refused where it names a refund, whatever became of that."""
    from pawledger.rules.refund_rules import load_refund_rules  # noqa: PLC0415 - as for write-offs

    rules = load_refund_rules()

    def book(head: AccountHead, read_entries: ReadEntries) -> Proposal:
        _check_no_refund(debit, ports)
        entries = read_entries(head)
        check_no_payout(head, debit, entries)
        return Proposal(leave_transit(head, decide_cost(resolution, debit, entries, rules), debit))

    return Step(debit.account_id, resolution.entry_id(1), book)


def _check_no_refund(debit: Entry, ports: ResolvingPorts) -> None:
    """Raise `DebitOfRefundError` where a debit names a refund, so that it is nothing else."""
    refund = find_refund_of(debit.decision.source.get("marks", ()), ports.returns.references)
    if refund is not None:
        raise DebitOfRefundError(f"{debit.entry_id} names refund {refund[1]} of {refund[0]}, and is nothing else")


def _arrival_step(resolution: Resolution, number: int, currency: str, share: Share) -> Step:
    return Step(
        share.account_id,
        resolution.entry_id(number),
        lambda head, _: Proposal(decide_arrival(resolution, number, head, currency, share)),
    )


def find_left(head: AccountHead, payment: Entry, entries: Sequence[Entry]) -> WaitingMoney:
    """What is left of a payment, less what its bank took back by returns that wait.

    Raises `NothingWaitsError`, and `LineIsPayoutError` where it was none.
    """
    check_no_payout(head, payment, entries)
    waiting = find_waiting(head, payment, entries)
    returns = find_waiting_returns_of(payment, entries)
    left_minor = waiting.left_minor - sum(int(each.decision.facts["amount_minor"]) for each in returns)
    if left_minor <= 0:
        raise NothingWaitsError(f"{payment.entry_id} was taken back by its bank, by {returns[-1].entry_id}")
    return replace(waiting, left_minor=left_minor)


def read_payment(discrepancy: Discrepancy, ports: ResolvingPorts) -> Entry:
    """The payment, or the debit, that a discrepancy is about. Raises `PaymentUnknownError`."""
    account_id, entry_id = discrepancy.account_id, discrepancy.entry_id
    payment = ports.ledger.read_entry(account_id, entry_id) if account_id else None
    if payment is None or "currency" not in payment.decision.facts:
        raise PaymentUnknownError(f"there is no payment {entry_id} in {account_id or 'any ledger'}")
    return payment
