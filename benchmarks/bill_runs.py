"""Planning the bill run of 100,000 accounts: processor time and DynamoDB units, through the real adapters.

DynamoDB is played by answers made beforehand, handed to botocore in place of the network's: what is measured is our own
work and PynamoDB's, without the parsing of HTTP. What a network adds is, for each request, what its answer takes.
"""

import io
import json
import os
import time
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from benchmarks.imports import SETTINGS
from benchmarks.table import Row
from benchmarks.units import UnitMeter
from pawledger.adapters import models
from pawledger.adapters.dynamodb_ledger import DynamoAgenda
from pawledger.adapters.dynamodb_runs import DynamoRunBook
from pawledger.adapters.rows import account_row
from pawledger.domain.books.entries import LedgerAccount, OpenInvoice, TermCursor
from pawledger.domain.books.ledger import AccountHead, Standing
from pawledger.domain.identifiers import agenda_key_of
from pawledger.services.billing.plan_run import plan_run

ACCOUNTS: Final = 100_000
DAY: Final = date(2026, 11, 23)
NEXT_DAY: Final = date(2026, 11, 24)
ROUND_TRIP_MILLISECONDS: Final = 10
"""What a request to DynamoDB is said to take, to turn a count of requests into a time; not measured here."""

TIMEOUT_SECONDS: Final = 900
"""Of the function that plans."""


def measure_bill_runs() -> list[Row]:
    """Plan a day on which 100,000 accounts are due, and as many the day after."""
    os.environ.update(SETTINGS)
    connection = models.open_connection()
    store = _PlayedStore(connection.client)
    meter = UnitMeter(connection.client)
    accounts = models.bind(models.AccountRow, "bench-accounts", connection)
    for number in range(ACCOUNTS):
        for prefix, day in (("A", DAY), ("B", NEXT_DAY)):
            store.add_head(accounts, f"{prefix}{number:07d}", day)
    runs = DynamoRunBook(models.bind(models.RunRow, "bench-runs", connection))
    started = time.process_time()
    run = plan_run(DAY, agenda=DynamoAgenda(accounts), runs=runs)
    seconds = time.process_time() - started
    requests = sum(meter.requests.values())
    waiting_seconds = requests * ROUND_TRIP_MILLISECONDS / 1000
    total_seconds = seconds + waiting_seconds
    return [
        Row(f"processor seconds to plan {run.account_count:,} accounts", f"{seconds:.1f}", "", None),
        Row(f"requests; {waiting_seconds:.0f} s at {ROUND_TRIP_MILLISECONDS} ms each", f"{requests:,}", "", None),
        Row("read units per account that is due", f"{meter.read_units / ACCOUNTS:.2f}", "", None),
        Row("write units per account that is due", f"{meter.write_units / ACCOUNTS:.3f}", "", None),
        Row("seconds of both", f"{total_seconds:.0f}", f"< {TIMEOUT_SECONDS}", total_seconds < TIMEOUT_SECONDS),
    ]


class _PlayedStore:
    """Answers what planning asks, before a request leaves the process."""

    def __init__(self, client: Any) -> None:
        self._heads: dict[str, dict[str, Any]] = {}
        self._agenda: dict[str, list[str]] = {}
        client.meta.events.register("before-call.dynamodb", self._answer)

    def add_head(self, accounts: type[models.AccountRow], account_id: str, day: date) -> None:
        """An account with one monthly policy, one open invoice and an installment that is due on a day."""
        head = AccountHead(
            account_id,
            version=12,
            currency="GBP",
            standing=Standing.OPEN,
            balances={("GBP", LedgerAccount.RECEIVABLE): 3_360, ("GBP", LedgerAccount.UNBILLED): 20_160},
            open_invoices=(OpenInvoice(f"{account_id}-0006", day, 3_360),),
            cursors=(TermCursor(f"PAW-{account_id}#1", 7, day, 3_360, "GB monthly"),),
            invoice_count=6,
            last_hash="0" * 64,
        )
        self._heads[account_id] = account_row(accounts, head).to_dynamodb_dict()
        self._agenda.setdefault(agenda_key_of(account_id, day), []).append(account_id)

    def _answer(self, params: Mapping[str, Any], model: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        request = json.loads(params["body"])
        return AWSResponse("", 200, HTTPHeaders(), io.BytesIO()), getattr(self, f"_{model.name}")(request)

    def _Query(self, request: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 - the operation's name
        values = request["ExpressionAttributeValues"].values()
        (key,) = (value["S"] for value in values)
        items = [{"agenda_key": {"S": key}, "account_id": {"S": each}} for each in self._agenda.get(key, [])]
        return {"Items": items, "Count": len(items), "ScannedCount": len(items)}

    def _BatchGetItem(self, request: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N802 - the operation's name
        ((table, asked),) = request["RequestItems"].items()
        items = [self._heads[key["account_id"]["S"]] for key in asked["Keys"]]
        return {"Responses": {table: items}, "UnprocessedKeys": {}}

    def _PutItem(self, request: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002, N802 - as above
        return {}

    def _GetItem(self, request: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002, N802 - as above
        return {}
