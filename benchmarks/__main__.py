"""`make bench`: every budget beside what was measured, and the readers of the package index beside ours."""

import os
import platform
import sys

from benchmarks.bill_runs import measure_bill_runs
from benchmarks.documents import measure_documents
from benchmarks.imports import measure_imports
from benchmarks.matching.report import measure_matching
from benchmarks.metered_flow import measure_units
from benchmarks.policy_years import measure_policy_years
from benchmarks.reading import measure_reading
from benchmarks.table import Row, print_rows
from benchmarks.throughput import measure_throughput


def main() -> int:
    """Measure everything and print it; 1 where a budget is missed, so that a script can tell."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}; processor time")
    rows: list[Row] = []
    for title, measure in (
        ("DynamoDB units, from the real requests of the real handlers", measure_units),
        ("Planning a bill run, DynamoDB played by answers made beforehand", measure_bill_runs),
        ("Import of each handler, best of fresh processes", measure_imports),
        ("Reading bank files, all checks included", measure_reading),
        ("Posting", measure_throughput),
        ("Matching payments with invoices", measure_matching),
        ("Setting documents", measure_documents),
        ("Three years of a book of policies", measure_policy_years),
    ):
        print(f"\nmeasuring: {title} ...", file=sys.stderr, flush=True)
        measured = measure()
        print_rows(title, measured)
        rows += measured
    missed = [row.what for row in rows if row.is_met is False]
    print(f"\n{len(missed)} budgets missed" + "".join(f"\n  {what}" for what in missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
