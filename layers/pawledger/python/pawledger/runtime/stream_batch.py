"""Processing a batch of a table's change stream: in order, and from the first failure on it comes again."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from pawledger.domain.errors import PawledgerError


def process_new_items(
    event: dict[str, Any], handle_keys: Callable[[dict[str, Any]], None], logger: Logger, metrics: Metrics
) -> dict[str, Any]:
    """Give the keys of each inserted item to `handle_keys`; changes and removals of items are passed over.

    Answers with the sequence number of the first record that failed: Lambda sends the batch again from there.
    """
    for record in event["Records"]:
        if record["eventName"] != "INSERT":
            continue
        try:
            handle_keys(record["dynamodb"]["Keys"])
        except PawledgerError as error:
            sequence_number = record["dynamodb"]["SequenceNumber"]
            logger.error("record failed", error=type(error).__name__, reason=str(error), sequence=sequence_number)
            metrics.add_metric("MessagesFailed", MetricUnit.Count, 1)
            return {"batchItemFailures": [{"itemIdentifier": sequence_number}]}
    metrics.add_metric("MessagesFailed", MetricUnit.Count, 0)
    return {"batchItemFailures": []}
