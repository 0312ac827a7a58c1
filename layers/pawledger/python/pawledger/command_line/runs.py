"""`pawledger runs`: what each day was to bill, how far it is, and what an operator decides about one that is held."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any, Final

from pawledger.command_line.errors import RunMissingError
from pawledger.command_line.tables import UNKNOWN, Column, show_amount, write_fields, write_table
from pawledger.domain.billing.bill_runs import (
    CohortTotal,
    Run,
    RunStatus,
    amounts_by_currency,
    compare_with_forecast,
    measure_progress,
)
from pawledger.ports import RunBook
from pawledger.services.billing.decide_run import decide_run

NEXT_STEPS: Final = {
    RunStatus.RELEASED: "The next firing of the schedule sends it, within a quarter of an hour.",
    RunStatus.DROPPED: "What it has not billed stays due; the next day's run finds it, and is held for it.",
}
"""What follows a decision, for whoever made it."""

_LIST_COLUMNS: Final = (
    Column("day"),
    Column("status"),
    Column("accounts", is_right=True),
    Column("batches", is_right=True),
    Column("expected", is_right=True),
    Column("invoiced", is_right=True),
    Column("invoices", is_right=True),
)
_COHORT_COLUMNS: Final = (
    Column("cohort"),
    Column("installments", is_right=True),
    Column("expected", is_right=True),
    Column("foreseen", is_right=True),
    Column("held", weight=1),
)
_DECISION_COLUMNS: Final = (Column("decided at"), Column("decision"), Column("by"), Column("reason", weight=1))


def list_runs(runs: RunBook, *, first_day: date, last_day: date) -> dict[str, Any]:
    """The document of the runs of some days, the latest first."""
    days = (last_day - timedelta(days=days_ago) for days_ago in range((last_day - first_day).days + 1))
    found = (runs.read_run(day) for day in days)
    return {
        "first_day": first_day.isoformat(),
        "last_day": last_day.isoformat(),
        "runs": [_summary(run, runs) for run in found if run is not None],
    }


def write_run_list(document: dict[str, Any]) -> list[str]:
    """The runs for people: one row for each day."""
    if not document["runs"]:
        return [f"No bill runs from {document['first_day']} to {document['last_day']}."]
    rows = [
        [
            run["day"],
            run["status"],
            str(run["account_count"]),
            f"{run['reported_count']}/{run['batch_count']}",
            _show_amounts(run["expected_minor"]),
            _show_amounts(run["invoiced_minor"]),
            str(run["invoice_count"]),
        ]
        for run in document["runs"]
    ]
    return write_table(_LIST_COLUMNS, rows)


def show_run(runs: RunBook, day: date) -> dict[str, Any]:
    """The document of one run. Raises `RunMissingError`."""
    run = runs.read_run(day)
    if run is None:
        raise RunMissingError(f"there is no bill run of {day}; `pawledger runs list` shows those of the last days")
    return _document(run, runs)


def decide(
    runs: RunBook, day: date, status: RunStatus, *, actor: str, reason: str, decided_at: datetime
) -> dict[str, Any]:
    """Release or drop a held run; the document of it afterwards. Raises what `decide_run` raises."""
    run = decide_run(day, status, actor=actor, reason=reason, decided_at=decided_at, runs=runs)
    return {**_document(run, runs), "next": NEXT_STEPS[status]}


def write_run(document: dict[str, Any]) -> list[str]:
    """One run for people: how far it is, why it is held, cohort by cohort, and who decided what."""
    lines = write_fields(
        [
            ("day", document["day"]),
            ("status", document["status"]),
            ("accounts", str(document["account_count"])),
            ("batches", f"{document['reported_count']} of {document['batch_count']} reported"),
            ("canary", f"{document['canary_batch_count']} batches" if document["canary_batch_count"] else UNKNOWN),
            ("expected", _show_amounts(document["expected_minor"])),
            ("invoiced", f"{_show_amounts(document['invoiced_minor'])} on {document['invoice_count']} invoices"),
            ("forecast", "compared" if document["has_forecast"] else "none: the day before had no run"),
            ("held because", "; ".join(document["held_because"]) or UNKNOWN),
        ]
    )
    if document["cohorts"]:
        lines += ["", *write_table(_COHORT_COLUMNS, [_cohort_row(cohort) for cohort in document["cohorts"]])]
    if document["decisions"]:
        rows = [[each["decided_at"], each["status"], each["actor"], each["reason"]] for each in document["decisions"]]
        lines += ["", *write_table(_DECISION_COLUMNS, rows)]
    return [*lines, "", document["next"]] if "next" in document else lines


def _cohort_row(cohort: dict[str, Any]) -> list[str]:
    currency = cohort["currency"]
    return [
        cohort["cohort"] or UNKNOWN,
        str(cohort["installment_count"]),
        show_amount(cohort["expected_minor"], currency),
        show_amount(cohort["forecast_minor"], currency),
        cohort["deviation"] or UNKNOWN,
    ]


def _summary(run: Run, runs: RunBook) -> dict[str, Any]:
    batches = chain.from_iterable(runs.read_batches(run.day, plan_id) for plan_id in run.plan_ids)
    progress = measure_progress(batches)
    return {
        "day": run.day.isoformat(),
        "status": run.status.value,
        "account_count": run.account_count,
        "batch_count": run.batch_count,
        "canary_batch_count": run.canary_batch_count,
        "reported_count": progress.reported_count,
        "expected_minor": amounts_by_currency(run.expected),
        "invoiced_minor": dict(progress.invoiced_minor),
        "invoice_count": progress.invoice_count,
    }


def _document(run: Run, runs: RunBook) -> dict[str, Any]:
    return {
        **_summary(run, runs),
        "has_forecast": run.forecast is not None,
        "held_because": list(run.held_because),
        "cohorts": _cohorts(run),
        "decisions": [
            {
                "status": each.status.value,
                "actor": each.actor,
                "decided_at": each.decided_at.isoformat(),
                "reason": each.reason,
            }
            for each in run.decisions
        ],
    }


def _cohorts(run: Run) -> list[dict[str, Any]]:
    """Every cohort that is expected or was foreseen, with what the two come to."""
    forecast = run.forecast or ()
    deviations = {
        (each.cohort, each.currency): each.describe()
        for each in (compare_with_forecast(run.expected, forecast) if run.forecast is not None else ())
    }
    expected_by, forecast_by = _by_cohort(run.expected), _by_cohort(forecast)
    cohorts = []
    for key in sorted({*expected_by, *forecast_by}):
        expected, foreseen = expected_by.get(key), forecast_by.get(key)
        cohorts.append(
            {
                "cohort": key[0],
                "currency": key[1],
                "installment_count": expected.installment_count if expected else 0,
                "expected_minor": expected.amount_minor if expected else 0,
                "forecast_minor": None if run.forecast is None else (foreseen.amount_minor if foreseen else 0),
                "deviation": deviations.get(key),
            }
        )
    return cohorts


def _by_cohort(totals: Iterable[CohortTotal]) -> dict[tuple[str, str], CohortTotal]:
    return {(total.cohort, total.currency): total for total in totals}


def _show_amounts(amounts_minor: dict[str, int]) -> str:
    return ", ".join(show_amount(minor, currency) for currency, minor in sorted(amounts_minor.items())) or UNKNOWN
