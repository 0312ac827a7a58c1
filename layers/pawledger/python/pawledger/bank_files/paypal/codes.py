"""Event groups of PayPal's transaction codes, `T` and four digits, and what each is to the books.

Source: PayPal developer documentation, "Transaction event codes". The first two digits are the group, which PayPal says
is enough to reconcile by; the last two say more and are kept as they are.
"""

from typing import Final

from pawledger.bank_files.records import Purpose

_PAYMENTS: Final = "00 05 08 09 10 14 19 30 97 98 99"
"""Payments between accounts, card purchases, bonuses, bill payments, dividends, corrections, others."""
_FEES: Final = "01"
"""Fees that are no part of a payment: chargeback fees, monthly fees, payout fees."""
_RETURNS: Final = "11 12"
"""Reversals (refunds, payment reversals) and adjustments (chargebacks and their reversals)."""
_OWN_ACCOUNTS: Final = "02 03 04 06 07 13 15 16 17 18 20 21 22"
"""Currency conversions, deposits and withdrawals, holds, reserves and transfers of our own money."""

PURPOSES_BY_GROUP: Final[dict[str, Purpose]] = {
    **dict.fromkeys(_PAYMENTS.split(), Purpose.PAYMENT),
    **dict.fromkeys(_FEES.split(), Purpose.FEE),
    **dict.fromkeys(_RETURNS.split(), Purpose.RETURN),
    **dict.fromkeys(_OWN_ACCOUNTS.split(), Purpose.PAYOUT),
}
HOLD_RELEASES: Final = frozenset(("T1105", "T1110", "T1111"))
"""Codes of the reversals that hold our own money during a dispute, or release it again."""
GROUPS_WITHOUT_MONEY: Final = frozenset(("13",))
"""Authorisations: nothing is captured yet."""
SETTLED_STATUSES: Final = frozenset(("S", "V", "F", ""))
"""Status of a transaction in a transaction detail report that moved money: done, done and later reversed or refunded.

A settlement report has no status: what it tells has moved money."""
CURRENCIES_WITHOUT_DECIMALS: Final = frozenset(("HUF", "JPY", "TWD"))
"""Currencies that PayPal keeps in whole units."""
