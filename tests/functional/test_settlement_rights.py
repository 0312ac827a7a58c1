"""Files that do not come and payouts that are proven, in the deployed handlers, within the rights of their roles."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, time
from functools import partial
from typing import Any, Final

import pytest

from infra.functions import CLOSE_DAY, POST_PAYMENTS, RECEIVE_BANK_FILE, FunctionDefinition
from pawledger.rules import provider_profiles
from pawledger.rules.delivery_calendars import DeliveryCalendar
from pawledger.rules.provider_profiles import ProviderProfile
from pawledger.rules.settlement_terms import PAYOUT_CODES, SettlementTerms
from pawledger.runtime import wiring
from tests.builders.bank_statements import Line, build_bai2
from tests.builders.stripe_file import BalanceTransaction, payout_of, write_stripe
from tests.functional.deployed_handlers import (
    DeployedHandlers,
    deploy_handlers,
    failed_messages,
    object_created,
    queue_event,
)

TERMS: Final = SettlementTerms("bank", None, ("STRIPE",), 2, ("TARGET",), PAYOUT_CODES["stripe"])
CALENDAR: Final = DeliveryCalendar((0, 1, 2, 3, 4), time(9), "Europe/Berlin", ("TARGET",), since=date(2026, 11, 20))
PROFILES: Final = {
    "stripe": ProviderProfile("stripe", "Stripe", ("stripe",), ("stripe",), settlement=TERMS),
    "bank": ProviderProfile("bank", "A bank", ("bai2",), ("bai2",), delivery=replace(CALENDAR, days_behind=0)),
}
CHARGE: Final = BalanceTransaction("txn_1", 1250, 45, currency="eur")
REPORT: Final = write_stripe(CHARGE, payout_of(CHARGE, payout_id="po_1QxA7Z"))
STATEMENT: Final = build_bai2([Line(1205, "STRIPE")], as_of=date(2026, 11, 20))
WORDS: Final = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}

Call = tuple[str, str, str | None]
"""Action, table, index."""


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeployedHandlers]:
    monkeypatch.setattr(provider_profiles, "load_shipped_profiles", lambda: PROFILES)
    with deploy_handlers() as handlers:
        yield handlers


def _calls_of(operation: str, body: dict[str, Any]) -> Iterator[Call]:
    """What a request needs rights to: each part of a transaction or batch is a right of its own."""
    if operation == "TransactWriteItems":
        for part in body["TransactItems"]:
            ((name, written),) = part.items()
            yield WORDS[name], written["TableName"], None
    elif operation == "BatchGetItem":
        for table in body["RequestItems"]:
            yield f"dynamodb:{operation}", table, None
    else:
        yield f"dynamodb:{operation}", body["TableName"], body.get("IndexName")


@contextmanager
def recorded_calls() -> Iterator[set[Call]]:
    """Every call to DynamoDB that is made meanwhile."""
    calls: set[Call] = set()

    def record(model: Any, params: dict[str, Any], **_: Any) -> None:
        calls.update(_calls_of(model.name, json.loads(params["body"])))

    events = wiring._connection().client.meta.events
    events.register("before-call", record)
    try:
        yield calls
    finally:
        events.unregister("before-call", record)


def assert_within(function: FunctionDefinition, calls: set[Call], deployed: DeployedHandlers) -> None:
    names = {table: name for name, table in deployed.tables.items()}
    allowed: set[Call] = {(action, access.table, None) for access in function.tables for action in access.actions}
    allowed |= {
        ("dynamodb:Query", access.table, index) for access in function.tables for index in access.queried_indexes
    }
    assert calls
    assert {(action, names[table], index) for action, table, index in calls} - allowed == set()


def invoke_within_rights(deployed: DeployedHandlers, function: FunctionDefinition, event: dict[str, Any]) -> Any:
    """What a function answers to an event, in which it called nothing that its role does not let it."""
    deployed.load(function.name)
    with recorded_calls() as calls:
        invoked = deployed.invoke(function.name, event)
    assert_within(function, calls, deployed)
    return invoked


def statuses(deployed: DeployedHandlers) -> dict[str, str]:
    """Status by kind, each kind once."""
    items = [json.loads(item) for item in deployed.items()["discrepancies"]]
    assert len({item["kind"]["S"] for item in items}) == len(items)
    return {item["kind"]["S"]: item["status"]["S"] for item in items}


def test_what_does_not_come_is_told_and_heals_within_the_rights_of_each_function(deployed: DeployedHandlers) -> None:
    watched = partial(invoke_within_rights, deployed)

    def take_in(provider: str, data: bytes) -> None:
        key = f"incoming/{provider}/file"
        event = queue_event(object_created(key, deployed.drop(key, data)))
        assert failed_messages(watched(RECEIVE_BANK_FILE, event)) == []
        event = queue_event(*deployed.take(deployed.payments_queue_url))
        assert failed_messages(watched(POST_PAYMENTS, event)) == []

    def close(day: str) -> dict[str, int]:
        invoked = watched(CLOSE_DAY, {"schema": "closing_day.v1", "business_date": day})
        balances: dict[str, int] = invoked.answer["balances_minor"]
        return balances

    take_in("stripe", REPORT)
    # 12.50 came in, 0.45 was charged, 12.05 was sent. The bank's file of Friday the 20th is expected and not there.
    assert close("2026-11-21") == {
        "EUR cash": 0,
        "EUR in_transit": 1205,
        "EUR provider_fees": 45,
        "EUR suspense": -1250,
    }
    assert statuses(deployed) == {"unidentified_payment": "open", "file_missing": "open"}
    take_in("bank", STATEMENT)
    assert statuses(deployed) == {"unidentified_payment": "open", "file_missing": "healed"}
    assert close("2026-11-21") == {
        "EUR cash": 1205,
        "EUR provider_fees": 45,
        "EUR suspense": -1250,
    }


def test_a_payout_that_is_missed_is_told_and_heals_when_its_line_is_posted(
    deployed: DeployedHandlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_stripe = {"stripe": PROFILES["stripe"]}
    monkeypatch.setattr(provider_profiles, "load_shipped_profiles", lambda: only_stripe)
    _post(deployed, "stripe", REPORT)
    deployed.invoke("close_day", {"schema": "closing_day.v1", "business_date": "2026-11-25"})
    assert statuses(deployed)["payout_missing"] == "open"
    _post(deployed, "bank", STATEMENT)
    assert statuses(deployed)["payout_missing"] == "healed"


def _post(deployed: DeployedHandlers, provider: str, data: bytes) -> None:
    key = f"incoming/{provider}/file"
    deployed.invoke("receive_bank_file", queue_event(object_created(key, deployed.drop(key, data))))
    deployed.invoke("post_payments", queue_event(*deployed.take(deployed.payments_queue_url)))
