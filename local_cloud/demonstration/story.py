"""The story of `make demo`: a book is billed, paid and mispaid, and every difference is found and told."""

import gzip
import json
import os
from collections import Counter
from datetime import date, timedelta
from typing import Any, Final

from local_cloud.demonstration.bank_files import (
    NEW_EURO_ACCOUNT,
    write_bai2,
    write_camt053,
    write_camt054,
    write_stripe,
)
from local_cloud.demonstration.book import (
    DOLLAR_ACCOUNTS,
    EARLY_ACCOUNT,
    EURO_ACCOUNTS,
    LATE_DEPOSIT_MINOR,
    NOTIFIED,
    SHORT_ACCOUNT,
    Invoice,
    card_charge,
    card_dispute,
    dollar_lines,
    euro_lines,
    lines_missing_overnight,
    lines_of_the_day_before,
    new_account_lines,
    notified_lines,
    policy_event,
    policy_events,
    refused_policy_events,
)
from local_cloud.demonstration.cloud import Cloud, wait_until
from local_cloud.demonstration.steps import show_step
from local_cloud.emulator import LocalCloud
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.money import format_amount
from pawledger.domain.worklist.digests import DIGEST
from pawledger.domain.worklist.discrepancies import DiscrepancyKind, DiscrepancyStatus
from pawledger.services.resolving.push_alerts import ALERT

OPENING_MINOR: Final = 1_000_000
SCHEDULE_FIRINGS: Final = 2
"""A schedule fires at least once; the demonstration fires it twice."""

FILE_KINDS: Final = frozenset(
    {
        DiscrepancyKind.FILE_CONFLICT,
        DiscrepancyKind.FILE_DUPLICATE,
        DiscrepancyKind.FILE_OUT_OF_BALANCE,
        DiscrepancyKind.FILE_REFUSED,
        DiscrepancyKind.FILE_UNEXPECTED,
        DiscrepancyKind.FILE_UNREADABLE,
    }
)
"""What can be wrong with a file as a whole; such a file is not posted."""


def tell_story(cloud: Cloud, today: date) -> dict[str, Any]:
    """Run the whole demonstration against a deployed app and return what the closing table shows.

    `today` is the business date of the app. Raises `DemonstrationStuckError`.
    """
    alert_queue = cloud.subscribe_to_alerts()
    _issue_policies(cloud, today)
    invoices = _issue_invoices(cloud, today)
    good_files = _drop_good_files(cloud, today, invoices)
    _drop_card_reports(cloud, today, invoices)
    _drop_missing_statement(cloud, today)
    _drop_faulty_files(cloud, today, good_files, invoices)
    _policy_arrives_late(cloud, today)
    _drop_oldest_statement(cloud, today)
    proof = close_day(cloud, today)
    messages = _await_alerts(cloud, alert_queue)
    return _summarise(cloud, proof, messages)


def print_closing_table(summary: dict[str, Any]) -> None:
    """Show what happened, in figures that each come from the tables of the deployed app."""
    print("\n  What happened")
    print(f"  {'-' * 68}")
    for name, value in summary["figures"].items():
        print(f"  {name:<44}{value:>24}")
    print(f"  {'-' * 68}\n  Discrepancies by kind")
    for kind, count in sorted(summary["discrepancies"].items()):
        print(f"    {kind:<42}{count:>24}")
    print(f"  {'-' * 68}\n  Books, debits = credits in each currency")
    for currency, (debits_minor, credits_minor) in summary["books"].items():
        mark = "balanced" if debits_minor == credits_minor else "OUT OF BALANCE"
        print(
            f"    {currency}  debits {format_amount(debits_minor, currency):>14}   "
            f"credits {format_amount(credits_minor, currency):>14}   {mark}"
        )
    print(f"  {'-' * 68}")


def print_next_steps(cloud: LocalCloud, seconds: float) -> None:
    """Say how long it took, where the system runs and what to try."""
    environment = os.path.relpath(cloud.environment_file)
    print(
        f"""
  Done in {seconds:.0f} s. The system goes on running at {cloud.endpoint_url}; look around with

    source {environment}
    .venv/bin/pawledger account show {SHORT_ACCOUNT}       # paid five short
    .venv/bin/pawledger account show {EARLY_ACCOUNT}       # paid before its policy came
    .venv/bin/pawledger discrepancies list
    .venv/bin/pawledger files list
    .venv/bin/pawledger ledger verify --all

  and end it with `make demo-stop`. Its log: {os.path.relpath(cloud.log_file)}"""
    )


def _issue_policies(cloud: Cloud, today: date) -> None:
    events = policy_events(today)
    refused = refused_policy_events(today)
    with show_step(f"{len(events)} policies arrive, each event twice, and {len(refused)} events that are wrong"):
        cloud.send_policy_events([*events, *events, *refused])
        wait_until("all policies are recorded", lambda: len(list(cloud.scan("PoliciesTableName"))) == len(events))
        wait_until(
            "the wrong events are refused",
            lambda: _count_discrepancies(cloud)[DiscrepancyKind.POLICY_EVENT_REFUSED] == len(refused),
        )


def _issue_invoices(cloud: Cloud, today: date) -> dict[str, Invoice]:
    accounts = len(EURO_ACCOUNTS) + len(DOLLAR_ACCOUNTS)
    with show_step(f"the schedule fires twice: {accounts} households get their first invoice, once"):
        event = {"schema": "billing_day.v1", "business_date": today.isoformat()}
        for _ in range(SCHEDULE_FIRINGS):
            cloud.invoke("StartBillingDayFunctionName", event)
        wait_until("every household has its invoice", lambda: len(read_invoices(cloud)) == accounts)
    return read_invoices(cloud)


def _drop_good_files(cloud: Cloud, today: date, invoices: dict[str, Invoice]) -> dict[str, bytes]:
    early = creditor_reference_of(InvoiceAddress(EARLY_ACCOUNT, 1))
    notification = {"incoming/northbank/noon.xml": write_camt054("NB0", today, notified_lines(invoices))}
    with show_step(f"a camt.054 notification lands: {NOTIFIED} payments in EUR, told before the statement"):
        _drop(cloud, notification)
        wait_until("it is posted", lambda: count_posted_files(cloud) == len(notification))
    files = {
        "incoming/northbank/statement.xml": write_camt053("NB1", today, OPENING_MINOR, euro_lines(invoices, early)),
        "incoming/firstbank/statement.bai": write_bai2(1, today, dollar_lines(invoices)),
    }
    packed = dict(files)
    packed["incoming/firstbank/statement.bai.gz"] = gzip.compress(packed.pop("incoming/firstbank/statement.bai"))
    with show_step("two more bank files land: a camt.053 statement in EUR, which tells them again, and a packed BAI2"):
        _drop(cloud, packed)
        wait_until("both files are posted", lambda: count_posted_files(cloud) == len(notification) + len(packed))
    return files


def _drop_card_reports(cloud: Cloud, today: date, invoices: dict[str, Invoice]) -> None:
    posted = count_posted_files(cloud)
    with show_step("a household pays by card, and has its bank take the money back: two reports of Stripe"):
        cloud.drop_file("incoming/stripe/charges.csv", write_stripe(today, [card_charge(invoices)]))
        wait_until("the charge is posted", lambda: count_posted_files(cloud) == posted + 1)
        cloud.drop_file("incoming/stripe/disputes.csv", write_stripe(today, [card_dispute(invoices)]))
        wait_until("the chargeback is posted", lambda: count_posted_files(cloud) == posted + 2)


def _drop_missing_statement(cloud: Cloud, today: date) -> None:
    """The statement of the day before yesterday shows that yesterday's is missing; then that one comes."""
    posted = count_posted_files(cloud)
    lines = lines_of_the_day_before()
    opening_minor = OPENING_MINOR - sum(line.amount_minor for line in lines)
    older = write_camt053("NB-1", today - timedelta(days=2), opening_minor, [])
    missing = write_camt053("NB-2", today - timedelta(days=1), opening_minor, lines)
    with show_step("an older statement shows that one is missing between; it is dropped, and the gap heals"):
        _drop(cloud, {"incoming/northbank/older.xml": older})
        wait_until("the gap is told", lambda: _count_gaps(cloud, DiscrepancyStatus.OPEN) == 1)
        _drop(cloud, {"incoming/northbank/missing.xml": missing})
        wait_until("the gap is healed", lambda: _count_gaps(cloud, DiscrepancyStatus.HEALED) == 1)
        wait_until("its money is posted", lambda: count_posted_files(cloud) == posted + 1)


def _drop_oldest_statement(cloud: Cloud, today: date) -> None:
    """The statement of four days ago shows that the one of three days ago is missing, too; nobody has it today."""
    oldest = write_camt053("NB-4", today - timedelta(days=4), opening_before_the_gap(cloud), [])
    with show_step("a still older statement shows that another one is missing: it stays so overnight"):
        cloud.drop_file("incoming/northbank/oldest.xml", oldest)
        wait_until("the gap is told", lambda: _count_gaps(cloud, DiscrepancyStatus.OPEN) == 1)


def opening_before_the_gap(cloud: Cloud) -> int:
    """What was on the bank account before the statement that is missing overnight, in minor units."""
    rest_minor = sum(line.amount_minor for line in lines_missing_overnight(read_invoices(cloud)))
    return OPENING_MINOR - LATE_DEPOSIT_MINOR - rest_minor


def _count_gaps(cloud: Cloud, status: DiscrepancyStatus) -> int:
    """How many statements are, or were, missing."""
    found = cloud.scan("DiscrepanciesTableName")
    return sum(item["kind"]["S"] == DiscrepancyKind.STATEMENT_GAP and item["status"]["S"] == status for item in found)


def _drop_faulty_files(cloud: Cloud, today: date, good_files: dict[str, bytes], invoices: dict[str, Invoice]) -> None:
    camt, bai2 = good_files.values()
    doctype = b'<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n<Document'
    files = {
        "incoming/northbank/sent-again.xml": camt,
        "incoming/northbank/same-id-other-bytes.xml": camt.replace(b"Account fee", b"Fee, second"),
        "incoming/northbank/truncated.xml": write_camt053("NB2", today, 0, [])[:-60],
        "incoming/northbank/doctype.xml": write_camt053("NB3", today, 0, []).replace(b"<Document", doctype, 1),
        "incoming/firstbank/one-cent-wrong.bai": write_bai2(2, today, [], wrong_by_minor=1),
        "incoming/firstbank/empty.bai": b"",
        "incoming/firstbank/junk.bin": bytes(range(256)) * 8,
        "incoming/firstbank/what is this?.bai": bai2,
        "incoming/northbank/new-account.xml": write_camt053(
            "NB9", today, 0, new_account_lines(invoices), account=NEW_EURO_ACCOUNT
        ),
    }
    with show_step(f"{len(files)} files that must not be posted land: sent again, cut short, one cent wrong and so on"):
        _drop(cloud, files)
        wait_until("each is set aside", lambda: cloud.count_incoming_files() == 0)
        wait_until("each is a discrepancy", lambda: _count_faulty_files(cloud) == len(files))


def _policy_arrives_late(cloud: Cloud, today: date) -> None:
    with show_step("the policy of a household that paid early arrives; its money is applied to its first invoice"):
        cloud.send_policy_events([policy_event(EARLY_ACCOUNT, 1, 20, today)])
        policy_count = len(policy_events(today)) + 1
        wait_until("it is recorded", lambda: len(list(cloud.scan("PoliciesTableName"))) == policy_count)
        cloud.invoke("StartBillingDayFunctionName", {"schema": "billing_day.v1", "business_date": today.isoformat()})
        wait_until("it is invoiced", lambda: EARLY_ACCOUNT in read_invoices(cloud))


def close_day(cloud: Cloud, today: date) -> dict[str, Any]:
    with show_step("the day is closed: every file accounted for to the cent, nobody forgotten, books balanced"):
        return cloud.invoke("CloseDayFunctionName", {"schema": "closing_day.v1", "business_date": today.isoformat()})


def _await_alerts(cloud: Cloud, queue_url: str) -> list[dict[str, Any]]:
    """The alerts and digests that people got, once there is an alert of every discrepancy or group of them."""
    messages: list[dict[str, Any]] = []
    with show_step("every discrepancy becomes an alert, several of a kind in one file become one"):
        wanted = Counter(_alert_group(item) for item in cloud.scan("DiscrepanciesTableName"))
        kinds = Counter(kind for kind, _ in wanted)

        def all_arrived() -> bool:
            messages.extend(cloud.receive_messages(queue_url))
            told = {each["discrepancy_id"]: each["kind"] for each in messages if each["schema"] == ALERT}
            return Counter(told.values()) == kinds and any(each["schema"] == DIGEST for each in messages)

        wait_until("all alerts and the digest are there", all_arrived)
    return messages


def _alert_group(item: dict[str, Any]) -> tuple[str, str]:
    """Kind of a discrepancy, and what it is told together with: others of its file, or nothing but itself."""
    body = json.loads(item["body"]["S"])
    return str(body["kind"]), str(body.get("group") or item["discrepancy_id"]["S"])


def _summarise(cloud: Cloud, proof: dict[str, Any], messages: list[dict[str, Any]]) -> dict[str, Any]:
    alerts = [each for each in messages if each["schema"] == ALERT]
    entries = list(cloud.bodies("EntriesTableName"))
    kinds = Counter(entry["kind"] for entry in entries)
    debits_minor: Counter[str] = Counter()
    credits_minor: Counter[str] = Counter()
    suspense: Counter[str] = Counter()
    for entry in entries:
        for ledger_account, currency, amount_minor in entry["postings"]:
            (debits_minor if amount_minor > 0 else credits_minor)[currency] += abs(amount_minor)
            if ledger_account == "suspense":
                suspense[currency] -= amount_minor
    figures: dict[str, str] = {
        "policies recorded": str(kinds["policy_issued"]),
        "invoices issued": str(kinds["invoice_issued"]),
        "payments posted": str(kinds["payment_posted"]),
        "payments returned": str(kinds["payment_returned"]),
    }
    for currency, amount_minor in sorted(suspense.items()):
        figures[f"in suspense, less debits, {currency}"] = format_amount(amount_minor, currency)
    discrepancies = _count_discrepancies(cloud)
    figures |= {
        "files not posted, each a discrepancy": str(_count_faulty_files(cloud)),
        "statements missing, and come since": str(_count_gaps(cloud, DiscrepancyStatus.HEALED)),
        "files proven to the cent": str(proof["files_proven"]),
        "files not proven": str(proof["files_unproven"]),
        "accounts overdue for billing": str(proof["accounts_overdue"]),
        "discrepancies": str(discrepancies.total()),
        "alerts received": str(len(alerts)),
        "alerts received twice": str(len(alerts) - len({alert["discrepancy_id"] for alert in alerts})),
        "digests received, of all that is open": str(
            sum(each["schema"] == DIGEST and each["scope"] == "open" for each in messages)
        ),
    }
    books = {currency: (debits_minor[currency], credits_minor[currency]) for currency in sorted(debits_minor)}
    return {"figures": figures, "discrepancies": discrepancies, "books": books}


def read_invoices(cloud: Cloud) -> dict[str, Invoice]:
    """The invoice of each household, by account id."""
    invoices = {}
    for entry in cloud.bodies("EntriesTableName"):
        if entry["kind"] == "invoice_issued":
            amount_minor = sum(minor for _, _, charges in entry["facts"]["lines"] for _, minor in charges)
            account_id = entry["account_id"]
            invoices[account_id] = Invoice(account_id, amount_minor, entry["payment_reference"])
    return invoices


def _count_discrepancies(cloud: Cloud) -> Counter[str]:
    """How many discrepancies there are of each kind."""
    return Counter(body["kind"] for body in cloud.bodies("DiscrepanciesTableName"))


def _count_faulty_files(cloud: Cloud) -> int:
    counts = _count_discrepancies(cloud)
    return sum(counts[kind] for kind in FILE_KINDS)


def count_posted_files(cloud: Cloud) -> int:
    """How many accepted files have a result for each of their chunks."""
    chunk_results: Counter[str] = Counter()
    chunk_counts: dict[str, int] = {}
    for item in cloud.scan("BankFilesTableName"):
        file_id = item["file_id"]["S"]
        if item["part"]["S"] == "file":
            chunk_counts[file_id] = json.loads(item["body"]["S"])["chunk_count"]
        else:
            chunk_results[file_id] += 1
    return sum(1 for file_id, count in chunk_counts.items() if count and chunk_results[file_id] == count)


def _drop(cloud: Cloud, files: dict[str, bytes]) -> None:
    for key, content in files.items():
        cloud.drop_file(key, content)
