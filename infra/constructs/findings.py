"""Acknowledging findings of the rule packs, each with a reason that is true of the construct it stands on."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge_finding(scope: IConstruct, finding: str, reason: str) -> None:
    """Accept one finding on a construct and its children.

    `finding` is the exact id that the report prints, with its bracketed part where it has one: a bare family such as
    `AwsSolutions-IAM5` accepts nothing.
    """
    Validations.of(scope).acknowledge(Acknowledgment(id=finding, reason=reason))
