"""Bodies of bill runs, batches and forecasts: the canonical texts that are stored, and the values read back."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from pawledger.domain.billing.bill_runs import Batch, BatchResult, CohortTotal, Run, RunDecision, RunStatus
from pawledger.domain.canonical import write_canonical


def write_run(run: Run) -> str:
    """A run's body, its day included; its version is stored beside it."""
    return write_canonical(
        {
            "day": run.day.isoformat(),
            "status": run.status,
            "plan_ids": list(run.plan_ids),
            "batch_count": run.batch_count,
            "canary_batch_count": run.canary_batch_count,
            "account_count": run.account_count,
            "expected": _totals_as_json(run.expected),
            "forecast": None if run.forecast is None else _totals_as_json(run.forecast),
            "held_because": list(run.held_because),
            "canary_sent_at": run.canary_sent_at and run.canary_sent_at.isoformat(),
            "is_canary_sent": run.is_canary_sent,
            "is_sent": run.is_sent,
            "decisions": [[d.status, d.actor, d.decided_at.isoformat(), d.reason] for d in run.decisions],
            "result": run.result and _result_as_json(run.result),
        }
    )


def read_run(version: int, body: str) -> Run:
    """The mirror image of `write_run`."""
    written = json.loads(body)
    return Run(
        day=date.fromisoformat(written["day"]),
        version=version,
        status=RunStatus(written["status"]),
        plan_ids=tuple(written["plan_ids"]),
        batch_count=written["batch_count"],
        canary_batch_count=written["canary_batch_count"],
        account_count=written["account_count"],
        expected=_totals_from_json(written["expected"]),
        forecast=None if written["forecast"] is None else _totals_from_json(written["forecast"]),
        held_because=tuple(written["held_because"]),
        canary_sent_at=datetime.fromisoformat(sent_at) if (sent_at := written["canary_sent_at"]) else None,
        is_canary_sent=written["is_canary_sent"],
        is_sent=written["is_sent"],
        decisions=tuple(
            RunDecision(
                status=RunStatus(status), actor=actor, decided_at=datetime.fromisoformat(decided_at), reason=reason
            )
            for status, actor, decided_at, reason in written["decisions"]
        ),
        result=_result_from_json(written["result"]) if written["result"] else None,
    )


def write_batch(batch: Batch) -> str:
    """A batch's body; its result is stored beside it, since it comes later."""
    return write_canonical(
        {
            "batch_id": batch.batch_id,
            "is_canary": batch.is_canary,
            "account_ids": list(batch.account_ids),
            "expected_minor": dict(batch.expected_minor),
            "invoice_counts": dict(batch.invoice_counts),
        }
    )


def read_batch(body: str, result: str | None) -> Batch:
    """The mirror image of `write_batch`, with the stored result where there is one."""
    written = json.loads(body)
    return Batch(
        batch_id=written["batch_id"],
        is_canary=written["is_canary"],
        account_ids=tuple(written["account_ids"]),
        expected_minor=written["expected_minor"],
        invoice_counts=written["invoice_counts"],
        result=_result_from_json(json.loads(result)) if result else None,
    )


def write_result(result: BatchResult) -> str:
    """The text of a batch's result."""
    return write_canonical(_result_as_json(result))


def write_totals(totals: Iterable[CohortTotal]) -> str:
    """The body of a forecast."""
    return write_canonical(_totals_as_json(totals))


def read_totals(body: str) -> tuple[CohortTotal, ...]:
    """The mirror image of `write_totals`."""
    return _totals_from_json(json.loads(body))


def _totals_as_json(totals: Iterable[CohortTotal]) -> list[list[Any]]:
    return [[each.cohort, each.currency, each.installment_count, each.amount_minor] for each in totals]


def _totals_from_json(written: list[list[Any]]) -> tuple[CohortTotal, ...]:
    return tuple(
        CohortTotal(cohort=cohort, currency=currency, installment_count=count, amount_minor=amount_minor)
        for cohort, currency, count, amount_minor in written
    )


def _result_as_json(result: BatchResult) -> dict[str, Any]:
    return {"invoice_count": result.invoice_count, "invoiced_minor": dict(result.invoiced_minor)}


def _result_from_json(written: Mapping[str, Any]) -> BatchResult:
    return BatchResult(invoice_count=written["invoice_count"], invoiced_minor=written["invoiced_minor"])
