import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local_cloud.emulator_process import (
    Progress,
    RetryLimits,
    Step,
    check_queue_answers,
    fill_schedule_input,
    fill_schedule_inputs,
    first_failure,
    next_step,
    share_layers,
)

UNLIMITED = RetryLimits(retries=-1, age_seconds=-1, splits=False)


def step(
    progress: Progress, batch: int, failed_at: int | None, limits: RetryLimits, oldest_age_seconds: float = 0
) -> Step:
    return next_step(progress, batch=batch, failed_at=failed_at, oldest_age_seconds=oldest_age_seconds, limits=limits)


def run_stream(records: list[str], poison: set[str], limits: RetryLimits, *, reports: bool) -> tuple[list[str], int]:
    """Feed a stream to a function that fails on some records; the records given up, and how often it was called.

    A function that reports names its first failed record; one that does not raises for the whole batch.
    """
    position, calls, progress, given_up = 0, 0, Progress(), list[str]()
    while position < len(records):
        calls += 1
        assert calls < 1_000, "the stream is stuck"
        batch = records[position : position + min(progress.span or 100, 100)]
        failures = [place for place, record in enumerate(batch) if record in poison]
        failed_at = (failures[0] if reports else 0) if failures else None
        decided = step(progress, len(batch), failed_at, limits)
        if decided.gives_up:
            given_up += batch[failed_at or 0 :]
        position += decided.advance
        progress = decided.progress
    return given_up, calls


def test_a_batch_without_failures_is_done() -> None:
    assert step(Progress(attempts=2, span=4), 4, None, UNLIMITED) == Step(4, gives_up=False, progress=Progress())


def test_a_mapping_resumes_at_the_first_record_reported_as_failed() -> None:
    decided = step(Progress(), 10, 7, UNLIMITED)
    assert (decided.advance, decided.gives_up) == (7, False)


def test_without_a_limit_a_failing_batch_is_never_given_up() -> None:
    assert not step(Progress(attempts=10_000), 1, 0, UNLIMITED).gives_up


@pytest.mark.parametrize(("retries", "calls"), [(0, 1), (1, 2), (3, 4)])
def test_a_failing_batch_is_given_up_after_its_retries(retries: int, calls: int) -> None:
    limits = RetryLimits(retries=retries, age_seconds=-1, splits=False)
    assert run_stream(["a"], {"a"}, limits, reports=False) == (["a"], calls)


def test_a_batch_that_is_too_old_is_given_up_at_once() -> None:
    limits = RetryLimits(retries=-1, age_seconds=60, splits=True)
    assert step(Progress(), 5, 2, limits, oldest_age_seconds=61) == Step(5, gives_up=True, progress=Progress())
    assert not step(Progress(), 5, 2, limits, oldest_age_seconds=60).gives_up


@pytest.mark.parametrize("reports", [True, False])
@pytest.mark.parametrize("place", range(8))
def test_splitting_gives_up_the_poison_record_alone(place: int, reports: bool) -> None:
    records = [f"record-{number}" for number in range(8)]
    limits = RetryLimits(retries=2, age_seconds=-1, splits=True)
    given_up, _ = run_stream(records, {records[place]}, limits, reports=reports)
    assert given_up == [records[place]]


def test_without_splitting_neighbours_after_the_poison_record_are_given_up_with_it() -> None:
    limits = RetryLimits(retries=1, age_seconds=-1, splits=False)
    given_up, _ = run_stream(list("abcd"), {"c"}, limits, reports=True)
    assert given_up == ["c", "d"]


def test_limits_that_a_mapping_does_not_set_do_not_limit() -> None:
    assert RetryLimits.of({}) == UNLIMITED
    mapping = {"MaximumRetryAttempts": 0, "MaximumRecordAgeInSeconds": 60, "BisectBatchOnFunctionError": True}
    assert RetryLimits.of(mapping) == RetryLimits(retries=0, age_seconds=60, splits=True)


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        (None, None),
        ("text", None),
        ({"batchItemFailures": []}, None),
        ({"batchItemFailures": None}, None),
        ({"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "2"}]}, 1),
        ({"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "9"}]}, 0),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, 0),
        ({"batchItemFailures": [{}]}, 0),
    ],
)
def test_a_partial_answer_names_the_first_failure_or_fails_the_whole_batch(answer: Any, place: int | None) -> None:
    assert first_failure(answer, ["1", "2", "3"]) == place


def answer_a_queue(answer: Any, *, reports: bool = True) -> dict[str, Any]:
    """The result that the emulator sees for a batch of messages `m1` and `m2` when the function answers so."""
    results = list[dict[str, Any]]()
    functions = SimpleNamespace(_execute_function=lambda _function, _event: {"body": answer})
    functions._run_sqs_batch = lambda _mapping, function, event: results.append(
        functions._execute_function(function, event)
    )
    check_queue_answers(functions)
    mapping = {"FunctionResponseTypes": ["ReportBatchItemFailures"] if reports else []}
    event = {"Records": [{"messageId": "m1"}, {"messageId": "m2"}]}
    functions._run_sqs_batch(mapping, None, event)
    return results[0]


def test_a_queue_answer_that_names_an_unknown_message_fails_the_batch() -> None:
    assert answer_a_queue({"batchItemFailures": [{"itemIdentifier": "m3"}]})["error"] is True


def test_a_queue_answer_that_names_a_message_of_the_batch_is_left_alone() -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": "m2"}]}
    assert answer_a_queue(answer) == {"body": answer}


def test_an_answer_counts_only_where_the_mapping_asks_for_it() -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": "m3"}]}
    assert answer_a_queue(answer, reports=False) == {"body": answer}


def test_a_schedule_input_gets_the_scheduled_time_in_utc() -> None:
    text = '{"scheduled_at": "<aws.scheduler.scheduled-time>", "by": "<aws.scheduler.schedule-arn>"}'
    at = datetime(2026, 11, 23, 5, 30, 7, tzinfo=UTC)
    filled = fill_schedule_input(text, at=at, schedule_arn="arn:daily")
    assert filled == '{"scheduled_at": "2026-11-23T05:30:07Z", "by": "arn:daily"}'


def test_only_targets_of_schedules_are_filled_in() -> None:
    invoked = list[dict[str, Any]]()
    events = SimpleNamespace(_invoke_target=lambda target, _event, _rule: invoked.append(target))
    fill_schedule_inputs(events)
    target = {"Arn": "arn:function", "Input": '"<aws.scheduler.scheduled-time>"'}
    # 1_795_411_845 is 2026-11-23 05:30:45 UTC; schedules fire to the minute.
    events._invoke_target(target, {"Source": "aws.scheduler", "Time": 1_795_411_845}, None)
    events._invoke_target(target, {"Source": "aws.events", "Time": 1_795_411_845}, None)
    assert [each["Input"] for each in invoked] == ['"2026-11-23T05:30:00Z"', '"<aws.scheduler.scheduled-time>"']


def unpack(runtime: SimpleNamespace, content: str, folder: Path) -> Path:
    """Unpack an archive of one module as a worker does, into a folder that it made for it."""
    folder.mkdir(parents=True)
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr(zipfile.ZipInfo("python/told.py"), content)
    with runtime.zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder / "python" / "told.py"


@pytest.fixture
def sharing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    runtime = SimpleNamespace(zipfile=zipfile)
    share_layers(runtime)
    return runtime


def test_workers_share_one_compiled_copy_of_a_layer_and_each_layer_is_its_own(
    sharing: SimpleNamespace, tmp_path: Path
) -> None:
    first, second = (unpack(sharing, "told = 1\n", tmp_path / name / "layer_0") for name in ("first", "second"))
    other = unpack(sharing, "told = 2\n", tmp_path / "second" / "layer_1")
    assert [path.read_text() for path in (first, second, other)] == ["told = 1\n", "told = 1\n", "told = 2\n"]
    assert first.samefile(second)
    assert [path.name.partition(".")[0] for path in first.parent.glob("__pycache__/*.pyc")] == ["told"]


def test_what_is_no_layer_is_unpacked_for_each_worker(sharing: SimpleNamespace, tmp_path: Path) -> None:
    first, second = (unpack(sharing, "told = 1\n", tmp_path / name / "code") for name in ("first", "second"))
    assert first.read_text() == second.read_text() == "told = 1\n"
    assert not first.samefile(second)


def test_a_broken_layer_is_refused_and_a_later_whole_one_unpacked(sharing: SimpleNamespace, tmp_path: Path) -> None:
    broken = tmp_path / "layer_0.zip"
    broken.write_bytes(b"no archive")
    with pytest.raises(sharing.zipfile.BadZipFile):
        sharing.zipfile.ZipFile(broken)
    assert unpack(sharing, "told = 3\n", tmp_path / "third" / "layer_0").read_text() == "told = 3\n"
