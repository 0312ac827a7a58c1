"""Stripe's events, written by hand: the body of a webhook with one resource in it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

CREATED: Final = int(datetime(2026, 11, 19, 10, 11, 12, tzinfo=UTC).timestamp())
"""The time that `stripe_file.BalanceTransaction` has."""


def event_of(kind: str, resource: Mapping[str, Any], *, event_id: str = "evt_1", **more: Any) -> bytes:
    """The body of an event, written with indents as Stripe does."""
    event = {
        "id": event_id,
        "object": "event",
        "created": CREATED,
        "data": {"object": dict(resource)},
        "livemode": True,
        "pending_webhooks": 1,
        "type": kind,
    }
    return json.dumps(event | more, indent=2).encode()


def charge_of(transaction: Any = "txn_1", amount: Any = 1250, **more: Any) -> dict[str, Any]:
    """A charge that succeeded and was captured whole."""
    charge = {
        "id": "ch_1",
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "balance_transaction": transaction,
        "billing_details": {"name": "Ann Example"},
        "captured": True,
        "created": CREATED,
        "currency": "usd",
        "customer": "cus_1",
        "description": "Premium, paid by card",
        "metadata": {"policy_id": "POL-1", "colour": "blue"},
        "payment_intent": "pi_1",
        "status": "succeeded",
    }
    return charge | more


def refund_of(transaction: Any = "txn_2", amount: int = 400, **more: Any) -> dict[str, Any]:
    refund = {
        "id": "re_1",
        "object": "refund",
        "amount": amount,
        "balance_transaction": transaction,
        "charge": "ch_1",
        "created": CREATED,
        "currency": "usd",
        "metadata": {},
        "payment_intent": "pi_1",
        "reason": "requested_by_customer",
        "status": "succeeded",
    }
    return refund | more


def transaction_of(transaction_id: str, amount: int, fee: int, category: str, **more: Any) -> dict[str, Any]:
    """A balance transaction told whole."""
    transaction = {
        "id": transaction_id,
        "object": "balance_transaction",
        "amount": amount,
        "created": CREATED,
        "currency": "usd",
        "fee": fee,
        "net": amount - fee,
        "reporting_category": category,
    }
    return transaction | more


def dispute_of(*transactions: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    dispute = {
        "id": "du_1",
        "object": "dispute",
        "amount": 1250,
        "balance_transactions": list(transactions),
        "charge": "ch_1",
        "created": CREATED,
        "currency": "usd",
        "metadata": {},
        "payment_intent": "pi_1",
        "reason": "fraudulent",
    }
    return dispute | more


def payout_of(transaction: Any = "txn_po_1", amount: int = 805, **more: Any) -> dict[str, Any]:
    payout = {
        "id": "po_1",
        "object": "payout",
        "amount": amount,
        "balance_transaction": transaction,
        "created": CREATED,
        "currency": "usd",
        "failure_balance_transaction": None,
        "status": "paid",
    }
    return payout | more
