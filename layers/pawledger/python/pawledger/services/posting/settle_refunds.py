"""The bank's debit of a refund that was sent: known by its end-to-end id, booked in the ledger of the refund.

Whether a debit settles a refund depends on what is known today. The answer is remembered before it is used, as every
other way in which a movement finds its ledger; what went to suspense before the refund was noted as sent stays there.
"""

from collections.abc import Iterable
from dataclasses import replace

from pawledger.domain.books.entries import REFUND_ENTRIES, UNDO_ENTRIES, Entry
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.posting.bank_movements import BankMovement, Movement, entry_id_of
from pawledger.domain.posting.movement_outcomes import MovementOutcome
from pawledger.domain.refunding.refunds import (
    RefundStep,
    decide_settlement,
    resolutions_that_settled,
    settles,
    step_entry_id,
)
from pawledger.domain.refunding.void_refunds import decide_late_settlement
from pawledger.ports import Ledger, ReferenceBook
from pawledger.services.receiving.payment_chunks import ChunkedMovement


def reference_of_mark(mark: str) -> str:
    """Under which reference it is remembered whose refund an end-to-end id is, by the mark of that id."""
    return f"{REFUND_ENTRIES}{mark}"


def find_refund_ledger(
    chunked: ChunkedMovement, otherwise: str, references: ReferenceBook, ledger: Ledger
) -> str | None:
    """The ledger of the refund that a debit settles; None for every other movement, `otherwise` being its ledger."""
    if chunked.movement is not Movement.OTHER_DEBIT:
        return None
    movement = chunked.identified("", (), None)
    found = find_refund_of(movement.marks, references)
    if found is None:
        return None
    ledger_id, refund_id = found
    is_booked = ledger.read_entry(otherwise, entry_id_of(movement)) is not None
    is_settled = not is_booked and settles(refund_id, read_refund_steps(found, ledger), movement) is None
    claimed = references.claim(f"route#{movement.payment_id}", ledger_id if is_settled else otherwise)
    return claimed if claimed == ledger_id else None


def settle_refund(
    head: AccountHead, movement: BankMovement, references: ReferenceBook, ledger: Ledger
) -> MovementOutcome | None:
    """The entry by which a debit settles a refund of this ledger; None where it settles none (any more).

    Steps are read after the head: where they are newer, the head has moved, and appending finds that out.
    """
    if movement.movement is not Movement.OTHER_DEBIT:
        return None
    found = find_refund_of(movement.marks, references)
    if found is None or found[0] != head.account_id or ledger.read_entry(head.account_id, entry_id_of(movement)):
        return None
    refund_id, steps = found[1], read_refund_steps(found, ledger)
    if settles(refund_id, steps, movement) is not None:
        return None
    void = steps.get(step_entry_id(refund_id, RefundStep.VOID))
    if void is not None:
        return decide_late_settlement(head, refund_id, movement, void)
    return MovementOutcome(decide_settlement(refund_id, movement), ())


def explain_debit(
    outcome: MovementOutcome, movement: BankMovement, references: ReferenceBook, ledger: Ledger
) -> MovementOutcome:
    """A debit that waits in suspense, with the reason why it settles no refund, where it names the id of one."""
    found = find_refund_of(movement.marks, references) if movement.movement is Movement.OTHER_DEBIT else None
    steps = read_refund_steps(found, ledger) if found else {}
    why = settles(found[1], steps, movement) if found else None
    if why is None:
        return outcome
    what = f"{outcome.decision.reason.removesuffix('.')}; {why}."
    told = tuple(replace(each, what=what) for each in outcome.discrepancies)
    return MovementOutcome(replace(outcome.decision, reason=what), told)


def find_refund_of(marks: Iterable[str], references: ReferenceBook) -> tuple[str, str] | None:
    """Ledger and id of the refund whose end-to-end id is among those of a movement, by their marks."""
    for mark in marks:
        target = references.find(reference_of_mark(mark))
        if target is not None:
            ledger_id, _, refund_id = target.partition("#")
            return ledger_id, refund_id
    return None


def read_refund_steps(found: tuple[str, str], ledger: Ledger) -> dict[str, Entry]:
    """The entries of a refund's steps, and of what took some of them back, by their ids; `found` is ledger and id."""
    ledger_id, refund_id = found
    entries = list(ledger.read_entries_from(ledger_id, f"{REFUND_ENTRIES}{refund_id}#"))
    for resolution_id in resolutions_that_settled(refund_id, tuple(entries)):
        entries += ledger.read_entries_from(ledger_id, f"{UNDO_ENTRIES}{resolution_id}#")
    return {entry.entry_id: entry for entry in entries}
