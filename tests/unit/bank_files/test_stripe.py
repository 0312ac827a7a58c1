"""The reader of Stripe's reports: what it reads, what it refuses, what it only warns about."""

from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest

from pawledger.bank_files import provider_rows
from pawledger.bank_files.detection import detect_format
from pawledger.bank_files.lines import LINE_BYTES_MAX
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from pawledger.bank_files.stripe import report as stripe_report
from pawledger.bank_files.stripe.report import REQUIRED_COLUMNS, read_stripe
from tests.builders.stripe_file import COLUMNS, BalanceTransaction, payout_of, write_stripe

CHARGE = BalanceTransaction()
REFUND = BalanceTransaction("txn_2", -500, 0, "refund", source_id="re_1")
ALL = (CHARGE, REFUND, payout_of(CHARGE, REFUND))


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_stripe(BytesIO(content), report)), report


def rules_of(report: FileReport) -> list[str]:
    return [problem.rule for problem in report.problems]


def test_charge_becomes_an_entry_of_its_gross_and_one_of_its_fee() -> None:
    charge, fee = read(write_stripe(replace(CHARGE, customer_name="Ada Byron")))[0]
    assert (charge.bank_account, charge.currency, charge.amount_minor) == ("stripe:balance", "USD", 1250)
    assert (charge.direction, charge.purpose, charge.type_code) == (Direction.CREDIT, Purpose.PAYMENT, "charge")
    assert (charge.booked_on, charge.value_on) == (date(2026, 11, 19), date(2026, 11, 21))
    assert charge.references == ("POL-1", "in_1", "pi_1", "ch_1", "cus_1", "txn_1", "po_1")
    assert (charge.payer_name, charge.text, charge.line) == ("Ada Byron", "Premium, paid by card", 2)
    assert (charge.posts, charge.return_reason, charge.mandate_id, charge.offset) == (True, None, None, None)
    assert (fee.amount_minor, fee.direction, fee.purpose) == (45, Direction.DEBIT, Purpose.FEE)
    assert fee.references == charge.references
    assert [charge.identity, fee.identity] == [("stripe", "txn_1", "gross"), ("stripe", "txn_1", "fee")]


def test_whole_report_is_accepted_and_counted() -> None:
    entries, report = read(write_stripe(*ALL))
    assert (report.problems, report.verdict, report.format) == ([], Verdict.ACCEPTED, "stripe")
    assert [(entry.amount_minor, entry.direction) for entry in entries] == [
        (1250, Direction.CREDIT),
        (45, Direction.DEBIT),
        (500, Direction.DEBIT),
        (705, Direction.DEBIT),
    ]
    (statement,) = report.statements
    assert (statement.credit_count, statement.credit_minor) == (1, 1250)
    assert (statement.debit_count, statement.debit_minor, statement.return_count) == (3, 1250, 1)
    assert (statement.chain, statement.opening_minor, statement.closing_minor) == (None, None, None)
    assert statement.identity == ("stripe", "stripe:balance", "USD", "2026-11-19", "2026-11-19")


@pytest.mark.parametrize(
    ("category", "gross_minor", "purpose"),
    [
        ("refund", -500, Purpose.RETURN),
        ("refund_failure", 500, Purpose.RETURN),
        ("dispute", -500, Purpose.RETURN),
        ("dispute_reversal", 500, Purpose.RETURN),
        ("charge_failure", -500, Purpose.RETURN),
        ("partial_capture_reversal", -500, Purpose.RETURN),
        ("fee", -500, Purpose.FEE),
        ("network_cost", -500, Purpose.FEE),
        ("payout", -500, Purpose.PAYOUT),
        ("payout_reversal", 500, Purpose.PAYOUT),
        ("topup", 500, Purpose.PAYOUT),
        ("risk_reserved_funds", -500, Purpose.PAYOUT),
    ],
)
def test_category_says_what_a_row_is_and_its_sign_which_way(category: str, gross_minor: int, purpose: Purpose) -> None:
    row = BalanceTransaction(gross_minor=gross_minor, fee_minor=0, category=category, payout_id="")
    (entry,), report = read(write_stripe(row))
    assert (entry.purpose, entry.amount_minor, entry.type_code) == (purpose, 500, category)
    assert entry.direction is (Direction.CREDIT if gross_minor > 0 else Direction.DEBIT)
    assert entry.is_return is (purpose is Purpose.RETURN)
    assert report.verdict is Verdict.ACCEPTED


def test_unknown_category_is_kept_with_one_warning() -> None:
    rows = [BalanceTransaction(f"txn_{n}", category="teleport", payout_id="") for n in range(3)]
    entries, report = read(write_stripe(*rows))
    assert {entry.type_code for entry in entries} == {"teleport"}
    assert rules_of(report) == ["stripe.category_unknown"]
    assert report.verdict is Verdict.ACCEPTED


def test_fee_that_is_given_back_is_a_credit() -> None:
    refund, fee = read(write_stripe(BalanceTransaction(gross_minor=-500, fee_minor=-20, category="refund")))[0]
    assert (refund.direction, fee.direction, fee.amount_minor) == (Direction.DEBIT, Direction.CREDIT, 20)


@pytest.mark.parametrize("net_minor", [1204, 1206, 1295])
def test_net_that_is_not_gross_less_fee_is_out_of_balance(net_minor: int) -> None:
    _, report = read(write_stripe(replace(CHARGE, net_minor=net_minor, payout_id="")))
    assert (rules_of(report), report.problems[0].line) == (["stripe.row_net"], 2)
    assert report.verdict is Verdict.OUT_OF_BALANCE


@pytest.mark.parametrize("change_minor", [-1, 1])
def test_payout_that_is_not_the_sum_of_its_rows_is_out_of_balance(change_minor: int) -> None:
    payout = ALL[2]
    changed = replace(payout, gross_minor=payout.gross_minor + change_minor)
    _, report = read(write_stripe(CHARGE, REFUND, changed))
    assert rules_of(report) == ["stripe.payout_sum"]
    assert report.verdict is Verdict.OUT_OF_BALANCE


def test_payout_without_a_row_is_not_checked_and_this_is_told() -> None:
    _, report = read(write_stripe(CHARGE, REFUND))
    assert (rules_of(report), report.verdict) == (["stripe.payout_not_checked"], Verdict.ACCEPTED)


@pytest.mark.parametrize("payout_first", [True, False])
def test_payout_written_positive_goes_the_way_that_its_rows_say(payout_first: bool) -> None:
    payout = replace(ALL[2], gross_minor=-ALL[2].gross_minor)
    rows = (payout, CHARGE, REFUND) if payout_first else (CHARGE, REFUND, payout)
    entries, report = read(write_stripe(*rows))
    assert report.problems == []
    assert [(entry.amount_minor, entry.direction) for entry in entries if entry.purpose is Purpose.PAYOUT] == [
        (705, Direction.DEBIT)
    ]


def test_money_that_stripe_takes_from_the_bank_account_is_a_credit() -> None:
    entries, report = read(write_stripe(REFUND, payout_of(REFUND)))
    assert report.problems == []
    assert (entries[-1].purpose, entries[-1].direction) == (Purpose.PAYOUT, Direction.CREDIT)


def test_payout_written_positive_without_its_rows_is_out_of_balance() -> None:
    _, report = read(write_stripe(BalanceTransaction(category="payout", gross_minor=100, fee_minor=0)))
    assert (rules_of(report), report.verdict) == (["stripe.payout_direction"], Verdict.OUT_OF_BALANCE)


def test_two_payouts_of_one_direction_are_out_of_balance() -> None:
    _, report = read(write_stripe(REFUND, replace(payout_of(REFUND), gross_minor=-500)))
    assert (rules_of(report), report.verdict) == (["stripe.payout_sum"], Verdict.OUT_OF_BALANCE)


@pytest.mark.parametrize(
    ("total", "rules"),
    [
        ("7.50,0.45,7.05", []),
        ("7.51,0.45,7.05", ["stripe.total_gross"]),
        ("7.50,0.44,7.05", ["stripe.total_fee"]),
        ("7.50,0.45,7.06", ["stripe.total_net"]),
        (",,7.05", []),
        ("x,,7.05", ["stripe.amount"]),
    ],
)
def test_row_of_totals_is_checked(total: str, rules: list[str]) -> None:
    content = write_stripe(
        replace(CHARGE, payout_id=""), replace(REFUND, payout_id=""), columns=(*REQUIRED_COLUMNS, "created")
    )
    _, report = read(content + f"Total,USD,{total},,\n".encode())
    assert rules_of(report) == rules


def test_same_balance_transaction_twice_is_out_of_balance() -> None:
    row = replace(CHARGE, payout_id="")
    _, report = read(write_stripe(row, row))
    assert (rules_of(report), report.problems[0].line) == (["stripe.duplicate_row"], 3)
    assert report.verdict is Verdict.OUT_OF_BALANCE


@pytest.mark.parametrize(
    ("old", "new", "rule", "kind"),
    [
        (b",12.50,", b",12.505,", "stripe.amount_decimals", Rule.INTEGRITY),
        (b",12.50,", b",twelve,", "stripe.amount", Rule.SYNTAX),
        (b",12.50,", b",,", "stripe.amount", Rule.SYNTAX),
        (b",12.50,", b',"12,50",', "stripe.amount", Rule.SYNTAX),
        (b",12.50,", ",\u0661\u0662.\u0665\u0660,", "stripe.amount", Rule.SYNTAX),
        (b",12.50,", b"," + b"9" * 30 + b".00,", "stripe.amount", Rule.SYNTAX),
        (b",usd,", b",xxx,", "stripe.currency", Rule.INTEGRITY),
        (b"txn_1", b"", "stripe.id_missing", Rule.INTEGRITY),
        (b"2026-11-19 ", b"2026-13-19 ", "stripe.day", Rule.SYNTAX),
        (b",visa,", b",visa", "stripe.ragged_row", Rule.SYNTAX),
        (b",visa,", b",visa,,", "stripe.ragged_row", Rule.SYNTAX),
        (b",visa,", b",vi\0sa,", "lines.nul_byte", Rule.SYNTAX),
        (b",visa,", b',"vi"sa,', "rows.quotes", Rule.SYNTAX),
        (b",visa,", b"," + b"v" * LINE_BYTES_MAX + b",", "lines.too_long", Rule.SYNTAX),
    ],
)
def test_field_that_is_wrong_is_told(old: bytes, new: bytes | str, rule: str, kind: Rule) -> None:
    content = write_stripe(replace(CHARGE, payout_id=""))
    changed = content.replace(old, new.encode() if isinstance(new, str) else new, 1)
    assert changed != content
    _, report = read(changed)
    assert (report.problems[0].rule, report.problems[0].kind) == (rule, kind)
    assert report.verdict is not Verdict.ACCEPTED


def test_wrong_rows_are_all_told_and_the_others_read() -> None:
    rows = [BalanceTransaction(f"txn_{n}", payout_id="", net_minor=7 if n % 2 else None) for n in range(6)]
    entries, report = read(write_stripe(*rows))
    assert [problem.line for problem in report.problems] == [3, 5, 7]
    assert len(entries) == 12


@pytest.mark.parametrize(
    ("currency", "minor", "text"), [("JPY", 1250, b",1250,"), ("BHD", 1250, b",1.250,"), ("CLF", 12500, b",1.2500,")]
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, minor: int, text: bytes) -> None:
    row = BalanceTransaction(gross_minor=minor, fee_minor=0, currency=currency.lower(), payout_id="")
    content = write_stripe(row)
    assert text in content
    (entry,), report = read(content)
    assert (entry.amount_minor, entry.currency, report.problems) == (minor, currency, [])


@pytest.mark.parametrize("amount", [b"12.50000", b"+12.50", b"12.5"])
def test_amount_written_in_another_way_is_the_same(amount: bytes) -> None:
    content = write_stripe(replace(CHARGE, payout_id=""))
    entries, report = read(content.replace(b",12.50,", b"," + amount + b",", 1))
    assert (entries[0].amount_minor, report.problems) == (1250, [])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_mark_change_nothing(end: str, mark: bytes) -> None:
    assert read(mark + write_stripe(*ALL, end=end))[0] == read(write_stripe(*ALL))[0]


def test_line_break_in_a_description_is_kept_and_lines_are_counted() -> None:
    rows = (replace(CHARGE, description="Premium\nfor Rex"), replace(REFUND))
    entries, _ = read(write_stripe(*rows))
    assert [entry.line for entry in entries] == [2, 2, 4]
    assert entries[0].text == "Premium\nfor Rex"


def test_windows_text_is_read_with_a_warning() -> None:
    content = write_stripe(replace(CHARGE, payout_id="", customer_name="Müller")).decode().encode("cp1252")
    entries, report = read(content)
    assert entries[0].payer_name == "Müller"
    assert rules_of(report) == ["stripe.encoding"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "stripe.empty"),
        (b"\n\n", "stripe.empty"),
        (b"\x00\x01", "lines.nul_byte"),
        (b"balance_transaction_id,gross\n", "stripe.columns_missing"),
        (write_stripe(CHARGE, columns=COLUMNS[:-3])[:-30], "stripe.ragged_row"),
        (write_stripe(*ALL) + b"END OF REPORT\n", "stripe.ragged_row"),
    ],
)
def test_what_is_no_report_is_unreadable(content: bytes, rule: str) -> None:
    _, report = read(content)
    assert (rules_of(report)[0], report.verdict) == (rule, Verdict.UNREADABLE)


def test_report_without_rows_is_accepted_with_a_warning() -> None:
    entries, report = read(write_stripe())
    assert (entries, report.statements, rules_of(report)) == ([], [], ["stripe.no_rows"])
    assert report.verdict is Verdict.ACCEPTED


def test_more_rows_than_can_be_told_apart_are_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_rows, "DIFFERENT_ROWS_MAX", 3)
    rows = [BalanceTransaction(f"txn_{n}", payout_id="") for n in range(4)]
    assert rules_of(read(write_stripe(*rows[:3]))[1]) == []
    assert rules_of(read(write_stripe(*rows))[1]) == ["stripe.too_many_rows"]


def test_problems_of_one_file_are_kept_up_to_a_limit_and_counted_beyond() -> None:
    rows = [BalanceTransaction(f"txn_{n}", payout_id="", net_minor=1) for n in range(300)]
    _, report = read(write_stripe(*rows))
    assert (len(report.problems), report.problem_count) == (200, 300)


@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf", b"\n\n"])
def test_report_is_known_by_its_columns(head: bytes) -> None:
    assert detect_format(head + write_stripe(CHARGE)).format == "stripe"
    assert (
        detect_format(head + write_stripe(CHARGE).replace(b"automatic_payout_id", b'"automatic_payout_id"')).format
        == "stripe"
    )
    assert detect_format(b"gross,fee,net\n1,2,3\n").format is None


def test_what_names_a_payout_is_short() -> None:
    _, report = read(write_stripe(replace(CHARGE, payout_id="po_" + "1" * 1_000)))
    assert rules_of(report) == ["stripe.identifier_too_long"]


def test_payouts_that_are_held_until_the_end_are_few_and_their_texts_short(monkeypatch: pytest.MonkeyPatch) -> None:
    paid_out = [BalanceTransaction(f"txn_{number}", 1250, 0, "payout", payout_id="po_1") for number in range(3)]
    monkeypatch.setattr(stripe_report, "POSITIVE_PAYOUTS_MAX", 2)
    monkeypatch.setattr(stripe_report, "HELD_TEXT_CHARACTERS_MAX", 4)
    _, report = read(write_stripe(*paid_out))
    assert rules_of(report) == ["stripe.too_many_payouts"]
    entries, _ = read(write_stripe(*paid_out[:2]))
    assert {len(entry.text) for entry in entries} == {4}


@pytest.mark.parametrize(("gross", "rules"), [("5.00", ["stripe.total_currency"]), ("0.00", []), ("", [])])
def test_money_in_a_row_of_totals_in_a_currency_without_rows_is_out_of_balance(gross: str, rules: list[str]) -> None:
    total = {"balance_transaction_id": "Total", "currency": "eur", "gross": gross}
    _, report = read(write_stripe(*ALL) + ",".join(total.get(name, "") for name in COLUMNS).encode())
    assert rules_of(report) == rules
    assert report.verdict is (Verdict.OUT_OF_BALANCE if rules else Verdict.ACCEPTED)
