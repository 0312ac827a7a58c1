"""Every camt.053 file of the corpus gets the verdict, the counts and the sums that its manifest states."""

from decimal import Decimal
from typing import Final

import pytest

from pawledger.bank_files.camt053 import read_camt053
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.corpus import CorpusRow, corpus_rows, needs_corpus, row_name

_VERDICTS: Final = {"integrity-ok": Verdict.ACCEPTED, "integrity-FAIL": Verdict.OUT_OF_BALANCE}
_WITHOUT_MESSAGE: Final = frozenset({"camt_054_Beispiel_NotificationMissing.xml", "invalid.xml"})
"""Files with nothing in their root element. The manifest found no wrong total in them; they are no statement either."""
_STATEMENT_FILES_MIN: Final = 16


def _rows() -> list[CorpusRow]:
    rows = [row for row in corpus_rows("camt") if row.verdict in _VERDICTS]
    return [row for row in rows if row.facts.get("ns", "camt.053").startswith("camt.053")]


def _other_rows() -> list[CorpusRow]:
    return [row for row in corpus_rows("camt") if row.facts.get("ns", "").startswith(("camt.052", "camt.054"))]


def _read(row: CorpusRow) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    with row.path.open("rb") as stream:
        return list(read_camt053(stream, report)), report


@needs_corpus
def test_corpus_has_statements_to_read() -> None:
    assert len(_rows()) >= _STATEMENT_FILES_MIN


@needs_corpus
@pytest.mark.parametrize("row", _rows(), ids=row_name)
def test_statement_of_the_corpus_has_the_verdict_counts_and_sums_of_the_manifest(row: CorpusRow) -> None:
    entries, report = _read(row)

    is_empty = row.path.name in _WITHOUT_MESSAGE
    assert report.verdict is (Verdict.UNREADABLE if is_empty else _VERDICTS[row.verdict]), report.problems
    facts = row.facts
    assert len(report.statements) == facts["statements"]
    assert sum(summary.entry_count for summary in report.statements) == facts["entries"]
    # Every currency of these files has two decimals.
    credit_minor = sum(summary.credit_minor for summary in report.statements)
    debit_minor = sum(summary.debit_minor for summary in report.statements)
    assert Decimal(credit_minor) == Decimal(facts["sum_crdt"]) * 100
    assert Decimal(debit_minor) == Decimal(facts["sum_dbit"]) * 100
    reasons = {entry.return_reason for entry in entries if entry.is_return}
    assert set(filter(None, facts.get("rsn", "").split(","))) <= reasons
    balances_differ = any(problem.rule == "camt.balance" for problem in report.problems)
    assert balances_differ == (facts["bal_bad"] > 0)
    assert len({entry.identity for entry in entries}) == len(entries)


@needs_corpus
@pytest.mark.parametrize("row", _other_rows(), ids=row_name)
def test_other_cash_reports_are_refused_by_name(row: CorpusRow) -> None:
    entries, report = _read(row)
    assert (entries, report.verdict) == ([], Verdict.UNREADABLE)
    assert [problem.rule for problem in report.problems] == ["camt.unsupported_message"]
    assert report.format == row.facts["ns"][:8]
