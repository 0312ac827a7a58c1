"""Documents in the deployed app: from an entry in the table to two stored files and an event, by the real stream."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from pawledger.adapters.typesetting.typst_documents import TypstTypesetter
from pawledger.rules.creditors import creditor_of
from pawledger.services.documents.account_documents import invoice_json
from tests.builders.documents import AccountStory
from tests.end_to_end.deployed_cloud import DeployedCloud

PATIENCE_SECONDS = 60  # measured 4 s, of which the emulator takes most to unpack the layers
ACCOUNT_ID = "E2EDOCS1"
INVOICE = f"invoices/{ACCOUNT_ID}/{ACCOUNT_ID}-0001"
STATEMENT = f"statements/{ACCOUNT_ID}/000003"
KEYS = {f"{INVOICE}.json", f"{INVOICE}.pdf", f"{STATEMENT}.json", f"{STATEMENT}.pdf"}


def wait_until(is_done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_done():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS} seconds"
        time.sleep(0.2)  # another process is at work, and there is nothing else to wait on


@pytest.fixture(scope="module")
def story() -> AccountStory:
    story = AccountStory(account_id=ACCOUNT_ID)
    story.open()
    story.pay(date(2026, 1, 2), 10_00)
    story.invoice(date(2026, 1, 5), [("premium", 25_00), ("tax:ipt", 5_00)])
    return story


@pytest.fixture(scope="module")
def mailbox(deployed_cloud: DeployedCloud) -> str:
    """A queue behind a rule on the default bus, as a mailer would have it; gives its URL."""
    sqs, events = deployed_cloud.client("sqs"), deployed_cloud.client("events")
    queue_url: str = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["pawledger"], "detail-type": ["document_written.v1"]}
    events.put_rule(Name="mailer", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="mailer", Targets=[{"Id": "mailbox", "Arn": arn}])
    return queue_url


@pytest.fixture(scope="module")
def written(deployed_cloud: DeployedCloud, story: AccountStory, mailbox: str) -> Iterator[dict[str, bytes]]:
    """What stands in the bucket after the entries came into their table, which others of this session count as well."""
    tables, s3 = deployed_cloud.client("dynamodb"), deployed_cloud.client("s3")
    entries_table = deployed_cloud.outputs["EntriesTableName"]
    for entry in story.entries:
        item = {
            "account_id": {"S": entry.account_id},
            "entry_id": {"S": entry.entry_id},
            "sequence": {"N": str(entry.sequence)},
            "body": {"S": entry.body},
            "hash": {"S": entry.hash},
        }
        tables.put_item(TableName=entries_table, Item=item)
    wait_until(lambda: set(read_versions(deployed_cloud)) == KEYS, "all documents stand in the bucket")
    bucket = deployed_cloud.outputs["DocumentsBucketName"]
    yield {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in KEYS}
    for entry in story.entries:
        key = {"account_id": {"S": entry.account_id}, "entry_id": {"S": entry.entry_id}}
        tables.delete_item(TableName=entries_table, Key=key)


def read_versions(deployed_cloud: DeployedCloud) -> dict[str, int]:
    """How many versions each document of the account has."""
    listed = deployed_cloud.client("s3").list_object_versions(Bucket=deployed_cloud.outputs["DocumentsBucketName"])
    keys = [version["Key"] for version in listed.get("Versions", []) if f"/{ACCOUNT_ID}/" in version["Key"]]
    return {key: keys.count(key) for key in keys}


def receive(deployed_cloud: DeployedCloud, queue_url: str, count: int) -> list[dict[str, Any]]:
    sqs = deployed_cloud.client("sqs")
    details: list[dict[str, Any]] = []

    def all_came() -> bool:
        for message in sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", []):
            detail = json.loads(message["Body"])["detail"]
            if detail["account_id"] == ACCOUNT_ID:
                details.append(detail)
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return len(details) >= count

    wait_until(all_came, f"{count} events")
    return sorted(details, key=lambda detail: str(detail["document_id"]))


def test_the_stored_files_are_what_is_made_of_the_ledger_anywhere(
    written: dict[str, bytes], story: AccountStory
) -> None:
    here = invoice_json(story.entries, story.entries[-1], creditor_of)

    assert json.loads(written[f"{INVOICE}.json"]) == here
    assert written[f"{INVOICE}.pdf"] == TypstTypesetter().typeset(here)


def test_a_mailer_hears_of_both_and_a_redelivery_writes_nothing_twice(
    deployed_cloud: DeployedCloud, written: dict[str, bytes], story: AccountStory, mailbox: str
) -> None:
    told = receive(deployed_cloud, mailbox, 2)
    keys = {"account_id": {"S": ACCOUNT_ID}, "entry_id": {"S": story.entries[-1].entry_id}}
    record = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "Keys": keys}}

    answer = deployed_cloud.client("lambda").invoke(
        FunctionName=deployed_cloud.outputs["WriteDocumentsFunctionName"], Payload=json.dumps({"Records": [record]})
    )

    assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}
    assert [detail["pdf_key"] for detail in told] == [f"{INVOICE}.pdf", f"{STATEMENT}.pdf"]
    assert [detail["pdf_sha256"] for detail in told] == [
        hashlib.sha256(written[str(detail["pdf_key"])]).hexdigest() for detail in told
    ]
    assert receive(deployed_cloud, mailbox, 2) == told
    assert read_versions(deployed_cloud) == dict.fromkeys(KEYS, 1)
