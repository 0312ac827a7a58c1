"""One text for one value: the canonical JSON that is stored, and the hashes made of it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

Json = None | bool | int | str | Sequence["Json"] | Mapping[str, "Json"]
"""What canonical JSON holds. Floats are left out on purpose: no amount may ever become one."""


def write_canonical(value: Any) -> str:
    """Write a JSON value so that equal values give equal texts: keys sorted, no blanks, ASCII only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def hash_text(text: str) -> str:
    """SHA-256 of a text in hexadecimal, 64 characters."""
    return hashlib.sha256(text.encode()).hexdigest()


def hash_value(value: Any) -> str:
    """SHA-256 of a value's canonical JSON in hexadecimal, 64 characters."""
    return hash_text(write_canonical(value))
