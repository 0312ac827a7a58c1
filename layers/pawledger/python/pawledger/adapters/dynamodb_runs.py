"""Bill runs in DynamoDB: a day is one partition with its run, its forecast and its batches."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from pynamodb.exceptions import UpdateError

from pawledger.adapters.dynamodb_queries import get_row, is_refused_by_condition, limit_items, put_row
from pawledger.adapters.models import RunRow
from pawledger.adapters.run_bodies import (
    read_batch,
    read_run,
    read_totals,
    write_batch,
    write_result,
    write_run,
    write_totals,
)
from pawledger.domain.billing.bill_runs import Batch, BatchResult, CohortTotal, Run
from pawledger.ports import RunMovedError

RUN_PART: Final = "run"
FORECAST_PART: Final = "forecast"
BATCH_PART_PREFIX: Final = "batch#"

BATCHES_PER_PLAN_MAX: Final = 99_999
"""Five digits keep batches in the order of their numbers: ten million accounts in one day."""


class DynamoRunBook:
    """Fulfils `RunBook`."""

    def __init__(self, runs: type[RunRow]) -> None:
        self._runs = runs

    def read_run(self, day: date) -> Run | None:
        row = get_row(self._runs, day.isoformat(), RUN_PART, consistent=True)
        return read_run(row.version, row.body) if row else None

    def write_run(self, run: Run) -> None:
        row = self._runs(run.day.isoformat(), RUN_PART, body=write_run(run), version=run.version)
        is_next = RunRow.day.does_not_exist() if run.version == 1 else RunRow.version == run.version - 1
        if not put_row(row, is_next):
            raise RunMovedError(f"the run of {run.day} is no longer at version {run.version - 1}")

    def write_batches(self, day: date, batches: Iterable[Batch]) -> None:
        for batch in batches:
            row = self._runs(day.isoformat(), _part_of(batch.batch_id), body=write_batch(batch))
            put_row(row, RunRow.day.does_not_exist())

    def read_batches(self, day: date, plan_id: str) -> Iterator[Batch]:
        is_of_plan = RunRow.part.startswith(_part_of(plan_id))
        rows = self._runs.query(day.isoformat(), is_of_plan, consistent_read=True)
        for row in limit_items(rows, BATCHES_PER_PLAN_MAX, f"batches of the run of {day}"):
            yield read_batch(row.body, row.result)

    def report_batch(self, day: date, batch_id: str, result: BatchResult) -> bool:
        is_first = RunRow.day.exists() & RunRow.result.does_not_exist()
        row = self._runs(day.isoformat(), _part_of(batch_id))
        try:
            row.update([RunRow.result.set(write_result(result))], condition=is_first)
        except UpdateError as error:
            if not is_refused_by_condition(error):
                raise
            return False
        return True

    def write_forecast(self, day: date, totals: Sequence[CohortTotal]) -> None:
        self._runs(day.isoformat(), FORECAST_PART, body=write_totals(totals)).save()

    def read_forecast(self, day: date) -> tuple[CohortTotal, ...] | None:
        row = get_row(self._runs, day.isoformat(), FORECAST_PART, consistent=True)
        return read_totals(row.body) if row else None


def _part_of(batch_id: str) -> str:
    return f"{BATCH_PART_PREFIX}{batch_id}"
