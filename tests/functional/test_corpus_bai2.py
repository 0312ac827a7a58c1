"""Every BAI2 file of the public corpus against the facts of its manifest."""

import pytest

from pawledger.bank_files.inspection import inspect_stream, report_as_json_object
from tests.builders.corpus import CorpusRow, corpus_rows, needs_corpus, row_name

SHARES_LINES = "testdata/sample3.txt"
"""Several records on one line and text without 88, which the manifest's own reader could not tell apart (see docs)."""


@needs_corpus
@pytest.mark.parametrize("row", [row for row in corpus_rows("bai2") if row_name(row) != SHARES_LINES], ids=row_name)
def test_corpus_file_gets_the_verdict_counts_and_sums_of_its_manifest(row: CorpusRow) -> None:
    with row.path.open("rb") as stream:
        report = inspect_stream(stream)
    found = report_as_json_object(row.path.name, report)
    assert (found["verdict"] == "accepted") == (row.verdict == "integrity-ok")
    counted = (found["entry_count"], found["credit_minor"], found["debit_minor"])
    assert counted == (row.facts.get("details"), row.facts.get("cr"), row.facts.get("dr"))
    assert len(found["statements"]) == row.facts.get("accounts", 0)


@needs_corpus
def test_file_whose_records_share_lines_is_what_its_own_trailers_and_totals_say() -> None:
    (row,) = [row for row in corpus_rows("bai2") if row_name(row) == SHARES_LINES]
    with row.path.open("rb") as stream:
        report = inspect_stream(stream)
    assert {problem.rule for problem in report.problems} == {
        "bai2.line_shared",
        "bai2.text_wrapped",
        "bai2.amount_padded",
    }
    assert len(report.statements) == 15
    # Totals 100 and 400 of the accounts, as the file has them, added by hand.
    assert sum(statement.credit_minor for statement in report.statements) == 3_100 + 3_700 + 320 + 32_593
    assert sum(statement.debit_minor for statement in report.statements) == 3_200 + 30_703 + 18_651 + 5_944 + 920
    assert sum(statement.entry_count for statement in report.statements) == (3 + 3 + 2 + 5) + (3 + 2 + 3 + 2 + 3)


@needs_corpus
def test_wrong_total_by_one_cent_is_the_only_problem_told() -> None:
    (row,) = [row for row in corpus_rows("bai2") if row.path.name == "invalid_checksum_eod.bai2"]
    with row.path.open("rb") as stream:
        report = inspect_stream(stream)
    assert [(problem.rule, problem.line) for problem in report.problems] == [("bai2.total_49", 15)]


@needs_corpus
def test_corpus_has_the_bai2_files_it_is_known_for() -> None:
    assert len(corpus_rows("bai2")) >= 12
