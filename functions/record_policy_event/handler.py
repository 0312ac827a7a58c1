"""Records policy events from the queue `policy-events`."""

from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from pawledger.runtime.clock import day_of_message
from pawledger.runtime.observability import create_logger, create_metrics
from pawledger.runtime.queue_batch import process_queue_batch
from pawledger.runtime.settings import RecordPolicyEventSettings, read_settings
from pawledger.runtime.wiring import connect_policy_recording
from pawledger.services.record_policy_event import record_policy_event

logger, metrics = create_logger(), create_metrics()
settings = read_settings(RecordPolicyEventSettings)
ports = connect_policy_recording(settings)


def record_message(message: object, record: SQSRecord) -> None:
    recorded = record_policy_event(
        message,
        message_id=record.message_id,
        received_on=day_of_message(record, settings.billing_time_zone),
        ports=ports,
    )
    metrics.add_metric("PoliciesRecorded", "Count", int(recorded.is_new))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_queue_batch(event, record_message, logger, metrics)
