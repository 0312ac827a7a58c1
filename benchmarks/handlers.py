"""Running the real handlers in this process, on events as their sources would send them."""

import contextlib
import importlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

MESSAGES_PER_BATCH: Final = 10
"""What the event sources of billing and posting are set to."""


@dataclass(frozen=True, slots=True)
class _Context:
    """What Powertools asks of Lambda's context."""

    function_name: str = "bench"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:000000000000:function:bench"
    aws_request_id: str = "bench"


def invoke_in_batches(function: str, messages: list[dict[str, Any]]) -> int:
    """Run a handler on batches as its event source fills them under load; returns the lines logged."""
    starts = range(0, len(messages), MESSAGES_PER_BATCH)
    return sum(invoke_with_messages(function, messages[start : start + MESSAGES_PER_BATCH]) for start in starts)


def invoke_with_messages(function: str, messages: list[dict[str, Any]]) -> int:
    """Run a handler on one batch of a queue; returns the lines logged."""
    records = [
        {
            "messageId": str(index),
            "body": json.dumps(message),
            "attributes": {"SentTimestamp": "1795435200000"},
            "eventSource": "aws:sqs",
        }
        for index, message in enumerate(messages)
    ]
    return invoke(function, {"Records": records})


def invoke_with_entries(function: str, keys: Sequence[tuple[str, str]]) -> int:
    """Run a handler on new entries, each an account and an entry id, as the change stream tells of them."""
    records = [
        {
            "eventName": "INSERT",
            "dynamodb": {
                "SequenceNumber": str(number),
                "Keys": {"account_id": {"S": account_id}, "entry_id": {"S": entry_id}},
            },
        }
        for number, (account_id, entry_id) in enumerate(keys, start=1)
    ]
    return invoke(function, {"Records": records})


def invoke(function: str, event: dict[str, Any]) -> int:
    """Run a handler, check that no message failed, and return how many lines it logged."""
    logged = io.StringIO()
    with contextlib.redirect_stdout(logged):
        handler = importlib.import_module(f"functions.{function}.handler").handler
        answer = handler(event, _Context())
    if answer.get("batchItemFailures"):
        raise RuntimeError(f"{function} failed on {answer['batchItemFailures']}: {logged.getvalue()[:2000]}")
    return len(logged.getvalue().splitlines())
