"""Reads the tables of a mapping as TOML gives them, and collects everything that is wrong in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pawledger.bank_files.mapped_csv.rules import ColumnName, Columns

COLUMN_PLACE_MAX: Final = 1024
"""Highest place of a column; see `pawledger.bank_files.delimited.COLUMNS_MAX`."""
VALUES_MAX: Final = 1000
"""Most values of one list or table: providers have some hundred types."""
TEXT_CHARACTERS_MAX: Final = 200
"""Longest name or value in a mapping."""


@dataclass(slots=True)
class TableReader:
    """One table of a mapping; `faults` is shared with the tables inside it."""

    path: str
    table: Mapping[str, object]
    faults: list[str] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    def fault(self, key: str, value: object, rule: str) -> None:
        """Note that what stands at `key` breaks `rule`."""
        self.faults.append(f"[{self.path}] {key}: {str(value)[:60]!r} is {rule}")

    def missing(self, key: str, why: str) -> None:
        """Note that a key is missing, and what for it is needed."""
        self.faults.append(f"[{self.path}] {key}: missing, {why}")

    def has(self, key: str) -> bool:
        """Whether the table has the key, which from now on is known."""
        self._known.add(key)
        return key in self.table

    def get(self, key: str) -> Any:
        """The value at `key`, None where there is none."""
        self._known.add(key)
        return self.table.get(key)

    def text(self, key: str, default: str = "") -> str:
        """A text, `default` where there is none."""
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, str) and len(value) <= TEXT_CHARACTERS_MAX:
            return value
        self.fault(key, value, f"no text of up to {TEXT_CHARACTERS_MAX} characters")
        return default

    def choice(self, key: str, allowed: Iterable[str], default: str) -> str:
        """One of some texts, `default` where there is none."""
        value = self.get(key)
        if value is None:
            return default
        names = tuple(allowed)
        if isinstance(value, str) and value in names:
            return value
        self.fault(key, value, f"none of {', '.join(map(_shown, names))}")
        return default

    def flag(self, key: str) -> bool:
        """True or false; false where there is none."""
        value = self.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.fault(key, value, "neither true nor false")
        return False

    def number(self, key: str, first: int, last: int) -> int | None:
        """A whole number from `first` to `last`; None where there is none."""
        value = self.get(key)
        if value is None:
            return None
        if type(value) is int and first <= value <= last:
            return value
        self.fault(key, value, f"no whole number from {first} to {last}")
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or a single one; empty where there is none."""
        value = self.get(key)
        values = [value] if isinstance(value, str) else value
        if values is None:
            return ()
        if _is_list_of(values, str):
            return tuple(values)
        self.fault(key, value, f"no list of 1 to {VALUES_MAX} texts")
        return ()

    def codes(self, key: str) -> frozenset[str]:
        """A list of values of a code column, folded, as codes are compared."""
        value = self.get(key)
        values = [value] if isinstance(value, str) else value
        if values is None:
            return frozenset()
        if isinstance(values, list) and len(values) <= VALUES_MAX and all(isinstance(each, str) for each in values):
            return frozenset(each.strip().casefold() for each in values)
        self.fault(key, value, f"no list of up to {VALUES_MAX} texts")
        return frozenset()

    def columns(self, key: str) -> Columns:
        """Columns by name or place from 1, or a single one; empty where there are none."""
        value = self.get(key)
        if value is None:
            return ()
        values = value if isinstance(value, list) else [value]
        if values and len(values) <= VALUES_MAX and all(map(_is_column, values)):
            return tuple(each.strip() if isinstance(each, str) else each for each in values)
        self.fault(key, value, f"no name of a column, place from 1 to {COLUMN_PLACE_MAX}, or list of them")
        return ()

    def column(self, key: str) -> ColumnName | None:
        """One column by name or place from 1; None where there is none."""
        value = self.get(key)
        if value is None:
            return None
        if _is_column(value):
            return value.strip() if isinstance(value, str) else int(value)
        self.fault(key, value, f"no name of a column or place from 1 to {COLUMN_PLACE_MAX}")
        return None

    def inner(self, key: str) -> "TableReader | None":
        """The table at `key`; None where there is none."""
        value = self.get(key)
        if value is None:
            return None
        if isinstance(value, Mapping):
            return TableReader(f"{self.path}.{key}", value, self.faults)
        self.fault(key, value, f"no table; write [{self.path}.{key}]")
        return None

    def inner_list(self, key: str) -> "list[TableReader]":
        """The tables at `key`, or the single one."""
        value = self.get(key)
        if value is None:
            return []
        values = [value] if isinstance(value, Mapping) else value
        if _is_list_of(values, Mapping):
            return [TableReader(f"{self.path}.{key}[{place}]", each, self.faults) for place, each in enumerate(values)]
        self.fault(key, value, f"no list of tables; write [[{self.path}.{key}]]")
        return []

    def refuse_unknown(self) -> None:
        """Note every key that was not asked for: it would be a rule that nobody follows."""
        for key in sorted(self.table.keys() - self._known):
            self.faults.append(f"[{self.path}] {key}: unknown, the keys here are {', '.join(sorted(self._known))}")


def _is_column(value: object) -> bool:
    if isinstance(value, str):
        return 0 < len(value.strip()) <= TEXT_CHARACTERS_MAX
    return type(value) is int and 1 <= value <= COLUMN_PLACE_MAX


def _is_list_of(values: object, kind: type) -> bool:
    return isinstance(values, list) and 0 < len(values) <= VALUES_MAX and all(isinstance(each, kind) for each in values)


def _shown(name: str) -> str:
    return name if name.isalnum() or "_" in name or "-" in name else repr(name)
