"""What DynamoDB may answer to a transaction besides yes and no, which no fake cloud plays: throttling and conflict."""

from collections.abc import Sequence
from datetime import date

import pytest
from botocore.stub import Stubber
from pynamodb.exceptions import TransactWriteError

from pawledger.adapters.dynamodb_ledger import THROTTLED_ATTEMPTS_MAX, DynamoLedger, LedgerTables
from pawledger.adapters.errors import StoreThrottledError
from pawledger.adapters.models import (
    AccountRow,
    DiscrepancyRow,
    EntryRow,
    SharedSessionConnection,
    bind,
    open_connection,
)
from pawledger.adapters.rows import entry_row
from pawledger.domain.books.ledger import AccountHead, BrokenLedgerError, apply_entry, chain_entry
from pawledger.domain.errors import InvariantError
from pawledger.domain.policy.policies import ALL_TERMS
from pawledger.domain.posting.payments import decide_movement
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.ports import EntryExistsError, HeadMovedError
from tests.builders.movements import build_movement
from tests.builders.policies import ACCOUNT_ID, build_policy, term_of
from tests.fakes.memory import NoPause

BEFORE = AccountHead(ACCOUNT_ID)
ENTRY = chain_entry(BEFORE, decide_movement(BEFORE, build_movement()).decision)
AFTER = apply_entry(BEFORE, ENTRY)
BORN = Discrepancy(DiscrepancyKind.OVERPAYMENT, ENTRY.entry_id, date(2026, 2, 2), "too much")


@pytest.fixture
def connection(fake_aws: None) -> SharedSessionConnection:
    return open_connection()


@pytest.fixture
def pause() -> NoPause:
    return NoPause()


@pytest.fixture
def ledger(connection: SharedSessionConnection, pause: NoPause) -> DynamoLedger:
    tables = LedgerTables(
        accounts=bind(AccountRow, "accounts", connection),
        entries=bind(EntryRow, "entries", connection),
        discrepancies=bind(DiscrepancyRow, "discrepancies", connection),
    )
    return DynamoLedger(tables, connection, pause)


@pytest.fixture
def stub(connection: SharedSessionConnection) -> Stubber:
    stubber = Stubber(connection.client)
    stubber.activate()
    return stubber


def cancel(stub: Stubber, *codes: str, item: object = None) -> None:
    """The next transaction is cancelled with one code per item; `item` is what the first refusal shows."""
    reasons: list[dict[str, object]] = [{"Code": code} for code in codes]
    if item is not None:
        reasons[0]["Item"] = item
    stub.add_client_error(
        "transact_write_items", "TransactionCanceledException", modeled_fields={"CancellationReasons": reasons}
    )


def append(ledger: DynamoLedger, discrepancies: Sequence[Discrepancy] = ()) -> None:
    ledger.append(BEFORE, ENTRY, AFTER, discrepancies=discrepancies)


@pytest.mark.parametrize("codes", [("TransactionConflict", "None"), ("None", "TransactionConflict")])
def test_another_transaction_on_the_same_item_is_a_moved_head(
    ledger: DynamoLedger, stub: Stubber, codes: tuple[str, str]
) -> None:
    cancel(stub, *codes)
    with pytest.raises(HeadMovedError):
        append(ledger)


def test_an_entry_that_exists_goes_before_a_moved_head_and_is_shown_without_reading(
    ledger: DynamoLedger, stub: Stubber
) -> None:
    cancel(stub, "ConditionalCheckFailed", "ConditionalCheckFailed", item=entry_row(EntryRow, ENTRY).serialize())
    with pytest.raises(EntryExistsError) as caught:
        append(ledger)
    assert caught.value.existing == ENTRY
    stub.assert_no_pending_responses()


def test_an_entry_that_is_refused_without_being_shown_is_read(ledger: DynamoLedger, stub: Stubber) -> None:
    cancel(stub, "ConditionalCheckFailed", "None")
    stub.add_response("get_item", {"Item": entry_row(EntryRow, ENTRY).serialize()})
    with pytest.raises(EntryExistsError) as caught:
        append(ledger)
    assert caught.value.existing == ENTRY


def test_an_entry_that_exists_and_is_gone_when_read_breaks_the_ledger(ledger: DynamoLedger, stub: Stubber) -> None:
    cancel(stub, "ConditionalCheckFailed", "None")
    stub.add_response("get_item", {})
    with pytest.raises(BrokenLedgerError, match="is gone"):
        append(ledger)


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_throttled_transaction_is_tried_again(ledger: DynamoLedger, stub: Stubber, pause: NoPause, code: str) -> None:
    cancel(stub, "None", code)
    cancel(stub, code, "None")
    stub.add_response("transact_write_items", {})
    append(ledger)
    assert pause.attempts == [0, 1]
    stub.assert_no_pending_responses()


def test_a_transaction_that_stays_throttled_is_given_up(ledger: DynamoLedger, stub: Stubber, pause: NoPause) -> None:
    for _ in range(THROTTLED_ATTEMPTS_MAX):
        cancel(stub, "None", "ThrottlingError")
    with pytest.raises(StoreThrottledError, match=ENTRY.entry_id):
        append(ledger)
    assert len(pause.attempts) == THROTTLED_ATTEMPTS_MAX
    stub.assert_no_pending_responses()


def test_a_discrepancy_that_stands_is_left_out_of_the_next_attempt(ledger: DynamoLedger, stub: Stubber) -> None:
    other = Discrepancy(DiscrepancyKind.UNDERPAYMENT, ENTRY.entry_id, date(2026, 2, 2), "too little")
    cancel(stub, "None", "None", "None", "ConditionalCheckFailed")
    cancel(stub, "None", "None", "ConditionalCheckFailed")
    stub.add_response("transact_write_items", {})
    append(ledger, [BORN, other])
    stub.assert_no_pending_responses()


def test_a_refusal_of_another_kind_is_raised_as_it_is(ledger: DynamoLedger, stub: Stubber) -> None:
    cancel(stub, "ValidationError", "None")
    with pytest.raises(TransactWriteError):
        append(ledger)


def test_a_refusal_without_reasons_is_raised_as_it_is(ledger: DynamoLedger, stub: Stubber) -> None:
    stub.add_client_error("transact_write_items", "AccessDeniedException")
    with pytest.raises(TransactWriteError) as caught:
        append(ledger)
    assert caught.value.cause_response_code == "AccessDeniedException"


def test_a_ledger_without_policies_says_so(ledger: DynamoLedger) -> None:
    with pytest.raises(InvariantError, match="has their table"):
        ledger.append(BEFORE, ENTRY, AFTER, terms=[term_of(build_policy())])
    with pytest.raises(InvariantError, match="has their table"):
        ledger.read_terms(ACCOUNT_ID, *ALL_TERMS)
