"""Reading messages: unknown fields are ignored, missing and wrong ones refused by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from pawledger.domain.calendar import business_date_of
from pawledger.domain.errors import PawledgerError

TEXT_CHARACTERS_MAX: Final = 200
"""Ids, keys, days: nothing that a message names is longer, and each ends in an item of limited size."""


class MessageRefusedError(PawledgerError):
    """A message does not keep its contract; the text names the schema, the field and what was expected."""


@dataclass(frozen=True, slots=True)
class MessageReader:
    """Reads the fields of one message of a known schema, or of an object inside it.

    Raises `MessageRefusedError` from every method where a field is missing or of the wrong kind.
    """

    schema: str
    fields: Mapping[str, Any]
    path: str = ""

    def text(self, name: str) -> str:
        value = self._value(name)
        if not isinstance(value, str) or not value or len(value) > TEXT_CHARACTERS_MAX:
            raise self._refused(name, f"a text of 1 to {TEXT_CHARACTERS_MAX} characters", value)
        return value

    def text_or_empty(self, name: str) -> str:
        value = self._value(name)
        if not isinstance(value, str):
            raise self._refused(name, "a text", value)
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self.fields.get(name) is None else self.text(name)

    def integer(self, name: str) -> int:
        value = self._value(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._refused(name, "a whole number", value)
        return value

    def optional_integer(self, name: str) -> int | None:
        return None if self.fields.get(name) is None else self.integer(name)

    def positive(self, name: str) -> int:
        value = self.integer(name)
        if value <= 0:
            raise self._refused(name, "a number above zero", value)
        return value

    def flag(self, name: str) -> bool:
        value = self._value(name)
        if not isinstance(value, bool):
            raise self._refused(name, "true or false", value)
        return value

    def optional_flag(self, name: str) -> bool:
        """Whether the field is there and true."""
        return name in self.fields and self.flag(name)

    def day(self, name: str) -> date:
        text = self.text(name)
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise self._refused(name, "a day such as 2026-11-23", text) from None
        if day.isoformat() != text:  # Python also reads week dates and days without hyphens
            raise self._refused(name, "a day such as 2026-11-23", text)
        return day

    def instant(self, name: str) -> datetime:
        text = self.text(name)
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            raise self._refused(name, "an instant such as 2026-11-23T06:00:00Z", text) from None
        if instant.tzinfo is None:
            raise self._refused(name, "an instant with its time zone", text)
        return instant

    def texts(self, name: str, count_max: int) -> tuple[str, ...]:
        values = self._list(name, count_max)
        if not all(isinstance(value, str) and value for value in values):
            raise self._refused(name, "a list of texts", values)
        return tuple(values)

    def counts(self, name: str) -> Mapping[str, int]:
        """Whole numbers by name; none where the field is not there."""
        values = self.fields.get(name, {})
        if not isinstance(values, dict) or not all(type(value) is int for value in values.values()):
            raise self._refused(name, "an object of whole numbers", values)
        return values

    def objects(self, name: str, count_max: int) -> "tuple[MessageReader, ...]":
        readers = []
        for index, value in enumerate(self._list(name, count_max)):
            if not isinstance(value, dict):
                raise self._refused(f"{name}[{index}]", "an object", value)
            readers.append(MessageReader(self.schema, value, f"{self.path}{name}[{index}]."))
        return tuple(readers)

    def _list(self, name: str, count_max: int) -> list[Any]:
        values = self._value(name)
        if not isinstance(values, list) or len(values) > count_max:
            raise self._refused(name, f"a list of at most {count_max}", values)
        return values

    def _value(self, name: str) -> Any:
        if name not in self.fields:
            raise MessageRefusedError(f"{self.schema}: field {self.path}{name} is missing")
        return self.fields[name]

    def _refused(self, name: str, expected: str, found: object) -> MessageRefusedError:
        # Only the kind of what was found: messages may hold what no log and no alert should repeat.
        return MessageRefusedError(
            f"{self.schema}: field {self.path}{name} should be {expected}, found {type(found).__name__}"
        )


def open_message(message: object, schema: str) -> MessageReader:
    """Check that a message is an object of the named schema and give a reader for it.

    Raises `MessageRefusedError`.
    """
    if not isinstance(message, dict):
        raise MessageRefusedError(f"{schema}: the message should be a JSON object, found {type(message).__name__}")
    reader = MessageReader(schema, message)
    if reader.text("schema") != schema:
        raise MessageRefusedError(f"{schema}: the message names another schema")
    return reader


def read_business_date(message: object, schema: str, time_zone: str) -> date:
    """The business date of a schedule's event: the named day, or the day of the scheduled instant in the time zone.

    Raises `MessageRefusedError`.
    """
    reader = open_message(message, schema)
    if "business_date" in reader.fields:
        return reader.day("business_date")
    return business_date_of(reader.instant("scheduled_at"), time_zone)


def read_firing_instant(message: object, schema: str) -> datetime | None:
    """For which instant a schedule fired; None where a person names the day. Raises `MessageRefusedError`."""
    reader = open_message(message, schema)
    return None if "business_date" in reader.fields else reader.instant("scheduled_at")
