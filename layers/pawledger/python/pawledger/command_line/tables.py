"""Plain text for people: escaped cells, aligned tables, amounts with their currency.

Whatever is shown may come from a file or an event that somebody else wrote. Every cell goes through `escape_text`
here, so that no command has to remember it.
"""

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.money import write_amount

WIDTH_MAX: Final = 120
"""Columns that a table takes: what a terminal beside another window still has."""

FLEXIBLE_WIDTH_MIN: Final = 16
"""Narrower than this, sentences become a column of single words; then the table is rather too wide."""

UNKNOWN: Final = "-"
"""What is shown where there is no value."""

_GAP: Final = "  "
_FORMULA_STARTS: Final = ("=", "+", "-", "@")
_PLAIN_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?( [A-Z]{3})?")


@dataclass(frozen=True, slots=True)
class Column:
    """How one column looks. Without a weight it is as wide as its widest cell; with one it shares what is left."""

    header: str
    is_right: bool = False
    weight: int = 0


def escape_text(text: str) -> str:
    """A text that does nothing but be read: control and invisible characters become `\\x1b`, `\\u202e` and the like.

    A text that a spreadsheet would take for a formula is given a leading apostrophe; numbers and amounts are not.
    """
    visible = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
    if visible.startswith(_FORMULA_STARTS) and visible != UNKNOWN and not _PLAIN_NUMBER.fullmatch(visible):
        return f"'{visible}"
    return visible


def show_amount(amount_minor: int | None, currency: str | None) -> str:
    """An amount with its decimals and currency, `12.50 EUR`; minor units as such where the currency is not known."""
    if amount_minor is None:
        return UNKNOWN
    if currency not in MINOR_UNIT_DECIMALS:
        return f"{amount_minor} minor units"
    return f"{write_amount(amount_minor, currency)}"


def show_value(value: object) -> str:
    """A value as a cell: what is None or empty is shown as unknown."""
    return UNKNOWN if value is None or value == "" else str(value)


def write_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table with a ruled header, at most `WIDTH_MAX` wide unless its fixed columns need more."""
    cells = [[escape_text(cell) for cell in row] for row in rows]
    widths = _choose_widths(columns, cells)
    lines = [_join([column.header for column in columns], columns, widths)]
    lines.append(_GAP.join("-" * width for width in widths))
    for row in cells:
        lines += _write_row(row, columns, widths)
    return lines


def write_fields(fields: Sequence[tuple[str, str]]) -> list[str]:
    """Named values, one below the other; long ones are wrapped beside their name."""
    label_width = max((len(name) for name, _ in fields), default=0)
    lines = []
    for name, value in fields:
        wrapped = _wrap(escape_text(value), WIDTH_MAX - label_width - len(_GAP))
        labels = [name, *[""] * (len(wrapped) - 1)]
        lines += [f"{label:<{label_width}}{_GAP}{part}" for label, part in zip(labels, wrapped, strict=True)]
    return lines


def _choose_widths(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[int]:
    natural = [
        max([len(column.header), *(_width_of(row[index]) for row in cells)]) for index, column in enumerate(columns)
    ]
    widths = list(natural)
    room = WIDTH_MAX - len(_GAP) * (len(columns) - 1)
    room -= sum(width for width, column in zip(natural, columns, strict=True) if not column.weight)
    # Narrowest for its weight first: what a column does not need is left for those behind it.
    flexible = [index for index, column in enumerate(columns) if column.weight]
    flexible.sort(key=lambda index: (natural[index] * 1000 // columns[index].weight, index))
    weight_left = sum(columns[index].weight for index in flexible)
    for index in flexible:
        share = room * columns[index].weight // weight_left
        widths[index] = min(natural[index], max(FLEXIBLE_WIDTH_MIN, share))
        room -= widths[index]
        weight_left -= columns[index].weight
    return widths


def _write_row(row: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> list[str]:
    wrapped = [
        _wrap(cell, width) if column.weight else [cell]
        for cell, column, width in zip(row, columns, widths, strict=True)
    ]
    height = max(len(lines) for lines in wrapped)
    padded = [[*lines, *[""] * (height - len(lines))] for lines in wrapped]
    return [_join(line, columns, widths) for line in zip(*padded, strict=True)]


def _join(line: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    parts = []
    for cell, column, width in zip(line, columns, widths, strict=True):
        blanks = " " * (width - _width_of(cell))
        parts.append(blanks + cell if column.is_right else cell + blanks)
    return _GAP.join(parts).rstrip()


def _wrap(text: str, width: int) -> list[str]:
    # Half of the width where a text holds wide characters: the wrapper counts each as one column.
    is_wide = _width_of(text) > len(text)
    return textwrap.wrap(text, width // 2 if is_wide else width, break_on_hyphens=False) or [""]


def _width_of(text: str) -> int:
    """Columns that a terminal gives a text: East Asian characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )
