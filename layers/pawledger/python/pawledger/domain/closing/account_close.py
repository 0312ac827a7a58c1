"""What one account's ledger says of a month: its balances, what is open, what was billed, earned and taxed.

Everything counts by the day on which an entry occurred, as the entry says: a payment on the day on which the bank
booked it, a policy event on the day on which it was received, an invoice on its business date.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from pawledger.domain.bank_returns.return_fees import RETURN_FEE_CHARGE
from pawledger.domain.billing.earning import EarningTerm, PolicyEarning, RecordedEvent, earn_policy
from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.books.entries import Entry, EntryKind, LedgerAccount
from pawledger.domain.calendar import Month
from pawledger.domain.policy.policies import Charge, ChargeKind, number_of_term
from pawledger.domain.policy.policy_events import EVENT_TYPES, event_from_facts


class Age(StrEnum):
    """How long something is due at the end of a month."""

    PAID_BEFORE_INVOICED = "paid_before_invoiced"
    """Settled by money that was booked within the month, on an invoice that was issued after it: a negative amount."""
    NOT_DUE = "not_due"
    DAYS_0_30 = "0-30"
    """The day on which it is due counts as none."""
    DAYS_31_60 = "31-60"
    DAYS_61_90 = "61-90"
    DAYS_OVER_90 = "over_90"


def age_of(due_on: date, day: date) -> Age:
    """How long what was due on a day is due at the end of another."""
    days = (day - due_on).days
    if days < 0:
        return Age.NOT_DUE
    limits = ((30, Age.DAYS_0_30), (60, Age.DAYS_31_60), (90, Age.DAYS_61_90))
    return next((age for until, age in limits if days <= until), Age.DAYS_OVER_90)


@dataclass(frozen=True, slots=True)
class Span:
    """An amount in minor units before a month and at its end."""

    before_minor: int = 0
    closing_minor: int = 0

    @property
    def change_minor(self) -> int:
        return self.closing_minor - self.before_minor

    def __add__(self, other: "Span") -> "Span":
        return Span(self.before_minor + other.before_minor, self.closing_minor + other.closing_minor)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What is open of an invoice, or of a payment that was taken back, at the end of the month."""

    currency: str
    invoice_id: str
    due_on: date
    remaining_minor: int
    age: Age


@dataclass(frozen=True, slots=True, kw_only=True)
class TermClose:
    """Premium less discounts of a term: written and earned."""

    policy_id: str
    term: EarningTerm
    """As it was known at the end of the month."""
    written: Span
    earned: Span

    @property
    def unearned_minor(self) -> int:
        return self.written.closing_minor - self.earned.closing_minor

    @property
    def is_in_play(self) -> bool:
        """Whether the month knows more of it than that it is over."""
        return bool(self.written.change_minor or self.earned.change_minor or self.unearned_minor)


@dataclass(frozen=True, slots=True)
class TaxKey:
    """What a tax is due to."""

    currency: str
    code: str
    jurisdiction: str
    rule_id: str
    """Several rules, parted by blanks, where one charge follows from several; empty where the policy system told it."""


BalanceKey = tuple[str, LedgerAccount]
"""Currency and ledger account."""

MovementKey = tuple[str, EntryKind, LedgerAccount]


@dataclass(slots=True)
class AccountClose:
    """One account's part in the close of a month; amounts in minor units, debits positive."""

    account_id: str
    entry_count: int = 0
    """Entries by the end of the month."""
    balances: dict[BalanceKey, Span] = field(default_factory=lambda: defaultdict(Span))
    debits: Counter[BalanceKey] = field(default_factory=Counter)
    """Within the month."""
    credits: Counter[BalanceKey] = field(default_factory=Counter)
    """Within the month, as positive amounts."""
    movements: Counter[MovementKey] = field(default_factory=Counter)
    """Within the month."""
    later: Counter[BalanceKey] = field(default_factory=Counter)
    """After the month."""
    invoiced: dict[tuple[str, str], Span] = field(default_factory=lambda: defaultdict(Span))
    """By currency and code of the charge, from the lines of invoices."""
    given_back: dict[str, Span] = field(default_factory=lambda: defaultdict(Span))
    """By currency: what was invoiced and is not charged any more, or was taken off its invoice."""
    open_items: list[OpenItem] = field(default_factory=list)
    terms: list[TermClose] = field(default_factory=list)
    taxes: dict[TaxKey, Span] = field(default_factory=lambda: defaultdict(Span))
    daily: dict[tuple[str, date], tuple[int, int]] = field(default_factory=lambda: defaultdict(lambda: (0, 0)))
    """By currency and day, the day before the month included: written and earned at its end."""


class AccountCloser:
    """Takes the entries of one account in their order, and closes the month on them.

    What it holds grows with the account's policies and open invoices, and not with its payments.
    """

    def __init__(self, account_id: str, month: Month, rulebook: Rulebook) -> None:
        self._month = month
        self._rulebook = rulebook
        self._places = {rule.rule_id: rule.jurisdiction for rule in rulebook.taxes}
        self._currency = ""
        self._close = AccountClose(account_id)
        self._due: dict[str, date] = {}
        self._remaining: Counter[str] = Counter()
        self._events: dict[str, list[RecordedEvent]] = {}

    def add(self, entry: Entry) -> None:
        """Count one more entry."""
        decision = entry.decision
        is_by_close = decision.occurred_on <= self._month.last_day
        self._currency = decision.opens_account_in or self._currency
        self._add_postings(entry)
        self._add_items(entry, is_by_close=is_by_close)
        if decision.kind in EVENT_TYPES:
            # One recorded behind it may be of an earlier day, and change what this one made.
            event = event_from_facts(decision.facts, entry.account_id, decision.source["event_id"])
            told = (decision.details or {}).get("in_full", {})
            in_full = {number_of_term(term_id): is_in_full for term_id, is_in_full in told.items()}
            recorded = RecordedEvent(decision.occurred_on, event, in_full)
            self._events.setdefault(event.policy_id, []).append(recorded)
        if decision.kind in EVENT_TYPES and is_by_close:
            self._add_given_back(entry)
        if decision.kind is EntryKind.INVOICE_ISSUED and is_by_close:
            self._add_invoice(entry)
        if decision.kind is EntryKind.PAYMENT_RETURNED and is_by_close:
            self._add_return_fee(entry)
        self._close.entry_count += is_by_close

    def close(self) -> AccountClose:
        """The account's part in the close. Raises `UnknownRuleError` and `PolicyRefusedError`, see `earn_policy`."""
        for invoice_id, remaining_minor in sorted(self._remaining.items()):
            if remaining_minor:
                due_on = self._due[invoice_id]
                age = Age.PAID_BEFORE_INVOICED if remaining_minor < 0 else age_of(due_on, self._month.last_day)
                self._close.open_items.append(OpenItem(self._currency, invoice_id, due_on, remaining_minor, age))
        for policy_id, recorded in sorted(self._events.items()):
            while recorded and recorded[-1].recorded_on > self._month.last_day:
                recorded.pop()
            self._add_policy(policy_id, earn_policy(recorded, self._rulebook))
        return self._close

    def _span(self, day: date, amount_minor: int) -> Span:
        """An amount that is there from a day on, which is none after the month."""
        return Span(amount_minor if day < self._month.first_day else 0, amount_minor)

    def _add_postings(self, entry: Entry) -> None:
        on, close = entry.decision.occurred_on, self._close
        for posting in entry.decision.postings:
            key = (posting.currency, posting.ledger_account)
            if on > self._month.last_day:
                close.later[key] += posting.amount_minor
                continue
            close.balances[key] += self._span(on, posting.amount_minor)
            if on < self._month.first_day:
                continue
            close.movements[posting.currency, entry.decision.kind, posting.ledger_account] += posting.amount_minor
            side = close.debits if posting.amount_minor > 0 else close.credits
            side[key] += abs(posting.amount_minor)

    def _add_items(self, entry: Entry, *, is_by_close: bool) -> None:
        """Invoices opened and settled; one that is opened after the month is remembered for its day alone."""
        opened, allocations = entry.decision.opened_invoice, entry.decision.allocations
        if opened is not None:
            self._due[opened.invoice_id] = opened.due_on
            self._remaining[opened.invoice_id] += opened.remaining_minor if is_by_close else 0
        if not is_by_close:
            return
        for each in entry.decision.reopened:
            self._due[each.invoice_id] = each.due_on
            self._remaining[each.invoice_id] += each.remaining_minor
        for allocation in allocations:
            self._remaining[allocation.invoice_id] -= allocation.amount_minor
            if not self._remaining[allocation.invoice_id]:
                # Settled: an entry that opens it again says when it is due.
                del self._remaining[allocation.invoice_id], self._due[allocation.invoice_id]

    def _add_invoice(self, entry: Entry) -> None:
        for _, _, charges in entry.decision.facts["lines"]:
            for code, amount_minor in charges:
                self._close.invoiced[self._currency, code] += self._span(entry.decision.occurred_on, amount_minor)

    def _add_return_fee(self, entry: Entry) -> None:
        """The fee for a returned payment, which is billed by the return and on no invoice."""
        for posting in entry.decision.postings:
            if posting.ledger_account is LedgerAccount.FEE:
                charged = self._span(entry.decision.occurred_on, -posting.amount_minor)
                self._close.invoiced[posting.currency, RETURN_FEE_CHARGE] += charged

    def _add_given_back(self, entry: Entry) -> None:
        """What a policy event gives back: it settles invoices, and the rest is the account's own money.

        Money that waited in suspense for the first policy becomes the account's own as well, and is not given back.
        """
        given_minor = sum(allocation.amount_minor for allocation in entry.decision.allocations)
        for posting in entry.decision.postings:
            is_released = posting.ledger_account is LedgerAccount.SUSPENSE and posting.amount_minor > 0
            if is_released or posting.ledger_account is LedgerAccount.UNAPPLIED:
                given_minor -= posting.amount_minor
        if given_minor:
            self._close.given_back[self._currency] += self._span(entry.decision.occurred_on, given_minor)

    def _add_policy(self, policy_id: str, earning: PolicyEarning) -> None:
        month, close = self._month, self._close
        has_news = earning.has_news(month.first_day, month.last_day)
        for number, term in sorted(earning.terms_until(month.last_day).items()):
            written = Span(*(earning.written_minor(number, day) for day in (month.day_before, month.last_day)))
            earned = Span(*(earning.earned_minor(number, day) for day in (month.day_before, month.last_day)))
            close.terms.append(TermClose(policy_id=policy_id, term=term, written=written, earned=earned))
            is_over = term.cover_until <= month.first_day or month.last_day < term.effective_on
            is_still = is_over and not has_news and not earned.change_minor
            for day in (month.day_before, *month.days):
                before = close.daily[term.currency, day]
                if is_still:
                    known = (written.closing_minor, earned.closing_minor)
                else:
                    known = (earning.written_minor(number, day), earning.earned_minor(number, day))
                close.daily[term.currency, day] = (before[0] + known[0], before[1] + known[1])
        for place, day in enumerate((month.day_before, month.last_day)):
            for sign, state in earning.known_on(day):
                for term in state.terms.values():
                    self._add_taxes(term, sign, is_before=place == 0)

    def _add_taxes(self, term: EarningTerm, sign: int, *, is_before: bool) -> None:
        for charge in term.charges:
            if charge.kind is ChargeKind.TAX:
                amount_minor = sign * charge.amount_minor
                span = Span(amount_minor, 0) if is_before else Span(0, amount_minor)
                self._close.taxes[self._tax_key(charge, term)] += span

    def _tax_key(self, charge: Charge, term: EarningTerm) -> TaxKey:
        """A policy that moved owes each tax where its rule is from."""
        places = sorted({self._places[rule_id] for rule_id in charge.rule_id.split()})
        return TaxKey(term.currency, charge.code, " ".join(places) or term.jurisdiction, charge.rule_id)


def close_account(account_id: str, entries: Iterable[Entry], month: Month, rulebook: Rulebook) -> AccountClose:
    """One account's part in the close of a month, from its entries in their order. Raises what `close` raises."""
    closer = AccountCloser(account_id, month, rulebook)
    for entry in entries:
        closer.add(entry)
    return closer.close()
