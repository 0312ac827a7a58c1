"""What a bank file holds, as `pawledger inspect` tells it: read to the end, nothing posted."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.reading_options import NO_OPTIONS, ReadingOptions
from pawledger.bank_files.records import StatementSummary
from pawledger.bank_files.report import FileReport, Problem, Verdict

if TYPE_CHECKING:
    from pawledger.bank_files.mapped_csv.mapping import CsvMapping

_EXIT_CODES: Final = {Verdict.ACCEPTED: 0, Verdict.OUT_OF_BALANCE: 3, Verdict.UNREADABLE: 4}


def inspect_stream(
    stream: BinaryIO,
    report: FileReport | None = None,
    options: ReadingOptions = NO_OPTIONS,
    mapping: "CsvMapping | None" = None,
) -> FileReport:
    """Detect the format, read to the end, drop the entries and return the complete report.

    With `mapping` the file is read by that one, whatever it looks like.

    No bytes make it raise; errors of the stream itself pass through.
    """
    report = FileReport() if report is None else report
    for _ in read_bank_file(stream, report, options, mapping):
        pass
    return report


def exit_code_of(verdicts: Iterable[Verdict]) -> int:
    """Exit code for some files: 0 all accepted, 3 one out of balance, 4 one unreadable; 4 wins over 3.

    Of the two, the unreadable file is the one that nobody knows anything about.
    """
    return max((_EXIT_CODES[verdict] for verdict in verdicts), default=0)


def report_as_json_object(name: str, report: FileReport) -> dict[str, Any]:
    """The report in the shape that `pawledger inspect` prints; unknown values are None.

    File totals are over all statements. They are None where no statement was read, the sums also where statements are
    in more than one currency or in an unknown one: minor units of two currencies have no sum. Of an unreadable file
    they cover what was read before the fault.
    """
    statements = report.statements
    currencies = {statement.currency for statement in statements}
    summable = len(currencies) == 1 and None not in currencies
    return {
        "file": name,
        "format": report.format,
        "verdict": report.verdict.value,
        "problems": [_problem_as_object(problem) for problem in report.problems],
        "statements": [_statement_as_object(statement) for statement in statements],
        "entry_count": sum(statement.entry_count for statement in statements) if statements else None,
        "credit_minor": sum(statement.credit_minor for statement in statements) if summable else None,
        "debit_minor": sum(statement.debit_minor for statement in statements) if summable else None,
    }


def _problem_as_object(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity,
        "rule": problem.rule,
        "line": problem.line,
        "field": problem.field,
        "message": problem.message,
    }


def _statement_as_object(statement: StatementSummary) -> dict[str, Any]:
    return {
        "account": statement.bank_account,
        "currency": statement.currency,
        "opening_minor": statement.opening_minor,
        "closing_minor": statement.closing_minor,
        "entry_count": statement.entry_count,
        "credit_count": statement.credit_count,
        "credit_minor": statement.credit_minor,
        "debit_count": statement.debit_count,
        "debit_minor": statement.debit_minor,
        "return_count": statement.return_count,
        "change_count": statement.change_count,
    }
