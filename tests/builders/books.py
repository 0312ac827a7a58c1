"""One account's ledger kept as text, as a store keeps it, and the short way from decisions to a head."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum, auto
from typing import Final

from pawledger.domain.bank_returns.returned_payments import find_waiting_returns
from pawledger.domain.bank_returns.returns import (
    ReturnGround,
    decide_waiting_return,
    find_payment_of,
    read_waiting_return,
)
from pawledger.domain.billing.issuing import decide_next_invoice
from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.books.entries import Decision, Entry, entry_from_json
from pawledger.domain.books.ledger import (
    AccountHead,
    BrokenLedgerError,
    apply_entry,
    chain_entry,
    head_as_json,
    head_from_json,
    replay_entries,
)
from pawledger.domain.canonical import hash_text, write_canonical
from pawledger.domain.policy.policies import BilledTerm
from pawledger.domain.policy.policy_decisions import PolicyDecision, decide_policy_event
from pawledger.domain.policy.policy_events import EVENT_TYPES, PolicyEvent, PolicyIssued, event_from_facts
from pawledger.domain.policy.policy_ground import PolicyGround
from pawledger.domain.posting.bank_movements import BankMovement, Movement
from pawledger.domain.posting.payments import decide_movement
from tests.builders.policies import ACCOUNT_ID
from tests.builders.rulebooks import build_rulebook

INVOICES_PER_BILLING_MAX: Final = 1_000
"""More than any test owes; a test that never comes to an end fails here instead."""


class Delivery(Enum):
    """What became of an event that was delivered."""

    RECORDED = auto()
    REPEATED = auto()
    CONTRADICTED = auto()


@dataclass(slots=True)
class StoredEntry:
    """What a store keeps of an entry; a test tampers with it by assigning."""

    body: str
    hash: str


@dataclass(slots=True)
class Book:
    """Does what the posting service does, without a store: decide on the head, skip what stands already, append."""

    account_id: str = ACCOUNT_ID
    stored: dict[str, StoredEntry] = field(default_factory=dict)
    """By entry id, in the order in which they were written."""
    policies: dict[str, PolicyIssued] = field(default_factory=dict)
    """By policy id, what was delivered of it first."""
    terms: dict[str, BilledTerm] = field(default_factory=dict)
    """By term id."""
    rulebook: Rulebook = field(default_factory=build_rulebook)
    _head_text: str = ""

    @property
    def head(self) -> AccountHead:
        if not self._head_text:
            return AccountHead(self.account_id)
        return head_from_json(self.account_id, len(self.stored), json.loads(self._head_text))

    @property
    def entries(self) -> list[Entry]:
        return [entry_from_json(json.loads(stored.body)) for stored in self.stored.values()]

    def deliver(self, decide: Callable[[AccountHead], Decision]) -> Delivery:
        """Append what is decided, unless an entry of its id stands already."""
        before = self.head
        entry = chain_entry(before, decide(before))
        after = apply_entry(before, entry)
        if entry.entry_id in self.stored:
            standing = entry_from_json(json.loads(self.stored[entry.entry_id].body))
            return Delivery.REPEATED if standing.content_hash == entry.content_hash else Delivery.CONTRADICTED
        self.stored[entry.entry_id] = StoredEntry(entry.body, entry.hash)
        self._head_text = write_canonical(head_as_json(after))
        return Delivery.RECORDED

    def deliver_policy(self, policy: PolicyIssued, received_on: date | None = None) -> Delivery:
        """Record a policy received on a day, or 30 days before it begins."""
        delivery = self.deliver_event(policy, received_on or policy.effective_on - timedelta(days=30))
        if delivery is Delivery.RECORDED:
            self.policies[policy.policy_id] = policy
        return delivery

    def deliver_event(self, event: PolicyEvent, received_on: date) -> Delivery:
        """Record an event of a policy, and bill its terms in the way that it makes right."""
        decided = self.decide_event(event, received_on)
        delivery = self.deliver(lambda _: decided.decision)
        if delivery is Delivery.RECORDED:
            self.terms.update({term.term_id: term for term in decided.terms})
        return delivery

    def decide_event(self, event: PolicyEvent, received_on: date) -> PolicyDecision:
        """What an event would mean."""
        entries = self.entries
        events = tuple(recorded for recorded in self.events if recorded.policy_id == event.policy_id)
        place = next((n for n, each in enumerate(events) if each.entry_id == event.entry_id), len(events))
        ground = PolicyGround(
            head=self.head,
            events=events,
            terms=tuple(term for term in self.terms.values() if term.policy_id == event.policy_id),
            invoices=tuple(entry for entry in entries if entry.entry_id.startswith("invoice#")),
            other_terms=tuple(term for term in self.terms.values() if term.policy_id != event.policy_id),
            waiting=() if self.head.currency else tuple(entries),
            rulebook=self.rulebook,
            received_on=received_on,
            recorded_later=frozenset(known.transaction_number for known in events[place + 1 :]),
        )
        return decide_policy_event(ground, event)

    @property
    def events(self) -> list[PolicyEvent]:
        """Policy events in the order in which they were recorded."""
        return [
            event_from_facts(entry.decision.facts, entry.account_id, entry.decision.source["event_id"])
            for entry in self.entries
            if entry.decision.kind in EVENT_TYPES
        ]

    def deliver_movement(self, movement: BankMovement) -> Delivery:
        """Record a movement, and then what waited for it."""
        ground = ReturnGround(self.entries)
        delivery = self.deliver(lambda head: decide_movement(head, movement, ground=ground).decision)
        for waiting in find_waiting_returns(self.entries) if movement.movement is Movement.PAYMENT else ():
            ground = ReturnGround(self.entries)
            returned = read_waiting_return(waiting)
            original = find_payment_of(returned, ground)
            if original is not None:
                outcome = decide_waiting_return(self.head, waiting, returned, original, ground)
                self.deliver(lambda _, outcome=outcome: outcome.decision)  # type: ignore[misc]
        return delivery

    def bill(self, business_date: date) -> int:
        """Issue every invoice that is due on a day and return how many there were."""
        for count in range(INVOICES_PER_BILLING_MAX):
            decision = decide_next_invoice(self.head, list(self.terms.values()), business_date)
            if decision is None:
                return count
            delivery = self.deliver(lambda _, decision=decision: decision)  # type: ignore[misc]
            if delivery is not Delivery.RECORDED:
                raise AssertionError(f"{decision.entry_id} was invoiced before")
        raise AssertionError("billing does not come to an end")

    def verify(self) -> None:
        """Prove the stored text: each body gives its hash, the chain holds and leads to the stored head.

        Raises `BrokenLedgerError`, or what reading a body raises that is no entry any more.
        """
        for entry_id, stored in self.stored.items():
            if hash_text(stored.body) != stored.hash:
                raise BrokenLedgerError(f"{entry_id} does not give its hash")
        if replay_entries(self.account_id, self.entries) != self.head:
            raise BrokenLedgerError("the entries do not lead to the head")


def append_all(head: AccountHead, decisions: Sequence[Decision]) -> AccountHead:
    """The head after decisions that were made elsewhere."""
    for decision in decisions:
        head = apply_entry(head, chain_entry(head, decision))
    return head
