"""The long form: many seeds, a line of progress, and the seed of every history that broke a promise."""

import argparse
import sys
import time
from collections import Counter
from typing import Final

from tests.simulation.play import play_seed

PROGRESS_EVERY: Final = 100


def main() -> int:
    """Play the seeds and return 1 where one of them broke a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many histories to play (default: 1000)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    arguments = parser.parse_args()
    happened: Counter[str] = Counter()
    broken = 0
    started = time.monotonic()
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        played = play_seed(seed)
        happened.update(played.happened)
        if played.violations:
            broken += 1
            print(f"seed {seed} broke {len(played.violations)} promises:")
            print(*(f"  {violation}" for violation in played.violations), sep="\n")
        if (seed + 1 - arguments.first) % PROGRESS_EVERY == 0:
            print(f"{seed + 1 - arguments.first} histories, {broken} broken, {time.monotonic() - started:.0f} s")
    print(f"{arguments.seeds} histories in {time.monotonic() - started:.0f} s; {broken} of them broke a promise")
    print(", ".join(f"{name} {count}" for name, count in sorted(happened.items())))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
