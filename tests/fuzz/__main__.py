"""The long form: mutate the samples of every format for some time, and keep each file that makes a reader fail."""

import argparse
import hashlib
import random
import resource
import sys
import time
from typing import Final

from tests.fuzz.mutations import mutate
from tests.fuzz.readers import CRASHES, find_fault, sample_files

PROGRESS_SECONDS: Final = 10
RESIDENT_MEBIBYTES_MAX: Final = 512
"""Samples have a few kilobytes; a reader that needs this much for a mutation of one has no bound."""
SECONDS_PER_FILE_MAX: Final = 5.0
FAULTS_MAX: Final = 20
"""A reader that fails this often fails for one reason, and more of its files would only bury the others."""


def main() -> int:
    """Fuzz for the given time and return 1 where a reader failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=300, help="how long (default: 300)")
    parser.add_argument("--seed", type=int, default=None, help="to repeat a run")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else time.time_ns() % 10**9
    chance = random.Random(seed)
    samples = {path: path.read_bytes() for path in sample_files()}
    started = told = time.monotonic()
    tried = failed = 0
    print(f"seed {seed}, {len(samples)} samples, {arguments.seconds} s")
    while time.monotonic() - started < arguments.seconds and failed < FAULTS_MAX:
        path = chance.choice(list(samples))
        data = mutate(chance, samples[path], list(samples.values()))
        begun = time.monotonic()
        fault = find_fault(data, chance)
        if fault is None and time.monotonic() - begun > SECONDS_PER_FILE_MAX:
            fault = f"took {time.monotonic() - begun:.1f} s for {len(data)} bytes"
        tried += 1
        if fault is not None:
            failed += 1
            CRASHES.mkdir(exist_ok=True)
            kept = CRASHES / f"{path.parent.name}-{hashlib.sha256(data).hexdigest()[:12]}"
            kept.write_bytes(data)
            print(f"{kept.name} from {path.name}:\n{fault}")
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            print(f"{tried} files, {failed} faults, {told - started:.0f} s, {_resident_mebibytes()} MiB", flush=True)
    print(f"{tried} files in {time.monotonic() - started:.0f} s: {failed} faults, {_resident_mebibytes()} MiB resident")
    return 1 if failed or _resident_mebibytes() > RESIDENT_MEBIBYTES_MAX else 0


def _resident_mebibytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
