"""Write-offs: what is open of an invoice and not asked for any more, within limits, and taken back by the reverse.

One person decides up to the limit of their role, over all that was written off of the invoice by one person. More is
requested, and done when a second person approves it. Pure: a preview decides the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from pawledger.domain.books.entries import Allocation, Decision, Entry, EntryKind, LedgerAccount, OpenInvoice, Posting
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.books.reversals import Reversal, check_nothing_used, reverse_entry
from pawledger.domain.books.waiting_money import UNDOES
from pawledger.domain.canonical import hash_value
from pawledger.domain.errors import PawledgerError
from pawledger.domain.money import write_amount
from pawledger.domain.refunding.refund_rules import RefundRules, is_same_person
from pawledger.domain.refunding.refund_steps import Act, SecondPersonNeededError
from pawledger.domain.refunding.refunds import BY
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.domain.worklist.resolutions import (
    AmountBeyondError,
    AmountNotPositiveError,
    Resolution,
    find_open_invoice,
)

WRITE_OFF_ENTRIES: Final = "write_off#"
"""With what the ids of entries begin that are steps of a write-off."""

WRITE_OFF_ID_LENGTH: Final = 24
"""96 bits of SHA-256, as of a resolution."""

_REQUEST: Final = "request"
"""The fact under which a write-off names the request that a second person approved."""


class WriteOffUnknownError(PawledgerError):
    """An account has no write-off of that id."""


class WriteOffStateError(PawledgerError):
    """A step does not follow from the state of a write-off, or another person took it; the text says who and when."""


class WriteOffStep(StrEnum):
    """A step of a write-off; the last one is its state."""

    REQUESTED = "requested"
    DONE = "done"
    REJECTED = "rejected"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff:
    """One write-off as the entries of its account tell it. Amounts in minor units."""

    write_off_id: str
    account_id: str
    invoice_id: str
    currency: str
    amount_minor: int
    steps: Mapping[WriteOffStep, Entry] = field(default_factory=dict)
    """In the order in which they were taken."""

    @property
    def state(self) -> WriteOffStep:
        return list(self.steps)[-1]

    def taken_by(self, step: WriteOffStep) -> str:
        return str(self.steps[step].decision.source["actor"])

    def taken_on(self, step: WriteOffStep) -> date:
        return self.steps[step].decision.occurred_on


@dataclass(frozen=True, slots=True)
class DecidedWriteOff:
    """A step of a write-off: the entry to be made, or None where it stands already, and what is born with it."""

    write_off_id: str
    decision: Decision | None
    discrepancies: tuple[Discrepancy, ...] = ()


def write_offs_among(entries: Iterable[Entry]) -> tuple[WriteOff, ...]:
    """The write-offs of an account that were asked for by command, in their order, from its entries in their order.

    Those that resolved a discrepancy belong to it, and are undone with it.
    """
    found: dict[str, WriteOff] = {}
    done: dict[str, str] = {}
    for entry in entries:
        facts = entry.decision.facts
        write_off_id = done.get(str(facts.get(UNDOES)))
        if write_off_id is not None:
            found[write_off_id] = _take(found[write_off_id], WriteOffStep.UNDONE, entry)
        if not entry.entry_id.startswith(WRITE_OFF_ENTRIES):
            continue
        _, write_off_id, step = entry.entry_id.split("#")
        if step == WriteOffStep.UNDONE:
            continue
        if write_off_id not in found:
            found[write_off_id] = WriteOff(
                write_off_id=write_off_id,
                account_id=entry.account_id,
                invoice_id=str(facts["invoice_id"]),
                currency=str(facts["currency"]),
                amount_minor=int(facts["amount_minor"]),
            )
        found[write_off_id] = _take(found[write_off_id], WriteOffStep(step), entry)
        if step == WriteOffStep.DONE:
            done[entry.entry_id] = write_off_id
    return tuple(found.values())


def decide_write_off(
    head: AccountHead,
    entries: Sequence[Entry],
    asked: tuple[str | None, int | None],
    rules: RefundRules,
    act: Act,
) -> DecidedWriteOff:
    """Write some or all off of what is open of an invoice, or request it where one person may not decide it alone.

    `asked` are the invoice, None where but one is open, and the amount, None for all that is open. Asked for again by
    the same person, it is the same. Raises `InvoiceNotOpenError`, `AmountNotPositiveError`, `AmountBeyondError`,
    `WriteOffStateError`.
    """
    standing = _find_standing(head, entries, asked)
    if standing is not None:
        _check_same_person(standing, next(iter(standing.steps)), act)
        return DecidedWriteOff(standing.write_off_id, None)
    invoice = find_open_invoice(head, asked[0])
    amount_minor, currency = check_amount(head, invoice, asked[1]), head.currency or ""
    key = [head.account_id, invoice.invoice_id, amount_minor]
    ended = [each for each in write_offs_among(entries) if _key_of(each) == key]
    write_off_id = hash_value([*key, len(ended)])[:WRITE_OFF_ID_LENGTH]
    alone_minor = _alone_minor(entries, invoice.invoice_id)
    if amount_minor + alone_minor <= rules.write_off_limit_minor(act.actor, currency):
        return DecidedWriteOff(write_off_id, _done(head, write_off_id, invoice, amount_minor, act))
    what = f"{write_amount(amount_minor, currency)} of {invoice.invoice_id} is to be written off"
    entry_id = _entry_id(write_off_id, WriteOffStep.REQUESTED)
    request = Decision(
        kind=EntryKind.WRITE_OFF_REQUESTED,
        entry_id=entry_id,
        occurred_on=act.on,
        facts=_facts(invoice.invoice_id, amount_minor, currency, act.actor),
        source={"actor": act.actor},
        postings=(),
        reason=f"{what}: {act.reason}",
    )
    kind, where = DiscrepancyKind.WRITE_OFF_WAITING, (head.account_id, currency, amount_minor)
    told = Discrepancy(kind, entry_id, act.on, f"{what}, which a second person has to approve.", *where)
    return DecidedWriteOff(write_off_id, request, (told,))


def decide_approval(head: AccountHead, write_off: WriteOff, act: Act) -> Decision | None:
    """A second person has it written off.

    Raises `WriteOffStateError`, `SecondPersonNeededError`, `InvoiceNotOpenError`, `AmountBeyondError`.
    """
    if _stands(write_off, WriteOffStep.DONE, WriteOffStep.REQUESTED, act):
        return None
    requester = write_off.taken_by(WriteOffStep.REQUESTED)
    if is_same_person(requester, act.actor):
        raise SecondPersonNeededError(
            f"{requester} requested to write off {write_amount(write_off.amount_minor, write_off.currency)}; so much "
            "another person approves"
        )
    invoice = find_open_invoice(head, write_off.invoice_id)
    amount_minor = check_amount(head, invoice, write_off.amount_minor)
    decision = _done(head, write_off.write_off_id, invoice, amount_minor, act)
    request = write_off.steps[WriteOffStep.REQUESTED].entry_id
    return replace(decision, facts={**decision.facts, _REQUEST: request})


def decide_rejection(write_off: WriteOff, act: Act) -> Decision | None:
    """It stays asked for. Raises `WriteOffStateError`."""
    if _stands(write_off, WriteOffStep.REJECTED, WriteOffStep.REQUESTED, act):
        return None
    written = write_amount(write_off.amount_minor, write_off.currency)
    return Decision(
        kind=EntryKind.WRITE_OFF_REJECTED,
        entry_id=_entry_id(write_off.write_off_id, WriteOffStep.REJECTED),
        occurred_on=act.on,
        facts=_facts(write_off.invoice_id, write_off.amount_minor, write_off.currency, act.actor),
        source={"actor": act.actor},
        postings=(),
        reason=f"{written} of {write_off.invoice_id} is not written off: {act.reason}",
    )


def decide_undo(head: AccountHead, write_off: WriteOff, act: Act) -> Decision | None:
    """It is asked for again: the reverse of the entry. Raises `WriteOffStateError`."""
    if _stands(write_off, WriteOffStep.UNDONE, WriteOffStep.DONE, act):
        return None
    made = write_off.steps[WriteOffStep.DONE]
    reversal = Reversal(
        kind=EntryKind.ENTRY_UNDONE,
        entry_id=_entry_id(write_off.write_off_id, WriteOffStep.UNDONE),
        occurred_on=act.on,
        facts={UNDOES: made.entry_id, BY: act.actor},
        source={"actor": act.actor},
        reason=f"{made.decision.reason} - undone: {act.reason}",
    )
    decision = reverse_entry(made, reversal)
    check_nothing_used(head, decision, made.entry_id)
    return decision


def decide_resolution(
    resolution: Resolution, head: AccountHead, entries: Sequence[Entry], rules: RefundRules
) -> Decision:
    """What is open of an invoice is not asked for any more, as the resolution of a discrepancy by one person.

    Raises `InvoiceNotOpenError`, `AmountBeyondError`.
    """
    request, currency = resolution.request, head.currency or ""
    invoice = find_open_invoice(head, request.invoice_id)
    amount_minor = check_amount(head, invoice, request.amount_minor)
    limit_minor = rules.write_off_limit_minor(resolution.actor, currency)
    alone_minor = _alone_minor(entries, invoice.invoice_id)
    if amount_minor + alone_minor > limit_minor:
        before = f", of which {write_amount(alone_minor, currency)} is" if alone_minor else ""
        raise AmountBeyondError(
            f"one person may write off {write_amount(limit_minor, currency)} of one invoice{before}, not "
            f"{write_amount(amount_minor, currency)}; `pawledger write-offs request` asks a second person"
        )
    decision = _post(head, invoice, amount_minor)
    return replace(
        decision,
        entry_id=resolution.entry_id(1),
        occurred_on=resolution.decided_on,
        source={"discrepancy_id": resolution.discrepancy.discrepancy_id, "actor": resolution.actor},
        reason=f"{decision.reason}: {resolution.reason}",
    )


def find_write_off(write_offs: Sequence[WriteOff], write_off_id: str, account_id: str) -> WriteOff:
    """The write-off of an id. Raises `WriteOffUnknownError`."""
    found = next((each for each in write_offs if each.write_off_id == write_off_id), None)
    if found is None:
        raise WriteOffUnknownError(
            f"account {account_id} has no write-off {write_off_id}; `pawledger write-offs list {account_id}` shows them"
        )
    return found


def waiting_discrepancy_id(write_off: WriteOff) -> str:
    """The discrepancy that a request was told by."""
    entry_id = _entry_id(write_off.write_off_id, WriteOffStep.REQUESTED)
    return Discrepancy(DiscrepancyKind.WRITE_OFF_WAITING, entry_id, date.min, "", write_off.account_id).discrepancy_id


def check_amount(head: AccountHead, invoice: OpenInvoice, amount_minor: int | None) -> int:
    """What is to be written off, no more than is open. Raises `AmountNotPositiveError`, `AmountBeyondError`."""
    if amount_minor is None:
        return invoice.remaining_minor
    if amount_minor <= 0:
        raise AmountNotPositiveError("an amount to be written off is more than zero")
    if amount_minor > invoice.remaining_minor:
        currency = head.currency or ""
        raise AmountBeyondError(
            f"of {invoice.invoice_id} {write_amount(invoice.remaining_minor, currency)} is open, not "
            f"{write_amount(amount_minor, currency)}"
        )
    return amount_minor


def _find_standing(
    head: AccountHead, entries: Sequence[Entry], asked: tuple[str | None, int | None]
) -> WriteOff | None:
    """The same write-off, where it was asked for before and neither rejected nor undone.

    One that was done is the same only where no more than it is asked for: what is open then is another part.
    """
    invoice_id, amount_minor = asked
    is_open = any(invoice_id in (None, invoice.invoice_id) for invoice in head.open_invoices)
    for each in reversed(write_offs_among(entries)):
        is_same = invoice_id in (None, each.invoice_id) and amount_minor in (None, each.amount_minor)
        is_waiting = each.state is WriteOffStep.REQUESTED
        is_done = each.state is WriteOffStep.DONE and (amount_minor is not None or not is_open)
        if is_same and (is_waiting or is_done):
            return each
    return None


def _alone_minor(entries: Sequence[Entry], invoice_id: str) -> int:
    """What single persons wrote off of an invoice, less what was undone."""
    undone = {entry.decision.facts.get(UNDOES) for entry in entries}
    return sum(
        int(entry.decision.facts["amount_minor"])
        for entry in entries
        if entry.decision.kind is EntryKind.INVOICES_WRITTEN_OFF
        and entry.decision.facts["invoice_id"] == invoice_id
        and _REQUEST not in entry.decision.facts
        and entry.entry_id not in undone
    )


def _done(head: AccountHead, write_off_id: str, invoice: OpenInvoice, amount_minor: int, act: Act) -> Decision:
    decision = _post(head, invoice, amount_minor)
    return replace(
        decision,
        entry_id=_entry_id(write_off_id, WriteOffStep.DONE),
        occurred_on=act.on,
        facts={**decision.facts, BY: act.actor},
        source={"actor": act.actor},
        reason=f"{decision.reason}: {act.reason}",
    )


def _post(head: AccountHead, invoice: OpenInvoice, amount_minor: int) -> Decision:
    """What every write-off posts; its allocation carries the due day, so that its reverse opens the invoice again."""
    currency = head.currency or ""
    return Decision(
        kind=EntryKind.INVOICES_WRITTEN_OFF,
        entry_id="",
        occurred_on=date.min,
        facts={"invoice_id": invoice.invoice_id, "amount_minor": amount_minor, "currency": currency},
        source={},
        postings=(
            Posting(LedgerAccount.WRITTEN_OFF, currency, amount_minor),
            Posting(LedgerAccount.RECEIVABLE, currency, -amount_minor),
        ),
        reason=f"{write_amount(amount_minor, currency)} of {invoice.invoice_id} is written off",
        allocations=(Allocation(invoice.invoice_id, amount_minor, invoice.due_on),),
    )


def _stands(write_off: WriteOff, step: WriteOffStep, follows: WriteOffStep, act: Act) -> bool:
    """Whether a step was taken already, by the same person. Raises `WriteOffStateError` where it cannot be taken."""
    if step in write_off.steps:
        _check_same_person(write_off, step, act)
        return True
    if write_off.state is not follows:
        raise WriteOffStateError(
            f"write-off {write_off.write_off_id} is {write_off.state} since {write_off.taken_on(write_off.state)}, by "
            f"{write_off.taken_by(write_off.state)}; only one that is {follows} can become {step}"
        )
    return False


def _check_same_person(write_off: WriteOff, step: WriteOffStep, act: Act) -> None:
    by = write_off.taken_by(step)
    if by != act.actor:
        raise WriteOffStateError(
            f"write-off {write_off.write_off_id} is {step} already since {write_off.taken_on(step)}, by {by}"
        )


def _key_of(write_off: WriteOff) -> list[Any]:
    return [write_off.account_id, write_off.invoice_id, write_off.amount_minor]


def _facts(invoice_id: str, amount_minor: int, currency: str, by: str) -> Mapping[str, Any]:
    return {"invoice_id": invoice_id, "amount_minor": amount_minor, "currency": currency, BY: by}


def _entry_id(write_off_id: str, step: WriteOffStep) -> str:
    return f"{WRITE_OFF_ENTRIES}{write_off_id}#{step}"


def _take(write_off: WriteOff, step: WriteOffStep, entry: Entry) -> WriteOff:
    return replace(write_off, steps={**write_off.steps, step: entry})
