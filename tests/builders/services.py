"""The ports of every service over one world in memory, the messages that services take, and short ways through them."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.policy.policy_events import PolicyIssued
from pawledger.domain.posting.allocation_terms import AllocationRules
from pawledger.domain.posting.bank_movements import Movement, payment_id_of
from pawledger.ports import Announcements
from pawledger.rules.provider_profiles import ProviderProfile
from pawledger.rules.refund_rules import load_refund_rules
from pawledger.rules.return_reasons import load_return_reasons
from pawledger.services.billing.record_policy_event import PolicyRecordingPorts, record_policy_event
from pawledger.services.billing.start_billing_day import BillingPorts
from pawledger.services.closing.close_day import ClosingPorts
from pawledger.services.posting.learn_payers import LearningPorts
from pawledger.services.posting.post_movement import PostingPorts
from pawledger.services.posting.post_payments import PostingTally, post_payments
from pawledger.services.posting.post_returns import ReturnPorts, ReturnRules
from pawledger.services.posting.routes import Clues
from pawledger.services.receiving.mandate_notices import NoticePorts
from pawledger.services.receiving.payer_keys import PayerKeys
from pawledger.services.receiving.payment_chunks import ChunkedMovement, write_chunk
from pawledger.services.receiving.receive_bank_file import ReceivingPorts
from pawledger.services.refunding.check_refunds import RefundWatchPorts
from tests.builders.movements import BOOKED_ON
from tests.builders.policies import charges_of
from tests.builders.rulebooks import build_rulebook
from tests.fakes.documents import MemoryAnnouncements
from tests.fakes.holidays import NoHolidays
from tests.fakes.memory import MemoryWorld
from tests.fakes.secrets import MemoryPayerSecret

RECEIVED_ON: Final = date(2026, 2, 3)
FILE_ID: Final = "f" * 64


def connect_policy_recording(world: MemoryWorld) -> PolicyRecordingPorts:
    return PolicyRecordingPorts(
        ledger=world.ledger,
        references=world.reference_book,
        discrepancies=world.discrepancy_book,
        rulebook=build_rulebook(),
        pause=world.pause,
    )


def connect_posting(
    world: MemoryWorld, allocation_rules: AllocationRules | None = None, rulebook: Rulebook | None = None
) -> PostingPorts:
    """Posting that forgives nothing, unless other terms are given."""
    return PostingPorts(
        ledger=world.ledger,
        references=world.reference_book,
        discrepancies=world.discrepancy_book,
        register=world.bank_file_register,
        store=world.bank_file_store,
        pause=world.pause,
        allocation_rules=allocation_rules or AllocationRules(),
        returns=ReturnPorts(
            ledger=world.ledger,
            archive=world.ledger,
            references=world.reference_book,
            discrepancies=world.discrepancy_book,
            pause=world.pause,
            rules=lambda: ReturnRules(load_return_reasons(), rulebook or build_rulebook()),
        ),
    )


def connect_receiving(
    world: MemoryWorld, *profiles: ProviderProfile, announcements: Announcements | None = None
) -> ReceivingPorts:
    """Receiving with the given provider profiles, none of the shipped ones."""
    by_provider = {profile.provider: profile for profile in profiles}
    return ReceivingPorts(
        store=world.bank_file_store,
        register=world.bank_file_register,
        references=world.reference_book,
        discrepancies=world.discrepancy_book,
        payments_queue=world.payments_queue,
        profile_of=by_provider.get,
        payer_keys=PayerKeys(MemoryPayerSecret()),
        notices=NoticePorts(announcements or MemoryAnnouncements(), load_return_reasons),
    )


def connect_learning(world: MemoryWorld) -> LearningPorts:
    return LearningPorts(entries=world.ledger, references=world.reference_book, reasons=load_return_reasons)


def connect_closing(world: MemoryWorld) -> ClosingPorts:
    return ClosingPorts(
        register=world.bank_file_register,
        discrepancies=world.discrepancy_book,
        archive=world.ledger,
        terms=world.ledger,
        refunds=RefundWatchPorts(world.ledger, world.discrepancy_book, load_refund_rules, NoHolidays()),
    )


def connect_billing(world: MemoryWorld) -> BillingPorts:
    return BillingPorts(
        agenda=world.ledger,
        runs=world.run_book,
        discrepancies=world.discrepancy_book,
        billing_queue=world.billing_queue,
    )


def policy_message(policy: PolicyIssued, *, mandate_id: str | None = None) -> dict[str, Any]:
    """The `policy_issued.v1` message that tells of a policy."""
    message: dict[str, Any] = {
        "schema": "policy_issued.v1",
        "event_id": f"event-of-{policy.policy_id}",
        "account_id": policy.account_id,
        "policy_id": policy.policy_id,
        "currency": policy.currency,
        "effective_on": policy.effective_on.isoformat(),
        "expires_on": policy.expires_on.isoformat(),
        "plan": policy.plan,
        "charges": [{"kind": charge.kind.value, "amount_minor": charge.amount_minor} for charge in charges_of(policy)],
    }
    if mandate_id is not None:
        message["mandate_id"] = mandate_id
    return message


def record_policy(world: MemoryWorld, policy: PolicyIssued, *, mandate_id: str | None = None) -> None:
    """Deliver a policy event once."""
    record_policy_event(
        policy_message(policy, mandate_id=mandate_id),
        message_id=f"message-of-{policy.policy_id}",
        received_on=policy.effective_on - timedelta(days=30),
        ports=connect_policy_recording(world),
    )


def bill_message(business_date: date, account_ids: Sequence[str]) -> dict[str, Any]:
    return {
        "schema": "bill_accounts.v1",
        "business_date": business_date.isoformat(),
        "account_ids": list(account_ids),
    }


def chunked_payment(
    name: str = "first",
    *,
    movement: Movement = Movement.PAYMENT,
    amount_minor: int = 1_000,
    currency: str = "EUR",
    booked_on: date = BOOKED_ON,
    references: Sequence[str] = (),
    text: str = "",
    mandate_id: str | None = None,
    is_future_dated: bool = False,
    return_reason: str | None = None,
    line: int = 4,
    number: int = 1,
) -> ChunkedMovement:
    """A payment of 10.00 EUR without any clue; `name` stands for the bank's identity of it."""
    return ChunkedMovement(
        payment_id=payment_id_of((name,)),
        movement=movement,
        amount_minor=amount_minor,
        currency=currency,
        booked_on=booked_on,
        is_future_dated=is_future_dated,
        return_reason=return_reason,
        clues=Clues(tuple(references), text, mandate_id),
        line=line,
        number=number,
    )


def store_chunk(
    world: MemoryWorld, movements: Sequence[ChunkedMovement], *, file_id: str = FILE_ID, chunk_number: int = 1
) -> dict[str, Any]:
    """Put a chunk into the bucket and return the message that announces it."""
    chunk_key = f"archive/bank/{file_id}/payments/{chunk_number:05d}.json"
    world.bank_file_store.drop(chunk_key, write_chunk(file_id, chunk_number, movements).encode())
    return {
        "schema": "post_payments.v1",
        "file_id": file_id,
        "chunk_number": chunk_number,
        "chunk_key": chunk_key,
    }


def post(
    world: MemoryWorld, movements: Sequence[ChunkedMovement], *, file_id: str = FILE_ID, chunk_number: int = 1
) -> PostingTally:
    """Store a chunk and deliver its message once."""
    message = store_chunk(world, movements, file_id=file_id, chunk_number=chunk_number)
    return post_payments(message, connect_posting(world))


def kinds_of_discrepancies(world: MemoryWorld) -> list[str]:
    """Kinds of what is open, sorted."""
    return sorted(recorded.discrepancy.kind.value for recorded in world.discrepancy_book.list_open())


def without(message: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A message with one field missing."""
    return {key: value for key, value in message.items() if key != name}
