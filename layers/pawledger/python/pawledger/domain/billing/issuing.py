"""Decisions about invoices: which installments of an account go on the next one, and what pays it at once."""

from collections.abc import Sequence
from datetime import date, timedelta

from pawledger.domain.books.entries import (
    INVOICE_ENTRIES,
    Decision,
    EntryKind,
    LedgerAccount,
    OpenInvoice,
    Posting,
    TermCursor,
)
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.errors import PawledgerError
from pawledger.domain.matching.payment_references import INVOICE_NUMBER_MAX, InvoiceAddress, creditor_reference_of
from pawledger.domain.money import format_amount, write_amount
from pawledger.domain.policy.policies import BilledTerm, Installment
from pawledger.domain.posting.allocation import allocate_oldest_first, sum_of


class MissingTermError(PawledgerError):
    """An account's head names a term that was not read with it, or not as the head knows it."""


class InvoiceNumbersUsedUpError(PawledgerError):
    """An account has no invoice number left for a payment reference; its policies must move to another account."""


def find_due_terms(head: AccountHead, business_date: date) -> tuple[str, ...]:
    """Ids of the terms of which an installment is to be invoiced by a day, sorted."""
    return tuple(sorted(cursor.term_id for cursor in head.cursors if cursor.next_invoice_on <= business_date))


def decide_next_invoice(head: AccountHead, terms: Sequence[BilledTerm], business_date: date) -> Decision | None:
    """The oldest invoice that is due to be issued on a business date, or None where nothing is.

    One invoice holds the next installment of each term whose installment falls due on the same day; terms that the law
    wants apart are on one of their own. Unapplied cash settles open invoices in the same entry, so that an account
    never owes and has money at the same time.

    It is due when its installments are, but never sooner after its issue than the plan wants.

    Raises `MissingTermError` where a term that the head names is not among `terms` as the head knows it, and
    `InvoiceNumbersUsedUpError`.
    """
    by_id = {term.term_id: term for term in terms}
    ready: list[tuple[Installment, BilledTerm]] = []
    for cursor in head.cursors:
        if cursor.next_invoice_on > business_date:
            continue
        term = by_id.get(cursor.term_id)
        if term is None or len(term.installments) < cursor.next_installment:
            raise MissingTermError(f"term {cursor.term_id} of account {head.account_id} was not read")
        ready.append((term.installments[cursor.next_installment - 1], term))
    if not ready:
        return None
    first, first_term = min(ready, key=lambda line: (line[0].due_on, line[1].is_separate, line[1].term_id))
    lines = [
        (installment, term)
        for installment, term in ready
        if installment.due_on == first.due_on and term.is_separate is first_term.is_separate
    ]
    return _invoice(head, lines, first.due_on, business_date)


def due_day_of(invoice: Decision) -> date:
    """When an invoice is to be paid: later than its facts say where it was issued late; they name what it bills."""
    opened = invoice.opened_invoice
    return opened.due_on if opened else date.fromisoformat(invoice.facts["due_on"])


def _invoice(
    head: AccountHead, lines: Sequence[tuple[Installment, BilledTerm]], planned_on: date, business_date: date
) -> Decision:
    # Nobody is overdue when the invoice comes: what was told late, or held, has the plan's days as well.
    due_on = max(planned_on, business_date + timedelta(days=max(term.lead_days for _, term in lines)))
    currency = lines[0][1].currency
    amount_minor = sum(installment.amount_minor for installment, _ in lines)
    number = head.invoice_count + 1
    if number > INVOICE_NUMBER_MAX:
        raise InvoiceNumbersUsedUpError(
            f"account {head.account_id} has used up its {INVOICE_NUMBER_MAX} invoice numbers"
        )
    invoice_id = f"{head.account_id}-{number:04d}"
    reference = creditor_reference_of(InvoiceAddress(head.account_id, number))
    opened = OpenInvoice(invoice_id, due_on, amount_minor) if amount_minor else None
    unapplied_minor = -head.balance_minor(LedgerAccount.UNAPPLIED)
    allocations = allocate_oldest_first(unapplied_minor, (*head.open_invoices, *([opened] if opened else [])))
    applied_minor = sum_of(allocations)
    postings = [
        Posting(LedgerAccount.RECEIVABLE, currency, amount_minor - applied_minor),
        Posting(LedgerAccount.UNBILLED, currency, -amount_minor),
        Posting(LedgerAccount.UNAPPLIED, currency, applied_minor),
    ]
    cursors, finished = _advance(lines, business_date)
    first, first_term = lines[0]
    policies = ", ".join(f"{term.policy_id} installment {installment.number}" for installment, term in lines)
    reason = f"Invoice {invoice_id} for {write_amount(amount_minor, currency)}, due {due_on}: {policies}"
    if applied_minor:
        reason += f"; {format_amount(applied_minor, currency)} of unapplied cash settles what is oldest"
    return Decision(
        kind=EntryKind.INVOICE_ISSUED,
        entry_id=f"{INVOICE_ENTRIES}{first_term.term_id}#{first.number}",
        occurred_on=business_date,
        facts={
            # As planned: the same installments have the same facts, whichever day's run is first to invoice them.
            "due_on": planned_on.isoformat(),
            "lines": [
                [term.term_id, line.number, [[charge.code, charge.amount_minor] for charge in line.charges]]
                for line, term in lines
            ],
        },
        source={},
        postings=tuple(posting for posting in postings if posting.amount_minor),
        reason=f"{reason}.",
        opened_invoice=opened,
        allocations=allocations,
        cursors=cursors,
        finished_terms=finished,
        invoice_number=number,
        payment_reference=reference,
    )


def _advance(
    lines: Sequence[tuple[Installment, BilledTerm]], business_date: date
) -> tuple[tuple[TermCursor, ...], tuple[str, ...]]:
    """Where each invoiced term goes on, and which terms have nothing left to invoice."""
    cursors, finished = [], []
    for installment, term in lines:
        if installment.number < len(term.installments):
            following = term.installments[installment.number]
            # Never a day before this one: what is late is due now, and stays where billing looks for it.
            next_on = max(following.invoice_on, business_date)
            cursors.append(TermCursor(term.term_id, following.number, next_on, following.amount_minor))
        else:
            finished.append(term.term_id)
    return tuple(cursors), tuple(finished)
