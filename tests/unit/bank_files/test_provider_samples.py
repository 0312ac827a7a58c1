"""The sample files of provider reports: each comes to the end that its name says."""

from pathlib import Path
from typing import Final

import pytest

from pawledger.bank_files.inspection import inspect_stream

SAMPLES: Final = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files"
EXPECTED: Final = {
    "stripe/good.csv": ("accepted", []),
    "stripe/net_one_cent_wrong.csv": ("out_of_balance", ["stripe.row_net", "stripe.payout_sum"]),
    "stripe/payout_one_cent_wrong.csv": ("out_of_balance", ["stripe.payout_sum"]),
    "stripe/truncated.csv": ("unreadable", ["stripe.ragged_row", "stripe.payout_not_checked"]),
    "adyen.settlement/good.csv": ("accepted", []),
    "adyen.settlement/batch_one_cent_wrong.csv": ("out_of_balance", ["adyen.batch_sum"]),
    "adyen.settlement/fees_do_not_explain_net.csv": ("out_of_balance", ["adyen.row_fees"]),
    "adyen.settlement/truncated.csv": ("unreadable", ["adyen.ragged_row", "adyen.batch_without_payout"]),
    "paypal.stl/good.csv": ("accepted", []),
    "paypal.stl/one_cent_wrong.csv": (
        "out_of_balance",
        ["paypal.sf_gross_credit", "paypal.balance_available", "paypal.balance_total", "paypal.rf_gross_credit"],
    ),
    "paypal.stl/transaction_missing.csv": ("out_of_balance", ["paypal.sf_gross_credit"]),
    "paypal.stl/truncated.csv": ("unreadable", ["paypal.truncated"]),
    "gocardless.payout_items/good.json": ("accepted", []),
    "gocardless.payout_items/one_penny_wrong.json": ("out_of_balance", ["gocardless.payout_sum"]),
    "gocardless.payout_items/truncated.json": ("unreadable", ["gocardless.json"]),
    "gocardless.payouts/good.csv": ("accepted", []),
    "gocardless.payouts/unit_not_certain.csv": ("out_of_balance", ["gocardless.amount_unit"]),
    "stripe.events/charge_succeeded.json": ("accepted", []),
    "stripe.events/charge_without_transaction.json": ("accepted", ["stripe.transaction_missing"]),
    "stripe.events/customer_updated.json": ("accepted", ["stripe.event_without_money"]),
    "stripe.events/cut_off.json": ("unreadable", ["stripe.event_json"]),
    "stripe.events/dispute_funds_reinstated.json": ("accepted", []),
    "stripe.events/dispute_funds_withdrawn.json": ("accepted", []),
    "stripe.events/payout_failed.json": ("accepted", []),
    "stripe.events/payout_paid.json": ("accepted", []),
    "stripe.events/refund_created.json": ("accepted", []),
    "adyen.events/authorisation.json": ("accepted", ["adyen.event_before_batch"]),
    "adyen.events/no_notification.json": ("unreadable", ["adyen.event"]),
    "gocardless.events/mandate_and_payment.json": ("accepted", ["gocardless.event_without_money"]),
    "gocardless.events/not_json.json": ("unreadable", ["gocardless.event_json"]),
}
"""Verdict by file, and the rules that are told first."""


@pytest.mark.parametrize("name", EXPECTED)
def test_sample_comes_to_the_end_its_name_says(name: str) -> None:
    with (SAMPLES / name).open("rb") as stream:
        report = inspect_stream(stream)
    verdict, rules = EXPECTED[name]
    assert (report.verdict.value, report.format) == (verdict, name.partition("/")[0])
    assert [problem.rule for problem in report.problems][: len(rules)] == rules
    assert rules or not report.problems


def test_every_sample_is_expected() -> None:
    folders = {name.partition("/")[0] for name in EXPECTED}
    found = {f"{path.parent.name}/{path.name}" for folder in folders for path in (SAMPLES / folder).iterdir()}
    assert found == set(EXPECTED)
