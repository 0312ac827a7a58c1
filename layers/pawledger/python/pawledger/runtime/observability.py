"""Logs and metrics, made once per function. Powertools reads service, namespace and level from its own variables.

No tracing: a trace per record costs more than posting the payment, and a queue's age says more about a backlog.
"""

from collections.abc import Mapping
from typing import TypeVar

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

_Text = TypeVar("_Text", bound=str)


def create_logger() -> Logger:
    """A logger of JSON lines with UTC timestamps; what goes into a line holds no personal data."""
    return Logger(utc=True, use_rfc3339=True)


def create_metrics() -> Metrics:
    """A buffer of metrics that is written as one log line in the embedded metric format at the end of an event."""
    return Metrics()


def add_money_metric(metrics: Metrics, name: str, currency: str, amount_minor: int) -> None:
    """Add an amount in minor units, once under the metric's name and once under its name with the currency behind.

    `PostedMinor` suits the dashboard of a book in one currency; `PostedMinorEUR` stays right where there are several.
    A dimension would do as well, but each of its values would need a log line of its own.
    """
    metrics.add_metric(name, MetricUnit.Count, amount_minor)
    metrics.add_metric(f"{name}{currency}", MetricUnit.Count, amount_minor)


def write_daily_metrics(metrics: Metrics, name: str, dimension: str, values: Mapping[_Text, int]) -> None:
    """Write one metric for each value of a dimension, each as a log line of its own: for what happens once a day."""
    for value_of_dimension, value in values.items():
        with single_metric(name, MetricUnit.Count, value, default_dimensions={"service": metrics.service}) as written:
            written.add_dimension(dimension, value_of_dimension)
