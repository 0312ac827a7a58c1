"""The sample files that are read by shipped mappings: each comes to the end that its name says."""

from pathlib import Path
from typing import Final

import pytest

from pawledger.bank_files.inspection import inspect_stream
from pawledger.bank_files.reading_options import ReadingOptions
from pawledger.rules.csv_mappings import load_shipped_mappings

SAMPLES: Final = Path(__file__).resolve().parents[3] / "events" / "samples" / "bank_files" / "csv"
EXPECTED: Final = {
    "trustly_good.csv": ("csv:trustly", "accepted", []),
    "trustly_one_cent_wrong.csv": ("csv:trustly", "out_of_balance", ["csv.total_sum", "csv.total_sum"]),
    "trustly_item_missing.csv": (
        "csv:trustly",
        "out_of_balance",
        ["csv.total_sum", "csv.total_count", "csv.total_sum"],
    ),
    "trustly_truncated.csv": ("csv:trustly", "unreadable", ["csv.totals_missing", "csv.totals_missing"]),
    "dlocal_good.csv": ("csv:dlocal", "accepted", []),
    "dlocal_amount_not_certain.csv": ("csv:dlocal", "out_of_balance", ["csv.amount"]),
    "dlocal_state_unknown.csv": ("csv:dlocal", "out_of_balance", ["csv.status_unknown"]),
    "no_mapping.csv": (None, "unreadable", ["csv.mapping_missing"]),
}
"""Format, verdict and rules by file."""


@pytest.mark.parametrize("name", EXPECTED)
def test_sample_comes_to_the_end_its_name_says(name: str) -> None:
    options = ReadingOptions(csv_mappings=tuple(load_shipped_mappings().values()))
    with (SAMPLES / name).open("rb") as stream:
        report = inspect_stream(stream, options=options)
    rules = [problem.rule for problem in report.problems]
    assert (report.format, report.verdict.value, rules) == EXPECTED[name]


def test_every_sample_is_expected() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == set(EXPECTED)
