"""Taking a payment back that a person named for a return: in its ledger, and in those of the accounts it was for."""

from pawledger.domain.bank_returns.named_returns import (
    PaymentNotReturnableError,
    check_still_waits,
    decide_forwarding,
    decide_named_part,
    decide_named_return,
    find_named_payment,
    find_possible_payments,
    sign_outcome,
)
from pawledger.domain.bank_returns.returned_payments import ReceivedPayment
from pawledger.domain.bank_returns.returns import read_waiting_return
from pawledger.domain.books.entries import PAYMENT_ENTRIES, Entry
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.identifiers import is_suspense_ledger, suspense_ledger_of
from pawledger.domain.posting.bank_movements import BankMovement
from pawledger.domain.posting.movement_outcomes import MovementOutcome
from pawledger.domain.posting.splitting import PART_ENTRIES, SharedPart, parts_of
from pawledger.domain.worklist.discrepancies import DiscrepancyStatus, ResolutionCommand
from pawledger.domain.worklist.discrepancy_life import RecordedDiscrepancy
from pawledger.domain.worklist.resolutions import Resolution
from pawledger.services.append_entry import Proposal
from pawledger.services.posting.post_returns import ground_of, ground_of_part
from pawledger.services.resolving.resolution_steps import ReadEntries, ResolvingPorts, Step


def plan_taking_back(resolution: Resolution, waiting: Entry, ports: ResolvingPorts) -> list[Step]:
    """The entries by which a return that waits takes back the payment that the request names.

    Where both are in one ledger, one entry; a payment for several accounts is called in from each of them by a further
    one. Where the return waits in another ledger, its money leaves from there by the last entry: whoever else takes the
    payment meanwhile, a bank that cannot be undone included, is found by the first, before anything is written.
    The steps raise `NothingWaitsError`, `PaymentChangedError` and `PaymentNotReturnableError`; the planning the latter
    where there is no such payment.
    """
    payment = _find_payment(resolution, waiting, ports)
    movement = read_waiting_return(waiting)
    is_here = payment.account_id == waiting.account_id

    def take_back(head: AccountHead, read_entries: ReadEntries) -> Proposal:
        entries = read_entries(head)
        if is_here:
            check_still_waits(waiting, entries)
        original = find_named_payment(movement, payment.entry_id, entries)
        ground = ground_of(entries, movement, ports.returns)
        return _propose(resolution, 1, decide_named_return(head, waiting, movement, original, ground))

    steps = [Step(payment.account_id, resolution.entry_id(1), take_back)]
    for number, part in enumerate(parts_of(payment), start=2):
        steps.append(_part_step(resolution, number, movement, (payment, part), ports))
    if is_here:
        return steps
    last = len(steps) + 1

    def forward(head: AccountHead, read_entries: ReadEntries) -> Proposal:
        check_still_waits(waiting, read_entries(head))
        return Proposal(decide_forwarding(resolution, last, waiting, payment))

    return [*steps, Step(waiting.account_id, resolution.entry_id(last), forward)]


def list_possible_payments(recorded: RecordedDiscrepancy, ports: ResolvingPorts) -> list[ReceivedPayment]:
    """The payments that money which the bank took may be the return of, where it waits in the ledger of an account.

    A ledger of suspense holds the money of strangers: of those nothing is suggested.
    """
    found = recorded.discrepancy
    if ResolutionCommand.TAKE_BACK not in found.terms.resolutions or recorded.status is not DiscrepancyStatus.OPEN:
        return []
    if found.account_id is None or is_suspense_ledger(found.account_id):
        return []
    waiting = ports.ledger.read_entry(found.account_id, found.subject)
    if waiting is None:
        return []
    entries = [entry for entry, _ in ports.archive.read_entries(found.account_id)]
    return find_possible_payments(read_waiting_return(waiting), entries)


def _part_step(
    resolution: Resolution,
    number: int,
    movement: BankMovement,
    shared: tuple[Entry, SharedPart],
    ports: ResolvingPorts,
) -> Step:
    payment, part = shared
    part_id = f"{PART_ENTRIES}{payment.entry_id.removeprefix(PAYMENT_ENTRIES)}"

    def take_back(head: AccountHead, read_entries: ReadEntries) -> Proposal:
        ground = ground_of_part(read_entries(head), movement, part_id, ports.returns)
        return _propose(resolution, number, decide_named_part(head, movement, part, ground))

    return Step(part.account_id, resolution.entry_id(number), take_back)


def _propose(resolution: Resolution, number: int, outcome: MovementOutcome) -> Proposal:
    signed = sign_outcome(resolution, number, outcome)
    return Proposal(signed.decision, signed.discrepancies)


def _find_payment(resolution: Resolution, waiting: Entry, ports: ResolvingPorts) -> Entry:
    """The entry of the payment: in the ledger named, else in that of the return, else where money of nobody waits."""
    ledger_id, entry_id = resolution.request.payment or (None, "")
    payment_id = entry_id.removeprefix(PART_ENTRIES).removeprefix(PAYMENT_ENTRIES)
    likely = dict.fromkeys((waiting.account_id, suspense_ledger_of(payment_id)))
    places = [ledger_id] if ledger_id else list(likely)
    for place in places:
        payment = ports.ledger.read_entry(place, entry_id)
        if payment is not None:
            return payment
    raise PaymentNotReturnableError(
        f"there is no payment {entry_id} in {' or '.join(places)}; name its account with --account"
    )
