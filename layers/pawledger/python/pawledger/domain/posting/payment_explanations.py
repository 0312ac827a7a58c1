"""Explaining a payment: which rule laid it out, what each invoice got of it, and what would have changed the answer."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from pawledger.domain.books.entries import Entry, EntryKind, LedgerAccount, OpenInvoice
from pawledger.domain.books.ledger import AccountHead, apply_entry
from pawledger.domain.errors import PawledgerError
from pawledger.domain.matching.kept_candidates import read_candidates
from pawledger.domain.matching.payment_clues import Candidate
from pawledger.domain.posting.allocation import AllocationPlan, AllocationRule, plan_allocation
from pawledger.domain.posting.allocation_terms import AllocationTerms

COMPONENT_ORDER: Final = ("tax", "fee", "premium")
"""Money goes to what is owed on to others first. Discounts make the premium less."""

OTHER: Final = "other"
"""What is opened by something else than an invoice, for instance a payment that was taken back."""


class NotAPaymentError(PawledgerError):
    """The entry to be explained is none that brings money."""


@dataclass(frozen=True, slots=True)
class ExplainedAllocation:
    """What one invoice got of a payment."""

    invoice_id: str
    due_on: date | None
    open_before_minor: int
    amount_minor: int
    components: Mapping[str, int]
    """How the amount is made up: tax, fee, premium."""


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """One thing that could have been otherwise, and what the allocation would have been then."""

    change: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ExplainedPayment:
    """A payment with its reasons."""

    entry: Entry
    currency: str
    amount_minor: int
    identified_by: str | None
    rule: AllocationRule | None
    """None where it waits in suspense."""
    named: tuple[str, ...]
    allocations: tuple[ExplainedAllocation, ...]
    small_difference_minor: int
    unapplied_minor: int
    open_before: tuple[OpenInvoice, ...]
    counterfactuals: tuple[Counterfactual, ...]
    is_as_recorded: bool
    """Whether today's terms lay it out as it was laid out then."""
    candidates: tuple[Candidate, ...] = ()
    """Accounts that it might have been for, as they were kept: where one was certain, who came closest to it."""
    version: int | None = None
    """Of the rules by which its account was found; None where it was not, or from before they had one."""


def explain_payment(entries: Sequence[Entry], payment: Entry, terms: AllocationTerms) -> ExplainedPayment:
    """Explain one of an account's payments, from all entries of its ledger in their order.

    Raises `NotAPaymentError`, and `InvariantError` where the entries do not follow each other.
    """
    decision = payment.decision
    if decision.kind not in (EntryKind.PAYMENT_POSTED, EntryKind.MONEY_SUSPENDED):
        raise NotAPaymentError(f"{payment.entry_id} is an entry {decision.kind}, not money that came in")
    head, charges, settled = AccountHead(payment.account_id), _Charges(), Counter[str]()
    for entry in entries:
        if entry.sequence == payment.sequence:
            break
        charges.learn(entry)
        settled.update({each.invoice_id: each.amount_minor for each in entry.decision.allocations})
        settled.subtract({each.invoice_id: each.remaining_minor for each in entry.decision.reopened})
        head = apply_entry(head, entry)
    details = decision.details or {}
    amount_minor, currency = decision.facts["amount_minor"], decision.facts["currency"]
    named = tuple(f"{payment.account_id}-{number:04d}" for number in details.get("named", ()))
    is_posted = decision.kind is EntryKind.PAYMENT_POSTED
    plan = plan_allocation(amount_minor, head.open_invoices, named=named, terms=terms)
    open_before = {invoice.invoice_id: invoice.remaining_minor for invoice in head.open_invoices}
    postings = {posting.ledger_account: posting.amount_minor for posting in decision.postings}
    return ExplainedPayment(
        entry=payment,
        currency=currency,
        amount_minor=amount_minor,
        identified_by=decision.source.get("identified_by"),
        rule=AllocationRule(details.get("allocated_by", AllocationRule.ORDER)) if is_posted else None,
        named=named,
        allocations=tuple(
            ExplainedAllocation(
                invoice_id=each.invoice_id,
                due_on=each.due_on,
                open_before_minor=open_before[each.invoice_id],
                amount_minor=each.amount_minor,
                components=charges.split(each.invoice_id, settled[each.invoice_id], each.amount_minor),
            )
            for each in decision.allocations
        ),
        small_difference_minor=postings.get(LedgerAccount.SMALL_DIFFERENCES, 0),
        unapplied_minor=-postings.get(LedgerAccount.UNAPPLIED, 0),
        open_before=head.open_invoices,
        counterfactuals=_compare(amount_minor, head, named, terms) if is_posted else (),
        is_as_recorded=not is_posted or plan.allocations == decision.allocations,
        candidates=read_candidates(details),
        version=decision.source.get("ladder"),
    )


def split_by_component(charges: Mapping[str, int], before_minor: int, amount_minor: int) -> dict[str, int]:
    """How an amount is made up that settles an invoice of these charges, of which so much was settled before.

    `charges` are minor units by kind; what is more than all of them is `other`.
    """
    parts: dict[str, int] = {}
    passed_minor = 0
    owed = dict.fromkeys(COMPONENT_ORDER, 0)
    for kind, minor in charges.items():
        owed[kind if kind in owed else "premium"] += minor
    for kind in COMPONENT_ORDER:
        first_minor = max(before_minor, passed_minor)
        passed_minor += max(0, owed[kind])
        part_minor = max(0, min(before_minor + amount_minor, passed_minor) - first_minor)
        if part_minor:
            parts[kind] = part_minor
    rest_minor = amount_minor - sum(parts.values())
    return {**parts, OTHER: rest_minor} if rest_minor else parts


class _Charges:
    """What the invoices of an account are made of."""

    def __init__(self) -> None:
        self._by_invoice: dict[str, Counter[str]] = {}

    def learn(self, entry: Entry) -> None:
        opened = entry.decision.opened_invoice
        if opened is None or entry.decision.kind is not EntryKind.INVOICE_ISSUED:
            return
        kinds: Counter[str] = Counter()
        for _, _, charges in entry.decision.facts["lines"]:
            for code, amount_minor in charges:
                kinds[code.partition(":")[0]] += amount_minor
        self._by_invoice[opened.invoice_id] = kinds

    def split(self, invoice_id: str, before_minor: int, amount_minor: int) -> dict[str, int]:
        return split_by_component(self._by_invoice.get(invoice_id, {}), before_minor, amount_minor)


def _compare(
    amount_minor: int, head: AccountHead, named: tuple[str, ...], terms: AllocationTerms
) -> tuple[Counterfactual, ...]:
    """What one field alone would have changed; what would have changed nothing is left out."""
    actual = plan_allocation(amount_minor, head.open_invoices, named=named, terms=terms)
    open_ids = [invoice.invoice_id for invoice in head.open_invoices]
    tried: list[tuple[str, AllocationPlan]] = []
    if named:
        tried.append(("no reference", plan_allocation(amount_minor, head.open_invoices, terms=terms)))
    others = [invoice_id for invoice_id in open_ids if invoice_id not in named]
    if others:
        other = others[-1]
        plan = plan_allocation(amount_minor, head.open_invoices, named=(other,), terms=terms)
        tried.append((f"the reference of {other}", plan))
    if amount_minor > 1:
        less = plan_allocation(amount_minor - 1, head.open_invoices, named=named, terms=terms)
        tried.append(("one minor unit less", less))
    more = plan_allocation(amount_minor + 1, head.open_invoices, named=named, terms=terms)
    tried.append(("one minor unit more", more))
    return tuple(
        Counterfactual(change, _outcome_of(plan)) for change, plan in tried if _outcome_of(plan) != _outcome_of(actual)
    )


def _outcome_of(plan: AllocationPlan) -> str:
    settled = ", ".join(each.invoice_id for each in plan.allocations)
    outcome = f"settles {settled}" if settled else "settles nothing"
    if plan.short_minor:
        outcome += f", {plan.allocations[-1].invoice_id} in part"
    if plan.unapplied_minor:
        outcome += ", the rest stays unapplied"
    return outcome
