"""Receiving a webhook: prove that the provider signed it, store its body unchanged as a file, and say so.

Everything else is done by what takes in bank files: a body in `incoming/<provider>/` is a file like any other.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pawledger.bank_files.event_bodies import BODY_BYTES_MAX, Body, object_of, objects_of, parse_body, text_of
from pawledger.bank_files.provider_rows import UnreadableReportError
from pawledger.ports import SignatureScheme, WebhookSecrets, WebhookStore
from pawledger.services.receiving.webhook_signatures import (
    SignatureMissingError,
    SignatureTooOldError,
    SignatureWrongError,
    check_signature,
)

EVENT_ID_PATTERN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
"""An event's id as a part of a file's name; what is none is left out of it."""

HASH_CHARACTERS: Final = 16
"""64 bits of SHA-256 behind the id: the same event told in other words is another file, and none is lost."""


class WebhookOutcome(StrEnum):
    """What became of a request; all but the first two are refusals."""

    STORED = "stored"
    STORED_BEFORE = "stored_before"
    """The same body waits under the same name."""
    PROVIDER_UNKNOWN = "provider_unknown"
    METHOD_WRONG = "method_wrong"
    BODY_TOO_LARGE = "body_too_large"
    BODY_EMPTY = "body_empty"
    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_TOO_OLD = "signature_too_old"
    SIGNATURE_WRONG = "signature_wrong"

    @property
    def status(self) -> int:
        """The HTTP status that answers it. Providers send again what was not answered with 200."""
        if self in (WebhookOutcome.STORED, WebhookOutcome.STORED_BEFORE):
            return 200
        return 401 if self.is_signature else 400

    @property
    def is_signature(self) -> bool:
        """Whether it was refused for its signature."""
        return self in _SIGNATURE_FAULTS.values()


_SIGNATURE_FAULTS: Final = {
    SignatureMissingError: WebhookOutcome.SIGNATURE_MISSING,
    SignatureTooOldError: WebhookOutcome.SIGNATURE_TOO_OLD,
    SignatureWrongError: WebhookOutcome.SIGNATURE_WRONG,
}


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One request, of which nothing is believed yet."""

    method: str
    path: str
    """`/<provider>`, the folder under `incoming/` for its files."""
    headers: Mapping[str, str]
    """By name in small letters."""
    body: bytes
    """As it was sent, byte for byte."""
    received_seconds: int
    """Since 1970, by the clock of whoever took the request."""


@dataclass(frozen=True, slots=True)
class WebhookPorts:
    """Everything that receiving a webhook touches."""

    secrets: WebhookSecrets
    store: WebhookStore
    providers: Sequence[str]
    """Into whose folders it may write."""


def receive_webhook(request: WebhookRequest, ports: WebhookPorts) -> WebhookOutcome:
    """Store a signed body once. Raises what the ports raise: then the provider is not answered, and sends again."""
    provider = request.path.strip("/")
    if request.method != "POST":
        return WebhookOutcome.METHOD_WRONG
    if provider not in ports.providers:
        return WebhookOutcome.PROVIDER_UNKNOWN
    if len(request.body) > BODY_BYTES_MAX:
        return WebhookOutcome.BODY_TOO_LARGE
    if not request.body:
        return WebhookOutcome.BODY_EMPTY
    secrets = ports.secrets.read().get(provider)
    if secrets is None:
        return WebhookOutcome.PROVIDER_UNKNOWN
    try:
        check_signature(secrets.scheme, request.body, request.headers, secrets.values, request.received_seconds)
    except (SignatureMissingError, SignatureTooOldError, SignatureWrongError) as error:
        return _SIGNATURE_FAULTS[type(error)]
    is_new = ports.store.keep(f"incoming/{provider}/{name_of_body(secrets.scheme, request.body)}", request.body)
    return WebhookOutcome.STORED if is_new else WebhookOutcome.STORED_BEFORE


def name_of_body(scheme: SignatureScheme, body: bytes) -> str:
    """The name of the file that a body becomes: the event's id, where it has one, and a part of the body's hash."""
    digest = hashlib.sha256(body).hexdigest()[:HASH_CHARACTERS]
    try:
        event_id = _event_id_of(scheme, parse_body(body))
    except UnreadableReportError:
        event_id = ""
    return f"{event_id}-{digest}.json" if EVENT_ID_PATTERN.fullmatch(event_id) else f"{digest}.json"


def _event_id_of(scheme: SignatureScheme, body: Body) -> str:
    if scheme is SignatureScheme.STRIPE:
        return text_of(body, "id")
    if scheme is SignatureScheme.GOCARDLESS:
        return text_of(object_of(body, "meta"), "webhook_id")
    first = object_of(next(iter(objects_of(body, "notificationItems")), {}), "NotificationRequestItem")
    return f"{text_of(first, 'pspReference')}-{text_of(first, 'eventCode')}"
