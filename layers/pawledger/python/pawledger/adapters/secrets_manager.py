"""The secret of a deployment under which keys of payers are made."""

from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from pawledger.adapters.errors import PayerSecretUnreadableError

SECRET_CHARACTERS_MIN: Final = 32
"""As many as keep 160 bits of letters and digits; the deployment generates twice as many."""


class SecretsManagerPayerSecret:
    """Fulfils `PayerSecret`. The client is made with the first reading: most starts of a function make no key."""

    def __init__(self, make_client: Callable[[], Any], secret_arn: str) -> None:
        self._make_client = make_client
        self._secret_arn = secret_arn

    def read(self) -> bytes:
        """See `PayerSecret.read`. Raises `PayerSecretUnreadableError`; what the secret says is in no message."""
        try:
            secret = self._make_client().get_secret_value(SecretId=self._secret_arn).get("SecretString", "")
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise PayerSecretUnreadableError(f"the secret for keys of payers cannot be read: {code}") from error
        if len(secret) < SECRET_CHARACTERS_MIN:
            raise PayerSecretUnreadableError(
                f"the secret for keys of payers has {len(secret)} characters, not {SECRET_CHARACTERS_MIN} or more"
            )
        return str(secret).encode()
