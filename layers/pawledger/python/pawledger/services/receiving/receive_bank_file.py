"""Receiving a bank file: prove it whole before anything is posted, then cut it into chunks on the payments queue."""

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.formats import ADVICE_KINDS, EVENT_KINDS, report_kind_of
from pawledger.bank_files.inspection import report_as_json_object
from pawledger.bank_files.records import Booking, StatementEntry
from pawledger.bank_files.report import FileReport, Rule, Verdict
from pawledger.domain.canonical import hash_value
from pawledger.domain.errors import PawledgerError
from pawledger.domain.worklist.discrepancies import Discrepancy
from pawledger.ports import (
    BankFileRecord,
    BankFileRegister,
    BankFileStore,
    DiscrepancyBook,
    MessageQueue,
    ReferenceBook,
)
from pawledger.services.posting.settlements import SettlementOf, no_settlements_in
from pawledger.services.receiving import file_findings as findings
from pawledger.services.receiving.expectations import (
    ProfileOf,
    find_unexpected,
    is_event,
    is_posted,
    leave_out_told_elsewhere,
    reading_options_of,
)
from pawledger.services.receiving.file_calendar import heal_deliveries_of, spans_of
from pawledger.services.receiving.file_decisions import FileDecision, find_file_decision, heal_what_was_set_aside
from pawledger.services.receiving.file_findings import DroppedFile
from pawledger.services.receiving.hashing_stream import HashingStream
from pawledger.services.receiving.mandate_notices import NoticedFile, NoticePorts, announcing_notices
from pawledger.services.receiving.payer_keys import PayerKeys
from pawledger.services.receiving.payment_chunks import (
    DAYS_AHEAD_MAX,
    POST_PAYMENTS,
    ChunkedMovement,
    chunk_key_of,
    cut_chunks,
    read_movements,
    write_chunk,
)
from pawledger.services.receiving.statement_series import chained_statements, link_statements

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
class ReceivingPorts:
    """Everything that receiving touches."""

    store: BankFileStore
    register: BankFileRegister
    references: ReferenceBook
    discrepancies: DiscrepancyBook
    payments_queue: MessageQueue
    profile_of: ProfileOf
    payer_keys: PayerKeys
    notices: NoticePorts
    settlements_in: Callable[[str], SettlementOf] = no_settlements_in
    """Gives what recognises settlements in the files of a provider."""


@dataclass(frozen=True, slots=True)
class _Proof:
    """What the first reading of a file found."""

    file_id: str
    provider: str
    name: str
    report: FileReport
    profile: "ProviderProfile | None"
    is_accepted_by_person: bool = False
    """Whether a person had it posted although its profile does not expect it."""


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
    earlier_drop = known if known and not _is_drop_of(known, dropped) else None
    decision = find_file_decision(file_id, ports.discrepancies) if known else None
    if earlier_drop and not _may_be_taken_up(earlier_drop, proof, decision, ports.references):
        return _set_duplicate_aside(dropped, earlier_drop, ports)
    if report.verdict is not Verdict.ACCEPTED:
        return _quarantine(dropped, proof, findings.tell_verdict(dropped, file_id, report), ports)
    proof = replace(proof, is_accepted_by_person=decision is FileDecision.ACCEPTED)
    is_taken = proof.is_accepted_by_person or is_event(report)
    unexpected = None if is_taken else find_unexpected(profile, report)
    if unexpected:
        return _quarantine(dropped, proof, findings.tell_unexpected(dropped, file_id, unexpected), ports)
    earlier = _claim_logical_files(proof, ports.references)
    if earlier:
        return _quarantine(dropped, proof, findings.tell_conflict(dropped, file_id, earlier), ports)
    return _accept(dropped, proof, ports, expected_status=earlier_drop.status if earlier_drop else None)


def _is_drop_of(record: BankFileRecord, dropped: DroppedFile) -> bool:
    return (record.incoming_key, record.incoming_version_id) == (dropped.key, dropped.version_id)


def _may_be_taken_up(
    known: BankFileRecord, proof: _Proof, decision: FileDecision | None, references: ReferenceBook
) -> bool:
    """Whether a file that was proved and not posted may be posted now that it comes again.

    It was set aside as unexpected, or it is an advice whose format the profile did not name in `posts`; since then its
    profile has changed, or a person accepted it. What a person rejected is never taken up.
    """
    is_sound = proof.report.verdict is Verdict.ACCEPTED
    if known.movement_count or not is_sound or decision is FileDecision.REJECTED:
        return False
    if decision is FileDecision.ACCEPTED:
        return _find_owner(proof, references) is None
    if find_unexpected(proof.profile, proof.report):
        return False
    format_name = proof.report.format or ""
    was_left_out = report_kind_of(format_name) in ADVICE_KINDS and is_posted(proof.profile, format_name)
    return (known.status == "quarantined" or was_left_out) and _find_owner(proof, references) is None


def prove_file(stream: BinaryIO, profile: "ProviderProfile | None" = None) -> tuple[str, FileReport]:
    """Read a stream to its end: its SHA-256 and everything its reader found."""
    hashing = HashingStream(stream, FILE_BYTES_MAX)
    report = FileReport()
    deque(_read_entries(hashing, report, profile), maxlen=0)
    hashing.drain()
    if hashing.is_too_large:
        message = f"the file is larger than {FILE_BYTES_MAX} bytes"
        report.add(Rule.SYNTAX, "file.too_large", message)
    return hashing.hexdigest(), report


def _read_entries(
    stream: HashingStream, report: FileReport, profile: "ProviderProfile | None"
) -> Iterator[StatementEntry]:
    # Readers take nothing of a stream but `read`, and that is what is wrapped.
    return read_bank_file(cast("BinaryIO", stream), report, reading_options_of(profile))


def _accept(dropped: DroppedFile, proof: _Proof, ports: ReceivingPorts, *, expected_status: str | None) -> Outcome:
    totals = _Totals()
    opened = ports.store.open(dropped.key, dropped.version_id)
    if opened is None:
        return Outcome.GONE
    folder = f"archive/{proof.provider}/{proof.file_id}"
    with opened as stream:
        hashing = HashingStream(stream, FILE_BYTES_MAX)
        entries = _read_entries(hashing, FileReport(), proof.profile)
        movements = totals.counting(_movements_to_post(entries, dropped, proof, ports))
        for chunk_number, chunk in cut_chunks(movements):
            text = write_chunk(proof.file_id, chunk_number, chunk)
            ports.store.write_text(chunk_key_of(folder, chunk_number), text)
            totals.chunk_count = chunk_number
        hashing.drain()
    if hashing.hexdigest() != proof.file_id:
        raise BankFileChangedError(f"{dropped.key} changed while it was read; nothing of it is announced")
    record = _record(dropped, proof, status="posting", stored_key=f"{folder}/{proof.name}", totals=totals)
    if not ports.register.write_file(record, expected_status=expected_status):
        known = ports.register.read_file(proof.file_id)
        if known and not _is_drop_of(known, dropped):
            return _set_duplicate_aside(dropped, known, ports)
    _link(dropped, proof, ports)
    heal_deliveries_of(proof.profile, record, ports.discrepancies)
    ports.payments_queue.send(
        {
            "schema": POST_PAYMENTS,
            "file_id": proof.file_id,
            "chunk_number": chunk_number,
            "chunk_key": chunk_key_of(folder, chunk_number),
        }
        for chunk_number in range(1, totals.chunk_count + 1)
    )
    if record.movement_count:
        heal_what_was_set_aside(record.file_id, ports.discrepancies)
        if is_event(proof.report):
            ports.discrepancies.heal(findings.tell_events(dropped, proof.provider).discrepancy_id)
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
    file = NoticedFile(proof.file_id, proof.provider, dropped.received_on)
    noticed = announcing_notices(leave_out_told_elsewhere(profile, entries), file, ports.notices)
    if not proof.is_accepted_by_person and not _is_posted(proof):
        _tell_unposted(noticed if is_event(proof.report) else entries, dropped, proof, ports)
        return iter(())
    return read_movements(
        noticed,
        dropped.received_on,
        is_first_telling,
        payer_keys=ports.payer_keys,
        days_ahead_max=profile.tolerances.booking_days_ahead if profile else DAYS_AHEAD_MAX,
        settlement_of=ports.settlements_in(proof.provider),
        is_told_twice=profile is not None and profile.webhooks is not None,
    )


def _is_posted(proof: _Proof) -> bool:
    """Whether the movements of an accepted file are posted. An event that its profile does not expect only informs."""
    is_unexpected = is_event(proof.report) and find_unexpected(proof.profile, proof.report) is not None
    return is_posted(proof.profile, proof.report.format or "") and not is_unexpected


def _tell_unposted(
    entries: Iterable[StatementEntry], dropped: DroppedFile, proof: _Proof, ports: ReceivingPorts
) -> None:
    """Tell of money that no profile says anything of: of an advice once for each file, of events once a provider."""
    is_unknown = proof.profile is None or (
        is_event(proof.report) and find_unexpected(proof.profile, proof.report) is not None
    )
    # To the end, because notices are told while they pass by.
    has_money = sum(1 for entry in entries if entry.posts and entry.amount_minor) > 0
    if not is_unknown or not has_money:
        return
    if is_event(proof.report):
        ports.discrepancies.record(findings.tell_events(dropped, proof.provider))
    else:
        ports.discrepancies.record(findings.tell_advice(dropped, proof.file_id, proof.report))


def _link(dropped: DroppedFile, proof: _Proof, ports: ReceivingPorts) -> None:
    """Give the statements of a file their places in their series, and tell of those that correct others."""
    summaries, profile = proof.report.statements, proof.profile
    if any(summary.is_correction for summary in summaries):
        ports.discrepancies.record(findings.tell_correction(dropped, proof.file_id, proof.report))
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
    """The same bytes were received before: keep this drop beside the first, post nothing, tell a person.

    Providers send events again all the time, of which nobody need know.
    """
    if report_kind_of(known.format or "") not in EVENT_KINDS:
        ports.discrepancies.record(findings.tell_duplicate(dropped, known))
    ports.store.move(dropped.key, dropped.version_id, known.stored_key)
    return Outcome.DUPLICATE


def _refuse_key(dropped: DroppedFile, ports: ReceivingPorts) -> Outcome:
    safe_name = hash_value([dropped.key, dropped.version_id])[:32]
    ports.discrepancies.record(findings.tell_refused_key(dropped, safe_name))
    ports.store.move(dropped.key, dropped.version_id, f"quarantine/refused/{safe_name}")
    return Outcome.REFUSED


def _logical_file_references(proof: _Proof) -> list[str]:
    """Under which references the logical files of a file are claimed, and its unpacked content.

    A file that comes plain and packed is known again by its content.
    """
    content = ("content", proof.report.content_hash or proof.file_id)
    identities = [*proof.report.logical_file_ids, content]
    return [f"logical_file#{hash_value([proof.provider, *identity])}" for identity in identities]


def _find_owner(proof: _Proof, references: ReferenceBook) -> str | None:
    """The id of another file that brought one of the logical files inside earlier, or None."""
    owners = map(references.find, _logical_file_references(proof))
    return next((owner for owner in owners if owner not in (None, proof.file_id)), None)


def _claim_logical_files(proof: _Proof, references: ReferenceBook) -> str | None:
    """Claim each logical file inside; the id of another file that brought one of them earlier, or None.

    All are looked up before any is claimed: a file that is refused for one must not hold the others.
    """
    owner = _find_owner(proof, references)
    if owner is not None:
        return owner
    owners = (references.claim(name, proof.file_id) for name in _logical_file_references(proof))
    return next((owner for owner in owners if owner != proof.file_id), None)


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
        received_at=dropped.received_at.astimezone(UTC).isoformat() if dropped.received_at else None,
        told_days=spans_of(proof.report.statements),
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
