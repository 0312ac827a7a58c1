"""The event contracts: what the schemas say, what the samples show and what the code reads and writes is the same.

Samples stand in `events/samples/<schema>/`; `good_...` is accepted by schema and code, `bad_...` is refused by both and
named by what is wrong with it.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from hashlib import md5
from pathlib import Path
from typing import Any, Final

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.data_classes import SQSEvent
from jsonschema import Draft202012Validator

from pawledger.adapters.stored_bodies import read_discrepancy
from pawledger.bank_files.inspection import report_as_json_object
from pawledger.bank_files.records import StatementSummary
from pawledger.bank_files.report import FileReport, Rule
from pawledger.domain.billing.rulebook import UnknownRuleError
from pawledger.domain.calendar import business_date_of
from pawledger.domain.currencies import UnknownCurrencyError
from pawledger.domain.errors import PawledgerError
from pawledger.domain.identifiers import IdentifierError
from pawledger.domain.policy.policies import PolicyRefusedError
from pawledger.domain.policy.policy_checks import check_policy_event
from pawledger.domain.policy.policy_events import PolicyIssued
from pawledger.domain.posting.bank_movements import Movement
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.ports import StoredObjectMissingError
from pawledger.runtime.dropped_files import read_dropped_file
from pawledger.runtime.queue_batch import QueueMessage, process_queue_batch
from pawledger.runtime.stream_batch import process_new_items
from pawledger.services.billing.bill_accounts import bill_accounts
from pawledger.services.billing.policy_messages import POLICY_SCHEMAS, read_policy_event
from pawledger.services.billing.start_billing_day import BILLING_DAY, start_billing_day
from pawledger.services.closing.close_day import CLOSING_DAY
from pawledger.services.messages import MessageRefusedError, read_business_date
from pawledger.services.posting.post_payments import post_payments
from pawledger.services.posting.routes import Clues
from pawledger.services.receiving.payment_chunks import ChunkedMovement, read_chunk, write_chunk
from pawledger.services.receiving.receive_bank_file import INCOMING_KEY_PATTERN
from pawledger.services.resolving.push_alerts import alert_of
from tests.builders.policies import amount_of, build_policy
from tests.builders.rulebooks import build_rulebook
from tests.builders.services import connect_billing, connect_posting, record_policy
from tests.fakes.memory import MemoryWorld

EVENTS: Final = Path(__file__).resolve().parents[2] / "events"
SCHEMAS: Final = sorted(path.name.removesuffix(".json") for path in (EVENTS / "schemas").glob("*.json"))
SAMPLES: Final = sorted(path for path in (EVENTS / "samples").glob("*.v[0-9]*/*.json"))
GOOD: Final = [path for path in SAMPLES if path.name.startswith("good_")]
BAD: Final = [path for path in SAMPLES if path.name.startswith("bad_")]

FILE_ID: Final = "0123456789abcdef" * 4


@cache
def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def validator_of(schema: str) -> Draft202012Validator:
    written = load(EVENTS / "schemas" / f"{schema}.json")
    return Draft202012Validator(written, format_checker=Draft202012Validator.FORMAT_CHECKER)


def faults_of(schema: str, message: object) -> list[str]:
    return [error.message for error in validator_of(schema).iter_errors(message)]


def sample_name(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


def read_bill_accounts(message: object) -> None:
    world = MemoryWorld()
    bill_accounts(message, ledger=world.ledger, runs=world.run_book, pause=world.pause)


def read_post_payments(message: object) -> None:
    """Reading is over when the chunk is looked for, which is not there."""
    with pytest.raises(StoredObjectMissingError):
        post_payments(message, connect_posting(MemoryWorld()))


RECEIVED_ON: Final = date(2026, 11, 23)


def read_announced_chunk(chunk: object) -> object:
    """Read a chunk that was announced as what it says it is."""
    named = chunk if isinstance(chunk, dict) else {}
    return read_chunk(json.dumps(chunk), named.get("file_id", FILE_ID), named.get("chunk_number", 1))


def read_policy_message(message: object) -> None:
    check_policy_event(read_policy_event(message), build_rulebook())


READERS: Final[dict[str, Callable[[object], object]]] = {
    **dict.fromkeys(POLICY_SCHEMAS, read_policy_message),
    "billing_day.v1": lambda message: read_business_date(message, BILLING_DAY, "Europe/London"),
    "closing_day.v1": lambda message: read_business_date(message, CLOSING_DAY, "Europe/London"),
    "bill_accounts.v1": read_bill_accounts,
    "post_payments.v1": read_post_payments,
    "payment_chunk.v1": read_announced_chunk,
}
"""Alerts and inspect reports are only written by Pawledger; others read them."""

REFUSALS: Final = (MessageRefusedError, PolicyRefusedError, IdentifierError, UnknownCurrencyError, UnknownRuleError)
"""What reading a message raises for a broken contract; any other error would be a bug that the sample brought out."""


def schemas_that_are_read(paths: list[Path]) -> list[Path]:
    return [path for path in paths if path.parent.name in READERS]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_schema_is_valid_and_describes_itself_and_every_field(schema: str) -> None:
    written = load(EVENTS / "schemas" / f"{schema}.json")

    Draft202012Validator.check_schema(written)
    assert written["$id"] == f"urn:pawledger:{schema}"
    assert written["title"]
    assert written["description"]
    assert [name for name, field in written["properties"].items() if "description" not in field] == []


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_schema_has_good_samples_and_bad_ones(schema: str) -> None:
    kinds = {path.name.partition("_")[0] for path in SAMPLES if path.parent.name == schema}

    assert kinds == {"good", "bad"}


def test_every_folder_of_samples_belongs_to_a_schema() -> None:
    assert sorted({path.parent.name for path in SAMPLES}) == SCHEMAS


@pytest.mark.parametrize("path", GOOD, ids=sample_name)
def test_a_good_sample_keeps_its_schema(path: Path) -> None:
    assert faults_of(path.parent.name, load(path)) == []


@pytest.mark.parametrize("path", BAD, ids=sample_name)
def test_a_bad_sample_breaks_its_schema(path: Path) -> None:
    assert faults_of(path.parent.name, load(path)) != []


@pytest.mark.parametrize("path", schemas_that_are_read(GOOD), ids=sample_name)
def test_a_good_sample_is_accepted_by_the_code_that_reads_it(path: Path) -> None:
    READERS[path.parent.name](load(path))


@pytest.mark.parametrize("path", schemas_that_are_read(BAD), ids=sample_name)
def test_a_bad_sample_is_refused_by_name_by_the_code_that_reads_it(path: Path) -> None:
    with pytest.raises(REFUSALS):
        READERS[path.parent.name](load(path))


@pytest.mark.parametrize("field", load(EVENTS / "schemas" / "policy_issued.v1.json")["required"])
def test_a_policy_without_any_one_required_field_is_refused_by_schema_and_code(field: str) -> None:
    message = dict(load(EVENTS / "samples" / "policy_issued.v1" / "good_monthly_policy_with_mandate.json"))
    del message[field]

    assert faults_of("policy_issued.v1", message) == [f"'{field}' is a required property"]
    with pytest.raises(PawledgerError, match=field):
        read_policy_message(message)


def test_the_samples_of_a_policy_are_read_as_they_are_meant() -> None:
    message = load(EVENTS / "samples" / "policy_issued.v1" / "good_monthly_policy_with_mandate.json")

    issued = read_policy_event(message)

    assert isinstance(issued, PolicyIssued)
    assert (issued.event_id, issued.mandate_id) == ("evt-2026-000017", "MNDT-7781")
    # 240.00 premium + 45.60 tax - 12.00 discount
    assert (amount_of(issued), issued.plan) == (27360, "monthly")


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("fired_by_the_schedule", date(2026, 11, 23)),
        ("run_by_hand", date(2026, 11, 23)),
        ("fired_with_an_offset", date(2026, 11, 23)),
        ("day_wins_over_the_instant", date(2026, 11, 20)),
    ],
)
@pytest.mark.parametrize("schema", [BILLING_DAY, CLOSING_DAY])
def test_the_business_date_of_a_days_sample_is_what_its_name_says(schema: str, name: str, day: date) -> None:
    message = load(EVENTS / "samples" / schema / f"good_{name}.json")

    assert read_business_date(message, schema, "America/New_York") == day


def test_what_start_billing_day_writes_keeps_its_schema_and_is_read() -> None:
    world = MemoryWorld()
    for number in range(120):
        record_policy(world, build_policy(f"PAW-{number}", account_id=f"ACCT{number:04d}"))

    # Two weeks before the first installment falls due on the 31st.
    queued_count = start_billing_day(date(2026, 1, 17), ports=connect_billing(world)).queued_count
    messages = world.billing_queue.messages

    assert queued_count == 120
    assert [len(message["account_ids"]) for message in messages] == [100, 20]
    assert [faults_of("bill_accounts.v1", message) for message in messages] == [[], []]
    assert len(bill_accounts(messages[0], ledger=world.ledger, runs=world.run_book, pause=world.pause)) == 100


def test_what_write_chunk_writes_keeps_its_schema_and_is_read_back_the_same() -> None:
    payment = ChunkedMovement(
        payment_id="0123456789abcdef0123456789abcdef",
        movement=Movement.PAYMENT,
        amount_minor=2280,
        currency="EUR",
        booked_on=date(2026, 12, 3),
        is_future_dated=False,
        return_reason=None,
        clues=Clues(references=("NOTPROVIDED",), text="premium for Milo \x1b", mandate_id=None),
        line=42,
        number=1,
    )
    returned = replace(
        payment,
        number=2,
        movement=Movement.RETURN,
        is_future_dated=True,
        return_reason="AC04",
        repeats_ids=True,
        clues=Clues(references=(), text="", mandate_id="MNDT-7781"),
    )

    text = write_chunk(FILE_ID, 1, [payment, returned])

    assert faults_of("payment_chunk.v1", json.loads(text)) == []
    assert list(read_chunk(text, FILE_ID, 1)) == [payment, returned]


@pytest.mark.parametrize("kind", DiscrepancyKind)
def test_the_alert_of_every_kind_of_discrepancy_keeps_its_schema(kind: DiscrepancyKind) -> None:
    with_money = Discrepancy(kind, "payment#1", date(2026, 12, 3), "Found.", "MILO0042", "EUR", 500)
    without = Discrepancy(kind, FILE_ID, date(2026, 12, 3), "Found.")
    pushed_at = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)

    assert [faults_of("alert.v1", alert_of(each, pushed_at)) for each in (with_money, without)] == [[], []]


def test_the_schema_of_alerts_knows_no_kind_that_the_code_does_not() -> None:
    kinds = load(EVENTS / "schemas" / "alert.v1.json")["properties"]["kind"]["enum"]

    assert sorted(kinds) == sorted(kind.value for kind in DiscrepancyKind)


def test_what_inspect_reports_keeps_its_schema() -> None:
    known = StatementSummary(
        bank_account="0975312468",
        currency="USD",
        identity=("bai2", "1"),
        first_day=date(2026, 12, 3),
        last_day=date(2026, 12, 3),
        sequence_number=None,
        opening_minor=10000,
        closing_minor=17000,
        entry_count=4,
        credit_count=3,
        credit_minor=9000,
        debit_count=1,
        debit_minor=2000,
        return_count=1,
        change_count=0,
        chain=None,
        is_correction=False,
    )
    unknown = known._replace(currency=None, opening_minor=None, closing_minor=None)
    report = FileReport(format="bai2", statements=[known, unknown])
    report.add(Rule.INTEGRITY, "bai2.account_total", "expected 1, found 2", line=9, field="account control total")
    report.add(Rule.MEANING, "bai2.type_code_unknown", "'999' is no type code of the list")

    for each in (report, FileReport()):
        written = json.loads(json.dumps(report_as_json_object("day.bai", each)))
        assert faults_of("inspect_report.v1", written) == []


AWS_EVENTS: Final = EVENTS / "samples" / "aws_events"
SQS_EVENTS: Final = sorted(AWS_EVENTS.glob("sqs_*.json"))


@pytest.mark.parametrize("path", SQS_EVENTS, ids=sample_name)
def test_a_queue_event_is_as_lambda_hands_it_over(path: Path) -> None:
    event = load(path)
    queues = {"policy-events", "billing", "payments", "bank-files"}

    for raw, record in zip(event["Records"], SQSEvent(event).records, strict=True):
        assert raw["md5OfBody"] == md5(record.body.encode(), usedforsecurity=False).hexdigest()
        assert record.event_source_arn.rpartition(":")[2] in queues
        # Sent at 09:00 UTC, which is four in the morning in New York.
        assert sent_day(raw) == date(2026, 11, 23)


def sent_day(record: dict[str, Any]) -> date:
    """The day in New York on which a queue's record says that it was sent, as the handlers read it."""
    logger, metrics = Logger(service="test"), Metrics(namespace="Pawledger", service="test")
    seen: list[QueueMessage] = []
    process_queue_batch(
        {"Records": [{**record, "body": "{}"}]}, lambda _, message: seen.append(message), logger, metrics
    )
    return business_date_of(seen[0].sent_at, "America/New_York")


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("sqs_policy_events", "policy_issued.v1"),
        ("sqs_billing", "bill_accounts.v1"),
        ("sqs_payments", "post_payments.v1"),
    ],
)
def test_a_queue_event_holds_messages_of_its_schema(name: str, schema: str) -> None:
    messages = [json.loads(record["body"]) for record in load(AWS_EVENTS / f"{name}.json")["Records"]]

    assert [faults_of(schema, message) for message in messages] == [[] for _ in messages]
    for message in messages:
        READERS[schema](message)


def test_the_event_with_poison_holds_one_good_message_and_two_bad_ones() -> None:
    bodies = [record["body"] for record in load(AWS_EVENTS / "sqs_policy_events_with_poison.json")["Records"]]

    read_policy_event(json.loads(bodies[0]))
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(bodies[1])
    with pytest.raises(PawledgerError, match="currency"):
        read_policy_message(json.loads(bodies[2]))


def test_the_word_of_a_dropped_file_is_read_with_key_version_and_day() -> None:
    (record,) = load(AWS_EVENTS / "sqs_bank_files.json")["Records"]

    # 09:00 UTC on the 23rd is still the 22nd in Honolulu, ten hours behind, at 23:00.
    dropped = read_dropped_file(json.loads(record["body"]), "Pacific/Honolulu")

    assert (dropped.key, dropped.version_id) == ("incoming/first-bank/2026-11-23.bai", "L4kqtJlcpXroDTDmpUMLUo")
    assert dropped.received_on == date(2026, 11, 22)
    assert INCOMING_KEY_PATTERN.fullmatch(dropped.key)


def test_odd_keys_are_taken_literally_and_a_missing_version_is_none() -> None:
    records = load(AWS_EVENTS / "sqs_bank_files_with_odd_keys.json")["Records"]

    dropped = [read_dropped_file(json.loads(record["body"]), "UTC") for record in records]

    assert [each.key.rpartition("/")[2] for each in dropped] == ["with blank.bai", "a+b%20c.bai", "no-version.bai"]
    assert [bool(INCOMING_KEY_PATTERN.fullmatch(each.key)) for each in dropped] == [False, False, True]
    assert dropped[2].version_id is None


@pytest.mark.parametrize(
    ("name", "schema"), [("scheduler_billing_day", BILLING_DAY), ("scheduler_closing_day", CLOSING_DAY)]
)
def test_what_a_schedule_sends_keeps_its_schema_and_names_its_day(name: str, schema: str) -> None:
    event = load(AWS_EVENTS / f"{name}.json")

    assert faults_of(schema, event) == []
    assert read_business_date(event, schema, "America/New_York") == date(2026, 11, 23)


def test_of_a_stream_batch_only_the_inserted_discrepancy_is_handled() -> None:
    event = load(AWS_EVENTS / "dynamodb_stream_discrepancies.json")
    handled: list[dict[str, Any]] = []

    answer = process_new_items(
        event, handled.append, Logger(service="test"), Metrics(namespace="Pawledger", service="test")
    )

    assert answer == {"batchItemFailures": []}
    assert [record["eventName"] for record in event["Records"]] == ["INSERT", "MODIFY"]
    assert handled == [event["Records"][0]["dynamodb"]["Keys"]]


def test_a_stream_record_holds_a_discrepancy_as_it_is_stored() -> None:
    for record in load(AWS_EVENTS / "dynamodb_stream_discrepancies.json")["Records"]:
        image = record["dynamodb"]["NewImage"]
        discrepancy = read_discrepancy(image["body"]["S"])

        assert image["discrepancy_id"]["S"] == discrepancy.discrepancy_id
        assert (image["kind"]["S"], image["worklist_key"]["S"]) == (discrepancy.kind, discrepancy.kind)
        assert image["born_on"]["S"] == discrepancy.born_on.isoformat()
