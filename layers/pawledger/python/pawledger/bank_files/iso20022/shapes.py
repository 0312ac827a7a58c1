"""What is wanted of an XML message: records, the texts in them, and the tree of places that both readers walk along."""

from dataclasses import dataclass
from typing import NamedTuple

Fields = dict[str, str]
"""Path below the record's element to text, stripped; values of a repeated path are joined by a newline, which occurs in
none of them. A currency attribute is at the path with `@Ccy` behind it. An empty element is an absent one."""


class Record(NamedTuple):
    """An element that was read: its shape's name, its fields, and the line and the byte on which it starts.

    `parent` is the record around it, still being filled. A shape that is `announced` is told a second time, earlier,
    at its start tag, with `is_start` and with fields that fill up as reading goes on.
    """

    name: str
    fields: Fields
    parent: Fields
    line: int
    offset: int
    """Byte of the file, from 0, on which its start tag begins."""
    is_start: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """Which element is a record, which texts in it are wanted, and which records lie inside it."""

    path: str
    """Local element names from the record around it, parted by `/`; the last one is the record's name."""
    texts: tuple[str, ...]
    records: tuple["Shape", ...] = ()
    announced: bool = False
    is_quiet: bool = False
    """Told only where it has texts of its own."""


class Place:
    """A place in the document: what its element means, and the places below it that were met or are wanted."""

    __slots__ = ("children", "is_announced", "is_envelope", "is_quiet", "record", "text")

    def __init__(self) -> None:
        self.children: dict[str, Place] = {}
        self.text: str | None = None
        self.record: str | None = None
        self.is_announced = False
        self.is_envelope = False
        self.is_quiet = False

    def grow(self, shape: Shape) -> None:
        """Add the places of a record and of all records in it."""
        place = self.descend(shape.path)
        place.record = shape.path.rpartition("/")[2]
        place.is_announced, place.is_quiet = shape.announced, shape.is_quiet
        for path in shape.texts:
            place.descend(path).text = path
        for inner in shape.records:
            place.grow(inner)

    def descend(self, path: str) -> "Place":
        """Return the place at a path below this one, which is made where it is not there yet."""
        place = self
        for name in path.split("/"):
            place = place.children.setdefault(name, Place())
        return place


def add_text(fields: Fields, path: str, text: str) -> int:
    """Put a stripped text at its path, behind the one that is there already; return how long the value is now."""
    if "\n" in text:
        text = " ".join(text.split())
    if path in fields:
        text = f"{fields[path]}\n{text}"
    fields[path] = text
    return len(text)
