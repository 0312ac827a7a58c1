"""Why an invoice is what it is: the origin of each of its amounts, and what changed since the invoice before.

The terms are billed anew from the entries before the invoice, by today's rules. Where that does not give what was
recorded, the rules have changed since, and how an amount was cut is left open rather than guessed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from pawledger.domain.billing.installments import INSTALLMENT_FEE
from pawledger.domain.billing.issuing import due_day_of
from pawledger.domain.billing.rulebook import DiscountRule, FeeCapRule, FeeRule, Rulebook, TaxRule
from pawledger.domain.books.entries import Entry, EntryKind
from pawledger.domain.books.ledger import AccountHead, apply_entry
from pawledger.domain.errors import PawledgerError
from pawledger.domain.policy.policies import BilledTerm, Charge, Installment, sum_by_code
from pawledger.domain.policy.policy_decisions import decide_policy_event
from pawledger.domain.policy.policy_events import EVENT_TYPES, PolicyEvent, event_from_facts
from pawledger.domain.policy.policy_ground import PolicyGround

ChargingRule = TaxRule | FeeRule | FeeCapRule | DiscountRule

EVENTS_NAMED_MAX: Final = 50
"""Policy events between two invoices that are named; a household has a handful, more is a correction of its history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How a slice was cut from a charge, as it stood after the event that cut it last; amounts in minor units."""

    charge_minor: int
    """What the charge comes to in the term."""
    invoiced_before_minor: int
    """What of it stood on invoices when it was cut, less what was given back or taken off them, and the down payment
    that was cut off first."""
    months: int
    """Months of the term that this installment bills."""
    months_left: int
    """All that were not invoiced when it was cut."""
    weight: int
    weight_left: int
    is_down_payment: bool
    """Whether the plan bills a share of every charge with its first installment, and this is it."""

    @property
    def left_minor(self) -> int:
        return self.charge_minor - self.invoiced_before_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedLine:
    """One amount on an invoice: a slice of one charge of one term."""

    policy_id: str
    term_id: str
    number: int
    """Of the installment."""
    count: int | None
    """How many installments the term had then; None where it cannot be told any more."""
    plan: str
    code: str
    amount_minor: int
    event: Entry | None
    """The policy event by which the term was billed last before; None where the ledger holds none."""
    rules: tuple[ChargingRule, ...]
    """Those that the charge comes from, as far as they are still in the rulebook."""
    rule_ids: tuple[str, ...]
    arithmetic: str
    """How the charge was computed, as it was recorded; empty where the policy system told it."""
    cut: Cut | None
    """None where it cannot be told, and for the fee of an installment, which is not cut."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What one charge of one policy is more or less than on the invoice before, and why."""

    policy_id: str
    code: str
    before_minor: int
    now_minor: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedInvoice:
    """An invoice with the origin of everything on it; amounts in minor units of `currency`."""

    account_id: str
    invoice_id: str
    currency: str
    issued_on: date
    due_on: date
    amount_minor: int
    settled_minor: int
    """What the account's unapplied cash settled of it at once."""
    lines: tuple[ExplainedLine, ...]
    before: str | None
    """The invoice that it is compared with; None for the first."""
    before_minor: int
    differences: tuple[Difference, ...]
    """They sum to the difference of both invoices."""
    events: tuple[Entry, ...]
    """Policy events recorded between both, at most the last `EVENTS_NAMED_MAX`."""


@dataclass(slots=True)
class _Books:
    """Accounts as their entries made them, with the terms that each policy event billed."""

    rulebook: Rulebook
    head: AccountHead
    terms: dict[str, BilledTerm] = field(default_factory=dict)
    cut_by: dict[str, Entry] = field(default_factory=dict)
    """By term: the event that cut it last."""
    invoiced_at_cut: dict[str, int] = field(default_factory=dict)
    """By term: how many installments stood on invoices then."""
    credits_at_cut: dict[str, dict[str, int]] = field(default_factory=dict)
    events: list[PolicyEvent] = field(default_factory=list)
    invoices: list[Entry] = field(default_factory=list)
    before_policy: list[Entry] = field(default_factory=list)
    """What came before the account had a policy."""
    lost: set[str] = field(default_factory=set)
    """Policies that today's rules bill in another way than was recorded."""

    def follow(self, entry: Entry) -> None:
        """Take the next entry of the ledger."""
        if entry.decision.kind in EVENT_TYPES and "event" in entry.decision.facts:
            self._bill(entry)
        elif entry.decision.kind is EntryKind.INVOICE_ISSUED:
            self.invoices.append(entry)
        if self.head.currency is None:
            self.before_policy.append(entry)
        self.head = apply_entry(self.head, entry)

    def _bill(self, entry: Entry) -> None:
        event = event_from_facts(entry.decision.facts, entry.account_id, str(entry.decision.source.get("event_id")))
        own = [known for known in self.events if known.policy_id == event.policy_id]
        self.events.append(event)
        known_invoices = [i for i in self.invoices if all(line[0] in self.terms for line in i.decision.facts["lines"])]
        ground = PolicyGround(
            head=self.head,
            events=own,
            terms=[term for term in self.terms.values() if term.policy_id == event.policy_id],
            invoices=known_invoices,
            other_terms=[term for term in self.terms.values() if term.policy_id != event.policy_id],
            waiting=tuple(self.before_policy),
            rulebook=self.rulebook,
            received_on=entry.decision.occurred_on,
        )
        try:
            decided = decide_policy_event(ground, event)
        except PawledgerError:
            self._lose(event.policy_id, entry)
            return
        for term in decided.terms:
            self.cut_by[term.term_id] = entry
        if event.policy_id in self.lost or decided.decision.postings != entry.decision.postings:
            self._lose(event.policy_id, entry)
            return
        cursors = {cursor.term_id: cursor.next_installment for cursor in entry.decision.cursors}
        for term in decided.terms:
            self.terms[term.term_id] = term
            self.invoiced_at_cut[term.term_id] = cursors.get(term.term_id, len(term.installments) + 1) - 1
            self.credits_at_cut[term.term_id] = sum_by_code(term.credits)

    def _lose(self, policy_id: str, entry: Entry) -> None:
        self.lost.add(policy_id)
        for term_id in [term_id for term_id, term in self.terms.items() if term.policy_id == policy_id]:
            del self.terms[term_id]
        self.cut_by.update(dict.fromkeys(_terms_recorded(entry), entry))


def explain_invoice(entries: Sequence[Entry], invoice: Entry, rulebook: Rulebook, currency: str) -> ExplainedInvoice:
    """The explanation of one of an account's invoices, from all entries of the account in their order.

    Raises `InvariantError` where the entries do not follow each other.
    """
    books = _Books(rulebook, AccountHead(invoice.account_id))
    recorded: dict[str, dict[str, Charge]] = {}
    before: Entry | None = None
    lines_before: tuple[ExplainedLine, ...] = ()
    policies = _policies_of(invoice)
    for entry in entries:
        if entry.sequence == invoice.sequence:
            break
        books.follow(entry)
        recorded.update(_terms_recorded(entry))
        if entry.decision.kind is EntryKind.INVOICE_ISSUED and (
            before is None or policies & _policies_of(entry) or not policies & _policies_of(before)
        ):
            before, lines_before = entry, tuple(_explain_lines(entry, books, recorded))
    lines = tuple(_explain_lines(invoice, books, recorded))
    since = before.sequence if before else 0
    between = [e for e in entries if since < e.sequence < invoice.sequence and e.decision.kind in EVENT_TYPES]
    decision = invoice.decision
    invoice_id = _id_of(invoice)
    return ExplainedInvoice(
        account_id=invoice.account_id,
        invoice_id=invoice_id,
        currency=currency,
        issued_on=decision.occurred_on,
        due_on=due_day_of(decision),
        amount_minor=sum(line.amount_minor for line in lines),
        settled_minor=sum(a.amount_minor for a in decision.allocations if a.invoice_id == invoice_id),
        lines=lines,
        before=_id_of(before) if before else None,
        before_minor=sum(line.amount_minor for line in lines_before),
        differences=tuple(_compare(lines_before, lines, between)) if before else (),
        events=tuple(between[-EVENTS_NAMED_MAX:]),
    )


def _id_of(invoice: Entry) -> str:
    return f"{invoice.account_id}-{invoice.decision.invoice_number or 0:04d}"


def _policies_of(invoice: Entry) -> set[str]:
    return {_policy_of(term_id) for term_id, _, _ in invoice.decision.facts["lines"]}


def _policy_of(term_id: str) -> str:
    return term_id.rpartition("#")[0]


def _terms_recorded(entry: Entry) -> Mapping[str, dict[str, Charge]]:
    """By term and code, how a policy event's entry says that charges were computed."""
    charges = (entry.decision.details or {}).get("charges", {})
    return {term_id: {row[0]: Charge(*row) for row in rows} for term_id, rows in charges.items()}


def _explain_lines(
    invoice: Entry, books: _Books, recorded: Mapping[str, Mapping[str, Charge]]
) -> Iterator[ExplainedLine]:
    rules = {rule.rule_id: rule for rule in _rules_of(books.rulebook)}
    for term_id, number, charges in invoice.decision.facts["lines"]:
        term = books.terms.get(term_id)
        installment = term.installments[number - 1] if term and number <= len(term.installments) else None
        if installment is not None and [[c.code, c.amount_minor] for c in installment.charges] != charges:
            term, installment = None, None
        for code, amount_minor in charges:
            computed = recorded.get(term_id, {}).get(code)
            rule_ids = tuple(computed.rule_id.split()) if computed else ()
            yield ExplainedLine(
                policy_id=_policy_of(term_id),
                term_id=term_id,
                number=number,
                count=len(term.installments) if term else None,
                plan=term.plan if term else "",
                code=code,
                amount_minor=amount_minor,
                event=books.cut_by.get(term_id),
                rules=tuple(rules[rule_id] for rule_id in rule_ids if rule_id in rules),
                rule_ids=rule_ids,
                arithmetic=computed.arithmetic if computed else "",
                cut=_find_cut(books, term, installment, code) if term and installment else None,
            )


def _rules_of(rulebook: Rulebook) -> Iterable[ChargingRule]:
    return (*rulebook.taxes, *rulebook.fees, *rulebook.fee_caps, *rulebook.discounts)


def _find_cut(books: _Books, term: BilledTerm, installment: Installment, code: str) -> Cut | None:
    if code == INSTALLMENT_FEE:
        return None
    invoiced_count = books.invoiced_at_cut[term.term_id]
    standing = [i for i in term.installments[:invoiced_count] if not i.is_withdrawn]
    following = term.installments[invoiced_count:]
    billed = sum_by_code(charge for i in standing for charge in i.charges)
    plan = books.rulebook.plan(term.plan)
    months_before = sum(i.months for i in standing)
    weights: dict[int, int] = {}
    month = months_before
    for following_one in following:
        weights[following_one.number] = plan.weight_of(month // plan.months_between) * following_one.months
        month += following_one.months
    first = following[0]
    has_down_payment = (
        plan.down_payment_percent is not None
        and not months_before
        and any(weight for number, weight in weights.items() if number != first.number)
    )
    if not any(weights.values()):
        weights = dict.fromkeys(weights, 1)
    down_minor = 0
    if has_down_payment and installment != first:
        del weights[first.number]
        down_minor = sum_by_code(first.charges).get(code, 0)
    given_minor = books.credits_at_cut[term.term_id].get(code, 0)
    return Cut(
        charge_minor=sum_by_code(term.charges).get(code, 0),
        invoiced_before_minor=billed.get(code, 0) - given_minor + down_minor,
        months=installment.months,
        months_left=sum(i.months for i in following if i.number in weights),
        weight=weights[installment.number],
        weight_left=sum(weights.values()),
        is_down_payment=has_down_payment and installment == first,
    )


def _compare(
    before: Sequence[ExplainedLine], now: Sequence[ExplainedLine], events: Sequence[Entry]
) -> Iterator[Difference]:
    """One row for each charge of each policy that is not the same on both invoices."""
    keys = dict.fromkeys((line.policy_id, line.code) for line in (*before, *now))
    for policy_id, code in keys:
        was = [line for line in before if (line.policy_id, line.code) == (policy_id, code)]
        now_is = [line for line in now if (line.policy_id, line.code) == (policy_id, code)]
        was_minor, now_minor = (sum(line.amount_minor for line in lines) for lines in (was, now_is))
        if was_minor != now_minor:
            own = [e for e in events if e.decision.facts.get("policy_id") == policy_id]
            yield Difference(policy_id, code, was_minor, now_minor, _explain_difference(was, now_is, before, own))


def _explain_difference(
    was: Sequence[ExplainedLine],
    now: Sequence[ExplainedLine],
    all_before: Sequence[ExplainedLine],
    events: Sequence[Entry],
) -> str:
    reasons = [_name_event(event) for event in events]
    if not was and not any(line.policy_id == now[0].policy_id for line in all_before):
        return "; ".join([*reasons, f"{now[0].policy_id} was not on the invoice before"])
    if not now:
        return "; ".join([*reasons, "not on this invoice"])
    if not was:
        why = "not charged with the first installment" if now[0].code == INSTALLMENT_FEE else "not on the one before"
        return "; ".join([*reasons, why])
    first, last = was[0], now[-1]
    if first.term_id != last.term_id:
        reasons.append(f"a new term: {last.term_id} after {first.term_id}")
    elif not (first.cut and last.cut):
        reasons.append("cannot be told any more, because the rules have changed since")
    elif first.cut.is_down_payment:
        reasons.append("the one before was the down payment")
    elif first.cut.months != last.cut.months:
        reasons.append(f"bills {last.cut.months} months, the one before {first.cut.months}")
    elif first.cut.weight != last.cut.weight:
        reasons.append("the plan weighs its installments differently")
    elif not reasons:
        reasons.append("rounding: the slices of a charge sum to it exactly")
    return "; ".join(reasons)


def _name_event(event: Entry) -> str:
    number = event.decision.facts.get("transaction_number")
    return f"transaction {number} ({event.decision.kind.replace('_', ' ')}) of {event.decision.occurred_on}"
