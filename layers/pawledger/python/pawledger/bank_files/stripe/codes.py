"""Reporting categories of Stripe's balance transactions and what each is to the books.

Source: Stripe documentation, "Reporting categories" and "Balance transaction types".
"""

from typing import Final

from pawledger.bank_files.records import Purpose

PAYOUT: Final = "payout"
"""A payout to the bank account; where its amount is positive, see `stripe_report`."""
PAYOUT_REVERSAL: Final = "payout_reversal"
"""A payout that came back: no part of what a payout adds up to."""

OWN_REFERENCE_WORDS: Final = ("policy", "invoice", "contract", "order", "identifier", "external", "ref")
"""Metadata whose key has one of these words is ours and names what is paid, in this order of preference."""

_PAYMENTS: Final = """
charge payment contribution transfer transfer_reversal platform_earning platform_earning_refund
advance advance_funding anticipation_repayment financing_payout financing_payout_reversal financing_paydown
financing_paydown_reversal climate_order_purchase climate_order_refund issuing_transaction issuing_dispute
issuing_disbursement other_adjustment unreconciled_customer_funds
"""
_RETURNS: Final = """
refund refund_failure dispute dispute_reversal charge_failure payment_failure_refund partial_capture_reversal
"""
_FEES: Final = "fee network_cost tax fee_credit_funding"
_OWN_ACCOUNTS: Final = """
payout payout_reversal payout_minimum_balance_hold payout_minimum_balance_release topup topup_reversal
connect_collection_transfer connect_reserved_funds risk_reserved_funds reserve_hold reserve_release
issuing_authorization_hold issuing_authorization_release
"""

PURPOSES: Final[dict[str, Purpose]] = {
    **dict.fromkeys(_PAYMENTS.split(), Purpose.PAYMENT),
    **dict.fromkeys(_RETURNS.split(), Purpose.RETURN),
    **dict.fromkeys(_FEES.split(), Purpose.FEE),
    **dict.fromkeys(_OWN_ACCOUNTS.split(), Purpose.PAYOUT),
}
"""What a row of each category is; reserves only move between parts of our own balance, as payouts do."""
