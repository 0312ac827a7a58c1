"""The handler that learns payers, over AWS as moto plays it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pawledger.domain.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.services.payment_chunks import write_chunk
from pawledger.services.routes import Clues
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


def test_a_payment_with_our_reference_teaches_who_paid_once(deployed: DeployedHandlers) -> None:
    policy = build_policy(effective_on=date(2026, 12, 7), expires_on=date(2027, 12, 7))
    deployed.invoke("record_policy_event", queue_event(policy_message(policy)))
    deployed.invoke("bill_accounts", queue_event(bill_message(date(2026, 11, 23), ["HOME0001"])))
    reference = creditor_reference_of(InvoiceAddress("HOME0001", 1))
    movement = replace(chunked_payment(), clues=Clues((reference,), "", None, "payer", ("anna", "berg")))
    deployed.drop(CHUNK_KEY, write_chunk(FILE_ID, 1, [movement]).encode())
    message = {"schema": "post_payments.v1", "file_id": FILE_ID, "chunk_number": 1, "chunk_key": CHUNK_KEY}
    deployed.invoke("post_payments", queue_event(message))

    learnt = deployed.invoke("learn_payers", stream_of_entries(deployed))
    again = deployed.invoke("learn_payers", stream_of_entries(deployed))

    assert learnt.answer == again.answer == {"batchItemFailures": []}
    assert (learnt.metrics["PayersLearnt"], again.metrics["PayersLearnt"]) == (3, 0)
    assert learnt.log_lines == []
    remembered = {
        item["reference"]["S"]: item["target"]["S"] for item in map(json.loads, deployed.items()["references"])
    }
    assert {name: remembered.get(name) for name in ("payer#payer", "name#anna", "name#berg")} == {
        "payer#payer": "HOME0001",
        "name#anna": "HOME0001",
        "name#berg": "HOME0001",
    }
