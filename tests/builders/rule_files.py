"""Folders of billing rules as TOML files; a test names only what it is about."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

PLANS: Final = """
[annual]
months_between = 12
installments_max = 1
lead_days = 14

[monthly]
months_between = 1
lead_days = 14
"""

CANCELLATION: Final = """
[[cancellations]]
rule_id = "GB-cancellation"
free_look_days = 14
customer_methods = ["pro_rata"]
insurer_methods = ["pro_rata"]
effective_on = 2000-01-01
citation = "made for tests"
verified = true
"""

RENEWAL: Final = """
[[renewals]]
rule_id = "GB-renewal"
notice_days = 21
effective_on = 2000-01-01
citation = "made for tests"
verified = true
"""


def least(jurisdiction: str = "GB", currency: str = "GBP") -> str:
    """The least that a jurisdiction has to say."""
    rows = (CANCELLATION + RENEWAL).replace('"GB-', f'"{jurisdiction}-')
    return f'jurisdiction = "{jurisdiction}"\ncurrency = "{currency}"\n{rows}'


LEAST: Final = least()

TAX: Final = """
[[taxes]]
rule_id = "GB-ipt"
code = "ipt"
name = "Insurance premium tax"
percent = 12
effective_on = 2017-06-01
citation = "made for tests"
verified = true
"""

FEE: Final = """
[[fees]]
rule_id = "installment"
jurisdictions = ["GB"]
code = "installment"
name = "Monthly payment"
amount = "1.50"
currency = "GBP"
plans = ["monthly"]
effective_on = 2020-01-01
citation = "made for tests"
verified = true
"""

FEE_CAP: Final = """
[[fee_caps]]
rule_id = "GB-installment-cap"
code = "installment"
name = "Cap on monthly payments"
cap = "1.20"
currency = "GBP"
effective_on = 2020-01-01
citation = "made for tests"
verified = true
"""

DISCOUNT: Final = """
[[discounts]]
rule_id = "multi-pet"
jurisdictions = ["GB"]
code = "multi_pet"
name = "Several pets"
percent = "7.5"
effective_on = 2020-01-01
citation = "made for tests"
verified = true
"""


def write_rules(
    folder: Path, *, jurisdictions: Mapping[str, str] | None = None, tariff: str = "", plans: str = PLANS
) -> Path:
    """Write the files of a folder of rules, for Great Britain unless told otherwise, and return the folder."""
    (folder / "jurisdictions").mkdir(parents=True, exist_ok=True)
    for name, text in (jurisdictions or {"GB": LEAST}).items():
        (folder / "jurisdictions" / f"{name}.toml").write_text(text, encoding="utf-8")
    (folder / "tariff.toml").write_text(tariff, encoding="utf-8")
    (folder / "plans.toml").write_text(plans, encoding="utf-8")
    return folder


def change(table: str, key: str, value: str | None) -> str:
    """A table with another value of one key, as it is written in TOML; None leaves the key out."""
    lines = [line for line in table.splitlines() if not line.startswith(f"{key} = ")]
    return "\n".join([*lines, *([] if value is None else [f"{key} = {value}"]), ""])
