"""`pawledger providers check`: sound profiles are described, faults are all named, nothing of AWS is opened."""

from pathlib import Path

import pytest

from pawledger.command_line.providers import PROFILE_BYTES_MAX
from tests.unit.command_line.conftest import Ran
from tests.unit.command_line.test_main import Run

SOUND = """
provider = "bank"
title = "A bank"
formats = ["camt.053", "lockbox"]
posts = ["camt.053"]
told_elsewhere = ["557"]
deviations = []
[[accounts]]
number = "0001"
currency = "EUR"
[delivery]
days = ["monday", "friday"]
until = "09:30"
time_zone = "Europe/Berlin"
holidays = ["DE", "TARGET"]
closed_on = [2026-12-24]
since = 2026-11-23
formats = ["camt.053"]
"""


@pytest.fixture
def check(run: Run, tmp_path: Path) -> Run:
    def check_files(**texts: str) -> Ran:
        paths = []
        for name, text in texts.items():
            path = tmp_path / f"{name}.toml"
            path.write_text(text, encoding="utf-8")
            paths.append(str(path))
        return run("providers", "check", *paths)

    return check_files


def test_a_sound_profile_is_told_in_words(check: Run) -> None:
    ran = check(bank=SOUND)
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "bank: A bank",
        "  drops           camt.053, lockbox",
        "  is posted       camt.053",
        "  accounts        0001 EUR",
        "  told elsewhere  557",
        "  warnings known  none",
        "  delivers        monday, friday until 09:30 Europe/Berlin, not on holidays of DE, TARGET",
        "  not on          2026-12-24",
        "  expected        camt.053, since 2026-11-23, each of days up to 1 before it",
        "1 checked, all sound",
    ]


def test_every_fault_of_every_profile_is_named(check: Run) -> None:
    ran = check(bank=SOUND.replace('"camt.053", ', '"camt.099", '), other="x")
    assert ran.code == 1
    assert "bank: not sound" in ran.out
    assert "formats: 'camt.099' is not one of" in ran.out
    assert "posts: 'camt.053' is not one of `formats`" in ran.out
    assert "other: not sound" in ran.out
    assert "2 checked, not all sound" in ran.out


def test_without_names_the_shipped_profiles_are_checked(run: Run) -> None:
    ran = run("providers", "check")
    assert ran.code == 0
    assert "northbank: " in ran.out


def test_a_profile_that_cannot_be_read_is_one_sentence(run: Run, tmp_path: Path) -> None:
    large, binary = tmp_path / "large.toml", tmp_path / "binary.toml"
    large.write_bytes(b"#" * (PROFILE_BYTES_MAX + 1))
    binary.write_bytes(b"\xff\xfe")
    for path, what in ((tmp_path / "none.toml", "cannot be read"), (large, "larger than"), (binary, "not UTF-8")):
        ran = run("providers", "check", str(path))
        assert (ran.code, ran.out) == (1, "")
        assert what in ran.err


def test_a_calendar_that_is_not_watched_says_so(check: Run) -> None:
    ran = check(bank=SOUND.replace("since = 2026-11-23\n", ""))
    assert "  expected        nothing yet: it has no `since`" in ran.out.splitlines()


def test_holidays_of_which_nothing_is_known_are_a_fault(check: Run) -> None:
    ran = check(bank=SOUND.replace('"DE", "TARGET"', '"DE-ZZ", "QQ", "FED"'))
    assert ran.code == 1
    assert ran.out.splitlines()[:3] == [
        "bank: not sound",
        "  delivery.holidays: no holidays are known of 'DE-ZZ'",
        "  delivery.holidays: no holidays are known of 'QQ'",
    ]


def test_how_a_provider_pays_out_is_told_and_its_holidays_are_checked(check: Run) -> None:
    settlement = """
[settlement]
bank = "northbank"
descriptor = "Stripe Payments"
account = "de89 3704"
holidays = "TARGET"
"""
    profile = SOUND.replace('"camt.053", "lockbox"', '"camt.053", "stripe"') + settlement
    ran = check(bank=profile)
    assert ran.out.splitlines()[-4:-1] == [
        "  pays out        to northbank, account DE893704 within 3 business days, not on holidays of TARGET",
        "  is called       STRIPE PAYMENTS",
        "  payouts are     payout, payout_reversal, topup, topup_reversal",
    ]
    ran = check(bank=profile.replace('holidays = "TARGET"', 'holidays = "QQ"'))
    assert "  settlement.holidays: no holidays are known of 'QQ'" in ran.out.splitlines()
