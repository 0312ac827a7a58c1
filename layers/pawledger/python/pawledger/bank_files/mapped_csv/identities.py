"""Identities of the movements in a mapped file, and whether any of them comes twice."""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Final
from zlib import crc32

from pawledger.bank_files.mapped_csv.movements import Movements
from pawledger.bank_files.provider_rows import Notes, RowNumbers, UnreadableReportError

if TYPE_CHECKING:
    from pawledger.bank_files.mapped_csv.mapping import CsvMapping

IDENTITIES_MAX: Final = 5_000_000
"""Most movements of one file whose identities are compared, sixteen bytes each."""
REPEATS_SHOWN_MAX: Final = 50
"""Most repeated identities that are told; more would only bury the first."""

COMPARED_TOGETHER: Final = 400_000
"""About how many identities are compared at a time, so that they need some thirty megabytes."""

AMOUNT_PART: Final = "amount"
FEE_PART: Final = "fee"
"""Which of the two entries of a row an identity is about."""


class Identities:
    """Makes identities of rows: account, currency, the columns that name a movement, or else all that is told of it."""

    def __init__(self, mapping: "CsvMapping", notes: Notes) -> None:
        self._mapping = mapping
        self._notes = notes
        self._kind = mapping.format
        self._has_columns = mapping.identity is not None
        self._is_numbered = mapping.identity is None or mapping.identity.repeats == "numbered"
        self._numbers = RowNumbers()
        self._hashes = array("q")
        self._lines = array("q")

    def of(
        self, movements: Movements, columns: Sequence[list[str]], told: Sequence[Iterable[str]]
    ) -> list[tuple[str, ...]]:
        """Identities of the amounts of some rows, from their identity columns, or from all that is `told` of them.

        Raises `UnreadableReportError`.
        """
        kinds, accounts, currencies = repeat(self._kind), movements.accounts, movements.currencies
        if self._has_columns:
            self._check_present(movements, columns)
            keys: list[tuple[str, ...]] = list(zip(accounts, currencies, *columns, strict=True))
            if not self._is_numbered:
                self._remember(keys, movements.lines)
                return list(zip(kinds, accounts, currencies, *columns, repeat(AMOUNT_PART), strict=False))
            parts: Sequence[Iterable[str]] = columns
        else:
            written = {day: day.isoformat() if day else "" for day in {*movements.booked, *movements.value}}
            booked = [written[day] for day in movements.booked]
            value = [written[day] for day in movements.value]
            amounts = list(map(str, movements.amounts))
            fees = list(map(str, movements.fees))
            texts = map("\x1f".join, zip(*told, strict=True))
            checksums = [f"{checksum:08x}" for checksum in map(crc32, map(_encoded, texts))]
            parts = (booked, value, amounts, fees, checksums)
            keys = list(zip(accounts, currencies, *parts, strict=True))
        ordinals = self._numbers.number(list(map(hash, keys))) or repeat("1")
        return list(zip(kinds, accounts, currencies, *parts, repeat(AMOUNT_PART), ordinals, strict=False))

    def of_fee(self, identity: tuple[str, ...]) -> tuple[str, ...]:
        """The identity of the fee of a row whose amount has `identity`."""
        if self._is_numbered:
            return (*identity[:-2], FEE_PART, identity[-1])
        return (*identity[:-1], FEE_PART)

    def check(self) -> None:
        """Tell identities that came twice, at the end of the file."""
        if len(self._hashes) < 2:
            return
        twice = _find_repeated(self._hashes)
        if not twice:
            return
        seen: dict[int, int] = {}
        told = 0
        for key, line in zip(self._hashes, self._lines, strict=True):
            if key not in twice:
                continue
            if key in seen and told < REPEATS_SHOWN_MAX:
                told += 1
                message = (
                    f"row has the identity of the row on line {seen[key]}; it is not certain whether it is the same "
                    "movement told twice"
                )
                self._notes.wrong("identity_twice", message, line, field=self._field())
            seen.setdefault(key, line)

    def _remember(self, keys: Sequence[tuple[str, ...]], lines: Sequence[int]) -> None:
        if len(self._hashes) + len(keys) > IDENTITIES_MAX:
            raise UnreadableReportError("too_many_rows", f"more than {IDENTITIES_MAX} movements in one file")
        self._hashes.extend(map(hash, keys))
        self._lines.extend(lines)

    def _check_present(self, movements: Movements, columns: Sequence[list[str]]) -> None:
        if all("" not in column for column in columns):
            return
        for texts, line in zip(zip(*columns, strict=True), movements.lines, strict=True):
            if not any(texts):
                message = "columns that name the movement are empty"
                self._notes.wrong("identity_missing", message, line, field=self._field())

    def _field(self) -> str:
        return ", ".join(map(str, self._mapping.identity.columns if self._mapping.identity else ()))


def _find_repeated(hashes: "array[int]") -> set[int]:
    """The values that come more than once, found part by part of all there are."""
    part_count = len(hashes) // COMPARED_TOGETHER + 1
    repeated: set[int] = set()
    for part in range(part_count):
        some = [value for value in hashes if value % part_count == part] if part_count > 1 else list(hashes)
        if len(set(some)) < len(some):
            repeated |= {value for value, count in Counter(some).items() if count > 1}
    return repeated


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
