"""Every NACHA file of the public corpus against the facts of its manifest."""

from typing import Final

import pytest

from pawledger.bank_files.inspection import inspect_stream
from pawledger.bank_files.report import FileReport
from tests.builders.corpus import CorpusRow, corpus_rows, needs_corpus, row_name

FACTS_OF_OPEN_BATCHES: Final = {
    "testdata/file_parsing_missing_file_control.txt": {"debit": 0, "credit": 100_000},
    "testdata/return-no-batch-controls.ach": {"debit": 12_354, "credit": 0},
    "testdata/forward.ach": {"debit": 146, "credit": 8, "returns": 2},
    "testdata/recon.ach": {"debit": 0, "credit": 8, "returns": 1},
}
"""Files whose batches have no control record, for which the manifest adds up nothing: sums of their entries (see the
docs), and their return codes without an addenda as returns. None of them is accepted."""


def read(row: CorpusRow) -> FileReport:
    with row.path.open("rb") as stream:
        return inspect_stream(stream)


def nacha_rows() -> list[CorpusRow]:
    """The NACHA files, without the readme that the manifest lists among them."""
    return [row for row in corpus_rows("nacha") if row.verdict != "other"]


@needs_corpus
@pytest.mark.parametrize("row", nacha_rows(), ids=row_name)
def test_corpus_file_gets_the_verdict_counts_and_sums_of_its_manifest(row: CorpusRow) -> None:
    report = read(row)
    assert (report.verdict.value == "accepted") == (row.verdict != "integrity-FAIL")
    found = {
        "batches": len(report.statements),
        "entries": sum(statement.entry_count for statement in report.statements),
        "returns": sum(statement.return_count for statement in report.statements),
        "nocs": sum(statement.change_count for statement in report.statements),
        "debit": sum(statement.debit_minor for statement in report.statements),
        "credit": sum(statement.credit_minor for statement in report.statements),
    }
    assert found == {name: row.facts[name] for name in found} | FACTS_OF_OPEN_BATCHES.get(row_name(row), {})


@needs_corpus
def test_returns_without_file_header_and_control_are_read_but_not_accepted() -> None:
    (row,) = [row for row in nacha_rows() if row.path.name == "return-no-file-header-control.ach"]
    report = read(row)
    assert [problem.rule for problem in report.problems if problem.severity == "error"] == [
        "nacha.file_header_missing",
        "nacha.file_control_missing",
    ]


@needs_corpus
def test_corpus_has_the_nacha_files_it_is_known_for() -> None:
    assert len(nacha_rows()) >= 100
