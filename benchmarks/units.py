"""A meter of DynamoDB's write and read units, counted from the real requests and the sizes of their items.

DynamoDB's own `ConsumedCapacity` cannot be asked on a laptop: emulators answer 1.0 for everything. The rules are those
of its pricing page: a write costs one unit per started KB of the larger of the item before and after, twice that in a
transaction; a read one unit per started 4 KB, half where it need not be consistent; an index costs one unit for each
of its items that is put or removed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

WRITE_UNIT_BYTES: Final = 1024
READ_UNIT_BYTES: Final = 4096
INDEX_KEYS: Final = {"agenda_key": "accounts", "worklist_key": "discrepancies", "received_on": "bank_files"}
"""Attributes that place an item in an index; each index holds keys only, so that only a changed key costs anything."""


class UnitMeter:
    """Listens to a botocore client and adds up what its requests cost."""

    def __init__(self, client: Any) -> None:
        self.base_write_units = 0.0
        self.index_write_units = 0.0
        self.read_units = 0.0
        self.requests: Counter[str] = Counter()
        self._item_bytes: dict[tuple[str, str], int] = {}
        self._index_keys: dict[tuple[str, str, str], str | None] = {}
        client.meta.events.register("provide-client-params.dynamodb", self._remember_request)
        client.meta.events.register("after-call.dynamodb", self._count)

    def reset(self) -> None:
        """Start counting anew; the sizes of items that were written are kept."""
        self.base_write_units = self.index_write_units = self.read_units = 0.0
        self.requests.clear()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Count nothing meanwhile but the sizes of items that are written."""
        counted = (self.base_write_units, self.index_write_units, self.read_units, Counter(self.requests))
        yield
        self.base_write_units, self.index_write_units, self.read_units, self.requests = counted

    @property
    def write_units(self) -> float:
        return self.base_write_units + self.index_write_units

    def _remember_request(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["metered_params"] = params

    def _count(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        params = context["metered_params"]
        self.requests[model.name] += 1
        is_done = "Error" not in parsed
        if model.name == "TransactWriteItems":
            for action in params["TransactItems"]:
                self._count_write(next(iter(action.values())), factor=2, is_done=is_done)
        elif model.name == "PutItem":
            self._count_write(params, factor=1, is_done=is_done)
        elif model.name == "UpdateItem":
            self.base_write_units += self._update_units(params)
        elif model.name == "GetItem":
            self._count_read(item_size(parsed.get("Item", {})), consistent=params.get("ConsistentRead", False))
        elif model.name == "BatchGetItem":
            self._count_batch(params["RequestItems"], parsed.get("Responses", {}))
        elif model.name in ("Query", "Scan"):
            size = sum(item_size(item) for item in parsed.get("Items", []))
            self._count_read(size, consistent=params.get("ConsistentRead", False))

    def _count_write(self, params: Mapping[str, Any], *, factor: int, is_done: bool) -> None:
        item, table = params["Item"], params["TableName"]
        key = (table, _key_text(item))
        size = item_size(item)
        self.base_write_units += factor * _started(max(size, self._item_bytes.get(key, 0)), WRITE_UNIT_BYTES)
        if not is_done:
            return
        self._item_bytes[key] = size
        for attribute in INDEX_KEYS:
            before = self._index_keys.get((*key, attribute))
            after = item[attribute]["S"] if attribute in item else None
            if before != after:
                self.index_write_units += (before is not None) + (after is not None)
                self._index_keys[(*key, attribute)] = after

    def _update_units(self, params: Mapping[str, Any]) -> int:
        """An update rewrites the whole item, which grows by the values given at the most."""
        added = sum(value_size(value) for value in params.get("ExpressionAttributeValues", {}).values())
        known = self._item_bytes.get((params["TableName"], _key_text(params["Key"])), 0)
        return _started(known + added, WRITE_UNIT_BYTES)

    def _count_batch(self, requested: Mapping[str, Any], answered: Mapping[str, Any]) -> None:
        """Each item of a batch costs what it would alone."""
        for table, items in answered.items():
            for item in items:
                self._count_read(item_size(item), consistent=requested[table].get("ConsistentRead", False))

    def _count_read(self, size: int, *, consistent: bool) -> None:
        self.read_units += _started(size, READ_UNIT_BYTES) * (1.0 if consistent else 0.5)


def item_size(item: Mapping[str, Any]) -> int:
    """Bytes of an item in DynamoDB's own notation, as DynamoDB counts them: names and values."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: Mapping[str, Any]) -> int:
    """Bytes of one value: texts in UTF-8, numbers about one byte for two digits and one more."""
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return len(content.strip("-0.")) // 2 + 2
    if kind in ("BOOL", "NULL"):
        return 1
    raise ValueError(f"no table of Pawledger holds a value of type {kind}")


def _started(size: int, unit: int) -> int:
    return max(1, -(-size // unit))


def _key_text(item: Mapping[str, Any]) -> str:
    """What tells one item from another in its table."""
    names = ("account_id", "entry_id", "term_id", "discrepancy_id", "file_id", "part", "reference", "day")
    return "|".join(item[name]["S"] for name in names if name in item)
