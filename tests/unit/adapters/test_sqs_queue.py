"""What becomes of messages that the queue refuses inside a call that succeeds."""

from typing import Any

import pytest

from pawledger.adapters.errors import MessagesNotSentError
from pawledger.adapters.sqs_queue import MESSAGE_BYTES_MAX, SEND_ATTEMPTS_MAX, SqsQueue
from pawledger.domain.errors import InvariantError
from tests.fakes.memory import NoPause

MESSAGES = [{"number": number} for number in range(12)]


class RefusingClient:
    """Takes messages as SQS does, except those whose body is still to be refused some times."""

    def __init__(self, refusals: dict[str, int], *, is_sender_fault: bool = False) -> None:
        self._refusals = dict(refusals)
        self._is_sender_fault = is_sender_fault
        self.taken: list[str] = []
        self.batch_sizes: list[int] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self.batch_sizes.append(len(Entries))
        assert len({entry["Id"] for entry in Entries}) == len(Entries)
        failed = []
        for entry in Entries:
            body = entry["MessageBody"]
            if self._refusals.get(body, 0):
                self._refusals[body] -= 1
                failed.append({"Id": entry["Id"], "Code": "InternalError", "SenderFault": self._is_sender_fault})
            else:
                self.taken.append(body)
        return {"Failed": failed} if failed else {}


def test_refused_messages_alone_are_sent_again() -> None:
    client, pause = RefusingClient({'{"number":3}': 2, '{"number":5}': 1}), NoPause()
    assert SqsQueue(client, "url", pause).send(MESSAGES) == 12
    assert sorted(client.taken) == sorted(f'{{"number":{number}}}' for number in range(12))
    assert client.batch_sizes == [10, 2, 1, 2]
    assert pause.attempts == [0, 1]


def test_a_message_that_is_refused_every_time_is_an_error_that_names_the_reason() -> None:
    client = RefusingClient({'{"number":3}': SEND_ATTEMPTS_MAX})
    with pytest.raises(MessagesNotSentError, match="1 of 10 messages were refused: InternalError"):
        SqsQueue(client, "url", NoPause()).send(MESSAGES)
    assert len(client.batch_sizes) == SEND_ATTEMPTS_MAX


def test_a_message_that_is_our_own_fault_is_not_tried_again() -> None:
    client = RefusingClient({'{"number":3}': 1}, is_sender_fault=True)
    with pytest.raises(MessagesNotSentError):
        SqsQueue(client, "url", NoPause()).send(MESSAGES)
    assert client.batch_sizes == [10]


def test_a_message_that_no_call_could_carry_is_not_sent() -> None:
    client = RefusingClient({})
    with pytest.raises(InvariantError, match=str(MESSAGE_BYTES_MAX)):
        SqsQueue(client, "url", NoPause()).send([{"text": "x" * MESSAGE_BYTES_MAX}])
    assert client.taken == []
