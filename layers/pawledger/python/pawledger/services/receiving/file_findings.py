"""What is told of a dropped file: the discrepancies that receiving it can bring. None of them quotes the file."""

from dataclasses import dataclass
from datetime import date, datetime

from pawledger.bank_files.report import FileReport, Verdict
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.ports import BankFileRecord


@dataclass(frozen=True, slots=True)
class DroppedFile:
    """One drop of one file into the bucket."""

    key: str
    version_id: str | None
    received_on: date
    received_at: datetime | None = None
    """The instant of it, aware; None where only its day is known."""


def tell_verdict(dropped: DroppedFile, file_id: str, report: FileReport) -> Discrepancy:
    """A file that is not proved. Only where and which rule is told: a problem's message may quote the file."""
    kind = {
        Verdict.UNREADABLE: DiscrepancyKind.FILE_UNREADABLE,
        Verdict.OUT_OF_BALANCE: DiscrepancyKind.FILE_OUT_OF_BALANCE,
    }[report.verdict]
    first = next((problem for problem in report.problems if problem.severity == "error"), None)
    fault = f"{first.rule} on line {first.line or 1}, {first.field or 'record'}" if first else "behind many warnings"
    count = report.problem_count
    what = (
        f"{dropped.key} is not posted: {fault}; {count} {'problem' if count == 1 else 'problems'} in all, "
        f"shown by `pawledger files show {file_id[:12]}`."
    )
    return Discrepancy(kind, file_id, dropped.received_on, what)


def tell_unexpected(dropped: DroppedFile, file_id: str, unexpected: str) -> Discrepancy:
    """A file that its provider's profile does not expect; `unexpected` says in what."""
    what = f"{dropped.key} is not posted: {unexpected}."
    return Discrepancy(DiscrepancyKind.FILE_UNEXPECTED, file_id, dropped.received_on, what)


def tell_conflict(dropped: DroppedFile, file_id: str, earlier: str) -> Discrepancy:
    """A file that the file `earlier` brought before in other bytes."""
    what = f"{dropped.key} is, or holds a file that is, known from one with other bytes ({earlier[:12]})."
    return Discrepancy(DiscrepancyKind.FILE_CONFLICT, file_id, dropped.received_on, what)


def tell_duplicate(dropped: DroppedFile, known: BankFileRecord) -> Discrepancy:
    """The same bytes again."""
    fate = "refused" if known.status == "quarantined" else "taken in"
    what = f"{dropped.key} holds the same bytes as {known.incoming_key}, which was {fate} on {known.received_on}."
    subject = f"{dropped.key}#{dropped.version_id}"
    return Discrepancy(DiscrepancyKind.FILE_DUPLICATE, subject, dropped.received_on, what)


def tell_refused_key(dropped: DroppedFile, safe_name: str) -> Discrepancy:
    """A key that must not be repeated anywhere."""
    what = (
        f"A file was dropped under a key that is not incoming/<provider>/<name> of plain letters and digits; "
        f"it waits as quarantine/refused/{safe_name}."
    )
    return Discrepancy(DiscrepancyKind.FILE_REFUSED, safe_name, dropped.received_on, what)


def tell_advice(dropped: DroppedFile, file_id: str, report: FileReport) -> Discrepancy:
    """An advice of a provider without a profile."""
    what = f"{dropped.key} is an advice ({report.format}); it is proved and kept, and none of it is posted."
    return Discrepancy(DiscrepancyKind.ADVICE_NOT_POSTED, file_id, dropped.received_on, what)


def tell_events(dropped: DroppedFile, provider: str) -> Discrepancy:
    """Events of a provider whose profile does not say what of them is posted: once for all of them."""
    what = (
        f"Webhooks of {provider} tell of money, and its profile does not expect them ({dropped.key} is the first): "
        f"they are kept, and posted when the provider's report tells the same."
    )
    return Discrepancy(DiscrepancyKind.EVENTS_NOT_POSTED, provider, dropped.received_on, what)


def tell_correction(dropped: DroppedFile, file_id: str, report: FileReport) -> Discrepancy:
    """Statements that replace or delete what the bank told before."""
    count = sum(summary.is_correction for summary in report.statements)
    what = (
        f"The bank says that {count} of the {len(report.statements)} statements in {dropped.key} replace or delete "
        f"what it told before; what is new in them is posted, nothing is taken back."
    )
    return Discrepancy(DiscrepancyKind.STATEMENT_CORRECTED, file_id, dropped.received_on, what)
