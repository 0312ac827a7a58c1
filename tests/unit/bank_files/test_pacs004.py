"""pacs.004: returned payments, which way their money goes, and the controls of the message."""

import io
from dataclasses import replace
from datetime import date

import pytest

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from tests.builders.payment_messages import OWN_IBAN, PAYER_IBAN, Transaction, write_returns

RETURNED = Transaction(1_000, "E2E-1")
OTHER = Transaction(250, "E2E-2", reason="MD06")


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_bank_file(io.BytesIO(content), report)), report


def rules(report: FileReport, kind: Rule | None = None) -> list[str]:
    return [problem.rule for problem in report.problems if kind in (None, problem.kind)]


def test_a_returned_collection_takes_money_from_us() -> None:
    found, report = read(write_returns(RETURNED))
    assert report.problems == []
    [entry] = found
    assert entry == StatementEntry(
        bank_account=OWN_IBAN,
        currency="EUR",
        amount_minor=1_000,
        direction=Direction.DEBIT,
        booked_on=date(2026, 1, 6),
        value_on=date(2026, 1, 6),
        identity=("pacs.004", "RTR-1", "E2E-1", "2026-01-06", "EUR", "1000", "debit", "0"),
        posts=True,
        purpose=Purpose.RETURN,
        return_reason="AC04",
        type_code=None,
        references=("E2E-1", "RUN-1"),
        mandate_id="MANDATE-1",
        payer_account=PAYER_IBAN,
        payer_name="Ada Example",
        text="January",
        line=entry.line,
        offset=entry.offset,
        booking=None,
    )
    [summary] = report.statements
    assert (summary.entry_count, summary.debit_minor, summary.return_count) == (1, 1_000, 1)
    assert (summary.bank_account, summary.chain) == (OWN_IBAN, None)
    assert report.logical_file_ids == [("pacs", "pacs.004", "", "RETURN-1", "2026-01-06T09:00:00Z", "1")]


@pytest.mark.parametrize(
    ("original", "mandate_id", "direction", "posts"),
    [
        ("pacs.003.001.08", None, Direction.DEBIT, True),
        ("pain.008.001.08", None, Direction.DEBIT, True),
        (None, "MANDATE-1", Direction.DEBIT, True),
        ("pacs.008.001.08", None, Direction.CREDIT, True),
        ("pain.001.001.09", "MANDATE-1", Direction.CREDIT, True),
        (None, None, Direction.DEBIT, False),
        ("other", None, Direction.DEBIT, False),
    ],
)
def test_direction_follows_from_the_original_and_is_not_guessed(
    original: str | None, mandate_id: str | None, direction: Direction, posts: bool
) -> None:
    found, report = read(write_returns(replace(RETURNED, mandate_id=mandate_id), original=original))
    assert [(each.direction, each.posts) for each in found] == [(direction, posts)]
    assert rules(report) == ([] if posts else ["pacs.direction_unknown"])


def test_returned_transfer_is_from_the_one_who_was_paid() -> None:
    [entry] = read(write_returns(RETURNED, original="pacs.008.001.08"))[0]
    assert (entry.payer_account, entry.payer_name, entry.bank_account) == (OWN_IBAN, "Pawledger", PAYER_IBAN)


def test_original_message_of_the_header_holds_for_transactions_without_their_own() -> None:
    group = "<OrgnlGrpInf><OrgnlMsgId>RUN-9</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInf>"
    [entry] = read(write_returns(replace(RETURNED, mandate_id=None), original=None, group=group))[0]
    assert (entry.direction, entry.references) == (Direction.CREDIT, ("E2E-1", "RUN-9"))


def test_right_controls_are_accepted() -> None:
    assert read(write_returns(RETURNED, OTHER, total="12.5"))[1].problems == []


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (write_returns(RETURNED, OTHER, count="1"), "pacs.transaction_count"),
        (write_returns(RETURNED, OTHER, count="3"), "pacs.transaction_count"),
        (write_returns(RETURNED, OTHER, count="x"), "pacs.transaction_count"),
        (write_returns(RETURNED, OTHER, total_minor=1_251), "pacs.total"),
        (write_returns(RETURNED, OTHER, total_currency="USD"), "pacs.total"),
        (write_returns(RETURNED, OTHER, total="12.51"), "pacs.control_sum"),
        (write_returns(RETURNED, OTHER, total="12,50"), "pacs.control_sum"),
        (write_returns(RETURNED).replace(b">10.00</RtrdIntr", b">10.01</RtrdIntr"), "pacs.total"),
        (write_returns(RETURNED).replace(b">10.00</RtrdIntr", b">-10.00</RtrdIntr"), "pacs.amount"),
        (write_returns(replace(RETURNED, amount_minor=None)), "pacs.amount_missing"),
        (write_returns(replace(RETURNED, currency="ZZZ")), "pacs.currency_unknown"),
    ],
)
def test_wrong_controls_and_amounts_are_out_of_balance(content: bytes, rule: str) -> None:
    _, report = read(content)
    assert (report.verdict, rules(report)) == (Verdict.OUT_OF_BALANCE, [rule])


def test_missing_number_of_transactions_is_a_warning() -> None:
    _, report = read(write_returns(RETURNED).replace(b"<NbOfTxs>1</NbOfTxs>", b""))
    assert (report.verdict, rules(report)) == (Verdict.ACCEPTED, ["pacs.count_missing"])


@pytest.mark.parametrize(("currency", "amount_minor"), [("JPY", 500), ("BHD", 1_250), ("EUR", 99)])
def test_currencies_with_other_decimals_are_exact(currency: str, amount_minor: int) -> None:
    content = write_returns(replace(RETURNED, currency=currency, amount_minor=amount_minor), total_currency=currency)
    found, report = read(content)
    assert (found[0].amount_minor, found[0].currency, report.problems) == (amount_minor, currency, [])


def test_whole_group_that_came_back_is_one_entry_of_its_total() -> None:
    group = "<OrgnlGrpInf><OrgnlMsgId>RUN-1</OrgnlMsgId><OrgnlMsgNmId>pacs.003.001.08</OrgnlMsgNmId></OrgnlGrpInf>"
    header = "<GrpRtr>true</GrpRtr>"
    found, report = read(write_returns(count="25", total_minor=9_900, group=group, header=header))
    assert [(each.amount_minor, each.direction, each.references) for each in found] == [
        (9_900, Direction.DEBIT, ("RUN-1",))
    ]
    assert (report.problems, report.statements[0].entry_count) == ([], 1)
    assert rules(read(write_returns(count="25", total_minor=9_900, group=group))[1]) == [
        "pacs.transaction_count",
        "pacs.total",
    ]


def test_the_same_return_has_the_same_identity_in_another_message() -> None:
    content = write_returns(RETURNED, RETURNED)
    first, again = read(content)[0], read(content.replace(b"RETURN-1", b"RETURN-2"))[0]
    assert [each.identity for each in first] == [each.identity for each in again]
    assert len({each.identity for each in first}) == 2


def test_unknown_reason_is_kept_and_told_once() -> None:
    odd = replace(RETURNED, reason="ZZ99")
    found, report = read(write_returns(odd, odd))
    assert [each.return_reason for each in found] == ["ZZ99", "ZZ99"]
    assert rules(report) == ["iso20022.reason_unknown"]


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r", b""])
def test_line_ends_and_byte_order_mark_change_nothing(line_end: bytes) -> None:
    content = write_returns(RETURNED, OTHER)
    found, report = read(b"\xef\xbb\xbf" + content.replace(b"\n", line_end))
    assert report.problems == []
    assert [each.identity for each in found] == [each.identity for each in read(content)[0]]
