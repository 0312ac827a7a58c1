"""What posting does around a return: it finds the ledger of the payment meant, gathers the ground, and tidies up after.

All of it is off the ordinary path: a payment costs nothing more because there are returns.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final

from pawledger.domain.bank_returns.return_fees import find_return_fee
from pawledger.domain.bank_returns.return_reasons import ReturnReason, ReturnReasons
from pawledger.domain.bank_returns.returned_payments import (
    details_of,
    find_booked_returns,
    find_waiting_returns,
    may_be_booked_later,
)
from pawledger.domain.bank_returns.returns import (
    RETURNS_PART,
    ReturnGround,
    decide_part_return,
    decide_waiting_return,
    find_payment_of,
    read_waiting_return,
)
from pawledger.domain.books.entries import (
    DEBIT_ENTRIES,
    PAYMENT_ENTRIES,
    RESOLUTION_ENTRIES,
    UNDO_ENTRIES,
    Entry,
    EntryKind,
    LedgerAccount,
)
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.identifiers import is_suspense_ledger, suspense_ledger_of
from pawledger.domain.matching.marks import marks_of
from pawledger.domain.posting.bank_movements import BankMovement, Movement
from pawledger.domain.posting.splitting import PART_ENTRIES, SharedPart, parts_of
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, DiscrepancyStatus
from pawledger.ports import DiscrepancyBook, Ledger, LedgerArchive, Pause, ReferenceBook
from pawledger.services.append_entry import Proposal, append_entry
from pawledger.services.receiving.payment_chunks import ChunkedMovement

if TYPE_CHECKING:
    from pawledger.domain.billing.rulebook import Rulebook

_ABOUT_RETURNS: Final = frozenset({Movement.RETURN, Movement.MONEY_BACK})

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


def load_return_rules() -> ReturnRules:
    """The shipped rules about returns: read when the first return comes, and not when a function starts."""
    from pawledger.rules.billing_rules import load_shipped_rules  # noqa: PLC0415
    from pawledger.rules.return_reasons import load_return_reasons  # noqa: PLC0415

    return ReturnRules(load_return_reasons(), load_shipped_rules())


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
    """Have a return go to the ledger that took its payment in for no account, or for several.

    So does the money that undoes the return of one for several. The answer is remembered before it is used, as every
    other way in which a movement finds its ledger.
    """
    if chunked.movement not in _ABOUT_RETURNS:
        return
    for payment in _find_of_no_account(marks_of(chunked.clues.references), ports):
        may_be_meant = _may_be_of(chunked.currency, chunked.amount_minor, payment)
        if chunked.movement is Movement.MONEY_BACK:
            may_be_meant = may_be_meant and _find_return_of(payment, ports) is not None and bool(parts_of(payment))
        if may_be_meant:
            ports.references.claim(f"route#{chunked.payment_id}", payment.account_id)
            return


def read_return_ground(head: AccountHead, movement: BankMovement, ports: ReturnPorts) -> ReturnGround:
    """What is known beside the head, for a return and for money that takes one back; nothing for all others.

    Entries are read after the head: where they are newer, the head has moved, and appending finds that out.
    """
    if movement.movement not in _ABOUT_RETURNS:
        return ReturnGround()
    if is_suspense_ledger(head.account_id):
        return _ground_of_no_account(movement, ports)
    return ground_of(_read_entries(head.account_id, ports), movement, ports)


def call_in_part(movement: BankMovement, part: SharedPart, entry: Entry, ports: ReturnPorts) -> None:
    """Take back, once, what one account had got of a payment for several; `entry` is the return of the whole."""
    payment_id = str(details_of(entry)["returns"]).removeprefix(PAYMENT_ENTRIES)
    part_id = f"{PART_ENTRIES}{payment_id}"

    def decide(head: AccountHead, _: bool) -> Proposal:
        ground = ground_of_part(_read_entries(head.account_id, ports), movement, part_id, ports)
        outcome = decide_part_return(head, movement, part, ground)
        return Proposal(outcome.decision, outcome.discrepancies)

    recorded = append_entry(ports.ledger, ports.pause, part.account_id, decide)
    if recorded is not None:
        heal_by(recorded.entry, ports)


def follow_up(movement: BankMovement, entry: Entry, head: AccountHead | None, ports: ReturnPorts) -> None:
    """What follows from the entry of a movement, also where it stood already: a killed call is simply made again.

    A payment of nobody known is remembered by its marks, so that its return finds it. A payment of an account in which
    something waits is held against the returns among it. What a return settles is told to nobody any more.
    """
    kind, is_of_nobody = entry.decision.kind, is_suspense_ledger(entry.account_id)
    if kind in _OF_NO_ACCOUNT and movement.movement.is_credit and is_of_nobody:
        for mark in movement.marks:
            ports.references.claim(_waiting_name(mark), movement.payment_id)
    if head is not None and kind is EntryKind.PAYMENT_POSTED and not is_of_nobody:
        book_returns_that_waited(head, movement.currency, ports)
    heal_by(entry, ports)


def book_returns_that_waited(head: AccountHead, currency: str, ports: ReturnPorts) -> list[Entry]:
    """Book the returns of an account that waited for what is there by now, and return their entries.

    Nothing is read where nothing waits.
    """
    if head.balance_minor(LedgerAccount.SUSPENSE, currency) == 0:
        return []
    booked = []
    for waiting in filter(may_be_booked_later, find_waiting_returns(_read_entries(head.account_id, ports))):
        recorded = append_entry(ports.ledger, ports.pause, head.account_id, partial(_decide_waiting, waiting, ports))
        if recorded is not None:
            heal_by(recorded.entry, ports)
            booked.append(recorded.entry)
    return booked


def ground_of(entries: Sequence[Entry], movement: BankMovement, ports: ReturnPorts) -> ReturnGround:
    """What is known beside the head of an account's ledger when one of its payments is taken back."""
    rules = ports.rules()
    reason = rules.reasons.find(movement.return_reason)
    fee = (
        find_return_fee(entries, rules.rulebook, movement.currency, movement.booked_on) if reason.charges_fee else None
    )
    return ReturnGround(entries, reason, fee)


def ground_of_part(entries: Sequence[Entry], movement: BankMovement, part_id: str, ports: ReturnPorts) -> ReturnGround:
    """The same where it is the account's part of a payment for several, by the entry of that part."""
    return ReturnGround(entries, _reason_of(movement, ports), part_id=part_id)


def _ground_of_no_account(movement: BankMovement, ports: ReturnPorts) -> ReturnGround:
    """The payment of no account, or of several, that is meant, and what became of it in its ledger.

    The first return that finds it takes it: its ledger is too large to look for another one among all its entries.
    """
    payment = next(_find_of_no_account(movement.marks, ports), None)
    if payment is None:
        return ReturnGround()
    by_hand = [
        entry
        for prefix in (RESOLUTION_ENTRIES, UNDO_ENTRIES)
        for entry in ports.ledger.read_entries_from(payment.account_id, prefix)
    ]
    entries = [payment, *by_hand]
    is_returned = False
    if movement.movement is Movement.MONEY_BACK:
        returned = _find_return_of(payment, ports)
        entries.extend([returned] if returned else [])
    elif _may_be_of(movement.currency, movement.amount_minor, payment) and not _is_part_of_shared(movement, payment):
        name = returned_reference_of(payment.entry_id.removeprefix(PAYMENT_ENTRIES))
        is_returned = ports.references.claim(name, movement.payment_id) != movement.payment_id
    entries.sort(key=lambda entry: entry.sequence)
    return ReturnGround(entries, _reason_of(movement, ports), is_returned=is_returned)


def _is_part_of_shared(movement: BankMovement, payment: Entry) -> bool:
    """Whether a return takes back less than a payment for several accounts: it only waits, and takes nothing."""
    return bool(parts_of(payment)) and movement.amount_minor < int(payment.decision.facts["amount_minor"])


def _find_of_no_account(marks: Iterable[str], ports: ReturnPorts) -> Iterator[Entry]:
    """Payments that were taken in for no account, or for several, of those marks."""
    for mark in marks:
        payment_id = ports.references.find(_waiting_name(mark))
        if payment_id is None:
            continue
        payment = ports.ledger.read_entry(suspense_ledger_of(payment_id), f"{PAYMENT_ENTRIES}{payment_id}")
        if payment is not None:
            yield payment


def _find_return_of(payment: Entry, ports: ReturnPorts) -> Entry | None:
    """The return that took a payment of no account, or of several."""
    return_id = ports.references.find(returned_reference_of(payment.entry_id.removeprefix(PAYMENT_ENTRIES)))
    return ports.ledger.read_entry(payment.account_id, f"{DEBIT_ENTRIES}{return_id}") if return_id else None


def _may_be_of(currency: str, amount_minor: int, payment: Entry) -> bool:
    facts = payment.decision.facts
    return facts["currency"] == currency and int(facts["amount_minor"]) >= amount_minor


def _reason_of(movement: BankMovement, ports: ReturnPorts) -> ReturnReason:
    return ports.rules().reasons.find(movement.return_reason)


def _decide_waiting(waiting: Entry, ports: ReturnPorts, head: AccountHead, _: bool) -> Proposal | None:
    """The entry of a return that waited; None where its payment is not there, or it waits no more."""
    entries = _read_entries(head.account_id, ports)
    if waiting.entry_id not in {each.entry_id for each in find_waiting_returns(entries)}:
        return None
    movement = read_waiting_return(waiting)
    part_id = details_of(waiting).get(RETURNS_PART)
    ground = replace(ground_of(entries, movement, ports), part_id=part_id)
    original = find_payment_of(movement, ground)
    if original is None:
        return None
    outcome = decide_waiting_return(head, waiting, movement, original, ground)
    return Proposal(outcome.decision, outcome.discrepancies)


def _read_entries(account_id: str, ports: ReturnPorts) -> list[Entry]:
    """An account's whole ledger, in order: some hundred entries, and only where something is returned."""
    return [entry for entry, _ in ports.archive.read_entries(account_id)]


def heal_by(entry: Entry, ports: ReturnPorts) -> None:
    """Take off the worklist what an entry takes the ground from."""
    for kind, subject in _settled_by(entry):
        ports.discrepancies.heal(_discrepancy_id(kind, entry.account_id, subject))


def heal_if_booked(discrepancy: Discrepancy, ports: ReturnPorts) -> None:
    """Take the discrepancy of a return that waited off the worklist, where that was booked while a person was at it."""
    if discrepancy.kind not in _OF_WAITING_RETURN or discrepancy.account_id is None:
        return
    if discrepancy.entry_id in find_booked_returns(_read_entries(discrepancy.account_id, ports)):
        ports.discrepancies.heal(discrepancy.discrepancy_id)


def reopen_by(entry: Entry, ports: ReturnPorts) -> None:
    """Put back on the worklist what had healed by an entry that is undone, and heal what that had brought to light."""
    for kind, subject in _settled_by(entry):
        recorded = ports.discrepancies.read(_discrepancy_id(kind, entry.account_id, subject))
        if recorded is not None and recorded.status is DiscrepancyStatus.HEALED:
            ports.discrepancies.record(recorded.discrepancy)
    if entry.decision.kind is EntryKind.PAYMENT_RETURNED:
        told = _discrepancy_id(DiscrepancyKind.PAYMENT_RETURNED, entry.account_id, entry.entry_id)
        ports.discrepancies.heal(told)


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
