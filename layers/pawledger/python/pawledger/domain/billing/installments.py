"""Cutting the charges of a term into installments, and cutting anew what is not invoiced yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from pawledger.domain.billing.charging import INSTALLMENT, round_half_away
from pawledger.domain.billing.rulebook import PaymentPlan
from pawledger.domain.calendar import add_months, count_months, month_day_from
from pawledger.domain.money import split_amount
from pawledger.domain.policy.policies import Charge, Installment, sum_by_code

INSTALLMENT_FEE: Final = f"fee:{INSTALLMENT}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the charges of a term are billed."""

    installments: tuple[Installment, ...]
    fee_minor: int
    """What the installments cost beside their slices, those that were invoiced included."""
    credit: tuple[Charge, ...]
    """What was invoiced too much by now, by code: to be given back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a schedule is made of, beside the charges."""

    payment_plan: PaymentPlan
    effective_on: date
    billed_until: date
    """First day whose month is not billed."""
    due_day: int | None
    installment_fee: Charge | None
    planned_on: date
    """The day on which it is planned: what comes after the last month was invoiced is due a lead time after it."""


@dataclass(frozen=True, slots=True)
class _Slot:
    months: int
    due_on: date
    invoice_on: date
    weight: int
    is_first: bool


def plan_schedule(
    plan: Plan, charges: Sequence[Charge], invoiced: Sequence[Installment], credits_given: Sequence[Charge]
) -> Schedule:
    """Cut what the charges come to into installments behind those that were invoiced, which stay as they are.

    The slices of a charge sum to it exactly, and differ by at most one minor unit where months and weights are equal.
    Where less is charged than was invoiced, the difference is given back at once; no installment is negative.
    """
    standing = [installment for installment in invoiced if not installment.is_withdrawn]
    fee_code = plan.installment_fee.code if plan.installment_fee else INSTALLMENT_FEE
    billed = sum_by_code(
        [
            *(charge for installment in standing for charge in installment.charges),
            *(Charge(given.code, -given.amount_minor) for given in credits_given),
        ]
    )
    wanted = sum_by_code(charges)
    if charges:
        wanted[fee_code] = billed.get(fee_code, 0)  # what an installment cost beside its slice stays charged
    remaining = {code: wanted.get(code, 0) - billed.get(code, 0) for code in {**wanted, **billed}}
    given_back: tuple[Charge, ...] = ()
    if sum(remaining.values()) < 0:
        given_back = tuple(Charge(code, -minor) for code, minor in remaining.items() if minor)
        remaining = dict.fromkeys(remaining, 0)
    slots = tuple(_slots(plan, sum(installment.months for installment in standing)))
    if not slots and any(remaining.values()):
        due_on = plan.planned_on + timedelta(days=plan.payment_plan.lead_days)
        slots = (_Slot(0, due_on, plan.planned_on, 1, is_first=False),)
    following = tuple(_fill(slots, remaining, plan, len(invoiced)))
    charged = sum_by_code(charge for installment in following for charge in installment.charges)
    fee_minor = billed.get(fee_code, 0) - sum_by_code(given_back).get(fee_code, 0) + charged.get(fee_code, 0)
    return Schedule((*invoiced, *following), fee_minor, given_back)


def _slots(plan: Plan, months_billed: int) -> Iterator[_Slot]:
    """The installments to come by the months that they bill; when plans change, the months stay as they were cut."""
    payment_plan = plan.payment_plan
    month, months_total = months_billed, count_months(plan.effective_on, plan.billed_until)
    while month < months_total:
        place = month // payment_plan.months_between
        until = min((place + 1) * payment_plan.months_between, months_total)
        if payment_plan.installments_max is not None and place + 1 >= payment_plan.installments_max:
            until = months_total
        months = until - month
        due_on = _due_day(plan, month)
        is_at_issue = month == 0 and payment_plan.is_first_at_issue
        invoice_on = plan.planned_on if is_at_issue else due_on - timedelta(days=payment_plan.lead_days)
        yield _Slot(months, due_on, invoice_on, payment_plan.weight_of(place) * months, is_first=month == 0)
        month = until


def _due_day(plan: Plan, month: int) -> date:
    """The first day of the month's cover; from the second installment on, the customer's own day after it.

    Counted from the first day of the term, so that each month of the calendar has one, however short it is.
    """
    begins_on = add_months(plan.effective_on, month)
    if plan.due_day is None or month == 0:
        return begins_on
    first = plan.effective_on.replace(day=1)
    due_on = month_day_from(add_months(first, month + (plan.due_day < plan.effective_on.day)), plan.due_day)
    return due_on if due_on < plan.billed_until else begins_on


def _fill(slots: Sequence[_Slot], remaining: Mapping[str, int], plan: Plan, numbered: int) -> Iterator[Installment]:
    """Installments with their slices of what remains."""
    if not slots:
        return
    slices = {code: _cut(minor, slots, plan.payment_plan) for code, minor in remaining.items()}
    totals = [sum(by_slot[place] for by_slot in slices.values()) for place in range(len(slots))]
    if min(totals) < 0:
        # Charges of both signs that nearly cancel out: the first installment bills all, so that none is negative.
        slices = {code: (minor, *[0] * (len(slots) - 1)) for code, minor in remaining.items()}
        totals = [sum(remaining.values()), *[0] * (len(slots) - 1)]
    for place, slot in enumerate(slots):
        charges = [Charge(code, by_slot[place]) for code, by_slot in slices.items() if by_slot[place]]
        fee = plan.installment_fee
        if fee is not None and slot.months and not slot.is_first and totals[place] > 0:
            charges.append(Charge(fee.code, fee.amount_minor))
        yield Installment(numbered + place + 1, slot.invoice_on, slot.due_on, slot.months, tuple(charges))


def _cut(amount_minor: int, slots: Sequence[_Slot], payment_plan: PaymentPlan) -> tuple[int, ...]:
    weights = [slot.weight for slot in slots]
    percent = payment_plan.down_payment_percent
    if percent is None or not slots[0].is_first or len(slots) == 1 or not any(weights[1:]):
        return split_amount(amount_minor, weights if any(weights) else [1] * len(slots))
    down_minor = round_half_away(amount_minor * Fraction(percent) / 100)
    return (down_minor, *split_amount(amount_minor - down_minor, weights[1:]))
