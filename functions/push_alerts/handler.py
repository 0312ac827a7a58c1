"""Pushes an alert for each new discrepancy in the table's change stream."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pawledger.runtime.observability import create_logger, create_metrics
from pawledger.runtime.settings import PushAlertsSettings, read_settings
from pawledger.runtime.stream_batch import process_new_items
from pawledger.runtime.wiring import connect_alert_references, connect_alerts, connect_discrepancies
from pawledger.services.resolving.push_alerts import push_alert

logger, metrics = create_logger(), create_metrics()
settings = read_settings(PushAlertsSettings)
discrepancies, alerts = connect_discrepancies(settings), connect_alerts(settings)
references = connect_alert_references(settings)


def push_new_discrepancy(keys: dict[str, Any]) -> None:
    discrepancy_id = keys["discrepancy_id"]["S"]
    pushed = push_alert(
        discrepancy_id,
        discrepancies=discrepancies,
        references=references,
        alerts=alerts,
        pushed_at=datetime.now(UTC),
    )
    metrics.add_metric("AlertsPushed", "Count", int(pushed))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return process_new_items(event, push_new_discrepancy, logger, metrics)
