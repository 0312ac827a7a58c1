"""A refund from suspense to the bank's debit, in the deployed handlers, within the rights of their roles."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from typing import Final

import pytest

from infra.functions import CLOSE_DAY, POST_PAYMENTS, RECEIVE_BANK_FILE
from pawledger.adapters.dynamodb_books import DynamoDiscrepancyBook, DynamoReferenceBook
from pawledger.adapters.dynamodb_ledger import DynamoLedger, LedgerTables
from pawledger.adapters.models import AccountRow, DiscrepancyRow, EntryRow, ReferenceRow, bind
from pawledger.domain.refunding.refund_steps import Act, Sending
from pawledger.domain.worklist.discrepancies import DiscrepancyKind, ResolutionCommand
from pawledger.domain.worklist.resolutions import ResolutionRequest
from pawledger.runtime import wiring
from pawledger.services.posting.post_returns import ReturnPorts, load_return_rules
from pawledger.services.refunding.refund_money import RefundPorts, approve_refund, find_open_refunds, send_refund
from pawledger.services.resolving.resolution_steps import ResolvingPorts
from pawledger.services.resolving.resolve_discrepancy import Deed, resolve_discrepancy
from tests.builders.bank_statements import DEBIT_CODE, Line, build_bai2
from tests.builders.refunds import JANE, JOHN, RULES
from tests.fakes.holidays import NoHolidays
from tests.fakes.memory import NoPause
from tests.functional.deployed_handlers import (
    DeployedHandlers,
    deploy_handlers,
    failed_messages,
    object_created,
    queue_event,
)
from tests.functional.test_settlement_rights import invoke_within_rights, statuses

DECIDED_AT: Final = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def deployed() -> Iterator[DeployedHandlers]:
    with deploy_handlers() as handlers:
        yield handlers


def ports_of(deployed: DeployedHandlers) -> RefundPorts:
    """What an operator's command line is bound to."""
    connection, tables = wiring._connection(), deployed.tables
    discrepancies = bind(DiscrepancyRow, tables["discrepancies"], connection)
    ledger = DynamoLedger(
        LedgerTables(
            accounts=bind(AccountRow, tables["accounts"], connection),
            entries=bind(EntryRow, tables["entries"], connection),
            discrepancies=discrepancies,
        ),
        connection,
        NoPause(),
    )
    return RefundPorts(
        ledger=ledger,
        archive=ledger,
        references=DynamoReferenceBook(bind(ReferenceRow, tables["references"], connection)),
        discrepancies=DynamoDiscrepancyBook(discrepancies),
        holidays=NoHolidays(),
        pause=NoPause(),
        rules=RULES,
    )


def resolving_ports_of(ports: RefundPorts) -> ResolvingPorts:
    """What an operator's command line is bound to when a discrepancy is resolved."""
    returns = ReturnPorts(
        ports.ledger, ports.archive, ports.references, ports.discrepancies, ports.pause, load_return_rules
    )
    return ResolvingPorts(ports.ledger, ports.archive, ports.discrepancies, ports.pause, returns)


def test_money_of_nobody_goes_back_and_is_settled_by_the_banks_debit(deployed: DeployedHandlers) -> None:
    watched = partial(invoke_within_rights, deployed)

    def take_in(name: str, line: Line) -> None:
        key = f"incoming/bank/{name}"
        data = build_bai2([line], file_id=name, as_of=date(2026, 11, 20))
        dropped = queue_event(object_created(key, deployed.drop(key, data)))
        assert failed_messages(watched(RECEIVE_BANK_FILE, dropped)) == []
        posted = watched(POST_PAYMENTS, queue_event(*deployed.take(deployed.payments_queue_url)))
        assert failed_messages(posted) == []

    def close(day: str) -> dict[str, int]:
        invoked = watched(CLOSE_DAY, {"schema": "closing_day.v1", "business_date": day})
        balances: dict[str, int] = invoked.answer["balances_minor"]
        return balances

    take_in("1", Line(5_000, "Grandmother"))
    ports = ports_of(deployed)
    (waiting,) = ports.discrepancies.list_open(DiscrepancyKind.UNIDENTIFIED_PAYMENT)
    resolve_discrepancy(
        Deed(waiting.discrepancy.discrepancy_id, JANE, "No policy.", DECIDED_AT, "return"),
        ResolutionRequest(ResolutionCommand.RETURN),
        resolving_ports_of(ports),
        is_preview=False,
    )
    assert close("2026-11-25") == {"EUR cash": 5_000, "EUR refunds": -5_000}
    assert statuses(deployed) == {"unidentified_payment": "resolved"}
    # Requested on the 20th, it may wait for five days.
    close("2026-11-26")
    assert statuses(deployed)["refund_waiting"] == "open"

    (refund,) = find_open_refunds(ports.archive)
    place = (refund.ledger_id, refund.refund_id)
    approve_refund(*place, Act(JOHN, "Right.", DECIDED_AT), ports, is_preview=False)
    sending = Sending("REFUND-1001", "pay.xml")
    send_refund(*place, sending, Act(JANE, "Today's file.", DECIDED_AT), ports, is_preview=False)
    take_in("2", Line(5_000, customer_reference="REFUND-1001", type_code=DEBIT_CODE))
    assert {name: minor for name, minor in close("2026-11-26").items() if minor} == {}
    assert statuses(deployed) == {"unidentified_payment": "resolved", "refund_waiting": "healed"}
