"""The demonstration's bad day and the morning after it, resolved on the command line; figures worked out by hand."""

import io
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from local_cloud.demonstration.book import CARD_ACCOUNT, DOLLAR_ACCOUNTS, EURO_ACCOUNTS, OVERPAID_ACCOUNT
from local_cloud.demonstration.cloud import Cloud
from local_cloud.demonstration.morning_after import (
    MorningAfter,
    live_morning_after,
    print_morning_after,
    shorten,
)
from local_cloud.demonstration.story import read_invoices, tell_story
from local_cloud.emulator import ACCESS_KEY, REGION
from tests.end_to_end.deployed_cloud import DeployedCloud

OVERNIGHT = {
    # kind: open in the evening, of these healed, resolved, dismissed by the morning, and open then
    "file_conflict": (1, 0, 0, 0, 1),
    "file_duplicate": (1, 0, 0, 1, 0),
    "file_out_of_balance": (1, 0, 1, 0, 0),  # rejected for good
    "file_refused": (1, 0, 0, 0, 1),
    "file_unexpected": (1, 0, 1, 0, 0),  # accepted
    "file_unreadable": (4, 0, 0, 0, 4),  # the senders have to send them again
    "overpayment": (1, 1, 0, 0, 0),  # heals: what was too much is set aside to go back
    "payment_returned": (2, 0, 0, 0, 2),  # both households owe again
    "policy_event_refused": (3, 0, 0, 0, 3),
    "statement_gap": (1, 1, 0, 0, 0),
    "underpayment": (1, 0, 1, 0, 0),  # written off
    "unexplained_debit": (1, 0, 1, 0, 0),  # the bank's fee, booked as a cost
    "unidentified_payment": (4, 0, 3, 0, 1),  # 77.00 USD is nobody's
}
EVENING, HEALED, RESOLVED, DISMISSED, MORNING = 22, 2, 7, 1, 12
"""The columns' sums: 22 = 2 + 7 + 1 + 12."""

BALANCES_MINOR = {
    ("EUR", "clearing"): 0,  # every transfer between ledgers has both its sides
    ("USD", "clearing"): 0,
    ("EUR", "suspense"): 0,  # every payer is known, and the bank's debit is explained
    ("EUR", "provider_fees"): 1_250,  # the bank's fee of 12.50
    ("USD", "suspense"): -7_700,
    ("EUR", "refunds"): -1_000,  # ten too many, to go back
    ("EUR", "written_off"): 500,  # five short
    ("EUR", "unapplied"): -(20_000 + 3_100),  # the cheque for two households, and the neighbour's payment
    ("EUR", "receivable"): 0,  # every first invoice in EUR is settled
}


@dataclass(frozen=True)
class Slept:
    """What the morning came to, what was printed of it, and what the cloud holds afterwards."""

    cloud: Cloud
    morning: MorningAfter
    printed: str
    entries: list[dict[str, Any]]


@pytest.fixture(scope="module")
def slept(cloud_of_its_own: DeployedCloud) -> Slept:
    session = boto3.Session(ACCESS_KEY, ACCESS_KEY, region_name=REGION)
    cloud = Cloud(session, cloud_of_its_own.cloud.endpoint_url, cloud_of_its_own.outputs)
    today = cloud.read_business_date()
    tell_story(cloud, today)
    printed = io.StringIO()
    with redirect_stdout(printed):
        morning = live_morning_after(cloud, today, cloud_of_its_own.cloud.environment)
        print_morning_after(morning)
    return Slept(cloud, morning, printed.getvalue(), list(cloud.bodies("EntriesTableName")))


def test_what_was_left_over_is_healed_resolved_dismissed_or_still_on_the_worklist(slept: Slept) -> None:
    became = {
        each.kind: (
            each.evening_count,
            each.healed_count,
            each.resolved_count,
            each.dismissed_count,
            each.morning_count,
        )
        for each in slept.morning.kinds
    }
    assert became == OVERNIGHT
    assert [sum(column) for column in zip(*became.values(), strict=True)] == [
        EVENING,
        HEALED,
        RESOLVED,
        DISMISSED,
        MORNING,
    ]


def test_money_is_where_it_belongs_and_nothing_is_between_ledgers(slept: Slept) -> None:
    balances = slept.morning.balances_minor
    assert {key: balances.get(key, 0) for key in BALANCES_MINOR} == BALANCES_MINOR


def test_the_households_whose_payments_were_taken_back_owe_them_again(slept: Slept) -> None:
    invoices = read_invoices(slept.cloud)
    owed_minor = sum(invoices[account_id].amount_minor for account_id in (DOLLAR_ACCOUNTS[0], CARD_ACCOUNT))
    assert slept.morning.balances_minor["USD", "receivable"] == owed_minor


def test_debits_equal_credits_and_no_ledger_is_broken(slept: Slept) -> None:
    assert set(slept.morning.books_minor) == {"EUR", "USD"}
    assert all(debits == credits_ > 0 for debits, credits_ in slept.morning.books_minor.values())
    accounts = len({entry["account_id"] for entry in slept.entries})
    assert slept.morning.verified == f"Unbroken: {accounts} accounts with {len(slept.entries)} entries."


def test_what_was_undone_left_nothing_on_the_wrong_household(slept: Slept) -> None:
    wrong = [entry for entry in slept.entries if entry["account_id"] == EURO_ACCOUNTS[0]]
    assert max(wrong, key=lambda entry: int(entry["sequence"]))["kind"] == "entry_undone"
    assert sum(minor for entry in wrong for name, _, minor in entry["postings"] if name == "unapplied") == 0


def test_a_refund_is_approved_by_another_person_than_asked_for_it(slept: Slept) -> None:
    steps = {
        entry["entry_id"].rpartition("#")[2]: entry["source"]["actor"].rpartition("/")[2]
        for entry in slept.entries
        if entry["account_id"] == OVERPAID_ACCOUNT and entry["entry_id"].startswith("refund#")
    }
    assert steps == {"requested": "clerk", "approved": "controller"}


@pytest.mark.parametrize(
    "command",
    [
        "apply --account",
        "--preview",
        "split --to",
        "undo",
        "refunds request",
        "refunds approve",
        "write-off",
        "book-cost",
        "dismiss",
        "reject-file",
        "accept-file",
        "payment explain",
        "ledger verify --all",
    ],
)
def test_each_command_is_shown_before_what_it_answers(slept: Slept, command: str) -> None:
    lines = slept.printed.splitlines()
    shown = [number for number, line in enumerate(lines) if "$ pawledger " in line and command in line]
    assert shown
    assert all(lines[number + 1].startswith("    | ") for number in shown)


def test_the_table_says_what_is_open_in_the_morning(slept: Slept) -> None:
    [total] = [line.split() for line in slept.printed.splitlines() if line.startswith("  all ")]
    assert total == ["all", "22", "2", "7", "1", "12"]
    assert "OUT OF BALANCE" not in slept.printed


def test_a_long_answer_is_shortened_to_its_beginning_and_its_last_line() -> None:
    assert list(shorten(["a", "b", "c", "d", "e"], 4)) == ["a", "b", "... 2 more lines ...", "e"]
    assert list(shorten(["a", "b"], 2)) == ["a", "b"]
