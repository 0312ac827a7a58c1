"""How much processor time each handler takes to import, in fresh processes.

Measured as deployed: on the trimmed layers of packages, for this machine's Python, with the bytecode compiled before.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.table import Row
from infra.constructs.layers import install_dependencies, remove_unused_endpoints, remove_unused_files
from infra.environments import LOCAL

CHECKOUT: Final = Path(__file__).parent.parent
RUNS: Final = 7
IMPORT_MILLISECONDS_MAX: Final = 250
FORBIDDEN_MODULES: Final = ("pydantic", "pandas", "aws_xray_sdk", "boto3.resources")
SETTINGS: Final = {
    **{
        f"{table}_TABLE": f"bench-{table.lower()}"
        for table in ("ACCOUNTS", "ENTRIES", "POLICIES", "DISCREPANCIES", "BANK_FILES", "REFERENCES", "RUNS")
    },
    "BANK_FILES_BUCKET": "bench",
    "DOCUMENTS_BUCKET": "bench",
    "BILLING_QUEUE_URL": "http://127.0.0.1:9/billing",
    "PAYMENTS_QUEUE_URL": "http://127.0.0.1:9/payments",
    "PAYER_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:000000000000:secret:payers",
    "WEBHOOK_SECRETS_ARN": "arn:aws:secretsmanager:eu-west-1:000000000000:secret:webhooks",
    "WEBHOOK_PROVIDERS": "stripe",
    "ALERT_TOPIC_ARN": "arn:aws:sns:eu-west-1:000000000000:alerts",
    "BILLING_TIME_ZONE": "Europe/London",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "Pawledger",
}
_PROGRAM: Final = """
import importlib, json, sys, time
started = time.process_time()
importlib.import_module(sys.argv[1])
milliseconds = (time.process_time() - started) * 1000
print(json.dumps([milliseconds, [name for name in sys.argv[2:] if name in sys.modules]]))
"""


def measure_imports() -> list[Row]:
    """Import time of every handler, the best of `RUNS` fresh processes that take turns: what others do only adds."""
    handlers = sorted(path.parent.name for path in (CHECKOUT / "functions").glob("*/handler.py"))
    times: dict[str, list[float]] = {handler: [] for handler in handlers}
    forbidden: dict[str, set[str]] = {handler: set() for handler in handlers}
    with tempfile.TemporaryDirectory() as folder:
        layer = Path(folder, "layer")
        for lock in ("dependencies", "documents"):
            install_dependencies(CHECKOUT / "layers" / lock / "requirements.txt", layer, LOCAL)
        remove_unused_files(layer)
        remove_unused_endpoints(layer)
        for handler in handlers:
            _import_once(handler, layer)  # compiles; what is measured is loading
        for handler in handlers * RUNS:
            milliseconds, loaded = _import_once(handler, layer)
            times[handler].append(milliseconds)
            forbidden[handler].update(loaded)
    return [
        Row(
            f"import of functions/{handler}" + (f" LOADS {sorted(forbidden[handler])}" if forbidden[handler] else ""),
            f"{min(times[handler]):.0f} ms, median {statistics.median(times[handler]):.0f}",
            f"<= {IMPORT_MILLISECONDS_MAX} ms",
            min(times[handler]) <= IMPORT_MILLISECONDS_MAX and not forbidden[handler],
        )
        for handler in handlers
    ]


def _import_once(handler: str, layer: Path) -> tuple[float, list[str]]:
    path = os.pathsep.join([str(CHECKOUT), str(layer), str(CHECKOUT / "layers/pawledger/python")])
    environment = {**os.environ, **SETTINGS, "PYTHONPATH": path, "PYTHONPYCACHEPREFIX": str(layer.parent / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    finished = subprocess.run(
        [sys.executable, "-c", _PROGRAM, f"functions.{handler}.handler", *FORBIDDEN_MODULES],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    milliseconds, loaded = json.loads(finished.stdout.splitlines()[-1])
    return float(milliseconds), list(loaded)
