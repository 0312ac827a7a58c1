"""A small rulebook with sensible defaults; a test names only what it is about."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from pawledger.domain.billing.rulebook import (
    CancellationMethod,
    CancellationRule,
    DiscountRule,
    PaymentPlan,
    RenewalRule,
    Rulebook,
    SeparationRule,
    TaxRule,
)

FROM: Final = date(2017, 6, 1)

PLANS: Final = {
    plan.name: plan
    for plan in (
        PaymentPlan(name="annual", months_between=12, installments_max=1),
        PaymentPlan(name="semi_annual", months_between=6),
        PaymentPlan(name="quarterly", months_between=3),
        PaymentPlan(name="monthly", months_between=1),
    )
}


def _common(rule_id: str, jurisdiction: str) -> dict[str, Any]:
    return {
        "rule_id": rule_id,
        "jurisdiction": jurisdiction,
        "effective_on": FROM,
        "ends_on": None,
        "citation": "made for tests",
    }


PRO_RATA_OR_SHORT_RATE: Final = (CancellationMethod.PRO_RATA, CancellationMethod.SHORT_RATE)

RULEBOOK: Final = Rulebook(
    plans=PLANS,
    taxes=(TaxRule(**_common("GB-ipt", "GB"), code="ipt", name="Insurance premium tax", percent=Decimal(12)),),
    discounts=(
        DiscountRule(**_common("GB-multi-pet", "GB"), code="multi_pet", name="Several pets", percent=Decimal(5)),
        DiscountRule(**_common("GB-in-full", "GB"), code="pay_in_full", name="Paid in full", percent=Decimal(5)),
    ),
    cancellations=(
        CancellationRule(
            **_common("GB-cancellation", "GB"),
            free_look_days=14,
            customer_methods=PRO_RATA_OR_SHORT_RATE,
            insurer_methods=(CancellationMethod.PRO_RATA,),
        ),
        CancellationRule(
            **_common("US-CA-cancellation", "US-CA"),
            free_look_days=30,
            customer_methods=PRO_RATA_OR_SHORT_RATE,
            insurer_methods=(CancellationMethod.PRO_RATA,),
        ),
    ),
    renewals=(
        RenewalRule(**_common("GB-renewal", "GB"), notice_days=21),
        RenewalRule(**_common("US-CA-renewal", "US-CA"), notice_days=45),
    ),
    separations=(SeparationRule(**_common("US-CA-wellness", "US-CA"), products=("wellness",)),),
)


def build_rulebook(**overrides: Any) -> Rulebook:
    """Great Britain and California, four plans; what is named replaces what is there."""
    return replace(RULEBOOK, **overrides)
