"""A file that was set aside is posted after all, or never: only where every total of it agrees."""

from datetime import UTC, datetime

import pytest

from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, DiscrepancyStatus, ResolutionCommand
from pawledger.domain.worklist.discrepancy_life import DiscrepancyClosedError, NothingToUndoError
from pawledger.domain.worklist.resolutions import CommandDoesNotFitError
from pawledger.ports import BankFileRecord
from pawledger.rules.provider_profiles import ProviderProfile, profile_from_toml
from pawledger.services.posting.post_payments import post_payments
from pawledger.services.receiving.decide_file import FileDecisionPorts, FileNotAcceptableError, decide_file
from pawledger.services.receiving.file_findings import DroppedFile
from pawledger.services.receiving.receive_bank_file import Outcome, receive_bank_file
from pawledger.services.resolving.resolve_discrepancy import Deed, Resolved
from tests.builders.bank_statements import Line, build_bai2
from tests.builders.resolutions import undo
from tests.builders.services import RECEIVED_ON, connect_posting, connect_receiving
from tests.fakes.memory import MemoryWorld

ACCEPT, REJECT = ResolutionCommand.ACCEPT_FILE, ResolutionCommand.REJECT_FILE
KEY = "incoming/bank/day.bai"
NOW = datetime(2026, 2, 4, 9, tzinfo=UTC)
# The profile expects another format, so that a sound BAI2 file is set aside.
PROFILE = profile_from_toml("bank", 'provider = "bank"\ntitle = "A bank"\nformats = ["camt.053"]\n')
SOUND = build_bai2([Line(amount_minor=1_000), Line(amount_minor=500)])


def drop(world: MemoryWorld, data: bytes, key: str = KEY, profile: ProviderProfile = PROFILE) -> Outcome:
    version_id = world.bank_file_store.drop(key, data)
    return receive_bank_file(DroppedFile(key, version_id, RECEIVED_ON), connect_receiving(world, profile))


def is_dropped(world: MemoryWorld) -> bool:
    return world.bank_file_store.open(KEY, None) is not None


def receive_what_was_put_back(world: MemoryWorld) -> Outcome:
    assert is_dropped(world)
    return receive_bank_file(DroppedFile(KEY, None, RECEIVED_ON), connect_receiving(world, PROFILE))


def found_in(world: MemoryWorld) -> Discrepancy:
    return next(recorded.discrepancy for recorded in world.discrepancy_book.list_open())


def decide(world: MemoryWorld, found: Discrepancy, command: ResolutionCommand, *, is_preview: bool = False) -> Resolved:
    deed = Deed(found.discrepancy_id, "operator", "The bank changed its format.", NOW, str(command))
    ports = FileDecisionPorts(world.discrepancy_book, world.bank_file_register, world.bank_file_store)
    return decide_file(deed, command, ports, is_preview=is_preview)


def record_of(world: MemoryWorld, found: Discrepancy) -> BankFileRecord:
    record = world.bank_file_register.read_file(found.subject)
    assert record is not None
    return record


def test_an_accepted_file_is_received_again_and_posted() -> None:
    world = MemoryWorld()
    assert drop(world, SOUND) is Outcome.QUARANTINED
    found = found_in(world)
    assert found.kind is DiscrepancyKind.FILE_UNEXPECTED
    decide(world, found, ACCEPT, is_preview=True)
    assert world.bank_file_store.keys() == [record_of(world, found).stored_key]
    done = decide(world, found, ACCEPT)
    assert done.recorded.status is DiscrepancyStatus.RESOLVED
    assert receive_what_was_put_back(world) is Outcome.ACCEPTED
    record = record_of(world, found)
    assert (record.movement_count, dict(record.credit_minor)) == (2, {"EUR": 1_500})
    for message in world.payments_queue.take():
        post_payments(message, connect_posting(world))
    assert len(world.rows.entries) == 2
    assert decide(world, found, ACCEPT).is_repeated
    assert not is_dropped(world)


def test_a_rejected_file_stays_aside_also_where_its_profile_would_take_it_now() -> None:
    world = MemoryWorld()
    drop(world, SOUND)
    found = found_in(world)
    decide(world, found, REJECT)
    takes_it = profile_from_toml("bank", 'provider = "bank"\ntitle = "A bank"\nformats = ["bai2"]\n')
    assert drop(world, SOUND, "incoming/bank/again.bai", takes_it) is Outcome.DUPLICATE
    assert record_of(world, found).status == "quarantined"
    undo(world, found)
    assert drop(world, SOUND, "incoming/bank/third.bai", takes_it) is Outcome.ACCEPTED
    healed = world.discrepancy_book.read(found.discrepancy_id)
    assert healed is not None
    assert healed.status is DiscrepancyStatus.HEALED


def test_whoever_was_killed_before_the_file_was_put_back_puts_it_back_the_next_time() -> None:
    world = MemoryWorld()
    drop(world, SOUND)
    found = found_in(world)

    def kill(port: str, method: str, arguments: tuple[object, ...]) -> None:
        if method == "move":
            raise ConnectionError("killed")

    world.before_call = kill
    with pytest.raises(ConnectionError):
        decide(world, found, ACCEPT)
    world.before_call = lambda port, method, arguments: None
    assert not is_dropped(world)
    assert decide(world, found, ACCEPT).is_repeated
    assert receive_what_was_put_back(world) is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"nothing that a bank would send", DiscrepancyKind.FILE_UNREADABLE),
        (SOUND.replace(b"1500", b"1501"), DiscrepancyKind.FILE_OUT_OF_BALANCE),
    ],
)
def test_what_is_not_proved_is_never_accepted_but_can_be_rejected(data: bytes, kind: DiscrepancyKind) -> None:
    world = MemoryWorld()
    assert drop(world, data) is Outcome.QUARANTINED
    found = found_in(world)
    assert found.kind is kind
    with pytest.raises(CommandDoesNotFitError, match="what does: reject-file, dismiss"):
        decide(world, found, ACCEPT)
    decide(world, found, REJECT)
    with pytest.raises(DiscrepancyClosedError):
        decide(world, found, ACCEPT)


def test_a_file_that_is_not_known_or_posted_already_is_refused() -> None:
    world = MemoryWorld()
    unknown = Discrepancy(DiscrepancyKind.FILE_UNEXPECTED, "0" * 64, RECEIVED_ON, "x")
    world.discrepancy_book.record(unknown)
    with pytest.raises(FileNotAcceptableError, match="there is no file 000000000000"):
        decide(world, unknown, ACCEPT)
    takes_it = profile_from_toml("bank", 'provider = "bank"\ntitle = "A bank"\nformats = ["bai2"]\n')
    drop(world, SOUND, profile=takes_it)
    (file_id,) = world.rows.bank_files
    posted = Discrepancy(DiscrepancyKind.FILE_UNEXPECTED, file_id, RECEIVED_ON, "x")
    world.discrepancy_book.record(posted)
    with pytest.raises(FileNotAcceptableError, match="is posted already"):
        decide(world, posted, ACCEPT)


def test_an_accepted_file_is_not_undone() -> None:
    world = MemoryWorld()
    drop(world, SOUND)
    found = found_in(world)
    decide(world, found, ACCEPT)
    with pytest.raises(NothingToUndoError, match="an accepted file is posted"):
        undo(world, found)
