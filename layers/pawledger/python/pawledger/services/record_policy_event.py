"""Recording a policy event: PolicyIssued becomes an entry, a policy and a day on the agenda."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from pawledger.domain.currencies import UnknownCurrencyError
from pawledger.domain.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.domain.errors import PawledgerError
from pawledger.domain.identifiers import IdentifierError
from pawledger.domain.issuing import IssuedPolicy, decide_policy_issue
from pawledger.domain.ledger import AccountHead
from pawledger.domain.policies import Charge, ChargeKind, Plan, Policy, PolicyRefusedError, check_policy
from pawledger.ports import DiscrepancyBook, Ledger, Pause, ReferenceBook
from pawledger.services.append_entry import EntryConflictError, Proposal, append_entry
from pawledger.services.mandates import MANDATE_ID_CHARACTERS_MAX, mandate_reference_of
from pawledger.services.messages import MessageRefusedError, open_message

POLICY_ISSUED: Final = "policy_issued.v1"

CHARGES_MAX: Final = 40
"""A policy has a premium, some taxes, fees and discounts; more is a mistake of the sender."""


class PolicyEventRefusedError(PawledgerError):
    """A policy event was refused and a discrepancy recorded; the message is kept so that it can be sent again."""


@dataclass(frozen=True, slots=True)
class PolicyRecordingPorts:
    """Everything that recording a policy touches."""

    ledger: Ledger
    references: ReferenceBook
    discrepancies: DiscrepancyBook
    pause: Pause


@dataclass(frozen=True, slots=True)
class PolicyRecorded:
    account_id: str
    policy_id: str
    is_new: bool


def record_policy_event(
    message: object, *, message_id: str, received_on: date, ports: PolicyRecordingPorts
) -> PolicyRecorded:
    """Record a PolicyIssued event once, however often it is delivered.

    Raises `PolicyEventRefusedError` after recording a discrepancy, where the event breaks its contract, cannot be
    billed or contradicts an earlier one.
    """
    try:
        issued, mandate_id = read_policy_issued(message, received_on)
        if mandate_id:
            _claim_mandate(issued, mandate_id, ports)
        recorded = append_entry(
            ports.ledger,
            ports.pause,
            issued.policy.account_id,
            lambda head, _: _propose(head, issued),
        )
    except (MessageRefusedError, PolicyRefusedError, IdentifierError, UnknownCurrencyError) as error:
        kind = DiscrepancyKind.POLICY_EVENT_REFUSED
        ports.discrepancies.record(Discrepancy(kind, f"message#{message_id}", received_on, str(error)))
        raise PolicyEventRefusedError(str(error)) from error
    except EntryConflictError as error:
        kind = DiscrepancyKind.POLICY_EVENT_CONFLICT
        subject, account_id = error.existing.entry_id, error.existing.account_id
        ports.discrepancies.record(Discrepancy(kind, subject, received_on, str(error), account_id))
        raise PolicyEventRefusedError(str(error)) from error
    return PolicyRecorded(issued.policy.account_id, issued.policy.policy_id, bool(recorded and recorded.is_new))


def read_policy_issued(message: object, received_on: date) -> tuple[IssuedPolicy, str | None]:
    """Read a `policy_issued.v1` message: the policy and, where there is one, the mandate that pays it.

    Raises `MessageRefusedError`, `PolicyRefusedError`, `IdentifierError` or `UnknownCurrencyError`.
    """
    reader = open_message(message, POLICY_ISSUED)
    plan, plans = reader.text("plan"), [plan.value for plan in Plan]
    if plan not in plans:
        raise MessageRefusedError(f"{POLICY_ISSUED}: field plan should be one of {', '.join(plans)}")
    charges = []
    for charge in reader.objects("charges", CHARGES_MAX):
        kind, kinds = charge.text("kind"), [kind.value for kind in ChargeKind]
        if kind not in kinds:
            raise MessageRefusedError(f"{POLICY_ISSUED}: field {charge.path}kind should be one of {', '.join(kinds)}")
        charges.append(Charge(ChargeKind(kind), charge.integer("amount_minor")))
    policy = Policy(
        account_id=reader.text("account_id"),
        policy_id=reader.text("policy_id"),
        currency=reader.text("currency"),
        effective_on=reader.day("effective_on"),
        expires_on=reader.day("expires_on"),
        plan=Plan(plan),
        charges=tuple(charges),
    )
    mandate_id = reader.optional_text("mandate_id")
    if mandate_id and len(mandate_id) > MANDATE_ID_CHARACTERS_MAX:
        raise MessageRefusedError(
            f"{POLICY_ISSUED}: field mandate_id has at most {MANDATE_ID_CHARACTERS_MAX} characters"
        )
    return IssuedPolicy(reader.text("event_id"), received_on, check_policy(policy)), mandate_id


def _propose(head: AccountHead, issued: IssuedPolicy) -> Proposal:
    return Proposal(decide_policy_issue(head, issued), policy=issued.policy)


def _claim_mandate(issued: IssuedPolicy, mandate_id: str, ports: PolicyRecordingPorts) -> None:
    """Bind a mandate to the account: after judging the event, so that a refused one binds nothing, before recording it.

    Raises `PolicyRefusedError` where the mandate pays another account, or where the account cannot take the policy.
    """
    account_id = issued.policy.account_id
    head = ports.ledger.read_head(account_id, consistent=True) or AccountHead(account_id)
    decide_policy_issue(head, issued)
    owner = ports.references.claim(mandate_reference_of(mandate_id), account_id)
    if owner != account_id:
        raise PolicyRefusedError(f"the mandate of account {account_id} pays account {owner} already")
