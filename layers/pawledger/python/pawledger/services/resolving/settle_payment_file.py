"""Settling the refunds of a payment file by the one debit as which the bank booked it."""

from pawledger.domain.books.entries import Entry
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.refunding.booked_costs import find_debit
from pawledger.domain.refunding.refunds import hand_settlement_id, what_keeps_sent
from pawledger.domain.refunding.settled_files import (
    DebitOfOtherRefundError,
    FileRefund,
    RefundChangedError,
    choose_refunds,
    decide_departure_to_refunds,
    decide_hand_settlement,
    decide_waiting_again,
    refunds_of,
)
from pawledger.domain.worklist.resolutions import Resolution
from pawledger.services.append_entry import Proposal
from pawledger.services.posting.settle_refunds import find_refund_of, read_refund_steps
from pawledger.services.refunding.refund_money import find_open_refunds
from pawledger.services.resolving.resolution_steps import ReadEntries, ResolvingPorts, Step, read_ledger


def plan_settling_file(resolution: Resolution, debit: Entry, ports: ResolvingPorts) -> list[Step]:
    """The entries by which a debit settles the refunds of the payment file that the request names.

    The money leaves where the debit waits, then each refund is settled in its ledger. Of a resolution that was begun
    they are the refunds that it began with; the share of one that cannot be settled any more waits again.
    Raises `NothingWaitsError`, `DebitOfOtherRefundError` and what `choose_refunds` refuses; the steps
    `RefundChangedError`.
    """
    begun = ports.ledger.read_entry(debit.account_id, resolution.entry_id(1))
    refunds = refunds_of(begun.decision) if begun else _choose(resolution, debit, ports)

    def depart(head: AccountHead, read_entries: ReadEntries) -> Proposal:
        waiting = find_debit(debit, read_entries(head))
        return Proposal(decide_departure_to_refunds(resolution, debit, waiting, refunds))

    steps = [Step(debit.account_id, resolution.entry_id(1), depart)]
    for number, refund in enumerate(refunds, start=2):
        why = _what_came_between(resolution, number, debit, refund, ports) if begun else None
        if why is None:
            steps.append(_settling_step(resolution, number, debit, refund, ports))
        else:
            steps.append(_waiting_step(resolution, number, debit, refund, why))
    return steps


def _choose(resolution: Resolution, debit: Entry, ports: ResolvingPorts) -> tuple[FileRefund, ...]:
    _, entries = read_ledger(debit.account_id, ports)
    waiting = find_debit(debit, entries)
    payment_file = resolution.request.payment_file or ""
    refunds = choose_refunds(payment_file, waiting, find_open_refunds(ports.archive))
    named = find_refund_of(debit.decision.source.get("marks", ()), ports.returns.references)
    if named is not None and named not in {(each.ledger_id, each.refund_id) for each in refunds}:
        raise DebitOfOtherRefundError(
            f"{debit.entry_id} names refund {named[1]} of {named[0]}, which is not among those that {payment_file} pays"
        )
    return refunds


def _what_came_between(
    resolution: Resolution, number: int, debit: Entry, refund: FileRefund, ports: ResolvingPorts
) -> str | None:
    """Why a refund that a resolution began with cannot be settled by it any more; None where it is, or can be."""
    steps = read_refund_steps((refund.ledger_id, refund.refund_id), ports.ledger)
    if hand_settlement_id(refund.refund_id, resolution.resolution_id) in steps:
        return None
    # What waits again goes on waiting, also where the refund could be settled by now.
    waits = ports.ledger.read_entry(debit.account_id, resolution.entry_id(number))
    return waits.decision.reason if waits else what_keeps_sent(refund.refund_id, steps)


def _settling_step(
    resolution: Resolution, number: int, debit: Entry, refund: FileRefund, ports: ResolvingPorts
) -> Step:
    def settle(_: AccountHead, __: ReadEntries) -> Proposal:
        # Read after the head, so that a step that is taken just now moves it.
        steps = read_refund_steps((refund.ledger_id, refund.refund_id), ports.ledger)
        why = what_keeps_sent(refund.refund_id, steps)
        if why is not None:
            raise RefundChangedError(f"{why}, in {refund.ledger_id}")
        return Proposal(decide_hand_settlement(resolution, number, debit, refund))

    return Step(refund.ledger_id, hand_settlement_id(refund.refund_id, resolution.resolution_id), settle)


def _waiting_step(resolution: Resolution, number: int, debit: Entry, refund: FileRefund, why: str) -> Step:
    return Step(
        debit.account_id,
        resolution.entry_id(number),
        lambda _, __: Proposal(decide_waiting_again(resolution, number, debit, refund, why)),
    )
