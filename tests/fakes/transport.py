"""The bucket, the queues, the alert topic and the pause in memory."""

import io
import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO, Final

from pawledger.domain.canonical import write_canonical
from pawledger.ports import StoredObjectMissingError
from tests.fakes.world import SharedState

MESSAGES_PER_CALL_MAX: Final = 10
"""As many as one call to a queue takes, so that a crash can fall between two calls of one `send`."""


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    version_id: str
    data: bytes


class MemoryBankFileStore:
    """Fulfils `BankFileStore` as a bucket with versions does: overwriting hides, moving removes one version only."""

    def __init__(self, state: SharedState) -> None:
        self._state = state
        self._versions: dict[str, list[ObjectVersion]] = {}
        self._written_count = 0

    def open(self, key: str, version_id: str | None) -> AbstractContextManager[BinaryIO] | None:
        with self._state.call("BankFileStore", "open", key, version_id):
            version = self._find(key, version_id)
            return io.BytesIO(version.data) if version else None

    def move(self, key: str, version_id: str | None, target_key: str) -> None:
        with self._state.call("BankFileStore", "move", key, version_id, target_key):
            version = self._find(key, version_id)
            if version is None:
                return
            self._put(target_key, version.data)
            self._versions[key].remove(version)

    def write_text(self, key: str, text: str) -> None:
        with self._state.call("BankFileStore", "write_text", key, text):
            self._put(key, text.encode())

    def read_text(self, key: str) -> str:
        with self._state.call("BankFileStore", "read_text", key):
            version = self._find(key, None)
            if version is None:
                raise StoredObjectMissingError(f"there is no object {key}")
            return version.data.decode()

    def drop(self, key: str, data: bytes) -> str:
        """What a provider does: put a file; returns its version id."""
        with self._state.lock:
            return self._put(key, data)

    def keys(self, prefix: str = "") -> list[str]:
        """Keys that a listing shows now."""
        with self._state.lock:
            return sorted(key for key in self._versions if key.startswith(prefix) and self._find(key, None))

    def data_of(self, key: str) -> bytes:
        """The present bytes under a key. Raises `KeyError` where there are none."""
        with self._state.lock:
            version = self._find(key, None)
            if version is None:
                raise KeyError(key)
            return version.data

    def _put(self, key: str, data: bytes) -> str:
        self._written_count += 1
        version_id = f"version-{self._written_count:06d}"
        self._versions.setdefault(key, []).append(ObjectVersion(version_id, data))
        return version_id

    def _find(self, key: str, version_id: str | None) -> ObjectVersion | None:
        versions = self._versions.get(key, [])
        if version_id is None:
            return versions[-1] if versions else None
        return next((version for version in versions if version.version_id == version_id), None)


class MemoryQueue:
    """Fulfils `MessageQueue`; each call of at most ten messages can fail on its own, as at the real queue."""

    def __init__(self, state: SharedState, name: str) -> None:
        self._state = state
        self._name = name
        self._texts: list[str] = []

    def send(self, messages: Iterable[Mapping[str, object]]) -> int:
        remaining, count = iter(messages), 0
        while batch := [write_canonical(message) for message in islice(remaining, MESSAGES_PER_CALL_MAX)]:
            with self._state.call("MessageQueue", "send", self._name, *batch):
                self._texts.extend(batch)
            count += len(batch)
        return count

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What waits in the queue, oldest first."""
        with self._state.lock:
            return [json.loads(text) for text in self._texts]

    def take(self) -> list[dict[str, Any]]:
        """Remove and return what waits in the queue, oldest first."""
        with self._state.lock:
            texts, self._texts = self._texts, []
            return [json.loads(text) for text in texts]


class MemoryAlertChannel:
    """Fulfils `AlertChannel`."""

    def __init__(self, state: SharedState) -> None:
        self._state = state
        self._pushed: list[tuple[str, str]] = []

    def push(self, subject: str, alert: Mapping[str, object]) -> None:
        with self._state.call("AlertChannel", "push", subject, alert):
            self._pushed.append((subject, write_canonical(alert)))

    @property
    def alerts(self) -> list[tuple[str, dict[str, Any]]]:
        """Subject and content of what was pushed, oldest first."""
        with self._state.lock:
            return [(subject, json.loads(text)) for subject, text in self._pushed]


class NoPause:
    """Fulfils `Pause` without waiting; remembers which attempts it was asked to wait for."""

    def __init__(self) -> None:
        self.attempts: list[int] = []

    def wait(self, attempt: int) -> None:
        self.attempts.append(attempt)
