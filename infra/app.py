"""The CDK app: `python -m infra.app`, or by way of `cdk`, synthesises the three stacks of one environment.

Context, given with `cdk --context NAME=VALUE` or in the variable CDK_CONTEXT_JSON:

* `environment`: a name of `infra.environments`; `production` where it is not given
* `alarm_email`, `alert_email`: who is told of alarms of the machinery, and of discrepancies

The templates go to the folder that CDK_OUTDIR names, else to `cdk.out`. Neither an AWS account nor Docker is needed.
"""

import dataclasses
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from aws_cdk import App, CrossStackReferences, ReferenceStrength, Tags, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from infra.constructs.findings import acknowledge_finding
from infra.environments import Environment, find_environment
from infra.errors import InfrastructureError
from infra.stacks.data_stack import DataStack
from infra.stacks.monitoring_stack import MonitoringStack
from infra.stacks.service_stack import FUNCTIONS_FOLDER, ServiceStack
from infra.stacks.stored_data import StoredData

# Here and not in cdk.json, so that the templates are the same with the CDK command line and without it.
FEATURE_FLAGS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "@aws-cdk/aws-events:eventsTargetQueueSameAccount": True,
        "@aws-cdk/aws-iam:minimizePolicies": True,
        "@aws-cdk/aws-lambda:recognizeLayerVersion": True,
        "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
        "@aws-cdk/core:target-partitions": ["aws"],
    }
)


def create_app(*, outdir: str | None = None, context: Mapping[str, Any] | None = None) -> App:
    """An app without stacks, with the feature flags of the project; `context` is given precedence over them."""
    return App(
        outdir=outdir,
        context={**FEATURE_FLAGS, **(context or {})},
        analytics_reporting=False,
        stack_traces=False,
        tree_metadata=False,
    )


def choose_environment(app: App) -> Environment:
    """The environment that the context names. Raises `UnknownEnvironmentError`."""
    environment = find_environment(app.node.try_get_context("environment") or "production")
    emails = {name: app.node.try_get_context(name) for name in ("alarm_email", "alert_email")}
    return dataclasses.replace(environment, **{name: email for name, email in emails.items() if email})


def add_stacks(app: App, environment: Environment, *, functions_folder: Path = FUNCTIONS_FOLDER) -> None:
    """Add the three stacks of an environment and the rule packs that check them at synthesis."""
    # A strong reference is an export, and a stack whose export is used can be neither changed nor deleted.
    CrossStackReferences.of(app).consume(ReferenceStrength.WEAK)
    data = DataStack(app, f"PawledgerData-{environment.name}", environment=environment)
    service = ServiceStack(
        app,
        f"PawledgerService-{environment.name}",
        environment=environment,
        data=StoredData(data),
        functions_folder=functions_folder,
    )
    service.add_stack_dependency(data, "It reads the outputs of the data stack.")
    MonitoringStack(app, f"PawledgerMonitoring-{environment.name}", environment=environment, service=service)
    Tags.of(app).add("application", "pawledger")
    Tags.of(app).add("environment", environment.name)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    for finding, reason in environment.acknowledged_findings:
        acknowledge_finding(app, finding, reason)


def main() -> None:
    """Synthesise. Raises what the rule packs find as `RuntimeError`, with the report beside the templates."""
    app = create_app(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
    add_stacks(app, choose_environment(app))
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except InfrastructureError as error:
        sys.exit(str(error))
