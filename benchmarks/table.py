"""Printing measurements beside their budgets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure; `is_met` is None where it is printed for comparison only."""

    what: str
    measured: str
    budget: str
    is_met: bool | None


def print_rows(title: str, rows: list[Row]) -> None:
    """Print one table, at most 120 columns wide."""
    print(f"\n{title}\n{'-' * 118}")
    for row in rows:
        verdict = {True: "met", False: "MISSED", None: ""}[row.is_met]
        print(f"{row.what:<62}{row.measured:>24}{row.budget:>24}{verdict:>8}")
