"""The bucket's promises, kept by the fake and by S3 alike."""

import io

import pytest

from pawledger.ports import StoredObjectMissingError
from tests.functional.worlds import World

KEY = "incoming/first-bank/march.sta"
TARGET = "archive/first-bank/aa/march.sta"
ODD_KEYS = [
    "incoming/bank/with blank and+plus.txt",
    "incoming/bank/percent%20and%2Fslash",
    "incoming/bank/überweisung €.sta",
    "incoming/bank//two slashes",
    "incoming/bank/question?mark&ampersand=1#hash",
    "incoming/bank/..",
]


def read_all(world: World, key: str, version_id: str | None = None) -> bytes | None:
    opened = world.bank_file_store.open(key, version_id)
    if opened is None:
        return None
    with opened as stream:
        return stream.read()


def test_a_dropped_object_is_read_as_it_was_dropped(world: World) -> None:
    data = bytes(range(256)) * 5
    version_id = world.drop(KEY, data)
    assert read_all(world, KEY) == data
    assert read_all(world, KEY, version_id) == data


def test_an_object_is_read_in_pieces_of_any_size(world: World) -> None:
    data = b"".join(b"%07d\n" % number for number in range(100_000))
    world.drop(KEY, data)
    opened = world.bank_file_store.open(KEY, None)
    assert opened is not None
    with opened as stream:
        pieces = [stream.read(1), stream.read(7), stream.readline(), stream.read(500_001), stream.read()]
        assert stream.read(1) == b""
    assert b"".join(pieces) == data
    assert [len(piece) for piece in pieces[:4]] == [1, 7, 8, 500_001]


def test_an_object_may_be_left_before_its_end(world: World) -> None:
    world.drop(KEY, b"x" * 1_000_000)
    opened = world.bank_file_store.open(KEY, None)
    assert opened is not None
    with opened as stream:
        assert stream.read(3) == b"xxx"
    assert stream.closed
    assert read_all(world, KEY) == b"x" * 1_000_000


def test_an_object_that_is_not_there_is_none_by_key_and_by_version(world: World) -> None:
    version_id = world.drop(KEY, b"1")
    assert world.bank_file_store.open("incoming/first-bank/april.sta", None) is None
    assert world.bank_file_store.open("incoming/first-bank/april.sta", version_id) is None


def test_an_empty_object_is_there(world: World) -> None:
    world.drop(KEY, b"")
    assert read_all(world, KEY) == b""


def test_a_version_stays_readable_after_another_was_dropped_over_it(world: World) -> None:
    first, second = world.drop(KEY, b"first"), world.drop(KEY, b"second")
    assert (read_all(world, KEY, first), read_all(world, KEY, second), read_all(world, KEY)) == (
        b"first",
        b"second",
        b"second",
    )


def test_a_moved_object_is_at_its_target_alone(world: World) -> None:
    version_id = world.drop(KEY, b"data")
    world.bank_file_store.move(KEY, version_id, TARGET)
    assert world.keys() == [TARGET]
    assert (read_all(world, TARGET), read_all(world, KEY), read_all(world, KEY, version_id)) == (b"data", None, None)


def test_moving_again_changes_nothing(world: World) -> None:
    version_id = world.drop(KEY, b"data")
    for _ in range(2):
        world.bank_file_store.move(KEY, version_id, TARGET)
    world.bank_file_store.move(KEY, None, TARGET)
    assert (world.keys(), read_all(world, TARGET)) == ([TARGET], b"data")


def test_moving_one_version_leaves_a_newer_one_where_it_is(world: World) -> None:
    first = world.drop(KEY, b"first")
    second = world.drop(KEY, b"second")
    world.bank_file_store.move(KEY, first, TARGET)
    assert (read_all(world, TARGET), read_all(world, KEY)) == (b"first", b"second")
    world.bank_file_store.move(KEY, second, TARGET)
    assert (read_all(world, TARGET), read_all(world, KEY), world.keys()) == (b"second", None, [TARGET])


def test_moving_without_a_version_moves_the_present_one(world: World) -> None:
    world.drop(KEY, b"data")
    world.bank_file_store.move(KEY, None, TARGET)
    assert (world.keys(), read_all(world, TARGET)) == ([TARGET], b"data")


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_odd_key_is_taken_literally(world: World, key: str) -> None:
    version_id = world.drop(key, b"odd")
    assert read_all(world, key, version_id) == b"odd"
    world.bank_file_store.move(key, version_id, "quarantine/odd")
    assert (world.keys(), read_all(world, "quarantine/odd")) == (["quarantine/odd"], b"odd")


def test_a_text_is_read_back_and_written_over(world: World) -> None:
    world.bank_file_store.write_text("archive/x/payments/00001.json", '{"name":"Jürgen"}')
    world.bank_file_store.write_text("archive/x/payments/00001.json", '{"name":"Jörg"}')
    assert world.bank_file_store.read_text("archive/x/payments/00001.json") == '{"name":"Jörg"}'


def test_a_text_that_is_not_there_is_named(world: World) -> None:
    with pytest.raises(StoredObjectMissingError, match=r"archive/x/payments/00002\.json"):
        world.bank_file_store.read_text("archive/x/payments/00002.json")


def test_a_stream_serves_a_buffered_text_reader(world: World) -> None:
    world.drop(KEY, "eins\r\nzwei\r\n".encode("cp1252"))
    opened = world.bank_file_store.open(KEY, None)
    assert opened is not None
    with opened as stream, io.TextIOWrapper(stream, encoding="cp1252", newline="") as text:
        assert text.readlines() == ["eins\r\n", "zwei\r\n"]
