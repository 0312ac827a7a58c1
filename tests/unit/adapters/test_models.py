"""What the models refuse to store."""

from decimal import Decimal
from typing import Any

import pytest

from pawledger.adapters.errors import NotAnIntegerError
from pawledger.adapters.models import AccountRow


@pytest.mark.parametrize("version", [1.0, Decimal(1), True, "1"])
def test_a_number_that_is_not_an_int_is_refused_by_name(version: Any) -> None:
    row = AccountRow("HOME0001", version=version, body="{}")
    with pytest.raises(NotAnIntegerError, match=rf"version is {type(version).__name__}, not int"):
        row.serialize()


def test_an_integer_beyond_what_a_float_can_hold_comes_back_exactly() -> None:
    version = 2**53 + 1
    stored = AccountRow("HOME0001", version=version, body="{}").serialize()
    assert stored["version"] == {"N": "9007199254740993"}
    assert AccountRow.from_raw_data(stored).version == version
