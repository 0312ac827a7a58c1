"""A table that cannot be lost by accident."""

from collections.abc import Mapping

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct


def text_attribute(name: str) -> dynamodb.Attribute:
    """A key attribute; all keys of Pawledger are strings."""
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


class ProtectedTable(dynamodb.Table):
    """On-demand, encrypted with the deployment's key, recoverable to any second, and kept when its stack goes.

    `indexes` gives, by index name, the partition and the sort key; every index carries keys only, so that a write that
    does not change them costs the index nothing.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        partition_key: str,
        sort_key: str | None = None,
        indexes: Mapping[str, tuple[str, str]] | None = None,
        stream: dynamodb.StreamViewType | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            partition_key=text_attribute(partition_key),
            sort_key=text_attribute(sort_key) if sort_key else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
            stream=stream,
        )
        for name, (index_partition_key, index_sort_key) in (indexes or {}).items():
            self.add_global_secondary_index(
                index_name=name,
                partition_key=text_attribute(index_partition_key),
                sort_key=text_attribute(index_sort_key),
                projection_type=dynamodb.ProjectionType.KEYS_ONLY,
            )
