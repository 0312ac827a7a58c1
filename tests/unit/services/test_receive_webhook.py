"""Only what a provider signed is stored, unchanged and once; everything else is refused by name."""

import hashlib
import json
from dataclasses import replace

import pytest

from pawledger.adapters.errors import WebhookInConflictError
from pawledger.bank_files.event_bodies import BODY_BYTES_MAX
from pawledger.ports import SignatureScheme
from pawledger.services.receiving.receive_bank_file import INCOMING_KEY_PATTERN
from pawledger.services.receiving.receive_webhook import WebhookOutcome, WebhookRequest, name_of_body, receive_webhook
from pawledger.services.receiving.webhook_signatures import TOLERANCE_SECONDS
from tests.builders.webhooks import (
    CHARGE,
    GOCARDLESS_SECRET,
    NOW,
    STRIPE_SECRET,
    adyen_request,
    connect_webhooks,
    gocardless_request,
    notification_of,
    sign_adyen,
    sign_stripe,
    stripe_request,
)
from tests.fakes.webhooks import MemoryWebhookStore

EVENTS = json.dumps({"events": [{"id": "EV1"}], "meta": {"webhook_id": "WB1"}}).encode()
PUBLISHED_SIGNATURE = "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="
"""What Adyen's libraries publish as the signature of `notification_of()` under `ADYEN_SECRET`."""
SIGNED_BY_ADYEN = notification_of(additionalData={"hmacSignature": PUBLISHED_SIGNATURE})


def receive(request: WebhookRequest, *secrets: str) -> tuple[WebhookOutcome, dict[str, bytes]]:
    store = MemoryWebhookStore()
    return receive_webhook(request, connect_webhooks(store, secrets or (STRIPE_SECRET,))), store.objects


@pytest.mark.parametrize(
    ("request_", "folder"),
    [
        (stripe_request(), "incoming/stripe/evt_3Paw0001-"),
        (gocardless_request(EVENTS), "incoming/gocardless/WB1-"),
        (adyen_request(SIGNED_BY_ADYEN), "incoming/adyen/7914073381342284-AUTHORISATION-"),
    ],
)
def test_a_signed_body_is_stored_byte_for_byte_under_its_events_id(request_: WebhookRequest, folder: str) -> None:
    outcome, objects = receive(request_)
    assert (outcome, outcome.status) == (WebhookOutcome.STORED, 200)
    ((key, data),) = objects.items()
    assert data == request_.body
    assert key == f"{folder}{hashlib.sha256(data).hexdigest()[:16]}.json"
    assert INCOMING_KEY_PATTERN.fullmatch(key)


def test_a_body_that_is_sent_again_is_stored_once_and_answered_as_if_it_were_new() -> None:
    store = MemoryWebhookStore()
    ports = connect_webhooks(store)
    outcomes = [receive_webhook(stripe_request(), ports) for _ in range(3)]
    assert outcomes == [WebhookOutcome.STORED, *[WebhookOutcome.STORED_BEFORE] * 2]
    assert {outcome.status for outcome in outcomes} == {200}
    assert len(store.objects) == 1


def test_one_event_in_other_words_is_another_file_so_that_none_is_lost() -> None:
    store = MemoryWebhookStore()
    again = CHARGE.replace(b'"pending_webhooks": 1', b'"pending_webhooks": 0')
    for body in (CHARGE, again):
        receive_webhook(stripe_request(body), connect_webhooks(store))
    assert sorted(store.objects.values()) == sorted([CHARGE, again])


def test_what_could_not_be_stored_is_not_answered() -> None:
    store = MemoryWebhookStore(fails_with=WebhookInConflictError("another call"))
    with pytest.raises(WebhookInConflictError):
        receive_webhook(stripe_request(), connect_webhooks(store))


ANY_TIME = sign_stripe(CHARGE)
REFUSED = {
    "another method": (stripe_request(method="GET"), WebhookOutcome.METHOD_WRONG),
    "no provider": (stripe_request(path="/"), WebhookOutcome.PROVIDER_UNKNOWN),
    "unknown provider": (stripe_request(path="/paypal"), WebhookOutcome.PROVIDER_UNKNOWN),
    "a folder outside": (stripe_request(path="/stripe/../northbank"), WebhookOutcome.PROVIDER_UNKNOWN),
    "too large": (stripe_request(b"a" * (BODY_BYTES_MAX + 1)), WebhookOutcome.BODY_TOO_LARGE),
    "empty": (stripe_request(b""), WebhookOutcome.BODY_EMPTY),
    "no signature": (stripe_request(header=""), WebhookOutcome.SIGNATURE_MISSING),
    "no time": (stripe_request(header=ANY_TIME.partition(",")[2]), WebhookOutcome.SIGNATURE_MISSING),
    "no v1": (stripe_request(header=f"t={NOW},v0=abc"), WebhookOutcome.SIGNATURE_MISSING),
    "a time of words": (stripe_request(header=f"t=now,{ANY_TIME}"), WebhookOutcome.SIGNATURE_MISSING),
    "another secret": (stripe_request(header=sign_stripe(CHARGE, "whsec_other")), WebhookOutcome.SIGNATURE_WRONG),
    "another body": (stripe_request(CHARGE + b" ", header=ANY_TIME), WebhookOutcome.SIGNATURE_WRONG),
    "another time": (
        stripe_request(header=ANY_TIME.replace(f"t={NOW}", f"t={NOW + 1}")),
        WebhookOutcome.SIGNATURE_WRONG,
    ),
    "no text": (stripe_request(header=f"t={NOW},v1=\ud800"), WebhookOutcome.SIGNATURE_WRONG),
    "a replay": (
        stripe_request(header=sign_stripe(CHARGE, at=NOW - TOLERANCE_SECONDS - 1)),
        WebhookOutcome.SIGNATURE_TOO_OLD,
    ),
    "of the future": (
        stripe_request(header=sign_stripe(CHARGE, at=NOW + TOLERANCE_SECONDS + 1)),
        WebhookOutcome.SIGNATURE_TOO_OLD,
    ),
    "GoCardless unsigned": (replace(gocardless_request(EVENTS), headers={}), WebhookOutcome.SIGNATURE_MISSING),
    "GoCardless wrong": (gocardless_request(EVENTS, "other"), WebhookOutcome.SIGNATURE_WRONG),
    "Adyen no JSON": (replace(adyen_request(), body=b"{"), WebhookOutcome.SIGNATURE_MISSING),
    "Adyen nothing": (adyen_request(), WebhookOutcome.SIGNATURE_MISSING),
    "Adyen unsigned": (adyen_request(notification_of()), WebhookOutcome.SIGNATURE_MISSING),
    "Adyen one of two": (adyen_request(SIGNED_BY_ADYEN, notification_of()), WebhookOutcome.SIGNATURE_MISSING),
    "Adyen another amount": (
        adyen_request(SIGNED_BY_ADYEN | {"amount": {"currency": "EUR", "value": 113}}),
        WebhookOutcome.SIGNATURE_WRONG,
    ),
}


@pytest.mark.parametrize(("request_", "outcome"), REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused_by_name_and_not_stored(request_: WebhookRequest, outcome: WebhookOutcome) -> None:
    refused, objects = receive(request_)
    assert refused is outcome
    assert refused.status == (401 if outcome.name.startswith("SIGNATURE") else 400)
    assert objects == {}


@pytest.mark.parametrize("away", [-TOLERANCE_SECONDS, 0, TOLERANCE_SECONDS])
def test_a_signature_counts_for_five_minutes(away: int) -> None:
    outcome, _ = receive(stripe_request(header=sign_stripe(CHARGE, at=NOW + away)))
    assert outcome is WebhookOutcome.STORED


def test_two_secrets_are_valid_while_one_replaces_the_other() -> None:
    for signed_with in ("whsec_new", "whsec_old"):
        request = stripe_request(header=sign_stripe(CHARGE, signed_with))
        assert receive(request, "whsec_new", "whsec_old")[0] is WebhookOutcome.STORED
        assert receive(request, "whsec_third")[0] is WebhookOutcome.SIGNATURE_WRONG


def test_stripe_may_sign_with_two_secrets_at_once() -> None:
    first, second = (sign_stripe(CHARGE, secret).split(",")[1] for secret in ("whsec_unknown", STRIPE_SECRET))
    outcome, _ = receive(stripe_request(header=f"t={NOW},{first},{second}"))
    assert outcome is WebhookOutcome.STORED


def test_adyen_signs_named_fields_with_the_original_reference_where_there_is_one() -> None:
    signed = "8835:7914073381342284:TestMerchant:T-1:-400:EUR:REFUND:false"
    notification = notification_of(
        pspReference="8835",
        originalReference="7914073381342284",
        merchantReference="T-1",
        amount={"value": -400, "currency": "EUR"},
        eventCode="REFUND",
        success=False,
        additionalData={"hmacSignature": sign_adyen(signed)},
    )
    assert receive(adyen_request(notification))[0] is WebhookOutcome.STORED


def test_a_provider_without_secrets_is_unknown() -> None:
    store = MemoryWebhookStore()
    ports = connect_webhooks(store, providers=("stripe", "stripe-eu"))
    assert receive_webhook(stripe_request(path="/stripe-eu"), ports) is WebhookOutcome.PROVIDER_UNKNOWN


@pytest.mark.parametrize("event_id", ["../../etc", "a" * 101, "", "evt 1", "évt"])
def test_an_id_that_is_no_name_is_left_out(event_id: str) -> None:
    body = json.dumps({"id": event_id}).encode()
    assert name_of_body(SignatureScheme.STRIPE, body) == f"{hashlib.sha256(body).hexdigest()[:16]}.json"


def test_a_signed_body_that_is_no_json_is_stored_for_a_person_to_see() -> None:
    outcome, objects = receive(gocardless_request(b"not json", GOCARDLESS_SECRET))
    assert outcome is WebhookOutcome.STORED
    assert list(objects.values()) == [b"not json"]
