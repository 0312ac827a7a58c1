"""What the readers make of the events of Adyen and GoCardless: no money, and of mandates that they ended."""

import io
import json
from pathlib import Path
from typing import Any, Final

import pytest

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.event_bodies import BODY_EVENTS_MAX
from pawledger.bank_files.gocardless.events import MANDATE_ACTIONS
from pawledger.bank_files.records import Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from pawledger.rules.return_reasons import load_return_reasons
from pawledger.services.receiving.payment_chunks import reason_code_of

SAMPLES: Final = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files"


def read(data: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_bank_file(io.BytesIO(data), report)), report


def events_of(*events: dict[str, Any]) -> bytes:
    return json.dumps({"events": list(events)}).encode()


def event_of(resource_type: str, action: str, event_id: str = "EV1", **links: str) -> dict[str, Any]:
    created_at = "2026-11-19T10:11:12.000Z"
    return {
        "id": event_id,
        "created_at": created_at,
        "resource_type": resource_type,
        "action": action,
        "links": links,
    }


def test_the_end_and_the_move_of_a_mandate_are_notices_and_a_failed_payment_is_none() -> None:
    entries, report = read((SAMPLES / "gocardless.events" / "mandate_and_payment.json").read_bytes())
    assert report.verdict is Verdict.ACCEPTED
    assert [(each.mandate_id, each.return_reason, each.posts, each.purpose) for each in entries] == [
        ("MD000PAW01", "mandate_cancelled", False, Purpose.CHANGE),
        ("MD000PAW03", "mandate_transferred", False, Purpose.CHANGE),
    ]
    assert [problem.rule for problem in report.problems] == ["gocardless.event_without_money"] * 2


@pytest.mark.parametrize("action", sorted(MANDATE_ACTIONS))
def test_every_action_that_is_told_has_a_reason_that_says_what_follows(action: str) -> None:
    (entry,), _ = read(events_of(event_of("mandates", action, mandate="MD1")))
    reason = load_return_reasons().find(reason_code_of(entry))
    assert reason.stop_mandate is (action not in {"replaced", "transferred"})
    assert reason.correct_details is (action in {"replaced", "transferred"})


def test_an_event_that_is_told_twice_is_one_notice_and_has_its_own_identity() -> None:
    events = [event_of("mandates", "failed", name, mandate="MD1") for name in ("EV1", "EV2", "EV1")]
    entries, _ = read(events_of(*events))
    assert [each.identity for each in entries] == [("gocardless", "event", "EV1"), ("gocardless", "event", "EV2")]


@pytest.mark.parametrize(
    "event",
    [event_of("mandates", "active"), event_of("payments", "cancelled"), event_of("mandates", "failed", ""), {}],
)
def test_other_events_tell_of_nothing(event: dict[str, Any]) -> None:
    entries, report = read(events_of(event))
    assert (entries, report.verdict) == ([], Verdict.ACCEPTED)


def test_more_events_than_a_webhook_has_are_refused() -> None:
    events = [event_of("mandates", "failed", f"EV{number}") for number in range(BODY_EVENTS_MAX + 1)]
    entries, report = read(events_of(*events))
    assert (entries, report.verdict) == ([], Verdict.UNREADABLE)


def test_notifications_of_adyen_post_nothing_and_say_why() -> None:
    entries, report = read((SAMPLES / "adyen.events" / "authorisation.json").read_bytes())
    assert (entries, report.verdict) == ([], Verdict.ACCEPTED)
    (problem,) = report.problems
    assert problem.rule == "adyen.event_before_batch"
    assert "AUTHORISATION" in problem.message
