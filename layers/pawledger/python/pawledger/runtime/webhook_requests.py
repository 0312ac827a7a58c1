"""Requests to a function URL, as Lambda hands them over."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from pawledger.services.receiving.receive_webhook import WebhookOutcome, WebhookRequest

_ANSWERS: Final = {WebhookOutcome.STORED: "[accepted]", WebhookOutcome.STORED_BEFORE: "[accepted]"}
"""What Adyen wants to read; the others look at the status alone. Source: Adyen documentation, "Handle webhook
events"."""


def read_webhook_request(event: Mapping[str, Any]) -> WebhookRequest:
    """The request in an event of payload format 2.0; its body is byte for byte what was sent."""
    context = event["requestContext"]
    return WebhookRequest(
        method=context["http"]["method"],
        path=event["rawPath"],
        headers={name.lower(): value for name, value in event.get("headers", {}).items()},
        body=_read_body(event),
        received_seconds=context["timeEpoch"] // 1000,
    )


def answer_webhook(outcome: WebhookOutcome) -> dict[str, Any]:
    """The answer to the provider: the status, and of a refusal its name and nothing else."""
    return {
        "statusCode": outcome.status,
        "headers": {"content-type": "text/plain"},
        "body": _ANSWERS.get(outcome, str(outcome)),
    }


def _read_body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode(errors="surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        return b""
