"""How a term is billed: its charges, its installments behind those that were invoiced, and what is given back."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from pawledger.domain.billing.charging import charge_term, installment_fee
from pawledger.domain.billing.installments import Plan, Schedule, plan_schedule
from pawledger.domain.billing.rulebook import CancellationMethod, Rulebook
from pawledger.domain.books.entries import TermCursor
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.money import format_amount
from pawledger.domain.policy.policies import BilledTerm, Charge, Installment, sum_by_code
from pawledger.domain.policy.policy_history import Term, count_years, keeps_price, latest_notice_on

INSTALLMENT_FEE: Final = "fee:installment"


@dataclass(frozen=True, slots=True)
class Rebilling:
    """A term as it is billed from now on, beside how it was billed before."""

    before: BilledTerm | None
    after: BilledTerm
    credit: tuple[Charge, ...]
    """What was invoiced too much by now and is given back, by code, as amounts that are positive for a charge."""
    next_installment: Installment | None
    """What is invoiced next; None where nothing is, or nothing may be."""

    @property
    def credit_minor(self) -> int:
        return sum(charge.amount_minor for charge in self.credit)

    def changes_by_code(self) -> dict[str, int]:
        """How much more each charge comes to than before, in minor units."""
        before = sum_by_code(self.before.charges if self.before else ())
        after = sum_by_code(self.after.charges)
        return {code: after.get(code, 0) - before.get(code, 0) for code in {**before, **after}}

    def cursor(self, received_on: date) -> TermCursor | None:
        """Where billing goes on: never before the day on which it is known."""
        following = self.next_installment
        if following is None:
            return None
        next_on = max(following.invoice_on, received_on)
        after = self.after
        return TermCursor(after.term_id, following.number, next_on, following.amount_minor, after.cohort)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingGround:
    """What billing a term stands on, beside the term itself."""

    head: AccountHead
    policy_id: str
    rulebook: Rulebook
    received_on: date


def bill_term(
    ground: BillingGround, term: Term, stored: BilledTerm | None, hold: str = "", withdrawn: Collection[int] = ()
) -> Rebilling:
    """Charge a term and cut what is not invoiced into installments.

    `hold` says why it may not be invoiced, which counts as long as nothing of it is; `withdrawn` names installments
    that were taken off their invoices.

    Raises `PolicyRefusedError` and `UnknownRuleError` where the rules cannot charge it.
    """
    rulebook = ground.rulebook
    invoiced = _invoiced_of(ground.head, stored, withdrawn)
    is_in_full = _is_in_full(term, stored, invoiced, rulebook)
    charges = charge_term(term, rulebook, is_in_full=is_in_full)
    fee = installment_fee(term, rulebook)
    plan = Plan(
        payment_plan=rulebook.plan(term.plan),
        effective_on=term.effective_on,
        billed_until=_billed_until(term),
        due_day=term.due_day,
        installment_fee=fee,
        planned_on=ground.received_on,
    )
    schedule = plan_schedule(plan, charges, invoiced, stored.credits if stored else ())
    if schedule.fee_minor:
        charges = (*charges, _fee_total(fee, schedule, term.currency))
    separation = rulebook.separation_on(term.jurisdiction, term.product, term.effective_on)
    after = BilledTerm(
        account_id=ground.head.account_id,
        policy_id=ground.policy_id,
        number=term.number,
        currency=term.currency,
        effective_on=term.effective_on,
        expires_on=term.expires_on,
        billed_until=plan.billed_until,
        plan=term.plan,
        cohort=f"{term.jurisdiction or term.currency} {term.plan}",
        charges=charges,
        installments=schedule.installments,
        credits=_add_credits(stored.credits if stored else (), schedule.credit),
        hold="" if invoiced else hold,
        is_separate=separation is not None,
        renewal_notice_on=_renewal_notice_on(term, rulebook),
        is_in_full=is_in_full,
        lead_days=plan.payment_plan.lead_days,
    )
    return _rebilling(stored, after, schedule, len(invoiced))


def void_term(ground: BillingGround, stored: BilledTerm) -> Rebilling:
    """Bill nothing of a term that, by what is known now, never came about."""
    invoiced = _invoiced_of(ground.head, stored, ())
    plan = Plan(
        payment_plan=ground.rulebook.plan(stored.plan),
        effective_on=stored.effective_on,
        billed_until=stored.effective_on,
        due_day=None,
        installment_fee=None,
        planned_on=ground.received_on,
    )
    schedule = plan_schedule(plan, (), invoiced, stored.credits)
    after = replace(
        stored,
        billed_until=stored.effective_on,
        charges=(),
        renewal_notice_on=None,
        installments=schedule.installments,
        credits=_add_credits(stored.credits, schedule.credit),
        hold="",
    )
    return _rebilling(stored, after, schedule, len(invoiced))


def find_hold(term: Term, before: Term | None, rulebook: Rulebook) -> str:
    """Why a renewal may not be invoiced at its price, or nothing: it changed, and the customer was told too late.

    A renewal that was declined, or whose policy ended before it, has nothing to hold.
    """
    never_begins = not term.is_begun or term.cover_until <= term.effective_on
    if term.notice is None or before is None or not term.jurisdiction or never_begins:
        return ""
    rule = rulebook.renewal_on(term.jurisdiction, term.product, before.expires_on)
    latest_on = latest_notice_on(before, rulebook)
    years = count_years(term.effective_on, term.expires_on)
    if term.notice.sent_on <= latest_on or keeps_price(term.prices[0].price, years, before, rulebook):
        return ""
    return (
        f"the new price was told on {term.notice.sent_on}, {rule.notice_days} days before {before.expires_on} "
        f"is {latest_on} ({rule.rule_id})"
    )


def _renewal_notice_on(term: Term, rulebook: Rulebook) -> date | None:
    place = term.prices[-1].jurisdiction
    if term.end is not None or not term.is_begun or not place:
        return None
    # A term may have moved to a place whose renewals no rule speaks of.
    is_ruled = rulebook.knows(place, term.product, term.expires_on)
    return latest_notice_on(term, rulebook) if is_ruled else None


def _billed_until(term: Term) -> date:
    if not term.is_begun:
        return term.effective_on
    if term.end is None or term.end.method is CancellationMethod.FULLY_EARNED:
        return term.expires_on
    return term.effective_on if term.end.method is CancellationMethod.FLAT else term.cover_until


def _invoiced_of(head: AccountHead, stored: BilledTerm | None, withdrawn: Collection[int]) -> tuple[Installment, ...]:
    """The installments that stand on invoices: those before the cursor; all where there is none and nothing is held."""
    if stored is None or stored.hold:
        return ()
    cursor = next((cursor for cursor in head.cursors if cursor.term_id == stored.term_id), None)
    invoiced = stored.installments[: cursor.next_installment - 1] if cursor else stored.installments
    return tuple(
        replace(installment, is_withdrawn=True) if installment.number in withdrawn else installment
        for installment in invoiced
    )


def _is_in_full(term: Term, stored: BilledTerm | None, invoiced: tuple[Installment, ...], rulebook: Rulebook) -> bool:
    """Whether a term is paid in one piece: the plan decides until its first months are invoiced, and never after."""
    if stored is not None and any(i.months and not i.is_withdrawn for i in invoiced):
        return stored.is_in_full
    return rulebook.plan(term.plan).is_pay_in_full


def _fee_total(fee: Charge | None, schedule: Schedule, currency: str) -> Charge:
    """The fees on all installments as one charge."""
    if fee is None or schedule.fee_minor % fee.amount_minor:
        return Charge(INSTALLMENT_FEE, schedule.fee_minor, "", "as invoiced")
    count = schedule.fee_minor // fee.amount_minor
    written = f"{count} x {format_amount(fee.amount_minor, currency)}"
    return Charge(fee.code, schedule.fee_minor, fee.rule_id, written)


def _add_credits(given: tuple[Charge, ...], credit: tuple[Charge, ...]) -> tuple[Charge, ...]:
    totals = sum_by_code((*given, *credit))
    return tuple(Charge(code, amount_minor) for code, amount_minor in totals.items() if amount_minor)


def _rebilling(stored: BilledTerm | None, after: BilledTerm, schedule: Schedule, invoiced_count: int) -> Rebilling:
    following = None if after.hold else next(iter(after.installments[invoiced_count:]), None)
    return Rebilling(stored, after, schedule.credit, following)
