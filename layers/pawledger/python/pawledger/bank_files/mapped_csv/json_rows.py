"""JSON files read by a mapping: an array of objects, or objects one after the other, each of them a row.

A column is the path of a key: `amount.value` is the key `value` in the object at `amount`, `items.0` the first of a
list.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NoReturn

from pawledger.bank_files.delimited import RowBlock
from pawledger.bank_files.gocardless.json_pages import ELEMENTS_MAX, Element, JsonPages
from pawledger.bank_files.mapped_csv.rows import MappedRows
from pawledger.bank_files.provider_rows import Notes, UnreadableReportError, shown

if TYPE_CHECKING:
    from pawledger.bank_files.mapped_csv.mapping import CsvMapping

ROWS_OF_BLOCK: Final = 500
"""Rows that are read together."""
VALUE_CHARACTERS_MAX: Final = 4096
"""Longest value that is kept; what is no text is written as JSON and cut."""


class JsonRows(MappedRows):
    """The objects of a JSON file, as rows of the columns that the mapping uses."""

    def __init__(self, stream: BinaryIO, mapping: "CsvMapping", notes: Notes) -> None:
        super().__init__(mapping, notes)
        self._objects = _JsonObjects(stream)
        columns = [column for group in mapping.column_groups() for column in group]
        self._places = {column: place for place, column in enumerate(dict.fromkeys(columns))}
        self._paths = [(str(column), str(column).split(".")) for column in self._places]
        self.row_count = 0

    def blocks(self) -> Iterator[RowBlock]:
        rows: list[list[str]] = []
        lines: list[int] = []
        try:
            for element in self._objects:
                rows.append(self._row_of(element))
                lines.append(element.line)
                if len(rows) == ROWS_OF_BLOCK:
                    yield from self._give(rows, lines)
                    rows, lines = [], []
        except UnreadableReportError as error:
            self._notes.unreadable(error.rule, str(error), error.line, field=error.field_name)
        yield from self._give(rows, lines)

    def _give(self, rows: list[list[str]], lines: list[int]) -> Iterator[RowBlock]:
        if not rows:
            return
        block = self._select(RowBlock(rows, lines))
        self.row_count += len(rows)
        if block.rows:
            yield block

    def _row_of(self, element: Element) -> list[str]:
        if not isinstance(element.value, dict):
            message = f"expected an object, found {shown(json.dumps(element.value))}"
            raise UnreadableReportError("json", message, line=element.line)
        told = element.value
        row = [_text_of(_walk(told, path, parts) if len(parts) > 1 else told.get(path)) for path, parts in self._paths]
        row.append("")
        return row


class _JsonObjects(JsonPages):
    """The objects of an array at the top level, or the objects that follow one another there."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream)
        self._json = json.JSONDecoder(
            object_pairs_hook=_unique, parse_float=str, parse_int=str, parse_constant=_refuse_constant
        )

    def __iter__(self) -> Iterator[Element]:
        document = 0
        while character := self._next_character():
            document += 1
            if document > ELEMENTS_MAX:
                self._refuse(f"more than {ELEMENTS_MAX} objects", rule="too_many_elements")
            if character == "[":
                self._place += 1
                yield from self._read_list("", document)
            else:
                line, offset = self._position()
                yield Element("", self._decode(), document, line, offset)
        if not document:
            raise UnreadableReportError("empty", "file is empty")


def _walk(value: Any, path: str, parts: list[str]) -> Any:
    if path in value:
        return value[path]
    for part in parts:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and len(part) < 5 and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)[:VALUE_CHARACTERS_MAX]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("one object has a key twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")
