"""Bill runs in memory."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

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
from tests.fakes.world import SharedState

PORT = "RunBook"


class MemoryRunBook:
    """Fulfils `RunBook`."""

    def __init__(self, state: SharedState) -> None:
        self._state = state

    def read_run(self, day: date) -> Run | None:
        with self._state.call(PORT, "read_run", day) as rows:
            stored = rows.runs.get(day)
            return read_run(*stored) if stored else None

    def write_run(self, run: Run) -> None:
        with self._state.call(PORT, "write_run", run) as rows:
            standing_version = rows.runs[run.day][0] if run.day in rows.runs else 0
            if standing_version != run.version - 1:
                raise RunMovedError(f"the run of {run.day} is no longer at version {run.version - 1}")
            rows.runs[run.day] = (run.version, write_run(run))

    def write_batches(self, day: date, batches: Iterable[Batch]) -> None:
        for batch in batches:
            with self._state.call(PORT, "write_batches", day, batch) as rows:
                rows.batches.setdefault((day, batch.batch_id), (write_batch(batch), None))

    def read_batches(self, day: date, plan_id: str) -> Iterator[Batch]:
        with self._state.call(PORT, "read_batches", day, plan_id) as rows:
            stored = [
                texts
                for (on, batch_id), texts in sorted(rows.batches.items())
                if on == day and batch_id.startswith(plan_id)
            ]
        return (read_batch(body, result) for body, result in stored)

    def report_batch(self, day: date, batch_id: str, result: BatchResult) -> bool:
        with self._state.call(PORT, "report_batch", day, batch_id, result) as rows:
            body, standing = rows.batches.get((day, batch_id), (None, None))
            if body is None or standing is not None:
                return False
            rows.batches[day, batch_id] = (body, write_result(result))
            return True

    def write_forecast(self, day: date, totals: Sequence[CohortTotal]) -> None:
        with self._state.call(PORT, "write_forecast", day, tuple(totals)) as rows:
            rows.forecasts[day] = write_totals(totals)

    def read_forecast(self, day: date) -> tuple[CohortTotal, ...] | None:
        with self._state.call(PORT, "read_forecast", day) as rows:
            body = rows.forecasts.get(day)
            return None if body is None else read_totals(body)
