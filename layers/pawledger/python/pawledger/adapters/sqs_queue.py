"""A queue: messages are sent ten at a time, and what the queue refuses for a moment is sent again."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from pawledger.adapters.errors import MessagesNotSentError
from pawledger.domain.canonical import write_canonical
from pawledger.domain.errors import require
from pawledger.ports import Pause

MESSAGES_PER_CALL_MAX: Final = 10
"""Source: SendMessageBatch in the SQS API reference."""

MESSAGE_BYTES_MAX: Final = 25_600
"""Ten of this size fit into one call of 256 KiB; messages are pointers and far smaller."""

SEND_ATTEMPTS_MAX: Final = 4
"""For messages that a successful call reports as refused; calls that fail whole are repeated by the SDK."""


class SqsQueue:
    """Fulfils `MessageQueue`."""

    def __init__(self, client: Any, queue_url: str, pause: Pause) -> None:
        self._client = client
        self._queue_url = queue_url
        self._pause = pause

    def send(self, messages: Iterable[Mapping[str, object]]) -> int:
        """See `MessageQueue.send`. Raises `MessagesNotSentError` for what is refused in every attempt."""
        remaining, sent_count = iter(messages), 0
        while batch := [_body_of(message) for message in islice(remaining, MESSAGES_PER_CALL_MAX)]:
            self._send_batch(batch)
            sent_count += len(batch)
        return sent_count

    def _send_batch(self, bodies: Sequence[str]) -> None:
        waiting = {str(index): body for index, body in enumerate(bodies)}
        for attempt in range(SEND_ATTEMPTS_MAX):
            answer = self._client.send_message_batch(
                QueueUrl=self._queue_url,
                Entries=[{"Id": entry_id, "MessageBody": body} for entry_id, body in waiting.items()],
            )
            failures = answer.get("Failed", [])
            waiting = {failure["Id"]: waiting[failure["Id"]] for failure in failures}
            if not waiting:
                return
            if any(failure["SenderFault"] for failure in failures):
                break
            self._pause.wait(attempt)
        codes = ", ".join(sorted({failure["Code"] for failure in failures}))
        raise MessagesNotSentError(f"{len(waiting)} of {len(bodies)} messages were refused: {codes}")


def _body_of(message: Mapping[str, object]) -> str:
    body = write_canonical(message)
    require(len(body) <= MESSAGE_BYTES_MAX, f"a message has at most {MESSAGE_BYTES_MAX} bytes")
    return body
