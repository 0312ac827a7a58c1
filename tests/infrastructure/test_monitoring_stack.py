"""Every failure that a person must know of has an alarm, and every alarm says what to do."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.assertions import Template

from infra.constructs.alarm import describe_alarm
from infra.errors import RunbookMissingError
from tests.builders.templates import find_resources

ALARM = "AWS::CloudWatch::Alarm"
CHECKOUT = Path(__file__).resolve().parents[2]
RUNBOOK = re.compile(r"Runbook: (docs/runbooks/[a-z-]+\.md)$")


def alarms(production: Mapping[str, Template]) -> dict[str, dict[str, Any]]:
    return {
        logical_id: each["Properties"]
        for stack in ("service", "monitoring")
        for logical_id, each in find_resources(production[stack], ALARM).items()
    }


def test_every_alarm_tells_operations_and_names_a_runbook_that_exists(production: Mapping[str, Template]) -> None:
    found = alarms(production)
    # Nine of dead letters, three for each of ten functions, four queues, three streams, two for the schedules'
    # delivery, two for functions that did not run, four of money, one of refused webhooks.
    assert len(found) == 9 + 30 + 4 + 3 + 2 + 2 + 4 + 1
    for alarm in found.values():
        assert alarm["AlarmActions"]
        named = RUNBOOK.search(alarm["AlarmDescription"])
        assert named
        assert (CHECKOUT / named.group(1)).is_file()


def test_every_runbook_is_named_by_an_alarm_and_says_what_to_look_at_and_do(
    production: Mapping[str, Template],
) -> None:
    named = {RUNBOOK.search(each["AlarmDescription"]).group(1) for each in alarms(production).values()}  # type: ignore[union-attr]
    written = sorted((CHECKOUT / "docs" / "runbooks").glob("*.md"))
    assert {path.relative_to(CHECKOUT).as_posix() for path in written} == named
    for path in written:
        headings = re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE)
        assert headings == ["What it means", "How to look", "What to do"], path.name


def test_every_function_is_watched_for_errors_throttles_and_time(production: Mapping[str, Template]) -> None:
    watched = Counter(
        (each["MetricName"], str(each["Dimensions"][0]["Value"]))
        for each in alarms(production).values()
        if each.get("Namespace") == "AWS/Lambda"
    )
    for metric in ("Errors", "Throttles", "Duration"):
        assert len([function for name, function in watched if name == metric]) == 10
    assert len([function for name, function in watched if name == "IteratorAge"]) == 3


def test_a_function_is_called_slow_at_four_fifths_of_its_timeout(production: Mapping[str, Template]) -> None:
    slow = {
        each["AlarmDescription"].split(" ")[0]: each["Threshold"]
        for each in alarms(production).values()
        if each["MetricName"] == "Duration"
    }
    # Timeouts of 60, 900, 300, 600, 300, 900, 60, 300, 120 and 30 seconds, in milliseconds, times 0.8.
    assert slow == {
        "record_policy_event": 48_000,
        "start_billing_day": 720_000,
        "bill_accounts": 240_000,
        "receive_bank_file": 480_000,
        "post_payments": 240_000,
        "close_day": 720_000,
        "push_alerts": 48_000,
        "write_documents": 240_000,
        "learn_payers": 96_000,
        "receive_webhook": 24_000,
    }


def test_a_day_without_a_run_is_an_alarm_although_it_leaves_no_data(production: Mapping[str, Template]) -> None:
    silent = [each for each in alarms(production).values() if each["MetricName"] == "Invocations"]
    assert len(silent) == 2
    for alarm in silent:
        assert alarm["ComparisonOperator"] == "LessThanThreshold"
        assert alarm["TreatMissingData"] == "breaching"
        assert alarm["Period"] * alarm["EvaluationPeriods"] == 26 * 3600


@pytest.mark.parametrize(
    ("metric", "service_name", "threshold"),
    [
        ("DiscrepancyDaysOverdue", "close_day", 6),
        ("AccountsOverdueForBilling", "close_day", 1),
        ("PolicyMonthsUnexplained", "close_day", 1),
        ("RunsHeld", "start_billing_day", 1),
        ("WebhookSignaturesRefused", "receive_webhook", 5),
    ],
)
def test_what_was_forgotten_or_refused_is_an_alarm(
    production: Mapping[str, Template], metric: str, service_name: str, threshold: int
) -> None:
    (alarm,) = [each for each in alarms(production).values() if each["MetricName"] == metric]
    assert alarm["Namespace"] == "Pawledger"
    assert alarm["Dimensions"] == [{"Name": "service", "Value": service_name}]
    assert alarm["Threshold"] == threshold


def test_there_are_two_dashboards_and_the_one_of_money_shows_every_metric_of_the_architecture(
    production: Mapping[str, Template],
) -> None:
    dashboards = find_resources(production["monitoring"], "AWS::CloudWatch::Dashboard")
    assert len(dashboards) == 2
    (money,) = [each for logical_id, each in dashboards.items() if logical_id.startswith("Money")]
    body = str(money["Properties"]["DashboardBody"])
    section = (CHECKOUT / "docs" / "architecture.md").read_text().split("## Metrics")[1]
    of_machinery, example = "MessagesFailed", "PostedMinorEUR"
    metrics = set(re.findall(r"`([A-Z][A-Za-z]+)`", section)) - {"Pawledger", of_machinery, example}
    assert len(metrics) == 32
    assert {name for name in metrics if name not in body} == set()
    (machinery,) = [each for logical_id, each in dashboards.items() if logical_id.startswith("Machinery")]
    assert of_machinery in str(machinery["Properties"]["DashboardBody"])


def test_an_alarm_without_a_runbook_cannot_be_made() -> None:
    with pytest.raises(RunbookMissingError, match=r"docs/runbooks/nobody-wrote-this\.md is missing"):
        describe_alarm("Something happened.", "nobody-wrote-this")
