"""Learns who pays for which account, and who does so no more, from new entries in the table's change stream."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pawledger.runtime.observability import create_logger, create_metrics
from pawledger.runtime.settings import LearnPayersSettings, read_settings
from pawledger.runtime.stream_batch import process_new_items
from pawledger.runtime.wiring import connect_learning
from pawledger.services.posting.learn_payers import learn_payers

logger, metrics = create_logger(), create_metrics()
ports = connect_learning(read_settings(LearnPayersSettings))


def learn_payers_of_entry(keys: dict[str, Any]) -> None:
    learnt_count = learn_payers(keys["account_id"]["S"], keys["entry_id"]["S"], ports)
    metrics.add_metric("PayersLearnt", "Count", learnt_count)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return process_new_items(event, learn_payers_of_entry, logger, metrics)
