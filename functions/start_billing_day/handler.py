"""Starts a billing day, fired by a schedule or by an operator who runs a day by hand."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pawledger.runtime.observability import create_logger, create_metrics
from pawledger.runtime.settings import StartBillingDaySettings, read_settings
from pawledger.runtime.wiring import connect_agenda, connect_billing_queue
from pawledger.services.messages import read_business_date
from pawledger.services.start_billing_day import BILLING_DAY, start_billing_day

logger, metrics = create_logger(), create_metrics()
settings = read_settings(StartBillingDaySettings)
agenda, billing_queue = connect_agenda(settings), connect_billing_queue(settings)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    business_date = read_business_date(event, BILLING_DAY, settings.billing_time_zone)
    queued_count = start_billing_day(business_date, agenda=agenda, billing_queue=billing_queue)
    metrics.add_metric("AccountsQueued", "Count", queued_count)
    logger.info("billing day started", business_date=business_date.isoformat(), accounts_queued=queued_count)
    return {"business_date": business_date.isoformat(), "accounts_queued": queued_count}
