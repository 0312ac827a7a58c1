"""An index that lags behind its table, which no fake cloud plays."""

from datetime import date

from botocore.stub import Stubber

from pawledger.adapters.dynamodb_books import DynamoDiscrepancyBook
from pawledger.adapters.models import DiscrepancyRow, bind, open_connection
from pawledger.adapters.rows import discrepancy_row
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind

FOUND = Discrepancy(DiscrepancyKind.UNIDENTIFIED_PAYMENT, "payment#1", date(2026, 2, 2), "whose is it")


def test_a_discrepancy_that_the_worklist_still_shows_and_that_is_closed_is_not_listed(fake_aws: None) -> None:
    connection = open_connection()
    book = DynamoDiscrepancyBook(bind(DiscrepancyRow, "discrepancies", connection))
    stored = discrepancy_row(DiscrepancyRow, FOUND).serialize()
    keys = {name: stored[name] for name in ("discrepancy_id", "worklist_key", "born_on")}
    with Stubber(connection.client) as stub:
        for kind in DiscrepancyKind:
            found = [keys] if kind is FOUND.kind else []
            stub.add_response("query", {"Items": found, "Count": len(found), "ScannedCount": len(found)})
            if found:
                stub.add_response("get_item", {"Item": stored | {"status": {"S": "resolved"}}})
        assert list(book.list_open()) == []
        stub.assert_no_pending_responses()
