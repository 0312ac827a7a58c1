"""The same money told by notification, interim report and statement is posted once, whichever comes first."""

from datetime import date
from itertools import permutations

import pytest

from pawledger.domain.books.entries import LedgerAccount
from pawledger.services.closing.close_day import close_day
from pawledger.services.posting.post_payments import post_payments
from pawledger.services.receiving.file_findings import DroppedFile
from pawledger.services.receiving.receive_bank_file import Outcome, receive_bank_file
from tests.builders.camt053_file import Detail, Entry, told_in
from tests.builders.mt940_file import Row, write_mt940, write_mt942
from tests.builders.services import (
    RECEIVED_ON,
    connect_closing,
    connect_posting,
    connect_receiving,
    kinds_of_discrepancies,
)
from tests.fakes.memory import MemoryWorld

SINGLE = Entry(2_990, (Detail(2_990, end_to_end_id="E2E-1", payer_name="Ann"),), bank_reference="BANK-1")
ITEMS = tuple(Detail(amount, end_to_end_id=f"E2E-{amount}") for amount in (1_000, 2_000, 500))
BATCH_WHOLE = Entry(3_500, bank_reference="BANK-2")
BATCH_IN_ITEMS = Entry(3_500, ITEMS, bank_reference="BANK-2")
NOTIFICATION = told_in("camt.054", SINGLE, BATCH_IN_ITEMS, message_id="NOTIFIED")
INTERIM = told_in("camt.052", SINGLE, message_id="INTERIM")
STATEMENT = told_in("camt.053", SINGLE, BATCH_WHOLE, message_id="STATED")
TOTAL_MINOR = 2_990 + 3_500


def post_all(world: MemoryWorld, *files: bytes, received_on: date = RECEIVED_ON) -> None:
    """Receive and post files, one after the other, and close the day."""
    for number, data in enumerate(files):
        key = f"incoming/bank/{number}"
        dropped = DroppedFile(key, world.bank_file_store.drop(key, data), received_on)
        assert receive_bank_file(dropped, connect_receiving(world)) is Outcome.ACCEPTED
        for message in world.payments_queue.take():
            post_payments(message, connect_posting(world))
    proof = close_day(received_on, connect_closing(world))
    assert (proof.files_proven, proof.files_unproven) == (len(files), 0)


def cash_minor(world: MemoryWorld) -> int:
    return sum(head.balance_minor(LedgerAccount.CASH, "EUR") for head in world.ledger.scan_heads())


@pytest.mark.parametrize("order", list(permutations((NOTIFICATION, INTERIM, STATEMENT))))
def test_camt_reports_post_their_money_once_in_every_order(order: tuple[bytes, ...]) -> None:
    world = MemoryWorld()
    post_all(world, *order)
    assert cash_minor(world) == TOTAL_MINOR
    # Told by another kind of report is as it should be, and nobody need know.
    assert set(kinds_of_discrepancies(world)) == {"unidentified_payment"}


def test_what_comes_first_decides_in_which_pieces_a_booking_is_posted() -> None:
    for order, pieces in (((NOTIFICATION, STATEMENT), 4), ((STATEMENT, NOTIFICATION), 2)):
        world = MemoryWorld()
        post_all(world, *order)
        assert len(world.rows.entries) == pieces
        assert cash_minor(world) == TOTAL_MINOR


def test_a_statement_sent_again_posts_what_is_new_and_tells_the_overlap() -> None:
    world = MemoryWorld()
    corrected = told_in("camt.053", SINGLE, BATCH_WHOLE, Entry(70, bank_reference="BANK-3"), message_id="AGAIN")
    post_all(world, STATEMENT, corrected)
    assert cash_minor(world) == TOTAL_MINOR + 70
    assert "file_overlap" in kinds_of_discrepancies(world)


@pytest.mark.parametrize("is_interim_first", [True, False])
def test_mt942_and_mt940_post_their_money_once(is_interim_first: bool) -> None:
    rows = [
        Row(2_990, "EREF+E2E-1SVWZ+premium", bank_reference="NB1"),
        Row(500, "EREF+E2E-2SVWZ+premium", bank_reference="NB2"),
    ]
    later = Row(40, "EREF+E2E-3SVWZ+late", bank_reference="NB3")
    without_reference = Row(7, "EREF+E2E-4SVWZ+other words")
    interim = write_mt942([*rows, without_reference])
    statement = write_mt940([*rows, without_reference, later])
    world = MemoryWorld()
    post_all(
        world, *((interim, statement) if is_interim_first else (statement, interim)), received_on=date(2026, 11, 24)
    )
    assert cash_minor(world) == 2_990 + 500 + 40 + 7
    assert set(kinds_of_discrepancies(world)) == {"unidentified_payment"}
