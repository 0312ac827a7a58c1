"""Moves a billing day's run on, fired by a schedule or by an operator who runs a day by hand."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pawledger.domain.billing.bill_runs import amounts_by_currency
from pawledger.runtime.observability import add_money_metric, create_logger, create_metrics
from pawledger.runtime.settings import StartBillingDaySettings, read_settings
from pawledger.runtime.wiring import connect_billing
from pawledger.services.billing.start_billing_day import BILLING_DAY, start_billing_day
from pawledger.services.messages import read_business_date, read_firing_instant

logger, metrics = create_logger(), create_metrics()
settings = read_settings(StartBillingDaySettings)
ports = connect_billing(settings)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    business_date = read_business_date(event, BILLING_DAY, settings.billing_time_zone)
    started = start_billing_day(business_date, ports=ports, fired_at=read_firing_instant(event, BILLING_DAY))
    run = started.run
    metrics.add_metric("AccountsQueued", "Count", started.queued_count)
    metrics.add_metric("RunsHeld", "Count", started.held_count)
    metrics.add_metric("BatchesWaiting", "Count", started.waiting_count)
    if started.is_planned:
        metrics.add_metric("InstallmentsExpected", "Count", sum(each.installment_count for each in run.expected))
        for currency, amount_minor in amounts_by_currency(run.expected).items():
            add_money_metric(metrics, "ExpectedMinor", currency, amount_minor)
    told: dict[str, Any] = {
        "business_date": business_date.isoformat(),
        "status": run.status,
        "has_forecast": run.forecast is not None,
        "accounts_queued": started.queued_count,
        "batches_waiting": started.waiting_count,
        "runs_held": started.held_count,
    }
    logger.info("billing day moved on", **told)
    return told
