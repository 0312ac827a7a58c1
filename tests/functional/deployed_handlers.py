"""The handlers as Lambda starts them: real modules, settings in the environment, adapters over AWS as moto plays it."""

import importlib.util
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from moto import mock_aws

from pawledger.adapters.clients import make_client, shared_session
from pawledger.runtime import wiring
from tests.builders.tables import create_tables
from tests.functional.conftest import DUMMY_ENVIRONMENT

ROOT: Final = Path(__file__).resolve().parents[2]
BUCKET: Final = "test-bank-files"
WEBHOOK_SECRETS: Final = '{"stripe": {"secrets": ["whsec_of_the_sample"]}}'
"""The secret under which `function_url_webhook` of the samples is signed."""
PAGES_MAX: Final = 50
"""Pages of a scan or calls to a queue; a test that leaves more behind is a mistake."""


@dataclass(frozen=True, slots=True)
class LambdaContext:
    """What Lambda tells a handler about its invocation, as far as anything here asks."""

    function_name: str
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:111122223333:function:test"
    aws_request_id: str = "00000000-0000-4000-8000-00000000000f"


@dataclass(frozen=True, slots=True)
class Invoked:
    """What an invocation answered, and what it printed."""

    answer: Any
    output: str

    @property
    def log_lines(self) -> list[dict[str, Any]]:
        return [line for line in self._lines if "_aws" not in line]

    @property
    def metrics(self) -> dict[str, Any]:
        """The one line of the invocation itself in the embedded metric format, each metric summed."""
        (line,) = [line for line in self._lines if _dimensions_of(line) == ["service"]]
        names = [metric["Name"] for group in line["_aws"]["CloudWatchMetrics"] for metric in group["Metrics"]]
        return {name: sum(line[name]) for name in names}

    def metrics_by(self, dimension: str, name: str) -> dict[str, int]:
        """A metric that has a line of its own for each value of a dimension."""
        lines = [line for line in self._lines if dimension in _dimensions_of(line) and name in line]
        return {line[dimension]: sum(line[name]) for line in lines}

    @property
    def _lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.splitlines()]


def _dimensions_of(line: dict[str, Any]) -> list[str]:
    """Names of the dimensions of a line in the embedded metric format; none for a line of the log."""
    groups = line.get("_aws", {}).get("CloudWatchMetrics", [])
    return sorted(name for group in groups for names in group["Dimensions"] for name in names)


@dataclass
class DeployedHandlers:
    """All handlers over one empty deployment."""

    tables: Mapping[str, str]
    billing_queue_url: str
    payments_queue_url: str
    alerts_queue_url: str
    monkeypatch: pytest.MonkeyPatch
    _modules: dict[str, ModuleType] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dynamodb, self.s3, self.sqs = make_client("dynamodb"), make_client("s3"), make_client("sqs")

    def load(self, name: str) -> ModuleType:
        """The handler's module, executed once, as in a warm function."""
        if name not in self._modules:
            self.monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", name)
            path = ROOT / "functions" / name / "handler.py"
            spec = importlib.util.spec_from_file_location(f"tests.functional.handler_of_{name}", path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            self._modules[name] = module
        return self._modules[name]

    def invoke(self, name: str, event: Mapping[str, Any]) -> Invoked:
        """Invoke a handler with an event that has gone through JSON, as it does at Lambda."""
        module = self.load(name)
        output = io.StringIO()
        with redirect_stdout(output):
            module.logger.registered_handler.setStream(output)
            answer = module.handler(json.loads(json.dumps(event)), LambdaContext(name))
        return Invoked(json.loads(json.dumps(answer)), output.getvalue())

    def clients(self, name: str) -> list[Any]:
        """Every client that a handler calls AWS with."""
        ports = getattr(self.load(name), "ports", None)
        adapters = [getattr(ports, port) for port in ("store", "payments_queue") if hasattr(ports, port)]
        return [wiring._connection().client, *(adapter._client for adapter in adapters)]

    def drop(self, key: str, data: bytes) -> str:
        version_id: str = self.s3.put_object(Bucket=BUCKET, Key=key, Body=data)["VersionId"]
        return version_id

    def items(self) -> dict[str, list[str]]:
        """Every item of every table, by the table's name, as text."""
        return {
            name: sorted(json.dumps(item, sort_keys=True) for item in self._scan(table))
            for name, table in self.tables.items()
        }

    def objects(self) -> dict[str, bytes]:
        """Every object that a listing shows."""
        found = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {listed["Key"]: self.s3.get_object(Bucket=BUCKET, Key=listed["Key"])["Body"].read() for listed in found}

    def take(self, queue_url: str) -> list[str]:
        """Remove and return the bodies of what waits in a queue."""
        bodies: list[str] = []
        for _ in range(PAGES_MAX):
            messages = self.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
            if not messages:
                return bodies
            for message in messages:
                bodies.append(message["Body"])
                self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        raise AssertionError("the queue holds more than a test sends")

    def clear(self) -> None:
        """Remove every item, object and message."""
        for table in self.tables.values():
            keys = [key["AttributeName"] for key in self.dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]]
            for item in self._scan(table):
                self.dynamodb.delete_item(TableName=table, Key={key: item[key] for key in keys})
        for version in self.s3.list_object_versions(Bucket=BUCKET).get("Versions", []):
            self.s3.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
        for queue_url in (self.billing_queue_url, self.payments_queue_url, self.alerts_queue_url):
            self.take(queue_url)

    def _scan(self, table: str) -> list[dict[str, Any]]:
        answer = self.dynamodb.scan(TableName=table)
        assert "LastEvaluatedKey" not in answer
        items: list[dict[str, Any]] = answer["Items"]
        return items


@contextmanager
def deploy_handlers() -> Iterator[DeployedHandlers]:
    """A deployment that is gone afterwards, with nothing of it left in the process."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in DUMMY_ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        _forget_clients()
        with mock_aws():
            yield _create(monkeypatch)
        _forget_clients()


def _forget_clients() -> None:
    shared_session.cache_clear()
    wiring._connection.cache_clear()


def _create(monkeypatch: pytest.MonkeyPatch) -> DeployedHandlers:
    sqs, s3, sns = make_client("sqs"), make_client("s3"), make_client("sns")
    tables = create_tables(make_client("dynamodb"))
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("billing", "payments", "alerts")}
    topic_arn = sns.create_topic(Name="alerts")["TopicArn"]
    alerts = sqs.get_queue_attributes(QueueUrl=urls["alerts"], AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=alerts["QueueArn"])
    environment = {
        **{f"{name.upper()}_TABLE": table for name, table in tables.items()},
        "BANK_FILES_BUCKET": BUCKET,
        "BILLING_QUEUE_URL": urls["billing"],
        "PAYMENTS_QUEUE_URL": urls["payments"],
        "PAYER_SECRET_ARN": _create_secret("payers", "s" * 64),
        "WEBHOOK_SECRETS_ARN": _create_secret("webhooks", WEBHOOK_SECRETS),
        "WEBHOOK_PROVIDERS": "adyen,gocardless,stripe",
        "ALERT_TOPIC_ARN": topic_arn,
        "BILLING_TIME_ZONE": "Europe/Berlin",
        "POWERTOOLS_METRICS_NAMESPACE": "Pawledger",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return DeployedHandlers(tables, urls["billing"], urls["payments"], urls["alerts"], monkeypatch)


def _create_secret(name: str, text: str) -> str:
    arn: str = make_client("secretsmanager").create_secret(Name=name, SecretString=text)["ARN"]
    return arn


def read_sample(name: str) -> dict[str, Any]:
    """One of the sample events that AWS sends, for instance `sqs_payments`."""
    sample: dict[str, Any] = json.loads((ROOT / "events" / "samples" / "aws_events" / f"{name}.json").read_text())
    return sample


def queue_event(*bodies: object) -> dict[str, Any]:
    """The sample event of a queue with other messages in it; a text is taken as it is."""
    template = read_sample("sqs_payments")["Records"][0]
    return {
        "Records": [
            {**template, "messageId": f"message-{place}", "body": body if isinstance(body, str) else json.dumps(body)}
            for place, body in enumerate(bodies)
        ]
    }


def object_created(key: str, version_id: str) -> dict[str, Any]:
    """The sample word of EventBridge about another object."""
    message: dict[str, Any] = json.loads(read_sample("sqs_bank_files")["Records"][0]["body"])
    message["detail"]["object"] |= {"key": key, "version-id": version_id}
    return message


def failed_messages(invoked: Invoked) -> list[str]:
    return [failure["itemIdentifier"] for failure in invoked.answer["batchItemFailures"]]


@contextmanager
def hooked_calls(clients: list[Any], before: Callable[[str], None], after: Callable[[str], None]) -> Iterator[None]:
    """Call back with the operation's name before and after every call of these clients."""

    def call_before(model: Any, **_: Any) -> None:
        before(model.name)

    def call_after(model: Any, **_: Any) -> None:
        after(model.name)

    for client in clients:
        client.meta.events.register("before-call", call_before)
        client.meta.events.register("after-call", call_after)
    try:
        yield
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", call_before)
            client.meta.events.unregister("after-call", call_after)
