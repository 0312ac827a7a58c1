"""A stream whose head was looked at gives everything, once and in order."""

from io import BytesIO

import pytest

from pawledger.bank_files.streams import rejoin


@pytest.mark.parametrize("size", [1, 3, 4, 5, 64])
def test_every_byte_is_given_once_and_in_order_whatever_is_asked_for(size: int) -> None:
    stream = rejoin(b"head", BytesIO(b" and the rest"))
    given = b""
    while block := stream.read(size):
        assert len(block) <= size
        given += block
    assert given == b"head and the rest"


def test_a_block_is_as_full_as_the_stream_can_make_it() -> None:
    assert rejoin(b"head", BytesIO(b" and the rest")).read(8) == b"head and"


def test_all_is_given_where_no_size_is_named() -> None:
    assert rejoin(b"head", BytesIO(b" and the rest")).read() == b"head and the rest"


def test_nothing_is_lost_where_the_head_is_all() -> None:
    stream = rejoin(b"head", BytesIO(b""))
    assert (stream.read(2), stream.read(9), stream.read(9)) == (b"he", b"ad", b"")
