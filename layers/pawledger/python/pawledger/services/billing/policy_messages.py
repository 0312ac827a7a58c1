"""Reading the policy system's messages: one schema for each thing that can happen to a policy."""

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeVar

from pawledger.domain.billing.rulebook import CancellationMethod
from pawledger.domain.policy.policies import Charge, ChargeKind
from pawledger.domain.policy.policy_events import (
    CancelledBy,
    DueDayChanged,
    PayerChanged,
    PetDied,
    PlanChanged,
    PlanChangeScope,
    PolicyCancelled,
    PolicyEndorsed,
    PolicyEvent,
    PolicyIssued,
    Price,
    RenewalAccepted,
    RenewalDeclined,
    RenewalOffered,
    told_charge,
)
from pawledger.services.messages import MessageReader, MessageRefusedError, open_message
from pawledger.services.receiving.mandates import MANDATE_ID_CHARACTERS_MAX

CHARGES_MAX: Final = 40
"""A policy has a premium, some taxes, fees and discounts; more is a mistake of the sender."""

DISCOUNTS_MAX: Final = 10
"""A policyholder is entitled to one or two."""

POLICY_ISSUED_TOLD: Final = "policy_issued.v1"
"""A policy whose taxes, fees and discounts the policy system computed."""
POLICY_ISSUED: Final = "policy_issued.v2"
POLICY_ENDORSED: Final = "policy_endorsed.v1"
PET_DIED: Final = "pet_died.v1"
POLICY_CANCELLED: Final = "policy_cancelled.v1"
RENEWAL_OFFERED: Final = "renewal_offered.v1"
RENEWAL_ACCEPTED: Final = "renewal_accepted.v1"
RENEWAL_DECLINED: Final = "renewal_declined.v1"
PLAN_CHANGED: Final = "plan_changed.v1"
DUE_DAY_CHANGED: Final = "due_day_changed.v1"
PAYER_CHANGED: Final = "payer_changed.v1"

_Choice = TypeVar("_Choice", bound=StrEnum)


def read_policy_event(message: object) -> PolicyEvent:
    """The event that a message tells, by the schema that it names.

    Raises `MessageRefusedError` where the schema is not known or a field is missing or wrong.
    """
    schema = message.get("schema") if isinstance(message, dict) else None
    read = _READERS.get(schema) if isinstance(schema, str) else None
    if read is None:
        raise MessageRefusedError(f"the message names none of the schemas {', '.join(_READERS)}")
    return read(open_message(message, str(schema)))


def _common(reader: MessageReader, effective_on: str = "effective_on") -> dict[str, Any]:
    return {
        "event_id": reader.text("event_id"),
        "account_id": reader.text("account_id"),
        "policy_id": reader.text("policy_id"),
        "transaction_number": reader.integer("transaction_number"),
        "effective_on": reader.day(effective_on),
    }


def _read_issued_told(reader: MessageReader) -> PolicyIssued:
    """Version 1 knows no later events: it is always the first transaction of its policy."""
    charges = _read_charges(reader, "charges")
    premium_minor = sum(charge.amount_minor for charge in charges if charge.kind is ChargeKind.PREMIUM)
    told = tuple(charge for charge in charges if charge.kind is not ChargeKind.PREMIUM)
    return PolicyIssued(
        event_id=reader.text("event_id"),
        account_id=reader.text("account_id"),
        policy_id=reader.text("policy_id"),
        transaction_number=1,
        effective_on=reader.day("effective_on"),
        currency=reader.text("currency"),
        expires_on=reader.day("expires_on"),
        plan=reader.text("plan"),
        price=Price(premium_minor, told),
        mandate_id=_read_mandate(reader),
    )


def _read_issued(reader: MessageReader) -> PolicyIssued:
    return PolicyIssued(
        **_common(reader),
        currency=reader.text("currency"),
        expires_on=reader.day("expires_on"),
        plan=reader.text("plan"),
        price=_read_price(reader),
        product=reader.text("product"),
        jurisdiction=reader.optional_text("jurisdiction") or "",
        due_day=reader.optional_integer("due_day"),
        issued_on=_read_optional_day(reader, "issued_on"),
        mandate_id=_read_mandate(reader),
    )


def _read_endorsed(reader: MessageReader) -> PolicyEndorsed:
    return PolicyEndorsed(
        **_common(reader),
        price=_read_price(reader),
        jurisdiction=reader.optional_text("jurisdiction"),
        currency=reader.optional_text("currency"),
    )


def _read_died(reader: MessageReader) -> PetDied:
    return PetDied(**_common(reader, "died_on"), evidence=reader.optional_text("evidence"))


def _read_cancelled(reader: MessageReader) -> PolicyCancelled:
    return PolicyCancelled(
        **_common(reader),
        by=_read_choice(reader, "by", CancelledBy),
        requested_on=reader.day("requested_on"),
        method=_read_choice(reader, "method", CancellationMethod) if reader.optional_text("method") else None,
        has_claim=reader.optional_flag("has_claim"),
        has_paid_claim=reader.optional_flag("has_paid_claim"),
    )


def _read_renewal_offered(reader: MessageReader) -> RenewalOffered:
    return RenewalOffered(
        **_common(reader),
        expires_on=reader.day("expires_on"),
        price=_read_price(reader),
        notice_sent_on=reader.day("notice_sent_on"),
        is_automatic=reader.flag("is_automatic"),
        plan=reader.optional_text("plan"),
        currency=reader.optional_text("currency"),
    )


def _read_plan_changed(reader: MessageReader) -> PlanChanged:
    scope = _read_choice(reader, "scope", PlanChangeScope) if reader.optional_text("scope") else None
    return PlanChanged(**_common(reader), plan=reader.text("plan"), scope=scope or PlanChangeScope.NOT_INVOICED)


def _read_payer_changed(reader: MessageReader) -> PayerChanged:
    mandate_id = _read_mandate(reader)
    if mandate_id is None:
        raise MessageRefusedError(f"{reader.schema}: field mandate_id is missing")
    return PayerChanged(**_common(reader), mandate_id=mandate_id)


def _read_price(reader: MessageReader) -> Price:
    told = _read_charges(reader, "told_charges") if "told_charges" in reader.fields else ()
    discounts = reader.texts("discounts", DISCOUNTS_MAX) if "discounts" in reader.fields else ()
    return Price(reader.integer("premium_minor"), told, discounts)


def _read_charges(reader: MessageReader, name: str) -> tuple[Charge, ...]:
    return tuple(
        told_charge(_read_choice(charge, "kind", ChargeKind), charge.integer("amount_minor"))
        for charge in reader.objects(name, CHARGES_MAX)
    )


def _read_choice(reader: MessageReader, name: str, choices: type[_Choice]) -> _Choice:
    text = reader.text(name)
    if text not in [choice.value for choice in choices]:
        named = ", ".join(choice.value for choice in choices)
        raise MessageRefusedError(f"{reader.schema}: field {reader.path}{name} should be one of {named}")
    return choices(text)


def _read_optional_day(reader: MessageReader, name: str) -> date | None:
    return None if reader.fields.get(name) is None else reader.day(name)


def _read_mandate(reader: MessageReader) -> str | None:
    mandate_id = reader.optional_text("mandate_id")
    if mandate_id and len(mandate_id) > MANDATE_ID_CHARACTERS_MAX:
        raise MessageRefusedError(
            f"{reader.schema}: field mandate_id has at most {MANDATE_ID_CHARACTERS_MAX} characters"
        )
    return mandate_id


_READERS: Final[Mapping[str, Callable[[MessageReader], PolicyEvent]]] = MappingProxyType(
    {
        POLICY_ISSUED_TOLD: _read_issued_told,
        POLICY_ISSUED: _read_issued,
        POLICY_ENDORSED: _read_endorsed,
        PET_DIED: _read_died,
        POLICY_CANCELLED: _read_cancelled,
        RENEWAL_OFFERED: _read_renewal_offered,
        RENEWAL_ACCEPTED: lambda reader: RenewalAccepted(**_common(reader)),
        RENEWAL_DECLINED: lambda reader: RenewalDeclined(
            **_common(reader), declined_on=_read_optional_day(reader, "declined_on")
        ),
        PLAN_CHANGED: _read_plan_changed,
        DUE_DAY_CHANGED: lambda reader: DueDayChanged(**_common(reader), due_day=reader.integer("due_day")),
        PAYER_CHANGED: _read_payer_changed,
    }
)
"""How to read each schema."""

POLICY_SCHEMAS: Final = tuple(_READERS)
"""All schemas that the policy system may send."""
