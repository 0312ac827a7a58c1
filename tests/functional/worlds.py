"""One face for two worlds: the ports, and what a test does to the world behind a port's back."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pynamodb.expressions.update import Action

from pawledger.adapters.clients import make_client
from pawledger.adapters.dynamodb_books import DynamoBankFileRegister, DynamoDiscrepancyBook, DynamoReferenceBook
from pawledger.adapters.dynamodb_ledger import DynamoAgenda, DynamoLedger, LedgerTables
from pawledger.adapters.dynamodb_runs import DynamoRunBook
from pawledger.adapters.models import (
    AccountRow,
    BankFileRow,
    DiscrepancyRow,
    EntryRow,
    ReferenceRow,
    RunRow,
    TermRow,
    bind,
    open_connection,
)
from pawledger.adapters.s3_bank_files import S3BankFileStore
from pawledger.adapters.sns_alerts import SnsAlertChannel
from pawledger.adapters.sqs_queue import SqsQueue
from pawledger.domain.worklist.discrepancies import DiscrepancyStatus
from pawledger.ports import (
    Agenda,
    AlertChannel,
    BankFileRegister,
    BankFileStore,
    DiscrepancyBook,
    Ledger,
    LedgerArchive,
    MessageQueue,
    ReferenceBook,
    RunBook,
    TermArchive,
)
from tests.builders.tables import create_tables
from tests.fakes.memory import MemoryWorld, NoPause

BUCKET: Final = "test-bank-files"
RECEIVES_MAX: Final = 100
"""Calls that empty a queue in a test; ten messages each."""


@dataclass(frozen=True)
class World:
    """All ports, and hands that reach behind them."""

    ledger: Ledger
    archive: LedgerArchive
    term_archive: TermArchive
    agenda: Agenda
    discrepancy_book: DiscrepancyBook
    bank_file_register: BankFileRegister
    reference_book: ReferenceBook
    run_book: RunBook
    bank_file_store: BankFileStore
    payments_queue: MessageQueue
    alert_channel: AlertChannel

    close_discrepancy: Callable[[str], None]
    tamper_with_entry: Callable[[str, str, str, str], None]
    """Given account id and entry id, replace one text by another in the stored body."""
    drop: Callable[[str, bytes], str]
    """Put an object as a provider does; returns its version id."""
    keys: Callable[[], list[str]]
    take_messages: Callable[[], list[dict[str, Any]]]
    take_alerts: Callable[[], list[tuple[str, dict[str, Any]]]]


def memory_world() -> World:
    """The fakes that services are tested with."""
    world = MemoryWorld()

    def tamper_with_entry(account_id: str, entry_id: str, old: str, new: str) -> None:
        row = world.rows.entries[account_id, entry_id]
        assert old in row.body
        row.body = row.body.replace(old, new)

    return World(
        ledger=world.ledger,
        archive=world.ledger,
        term_archive=world.ledger,
        agenda=world.ledger,
        discrepancy_book=world.discrepancy_book,
        bank_file_register=world.bank_file_register,
        reference_book=world.reference_book,
        run_book=world.run_book,
        bank_file_store=world.bank_file_store,
        payments_queue=world.payments_queue,
        alert_channel=world.alert_channel,
        close_discrepancy=world.discrepancy_book.close,
        tamper_with_entry=tamper_with_entry,
        drop=world.bank_file_store.drop,
        keys=world.bank_file_store.keys,
        take_messages=world.payments_queue.take,
        take_alerts=lambda: world.alert_channel.alerts,
    )


def aws_world() -> World:
    """The adapters, over whatever answers for AWS: tables from the template, a bucket, a queue, a topic."""
    sqs, s3, dynamodb = make_client("sqs"), make_client("s3"), make_client("dynamodb")
    tables = create_tables(dynamodb)
    connection = open_connection()
    ledger_tables = LedgerTables(
        accounts=bind(AccountRow, tables["accounts"], connection),
        entries=bind(EntryRow, tables["entries"], connection),
        discrepancies=bind(DiscrepancyRow, tables["discrepancies"], connection),
        policies=bind(TermRow, tables["policies"], connection),
    )
    ledger = DynamoLedger(ledger_tables, connection, NoPause())
    queue_url = sqs.create_queue(QueueName="test-payments")["QueueUrl"]
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    topic_arn, alerts_url = _create_topic(sqs)

    def close_discrepancy(discrepancy_id: str) -> None:
        closed = DiscrepancyRow.status.set(str(DiscrepancyStatus.RESOLVED))
        actions: list[Action] = [closed, DiscrepancyRow.worklist_key.remove()]
        ledger_tables.discrepancies(discrepancy_id).update(actions)

    def tamper_with_entry(account_id: str, entry_id: str, old: str, new: str) -> None:
        row = ledger_tables.entries.get(account_id, entry_id)
        assert old in row.body
        row.update([EntryRow.body.set(row.body.replace(old, new))])

    def list_keys() -> list[str]:
        return sorted(found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []))

    return World(
        ledger=ledger,
        archive=ledger,
        term_archive=ledger,
        agenda=DynamoAgenda(ledger_tables.accounts),
        discrepancy_book=DynamoDiscrepancyBook(ledger_tables.discrepancies),
        bank_file_register=DynamoBankFileRegister(bind(BankFileRow, tables["bank_files"], connection)),
        reference_book=DynamoReferenceBook(bind(ReferenceRow, tables["references"], connection)),
        run_book=DynamoRunBook(bind(RunRow, tables["runs"], connection)),
        bank_file_store=S3BankFileStore(s3, BUCKET),
        payments_queue=SqsQueue(sqs, queue_url, NoPause()),
        alert_channel=SnsAlertChannel(make_client("sns"), topic_arn),
        close_discrepancy=close_discrepancy,
        tamper_with_entry=tamper_with_entry,
        drop=lambda key, data: s3.put_object(Bucket=BUCKET, Key=key, Body=data)["VersionId"],
        keys=list_keys,
        take_messages=lambda: [json.loads(body) for body in _receive_all(sqs, queue_url)],
        take_alerts=lambda: [
            (told["Subject"], json.loads(told["Message"])) for told in map(json.loads, _receive_all(sqs, alerts_url))
        ],
    )


def _create_topic(sqs: Any) -> tuple[str, str]:
    """A topic, and the URL of a queue that hears everything it is told."""
    sns = make_client("sns")
    topic_arn = sns.create_topic(Name="test-alerts")["TopicArn"]
    queue_url = sqs.create_queue(QueueName="test-alerts")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=attributes["QueueArn"])
    return topic_arn, queue_url


def _receive_all(sqs: Any, queue_url: str) -> list[str]:
    bodies: list[str] = []
    for _ in range(RECEIVES_MAX):
        messages = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
        if not messages:
            return bodies
        bodies += [message["Body"] for message in messages]
    raise AssertionError("the queue holds more than a test sends")
