"""What the models refuse to store."""

from decimal import Decimal
from typing import Any

import pytest

from pawledger.adapters.errors import NotAnIntegerError
from pawledger.adapters.models import AccountRow
from pawledger.adapters.rows import account_row
from pawledger.domain.books.ledger import AccountHead


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


def test_an_account_on_which_nothing_is_due_takes_no_place_in_the_agenda() -> None:
    stored = account_row(AccountRow, AccountHead("HOME0001", version=1)).serialize()
    assert sorted(stored) == ["account_id", "body", "version"]
