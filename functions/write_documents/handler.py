"""Writes the documents of each new invoice in the table's change stream, and announces each new return."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pawledger.runtime.observability import create_logger, create_metrics
from pawledger.runtime.settings import WriteDocumentsSettings, read_settings
from pawledger.runtime.stream_batch import process_new_items
from pawledger.runtime.wiring import connect_documents, connect_return_announcing
from pawledger.services.documents.write_documents import write_documents
from pawledger.services.posting.announce_returns import announce_return

logger, metrics = create_logger(), create_metrics()
settings = read_settings(WriteDocumentsSettings)
ports, return_ports = connect_documents(settings), connect_return_announcing(settings)


def write_documents_of_entry(keys: dict[str, Any]) -> None:
    account_id, entry_id = keys["account_id"]["S"], keys["entry_id"]["S"]
    metrics.add_metric("DocumentsWritten", "Count", write_documents(account_id, entry_id, ports))
    metrics.add_metric("ReturnsAnnounced", "Count", announce_return(account_id, entry_id, return_ports))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return process_new_items(event, write_documents_of_entry, logger, metrics)
