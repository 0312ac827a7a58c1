"""Receives bank files that providers drop into the bucket."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pawledger.runtime.dropped_files import read_dropped_file
from pawledger.runtime.observability import create_logger, create_metrics
from pawledger.runtime.queue_batch import QueueMessage, process_queue_batch
from pawledger.runtime.settings import ReceiveBankFileSettings, read_settings
from pawledger.runtime.wiring import connect_receiving
from pawledger.services.receiving.receive_bank_file import Outcome, receive_bank_file

logger, metrics = create_logger(), create_metrics()
settings = read_settings(ReceiveBankFileSettings)
ports = connect_receiving(settings)


def receive_message(message: object, queued: QueueMessage) -> None:
    outcome = receive_bank_file(read_dropped_file(message, settings.billing_time_zone), ports)
    metrics.add_metric("FilesAccepted", "Count", int(outcome is Outcome.ACCEPTED))
    metrics.add_metric("FilesQuarantined", "Count", int(outcome is Outcome.QUARANTINED))
    logger.info("bank file received", outcome=outcome)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return process_queue_batch(event, receive_message, logger, metrics)
