"""Notices about mandates and payers' details: which entries become events, and that no event holds personal data."""

import json
from datetime import date

import pytest

from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.rules.return_reasons import load_return_reasons
from pawledger.services.receiving.mandate_notices import NoticedFile, NoticePorts, announcing_notices, notice_of
from tests.fakes.documents import MemoryAnnouncements

FILE = NoticedFile("f" * 64, "northbank", date(2026, 2, 3))
NOTICE = StatementEntry(
    bank_account="123456",
    currency="GBP",
    amount_minor=0,
    direction=Direction.DEBIT,
    booked_on=date(2026, 2, 2),
    value_on=None,
    identity=("bacs.addacs", "123456", "MNDT-7781", "3", "1"),
    posts=False,
    purpose=Purpose.CHANGE,
    return_reason="3",
    type_code="A",
    references=("MNDT-7781",),
    mandate_id="MNDT-7781",
    payer_account="20-00-00 12345678",
    payer_name="Ann Smith",
    text="new account 20-00-00 87654321",
    line=7,
    offset=None,
    booking=None,
)
RETURNED = NOTICE._replace(
    identity=("camt", "1"), purpose=Purpose.RETURN, posts=True, amount_minor=1_000, return_reason="AC04"
)


def schema_of(entry: StatementEntry) -> object:
    event = notice_of(entry, FILE, load_return_reasons())
    return event and event["schema"]


def test_a_notice_points_to_its_line_and_mandate_and_holds_nothing_of_the_payer() -> None:
    event = notice_of(NOTICE, FILE, load_return_reasons())
    assert event is not None
    event_id = event.pop("event_id")
    assert isinstance(event_id, str)
    assert len(event_id) == 32
    assert event == {
        "schema": "payer_details_changed.v1",
        "mandate_id": "MNDT-7781",
        "reason_code": "ADDACS-3",
        "reason_class": "account_changed",
        "told_on": "2026-02-02",
        "provider": "northbank",
        "file_id": "f" * 64,
        "line": 7,
        "offset": None,
    }
    assert not any(told in json.dumps(event) for told in ("Smith", "12345678", "87654321"))


@pytest.mark.parametrize(
    ("entry", "schema"),
    [
        (NOTICE._replace(return_reason="2"), "mandate_stopped.v1"),
        (NOTICE._replace(return_reason="X"), "payer_details_changed.v1"),
        (NOTICE._replace(identity=("nacha", "1"), return_reason="C01"), "payer_details_changed.v1"),
        (NOTICE._replace(identity=("nacha", "1"), return_reason="C62"), None),
        (RETURNED, "mandate_stopped.v1"),
        (RETURNED._replace(return_reason="AM04"), None),
        (RETURNED._replace(return_reason="ZZ99"), None),
        (RETURNED._replace(direction=Direction.CREDIT), None),
        (RETURNED._replace(identity=("pain.002", "1"), posts=False), "mandate_stopped.v1"),
        (RETURNED._replace(purpose=Purpose.PAYMENT, return_reason=None), None),
    ],
    ids=["died", "unlisted", "NOC", "refused NOC", "closed", "no money", "unknown", "undone", "rejected", "payment"],
)
def test_what_a_notice_means_follows_from_its_reason(entry: StatementEntry, schema: str | None) -> None:
    assert schema_of(entry) == schema


def test_all_entries_pass_by_and_every_notice_is_announced_under_an_id_of_its_own() -> None:
    announcements = MemoryAnnouncements()
    ports = NoticePorts(announcements, load_return_reasons)
    payment = RETURNED._replace(purpose=Purpose.PAYMENT, return_reason=None)
    entries = [
        each for number in range(23) for each in (NOTICE._replace(identity=("bacs.addacs", str(number))), payment)
    ]
    assert list(announcing_notices(entries, FILE, ports)) == entries
    ids = [event["event_id"] for event in announcements.announced]
    assert (len(ids), len(set(ids))) == (23, 23)
    again = MemoryAnnouncements()
    list(announcing_notices(entries, FILE, NoticePorts(again, load_return_reasons)))
    assert again.announced == announcements.announced
