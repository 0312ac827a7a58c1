"""The BAI2 reader against the `bai2` package of the package index, on files that both can read."""

from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from random import Random
from typing import Any

import pytest

from pawledger.bank_files.bai2.reader import read_bai2
from pawledger.bank_files.report import FileReport, Verdict
from tests.builders.bai2_file import Account, Movement, write_bai2

pytestmark = pytest.mark.skipif(find_spec("bai2") is None, reason="the peer bai2 is not installed (make bench does it)")

Rows = list[tuple[str, int, str, str, str]]


def a_file(seed: int) -> bytes:
    chance = Random(seed)  # noqa: S311 - test data

    def movement(number: int) -> Movement:
        return Movement(
            type_code=chance.choice(("142", "165", "195", "455", "475", "495", "557")),
            amount_minor=chance.randrange(1, 10**7),
            bank_reference=chance.choice(("", f"B{number}")),
            customer_reference=chance.choice(("", f"C{number}")),
            text=chance.choice(("PREMIUM", "A, B", "A/B")),
            continuations=chance.choice(((), ("EREF:INV1",), ("MORE", "AND/SO"))),
        )

    accounts = [
        Account(
            number=str(4_000 + number),
            opening_minor=chance.randrange(-(10**6), 10**8),
            movements=tuple(map(movement, range(chance.randrange(8)))),
        )
        for number in range(chance.randrange(1, 4))
    ]
    return write_bai2(*accounts)


def read_ours(content: bytes) -> tuple[Rows, Verdict]:
    report = FileReport()
    entries = list(read_bai2(BytesIO(content), report))
    rows = [(e.type_code or "", e.amount_minor, e.identity[6], e.identity[7], e.text) for e in entries]
    return rows, report.verdict


def read_theirs(content: bytes) -> Rows | None:
    """The details as the peer reads them; None where it refuses the file."""
    peer: Any = import_module("bai2.bai2")
    refusals: Any = import_module("bai2.exceptions")
    try:
        parsed = peer.parse_from_string(content.decode())
    except (refusals.IntegrityException, refusals.NotSupportedYetException, refusals.ParsingException, ValueError):
        return None
    return [
        (t.type_code.code, t.amount, t.bank_reference or "", t.customer_reference or "", t.text or "")
        for group in parsed.children
        for account in group.children
        for t in account.children
    ]


@pytest.mark.parametrize("seed", range(20))
def test_both_read_the_same_details(seed: int) -> None:
    content = a_file(seed)
    ours, verdict = read_ours(content)
    assert (ours, verdict) == (read_theirs(content), Verdict.ACCEPTED)


@pytest.mark.parametrize("seed", range(20))
def test_both_refuse_a_file_with_another_digit_in_a_trailer(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - test data
    lines = a_file(seed).split(b"\n")
    index = chance.choice([i for i, line in enumerate(lines) if line[:2] in (b"49", b"98", b"99")])
    line = lines[index]
    place = chance.choice([i for i in range(3, len(line)) if line[i : i + 1].isdigit()])
    lines[index] = line[:place] + b"%d" % ((line[place] - 47) % 10) + line[place + 1 :]
    content = b"\n".join(lines)
    assert read_ours(content)[1] is Verdict.OUT_OF_BALANCE
    assert read_theirs(content) is None


def test_amount_group_split_over_two_records_is_read_by_us_alone() -> None:
    content = write_bai2(Account(movements=(Movement(),))).replace(b",015,", b",015/\n88,")
    content = content.replace(b"49,203750,3/", b"49,203750,4/")
    content = content.replace(b"98,203750,1,5/", b"98,203750,1,6/").replace(b"99,203750,1,7/", b"99,203750,1,8/")
    assert read_ours(content)[1] is Verdict.ACCEPTED
    assert read_theirs(content) is None
