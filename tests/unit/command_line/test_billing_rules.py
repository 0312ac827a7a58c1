"""`pawledger rules`: sound rules are counted, faults are all named, and what a rule says is told with its source."""

from pathlib import Path

import pytest

from pawledger.rules.billing_rules import load_rules
from tests.builders.rule_files import FEE, LEAST, TAX, change, write_rules
from tests.unit.command_line.test_main import Run


def test_sound_rules_are_counted_with_those_that_nobody_verified(run: Run, tmp_path: Path) -> None:
    write_rules(tmp_path, jurisdictions={"GB": LEAST + change(TAX, "verified", "false")})
    ran = run("rules", "check", str(tmp_path))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "sound: 1 jurisdiction, 3 rules (1 not verified), 2 plans\n"


def test_every_fault_of_every_file_is_named_and_nothing_steers_the_terminal(run: Run, tmp_path: Path) -> None:
    bad_tax = change(change(TAX, "percent", "12.5"), "name", '"\\u001b[31m"')
    bad_tax += '"\\u001b[2J" = 1\n'
    write_rules(tmp_path, jurisdictions={"GB": LEAST + bad_tax}, tariff=change(FEE, "plans", '["weekly"]'))
    ran = run("rules", "check", str(tmp_path))
    assert ran.code == 1
    assert "jurisdictions/GB.toml: taxes[1] GB-ipt: percent: 12.5 is a float" in ran.out
    assert "taxes[1] GB-ipt: name: " in ran.out
    assert "tariff.toml: fees[1] GB-installment: plans: 'weekly' is no plan of plans.toml" in ran.out
    assert "taxes[1] GB-ipt: \\x1b[2J: unknown" in ran.out
    assert ran.out.endswith("not sound: 4 faults\n")
    assert "\x1b" not in ran.out


def test_a_rule_that_ends_for_no_reason_is_called_a_gap(run: Run, tmp_path: Path) -> None:
    write_rules(tmp_path, jurisdictions={"GB": LEAST + change(TAX, "ends_on", "2026-01-01")})
    ran = run("rules", "check", str(tmp_path))
    assert ran.code == 1
    assert ran.out == (
        "jurisdictions/GB.toml: taxes[1] GB-ipt: ends_on: no rule counts from 2026-01-01 on: a gap; "
        "where GB-ipt was abolished, it says abolished = true\nnot sound: 1 fault\n"
    )


def test_what_was_abolished_is_told(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ended = change(change(TAX, "ends_on", "2026-01-01"), "abolished", "true")
    rulebook = load_rules(write_rules(tmp_path, jurisdictions={"GB": LEAST + ended}))
    monkeypatch.setattr("pawledger.command_line.billing_rules.load_shipped_rules", lambda: rulebook)
    assert "GB-ipt: tax ipt, from 2017-06-01 to 2025-12-31, then abolished\n" in run("rules", "show", "GB").out


def test_a_single_fault_is_one(run: Run, tmp_path: Path) -> None:
    write_rules(tmp_path, plans="")
    (tmp_path / "tariff.toml").unlink()
    ran = run("rules", "check", str(tmp_path))
    assert ran.out == "tariff.toml: cannot be read: No such file or directory\nnot sound: 1 fault\n"


def test_without_a_folder_the_shipped_rules_are_checked(run: Run) -> None:
    ran = run("rules", "check")
    assert ran.code == 0
    assert ran.out.startswith("sound: ")


def test_without_a_jurisdiction_all_are_listed_with_the_plans(run: Run) -> None:
    ran = run("rules", "show")
    assert ran.code == 0
    assert "\nUS-CA " in ran.out
    assert "\nannual            one installment; invoiced 14 days before it is due\n" in ran.out
    assert "\nquarterly_early   every 3 months; at most 4 installments; weights 3, 2, then 1; invoiced" in ran.out


def test_a_jurisdiction_is_told_with_sources_and_what_is_not_verified(run: Run) -> None:
    ran = run("rules", "show", "US-FL", "--on", "2003-12-31")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "US-FL-cancellation-2000: cancellation, from 2000-01-01 to 2025-12-31",
        "  says          no days to return it; customer pro_rata; insurer pro_rata",
        "  source        Before 2026-01-01 no statute that grants days to return a pet policy was found",
        "  not verified  read the source before you rely on it",
        "US-FL-renewal: renewal, from 2000-01-01",
        "  says    notice 45 days before the term ends",
        "  source  Florida Statutes s. 627.4133(1)(a): renewal premium told 45 days before",
    ]


def test_a_cap_of_the_law_is_told_with_its_source(run: Run) -> None:
    ran = run("rules", "show", "US-FL")
    shown = ran.out[ran.out.index("US-FL-installment-cap") :].splitlines()
    assert shown[:2] == [
        "US-FL-installment-cap: fee cap installment, from 2004-01-01",
        "  says          at most 3.00 USD",
    ]
    assert "627.901(1)" in ran.out


@pytest.mark.parametrize(("day", "rate"), [("2017-05-31", "10 %"), ("2017-06-01", "12 %")])
def test_the_rate_of_a_day_is_shown(run: Run, day: str, rate: str) -> None:
    ran = run("rules", "show", "GB", "--on", day)
    assert ran.out.count("tax ipt") == 1
    assert f"{rate} of the premium\n" in ran.out


def test_without_a_day_the_whole_history_is_shown(run: Run) -> None:
    assert run("rules", "show", "GB").out.count("tax ipt") == 7


def test_a_day_before_all_rules_is_told(run: Run) -> None:
    ran = run("rules", "show", "GB", "--on", "1990-01-01")
    assert (ran.code, ran.out) == (0, "No rule of GB counts on 1990-01-01.\n")


def test_a_jurisdiction_without_rules_is_one_sentence(run: Run) -> None:
    ran = run("rules", "show", "F\x1bR")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("pawledger: there are no rules of 'F\\x1bR', but of DE, GB, US-CA")


@pytest.mark.parametrize("argv", [["rules"], ["rules", "show", "GB", "--on", "today"], ["rules", "check", "a", "b"]])
def test_wrong_usage_exits_2(run: Run, argv: list[str]) -> None:
    assert run(*argv).code == 2
