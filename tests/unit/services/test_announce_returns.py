"""Announcing returns: what takes back a payment of an account is told, and nothing else."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from pawledger.domain.posting.bank_movements import Movement, payment_id_of
from pawledger.rules.return_reasons import load_return_reasons
from pawledger.services.posting.announce_returns import ReturnAnnouncingPorts, announce_return
from tests.builders.movements import BOOKED_ON
from tests.builders.policies import ACCOUNT_ID, build_policy
from tests.builders.services import FILE_ID, chunked_payment, post, record_policy
from tests.fakes.documents import MemoryAnnouncements
from tests.fakes.memory import MemoryWorld

LATER = BOOKED_ON + timedelta(days=3)
SCHEMA = Path(__file__).resolve().parents[3] / "events/schemas/payment_returned.v1.json"


@pytest.fixture
def world() -> MemoryWorld:
    """10.00 EUR that came by mandate and were taken back, and a return of which no payment is known."""
    world = MemoryWorld()
    record_policy(world, build_policy(), mandate_id="MNDT-1")
    back = chunked_payment(
        "back",
        movement=Movement.RETURN,
        booked_on=LATER,
        references=["E2E-1"],
        mandate_id="MNDT-1",
        return_reason="AC04",
        line=9,
    )
    orphan = chunked_payment("orphan", movement=Movement.RETURN, amount_minor=700, mandate_id="MNDT-1")
    post(world, [chunked_payment("paid", references=["E2E-1"], mandate_id="MNDT-1"), back, orphan])
    return world


def announce(world: MemoryWorld, entry_id: str, account_id: str = ACCOUNT_ID) -> list[dict[str, object]]:
    announcements = MemoryAnnouncements()
    count = announce_return(
        account_id, entry_id, ReturnAnnouncingPorts(world.ledger, announcements, load_return_reasons)
    )
    assert count == len(announcements.announced)
    return announcements.announced


def test_a_return_is_told_with_what_follows_and_where_it_stands(world: MemoryWorld) -> None:
    entry_id = f"debit#{payment_id_of(('back',))}"
    (event,) = announce(world, entry_id)
    assert event == {
        "schema": "payment_returned.v1",
        "account_id": ACCOUNT_ID,
        "entry_id": entry_id,
        "payment_entry_id": f"payment#{payment_id_of(('paid',))}",
        "returned_on": LATER.isoformat(),
        "currency": "EUR",
        "amount_minor": 1_000,
        "is_whole": True,
        "reason_code": "AC04",
        "reason_class": "account_closed",
        "retry_allowed": False,
        "stop_mandate": True,
        "correct_details": True,
        "fee_minor": 0,
        "due_again": [],
        "file_id": FILE_ID,
        "line": 9,
        "offset": None,
    }
    validator = Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    assert list(validator.iter_errors(event)) == []
    assert announce(world, entry_id) == [event]


def test_what_takes_nothing_back_of_an_account_is_not_told(world: MemoryWorld) -> None:
    assert announce(world, f"debit#{payment_id_of(('orphan',))}") == []
    assert announce(world, f"payment#{payment_id_of(('paid',))}") == []
    assert announce(world, "debit#unheard-of") == []
    assert announce(world, f"debit#{payment_id_of(('back',))}", "SUSPENSE-07") == []
