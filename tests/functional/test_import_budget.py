"""What a cold start must not load: libraries that cost more than everything else together.

How long an import takes is measured by the benchmark; a test on a busy machine could only guess at it.
"""

import json
import os
import subprocess
import sys
from typing import Final

import pytest

from tests.functional.deployed_handlers import ROOT
from tests.functional.test_handlers import HANDLERS

FORBIDDEN: Final = ("pydantic", "pandas", "holidays", "aws_xray_sdk", "boto3.resources", "aws_cdk", "moto", "pytest")
TIMEOUT_SECONDS: Final = 60
"""An import takes a fraction of a second; a process that hangs fails here."""

PROGRAM: Final = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("handler", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
assert callable(module.handler)
print(json.dumps(sorted(sys.modules)))
"""

ENVIRONMENT: Final = {
    **{
        f"{name}_TABLE": name.lower()
        for name in ("ACCOUNTS", "ENTRIES", "POLICIES", "DISCREPANCIES", "BANK_FILES", "REFERENCES", "RUNS")
    },
    "BANK_FILES_BUCKET": "bank-files",
    "DOCUMENTS_BUCKET": "documents",
    "BILLING_QUEUE_URL": "https://queue.invalid/billing",
    "PAYMENTS_QUEUE_URL": "https://queue.invalid/payments",
    "PAYER_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:payers",
    "WEBHOOK_SECRETS_ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:webhooks",
    "WEBHOOK_PROVIDERS": "stripe",
    "ALERT_TOPIC_ARN": "arn:aws:sns:eu-west-1:111122223333:alerts",
    "BILLING_TIME_ZONE": "Europe/Berlin",
    "POWERTOOLS_METRICS_NAMESPACE": "Pawledger",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}


def modules_after_import(name: str) -> set[str]:
    """Every module that is loaded once a handler stands ready, in a process of its own."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "layers" / "pawledger" / "python"),
        "POWERTOOLS_SERVICE_NAME": name,
        **ENVIRONMENT,
    }
    finished = subprocess.run(  # noqa: S603 - our own program and path
        [sys.executable, "-c", PROGRAM, str(ROOT / "functions" / name / "handler.py")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return set(json.loads(finished.stdout))


@pytest.mark.parametrize("name", [*HANDLERS, "write_documents", "learn_payers", "receive_webhook"])
def test_importing_a_handler_loads_nothing_that_is_slow_and_not_needed(name: str) -> None:
    loaded = modules_after_import(name)
    assert "pawledger.runtime.wiring" in loaded
    assert not {forbidden for forbidden in FORBIDDEN if forbidden in loaded}


@pytest.mark.parametrize("name", HANDLERS)
def test_only_the_handler_that_writes_documents_loads_what_sets_them(name: str) -> None:
    assert not {"typst", "segno"} & modules_after_import(name)


def test_the_handler_that_writes_documents_loads_what_sets_them_before_the_first_record() -> None:
    assert {"typst", "segno"} <= modules_after_import("write_documents")


@pytest.mark.parametrize(
    "name",
    ["bill_accounts", "record_policy_event", "start_billing_day", "push_alerts", "write_documents", "learn_payers"],
)
def test_handlers_that_see_no_bank_file_load_no_reader_of_one(name: str) -> None:
    loaded = modules_after_import(name)
    assert not [module for module in loaded if module.startswith("pawledger.bank_files.")]
