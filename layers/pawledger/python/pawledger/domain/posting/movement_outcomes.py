"""What becomes of a bank movement: one entry, and the discrepancies that are born with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pawledger.domain.books.entries import Allocation, Decision, EntryKind, OpenInvoice, Posting
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.matching.identification import IDENTIFICATION_VERSION
from pawledger.domain.posting.bank_movements import BankMovement, Movement, entry_id_of
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind

RETURN_REASON: Final = "return_reason"
"""Under which name the source of a return says why, and so that it is one; empty where the bank says nothing."""

NAME_KEYS_KEPT_MAX: Final = 5
"""Of a name those that tell most, which come first: with more of them an entry would not stay under 1 KB."""


@dataclass(frozen=True, slots=True)
class MovementOutcome:
    """The decision about a movement, and the discrepancies that are born with it."""

    decision: Decision
    discrepancies: tuple[Discrepancy, ...]

    @property
    def is_suspended(self) -> bool:
        return self.decision.kind is EntryKind.MONEY_SUSPENDED


def book_movement(
    movement: BankMovement,
    kind: EntryKind,
    reason: str,
    *postings: Posting,
    allocations: tuple[Allocation, ...] = (),
    opened_invoice: OpenInvoice | None = None,
    mark: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> Decision:
    """The entry of a movement. Postings of nothing are left out."""
    # Of money that nobody could place nothing is learnt, so that it keeps no name.
    learnt = movement.name_keys[:NAME_KEYS_KEPT_MAX] if movement.identified_by else ()
    return Decision(
        kind=kind,
        entry_id=entry_id_of(movement),
        occurred_on=movement.booked_on,
        facts={
            "amount_minor": movement.amount_minor,
            "currency": movement.currency,
        },
        source={
            "file_id": movement.file_id,
            "line": movement.line,
            "number": movement.number,
            "identified_by": movement.identified_by,
            **({"ladder": IDENTIFICATION_VERSION} if movement.identified_by else {}),
            **({} if movement.offset is None else {"offset": movement.offset}),
            **({"payer": movement.payer_key} if movement.payer_key else {}),
            **({"names": list(learnt)} if learnt else {}),
            **({"marks": list(movement.marks)} if movement.marks else {}),
            **({"mandate": movement.mandate_mark} if movement.mandate_mark else {}),
            **_source_of_return(movement),
        },
        postings=tuple(posting for posting in postings if posting.amount_minor),
        reason=reason,
        allocations=allocations,
        opened_invoice=opened_invoice,
        payment_mark=mark,
        details=details,
    )


def _source_of_return(movement: BankMovement) -> Mapping[str, Any]:
    """What only a return keeps: why it came, and whether it would repeat an id of its payment."""
    if movement.movement is not Movement.RETURN:
        return {}
    reason = {RETURN_REASON: movement.return_reason or ""}
    return {**reason, "repeats_ids": True} if movement.repeats_ids else reason


def tell_movement(
    head: AccountHead, movement: BankMovement, kind: DiscrepancyKind, amount_minor: int, what: str
) -> Discrepancy:
    """A difference that a movement brings to light."""
    return Discrepancy(
        kind=kind,
        subject=entry_id_of(movement),
        born_on=movement.booked_on,
        what=what,
        account_id=head.account_id,
        currency=movement.currency,
        amount_minor=amount_minor,
        group=f"file#{movement.file_id}",
    )
