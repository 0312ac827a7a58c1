"""A stream that knows the hash of what was read through it."""

import hashlib
from typing import BinaryIO, Final

_DRAIN_BLOCK_BYTES: Final = 1024 * 1024


class HashingStream:
    """Hashes what is read through it, and ends early where a file is larger than it may be."""

    def __init__(self, stream: BinaryIO, bytes_max: int) -> None:
        self._stream = stream
        self._bytes_max = bytes_max
        self._hash = hashlib.sha256()
        self._byte_count = 0

    @property
    def is_too_large(self) -> bool:
        return self._byte_count > self._bytes_max

    def read(self, size: int = -1) -> bytes:
        if self.is_too_large:
            return b""
        block = self._stream.read(_DRAIN_BLOCK_BYTES if size < 0 else size)
        self._hash.update(block)
        self._byte_count += len(block)
        return block

    def drain(self) -> None:
        """Read what the reader left, so that the hash is of the whole file."""
        while self.read(_DRAIN_BLOCK_BYTES):
            pass

    def hexdigest(self) -> str:
        return self._hash.hexdigest()
