"""`pawledger files`: what became of bank files, and whether every movement of a file is accounted for."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from pawledger.bank_files.formats import EVENT_KINDS, report_kind_of
from pawledger.command_line.accounts import FILE_ID_SHOWN_LENGTH
from pawledger.command_line.errors import BankFileAmbiguousError, BankFileNotFoundError
from pawledger.command_line.tables import Column, show_amount, show_value, write_fields, write_table
from pawledger.ports import BankFileRecord, BankFileRegister, ChunkResult
from pawledger.services.receiving.file_proof import PARTS, prove_file_posting

FILE_ID_LENGTH: Final = 64
"""SHA-256 in hexadecimal."""

DAYS_SEARCHED: Final = 92
"""How far back the beginning of a file id is looked for, one query a day; a whole id is found however old it is."""

MATCHES_NAMED_MAX: Final = 5
CHUNKS_NAMED_MAX: Final = 10
"""How many files or chunks a sentence names; the others are counted."""

_LIST_COLUMNS: Final = (
    Column("received"),
    Column("file"),
    Column("name", weight=1),
    Column("format", weight=1),
    Column("verdict"),
    Column("status"),
    Column("movements", is_right=True),
    Column("credits", is_right=True),
    Column("debits", is_right=True),
)
_STATEMENT_COLUMNS: Final = (
    Column("statement account", weight=1),
    Column("opening", is_right=True),
    Column("closing", is_right=True),
    Column("entries", is_right=True),
    Column("credits", is_right=True),
    Column("debits", is_right=True),
    Column("returns", is_right=True),
)
_PROBLEM_COLUMNS: Final = (
    Column("severity"),
    Column("line", is_right=True),
    Column("field", weight=1),
    Column("rule", weight=2),
    Column("problem", weight=4),
)
_POSTING_COLUMNS: Final = (
    Column("movements"),
    Column("in the file", is_right=True),
    Column("posted", is_right=True),
    Column("suspended", is_right=True),
    Column("rejected", is_right=True),
    Column("repeated", is_right=True),
    Column("retold", is_right=True),
    Column("missing", is_right=True),
)


def list_files(
    register: BankFileRegister, *, first_day: date, last_day: date, is_of_webhooks: bool = False
) -> dict[str, Any]:
    """The document of the files received from one day to another, both included, oldest day first.

    Webhooks come by the thousand, so that they are counted, and listed alone where `is_of_webhooks`. One that could not
    be read is listed with the files.
    """
    days = [first_day + timedelta(days=offset) for offset in range((last_day - first_day).days + 1)]
    records = [record for day in days for record in register.read_files_received(day)]
    listed = [record for record in records if _is_webhook(record) is is_of_webhooks]
    return {
        "first_day": first_day.isoformat(),
        "last_day": last_day.isoformat(),
        "files": [_summary(record) for record in listed],
        "webhooks_not_listed": 0 if is_of_webhooks else len(records) - len(listed),
    }


def _is_webhook(record: BankFileRecord) -> bool:
    return record.status != "quarantined" and report_kind_of(record.format or "") in EVENT_KINDS


def write_file_list(document: dict[str, Any]) -> list[str]:
    """The files for people; a file in several currencies has a row for each."""
    period = f"from {document['first_day']} to {document['last_day']}"
    files, left_out = document["files"], document["webhooks_not_listed"]
    webhooks = [f"Webhooks beside these: {left_out}; --webhooks lists them."] if left_out else []
    if not files:
        return [f"No bank files were received {period}.", *webhooks]
    rows = [row for file in files for row in _list_rows(file)]
    return [*write_table(_LIST_COLUMNS, rows), "", f"{len(files)} received {period}.", *webhooks]


def show_file(register: BankFileRegister, file_id: str, *, as_of: date) -> dict[str, Any]:
    """The document of one file, given its id or the beginning of it.

    Raises `BankFileNotFoundError` and `BankFileAmbiguousError`.
    """
    record = find_file(register, file_id.lower(), as_of)
    results = list(register.read_chunk_results(record.file_id))
    return {
        **_summary(record),
        "incoming_version_id": record.incoming_version_id,
        "stored_key": record.stored_key,
        "problems": [dict(problem) for problem in record.problems],
        "statements": [dict(statement) for statement in record.statements],
        "posting": _posting(record, results),
    }


def write_file(document: dict[str, Any]) -> list[str]:
    """One file for people: what it is, what is wrong with it, what it says, and where its money went."""
    lines = write_fields(
        [
            ("file", document["file_id"]),
            ("dropped as", document["incoming_key"]),
            ("now at", document["stored_key"]),
            ("received on", document["received_on"]),
            ("format", show_value(document["format"])),
            ("verdict", document["verdict"].replace("_", " ")),
            ("status", document["status"]),
        ]
    )
    if document["problems"]:
        lines += ["", *write_table(_PROBLEM_COLUMNS, [_problem_row(problem) for problem in document["problems"]])]
    if document["statements"]:
        rows = [_statement_row(statement) for statement in document["statements"]]
        lines += ["", *write_table(_STATEMENT_COLUMNS, rows)]
    return [*lines, "", *_write_posting(document["posting"])]


def find_file(register: BankFileRegister, file_id: str, as_of: date) -> BankFileRecord:
    """The file of an id or the beginning of one. Raises `BankFileNotFoundError` and `BankFileAmbiguousError`."""
    if len(file_id) == FILE_ID_LENGTH:
        record = register.read_file(file_id)
        if record is None:
            raise BankFileNotFoundError(f"there is no bank file {file_id}; `pawledger files list` shows them")
        return record
    matches: list[BankFileRecord] = []
    for days_ago in range(DAYS_SEARCHED):
        received = register.read_files_received(as_of - timedelta(days=days_ago))
        matches += [record for record in received if record.file_id.startswith(file_id)]
    if not matches:
        raise BankFileNotFoundError(
            f"no bank file received in the {DAYS_SEARCHED} days up to {as_of} has an id that begins with {file_id}; "
            f"give the whole id, or --as-of a day soon after it was received"
        )
    if len(matches) > 1:
        named = ", ".join(record.file_id[: len(file_id) + 8] for record in matches[:MATCHES_NAMED_MAX])
        raise BankFileAmbiguousError(f"{len(matches)} bank files have ids that begin with {file_id}: {named}")
    return matches[0]


def _summary(record: BankFileRecord) -> dict[str, Any]:
    return {
        "file_id": record.file_id,
        "received_on": record.received_on.isoformat(),
        "provider": record.provider,
        "incoming_key": record.incoming_key,
        "format": record.format,
        "verdict": record.verdict,
        "status": record.status,
        "movement_count": record.movement_count,
        "credit_minor": dict(record.credit_minor),
        "debit_minor": dict(record.debit_minor),
        "problem_count": len(record.problems),
    }


def _posting(record: BankFileRecord, results: Sequence[ChunkResult]) -> dict[str, Any]:
    """What became of the file's movements. Amounts are credits less debits, by currency."""
    proof = prove_file_posting(record, results)
    return {
        "is_proven": record.status != "quarantined" and proof.is_complete,
        "chunk_count": record.chunk_count,
        "missing_chunks": list(proof.missing_chunks),
        "movement_count": record.movement_count,
        **{f"{part}_count": proof.counts[part] for part in PARTS},
        "missing_count": proof.missing_count,
        "in_file_minor": dict(proof.in_file_minor),
        **{f"{part}_minor": dict(proof.minor[part]) for part in PARTS},
        "missing_minor": dict(proof.missing_minor),
    }


def _list_rows(file: dict[str, Any]) -> list[list[str]]:
    currencies: list[str | None] = sorted({*file["credit_minor"], *file["debit_minor"]}) or [None]
    rows = []
    for currency in currencies:
        amounts = [show_amount(file[name].get(currency), currency) for name in ("credit_minor", "debit_minor")]
        rows.append(["", "", "", "", "", "", "", *amounts])
    rows[0][:7] = [
        file["received_on"],
        file["file_id"][:FILE_ID_SHOWN_LENGTH],
        file["incoming_key"].removeprefix("incoming/"),
        show_value(file["format"]),
        file["verdict"].replace("_", " "),
        file["status"],
        str(file["movement_count"]),
    ]
    return rows


def _problem_row(problem: Mapping[str, Any]) -> list[str]:
    return [show_value(problem.get(name)) for name in ("severity", "line", "field", "rule", "message")]


def _statement_row(statement: Mapping[str, Any]) -> list[str]:
    currency = statement.get("currency")
    opening, closing, credit, debit = (
        show_amount(statement.get(name), currency)
        for name in ("opening_minor", "closing_minor", "credit_minor", "debit_minor")
    )
    entries, returns = (show_value(statement.get(name)) for name in ("entry_count", "return_count"))
    return [show_value(statement.get("account")), opening, closing, entries, credit, debit, returns]


def _write_posting(posting: dict[str, Any]) -> list[str]:
    names = ("in_file", "posted", "suspended", "rejected", "repeated", "retold", "missing")
    counts = ["movement_count", *(f"{name}_count" for name in names[1:])]
    rows = [["number", *(str(posting[name]) for name in counts)]]
    rows += [
        [f"net {currency}", *(show_amount(posting[f"{name}_minor"].get(currency, 0), currency) for name in names)]
        for currency in sorted(posting["in_file_minor"])
    ]
    lines = write_table(_POSTING_COLUMNS, rows)
    chunks = posting["missing_chunks"]
    if posting["is_proven"]:
        return [*lines, "", "Proven: every movement is accounted for, to the minor unit."]
    if not chunks:
        return [*lines, "", "Not proven: nothing of this file was posted, or its totals differ."]
    named = ", ".join(map(str, chunks[:CHUNKS_NAMED_MAX])) + (", ..." if len(chunks) > CHUNKS_NAMED_MAX else "")
    missing = f"{len(chunks)} of {posting['chunk_count']} chunks have no result yet ({named})"
    return [*lines, "", f"Not proven: {missing}; look into the payments queue and its dead letters."]
