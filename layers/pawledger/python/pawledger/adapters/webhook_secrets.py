"""The secrets under which providers sign their webhooks: one secret of Secrets Manager for all providers.

{"stripe": {"secrets": ["whsec_new", "whsec_old"]}, "adyen-eu": {"scheme": "adyen", "secrets": ["44782D..."]}}
"""

import json
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from botocore.exceptions import ClientError

from pawledger.adapters.errors import WebhookSecretsUnreadableError
from pawledger.ports import ProviderSecrets, SignatureScheme

CACHE_SECONDS: Final = 300
"""How long secrets are believed: a new one counts after five minutes, and a flood of requests reads none."""

SECRETS_MAX: Final = 4
"""Secrets of one provider that are valid at once; each costs a digest of the body."""


class SecretsManagerWebhookSecrets:
    """Fulfils `WebhookSecrets`. The client is made with the first reading."""

    def __init__(
        self, make_client: Callable[[], Any], secret_arn: str, seconds_now: Callable[[], float] = time.monotonic
    ) -> None:
        self._make_client = make_client
        self._secret_arn = secret_arn
        self._seconds_now = seconds_now
        self._read_at: float | None = None
        self._secrets: Mapping[str, ProviderSecrets] = MappingProxyType({})

    def read(self) -> Mapping[str, ProviderSecrets]:
        """See `WebhookSecrets.read`. Raises `WebhookSecretsUnreadableError`; no secret is in its text."""
        now = self._seconds_now()
        if self._read_at is None or now - self._read_at > CACHE_SECONDS:
            self._secrets = MappingProxyType(self._fetch())
            self._read_at = now
        return self._secrets

    def _fetch(self) -> dict[str, ProviderSecrets]:
        try:
            written = self._make_client().get_secret_value(SecretId=self._secret_arn).get("SecretString", "")
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise WebhookSecretsUnreadableError(f"the secrets of webhooks cannot be read: {code}") from error
        try:
            table = json.loads(written)
        except ValueError:
            raise WebhookSecretsUnreadableError("the secrets of webhooks are not JSON") from None
        if not isinstance(table, dict):
            raise WebhookSecretsUnreadableError("the secrets of webhooks are not an object with providers")
        return {provider: _read_provider(provider, row) for provider, row in table.items()}


def _read_provider(provider: str, row: Any) -> ProviderSecrets:
    fields: dict[str, Any] = row if isinstance(row, dict) else {}
    schemes = [scheme.value for scheme in SignatureScheme]
    scheme, values = fields.get("scheme", provider), fields.get("secrets", [])
    if scheme not in schemes:
        named = ", ".join(schemes)
        raise WebhookSecretsUnreadableError(f"webhooks of {provider[:40]!r}: scheme should be one of {named}")
    is_list = isinstance(values, list) and all(isinstance(value, str) and value for value in values)
    if not is_list or not 0 < len(values) <= SECRETS_MAX:
        raise WebhookSecretsUnreadableError(
            f"webhooks of {provider[:40]!r}: secrets should be 1 to {SECRETS_MAX} texts"
        )
    if scheme == SignatureScheme.ADYEN and not all(map(_is_hexadecimal, values)):
        raise WebhookSecretsUnreadableError(f"webhooks of {provider[:40]!r}: secrets should be hexadecimal")
    return ProviderSecrets(SignatureScheme(scheme), tuple(values))


def _is_hexadecimal(value: str) -> bool:
    try:
        return bool(bytes.fromhex(value))
    except ValueError:
        return False
