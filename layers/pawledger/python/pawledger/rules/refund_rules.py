"""The rules of refunds, write-offs and booked costs that ship with the package: `refunds.toml`, validated."""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

from pawledger.domain.refunding.refund_rules import ANYONE, DayCount, RefundDeadlineRule, RefundRules
from pawledger.rules.rule_faults import BillingRulesError, RuleFault, TableReader, WrittenFloat
from pawledger.rules.rule_rows import JURISDICTION_PATTERN, PRODUCT_PATTERN, RULE_ID_PATTERN

FILE: Final = "refunds.toml"

DAYS_MAX: Final = 180
"""A longer deadline is a typing error: California's 80 business days are the longest known."""

APPROVAL_DAYS_MAX: Final = 90

ROLE_PATTERN: Final = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
"""The name of a role as AWS IAM allows it."""

HOLIDAYS_PATTERN: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?|TARGET|FED")

_BELOW_MINIMUM: Final = ("stays", "written_up")


def refund_rules_from_toml(text: str) -> RefundRules:
    """The rules in a TOML text. Raises `BillingRulesError` with every fault."""
    try:
        table = tomllib.loads(text, parse_float=WrittenFloat)
    except tomllib.TOMLDecodeError as error:
        raise BillingRulesError([RuleFault(FILE, "", "", f"not TOML: {error}")]) from None
    reader = TableReader(FILE, "", table)
    tables = {"minimum", "second_person_above", "write_off", "cost", "deadlines"}
    reader.refuse_unknown({"approval_days", "below_minimum"} | tables)
    below = reader.text("below_minimum")
    if below and below not in _BELOW_MINIMUM:
        reader.refuse_value("below_minimum", below, f"one of {', '.join(_BELOW_MINIMUM)}")
    rules = RefundRules(
        second_person_above=reader.amounts("second_person_above", table.get("second_person_above", {})),
        minimum=reader.amounts("minimum", table.get("minimum", {})),
        writes_up=below == "written_up",
        approval_days=reader.integer("approval_days", 1, APPROVAL_DAYS_MAX),
        deadlines=_deadlines(reader),
        write_off_limits=_limits_by_role(reader, "write_off"),
        cost_limits=_limits_by_role(reader, "cost"),
    )
    if reader.faults:
        raise BillingRulesError(reader.faults)
    return rules


@cache
def load_refund_rules() -> RefundRules:
    """The rules of the package. Raises `BillingRulesError`."""
    return refund_rules_from_toml(resources.files("pawledger.rules").joinpath(FILE).read_text("utf-8"))


def _limits_by_role(reader: TableReader, key: str) -> Mapping[str, Mapping[str, int]]:
    tables = reader.table.get(key, {})
    if not isinstance(tables, dict) or ANYONE not in tables:
        reader.refuse(key, f"is not a group of tables by role, one of them [{key}.{ANYONE}]")
        return {}
    for role in tables:
        if not ROLE_PATTERN.fullmatch(role):
            reader.refuse_value(key, role, "the name of a role")
    return MappingProxyType({role: reader.amounts(f"{key}.{role}", table) for role, table in tables.items()})


def _deadlines(reader: TableReader) -> tuple[RefundDeadlineRule, ...]:
    found = []
    for number, row in enumerate(reader.rows("deadlines"), start=1):
        place = f"deadlines[{number}] {row.get('rule_id', '')}".strip()
        found.append(_deadline(TableReader(reader.file, place, row, reader.faults)))
    ids = [rule.rule_id for rule in found]
    for rule in found:
        if ids.count(rule.rule_id) > 1:
            reader.refuse("deadlines", f"{rule.rule_id} stands there twice")
        if any(each is not rule and _overlap(rule, each) for each in found):
            reader.refuse("deadlines", f"beside {rule.rule_id} another one counts on the same days")
    return tuple(found)


def _deadline(row: TableReader) -> RefundDeadlineRule:
    keys = {"rule_id", "jurisdiction", "days", "counts", "holidays", "interest_percent"}
    row.refuse_unknown(keys | {"effective_on", "ends_on", "citation", "verified", "products"})
    effective_on, ends_on = row.day("effective_on"), row.day("ends_on", is_required=False)
    if effective_on and ends_on and ends_on <= effective_on:
        row.refuse_value("ends_on", ends_on, f"after {effective_on}, on which the rule begins")
    counts, known = row.text("counts"), [each.value for each in DayCount]
    if counts and counts not in known:
        row.refuse_value("counts", counts, f"one of {', '.join(known)}")
    has_holidays = "holidays" in row.table
    if has_holidays and counts == DayCount.CALENDAR:
        row.refuse("holidays", "calendar days are counted, holidays too")
    return RefundDeadlineRule(
        rule_id=row.matching("rule_id", RULE_ID_PATTERN, "letters, digits and single hyphens"),
        jurisdiction=row.matching("jurisdiction", JURISDICTION_PATTERN, "a place of ISO 3166 such as US or US-CA"),
        effective_on=effective_on or date.min,
        ends_on=ends_on,
        citation=row.text("citation"),
        products=row.texts("products", PRODUCT_PATTERN, "a product's code of small letters and digits"),
        is_verified=row.flag("verified", is_required=True),
        days=row.integer("days", 1, DAYS_MAX),
        counts=DayCount(counts) if counts in known else DayCount.CALENDAR,
        holidays=row.matching("holidays", HOLIDAYS_PATTERN, "a place of ISO 3166, TARGET or FED")
        if has_holidays
        else "",
        interest_percent=row.percent("interest_percent"),
    )


def _overlap(one: RefundDeadlineRule, other: RefundDeadlineRule) -> bool:
    """Whether two rules of one place count on a same day for a same product."""
    if one.jurisdiction != other.jurisdiction:
        return False
    if one.products and other.products and set(one.products).isdisjoint(other.products):
        return False
    last = date.max
    return one.effective_on < (other.ends_on or last) and other.effective_on < (one.ends_on or last)
