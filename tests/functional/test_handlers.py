"""The handlers as Lambda calls them: sample events in, answers, stored items, log lines and metrics out."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import pytest
from botocore.exceptions import EndpointConnectionError

from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import Movement
from pawledger.runtime.settings import MissingSettingError
from pawledger.services.receiving.payment_chunks import write_chunk
from tests.builders.bank_statements import Line, build_bai2
from tests.builders.camt053_file import Detail, Entry, file_of
from tests.builders.policies import build_policy, premium
from tests.builders.services import FILE_ID, bill_message, chunked_payment, policy_message, without
from tests.builders.tables import table_definitions
from tests.functional.deployed_handlers import (
    DeployedHandlers,
    Invoked,
    deploy_handlers,
    failed_messages,
    hooked_calls,
    object_created,
    queue_event,
    read_sample,
)

HANDLERS: Final = (
    "record_policy_event",
    "start_billing_day",
    "bill_accounts",
    "receive_bank_file",
    "post_payments",
    "close_day",
    "push_alerts",
)
REFERENCE: Final = creditor_reference_of(InvoiceAddress("HOME0001", 1))
CHUNK_KEY: Final = f"archive/bank/{FILE_ID}/payments/00001.json"
POST_MESSAGE: Final = {
    "schema": "post_payments.v1",
    "file_id": FILE_ID,
    "chunk_number": 1,
    "chunk_key": CHUNK_KEY,
}
FIRST_INVOICE_ON: Final = date(2026, 11, 23)
"""The day on which the sample messages are sent and the sample schedules fire: two weeks before `POLICY` begins."""

POLICY: Final = build_policy(effective_on=date(2026, 12, 7), expires_on=date(2027, 12, 7))


nothing_counted = pytest.mark.filterwarnings("ignore:No application metrics to publish")
"""An event that is refused whole has counted nothing, of which Powertools warns."""


@pytest.fixture(scope="module")
def deployment() -> Iterator[DeployedHandlers]:
    table_definitions()
    with deploy_handlers() as handlers:
        yield handlers


@pytest.fixture
def deployed(deployment: DeployedHandlers) -> DeployedHandlers:
    deployment.clear()
    return deployment


def open_account(deployed: DeployedHandlers, *, mandate_id: str | None = None) -> None:
    """One account with one open invoice of 10.00 EUR."""
    deployed.invoke("record_policy_event", queue_event(policy_message(POLICY, mandate_id=mandate_id)))
    deployed.invoke("bill_accounts", queue_event(bill_message(FIRST_INVOICE_ON, ["HOME0001"])))


def kinds(deployed: DeployedHandlers) -> list[str]:
    return sorted(json.loads(item)["kind"]["S"] for item in deployed.items()["discrepancies"])


def stream_event(deployed: DeployedHandlers) -> dict[str, Any]:
    """The sample change stream, telling of the discrepancies that stand."""
    template = read_sample("dynamodb_stream_discrepancies")["Records"][0]
    records = []
    for place, item in enumerate(deployed.items()["discrepancies"]):
        keys = {"discrepancy_id": json.loads(item)["discrepancy_id"]}
        changes = {**template["dynamodb"], "Keys": keys, "SequenceNumber": f"{place + 1:021d}"}
        records.append({**template, "dynamodb": changes})
    return {"Records": records}


@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_without_one_of_its_settings_does_not_start(
    deployment: DeployedHandlers, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = "BILLING_QUEUE_URL" if name == "start_billing_day" else "DISCREPANCIES_TABLE"
    monkeypatch.delenv(missing)
    cold = DeployedHandlers(deployment.tables, "", "", "", deployment.monkeypatch)
    with pytest.raises(MissingSettingError, match=f"{name} needs the environment variable {missing}"):
        cold.load(name)


def test_policy_events_of_the_sample_are_recorded_once_however_often_they_come(deployed: DeployedHandlers) -> None:
    sample = read_sample("sqs_policy_events")
    for record in sample["Records"]:
        message = json.loads(record["body"])
        # A mandate pays one account; the sample is about the form of messages, not about that.
        record["body"] = json.dumps({**message, "mandate_id": f"MNDT-{message['account_id']}"})
    first = deployed.invoke("record_policy_event", sample)
    items = deployed.items()
    again = deployed.invoke("record_policy_event", sample)
    assert failed_messages(first) == failed_messages(again) == []
    assert first.metrics["PoliciesRecorded"] == len(items["policies"]) > 0
    assert again.metrics["PoliciesRecorded"] == 0
    assert deployed.items() == items


def test_poison_among_policy_events_fails_alone(deployed: DeployedHandlers) -> None:
    sample = read_sample("sqs_policy_events_with_poison")
    invoked = deployed.invoke("record_policy_event", sample)
    failed = failed_messages(invoked)
    assert 0 < len(failed) < len(sample["Records"])
    assert len(deployed.items()["policies"]) == len(sample["Records"]) - len(failed)
    assert sorted(line["message_id"] for line in invoked.log_lines) == sorted(failed)


def test_a_batch_in_which_everything_fails_is_answered_message_by_message(deployed: DeployedHandlers) -> None:
    invoked = deployed.invoke("record_policy_event", queue_event("not json", {}, []))
    assert failed_messages(invoked) == ["message-0", "message-1", "message-2"]
    errors = [line["error"] for line in invoked.log_lines]
    assert errors == ["MessageRefusedError", "PolicyEventRefusedError", "PolicyEventRefusedError"]
    assert invoked.metrics["MessagesFailed"] == 3


def post_while_unreachable(deployed: DeployedHandlers) -> Invoked:
    """Post a chunk twice in one batch while DynamoDB cannot be reached."""
    open_account(deployed)
    deployed.drop(CHUNK_KEY, write_chunk(FILE_ID, 1, [chunked_payment(references=[REFERENCE])]).encode())

    def cut_off(operation: str) -> None:
        if operation == "GetItem":
            raise EndpointConnectionError(endpoint_url="https://dynamodb.invalid")

    with hooked_calls(deployed.clients("post_payments"), cut_off, lambda operation: None):
        return deployed.invoke("post_payments", queue_event(POST_MESSAGE, POST_MESSAGE))


def test_a_store_out_of_reach_fails_each_message_and_the_next_delivery_posts_it(deployed: DeployedHandlers) -> None:
    invoked = post_while_unreachable(deployed)
    assert failed_messages(invoked) == ["message-0", "message-1"]
    assert invoked.metrics["MessagesFailed"] == 2
    again = deployed.invoke("post_payments", queue_event(POST_MESSAGE))
    assert failed_messages(again) == []
    assert again.metrics["PaymentsPosted"] == 1


def test_a_message_that_fails_for_an_unforeseen_reason_is_logged(deployed: DeployedHandlers) -> None:
    invoked = post_while_unreachable(deployed)
    assert [line["message_id"] for line in invoked.log_lines] == ["message-0", "message-1"]


def test_an_empty_batch_is_answered(deployed: DeployedHandlers) -> None:
    assert failed_messages(deployed.invoke("post_payments", {"Records": []})) == []


def test_a_schedule_queues_those_who_are_due_and_the_queue_bills_them(deployed: DeployedHandlers) -> None:
    deployed.invoke("record_policy_event", queue_event(policy_message(POLICY)))
    fired = read_sample("scheduler_billing_day")
    by_hand = {"schema": "billing_day.v1", "business_date": fired["scheduled_at"][:10]}
    started = [deployed.invoke("start_billing_day", event) for event in (fired, fired, by_hand)]
    # A schedule that fires again finds the day sent; a person who runs it again has it sent again.
    assert [each.metrics["AccountsQueued"] for each in started] == [1, 0, 1]
    assert [each.metrics["BatchesWaiting"] for each in started] == [1, 1, 1]
    assert started[0].metrics["ExpectedMinor"] == started[0].metrics["ExpectedMinorEUR"] == 1_000
    assert started[0].metrics["InstallmentsExpected"] == 1
    messages = deployed.take(deployed.billing_queue_url)
    assert [json.loads(message)["account_ids"] for message in messages] == [["HOME0001"]] * 2
    billed = deployed.invoke("bill_accounts", queue_event(*messages))
    assert failed_messages(billed) == []
    assert billed.metrics["InvoicesIssued"] == 1
    assert billed.metrics["MessagesFailed"] == 0
    assert billed.metrics["InvoicedMinor"] == billed.metrics["InvoicedMinorEUR"] == 1_000
    finished = deployed.invoke("start_billing_day", fired)
    assert finished.answer["status"] == "done"
    assert [finished.metrics[name] for name in ("AccountsQueued", "BatchesWaiting", "RunsHeld")] == [0, 0, 0]


@nothing_counted
@pytest.mark.parametrize("event", [{}, {"schema": "billing_day.v1", "scheduled_at": "<aws.scheduler.scheduled-time>"}])
def test_a_schedule_that_names_no_day_stops_by_name(deployed: DeployedHandlers, event: Mapping[str, Any]) -> None:
    with pytest.raises(Exception, match=r"billing_day\.v1: field (schema|scheduled_at)"):
        deployed.invoke("start_billing_day", event)
    assert deployed.take(deployed.billing_queue_url) == []


def test_a_billing_message_that_is_refused_fails_alone(deployed: DeployedHandlers) -> None:
    deployed.invoke("record_policy_event", queue_event(policy_message(POLICY)))
    message = bill_message(FIRST_INVOICE_ON, ["HOME0001"])
    invoked = deployed.invoke("bill_accounts", queue_event(without(message, "business_date"), message))
    assert failed_messages(invoked) == ["message-0"]
    assert invoked.metrics["InvoicesIssued"] == 1


def test_an_installment_of_zero_is_billed_and_counted(deployed: DeployedHandlers) -> None:
    # 0.05 EUR over twelve months: only five of the installments are a cent.
    deployed.invoke("record_policy_event", queue_event(policy_message(build_policy(charges=(premium(5),)))))
    invoked = deployed.invoke("bill_accounts", queue_event(bill_message(date(2026, 12, 31), ["HOME0001"])))
    assert failed_messages(invoked) == []
    assert invoked.metrics["InvoicesIssued"] == 12
    assert invoked.metrics["InvoicedMinor"] == 5


def test_a_bank_file_goes_from_the_bucket_to_the_ledger_and_is_proven(deployed: DeployedHandlers) -> None:
    open_account(deployed)
    data = build_bai2([Line(1_000, REFERENCE), Line(500)])
    key = "incoming/bank/statement.bai"
    received = deployed.invoke("receive_bank_file", queue_event(object_created(key, deployed.drop(key, data))))
    assert failed_messages(received) == []
    assert (received.metrics["FilesAccepted"], received.metrics["FilesQuarantined"]) == (1, 0)
    messages = deployed.take(deployed.payments_queue_url)
    posted = deployed.invoke("post_payments", queue_event(*messages))
    assert failed_messages(posted) == []
    assert posted.metrics["PaymentsPosted"] == posted.metrics["PaymentsSuspended"] == 1
    assert posted.metrics["PostedMinor"] == posted.metrics["PostedMinorEUR"] == 1_000
    assert posted.metrics["SuspendedMinor"] == 500
    closed = deployed.invoke("close_day", read_sample("scheduler_closing_day"))
    assert (closed.answer["files_proven"], closed.answer["files_unproven"]) == (1, 0)
    assert closed.answer["balances_minor"]["EUR cash"] == 1_500
    assert closed.answer["accounts_out_of_balance"] == 0
    assert closed.metrics["DiscrepanciesOpen"] == closed.answer["discrepancies_open"] == 1
    assert closed.metrics_by("kind", "DiscrepanciesOpenByKind") == {"unidentified_payment": 1}
    # Booked on 2 February 2026, closed on 23 November.
    assert closed.metrics_by("kind", "OldestDiscrepancyDaysByKind") == {"unidentified_payment": 294}
    assert closed.metrics_by("currency", "SuspenseMinor") == {"EUR": 500}
    again = deployed.invoke("post_payments", queue_event(*messages))
    assert again.metrics["PaymentsPosted"] == again.metrics["PaymentsSuspended"] == 0


def test_keys_with_odd_characters_are_set_aside_and_never_logged(deployed: DeployedHandlers) -> None:
    sample = read_sample("sqs_bank_files_with_odd_keys")
    odd_keys: list[str] = []
    plain_keys: list[str] = []
    for record in sample["Records"]:
        message = json.loads(record["body"])
        described = message["detail"]["object"]
        version_id = deployed.drop(described["key"], b"anything")
        if "version-id" in described:
            described["version-id"] = version_id
        (odd_keys if set(described["key"]) & set(" +%") else plain_keys).append(described["key"])
        record["body"] = json.dumps(message)
    invoked = deployed.invoke("receive_bank_file", sample)
    assert failed_messages(invoked) == []
    assert odd_keys
    assert kinds(deployed) == ["file_refused"] * len(odd_keys) + ["file_unreadable"] * len(plain_keys)
    refused = [key for key in deployed.objects() if key.startswith("quarantine/refused/")]
    assert len(refused) == len(odd_keys)
    assert not [key for key in deployed.objects() if key.startswith("incoming/")]
    told = [invoked.output, *deployed.items()["discrepancies"], *deployed.objects()]
    assert not [key for key in odd_keys if any(key in text for text in told)]


def test_a_broken_file_is_quarantined_beside_a_sound_one(deployed: DeployedHandlers) -> None:
    files = {
        "incoming/bank/broken.bai": build_bai2([Line(10)], account_total_change_minor=1),
        "incoming/bank/sound.bai": build_bai2([Line(20)]),
    }
    events = [object_created(key, deployed.drop(key, data)) for key, data in files.items()]
    invoked = deployed.invoke("receive_bank_file", queue_event(*events))
    assert failed_messages(invoked) == []
    assert (invoked.metrics["FilesAccepted"], invoked.metrics["FilesQuarantined"]) == (1, 1)
    assert kinds(deployed) == ["file_out_of_balance"]


def test_a_message_that_is_no_event_of_the_bucket_is_refused(deployed: DeployedHandlers) -> None:
    good = object_created("incoming/bank/gone.bai", "no-such-version")
    broken = [{}, without(good, "time"), {**good, "detail": {}}]
    invoked = deployed.invoke("receive_bank_file", queue_event(*broken, good))
    assert failed_messages(invoked) == ["message-0", "message-1", "message-2"]


def test_a_chunk_with_poison_fails_alone_and_posts_its_neighbours(deployed: DeployedHandlers) -> None:
    open_account(deployed)
    other_key = CHUNK_KEY.replace("00001", "00002")
    poison = [chunked_payment("poison", currency="XXX"), chunked_payment("paid", references=[REFERENCE], line=5)]
    deployed.drop(CHUNK_KEY, write_chunk(FILE_ID, 1, poison).encode())
    deployed.drop(other_key, write_chunk(FILE_ID, 2, [chunked_payment("other")]).encode())
    second = {**POST_MESSAGE, "chunk_number": 2, "chunk_key": other_key}
    missing = {**POST_MESSAGE, "chunk_key": "archive/none.json"}
    invoked = deployed.invoke("post_payments", queue_event(POST_MESSAGE, second, missing))
    assert failed_messages(invoked) == ["message-0", "message-2"]
    errors = [line["error"] for line in invoked.log_lines]
    assert errors == ["ChunkNotPostedError", "StoredObjectMissingError"]
    entries = [json.loads(item)["entry_id"]["S"] for item in deployed.items()["entries"]]
    assert len([entry_id for entry_id in entries if entry_id.startswith("payment#")]) == 2


def test_every_discrepancy_is_pushed_once_and_a_repeated_stream_record_is_passed_over(
    deployed: DeployedHandlers,
) -> None:
    """One alert for each kind that the file brought, however many there are of it."""
    debit = chunked_payment("fee", movement=Movement.OTHER_DEBIT, line=4)
    lost = [chunked_payment(str(n), line=n) for n in (1, 2, 3)]
    deployed.drop(CHUNK_KEY, write_chunk(FILE_ID, 1, [*lost, debit]).encode())
    deployed.invoke("post_payments", queue_event(POST_MESSAGE))
    event = stream_event(deployed)
    pushed = deployed.invoke("push_alerts", event)
    assert pushed.answer == {"batchItemFailures": []}
    assert pushed.metrics["AlertsPushed"] == 2
    alerts = [json.loads(json.loads(body)["Message"]) for body in deployed.take(deployed.alerts_queue_url)]
    assert sorted(alert["kind"] for alert in alerts) == ["unexplained_debit", "unidentified_payment"]
    assert deployed.invoke("push_alerts", event).metrics["AlertsPushed"] == 0
    assert deployed.take(deployed.alerts_queue_url) == []


def test_the_sample_stream_about_a_discrepancy_that_is_gone_is_passed_over(deployed: DeployedHandlers) -> None:
    invoked = deployed.invoke("push_alerts", read_sample("dynamodb_stream_discrepancies"))
    assert invoked.answer == {"batchItemFailures": []}
    assert invoked.metrics["AlertsPushed"] == 0


def test_closing_a_day_tells_of_a_file_that_is_not_posted(deployed: DeployedHandlers) -> None:
    key = "incoming/bank/statement.bai"
    event = queue_event(object_created(key, deployed.drop(key, build_bai2([Line(20)]))))
    deployed.invoke("receive_bank_file", event)
    closed = deployed.invoke("close_day", {"schema": "closing_day.v1", "business_date": "2026-11-24"})
    assert closed.answer["files_unproven"] == 1
    assert kinds(deployed) == ["file_not_posted"]


def test_nobodys_name_account_or_text_appears_in_logs_alerts_or_messages(deployed: DeployedHandlers) -> None:
    secrets = ("Ann Smith", "DE09100100100000000002", "vet bill for Rex")
    detail = Detail(payer_name=secrets[0], payer_account=secrets[1], texts=(secrets[2],))
    key = "incoming/bank/statement.xml"
    data = file_of(Entry(2_990, (detail,), bank_reference="BANK-1"))
    outputs: list[Invoked] = []
    event = queue_event(object_created(key, deployed.drop(key, data)))
    outputs.append(deployed.invoke("receive_bank_file", event))
    messages = deployed.take(deployed.payments_queue_url)
    outputs.append(deployed.invoke("post_payments", queue_event(*messages)))
    outputs.append(deployed.invoke("push_alerts", stream_event(deployed)))
    broken = {**policy_message(build_policy()), "effective_on": secrets[2], "account_id": "HOME0001"}
    outputs.append(deployed.invoke("record_policy_event", queue_event(broken, secrets[0])))
    alerts = deployed.take(deployed.alerts_queue_url)
    assert alerts
    told = "".join([*(invoked.output for invoked in outputs), *messages, *alerts])
    assert not [secret for secret in secrets if secret in told]
    stored = "".join(item for table in deployed.items().values() for item in table)
    assert not [secret for secret in secrets if secret in stored]


def test_a_thousand_payments_are_at_most_one_log_line(deployed: DeployedHandlers) -> None:
    open_account(deployed)
    messages = []
    for number in range(1, 11):
        key = CHUNK_KEY.replace("00001", f"{number:05d}")
        # Ten each instead of a hundred: a line for a chunk or a payment shows all the same.
        movements = [chunked_payment(f"{number}-{n}", references=[REFERENCE], amount_minor=1) for n in range(10)]
        deployed.drop(key, write_chunk(FILE_ID, number, movements).encode())
        messages.append({**POST_MESSAGE, "chunk_number": number, "chunk_key": key})
    invoked = deployed.invoke("post_payments", queue_event(*messages))
    assert failed_messages(invoked) == []
    assert invoked.metrics["PaymentsPosted"] == 100
    assert len(invoked.output.splitlines()) == 1
    assert invoked.log_lines == []


def test_metrics_carry_namespace_and_function_and_nothing_else(deployed: DeployedHandlers) -> None:
    invoked = deployed.invoke("record_policy_event", queue_event(policy_message(build_policy())))
    line = json.loads(invoked.output)
    (group,) = line["_aws"]["CloudWatchMetrics"]
    assert group["Namespace"] == "Pawledger"
    assert group["Dimensions"] == [["service"]]
    assert line["service"] == "record_policy_event"
