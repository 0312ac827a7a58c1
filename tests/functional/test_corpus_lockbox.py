"""Every lockbox file of the public corpus against the facts of its manifest."""

import pytest

from pawledger.bank_files.inspection import inspect_stream, report_as_json_object
from tests.builders.corpus import CorpusRow, corpus_rows, needs_corpus, row_name


@needs_corpus
@pytest.mark.parametrize("row", corpus_rows("lockbox"), ids=row_name)
def test_corpus_file_gets_the_verdict_count_and_sum_of_its_manifest(row: CorpusRow) -> None:
    with row.path.open("rb") as stream:
        report = inspect_stream(stream)
    found = report_as_json_object(row.path.name, report)
    assert (found["verdict"] == "accepted") == (row.verdict == "integrity-ok")
    assert (found["entry_count"], found["credit_minor"]) == (row.facts["details"], row.facts["sum_cents"])
    assert (found["debit_minor"], report.problems) == (0, [])


@needs_corpus
def test_corpus_has_the_lockbox_files_it_is_known_for() -> None:
    assert len(corpus_rows("lockbox")) >= 2
