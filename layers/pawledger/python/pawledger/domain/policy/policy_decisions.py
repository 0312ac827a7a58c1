"""Decisions about policies: what one more event of a policy means for the account that pays it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pawledger.domain.billing.charging import PAY_IN_FULL, rewards_paying_in_full
from pawledger.domain.billing.rulebook import CancellationMethod, Rulebook
from pawledger.domain.billing.term_billing import BillingGround, Rebilling, bill_term, find_hold, void_term
from pawledger.domain.books.entries import Allocation, Decision, LedgerAccount, OpenInvoice, Posting
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.books.waiting_money import sum_suspended
from pawledger.domain.money import format_amount, write_amount
from pawledger.domain.policy.policies import BilledTerm, ChargeKind, PolicyRefusedError, term_id_of
from pawledger.domain.policy.policy_events import (
    PayerChanged,
    PlanChanged,
    PlanChangeScope,
    PolicyCancelled,
    PolicyEvent,
    PolicyIssued,
    event_as_facts,
)
from pawledger.domain.policy.policy_findings import compare_discrepancies
from pawledger.domain.policy.policy_ground import PolicyGround
from pawledger.domain.policy.policy_history import PolicyHistory, Term, fold_events, pair_with_predecessors
from pawledger.domain.posting.allocation import allocate_oldest_first, sum_of
from pawledger.domain.worklist.discrepancies import Discrepancy

TERMS_BILLING_MAX: Final = 200
"""Terms of one account that still have something to invoice; a household has a handful, a kennel some dozens."""

_LEDGER_ACCOUNT_OF: Final = {
    ChargeKind.PREMIUM: LedgerAccount.PREMIUM,
    ChargeKind.TAX: LedgerAccount.TAX,
    ChargeKind.FEE: LedgerAccount.FEE,
    ChargeKind.DISCOUNT: LedgerAccount.DISCOUNT,
}


@dataclass(frozen=True, slots=True)
class MandateClaim:
    """That a mandate pays the account, by the event of an entry."""

    mandate_id: str
    entry_id: str


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """What an event means: an entry, terms that are billed in another way, and what a person must know of."""

    decision: Decision
    terms: tuple[BilledTerm, ...] = ()
    discrepancies: tuple[Discrepancy, ...] = ()
    healed: tuple[Discrepancy, ...] = ()
    """Whose ground is gone with this event, under each id that they may stand under."""
    mandates: tuple[MandateClaim, ...] = ()
    """What pays the account from now on, the event's own mandate first."""


@dataclass(slots=True)
class _Money:
    """Postings of one entry while they are gathered."""

    currency: str
    amounts: dict[LedgerAccount, int] = field(default_factory=dict)
    allocations: list[Allocation] = field(default_factory=list)

    def add(self, ledger_account: LedgerAccount, amount_minor: int) -> None:
        self.amounts[ledger_account] = self.amounts.get(ledger_account, 0) + amount_minor

    def postings(self) -> tuple[Posting, ...]:
        return tuple(Posting(name, self.currency, minor) for name, minor in self.amounts.items() if minor)


def decide_policy_event(ground: PolicyGround, event: PolicyEvent) -> PolicyDecision:
    """Record an event, whatever it means by now, and bill the terms that it changes.

    The same events end in the same terms in whatever order they come: each is read in the order of its transaction
    number, and what makes no sense yet is a discrepancy that heals when what was missing comes.

    Raises `PolicyRefusedError` where the account is invoiced in another currency or has too many terms to invoice, or
    where the rules cannot charge the term, and `UnknownRuleError`.
    """
    others = [earlier for earlier in ground.events if earlier.transaction_number != event.transaction_number]
    before = fold_events(others, ground.rulebook)
    after = fold_events((*others, event), ground.rulebook)
    _check_account(ground.head, event, after, is_new=len(others) == len(ground.events))
    withdrawable = _find_withdrawable(ground, event, (before, after))
    rebillings = _rebill(ground, event, (before, after), withdrawable)
    currency = ground.head.currency or (after.terms[0].currency if after.terms else "")
    money = _Money(currency)
    withdrawn = _withdraw(rebillings, withdrawable, money)
    for rebilling in rebillings:
        _post_changes(rebilling, money)
    credited = _give_credit(ground.head, rebillings, money)
    opens = bool(after.terms) and ground.head.currency is None
    released = _release_suspense(ground, money) if opens else ""
    born, healed = compare_discrepancies(ground, event, (before, after), rebillings)
    cursors = [(rebilling.after.term_id, rebilling.cursor(ground.received_on)) for rebilling in rebillings]
    standing = {cursor.term_id for cursor in ground.head.cursors}
    decision = Decision(
        kind=event.kind,
        entry_id=event.entry_id,
        occurred_on=ground.received_on,
        facts=event_as_facts(event),
        source={"event_id": event.event_id},
        postings=money.postings(),
        reason=f"{_reason(event, after, rebillings, currency)}{withdrawn}{credited}{released}.",
        allocations=tuple(money.allocations),
        cursors=tuple(cursor for _, cursor in cursors if cursor is not None),
        finished_terms=tuple(term_id for term_id, cursor in cursors if cursor is None and term_id in standing),
        opens_account_in=currency if opens else None,
        details=_details(ground, after, rebillings),
    )
    return PolicyDecision(
        decision=decision,
        terms=tuple(rebilling.after for rebilling in rebillings),
        discrepancies=born,
        healed=healed,
        mandates=tuple(_find_new_mandates((event, *others), event, (before, after))),
    )


def _find_new_mandates(
    events: Iterable[PolicyEvent], event: PolicyEvent, histories: tuple[PolicyHistory, PolicyHistory]
) -> Iterable[MandateClaim]:
    """Mandates of events that count now, and did not before this one."""
    before, after = histories
    for known in events:
        if not isinstance(known, PolicyIssued | PayerChanged) or not known.mandate_id:
            continue
        number = known.transaction_number
        if number not in after.refusals and (number in before.refusals or known is event):
            yield MandateClaim(known.mandate_id, known.entry_id)


def _check_account(head: AccountHead, event: PolicyEvent, after: PolicyHistory, *, is_new: bool) -> None:
    for term in after.terms[:1]:
        if head.currency not in (None, term.currency):
            raise PolicyRefusedError(f"account {head.account_id} is invoiced in {head.currency}, not {term.currency}")
    if is_new and len(head.cursors) >= TERMS_BILLING_MAX and isinstance(event, PolicyIssued):
        raise PolicyRefusedError(f"account {head.account_id} already bills {TERMS_BILLING_MAX} terms")


def _rebill(
    ground: PolicyGround,
    event: PolicyEvent,
    histories: tuple[PolicyHistory, PolicyHistory],
    withdrawable: Collection[tuple[str, int]],
) -> tuple[Rebilling, ...]:
    """The terms that the event changes, as they are billed from now on; all others stay as they are."""
    stored = {term.number: term for term in ground.terms}
    billing = BillingGround(
        head=ground.head, policy_id=event.policy_id, rulebook=ground.rulebook, received_on=ground.received_on
    )
    before, after = histories
    rebillings = []
    was = dict(zip(_numbers(before.terms), pair_with_predecessors(before.terms), strict=True))
    for number, pair in zip(_numbers(after.terms), pair_with_predecessors(after.terms), strict=True):
        standing = stored.get(number)
        withdrawn = {line[1] for line in withdrawable if standing is not None and line[0] == standing.term_id}
        if standing is not None and was.get(number) == pair and not withdrawn:
            continue
        hold = find_hold(pair[1], pair[0], ground.rulebook)
        rebillings.append(bill_term(billing, pair[1], standing, hold, withdrawn))
    known = set(_numbers(after.terms))
    rebillings += [void_term(billing, term) for number, term in sorted(stored.items()) if number not in known]
    return tuple(rebillings)


def _numbers(terms: Iterable[Term]) -> list[int]:
    return [term.number for term in terms]


def may_take_back(recorded: Iterable[PolicyEvent], event: PolicyEvent, rulebook: Rulebook) -> bool:
    """Whether an event can take installments off invoices: it changes the plan so, or an event that does may wait for
    it. Only then does its ground need the account's invoices.
    """
    known = tuple(recorded)
    if _takes_back(event):
        return True
    if not any(map(_takes_back, known)):
        return False
    waiting = fold_events(known, rulebook).refusals
    return any(_takes_back(each) and each.transaction_number in waiting for each in known)


def _takes_back(event: PolicyEvent) -> bool:
    return isinstance(event, PlanChanged) and event.scope is PlanChangeScope.NOT_PAID


def _find_withdrawable(
    ground: PolicyGround, event: PolicyEvent, histories: tuple[PolicyHistory, PolicyHistory]
) -> Mapping[tuple[str, int], str]:
    """By term and number: installments that can be taken off their invoices, of which nothing is paid, and these.

    They are those of the terms whose plan is changed by the event, or by one that waited for it.
    """
    before, after = histories
    counting = {
        known.transaction_number
        for known in (*ground.events, event)
        if _takes_back(known) and (known.transaction_number in before.refusals or known is event)
    }
    plans = {term.number: term.plan for term in before.terms}
    changed = {
        term_id_of(event.policy_id, term.number)
        for term in after.terms
        if after.plans_from.get(term.number) in counting and plans.get(term.number, term.plan) != term.plan
    }
    if not changed:
        return {}
    installments = {
        (term.term_id, installment.number): installment
        for term in (*ground.terms, *ground.other_terms)
        for installment in term.installments
    }
    open_minor = {invoice.invoice_id: invoice.remaining_minor for invoice in ground.head.open_invoices}
    found: dict[tuple[str, int], str] = {}
    for entry in ground.invoices:
        opened = entry.decision.opened_invoice
        if opened is None or opened.invoice_id not in open_minor:
            continue
        lines = [(term_id, number) for term_id, number, _ in entry.decision.facts["lines"]]
        taken_off_minor = sum(installments[line].amount_minor for line in lines if installments[line].is_withdrawn)
        if open_minor[opened.invoice_id] != opened.remaining_minor - taken_off_minor:
            continue
        for line in lines:
            if line[0] in changed and installments[line].amount_minor and not installments[line].is_withdrawn:
                found[line] = opened.invoice_id
    return found


def _withdraw(rebillings: Sequence[Rebilling], withdrawable: Mapping[tuple[str, int], str], money: _Money) -> str:
    """Take installments off their unpaid invoices, and say which."""
    for rebilling in rebillings:
        for installment in rebilling.after.installments:
            invoice_id = withdrawable.get((rebilling.after.term_id, installment.number))
            if invoice_id is not None and installment.is_withdrawn:
                money.add(LedgerAccount.RECEIVABLE, -installment.amount_minor)
                money.add(LedgerAccount.UNBILLED, installment.amount_minor)
                money.allocations.append(Allocation(invoice_id, installment.amount_minor))
    return f"; taken off unpaid invoices {', '.join(sorted(set(withdrawable.values())))}" if withdrawable else ""


def _post_changes(rebilling: Rebilling, money: _Money) -> None:
    for code, change_minor in rebilling.changes_by_code().items():
        kind = ChargeKind(code.partition(":")[0])
        money.add(LedgerAccount.UNBILLED, change_minor)
        money.add(_LEDGER_ACCOUNT_OF[kind], -change_minor)


def _give_credit(head: AccountHead, rebillings: Sequence[Rebilling], money: _Money) -> str:
    """Give back what was invoiced too much: it settles open invoices, the rest is the account's money."""
    credit_minor = sum(rebilling.credit_minor for rebilling in rebillings)
    if not credit_minor:
        return ""
    taken: dict[str, int] = {}
    for allocation in money.allocations:
        taken[allocation.invoice_id] = taken.get(allocation.invoice_id, 0) + allocation.amount_minor
    still_open = [
        OpenInvoice(invoice.invoice_id, invoice.due_on, invoice.remaining_minor - taken.get(invoice.invoice_id, 0))
        for invoice in head.open_invoices
    ]
    allocations = allocate_oldest_first(credit_minor, (invoice for invoice in still_open if invoice.remaining_minor))
    settled_minor = sum_of(allocations)
    money.allocations += allocations
    money.add(LedgerAccount.UNBILLED, credit_minor)
    money.add(LedgerAccount.RECEIVABLE, -settled_minor)
    money.add(LedgerAccount.UNAPPLIED, settled_minor - credit_minor)
    written, settled = (format_amount(minor, money.currency) for minor in (credit_minor, settled_minor))
    return f"; {written} is given back, {settled} of it settles open invoices"


def _release_suspense(ground: PolicyGround, money: _Money) -> str:
    """Make money that came before the account had its first policy the account's own.

    A return that came without its payment goes on waiting for it: it would in an account that has a policy, too.
    """
    waiting_minor = sum_suspended(ground.waiting, money.currency)
    money.add(LedgerAccount.SUSPENSE, waiting_minor)
    money.add(LedgerAccount.UNAPPLIED, -waiting_minor)
    written = f"{write_amount(waiting_minor, money.currency)}"
    return f"; {written} that came before it is now the account's" if waiting_minor else ""


def _details(ground: PolicyGround, after: PolicyHistory, rebillings: Sequence[Rebilling]) -> Mapping[str, Any] | None:
    """How each charge of the changed terms was computed, for whoever explains an invoice; not what was told so.

    Beside it, where that matters, which of them are invoiced in one piece, for whoever follows what they earn.
    """
    computed = {
        rebilling.after.term_id: [
            [charge.code, charge.amount_minor, charge.rule_id, charge.arithmetic]
            for charge in rebilling.after.charges
            if charge.rule_id or " x " in charge.arithmetic
        ]
        for rebilling in rebillings
    }
    rewarded = {term.number for term in after.terms if rewards_paying_in_full(term, ground.rulebook)}
    details = {
        "charges": {term_id: written for term_id, written in computed.items() if written},
        "in_full": {r.after.term_id: r.after.is_in_full for r in rebillings if r.after.number in rewarded},
    }
    return {name: written for name, written in details.items() if written} or None


_WHAT: Final[Mapping[str, str]] = {
    "policy_issued": "is issued",
    "policy_endorsed": "is endorsed",
    "pet_died": "ends with the death of the pet",
    "policy_cancelled": "is cancelled",
    "renewal_offered": "is offered its renewal",
    "renewal_accepted": "is renewed",
    "renewal_declined": "is not renewed",
    "plan_changed": "is paid by another plan",
    "due_day_changed": "is due on another day of the month",
    "payer_changed": "is paid by another mandate",
}


_KEPT: Final[Mapping[CancellationMethod, str]] = {
    CancellationMethod.FLAT: "nothing is kept",
    CancellationMethod.PRO_RATA: "the days of cover are kept",
    CancellationMethod.SHORT_RATE: "the days of cover and a share of the rest are kept",
    CancellationMethod.FULLY_EARNED: "everything is kept, because a claim was paid",
}


def _reason(event: PolicyEvent, after: PolicyHistory, rebillings: Sequence[Rebilling], currency: str) -> str:
    """What happened and what the changed terms come to now, without the full stop."""
    refusal = after.refusals.get(event.transaction_number)
    if refusal is not None:
        return f"Transaction {event.transaction_number} of policy {event.policy_id} changes nothing: {refusal}"
    terms = {term.number: term for term in after.terms}
    parts = [f"Policy {event.policy_id} {_WHAT[event.kind]} on {event.effective_on}"]
    if isinstance(event, PolicyCancelled):
        parts.append(_written_end(after))
    parts += [_written_change(rebilling, terms.get(rebilling.after.number), currency) for rebilling in rebillings]
    return "".join(parts)


def _written_end(after: PolicyHistory) -> str:
    """What is kept of the first term that ends."""
    end = next(term.end for term in after.terms if term.end is not None)
    return f"{' within the free look' if end.is_free_look else ''}: {_KEPT[end.method]}"


def _written_change(rebilling: Rebilling, term: Term | None, currency: str) -> str:
    after = rebilling.after
    written = f"{write_amount(after.amount_minor, currency)}"
    held = f", held because {after.hold}" if after.hold else ""
    if rebilling.before is None:
        if term is not None and not term.is_begun:
            return f"; term {after.number} waits to be accepted"
        return f"; term {after.number} charges {written}, paid {after.plan.replace('_', '-')}{held}"
    if rebilling.before.amount_minor == after.amount_minor:
        return held and f"; term {after.number} is{held[1:]}"
    before = format_amount(rebilling.before.amount_minor, currency)
    loses_minor = rebilling.changes_by_code().get(f"discount:{PAY_IN_FULL}", 0) if after.amount_minor else 0
    is_lost = loses_minor > 0 and rebilling.before.is_in_full and not after.is_in_full
    lost = f", without the discount of {format_amount(loses_minor, currency)} for paying in full" if is_lost else ""
    return f"; term {after.number} charges {written} instead of {before}{lost}{held}"
