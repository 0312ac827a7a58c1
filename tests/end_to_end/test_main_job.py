"""The main job in the local cloud: a book is billed, paid and mispaid, and every difference is found and told.

The demonstration's story is told once; what must hold of it is worked out here from the demonstration's book alone:
who lives in it, what each household was charged, what each of its payments says.
"""

import csv
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest

from local_cloud.demonstration.bank_files import Line
from local_cloud.demonstration.book import (
    BUNDLED_ACCOUNTS,
    CARD_ACCOUNT,
    DOLLAR_ACCOUNTS,
    EARLY_ACCOUNT,
    EURO_ACCOUNTS,
    FORGETFUL_ACCOUNT,
    MISTYPED_ACCOUNT,
    NEW_ACCOUNT_PAYER,
    NOTIFIED,
    Invoice,
    dollar_lines,
    euro_lines,
    policy_event,
    policy_events,
    refused_policy_events,
)
from local_cloud.demonstration.cloud import Cloud
from local_cloud.demonstration.story import tell_story
from local_cloud.emulator import ACCESS_KEY, CHECKOUT, REGION
from tests.end_to_end.deployed_cloud import DeployedCloud

COMMAND_TIMEOUT_SECONDS = 60
"""A command takes two seconds; a busy machine may take ten times as long."""

FUNCTIONS = 9
INSTALLMENTS = {"monthly": 12, "quarterly": 4, "semi_annual": 2, "annual": 1}
PAID_SHORT_BY_MINOR = 500
PAID_OVER_BY_MINOR = 1_000
EARLY_PAYMENT_MINOR = 5_000
FORGETFUL_MINOR = 12_300
"""The twelfth household owes a quarter of 439.27 and of 12 % tax, 52.71: 109.82 and 13.18."""
UNIDENTIFIED_MINOR = {"EUR": FORGETFUL_MINOR + 3_100 + 20_000, "USD": 7_700}
"""A payer who lost the letter, one whose reference no correction proves, a cheque, and one without a reference."""
BANK_FEE_MINOR = 1_250
CARD_FEES_MINOR = 320 + 1_500
"""What Stripe keeps of the charge, and asks for the dispute."""

EXPECTED_DISCREPANCIES = {
    "unidentified_payment": 4,  # the four of UNIDENTIFIED_MINOR
    "unexplained_debit": 1,  # the bank's fee
    "payment_before_policy": 1,
    "underpayment": 1,
    "overpayment": 1,
    "payment_returned": 2,  # one by the bank, one by the chargeback of a card payment
    "file_unreadable": 4,  # cut short, with a DOCTYPE, empty, junk
    "file_out_of_balance": 1,  # one cent wrong
    "file_unexpected": 1,  # of an account that the bank's profile does not name
    "file_refused": 1,  # a key with blanks and a question mark
    "file_duplicate": 1,  # sent again
    "file_conflict": 1,  # the same message id with other bytes
    "policy_event_refused": 3,  # no such currency, no charges, no policy id
    "statement_gap": 2,  # one healed by the statement that was missing, one stays overnight
}
ALERTS = sum(EXPECTED_DISCREPANCIES.values()) - 1
"""Two of the unidentified payments came in one file, and are told by one alert."""
GOOD_FILES = (
    "northbank/noon.xml",
    "northbank/statement.xml",
    "northbank/older.xml",
    "northbank/missing.xml",
    "northbank/oldest.xml",
    "stripe/charges.csv",
    "stripe/disputes.csv",
    "firstbank/statement.bai.gz",
)
HEALED = {"statement_gap": 1, "payment_before_policy": 1}


@dataclass(frozen=True)
class Told:
    """The story's summary, and everything that the cloud holds afterwards."""

    deployed: DeployedCloud
    cloud: Cloud
    today: date
    summary: dict[str, Any]
    entries: list[dict[str, Any]]


@pytest.fixture(scope="module")
def told(deployed_cloud: DeployedCloud) -> Told:
    session = boto3.Session(ACCESS_KEY, ACCESS_KEY, region_name=REGION)
    cloud = Cloud(session, deployed_cloud.cloud.endpoint_url, deployed_cloud.outputs)
    today = cloud.read_business_date()
    summary = tell_story(cloud, today)
    return Told(deployed_cloud, cloud, today, summary, list(cloud.bodies("EntriesTableName")))


def run_pawledger(told: Told, *arguments: str) -> dict[str, Any]:
    """What a `pawledger` command of a person at a shell answers, with the environment that the local cloud gives."""
    finished = subprocess.run(  # noqa: S603 - our own program, arguments from this file
        [sys.executable, "-c", "from pawledger.command_line.main import run; run()", *arguments, "--json"],
        env={
            **told.deployed.cloud.environment,
            "PYTHONPATH": str(CHECKOUT / "layers/pawledger/python"),
        },
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    document: dict[str, Any] = json.loads(finished.stdout)
    return document


def expected_first_invoices(today: date) -> dict[str, int]:
    """What each household of the book owes first: the first installment of each of its policies."""
    owed: Counter[str] = Counter()
    for event in policy_events(today):
        owed[str(event["account_id"])] += first_installment_minor(event)
    return dict(owed)


def first_installment_minor(event: dict[str, Any]) -> int:
    """Each charge divided by the plan's installments, to the cent, half a cent away from zero; then their sum."""
    count = INSTALLMENTS[event["plan"]]
    shares = (Decimal(charge["amount_minor"]) / count for charge in event["charges"])
    return sum(int(share.quantize(Decimal(1), ROUND_HALF_UP)) for share in shares)


def entries_of(told: Told, kind: str) -> list[dict[str, Any]]:
    return [entry for entry in told.entries if entry["kind"] == kind]


def invoice_minor(entry: dict[str, Any]) -> int:
    return sum(minor for _, _, charges in entry["facts"]["lines"] for _, minor in charges)


def balances(told: Told) -> Counter[tuple[str, str]]:
    """The sum of all postings by currency and ledger account."""
    sums: Counter[tuple[str, str]] = Counter()
    for entry in told.entries:
        for name, currency, amount_minor in entry["postings"]:
            sums[currency, name] += amount_minor
    return sums


def planted_lines(today: date) -> list[Line]:
    """The lines of both bank files; only their texts are looked at, so any amount will do."""
    invoices = {each: Invoice(each, 10_000, "RF00" + each) for each in (*EURO_ACCOUNTS, *DOLLAR_ACCOUNTS)}
    return [*euro_lines(invoices, "RF00"), *dollar_lines(invoices)]


def read_log_lines(told: Told) -> Iterator[tuple[str, str]]:
    """Every line that a function logged, with its log group."""
    logs = told.deployed.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                for event in events["events"]:
                    yield name, event["message"]


def test_every_policy_is_recorded_once_although_each_event_came_twice(told: Told) -> None:
    expected = {str(event["policy_id"]) for event in policy_events(told.today)} | {f"PET-{EARLY_ACCOUNT}-1"}
    recorded = [entry["entry_id"] for entry in entries_of(told, "policy_issued")]
    assert sorted(recorded) == sorted(f"policy#{policy_id}#00001" for policy_id in expected)


def test_every_household_has_one_first_invoice_of_the_amount_it_was_charged(told: Told) -> None:
    late = policy_event(EARLY_ACCOUNT, 1, 20, told.today)
    expected = expected_first_invoices(told.today) | {EARLY_ACCOUNT: first_installment_minor(late)}
    invoices = entries_of(told, "invoice_issued")
    issued: Counter[str] = Counter()
    for entry in invoices:
        issued[entry["account_id"]] += invoice_minor(entry)
    assert dict(issued) == expected
    assert len(invoices) == len(EURO_ACCOUNTS) + len(DOLLAR_ACCOUNTS) + 1


def test_every_payment_is_posted_once_in_the_amount_that_its_household_paid(told: Told) -> None:
    expected = expected_first_invoices(told.today)
    expected[EURO_ACCOUNTS[8]] -= PAID_SHORT_BY_MINOR
    expected[EURO_ACCOUNTS[9]] += PAID_OVER_BY_MINOR
    for account_id in (FORGETFUL_ACCOUNT, NEW_ACCOUNT_PAYER):
        del expected[account_id]
    posted = [(entry["account_id"], entry["facts"]["amount_minor"]) for entry in entries_of(told, "payment_posted")]
    assert sorted(posted) == sorted(expected.items())


@pytest.mark.parametrize("account_id", [DOLLAR_ACCOUNTS[0], CARD_ACCOUNT], ids=["by the bank", "by chargeback"])
def test_the_returned_payment_is_an_entry_of_its_own_and_due_again(told: Told, account_id: str) -> None:
    [returned] = [entry for entry in entries_of(told, "payment_returned") if entry["account_id"] == account_id]
    assert returned["facts"]["amount_minor"] == expected_first_invoices(told.today)[account_id]
    shown = run_pawledger(told, "account", "show", account_id)
    [balance] = shown["balances"]
    assert balance["owed_minor"] == expected_first_invoices(told.today)[account_id]


def test_one_transfer_for_two_households_pays_both_and_leaves_nothing_between_them(told: Told) -> None:
    parts = [entry for entry in entries_of(told, "payment_posted") if entry["account_id"] in BUNDLED_ACCOUNTS]
    first = expected_first_invoices(told.today)
    assert {entry["account_id"]: entry["facts"]["amount_minor"] for entry in parts} == {
        account_id: first[account_id] for account_id in BUNDLED_ACCOUNTS
    }
    [bundled] = entries_of(told, "payment_split")
    assert bundled["facts"]["amount_minor"] == sum(first[account_id] for account_id in BUNDLED_ACCOUNTS)
    assert balances(told)["EUR", "clearing"] == 0


def test_a_reference_with_a_typing_error_finds_its_invoice_and_says_so(told: Told) -> None:
    [posted] = [entry for entry in entries_of(told, "payment_posted") if entry["account_id"] == MISTYPED_ACCOUNT]
    explained = run_pawledger(told, "payment", "explain", posted["entry_id"], "--account", MISTYPED_ACCOUNT)
    assert explained["identified_by"] == "corrected payment reference"


def test_what_nobody_can_place_is_in_suspense_in_each_currency(told: Told) -> None:
    sums = balances(told)
    assert -sums["EUR", "suspense"] == UNIDENTIFIED_MINOR["EUR"] - BANK_FEE_MINOR
    assert -sums["USD", "suspense"] == UNIDENTIFIED_MINOR["USD"]


def test_the_forgetful_household_is_suggested_for_its_payment_once_the_day_is_closed(told: Told) -> None:
    [lost] = [
        each
        for each in run_pawledger(told, "discrepancies", "list", "--kind", "unidentified_payment")["discrepancies"]
        if each["amount_minor"] == FORGETFUL_MINOR
    ]
    # Nobody else has that much open: the only other open invoice is the one that 5.00 are missing of.
    [candidate] = run_pawledger(told, "discrepancies", "show", lost["discrepancy_id"])["candidates"]
    assert (candidate["account_id"], candidate["is_amount_only"]) == (FORGETFUL_ACCOUNT, True)


def test_the_cash_in_the_books_is_the_cash_in_the_bank_files(told: Told) -> None:
    first = expected_first_invoices(told.today)
    euro_minor = sum(first[account_id] for account_id in EURO_ACCOUNTS) - PAID_SHORT_BY_MINOR + PAID_OVER_BY_MINOR
    euro_minor -= first[FORGETFUL_ACCOUNT] + first[NEW_ACCOUNT_PAYER]
    euro_minor += UNIDENTIFIED_MINOR["EUR"] + EARLY_PAYMENT_MINOR - BANK_FEE_MINOR
    dollar_minor = sum(first[account_id] for account_id in DOLLAR_ACCOUNTS) + UNIDENTIFIED_MINOR["USD"]
    dollar_minor -= first[DOLLAR_ACCOUNTS[0]] + first[CARD_ACCOUNT] + CARD_FEES_MINOR
    sums = balances(told)
    assert (sums["EUR", "cash"], sums["USD", "cash"]) == (euro_minor, dollar_minor)


def test_debits_equal_credits_in_each_currency_and_in_each_entry(told: Told) -> None:
    unbalanced = []
    for entry in told.entries:
        sums: Counter[str] = Counter()
        for _, currency, amount_minor in entry["postings"]:
            sums[currency] += amount_minor
        if any(sums.values()):
            unbalanced.append(entry["entry_id"])
    assert unbalanced == []
    books = told.summary["books"]
    assert set(books) == {"EUR", "USD"}
    assert all(debits_minor == credits_minor > 0 for debits_minor, credits_minor in books.values())


def test_each_planted_fault_is_a_discrepancy_of_its_kind_and_nothing_else_is(told: Told) -> None:
    assert dict(told.summary["discrepancies"]) == EXPECTED_DISCREPANCIES
    assert EXPECTED_DISCREPANCIES["policy_event_refused"] == len(refused_policy_events(told.today))


def test_every_discrepancy_is_told_by_one_alert_and_all_by_one_digest(told: Told) -> None:
    figures = told.summary["figures"]
    assert figures["discrepancies"] == str(sum(EXPECTED_DISCREPANCIES.values()))
    assert figures["alerts received"] == str(ALERTS)
    assert figures["alerts received twice"] == "0"
    assert figures["digests received, of all that is open"] == "1"


def test_every_good_file_is_proven_and_nobody_is_overdue(told: Told) -> None:
    figures = told.summary["figures"]
    assert figures["files proven to the cent"] == str(len(GOOD_FILES))
    assert figures["files not proven"] == "0"
    assert figures["accounts overdue for billing"] == "0"


def test_what_the_notification_told_before_the_statement_is_accounted_for_and_no_overlap(told: Told) -> None:
    [statement] = [
        each
        for each in run_pawledger(told, "files", "list")["files"]
        if each["incoming_key"] == "incoming/northbank/statement.xml"
    ]
    shown = run_pawledger(told, "files", "show", statement["file_id"])
    assert (shown["posting"]["retold_count"], shown["posting"]["repeated_count"]) == (NOTIFIED, 0)


def test_a_missing_statement_is_told_and_heals_when_it_comes(told: Told) -> None:
    assert told.summary["figures"]["statements missing, and come since"] == "1"


def test_the_command_line_explains_the_household_that_paid_short(told: Told) -> None:
    account_id = EURO_ACCOUNTS[8]
    owed_minor = expected_first_invoices(told.today)[account_id]
    shown = run_pawledger(told, "account", "show", account_id)
    [balance] = shown["balances"]
    assert (balance["owed_minor"], balance["unapplied_minor"]) == (PAID_SHORT_BY_MINOR, 0)
    assert [entry["kind"] for entry in shown["entries"]] == ["policy_issued", "invoice_issued", "payment_posted"]
    assert shown["entries"][2]["credit_minor"] == owed_minor - PAID_SHORT_BY_MINOR
    assert shown["entries_agree_with_head"] is True


def test_money_that_came_before_its_policy_is_applied_to_the_first_invoice(told: Told) -> None:
    shown = run_pawledger(told, "account", "show", EARLY_ACCOUNT)
    owed_minor = first_installment_minor(policy_event(EARLY_ACCOUNT, 1, 20, told.today))
    [balance] = shown["balances"]
    assert balance["owed_minor"] == owed_minor - EARLY_PAYMENT_MINOR
    assert (balance["unapplied_minor"], balance["suspense_minor"]) == (0, 0)


def test_the_command_line_lists_the_open_discrepancies_with_their_amounts(told: Told) -> None:
    listed = run_pawledger(told, "discrepancies", "list")
    assert listed["open_count_by_kind"] == Counter(EXPECTED_DISCREPANCIES) - Counter(HEALED)
    amounts = Counter[str]()
    for each in listed["discrepancies"]:
        if each["kind"] == "unidentified_payment":
            amounts[each["currency"]] += each["amount_minor"]
    assert dict(amounts) == UNIDENTIFIED_MINOR


def test_the_command_line_lists_what_became_of_each_file(told: Told) -> None:
    listed = run_pawledger(told, "files", "list")["files"]
    became = {each["incoming_key"].removeprefix("incoming/"): (each["verdict"], each["status"]) for each in listed}
    assert became == {
        **dict.fromkeys(GOOD_FILES, ("accepted", "posted")),
        "northbank/same-id-other-bytes.xml": ("accepted", "quarantined"),
        "northbank/new-account.xml": ("accepted", "quarantined"),
        "northbank/truncated.xml": ("unreadable", "quarantined"),
        "northbank/doctype.xml": ("unreadable", "quarantined"),
        "firstbank/one-cent-wrong.bai": ("out_of_balance", "quarantined"),
        "firstbank/empty.bai": ("unreadable", "quarantined"),
        "firstbank/junk.bin": ("unreadable", "quarantined"),
    }


def test_no_ledger_is_broken(told: Told) -> None:
    verified = run_pawledger(told, "ledger", "verify", "--all")
    assert verified["is_unbroken"] is True
    assert verified["entry_count"] == len(told.entries)
    assert verified["account_count"] == len({entry["account_id"] for entry in told.entries})


def test_the_month_closes_on_the_sum_of_all_postings(told: Told, tmp_path: Path) -> None:
    closed = run_pawledger(told, "finance", "close", f"{told.today:%Y-%m}", "--out", str(tmp_path / "closed"))

    assert closed["is_proven"] is True
    with (tmp_path / "closed" / "trial_balance.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    closing = {(row["currency"], row["ledger_account"]): int(row["closing_minor"]) for row in rows}
    assert {key: minor for key, minor in closing.items() if minor} == {
        key: minor for key, minor in balances(told).items() if minor
    }


def test_no_log_line_holds_a_payers_text(told: Told) -> None:
    texts = {line.text for line in planted_lines(told.today)}
    assert {"Premium for Rex, sorry, I lost the letter", "NO REFERENCE"} <= texts
    logged = list(read_log_lines(told))
    # Every function has its own lines here, written as JSON; without them nothing would have been shown.
    assert len({group for group, line in logged if '"service":' in line}) == FUNCTIONS
    assert [line for _, line in logged if any(text in line for text in texts)] == []
