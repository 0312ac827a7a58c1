"""Every Bacs file of the public corpus against the facts of its manifest."""

from ast import literal_eval
from decimal import Decimal

import pytest

from pawledger.bank_files.bacs.reader import read_bacs
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.corpus import CorpusRow, corpus_rows, needs_corpus, row_name


@needs_corpus
@pytest.mark.parametrize("row", corpus_rows("bacs"), ids=row_name)
def test_corpus_file_gets_the_verdict_counts_sums_and_codes_of_its_manifest(row: CorpusRow) -> None:
    report = FileReport()
    with row.path.open("rb") as stream:
        entries = list(read_bacs(stream, report))
    assert (report.format, report.verdict, row.verdict) == ("bacs.arudd", Verdict.ACCEPTED, "integrity-ok")
    totals = literal_eval(row.facts["totals"])
    assert len(entries) == row.facts["items"] == int(totals["numberOf"])
    value_minor = Decimal(totals["valueOf"]) * 100
    assert sum(entry.amount_minor for entry in entries) == Decimal(row.facts["sum"]) * 100 == value_minor
    assert {entry.return_reason for entry in entries} == {row.facts["codes"]}
    assert report.warned_rules == {"bacs.reason_unknown"}


@needs_corpus
def test_corpus_has_its_bacs_file() -> None:
    assert len(corpus_rows("bacs")) >= 1
