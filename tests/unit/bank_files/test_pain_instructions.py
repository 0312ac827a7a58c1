"""pain.001 and pain.008, our own instructions: read with their controls, never posted."""

import io
from datetime import date

import pytest

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.iso20022 import reading
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from tests.builders.payment_messages import OWN_IBAN, PAYER_IBAN, Batch, Transaction, write_instructions

TWO = (Transaction(1_000, "E2E-1"), Transaction(250, "E2E-2"))
MESSAGES = ("pain.001", "pain.008")


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_bank_file(io.BytesIO(content), report)), report


def rules(report: FileReport, kind: Rule | None = None) -> list[str]:
    return [problem.rule for problem in report.problems if kind in (None, problem.kind)]


def test_a_collection_is_announced_and_not_posted() -> None:
    found, report = read(write_instructions(Batch()))
    assert report.problems == []
    [entry] = found
    assert entry == StatementEntry(
        bank_account=OWN_IBAN,
        currency="EUR",
        amount_minor=1_000,
        direction=Direction.CREDIT,
        booked_on=None,
        value_on=date(2026, 1, 7),
        identity=("pain.008", OWN_IBAN, "BATCH-1", "2026-01-07", "E2E-1", "EUR", "1000", "0"),
        posts=False,
        purpose=Purpose.PAYMENT,
        return_reason=None,
        type_code=None,
        references=("E2E-1", "BATCH-1"),
        mandate_id="MANDATE-1",
        payer_account=PAYER_IBAN,
        payer_name="Ada Example",
        text="January",
        line=entry.line,
        offset=entry.offset,
        booking=None,
    )
    assert report.logical_file_ids == [("pain", "pain.008", OWN_IBAN, "RUN-1", "2026-01-05T08:00:00Z", "1")]


def test_a_transfer_is_a_debit_to_the_one_who_is_paid() -> None:
    found, report = read(write_instructions(Batch(), message="pain.001"))
    assert (report.format, report.problems) == ("pain.001.001.09", [])
    assert [(each.direction, each.payer_account, each.posts) for each in found] == [
        (Direction.DEBIT, PAYER_IBAN, False)
    ]


@pytest.mark.parametrize("message", MESSAGES)
def test_each_batch_has_its_summary(message: str) -> None:
    found, report = read(write_instructions(Batch(TWO), Batch(TWO, batch_id="BATCH-2"), message=message))
    assert (len(found), report.problems) == (4, [])
    assert [summary.entry_count for summary in report.statements] == [2, 2]
    assert {summary.credit_minor + summary.debit_minor for summary in report.statements} == {1_250}
    assert {summary.chain for summary in report.statements} == {None}
    assert len({each.identity for each in found}) == 4


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize(
    ("batch", "header", "rule"),
    [
        (Batch(TWO, count="1"), {}, "pain.transaction_count"),
        (Batch(TWO, total="12.51"), {}, "pain.control_sum"),
        (Batch(TWO, total="twelve"), {}, "pain.control_sum"),
        (Batch(TWO), {"count": "3"}, "pain.transaction_count"),
        (Batch(TWO), {"total": "12.49"}, "pain.control_sum"),
    ],
)
def test_wrong_controls_are_out_of_balance(message: str, batch: Batch, header: dict[str, str], rule: str) -> None:
    _, report = read(write_instructions(batch, message=message, **header))
    assert (report.verdict, rules(report)) == (Verdict.OUT_OF_BALANCE, [rule])


def test_control_sum_counts_amounts_of_all_currencies_together() -> None:
    mixed = (Transaction(1_000, "A"), Transaction(500, "B", currency="JPY"), Transaction(1_250, "C", currency="BHD"))
    found, report = read(write_instructions(Batch(mixed, total="511.25")))
    assert report.problems == []
    assert {summary.currency: summary.credit_minor for summary in report.statements} == {
        "EUR": 1_000,
        "JPY": 500,
        "BHD": 1_250,
    }
    assert len(found) == 3


def test_missing_number_in_the_header_is_a_warning() -> None:
    content = write_instructions(Batch()).replace(b"<NbOfTxs>1</NbOfTxs>", b"", 1)
    assert rules(read(content)[1]) == ["pain.count_missing"]


def test_amount_that_cannot_be_read_is_out_of_balance() -> None:
    content = write_instructions(Batch())
    assert "pain.amount" in rules(read(content.replace(b'">10.00<', b'">1O.00<'))[1], Rule.INTEGRITY)
    assert rules(read(write_instructions(Batch((Transaction(None),))))[1]) == ["pain.amount_missing"]


@pytest.mark.parametrize(
    ("limit", "rule"),
    [("RECORDS_MAX", "iso20022.too_many_records"), ("SUMMARIES_MAX", "iso20022.too_many_statements")],
)
def test_transactions_and_batches_have_a_limit(limit: str, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, limit, 1)
    assert rules(read(write_instructions(Batch(TWO), Batch(TWO)))[1], Rule.SYNTAX) == [rule]
