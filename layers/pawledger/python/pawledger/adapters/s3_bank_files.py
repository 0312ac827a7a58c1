"""The bucket of bank files: streams in, versions moved whole, small texts beside them."""

import io
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Final

from botocore.exceptions import ClientError

from pawledger.adapters.errors import ObjectTooLargeError
from pawledger.domain.errors import require
from pawledger.ports import StoredObjectMissingError

COPY_BYTES_MAX: Final = 5 * 1024**3
"""S3 copies up to 5 GB in one request; a bank file of that size would hold fifty million payments."""

TEXT_BYTES_MAX: Final = 16 * 1024**2
"""A chunk of 100 payments has some 60 KB; what is far larger is not a text of ours."""

STREAM_BUFFER_BYTES: Final = 256 * 1024
"""Large enough that the network's packets do not set the pace, small enough not to be seen in memory."""

_MISSING_CODES: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404"})


class S3BankFileStore:
    """Fulfils `BankFileStore` on a bucket with or without versions."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def open(self, key: str, version_id: str | None) -> AbstractContextManager[BinaryIO] | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key, **_version(version_id))
        except ClientError as error:
            if not _is_missing(error):
                raise
            return None
        return io.BufferedReader(_ObjectBytes(answer["Body"]), STREAM_BUFFER_BYTES)

    def move(self, key: str, version_id: str | None, target_key: str) -> None:
        """See `BankFileStore.move`. Raises `ObjectTooLargeError` beyond `COPY_BYTES_MAX`.

        Exactly the version that was copied is deleted: one that a provider dropped meanwhile under the same key stays.
        A crash between both leaves the object in both places, and a repetition ends the same.
        """
        require(key != target_key, "an object moves to another key")
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=key, **_version(version_id))
            if found["ContentLength"] > COPY_BYTES_MAX:
                raise ObjectTooLargeError(f"{key} has {found['ContentLength']} bytes, at most {COPY_BYTES_MAX} move")
            version = _version(version_id or found.get("VersionId"))
            self._client.copy_object(
                Bucket=self._bucket,
                Key=target_key,
                CopySource={"Bucket": self._bucket, "Key": key, **version},
                # Tags of a provider mean nothing here, and copying them would need rights of its own.
                TaggingDirective="REPLACE",
            )
        except ClientError as error:
            if not _is_missing(error):
                raise
            return
        self._client.delete_object(Bucket=self._bucket, Key=key, **version)

    def write_text(self, key: str, text: str) -> None:
        data = text.encode()
        require(len(data) <= TEXT_BYTES_MAX, f"a text in the bucket has at most {TEXT_BYTES_MAX} bytes")
        self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType="application/json")

    def read_text(self, key: str) -> str:
        """See `BankFileStore.read_text`. Raises `ObjectTooLargeError` beyond `TEXT_BYTES_MAX`."""
        opened = self.open(key, None)
        if opened is None:
            raise StoredObjectMissingError(f"there is no object {key}")
        with opened as stream:
            data = stream.read(TEXT_BYTES_MAX + 1)
        if len(data) > TEXT_BYTES_MAX:
            raise ObjectTooLargeError(f"{key} has more than {TEXT_BYTES_MAX} bytes")
        return data.decode()


class _ObjectBytes(io.RawIOBase):
    """An object's body as a raw stream that Python's own buffering understands; a body cut short raises."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data: bytes = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Give the connection back, also where the object was not read to its end."""
        if not self.closed:
            self._body.close()
        super().close()


def _version(version_id: str | None) -> dict[str, str]:
    return {"VersionId": version_id} if version_id else {}


def _is_missing(error: ClientError) -> bool:
    return error.response["Error"]["Code"] in _MISSING_CODES
