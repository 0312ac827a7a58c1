"""The short form of the fuzzer, the same files in every run; and every file that once made a reader fail."""

import random
from pathlib import Path

import pytest

from tests.fuzz.mutations import MUTATIONS, mutate
from tests.fuzz.readers import CRASHES, find_fault, sample_files

FILES_PER_SAMPLE = 40
KEPT = sorted(path for path in CRASHES.glob("*") if path.is_file())


@pytest.mark.parametrize("path", sample_files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_mutations_of_a_sample_never_break_the_promises_of_the_readers(path: Path) -> None:
    chance = random.Random(path.name)
    others = [each.read_bytes() for each in sample_files()]
    for number in range(FILES_PER_SAMPLE):
        data = mutate(chance, path.read_bytes(), others)
        fault = find_fault(data, chance)
        assert fault is None, f"mutation {number}: {fault}"


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name)
def test_files_that_once_made_a_reader_fail_do_so_no_more(path: Path) -> None:
    assert find_fault(path.read_bytes(), random.Random(0)) is None


def test_every_mutation_changes_a_file() -> None:
    chance = random.Random(1)
    data = b"03,0975312468,EUR,\n16,165,100,Z,A,B,text\r\n49,100,2/\n" * 3
    for mutation in MUTATIONS:
        assert any(mutation(chance, data) != data for _ in range(20)), mutation.__name__
