"""Requests as providers send them, signed with whatever secret a test wants."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pawledger.ports import ProviderSecrets, SignatureScheme
from pawledger.services.receiving.receive_webhook import WebhookPorts, WebhookRequest
from tests.builders.stripe_events import charge_of, event_of
from tests.fakes.webhooks import MemoryWebhookSecrets, MemoryWebhookStore

NOW: Final = 1_795_082_400
STRIPE_SECRET: Final = "whsec_a_secret_of_a_test"
GOCARDLESS_SECRET: Final = "a secret of another test"
ADYEN_SECRET: Final = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
"""The key of Adyen's published example."""

CHARGE: Final = event_of("charge.succeeded", charge_of(), event_id="evt_3Paw0001")


def sign_stripe(body: bytes, secret: str = STRIPE_SECRET, at: int = NOW) -> str:
    """The header for a body, as Stripe's documentation says how it is made."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest},v0=what-tests-send"


def stripe_request(
    body: bytes = CHARGE, *, header: str | None = None, path: str = "/stripe", method: str = "POST"
) -> WebhookRequest:
    headers = {"stripe-signature": sign_stripe(body) if header is None else header}
    return WebhookRequest(method, path, headers, body, NOW)


def gocardless_request(body: bytes, secret: str = GOCARDLESS_SECRET) -> WebhookRequest:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return WebhookRequest("POST", "/gocardless", {"webhook-signature": signature}, body, NOW)


def notification_of(**more: Any) -> dict[str, Any]:
    """The notification of Adyen's published example, without its signature."""
    notification = {
        "amount": {"currency": "EUR", "value": 1130},
        "eventCode": "AUTHORISATION",
        "merchantAccountCode": "TestMerchant",
        "merchantReference": "TestPayment-1407325143704",
        "pspReference": "7914073381342284",
        "success": "true",
    }
    return notification | more


def sign_adyen(signed: str, secret: str = ADYEN_SECRET) -> str:
    return base64.b64encode(hmac.new(bytes.fromhex(secret), signed.encode(), hashlib.sha256).digest()).decode()


def adyen_request(*notifications: Mapping[str, Any]) -> WebhookRequest:
    """A request with notifications that carry their signatures."""
    items = [{"NotificationRequestItem": dict(each)} for each in notifications]
    body = json.dumps({"live": "false", "notificationItems": items}).encode()
    return WebhookRequest("POST", "/adyen", {}, body, NOW)


def connect_webhooks(
    store: MemoryWebhookStore,
    stripe_secrets: Sequence[str] = (STRIPE_SECRET,),
    providers: Sequence[str] = ("stripe", "adyen", "gocardless"),
) -> WebhookPorts:
    secrets = {
        "stripe": ProviderSecrets(SignatureScheme.STRIPE, tuple(stripe_secrets)),
        "adyen": ProviderSecrets(SignatureScheme.ADYEN, (ADYEN_SECRET,)),
        "gocardless": ProviderSecrets(SignatureScheme.GOCARDLESS, (GOCARDLESS_SECRET,)),
    }
    return WebhookPorts(MemoryWebhookSecrets(secrets), store, providers)
