"""The proof of a bank file: every movement and every minor unit of it is posted, suspended, rejected or told before."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pawledger.ports import BankFileRecord, ChunkResult

PARTS = ("posted", "suspended", "rejected", "repeated", "retold")
"""Where a movement can end. `repeated` was recorded before, from another file or line; `retold` from another kind of
report of the same bank (an advice or an interim report before the statement), which is as it should be."""


@dataclass(frozen=True, slots=True)
class FileProof:
    """What became of a file's movements; amounts are credits less debits in minor units, by currency."""

    counts: Mapping[str, int]
    """By part."""
    minor: Mapping[str, Mapping[str, int]]
    """By part, then by currency."""
    in_file_minor: Mapping[str, int]
    missing_count: int
    """Movements of the file of which no chunk has told yet."""
    missing_minor: Mapping[str, int]
    missing_chunks: tuple[int, ...]

    @property
    def is_complete(self) -> bool:
        """Whether file totals = what its parts sum to, in count and in every currency."""
        return self.missing_count == 0 and not any(self.missing_minor.values())


def prove_file_posting(record: BankFileRecord, results: Iterable[ChunkResult]) -> FileProof:
    """Compare what a file holds with what became of its chunks."""
    counts: Counter[str] = Counter(dict.fromkeys(PARTS, 0))
    minor: dict[str, Counter[str]] = {part: Counter() for part in PARTS}
    handled_count = 0
    seen_chunks = set()
    for result in results:
        seen_chunks.add(result.chunk_number)
        handled_count += result.movement_count
        for part, count in (
            ("suspended", result.suspended_count),
            ("rejected", result.rejected_count),
            ("repeated", result.repeated_count),
            ("retold", result.retold_count),
        ):
            counts[part] += count
            counts["posted"] -= count
        counts["posted"] += result.movement_count
        minor["posted"].update(result.posted_minor)
        minor["suspended"].update(result.suspended_minor)
        minor["rejected"].update(result.rejected_minor)
        minor["repeated"].update(result.repeated_minor)
        minor["retold"].update(result.retold_minor)
    in_file: Counter[str] = Counter(record.credit_minor)
    in_file.subtract(record.debit_minor)
    missing = Counter(in_file)
    for part_minor in minor.values():
        missing.subtract(part_minor)
    return FileProof(
        counts=counts,
        minor=minor,
        in_file_minor=in_file,
        missing_count=record.movement_count - handled_count,
        missing_minor=missing,
        missing_chunks=tuple(sorted(set(range(1, record.chunk_count + 1)) - seen_chunks)),
    )
