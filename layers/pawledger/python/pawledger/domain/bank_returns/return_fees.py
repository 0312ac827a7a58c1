"""The fee for a returned payment, where the rules of the account's place know one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from pawledger.domain.books.entries import Entry

if TYPE_CHECKING:
    from pawledger.domain.billing.rulebook import Rulebook

RETURN_FEE: Final = "returned_payment"
"""Code of its rules."""

RETURN_FEE_CHARGE: Final = f"fee:{RETURN_FEE}"
"""Code of its charge, as those on invoices are written."""


_TOLD: Final = ("jurisdiction", "product", "plan", "price")


@dataclass(frozen=True, slots=True)
class ReturnFee:
    """What is charged for a returned payment, and by which rule."""

    amount_minor: int
    """Minor units of the account's currency."""
    rule_id: str


def find_return_fee(entries: Iterable[Entry], rulebook: "Rulebook", currency: str, day: date) -> ReturnFee | None:
    """The fee for a payment that was returned on a day, from the account's entries; None where there is none.

    An account may have policies in several places. The fee is charged only where the rules of all of them know one, and
    is the least of them: no policyholder pays more than the law of any of these places allows.
    """
    policies = _policies_of(entries)
    fees = [_fee_of(facts, rulebook, currency, day) for facts in policies]
    known = [fee for fee in fees if fee is not None and fee.amount_minor > 0]
    if not known or len(known) < len(policies):
        return None
    return min(known, key=lambda fee: (fee.amount_minor, fee.rule_id))


def _fee_of(facts: Mapping[str, Any], rulebook: "Rulebook", currency: str, day: date) -> ReturnFee | None:
    rules = rulebook.fees_on(facts.get("jurisdiction", ""), facts.get("product", ""), facts.get("plan", ""), day)
    premium_minor = int(facts.get("price", {}).get("premium_minor", 0))
    fees = [
        ReturnFee(rule.amount_of(premium_minor), rule.rule_id)
        for rule in rules
        if rule.code == RETURN_FEE and rule.currency == currency
    ]
    return min(fees, key=lambda fee: fee.amount_minor, default=None)


def _policies_of(entries: Iterable[Entry]) -> list[Mapping[str, Any]]:
    """What is known last of each policy: where it is, by which plan it is paid, and its premium."""
    # Loaded when the first fee is looked for: posting, which asks for it, sees few returns.
    from pawledger.domain.policy.policy_events import EVENT_TYPES  # noqa: PLC0415

    policies: dict[str, dict[str, Any]] = {}
    for entry in entries:
        facts = entry.decision.facts
        if entry.decision.kind in EVENT_TYPES:
            policies.setdefault(str(facts["policy_id"]), {}).update(
                {name: facts[name] for name in _TOLD if facts.get(name)}
            )
    return list(policies.values())
