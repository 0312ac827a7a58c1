"""Documents from the change stream, by the real handler over AWS as moto plays it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from pawledger.adapters.clients import make_client
from pawledger.adapters.errors import DocumentInConflictError, MessagesNotSentError, ObjectTooLargeError
from pawledger.adapters.eventbridge_announcements import EventBridgeAnnouncements
from pawledger.adapters.s3_documents import DOCUMENT_BYTES_MAX, S3DocumentStore
from tests.builders.documents import ACCOUNT_ID, AccountStory
from tests.functional.deployed_handlers import DeployedHandlers, Invoked, deploy_handlers

BUCKET = "test-documents"
INVOICE = f"invoices/{ACCOUNT_ID}/{ACCOUNT_ID}-0001"
STATEMENT = f"statements/{ACCOUNT_ID}/000003"


@dataclass
class Documents:
    """The deployed function, the table it reads, the bucket it fills and a queue that hears its events."""

    deployed: DeployedHandlers
    queue_url: str

    def store(self, story: AccountStory) -> None:
        for entry in story.entries:
            item = {
                "account_id": {"S": entry.account_id},
                "entry_id": {"S": entry.entry_id},
                "sequence": {"N": str(entry.sequence)},
                "body": {"S": entry.body},
                "hash": {"S": entry.hash},
            }
            self.deployed.dynamodb.put_item(TableName=self.deployed.tables["entries"], Item=item)

    def deliver(self, story: AccountStory, event_name: str = "INSERT") -> Invoked:
        """All entries of a story as the change stream of their table delivers them."""
        return self.deployed.invoke("write_documents", stream_event(story, event_name))

    def versions(self) -> dict[str, list[str]]:
        listed = self.deployed.s3.list_object_versions(Bucket=BUCKET).get("Versions", [])
        found: dict[str, list[str]] = {}
        for version in listed:
            found.setdefault(version["Key"], []).append(version["VersionId"])
        return found

    def read(self, key: str) -> bytes:
        data: bytes = self.deployed.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return data

    def heard(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.deployed.take(self.queue_url)]


def stream_event(story: AccountStory, event_name: str = "INSERT") -> dict[str, Any]:
    return {
        "Records": [
            {
                "eventID": f"{entry.sequence:032d}",
                "eventName": event_name,
                "eventSource": "aws:dynamodb",
                "dynamodb": {
                    "Keys": {"account_id": {"S": entry.account_id}, "entry_id": {"S": entry.entry_id}},
                    "SequenceNumber": str(entry.sequence),
                    "StreamViewType": "NEW_IMAGE",
                },
            }
            for entry in story.entries
        ]
    }


@pytest.fixture
def documents() -> Iterator[Documents]:
    with deploy_handlers() as deployed:
        deployed.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        deployed.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        deployed.monkeypatch.setenv("DOCUMENTS_BUCKET", BUCKET)
        queue_url = deployed.sqs.create_queue(QueueName="heard")["QueueUrl"]
        queue = deployed.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]
        events = make_client("events")
        pattern = {"source": ["pawledger"], "detail-type": ["document_written.v1"]}
        events.put_rule(Name="mailer", EventPattern=json.dumps(pattern))
        events.put_targets(Rule="mailer", Targets=[{"Id": "queue", "Arn": queue["QueueArn"]}])
        yield Documents(deployed, queue_url)


@pytest.fixture
def story() -> AccountStory:
    story = AccountStory()
    story.open()
    story.pay(date(2026, 1, 2), 10_00)
    story.invoice(date(2026, 1, 5), [("premium", 25_00), ("tax:ipt", 5_00)])
    return story


def test_an_invoice_is_stored_in_both_forms_with_its_statement_and_a_mailer_hears_of_both(
    documents: Documents, story: AccountStory
) -> None:
    documents.store(story)

    invoked = documents.deliver(story)

    assert invoked.answer == {"batchItemFailures": []}
    assert invoked.metrics["DocumentsWritten"] == 2
    assert set(documents.versions()) == {f"{INVOICE}.json", f"{INVOICE}.pdf", f"{STATEMENT}.json", f"{STATEMENT}.pdf"}
    invoice, statement = json.loads(documents.read(f"{INVOICE}.json")), json.loads(documents.read(f"{STATEMENT}.json"))
    assert (invoice["amount_minor"], invoice["settled_minor"], invoice["payable_minor"]) == (30_00, 10_00, 20_00)
    assert (statement["opening_minor"], statement["closing_minor"]) == (0, 20_00)
    assert "20.00" in PdfReader(BytesIO(documents.read(f"{INVOICE}.pdf"))).pages[0].extract_text()
    heard = documents.heard()
    assert [(event["source"], event["detail-type"]) for event in heard] == [("pawledger", "document_written.v1")] * 2
    assert [event["detail"]["pdf_key"] for event in heard] == [f"{INVOICE}.pdf", f"{STATEMENT}.pdf"]
    assert {event["detail"]["bucket"] for event in heard} == {BUCKET}


def test_a_redelivery_writes_nothing_twice_and_tells_the_same(documents: Documents, story: AccountStory) -> None:
    documents.store(story)
    documents.deliver(story)
    versions, told = documents.versions(), [event["detail"] for event in documents.heard()]
    story.pay(date(2026, 1, 4), 5_00)
    documents.store(story)

    again = documents.deliver(story)

    assert again.metrics["DocumentsWritten"] == 0
    assert documents.versions() == versions
    assert {len(each) for each in versions.values()} == {1}
    assert [event["detail"] for event in documents.heard()] == told


def test_another_deployment_writes_the_same_bytes(documents: Documents, story: AccountStory) -> None:
    documents.store(story)
    documents.deliver(story)
    keys = sorted(documents.versions())
    written = {key: documents.read(key) for key in keys}
    for key, version_ids in documents.versions().items():
        for version_id in version_ids:
            documents.deployed.s3.delete_object(Bucket=BUCKET, Key=key, VersionId=version_id)

    documents.deliver(story)

    assert {key: documents.read(key) for key in keys} == written


def test_changes_of_items_and_other_entries_write_nothing(documents: Documents, story: AccountStory) -> None:
    documents.store(story)

    assert documents.deliver(story, "MODIFY").answer == {"batchItemFailures": []}
    story.entries.pop()
    assert documents.deliver(story).answer == {"batchItemFailures": []}

    assert documents.versions() == {}


def test_a_ledger_that_was_edited_has_no_documents_and_its_record_comes_again(
    documents: Documents, story: AccountStory
) -> None:
    documents.store(story)
    edited = story.entries[1]
    documents.deployed.dynamodb.update_item(
        TableName=documents.deployed.tables["entries"],
        Key={"account_id": {"S": edited.account_id}, "entry_id": {"S": edited.entry_id}},
        UpdateExpression="SET body = :body",
        ExpressionAttributeValues={":body": {"S": edited.body.replace("1000", "9000")}},
    )

    invoked = documents.deliver(story)

    assert invoked.answer == {"batchItemFailures": [{"itemIdentifier": "3"}]}
    assert documents.versions() == {}
    assert [line["error"] for line in invoked.log_lines] == ["BrokenLedgerError"]


def test_a_currency_without_a_creditor_fails_by_name(documents: Documents) -> None:
    story = AccountStory(currency="JPY")
    story.open()
    story.invoice(date(2026, 1, 5), [("premium", 2_500)])
    documents.store(story)

    invoked = documents.deliver(story)

    assert invoked.answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert [line["error"] for line in invoked.log_lines] == ["CreditorMissingError"]


@pytest.mark.usefixtures("fake_aws")
class TestDocumentStore:
    @pytest.fixture
    def store(self, fake_aws: None) -> S3DocumentStore:
        client = make_client("s3")
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        return S3DocumentStore(client, BUCKET)

    def test_the_first_one_stays(self, store: S3DocumentStore) -> None:
        assert store.keep("a.json", b"first", "application/json").is_new

        kept = store.keep("a.json", b"second", "application/json")

        assert (kept.data, kept.is_new) == (b"first", False)
        assert store._client.head_object(Bucket=BUCKET, Key="a.json")["ContentType"] == "application/json"

    def test_what_is_no_document_is_refused_by_its_size(self, store: S3DocumentStore) -> None:
        with pytest.raises(ObjectTooLargeError, match=r"a\.pdf would have"):
            store.keep("a.pdf", b"x" * (DOCUMENT_BYTES_MAX + 1), "application/pdf")

    def test_two_at_once_are_told_to_try_again(self, store: S3DocumentStore) -> None:
        def refuse(model: Any, **_: Any) -> Any:
            if model.name != "PutObject":
                return None
            answer = type("Answer", (), {"status_code": 409})()
            return answer, {"Error": {"Code": "ConditionalRequestConflict", "Message": ""}, "ResponseMetadata": {}}

        store._client.meta.events.register_last("before-call", refuse)

        with pytest.raises(DocumentInConflictError, match=r"a\.pdf is being written"):
            store.keep("a.pdf", b"x", "application/pdf")


def test_events_that_the_bus_refuses_are_an_error() -> None:
    class RefusingBus:
        def put_events(self, **_: Any) -> dict[str, Any]:
            return {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, {"ErrorCode": "ThrottlingException"}]}

    announcements = EventBridgeAnnouncements(RefusingBus())

    announcements_of_nothing: list[dict[str, object]] = []
    announcements.announce(announcements_of_nothing)
    with pytest.raises(MessagesNotSentError, match="refused 1 events: ThrottlingException"):
        announcements.announce([{"schema": "document_written.v1"}])
