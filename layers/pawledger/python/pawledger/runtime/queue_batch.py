"""Processing a batch of queue messages: each by itself, and only those that failed come again."""

import json
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from pawledger.domain.errors import PawledgerError
from pawledger.services.messages import MessageRefusedError


def process_queue_batch(
    event: dict[str, Any], handle_message: Callable[[object, SQSRecord], None], logger: Logger, metrics: Metrics
) -> PartialItemFailureResponse:
    """Give each message's JSON to `handle_message` and answer which messages failed, even where all of them did.

    A failed message is logged in one line by the name of its error: what a message holds is never logged.
    """

    def handle_record(record: SQSRecord) -> None:
        try:
            handle_message(_read_json(record), record)
        except PawledgerError as error:
            logger.error("message failed", error=type(error).__name__, reason=str(error), message_id=record.message_id)
            raise

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(event=event, record_handler=handle_record, processor=processor)
    metrics.add_metric("MessagesFailed", MetricUnit.Count, len(response["batchItemFailures"]))
    return response


def _read_json(record: SQSRecord) -> object:
    try:
        return json.loads(record.body)
    except ValueError:
        raise MessageRefusedError("the message is not JSON") from None
