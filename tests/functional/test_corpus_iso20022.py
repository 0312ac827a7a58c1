"""Every ISO 20022 file of the corpus gets the verdict, the counts and the sums that its manifest states."""

from decimal import Decimal
from typing import Final

import pytest

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from tests.builders.corpus import CorpusRow, corpus_rows, needs_corpus, row_name

_VERDICTS: Final = {"integrity-ok": Verdict.ACCEPTED, "integrity-FAIL": Verdict.OUT_OF_BALANCE}
_REPORTS: Final = ("camt.052", "camt.053", "camt.054")
_REPORT_FILES_MIN: Final = 180
_PAYMENT_FILES_MIN: Final = 34

_DIFFERENT: Final = {
    # Nothing stands in their root element: no total of them is wrong, and they are no message either.
    "camt_054_Beispiel_NotificationMissing.xml": "file.format_unknown",
    "invalid.xml": "file.format_unknown",
    # An account in a currency that does not exist, and an entry in one: their money has no minor units.
    "camt_052_2025_invalid.xml": "camt.currency_unknown",
    "camt_054_2026_invalid.xml": "camt.currency_unknown",
    # Requests to cancel a payment: they move no money and say of none what became of it.
    "camt056.refund.xml": "file.format_unsupported",
    "camt056.timeout.xml": "file.format_unsupported",
    # Not XML at all, and XML that is not well-formed: unreadable rather than out of balance.
    "invalid_file1": "file.format_unknown",
    "invalid_file2": "xml.not_well_formed",
}
"""By file name: the rule of an error that a file gets although the manifest has another verdict for it."""
_WITHOUT_MONEY: Final = frozenset({"camt_054_2026_invalid.xml"})
"""Files in which an entry that cannot be read is in the manifest's sums."""


def _rows(format_name: str) -> list[CorpusRow]:
    return [row for row in corpus_rows(format_name) if row.verdict in _VERDICTS]


def _reports() -> list[CorpusRow]:
    return [row for row in _rows("camt") if row.facts.get("ns", _REPORTS[0]).startswith(_REPORTS)]


def _payments() -> list[CorpusRow]:
    reports = {row.path for row in _reports()}
    return [row for row in (*_rows("camt"), *_rows("pain_pacs")) if row.path not in reports]


def _read(row: CorpusRow) -> tuple[list[StatementEntry], FileReport]:
    report = FileReport()
    with row.path.open("rb") as stream:
        return list(read_bank_file(stream, report)), report


def _check_verdict(row: CorpusRow, report: FileReport) -> None:
    errors = [problem.rule for problem in report.problems if problem.kind is not Rule.MEANING]
    if row.path.name in _DIFFERENT:
        assert _DIFFERENT[row.path.name] in errors
    else:
        assert report.verdict is _VERDICTS[row.verdict], report.problems


@needs_corpus
def test_corpus_has_messages_to_read() -> None:
    assert len(_reports()) >= _REPORT_FILES_MIN
    assert len(_payments()) >= _PAYMENT_FILES_MIN
    assert _DIFFERENT.keys() <= {row.path.name for row in (*_reports(), *_payments())}


@needs_corpus
@pytest.mark.parametrize("row", _reports(), ids=row_name)
def test_cash_report_has_the_verdict_counts_and_sums_of_the_manifest(row: CorpusRow) -> None:
    entries, report = _read(row)

    _check_verdict(row, report)
    facts = row.facts
    assert (report.format or "").startswith(facts.get("ns", ""))
    assert len(report.statements) == facts["statements"]
    assert sum(summary.entry_count for summary in report.statements) == facts["entries"]
    if row.path.name not in _WITHOUT_MONEY:
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
@pytest.mark.parametrize("row", _payments(), ids=row_name)
def test_payment_message_has_the_verdict_and_the_facts_of_the_manifest(row: CorpusRow) -> None:
    entries, report = _read(row)

    _check_verdict(row, report)
    if row.path.name in _DIFFERENT:
        assert entries == []
        return
    facts = row.facts
    assert len(entries) == facts.get("tx", len(entries))
    assert {facts["status"]} <= {entry.type_code for entry in entries} if "status" in facts else True
    assert set(filter(None, facts.get("rsn", "").split(","))) <= {entry.return_reason for entry in entries}
    assert sum(1 for entry in entries if entry.mandate_id) >= facts["mndt"]
    assert len({entry.identity for entry in entries}) == len(entries)
    if report.format is not None and not report.format.startswith("pacs.004"):
        assert not any(entry.posts for entry in entries)
