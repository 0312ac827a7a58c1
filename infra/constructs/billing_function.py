"""One Lambda function with a role of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.findings import acknowledge_finding
from infra.environments import Environment
from infra.functions import FunctionDefinition

METRICS_NAMESPACE = "Pawledger"
COMPILED_FILES = ("**/__pycache__", "**/*.pyc")
"""Kept out of every asset: they differ from run to run and would change its hash."""


def runtime_of(environment: Environment) -> lambda_.Runtime:
    """The Lambda runtime of an environment's Python version."""
    return lambda_.Runtime(f"python{environment.python_version}", lambda_.RuntimeFamily.PYTHON)


def architecture_of(environment: Environment) -> lambda_.Architecture:
    """The Lambda architecture of an environment."""
    return lambda_.Architecture.ARM_64 if environment.architecture == "arm64" else lambda_.Architecture.X86_64


class BillingFunction(Construct):
    """The function in `functions/<name>`, its log group with a retention, and a role that may write to that alone.

    What else it may do is given to it statement by statement with `allow`. `dead_letter_queue` is for functions that
    are invoked asynchronously; a function fed by a queue or a stream has its dead letters there.
    """

    def __init__(
        self,
        scope: Construct,
        definition: FunctionDefinition,
        *,
        environment: Environment,
        functions_folder: Path,
        layers: Sequence[lambda_.ILayerVersion],
        settings: Mapping[str, str],
        dead_letter_queue: sqs.IQueue | None = None,
        reserved_concurrency: int | None = None,
    ) -> None:
        super().__init__(scope, definition.construct_id)
        self.definition = definition
        self.timeout_seconds = min(definition.timeout_seconds, environment.function_timeout_ceiling_seconds)
        self.log_group = logs.LogGroup(self, "Logs", retention=environment.log_retention)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What {definition.name} may do.",
        )
        self.log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            description=definition.description,
            code=lambda_.Code.from_asset(str(functions_folder / definition.name), exclude=list(COMPILED_FILES)),
            handler="handler.handler",
            runtime=runtime_of(environment),
            architecture=architecture_of(environment),
            memory_size=definition.memory_mib,
            timeout=Duration.seconds(self.timeout_seconds),
            role=self.role,
            log_group=self.log_group,
            layers=list(layers),
            tracing=lambda_.Tracing.ACTIVE,
            dead_letter_queue=dead_letter_queue,
            reserved_concurrent_executions=reserved_concurrency,
            environment={
                "POWERTOOLS_SERVICE_NAME": definition.name,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
                "POWERTOOLS_LOG_LEVEL": "INFO",
                **settings,
            },
        )
        acknowledge_finding(
            self.role,
            "AwsSolutions-IAM5[Resource::*]",
            "X-Ray takes trace segments of no resource: its two actions know only the resource *.",
        )
        if dead_letter_queue is None:
            acknowledge_finding(
                self.function,
                "Serverless-LambdaDLQ",
                "Who asks is answered, and asks again after a failure."
                if definition.answers_requests
                else "Nothing invokes it asynchronously: its dead letters are those of its queue or its stream.",
            )

    def allow(
        self, actions: Sequence[str], resources: Sequence[str], conditions: dict[str, object] | None = None
    ) -> None:
        """Let the function do exactly these actions on exactly these resources."""
        self.role.add_to_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
        )
