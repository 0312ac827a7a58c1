"""Pauses grow and end, subjects fit, queries stop."""

import pytest

from pawledger.adapters.dynamodb_queries import limit_items
from pawledger.adapters.errors import AlertTooLongError, TooManyItemsError
from pawledger.adapters.pauses import LONGEST_PAUSE_SECONDS, limit_seconds
from pawledger.adapters.sns_alerts import ALERT_BYTES_MAX, SnsAlertChannel, subject_line


def test_the_longest_pause_doubles_with_every_attempt_up_to_its_limit() -> None:
    assert [round(limit_seconds(attempt) * 1_000) for attempt in range(8)] == [20, 40, 80, 160, 320, 640, 1_000, 1_000]
    assert limit_seconds(10_000) == LONGEST_PAUSE_SECONDS


def test_a_subject_is_ascii_on_one_line_and_short_enough() -> None:
    assert subject_line("Overpayment of 5.00 EUR") == "Overpayment of 5.00 EUR"
    assert subject_line("zwei\nZeilen für Zoë") == "zwei?Zeilen f?r Zo?"
    assert len(subject_line("x" * 500)) == 99


def test_an_alert_that_no_message_could_carry_is_refused() -> None:
    with pytest.raises(AlertTooLongError, match=str(ALERT_BYTES_MAX)):
        SnsAlertChannel(None, "topic").push("subject", {"what": "x" * ALERT_BYTES_MAX})


def test_a_query_may_yield_its_limit_and_not_one_more() -> None:
    assert list(limit_items("abc", 3, "letters")) == ["a", "b", "c"]
    limited = limit_items("abcd", 3, "letters")
    assert [next(limited) for _ in range(3)] == ["a", "b", "c"]
    with pytest.raises(TooManyItemsError, match="letters yields more than 3 items"):
        next(limited)
