"""A line that looked like a payout and a debit of the bank, resolved on the tables between what the handlers post."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Final

import pytest

from infra.functions import CLOSE_DAY, POST_PAYMENTS, RECEIVE_BANK_FILE
from pawledger.domain.worklist.discrepancies import DiscrepancyKind, ResolutionCommand
from pawledger.domain.worklist.resolutions import ResolutionRequest
from pawledger.rules import provider_profiles
from pawledger.services.resolving.resolve_discrepancy import Deed, resolve_discrepancy, undo_resolution
from tests.builders.bank_statements import DEBIT_CODE, Line, build_bai2
from tests.builders.refunds import JANE
from tests.functional.deployed_handlers import (
    DeployedHandlers,
    deploy_handlers,
    failed_messages,
    object_created,
    queue_event,
)
from tests.functional.test_refund_rights import ports_of, resolving_ports_of
from tests.functional.test_settlement_rights import PROFILES, REPORT, invoke_within_rights, statuses

DECIDED_AT: Final = datetime(2026, 11, 26, 9, tzinfo=UTC)
STATEMENT: Final = build_bai2([Line(1205, "STRIPE"), Line(450, "FEE", type_code=DEBIT_CODE)], as_of=date(2026, 11, 20))


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeployedHandlers]:
    monkeypatch.setattr(provider_profiles, "load_shipped_profiles", lambda: {"stripe": PROFILES["stripe"]})
    with deploy_handlers() as handlers:
        yield handlers


def take_in(deployed: DeployedHandlers, provider: str, data: bytes) -> None:
    key = f"incoming/{provider}/file"
    event = queue_event(object_created(key, deployed.drop(key, data)))
    assert failed_messages(invoke_within_rights(deployed, RECEIVE_BANK_FILE, event)) == []
    posted = invoke_within_rights(deployed, POST_PAYMENTS, queue_event(*deployed.take(deployed.payments_queue_url)))
    assert failed_messages(posted) == []


def close(deployed: DeployedHandlers) -> dict[str, int]:
    """What is not zero when the 26th is closed."""
    event = {"schema": "closing_day.v1", "business_date": "2026-11-26"}
    balances: dict[str, int] = invoke_within_rights(deployed, CLOSE_DAY, event).answer["balances_minor"]
    return {name: minor for name, minor in balances.items() if minor}


def deed_about(deployed: DeployedHandlers, kind: DiscrepancyKind) -> Deed:
    (found,) = ports_of(deployed).discrepancies.list_open(kind)
    return Deed(found.discrepancy.discrepancy_id, JANE, "As the bank says.", DECIDED_AT, "as typed")


def test_a_line_and_a_debit_are_resolved_and_a_report_takes_the_line_only_after_the_undo(
    deployed: DeployedHandlers,
) -> None:
    take_in(deployed, "bank", STATEMENT)
    # 12.05 came and 4.50 left; both wait.
    assert close(deployed) == {"EUR cash": 755, "EUR suspense": -755}
    assert statuses(deployed) == {"settlement_missing": "open", "unexplained_debit": "open"}

    ports = resolving_ports_of(ports_of(deployed))
    line = deed_about(deployed, DiscrepancyKind.SETTLEMENT_MISSING)
    resolve_discrepancy(line, ResolutionRequest(ResolutionCommand.RETURN), ports, is_preview=False)
    fee = deed_about(deployed, DiscrepancyKind.UNEXPLAINED_DEBIT)
    resolve_discrepancy(fee, ResolutionRequest(ResolutionCommand.BOOK_COST), ports, is_preview=False)
    assert close(deployed) == {"EUR cash": 755, "EUR refunds": -1205, "EUR provider_fees": 450}
    assert statuses(deployed) == {"settlement_missing": "resolved", "unexplained_debit": "resolved"}

    take_in(deployed, "stripe", REPORT)
    # 12.50 of a payer, 0.45 of fees, and 12.05 on its way that no line shows.
    assert close(deployed) == {
        "EUR cash": 755,
        "EUR refunds": -1205,
        "EUR provider_fees": 495,
        "EUR suspense": -1250,
        "EUR in_transit": 1205,
    }
    assert statuses(deployed)["payout_missing"] == "open"

    undo_resolution(line, ports, is_preview=False)
    assert close(deployed) == {"EUR cash": 755, "EUR provider_fees": 495, "EUR suspense": -1250}
    assert statuses(deployed) == {
        "settlement_missing": "healed",
        "payout_missing": "healed",
        "unexplained_debit": "resolved",
        "unidentified_payment": "open",
    }
