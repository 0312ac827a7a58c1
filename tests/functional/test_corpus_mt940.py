"""Every MT940 and MT942 file of the corpus: the manifest's verdict, counts and sum, or why there is another verdict."""

from decimal import Decimal
from typing import Final

import pytest

from pawledger.bank_files.inspection import inspect_stream
from pawledger.bank_files.report import FileReport, Verdict
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from tests.builders.corpus import CorpusRow, corpus_rows, needs_corpus, row_name

FRAGMENTS: Final = frozenset(
    {
        "betterplace/currency_in_25.sta",
        "betterplace/empty_86.sta",
        "cmxl/account_balance_debit.sta",
        "cmxl/available_balance.sta",
        "cmxl/closing_balance.sta",
        "cmxl/reference.sta",
        "cmxl/statement_details.sta",
        "self-provided/sparkassen.sta",
        "document/K4262927_20200905-080000-952.txt",
        "fixtures/amount_formats.txt",
        "fixtures/empty_line.txt",
        "fixtures/missing_crlf_at_end.txt",
        "fixtures/statement-details-mt942.txt",
        "fixtures/statement-mt940.txt",
        "fixtures/account_identification_option_A_with_IBAN.sta",
        "fixtures/account_identification_option_B.sta",
        "fixtures/duplicate_spaces.sta",
        "fixtures/last_statement.sta",
        "fixtures/missing_closing_record_62F.sta",
        "fixtures/mt942.sta",
        "fixtures/sepa_snippet_broken_2.sta",
        "fixtures/sepa_snippet_broken_3.sta",
        "fixtures/statement_number.sta",
        "fixtures/statement_number_sequence_number.sta",
    }
)
"""Some fields without a beginning or an end. The manifest found nothing in them that could be wrong; a file that was
cut looks the same, so that they are unreadable here."""
OTHERS: Final = {
    # German marks are in ISO 4217 no more.
    "fixtures/mt940-deutsche_bank.txt": Verdict.UNREADABLE,
    "fixtures/mt940-with-colon-after-line-break.txt": Verdict.UNREADABLE,
    "mBank/mt942.sta": Verdict.UNREADABLE,
    # Declares three entries in field 90C and has one.
    "mt942/interim1.txt": Verdict.OUT_OF_BALANCE,
    # Balances once the end-of-file mark before its last message is passed over, which the manifest's reader did not.
    "fixtures/two_accounts.txt": Verdict.ACCEPTED,
}


def bank_files() -> list[CorpusRow]:
    """Without the outputs of other readers, which are listed beside them."""
    return [row for row in corpus_rows("mt940") if row.verdict != "expected-output"]


def inspect(row: CorpusRow) -> FileReport:
    with row.path.open("rb") as stream:
        return inspect_stream(stream)


@needs_corpus
@pytest.mark.parametrize("row", bank_files(), ids=row_name)
def test_corpus_file_has_the_verdict_counts_and_sum_of_its_manifest(row: CorpusRow) -> None:
    report = inspect(row)
    name = row_name(row)
    if name in FRAGMENTS:
        assert report.verdict is Verdict.UNREADABLE
        return
    if name in OTHERS:
        assert report.verdict is OTHERS[name]
        return
    assert (report.verdict is Verdict.ACCEPTED) == (row.verdict == "integrity-ok"), report.problems
    if report.verdict is Verdict.ACCEPTED:
        net = sum(
            Decimal(each.credit_minor - each.debit_minor) / 10 ** MINOR_UNIT_DECIMALS[each.currency or ""]
            for each in report.statements
        )
        counted = (len(report.statements), sum(each.entry_count for each in report.statements), net)
        assert counted == (row.facts["statements"], row.facts["lines61"], Decimal(row.facts["net"]))


@needs_corpus
def test_every_difference_is_of_a_file_in_the_corpus() -> None:
    assert {row_name(row) for row in bank_files()} >= FRAGMENTS | OTHERS.keys()
