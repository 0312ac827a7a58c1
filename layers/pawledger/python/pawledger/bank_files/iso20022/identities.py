"""What makes an entry of a cash report the same entry when it is told again, whichever message tells it."""

from hashlib import blake2b
from typing import Final

from pawledger.bank_files.iso20022.fields import NO_REFERENCES
from pawledger.bank_files.iso20022.shapes import Fields

WHOLE: Final = "whole"
"""The telling of a booking that is told in one amount."""

_DETAIL_ID_PATHS: Final = ("Refs/AcctSvcrRef", "Refs/TxId", "Refs/EndToEndId", "Refs/InstrId", "Refs/UETR")
_EMPTY: Final[Fields] = {}


def bank_reference_of(fields: Fields, detail: Fields = _EMPTY) -> str | None:
    """The bank's own reference of a booking: the entry's, else that of its only detail; stand-ins are none."""
    for reference in (fields.get("AcctSvcrRef"), detail.get("Refs/AcctSvcrRef")):
        if reference is not None and reference.upper() not in NO_REFERENCES:
            return reference
    return None


def entry_reference_of(fields: Fields, detail: Fields = _EMPTY) -> str:
    """What tells an entry without a bank reference apart: the entry's number and the id of its only detail.

    The id of the detail tells equal premiums of one day apart, where banks number their entries anew in each statement.
    """
    reference = fields.get("NtryRef", "")
    return f"{reference}/{detail_id(detail)}" if detail else reference


def detail_id(fields: Fields) -> str:
    """The reference that tells a detail from the others of its entry, empty where it has none."""
    for path in _DETAIL_ID_PATHS:
        if path in fields and fields[path].upper() not in NO_REFERENCES:
            return fields[path]
    return ""


def names_transaction(fields: Fields) -> bool:
    """Say whether a detail is about one transaction; else it may stand for a batch that is itemised elsewhere."""
    if not fields.keys().isdisjoint(_DETAIL_ID_PATHS):
        return True
    return any(path.startswith("RltdPties/") for path in fields)


class Numbering:
    """Numbers the identities of one statement that are alike, so that two movements never share one."""

    __slots__ = ("_repeats", "_seen")

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        """Digests, because a statement may have a million entries."""
        self._repeats: dict[bytes, int] = {}

    def number(self, identity: tuple[str, ...]) -> tuple[str, ...]:
        """Add how many alike came before."""
        digest = blake2b("\0".join(identity).encode(), digest_size=8).digest()
        if digest not in self._seen:
            self._seen.add(digest)
            return (*identity, "0")
        ordinal = self._repeats.get(digest, 0) + 1
        self._repeats[digest] = ordinal
        return (*identity, str(ordinal))


def telling_of(item_identities: list[tuple[str, ...]]) -> str:
    """The telling of a booking that is told in items: the same for the same items, whatever their order."""
    digest = blake2b(digest_size=16)
    for identity in sorted(item_identities):
        # Each part with its length, so that no two lists of items are written alike.
        digest.update("".join(f"{len(part)}:{part}" for part in identity).encode() + b"\n")
    return digest.hexdigest()
