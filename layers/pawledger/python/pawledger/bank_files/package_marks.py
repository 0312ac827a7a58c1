"""What compressed files begin with; apart from `packaging`, which most files never need, and which loads much."""

from typing import Final

GZIP_MARK: Final = b"\x1f\x8b"
ZIP_MARK: Final = b"PK\x03\x04"
EMPTY_ZIP_MARK: Final = b"PK\x05\x06"
_UNREAD_PACKAGES: Final = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!": "RAR",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"-----BEGIN PGP": "OpenPGP",
}


def is_package(head: bytes) -> bool:
    """Say whether a file that begins like this is a package that is unpacked here."""
    return head.startswith((GZIP_MARK, ZIP_MARK, EMPTY_ZIP_MARK))


def unread_package_of(head: bytes) -> str | None:
    """Name of the packaging of a file that begins like this, where it is one that is not unpacked here."""
    return next((name for mark, name in _UNREAD_PACKAGES.items() if head.startswith(mark)), None)
