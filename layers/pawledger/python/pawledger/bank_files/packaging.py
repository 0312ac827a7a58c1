"""Unpacks what providers drop compressed: gzip, and zip with one file in it; in bounded memory, within named limits.

A package is never trusted: it may be damaged, hold another package, or grow to any size. Whatever is wrong with it is a
SYNTAX problem of the file; the bytes before the fault are still read, and nothing of them is posted.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, BinaryIO, Final, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from pawledger.bank_files.package_marks import (
    EMPTY_ZIP_MARK,
    GZIP_MARK,
    ZIP_MARK,
    is_package,
    unread_package_of,
)
from pawledger.bank_files.report import FileReport, Rule
from pawledger.domain.errors import PawledgerError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

UNPACKED_BYTES_MAX: Final = 2 * 1024**3
"""Two gigabytes, as much as a file may have that is not packed: some ten million movements."""
PACKED_ZIP_BYTES_MAX: Final = 256 * 1024**2
"""A zip is read from its end, so that it has to lie on disk first; a function has 512 MiB of that."""
ZIP_BYTES_IN_MEMORY_MAX: Final = 8 * 1024**2
"""Up to here it is kept in memory: ordinary packages never touch the disk."""
ZIP_DIRECTORY_BYTES_MAX: Final = 64 * 1024
"""One file and some folders need a few hundred bytes; a directory of millions of entries only costs memory."""
RATIO_MAX: Final = 200
"""How many times larger than its package a file may be. Statements shrink to a tenth, the most repetitive ones of the
tests to a sixtieth; a package made of nothing reaches a thousand."""
RATIO_FREE_BYTES: Final = 16 * 1024**2
"""Below this size the ratio is not looked at: a short file of blanks does no harm."""
BLOCK_BYTES: Final = 64 * 1024

_ZIP_END: Final = struct.Struct("<4s4H2LH")
"""End of central directory record (APPNOTE.TXT 4.3.16): mark, disks, counts, size and offset of the directory."""
_ZIP64_END: Final = struct.Struct("<4sQ2H2L4Q")
"""The same in wide numbers (APPNOTE.TXT 4.3.14): mark, own size, versions, disks, counts, directory's size, offset."""
_ZIP64_LOCATOR: Final = struct.Struct("<4sLQL")
"""Stands between the two (APPNOTE.TXT 4.3.15): mark, disk, offset of the wide record, number of disks."""
_ZIP64_MARKS: Final = (b"PK\x06\x06", b"PK\x06\x07")
_ZIP_COMMENT_BYTES_MAX: Final = 65_535
_ZIP_FAULTS: Final = (BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, struct.error)
"""What `zipfile` raises for the directories and headers that damage or malice can make."""


class PackageFaultError(PawledgerError):
    """A package that cannot be read to its end; `rule` names why."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@contextmanager
def unpack(stream: BinaryIO, report: FileReport) -> Iterator[BinaryIO]:
    """Give the content of a packaged file as a stream that ends where the package, or what is sound of it, ends.

    A fault is one problem `package.<rule>` in `report`. On leaving, the rest is read, so that its checksum is checked,
    and `report.content_hash` is set. Errors of `stream` itself pass through.
    """
    with SpooledTemporaryFile(max_size=ZIP_BYTES_IN_MEMORY_MAX) as spool:
        content = _Content(stream, spool, report)
        yield cast("BinaryIO", BufferedReader(content, BLOCK_BYTES))
        content.drain()
    report.content_hash = content.hexdigest()


class _Content(RawIOBase):
    """The unpacked bytes; a fault of the package is told when it is met, and ends them."""

    def __init__(self, packed: BinaryIO, spool: IO[bytes], report: FileReport) -> None:
        super().__init__()
        self._report = report
        self._is_faulty = False
        self._packed = _CountingStream(packed)
        self._blocks = self._unpack(spool)
        self._rest = b""
        self._byte_count = 0
        self._hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        self._rest = self._rest or self._next_block()
        data, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(data)] = data
        return len(data)

    def drain(self) -> None:
        """Unpack what the reader left."""
        while self._next_block():
            pass

    def hexdigest(self) -> str:
        return self._hash.hexdigest()

    def _next_block(self) -> bytes:
        """The next bytes, empty at the end or after a fault."""
        try:
            block = b"" if self._is_faulty else next(self._blocks, b"")
            self._check_size(block)
        except PackageFaultError as error:
            self._report.add(Rule.SYNTAX, error.rule, str(error))
            self._is_faulty, block = True, b""
        self._hash.update(block)
        return block

    def _check_size(self, block: bytes) -> None:
        if self._byte_count == 0 and (is_package(block) or unread_package_of(block)):
            raise PackageFaultError("package.nested", "the package holds another package; drop the file itself")
        self._byte_count += len(block)
        if self._byte_count > UNPACKED_BYTES_MAX:
            raise PackageFaultError("package.too_large", f"unpacked it has more than {UNPACKED_BYTES_MAX} bytes")
        if self._byte_count > max(RATIO_FREE_BYTES, RATIO_MAX * self._packed.byte_count):
            message = f"unpacked it is more than {RATIO_MAX} times as large, as no bank file is"
            raise PackageFaultError("package.ratio", message)

    def _unpack(self, spool: IO[bytes]) -> Iterator[bytes]:
        """Yield the content in blocks that are not empty. Raises `PackageFaultError`."""
        head = self._packed.read(len(ZIP_MARK))
        if head.startswith(GZIP_MARK):
            yield from _unpack_gzip(head, self._packed)
        else:
            yield from _unpack_zip(head, self._packed, spool)


class _CountingStream:
    """Counts the packed bytes that were read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.byte_count = 0

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.byte_count += len(data)
        return data


def _unpack_gzip(head: bytes, packed: _CountingStream) -> Iterator[bytes]:
    """Yield the content of a gzip file of one or more members (RFC 1952, section 2.2), block by block."""
    member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    waiting = head
    while True:
        waiting = waiting or packed.read(BLOCK_BYTES)
        if not waiting:
            if not member.eof:
                raise PackageFaultError("package.truncated", "the gzip file ends before its end mark: it was cut")
            return
        if member.eof:
            if not waiting.strip(b"\0"):
                waiting = b""  # zeros behind the end pad a tape block, and mean nothing (gzip manual, "tapes")
                continue
            member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            block = member.decompress(waiting, BLOCK_BYTES)
        except zlib.error:
            raise PackageFaultError("package.damaged", "the gzip data or its checksum is wrong") from None
        waiting = member.unused_data if member.eof else member.unconsumed_tail
        if block:
            yield block


def _unpack_zip(head: bytes, packed: _CountingStream, spool: IO[bytes]) -> Iterator[bytes]:
    """Yield the content of the one file of a zip, block by block."""
    spool.write(head)
    while block := packed.read(BLOCK_BYTES):
        if packed.byte_count > PACKED_ZIP_BYTES_MAX:
            raise PackageFaultError("package.too_large", f"the zip has more than {PACKED_ZIP_BYTES_MAX} bytes")
        spool.write(block)
    _check_directory(spool)
    try:
        with ZipFile(spool) as archive, archive.open(_only_file(archive)) as content:
            while block := content.read(BLOCK_BYTES):
                yield block
    except _ZIP_FAULTS:
        raise PackageFaultError("package.damaged", "the zip cannot be read, or a checksum in it is wrong") from None


def _check_directory(spool: IO[bytes]) -> None:
    """Look at the size that the directory claims before anything of it is read into memory."""
    length = spool.seek(0, 2)
    start = max(0, length - _ZIP_END.size - _ZIP_COMMENT_BYTES_MAX - _ZIP64_END.size - _ZIP64_LOCATOR.size)
    spool.seek(start)
    tail = spool.read()
    end = tail.rfind(EMPTY_ZIP_MARK)
    if end < 0 or len(tail) - end < _ZIP_END.size:
        raise PackageFaultError("package.truncated", "the zip has no end: it was cut")
    directory_bytes = max(_ZIP_END.unpack_from(tail, end)[5], _wide_directory_bytes(tail, end, start))
    if directory_bytes > ZIP_DIRECTORY_BYTES_MAX:
        raise PackageFaultError("package.too_many_files", "the zip holds more than one file; drop each by itself")


def _wide_directory_bytes(tail: bytes, end: int, start: int) -> int:
    """The size of the directory by the record in wide numbers, 0 where there is none.

    `zipfile` lets it overrule the ordinary record. It has to stand where it is looked for and where the locator says.
    `tail` begins at byte `start` of the zip, its ordinary record stands at `end` of it.
    """
    locator, record = end - _ZIP64_LOCATOR.size, end - _ZIP64_LOCATOR.size - _ZIP64_END.size
    if locator < 0 or not tail.startswith(_ZIP64_MARKS[1], locator):
        return 0
    stands_at = _ZIP64_LOCATOR.unpack_from(tail, locator)[2]
    if record < 0 or not tail.startswith(_ZIP64_MARKS[0], record) or stands_at != start + record:
        raise PackageFaultError("package.damaged", "the end of the zip contradicts itself")
    return int(_ZIP64_END.unpack_from(tail, record)[8])


def _only_file(archive: ZipFile) -> ZipInfo:
    files = [member for member in archive.infolist() if not member.is_dir()]
    if not files:
        raise PackageFaultError("package.empty", "the zip holds no file")
    if len(files) > 1:
        message = f"the zip holds {len(files)} files; drop each by itself"
        raise PackageFaultError("package.too_many_files", message)
    (only,) = files
    if only.header_offset < 0:
        raise BadZipFile("the file begins before the zip does")
    if only.flag_bits & 1:
        raise PackageFaultError("package.encrypted", "the file in the zip is encrypted")
    if only.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise PackageFaultError("package.method", "the file in the zip is neither stored nor deflated")
    return only
