"""Canonical text: equal values give equal texts."""

from decimal import Decimal

import pytest

from pawledger.domain.canonical import hash_text, hash_value, write_canonical


def test_the_order_of_keys_does_not_count_and_the_order_of_a_list_does() -> None:
    assert write_canonical({"b": 1, "a": [2, 1]}) == '{"a":[2,1],"b":1}'
    assert hash_value({"b": 1, "a": 2}) == hash_value({"a": 2, "b": 1})
    assert hash_value([1, 2]) != hash_value([2, 1])


def test_text_is_written_in_ascii_whatever_it_holds() -> None:
    assert write_canonical("Zoë") == '"Zo\\u00eb"'


def test_the_hash_is_sha_256() -> None:
    # FIPS 180-2, appendix B.1: the digest of "abc".
    assert hash_text("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("value", [Decimal("1.5"), float("nan"), {1, 2}, b"bytes"])
def test_what_json_cannot_hold_exactly_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        write_canonical(value)
