"""The bucket as webhooks see it: each body is written once, by S3's own condition, and nothing is read."""

from typing import Any, Final

from botocore.exceptions import ClientError

from pawledger.adapters.errors import WebhookInConflictError

_ABSENT: Final = "*"
"""Source: PutObject in the S3 API reference, If-None-Match: upload only where the key is not there."""


class S3WebhookStore:
    """Fulfils `WebhookStore`. Encryption is the bucket's own."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def keep(self, key: str, data: bytes) -> bool:
        """See `WebhookStore.keep`. Raises `WebhookInConflictError` where two calls write at once."""
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=data, ContentType="application/json", IfNoneMatch=_ABSENT
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalRequestConflict":
                raise WebhookInConflictError(f"{key} is being written by another call") from error
            if code != "PreconditionFailed":
                raise
            return False
        return True
