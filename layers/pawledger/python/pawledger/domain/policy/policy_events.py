"""Policy events: what the policy system tells of a policy, as values and as the facts of entries."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from types import UnionType
from typing import Any, ClassVar, Final, Union, get_args, get_origin, get_type_hints

from pawledger.domain.billing.rulebook import CancellationMethod
from pawledger.domain.books.entries import EntryKind
from pawledger.domain.policy.policies import Charge, ChargeKind

TRANSACTION_NUMBER_MAX: Final = 99_999
"""A policy changes some times a year; five digits keep the entries of a policy in the order of its transactions."""


class CancelledBy(StrEnum):
    CUSTOMER = "customer"
    INSURER = "insurer"


class PlanChangeScope(StrEnum):
    """Which installments a change of plan cuts anew."""

    NOT_INVOICED = "not_invoiced"
    NOT_PAID = "not_paid"
    """Also those on invoices of which nothing is paid: they are taken off them."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a whole term costs, whatever part of it the price counts for; minor units."""

    premium_minor: int
    told: tuple[Charge, ...] = ()
    """Taxes, fees and discounts that the policy system computed itself; fees are not cut by days."""
    discounts: tuple[str, ...] = ()
    """Codes of the discounts that the policyholder is entitled to; their rates are rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyEvent:
    """What all policy events have in common."""

    kind: ClassVar[EntryKind]

    event_id: str
    """The policy system's own id, shown as the origin of the entry."""
    account_id: str
    policy_id: str
    transaction_number: int
    """The policy system's count of what happened to the policy, from 1: events mean the same in whatever order they
    arrive, because they are read in this one."""
    effective_on: date
    """The day from which on it counts."""

    @property
    def entry_id(self) -> str:
        return f"{entries_of_policy(self.policy_id)}{self.transaction_number:05d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyIssued(PolicyEvent):
    kind = EntryKind.POLICY_ISSUED

    currency: str
    expires_on: date
    plan: str
    price: Price
    product: str = ""
    jurisdiction: str = ""
    """ISO 3166; empty where the policy system tells taxes and fees itself."""
    due_day: int | None = None
    """Day of the month that the customer chose for installments."""
    issued_on: date | None = None
    """When the contract came about, where that is not its first day; the free look counts from it."""
    mandate_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyEndorsed(PolicyEvent):
    """The price, the address or the cover changes from a day on; what later days had before is replaced."""

    kind = EntryKind.POLICY_ENDORSED

    price: Price
    jurisdiction: str | None = None
    """The new one, where the address changed."""
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PetDied(PolicyEvent):
    """`effective_on` is the day of death, the last day of cover."""

    kind = EntryKind.PET_DIED

    evidence: str | None = None
    """Id of the document that shows it: a veterinary record or a cremation certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCancelled(PolicyEvent):
    """`effective_on` is the first day without cover."""

    kind = EntryKind.POLICY_CANCELLED

    by: CancelledBy
    requested_on: date
    method: CancellationMethod | None = None
    """What is kept; None leaves that to the rules."""
    has_claim: bool = False
    """Whether a claim was made in the term."""
    has_paid_claim: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalOffered(PolicyEvent):
    kind = EntryKind.RENEWAL_OFFERED

    expires_on: date
    price: Price
    notice_sent_on: date
    is_automatic: bool
    """Whether the term begins unless the customer declines."""
    plan: str | None = None
    """None keeps the plan of the term before."""
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalAccepted(PolicyEvent):
    """`effective_on` is the first day of the offered term."""

    kind = EntryKind.RENEWAL_ACCEPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalDeclined(PolicyEvent):
    """`effective_on` is the first day of the offered term."""

    kind = EntryKind.RENEWAL_DECLINED

    declined_on: date | None = None
    """When the customer said so; on the first day of the term and later it is a cancellation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChanged(PolicyEvent):
    kind = EntryKind.PLAN_CHANGED

    plan: str
    scope: PlanChangeScope = PlanChangeScope.NOT_INVOICED


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDayChanged(PolicyEvent):
    kind = EntryKind.DUE_DAY_CHANGED

    due_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerChanged(PolicyEvent):
    """Another mandate pays from now on; what it paid before keeps leading to the account."""

    kind = EntryKind.PAYER_CHANGED

    mandate_id: str


EVENT_TYPES: Final[Mapping[EntryKind, type[PolicyEvent]]] = {
    event_type.kind: event_type
    for event_type in (
        PolicyIssued,
        PolicyEndorsed,
        PetDied,
        PolicyCancelled,
        RenewalOffered,
        RenewalAccepted,
        RenewalDeclined,
        PlanChanged,
        DueDayChanged,
        PayerChanged,
    )
}


def entries_of_policy(policy_id: str) -> str:
    """With what the ids of all entries of a policy's events begin."""
    return f"policy#{policy_id}#"


def event_as_facts(event: PolicyEvent) -> dict[str, Any]:
    """An event as the facts of its entry; what says nothing is left out."""
    facts: dict[str, Any] = {"event": event.kind}
    for field in fields(event):
        value = getattr(event, field.name)
        if value is None or (value == "" and field.default == "") or field.name in ("account_id", "event_id"):
            continue
        facts[field.name] = _written(value)
    return facts


def event_from_facts(facts: Mapping[str, Any], account_id: str, event_id: str) -> PolicyEvent:
    """The mirror image of `event_as_facts`; account and event id stand elsewhere in the entry."""
    event_type = EVENT_TYPES[EntryKind(facts["event"])]
    hints = get_type_hints(event_type)
    values = {
        field.name: _read(facts[field.name], hints[field.name]) for field in fields(event_type) if field.name in facts
    }
    return event_type(account_id=account_id, event_id=event_id, **values)


def told_charge(kind: ChargeKind, amount_minor: int) -> Charge:
    """A charge that the policy system computed."""
    return Charge(str(kind), amount_minor)


def _written(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Price):
        told = [[charge.code, charge.amount_minor] for charge in value.told]
        return {"premium_minor": value.premium_minor, "told": told, "discounts": list(value.discounts)}
    return value


def _read(value: Any, hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    if hint is date:
        return date.fromisoformat(value)
    if hint is Price:
        told = tuple(Charge(*charge) for charge in value["told"])
        return Price(value["premium_minor"], told, tuple(value["discounts"]))
    return hint(value)
