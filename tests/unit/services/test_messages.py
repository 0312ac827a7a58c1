"""Messages: unknown fields ignored, missing and wrong ones refused by name, contents never repeated."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from pawledger.services.messages import MessageReader, MessageRefusedError, open_message, read_business_date


def reader_of(value: object) -> MessageReader:
    return MessageReader("test.v1", {"field": value})


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (lambda r: r.text("field"), "abc", "abc"),
        (lambda r: r.optional_text("field"), None, None),
        (lambda r: r.optional_text("missing"), None, None),
        (lambda r: r.optional_text("field"), "abc", "abc"),
        (lambda r: r.integer("field"), 0, 0),
        (lambda r: r.text_or_empty("field"), "", ""),
        (lambda r: r.flag("field"), False, False),
        (lambda r: r.day("field"), "2026-02-28", date(2026, 2, 28)),
        (lambda r: r.instant("field"), "2026-11-23T06:00:00Z", datetime(2026, 11, 23, 6, tzinfo=UTC)),
        (lambda r: r.texts("field", 2), ["a", "b"], ("a", "b")),
        (lambda r: r.texts("field", 2), [], ()),
    ],
)
def test_a_right_value_is_read(read: Callable[[MessageReader], object], value: object, expected: object) -> None:
    assert read(reader_of(value)) == expected


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (lambda r: r.text("field"), "", "a text of 1 to 200 characters, found str"),
        (lambda r: r.text("field"), 7, "a text of 1 to 200 characters, found int"),
        (lambda r: r.text("field"), None, "a text of 1 to 200 characters, found NoneType"),
        (lambda r: r.optional_text("field"), "", "a text of 1 to 200 characters, found str"),
        (lambda r: r.integer("field"), True, "a whole number, found bool"),
        (lambda r: r.integer("field"), 1.0, "a whole number, found float"),
        (lambda r: r.integer("field"), "1", "a whole number, found str"),
        (lambda r: r.flag("field"), 1, "true or false, found int"),
        (lambda r: r.day("field"), "2026-02-30", "a day such as 2026-11-23, found str"),
        (lambda r: r.day("field"), "20260228", "a day such as 2026-11-23, found str"),
        (lambda r: r.day("field"), "2026-W09-6", "a day such as 2026-11-23, found str"),
        (lambda r: r.text_or_empty("field"), None, "a text, found NoneType"),
        (lambda r: r.day("field"), 20260228, "a text of 1 to 200 characters, found int"),
        (lambda r: r.instant("field"), "yesterday", "an instant such as"),
        (lambda r: r.instant("field"), "2026-11-23T06:00:00", "an instant with its time zone"),
        (lambda r: r.texts("field", 2), ["a", "b", "c"], "a list of at most 2, found list"),
        (lambda r: r.texts("field", 2), "ab", "a list of at most 2, found str"),
        (lambda r: r.texts("field", 2), ["a", ""], "a list of texts"),
        (lambda r: r.texts("field", 2), ["a", 1], "a list of texts"),
        (lambda r: r.objects("field", 2), [{}, 1], "an object, found int"),
    ],
)
def test_a_wrong_value_is_refused_by_name(
    read: Callable[[MessageReader], object], value: object, expected: str
) -> None:
    with pytest.raises(MessageRefusedError, match=expected) as caught:
        read(reader_of(value))
    assert "test.v1: field field" in str(caught.value)


def test_a_field_inside_a_list_is_named_with_its_place() -> None:
    inner = reader_of([{"other": 1}]).objects("field", 5)[0]
    with pytest.raises(MessageRefusedError, match=r"field field\[0\].name is missing"):
        inner.text("name")


def test_a_refusal_does_not_repeat_what_was_found() -> None:
    with pytest.raises(MessageRefusedError) as caught:
        reader_of("Ann Smith").day("field")
    assert "Ann" not in str(caught.value)


@pytest.mark.parametrize("message", [None, [], "text", 7])
def test_a_message_that_is_no_object_is_refused(message: object) -> None:
    with pytest.raises(MessageRefusedError, match="should be a JSON object"):
        open_message(message, "test.v1")


@pytest.mark.parametrize("schema", ["test.v2", "", None, 1])
def test_a_message_of_another_schema_is_refused(schema: object) -> None:
    with pytest.raises(MessageRefusedError, match=r"test\.v1"):
        open_message({"schema": schema}, "test.v1")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"business_date": "2026-11-23"}, date(2026, 11, 23)),
        ({"business_date": "2026-11-23", "scheduled_at": "2026-01-01T00:00:00Z"}, date(2026, 11, 23)),
        ({"scheduled_at": "2026-11-23T06:00:00Z"}, date(2026, 11, 23)),
        # Auckland is thirteen hours ahead of UTC in November.
        ({"scheduled_at": "2026-11-23T12:30:00Z"}, date(2026, 11, 24)),
    ],
)
def test_the_business_date_is_the_named_day_or_the_scheduled_one(fields: dict[str, str], expected: date) -> None:
    assert read_business_date({"schema": "day.v1", **fields}, "day.v1", "Pacific/Auckland") == expected


@pytest.mark.parametrize(
    ("fields", "name"),
    [({}, "scheduled_at is missing"), ({"business_date": "today"}, "business_date should be a day")],
)
def test_a_day_that_cannot_be_told_is_refused(fields: dict[str, str], name: str) -> None:
    with pytest.raises(MessageRefusedError, match=name):
        read_business_date({"schema": "day.v1", **fields}, "day.v1", "UTC")
