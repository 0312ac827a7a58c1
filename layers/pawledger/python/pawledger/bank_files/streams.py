"""Streams whose first bytes were looked at."""

from typing import BinaryIO, cast


def rejoin(head: bytes, rest: BinaryIO) -> BinaryIO:
    """The stream as it was before `head` was read from it. It can be read, and nothing else."""
    return cast("BinaryIO", _Rejoined(head, rest))


class _Rejoined:
    """Gives back the bytes that were read, and then passes on what the stream gives: no block is copied once more."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int = -1) -> bytes:
        if not self._head:
            return self._rest.read(size)
        head = self._head if size < 0 else self._head[:size]
        self._head = self._head[len(head) :]
        return head if size == len(head) else head + self._rest.read(size if size < 0 else size - len(head))
