"""Talking to the deployed app as its users do: events on a queue, files in a bucket, alerts from a topic."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

import boto3

from local_cloud.errors import LocalCloudError
from pawledger.domain.calendar import business_date_of

STEP_TIMEOUT_SECONDS: Final = 180.0
"""A step takes a few seconds on two idle cores and was seen to take 46 on two that ten programs shared; three minutes
mean that something is broken."""

POLL_SECONDS: Final = 0.25
MESSAGES_PER_BATCH: Final = 10
"""What SQS takes and gives at once."""


class DemonstrationStuckError(LocalCloudError):
    """A step of the demonstration did not finish in time; the emulator's log says more."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Clients and names of one deployment."""

    session: boto3.Session
    endpoint_url: str
    outputs: Mapping[str, str]
    _clients: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """Making a client costs more than most requests; the demonstration looks many times a second."""

    def client(self, service: str) -> Any:
        if service not in self._clients:
            create_client: Any = self.session.client
            self._clients[service] = create_client(service, endpoint_url=self.endpoint_url)
        return self._clients[service]

    def read_business_date(self) -> date:
        """Today in the time zone that the app bills in: what a bank calls today may be tomorrow there."""
        configuration = self.client("lambda").get_function_configuration(
            FunctionName=self.outputs["StartBillingDayFunctionName"]
        )
        return business_date_of(datetime.now(UTC), configuration["Environment"]["Variables"]["BILLING_TIME_ZONE"])

    def subscribe_to_alerts(self) -> str:
        """A queue of its own that receives what the alert topic pushes; its address."""
        queues, topics = self.client("sqs"), self.client("sns")
        queue_url = queues.create_queue(QueueName="pawledger-demonstration-alerts")["QueueUrl"]
        attributes = queues.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]
        allow = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": attributes["QueueArn"],
                "Condition": {"ArnEquals": {"aws:SourceArn": self.outputs["AlertTopicArn"]}},
            },
        }
        queues.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": json.dumps(allow)})
        topics.subscribe(TopicArn=self.outputs["AlertTopicArn"], Protocol="sqs", Endpoint=attributes["QueueArn"])
        return str(queue_url)

    def send_policy_events(self, events: list[dict[str, object]]) -> None:
        queues = self.client("sqs")
        for start in range(0, len(events), MESSAGES_PER_BATCH):
            batch = events[start : start + MESSAGES_PER_BATCH]
            entries = [{"Id": str(index), "MessageBody": json.dumps(event)} for index, event in enumerate(batch)]
            queues.send_message_batch(QueueUrl=self.outputs["PolicyEventsQueueUrl"], Entries=entries)

    def bill_account(self, account_id: str, business_date: date) -> None:
        """Put one account on the billing queue, as the schedule's function does with all that are due."""
        message = {
            "schema": "bill_accounts.v1",
            "business_date": business_date.isoformat(),
            "account_ids": [account_id],
        }
        self.client("sqs").send_message(QueueUrl=self.outputs["BillingQueueUrl"], MessageBody=json.dumps(message))

    def count_documents(self, account_id: str) -> int:
        """How many documents of an account's invoices were written."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.outputs["DocumentsBucketName"])
        return sum(account_id in item["Key"] for page in pages for item in page.get("Contents", ()))

    def invoke(self, function_output: str, event: Mapping[str, object]) -> dict[str, Any]:
        """Call a function as its schedule does. Raises `DemonstrationStuckError` where it fails."""
        answer = self.client("lambda").invoke(
            FunctionName=self.outputs[function_output], Payload=json.dumps(event).encode()
        )
        result: dict[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise DemonstrationStuckError(f"{function_output} failed: {result}")
        return result

    def drop_file(self, key: str, content: bytes) -> None:
        self.client("s3").put_object(Bucket=self.outputs["BankFilesBucketName"], Key=key, Body=content)

    def count_incoming_files(self) -> int:
        listed = self.client("s3").list_objects_v2(Bucket=self.outputs["BankFilesBucketName"], Prefix="incoming/")
        return int(listed["KeyCount"])

    def scan(self, table_output: str) -> Iterator[dict[str, Any]]:
        """All items of a table, in DynamoDB's own notation."""
        pages = (
            self.client("dynamodb")
            .get_paginator("scan")
            .paginate(TableName=self.outputs[table_output], ConsistentRead=True)
        )
        for page in pages:
            yield from page["Items"]

    def bodies(self, table_output: str) -> Iterator[dict[str, Any]]:
        """The parsed bodies of all items of a table."""
        for item in self.scan(table_output):
            yield json.loads(item["body"]["S"])

    def receive_messages(self, queue_url: str) -> Iterator[dict[str, Any]]:
        """Alerts and digests that wait in the demonstration's queue; each is taken out of it."""
        queues = self.client("sqs")
        while messages := queues.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=MESSAGES_PER_BATCH).get(
            "Messages"
        ):
            for message in messages:
                queues.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
                yield json.loads(json.loads(message["Body"])["Message"])


def wait_until(what: str, is_done: Callable[[], bool]) -> None:
    """Look again and again until something is done. Raises `DemonstrationStuckError` after `STEP_TIMEOUT_SECONDS`."""
    deadline = time.monotonic() + STEP_TIMEOUT_SECONDS
    while not is_done():
        if time.monotonic() > deadline:
            raise DemonstrationStuckError(f"waited {STEP_TIMEOUT_SECONDS:.0f} s until {what}, in vain")
        time.sleep(POLL_SECONDS)
