"""Receives webhooks of payment providers at the function's own address, and stores their bodies as files."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pawledger.runtime.observability import create_logger, create_metrics
from pawledger.runtime.settings import ReceiveWebhookSettings, read_settings
from pawledger.runtime.webhook_requests import answer_webhook, read_webhook_request
from pawledger.runtime.wiring import connect_webhooks
from pawledger.services.receiving.receive_webhook import receive_webhook

logger, metrics = create_logger(), create_metrics()
ports = connect_webhooks(read_settings(ReceiveWebhookSettings))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    outcome = receive_webhook(read_webhook_request(event), ports)
    metrics.add_metric("WebhooksStored", "Count", int(outcome.status == 200))
    metrics.add_metric("WebhooksRefused", "Count", int(outcome.status != 200))
    metrics.add_metric("WebhookSignaturesRefused", "Count", int(outcome.is_signature))
    if outcome.status != 200:
        logger.warning("webhook refused", outcome=outcome)
    return answer_webhook(outcome)
