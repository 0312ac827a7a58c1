"""What is kept: tables, buckets and the key they are encrypted with. Nothing here may be lost with a deployment."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy, SecretValue, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.constructs.findings import acknowledge_finding
from infra.constructs.protected_table import ProtectedTable
from infra.environments import Environment
from infra.stacks.stored_data import (
    BUCKET_OUTPUT,
    DOCUMENTS_BUCKET_OUTPUT,
    KEY_OUTPUT,
    PAYER_KEYS_OUTPUT,
    STREAMED_TABLES,
    WEBHOOK_SECRETS_OUTPUT,
    stream_output,
    table_output,
)

OVERWRITTEN_VERSION_RETENTION = Duration.days(90)
"""An overwritten file can be brought back for a quarter; files in the archive themselves never expire."""
ABANDONED_UPLOAD_RETENTION = Duration.days(7)
ACCESS_LOG_RETENTION = Duration.days(365)
PAYER_SECRET_CHARACTERS = 64
"""Letters and digits of 381 bits: more than a SHA-256 can use."""


class DataStack(Stack):
    """Tables, bucket and key, as `docs/architecture.md` describes them.

    The construct ids are contracts: another id is another table, and an empty one. So are the outputs, which the other
    stacks and the command line read.
    """

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"Pawledger ({environment.name}): what is kept.",
            termination_protection=True,
        )
        self._key = kms.Key(
            self,
            "DataKey",
            description=f"Encrypts the tables and the bucket of Pawledger ({environment.name}).",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        tables = self._create_tables()
        access_logs = self._create_access_logs(environment)
        bucket = self._create_bucket(environment, access_logs)
        documents = self._create_documents_bucket(environment, access_logs)
        for name, table in tables.items():
            CfnOutput(self, table_output(name), value=table.table_name)
        for name in STREAMED_TABLES:
            stream_arn = tables[name].table_stream_arn
            if stream_arn is None:
                raise TypeError(f"the table of {name} has a stream")
            CfnOutput(self, stream_output(name), value=stream_arn)
        CfnOutput(self, BUCKET_OUTPUT, value=bucket.bucket_name)
        CfnOutput(self, DOCUMENTS_BUCKET_OUTPUT, value=documents.bucket_name)
        CfnOutput(self, KEY_OUTPUT, value=self._key.key_arn)
        CfnOutput(self, PAYER_KEYS_OUTPUT, value=_arn_of(self._create_payer_secret(environment)))
        CfnOutput(self, WEBHOOK_SECRETS_OUTPUT, value=_arn_of(self._create_webhook_secrets(environment)))

    def _create_tables(self) -> dict[str, dynamodb.Table]:
        return {
            "accounts": ProtectedTable(
                self,
                "AccountsTable",
                key=self._key,
                partition_key="account_id",
                indexes={"agenda": ("agenda_key", "account_id")},
            ),
            "entries": ProtectedTable(
                self,
                "EntriesTable",
                key=self._key,
                partition_key="account_id",
                sort_key="entry_id",
                stream=dynamodb.StreamViewType.NEW_IMAGE,
            ),
            "policies": ProtectedTable(
                self, "PoliciesTable", key=self._key, partition_key="account_id", sort_key="term_id"
            ),
            "discrepancies": ProtectedTable(
                self,
                "DiscrepanciesTable",
                key=self._key,
                partition_key="discrepancy_id",
                indexes={"worklist": ("worklist_key", "born_on")},
                stream=dynamodb.StreamViewType.NEW_IMAGE,
            ),
            "bank_files": ProtectedTable(
                self,
                "BankFilesTable",
                key=self._key,
                partition_key="file_id",
                sort_key="part",
                indexes={"received": ("received_on", "file_id")},
            ),
            "references": ProtectedTable(self, "ReferencesTable", key=self._key, partition_key="reference"),
            "runs": ProtectedTable(self, "RunsTable", key=self._key, partition_key="day", sort_key="part"),
        }

    def _create_payer_secret(self, environment: Environment) -> secretsmanager.Secret:
        """What keys of payers are made under; whoever shreds it makes all of them meaningless."""
        secret = secretsmanager.Secret(
            self,
            "PayerSecret",
            description=f"Keys of payers are made under it; without it, nobody is known again ({environment.name}).",
            encryption_key=self._key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=PAYER_SECRET_CHARACTERS, exclude_punctuation=True
            ),
            removal_policy=RemovalPolicy.RETAIN,
        )
        acknowledge_finding(
            secret,
            "AwsSolutions-SMG4",
            "Under another secret every payer would be unknown. It opens nothing, and shredding it is what protects.",
        )
        return secret

    def _create_webhook_secrets(self, environment: Environment) -> secretsmanager.Secret:
        """Under what providers sign webhooks: empty until somebody puts in what the providers gave them."""
        secret = secretsmanager.Secret(
            self,
            "WebhookSecrets",
            description=f"Under what payment providers sign their webhooks ({environment.name}): docs/webhooks.md.",
            encryption_key=self._key,
            # Says nothing, and is written once: CloudFormation leaves alone what people put in its place.
            secret_string_value=SecretValue.unsafe_plain_text("{}"),
            removal_policy=RemovalPolicy.RETAIN,
        )
        acknowledge_finding(
            secret,
            "AwsSolutions-SMG4",
            "Only a provider can make another secret; docs/webhooks.md says how one replaces the other.",
        )
        return secret

    def _create_access_logs(self, environment: Environment) -> s3.Bucket:
        return s3.Bucket(
            self,
            "AccessLogsBucket",
            # S3 delivers access logs only to buckets that are encrypted with its own key.
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=environment.requires_tls,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=ACCESS_LOG_RETENTION, noncurrent_version_expiration=OVERWRITTEN_VERSION_RETENTION
                )
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _create_documents_bucket(self, environment: Environment, access_logs: s3.IBucket) -> s3.Bucket:
        """Where invoices and statements stay: each is written once, under a condition, and nothing ever expires."""
        return s3.Bucket(
            self,
            "DocumentsBucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self._key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=environment.requires_tls,
            versioned=True,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix="documents/",
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _create_bucket(self, environment: Environment, access_logs: s3.IBucket) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "BankFilesBucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self._key,
            # One data key for many objects: a chunk of payments then does not cost a request to KMS each time.
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=environment.requires_tls,
            versioned=True,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix="bank-files/",
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=ABANDONED_UPLOAD_RETENTION,
                    noncurrent_version_expiration=OVERWRITTEN_VERSION_RETENTION,
                    expired_object_delete_marker=True,
                )
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )
        resource = bucket.node.default_child
        if not isinstance(resource, s3.CfnBucket):
            raise TypeError("a bucket's default child is its CfnBucket")
        # Not `event_bridge_enabled`: that adds a function with a broad role of its own, to set this one property.
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )
        return bucket


def _arn_of(secret: secretsmanager.Secret) -> str:
    """The ARN of a secret, by the attribute that is one everywhere: the emulator makes a name of a mere reference."""
    resource = secret.node.default_child
    if not isinstance(resource, secretsmanager.CfnSecret):
        raise TypeError("a secret's default child is its CfnSecret")
    return resource.attr_id
