"""What an invoice and a payment cost in DynamoDB: the real handlers on the local cloud, their requests metered."""

import importlib
import json
import os
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import boto3

from benchmarks.handlers import invoke, invoke_in_batches, invoke_with_messages
from benchmarks.imports import SETTINGS
from benchmarks.learnt_payers import measure_learning
from benchmarks.table import Row
from benchmarks.units import UnitMeter
from local_cloud import start
from local_cloud.demonstration.bank_files import Line, write_camt053
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of

ACCOUNTS: Final = 1_000
PAYERS: Final = 100
"""Accounts of which it is measured what their payers cost to be learnt: each costs the same."""

WRITE_UNITS_MAX: Final = 4.0
READ_UNITS_MAX: Final = 1.5
LOG_LINES_PER_THOUSAND_MAX: Final = 1.0
CHUNK_SHARE: Final = 0.05
"""A payment's share of what its chunk writes once: one unit for the result of up to 100 payments, and its rest."""

BUSINESS_DATE: Final = date(2026, 11, 23)
PREMIUM_MINOR: Final = 36_000
INSTALLMENT_MINOR: Final = PREMIUM_MINOR // 12
BUCKET: Final = SETTINGS["BANK_FILES_BUCKET"]


def measure_units() -> list[Row]:
    """Bill and pay `ACCOUNTS` accounts with the real handlers and count what their requests would cost."""
    with tempfile.TemporaryDirectory() as folder:
        cloud = start(0, directory=Path(folder))
        try:
            os.environ.update({**SETTINGS, **cloud.environment})
            return _measure()
        finally:
            cloud.stop()


def _measure() -> list[Row]:
    queues = _create_resources()
    meter = UnitMeter(importlib.import_module("pawledger.runtime.wiring")._connection().client)  # noqa: SLF001
    invoke_in_batches("record_policy_event", [_policy_event(number) for number in range(ACCOUNTS)])
    meter.reset()
    _start_billing_day()
    rows = [
        Row("read units per account to plan a billing day", f"{meter.read_units / ACCOUNTS:.2f}", "", None),
        Row("write units per account to plan a billing day", f"{meter.write_units / ACCOUNTS:.2f}", "", None),
    ]
    # The canary first, and a second firing sends the rest.
    canary = _drain(queues["BILLING_QUEUE_URL"])
    meter.reset()
    canary_lines, canary_seconds = _timed("bill_accounts", canary)
    with meter.paused():
        _start_billing_day()
    lines, seconds = _timed("bill_accounts", _drain(queues["BILLING_QUEUE_URL"]))
    rows += _unit_rows("invoice issued", meter, lines + canary_lines, seconds + canary_seconds)
    invoke_with_messages("receive_bank_file", [_object_created(_drop_file())])
    chunks = _drain(queues["PAYMENTS_QUEUE_URL"])
    meter.reset()
    lines, seconds = _timed("post_payments", chunks)
    rows += _unit_rows("payment posted", meter, lines, seconds)
    return rows + measure_learning(meter, BUCKET, [_account_id(number) for number in range(PAYERS)])


def _start_billing_day() -> None:
    invoke("start_billing_day", {"schema": "billing_day.v1", "business_date": BUSINESS_DATE.isoformat()})


def _timed(function: str, messages: list[dict[str, Any]]) -> tuple[int, float]:
    started = time.perf_counter()
    lines = invoke_in_batches(function, messages)
    return lines, time.perf_counter() - started


def _unit_rows(what: str, meter: UnitMeter, log_lines: int, seconds: float) -> list[Row]:
    write_units, read_units = meter.write_units / ACCOUNTS, meter.read_units / ACCOUNTS
    base, index = meter.base_write_units / ACCOUNTS, meter.index_write_units / ACCOUNTS
    lines_per_thousand = 1000 * log_lines / ACCOUNTS
    return [
        Row(
            f"write units per {what} (tables {base:.2f}, index {index:.2f})",
            f"{write_units:.2f}",
            f"<= {WRITE_UNITS_MAX}",
            write_units <= WRITE_UNITS_MAX + CHUNK_SHARE,
        ),
        Row(
            f"read units per {what}",
            f"{read_units:.2f}",
            f"<= {READ_UNITS_MAX}",
            read_units <= READ_UNITS_MAX,
        ),
        Row(
            f"log lines per 1,000, {what}, metric lines included",
            f"{lines_per_thousand:.1f}",
            f"<= {LOG_LINES_PER_THOUSAND_MAX}",
            lines_per_thousand <= LOG_LINES_PER_THOUSAND_MAX,
        ),
        Row(f"  one worker, local cloud included, {what}", f"{ACCOUNTS / seconds:,.0f}/s", "", None),
    ]


def _create_resources() -> dict[str, str]:
    """Tables from the models themselves, a versioned bucket, the queues; returns the queues' addresses."""
    models = importlib.import_module("pawledger.adapters.models")
    connection = models.open_connection()
    for row, setting in (
        (models.AccountRow, "ACCOUNTS_TABLE"),
        (models.EntryRow, "ENTRIES_TABLE"),
        (models.TermRow, "POLICIES_TABLE"),
        (models.DiscrepancyRow, "DISCREPANCIES_TABLE"),
        (models.BankFileRow, "BANK_FILES_TABLE"),
        (models.ReferenceRow, "REFERENCES_TABLE"),
        (models.RunRow, "RUNS_TABLE"),
    ):
        models.bind(row, SETTINGS[setting], connection).create_table(billing_mode="PAY_PER_REQUEST", wait=True)
    storage = boto3.client("s3")
    storage.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    storage.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    queues = {
        name: boto3.client("sqs").create_queue(QueueName=name.lower().replace("_url", ""))["QueueUrl"]
        for name in ("BILLING_QUEUE_URL", "PAYMENTS_QUEUE_URL")
    }
    secret = boto3.client("secretsmanager").create_secret(Name="payers", SecretString="s" * 64)
    os.environ.update(queues | {"PAYER_SECRET_ARN": secret["ARN"]})
    return queues


def _account_id(number: int) -> str:
    return f"{1_000_000_000 + number}"


def _policy_event(number: int) -> dict[str, Any]:
    return {
        "schema": "policy_issued.v1",
        "event_id": f"bench-{number}",
        "account_id": _account_id(number),
        "policy_id": f"PET-{number}",
        "currency": "EUR",
        "effective_on": (BUSINESS_DATE + timedelta(days=14)).isoformat(),
        "expires_on": (BUSINESS_DATE + timedelta(days=379)).isoformat(),
        "plan": "monthly",
        "charges": [{"kind": "premium", "amount_minor": PREMIUM_MINOR}],
    }


def _drop_file() -> str:
    """One statement that pays every first invoice exactly."""
    lines = [
        Line(
            f"NB-{number}", INSTALLMENT_MINOR, "premium", creditor_reference_of(InvoiceAddress(_account_id(number), 1))
        )
        for number in range(ACCOUNTS)
    ]
    content = write_camt053("BENCH", BUSINESS_DATE, 0, lines)
    put = boto3.client("s3").put_object(Bucket=BUCKET, Key="incoming/bench/bench.xml", Body=content)
    return str(put["VersionId"])


def _object_created(version_id: str) -> dict[str, Any]:
    described = {"key": "incoming/bench/bench.xml", "version-id": version_id}
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "time": f"{BUSINESS_DATE}T12:00:00Z",
        "detail": {"bucket": {"name": BUCKET}, "object": described},
    }


def _drain(queue_url: str) -> list[dict[str, Any]]:
    client, messages = boto3.client("sqs"), []
    while received := client.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in received:
            client.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            messages.append(json.loads(message["Body"]))
    return messages
