"""Living through years of a book of policies: days missed or billed twice, payments, and every month closed."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from pawledger.adapters.stored_bodies import read_term, write_term
from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.books.entries import Entry, EntryKind, LedgerAccount
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.calendar import add_months
from pawledger.domain.closing.completeness import MonthCounts
from pawledger.domain.policy.policies import BilledTerm
from pawledger.domain.posting.bank_movements import BankMovement, Movement, payment_id_of
from pawledger.domain.posting.payments import decide_movement
from pawledger.domain.worklist.discrepancies import Discrepancy
from pawledger.rules.billing_rules import load_shipped_rules
from pawledger.services.append_entry import Proposal, append_entry
from pawledger.services.billing.bill_accounts import bill_account
from pawledger.services.billing.policy_months import prove_policy_months
from pawledger.services.billing.record_policy_event import (
    PolicyEventRefusedError,
    PolicyRecordingPorts,
    record_policy_event,
)
from tests.fakes.ledger import MemoryLedger
from tests.fakes.memory import MemoryWorld
from tests.fakes.world import SharedState
from tests.simulation.policy_book import FIRST_DAY, Delivery, write_policy_book
from tests.simulation.scenario import seeded_random

MISSED_SHARE: Final = 0.1
"""Share of days on which the schedule does not fire; the last day of a month fires, and catches up before closing."""

REPEATED_SHARE: Final = 0.15
PAID_SHARE: Final = 0.9
"""Share of accounts that pay what is due when a month ends."""


class IndexedLedger(MemoryLedger):
    """The ledger in memory, with terms and entries at hand by account, and heads as they are now alone."""

    def __init__(self, state: SharedState) -> None:
        super().__init__(state)
        self.appended: Counter[EntryKind] = Counter()
        self.listener: Callable[[AccountHead, Entry, AccountHead], None] = lambda before, entry, after: None
        self._state = state
        self._terms_of: dict[str, dict[str, str]] = {}
        self._entries_of: dict[str, list[Entry]] = {}

    def read_terms(self, account_id: str, first_id: str, last_id: str) -> Sequence[BilledTerm]:
        terms = self._terms_of.get(account_id, {})
        return [read_term(terms[term_id]) for term_id in sorted(terms) if first_id <= term_id <= last_id]

    def read_entries_from(self, account_id: str, id_prefix: str) -> Sequence[Entry]:
        return [entry for entry in self._entries_of.get(account_id, []) if entry.entry_id.startswith(id_prefix)]

    def append(
        self,
        before: AccountHead,
        entry: Entry,
        after: AccountHead,
        *,
        discrepancies: Sequence[Discrepancy] = (),
        terms: Sequence[BilledTerm] = (),
    ) -> None:
        super().append(before, entry, after, discrepancies=discrepancies, terms=terms)
        self.appended[entry.decision.kind] += 1
        self._entries_of.setdefault(entry.account_id, []).append(entry)
        self._terms_of.setdefault(entry.account_id, {}).update({term.term_id: write_term(term) for term in terms})
        del self._state.rows.heads[entry.account_id][:-1]
        self.listener(before, entry, after)


@dataclass(frozen=True, slots=True)
class MonthClosed:
    """What a month's end showed."""

    day: date
    unbalanced_accounts: int
    trial_balance_minor: int
    """Absolute values of the sums of each currency, added up: zero in books that balance."""
    months: MonthCounts


@dataclass(slots=True)
class PolicyYears:
    """One book's life, and what it came to."""

    world: MemoryWorld = field(default_factory=MemoryWorld)
    rulebook: Rulebook = field(default_factory=load_shipped_rules)
    ledger: IndexedLedger = field(init=False)
    closed: list[MonthClosed] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    days_missed: int = 0
    days_repeated: int = 0
    invoice_count: int = 0
    negative_invoices: int = 0

    def __post_init__(self) -> None:
        self.ledger = IndexedLedger(self.world)
        self.world.ledger = self.ledger

    def live(
        self, seed: int, policy_count: int, years: int, tell: Callable[[MonthClosed], None] = lambda closed: None
    ) -> "PolicyYears":
        """Play every day; `tell` hears of each month that was closed."""
        chance = seeded_random(seed + 1)
        deliveries = write_policy_book(seed, policy_count, years)
        last_day, place, day = add_months(FIRST_DAY, 12 * years), 0, FIRST_DAY
        while day < last_day:
            until = place
            while until < len(deliveries) and deliveries[until].received_on <= day:
                until += 1
            today = deliveries[place:until]
            chance.shuffle(today)
            self._record(today)
            place = until
            following = day + timedelta(days=1)
            is_month_end = following.day == 1
            if chance.random() >= MISSED_SHARE or is_month_end:
                self._bill(day)
                if chance.random() < REPEATED_SHARE:
                    self.days_repeated += 1
                    self._bill(day - timedelta(days=chance.choice((0, 0, 3))))
            else:
                self.days_missed += 1
            if is_month_end:
                self.closed.append(self._close(day))
                tell(self.closed[-1])
                self._pay([account_id for account_id in self.world.rows.heads if chance.random() < PAID_SHARE], day)
            day = following
        return self

    def _record(self, deliveries: Sequence[Delivery]) -> None:
        world = self.world
        ports = PolicyRecordingPorts(
            self.ledger, world.reference_book, world.discrepancy_book, self.rulebook, world.pause
        )
        for delivery in deliveries:
            message_id = str(delivery.message["event_id"])
            try:
                record_policy_event(
                    delivery.message, message_id=message_id, received_on=delivery.received_on, ports=ports
                )
            except PolicyEventRefusedError as error:
                self.refused.append(f"{message_id}: {error}")

    def _bill(self, day: date) -> None:
        heads = self.world.rows.heads
        due = [account_id for account_id, (head,) in heads.items() if head.agenda_on and head.agenda_on <= day]
        for account_id in due:
            issued = bill_account(account_id, day, ledger=self.ledger, pause=self.world.pause)
            self.invoice_count += len(issued)
            self.negative_invoices += sum(invoice.amount_minor < 0 for invoice in issued)

    def _pay(self, account_ids: Sequence[str], day: date) -> None:
        for account_id in account_ids:
            head = self.ledger.read_head(account_id, consistent=True)
            owed_minor = head.balance_minor(LedgerAccount.RECEIVABLE) if head else 0
            if owed_minor > 0 and head is not None and head.currency is not None:
                movement = _payment(account_id, owed_minor, head.currency, day)
                append_entry(self.ledger, self.world.pause, account_id, _paying(movement))

    def _close(self, day: date) -> MonthClosed:
        totals: Counter[str] = Counter()
        unbalanced = 0
        for head in self.ledger.scan_heads():
            own: Counter[str] = Counter()
            for (currency, _), minor in head.balances.items():
                own[currency] += minor
            unbalanced += any(own.values())
            totals.update(own)
        months = prove_policy_months(day, self.ledger, self.world.discrepancy_book)
        return MonthClosed(day, unbalanced, sum(abs(minor) for minor in totals.values()), months)


def _payment(account_id: str, amount_minor: int, currency: str, day: date) -> BankMovement:
    return BankMovement(
        payment_id=payment_id_of((account_id, day.isoformat())),
        movement=Movement.PAYMENT,
        amount_minor=amount_minor,
        currency=currency,
        booked_on=day,
        invoice_ids=(),
        identified_by="payment reference",
        return_reason=None,
        is_future_dated=False,
        file_id="0" * 64,
        line=1,
        number=1,
    )


def _paying(movement: BankMovement) -> Callable[[AccountHead, bool], Proposal]:
    def decide(head: AccountHead, _: bool) -> Proposal:
        outcome = decide_movement(head, movement)
        return Proposal(outcome.decision, outcome.discrepancies)

    return decide
