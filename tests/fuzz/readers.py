"""What holds for every file, whatever its bytes: nothing is raised, and what is accepted is sound."""

import io
import random
import traceback
from datetime import date
from pathlib import Path
from typing import Final

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.reading_options import ReadingOptions
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Verdict
from pawledger.bank_files.webhook_terms import WebhookTerms
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.rules.csv_mappings import load_shipped_mappings

CHECKOUT: Final = Path(__file__).resolve().parents[2]
SAMPLES: Final = CHECKOUT / "events" / "samples" / "bank_files"
CRASHES: Final = Path(__file__).parent / "crashes"
"""Files that once made a reader fail, kept for ever: one file each, named by its format and the start of its hash."""

OPTIONS: Final = ReadingOptions(
    csv_mappings=tuple(load_shipped_mappings().values()),
    webhook_terms=WebhookTerms(since=date(2026, 1, 1), currencies=frozenset({"USD"}), takes_test_events=True),
)


def sample_files() -> list[Path]:
    """The project's own sample files of every format, from which the fuzzer starts."""
    return sorted(path for path in SAMPLES.rglob("*") if path.is_file())


class _Crumbs(io.RawIOBase):
    """Gives the bytes in pieces of changing length, as a network does."""

    def __init__(self, data: bytes, chance: random.Random) -> None:
        super().__init__()
        self._data, self._place, self._chance = data, 0, chance

    def read(self, size: int = -1) -> bytes:
        wanted = self._chance.choice((1, 7, 100, 4096, 70_000))
        piece = self._data[self._place : self._place + (wanted if size < 0 else min(size, wanted))]
        self._place += len(piece)
        return piece


def find_fault(data: bytes, chance: random.Random) -> str | None:
    """Read a file and say what of the readers' promises it breaks; None where they hold."""
    report = FileReport()
    try:
        entries = list(read_bank_file(_Crumbs(data, chance), report, OPTIONS))  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
        return traceback.format_exc(limit=-6)
    if report.verdict is Verdict.ACCEPTED:
        return _find_unsound(entries, report)
    if not report.problems:
        return "refused without a problem that says why"
    return None


def _find_unsound(entries: list[StatementEntry], report: FileReport) -> str | None:
    if report.format is None:
        return "accepted without a format"
    # A file that holds one statement twice tells its movements twice, and the second time they are known.
    statements = [summary.identity for summary in report.statements]
    if len(set(statements)) == len(statements) and len({entry.identity for entry in entries}) < len(entries):
        return "two movements of one accepted file share an identity"
    for entry in entries:
        if type(entry.amount_minor) is not int or entry.amount_minor < 0:
            return f"amount {entry.amount_minor!r} is not a whole number of minor units"
        if entry.currency not in MINOR_UNIT_DECIMALS and (entry.posts or entry.currency != "XXX"):
            return f"currency {entry.currency!r} is not in ISO 4217"
        if not all(isinstance(part, str) for part in entry.identity) or not entry.identity:
            return f"identity {entry.identity!r} is not made of texts"
        if entry.line < 1:
            return f"line {entry.line} is none"
    return None
