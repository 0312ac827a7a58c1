"""The handler of webhooks over AWS as moto plays it, and what becomes of the file that it stores."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from types import MappingProxyType
from typing import Any, Final

import pytest

from benchmarks.units import UnitMeter
from pawledger.adapters.clients import make_client
from pawledger.adapters.errors import WebhookInConflictError, WebhookSecretsUnreadableError
from pawledger.adapters.s3_webhooks import S3WebhookStore
from pawledger.adapters.webhook_secrets import CACHE_SECONDS, SecretsManagerWebhookSecrets
from pawledger.bank_files.event_bodies import BODY_BYTES_MAX
from pawledger.bank_files.webhook_terms import WebhookTerms
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.ports import ProviderSecrets, SignatureScheme
from pawledger.rules import provider_profiles
from pawledger.rules.provider_profiles import ProviderProfile
from pawledger.runtime import wiring
from tests.builders.policies import build_policy
from tests.builders.services import bill_message, policy_message
from tests.builders.stripe_events import charge_of, event_of
from tests.builders.stripe_file import BalanceTransaction, write_stripe
from tests.builders.webhooks import sign_stripe
from tests.functional.deployed_handlers import (
    BUCKET,
    DeployedHandlers,
    deploy_handlers,
    hooked_calls,
    object_created,
    queue_event,
    read_sample,
)

KINDS: Final = ("stripe", "stripe.events")
PROFILE: Final = ProviderProfile(
    "stripe", "Stripe", KINDS, KINDS, webhooks=WebhookTerms(date(2026, 11, 1), frozenset({"USD"}))
)


@pytest.fixture
def deployed() -> Iterator[DeployedHandlers]:
    with deploy_handlers() as handlers:
        yield handlers


def webhook(**changes: Any) -> dict[str, Any]:
    """The sample request to the function's address, with some of its fields changed."""
    return read_sample("function_url_webhook") | changes


def receive_files(deployed: DeployedHandlers, *keys: str) -> None:
    """What EventBridge and the queues do with objects under `incoming/`."""
    for key in keys:
        version_id = deployed.s3.head_object(Bucket=BUCKET, Key=key)["VersionId"]
        deployed.invoke("receive_bank_file", queue_event(object_created(key, version_id)))
        for body in deployed.take(deployed.payments_queue_url):
            deployed.invoke("post_payments", queue_event(body))


def names(deployed: DeployedHandlers, prefix: str) -> list[str]:
    return [key for key in deployed.objects() if key.startswith(prefix)]


def test_the_sample_is_stored_unchanged_and_once(deployed: DeployedHandlers) -> None:
    answers = [deployed.invoke("receive_webhook", webhook()) for _ in range(2)]
    assert [(each.answer["statusCode"], each.answer["body"]) for each in answers] == [(200, "[accepted]")] * 2
    (key,) = names(deployed, "incoming/")
    assert key.startswith("incoming/stripe/evt_3PawSample0001-")
    assert deployed.objects()[key] == webhook()["body"].encode()
    assert answers[0].metrics == {"WebhooksStored": 1, "WebhooksRefused": 0, "WebhookSignaturesRefused": 0}
    assert answers[0].log_lines == []


def test_a_body_in_base64_is_the_same_body(deployed: DeployedHandlers) -> None:
    encoded = base64.b64encode(webhook()["body"].encode()).decode()
    answer = deployed.invoke("receive_webhook", webhook(body=encoded, isBase64Encoded=True)).answer
    assert answer["statusCode"] == 200
    (key,) = names(deployed, "incoming/")
    assert deployed.objects()[key] == webhook()["body"].encode()


REFUSED: Final = {
    "signature_wrong": (401, {"body": webhook()["body"].replace("1250", "9250")}),
    "signature_missing": (401, {"headers": {}}),
    "body_empty": (400, {"body": "not base64", "isBase64Encoded": True}),
    "body_too_large": (400, {"body": "a" * (BODY_BYTES_MAX + 1)}),
    "provider_unknown": (400, {"rawPath": "/gocardless"}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_counted_named_and_nowhere_else(deployed: DeployedHandlers, name: str) -> None:
    status, changes = REFUSED[name]
    invoked = deployed.invoke("receive_webhook", webhook(**changes))
    assert (invoked.answer["statusCode"], invoked.answer["body"]) == (status, name)
    assert invoked.metrics == {
        "WebhooksStored": 0,
        "WebhooksRefused": 1,
        "WebhookSignaturesRefused": int(status == 401),
    }
    assert [line["outcome"] for line in invoked.log_lines] == [name]
    # Neither what was sent nor what we hold stands in the log.
    assert not [word for word in ("whsec", "POL-1", "Ann Example", "v1=", "ch_3Paw") if word in invoked.output]
    assert deployed.objects() == {}


def test_a_webhook_and_the_report_after_it_book_the_charge_once(
    deployed: DeployedHandlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_profiles, "load_shipped_profiles", lambda: MappingProxyType({"stripe": PROFILE}))
    deployed.invoke("receive_webhook", webhook())
    receive_files(deployed, *names(deployed, "incoming/"))
    entries = deployed.items()["entries"]
    assert len(entries) == 1
    # The same event once more, as providers send it, and the report.
    deployed.invoke("receive_webhook", webhook())
    report = write_stripe(
        BalanceTransaction("txn_3PawSample0001", 1250, 0, payout_id="", source_id="ch_3PawSample0001")
    )
    deployed.drop("incoming/stripe/report.csv", report)
    receive_files(deployed, *names(deployed, "incoming/"))
    assert deployed.items()["entries"] == entries
    found = sorted(json.loads(item)["kind"]["S"] for item in deployed.items()["discrepancies"])
    assert found == ["unidentified_payment"]
    assert names(deployed, "incoming/") == []


def signed(body: bytes) -> dict[str, Any]:
    """The sample request with another body, signed anew."""
    at = webhook()["requestContext"]["timeEpoch"] // 1000
    return webhook(body=body.decode(), headers={"stripe-signature": sign_stripe(body, "whsec_of_the_sample", at)})


def test_a_webhook_costs_what_the_page_says(deployed: DeployedHandlers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The counts behind the table in docs/webhooks.md, for a charge that settles an invoice."""
    monkeypatch.setattr(provider_profiles, "load_shipped_profiles", lambda: MappingProxyType({"stripe": PROFILE}))
    deployed.load("receive_bank_file")
    meter = UnitMeter(wiring._connection().client)
    policy = build_policy(currency="USD", effective_on=date(2026, 12, 7))
    deployed.invoke("record_policy_event", queue_event(policy_message(policy)))
    deployed.invoke("bill_accounts", queue_event(bill_message(date(2026, 11, 23), ["HOME0001"])))
    reference = creditor_reference_of(InvoiceAddress("HOME0001", 1))
    request = signed(event_of("charge.succeeded", charge_of(amount=1000, metadata={"invoice": reference})))
    handlers = ("receive_webhook", "receive_bank_file", "post_payments")
    stores = [deployed.load(name).ports.store._client for name in handlers]
    meter.reset()
    requests: Counter[str] = Counter()
    with hooked_calls(stores, before=lambda _: None, after=lambda name: requests.update([name])):
        deployed.invoke("receive_webhook", request)
        receive_files(deployed, *names(deployed, "incoming/"))
        first = Counter(requests)
        units = meter.write_units, meter.read_units
        requests.clear()
        meter.reset()
        deployed.invoke("receive_webhook", request)
        receive_files(deployed, *names(deployed, "incoming/"))
    assert deployed.items()["discrepancies"] == []
    assert (first["PutObject"] + first["CopyObject"], first["GetObject"] + first["HeadObject"]) == (3, 4)
    assert units == (9.0, 5.5)
    assert (requests["PutObject"] + requests["CopyObject"], requests["GetObject"] + requests["HeadObject"]) == (2, 2)
    assert (meter.write_units, meter.read_units) == (0.0, 6.0)


class TestSecrets:
    @pytest.fixture(autouse=True)
    def _aws(self, fake_aws: None) -> None:
        """AWS as moto plays it."""

    def read(self, text: str) -> Any:
        arn = make_client("secretsmanager").create_secret(Name="webhooks", SecretString=text)["ARN"]
        return SecretsManagerWebhookSecrets(lambda: make_client("secretsmanager"), arn).read()

    def test_a_provider_signs_as_its_name_says_unless_a_scheme_is_named(self) -> None:
        text = '{"stripe": {"secrets": ["new", "old"]}, "adyen-eu": {"scheme": "adyen", "secrets": ["44FF"]}}'
        assert self.read(text) == {
            "stripe": ProviderSecrets(SignatureScheme.STRIPE, ("new", "old")),
            "adyen-eu": ProviderSecrets(SignatureScheme.ADYEN, ("44FF",)),
        }

    def test_before_anything_is_set_up_there_are_none(self) -> None:
        assert self.read("{}") == {}

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("whsec_123", "are not JSON"),
            ('["whsec_123"]', "are not an object with providers"),
            ('{"stripe-eu": {"secrets": ["whsec_123"]}}', "'stripe-eu': scheme should be one of stripe, adyen"),
            ('{"stripe": "whsec_123"}', "'stripe': secrets should be 1 to 4 texts"),
            ('{"stripe": {"secrets": "whsec_123"}}', "'stripe': secrets should be 1 to 4 texts"),
            ('{"stripe": {"secrets": []}}', "'stripe': secrets should be 1 to 4 texts"),
            ('{"stripe": {"secrets": ["whsec_123", ""]}}', "'stripe': secrets should be 1 to 4 texts"),
            ('{"stripe": {"secrets": ["whsec_123", "2", "3", "4", "5"]}}', "'stripe': secrets should be 1 to 4 texts"),
            ('{"adyen": {"secrets": ["whsec_123"]}}', "'adyen': secrets should be hexadecimal"),
        ],
    )
    def test_what_is_written_wrongly_is_named_without_a_secret(self, text: str, fault: str) -> None:
        with pytest.raises(WebhookSecretsUnreadableError, match=fault) as raised:
            self.read(text)
        assert "whsec" not in str(raised.value)

    def test_a_secret_that_is_not_there_is_refused_by_name(self) -> None:
        arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:gone-AbCdEf"
        secrets = SecretsManagerWebhookSecrets(lambda: make_client("secretsmanager"), arn)
        with pytest.raises(WebhookSecretsUnreadableError, match="ResourceNotFoundException"):
            secrets.read()

    def test_a_new_secret_counts_after_five_minutes_and_a_flood_reads_none(self) -> None:
        client, now = make_client("secretsmanager"), [0.0]
        arn = client.create_secret(Name="webhooks", SecretString='{"stripe": {"secrets": ["old"]}}')["ARN"]
        secrets = SecretsManagerWebhookSecrets(lambda: client, arn, lambda: now[0])
        assert secrets.read()["stripe"].values == ("old",)
        client.put_secret_value(SecretId=arn, SecretString='{"stripe": {"secrets": ["new", "old"]}}')
        now[0] = CACHE_SECONDS
        assert secrets.read()["stripe"].values == ("old",)
        now[0] = CACHE_SECONDS + 1
        assert secrets.read()["stripe"].values == ("new", "old")


def test_two_calls_at_once_are_told_apart_from_one_that_came_before(fake_aws: None) -> None:
    client = make_client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    store = S3WebhookStore(client, BUCKET)
    assert [store.keep("incoming/stripe/a", data) for data in (b"first", b"second")] == [True, False]
    assert client.get_object(Bucket=BUCKET, Key="incoming/stripe/a")["Body"].read() == b"first"

    def conflict(**_: Any) -> Any:
        error = {"Code": "ConditionalRequestConflict", "Message": ""}
        return replace_response(409), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 409}}

    client.meta.events.register("before-call.s3.PutObject", conflict)
    with pytest.raises(WebhookInConflictError):
        store.keep("incoming/stripe/b", b"first")


def replace_response(status: int) -> Any:
    """What botocore takes for the answer of a service."""
    return type("Response", (), {"status_code": status})()
