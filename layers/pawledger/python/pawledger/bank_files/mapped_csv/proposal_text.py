"""Writes a proposed mapping as TOML, each choice with the reason for it as a comment."""

import json
from collections.abc import Sequence
from typing import Final

from pawledger.bank_files.mapped_csv.rules import ColumnName

LINE_CHARACTERS_MAX: Final = 110
"""Where comments are wrapped."""
VALUE_SHOWN_MAX: Final = 40
"""Characters of the sample that a comment repeats."""
OPEN_MARK: Final = "OPEN"
"""What every comment begins with that leaves a choice to a person."""

Value = str | int | bool | Sequence[str | int]


class ProposalText:
    """A TOML text with comments, and the choices in it that are left open."""

    def __init__(self) -> None:
        self.open_choices: list[str] = []
        self._top: list[str] = []
        self._tables: list[str] = []
        self._lines = self._top

    def table(self, name: str) -> None:
        """Begin a table; what follows stands in it."""
        self._lines = self._tables
        self._lines += ["", name if name.startswith("[") else f"[{name}]"]

    def gap(self) -> None:
        """Leave a line blank."""
        self._lines.append("")

    def say(self, reason: str) -> None:
        """Give a reason for what follows."""
        self._lines += _wrap(reason)

    def ask(self, question: str) -> None:
        """Leave what follows to a person."""
        self.open_choices.append(question)
        self._lines += _wrap(f"{OPEN_MARK}: {question}")

    def put(self, key: str, value: Value) -> None:
        """Set a key."""
        self._lines.append(f"{key} = {write_value(value)}")

    def put_quoted(self, key: str, value: Value) -> None:
        """Set a key that may hold anything."""
        self._lines.append(f"{write_value(key)} = {write_value(value)}")

    def text(self, head: Sequence[str]) -> str:
        """The whole text, behind some comments."""
        comments = [line for each in head for line in _wrap(each)]
        return "\n".join([*comments, *self._top, *self._tables]) + "\n"


def write_value(value: Value) -> str:
    """A value as TOML writes it; of texts everything is escaped that could steer a terminal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        quoted = json.dumps(value, ensure_ascii=False)
        return "".join(each if each.isprintable() else _escape(each) for each in quoted)
    return f"[{', '.join(map(write_value, value))}]"


def shown_column(column: ColumnName) -> str:
    """A column in a comment."""
    return f"column {column}" if isinstance(column, int) else repr(column[:VALUE_SHOWN_MAX])


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _wrap(text: str) -> list[str]:
    """Comment lines of a text, cut at blanks."""
    lines = [""]
    for word in "".join(each if each.isprintable() else " " for each in text).split(" "):
        if len(lines[-1]) + len(word) >= LINE_CHARACTERS_MAX and lines[-1]:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return [f"# {line}" for line in lines]
