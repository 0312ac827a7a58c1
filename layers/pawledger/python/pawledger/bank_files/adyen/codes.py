"""Types of rows in Adyen's reports and what each is to the books.

Source: Adyen documentation, "Settlement details report" and "Payment accounting report", journal types. Types are
compared without regard to case, which differs between reports.
"""

from typing import Final

from pawledger.bank_files.records import Purpose

PAYOUTS: Final = frozenset(("merchantpayout", "internalcompanypayout", "epapaid"))
"""Rows that pay the balance of a batch out, and so make it add up to zero."""

_PAYMENTS: Final = "settled settledexternally settledexternallywithinfo paidout bppaidout manualcorrected converted"
_RETURNS: Final = """
refunded refundedreversed refundedexternally refundedexternallywithinfo refundfailed chargeback chargebackreversed
secondchargeback chargebackexternally chargebackexternallywithinfo chargebackreversedexternallywithinfo
bankinstructionreturned capturefailed settledreversed paidoutreversed paidoutfailed
"""
_FEES: Final = "fee misccosts invoicededuction paymentcost authorisationschemefee settlecost feereversed"
_OWN_ACCOUNTS: Final = """
balancetransfer reserveadjustment depositcorrection matchedstatement merchantpayin merchantpayoutreversed
merchantpayoutfailed
"""

PURPOSES: Final[dict[str, Purpose]] = {
    **dict.fromkeys(_PAYMENTS.split(), Purpose.PAYMENT),
    **dict.fromkeys(_RETURNS.split(), Purpose.RETURN),
    **dict.fromkeys(_FEES.split(), Purpose.FEE),
    **dict.fromkeys((*PAYOUTS, *_OWN_ACCOUNTS.split()), Purpose.PAYOUT),
}
"""What a row of each type is, by its name in lower case; deposits and carried balances are our own money."""
