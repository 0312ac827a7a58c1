"""The page for people who resolve: it names every kind as the program has it, and every command."""

import re
from pathlib import Path
from typing import Final

import pytest

from pawledger.domain.refunding.refund_rules import ANYONE
from pawledger.domain.worklist.discrepancies import KINDS, DiscrepancyKind, ResolutionCommand
from pawledger.rules.refund_rules import load_refund_rules

PAGE: Final = (Path(__file__).resolve().parents[2] / "docs" / "resolving.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", DiscrepancyKind)
def test_every_kind_stands_there_with_its_owner_severity_age_limit_and_commands(kind: DiscrepancyKind) -> None:
    terms = KINDS[kind]
    commands = ", ".join(terms.resolutions)
    assert f"| {terms.owner} | `{kind}` | {terms.severity} | {terms.age_limit_days} | {commands} |\n" in PAGE


def test_no_kind_stands_there_that_the_program_does_not_know() -> None:
    assert set(re.findall(r"^\| [a-z ]+ \| `([a-z_]+)` \|", PAGE, re.MULTILINE)) == set(DiscrepancyKind)


@pytest.mark.parametrize("command", ResolutionCommand)
def test_every_command_has_an_example(command: ResolutionCommand) -> None:
    assert re.search(rf"^\| `{command}` \| .* \| `{command} .*--reason ", PAGE, re.MULTILINE)


def test_the_limit_of_writing_off_is_the_one_of_the_program() -> None:
    # 50.00 in each of the three currencies.
    limits = load_refund_rules().write_off_limits
    assert limits == {ANYONE: dict.fromkeys(("EUR", "GBP", "USD"), 5_000)}
    assert "up to 50.00 EUR, GBP or USD of one invoice" in PAGE


def test_the_limit_of_booking_costs_is_the_one_of_the_program() -> None:
    # 100.00 in each of the three currencies.
    limits = load_refund_rules().cost_limits
    assert limits == {ANYONE: dict.fromkeys(("EUR", "GBP", "USD"), 10_000)}
    assert "up to 100.00 EUR, GBP or USD of one debit" in PAGE
