"""The terms of allocation that ship with the package: `allocation.toml`, validated."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from pawledger.domain.identifiers import ACCOUNT_ID_PATTERN
from pawledger.domain.posting.allocation_terms import AllocationOrder, AllocationRules
from pawledger.rules.rule_faults import CODE_PATTERN, BillingRulesError, RuleFault, TableReader

FILE: Final = "allocation.toml"


def allocation_rules_from_toml(text: str) -> AllocationRules:
    """The terms in a TOML text. Raises `BillingRulesError` with every fault."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BillingRulesError([RuleFault(FILE, "", "", f"not TOML: {error}")]) from None
    reader = TableReader(FILE, "", table)
    reader.refuse_unknown({"order", "tolerance", "products", "accounts"})
    order = table.get("order", AllocationOrder.OLDEST_DUE.value)
    orders = [each.value for each in AllocationOrder]
    if order not in orders:
        reader.refuse_value("order", order, f"one of {', '.join(orders)}")
        order = AllocationOrder.OLDEST_DUE
    rules = AllocationRules(
        order=AllocationOrder(order),
        tolerances=reader.amounts("tolerance", table.get("tolerance", {})),
        by_product=_overrides(reader, "products", CODE_PATTERN.fullmatch),
        by_account=_overrides(reader, "accounts", ACCOUNT_ID_PATTERN.fullmatch),
    )
    if reader.faults:
        raise BillingRulesError(reader.faults)
    return rules


@cache
def load_allocation_rules() -> AllocationRules:
    """The terms of the package. Raises `BillingRulesError`."""
    return allocation_rules_from_toml(resources.files("pawledger.rules").joinpath(FILE).read_text("utf-8"))


def _overrides(reader: TableReader, key: str, is_name: Any) -> Mapping[str, Mapping[str, int]]:
    tables = reader.table.get(key, {})
    if not isinstance(tables, dict):
        reader.refuse_value(key, tables, "tables, one each")
        return {}
    found = {}
    for name, table in tables.items():
        if not is_name(name):
            reader.refuse_value(key, name, f"the name of one of the {key}")
        if not isinstance(table, dict) or set(table) != {"tolerance"}:
            reader.refuse(f"{key}.{name}", "is not a table with the one key tolerance")
            continue
        found[name] = reader.amounts(f"{key}.{name}.tolerance", table["tolerance"])
    return MappingProxyType(found)
