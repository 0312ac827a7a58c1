"""`make bench-matching`: how much of the truth of a million bank lines is found, and nothing else."""

import sys

from benchmarks.matching.report import measure_matching
from benchmarks.table import print_rows


def main() -> int:
    """Measure and print; 1 where a budget is missed, so that a script can tell."""
    rows = measure_matching()
    print_rows("Matching", rows)
    return 1 if any(row.is_met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
