"""What the reader makes of Stripe's events: what the report will tell, under the same identities, or nothing."""

import io
from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.event_bodies import BODY_BYTES_MAX
from pawledger.bank_files.reading_options import ReadingOptions
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from pawledger.bank_files.webhook_terms import WebhookTerms
from tests.builders import stripe_file
from tests.builders.stripe_events import charge_of, dispute_of, event_of, payout_of, refund_of, transaction_of

TERMS: Final = WebhookTerms(since=date(2026, 11, 19), currencies=frozenset({"USD"}))


def read(data: bytes, terms: WebhookTerms | None = TERMS) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_bank_file(io.BytesIO(data), report, ReadingOptions(webhook_terms=terms))), report


def rules_of(report: FileReport) -> list[str]:
    return [problem.rule for problem in report.problems]


def test_a_charge_is_the_movement_that_the_report_tells() -> None:
    (told,), report = read(event_of("charge.succeeded", charge_of()))
    in_report, _ = read(stripe_file.write_stripe(stripe_file.BalanceTransaction(customer_name="Ann Example")))
    expected = next(entry for entry in in_report if entry.purpose is Purpose.PAYMENT)
    assert (report.verdict, report.problems) == (Verdict.ACCEPTED, [])
    same = ("bank_account", "currency", "amount_minor", "direction", "booked_on", "identity", "posts", "purpose")
    for name in (*same, "return_reason", "type_code", "payer_name", "text"):
        assert getattr(told, name) == getattr(expected, name), name
    # What is ours comes first, then what a refund repeats; the report knows a payout and an invoice besides.
    assert told.references == ("POL-1", "pi_1", "ch_1", "cus_1", "txn_1")
    assert [each for each in expected.references if each in told.references] == list(told.references)


@pytest.mark.parametrize(
    ("kind", "resource", "rows"),
    [
        ("refund.created", refund_of(), [("txn_2", -400, 0, "refund")]),
        (
            "refund.failed",
            refund_of(failure_balance_transaction="txn_3"),
            [("txn_2", -400, 0, "refund"), ("txn_3", 400, 0, "refund_failure")],
        ),
        (
            "charge.dispute.funds_withdrawn",
            dispute_of(transaction_of("txn_4", -1250, 1500, "dispute")),
            [("txn_4", -1250, 1500, "dispute")],
        ),
        (
            "charge.dispute.funds_reinstated",
            dispute_of(
                transaction_of("txn_4", -1250, 1500, "dispute"),
                transaction_of("txn_5", 1250, -1500, "dispute_reversal"),
            ),
            [("txn_4", -1250, 1500, "dispute"), ("txn_5", 1250, -1500, "dispute_reversal")],
        ),
        ("payout.paid", payout_of(), [("txn_po_1", -805, 0, "payout")]),
        (
            "payout.failed",
            payout_of(failure_balance_transaction="txn_po_2"),
            [("txn_po_1", -805, 0, "payout"), ("txn_po_2", 805, 0, "payout_reversal")],
        ),
        (
            "charge.refunded",
            charge_of(refunds={"object": "list", "data": [refund_of()]}),
            [("txn_1", 1250, 0, "charge"), ("txn_2", -400, 0, "refund")],
        ),
        (
            "charge.updated",
            charge_of(transaction_of("txn_1", 1250, 45, "charge")),
            [("txn_1", 1250, 45, "charge")],
        ),
    ],
)
def test_movements_of_an_event_are_those_of_the_reports_rows(
    kind: str, resource: dict[str, Any], rows: list[tuple[str, int, int, str]]
) -> None:
    """The rows as a person would write them from the documentation of the resource; each side is read by its reader."""
    told, report = read(event_of(kind, resource))
    in_report, _ = read(
        stripe_file.write_stripe(
            *(stripe_file.BalanceTransaction(*row, payout_id="") for row in rows),
        )
    )

    def facts(entries: list[StatementEntry]) -> set[tuple[object, ...]]:
        return {
            (each.identity, each.amount_minor, each.currency, each.direction, each.purpose, each.booked_on)
            for each in entries
        }

    assert report.verdict is Verdict.ACCEPTED
    assert facts(told) == facts(in_report)


def test_a_return_repeats_the_ids_by_which_its_payment_is_found() -> None:
    (payment,), _ = read(event_of("charge.succeeded", charge_of()))
    for kind, resource in (
        ("refund.created", refund_of()),
        ("charge.dispute.funds_withdrawn", dispute_of(transaction_of("txn_4", -1250, 0, "dispute"))),
    ):
        (taken_back,), _ = read(event_of(kind, resource))
        assert taken_back.is_return
        assert {"pi_1", "ch_1"} <= set(payment.references) & set(taken_back.references)


def test_a_dispute_says_why() -> None:
    entries, _ = read(event_of("charge.dispute.created", dispute_of(transaction_of("txn_4", -1250, 1500, "dispute"))))
    assert [(each.purpose, each.return_reason) for each in entries] == [
        (Purpose.RETURN, "fraudulent"),
        (Purpose.FEE, None),
    ]


def test_money_converted_is_told_only_where_the_event_says_in_what_it_is_booked() -> None:
    in_euros = charge_of(currency="eur")
    assert read(event_of("charge.succeeded", in_euros))[0] == []
    whole = transaction_of("txn_1", 1403, 50, "charge")
    (gross, fee), _ = read(event_of("charge.updated", in_euros | {"balance_transaction": whole}))
    assert (gross.amount_minor, gross.currency, fee.amount_minor) == (1403, "USD", 50)


@pytest.mark.parametrize(
    ("kind", "resource", "rule"),
    [
        ("charge.succeeded", charge_of(None), "stripe.transaction_missing"),
        ("charge.succeeded", charge_of(""), "stripe.transaction_missing"),
        ("charge.succeeded", charge_of(currency="eur"), "stripe.event_currency"),
        ("charge.succeeded", charge_of(currency="nowhere"), "stripe.event_amount"),
        ("charge.succeeded", charge_of(amount=12.5, amount_captured=12.5), "stripe.event_amount"),
        ("charge.succeeded", charge_of(amount=True, amount_captured=True), "stripe.event_amount"),
        ("charge.succeeded", charge_of(created="yesterday"), "stripe.event_amount"),
        ("charge.succeeded", charge_of(created=1763546400), "stripe.event_before_since"),
        ("charge.succeeded", charge_of("t" * 300), "stripe.event_amount"),
        ("charge.updated", charge_of({"id": "txn_1"}), "stripe.event_amount"),
        ("refund.created", refund_of(None), "stripe.transaction_missing"),
        ("customer.updated", {"object": "customer", "name": "Ann"}, "stripe.event_without_money"),
        ("v2.unheard.of", {}, "stripe.event_without_money"),
    ],
)
def test_what_the_report_may_tell_otherwise_is_left_to_it_and_said(
    kind: str, resource: dict[str, Any], rule: str
) -> None:
    entries, report = read(event_of(kind, resource))
    assert entries == []
    assert report.verdict is Verdict.ACCEPTED
    assert rules_of(report) == [rule]


@pytest.mark.parametrize(
    "charge", [charge_of(amount_captured=1000), charge_of(captured=False), charge_of(status="pending")]
)
def test_a_charge_that_is_not_captured_whole_is_left_to_the_report(charge: dict[str, Any]) -> None:
    assert read(event_of("charge.succeeded", charge))[0] == []


def test_currencies_that_stripe_counts_otherwise_are_left_to_the_report() -> None:
    terms = replace(TERMS, currencies=frozenset({"USD", "ISK"}))
    entries, report = read(event_of("charge.succeeded", charge_of(currency="isk", amount=50_000)), terms)
    assert entries == []
    assert rules_of(report) == ["stripe.event_amount"]


def test_test_mode_posts_only_where_the_profile_says_so() -> None:
    event = event_of("charge.succeeded", charge_of(), livemode=False)
    entries, report = read(event)
    assert (entries, rules_of(report)) == ([], ["stripe.test_mode"])
    assert len(read(event, replace(TERMS, takes_test_events=True))[0]) == 1


def test_an_event_of_a_connected_account_is_of_that_account() -> None:
    (entry,), _ = read(event_of("charge.succeeded", charge_of(), account="acct_1"))
    assert entry.bank_account == "stripe:acct_1"


def test_a_refund_without_a_charge_is_a_debit_all_the_same() -> None:
    (entry,), _ = read(event_of("refund.created", refund_of(charge=None, payment_intent=None)))
    assert (entry.direction, entry.references) == (Direction.DEBIT, ("re_1", "txn_2"))


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (event_of("charge.succeeded", charge_of())[:500], "stripe.event_json"),
        (b'{"id": "evt_1", "object": "list"}', "stripe.event"),
        (b'{"id": "evt_1", "object": "event"}', "stripe.event"),
        (b'{"id": "evt_1", "object": "event", "type": "a", "text": "\\ud800"}', "stripe.event_json"),
        (b'{"id": "evt_1", "a": ' + b"[" * 100_000, "stripe.event_json"),
        (b'{"id": "evt_1", "a": "' + b"a" * BODY_BYTES_MAX + b'"}', "stripe.event_too_large"),
    ],
)
def test_what_is_no_event_is_unreadable(data: bytes, rule: str) -> None:
    entries, report = read(data)
    assert entries == []
    assert (report.verdict, rules_of(report)) == (Verdict.UNREADABLE, [rule])
