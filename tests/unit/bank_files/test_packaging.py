"""Packages: read by what is in them, within limits, and any fault of the package is told by name."""

import gzip
import hashlib
import io
import struct
import zipfile
from collections.abc import Callable
from itertools import product
from typing import Final

import pytest

from pawledger.bank_files import packaging
from pawledger.bank_files.inspection import inspect_stream
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.bank_statements import Line, build_bai2

PLAIN: Final = build_bai2([Line(100 + number, f"premium {number}") for number in range(300)])


def zip_of(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def inspect(data: bytes) -> FileReport:
    return inspect_stream(io.BytesIO(data))


def rules_of(report: FileReport) -> list[str]:
    return [problem.rule for problem in report.problems]


PACKAGES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": gzip.compress,
    "gzip in two members": lambda data: gzip.compress(data[:500]) + gzip.compress(data[500:]),
    "gzip filled up with zeros": lambda data: gzip.compress(data) + bytes(700),
    "zip": lambda data: zip_of(("statement.bai", data)),
    "zip, stored": lambda data: zip_of(("statement.bai", data), method=zipfile.ZIP_STORED),
    "zip with a folder": lambda data: zip_of(("today/", b""), ("today/statement.bai", data)),
}


@pytest.mark.parametrize("pack", PACKAGES.values(), ids=PACKAGES)
def test_a_packed_file_is_read_as_the_plain_one(pack: Callable[[bytes], bytes]) -> None:
    plain, packed = inspect(PLAIN), inspect(pack(PLAIN))

    assert packed.verdict is Verdict.ACCEPTED
    assert (packed.format, packed.statements) == ("bai2", plain.statements)
    assert packed.content_hash == hashlib.sha256(PLAIN).hexdigest()
    assert plain.content_hash is None


@pytest.mark.parametrize("cut", [2, 10, 100, -9, -1])
@pytest.mark.parametrize("pack", [PACKAGES["gzip"], PACKAGES["zip"]], ids=["gzip", "zip"])
def test_a_package_that_was_cut_is_unreadable_and_its_first_problem_says_so(
    pack: Callable[[bytes], bytes], cut: int
) -> None:
    report = inspect(pack(PLAIN)[:cut])

    assert report.verdict is Verdict.UNREADABLE
    assert rules_of(report)[0] in ("package.truncated", "file.format_unknown")


@pytest.mark.parametrize("pack", [PACKAGES["gzip"], PACKAGES["zip"]], ids=["gzip", "zip"])
def test_a_byte_that_flipped_anywhere_is_never_accepted_as_other_content(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(PLAIN)
    ends = [*range(60), *range(60, len(packed) - 120, 31), *range(len(packed) - 120, len(packed))]
    for place, bit in product(ends, (0x01, 0x10, 0x80)):
        damaged = bytearray(packed)
        damaged[place] ^= bit
        report = inspect(bytes(damaged))
        is_same = report.content_hash == hashlib.sha256(PLAIN).hexdigest()
        assert is_same or report.verdict is Verdict.UNREADABLE, place


def encrypted(data: bytes) -> bytes:
    """A zip whose directory says that its file is encrypted."""
    packed = bytearray(zip_of(("statement.bai", data)))
    packed[packed.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (gzip.compress(PLAIN, mtime=0) + b"junk", "package.damaged"),
        (gzip.compress(gzip.compress(PLAIN, mtime=0), mtime=0), "package.nested"),
        (zip_of(("inner.zip", zip_of(("statement.bai", PLAIN)))), "package.nested"),
        (zip_of(("inner.7z", b"7z\xbc\xaf\x27\x1c" + bytes(90))), "package.nested"),
        (zip_of(("one.bai", PLAIN), ("two.bai", PLAIN)), "package.too_many_files"),
        (zip_of(*((f"{number}.bai", b"") for number in range(2_000))), "package.too_many_files"),
        (zip_of(), "package.empty"),
        (zip_of(("empty/", b"")), "package.empty"),
        (zip_of(("statement.bai", PLAIN), method=zipfile.ZIP_BZIP2), "package.method"),
        (encrypted(PLAIN), "package.encrypted"),
        (b"PK\x03\x04" + bytes(100), "package.truncated"),
        (gzip.compress(bytes(packaging.RATIO_FREE_BYTES + 1), mtime=0), "package.ratio"),
        (zip_of(("zeros", bytes(packaging.RATIO_FREE_BYTES + 1))), "package.ratio"),
        (gzip.compress(b"", mtime=0), "file.empty"),
        (b"BZh91AY&SY" + bytes(50), "file.format_unknown"),
    ],
)
def test_a_package_that_cannot_be_trusted_is_refused_by_name(data: bytes, rule: str) -> None:
    report = inspect(data)

    assert report.verdict is Verdict.UNREADABLE
    assert rule in rules_of(report)


def test_packaging_that_is_not_unpacked_is_named_to_the_one_who_dropped_it() -> None:
    (problem,) = inspect(b"-----BEGIN PGP MESSAGE-----\n\nabc").problems
    assert "OpenPGP" in problem.message


def test_unpacked_bytes_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaging, "UNPACKED_BYTES_MAX", len(PLAIN) - 1)
    assert rules_of(inspect(gzip.compress(PLAIN)))[0] == "package.too_large"


def test_a_packed_zip_is_limited_because_it_lies_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = zip_of(("statement.bai", PLAIN))
    monkeypatch.setattr(packaging, "PACKED_ZIP_BYTES_MAX", len(packed) - 1)
    assert rules_of(inspect(packed))[0] == "package.too_large"


def test_a_repetitive_statement_of_ten_megabytes_stays_below_the_ratio() -> None:
    data = build_bai2([Line(2_990, "premium of this month", f"NB{number}") for number in range(250_000)])
    ratio = len(data) / len(gzip.compress(data))
    assert ratio < packaging.RATIO_MAX


def test_errors_of_the_stream_itself_pass_through() -> None:
    packed = gzip.compress(PLAIN)

    class Broken(io.RawIOBase):
        """Gives half of a package, then loses its connection."""

        def __init__(self) -> None:
            super().__init__()
            self._given = False

        def read(self, size: int = -1) -> bytes:
            if self._given:
                raise OSError("the connection was lost")
            self._given = True
            return packed[: len(packed) // 2]

    with pytest.raises(OSError, match="connection was lost"):
        inspect_stream(Broken())  # type: ignore[arg-type]


def with_wide_directory(packed: bytes, directory_bytes: int | None = None, moved: int = 0) -> bytes:
    """A zip whose end is told in wide numbers as well, with the size of its directory or another one."""
    end = packed.rindex(b"PK\5\6")
    size, offset = struct.unpack_from("<2L", packed, end + 12)
    told = size if directory_bytes is None else directory_bytes
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, told, offset)
    return packed[:end] + wide + struct.pack("<4sLQL", b"PK\6\7", 0, end + moved, 1) + packed[end:]


def test_directory_whose_size_is_told_in_wide_numbers_has_the_same_limit() -> None:
    packed = zip_of(("statement.bai", PLAIN))
    assert inspect(with_wide_directory(packed)).verdict is Verdict.ACCEPTED
    limit = packaging.ZIP_DIRECTORY_BYTES_MAX
    assert rules_of(inspect(with_wide_directory(packed, limit + 1))) == ["package.too_many_files"]
    assert rules_of(inspect(with_wide_directory(packed, moved=4))) == ["package.damaged"]
