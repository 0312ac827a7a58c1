"""Deciding a held run: an operator releases or drops it, under their name and with their reason."""

from datetime import date, datetime
from typing import Final

from pawledger.domain.billing.bill_runs import Run, RunDecision, RunStatus, decide_held_run
from pawledger.domain.errors import PawledgerError
from pawledger.ports import RunBook

REASON_CHARACTERS_MAX: Final = 500
"""A sentence or two; a run's row stays small."""


class RunNotFoundError(PawledgerError):
    """There is no bill run of that day."""


class DecisionWithoutReasonError(PawledgerError):
    """A decision needs a reason, of at most `REASON_CHARACTERS_MAX` characters."""


def decide_run(day: date, status: RunStatus, *, actor: str, reason: str, decided_at: datetime, runs: RunBook) -> Run:
    """Release or drop the held run of a day and return it; the next firing of the schedule acts on it.

    Raises `RunNotFoundError`, `DecisionWithoutReasonError`, `RunNotHeldError`, `RunMovedError`.
    """
    if not reason.strip() or len(reason) > REASON_CHARACTERS_MAX:
        raise DecisionWithoutReasonError(f"give a reason of 1 to {REASON_CHARACTERS_MAX} characters")
    run = runs.read_run(day)
    if run is None:
        raise RunNotFoundError(f"there is no bill run of {day}")
    decision = RunDecision(status=status, actor=actor, decided_at=decided_at, reason=reason.strip())
    decided = decide_held_run(run, decision)
    if decided is not run:
        runs.write_run(decided)
    return decided
