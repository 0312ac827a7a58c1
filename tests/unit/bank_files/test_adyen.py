"""The readers of Adyen's reports: what they read, what they refuse, what they only warn about."""

from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest

from pawledger.bank_files.adyen.report import read_adyen_accounting, read_adyen_settlement
from pawledger.bank_files.detection import detect_format
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from tests.builders.adyen_file import Event, payout_of, without_payment, write_adyen, write_adyen_accounting

SETTLED = Event()
REFUNDED = Event("Refunded", -500, ("", "", "", ""), 0, psp_reference="PSP2", modification="MOD2")
FEE = without_payment("Fee", -180, "Transaction Fees November 2026")
ALL = (SETTLED, REFUNDED, FEE, payout_of(SETTLED, REFUNDED, FEE))


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_adyen_settlement(BytesIO(content), report)), report


def rules_of(report: FileReport) -> list[str]:
    return [problem.rule for problem in report.problems]


def test_payment_becomes_an_entry_of_its_gross_and_one_of_its_costs() -> None:
    metadata = '{"colour":"blue","policy_id":"POL-77"}'
    settled, costs = read(write_adyen(replace(SETTLED, metadata=metadata)))[0]
    assert (settled.bank_account, settled.currency, settled.amount_minor) == ("adyen:PawledgerDE", "EUR", 1250)
    assert (settled.direction, settled.purpose, settled.type_code) == (Direction.CREDIT, Purpose.PAYMENT, "Settled")
    assert (settled.booked_on, settled.value_on, settled.line) == (date(2026, 11, 19), None, 2)
    assert settled.references == ("POL-1", "POL-77", "PSP0000000000001", "MOD0000000000001")
    assert (costs.amount_minor, costs.direction, costs.purpose) == (28, Direction.DEBIT, Purpose.FEE)
    common = ("adyen", "PawledgerDE", "PSP0000000000001", "MOD0000000000001", "settled", "7", "EUR", "")
    assert [settled.identity, costs.identity] == [(*common, "gross", "1"), (*common, "fee", "1")]


def test_whole_batch_is_accepted_and_has_its_identity() -> None:
    entries, report = read(write_adyen(*ALL))
    assert (report.problems, report.verdict, report.format) == ([], Verdict.ACCEPTED, "adyen.settlement")
    assert [entry.purpose for entry in entries] == [
        Purpose.PAYMENT,
        Purpose.FEE,
        Purpose.RETURN,
        Purpose.FEE,
        Purpose.PAYOUT,
    ]
    (statement,) = report.statements
    assert statement.identity == ("adyen", "adyen:PawledgerDE", "7", "EUR")
    assert (statement.sequence_number, statement.entry_count, statement.return_count) == (7, 5, 1)
    assert (statement.credit_minor, statement.debit_minor) == (1250, 1250)
    assert report.logical_file_ids == [("adyen", "PawledgerDE", "7")]


@pytest.mark.parametrize(
    ("kind", "purpose"),
    [
        ("Chargeback", Purpose.RETURN),
        ("SecondChargeback", Purpose.RETURN),
        ("BankInstructionReturned", Purpose.RETURN),
        ("refunded", Purpose.RETURN),
        ("MiscCosts", Purpose.FEE),
        ("InvoiceDeduction", Purpose.FEE),
        ("DepositCorrection", Purpose.PAYOUT),
        ("Balancetransfer", Purpose.PAYOUT),
        ("InternalCompanyPayout", Purpose.PAYOUT),
        ("ManualCorrected", Purpose.PAYMENT),
    ],
)
def test_type_says_what_a_row_is_whatever_its_case(kind: str, purpose: Purpose) -> None:
    entries, report = read(write_adyen(without_payment(kind, -500)))
    assert [(entry.purpose, entry.direction, entry.type_code) for entry in entries] == [
        (purpose, Direction.DEBIT, kind)
    ]
    assert report.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("kind", ["ChargebackReversed", "RefundedReversed"])
def test_what_takes_a_return_back_is_a_return_that_comes_in(kind: str) -> None:
    entry = read(write_adyen(Event(kind)))[0][0]
    assert (entry.purpose, entry.direction) == (Purpose.RETURN, Direction.CREDIT)


def test_unknown_type_is_kept_with_one_warning() -> None:
    entries, report = read(write_adyen(Event("Teleported"), Event("Teleported", modification="M2")))
    assert {entry.type_code for entry in entries} == {"Teleported"}
    assert rules_of(report) == ["adyen.type_unknown", "adyen.batch_without_payout"]


def test_gross_of_another_currency_follows_from_net_and_costs() -> None:
    # 10 INR that settle as 0.11 USD before costs of 0.14: more is taken than comes in.
    event = Event(gross_minor=1000, fees=("", "0", "0.04", "0.1"), net_minor=-3, currency="USD", gross_currency="INR")
    gross, costs = read(write_adyen(event))[0]
    assert (gross.amount_minor, gross.direction, gross.currency) == (11, Direction.CREDIT, "USD")
    assert (costs.amount_minor, costs.direction) == (14, Direction.DEBIT)


def test_costs_that_are_given_back_are_a_credit() -> None:
    event = Event("Refunded", -100, ("", "-0.11", "", ""), net_minor=-89)
    refund, costs = read(write_adyen(event))[0]
    assert (refund.amount_minor, refund.direction) == (100, Direction.DEBIT)
    assert (costs.amount_minor, costs.direction) == (11, Direction.CREDIT)


@pytest.mark.parametrize(
    "event",
    [
        replace(SETTLED, net_minor=1221),
        replace(SETTLED, net_minor=1223),
        replace(SETTLED, fees=("", "0.03", "0.04", "0.22"), net_minor=1222),
        replace(SETTLED, fees=("", "", "", ""), net_minor=1222),
        replace(SETTLED, gross_minor=1251, net_minor=1222),
    ],
)
def test_fees_that_are_not_between_gross_and_net_are_out_of_balance(event: Event) -> None:
    _, report = read(write_adyen(event, payout_of(event)))
    assert (rules_of(report), report.problems[0].line) == (["adyen.row_fees"], 2)
    assert report.verdict is Verdict.OUT_OF_BALANCE


def test_fees_smaller_than_a_cent_may_be_rounded_away() -> None:
    event = replace(SETTLED, fees=("", "0.0204", "0.0403", "0.2199"), net_minor=1222)
    entries, report = read(write_adyen(event, payout_of(event)))
    assert (report.problems, [entry.amount_minor for entry in entries]) == ([], [1250, 28, 1222])


@pytest.mark.parametrize("change_minor", [-1, 1])
@pytest.mark.parametrize("changed", [2, 3])
def test_batch_that_does_not_add_up_to_zero_is_out_of_balance(change_minor: int, changed: int) -> None:
    events = [replace(e, net_minor=e.net + change_minor) if n == changed else e for n, e in enumerate(ALL)]
    _, report = read(write_adyen(*events))
    assert (rules_of(report), report.verdict) == (["adyen.batch_sum"], Verdict.OUT_OF_BALANCE)
    assert report.logical_file_ids == []


def test_missing_payment_of_a_batch_is_out_of_balance() -> None:
    _, report = read(write_adyen(*ALL[1:3], SETTLED, payout_of(SETTLED, SETTLED)))
    assert rules_of(report) == ["adyen.batch_sum"]


def test_payout_of_a_batch_that_lost_money_can_only_be_carried_over_and_is_a_warning() -> None:
    _, report = read(write_adyen(FEE, without_payment("MerchantPayout", -403, "TX1")))
    assert (rules_of(report), report.verdict) == (["adyen.carried_balance"], Verdict.ACCEPTED)
    assert report.logical_file_ids == []


def test_batch_without_payout_is_not_proved_whole_and_this_is_told() -> None:
    _, report = read(write_adyen(SETTLED, REFUNDED))
    assert (rules_of(report), report.verdict) == (["adyen.batch_without_payout"], Verdict.ACCEPTED)
    assert report.logical_file_ids == []


def test_batch_without_payout_is_told_also_where_its_rows_cancel_out() -> None:
    _, report = read(write_adyen(without_payment("Fee", -5), without_payment("ManualCorrected", 5)))
    assert rules_of(report) == ["adyen.batch_without_payout"]


def test_batches_currencies_and_merchants_are_statements_of_their_own() -> None:
    dollars = replace(SETTLED, currency="USD", modification="M2")
    other = replace(SETTLED, batch="8", modification="M3")
    merchant = replace(SETTLED, merchant="PawledgerUS", modification="M4")
    content = write_adyen(SETTLED, dollars, other, merchant, payout_of(SETTLED), payout_of(dollars), payout_of(other))
    _, report = read(content)
    assert [(s.bank_account, s.sequence_number, s.currency, s.entry_count) for s in report.statements] == [
        ("adyen:PawledgerDE", 7, "EUR", 3),
        ("adyen:PawledgerDE", 7, "USD", 3),
        ("adyen:PawledgerDE", 8, "EUR", 3),
        ("adyen:PawledgerUS", 7, "EUR", 2),
    ]
    assert report.logical_file_ids == [("adyen", "PawledgerDE", "7"), ("adyen", "PawledgerDE", "8")]


def test_rows_that_agree_in_everything_are_numbered() -> None:
    entries, _ = read(write_adyen(FEE, FEE, replace(FEE, net_minor=-181)))
    assert [entry.identity[-4:] for entry in entries] == [
        ("EUR", "-180", "gross", "1"),
        ("EUR", "-180", "gross", "2"),
        ("EUR", "-181", "gross", "1"),
    ]


def test_row_of_costs_alone_is_told_apart_from_the_costs_of_another_row() -> None:
    costs_alone = replace(SETTLED, gross_minor=0)
    entries, _ = read(write_adyen(SETTLED, costs_alone))
    assert [entry.identity[-2:] for entry in entries] == [("gross", "1"), ("fee", "1"), ("fee", "2")]


def test_same_batch_sent_again_has_the_same_identities() -> None:
    first, report = read(write_adyen(*ALL))
    again, report_again = read(b"\xef\xbb\xbf" + write_adyen(*ALL, end="\r\n"))
    assert [entry.identity for entry in first] == [entry.identity for entry in again]
    assert report.logical_file_ids == report_again.logical_file_ids


@pytest.mark.parametrize(
    ("old", "new", "rule", "kind"),
    [
        (b",12.22,", b",12.225,", "adyen.amount_decimals", Rule.INTEGRITY),
        (b",12.22,", b",x,", "adyen.amount", Rule.SYNTAX),
        (b",12.22,", b",-12.22,", "adyen.amount_negative", Rule.INTEGRITY),
        (b",12.22,", b",,", "adyen.net_missing", Rule.INTEGRITY),
        (b",0.22,", b",0.2x,", "adyen.amount", Rule.SYNTAX),
        (b",1,EUR,", b",1,EUX,", "adyen.currency", Rule.INTEGRITY),
        (b"2026-11-19", b"19.11.2026", "adyen.day", Rule.SYNTAX),
        (b",visaclassic,", b",visaclassic", "adyen.ragged_row", Rule.SYNTAX),
        (b",visaclassic,", b",vi\0sa,", "lines.nul_byte", Rule.SYNTAX),
    ],
)
def test_field_that_is_wrong_is_told(old: bytes, new: bytes, rule: str, kind: Rule) -> None:
    content = write_adyen(SETTLED)
    changed = content.replace(old, new)
    assert changed != content
    _, report = read(changed)
    assert (report.problems[0].rule, report.problems[0].kind) == (rule, kind)
    assert report.verdict is not Verdict.ACCEPTED


@pytest.mark.parametrize(("currency", "minor"), [("JPY", 1250), ("BHD", 1250), ("CLF", 12500)])
def test_amounts_have_the_decimals_of_their_currency(currency: str, minor: int) -> None:
    event = Event(gross_minor=minor, fees=("", "", "", ""), fee_minor=0, currency=currency)
    (entry, _), report = read(write_adyen(event, payout_of(event)))
    assert (entry.amount_minor, entry.currency, report.problems) == (minor, currency, [])


@pytest.mark.parametrize(
    ("content", "rule"),
    [(b"", "adyen.empty"), (b"a,b\n1,2\n", "adyen.columns_missing"), (b"\xff\xfea", "rows.encoding")],
)
def test_what_is_no_report_is_unreadable(content: bytes, rule: str) -> None:
    _, report = read(content)
    assert (rules_of(report), report.verdict) == ([rule], Verdict.UNREADABLE)


def test_accounting_report_tells_what_becomes_payable_with_the_identities_of_the_settlement() -> None:
    content = write_adyen_accounting(SETTLED, REFUNDED)
    received = content.replace(b"Settled", b"Received").replace(b",12.22,,", b",,,")
    assert detect_format(content).format == "adyen.accounting"
    report = FileReport()
    entries = list(read_adyen_accounting(BytesIO(content), report))
    assert (report.problems, report.format, report.logical_file_ids) == ([], "adyen.accounting", [])
    assert [(entry.identity, entry.amount_minor, entry.direction) for entry in entries] == [
        (entry.identity, entry.amount_minor, entry.direction) for entry in read(write_adyen(SETTLED, REFUNDED))[0]
    ]
    (refund,) = read_adyen_accounting(BytesIO(received), FileReport())
    assert refund.type_code == "Refunded"


def test_report_is_known_by_its_columns() -> None:
    assert detect_format(write_adyen(SETTLED)).format == "adyen.settlement"
    assert detect_format(b"Psp Reference,Type\n").format is None


def test_number_of_thousands_of_digits_is_no_batch_number_and_no_fee() -> None:
    digits = "1" * 400
    _, report = read(write_adyen(replace(SETTLED, batch=digits)))
    assert [statement.sequence_number for statement in report.statements] == [None]
    for long in (digits, "1" * 5_000):
        fees = (f"{long}.00", "", "", "")
        entries, report = read(write_adyen(replace(SETTLED, fees=fees, gross_currency="USD")))
        assert (entries, rules_of(report)) == ([], ["adyen.amount"])


def test_what_names_a_batch_is_short() -> None:
    for event in (replace(SETTLED, batch="7" * 5_000), replace(SETTLED, merchant="M" * 5_000)):
        entries, report = read(write_adyen(event))
        assert (entries, rules_of(report)) == ([], ["adyen.identifier_too_long"])


def test_accounting_report_must_name_the_batches_by_which_the_settlement_knows_its_rows() -> None:
    content = write_adyen_accounting(SETTLED).replace(b"Payable Batch", b"Another Column")
    report = FileReport()
    assert list(read_adyen_accounting(BytesIO(content), report)) == []
    assert rules_of(report) == ["adyen.columns_missing"]
