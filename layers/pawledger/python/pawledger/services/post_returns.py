"""What posting does around a return: it finds the ledger of the payment meant, gathers the ground, and tidies up after.

All of it is off the ordinary path: a payment costs nothing more because there are returns.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final

from pawledger.domain.bank_movements import BankMovement, Movement
from pawledger.domain.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.domain.entries import PAYMENT_ENTRIES, RESOLUTION_ENTRIES, UNDO_ENTRIES, Entry, EntryKind, LedgerAccount
from pawledger.domain.identifiers import is_suspense_ledger, suspense_ledger_of
from pawledger.domain.ledger import AccountHead
from pawledger.domain.marks import marks_of
from pawledger.domain.return_fees import find_return_fee
from pawledger.domain.return_reasons import ReturnReasons
from pawledger.domain.returned_payments import details_of, find_waiting_returns
from pawledger.domain.returns import ReturnGround, decide_waiting_return, find_payment_of, read_waiting_return
from pawledger.ports import DiscrepancyBook, Ledger, LedgerArchive, Pause, ReferenceBook
from pawledger.services.append_entry import Proposal, append_entry
from pawledger.services.payment_chunks import ChunkedMovement

if TYPE_CHECKING:
    from pawledger.domain.rulebook import Rulebook

_OF_NO_ACCOUNT: Final = frozenset({EntryKind.MONEY_SUSPENDED, EntryKind.PAYMENT_SPLIT})
"""What becomes of a payment that is in no account's ledger."""

_OF_PAYMENT: Final = (
    DiscrepancyKind.OVERPAYMENT,
    DiscrepancyKind.UNDERPAYMENT,
    DiscrepancyKind.INVOICE_ALREADY_PAID,
    DiscrepancyKind.PAYMENT_WITHOUT_COVER,
    DiscrepancyKind.UNIDENTIFIED_PAYMENT,
    DiscrepancyKind.PAYMENT_BEFORE_POLICY,
    DiscrepancyKind.CURRENCY_MISMATCH,
    DiscrepancyKind.PROBABLE_DUPLICATE,
)
"""What nobody need know any more of a payment once all of it was taken back."""

_OF_WAITING_RETURN: Final = (
    DiscrepancyKind.RETURN_WITHOUT_PAYMENT,
    DiscrepancyKind.RETURN_UNCLEAR,
    DiscrepancyKind.RETURN_REPEATED,
    DiscrepancyKind.RETURN_OF_MOVED_PAYMENT,
)
"""What nobody need know any more of a return once its payment is there."""


@dataclass(frozen=True, slots=True)
class ReturnRules:
    """The data that decides what follows from a return."""

    reasons: ReturnReasons
    rulebook: "Rulebook"


@dataclass(frozen=True, slots=True)
class ReturnPorts:
    """Everything that returns touch beside what posting touches."""

    ledger: Ledger
    archive: LedgerArchive
    references: ReferenceBook
    discrepancies: DiscrepancyBook
    pause: Pause
    rules: Callable[[], ReturnRules]
    """Read when the first return comes, not when the function starts."""


def send_to_waiting_payment(chunked: ChunkedMovement, ports: ReturnPorts) -> None:
    """Have a return go to the ledger in which its payment waits because nobody knows whose it is.

    The answer is remembered before it is used, as every other way in which a movement finds its ledger.
    """
    if chunked.movement is not Movement.RETURN:
        return
    for mark in marks_of(chunked.clues.references):
        payment_id = ports.references.find(_waiting_name(mark))
        if payment_id is None:
            continue
        payment = ports.ledger.read_entry(suspense_ledger_of(payment_id), f"{PAYMENT_ENTRIES}{payment_id}")
        if payment is not None and _may_be_of(chunked, payment):
            ports.references.claim(f"route#{chunked.payment_id}", payment.account_id)
            return


def read_return_ground(head: AccountHead, movement: BankMovement, ports: ReturnPorts) -> ReturnGround:
    """What is known beside the head, for a return and for money that takes one back; nothing for all others.

    Entries are read after the head: where they are newer, the head has moved, and appending finds that out.
    """
    if movement.movement not in (Movement.RETURN, Movement.MONEY_BACK):
        return ReturnGround()
    if is_suspense_ledger(head.account_id):
        return _ground_of_waiting_payment(movement, ports)
    return _ground_of(_read_entries(head.account_id, ports), movement, ports.rules())


def follow_up(movement: BankMovement, entry: Entry, head: AccountHead | None, ports: ReturnPorts) -> None:
    """What follows from the entry of a movement, also where it stood already: a killed call is simply made again.

    A payment of nobody known is remembered by its marks, so that its return finds it. A payment of an account in which
    something waits is held against the returns among it. What a return settles is told to nobody any more.
    """
    kind, is_of_nobody = entry.decision.kind, is_suspense_ledger(entry.account_id)
    if kind in _OF_NO_ACCOUNT and movement.movement.is_credit and is_of_nobody:
        for mark in movement.marks:
            ports.references.claim(_waiting_name(mark), movement.payment_id)
    waits = head is not None and head.balance_minor(LedgerAccount.SUSPENSE, movement.currency) != 0
    if head is not None and waits and kind is EntryKind.PAYMENT_POSTED and not is_of_nobody:
        _book_waiting_returns(entry.account_id, ports)
    _heal(entry, ports)


def _ground_of(entries: list[Entry], movement: BankMovement, rules: ReturnRules) -> ReturnGround:
    reason = rules.reasons.find(movement.return_reason)
    fee = (
        find_return_fee(entries, rules.rulebook, movement.currency, movement.booked_on) if reason.charges_fee else None
    )
    return ReturnGround(entries, reason, fee)


def _ground_of_waiting_payment(movement: BankMovement, ports: ReturnPorts) -> ReturnGround:
    """The payment of nobody known that a return means, and what people did in its ledger.

    The first return that finds it takes it: its ledger is too large to look for another one among all its entries.
    """
    for mark in movement.marks:
        payment_id = ports.references.find(_waiting_name(mark))
        ledger_id = suspense_ledger_of(payment_id or "")
        payment = ports.ledger.read_entry(ledger_id, f"{PAYMENT_ENTRIES}{payment_id}") if payment_id else None
        if payment is None:
            continue
        by_hand = [
            entry
            for prefix in (RESOLUTION_ENTRIES, UNDO_ENTRIES)
            for entry in ports.ledger.read_entries_from(ledger_id, prefix)
        ]
        taker = ports.references.claim(returned_reference_of(payment_id or ""), movement.payment_id)
        entries = (payment, *sorted(by_hand, key=lambda entry: entry.sequence))
        reason = ports.rules().reasons.find(movement.return_reason)
        return ReturnGround(entries, reason, is_returned=taker != movement.payment_id)
    return ReturnGround()


def _may_be_of(chunked: ChunkedMovement, payment: Entry) -> bool:
    facts = payment.decision.facts
    return facts["currency"] == chunked.currency and int(facts["amount_minor"]) >= chunked.amount_minor


def _book_waiting_returns(account_id: str, ports: ReturnPorts) -> None:
    """Book the returns of an account that waited for a payment which is there by now."""
    for waiting in find_waiting_returns(_read_entries(account_id, ports)):
        recorded = append_entry(ports.ledger, ports.pause, account_id, partial(_decide_waiting, waiting, ports))
        if recorded is not None:
            _heal(recorded.entry, ports)


def _decide_waiting(waiting: Entry, ports: ReturnPorts, head: AccountHead, _: bool) -> Proposal | None:
    """The entry of a return that waited; None where its payment is not there, or it waits no more."""
    entries = _read_entries(head.account_id, ports)
    if waiting.entry_id not in {each.entry_id for each in find_waiting_returns(entries)}:
        return None
    movement = read_waiting_return(waiting)
    ground = _ground_of(entries, movement, ports.rules())
    original = find_payment_of(movement, ground)
    if original is None:
        return None
    outcome = decide_waiting_return(head, waiting, movement, original, ground)
    return Proposal(outcome.decision, outcome.discrepancies)


def _read_entries(account_id: str, ports: ReturnPorts) -> list[Entry]:
    """An account's whole ledger, in order: some hundred entries, and only where something is returned."""
    return [entry for entry, _ in ports.archive.read_entries(account_id)]


def _heal(entry: Entry, ports: ReturnPorts) -> None:
    """Take off the worklist what an entry takes the ground from."""
    for kind, subject in _settled_by(entry):
        ports.discrepancies.heal(_discrepancy_id(kind, entry.account_id, subject))


def _settled_by(entry: Entry) -> Iterator[tuple[DiscrepancyKind, str]]:
    """Kinds and subjects of the discrepancies whose ground an entry takes away."""
    details = details_of(entry)
    if entry.decision.kind is EntryKind.PAYMENT_RETURNED and "returns" in details:
        if "left_minor" not in details:
            yield from ((kind, str(details["returns"])) for kind in _OF_PAYMENT)
        if "waited_as" in details:
            yield from ((kind, str(details["waited_as"])) for kind in _OF_WAITING_RETURN)
    if "takes_back" in details:
        yield DiscrepancyKind.PAYMENT_RETURNED, str(details["takes_back"])


def _discrepancy_id(kind: DiscrepancyKind, account_id: str, subject: str) -> str:
    return Discrepancy(kind, subject, date.min, "", account_id).discrepancy_id


def returned_reference_of(payment_id: str) -> str:
    """Under which reference it is remembered which return took a payment of nobody known."""
    return f"returned#{payment_id}"


def _waiting_name(mark: str) -> str:
    """Under which reference a payment of nobody known is remembered by a mark."""
    return f"waiting#{mark}"
