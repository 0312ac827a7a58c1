"""Chunks: only what is booked and has an amount, cut the same way every time, read back as it was."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date

import pytest

from pawledger.bank_files.records import Booking, Direction, Purpose, StatementEntry
from pawledger.domain.posting.bank_movements import Movement
from pawledger.services.messages import MessageRefusedError
from pawledger.services.receiving.payer_keys import PayerKeys
from pawledger.services.receiving.payment_chunks import (
    MOVEMENTS_PER_CHUNK,
    REFERENCE_CHARACTERS_MAX,
    REFERENCES_PER_MOVEMENT_MAX,
    TEXT_CHARACTERS_MAX,
    ChunkedMovement,
    cut_chunks,
    read_chunk,
    read_movements,
    write_chunk,
)
from tests.builders.services import FILE_ID, chunked_payment
from tests.fakes.secrets import MemoryPayerSecret

RECEIVED_ON = date(2026, 2, 3)
BOOKED = StatementEntry(
    bank_account="123",
    currency="EUR",
    amount_minor=1_000,
    direction=Direction.CREDIT,
    booked_on=date(2026, 2, 2),
    value_on=date(2026, 2, 1),
    identity=("test", "1"),
    posts=True,
    purpose=Purpose.PAYMENT,
    return_reason=None,
    type_code=None,
    references=("RF1",),
    mandate_id="M-1",
    payer_account="DE00",
    payer_name="Ann Smith",
    text="thanks",
    line=9,
    offset=None,
    booking=None,
)


def movements_of(
    entries: Iterable[StatementEntry],
    received_on: date,
    is_first_telling: Callable[[Booking], bool] = lambda booking: True,
) -> Iterator[ChunkedMovement]:
    """What is read where no booking was told before."""
    return read_movements(entries, received_on, is_first_telling, payer_keys=PayerKeys(MemoryPayerSecret()))


@pytest.mark.parametrize("entry", [BOOKED._replace(posts=False), BOOKED._replace(amount_minor=0)])
def test_what_is_only_announced_or_has_no_amount_is_not_posted(entry: StatementEntry) -> None:
    assert list(movements_of([entry], RECEIVED_ON)) == []


@pytest.mark.parametrize(
    ("direction", "purpose", "movement"),
    [
        (Direction.CREDIT, Purpose.PAYMENT, Movement.PAYMENT),
        (Direction.CREDIT, Purpose.RETURN, Movement.MONEY_BACK),
        (Direction.DEBIT, Purpose.RETURN, Movement.RETURN),
        (Direction.DEBIT, Purpose.PAYMENT, Movement.OTHER_DEBIT),
        (Direction.DEBIT, Purpose.FEE, Movement.PROVIDER_FEE),
        (Direction.CREDIT, Purpose.FEE, Movement.PROVIDER_FEE_REFUND),
        (Direction.DEBIT, Purpose.PAYOUT, Movement.PAYOUT),
        (Direction.CREDIT, Purpose.PAYOUT, Movement.PAYOUT_REVERSAL),
    ],
)
def test_direction_and_purpose_say_what_a_movement_is(
    direction: Direction, purpose: Purpose, movement: Movement
) -> None:
    (read,) = movements_of([BOOKED._replace(direction=direction, purpose=purpose)], RECEIVED_ON)
    assert read.movement is movement


@pytest.mark.parametrize(
    ("booked_on", "value_on", "expected"),
    [
        (date(2026, 2, 2), date(2026, 2, 1), date(2026, 2, 2)),
        (None, date(2026, 2, 1), date(2026, 2, 1)),
        (None, None, RECEIVED_ON),
    ],
)
def test_the_booking_day_is_the_banks_else_the_value_day_else_the_day_of_receipt(
    booked_on: date | None, value_on: date | None, expected: date
) -> None:
    (read,) = movements_of([BOOKED._replace(booked_on=booked_on, value_on=value_on)], RECEIVED_ON)
    assert read.booked_on == expected


@pytest.mark.parametrize(("day", "is_future"), [(3, False), (4, False), (5, True)])
def test_a_day_ahead_is_a_bank_in_the_east_and_two_days_are_the_future(day: int, is_future: bool) -> None:
    (read,) = movements_of([BOOKED._replace(booked_on=date(2026, 2, day))], RECEIVED_ON)
    assert read.is_future_dated is is_future


def test_names_and_account_numbers_of_payers_never_reach_a_chunk() -> None:
    text = write_chunk(FILE_ID, 1, movements_of([BOOKED], RECEIVED_ON))
    assert "Ann Smith" not in text
    assert "DE00" not in text


def test_long_clues_are_cut() -> None:
    references = tuple("R" * (REFERENCE_CHARACTERS_MAX + 1) for _ in range(REFERENCES_PER_MOVEMENT_MAX + 1))
    (read,) = movements_of([BOOKED._replace(references=references, text="t" * (TEXT_CHARACTERS_MAX + 1))], RECEIVED_ON)
    assert [len(reference) for reference in read.clues.references] == [140] * 20
    assert len(read.clues.text) == 2_000


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(0, []), (1, [1]), (MOVEMENTS_PER_CHUNK, [100]), (MOVEMENTS_PER_CHUNK + 1, [100, 1]), (250, [100, 100, 50])],
)
def test_movements_are_cut_by_the_hundred_and_numbered_from_one(count: int, sizes: list[int]) -> None:
    chunks = list(cut_chunks(chunked_payment(str(number)) for number in range(count)))
    assert [len(chunk) for _, chunk in chunks] == sizes
    assert [number for number, _ in chunks] == list(range(1, len(sizes) + 1))


def test_a_chunk_is_read_back_as_it_was_written() -> None:
    movements = (
        chunked_payment("1", references=["RF1", "E2E"], text="thänks", mandate_id="M-1"),
        chunked_payment("2", movement=Movement.RETURN, return_reason="AC04", is_future_dated=True, line=5, number=2),
        chunked_payment("3", movement=Movement.OTHER_DEBIT, currency="JPY", amount_minor=1, line=6, number=3),
    )
    assert read_chunk(write_chunk(FILE_ID, 1, movements), FILE_ID, 1) == movements


def test_empty_references_and_texts_that_say_nothing_do_not_make_a_chunk_unreadable() -> None:
    written = write_chunk(FILE_ID, 1, [chunked_payment(references=["", "RF1"], mandate_id="", return_reason="")])
    (read,) = read_chunk(written, FILE_ID, 1)
    assert (list(read.clues.references), read.clues.mandate_id, read.return_reason) == (["RF1"], None, None)


def test_the_same_movements_give_the_same_text() -> None:
    movements = [chunked_payment("1"), chunked_payment("2")]
    assert write_chunk(FILE_ID, 1, movements) == write_chunk(FILE_ID, 1, list(movements))


@pytest.mark.parametrize("name", ["payment_id", "movement", "amount_minor", "currency", "booked_on", "line"])
def test_a_movement_without_a_field_is_refused_by_name(name: str) -> None:
    chunk = json.loads(write_chunk(FILE_ID, 1, [chunked_payment()]))
    del chunk["movements"][0][name]
    with pytest.raises(MessageRefusedError, match=rf"field movements\[0\]\.{name} is missing"):
        read_chunk(json.dumps(chunk), FILE_ID, 1)


def test_a_chunk_of_another_schema_is_refused() -> None:
    with pytest.raises(MessageRefusedError, match="another schema"):
        read_chunk('{"schema": "payment_chunk.v2", "movements": []}', FILE_ID, 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"schema": "payment_chunk.v1", "movem', "is not JSON"),
        (write_chunk(FILE_ID, 1, [chunked_payment()]).replace('"payment"', '"gift"'), "movement should be one of"),
        (write_chunk(FILE_ID, 1, [chunked_payment(amount_minor=0)]), "amount_minor should be a number above zero"),
        (write_chunk(FILE_ID, 1, [chunked_payment(amount_minor=-1)]), "amount_minor should be a number above zero"),
        (write_chunk(FILE_ID, 2, [chunked_payment()]), "this is not chunk 1"),
        (write_chunk("e" * 64, 1, [chunked_payment()]), "this is not chunk 1"),
    ],
)
def test_a_damaged_chunk_is_refused_by_name(text: str, why: str) -> None:
    with pytest.raises(MessageRefusedError, match=why):
        read_chunk(text, FILE_ID, 1)


def test_a_booking_told_before_in_other_pieces_is_marked_and_asked_for_once() -> None:
    whole, items = Booking(("b", "1"), "whole"), Booking(("b", "2"), "0a1b")
    entries = [BOOKED._replace(booking=whole), *[BOOKED._replace(booking=items)] * 3, BOOKED]
    asked: list[Booking] = []

    def is_first_telling(booking: Booking) -> bool:
        asked.append(booking)
        return booking is whole

    read = list(movements_of(entries, RECEIVED_ON, is_first_telling))
    assert [movement.is_told_otherwise for movement in read] == [False, True, True, True, False]
    assert asked == [whole, items]


def test_where_a_movement_is_found_again_survives_the_chunk() -> None:
    (movement,) = movements_of([BOOKED._replace(offset=71_002)], RECEIVED_ON)
    assert (movement.offset, movement.identified(FILE_ID, (), None).offset) == (71_002, 71_002)
    marked = replace(movement, is_told_otherwise=True)
    for written in (movement, marked):
        (read,) = read_chunk(write_chunk(FILE_ID, 1, [written]), FILE_ID, 1)
        assert (read.offset, read.is_told_otherwise) == (written.offset, written.is_told_otherwise)


def test_a_chunk_holds_keys_of_the_payer_and_neither_name_nor_number() -> None:
    entry = BOOKED._replace(payer_account="DE89370400440532013000", payer_name="Ann Smith")
    (movement,) = movements_of([entry], RECEIVED_ON)
    text = write_chunk(FILE_ID, 1, [movement])
    assert (len(movement.clues.payer_key or ""), len(movement.clues.name_keys)) == (12, 3)
    assert not {"DE89370400440532013000", "370400440532013000", "Ann", "Smith", "smith"}.intersection(text.split('"'))
    (read,) = read_chunk(text, FILE_ID, 1)
    assert read.clues == replace(movement.clues, references=tuple(movement.clues.references))
    identified = read.identified(FILE_ID, (), None)
    assert (identified.payer_key, identified.name_keys) == (movement.clues.payer_key, movement.clues.name_keys)


def test_who_is_paid_is_no_payer() -> None:
    entry = BOOKED._replace(direction=Direction.DEBIT, payer_account="DE89370400440532013000", payer_name="Ann Smith")
    (movement,) = movements_of([entry], RECEIVED_ON)
    assert (movement.clues.payer_key, movement.clues.name_keys) == (None, ())
