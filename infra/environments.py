"""Where Pawledger is deployed to, and everything that differs from place to place.

The defaults are those of production. Another environment is this class with a few fields relaxed, each relaxation
with its reason.
"""

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from aws_cdk import aws_logs as logs

from infra.errors import UnknownEnvironmentError


@dataclass(frozen=True, kw_only=True)
class DailyTime:
    """A time of day in the environment's billing time zone."""

    hour: int
    minute: int


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One place to deploy to; stacks and constructs know nothing else of where they are."""

    name: str

    billing_time_zone: str = "America/New_York"
    """IANA name; the business date is a day of this zone, and the schedules fire by its clocks."""
    start_billing_day_at: DailyTime = DailyTime(hour=4, minute=0)
    """After the last hour that a summer-time change can skip or repeat, before anybody is at work."""
    close_day_at: DailyTime = DailyTime(hour=7, minute=0)
    """Hours after billing has started, so that the queues have drained and the day can be proved."""

    python_version: str = "3.14"
    architecture: str = "arm64"
    """`arm64` or `x86_64`: arm64 costs a fifth less per GB-second."""
    dependency_platform: str | None = "aarch64-manylinux_2_28"
    """What the dependencies layer is built for, as uv names platforms; None builds for this very machine."""

    function_timeout_ceiling_seconds: int = 900
    """No function runs longer, whatever it asks for; 900 is Lambda's own limit."""
    visibility_timeout_factor: int = 6
    """A queue's visibility timeout in timeouts of its consumer; six is what AWS recommends for event sources."""
    receive_count_maximum: int = 5
    """Receives before a message is a dead letter; AWS recommends at least five, for throttled pollers receive too."""

    log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR
    requires_tls: bool = True
    stale_discrepancy_days: int = 5
    """A discrepancy overdue by more raises an alarm: a working week, so that a weekend alone never does."""

    webhook_providers: tuple[str, ...] = ("adyen", "gocardless", "stripe")
    """Into whose folders of `incoming/` webhooks may be stored; one that has no secrets is refused."""
    has_webhook_url: bool = False
    """Whether the function for webhooks can be reached from the internet: it has to, for a provider to reach it."""

    alarm_email: str | None = None
    """Who is told of alarms of the machinery; None leaves subscribing to the people who operate it."""
    alert_email: str | None = None
    """Who is told of discrepancies; None likewise."""

    acknowledged_findings: tuple[tuple[str, str], ...] = ()
    """Findings of the rule packs that follow from the relaxations of this environment, each with its reason."""


PRODUCTION: Final = Environment(name="production")

LOCAL: Final = Environment(
    name="local",
    # The emulator runs functions on its own interpreter, which is made from the one that synthesises.
    python_version=f"{sys.version_info.major}.{sys.version_info.minor}",
    architecture="arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64",
    dependency_platform=None,
    # A poison message reaches its dead-letter queue after receives times visibility: two minutes here, where somebody
    # waits for it, instead of hours. The visibility still covers a whole run of the consumer.
    function_timeout_ceiling_seconds=60,
    visibility_timeout_factor=1,
    receive_count_maximum=2,
    # Nothing is worth keeping of an emulator that is thrown away.
    log_retention=logs.RetentionDays.ONE_WEEK,
    # The emulator speaks plain HTTP on loopback, which policies that demand TLS would refuse.
    requires_tls=False,
    acknowledged_findings=(
        ("AwsSolutions-L1", "The emulator runs functions on its own interpreter, whatever the runtime says."),
        ("Serverless-LambdaLatestVersion", "The emulator runs functions on its own interpreter, as above."),
        ("AwsSolutions-S10", "The emulator speaks plain HTTP, on loopback only."),
        ("AwsSolutions-SQS4", "The emulator speaks plain HTTP, on loopback only."),
    ),
)

ENVIRONMENTS: Final[Mapping[str, Environment]] = MappingProxyType({each.name: each for each in (PRODUCTION, LOCAL)})


def find_environment(name: str) -> Environment:
    """The environment of that name. Raises `UnknownEnvironmentError` naming those that there are."""
    environment = ENVIRONMENTS.get(name)
    if environment is None:
        known = ", ".join(sorted(ENVIRONMENTS))
        raise UnknownEnvironmentError(f"there is no environment {name!r}; choose one of: {known}")
    return environment
