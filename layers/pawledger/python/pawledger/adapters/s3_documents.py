"""The bucket of documents: every object is written once, by S3's own condition."""

from typing import Any, Final

from botocore.exceptions import ClientError

from pawledger.adapters.errors import DocumentInConflictError, ObjectTooLargeError
from pawledger.ports import KeptDocument

DOCUMENT_BYTES_MAX: Final = 16 * 1024**2
"""A statement of 5,000 lines has 4 MB; what is far larger is no document."""

_ABSENT: Final = "*"
"""Source: PutObject in the S3 API reference, If-None-Match: upload only where the key is not there."""
_EXISTS: Final = "PreconditionFailed"
_IN_CONFLICT: Final = "ConditionalRequestConflict"


class S3DocumentStore:
    """Fulfils `DocumentStore`. Encryption is the bucket's own."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @property
    def place(self) -> str:
        return self._bucket

    def keep(self, key: str, data: bytes, media_type: str) -> KeptDocument:
        """See `DocumentStore.keep`.

        Raises `ObjectTooLargeError`, and `DocumentInConflictError` where two calls write at once.
        """
        if len(data) > DOCUMENT_BYTES_MAX:
            raise ObjectTooLargeError(f"{key} would have {len(data)} bytes, at most {DOCUMENT_BYTES_MAX} are stored")
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=data, ContentType=media_type, IfNoneMatch=_ABSENT
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == _IN_CONFLICT:
                raise DocumentInConflictError(f"{key} is being written by another call; try again") from error
            if code != _EXISTS:
                raise
            return KeptDocument(self._read(key), is_new=False)
        return KeptDocument(data, is_new=True)

    def _read(self, key: str) -> bytes:
        with self._client.get_object(Bucket=self._bucket, Key=key)["Body"] as body:
            data: bytes = body.read(DOCUMENT_BYTES_MAX + 1)
        if len(data) > DOCUMENT_BYTES_MAX:
            raise ObjectTooLargeError(f"{key} has more than {DOCUMENT_BYTES_MAX} bytes")
        return data
