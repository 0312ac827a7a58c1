"""pain.002 and pacs.002: statuses of groups, batches and transactions, their controls, and what they never do: post."""

import io
from datetime import date

import pytest

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.iso20022 import status_controls, status_report
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from tests.builders.payment_messages import (
    OWN_IBAN,
    PAYER_IBAN,
    StatusBatch,
    Transaction,
    document,
    per_status,
    write_status,
    write_status_report,
)

REJECTED = Transaction(1_000, "E2E-1")
OTHER = Transaction(250, "E2E-2", reason="MD01")
ACCEPTED = Transaction(4_000, "E2E-3", status="ACCP", reason=None)


def read(content: bytes) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    return list(read_bank_file(io.BytesIO(content), report)), report


def rules(report: FileReport, kind: Rule | None = None) -> list[str]:
    return [problem.rule for problem in report.problems if kind in (None, problem.kind)]


def controls(count: str = "3", total: str = "52.50") -> str:
    return f"<OrgnlNbOfTxs>{count}</OrgnlNbOfTxs><OrgnlCtrlSum>{total}</OrgnlCtrlSum>"


def test_a_rejected_collection_is_a_return_that_moved_no_money() -> None:
    found, report = read(write_status_report(StatusBatch((REJECTED,))))
    assert report.problems == []
    [entry] = found
    assert entry == StatementEntry(
        bank_account=OWN_IBAN,
        currency="EUR",
        amount_minor=1_000,
        direction=Direction.DEBIT,
        booked_on=None,
        value_on=None,
        identity=("pain.002", "RUN-1", "BATCH-1", "E2E-1", "RJCT", "EUR", "1000", "0"),
        posts=False,
        purpose=Purpose.RETURN,
        return_reason="AC04",
        type_code="RJCT",
        references=("E2E-1", "BATCH-1", "RUN-1"),
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
    assert (summary.first_day, summary.chain, summary.currency) == (date(2026, 1, 6), None, "EUR")
    identity = ("pain", "pain.002", "BANKDEFFXXX", "STATUS-1", "2026-01-06T09:00:00Z", "1")
    assert report.logical_file_ids == [identity]


@pytest.mark.parametrize(
    ("original", "status", "direction"),
    [
        ("pain.008.001.08", "RJCT", Direction.DEBIT),
        ("pain.008.001.08", "ACCP", Direction.CREDIT),
        ("pain.001.001.03", "RJCT", Direction.CREDIT),
        ("pain.001.001.03", "ACSC", Direction.DEBIT),
        (None, "RJCT", Direction.DEBIT),
    ],
)
def test_direction_follows_from_the_original_message(original: str | None, status: str, direction: Direction) -> None:
    transaction = Transaction(status=status)
    [entry] = read(write_status_report(StatusBatch((transaction,)), original=original))[0]
    assert (entry.direction, entry.posts) == (direction, False)


@pytest.mark.parametrize("status", ["RJCT", "CANC", "ACCP", "ACSC", "ACTC", "PDNG", "RCVD"])
def test_only_rejections_are_returns(status: str) -> None:
    [entry] = read(write_status_report(StatusBatch((Transaction(status=status),))))[0]
    assert entry.is_return == (status in {"RJCT", "CANC"})
    assert (entry.type_code, entry.posts) == (status, False)


def test_rejected_group_without_transactions_is_one_entry() -> None:
    found, report = read(write_status_report(status="RJCT", reason="DU01", controls=controls("12", "27.0")))
    [entry] = found
    assert (entry.amount_minor, entry.currency, entry.return_reason) == (0, "XXX", "DU01")
    assert (entry.is_return, entry.references, entry.posts) == (True, ("RUN-1",), False)
    assert entry.text == "transactions 12 control sum 27.0"
    assert report.problems == []
    assert [summary.return_count for summary in report.statements] == [1]


def test_rejected_batch_without_transactions_is_one_entry() -> None:
    batches = (StatusBatch(status="RJCT", reason="NARR"), StatusBatch((REJECTED,), batch_id="BATCH-2"))
    found, report = read(write_status_report(*batches))
    assert [(each.references[-2], each.return_reason) for each in found] == [("BATCH-1", "NARR"), ("BATCH-2", "AC04")]
    assert [summary.entry_count for summary in report.statements] == [1, 1]


def test_status_of_the_group_holds_for_batches_and_transactions_without_their_own() -> None:
    bare = Transaction(status=None, reason=None)
    batches = (StatusBatch(batch_id="BATCH-1"), StatusBatch((bare,), batch_id="BATCH-2"))
    found, report = read(write_status_report(*batches, status="RJCT", reason="DU01"))
    assert [(each.type_code, each.return_reason) for each in found] == [("RJCT", "DU01"), ("RJCT", "DU01")]
    assert report.problems == []


def test_partly_accepted_batch_tells_each_transaction_by_its_own_status() -> None:
    batch = StatusBatch((REJECTED, ACCEPTED), status="PART")
    found, report = read(write_status_report(batch, status="PART"))
    assert [each.is_return for each in found] == [True, False]
    assert report.problems == []


def test_partly_accepted_without_transactions_is_told() -> None:
    found, report = read(write_status_report(status="PART"))
    assert (report.verdict, rules(report)) == (Verdict.ACCEPTED, ["pain.partly_untold"])
    assert [(each.type_code, each.is_return) for each in found] == [("PART", False)]


def test_accepted_transaction_in_a_rejected_batch_keeps_its_status_with_a_warning() -> None:
    found, report = read(write_status_report(StatusBatch((ACCEPTED,), status="RJCT")))
    assert (found[0].type_code, rules(report)) == ("ACCP", ["pain.status_contradicts"])


def test_transaction_without_an_amount_is_told_without_one() -> None:
    found, report = read(write_status_report(StatusBatch((Transaction(amount_minor=None),))))
    assert (found[0].amount_minor, found[0].currency, report.problems) == (0, "XXX", [])


GOOD = (StatusBatch((REJECTED, OTHER, ACCEPTED), controls=controls(), numbers=per_status("RJCT", "2", "12.50")),)


def test_right_controls_are_accepted() -> None:
    numbers = per_status("RJCT", "2", "12.5") + per_status("ACCP", "1", "40.00")
    content = write_status_report(*GOOD, controls=controls(), numbers=numbers)
    assert read(content)[1].problems == []


def test_a_report_need_not_tell_what_was_accepted() -> None:
    numbers = per_status("RJCT", "2", "12.50") + per_status("ACCP", "98", "9000.00")
    batch = StatusBatch((REJECTED, OTHER), controls=controls("100", "9012.50"), numbers=numbers)
    assert read(write_status_report(batch))[1].problems == []


@pytest.mark.parametrize("level", ["group", "batch"])
@pytest.mark.parametrize(
    ("original", "numbers", "rule"),
    [
        (controls("2"), "", "pain.original_count"),
        (controls("two"), "", "pain.original_count"),
        (controls(total="52.49"), "", "pain.original_sum"),
        (controls(total="-1"), "", "pain.original_sum"),
        ("", per_status("RJCT", "1"), "pain.status_count"),
        ("", per_status("RJCT", "3"), "pain.status_count"),
        ("", per_status("RJCT", ""), "pain.status_count"),
        ("", per_status("ACCP", "1", "40.01"), "pain.status_sum"),
        ("", per_status("RJCT", "2", "1e1"), "pain.status_sum"),
        (controls(), per_status("RJCT", "2") + per_status("PDNG", "2"), "pain.status_count"),
    ],
)
def test_wrong_controls_are_out_of_balance(level: str, original: str, numbers: str, rule: str) -> None:
    batch = StatusBatch((REJECTED, OTHER, ACCEPTED))
    if level == "batch":
        content = write_status_report(StatusBatch(batch.transactions, controls=original, numbers=numbers))
    else:
        content = write_status_report(batch, controls=original, numbers=numbers)
    _, report = read(content)
    assert (report.verdict, rules(report)) == (Verdict.OUT_OF_BALANCE, [rule])


def test_numbers_of_the_group_count_batches_that_are_told_whole() -> None:
    whole = StatusBatch(batch_id="BATCH-2", status="RJCT", controls=controls("7", "70.00"))
    batches = (StatusBatch((REJECTED, OTHER)), whole)
    assert read(write_status_report(*batches, numbers=per_status("RJCT", "9", "82.50")))[1].problems == []
    assert rules(read(write_status_report(*batches, numbers=per_status("RJCT", "8")))[1]) == ["pain.status_count"]
    unknown = (batches[0], StatusBatch(batch_id="BATCH-2", status="RJCT"))
    assert read(write_status_report(*unknown, numbers=per_status("RJCT", "8")))[1].problems == []


def test_amount_that_cannot_be_read_is_out_of_balance() -> None:
    content = write_status_report(StatusBatch((REJECTED,)))
    for wrong, rule in ((b">10.001<", "pain.amount"), (b">-10.00<", "pain.amount")):
        assert rules(read(content.replace(b">10.00<", wrong))[1]) == [rule]
    assert rules(read(content.replace(b'Ccy="EUR"', b'Ccy="ZZZ"'))[1]) == ["pain.currency_unknown"]


def test_unknown_status_and_reason_are_kept_and_told_once() -> None:
    odd = Transaction(status="XXXX", reason="ZZ99")
    found, report = read(write_status_report(StatusBatch((odd, odd))))
    assert [(each.type_code, each.return_reason) for each in found] == [("XXXX", "ZZ99")] * 2
    assert rules(report) == ["pain.status_unknown", "iso20022.reason_unknown"]


def test_message_without_any_status_is_accepted_with_a_warning() -> None:
    found, report = read(write_status_report())
    assert (found, report.verdict, rules(report)) == ([], Verdict.ACCEPTED, ["pain.no_status"])
    assert len(report.statements) == 1


def test_transaction_without_a_status_anywhere_is_told() -> None:
    found, report = read(write_status_report(StatusBatch((Transaction(status=None),))))
    assert (found, rules(report)) == ([], ["pain.status_missing"])


def test_the_same_rejection_has_the_same_identity_in_another_message() -> None:
    first, again = (read(write_status_report(StatusBatch((REJECTED,)), message_id=name)) for name in ("S1", "S2"))
    assert first[0][0].identity == again[0][0].identity
    assert first[1].logical_file_ids != again[1].logical_file_ids


def test_rejections_that_are_alike_are_numbered() -> None:
    found, _ = read(write_status_report(StatusBatch((REJECTED, REJECTED))))
    assert [each.identity[-1] for each in found] == ["0", "1"]


@pytest.mark.parametrize(
    ("version", "format_name", "warnings"),
    [
        ("pain.002.001.03", "pain.002.001.03", []),
        ("pain.002.003.03", "pain.002.003.03", []),
        ("pain.002.001.11", "pain.002.001.11", []),
        ("pain.002.001.99", "pain.002", ["iso20022.unknown_version"]),
    ],
)
def test_versions_are_read_alike(version: str, format_name: str, warnings: list[str]) -> None:
    found, report = read(write_status_report(StatusBatch((REJECTED,)), version=version))
    assert (len(found), report.format, rules(report)) == (1, format_name, warnings)


def test_swiss_namespace_is_a_known_version() -> None:
    content = write_status_report(StatusBatch((REJECTED,)), version="VERSION").replace(
        b"urn:iso:std:iso:20022:tech:xsd:VERSION",
        b"http://www.six-interbank-clearing.com/de/pain.002.001.03.ch.02.xsd",
    )
    _, report = read(content)
    assert (report.format, report.problems) == ("pain.002.001.03.ch.02", [])


GROUP = "<OrgnlGrpInfAndSts><OrgnlMsgId>{}</OrgnlMsgId><OrgnlMsgNmId>{}</OrgnlMsgNmId>{}</OrgnlGrpInfAndSts>"


def test_interbank_status_names_the_group_of_each_transaction() -> None:
    groups = GROUP.format("G1", "pacs.008.001.08", "<GrpSts>ACSC</GrpSts>") + GROUP.format(
        "G2", "pacs.003.001.08", "<GrpSts>RJCT</GrpSts>"
    )
    named = "<OrgnlGrpInf><OrgnlMsgId>G2</OrgnlMsgId></OrgnlGrpInf>"
    transaction = write_status(Transaction(status=None)).replace("<TxInfAndSts>", f"<TxInfAndSts>{named}")
    content = document("FIToFIPmtStsRpt", "<GrpHdr><MsgId>M</MsgId></GrpHdr>" + groups + transaction, "pacs.002.001.10")
    found, report = read(content)
    assert (report.format, report.problems) == ("pacs.002.001.10", [])
    assert [(each.references[0], each.type_code, each.direction) for each in found] == [
        ("E2E-1", "RJCT", Direction.DEBIT),
        ("G1", "ACSC", Direction.DEBIT),
    ]


def test_groups_and_statuses_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    content = write_status_report(StatusBatch((REJECTED, ACCEPTED)), numbers=per_status("RJCT", "1") * 2)
    monkeypatch.setattr(status_controls, "STATUSES_MAX", 1)
    assert "iso20022.too_many_groups" in rules(read(content)[1], Rule.SYNTAX)
    monkeypatch.setattr(status_report, "GROUPS_MAX", 0)
    assert rules(read(write_status_report())[1], Rule.SYNTAX) == ["iso20022.too_many_groups"]


def test_file_cut_short_at_every_transaction_is_unreadable() -> None:
    content = write_status_report(StatusBatch((REJECTED, OTHER, ACCEPTED)))
    parts = content.split(b"</TxInfAndSts>")
    for count in range(1, len(parts)):
        found, report = read(b"</TxInfAndSts>".join(parts[:count]) + b"</TxInfAndSts>")
        assert (len(found), rules(report, Rule.SYNTAX)) == (count, ["xml.truncated"])
