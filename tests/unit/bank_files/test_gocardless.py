"""The readers of GoCardless payouts and payout items: what they read, what they refuse, what they warn about."""

import json
from datetime import date
from io import BytesIO
from typing import Any

import pytest

from pawledger.bank_files.detection import detect_format
from pawledger.bank_files.gocardless import json_pages as gocardless_json
from pawledger.bank_files.gocardless.report import read_gocardless_payout_items, read_gocardless_payouts
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from tests.builders.gocardless_file import (
    PayoutItem,
    payout_of,
    payout_resource,
    write_items_export,
    write_items_page,
    write_payouts_export,
    write_payouts_page,
)

PAID = PayoutItem()
FEE = PayoutItem("gocardless_fee", "-20.0")
FAILED = PayoutItem("payment_failed", "-500.0", "PM0002")
ITEMS = (PAID, FEE, FAILED)


def read_items(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_gocardless_payout_items(BytesIO(content), report)), report


def read_payouts(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_gocardless_payouts(BytesIO(content), report)), report


def rules_of(report: FileReport) -> list[str]:
    return [problem.rule for problem in report.problems]


def test_payout_and_its_items_become_entries_that_add_up_to_nothing() -> None:
    entries, report = read_items(write_items_page(payout_of(*ITEMS), *ITEMS))
    assert (report.problems, report.verdict, report.format) == ([], Verdict.ACCEPTED, "gocardless.payout_items")
    assert [(entry.purpose.value, entry.direction.value, entry.amount_minor) for entry in entries] == [
        ("payout", "debit", 730),
        ("payment", "credit", 1250),
        ("fee", "debit", 20),
        ("return", "debit", 500),
    ]
    payment = entries[1]
    assert (payment.bank_account, payment.currency, payment.booked_on) == (
        "gocardless:CR0001",
        "GBP",
        date(2026, 11, 19),
    )
    assert (payment.references, payment.mandate_id) == (("PM0001", "MD0001", "PO0001"), "MD0001")
    assert payment.identity == ("gocardless", "PO0001", "payment_paid_out", "PM0001", "", "1")
    assert (payment.type_code, payment.line, payment.posts) == ("payment_paid_out", 1, True)
    (statement,) = report.statements
    assert (statement.credit_minor, statement.debit_minor, statement.return_count) == (1250, 1250, 1)
    assert statement.identity == ("gocardless", "PO0001", "gocardless:CR0001", "GBP", "2026-11-19", "2026-11-19")
    assert statement.chain is None


def test_place_of_an_element_is_told_in_bytes() -> None:
    content = write_items_page(payout_resource(730, reference="Rück"), *ITEMS).replace(b"\\u00fc", "ü".encode())
    entries, _ = read_items(content)
    for entry in entries[1:]:
        assert entry.offset is not None
        assert content[entry.offset :].startswith(b'{"type": "' + str(entry.type_code).encode())


@pytest.mark.parametrize(
    ("kind", "amount", "purpose"),
    [
        ("payment_charged_back", "-500.0", Purpose.RETURN),
        ("payment_refunded", "-500.0", Purpose.RETURN),
        ("refund", "-500", Purpose.RETURN),
        ("refund_funds_returned", "500.0", Purpose.RETURN),
        ("app_fee", "-500.0", Purpose.FEE),
        ("surcharge_fee", "-500.0", Purpose.FEE),
        ("revenue_share", "500.0", Purpose.FEE),
    ],
)
def test_type_says_what_an_item_is_and_its_sign_which_way(kind: str, amount: str, purpose: Purpose) -> None:
    item = PayoutItem(kind, amount)
    entry = read_items(write_items_page(payout_of(item), item))[0][1]
    assert (entry.purpose, entry.amount_minor) == (purpose, 500)
    assert entry.direction is (Direction.DEBIT if amount.startswith("-") else Direction.CREDIT)


def test_unknown_type_is_kept_with_one_warning() -> None:
    items = (PayoutItem("teleported"), PayoutItem("teleported"))
    entries, report = read_items(write_items_page(payout_of(*items), *items))
    assert entries[1].type_code == "teleported"
    assert (rules_of(report), report.verdict) == (["gocardless.item_type_unknown"], Verdict.ACCEPTED)


def test_fees_smaller_than_a_penny_lose_none_of_it() -> None:
    fees = [PayoutItem("gocardless_fee", "-20.4", f"PM{n}") for n in range(5)]
    entries, report = read_items(write_items_page(payout_of(PAID, *fees), PAID, *fees))
    assert report.problems == []
    assert [entry.amount_minor for entry in entries[2:]] == [20, 21, 20, 21, 20]
    assert entries[0].amount_minor == 1250 - 102


@pytest.mark.parametrize("change_minor", [-1, 1, 100])
def test_payout_that_is_not_the_sum_of_its_items_is_out_of_balance(change_minor: int) -> None:
    _, report = read_items(write_items_page(payout_resource(730 + change_minor), *ITEMS))
    assert (rules_of(report), report.verdict) == (["gocardless.payout_sum"], Verdict.OUT_OF_BALANCE)


def test_items_on_further_pages_are_not_checked_and_this_is_told() -> None:
    _, report = read_items(write_items_page(payout_resource(9000), *ITEMS, after="IT9"))
    assert (rules_of(report), report.verdict) == (["gocardless.payout_not_checked"], Verdict.ACCEPTED)


def test_pages_may_follow_one_another_in_a_file() -> None:
    second = write_items_page(payout_resource(1250, "PO0002"), PAID)
    entries, report = read_items(write_items_page(payout_of(*ITEMS), *ITEMS) + b"\n" + second)
    assert (report.problems, len(report.statements)) == ([], 2)
    assert entries[-1].identity[1] == "PO0002"


def test_items_without_their_payout_have_no_currency_and_are_out_of_balance() -> None:
    _, report = read_items(json.dumps({"payout_items": [PAID.resource]}).encode())
    assert (rules_of(report), report.verdict) == (["gocardless.payout_unknown"], Verdict.OUT_OF_BALANCE)


def test_items_that_agree_in_everything_are_numbered() -> None:
    entries, _ = read_items(write_items_page(payout_of(PAID, PAID), PAID, PAID))
    assert [entry.identity[-1] for entry in entries[1:]] == ["1", "2"]


@pytest.mark.parametrize("amount", ["1250", 1250, "1250.0", "1250.00"])
def test_amount_of_an_item_may_be_a_number_or_a_text(amount: object) -> None:
    page = {"payouts": payout_resource(1250), "payout_items": [{**PAID.resource, "amount": amount}]}
    entries, report = read_items(json.dumps(page).encode())
    assert (entries[1].amount_minor, report.problems) == (1250, [])


@pytest.mark.parametrize(
    ("change", "rule", "kind"),
    [
        ({"amount": "1250.5"}, "gocardless.amount_decimals", Rule.INTEGRITY),
        ({"amount": "x"}, "gocardless.amount", Rule.SYNTAX),
        ({"amount": None}, "gocardless.amount", Rule.SYNTAX),
        ({"amount": True}, "gocardless.amount", Rule.SYNTAX),
        ({"amount": "1e3"}, "gocardless.amount", Rule.SYNTAX),
    ],
)
def test_item_that_is_wrong_is_told(change: dict[str, Any], rule: str, kind: Rule) -> None:
    page = {"payouts": payout_resource(1250), "payout_items": [{**PAID.resource, **change}]}
    _, report = read_items(json.dumps(page).encode())
    assert (report.problems[0].rule, report.problems[0].kind) == (rule, kind)


@pytest.mark.parametrize(
    ("change", "rule", "kind"),
    [
        ({"currency": "XXX"}, "gocardless.currency", Rule.INTEGRITY),
        ({"amount": "12.5"}, "gocardless.payout", Rule.SYNTAX),
        ({"amount": []}, "gocardless.payout", Rule.SYNTAX),
        ({"id": None}, "gocardless.payout", Rule.SYNTAX),
        ({"arrival_date": "soon"}, "gocardless.payout", Rule.SYNTAX),
    ],
)
def test_payout_that_is_wrong_is_told(change: dict[str, Any], rule: str, kind: Rule) -> None:
    _, report = read_payouts(write_payouts_page(payout_resource(1250, **change)))
    assert (report.problems[0].rule, report.problems[0].kind) == (rule, kind)


def test_payout_is_money_that_leaves_for_our_bank_account() -> None:
    (entry,), report = read_payouts(write_payouts_page(payout_resource(1250, metadata={"run": "R-1"})))
    assert (entry.purpose, entry.direction, entry.amount_minor) == (Purpose.PAYOUT, Direction.DEBIT, 1250)
    assert entry.references == ("R-1", "PAWLEDGER-1", "PO0001")
    assert entry.identity == ("gocardless", "PO0001", "payout", "1")
    assert (report.problems, report.format) == ([], "gocardless.payouts")


def test_pending_payout_is_only_announced_and_a_bounced_one_comes_back() -> None:
    payouts = (payout_resource(100, "PO1", status="pending"), payout_resource(200, "PO2", status="bounced"))
    entries, _ = read_payouts(write_payouts_page(*payouts))
    assert [(e.identity[2], e.posts, e.direction.value, e.amount_minor) for e in entries] == [
        ("payout", False, "debit", 100),
        ("payout", True, "debit", 200),
        ("payout_bounced", True, "credit", 200),
    ]


def test_payout_told_twice_is_counted_once_and_must_be_the_same() -> None:
    same, different = payout_resource(100), payout_resource(101)
    entries, report = read_payouts(write_payouts_page(same, same))
    assert (len(entries), rules_of(report)) == (1, ["gocardless.payout_twice"])
    _, report = read_payouts(write_payouts_page(same, different))
    assert (rules_of(report), report.verdict) == (["gocardless.payout_differs"], Verdict.OUT_OF_BALANCE)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "gocardless.empty"),
        (b"{", "gocardless.json"),
        (b"{}", "gocardless.not_a_report"),
        (b'{"payouts":[', "gocardless.json"),
        (b'{"payouts":[]', "gocardless.json"),
        (b'{"payouts":[]}x', "gocardless.json"),
        (b'{"payouts":[],}', "gocardless.json"),
        (b'{"payouts":[1]}', "gocardless.not_a_resource"),
        (b'{"payouts":[NaN]}', "gocardless.json"),
        (b'{"payouts":[]\0}', "gocardless.json"),
        (b'{"payouts":["\xff"]}', "gocardless.encoding"),
        (b'{"mandates":[]}', "gocardless.not_a_report"),
        (b"{1:2}", "gocardless.json"),
        (b'{"payouts":' + b"[" * 100_000, "gocardless.json_depth"),
        (b'{"payouts":[' + b"9" * 5000 + b"]}", "gocardless.json"),
        (b'{"payouts":["' + b"x" * (gocardless_json.VALUE_CHARACTERS_MAX + 100_000), "gocardless.json"),
        (write_payouts_page(payout_resource(1)) + b"junk", "gocardless.json"),
        (b"\0\1", "lines.nul_byte"),
        (b"id,amount\n", "gocardless.columns_missing"),
    ],
)
def test_what_is_no_report_is_unreadable(content: bytes, rule: str) -> None:
    _, report = read_payouts(content)
    assert (rules_of(report)[0], report.verdict) == (rule, Verdict.UNREADABLE)


def test_more_elements_than_a_list_may_have_are_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gocardless_json, "ELEMENTS_MAX", 2)
    _, report = read_items(write_items_page(payout_of(*ITEMS), *ITEMS))
    assert "gocardless.too_many_elements" in rules_of(report)


def test_export_of_payouts_is_read_in_major_units() -> None:
    entries, report = read_payouts(write_payouts_export(1250, 99))
    assert report.problems == []
    assert [(entry.amount_minor, entry.identity[1], entry.bank_account) for entry in entries] == [
        (1250, "PO0001", "gocardless:CR0001"),
        (99, "PO0002", "gocardless:CR0001"),
    ]
    assert entries[0].references == ("PAWLEDGER-1", "PO0001")


@pytest.mark.parametrize("currency", ["JPY", "BHD"])
def test_export_has_the_decimals_of_its_currency(currency: str) -> None:
    entries, report = read_payouts(write_payouts_export(1250, currency=currency))
    assert (entries[0].amount_minor, report.problems) == (1250, [])


def test_amount_without_decimals_could_be_in_either_unit_and_is_out_of_balance() -> None:
    _, report = read_payouts(write_payouts_export(1200).replace(b"12.00", b"12"))
    assert (rules_of(report), report.verdict) == (["gocardless.amount_unit"], Verdict.OUT_OF_BALANCE)


@pytest.mark.parametrize("fee_sign", [1, -1])
def test_export_of_transactions_tells_the_same_as_the_items_of_the_api(fee_sign: int) -> None:
    content = write_items_export(
        ("payment", 1250, 20, "PM0001"), ("payment", -500, 0, "PM0002"), ("refund", -90, 0, "PM3")
    )
    if fee_sign < 0:
        content = content.replace(b",0.20,", b",-0.20,")
    entries, report = read_items(content)
    assert (rules_of(report), report.verdict) == (["gocardless.payout_not_checked"], Verdict.ACCEPTED)
    assert [(e.identity[2], e.purpose.value, e.direction.value, e.amount_minor) for e in entries] == [
        ("payment_paid_out", "payment", "credit", 1250),
        ("gocardless_fee", "fee", "debit", 20),
        ("payment_charged_back", "return", "debit", 500),
        ("payment_refunded", "return", "debit", 90),
    ]
    assert entries[0].identity == ("gocardless", "PO0001", "payment_paid_out", "PM0001", "", "1")
    assert entries[0].references == ("POL-1", "PM0001", "MD0001", "CU0001", "PO0001")
    assert (entries[0].payer_name, entries[0].mandate_id) == ("Ada Byron", "MD0001")


def test_net_that_gross_and_fees_do_not_lead_to_is_out_of_balance() -> None:
    content = write_items_export(("payment", 1250, 20, "PM0001")).replace(b",12.30,", b",12.31,")
    _, report = read_items(content)
    assert (rules_of(report), report.verdict) == (["gocardless.row_net"], Verdict.OUT_OF_BALANCE)


def test_reports_are_known_by_their_keys_and_columns() -> None:
    assert detect_format(write_items_page(payout_of(PAID), PAID)).format == "gocardless.payout_items"
    assert detect_format(write_payouts_page(payout_resource(1))).format == "gocardless.payouts"
    assert detect_format(write_items_export()).format == "gocardless.payout_items"
    assert detect_format(write_payouts_export()).format == "gocardless.payouts"
    assert detect_format(b'{"customers":[]}').format is None


def test_all_pages_of_a_payout_in_one_file_are_checked_together() -> None:
    first, rest = ITEMS[:2], ITEMS[2:]
    pages = write_items_page(payout_of(*ITEMS), *first, after="IT2") + write_items_page(
        payout_of(*ITEMS), *rest, before="IT3"
    )
    _, report = read_items(pages)
    assert rules_of(report) == ["gocardless.payout_twice"]
    _, report = read_items(pages.replace(b"-500.0", b"-501.0"))
    assert (report.verdict, rules_of(report)[-1]) == (Verdict.OUT_OF_BALANCE, "gocardless.payout_sum")


def test_last_page_of_a_payout_alone_is_not_checked_and_this_is_told() -> None:
    _, report = read_items(write_items_page(payout_of(*ITEMS), *ITEMS[2:], before="IT3"))
    assert (report.verdict, rules_of(report)) == (Verdict.ACCEPTED, ["gocardless.payout_not_checked"])


def test_half_of_a_surrogate_pair_is_no_text() -> None:
    whole = write_payouts_page(payout_resource(1250, reference="\U0001f600 \\\\ud83d"))
    (entry,), report = read_payouts(whole)
    assert (report.problems, "\U0001f600 \\\\ud83d" in entry.references) == ([], True)
    entries, report = read_payouts(write_payouts_page(payout_resource(1250, reference="\ud83d")))
    assert (entries, rules_of(report)) == ([], ["gocardless.encoding"])


def test_what_names_a_payout_is_short() -> None:
    entries, report = read_payouts(write_payouts_page(payout_resource(1250, "PO" + "1" * 1_000)))
    assert (entries, rules_of(report)) == ([], ["gocardless.identifier_too_long"])
