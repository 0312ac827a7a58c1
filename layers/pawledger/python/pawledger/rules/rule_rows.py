"""The rows of the files of billing rules as rules: each row by itself, whatever stands in the others."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from pawledger.domain.billing.rulebook import (
    CancellationMethod,
    CancellationRule,
    DiscountRule,
    FeeCapRule,
    FeeRule,
    PaymentPlan,
    RenewalRule,
    Rule,
    SeparationRule,
    TaxRule,
)
from pawledger.rules.rule_faults import CODE_PATTERN, TableReader

JURISDICTION_PATTERN: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
"""ISO 3166-1 country, or ISO 3166-2 subdivision: `GB`, `US-CA`."""
RULE_ID_PATTERN: Final = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+){0,9}")
PLAN_PATTERN: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
PRODUCT_PATTERN: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

FEE_CODES: Final = ("cancellation", "installment", "issuance", "returned_payment")

TERM_MONTHS_MAX: Final = 27
"""In the longest term, of 800 days, 27 months begin."""
NOTICE_DAYS_MAX: Final = 366
"""Nobody has to be told of a renewal before the term that it follows began."""
FREE_LOOK_DAYS_MAX: Final = 366
LEAD_DAYS_MAX: Final = 90
WEIGHT_MAX: Final = 1000

_COMMON_KEYS: Final = frozenset({"rule_id", "effective_on", "ends_on", "citation", "verified", "products"})


ReadRow = Callable[[TableReader, Mapping[str, Any]], Rule]
"""Makes a rule of a row, with what every rule has given."""


def read_rule(reader: TableReader, jurisdiction: str, kind: str, *, known: Collection[str] = ()) -> Rule:
    """The rule in a row of the table `kind`; `known` are keys that the caller reads itself."""
    read_row, keys = _ROWS[kind]
    reader.refuse_unknown(_COMMON_KEYS | keys | set(known))
    effective_on, ends_on = reader.day("effective_on"), reader.day("ends_on", is_required=False)
    if effective_on and ends_on and ends_on <= effective_on:
        reader.refuse_value("ends_on", ends_on, f"after {effective_on}, on which the rule begins")
    is_abolished = "abolished" in keys and reader.flag("abolished")
    if is_abolished and "ends_on" not in reader.table:
        reader.refuse("abolished", "stands beside ends_on alone, the first day on which the rule does not count")
    common = {
        "rule_id": reader.matching("rule_id", RULE_ID_PATTERN, "letters, digits and single hyphens"),
        "jurisdiction": jurisdiction,
        "effective_on": effective_on or date.min,
        "ends_on": ends_on,
        "is_abolished": is_abolished,
        "citation": reader.text("citation"),
        "is_verified": reader.flag("verified", is_required=True),
        "products": reader.texts("products", PRODUCT_PATTERN, "a product's code of small letters and digits"),
    }
    return read_row(reader, common)


def read_plan(reader: TableReader, name: str) -> PaymentPlan:
    """The payment plan in a table of `plans.toml`."""
    keys = {"months_between", "installments_max", "weights", "down_payment_percent", "lead_days", "is_first_at_issue"}
    reader.refuse_unknown(keys)
    if not PLAN_PATTERN.fullmatch(name):
        reader.refuse_value("", name, "a plan's name of small letters, digits and underscores")
    has_maximum = "installments_max" in reader.table
    maximum = reader.integer("installments_max", 1, TERM_MONTHS_MAX) if has_maximum else None
    plan = PaymentPlan(
        name=name,
        months_between=reader.integer("months_between", 1, TERM_MONTHS_MAX),
        installments_max=maximum,
        weights=_read_weights(reader, maximum or TERM_MONTHS_MAX),
        down_payment_percent=reader.percent("down_payment_percent"),
        lead_days=reader.integer("lead_days", 0, LEAD_DAYS_MAX),
        is_first_at_issue=reader.flag("is_first_at_issue"),
    )
    if plan.down_payment_percent == 0:
        reader.refuse("down_payment_percent", "nothing is paid down; leave it out")
    if plan.is_pay_in_full and (plan.weights or plan.down_payment_percent is not None):
        reader.refuse("installments_max", "one installment has neither weights nor a down payment")
    return plan


def _read_weights(reader: TableReader, count_max: int) -> tuple[int, ...]:
    weights = reader.table.get("weights", [])
    if not isinstance(weights, list) or not all(type(each) is int and 0 <= each <= WEIGHT_MAX for each in weights):
        reader.refuse_value("weights", weights, f"a list of whole numbers from 0 to {WEIGHT_MAX}")
        return ()
    if len(weights) > count_max:
        reader.refuse("weights", f"{len(weights)} weights, and at most {count_max} installments")
    if weights and not any(weights):
        reader.refuse("weights", "none is above zero, so no installment would bill anything")
    return tuple(weights)


def _read_tax(reader: TableReader, common: Mapping[str, Any]) -> TaxRule:
    has_amount = "amount" in reader.table
    if has_amount == ("percent" in reader.table):
        reader.refuse("percent", "a tax is either a percent or an amount with its currency, and one of both is needed")
    if "currency" in reader.table and not has_amount:
        reader.refuse(
            "currency", "stands beside an amount alone; a percentage is of the premium, whatever its currency"
        )
    currency = reader.currency("currency") if has_amount else None
    return TaxRule(
        **common,
        code=_read_code(reader),
        name=reader.text("name"),
        percent=reader.percent("percent"),
        amount_minor=reader.amount_minor("amount", currency or ""),
        currency=currency,
    )


def _read_fee(reader: TableReader, common: Mapping[str, Any]) -> FeeRule:
    code, currency = _read_fee_code(reader), reader.currency("currency")
    amount_minor = reader.amount_minor("amount", currency)
    if amount_minor is None:
        reader.refuse("amount", "missing")
    return FeeRule(
        **common,
        code=code,
        name=reader.text("name"),
        amount_minor=amount_minor or 0,
        currency=currency,
        cap_minor=reader.amount_minor("cap", currency),
        cap_percent=reader.percent("cap_percent"),
        plans=reader.texts("plans", PLAN_PATTERN, "a plan's name"),
    )


def _read_fee_cap(reader: TableReader, common: Mapping[str, Any]) -> FeeCapRule:
    has_amount = "cap" in reader.table
    if not has_amount and "cap_percent" not in reader.table:
        reader.refuse("cap", "missing; a cap is an amount with its currency, a cap_percent of the premium, or both")
    if "currency" in reader.table and not has_amount:
        reader.refuse("currency", "stands beside a cap alone; a percentage is of the premium, whatever its currency")
    currency = reader.currency("currency") if has_amount else None
    return FeeCapRule(
        **common,
        code=_read_fee_code(reader),
        name=reader.text("name"),
        cap_minor=reader.amount_minor("cap", currency or ""),
        currency=currency,
        cap_percent=reader.percent("cap_percent"),
    )


def _read_fee_code(reader: TableReader) -> str:
    code = reader.text("code")
    if code and code not in FEE_CODES:
        reader.refuse_value("code", code, f"one of {', '.join(FEE_CODES)}")
    return code


def _read_discount(reader: TableReader, common: Mapping[str, Any]) -> DiscountRule:
    percent = reader.percent("percent")
    if percent is None:
        reader.refuse("percent", "missing")
    return DiscountRule(**common, code=_read_code(reader), name=reader.text("name"), percent=percent or Decimal(0))


def _read_cancellation(reader: TableReader, common: Mapping[str, Any]) -> CancellationRule:
    customer, insurer = _read_methods(reader, "customer_methods"), _read_methods(reader, "insurer_methods")
    has_short_rate = CancellationMethod.SHORT_RATE in (*customer, *insurer)
    percent = reader.percent("short_rate_percent")
    if has_short_rate != (percent is not None):
        reader.refuse("short_rate_percent", "stands where short_rate is one of the methods, and nowhere else")
    return CancellationRule(
        **common,
        free_look_days=reader.integer("free_look_days", 0, FREE_LOOK_DAYS_MAX),
        customer_methods=customer,
        insurer_methods=insurer,
        keeps_premium_after_claim=reader.flag("keeps_premium_after_claim"),
        short_rate_percent=Decimal(0) if percent is None else percent,
    )


def _read_methods(reader: TableReader, key: str) -> tuple[CancellationMethod, ...]:
    names = [method.value for method in CancellationMethod]
    expected = f"one of {', '.join(names)}"
    texts = reader.texts(key, re.compile("|".join(names)), expected)
    if key not in reader.table:
        reader.refuse(key, f"missing, at least {expected}")
    return tuple(CancellationMethod(text) for text in texts if text in names)


def _read_renewal(reader: TableReader, common: Mapping[str, Any]) -> RenewalRule:
    return RenewalRule(
        **common,
        notice_days=reader.integer("notice_days", 0, NOTICE_DAYS_MAX),
        compares_annualised=reader.flag("compares_annualised"),
    )


def _read_separation(reader: TableReader, common: Mapping[str, Any]) -> SeparationRule:
    if "products" not in reader.table:
        reader.refuse("products", "missing, at least one product that is invoiced apart")
    return SeparationRule(**common)


def _read_code(reader: TableReader) -> str:
    return reader.matching("code", CODE_PATTERN, "a code of small letters, digits and underscores")


_CANCELLATION_KEYS: Final = frozenset(
    {"free_look_days", "customer_methods", "insurer_methods", "short_rate_percent", "keeps_premium_after_claim"}
)
# A cancellation and a renewal cannot be abolished: without one no policy is billed, so another row follows.
_ROWS: Final[dict[str, tuple[ReadRow, frozenset[str]]]] = {
    "taxes": (_read_tax, frozenset({"code", "name", "percent", "amount", "currency", "abolished"})),
    "fees": (_read_fee, frozenset({"code", "name", "amount", "currency", "cap", "cap_percent", "plans", "abolished"})),
    "fee_caps": (_read_fee_cap, frozenset({"code", "name", "cap", "currency", "cap_percent", "abolished"})),
    "discounts": (_read_discount, frozenset({"code", "name", "percent", "abolished"})),
    "cancellations": (_read_cancellation, _CANCELLATION_KEYS),
    "renewals": (_read_renewal, frozenset({"notice_days", "compares_annualised"})),
    "separations": (_read_separation, frozenset({"abolished"})),
}
