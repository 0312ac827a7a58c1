"""`pawledger finance close`: the tables of a month as CSV and Parquet, and the proofs that they tie to the ledger."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final, TextIO

from pawledger.command_line.errors import FolderNotWritableError
from pawledger.command_line.finance_files import TableFiles
from pawledger.command_line.tables import Column, show_amount, write_table
from pawledger.domain.calendar import Month
from pawledger.domain.closing.month_close import TABLES, MonthClose, Proof
from pawledger.ports import Ledger, LedgerArchive
from pawledger.rules.billing_rules import load_shipped_rules
from pawledger.services.closing.close_month import ClosingPorts, close_month

FAULTS_SHOWN: Final = 20
"""Accounts with a proof that does not hold, on the screen; `proofs.csv` has more of them."""


def close(
    month: Month, out: Path | None, *, ledger: Ledger, archive: LedgerArchive, today: date, progress: TextIO
) -> dict[str, Any]:
    """Close a month into a folder, `finance-<month>` where none is named, and return the document that says so.

    Raises `CloseExistsError`, `ParquetMissingError`, `FolderNotWritableError` and what `close_month` raises.
    """
    directory = out or Path(f"finance-{month}")
    if month.last_day >= today:
        progress.write(f"{month} is not over: what is still to happen in it is missing\n")

    def tell_progress(whole: MonthClose) -> None:
        progress.write(f"{whole.account_count} accounts, {whole.entry_count} entries, {whole.fault_count} faults\n")
        progress.flush()

    ports = ClosingPorts(ledger=ledger, archive=archive, rulebook=load_shipped_rules())
    try:
        with TableFiles(directory) as files:
            whole = close_month(month, ports, files.write_row, tell_progress)
    except OSError as error:
        raise FolderNotWritableError(f"{directory} cannot be written: {error.strerror or error}") from error
    return _document(whole, directory)


def write_close(document: dict[str, Any]) -> list[str]:
    """The close for people: every proof with both of its sides, then where the tables are."""
    rows = [
        [
            "yes" if proof["is_equal"] else "NO",
            " ".join(part for part in (proof["proof"], f"({proof['of']})" if proof["of"] else "") if part),
            proof["account_id"],
            show_amount(proof["left_minor"], proof["currency"]),
            show_amount(proof["right_minor"], proof["currency"]),
        ]
        for proof in document["proofs"]
    ]
    columns = (
        Column("equal"),
        Column("proof", weight=1),
        Column("account"),
        Column("left", is_right=True),
        Column("right", is_right=True),
    )
    lines = write_table(columns, rows)
    checked = (
        f"{document['account_count']} accounts with {document['entry_count']} entries until {document['last_day']}"
    )
    verdict = (
        f"Closed: {document['month']} ties to the ledger to the minor unit, {checked}."
        if document["is_proven"]
        else f"Not proven: {document['fault_count']} proofs of single accounts do not hold, {checked}."
    )
    return [*lines, "", verdict, f"{len(TABLES)} tables as CSV and Parquet are in {document['directory']}."]


def _document(whole: MonthClose, directory: Path) -> dict[str, Any]:
    return {
        "is_proven": whole.is_proven,
        "month": str(whole.month),
        "first_day": whole.month.first_day.isoformat(),
        "last_day": whole.month.last_day.isoformat(),
        "account_count": whole.account_count,
        "entry_count": whole.entry_count,
        "fault_count": whole.fault_count,
        "directory": str(directory),
        "proofs": [_show_proof(proof) for proof in _proofs_shown(whole)],
    }


def _proofs_shown(whole: MonthClose) -> Iterator[Proof]:
    yield from whole.prove_together()
    yield from whole.faults[:FAULTS_SHOWN]


def _show_proof(proof: Proof) -> dict[str, Any]:
    return {
        "proof": proof.key.name.value,
        "of": proof.key.of,
        "currency": proof.key.currency,
        "account_id": proof.account_id,
        "left_minor": proof.left_minor,
        "right_minor": proof.right_minor,
        "is_equal": proof.is_equal,
    }
