"""Terms of allocation: in which order money settles invoices, and what may be missing without being asked for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class AllocationOrder(StrEnum):
    OLDEST_DUE = "oldest_due"
    NEWEST_DUE = "newest_due"


@dataclass(frozen=True, slots=True)
class AllocationTerms:
    """How money is laid out over the invoices of one account."""

    order: AllocationOrder = AllocationOrder.OLDEST_DUE
    tolerance_minor: int = 0
    """What may be missing of the last invoice that a payment reaches, in minor units, and is not asked for."""


@dataclass(frozen=True, slots=True)
class AllocationRules:
    """The terms of all accounts: an account's own come first, then its products', then what holds for all."""

    order: AllocationOrder = AllocationOrder.OLDEST_DUE
    tolerances: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Minor units by currency; none is zero."""
    by_product: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    by_account: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: MappingProxyType({}))

    def terms_of(self, account_id: str, currency: str, products: Collection[str] = ()) -> AllocationTerms:
        """The terms of an account. Where its products differ, the least tolerance counts."""
        own = self.by_account.get(account_id, {}).get(currency)
        of_products = [
            self.by_product[each][currency] for each in products if currency in self.by_product.get(each, {})
        ]
        if own is None:
            own = min(of_products, default=self.tolerances.get(currency, 0))
        return AllocationTerms(self.order, own)

    def depends_on_products(self, account_id: str, currency: str, short_minor: int) -> bool:
        """Whether the account's products decide if so much may be missing, so that they have to be looked up."""
        if currency in self.by_account.get(account_id, {}) or not short_minor:
            return False
        tolerances = [each[currency] for each in self.by_product.values() if currency in each]
        usual = self.tolerances.get(currency, 0)
        return any((short_minor <= tolerance) is not (short_minor <= usual) for tolerance in tolerances)
