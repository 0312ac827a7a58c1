"""Queues that lose nothing silently: each with its dead-letter queue and the alarm on it, as one unit."""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarm import create_alarm
from infra.constructs.findings import acknowledge_finding
from infra.environments import Environment

# SQS keeps messages at most 14 days. A dead letter's age counts from when it was first sent, so the dead-letter queue
# keeps for longer than the queue: ten days are left for a person to act.
DEAD_LETTER_RETENTION: Final = Duration.days(14)
RETENTION: Final = Duration.days(4)


class DeadLetterQueue(Construct):
    """A queue of what was given up, and an alarm as soon as there is one message in it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        operations: sns.ITopic,
        holds: str,
        runbook: str = "dead-letters",
    ) -> None:
        super().__init__(scope, construct_id)
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=environment.requires_tls,
            retention_period=DEAD_LETTER_RETENTION,
        )
        acknowledge_finding(
            self.queue,
            "Serverless-SQSRedrivePolicy",
            "It is itself where given-up messages end; an alarm tells of the first one.",
        )
        self.alarm = create_alarm(
            self,
            "NotEmpty",
            metric=self.queue.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(1), statistic=cloudwatch.Stats.MAXIMUM
            ),
            threshold=1,
            meaning=f"Given up: {holds}.",
            runbook=runbook,
            operations=operations,
        )


class QueueWithDeadLetters(Construct):
    """A queue for one consuming function.

    Encryption is by SQS's own key and not by the deployment's: messages carry pointers and identifiers only, and
    EventBridge then needs no right to a key that opens the data.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        operations: sns.ITopic,
        consumer_timeout_seconds: int,
        holds: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = DeadLetterQueue(
            self, "DeadLetters", environment=environment, operations=operations, holds=holds
        )
        timeout_seconds = min(consumer_timeout_seconds, environment.function_timeout_ceiling_seconds)
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=environment.requires_tls,
            retention_period=RETENTION,
            visibility_timeout=Duration.seconds(timeout_seconds * environment.visibility_timeout_factor),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters.queue, max_receive_count=environment.receive_count_maximum
            ),
        )
