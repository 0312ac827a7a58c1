"""Decisions about policies and invoices: what an issued policy and a due installment mean for an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from pawledger.domain.allocation import allocate_oldest_first, sum_of
from pawledger.domain.entries import Decision, EntryKind, LedgerAccount, OpenInvoice, PolicyCursor, Posting
from pawledger.domain.errors import PawledgerError
from pawledger.domain.ledger import AccountHead
from pawledger.domain.money import format_amount
from pawledger.domain.payment_references import INVOICE_NUMBER_MAX, InvoiceAddress, creditor_reference_of
from pawledger.domain.policies import ChargeKind, Installment, Policy, PolicyRefusedError, plan_installments

POLICIES_BILLING_MAX: Final = 200
"""Policies of one account that still have something to invoice; a household has a handful, a kennel some dozens."""

_LEDGER_ACCOUNT_OF: Final = {
    ChargeKind.PREMIUM: LedgerAccount.PREMIUM,
    ChargeKind.TAX: LedgerAccount.TAX,
    ChargeKind.FEE: LedgerAccount.FEE,
    ChargeKind.DISCOUNT: LedgerAccount.DISCOUNT,
}


class MissingPolicyError(PawledgerError):
    """An account's head names a policy that was not read with it; reading again, consistently, finds it."""


class InvoiceNumbersUsedUpError(PawledgerError):
    """An account has no invoice number left for a payment reference; its policies must move to another account."""


@dataclass(frozen=True, slots=True)
class IssuedPolicy:
    """A policy as an event told of it."""

    event_id: str
    received_on: date
    policy: Policy


def decide_policy_issue(head: AccountHead, issued: IssuedPolicy) -> Decision:
    """Record what a policy charges, put its first installment on the agenda, and apply money that came before it.

    Raises `PolicyRefusedError` where the account is invoiced in another currency or has too many policies.
    """
    policy = issued.policy
    if head.currency not in (None, policy.currency):
        raise PolicyRefusedError(f"account {policy.account_id} is invoiced in {head.currency}, not {policy.currency}")
    if len(head.cursors) >= POLICIES_BILLING_MAX:
        raise PolicyRefusedError(f"account {policy.account_id} already bills {POLICIES_BILLING_MAX} policies")
    currency = policy.currency
    postings = [Posting(LedgerAccount.UNBILLED, currency, policy.amount_minor)]
    postings += [Posting(_LEDGER_ACCOUNT_OF[c.kind], currency, -c.amount_minor) for c in policy.charges]
    reason = f"Policy {policy.policy_id} charges {format_amount(policy.amount_minor, currency)} {currency}"
    released, taken_back, release_reason = _release_suspense(head, policy)
    first = plan_installments(policy)[0]
    return Decision(
        kind=EntryKind.POLICY_ISSUED,
        entry_id=f"policy_issued#{policy.policy_id}",
        occurred_on=issued.received_on,
        facts=_policy_facts(policy),
        source={"event_id": issued.event_id},
        postings=tuple(posting for posting in (*postings, *released) if posting.amount_minor),
        reason=f"{reason}, paid {policy.plan.replace('_', '-')}{release_reason}.",
        opened_invoice=taken_back,
        cursors=(PolicyCursor(policy.policy_id, first.number, max(first.invoice_on, issued.received_on)),),
        opens_account_in=None if head.currency else currency,
    )


def _release_suspense(head: AccountHead, policy: Policy) -> tuple[tuple[Posting, ...], OpenInvoice | None, str]:
    """What becomes of money that came, or was taken back, before the account had its first policy."""
    currency = policy.currency
    waiting_minor = 0 if head.currency else -head.balance_minor(LedgerAccount.SUSPENSE, currency)
    written = f"{format_amount(abs(waiting_minor), currency)} {currency}"
    if waiting_minor > 0:
        postings = (
            Posting(LedgerAccount.SUSPENSE, currency, waiting_minor),
            Posting(LedgerAccount.UNAPPLIED, currency, -waiting_minor),
        )
        return postings, None, f"; {written} that came before it is now the account's"
    if waiting_minor < 0:
        postings = (
            Posting(LedgerAccount.SUSPENSE, currency, waiting_minor),
            Posting(LedgerAccount.RECEIVABLE, currency, -waiting_minor),
        )
        taken_back = OpenInvoice("return-before-policy", policy.effective_on, -waiting_minor)
        return postings, taken_back, f"; {written} that was taken back before it is due again"
    return (), None, ""


def decide_next_invoice(head: AccountHead, policies: Sequence[Policy], business_date: date) -> Decision | None:
    """The oldest invoice that is due to be issued on a business date, or None where nothing is.

    One invoice holds the next installment of each policy whose installment falls due on the same day. Unapplied cash
    settles open invoices in the same entry, so that an account never owes and has money at the same time.

    Raises `MissingPolicyError` where a policy that the head names is not among `policies`, and
    `InvoiceNumbersUsedUpError`.
    """
    by_id = {policy.policy_id: policy for policy in policies}
    ready: list[tuple[Installment, Policy]] = []
    for cursor in head.cursors:
        if cursor.next_invoice_on > business_date:
            continue
        if cursor.policy_id not in by_id:
            raise MissingPolicyError(f"policy {cursor.policy_id} of account {head.account_id} was not read")
        policy = by_id[cursor.policy_id]
        ready.append((plan_installments(policy)[cursor.next_installment - 1], policy))
    if not ready:
        return None
    due_on = min(installment.due_on for installment, _ in ready)
    lines = [(installment, policy) for installment, policy in ready if installment.due_on == due_on]
    return _invoice(head, lines, due_on, business_date)


def _invoice(
    head: AccountHead, lines: Sequence[tuple[Installment, Policy]], due_on: date, business_date: date
) -> Decision:
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
    first = lines[0][0]
    policies = ", ".join(f"{line.policy_id} installment {line.number}" for line, _ in lines)
    reason = f"Invoice {invoice_id} for {format_amount(amount_minor, currency)} {currency}, due {due_on}: {policies}"
    if applied_minor:
        reason += f"; {format_amount(applied_minor, currency)} of unapplied cash settles what is oldest"
    return Decision(
        kind=EntryKind.INVOICE_ISSUED,
        entry_id=f"invoice#{first.policy_id}#{first.number}",
        occurred_on=business_date,
        facts={
            "due_on": due_on.isoformat(),
            "lines": [
                [line.policy_id, line.number, [[charge.kind, charge.amount_minor] for charge in line.charges]]
                for line, _ in lines
            ],
        },
        source={},
        postings=tuple(posting for posting in postings if posting.amount_minor),
        reason=f"{reason}.",
        opened_invoice=opened,
        allocations=allocations,
        cursors=cursors,
        finished_policies=finished,
        invoice_number=number,
        payment_reference=reference,
    )


def _advance(
    lines: Sequence[tuple[Installment, Policy]], business_date: date
) -> tuple[tuple[PolicyCursor, ...], tuple[str, ...]]:
    """Where each invoiced policy goes on, and which policies have nothing left to invoice."""
    cursors, finished = [], []
    for installment, policy in lines:
        installments = plan_installments(policy)
        if installment.number < len(installments):
            following = installments[installment.number]
            # Never a day before this one: what is late is due now, and stays where billing looks for it.
            next_on = max(following.invoice_on, business_date)
            cursors.append(PolicyCursor(policy.policy_id, following.number, next_on))
        else:
            finished.append(policy.policy_id)
    return tuple(cursors), tuple(finished)


def _policy_facts(policy: Policy) -> dict[str, object]:
    return {
        "policy_id": policy.policy_id,
        "currency": policy.currency,
        "effective_on": policy.effective_on.isoformat(),
        "expires_on": policy.expires_on.isoformat(),
        "plan": policy.plan,
        "charges": [[charge.kind, charge.amount_minor] for charge in policy.charges],
    }
