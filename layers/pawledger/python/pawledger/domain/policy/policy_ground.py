"""What a decision about a policy stands on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.books.entries import Entry
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.policy.policies import BilledTerm
from pawledger.domain.policy.policy_events import PolicyEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyGround:
    """All that a decision about a policy stands on."""

    head: AccountHead
    events: Sequence[PolicyEvent]
    """What was recorded of the policy before, in any order."""
    terms: Sequence[BilledTerm]
    """How its terms are billed now."""
    invoices: Sequence[Entry] = ()
    """The account's invoices, where a change of plan, or one that waited, may take unpaid ones back; none otherwise."""
    other_terms: Sequence[BilledTerm] = ()
    """Those of the account's other policies, where invoices are: what was taken off an invoice was not paid."""
    waiting: Sequence[Entry] = ()
    """Entries about money that came before the account had a policy; none where it has one, or nothing waits."""
    rulebook: Rulebook
    received_on: date
    recorded_later: frozenset[int] = frozenset()
    """Numbers of the transactions that were recorded after this one, where it comes again."""
