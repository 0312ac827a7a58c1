"""Planning a bill run: which accounts are due, in which batches, and whether the day before foresaw what they bill."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import islice
from typing import Final

from pawledger.domain.billing.bill_runs import (
    CANARY_RUN_ACCOUNTS_MIN,
    Batch,
    CohortTotal,
    Run,
    RunStatus,
    add_totals,
    amounts_by_currency,
    compare_means,
    compare_with_forecast,
    due_totals,
    is_canary_account,
)
from pawledger.domain.canonical import hash_value
from pawledger.ports import Agenda, RunBook

CATCH_UP_DAYS: Final = 35
"""Missed days that one run catches up. A longer outage is caught up by running an earlier business date first."""

ACCOUNTS_PER_MESSAGE: Final = 100
"""At about 30 ms an account a message takes 3 s, far inside the function's timeout even on a bad day."""

PLAN_ID_LENGTH: Final = 16
"""Hexadecimal digits of a hash; the plans of one day are a few."""


@dataclass(frozen=True, slots=True)
class _PlannedBatch:
    account_ids: tuple[str, ...]
    totals: tuple[CohortTotal, ...]
    is_canary: bool = False
    invoice_counts: Mapping[str, int] = field(default_factory=dict)


def plan_run(day: date, *, agenda: Agenda, runs: RunBook) -> Run:
    """Plan a day's run, compare it with its forecast, and foresee the day after.

    The batches are stored before the run that names them, and never change: whatever is sent again is the same. A run
    that deviates from its forecast is held; one without a forecast is not.

    Raises `RunMovedError` where another firing planned the day first.
    """
    account_ids = _find_due(agenda, day)
    has_canary = len(account_ids) >= CANARY_RUN_ACCOUNTS_MIN
    canary = [account_id for account_id in account_ids if has_canary and is_canary_account(account_id)]
    chosen = set(canary)
    rest = [account_id for account_id in account_ids if account_id not in chosen]
    next_day = day + timedelta(days=1)
    planned: list[_PlannedBatch] = []
    foreseen: tuple[CohortTotal, ...] = ()
    for group, is_canary in ((canary, True), (rest, False)):
        for batch_ids in _cut(group):
            heads = list(agenda.read_due_heads(batch_ids, consistent=False))
            planned.append(_PlannedBatch(tuple(batch_ids), due_totals(heads, None, day), is_canary))
            # An account that is billed today may have another policy that falls due tomorrow.
            foreseen = add_totals(foreseen, due_totals(heads, day, next_day))
    for batch_ids in _cut(_unique(agenda.read_due_accounts(next_day))):
        foreseen = add_totals(foreseen, due_totals(agenda.read_due_heads(batch_ids, consistent=False), None, next_day))
    runs.write_forecast(next_day, foreseen)
    plan_id = _store_batches(day, planned, 0, runs)
    run = Run(
        day=day,
        version=1,
        status=RunStatus.STARTED,
        plan_ids=(plan_id,),
        batch_count=len(planned),
        canary_batch_count=sum(each.is_canary for each in planned),
        account_count=len(account_ids),
        expected=add_totals(*(each.totals for each in planned)),
        forecast=runs.read_forecast(day),
    )
    run = _hold_where_it_deviates(run, runs)
    runs.write_run(run)
    return run


def extend_run(run: Run, *, agenda: Agenda, runs: RunBook) -> Run:
    """Add to a run that is done what has become due since, and compare the whole of it with its forecast.

    Returns the run unchanged where nothing has. Raises `RunMovedError`.
    """
    account_ids = _find_due(agenda, run.day)
    if not account_ids:
        return run
    planned = []
    for batch_ids in _cut(account_ids):
        # Consistently: an invoice that an earlier batch reported must not be counted once more.
        heads = list(agenda.read_due_heads(batch_ids, consistent=True))
        counts = {head.account_id: head.invoice_count for head in heads}
        planned.append(_PlannedBatch(tuple(batch_ids), due_totals(heads, None, run.day), invoice_counts=counts))
    plan_id = _store_batches(run.day, planned, run.version, runs)
    extended = replace(
        run,
        version=run.version + 1,
        status=RunStatus.STARTED,
        plan_ids=(*run.plan_ids, plan_id),
        batch_count=run.batch_count + len(planned),
        account_count=run.account_count + len(account_ids),
        expected=add_totals(run.expected, *(each.totals for each in planned)),
        is_sent=False,
        result=None,
    )
    extended = _hold_where_it_deviates(extended, runs)
    runs.write_run(extended)
    return extended


def _hold_where_it_deviates(run: Run, runs: RunBook) -> Run:
    """The run, held where a cohort is not what the day before foresaw, or not like what was billed then."""
    reasons: tuple[str, ...] = ()
    if run.forecast is not None:
        reasons = tuple(each.describe() for each in compare_with_forecast(run.expected, run.forecast))
    last = runs.read_run(run.day - timedelta(days=1))
    if last is not None and not last.is_halted:
        reasons += compare_means(run.expected, last.expected)
    return replace(run, status=RunStatus.HELD, held_because=reasons) if reasons else run


def _find_due(agenda: Agenda, day: date) -> list[str]:
    """Accounts whose agenda day has come, the oldest day first; the index may name one twice while it moves."""
    days = (day - timedelta(days=days_ago) for days_ago in range(CATCH_UP_DAYS, -1, -1))
    return _unique(account_id for each in days for account_id in agenda.read_due_accounts(each))


def _unique(account_ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(account_ids))


def _cut(account_ids: Sequence[str]) -> Iterator[list[str]]:
    remaining = iter(account_ids)
    while batch_ids := list(islice(remaining, ACCOUNTS_PER_MESSAGE)):
        yield batch_ids


def _store_batches(day: date, planned: Sequence[_PlannedBatch], run_version: int, runs: RunBook) -> str:
    """Store batches under an id made of what they hold: two firings that found different accounts never mix theirs."""
    content = [[each.account_ids, amounts_by_currency(each.totals)] for each in planned]
    plan_id = hash_value([run_version, content])[:PLAN_ID_LENGTH]
    runs.write_batches(
        day,
        (
            Batch(
                batch_id=f"{plan_id}#{number:05d}",
                is_canary=each.is_canary,
                account_ids=each.account_ids,
                expected_minor=amounts_by_currency(each.totals),
                invoice_counts=each.invoice_counts,
            )
            for number, each in enumerate(planned, start=1)
        ),
    )
    return plan_id
