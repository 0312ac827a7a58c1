"""Records policy events from the queue `policy-events`."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pawledger.domain.calendar import business_date_of
from pawledger.runtime.observability import create_logger, create_metrics
from pawledger.runtime.queue_batch import QueueMessage, process_queue_batch
from pawledger.runtime.settings import RecordPolicyEventSettings, read_settings
from pawledger.runtime.wiring import connect_policy_recording
from pawledger.services.billing.record_policy_event import record_policy_event

logger, metrics = create_logger(), create_metrics()
settings = read_settings(RecordPolicyEventSettings)
ports = connect_policy_recording(settings)


def record_message(message: object, queued: QueueMessage) -> None:
    recorded = record_policy_event(
        message,
        message_id=queued.message_id,
        received_on=business_date_of(queued.sent_at, settings.billing_time_zone),
        ports=ports,
    )
    metrics.add_metric("PoliciesRecorded", "Count", int(recorded.is_new))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return process_queue_batch(event, record_message, logger, metrics)
