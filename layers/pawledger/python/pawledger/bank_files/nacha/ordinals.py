"""Numbers of entries that a NACHA file repeats word for word, so that each has an identity of its own.

Trace numbers mostly rise from entry to entry, and an entry whose trace number is above all before it is new. Only where
they do not, the entries before have to be looked through.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Final

from pawledger.bank_files.nacha.fields import Notes

REMEMBERED_MAX: Final = 4_000_000
"""Most entries of one logical file remembered while their trace numbers rise, four bytes each."""
COUNTED_MAX: Final = 1_000_000
"""Most different entries of one logical file that are counted because trace numbers come again, about 80 bytes each."""


@dataclass(slots=True)
class _Group:
    """Entries of one company and day."""

    last_trace: str = ""
    """Highest trace number so far."""
    rising: "array[int]" = field(default_factory=lambda: array("I"))
    """Checksums of entries while trace numbers rise."""
    is_forgotten: bool = False
    """Whether entries were left out of `rising`, so that a repetition could no longer be seen."""
    counts: dict[int, int] | None = None
    """How often each entry came, from the first trace number on that does not rise."""


class EntryOrdinals:
    """Tells of each entry how often it has come in its logical file by now, itself included."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._groups: dict[tuple[str, str], _Group] = {}
        self._remembered = 0
        self._counted = 0

    def begin_file(self) -> None:
        """Forget the logical file before: what it repeats is a copy."""
        self._groups.clear()
        self._remembered = self._counted = 0

    def number(
        self, company_id: str, day: str, traces: Sequence[str], checksums: Sequence[int], *, do_rise: bool
    ) -> Iterable[str]:
        """Ordinals of entries that follow one another, as their identities have them; `do_rise` says whether their
        trace numbers rise from one to the next.

        Entries are the same if their checksums are: two different ones with one checksum get different numbers, and
        none is lost. Where there are too many to tell, that is a problem and the file is out of balance.
        """
        group = self._groups.get((company_id, day))
        if group is None:
            group = self._groups[company_id, day] = _Group()
        if group.counts is None:
            if do_rise and traces[0] > group.last_trace:
                group.last_trace = traces[-1]
                self._remember(group, checksums)
                return repeat("1")
            group.counts = dict(Counter(group.rising))
            self._counted += len(group.counts)
            group.rising = array("I")
        return self._count(group, group.counts, checksums)

    def _remember(self, group: _Group, checksums: Sequence[int]) -> None:
        if self._remembered < REMEMBERED_MAX:
            group.rising.extend(checksums)
            self._remembered += len(checksums)
        else:
            group.is_forgotten = True

    def _count(self, group: _Group, counts: dict[int, int], checksums: Sequence[int]) -> list[str]:
        ordinals = []
        before = len(counts)
        for checksum in checksums:
            counts[checksum] = ordinal = counts.get(checksum, 0) + 1
            ordinals.append(str(ordinal))
        self._counted += len(counts) - before
        if group.is_forgotten or self._counted > COUNTED_MAX:
            message = "trace numbers come again so late in the file that identical entries cannot be told apart"
            self._notes.wrong_once("traces_scattered", message, "trace_number")
            if self._counted > COUNTED_MAX:
                counts.clear()
                self._counted = 0
        return ordinals
