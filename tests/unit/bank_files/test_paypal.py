"""The reader of PayPal's reports: what it reads, what it refuses, what it only warns about."""

from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest

from pawledger.bank_files.detection import detect_format
from pawledger.bank_files.paypal import report as paypal_report
from pawledger.bank_files.paypal.controls import CURRENCIES_MAX
from pawledger.bank_files.paypal.report import read_paypal
from pawledger.bank_files.provider_rows import NOTES_MAX
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from tests.builders.paypal_file import DETAIL_COLUMNS, Section, Transaction, records_of, write_paypal

PAYMENT = Transaction()
REFUND = Transaction("TX2", -500, 20, "T1107", reference="TX0000000000000A1", reference_type="TXN")
PAYOUT = Transaction("TX3", -705, 0, "T0400", invoice_id="", custom="")
ALL = Section((PAYMENT, REFUND, PAYOUT))


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_paypal(BytesIO(content), report)), report


def rules_of(report: FileReport) -> list[str]:
    return [problem.rule for problem in report.problems]


def changed(old: str, new: str, *, code: str, section: Section = ALL) -> bytes:
    """The report with a change in its records of one code."""
    records = [record.replace(old, new, 1) if record[1:3] == code else record for record in records_of(section)]
    assert records != records_of(section)
    return "\n".join(records).encode()


def test_payment_becomes_an_entry_of_its_gross_and_one_of_its_fee() -> None:
    transaction = replace(PAYMENT, reference="I-1", reference_type="RP")
    payment, fee = read(write_paypal(Section((transaction,))))[0]
    assert (payment.bank_account, payment.currency, payment.amount_minor) == ("paypal:ACCOUNT000001", "USD", 1250)
    assert (payment.direction, payment.purpose, payment.type_code) == (Direction.CREDIT, Purpose.PAYMENT, "T0006")
    assert (payment.booked_on, payment.value_on, payment.line) == (date(2026, 11, 19), None, 5)
    assert payment.references == ("INV-1", "POL-1", "TX0000000000000A1", "I-1")
    assert (payment.mandate_id, payment.posts, payment.return_reason) == ("I-1", True, None)
    assert (fee.amount_minor, fee.direction, fee.purpose) == (45, Direction.DEBIT, Purpose.FEE)
    start = ("paypal", "ACCOUNT000001", "TX0000000000000A1", "T0006")
    assert payment.identity == (*start, "CR", "USD", "1250", "gross", "1")
    assert fee.identity == (*start, "CR", "USD", "1250", "fee", "1")


def test_whole_report_is_accepted_with_balances_that_chain() -> None:
    entries, report = read(write_paypal(ALL))
    assert (report.problems, report.verdict, report.format) == ([], Verdict.ACCEPTED, "paypal.stl")
    assert [entry.purpose.value for entry in entries] == ["payment", "fee", "return", "fee", "payout"]
    assert (entries[2].return_reason, entries[2].direction) == ("T1107", Direction.DEBIT)
    (statement,) = report.statements
    window = ("2026/11/19 00:00:00 -0800", "2026/11/19 23:59:59 -0800")
    assert statement.identity == ("paypal", "stl", "ACCOUNT000001", *window, "USD")
    assert (statement.opening_minor, statement.closing_minor) == (100_000, 100_020)
    assert statement.chain == ("paypal.stl", "paypal:ACCOUNT000001", "USD")
    assert (statement.credit_minor, statement.debit_minor, statement.return_count) == (1270, 1250, 1)
    assert report.logical_file_ids == [("paypal", "stl", "ACCOUNT000001", *window, "1")]


@pytest.mark.parametrize(
    ("code", "purpose"),
    [
        ("T0002", Purpose.PAYMENT),
        ("T0106", Purpose.FEE),
        ("T0200", Purpose.PAYOUT),
        ("T0400", Purpose.PAYOUT),
        ("T1106", Purpose.RETURN),
        ("T1110", Purpose.PAYOUT),
        ("T1201", Purpose.RETURN),
        ("T1202", Purpose.RETURN),
        ("T2001", Purpose.PAYOUT),
    ],
)
def test_event_group_says_what_a_transaction_is(code: str, purpose: Purpose) -> None:
    (entry,), report = read(write_paypal(Section((Transaction(code=code, fee_minor=0),))))
    assert (entry.purpose, entry.type_code, report.problems) == (purpose, code, [])


@pytest.mark.parametrize("code", ["T7700", "X0006", "T6", ""])
def test_unknown_event_code_is_kept_with_one_warning(code: str) -> None:
    transactions = (Transaction(code=code), Transaction("TX2", code=code))
    entries, report = read(write_paypal(Section(transactions)))
    assert {entry.type_code for entry in entries} == {code}
    assert (rules_of(report), report.verdict) == (["paypal.event_code_unknown"], Verdict.ACCEPTED)


@pytest.mark.parametrize(
    ("code", "old", "new", "rule"),
    [
        ("SF", 'USD",1250', 'USD",1251', "paypal.sf_gross_credit"),
        ("SF", ",1205,", ",1206,", "paypal.sf_gross_debit"),
        ("SF", ",20,45,", ",21,45,", "paypal.sf_fee_credit"),
        ("SF", ",20,45,", ",20,44,", "paypal.sf_fee_debit"),
        ("SF", '"CR",100020', '"CR",100021', "paypal.balance_available"),
        ("SF", '"CR",100000', '"DR",100000', "paypal.balance_available"),
        ("SC", "3", "4", "paypal.sc_count"),
        ("RF", 'USD",1250', 'USD",1251', "paypal.rf_gross_credit"),
        ("RC", "3", "2", "paypal.rc_count"),
        ("FF", "3", "2", "paypal.ff_count"),
    ],
)
def test_wrong_footer_is_out_of_balance(code: str, old: str, new: str, rule: str) -> None:
    _, report = read(changed(old, new, code=code))
    errors = [problem.rule for problem in report.problems if problem.severity == "error"]
    assert (errors, report.verdict) == ([rule], Verdict.OUT_OF_BALANCE)


def test_total_balance_is_checked_apart_from_the_available_one() -> None:
    record = ALL.footer("SF", "USD")
    wrong = record[::-1].replace("020001", "120001", 1)[::-1]
    assert wrong.count("100021") == 1
    _, report = read(write_paypal(ALL).replace(record.encode(), wrong.encode()))
    assert rules_of(report) == ["paypal.balance_total"]


def test_balance_of_the_report_that_does_not_roll_is_a_warning() -> None:
    _, report = read(changed('"CR",100020', '"CR",100021', code="RF"))
    assert (rules_of(report), report.verdict) == (["paypal.report_balance"], Verdict.ACCEPTED)


@pytest.mark.parametrize("kept", range(1, 10))
def test_file_that_ends_early_is_unreadable(kept: int) -> None:
    records = records_of(ALL)
    assert len(records) == 12
    _, report = read("\n".join(records[:kept]).encode())
    assert report.verdict is Verdict.UNREADABLE
    assert rules_of(report)[-1] in ("paypal.truncated", "paypal.empty")
    assert report.logical_file_ids == []


@pytest.mark.parametrize("left_out", range(2, 9))
def test_missing_record_is_never_accepted_silently(left_out: int) -> None:
    records = records_of(ALL)
    _, report = read("\n".join(records[:left_out] + records[left_out + 1 :]).encode())
    assert report.problems


@pytest.mark.parametrize("left_out", [4, 5, 6])
def test_missing_transaction_is_out_of_balance(left_out: int) -> None:
    records = records_of(ALL)
    _, report = read("\n".join(records[:left_out] + records[left_out + 1 :]).encode())
    assert report.verdict is Verdict.OUT_OF_BALANCE


def test_excerpt_without_headers_and_footers_is_read_with_a_warning_and_is_no_whole_file() -> None:
    _, report = read("\n".join(records_of(ALL)[2:7]).encode())
    assert (rules_of(report), report.verdict) == (["paypal.footer_missing"], Verdict.ACCEPTED)
    assert report.logical_file_ids == []


def test_currency_that_is_converted_as_it_comes_has_no_footer_and_is_a_warning() -> None:
    section = Section(
        (PAYMENT, Transaction("TX2", 900, 0, currency="BRL"), Transaction("TX3", -900, 0, "T0200", "BRL"))
    )
    records = [record for record in records_of(section) if not record.startswith(('"SF","BRL"', '"RF","BRL"'))]
    _, report = read("\n".join(records).encode())
    assert (rules_of(report), report.verdict) == (["paypal.currency_without_footer"], Verdict.ACCEPTED)


@pytest.mark.parametrize(
    ("records", "rule"),
    [
        ([7, 4], "paypal.record_order"),
        ([4], "paypal.record_order"),
        ([7], "paypal.record_order"),
        ([2, 4], "paypal.record_order"),
        ([2, 7], "paypal.record_order"),
        ([0, 0], "paypal.record_order"),
        ([2, 3, 0], "paypal.record_order"),
        ([*range(12), 4], "paypal.record_order"),
        ([*range(12), 11], "paypal.record_order"),
        ([*range(8), 7, *range(8, 12)], "paypal.footer_twice"),
    ],
)
def test_record_that_stands_where_it_must_not_is_not_accepted(records: list[int], rule: str) -> None:
    own = records_of(ALL)
    _, report = read("\n".join(own[place] for place in records).encode())
    assert rule in rules_of(report)
    assert report.verdict is not Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("old", "new", "rule", "kind"),
    [
        ('"CR",1250', '"XX",1250', "paypal.direction", Rule.INTEGRITY),
        ('"DR",45', '"",45', "paypal.direction", Rule.INTEGRITY),
        ('"CR",1250', '"CR",12.50', "paypal.amount", Rule.SYNTAX),
        ('"CR",1250', '"CR",-1250', "paypal.amount", Rule.SYNTAX),
        ('1250,"USD"', '1250,"USX"', "paypal.currency", Rule.INTEGRITY),
        ("2026/11/19", "2026/11/39", "paypal.day", Rule.SYNTAX),
        ('"CONSUMER1",', '"CONSUMER1"', "paypal.ragged_row", Rule.SYNTAX),
        ("CONSUMER1", "CONS\0UMER1", "lines.nul_byte", Rule.SYNTAX),
        ('"CONSUMER1"', '"CONSUMER1"1', "rows.quotes", Rule.SYNTAX),
    ],
)
def test_field_that_is_wrong_is_told(old: str, new: str, rule: str, kind: Rule) -> None:
    count = 2 if "/" in old else 1
    content = write_paypal(Section((PAYMENT,)))
    records = [r.replace(old, new, count) if r[1:3] == "SB" else r for r in content.decode().splitlines()]
    _, report = read("\n".join(records).encode())
    assert (rule, kind) in {(problem.rule, problem.kind) for problem in report.problems}
    assert report.verdict is not Verdict.ACCEPTED


@pytest.mark.parametrize("junk", [b"XX,1\n", b"total,5\n", b" SB,1\n", b"{}\n"])
def test_trailing_garbage_is_unreadable(junk: bytes) -> None:
    _, report = read(write_paypal(ALL) + junk)
    assert rules_of(report) == ["paypal.record_code"]
    assert report.verdict is Verdict.UNREADABLE


@pytest.mark.parametrize("currency", ["JPY", "HUF", "TWD"])
def test_currency_that_paypal_keeps_whole_is_out_of_balance_and_told_once(currency: str) -> None:
    rows = tuple(Transaction(f"TX{number}", currency=currency) for number in range(3))
    _, report = read(write_paypal(Section(rows)))
    assert (report.verdict, rules_of(report)) == (Verdict.OUT_OF_BALANCE, ["paypal.currency_without_decimals"])


def test_amounts_of_three_decimals_are_minor_units_as_well() -> None:
    entries, report = read(write_paypal(Section((Transaction(currency="BHD"),))))
    assert (entries[0].amount_minor, entries[0].currency, report.problems) == (1250, "BHD", [])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_mark_change_nothing(end: str, mark: bytes) -> None:
    entries, report = read(mark + write_paypal(ALL, end=end))
    assert (entries, report.problems) == (read(write_paypal(ALL))[0], [])


def test_report_footers_of_one_of_several_files_are_not_checked() -> None:
    content = write_paypal(ALL).replace(b'"FH",1', b'"FH",2').replace(b'"RC",3', b'"RC",2000003')
    _, report = read(content)
    assert (rules_of(report), report.verdict) == (["paypal.report_in_files"], Verdict.ACCEPTED)
    assert report.logical_file_ids[0][-1] == "2"


def test_detail_report_has_names_and_only_posts_what_was_settled() -> None:
    rows = tuple(
        Transaction(f"TX{status}", detail=(status, "Premium", "ada@example.com", "Ada", "Byron")) for status in "SVFDP"
    )
    rows += (Transaction("TX6", code="T1300", detail=("S", "", "", "", "")),)
    entries, report = read(write_paypal(Section(rows, columns=DETAIL_COLUMNS)))
    assert report.problems == []
    assert [entry.posts for entry in entries if entry.purpose is not Purpose.FEE] == [True] * 3 + [False] * 3
    assert (entries[0].payer_name, entries[0].payer_account, entries[0].text) == (
        "Ada Byron",
        "ada@example.com",
        "Premium",
    )
    assert report.statements[0].chain is None
    assert report.logical_file_ids[0][1] == "trr"


def test_rows_that_agree_in_everything_are_numbered() -> None:
    entries, _ = read(write_paypal(Section((PAYMENT, PAYMENT))))
    assert [entry.identity[-2:] for entry in entries] == [("gross", "1"), ("fee", "1"), ("gross", "2"), ("fee", "2")]


def test_same_fee_of_two_amounts_is_told_apart() -> None:
    entries, _ = read(write_paypal(Section((PAYMENT, replace(PAYMENT, amount_minor=1300)))))
    assert len({entry.identity for entry in entries}) == 4


def test_excerpt_without_the_header_of_its_section_has_an_unknown_account() -> None:
    entries, report = read("\n".join(records_of(ALL)[3:7]).encode())
    assert (rules_of(report), entries[0].bank_account) == (
        ["paypal.account_unknown", "paypal.footer_missing"],
        "paypal:",
    )


def test_sections_of_several_accounts_are_statements_of_their_own() -> None:
    other = Section((Transaction("TX9", 700, 0, currency="EUR"),), account="ACCOUNT000002")
    _, report = read(write_paypal(ALL, other))
    assert report.problems == []
    assert [(s.bank_account, s.currency) for s in report.statements] == [
        ("paypal:ACCOUNT000001", "USD"),
        ("paypal:ACCOUNT000002", "EUR"),
    ]


def test_more_footers_than_there_are_currencies_are_unreadable() -> None:
    footer = ALL.footer("RF", "USD").encode() + b"\n"
    content = write_paypal(ALL).replace(footer, footer * (CURRENCIES_MAX + 1))
    _, report = read(content)
    assert rules_of(report) == ["paypal.too_many_currencies"]


def test_more_unknown_codes_than_there_can_be_are_not_all_told() -> None:
    rows = tuple(Transaction(f"TX{number}", code=f"X{number}") for number in range(NOTES_MAX + 50))
    _, report = read(write_paypal(Section(rows)))
    assert (report.problem_count, report.verdict) == (NOTES_MAX, Verdict.ACCEPTED)


def test_more_sections_than_a_report_has_are_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paypal_report, "SECTIONS_MAX", 1)
    _, report = read(write_paypal(ALL, Section(account="B")))
    assert rules_of(report) == ["paypal.too_many_sections"]


@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_report_is_known_by_its_records(first: int) -> None:
    content = "\n".join(records_of(ALL)[first:]).encode()
    assert detect_format(content).format == "paypal.stl"
    assert detect_format(b"\xef\xbb\xbf" + content.replace(b'"', b"")).format == "paypal.stl"
    assert detect_format(b"SH,1,2\nCH,3\n").format is None
