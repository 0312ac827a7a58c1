"""Recording a policy event: it becomes an entry, and the terms that it changes are billed in a new way from then on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from pawledger.domain.billing.rulebook import Rulebook, UnknownRuleError
from pawledger.domain.books.entries import (
    DEBIT_ENTRIES,
    INVOICE_ENTRIES,
    PAYMENT_ENTRIES,
    REFUND_ENTRIES,
    RESOLUTION_ENTRIES,
    RETURNED_ENTRIES,
    UNDO_ENTRIES,
    Entry,
    LedgerAccount,
)
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.canonical import hash_value
from pawledger.domain.currencies import UnknownCurrencyError
from pawledger.domain.errors import PawledgerError
from pawledger.domain.identifiers import IdentifierError
from pawledger.domain.policy.policies import ALL_TERMS, PolicyRefusedError, terms_of_policy
from pawledger.domain.policy.policy_checks import check_policy_event
from pawledger.domain.policy.policy_decisions import MandateClaim, PolicyDecision, decide_policy_event, may_take_back
from pawledger.domain.policy.policy_events import (
    PolicyEvent,
    PolicyIssued,
    entries_of_policy,
    event_as_facts,
    event_from_facts,
)
from pawledger.domain.policy.policy_ground import PolicyGround
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.ports import DiscrepancyBook, Ledger, Pause, ReferenceBook
from pawledger.services.append_entry import EntryConflictError, Proposal, append_entry
from pawledger.services.billing.policy_messages import read_policy_event
from pawledger.services.messages import MessageRefusedError
from pawledger.services.receiving.mandates import mandate_reference_of


class PolicyEventRefusedError(PawledgerError):
    """A policy event was refused and a discrepancy recorded; the message is kept so that it can be sent again."""


class PolicyOnTwoAccountsError(PawledgerError):
    """A policy is issued on an account while another one is billed for it."""


@dataclass(frozen=True, slots=True)
class PolicyRecordingPorts:
    """Everything that recording a policy event touches."""

    ledger: Ledger
    references: ReferenceBook
    discrepancies: DiscrepancyBook
    rulebook: Rulebook
    pause: Pause


@dataclass(frozen=True, slots=True)
class PolicyRecorded:
    account_id: str
    policy_id: str
    is_new: bool
    discrepancies: tuple[Discrepancy, ...]
    """What a person must know of since."""


def record_policy_event(
    message: object, *, message_id: str, received_on: date, ports: PolicyRecordingPorts
) -> PolicyRecorded:
    """Record a policy event once, however often it is delivered, and heal the discrepancies that it explains.

    Raises `PolicyEventRefusedError` after recording a discrepancy, where the event breaks its contract, cannot be
    billed, contradicts an earlier one of the same transaction number, or issues a policy of another account.
    """
    try:
        event = read_policy_event(message)
        check_policy_event(event, ports.rulebook)
        return _record(event, received_on, ports)
    except PolicyOnTwoAccountsError as error:
        kind = DiscrepancyKind.POLICY_ON_TWO_ACCOUNTS
        ports.discrepancies.record(Discrepancy(kind, event.entry_id, received_on, f"{error}.", event.account_id))
        raise PolicyEventRefusedError(str(error)) from error
    except (MessageRefusedError, PolicyRefusedError, UnknownRuleError, IdentifierError, UnknownCurrencyError) as error:
        kind = DiscrepancyKind.POLICY_EVENT_REFUSED
        ports.discrepancies.record(Discrepancy(kind, f"message#{message_id}", received_on, str(error)))
        raise PolicyEventRefusedError(str(error)) from error
    except EntryConflictError as error:
        kind = DiscrepancyKind.POLICY_EVENT_CONFLICT
        subject, account_id = error.existing.entry_id, error.existing.account_id
        ports.discrepancies.record(Discrepancy(kind, subject, received_on, str(error), account_id))
        raise PolicyEventRefusedError(str(error)) from error


def _record(event: PolicyEvent, received_on: date, ports: PolicyRecordingPorts) -> PolicyRecorded:
    decided: list[PolicyDecision] = []

    def propose(head: AccountHead, _: bool) -> Proposal:
        ground = read_policy_ground(head, event, received_on, ledger=ports.ledger, rulebook=ports.rulebook)
        decision = decide_policy_event(ground, event)
        policy = policy_reference_of(event.policy_id) if isinstance(event, PolicyIssued) else None
        owner = ports.references.find(policy) if policy else None
        _check_owner(event, owner)
        # Mandates are bound after judging the event, so that a refused one binds nothing, and before recording it.
        unbound = _claim_mandates(decision.mandates, event, received_on, ports.references)
        if policy and owner is None:
            # Last, so that a policy that another account's mandate keeps from this one can be issued where it belongs.
            _check_owner(event, ports.references.claim(policy, event.account_id))
        decided.append(replace(decision, discrepancies=(*decision.discrepancies, *unbound)))
        return Proposal(decision.decision, decided[-1].discrepancies, decision.terms)

    recorded = append_entry(ports.ledger, ports.pause, event.account_id, propose)
    for healed in decided[-1].healed:
        ports.discrepancies.heal(healed.discrepancy_id)
    is_new = bool(recorded and recorded.is_new)
    return PolicyRecorded(event.account_id, event.policy_id, is_new, decided[-1].discrepancies if is_new else ())


MONEY_ENTRIES: Final = (
    PAYMENT_ENTRIES,
    DEBIT_ENTRIES,
    RETURNED_ENTRIES,
    RESOLUTION_ENTRIES,
    UNDO_ENTRIES,
    REFUND_ENTRIES,
)
"""With what the ids of entries begin that an account can have before its first policy."""


def policy_reference_of(policy_id: str) -> str:
    """Under which reference it is remembered on which account a policy was issued first."""
    return f"policy#{policy_id}"


def _check_owner(event: PolicyEvent, owner: str | None) -> None:
    if owner not in (None, event.account_id):
        raise PolicyOnTwoAccountsError(
            f"policy {event.policy_id} is told for account {event.account_id} and belongs to account {owner} already"
        )


def read_policy_ground(
    head: AccountHead, event: PolicyEvent, received_on: date, *, ledger: Ledger, rulebook: Rulebook
) -> PolicyGround:
    """What the decision stands on. Raises `EntryConflictError` where the event contradicts what stands."""
    account_id = event.account_id
    recorded = ledger.read_entries_from(account_id, entries_of_policy(event.policy_id))
    standing = next((entry for entry in recorded if entry.entry_id == event.entry_id), None)
    if standing is not None and standing.content_hash != hash_value(event_as_facts(event)):
        raise EntryConflictError(standing)
    later = [entry for entry in recorded if standing is not None and entry.sequence > standing.sequence]
    events = tuple(events_of(recorded))
    takes_back = may_take_back(events, event, rulebook)
    terms = ledger.read_terms(account_id, *(ALL_TERMS if takes_back else terms_of_policy(event.policy_id)))
    return PolicyGround(
        head=head,
        events=events,
        terms=tuple(term for term in terms if term.policy_id == event.policy_id),
        invoices=ledger.read_entries_from(account_id, INVOICE_ENTRIES) if takes_back else (),
        other_terms=tuple(term for term in terms if term.policy_id != event.policy_id),
        waiting=_read_waiting(head, ledger),
        rulebook=rulebook,
        received_on=received_on,
        recorded_later=frozenset(known.transaction_number for known in events_of(later)),
    )


def _read_waiting(head: AccountHead, ledger: Ledger) -> tuple[Entry, ...]:
    """What happened to money that came before the first policy, in its order; nothing where none waits."""
    if head.currency or not any(name is LedgerAccount.SUSPENSE for _, name in head.balances):
        return ()
    found = (entry for prefix in MONEY_ENTRIES for entry in ledger.read_entries_from(head.account_id, prefix))
    return tuple(sorted(found, key=lambda entry: entry.sequence))


def events_of(entries: Iterable[Entry]) -> Iterable[PolicyEvent]:
    """The policy events that entries recorded, each of which is one."""
    for entry in entries:
        yield event_from_facts(entry.decision.facts, entry.account_id, entry.decision.source["event_id"])


def _claim_mandates(
    claims: Iterable[MandateClaim], event: PolicyEvent, received_on: date, references: ReferenceBook
) -> list[Discrepancy]:
    """Bind mandates to the account; what pays another account already stays with it.

    Of an event that waited for this one it is a discrepancy, so that it does not keep this one from being recorded.

    Raises `PolicyRefusedError` where it is the event's own mandate.
    """
    unbound = []
    for claim in claims:
        owner = references.claim(mandate_reference_of(claim.mandate_id), event.account_id)
        if owner == event.account_id:
            continue
        why = f"the mandate of account {event.account_id} pays account {owner} already"
        if claim.entry_id == event.entry_id:
            raise PolicyRefusedError(why)
        kind = DiscrepancyKind.POLICY_EVENT_WITHOUT_EFFECT
        what = f"{claim.entry_id} binds no mandate: {why}."
        unbound.append(Discrepancy(kind, f"{claim.entry_id} mandate", received_on, what, event.account_id))
    return unbound
