"""Receiving a bank file: prove it whole before anything is posted, then cut it into chunks on the payments queue."""

import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.inspection import report_as_json_object
from pawledger.bank_files.records import Booking, StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from pawledger.domain.canonical import hash_value
from pawledger.domain.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.domain.errors import PawledgerError
from pawledger.ports import (
    BankFileRecord,
    BankFileRegister,
    BankFileStore,
    DiscrepancyBook,
    MessageQueue,
    ReferenceBook,
)
from pawledger.services.expectations import (
    ProfileOf,
    find_unexpected,
    is_posted,
    leave_out_told_elsewhere,
    reading_options_of,
)
from pawledger.services.payment_chunks import (
    DAYS_AHEAD_MAX,
    POST_PAYMENTS,
    ChunkedMovement,
    cut_chunks,
    read_movements,
    write_chunk,
)
from pawledger.services.statement_series import chained_statements, link_statements

if TYPE_CHECKING:
    from pawledger.rules.provider_profiles import ProviderProfile

INCOMING_KEY_PATTERN: Final = re.compile(r"incoming/([a-z0-9][a-z0-9-]{0,39})/([A-Za-z0-9][A-Za-z0-9_.-]{0,199})")
"""Provider and name; anything else in a key could mislead a person, a path or a log."""

FILE_BYTES_MAX: Final = 2 * 1024**3
"""Two gigabytes, some ten million movements: more than the largest bank file seen, less than a function can read."""

STATEMENTS_KEPT_MAX: Final = 100
PROBLEMS_KEPT_MAX: Final = 20
"""What the register remembers of a file, so that its item stays far below DynamoDB's 400 KB; `inspect` shows all."""

ACCOUNT_CHARACTERS_KEPT_MAX: Final = 40
"""An IBAN has 34 characters; what a hostile file calls an account may have thousands."""

_DRAIN_BLOCK_BYTES: Final = 1024 * 1024


class BankFileChangedError(PawledgerError):
    """The object's bytes changed between proving and cutting; the message comes again and proves what is there now."""


class Outcome(StrEnum):
    """What became of a dropped file."""

    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    GONE = "gone"
    """An earlier delivery of the same event has finished the work."""


@dataclass(frozen=True, slots=True)
class DroppedFile:
    """One drop of one file into the bucket."""

    key: str
    version_id: str | None
    received_on: date


@dataclass(frozen=True, slots=True)
class ReceivingPorts:
    """Everything that receiving touches."""

    store: BankFileStore
    register: BankFileRegister
    references: ReferenceBook
    discrepancies: DiscrepancyBook
    payments_queue: MessageQueue
    profile_of: ProfileOf


@dataclass(frozen=True, slots=True)
class _Proof:
    """What the first reading of a file found."""

    file_id: str
    provider: str
    name: str
    report: FileReport
    profile: "ProviderProfile | None"


def receive_bank_file(dropped: DroppedFile, ports: ReceivingPorts) -> Outcome:
    """Take in one dropped file. Every step can be repeated, so a killed call is simply made again.

    The file is read twice: once to its end to prove it, once to cut it. Between the two it cannot change, because both
    read the same version of the same object, and the cut must have the hash of what was proven.
    """
    match = INCOMING_KEY_PATTERN.fullmatch(dropped.key)
    if not match:
        return _refuse_key(dropped, ports)
    opened = ports.store.open(dropped.key, dropped.version_id)
    if opened is None:
        return Outcome.GONE
    profile = ports.profile_of(match[1])
    with opened as stream:
        file_id, report = prove_file(stream, profile)
    proof = _Proof(file_id, match[1], match[2], report, profile)
    known = ports.register.read_file(file_id)
    if known and (known.incoming_key, known.incoming_version_id) != (dropped.key, dropped.version_id):
        return _set_duplicate_aside(dropped, known, ports)
    if report.verdict is not Verdict.ACCEPTED:
        return _quarantine(dropped, proof, _verdict_discrepancy(dropped, proof), ports)
    unexpected = find_unexpected(profile, report)
    if unexpected:
        what = f"{dropped.key} is not posted: {unexpected}."
        found = Discrepancy(DiscrepancyKind.FILE_UNEXPECTED, file_id, dropped.received_on, what)
        return _quarantine(dropped, proof, found, ports)
    earlier = _claim_logical_files(proof, ports.references)
    if earlier:
        return _quarantine(dropped, proof, _conflict_discrepancy(dropped, proof, earlier), ports)
    return _accept(dropped, proof, ports)


def prove_file(stream: BinaryIO, profile: "ProviderProfile | None" = None) -> tuple[str, FileReport]:
    """Read a stream to its end: its SHA-256 and everything its reader found."""
    hashing = _HashingStream(stream)
    report = FileReport()
    for _ in _read_entries(hashing, report, profile):
        pass
    hashing.drain()
    if hashing.is_too_large:
        message = f"the file is larger than {FILE_BYTES_MAX} bytes"
        report.add(Rule.SYNTAX, "file.too_large", message)
    return hashing.hexdigest(), report


def _read_entries(
    stream: "_HashingStream", report: FileReport, profile: "ProviderProfile | None"
) -> Iterator[StatementEntry]:
    # Readers take nothing of a stream but `read`, and that is what is wrapped.
    return read_bank_file(cast("BinaryIO", stream), report, reading_options_of(profile))


def _accept(dropped: DroppedFile, proof: _Proof, ports: ReceivingPorts) -> Outcome:
    totals = _Totals()
    opened = ports.store.open(dropped.key, dropped.version_id)
    if opened is None:
        return Outcome.GONE
    folder = f"archive/{proof.provider}/{proof.file_id}"
    with opened as stream:
        hashing = _HashingStream(stream)
        entries = _read_entries(hashing, FileReport(), proof.profile)
        movements = totals.counting(_movements_to_post(entries, dropped, proof, ports))
        for chunk_number, chunk in cut_chunks(movements):
            text = write_chunk(proof.file_id, chunk_number, chunk)
            ports.store.write_text(_chunk_key(folder, chunk_number), text)
            totals.chunk_count = chunk_number
        hashing.drain()
    if hashing.hexdigest() != proof.file_id:
        raise BankFileChangedError(f"{dropped.key} changed while it was read; nothing of it is announced")
    record = _record(dropped, proof, status="posting", stored_key=f"{folder}/{proof.name}", totals=totals)
    if not ports.register.write_file(record, expected_status=None):
        known = ports.register.read_file(proof.file_id)
        if known and (known.incoming_key, known.incoming_version_id) != (dropped.key, dropped.version_id):
            return _set_duplicate_aside(dropped, known, ports)
    _link(dropped, proof, ports)
    ports.payments_queue.send(
        {
            "schema": POST_PAYMENTS,
            "file_id": proof.file_id,
            "chunk_number": chunk_number,
            "chunk_key": _chunk_key(folder, chunk_number),
        }
        for chunk_number in range(1, totals.chunk_count + 1)
    )
    ports.store.move(dropped.key, dropped.version_id, record.stored_key)
    return Outcome.ACCEPTED


def _movements_to_post(
    entries: Iterator[StatementEntry], dropped: DroppedFile, proof: _Proof, ports: ReceivingPorts
) -> Iterator[ChunkedMovement]:
    """The movements of a file, none where its kind only informs; a booking told before in other pieces is marked."""

    def is_first_telling(booking: Booking) -> bool:
        name = f"booking#{hash_value(list(booking.identity))}"
        return ports.references.claim(name, booking.telling) == booking.telling

    profile = proof.profile
    movements = read_movements(
        filter(leave_out_told_elsewhere(profile), entries),
        dropped.received_on,
        is_first_telling,
        days_ahead_max=profile.tolerances.booking_days_ahead if profile else DAYS_AHEAD_MAX,
    )
    if is_posted(profile, proof.report.format or ""):
        return movements
    if profile is None and any(entry.posts and entry.amount_minor for entry in entries):
        what = f"{dropped.key} is an advice ({proof.report.format}); it is proved and kept, and none of it is posted."
        kind = DiscrepancyKind.ADVICE_NOT_POSTED
        ports.discrepancies.record(Discrepancy(kind, proof.file_id, dropped.received_on, what))
    return iter(())


def _link(dropped: DroppedFile, proof: _Proof, ports: ReceivingPorts) -> None:
    """Give the statements of a file their places in their series, and tell of those that correct others."""
    summaries, profile = proof.report.statements, proof.profile
    corrections = sum(summary.is_correction for summary in summaries)
    if corrections:
        what = (
            f"The bank says that {corrections} of the {len(summaries)} statements in {dropped.key} replace or delete "
            f"what it told before; what is new in them is posted, nothing is taken back."
        )
        kind = DiscrepancyKind.STATEMENT_CORRECTED
        ports.discrepancies.record(Discrepancy(kind, proof.file_id, dropped.received_on, what))
    link_statements(
        list(chained_statements(summaries, proof.file_id)),
        dropped.received_on,
        register=ports.register,
        discrepancies=ports.discrepancies,
        has_number_gaps=profile is not None and profile.tolerances.has_number_gaps,
    )


def _quarantine(dropped: DroppedFile, proof: _Proof, discrepancy: Discrepancy, ports: ReceivingPorts) -> Outcome:
    stored_key = f"quarantine/{proof.provider}/{proof.file_id}/{proof.name}"
    record = _record(dropped, proof, status="quarantined", stored_key=stored_key, totals=_Totals())
    ports.register.write_file(record, expected_status=None)
    ports.discrepancies.record(discrepancy)
    ports.store.move(dropped.key, dropped.version_id, stored_key)
    return Outcome.QUARANTINED


def _set_duplicate_aside(dropped: DroppedFile, known: BankFileRecord, ports: ReceivingPorts) -> Outcome:
    """The same bytes were received before: keep this drop beside the first, post nothing, tell a person."""
    fate = "refused" if known.status == "quarantined" else "taken in"
    what = f"{dropped.key} holds the same bytes as {known.incoming_key}, which was {fate} on {known.received_on}."
    subject = f"{dropped.key}#{dropped.version_id}"
    ports.discrepancies.record(Discrepancy(DiscrepancyKind.FILE_DUPLICATE, subject, dropped.received_on, what))
    ports.store.move(dropped.key, dropped.version_id, known.stored_key)
    return Outcome.DUPLICATE


def _refuse_key(dropped: DroppedFile, ports: ReceivingPorts) -> Outcome:
    safe_name = hash_value([dropped.key, dropped.version_id])[:32]
    what = (
        f"A file was dropped under a key that is not incoming/<provider>/<name> of plain letters and digits; "
        f"it waits as quarantine/refused/{safe_name}."
    )
    ports.discrepancies.record(Discrepancy(DiscrepancyKind.FILE_REFUSED, safe_name, dropped.received_on, what))
    ports.store.move(dropped.key, dropped.version_id, f"quarantine/refused/{safe_name}")
    return Outcome.REFUSED


def _claim_logical_files(proof: _Proof, references: ReferenceBook) -> str | None:
    """Claim each logical file inside; the id of another file that brought one of them earlier, or None.

    The unpacked content is one of them: a file that comes plain and packed is known again.
    """
    content = ("content", proof.report.content_hash or proof.file_id)
    identities = [*proof.report.logical_file_ids, content]
    names = [f"logical_file#{hash_value([proof.provider, *identity])}" for identity in identities]
    # All are looked up before any is claimed: a file that is refused for one must not hold the others.
    owners = itertools.chain(
        (references.find(name) for name in names),
        (references.claim(name, proof.file_id) for name in names),
    )
    return next((owner for owner in owners if owner not in (None, proof.file_id)), None)


def _verdict_discrepancy(dropped: DroppedFile, proof: _Proof) -> Discrepancy:
    kind = {
        Verdict.UNREADABLE: DiscrepancyKind.FILE_UNREADABLE,
        Verdict.OUT_OF_BALANCE: DiscrepancyKind.FILE_OUT_OF_BALANCE,
    }[proof.report.verdict]
    first = next((problem for problem in proof.report.problems if problem.severity == "error"), None)
    # Only where and which rule: a problem's message may quote the file, and alerts hold nothing of a file.
    fault = f"{first.rule} on line {first.line or 1}, {first.field or 'record'}" if first else "behind many warnings"
    count = proof.report.problem_count
    what = (
        f"{dropped.key} is not posted: {fault}; {count} {'problem' if count == 1 else 'problems'} in all, "
        f"shown by `pawledger files show {proof.file_id[:12]}`."
    )
    return Discrepancy(kind, proof.file_id, dropped.received_on, what)


def _conflict_discrepancy(dropped: DroppedFile, proof: _Proof, earlier: str) -> Discrepancy:
    what = f"{dropped.key} is, or holds a file that is, known from one with other bytes ({earlier[:12]})."
    return Discrepancy(DiscrepancyKind.FILE_CONFLICT, proof.file_id, dropped.received_on, what)


def _chunk_key(folder: str, chunk_number: int) -> str:
    return f"{folder}/payments/{chunk_number:05d}.json"


def _record(dropped: DroppedFile, proof: _Proof, *, status: str, stored_key: str, totals: "_Totals") -> BankFileRecord:
    written = report_as_json_object(proof.name, proof.report)
    problems = written["problems"]
    statements = [{**each, "account": each["account"][:ACCOUNT_CHARACTERS_KEPT_MAX]} for each in written["statements"]]
    return BankFileRecord(
        file_id=proof.file_id,
        status=status,
        provider=proof.provider,
        incoming_key=dropped.key,
        incoming_version_id=dropped.version_id,
        stored_key=stored_key,
        received_on=dropped.received_on,
        format=proof.report.format,
        verdict=proof.report.verdict,
        problems=tuple(problems[:PROBLEMS_KEPT_MAX]),
        statements=tuple(statements[:STATEMENTS_KEPT_MAX]),
        chunk_count=totals.chunk_count,
        movement_count=totals.movement_count,
        credit_minor=dict(totals.credit_minor),
        debit_minor=dict(totals.debit_minor),
    )


class _Totals:
    """Counts the movements of a file while they pass by."""

    def __init__(self) -> None:
        self.chunk_count = 0
        self.movement_count = 0
        self.credit_minor: Counter[str] = Counter()
        self.debit_minor: Counter[str] = Counter()

    def counting(self, movements: Iterator[ChunkedMovement]) -> Iterator[ChunkedMovement]:
        for movement in movements:
            self.movement_count += 1
            totals = self.credit_minor if movement.movement.is_credit else self.debit_minor
            totals[movement.currency] += movement.amount_minor
            yield movement


class _HashingStream:
    """Hashes what is read through it, and ends early where a file is larger than may be."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()
        self._byte_count = 0

    @property
    def is_too_large(self) -> bool:
        return self._byte_count > FILE_BYTES_MAX

    def read(self, size: int = -1) -> bytes:
        if self.is_too_large:
            return b""
        block = self._stream.read(_DRAIN_BLOCK_BYTES if size < 0 else size)
        self._hash.update(block)
        self._byte_count += len(block)
        return block

    def drain(self) -> None:
        """Read what the reader left, so that the hash is of the whole file."""
        while self.read(_DRAIN_BLOCK_BYTES):
            pass

    def hexdigest(self) -> str:
        return self._hash.hexdigest()
