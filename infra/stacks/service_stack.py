"""What runs: queues, functions, schedules, topics. It can be deleted and deployed again without losing an entry."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aws_cdk import Aws, CfnOutput, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra import functions
from infra.constructs.billing_function import BillingFunction
from infra.constructs.daily_schedule import DailySchedule
from infra.constructs.findings import acknowledge_finding
from infra.constructs.layers import create_dependencies_layer, create_documents_layer, create_pawledger_layer
from infra.constructs.queues import DeadLetterQueue, QueueWithDeadLetters
from infra.environments import Environment
from infra.functions import FunctionDefinition
from infra.stacks.stored_data import StoredData, spell_in_finding

FUNCTIONS_FOLDER: Final = Path(__file__).resolve().parents[2] / "functions"
INCOMING_PREFIX: Final = "incoming/"
DOCUMENT_PREFIXES: Final = ("invoices/", "statements/")

# Messages per invocation. A policy event is one transaction; a piece of work is 100 accounts or 100 payments, so that a
# full batch of ten writes one line of metrics for a thousand of them, and at 30 ms each takes a tenth of its timeout.
POLICY_EVENTS_PER_BATCH: Final = 10
PIECES_OF_WORK_PER_BATCH: Final = 10
FILES_PER_BATCH: Final = 1
# Consumers at a time: an account that is busy in two chunks is re-read and decided again, so that more consumers than
# these buy retries rather than speed. Files are few and large.
CONCURRENT_WORKERS: Final = 20
CONCURRENT_FILES: Final = 5

# The first firing of a day plans its run and sends a canary; each later one sends the rest, or finds the run released,
# or done. A quarter of an hour is what a release waits at most; a canary of a thousand accounts is billed in seconds.
MINUTES_BETWEEN_STEPS: Final = 15

# Discrepancies come singly or in the dozens of a bad file. Ten retries with bisection outlast a throttled topic; what
# still fails is a dead letter before the stream forgets it after 24 hours.
ALERTS_PER_BATCH: Final = 25
STREAM_RETRY_ATTEMPTS: Final = 10
STREAM_AGE_MAXIMUM: Final = Duration.hours(12)

# Invoices come by the thousand on a billing day, and one is two documents and six requests to other services, so that a
# batch takes seconds. Their order does not matter; ten batches of a shard at a time are as many as Lambda allows.
INVOICES_PER_BATCH: Final = 25
INVOICE_BATCHES_AT_ONCE: Final = 10

# A payment is one read and about one more for each thing that is known already: a batch takes a few seconds. In which
# order payers are learnt does not matter, and nobody waits for it.
PAYMENTS_LEARNT_PER_BATCH: Final = 100
LEARNING_BATCHES_AT_ONCE: Final = 2

# Requests at a time from whoever knows the address: at 50 ms each some two hundred a second, and whatever is sent, no
# more of the account's concurrency and no more than that of its money. What is turned away is sent again later.
WEBHOOKS_AT_ONCE: Final = 10

_ALL_KEY_USES: Final = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
"""What DynamoDB and S3 need of a customer managed key to read and write for a caller."""


class ServiceStack(Stack):
    """Everything between an event and an entry.

    What it knows of the data stack are names (see `stored_data`): neither stack keeps the other from being changed.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        data: StoredData,
        functions_folder: Path = FUNCTIONS_FOLDER,
    ) -> None:
        super().__init__(
            scope, construct_id, description=f"Pawledger ({environment.name}): what runs.", termination_protection=False
        )
        self._environment = environment
        self._data = data
        self._functions_folder = functions_folder
        self._layers = (create_dependencies_layer(self, environment), create_pawledger_layer(self, environment))
        self._documents_layer = create_documents_layer(self, environment)
        # A group of their own, because Scheduler measures its failures by group.
        self.schedules = scheduler.ScheduleGroup(self, "Schedules")
        self._create_topics()
        self._create_queues()
        self.functions: dict[str, BillingFunction] = {}
        self._create_policy_recording()
        self._create_billing()
        self._create_file_reception()
        self._create_posting()
        self._create_closing()
        self._create_alerting()
        self._create_documents()
        self._create_learning()
        self._create_webhooks()
        self._create_outputs()

    def _create_topics(self) -> None:
        self.topics_key = kms.Key(
            self, "TopicsKey", description="Encrypts alerts and alarms on their way.", enable_key_rotation=True
        )
        self.operations = sns.Topic(
            self,
            "OperationsTopic",
            display_name="Pawledger operations",
            master_key=self.topics_key,
            enforce_ssl=self._environment.requires_tls,
        )
        self.alerts = sns.Topic(
            self,
            "AlertsTopic",
            display_name="Pawledger alerts",
            master_key=self.topics_key,
            enforce_ssl=self._environment.requires_tls,
        )
        # CloudWatch publishes alarms itself and has to open the topic's key, which SNS's own key would not let it; the
        # grant covers topic and key.
        own_account = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        self.operations.grant_publish(iam.ServicePrincipal("cloudwatch.amazonaws.com", conditions=own_account))
        for topic, email in (
            (self.operations, self._environment.alarm_email),
            (self.alerts, self._environment.alert_email),
        ):
            if email is not None:
                topic.add_subscription(subscriptions.EmailSubscription(email))
                acknowledge_finding(
                    topic,
                    "Serverless-SNSRedrivePolicy",
                    "SNS retries mail itself, and a discrepancy stays on the worklist.",
                )

    def _create_queues(self) -> None:
        self.policy_events = self._create_queue(
            "PolicyEvents", functions.RECORD_POLICY_EVENT, "policy events that could not be recorded"
        )
        self.billing = self._create_queue("Billing", functions.BILL_ACCOUNTS, "batches of accounts not wholly billed")
        self.bank_files = self._create_queue(
            "BankFiles", functions.RECEIVE_BANK_FILE, "bank files that were not received"
        )
        self.payments = self._create_queue("Payments", functions.POST_PAYMENTS, "chunks of payments not wholly posted")
        self.queues: Mapping[str, QueueWithDeadLetters] = {
            "policy-events": self.policy_events,
            "billing": self.billing,
            "bank-files": self.bank_files,
            "payments": self.payments,
        }
        self.dead_letters: dict[str, DeadLetterQueue] = {
            name: queue.dead_letters for name, queue in self.queues.items()
        }

    def _create_queue(self, construct_id: str, consumer: FunctionDefinition, holds: str) -> QueueWithDeadLetters:
        return QueueWithDeadLetters(
            self,
            construct_id,
            environment=self._environment,
            operations=self.operations,
            consumer_timeout_seconds=consumer.timeout_seconds,
            holds=holds,
        )

    def _create_dead_letters(self, name: str, construct_id: str, holds: str) -> DeadLetterQueue:
        dead_letters = DeadLetterQueue(
            self, construct_id, environment=self._environment, operations=self.operations, holds=holds
        )
        self.dead_letters[name] = dead_letters
        return dead_letters

    def _create_function(
        self,
        definition: FunctionDefinition,
        *,
        settings: Mapping[str, str] | None = None,
        dead_letters: DeadLetterQueue | None = None,
        reserved_concurrency: int | None = None,
    ) -> BillingFunction:
        tables = {f"{each.table.upper()}_TABLE": self._data.table_name(each.table) for each in definition.tables}
        time_zone = {"BILLING_TIME_ZONE": self._environment.billing_time_zone} if definition.needs_time_zone else {}
        function = BillingFunction(
            self,
            definition,
            environment=self._environment,
            functions_folder=self._functions_folder,
            layers=[*self._layers, self._documents_layer] if definition.needs_typesetting else self._layers,
            settings={**tables, **time_zone, **(settings or {})},
            dead_letter_queue=dead_letters.queue if dead_letters else None,
            reserved_concurrency=reserved_concurrency,
        )
        for access in definition.tables:
            table_arn = self._data.table_arn(access.table)
            if access.actions:
                function.allow(access.actions, [table_arn])
            if access.queried_indexes:
                indexes = [f"{table_arn}/index/{name}" for name in access.queried_indexes]
                function.allow(["dynamodb:Query"], indexes)
        if definition.tables:
            self._allow_key(function, _ALL_KEY_USES, "dynamodb", "s3")
        self.functions[definition.name] = function
        return function

    def _allow_key(self, function: BillingFunction, actions: tuple[str, ...], *services: str) -> None:
        """Let a function use the key of the data through services of AWS, and in no other way."""
        through = [f"{service}.{Aws.REGION}.amazonaws.com" for service in services]
        function.allow(actions, [self._data.key_arn], {"StringEquals": {"kms:ViaService": through}})

    def _feed(self, function: BillingFunction, queue: QueueWithDeadLetters, batch_size: int, concurrency: int) -> None:
        function.function.add_event_source(
            sources.SqsEventSource(
                queue.queue, batch_size=batch_size, max_concurrency=concurrency, report_batch_item_failures=True
            )
        )
        acknowledge_finding(
            function.function,
            "Serverless-LambdaEventSourceMappingDestination",
            "Lambda has none for a queue: a failed message goes back to it, and on to its dead letters.",
        )

    def _allow_objects(
        self,
        function: BillingFunction,
        actions: tuple[str, ...],
        prefixes: tuple[str, ...],
        bucket_arn: str | None = None,
    ) -> None:
        objects = [f"{bucket_arn or self._data.bucket_arn}/{prefix}*" for prefix in prefixes]
        function.allow(actions, objects)
        for each in objects:
            acknowledge_finding(
                function.role,
                f"AwsSolutions-IAM5[Resource::{spell_in_finding(self, each)}]",
                "The names of objects are not known beforehand; their prefix is.",
            )

    def _create_policy_recording(self) -> None:
        function = self._create_function(functions.RECORD_POLICY_EVENT)
        self._feed(function, self.policy_events, POLICY_EVENTS_PER_BATCH, CONCURRENT_WORKERS)

    def _create_billing(self) -> None:
        dead_letters = self._create_dead_letters(
            "start-billing-day", "StartBillingDayDeadLetters", "a billing day that did not start"
        )
        starter = self._create_function(
            functions.START_BILLING_DAY,
            settings={"BILLING_QUEUE_URL": self.billing.queue.queue_url},
            dead_letters=dead_letters,
        )
        starter.allow(["sqs:SendMessage"], [self.billing.queue.queue_arn])
        DailySchedule(
            self,
            "StartBillingDaySchedule",
            environment=self._environment,
            at=self._environment.start_billing_day_at,
            again_minutes=MINUTES_BETWEEN_STEPS,
            function=starter,
            schema="billing_day.v1",
            group=self.schedules,
            dead_letter_queue=dead_letters.queue,
        )
        biller = self._create_function(functions.BILL_ACCOUNTS)
        self._feed(biller, self.billing, PIECES_OF_WORK_PER_BATCH, CONCURRENT_WORKERS)

    def _create_file_reception(self) -> None:
        events.Rule(
            self,
            "BankFileArrived",
            description="Objects created under incoming/ of the bank files bucket, to the bank-files queue.",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [self._data.bucket_name]},
                    "object": {"key": [{"prefix": INCOMING_PREFIX}]},
                },
            ),
            targets=[targets.SqsQueue(self.bank_files.queue, dead_letter_queue=self.bank_files.dead_letters.queue)],
        )
        function = self._create_function(
            functions.RECEIVE_BANK_FILE,
            settings={
                "BANK_FILES_BUCKET": self._data.bucket_name,
                "PAYMENTS_QUEUE_URL": self.payments.queue.queue_url,
                "PAYER_SECRET_ARN": self._data.payer_secret_arn,
            },
        )
        self._allow_objects(
            function,
            ("s3:GetObject", "s3:GetObjectVersion", "s3:DeleteObject", "s3:DeleteObjectVersion"),
            (INCOMING_PREFIX,),
        )
        self._allow_objects(function, ("s3:GetObject", "s3:PutObject"), ("archive/", "quarantine/"))
        # Without it S3 answers "forbidden" for an object that is not there, and a repeated event could not be told
        # from a missing right.
        function.allow(["s3:ListBucket"], [self._data.bucket_arn])
        function.allow(["secretsmanager:GetSecretValue"], [self._data.payer_secret_arn])
        self._allow_key(function, ("kms:Decrypt",), "secretsmanager")
        function.allow(["sqs:SendMessage"], [self.payments.queue.queue_arn])
        self._allow_announcing(function)
        self._feed(function, self.bank_files, FILES_PER_BATCH, CONCURRENT_FILES)

    def _create_posting(self) -> None:
        function = self._create_function(
            functions.POST_PAYMENTS, settings={"BANK_FILES_BUCKET": self._data.bucket_name}
        )
        self._allow_objects(function, ("s3:GetObject",), ("archive/",))
        self._feed(function, self.payments, PIECES_OF_WORK_PER_BATCH, CONCURRENT_WORKERS)

    def _create_closing(self) -> None:
        dead_letters = self._create_dead_letters("close-day", "CloseDayDeadLetters", "a day that was not closed")
        function = self._create_function(
            functions.CLOSE_DAY, settings={"ALERT_TOPIC_ARN": self.alerts.topic_arn}, dead_letters=dead_letters
        )
        self._allow_alerts(function)
        DailySchedule(
            self,
            "CloseDaySchedule",
            environment=self._environment,
            at=self._environment.close_day_at,
            function=function,
            schema="closing_day.v1",
            group=self.schedules,
            dead_letter_queue=dead_letters.queue,
        )

    def _allow_alerts(self, function: BillingFunction) -> None:
        """Let a function tell people; the topic's key encrypts what it says."""
        function.allow(["sns:Publish"], [self.alerts.topic_arn])
        function.allow(["kms:Decrypt", "kms:GenerateDataKey"], [self.topics_key.key_arn])

    def _create_alerting(self) -> None:
        dead_letters = self._create_dead_letters(
            "push-alerts", "PushAlertsDeadLetters", "discrepancies that nobody was told of"
        )
        acknowledge_finding(
            dead_letters.queue, "AwsSolutions-SQS3", "It is itself a dead-letter queue, of a stream instead of a queue."
        )
        function = self._create_function(functions.PUSH_ALERTS, settings={"ALERT_TOPIC_ARN": self.alerts.topic_arn})
        self._allow_alerts(function)
        self._feed_by_stream(
            function,
            dead_letters,
            "DiscrepancyStream",
            table="discrepancies",
            batch_size=ALERTS_PER_BATCH,
            batches_at_once=1,
            # A discrepancy is pushed when it is born; remembering that it was pushed must not wake the function again.
            wanted={"eventName": lambda_.FilterRule.is_equal("INSERT")},
        )

    def _create_documents(self) -> None:
        dead_letters = self._create_dead_letters(
            "write-documents", "WriteDocumentsDeadLetters", "invoices whose documents were not written"
        )
        acknowledge_finding(
            dead_letters.queue, "AwsSolutions-SQS3", "It is itself a dead-letter queue, of a stream instead of a queue."
        )
        function = self._create_function(
            functions.WRITE_DOCUMENTS, settings={"DOCUMENTS_BUCKET": self._data.documents_bucket_name}
        )
        # Reading is for what stands already: a repetition announces what is stored.
        self._allow_objects(
            function, ("s3:GetObject", "s3:PutObject"), DOCUMENT_PREFIXES, self._data.documents_bucket_arn
        )
        self._allow_announcing(function)
        self._feed_by_stream(
            function,
            dead_letters,
            "EntryStream",
            table="entries",
            batch_size=INVOICES_PER_BATCH,
            batches_at_once=INVOICE_BATCHES_AT_ONCE,
            wanted={
                "eventName": lambda_.FilterRule.is_equal("INSERT"),
                # Invoices, and what may be a return: a stream takes no third reader beside this one and learning.
                "dynamodb": {
                    "Keys": {"entry_id": {"S": [{"prefix": "invoice#"}, {"prefix": "debit#"}, {"prefix": "returned#"}]}}
                },
            },
        )

    def _allow_announcing(self, function: BillingFunction) -> None:
        bus_arn = f"arn:{Aws.PARTITION}:events:{Aws.REGION}:{Aws.ACCOUNT_ID}:event-bus/default"
        function.allow(["events:PutEvents"], [bus_arn])

    def _create_learning(self) -> None:
        dead_letters = self._create_dead_letters(
            "learn-payers", "LearnPayersDeadLetters", "payments whose payers were not learnt"
        )
        acknowledge_finding(
            dead_letters.queue, "AwsSolutions-SQS3", "It is itself a dead-letter queue, of a stream instead of a queue."
        )
        self._feed_by_stream(
            self._create_function(functions.LEARN_PAYERS),
            dead_letters,
            "PaymentStream",
            table="entries",
            batch_size=PAYMENTS_LEARNT_PER_BATCH,
            batches_at_once=LEARNING_BATCHES_AT_ONCE,
            wanted={
                "eventName": lambda_.FilterRule.is_equal("INSERT"),
                # Payments and their parts, what a person made of them, and what may take one back.
                "dynamodb": {
                    "Keys": {
                        "entry_id": {
                            "S": [
                                {"prefix": "payment#"},
                                {"prefix": "part#"},
                                {"prefix": "resolution#"},
                                {"prefix": "debit#"},
                                {"prefix": "returned#"},
                            ]
                        }
                    }
                },
            },
        )

    def _create_webhooks(self) -> None:
        """What takes in webhooks. It has no tables, reads nothing of the bucket, and has an address only if wanted."""
        has_url = self._environment.has_webhook_url
        function = self._create_function(
            functions.RECEIVE_WEBHOOK,
            settings={
                "BANK_FILES_BUCKET": self._data.bucket_name,
                "WEBHOOK_SECRETS_ARN": self._data.webhook_secrets_arn,
                "WEBHOOK_PROVIDERS": ",".join(self._environment.webhook_providers),
            },
            reserved_concurrency=WEBHOOKS_AT_ONCE if has_url else None,
        )
        folders = tuple(f"{INCOMING_PREFIX}{provider}/" for provider in self._environment.webhook_providers)
        self._allow_objects(function, ("s3:PutObject",), folders)
        self._allow_key(function, ("kms:GenerateDataKey",), "s3")
        function.allow(["secretsmanager:GetSecretValue"], [self._data.webhook_secrets_arn])
        self._allow_key(function, ("kms:Decrypt",), "secretsmanager")
        if has_url:
            # Providers sign bodies and know nothing of IAM, so that the function itself says whose request counts.
            url = function.function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.NONE)
            CfnOutput(self, "WebhookUrl", value=url.url)

    def _feed_by_stream(
        self,
        function: BillingFunction,
        dead_letters: DeadLetterQueue,
        construct_id: str,
        *,
        table: str,
        batch_size: int,
        batches_at_once: int,
        wanted: dict[str, object],
    ) -> None:
        """Let a function read a table's change stream from its beginning; what it cannot do ends as dead letters."""
        function.allow(["sqs:SendMessage"], [dead_letters.queue.queue_arn])
        stream_arn = self._data.stream_arn(table)
        function.allow(["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], [stream_arn])
        all_streams = f"{self._data.table_arn(table)}/stream/*"
        function.allow(["dynamodb:ListStreams"], [all_streams])
        acknowledge_finding(
            function.role,
            f"AwsSolutions-IAM5[Resource::{spell_in_finding(self, all_streams)}]",
            "Listing knows no single stream; this one table's streams are as narrow as it gets.",
        )
        mapping = lambda_.EventSourceMapping(
            self,
            construct_id,
            target=function.function,
            event_source_arn=stream_arn,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=batch_size,
            parallelization_factor=batches_at_once,
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            retry_attempts=STREAM_RETRY_ATTEMPTS,
            max_record_age=STREAM_AGE_MAXIMUM,
            on_failure=sources.SqsDlq(dead_letters.queue),
            filters=[lambda_.FilterCriteria.filter(wanted)],
        )
        mapping.node.add_dependency(function.role)

    def _create_outputs(self) -> None:
        for queue in self.queues.values():
            CfnOutput(self, f"{queue.node.id}QueueUrl", value=queue.queue.queue_url)
        for name, dead_letters in self.dead_letters.items():
            construct_id = name.title().replace("-", "")
            CfnOutput(self, f"{construct_id}DeadLetterQueueUrl", value=dead_letters.queue.queue_url)
        CfnOutput(self, "AlertTopicArn", value=self.alerts.topic_arn)
        CfnOutput(self, "OperationsTopicArn", value=self.operations.topic_arn)
        for function in self.functions.values():
            CfnOutput(self, f"{function.definition.construct_id}FunctionName", value=function.function.function_name)
