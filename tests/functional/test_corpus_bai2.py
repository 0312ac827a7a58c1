"""Every BAI2 file of the public corpus against the facts of its manifest."""

import pytest

from pawledger.bank_files.inspection import inspect_stream, report_as_json_object
from tests.builders.corpus import CorpusRow, corpus_rows, needs_corpus, row_name

NOT_READ_TO_THE_END = {"testdata/sample3.txt"}
"""Several records on one line: refused at the first, while the manifest counted what it could (see the docs)."""


@needs_corpus
@pytest.mark.parametrize("row", corpus_rows("bai2"), ids=row_name)
def test_corpus_file_gets_the_verdict_counts_and_sums_of_its_manifest(row: CorpusRow) -> None:
    with row.path.open("rb") as stream:
        report = inspect_stream(stream)
    found = report_as_json_object(row.path.name, report)
    assert (found["verdict"] == "accepted") == (row.verdict == "integrity-ok")
    if row_name(row) in NOT_READ_TO_THE_END:
        assert found["verdict"] == "unreadable"
        return
    counted = (found["entry_count"], found["credit_minor"], found["debit_minor"])
    assert counted == (row.facts.get("details"), row.facts.get("cr"), row.facts.get("dr"))
    assert len(found["statements"]) == row.facts.get("accounts", 0)


@needs_corpus
def test_wrong_total_by_one_cent_is_the_only_problem_told() -> None:
    (row,) = [row for row in corpus_rows("bai2") if row.path.name == "invalid_checksum_eod.bai2"]
    with row.path.open("rb") as stream:
        report = inspect_stream(stream)
    assert [(problem.rule, problem.line) for problem in report.problems] == [("bai2.total_49", 15)]


@needs_corpus
def test_corpus_has_the_bai2_files_it_is_known_for() -> None:
    assert len(corpus_rows("bai2")) >= 12
