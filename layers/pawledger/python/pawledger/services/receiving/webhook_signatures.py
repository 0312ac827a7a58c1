"""Signatures of webhooks: whether a body is the provider's own, by a secret that only the two of us know.

Several secrets may be valid at once, so that one can be replaced without refusing an event. Comparisons take the same
time whatever differs.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pawledger.bank_files.event_bodies import BODY_EVENTS_MAX, Body, object_of, objects_of, parse_body, text_of
from pawledger.bank_files.provider_rows import UnreadableReportError
from pawledger.domain.errors import PawledgerError
from pawledger.ports import SignatureScheme

TOLERANCE_SECONDS: Final = 300
"""How far a Stripe signature's time may lie from now, against replays. Source: Stripe documentation, "Verify webhook
signatures": five minutes by default."""

SIGNATURES_MAX: Final = 10
"""Signatures in one header: Stripe sends one for each secret that is valid, which are two while one is replaced."""

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
_ADYEN_FIELDS: Final = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference")
_ADYEN_END: Final = ("eventCode", "success")
"""What Adyen signs, in this order, the amount's value and currency between the two.

Source: Adyen documentation, "Verify HMAC signatures"."""


class SignatureMissingError(PawledgerError):
    """The request carries no signature of the provider's kind, or one that cannot be read."""


class SignatureTooOldError(PawledgerError):
    """The signature's time lies further from now than `TOLERANCE_SECONDS`: the request may be a replay."""


class SignatureWrongError(PawledgerError):
    """No secret gives the signature: the body is another, or the secret is."""


def check_signature(
    scheme: SignatureScheme, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now_seconds: int
) -> None:
    """Return where the body is signed with one of the secrets; header names are in small letters.

    `now_seconds` is the time of the request since 1970. Raises `SignatureMissingError`, `SignatureTooOldError` and
    `SignatureWrongError`; what the secrets or the body say is in none of them.
    """
    if scheme is SignatureScheme.STRIPE:
        _check_stripe(body, headers.get("stripe-signature", ""), secrets, now_seconds)
    elif scheme is SignatureScheme.GOCARDLESS:
        _check_gocardless(body, headers.get("webhook-signature", ""), secrets)
    else:
        _check_adyen(body, secrets)


def _check_stripe(body: bytes, header: str, secrets: Sequence[str], now_seconds: int) -> None:
    parts = [part.strip().partition("=") for part in header.split(",")]
    timestamp = next((value for name, _, value in parts if name == "t"), "")
    told = [value for name, _, value in parts if name == "v1"][:SIGNATURES_MAX]
    if not told or not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureMissingError("no header Stripe-Signature with a time and a signature")
    signed = timestamp.encode() + b"." + body
    _require_match(told, (_hex_digest(secret.encode(), signed) for secret in secrets))
    if abs(now_seconds - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureTooOldError(f"signed more than {TOLERANCE_SECONDS} seconds from now")


def _check_gocardless(body: bytes, header: str, secrets: Sequence[str]) -> None:
    if not header:
        raise SignatureMissingError("no header Webhook-Signature")
    _require_match([header.strip().lower()], (_hex_digest(secret.encode(), body) for secret in secrets))


def _check_adyen(body: bytes, secrets: Sequence[str]) -> None:
    """Each notification of a body has a signature of its own, and all must be right."""
    try:
        items = objects_of(parse_body(body), "notificationItems")
    except UnreadableReportError:
        items = []
    if not items or len(items) > BODY_EVENTS_MAX:
        raise SignatureMissingError("no signed notification")
    keys = [bytes.fromhex(secret) for secret in secrets]
    for item in items:
        notification = object_of(item, "NotificationRequestItem")
        told = text_of(object_of(notification, "additionalData"), "hmacSignature")
        if not told:
            raise SignatureMissingError("a notification without hmacSignature")
        signed = _adyen_text(notification).encode()
        _require_match([told], (_base64_digest(key, signed) for key in keys))


def _adyen_text(notification: Body) -> str:
    amount = object_of(notification, "amount")
    values = [notification.get(name, "") for name in _ADYEN_FIELDS]
    values += [amount.get("value", ""), amount.get("currency", "")]
    values += [notification.get(name, "") for name in _ADYEN_END]
    return ":".join(str(value).lower() if isinstance(value, bool) else str(value) for value in values)


def _require_match(told: Iterable[str], expected: Iterable[str]) -> None:
    """Compare every signature with every one that would be right, without stopping at the first."""
    right = list(expected)
    matches = [hmac.compare_digest(each.encode(errors="replace"), one.encode()) for each in told for one in right]
    if not any(matches):
        raise SignatureWrongError("no secret gives this signature")


def _hex_digest(secret: bytes, signed: bytes) -> str:
    return hmac.new(secret, signed, hashlib.sha256).hexdigest()


def _base64_digest(secret: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
