"""What documents are written to, in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pawledger.ports import KeptDocument


@dataclass
class MemoryDocumentStore:
    """Fulfils `DocumentStore`; counts what was put and what was found."""

    objects: dict[str, bytes] = field(default_factory=dict)
    media_types: dict[str, str] = field(default_factory=dict)
    put_count: int = 0
    place: str = "test-documents"

    def keep(self, key: str, data: bytes, media_type: str) -> KeptDocument:
        if key in self.objects:
            return KeptDocument(self.objects[key], is_new=False)
        self.put_count += 1
        self.objects[key], self.media_types[key] = data, media_type
        return KeptDocument(data, is_new=True)


@dataclass
class MemoryAnnouncements:
    """Fulfils `Announcements`."""

    announced: list[dict[str, Any]] = field(default_factory=list)

    def announce(self, events: Sequence[Mapping[str, object]]) -> None:
        self.announced += [dict(event) for event in events]


@dataclass
class PlainTypesetter:
    """Fulfils `Typesetter` with a text that tells of what it was made."""

    edition: str = "first"

    def typeset(self, document: Mapping[str, object]) -> bytes:
        return f"{self.edition} edition of {document['schema']} {sorted(document.items())}".encode()
