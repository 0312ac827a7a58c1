"""The alarm that every construct and stack makes: it names its runbook, and the runbook exists."""

from pathlib import Path
from typing import Final

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.errors import RunbookMissingError

RUNBOOKS_FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "runbooks"
AT_LEAST: Final = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
LESS_THAN: Final = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


def create_alarm(
    scope: Construct,
    construct_id: str,
    *,
    metric: cloudwatch.Metric,
    threshold: float,
    meaning: str,
    runbook: str,
    operations: sns.ITopic,
    evaluation_periods: int = 1,
    comparison: cloudwatch.ComparisonOperator = AT_LEAST,
    missing_data: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
) -> cloudwatch.Alarm:
    """An alarm that fires when the metric compares to the threshold in every one of the evaluated periods.

    Raises `RunbookMissingError` where `docs/runbooks/<runbook>.md` is not there.
    """
    description = describe_alarm(meaning, runbook)
    alarm = metric.create_alarm(
        scope,
        construct_id,
        threshold=threshold,
        evaluation_periods=evaluation_periods,
        comparison_operator=comparison,
        treat_missing_data=missing_data,
        alarm_description=description,
    )
    alarm.add_alarm_action(actions.SnsAction(operations))
    alarm.add_ok_action(actions.SnsAction(operations))
    return alarm


def describe_alarm(meaning: str, runbook: str) -> str:
    """What the alarm says when it fires, ending with where to read on."""
    if not (RUNBOOKS_FOLDER / f"{runbook}.md").is_file():
        raise RunbookMissingError(f"docs/runbooks/{runbook}.md is missing; write it before the alarm that names it")
    return f"{meaning} Runbook: docs/runbooks/{runbook}.md"
