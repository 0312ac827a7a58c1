"""What an account will be billed, and when and why: the decisions of billing, made day by day without writing them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from pawledger.domain.billing.issuing import decide_next_invoice, due_day_of
from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.books.entries import Decision
from pawledger.domain.books.ledger import AccountHead, apply_entry, chain_entry
from pawledger.domain.errors import PawledgerError
from pawledger.domain.policy.policies import BilledTerm, Charge, Installment, sum_by_code
from pawledger.domain.policy.policy_decisions import PolicyDecision
from pawledger.domain.policy.policy_events import PolicyEvent
from pawledger.domain.policy.policy_history import fold_events
from pawledger.domain.policy.renewal_comparisons import RenewalComparison, compare_renewals
from pawledger.domain.posting.allocation import sum_of

INVOICES_PREVIEWED_MAX: Final = 1_000
"""A household with separate invoices month by month for forty years; beyond it nobody reads on."""


class EndlessPreviewError(PawledgerError):
    """An account would be sent more than `INVOICES_PREVIEWED_MAX` invoices up to the day; ask for an earlier one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewGround:
    """All that a preview stands on."""

    head: AccountHead
    terms: Sequence[BilledTerm]
    """All terms of the account."""
    events: Sequence[PolicyEvent]
    """All events of all its policies, in any order."""
    rulebook: Rulebook
    first_day: date
    """The next day that is billed: what is late is issued on it."""
    until: date
    """The last day that is billed."""


@dataclass(frozen=True, slots=True)
class PreviewedLine:
    """One installment on an invoice to come."""

    term_id: str
    number: int
    count: int
    """How many installments the term has as it is cut now."""
    charges: tuple[Charge, ...]
    why: str

    @property
    def amount_minor(self) -> int:
        return sum(charge.amount_minor for charge in self.charges)


@dataclass(frozen=True, slots=True)
class PreviewedInvoice:
    """An invoice to come, as billing will decide it."""

    invoice_id: str
    due_on: date
    decision: Decision
    lines: tuple[PreviewedLine, ...]

    @property
    def issued_on(self) -> date:
        return self.decision.occurred_on

    @property
    def amount_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)

    @property
    def settled_minor(self) -> int:
        """What the account's unapplied cash settles of it at once."""
        return sum_of(a for a in self.decision.allocations if a.invoice_id == self.invoice_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What will be billed up to a day, what will not, and which renewals are offered."""

    account_id: str
    currency: str | None
    first_day: date
    until: date
    invoices: tuple[PreviewedInvoice, ...]
    held: tuple[BilledTerm, ...]
    """Terms that are charged and not invoiced; each says why."""
    renewals: tuple[RenewalComparison, ...]
    """Those that wait for an answer are among them."""
    agenda_on: date | None
    """When the account is billed next, behind the last day; None where nothing is left."""

    @property
    def amount_minor(self) -> int:
        return sum(invoice.amount_minor for invoice in self.invoices)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermChange:
    """What an event would change on one term, in minor units by code."""

    term_id: str
    before_minor: dict[str, int]
    after_minor: dict[str, int]
    given_back_minor: dict[str, int]
    withdrawn: tuple[Installment, ...]
    """What would be taken off unpaid invoices, to be billed by installments to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPreview:
    """What an event would mean if it came on the first day, and the bill without and with it."""

    event: PolicyEvent
    decided: PolicyDecision
    changes: tuple[TermChange, ...]
    before: Preview
    after: Preview


def preview_account(ground: PreviewGround) -> Preview:
    """What billing will issue on each day up to the last, if nothing else happens.

    Raises `EndlessPreviewError`, and what `decide_next_invoice` and `compare_renewals` raise.
    """
    head = ground.head
    invoices: list[PreviewedInvoice] = []
    day = ground.first_day
    while (decision := _decide_on(head, ground, day := max(day, head.agenda_on or day))) is not None:
        if len(invoices) >= INVOICES_PREVIEWED_MAX:
            raise EndlessPreviewError(
                f"account {head.account_id} would have more than {INVOICES_PREVIEWED_MAX} invoices "
                f"until {ground.until}; ask for an earlier day"
            )
        invoices.append(_describe_invoice(head, ground, decision))
        head = apply_entry(head, chain_entry(head, decision))
    return Preview(
        account_id=head.account_id,
        currency=head.currency,
        first_day=ground.first_day,
        until=ground.until,
        invoices=tuple(invoices),
        held=tuple(term for term in ground.terms if term.hold),
        renewals=tuple(_compare_all(ground)),
        agenda_on=head.agenda_on,
    )


def preview_event(ground: PreviewGround, event: PolicyEvent, decided: PolicyDecision) -> EventPreview:
    """The bill without an event and with it, as it was decided on the first day, on the ground's head.

    Raises what `preview_account` and `apply_entry` raise.
    """
    was = {term.term_id: term for term in ground.terms}
    terms = {**was, **{term.term_id: term for term in decided.terms}}
    with_event = replace(
        ground,
        head=apply_entry(ground.head, chain_entry(ground.head, decided.decision)),
        terms=tuple(term for _, term in sorted(terms.items())),
        events=(*ground.events, event),
    )
    return EventPreview(
        event=event,
        decided=decided,
        changes=tuple(_compare_terms(was.get(term.term_id), term) for term in decided.terms),
        before=preview_account(ground),
        after=preview_account(with_event),
    )


def _decide_on(head: AccountHead, ground: PreviewGround, day: date) -> Decision | None:
    return decide_next_invoice(head, ground.terms, day) if day <= ground.until else None


def _compare_all(ground: PreviewGround) -> Iterable[RenewalComparison]:
    for policy_id in sorted({event.policy_id for event in ground.events}):
        history = fold_events((e for e in ground.events if e.policy_id == policy_id), ground.rulebook)
        yield from compare_renewals(policy_id, history, ground.rulebook, ground.first_day)


def _compare_terms(before: BilledTerm | None, after: BilledTerm) -> TermChange:
    given = sum_by_code(before.credits if before else ())
    gives = sum_by_code(after.credits)
    stood = {i.number for i in before.installments if not i.is_withdrawn} if before else set()
    return TermChange(
        term_id=after.term_id,
        before_minor=sum_by_code(before.charges if before else ()),
        after_minor=sum_by_code(after.charges),
        given_back_minor={
            code: minor for code in {**given, **gives} if (minor := gives.get(code, 0) - given.get(code, 0))
        },
        withdrawn=tuple(i for i in after.installments if i.is_withdrawn and i.number in stood),
    )


def _describe_invoice(head: AccountHead, ground: PreviewGround, decision: Decision) -> PreviewedInvoice:
    by_id = {term.term_id: term for term in ground.terms}
    lines = []
    for term_id, number, _ in decision.facts["lines"]:
        term = by_id[term_id]
        installment = term.installments[number - 1]
        why = _explain_installment(term, installment, ground.rulebook, decision)
        lines.append(PreviewedLine(term_id, number, len(term.installments), installment.charges, why))
    return PreviewedInvoice(
        f"{head.account_id}-{decision.invoice_number or 0:04d}",
        due_day_of(decision),
        decision,
        tuple(lines),
    )


def _explain_installment(term: BilledTerm, installment: Installment, rulebook: Rulebook, invoice: Decision) -> str:
    """Why this is billed on the day of an invoice."""
    plan = rulebook.plan(term.plan)
    before = sum(i.months for i in term.installments if i.number < installment.number and not i.is_withdrawn)
    parts = [f"paid {term.plan}: {_name_months(before, installment.months)}"]
    if installment.months and not before and plan.is_first_at_issue:
        parts.append("invoiced as soon as it is recorded")
    else:
        parts.append(f"invoiced {(installment.due_on - installment.invoice_on).days} days before it is due")
    if invoice.occurred_on > installment.invoice_on:
        parts.append(f"late, it was to be invoiced on {installment.invoice_on}")
    if due_day_of(invoice) > installment.due_on:
        parts.append(
            f"due {(due_day_of(invoice) - invoice.occurred_on).days} days after that, not on {installment.due_on}"
        )
    if term.is_separate:
        parts.append("invoiced apart from other policies")
    return ", ".join(parts)


def _name_months(before: int, months: int) -> str:
    if not months:
        return "what a change of months invoiced before costs"
    return f"month {before + 1}" if months == 1 else f"months {before + 1} to {before + months}"
