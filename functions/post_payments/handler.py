"""Posts the chunks of proven bank files that the queue `payments` announces."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pawledger.runtime.observability import add_money_metric, create_logger, create_metrics
from pawledger.runtime.queue_batch import QueueMessage, process_queue_batch
from pawledger.runtime.settings import PostPaymentsSettings, read_settings
from pawledger.runtime.wiring import connect_posting
from pawledger.services.posting.post_payments import post_payments

logger, metrics = create_logger(), create_metrics()
ports = connect_posting(read_settings(PostPaymentsSettings))


def post_message(message: object, queued: QueueMessage) -> None:
    tally = post_payments(message, ports)
    metrics.add_metric("PaymentsPosted", "Count", tally.counts["new_posted"])
    metrics.add_metric("PaymentsSuspended", "Count", tally.counts["new_suspended"])
    metrics.add_metric("PaymentsReturned", "Count", tally.counts["new_returned"])
    metrics.add_metric("PaymentsAlreadyRecorded", "Count", tally.counts["repeated"])
    metrics.add_metric("PaymentsRejected", "Count", tally.counts["rejected"])
    for currency, amount_minor in tally.new_posted_minor.items():
        add_money_metric(metrics, "PostedMinor", currency, amount_minor)
    for currency, amount_minor in tally.new_suspended_minor.items():
        add_money_metric(metrics, "SuspendedMinor", currency, amount_minor)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return process_queue_batch(event, post_message, logger, metrics)
