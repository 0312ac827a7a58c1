"""The emulator's process: ministack, with three answers made as AWS makes them.

Runs under the interpreter of the emulator's own virtual environment, started by `local_cloud.emulator`; it imports
nothing of Pawledger. ministack 1.5.33 departs from AWS in ways that our flows meet:

1. A stream record that a function reports as failed is skipped, a failing batch is retried without limit, and a slow
   stream function holds every queue back. Here a mapping resumes at the first failed record, splits and retries within
   its limits, sends what it gives up on to its failure destination, and runs beside the queues.
2. A partial answer for a queue that names an unknown message deletes the whole batch. Here it fails the whole batch.
3. A schedule's input keeps `<aws.scheduler.scheduled-time>` and its siblings. Here they are filled in.

Every worker of a function unpacks its layers for itself, two thousand files each time, and compiles what it imports of
them. Here a layer is unpacked and compiled once.
"""

import compileall
import contextvars
import functools
import hashlib
import tempfile
import threading
import time
import types
import uuid
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

DEFAULT_STREAM_BATCH: Final = 100  # AWS's default for DynamoDB streams
UNLIMITED: Final = -1  # how AWS writes "no limit" for retries and for age
LAYER_PREFIX: Final = "layer_"  # how ministack names the folders of a worker that layers are unpacked into
INVALID_ANSWER: Final = {"errorType": "InvalidBatchItemFailures", "errorMessage": "an identifier is not of this batch"}


@dataclass(frozen=True)
class Progress:
    """Where a stream mapping stands on its oldest records: attempts used, and the span of a split batch if any."""

    attempts: int = 0
    span: int | None = None


@dataclass(frozen=True)
class Step:
    """What follows an attempt: records to move past, whether those that failed are given up, how to go on."""

    advance: int
    gives_up: bool
    progress: Progress


@dataclass(frozen=True)
class RetryLimits:
    """A mapping's limits: retries after the first attempt, seconds of age, and whether failing batches are split."""

    retries: int
    age_seconds: int
    splits: bool

    @classmethod
    def of(cls, mapping: Mapping[str, Any]) -> "RetryLimits":
        """Read from an event source mapping; what is not set has no limit."""
        retries = mapping.get("MaximumRetryAttempts")
        age = mapping.get("MaximumRecordAgeInSeconds")
        return cls(
            retries=UNLIMITED if retries is None else int(retries),
            age_seconds=UNLIMITED if age is None else int(age),
            splits=bool(mapping.get("BisectBatchOnFunctionError")),
        )


def next_step(
    progress: Progress, *, batch: int, failed_at: int | None, oldest_age_seconds: float, limits: RetryLimits
) -> Step:
    """Decide what follows an attempt on `batch` records of which the one at `failed_at` failed first (None: none did).

    As the AWS Lambda guide says for DynamoDB streams: records before the first failed one are done; the rest is tried
    again, halved first where the mapping splits, which uses no retry; after the limits they are given up together.
    """
    if failed_at is None:
        return Step(batch, gives_up=False, progress=Progress())
    remaining = batch - failed_at
    attempts = (progress.attempts if failed_at == 0 else 0) + 1
    if 0 <= limits.age_seconds < oldest_age_seconds:
        return Step(batch, gives_up=True, progress=Progress())
    if limits.splits and remaining > 1:
        return Step(failed_at, gives_up=False, progress=Progress(attempts - 1, span=remaining // 2))
    if 0 <= limits.retries < attempts:
        return Step(batch, gives_up=True, progress=Progress())
    return Step(failed_at, gives_up=False, progress=Progress(attempts, span=remaining if limits.splits else None))


def first_failure(answer: Any, identifiers: Sequence[str]) -> int | None:
    """Place of the first record that a partial answer names; None when it names none.

    An identifier that is empty or not of this batch fails the whole batch: place 0.
    """
    named = reported_identifiers(answer)
    if any(name not in identifiers for name in named):
        return 0
    return min((identifiers.index(name) for name in named), default=None)


def reported_identifiers(answer: Any) -> list[str]:
    """The identifiers a partial answer names; an answer of another shape, or none, names none."""
    if not isinstance(answer, dict):
        return []
    return [str(failure.get("itemIdentifier") or "") for failure in answer.get("batchItemFailures") or []]


def fill_schedule_input(text: str, *, at: datetime, schedule_arn: str) -> str:
    """Replace EventBridge Scheduler's context attributes in a target's input; instants are UTC, to the second."""
    for name, value in {
        "schedule-arn": schedule_arn,
        "scheduled-time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


class StreamMappings:
    """Polls the DynamoDB stream mappings in ministack's place."""

    def __init__(self, functions: Any, tables: Any) -> None:
        self._functions = functions
        self._tables = tables
        self._progress: dict[str, Progress] = {}

    def poll(self) -> bool:
        """Dispatch one batch of every enabled mapping that has records and none in flight; True if there was one."""
        dispatched = False
        for account, region, mapping in self._functions._iter_all_esms():
            account_token = self._functions._request_account_id.set(account)
            region_token = self._functions._request_region.set(region)
            try:
                dispatched = self._dispatch(mapping) or dispatched
            finally:
                self._functions._request_account_id.reset(account_token)
                self._functions._request_region.reset(region_token)
        return dispatched

    def _dispatch(self, mapping: dict[str, Any]) -> bool:
        source = mapping.get("EventSourceArn", "")
        identifier = mapping["UUID"]
        if not mapping.get("Enabled", True) or ":dynamodb:" not in source or "/stream/" not in source:
            return False
        if self._functions._esm_inflight.get(identifier, 0):
            return False
        if self._functions._esm_backoff_until.get(identifier, 0) > time.time():
            return False
        function, _ = self._functions._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
        table = source.split("/stream/")[0].rsplit("/", 1)[-1]
        if function is None or (self._tables._tables.get(table) or {}).get("LatestStreamArn") != source:
            return False
        self._functions._init_stream_position(identifier, source, mapping.get("StartingPosition", "LATEST"))
        positions = self._functions._dynamodb_stream_positions
        position = max(positions[identifier], self._tables.stream_start_position(table))
        progress = self._progress.get(identifier, Progress())
        limit = min(progress.span or DEFAULT_STREAM_BATCH, mapping.get("BatchSize") or DEFAULT_STREAM_BATCH)
        records = self._tables.stream_records_since(table, position, limit)
        if not records:
            return False
        self._functions._dispatch_esm_batch(identifier, self._attempt, mapping, function, position, records)
        return True

    def _attempt(self, mapping: dict[str, Any], function: Any, position: int, records: list[dict[str, Any]]) -> None:
        identifier = mapping["UUID"]
        offered = self._functions._apply_filter_criteria(records, mapping)
        result = self._functions._execute_function(function, {"Records": offered}) if offered else {}
        limits = RetryLimits.of(mapping)
        failed_at = self._failed_at(mapping, records, result)
        born = min(float(record["dynamodb"]["ApproximateCreationDateTime"]) for record in records)
        age_seconds = time.time() - born
        progress = self._progress.get(identifier, Progress())
        step = next_step(
            progress, batch=len(records), failed_at=failed_at, oldest_age_seconds=age_seconds, limits=limits
        )
        if step.gives_up:
            too_old = 0 <= limits.age_seconds < age_seconds
            reason = "MaxRecordAgeExceeded" if too_old else "RetryAttemptsExhausted"
            self._functions._send_ddb_stream_failure_record(
                mapping, function, records[failed_at or 0 :], mapping["EventSourceArn"], result, reason
            )
        elif failed_at is not None:
            pause_seconds = self._functions._ESM_BACKOFF_SECONDS
            self._functions._esm_backoff_until[identifier] = time.time() + pause_seconds
        self._progress[identifier] = step.progress
        self._functions._dynamodb_stream_positions[identifier] = position + step.advance
        mapping["LastProcessingResult"] = "OK" if failed_at is None else "FAILED"
        print(f"stream {identifier}: {len(records)} records, first failure {failed_at}, {step}", flush=True)
        print(result.get("log", ""), flush=True)

    @staticmethod
    def _failed_at(mapping: Mapping[str, Any], records: list[dict[str, Any]], result: Mapping[str, Any]) -> int | None:
        if result.get("error"):
            return 0
        if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []):
            return None
        return first_failure(result.get("body"), [str(record["dynamodb"]["SequenceNumber"]) for record in records])


def check_queue_answers(functions: Any) -> None:
    """Let a queue's partial answer that names an unknown message fail the whole batch, as AWS does."""
    batch_identifiers: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("batch", default=None)
    execute: Callable[..., dict[str, Any]] = functions._execute_function
    run_batch: Callable[..., None] = functions._run_sqs_batch

    @functools.wraps(run_batch)
    def run_checked_batch(mapping: dict[str, Any], function: Any, event: dict[str, Any], *rest: Any) -> None:
        reports = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or [])
        token = batch_identifiers.set([record["messageId"] for record in event["Records"]] if reports else None)
        try:
            run_batch(mapping, function, event, *rest)
        finally:
            batch_identifiers.reset(token)

    @functools.wraps(execute)
    def execute_checked(function: Any, event: dict[str, Any]) -> dict[str, Any]:
        result = execute(function, event)
        identifiers = batch_identifiers.get()
        if identifiers is None or result.get("error"):
            return result
        if any(name not in identifiers for name in reported_identifiers(result.get("body"))):
            return {**result, "error": True, "body": INVALID_ANSWER}
        return result

    functions._run_sqs_batch = run_checked_batch
    functions._execute_function = execute_checked


def fill_schedule_inputs(events: Any) -> None:
    """Fill in the context attributes of EventBridge Scheduler before a target is invoked."""
    invoke: Callable[..., Any] = events._invoke_target

    @functools.wraps(invoke)
    def invoke_filled(target: dict[str, Any], event: dict[str, Any], *rest: Any, **options: Any) -> Any:
        if event.get("Source") == "aws.scheduler" and target.get("Input"):
            # Schedules fire to the minute; the emulator looks every ten seconds.
            at = datetime.fromtimestamp(event["Time"], UTC).replace(second=0, microsecond=0)
            filled = fill_schedule_input(target["Input"], at=at, schedule_arn=(event.get("Resources") or [""])[0])
            target = {**target, "Input": filled}
        return invoke(target, event, *rest, **options)

    events._invoke_target = invoke_filled


def permit_batches(actions: Any) -> None:
    """Ask for the same right for a batch of messages as for one, as SQS does: there is no `sqs:SendMessageBatch`."""
    extract: Callable[..., str | None] = actions.extract_iam_action

    @functools.wraps(extract)
    def extract_single(*request: Any, **options: Any) -> str | None:
        return single_message_action(extract(*request, **options))

    actions.extract_iam_action = extract_single


def single_message_action(action: str | None) -> str | None:
    """The right that SQS asks for: that of the single message, also for `sqs:SendMessageBatch` and its like."""
    if action and action.startswith("sqs:"):
        return action.removesuffix("Batch")
    return action


def share_layers(runtime: Any) -> None:
    """Let all workers use one unpacked copy of a layer, which none of them may write to on AWS either."""
    shared = Path(tempfile.gettempdir()) / "layers"
    unpacking = threading.Lock()

    class SharingArchive(zipfile.ZipFile):
        """An archive that is unpacked into a worker's folder of a layer by a link to the copy for all."""

        def extractall(self, path: Any = None, *rest: Any, **options: Any) -> None:
            folder = Path(path or ".")
            if not folder.name.startswith(LAYER_PREFIX):
                super().extractall(path, *rest, **options)
                return
            archive = Path(str(self.filename))
            content = shared / hashlib.sha256(archive.read_bytes()).hexdigest()
            with unpacking:
                if not content.exists():
                    partial = content.with_suffix(".partial")
                    super().extractall(partial, *rest, **options)
                    partial.rename(content)
                    compileall.compile_dir(content, quiet=2)
            archive.unlink()
            folder.rmdir()
            folder.symlink_to(content, target_is_directory=True)

    runtime.zipfile = types.SimpleNamespace(**{**vars(zipfile), "ZipFile": SharingArchive})


def main() -> None:
    """Serve until told to end; address, port and credentials come from the environment."""
    from ministack.app import main as serve
    from ministack.core import iam_actions, lambda_runtime
    from ministack.services import dynamodb, eventbridge, lambda_svc

    check_queue_answers(lambda_svc)
    fill_schedule_inputs(eventbridge)
    permit_batches(iam_actions)
    share_layers(lambda_runtime)
    lambda_svc._poll_dynamodb_streams = StreamMappings(lambda_svc, dynamodb).poll
    serve()


if __name__ == "__main__":
    main()
