"""The MT940 reader against the `mt-940` package of the package index, with all its corrections on."""

from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from random import Random
from typing import Any

import pytest

from pawledger.bank_files.mt940.reader import read_mt940
from pawledger.bank_files.records import Direction
from pawledger.bank_files.report import FileReport, Verdict
from pawledger.domain.money import parse_amount
from tests.builders.mt940_file import Row, structured, write_mt940

pytestmark = pytest.mark.skipif(
    find_spec("mt940") is None, reason="the peer mt-940 is not installed (make bench does it)"
)
FILES = 100


def build_rows(chance: Random) -> list[Row]:
    """Movements of every direction, reversals among them."""
    return [
        Row(
            amount_minor=amount if mark in ("C", "RD") else -amount,
            information=chance.choice((f"premium {number}", structured("166", f"E{number}", "premium", "ANN"))),
            bank_reference=f"NB{number}",
            mark=mark,
        )
        for number in range(chance.randint(0, 9))
        for amount, mark in [(chance.randint(1, 10**9), chance.choice(("C", "D", "RC", "RD")))]
    ]


def read_with_peer(content: bytes) -> list[tuple[str, int]]:
    """Currency and signed minor units of every movement."""
    peer: Any = import_module("mt940")
    statements = peer.parse_statements(content.decode(), options=peer.Options.all())
    transactions = [each.data for statement in statements for each in statement.transactions]
    amounts = [data["amount"] for data in transactions if "amount" in data]
    return [(amount.currency, parse_amount(f"{amount.amount:f}", amount.currency)) for amount in amounts]


@pytest.mark.parametrize("seed", range(FILES))
def test_both_readers_tell_the_same_money(seed: int) -> None:
    content = write_mt940(build_rows(Random(seed)), currency=("EUR", "USD", "JPY")[seed % 3])  # noqa: S311 - test data
    report = FileReport()
    ours = [
        (entry.currency, entry.amount_minor if entry.direction is Direction.CREDIT else -entry.amount_minor)
        for entry in read_mt940(BytesIO(content), report)
    ]
    assert report.verdict is Verdict.ACCEPTED
    assert ours == read_with_peer(content)
