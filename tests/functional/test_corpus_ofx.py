"""Every OFX file of the public corpus against the facts of its manifest."""

from decimal import Decimal

import pytest

from pawledger.bank_files.inspection import inspect_stream
from pawledger.bank_files.report import FileReport, Rule, Verdict
from tests.builders.corpus import CorpusRow, corpus_rows, needs_corpus, row_name

ANSWERS_WITH_ERROR = frozenset(("error_message.ofx", "error.ofx", "signon_fail.ofx"))
"""The bank answers with an error, which the manifest counts as a file with nothing wrong in it: see docs."""
AMOUNT_NOT_READ = {"fidelity-savings.ofx": 3, "ofxdata-banking-xml200.ofx": 1, "decimal_error.ofx": 1}
"""Transactions without an amount that is certain: four decimals of a dollar, none at all, a dollar sign. The manifest
adds the first as they stand and counts the second as zero."""
DIFFERENT = ANSWERS_WITH_ERROR | AMOUNT_NOT_READ.keys()


def read(row: CorpusRow) -> FileReport:
    with row.path.open("rb") as stream:
        return inspect_stream(stream)


def rules_of(report: FileReport, kind: Rule) -> list[str]:
    return [problem.rule for problem in report.problems if problem.kind is kind]


@needs_corpus
@pytest.mark.parametrize("row", [row for row in corpus_rows("ofx") if row.path.name not in DIFFERENT], ids=row_name)
def test_corpus_file_gets_the_verdict_counts_and_sums_of_its_manifest(row: CorpusRow) -> None:
    report = read(row)
    assert (report.format, report.verdict, row.verdict) == ("ofx", Verdict.ACCEPTED, "integrity-ok")
    assert sum(statement.entry_count for statement in report.statements) == row.facts["stmttrn"]
    # All files of the corpus are in currencies of two decimals.
    total_minor = sum(statement.credit_minor - statement.debit_minor for statement in report.statements)
    assert total_minor == Decimal(row.facts["sum_trnamt"]) * 100
    balances = [text.replace(",", ".") for text in row.facts.get("ledgerbal", "").split(";") if text]
    closing = [each.closing_minor for each in report.statements if each.closing_minor is not None]
    assert closing == [Decimal(text) * 100 for text in balances]
    assert ("ofx.fitid_repeated" in report.warned_rules) == (row.facts["dup_fitid"] > 0)
    assert ("ofx.header_missing" in report.warned_rules) == (row.facts["header"] == "none")


@needs_corpus
@pytest.mark.parametrize("name", sorted(ANSWERS_WITH_ERROR))
def test_error_of_the_bank_is_out_of_balance_and_nothing_else_is_wrong(name: str) -> None:
    (row,) = [row for row in corpus_rows("ofx") if row.path.name == name]
    report = read(row)
    assert (set(rules_of(report, Rule.INTEGRITY)), report.verdict) == ({"ofx.status"}, Verdict.OUT_OF_BALANCE)
    assert (report.statements, row.facts["stmttrn"]) == ([], 0)


@needs_corpus
@pytest.mark.parametrize("name", sorted(AMOUNT_NOT_READ))
def test_amount_that_is_not_certain_is_out_of_balance_and_nothing_else_is_wrong(name: str) -> None:
    (row,) = [row for row in corpus_rows("ofx") if row.path.name == name]
    report = read(row)
    not_read = AMOUNT_NOT_READ[name]
    assert rules_of(report, Rule.INTEGRITY) == ["ofx.amount"] * not_read
    assert report.verdict is Verdict.OUT_OF_BALANCE
    assert sum(statement.entry_count for statement in report.statements) == row.facts["stmttrn"] - not_read


@needs_corpus
def test_corpus_has_the_ofx_files_it_is_known_for() -> None:
    assert len(corpus_rows("ofx")) >= 33
