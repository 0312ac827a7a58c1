"""`pawledger rules`: whether billing rules are sound, and what they say in a place on a day."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, TextIO

from pawledger.command_line.errors import JurisdictionNotFoundError
from pawledger.command_line.tables import Column, escape_text, show_amount, write_fields, write_table
from pawledger.domain.billing.rulebook import (
    CancellationMethod,
    CancellationRule,
    DiscountRule,
    FeeCapRule,
    FeeRule,
    PaymentPlan,
    RenewalRule,
    Rule,
    Rulebook,
    TaxRule,
)
from pawledger.rules.billing_rules import load_rules, load_shipped_rules
from pawledger.rules.rule_faults import BillingRulesError

NOT_VERIFIED: Final = "not verified"
"""What is shown of a rule that nobody has read in the source it cites."""


def check_rules(directory: str | None, out: TextIO) -> bool:
    """Check the rules in a folder, without one those of this installation, and write every fault.

    Returns whether all are sound.
    """
    folder: Traversable = Path(directory) if directory else resources.files("pawledger.rules")
    try:
        rulebook = load_rules(folder)
    except BillingRulesError as error:
        out.writelines(f"{escape_text(str(fault))}\n" for fault in error.faults)
        out.write(f"not sound: {_count(len(error.faults), 'fault')}\n")
        return False
    rules = _all_rules(rulebook)
    jurisdictions = {rule.jurisdiction for rule in rules}
    unverified = sum(not rule.is_verified for rule in rules)
    counted = [
        _count(len(jurisdictions), "jurisdiction"),
        f"{_count(len(rules), 'rule')} ({unverified} {NOT_VERIFIED})",
        _count(len(rulebook.plans), "plan"),
    ]
    out.write(f"sound: {', '.join(counted)}\n")
    return True


def show_rules(jurisdiction: str | None, on: date | None, out: TextIO) -> None:
    """Write the rules of a jurisdiction, all of them or those that count on a day; without one, a list of all.

    Raises `BillingRulesError`, and `JurisdictionNotFoundError` where there are no rules of the jurisdiction.
    """
    rulebook = load_shipped_rules()
    rules = [rule for rule in _all_rules(rulebook) if on is None or _counts(rule, on)]
    if jurisdiction is None:
        lines = [*_list_jurisdictions(rules), "", *_list_plans(rulebook)]
    else:
        known = sorted({rule.jurisdiction for rule in _all_rules(rulebook)})
        if jurisdiction not in known:
            raise JurisdictionNotFoundError(f"there are no rules of {jurisdiction!r}, but of {', '.join(known)}")
        own = [rule for rule in rules if rule.jurisdiction == jurisdiction]
        lines = [line for rule in own for line in _describe(rule)] or [f"No rule of {jurisdiction} counts on {on}."]
    out.writelines(f"{line}\n" for line in lines)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _all_rules(rulebook: Rulebook) -> list[Rule]:
    return [
        *rulebook.taxes,
        *rulebook.fees,
        *rulebook.fee_caps,
        *rulebook.discounts,
        *rulebook.cancellations,
        *rulebook.renewals,
        *rulebook.separations,
    ]


def _counts(rule: Rule, day: date) -> bool:
    return rule.effective_on <= day and (rule.ends_on is None or day < rule.ends_on)


def _list_jurisdictions(rules: Sequence[Rule]) -> list[str]:
    rows = []
    for jurisdiction in sorted({rule.jurisdiction for rule in rules}):
        own = [rule for rule in rules if rule.jurisdiction == jurisdiction]
        unverified = sum(not rule.is_verified for rule in own)
        rows.append((jurisdiction, str(len(own)), str(unverified)))
    columns = (Column("Jurisdiction"), Column("Rules", is_right=True), Column("Not verified", is_right=True))
    return write_table(columns, rows)


def _list_plans(rulebook: Rulebook) -> list[str]:
    rows = [(plan.name, "; ".join(_describe_plan(plan))) for plan in rulebook.plans.values()]
    return write_table((Column("Plan"), Column("Says", weight=1)), rows)


def _describe_plan(plan: PaymentPlan) -> Iterator[str]:
    if plan.is_pay_in_full:
        yield "one installment"
    else:
        yield "every month" if plan.months_between == 1 else f"every {plan.months_between} months"
        if plan.installments_max is not None:
            yield f"at most {plan.installments_max} installments"
    if plan.down_payment_percent is not None:
        yield f"the first is {plan.down_payment_percent} % of the term"
    if plan.weights:
        yield f"weights {', '.join(map(str, plan.weights))}, then 1"
    yield f"invoiced {plan.lead_days} days before it is due"
    if plan.is_first_at_issue:
        yield "the first at once"


def _describe(rule: Rule) -> list[str]:
    kind = "fee cap" if isinstance(rule, FeeCapRule) else type(rule).__name__.removesuffix("Rule").lower()
    code = getattr(rule, "code", "")
    until = f" to {rule.ends_on - timedelta(days=1)}" if rule.ends_on else ""
    until += ", then abolished" if rule.is_abolished else ""
    fields = [
        ("says", "; ".join(_say(rule))),
        *([("products", ", ".join(rule.products))] if rule.products else []),
        ("source", rule.citation),
        *([] if rule.is_verified else [(NOT_VERIFIED, "read the source before you rely on it")]),
    ]
    header = f"{rule.rule_id}: {f'{kind} {code}'.strip()}, from {rule.effective_on}{until}"
    return [escape_text(header), *(f"  {line}" for line in write_fields(fields))]


def _say(rule: Rule) -> Iterator[str]:
    """What a rule says, in words."""
    match rule:
        case TaxRule():
            amount = show_amount(rule.amount_minor, rule.currency)
            yield f"{rule.percent} % of the premium" if rule.percent is not None else f"{amount} for each term"
        case FeeRule():
            yield show_amount(rule.amount_minor, rule.currency)
            yield from _say_caps(rule)
            if rule.plans:
                yield f"on {', '.join(rule.plans)}"
        case FeeCapRule():
            yield from _say_caps(rule)
        case DiscountRule():
            yield f"{rule.percent} % of the premium"
        case CancellationRule():
            yield from _say_cancellation(rule)
        case RenewalRule():
            yield f"notice {rule.notice_days} days before the term ends"
            if rule.compares_annualised:
                yield "beside the latest premium annualised"
        case _:
            yield "invoiced and paid apart"


def _say_caps(rule: FeeRule | FeeCapRule) -> Iterator[str]:
    if rule.cap_minor is not None:
        yield f"at most {show_amount(rule.cap_minor, rule.currency)}"
    if rule.cap_percent is not None:
        yield f"at most {rule.cap_percent} % of the premium"


def _say_cancellation(rule: CancellationRule) -> Iterator[str]:
    yield f"all back within {rule.free_look_days} days" if rule.free_look_days else "no days to return it"
    yield f"customer {', '.join(rule.customer_methods)}"
    yield f"insurer {', '.join(rule.insurer_methods)}"
    if CancellationMethod.SHORT_RATE in (*rule.customer_methods, *rule.insurer_methods):
        yield f"short rate keeps {rule.short_rate_percent} %"
    if rule.keeps_premium_after_claim:
        yield "the whole premium is due after a claim was paid"
