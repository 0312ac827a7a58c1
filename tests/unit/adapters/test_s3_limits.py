"""Objects that are larger than what is done with them allows."""

import io
from typing import Any

import pytest

from pawledger.adapters.errors import ObjectTooLargeError
from pawledger.adapters.s3_bank_files import COPY_BYTES_MAX, STREAM_BUFFER_BYTES, TEXT_BYTES_MAX, S3BankFileStore
from pawledger.domain.errors import InvariantError


class EndlessBody(io.RawIOBase):
    """A body of a given length that exists only as far as it is read."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.largest_read = 0
        self.read_count = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "a body is never read whole"
        self.largest_read = max(self.largest_read, size)
        taken = min(size, self._left)
        self._left -= taken
        self.read_count += taken
        return b" " * taken


class LargeObjectClient:
    """Answers for one object of a given length; everything else it is asked for fails."""

    def __init__(self, length: int) -> None:
        self.body = EndlessBody(length)
        self._length = length
        self.copied: list[str] = []
        self.deleted: list[str] = []

    def get_object(self, **_: Any) -> dict[str, Any]:
        return {"Body": self.body}

    def head_object(self, **_: Any) -> dict[str, Any]:
        return {"ContentLength": self._length, "VersionId": "v1"}

    def copy_object(self, **arguments: Any) -> None:
        self.copied.append(arguments["CopySource"]["VersionId"])

    def delete_object(self, **arguments: Any) -> None:
        self.deleted.append(arguments["VersionId"])


def test_an_object_of_five_gigabytes_moves_and_one_byte_more_does_not() -> None:
    fitting, too_large = LargeObjectClient(COPY_BYTES_MAX), LargeObjectClient(COPY_BYTES_MAX + 1)
    S3BankFileStore(fitting, "bucket").move("incoming/a/b", None, "archive/a/b")
    assert (fitting.copied, fitting.deleted) == (["v1"], ["v1"])
    with pytest.raises(ObjectTooLargeError, match=r"incoming/a/b has 5368709121 bytes"):
        S3BankFileStore(too_large, "bucket").move("incoming/a/b", None, "archive/a/b")
    assert (too_large.copied, too_large.deleted) == ([], [])


def test_a_text_that_is_too_long_is_not_read_to_its_end() -> None:
    client = LargeObjectClient(100 * TEXT_BYTES_MAX)
    with pytest.raises(ObjectTooLargeError, match="archive/a/1"):
        S3BankFileStore(client, "bucket").read_text("archive/a/1")
    assert client.body.read_count <= TEXT_BYTES_MAX + 1 + STREAM_BUFFER_BYTES


def test_a_large_object_is_read_line_by_line_in_small_pieces() -> None:
    client = LargeObjectClient(10 * STREAM_BUFFER_BYTES)
    opened = S3BankFileStore(client, "bucket").open("incoming/a/b", None)
    assert opened is not None
    with opened as stream:
        while stream.read(80):
            pass
    assert client.body.largest_read == STREAM_BUFFER_BYTES
    assert client.body.closed


def test_an_object_does_not_move_onto_itself() -> None:
    with pytest.raises(InvariantError, match="another key"):
        S3BankFileStore(LargeObjectClient(1), "bucket").move("a", None, "a")
