"""What watches: alarms, each with its runbook, and two dashboards.

Plain CloudWatch constructs: the alarms are few kinds, made in loops over what the service stack has, and a facade would
add metric-math alarms and dashboards of its own taste, an import of seconds, and a second vocabulary.

The alarms on dead-letter queues are not here but with their queues, in the service stack.
"""

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.constructs.alarm import AT_LEAST, LESS_THAN, create_alarm
from infra.constructs.billing_function import BillingFunction
from infra.constructs.dashboards import business_metric, create_machinery_dashboard, create_money_dashboard
from infra.environments import Environment
from infra.stacks.service_stack import ServiceStack

ALARM_PERIOD = Duration.minutes(5)
SUSTAINED_PERIODS = 3
"""A quarter of an hour: shorter disturbances are what retries are for."""
SLOW_SHARE_OF_TIMEOUT = 0.8
QUEUE_AGE_SECONDS = 3600
"""Work of an hour ago that nobody took. Twenty workers drain a day's work faster; a failing message is older only
when it is about to become a dead letter, which has an alarm of its own."""
STREAM_AGE_MILLISECONDS = 15 * 60 * 1000
"""An alert that is a quarter of an hour late."""
DOCUMENTS_AGE_MILLISECONDS = 2 * 60 * 60 * 1000
"""Invoices of a billing day come within minutes and are written within the hour; nobody waits for one at night."""
PAYERS_AGE_MILLISECONDS = 2 * 60 * 60 * 1000
"""The payments of a morning's files are learnt within minutes; a payer's next payment comes weeks later."""
WEBHOOKS_REFUSED = 5
"""In an hour: a provider whose secret is not ours any more sends again and again, a curious stranger hardly does."""
HOURS_WITHOUT_A_RUN = 26
"""A day, the hour that the end of summer time adds, and one for being late."""


class MonitoringStack(Stack):
    """Alarms and dashboards over what the service stack runs; all alarms go to its operations topic."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment, service: ServiceStack) -> None:
        super().__init__(scope, construct_id, description=f"Pawledger ({environment.name}): what watches.")
        self._environment = environment
        self._service = service
        self._alarms: list[cloudwatch.IAlarm] = [each.alarm for each in service.dead_letters.values()]
        for function in service.functions.values():
            self._watch_function(function)
        self._watch_queues()
        self._watch_streams()
        self._watch_schedules()
        self._watch_money()
        self._watch_webhooks()
        create_money_dashboard(self)
        create_machinery_dashboard(self, service, self._alarms)

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.Metric,
        *,
        threshold: float,
        meaning: str,
        runbook: str,
        evaluation_periods: int = 1,
        comparison: cloudwatch.ComparisonOperator = AT_LEAST,
        missing_data: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        alarm = create_alarm(
            self,
            construct_id,
            metric=metric,
            threshold=threshold,
            meaning=meaning,
            runbook=runbook,
            operations=self._service.operations,
            evaluation_periods=evaluation_periods,
            comparison=comparison,
            missing_data=missing_data,
        )
        self._alarms.append(alarm)

    def _watch_function(self, function: BillingFunction) -> None:
        name, construct_id = function.definition.name, function.definition.construct_id
        self._alarm(
            f"{construct_id}Errors",
            function.function.metric_errors(period=ALARM_PERIOD),
            threshold=1,
            meaning=f"{name} ended with an error.",
            runbook="function-errors",
        )
        self._alarm(
            f"{construct_id}Throttles",
            function.function.metric_throttles(period=ALARM_PERIOD),
            threshold=1,
            evaluation_periods=SUSTAINED_PERIODS,
            meaning=f"{name} has been throttled for a quarter of an hour.",
            runbook="function-throttles",
        )
        self._alarm(
            f"{construct_id}Slow",
            function.function.metric_duration(period=ALARM_PERIOD, statistic=cloudwatch.Stats.MAXIMUM),
            threshold=function.timeout_seconds * 1000 * SLOW_SHARE_OF_TIMEOUT,
            meaning=f"{name} ran for more than 80 percent of its timeout of {function.timeout_seconds} seconds.",
            runbook="function-slow",
        )

    def _watch_queues(self) -> None:
        for name, queue in self._service.queues.items():
            self._alarm(
                f"{queue.node.id}QueueAge",
                queue.queue.metric_approximate_age_of_oldest_message(period=ALARM_PERIOD),
                threshold=QUEUE_AGE_SECONDS,
                evaluation_periods=SUSTAINED_PERIODS,
                meaning=f"The oldest message of the queue {name} is more than an hour old.",
                runbook="queue-age",
            )

    def _watch_streams(self) -> None:
        for name, threshold, meaning, runbook in (
            (
                "push_alerts",
                STREAM_AGE_MILLISECONDS,
                "Alerts of discrepancies are more than a quarter of an hour late.",
                "stream-age",
            ),
            (
                "write_documents",
                DOCUMENTS_AGE_MILLISECONDS,
                "Documents of invoices are more than two hours late.",
                "documents-late",
            ),
            (
                "learn_payers",
                PAYERS_AGE_MILLISECONDS,
                "Learning from payments who pays for whom is more than two hours late.",
                "payers-late",
            ),
        ):
            function = self._service.functions[name]
            self._alarm(
                f"{function.definition.construct_id}StreamAge",
                function.function.metric("IteratorAge", period=ALARM_PERIOD, statistic=cloudwatch.Stats.MAXIMUM),
                threshold=threshold,
                meaning=meaning,
                runbook=runbook,
            )

    def _watch_schedules(self) -> None:
        group = self._service.schedules
        for construct_id, metric, meaning in (
            ("ScheduleTargetErrors", group.metric_target_errors(period=ALARM_PERIOD), "A schedule could not fire."),
            ("ScheduleDropped", group.metric_dropped(period=ALARM_PERIOD), "A schedule was given up for today."),
        ):
            self._alarm(construct_id, metric, threshold=1, meaning=meaning, runbook="schedule-failed")
        for name in ("start_billing_day", "close_day"):
            function = self._service.functions[name]
            self._alarm(
                f"{function.definition.construct_id}NotRun",
                function.function.metric_invocations(period=Duration.hours(1)),
                threshold=1,
                comparison=LESS_THAN,
                evaluation_periods=HOURS_WITHOUT_A_RUN,
                # An hour without a run has no data at all.
                missing_data=cloudwatch.TreatMissingData.BREACHING,
                meaning=f"{name} has not run for {HOURS_WITHOUT_A_RUN} hours.",
                runbook="schedule-failed",
            )

    def _watch_webhooks(self) -> None:
        self._alarm(
            "WebhookSignaturesRefused",
            business_metric("WebhookSignaturesRefused", "receive_webhook", period=Duration.hours(1)),
            threshold=WEBHOOKS_REFUSED,
            meaning=f"{WEBHOOKS_REFUSED} webhooks or more were refused in an hour for their signatures.",
            runbook="webhooks-refused",
        )

    def _watch_money(self) -> None:
        day = Duration.days(1)
        self._alarm(
            "StaleDiscrepancy",
            business_metric("DiscrepancyDaysOverdue", "close_day", statistic=cloudwatch.Stats.MAXIMUM, period=day),
            threshold=self._environment.stale_discrepancy_days + 1,
            meaning=f"A discrepancy has been overdue for more than {self._environment.stale_discrepancy_days} days.",
            runbook="stale-discrepancy",
        )
        self._alarm(
            "AccountsOverdueForBilling",
            business_metric("AccountsOverdueForBilling", "close_day", statistic=cloudwatch.Stats.MAXIMUM, period=day),
            threshold=1,
            meaning="Accounts whose agenda day has passed were not billed.",
            runbook="accounts-overdue",
        )
        self._alarm(
            "BillRunHeld",
            business_metric(
                "RunsHeld", "start_billing_day", statistic=cloudwatch.Stats.MAXIMUM, period=Duration.minutes(15)
            ),
            threshold=1,
            meaning="A bill run is held: what it would bill is not what was foreseen, or its canary was not billed.",
            runbook="bill-run-held",
        )
        self._alarm(
            "PolicyMonthsUnexplained",
            business_metric("PolicyMonthsUnexplained", "close_day", statistic=cloudwatch.Stats.MAXIMUM, period=day),
            threshold=1,
            meaning="Months of cover are not billed exactly once.",
            runbook="policy-months-unexplained",
        )
