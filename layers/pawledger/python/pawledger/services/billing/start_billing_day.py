"""A billing day, step by step: each firing plans it, sends its canary or its rest, holds it, or finds it done.

The schedule fires every quarter of an hour. No step waits for anything, and each can be killed and taken again: what a
run has sent is stored before it is sent, so that sending again sends the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any, Final, TypeVar

from pawledger.domain.billing.bill_runs import (
    Batch,
    BatchResult,
    Run,
    RunStatus,
    Step,
    compare_with_forecast,
    describe_hold,
    find_canary_faults,
    measure_progress,
    next_step,
)
from pawledger.domain.errors import PawledgerError
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.ports import Agenda, DiscrepancyBook, MessageQueue, RunBook, RunMovedError
from pawledger.services.billing.plan_run import extend_run, plan_run

BILLING_DAY: Final = "billing_day.v1"
BILL_ACCOUNTS: Final = "bill_accounts.v1"

RUN_DAYS_FOLLOWED: Final = 7
"""Days before the business date whose runs a firing still moves on: a run that is held on a Friday is released on a
Monday, and one whose batches were dead letters is done when they were redriven."""

FIRINGS_AT_ONCE_MAX: Final = 4
"""How often a run is read again because another firing moved it; two at once are rare, four a mistake."""

STEPS_MAX: Final = 4
"""Steps of one run in one firing: sent, and done where it has no accounts."""


_Moved = TypeVar("_Moved", Run, Run | None)


class RestlessRunError(PawledgerError):
    """Other firings moved a run at every attempt; the event comes again."""


@dataclass(frozen=True, slots=True)
class BillingPorts:
    """Everything that starting a billing day touches."""

    agenda: Agenda
    runs: RunBook
    discrepancies: DiscrepancyBook
    billing_queue: MessageQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedDay:
    """What a firing did and found."""

    run: Run
    """The business date's own run."""
    is_planned: bool
    """Whether this firing planned the run, or added to it."""
    queued_count: int
    """Accounts whose batches it sent."""
    held_count: int
    """Runs that are held, of the business date and of the days followed before it."""
    waiting_count: int
    """Batches of runs that have been started, of the same days, that have not reported yet."""


@dataclass(slots=True)
class _Firing:
    """One firing, of the schedule or of a person, and what came of it so far."""

    ports: BillingPorts
    fired_at: datetime | None
    """The schedule's instant; None where a person fires by hand."""
    is_planned: bool = False
    queued_count: int = 0
    held_count: int = 0
    waiting_count: int = 0


def start_billing_day(business_date: date, *, ports: BillingPorts, fired_at: datetime | None = None) -> StartedDay:
    """Move the run of a business date on, and those of the days before that are not over.

    `fired_at` is the schedule's instant. Without it a person fires by hand, and a day that was sent is sent again: the
    batches that have not reported, or where all have, what has become due since. Fired ten times, each account is
    still billed once. Raises `RestlessRunError`.
    """
    firing = _Firing(ports, fired_at)
    for days_ago in range(RUN_DAYS_FOLLOWED, 0, -1):
        _retry(_follow_earlier_run, business_date - timedelta(days=days_ago), firing)
    run = _retry(_start_run, business_date, firing)
    return StartedDay(
        run=run,
        is_planned=firing.is_planned,
        queued_count=firing.queued_count,
        held_count=firing.held_count,
        waiting_count=firing.waiting_count,
    )


def _retry(move: Callable[[date, _Firing], _Moved], day: date, firing: _Firing) -> _Moved:
    for _ in range(FIRINGS_AT_ONCE_MAX):
        try:
            return move(day, firing)
        except RunMovedError:
            continue
    raise RestlessRunError(f"the run of {day} was moved by others {FIRINGS_AT_ONCE_MAX} times")


def _follow_earlier_run(day: date, firing: _Firing) -> Run | None:
    run = firing.ports.runs.read_run(day)
    return _follow_run(run, firing) if run else None


def _start_run(day: date, firing: _Firing) -> Run:
    ports = firing.ports
    run = ports.runs.read_run(day)
    if run is None:
        run = plan_run(day, agenda=ports.agenda, runs=ports.runs)
        firing.is_planned = True
    elif firing.fired_at is None and run.is_sent and not run.is_halted:
        run = _send_again(run, firing)
    return _follow_run(run, firing)


def _send_again(run: Run, firing: _Firing) -> Run:
    ports = firing.ports
    waiting = [batch for batch in _read_batches(run, ports.runs) if batch.result is None]
    if waiting:
        _send(run, waiting, firing)
        return run
    extended = extend_run(run, agenda=ports.agenda, runs=ports.runs)
    firing.is_planned = extended is not run
    return extended


def _follow_run(run: Run, firing: _Firing) -> Run:
    """Take every step that a run can take now."""
    if run.status is RunStatus.DONE:
        return run
    ports = firing.ports
    _settle_discrepancy(run, ports.discrepancies)
    batches = [] if run.is_halted else _read_batches(run, ports.runs)
    for _ in range(STEPS_MAX):
        canary = measure_progress(batch for batch in batches if batch.is_canary)
        step = next_step(run, canary, measure_progress(batches), firing.fired_at)
        if step is Step.WAIT:
            break
        run = _take_step(step, run, batches, firing)
    if run.status is RunStatus.HELD:
        firing.held_count += 1
    elif run.status is RunStatus.STARTED:
        firing.waiting_count += sum(batch.result is None for batch in batches)
    return run


def _take_step(step: Step, run: Run, batches: Sequence[Batch], firing: _Firing) -> Run:
    """Take one step and store that it was taken; a firing that is killed between both takes it again."""
    moved = replace(run, version=run.version + 1)
    if step is Step.SEND_CANARY:
        _send(run, [batch for batch in batches if batch.is_canary], firing)
        moved = replace(moved, status=RunStatus.STARTED, is_canary_sent=True, canary_sent_at=firing.fired_at)
    elif step is Step.SEND_REST:
        _send(run, [batch for batch in batches if batch.result is None], firing)
        moved = replace(moved, status=RunStatus.STARTED, is_sent=True)
    elif step is Step.HOLD:
        canary = measure_progress(batch for batch in batches if batch.is_canary)
        moved = replace(moved, status=RunStatus.HELD, held_because=find_canary_faults(run, canary))
    else:
        whole = measure_progress(batches)
        result = BatchResult(invoice_count=whole.invoice_count, invoiced_minor=whole.invoiced_minor)
        moved = replace(moved, status=RunStatus.DONE, result=result)
    firing.ports.runs.write_run(moved)
    if step is Step.HOLD:
        _settle_discrepancy(moved, firing.ports.discrepancies)
    return moved


def _read_batches(run: Run, runs: RunBook) -> list[Batch]:
    return list(chain.from_iterable(runs.read_batches(run.day, plan_id) for plan_id in run.plan_ids))


def _send(run: Run, batches: Sequence[Batch], firing: _Firing) -> None:
    firing.ports.billing_queue.send(_message_of(run, batch) for batch in batches)
    firing.queued_count += sum(len(batch.account_ids) for batch in batches)


def _message_of(run: Run, batch: Batch) -> dict[str, Any]:
    return {
        "schema": BILL_ACCOUNTS,
        "business_date": run.day.isoformat(),
        "batch_id": batch.batch_id,
        "account_ids": list(batch.account_ids),
        "expected_minor": dict(batch.expected_minor),
        "invoice_counts": dict(batch.invoice_counts),
    }


def _settle_discrepancy(run: Run, discrepancies: DiscrepancyBook) -> None:
    """Have somebody told of a run that is held, and take it off the worklist when it was decided."""
    if run.status is RunStatus.HELD:
        discrepancies.record(_hold_discrepancy(run, len(run.decisions)))
    elif run.decisions and run.status in {RunStatus.RELEASED, RunStatus.DROPPED}:
        discrepancies.heal(_hold_discrepancy(run, len(run.decisions) - 1).discrepancy_id)


def _hold_discrepancy(run: Run, decision_count: int) -> Discrepancy:
    """The amount is that of the largest deviation; a canary that was not billed has none."""
    deviations = compare_with_forecast(run.expected, run.forecast or ())
    largest = next((each for each in deviations if each.describe() in run.held_because), None)
    return Discrepancy(
        kind=DiscrepancyKind.BILL_RUN_HELD,
        subject=f"run#{run.day}#{decision_count}",
        born_on=run.day,
        what=describe_hold(run),
        currency=largest.currency if largest else None,
        amount_minor=largest.expected_minor - largest.forecast_minor if largest else None,
    )
