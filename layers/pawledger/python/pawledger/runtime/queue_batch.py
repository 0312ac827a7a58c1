"""Processing a batch of queue messages: each by itself, and only those that failed come again.

Powertools has a batch utility, of which this is the part we use: it loads asyncio and the data classes of every event
source, a sixth of a handler's start (decision 0005).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from traceback import extract_tb
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from pawledger.domain.errors import PawledgerError
from pawledger.services.messages import MessageRefusedError

PLACES_LOGGED_MAX: Final = 12
"""How many places of the code an unforeseen error's line names: enough to find it, short enough to read."""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message as its queue delivers it: the same id and instant at every delivery."""

    message_id: str
    sent_at: datetime
    body: str


def process_queue_batch(
    event: dict[str, Any],
    handle_message: Callable[[object, QueueMessage], None],
    logger: Logger,
    metrics: Metrics,
) -> dict[str, Any]:
    """Give each message's JSON to `handle_message` and answer which messages failed, even where all of them did.

    A failed message is logged by the name of its error: what a message holds is never logged.
    """
    failed_ids: list[str] = []
    for record in event["Records"]:
        message = _read_message(record)
        try:
            handle_message(_read_json(message.body), message)
        except PawledgerError as error:
            name = type(error).__name__
            logger.error("message failed", message_id=message.message_id, error=name, reason=str(error))
            failed_ids.append(message.message_id)
        except Exception as error:  # noqa: BLE001 - whatever befalls one message, its neighbours go on
            # Without the error's own text, which may quote the message.
            frames = extract_tb(error.__traceback__)[-PLACES_LOGGED_MAX:]
            places = [f"{frame.filename}:{frame.lineno}" for frame in frames]
            logger.error("message failed", message_id=message.message_id, error=type(error).__name__, places=places)
            failed_ids.append(message.message_id)
    metrics.add_metric("MessagesFailed", MetricUnit.Count, len(failed_ids))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed_ids]}


def _read_message(record: dict[str, Any]) -> QueueMessage:
    sent_at_milliseconds = int(record["attributes"]["SentTimestamp"])
    return QueueMessage(
        message_id=record["messageId"],
        sent_at=datetime.fromtimestamp(sent_at_milliseconds / 1000, UTC),
        body=record["body"],
    )


def _read_json(body: str) -> object:
    try:
        return json.loads(body)
    except ValueError:
        raise MessageRefusedError("the message is not JSON") from None
