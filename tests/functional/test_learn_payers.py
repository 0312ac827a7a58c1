"""The handler that learns payers, over AWS as moto plays it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.posting.bank_movements import Movement
from pawledger.services.posting.routes import Clues
from pawledger.services.receiving.payment_chunks import ChunkedMovement, write_chunk
from tests.builders.policies import build_policy
from tests.builders.services import FILE_ID, bill_message, chunked_payment, policy_message
from tests.builders.tables import table_definitions
from tests.functional.deployed_handlers import DeployedHandlers, deploy_handlers, queue_event, read_sample

CHUNK_KEY = f"archive/bank/{FILE_ID}/payments/00001.json"


@pytest.fixture
def deployed() -> Iterator[DeployedHandlers]:
    table_definitions()
    with deploy_handlers() as handlers:
        yield handlers


def stream_of_entries(deployed: DeployedHandlers) -> dict[str, Any]:
    """The sample change stream, telling of the entries that stand."""
    template = read_sample("dynamodb_stream_entries")["Records"][0]
    records = []
    for place, item in enumerate(map(json.loads, deployed.items()["entries"])):
        keys = {"account_id": item["account_id"], "entry_id": item["entry_id"]}
        changes = {**template["dynamodb"], "Keys": keys, "SequenceNumber": f"{place + 1:021d}"}
        records.append({**template, "dynamodb": changes})
    return {"Records": records}


def bill_account(deployed: DeployedHandlers) -> str:
    """One account with one invoice; the reference of that."""
    policy = build_policy(effective_on=date(2026, 12, 7), expires_on=date(2027, 12, 7))
    deployed.invoke("record_policy_event", queue_event(policy_message(policy)))
    deployed.invoke("bill_accounts", queue_event(bill_message(date(2026, 11, 23), ["HOME0001"])))
    return creditor_reference_of(InvoiceAddress("HOME0001", 1))


def post(deployed: DeployedHandlers, *movements: ChunkedMovement) -> None:
    deployed.drop(CHUNK_KEY, write_chunk(FILE_ID, 1, movements).encode())
    message = {"schema": "post_payments.v1", "file_id": FILE_ID, "chunk_number": 1, "chunk_key": CHUNK_KEY}
    deployed.invoke("post_payments", queue_event(message))


def remembered_by(deployed: DeployedHandlers) -> dict[str, str]:
    return {item["reference"]["S"]: item["target"]["S"] for item in map(json.loads, deployed.items()["references"])}


def test_a_payment_with_our_reference_teaches_who_paid_once(deployed: DeployedHandlers) -> None:
    reference = bill_account(deployed)
    post(deployed, replace(chunked_payment(), clues=Clues((reference,), "", None, "payer", ("anna", "berg"))))

    learnt = deployed.invoke("learn_payers", stream_of_entries(deployed))
    again = deployed.invoke("learn_payers", stream_of_entries(deployed))

    assert learnt.answer == again.answer == {"batchItemFailures": []}
    assert (learnt.metrics["PayersLearnt"], again.metrics["PayersLearnt"]) == (3, 0)
    assert learnt.log_lines == []
    remembered = remembered_by(deployed)
    assert {name: remembered.get(name) for name in ("payer#payer", "name#anna", "name#berg")} == {
        "payer#payer": "HOME0001",
        "name#anna": "HOME0001",
        "name#berg": "HOME0001",
    }


def test_a_payment_that_its_payer_denies_makes_the_payer_unknown_wherever_in_the_stream_it_is_told(
    deployed: DeployedHandlers,
) -> None:
    clues = Clues((bill_account(deployed),), "", None, "payer", ("anna", "berg"))
    post(
        deployed,
        replace(chunked_payment(), clues=clues),
        replace(chunked_payment("back"), clues=clues, movement=Movement.RETURN, return_reason="MD01", number=2),
    )
    told = stream_of_entries(deployed)
    backwards = {"Records": [*reversed(told["Records"]), *told["Records"]]}

    learnt = deployed.invoke("learn_payers", backwards)

    assert learnt.answer == {"batchItemFailures": []}
    # Every slot of the payer is taken before the payment is told of; its name only ever suggests.
    remembered = remembered_by(deployed)
    slots = ["payer#payer", *(f"payer#payer#{number}" for number in range(2, 9))]
    assert [remembered.get(slot) for slot in slots] == ["-"] * 8
    assert remembered["name#anna"] == "HOME0001"
