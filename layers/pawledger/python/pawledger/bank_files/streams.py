"""Streams whose first bytes were looked at."""

from io import DEFAULT_BUFFER_SIZE, BufferedReader, RawIOBase
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def rejoin(head: bytes, rest: BinaryIO, *, buffer_bytes: int = DEFAULT_BUFFER_SIZE) -> BinaryIO:
    """The stream as it was before `head` was read from it."""
    return cast("BinaryIO", BufferedReader(_HeadThenRest(head, rest), buffer_bytes))


class _HeadThenRest(RawIOBase):
    """A stream that gives back the bytes that were read from it before it goes on."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        data = self._head[: len(view)] or self._rest.read(len(view))
        self._head = self._head[len(view) :]
        view[: len(data)] = data
        return len(data)
