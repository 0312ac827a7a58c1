"""The longest BAI2 file that a bank might send, read from a stream that is made as it is read."""

import os
import resource
from collections.abc import Iterator
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Final

import pytest

from pawledger.bank_files.bai2.reader import read_bai2
from pawledger.bank_files.report import FileReport, Rule, Verdict

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SLOW_VARIABLE: Final = "PAWLEDGER_SLOW_TESTS"
pytestmark = pytest.mark.skipif(
    not os.environ.get(SLOW_VARIABLE), reason=f"takes a minute: set {SLOW_VARIABLE}=1 to run it"
)

ACCOUNTS: Final = 20
DETAILS_PER_ACCOUNT: Final = 499_998
LINES: Final = 4 + ACCOUNTS * (DETAILS_PER_ACCOUNT + 2)
RESIDENT_GROWTH_MEBIBYTES_MAX: Final = 128
"""What the reading may add to the process that runs the test: the whole file has 400 MiB."""


class _Generated(RawIOBase):
    """A stream over lines that are made when they are asked for."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks, self._rest = chunks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        if not self._rest:
            self._rest = next(self._chunks, b"")
        data, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(data)] = data
        return len(data)


def _file(last_total_off_by: int = 0) -> Iterator[bytes]:
    yield b"01,121000248,PAWLEDGER,261120,0600,1,,,2/\n02,PAWLEDGER,121000248,1,261119,,USD,2/\n"
    group_total = 0
    for account in range(ACCOUNTS):
        yield b"03,%d,USD/\n" % (4_002_001 + account)
        total = 0
        for start in range(0, DETAILS_PER_ACCOUNT, 1_000):
            numbers = range(start, min(start + 1_000, DETAILS_PER_ACCOUNT))
            yield b"".join(b"16,165,%d,Z,B%d,,PREMIUM/\n" % (1 + number % 9_000, number) for number in numbers)
            total += sum(1 + number % 9_000 for number in numbers)
        group_total += total
        yield b"49,%d,%d/\n" % (total, DETAILS_PER_ACCOUNT + 2)
    yield b"98,%d,%d,%d/\n" % (group_total, ACCOUNTS, LINES - 2)
    yield b"99,%d,1,%d/\n" % (group_total + last_total_off_by, LINES)


def _resident_mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize(
    ("off_by", "verdict", "rules"), [(0, Verdict.ACCEPTED, []), (1, Verdict.OUT_OF_BALANCE, ["bai2.total_99"])]
)
def test_ten_million_lines_are_proved_in_bounded_memory(off_by: int, verdict: Verdict, rules: list[str]) -> None:
    before = _resident_mebibytes()
    report = FileReport()
    stream = BufferedReader(_Generated(_file(off_by)))
    count = sum(1 for _ in read_bai2(stream, report))
    assert LINES > 10_000_000
    assert (count, report.verdict) == (ACCOUNTS * DETAILS_PER_ACCOUNT, verdict)
    assert [problem.rule for problem in report.problems if problem.kind is not Rule.MEANING] == rules
    assert _resident_mebibytes() - before < RESIDENT_GROWTH_MEBIBYTES_MAX
