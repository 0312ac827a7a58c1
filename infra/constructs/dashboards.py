"""The two dashboards: one of money, one of machinery."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.constructs.billing_function import METRICS_NAMESPACE
from infra.stacks.service_stack import ServiceStack

HALF_WIDTH: Final = 12
FULL_WIDTH: Final = 24
BUSINESS_PERIOD: Final = Duration.hours(1)
CLOSING_PERIOD_SECONDS: Final = 86_400
MACHINE_PERIOD: Final = Duration.minutes(5)


def business_metric(
    name: str, function_name: str, *, statistic: str = cloudwatch.Stats.SUM, period: Duration = BUSINESS_PERIOD
) -> cloudwatch.Metric:
    """A metric that a function writes into its log, as `docs/architecture.md` lists them."""
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=name,
        dimensions_map={"service": function_name},
        statistic=statistic,
        period=period,
    )


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric], *, width: int = HALF_WIDTH) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=width)


def create_money_dashboard(scope: Construct) -> cloudwatch.Dashboard:
    """What was billed, collected, matched, and what is open; amounts in minor units, all currencies together."""
    dashboard = cloudwatch.Dashboard(scope, "MoneyDashboard", default_interval=Duration.days(7))
    posted = business_metric("PaymentsPosted", "post_payments")
    suspended = business_metric("PaymentsSuspended", "post_payments")
    match_rate = cloudwatch.MathExpression(
        expression="100 * posted / (posted + suspended)",
        using_metrics={"posted": posted, "suspended": suspended},
        label="Match rate, percent",
        period=BUSINESS_PERIOD,
    )
    dashboard.add_widgets(
        _graph(
            "Billed and collected, minor units",
            [
                business_metric("InvoicedMinor", "bill_accounts"),
                business_metric("PostedMinor", "post_payments"),
                business_metric("SuspendedMinor", "post_payments"),
            ],
        ),
        _graph("Match rate", [match_rate]),
    )
    dashboard.add_widgets(
        _graph(
            "Invoices and policies",
            [
                business_metric("InvoicesIssued", "bill_accounts"),
                business_metric("DocumentsWritten", "write_documents"),
                business_metric("PoliciesRecorded", "record_policy_event"),
                business_metric("AccountsQueued", "start_billing_day"),
            ],
        ),
        _graph(
            "Payments",
            [
                posted,
                suspended,
                business_metric("PaymentsReturned", "post_payments"),
                business_metric("PaymentsAlreadyRecorded", "post_payments"),
                business_metric("PaymentsRejected", "post_payments"),
                business_metric("PayersLearnt", "learn_payers"),
            ],
        ),
    )
    dashboard.add_widgets(
        _graph(
            "Bill runs: expected and invoiced, minor units",
            [
                business_metric("ExpectedMinor", "start_billing_day"),
                business_metric("InvoicedMinor", "bill_accounts"),
            ],
        ),
        _graph(
            "Bill runs: held, batches not reported yet, installments expected",
            [
                business_metric("RunsHeld", "start_billing_day", statistic=cloudwatch.Stats.MAXIMUM),
                business_metric("BatchesWaiting", "start_billing_day", statistic=cloudwatch.Stats.MINIMUM),
                business_metric("InstallmentsExpected", "start_billing_day"),
            ],
        ),
    )
    dashboard.add_widgets(
        _graph(
            "Bank files and webhooks",
            [
                business_metric("FilesAccepted", "receive_bank_file"),
                business_metric("FilesQuarantined", "receive_bank_file"),
                business_metric("WebhooksStored", "receive_webhook"),
                business_metric("WebhooksRefused", "receive_webhook"),
                business_metric("WebhookSignaturesRefused", "receive_webhook"),
            ],
        ),
        _graph(
            "Discrepancies and what was forgotten",
            [
                business_metric("DiscrepanciesOpen", "close_day", statistic=cloudwatch.Stats.MAXIMUM),
                business_metric("OldestDiscrepancyDays", "close_day", statistic=cloudwatch.Stats.MAXIMUM),
                business_metric("DiscrepancyDaysOverdue", "close_day", statistic=cloudwatch.Stats.MAXIMUM),
                business_metric("AccountsOverdueForBilling", "close_day", statistic=cloudwatch.Stats.MAXIMUM),
                business_metric("PolicyMonthsUnexplained", "close_day", statistic=cloudwatch.Stats.MAXIMUM),
                business_metric("AlertsPushed", "push_alerts"),
            ],
        ),
    )
    dashboard.add_widgets(
        _graph("Open discrepancies by kind", [_metric_by("kind", "DiscrepanciesOpenByKind")], width=8),
        _graph("Age of the oldest, days, by kind", [_metric_by("kind", "OldestDiscrepancyDaysByKind")], width=8),
        _graph(
            "Unapplied cash and suspense by currency, minor units",
            [_metric_by("currency", "UnappliedMinor"), _metric_by("currency", "SuspenseMinor")],
            width=8,
        ),
    )
    return dashboard


def _metric_by(dimension: str, name: str) -> cloudwatch.MathExpression:
    """A metric that `close_day` writes once a day for each value of a dimension, whichever values there are."""
    schema = f"{{{METRICS_NAMESPACE},service,{dimension}}}"
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{schema} MetricName=\"{name}\"', 'Maximum', {CLOSING_PERIOD_SECONDS})",
        using_metrics={},
        label="",
        period=Duration.seconds(CLOSING_PERIOD_SECONDS),
    )


def create_machinery_dashboard(
    scope: Construct, service: ServiceStack, alarms: Sequence[cloudwatch.IAlarm]
) -> cloudwatch.Dashboard:
    """Whether the functions, queues, schedules and the stream keep up."""
    dashboard = cloudwatch.Dashboard(scope, "MachineryDashboard", default_interval=Duration.days(1))
    functions = [each.function for each in service.functions.values()]
    names = list(service.functions)
    dashboard.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=FULL_WIDTH))
    for title, metrics in (
        ("Errors", [each.metric_errors(period=MACHINE_PERIOD) for each in functions]),
        ("Throttles", [each.metric_throttles(period=MACHINE_PERIOD) for each in functions]),
        ("Invocations", [each.metric_invocations(period=MACHINE_PERIOD) for each in functions]),
        ("Duration, p99", [each.metric_duration(period=MACHINE_PERIOD, statistic="p99") for each in functions]),
    ):
        labelled = [metric.with_(label=name) for metric, name in zip(metrics, names, strict=True)]
        dashboard.add_widgets(_graph(title, labelled, width=FULL_WIDTH))
    failed = [business_metric("MessagesFailed", name, period=MACHINE_PERIOD).with_(label=name) for name in names]
    dashboard.add_widgets(_graph("Messages that failed and come again", failed, width=FULL_WIDTH))
    dashboard.add_widgets(
        _graph(
            "Oldest message, seconds",
            [
                queue.queue.metric_approximate_age_of_oldest_message(period=MACHINE_PERIOD, label=name)
                for name, queue in service.queues.items()
            ],
        ),
        _graph(
            "Dead letters",
            [
                each.queue.metric_approximate_number_of_messages_visible(
                    period=MACHINE_PERIOD, statistic=cloudwatch.Stats.MAXIMUM, label=name
                )
                for name, each in service.dead_letters.items()
            ],
        ),
    )
    return dashboard
