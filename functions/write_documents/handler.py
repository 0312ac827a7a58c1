"""Writes the documents of each new invoice in the table's change stream."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pawledger.runtime.observability import create_logger, create_metrics
from pawledger.runtime.settings import WriteDocumentsSettings, read_settings
from pawledger.runtime.stream_batch import process_new_items
from pawledger.runtime.wiring import connect_documents
from pawledger.services.write_documents import write_documents

logger, metrics = create_logger(), create_metrics()
ports = connect_documents(read_settings(WriteDocumentsSettings))


def write_documents_of_entry(keys: dict[str, Any]) -> None:
    written_count = write_documents(keys["account_id"]["S"], keys["entry_id"]["S"], ports)
    metrics.add_metric("DocumentsWritten", "Count", written_count)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return process_new_items(event, write_documents_of_entry, logger, metrics)
