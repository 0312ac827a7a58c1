"""Bills the accounts that the queue `billing` names."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pawledger.runtime.observability import add_money_metric, create_logger, create_metrics
from pawledger.runtime.queue_batch import QueueMessage, process_queue_batch
from pawledger.runtime.settings import BillAccountsSettings, read_settings
from pawledger.runtime.wiring import connect_ledger, connect_pause, connect_runs
from pawledger.services.billing.bill_accounts import bill_accounts, sum_by_currency

logger, metrics = create_logger(), create_metrics()
settings = read_settings(BillAccountsSettings)
ledger, runs, pause = connect_ledger(settings), connect_runs(settings), connect_pause()


def bill_message(message: object, queued: QueueMessage) -> None:
    issued = bill_accounts(message, ledger=ledger, runs=runs, pause=pause)
    metrics.add_metric("InvoicesIssued", "Count", len(issued))
    for currency, amount_minor in sum_by_currency(issued).items():
        add_money_metric(metrics, "InvoicedMinor", currency, amount_minor)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return process_queue_batch(event, bill_message, logger, metrics)
