"""What the readers of webhook bodies share: one JSON object, read whole, of which nothing is believed.

A body has been signed by the provider before it is stored. So one that is no JSON is told like any other file; all
else that cannot be used is a warning: the provider's report tells the same money, and events come by the thousand.
"""

import json
from datetime import UTC, date, datetime
from typing import Any, BinaryIO, Final

from pawledger.bank_files.provider_rows import UnreadableReportError
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

BODY_BYTES_MAX: Final = 1024 * 1024
"""Largest body of a webhook: a Stripe event has some 5 KB, 250 GoCardless events some 150 KB."""
BODY_EVENTS_MAX: Final = 2_000
"""Most events in one body; GoCardless sends at most 250 and Adyen six."""
AMOUNT_MINOR_MAX: Final = 10**15
"""No payment is larger; what is, is no amount."""
LAST_TIMESTAMP: Final = 4_102_444_800
"""The year 2100 in seconds since 1970; a larger number is in other units."""

Body = dict[str, Any]


def read_body(stream: BinaryIO) -> Body:
    """The JSON object that a stream holds. Raises `UnreadableReportError`, and whatever the stream itself raises."""
    data = b""
    while len(data) <= BODY_BYTES_MAX and (more := stream.read(BODY_BYTES_MAX + 1 - len(data))):
        data += more
    return parse_body(data)


def parse_body(data: bytes) -> Body:
    """The JSON object that some bytes are. Raises `UnreadableReportError`."""
    if len(data) > BODY_BYTES_MAX:
        raise UnreadableReportError("event_too_large", f"more than {BODY_BYTES_MAX} bytes")
    try:
        body = json.loads(data.decode("utf-8-sig"), parse_float=str, parse_constant=str)
        json.dumps(body, ensure_ascii=False).encode()
    except RecursionError:
        raise UnreadableReportError("event_json", "values are nested too deeply") from None
    except ValueError as error:
        # Half of a surrogate pair, which can be stored nowhere, and text that is not UTF-8 are errors of values too.
        raise UnreadableReportError("event_json", f"text is not JSON: {type(error).__name__}") from None
    if not isinstance(body, dict):
        raise UnreadableReportError("event_json", "no JSON object")
    return body


def text_of(resource: Body, name: str) -> str:
    """A text, empty where there is none."""
    value = resource.get(name)
    return value if isinstance(value, str) else ""


def object_of(resource: Body, name: str) -> Body:
    """An object, empty where there is none."""
    value = resource.get(name)
    return value if isinstance(value, dict) else {}


def objects_of(resource: Body, name: str) -> list[Body]:
    """The objects of a list, none where there is none."""
    values = resource.get(name)
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def amount_of(resource: Body, name: str) -> int | None:
    """A whole number of the provider's units; None where it is none."""
    value = resource.get(name)
    return value if type(value) is int and abs(value) < AMOUNT_MINOR_MAX else None


def day_of(timestamp: object) -> date | None:
    """The day in UTC of seconds since 1970; None where they are none."""
    if type(timestamp) is not int or not 0 < timestamp < LAST_TIMESTAMP:
        return None
    return datetime.fromtimestamp(timestamp, UTC).date()


def currency_of(resource: Body) -> str | None:
    """The currency in capitals, where it is in ISO 4217."""
    currency = text_of(resource, "currency").upper()
    return currency if currency in MINOR_UNIT_DECIMALS else None
